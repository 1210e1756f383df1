"""The lines of README that show a market in Mesa's viewer, run by `solara run` and driven in a real browser."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from abm.parameters import declared
from tests.browser import LAPTOP, PATIENCE, PHONE, PICTURES, Watched
from tests.ports import free_port
from viz.door.solara_settings import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
SPY = """
import functools, json, pathlib
import abm.model

plain = abm.model.TalentMarket.__init__

@functools.wraps(plain)
def noted(model, *given, **named):
    plain(model, *given, **named)
    world = model.world
    made = [world.scenario.name, world.streams.seed, world.parameters.h_ties]
    with pathlib.Path(__file__).with_name("made").open("a") as file:
        file.write(json.dumps(made) + "\\n")

abm.model.TalentMarket.__init__ = noted
"""


def lines() -> str:
    """The block of README under "As a Mesa model" that is a page."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## As a Mesa model")[1].split("\n## ")[0]
    (found,) = [block for block in re.findall(r"```python\n(.*?)```", section, re.S) if "SolaraViz" in block]
    return str(found)


def test_they_are_ten_lines() -> None:
    text = lines()
    assert len([line for line in text.splitlines() if line.strip()]) <= 10
    ast.parse(text)
    assert f'"h_ties": Slider("pull of ties to leavers", {declared()["h_ties"].default}' in text


@dataclass
class Shown:
    """A page of Mesa's viewer, its server's log, and what models were made."""

    page: Page
    watched: Watched
    log: Path
    folder: Path

    def made(self) -> list[Any]:
        """Scenario, seed and `h_ties` of every model so far."""
        return [json.loads(line) for line in (self.folder / "made").read_text(encoding="utf-8").splitlines()]

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def at(self, time_: str) -> None:
        """Wait until it says that time."""
        expect(self.page.get_by_text(re.compile(rf"^Time: {time_}$"))).to_be_visible(timeout=PATIENCE)

    def curve(self) -> int:
        """Pixels of the plot that have the colour of the curve."""
        picture = self.page.locator("img").first
        expect(picture).to_be_visible(timeout=PATIENCE)
        seen = matplotlib.image.imread(io.BytesIO(picture.screenshot()), format="png")[..., :3]
        return int((np.abs(seen - np.array([31, 119, 180]) / 255) < 0.1).all(axis=-1).sum())


def serving(folder: Path) -> Iterator[tuple[str, Path]]:
    (folder / "market.py").write_text(SPY + lines(), encoding="utf-8")
    port, log = free_port(), folder / "log"
    command = [
        sys.executable,
        "-m",
        "solara",
        "run",
        "market.py",
        "--no-open",
        "--production",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 120
        with socket.socket() as line:
            while line.connect_ex(("127.0.0.1", port)):
                assert server.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", log
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(params=[LAPTOP, PHONE], ids=["laptop", "phone"])
def shown(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Shown]:
    """The page of README's lines; at the end neither page, console nor server may have complained."""
    for address, log in serving(tmp_path):
        context = browser.new_context(viewport=request.param)
        watched = Watched(context.new_page())
        watched.watch(address)
        watched.page.goto(address)
        found = Shown(watched.page, watched, log, tmp_path)
        yield found
        alerts = [each.inner_text() for each in watched.page.get_by_role("alert").all()]
        context.close()
        assert not watched.wrong, "\n".join(watched.wrong)
        assert not [text for text in alerts if text.strip()]
        assert not re.search("Traceback|Error|Could not", log.read_text()), log.read_text()


@pytest.mark.browser
@pytest.mark.slow
def test_the_viewer_steps_resets_plays_and_takes_a_changed_parameter(shown: Shown) -> None:
    page = shown.page
    menu = page.locator(".v-app-bar-nav-icon, .v-app-bar button").first
    expect(page.get_by_text("TalentMarket")).to_be_visible(timeout=PATIENCE)
    step = page.get_by_role("button", name="Step", exact=True)
    if (page.viewport_size or {})["width"] < 500 and not step.is_visible():
        menu.click()
    expect(step).to_be_visible(timeout=PATIENCE)
    shown.at("0.0")
    for month in (1, 2, 3):
        shown.press("Step")
        shown.at(f"{month}.0")
    slider = page.get_by_role("slider").last
    slider.focus()
    for _ in range(2):
        slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "0.8")
    shown.press("Reset")
    shown.at("0.0")
    shown.press("▶")
    shown.at(r"([2-9]|1\d)\.0")
    if page.get_by_role("button", name="❚❚", exact=True).is_visible():  # not over yet
        shown.press("❚❚")
    expect(page.get_by_role("button", name="▶", exact=True)).to_be_visible()
    assert shown.made()[0] == ["tiny", 1, declared()["h_ties"].default]
    assert shown.made()[-1] == ["tiny", 1, pytest.approx(0.8)], (
        "the slider did not reach the model, or another market came"
    )
    shown.press("Reset")
    shown.at("0.0")
    for month in range(1, 13):  # to the end of the scenario
        shown.press("Step")
        shown.at(f"{month}.0")
    expect(step).to_be_disabled()
    shown.press("Reset")
    shown.at("0.0")
    expect(step).to_be_enabled()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("shown", [LAPTOP], indirect=True, ids=["laptop"])
def test_the_plot_has_a_curve_after_some_steps(shown: Shown) -> None:
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_visible(timeout=PATIENCE)
    assert shown.curve() == 0
    for month in range(1, 6):
        shown.press("Step")
        shown.at(f"{month}.0")
    until = time.monotonic() + 30
    while shown.curve() < 200 and time.monotonic() < until:
        shown.page.wait_for_timeout(200)
    assert shown.curve() >= 200
    PICTURES.mkdir(parents=True, exist_ok=True)
    shown.page.screenshot(path=PICTURES / "solaraviz.png")
    shown.press("Reset")
    shown.at("0.0")
    until = time.monotonic() + 30
    while shown.curve() and time.monotonic() < until:
        shown.page.wait_for_timeout(200)
    assert shown.curve() == 0, "the plot still shows the months before Reset"
