"""Addresses that others can open: the code of a world, and what was pulled in it, played again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from abm.live import LiveMarket
from abm.scenario import Scenario
from abm.scenario_size import check_room, size_of
from viz import frames, world_code
from viz.messages import MISSING, Field, Wrong, flag, handler, number, settings, shown, text, whole
from viz.session import Session

LONGEST_PULLS: Final = 8_000  # characters
MOST_PULLS: Final = 200
KINDS: Final = ("policy", "release", "change", "parameter")


SURE: Final = Field("sure", flag, False)
"""Whether the reader has been told how large a world is, and wants it."""


def too_large(described: Scenario, sure: bool) -> dict[str, Any]:
    """What is answered instead of opening a world that is large: its size in words; empty if it may be opened.

    Raises:
        ScenarioError: it does not fit into the memory that is free.
    """
    check_room(described)
    size = size_of(described)
    if sure or not size.is_large:
        return {}
    return {"large": {"words": size.words, "title": described.title}}


@handler("world", Field("code", text(world_code.LONGEST_CODE)), Field("seed", whole(0, 2**53), 1), SURE)
def world(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Open the scenario that an address holds; one that is large is only told of, until the reader is sure."""
    described = world_code.decode(values["code"])
    if asks := too_large(described, values["sure"]):
        return asks
    return session.open(LiveMarket(described, values["seed"]))


@handler("link")
def link(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The code of the market that is open, without what was pulled; empty when the scenario is a shipped one."""
    market = session.here()
    code = world_code.encode(market.described)
    return {"code": code, "scenario": market.described.name, "seed": market.seed, "longest": world_code.LONGEST_LINK}


@handler("replay", Field("pulls", text(LONGEST_PULLS), "[]"), Field("month", whole(0, 1200), 0))
def replay(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The present scenario from its first month with the pulls of an address, to its month or that of the last pull."""
    before = session.here()
    pulls = _read(values["pulls"], before.months)
    month = whole(0, before.months)("replay: month", values["month"])
    market = LiveMarket(before.described, before.seed, before.replicate)
    seen = frames.Seen(market)
    for asked in pulls:
        _run_to(session, market, seen, asked[0])
        _pull(market, *asked)
    _run_to(session, market, seen, month)
    return session.open(market, seen)


def _run_to(session: Session, market: LiveMarket, seen: frames.Seen, month: int) -> None:
    while market.month < month:
        if session.is_closed:
            raise Wrong("replay: the page has gone")
        market.step()
        seen.month()


def _read(given: str, months: int) -> list[tuple[int, str, str, dict[str, Any], int]]:
    """The pulls of an address, each of the right form and in order of month.

    Raises:
        Wrong: in words, which pull and what was expected.
    """
    try:
        items = json.loads(given, parse_constant=str)
    except (ValueError, RecursionError):
        raise Wrong("pulls: not a list of pulls; ask for the link again") from None
    if not isinstance(items, list) or len(items) > MOST_PULLS:
        raise Wrong(f"pulls: expected a list of at most {MOST_PULLS} pulls")
    found: list[tuple[int, str, str, dict[str, Any], int]] = []
    for place, item in enumerate(items, 1):
        here = f"pulls: number {place}"
        if not isinstance(item, list) or len(item) not in (5, 6):
            raise Wrong(f"{here} is {shown(item)}; expected month, kind, name, settings, number")
        month = whole(0, months - 1)(f"{here}, month", item[0])
        if found and month < found[-1][0]:
            raise Wrong(f"{here} is of month {month}, after one of month {found[-1][0]}; expected them in order")
        if item[1] not in KINDS:
            raise Wrong(f"{here} is a {shown(item[1])}; expected {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        name = text(80)(f"{here}, name", item[2])
        knobs = settings()(f"{here}, settings", item[3])
        ended = whole(0, 10_000)(f"{here}, number", item[5]) if len(item) == 6 and item[5] is not None else 0
        found.append((month, item[1], name, knobs, ended))
    return found


def _pull(market: LiveMarket, month: int, kind: str, name: str, knobs: Mapping[str, Any], ended: int) -> None:
    if kind == "policy":
        market.pull(name, knobs)
    elif kind == "parameter":
        value = number(-1e12, 1e12)(f"pulls: {name}", knobs.get("value", MISSING))
        market.set_parameter(name, value)
    elif kind == "release":
        market.release(_meant(market, name, knobs, ended, exact=True))
    else:
        market.change(_meant(market, name, knobs, ended, exact=False), knobs)


def _meant(market: LiveMarket, name: str, knobs: Mapping[str, Any], ended: int, exact: bool) -> int:
    """The number of the policy in force that was ended; by its name and settings where the address does not say it."""
    named = [each for each in market.in_force if each.name == name]
    if ended:
        named = [each for each in named if each.number == ended]
    elif exact:
        named = [each for each in named if dict(each.settings) == dict(knobs)] or named
    if not named:
        raise Wrong(f"pulls: {name} is not in force in {market.date}, so it cannot be ended or changed")
    if len(named) > 1 and not exact:
        raise Wrong(f"pulls: {name} is in force {len(named)} times in {market.date}; the address does not say which")
    return named[0].number
