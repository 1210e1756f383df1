"""CW1, the canonical workload: a small market for researchers written as good NumPy, to be compared with.

Seconds differ from machine to machine; a ratio to the same fixed work travels. So CW1 holds the kind of work that the
full model does (a graph, referrals, a utility with taste noise, applications, vacancies filled by skill) in its
smallest form, and any other implementation of the same rules can be timed beside it.

State
    ``N`` researchers: skill ``~ N(0, 1)``; weights ``w = 4 Dirichlet(2, 2, 2, 2)``; ideal culture, a unit vector of 8;
    employer.
    ``M`` employers: pay level ``a ~ N(0, 0.25)``; skill slope ``b ~ U(0, 0.2)``; culture, a unit vector of 8; capacity
    (Zipf 0.8, sum about ``1.15 N``, at least 2); compute ``C = capacity exp(N(0, 0.5))``.
    A static graph of mean degree about 10, 60 % of the edges inside the first employer, ids in random order.

Month (synchronous)
    1. Head counts ``h``; compute per head ``g = 0.5 ln(C / (h + 1))``; openings ``v = max(0, capacity - h)``.
    2. A researcher draws ``min(Poisson(3), 8)`` neighbours with replacement. Their employers and one uniform employer
       are the candidates; the own employer is void. An employer named twice is looked at twice, with its own noise.
    3. ``U = w0 (a + b skill) + w1 g + w2 <ideal, culture> + w3 (share of neighbours there) + 0.5 Gumbel``; the
       incumbent gets + 2.
    4. The best, if it is not the incumbent, gets an application.
    5. Each employer accepts the ``v`` applicants of highest skill.
    6. Peer shares follow the movers.
    7. Record applications, moves, mean peer share, Herfindahl index of head counts, mean skill of the movers.

How it is fast
    Candidates are flat segments, never ``N x M``. A utility is one product of two short rows, 12 tastes times 12
    traits. Peer shares are bounded first and counted only for the few candidates that could win; the share at the own
    employer is kept up to date from the movers alone, as is the employer of the neighbour in each slot of the graph.
    Only candidates that beat the incumbent are compared with each other, only applicants are sorted. Work goes through
    blocks that fit the cache. Utilities and shares are float32 (error below 1e-5, far under the noise); who works where
    and all counts are exact.

Run it:  ``python -m tests.bench.cw1 --researchers 100000 --employers 200``
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SERIES = ("applications", "moves", "peer_share", "hhi", "movers_skill")
"""What a month records, in this order."""

MONTHS = 120
CULTURE_DIMENSIONS = 8
MEAN_DEGREE = 10
SHARE_INSIDE = 0.6
MEAN_CONTACTS = 3.0
MOST_CONTACTS = 8
NOISE = 0.5
INCUMBENT_BONUS = 2.0
COMPUTE_WEIGHT = 0.5

TRAITS = 3 + CULTURE_DIMENSIONS + 1
"""Pay level, skill slope, compute per head, culture and, last, the share of neighbours."""

BLOCK = 8192
"""Researchers looked at together: the rows of their candidates stay in the second-level cache."""

CONTACT_STEPS = np.cumsum(
    [math.exp(-MEAN_CONTACTS) * MEAN_CONTACTS**n / math.factorial(n) for n in range(MOST_CONTACTS)]
)
"""P(contacts <= 0), ..., P(contacts <= 7). A uniform number above n of these steps means n contacts."""

type Floats = NDArray[np.float64]
type Singles = NDArray[np.float32]
type Ints = NDArray[np.int32]
type Indices = NDArray[np.int64]


@dataclass(slots=True)
class State:
    """``N`` researchers and ``M`` employers on a graph of ``E`` slots (an edge is one slot in either row)."""

    # researchers
    skill: Floats  # (N,)
    tastes: Singles  # (N, 12): w0, w0 skill, w1, w2 ideal, w3
    employer: Ints  # (N,)
    own_share: Singles  # (N,) share of the neighbours who have the same employer
    # employers
    pay: Floats  # (M,)
    slope: Floats  # (M,)
    culture: Floats  # (M, 8) unit vectors
    capacity: Ints  # (M,)
    compute: Floats  # (M,)
    head_count: Ints  # (M,)
    # graph
    first_slot: Indices  # (N + 1,): row r has the slots first_slot[r] .. first_slot[r + 1]
    degree: Ints  # (N,)
    neighbour: Ints  # (E,)
    reverse: Indices  # (E,) the slot of the same edge in the neighbour's row
    slot_employer: Ints  # (E,) the neighbour's employer
    # chance and records
    rng: np.random.Generator
    series: dict[str, list[float]]


@dataclass(slots=True, frozen=True)
class Draws:
    """The chance of one month, kept apart from the rules so that a slow twin can be fed the same."""

    n_contacts: Ints  # (N,)
    contact: Ints  # (P,) researcher after researcher: the contact's place in the own row, 0 .. degree - 1
    stranger: Ints  # (N,) one uniform employer
    noise_contact: Singles  # (P,) 0.5 Gumbel
    noise_stranger: Singles  # (N,)
    noise_incumbent: Singles  # (N,)


def make(n_researchers: int, n_employers: int, seed: int) -> State:
    """Draws a market at month 0.

    Args:
        n_researchers: How many researchers, at least 1.
        n_employers: How many employers, at least 1.
        seed: Seed of everything that this market will ever draw.

    Returns:
        The market, with peer shares counted and nothing recorded yet.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    skill = rng.standard_normal(n_researchers)
    weights = 4.0 * rng.dirichlet(np.full(4, 2.0), n_researchers)
    ideal = _unit_vectors(rng, n_researchers)
    tastes = np.column_stack(
        [weights[:, 0], weights[:, 0] * skill, weights[:, 1], weights[:, 2, None] * ideal, weights[:, 3]]
    )

    zipf = np.arange(1, n_employers + 1) ** -0.8
    capacity = np.maximum(2, np.rint(1.15 * n_researchers * zipf / zipf.sum())).astype(np.int32)
    # Everybody takes one of the places, so no employer starts above its capacity and ids are in random order.
    employer = rng.permutation(np.repeat(np.arange(n_employers, dtype=np.int32), capacity))[:n_researchers]

    first_slot, neighbour, reverse = _graph(rng, employer, n_employers)
    state = State(
        skill=skill,
        tastes=tastes.astype(np.float32),
        employer=employer,
        own_share=np.zeros(n_researchers, np.float32),
        pay=rng.normal(0.0, 0.25, n_employers),
        slope=rng.uniform(0.0, 0.2, n_employers),
        culture=_unit_vectors(rng, n_employers),
        capacity=capacity,
        compute=capacity * np.exp(rng.normal(0.0, 0.5, n_employers)),
        head_count=np.bincount(employer, minlength=n_employers).astype(np.int32),
        first_slot=first_slot,
        degree=np.diff(first_slot).astype(np.int32),
        neighbour=neighbour,
        reverse=reverse,
        slot_employer=employer[neighbour],
        rng=rng,
        series={name: [] for name in SERIES},
    )
    state.own_share[:] = _share_at(state, np.arange(n_researchers), employer)
    return state


