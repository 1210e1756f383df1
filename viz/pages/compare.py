"""Compare: runs put aside, branches from an earlier month, and two worlds under the same luck."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from abm import paired
from viz import worlds
from viz.messages import Field, Wrong, handler, settings, text, texts, whole
from viz.pages.work import begin
from viz.session import Session
from viz.work.compare import Asked, compare
from viz.worlds import Pin, World

MOST_HISTORIES = 40
NUMBER = Field("number", whole(1, 10**6))


# ---- runs put aside --------------------------------------------------------------------------------------------------


def _pins(session: Session) -> dict[int, Pin]:
    pins: dict[int, Pin] = session.store.setdefault("pins", {})
    return pins


def _listed(session: Session) -> dict[str, Any]:
    return {"pins": [pin.plain() for pin in _pins(session).values()], "most": worlds.MOST_PINS}


def _pin(session: Session, number: int) -> Pin:
    pins = _pins(session)
    if number not in pins:
        there = ", ".join(map(str, pins)) or "none"
        raise Wrong(f"pinned run {number}: no such run; there are {there}")
    return pins[number]


@handler("pins")
def pins(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The runs put aside."""
    return _listed(session)


@handler("pin", Field("name", text(60), None))
def pin(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Put the present run aside as it is now."""
    market, seen, held = session.here(), session.seen, _pins(session)
    assert seen is not None
    if len(held) >= worlds.MOST_PINS:
        raise Wrong(f"{worlds.MOST_PINS} runs are pinned already; remove one first")
    number = session.store["last_pin"] = session.store.get("last_pin", 0) + 1
    name = _name(values["name"]) if values["name"] is not None else f"Run {number}"
    held[number] = Pin.of(number, name, market, seen)
    return {"number": number, **_listed(session)}


@handler("rename_pin", NUMBER, Field("name", text(60)))
def rename_pin(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Give a run another name."""
    _pin(session, values["number"]).name = _name(values["name"])
    return _listed(session)


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name:
        raise Wrong("a name with at least one letter is expected")
    return name


@handler("unpin", NUMBER)
def unpin(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Forget a run."""
    _pins(session).pop(_pin(session, values["number"]).number)
    return _listed(session)


@handler("open_pin", NUMBER)
def open_pin(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Show a run again, as it was when it was put aside."""
    held = _pin(session, values["number"])
    market = held.again()
    return session.open(market, held.seen.branched(market))


@handler("branch", Field("month", whole(0, 1200)))
def branch(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Go on from an earlier month of the present run: the same past and luck, and what was pulled later is dropped."""
    present, seen = session.here(), session.seen
    assert seen is not None
    if values["month"] > present.month:
        raise Wrong(f"month {values['month']} lies ahead; branch from a month up to {present.month}")
    market = present.branch(values["month"])
    return session.open(market, seen.branched(market))


# ---- two worlds ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """What is known of two worlds so far.

    Attributes:
        asked: the worlds and the luck.
        pairs: by number of the history.
        series: of both worlds, by number of the history.
        people: of history 0, once its chains are read.
    """

    asked: Asked
    pairs: dict[int, paired.Pair] = field(default_factory=dict)
    series: dict[int, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, Any] | None = None

    def take(self, part: Any) -> dict[str, Any]:
        """Keep a part of the work; gives what is sent to the page."""
        if part[0] == "people":
            self.people = part[1]
            return {"people": self.people}
        _, pair, series = part
        self.pairs[pair.replicate] = pair
        self.series[pair.replicate] = {"number": pair.replicate, "digests": list(pair.digests), "series": series}
        return {"pair": self.series[pair.replicate], "found": self.found()}

    def found(self) -> dict[str, Any] | None:
        """Outcomes and people over the histories that are there."""
        return self.asked.gather(list(self.pairs.values())) if self.pairs else None

    def missing(self, histories: int) -> list[int]:
        """Histories that have still to be run; equal scenarios need one."""
        wanted = 1 if self.asked.first.content_hash() == self.asked.second.content_hash() else histories
        lacks = [number for number in range(wanted) if number not in self.pairs]
        return [paired.TRACED, *lacks] if self.people is None and paired.TRACED not in lacks else lacks


@handler(
    "compare",
    Field("first", text(20), "described"),
    Field("second", text(20), "present"),
    Field("without", texts(60, 80), ()),
    Field("policy", text(80), None),
    Field("settings", settings(), {}),
    Field("since", text(7), ""),
    Field("until", whole(1, 1200), None),
    Field("histories", whole(1, MOST_HISTORIES), 10),
)
def compare_(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Run two worlds under the same luck, the change on top of the second; what is known already is not run again."""
    market = session.here()
    first = worlds.world_named(values["first"], market, _pins(session))
    second = worlds.world_named(values["second"], market, _pins(session))
    change = [values[name] for name in ("without", "policy", "settings", "since")]
    second = worlds.changed(second, *change)
    asked = _asked(first, second, values["until"])
    kept: dict[Any, Comparison] = session.store.setdefault("compare", {})
    key = (asked.first.content_hash(), asked.second.content_hash(), asked.seed)
    known = kept.pop(key, None) or Comparison(asked)
    kept[key] = known  # the last one asked for is the last to be forgotten
    worlds.keep_few(kept)
    answer = _described(known.asked, first, second) | {
        "pairs": list(known.series.values()),
        "found": known.found(),
        "people": known.people,
        "histories": values["histories"],
    }
    lacks = known.missing(values["histories"])
    job = None
    if lacks:
        job = begin(session, "compare", f"{first.words} | {second.words}"[:300], compare, asked, lacks, each=known.take)
    return {**answer, "job": job}


def _asked(first: World, second: World, until: int | None) -> Asked:
    if first.seed != second.seed:
        raise Wrong(f"the two runs have different luck (seeds {first.seed} and {second.seed}); pin runs of one seed")
    if first.scenario.name != second.scenario.name:
        raise Wrong(f"the two runs are of different scenarios ({first.scenario.name} and {second.scenario.name})")
    months = min(first.scenario.months, second.scenario.months)
    months = months if until is None else min(months, until)
    one, two = first.until(months).scenario, second.until(months).scenario
    asked = Asked(one, two, first.seed, paired.default_outcomes(one))
    asked.check()
    return asked


def _described(asked: Asked, first: World, second: World) -> dict[str, Any]:
    scenario = asked.first
    return {
        "first": first.words,
        "second": second.words,
        "equal": asked.first.content_hash() == asked.second.content_hash(),
        "seed": asked.seed,
        "start": scenario.start,
        "months": scenario.months,
        "employers": [employer.name for employer in scenario.employers],
        "focal": worlds.focal(scenario),
        "cohorts": [{"name": each.name, "label": each.label or each.name} for each in scenario.cohorts],
    }
