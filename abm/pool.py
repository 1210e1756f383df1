"""Independent jobs in this process or in worker processes: a job whose worker dies is tried again, and no other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from abm.workers import Died, Workers

ATTEMPTS: Final = 3  # of a job whose worker process died before it is given up
PATIENCE: Final = 0.5  # seconds between looks at the clock


def each[T](function: Callable[..., T], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[tuple[int, T]]:
    """Call a function with the arguments of every job; results come as they are ready, with the number of the job.

    Args:
        function: importable by name (worker processes are fresh).
        jobs: arguments.
        workers: processes; 1 works in this one.

    Raises:
        RuntimeError: a job killed its worker again and again; names it.
    """
    if workers <= 1 or len(jobs) <= 1:
        for number, arguments in enumerate(jobs):
            yield number, function(*arguments)
        return
    waiting, deaths = deque(range(len(jobs))), dict.fromkeys(range(len(jobs)), 0)
    crew = Workers(min(workers, len(jobs)), ["abm.run"])
    orderly = False
    try:
        while waiting or crew.n_busy:
            while waiting and crew.n_free:
                number = waiting.popleft()
                crew.submit(number, function, *jobs[number])
            for number, answer in crew.wait(PATIENCE):
                if isinstance(answer, Died):
                    deaths[number] += 1
                    if deaths[number] == ATTEMPTS:
                        raise RuntimeError(
                            f"a worker process died {ATTEMPTS} times at job {number}: it cannot be done. Usual cause: "
                            "not enough memory. Try --workers 1, or fewer researchers."
                        ) from answer
                    waiting.append(number)
                elif isinstance(answer, BaseException):
                    raise answer
                else:
                    yield number, answer
        orderly = True
    finally:
        crew.close(now=not orderly)  # what is not done is not waited for
