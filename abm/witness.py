"""What the ledger does not hold and a causal chain needs: who was where, led, and knew whom, month by month.

A replicate is run again and watched; its digest shows that it is the same history. Whom a change hits in person is
found by letting the beginning of a month (actions, dated events, policies) happen twice to forks of one world.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm.changes import Action, Change, act
from abm.columns import Bools, Integers
from abm.levers import LEVERS
from abm.month import MONTH
from abm.phases import events
from abm.replay import begin, fork
from abm.scenario import Scenario
from abm.world import World


@dataclass(frozen=True, slots=True)
class Parting:
    """A tie of strength `share` (of all ties of the one who stays) to a person who left `employer` in `month`."""

    leaver: int
    month: int
    employer: int
    share: float


@dataclass(slots=True)
class Witness:
    """One replicate of one world.

    Attributes:
        team, next_team: (months, N) after the events of the month, before anybody is called.
        leader: (months, J) at the beginning of the month.
        open_posts: (months, J) posts open in the month.
        partings: person -> ties to those watched who left an employer.
        digest: of the end of the run.
    """

    team: Integers
    next_team: Integers
    leader: Integers
    open_posts: Integers
    partings: dict[int, list[Parting]] = field(default_factory=dict)
    digest: str = ""


@dataclass(slots=True)
class Hits:
    """Whom the change reached by itself: person -> first month, and by what, in words.

    Attributes:
        person: own row differs right after the beginning of a month (breach, shock, pay, a layoff taken back).
        place: the team or employer differs instead (a lever, posts, culture), unless it is most of the market.
    """

    person: dict[int, tuple[int, str]] = field(default_factory=dict)
    place: dict[int, tuple[int, str]] = field(default_factory=dict)


def watch(scenario: Scenario, change: Change, seed: int, replicate: int, people: Integers) -> Witness:
    """Run a replicate again and keep what chains among some people need. People: (P,) rows."""
    world = begin(change.apply(scenario), seed, replicate)
    months = world.scenario.months
    person, post = (np.full((months, n), -1, dtype=np.int32) for n in (world.n_researchers, world.n_teams))
    seen = Witness(person, person.copy(), post, post.copy())
    watched = np.zeros(world.n_researchers, dtype=bool)
    watched[people] = True
    while world.month < world.scenario.months:
        month, ties, totals = world.month, world.ties, world.tie_totals()
        seen.leader[month] = world.teams.leader
        _open(world, change.actions)
        seen.team[month], seen.next_team[month] = world.researchers.team, world.researchers.next_team
        for phase in MONTH[1:]:
            phase.run(world)
        seen.open_posts[month] = world.teams.open_posts
        for rows in world.ledger.departures_of(month):
            for person, employer in zip(rows["researcher"].tolist(), rows["from_employer"].tolist(), strict=True):
                entry = slice(ties.start[person], ties.start[person + 1])
                if not watched[person]:
                    continue
                for other, strength in zip(ties.neighbour[entry].tolist(), ties.strength[entry].tolist(), strict=True):
                    if watched[other]:
                        parting = Parting(person, month, employer, strength / float(totals[other]))
                        seen.partings.setdefault(other, []).append(parting)
        world.month += 1
    seen.digest = world.digest()
    return seen


def _open(world: World, actions: Iterable[Action]) -> None:
    """The beginning of a month, as `replay.step` and the first phase have it."""
    act(world, actions)
    world.inbox.extend(dated for dated in world.events if dated.month == world.month)
    events.run(world)


def hits(scenario: Scenario, against: Change, change: Change, seed: int, replicate: int) -> Hits:
    """Whom the change reaches by itself, in the first world's course of things."""
    world = begin(against.apply(scenario), seed, replicate)
    other = begin(change.apply(scenario), seed, replicate)
    found = Hits()
    if other.scenario == world.scenario and against.actions == change.actions:
        return found
    _note(found.person, _rows_that_differ(world.researchers, other.researchers), 0, "set up otherwise from the start")
    while world.month < world.scenario.months:
        trial = fork(world)
        trial.scenario, trial.events = other.scenario, other.events
        was = world.researchers.team.copy()
        _open(world, against.actions)
        _open(trial, change.actions)
        _compare(found, world, trial, was, _what(world, trial, against.actions, change.actions))
        for phase in MONTH[1:]:
            phase.run(world)
        world.month += 1
    return found


def _what(one: World, two: World, first: Iterable[Action], second: Iterable[Action]) -> str:
    """What of the change falls in this month, in words."""
    dated = [{item.event.id: item.event for item in world.events if item.month == one.month} for world in (one, two)]
    changed = [key for key in {**dated[0], **dated[1]} if dated[0].get(key) != dated[1].get(key)]
    changed += [item.kind for item in set(first) ^ set(second) if item.month == one.month]
    return "hit by " + ", ".join(changed) if changed else "hit by the change"


def _compare(found: Hits, one: World, two: World, was: Integers, what: str) -> None:
    """Add the rows in which the beginning of a month came out otherwise."""
    month = one.month
    _note(found.person, _rows_that_differ(one.researchers, two.researchers), month, what)
    team = _rows_that_differ(one.teams, two.teams)
    employer = _rows_that_differ(one.employers, two.employers)
    for name, lever in LEVERS.items():
        differs = one.levers[name] != two.levers[name]
        if lever.shape == "team":
            team |= differs
        elif lever.shape == "employer":
            employer |= differs
    reached = (was >= 0) & (team[was] | employer[one.teams.employer[was]])
    if reached.sum() < 0.5 * (was >= 0).sum():
        _note(found.place, reached, month, f"at a place {what}")


def _note(into: dict[int, tuple[int, str]], rows: Bools, month: int, what: str) -> None:
    for row in np.flatnonzero(rows).tolist():
        into.setdefault(row, (month, what))


def _rows_that_differ(one: Any, two: Any) -> Bools:
    """(rows,) of two tables that differ in any column."""
    differs = np.zeros(one.n_rows, dtype=bool)
    for (_, left), (_, right) in zip(one.arrays(), two.arrays(), strict=True):
        differs |= (left != right).reshape(one.n_rows, -1).any(axis=1)
    return differs
