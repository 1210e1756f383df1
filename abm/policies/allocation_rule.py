"""Allocation rule: employers split their compute by a rule of the policy's choice instead of their own."""

from __future__ import annotations

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knobs, Name

KNOBS = {
    "rule": Name("rule", "none", "how compute is split", "M01 (committee), M03 (equal sharing); T21"),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Set the rule."""
    if knobs.name("rule"):
        levers["allocation"][knobs.rows("employer")] = knobs.code("rule")
