"""Everything that can be pulled, as plain data for an app: policies with their knobs, parameters with their ranges.

All of it is read from the declarations, so that a new policy or parameter appears by itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from abm import mechanisms, policies
from abm.live_words import WHEN, happens_once
from abm.parameters import declared, read_by_the_month
from abm.policies import Knob, Name

_FITTED: Final = Path(__file__).parent / "data" / "posterior.json"


def levers_catalogue() -> dict[str, Any]:
    """Policies and parameters.

    Returns:
        policies: name, label, what it does, `once` (it happens in one month and cannot be released), and knobs. A knob
        of kind "number" has unit, low, high, neutral; any other kind ("employer", "team", "place", "rule", "date") is a
        name, and `empty` says what leaving it out means. Knobs of kind "date" are for files: a pull has its own date.
        parameters: name, label, unit, default, low, high, grade, source, meaning, phase, and `running`: whether it can
        be changed while the market runs (if not, only before the world is built).
    """
    return {
        "policies": [_policy(name) for name in policies.names()],
        "parameters": [_parameter(name) for name in declared()],
    }


def main_parameters() -> list[dict[str, Any]]:
    """The parameters that matter most, by a rule: those that were fitted, and the switches of the core mechanisms.

    Fitted are those of the shipped posterior; a core mechanism is one without which the model is incomplete, and its
    switch is what `talent ablate` sets to leave it out.

    Returns:
        As in `levers_catalogue`, with `fitted` and `mechanisms` (id and name of each whose switch it is).
    """
    fitted = [item["name"] for item in json.loads(_FITTED.read_text(encoding="utf-8"))["parameters"]]
    switches: dict[str, list[dict[str, str]]] = {name: [] for name in fitted}
    for mechanism in mechanisms.declared().values():
        for name in mechanism.off.settings if mechanism.core else ():
            if name in declared():
                switches.setdefault(name, []).append({"id": mechanism.id, "name": mechanism.name})
    return [{**_parameter(name), "fitted": name in fitted, "mechanisms": reasons} for name, reasons in switches.items()]


def _policy(name: str) -> dict[str, Any]:
    module = policies.load(name)
    knobs = policies.knobs_of(name)
    return {
        "name": name,
        "label": _label(name),
        "does": module.__doc__.strip().partition("\n")[0],
        "once": happens_once(name),
        "knobs": [_knob(knob, known) for knob, known in knobs.items()],
    }


def _knob(name: str, known: Knob | Name) -> dict[str, Any]:
    told = {"name": name, "label": _label(name), "meaning": known.meaning, "source": known.source, "unit": known.unit}
    if isinstance(known, Knob):
        return {**told, "kind": "number", "low": known.low, "high": known.high, "neutral": known.neutral}
    return {**told, "kind": "date" if name in WHEN else known.kind, "empty": known.empty}


def _parameter(name: str) -> dict[str, Any]:
    known = declared()[name]
    told = {
        key: getattr(known, key) for key in ("unit", "default", "low", "high", "grade", "source", "meaning", "phase")
    }
    return {"name": name, "label": _label(name), **told, "running": read_by_the_month(name)}


def _label(name: str) -> str:
    return name.replace("_", " ")
