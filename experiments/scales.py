"""Scales for calibration: a range as the unit interval, robust spreads, weighted quantiles, digits for a hash."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from experiments.responses import Factor

DIGITS: Final = 9  # significant digits that enter a hash: processors may differ in the last ones


def position(values: Floats, factor: Factor) -> Floats:
    """Where values lie in the range of a factor, from 0 to 1, on the scale on which the prior is even."""
    low, high = factor.low, factor.high
    if factor.log:
        return np.asarray((np.log(values) - np.log(low)) / (np.log(high) - np.log(low)))
    return np.asarray((values - low) / (high - low))


def from_position(place: Floats, factor: Factor) -> Floats:
    """The inverse of `position`; the ends are not passed by rounding."""
    low, high = factor.low, factor.high
    values = low * (high / low) ** place if factor.log else low + place * (high - low)
    return np.clip(values, low, high)


def logit(place: Floats) -> Floats:
    """Log odds; a place at the very end of the range is taken to be half a point's distance inside."""
    edge = 0.5 / max(len(place), 2)
    inside = np.clip(place, edge, 1.0 - edge)
    return np.asarray(np.log(inside / (1.0 - inside)))


def even_variance(values: Floats, of: Floats) -> Floats:
    """Counts out of `of` people, or shares (`of` 1), on the scale on which their variance is even (Anscombe 1948).

    The arc sine of the square root; with 3/8 added to counts. A number without a bound (`of` 0) stays as it is.
    """
    more = np.where(of > 1, 0.375, 0.0)
    share = (values + more) / np.where(of > 0, of + 2 * more, 1.0)
    return np.where(of > 0, np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0))), values)


def robust_spread(values: Floats) -> Floats:
    """(Q,) 1.48 times the median absolute deviation; the standard deviation where that is 0; 1 for a constant."""
    spread = 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    spread = np.where(spread > 0, spread, values.std(axis=0))
    return np.where(spread > 0, spread, 1.0)


def explained(values: Floats, groups: NDArray[np.generic]) -> float:
    """Share of the variance that lies between groups; 1 when there is one group only: nothing else was seen."""
    names, number = np.unique(groups, return_inverse=True)
    total = float(values.var())
    if len(names) < 2:
        return 1.0
    if total == 0.0:
        return 0.0
    counts = np.bincount(number)
    means = np.bincount(number, values) / counts
    return float((counts * (means - values.mean()) ** 2).sum() / len(values) / total)


def quantile(values: Floats, weights: Floats, level: float) -> float:
    """Quantile of weighted values, linear between the middles of the steps (Hazen's rule when weights are equal)."""
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(level * weights.sum(), steps, values[order]))


def rounded(array: Floats) -> Floats:
    """Nine significant digits, and no minus zero."""
    with np.errstate(divide="ignore"):
        size = np.where(array == 0, 0.0, np.floor(np.log10(np.abs(array), where=array != 0, out=np.zeros_like(array))))
    scale = 10.0 ** (DIGITS - 1 - size)
    return np.asarray(np.rint(array * scale) / scale + 0.0)
