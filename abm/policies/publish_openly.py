"""Publish openly: an employer becomes more open (papers, open source) or less so, at once."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "openness": Knob(0.0, -1.0, 1.0, "added, on [0, 1]", "openness of the culture", "T4, T5, M47; range: grade D"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Add to the openness."""
    levers["openness"][knobs.rows("employer")] += knobs["openness"]
