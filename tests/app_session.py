"""A session of the app without a browser: requests go through its queue and thread, what it tells is recorded."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from viz.server import Options
from viz.session import Session

PATIENCE = 60.0  # seconds for an answer


class Asker:
    """Asks a session and waits for its answer, which must be JSON as a browser reads it."""

    def __init__(self, results: Path) -> None:
        self.session = Session(Options(results=results))
        self.session.attach(self._hear)
        self._numbers = itertools.count(1)
        self._answers: dict[Any, dict[str, Any]] = {}
        self._news = threading.Condition()

    def _hear(self, content: dict[str, Any], buffers: Sequence[memoryview | bytes] = ()) -> None:
        whole = json.loads(json.dumps(content, allow_nan=False)) | {"buffers": [bytes(part) for part in buffers]}
        with self._news:
            if "re" in whole:
                self._answers[whole["re"]] = whole
            self._news.notify_all()

    def raw(self, what: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request, whatever it says."""
        number = next(self._numbers)
        self.session.receive({"id": number, "do": what, **fields})
        with self._news:
            assert self._news.wait_for(lambda: number in self._answers, PATIENCE), f"no answer to {what}"
            return self._answers.pop(number)

    def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request that is obeyed."""
        answer = self.raw(what, **fields)
        assert answer["ok"], answer
        return answer

    def refused(self, what: str, **fields: Any) -> str:
        """The words of a refusal: said to a reader, without a traceback and without an apology of the server."""
        answer = self.raw(what, **fields)
        assert not answer["ok"], f"{what} was obeyed"
        words = answer["error"]
        assert isinstance(words, str)
        assert 10 < len(words) <= 4000
        assert "Traceback" not in words
        assert "Something went wrong" not in words
        return words

    def close(self) -> None:
        """End it."""
        self.session.close()
