"""Worker processes on this machine, each with one job at a time: the parent keeps the time, and none outlives it.

Every worker has a pipe of its own and a thread of the parent that talks to it, so that one that dies, stops or sends
half an answer holds up nobody else, and its fate is that of its job alone. Workers stand in a process group of their
own: a signal to the group of the parent (Ctrl-C in a terminal, `timeout`, a batch system) is for the parent to hear.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

from abm import signals

METHOD: Final = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
LAPSE: Final = (
    2.0  # seconds that may count between two looks at the clock: more means that the parent itself was stopped
)
GRACE: Final = 2.0  # seconds beyond the limit of a step before the parent ends its worker, which may do so by itself
STOPPED: Final = 10.0  # seconds for which a worker may stand still (SIGSTOP) while it has a job
LOOK: Final = 1.0  # seconds between looks for such
NOTE, DONE, FAILED, DEAD = "note", "done", "failed", "dead"


class Died(Exception):
    """The worker of a job died, or was stopped for so long that it was ended; it may or may not be the job's fault.

    Attributes:
        deaths: how many workers the job has killed.
    """

    def __init__(self, message: str = "a worker process died", deaths: int = 1) -> None:
        super().__init__(message)
        self.deaths = deaths


class Overdue(Exception):
    """A step of a job took too long, and its worker was ended.

    Attributes:
        note: what the worker noted last, None if nothing.
    """

    def __init__(self, note: Any) -> None:
        super().__init__("took too long")
        self.note = note


type Answer = tuple[Any, Any]  # key of the job, and its result or what it raised


@dataclass(eq=False)
class _Worker:
    """A process, the parent's end of its pipe, and what it is at."""

    process: Any
    pipe: Connection
    inbox: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)
    key: Any = None
    busy: bool = False
    jobs: int = 0
    note: Any = None
    since: float = 0.0  # by the clock of the crew: when the present step began
    moved: float = 0.0  # when it was last seen not to be stopped
    why: Exception | None = None  # why it was ended by us


