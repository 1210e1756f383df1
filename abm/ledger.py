"""The ledger: one row per departure and per offer, with everything needed to explain it, and the monthly series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from abm.columns import digest

Row = dict[str, NDArray[Any]]

EVENTS: Final = {
    "departures": ("month", "researcher", "from_team", "from_employer", "to_team", "to_employer", "cause", "path"),
    "moves": ("month", "researcher", "from_state", "to_state", "from_team", "to_team"),
    "startups": ("month", "founder", "employer", "site"),
}
"""What a history is made of, in whole numbers: who left, who began or was freed where, who founded what, and when.

Moves are among them, since a departure says where somebody is going and a move that they came, and since entering the
market or changing team is no departure."""


class Ledger:
    """Append-only. Months are appended as small sets of columns and put together when someone reads them."""

    def __init__(self) -> None:
        """Empty."""
        self.departures: list[Row] = []
        self.offers: list[Row] = []
        self.moves: list[Row] = []
        self.startups: list[Row] = []
        self.series: dict[str, list[Any]] = {}

    def append(self, table: str, rows: Row) -> None:
        """Add rows (equal-length columns) to one of departures, offers, moves, startups."""
        lengths = {len(values) for values in rows.values()}
        if len(lengths) > 1:
            raise ValueError(f"ledger.{table}: columns of different lengths {sorted(lengths)}")
        if lengths != {0}:
            getattr(self, table).append(rows)

    def departures_of(self, month: int) -> list[Row]:
        """The departures of one month, as they were appended (months only grow: read from the end)."""
        found: list[Row] = []
        for rows in reversed(self.departures):
            if rows["month"][0] < month:
                break
            if rows["month"][0] == month:
                found.append(rows)
        return found[::-1]

    def record(self, metric: str, value: Any) -> None:
        """Add one month of a metric: a number or an array by entity."""
        self.series.setdefault(metric, []).append(value)

    def table(self, name: str) -> Row:
        """All rows of a table so far, columns put end to end; empty dict without rows."""
        parts: list[Row] = getattr(self, name)
        if not parts:
            return {}
        return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}

    def events_digest(self, month: int) -> str:
        """SHA-256 of what happened in the first months, without a floating-point number in it.

        Each table of `EVENTS` is its columns as little-endian 64-bit integers, the rows sorted by month, then person,
        then the other columns; so neither the processor nor the order of writing is in it. Terms, pay and offers are
        not: sums of floats differ in the last bit between processors.

        Args:
            month: months that have been run.
        """
        parts = [("months", np.array([month], dtype="<i8"))]
        for name, columns in EVENTS.items():
            table = self.table(name)
            rows = np.array([table[column] for column in columns] if table else np.zeros((len(columns), 0)), "<i8")
            parts.append((f"{name}: {', '.join(columns)}", rows[:, np.lexsort(rows[::-1])].T))
        return digest(parts)

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every array, for the digest of the bytes."""
        for name in ("departures", "offers", "moves", "startups"):
            for column, values in self.table(name).items():
                yield f"ledger.{name}.{column}", values
        for metric, months in self.series.items():
            yield f"series.{metric}", np.asarray(months, dtype=np.float64)
