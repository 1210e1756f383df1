"""A scenario as a short text for an address: what differs from a shipped scenario, or the whole, compressed.

What comes back in an address was written by anybody: lengths are checked while unpacking, never believed, and what
comes out goes through the schema like any other file.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from abm import scenario as scenarios
from abm.scenario import Scenario, from_dict
from abm.scenario_file import parse_text
from abm.scenario_write import to_toml
from viz.messages import Wrong, nearest, plain, shown

LONGEST_CODE: Final = 60_000  # characters
LARGEST_PACKED: Final = 40_000  # bytes
LARGEST_UNPACKED: Final = 256 * 1024  # bytes
LONGEST_LINK: Final = 8_000  # characters that every browser and mail program keeps whole
FORM: Final = 1
_LABELS: Final = ("name", "id")
_FIX: Final = "ask for the link again, or for the file"


def encode(scenario: Scenario) -> str:
    """The shortest code of a scenario; empty when it is a shipped one, whose name is enough."""
    mine = scenario.content_hash()
    if any(hashed == mine and name == scenario.name for name, (_, hashed) in _shipped().items()):
        return ""
    content = scenario.to_dict()
    forms: list[dict[str, Any]] = [{"v": FORM, "toml": _bare(to_toml(scenario))}]
    for name, (base, hashed) in _shipped().items():
        forms.append({"v": FORM, "base": name, "hash": hashed[:12], "patch": _patch(base, content)})
    codes = [_packed(each) for each in forms]
    return min(codes, key=len)


@cache
def _shipped() -> dict[str, tuple[dict[str, Any], str]]:
    """Content and hash of the shipped scenarios, by name; read once for all tabs."""
    loaded = {name: scenarios.load(name) for name in scenarios.names()}
    return {name: (each.to_dict(), each.content_hash()) for name, each in loaded.items()}


def decode(code: str) -> Scenario:
    """The scenario of a code.

    Raises:
        Wrong: not a code, too large, or made against another version of a shipped scenario.
        ScenarioError: the scenario in it has problems.
    """
    content = _unpacked(code)
    if content.get("v") != FORM:
        raise Wrong(f"world: made in form {shown(content.get('v'))}; this program reads form {FORM}. Fix: {_FIX}")
    if isinstance(content.get("toml"), str):
        return from_dict(parse_text(content["toml"], "in the link"), "in the link")
    name = content.get("base")
    if not isinstance(name, str) or name not in scenarios.names():
        raise Wrong(f"world: built on {shown(name)}, which is not shipped{nearest(name, scenarios.names())}")
    base = scenarios.load(name)
    if content.get("hash") != base.content_hash()[:12]:
        raise Wrong(f"world: built on another version of {name} than the one in this program. Fix: {_FIX}")
    made = _patched(base.to_dict(), content.get("patch"), 0)
    if not isinstance(made, Mapping):
        raise _broken("it is not a scenario")
    return from_dict(plain(LARGEST_UNPACKED)("world", made), "in the link")


# ---- packing -----------------------------------------------------------------------------------------------------


def _packed(content: Mapping[str, Any]) -> str:
    data = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def _unpacked(code: str) -> dict[str, Any]:
    if len(code) > LONGEST_CODE:
        raise Wrong(f"world: a code of {len(code):,} characters; at most {LONGEST_CODE:,} are taken")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", code):
        raise _broken("it holds characters that no code has")
    try:
        packed = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        raise _broken("a part is missing") from None
    if len(packed) > LARGEST_PACKED:
        raise Wrong(f"world: {len(packed):,} bytes; at most {LARGEST_PACKED:,} are taken. Fix: open it as a file")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, LARGEST_UNPACKED + 1)
    except zlib.error:
        raise _broken("it cannot be unpacked") from None
    if len(data) > LARGEST_UNPACKED:
        raise Wrong(f"world: unpacks to more than {LARGEST_UNPACKED:,} bytes, which no scenario needs")
    if not unpacker.eof or unpacker.unused_data:
        raise _broken("a part is missing, or something follows")
    try:
        text = data.decode("utf-8")
        if _depth(text) > 40:
            raise _broken("it is nested too deep")
        content = json.loads(text, parse_constant=_no_constant, parse_int=_small, parse_float=_finite)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise _broken("it does not hold what a code holds") from None
    if not isinstance(content, dict):
        raise _broken("it does not hold what a code holds")
    return content


def _broken(why: str) -> Wrong:
    return Wrong(f"world: not a code of this program: {why}. Fix: {_FIX}")


def _depth(text: str) -> int:
    """How deep the brackets go, texts left aside."""
    deepest = depth = 0
    for mark in re.sub(r'"(?:\\.|[^"\\])*+"', "", text):
        depth += (mark in "[{") - (mark in "]}")
        deepest = max(deepest, depth)
    return deepest


def _no_constant(name: str) -> Any:
    raise _broken(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _broken("a number is too large")
    return value


def _small(text: str) -> int:
    if len(text) > 19:
        raise _broken("a number is too large")
    return int(text)


def _bare(toml: str) -> str:
    """TOML without the comments at its head."""
    lines = toml.split("\n")
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines)


# ---- what differs ------------------------------------------------------------------------------------------------
# A patch is {"=": value}, {"k": {key: patch}, "-": [keys left out]} or, for a list of named tables, {"i": [...]} of
# [from, to] (as they are in the base), [at, patch] (one that is changed) and {"+": table} (new). Places only grow, so
# that a patch cannot make much out of little.


def _patch(base: Any, made: Any) -> dict[str, Any]:
    if isinstance(base, dict) and isinstance(made, dict):
        changed = {key: _patch(base[key], made[key]) for key in made if key in base and base[key] != made[key]}
        fresh = {key: {"=": made[key]} for key in made if key not in base}
        gone = [key for key in base if key not in made]
        return {"k": changed | fresh} | ({"-": gone} if gone else {})
    if _named(base) and _named(made):
        return {"i": _items(base, made)}
    return {"=": made}


def _named(items: Any) -> bool:
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) and _name(item) for item in items)


def _name(item: Mapping[str, Any]) -> str:
    return next((item[label] for label in _LABELS if isinstance(item.get(label), str)), "")


def _items(base: list[dict[str, Any]], made: list[dict[str, Any]]) -> list[Any]:
    places = {_name(item): at for at, item in reversed(list(enumerate(base)))}
    found: list[Any] = []
    last = -1
    for item in made:
        at = places.get(_name(item), -1)
        if at <= last:  # new, or moved forward
            found.append({"+": item})
            continue
        last = at
        if base[at] != item:
            found.append([at, _patch(base[at], item)])
        elif found and isinstance(found[-1], list) and found[-1][1] == at - 1:
            found[-1][1] = at
        else:
            found.append([at, at])
    return found


def _patched(base: Any, patch: Any, depth: int) -> Any:
    if not isinstance(patch, dict) or depth > 12:
        raise _broken("a change is not one")
    if "=" in patch:
        return patch["="]
    if "k" in patch and isinstance(base, dict) and isinstance(patch["k"], dict):
        gone = patch.get("-", [])
        made = {key: value for key, value in base.items() if not (isinstance(gone, list) and key in gone)}
        return made | {key: _patched(base.get(key), each, depth + 1) for key, each in patch["k"].items()}
    if "i" in patch and isinstance(base, list) and isinstance(patch["i"], list):
        return _listed(base, patch["i"], depth)
    raise _broken("a change does not fit")


def _listed(base: list[Any], items: list[Any], depth: int) -> list[Any]:
    made: list[Any] = []
    last = -1
    for item in items:
        if isinstance(item, dict) and item.keys() == {"+"}:
            made.append(item["+"])
            continue
        first, what = item if isinstance(item, list) and len(item) == 2 else (None, None)
        if type(first) is not int or not last < first < len(base):
            raise _broken("a change is about nothing")
        if type(what) is int and first <= what < len(base):
            made.extend(base[first : what + 1])
            last = what
        else:
            made.append(_patched(base[first], what, depth + 1))
            last = first
    return made
