"""Compute: what employers own, divert and leave idle, and how the rest is split over teams."""

from __future__ import annotations

from typing import Any

from abm import views
from viz.messages import handler
from viz.session import Session


@handler("compute")
def compute(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The pools and teams of the present month: columns by row of those that the page knows."""
    market, seen = session.here(), session.seen
    assert seen is not None
    found = views.compute(market)
    answer: dict[str, Any] = {"unit": found["unit"], "month": market.month}
    for kind, rows in (("employer", seen.employers), ("team", seen.teams)):
        answer[kind] = {"row": rows, **{name: _taken(column, rows) for name, column in found[kind].items()}}
    return {"compute": answer}


def _taken(column: Any, rows: list[int]) -> Any:
    return [column[row] for row in rows] if isinstance(column, list) else column[rows]
