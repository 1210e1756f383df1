"""Counter-offer policy: employers answer outside offers more often (Barron, Berger and Black: selective matching)."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import Knob

KNOBS = {"factor": Knob(1.0, 0.0, 5.0, "factor", "on the probability of answering an outside offer; 0 = no haggling")}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Multiply the probability of a counter-offer at every employer."""
    levers["counter_offer"][:] *= knobs["factor"]
