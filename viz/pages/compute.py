"""Compute: what employers own, divert and leave idle, and how the rest is split over teams."""

from __future__ import annotations

from typing import Any

from abm import views
from viz.messages import handler
from viz.session import Session


@handler("compute")
def compute(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The pools and teams of the present month."""
    return {"compute": views.compute(session.here()), "month": session.here().month}
