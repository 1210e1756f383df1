"""`solara run viz/app.py`, as its own process: the same gate stands before it as before `talent app`."""

from __future__ import annotations

import contextlib
import re
import sysconfig
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.app_server import Running, answer_of, end, said, start, wait_for
from tests.browser import PATIENCE, Watched
from tests.ports import free_port
from viz import server

ROOT = Path(__file__).parents[1]
SOLARA = Path(sysconfig.get_path("scripts")) / "solara"
WORDS = (
    str(SOLARA),
    "run",
    str(ROOT / "viz" / "app.py"),
    "--no-open",
    "--no-check-version",
    "--log-level-uvicorn",
    "info",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port = tmp_path_factory.mktemp("solara"), free_port()
    process, calls, log = start(folder, *WORDS, "--host", "localhost", "--port", str(port))
    try:
        wait_for(log, "Uvicorn running on", process)
        yield Running(process, port, calls, log)
    finally:
        end(process)


def test_hostile_hosts_get_nothing(app: Running) -> None:
    for host in ("evil.example", f"evil.example:{app.port}", f"127.0.0.1.evil.example:{app.port}", "127.0.0.1", ""):
        for path in ("/", "/readyz", "/static/public/app.css", "/resourcez"):
            status, headers, body = app.ask(path, headers={"Host": host})
            assert status in (400, 421) and "talent" not in body, (host, path)
            assert status == 400 or headers["x-frame-options"] == "DENY"
    for host in (app.host, f"localhost:{app.port}", f"[::1]:{app.port}"):
        status, headers, body = app.ask("/", headers={"Host": host})
        assert status == 200 and "<script" in body and headers["x-content-type-options"] == "nosniff"
        assert re.search(r"'nonce-([\w+/]{24})'", headers["content-security-policy"])
    assert app.ask("/", headers={"Origin": "http://evil.example"})[0] == 403
    assert app.ask("/resourcez")[0] == 404


def test_hostile_origins_get_no_socket(app: Running) -> None:
    for origin in (None, "null", "http://evil.example", f"{app.origin}.evil.example", f"https://{app.host}"):
        with pytest.raises(InvalidStatus) as refused:
            app.socket(origin=origin)
        assert refused.value.response.status_code == 403, origin
    kernel, tab = str(uuid.uuid4()), str(uuid.uuid4())
    with app.socket(kernel, tab=tab) as line:
        line.send(said("kernel_info_request", padding="x" * 1_000_000))
        assert answer_of(line, "kernel_info_reply")
        line.send("x" * 2_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                line.recv(timeout=PATIENCE / 1000)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    assert app.farewell(kernel, tab) == 200


def test_seats_are_counted(app: Running) -> None:
    tabs = [(str(uuid.uuid4()), str(uuid.uuid4())) for _ in range(server.SESSIONS)]
    with contextlib.ExitStack() as open_lines:
        for kernel, tab in tabs:
            open_lines.enter_context(app.socket(kernel, tab=tab))
        assert app.ask("/")[0] == 503
    assert [app.farewell(kernel, tab) for kernel, tab in tabs] == [200] * len(tabs)


@pytest.mark.browser
def test_the_page_works(app: Running, browser: Browser) -> None:
    context = browser.new_context()
    found = Watched(context.new_page())
    found.watch(app.origin + "/")
    found.open(app.origin + "/?scenario=tiny")
    found.run_to(3)
    context.close()
    assert found.wrong == [] and app.calls.read_text(encoding="utf-8") == ""


def test_others_are_not_let_in_by_accident(tmp_path: Path) -> None:
    """The environment of `start` says HOST=0.0.0.0, which `solara run` takes for its address."""
    process, _, log = start(tmp_path, *WORDS, "--port", str(free_port()))
    try:
        assert process.wait(PATIENCE / 1000) == 2
        assert "--host 0.0.0.0: others than this machine could reach the app" in log.read_text(encoding="utf-8")
    finally:
        end(process)
