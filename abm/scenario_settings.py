"""Settings by dotted key (`--set KEY=VALUE`), applied to the plain content of a scenario before it is checked again.

All settings are looked up before the first is applied: names are those that the scenario has, whatever another setting
makes of them, so that the order in which settings are given changes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from abm.scenario_file import too_deep
from abm.scenario_read import Problems, ScenarioError, show
from abm.scenario_schema import TOP

TABLES: Final = frozenset({"sites", "employers", "cohorts", "retention", "events"})
type Path = tuple[str | int, ...]  # keys and places (counted from 0) from the top of the content
type Items = list[tuple[Path, dict[str, Any]]]
type Tables = dict[str, Items]


def setting_value(text: Any) -> Any:
    """A setting given as text is read as TOML; what is not TOML, or nested as no scenario is, is text."""
    if not isinstance(text, str) or too_deep(text):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def setting_error(key: str, expected: str, fix: str, came: str = "an unknown name") -> ScenarioError:
    """A setting that cannot be applied."""
    return ScenarioError.about("setting", [f"{key}: came {came}; expected {expected}. Fix: {fix}"])


def apply_settings(content: dict[str, Any], settings: Mapping[str, Any]) -> None:
    """Apply dotted settings to the plain content; the check that follows judges the values.

    Raises:
        ScenarioError: all settings that are about nothing, or about the same thing, in one.
    """
    problems = Problems()
    values = {key: setting_value(value) for key, value in settings.items()}
    tables = _tables(content)
    places: dict[Path, str] = {}
    for key, value in values.items():
        place = _place(problems, content, tables, key)
        if place is not None and _is_there(problems, place, key, value):
            if place in places:
                came = f"the same thing as {places[place]}"
                problems.add(key, came, "every thing set once", "remove one of the two")
            places[place] = key
    for place, key in places.items():
        outer = (place[:n] for n in range(1, len(place)))
        around = next((places[each] for each in outer if each in places and not _is_event(each)), None)
        if around is not None:
            problems.add(key, f"a part of what {around} sets", "settings of different things", "remove one of the two")
    if problems.lines:
        raise ScenarioError.about("setting", problems.lines)
    for place, key in places.items():
        if not _is_event(place):
            _put(content, place, values[key])
            if _is_event(place[:-1]) and place[-1] == "date" and (*place[:-1], "between") not in places:
                _put(content, (*place[:-1], "between"), [values[key], values[key]])
    # An event that is left out is, whatever else is said of it: both may be factors of one study.
    gone = {place[1] for place in places if _is_event(place)}
    content["events"] = [event for row, event in enumerate(content["events"]) if row not in gone]


def _place(problems: Problems, content: dict[str, Any], tables: Tables, key: str) -> Path | None:
    """Where in the content a dotted key is, or None after noting a problem; an event that is left out is its row."""
    head, _, rest = key.partition(".")
    if not rest:
        return _place_at_the_top(problems, head, key)
    if head == "parameters":
        return (head, rest)
    if head not in tables:
        problems.unknown(key, "one of " + ", ".join(tables), head, [*tables, "parameters"], "an unknown name")
        return None
    if head == "policies":  # naming a policy puts it in force; the check that follows judges its name
        name = rest.partition(".")[0]
        if all(policy.get("name") != name for policy in content["policies"]):
            content["policies"].append({"name": name})
            tables["policies"] = _tables(content)["policies"]
    found = _find(problems, tables[head], "id" if head == "events" else "name", key, rest)
    if found is None:
        return None
    row, target, steps = found
    if head == "events" and steps == ["drop"]:
        return row
    for step in steps[:-1]:
        target = target.get(step, {})
        if not isinstance(target, dict):
            came, expected = f"{step}, which has none", "a key with keys of its own, such as culture or project"
            problems.add(key, came, expected, "shorten the key")
            return None
    return (*row, *steps)


def _place_at_the_top(problems: Problems, head: str, key: str) -> Path | None:
    """Where a key without a dot is: a parameter, unless it is (or looks like) a key of the scenario."""
    if head in TABLES or head == "policies":
        problems.add(key, "no name", "the name of one of them", f"write {head}.NAME.KEY=VALUE")
        return None
    if head in TOP and head != "parameters":
        return (head,)
    close = get_close_matches(head[:200], [k for k in TOP if k not in TABLES], n=1, cutoff=0.8)
    if close and head not in TOP:
        problems.add(key, "an unknown name", "a parameter or a key of the scenario", f'did you mean "{close[0]}"?')
        return None
    return ("parameters", head)


def _is_event(place: Path) -> bool:
    """Whether it is a row of the events as a whole, which only leaving it out is about."""
    return len(place) == 2 and place[0] == "events"


def _is_there(problems: Problems, place: Path, key: str, value: Any) -> bool:
    """Whether a setting changes anything: to leave an event out takes true, and false says that it stays."""
    if not _is_event(place):
        return True
    if value is not True and value is not False:
        problems.add(key, show(value), "true or false", f"write {key}=true")
    return value is True


def _put(content: dict[str, Any], place: Path, value: Any) -> None:
    """Set what is at a place; tables on the way that are not there are made."""
    target: Any = content
    for step in place[:-1]:
        target = target[step] if isinstance(step, int) else target.setdefault(step, {})
    target[place[-1]] = value


def present(content: dict[str, Any], key: str) -> Any:
    """What a dotted key is in the plain content; None where it is not said."""
    head, _, rest = key.partition(".")
    if not rest:
        return content["parameters"].get(head, content.get(head))
    if head == "parameters":
        return content["parameters"].get(rest)
    items = _tables(content).get(head, [])
    found = _find(Problems(), items, "id" if head == "events" else "name", key, rest)
    if found is None:
        return None
    value: Any = found[1]
    for step in found[2]:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _tables(content: dict[str, Any]) -> Tables:
    """The lists of tables whose items a dotted key may name, each item with its place."""
    found: Tables = {
        head: [((head, row), item) for row, item in enumerate(content[head])]
        for head in ("employers", "sites", "cohorts", "events", "policies")
    }
    teams: Items = [
        ((*place, "teams", row), team)
        for place, employer in found["employers"]
        for row, team in enumerate(employer["teams"])
    ]
    return {"employers": found.pop("employers"), "teams": teams, **found}


def _find(
    problems: Problems, items: Items, label: str, key: str, rest: str
) -> tuple[Path, dict[str, Any], list[str]] | None:
    """The table whose name starts the rest of a dotted key (names may hold dots), and the keys that follow."""
    fits = [(place, item) for place, item in items if rest.startswith(f"{item[label]}.")]
    if not fits:
        if any(item[label] == rest for _, item in items):
            problems.add(key, "no key", "a key after the name", f"write {key}.KEY=VALUE")
        else:
            called = rest.rsplit(".", 1)[0]
            problems.unknown(key, f"a declared {label}", called, (item[label] for _, item in items), "an unknown name")
        return None
    place, best = max(fits, key=lambda fit: len(fit[1][label]))
    return place, best, rest[len(best[label]) + 1 :].split(".")
