"""Kinds of outcomes that every comparison asks for, and how a kind is declared. Read by text in `abm/outcomes.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from abm.columns import Bools, Floats, Integers
from abm.metrics import METRICS
from abm.run import Result
from abm.scenario import Scenario
from abm.summary import kept
from abm.tables import CAUSE_NAMES, REACH_NAMES

TWO_YEARS: Final = 24  # months
STARTUP_CAUSES: Final = (CAUSE_NAMES.index("startup_job"), CAUSE_NAMES.index("founded"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what an outcome is about; rows, or everybody when `kind` is empty."""

    kind: str
    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """First and last month, both included."""

    first: int
    last: int

    def holds(self, month: Integers) -> Bools:
        """Which of some months lie in it."""
        return np.asarray((month >= self.first) & (month <= self.last))


Measure = Callable[[Result, Scenario, Subject, Window], float]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of outcome: unit, meaning, which subjects it takes (empty text: none), and how it is measured.

    `beyond`: so many months after its window it looks at what became of those in it.
    """

    unit: str
    meaning: str
    subjects: tuple[str, ...]
    measure: Measure
    beyond: int = 0


KINDS: dict[str, Kind] = {}


def kind(unit: str, *subjects: str, beyond: int = 0) -> Callable[[Measure], Measure]:
    """Declare the function below as a kind of outcome under its own name; its docstring is the meaning."""

    def declare(measure: Measure) -> Measure:
        meaning = (measure.__doc__ or "").strip().splitlines()[0]
        KINDS[measure.__name__] = Kind(unit, meaning, subjects, measure, beyond)
        return measure

    return declare


# ---- who left --------------------------------------------------------------------------------------------------


@kind("people", "cohort")
def left(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Members of a cohort who are not at its employer at the end of the window."""
    return float(result.left[list(subject.rows), window.last].sum())


@kind("people", "", "employer", "team", "cohort")
def exits(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Voluntary departures from an employer, of a team or of the members of a cohort."""
    return float(departures_of(result, subject, window).sum())


@kind("people", "", "employer", "team", "cohort")
def departures(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Departures of every cause, layoffs and failures of start-ups included."""
    return float(departures_of(result, subject, window, voluntary=False).sum())


@kind("per 100 person-years", "employer", "team")
def exit_rate(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Voluntary departures over the years that people worked there."""
    years = heads(result, subject)[window.first : window.last + 1].sum() / 12.0
    return 100.0 * float(departures_of(result, subject, window).sum()) / years if years else 0.0


@kind("share", "", "employer", "team", "cohort")
def startup_share(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Share of the voluntary departures that go to a start-up, founders included."""
    chosen = departures_of(result, subject, window)
    causes = result.departures["cause"][chosen] if chosen.any() else np.zeros(0)
    return float(np.isin(causes, STARTUP_CAUSES).mean()) if len(causes) else 0.0


@kind("share", "", "employer", "team", "cohort")
def referral_share(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Share of those who left for a job who were reached by a referral."""
    chosen = departures_of(result, subject, window)
    if not chosen.any():
        return 0.0
    reach = result.departures["reach"][chosen]
    return float((reach[reach >= 0] == REACH_NAMES.index("referral")).mean()) if (reach >= 0).any() else 0.0


@kind("share", "employer")
def retention(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Of those hired in the half year up to two years before the end of the window, the share there two years on."""
    return kept(result, subject.rows, window.last - TWO_YEARS, TWO_YEARS)


@kind("people", "pair")
def flow(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Departures from one employer to another, written A>B, whatever the cause."""
    left = result.departures
    if not left:
        return 0.0
    pair = (left["from_employer"] == subject.rows[0]) & (left["to_employer"] == subject.rows[1])
    return float((pair & window.holds(left["month"])).sum())


# ---- helpers ---------------------------------------------------------------------------------------------------


def departures_of(result: Result, subject: Subject, window: Window, voluntary: bool = True) -> Bools:
    """Which rows of the ledger of departures belong to a subject and a window."""
    rows = result.departures
    if not rows:
        return np.zeros(0, dtype=bool)
    chosen = window.holds(rows["month"])
    if voluntary:
        chosen &= rows["voluntary"]
    if subject.kind == "employer":
        chosen &= np.isin(rows["from_employer"], subject.rows)
    elif subject.kind == "team":
        chosen &= np.isin(rows["from_team"], subject.rows)
    elif subject.kind == "cohort":
        chosen &= np.isin(rows["researcher"], members(result, subject))
    return np.asarray(chosen)


def members(result: Result, subject: Subject) -> Integers:
    """Rows of the people in the cohorts of a subject."""
    cohorts = list(result.members.values())
    return np.unique(np.concatenate([cohorts[row] for row in subject.rows]))


def heads(result: Result, subject: Subject) -> Floats:
    """(months,) people at work at a subject at the end of each month."""
    series = result.series["headcount"] if subject.kind == "employer" else result.series["team_size"]
    return np.asarray(series[:, list(subject.rows)].sum(axis=1))


def metric_kind(name: str) -> Kind:
    """A metric of the record as a kind of outcome."""
    known = METRICS[name]

    def measure(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
        values = result.series[name][window.first : window.last + 1]
        if known.entity != "world":
            part = values[:, list(subject.rows)] if subject.kind else values
            values = part.sum(axis=1) if known.kind in ("flow", "stock") else part.mean(axis=1)
        return float(values.sum() if known.kind == "flow" else values.mean()) if len(values) else 0.0

    how = "added up over the window" if known.kind == "flow" else "mean over the window"
    subjects = ("",) if known.entity == "world" else (known.entity,) if known.kind == "index" else ("", known.entity)
    return Kind(known.unit, f"{known.label} ({how})", subjects, measure)
