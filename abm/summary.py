"""What an ensemble says: cohorts observed beside simulated, departures, destinations, start-ups, reasons.

Quantiles are over replicates. An observation to be predicted carries no observed value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from abm.ledger import Row
from abm.run import Result
from abm.scenario import Scenario
from abm.tables import CAUSE_NAMES, PATH_NAMES, Status

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
HIRED_WITHIN = 6  # months: those hired "about" so long before a date
NEW_STARTUP, LEFT_FIELD, SEARCHING, ENTERED = "new start-up", "left the field", "searching", "entered the market"


def quantiles(values: Sequence[float] | Any) -> dict[str, float]:
    """p05, p25, p50, p75, p95 of some values; NaN-free (empty: all 0)."""
    array = np.asarray(values, dtype=np.float64)
    return {name: float(np.quantile(array, q)) if array.size else 0.0 for name, q in QUANTILES.items()}


def employer_name(scenario: Scenario, row: int, status: int = -1) -> str:
    """Name of an employer for people: start-ups of the run share one name; -1 is told by the status."""
    if row < 0:
        return LEFT_FIELD if status == Status.LEFT_FIELD else SEARCHING
    return scenario.employers[row].name if row < len(scenario.employers) else NEW_STARTUP


class Leavers(Protocol):
    """A history that somebody left."""

    @property
    def departures(self) -> Row:
        """Rows of the ledger."""


def destinations(scenario: Scenario, result: Leavers, employer: int | None = None) -> list[str]:
    """Where each departure of a history led, in the order of the ledger; those of one employer only, if it is given."""
    left = result.departures
    if not left:
        return []
    mine = np.ones(len(left["cause"]), dtype=bool) if employer is None else left["from_employer"] == employer
    field = CAUSE_NAMES.index("left_field")
    return [
        employer_name(scenario, int(goal), Status.LEFT_FIELD if cause == field else -1)
        for goal, cause in zip(left["to_employer"][mine], left["cause"][mine], strict=True)
    ]


def state_name(scenario: Scenario, state: int) -> str:
    """Name of a state of `employment.states`: an employer, or what somebody without one does."""
    if state >= 0:
        return employer_name(scenario, state)
    return {
        Status.LEFT_FIELD: LEFT_FIELD,
        Status.FOUNDING: NEW_STARTUP,
        Status.NOT_ENTERED: ENTERED,
    }.get(Status(-1 - state), SEARCHING)


def summarise(scenario: Scenario, seed: int, results: Sequence[Result]) -> dict[str, Any]:
    """The content of `summary.json`."""
    return {
        "schema": 1,
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "start": scenario.start,
            "months": scenario.months,
            "hash": scenario.content_hash(),
        },
        "seed": seed,
        "replicates": len(results),
        "months": scenario.months,
        "researchers": scenario.researchers,
        "cohorts": [_cohort(scenario, number, results) for number in range(len(scenario.cohorts))],
        "retention": _retention(scenario, results),
        "departures_by_employer": _departures(scenario, results),
        "destinations": _destinations(scenario, results),
        "startups": _startups(scenario, results),
        "reasons": _reasons(results),
        "causes": _causes(results),
        "events": _events(scenario, results),
        "digest": [result.digest for result in results],
        "events_digest": [result.events_digest for result in results],
    }


def _cohort(scenario: Scenario, number: int, results: Sequence[Result]) -> dict[str, Any]:
    plan = scenario.cohorts[number]
    observations = []
    for observation in plan.observations:
        month = scenario.month_of(observation.date)
        if not 0 <= month < scenario.months:
            continue
        counts = np.array([result.left[number, month] for result in results])
        known = observation.use == "calibrate"
        low, high = (observation.left_min, observation.left_max) if known else (None, None)
        inside = None if low is None or high is None else float(((counts >= low) & (counts <= high)).mean())
        observations.append(
            {
                "date": observation.date,
                "use": observation.use,
                "observed_min": low,
                "observed_max": high,
                **quantiles(counts),
                "voluntary_p50": float(np.median([r.left_voluntarily[number, month] for r in results])),
                "share_inside_observed": inside,
                "destinations": _whereto(scenario, plan.name, month, results),
            }
        )
    employer = next(row for row, item in enumerate(scenario.employers) if item.name == plan.employer)
    first = [int(np.flatnonzero(result.left[number] > 0)[0]) for result in results if (result.left[number] > 0).any()]
    return {
        "name": plan.name,
        "label": plan.label,
        "employer": plan.employer,
        "size": plan.size,
        "fixed": plan.fixed,
        "note": plan.note,
        "observations": observations,
        "first_exit": {name: scenario.date_of(round(value)) for name, value in quantiles(first).items()}
        if first
        else None,
        "ventures": _cohort_ventures(scenario, plan.name, employer, results),
    }


def _whereto(scenario: Scenario, cohort: str, month: int, results: Sequence[Result]) -> dict[str, float]:
    """Mean number of a cohort's members at each other place at the end of a month."""
    found: Counter[str] = Counter()
    plan = next(item for item in scenario.cohorts if item.name == cohort)
    for result in results:
        for member in result.members[cohort].tolist():
            place = whereabouts(scenario, result, member, month)
            if place not in ("", plan.employer):
                found[place] += 1
    return {name: count / len(results) for name, count in found.most_common()}


