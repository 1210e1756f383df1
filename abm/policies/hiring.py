"""Hiring plans: the growth of posts is slowed, stopped or hastened at every employer."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import Knob

KNOBS = {"factor": Knob(1.0, 0.0, 5.0, "factor", "on the planned growth of posts; 0 = hiring freeze")}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Multiply the growth of posts."""
    levers["hiring"][:] *= knobs["factor"]
