"""What paired differences show: one rule for every table, sentence, figure and page that says so.

    judge(differences).word       higher, lower, no difference seen, too few pairs, or no difference in any pair
    interval(differences)         mean with its 95 % interval
    needed(0.8)                   9: draws that an interval of so much needs

The test flips signs (Fisher 1935): if a change did nothing, each difference could as well have had the other sign. It
asks for no normal distribution and knows ties of counts. The interval holds the effects that the same test does not
reject, so that it keeps away from 0 if and only if the verdict says so. Neither is given where it would say more than
the pairs do: a verdict needs `FEWEST` pairs (of fewer the interval is Student's), and an interval needs differences
that vary, since two pairs that differ by the same whole number do not show that all would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import stdtr, stdtrit

from abm.columns import Floats
from abm.streams import Streams

FEWEST: Final = 10  # pairs for any verdict, and for a correlation
LEVEL: Final = 0.95
EXACT: Final = 16  # pairs up to which all signs are gone through
DRAWS: Final = 9_999  # signs drawn beyond that
NORMAL: Final = 400  # pairs beyond which the mean of signed differences is normal to every digit that counts
HIGHER, LOWER = "higher", "lower"
UNSEEN, FEW, SAME = "no difference seen", "too few pairs", "no difference in any pair"
SIDES: Final = {HIGHER: 1, LOWER: -1}
_ROUNDING: Final = 1e-9  # relative; sums that are equal but for the last bits are equal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differences show.

    Attributes:
        word: `HIGHER`, `LOWER`, `UNSEEN`, `FEW` or `SAME`.
        p: of the two-sided sign-flip test; nan without pairs.
        pairs: how many there were.
    """

    word: str
    p: float
    pairs: int

    @property
    def side(self) -> int:
        """1 if higher, -1 if lower, 0 if neither is shown."""
        return side(self.word)


def side(word: str) -> int:
    """1 of `HIGHER`, -1 of `LOWER`, 0 of every other word."""
    return SIDES.get(word, 0)


def judge(differences: Floats) -> Verdict:
    """The verdict on the differences of pairs (R,); those that are no number are left out.

    Example: judge(np.array([-1.0, -1.0])).word is "too few pairs"; of ten such pairs it is "lower" with p = 0.002.
    """
    known = differences[np.isfinite(differences)]
    n = len(known)
    if n == 0:
        return Verdict(FEW, math.nan, 0)
    if not known.any():
        return Verdict(SAME, 1.0, n)
    p = sign_flip(known)
    if n < FEWEST:
        return Verdict(FEW, p, n)
    if p > 1.0 - LEVEL + _ROUNDING:
        return Verdict(UNSEEN, p, n)
    return Verdict(HIGHER if known.mean() > 0 else LOWER, p, n)


def sign_flip(differences: Floats) -> float:
    """Two-sided p of the mean of differences (R,) under random signs.

    Every assignment of signs is gone through for up to `EXACT` differences; beyond, `DRAWS` are drawn with keys of
    their own, so that the same differences give the same p; beyond `NORMAL` it is that of Student's t.
    """
    n = len(differences)
    if n == 0 or not differences.any():
        return 1.0
    if n > NORMAL:
        spread = float(differences.std(ddof=1)) / math.sqrt(n)
        return float(2.0 * stdtr(n - 1, -abs(float(differences.mean())) / spread)) if spread > 0 else 0.0
    flipped, more = _flips(n)
    sums = differences.sum() - 2.0 * (flipped @ differences)
    edge = abs(float(differences.sum())) - _ROUNDING * float(np.abs(differences).sum())
    return float((more + (np.abs(sums) >= edge).sum()) / (more + len(sums)))


@lru_cache(maxsize=8)
def _flips(n: int) -> tuple[Floats, int]:
    """(K, n) of 0 and 1: which signs are turned; and 1 if they are drawn, to be counted beside the signs as they are.

    Of all signs only those with the first as it is: the others are their mirror images.
    """
    if n <= EXACT:
        return ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)[::-1]) & 1).astype(np.float64), 0
    draw, item = np.arange(DRAWS)[:, None], np.arange(n)[None, :]
    return (Streams(0).uniform("permutation", n, draw, item) < 0.5).astype(np.float64), 1


def interval(values: Floats) -> tuple[float, float, float]:
    """Mean of values (R,) and its 95 % interval; nan bounds where they do not vary or are fewer than 2.

    Those that are no number are left out, as in `judge`.

    From `FEWEST` on it holds every effect that `sign_flip` does not reject: its ends are means of subsets of the
    values, since turning the signs of a subset reaches as far as the values do if its mean lies below the effect.
    """
    values = values[np.isfinite(values)]
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2 or np.ptp(values) <= _ROUNDING * np.abs(values).max():
        return mean, math.nan, math.nan
    if n < FEWEST or n > NORMAL:
        half = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * float(values.std(ddof=1)) / math.sqrt(n)
        return mean, mean - half, mean + half
    flipped, more = _flips(n)
    counts, sums = flipped.sum(axis=1), flipped @ values
    one = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    other = np.divide(values.sum() - sums, n - counts, out=np.full(len(sums), np.nan), where=counts < n)
    whole = np.isnan(one) | np.isnan(other)  # all signs turned, or none: reaches as far whatever the effect
    least = int((1.0 - LEVEL + _ROUNDING) * (more + len(sums))) - more  # so many that reach as far are still rejected
    low = np.sort(np.where(whole, -np.inf, np.minimum(one, other)))[least]
    high = np.sort(np.where(whole, -np.inf, -np.maximum(one, other)))[least]
    edge = _ROUNDING * float(np.abs(values).max())
    low, high = (0.0 if abs(end) <= edge else float(end) for end in (low, -high))
    return mean, low, high


def needed(share: float) -> int:
    """Draws whose smallest and largest hold a share of all that is drawn, on average: (n - 1) / (n + 1)."""
    return math.ceil((1.0 + share) / (1.0 - share) - _ROUNDING)


def holds(draws: int, share: float) -> bool:
    """Whether an interval between two of so many draws can hold a share."""
    return draws >= needed(share)
