"""What policies and dated events may move, with neutral values. A lever at its neutral value changes no byte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm.columns import Floats
from abm.kernels.allocation import RULES


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing that can be moved: its shape (world, employer, team or site), neutral value, bounds and unit."""

    shape: str
    neutral: float
    low: float
    high: float
    unit: str
    meaning: str


LEVERS: dict[str, Lever] = {
    "demand": Lever("world", 1.0, 0.0, 10.0, "factor", "contacts made by all recruiters"),
    "market_pay": Lever("world", 1.0, 0.2, 10.0, "factor", "pay that outside employers offer and can go up to"),
    "need": Lever("world", 1.0, 0.1, 100.0, "factor", "compute that a researcher needs to do present-day work"),
    "hiring": Lever("employer", 1.0, 0.0, 5.0, "factor", "planned growth of posts (0 = hiring freeze)"),
    "pay_level": Lever("employer", 1.0, 0.2, 5.0, "factor", "first offer"),
    "pay_ceiling": Lever("employer", 1.0, 0.2, 10.0, "factor", "highest pay that the employer can go up to"),
    "equity": Lever("employer", 1.0, 0.0, 10.0, "factor", "expected equity in new offers"),
    "product_share": Lever("employer", 0.0, -1.0, 1.0, "added share", "compute diverted to products"),
    "flagship": Lever("employer", 0.0, 0.0, 1.0, "share", "compute, orders and attention taken by a flagship business"),
    "utilisation": Lever("employer", 0.0, -1.0, 1.0, "added share", "share of the compute that does useful work"),
    "counter_offer": Lever("employer", 1.0, 0.0, 5.0, "factor", "probability of answering an outside offer"),
    "recruiting": Lever(
        "employer", 1.0, 0.0, 10.0, "factor", "contacts made by the recruiters of the employer, and approaches per post"
    ),
    "garden_leave": Lever("employer", 0.0, 0.0, 24.0, "added months", "garden leave where it can be enforced"),
    "retention_bonus": Lever("employer", 0.0, 0.0, 24.0, "months of pay", "lost by leaving, beside unvested equity"),
    "vesting": Lever("employer", 1.0, 0.1, 5.0, "factor", "months that a grant takes to vest"),
    "cliff": Lever("employer", 1.0, 0.0, 5.0, "factor", "months of a grant before anything vests"),
    "openness": Lever("employer", 0.0, -1.0, 1.0, "added, on [0, 1]", "openness of the culture"),
    "remote_hours": Lever("employer", 1.0, 0.0, 3.0, "factor", "hours across time zones that are felt as strain"),
    "pitch": Lever("employer", 0.0, 0.0, 5.0, "added share", "compute per head told to candidates above what it is"),
    "public_compute": Lever("employer", 0.0, 0.0, 1000.0, "H100e per head", "compute given to a university"),
    "compute_orders": Lever("employer", 1.0, 0.0, 10.0, "factor", "compute ordered each month"),
    "allocation": Lever(
        "employer", -1.0, -1.0, len(RULES) - 1.0, "rule code", "allocation rule (-1 = the employer's own)"
    ),
    "priority": Lever("team", 1.0, 0.0, 20.0, "factor", "weight of a team before the allocation committee"),
    "posts": Lever("team", 1.0, 0.0, 10.0, "factor", "planned head count of a team"),
    "non_compete": Lever("site", 1.0, 0.0, 1.0, "share", "garden leave that can be enforced where the law knows it"),
    "seed_climate": Lever("site", 1.0, 0.0, 5.0, "factor", "seed capital within reach of founders"),
}


class Levers:
    """The present values of all levers: a float64 array each (length 1 for the world)."""

    def __init__(self, n_employers: int, n_teams: int, n_sites: int) -> None:
        """All levers at their neutral values."""
        self.lengths = {"world": 1, "employer": n_employers, "team": n_teams, "site": n_sites}
        self.values: dict[str, Floats] = {
            name: np.full(self.lengths[lever.shape], lever.neutral) for name, lever in LEVERS.items()
        }

    def __getitem__(self, name: str) -> Floats:
        """The array of one lever."""
        return self.values[name]

    def world(self, name: str) -> float:
        """The value of a lever that has one value for the whole world."""
        return float(self.values[name][0])

    def clip(self) -> None:
        """Keep every lever inside its declared bounds."""
        for name, lever in LEVERS.items():
            np.clip(self.values[name], lever.low, lever.high, out=self.values[name])
