"""Every number of the model, declared once in `abm/data/parameters.toml`: default, unit, range, source, grade.

The model, the samplers, the app and the documentation read the same declaration. An unknown key is an error that
names the nearest one.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from abm.scenario_read import Problems, cut, show

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


ALSO_IN_THE_MONTH: Final = ("pay_reference", "pay_skill_slope", "match_taste_sd")
"""Of the section `build`: those that phases read too. The others are read when the world is built, and never again."""


def read_by_the_month(name: str) -> bool:
    """Whether the months read a parameter, so that another value can come into force while the market runs."""
    return declared()[name].phase != "build" or name in ALSO_IN_THE_MONTH


def read(problems: Problems, place: str, name: object, value: object, place_of_name: str = "") -> float | None:
    """The value of one parameter, or None after noting a problem.

    Args:
        problems: found so far.
        place: of the value, for the problem.
        name: of the parameter; unknown ones are a problem too.
        value: as it came.
        place_of_name: where that is another place.
    """
    known = declared().get(name) if isinstance(name, str) else None
    if known is None:
        problems.unknown(
            place_of_name or place,
            "the name of a parameter",
            name,
            declared(),
            "" if place_of_name else "an unknown name",
        )
    elif isinstance(value, bool) or not isinstance(value, int | float):
        problems.add(place, show(value), f"a number ({known.unit})", f"write e.g. {known.default:g}")
    elif not known.low <= value <= known.high:  # no number that is not finite lies between two that are
        expected = f"{known.low:g} to {known.high:g} ({known.unit})"
        problems.add(place, show(value), expected, f"the default is {known.default:g}")
    else:
        return float(value) + 0.0  # minus zero becomes zero, so that equal scenarios have equal hashes
    return None


def check(overrides: Mapping[str, Any]) -> dict[str, float]:
    """Parameters that were given by hand, as numbers.

    Raises:
        ValueError: unknown names, wrong types and values out of range, one line each.
    """
    problems = Problems()
    found = {name: read(problems, f"parameters.{cut(name)}", name, value) for name, value in overrides.items()}
    if problems.lines:
        raise ValueError("\n".join(problems.lines))
    return {name: value for name, value in found.items() if value is not None}


class Parameters:
    """The values in force in one run; read as attributes: `parameters.h0`."""

    __slots__ = ("_values",)

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        """Defaults, with the overrides put on top."""
        values = {name: float(known.default) for name, known in declared().items()}
        values |= check(overrides or {})
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
