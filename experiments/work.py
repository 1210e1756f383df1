"""What a worker does: runs a batch, stores the shard itself and gives back only its name. The same on every engine."""

from __future__ import annotations

import os
import pickle
import re
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from abm.columns import Floats
from abm.disk import DISK, Disk
from abm.workers import note
from experiments import identity, shards
from experiments.models import HISTORY, execute, history
from experiments.plan import Run
from experiments.shards import Row
from experiments.study import Study

LONGEST: Final = 4000  # letters of a traceback that are kept
_ROOT: Final = str(Path(__file__).resolve().parents[1])
_PLACES: Final = re.compile(r'File "([^"]+)"')
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


@dataclass(frozen=True)
class Order:
    """What all batches of a sweep share.

    Attributes:
        study: what is run; its points come with the batches.
        code: digest of the code that the plan was made with; a worker with other code refuses.
        folder: of the sweep; None keeps nothing.
        seconds: most seconds of a run; None for no limit.
        disk: where to.
    """

    study: Study
    code: str
    folder: Path | None
    seconds: float | None = None
    disk: Disk = DISK

    def packed(self) -> bytes:
        """As bytes, which travel with every batch and are read once by a worker."""
        return pickle.dumps(replace(self, study=self.study.without_points()))


@dataclass(frozen=True, slots=True)
class Job:
    """A batch of runs, carried out together by one worker.

    Attributes:
        runs: point is the place in the design.
        x: (runs, K) the point of each run: all of a large design would be most of what is sent.
        attempt: see `Sidecar`.
    """

    runs: tuple[Run, ...]
    x: Floats = field(compare=False)
    attempt: int = 0

    @property
    def name(self) -> str:
        """The name of its shard."""
        return shards.name_of((run.run_id for run in self.runs), self.attempt)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a worker gives back: the shard, how many runs are not ok, and the seconds that the runs took."""

    name: str
    failed: dict[str, int]
    seconds: float


class StoreError(OSError):
    """A shard could not be written."""


class OtherCode(RuntimeError):
    """A worker has other code than the plan."""


@lru_cache(maxsize=4)
def _order(packed: bytes) -> Order:
    order: Order = pickle.loads(packed)
    if order.code and order.code != (mine := identity.model_digest()):
        raise OtherCode(
            f"the plan was made with code {order.code[:12]} and a worker has code {mine[:12]}: the code was changed "
            "while the sweep ran, or a machine has another version. Use the same code everywhere, then start again"
        )
    return order


def work(packed: bytes, job: Job) -> Receipt:
    """Run a batch and store its shard (importable by name: this is what engines send to workers)."""
    order = _order(packed)
    began = time.perf_counter()
    study = order.study.with_points(job.x)
    rows: list[Row] = []
    for place, run in enumerate(job.runs):
        if order.seconds is not None:
            note(place)  # from now on the parent counts the seconds of this run
        rows.append(_limited(order, study, replace(run, point=place), rows, job.attempt))
    seconds = time.perf_counter() - began
    _commit(order, rows, job.attempt)
    failed: dict[str, int] = {}
    for row in rows:
        if row.status != shards.OK:
            failed[row.status] = failed.get(row.status, 0) + 1
    return Receipt(job.name, failed, seconds)


def _commit(order: Order, rows: Sequence[Row], attempt: int) -> None:
    assert order.folder is not None, "a worker stores what it did"
    try:
        shards.commit(order.disk, order.folder, rows, order.study.outcomes, order.code, attempt)
    except OSError as error:
        raise StoreError(error.errno, error.strerror or str(error), error.filename) from error


def carry_out(study: Study, run: Run) -> Row:
    """One run at a point of this study; what it raises becomes a row."""
    try:
        if study.model == HISTORY:
            return Row(run.run_id, run.seed, shards.OK, (), history=history(study, run.replicate))
        values = tuple(execute(study, run.point, run.seed, run.replicate))
        if len(values) != len(study.outcomes):
            raise ValueError(f"the model gave {len(values)} values; expected {len(study.outcomes)}, one an outcome")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a model raises is a row, `sys.exit` too
        return failure(study, run, shards.FAILED, type(error).__name__, str(error), told(error))
    return Row(run.run_id, run.seed, shards.OK, values)


def failure(study: Study, run: Run, status: str, error: str, message: str, trace: str = "") -> Row:
    """The row of a run that gave no values."""
    nothing = (float("nan"),) * len(study.outcomes)
    return Row(run.run_id, run.seed, status, nothing, error, plain(message)[:LONGEST], trace)


def told(error: BaseException) -> str:
    """The traceback below this file, the same on every machine: no folders, no addresses in memory."""
    below = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return plain("".join(traceback.format_exception(type(error), error, below)))[-LONGEST:]


def plain(text: str) -> str:
    """Without the folders and the addresses of this machine."""
    text = _PLACES.sub(lambda hit: f'File "{_place(hit[1])}"', text)
    for folder in (_ROOT, str(Path.home()), os.path.realpath(os.curdir)):
        if len(folder) > 1:
            text = text.replace(folder, ".")
    return _ADDRESS.sub("0x...", text)


def _place(path: str) -> str:
    if path.startswith(_ROOT + os.sep) and "site-packages" not in path:
        return Path(path).relative_to(_ROOT).as_posix()
    after = path.replace("\\", "/").rpartition("site-packages/")[2]
    return after if after != path else Path(path).name


# ---- most seconds of a run -------------------------------------------------------------------------------------------


def _limited(order: Order, study: Study, run: Run, before: Sequence[Row], attempt: int) -> Row:
    """One run. When it takes too long, this worker stores what came before it and a row that says so, and ends.

    Nothing less stops code that does not come back to Python; the engine starts another worker. The parent counts too,
    for a worker in which not even the watch runs (`abm/workers.py`).
    """
    if order.seconds is None:
        return carry_out(study, run)
    over, handing_over = threading.Event(), threading.Lock()  # a run has one row: of its end or of the limit

    def watch() -> None:
        if over.wait(order.seconds):
            return
        with handing_over:
            if over.is_set():
                return
            message = f"took longer than {order.seconds:g} s"
            try:
                _commit(order, [*before, failure(order.study, run, shards.TIMEOUT, "Timeout", message)], attempt)
            finally:
                os._exit(75)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        return carry_out(study, run)
    finally:
        with handing_over:
            over.set()
        watcher.join()
