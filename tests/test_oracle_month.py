"""Whole months: the model and its slow twin write the same history, on `tiny`, on worlds by hand and on random ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from math import log
from typing import Any

import numpy as np
import pytest

from abm import policies
from abm.build import build
from abm.levers import LEVERS
from abm.month import advance
from abm.scenario import Scenario, load
from abm.scenario_effects import EFFECTS
from abm.tables import (
    CAUSE_NAMES,
    CHOSEN,
    OFFER_STATE_NAMES,
    PATH_NAMES,
    REACH_NAMES,
    RULES,
    SOURCE,
    Cause,
    ProjectState,
    Status,
)
from abm.world import World
from tests import worlds
from tests.oracle.copy import from_world
from tests.oracle.effects import EFFECTS as SLOW_EFFECTS
from tests.oracle.jobs import row
from tests.oracle.month import step
from tests.oracle.utility import TERMS
from tests.oracle.world import OracleWorld, Site

RANDOM = range(10)
HAPPENS = (
    *(
        "not heard",
        "refused",
        "granted",
        "rivals",
        "bought and a rival",
        "know-how lost",
        "outside work",
        "behind",
        "beyond the plan",
    ),
    *("tight", "flagship", "talk", "unheard", "tied in", "news"),
)


def next_month(world: World) -> None:
    """As the model does it, with the guard against undeclared writes."""
    world.inbox = [dated for dated in world.events if dated.month == world.month]
    advance(world, guard=True)


def same(fast: Any, slow: Any, what: str) -> None:
    """Whole numbers exactly, others to 1e-9."""
    fast, slow = np.asarray(fast), np.asarray(slow)
    assert fast.shape == slow.shape, what
    if fast.dtype.kind == "f":
        np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-9, err_msg=what)
    else:
        np.testing.assert_array_equal(fast, slow, err_msg=what)


def same_log(world: World, twin: OracleWorld) -> None:
    """Departures, offers, moves and start-ups, row by row; one person's rows in the order in which they happened."""
    for table, rows in twin.log.items():
        fast = world.ledger.table(table)
        who = "employer" if table == "startups" else "researcher"
        slow = {name: np.array([entry[name] for entry in rows]) for name in (rows[0] if rows else ())}
        assert fast.keys() == slow.keys(), table
        if rows:
            fast_order, slow_order = (np.lexsort((log[who], log["month"])) for log in (fast, slow))
            for name, values in fast.items():
                same(values[fast_order], slow[name][slow_order], f"{table}.{name}")


def same_state(world: World, twin: OracleWorld) -> None:
    """Every column of every table, the ties, and what clearing reports."""
    tables = (
        (world.researchers, twin.people, "researchers"),
        (world.employers, twin.employers, "employers"),
        (world.teams, twin.teams, "teams"),
        (world.projects, twin.projects, "projects"),
    )
    for table, things, title in tables:
        for name, fast in table.arrays():
            same(fast, [value(twin, thing, name) for thing in things], f"{title}.{name} in month {twin.month - 1}")
    for name in LEVERS:
        same(world.levers[name], twin.levers[name], f"lever {name} in month {twin.month - 1}")
    ties = world.ties
    pairs = zip(ties.owner.tolist(), ties.neighbour.tolist(), strict=True)
    bonds = [(a.row, other.row, tie) for a in twin.people for other, tie in twin.neighbours(a)]
    assert list(pairs) == [(a, b) for a, b, _ in bonds]
    same(ties.strength, [tie.strength for *_, tie in bonds] or np.zeros(0), "strength of ties")
    same(ties.kind, np.array([tie.kind for *_, tie in bonds], dtype=int), "kind of ties")
    same(ties.age, np.array([tie.age for *_, tie in bonds], dtype=int), "age of ties")
    assert (world.blocking, world.clearing_rounds) == (twin.blocking, twin.clearing_rounds)
    same(world.tightness, [twin.tightness], f"tightness in month {twin.month - 1}")
    same(world.arrivals, [employer.arrivals for employer in twin.employers], f"arrivals in month {twin.month - 1}")


def value(twin: OracleWorld, thing: Any, name: str) -> Any:
    """An attribute of an object of the twin as the column of the model has it."""
    if name == "n_members":
        return len(twin.members(thing))
    if name.startswith("taste_"):
        return thing.taste[name.removeprefix("taste_")]
    found = getattr(thing, name)
    if isinstance(found, dict):
        return list(found.values())
    if found is None or isinstance(found, Site) or hasattr(found, "row"):
        return row(found)
    return found


