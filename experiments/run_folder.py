"""What `talent run` keeps while it is at work: a sweep of one point whose histories are stored whole, one by one.

`histories/` in the folder of a run is such a sweep. It is there as long as the run is not finished; then its tables
hold all that it held.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa

from abm import disk, history_file
from abm.run import Result
from abm.scenario import Scenario
from experiments import reading, shards
from experiments.models import HISTORY
from experiments.shards import Damaged
from experiments.store import PLAN
from experiments.study import Study

FOLDER: Final = "histories"
BATCH_SECONDS: Final = 1.0  # whole histories are large: few wait in a worker, and few are lost with it
OPEN: Final = 3  # shards whose histories are in memory at a time: neighbours are mostly in one


def study_of(scenario: Scenario, seed: int, replicates: int) -> Study:
    """The sweep that a run is: one point, so many histories, nothing watched and all kept."""
    return Study(
        name=scenario.name,
        why="",
        model=HISTORY,
        scenario=scenario,
        factors=(),
        method="list",
        n=0,
        rows=((),),
        replicates=replicates,
        seed=seed,
        outcomes=(),
        months=None,
    )


def stored(folder: Path) -> reading.Status | None:
    """How far the unfinished run in a folder is; None where there is none.

    Raises:
        Unreadable: it is damaged.
    """
    return reading.status(folder / FOLDER) if (folder / FOLDER / "study.json").exists() else None


def histories(folder: Path) -> Iterator[Result]:
    """The histories of a run that were stored, in the order of their numbers; a few are in memory at a time.

    Raises:
        Unreadable: no unfinished run, or a damaged one.
    """
    place = folder / FOLDER
    where: dict[str, tuple[str, int]] = {}
    for name in reading.whole(place):
        sidecar, _ = shards.verified(place, name)
        for row, run in enumerate(sidecar.runs):
            if run not in sidecar.failed:
                where.setdefault(run, (name, row))

    @lru_cache(maxsize=OPEN)
    def opened(name: str) -> pa.ChunkedArray:
        return shards.histories_of(*shards.verified(place, name))

    for run in shards.unparquet((place / PLAN).read_bytes())["run_id"].to_pylist():
        if run in where:
            name, row = where[run]
            try:
                yield history_file.unpack(opened(name)[row].as_py())
            except (Damaged, ValueError) as error:
                raise reading.Unreadable(f"{place}: {error}. --resume makes anew what is damaged") from error


def discard(folder: Path) -> None:
    """Remove what a run kept: all of it is in the tables, or nobody wants it."""
    place = folder / FOLDER
    if place.exists():
        aside = disk.unfinished_name(place)
        place.rename(aside)  # so that a kill in between leaves nothing that looks like a run
        shutil.rmtree(aside)
