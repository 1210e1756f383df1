"""The identities of a month hold in every scenario, and each of them is tripped by a bug that is planted on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from pytest import MonkeyPatch

from abm import effects, employment, metrics, projects
from abm.identities import IDENTITIES, snapshot, violations
from abm.identity_numbers import MAY_BE_MINUS_INFINITE, MAY_BE_NEGATIVE, SHARES
from abm.identity_people import TRANSITIONS
from abm.kernels import allocation, matching
from abm.model import TalentMarket
from abm.phases import allocate, appraise, clear, events, found, offer, procure, produce, recruit, tie
from abm.scenario import Scenario, load
from abm.tables import Cause, OfferState, ProjectState, Status, Ties
from abm.world import World
from tests.worlds import random_scenario

EVENTS = [
    ("2022-02", {"kind": "promise", "team": "Alpha Language", "share": 0.6, "kept": 0.4}),
    ("2022-03", {"kind": "leader_appointed", "team": "Alpha Vision", "origin": "Alpha"}),
    ("2022-04", {"kind": "project", "team": "Alpha Language", "name": "new", "demand": 20.0, "months": 5}),
    ("2022-05", {"kind": "transfer", "from": ["Alpha Language"], "to": "Alpha Vision", "number": 1}),
    ("2022-06", {"kind": "cancel", "team": "Alpha Language"}),
    ("2022-07", {"kind": "leader_leaves", "team": "Beta Language", "to": "Alpha"}),
    ("2022-08", {"kind": "layoff", "employer": "Beta", "share": 0.3}),
    ("2022-09", {"kind": "release", "team": "Beta Language", "visibility": 2.0, "quality": 0.5}),
    ("2022-10", {"kind": "order", "employer": "Beta", "h100e": 100.0, "lead_time": 1}),
    ("2022-11", {"kind": "leader_appointed", "team": "Beta Language", "origin": "Alpha"}),
    ("2022-12", {"kind": "leader_leaves", "team": "Campus Group", "to": "left_field"}),
    ("2023-01", {"kind": "merge", "teams": ["Alpha Vision"], "into": "Alpha Language"}),
    ("2023-02", {"kind": "lever", "name": "counter_offer", "op": "multiply", "value": 1.2, "employers": ["Beta"]}),
    ("2023-03", {"kind": "culture", "toward": {"openness": 0.1}, "share": 0.5, "employers": ["Beta"]}),
    ("2023-04", {"kind": "infra_leaders_leave", "employer": "Beta", "number": 2}),
    ("2023-05", {"kind": "split", "team": "Alpha Language", "into": "Alpha Vision", "share": 0.4, "safe": False}),
    ("2023-06", {"kind": "lever", "name": "flagship", "op": "set", "value": 0.4, "employers": ["Alpha"]}),
    ("2023-07", {"kind": "chip", "employer": "Alpha", "h100e": 20.0, "months": 2, "chance": 0.5}),
]


def busy() -> Scenario:
    """`tiny` grown to fifty people, in a hurry: in two years everything that can happen does, most of it often."""
    content = load("tiny").to_dict()
    for plan, n in zip(content["employers"], (24, 18, 8), strict=True):
        plan["researchers"] = n
        for team in plan["teams"]:
            team.pop("posts", None)
    kinds = [{"visibility": 1.0, **effect} if effect["kind"] == "project" else effect for _, effect in EVENTS]
    content["events"] = [
        {"id": f"B{row}", "date": date, "type": "planted", "effects": [effect]}
        for row, ((date, _), effect) in enumerate(zip(EVENTS, kinds, strict=True))
    ]
    quick = {
        **{
            "h0": 0.1,
            "h_offer": 0.5,
            "h_shock": 0.6,
            "switching_cost": 1.0,
            "personal_sd": 3.0,
            "leave_field_value": -2.0,
        },
        **{"found_rate": 0.03, "founding_months": 1.0, "funding_median": 1500.0, "runway_target": 6.0},
        **{"acquisition_share": 0.5, "project_months": 4.0, "vacancy_months": 1.0, "tie_floor": 0.1},
        **{"escalation_threshold": 0.8, "escalation_capacity": 1.0, "rivalry_size": 0.3, "ship_rate": 0.2},
        **{"compute_price": 100.0, "retention_attention": 10.0, "hop_rate": 0.1},
    }
    return load("tiny").derive(
        **{key: content[key] for key in ("employers", "events")},
        months=24,
        horizon=24,
        cohorts=[],
        entrants_per_year=20.0,
        potential_founders=1.0,
        parameters=quick,
    )


BUSY = busy()


def months(scenario: str | Scenario, seed: int, guard: bool = False) -> Iterator[tuple[World, list[str]]]:
    """The world after each month, and what the month has broken."""
    model = TalentMarket(scenario, rng=seed, collect=False, guard=guard)
    for _ in range(model.world.scenario.months):
        before = snapshot(model.world)
        model.step()
        yield model.world, violations(model.world, before)


# ---- the identities hold ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_they_hold_in_every_month_of_tiny(seed: int) -> None:
    assert [found for _, found in months("tiny", seed, guard=True) if found] == []


@pytest.mark.parametrize("name", ["meta_fair", "google_transformer", "openai_superalignment"])
def test_they_hold_in_every_month_of_the_history(name: str) -> None:
    assert [found for _, found in months(name, 3, guard=True) if found] == []


@pytest.mark.parametrize("seed", range(8))
def test_they_hold_in_every_month_of_a_busy_world(seed: int) -> None:
    assert [found for _, found in months(BUSY, seed, guard=True) if found] == []


@pytest.mark.parametrize("seed", range(25))
def test_they_hold_in_every_month_of_a_random_world(seed: int) -> None:
    assert [found for _, found in months(random_scenario(seed), seed, guard=True) if found] == []


@pytest.mark.parametrize("seed", range(4))
def test_they_hold_when_compute_is_given_by_name(seed: int) -> None:
    """On top of any pool: also of none, and to teams with nobody in them."""
    for scenario in (BUSY, random_scenario(seed)):
        model = TalentMarket(scenario, rng=seed, collect=False)
        model.world.employers.owned[0] = 0.0
        for month in range(12):
            model.world.teams.granted[month::3] = 7.0 * month
            before = snapshot(model.world)
            model.step()
            assert violations(model.world, before) == []


def test_everything_happens_in_the_busy_world() -> None:
    """A test of the tests: what never happens cannot break an identity."""
    causes, ways, outcomes, ends = set(), set(), set(), set()
    for seed in range(8):
        *_, (world, _) = months(BUSY, seed)
        causes |= set(world.ledger.table("departures")["cause"].tolist())
        moves = world.ledger.table("moves")
        kind = [
            np.where(moves[side] >= 0, int(Status.EMPLOYED), -1 - moves[side]) for side in ("from_state", "to_state")
        ]
        ways |= set(zip(*(side.tolist() for side in kind), strict=True))
        outcomes |= set(world.ledger.table("offers")["state"].tolist())
        ends |= set(world.projects.state.tolist())
        bought = (moves["from_state"] >= 0) & (moves["to_state"] >= 0) & (moves["from_state"] != moves["to_state"])
        ways |= {"bought"} if bought.any() else set()
    assert causes == set(Cause)
    assert ways == {*TRANSITIONS, "bought"}
    assert outcomes == set(OfferState) - {OfferState.MADE}
    assert ends == set(ProjectState)


def test_a_snapshot_and_a_check_change_nothing() -> None:
    plain, checked = (TalentMarket(BUSY, rng=5, collect=False) for _ in range(2))
    for _ in range(6):
        plain.step()
        before = snapshot(checked.world)
        checked.step()
        held = checked.world.digest()
        violations(checked.world, before)
        assert checked.world.digest() == held
    assert plain.world.digest() == checked.world.digest()


def test_columns_named_by_the_identities_exist() -> None:
    model = TalentMarket("tiny", rng=1, collect=False)
    model.step()
    known = {name for name, _ in model.world.arrays()}
    named = {*SHARES, *MAY_BE_NEGATIVE, *MAY_BE_MINUS_INFINITE}
    assert named <= known, f"no such columns: {sorted(named - known)}"


# ---- and every one of them can fail ----------------------------------------------------------------------------------

Patch = Callable[[MonkeyPatch], None]


@dataclass(frozen=True)
class Plant:
    """A bug, and the identity that must notice it in the month in which it first shows."""

    expect: str
    what: str
    patch: Patch


PLANTS: list[Plant] = []


def plant(expect: str) -> Callable[[Patch], Patch]:
    def declare(patch: Patch) -> Patch:
        PLANTS.append(Plant(expect, patch.__name__, patch))
        return patch

    return declare


def after(monkeypatch: MonkeyPatch, module: Any, name: str, also: Callable[..., None]) -> None:
    """Let something more happen when a function of the model has done its work."""
    original = getattr(module, name)

    def wrapped(*given: Any, **named: Any) -> Any:
        found = original(*given, **named)
        also(*given, **named)
        return found

    monkeypatch.setattr(module, name, wrapped)


def some(mask: Any) -> Any:
    """The first row of a mask, as an array of one row or none."""
    return np.flatnonzero(mask)[:1]


def employed(world: World) -> Any:
    return world.researchers.status == Status.EMPLOYED


@plant("I01")
def hired_without_being_employed(monkeypatch: MonkeyPatch) -> None:
    def forget(world: World, person: Any, *_: Any) -> None:
        world.researchers.status[person] = Status.SEARCHING

    after(monkeypatch, employment, "begin", forget)


@plant("I01")
def team_closed_with_people_in_it(monkeypatch: MonkeyPatch) -> None:
    def close(world: World) -> None:
        world.teams.is_open[some(world.teams.n_members > 0)] = False

    after(monkeypatch, tie, "run", close)


@plant("I01")
def entered_before_the_time(monkeypatch: MonkeyPatch) -> None:
    def enter(world: World) -> None:
        employment.set_free(world, some(world.researchers.status == Status.NOT_ENTERED), Status.SEARCHING)

    after(monkeypatch, tie, "run", enter)


@plant("I01")
def goal_left_behind(monkeypatch: MonkeyPatch) -> None:
    def keep(world: World, person: Any, team: Any, *_: Any) -> None:
        world.researchers.next_team[person] = team

    after(monkeypatch, employment, "begin", keep)


@plant("I02")
def head_count_forgotten(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(employment, "count_members", lambda world: None)


@plant("I02")
def stale_head_count_in_the_series(monkeypatch: MonkeyPatch) -> None:
    known = metrics.METRICS["headcount"]

    def stale(world: World) -> Any:
        held = world.ledger.series.get("headcount")
        return known.measure(world) if held is None else held[0]

    monkeypatch.setitem(metrics.METRICS, "headcount", replace(known, measure=stale))


@plant("I03")
def back_from_the_dead(monkeypatch: MonkeyPatch) -> None:
    def return_to_work(world: World) -> None:
        person = some(world.researchers.status == Status.LEFT_FIELD)
        team = some(world.teams.is_open & (world.teams.n_members > 0))
        employment.begin(world, person, np.repeat(team, len(person)), np.full(len(person), 300.0), np.ones(len(person)))

    after(monkeypatch, tie, "run", return_to_work)


@plant("I03")
def hired_without_leaving_the_old_lab(monkeypatch: MonkeyPatch) -> None:
    def only_begin(world: World, accepted: Any) -> None:
        offers = world.offers
        assert offers is not None
        person, team = offers.researcher[accepted].astype(np.int64), offers.team[accepted].astype(np.int64)
        employment.begin(world, person, team, offers.pay[accepted], offers.equity_ratio[accepted])

    monkeypatch.setattr(clear, "_move", only_begin)


@plant("I04")
def silent_change_of_state(monkeypatch: MonkeyPatch) -> None:
    def vanish(world: World) -> None:
        people, person = world.researchers, some(employed(world))
        people.status[person], people.team[person] = Status.SEARCHING, -1
        for held in (people.pay, people.equity_ratio, people.equity_grant, people.tenure, people.vesting_clock):
            held[person] = 0
        employment.count_members(world)

    after(monkeypatch, tie, "run", vanish)


@plant("I04")
def silent_change_of_team(monkeypatch: MonkeyPatch) -> None:
    def shift(world: World) -> None:
        team, owner = world.researchers.team, world.teams.employer
        other = np.flatnonzero(world.teams.is_open & (owner == owner[0]))[-1]
        person = some((team >= 0) & (owner[team] == owner[0]) & (team != other))
        team[person] = other
        employment.count_members(world)

    after(monkeypatch, tie, "run", shift)


@plant("I04")
def move_logged_twice(monkeypatch: MonkeyPatch) -> None:
    original = employment._log_moves

    def twice(*given: Any) -> None:
        original(*given)
        original(*given)

    monkeypatch.setattr(employment, "_log_moves", twice)


@plant("I05")
def sold_without_a_move(monkeypatch: MonkeyPatch) -> None:
    def sell(world: World, team: Any, acquirer: Any) -> None:
        world.teams.employer[team] = acquirer

    monkeypatch.setattr(employment, "acquire", sell)


@plant("I05")
def departures_counted_twice(monkeypatch: MonkeyPatch) -> None:
    known = metrics.METRICS["departures"]
    twice = replace(known, measure=lambda world: 2 * np.asarray(known.measure(world)))
    monkeypatch.setitem(metrics.METRICS, "departures", twice)


@plant("I06")
def departure_written_twice(monkeypatch: MonkeyPatch) -> None:
    """A poach counted as a quit and as a poach."""

    def again(world: World, person: Any, *_: Any, **__: Any) -> None:
        if len(person):
            world.ledger.departures.append(world.ledger.departures[-1])

    after(monkeypatch, employment, "depart", again)


@plant("I06")
def departure_not_written(monkeypatch: MonkeyPatch) -> None:
    def lose(world: World, person: Any, *_: Any, **__: Any) -> None:
        if len(person):
            world.ledger.departures.pop()

    after(monkeypatch, employment, "depart", lose)


@plant("I06")
def wrong_cause(monkeypatch: MonkeyPatch) -> None:
    def call_it_a_layoff(world: World, person: Any, *_: Any, **__: Any) -> None:
        if len(person):
            row = world.ledger.departures[-1]
            row["cause"] = np.full_like(row["cause"], Cause.LAID_OFF)

    after(monkeypatch, employment, "depart", call_it_a_layoff)


@plant("I07")
def more_given_than_there_is(monkeypatch: MonkeyPatch) -> None:
    original = allocation.by_demand
    monkeypatch.setitem(allocation.RULES, "by_demand", lambda case: 1.1 * original(case))


@plant("I07")
def escalation_makes_compute(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "escalate", lambda compute, case, winner, *_: compute + 1.0 * winner)


@plant("I07")
def split_of_what_was_ordered(monkeypatch: MonkeyPatch) -> None:
    def ahead(world: World) -> None:
        world.employers.pool[:] += world.arrivals[:, world.month + 1 :].sum(axis=1)

    after(monkeypatch, procure, "run", ahead)


@plant("I07")
def compute_for_nobody(monkeypatch: MonkeyPatch) -> None:
    def give(world: World) -> None:
        empty = (world.teams.n_members == 0) & ~world.teams.is_open
        idle, team = world.employers.idle, some(empty)
        world.teams.compute[team] += 1e-6
        idle[world.teams.employer[team]] -= 1e-6

    after(monkeypatch, allocate, "run", give)


@plant("I07")
def given_by_name_and_taken_from_the_pool(monkeypatch: MonkeyPatch) -> None:
    def take(world: World) -> None:
        world.teams.granted[0] = 5.0
        world.teams.compute[0] += 4.0

    after(monkeypatch, allocate, "run", take)


@plant("I07")
def a_flagship_that_takes_nothing(monkeypatch: MonkeyPatch) -> None:
    def ignore(world: World) -> None:
        employers, levers = world.employers, world.levers
        working = np.clip(employers.utilisation + levers["utilisation"], 0.0, 1.0)
        diverted = np.clip(employers.product_share + levers["product_share"], 0.0, 1.0)
        employers.pool[:] = (employers.owned * (1.0 - diverted) + employers.rented) * working * employers.is_open

    after(monkeypatch, procure, "run", ignore)


@plant("I08")
def two_offers_accepted(monkeypatch: MonkeyPatch) -> None:
    original = matching.deferred_acceptance

    def all_of_them(person: Any, *given: Any) -> Any:
        held, rounds = original(person, *given)
        held[:] |= np.isin(person, person[held])
        return held, rounds

    monkeypatch.setattr(matching, "deferred_acceptance", all_of_them)


@plant("I08")
def one_post_too_many(monkeypatch: MonkeyPatch) -> None:
    original = matching.deferred_acceptance

    def more(person: Any, team: Any, preference: Any, score: Any, quota: Any, rounds: int) -> Any:
        return original(person, team, preference, score, quota + 1, rounds)

    monkeypatch.setattr(matching, "deferred_acceptance", more)


@plant("I08")
def offer_without_an_end(monkeypatch: MonkeyPatch) -> None:
    def reopen(world: World, *_: Any) -> None:
        assert world.offers is not None
        world.offers.state[some(world.offers.state == OfferState.DECLINED)] = OfferState.MADE

    after(monkeypatch, clear, "_settle", reopen)


@plant("I08")
def pay_beyond_the_ceiling(monkeypatch: MonkeyPatch) -> None:
    def overbid(world: World) -> None:
        assert world.offers is not None
        world.offers.pay[:1] = 2 * world.offers.ceiling[:1]

    after(monkeypatch, offer, "run", overbid)


@plant("I09")
def accepted_and_stayed(monkeypatch: MonkeyPatch) -> None:
    original = clear._move
    monkeypatch.setattr(clear, "_move", lambda world, accepted: original(world, accepted[1:]))


@plant("I09")
def left_for_another_team_than_agreed(monkeypatch: MonkeyPatch) -> None:
    def mistake(world: World, accepted: Any) -> None:
        assert world.offers is not None
        world.offers.team[accepted[:1]] += 1

    after(monkeypatch, clear, "_move", mistake)


@plant("I10")
def raise_of_another_size(monkeypatch: MonkeyPatch) -> None:
    def more(world: World) -> None:
        assert world.offers is not None
        kept = world.offers.researcher[world.offers.state == OfferState.COUNTERED]
        world.researchers.pay[kept] *= 1.01

    after(monkeypatch, clear, "_raise", more)


@plant("I10")
def raise_promised_and_not_paid(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(clear, "_raise", lambda world: None)


@plant("I11")
def nan_in_pay(monkeypatch: MonkeyPatch) -> None:
    def spoil(world: World) -> None:
        world.researchers.pay[some(employed(world))] = np.nan

    after(monkeypatch, clear, "run", spoil)


@plant("I11")
def infinite_belief(monkeypatch: MonkeyPatch) -> None:
    def spoil(world: World) -> None:
        world.researchers.outside[0] = -np.inf

    after(monkeypatch, appraise, "run", spoil)


@plant("I11")
def nan_among_options(monkeypatch: MonkeyPatch) -> None:
    def spoil(world: World) -> None:
        assert world.decisions is not None
        world.decisions.perceived[0, 1] = np.nan

    after(monkeypatch, clear, "run", spoil)


@plant("I11")
def nan_in_the_ledger(monkeypatch: MonkeyPatch) -> None:
    def spoil(world: World, person: Any, *_: Any, **__: Any) -> None:
        if len(person):
            world.ledger.departures[-1]["terms_go"] = np.full_like(world.ledger.departures[-1]["terms_go"], np.nan)

    after(monkeypatch, employment, "depart", spoil)


@plant("I12")
def spent_beyond_the_cash(monkeypatch: MonkeyPatch) -> None:
    def spend(world: World) -> None:
        world.employers.cash[world.is_startup() & world.employers.is_open] -= 1e6

    after(monkeypatch, found, "_finance", spend)


@plant("I12")
def strain_below_zero(monkeypatch: MonkeyPatch) -> None:
    def relax(world: World) -> None:
        world.researchers.strain[0] -= 100.0

    after(monkeypatch, appraise, "_stocks", relax)


@plant("I12")
def more_than_all_of_it_works(monkeypatch: MonkeyPatch) -> None:
    def speed_up(world: World) -> None:
        world.employers.utilisation[0] = 1.2

    after(monkeypatch, allocate, "run", speed_up)


@plant("I11")
def capability_without_end(monkeypatch: MonkeyPatch) -> None:
    def lead(world: World) -> None:
        world.employers.capability[0] = np.inf

    after(monkeypatch, tie, "run", lead)


@plant("I12")
def knows_more_than_all(monkeypatch: MonkeyPatch) -> None:
    def learn(world: World, *_: Any) -> None:
        world.teams.know_how[:] += 0.1

    after(monkeypatch, produce, "_progress", learn)


@plant("I12")
def know_how_below_nothing(monkeypatch: MonkeyPatch) -> None:
    def forget(world: World) -> None:
        left = world.ledger.departures_of(world.month)
        for rows in left:
            world.teams.know_how[rows["from_team"]] -= 1.5

    after(monkeypatch, tie, "_lose_knowledge", forget)


@plant("I12")
def a_community_of_less_than_nobody(monkeypatch: MonkeyPatch) -> None:
    """What a poor release costs is taken without looking whether there is as much."""

    def lose(world: World, team: Any, project: Any) -> None:
        poor = world.projects.quality[project] < 0.3
        np.subtract.at(world.employers.community, world.teams.employer[team[poor]], 0.01)

    after(monkeypatch, produce, "publish", lose)


@plant("I12")
def exits_that_come_back_unseen(monkeypatch: MonkeyPatch) -> None:
    def undo(world: World) -> None:
        for rows in world.ledger.departures_of(world.month):
            world.employers.unseen_exits[rows["from_employer"]] -= 1.0

    after(monkeypatch, tie, "_be_seen", undo)


@plant("I12")
def promised_more_than_all_autonomy(monkeypatch: MonkeyPatch) -> None:
    def oversell(world: World, person: Any, *_: Any) -> None:
        world.researchers.autonomy_promised[person] += 1.0

    after(monkeypatch, employment, "begin", oversell)


@plant("I12")
def autonomy_pushed_below_nothing(monkeypatch: MonkeyPatch) -> None:
    def push(world: World) -> None:
        world.employers.culture[:, 1] -= 0.2

    after(monkeypatch, events, "narrow", push)


@plant("I13")
def paid_after_departure(monkeypatch: MonkeyPatch) -> None:
    def keep_paying(world: World, person: Any, *_: Any, **__: Any) -> None:
        world.researchers.pay[person] = 400.0

    after(monkeypatch, employment, "depart", keep_paying)


@plant("I13")
def vesting_after_departure(monkeypatch: MonkeyPatch) -> None:
    def keep_the_grant(world: World, person: Any, *_: Any, **__: Any) -> None:
        world.researchers.equity_grant[person] = 100.0

    after(monkeypatch, employment, "depart", keep_the_grant)


@plant("I14")
def tie_stronger_on_one_side(monkeypatch: MonkeyPatch) -> None:
    def favour(world: World) -> None:
        world.ties.strength[0] *= 0.9

    after(monkeypatch, tie, "_age", favour)


@plant("I14")
def tie_of_one_side_only(monkeypatch: MonkeyPatch) -> None:
    def cut(world: World) -> None:
        ties = world.ties
        start = ties.start.copy()
        start[int(ties.owner[0]) + 1 :] -= 1
        world.ties = Ties(start, ties.neighbour[1:], ties.strength[1:], ties.kind[1:], ties.age[1:])

    after(monkeypatch, tie, "_meet", cut)


@plant("I14")
def tied_to_oneself(monkeypatch: MonkeyPatch) -> None:
    def know_thyself(world: World) -> None:
        tie.add_ties(world, np.array([3]), np.array([3]))

    after(monkeypatch, tie, "_meet", know_thyself)


@plant("I14")
def tie_stronger_than_one(monkeypatch: MonkeyPatch) -> None:
    def strengthen(world: World) -> None:
        world.ties.strength[:] *= 5.0

    after(monkeypatch, tie, "_age", strengthen)


@plant("I14")
def neighbours_out_of_order(monkeypatch: MonkeyPatch) -> None:
    def shuffle(world: World) -> None:
        ties = world.ties
        row = int(np.flatnonzero(np.diff(ties.start) > 1)[0])
        here = slice(ties.start[row], ties.start[row + 1])
        ties.neighbour[here] = ties.neighbour[here][::-1].copy()

    after(monkeypatch, tie, "_meet", shuffle)


@plant("I15")
def clock_that_runs_on(monkeypatch: MonkeyPatch) -> None:
    def wind(world: World, person: Any, *_: Any) -> None:
        world.researchers.leave_clock[person] = 1

    after(monkeypatch, employment, "begin", wind)


@plant("I15")
def tenure_kept_after_leaving(monkeypatch: MonkeyPatch) -> None:
    def keep(world: World, person: Any, *_: Any, **__: Any) -> None:
        world.researchers.tenure[person] = 7

    after(monkeypatch, employment, "depart", keep)


@plant("I16")
def open_before_it_is_founded(monkeypatch: MonkeyPatch) -> None:
    def open_early(world: World, person: Any, founder: Any, *_: Any) -> None:
        world.employers.is_open[world.researchers.own_startup[founder]] = True

    after(monkeypatch, found, "_leave_to_found", open_early)


@plant("I16")
def cash_of_a_company_that_is_gone(monkeypatch: MonkeyPatch) -> None:
    def keep(world: World, startup: Any, *_: Any) -> None:
        world.employers.cash[startup] = 1.0

    after(monkeypatch, found, "_end", keep)


@plant("I16")
def a_laboratory_that_goes_away(monkeypatch: MonkeyPatch) -> None:
    def close(world: World) -> None:
        world.employers.is_open[2] = False

    after(monkeypatch, tie, "run", close)


@plant("I17")
def leader_who_has_left(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(employment, "lose_leaders", lambda world, team: None)


@plant("I18")
def cancelled_and_still_running(monkeypatch: MonkeyPatch) -> None:
    original = effects.cancel

    def forget(world: World, *given: Any) -> None:
        held = world.teams.project.copy()
        original(world, *given)
        world.teams.project[:] = held

    monkeypatch.setitem(effects.EFFECTS, "cancel", forget)


@plant("I18")
def project_of_a_closed_team(monkeypatch: MonkeyPatch) -> None:
    """This one was real: companies that failed kept their projects running for ever."""
    original = employment.close_teams

    def keep(world: World, team: Any, *given: Any) -> None:
        project = world.teams.project[team].copy()
        state = world.projects.state[project].copy()
        original(world, team, *given)
        world.teams.project[team] = project
        world.projects.state[project] = state

    monkeypatch.setattr(employment, "close_teams", keep)


@plant("I18")
def project_begun_where_nobody_is(monkeypatch: MonkeyPatch) -> None:
    """This one was real: a dated project of a team that had been merged into another."""

    def begin(world: World) -> None:
        closed = some(~world.teams.is_open)
        projects.start_projects(world, closed, closed * world.project_slots)

    after(monkeypatch, produce, "_next_projects", begin)


@plant("I18")
def two_projects_at_once(monkeypatch: MonkeyPatch) -> None:
    def start_another(world: World) -> None:
        world.projects.state[world.project_slots - 1] = ProjectState.RUNNING
        world.projects.team[world.project_slots - 1] = 0

    after(monkeypatch, produce, "_next_projects", start_another)


@plant("I08")
def recruiters_forget_who_is_full(monkeypatch: MonkeyPatch) -> None:
    def fill(world: World) -> None:
        assert world.offers is not None
        world.teams.open_posts[world.offers.team[world.offers.state == OfferState.ACCEPTED]] = 0

    after(monkeypatch, clear, "run", fill)


@plant("I19")
def an_escalation_of_no_kind(monkeypatch: MonkeyPatch) -> None:
    def rename(world: World) -> None:
        world.teams.escalated[world.teams.escalated == 3] = 4

    after(monkeypatch, allocate, "run", rename)


@plant("I19")
def a_head_of_research_who_hears_everybody(monkeypatch: MonkeyPatch) -> None:
    def hear(world: World) -> None:
        world.teams.escalated[world.teams.escalated == 1] = 2

    after(monkeypatch, allocate, "run", hear)


@plant("I19")
def a_team_that_suffers_in_silence(monkeypatch: MonkeyPatch) -> None:
    def forget(world: World) -> None:
        world.teams.escalated[:] = 0

    after(monkeypatch, allocate, "run", forget)


@plant("I19")
def a_team_that_complains_of_plenty(monkeypatch: MonkeyPatch) -> None:
    def complain(world: World) -> None:
        rich = (world.teams.escalated == 0) & (world.teams.compute > 0) & (world.teams.need > 0)
        owner = world.teams.employer
        quiet = np.bincount(owner[world.teams.escalated > 1], minlength=world.n_employers)[owner] == 0
        world.teams.escalated[some(rich & quiet)] = 2

    after(monkeypatch, allocate, "run", complain)


@plant("I19")
def a_success_beyond_the_bar(monkeypatch: MonkeyPatch) -> None:
    """This one was real: escalations once moved a share of the pool, whatever the team had asked for."""

    def take_all(world: World) -> None:
        owner, compute = world.teams.employer, world.teams.compute
        for row in np.flatnonzero(world.teams.escalated == 3).tolist():
            others = np.flatnonzero((owner == owner[row]) & (np.arange(world.n_teams) != row))
            compute[row] += compute[others].sum()
            compute[others] = 0.0

    after(monkeypatch, allocate, "run", take_all)


@plant("I20")
def half_a_rival(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(appraise, "rivals", lambda world: 0.5 * (world.teams.n_members > 0))


@plant("I20")
def a_rival_of_oneself(monkeypatch: MonkeyPatch) -> None:
    """The flagship itself is counted among its rivals."""
    original = appraise.rivals

    def with_itself(world: World) -> Any:
        found_now = original(world)
        return found_now + (found_now > 0)

    monkeypatch.setattr(appraise, "rivals", with_itself)


@plant("I21")
def shipped_before_it_is_released(monkeypatch: MonkeyPatch) -> None:
    def hurry(world: World) -> None:
        world.projects.shipped[some(world.projects.state == ProjectState.RUNNING)] = world.month

    after(monkeypatch, produce, "_ship", hurry)


@plant("I21")
def a_mandate_for_a_project_that_is_not_there(monkeypatch: MonkeyPatch) -> None:
    def count(world: World) -> None:
        world.projects.hops[world.teams.project + 1] += 1

    after(monkeypatch, produce, "pass_mandates", count)


@plant("I21")
def work_that_nobody_does(monkeypatch: MonkeyPatch) -> None:
    def work(world: World, ratio: Any) -> None:
        world.teams.pace[~world.teams.is_open] = 1.0

    after(monkeypatch, produce, "_progress", work)


@plant("I22")
def growth_over_the_lead_time_beyond_the_plan(monkeypatch: MonkeyPatch) -> None:
    """This one was real."""

    def recount(world: World) -> None:
        employers = world.employers
        planned = np.expm1(employers.growth_compute) * employers.owned
        employers.capital_overrun[:] = np.maximum(employers.ordered - planned, 0.0) * world.parameters.compute_price

    after(monkeypatch, found, "_squeeze", recount)


@plant("I22")
def a_market_tighter_than_is_known(monkeypatch: MonkeyPatch) -> None:
    def tighten(world: World) -> None:
        world.tightness *= 5.0

    after(monkeypatch, recruit, "_open_posts", tighten)


@pytest.mark.parametrize("planted", PLANTS, ids=lambda planted: f"{planted.expect}-{planted.what}")
def test_a_planted_bug_trips_its_identity(planted: Plant, monkeypatch: MonkeyPatch) -> None:
    planted.patch(monkeypatch)
    for seed in range(4):
        for _, found_now in months(BUSY, seed):
            if found_now:
                ids = {text.split()[0] for text in found_now}
                assert planted.expect in ids, f"only noticed by {found_now}"
                return
    raise AssertionError(f"{planted.what} went unnoticed")


def test_every_identity_has_a_planted_bug() -> None:
    assert {planted.expect for planted in PLANTS} == {number for number, _, _ in IDENTITIES}
    assert len({number for number, _, _ in IDENTITIES}) == len(IDENTITIES)


def test_a_message_names_the_identity_and_the_rows(monkeypatch: MonkeyPatch) -> None:
    def spoil(world: World) -> None:
        world.researchers.pay[[4, 9]] = np.nan

    after(monkeypatch, clear, "run", spoil)
    _, found_now = next(months("tiny", 1))
    assert any(text.startswith("I11 finite: researchers.pay is not finite (2 rows: 4, 9)") for text in found_now)
