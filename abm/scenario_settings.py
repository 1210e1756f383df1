"""Settings by dotted key (`--set KEY=VALUE`), applied to the plain content of a scenario before it is checked again."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import Any, Final

from abm.scenario_read import ScenarioError, nearest, show
from abm.scenario_schema import TOP

TABLES: Final = frozenset({"sites", "employers", "cohorts", "retention", "events"})


def setting_value(text: Any) -> Any:
    """A setting given as text is read as TOML; what is not TOML is text."""
    if not isinstance(text, str):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def setting_error(key: str, expected: str, fix: str, came: str = "an unknown name") -> ScenarioError:
    """A setting that cannot be applied."""
    return ScenarioError.about("setting", [f"{key}: came {came}; expected {expected}. Fix: {fix}"])


def apply_setting(content: dict[str, Any], key: str, value: Any) -> None:
    """Apply one dotted setting to the plain content; the check that follows judges the value."""
    head, _, rest = key.partition(".")
    if not rest:
        if head in TOP and head not in TABLES and head not in ("parameters", "policies"):
            content[head] = value
            if head == "months" and isinstance(value, int):
                content["horizon"] = max(content["horizon"], value)
            return
        if head in TABLES:
            raise setting_error(key, "the name of one of them", f"write {head}.NAME.KEY=VALUE", "no name")
        close = get_close_matches(head, [k for k in TOP if k not in TABLES], n=1, cutoff=0.8)
        if close and head not in TOP:
            raise setting_error(key, "a parameter or a key of the scenario", f'did you mean "{close[0]}"?')
        content["parameters"][head] = value
        return
    if head == "parameters":
        content["parameters"][rest] = value
        return
    label = "id" if head == "events" else "name"
    tables = _tables(content)
    if head not in tables:
        raise setting_error(key, "one of " + ", ".join(tables), nearest(head, [*tables, "parameters"]))
    if head == "policies":  # naming a policy puts it in force; the check that follows judges its name
        name = rest.partition(".")[0]
        if name not in {policy.get("name") for policy in content["policies"]}:
            content["policies"] = [*content["policies"], {"name": name}]
            tables["policies"] = content["policies"]
    target, path = _find(tables[head], label, key, rest)
    if head == "events" and path == ["drop"]:
        if value is not True and value is not False:
            raise setting_error(key, "true or false", f"write events.{target['id']}.drop=true", show(value))
        if value:
            content["events"].remove(target)
        return
    if head == "events" and path == ["date"]:
        target["between"] = [value, value]
    for step in path[:-1]:
        target = target.setdefault(step, {})
        if not isinstance(target, dict):
            raise setting_error(
                key,
                "a key with keys of its own, such as culture or project",
                "shorten the key",
                f"{step}, which has none",
            )
    target[path[-1]] = value


def present(content: dict[str, Any], key: str) -> Any:
    """What a dotted key is in the plain content; None where it is not said."""
    head, _, rest = key.partition(".")
    if not rest:
        return content["parameters"].get(head, content.get(head))
    if head == "parameters":
        return content["parameters"].get(rest)
    items, label = _tables(content).get(head, []), "id" if head == "events" else "name"
    if not any(rest.startswith(f"{item[label]}.") for item in items):
        return None
    found, path = _find(items, label, key, rest)
    value: Any = found
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _tables(content: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of tables whose items a dotted key may name."""
    return {
        "employers": content["employers"],
        "teams": [team for employer in content["employers"] for team in employer["teams"]],
        "sites": content["sites"],
        "cohorts": content["cohorts"],
        "events": content["events"],
        "policies": content["policies"],
    }


def _find(items: list[dict[str, Any]], label: str, key: str, rest: str) -> tuple[dict[str, Any], list[str]]:
    """The table whose name starts the rest of a dotted key (names may hold dots), and the keys that follow."""
    fits = [item for item in items if rest.startswith(f"{item[label]}.")]
    if not fits:
        called = rest.rsplit(".", 1)[0]
        if any(item[label] == rest for item in items):
            raise setting_error(key, "a key after the name", f"write {key}.KEY=VALUE", "no key")
        raise setting_error(key, f"a declared {label}", nearest(called, (item[label] for item in items)))
    best = max(fits, key=lambda item: len(item[label]))
    return best, rest[len(best[label]) + 1 :].split(".")
