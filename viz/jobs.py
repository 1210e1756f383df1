"""Heavy work of a session, each piece in a process of its own: the page stays quick, and stopping is a kill.

A piece of work is a function of a module, `work(report, *arguments)` (see `viz/work`). It calls
`report(done, total)` now and then, may send what it has found so far with `report.part(found)`, and returns something
that can be pickled.
What has been started ends with its session, whatever happens.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

from viz.messages import Wrong

LOG = logging.getLogger(__name__)
Work = Callable[..., Any]
Made = Callable[[Any], Any] | None

AT_ONCE: Final = max(1, min(4, (os.cpu_count() or 2)))  # processes of all sessions together
A_SESSION: Final = 4  # pieces that one session may have waiting or running
POLL: Final = 0.2

_places = threading.BoundedSemaphore(AT_ONCE)
_everywhere: weakref.WeakSet[Jobs] = weakref.WeakSet()


def _context() -> Any:
    """A server that forks small, clean processes where there is one: starting work then takes a moment, not seconds."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["viz.work"])
        return context
    return multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Report:
    """What a piece of work is given to tell how far it is."""

    send: Callable[[tuple[Any, ...]], None]

    def __call__(self, done: int, total: int) -> None:
        """So much of so much is done."""
        self.send(("at", done, total))

    def part(self, found: Any) -> None:
        """Something has been found already; it can be pickled."""
        self.send(("part", found))


def _child(pipe: Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    """The life of a piece of work; it ends at once when its session does."""

    def until_left_alone() -> None:
        with contextlib.suppress(EOFError, OSError):
            pipe.recv()
        os._exit(1)

    threading.Thread(target=until_left_alone, daemon=True).start()
    try:
        answer = ("done", work(Report(pipe.send), *arguments))
    except Exception as error:
        shown = isinstance(error, ValueError)
        answer = ("failed", str(error) if shown else f"{type(error).__name__}: {error}")
    with contextlib.suppress(OSError):
        pipe.send(answer)


@dataclass(slots=True)
class Job:
    """One piece of work: its number, what it is in words, and the number of the market for which it is done."""

    number: int
    kind: str
    words: str
    market: int
    stopped: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """The work of one session.

    Args:
        tell: called with `{"push": "job", "number", "market", "kind", "state", ...}`; states: waiting, running, done,
            failed, stopped. A running one tells `done`, `total` and `seconds`; in between it may come with the state
            part and a `part` of the result.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """No work yet."""
        self._tell = tell
        self._numbers = itertools.count(1)
        self._open: dict[int, Job] = {}
        self._closed = False
        _everywhere.add(self)

    def start(
        self,
        kind: str,
        words: str,
        work: Work,
        *arguments: Any,
        then: Made = None,
        each: Made = None,
        market: int = 0,
    ) -> int:
        """Begin a piece of work as soon as there is room; gives its number.

        Args:
            kind: of what, for the page.
            words: what is done, for the reader.
            work, arguments: see the top of this file.
            then: makes of the result what is sent to the page (default: the result).
            each: the same for every part.
            market: number of the market for which it is done; the page drops what comes for another.

        Raises:
            Wrong: the session has too much in hand already.
        """
        if sum(not job.stopped.is_set() for job in list(self._open.values())) >= A_SESSION:
            raise Wrong(f"{A_SESSION} pieces of work are under way; wait for one to end, or stop one")
        job = Job(next(self._numbers), kind, words, market)
        self._open[job.number] = job
        threading.Thread(target=self._see_through, args=(job, work, arguments, then, each), daemon=True).start()
        return job.number

    def stop(self, number: int) -> bool:
        """Stop a piece of work; False if it has ended already."""
        job = self._open.get(number)
        if job is not None:
            job.stopped.set()
        return job is not None

    def close(self) -> None:
        """Stop everything, and start nothing more."""
        self._closed = True
        self.stop_all()

    def stop_all(self) -> None:
        """Stop everything that waits or runs."""
        for job in list(self._open.values()):
            job.stopped.set()

    @property
    def n_open(self) -> int:
        """Pieces of work waiting or running."""
        return len(self._open)

    def _say(self, job: Job, state: str, **more: Any) -> None:
        if not self._closed:
            told = {"number": job.number, "market": job.market, "kind": job.kind, "words": job.words, "state": state}
            self._tell({"push": "job", **told, **more})

    def _see_through(self, job: Job, work: Work, arguments: tuple[Any, ...], then: Made, each: Made) -> None:
        self._say(job, "waiting")
        try:
            while not _places.acquire(timeout=POLL):
                if job.stopped.is_set():
                    self._say(job, "stopped")
                    return
            try:
                self._run(job, work, arguments, then, each)
            finally:
                _places.release()
        except Exception as error:  # a fault of ours must not leave the page waiting for ever
            LOG.exception("work %s failed", job.kind)
            self._say(job, "failed", error=f"could not be finished: {type(error).__name__}")
        finally:
            self._open.pop(job.number, None)

    def _run(self, job: Job, work: Work, arguments: tuple[Any, ...], then: Made, each: Made) -> None:
        context = _context()
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, work, arguments), daemon=True)
        process.start()
        theirs.close()
        began = time.monotonic()
        state, answer = "running", None
        self._say(job, state, done=0, total=0, seconds=0.0)
        try:
            while state == "running":
                if job.stopped.is_set():
                    state = "stopped"
                elif ours.poll(POLL):
                    try:
                        came = ours.recv()
                    except EOFError:
                        came = ("failed", "its process ended without a word: memory may have run out")
                    if came[0] == "at":
                        self._say(job, state, done=came[1], total=came[2], seconds=time.monotonic() - began)
                    elif came[0] == "part":
                        self._say(job, "part", part=came[1] if each is None else each(came[1]))
                    else:
                        state, answer = came
        finally:
            ours.close()
            process.join(0.2 if state == "stopped" else 2.0)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        if state == "failed":
            self._say(job, state, error=answer)
        elif state == "stopped":
            self._say(job, state)
        else:
            result = answer if then is None else then(answer)
            self._say(job, state, result=result, seconds=time.monotonic() - began)


def shutdown() -> None:
    """Stop the work of all sessions; the server calls it at its end."""
    for each in list(_everywhere):
        each.close()


def n_open() -> int:
    """Pieces of work of all sessions; for tests."""
    return sum(each.n_open for each in list(_everywhere))
