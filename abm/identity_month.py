"""What the identities look at: a month as it was before, as it is now, and what its ledger says of the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats
from abm.ledger import Row
from abm.tables import Int32, Int64, Status
from abm.world import World

JOBLESS = -1  # state of a person = row of the employer, else JOBLESS - Status
MOVES = ("researcher", "from_state", "to_state", "from_team", "to_team")
DEPARTURES = ("researcher", "from_team", "from_employer", "to_team", "cause")


@dataclass(frozen=True, slots=True)
class Before:
    """What the identities need of the world before the month."""

    month: int
    state: Int64
    team: Int32
    status: NDArray[np.int8]
    employer_open: Bools
    rented: Floats
    owner: Int32
    n_moves: int
    n_departures: int


def states(world: World) -> Int64:
    """(N,) in which state each person is: the row of the employer, or `JOBLESS` minus the status."""
    people = world.researchers
    employer = np.where(people.team >= 0, world.teams.employer[people.team], JOBLESS - Status.LEFT_FIELD - 1)
    status = people.status.astype(np.int64)
    return np.where(status == Status.EMPLOYED, employer.astype(np.int64), JOBLESS - status)


@dataclass
class Month:
    """The world after the month, the snapshot before it, and the rows that the month has added to the ledger."""

    world: World
    before: Before

    @staticmethod
    def _rows(parts: list[Row], columns: tuple[str, ...]) -> dict[str, Int64]:
        empty = [np.zeros(0, dtype=np.int64)]
        return {name: np.concatenate([part[name] for part in parts] or empty) for name in columns}

    @cached_property
    def moves(self) -> dict[str, Int64]:
        """The moves that the month has added."""
        return self._rows(self.world.ledger.moves[self.before.n_moves :], MOVES)

    @cached_property
    def departures(self) -> dict[str, Int64]:
        """The departures that the month has added."""
        return self._rows(self.world.ledger.departures[self.before.n_departures :], DEPARTURES)

    @cached_property
    def state(self) -> Int64:
        """The states after the month."""
        return states(self.world)

    @cached_property
    def employed(self) -> Bools:
        """(N,) who has a job after the month."""
        return np.asarray(self.world.researchers.status == Status.EMPLOYED)

    def recorded(self, metric: str) -> Any:
        """What the month has written down under a metric; None if it is no longer a metric."""
        months = self.world.ledger.series.get(metric)
        return months[-1] if months else None

    def stock(self, state: Int64) -> Int64:
        """Head counts by state, the states without a job first."""
        return np.bincount(state + self.offset, minlength=self.world.n_employers + self.offset).astype(np.int64)

    offset = len(Status) + 1  # the lowest state there is, "employed nowhere", counts at 0


def where(wrong: NDArray[Any], text: str, kind: str = "rows") -> Iterator[str]:
    """One message with the first rows of a mask (or of row numbers), none when there are none."""
    rows = np.flatnonzero(wrong) if wrong.dtype == bool else wrong
    if len(rows):
        more = ", ..." if len(rows) > 5 else ""
        yield f"{text} ({len(rows)} {kind}: {', '.join(str(row) for row in rows[:5].tolist())}{more})"


def agree(recorded: Any, counted: Any, name: str) -> Iterator[str]:
    """A message if a metric, where it still is one, is not what is counted again; none if they agree."""
    if recorded is not None and not np.array_equal(recorded, counted):
        rows = np.flatnonzero(np.atleast_1d(np.asarray(recorded) != np.asarray(counted)))
        yield f"metric {name} is not what is counted again from the rows (first at {rows[:5].tolist()})"
