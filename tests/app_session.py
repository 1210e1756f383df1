"""A session without a browser, for the tests of the app's pages: it is asked, and what it tells is kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE
from viz.server import Options
from viz.session import Session


class Asked:
    """A session and everything that it has said."""

    def __init__(self, results: Path = Path("results")) -> None:
        """Begin it; results is the folder in which it looks for results."""
        self.session = Session(Options(results=results))
        self.said: list[dict[str, Any]] = []
        self.heard: list[tuple[dict[str, Any], Sequence[bytes]]] = []  # the same, with the arrays as bytes
        self._news = threading.Condition()
        self._last = 0
        self.session.attach(self._hear)

    def _hear(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        json.dumps(content, allow_nan=False)  # what a browser cannot read fails here
        content = {**content, "buffers": [bytes(part) for part in buffers]}
        with self._news:
            self.heard.append((content, buffers))
            self.said.append(content)
            self._news.notify_all()

    def _wait(self, found: Any) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        with self._news:
            while True:
                for content in self.said:
                    if found(content):
                        return content
                assert self._news.wait(until - time.monotonic()), f"nothing came in {PATIENCE} s"

    def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request, whether it was obeyed or not."""
        self._last += 1
        number = self._last
        self.session.receive({"id": number, "do": what, **fields})
        return self._wait(lambda content: content.get("re") == number)

    def well(self, what: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request that must be obeyed."""
        answer = self.ask(what, **fields)
        assert answer["ok"], answer["error"]
        return answer

    def refused(self, what: str, **fields: Any) -> str:
        """The words with which a request is refused: for a reader, no traceback and no fault of the server."""
        answer = self.ask(what, **fields)
        assert not answer["ok"], f"{what} was obeyed"
        words = str(answer["error"])
        assert 10 < len(words) <= 4000
        assert "Traceback" not in words
        assert "Something went wrong" not in words
        return words

    def close(self) -> None:
        """End it with all of its work."""
        self.session.close()

    def run_to(self, month: int) -> None:
        """Step on to a month."""
        assert self.session.market is not None
        while self.session.market.month < month:
            self.well("step")

    def end_of(self, job: int) -> dict[str, Any]:
        """The last word on a piece of work: done, failed or stopped."""
        return self._wait(
            lambda content: content.get("number") == job and content.get("state") in ("done", "failed", "stopped")
        )

    def first_part(self, job: int) -> dict[str, Any]:
        """The first part that a piece of work has found."""
        part: dict[str, Any] = self._wait(
            lambda content: content.get("number") == job and content.get("state") == "part"
        )["part"]
        return part

    def parts(self, job: int) -> list[dict[str, Any]]:
        """All parts that a piece of work that has ended has sent."""
        end = self.end_of(job)
        assert end["state"] == "done", end
        return [item["part"] for item in self.said if item.get("number") == job and item.get("state") == "part"]


@contextmanager
def asked(scenario: str = "tiny", months: int = 0) -> Iterator[Asked]:
    """A session with a scenario open and some months run; it ends with all of its work."""
    found = Asked()
    try:
        found.well("open", scenario=scenario)
        found.run_to(months)
        yield found
    finally:
        found.close()
