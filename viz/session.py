"""One reader's session: one market, one thread that runs it, one queue of requests. Nothing is shared with others.

The thread takes requests in the order in which they came, and between them plays the market month by month. It never
runs ahead of the page: the next month is begun when the page has drawn the last one (or after a second). Heavy work
goes to child processes (`viz/jobs.py`).
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
import uuid
from typing import Any

from abm import scenario as scenarios
from abm import views
from abm.live import LiveMarket
from abm.scenario import Scenario, ScenarioError
from viz import frames, jobs, messages, pages, world_code
from viz.line import Line, Send
from viz.server import Options

LOG = logging.getLogger(__name__)

WAIT_FOR_PAGE = 1.0  # seconds for the page to say that it has drawn a month
IDLE = 120.0  # seconds without a word from the page after which playing stops by itself
MOST_WAITING = 200  # requests in the queue; a page that sends more is not a page of ours


class Session:
    """The state behind one browser tab.

    Args:
        options: of the server: where results are, which scenario is opened first.

    Attributes:
        market: the market that is shown; None before the first is opened.
        seen: what the page has been sent of it.
        number: of the market among those that were shown; work is marked with the number for which it was started.
        before: the run that was shown before this one, with what the page had been sent of it; None if none had begun.
        store: what pages keep between requests.
        jobs: heavy work in child processes.
    """

    def __init__(self, options: Options) -> None:
        """Start the thread; it waits for the page."""
        pages.load_all()
        self.options = options
        self.market: LiveMarket | None = None
        self.seen: frames.Seen | None = None
        self.number = 0
        self.before: tuple[LiveMarket, frames.Seen] | None = None
        self.store: dict[str, Any] = {}  # what pages keep between requests, by page
        self.jobs = jobs.Jobs(self.tell)
        self._line = Line()
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._drawn = threading.Event()
        self._closed = threading.Event()
        self._play_until: int | None = None
        self._pace = 0.0
        self._heard = time.monotonic()
        self._code: tuple[Scenario, str] | None = None  # of the scenario that an address named last
        self._thread = threading.Thread(target=self._work, name="session", daemon=True)
        self._thread.start()

    # ---- the page ----------------------------------------------------------------------------------------------

    def attach(self, send: Send) -> None:
        """Messages go to the page through this function from now on."""
        self._line.attach(send)

    def tell(self, content: dict[str, Any]) -> None:
        """Send to the page, arrays as bytes; a page that has gone is no error."""
        if not self._closed.is_set():
            self._line.tell(content)

    def receive(self, message: Any) -> None:
        """A message of the page; called by the thread that reads the socket, so it only puts it in the queue."""
        self._heard = time.monotonic()
        if self._closed.is_set():
            return
        if not isinstance(message, dict):
            message = {"do": message}
        for request in self._line.take(message):
            if request.get("do") == "drawn":
                self._drawn.set()
                continue
            if request.get("do") == "pause":  # at once, not after the requests before it
                self.pause()
            try:
                self._queue.put_nowait(request)
            except queue.Full:
                self._reply(request, {"ok": False, "error": "too many requests at once; wait until some are answered"})

    def close(self) -> None:
        """End the thread and all child processes; safe to call twice."""
        self._closed.set()
        self.pause()
        self._drawn.set()
        self.jobs.close()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self.market = self.before = None
        self.store.clear()

    # ---- the thread --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        due = 0.0
        while not self._closed.is_set():
            wait = max(0.0, due - time.monotonic()) if self._play_until is not None else None
            try:
                request = self._queue.get(timeout=wait) if wait is None or wait > 0 else self._queue.get_nowait()
            except queue.Empty:
                began = time.monotonic()
                self._play_on()
                due = began + self._pace
                continue
            if request is not None:
                self._answer(request)

    def _answer(self, request: dict[str, Any]) -> None:
        try:
            known, values = messages.read(request)
            self._reply(request, {"ok": True, **known.run(self, values)})
        except (messages.Wrong, ScenarioError, views.NotFoundError) as error:
            self._reply(request, {"ok": False, "error": str(error)[:4000]})
        except Exception:
            code = _logged(f"request {messages.shown(request.get('do'))}")
            words = f"Something went wrong in the server (error {code}); its log tells more."
            self._reply(request, {"ok": False, "error": words})

    def _reply(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        number = request.get("id")
        fits = (isinstance(number, str) and len(number) <= 40) or (isinstance(number, int) and abs(number) < 2**53)
        self.tell({"re": number if fits else None, **answer})

    # ---- the market --------------------------------------------------------------------------------------------

    def open(self, market: LiveMarket, seen: frames.Seen | None = None) -> dict[str, Any]:
        """Show a market from now on; gives what the page needs to draw it, the past of a branch included.

        Work that was started for the market before is stopped. The run before is kept, if it had begun.
        """
        self.pause()
        self.jobs.stop_all()
        left = self.before
        if self.market is not None and self.seen is not None and (self.market.month or self.market.log):
            left = (self.market, self.seen)
        self.before = None if left is None or left[0] is market else left
        self.number += 1
        self.market = market
        self.seen = seen or frames.Seen(market)
        return self.opening()

    def opening(self) -> dict[str, Any]:
        """The market shown, in whole, and how it may be named in an address.

        `own` says that the scenario is not a shipped one; `shared` is its code, None if it is too long for an address.
        """
        market, seen = self.here(), self.seen
        assert seen is not None
        if self._code is None or self._code[0] is not market.described:
            self._code = (market.described, world_code.encode(market.described))
        code = self._code[1]
        return {
            **seen.opening(),
            "number": self.number,
            "own": bool(code),
            "shared": code if code and len(code) <= world_code.LONGEST_LINK else None,
            "playing": self.is_playing,
            "before": None if self.before is None else _run(self.before[0]),
        }

    @property
    def is_closed(self) -> bool:
        """Whether the page has gone for good, so that nobody waits for an answer."""
        return self._closed.is_set()

    def here(self) -> LiveMarket:
        """The market shown.

        Raises:
            Wrong: none has been opened.
        """
        if self.market is None:
            raise messages.Wrong("no market is open yet; open a scenario first")
        return self.market

    def step(self) -> None:
        """Run one month and send it to the page."""
        market, seen = self.here(), self.seen
        assert seen is not None
        market.step()
        self._drawn.clear()
        self.tell({"push": "month", **seen.month(), "parameters": frames.parameters(market)})

    def play(self, until: int, pace: float) -> None:
        """Go on by itself to a month, one month every `pace` seconds at most."""
        self._play_until, self._pace = until, pace

    def pause(self) -> None:
        """Play no further."""
        self._play_until = None

    @property
    def is_playing(self) -> bool:
        """Whether months follow by themselves."""
        return self._play_until is not None

    def _play_on(self) -> None:
        """The next month of a market that plays by itself, or the end of playing and why."""
        self._drawn.wait(WAIT_FOR_PAGE)
        until, market = self._play_until, self.market
        if until is None or market is None:  # paused while waiting
            return
        why = _reached(market, until)
        if not why and time.monotonic() - self._heard > IDLE:
            why = "nobody is watching"
        if not why:
            try:
                self.step()
                why = _reached(market, until)
            except Exception:
                why = f"something went wrong (error {_logged('a month')})"
        if why and self.is_playing:
            self.pause()
            self.tell({"push": "paused", "why": why, "month": market.month})

    def scenario_named(self, name: str) -> Scenario:
        """A shipped scenario; paths are not taken from a page.

        Raises:
            Wrong: there is none of that name.
        """
        if name not in scenarios.names():
            raise messages.Wrong(f"scenario {messages.shown(name)}: none{messages.nearest(name, scenarios.names())}")
        return scenarios.load(name)


def _run(market: LiveMarket) -> dict[str, Any]:
    """What a run is called in a button that brings it back."""
    scenario = market.scenario
    last = scenario.date_of(market.month - 1) if market.month else ""
    return {"title": scenario.title, "seed": market.seed, "last": last, "pulls": len(market.log)}


def _reached(market: LiveMarket, until: int) -> str:
    """Why playing ends here; empty if it goes on."""
    return "the end" if market.is_over else "there" if market.month >= until else ""


def _logged(what: str) -> str:
    """Log the fault that is being handled; gives the number under which the log has it."""
    code = uuid.uuid4().hex[:8]
    LOG.exception("%s failed (%s)", what, code)
    return code
