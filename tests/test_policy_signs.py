"""What policies do over months in paired worlds, where people answer: the signs that theory gives."""

from __future__ import annotations

from functools import cache
from typing import Any

from abm import replay
from abm.run import Result, simulate
from abm.tables import SOURCE, OfferState
from tests.paired_policies import META, after_a_month, at, plain, with_policy

SEEDS = (1, 2, 3)


@cache
def histories(name: str, *knobs: tuple[str, Any]) -> tuple[Result, ...]:
    """Three histories with a policy in force from the start; the baseline without a name."""
    scenario = with_policy(plain(), name, **dict(knobs)) if name else plain()
    return tuple(simulate(scenario, seed) for seed in SEEDS)


def exits(results: tuple[Result, ...], employer: str, months: int) -> int:
    """Voluntary departures from an employer in the first months, over all histories."""
    found = 0
    for result in results:
        left = result.departures
        mine = left["from_employer"] == result.employers.index(employer)
        found += int((mine & left["voluntary"] & (left["month"] < months)).sum())
    return found


def offers_made(results: tuple[Result, ...], state: OfferState | None = None) -> int:
    """Offers made by the employer, or those that came to a certain end."""
    found = 0
    for result in results:
        offers = result.offers
        mine = offers["employer"] == result.employers.index(META)
        found += int((mine if state is None else offers["state"] == state).sum())
    return found


def heads(result: Result) -> float:
    return float(result.series["headcount"][-1, result.employers.index(META)])


def test_a_retention_bonus_lowers_exits_within_the_year() -> None:
    held = histories("retention_bonus", ("months", 12.0), ("employer", META))
    for one, other in zip(histories(""), held, strict=True):
        assert exits((other,), META, 12) < exits((one,), META, 12)


def test_longer_grants_lower_exits() -> None:
    assert exits(histories("vesting", ("length", 3.0), ("employer", META)), META, 12) < exits(histories(""), META, 12)


def test_garden_leave_keeps_people_waiting() -> None:
    for one, other in zip(histories(""), histories("garden_leave", ("months", 6.0)), strict=True):
        assert other.series["n_on_leave"][6:].mean() > 1.5 * one.series["n_on_leave"][6:].mean()


def test_layoffs_are_followed_by_more_exits_of_those_who_stay() -> None:
    """M31: voluntary exits rise after a round, although there are fewer people to leave."""
    fewer = histories("layoffs", ("share", 0.15), ("employer", META))
    assert exits(fewer, META, 12) > exits(histories(""), META, 12)


def test_a_hiring_freeze_stops_offers() -> None:
    frozen = histories("hiring", ("factor", 0.0), ("employer", META))
    assert offers_made(frozen) == 0 < offers_made(histories(""))
    assert all(heads(other) < heads(one) for one, other in zip(histories(""), frozen, strict=True))


def test_more_recruiting_makes_more_offers_and_a_larger_employer() -> None:
    less, more = (histories("recruiting", ("factor", factor), ("employer", META)) for factor in (0.3, 3.0))
    assert offers_made(less) < offers_made(histories("")) < offers_made(more)
    sizes = [sum(heads(result) for result in each) for each in (less, histories(""), more)]
    assert sizes == sorted(sizes)


def test_counter_offers_follow_the_policy() -> None:
    never, often = (histories("match_offers", ("factor", factor)) for factor in (0.0, 2.5))
    counted = [offers_made(each, OfferState.COUNTERED) for each in (never, histories(""), often)]
    assert counted[0] == 0 < counted[1] < counted[2]


def test_a_warmer_seed_climate_founds_more_start_ups() -> None:
    cold, warm = (histories("seed_climate", ("factor", factor)) for factor in (0.3, 2.0))
    founded = [sum(len(result.startups["month"]) for result in each) for each in (cold, histories(""), warm)]
    assert founded[0] < founded[1] < founded[2]


def test_a_pitch_that_is_not_kept_is_a_broken_promise_to_those_who_came_for_it() -> None:
    """M38: who was hired in the run and cares for compute feels it; who was there before was told nothing."""
    felt = []
    for scenario in (plain(), with_policy(plain(), "recruiting", pitch=3.0, employer=META)):
        world = replay.run_to(replay.begin(scenario, 1, 0), 12)
        new = at(world, META) & (world.researchers.tenure < 12) & (world.researchers.taste_compute > 0)
        felt.append(world.researchers.breach[new, SOURCE["broken_promise"]].mean())
    assert felt[1] > 2 * felt[0]


def test_an_employer_that_closes_up_lets_down_those_who_came_for_openness() -> None:
    felt = []
    for openness in (0.0, -0.5):
        scenario = with_policy(plain(), "publish_openly", openness=openness, employer=META)
        world = after_a_month(scenario)
        felt.append(world.researchers.breach[at(world, META), SOURCE["culture_drift"]].mean())
    assert felt[1] > felt[0]
