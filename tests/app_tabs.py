"""Tabs of the app for tests: several at once, random moves of levers in them, and what a server keeps for them."""

from __future__ import annotations

import random
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext, Page

from abm import policies
from abm.live import LiveMarket
from abm.parameters import declared, read_by_the_month
from abm.policies import Knob
from abm.scenario import Scenario
from tests.browser import PATIENCE, Watched
from tests.pulls import make

ASK = """([what, fields]) => window.talent.link.ask(what, fields)
    .then(answer => answer.digest ?? answer.job ?? true, error => error.message)"""
READY = "window.talent?.market && !document.querySelector('#talent[aria-busy]')"


def digest(page: Page) -> str:
    """Of the session behind a page."""
    return str(page.evaluate(ASK, ["digest", {}]))


def tabs(browser: Browser, address: str, queries: list[str]) -> tuple[list[BrowserContext], list[Watched]]:
    """One tab for each query, in two browser windows that know nothing of each other, loaded at the same time."""
    contexts = [browser.new_context() for _ in range(2)]
    opened = [Watched(contexts[k % 2].new_page()) for k in range(len(queries))]
    for tab, query in zip(opened, queries, strict=True):
        tab.watch(address)
        tab.page.goto(f"{address}?{query}", wait_until="commit")
    for tab in opened:
        tab.page.wait_for_function(READY, timeout=2 * PATIENCE)
    return contexts, opened


# ---- random things to do ---------------------------------------------------------------------------------------------


def settings(draw: random.Random, scenario: Scenario, name: str) -> dict[str, Any]:
    """Random settings of a policy: numbers in their range, places of the scenario."""
    found: dict[str, Any] = {}
    for knob, known in policies.load(name).KNOBS.items():
        if isinstance(known, Knob):
            found[knob] = round(draw.uniform(known.low, known.high), 3) if draw.random() < 0.6 else known.high
        elif known.kind != "date" and draw.random() < 0.7:
            found[knob] = draw.choice(sorted(scenario.places[known.kind]))
    return found


def moves(draw: random.Random, market: LiveMarket, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests that move levers, made at a market as they are given out; only those that it takes."""
    names = [name for name in declared() if read_by_the_month(name)]
    while count:
        kind = draw.choice(["pull", "pull", "pull", "parameter", "release", "change"])
        there = market.in_force
        if kind == "pull":
            name = draw.choice(policies.names())
            asked = {"policy": name, "settings": settings(draw, market.described, name)}
            done = make(market, ("pull", name, asked["settings"]))
        elif kind == "parameter":
            known = declared()[draw.choice(names)]
            asked = {"name": known.name, "value": round(draw.uniform(known.low, known.high), 6)}
            done = make(market, ("parameter", known.name, asked["value"]))
        elif there:
            held = draw.choice(there)
            asked = {"number": held.number}
            if kind == "change":
                asked["settings"] = settings(draw, market.described, held.name)
            try:
                market.change(**asked) if kind == "change" else market.release(**asked)
                done = True
            except ValueError:
                done = False
        else:
            continue
        if done:
            count -= 1
            yield kind, asked


# ---- what a server keeps ---------------------------------------------------------------------------------------------


def left(process: psutil.Process) -> dict[str, int]:
    """Threads, child processes and sockets of a server."""
    helpers = ("resource_tracker", "forkserver")
    children = [each for each in process.children(recursive=True) if each.status() != psutil.STATUS_ZOMBIE]
    at_work = [each for each in children if not any(word in " ".join(each.cmdline()) for word in helpers)]
    forked = [each for each in children if any("forkserver" in " ".join(up.cmdline()) for up in each.parents()[:1])]
    return {
        "threads": process.num_threads(),
        "children": len({each.pid for each in (*at_work, *forked)}),
        "sockets": sum(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp")),
    }


def settle(process: psutil.Process, wanted: dict[str, int], seconds: float, address: str = "") -> dict[str, int]:
    """What is left when it is no more than wanted, or when the time is up.

    The server's pool of threads for files gives up its idle ones when it is used, so a file is asked for.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if address:
            urllib.request.urlopen(f"{address}static/public/app.css").close()
        now = left(process)
        if all(now[name] <= wanted[name] for name in wanted):
            return now
        time.sleep(0.25)
    return left(process)
