"""How sure sensitivity indices are: intervals, ranks, what luck alone would show, and whether the sample was enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm.columns import Floats
from experiments.indices import Sample

WIDTH, CHANGE = 0.2, 0.1  # of the variance, or of the largest index; Sarrazin, Pianosi and Wagener (2016) ask for 0.05
KINDS = {"sobol": "base points", "morris": "trajectories", "swings": "replicates", "given": "points"}
RANGE_OF_THREE = 3.314  # 95 % point of the range of three standard normals (Tukey)


@dataclass(frozen=True, slots=True)
class Index:
    """One factor.

    Attributes:
        factor: its name.
        value, low, high: the index that factors are ranked by, with its 95 % interval.
        second, second_low, second_high: the index beside it.
        sign: direction: -1, 0 or 1.
        rank, rank_low, rank_high: place, 1 the strongest, with its 95 % interval.
        verdict: "acts", "luck" (shows no more than luck dealt anew would) or "undecided".
    """

    factor: str
    value: float
    low: float
    high: float
    second: float
    second_low: float
    second_high: float
    sign: int
    rank: int
    rank_low: int
    rank_high: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Convergence:
    """Whether the sample was large enough to rank by.

    Attributes:
        n, kind: size of the sample and what is counted.
        change, change_factor: largest change of an index from half of the sample to the whole.
        width, width_factor: the widest interval.
        stable: both are small.
        needed: size at which they should be; n when stable.
    """

    n: int
    kind: str
    change: float
    change_factor: str
    width: float
    width_factor: str
    stable: bool
    needed: int

    def told(self) -> str:
        """In one line."""
        verdict = "stable" if self.stable else f"not yet: use n >= {self.needed:,}"
        return (
            f"{verdict} (n = {self.n:,} {self.kind}; from half of them to all, {self.change_factor} changed most, by "
            f"{self.change:.2f}; widest interval {self.width:.2f}, of {self.width_factor})"
        )


@dataclass(frozen=True, slots=True)
class Luck:
    """How much of the variance is luck.

    Attributes:
        history: share of the variance of a single history.
        means: share of the variance of the means over replicates that is luck of a point by itself: it blurs indices.
        error: variance of that luck in the means.
    """

    history: float
    means: float
    error: float


def luck_of(table: Floats) -> Luck | None:
    """Split the variance of points x replicates, the same luck in a column (two-way analysis of variance).

    Args:
        table: (P, R) one outcome.

    Returns:
        The shares; None with one replicate or one point, which tell nothing about luck.
    """
    points, replicates = table.shape
    if min(points, replicates) < 2:
        return None
    by_point, by_replicate = table.mean(axis=1), table.mean(axis=0)
    own = table - by_point[:, None] - by_replicate[None, :] + table.mean()
    alone = float((own**2).sum()) / ((points - 1) * (replicates - 1))
    shared = max(float(by_replicate.var(ddof=1)) - alone / points, 0.0)
    means = float(by_point.var(ddof=1))
    error = alone / replicates
    whole = max(means - error, 0.0) + shared + alone
    return Luck(
        history=(shared + alone) / whole if whole > 0 else 0.0,
        means=min(error / means, 1.0) if means > 0 else 0.0,
        error=error,
    )


def idle_shows(method: str, luck: Luck | None, variance: float, n: int, step: float) -> float | None:
    """The index that a factor would show (95 %) whose only effect is to deal the luck anew.

    In an agent-based model most changes reshuffle who meets whom, so a factor without an effect need not show zero.
    A factor below this may still have a small effect: keyed luck leaves those alone whom it does not touch.

    Args:
        method: of the indices; for `given` the caller shuffles instead.
        luck: of the outcome; None if not known.
        variance: of the replicate means.
        n: base points, trajectories or replicates.
        step: of Morris' trajectories as a share of the range.
    """
    if luck is None:
        return None
    if method == "sobol":
        return luck.error / variance * (1 + 1.645 * float(np.sqrt(2 / n)))
    if method == "morris":
        one = float(np.sqrt(2 * luck.error)) / step
        return one * float(np.sqrt(2 / np.pi) + 1.645 * np.sqrt((1 - 2 / np.pi) / n))
    return RANGE_OF_THREE * float(np.sqrt(luck.error))


def ranked(names: list[str], sample: Sample, threshold: float | None) -> list[Index]:
    """The factors in order, each with intervals and a verdict."""
    order = np.argsort(-sample.main, kind="stable")
    low, high = np.quantile(sample.main_samples, [0.025, 0.975], axis=0)
    second_low, second_high = np.quantile(sample.second_samples, [0.025, 0.975], axis=0)
    places = np.argsort(np.argsort(-sample.main_samples, axis=1, kind="stable"), axis=1) + 1
    place_low, place_high = np.quantile(places, [0.025, 0.975], axis=0, method="nearest")
    bar = threshold or 0.0
    found = []
    for rank, k in enumerate(order.tolist(), start=1):
        verdict = "acts" if low[k] > bar else "luck" if high[k] <= bar else "undecided"
        found.append(
            Index(
                factor=names[k],
                value=float(sample.main[k]),
                low=float(min(low[k], sample.main[k])),
                high=float(max(high[k], sample.main[k])),
                second=float(sample.second[k]),
                second_low=float(min(second_low[k], sample.second[k])),
                second_high=float(max(second_high[k], sample.second[k])),
                sign=int(sample.sign[k]),
                rank=rank,
                rank_low=int(min(place_low[k], rank)),
                rank_high=int(max(place_high[k], rank)),
                verdict=verdict,
            )
        )
    return found


def convergence(method: str, names: list[str], sample: Sample, half: Callable[[], Floats] | None) -> Convergence | None:
    """Compare half of the sample with the whole, and look at the widest interval.

    Args:
        method: of the indices; shares of variance are compared as they are, others as shares of the largest.
        names: of the factors.
        sample: the indices of the whole.
        half: gives the indices of half of the sample; None if it cannot be halved.

    Returns:
        The note; None if there is nothing to compare.
    """
    if half is None:
        return None
    scale = 1.0 if method == "sobol" else float(sample.main.max())
    if scale <= 0:
        return None
    changes = np.abs(half() - sample.main) / scale
    low, high = np.quantile(sample.main_samples, [0.025, 0.975], axis=0)
    widths = (high - low) / scale
    change, width = float(changes.max()), float(widths.max())
    stable = change <= CHANGE and width <= WIDTH
    needed = sample.n
    if not stable:
        # Widths shrink with the root of n. A change that is too large asks for twice as much, at least.
        needed = max(int(np.ceil(sample.n * (width / WIDTH) ** 2)), 2 * sample.n if change > CHANGE else 0)
        needed = 2 ** int(np.ceil(np.log2(needed))) if method == "sobol" else int(np.ceil(needed / 10)) * 10
    return Convergence(
        n=sample.n,
        kind=KINDS[method],
        change=change,
        change_factor=names[int(changes.argmax())],
        width=width,
        width_factor=names[int(widths.argmax())],
        stable=stable,
        needed=needed,
    )
