"""Sensitivity indices from points of any design: PAWN, and standardised rank regression coefficients.

PAWN (Pianosi and Wagener 2018) is the gap between the distribution of the outcome in a slice of a factor and over all
points; it sees effects of any shape. Rank coefficients (Saltelli et al. 2008) say the direction of monotone ones.
"""

from __future__ import annotations

import numpy as np

from abm.columns import Floats
from abm.streams import Streams
from experiments.indices import Sample, resamples
from experiments.responses import Factor

SLIDES = 10  # conditioning intervals of PAWN, at most
FEWEST_IN_SLIDE = 8


def pawn(x: Floats, y: Floats) -> Floats:
    """(K,) PAWN: the median Kolmogorov-Smirnov distance of the outcome between a slice of the factor and all.

    SALib's own takes p-values that nobody reads along and is fifty times slower, which a bootstrap cannot afford; its
    slices are half open and lose the last level of a grid. The tests hold this one to it.
    """
    order = np.argsort(y, kind="stable")
    last = np.append(np.diff(y[order]) > 0, True)  # of equal outcomes only the last one closes a step
    share = (np.arange(len(y)) + 1) / len(y)
    found = np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        levels, slices = np.unique(x[:, column], return_inverse=True)
        count = len(levels)
        if count > SLIDES:
            count = max(2, min(SLIDES, len(y) // FEWEST_IN_SLIDE))
            ranks = np.empty(len(y), dtype=np.int64)
            ranks[np.argsort(x[:, column], kind="stable")] = np.arange(len(y))
            slices = ranks * count // len(y)
        elif count == 1:
            continue
        inside = slices[order][:, None] == np.arange(count)
        steps = np.cumsum(inside, axis=0) / inside.sum(axis=0)
        found[column] = np.median(np.abs(steps - share[:, None])[last].max(axis=0))
    return found


def rank_regression(x: Floats, y: Floats) -> tuple[Floats, float]:
    """(K,) standardised rank regression coefficients (Saltelli et al. 2008) and the share of variance explained."""
    from scipy.stats import rankdata  # noqa: PLC0415

    ranks = rankdata(np.column_stack([x, y]), axis=0)
    ranks -= ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    ranks = np.divide(ranks, spread, out=np.zeros_like(ranks), where=spread > 0)
    slopes, *_ = np.linalg.lstsq(ranks[:, :-1], ranks[:, -1], rcond=None)
    left = ranks[:, -1] - ranks[:, :-1] @ slopes
    total = float((ranks[:, -1] ** 2).sum())
    return np.asarray(slopes), 1 - float((left**2).sum()) / total if total > 0 else 0.0


def given(factors: tuple[Factor, ...], x: Floats, y: Floats, count: int, seed: int) -> Sample:
    """PAWN and rank regression from points of any design; points are resampled."""
    rows = resamples(len(y), count, seed)
    value, drawn_values = pawn(x, y), np.array([pawn(x[drawn], y[drawn]) for drawn in rows])
    slopes, fit = rank_regression(x, y)
    slope_samples = np.array([rank_regression(x[drawn], y[drawn])[0] for drawn in rows])
    ordered = np.array([not any(isinstance(level, str | bool) for level in factor.levels) for factor in factors])
    low, high = np.quantile(slope_samples, [0.025, 0.975], axis=0)
    return Sample(
        main=value,
        # A point drawn twice widens the gap between slices: take off what that adds on average.
        main_samples=np.clip(drawn_values - drawn_values.mean(axis=0) + value, 0.0, 1.0),
        second=slopes,
        second_samples=slope_samples,
        sign=np.where(ordered & (low * high > 0), np.sign(slopes), 0).astype(np.int64),
        n=len(y),
        pairs=np.empty((0, 0)),
        fit=fit,
    )


def given_idle(x: Floats, y: Floats, count: int, seed: int) -> float:
    """What PAWN shows for a factor shuffled against the outcome: the 95 % quantile over shuffles of all columns."""
    streams, points = Streams(seed), np.arange(len(y))
    shown = [pawn(x[np.argsort(streams.uniform("permutation", number, points))], y) for number in range(count)]
    return float(np.quantile(np.concatenate(shown), 0.95))