def month(state: State) -> None:
    """Moves the market on by one month, with chance from its own generator."""
    step(state, draw(state))


def run(n_researchers: int, n_employers: int, seed: int, months: int = MONTHS) -> dict[str, Floats]:
    """Makes a market, runs it and returns its five monthly series by name."""
    state = make(n_researchers, n_employers, seed)
    for _ in range(months):
        month(state)
    return {name: np.array(values) for name, values in state.series.items()}


def draw(state: State) -> Draws:
    """Draws the chance of one month."""
    rng = state.rng
    n_researchers = len(state.skill)
    uniform = rng.random(n_researchers)
    n_contacts = np.zeros(n_researchers, np.int32)
    for at in CONTACT_STEPS:
        n_contacts += uniform > at
    n_contacts[state.degree == 0] = 0
    # In float64 a number below 1 times a degree never rounds up to the degree, so the places need no clipping.
    place = np.repeat(state.degree.astype(np.float64), n_contacts)
    place *= rng.random(len(place))
    return Draws(
        n_contacts=n_contacts,
        contact=place.astype(np.int32),
        stranger=rng.integers(0, len(state.pay), n_researchers, dtype=np.int32),
        noise_contact=_noise(rng, len(place)),
        noise_stranger=_noise(rng, n_researchers),
        noise_incumbent=_noise(rng, n_researchers),
    )


