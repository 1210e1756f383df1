"""The real server of the browser app, as its own process: what it lets in, what it sends, and how it stops.

All outgoing connections of the server fail and are written down, so every test here is one without a network too.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import uvicorn
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect as open_socket

from abm import cli
from tests.app_server import ADDRESS, Running, answer_of, end, said, start, wait_for
from tests.patience import PATIENCE, comes
from tests.ports import free_port
from viz import jobs, server
from viz.door import address, protocol, vendored

SESSIONS = 6


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    words = ("--port", str(free_port()), "--sessions", str(SESSIONS), "--results", str(folder), "--no-browser")
    process, calls, log = start(folder, "-m", "abm", "app", "tiny", "--seed", "7", *words)
    try:
        found = wait_for(log, ADDRESS + r"\?scenario=tiny&seed=7 ", process)
        yield Running(process, int(found[1]), calls, log)
    finally:
        end(process)


# ---- what is let in ----


def test_only_the_own_page_gets_a_socket(app: Running) -> None:
    hostile = [
        *(None, "null", "http://evil.example", f"https://{app.host}", f"{app.origin}.evil.example", "http://127.0.0.1"),
        *(f"http://localhost:{app.port}", f"http://127.0.0.1:{app.port + 1}", f"{app.origin}/"),
    ]
    for origin in hostile:
        with pytest.raises(InvalidStatus) as refused:
            app.socket(origin=origin)
        assert refused.value.response.status_code == 403, origin
    kernel, tab = str(uuid.uuid4()), str(uuid.uuid4())
    with app.socket(kernel, tab=tab) as line:
        line.send(said("kernel_info_request"))
        assert answer_of(line, "kernel_info_reply")
    assert app.farewell(kernel, tab) == 200


def test_headers_and_cookie(app: Running) -> None:
    status, headers, body = app.ask("/")
    assert status == 200 and "<script" in body
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer" and headers["cross-origin-opener-policy"] == "same-origin"
    assert re.fullmatch(r"solara-session-id=[0-9a-f-]{36}; Path=/; HttpOnly; SameSite=Lax", headers["set-cookie"])
    assert "server" not in headers
    nonce = re.search(r"'nonce-([\w+/]{24})'", headers["content-security-policy"])
    assert nonce is not None and f'nonce="{nonce[1]}"' in body
    assert "'unsafe-inline'" not in headers["content-security-policy"].partition("style-src")[0]
    local = {"Host": f"localhost:{app.port}"}
    assert "SameSite=none" not in str(app.ask("/", headers=local)[1])
    assert app.ask("/", headers={"Host": "evil.example"})[0] == 421


def test_what_the_page_does_not_need_is_not_there(app: Running) -> None:
    paths = (
        *(
            "/resourcez",
            "/resourcez?verbose",
            f"/_solara/api/evict/{uuid.uuid4()}",
            "/static/main.js",
            "/static/app.py",
        ),
        *("/static/public/../app.py", "/static/public/%2e%2e/app.py", "/jupyter/nbextensions/anywidget/../../x", "/x"),
        *("/jupyter/nbextensions/jupyter-vuetify/index.js.map", "/jupyter/api/kernels/x", "/_solara/auth/login"),
    )
    for path in paths:
        status, _, body = app.ask(path)
        assert status in (400, 404) and "solara" not in body.lower(), path
    assert app.ask("/readyz")[0] == 200
    assert app.ask(f"/jupyter/api/kernels/{uuid.uuid4()}")[0] == 200
    for path in ("/jupyter/nbextensions/anywidget/index.js", "/_solara/cdn/requirejs@2.3.6/require.js"):
        status, headers, _ = app.ask(path)
        assert status == 200 and headers["content-security-policy"].startswith("default-src 'none'"), path


def test_a_frame_may_have_a_megabyte(app: Running) -> None:
    kernel, tab = str(uuid.uuid4()), str(uuid.uuid4())
    with app.socket(kernel, tab=tab) as line:
        line.send(said("kernel_info_request", padding="x" * 1_000_000))
        assert answer_of(line, "kernel_info_reply")
        with pytest.raises(ConnectionClosed) as closed:
            line.send("x" * 2_000_000)
            while True:
                line.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    assert app.farewell(kernel, tab) == 200


def test_nonsense_ends_its_own_socket_only(app: Running) -> None:
    other, tab = str(uuid.uuid4()), str(uuid.uuid4())
    with app.socket(other, tab=tab) as good:
        for nonsense in (
            "",
            "{",
            "[]",
            "null",
            '"x"',
            "{}",
            '{"header":1}',
            b"\x00\xff",
            b"",
            "\0",
            said("no_such_type"),
        ):
            kernel, bad_tab = str(uuid.uuid4()), str(uuid.uuid4())
            with contextlib.suppress(ConnectionClosed, TimeoutError), app.socket(kernel, tab=bad_tab) as bad:
                bad.send(nonsense)
                bad.recv(timeout=0.2)
            app.farewell(kernel, bad_tab)
            good.send(said("kernel_info_request"))
            assert answer_of(good, "kernel_info_reply"), nonsense
    assert app.farewell(other, tab) == 200
    assert app.ask("/")[0] == 200


def test_the_kernel_runs_no_code(app: Running, tmp_path: Path) -> None:
    kernel, tab, file = str(uuid.uuid4()), str(uuid.uuid4()), tmp_path / "ran"
    code = f"open({str(file)!r}, 'w').close()"
    for kind in ("execute_request", "complete_request", "inspect_request", "debug_request", "input_reply"):
        with app.socket(kernel, tab=tab) as line, contextlib.suppress(ConnectionClosed):
            line.send(said(kind, {"code": code, "silent": False, "user_expressions": {"x": code}}))
            line.send(said("kernel_info_request"))
            answer_of(line, "kernel_info_reply")
    assert app.farewell(kernel, tab) == 200
    assert not file.exists()


def test_a_full_house_says_so(app: Running) -> None:
    tabs = [(str(uuid.uuid4()), str(uuid.uuid4())) for _ in range(SESSIONS + 4)]
    with contextlib.ExitStack() as stack:
        refused = 0
        lines = [stack.enter_context(app.socket(kernel, tab=tab)) for kernel, tab in tabs]
        until = time.monotonic() + PATIENCE
        while refused < 4 and time.monotonic() < until:
            for line in list(lines):
                with contextlib.suppress(TimeoutError):
                    try:
                        line.recv(timeout=0.3)
                    except ConnectionClosed as closed:
                        assert closed.rcvd is not None and closed.rcvd.code == 1013
                        lines.remove(line)
                        refused += 1
        assert refused == 4
        status, headers, body = app.ask("/")
        assert status == 503 and "seats are taken" in body and headers["retry-after"] == "60"
    assert app.ask("/")[0] == 503, "the kernels are still there: a cut line may come back"
    assert {app.farewell(*tab) for tab in tabs} == {200}
    assert comes(lambda: app.ask("/")[0] == 200)


def test_slow_requests_do_not_keep_others_out(app: Running) -> None:
    """More connections than may be undecided, each with half a request."""
    slow = []
    try:
        for number in range(protocol.MOST_UNDECIDED + 100):
            line = socket.create_connection(("127.0.0.1", app.port), timeout=PATIENCE)
            line.sendall(f"GET / HTTP/1.1\r\nHost: {app.host}\r\nX-{number}: ".encode())
            slow.append(line)
        for _ in range(10):
            assert app.ask("/readyz")[0] == 200
        server_ = psutil.Process(app.process.pid)
        assert comes(lambda: len(server_.net_connections("tcp")) < protocol.MOST_UNDECIDED + 20)
    finally:
        for line in slow:
            line.close()


def insisted[T](ask: Callable[[], T]) -> T:
    """Again until it is answered: on a busy machine it is the test that is too slow for the deadline now and then."""
    for _ in range(50):
        with contextlib.suppress(OSError, http.client.HTTPException, InvalidHandshake, EOFError):
            return ask()
    return ask()


def test_a_request_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not asked in time is cut; who answers slowly, who asks again and who has a socket is not."""
    monkeypatch.setattr(protocol, "DEADLINE", 0.4)

    async def slow_app(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] == "websocket":
            await receive()  # type: ignore[operator]
            await send({"type": "websocket.accept"})  # type: ignore[operator]
            message = await receive()  # type: ignore[operator]
            await send({"type": "websocket.send", "text": message["text"]})  # type: ignore[operator]
            return
        await asyncio.sleep(1.0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[operator]

    port = free_port()
    config = uvicorn.Config(slow_app, port=port, http=protocol.Protocol, lifespan="off", log_level="error")  # type: ignore[arg-type]
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        with contextlib.ExitStack() as stack:
            line = stack.enter_context(insisted(lambda: open_socket(f"ws://127.0.0.1:{port}/")))
            silent = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            silent.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            before = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(10) == b""
            assert time.monotonic() - before > 0.3

            def asked_twice() -> list[bytes]:
                """Over one connection; each answer takes longer than the deadline."""
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as asking:
                    found = []
                    for _ in range(2):
                        asking.request("GET", "/")
                        found.append(asking.getresponse().read())
                    return found

            assert insisted(asked_twice) == [b"ok", b"ok"]
            line.send("still here")
            assert line.recv(timeout=PATIENCE) == "still here"
        assert comes(lambda: not protocol.Protocol.undecided)
    finally:
        running.should_exit = True
        thread.join(PATIENCE)


# ---- no network ----


def test_nothing_is_fetched_kept_or_deleted(app: Running) -> None:
    before = sorted(path for path in vendored.FOLDER.rglob("*"))
    calls = app.calls.read_text(encoding="utf-8")
    wanted = [f"lodash@{number}.0.0/lodash.js" for number in range(100)]
    wanted += ["@widgetti", "@widgetti/", "@widgetti/solara-vuetify3-app@5.2.0", "requirejs@2.3.6", "licences", "x", ""]
    for path in wanted:
        assert app.ask(f"/_solara/cdn/{path}")[0] == 404, path
    assert sorted(path for path in vendored.FOLDER.rglob("*")) == before
    assert app.calls.read_text(encoding="utf-8") == calls


def test_no_connection_leaves_the_machine(app: Running) -> None:
    for path in ("/", *(f"/_solara/cdn/{path}" for path in vendored.files())):
        assert app.ask(path)[0] == 200, path
    assert app.calls.read_text(encoding="utf-8") == ""


def test_a_connection_that_leaves_would_be_seen(tmp_path: Path) -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    process, calls, log = start(tmp_path, "-c", program)
    assert process.wait(PATIENCE) == 1 and "no network in this test" in log.read_text(encoding="utf-8")
    assert "192.0.2.1" in calls.read_text(encoding="utf-8")


SET_UP = """
import sys
{before}
import solara.server.app, solara.server.cdn_helper, solara.server.settings, solara.server.starlette, solara.settings
{after}
from solara.server import settings
assert not settings.telemetry.mixpanel_enable and settings.main.mode == "production"
assert settings.session.http_only and settings.kernel.cull_timeout == "10m" and not settings.theme.show_banner
assert not settings.assets.fontawesome_enabled and settings.main.root_path == ""
assert "://" not in solara.settings.assets.cdn and solara.settings.assets.proxy
from viz.door import vendored
from solara.server.starlette import StaticCdn, StaticPublic
cdn = StaticCdn(directory=settings.assets.proxy_cache_dir)
assert cdn.lookup_path("requirejs@2.3.6/require.js")[1].st_size > 1000
assert cdn.lookup_path("@widgetti") == ("", None) and (vendored.FOLDER / "@widgetti").is_dir()
assert cdn.lookup_path("lodash@4.0.0/lodash.js") == ("", None)
assert [path.name for path in StaticPublic().get_directories()] == ["public"]
assert StaticPublic().get_directories()[0].parent.name == "viz"
try:
    raise ValueError("the secret word")
except ValueError as error:
    import reacton.core
    for module in (solara.server.app, reacton.core):
        assert "secret" not in "".join(module.traceback.format_exception(None, error, error.__traceback__))
        assert module.traceback.format_stack()
print("set up")
"""


def test_solara_is_set_up_before_and_after_its_import(tmp_path: Path) -> None:
    prepare = "from viz import server; server.prepare(); server.prepare()"
    started = []
    for moment in ("before", "after"):
        folder = tmp_path / moment
        folder.mkdir()
        before = f"{prepare}\n" if moment == "before" else ""
        started.append(start(folder, "-c", SET_UP.format(before=before, after=prepare)))
    for process, calls, log in started:
        assert process.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")
        assert "set up" in log.read_text(encoding="utf-8")
        assert calls.read_text(encoding="utf-8") == ""


# ---- starting and stopping ----


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--host", "0.0.0.0"], "others than this machine could reach the app"),
        (["--host", "::"], "others than this machine could reach the app"),
        (["--host", "192.168.1.2", "--public"], "--public --origin https://NAME"),
        (["--host", "0.0.0.0", "--origin", "https://a.example"], "--public"),
        (["--public"], "name the address that browsers see"),
        (["--public", "--origin", "http://a.example"], "begins with https://"),
        (["--public", "--origin", "a.example"], "expected scheme, name"),
        (["--public", "--origin", "https://a.example/app"], "expected scheme, name"),
        (["--public", "--origin", "https://a.example:443"], "expected scheme, name"),
        (["--origin", "javascript://x"], "expected scheme, name"),
        (["--port", "0"], "the port is a whole number from 1 to 65535"),
        (["tinny"], "tiny"),
        (["--results", "README.md"], "this is a file; name a folder"),
    ],
)
def test_others_are_not_let_in_by_accident(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in words before anything is started; the variable HOST, set for the servers above, moved none of them."""
    assert cli.main(["app", "--no-browser", *words]) == 2
    assert expected in capsys.readouterr().err.replace("\n", " ")


def test_the_address_is_an_argument_only(app: Running) -> None:
    listening = [
        line.laddr.ip for line in psutil.Process(app.process.pid).net_connections("tcp") if line.status == "LISTEN"
    ]
    assert listening == ["127.0.0.1"]


def test_origins_of_a_server() -> None:
    assert address.origins_of("127.0.0.1", 80, None) >= {"http://127.0.0.1", "http://localhost"}
    assert address.origins_of("127.0.0.1", 8765, None) == {
        *("http://127.0.0.1:8765", "http://localhost:8765", "http://[::1]:8765"),
    }
    assert address.origins_of("0.0.0.0", 8765, "https://a.example") == {"https://a.example"}
    assert address.origins_of("127.0.0.1", 9, "http://localhost:9000") == {
        "http://localhost:9000",
        "http://127.0.0.1:9",
    }


def test_a_port_in_use() -> None:
    with address.listen("127.0.0.1", free_port()) as taken:
        taken.listen()
        with pytest.raises(address.ServerError, match=r"port \d+ of 127.0.0.1: Address already in use. Give another"):
            address.listen("127.0.0.1", taken.getsockname()[1])


STOPS = """
import multiprocessing, threading, time
from viz import server
from viz.door import address

def last(words):
    print(words, flush=True)

if __name__ == "__main__":
    address.PORT = {port}
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(1000,))
    child.start()
    server.at_exit(child.kill)
    server.at_exit(lambda: 1 / 0)
    server.at_exit(lambda: last("called once"))
    if {busy}:
        threading.Thread(target=time.sleep, args=(3600,)).start()
    server.serve(open_browser=False, sessions=2)
