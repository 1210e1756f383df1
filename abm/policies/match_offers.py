"""Counter-offer policy: employers answer outside offers more or less often (selective matching)."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "factor": Knob(
        1.0,
        0.0,
        5.0,
        "factor",
        "on the probability of answering; 0 = no haggling",
        "T8, D16b; range: grade D",
    ),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the probability of a counter-offer."""
    levers["counter_offer"][knobs.rows("employer")] *= knobs["factor"]
