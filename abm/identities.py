"""What must hold at the end of every month, whatever happened in it: each identity has an id and a function.

Use: `before = snapshot(world); advance(world); found = violations(world, before)`. Nothing is changed, and nothing of
the phases is asked: stocks are rebuilt from the ledger, sums are taken again from the rows of people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from abm.columns import Bools, Floats
from abm.ledger import Row
from abm.tables import Cause, EmployerKind, Int32, Int64, OfferState, ProjectState, Status
from abm.world import World

JOBLESS = -1  # state of a person = row of the employer, else JOBLESS - Status
MAY_BE_MINUS_INFINITE = ("offers.perceived", "decisions.perceived")  # an option that is not there
MAY_BE_NEGATIVE = (
    *("offers.score", "offers.terms", "offers.value", "offers.perceived", "candidates.score"),
    *("decisions.terms", "decisions.present", "decisions.perceived", "decisions.found_terms"),
    *("researchers.skill", "researchers.outside", "researchers.fit_felt"),
    *("employers.growth", "employers.growth_compute", "teams.culture_offset", "projects.quality"),
    *("base_levers.product_share", "base_levers.utilisation", "base_levers.allocation"),
    *("levers.product_share", "levers.utilisation", "levers.allocation"),
)
SHARES = (
    *("researchers.ideal", "researchers.culture_weight", "employers.culture"),
    *("employers.gpu_ready", "employers.utilisation", "employers.product_share", "employers.counter_offer"),
    *("teams.remote", "teams.promise_share", "teams.promise_kept"),
)
TRANSITIONS = {
    (Status.NOT_ENTERED, Status.SEARCHING),
    (Status.EMPLOYED, Status.EMPLOYED),
    (Status.EMPLOYED, Status.ON_LEAVE),
    (Status.EMPLOYED, Status.SEARCHING),
    (Status.EMPLOYED, Status.FOUNDING),
    (Status.EMPLOYED, Status.LEFT_FIELD),
    (Status.ON_LEAVE, Status.EMPLOYED),
    (Status.ON_LEAVE, Status.SEARCHING),
    (Status.SEARCHING, Status.EMPLOYED),
    (Status.SEARCHING, Status.LEFT_FIELD),
    (Status.FOUNDING, Status.EMPLOYED),
    (Status.FOUNDING, Status.SEARCHING),
}
FATES = {
    Cause.JOB: (Status.ON_LEAVE,),
    Cause.STARTUP_JOB: (Status.ON_LEAVE,),
    Cause.FOUNDED: (Status.FOUNDING,),
    Cause.LEFT_FIELD: (Status.LEFT_FIELD,),
    Cause.LAID_OFF: (Status.SEARCHING,),
    Cause.STARTUP_FAILED: (Status.SEARCHING,),
    Cause.IMPOSED: (Status.ON_LEAVE, Status.LEFT_FIELD),
}
MOVES = ("researcher", "from_state", "to_state", "from_team", "to_team")
DEPARTURES = ("researcher", "from_team", "from_employer", "to_team", "cause")


@dataclass(frozen=True, slots=True)
class Before:
    """What the identities need of the world before the month."""

    month: int
    state: Int64
    team: Int32
    status: NDArray[np.int8]
    employer_open: Bools
    rented: Floats
    owner: Int32
    n_moves: int
    n_departures: int


def _states(world: World) -> Int64:
    people = world.researchers
    employer = np.where(people.team >= 0, world.teams.employer[people.team], JOBLESS - Status.LEFT_FIELD - 1)
    status = people.status.astype(np.int64)
    return np.where(status == Status.EMPLOYED, employer.astype(np.int64), JOBLESS - status)


def snapshot(world: World) -> Before:
    """Copy what the identities compare the end of the month with. Costs a few small copies."""
    return Before(
        month=world.month,
        state=_states(world),
        team=world.researchers.team.copy(),
        status=world.researchers.status.copy(),
        employer_open=world.employers.is_open.copy(),
        rented=world.employers.rented.copy(),
        owner=world.teams.employer.copy(),
        n_moves=len(world.ledger.moves),
        n_departures=len(world.ledger.departures),
    )


def violations(world: World, before: Before) -> list[str]:
    """Every identity that the month has broken, as "id title: what, where"; empty when all hold.

    Args:
        world: after the month, which `month.advance` has counted.
        before: `snapshot` of the same world just before that month.
    """
    month = _Month(world, before)
    return [f"{number} {title}: {text}" for number, title, check in IDENTITIES for text in check(month)]


@dataclass
class _Month:
    """The world after the month, the snapshot before it, and the rows that the month has added to the ledger."""

    world: World
    before: Before

    @staticmethod
    def _rows(parts: list[Row], columns: tuple[str, ...]) -> dict[str, Int64]:
        empty = [np.zeros(0, dtype=np.int64)]
        return {name: np.concatenate([part[name] for part in parts] or empty) for name in columns}

    @cached_property
    def moves(self) -> dict[str, Int64]:
        return self._rows(self.world.ledger.moves[self.before.n_moves :], MOVES)

    @cached_property
    def departures(self) -> dict[str, Int64]:
        return self._rows(self.world.ledger.departures[self.before.n_departures :], DEPARTURES)

    @cached_property
    def state(self) -> Int64:
        return _states(self.world)

    @cached_property
    def employed(self) -> Bools:
        return np.asarray(self.world.researchers.status == Status.EMPLOYED)

    def recorded(self, metric: str) -> Any:
        """What the month has written down under a metric; None if it is no longer a metric."""
        months = self.world.ledger.series.get(metric)
        return months[-1] if months else None

    def stock(self, state: Int64) -> Int64:
        """Head counts by state, the states without a job first."""
        return np.bincount(state + self.offset, minlength=self.world.n_employers + self.offset).astype(np.int64)

    offset = len(Status) + 1  # the lowest state there is, "employed nowhere", counts at 0


def _where(wrong: NDArray[Any], text: str, kind: str = "rows") -> Iterator[str]:
    """One message with the first rows of a mask (or of row numbers), none when there are none."""
    rows = np.flatnonzero(wrong) if wrong.dtype == bool else wrong
    if len(rows):
        more = ", ..." if len(rows) > 5 else ""
        yield f"{text} ({len(rows)} {kind}: {', '.join(str(row) for row in rows[:5].tolist())}{more})"


def _same(recorded: Any, counted: Any, name: str) -> Iterator[str]:
    if recorded is not None and not np.array_equal(recorded, counted):
        rows = np.flatnonzero(np.atleast_1d(np.asarray(recorded) != np.asarray(counted)))
        yield f"metric {name} is not what is counted again from the rows (first at {rows[:5].tolist()})"


# ---- people ------------------------------------------------------------------------------------------------------


def _partition(month: _Month) -> Iterator[str]:
    """Everyone in exactly one state: employed at an open team, on the way to one, or without."""
    people, teams, employers = month.world.researchers, month.world.teams, month.world.employers
    status, team, goal = people.status, people.team, people.next_team
    yield from _where((status < Status.NOT_ENTERED) | (status > Status.LEFT_FIELD), "no such status")
    yield from _where(month.employed != (team >= 0), "employed without a team, or a team without being employed")
    yield from _where((team >= 0) & ~teams.is_open[team], "employed in a team that is closed")
    yield from _where((team >= 0) & ~employers.is_open[teams.employer[team]], "employed at an employer that is closed")
    leave, founding = status == Status.ON_LEAVE, status == Status.FOUNDING
    yield from _where(
        (leave | founding) != (goal >= 0), "on the way without a goal, or a goal without being on the way"
    )
    yield from _where(leave & (goal >= 0) & ~teams.is_open[goal], "on leave towards a team that is closed")
    own = employers.kind[teams.employer[goal]] == EmployerKind.STARTUP
    yield from _where(founding & (goal >= 0) & (~own | teams.is_open[goal]), "founding what is no start-up to be")
    entered = (people.entry_month < 0) | (people.entry_month <= month.before.month)
    yield from _where(
        (status == Status.NOT_ENTERED) == entered, "in the market before the entry month, or not after it"
    )


def _head_counts(month: _Month) -> Iterator[str]:
    """The counter of a team, the people who say that they are in it, and the recorded head counts are the same."""
    world, team = month.world, month.world.researchers.team
    counted = np.bincount(team[team >= 0], minlength=world.n_teams)
    yield from _where(counted != world.teams.n_members, "n_members is not the number of members", "teams")
    by_employer = month.stock(month.state)[month.offset :]
    yield from _same(month.recorded("headcount"), by_employer, "headcount")
    yield from _same(month.recorded("team_size"), counted, "team_size")
    kinds = np.bincount(world.researchers.status, minlength=len(Status))
    names = {"n_employed": Status.EMPLOYED, "n_on_leave": Status.ON_LEAVE, "n_searching": Status.SEARCHING}
    for name, status in {**names, "n_founding": Status.FOUNDING, "n_left_field": Status.LEFT_FIELD}.items():
        yield from _same(month.recorded(name), kinds[status], name)
    if kinds[Status.EMPLOYED] != by_employer.sum():
        yield f"{kinds[Status.EMPLOYED]} people are employed, employers have {by_employer.sum()}"


def _status_of(state: Int64) -> Int64:
    return np.where(state >= 0, int(Status.EMPLOYED), JOBLESS - state)


def _transitions(month: _Month) -> Iterator[str]:
    """Only the ways between states that the model knows; between employers only with a team that is bought."""
    moves, employers = month.moves, month.world.employers
    allowed = np.zeros((len(Status) + 1, len(Status) + 1), dtype=bool)
    allowed[tuple(np.array(sorted(TRANSITIONS)).T)] = True
    start, end = _status_of(moves["from_state"]), _status_of(moves["to_state"])
    yield from _where(moves["researcher"][~allowed[start, end]], "a way that there is not", "people")
    crossing = (moves["from_state"] >= 0) & (moves["to_state"] >= 0) & (moves["from_state"] != moves["to_state"])
    closed = employers.closed_month[moves["from_state"]] == month.before.month
    bought = closed & (moves["from_team"] == moves["to_team"])
    yield from _where(moves["researcher"][crossing & ~bought], "from employer to employer without leaving", "people")


def _event_sourcing(month: _Month) -> Iterator[str]:
    """The states before, with the moves of the month applied in order, are the states after; teams as well."""
    moves, world, before = month.moves, month.world, month.before
    order = np.argsort(moves["researcher"], kind="stable")
    person = moves["researcher"][order]
    first = np.ones(len(person), dtype=bool)
    first[1:] = person[1:] != person[:-1]
    last = np.roll(first, -1)
    sides = (("state", before.state, month.state), ("team", before.team, world.researchers.team))
    for name, old, new in sides:
        start, end = moves[f"from_{name}"][order], moves[f"to_{name}"][order]
        was = np.where(first, old[person], np.roll(end, 1))
        yield from _where(
            person[start != was], f"a move does not begin in the {name} in which the person was", "people"
        )
        expected = old.astype(np.int64)
        expected[person[last]] = end[last]
        yield from _where(expected != new, f"the {name} has changed without a move in the ledger, or otherwise")


def _flows(month: _Month) -> Iterator[str]:
    """Stock before + flows in - flows out = stock after, state by state; off the diagonal leave the departures."""
    moves, world = month.moves, month.world
    into, out = month.stock(moves["to_state"]), month.stock(moves["from_state"])
    after = month.stock(month.state)
    after[month.offset :] = np.bincount(world.teams.employer, world.teams.n_members, minlength=world.n_employers)
    wrong = np.flatnonzero(month.stock(month.before.state) + into - out != after) - month.offset
    yield from _where(wrong, "stock before + in - out is not the stock after", "states")
    left = (moves["from_state"] >= 0) & (moves["to_state"] < 0)
    departed = np.bincount(moves["from_state"][left], minlength=world.n_employers)
    yield from _same(month.recorded("departures"), departed, "departures")
    yield from _same(month.recorded("new_departures"), departed.sum(), "new_departures")
    exits = np.bincount(moves["from_team"][left], minlength=world.n_teams)
    yield from _same(month.recorded("team_exits"), exits, "team_exits")


def _departures(month: _Month) -> Iterator[str]:
    """Each departure is one move out of an employer, in the same order, and has one cause that fits where it leads."""
    moves, rows = month.moves, month.departures
    left = np.flatnonzero((moves["from_state"] >= 0) & (moves["to_state"] < 0))
    left = left[np.argsort(moves["researcher"][left], kind="stable")]
    order = np.argsort(rows["researcher"], kind="stable")
    if not np.array_equal(moves["researcher"][left], rows["researcher"][order]):
        people, n = np.unique(np.r_[moves["researcher"][left], -1 - rows["researcher"][order]], return_counts=True)
        out, gone = people >= 0, people < 0
        matched = dict(zip(people[out].tolist(), n[out].tolist(), strict=True))
        logged = dict(zip((-1 - people[gone]).tolist(), n[gone].tolist(), strict=True))
        odd = [person for person in matched.keys() | logged.keys() if matched.get(person) != logged.get(person)]
        yield from _where(np.array(sorted(odd)), "departures and moves out of an employer do not pair off", "people")
        return
    person = rows["researcher"][order]
    same = moves["from_state"][left] == rows["from_employer"][order]
    same &= moves["from_team"][left] == rows["from_team"][order]
    yield from _where(person[~same], "a departure names another employer or team than the move", "people")
    cause, fate = rows["cause"][order], JOBLESS - moves["to_state"][left]
    fits = np.zeros((len(Cause) + 1, len(Status)), dtype=bool)
    for known, ends in FATES.items():
        fits[known, list(ends)] = True
    known_cause = np.where((cause >= 0) & (cause < len(Cause)), cause, len(Cause))
    yield from _where(person[~fits[known_cause, fate]], "a cause that does not fit where the departure led", "people")


def _clocks(month: _Month) -> Iterator[str]:
    """Clocks run only where there is something to wait for; tenure and vesting only in a job."""
    people, waits = month.world.researchers, month.world.researchers.next_team >= 0
    yield from _where((people.tenure < 0) | (people.vesting_clock < 0), "negative tenure or vesting clock")
    yield from _where(~month.employed & ((people.tenure > 0) | (people.vesting_clock > 0)), "tenure without a job")
    yield from _where((people.leave_clock < 0) | (waits != (people.leave_clock > 0)), "the clock does not fit the wait")


def _leaders(month: _Month) -> Iterator[str]:
    """A leader is a member of the team; nobody leads two."""
    team, leader = month.world.researchers.team, month.world.teams.leader
    led = np.flatnonzero(leader >= 0)
    yield from _where(led[team[leader[led]] != led], "led by somebody who is not a member", "teams")


# ---- money, compute, offers --------------------------------------------------------------------------------------


def _pay(month: _Month) -> Iterator[str]:
    """Pay exactly for those with a job, agreed pay exactly for those on the way to one."""
    people = month.world.researchers
    yield from _where(month.employed != (people.pay > 0), "pay without a job, or a job without pay")
    yield from _where(~month.employed & (people.equity_grant + people.equity_ratio > 0), "equity without a job")
    yield from _where((people.next_team >= 0) != (people.next_pay > 0), "agreed pay does not fit the agreed job")


def _compute(month: _Month) -> Iterator[str]:
    """Delivered + idle = pool at every employer that still is; the pool is no more than what works and is not diverted.

    Teams count with the owner that they had when compute was split; an employer that ended hands its pool back.
    """
    world, before, employers = month.world, month.before, month.world.employers
    given = np.bincount(before.owner, world.teams.compute, minlength=world.n_employers)
    still = employers.is_open == before.employer_open
    gap = np.abs(given + employers.idle - employers.pool)
    yield from _where(still & ~(gap <= 1e-9 * employers.pool), "delivered + idle is not the pool", "employers")
    working = np.clip(employers.utilisation + world.levers["utilisation"], 0.0, 1.0)
    diverted = np.clip(employers.product_share + world.levers["product_share"], 0.0, 1.0)
    most = (employers.owned * (1.0 - diverted) + before.rented) * working
    yield from _where(~(employers.pool <= most * (1.0 + 1e-12)), "a pool beyond what works", "employers")
    staffed = np.bincount(before.team[before.team >= 0], minlength=world.n_teams) + world.teams.n_members > 0
    yield from _where((world.teams.compute > 0) & ~staffed & ~_joined(month), "compute for nobody", "teams")
    yield from _same(month.recorded("pool"), employers.pool, "pool")


def _joined(month: _Month) -> Bools:
    """(J,) teams that somebody entered this month, perhaps for a day."""
    found = np.zeros(month.world.n_teams, dtype=bool)
    found[month.moves["to_team"][month.moves["to_team"] >= 0]] = True
    return found


def _outcomes(month: _Month) -> Iterator[str]:
    """Offers made = accepted + declined + countered + no place; one accepted each at most; no more than open posts."""
    world, offers = month.world, month.world.offers
    if offers is None:
        return
    n = np.bincount(offers.state, minlength=len(OfferState))
    yield from _where(offers.state == OfferState.MADE, "offers without an outcome", "offers")
    names = {"accepted": 1, "declined": 2, "countered": 3, "no_place": 4}
    recorded = [month.recorded(f"new_offers_{name}") for name in names]
    made = month.recorded("new_offers")
    if made is not None and made != sum(recorded):
        yield f"{made} offers made, but accepted, declined, countered, no place are {recorded}"
    for name, state in names.items():
        yield from _same(month.recorded(f"new_offers_{name}"), n[state], f"new_offers_{name}")
    pair = offers.researcher.astype(np.int64) * world.n_teams + offers.team
    yield from _where(np.r_[False, np.diff(pair) <= 0], "offers not sorted, or the same one twice", "offers")
    yield from _where(~((offers.pay > 0) & (offers.pay <= offers.ceiling * (1 + 1e-12))), "pay beyond reach", "offers")
    accepted = offers.state == OfferState.ACCEPTED
    twice = np.bincount(offers.researcher[accepted], minlength=world.n_researchers) > 1
    yield from _where(twice, "more than one offer accepted", "people")
    filled = np.bincount(offers.team[accepted], minlength=world.n_teams)
    yield from _where(filled > world.teams.open_posts, "more offers accepted than posts open", "teams")


def _accepted(month: _Month) -> Iterator[str]:
    """Who accepted an offer has moved: began in the team, or left for it; nobody else left for a job."""
    world, offers, rows, moves = month.world, month.world.offers, month.departures, month.moves
    if offers is None:
        return
    n = world.n_teams
    accepted = offers.state == OfferState.ACCEPTED
    agreed = offers.researcher[accepted].astype(np.int64) * n + offers.team[accepted]
    for_job = np.isin(rows["cause"], (Cause.JOB, Cause.STARTUP_JOB))
    left_for = rows["researcher"][for_job] * n + rows["to_team"][for_job]
    began = (moves["researcher"] * n + moves["to_team"])[moves["to_team"] >= 0]
    yield from _where(agreed[~np.isin(agreed, np.r_[left_for, began])] // n, "accepted and did not move", "people")
    yield from _where(left_for[~np.isin(left_for, agreed)] // n, "left for a job that was not accepted", "people")


def _countered(month: _Month) -> Iterator[str]:
    """Who took a counter-offer kept the job and got exactly the raise, before anything else could happen."""
    world, offers = month.world, month.world.offers
    if offers is None:
        return
    countered = offers.state == OfferState.COUNTERED
    person, raised = offers.researcher[countered], offers.counter_pay[countered]
    yield from _where(offers.counter_pay[~countered] > 0, "an answer on an offer that was not countered", "offers")
    yield from _where(np.bincount(person, minlength=1) > 1, "two raises for one person", "people")
    now, was = world.researchers.pay[person], raised.copy()
    for part in world.ledger.departures[month.before.n_departures :]:  # the few who then followed a founder
        rows = np.flatnonzero(np.isin(part["researcher"], person))
        later = rows[np.isin(part["cause"][rows], (Cause.FOUNDED, Cause.STARTUP_FAILED))]
        which = np.searchsorted(person, part["researcher"][later])
        now[which] = part["pay_before"][later]
    yield from _where(person[now != was], "countered, but without the job or exactly the raise", "people")


def _startups(month: _Month) -> Iterator[str]:
    """A start-up is open from its founding to its end, and keeps nothing after it; labs stay."""
    employers, now = month.world.employers, month.before.month
    startup = employers.kind == EmployerKind.STARTUP
    founded = (employers.founded_month >= 0) & (employers.founded_month <= now)
    ended = employers.closed_month >= 0
    yield from _where(startup & (employers.is_open != (founded & ~ended)), "open outside its life", "employers")
    yield from _where(~startup & ~employers.is_open, "a laboratory that is closed", "employers")
    yield from _where(
        ended & (~founded | (employers.closed_month < employers.founded_month)), "ended early", "employers"
    )
    has = (employers.cash > 0) | (employers.rented > 0)
    yield from _where(startup & ~employers.is_open & has, "cash or compute of no company", "employers")
    yield from _where((employers.cash > 0) & ~startup, "cash is not kept for laboratories", "employers")
    alive = int((startup & founded & ~ended).sum())
    yield from _same(month.recorded("n_startups"), alive, "n_startups")


def _projects(month: _Month) -> Iterator[str]:
    """Every running project is the project of its team, which is open, and the other way round."""
    teams, projects = month.world.teams, month.world.projects
    busy = np.flatnonzero(teams.project >= 0)
    running = np.flatnonzero(projects.state == ProjectState.RUNNING)
    yield from _where(busy[projects.team[teams.project[busy]] != busy], "the project belongs to another team", "teams")
    yield from _where(busy[projects.state[teams.project[busy]] != ProjectState.RUNNING], "does not run", "teams")
    yield from _where(running[teams.project[projects.team[running]] != running], "runs without its team", "projects")
    yield from _where(busy[~teams.is_open[busy]], "a project in a closed team", "teams")
    ended = np.isin(projects.state, (ProjectState.RELEASED, ProjectState.CANCELLED, ProjectState.MERGED))
    yield from _where(ended != (projects.ended >= 0), "ended without a month, or a month without an end", "projects")


# ---- numbers and graph -------------------------------------------------------------------------------------------


def _floats(month: _Month) -> Iterator[tuple[str, Floats]]:
    for name, array in month.world.arrays():
        if array.dtype.kind == "f" and array.size:
            yield name, array
    ledger, before = month.world.ledger, month.before
    added = {"departures": ledger.departures[before.n_departures :], "offers": ledger.offers[-1:]}
    for table, parts in added.items():
        for part in parts:
            for name, array in part.items():
                if array.dtype.kind == "f":
                    yield f"ledger.{table}.{name}", array
    for name, months in ledger.series.items():
        yield f"series.{name}", np.atleast_1d(np.asarray(months[-1], dtype=np.float64))


def _finite(month: _Month) -> Iterator[str]:
    """No NaN and no infinity anywhere, but the -inf of an option that is not there."""
    with np.errstate(invalid="ignore", over="ignore"):
        for name, array in _floats(month):
            if name.removeprefix("ledger.") in MAY_BE_MINUS_INFINITE:
                wrong = ~(array < np.inf)
            elif np.isfinite(array.sum()):  # faster than a mask; whatever is not finite carries through a sum
                continue
            else:
                wrong = ~np.isfinite(array)
            yield from _where(wrong.reshape(len(array), -1).any(axis=1), f"{name} is not finite")


def _non_negative(month: _Month) -> Iterator[str]:
    """Money and stocks are never below zero, shares never above one."""
    for name, array in month.world.arrays():
        if array.dtype.kind != "f" or not array.size:
            continue
        if name not in MAY_BE_NEGATIVE and array.min() < 0:
            yield from _where((array < 0).reshape(len(array), -1).any(axis=1), f"{name} is negative")
        if name in SHARES and array.max() > 1.0 + 1e-12:
            yield from _where((array > 1.0 + 1e-12).reshape(len(array), -1).any(axis=1), f"{name} is above one")


def _ties(month: _Month) -> Iterator[str]:
    """The graph is one of pairs: symmetric in strength, kind and age, without loops, each row sorted."""
    ties, n = month.world.ties, month.world.n_researchers
    size = len(ties.neighbour)
    lengths = {len(array) for name, array in ties.arrays() if name != "start"}
    sound = len(ties.start) == n + 1 and ties.start[0] == 0 and ties.start[-1] == size and lengths == {size}
    if not sound or (np.diff(ties.start) < 0).any() or (ties.neighbour < 0).any() or (ties.neighbour >= n).any():
        yield "the pointers and the entries do not fit together"
        return
    owner = ties.owner
    yield from _where(owner[owner == ties.neighbour], "tied to oneself", "people")
    unsorted = (np.diff(ties.neighbour) <= 0) & (owner[1:] == owner[:-1])
    yield from _where(owner[1:][unsorted], "neighbours not sorted, or the same one twice", "people")
    yield from _where(~((ties.strength > 0) & (ties.strength <= 1)), "a strength outside (0, 1]", "entries")
    yield from _where(ties.age < 0, "a negative age", "entries")
    if unsorted.any():
        return
    across = sparse.csr_array((np.arange(size), ties.neighbour, ties.start), shape=(n, n)).tocsc()
    if not np.array_equal(across.indptr, ties.start) or not np.array_equal(across.indices, ties.neighbour):
        both = np.sort(owner.astype(np.int64) * n + ties.neighbour)
        back = np.sort(ties.neighbour.astype(np.int64) * n + owner)
        yield from _where(np.setdiff1d(both, back) // n, "a tie that the other side does not have", "people")
        return
    for name in ("strength", "kind", "age"):
        values = getattr(ties, name)
        yield from _where(owner[values[across.data] != values], f"the two sides differ in {name}", "people")


IDENTITIES: tuple[tuple[str, str, Callable[[_Month], Iterator[str]]], ...] = (
    ("I01", "partition", _partition),
    ("I02", "head counts", _head_counts),
    ("I03", "transitions", _transitions),
    ("I04", "event sourcing", _event_sourcing),
    ("I05", "flows", _flows),
    ("I06", "departures", _departures),
    ("I07", "compute", _compute),
    ("I08", "outcomes of offers", _outcomes),
    ("I09", "accepted offers", _accepted),
    ("I10", "counter-offers", _countered),
    ("I11", "finite", _finite),
    ("I12", "non-negative", _non_negative),
    ("I13", "pay", _pay),
    ("I14", "ties", _ties),
    ("I15", "clocks", _clocks),
    ("I16", "start-ups", _startups),
    ("I17", "leaders", _leaders),
    ("I18", "projects", _projects),
)
