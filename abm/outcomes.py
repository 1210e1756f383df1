"""What is watched in a comparison: one number of one history, named by a short text.

    KIND[:SUBJECT][@FROM[..TO]]      e.g.  left:llama-authors@2023-09   exits:Meta@2023-01..2023-12   startups:Paris

A subject is an employer, a team (the base name of split teams means all of them), a cohort or a site; several of one
kind are joined by a plus sign. Every metric of
`abm/metrics.py` is a kind as well: flows are added up over the window, everything else is averaged.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import numpy as np

from abm.columns import Bools, Floats, Integers
from abm.metrics import METRICS
from abm.run import Result
from abm.scenario import Scenario, ScenarioError
from abm.tables import CAUSE_NAMES, REACH_NAMES

STARTUP_CAUSES: Final = (CAUSE_NAMES.index("startup_job"), CAUSE_NAMES.index("founded"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A text read and checked: `measure(result)` gives the number, in `unit`; it needs no month after `last`."""

    text: str
    unit: str
    meaning: str
    measure: Callable[[Result], float]
    last: int


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
    """One kind of outcome: unit, meaning, which subjects it takes (empty text: none), and how it is measured."""

    unit: str
    meaning: str
    subjects: tuple[str, ...]
    measure: Measure


KINDS: dict[str, Kind] = {}


def kind(unit: str, *subjects: str) -> Callable[[Measure], Measure]:
    """Declare the function below as a kind of outcome under its own name; its docstring is the meaning."""

    def declare(measure: Measure) -> Measure:
        meaning = (measure.__doc__ or "").strip().splitlines()[0]
        KINDS[measure.__name__] = Kind(unit, meaning, subjects, measure)
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


def _metric(name: str) -> Kind:
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


def kinds() -> dict[str, Kind]:
    """Every kind by name: declared with `kind` here and in `abm/observables.py`, then the metrics of the record."""
    import_module("abm.observables")
    return {**{name: _metric(name) for name in METRICS if name not in KINDS}, **KINDS}


# ---- reading ---------------------------------------------------------------------------------------------------


def read(text: str, scenario: Scenario) -> Outcome:
    """Read and check an outcome.

    Raises:
        ScenarioError: an unknown kind, subject or date; says what was expected and names the nearest.
    """
    what, _, when = text.strip().partition("@")
    name, _, about = what.partition(":")
    every = kinds()
    if name not in every:
        raise _error(text, f"a kind of outcome, such as {', '.join(list(KINDS)[:4])}", _nearest(name, every))
    chosen = every[name]
    subject = _subject(text, about, chosen, scenario)
    window = _window(text, when, scenario)

    def measure(result: Result) -> float:
        return chosen.measure(result, scenario, subject, window)

    return Outcome(text, chosen.unit, chosen.meaning, measure, window.last)


def _subject(text: str, about: str, chosen: Kind, scenario: Scenario) -> Subject:
    if not about:
        if "" in chosen.subjects:
            return Subject("", "", ())
        raise _error(text, f"a subject after a colon: {' or '.join(chosen.subjects)}", f"write e.g. {text}:NAME")
    found = _named(scenario)
    wanted = [each for each in chosen.subjects if each]
    if not wanted:
        raise _error(text, "no subject: this counts the whole market", f"write {text.partition(':')[0]}")
    parts = [part.strip() for part in about.split("+")]
    for each in wanted:
        if all(part in found[each] for part in parts):
            rows = tuple(sorted({row for part in parts for row in found[each][part]}))
            return Subject(each, about, rows)
    valid = {name for each in wanted for name in found[each]}
    unknown = next((part for part in parts if part not in valid), about)
    raise _error(text, f"the name of one {' or '.join(wanted)} of the scenario", _nearest(unknown, valid))


def _named(scenario: Scenario) -> dict[str, dict[str, tuple[int, ...]]]:
    """Everything that can be a subject, with its rows."""
    teams = {name: scenario.team_rows(name) for team in scenario.placed_teams() for name in (team.name, team.plan.name)}
    return {
        "employer": {each.name: (row,) for row, each in enumerate(scenario.employers)},
        "team": teams,
        "cohort": {each.name: (row,) for row, each in enumerate(scenario.cohorts)},
        "site": {each.name: (row,) for row, each in enumerate(scenario.sites)},
    }


def _window(text: str, when: str, scenario: Scenario) -> Window:
    """Both ends of a window; one date alone is the end of a window that begins with the run."""
    first, dots, last = when.partition("..")
    if not dots:
        first, last = "", first
    low = _month(text, first, scenario) if first else 0
    high = _month(text, last, scenario) if last else scenario.months - 1
    if low > high:
        raise _error(text, "a window that ends after it begins", f"write {last}..{first}")
    return Window(low, high)


def _month(text: str, date: str, scenario: Scenario) -> int:
    span = f"{scenario.date_of(0)} to {scenario.date_of(scenario.months - 1)}"
    try:
        month = scenario.month_of(date)
    except (ValueError, IndexError):
        raise _error(text, f"a date YYYY-MM from {span}", f"came {date!r}") from None
    if not 0 <= month < scenario.months:
        raise _error(text, f"a date from {span}", f"{date} lies outside the run")
    return month


def _nearest(name: str, valid: object) -> str:
    near = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.4)  # type: ignore[call-overload]
    return f"did you mean {near[0]!r}?" if near else "`talent list outcomes` shows them all"


def _error(text: str, expected: str, fix: str) -> ScenarioError:
    return ScenarioError.about("outcome", [f"{text!r}: expected {expected}. Fix: {fix}"])


__all__ = ["KINDS", "Kind", "Outcome", "Subject", "Window", "kind", "kinds", "read"]
