"""What is sent to the page: a market once in whole, then month by month only what has changed; arrays as bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from abm import views
from abm.live import LiveMarket

_SENT_AS = {"f": np.float32, "i": np.int32, "u": np.int32, "b": np.uint8}
_SMALL = (np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.uint8), np.dtype(np.uint16))


def pack(content: Any) -> tuple[Any, list[bytes]]:
    """JSON-ready content, and the arrays in it as bytes; in their place stands `{"$": number, "type", "shape"}`.

    What is not finite becomes null: `Infinity` is no JSON.
    """
    buffers: list[bytes] = []

    def one(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            kept = value.dtype in _SMALL
            sent = np.ascontiguousarray(value if kept else value.astype(_SENT_AS[value.dtype.kind]))
            buffers.append(sent.tobytes())
            return {"$": len(buffers) - 1, "type": sent.dtype.name, "shape": list(sent.shape)}
        if isinstance(value, Mapping):
            return {str(key): one(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [one(item) for item in value]
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    return one(content), buffers


class Seen:
    """What a page has been sent of a market, so that only news follow, and a branch can take over the past."""

    def __init__(self, market: LiveMarket) -> None:
        """A page that is about to see a market of month 0."""
        self.market = market
        self.history: list[dict[str, Any]] = []
        self._at = views.positions(market)
        self._start = {**views.static(market), "place": self._at}

    def opening(self) -> dict[str, Any]:
        """Everything that the page needs to draw the market from its first month to now."""
        return {"market": self._start, "past": self.history, **self._head()}

    def month(self) -> dict[str, Any]:
        """The month that has just been run."""
        now = views.positions(self.market)
        rows = np.flatnonzero(now != self._at).astype(np.int32)
        self._at = now
        content = {
            **self._head(),
            "moved": rows,
            "place": now[rows],
            **views.month_report(self.market, self.market.month - 1),
        }
        self.history.append(content)
        return content

    def branched(self, market: LiveMarket) -> Seen:
        """The view of a branch of this market: the same past up to the month of the branch."""
        made = Seen(market)
        made.history, made._start = self.history[: market.month], self._start
        return made

    def _head(self) -> dict[str, Any]:
        market = self.market
        return {"month": market.month, "date": market.date, "over": market.is_over, "seed": market.seed}
