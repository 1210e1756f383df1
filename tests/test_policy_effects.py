"""What policies do at once, and to compute: to whom, how much, and to nobody else."""

from __future__ import annotations

import numpy as np
import pytest

from abm import replay
from abm.columns import Integers
from abm.scenario import load
from abm.tables import DIMENSIONS, RULES, SOURCE, Status
from abm.world import World
from tests.paired_policies import META, after_a_month, at, first_day, plain, row, with_policy


def elsewhere(world: World) -> tuple[Integers, Integers]:
    """Everybody with a job, and for each a team of another employer."""
    person = np.flatnonzero(world.researchers.team >= 0)
    mine = world.employer_of()[person]
    first, other = world.scenario.team_rows("NVIDIA Seattle")[0], world.scenario.team_rows("Helsing Munich")[0]
    return person, np.where(mine == world.teams.employer[first], other, first)


# ---- at once ---------------------------------------------------------------------------------------------------------


def test_a_ban_of_non_competes_shortens_leave_in_its_country_and_nowhere_else() -> None:
    banned = first_day(with_policy(plain(), "ban_non_competes", strength=1.0, place="United Kingdom"))
    half = first_day(with_policy(plain(), "ban_non_competes", strength=0.5, place="United Kingdom"))
    world = first_day(plain())
    person, team = elsewhere(world)
    months = [each.leave_months(person, team) for each in (world, half, banned)]
    british = world.sites.names.index("London") == world.researchers.site[person]
    bound = british & (world.employers.garden_leave[world.employer_of()[person]] > world.sites.notice.max())
    assert bound.any()
    assert (months[2] < months[0])[bound].all() and (months[1] <= months[0]).all() and (months[2] <= months[1]).all()
    assert (months[2] == np.where(british, world.sites.notice[world.researchers.site[person]], months[0])).all()


def test_garden_leave_delays_starts_where_it_can_be_enforced() -> None:
    world, longer = first_day(plain()), first_day(with_policy(plain(), "garden_leave", months=5, employer=META))
    person, team = elsewhere(world)
    added = longer.leave_months(person, team) - world.leave_months(person, team)
    held = world.sites.non_compete[world.researchers.site[person]] & at(world, META)[person]
    assert held.any() and (added[held] > 0).all() and (added[~held] == 0).all()


def test_a_retention_bonus_is_lost_by_leaving_and_only_so() -> None:
    world, paid = first_day(plain()), first_day(with_policy(plain(), "retention_bonus", months=6, employer=META))
    people = world.researchers
    assert paid.unvested() - world.unvested() == pytest.approx(np.where(at(world, META), people.pay / 2, 0.0))


def test_a_longer_grant_binds_more_and_a_shorter_cliff_binds_less() -> None:
    world = first_day(plain())
    longer = first_day(with_policy(plain(), "vesting", length=2.0, employer=META))
    free = first_day(with_policy(plain(), "vesting", cliff=0.0, employer=META))
    people, here = world.researchers, at(world, META) & (world.researchers.equity_grant > 0)
    new = here & (people.vesting_clock > 0) & (people.vesting_clock < world.parameters.cliff_months)
    old = here & (people.vesting_clock >= world.parameters.cliff_months)
    assert new.any() and old.any()
    assert (longer.unvested() > world.unvested())[old].all()
    assert (free.unvested() < world.unvested())[new].all()
    for other in (longer, free):
        assert (other.unvested() == world.unvested())[~at(world, META)].all()


def test_openness_moves_the_culture_and_stops_at_its_end() -> None:
    world, open_one = first_day(plain()), first_day(with_policy(plain(), "publish_openly", openness=0.9))
    teams = np.flatnonzero(world.teams.is_open)
    before, after = world.culture_of(teams), open_one.culture_of(teams)
    openness = DIMENSIONS.index("openness")
    assert (after[:, openness] > before[:, openness]).any() and after.max() <= 1.0
    assert (np.delete(after, openness, axis=1) == np.delete(before, openness, axis=1)).all()
    assert (open_one.employers.culture == world.employers.culture).all(), "the point itself stays: the policy can end"