def seen(world: World) -> list[str]:
    """What a month has come to, as far as columns tell."""
    teams, employers = world.teams, world.employers
    signs = {
        "not heard": teams.escalated == 1,
        "refused": teams.escalated == 2,
        "granted": teams.escalated == 3,
        "rivals": teams.rivalry > 0,
        "bought and a rival": teams.rivalry[len(world.scenario.placed_teams()) :] > 0,
        "know-how lost": teams.know_how < 1,
        "outside work": employers.community > 0,
        "behind": world.lag() > 0,
        "beyond the plan": employers.capital_overrun > 0,
        "tight": world.tightness > 1.1,
        "flagship": world.levers["flagship"] > 0,
    }
    return [what for what, where in signs.items() if where.any()]


def compute_by_name_and_holds(world: World) -> World:
    """What actions of a compared world leave in the columns: compute given by name, people who will not leave."""
    world.teams.granted[::3] = 6.0
    world.researchers.held_until[::4] = 9
    return world


@cache
def history(
    scenario: Scenario, seed: int, begin: Callable[[World], World] = lambda world: world
) -> tuple[World, OracleWorld]:
    """Model and twin after all months, compared after each."""
    world = begin(build(scenario, seed))
    twin = from_world(world)
    for _ in range(scenario.months):
        next_month(world)
        step(twin)
        same_state(world, twin)
        twin.tally.update(seen(world))
    same_log(world, twin)
    return world, twin


@pytest.mark.parametrize("seed", range(1, 9))
def test_tiny_is_the_same_history(seed: int) -> None:
    world, _ = history(load("tiny"), seed)
    assert len(world.ledger.table("departures")["month"]) >= 2


@pytest.mark.parametrize("seed", RANDOM)
def test_random_worlds_are_the_same_history(seed: int) -> None:
    world, _ = history(worlds.random_scenario(seed), seed)
    assert 50 <= world.n_researchers
    assert len(world.ledger.table("departures")["month"]) >= 10


@pytest.mark.parametrize("seed", (1, 4))
def test_a_world_with_actions_is_the_same_history(seed: int) -> None:
    world, _ = history(worlds.random_scenario(seed), seed, compute_by_name_and_holds)
    plain, _ = history(worlds.random_scenario(seed), seed)
    left = world.ledger.table("departures")
    early = np.isin(left["cause"], CHOSEN) & (left["month"] < 9)
    assert not (left["researcher"][early] % 4 == 0).any() and early.any()
    assert (world.teams.compute[::3] >= 6.0).all() and world.digest() != plain.digest()


def test_a_slack_market_is_the_same_history() -> None:
    """Little demand: recruiters call less, and offers lie below the reference, the more so the more skilled one is."""
    calm = {"kind": "lever", "name": "demand", "op": "set", "value": 0.005}
    event = {"id": "H0", "date": "2022-01", "type": "made by hand", "effects": [calm]}
    world, _ = history(worlds.random_scenario(3).derive(events=[event], policies=[]), 3)
    skilled = np.argsort(world.researchers.skill)
    premium = world.market_premium(skilled)
    assert world.tightness[0] < 0.9 and premium.max() <= 1 and premium[-1] < premium[0]
    assert len(world.ledger.table("departures")["month"]) >= 10


@pytest.mark.parametrize("rule", RULES)
def test_a_world_by_hand_is_the_same_history(rule: str) -> None:
    world, _ = history(worlds.two_rooms(rule, events=({"kind": "cancel", "team": "Poor"},)), 5)
    assert not world.ledger.departures


@pytest.mark.parametrize("rule", RULES)
def test_compute_of_two_rooms_is_as_worked_out(rule: str) -> None:
    """The answers of `worlds.two_rooms`: a pool of 30; what each room asks for is 20 and the needs of its people."""
    world = build(worlds.two_rooms(rule), 5)
    next_month(world)
    needs = world.researchers.compute_need[:4]
    rich, poor = 20 + needs[:2].sum(), 20 + needs[2:].sum()
    assert world.employers.pool[0] == pytest.approx(30)
    level = 30 / (2 * rich + poor)  # of compute per weight, if the committee need not cap anybody
    known = {
        "by_demand": 30 * rich / (rich + poor),
        "committee": min(level * 2 * rich, rich),
        "winner_takes_all": min(rich, 30),
    }.get(rule, 15.0)
    assert world.teams.compute[:2] == pytest.approx([known, 30 - known])


