"""Levers: policies and parameters moved while the market runs, from the present month on, logged and undoable."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import policies
from abm.live import LiveMarket
from viz import frames
from viz.messages import Field, Wrong, handler, number, settings, shown, text, whole
from viz.pages.work import begin
from viz.session import Session
from viz.work import export as work_export


def logged(market: LiveMarket) -> dict[str, Any]:
    """What has been pulled, and what is in force now."""
    return {**frames.pulled(market), "month": market.month}


def _rules(market: LiveMarket) -> NDArray[np.float64]:
    """The allocation rule of each employer from the present month on, as a code; what was pulled this month counts."""
    world = market.world
    levers = deepcopy(world.levers)
    policies.move_levers(market.scenario, world.base_levers, levers, market.month)
    return np.where(levers["allocation"] >= 0, levers["allocation"], world.employers.allocation)


@handler("pull", Field("policy", text(80)), Field("settings", settings()))
def pull(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Put a policy in force from the present month on; an allocation rule that is in force already is no policy."""
    market = session.here()
    before = _rules(market)
    market.pull(values["policy"], values["settings"])
    if values["policy"] == "allocation_rule" and np.array_equal(before, _rules(market)):
        market.undo_pull()
        rule = shown(values["settings"].get("rule"))
        raise Wrong(f"allocation_rule: {rule} is in force already; expected a rule with which it does something")
    return logged(market)


@handler("release", Field("number", whole(0, 10_000)))
def release(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """End a policy from the present month on."""
    market = session.here()
    market.release(values["number"])
    return logged(market)


@handler("change", Field("number", whole(0, 10_000)), Field("settings", settings()))
def change(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Give a policy in force other settings from the present month on."""
    market = session.here()
    market.change(values["number"], values["settings"])
    return logged(market)


@handler("parameter", Field("name", text(80)), Field("value", number(-1e12, 1e12)))
def parameter(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter another value from the present month on."""
    market = session.here()
    market.set_parameter(values["name"], values["value"])
    return logged(market)


@handler("undo")
def undo(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Take back the last pull, if no month has been run since."""
    market = session.here()
    market.undo_pull()
    return logged(market)


@handler("log")
def log(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What has been pulled."""
    return logged(session.here())


def _files(market: LiveMarket, to: str) -> tuple[str, str]:
    """The name under which a session is saved or exported, and the command that replays its scenario.

    Raises:
        Wrong: no month has been run.
    """
    if market.month == 0:
        raise Wrong(f"nothing to {to} yet: run at least one month")
    name = f"{market.described.name}-session"
    return name, f"talent run {name}.toml --seed {market.seed} --replicates 1"


@handler("export")
def export(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The session as a scenario and a script that replays it to the same events."""
    market = session.here()
    name, command = _files(market, "export")
    return {
        "name": name,
        "toml": market.export_toml(),
        "script": market.export_script(),
        "events_digest": market.events_digest(),
        "command": command,
    }


@handler("tables")
def tables(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """All tables of the session's history, packed by a process of its own; they come as the result of the job."""
    market = session.here()
    name, command = _files(market, "save")
    more = {f"{name}.toml": market.export_toml()}
    work = (work_export.folder, market.export(), market.seed, command, more)
    words = f"Tables of {market.month} months"
    number = begin(session, "tables", words, *work, then=lambda packed: {"name": f"{name}.zip", "bytes": packed})
    return {"job": number}
