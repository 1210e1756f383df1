"""Browser tabs beside and after each other: none sees another, a cut line costs nothing, nothing stays behind."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser

from abm.live import LiveMarket
from abm.run import simulate
from tests import patience
from tests.app_tabs import ASK, digest, left, moves, settle, tabs
from tests.browser import PATIENCE, Server, Watched, serving

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]
STOPPED = 60  # seconds in which processes end that have minutes of work left
CULL = 3  # seconds that a session outlives its tab in these tests

ASK_AFTER = """([what, fields]) => {
    window.asked = (window.asked ?? Promise.resolve())
        .then(() => window.talent.link.ask(what, fields))
        .then(answer => { if (what === "branch") window.talent.show(answer); },
              error => (window.refused ??= []).push(error.message));
}"""


# ---- side by side ----------------------------------------------------------------------------------------------------


def test_sessions_do_not_mix(server: Server, browser: Browser) -> None:
    """Ten tabs, steps, pulls and branches all mixed up: each has the history that it would have had alone."""
    draw = random.Random(11)
    begun = len(server.log.read_text())
    scenarios = [("meta_fair" if k in (3, 8) else "tiny", k + 1) for k in range(10)]
    contexts, opened = tabs(browser, server.address, [f"scenario={name}&seed={seed}" for name, seed in scenarios])
    alone = [LiveMarket(name, seed) for name, seed in scenarios]
    for _ in range(24):
        for k in draw.sample(range(10), 10):
            page, market = opened[k].page, alone[k]
            what = draw.choices(["step", "move", "branch"], [6, 3, 1])[0]
            if what == "step" and not market.is_over:
                market.step()
                asked: tuple[str, dict[str, Any]] = ("step", {})
            elif what == "move" and not market.is_over:
                asked = next(moves(draw, market, 1))
            elif what == "branch" and market.month > 2:
                alone[k] = market.branch(market.month - 2)
                asked = ("branch", {"month": market.month - 2})
            else:
                continue
            page.evaluate(  # not awaited: the next tab asks while this one is being answered
                ASK_AFTER,
                list(asked),
            )
    for tab, market in zip(opened, alone, strict=True):
        tab.page.evaluate("window.asked")
        assert tab.page.evaluate("window.refused ?? []") == []
        assert tab.page.evaluate("window.talent.market.month") == market.month
        assert digest(tab.page) == market.digest()
    assert len({digest(tab.page) for tab in opened}) == 10
    for context in contexts:
        context.close()
    assert [wrong for tab in opened for wrong in tab.wrong] == []
    assert server.log.read_text()[begun:] == ""


# ---- afterwards ------------------------------------------------------------------------------------------------------


def test_nothing_is_left_after_close(browser: Browser, tmp_path: Path) -> None:
    """Ten tabs, some with work under way, closed with a farewell or cut off: threads, children, sockets as before."""
    with serving(tmp_path, "--sessions", "10", TALENT_CULL=str(CULL)) as server:
        process = psutil.Process(server.process.pid)
        contexts, opened = tabs(browser, server.address, ["scenario=tiny"])
        opened[0].page.evaluate(ASK, ["step", {}])
        contexts[0].close()
        contexts[1].close()
        time.sleep(CULL)
        before = settle(process, {"threads": 0}, 13, server.address)
        contexts, opened = tabs(browser, server.address, ["scenario=tiny"] * 10)
        for tab in opened:
            tab.page.evaluate(ASK, ["step", {}])
        opened[4].page.evaluate("window.talent.transport.run(12)")
        for k in (0, 9):
            assert isinstance(opened[k].page.evaluate(ASK, ["compare", {"without": ["T01"], "histories": 40}]), int)
        during = left(process)
        assert during["threads"] >= before["threads"] + 10 and during["sockets"] >= 10
        for tab in opened[5:]:  # cut off: no farewell leaves the browser
            tab.page.route("**/_solara/api/close/**", lambda route: route.abort())
            tab.page.evaluate("navigator.sendBeacon = () => true")
        for tab in opened:
            tab.page.close()
        after = settle(process, before, patience.PATIENCE, server.address)
        for context in contexts:
            context.close()
        assert after["children"] == before["children"] == 0
        assert after["sockets"] <= before["sockets"]
        assert after["threads"] <= before["threads"]
        contexts, opened = tabs(browser, server.address, ["scenario=tiny"] * 4)  # all seats are free again
        for context in contexts:
            context.close()
        assert [wrong for tab in opened for wrong in tab.wrong] == []


@pytest.mark.nightly
def test_three_hundred_tabs_leave_no_memory_behind(browser: Browser, tmp_path: Path) -> None:
    """Opened, used and closed 300 times: the server grows by less than a tenth after the first 50."""
    with serving(tmp_path, "--sessions", "10", TALENT_CULL=str(CULL)) as server:
        process = psutil.Process(server.process.pid)
        after_fifty = 0
        for turn in range(60):
            contexts, opened = tabs(browser, server.address, ["scenario=tiny"] * 5)
            for tab in opened:
                tab.page.evaluate(ASK, ["step", {}])
            for context in contexts:
                context.close()
            settle(process, {"sockets": 0, "children": 0}, patience.PATIENCE)
            if turn == 9:
                time.sleep(2 * CULL)
                after_fifty = process.memory_info().rss
        time.sleep(2 * CULL)
        assert process.memory_info().rss < 1.1 * after_fifty
        assert server.log.read_text().count("\n") <= 1


# ---- a cut line ------------------------------------------------------------------------------------------------------

LINE = "const ws = solara.debug.ws();"
SOON = "setTimeout(() => ws.close(), 60);"
CUT = {
    "at once": "window.solara.debug.dropConnection()",
    "what is said now is lost": f"{{ {LINE} ws.send = () => {{}}; {SOON} }}",
    "what is answered now is lost": f"{{ {LINE} ws.onmessage = () => {{}}; {SOON} }}",
}


def test_reconnect_does_not_step_twice(open_app: Open) -> None:
    """A line that is cut ten times while stepping and ten times while playing: every month comes, and comes once."""
    draw = random.Random(3)
    app = open_app("scenario=tiny&seed=7")
    page, market = app.page, LiveMarket("tiny", 7)
    for k in range(10):
        cut = list(CUT.values())[k % 3]
        if k % 3 == 1:
            page.evaluate(f"() => {cut}")
        asked = next(moves(draw, market, 1))
        page.evaluate(
            "([what, fields]) => { window.talent.ask(what, fields).then(answer => window.talent.logged(answer)); }",
            list(asked),
        )
        page.evaluate("window.talent.transport.one()")
        market.step()
        if k % 3 != 1:
            page.wait_for_timeout(draw.choice([0, 1, 4, 9, 20, 40]))
            page.evaluate(f"() => {cut}")
        page.wait_for_function(
            "month => window.talent.market.month === month && !window.talent.link.waiting.size",
            arg=k + 1,
            timeout=PATIENCE,
        )
        assert page.evaluate("window.talent.market.states.length") == k + 2
        assert page.evaluate("window.talent.market.pulls.length") == len(market.log)
    assert digest(page) == market.digest()
    page.evaluate("window.talent.open('meta_fair', 7)")
    page.wait_for_function(
        "window.talent.market.name === 'meta_fair' && window.talent.market.month === 0", timeout=PATIENCE
    )
    page.evaluate("window.talent.pace = 0; window.talent.transport.run(42)")
    for k in range(10):
        page.wait_for_function("month => window.talent.market.month >= month", arg=4 * k + 1, timeout=PATIENCE)
        page.evaluate(f"() => {list(CUT.values())[(0, 2)[k % 2]]}")
    page.wait_for_function("window.talent.market.month === 42 && !window.talent.playing", timeout=2 * PATIENCE)
    assert page.evaluate("window.talent.market.reports.map(report => report.month)") == list(range(1, 43))
    alone = LiveMarket("meta_fair", 7)
    while alone.month < 42:
        alone.step()
    assert digest(page) == alone.digest()
    app.wrong[:] = [wrong for wrong in app.wrong if "WebSocket" not in wrong]


def test_a_page_that_has_missed_too_much_gets_the_whole_again(open_app: Open) -> None:
    """When the session has forgotten what was not heard, the page is given the market as it is."""
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(3)
    page.evaluate("window.before = window.talent.market; window.talent.ask('step')")
    page.wait_for_function("window.talent.market.month === 4", timeout=PATIENCE)
    page.wait_for_function("!window.talent.link.waiting.size", timeout=PATIENCE)
    page.evaluate("window.talent.link.say('drawn')")  # all is heard, so nothing is kept
    page.evaluate("window.talent.link.heard -= 2; window.talent.link.say('resume')")
    page.wait_for_function("window.talent.market !== window.before", timeout=PATIENCE)
    assert page.evaluate("window.talent.market.month") == 4
    page.evaluate("window.talent.transport.one()")
    page.wait_for_function("window.talent.market.month === 5", timeout=PATIENCE)
    market = LiveMarket("tiny", 1)
    while market.month < 5:
        market.step()
    assert digest(page) == market.digest()


# ---- heavy work ------------------------------------------------------------------------------------------------------


def test_heavy_work_leaves_the_page_quick(open_app: Open, server: Server) -> None:
    """While worlds are compared in child processes steps are answered; Stop ends the processes at once."""
    app = open_app("scenario=meta_fair")
    page, process = app.page, psutil.Process(server.process.pid)
    app.run_to(2)
    assert page.evaluate("window.talent.market.events.length") > 0
    event = page.evaluate("window.talent.market.events.find(event => event.imposed).id")
    page.evaluate("window.jobs = []; window.talent.link.on('job', job => window.jobs.push(job.state))")
    job = page.evaluate(ASK, ["compare", {"without": [event], "histories": 40}])
    page.wait_for_function("window.jobs.includes('running')", timeout=PATIENCE)
    for _ in range(10):
        assert page.evaluate(ASK, ["step", {}]) is True
    assert "done" not in page.evaluate("window.jobs") and left(process)["children"] > 0
    page.evaluate(ASK, ["stop", {"number": job}])
    page.wait_for_function("window.jobs.includes('stopped')", timeout=PATIENCE)
    assert settle(process, {"children": 0}, STOPPED)["children"] == 0


# ---- what is exported ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scenario", "seed"), [("tiny", 5), ("tiny", 23), ("meta_fair", 2)])
def test_ten_random_pulls_replay(open_app: Open, tmp_path: Path, scenario: str, seed: int) -> None:
    """Ten random moves of levers; the two files that the page saves give the same history, to the last bit."""
    draw = random.Random(seed)
    app = open_app(f"scenario={scenario}&seed={seed}&page=levers")
    page, market = app.page, LiveMarket(scenario, seed)
    months = sorted(draw.randrange(11) for _ in range(10))
    for month in months:
        if market.month < month:
            app.run_to(month)
        while market.month < month:
            market.step()
        what, fields = next(moves(draw, market, 1))
        app.logged(what, **fields)
    app.run_to(12)
    while market.month < 12:
        market.step()
    with (
        page.expect_download() as first,
        page.expect_download(lambda found: found.suggested_filename.endswith(".py")) as second,
    ):
        page.get_by_role("button", name="Export scenario and script").click()
    for each in (first.value, second.value):
        assert re.fullmatch(r"[\w-]+\.(toml|py)", each.suggested_filename)
        each.save_as(tmp_path / each.suggested_filename)
    assert page.locator(".digest").inner_text() == market.events_digest()
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    file = f"{scenario}-session.toml"
    command = [sys.executable, "-m", "abm", "run", file, "--seed", str(seed), "--replicates", "1", "--out", "out"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert market.digest() in (tmp_path / "out" / "provenance.json").read_text()
    script = subprocess.run(
        [sys.executable, f"{scenario}-session.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert script.returncode == 0 and f"bytes {market.digest()}" in script.stdout, script.stderr
    assert simulate(market.export(), seed).digest == market.digest()