def test_deprivation_of_two_rooms_is_as_worked_out() -> None:
    """In the poor room one feels ln of the ratio of compute per head, and nothing for pay above the median."""
    world = build(worlds.two_rooms("winner_takes_all"), 5)
    next_month(world)
    people, parameters = world.researchers, world.parameters
    assert world.decisions is not None
    felt = -world.decisions.terms[:4, TERMS.index("deprivation")] / parameters.deprivation_weight
    ratio = people.pay[:4] / world.reference_pay()[:4]
    per_head = world.teams.compute[:2] / 2
    for one in range(4):
        room = one // 2
        floor = 0.01 * people.compute_need[one]
        gap = log((per_head.max() + floor) / (per_head[room] + floor)) if people.taste_compute[one] else 0.0
        mates = ratio[2 * room : 2 * room + 2]
        behind = max(log(mates.mean() / ratio[one]), 0.0)  # of two, the median is the mean
        assert felt[one] == pytest.approx(gap + parameters.deprivation_pay_weight * behind)
    assert per_head[0] > per_head[1]


def test_a_cancellation_is_felt_and_fades_as_worked_out() -> None:
    """Cancelled in month 2 with a breach of 1: felt in full that month, half of it gone after twelve more."""
    scenario = worlds.two_rooms(
        events=({"kind": "cancel", "team": "Poor"},), cancellation_breach=1.0, half_life_cancellation=12.0
    )
    world = build(scenario, 5)
    for month in range(scenario.months):
        next_month(world)
        stock = world.researchers.breach[:4, SOURCE["cancellation"]]
        known = 0.5 ** ((month - 2) / 12) if month >= 2 else 0.0
        assert stock == pytest.approx([0, 0, known, known])
        # The shock has its own half-life, and leaves nothing behind.
        known = 0.5 ** ((month - 2) / world.parameters.shock_half_life) if month >= 2 else 0.0
        assert world.researchers.shock[:4] == pytest.approx([0, 0, known, known])
    assert not world.ledger.departures


def test_the_twin_knows_every_kind_of_event() -> None:
    assert SLOW_EFFECTS.keys() == EFFECTS.keys()


def test_the_random_worlds_leave_nothing_out() -> None:
    """What the twin is compared on happens: every effect, rule, lever, cause, path, reach and state of an offer."""
    names = ("cause", "path", "reach", "state", "effect", "lever", "policy")
    drawn: dict[str, Counter[Any]] = {name: Counter() for name in names}
    n_startups = n_closed = n_bought = n_left = n_hops = n_shipped = n_squeezed = n_cancelled = 0
    tally: Counter[str] = Counter()
    for seed in RANDOM:
        scenario = worlds.random_scenario(seed)
        world, twin = history(scenario, seed)
        tally += twin.tally
        departures, offers = world.ledger.table("departures"), world.ledger.table("offers")
        for name, table in (("cause", departures), ("path", departures), ("reach", offers), ("state", offers)):
            drawn[name].update(table[name].tolist())
        effects = [effect for event in scenario.events for effect in event.effects]
        drawn["effect"].update(effect.kind for effect in effects)
        drawn["lever"].update(effect["name"] for effect in effects if effect.kind == "lever")
        assert sorted(employer.allocation for employer in scenario.employers) == sorted(RULES)
        startups = world.is_startup()
        n_startups += int((world.employers.founded_month[startups] >= 0).sum())
        n_closed += int((world.employers.closed_month >= 0).sum())
        n_bought += int((world.teams.employer[-startups.sum() :] < startups.argmax()).sum())
        n_left += int((world.researchers.status == Status.LEFT_FIELD).sum())
        drawn["policy"].update(policy.name for policy in scenario.policies)
        n_hops += int(world.projects.hops.sum())
        n_shipped += int((world.projects.shipped >= 0).sum())
        n_squeezed += int(((departures["cause"] == Cause.LAID_OFF) & (departures["event"] < 0)).sum())
        n_cancelled += int((world.projects.state == ProjectState.CANCELLED).sum())
    assert set(drawn["cause"]) == set(range(len(CAUSE_NAMES)))
    assert set(drawn["path"]) == set(range(len(PATH_NAMES)))
    assert set(drawn["reach"]) == set(range(len(REACH_NAMES)))
    assert set(drawn["state"]) == set(range(1, len(OFFER_STATE_NAMES)))  # none is left as merely made
    assert set(drawn["effect"]) == set(EFFECTS)
    assert set(drawn["lever"]) == set(LEVERS)
    assert set(drawn["policy"]) == set(policies.names())
    assert min(n_startups, n_closed, n_bought, n_left) > 0
    assert min(n_hops, n_shipped, n_squeezed, n_cancelled) > 0
    assert set(tally) == set(HAPPENS), tally
