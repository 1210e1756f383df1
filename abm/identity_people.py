"""Identities of people: everyone is in one place, and every change of place is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from abm.identity_month import JOBLESS, Month, agree, where
from abm.tables import Cause, EmployerKind, Int64, Status

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


def partition(month: Month) -> Iterator[str]:
    """Everyone in exactly one state: employed at an open team, on the way to one, or without."""
    people, teams, employers = month.world.researchers, month.world.teams, month.world.employers
    status, team, goal = people.status, people.team, people.next_team
    yield from where((status < Status.NOT_ENTERED) | (status > Status.LEFT_FIELD), "no such status")
    yield from where(month.employed != (team >= 0), "employed without a team, or a team without being employed")
    yield from where((team >= 0) & ~teams.is_open[team], "employed in a team that is closed")
    yield from where((team >= 0) & ~employers.is_open[teams.employer[team]], "employed at an employer that is closed")
    leave, founding = status == Status.ON_LEAVE, status == Status.FOUNDING
    yield from where((leave | founding) != (goal >= 0), "on the way without a goal, or a goal without being on the way")
    yield from where(leave & (goal >= 0) & ~teams.is_open[goal], "on leave towards a team that is closed")
    own = employers.kind[teams.employer[goal]] == EmployerKind.STARTUP
    yield from where(founding & (goal >= 0) & (~own | teams.is_open[goal]), "founding what is no start-up to be")
    entered = (people.entry_month < 0) | (people.entry_month <= month.before.month)
    yield from where((status == Status.NOT_ENTERED) == entered, "in the market before the entry month, or not after it")


def head_counts(month: Month) -> Iterator[str]:
    """The counter of a team, the people who say that they are in it, and the recorded head counts are the same."""
    world, team = month.world, month.world.researchers.team
    counted = np.bincount(team[team >= 0], minlength=world.n_teams)
    yield from where(counted != world.teams.n_members, "n_members is not the number of members", "teams")
    by_employer = month.stock(month.state)[month.offset :]
    yield from agree(month.recorded("headcount"), by_employer, "headcount")
    yield from agree(month.recorded("team_size"), counted, "team_size")
    kinds = np.bincount(world.researchers.status, minlength=len(Status))
    names = {"n_employed": Status.EMPLOYED, "n_on_leave": Status.ON_LEAVE, "n_searching": Status.SEARCHING}
    for name, status in {**names, "n_founding": Status.FOUNDING, "n_left_field": Status.LEFT_FIELD}.items():
        yield from agree(month.recorded(name), kinds[status], name)
    if kinds[Status.EMPLOYED] != by_employer.sum():
        yield f"{kinds[Status.EMPLOYED]} people are employed, employers have {by_employer.sum()}"


def _status_of(state: Int64) -> Int64:
    return np.where(state >= 0, int(Status.EMPLOYED), JOBLESS - state)


def transitions(month: Month) -> Iterator[str]:
    """Only the ways between states that the model knows; between employers only with a team that is bought."""
    moves, employers = month.moves, month.world.employers
    allowed = np.zeros((len(Status) + 1, len(Status) + 1), dtype=bool)
    allowed[tuple(np.array(sorted(TRANSITIONS)).T)] = True
    start, end = _status_of(moves["from_state"]), _status_of(moves["to_state"])
    yield from where(moves["researcher"][~allowed[start, end]], "a way that there is not", "people")
    crossing = (moves["from_state"] >= 0) & (moves["to_state"] >= 0) & (moves["from_state"] != moves["to_state"])
    closed = employers.closed_month[moves["from_state"]] == month.before.month
    bought = closed & (moves["from_team"] == moves["to_team"])
    yield from where(moves["researcher"][crossing & ~bought], "from employer to employer without leaving", "people")


def event_sourcing(month: Month) -> Iterator[str]:
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
        yield from where(person[start != was], f"a move does not begin in the {name} in which the person was", "people")
        expected = old.astype(np.int64)
        expected[person[last]] = end[last]
        yield from where(expected != new, f"the {name} has changed without a move in the ledger, or otherwise")


def flows(month: Month) -> Iterator[str]:
    """Stock before + flows in - flows out = stock after, state by state; off the diagonal leave the departures."""
    moves, world = month.moves, month.world
    into, out = month.stock(moves["to_state"]), month.stock(moves["from_state"])
    after = month.stock(month.state)
    after[month.offset :] = np.bincount(world.teams.employer, world.teams.n_members, minlength=world.n_employers)
    wrong = np.flatnonzero(month.stock(month.before.state) + into - out != after) - month.offset
    yield from where(wrong, "stock before + in - out is not the stock after", "states")
    left = (moves["from_state"] >= 0) & (moves["to_state"] < 0)
    departed = np.bincount(moves["from_state"][left], minlength=world.n_employers)
    yield from agree(month.recorded("departures"), departed, "departures")
    yield from agree(month.recorded("new_departures"), departed.sum(), "new_departures")
    exits = np.bincount(moves["from_team"][left], minlength=world.n_teams)
    yield from agree(month.recorded("team_exits"), exits, "team_exits")


def departures(month: Month) -> Iterator[str]:
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
        yield from where(np.array(sorted(odd)), "departures and moves out of an employer do not pair off", "people")
        return
    person = rows["researcher"][order]
    same = moves["from_state"][left] == rows["from_employer"][order]
    same &= moves["from_team"][left] == rows["from_team"][order]
    yield from where(person[~same], "a departure names another employer or team than the move", "people")
    cause, fate = rows["cause"][order], JOBLESS - moves["to_state"][left]
    fits = np.zeros((len(Cause) + 1, len(Status)), dtype=bool)
    for known, ends in FATES.items():
        fits[known, list(ends)] = True
    known_cause = np.where((cause >= 0) & (cause < len(Cause)), cause, len(Cause))
    yield from where(person[~fits[known_cause, fate]], "a cause that does not fit where the departure led", "people")


def clocks(month: Month) -> Iterator[str]:
    """Clocks run only where there is something to wait for; tenure and vesting only in a job."""
    people, waits = month.world.researchers, month.world.researchers.next_team >= 0
    yield from where((people.tenure < 0) | (people.vesting_clock < 0), "negative tenure or vesting clock")
    yield from where(~month.employed & ((people.tenure > 0) | (people.vesting_clock > 0)), "tenure without a job")
    yield from where((people.leave_clock < 0) | (waits != (people.leave_clock > 0)), "the clock does not fit the wait")


def leaders(month: Month) -> Iterator[str]:
    """A leader is a member of the team; nobody leads two."""
    team, leader = month.world.researchers.team, month.world.teams.leader
    led = np.flatnonzero(leader >= 0)
    yield from where(led[team[leader[led]] != led], "led by somebody who is not a member", "teams")
