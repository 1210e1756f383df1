"""How quick the app is in a real browser: a step until it is drawn, dragging and zooming the network, bytes per step.

What is measured is printed and written to build/app-speed.json. Limits of time are multiplied by how much slower a
fixed piece of work ran, by the clock, than its own processor time says: other work on a shared machine is no fault of
the app. Even so they hold in the nightly run only; bytes count always.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from abm.scenario import Scenario, from_dict, load
from tests.browser import PATIENCE, Watched

pytestmark = [pytest.mark.bench, pytest.mark.browser]
Open = Callable[..., Watched]
FILE = Path("build/app-speed.json")
STEPS = 20

SPEED = (Path(__file__).parent / "speed.js").read_text(encoding="utf-8")


def scaled(researchers: int) -> Scenario:
    """The scenario `meta_fair` with other head counts, in the same proportions."""
    content = load("meta_fair").to_dict()
    share = researchers / sum(employer["researchers"] for employer in content["employers"])
    for employer in content["employers"]:
        employer["researchers"] = max(len(employer["teams"]), round(employer["researchers"] * share))
    if share < 1:
        content["cohorts"] = []  # of real sizes, which the smaller teams do not hold
    return from_dict(content)


def load_factor(seconds: float) -> float:
    """How many times longer than on an idle machine something takes now, at least 1."""
    wall, processor = time.perf_counter(), time.thread_time()
    while time.thread_time() - processor < seconds:
        pass
    return max(1.0, (time.perf_counter() - wall) / seconds)


def keep(name: str, found: dict[str, Any]) -> None:
    """Add to the file of results, and print."""
    FILE.parent.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    FILE.write_text(json.dumps({**known, name: found}, indent=1), encoding="utf-8")
    print(f"{name}: {found}")


def opened(open_app: Open, researchers: int) -> Watched:
    """The app with a market of this size, drawn and at rest."""
    app = open_app("scenario=tiny")
    app.page.evaluate(SPEED)
    app.sent.clear()
    content = scaled(researchers).to_dict()
    app.page.evaluate("async content => talent.show(await talent.ask('build_open', { content, seed: 1 }))", content)
    app.page.wait_for_function("!talent.link.waiting.size && talent.network.ties", timeout=PATIENCE)
    app.page.wait_for_timeout(500)
    app.settle()
    return app


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


# ---- a step ----------------------------------------------------------------------------------------------------------

STEP_LIMITS = {1_000: 200, 5_000: 400, 20_000: 2_000}  # milliseconds
LARGEST_MONTH = 150_000  # bytes at 5,000
SHARE_OF_OPENING = 0.4


@pytest.mark.parametrize("researchers", STEP_LIMITS)
def test_a_step_is_drawn_soon_and_sends_only_news(
    open_app: Open, researchers: int, request: pytest.FixtureRequest
) -> None:
    """From the click until charts and network show the new month; and what is sent is little beside the whole."""
    app = opened(open_app, researchers)
    opening = max(app.sent)
    all_, server, sizes, loads = [], [], [], []
    for _ in range(STEPS):
        loads.append(load_factor(0.05))
        app.sent.clear()
        took = app.page.evaluate("speed.step()")
        app.page.wait_for_function("!talent.link.waiting.size", timeout=PATIENCE)
        app.page.wait_for_timeout(150)
        all_.append(took["drawn"])
        server.append(took["heard"])
        sizes.append(max(app.sent))
    load, median = statistics.median(loads), statistics.median(all_)
    found = {
        "median_ms": round(median, 1),
        "p95_ms": round(p95(all_), 1),
        "until_heard_ms": round(statistics.median(server), 1),
        "load": round(load, 2),
        "limit_ms": STEP_LIMITS[researchers],
        "opening_bytes": opening,
        "median_month_bytes": round(statistics.median(sizes)),
        "largest_month_bytes": max(sizes),
    }
    keep(f"step_{researchers}", found)
    assert all_ and (median < load * STEP_LIMITS[researchers] or not request.config.getoption("--nightly")), found
    if researchers <= 5_000:
        assert statistics.median(sizes) < SHARE_OF_OPENING * opening, found
        assert max(sizes) < LARGEST_MONTH, found


# ---- the network under the hand --------------------------------------------------------------------------------------

FRAME_LIMITS = {5_000: 34, 20_000: 120}  # milliseconds between two frames


@pytest.mark.nightly
@pytest.mark.parametrize("researchers", FRAME_LIMITS)
def test_the_network_follows_the_hand(open_app: Open, researchers: int) -> None:
    """Dragging and zooming with the mouse for two seconds each: frames come often enough to look like motion."""
    app = opened(open_app, researchers)
    app.run_to(3)
    app.page.wait_for_timeout(1_200)
    box = app.page.locator("canvas.network").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    loads = [load_factor(0.2)]
    app.page.mouse.move(x, y)
    for what in ("drag", "zoom"):
        before = app.page.evaluate("({...talent.network.view})")
        app.page.evaluate("window.measured = speed.frames(2000); 0")
        if what == "drag":
            app.page.mouse.down()
        until, k = time.monotonic() + 2, 0
        while time.monotonic() < until:
            k += 1
            if what == "drag":
                app.page.mouse.move(x + 120 * math.sin(k / 9), y + 60 * math.cos(k / 9))
            else:
                app.page.mouse.wheel(0, -80 if (k // 20) % 2 == 0 else 80)
            time.sleep(0.008)
        if what == "drag":
            app.page.mouse.up()
        frames = app.page.evaluate("window.measured")
        assert app.page.evaluate("({...talent.network.view})") != before
        loads.append(load_factor(0.2))
        median = statistics.median(frames["intervals"])
        found = {
            "median_frame_ms": round(median, 1),
            "p95_frame_ms": round(p95(frames["intervals"]), 1),
            "median_drawing_ms": round(statistics.median(frames["drawing"]), 1),
            "p95_drawing_ms": round(p95(frames["drawing"]), 1),
            "frames_drawn": len(frames["drawing"]),
            "load": round(statistics.median(loads), 2),
            "limit_ms": FRAME_LIMITS[researchers],
        }
        keep(f"{what}_{researchers}", found)
        assert len(frames["drawing"]) > 5, found
        limit = statistics.median(loads) * FRAME_LIMITS[researchers]
        assert median < limit and statistics.median(frames["drawing"]) < limit, found
