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


def problems(overrides: Mapping[str, Any]) -> list[str]:
    """What is wrong with a mapping of overrides: one line each, empty when all is well."""
    found = []
    for name, value in overrides.items():
        if name not in declared():
            near = difflib.get_close_matches(str(name)[:200], declared(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "`talent list parameters` shows them all"
            found.append(f"parameters.{str(name)[:80]} = {_shown(value)}: no such parameter; {hint}")
            continue
        known = declared()[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            expected = f"a number ({known.unit}), e.g. {known.default:g}"
            found.append(f"parameters.{name} = {_shown(value)}: expected {expected}")
        elif not known.low <= value <= known.high:  # no number that is not finite lies between two that are
            found.append(
                f"parameters.{name} = {_shown(value)}: expected {known.low:g} to {known.high:g} ({known.unit}); "
                f"the default is {known.default:g}"
            )
    return found


def _shown(value: Any) -> str:
    """A value as it was given, cut short; whole numbers may be too large to write out."""
    if isinstance(value, int) and abs(value) > 10**18:
        return f"a whole number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]} ..."


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
