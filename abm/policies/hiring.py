"""Hiring plans: the growth of posts is slowed, stopped or hastened."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "factor": Knob(1.0, 0.0, 5.0, "factor", "on the planned growth of posts; 0 = hiring freeze", "D27; range: grade D"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the growth of posts."""
    levers["hiring"][knobs.rows("employer")] *= knobs["factor"]
