"""Which rows of the shards of a sweep count, as one table: of the latest attempt, and of equal ones the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from abm.columns import Floats
from experiments import shards
from experiments.shards import Row


class Unequal(RuntimeError):
    """One run gave two results."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of shards.

    Attributes:
        table: all of them, columns as in a shard.
        places: by run, where in the table the row is that counts.
    """

    table: pa.Table
    places: dict[str, int]

    def in_order(self, runs: Iterable[str]) -> pa.Table:
        """The rows that count of some runs, which must all be there."""
        return self.table.take(pa.array([self.places[run] for run in runs], pa.int64()))

    def values(self, outcomes: Sequence[str]) -> Floats:
        """(rows of the table, outcomes) the values."""
        return np.column_stack([self.table[f"= {outcome}"].to_numpy() for outcome in outcomes])


def found(folder: Path, names: Sequence[str], outcomes: Sequence[str], asked: Set[str]) -> Found:
    """The rows of shards that count.

    Of two rows of one attempt an answer beats a time limit, and that the death of a worker: the time and the fate of a
    worker depend on the machine.

    Args:
        folder: of the sweep.
        names: of the shards; those without a run that is asked are skipped.
        asked: ids of runs.

    Raises:
        Unequal: names the run and both shards.
        Damaged: a shard is not what was written.
    """
    tables = [shards.empty(outcomes)]
    attempts, shard = list[int](), list[str]()  # of each table
    for name in names:
        sidecar, data = shards.verified(folder, name)
        if asked.isdisjoint(sidecar.runs):
            continue
        tables.append(shards.table_of(sidecar, data, outcomes))
        attempts.append(sidecar.attempt)
        shard.append(name)
    table = pa.concat_tables(tables).combine_chunks()
    owner = np.repeat(np.arange(len(shard)), np.array([each.num_rows for each in tables[1:]], np.int64))
    places: dict[str, int] = {}
    for place, run in enumerate(table["run_id"].to_pylist()):
        if run not in asked:
            continue
        before = places.setdefault(run, place)
        if before == place:
            continue
        old, new = int(owner[before]), int(owner[place])
        if attempts[old] != attempts[new]:
            later = attempts[new] > attempts[old]
        else:
            later = _better(folder, _row(table, before, outcomes), shard[old], _row(table, place, outcomes), shard[new])
        if later:
            places[run] = place
    return Found(table, places)


def _row(table: pa.Table, place: int, outcomes: Sequence[str]) -> Row:
    return shards.rows_in(table.slice(place, 1), outcomes)[0]


def _better(folder: Path, old: Row, its_shard: str, new: Row, shard: str) -> bool:
    """Whether the second of two rows of one attempt counts."""
    ranks = shards.RANK[old.status], shards.RANK[new.status]
    if ranks[0] != ranks[1]:
        return ranks[1] > ranks[0]
    if ranks[0] == shards.RANK[shards.OK] and not old.same(new):
        raise Unequal(
            f"{folder}: run {old.run_id} is in two shards with different results: {its_shard} says {_said(old)}, "
            f"{shard} says {_said(new)}. The model does not give the same numbers for the same seed. Move one of the "
            "two shards away, or start again with fresh=True"
        )
    return False


def _said(row: Row) -> str:
    return f"{row.status} {list(row.values) if row.status == shards.OK else row.error}"
