"""Merge teams: a team becomes part of another of the same employer, with everybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knobs, Name

KNOBS = {
    "team": Name("team", "none", "team that ends; the base name of split teams means all of them", "M26, M29"),
    "into": Name("team", "none", "team that it becomes part of", "M26, M29"),
    "date": ON,
}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One merger."""
    if knobs.name("team") or knobs.name("into"):
        yield {"kind": "merge", "teams": [knobs.name("team")], "into": knobs.name("into")}
