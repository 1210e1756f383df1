"""The server of the browser app: Solara behind the gate, on this machine only unless told otherwise.

`viz.app` calls `prepare()` before anything else, so that `solara run viz/app.py` works without a network as well.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import threading
import warnings
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from viz import policy
from viz.gate import Gate, Rules
from viz.paths import shell_files
from viz.protocol import MOST_UNDECIDED, Protocol
from viz.seats import Seats
from viz.solara_settings import prepare

__all__ = ["OPTIONS", "Options", "ServerError", "at_exit", "gate", "prepare", "serve"]

HOST = "127.0.0.1"
PORT = 8765
SESSIONS = 20
LARGEST_FRAME = 2**20
"""Bytes of one message from a browser; a longer one closes the socket with code 1009."""

log = logging.getLogger("talent.app")


class ServerError(Exception):
    """The server cannot be started like this; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """How the app was started.

    Attributes:
        results: folder into which the app writes and from which it reads results.
        sessions: browser tabs that may use it at once.
        public: others than this machine may reach it, through a proxy.
    """

    results: Path = Path("results")
    sessions: int = SESSIONS
    public: bool = False


OPTIONS = Options()
"""Of this process. Read it as `server.OPTIONS`: `serve` puts another in its place."""

_at_exit: list[Callable[[], object]] = []


def at_exit(callback: Callable[[], object]) -> None:
    """Have a function called once when the server stops, or else when the process ends; the last one added first."""
    _at_exit.append(callback)


def _stop() -> None:
    """Call what `at_exit` was given, each once, whatever the others do."""
    while _at_exit:
        callback = _at_exit.pop()
        try:
            callback()
        except Exception:
            log.exception("while stopping")


atexit.register(_stop)


def origins_of(host: str, port: int, origin: str | None) -> frozenset[str]:
    """Addresses of the page, as a browser writes them."""
    if origin is not None:
        return frozenset({checked_origin(origin)} | ({f"http://{host}:{port}"} if is_loopback(host) else set()))
    names = {host, "localhost", "127.0.0.1", "[::1]"} if is_loopback(host) else {host}
    return frozenset(f"http://{name}" + ("" if port == 80 else f":{port}") for name in names)


def checked_origin(origin: str) -> str:
    """An origin as a browser writes it.

    Raises:
        ServerError: it is none.
    """
    parts = urlsplit(origin)
    with suppress(ValueError):
        written = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        usual = (parts.scheme, parts.port) in (("https", 443), ("http", 80))
        if parts.scheme in ("http", "https") and parts.hostname and written == origin.rstrip("/").lower() and not usual:
            return written
    raise ServerError(
        f"--origin {origin}: expected scheme, name and, if it is not the usual one, port, as the browser shows them: "
        "https://talent.example.org"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host.strip("[]")).is_loopback
    return False


def check(host: str, public: bool, origin: str | None) -> None:
    """Refuse what would let strangers in without a word.

    Raises:
        ServerError: says what is missing.
    """
    if not is_loopback(host) and not (public and origin):
        raise ServerError(
            f"--host {host}: others than this machine could reach the app, and it knows no users and no encryption. "
            "If that is wanted, put a proxy with TLS and a login in front of it and name the address that browsers "
            f"see: --host {host} --public --origin https://NAME. Otherwise leave --host away"
        )
    if public and not origin:
        raise ServerError("--public: name the address that browsers see as well: --origin https://NAME")
    if origin is not None:
        origin = checked_origin(origin)
        if public and not origin.startswith("https://"):
            raise ServerError(f"--origin {origin}: with --public it begins with https://, since a proxy encrypts")


