"""Levers: policies and parameters moved while the market runs, from the present month on, logged and undoable."""

from __future__ import annotations

from typing import Any

from abm.live import LiveMarket
from viz.messages import Field, Wrong, flag, handler, number, settings, text, whole
from viz.session import Session


def _log(market: LiveMarket) -> dict[str, Any]:
    """What has been pulled, and what is in force now."""
    return {"log": market.log, "in_force": market.in_force, "month": market.month}


@handler("pull", Field("policy", text(80)), Field("settings", settings()))
def pull(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Put a policy in force from the present month on."""
    market = session.here()
    market.pull(values["policy"], values["settings"])
    return _log(market)


@handler("release", Field("number", whole(0, 10_000)))
def release(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """End a policy from the present month on."""
    market = session.here()
    market.release(values["number"])
    return _log(market)


@handler("change", Field("number", whole(0, 10_000)), Field("settings", settings()))
def change(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Give a policy in force other settings from the present month on."""
    market = session.here()
    market.change(values["number"], values["settings"])
    return _log(market)


@handler("parameter", Field("name", text(80)), Field("value", number(-1e12, 1e12)))
def parameter(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter another value from the present month on."""
    market = session.here()
    market.set_parameter(values["name"], values["value"])
    return _log(market)


@handler("undo")
def undo(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Take back the last pull, if no month has been run since."""
    market = session.here()
    market.undo_pull()
    return _log(market)


@handler("log")
def log(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What has been pulled."""
    return _log(session.here())


@handler("export", Field("digest", flag, True))
def export(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The session as a scenario and a script that replays it to the same digest."""
    market = session.here()
    if market.month == 0:
        raise Wrong("nothing to export yet: run at least one month")
    name = market.described.name
    return {
        "name": f"{name}-session",
        "toml": market.export_toml(),
        "script": market.export_script(),
        "digest": market.digest(),
        "command": f"talent run {name}-session.toml --seed {market.seed} --replicates 1",
    }
