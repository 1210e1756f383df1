"""Buy compute: monthly orders grow, or a stock is ordered at once; both arrive after a lead time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.levers import Levers
from abm.policies import DATE, EMPLOYER, Knob, Knobs

KNOBS = {
    "factor": Knob(1.0, 0.0, 10.0, "factor", "on the compute ordered each month", "F129, M14; range: grade D"),
    "h100e": Knob(0.0, 0.0, 1e6, "H100e", "ordered once, on the date, by each employer", "D23, D24"),
    "lead_time": Knob(
        9.0, 0.0, 60.0, "months", "from that order to its delivery; longer where sites must be converted", "M11"
    ),
    "employer": EMPLOYER,
    "date": DATE,
}


def move(levers: Levers, knobs: Knobs) -> None:
    """Multiply the orders; they arrive after the lead time of each employer."""
    levers["compute_orders"][knobs.rows("employer")] *= knobs["factor"]


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One order of each employer of the scenario, or of the one that is named."""
    if knobs["h100e"] > 0:
        for employer in knobs.names("employer"):
            amount = {"h100e": knobs["h100e"], "lead_time": round(knobs["lead_time"])}
            yield {"kind": "order", "employer": employer, **amount}
