"""Seed climate: more or less seed capital within the reach of founders."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, PLACE, Knob, Knobs

KNOBS = {
    "factor": Knob(1.0, 0.0, 5.0, "factor", "on the seed climate of a place", "T15; range: grade D"),
    "place": PLACE,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the seed climate."""
    levers["seed_climate"][knobs.rows("place")] *= knobs["factor"]
