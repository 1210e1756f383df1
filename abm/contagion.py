"""Departure reproduction number: the exits of others that one exit causes, by paired removal.

For a departure of month m the world is forked at the beginning of m: in one copy it goes on as it is, in the other the
person is held for the window. The difference in the exits of others is what the departure brought about. A pair also
drifts apart by luck far from the person (posts go to others, who leave posts open in turn), and pairs of one history
share the luck of its factual world: intervals are therefore clustered by history, and scopes near the person are
the sharp ones. The idea of a reproduction number of turnover contagion follows Felps et al. (2009).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from abm.changes import Action
from abm.columns import Bools, Floats, Integers
from abm.ledger import Row
from abm.replay import begin, fork, run_to
from abm.scenario import Scenario
from abm.streams import Future
from abm.tables import CHOSEN, PATH_NAMES, Cause
from abm.world import World

SCOPES: Final = {
    "ties": "people tied to the leaver, wherever they work",
    "team": "members of the leaver's team, from the employer",
    "near": "either of these",
    "employer": "anybody from the leaver's employer",
    "rest": "anybody from another employer",
}
LEVEL: Final = 0.95
FEWEST: Final = 5  # departures for which an interval is given
QUARTILES: Final = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True, slots=True)
class Question:
    """Which departures of a history are undone.

    Attributes:
        window: months in which the person is held and exits are counted, the first included.
        first, last: months of the departures, both included.
        employer: row of the employer left; -1 every one.
        teams: rows of the teams left, or of the teams of the people at `held_from`; empty for every one.
        held_from: month from which people are held; -1 from the month of their departure.
        sample: departures a history, drawn; 0 for all.
        part, parts: take every parts-th of them, from number `part` on (work for one process).
        placebo: hold, instead of each leaver, a colleague who does not leave in the window.
    """

    window: int
    first: int
    last: int
    employer: int = -1
    teams: tuple[int, ...] = ()
    held_from: int = -1
    sample: int = 0
    part: int = 0
    parts: int = 1
    placebo: bool = False


@dataclass(slots=True)
class Around:
    """Who is near a person at a moment: (N,) flags, and the employer."""

    person: int
    employer: int
    mates: Bools
    tied: Bools

    @classmethod
    def of(cls, world: World, person: int) -> Around:
        """As the world is now; the person has a job."""
        ties, team = world.ties, world.researchers.team
        tied = np.zeros(world.n_researchers, dtype=bool)
        tied[ties.neighbour[ties.start[person] : ties.start[person + 1]]] = True
        mates = (team == team[person]) & (np.arange(world.n_researchers) != person)
        return cls(person, int(world.teams.employer[team[person]]), mates, tied)

    def count(self, exits: Row) -> Floats:
        """(scopes,) exits of others by scope, in the order of `SCOPES`."""
        if not exits:
            return np.zeros(len(SCOPES))
        person, home = exits["researcher"], exits["from_employer"]
        other, here = person != self.person, home == self.employer
        tied, mates = self.tied[person], self.mates[person] & here
        return np.array([(other & flag).sum() for flag in (tied, mates, tied | mates, here, ~here)], dtype=np.float64)


def chosen_exits(world: World, first: int, until: int) -> Row:
    """Departures by a decision of one's own in months first ... until - 1; those that a dated event imposes are not."""
    left = world.ledger.table("departures")
    if not left:
        return {}
    kept = np.isin(left["cause"], CHOSEN) & (left["month"] >= first) & (left["month"] < until)
    return {name: values[kept] for name, values in left.items()}


