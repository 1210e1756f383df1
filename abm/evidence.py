"""Evidence that one person's other path led to another's: one function per kind of link.

A link says: the effect did something in one of the two worlds, and could not have done so in the other as the ledger
has it, because the cause was elsewhere there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from abm.columns import Integers
from abm.differences import OTHER
from abm.ledger import Row
from abm.run import Result
from abm.scenario import Scenario
from abm.tables import OFFER_STATE_NAMES, PATH_NAMES, REACH_NAMES, SOURCE, Cause
from abm.witness import Witness

ACCEPTED: Final = OFFER_STATE_NAMES.index("accepted")
NO_PLACE: Final = OFFER_STATE_NAMES.index("no_place")
REFERRAL: Final = REACH_NAMES.index("referral")
COLLEAGUES: Final = PATH_NAMES.index("colleagues")
LEADER_PATHS: Final = (PATH_NAMES.index("shock"), PATH_NAMES.index("slow build-up"))
FELT: Final = 0.005  # of a breach: less is as good as faded
MOST: Final = 3  # colleagues named for one departure
WEIGHTS: Final = {"founded": 5.0, "start-up": 4.0, "referral": 3.0, "post": 2.0, "leader": 1.5, "colleagues": 1.0}


@dataclass(frozen=True, slots=True)
class Link:
    """Why `effect` differs: because `cause` does.

    Attributes:
        cause, effect: rows of researchers.
        kind: referral, colleagues, leader, post, founded, start-up.
        world: 0 or 1: the world in which the effect did it.
        month: in which it did; `cause_month`: in which the cause's part in it fell (left, took the post, was there).
        team: row of the team that it is about, -1 none.
        weight: which link is told where there are several; surer kinds first.
        words: the link as a half sentence on the effect.
    """

    cause: int
    effect: int
    kind: str
    world: int
    month: int
    cause_month: int
    team: int
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Step:
    """What a person did in one world and not in the other: the departure (row, -1 none), and the team that follows."""

    person: int
    world: int
    month: int
    departure: int
    team: int


class Worlds:
    """Both ledgers of a replicate and what was seen beside them, indexed for questions about single people."""

    def __init__(
        self, results: tuple[Result, Result], seen: tuple[Witness, Witness], people: Row, scenario: Scenario
    ) -> None:
        """Index the offers, departures and start-ups of both worlds."""
        self.results, self.seen, self.people, self.scenario = results, seen, people, scenario
        self.since = dict(zip(people["researcher"].tolist(), people["month"].tolist(), strict=True))
        self.rows: Integers = people["researcher"]
        self.offers: list[dict[tuple[int, int, int], int]] = []
        self.takers: list[dict[tuple[int, int], list[int]]] = []
        self.leavers: list[dict[tuple[int, int], list[int]]] = []
        self.founders: list[dict[int, tuple[int, int]]] = []
        for result in results:
            offers: dict[tuple[int, int, int], int] = {}
            takers: dict[tuple[int, int], list[int]] = {}
            leavers: dict[tuple[int, int], list[int]] = {}
            table = result.offers
            if table:
                columns = (table[name].tolist() for name in ("researcher", "month", "team", "state"))
                for row, (person, month, team, state) in enumerate(zip(*columns, strict=True)):
                    offers[person, month, team] = row
                    if state == ACCEPTED:
                        takers.setdefault((month, team), []).append(person)
            left = result.departures
            if left:
                columns = (left[name].tolist() for name in ("researcher", "from_employer", "month"))
                for person, employer, month in zip(*columns, strict=True):
                    leavers.setdefault((person, employer), []).append(month)
            ventures = result.startups
            founders = {}
            if ventures:
                columns = (ventures[name].tolist() for name in ("employer", "month", "founder"))
                founders = {employer: (month, founder) for employer, month, founder in zip(*columns, strict=True)}
            self.offers.append(offers)
            self.takers.append(takers)
            self.leavers.append(leavers)
            self.founders.append(founders)

    # ---- questions ---------------------------------------------------------------------------------------------

    def steps(self) -> Iterator[Step]:
        """The first thing that each person did in one world and not in the other; both, if in the same month."""
        columns = (self.people[name].tolist() for name in ("researcher", "kind", "month", "first", "second"))
        for person, kind, month, *rows in zip(*columns, strict=True):
            for world, row in enumerate(rows):
                if row < 0:
                    continue
                table = self.results[world].moves if kind == OTHER else self.results[world].departures
                if table["month"][row] == month:
                    yield Step(person, world, month, -1 if kind == OTHER else row, int(table["to_team"][row]))

    def gone(self, world: int, person: int, employer: int, by: int) -> bool:
        """Whether a person had left an employer by a month."""
        return any(month <= by for month in self.leavers[world].get((person, employer), ()))

    def is_earlier(self, cause: int, effect: int, month: int) -> bool:
        """Whether somebody can be a cause: took another path, and not after the effect did."""
        return cause != effect and self.since.get(cause, month + 1) <= month

    def team_name(self, team: int) -> str:
        """Employer and team in words."""
        names = self.results[0]
        offset = len(names.teams) - len(names.employers)
        placed = self.scenario.placed_teams()
        if team < len(placed):
            return f"{names.employers[placed[team].employer]} / {names.teams[team]}"
        return names.employers[team - offset]

    def date(self, month: int) -> str:
        """YYYY-MM."""
        return self.scenario.date_of(month)

    # ---- the links ---------------------------------------------------------------------------------------------

    def links(self) -> list[Link]:
        """Every link that the ledgers give evidence for."""
        found: list[Link] = []
        for step in self.steps():
            found += self._referral(step)
            found += self._post(step)
            found += self._startup(step)
            if step.departure >= 0:
                found += self._founded(step)
                found += self._colleagues(step)
                found += self._leader(step)
        return found

    def _link(
        self, step: Step, cause: int, kind: str, cause_month: int, one: str, two: str, weight: float = 0.0
    ) -> Link:
        """A link; `one` are the words if the effect did it in the first world (and not in the second), `two` if not."""
        words = two if step.world else one
        place = (step.world, step.month, cause_month, step.team)
        return Link(cause, step.person, kind, *place, WEIGHTS[kind] + 0.1 * weight, words)

    def _referral(self, step: Step) -> Iterator[Link]:
        """The offer taken came over somebody who was in that team in this world only."""
        row = self.offers[step.world].get((step.person, step.month, step.team))
        if row is None:
            return
        offers = self.results[step.world].offers
        referrer = int(offers["referrer"][row])
        if offers["reach"][row] != REFERRAL or not self.is_earlier(referrer, step.person, step.month):
            return
        here, there = (self.seen[k].team[step.month, referrer] == step.team for k in (step.world, 1 - step.world))
        if here and not there:
            where, when = self.team_name(step.team), self.date(step.month)
            yield self._link(
                step, referrer, "referral", self.since[referrer],
                f"was not referred to {where} in {when} by {referrer}, who was not there",
                f"was referred to {where} in {when} by {referrer}, who was there now",
            )  # fmt: skip

    def _post(self, step: Step) -> Iterator[Link]:
        """The post taken was held by somebody else in the other world: in the same month, or since before."""
        if step.team < 0 or (step.person, step.month, step.team) not in self.offers[step.world]:
            return
        here, there = step.world, 1 - step.world
        where, when = self.team_name(step.team), self.date(step.month)
        refused = self.offers[there].get((step.person, step.month, step.team))
        holders: list[int] = []
        if refused is not None and self.results[there].offers["state"][refused] == NO_PLACE:
            mine = set(self.takers[here].get((step.month, step.team), ()))
            holders = [person for person in self.takers[there].get((step.month, step.team), ()) if person not in mine]
        elif refused is None:
            opened = [self.seen[k].open_posts[step.month, step.team] for k in (here, there)]
            if opened[0] > 0 and opened[1] == 0:
                seats = [
                    (self.seen[k].team[step.month, self.rows] == step.team)
                    | (self.seen[k].next_team[step.month, self.rows] == step.team)
                    for k in (here, there)
                ]
                holders = self.rows[~seats[0] & seats[1]].tolist()
        for holder in holders:
            if self.is_earlier(holder, step.person, step.month):
                yield self._link(
                    step, holder, "post", self.since[holder],
                    f"found the post at {where} in {when} held by {holder}",
                    f"got the post at {where} in {when} that {holder} held in the first world",
                )  # fmt: skip

    def _startup(self, step: Step) -> Iterator[Link]:
        """The start-up that the person went to is there in this world only."""
        names = self.results[step.world]
        employer = step.team - (len(names.teams) - len(names.employers))
        if step.team < len(self.scenario.placed_teams()) or employer not in self.founders[step.world]:
            return
        month, founder = self.founders[step.world][employer]
        other = self.founders[1 - step.world].get(employer)
        absent = other is None or other[0] > step.month
        if month <= step.month and absent and self.is_earlier(founder, step.person, step.month):
            yield self._link(
                step, founder, "start-up", month,
                f"could not go to the start-up of {founder}, which was not there",
                f"could go to the start-up of {founder}, founded in {self.date(month)}",
            )  # fmt: skip

    def _founded(self, step: Step) -> Iterator[Link]:
        """Asked to come along by a founder who founded in this world only."""
        left = self.results[step.world].departures
        founder = int(left["referrer"][step.departure])
        if left["cause"][step.departure] != Cause.FOUNDED or not self.is_earlier(founder, step.person, step.month):
            return
        other = self.results[1 - step.world].departures
        did = np.zeros(0, dtype=bool)
        if other:
            did = (other["researcher"] == founder) & (other["cause"] == Cause.FOUNDED) & (other["month"] == step.month)
        if not did.any():
            when = self.date(step.month)
            yield self._link(
                step, founder, "founded", step.month,
                f"was not asked to found by {founder} in {when}",
                f"was asked to found by {founder} in {when} and went along",
            )  # fmt: skip

    def _colleagues(self, step: Step) -> Iterator[Link]:
        """Colleagues who left opened the decision, and some of them had left in this world only."""
        left = self.results[step.world].departures
        if left["path"][step.departure] != COLLEAGUES or left["cause"][step.departure] == Cause.FOUNDED:
            return
        home = int(left["from_employer"][step.departure])
        missed = [
            parting
            for parting in self.seen[step.world].partings.get(step.person, ())
            if parting.employer == home
            and parting.month < step.month
            and self.is_earlier(parting.leaver, step.person, step.month)
            and not self.gone(1 - step.world, parting.leaver, home, step.month - 1)
        ]
        for parting in sorted(missed, key=lambda item: -item.share)[:MOST]:
            share = f"{100 * parting.share:.0f} % of the ties"
            yield self._link(
                step, parting.leaver, "colleagues", parting.month,
                f"did not miss {parting.leaver} ({share}), who had not left",
                f"missed {parting.leaver} ({share}), who had left in {self.date(parting.month)}",
                parting.share,
            )  # fmt: skip

    def _leader(self, step: Step) -> Iterator[Link]:
        """The team had lost its leader in this world only, and it was felt when the decision opened."""
        left = self.results[step.world].departures
        felt = float(left["breach"][step.departure][SOURCE["leader_loss"]])
        if left["path"][step.departure] not in LEADER_PATHS or felt <= FELT:
            return
        team, home = int(left["from_team"][step.departure]), int(left["from_employer"][step.departure])
        leaders = self.seen[step.world].leader[: step.month + 1, team]
        for leader in dict.fromkeys(leaders[leaders >= 0].tolist()):
            if not self.is_earlier(leader, step.person, step.month):
                continue
            for month in self.leavers[step.world].get((leader, home), ()):
                led = month <= step.month and self.seen[step.world].leader[month, team] == leader
                if led and not self.gone(1 - step.world, leader, home, step.month):
                    yield self._link(
                        step, leader, "leader", month,
                        f"did not lose {leader}, who led the team",
                        f"had lost {leader}, who led the team, in {self.date(month)}",
                    )  # fmt: skip
