"""Appointment: a team is given a leader from inside, or from an employer, its own or another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knobs, Name

KNOBS = {
    "team": Name("team", "none", "team that is to be led", "M19, M48"),
    "origin": Name("employer", "inside", "employer that the leader comes from", "M19 (interim, external, boomerang)"),
    "date": ON,
}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One appointment: the person of highest reputation."""
    if knobs.name("team"):
        yield {"kind": "leader_appointed", "team": knobs.name("team"), "origin": knobs.name("origin") or "inside"}