def whereabouts(scenario: Scenario, result: Result, person: int, month: int) -> str:
    """Where a person was at the end of a month, "" for who never moved by then; on leave counts as the next place."""
    moves = result.moves
    mine = np.flatnonzero((moves["researcher"] == person) & (moves["month"] <= month)) if moves else np.zeros(0, int)
    if len(mine) == 0:
        return ""
    state = int(moves["to_state"][mine[-1]])
    if state in (-1 - Status.ON_LEAVE, -1 - Status.FOUNDING):
        left = result.departures
        mine = np.flatnonzero((left["researcher"] == person) & (left["month"] <= month))
        return employer_name(scenario, int(left["to_employer"][mine[-1]]))
    return state_name(scenario, state)


def _cohort_ventures(scenario: Scenario, cohort: str, employer: int, results: Sequence[Result]) -> dict[str, Any]:
    """Start-ups founded by two or more members: in which share of replicates, where and when."""
    dates, sites, hits = [], Counter[str](), 0
    for result in results:
        if not result.startups or not result.departures:
            continue
        left = result.departures
        mine = np.isin(left["researcher"], result.members[cohort]) & (left["cause"] == CAUSE_NAMES.index("founded"))
        firms, counts = np.unique(left["to_employer"][mine], return_counts=True)
        born = [
            k for k, firm in enumerate(result.startups["employer"].tolist()) if firm in set(firms[counts >= 2].tolist())
        ]
        hits += bool(born)
        dates += [int(result.startups["month"][k]) for k in born]
        sites.update(scenario.sites[int(result.startups["site"][k])].name for k in born)
    return {
        "share_of_replicates": hits / len(results),
        "median_date": scenario.date_of(int(np.median(dates))) if dates else None,
        "sites": {name: count / len(results) for name, count in sites.most_common()},
    }


def _retention(scenario: Scenario, results: Sequence[Result]) -> list[dict[str, Any]]:
    """The declared rows of retention; see `kept`."""
    names = [employer.name for employer in scenario.employers]
    found = []
    for plan in scenario.retention:
        end = scenario.month_of(plan.as_of) - plan.months
        row, shares = names.index(plan.employer), []
        if end + plan.months < scenario.months:
            shares = [share for result in results if not np.isnan(share := kept(result, (row,), end, plan.months))]
        if shares:
            found.append(
                {
                    "employer": plan.employer,
                    "months": plan.months,
                    "as_of": plan.as_of,
                    "use": plan.use,
                    "observed": plan.share if plan.use == "calibrate" else None,
                    **quantiles(shares),
                }
            )
    return found


def kept(result: Result, employers: Sequence[int], end: int, months: int) -> float:
    """Of those whom some employers hired in the half year to month `end`: the share still there after `months`.

    NaN when nobody was hired.
    """
    moves = result.moves
    if not moves:
        return float("nan")
    came = np.isin(moves["to_state"], employers) & ~np.isin(moves["from_state"], employers)
    came &= (moves["month"] >= max(end - HIRED_WITHIN, 0)) & (moves["month"] <= end)
    stayed = []
    for person, month in zip(moves["researcher"][came], moves["month"][came], strict=True):
        later = moves["to_state"][(moves["researcher"] == person) & (moves["month"] <= month + months)]
        stayed.append(later[-1] in employers)
    return float(np.mean(stayed)) if stayed else float("nan")


