"""Prices of what levers use up, declared once in `abm/data/costs.toml`: default, unit, range, source, grade.

The model measures quantities; a price makes kUSD of them. A price is used at its default, and swept over its range.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import abm
from abm.parameters import Parameter
from abm.scenario import ScenarioError
from abm.scenario_read import nearest

_FILE = Path(abm.__file__).parent / "data" / "costs.toml"
Prices = Mapping[str, float]


@cache
def declared() -> dict[str, Parameter]:
    """All prices by name, in the order of the file."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Parameter(name=name, phase=group, **fields)
        for group, entries in content.items()
        for name, fields in entries.items()
    }


def prices(overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Every price: the default, or what is given instead.

    Raises:
        ScenarioError: an unknown price or one outside its range; names the nearest.
    """
    found = {name: float(price.default) for name, price in declared().items()}
    problems = []
    for name, value in (overrides or {}).items():
        price = declared().get(name)
        if price is None:
            problems.append(f"{name} = {value!r}: no such price. Fix: {nearest(name, declared())}")
        elif not math.isfinite(value):
            problems.append(f"{name} = {value!r}: expected a number ({price.unit}), e.g. {price.default:g}")
        elif not price.low <= value <= price.high:
            problems.append(
                f"{name} = {value!r}: expected {price.low:g} to {price.high:g} ({price.unit}). "
                f"Fix: choose a value between them; the default is {price.default:g}"
            )
        else:
            found[name] = float(value)
    if problems:
        raise ScenarioError.about("prices (abm/data/costs.toml)", problems)
    return found


def ends(around: Prices, names: tuple[str, ...] | None = None) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Each price at both ends of its range, the others as they are: (name, "low" or "high", prices)."""
    for name in names or tuple(declared()):
        for end in ("low", "high"):
            yield name, end, {**around, name: float(getattr(declared()[name], end))}
