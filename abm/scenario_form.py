"""The schema of a scenario as plain data for a form: of every key the control, label, range, default and meaning.

Ranges and defaults are read off the readers of `abm/scenario_schema.py` and `abm/scenario_effects.py`, so that a form
cannot promise what a file may not hold; labels and meanings are in `abm/data/scenario_keys.toml`.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from abm import parameters, policies, scenario_schema
from abm.levers import LEVERS
from abm.policies import Knob
from abm.scenario_effects import EFFECTS
from abm.scenario_read import CULTURE, Field, date, flag, name, opening, slug, table, text

__all__ = ["form", "meanings"]

_FILE: Final = Path(__file__).parent / "data" / "scenario_keys.toml"
_SCHEMAS: Final = {
    "scenario": "TOP",
    "site": "SITE",
    "employer": "EMPLOYER",
    "team": "TEAM",
    "project": "PROJECT",
    "cohort": "COHORT",
    "observation": "OBSERVATION",
    "retention": "RETENTION",
    "flow": "FLOW",
    "event": "EVENT",
    "intervention": "INTERVENTION",
}
_WHOLE_FILE: Final[Mapping[str, dict[str, Any]]] = {  # keys whose check needs the rest of the file
    "parameters": {"control": "parameters"},
    "policies": {"control": "policies"},
    "members": {"control": "members"},
    "effects": {"control": "effects"},
    "value": {"control": "number", "low": -1e12, "high": 1e12},
}


@cache
def meanings() -> Mapping[str, Any]:
    """Labels, units and meanings: table -> key -> {label, meaning, unit?, of?}; of effects under "effect" by kind."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def tables() -> dict[str, Mapping[str, Field]]:
    """The tables of the schema by the name that a form gives them."""
    known = {called: getattr(scenario_schema, where, None) for called, where in _SCHEMAS.items()}
    return {called: fields for called, fields in known.items() if fields is not None}


@cache
def form() -> dict[str, Any]:
    """Everything that an editor of scenarios has to know, as plain data.

    Returns:
        tables: table -> list of keys, in the order of the schema. Of each key: `key`, `control`, `label`, `meaning`,
            `unit`, `required`, `default` (absent if there is none), and what its control needs: `low` and `high`,
            `choices`, `longest`, `most` and `fewest`, `of` (the kind of thing whose name it holds), `table` (of the
            tables in it). Controls: text, name, slug, date, opening, flag, number, whole, choice, list, table, tables,
            culture, toward, members, effects, parameters, policies.
        effects: kind -> {label, meaning, fields: keys in the same form}.
        culture: the six dimensions, each {key, label, meaning}.
        levers: lever -> {shape, neutral, low, high, unit, meaning}.
        parameters: list of {name, phase, default, low, high, unit, meaning, grade, source}.
        policies: policy -> {meaning, knobs: keys in the same form}.
    """
    said = meanings()
    return {
        "tables": {called: _keys(fields, said[called]) for called, fields in tables().items()},
        "effects": {
            kind: {**said["effect"][kind]["means"], "fields": _keys(fields, said["effect"][kind])}
            for kind, fields in EFFECTS.items()
        },
        "culture": [{"key": dimension, **said["culture"][dimension]} for dimension in CULTURE],
        "levers": {
            called: {key: getattr(lever, key) for key in ("shape", "neutral", "low", "high", "unit", "meaning")}
            for called, lever in LEVERS.items()
        },
        "parameters": [
            {
                key: getattr(known, key)
                for key in ("name", "phase", "default", "low", "high", "unit", "meaning", "grade", "source")
            }
            for known in parameters.declared().values()
        ],
        "policies": {called: _policy(called) for called in policies.names()},
    }


def _keys(fields: Mapping[str, Field], said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_key(key, field, said[key]) for key, field in fields.items()]


def _key(key: str, field: Field, said: Mapping[str, Any]) -> dict[str, Any]:
    found = {"key": key, "label": said["label"], "meaning": said["meaning"], "unit": said.get("unit", "")}
    found |= {"required": field.required, **_control(key, field.read)}
    if "of" in said:
        found["of"] = said["of"]
    if field.default is not None:
        found["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    return found


def _control(key: str, read: Any) -> dict[str, Any]:
    """The control for what a reader takes, with its limits."""
    simple = {name: "name", slug: "slug", date: "date", opening: "opening", flag: "flag"}
    if read in simple:
        return {"control": simple[read], **({"longest": 80 if read is name else 40} if read in (name, slug) else {})}
    kind = read.__qualname__.partition(".")[0]
    held = inspect.getclosurevars(read).nonlocals
    if kind in ("number", "integer"):
        return {"control": "number" if kind == "number" else "whole", "low": held["low"], "high": held["high"]}
    if kind == text.__name__:
        return {"control": "text", "longest": held["longest"]}
    if kind == "one_of":
        return {"control": "choice", "choices": list(held["choices"])}
    if kind == "list_of":
        if held["each"].__name__ == "_anything":
            return dict(_WHOLE_FILE[key])
        return {"control": "list", "fewest": held["fewest"], "most": held["most"], "each": _control(key, held["each"])}
    if kind == table.__name__:
        return {"control": "table", "table": _table_of(held["fields"])}
    if kind == "tables_of":
        return {"control": "tables", "table": _table_of(held["fields"]), "label_key": held["label"]}
    if kind == "culture":
        one = inspect.getclosurevars(held["fields"][CULTURE[0]].read).nonlocals
        return {"control": "culture", "low": one["low"], "high": one["high"]}
    if kind == "_toward":
        return {"control": "toward", "low": 0, "high": 1}
    return dict(_WHOLE_FILE[key])


def _table_of(fields: Mapping[str, Field]) -> str:
    return next(called for called, known in tables().items() if known is fields)


def _policy(called: str) -> dict[str, Any]:
    module = policies.load(called)
    knobs: Mapping[str, Any] = getattr(policies, "knobs_of", lambda one: policies.load(one).KNOBS)(called)
    return {
        "meaning": str(module.__doc__).strip().splitlines()[0],
        "knobs": [_knob(key, knob) for key, knob in knobs.items()],
    }


def _knob(key: str, knob: Any) -> dict[str, Any]:
    common = {"key": key, "label": key.replace("_", " ").capitalize(), "meaning": knob.meaning, "required": False}
    if isinstance(knob, Knob):
        return {**common, "control": "number", "low": knob.low, "high": knob.high, "unit": knob.unit,
                "default": knob.neutral}  # fmt: skip
    if knob.kind == "date":
        return {**common, "control": "date", "unit": "", "empty": knob.empty}
    return {**common, "control": "name", "longest": 80, "of": knob.kind, "unit": "", "empty": knob.empty}
