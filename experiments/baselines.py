"""Three simple forecasts beside the model, from the same targets: what must be beaten to have said something.

Each is a monthly hazard of leaving with at most one shape, and every group of people (a cohort; those hired by one
employer) has its own level of it: log hazard = a + spread x z, z normal. So a baseline knows that groups differ, and
tells it in the width of what it predicts for a group of which nothing is known.

constant hazard    everybody leaves at the level of the group.
tenure only        Weibull: the hazard follows a power of tenure. Members of a cohort have been there for an
                   exponential time with the model's declared mean, those hired for none.
contagion only     a group begins at its level, and the hazard grows in proportion to the share of its members who
                   have gone (a pure death chain in months).

Weak priors: a normal around 1.5 % a month with sd 1, spread half-normal with scale 0.7, power of tenure lognormal with
sd 0.4, added hazard when all have gone exponential with mean 3 times the level. All on grids: the posterior, and the
predictive distribution over it, are exact sums; nothing is drawn but flows. A share of those hired is taken to be as
well known as if 50 people had been hired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np

from abm import parameters
from abm.columns import Floats
from experiments.observed import Row
from experiments.scores import Predictive

LEVEL, LEVEL_SD, SPREAD, POWER_SD, CONTAGION = np.log(0.015), 1.0, 0.7, 0.4, 3.0  # priors, see above
HIRED: Final = 50
HAZARDS: Final = np.linspace(np.log(1e-4), np.log(0.8), 73)  # log monthly hazards at which everything is computed
LEVELS: Final = np.linspace(LEVEL - 3 * LEVEL_SD, LEVEL + 3 * LEVEL_SD, 37)
SPREADS: Final = np.linspace(0.05, 2.05, 11)
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
AGES: Final = 12  # quantiles of tenure at which the members of a cohort are taken to stand
NAMES: Final = {"constant": "constant hazard", "tenure": "tenure only (Weibull)", "contagion": "contagion only"}
SHAPES: Final = {
    "constant": np.ones(1),
    "tenure": np.exp(np.linspace(-1.0, 1.0, 11)),
    "contagion": np.expm1(np.linspace(0.0, np.log(19.0), 11)),
}


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted baseline.

    Attributes:
        name: constant, tenure or contagion.
        posterior: (levels, spreads, shapes) probabilities.
        groups: group -> (hazards, shapes, ...) likelihood of its targets on the grid, for its own z.
        observed: the rows that were fitted, by group.
    """

    name: str
    posterior: Floats
    groups: dict[str, Floats] = field(default_factory=dict)
    observed: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        """Posterior means: level (share a month), spread (sd of log hazard) and shape."""
        level, spread, shape = (self.posterior.sum(axis=other) for other in ((1, 2), (0, 2), (0, 1)))
        return {
            "level": float(level @ np.exp(LEVELS)),
            "spread": float(spread @ SPREADS),
            "shape": float(shape @ SHAPES[self.name]),
        }

    def group(self, name: str) -> Floats:
        """(hazards, shapes) posterior of the hazard of one group: z given its own targets, or from the prior."""
        found = np.zeros((len(HAZARDS), len(SHAPES[self.name])))
        own = self.groups.get(name, np.ones_like(found))
        low, share = places()
        for part, place in ((1.0 - share, low), (share, low + 1)):  # every node lies between two of HAZARDS
            weight = part * NODE_WEIGHTS / NODE_WEIGHTS.sum()
            for k in range(found.shape[1]):
                here = self.posterior[:, :, k, None] * weight * inside(own, k)
                rest = _evidence(own, k)[..., None]
                np.add.at(found[:, k], place, here / np.where(rest > 0, rest, 1.0))
        return np.asarray(found / found.sum())


