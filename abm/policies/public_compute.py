"""Public research compute: universities are given compute in proportion to their people."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, Knob, Knobs, Name

KNOBS = {
    "per_head": Knob(
        0.0,
        0.0,
        100.0,
        "H100e per head",
        "added to what a university has",
        "D19, D22, M50; range: grade D",
    ),
    "employer": Name("employer", "all", "university that gets it; nothing happens at other employers"),
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Add to what universities are given."""
    levers["public_compute"][knobs.rows("employer")] += knobs["per_head"]
