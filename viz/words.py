"""The summary of a run in words and in headline numbers; every sentence is made from the data."""

from __future__ import annotations

import math

import numpy as np

from viz import svg
from viz.charts.flows import from_focal, noun
from viz.charts.reasons import PATHS
from viz.charts.terms import name_of
from viz.results import Cohort, RunData, number


def lead(data: RunData) -> str:
    """One paragraph: who left, for where, why. Markup: numbers that carry the story are bold."""
    sentences = [s for s in (_opening(data), _cohort(data), _where(data), _why(data), _founded(data)) if s]
    return " ".join(sentences)


def _opening(data: RunData) -> str:
    runs = f"{data.n_replicates:,} simulated histories" if data.n_replicates > 1 else "one simulated history"
    first, last = svg.when(data.date(0)), svg.when(data.date(data.n_months - 1))
    period = f"from {first} to {last}" if data.n_months > 1 else f"of {first}"
    row = data.departures_row(data.focal)
    if not row or number(row.get("mean"), 0.0) == 0:
        who = svg.esc(data.focal or "any employer")
        return f"In {runs} {period}, <b>nobody left {who}</b>."
    low, high = number(row.get("p05")), number(row.get("p95"))
    interval = (
        f" (90% of runs: {svg.span(low, high, whole=True)})" if data.n_replicates > 1 and math.isfinite(low) else ""
    )
    mean = number(row.get("mean"))
    people = f"{svg.count(mean)} {'person' if mean == 1 else 'people'}"
    verb = "an average of " if data.n_replicates > 1 else ""
    return f"In {runs} {period}, {verb}<b>{people}</b> left {svg.esc(data.focal)}{interval}."


def _cohort(data: RunData) -> str:
    if not data.cohorts:
        return ""
    cohort = data.cohorts[0]
    seen = [o for o in cohort.observations if math.isfinite(number(o.get("p50")))]
    if not seen:
        return ""
    first = seen[0]
    gone = svg.plural(number(first.get("p50")), "was", "were")
    text = f"Of {svg.esc(cohort.people)}, <b>{gone} gone</b> by {svg.when(str(first.get('date')))}"
    low, high = number(first.get("observed_min")), number(first.get("observed_max"))
    if first.get("use") == "predict":
        return text + ", a prediction."
    return text + (f", where {svg.span(low, high)} were observed to be." if math.isfinite(low) else ".")


def _where(data: RunData) -> str:
    own = from_focal(data)
    if not own:
        return ""
    names = [f"<b>{svg.esc(noun(to))}</b> ({svg.percent(share)})" for to, _, share in own[:3]]
    who = f"Those who left {svg.esc(data.focal)}"
    return f"{who} went above all to {svg.listing(names)}." if len(own) > 1 else f"{who} all went to {names[0]}."


def _why(data: RunData) -> str:
    shares = data.departures.path_shares(data.focal)
    terms, _ = data.departures.differences(data.focal)
    parts = []
    if shares:
        top = max(shares, key=lambda path: (shares[path], path))
        path = f"<b>{svg.esc(PATHS.get(top, top))}</b> ({svg.percent(shares[top])})"
        parts.append(f"what opened the decision was most often {path}")
    gains = sorted((t for t in terms if terms[t] > 0.005), key=lambda t: -terms[t])
    if gains:
        best = svg.listing([f"<b>{svg.esc(name_of(t).lower())}</b>" for t in gains[:2]])
        parts.append(f"what spoke most for the new job was {best}")
    text = "; ".join(parts)
    return f"{svg.sentence(text)}." if text else ""


def _founded(data: RunData) -> str:
    founded = number(((data.summary.get("startups") or {}).get("founded") or {}).get("p50"))
    if not math.isfinite(founded) or founded <= 0:
        return ""
    return f"Along the way <b>{svg.plural(founded, 'start-up')}</b> {'was' if founded == 1 else 'were'} founded."


def cards(data: RunData) -> list[tuple[str, str, str]]:
    """Headline numbers as (what, number, context); plain text."""
    found: list[tuple[str, str, str]] = []
    row, many = data.departures_row(data.focal), data.n_replicates > 1
    rate = number(row.get("rate_per_month"))
    context = (
        f"90% of runs: {svg.span(number(row.get('p05')), number(row.get('p95')), whole=True)}" if many and row else ""
    )
    if math.isfinite(rate):
        context += f"{'; ' if context else ''}{100 * rate:.1f}% of staff a month"
    whom = f"Left {data.focal}{', mean per run' if many else ''}"
    found.append((whom, svg.count(number(row.get("mean"), 0.0)), context))
    found += [_stayers(data, cohort) for cohort in data.cohorts[:2] if cohort.share_staying.size]
    for to, _, share in from_focal(data)[:1]:
        found.append(("Most frequent destination", svg.sentence(noun(to)), f"{svg.percent(share)} of those who left"))
    shares = data.departures.path_shares(data.focal)
    if shares:
        top = max(shares, key=lambda path: (shares[path], path))
        found.append(
            (
                "What most often opened the decision",
                svg.sentence(PATHS.get(top, top)),
                f"{svg.percent(shares[top])} of decisions to leave",
            )
        )
    startups = data.summary.get("startups") or {}
    founded = {key: number(value) for key, value in (startups.get("founded") or {}).items()}
    if founded:
        alive = number((startups.get("alive") or {}).get("p50"))
        context = (
            f"90% of runs: {svg.span(founded.get('p05', math.nan), founded.get('p95', math.nan), whole=True)}"
            if many
            else ""
        )
        context += f"{'; ' if context else ''}{svg.count(alive)} alive at the end" if math.isfinite(alive) else ""
        found.append(
            (f"Start-ups founded{', median' if many else ''}", svg.count(founded.get("p50", math.nan)), context)
        )
    return found


def _stayers(data: RunData, cohort: Cohort) -> tuple[str, str, str]:
    stay = cohort.share_staying
    low, high = (float(v) * cohort.size for v in np.quantile(stay, (0.05, 0.95)))
    name = svg.sentence(cohort.name.replace("-", " ").replace("_", " "))
    what = f"{name} still there in {svg.when(data.date(cohort.last), True)}"
    context = f"of {cohort.size} people" + (
        f"; 90% of runs: {svg.span(low, high, whole=True)}" if data.n_replicates > 1 else ""
    )
    return what, svg.percent(float(np.median(stay))), context