def probe(scenario: Scenario, seed: int, replicate: int, question: Question) -> Row:
    """Undo departures of one history, one at a time (the unit of work of a process).

    Returns:
        One row per departure: who left (team, path, standing) and `extra` (rows, scopes), exits of others in the
        factual world less those in the world where the person is held. Empty without departures.
    """
    window = question.window
    factual = run_to(begin(scenario, seed, replicate), question.last + window)
    found: list[dict[str, Any]] = []
    picked = _picked(factual, question)
    if not picked:
        return {}
    world = begin(scenario, seed, replicate)
    for number, left in picked:
        month = int(left["month"]) if question.held_from < 0 else question.held_from
        run_to(world, month)
        person = int(left["researcher"])
        if world.employer_of()[person] != left["from_employer"]:
            continue  # joined and left within the window: was not there to be kept
        if question.held_from >= 0:
            left["from_team"] = world.researchers.team[person]
            if question.teams and left["from_team"] not in question.teams:
                continue
        if question.placebo:
            person = _stayer(world, factual, person, window)
            if person < 0:
                continue
        around = Around.of(world, person)
        held = run_to(fork(world), month + window, [Action(month, "hold", person, window)])
        before = around.count(chosen_exits(factual, month, month + window))
        after = around.count(chosen_exits(held, month, month + window))
        found.append({"replicate": replicate, "departure": number, **_described(world, person, left)})
        found[-1]["extra"] = before - after
    return {name: np.array([row[name] for row in found]) for name in found[0]} if found else {}


def _picked(factual: World, question: Question) -> list[tuple[int, dict[str, Any]]]:
    """The departures of a history that a question is about, by month, with their number in the ledger."""
    left = factual.ledger.table("departures")
    if not left:
        return []
    kept = np.isin(left["cause"], CHOSEN) & (left["month"] >= question.first) & (left["month"] <= question.last)
    if question.employer >= 0:
        kept &= left["from_employer"] == question.employer
    if question.teams and question.held_from < 0:
        kept &= np.isin(left["from_team"], question.teams)
    rows = np.flatnonzero(kept)
    if question.held_from >= 0:  # once a person: who leaves twice can be kept once
        rows = rows[np.sort(np.unique(left["researcher"][rows], return_index=True)[1])]
    if 0 < question.sample < len(rows):
        luck = factual.streams.uniform("probe", 0, left["researcher"][rows], rows)
        rows = np.sort(rows[np.argsort(luck, kind="stable")[: question.sample]])
    names = ("month", "researcher", "from_employer", "from_team", "path", "cause")
    mine = rows[question.part :: question.parts].tolist()
    return [(row, {name: left[name][row] for name in names}) for row in mine]


def _stayer(world: World, factual: World, person: int, window: int) -> int:
    """A colleague, drawn, who has no departure of any kind in the window; -1 if there is none."""
    left = factual.ledger.table("departures")
    gone = left["researcher"][(left["month"] >= world.month) & (left["month"] < world.month + window)]
    employer = world.employer_of()
    stays = np.flatnonzero((employer == employer[person]) & ~np.isin(np.arange(len(employer)), gone))
    if len(stays) == 0:
        return -1
    return int(stays[np.argmax(world.streams.uniform("probe", world.month, stays, person))])


def _described(world: World, person: int, left: dict[str, Any]) -> dict[str, Any]:
    """What somebody is at the moment from which they are held, and how they left."""
    people = world.researchers
    colleagues = np.flatnonzero(world.employer_of() == world.employer_of()[person])
    inside = world.share_at(colleagues, world.employer_of()[colleagues]) * world.tie_totals()[colleagues]
    here = int(np.searchsorted(colleagues, person))

    def rank(values: Floats) -> float:
        return float((values < values[here]).mean())

    return {
        "month": int(left["month"]),
        "researcher": person,
        "employer": int(left["from_employer"]),
        "team": int(left["from_team"]),
        "path": int(left["path"]),
        "founds": bool(left["cause"] == Cause.FOUNDED),
        "leader": bool((world.teams.leader == person).any()),
        "reputation": float(people.reputation[person]),
        "reputation_rank": rank(people.reputation[colleagues]),
        "ties": float(inside[here]),
        "ties_rank": rank(inside),
    }


