"""Pay band: the first offer and the highest pay that an employer can go up to."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "level": Knob(1.0, 0.5, 3.0, "factor", "on first offers", "D16; range: grade D"),
    "ceiling": Knob(1.0, 0.5, 5.0, "factor", "on the highest pay", "D16b, D17; range: grade D"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply both ends of the band."""
    rows = knobs.rows("employer")
    levers["pay_level"][rows] *= knobs["level"]
    levers["pay_ceiling"][rows] *= knobs["ceiling"]
