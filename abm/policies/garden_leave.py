"""Garden leave: added months before a leaver may begin elsewhere, where non-competes can be enforced."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "months": Knob(0.0, 0.0, 24.0, "months", "added to the garden leave", "D29 (6 to 12 months), T16"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Add to the garden leave."""
    levers["garden_leave"][knobs.rows("employer")] += knobs["months"]
