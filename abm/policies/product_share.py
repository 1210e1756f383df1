"""Product share: compute that is diverted to products before research is served."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "added": Knob(0.0, -1.0, 1.0, "added share", "compute diverted to products", "M07, M08; range: all there is"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Add to the share diverted."""
    levers["product_share"][knobs.rows("employer")] += knobs["added"]
