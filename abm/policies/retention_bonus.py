"""Retention bonus: who leaves gives up so many months of pay, on top of unvested equity."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "months": Knob(0.0, 0.0, 24.0, "months of pay", "lost by leaving", "M22, T16; range: grade D"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Add to the bonus."""
    levers["retention_bonus"][knobs.rows("employer")] += knobs["months"]