"""


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    """With a tab connected, a child process, a callback that fails, and in one of the two a thread that goes on."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(address.listen("127.0.0.1", free_port()))
        taken.listen()
        usual = taken.getsockname()[1]
        started = []
        for number in numbers:
            folder = tmp_path / number.name
            folder.mkdir()
            program = folder / "stops.py"
            program.write_text(STOPS.format(port=usual, busy=number == signal.SIGTERM), encoding="utf-8")
            started.append(start(folder, str(program)))
            stack.callback(end, started[-1][0])
        ports, children = [], []
        for process, _, log in started:
            ports.append(int(wait_for(log, ADDRESS, process)[1]))
            assert f"Port {usual} is in use; taking a free one" in log.read_text(encoding="utf-8")
            children.append(psutil.Process(process.pid).children(recursive=True))
            assert children[-1]
        assert usual not in ports
        for port, number, (process, calls, log) in zip(ports, numbers, started, strict=True):
            with Running(process, port, calls, log).socket() as line:
                line.send(said("kernel_info_request"))
                assert answer_of(line, "kernel_info_reply")
                process.send_signal(number)
                assert process.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")
    for port, left, (_, _, log) in zip(ports, children, started, strict=True):
        written = log.read_text(encoding="utf-8")
        assert written.count("called once") == 1 and "Stopped" in written
        assert written.count("Traceback") == 1 and "division by zero" in written
        assert psutil.wait_procs(left, timeout=PATIENCE)[1] == []
        with socket.socket() as again:
            assert again.connect_ex(("127.0.0.1", port)) != 0


