"""Clearing with limited posts: researcher-proposing deferred acceptance with bounded rounds (Gale and Shapley 1962)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats


def deferred_acceptance(
    person: NDArray[np.int64],
    team: NDArray[np.int64],
    preference: Floats,
    score: Floats,
    quota: NDArray[np.int64],
    max_rounds: int,
) -> tuple[Bools, int]:
    """Which proposals are held when the rounds end.

    Each round every unheld person proposes to the best team that has not refused; each team holds its best proposals
    within its quota and refuses the rest. Ties go to the earlier pair. With enough rounds the matching is stable.

    Args:
        person, team: (P,) acceptable pairs, each pair once, in any order.
        preference: (P,) how the person ranks the pair.
        score: (P,) how the team ranks the pair.
        quota: (teams,) open posts, not negative.
        max_rounds: bound; friction when it binds.

    Returns:
        held (P,) True for matched pairs, and the number of rounds used.
        Example: two people want one post; the higher score holds it, the other takes the second choice.
    """
    p = len(person)
    held = np.zeros(p, dtype=bool)
    if p == 0:
        return held, 0
    by_person = np.lexsort((np.arange(p), -preference, person))  # each person's list, best first
    first = np.searchsorted(person[by_person], np.unique(person))
    last = np.append(first[1:], p)
    cursor = first.copy()
    waiting = np.ones(len(first), dtype=bool)  # people with neither a held proposal nor an exhausted list
    list_of = np.searchsorted(np.unique(person), person)
    rounds = 0
    while rounds < max_rounds:
        active = waiting & (cursor < last)
        if not active.any():
            break
        rounds += 1
        proposals = by_person[cursor[active]]
        cursor[active] += 1
        pool = np.concatenate([np.flatnonzero(held), proposals])
        order = pool[np.lexsort((pool, -score[pool], team[pool]))]
        starts = np.flatnonzero(np.r_[True, np.diff(team[order]) != 0])
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        kept = rank < quota[team[order]]
        held[:] = False
        held[order[kept]] = True
        waiting[list_of[order[~kept]]] = True
        waiting[list_of[order[kept]]] = False
    return held, rounds


def blocking_pairs(
    person: NDArray[np.int64],
    team: NDArray[np.int64],
    preference: Floats,
    score: Floats,
    quota: NDArray[np.int64],
    held: Bools,
) -> NDArray[np.int64]:
    """Pairs in which both would rather have each other than what they hold.

    Args: as in `deferred_acceptance`, with its result `held`.

    Returns:
        Indices of blocking pairs: the person prefers the pair to the one held (or holds none) and the team has a free
        post or holds somebody with a lower score.
    """
    n_people = int(person.max(initial=-1)) + 1
    best = np.full(n_people, -np.inf)
    np.maximum.at(best, person[held], preference[held])
    n_held = np.bincount(team[held], minlength=len(quota))
    worst = np.full(len(quota), np.inf)
    np.minimum.at(worst, team[held], score[held])
    free = n_held < quota
    wants = preference > best[person]
    wanted = free[team] | ((quota[team] > 0) & (score > worst[team]))
    return np.flatnonzero(wants & wanted & ~held)