def test_a_pitch_is_heard_by_outsiders_and_believed_by_no_colleague() -> None:
    world = first_day(with_policy(plain(), "recruiting", pitch=0.5, employer=META))
    team = np.full(world.n_researchers, world.scenario.team_rows("FAIR Paris")[0])
    told = world.pitch(np.arange(world.n_researchers), team)
    assert (told == np.where(at(world, META), 1.0, 1.5 + world.parameters.pitch)).all()


def test_a_pay_band_moves_both_ends_of_offers() -> None:
    world = first_day(plain())
    richer = first_day(with_policy(plain(), "pay_band", level=1.2, ceiling=2.0, employer=META))
    team = np.full(world.n_researchers, world.scenario.team_rows("FAIR Paris")[0])
    person = np.arange(world.n_researchers)
    assert richer.first_offer(person, team) == pytest.approx(1.2 * world.first_offer(person, team))
    assert richer.highest_offer(person, team) == pytest.approx(2.0 * world.highest_offer(person, team))


def test_layoffs_take_their_share_on_their_day() -> None:
    world, fewer = first_day(plain()), first_day(with_policy(plain(), "layoffs", share=0.1, employer=META))
    staff = int(at(world, META).sum())
    assert staff - int(at(fewer, META).sum()) == round(0.1 * staff) > 0
    gone = np.flatnonzero(at(world, META) & ~at(fewer, META))
    assert (fewer.researchers.status[gone] == Status.SEARCHING).all()
    fear = fewer.researchers.breach[:, SOURCE["layoff"]]
    assert (fear[at(fewer, META)] > 0).all() and not fear[~at(fewer, META)].any()


def test_layoffs_in_one_team_take_nobody_else() -> None:
    fewer = first_day(with_policy(plain(), "layoffs", share=0.5, team="FAIR Paris"))
    left = fewer.ledger.table("departures")["from_team"]
    assert len(left) > 0 and set(left.tolist()) == set(fewer.scenario.team_rows("FAIR Paris"))


def test_a_merger_leaves_one_team_with_everybody() -> None:
    names = {"team": "FAIR US LLM", "into": "FAIR Paris LLM"}
    world, merged = first_day(plain()), first_day(with_policy(plain(), "merge_teams", **names))
    gone, goal = (world.scenario.team_rows(name)[0] for name in names.values())
    assert merged.teams.n_members[goal] == world.teams.n_members[[gone, goal]].sum()
    assert merged.teams.n_members[gone] == 0 and not merged.teams.is_open[gone]


def test_a_split_moves_its_share_and_opens_the_other_team() -> None:
    names = {"team": "FAIR Paris Vision", "into": "GenAI Paris"}
    world = first_day(plain())
    team, goal = (world.scenario.team_rows(name)[0] for name in names.values())
    size = int(world.teams.n_members[team])
    for safe in (0, 1):
        apart = first_day(with_policy(plain(), "split_team", share=0.5, safe=safe, **names))
        assert apart.teams.n_members[[team, goal]].tolist() == [size - round(0.5 * size), round(0.5 * size)]
        assert apart.teams.is_open[goal]
        felt = apart.researchers.breach[apart.researchers.team == team, SOURCE["reorganisation"]]
        assert (felt == 0).all() if safe else (felt > 0).all()


def test_a_cancellation_ends_the_project_and_is_felt() -> None:
    cancelled = first_day(with_policy(plain(), "cancel_project", team="FAIR US LLM"))
    team = cancelled.scenario.team_rows("FAIR US LLM")[0]
    assert cancelled.teams.project[team] == -1 and first_day(plain()).teams.project[team] >= 0
    assert (cancelled.researchers.breach[cancelled.researchers.team == team, SOURCE["cancellation"]] > 0).all()


def test_an_appointed_leader_comes_from_where_the_policy_says() -> None:
    led = first_day(with_policy(plain(), "appoint_leader", team="FAIR Paris", origin="Google DeepMind"))
    team = led.scenario.team_rows("FAIR Paris")[0]
    leader = int(led.teams.leader[team])
    before = first_day(plain()).employer_of()
    assert before[leader] == row(led, "Google DeepMind") and led.researchers.team[leader] == team


