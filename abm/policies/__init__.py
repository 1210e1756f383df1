"""Policies: one file each, found on disk. A policy moves levers, never people; zero strength changes no byte.

To add one: a file here whose first line says what it does, with `KNOBS` (name -> Knob or Name) and one or both of

    move(levers, knobs)   changes the levers it was given; called every month from its date on, on a fresh copy
    acts(knobs)           gives effects, in the form of a dated event's, that happen once, in the month of its date

Who moves levers may also end: `knobs_of` adds the knob `until`, and `move_levers` sees to it; no file need know of it.
At their neutral values the knobs change nothing. `knobs["factor"]` is a number, `knobs.name("team")` the name that was
given, `knobs.names("employer")` all that it stands for, `knobs.rows("employer")` where these stand in a lever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.levers import Levers

Places = Mapping[str, Mapping[str, tuple[int, ...]]]
"""What a name may stand for: kind -> name -> rows, each kind in the order of the scenario; owner: of each team."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A number that sets how strongly a policy acts; `neutral` leaves the baseline as it is."""

    neutral: float
    low: float
    high: float
    unit: str
    meaning: str
    source: str

    @property
    def span(self) -> str:
        """The values that it takes."""
        return f"{self.low:g} to {self.high:g}"

    @property
    def default(self) -> str:
        """The value when it is left out."""
        return f"{self.neutral:g}"


@dataclass(frozen=True, slots=True)
class Name:
    """A text that says where or when a policy acts: the name of a kind of thing, or a month; empty when left out."""

    kind: str
    empty: str  # what leaving it out means
    meaning: str
    source: str = "the scenario"

    @property
    def unit(self) -> str:
        """In place of a unit."""
        return KINDS[self.kind]

    @property
    def span(self) -> str:
        """The values that it takes."""
        return "YYYY-MM" if self.kind == "date" else "by name"

    @property
    def default(self) -> str:
        """What leaving it out means."""
        return self.empty


KINDS: Final = {
    "employer": "an employer",
    "team": "a team",
    "place": "a site or a country",
    "rule": "an allocation rule",
    "date": "a month",
}
EMPLOYER: Final = Name("employer", "all", "employer that follows; when left out all, start-ups too")
PLACE: Final = Name("place", "all", "where it holds")
DATE: Final = Name("date", "the start", "month from which it is in force")
ON: Final = Name("date", "the start", "month in which it happens")
UNTIL: Final = Name("date", "never", "month from which it is no longer in force")


@dataclass(frozen=True, slots=True)
class Knobs:
    """The knobs of one policy in force: as set, or neutral."""

    declared: Mapping[str, Knob | Name]
    settings: Mapping[str, Any]
    places: Places

    def __getitem__(self, knob: str) -> float:
        """The value of a number."""
        declared = self.declared[knob]
        assert isinstance(declared, Knob), f"{knob} is a name"
        return float(self.settings.get(knob, declared.neutral))

    def name(self, knob: str) -> str:
        """The name or month that was given; empty if none was."""
        return str(self.settings.get(knob, ""))

    def names(self, knob: str) -> tuple[str, ...]:
        """The one name that was given, or every name of the kind."""
        given = self.name(knob)
        return (given,) if given else tuple(self.places[self._kind(knob)])

    def rows(self, knob: str) -> slice | NDArray[np.int64]:
        """Positions in an array of levers: of the name that was given, or all (potential start-ups too)."""
        given = self.name(knob)
        return np.array(self.places[self._kind(knob)][given], dtype=np.int64) if given else slice(None)

    def owner(self, knob: str) -> str:
        """The employer of the team that was given."""
        return tuple(self.places["employer"])[self.places["owner"][self.name(knob)][0]]

    def code(self, knob: str) -> int:
        """The number of the name that was given; -1 if none was."""
        given = self.name(knob)
        return self.places[self._kind(knob)][given][0] if given else -1

    def _kind(self, knob: str) -> str:
        declared = self.declared[knob]
        assert isinstance(declared, Name), f"{knob} is a number"
        return declared.kind


class InForce(Protocol):
    """What a scenario says of a policy."""

    @property
    def name(self) -> str:
        """Name of the file."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Knobs by name."""


class Described(Protocol):
    """What a scenario says of all policies."""

    @property
    def policies(self) -> Iterable[InForce]:
        """Those in force."""

    @property
    def places(self) -> Places:
        """What names stand for."""

    def month_of(self, date: str) -> int:
        """The month of a date."""


_ROWS_OF: Final = ("employer", "team", "place")  # kinds of names that stand for rows of levers, in the order of Levers


@cache
def names() -> tuple[str, ...]:
    """All policies, by the names of their files."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")))


@cache
def load(name: str) -> Any:
    """The module of one policy."""
    return import_module(f"abm.policies.{name}")


@cache
def knobs_of(name: str) -> Mapping[str, Knob | Name]:
    """All knobs of a policy: those of its file, and `until` if it is in force for a time (has `move` and `date`)."""
    module = load(name)
    ends = {"until": UNTIL} if hasattr(module, "move") and "date" in module.KNOBS else {}
    return {**module.KNOBS, **ends}


def acts(name: str, settings: Mapping[str, Any], places: Places) -> Iterator[Mapping[str, Any]]:
    """The effects that a policy has once, in the month of its date, as a scenario would write them."""
    module = load(name)
    if hasattr(module, "acts"):
        yield from module.acts(Knobs(module.KNOBS, settings, places))


def does_anything(name: str, settings: Mapping[str, Any], places: Places) -> bool:
    """Whether a policy with these settings moves a lever or does something once; settings that are valid."""
    if any(True for _ in acts(name, settings, places)):
        return True
    module = load(name)
    if not hasattr(module, "move"):
        return False
    lengths = [1 + max((max(rows, default=0) for rows in places[kind].values()), default=0) for kind in _ROWS_OF]
    levers = Levers(*lengths)
    module.move(levers, Knobs(module.KNOBS, settings, places))
    still = Levers(*lengths)
    return any(not np.array_equal(values, still[lever]) for lever, values in levers.values.items())


def is_in_force(scenario: Described, policy: InForce, month: int) -> bool:
    """Whether a policy moves levers in a month: from its date on (the start if it has none), and before `until`."""
    date, until = (str(policy.settings.get(knob, "")) for knob in ("date", "until"))
    begun = not date or month >= scenario.month_of(date)
    return begun and (not until or month < scenario.month_of(until)) and hasattr(load(policy.name), "move")


def move_levers(scenario: Described, base: Levers, levers: Levers, month: int) -> None:
    """Put the policies in force on top of the levers that the dated events have set."""
    for name, values in base.values.items():
        levers.values[name][:] = values
    for policy in scenario.policies:
        if is_in_force(scenario, policy, month):
            module = load(policy.name)
            module.move(levers, Knobs(module.KNOBS, policy.settings, scenario.places))
    levers.clip()
