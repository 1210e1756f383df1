"""Every number of the model, declared once in `abm/data/parameters.toml`: default, unit, range, source, grade.

The model, the samplers, the app and the documentation read the same declaration. An unknown key is an error that
names the nearest one.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "data" / "parameters.toml"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared number. Grades: A official, B named report, C press or self-selected, D assumption (swept)."""

    name: str
    phase: str
    default: float
    unit: str
    low: float
    high: float
    source: str
    grade: str
    meaning: str


@cache
def declared() -> dict[str, Parameter]:
    """All parameters by name, in the order of the file."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    found: dict[str, Parameter] = {}
    for phase, entries in content.items():
        for name, fields in entries.items():
            if name in found:
                raise ValueError(f"parameter {name!r} is declared twice in {_FILE.name}")
            found[name] = Parameter(name=name, phase=phase, **fields)
    return found


def problems(overrides: Mapping[str, Any]) -> list[str]:
    """What is wrong with a mapping of overrides: one line each, empty when all is well."""
    found = []
    for name, value in overrides.items():
        if name not in declared():
            near = difflib.get_close_matches(str(name), declared(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "`talent list parameters` shows them all"
            found.append(f"parameters.{name} = {value!r}: no such parameter; {hint}")
            continue
        known = declared()[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            found.append(f"parameters.{name} = {value!r}: expected a number ({known.unit}), e.g. {known.default:g}")
        elif not math.isfinite(value) or not known.low <= value <= known.high:
            found.append(
                f"parameters.{name} = {value!r}: expected {known.low:g} to {known.high:g} ({known.unit}); "
                f"the default is {known.default:g}"
            )
    return found


def check(overrides: Mapping[str, Any]) -> None:
    """Refuse unknown names, wrong types and values out of range.

    Raises:
        ValueError: one line per problem.
    """
    found = problems(overrides)
    if found:
        raise ValueError("\n".join(found))


class Parameters:
    """The values in force in one run; read as attributes: `parameters.h0`."""

    __slots__ = ("_values",)

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        """Defaults, with the overrides put on top."""
        check(overrides or {})
        values = {name: float(known.default) for name, known in declared().items()}
        values.update({name: float(value) for name, value in (overrides or {}).items()})
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> float:
        """The value of one parameter."""
        try:
            return float(object.__getattribute__(self, "_values")[name])
        except KeyError:
            near = difflib.get_close_matches(name, declared(), n=1)
            raise AttributeError(f"no parameter {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")) from None

    def __setattr__(self, name: str, value: object) -> None:
        """Parameters are frozen once a run has begun; levers are what moves."""
        raise AttributeError(f"parameters are frozen; to change {name!r} derive a new scenario")

    def __getstate__(self) -> dict[str, float]:
        """For copies and worker processes."""
        return self.as_dict()

    def __setstate__(self, values: dict[str, float]) -> None:
        """For copies and worker processes."""
        object.__setattr__(self, "_values", values)

    def as_dict(self) -> dict[str, float]:
        """All values by name."""
        return dict(object.__getattribute__(self, "_values"))
