"""Promise of compute: a team is promised a share of its employer's pool, which is kept or broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knob, Knobs, Name

KNOBS = {
    "share": Knob(0.0, 0.0, 1.0, "share of pool", "promised", "T21 (a fifth), T22"),
    "kept": Knob(1.0, 0.0, 1.0, "share", "part of the promise that is kept", "T21 (0), T22"),
    "team": Name("team", "none", "team that is promised it; the base name of split teams: each of them", "T21"),
    "date": ON,
}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One promise, which takes the place of an earlier one to the team."""
    if knobs.name("team") and knobs["share"] > 0:
        yield {"kind": "promise", "team": knobs.name("team"), "share": knobs["share"], "kept": knobs["kept"]}
