"""Ctrl-C and SIGTERM mean the same everywhere: stop in order, keep what is done."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
ECHO: Final = 1.0  # seconds: `timeout` and batch systems send a signal to a process and again to its group
Handler = Any  # what `signal.signal` takes and gives


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Another handler for both for a while; without effect outside the main thread, where no signal is heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STOPPING}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, signal.SIG_DFL if old is None else old)


@contextmanager
def held() -> Iterator[None]:
    """Both wait until the end, and are heard then; processes that are started meanwhile do not hear them at all.

    Masks are inherited where handlers are not, so that a process is safe from its first moment; see `released`.
    """
    waiting: list[int] = []
    try:
        with handled(lambda number, frame: waiting.append(number)), _masked():
            yield
    finally:
        for number in dict.fromkeys(waiting):
            signal.raise_signal(number)


@contextmanager
def _masked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # not a POSIX system: children are no heirs there
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def released() -> None:
    """In a process that was started in `held`, once it knows what to do with them."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def without_echo(act: Callable[[], None]) -> Handler:
    """A handler that acts once for a signal that comes twice in a moment."""
    last = [-ECHO]

    def hear(number: int, frame: object) -> None:
        now = time.monotonic()
        if now - last[0] >= ECHO:
            last[0] = now
            act()

    return hear


def sigterm_interrupts() -> None:
    """From now on SIGTERM raises KeyboardInterrupt, as Ctrl-C does; for programs that own their process."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, without_echo(interrupt))
