"""What a session promises: its own market only, words for whatever is wrong, nothing lost, doubled or left behind."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from abm.run import simulate
from abm.scenario_file import LARGEST_FILE
from tests.hostile_messages import messages
from tests.patience import PATIENCE, comes
from viz import session as sessions
from viz.server import Options
from viz.session import Session

# ---- without a browser -----------------------------------------------------------------------------------------------


class Heard:
    """A page that only listens: everything that was sent, as text, and a way to wait for an answer."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.all: list[dict[str, Any]] = []
        self._came = threading.Condition()
        session.attach(self.hear)

    def hear(self, content: dict[str, Any], buffers: Any) -> None:
        text = json.dumps(content, allow_nan=False)  # a bare NaN or Infinity would raise
        with self._came:
            self.all.append(json.loads(text))
            self._came.notify_all()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        number = f"asked-{len(self.all)}"
        self.session.receive({"id": number, "do": do, **fields})
        with self._came:
            assert self._came.wait_for(lambda: any(each.get("re") == number for each in self.all), PATIENCE), do
        return next(each for each in reversed(self.all) if each.get("re") == number)


@contextmanager
def heard(folder: Path) -> Iterator[Heard]:
    """A session without a browser."""
    session = Session(Options(results=folder))
    try:
        yield Heard(session)
    finally:
        session.close()
        session._thread.join(PATIENCE)
        assert not session._thread.is_alive()


def test_values_out_of_range_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 hostile messages over all handlers: words or an answer each, no error, and the market as it was."""
    monkeypatch.setattr(sessions, "WAIT_FOR_PAGE", 0.01)
    with heard(tmp_path) as page, caplog.at_level(logging.ERROR):
        begun: list[str] = []
        monkeypatch.setattr(page.session.jobs, "start", lambda kind, *_, **__: begun.append(kind) or len(begun))
        refused = 0
        stream = messages(10_000, seed=1)
        for _ in range(100):
            assert page.ask("open", scenario="tiny", seed=1)["ok"]
            assert page.ask("step")["ok"]
            first = len(page.all)
            for message in [next(stream) for _ in range(100)]:
                page.session.receive(message)
            page.ask("pause")
            answers = [each for each in page.all[first:] if "re" in each][:-1]
            assert all(each["ok"] in (True, False) and (each["ok"] or each["error"]) for each in answers)
            broken = [each["error"] for each in answers if "went wrong" in str(each.get("error"))]
            assert broken == [] and caplog.text == ""
            refused += sum(not each["ok"] for each in answers)
            page.all.clear()
        assert refused > 7_000
        page.ask("open", scenario="tiny", seed=5)
        while page.session.here().month < 12:
            assert page.ask("step")["ok"]
        assert page.ask("digest")["digest"] == simulate("tiny", 5).digest


def test_refused_messages_change_nothing(tmp_path: Path) -> None:
    """After each refusal the scenario, the log, the month and the digest are those of before."""
    with heard(tmp_path) as page:
        page.ask("open", scenario="tiny", seed=2)
        page.ask("step")
        assert page.ask("pull", policy="garden_leave", settings={"months": 6})["ok"]
        market = page.session.here()

        def state() -> Any:
            return market.digest(), market.log, market.scenario, market.month, page.session.is_playing

        before = state()
        looked = 0
        for message in messages(700, seed=2):
            if not isinstance(message, dict):
                continue
            first = len(page.all)
            page.session.receive({**message, "id": "one", "line": None})
            page.ask("log")
            mine = [each for each in page.all[first:] if each.get("re") == "one"]
            if mine and not mine[0]["ok"]:
                looked += 1
                assert page.session.here() is market and state() == before, message
            elif page.session.here() is not market or state() != before:
                page.session.pause()
                page.ask("open", scenario="tiny", seed=2)
                page.ask("step")
                market = page.session.here()
                before = state()
        assert looked > 300


def test_upload_limits(tmp_path: Path) -> None:
    """What is too large is refused before it is read: files, contents, codes of worlds, lists of pulls."""
    with heard(tmp_path) as page:
        page.ask("open", scenario="tiny", seed=1)
        for size in (LARGEST_FILE + 1, 10 * LARGEST_FILE, 30 * LARGEST_FILE):
            began = time.process_time()
            for do, fields in (
                ("build_read", {"toml": "x" * size}),
                ("build_check", {"content": {"name": "x" * size}}),
                ("build_open", {"content": {"employers": [{"name": "x"}] * (size // 4)}}),
                ("build_toml", {"content": {"x": [[[[]]]] * (size // 4)}}),
                ("world", {"code": "A" * size}),
                ("replay", {"pulls": "[" * size}),
                ("pull", {"policy": "garden_leave", "settings": dict.fromkeys(map(str, range(size // 8)), 1)}),
            ):
                answer = page.ask(do, **fields)
                assert not answer["ok"] and len(answer["error"]) < 500, do
            assert time.process_time() - began < 5
        assert page.ask("build_read", toml="x" * (LARGEST_FILE - 1))["ok"] is False  # read, and not a scenario


def test_playing_ends_when_nobody_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tab that has gone without a word: playing stops by itself."""
    monkeypatch.setattr(sessions, "WAIT_FOR_PAGE", 0.05)
    with heard(tmp_path) as page:
        page.ask("open", scenario="meta_fair", seed=1)
        page.ask("play", pace=0.1)
        assert comes(lambda: page.session.here().month > 0)
        monkeypatch.setattr(sessions, "IDLE", 0.4)
        assert comes(lambda: not page.session.is_playing)
        assert not page.session.here().is_over
        assert page.all[-1]["why"] == "nobody is watching"
