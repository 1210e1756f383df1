"""Seed climate: more or less seed capital within the reach of founders, everywhere."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import Knob

KNOBS = {"factor": Knob(1.0, 0.0, 5.0, "factor", "on the seed climate of every place")}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Multiply the seed climate."""
    levers["seed_climate"][:] *= knobs["factor"]
