"""HTTP for the app: uvicorn's own protocol with a deadline for the head of a request.

uvicorn waits for ever for a request that has begun, so a few hundred connections that send a byte now and then hold
its file descriptors. Here a connection has some seconds to say what it wants, and when too many are still saying it,
the one that has taken longest is cut.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

DEADLINE = 10.0
"""Seconds from a connection's beginning, or its last answer, to the end of the next request's head."""

MOST_UNDECIDED = 200
"""Connections that have not yet said what they want."""


class Protocol(H11Protocol):
    """One connection."""

    undecided: ClassVar[dict[Protocol, None]] = {}
    """Those without a complete request, oldest first."""

    _deadline: asyncio.TimerHandle | None = None
    _is_socket = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; cut the oldest if there are too many."""
        super().connection_made(transport)
        self._wait()
        while len(self.undecided) > MOST_UNDECIDED:
            next(iter(self.undecided))._cut()

    def data_received(self, data: bytes) -> None:
        """Read on; the clock stands still while a request is answered."""
        super().data_received(data)
        if self._in_request():
            self._decided()
        else:
            self._wait()

    def on_response_complete(self) -> None:
        """Answered: the next request, if begun already, has its own deadline."""
        super().on_response_complete()
        if not self._in_request():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._decided()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: object) -> None:
        """The connection is a socket's from here on; its pings find out whether anyone is there."""
        self._is_socket = True
        self._decided()
        super().handle_websocket_upgrade(event)  # type: ignore[arg-type]

    def _in_request(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        if self._is_socket or self._deadline is not None or self.transport.is_closing():
            return
        self.undecided[self] = None
        self._deadline = self.loop.call_later(DEADLINE, self._cut)

    def _decided(self) -> None:
        self.undecided.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._decided()
        self.transport.abort()
