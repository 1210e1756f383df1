"""What the browser may say to a session: every message is checked here before anything is done with it.

A slider in the page is no check: whatever can be typed into a socket can arrive. A handler declares its fields, and
gets values of the right type, finite and in range, or is not called at all.
"""

from __future__ import annotations

import difflib
import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

MISSING: Final = object()
MOST_CHARACTERS: Final = 400
Message = Mapping[str, Any]
Handler = Callable[[Any, dict[str, Any]], dict[str, Any]]


class Wrong(ValueError):
    """A message that cannot be obeyed; its text is shown to the reader as it is."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: how it is read, and the value when it is left out (MISSING: it may not be)."""

    name: str
    read: Callable[[str, Any], Any]
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Known:
    """A handler with its fields."""

    name: str
    run: Handler
    fields: tuple[Field, ...]


HANDLERS: dict[str, Known] = {}


def handler(name: str, *fields: Field) -> Callable[[Handler], Handler]:
    """Register a function `(session, values) -> reply` for messages whose `do` is `name`."""

    def register(function: Handler) -> Handler:
        HANDLERS[name] = Known(name, function, fields)
        return function

    return register


def read(message: Any) -> tuple[Known, dict[str, Any]]:
    """The handler of a message and its checked values.

    Raises:
        Wrong: in words, what came and what was expected.
    """
    if not isinstance(message, Mapping):
        raise Wrong(f"came {shown(message)}; expected a table with a field named do")
    called = message.get("do")
    known = HANDLERS.get(called) if isinstance(called, str) else None
    if known is None:
        raise Wrong(f"do = {shown(called)}: no such request{nearest(called, HANDLERS)}")
    values: dict[str, Any] = {}
    for field in known.fields:
        came = message.get(field.name, MISSING)
        if came is MISSING or came is None:
            if field.default is MISSING:
                raise Wrong(f"{known.name}: {field.name} is missing")
            values[field.name] = field.default
        else:
            values[field.name] = field.read(f"{known.name}: {field.name}", came)
    extra = sorted(str(key)[:40] for key in message if key not in ("do", "id") and key not in values)
    if extra:
        raise Wrong(f"{known.name}: {extra[0]} is not one of its fields{nearest(extra[0], values)}")
    return known, values


class _Short(reprlib.Repr):
    """Never goes through a whole value: it may be nested without end, or a number of a million digits."""

    def __init__(self) -> None:
        super().__init__(maxlevel=3, maxstring=60, maxother=60, maxdict=4, maxlist=4, maxtuple=4)

    def repr_int(self, value: int, level: int) -> str:
        return repr(value) if value.bit_length() < 200 else f"a whole number of {value.bit_length():,} bits"


_SHORT: Final = _Short()


def shown(value: Any) -> str:
    """A value as an error message quotes it: short, on one line."""
    text = _SHORT.repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(name: Any, names: Any) -> str:
    """The end of an error, `; did you mean ...?`; empty where nothing is near."""
    if not isinstance(name, str) or len(name) > 100:
        return ""
    near = difflib.get_close_matches(name, [str(known) for known in names], n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def whole(low: int, high: int) -> Callable[[str, Any], int]:
    """A whole number in a range."""

    def check(place: str, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(f"{place} = {shown(value)}: expected a whole number from {low:,} to {high:,}")
        return value

    return check


def number(low: float, high: float) -> Callable[[str, Any], float]:
    """A finite number in a range."""

    def check(place: str, value: Any) -> float:
        fits = not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < 1e300
        if not fits or not math.isfinite(value) or not low <= value <= high:
            raise Wrong(f"{place} = {shown(value)}: expected a number from {low:g} to {high:g}")
        return float(value)

    return check


def text(longest: int = MOST_CHARACTERS) -> Callable[[str, Any], str]:
    """A text of limited length."""

    def check(place: str, value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(f"{place} = {shown(value)}: expected a text")
        if len(value) > longest:
            raise Wrong(f"{place}: a text of {len(value):,} characters; at most {longest:,} are taken")
        return value

    return check


def flag(place: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong(f"{place} = {shown(value)}: expected true or false")
    return value


def texts(most: int, longest: int = MOST_CHARACTERS) -> Callable[[str, Any], tuple[str, ...]]:
    """A list of texts."""
    one = text(longest)

    def check(place: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) > most:
            raise Wrong(f"{place} = {shown(value)}: expected a list of at most {most} texts")
        return tuple(one(f"{place}[{k}]", item) for k, item in enumerate(value))

    return check


def settings(most: int = 40) -> Callable[[str, Any], dict[str, str | float | bool]]:
    """A flat table of short names with numbers, texts or flags; what they mean is checked by the scenario's schema."""
    name, value_of = text(80), text(120)

    def check(place: str, value: Any) -> dict[str, str | float | bool]:
        if not isinstance(value, Mapping) or len(value) > most:
            raise Wrong(f"{place} = {shown(value)}: expected a table of at most {most} settings")
        found: dict[str, str | float | bool] = {}
        for key, item in value.items():
            label = name(f"{place}: a name", key)
            if isinstance(item, bool):
                found[label] = item
            elif isinstance(item, int | float):
                found[label] = number(-1e15, 1e15)(f"{place}.{label}", item)
            else:
                found[label] = value_of(f"{place}.{label}", item)
        return found

    return check


def plain(most_characters: int, deepest: int = 12, most_items: int = 40_000) -> Callable[[str, Any], dict[str, Any]]:
    """A table of tables, lists, texts, numbers and flags, as JSON brings it, of bounded size and depth."""

    def check(place: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Wrong(f"{place} = {shown(value)}: expected a table")
        left = [most_characters, most_items]

        def spend(characters: int) -> None:
            left[0] -= characters
            left[1] -= 1
            if left[0] < 0:
                raise Wrong(f"{place}: more than {most_characters:,} characters in all; make it smaller")
            if left[1] < 0:
                raise Wrong(f"{place}: more than {most_items:,} values in all; make it smaller")

        def one(item: Any, depth: int) -> Any:
            if depth > deepest:
                raise Wrong(f"{place}: tables in tables more than {deepest} deep")
            if isinstance(item, str):
                spend(len(item))
                return item
            if item is None or isinstance(item, bool):
                spend(4)
                return item
            if isinstance(item, int | float):
                spend(8)
                if not abs(item) < 1e18:  # also what is not a number
                    raise Wrong(f"{place}: a number that is not finite, or too large")
                return item
            if isinstance(item, Mapping):
                spend(2)
                return {one(str(key), depth): one(each, depth + 1) for key, each in item.items() if each is not None}
            if isinstance(item, list | tuple):
                spend(2)
                return [one(each, depth + 1) for each in item]
            raise Wrong(f"{place}: a value of a kind that is not taken")

        found: dict[str, Any] = one(value, 0)
        return found

    return check
