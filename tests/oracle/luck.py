"""The keyed draws of `abm/streams.py`, one number at a time: the only thing in which twin and model share a hand."""

from __future__ import annotations

from typing import Any

from abm.streams import Streams


class Luck:
    """The keyed draws of `abm/streams.py`, one number at a time."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    def _one(self, kind: str, purpose: str, month: int, row: int, column: int | None) -> float:
        columns: Any = None if column is None else [column]
        rows: Any = [row]
        return float(getattr(self.streams, kind)(purpose, month, rows, columns)[0])

    def uniform(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """In (0, 1)."""
        return self._one("uniform", purpose, month, row, column)

    def normal(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """Standard normal."""
        return self._one("normal", purpose, month, row, column)

    def gumbel(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """Standard Gumbel."""
        return self._one("gumbel", purpose, month, row, column)
