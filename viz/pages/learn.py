"""Learn: what the month does, from the code, and what was observed of the cohorts, as far as it may be shown."""

from __future__ import annotations

from typing import Any

from abm.catalogue import month_plan
from viz import worlds
from viz.messages import handler
from viz.session import Session


@handler("explained")
def explained(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The phases of the month."""
    return {"plan": month_plan()}


@handler("observed")
def observed(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """How many of each cohort had left by which date; null where the value is withheld."""
    scenario = session.here().described
    return {
        "observed": [
            {"cohort": cohort.name, "label": cohort.label or cohort.name, "size": cohort.size, **each}
            for cohort in scenario.cohorts
            for each in worlds.observed(scenario, cohort)
        ]
    }