def test_the_work_of_all_tabs_stops_with_the_server() -> None:
    assert jobs.shutdown in server._at_exit


# ---- in a real browser ----


@pytest.mark.browser
def test_the_page_works_and_runs_no_foreign_script(app: Running, browser: Browser) -> None:
    trouble: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("requestfailed", lambda request: trouble.append(f"{request.url} {request.failure}"))
        page.on("response", lambda answer: trouble.append(answer.url) if answer.status >= 400 else None)
        page.on("request", lambda request: trouble.append(request.url) if not is_ours(request.url, app) else None)
        page.goto(f"{app.origin}/?scenario=tiny")
        page.wait_for_selector("main.solara-content-main", state="attached", timeout=1000 * PATIENCE)
        page.wait_for_load_state("networkidle")
        assert trouble == []
        found = page.evaluate(
            """async () => {
                const inline = document.createElement('script');
                inline.textContent = 'window.foreign = 1';
                document.body.append(inline);
                const held = document.createElement('div');
                held.innerHTML = `<img src="x:" onerror="window.foreign = 2">
                    <a href="javascript:window.foreign = 3">x</a>`;
                document.body.append(held);
                held.querySelector('a').click();
                const far = await fetch('http://192.0.2.1/').then(() => 'reached', () => 'refused');
                await new Promise(done => setTimeout(done, 300));
                return [window.foreign ?? 0, far, document.cookie];
            }"""
        )
        assert found == [0, "refused", ""]


