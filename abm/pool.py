"""Independent jobs in this process or in worker processes: a dead worker is retried, Ctrl-C does not wait."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

ATTEMPTS = 3  # of a job whose worker process died before it is given up


def each[T](function: Callable[..., T], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[tuple[int, T]]:
    """Call a function with the arguments of every job; results come as they are ready, with the number of the job.

    Args:
        function: importable by name (worker processes are fresh).
        jobs: arguments.
        workers: processes; 1 works in this one.

    Raises:
        RuntimeError: jobs that killed their worker again and again; names them.
    """
    if workers <= 1 or len(jobs) <= 1:
        for number, arguments in enumerate(jobs):
            yield number, function(*arguments)
        return
    waiting = set(range(len(jobs)))
    for _ in range(ATTEMPTS):  # a process that dies takes the pool with it: begin again with what is missing
        try:
            for number, result in _in_pool(function, jobs, sorted(waiting), workers):
                waiting.discard(number)
                yield number, result
        except BrokenProcessPool:
            continue
        return
    raise RuntimeError(
        f"a worker process died {ATTEMPTS} times; not done: jobs {sorted(waiting)}. Usual cause: not enough "
        "memory. Try --workers 1, or fewer researchers."
    )


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Ignore SIGINT while processes are started (in the main thread, where it can be done)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _in_pool[T](
    function: Callable[..., T], jobs: Sequence[tuple[Any, ...]], numbers: list[int], workers: int
) -> Iterator[tuple[int, T]]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(numbers)), mp_context=context) as pool:
        with deaf_to_interrupts():  # workers inherit it: Ctrl-C stops the parent, which stops them
            running: dict[Future[T], int] = {pool.submit(function, *jobs[number]): number for number in numbers}
        waiting = set(running)
        try:
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield running[future], future.result()
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():  # what is not done is not waited for
                worker.terminate()
            raise
        finally:
            for future in waiting:
                future.cancel()
