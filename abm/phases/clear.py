"""Posts are limited: bounded deferred acceptance; then people move, take the raise, or leave the field."""

from __future__ import annotations

import numpy as np

from abm import employment
from abm.columns import Integers
from abm.kernels import choice, matching, utility
from abm.phases.choose import LEAVES, STAYS
from abm.tables import SOURCE, Cause, OfferState, Status
from abm.world import World

WRITES = ("researchers", "teams.leader", "teams.vacancy", "teams.n_members", "offers", "decisions", "joined")
PARAMETERS = ("clearing_rounds", "vacancy_months", "leave_field_value", "trust_recovered", "trust_inside")


def run(world: World) -> None:
    """Match, settle the state of every offer, move people, and let successors take over vacant teams."""
    assert world.decisions is not None and world.offers is not None
    offers, decisions = world.offers, world.decisions
    person = offers.researcher.astype(np.int64)
    others = decisions.perceived[:, [choice.STAY, choice.FOUND, choice.LEAVE]].max(axis=1)
    wanted = np.flatnonzero(offers.perceived > others[person])
    pairs = (person[wanted], offers.team[wanted].astype(np.int64), offers.perceived[wanted], offers.score[wanted])
    quota = world.teams.open_posts.astype(np.int64)
    held, world.clearing_rounds = matching.deferred_acceptance(*pairs, quota, int(world.parameters.clearing_rounds))
    world.blocking = len(matching.blocking_pairs(*pairs, quota, held))
    accepted = wanted[held]
    decisions.choice[person[accepted]] = accepted
    _settle(world, wanted, accepted)
    _move(world, accepted)
    _raise(world)
    leaving = np.flatnonzero(decisions.choice == LEAVES)
    _leave_field(world, leaving)
    _succession(world)


def _settle(world: World, wanted: Integers, accepted: Integers) -> None:
    """Every offer ends as accepted, declined, countered or no place."""
    assert world.decisions is not None and world.offers is not None
    offers, decisions = world.offers, world.decisions
    person = offers.researcher
    offers.state[:] = OfferState.DECLINED
    reached = np.full(world.n_researchers, -np.inf)
    reached[person[accepted]] = offers.perceived[accepted]
    offers.state[wanted[offers.perceived[wanted] > reached[person[wanted]]]] = OfferState.NO_PLACE
    offers.state[accepted] = OfferState.ACCEPTED
    kept = (decisions.choice[person] == STAYS) & (offers.counter_pay > 0) & (offers.state == OfferState.DECLINED)
    best = np.full(world.n_researchers, -np.inf)
    np.maximum.at(best, person[kept], offers.value[kept])
    answered = np.flatnonzero(kept & (offers.value == best[person]))
    _, first = np.unique(person[answered], return_index=True)
    offers.state[answered[first]] = OfferState.COUNTERED
    offers.counter_pay[offers.state != OfferState.COUNTERED] = 0.0


def _raise(world: World) -> None:
    """Who stays and was answered gets the raise; team mates see it next month in the median pay."""
    assert world.decisions is not None and world.offers is not None
    decisions, people = world.decisions, world.researchers
    kept = np.flatnonzero((decisions.choice == STAYS) & decisions.is_open & (decisions.counter_pay > 0))
    people.pay[kept] = decisions.counter_pay[kept]


def _move(world: World, accepted: Integers) -> None:
    """Accepted offers: departures for who had a job elsewhere, then leave or the first day."""
    assert world.decisions is not None and world.offers is not None
    offers, people = world.offers, world.researchers
    person, team = offers.researcher[accepted].astype(np.int64), offers.team[accepted].astype(np.int64)
    inside = world.employer_of()[person] == world.teams.employer[team]
    employed = people.team[person] >= 0
    leave = world.leave_months(person, team)

    out = employed & ~inside
    employment.depart(
        world,
        person[out],
        Cause.JOB,
        Status.ON_LEAVE,
        to_team=team[out],
        pay_after=offers.pay[accepted[out]],
        equity_after=offers.equity_ratio[accepted[out]],
        reach=offers.reach[accepted[out]].astype(np.int64),
        referrer=offers.referrer[accepted[out]].astype(np.int64),
        leave_months=leave[out].astype(np.int64),
        terms_stay=world.decisions.terms[person[out]],
        terms_go=offers.terms[accepted[out]],
        counter_pay=world.decisions.counter_pay[person[out]],
    )
    now = (out & (leave == 0)) | ~employed
    employment.begin(world, person[now], team[now], offers.pay[accepted[now]], offers.equity_ratio[accepted[now]])
    within = employed & inside
    led = np.flatnonzero(np.isin(world.teams.leader, person[within]))
    employment.begin(
        world, person[within], team[within], offers.pay[accepted[within]], offers.equity_ratio[accepted[within]]
    )
    employment.lose_leaders(world, led)


def _leave_field(world: World, person: Integers) -> None:
    """Some give up the field: a departure for who had a job, an exit for who searched."""
    assert world.decisions is not None
    employed = world.researchers.team[person] >= 0
    leaving = person[employed]
    terms = np.zeros((len(leaving), utility.N_TERMS))
    terms[:, utility.TERM["venture"]] = world.parameters.leave_field_value
    employment.depart(
        world,
        leaving,
        Cause.LEFT_FIELD,
        Status.LEFT_FIELD,
        terms_stay=world.decisions.terms[leaving],
        terms_go=terms,
        counter_pay=world.decisions.counter_pay[leaving],
    )
    employment.set_free(world, person[~employed], Status.LEFT_FIELD)


def _succession(world: World) -> None:
    """A post of leader that has been vacant long enough goes to the member of highest reputation (M19)."""
    teams, people = world.teams, world.researchers
    vacant = teams.leader < 0
    teams.vacancy[:] = np.where(vacant, teams.vacancy + 1, 0)
    filling = vacant & (teams.vacancy > world.parameters.vacancy_months) & (teams.n_members > 0)
    member = np.flatnonzero(people.team >= 0)
    member = member[filling[people.team[member]]]
    order = member[np.lexsort((member, -people.reputation[member], people.team[member]))]
    rows, first = np.unique(people.team[order], return_index=True)
    teams.leader[rows] = order[first]
    teams.vacancy[rows] = 0
    recovered = world.parameters.trust_recovered * world.parameters.trust_inside
    people.breach[np.isin(people.team, rows), SOURCE["leader_loss"]] *= 1.0 - recovered