def step(state: State, draws: Draws) -> None:
    """Applies the rules of one month to given chance: points 1 to 7 of the module's text."""
    compute_per_head = COMPUTE_WEIGHT * np.log(state.compute / (state.head_count + 1))
    openings = np.maximum(0, state.capacity - state.head_count)
    not_yet = np.zeros(len(state.pay))  # the twelfth trait, the share of neighbours, differs from pair to pair
    traits = np.column_stack([state.pay, state.slope, compute_per_head, state.culture, not_yet]).astype(np.float32)

    applicant, target = _apply(state, draws, traits)
    accepted = _accept(state.skill[applicant], target, openings)
    mover = applicant[accepted]
    _move(state, mover, target[accepted])

    share_of_heads = state.head_count / len(state.skill)
    recorded = (
        len(applicant),
        len(mover),
        state.own_share.mean(dtype=np.float64),
        (share_of_heads**2).sum(),
        state.skill[mover].mean() if len(mover) else 0.0,
    )
    for name, value in zip(SERIES, recorded, strict=True):
        state.series[name].append(float(value))


def _apply(state: State, draws: Draws, traits: Singles) -> tuple[Indices, Ints]:
    """Everybody compares the candidates with the incumbent.

    Returns:
        The applicants in ascending order, and the employer to which each applies.
    """
    n_researchers = len(state.skill)
    first_pair = np.concatenate([[0], np.cumsum(draws.n_contacts)])
    rivals: list[tuple[Indices, Ints, Singles]] = []  # (researcher, employer, utility), all better than the incumbent
    for low in range(0, n_researchers, BLOCK):
        high = min(low + BLOCK, n_researchers)
        pairs = slice(first_pair[low], first_pair[high])
        tastes, own, own_share = state.tastes[low:high], state.employer[low:high], state.own_share[low:high]
        incumbent = _utility(tastes, traits, own, own_share) + draws.noise_incumbent[low:high]
        incumbent += np.float32(INCUMBENT_BONUS)

        everybody = np.arange(high - low)
        row = np.repeat(everybody, draws.n_contacts[low:high])
        slot = state.first_slot[low:high][row]
        slot += draws.contact[pairs]
        row = np.concatenate([row, everybody])
        employer = np.concatenate([state.slot_employer[slot], draws.stranger[low:high]])
        noise = np.concatenate([draws.noise_contact[pairs], draws.noise_stranger[low:high]])

        # Neighbours elsewhere are at most those who are not here. Few candidates would win even with all of them, and
        # only for these few the share is counted.
        most = np.float32(1.0 + 1e-6) - own_share
        hopeful = np.flatnonzero(
            (_utility(tastes.take(row, axis=0), traits, employer, most[row]) + noise > incumbent[row])
            & (employer != own[row])
        )
        row, employer, noise = row[hopeful], employer[hopeful], noise[hopeful]
        share = _share_at(state, row + low, employer)
        utility = _utility(tastes.take(row, axis=0), traits, employer, share) + noise
        better = np.flatnonzero(utility > incumbent[row])
        rivals.append((row[better] + low, employer[better], utility[better]))

    researcher, employer, utility = (np.concatenate(column) for column in zip(*rivals, strict=True))
    order = np.lexsort((utility, researcher))
    researcher, employer = researcher[order], employer[order]
    best = np.ones(len(researcher), np.bool_)  # the last of each researcher's rivals
    best[:-1] = researcher[1:] != researcher[:-1]
    return researcher[best], employer[best]


def _utility(tastes: Singles, traits: Singles, employer: Ints, share: Singles) -> Singles:
    """Utility of each pair before noise: its row of tastes times the employer's row of traits, peers included."""
    seen = traits.take(employer, axis=0)  # rows are taken four times as fast as they are indexed
    seen[:, -1] = share
    utility: Singles = np.einsum("pt,pt->p", tastes, seen)
    return utility


def _accept(skill: Floats, target: Ints, openings: Ints) -> NDArray[np.bool_]:
    """Which applications succeed: at each employer the most skilled, as many as it has openings."""
    order = np.lexsort((-skill, target))
    n_applicants = np.bincount(target, minlength=len(openings))
    first = np.cumsum(n_applicants) - n_applicants
    rank = np.arange(len(target)) - first[target[order]]
    accepted = np.empty(len(target), np.bool_)
    accepted[order] = rank < openings[target[order]]
    return accepted


