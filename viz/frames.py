"""What is sent to the page: a market once in whole, then month by month only what has changed; arrays as bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from abm import views
from abm.live import LiveMarket

Rows = list[dict[str, Any]]
_SENT_AS = {"f": np.float32, "i": np.int32, "u": np.int32, "b": np.uint8}
_OF_TEAMS = ("escalation", "release")  # kinds of events of which there are many a month that differ only in the team
_OF_A_LINE = ("words", "departure", "researcher", "from_employer", "employer", "team", "cause", "path", "voluntary",
              "cohorts", "event")  # fmt: skip
"""Fields of what happened that the page reads; the rest is on the cards."""

MOST_IN_VAIN = 250
"""Offers that were not taken of which a month tells: the page draws no more sparks."""
_SMALL = (np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.uint8), np.dtype(np.uint16))


def pack(content: Any) -> tuple[Any, list[bytes]]:
    """JSON-ready content, and the arrays in it as bytes; in their place stands `{"$": number, "type", "shape"}`.

    What is not finite becomes null: `Infinity` is no JSON. A dataclass is sent as its fields.

    Raises:
        TypeError: there is something in it that a page cannot be told.
    """
    buffers: list[bytes] = []

    def one(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            sent = np.ascontiguousarray(_small(value))
            buffers.append(sent.tobytes())
            return {"$": len(buffers) - 1, "type": sent.dtype.name, "shape": list(sent.shape)}
        if isinstance(value, Mapping):
            return {str(key): one(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [one(item) for item in value]
        if is_dataclass(value) and not isinstance(value, type):
            return {each.name: one(getattr(value, each.name)) for each in fields(value)}
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if value is None or isinstance(value, str | int | float):  # bool is an int
            return value
        raise TypeError(f"{type(value).__name__} cannot be sent to the page")

    return one(content), buffers


def _small(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same numbers in the smallest type that a page reads: whole ones in two bytes where they fit."""
    if values.dtype in _SMALL:
        return values
    sent = values.astype(_SENT_AS[values.dtype.kind])
    if values.dtype.kind == "b" or not values.size:
        return sent
    with np.errstate(invalid="ignore"):
        short = values.astype(np.int16)
    return short if np.array_equal(short, values) else sent


def parameters(market: LiveMarket) -> dict[str, float]:
    """Those that are not the default in the month that comes next, by name."""
    return market.scenario.parameters_in(market.month)


def pulled(market: LiveMarket) -> dict[str, Any]:
    """What has been pulled, and what is in force now."""
    return {"log": market.log, "in_force": market.in_force, "parameters": parameters(market)}


