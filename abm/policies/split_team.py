"""Split team: a share of a team, by lot, becomes another team of its employer, which opens if it is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.policies import ON, Knob, Knobs, Name

KNOBS = {
    "share": Knob(0.0, 0.0, 1.0, "share of people", "who go to the other team", "M30; range: all there is"),
    "safe": Knob(1.0, 0.0, 1.0, "1 yes, 0 no", "jobs are declared safe, so that nobody feels a reorganisation", "M30"),
    "team": Name("team", "none", "team that is split", "M30"),
    "into": Name("team", "none", 'team that they go to, such as one with opens = "event"', "M30"),
    "date": ON,
}


def acts(knobs: Knobs) -> Iterator[dict[str, Any]]:
    """One split."""
    if knobs.name("team") and knobs["share"] > 0:
        names = {"team": knobs.name("team"), "into": knobs.name("into")}
        yield {"kind": "split", **names, "share": knobs["share"], "safe": knobs["safe"] >= 0.5}
