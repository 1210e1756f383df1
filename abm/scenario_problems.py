"""The problems of a scenario that is being edited, each with the way to the key that it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from abm.scenario import Scenario, ScenarioError, from_dict
from abm.scenario_read import show

__all__ = ["Problem", "checked", "path_of"]

_LABELS: Final = ("name", "id", "employer", "date", "parameter", "kind")  # by one of these a place names its table


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: keys and places (counted from 0) that lead to it in the content, as far as they are there.
        place: the same in words, such as `employers[1] "Meta".pay_level`.
        words: what came, what was expected and the fix.
    """

    path: tuple[str | int, ...]
    place: str
    words: str


def checked(content: Mapping[str, Any], where: str = "as edited") -> tuple[Scenario | None, tuple[Problem, ...]]:
    """A scenario from plain content, or all that is wrong with it.

    Args:
        content: in the shape of the file.
        where: what it is called in an error that is about no key.

    Returns:
        The scenario and no problems, or None and at least one.
    """
    try:
        return from_dict(content, where), ()
    except ScenarioError as error:
        lines = error.problems or (" ".join(str(error).split()),)
        return None, tuple(_problem(content, line) for line in lines)


def _problem(content: Mapping[str, Any], line: str) -> Problem:
    path, rest = path_of(content, line)
    place, _, words = line.partition(": came ")
    if words:
        return Problem(path, place, f"came {words}")
    place, _, words = line.partition(": ")
    return Problem(path, place if words else "", words or rest or line)


def path_of(content: Any, line: str) -> tuple[tuple[str | int, ...], str]:
    """The way from the whole content to what a line is about, and what is left of the line.

    A place may name its table, and names may hold anything, so the content is walked beside the line.

    >>> path_of({"sites": [{"name": "A.b"}]}, 'sites[1] "A.b".country: came nothing')
    (('sites', 0, 'country'), ': came nothing')
    """
    path: list[str | int] = []
    rest, here = line, content
    while True:
        number = re.match(r"\[(\d{1,6})\]", rest)
        if number:
            at = int(number[1]) - 1
            path.append(at)
            rest = rest[number.end() :]
            here = here[at] if isinstance(here, list | tuple) and 0 <= at < len(here) else None
            rest = _without_name(here, rest)
            continue
        if path and not rest.startswith("."):
            return tuple(path), rest
        text = rest[1:] if path else rest
        key = _key(here, text)
        if not key or isinstance(here, list | tuple):
            return tuple(path), rest
        path.append(key)
        rest = text[len(key) :]
        here = here.get(key) if isinstance(here, Mapping) else None


def _without_name(item: Any, rest: str) -> str:
    """The rest of a place without the name of the table that it has come to."""
    if isinstance(item, Mapping):
        for label in _LABELS:
            named = f" {show(item.get(label))}"
            if isinstance(item.get(label), str) and rest.startswith(named):
                return rest[len(named) :]
    return rest


def _key(here: Any, text: str) -> str:
    """The key with which a text begins: the longest that is there, or else a plain word."""
    there = sorted((str(key) for key in here), key=len, reverse=True) if isinstance(here, Mapping) else []
    for key in there:
        if key and text.startswith(key) and re.match(r"$|[.\[: ]", text[len(key) :]):
            return key
    word = re.match(r"[A-Za-z_]\w*", text)
    return word[0] if word else ""
