"""The why-card is the simulation's own arithmetic: one pair through the kernel gives what the month recorded."""

from __future__ import annotations

import numpy as np
import pytest

from abm import explain
from abm.build import build
from abm.kernels import utility
from abm.month import MONTH
from abm.phases import choose, clear
from abm.scenario import load
from abm.tables import OfferState
from abm.world import World


def decided(seed: int, months: int) -> list[World]:
    """A world of tiny after each month's choices, before anybody has moved: checked on the way."""
    world = build(load("tiny"), seed)
    seen = []
    for month in range(months):
        world.inbox = [dated for dated in world.events if dated.month == month]
        for phase in MONTH:
            if phase is clear:
                seen.append(check_pairs(world))
            phase.run(world)
        world.month += 1
    assert sum(seen) > 10
    return [world]


def check_pairs(world: World) -> int:
    """Every offer, one at a time through the kernel, against the row that was computed with all the others."""
    offers = world.offers
    assert offers is not None
    for k in range(len(offers)):
        person, team = np.array([offers.researcher[k]]), np.array([offers.team[k]])
        employer = world.teams.employer[team]
        alone = world.job_terms(
            person, team, offers.pay[k : k + 1], offers.equity_ratio[k : k + 1], world.share_at(person, employer)
        )
        world.moving_terms(alone, person, team)
        np.testing.assert_array_equal(alone[0], offers.terms[k])
        assert utility.total(alone)[0] == offers.value[k]
    return len(offers)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_offer_alone_has_the_terms_that_the_month_recorded(seed: int) -> None:
    decided(seed, 12)


def test_the_present_job_is_valued_by_the_same_kernel() -> None:
    world = build(load("tiny"), 4)
    for phase in MONTH[: MONTH.index(choose)]:
        phase.run(world)
    decisions = world.decisions
    assert decisions is not None
    member = np.flatnonzero(world.researchers.team >= 0)
    for row in member.tolist():
        person, team = np.array([row]), world.researchers.team[[row]]
        inside = world.share_at(person, world.teams.employer[team])
        alone = world.job_terms(
            person, team, world.researchers.pay[person], world.researchers.equity_ratio[person], inside
        )
        np.testing.assert_allclose(alone[0, :8], decisions.terms[row, :8], rtol=1e-14)


def test_accepted_offers_were_the_best_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who moved took the offer of highest perceived value among those with a place, and preferred it to staying."""
    world = build(load("tiny"), 2)
    moved = 0
    for month in range(12):
        world.inbox = [dated for dated in world.events if dated.month == month]
        for phase in MONTH:
            phase.run(world)
        offers, decisions = world.offers, world.decisions
        assert offers is not None and decisions is not None
        for k in np.flatnonzero(offers.state == OfferState.ACCEPTED):
            mine = (offers.researcher == offers.researcher[k]) & (offers.state != OfferState.NO_PLACE)
            assert offers.perceived[k] == offers.perceived[mine].max()
            assert offers.perceived[k] > decisions.perceived[offers.researcher[k], [0, 2, 3]].max()
            moved += 1
        world.month += 1
    assert moved > 0


def test_every_term_and_path_has_words() -> None:
    assert set(explain.TERM_WORDS) == set(utility.TERMS)
    assert len(explain.PATH_WORDS) == 7


def test_a_choice_below_another_is_put_down_to_luck_in_words() -> None:
    def option(value: float, taken: bool = False, state: str = "declined") -> dict[str, object]:
        return {"option": f"worth {value}", "value": value, "taken": taken, "state": state}

    said = " ".join(explain.luck([option(2.0), option(1.5, taken=True, state="accepted")]))
    assert "0.500 utils below the best, worth 2.0: the month's luck decided" in said
    assert explain.luck([option(1.0), option(1.5, taken=True)]) == []
    assert explain.luck([option(2.0, state=OfferState.NO_PLACE.name.lower()), option(1.5, taken=True)]) == []
    assert explain.luck([option(2.0)]) == []
