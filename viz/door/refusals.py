"""Answers given in the app's stead: a status, a page of plain words, and headers that let the browser trust nothing."""

from __future__ import annotations

import html
from dataclasses import dataclass

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>{title}</h1><p>{words}</p></main></body></html>
"""


@dataclass(frozen=True)
class Refusal:
    """An answer given in the app's stead: an HTTP status and words for a person."""

    status: int
    title: str
    words: str

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Of the answer."""
        given = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(self.body())).encode("ascii")),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", NOTHING.encode("ascii")),
            *ALWAYS.items(),
        ]
        if self.status == 503:
            given.append((b"retry-after", b"60"))
        if self.status in (400, 414, 421, 431):
            given.append((b"connection", b"close"))
        return given

    def body(self) -> bytes:
        """Of the answer: a page."""
        return PAGE.format(title=html.escape(self.title), words=html.escape(self.words)).encode("utf-8")


NOT_HERE = Refusal(404, "Nothing here", "This address shows nothing. The app is at the address without a path.")
FULL = Refusal(
    503,
    "All seats are taken",
    "As many browser tabs use this app now as it was started for. Close one of them, or try again in a minute. "
    "Whoever runs it can start it with more: talent app --sessions N.",
)


def broken(number: str) -> Refusal:
    """The page of an error: a number, nothing of what happened."""
    return Refusal(500, "Something went wrong", words_of(number))


def words_of(number: str) -> str:
    """What is said of an error."""
    return f"This is error {number}. The log of the server has the rest under this number."
