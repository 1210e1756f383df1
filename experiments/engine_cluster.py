"""An engine on other machines: a client of a Dask scheduler that somebody else started. Recipes: `cluster.md`.

Workers share the folder of the sweep, store their shards in it and give back names: what a dead worker held in memory
is nothing that has to be computed again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from abm.workers import Died
from experiments.engine_local import Answer
from experiments.work import Job, work

INSTALL: Final = "install it with `uv sync --extra cluster`"
REACH: Final = 15.0  # seconds for the scheduler to answer
ABSENCE: Final = 120.0  # seconds without any worker before the sweep stops
RENEW: Final = 5.0  # seconds between counts of the workers


class Unreachable(RuntimeError):
    """No scheduler, or no workers."""


class Cluster:
    """Workers of a Dask scheduler."""

    def __init__(self, packed: bytes, address: str, absence: float = ABSENCE) -> None:
        try:
            import distributed  # noqa: PLC0415  # an optional package
        except ImportError:
            raise Unreachable(f"--cluster needs the package distributed: {INSTALL}") from None
        self._distributed: Any = distributed
        self.name = f"dask {self._distributed.__version__}"
        self._packed, self._address, self._absence = packed, address, absence
        self._running: dict[Any, Job] = {}
        self._launch = uuid.uuid4().hex  # the scheduler may serve other sweeps, of the same study too
        self._number = 0
        self._client: Any = self._connect()
        self._counted = self._seen = time.monotonic()
        self._threads: int = sum(self._client.nthreads().values())

    def _connect(self) -> Any:
        where: dict[str, Any] = {"address": self._address}
        if "://" not in self._address and Path(self._address).exists():
            where = {"scheduler_file": self._address}
        try:
            return self._distributed.Client(**where, timeout=REACH, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise Unreachable(
                f"--cluster {self._address}: no scheduler answers ({type(error).__name__}); expected an address like "
                "tcp://host:8786 or the file that `dask scheduler --scheduler-file` writes"
            ) from error

    @property
    def slots(self) -> int:
        """Threads of the workers that are there; they come and go."""
        if time.monotonic() - self._counted > RENEW:
            self._counted = time.monotonic()
            with self._reached():
                self._threads = sum(self._client.nthreads().values())
        return max(1, self._threads)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Failures of the connection in words."""
        try:
            yield
        except (OSError, RuntimeError, self._distributed.CancelledError) as error:
            raise Unreachable(f"{self._address}: the scheduler is gone ({type(error).__name__})") from error

    def submit(self, job: Job) -> None:
        """Hand a batch to the scheduler."""
        self._number += 1
        key = f"{job.name}-{self._launch}-{self._number}"
        with self._reached():
            self._running[self._client.submit(work, self._packed, job, key=key, pure=False)] = job

    def wait(self, seconds: float) -> list[Answer]:
        """What has come back. A batch comes back with `Died` when the scheduler has given it up.

        Raises:
            Unreachable: no scheduler, or no worker for two minutes.
        """
        if not self._running:
            return []
        try:
            with self._client.as_current():
                self._distributed.wait(list(self._running), timeout=seconds, return_when="FIRST_COMPLETED")
        except TimeoutError:
            self._look_for_workers()
        except self._distributed.CancelledError:
            pass
        answers = list[Answer]()
        for future in [future for future in self._running if future.status != "pending"]:
            answers.append((self._running.pop(future), self._answer(future)))
        return answers

    def _answer(self, future: Any) -> Any:
        if future.status in ("cancelled", "lost"):
            return Unreachable(f"{self._address}: the scheduler is gone")
        error = future.exception() if future.status == "error" else None
        if isinstance(error, self._distributed.KilledWorker):
            return Died(deaths=int(error.allowed_failures) + 1)
        self._seen = time.monotonic()
        return error if error is not None else future.result()

    def _look_for_workers(self) -> None:
        with self._reached():
            there = bool(self._client.scheduler_info(n_workers=-1)["workers"])
        if there:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._absence:
            raise Unreachable(
                f"{self._address}: no worker for {self._absence:.0f} s. Start one with `dask worker "
                f"{self._address} --nthreads 1 --no-dashboard`, then start the sweep again"
            )

    def cancel(self) -> int:
        """Nothing: which batches have begun is known to the workers only, and they are short."""
        return 0

    def close(self, now: bool) -> None:
        """Leave; the scheduler drops what has not begun."""
        self._running.clear()
        self._client.close(timeout=2 if now else 10)
