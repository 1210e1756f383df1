"""What an ensemble says: cohorts observed beside simulated, departures, destinations, start-ups, reasons.

Quantiles are over replicates. An observation to be predicted carries no observed value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from abm.columns import Floats
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


class Telling:
    """Reads histories one after another and keeps of each only the numbers that the summary is made of."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._cohorts = [_Cohort(scenario, number) for number in range(len(scenario.cohorts))]
        self._employers = [_Employer(scenario, row) for row in range(len(scenario.employers))]
        self._retention: dict[int, list[float]] = {}
        self._goals: list[Counter[str]] = []  # by history: people by where they went
        self._sites: list[Floats] = []  # by history: start-ups by site
        self._alive: list[float] = []
        self._paths = np.zeros(len(PATH_NAMES), np.int64)
        self._causes = np.zeros(len(CAUSE_NAMES), np.int64)
        self._event_months: list[list[int]] = []
        self._digests: list[str] = []
        self._events_digests: list[str] = []

    def add(self, result: Result) -> None:
        """The next history."""
        for cohort in self._cohorts:
            cohort.add(result)
        for employer in self._employers:
            employer.add(result)
        for number, share in _kept(self.scenario, result):
            self._retention.setdefault(number, []).append(share)
        self._goals.append(Counter(destinations(self.scenario, result)))
        n_sites = len(self.scenario.sites)
        founded = np.bincount(result.startups["site"], minlength=n_sites) if result.startups else np.zeros(n_sites)
        self._sites.append(founded.astype(np.float64))
        self._alive.append(float(result.series["n_startups"][-1]))
        if left := result.departures:
            willing = left["voluntary"] & (left["path"] > 0)
            self._paths += np.bincount(left["path"][willing], minlength=len(PATH_NAMES))
            self._causes += np.bincount(left["cause"], minlength=len(CAUSE_NAMES))
        self._event_months.append(result.event_months)
        self._digests.append(result.digest)
        self._events_digests.append(result.events_digest)

    def summary(self, seed: int) -> dict[str, Any]:
        """The content of `summary.json`."""
        scenario, n = self.scenario, len(self._digests)
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
            "replicates": n,
            "months": scenario.months,
            "researchers": scenario.researchers,
            "cohorts": [cohort.told(n) for cohort in self._cohorts],
            "retention": _retention(scenario, self._retention),
            "departures_by_employer": sorted(
                (employer.told(n) for employer in self._employers), key=lambda item: -item["mean"]
            ),
            "destinations": _destinations(self._goals),
            "startups": _startups(scenario, np.array(self._sites), self._alive),
            # what opened the decision of those who left by their own will
            "reasons": [{"path": row["name"], "share": row["share"]} for row in _shares(self._paths, PATH_NAMES)],
            "causes": [{"cause": row["name"], "mean": row["count"] / n} for row in _shares(self._causes, CAUSE_NAMES)],
            "events": _events(scenario, self._event_months),
            "digest": self._digests,
            "events_digest": self._events_digests,
        }


def summarise(scenario: Scenario, seed: int, results: Iterable[Result]) -> dict[str, Any]:
    """The content of `summary.json` of some histories."""
    told = Telling(scenario)
    for result in results:
        told.add(result)
    return told.summary(seed)


@dataclass
class _Cohort:
    """What happened to one cohort."""

    scenario: Scenario
    number: int
    first: list[int] = field(default_factory=list)
    ventures: int = 0
    venture_months: list[int] = field(default_factory=list)
    venture_sites: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.plan = self.scenario.cohorts[self.number]
        months = [(o, self.scenario.month_of(o.date)) for o in self.plan.observations]
        self.dates = [(o, month) for o, month in months if 0 <= month < self.scenario.months]
        self.counts: list[list[float]] = [[] for _ in self.dates]
        self.willing: list[list[float]] = [[] for _ in self.dates]
        self.places: list[Counter[str]] = [Counter() for _ in self.dates]
        self.employer = next(r for r, item in enumerate(self.scenario.employers) if item.name == self.plan.employer)

    def add(self, result: Result) -> None:
        """The next history."""
        for k, (_, month) in enumerate(self.dates):
            self.counts[k].append(float(result.left[self.number, month]))
            self.willing[k].append(float(result.left_voluntarily[self.number, month]))
            for member in result.members[self.plan.name].tolist():
                place = whereabouts(self.scenario, result, member, month)
                if place not in ("", self.plan.employer):
                    self.places[k][place] += 1
        if (gone := np.flatnonzero(result.left[self.number] > 0)).size:
            self.first.append(int(gone[0]))
        self._add_ventures(result)

    def _add_ventures(self, result: Result) -> None:
        """Start-ups founded by two or more members."""
        if not result.startups or not result.departures:
            return
        left = result.departures
        mine = np.isin(left["researcher"], result.members[self.plan.name])
        mine &= left["cause"] == CAUSE_NAMES.index("founded")
        firms, counts = np.unique(left["to_employer"][mine], return_counts=True)
        born = np.flatnonzero(np.isin(result.startups["employer"], firms[counts >= 2]))
        self.ventures += bool(len(born))
        self.venture_months += [int(result.startups["month"][k]) for k in born]
        self.venture_sites.update(self.scenario.sites[int(result.startups["site"][k])].name for k in born)

    def told(self, n: int) -> dict[str, Any]:
        """The cohort over all histories."""
        first = {name: self.scenario.date_of(round(value)) for name, value in quantiles(self.first).items()}
        dates = self.venture_months
        return {
            "name": self.plan.name,
            "label": self.plan.label,
            "employer": self.plan.employer,
            "size": self.plan.size,
            "fixed": self.plan.fixed,
            "note": self.plan.note,
            "observations": [self._observed(k, n) for k in range(len(self.dates))],
            "first_exit": first if self.first else None,
            "ventures": {
                "share_of_replicates": self.ventures / n,
                "median_date": self.scenario.date_of(int(np.median(dates))) if dates else None,
                "sites": {name: count / n for name, count in self.venture_sites.most_common()},
            },
        }

    def _observed(self, k: int, n: int) -> dict[str, Any]:
        observation, counts = self.dates[k][0], np.array(self.counts[k])
        known = observation.use == "calibrate"
        low, high = (observation.left_min, observation.left_max) if known else (None, None)
        inside = None if low is None or high is None else float(((counts >= low) & (counts <= high)).mean())
        return {
            "date": observation.date,
            "use": observation.use,
            "observed_min": low,
            "observed_max": high,
            **quantiles(counts),
            "voluntary_p50": float(np.median(self.willing[k])),
            "share_inside_observed": inside,
            "destinations": {name: count / n for name, count in self.places[k].most_common()},
        }


