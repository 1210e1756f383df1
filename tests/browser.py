"""The app in a real browser: a server of its own, Chromium without a way out, and a page that forgives nothing.

Tests ask for the fixture `open_app`. A page fails its test afterwards if the console had an error, a script threw, an
answer was 400 or more, or anything was asked of another host.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import patience
from tests.ports import free_port

LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # the network is cut
)
PICTURES = Path(os.environ.get("TALENT_SCREENS", "build/screens"))
PATIENCE = 1000 * patience.PATIENCE  # milliseconds

SETTLED = """() => !window.talent.link.waiting.size && !document.querySelector("#talent[aria-busy]")
    && document.getAnimations().every(each => each.playState !== "running"
        || each.effect.getComputedTiming().iterations === Infinity)"""


def chromium() -> str:
    """The browser of this machine; without one the test is skipped."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        pytest.skip("no chromium on this machine: install the Debian package `chromium` to run the browser tests")
    return found


@dataclass
class Server:
    """A running `talent app`."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def stop(self) -> None:
        """As Ctrl-C would."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(folder: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    """`talent app` on a free port, with results under a folder; more of the environment by name."""
    port, log = free_port(), folder / "app.log"
    command = [
        sys.executable,
        "-m",
        "abm",
        "app",
        "--no-browser",
        "--port",
        str(port),
        "--results",
        str(folder / "results"),
    ]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *arguments], stdout=out, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment}
        )
    server = Server(process, f"http://127.0.0.1:{port}/", log)
    try:
        started = patience.comes(lambda: "The app is at" in log.read_text() or process.poll() is not None)
        assert started and process.poll() is None, f"the server did not start: {log.read_text()}"
        yield server
    finally:
        server.stop()


@dataclass
class Watched:
    """A page with everything that went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)  # bytes of each message from the server

    def watch(self, address: str) -> None:
        """Listen to the page."""
        host = address.split("/")[2]

        def frames(socket_: Any) -> None:
            socket_.on("framereceived", lambda data: self.sent.append(len(data)))

        page = self.page
        page.on("console", lambda said: said.type == "error" and self.wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("response", lambda got: got.status >= 400 and self.wrong.append(f"{got.status}: {got.url}"))
        page.on("websocket", frames)
        page.on(
            "request",
            lambda asked: (
                re.match(r"(https?|wss?)://", asked.url)
                and asked.url.split("/")[2] != host
                and self.wrong.append(f"asked another host: {asked.url}")
            ),
        )

    def open(self, address: str) -> Page:
        """Load the app and wait until a market is shown."""
        self.page.goto(address)
        self.page.wait_for_function(
            "window.talent?.market && !document.querySelector('#talent[aria-busy]')", timeout=PATIENCE
        )
        return self.page

    def run_to(self, month: int) -> None:
        """Play to a month, as fast as it goes."""
        self.page.evaluate("month => { window.talent.pace = 0; window.talent.transport.run(month); }", month)
        self.page.wait_for_function(
            "month => window.talent.market.month === month && !window.talent.playing", arg=month, timeout=PATIENCE
        )

    def logged(self, what: str, **fields: object) -> None:
        """Pull a lever, as its button does: ask, and let every page know what has been pulled."""
        self.page.evaluate(
            "async ([what, fields]) => window.talent.logged(await window.talent.ask(what, fields))", [what, fields]
        )

    def go(self, page: str) -> None:
        """Open one of the pages by its link."""
        self.page.locator(f"nav a[data-page={page}]").click()
        self.page.wait_for_selector(f"#page-{page}", state="visible")

    def settle(self) -> None:
        """Wait until nothing is asked and nothing moves, as long as it takes."""
        self.page.wait_for_function(SETTLED, timeout=PATIENCE)

    def picture(self, name: str) -> None:
        """Keep a screenshot."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a worker."""
    chromium()
    with serving(tmp_path_factory.mktemp("app"), "--sessions", "40") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a worker."""
    path = chromium()
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=path, args=[*FLAGS])
        yield found
        found.close()


@pytest.fixture
def open_app(server: Server, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """`open_app(query, viewport=LAPTOP, dark=False)`: the app in a new window; it is closed, and judged, at the end."""
    contexts: list[BrowserContext] = []
    pages: list[Watched] = []

    def made(query: str = "", viewport: dict[str, int] = LAPTOP, dark: bool = False) -> Watched:
        context = browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            has_touch=viewport is PHONE,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        found = Watched(context.new_page())
        pages.append(found)
        found.watch(server.address)
        found.open(server.address + (f"?{query}" if query else ""))
        return found

    yield made
    for context in contexts:
        context.close()
    wrong = [each for page in pages for each in page.wrong]
    assert not wrong, "\n".join(wrong)
