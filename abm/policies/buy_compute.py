"""Buy compute: monthly orders grow; what is ordered arrives after the lead time of each employer."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import Knob

KNOBS = {"factor": Knob(1.0, 0.0, 10.0, "factor", "on the compute ordered each month")}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Multiply the orders of every employer."""
    levers["compute_orders"][:] *= knobs["factor"]
