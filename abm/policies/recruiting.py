"""Recruiting: how hard recruiters call, and how far their pitch overstates compute ("GPU rich")."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "factor": Knob(
        1.0, 0.0, 5.0, "factor", "on recruiters' calls, and on approaches per post", "M37, T17; range: grade D"
    ),
    "pitch": Knob(
        0.0,
        0.0,
        4.0,
        "added share",
        "compute per head told to candidates above what it is",
        "M38; range: grade D",
    ),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the calls, add to the pitch."""
    rows = knobs.rows("employer")
    levers["recruiting"][rows] *= knobs["factor"]
    levers["pitch"][rows] += knobs["pitch"]
