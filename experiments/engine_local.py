"""Engines on this machine: worker processes, which may die, and this process itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, Final, Protocol

from abm.pool import deaf_to_interrupts
from experiments.work import Job, Receipt, work

REBUILD: Final = 400  # batches after which worker processes are replaced, which bounds what they can hoard
METHOD: Final = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class Died(Exception):
    """The worker of a batch died; it may or may not be the fault of the batch.

    Attributes:
        alone: how many workers the batch has surely killed when it was alone in the engine.
    """

    def __init__(self, alone: int = 1) -> None:
        super().__init__("a worker process died")
        self.alone = alone


type Answer = tuple[Job, Receipt | BaseException]


class Engine(Protocol):
    """What carries out batches somewhere."""

    name: str

    @property
    def slots(self) -> int:
        """How many batches are carried out at a time."""

    @property
    def full(self) -> bool:
        """Whether it wants to finish what has begun before it takes more."""

    def submit(self, job: Job) -> None:
        """Begin a batch as soon as there is room."""

    def wait(self, seconds: float) -> list[Answer]:
        """What has come back, waiting so long for the first; a batch whose worker died comes back with `Died`."""

    def cancel(self) -> int:
        """Drop the batches that have not begun; gives how many."""

    def close(self, now: bool) -> None:
        """End; now: without waiting for the batches that have begun."""


class Here:
    """This process: nothing is isolated, for tests and for looking into a failing run."""

    name, slots, full = "this process", 1, False

    def __init__(self, packed: bytes) -> None:
        self._packed, self._answers = packed, list[Answer]()

    def submit(self, job: Job) -> None:
        """Carry it out at once."""
        try:
            self._answers.append((job, work(self._packed, job)))
        except Exception as error:  # as a pool hands it over
            self._answers.append((job, error))

    def wait(self, seconds: float) -> list[Answer]:
        """What has come back."""
        answers, self._answers = self._answers, []
        return answers

    def cancel(self) -> int:
        """Nothing is waiting."""
        return 0

    def close(self, now: bool) -> None:
        """Nothing is open."""


class Processes:
    """Worker processes of `ProcessPoolExecutor`, replaced when one dies (which takes the others with it)."""

    name = "local"

    def __init__(self, packed: bytes, workers: int) -> None:
        self.slots, self._packed = workers, packed
        self._running: dict[Future[Receipt], Job] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._begun = 0

    def submit(self, job: Job) -> None:
        """Begin a batch as soon as there is room."""
        if self._begun >= REBUILD and not self._running:
            self.close(now=False)
        if self._pool is None:
            self._begun, self._pool = 0, _pool(self.slots)
        self._begun += 1
        try:
            self._running[self._pool.submit(work, self._packed, job)] = job
        except BrokenProcessPool:  # found at once; the batch itself has not begun
            lost: Future[Receipt] = Future()
            lost.set_exception(BrokenProcessPool())
            self._running[lost] = job

    @property
    def full(self) -> bool:
        """Whether the workers are to be replaced before they get more."""
        return self._begun >= REBUILD and bool(self._running)

    def wait(self, seconds: float) -> list[Answer]:
        """What has come back; after a death all that were begun come back."""
        if not self._running:
            return []
        ready, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenProcessPool) for future in ready):
            self._kill()
            ready, _ = wait(self._running)
        answers = list[Answer]()
        for future in ready:
            job = self._running.pop(future)
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                answers.append((job, Died()))
            else:
                answers.append((job, error if error is not None else future.result()))
        return answers

    def cancel(self) -> int:
        """Drop the batches that have not begun; gives how many."""
        dropped = [future for future in self._running if future.cancel()]
        for future in dropped:
            del self._running[future]
        return len(dropped)

    def close(self, now: bool) -> None:
        """End the workers; now: without waiting for what they do."""
        if now:
            self._kill()
        elif self._pool is not None:
            self._pool.shutdown(wait=True)
        self._pool = None

    def _kill(self) -> None:
        if self._pool is not None:
            processes: Any = getattr(self._pool, "_processes", None) or {}
            for process in list(processes.values()):
                process.kill()
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _pool(workers: int) -> ProcessPoolExecutor:
    context: Any = multiprocessing.get_context(METHOD)
    if METHOD == "forkserver":
        context.set_forkserver_preload(["experiments.work"])
        from multiprocessing import forkserver  # noqa: PLC0415  # not on every system

        with deaf_to_interrupts():  # it and its workers inherit this: Ctrl-C is for the parent to hear
            forkserver.ensure_running()
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)


def _begin_worker() -> None:
    """Do not hear Ctrl-C, and end when the parent is gone: a pool alone would leave orphans."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: Any) -> None:
    connection.wait([sentinel])
    os._exit(1)
