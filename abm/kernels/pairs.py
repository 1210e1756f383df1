"""Flat pair arrays: ranks within groups, expansion of CSR rows, weighted picks. Never all pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats


def expand(start: NDArray[np.int64], rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All CSR entries of some rows.

    Args:
        start: (N + 1,) first entry of each row.
        rows: (R,) rows, in any order, repeats allowed.

    Returns:
        entry (L,) positions in the CSR arrays and which (L,) 0..R-1 the asking row. Example: start [0, 2, 3],
        rows [1, 0] -> entries [2, 0, 1], which [0, 1, 1].
    """
    first = start[rows]
    counts = start[np.asarray(rows) + 1] - first
    which = np.repeat(np.arange(len(rows)), counts)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first[which] + offset, which


def rank_within(group: NDArray[np.integer], key: Floats) -> NDArray[np.int64]:
    """Rank (0 = highest key) within its group; ties go to the earlier. (P,) any order -> (P,)."""
    order = np.lexsort((np.arange(len(key)), -key, group))
    sorted_group = np.asarray(group)[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(order) else order
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return rank


def weighted_pick(
    cumulative: Floats, low: NDArray[np.int64], high: NDArray[np.int64], luck: Floats
) -> NDArray[np.int64]:
    """Pick one position in [low, high) with probability proportional to its weight.

    Args:
        cumulative: (L + 1,) running sum of the weights, beginning with 0.
        low, high: (P,) bounds, low < high.
        luck: (P,) uniform draws.

    Returns:
        (P,) positions. Example: weights 1, 3 (cumulative 0, 1, 4), u = 0.5 -> target 2 -> position 1.
    """
    target = cumulative[low] + luck * (cumulative[high] - cumulative[low])
    return np.clip(np.searchsorted(cumulative, target, side="right") - 1, low, high - 1)


def accepted_first(weight: Floats, proposed: NDArray[np.integer], luck: Floats, bound: float) -> NDArray[np.int64]:
    """Weighted picks that are local: a change of one weight touches only the picks that propose it.

    Each pick proposes rows one after another and takes the first it accepts, with probability weight / bound. (A pick
    from a running sum of all weights would shift for everybody when one weight changes.)

    Args:
        weight: (R,) by row; what exceeds the bound counts as the bound.
        proposed: (P, K) rows, drawn uniformly.
        luck: (P, K) uniform draws.
        bound: > 0, fixed.

    Returns:
        (P,) rows; -1 where nothing was accepted in K tries. Example: weights 0 and 1, bound 1: the first proposal of
        row 1 is taken.
    """
    taken = luck * bound < weight[proposed]
    first = np.argmax(taken, axis=1)
    every = np.arange(len(proposed))
    return np.where(taken[every, first], np.asarray(proposed)[every, first], -1).astype(np.int64)


def running_sum(weights: Floats) -> Floats:
    """(L,) weights -> (L + 1,) running sum beginning with 0."""
    found = np.zeros(len(weights) + 1)
    np.cumsum(weights, out=found[1:])
    return found


def group_median(group: NDArray[np.integer], values: Floats, n_groups: int) -> Floats:
    """Median of the values of each group (mean of the middle two); NaN-free: 0 for empty groups."""
    order = np.argsort(values, kind="stable")
    narrow = np.asarray(group, dtype=np.int16 if n_groups < 2**15 else np.int64)  # short keys are sorted by radix
    order = order[np.argsort(narrow[order], kind="stable")]
    sorted_values = values[order]
    counts = np.bincount(group, minlength=n_groups)
    first = np.cumsum(counts) - counts
    filled = counts > 0
    low = first[filled] + (counts[filled] - 1) // 2
    high = first[filled] + counts[filled] // 2
    median = np.zeros(n_groups)
    median[filled] = 0.5 * (sorted_values[low] + sorted_values[high])
    return median
