"""The stored histories that a calibration stands on: one sweep, or several of the same question with other seeds.

A sweep has the same seeds at all its points. Several sweeps over other points with other seeds, put together here, know
more kinds of luck than one of the same size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from abm.scenario import ScenarioError
from experiments.responses import Factor, Responses

MOST_FREE: Final = 3
MOST_FAILED, FEWEST_WHOLE = 0.05, 10


@dataclass(frozen=True, slots=True)
class Target:
    """One observation to be met: an outcome, the interval observed (both ends the same: a number), its error.

    Attributes:
        outcome: text as in `abm/outcomes.py`.
        low, high: in the outcome's unit; both belong to the interval.
        of: how many people a count is out of; 1 for a share; 0 for a number without such a bound.
        noise: standard deviation of the error of the observation, normal, in the same unit.
    """

    outcome: str
    low: float
    high: float
    of: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Histories:
    """One row for each replicate of each point.

    Attributes:
        factors: K things varied, with the ranges of the prior.
        outcomes: Q texts.
        x: (N, K) parameters.
        y: (N, Q) outcomes; NaN where a run failed, or where there is no such number.
        seeds: (N,) of the luck.
        point: (N,) number of the point.
    """

    factors: tuple[Factor, ...]
    outcomes: tuple[str, ...]
    x: Floats
    y: Floats
    seeds: NDArray[np.int64]
    point: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> Histories:
        """Some of them."""
        return Histories(
            self.factors, self.outcomes, self.x[chosen], self.y[chosen], self.seeds[chosen], self.point[chosen]
        )

    def column(self, outcome: str) -> Floats:
        """(N,) one outcome."""
        return np.asarray(self.y[:, self.outcomes.index(outcome)])


def gather(sweeps: Responses | Sequence[Responses] | Histories) -> Histories:
    """The histories of one sweep, or of several with the same factors and outcomes.

    Raises:
        ScenarioError: sweeps that ask different things.
    """
    if isinstance(sweeps, Histories):
        return sweeps
    every = [sweeps] if isinstance(sweeps, Responses) else list(sweeps)
    first = every[0]
    for number, other in enumerate(every[1:], 2):
        if (other.factors, other.outcomes) != (first.factors, first.outcomes):
            raise ScenarioError.about(
                "calibration",
                [
                    f"sweep {number}: has other factors, ranges or outcomes than the first. Fix: put together only "
                    "sweeps of the same study with other seeds"
                ],
            )
    points = np.split(np.arange(sum(len(each.x) for each in every)), np.cumsum([len(each.x) for each in every])[:-1])
    return Histories(
        factors=first.factors,
        outcomes=first.outcomes,
        x=np.concatenate([np.repeat(each.x, len(each.seeds), axis=0) for each in every]),
        y=np.concatenate([each.y.reshape(-1, len(first.outcomes)) for each in every]),
        seeds=np.concatenate([np.tile(each.seeds, len(each.x)) for each in every]),
        point=np.concatenate([np.repeat(own, len(each.seeds)) for own, each in zip(points, every, strict=True)]),
    )


def refuse(responses: Histories, targets: Sequence[Target]) -> None:
    """Say everything that is wrong with a question before any number is made.

    Raises:
        ScenarioError: see `calibrate`.
    """
    problems = []
    names = ", ".join(factor.name for factor in responses.factors)
    if not 1 <= len(responses.factors) <= MOST_FREE:
        problems.append(
            f"factors: came {len(responses.factors)} ({names}); expected 1 to {MOST_FREE}: the few observed numbers "
            f"cannot tell more apart. Fix: sweep the {MOST_FREE} that matter most"
        )
    for factor in responses.factors:
        if any(not isinstance(level, int | float) or isinstance(level, bool) for level in factor.levels):
            problems.append(f"factor {factor.name}: came names as levels; expected numbers. Fix: give low and high")
        elif not factor.low < factor.high or (factor.log and factor.low <= 0):
            problems.append(
                f"factor {factor.name}: came {factor.low} to {factor.high}; expected a range with low < high"
            )
    if not targets:
        problems.append("targets: came none; expected at least one observation with use = calibrate")
    for target in targets:
        if target.outcome not in responses.outcomes:
            problems.append(
                f"target {target.outcome}: was not measured; the sweep has {', '.join(responses.outcomes)}. "
                f'Fix: add "{target.outcome}" to the outcomes of the study'
            )
        if not target.low <= target.high or target.noise < 0:
            problems.append(
                f"target {target.outcome}: came {target.low} to {target.high}; expected low <= high, noise >= 0"
            )
    if problems:
        raise ScenarioError.about("calibration", problems)


def whole(responses: Histories, targets: Sequence[Target]) -> tuple[Floats, Floats, NDArray[np.int64], int]:
    """Parameters (N, K), statistics (N, Q) and seed (N,) of every whole history in canonical order; how many are not.

    Raises:
        ScenarioError: more than one in twenty failed, or fewer than ten are left.
    """
    s = responses.y[:, [responses.outcomes.index(target.outcome) for target in targets]]
    good = ~np.isnan(s).any(axis=1)
    failed = int((~good).sum())
    if failed > MOST_FAILED * len(s) or good.sum() < FEWEST_WHOLE:
        raise ScenarioError.about(
            "calibration",
            [
                f"{failed} of {len(s)} histories failed or have no such outcome; expected at most {MOST_FAILED:.0%} "
                "and ten whole ones: leaving many out would bias the result. Fix: repeat them, or narrow the ranges"
            ],
        )
    x, s, seeds = responses.x[good], s[good], responses.seeds[good]
    order = np.lexsort([*s.T[::-1], seeds, *x.T[::-1]])
    return x[order], s[order], seeds[order], failed
