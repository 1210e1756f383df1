"""Inequality and concentration measures with known answers."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats


def gini(values: Floats) -> float:
    """Gini coefficient of non-negative values; 0 for equal shares, towards 1 when one has all. Empty or zero: 0.

    Example: gini([1, 1]) = 0; gini([0, 1]) = 0.5; a lognormal has erf(sigma / 2).
    """
    n = len(values)
    total = float(values.sum())
    if n == 0 or total <= 0:
        return 0.0
    ranked = np.sort(values)
    return float((2.0 * (np.arange(1, n + 1) * ranked).sum() / total - (n + 1)) / n)


def herfindahl(values: Floats) -> float:
    """Sum of squared shares: 1/n for equal shares, 1 when one has all. Empty or zero: 0."""
    total = float(values.sum())
    return 0.0 if total <= 0 else float(((values / total) ** 2).sum())
