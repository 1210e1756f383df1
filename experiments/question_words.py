"""Numbers in words: the sentence that answers a question is made from the table and from nothing else."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from abm import verdicts
from abm.columns import Floats
from experiments.question_worlds import Row


def number(value: float, signed: bool = False) -> str:
    """Three digits that count, a true minus."""
    if np.isnan(value):
        return "?"
    if np.isinf(value):
        return "−∞" if value < 0 else "∞"
    sign = "+" if signed and value > 0 else ""
    if value == 0:
        return "0"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return (sign + (f"{value:.4f}" if "e" in text else text)).replace("-", "−")


def size(row: Row) -> str:
    """The difference with its interval and unit."""
    told = f"{number(row.difference, signed=True)} {row.unit}"
    if not np.isnan(row.low):
        return f"{number(row.difference, signed=True)} [{number(row.low, True)}, {number(row.high, True)}] {row.unit}"
    if row.pairs < 2:
        return f"{told} in one pair, which shows nothing by itself"
    return f"{told} in each of {row.pairs} pairs"


def effect(row: Row) -> str:
    """The difference with its interval and unit; says when none is seen, or why none can be."""
    if row.verdict == verdicts.SAME:
        return f"no difference in any of {row.pairs} pairs" if row.pairs > 1 else "no difference in the one pair"
    if row.verdict == verdicts.FEW:
        return f"{size(row)} (too few pairs to tell)" if row.pairs > 1 else size(row)
    return size(row) if row.seen else f"no difference seen at this size, {size(row)}"


def means(row: Row) -> str:
    """Both means."""
    return f"{number(row.mean)} against {number(row.mean_against)}"


def verdict(row: Row, higher: str, lower: str, unseen: str = "No difference seen at this size") -> str:
    """The words for the side that is shown; else for why none is."""
    if row.verdict == verdicts.SAME:
        return "No difference in any pair"
    if row.verdict == verdicts.FEW:
        return f"Too few pairs to tell ({verdicts.FEWEST} are the least)"
    return {1: higher, -1: lower, 0: unseen}[row.seen]


def ratio_interval(top: Floats, bottom: Floats) -> tuple[float, float, float]:
    """Ratio of two paired means with its 95 % interval (Fieller 1954): (ratio, low, high); infinite where unbounded.

    Args:
        top, bottom: (R,) e.g. cost and people kept, replicate by replicate.

    Where the mean of the bottom cannot be told from 0 the interval has no end, and that is said rather than hidden.

    Example: ratio_interval(array([2., 4.]), array([1., 2.])) is 2 whatever the interval of either mean.
    """
    n = len(top)
    a, b = float(top.mean()), float(bottom.mean())
    if b == 0:
        return float("nan"), float("-inf"), float("inf")
    if n < 2:
        return a / b, float("-inf"), float("inf")
    spread = np.cov(np.stack([top, bottom])) / n
    t2 = float(stdtrit(n - 1, 0.975)) ** 2
    # all r with (a - r b)^2 <= t^2 (v_aa - 2 r v_ab + r^2 v_bb)
    square = b * b - t2 * float(spread[1, 1])
    if square <= 0:
        return a / b, float("-inf"), float("inf")
    half = a * b - t2 * float(spread[0, 1])
    under = max(half * half - square * (a * a - t2 * float(spread[0, 0])), 0.0)
    root = float(np.sqrt(under))
    return a / b, (half - root) / square, (half + root) / square
