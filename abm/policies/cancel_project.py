"""Cancellation: the running project of a team is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knobs, Name

KNOBS = {"team": Name("team", "none", "team whose project ends", "M24, M25"), "date": ON}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One cancellation; nothing where no project is running."""
    if knobs.name("team"):
        yield {"kind": "cancel", "team": knobs.name("team")}
