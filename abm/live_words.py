"""What a pull of a lever says in words: "From 2023-05: garden leave of Meta, +6 months"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from abm import policies
from abm.parameters import declared
from abm.policies import Knob, Name

WHEN: Final = ("date", "until")
_OF: Final = {"employer": "of", "team": "of", "place": "in"}


def place_of(name: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a policy acts: the names that stand for everything when left out; without such a knob the first name."""
    names = {knob: known for knob, known in policies.knobs_of(name).items() if isinstance(known, Name)}
    wide = [knob for knob, known in names.items() if known.kind in _OF and known.empty == "all"]
    narrow = [knob for knob, known in names.items() if known.kind in _OF]
    return tuple(str(settings.get(knob, "")) for knob in wide or narrow[:1])


def happens_once(name: str) -> bool:
    """Whether a policy does something in one month and is not in force afterwards."""
    return not hasattr(policies.load(name), "move")


def policy_words(name: str, settings: Mapping[str, Any]) -> str:
    """A policy with its settings: "garden leave of Meta, +6 months"."""
    knobs = policies.knobs_of(name)
    given = {knob: value for knob, value in settings.items() if knob not in WHEN and value != ""}
    where = [f"{_OF[knob]} {given[knob]}" for knob in _OF if knob in given]
    if not where and any(isinstance(known, Name) and known.empty == "all" for known in knobs.values()):
        where = ["everywhere"]
    several = sum(isinstance(known, Knob) for known in knobs.values()) > 1
    how = []
    for knob, value in given.items():
        known = knobs[knob]
        title = knob.replace("_", " ")
        if isinstance(known, Knob):
            amount = _amount(known, value)
            how.append(f"{title} {amount}" if several and title not in amount.casefold() else amount)
        elif knob not in _OF:
            how.append(f"{title} {value}")
    return ", ".join([" ".join([name.replace("_", " "), *where]), *how])


def _amount(knob: Knob, value: float) -> str:
    """A number with its unit, in the shortest form that is right."""
    if knob.unit == "factor":
        return f"× {value:g}"
    if knob.unit == "1 yes, 0 no":
        return "yes" if value >= 0.5 else "no"
    if knob.unit.startswith("added"):
        return f"{value:+g} {knob.unit.removeprefix('added').lstrip(', ')}"
    if knob.unit.startswith("share"):
        return f"{100 * value:g} %{knob.unit.removeprefix('share')}"
    sign = "+" if knob.meaning.startswith("added") else ""
    return f"{value:{sign}g} {knob.unit}"


def begins(name: str, settings: Mapping[str, Any], date: str) -> str:
    """A policy that is put in force, or that happens."""
    return f"{'In' if happens_once(name) else 'From'} {date}: {policy_words(name, settings)}"


def ends(name: str, settings: Mapping[str, Any], date: str) -> str:
    """A policy that ends."""
    return f"From {date}: no more {policy_words(name, settings)}"


def changes(name: str, before: Mapping[str, Any], after: Mapping[str, Any], date: str) -> str:
    """A policy that goes on with other settings."""
    was = policy_words(name, before).partition(", ")[2] or "neutral"
    return f"From {date}: {policy_words(name, after)} (before: {was})"


def parameter_changes(name: str, before: float, after: float, date: str) -> str:
    """A parameter that has another value from now on."""
    return f"From {date}: {name.replace('_', ' ')} {after:g} (before: {before:g}; {declared()[name].unit})"
