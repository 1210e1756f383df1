"""The real server of the browser app in its own process, without a network, for the tests that talk to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
NO_NETWORK = """
import os, signal, socket

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so it is in the background of a shell
    signal.signal(signal.SIGINT, signal.default_int_handler)

def is_here(address):
    return not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1", "localhost", "")

def guard(name, plain):
    def guarded(*given):
        address = given[1] if name.startswith("connect") else (given[0],)
        address = ("",) if address[0] is None else address
        if is_here(address):
            return plain(*given)
        with open(os.environ["TALENT_TEST_CALLS"], "a") as calls:
            calls.write(f"{name} {address}\\n")
        raise OSError("no network in this test")
    return guarded

class Socket(socket.socket):
    connect = guard("connect", socket.socket.connect)
    connect_ex = guard("connect_ex", socket.socket.connect_ex)

socket.socket = Socket
plain_lookup = socket.getaddrinfo

def lookup(host, *given, **named):
    return guard("getaddrinfo", lambda host: plain_lookup(host, *given, **named))(host)

socket.getaddrinfo = lookup
"""


@dataclass
class Running:
    """A server in its own process."""

    process: subprocess.Popen[str]
    port: int
    calls: Path
    log: Path

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def ask(
        self, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request(method, path, headers={"Host": self.host} | (headers or {}))
            answer = line.getresponse()
            body = answer.read().decode("utf-8", errors="replace")
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
        finally:
            line.close()

    def socket(self, kernel: str = "", origin: str | None = "", tab: str = "") -> ClientConnection:
        kernel, tab = kernel or str(uuid.uuid4()), tab or str(uuid.uuid4())
        return open_socket(
            f"ws://{self.host}/jupyter/api/kernels/{kernel}/channels?session_id={tab}",
            origin=self.origin if origin == "" else origin,  # type: ignore[arg-type]
            open_timeout=PATIENCE,
            max_size=None,
        )

    def farewell(self, kernel: str, tab: str) -> int:
        path = f"/_solara/api/close/{kernel}?session_id={tab}"
        return self.ask(path, "POST", {"Origin": self.origin, "Content-Length": "0"})[0]


def start(folder: Path, *words: str) -> tuple[subprocess.Popen[str], Path, Path]:
    """A Python process that reaches no network; its calls; its output."""
    (folder / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    calls, log = folder / "calls.txt", folder / "log.txt"
    calls.touch()
    environment = os.environ | {
        **{"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "TALENT_TEST_CALLS": str(calls)},
        **{"HOST": "0.0.0.0", "SOLARA_HOST": "0.0.0.0", "UVICORN_HOST": "0.0.0.0", "PYTHONUNBUFFERED": "1"},
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *words], stdout=output, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
        )
    return process, calls, log


def wait_for(log: Path, pattern: str, process: subprocess.Popen[str], seconds: float = PATIENCE) -> re.Match[str]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = re.search(pattern, log.read_text(encoding="utf-8"))
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"{pattern!r} did not come: {log.read_text(encoding='utf-8')}")


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


ADDRESS = r"The app is at http://127\.0\.0\.1:(\d+)/"


def said(kind: str, content: dict[str, object] | None = None, **metadata: object) -> str:
    """A message as the page sends it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": "s",
        "username": "u",
        "version": "5.3",
        "date": "",
    }
    return json.dumps({
        **{"header": header, "parent_header": {}, "metadata": metadata, "content": content or {}},
        **{"channel": "shell", "buffers": []},
    })  # fmt: skip


def answer_of(line: ClientConnection, kind: str, seconds: float = PATIENCE) -> dict[str, object]:
    until = time.monotonic() + seconds
    while True:
        frame = line.recv(timeout=max(0.1, until - time.monotonic()))
        message = json.loads(frame) if isinstance(frame, str) else {}
        if message.get("header", {}).get("msg_type", message.get("msg_type")) == kind:
            return message  # type: ignore[no-any-return]
