"""Runs a study into a folder that survives whatever happens, and reads it: `sweep`, `read`, `status`, `in_memory`.

from experiments import runner, study
responses = runner.sweep(study.load("tiny"), Path("results/tiny"), workers=2)   # the same call goes on after a crash
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import pool, signals
from abm.columns import Floats
from abm.disk import DISK, Disk, make_folders, put
from experiments import lock, reading, shards, work
from experiments.drive import Driver, Progress, Stopped
from experiments.engine_local import Engine, Here, Processes
from experiments.plan import Plan, plan
from experiments.reading import read, status
from experiments.responses import Responses
from experiments.store import RUNS, Store
from experiments.study import Study
from experiments.work import Order

__all__ = ["Progress", "Stopped", "in_memory", "read", "status", "sweep"]
ATTEMPTS: Final = "attempts"


def sweep(
    study: Study,
    folder: Path,
    *,
    workers: int = 1,
    cluster: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    batch_seconds: float = 3.0,
    retry_failed: bool = False,
    fresh: bool = False,
    run_seconds: float | None = None,
    disk: Disk = DISK,
) -> Responses:
    """Carry out the runs of a study that are not in the folder yet.

    Args:
        study: what to run.
        folder: where to; holds one study, which may grow by points and replicates.
        workers: processes; 0 works in this one, with nothing between a run that kills its process and the sweep.
        cluster: address or scheduler file of a Dask scheduler, whose workers are used instead.
        on_progress: called whenever runs have been stored.
        batch_seconds: how long a batch of runs takes, about; it is lost when its worker dies.
        retry_failed: try again what failed, crashed or took too long.
        fresh: put what the folder holds aside first.
        run_seconds: most seconds of a run; one that takes longer gets a row that says so.
        disk: where the file system is changed; tests give a faulty one.

    Raises:
        InUse: another launch works in the folder.
        OtherStudy: the folder holds another study, or results of other code.
        Stopped: the disk is full and the like; what is done is kept.
        KeyboardInterrupt: after Ctrl-C, when what was begun is stored; at once after a second one.
    """
    if run_seconds is not None and workers == 0 and cluster is None:
        raise ValueError("run_seconds needs a worker process that can be ended; expected workers of 1 or more")
    folder = folder.resolve()
    asked = plan(study)
    make_folders(disk, folder)
    with lock.held(folder, disk):
        store = Store(folder, asked, disk)
        store.open(fresh)
        todo = _todo(asked, store, retry_failed)
        store.fresh.clear()
        progress = Progress(planned=len(asked.unique()), reused=len(asked.unique()) - len(todo))
        if todo:
            order = Order(study, asked.code, folder, run_seconds, disk).packed()
            _carry_out(store, order, progress, todo, workers, cluster, batch_seconds, on_progress, run_seconds)
        store.finish()
    return read(folder)


def _todo(asked: Plan, store: Store, retry_failed: bool) -> list[tuple[Any, int]]:
    """What is not done, with the attempt it is."""
    found = []
    for run in asked.unique():
        attempt, status_ = store.done.get(run.run_id, (-1, ""))
        if not status_ or (retry_failed and status_ != shards.OK):
            found.append((run, attempt + 1))
    return sorted(found, key=lambda item: item[1])


def _carry_out(
    store: Store,
    order: bytes,
    progress: Progress,
    todo: list[tuple[Any, int]],
    workers: int,
    cluster: str | None,
    batch_seconds: float,
    on_progress: Callable[[Progress], None] | None,
    run_seconds: float | None,
) -> None:
    """Drive an engine through the runs, and keep a record of the launch."""
    began, clock = time.time(), time.perf_counter()
    engine = _engine(order, min(workers, len(todo)), cluster, run_seconds)
    driver = Driver(store, engine, progress, batch_seconds, on_progress, run_seconds)
    ended, orderly = "killed", False
    try:
        with _interruptible(driver) as interrupted:
            driver.run(todo)
        orderly = True
        ended = "interrupted" if interrupted else "done"
    except Exception as error:
        orderly, ended = True, str(error)
        raise
    except KeyboardInterrupt:
        ended = "interrupted twice"
        raise
    finally:
        engine.close(now=not orderly)
        if ended != "killed":
            _record(store, engine, progress, began, time.perf_counter() - clock, ended)
    if interrupted:
        raise KeyboardInterrupt


def _engine(order: bytes, workers: int, cluster: str | None, seconds: float | None) -> Engine:
    if cluster is not None:
        from experiments.engine_cluster import Cluster  # noqa: PLC0415  # an optional package

        return Cluster(order, cluster)
    return Processes(order, workers, seconds) if workers else Here(order)


@contextmanager
def _interruptible(driver: Driver) -> Iterator[list[bool]]:
    """The first Ctrl-C or SIGTERM lets what was begun finish, the second stops at once. Gives a list, empty without."""
    interrupted: list[bool] = []

    def hear() -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(True)
        driver.stopping = True

    with signals.handled(signals.without_echo(hear)):
        yield interrupted


def _record(store: Store, engine: Engine, progress: Progress, began: float, seconds: float, ended: str) -> None:
    """What differs between equal sweeps, for people; a disk that cannot take it does not matter here."""
    each = max(progress.executed, 1)
    content = {
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "ended": ended,
        "command": sys.argv,
        "host": platform.node(),
        "python": platform.python_version(),
        "engine": engine.name,
        "workers": engine.slots,
        "planned": progress.planned,
        "reused": progress.reused,
        "executed": progress.executed,
        "failed": progress.failed,
        "batches": progress.batches,
        "worker_deaths": progress.deaths,
        "quarantined": store.quarantined,
        "seconds": round(seconds, 3),
        "seconds_in_runs": round(progress.seconds, 3),
        "seconds_a_run": progress.seconds / each,
        "overhead_a_run": progress.overhead,
    }
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began))
    try:
        put(store.disk, store.folder / ATTEMPTS / f"{stamp}-{os.getpid()}.json", reading.readable(content))
    except OSError:
        pass


def failures(folder: Path) -> list[str]:
    """What the failed runs of a finished sweep say, in the order of the plan."""
    table = shards.unparquet((folder / RUNS).read_bytes(), ["status", "error", "message"]).to_pylist()
    return [f"{row['error']}: {row['message']}" for row in table if row["status"] != shards.OK]


# ---- without a folder ------------------------------------------------------------------------------------------------


def in_memory(study: Study, workers: int = 1, on_done: Callable[[], None] | None = None) -> Responses:
    """The answers of a study without a folder: for small analyses and tests; nothing survives an interruption.

    Args:
        study: what to run.
        workers: processes; 1 works in this one.
        on_done: called after each run.
    """
    asked = plan(study)
    runs = asked.unique()
    found: dict[str, tuple[float, ...]] = {}
    jobs = [(study.with_points(asked.x[run.point : run.point + 1]), replace(run, point=0)) for run in runs]
    for number, row in pool.each(work.carry_out, jobs, workers):
        found[runs[number].run_id] = row.values
        if on_done is not None:
            on_done()
    y: Floats = np.array([found[run.run_id] for run in asked.runs], dtype=np.float64)
    shape = (len(asked.x), len(asked.seeds), len(study.outcomes))
    return Responses(study.factors, asked.x, study.outcomes, study.units, y.reshape(shape), asked.seeds)
