"""The gate before the browser app, without a server: hostile requests are refused by the hundred, benign ones pass."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import uuid
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import solara

from tests.patience import PATIENCE
from viz.door import gate as gate_module
from viz.door import policy, seats, vendored
from viz.door.gate import Gate, Rules
from viz.door.paths import shell_files
from viz.door.seats import Seats


def run[T](asked: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a browser that another test has open keeps a loop in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, asked).result()


ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"
ORIGINS = frozenset({ORIGIN, "http://localhost:8765", "http://[::1]:8765"})
KERNEL = "0123abcd-0000-4000-8000-00000000000f"
TAB = f"session_id={KERNEL}"
SOCKET = f"/jupyter/api/kernels/{KERNEL}/channels"
CLOSE = f"/_solara/api/close/{KERNEL}"
PAGE = '<html><script type="x" id="data">{}</script><script>run()</script></html>'

Headers = list[tuple[str, str]]


class App:
    """Stands behind the gate, counts what reaches it and answers with a page that has a careless cookie."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.release: asyncio.Event | None = None
        self.heard = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            headers = [
                (b"content-type", b"text/html"),
                (b"server", b"solara"),
                (b"set-cookie", b"solara-session-id=abc; expires=Fri, 01 Jan 2038; SameSite=none"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": PAGE.encode()[:20], "more_body": True})
            await send({"type": "http.response.body", "body": PAGE.encode()[20:]})
            return
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        if self.release is not None:
            await self.release.wait()
        while (await receive())["type"] == "websocket.receive":
            self.heard += 1


def gate(app: Any = None, number: int = 1000, **rules: Any) -> Gate:
    return Gate(app or App(), Rules(ORIGINS, shell_files(), **rules), Seats(number))


def scope(kind: str, path: str, headers: Headers, query: str = "", method: str = "GET") -> dict[str, Any]:
    raw = path.encode("utf-8")
    decoded = re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), raw)
    return {
        "type": kind,
        "method": method,
        "path": decoded.decode("utf-8", errors="replace"),
        "raw_path": raw,
        "query_string": query.encode("utf-8"),
        "headers": [(name.lower().encode(), value.encode("utf-8")) for name, value in headers],
        "scheme": "ws" if kind == "websocket" else "http",
    }