def fit(name: str, observed: Sequence[Row]) -> Fit:
    """Fit a baseline to the rows with a target; rows to be predicted change nothing."""
    shapes = SHAPES[name]
    log = np.zeros((len(LEVELS), len(SPREADS), len(shapes)))
    log += -0.5 * ((LEVELS[:, None, None] - LEVEL) / LEVEL_SD) ** 2 - 0.5 * (SPREADS[:, None] / SPREAD) ** 2
    if name == "tenure":
        log += -0.5 * (np.log(shapes) / POWER_SD) ** 2
    elif name == "contagion":
        log += -shapes / CONTAGION + np.log1p(shapes)  # even steps in log(1 + shape)
    mine: dict[str, tuple[Row, ...]] = {}
    for row in observed:
        if row.fitted:
            mine[group_of(row)] = (*mine.get(group_of(row), ()), row)
    groups = {}
    for group, members in mine.items():
        groups[group] = likelihood(name, members)
        for k in range(len(shapes)):
            log[:, :, k] += np.log(np.maximum(_evidence(groups[group], k), 1e-300))
    posterior = np.exp(log - log.max())
    return Fit(name, posterior / posterior.sum(), groups, mine)


def group_of(row: Row) -> str:
    """Whose hazard a row is about: a subset of a cohort shares the cohort's."""
    return f"hired:{row.subject}" if row.kind == "retention" else row.parent or row.subject


# ---- what a hazard implies -------------------------------------------------------------------------------------------


def people(row: Row) -> int:
    """In the group of a row; of a subset of a cohort, in the cohort."""
    return HIRED if row.kind == "retention" else row.within or row.of


def paths(name: str, n: int, months: int, new: bool, start: Floats | None = None, begun: int = 0) -> Floats:
    """(hazards, shapes, n + 1) distribution of how many have left, `months` after the people were fixed.

    Args:
        name: of the baseline.
        n: people.
        months: since the date at which they were fixed.
        new: they were hired at that date.
        start: the distribution at month `begun`; nobody has left when it is not given.
        begun: see `start`.
    """
    shapes, rate = SHAPES[name], np.exp(HAZARDS)
    if start is None:
        start = np.zeros((len(rate), len(shapes), n + 1))
        start[..., 0] = 1.0
    if name == "contagion":
        month = _month_of_contagion(n)
        for _ in range(months - begun):
            start = (start[..., None, :] @ month)[..., 0, :]
        return start
    stay = survival(name, months, new) / np.maximum(survival(name, begun, new), 1e-300)
    return _step(start, np.broadcast_to((1.0 - stay)[..., None], start.shape))


def survival(name: str, months: int, new: bool) -> Floats:
    """(hazards, shapes) probability that one person is still there, without contagion."""
    rate = np.exp(HAZARDS)[:, None]
    if name != "tenure":
        return np.exp(-rate * months)
    power = SHAPES[name]
    mean = parameters.declared()["tenure_mean"].default
    ages = np.zeros(1) if new else -mean * np.log1p(-(np.arange(AGES) + 0.5) / AGES)

    def gathered(age: Floats) -> Floats:  # hazard so far; at a tenure of two years it grows by the rate a month
        return np.asarray(24.0 / power[:, None] * (age / 24.0) ** power[:, None])

    return np.exp(-rate[..., None] * (gathered(ages + months) - gathered(ages))).mean(axis=-1)


@cache
def _month_of_contagion(n: int) -> Floats:
    """(hazards, shapes, n + 1, n + 1) one month of the chain: from how many gone to how many gone."""
    share = np.arange(n + 1) / max(n - 1, 1)
    leaves = -np.expm1(-np.exp(HAZARDS)[:, None, None] * (1.0 + SHAPES["contagion"][:, None] * share))
    one = np.eye(n + 1)
    return np.stack([_step(np.broadcast_to(one[k], leaves.shape), leaves) for k in range(n + 1)], axis=2)


def _step(before: Floats, leaves: Floats) -> Floats:
    """One step of the chain: each of those left goes with a probability that depends on how many have gone."""
    from scipy.special import gammaln  # noqa: PLC0415  # slow to import

    n = before.shape[-1] - 1
    after = np.zeros_like(before)
    with np.errstate(divide="ignore"):
        yes, no = np.log(leaves), np.log1p(-leaves)
    for gone in range(n + 1):
        if not before[..., gone].any():
            continue
        more = np.arange(n - gone + 1)
        ways = gammaln(n - gone + 1) - gammaln(more + 1) - gammaln(n - gone - more + 1)
        with np.errstate(invalid="ignore"):
            go = np.where(more > 0, more * yes[..., gone, None], 0.0)
            stay = np.where(more < n - gone, (n - gone - more) * no[..., gone, None], 0.0)
        after[..., gone:] += before[..., gone, None] * np.exp(ways + go + stay)
    return after


