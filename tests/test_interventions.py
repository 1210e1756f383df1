"""Policies that end and parameters that change while the market runs: when, and that nothing else moves."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from abm import identities, month, policies
from abm.build import build
from abm.changes import change
from abm.model import TalentMarket
from abm.paired import compare
from abm.parameters import declared
from abm.policies import Knob
from abm.replay import begin, fork, run_to, step
from abm.run import simulate
from abm.scenario import Scenario, load
from tests import worlds
from tests.test_oracle_month import history

MOVES = tuple(name for name in policies.names() if hasattr(policies.load(name), "move"))
TINY_RULE = {"rule": "winner_takes_all"}


@cache
def lively() -> Scenario:
    return load("tiny").derive(parameters={"switching_cost": 1.0, "personal_sd": 2.5})


def strong(name: str) -> dict[str, Any]:
    """All numbers at the end of their range that changes levers."""
    knobs = policies.load(name).KNOBS
    return {k: v.high for k, v in knobs.items() if isinstance(v, Knob)} | {
        k: v for k, v in TINY_RULE.items() if k in knobs
    }


def levers_by_month(scenario: Scenario) -> list[dict[str, np.ndarray[Any, Any]]]:
    world = begin(scenario, 1, 0)
    found = []
    while world.month < scenario.months:
        step(world)
        found.append({name: values.copy() for name, values in world.levers.values.items()})
    return found


@pytest.mark.parametrize("name", MOVES)
def test_a_policy_moves_levers_from_its_date_on_and_not_from_its_end_on(name: str) -> None:
    settings = {"name": name, **strong(name)}
    plain = levers_by_month(lively())
    whole = levers_by_month(lively().derive(policies=[settings]))
    part = levers_by_month(lively().derive(policies=[{**settings, "date": "2022-03", "until": "2022-06"}]))
    moved = [any((one[lever] != other[lever]).any() for lever in one) for one, other in zip(plain, whole, strict=True)]
    assert all(moved)
    for number, (one, without, always) in enumerate(zip(part, plain, whole, strict=True)):
        known = always if 2 <= number < 5 else without
        assert all((one[lever] == known[lever]).all() for lever in one), number


@pytest.mark.parametrize("name", MOVES)
def test_an_end_that_is_not_reached_changes_no_byte(name: str) -> None:
    settings = {"name": name, **strong(name)}
    ended = lively().derive(policies=[{**settings, "until": "2022-09"}]).derive(months=8)
    assert simulate(ended, 3).digest == simulate(lively().derive(policies=[settings], months=8), 3).digest


def changed(*items: tuple[str, float, str], base: Scenario | None = None) -> Scenario:
    listed = [{"parameter": name, "value": value, "date": date} for name, value, date in items]
    return (base or lively()).derive(interventions=listed)


def test_a_parameter_has_each_value_from_its_month_on() -> None:
    scenario = changed(("h0", 0.1, "2022-09"), ("h0", 0.02, "2022-04"), ("h_ties", 0.5, "2022-04"))
    world = begin(scenario, 1, 0)
    default = declared()["h0"].default
    for number in range(12):
        step(world)
        assert world.parameters.h0 == (default if number < 3 else 0.02 if number < 8 else 0.1)
        assert world.parameters.h_ties == (declared()["h_ties"].default if number < 3 else 0.5)
        assert world.parameters.switching_cost == 1.0


def test_from_the_start_on_it_is_the_same_as_under_parameters() -> None:
    early = simulate(changed(("h0", 0.1, "2022-01")), 3)
    assert early.digest == simulate(lively().derive(parameters={"h0": 0.1}), 3).digest
    assert early.digest != simulate(lively(), 3).digest


def test_nothing_is_otherwise_before_the_month() -> None:
    late = changed(("h0", 0.25, "2022-06"))
    assert simulate(late.derive(months=5), 3).digest == simulate(lively().derive(months=5), 3).digest
    assert simulate(late.derive(months=6), 3).digest != simulate(lively().derive(months=6), 3).digest
    same = changed(("h0", declared()["h0"].default, "2022-06"))
    assert simulate(same, 3).digest == simulate(lively(), 3).digest


def test_fading_follows_a_half_life_from_the_first_moment_of_its_month() -> None:
    """Two rooms: cancelled in month 2 with a breach of 1; the half-life falls from 12 to 2 in month 5."""
    base = worlds.two_rooms(
        events=({"kind": "cancel", "team": "Poor"},), cancellation_breach=1.0, half_life_cancellation=12.0
    )
    world = begin(changed(("half_life_cancellation", 2.0, "2022-06"), base=base), 5, 0)
    for number in range(8):
        step(world)
        known = 0.0 if number < 2 else 0.5 ** ((min(number, 4) - 2) / 12) * 0.5 ** (max(number - 4, 0) / 2)
        assert world.researchers.breach[2:4, 2] == pytest.approx([known, known])


def test_a_fork_goes_on_with_the_values_of_its_month() -> None:
    scenario = changed(("h0", 0.1, "2022-04"), ("h_ties", 0.5, "2022-09"))
    world = run_to(begin(scenario, 1, 0), 5)
    other = fork(world)
    assert run_to(world, 12).digest() == run_to(other, 12).digest() == simulate(scenario, 1).digest
    assert other.parameters.h_ties == 0.5


def test_paired_worlds_may_differ_by_a_policy_that_ends() -> None:
    ends = change({"policies.hiring.factor": 0.0, "policies.hiring.until": "2022-06"})
    stays = change({"policies.hiring.factor": 0.0})
    base = changed(("h0", 0.1, "2022-04"))
    found = compare(base, ends, against=stays, replicates=6, outcomes=("new_hires@2022-05", "new_hires@2022-12"))
    early, late = found.outcomes
    assert early.difference.mean == 0.0
    assert late.difference.mean > 0.0


def test_a_guarded_month_may_change_parameters_and_no_other_phase_may() -> None:
    model = TalentMarket(changed(("h0", 0.1, "2022-04")), rng=1, collect=False, guard=True)
    while model.running:
        model.step()
    assert model.world.parameters.h0 == 0.1


def ending(seed: int) -> Scenario:
    """A random world whose policies end, and in which every kind of parameter changes."""
    scenario = worlds.random_scenario(seed)
    plain = [{"name": each.name, **each.settings} for each in scenario.policies]
    for number, item in enumerate(plain):
        if item["name"] in MOVES:
            item |= {"date": "2022-02", "until": f"2022-{5 + number % 6:02d}"}
    items = [
        *(("match_taste_sd", 0.9, "2022-03"), ("pay_reference", 380.0, "2022-04"), ("switching_cost", 2.0, "2022-05")),
        *(("half_life_layoff", 3.0, "2022-05"), ("tie_half_life", 24.0, "2022-06"), ("mu", 0.8, "2022-07")),
        *(("vesting_months", 20.0, "2022-07"), ("personal_sd", 3.0, "2022-08"), ("startup_pay", 0.9, "2022-08")),
        *(("switching_cost", 1.2, "2023-01"), ("hop_rate", 0.2, "2023-02"), ("pay_skill_slope", 0.2, "2022-10")),
    ]
    return changed(*items, base=scenario.derive(policies=plain))


@pytest.mark.parametrize("seed", range(5))
def test_the_slow_twin_writes_the_same_history(seed: int) -> None:
    world, _ = history(ending(seed), seed)
    assert world.digest() != history(worlds.random_scenario(seed), seed)[0].digest()


@pytest.mark.parametrize("seed", range(5))
def test_every_identity_holds_in_every_month(seed: int) -> None:
    world = build(ending(seed), seed)
    while world.month < world.scenario.months:
        world.inbox = [dated for dated in world.events if dated.month == world.month]
        before = identities.snapshot(world)
        month.advance(world, guard=True)
        assert identities.violations(world, before) == []
