"""The server of the browser app: Solara behind the gate, on this machine only unless told otherwise.

`viz.app` calls `prepare()` before anything else and `guard()` after its imports, so that `solara run viz/app.py` works
without a network and stands behind the same gate as `talent app`.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
import warnings
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from viz import jobs
from viz.door import policy
from viz.door.address import HOST, PORT, ServerError, check, checked_origin, listen, origins_of
from viz.door.gate import LARGEST_FRAME, LONGEST_PAGE_QUERY, MOST_HEADER_BYTES, Gate, Rules
from viz.door.paths import shell_files
from viz.door.protocol import MOST_UNDECIDED, Protocol
from viz.door.seats import Seats
from viz.door.solara_settings import prepare

__all__ = ["OPTIONS", "Options", "ServerError", "at_exit", "gate", "prepare", "serve"]

SESSIONS = 20
STOPPING = 5.0
"""Seconds from the signal to the end of the process, if threads hold it up that long."""

log = logging.getLogger("talent.app")


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

_is_ours = False  # whether the gate stands already, put there by `gate`
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
at_exit(jobs.shutdown)  # however the app is served: no computation goes on without it


@cache
def _page() -> str:
    """The page as it leaves the template for a request that brings nothing along."""
    import solara.server.server as solara_server  # noqa: PLC0415  # its settings are read at import

    return solara_server.read_root("/") or ""


def gate(origins: frozenset[str], sessions: int) -> Gate:
    """The app behind the gate, ready for an ASGI server. Imports Solara and the app."""
    global _is_ours  # noqa: PLW0603  # one server in a process
    _is_ours = True
    os.environ["SOLARA_APP"] = "viz.app"
    prepare()
    import solara.server.starlette as solara_starlette  # noqa: PLC0415  # its settings are read at import

    prepare()
    return _before(solara_starlette.app, origins, sessions)


def guard() -> None:
    """Put the gate before Solara's own server if that is what serves the app, as `solara run` does.

    It answers to this machine's names at the port that it was given. A host that others reach ends the process.
    """
    module: Any = sys.modules.get("solara.server.starlette")
    if _is_ours or module is None or isinstance(module.app.middleware_stack, Gate):
        return
    host, port = os.environ.get("SERVER_NAME") or HOST, os.environ.get("SERVER_PORT", "")
    try:
        check(host, public=False, origin=None)
    except ServerError as error:
        print(f"{error}. These are options of talent app, which serves others", file=sys.stderr, flush=True)
        os._exit(2)  # an error here would be shown as one of the page, by a server that goes on
    prepare()
    found = module.app
    origins = origins_of(host, int(port) if port.isdecimal() else PORT, None)
    found.middleware_stack = _before(found.middleware_stack or found.build_middleware_stack(), origins, SESSIONS)


def _before(app: Any, origins: frozenset[str], sessions: int) -> Gate:
    """The gate before an app of Solara's."""
    import solara.server.kernel_context as kernels  # noqa: PLC0415  # its settings are read at import

    from viz import report  # noqa: PLC0415  # charts and tables are not needed before

    warnings.filterwarnings("ignore", "Cookies with samesite", UserWarning)  # the gate makes them Lax

    def end(kernel: str) -> None:
        context: Any = kernels.contexts.get(kernel)
        if context is not None:
            threading.Thread(target=context.close, kwargs={"reason": "its tab has gone"}, daemon=True).start()

    rules = Rules(
        origins=origins,
        files=shell_files(),
        policy=lambda nonce: policy.of_page(_page(), nonce, report.SCRIPT),
        with_nonce=policy.with_nonce,
    )
    return Gate(app, rules, Seats(sessions, kernels=lambda: list(kernels.contexts), end=end))


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
    results = Path(results)
    if results.exists() and not results.is_dir():
        raise ServerError(f"--results {results}: this is a file; name a folder, which need not exist yet")
    listening = listen(host, port)
    OPTIONS = Options(results=results, sessions=sessions, public=public)
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
        self.deadline = threading.Timer(STOPPING, _leave)
        self.deadline.daemon = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, and in any case be gone after a while: a thread that computes for a tab cannot be interrupted."""
        super().handle_exit(sig, frame)
        if not self.deadline.is_alive():
            self.deadline.start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            print(f"The app is at {self.address} (Ctrl-C stops it)", flush=True)
            if self.open_browser:
                threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()


def _leave() -> None:
    """End the process with what threads it has."""
    _stop()
    sys.stdout.flush()
    os._exit(0)


def _is_busy() -> bool:
    """Whether some thread would keep the process from ending."""
    this = threading.current_thread()
    return any(thread.is_alive() and not thread.daemon and thread is not this for thread in threading.enumerate())


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
        h11_max_incomplete_event_size=LONGEST_PAGE_QUERY + MOST_HEADER_BYTES,
        limit_concurrency=MOST_UNDECIDED + 16 * sessions + 64,
        timeout_graceful_shutdown=2,
    )

    def terminate(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    running = _Server(config, address, open_browser)
    before = signal.signal(signal.SIGTERM, terminate)  # else uvicorn would end the process before `finally`
    try:
        running.run(sockets=[listening])
    except KeyboardInterrupt:
        print("Stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
        if not _is_busy():
            running.deadline.cancel()
