"""Worlds that run without Mesa's clock, can be forked at any month, and come out byte for byte as under it.

`fork` makes paired worlds cheap: what happened before the month in question is not run twice.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import fields

from abm import month
from abm.build import build
from abm.changes import Action, Change, act
from abm.ledger import Ledger
from abm.run import replicate_seed
from abm.scenario import Scenario
from abm.world import World

_SHARED = ("scenario", "parameters", "streams", "sites", "events", "employer_names", "team_names")


def begin(scenario: Scenario, seed: int, replicate: int) -> World:
    """The world of month 0 of a replicate."""
    return build(scenario, replicate_seed(seed, replicate))


def step(world: World, actions: Iterable[Action] = ()) -> None:
    """One month: the actions and the dated events that fall in it, then every phase."""
    act(world, actions)
    world.inbox.extend(dated for dated in world.events if dated.month == world.month)
    month.advance(world)


def run_to(world: World, until: int, actions: Iterable[Action] = ()) -> World:
    """Run a world to a month (or the end of its scenario) and give it back."""
    actions = tuple(actions)
    while world.month < min(until, world.scenario.months):
        step(world, actions)
    return world


def replay(scenario: Scenario, seed: int, replicate: int, change: Change | None = None) -> World:
    """A replicate from the start to the end, with a change if there is one."""
    change = change or Change()
    return run_to(begin(change.apply(scenario), seed, replicate), scenario.months, change.actions)


def fork(world: World) -> World:
    """A second world in the same state; what is never changed is shared, everything else is copied."""
    memo = {id(getattr(world, name)): getattr(world, name) for name in _SHARED}
    held = world.ledger
    ledger = Ledger()
    for name in ("departures", "offers", "moves", "startups"):
        setattr(ledger, name, list(getattr(held, name)))  # rows are appended, never changed
    ledger.series = {name: list(values) for name, values in held.series.items()}
    memo[id(held)] = ledger
    made = object.__new__(World)
    for each in fields(World):
        setattr(made, each.name, copy.deepcopy(getattr(world, each.name), memo))
    return made
