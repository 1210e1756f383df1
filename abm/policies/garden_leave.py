"""Garden leave: added months before a leaver may begin elsewhere, where non-competes can be enforced."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import Knob

KNOBS = {"months": Knob(0.0, 0.0, 24.0, "months", "added to the garden leave of every employer")}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Add to the garden leave."""
    levers["garden_leave"][:] += knobs["months"]
