"""What a sweep says, as arrays: points of a design, replicates with the same luck at every point, outcomes.

This is all that the analyses know of a sweep. Sensitivity, calibration, discovery and figures take `Responses`,
wherever they come from: a folder of shards, a model run on the spot, or a test function with a known answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that a design varies.

    Attributes:
        name: dotted key as for `--set`: `h0`, `policies.garden_leave.months`, `employers.Meta.compute`.
        low, high: the range; for levels that are numbers the smallest and the largest, else 0 and the last position.
        unit: of the number.
        log: whether the range is sampled evenly in the logarithm.
        levels: the values of a grid or a list, when it is not a range; text and truth values are allowed.
    """

    name: str
    low: float
    high: float
    unit: str = ""
    log: bool = False
    levels: tuple[float | str | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Responses:
    """The answers of a model over a design.

    Attributes:
        factors: K things varied.
        x: (P, K) their values at each point; positions in `levels` where these are not numbers.
        outcomes: Q texts as in `abm/outcomes.py`, or names of a test function.
        units: Q units of the outcomes.
        y: (P, R, Q) outcomes by point and replicate; NaN where a run failed.
        seeds: (R,) seeds of the replicates, the same at every point (common random numbers).
    """

    factors: tuple[Factor, ...]
    x: Floats
    outcomes: tuple[str, ...]
    units: tuple[str, ...]
    y: Floats
    seeds: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together.

        Raises:
            ValueError: says which shape came and which was expected.
        """
        points, replicates = len(self.x), len(self.seeds)
        for name, shape, expected in (
            ("x", self.x.shape, (points, len(self.factors))),
            ("y", self.y.shape, (points, replicates, len(self.outcomes))),
            ("units", (len(self.units),), (len(self.outcomes),)),
        ):
            if shape != expected:
                raise ValueError(f"responses: {name} has shape {shape}, expected {expected}")

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(P,) points with a run that failed."""
        return np.asarray(np.isnan(self.y).any(axis=(1, 2)))

    def of(self, outcome: str) -> Floats:
        """(P, R) one outcome.

        Raises:
            ValueError: an outcome that was not measured; lists those that were.
        """
        if outcome not in self.outcomes:
            raise ValueError(f"outcome {outcome!r} was not measured; measured were {', '.join(self.outcomes)}")
        return np.asarray(self.y[:, :, self.outcomes.index(outcome)])
