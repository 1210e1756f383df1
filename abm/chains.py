"""What led to what between two paired worlds: "A stayed, so B was not referred, so C stayed".

Every link is read from the ledgers of the two worlds and from a second run of them (`abm/witness.py`). Where no
evidence is found the difference came through pay, compute or the chance of the market, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from abm.changes import Change
from abm.differences import OTHER, differences
from abm.evidence import Link, Worlds
from abm.ledger import Row
from abm.run import Result
from abm.scenario import Scenario
from abm.tables import Cause
from abm.witness import Hits, hits, watch

UNEXPLAINED: Final = "through pay, compute or chance of the market"
TOLD: Final = 5  # chains in words


@dataclass(slots=True)
class Chains:
    """The causes of other careers in one replicate.

    Attributes:
        people: who took another path, and (kind, month) of each.
        hit: people whom the change reached by itself before their paths parted, with how.
        at_place: people at a team or employer that it reached.
        links: evidence by which one person's difference led to another's.
        parent: effect -> the link that is told; following it leads to a person who has none.
    """

    people: dict[int, tuple[int, int]] = field(default_factory=dict)
    hit: dict[int, str] = field(default_factory=dict)
    at_place: dict[int, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    parent: dict[int, Link] = field(default_factory=dict)
    phrase: dict[int, str] = field(default_factory=dict)

    @property
    def told_of(self) -> dict[int, str]:
        """How each person was reached, in a few words."""
        return {person: self._reached(person) for person in self.people}

    def _reached(self, person: int) -> str:
        if person in self.hit:
            return self.hit[person]
        if person in self.parent:
            return f"{self.parent[person].kind}: researcher {self.parent[person].cause}"
        return self.at_place.get(person, UNEXPLAINED)

    def shares(self) -> dict[str, int]:
        """People by how they were reached; adds up to all who took another path."""
        hit, linked = set(self.hit), set(self.parent) - set(self.hit)
        place = set(self.at_place) - hit - linked
        rest = len(self.people) - len(hit) - len(linked) - len(place)
        return {
            "reached by the change itself": len(hit),
            "through another person (evidence in the ledger)": len(linked),
            "at a team or employer that the change reached, no person found": len(place),
            f"no link in the ledger: {UNEXPLAINED}": rest,
        }

    def path(self, person: int) -> list[Link]:
        """The links from a root to a person, in the order of time."""
        found: list[Link] = []
        while person in self.parent and person not in self.hit:
            found.append(self.parent[person])
            person = found[-1].cause
        return found[::-1]

    def reach(self) -> dict[int, int]:
        """How many people further down each person led to."""
        below = dict.fromkeys(self.people, 0)
        for person in self.people:
            for link in self.path(person):
                below[link.cause] += 1
        return below

    def longest(self, most: int = TOLD) -> list[list[Link]]:
        """The longest chains, one for each root: first those that begin with whom the change itself reached."""
        below = self.reach()
        best: dict[int, list[Link]] = {}
        for person in self.people:
            path = self.path(person)
            if path and len(path) > len(best.get(path[0].cause, [])):
                best[path[0].cause] = path

        def rank(path: list[Link]) -> tuple[bool, int, int, int]:
            root = path[0].cause
            return root not in self.hit, -len(path), -below[root], root

        return sorted(best.values(), key=rank)[:most]

    def words(self, path: list[Link]) -> list[str]:
        """A chain, one line for each person."""
        root = path[0].cause
        lines = [f"researcher {root} {self.phrase[root]} ({self._reached(root)})"]
        return lines + [f"so researcher {link.effect} {link.words}: {self.phrase[link.effect]}" for link in path]


def trace(
    scenario: Scenario, against: Change, change: Change, seed: int, replicate: int, first: Result, second: Result
) -> Chains:
    """The chains of one replicate; runs both worlds once more."""
    people = differences(first, second)
    if len(people["researcher"]) == 0:
        return Chains()
    seen = [watch(scenario, each, seed, replicate, people["researcher"]) for each in (against, change)]
    for witness, result in zip(seen, (first, second), strict=True):
        if witness.digest != result.digest:
            raise RuntimeError("a replicate that was run again came out otherwise; chains cannot be read from it")
    worlds = Worlds((first, second), (seen[0], seen[1]), people, scenario)
    return chained(scenario, worlds, people, hits(scenario, against, change, seed, replicate))


def chained(scenario: Scenario, worlds: Worlds, people: Row, hit: Hits) -> Chains:
    """Links, and the one of each person that is told: the earliest people who took another path are roots.

    A link is followed only from a person whose own difference can be traced to a root; two people who explain nothing
    but each other have no link.
    """
    rows = list(zip(*(people[name].tolist() for name in ("researcher", "kind", "month")), strict=True))
    found = Chains(people={person: (kind, month) for person, kind, month in rows})
    for into, known in ((found.hit, hit.person), (found.at_place, hit.place)):
        into.update({who: known[who][1] for who, _, month in rows if who in known and known[who][0] <= month})
    found.links = worlds.links()
    found.phrase = phrases(scenario, worlds.results, people)
    incoming: dict[int, list[Link]] = {}
    for link in found.links:
        incoming.setdefault(link.effect, []).append(link)
    settled = {person for person in found.people if person in found.hit or person not in incoming}
    waiting = sorted(set(found.people) - settled, key=lambda person: (found.people[person][1], person))
    progress = True
    while progress:
        progress = False
        for person in waiting:
            usable = [link for link in incoming[person] if link.cause in settled]
            if usable:
                found.parent[person] = max(usable, key=lambda link: (link.weight, -link.cause))
                progress = True
        settled |= set(found.parent)
        waiting = [person for person in waiting if person not in settled]
    return found


def departures_in_words(scenario: Scenario, result: Result) -> list[tuple[str, str]]:
    """Date and destination of every departure."""
    left = result.departures
    if not left:
        return []
    found = []
    for month, goal, cause in zip(left["month"].tolist(), left["to_employer"], left["cause"].tolist(), strict=True):
        words = {Cause.LEFT_FIELD: "another field", Cause.LAID_OFF: "no job (laid off)"}
        words |= {Cause.STARTUP_FAILED: "no job (the start-up failed)"}
        place = result.employers[int(goal)] if goal >= 0 else words.get(Cause(cause), "no job")
        found.append((scenario.date_of(month), place))
    return found


def phrases(scenario: Scenario, results: tuple[Result, Result], people: Row) -> dict[int, str]:
    """What became of each person, in words."""
    told = [departures_in_words(scenario, result) for result in results]
    found = {}
    columns = ("researcher", "kind", "employer", "first", "second")
    for person, kind, employer, *rows in zip(*(people[name].tolist() for name in columns), strict=True):
        if kind == OTHER:
            found[person] = "took another post"
            continue
        one, two = ((told[k][row] if row >= 0 else None) for k, row in enumerate(rows))
        home = results[0].employers[employer]
        if two is None and one is not None:
            found[person] = f"stayed at {home} (left for {one[1]} in {one[0]} in the first world)"
        elif one is None and two is not None:
            found[person] = f"left {home} for {two[1]} in {two[0]} (stayed in the first world)"
        elif one is not None and two is not None:
            found[person] = f"left {home} for {two[1]} in {two[0]} (for {one[1]} in {one[0]} in the first world)"
    return found
