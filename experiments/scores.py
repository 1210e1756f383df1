"""How well a predictive distribution met an observation that may be an interval: log score, CRPS, central intervals.

Log score: minus the logarithm of the probability given to the observed interval; smaller is better. A pmf counted from
n draws of a count out of N gets half a draw in each of its N + 1 cells first, so that a value never drawn costs much
and not infinity. Draws of a share are spread by a normal kernel of Silverman's width, at least half a per cent.
CRPS (Gneiting and Raftery 2007; by the `scoringrules` library), in the unit of the row: for an observed interval its
average over the whole numbers in it, for shares over its two ends and its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm import verdicts
from abm.columns import Floats
from experiments.scales import quantile

FEW: Final = "too few histories"
CELL: Final = 0.5  # draws added to each cell of a counted pmf
NARROWEST: Final = 0.005  # least width of the kernel of a share
LEVELS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Predictive:
    """Weighted values that a number may take.

    Attributes:
        values, weights: (N,) each; weights sum to 1.
        of: for a count the people it is out of, so that it lies in 0..of; 1 for a share; 0 for a ratio.
        draws: how many draws made it; 0 when the weights are exact.
    """

    values: Floats
    weights: Floats
    of: int
    draws: int

    @classmethod
    def of_draws(cls, values: Floats, of: int) -> Predictive:
        """Equally weighted draws; those that are no number (nobody was hired) are left out."""
        known = values[~np.isnan(values)]
        return cls(known, np.full(len(known), 1.0 / max(len(known), 1)), of, len(known))

    @property
    def counts(self) -> bool:
        """Whether this is about a whole number of people."""
        return self.of > 1

    def pmf(self, smooth: bool = True) -> Floats:
        """(of + 1,) probabilities of 0..of, for counts; smoothed as the head of the file says when drawn."""
        raw = np.bincount(np.rint(self.values).astype(np.int64), self.weights, minlength=self.of + 1)
        if not smooth or not self.draws:
            return np.asarray(raw)
        return np.asarray((raw * self.draws + CELL) / (self.draws + CELL * (self.of + 1)))

    def mean(self) -> float:
        """Expected value."""
        return float(self.weights @ self.values)

    def quantiles(self) -> list[float]:
        """At `LEVELS`: of counts the smallest number that reaches the level, else between draws."""
        if self.counts:
            total = np.cumsum(self.pmf(smooth=False))
            return [float(np.searchsorted(total, level - 1e-12).clip(max=self.of)) for level in LEVELS]
        return [quantile(self.values, self.weights, level) for level in LEVELS]

    def holds(self, share: float) -> bool:
        """Whether there are draws enough for an interval of the share; exact weights always are."""
        return self.draws == 0 or verdicts.holds(self.draws, share)

    def central(self, share: float = 0.8) -> tuple[float, float]:
        """Central interval that holds at least the share; of too few draws the smallest and the largest."""
        if not self.holds(share):
            return float(self.values.min()), float(self.values.max())
        low, high = (1.0 - share) / 2, (1.0 + share) / 2
        if self.counts:
            total = np.cumsum(self.pmf(smooth=False))
            ends = [int(np.searchsorted(total, level - 1e-12).clip(max=self.of)) for level in (low, high)]
            return float(ends[0]), float(ends[1])
        return quantile(self.values, self.weights, low), quantile(self.values, self.weights, high)

    def probability(self, low: float, high: float) -> float:
        """Of the observed interval, smoothed."""
        if self.counts:
            cells = np.arange(self.of + 1)
            return float(self.pmf()[(cells >= low) & (cells <= high)].sum())
        from scipy.special import ndtr  # noqa: PLC0415  # slow to import

        sd = float(np.sqrt(self.weights @ (self.values - self.mean()) ** 2))
        width = max(1.06 * sd * max(self.draws or len(self.values), 1) ** -0.2, NARROWEST)
        inside = ndtr((high - self.values) / width) - ndtr((low - self.values) / width)
        return float(self.weights @ inside)

    def log_score(self, low: float, high: float) -> float:
        """Minus the log of the probability of the observed interval; bounded for what has none in floating point."""
        return float(-np.log(max(self.probability(low, high), 1e-300)))

    def crps(self, low: float, high: float) -> float:
        """Averaged over the observed interval."""
        import scoringrules  # noqa: PLC0415  # slow to import

        seen = np.arange(np.ceil(low), np.floor(high) + 1) if self.counts else np.array([low, (low + high) / 2, high])
        values = np.broadcast_to(self.values, (len(seen), len(self.values)))
        weights = np.broadcast_to(self.weights, values.shape)
        return float(np.mean(scoringrules.crps_ensemble(seen, values, ens_w=weights, estimator="nrg")))

    def verdict(self, low: float, high: float, share: float = 0.8) -> str:
        """Where the observed interval lies to the central one: "inside", "partly", "outside"; or `FEW`."""
        if not self.holds(share):
            return FEW
        first, last = self.central(share)
        if first <= low and high <= last:
            return "inside"
        return "partly" if low <= last and first <= high else "outside"

    def told(self) -> dict[str, Any]:
        """For a document: the whole pmf of a count; of a share or a ratio mean and quantiles."""
        if self.counts:
            return {"mean": self.mean(), "pmf": [float(p) for p in self.pmf(smooth=False)]}
        names = [f"p{round(100 * level):02d}" for level in LEVELS]
        if not len(self.values):  # nobody was hired in any history
            return dict.fromkeys(["mean", *names])
        return {"mean": self.mean(), **dict(zip(names, self.quantiles(), strict=True))}
