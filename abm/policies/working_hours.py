"""Working hours: a rule for remote sites on how much of headquarters' hours they have to keep."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "factor": Knob(
        1.0,
        0.0,
        2.0,
        "factor",
        "on the hours across time zones felt as strain; 0 = local hours",
        "M18, T4; range: grade D",
    ),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the hours that are felt."""
    levers["remote_hours"][knobs.rows("employer")] *= knobs["factor"]
