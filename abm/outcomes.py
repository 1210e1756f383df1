"""What is watched in a comparison: one number of one history, named by a short text.

    KIND[:SUBJECT][@FROM[..TO]]      e.g.  left:llama-authors@2023-09   exits:Meta@2023-01..2023-12   startups:Paris

A subject is an employer, a team (the base name of split teams means all of them), a cohort or a site; several of one
kind are joined by a plus sign; a pair of employers is A>B. Every metric of `abm/metrics.py` is a kind as well: flows
are added up over the window, everything else is averaged.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from abm import observables, observables_leaders, outcome_kinds
from abm.metrics import METRICS
from abm.outcome_kinds import Kind, Subject, Window
from abm.run import Result
from abm.scenario import Scenario, ScenarioError

KINDS = observables.declared() | observables_leaders.declared()  # the first with those of abm/outcome_kinds.py


@dataclass(frozen=True, slots=True)
class Outcome:
    """A text read and checked: `measure(result)` gives the number, in `unit`; it needs no month after `last`."""

    text: str
    unit: str
    meaning: str
    measure: Callable[[Result], float]
    last: int


def kinds() -> dict[str, Kind]:
    """Every kind by name: those of `abm/outcome_kinds.py` and `abm/observables.py`, then the metrics of the record."""
    return {**{name: outcome_kinds.metric_kind(name) for name in METRICS if name not in KINDS}, **KINDS}


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
        raise _error(text, "a kind of outcome", _nearest(name, every, list(KINDS)[:4]))
    chosen = every[name]
    subject = _subject(text, about, chosen, scenario)
    window = _window(text, when, scenario)

    def measure(result: Result) -> float:
        return chosen.measure(result, scenario, subject, window)

    last = min(window.last + chosen.beyond, scenario.months - 1)
    return Outcome(text, chosen.unit, chosen.meaning, measure, last)


def _subject(text: str, about: str, chosen: Kind, scenario: Scenario) -> Subject:
    if not about:
        if "" in chosen.subjects:
            return Subject("", "", ())
        raise _error(text, f"a subject after a colon: {' or '.join(chosen.subjects)}", f"write e.g. {text}:NAME")
    found = _named(scenario)
    if "pair" in chosen.subjects:
        return _pair(text, about, found["employer"])
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


def _pair(text: str, about: str, employers: dict[str, tuple[int, ...]]) -> Subject:
    names = [name.strip() for name in about.split(">")]
    unknown = next((name for name in names if name not in employers), None)
    if unknown is not None:
        raise _error(text, "the names of two employers, A>B", _nearest(unknown, employers))
    if len(names) != 2 or names[0] == names[1]:
        raise _error(text, "two employers, A>B", f"write {text.partition(':')[0]}:{names[0]}>NAME")
    return Subject("pair", about, (employers[names[0]][0], employers[names[1]][0]))


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


def _nearest(name: str, valid: Iterable[str], some: Sequence[str] = ()) -> str:
    """The nearest valid name, if one is near; else some examples and where all are."""
    folded = {each.casefold(): each for each in valid}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    examples = f"write e.g. {', '.join(some)}; " if some else ""
    return f"{examples}`talent list outcomes` shows them all"


def _error(text: str, expected: str, fix: str) -> ScenarioError:
    return ScenarioError.about("outcome", [f"{text!r}: expected {expected}. Fix: {fix}"])
