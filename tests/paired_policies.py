"""Paired worlds with and without a policy, for the tests of what policies do."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from abm import replay
from abm.columns import Bools
from abm.phases import events
from abm.scenario import Scenario, load
from abm.world import World

META = "Meta"


def with_policy(scenario: Scenario, name: str, **knobs: Any) -> Scenario:
    return scenario.derive(policies=[{"name": name, **knobs}])


@cache
def plain() -> Scenario:
    """A year of the market before most of its dated events."""
    return load("meta_fair").derive(months=13)


def first_day(scenario: Scenario) -> World:
    """The world of the first month when events and policies have acted and nobody has answered."""
    world = replay.begin(scenario, 1, 0)
    events.run(world)
    return world


def row(world: World, employer: str) -> int:
    return world.employer_names.index(employer)


def at(world: World, employer: str) -> Bools:
    """(N,) who works there."""
    return np.asarray(world.employer_of() == row(world, employer))


def after_a_month(scenario: Scenario) -> World:
    return replay.run_to(replay.begin(scenario, 1, 0), 1)