class Seen:
    """What a page has been sent of a market, so that only news follow, and a branch can take over the past.

    Attributes:
        employers, teams: rows that the page knows, in the order in which it heard of them.
        history: what it has been told of each month.
    """

    def __init__(
        self, market: LiveMarket, start: dict[str, Any] | None = None, past: Sequence[dict[str, Any]] = ()
    ) -> None:
        """A page that is about to see a market; of a branch it knows the start and the past already."""
        self.market = market
        self._at = views.positions(market)
        self._start = start or {**views.static(market), "place": self._at}
        self.history = list(past)
        self.employers: list[int] = []
        self.teams: list[int] = []
        self._names: dict[int, str] = {}
        self._fixed: set[str] = set()
        self._learn(self._start["employers"], self._start["teams"], self._start["cohorts"])
        for content in self.history:
            self._learn(content["new_employers"], content["new_teams"], content["cohorts"])

    def opening(self) -> dict[str, Any]:
        """Everything that the page needs to draw the market from its first month to now, and what has been pulled."""
        return {"market": self._start, "past": self.history, **pulled(self.market), **self._head()}

    def month(self) -> dict[str, Any]:
        """The month that has just been run."""
        rows, places = views.changes(self.market, self._at)
        self._at = self._at.copy()  # what the page was told stays as it was
        self._at[rows] = places
        report = views.month_report(self.market, self.market.month - 1)
        content = {
            **self._head(),
            "moved": rows,
            "place": places,
            "world": report["world"],
            "offers": _sparks(report["offers"]),
            **self._news(report),
        }
        content |= self._feed(report["feed"])  # after the news: it names teams
        for kind, known in (("employer", self.employers), ("team", self.teams)):
            taken = np.array(known)
            content[f"{kind}_rows"] = taken.astype(np.int16 if taken.max() < 2**15 else np.int32)
            content[f"{kind}s"] = {name: values[taken] for name, values in report[kind].items()}
        self.history.append(content)
        return content

    def branched(self, market: LiveMarket) -> Seen:
        """The view of a branch of this market: the same past up to the month of the branch."""
        return Seen(market, self._start, self.history[: market.month])

    def _learn(self, employers: Rows, teams: Rows, cohorts: Rows) -> None:
        """Rows that the page has been told of, and cohorts with their members."""
        self.employers += [each["row"] for each in employers]
        self.teams += [each["row"] for each in teams]
        self._names |= {each["row"]: each["name"] for each in teams}
        self._fixed |= {each["name"] for each in cohorts if each["members"]}

    def _feed(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """What happened: what a line of the page needs; lines that differ only in the team as one with its teams."""
        alike: dict[tuple[str, str], list[int]] = {}
        others: dict[str, list[dict[str, Any]]] = {}
        for entry in entries:
            name = self._names.get(entry.get("team", -1))
            if entry["kind"] in _OF_TEAMS and name is not None and entry["words"].startswith(f"{name} "):
                words = entry["words"].removeprefix(f"{name} ")
                alike.setdefault((entry["kind"], words), []).append(entry["team"])
            else:
                others.setdefault(entry["kind"], []).append(entry)
        return {
            "feed": [{"kind": kind, **_columns(found)} for kind, found in others.items()],
            "of_teams": [{"kind": kind, "words": words, "teams": rows} for (kind, words), rows in alike.items()],
        }

    def _news(self, report: dict[str, Any]) -> dict[str, Any]:
        """Start-ups that have come and gone, and cohorts whose members are known from this month on."""
        kinds = {entry["kind"] for entry in report["feed"]}
        fixing = any(
            each["name"] not in self._fixed and self.market.described.month_of(each["fixed"]) < self.market.month
            for each in self._start["cohorts"]
        )
        found: dict[str, Any] = {"new_employers": [], "new_teams": [], "cohorts": []}
        if "founded" in kinds or fixing:
            now = views.static(self.market)
            found["new_employers"] = [each for each in now["employers"] if each["row"] not in set(self.employers)]
            found["new_teams"] = [each for each in now["teams"] if each["row"] not in set(self.teams)]
            found["cohorts"] = [each for each in now["cohorts"] if each["members"] and each["name"] not in self._fixed]
            self._learn(found["new_employers"], found["new_teams"], found["cohorts"])
        return found

    def _head(self) -> dict[str, Any]:
        market = self.market
        return {"month": market.month, "date": market.date, "over": market.is_over, "seed": market.seed}


def _columns(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Entries of one kind by field: under `all` what is the same for all, under `each` a list of values."""
    same: dict[str, Any] = {}
    each: dict[str, Any] = {}
    for name in _OF_A_LINE:
        values = [entry.get(name) for entry in entries]
        if all(value == values[0] for value in values):
            if values[0] is not None:
                same[name] = values[0]
        else:
            each[name] = np.array(values) if all(isinstance(value, int) for value in values) else values
    return {"n": len(entries), "all": same, "each": each}


def _sparks(offers: Mapping[str, Any]) -> dict[str, Any]:
    """The offers of a month that a page draws: all that were taken, and some of the others."""
    state = offers["state"]
    vain = np.flatnonzero(state != list(offers["states"]).index("accepted"))
    shown = np.ones(state.size, dtype=bool)
    if vain.size > MOST_IN_VAIN:
        shown[vain] = False
        shown[vain[:: -(-vain.size // MOST_IN_VAIN)]] = True
    return {name: offers[name][shown] for name in ("researcher", "team", "state")}