def futures(
    scenario: Scenario, seed: int, replicate: int, people: Sequence[int], month: int, window: int, number: int
) -> Floats:
    """Keep each of some people in one future of a present, with other luck from `month` on (work for one process).

    What looks like a key person in one history may be luck; here the luck is new, and the people are the same.

    Returns:
        (people, scopes + 1): exits of others prevented by scope, and whether the person leaves if not held.
    """
    present = run_to(begin(scenario, seed, replicate), month)
    present.streams = Future(present.streams, month, number)
    free = run_to(fork(present), month + window)
    exits = chosen_exits(free, month, month + window)
    found = np.zeros((len(people), len(SCOPES) + 1))
    for place, person in enumerate(people):
        around = Around.of(present, person)
        held = run_to(fork(present), month + window, [Action(month, "hold", person, window)])
        found[place, :-1] = around.count(exits) - around.count(chosen_exits(held, month, month + window))
        found[place, -1] = bool(exits) and bool((exits["researcher"] == person).any())
    return found


# ---- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval; the interval is infinite where there is too little to say."""

    mean: float
    low: float
    high: float
    n: int
    clusters: int


def estimate(values: Floats, cluster: Integers) -> Estimate:
    """Mean of values that share luck within clusters (cluster-robust, Student's t of clusters - 1).

    With one cluster the values are taken as independent, which understates what is not known.
    """
    n, groups = len(values), np.unique(cluster)
    if n == 0:
        return Estimate(float("nan"), -np.inf, np.inf, 0, 0)
    mean = float(values.mean())
    sums = np.array([(values[cluster == group] - mean).sum() for group in groups]) if len(groups) > 1 else values - mean
    free = len(sums) - 1
    if free == 0 or n < FEWEST:
        return Estimate(mean, -np.inf, np.inf, n, len(groups))
    error = float(np.sqrt((sums**2).sum() * len(sums) / free)) / n
    if error == 0.0:  # nothing varies, which says little about what would
        return Estimate(mean, -np.inf, np.inf, n, len(groups))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, free)) * error
    return Estimate(mean, mean - reach, mean + reach, n, len(groups))


def together(parts: Iterable[Row]) -> Row:
    """Rows of several jobs as one table, by replicate and departure."""
    filled = [part for part in parts if part]
    if not filled:
        return {}
    whole = {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}
    order = np.lexsort((whole["departure"], whole["replicate"]))
    return {name: values[order] for name, values in whole.items()}


def by_group(rows: Row, groups: dict[str, Bools]) -> dict[str, dict[str, Estimate]]:
    """Group -> scope -> estimate; groups without rows are left out."""
    return {
        name: {
            scope: estimate(rows["extra"][chosen, place], rows["replicate"][chosen])
            for place, scope in enumerate(SCOPES)
        }
        for name, chosen in groups.items()
        if chosen.any()
    }


def groupings(rows: Row, employers: Sequence[str], teams: Sequence[str]) -> dict[str, dict[str, Bools]]:
    """The ways in which departures are told apart: title -> group -> which rows."""
    quarter = np.minimum((rows["reputation_rank"] * 4).astype(np.int64), 3)
    return {
        "all": {"all": np.ones(len(quarter), dtype=bool)},
        "what opened the decision": {name: rows["path"] == code for code, name in enumerate(PATH_NAMES)},
        "role": {"leaders": rows["leader"], "founders": rows["founds"], "others": ~rows["leader"] & ~rows["founds"]},
        "reputation among colleagues": {name: quarter == code for code, name in enumerate(QUARTILES)},
        "employer": {employers[row]: rows["employer"] == row for row in np.unique(rows["employer"])},
        "team": {teams[row]: rows["team"] == row for row in np.unique(rows["team"])},
    }


def kinds(rows: Row) -> dict[str, Bools]:
    """Kinds of person that can be told at the date; the last has none of the marks."""
    marks: dict[str, Bools] = {
        "leaders": rows["leader"],
        "founders-to-be": rows["founds"],
        "most ties inside (top tenth)": rows["ties_rank"] >= 0.9,
        "highest reputation (top tenth)": rows["reputation_rank"] >= 0.9,
    }
    return {**marks, "the rest": ~np.any(list(marks.values()), axis=0)}
