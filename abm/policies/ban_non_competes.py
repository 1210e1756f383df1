"""Ban of non-competes: garden leave can no longer be enforced against people who live in a place."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, PLACE, Knob, Knobs

KNOBS = {
    "strength": Knob(0.0, 0.0, 1.0, "share", "garden leave that cannot be enforced; 1 = abolished", "T16, D29"),
    "place": PLACE,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Take the share away."""
    levers["non_compete"][knobs.rows("place")] *= 1.0 - knobs["strength"]
