"""Engines on this machine: worker processes, which may die, and this process itself."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from abm.workers import Workers
from experiments.work import Job, Receipt, work

MOST_BATCHES: Final = 200  # after which a worker process is replaced, which bounds what it can hoard


type Answer = tuple[Job, Receipt | BaseException]


class Engine(Protocol):
    """What carries out batches somewhere."""

    name: str

    @property
    def slots(self) -> int:
        """How many batches are carried out at a time."""

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

    name, slots = "this process", 1

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
    """Worker processes; one that dies costs its own batch."""

    name = "local"

    def __init__(self, packed: bytes, workers: int, seconds: float | None = None) -> None:
        self.slots, self._packed = workers, packed
        self._crew = Workers(workers, ["experiments.work"], seconds, MOST_BATCHES)
        self._waiting: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Begin a batch as soon as there is room."""
        self._waiting.append(job)
        self._begin()

    def wait(self, seconds: float) -> list[Answer]:
        """What has come back."""
        answers = self._crew.wait(seconds)
        self._begin()
        return answers

    def cancel(self) -> int:
        """Drop the batches that have not begun; gives how many."""
        dropped = len(self._waiting)
        self._waiting.clear()
        return dropped

    def close(self, now: bool) -> None:
        """End the workers; now: without waiting for what they do."""
        self._crew.close(now)

    def _begin(self) -> None:
        while self._waiting and self._crew.n_free:
            job = self._waiting.popleft()
            self._crew.submit(job, work, self._packed, job)
