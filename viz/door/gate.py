"""What may reach the app: an ASGI middleware that stands before Solara's and knows nothing of it.

Every request must name a host of ours, come from a page of ours if it can change something, ask for a path on the
list and keep to the limits. Everything else gets a page of plain words and never reaches the app. What comes back gets
headers that tell the browser to trust nothing else, and no error of the app shows more than a number to look up in the
log.

`viz/THREATS.md` has the threats by number and the test of each.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from viz.door.refusals import ALWAYS, FULL, NOT_HERE, NOTHING, Refusal, broken
from viz.door.seats import Seats

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

log = logging.getLogger("talent.app")

LONGEST_PATH = 200
LONGEST_PAGE_QUERY = 32_768
"""Characters of the page's query: the code of a world and 8,000 characters of pulls, each percent-encoded as three, and
the rest. `js/address.js` writes none that is longer. Other paths get by with a hash."""
LONGEST_QUERY = 256
MOST_HEADER_BYTES = 32_768
LARGEST_FRAME = 2**20
"""Bytes of one message from a browser; a longer one closes the socket with code 1009."""
FRAMES_OF_A_WINDOW = 2_000
WINDOW = 10.0
"""Seconds in which a socket may send that many frames; a finger on a slider sends some 60 in a second."""

KERNEL = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PUBLIC = re.compile(r"/static/public/(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.(?:css|ico|js|json|png|svg|txt|webp|woff2)", re.A)
OF_TAB = re.compile(rf"session_id={KERNEL}".encode("ascii"))
"""The query of a tab's socket and of its farewell."""

CLOSE = re.compile(rf"/_solara/api/close/{KERNEL}")
ALIVE = re.compile(rf"/jupyter/api/kernels/{KERNEL}")
"""Asked by a page whose line was cut, until the server is back."""

SOCKET = re.compile(rf"/jupyter/api/kernels/({KERNEL})/channels")

PROXY_HEADERS = {b"forwarded", b"script-name", b"x-script-name", b"x-real-ip"}
"""Not handed on, nor any `x-forwarded-`: Solara would take its own address for good from the first that comes."""


@dataclass(frozen=True)
class Rules:
    """What one server lets in.

    Attributes:
        origins: addresses of its own page, as a browser writes them: scheme, host and, if not the usual one, port.
        files: paths that may be read besides the page and what lies under `/static/public/`.
        policy: gives the content security policy of the page for the nonce of one answer.
        with_nonce: gives the page with this nonce in it.
        cookie: name of the cookie by which the app knows a browser.
    """

    origins: frozenset[str]
    files: frozenset[str]
    policy: Callable[[str], str] = lambda nonce: NOTHING
    with_nonce: Callable[[str, str], str] = lambda page, nonce: page
    cookie: str = "solara-session-id"

    def origin_of(self, host: str) -> str | None:
        """The origin of a page on this host, if it is one of ours."""
        return next((origin for origin in sorted(self.origins) if origin.partition("://")[2] == host.lower()), None)


