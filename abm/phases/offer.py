"""Offers are made; for those whose decision is open, pay is set by sequential auction with counter-offers."""

from __future__ import annotations

import numpy as np

from abm.columns import Bools, Floats, Integers
from abm.kernels import auction, choice, utility
from abm.phases.appraise import PARTS
from abm.tables import Offers, OfferState, Path, Status
from abm.world import World

WRITES = ("offers", "decisions", "researchers.path")
PARAMETERS = ("h_offer", "bargaining_power", "raise_cap")


def run(world: World) -> None:
    """Approaches open some more decisions; for the open ones employers bid up to their ceilings (MODEL section 5)."""
    assert world.candidates is not None and world.decisions is not None
    listed, decisions = world.candidates, world.decisions
    _open_more(world, listed.researcher.astype(np.int64))
    live = np.flatnonzero(decisions.is_open[listed.researcher])  # nobody makes an offer to who will not talk
    person, team = listed.researcher[live].astype(np.int64), listed.team[live].astype(np.int64)

    inside = world.employer_of()[person] == world.teams.employer[team]
    floor, ceiling = _pay_range(world, person, team, inside)
    employer = world.teams.employer[team]
    equity_ratio = world.employers.equity_ratio[employer] * world.levers["equity"][employer]
    equity_ratio = np.where(inside, world.researchers.equity_ratio[person], equity_ratio)
    terms = world.job_terms(person, team, floor, equity_ratio, world.share_at(person, employer))
    world.moving_terms(terms, person, team)

    employed = world.researchers.status == Status.EMPLOYED
    pay, counter, _ = auction.bids(
        person,
        utility.total(terms) - terms[:, 0],
        floor,
        ceiling,
        world.researchers.taste_pay,
        world.reference_pay(),
        decisions.present - np.where(employed, decisions.terms[:, 0], 0.0),
        np.where(employed, world.researchers.pay, 0.0),
        _answer_ceiling(world),
        _answers(world, person[inside]),
        world.parameters.bargaining_power,
    )
    decisions.counter_pay = counter
    terms[:, 0] = utility.pay(world.researchers.taste_pay[person], pay, world.reference_pay()[person])
    world.offers = Offers(
        researcher=listed.researcher[live],
        team=listed.team[live],
        reach=listed.reach[live],
        referrer=listed.referrer[live],
        score=listed.score[live],
        pay=pay,
        ceiling=ceiling,
        equity_ratio=equity_ratio,
        state=np.full(len(person), OfferState.MADE, np.int8),
        terms=terms,
        value=utility.total(terms),
        perceived=np.full(len(person), -np.inf),
        counter_pay=counter[person],
    )


def _open_more(world: World, person: Integers) -> None:
    """The same draw as in appraise, now with the approaches received in the hazard: who was open stays open."""
    decisions, people = world.decisions, world.researchers
    assert decisions is not None
    employed = people.team >= 0
    received = np.bincount(person, minlength=world.n_researchers)
    decisions.hazard[:, PARTS.index(Path.OFFER)] = np.where(employed, world.parameters.h_offer * received, 0.0)
    luck = world.streams.uniform("open_decision", world.month, np.arange(world.n_researchers))
    is_open, _ = choice.opened(decisions.hazard, luck)
    newly = is_open & ~decisions.is_open & (people.held_until <= world.month)
    people.path[newly] = Path.OFFER
    decisions.is_open = decisions.is_open | newly


def _pay_range(world: World, person: Integers, team: Integers, inside: Bools) -> tuple[Floats, Floats]:
    """First and highest offer; an inside move has one price, the present pay or the first offer if that is more."""
    floor, ceiling = world.first_offer(person, team), world.highest_offer(person, team)
    price = np.maximum(world.researchers.pay[person], floor)
    return np.where(inside, price, floor), np.where(inside, price, ceiling)


def _answer_ceiling(world: World) -> Floats:
    """(N,) kUSD up to which the present employer would go: its ceiling, and no raise beyond the cap."""
    people = world.researchers
    top = np.zeros(world.n_researchers)
    member = np.flatnonzero(people.team >= 0)
    top[member] = np.minimum(
        world.highest_offer(member, people.team[member]), people.pay[member] * (1.0 + world.parameters.raise_cap)
    )
    return top


def _answers(world: World, holds_inside_offer: Integers) -> Bools:
    """(N,) whether the present employer answers an outside offer (T8); nobody bids against their own house."""
    mine = world.employer_of()
    kappa = world.employers.counter_offer * world.levers["counter_offer"]
    luck = world.streams.uniform("counter_offer", world.month, np.arange(world.n_researchers))
    answers = (mine >= 0) & (luck < kappa[mine])
    answers[holds_inside_offer] = False
    return answers
