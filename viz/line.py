"""The line between a session and its page, over which nothing is lost and nothing comes twice.

A socket may be cut at any moment: what was under way is gone, in both directions, and neither side is told what. So
both sides number what they say. The page keeps each request until it is answered, and the session takes request after
request: one that it knows is dropped, one that comes too early waits until those before it have come again. The session
keeps each message until the page says that it has heard it, and says it again when asked.

A message of the page carries `line: [page, heard]`: a name that the page gave itself, and the number of the last
message that it has heard. A message to it carries `n`. Someone who sends no `line` is told everything once, without
numbers.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from viz import frames

LOG = logging.getLogger(__name__)
Send = Callable[[dict[str, Any], Sequence[bytes]], None]

MOST_KEPT: Final = 300
"""Messages that are kept for a page that does not say that it has heard them; more than it misses while it plays on."""

MOST_EARLY: Final = 200
"""Requests that wait for one before them."""


class Line:
    """One end of the line: the session's."""

    def __init__(self) -> None:
        """Nobody is at the other end yet."""
        self._lock = threading.RLock()
        self._send: Send | None = None
        self._page: str | None = None
        self._told = 0  # number of the last message to the page
        self._kept: deque[tuple[int, dict[str, Any], list[bytes]]] = deque(maxlen=MOST_KEPT)
        self._taken = 0  # number of the last request that was handed on
        self._early: dict[int, dict[str, Any]] = {}

    def attach(self, send: Send) -> None:
        """Messages go out through this function from now on."""
        self._send = send

    # ---- to the page -----------------------------------------------------------------------------------------------

    def tell(self, content: dict[str, Any]) -> None:
        """Say something to the page; arrays go as bytes."""
        packed, buffers = frames.pack(content)
        with self._lock:
            if self._page is not None:
                self._told += 1
                packed = {**packed, "n": self._told}
                self._kept.append((self._told, packed, buffers))
            self._out(packed, buffers)

    def _out(self, packed: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        if self._send is None:
            return
        try:
            self._send(packed, buffers)
        except Exception:  # the socket may close at any moment; what was said is kept
            LOG.debug("the page has gone", exc_info=True)

    def _again(self, heard: int) -> None:
        """Say again what the page has not heard; if that is not kept any more, say so."""
        first = self._kept[0][0] if self._kept else self._told + 1
        if heard + 1 < first:
            self._out({"push": "lost", "n": first - 1})
        for number, packed, buffers in list(self._kept):
            if number > heard:
                self._out(packed, buffers)

    # ---- from the page ---------------------------------------------------------------------------------------------

    def take(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """The requests that may be handed on now that this message has come, in order: none, it, or several."""
        if "line" not in message:
            return [message]
        request = {key: value for key, value in message.items() if key != "line"}
        match message["line"]:
            case [str() as page, int() as heard] if len(page) <= 40:
                with self._lock:
                    return self._in_order(request, page, heard)
        return [request]

    def _in_order(self, request: dict[str, Any], page: str, heard: int) -> list[dict[str, Any]]:
        if page != self._page:
            self._page, self._told, self._taken = page, 0, 0
            self._kept.clear()
            self._early.clear()
        while self._kept and self._kept[0][0] <= heard:
            self._kept.popleft()
        if request.get("do") == "resume":
            self._again(heard)
            return []
        number = request.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            return [request]
        if number <= self._taken:
            return []
        if number > self._taken + 1:
            if len(self._early) < MOST_EARLY:
                self._early[number] = request
            self._out({"push": "again", "after": self._taken})
            return []
        ready = [request]
        self._taken = number
        while (following := self._early.pop(self._taken + 1, None)) is not None:
            self._taken += 1
            ready.append(following)
        return ready
