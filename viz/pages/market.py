"""The market: open a scenario, step, play, pause, run to a month; the cards of people, teams, employers and events."""

from __future__ import annotations

from functools import cache
from typing import Any

from abm import scenario, views
from abm.lever_catalogue import levers_catalogue, main_parameters
from abm.live import LiveMarket
from viz.messages import MISSING, Field, Wrong, handler, number, text, whole
from viz.session import Session

SLOWEST = 10.0  # seconds a month
MOST_TIES = 6_000


@cache
def _known() -> dict[str, Any]:
    """Scenarios, levers and parameters that are shipped; read once for all tabs."""
    shipped = [scenario.load(name) for name in scenario.names()]
    return {
        "scenarios": [{"name": each.name, "title": each.title} for each in shipped],
        "levers": levers_catalogue(),
        "main": [parameter["name"] for parameter in main_parameters()],
    }


@handler("hello")
def hello(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What the page needs before it shows anything."""
    return _known()


@handler("open", Field("scenario", text(80), "meta_fair"), Field("seed", whole(0, 2**53), 1))
def open_(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Open a shipped scenario at its first month."""
    return session.open(LiveMarket(session.scenario_named(values["scenario"]), values["seed"]))


@handler("again", Field("seed", whole(0, 2**53), None))
def again(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The present scenario from its first month, without what was pulled; with another seed if one is given."""
    market = session.here()
    seed = market.seed if values["seed"] is None else values["seed"]
    return session.open(LiveMarket(market.described, seed))


@handler("bring_back")
def bring_back(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The run before the present one, as it was left, with its months and its pulls."""
    if session.before is None:
        raise Wrong("bring_back: there is no run to bring back; none was left after it had begun")
    return session.open(*session.before)


@handler("step")
def step(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """One month."""
    market = session.here()
    if market.is_over:
        raise Wrong(f"{market.described.title} ends in {market.described.date_of(market.months - 1)}")
    session.step()
    return {"month": market.month}


@handler("play", Field("until", whole(1, 1200), None), Field("pace", number(0.0, SLOWEST), 0.7))
def play(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Go on month by month, to a month or to the end; `pace` is the least number of seconds between two months."""
    market = session.here()
    until = market.months if values["until"] is None else min(values["until"], market.months)
    if until <= market.month:
        raise Wrong(f"month {until} lies behind; the market is in month {market.month} of {market.months}")
    session.play(until, values["pace"])
    return {"until": until}


@handler("pause")
def pause(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Stop playing; the request alone does that as well, so that it need not wait for those before it."""
    session.pause()
    return {"month": session.here().month}


@handler("digest")
def digest(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The fingerprint of the whole state so far."""
    market = session.here()
    return {"digest": market.digest(), "month": market.month}


@handler("card", Field("kind", text(20)), Field("row", whole(0, 10**7), None), Field("event", text(120), None))
def card(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The card of a person, team, employer or event."""
    market, kind = session.here(), values["kind"]
    if kind == "event":
        if values["event"] is None:
            raise Wrong("card: event is missing")
        return {"card": views.event(market, values["event"])}
    drawn = {"person": views.person, "team": views.team, "employer": views.employer}
    if kind not in drawn:
        raise Wrong(f"card: kind {kind!r}; expected person, team, employer or event")
    if values["row"] is None:
        raise Wrong("card: row is missing")
    return {"card": drawn[kind](market, values["row"])}


@handler("why", Field("departure", whole(0, 10**8), MISSING))
def why(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The why-card of a departure of this session's history, by its number."""
    return {"card": views.why(session.here(), values["departure"])}


@handler("here")
def here(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The market that is open, in whole: for a page that has missed too much to be told the rest."""
    return session.opening()


@handler("ties", Field("most", whole(1, MOST_TIES), 1500))
def ties(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The strongest ties between people of different teams, and ties between employers in all."""
    market = session.here()
    pairs, strength = views.ties(market, values["most"])
    return {"pairs": pairs, "strength": strength, "month": market.month}