def _move(state: State, mover: Indices, destination: Ints) -> None:
    """Movers change employer; the shares in their rows and in their neighbours' rows follow."""
    n_employers = len(state.pay)
    state.head_count -= np.bincount(state.employer[mover], minlength=n_employers).astype(np.int32)
    state.head_count += np.bincount(destination, minlength=n_employers).astype(np.int32)
    state.employer[mover] = destination
    row, slot = _slots(state, mover)
    state.slot_employer[state.reverse[slot]] = destination[row]
    touched = np.zeros(len(state.skill), np.bool_)
    touched[mover] = True
    touched[state.neighbour[slot]] = True
    researcher = np.flatnonzero(touched)
    state.own_share[researcher] = _share_at(state, researcher, state.employer[researcher])


def _slots(state: State, researcher: Indices) -> tuple[Indices, Indices]:
    """All slots of some researchers' rows, and for each the place of its researcher in the argument."""
    degree = state.degree[researcher]
    place = np.repeat(np.arange(len(researcher)), degree)
    before = state.first_slot[researcher] - (np.cumsum(degree) - degree)
    return place, np.arange(len(place)) + before[place]


def _share_at(state: State, researcher: Indices, employer: Ints) -> Singles:
    """Share of each researcher's neighbours who are at the employer named beside him or her; 0 without neighbours."""
    place, slot = _slots(state, researcher)
    there = np.bincount(place[state.slot_employer[slot] == employer[place]], minlength=len(researcher))
    return (there / np.maximum(1, state.degree[researcher])).astype(np.float32)


def _graph(rng: np.random.Generator, employer: Ints, n_employers: int) -> tuple[Indices, Ints, Indices]:
    """Draws the graph from arrays of edges.

    Returns:
        First slot of each row, the neighbour in each slot, and the slot of the same edge in the neighbour's row.
    """
    n_researchers = len(employer)
    n_edges = n_researchers * MEAN_DEGREE // 2
    one = rng.integers(0, n_researchers, n_edges)
    other = rng.integers(0, n_researchers, n_edges)
    inside = slice(0, int(SHARE_INSIDE * n_edges))
    by_employer = np.argsort(employer, kind="stable")
    n_heads = np.bincount(employer, minlength=n_employers)
    first_head = np.cumsum(n_heads) - n_heads
    at = employer[one[inside]]
    other[inside] = by_employer[first_head[at] + (rng.random(len(at)) * n_heads[at]).astype(np.int64)]

    edge = np.unique(np.minimum(one, other) * n_researchers + np.maximum(one, other))
    one, other = np.divmod(edge, n_researchers)
    one, other = one[one != other], other[one != other]
    both_ways = np.sort(np.concatenate([one * n_researchers + other, other * n_researchers + one]))
    row, neighbour = np.divmod(both_ways, n_researchers)
    first_slot = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_researchers))])
    # Slots are in order of (row, neighbour); in order of (neighbour, row) each stands where its reverse stands.
    return first_slot, neighbour.astype(np.int32), np.argsort(neighbour, kind="stable")


def _unit_vectors(rng: np.random.Generator, n: int) -> Floats:
    """``n`` uniform directions in the space of cultures."""
    vector = rng.standard_normal((n, CULTURE_DIMENSIONS))
    vector /= np.sqrt((vector**2).sum(axis=1, keepdims=True))
    return vector


def _noise(rng: np.random.Generator, n: int) -> Singles:
    """``0.5 Gumbel``: minus the logarithm of an exponential, which is cheaper than the two logarithms of a uniform."""
    noise = rng.standard_exponential(n, dtype=np.float32)
    # One draw in eight million is exactly 0 in float32; it stands for values below about 1e-7.
    np.maximum(noise, np.float32(3e-8), out=noise)
    np.log(noise, out=noise)
    noise *= np.float32(-NOISE)
    return noise


def seconds_per_month(n_researchers: int, n_employers: int, seed: int = 1, months: int = 24) -> float:
    """Median wall-clock seconds of a month, after one month that is not counted."""
    state = make(n_researchers, n_employers, seed)
    month(state)
    seconds = []
    for _ in range(months):
        start = time.perf_counter()
        month(state)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Prints the median seconds of a month at the size asked for."""
    parser = argparse.ArgumentParser(description="Time the canonical workload CW1.")
    parser.add_argument("--researchers", type=int, default=100_000)
    parser.add_argument("--employers", type=int, default=200)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seconds = seconds_per_month(arguments.researchers, arguments.employers, arguments.seed, arguments.months)
    size = f"{arguments.researchers} x {arguments.employers}"
    print(f"CW1, {size}: median {seconds:.4f} s/month over {arguments.months} months")


if __name__ == "__main__":
    main()