def likelihood(name: str, members: Sequence[Row]) -> Floats:
    """(hazards, shapes) probability of the targets of one group, in the order of time."""
    whole = np.ones((len(HAZARDS), len(SHAPES[name])))
    start, begun = None, 0
    for row in sorted(members, key=lambda row: row.months):
        now = paths(name, people(row), row.months, row.kind == "retention", start, begun)
        inside = now * seen(row)
        share = inside.sum(axis=-1)
        whole = whole * share
        start, begun = inside / np.maximum(share, 1e-300)[..., None], row.months
    return whole


def seen(row: Row) -> Floats:
    """(people + 1,) probability of what was observed, given that so many of the group have left: mostly 1 or 0."""
    n = people(row)
    low, high = float(row.low or 0.0), float(row.of if row.high is None else row.high)
    gone = np.arange(n + 1)
    if row.kind == "retention":
        return np.asarray(np.abs((n - gone) / n - (low + high) / 2) <= (high - low) / 2 + 0.5 / n - 1e-9, dtype=float)
    if row.within:
        cells = np.arange(row.of + 1)
        return np.asarray(_subset(n, row.of)[:, (cells >= low) & (cells <= high)].sum(axis=1))
    return np.asarray((gone >= low) & (gone <= high), dtype=float)


def _subset(n: int, size: int) -> Floats:
    """(n + 1, size + 1) how many of a random subset have left, given how many of all."""
    from scipy.stats import hypergeom  # noqa: PLC0415  # slow to import

    return np.asarray(hypergeom.pmf(np.arange(size + 1), n, np.arange(n + 1)[:, None], size))


# ---- the grid of groups ----------------------------------------------------------------------------------------------


def places() -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], Floats]:
    """Where log hazard = level + spread x node falls among HAZARDS: (levels, spreads, nodes) index and remainder."""
    wanted = np.clip(LEVELS[:, None, None] + SPREADS[:, None] * NODES, HAZARDS[0], HAZARDS[-1])
    place = (wanted - HAZARDS[0]) / (HAZARDS[1] - HAZARDS[0])
    low = np.minimum(place.astype(np.int64), len(HAZARDS) - 2)
    return low, place - low


def inside(own: Floats, shape: int) -> Floats:
    """(levels, spreads, nodes) likelihood of a group's targets at each node."""
    low, share = places()
    return np.asarray(own[low, shape] * (1.0 - share) + own[low + 1, shape] * share)


def _evidence(own: Floats, shape: int) -> Floats:
    """(levels, spreads) likelihood with the group's z integrated out."""
    return np.asarray(inside(own, shape) @ NODE_WEIGHTS / NODE_WEIGHTS.sum())


# ---- forecasts -------------------------------------------------------------------------------------------------------


def predict(fitted: Fit, row: Row, given: bool = False) -> Predictive:
    """What a baseline says of a cohort or of retention, with the uncertainty of its parameters.

    Args:
        fitted: the baseline.
        row: the cohort by date, or the retention.
        given: for the same people as in a fitted row of no later date, go on from what was observed then.

    Returns:
        The exact distribution: of the number who left, or of the share still there.
    """
    weights = fitted.group(group_of(row))
    new, n = row.kind == "retention", people(row)
    start, begun = None, 0
    for earlier in fitted.observed.get(group_of(row), ()) if given else ():
        if earlier.months <= row.months and earlier.key != row.key and people(earlier) == n:
            now = paths(fitted.name, n, earlier.months, new) * seen(earlier)
            start, begun = now / np.maximum(now.sum(axis=-1, keepdims=True), 1e-300), earlier.months
    pmf = np.einsum("hs,hsn->n", weights, paths(fitted.name, n, row.months, new, start, begun))
    if row.within:
        pmf = pmf @ _subset(n, row.of)
    pmf = pmf / pmf.sum()
    if new:
        return Predictive(np.arange(n, -1, -1) / n, pmf, 1, 0)
    return Predictive(np.arange(row.of + 1.0), pmf, row.of, 0)