class Gate:
    """The middleware.

    Args:
        app: what stands behind it.
        rules: what may pass.
        seats: of the browser tabs.
    """

    def __init__(self, app: App, rules: Rules, seats: Seats) -> None:
        self.app = app
        self.rules = rules
        self.seats = seats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = self._http_refusal(scope)
            if refusal is None:
                await self._pass_on(scope, receive, send)
            else:
                await answer(scope, send, refusal)
        elif scope["type"] == "websocket":
            refusal = self._refusal(scope)
            found = SOCKET.fullmatch(raw_path(scope))
            if refusal is not None or found is None or not OF_TAB.fullmatch(scope["query_string"]):
                await send({"type": "websocket.close", "code": 1008, "reason": ""})  # before accepting: HTTP 403
            else:
                await self._pass_on_socket(found[1], scope, receive, send)

    # ---- what may pass ----

    def _refusal(self, scope: Scope) -> Refusal | None:
        """What holds for pages, files and sockets alike: the host, where it comes from, its size."""
        hosts, origins = values(scope, b"host"), values(scope, b"origin")
        ours = self.rules.origin_of(hosts[0]) if len(hosts) == 1 else None
        if ours is None:
            known = ", ".join(sorted(self.rules.origins))
            return Refusal(421, "Not this server", f"The request names another host. This server answers to {known}.")
        must_say = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if (origins or must_say) and origins != [ours]:
            return Refusal(403, "Not from another page", "Only the app's own page may ask for this.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADER_BYTES:
            return Refusal(431, "Too many headers", f"The headers hold more than {MOST_HEADER_BYTES:,} bytes.")
        path = raw_path(scope)
        query: bytes = scope.get("query_string", b"")
        longest = LONGEST_PAGE_QUERY if path == "/" else LONGEST_QUERY
        if len(path) > LONGEST_PATH or len(query) > longest:
            return Refusal(414, "Address too long", f"It may have {longest:,} characters after the question mark.")
        if path != scope["path"] or not re.fullmatch(rb"[\x21-\x7e]*", query):
            return Refusal(400, "Not an address", "The address holds characters that no address of this app has.")
        return None

    def _http_refusal(self, scope: Scope) -> Refusal | None:
        refusal = self._refusal(scope)
        if refusal is not None:
            return refusal
        path, method = raw_path(scope), scope["method"]
        if CLOSE.fullmatch(path) and OF_TAB.fullmatch(scope["query_string"]):
            allowed: tuple[str, ...] = ("POST",)
        elif path in ("/", "/readyz") or path in self.rules.files or PUBLIC.fullmatch(path) or ALIVE.fullmatch(path):
            allowed = ("GET", "HEAD")
        else:
            return NOT_HERE
        if method not in allowed:
            return Refusal(405, "Not like this", f"This address takes {' or '.join(allowed)} only.")
        if path == "/" and not self.seats.room(self._browser(scope)):
            return FULL
        return None

    def _browser(self, scope: Scope) -> str:
        """The cookie by which the app knows the browser; empty if it has none."""
        pairs = (pair.strip().partition("=") for value in values(scope, b"cookie") for pair in value.split(";"))
        return next((value for name, _, value in pairs if name == self.rules.cookie), "")

    # ---- passing on ----

    def _known(self, scope: Scope) -> Scope:
        """The scope as the app may see it: its own address as we know it, not as headers of a proxy claim."""
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if name not in PROXY_HEADERS
            and not name.startswith(b"x-forwarded-")
            and not (name == b"accept-encoding" and raw_path(scope) == "/")  # the page gets a nonce on its way out
        ]
        secure = (self.rules.origin_of(values(scope, b"host")[0]) or "").startswith("https:")
        scheme = ("wss" if secure else "ws") if scope["type"] == "websocket" else ("https" if secure else "http")
        return {**scope, "headers": kept, "scheme": scheme}

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = raw_path(scope) == "/"
        nonce = base64.b64encode(os.urandom(18)).decode("ascii")
        start: Message = {"status": 500}
        body = b""  # of the page alone; everything else goes out as it comes

        async def guarded(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = {**message, "headers": self._headers(scope, message.get("headers", []), nonce)}
            if start["status"] >= 400:
                return
            if not page:
                await send(start if message["type"] == "http.response.start" else message)
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")

        number = uuid.uuid4().hex[:8]
        try:
            await self.app(self._known(scope), receive, guarded)
        except Exception:
            log.exception("error %s at %s", number, scope["path"])
            if start["status"] < 400 and not page:
                raise  # half an answer has gone out: cut the line rather than pretend that it is whole
            start = {"status": 500}
        if start["status"] >= 500:
            await answer(scope, send, broken(number))
        elif start["status"] >= 400:
            await answer(scope, send, Refusal(start["status"], NOT_HERE.title, NOT_HERE.words))
        elif page:
            body = self.rules.with_nonce(body.decode("utf-8"), nonce).encode("utf-8")
            length = (b"content-length", str(len(body)).encode("ascii"))
            await send({**start, "headers": [*start["headers"], length]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _pass_on_socket(self, kernel: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.seats.take(kernel, self._browser(scope)):  # no await between this line and the counting in it
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1013, "reason": FULL.title})
            return
        closed = False
        window, frames = time.monotonic(), 0

        async def limited() -> Message:
            nonlocal window, frames, closed
            message = await receive()
            if message["type"] == "websocket.receive":
                now = time.monotonic()
                if now - window > WINDOW:
                    window, frames = now, 0
                frames += 1
                size = len(message.get("bytes") or (message.get("text") or "").encode("utf-8"))
                if (frames > FRAMES_OF_A_WINDOW or size > LARGEST_FRAME) and not closed:
                    closed = True
                    code, reason = (1009, "message too long") if size > LARGEST_FRAME else (1008, "too many messages")
                    await send({"type": "websocket.close", "code": code, "reason": reason})
                if closed:
                    return {"type": "websocket.disconnect", "code": 1008}
            return message

        async def guarded(message: Message) -> None:
            nonlocal closed
            if closed:
                return
            closed = message["type"] == "websocket.close"
            await send(message)

        try:
            await self.app(self._known(scope), limited, guarded)
        except asyncio.CancelledError:  # the server stops, and has told the browser so
            log.debug("the line of a tab was cut")
        except Exception:
            log.exception("error %s on the line of a tab", uuid.uuid4().hex[:8])
            await guarded({"type": "websocket.close", "code": 1011, "reason": "error in the app"})
        finally:
            self.seats.leave(kernel)

    # ---- what goes back ----

    def _headers(self, scope: Scope, given: Headers, nonce: str) -> Headers:
        """The app's headers made safe, and ours."""
        secure = (self.rules.origin_of(values(scope, b"host")[0]) or "").startswith("https:")
        kept = [(name.lower(), value) for name, value in given]
        names = {name for name, _ in kept}
        kept = [(name, safe_cookie(value, secure) if name == b"set-cookie" else value) for name, value in kept
                if name not in ALWAYS and name not in (b"server", b"content-security-policy")]  # fmt: skip
        page = raw_path(scope) == "/"
        if page:
            kept = [(name, value) for name, value in kept if name not in (b"cache-control", b"content-length")]
            kept.append((b"cache-control", b"no-store"))
        elif b"cache-control" not in names:
            kept.append((b"cache-control", b"no-cache"))  # kept, but asked for anew: a module may have changed
        policy = self.rules.policy(nonce) if page else NOTHING
        return [*kept, *ALWAYS.items(), (b"content-security-policy", policy.encode("ascii"))]


async def answer(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer an HTTP request in the app's stead."""
    await send({"type": "http.response.start", "status": refusal.status, "headers": refusal.headers()})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else refusal.body()})


def values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def raw_path(scope: Scope) -> str:
    """The path as it came, before any decoding."""
    raw = scope.get("raw_path")
    return str(scope["path"]) if raw is None else bytes(raw).decode("latin-1")


def safe_cookie(value: bytes, secure: bool) -> bytes:
    """A cookie that no script reads, no other site sends and that ends with the browser."""
    pair = value.partition(b";")[0].strip()
    return pair + b"; Path=/; HttpOnly; SameSite=Lax" + (b"; Secure" if secure else b"")
