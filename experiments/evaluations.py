"""Histories with packages, each run once: results are kept in Parquet shards and found again by the content of the run.

The name of a run is the hash of all that it depends on: scenario, seed, replicate, people in question, window, package
and the code of the model. A changed model or scenario finds nothing of the old; a damaged shard is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from abm import pool, result_file, table_file
from abm.columns import Floats
from experiments import identity, package_runs, packages
from experiments.package_runs import MEASURES, measure_all
from experiments.packages import Case, Package

BATCH: Final = 16  # runs in a shard: what an interruption can lose at most


@cache
def model_digest() -> str:
    """SHA-256 of the digest of the model (`experiments/identity.py`), and of the code that measures packages."""
    found = hashlib.sha256(identity.model_digest().encode())
    for module in (packages, package_runs):
        assert module.__file__ is not None
        found.update(Path(module.__file__).read_bytes())
    return found.hexdigest()


def run(cases: tuple[Case, ...], given: Package, replicate: int) -> list[list[float]]:
    """One history (a worker's job): (C, M) as plain lists."""
    return [[float(value) for value in row] for row in measure_all(cases, given, replicate)]


class Evaluations:
    """Measures of packages by replicate; what has been run is not run again.

    Attributes:
        cases: one, or the employers of a game; they share scenario, seed and window.
        folder: where shards are; None keeps nothing.
        executed: histories run by this object.
    """

    def __init__(self, cases: tuple[Case, ...], folder: Path | None = None, workers: int = 1) -> None:
        """Read what the folder has."""
        self.cases, self.folder, self.workers, self.executed = cases, folder, workers, 0
        self._known: dict[str, Floats] = {}
        case = cases[0]
        about = {
            "model": model_digest(),
            "scenario": case.scenario.content_hash(),
            "seed": case.seed,
            "window": [case.first, case.last],
            "cases": [[each.employer, each.team] for each in cases],
            "measures": list(MEASURES),
        }
        self._about = json.dumps(about, sort_keys=True)
        if folder is not None and folder.is_dir():
            for path in sorted(folder.glob("runs-*.parquet")):
                self._read(path)

    def name(self, given: Package, replicate: int) -> str:
        """The name of a run."""
        text = json.dumps([self._about, sorted(given), replicate])
        return hashlib.sha256(text.encode()).hexdigest()

    def get(
        self, given: Sequence[Package], replicates: Iterable[int], on_done: Callable[[], None] | None = None
    ) -> Floats:
        """(P, R, C, M) measures of packages in replicates; runs what is missing.

        Args:
            given: P packages.
            replicates: R numbers, the same for every package: common random numbers.
            on_done: called after each history.

        Raises:
            RuntimeError: a history killed its worker again and again.
        """
        numbers = list(replicates)
        names = [[self.name(each, number) for number in numbers] for each in given]
        wanted = {
            name: (each, number)
            for row, each in zip(names, given, strict=True)
            for name, number in zip(row, numbers, strict=True)
        }
        missing = [name for name in wanted if name not in self._known]
        for start in range(0, len(missing), BATCH):
            self._run({name: wanted[name] for name in missing[start : start + BATCH]}, on_done)
        return np.stack([np.stack([self._known[name] for name in row]) for row in names])

    def _run(self, jobs: dict[str, tuple[Package, int]], on_done: Callable[[], None] | None) -> None:
        """Run a batch and write its shard; what was done before an interruption is written as well."""
        names = list(jobs)
        done: dict[str, Floats] = {}
        try:
            for number, found in pool.each(run, [(self.cases, *jobs[name]) for name in names], self.workers):
                done[names[number]] = np.array(found, dtype=np.float64)
                self.executed += 1
                if on_done is not None:
                    on_done()
        finally:
            self._known.update(done)
            if self.folder is not None and done:
                self._write(done)

    def _write(self, done: dict[str, Floats]) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        order = sorted(done)
        values = np.stack([done[name].ravel() for name in order])
        columns = {"run": pa.array(order)} | {
            f"{case.name}.{measure}": values[:, number * len(MEASURES) + k]
            for number, case in enumerate(self.cases)
            for k, measure in enumerate(MEASURES)
        }
        table_file.write_parquet(self.folder / f"{_shard(order, values)}.parquet", pa.table(columns))

    def _read(self, path: Path) -> None:
        """Take what a shard has; one that is damaged is as good as none: its runs are run again."""
        try:
            table = result_file.table(path)
            if table.num_columns != 1 + len(self.cases) * len(MEASURES):
                return
            order = [str(name) for name in table.column(0).to_pylist()]
            values = np.column_stack([table.column(k).to_numpy() for k in range(1, table.num_columns)])
        except (OSError, ValueError, pa.ArrowException):
            return
        if _shard(order, values) != path.stem:
            return
        shape = (len(self.cases), len(MEASURES))
        for name, row in zip(order, values, strict=True):
            self._known[name] = row.reshape(shape).astype(np.float64)


def _shard(order: Sequence[str], values: Floats) -> str:
    """The name of a shard: the hash of its runs and numbers, so that a file that was changed is told by its name."""
    content = hashlib.sha256("".join(order).encode() + values.tobytes())
    return f"runs-{content.hexdigest()[:32]}"
