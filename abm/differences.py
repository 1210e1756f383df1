"""Who took another path: the people whose careers differ between two paired worlds, one row each.

A career is the person's departures and moves as the ledgers of the two worlds have them. What is told of a person is
the first departure in which the worlds differ; whoever differs in no departure was hired or moved inside otherwise.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from abm.columns import Bools, Integers
from abm.kernels.pairs import rank_within
from abm.ledger import Row
from abm.run import Result

KINDS: Final = ("stayed", "left instead", "moved elsewhere", "left earlier", "left later", "other career")
KIND_WORDS: Final = {
    "stayed": "left in the first world, did not in the second",
    "left instead": "left in the second world, did not in the first",
    "moved elsewhere": "left in both, for another place",
    "left earlier": "left for the same place, earlier in the second world",
    "left later": "left for the same place, later in the second world",
    "other career": "the same departures, but hired after a search, or moved inside an employer, otherwise",
}
STAYED, LEFT_INSTEAD, ELSEWHERE, EARLIER, LATER, OTHER = range(len(KINDS))
_DEPARTURE: Final = ("month", "from_employer", "to_employer", "cause")
_MOVE: Final = ("month", "to_state", "to_team")


def differences(first: Result, second: Result) -> Row:
    """People whose careers differ, in the order of their rows.

    Args:
        first, second: one replicate of the same scenario in two worlds.

    Returns:
        Columns (D,): researcher; kind (place in `KINDS`); month of the first difference; employer (row) left, -1 for
        other careers; first, second: rows of the differing departure in the ledgers of the two worlds (of the differing
        move for other careers), -1 where a world has none.
    """
    person, one, two = _first_difference(first.departures, second.departures, _DEPARTURE)
    mover, move_one, move_two = _first_difference(first.moves, second.moves, _MOVE)
    others = ~np.isin(mover, person)
    kind = _kinds(first.departures, second.departures, one, two)
    home = np.where(one >= 0, _at(first.departures, "from_employer", one), _at(second.departures, "from_employer", two))
    n = int(others.sum())
    columns = {
        "researcher": np.concatenate([person, mover[others]]),
        "kind": np.concatenate([kind, np.full(n, OTHER)]),
        "month": np.concatenate(
            [
                _earlier(first.departures, second.departures, one, two),
                _earlier(first.moves, second.moves, move_one[others], move_two[others]),
            ]
        ),
        "employer": np.concatenate([home, np.full(n, -1)]),
        "first": np.concatenate([one, move_one[others]]),
        "second": np.concatenate([two, move_two[others]]),
    }
    order = np.argsort(columns["researcher"], kind="stable")
    return {name: values[order] for name, values in columns.items()}


def _first_difference(one: Row, two: Row, compared: tuple[str, ...]) -> tuple[Integers, Integers, Integers]:
    """People with differing rows in a table of two ledgers, and the first rows that differ (-1 where there is none)."""
    keys, orders = [], []
    for table in (one, two):
        person = table["researcher"] if table else np.zeros(0, dtype=np.int64)
        ordinal = rank_within(person, np.zeros(len(person)))  # the ledger is in order of time
        key = person * 4096 + ordinal
        order = np.argsort(key, kind="stable")
        keys.append(key[order])
        orders.append(order)
    every = np.union1d(*keys)
    rows = [_find(key, order, every) for key, order in zip(keys, orders, strict=True)]
    both = (rows[0] >= 0) & (rows[1] >= 0)
    differs = ~both
    for name in compared:
        differs |= both & (_at(one, name, rows[0]) != _at(two, name, rows[1]))
    chosen = np.flatnonzero(differs)
    person, place = np.unique(every[chosen] // 4096, return_index=True)
    return person, rows[0][chosen[place]], rows[1][chosen[place]]


def _find(key: Integers, order: Integers, wanted: Integers) -> Integers:
    """Rows of the wanted keys; -1 for those that are not there. `key` is sorted by `order`."""
    place = np.searchsorted(key, wanted)
    found = np.full(len(wanted), -1, dtype=np.int64)
    inside = np.flatnonzero(place < len(key))
    hit = inside[key[place[inside]] == wanted[inside]]
    found[hit] = order[place[hit]]
    return found


def _at(table: Row, name: str, rows: Integers) -> Integers:
    """A column at some rows; -1 for rows that are -1."""
    if not table:
        return np.full(len(rows), -1, dtype=np.int64)
    return np.where(rows >= 0, table[name][rows], -1)


def _earlier(one: Row, two: Row, rows_one: Integers, rows_two: Integers) -> Integers:
    """The earlier month of two rows of which one may be -1."""
    never = np.iinfo(np.int64).max
    months = [
        np.where(rows >= 0, _at(table, "month", rows), never) for table, rows in ((one, rows_one), (two, rows_two))
    ]
    return np.asarray(np.minimum(*months))


def _kinds(one: Row, two: Row, rows_one: Integers, rows_two: Integers) -> Integers:
    both: Bools = (rows_one >= 0) & (rows_two >= 0)
    same = both.copy()
    for name in ("from_employer", "to_employer", "cause"):
        same &= _at(one, name, rows_one) == _at(two, name, rows_two)
    later = _at(two, "month", rows_two) > _at(one, "month", rows_one)
    kind = np.where(same, np.where(later, LATER, EARLIER), ELSEWHERE)
    return np.where(both, kind, np.where(rows_one >= 0, STAYED, LEFT_INSTEAD))
