"""Gives batches to an engine until every run is done: sizes them, isolates those that kill workers, stops in order."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from abm.workers import Died, Overdue
from experiments import shards
from experiments.engine_local import Engine
from experiments.plan import Run
from experiments.store import Store
from experiments.work import Job, OtherCode, Receipt, StoreError, failure

STRIKES: Final = 3  # workers that a run may kill, alone, before it is given up
MOST: Final = 20_000  # runs of a batch
WINDOW: Final = 2  # batches begun at a time, per worker
LATE: Final = (0.0, 0.2, 1.0, 5.0)  # seconds to wait for a shard that a worker on another machine stored
PATIENCE: Final = 0.5  # seconds between looks at the clock and at Ctrl-C


class Missing(RuntimeError):
    """A shard is not where a worker says that it is."""


class Stopped(RuntimeError):
    """The sweep could not go on; what is done is kept, and the same command continues it.

    Attributes:
        trouble: what was in the way, without where the sweep is and how it goes on.
    """

    def __init__(self, trouble: str, more: str = "") -> None:
        super().__init__(trouble + more)
        self.trouble = trouble


@dataclass(slots=True)
class Progress:
    """Where a sweep is, in runs. Failed: of all in the folder, by status. Seconds: spent in runs by this launch.

    Slots, wall: workers, and seconds since the first batch was begun.
    """

    planned: int
    reused: int = 0
    executed: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    deaths: int = 0
    seconds: float = 0.0
    slots: int = 0
    wall: float = 0.0

    @property
    def overhead(self) -> float:
        """Seconds of a worker, for each run, in which it did not run the model: start-up, storing, waiting."""
        return max(0.0, self.wall * self.slots - self.seconds) / max(self.executed, 1)

    @property
    def done(self) -> int:
        """Runs that need no work any more."""
        return self.reused + self.executed


class Driver:
    """One launch of a sweep."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        progress: Progress,
        batch_seconds: float,
        on_progress: Callable[[Progress], None] | None,
        seconds: float | None = None,
    ) -> None:
        self.store, self.engine, self.progress, self.seconds = store, engine, progress, seconds
        self.stopping = False
        self._batch_seconds, self._on_progress = batch_seconds, on_progress
        self._waiting: deque[tuple[Run, int]] = deque()
        self._suspects: deque[Job] = deque()
        self._strikes: dict[str, int] = {}
        self._left: dict[str, int] = {}  # runs that are not stored, with their attempt
        self._begun = 0
        self._clock = 0.0
        self._alone = False

    def run(self, todo: Sequence[tuple[Run, int]]) -> None:
        """Carry out runs (with their attempt); returns when all are done, or those begun after `stopping` was set.

        Raises:
            Stopped: disk full and the like, or no workers; says how many runs are done.
        """
        self._waiting.extend(todo)
        self._clock = time.perf_counter()
        self._left = {run.run_id: attempt for run, attempt in todo}
        trouble: BaseException | None = None
        while self._begun or ((self._waiting or self._suspects) and not self.stopping):
            if not self.stopping:
                self._fill()
            for job, answer in self.engine.wait(PATIENCE):
                self._begun -= 1
                trouble = self._take(job, answer) or trouble
            if (self.stopping or trouble is not None) and self._begun:
                self._begun -= self.engine.cancel()
            self.stopping = self.stopping or trouble is not None
        if trouble is not None:
            raise self._stopped(trouble) from trouble

    # ---- giving ------------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Begin batches while there is room; suspects one at a time with nothing beside them."""
        if self._suspects or self._alone:
            if not self._begun and self._suspects:
                self._alone = True
                self._begin(self._suspects.popleft())
            return
        while self._waiting and self._begun < WINDOW * self.engine.slots:
            if (job := self._batch()).runs:
                self._begin(job)

    def _begin(self, job: Job) -> None:
        self._begun += 1
        self.engine.submit(job)

    def _batch(self) -> Job:
        """So many runs as take `batch_seconds`, by what was measured; the last ones are shared out evenly."""
        size = 1
        if self.progress.batches:
            each = self.progress.seconds / max(self.progress.executed, 1)
            share = math.ceil(len(self._waiting) / (WINDOW * self.engine.slots))
            size = max(1, min(share, MOST, int(self._batch_seconds / max(each, 1e-7))))
            size = min(size, 20 * max(1, self.progress.executed))  # a first guess is only a guess
        attempt = self._waiting[0][1]
        runs: list[Run] = []
        while self._waiting and len(runs) < size and self._waiting[0][1] == attempt:
            run, _ = self._waiting.popleft()
            if run.run_id in self._left:
                runs.append(run)
        return self._job(runs, attempt)

    def _job(self, runs: Sequence[Run], attempt: int) -> Job:
        return Job(tuple(runs), self.store.plan.x[[run.point for run in runs]], attempt)

    # ---- taking ------------------------------------------------------------------------------------------------------

    def _take(self, job: Job, answer: Receipt | BaseException) -> BaseException | None:
        """What came back of a batch; gives what makes going on pointless."""
        self._alone, was_alone = False, self._alone
        self.progress.batches += 1
        if isinstance(answer, Receipt):
            self.progress.seconds += answer.seconds
            if not self._there(answer.name):
                self._again(job)
                return Missing(
                    f"a worker says that it stored shard {answer.name[:12]}, but {self.store.folder} does not hold it; "
                    "do the workers see the same folder under the same path?"
                )
            self._count()
        elif isinstance(answer, Died):
            self.progress.deaths += 1
            self.store.look(others_write=True)  # what was stored before the death counts
            self._count()
            self._suspect(job, answer.deaths if was_alone else 0)
        elif isinstance(answer, Overdue):
            self.progress.deaths += 1
            self.store.look(others_write=True)
            self._count()
            self._too_long(job, answer.note)
        elif isinstance(answer, Exception):
            self._again(job)
            return answer
        else:
            raise answer
        return None

    def _there(self, name: str) -> bool:
        """Whether a shard is in the folder; a network may show it late."""
        for seconds in LATE:
            time.sleep(seconds)
            if self.store.has(name):
                return True
        return False

    def _again(self, job: Job) -> None:
        self._waiting.extendleft((run, job.attempt) for run in reversed(job.runs) if run.run_id in self._left)

    def _suspect(self, job: Job, deaths: int) -> None:
        """Halve a batch that killed its worker when it was alone, until the run that does it is found."""
        runs = tuple(run for run in job.runs if run.run_id in self._left)
        if not runs:
            return
        if len(runs) < len(job.runs):  # something of it was stored, so it is another batch
            deaths = 0
        if len(runs) > 1 and deaths:
            half = len(runs) // 2
            self._suspects.extendleft([self._job(runs[half:], job.attempt), self._job(runs[:half], job.attempt)])
            return
        run = runs[0]
        if len(runs) == 1 and deaths:
            self._strikes[run.run_id] = self._strikes.get(run.run_id, 0) + deaths
        if self._strikes.get(run.run_id, 0) < STRIKES or len(runs) > 1:
            self._suspects.append(self._job(runs, job.attempt))
            return
        message = "the worker process died every time that it carried out this run, and nothing else"
        self._give_up(run, job.attempt, shards.CRASHED, "Died", message)

    def _too_long(self, job: Job, place: int | None) -> None:
        """A worker did not end itself at the limit of its run, and was ended: the run is given up, the others wait."""
        run = None if place is None else job.runs[place]
        if run is not None and run.run_id in self._left:
            message = f"took longer than {self.seconds:g} s"
            self._give_up(run, job.attempt, shards.TIMEOUT, "Timeout", message)
        self._again(job)

    def _give_up(self, run: Run, attempt: int, status: str, error: str, message: str) -> None:
        study = self.store.plan.study
        row = failure(study, run, status, error, message)
        name = shards.commit(self.store.disk, self.store.folder, [row], study.outcomes, self.store.plan.code, attempt)
        self.store.has(name)
        self._count()

    def _count(self) -> None:
        """Take note of what is stored by now."""
        self.progress.slots, self.progress.wall = self.engine.slots, time.perf_counter() - self._clock
        stored = {run for run, attempt in self.store.fresh if self._left.get(run) == attempt}
        self.store.fresh.clear()
        for run in stored:
            del self._left[run]
        self.progress.executed += len(stored)
        self.progress.failed = {s: n for s, n in self.store.counts.items() if s != shards.OK and n}
        if stored and self._on_progress is not None:
            self._on_progress(self.progress)

    def _stopped(self, trouble: BaseException) -> Exception:
        where = f"{self.store.folder}: {self.progress.done} of {self.progress.planned} runs are stored"
        if isinstance(trouble, StoreError):
            return Stopped(
                f"a shard could not be written ({trouble.strerror})",
                f"; {where}. Make room or mend the disk, then start the sweep again: it goes on where it stopped",
            )
        if isinstance(trouble, OtherCode | Missing):
            return Stopped(str(trouble), f". {where}")
        return Stopped(f"{type(trouble).__name__}: {trouble}", f". {where}; start again to go on")
