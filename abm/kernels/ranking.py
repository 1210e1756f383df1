"""Values of employers from who moves where (Sorkin 2018, Quarterly Journal of Economics 133(3)): arrays only.

Own code: pytwoway 0.3.21, which has this estimator, does not import with NumPy 2, and leaves out offers and size.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from abm.columns import Bools, Floats


def ranked_set(moves: Floats) -> Bools:
    """(E,) the largest strongly connected set of employers: each can be reached from each over moves both ways.

    Only its members have values that can be compared. Of sets of one size, the one with most moves; a set of one
    employer ranks nobody.

    Args:
        moves: (E, E) people who moved; row the employer chosen, column the employer left.
    """
    between = moves * (1.0 - np.eye(len(moves)))
    count, label = connected_components(between > 0, directed=True, connection="strong")
    size = np.bincount(label, minlength=count)
    inside = np.array([between[np.ix_(label == part, label == part)].sum() for part in range(count)])
    best = int(np.lexsort((-inside, -size))[0])
    return np.asarray((label == best) & (size[best] > 1))


def flow_values(moves: Floats) -> Floats:
    """(E,) ln x of the fixed point x_e = sum_f M_ef x_f / sum_f M_fe; mean 0: people won from the good count more.

    One linear system: y = S x, with S the moves out, is the stationary distribution of M S^-1.

    Args:
        moves: (E, E) moves among a strongly connected set; row the employer chosen. The diagonal does not count.

    Raises:
        ValueError: the set is not strongly connected.
    """
    between = moves * (1.0 - np.eye(len(moves)))
    if not ranked_set(between).all():
        raise ValueError("flow_values: the employers are not strongly connected; take the ranked set first")
    out = between.sum(axis=0)
    system = between / out - np.eye(len(out))
    system[-1] = 1.0  # one equation is redundant: in its place, the shares add up to 1
    shares = np.linalg.solve(system, np.eye(len(out))[-1])
    found = np.log(shares / out)
    return np.asarray(found - found.mean())


def values(moves: Floats, offers: Floats, size: Floats) -> Floats:
    """(E,) V of employers, net of how many offers they make and how many people they have; mean 0.

    With offers made at random, M_ef = f_e g_f P(e over f), so that x_e = exp(V_e) f_e / g_e.

    Args:
        moves: (E, E) as in `flow_values`.
        offers: (E,) offers made to people employed elsewhere, for each person-month there, f; any unit.
        size: (E,) person-months employed, g.
    """
    found = flow_values(moves) - np.log(offers) + np.log(size)
    return np.asarray(found - found.mean())


def informative(moves: Floats, offers: Floats) -> Floats:
    """(E, E) the moves between pairs of employers that both made offers to the people of the other."""
    return np.where((offers > 0) & (offers.T > 0), moves, 0.0) * (1.0 - np.eye(len(moves)))


def pairwise_values(moves: Floats, offers: Floats, rounds: int = 100) -> Floats:
    """(E,) V of employers when offers do not come at random: Bradley and Terry (1952) with the offers of each pair.

    Of the moves between e and f, a share O_ef exp(V_e) / (O_ef exp(V_e) + O_fe exp(V_f)) goes to e. Maximum likelihood
    by Newton's method; mean 0.

    Args:
        moves: (E, E) moves, row the employer chosen; those of `informative` pairs must connect all strongly.
        offers: (E, E) offers, row the employer that makes them, column the one whose people get them.
        rounds: most steps.

    Raises:
        ValueError: not strongly connected (no maximum), or no convergence.
    """
    moves = informative(moves, offers)
    n = len(moves)
    if not ranked_set(moves).all():
        raise ValueError("pairwise_values: the employers are not strongly connected; take the ranked set first")
    both = moves + moves.T
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(both > 0, np.log(offers) - np.log(offers.T), 0.0)
    found = np.zeros(n)
    for _ in range(rounds):
        share = 1.0 / (1.0 + np.exp(-(odds + found[:, None] - found[None, :])))
        slope = (moves - both * share).sum(axis=1)
        spread = both * share * (1.0 - share)
        curve = np.diag(spread.sum(axis=1)) - spread + 1.0 / n  # the constant, which is free, is held at mean 0
        step = np.linalg.solve(curve, slope)
        found += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            return np.asarray(found - found.mean())
    raise ValueError(f"pairwise_values: no convergence in {rounds} steps")
