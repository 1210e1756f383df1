"""The runs of a study in their order, each with its id: points of the design times replicates with the same luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.columns import Floats
from abm.run import replicate_seed
from experiments import identity
from experiments.study import Study


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its id, and where it stands in the design. Points that are alike share the id."""

    run_id: str
    point: int
    replicate: int
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All runs of a study.

    Attributes:
        study: what is run.
        code: digest of the code that the ids were made with.
        x: (P, K) points, as in `Responses`.
        seeds: (R,) seeds of the replicates, the same at every point.
        runs: P x R runs in the order of points and replicates.
    """

    study: Study
    code: str
    x: Floats
    seeds: NDArray[np.int64]
    runs: tuple[Run, ...]

    def unique(self) -> list[Run]:
        """The runs that are carried out: the first of each id."""
        found: dict[str, Run] = {}
        for run in self.runs:
            found.setdefault(run.run_id, run)
        return list(found.values())

    def table(self) -> pa.Table:
        """One row a run: id, point, replicate, seed and the value of every factor."""
        points = [self.study.settings(point) for point in range(len(self.x))]
        columns: dict[str, object] = {
            "run_id": [run.run_id for run in self.runs],
            "point": pa.array([run.point for run in self.runs], pa.int32()),
            "replicate": pa.array([run.replicate for run in self.runs], pa.int32()),
            "seed": pa.array([run.seed for run in self.runs], pa.int64()),
        }
        for factor in self.study.factors:
            columns[factor.name] = [points[run.point][factor.name] for run in self.runs]
        return pa.table(columns)


def plan(study: Study) -> Plan:
    """The runs of a study."""
    x = study.points()
    seeds = [replicate_seed(study.seed, number) for number in range(study.replicates)]
    code = identity.model_digest() if study.scenario is not None else ""
    settings = [study.settings(point) for point in range(len(x))]
    ids = identity.run_ids(study.scenario, study.model, code, settings, seeds, study.outcomes, study.months)
    runs = tuple(
        Run(run_id, point, replicate, seeds[replicate])
        for point, mine in enumerate(ids)
        for replicate, run_id in enumerate(mine)
    )
    return Plan(study, code, x, np.array(seeds, dtype=np.int64), runs)
