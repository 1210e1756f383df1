"""What a sweep will cost, before it begins: a few runs in a fresh process give time, memory and the size of a row."""

from __future__ import annotations

import contextlib
import io
import math
import multiprocessing
import shutil
import sys
import time
from collections.abc import Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.models import execute
from experiments.plan import Plan, Run, plan
from experiments.study import Study

RUNS: Final = 3  # of the pilot, at points far from one another
SHARE: Final = 0.9  # of what is free that a sweep may take
BATCH_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a sweep needs and what there is.

    Attributes:
        points, runs, reused, to_run: of the plan; points that are alike share runs.
        seconds: (least, likely, most) of wall time with the workers asked for.
        memory, memory_free: bytes, all workers at their peak, and what is available now.
        workers: processes that have something to do.
        disk, disk_free: bytes, shards and table, and what is free where they go.
        failed: pilot runs that raised, in words.
    """

    points: int
    runs: int
    reused: int
    to_run: int
    workers: int
    seconds: tuple[float, float, float]
    memory: int
    memory_free: int
    disk: int
    disk_free: int
    failed: tuple[str, ...] = ()

    @property
    def refusal(self) -> str:
        """Why the sweep cannot be run here; empty when it can."""
        found = []
        if self.memory > SHARE * self.memory_free:
            each = self.memory // self.workers
            fits = int(SHARE * self.memory_free // each)
            fix = f"use --workers {fits}" if fits else "use a smaller scenario or a larger machine"
            need = f"{self.workers} workers need {size(self.memory)}, {size(self.memory_free)} are free"
            found.append(f"memory: {need}; {fix}")
        if self.disk > SHARE * self.disk_free:
            fix = "use --out on a larger disk, or fewer points"
            found.append(f"disk: the results need {size(self.disk)}, {size(self.disk_free)} are free; {fix}")
        return "; ".join(found)

    def lines(self) -> list[str]:
        """The estimate in words, a line a subject."""
        low, likely, high = (duration(x) for x in self.seconds)
        return [
            f"points     {self.points:,}",
            f"runs       {self.runs:,}, {self.reused:,} are there already, {self.to_run:,} to do",
            f"time       about {likely} with {self.workers} workers ({low} to {high}, from {RUNS} runs)",
            f"memory     {size(self.memory)} of {size(self.memory_free)} free",
            f"disk       {size(self.disk)} of {size(self.disk_free)} free",
            *(f"a run of the pilot failed: {text}" for text in self.failed),
        ]


def estimate(study: Study, folder: Path, workers: int = 1, done: Set[str] = frozenset()) -> Estimate:
    """Run a few points and reckon from them.

    Args:
        study: what would be run.
        folder: where the results would go; it need not exist and is not made.
        workers: processes that are asked for.
        done: ids of runs that are there already.
    """
    planned = plan(study)
    unique = planned.unique()
    waiting = [run for run in unique if run.run_id not in done]
    workers = max(min(workers, len(waiting)), 1)  # more have nothing to do
    start, found = _pilot(study, _spread(waiting)) if waiting else (0.0, [_Trial(0.0, 0, "")])
    took = np.array([one.seconds for one in found if not one.failure] or [one.seconds for one in found])
    share = len(waiting) / workers
    least, likely, most = (float(x) * share + start for x in (took.min(), took.mean(), took.max()))
    batches = math.ceil(len(waiting) / max(1, int(BATCH_SECONDS / max(float(took.mean()), 1e-6))))
    where = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    return Estimate(
        points=len(planned.x),
        runs=len(planned.runs),
        reused=len(unique) - len(waiting),
        to_run=len(waiting),
        workers=workers,
        seconds=(least, likely, most),
        memory=workers * max(one.peak for one in found),
        memory_free=int(psutil.virtual_memory().available),
        disk=_disk(planned, len(waiting), batches),
        disk_free=shutil.disk_usage(where).free,
        failed=tuple(dict.fromkeys(one.failure for one in found if one.failure)),
    )


def seconds_of_a_run(study: Study) -> float:
    """Processor seconds of a run, from a few in this process; the first of them also loads and is not counted."""
    took = []
    for run in _spread(plan(study).runs):
        began = time.process_time()
        with contextlib.suppress(Exception):  # the study itself makes a row of a failure
            execute(study, run.point, run.seed, run.replicate)
        took.append(time.process_time() - began)
    return float(np.mean(took[1:] or took))


def _spread(runs: Sequence[Run]) -> list[Run]:
    """A few runs far from one another in the order of the plan."""
    places = np.unique(np.linspace(0, len(runs) - 1, RUNS).astype(int))
    return [runs[k] for k in places]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One run of the pilot: seconds, peak memory of its process in bytes, and why it failed, if it did."""

    seconds: float
    peak: int
    failure: str


def _pilot(study: Study, runs: Sequence[Run]) -> tuple[float, list[_Trial]]:
    """Seconds until a fresh process was ready, and the runs in it."""
    began = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(_ready).result()
        ready = time.perf_counter() - began
        return ready, list(pool.map(_one, [study] * len(runs), runs))


def _ready() -> None:
    """Nothing: the process has been started and the model imported."""


def _one(study: Study, run: Run) -> _Trial:
    began, failure = time.perf_counter(), ""
    try:
        execute(study, run.point, run.seed, run.replicate)
    except Exception as error:  # a failure is a finding of the pilot; the sweep makes a row of it
        failure = f"point {run.point}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return _Trial(time.perf_counter() - began, _peak(), failure)


def _peak() -> int:
    """Largest resident memory of this process so far, bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415  # not there on Windows

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def _disk(planned: Plan, rows: int, shards: int) -> int:
    """Bytes of shards, table and plan: a file costs something by itself, and every row of it."""
    few, many = (_file(planned, n) for n in (1, 401))
    each = (many - few) / 400
    return int(shards * (few + 4096) + 3 * rows * each)


def _file(planned: Plan, rows: int) -> int:
    """Bytes of a Parquet file with so many rows of results."""
    table = planned.table()
    repeated = table.take(pa.array(np.arange(rows) % len(table)))
    numbers = np.sqrt(np.arange(1.0, rows + 1))  # as hard to compress as results are
    for text in planned.study.outcomes:
        repeated = repeated.append_column(f"outcome {text}", pa.array(numbers))
    out = io.BytesIO()
    pq.write_table(repeated, out, write_page_checksum=True)
    return len(out.getvalue())


def size(n: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if n >= 10 or unit == "B" else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