def _departures(scenario: Scenario, results: Sequence[Result]) -> list[dict[str, Any]]:
    rows = []
    for row, employer in enumerate(scenario.employers):
        counts = np.array([result.series["departures"][:, row].sum() for result in results])
        stock = np.mean([result.series["headcount"][:, row].sum() for result in results])
        to: Counter[str] = Counter()
        for result in results:
            to.update(destinations(scenario, result, row))
        rows.append(
            {
                "employer": employer.name,
                "mean": float(counts.mean()),
                **quantiles(counts),
                "rate_per_month": float(counts.mean() / stock) if stock > 0 else 0.0,
                "headcount_start": float(np.mean([r.series["headcount"][0, row] for r in results])),
                "headcount_end": float(np.mean([r.series["headcount"][-1, row] for r in results])),
                "destinations": {name: count / len(results) for name, count in to.most_common()},
            }
        )
    return sorted(rows, key=lambda item: -item["mean"])


def _destinations(scenario: Scenario, results: Sequence[Result]) -> list[dict[str, Any]]:
    per = [Counter(destinations(scenario, result)) for result in results]
    names = sorted({name for to in per for name in to})
    rows = [
        {"employer": name, "mean": float(np.mean([to[name] for to in per])), **quantiles([to[name] for to in per])}
        for name in names
    ]
    return sorted(rows, key=lambda item: -float(item["mean"]))


def _startups(scenario: Scenario, results: Sequence[Result]) -> dict[str, Any]:
    sites = [site.name for site in scenario.sites]
    counts = np.zeros((len(results), len(sites)))
    for number, result in enumerate(results):
        if result.startups:
            counts[number] = np.bincount(result.startups["site"], minlength=len(sites))
    order = np.argsort(-counts.mean(axis=0), kind="stable")
    return {
        "founded": quantiles(counts.sum(axis=1)),
        "alive": quantiles([result.series["n_startups"][-1] for result in results]),
        "by_site": {sites[k]: float(counts[:, k].mean()) for k in order if counts[:, k].any()},
        "share_of_replicates_with_one_in": {
            sites[k]: float((counts[:, k] > 0).mean()) for k in order if counts[:, k].any()
        },
    }


def _shares(codes: list[int], names: Sequence[str]) -> list[dict[str, Any]]:
    counts = np.bincount(codes, minlength=len(names))
    total = max(int(counts.sum()), 1)
    rows = [{"name": name, "count": int(counts[k]), "share": counts[k] / total} for k, name in enumerate(names)]
    return sorted((row for row in rows if row["count"]), key=lambda row: -int(row["count"]))


def _reasons(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What opened the decision of those who left by their own will."""
    codes: list[int] = []
    for result in results:
        if result.departures:
            willing = result.departures["voluntary"] & (result.departures["path"] > 0)
            codes += result.departures["path"][willing].tolist()
    return [{"path": row["name"], "share": row["share"]} for row in _shares(codes, PATH_NAMES)]


def _causes(results: Sequence[Result]) -> list[dict[str, Any]]:
    codes = [code for result in results if result.departures for code in result.departures["cause"].tolist()]
    return [{"cause": row["name"], "mean": row["count"] / len(results)} for row in _shares(codes, CAUSE_NAMES)]


def _events(scenario: Scenario, results: Sequence[Result]) -> list[dict[str, Any]]:
    months = np.array([result.event_months for result in results]).reshape(len(results), -1)
    return [
        {
            "id": event.id,
            "label": event.title,
            "date": event.date,
            "between": list(event.between),
            "median_drawn": scenario.date_of(int(np.median(months[:, k]))) if len(results) else event.date,
            "type": event.type,
            "entity": event.entity,
            "effects": bool(event.effects),
            "note": event.note,
            "source": list(event.source),
        }
        for k, event in enumerate(scenario.events)
    ]
