"""Why: what events contributed, whom to keep, cohorts over many histories, and what would have kept one person."""

from __future__ import annotations

from typing import Any

from abm import outcomes, paired
from abm.scenario import Scenario
from viz import worlds
from viz.messages import Field, Wrong, handler, shown, text, texts, whole
from viz.pages.work import begin
from viz.session import Session
from viz.work.why import Floats, Keystone, attribute, cohorts, keep_one, keystone, planned, waterfall

MOST_HISTORIES = 40
MOST_FANS = 100


def _kept(session: Session, kind: str) -> dict[Any, Any]:
    """Results of a kind that the session has, by what was asked."""
    kept: dict[Any, Any] = session.store.setdefault(kind, {})
    return kept


@handler("why_choices")
def why_choices(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What can be asked on the page: outcomes, imposed events with their sources, employers."""
    scenario = session.here().scenario
    return {
        "outcomes": [_outcome(scenario, each) for each in paired.default_outcomes(scenario)],
        "events": [
            {
                "id": event.id,
                "label": event.title,
                "date": event.date,
                "between": list(event.between),
                "entity": event.entity,
                "note": event.note,
                "sources": list(event.source),
                "does": sorted({effect.kind.replace("_", " ") for effect in event.effects}),
            }
            for event in scenario.events
            if event.effects and scenario.event_months(event)[1] >= 0
        ],
        "employers": [employer.name for employer in scenario.employers],
        "focal": worlds.focal(scenario),
    }


def _outcome(scenario: Scenario, name: str) -> dict[str, Any]:
    read = outcomes.read(name, scenario)
    return {"text": name, "unit": read.unit, "meaning": read.meaning}


@handler(
    "attribute",
    Field("outcome", text(120)),
    Field("events", texts(80, 80), ()),
    Field("histories", whole(1, MOST_HISTORIES), 2),
)
def attribute_(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What each imposed event contributed to an outcome, by Shapley values; histories that are known are kept."""
    market = session.here()
    asked = planned(market.scenario, values["outcome"], market.seed, values["histories"], values["events"])
    kept = _kept(session, "attribute")
    key = (market.scenario.content_hash(), market.seed, values["outcome"], values["events"])
    known: dict[int, Floats] = kept.pop(key, {})
    kept[key] = known
    worlds.keep_few(kept)

    def take(part: tuple[int, Floats]) -> dict[str, Any]:
        known[part[0]] = part[1]
        return waterfall(asked, known)

    lacks = [number for number in range(asked.replicates) if number not in known]
    job = begin(session, "attribute", values["outcome"], attribute, asked, dict(known), each=take) if lacks else None
    found = waterfall(asked, known) if known else None
    return {"job": job, "found": found, "histories": asked.replicates, "players": len(asked.players)}


@handler(
    "keystone",
    Field("employer", whole(0, 10**5)),
    Field("since", whole(1, 1200)),
    Field("window", whole(1, 60), 12),
    Field("sample", whole(1, 400), 40),
    Field("futures", whole(2, 40), 6),
)
def keystone_(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Whom to keep: people ranked by the exits of others that keeping them prevents."""
    market = session.here()
    scenario, names = market.scenario, [employer.name for employer in market.scenario.employers]
    if values["employer"] >= len(names):
        raise Wrong(f"keystone: employer {values['employer']}; expected a row from 0 to {len(names) - 1}")
    if values["since"] + values["window"] > scenario.months:
        latest = scenario.months - values["window"]
        raise Wrong(f"keystone: since = month {values['since']}; expected at most {latest}, so that the window fits")
    asked = Keystone(scenario, market.seed, **values)
    key = (scenario.content_hash(), market.seed, *values.values())
    kept = _kept(session, "keystone")

    def take(found: dict[str, Any]) -> dict[str, Any]:
        kept[key] = found
        worlds.keep_few(kept)
        return found

    if key in kept:
        return {"job": None, "found": kept[key]}
    words = f"people of {names[values['employer']]} kept, one at a time"
    return {"job": begin(session, "keystone", words, keystone, asked, then=take), "found": None}


@handler("fans", Field("histories", whole(2, MOST_FANS), 20))
def fans(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """How much of every cohort is still there, over histories of the present scenario and what was observed."""
    market = session.here()
    scenario = market.scenario
    if not scenario.cohorts:
        raise Wrong(f"{scenario.title} has no cohort to follow")
    kept = _kept(session, "fans")
    key = (scenario.content_hash(), market.seed)
    known: dict[int, Any] = kept.pop(key, {})
    kept[key] = known
    worlds.keep_few(kept)

    def take(part: tuple[int, Any]) -> dict[str, Any]:
        known[part[0]] = part[1]
        return {"number": part[0], "shares": part[1]}

    lacks = [number for number in range(values["histories"]) if number not in known]
    job = begin(session, "fans", "cohorts", cohorts, scenario, market.seed, lacks, each=take) if lacks else None
    return {
        "job": job,
        "histories": values["histories"],
        "known": [{"number": number, "shares": shares} for number, shares in known.items()],
        "cohorts": [_cohort(scenario, place) for place in range(len(scenario.cohorts))],
    }


def _cohort(scenario: Scenario, place: int) -> dict[str, Any]:
    """A cohort and what was observed of it in these months."""
    plan = scenario.cohorts[place]
    return {
        "name": plan.name,
        "label": plan.label or plan.name,
        "employer": plan.employer,
        "size": plan.size,
        "fixed": plan.fixed,
        "observed": [each for each in worlds.observed(scenario, plan) if 0 <= each["month"] < scenario.months],
    }


@handler("keep", Field("departure", whole(0, 10**8)))
def keep(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What would have kept somebody who left: the smallest raise or compute, or one event undone."""
    market = session.here()
    left = market.model.world.ledger.table("departures")
    count = len(left["month"]) if left else 0
    if values["departure"] >= count:
        raise Wrong(f"keep: departure {shown(values['departure'])}; {count:,} people have left so far")
    kept = _kept(session, "keep")
    key = (market.scenario.content_hash(), market.seed, values["departure"])

    def take(found: dict[str, Any]) -> dict[str, Any]:
        kept[key] = {"departure": values["departure"], **found}
        worlds.keep_few(kept, 40)
        return dict(kept[key])

    if key in kept:
        return {"job": None, "found": kept[key]}
    work = (keep_one, market.scenario, market.seed, values["departure"])
    return {"job": begin(session, "keep", "what would have kept them", *work, then=take), "found": None}
