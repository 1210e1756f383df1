"""The log of a live market: pulls of levers, the policies in force, and what a pull changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from abm.scenario import FrozenMap, Scenario


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull of a lever.

    Attributes:
        number: in the log, counted from 1.
        month, date: in force from this month on; date is "YYYY-MM".
        kind: "policy" put in force (or done once), "release", "change" (both in one go), or "parameter".
        name: of the policy or the parameter.
        settings: knobs without dates; of a parameter {"value": number}.
        words: what it says, for people.
        policy: number of the policy that it put in force; 0 none.
        ended: number of the policy that it ended; 0 none.
    """

    number: int
    month: int
    date: str
    kind: str
    name: str
    settings: FrozenMap
    words: str
    policy: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that moves levers now.

    Attributes:
        number: by which it is released or changed; stays the same for the whole run.
        name, settings: of the policy, without dates.
        since, until: "YYYY-MM"; until is "" if no end is set.
        given: by the scenario, not by a pull.
        words: for people.
    """

    number: int
    name: str
    settings: FrozenMap
    since: str
    until: str
    given: bool
    words: str


@dataclass(frozen=True, slots=True)
class State:
    """What pulls change, all of it, so that one can be taken back."""

    scenario: Scenario
    numbers: tuple[int, ...]  # of the policies of the scenario, in its order
    log: tuple[Pull, ...]


def logged(log: tuple[Pull, ...], made: Pull, same: Callable[[Pull], bool]) -> tuple[tuple[Pull, ...], Pull]:
    """The log with a pull, and the pull as it stands there.

    It replaces what was pulled in the same month for the same thing, so that making the pulls of a log again, in its
    order, leads to the same policies in the same order.
    """
    old = [pull for pull in log if pull.month == made.month and same(pull)]
    if not old:
        return (*log, made), made
    first = old[0]
    kind = "change" if first.kind == "change" else made.kind  # what it ended stays ended
    made = replace(made, number=first.number, kind=kind, ended=first.ended)
    return tuple(made if pull is first else pull for pull in log if pull is first or pull not in old), made
