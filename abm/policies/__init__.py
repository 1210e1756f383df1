"""Policies: one file each, found on disk. A policy moves levers, never people; zero strength changes no byte.

To add one: a file here with `KNOBS` (name -> Knob) and `move(levers, month, knobs)`, which changes the levers it was
given. It runs every month after the dated events, on a fresh copy of the levers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from abm.levers import Levers


@dataclass(frozen=True, slots=True)
class Knob:
    """A number that sets how strongly a policy acts; `neutral` leaves the baseline as it is."""

    neutral: float
    low: float
    high: float
    unit: str
    meaning: str


class Named(Protocol):
    """What a scenario says of a policy in force."""

    @property
    def name(self) -> str:
        """Name of the file."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Knobs by name."""


@cache
def names() -> tuple[str, ...]:
    """All policies, by the names of their files."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")))


@cache
def load(name: str) -> Any:
    """The module of one policy."""
    return import_module(f"abm.policies.{name}")


def move_levers(in_force: Sequence[Named], base: Levers, levers: Levers, month: int) -> None:
    """Put the policies in force on top of the levers that the dated events have set."""
    for name, values in base.values.items():
        levers.values[name][:] = values
    for policy in in_force:
        module = load(policy.name)
        knobs = {knob: float(policy.settings.get(knob, declared.neutral)) for knob, declared in module.KNOBS.items()}
        module.move(levers, month, knobs)
    levers.clip()