def listen(host: str, port: int | None) -> socket.socket:
    """A bound socket: at a given port or nowhere, at the usual port or else at a free one.

    Raises:
        ServerError: the given port, or the host, cannot be had.
    """
    for wanted in (PORT, 0) if port is None else (port,):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host.strip("[]"), wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            found = socket.socket(family, kind, protocol)
        except OSError as error:
            raise ServerError(f"--host {host}: {error.strerror}. Leave it away to serve this machine only") from None
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(address)
        except OSError as error:
            found.close()
            if wanted == PORT and port is None:
                print(f"Port {PORT} is in use; taking a free one")
                continue
            raise ServerError(
                f"port {wanted} of {host}: {error.strerror}. Give another --port, or none for a free one"
            ) from None
        return found
    raise ServerError(f"{host} has no free port")  # pragma: no cover: port 0 is free or the bind has raised


@cache
def _page() -> str:
    """The page as it leaves the template for a request that brings nothing along."""
    import solara.server.server as solara_server  # noqa: PLC0415  # its settings are read at import

    return solara_server.read_root("/") or ""


def gate(origins: frozenset[str], sessions: int) -> Gate:
    """The app behind the gate, ready for an ASGI server. Imports Solara and the app."""
    os.environ["SOLARA_APP"] = "viz.app"
    prepare()
    import solara.server.kernel_context as kernels  # noqa: PLC0415  # its settings are read at import
    import solara.server.starlette as solara_starlette  # noqa: PLC0415

    prepare()
    warnings.filterwarnings("ignore", "Cookies with samesite", UserWarning)  # the gate makes them Lax

    def end(kernel: str) -> None:
        context: Any = kernels.contexts.get(kernel)
        if context is not None:
            threading.Thread(target=context.close, kwargs={"reason": "its tab has gone"}, daemon=True).start()

    rules = Rules(
        origins=origins,
        files=shell_files(),
        policy=lambda nonce: policy.of_page(_page(), nonce),
        with_nonce=policy.with_nonce,
    )
    return Gate(solara_starlette.app, rules, Seats(sessions, kernels=lambda: list(kernels.contexts), end=end))


def serve(
    host: str = HOST,
    port: int | None = None,
    sessions: int = SESSIONS,
    results: Path | str = "results",
    open_browser: bool = True,
    *,
    public: bool = False,
    origin: str | None = None,
    query: str = "",
) -> None:
    """Serve the app until interrupted.

    Args:
        host: address to listen at; one that others reach wants `public` and `origin`.
        port: to listen at; None for the usual one or, if it is in use, a free one.
        sessions: browser tabs that may use the app at once.
        results: folder for results.
        open_browser: open the page in the browser of this machine.
        public: others than this machine may reach it, through a proxy with TLS and a login.
        origin: address of the page as browsers see it, if it is not this machine's.
        query: of the page to be opened and shown, without the question mark.

    Raises:
        ServerError: the host is refused or the port cannot be had.
    """
    global OPTIONS  # noqa: PLW0603  # one server in a process
    check(host, public, origin)
    listening = listen(host, port)
    OPTIONS = Options(results=Path(results), sessions=sessions, public=public)
    number = listening.getsockname()[1]
    address = (checked_origin(origin) if origin else f"http://{host}:{number}") + "/" + (f"?{query}" if query else "")
    try:
        _run(listening, gate(origins_of(host, number, origin), sessions), sessions, address, open_browser)
    finally:
        listening.close()
        _stop()


class _Server(uvicorn.Server):
    """uvicorn that says when and where it can be reached."""

    def __init__(self, config: uvicorn.Config, address: str, open_browser: bool) -> None:
        super().__init__(config)
        self.address = address
        self.open_browser = open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            print(f"The app is at {self.address} (Ctrl-C stops it)", flush=True)
            if self.open_browser:
                threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()


def _run(listening: socket.socket, app: Gate, sessions: int, address: str, open_browser: bool) -> None:
    """Run uvicorn on a bound socket until a signal comes."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=LARGEST_FRAME,
        limit_concurrency=MOST_UNDECIDED + 16 * sessions + 64,
        timeout_graceful_shutdown=2,
    )

    def terminate(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, terminate)  # else uvicorn would end the process before `finally`
    try:
        _Server(config, address, open_browser).run(sockets=[listening])
    except KeyboardInterrupt:
        print("Stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
