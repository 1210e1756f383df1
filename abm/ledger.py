"""The ledger: one row per departure and per offer, with everything needed to explain it, and the monthly series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = dict[str, NDArray[Any]]


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

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every array, for the digest."""
        for name in ("departures", "offers", "moves", "startups"):
            for column, values in self.table(name).items():
                yield f"ledger.{name}.{column}", values
        for metric, months in self.series.items():
            yield f"series.{metric}", np.asarray(months, dtype=np.float64)
