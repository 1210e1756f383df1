"""Messages that no page of ours sends: wrong, huge, nested, not finite, with names that mean something to somebody."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from viz.messages import HANDLERS, Field

NAMES = (
    *("__proto__", "constructor", "prototype", "toString", "__class__", "__init__", "self", "session", "do", "id"),
    *("", " ", "\0", "a" * 5_000, "Alpha", "\ud800", "..", "../../etc/passwd", "%00", "\u202e", "{{7*7}}", "${7*7}"),
)


def nested(depth: int, kind: type = list) -> Any:
    """A list in a list in a list, or tables likewise."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


HOSTILE: tuple[Any, ...] = (
    *NAMES,
    *(None, True, False, -1, -0.0, 0.5, 1e-320, 2**31, 2**53 + 1, 2**63, -(2**64), 10**400, 10**5_000, 1e308, -1e308),
    *(
        math.nan,
        math.inf,
        -math.inf,
        [],
        {},
        [[]],
        [None],
        [math.nan],
        {"a": math.inf},
        {"": ""},
        {"__proto__": {"a": 1}},
    ),
    *(nested(50), nested(3_000), nested(3_000, dict), ["x"] * 500, dict.fromkeys(map(str, range(300)), 1), "9" * 400),
    *(
        "NaN",
        "Infinity",
        "1e999",
        "null",
        "undefined",
        "[" * 2_000,
        "\r\n\r\n",
        "x" * 300_000,
        b"bytes",
        1j,
        (),
        {1: 2},
    ),
    *("' or 1=1 --", "<script>1</script>", "javascript:1", "2022-13", "0000-00", "9999-99", "-1-01", [{"do": "step"}]),
)
SANE: tuple[Any, ...] = (
    *(
        0,
        1,
        2,
        3,
        7,
        0.25,
        True,
        "tiny",
        "open",
        "minimal",
        "present",
        "described",
        "Alpha",
        "employer",
        "team",
        "2022-03",
    ),
    *(
        "garden_leave",
        "pay_band",
        "person",
        "event",
        "pay_sensitivity",
        "departures",
        {"months": 6},
        {"employer": "Alpha"},
    ),
    *({}, [], ["nothing"], 'name = "x"', "[]", '[[1, "policy", "garden_leave", {"months": 3}, 1]]', ".", "out", "run"),
    {"name": "x", "title": "x", "start": "2024-01", "months": 3, "sites": [], "employers": [{"name": "a"}]},
)
SLOW = frozenset({"hello", "build_form", "explained", "experiments", "why_choices", "link"})
"""Requests without fields whose answer takes long and depends on nothing: asked now and then only."""


def messages(count: int, seed: int) -> Iterator[Any]:
    """Messages to every handler that is known, the same for the same seed."""
    draw = random.Random(seed)
    known = sorted(HANDLERS)
    sane = {name: {field.name: _fitting(field) for field in HANDLERS[name].fields} for name in known}
    for number in range(count):
        if draw.random() < 0.03:
            yield draw.choice(HOSTILE)
            continue
        name = known[number % len(known)]
        message: dict[Any, Any] = {
            "id": draw.choice([number, str(number), *HOSTILE]) if draw.random() < 0.1 else number
        }
        message["do"] = (
            name if draw.random() < 0.95 else draw.choice([*HOSTILE, name.upper(), f"{name}_", f"__{name}__"])
        )
        for field in HANDLERS[name].fields:
            chance = draw.random()
            if chance < 0.45 and sane[name][field.name]:
                message[field.name] = draw.choice(sane[name][field.name])
            elif chance < 0.9:
                message[field.name] = draw.choice(HOSTILE)
        if draw.random() < (0.95 if name in SLOW else 0.15):
            message[draw.choice(NAMES)] = draw.choice(HOSTILE)
        if draw.random() < 0.1:
            message["line"] = draw.choice(HOSTILE)
        yield message


def _fitting(field: Field) -> list[Any]:
    fits = []
    for value in SANE:
        try:
            field.read(field.name, value)
        except ValueError:
            continue
        fits.append(value)
    return fits
