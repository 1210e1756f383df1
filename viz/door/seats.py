"""How many browser tabs may use the app at once, counted without a moment in which two could take the same seat."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

SOCKETS_OF_A_TAB = 4
"""A tab has one socket; after a cut line the old ones stay until their pings time out."""

PATIENCE = 60.0
"""Seconds for which the seat of a tab that went away is kept when others wait for one. When none waits it is kept until
the kernel ends, which the page's farewell brings about at once and the culling after some minutes."""


@dataclass
class _Seat:
    browser: str
    sockets: int = 0
    left_at: float = field(default_factory=time.monotonic)


class Seats:
    """Seats by kernel (one browser tab each).

    Every method runs to its end without awaiting, so two sockets that arrive together are counted one after the other:
    checking the number of kernels of the server instead would let all of them pass, since a kernel comes into being
    later.

    Args:
        number: kernels that may exist at once.
        kernels: gives the ids of the kernels that the server holds now.
        end: ends a kernel whose seat is given away; must return at once.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        number: int,
        kernels: Callable[[], Collection[str]] = tuple,
        end: Callable[[str], None] = lambda kernel: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self._kernels = kernels
        self._end = end
        self._clock = clock
        self._seats: dict[str, _Seat] = {}

    def _free(self) -> int:
        """Free seats, after those without socket and kernel are cleared away."""
        alive = set(self._kernels())
        self._seats = {kernel: seat for kernel, seat in self._seats.items() if seat.sockets or kernel in alive}
        return self.number - len(self._seats)

    def _leaver(self) -> str | None:
        """The kernel without socket that has waited longest, if longer than `PATIENCE`."""
        empty = {kernel: seat.left_at for kernel, seat in self._seats.items() if not seat.sockets}
        first = min(empty, key=empty.__getitem__, default=None)
        return first if first is not None and self._clock() - empty[first] >= PATIENCE else None

    def taken(self) -> int:
        """Seats that are taken."""
        return self.number - self._free()

    def room(self, browser: str = "") -> bool:
        """Whether to give out the page: a new tab would get a seat now, or the browser has one already.

        A tab that is loaded anew asks for the page before it gives up its old seat.
        """
        if self._free() > 0 or self._leaver() is not None:
            return True
        return browser != "" and any(seat.browser == browser for seat in self._seats.values())

    def take(self, kernel: str, browser: str = "") -> bool:
        """Seat one socket of a kernel; False if there is no room. Each True wants one `leave`."""
        seat = self._seats.get(kernel)
        if seat is None:
            if self._free() <= 0:
                leaver = self._leaver()
                if leaver is None:
                    return False
                del self._seats[leaver]
                self._end(leaver)
            seat = self._seats[kernel] = _Seat(browser)
        if seat.sockets >= SOCKETS_OF_A_TAB:
            return False
        seat.sockets += 1
        return True

    def leave(self, kernel: str) -> None:
        """One socket of a kernel has closed."""
        seat = self._seats.get(kernel)
        if seat is not None:
            seat.sockets -= 1
            seat.left_at = self._clock()
