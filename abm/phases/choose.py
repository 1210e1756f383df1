"""Each open researcher ranks: stay, every live offer, found a start-up, leave the field."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats, Integers
from abm.kernels import choice, utility
from abm.kernels.pairs import expand, rank_within
from abm.tables import Status
from abm.world import World

WRITES = ("decisions", "offers")
PARAMETERS = (
    "mu",
    "nest_dissimilarity",
    "leave_field_value",
    "leave_field_search",
    "match_taste_sd",
    "friends_expected",
    "found_partners_asked",
    "found_prospect",
    "funding_median",
    "funding_reputation",
    "funding_sd_log",
    "runway_target",
    "startup_compute_share",
    "startup_pay",
    "startup_equity_ratio",
    "compute_rent",
)
STAYS, FOUNDS, LEAVES = -1, -2, -3


def run(world: World) -> None:
    """Nested random utility: all moves in one nest, stay, found and leave on their own (T1)."""
    assert world.decisions is not None and world.offers is not None
    parameters, decisions, offers = world.parameters, world.decisions, world.offers
    people, streams, month = world.researchers, world.streams, world.month
    decider = np.flatnonzero(decisions.is_open)
    place = np.full(world.n_researchers, -1)
    place[decider] = np.arange(len(decider))

    answered = decisions.counter_pay[decider] > 0
    now = people.pay[decider]
    raised = utility.pay(
        people.taste_pay[decider],
        np.where(answered, decisions.counter_pay[decider], 1.0),
        np.where(answered, now, 1.0),
    )
    stay = decisions.present[decider] + np.where(answered, raised, 0.0)
    decisions.found_person = np.flatnonzero(decisions.has_idea & (people.team >= 0))
    decisions.found_terms = founding_terms(world, decisions.found_person)
    found = np.full(world.n_researchers, -np.inf)
    found[decisions.found_person] = utility.total(decisions.found_terms)

    nests, by_offer = choice.nested(
        stay,
        found[decider],
        np.where(people.team[decider] >= 0, parameters.leave_field_value, parameters.leave_field_search),
        offers.value,
        place[offers.researcher],
        streams.gumbel("choice_nest", month, decider[:, None], np.arange(4)),
        streams.gumbel("choice_offer", month, offers.researcher, offers.team),
        parameters.mu,
        parameters.nest_dissimilarity,
    )
    decisions.perceived[decider] = nests
    offers.perceived[:] = by_offer
    away = np.argmax(nests[:, [choice.STAY, choice.FOUND, choice.LEAVE]], axis=1)
    decisions.choice[decider] = np.array([STAYS, FOUNDS, LEAVES])[away]  # if no place is found


def founding_terms(world: World, founder: Integers) -> Floats:
    """(F, T) what founding is worth to those with the idea: MODEL section 6, by the kernel of every other job.

    They expect the pay, equity and compute of a round of median luck, a culture that is their own, half of the ties
    they would ask to come along, and their city.
    """
    _, asked, strength = strongest_ties(world, founder)
    totals = world.tie_totals()[founder]
    coming = world.parameters.friends_expected * np.bincount(asked, strength, minlength=len(founder))
    peers = np.divide(coming, totals, out=np.zeros(len(founder)), where=totals > 0)
    return venture_terms(world, founder, founder, peers)


def strongest_ties(world: World, founder: Integers) -> tuple[Integers, Integers, Floats]:
    """The employed people whom founders would ask: their strongest ties.

    Returns:
        person (A,), which (A,) index into `founder`, strength (A,); in the order of founders, strongest first.
    """
    people, ties = world.researchers, world.ties
    entry, which = expand(ties.start, founder)
    person = ties.neighbour[entry].astype(np.int64)
    can = people.status[person] == Status.EMPLOYED
    entry, which, person = entry[can], which[can], person[can]
    rank = rank_within(which, ties.strength[entry])
    keep = np.flatnonzero(rank < world.parameters.found_partners_asked)
    keep = keep[np.lexsort((rank[keep], which[keep]))]
    return person[keep], which[keep], ties.strength[entry[keep]]


def seed_round(world: World, founder: Integers, joint: Floats, luck: Floats) -> Floats:
    """(F,) kUSD of a seed round: median x reputation x climate of the place x luck (0 = median luck)."""
    parameters = world.parameters
    size = np.exp(parameters.funding_reputation * joint + parameters.funding_sd_log * luck)
    return parameters.funding_median * size * world.seed_climate(world.researchers.site[founder])


def venture_terms(world: World, person: Integers, founder: Integers, peers: Floats) -> Floats:
    """(P, T) terms of joining the venture of a founder (who may be the person), moving costs included."""
    parameters, people = world.parameters, world.researchers
    startup = people.own_startup[founder]
    team = world.first_team_of(startup)
    reference = world.reference_pay()[person]
    joint = np.log1p(people.reputation[founder])
    money = seed_round(world, founder, joint, np.zeros(len(founder)))
    crew = 1.0 + parameters.found_partners_asked / 2.0
    yearly = money * parameters.startup_compute_share * 12.0 / parameters.runway_target
    terms = utility.base_terms(
        world.tastes(person),
        amount=parameters.startup_pay * reference,
        reference=reference,
        per_head=yearly / parameters.compute_rent / crew,
        need=world.need()[person],
        fit=utility.culture_fit(people.ideal[person], people.culture_weight[person], people.ideal[founder]),
        peers=peers,
        prestige_level=np.zeros(len(person)),
        equity_ratio=np.full(len(person), parameters.startup_equity_ratio),
        place=world.sites.place[people.site[person], people.site[founder]],
        match=parameters.match_taste_sd * world.streams.normal("match_taste", 0, person, startup),
    )
    terms[:, utility.TERM["venture"]] = parameters.found_prospect
    world.moving_terms(terms, person, team)
    return terms
