"""What scenario discovery found: boxes, their limits, and both in plain words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Limit:
    """One restricted factor of a box.

    Attributes:
        factor: its name.
        low, high: limits; None where the box is open. For words: None.
        levels: the values allowed, for factors whose values are words; else empty.
        quasi_p: chance that a box without this limit would be as dense (one-sided binomial), the smallest of its sides.
        stability: share of bootstrap samples of the points whose box restricts the factor.
    """

    factor: str
    low: float | None
    high: float | None
    levels: tuple[str, ...]
    quasi_p: float
    stability: float

    def told(self) -> str:
        """As a condition in words."""
        if self.levels:
            return f"{self.factor} is {' or '.join(self.levels)}"
        if self.low is not None and self.high is not None:
            return f"{self.factor} is {number(self.low)} to {number(self.high)}"
        if self.low is not None:
            return f"{self.factor} > {number(self.low)}"
        return f"{self.factor} < {number(self.high or 0.0)}"


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        limits: restricted factors, the most certain first.
        coverage: share of all cases that lie in it.
        density: share of its points that are cases.
        mass: share of all points that lie in it.
        trajectory: every box of the peeling: (coverage, density, mass, restricted factors).
        chosen: place in the trajectory.
    """

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float
    trajectory: tuple[tuple[float, float, float, int], ...]
    chosen: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes:
        outcome, unit: what was watched.
        above, bound, asked: the cases are the points whose mean lies above (or below) the bound; as it was asked.
        points, cases, missing: how many; missing ones were left out.
        replicates: histories a point.
        boxes: the first covers the most; the next ones explain cases outside the earlier.
    """

    outcome: str
    unit: str
    above: bool
    bound: float
    asked: str
    points: int
    cases: int
    missing: int
    replicates: int
    boxes: tuple[Box, ...]

    @property
    def base(self) -> float:
        """Share of cases among all points."""
        return self.cases / self.points

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"base": self.base}


# ---- words -----------------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def condition(found: Discovery) -> str:
    """What a case is, in words."""
    return f"{found.outcome} {'above' if found.above else 'below'} {number(found.bound)}"


def rule(found: Discovery, box: Box, name: str = "") -> str:
    """A box in one sentence; `name` is what a case is called."""
    called = name or condition(found)
    when = " and ".join(limit.told() for limit in box.limits)
    return f"{called} when {when}: {box.coverage * 100:.0f} % of the cases, {box.density * 100:.0f} % pure"


def told(found: Discovery, name: str = "") -> str:
    """All that was found, as plain text."""
    unit = f" [{found.unit}]" if found.unit else ""
    lines = [
        f"{condition(found)}{unit}: {found.cases:,} of {found.points:,} points ({found.base * 100:.0f} %), means of "
        f"{found.replicates} replicate{'s' if found.replicates != 1 else ''}"
    ]
    if found.missing:
        lines.append(f"Left out: {found.missing} points without a result")
    if not found.boxes:
        lines.append("No box whose limits are all significant: more points or another threshold may show one")
    for place, box in enumerate(found.boxes, start=1):
        lines.append(f"Box {place}: {rule(found, box, name)}, {box.mass * 100:.0f} % of all points")
        for limit in box.limits:
            chance = "quasi-p < 0.001" if limit.quasi_p < 0.001 else f"quasi-p {limit.quasi_p:.2g}"
            stable = "" if np.isnan(limit.stability) else f", in {limit.stability * 100:.0f} % of resamples"
            lines.append(f"  {limit.told()}  ({chance}{stable})")
    return "\n".join(lines)
