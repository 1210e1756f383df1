"""Vesting: how long grants take to vest, and how long nothing vests at first (the cliff)."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "length": Knob(1.0, 0.25, 3.0, "factor", "on the months that a grant takes to vest", "T16; range: grade D"),
    "cliff": Knob(
        1.0, 0.0, 4.0, "factor", "on the months before anything vests; 0 = no cliff", "D29 (12, 6, 0 months)"
    ),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply length and cliff; a grant keeps its worth a year, so that a longer one is larger."""
    rows = knobs.rows("employer")
    levers["vesting"][rows] *= knobs["length"]
    levers["cliff"][rows] *= knobs["cliff"]