def is_ours(url: str, app: Running) -> bool:
    return url.startswith((app.origin + "/", f"ws://{app.host}/", "data:", f"blob:{app.origin}/", "about:"))


BROKEN = """
import sys, types
import solara

@solara.component
def Page():
    raise RuntimeError("the secret word")

module = types.ModuleType("viz.app")
module.Page = Page
module.__file__ = {file!r}
sys.modules["viz.app"] = module
import importlib.machinery
module.__spec__ = importlib.machinery.ModuleSpec("viz.app", None, origin={file!r})
from viz import server
server.serve(port={port}, open_browser=False)
"""


@pytest.mark.browser
def test_errors_of_the_page_tell_nothing(tmp_path: Path, browser: Browser) -> None:
    """A page that breaks shows a number; the log has the rest under that number."""
    file = tmp_path / "app.py"
    file.touch()
    process, _, log = start(tmp_path, "-c", BROKEN.format(file=str(file), port=free_port()))
    try:
        found = wait_for(log, ADDRESS, process)
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{found[1]}/")
            page.wait_for_function("document.body.innerText.includes('Something went wrong')", timeout=1000 * PATIENCE)
            text = page.inner_text("body")
        assert "secret" not in text and "Traceback" not in text and ".py" not in text
        number = re.search(r"This is error ([0-9a-f]{8})\.", text)
        written = log.read_text(encoding="utf-8")
        assert number is not None and f"error {number[1]} in the page" in written and "the secret word" in written
    finally:
        end(process)
