"""Where the app is served: which hosts and origins are allowed, and the socket to listen at."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

HOST = "127.0.0.1"
PORT = 8765


class ServerError(Exception):
    """The server cannot be started like this; the message says why and what to do."""


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