# ---- over months: procurement and allocation -------------------------------------------------------------------------


def test_compute_that_is_bought_arrives_after_its_lead_time_and_not_before() -> None:
    tiny = load("tiny")
    order = {"h100e": 100.0, "lead_time": 4, "employer": "Beta", "date": "2022-03"}
    one, other = (replay.begin(each, 1, 0) for each in (tiny, with_policy(tiny, "buy_compute", **order)))
    for month in range(9):
        replay.step(one)
        replay.step(other)
        beta = row(one, "Beta")
        if month < 2 + 4:
            assert (one.teams.compute == other.teams.compute).all() and (
                one.employers.pool == other.employers.pool
            ).all()
        elif month == 2 + 4:
            assert other.employers.owned[beta] - one.employers.owned[beta] == pytest.approx(100.0)
            teams = np.flatnonzero((one.teams.employer == beta) & (one.teams.n_members > 0))
            assert (other.compute_per_head() > one.compute_per_head())[teams].all()
            assert (np.delete(other.employers.pool, beta) == np.delete(one.employers.pool, beta)).all()


def test_public_compute_goes_to_universities_by_head() -> None:
    world, given = after_a_month(plain()), after_a_month(with_policy(plain(), "public_compute", per_head=3.0))
    start = replay.begin(plain(), 1, 0)
    university, heads = row(world, "Universities"), at(start, "Universities").sum()
    added = given.employers.pool - world.employers.pool
    assert added[university] == pytest.approx(3.0 * heads) and not np.delete(added, university).any()


def test_product_share_takes_compute_from_research() -> None:
    world, poorer = (
        after_a_month(plain()),
        after_a_month(with_policy(plain(), "product_share", added=0.2, employer=META)),
    )
    meta = row(world, META)
    assert poorer.employers.pool[meta] < world.employers.pool[meta]
    assert (np.delete(poorer.employers.pool, meta) == np.delete(world.employers.pool, meta)).all()


@pytest.mark.parametrize("rule", RULES)
def test_an_employer_follows_the_rule_of_the_policy(rule: str) -> None:
    """As if the scenario had said it."""
    said = plain().with_settings({f"employers.{META}.allocation": rule})
    worlds = [after_a_month(each) for each in (said, with_policy(plain(), "allocation_rule", rule=rule, employer=META))]
    assert (worlds[0].teams.compute == worlds[1].teams.compute).all()


def test_a_kept_promise_feeds_the_team_and_a_broken_one_is_felt() -> None:
    promise = {"team": "FAIR Paris LLM", "share": 0.3}
    worlds = [
        after_a_month(each)
        for each in (
            plain(),
            with_policy(plain(), "promise_compute", kept=1.0, **promise),
            with_policy(plain(), "promise_compute", kept=0.0, **promise),
        )
    ]
    team = worlds[0].scenario.team_rows(promise["team"])[0]
    compute = [world.teams.compute[team] for world in worlds]
    crew = np.flatnonzero(replay.begin(plain(), 1, 0).researchers.team == team)
    broken = [world.researchers.breach[crew, SOURCE["broken_promise"]].mean() for world in worlds]
    assert compute[1] > compute[0] and compute[1] >= 0.3 * worlds[1].employers.pool[row(worlds[1], META)] - 1e-6
    assert broken[2] > broken[1]


def test_local_hours_take_the_strain_of_time_zones_away() -> None:
    world, local = (
        after_a_month(plain()),
        after_a_month(with_policy(plain(), "working_hours", factor=0.0, employer=META)),
    )
    start = replay.begin(plain(), 1, 0)
    teams = start.teams
    hours = start.sites.hours[teams.site, start.employers.site[teams.employer]]
    far = at(start, META) & (hours[start.researchers.team] > 0)
    relief = world.researchers.strain - local.researchers.strain
    stays = (world.researchers.team == start.researchers.team) & (local.researchers.team == start.researchers.team)
    assert (far & stays).any() and (relief[far & stays] > 0).all()
    assert (relief[stays & (start.researchers.team >= 0) & ~far] == 0).all()
