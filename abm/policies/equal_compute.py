"""Equal sharing: employers split their compute in proportion to heads, from a month on."""

from __future__ import annotations

import numpy as np

from abm.levers import Levers
from abm.policies import Knob

EQUAL_PER_HEAD = 0  # position in tables.RULES
KNOBS = {
    "employers": Knob(0.0, 0.0, 1e6, "employers", "how many employers follow, in the order of the scenario (0 = none)"),
    "from_month": Knob(0.0, 0.0, 1200.0, "month", "first month in which the rule holds"),
}


def move(levers: Levers, month: int, knobs: dict[str, float]) -> None:
    """Set the allocation rule of the first employers of the scenario."""
    if month >= knobs["from_month"]:
        followers = np.arange(len(levers["allocation"])) < knobs["employers"]
        levers["allocation"][followers] = EQUAL_PER_HEAD
