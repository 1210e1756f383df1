"""Who gets which part of a whole: leave-one-out and Shapley values of games given as arrays (Shapley 1953).

A game gives a value to every coalition of n players; values may have any further axes, which are games of their own.
"""

from __future__ import annotations

import math

import numpy as np

from abm.columns import Bools, Floats, Integers


def every_coalition(n: int) -> Bools:
    """(2^n, n) who is in; row s holds player i if bit i of s is set."""
    return np.asarray((np.arange(2**n)[:, None] >> np.arange(n)) & 1, dtype=bool)


def all_but_one(n: int) -> Bools:
    """(n + 1, n) everybody, then everybody but player 0, 1, ..."""
    return np.vstack([np.ones((1, n), dtype=bool), ~np.eye(n, dtype=bool)])


def chains(order: Integers) -> Bools:
    """(P, n + 1, n) the coalitions met when players join one by one, from nobody to all.

    Args:
        order: (P, n) players in the order in which they join.
    """
    place = np.argsort(order, axis=1)
    return np.asarray(place[:, None, :] < np.arange(order.shape[1] + 1)[None, :, None])


def orders(luck: Floats, permutations: int) -> Integers:
    """(P, n) orders out of uniform draws, each followed by its reverse: what is early in one is late in the other.

    Args:
        luck: (at least P / 2, n) uniform draws.
        permutations: P.
    """
    drawn = np.argsort(luck, axis=1, kind="stable")
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(-1, luck.shape[1])[:permutations]


def leave_one_out(values: Floats) -> Floats:
    """(n, ...) value of all less value without each.

    Args:
        values: (n + 1, ...) of `all_but_one`.
    """
    return np.asarray(values[:1] - values[1:])


def exact(values: Floats) -> Floats:
    """(n, ...) Shapley values: the gain by a player, averaged over all orders of joining.

    Args:
        values: (2^n, ...) of `every_coalition`.
    """
    n = len(values).bit_length() - 1
    members = every_coalition(n)
    size = members.sum(axis=1)
    weight = np.array([1.0 / (n * math.comb(n - 1, k)) for k in range(n)])
    found = np.empty((n, *values.shape[1:]))
    for player in range(n):
        without = np.flatnonzero(~members[:, player])
        gain = values[without | 1 << player] - values[without]
        found[player] = np.tensordot(weight[size[without]], gain, axes=1)
    return found


def sampled(order: Integers, values: Floats) -> Floats:
    """(n, ...) mean gain by each player over some orders; unbiased, and the parts sum to all less nobody exactly.

    Castro, Gomez and Tejada (2009); with reversed pairs Mitchell, Cooper, Frank and Holmes (2022).

    Args:
        order: (P, n) as for `chains`.
        values: (P, n + 1, ...) of `chains(order)`.
    """
    gain = np.diff(values, axis=1)
    place = np.argsort(order, axis=1)
    return np.asarray(gain[np.arange(len(order))[:, None], place].mean(axis=0))