@dataclass
class _Employer:
    """Who left one employer, and for where."""

    scenario: Scenario
    row: int
    counts: list[float] = field(default_factory=list)
    heads: list[tuple[float, float, float]] = field(default_factory=list)  # person-months, at the start, at the end
    to: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """The next history."""
        heads = result.series["headcount"][:, self.row]
        self.counts.append(float(result.series["departures"][:, self.row].sum()))
        self.heads.append((float(heads.sum()), float(heads[0]), float(heads[-1])))
        self.to.update(destinations(self.scenario, result, self.row))

    def told(self, n: int) -> dict[str, Any]:
        """The employer over all histories."""
        counts = np.array(self.counts)
        stock, start, end = (float(np.mean(values)) for values in zip(*self.heads, strict=True))
        return {
            "employer": self.scenario.employers[self.row].name,
            "mean": float(counts.mean()),
            **quantiles(counts),
            "rate_per_month": float(counts.mean() / stock) if stock > 0 else 0.0,
            "headcount_start": start,
            "headcount_end": end,
            "destinations": {name: count / n for name, count in self.to.most_common()},
        }


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


def _kept(scenario: Scenario, result: Result) -> list[tuple[int, float]]:
    """The declared rows of retention that a history says something of, by number; see `kept`."""
    names = [employer.name for employer in scenario.employers]
    found = []
    for number, plan in enumerate(scenario.retention):
        end = scenario.month_of(plan.as_of) - plan.months
        if end + plan.months < scenario.months:
            share = kept(result, (names.index(plan.employer),), end, plan.months)
            if not np.isnan(share):
                found.append((number, share))
    return found


def _retention(scenario: Scenario, shares: Mapping[int, Sequence[float]]) -> list[dict[str, Any]]:
    return [
        {
            "employer": plan.employer,
            "months": plan.months,
            "as_of": plan.as_of,
            "use": plan.use,
            "observed": plan.share if plan.use == "calibrate" else None,
            **quantiles(shares[number]),
        }
        for number, plan in enumerate(scenario.retention)
        if number in shares
    ]


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


def _destinations(per: Sequence[Counter[str]]) -> list[dict[str, Any]]:
    names = sorted({name for to in per for name in to})
    rows = [
        {"employer": name, "mean": float(np.mean([to[name] for to in per])), **quantiles([to[name] for to in per])}
        for name in names
    ]
    return sorted(rows, key=lambda item: -float(item["mean"]))


def _startups(scenario: Scenario, counts: Floats, alive: Sequence[float]) -> dict[str, Any]:
    """Counts: (histories, sites)."""
    sites = [site.name for site in scenario.sites]
    order = np.argsort(-counts.mean(axis=0), kind="stable")
    return {
        "founded": quantiles(counts.sum(axis=1)),
        "alive": quantiles(alive),
        "by_site": {sites[k]: float(counts[:, k].mean()) for k in order if counts[:, k].any()},
        "share_of_replicates_with_one_in": {
            sites[k]: float((counts[:, k] > 0).mean()) for k in order if counts[:, k].any()
        },
    }


def _shares(counts: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    total = max(int(counts.sum()), 1)
    rows = [{"name": name, "count": int(counts[k]), "share": float(counts[k] / total)} for k, name in enumerate(names)]
    return sorted((row for row in rows if row["count"]), key=lambda row: -int(row["count"]))


def _events(scenario: Scenario, drawn: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    months = np.array(drawn).reshape(len(drawn), -1)
    return [
        {
            "id": event.id,
            "label": event.title,
            "date": event.date,
            "between": list(event.between),
            "median_drawn": scenario.date_of(int(np.median(months[:, k]))) if len(drawn) else event.date,
            "type": event.type,
            "entity": event.entity,
            "effects": bool(event.effects),
            "note": event.note,
            "source": list(event.source),
        }
        for k, event in enumerate(scenario.events)
    ]
