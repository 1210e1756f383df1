"""Sensitivity indices of one outcome with their bootstrap samples, through SALib; `sensitivity.py` judges them.

Three families by what the design allows; `indices_given.py` has the fourth, for any sample:

- Sobol' indices from a Saltelli design: the share of the variance of the outcome that a factor explains by itself
  (S1, Saltelli et al. 2010) and with all its interactions (ST, Jansen 1999);
- elementary effects from Morris' trajectories (1991): mu*, the mean size of the change over a whole range (Campolongo
  et al. 2007), and sigma, how much it differs from place to place;
- swings from a one-at-a-time design, paired by replicate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from abm.streams import Streams
from experiments.responses import Factor


@dataclass(frozen=True, slots=True)
class Sample:
    """Indices of K factors and how they would have come out in B other samples of the same design.

    Attributes:
        main, main_samples: (K,) and (B, K): what factors are ranked by: ST, mu*, the largest swing or PAWN.
        second, second_samples: (K,) and (B, K): S1, sigma, the smaller swing or the rank coefficient.
        sign: (K,) direction in which the outcome goes with the factor: -1, 0 (not known, or both) or 1.
        n: base points, trajectories, replicates or points: what to increase for narrower intervals.
        pairs: (K, K) interactions of second order, upper triangle; empty when the design does not give them.
        fit: share of the rank variance that the rank regression explains; NaN for the other families.
    """

    main: Floats
    main_samples: Floats
    second: Floats
    second_samples: Floats
    sign: NDArray[np.int64]
    n: int
    pairs: Floats
    fit: float = np.nan


def unit_scale(factors: tuple[Factor, ...], x: Floats) -> Floats:
    """(P, K) the design in the unit cube: the logarithm first where a factor is sampled in it."""
    scaled = np.empty_like(x)
    for column, factor in enumerate(factors):
        low, high, values = factor.low, factor.high, x[:, column]
        if factor.log:
            low, high, values = np.log(low), np.log(high), np.log(values)
        scaled[:, column] = (values - low) / (high - low) if high > low else 0.0
    return scaled


def resamples(n: int, count: int, seed: int, salt: int = 0) -> NDArray[np.int64]:
    """(count, n) rows drawn with replacement."""
    drawn = Streams(seed).uniform("resample", salt, np.arange(count)[:, None], np.arange(n)[None, :])
    return np.asarray((drawn * n).astype(np.int64))


# ---- Sobol -----------------------------------------------------------------------------------------------------------


def saltelli_step(x: Floats) -> int:
    """Rows of a block of a Saltelli design: K + 2, or 2 K + 2 when it serves pairs; 0 if it is none.

    A block is A, then A with one column of B each, (then B with one column of A each,) then B.
    """
    points, k = x.shape
    for step in (2 * k + 2, k + 2):
        if points % step or not points:
            continue
        blocks = x.reshape(-1, step, k)
        a, b = blocks[:, :1], blocks[:, -1:]
        own = np.eye(k, dtype=bool)[None]
        fits = np.array_equal(blocks[:, 1 : k + 1], np.where(own, b, a))
        if fits and (step == k + 2 or np.array_equal(blocks[:, k + 1 : -1], np.where(own, a, b))):
            return int(step)
    return 0


def sobol(factors: tuple[Factor, ...], x: Floats, y: Floats, count: int, seed: int) -> Sample:
    """Sobol' indices; the base points are resampled.

    Args:
        factors: K factors.
        x: (P, K) a Saltelli design.
        y: (P,) outcome, finite and not constant.
        count: bootstrap samples.
        seed: of the resampling.
    """
    from SALib.analyze import sobol as salib  # noqa: PLC0415

    k, step = x.shape[1], saltelli_step(x)
    second = step == 2 * k + 2
    # SALib takes a seed of 0 for none and then draws from NumPy's global state. Its intervals are half-widths of a
    # normal, and a hundred times slower than the weighted sums below.
    found = salib.analyze(_problem(factors), y, second, num_resamples=2, seed=seed % (2**31) + 1)
    blocks = ((y - y.mean()) / y.std()).reshape(-1, step)
    changes = blocks[:, 1 : k + 1] - blocks[:, :1]
    towards = np.sign(x[step - 1 :: step] - x[::step])
    slopes = (changes * towards).mean(axis=0)
    weights = np.array([np.bincount(rows, minlength=len(blocks)) for rows in resamples(len(blocks), count, seed)])
    first, total = weighted_sobol(blocks, k, weights / len(blocks))
    return Sample(
        main=np.asarray(found["ST"]),
        main_samples=total,
        second=np.asarray(found["S1"]),
        second_samples=first,
        sign=np.where(np.abs(slopes) > 0.1, np.sign(slopes), 0).astype(np.int64),
        n=len(blocks),
        pairs=np.asarray(found["S2"], dtype=np.float64) if second else np.empty((0, 0)),
    )


def weighted_sobol(blocks: Floats, k: int, weights: Floats) -> tuple[Floats, Floats]:
    """(B, K) first-order and total indices with B sets of weights of the base points (rows sum to 1).

    Args:
        blocks: (N, step) outcomes by base point: A, A with a column of B each, ..., B.
        k: factors.
        weights: (B, N).
    """
    a, mixed, b = blocks[:, :1], blocks[:, 1 : k + 1], blocks[:, -1:]
    mean = weights @ ((a + b) / 2)
    variance = weights @ ((a**2 + b**2) / 2) - mean**2
    first, total = weights @ (b * (mixed - a)), weights @ ((mixed - a) ** 2) / 2
    level = variance > np.finfo(float).eps  # a resample whose points are all alike explains nothing
    return (
        np.divide(first, variance, out=np.zeros_like(first), where=level),
        np.divide(total, variance, out=np.zeros_like(total), where=level),
    )


def _problem(factors: tuple[Factor, ...]) -> dict[str, object]:
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[factor.low, factor.high if factor.high > factor.low else factor.low + 1] for factor in factors],
    }


# ---- Morris ----------------------------------------------------------------------------------------------------------


def moved(x: Floats) -> NDArray[np.int64]:
    """(T, K) which factor each step of each trajectory moves; empty if the design has no trajectories."""
    points, k = x.shape
    if points % (k + 1) or not points:
        return np.empty((0, k), dtype=np.int64)
    steps = np.diff(x.reshape(-1, k + 1, k), axis=1) != 0
    which = np.asarray(np.argmax(steps, axis=2), dtype=np.int64)
    good = (steps.sum(axis=2) == 1).all() and (np.sort(which, axis=1) == np.arange(k)).all()
    return which if good else np.empty((0, k), dtype=np.int64)


def elementary_effects(factors: tuple[Factor, ...], x: Floats, y: Floats) -> Floats:
    """(T, K) change of the outcome, scaled to a move over the whole range of the factor."""
    k = len(factors)
    which, scaled = moved(x), unit_scale(factors, x).reshape(-1, k + 1, k)
    trajectory = np.arange(len(which))[:, None]
    steps = np.diff(scaled, axis=1)[trajectory, np.arange(k)[None, :], which]
    effects = np.empty((len(which), k))
    effects[trajectory, which] = np.diff(y.reshape(-1, k + 1), axis=1) / steps
    return effects


def step_of(factors: tuple[Factor, ...], x: Floats) -> float:
    """How far a trajectory moves a factor, as a share of its range: p levels move p / (2 (p - 1)) of it."""
    steps = np.abs(np.diff(unit_scale(factors, x).reshape(-1, len(factors) + 1, len(factors)), axis=1))
    return float(np.median(steps[steps > 0]))


def morris(factors: tuple[Factor, ...], x: Floats, y: Floats, count: int, seed: int) -> Sample:
    """Elementary effects; whole trajectories are resampled."""
    from SALib.analyze import morris as salib  # noqa: PLC0415

    step = step_of(factors, x)
    levels = max(2, round(2 * step / (2 * step - 1))) if step > 0.5 else 4
    # Its own intervals are half-widths of a normal; ours below are quantiles. Its draws change nothing that is used.
    found = salib.analyze(_problem(factors), x, y, num_resamples=2, num_levels=levels, seed=seed % (2**31) + 1)
    effects = elementary_effects(factors, x, y)
    drawn = effects[resamples(len(effects), count, seed)]  # (B, T, K)
    mean, size = np.asarray(found["mu"], dtype=np.float64), np.asarray(found["mu_star"], dtype=np.float64)
    same = np.abs(mean) > 0.5 * size
    return Sample(
        main=size,
        main_samples=np.abs(drawn).mean(axis=1),
        second=np.asarray(found["sigma"], dtype=np.float64),
        second_samples=drawn.std(axis=1, ddof=1),
        sign=np.where(same, np.sign(mean), 0).astype(np.int64),
        n=len(effects),
        pairs=np.empty((0, 0)),
    )


# ---- one at a time ---------------------------------------------------------------------------------------------------


def base_point(x: Floats) -> int:
    """The point from which every other one differs in one factor at most; -1 if there is none."""
    usual = np.empty(x.shape[1])  # a factor is at its base wherever another one moves: the most frequent value
    for column in range(x.shape[1]):
        values, times = np.unique(x[:, column], return_counts=True)
        usual[column] = values[times.argmax()]
    differs = (x != usual).sum(axis=1)
    return int(differs.argmin()) if (differs <= 1).all() and (differs == 0).any() else -1


def is_one_at_a_time(x: Floats) -> bool:
    """Whether the points are a base and moves of one factor each; a sample of one factor only is none."""
    return x.shape[1] > 1 and len(x) > 1 and base_point(x) >= 0


def ends_of(x: Floats, column: int) -> tuple[int, int]:
    """Points at the low and at the high end of one factor of a one-at-a-time design; the base where it is an end."""
    base = base_point(x)
    along = np.flatnonzero((np.delete(x, column, axis=1) == np.delete(x[base], column)).all(axis=1))
    values = x[along, column]
    low, high = int(along[values.argmin()]), int(along[values.argmax()])
    return (base if x[low, column] == x[base, column] else low, base if x[high, column] == x[base, column] else high)


def swings(x: Floats, table: Floats, count: int, seed: int) -> Sample:
    """The largest difference between base, low end and high end, and high less low; replicates are resampled.

    Args:
        x: (P, K) a one-at-a-time design.
        table: (P, R) outcome; a difference is taken within a replicate, so shared luck cancels.
        count: bootstrap samples.
        seed: of the resampling.
    """
    base = base_point(x)
    ends = np.array([(base, *ends_of(x, column)) for column in range(x.shape[1])])
    points = table[ends]  # (K, 3, R)
    drawn = points[:, :, resamples(table.shape[1], count, seed)].mean(axis=3)  # (K, 3, B)
    means = points.mean(axis=2)
    slope, slopes = means[:, 2] - means[:, 1], drawn[:, 2] - drawn[:, 1]
    return Sample(
        main=np.ptp(means, axis=1),
        main_samples=np.ptp(drawn, axis=1).T,
        second=slope,
        second_samples=slopes.T,
        sign=np.sign(slope).astype(np.int64),
        n=table.shape[1],
        pairs=np.empty((0, 0)),
    )
