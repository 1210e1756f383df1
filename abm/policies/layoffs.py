"""Layoffs: a share of the people of an employer, or of one of its teams, is laid off by lot in one month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knob, Knobs, Name

KNOBS = {
    "share": Knob(0.0, 0.0, 1.0, "share of people", "laid off", "F115, M31"),
    "employer": Name("employer", "all", "employer that lays off; when left out that of the team, if one is given"),
    "team": Name("team", "all", "team where it does"),
    "date": ON,
}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One round; a share of nothing is no round, and nobody fears it."""
    if knobs["share"] > 0:
        team, employers = knobs.name("team"), knobs.names("employer")
        if team and not knobs.name("employer"):
            employers = (knobs.owner("team"),)
        where = {"teams": [team]} if team else {}
        for employer in employers:
            yield {"kind": "layoff", "employer": employer, "share": knobs["share"], **where}
