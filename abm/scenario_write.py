"""A scenario as a TOML file that a person can read, change and run: what `load` reads, written.

Keys stand in the order of the schema. What has its default is left out, so that a file says what is particular to it;
reading it back gives an equal scenario with an equal content hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import tomlkit
from tomlkit.items import AoT, Array, InlineTable, Table

from abm.scenario import Scenario
from abm.scenario_read import Field
from abm.scenario_schema import COHORT, EMPLOYER, EVENT, FLOW, INTERVENTION, OBSERVATION, RETENTION, SITE, TEAM, TOP

LISTS: Final[Mapping[str, Mapping[str, Field]]] = {
    "sites": SITE,
    "employers": EMPLOYER,
    "teams": TEAM,
    "cohorts": COHORT,
    "observations": OBSERVATION,
    "retention": RETENTION,
    "flows": FLOW,
    "events": EVENT,
    "policies": {},
    "interventions": INTERVENTION,
}
"""The lists of tables ([[...]]), with what their keys are when left out."""
ALWAYS: Final = frozenset({"sites", "employers", "teams", "effects"})  # written even when they hold nothing


def to_toml(scenario: Scenario, note: str = "") -> str:
    """The text of a file that describes a scenario.

    Args:
        scenario: any.
        note: lines that are to stand at the top, as comments.

    Returns:
        TOML; `from_dict(parse_text(text, ...))` is the scenario again.
    """
    document = tomlkit.document()
    for line in (*_lines(scenario.title), *_lines(note), f"Hash {scenario.content_hash()}"):
        document.add(tomlkit.comment(line))
    content = scenario.to_dict()
    if content["horizon"] == content["months"]:
        del content["horizon"]
    _fill(document, content, TOP)
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _lines(text: str) -> list[str]:
    """The lines of a text that may stand in a comment."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _fill(into: Any, content: Mapping[str, Any], fields: Mapping[str, Field]) -> None:
    """Keys with their values, then the lists of tables, each in the order of the schema."""
    order = [*(key for key in fields if key in content), *(key for key in content if key not in fields)]
    order.sort(key=lambda key: (key in LISTS, key == "parameters"))
    for key in order:
        value = content[key]
        if not _says_something(key, value, content, fields.get(key)):
            continue
        if key in LISTS:
            into.add(key, _tables(value, LISTS[key]))
        elif key == "parameters":
            table = tomlkit.table()
            for name, number in value.items():
                table.add(name, number)
            into.add(key, table)
        else:
            default = fields[key].default if key in fields else None
            if isinstance(default, Mapping):  # some of its keys may be left out
                value = {name: item for name, item in value.items() if item != default.get(name)}
            into.add(key, _value(value))


def _says_something(key: str, value: Any, content: Mapping[str, Any], declared: Field | None) -> bool:
    """Whether a key has to be written: it is not what it would be without."""
    if key in ALWAYS:
        return True
    if key == "between":
        return bool(value != [content["date"]] * 2)
    if declared is None or declared.required:
        return True
    default = [] if declared.default == () else declared.default
    return bool(value != default)


def _tables(items: Sequence[Mapping[str, Any]], fields: Mapping[str, Field]) -> AoT:
    found = tomlkit.aot()
    for item in items:
        table: Table = tomlkit.table()
        _fill(table, item, fields)
        found.append(table)
    return found


def _value(value: Any) -> Any:
    """A plain value; tables inside a line, long lists and lists of tables with an item on each line."""
    if isinstance(value, Mapping):
        line: InlineTable = tomlkit.inline_table()
        for name, item in value.items():
            line.append(name, _value(item))
        return line
    if isinstance(value, Sequence) and not isinstance(value, str):
        array: Array = tomlkit.array()
        for item in value:
            array.append(_value(item))
        many = len(value) > 1 and (isinstance(value[0], Mapping) or sum(len(str(item)) for item in value) > 90)
        return array.multiline(many)
    return value