class Workers:
    """A crew of worker processes.

    Args:
        count: processes; they are started when there is a job for them.
        preload: modules that the workers need, loaded once where processes are forked from a server.
        seconds: most seconds of a step; a step is a job, or begins where the worker calls `note`.
        most_jobs: after so many jobs a worker is replaced, which bounds what it can hoard.
    """

    def __init__(
        self, count: int, preload: Sequence[str] = (), seconds: float | None = None, most_jobs: int | None = None
    ) -> None:
        self.count, self._preload, self._seconds, self._most_jobs = count, tuple(preload), seconds, most_jobs
        self._all: list[_Worker] = []
        self._heard: queue.SimpleQueue[tuple[_Worker, str, Any]] = queue.SimpleQueue()
        self._awake = 0.0  # seconds of the parent, without those in which it was stopped
        self._looked = self._last = time.monotonic()

    @property
    def n_busy(self) -> int:
        """Workers with a job."""
        return sum(worker.busy for worker in self._all)

    @property
    def n_free(self) -> int:
        """Jobs that can be begun at once."""
        return self.count - self.n_busy

    def submit(self, key: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Begin a job at once; there must be a free worker.

        Args:
            key: comes back with the answer.
            function: importable by name (worker processes are fresh).
            arguments: what can be pickled.
        """
        task = bytes(ForkingPickler.dumps((function, arguments)))
        self._tick()
        worker = self._free()
        worker.key, worker.busy, worker.note, worker.why = key, True, None, None
        worker.jobs += 1
        worker.since = worker.moved = self._awake
        worker.inbox.put(task)

    def wait(self, seconds: float) -> list[Answer]:
        """Jobs that have ended, waiting so long for the first.

        Returns:
            Key and what came of it: the result, the exception that it raised, `Died`, or `Overdue`. An exception that
            was raised is told from one that was returned by nobody: do not return exceptions.
        """
        found: list[Answer] = []
        end = time.monotonic() + seconds
        while self.n_busy:
            left = 0.0 if found else end - time.monotonic()
            try:
                worker, kind, content = self._heard.get(left > 0, max(min(left, LOOK), 0.0))
            except queue.Empty:
                self._keep_time()
                if found or left <= 0:
                    break
                continue
            self._tick()
            if kind == NOTE:
                worker.note, worker.since = content, self._awake
            elif worker.busy and worker in self._all:
                if kind == DEAD:
                    self._drop(worker)
                    content = worker.why or content or Died()
                worker.busy = False
                found.append((worker.key, content))
        return found

    def close(self, now: bool = False) -> None:
        """End the workers; now: without waiting for what they do."""
        for worker in self._all:
            worker.inbox.put(None)
            if now:
                worker.process.kill()
        for worker in list(self._all):
            while worker.process.is_alive():
                worker.process.join(LOOK)
                if worker.process.is_alive() and _is_stopped(worker.process.pid):
                    worker.process.kill()  # it would never end
            self._drop(worker)

    # ---- processes ---------------------------------------------------------------------------------------------------

    def _free(self) -> _Worker:
        for worker in [worker for worker in self._all if not worker.busy]:
            if worker.process.is_alive() and (self._most_jobs is None or worker.jobs < self._most_jobs):
                return worker
            worker.inbox.put(None)
            self._drop(worker)
        if len(self._all) >= self.count:
            raise RuntimeError("no worker is free")
        if METHOD == "forkserver":
            resource_tracker.ensure_running()  # by itself, since starting it lifts what `held` puts on
        with signals.held():  # half a worker would be nobody's
            worker = self._started()
            self._all.append(worker)
        return worker

    def _started(self) -> _Worker:
        context: Any = multiprocessing.get_context(METHOD)
        ours, theirs = multiprocessing.Pipe()
        if METHOD == "forkserver":
            context.set_forkserver_preload(["abm.workers", *self._preload])
        process = context.Process(target=_live, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        threading.Thread(target=self._talk, args=(worker,), daemon=True).start()
        return worker

    def _talk(self, worker: _Worker) -> None:
        """The life of the thread that talks to a worker: whatever it waits for ends with the worker."""
        try:
            while (task := worker.inbox.get()) is not None:
                worker.pipe.send_bytes(task)
                kind = NOTE
                while kind == NOTE:
                    kind, content = worker.pipe.recv()
                    self._heard.put((worker, kind, content))
        except (EOFError, OSError):
            self._heard.put((worker, DEAD, None))
        except Exception as error:  # nothing can be made of what the worker sent
            self._heard.put((worker, DEAD, error))
        finally:
            worker.pipe.close()  # which ends a worker that waits for its next job

    def _drop(self, worker: _Worker) -> None:
        self._all.remove(worker)
        worker.process.join(0)

    # ---- time --------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = time.monotonic()
        self._awake += min(now - self._last, LAPSE)
        self._last = now

    def _keep_time(self) -> None:
        """End the workers that take too long or do not run at all."""
        self._tick()
        looks = self._last - self._looked >= LOOK
        if looks:
            self._looked = self._last
        for worker in [worker for worker in self._all if worker.busy and worker.why is None]:
            if looks and not _is_stopped(worker.process.pid):
                worker.moved = self._awake
            if self._awake - worker.moved > STOPPED:
                self._end(worker, Died("a worker process was stopped (SIGSTOP), and ended"))
            elif self._seconds is not None and self._awake - worker.since > self._seconds + GRACE:
                stopped = _is_stopped(worker.process.pid)  # then it is not the job that took so long
                self._end(worker, Died("a worker process was stopped, and ended") if stopped else Overdue(worker.note))

    def _end(self, worker: _Worker, why: Exception) -> None:
        worker.why = why
        worker.process.kill()  # its thread hears that, and says so


def _is_stopped(pid: int) -> bool:
    import psutil  # noqa: PLC0415  # needed only when something takes long

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


# ---- in the worker ---------------------------------------------------------------------------------------------------

_pipe: Connection | None = None


def note(content: Any) -> None:
    """In a worker: a step of the job begins. Elsewhere: nothing."""
    if _pipe is not None:
        _pipe.send((NOTE, content))


def _live(pipe: Connection) -> None:
    """The life of a worker: one job after another, until there are no more or the parent is gone."""
    global _pipe  # noqa: PLW0603  # a process is a worker once and for all
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signals.released()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _pipe = pipe
    with suppress(EOFError, OSError):
        while True:
            function, arguments = pipe.recv()
            try:
                answer = DONE, function(*arguments)
            except BaseException as error:  # whatever it is, the parent judges it
                error.add_note("".join(traceback.format_exception(error)))
                answer = FAILED, error
            try:
                told = ForkingPickler.dumps(answer)
            except Exception as error:
                told = ForkingPickler.dumps((FAILED, RuntimeError(f"what came of a job cannot be sent: {error}")))
            pipe.send_bytes(told)


def _end_with(sentinel: Any) -> None:
    connection.wait([sentinel])
    os._exit(1)