def ask(
    door: Gate, path: str = "/", headers: Headers | None = None, query: str = "", method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    given = [("Host", HOST)] if headers is None else headers
    run(door(scope("http", path, given, query, method), receive, send))
    assert [message["type"] for message in sent[:1]] == ["http.response.start"]
    assert all(message["type"] == "http.response.body" for message in sent[1:])
    body = b"".join(message.get("body", b"") for message in sent[1:])
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, body.decode()


async def converse(
    door: Gate, path: str = SOCKET, headers: Headers | None = None, query: str = TAB, frames: int = 0
) -> list[Any]:
    """What is sent to a socket that says some frames and goes away."""
    sent: list[Any] = []
    said = itertools.chain(
        [{"type": "websocket.connect"}],
        ({"type": "websocket.receive", "text": "x"} for _ in range(frames)),
        itertools.repeat({"type": "websocket.disconnect", "code": 1001}),
    )

    async def send(message: Any) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    async def receive() -> Any:
        await asyncio.sleep(0)
        return next(said)

    given = [("Host", HOST), ("Origin", ORIGIN)] if headers is None else headers
    await door(scope("websocket", path, given, query), receive, send)
    return sent


def connect(door: Gate, path: str = SOCKET, headers: Headers | None = None, query: str = TAB) -> list[Any]:
    return run(converse(door, path, headers, query))


REFUSED = {"type": "websocket.close", "code": 1008, "reason": ""}
ATTACKS: Counter[str] = Counter()
"""Attacks by the test that made them; the last test of this file counts them."""

METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROPFIND", "get", "")

HOSTILE_ORIGINS: list[list[str]] = [
    [],
    *(
        [origin]
        for origin in (
            *("", "null", "undefined", "*", "file://", "about:blank", "data:", "//127.0.0.1:8765", HOST),
            *("http://evil.example", "https://evil.example", "http://evil.example:8765", "http://127.0.0.1"),
            *("https://127.0.0.1:8765", "ws://127.0.0.1:8765", "ftp://127.0.0.1:8765", "HTTP://127.0.0.1:8765"),
            *("http://127.0.0.1:80", "http://127.0.0.1:8764", "http://127.0.0.1:87650", "http://127.0.0.1:08765"),
            *("http://127.0.0.1:8765/", "http://127.0.0.1:8765/x", "http://127.0.0.1:8765?", "http://127.0.0.1:8765#"),
            *("http://127.0.0.1:8765.evil.example", "http://evil127.0.0.1:8765", "http://evil.example/127.0.0.1:8765"),
            *("http://127.0.0.1:8765@evil.example", "http://x@127.0.0.1:8765", "http://evil.example#127.0.0.1:8765"),
            *("http://localhost:8765", "http://[::1]:8765", "http://127.1:8765", "http://2130706433:8765"),
            *("http://0x7f000001:8765", "http://127.0.0.2:8765", "http://0.0.0.0:8765", "http://localhost.:8765"),
            *(" http://127.0.0.1:8765", "http://127.0.0.1:8765 ", "http://127.0.0.1:8765\t", "http://127.0.0.1:8765\0"),
            *("http://127.0.0.1:8765, http://evil.example", "http://127.0.0.1:8765 http://evil.example"),
            *("http://127.0.0.1:８７６５", "http://127。0。0。1:8765", "chrome-extension://abcdefghijklmnop"),
        )
    ),
    [ORIGIN, ORIGIN],
    [ORIGIN, "http://evil.example"],
    ["http://evil.example", ORIGIN],
]


def test_hostile_origins_are_refused() -> None:
    app = App()
    door = gate(app)
    for origins in HOSTILE_ORIGINS:
        headers = [("Host", HOST), *(("Origin", origin) for origin in origins)]
        assert connect(door, headers=headers) == [REFUSED], origins
        for method in METHODS:
            for path, query in ((CLOSE, TAB), ("/", "")):
                status, _, _ = ask(door, path, headers, query, method)
                assert status == 403, (origins, method)
                ATTACKS["origin"] += 1
        if origins:  # and where a browser gives it without need
            assert ask(door, "/", headers)[0] == 403
        ATTACKS["origin"] += 2
    assert app.scopes == []


HOSTILE_HOSTS: list[list[str]] = [
    [],
    [HOST, HOST],
    [HOST, "evil.example"],
    *(
        [host]
        for host in (
            *("", "*", "evil.example", "evil.example:8765", "127.0.0.1", "localhost", "127.0.0.1:", "127.0.0.1:80"),
            *("127.0.0.1:8764", "127.0.0.1:87650", "127.0.0.1:08765", "127.0.0.1:8765.evil.example", "::1:8765"),
            *(
                "127.0.0.1.evil.example:8765",
                "localhost.evil.example:8765",
                "evil@127.0.0.1:8765",
                "[::1]",
                "[::1:8765",
            ),
            *("127.0.0.1:8765@evil.example", "127.0.0.1:8765/", "127.0.0.1:8765/evil.example", "127.0.0.1:8765?x"),
            *("127.1:8765", "2130706433:8765", "0x7f.0.0.1:8765", "0177.0.0.1:8765", "127.0.0.2:8765", "0.0.0.0:8765"),
            *(
                "localhost.:8765",
                "127.0.0.1:8765,evil.example",
                "127.0.0.1:8765 ",
                " 127.0.0.1:8765",
                "127.0.0.1:8765\0",
            ),
            *(
                "http://127.0.0.1:8765",
                "[::ffff:127.0.0.1]:8765",
                "rebind.example:8765",
                "169.254.169.254",
                "ⓛocalhost:8765",
            ),
        )
    ),
]


def test_hostile_hosts_are_refused() -> None:
    app = App()
    door = gate(app)
    for hosts in HOSTILE_HOSTS:
        named = [("Host", host) for host in hosts]
        for origin in (ORIGIN, f"http://{hosts[-1]}" if hosts else ORIGIN):
            assert connect(door, headers=[*named, ("Origin", origin)]) == [REFUSED], hosts
            assert ask(door, CLOSE, [*named, ("Origin", origin)], TAB, "POST")[0] == 421, hosts
            ATTACKS["host"] += 2
        for path in ("/", "/readyz", "/static/public/js/main.js", "/_solara/cdn/requirejs@2.3.6/require.js"):
            assert ask(door, path, named)[0] == 421, hosts
            ATTACKS["host"] += 1
    assert app.scopes == []


MOUNTS = ("/", "/static/", "/static/public/", "/static/assets/", "/_solara/cdn/", "/jupyter/nbextensions/", "/jupyter/")
STEPS = (
    *("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "..%c0%af", ".%2e/", "....//"),
    *("..;/", "%00../", "js/../", "js/%2e%2e/", "./", "//", "~/", "%EF%BC%8E%EF%BC%8E/"),
)
TARGETS = ("etc/passwd", "app.py", "server.py", "pyproject.toml", ".git/config", "vendor/manifest.json")
ROUTES = (
    *("/resourcez", "/resourcez/", "/resourcez?verbose", "/docs", "/openapi.json", "/metrics", "/admin", "/login"),
    *("/_solara", "/_solara/", "/_solara/cdn", "/_solara/cdn/", "/_solara/api", "/_solara/auth/login", "/health"),
    *("/_solara/auth/logout", "/_solara/auth/authorize", f"/_solara/api/evict/{KERNEL}", "/_solara/api/close/"),
    *("/jupyter", "/jupyter/api/kernels", "/jupyter/api/kernels/", "/jupyter/api/kernels/x", "/jupyter/api/contents"),
    *("/jupyter/api/kernels/../../x", "/jupyter/api/sessions", "/jupyter/api/terminals", "/jupyter/tree", "/x"),
    *("/static", "/static/", "/static/public", "/static/public/", "/static/public/x", "/static/public/.env"),
    *("/static/public/x.py", "/static/public/x.html", "/static/public/js/.js", "/static/public/x.js/", "/index.html"),
    *(
        "/static/assets/",
        "/static/assets/x.css",
        "/static/main.js",
        "/static/solara_bootstrap.py",
        "/static/webworker.js",
    ),
    *("/static/public/x.pyc", "/static/public/js//main.js", "//static/public/js/main.js", "/./", "/?/", "/%", "/%zz"),
    *(
        "/STATIC/public/js/main.js",
        "/Readyz",
        "/readyz/",
        "/readyz/x",
        "/favicon.ico",
        "/robots.txt",
        "/.env",
        "/wp-admin",
    ),
    *("/static/public/js/main.js%00.css", "/static/public/js/main.js;x", "/static/public/<script>.js", "/ ", "/\u202e"),
    *(
        "http://evil.example/",
        "*",
        "",
        "evil",
        "/static/public/ü.js",
        f"{SOCKET}x",
        SOCKET.upper(),
        SOCKET,
        "/" + "a" * 300,
    ),
)


def test_hostile_paths_are_refused() -> None:
    app = App()
    door = gate(app)
    walks = [
        mount + step * depth + target for mount in MOUNTS for step in STEPS for depth in (1, 4) for target in TARGETS
    ]
    packages = [
        f"/_solara/cdn/{name}{version}{file}"
        for name in ("lodash", "@mdi/font", "@widgetti/solara-vuetify3-app", "@widgetti", "requirejs", "..", "a%2fb")
        for version in ("", "@5.2.0", "@latest", "@2.3.6", "@0.0.1")
        for file in ("", "/", "/x.js", "/../x.js", "/dist", "/dist/", "/package.json")
    ]
    for path in (*walks, *packages, *ROUTES):
        status, headers, body = ask(door, path)
        assert status in (400, 404, 405, 414), (path, status)
        assert "script" not in body and len(body) < 700
        assert headers["x-content-type-options"] == "nosniff"
        ATTACKS["path"] += 1
        if path != SOCKET:
            assert connect(door, path) == [REFUSED], path
            ATTACKS["path"] += 1
    assert app.scopes == []


def test_a_long_path_and_one_that_was_decoded_are_refused() -> None:
    app = App()
    door = gate(app)
    assert ask(door, "/static/public/" + "a/" * 88 + "main.js")[0] == 200
    assert ask(door, "/static/public/" + "a/" * 100 + "main.js")[0] == 414
    assert ask(door, "/static/public/" + "a" * 70_000 + ".js")[0] == 414
    given = scope("http", "/static/public/main.js", [("Host", HOST)]) | {"path": "/static/public/../app.py"}
    refusal = door._http_refusal(given)
    assert refusal is not None and refusal.status == 400
    assert len(app.scopes) == 1


def test_hostile_queries_are_refused() -> None:
    app = App()
    door = gate(app)
    bad = (
        "a=\r\nSet-Cookie:x",
        "a=\n",
        "a=\0",
        "a= b",
        "a=\x7f",
        "a=ü",
        "a=\u202e",
        "a=\t",
        "x" * 32_769,
        "x" * 70_000,
    )
    for query in bad:
        assert ask(door, "/", query=query)[0] in (400, 414), query
        assert ask(door, "/static/public/js/main.js", query=query)[0] in (400, 414)
        ATTACKS["query"] += 2
    assert ask(door, "/static/public/js/main.js", query="v=" + "a" * 255)[0] == 414
    for query in (
        "",
        "session_id=",
        "session_id=x",
        f"{TAB}&{TAB}",
        f"{TAB}&a=1",
        f"kernel={KERNEL}",
        f"{TAB} ",
        TAB.upper(),
    ):
        assert connect(door, query=query) == [REFUSED], query
        assert ask(door, CLOSE, [("Host", HOST), ("Origin", ORIGIN)], query, "POST")[0] in (400, 404), query
        ATTACKS["query"] += 2
    many = [("Host", HOST), *((f"X-{number}", "a" * 1000) for number in range(40))]
    assert ask(door, "/", many)[0] == 431
    assert app.scopes == []


def test_other_methods_are_refused() -> None:
    """Also from the own page: only the farewell of a tab is posted."""
    app = App()
    door = gate(app)
    own = [("Host", HOST), ("Origin", ORIGIN)]
    for method in METHODS:
        for path in ("/", "/readyz", "/static/public/js/main.js", f"/jupyter/api/kernels/{KERNEL}"):
            assert ask(door, path, own, method=method)[0] == 405, (method, path)
            ATTACKS["method"] += 1
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        assert ask(door, CLOSE, own, TAB, method)[0] == 405
        ATTACKS["method"] += 1
    assert app.scopes == []
    assert ask(door, CLOSE, own, TAB, "POST")[0] == 200
    assert len(app.scopes) == 1


def test_the_own_page_passes() -> None:
    app = App()
    door = gate(app)
    paths = [
        *(
            "/",
            "/readyz",
            f"/jupyter/api/kernels/{KERNEL}",
            "/static/public/js/main.js",
            "/static/public/js/pages/live.js",
        ),
        *("/static/public/vendor/plot.js", "/static/public/style.css", "/static/public/icons/a-b_c.min.svg"),
        *sorted(shell_files()),
    ]
    hosts = [(origin.partition("://")[2], origin) for origin in sorted(ORIGINS)]
    for host, origin in hosts:
        for path in paths:
            for method in ("GET", "HEAD"):
                assert ask(door, path, [("Host", host)], "v=0a1b", method)[0] == 200, (path, method)
            assert ask(door, path, [("Host", host), ("Origin", origin)])[0] == 200
        sent = connect(door, headers=[("Host", host), ("Origin", origin)])
        assert [message["type"] for message in sent] == ["websocket.accept"]
    assert ask(door, "/", query="scenario=meta_fair&seed=1&levers=t:name:v;" + "x" * 8000)[0] == 200
    assert len(app.scopes) == len(hosts) * (3 * len(paths) + 1) + 1
    assert door.seats.taken() == 0


# ---- seats ----


def kernels(number: int) -> list[str]:
    return [str(uuid.UUID(int=index)) for index in range(number)]


def test_seats_are_counted_in_a_rush() -> None:
    """Fifty tabs at the same instant, thirty seats: thirty sit, twenty get code 1013, and nobody is left at the end."""

    async def rush() -> tuple[list[list[Any]], int]:
        app = App()
        app.release = asyncio.Event()
        door = gate(app, number=30)
        tabs = [asyncio.create_task(converse(door, f"/jupyter/api/kernels/{name}/channels")) for name in kernels(50)]
        while len(app.scopes) < 30 or sum(tab.done() for tab in tabs) < 20:
            await asyncio.sleep(0)
        seated = len(app.scopes)
        assert not door.seats.room()
        app.release.set()
        sent = await asyncio.gather(*tabs)
        assert door.seats.room()
        assert door.seats.taken() == 0
        return sent, seated

    sent, seated = run(asyncio.wait_for(rush(), PATIENCE))
    assert seated == 30
    codes = Counter(message[-1].get("code") for message in sent)
    assert codes == {None: 30, 1013: 20}
    refused = next(messages for messages in sent if messages[-1].get("code") == 1013)
    assert [message["type"] for message in refused] == ["websocket.accept", "websocket.close"]
    ATTACKS["seats"] += 20


def test_a_full_house_gets_a_page_in_words() -> None:
    door = gate(number=1)
    assert door.seats.take(KERNEL, "mine")
    status, headers, body = ask(door)
    assert status == 503 and "seats" in body and headers["retry-after"] == "60"
    assert ask(door, "/static/public/js/main.js")[0] == 200
    # a tab that is loaded anew asks for the page while it still sits
    assert ask(door, headers=[("Host", HOST), ("Cookie", "a=b; solara-session-id=mine")])[0] == 200
    assert ask(door, headers=[("Host", HOST), ("Cookie", "a=b; solara-session-id=other")])[0] == 503
    assert ask(door, headers=[("Host", HOST), ("Cookie", "a=b; solara-session-id=")])[0] == 503
    door.seats.leave(KERNEL)
    assert ask(door)[0] == 200


def test_a_left_seat_is_given_away() -> None:
    now, alive, ended = [0.0], {"a", "b", "c"}, []
    house = Seats(2, kernels=lambda: alive, end=ended.append, clock=lambda: now[0])
    assert house.take("a") and house.take("b") and not house.take("c")
    house.leave("a")
    assert not house.take("c"), "a tab whose line was cut a moment ago may come back"
    assert house.take("a")
    house.leave("a")
    now[0] = seats.PATIENCE - 1
    assert not house.room()
    now[0] = seats.PATIENCE
    house.leave("b")
    assert house.room() and house.take("c") and ended == ["a"]
    assert not house.take("a")
    alive.clear()  # kernels end by themselves
    assert house.take("d") and ended == ["a"]
    assert all(house.take("d") for _ in range(seats.SOCKETS_OF_A_TAB - 1)) and not house.take("d")


def test_a_flood_of_messages_is_cut() -> None:
    app = App()
    sent = run(converse(gate(app), frames=gate_module.FRAMES_OF_A_WINDOW))
    assert [message["type"] for message in sent] == ["websocket.accept"]
    assert app.heard == gate_module.FRAMES_OF_A_WINDOW
    app.heard = 0
    door = gate(app)
    sent = run(converse(door, frames=gate_module.FRAMES_OF_A_WINDOW + 500))
    assert sent[-1]["type"] == "websocket.close" and sent[-1]["code"] == 1008
    assert app.heard == gate_module.FRAMES_OF_A_WINDOW
    assert door.seats.taken() == 0


# ---- what goes back ----


def test_errors_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the secret word")

    async def breaks_on_the_way(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the secret word")

    def answers(number: int) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": number, "headers": [(b"x-secret", b"word")]})
            await send({"type": "http.response.body", "body": b"Traceback: the secret word"})
            if number == 502:
                raise RuntimeError("the secret word")

        return app

    with caplog.at_level(logging.ERROR):
        for app, expected in ((breaks, 500), (answers(500), 500), (answers(502), 500), (answers(404), 404)):
            for path in ("/", "/readyz"):
                status, headers, body = ask(gate(app), path)
                assert status == expected
                assert "secret" not in body + str(headers) and "Traceback" not in body
                if expected == 500:
                    assert re.search(r"error [0-9a-f]{8}\.", body)
        numbers = re.findall(r"error ([0-9a-f]{8}) at", caplog.text)
        assert len(numbers) == 4 and "the secret word" in caplog.text
        status, _, body = ask(gate(breaks_on_the_way), "/")
        assert status == 500 and "half" not in body
        with pytest.raises(RuntimeError):  # cut off, not closed as if it were whole
            ask(gate(breaks_on_the_way), "/readyz")
        sent = connect(gate(breaks))
        assert sent == [{"type": "websocket.close", "code": 1011, "reason": "error in the app"}]


def test_every_answer_has_the_headers() -> None:
    door = gate(policy=lambda nonce: f"default-src 'none'; script-src 'nonce-{nonce}'", with_nonce=policy.with_nonce)
    full = gate(number=0)
    answers = {
        "page": ask(door),
        "file": ask(door, "/static/public/js/main.js"),
        "head": ask(door, method="HEAD"),
        "missing": ask(door, "/x"),
        "host": ask(door, headers=[]),
        "origin": ask(door, method="POST"),
        "method": ask(door, headers=[("Host", HOST), ("Origin", ORIGIN)], method="POST"),
        "full": ask(full),
    }
    assert [status for status, _, _ in answers.values()] == [200, 200, 200, 404, 421, 403, 405, 503]
    for what, (_, headers, _) in answers.items():
        assert headers["x-content-type-options"] == "nosniff", what
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "server" not in headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == ("no-cache" if what == "file" else "no-store")
        if what not in ("page", "head"):
            assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert answers["head"][2] == ""
    _, headers, body = answers["page"]
    assert len(body.encode()) == int(headers["content-length"]) == int(answers["head"][1]["content-length"])


def test_cookies_are_made_safe() -> None:
    _, headers, _ = ask(gate())
    assert headers["set-cookie"] == "solara-session-id=abc; Path=/; HttpOnly; SameSite=Lax"
    secure = Gate(App(), Rules(frozenset({"https://talent.example"}), frozenset()), Seats(1))
    _, headers, _ = ask(secure, headers=[("Host", "talent.example")])
    assert headers["set-cookie"] == "solara-session-id=abc; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_headers_of_proxies_are_not_believed() -> None:
    app = App()
    claims = ("X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Script-Name", "Script-Name", "Forwarded")
    ask(gate(app), headers=[("Host", HOST), *((claim, "evil") for claim in claims), ("Accept", "text/html")])
    assert [name for name, _ in app.scopes[0]["headers"]] == [b"host", b"accept"]
    assert app.scopes[0]["scheme"] == "http"
    behind_tls = Gate(app, Rules(frozenset({"https://talent.example"}), frozenset()), Seats(1))
    ask(behind_tls, headers=[("Host", "talent.example")])
    assert app.scopes[1]["scheme"] == "https"
    assert connect(behind_tls, headers=[("Host", "talent.example"), ("Origin", "http://talent.example")]) == [REFUSED]
    connect(behind_tls, headers=[("Host", "talent.example"), ("Origin", "https://talent.example")])
    assert app.scopes[2]["scheme"] == "wss"


def test_the_policy_names_the_scripts_of_the_page() -> None:
    page = (
        '<script id="c" type="application/json">{"a":1}</script><script>one()\r\n</script><script src="/x.js"></script>'
    )
    assert policy.inline_scripts(page) == ["one()\n"]
    assert policy.inline_scripts('<script type="module">two("<b>")</script>') == ['two("<b>")']
    # a digest known from the specification of the policy
    assert policy.digest("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    found = policy.of_page(page, "N")
    scripts = next(part for part in found.split("; ") if part.startswith("script-src"))
    assert policy.digest("one()\n") in scripts and "'nonce-N'" in scripts
    assert "unsafe-inline" not in scripts and "http" not in found and "*" not in found
    named = policy.of_page(page, "N", "report()")
    assert policy.digest("report()") in named and policy.digest("report()") not in found
    shown = policy.of_report("report()")
    assert shown.startswith(f"default-src 'none'; script-src {policy.digest('report()')};")
    assert "'self'" not in shown and "blob:" not in shown and "http" not in shown and "*" not in shown
    assert policy.with_nonce(page, "N").startswith('<script nonce="N" id="c"')
    first, second = (
        ask(gate(policy=lambda nonce: nonce, with_nonce=policy.with_nonce))[1]["content-security-policy"]
        for _ in range(2)
    )
    assert first != second and len(first) >= 22


# ---- the shell ----


def test_vendored_files_are_what_they_say() -> None:
    named = vendored.files()
    for path, file in named.items():
        assert vendored.digest(vendored.FOLDER / path) == file.sha384, path
        assert (vendored.FOLDER / path).stat().st_size == file.bytes
        assert path.startswith(f"{file.package}@{file.version}/")
        assert (vendored.FOLDER / file.licence_file).stat().st_size > 200 and file.licence
        assert vendored.path_of(path) == vendored.FOLDER / path
    on_disk = {path.relative_to(vendored.FOLDER).as_posix() for path in vendored.FOLDER.rglob("*") if path.is_file()}
    notes = {"README.md", "manifest.json"}
    assert {path for path in on_disk if not path.startswith("licences/")} - notes == set(named)
    for missing in ("", "requirejs@2.3.6", "@widgetti", "../app.py", "manifest.json", "lodash@4/lodash.js"):
        with pytest.raises(FileNotFoundError):
            vendored.path_of(missing)


def test_the_vendored_version_is_the_one_that_solara_asks_for() -> None:
    template = (Path(solara.__file__).parent / "server" / "templates" / "solara.html.j2").read_text(encoding="utf-8")
    asked = set(re.findall(r"\{\{cdn\}\}/(\S+?@[\d.]+/[^\"]+)", template))
    asked = {path.replace("{{ipywidget_major_version}}", "8") for path in asked}
    ours = {path for path in asked if "vuetify-app@" not in path and not path.endswith("app8.js")}  # Vue 2; development
    assert len(ours) == 4
    assert ours <= set(vendored.files())
    styles = vendored.path_of(next(path for path in ours if path.endswith("fonts.css"))).read_text(encoding="utf-8")
    fonts = set(re.findall(r"url\(([0-9a-f]+\.woff2)", styles))
    assert len(fonts) > 10
    assert fonts <= {Path(path).name for path in vendored.files()}


# ---- the table ----


def test_every_threat_has_its_test() -> None:
    table = (ROOT / "viz" / "THREATS.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| W-")]
    assert [row[0].strip() for row in rows] == [f"W-{number:02}" for number in range(1, len(rows) + 1)]
    assert len(rows) >= 23
    for name, threat, control, tests in (map(str.strip, row) for row in rows):
        assert threat and control, name
        named = re.findall(r"`(tests/\w+\.py)::(test_\w+)`", tests)
        assert named, name
        for file, function in named:
            if (ROOT / file).exists():
                source = (ROOT / file).read_text(encoding="utf-8")
                assert f"def {function}(" in source, (name, function)
            else:
                assert file == "tests/test_app_sessions.py", name


def test_attacks_by_the_thousand() -> None:
    """The tests above, together; here again for those who run this one alone."""
    if not ATTACKS:
        for attack in (
            *(test_hostile_origins_are_refused, test_hostile_hosts_are_refused, test_hostile_paths_are_refused),
            *(test_hostile_queries_are_refused, test_other_methods_are_refused, test_seats_are_counted_in_a_rush),
        ):
            attack()
    assert ATTACKS.total() > 1000


def test_the_chart_library_is_the_one_that_is_stated() -> None:
    """What is kept of other people's code in `viz/public` has its versions, licences and digest beside it."""
    folder = Path(vendored.__file__).parents[1] / "public" / "vendor"
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert vendored.digest(folder / told["file"]) == told["sha384"]
    licences = (folder / told["licence_file"]).read_text(encoding="utf-8")
    for package in told["packages"]:
        assert f"==== {package['package']} {package['version']} ({package['licence']})" in licences
        assert package["licence"] in {"ISC", "MIT", "BSD-3-Clause", "Unlicense"}
