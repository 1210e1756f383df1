"""Cohort survival: the share still at the employer, month by month, with the model's bands and what was observed."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from viz import svg
from viz.results import Bands, Cohort, Floats, RunData, number
from viz.theme import WIDE

TITLE = "Who stayed"
ORDER = 10


def draw(data: RunData) -> str:
    """Small multiples, one per cohort, with a switch between all and voluntary departures."""
    cohorts = [cohort for cohort in data.cohorts if np.isfinite(cohort.left).any()]
    if not cohorts:
        return ""
    views = []
    for willing in (False, True):
        kind = "voluntary departures only" if willing else "all departures"
        title = f"Share of each cohort still at its employer, counting {kind}"
        paint = functools.partial(_panels, data, cohorts, willing)
        views.append(svg.both(paint, title, _see(data, cohorts)))
    body = (
        _key(data) + '<div class="switch"><input type="radio" name="survival" id="survival-all" checked>'
        '<label for="survival-all">All departures</label><input type="radio" name="survival" id="survival-own">'
        f'<label for="survival-own">Voluntary only</label><div class="view view-1">{views[0]}</div>'
        f'<div class="view view-2">{views[1]}</div></div>'
    )
    note = "Observed counts are of everybody who left, so they are marked in the first view only. "
    note += "Prediction dates show the model alone: what was observed there is not known to it."
    return svg.figure(_see(data, cohorts), body, note)


def _see(data: RunData, cohorts: list[Cohort]) -> str:
    ends = sorted(
        ((float(np.median(cohort.share_staying)), cohort) for cohort in cohorts),
        key=lambda end: (end[0], end[1].name),
    )
    (low, least), (high, most) = ends[0], ends[-1]
    last = svg.when(data.date(least.last))
    middle = "in the middle run " if data.n_replicates > 1 else ""
    if len(ends) == 1:
        return f"By {last}, {middle}{svg.percent(low)} of {least.people} are still at their employer."
    return (
        f"By {last}, {middle}{svg.percent(low)} of {least.people} are still at their employer, "
        f"against {svg.percent(high)} of {most.people}."
    )


def _key(data: RunData) -> str:
    def icon(shape: str) -> str:
        return f'<svg width="26" height="14" viewBox="0 0 26 14" aria-hidden="true">{shape}</svg>'

    bands = icon(
        '<path class="b90a" d="M0 1H26V13H0Z"/><path class="b50a" d="M0 4H26V10H0Z"/><path class="la" d="M0 7H26"/>'
    )
    middle = (
        f"{bands}median, 50% and 90% of {data.n_replicates:,} runs"
        if data.n_replicates > 1
        else f"{icon('<path class="la" d="M0 7H26"/>')}the single run: no bands"
    )
    seen = icon(
        '<path class="obs" d="M3 7H23"/><circle class="dot" cx="3" cy="7" r="3"/>'
        '<circle class="dot" cx="23" cy="7" r="3"/>'
    )
    ahead = icon('<path class="pre" d="M2 2H24V12H2Z"/>')
    return (
        f'<p class="key"><span>{middle}</span><span>{seen}observed range</span><span>{ahead}prediction, 90%</span></p>'
    )


def _panels(data: RunData, cohorts: list[Cohort], willing: bool, width: int) -> tuple[float, str]:
    if width < WIDE:
        columns, height = 1, 236.0
    else:
        columns = {1: 1, 2: 2, 4: 2}.get(len(cohorts), 3)
        height = 400.0 if columns == 1 else 300.0
    gap = 40.0
    each = (width - gap * (columns - 1)) / columns
    parts = []
    for k, cohort in enumerate(cohorts):
        x, y = (k % columns) * (each + gap), (k // columns) * (height + 28)
        parts.append(
            f'<g transform="translate({svg.num(x)} {svg.num(y)})">{_panel(data, cohort, each, height, willing)}</g>'
        )
    n_rows = math.ceil(len(cohorts) / columns)
    return n_rows * (height + 28) - 28, "".join(parts)


def _panel(data: RunData, cohort: Cohort, width: float, height: float, willing: bool) -> str:
    counts = cohort.left_voluntarily if willing else cohort.left
    last = max(cohort.last, cohort.first)
    months = list(range(cohort.first, last + 1))
    stay: Floats = 1 - counts[:, cohort.first : last + 1] / cohort.size
    bands = Bands.of(stay)
    left, right, top, bottom = 40.0, width - 64.0, 58.0, height - 24.0
    x, y = svg.scale(cohort.first, max(last, cohort.first + 1), left, right), svg.scale(0, 1, bottom, top)
    parts = [
        svg.label(0, 15 + 18 * k, row, "h")
        for k, row in enumerate(svg.wrap(svg.sentence(cohort.label), width, 15.5, 2))
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(svg.line(left, y(share), right, y(share), "base" if share == 0 else "grid"))
        parts.append(svg.label(left - 8, y(share) + 4, f"{100 * share:.0f}%", "s", "end"))
    for month, text in svg.month_ticks(data.date, cohort.first, last, right - left):
        parts.append(
            svg.line(x(month), bottom, x(month), bottom + 4, "base")
            + svg.label(x(month), bottom + 18, text, "s", "middle")
        )
    xs = [x(month) for month in months]
    if data.n_replicates > 1:
        for low, high, kind in ((bands.p05, bands.p95, "b90a"), (bands.p25, bands.p75, "b50a")):
            corners, lower = svg.stepped(xs, low)
            parts.append(svg.band(corners, [y(v) for v in lower], [y(v) for v in svg.stepped(xs, high)[1]], kind))
    corners, middle = svg.stepped(xs, bands.p50)
    parts.append(svg.curve(zip(corners, [y(v) for v in middle], strict=True), "la"))
    if len(months) == 1:
        parts.append(f'<circle class="fa" cx="{svg.num(x(months[0]))}" cy="{svg.num(y(float(bands.p50[0])))}" r="4"/>')
    parts += _slices(data, cohort, bands, months, x, (top, bottom))
    end = float(bands.p50[-1])
    if math.isfinite(end):
        parts.append(svg.label(xs[-1] + 8, y(end) + 5, svg.percent(end), "h ta halo"))
        parts.append(svg.label(xs[-1] + 8, y(end) + 20, "stay", "s halo"))
    if not willing:
        marks = [_mark(data, cohort, seen, x, y, bands, right + 60) for seen in cohort.observations]
        parts += marks
    return "".join(parts)


def _slices(
    data: RunData, cohort: Cohort, bands: Bands, months: list[int], x: svg.Scale, box: tuple[float, float]
) -> list[str]:
    parts, step = [], x(cohort.first + 1) - x(cohort.first)
    for k, month in enumerate(months):
        if not math.isfinite(bands.p50[k]):
            continue
        low, middle, high = (float(share[k]) * cohort.size for share in (bands.p05, bands.p50, bands.p95))
        tip = f"{svg.when(data.date(month))}\nstill there: {svg.count(middle)} of {cohort.size}"
        if data.n_replicates > 1:
            tip += f"\n90% of runs: {svg.span(low, high, whole=True)}"
        parts.append(svg.rect(x(month) - step / 2, box[0], step, box[1] - box[0], "hit", tip))
    return parts


def _mark(
    data: RunData, cohort: Cohort, seen: dict[str, Any], x: svg.Scale, y: svg.Scale, roof: Bands, edge: float
) -> str:
    """What was observed, or the model alone at a prediction date; labels stand over the band, clear of it."""
    month = data.month(str(seen.get("date")))
    if not cohort.first <= month <= cohort.last:
        return ""
    above_band = y(float(roof.p95[month - cohort.first]))
    low, high = number(seen.get("observed_min")), number(seen.get("observed_max"))
    if seen.get("use") == "predict":
        few, many = number(seen.get("p05")), number(seen.get("p95"))
        return _predicted(cohort, seen, (few, many), x(month), y) if math.isfinite(few + many) else ""
    return _observed(cohort, seen, (low, high), x(month), y, above_band, edge) if math.isfinite(low + high) else ""


def _predicted(cohort: Cohort, seen: dict[str, Any], left: tuple[float, float], at: float, y: svg.Scale) -> str:
    top, bottom = y(1 - left[0] / cohort.size) - 3, y(1 - left[1] / cohort.size) + 3
    date = svg.when(str(seen.get("date")))
    tip = f"Prediction for {date}\n{svg.span(*left, whole=True)} of {cohort.size} left (90% of runs)"
    shape = svg.rect(at - 6, top, 12, bottom - top, "pre", tip)
    return shape + svg.label(at, top - 7 if top - y(1) > 14 else bottom + 16, "prediction", "s tb halo", "middle")


def _observed(
    cohort: Cohort,
    seen: dict[str, Any],
    left: tuple[float, float],
    at: float,
    y: svg.Scale,
    above_band: float,
    edge: float,
) -> str:
    top, bottom = y(1 - left[0] / cohort.size), y(1 - left[1] / cohort.size)
    date, amount = str(seen.get("date")), f"{svg.span(*left)} of {cohort.size} left"
    tip = f"Observed by {svg.when(date)}\n{svg.span(*left)} of {cohort.size} had left"
    dots = "".join(f'<circle class="dot" cx="{svg.num(at)}" cy="{svg.num(v)}" r="4.5"/>' for v in sorted({top, bottom}))
    first = min(above_band, top - 6) - 30
    if first < y(1) - 4:  # the band reaches the ceiling: write under the mark instead
        first = min(bottom + 20, y(0) - 20)
    lead = svg.line(at, first + 18, at, top, "base") if first < top else ""
    anchor, shift = ("end", 5.0) if at + 118 > edge else ("start", -5.0)
    words = svg.label(at + shift, first, f"observed {svg.when(date, short=True)}", "s halo", anchor)
    words += svg.label(at + shift, first + 14, amount, "b halo", anchor)
    return f'{lead}<g data-tip="{svg.esc(tip)}">{svg.line(at, top, at, bottom, "obs")}{dots}</g>{words}'
