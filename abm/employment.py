"""Hiring and leaving: the only functions that change where a person works. Each change is a row of the ledger."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats, Integers
from abm.kernels import utility
from abm.tables import CHOSEN, DIMENSIONS, SOURCE, VOLUNTARY, Cause, EmployerKind, Path, ProjectState, Status
from abm.world import World

NOT_EMPLOYED = -1  # state of a person = row of the employer, else NOT_EMPLOYED - Status


def states(world: World) -> Integers:
    """(N,) where everybody is: the row of the employer, or -1 - Status for those without a job."""
    status = world.researchers.status.astype(np.int64)
    return np.where(status == Status.EMPLOYED, world.employer_of().astype(np.int64), NOT_EMPLOYED - status)


def _transition(world: World, person: Integers, status: Status, team: Integers | int) -> None:
    """Write status and team, and log the move."""
    people = world.researchers
    before, team_before = states(world)[person], people.team[person].astype(np.int64)
    people.status[person] = status
    people.team[person] = team
    _log_moves(world, person, before, team_before)
    count_members(world)


def _log_moves(world: World, person: Integers, before: Integers, team_before: Integers) -> None:
    """One row per change of state or team."""
    world.ledger.append(
        "moves",
        {
            "month": np.full(len(person), world.month),
            "researcher": np.asarray(person, dtype=np.int64),
            "from_state": before,
            "to_state": states(world)[person],
            "from_team": team_before,
            "to_team": world.researchers.team[person].astype(np.int64),
        },
    )


def count_members(world: World) -> None:
    """Write the head count of every team."""
    team = world.researchers.team
    world.teams.n_members[:] = np.bincount(team[team >= 0], minlength=world.n_teams)


def begin(world: World, person: Integers, team: Integers, pay: Floats, equity_ratio: Floats) -> None:
    """Begin a job. Another employer means a new grant, a clean slate of breach and strain, and a new city."""
    if len(person) == 0:
        return
    people, pitch = world.researchers, world.pitch(person, team)
    months = world.vesting_months(world.teams.employer[team])
    outside = world.employer_of()[person] != world.teams.employer[team]
    newcomer = person[outside]
    _transition(world, person, Status.EMPLOYED, team)
    people.pay[person] = pay
    people.next_team[person] = -1
    people.next_pay[person] = 0.0
    people.next_equity[person] = 0.0
    people.leave_clock[person] = 0
    people.promised[person] = world.compute_per_head()[team] * pitch
    people.autonomy_promised[newcomer] = world.culture_of(team[outside])[:, DIMENSIONS.index("autonomy")]
    people.site[person] = world.teams.site[team]
    people.fit_felt[person] = utility.culture_fit(
        people.ideal[person], people.culture_weight[person], world.culture_of(team)
    )
    people.equity_ratio[newcomer] = equity_ratio[outside]
    people.equity_grant[newcomer] = pay[outside] * equity_ratio[outside] * months[outside] / 12
    people.vesting_clock[newcomer] = 0
    people.tenure[newcomer] = 0
    for stock in (people.strain, people.breach, people.shock, people.leavers, people.changes):
        stock[newcomer] = 0.0
    world.joined = np.concatenate([world.joined, person])


def move_inside(world: World, person: Integers, team: Integers) -> None:
    """Change team inside an employer at the present pay: not a departure."""
    begin(world, person, team, world.researchers.pay[person].copy(), world.researchers.equity_ratio[person].copy())


def depart(
    world: World,
    person: Integers,
    cause: Cause | Integers,
    status: Status | Integers,
    *,
    to_team: Integers | None = None,
    pay_after: Floats | None = None,
    reach: Integers | None = None,
    referrer: Integers | None = None,
    leave_months: Integers | None = None,
    equity_after: Floats | None = None,
    terms_stay: Floats | None = None,
    terms_go: Floats | None = None,
    counter_pay: Floats | None = None,
    event: int = -1,
) -> None:
    """End employments and log them: cause, way, terms of the job left and of the way taken.

    Args:
        person: (R,) people with a job.
        cause: see `Cause`; one for all or one each.
        status: status afterwards; one for all or one each.
        to_team: (R,) team that follows, -1 none.
        pay_after, equity_after: (R,) agreed pay and equity ratio.
        reach, referrer: (R,) how the offer came; -1 none.
        leave_months: (R,) notice or garden leave.
        terms_stay, terms_go: (R, T) utility of staying and of what was chosen, term by term.
        counter_pay: (R,) pay that the employer offered against it; 0 none.
        event: row of the dated event that caused it; -1 none.
    """
    n = len(person)
    if n == 0:
        return
    people = world.researchers
    cause = np.broadcast_to(np.asarray(cause, dtype=np.int64), n)
    to_team = np.full(n, -1) if to_team is None else np.asarray(to_team, dtype=np.int64)
    to_employer = np.where(to_team >= 0, world.teams.employer[to_team], -1)
    bought = np.isin(cause, [Cause.JOB]) & (world.employers.kind[to_employer] == EmployerKind.STARTUP)
    cause = np.where(bought, Cause.STARTUP_JOB, cause)
    pay_after = np.zeros(n) if pay_after is None else pay_after
    zero = np.zeros((n, utility.N_TERMS))
    world.ledger.append(
        "departures",
        {
            "month": np.full(n, world.month),
            "researcher": np.asarray(person, dtype=np.int64),
            "from_team": people.team[person].astype(np.int64),
            "from_employer": world.employer_of()[person].astype(np.int64),
            "to_team": to_team,
            "to_employer": to_employer.astype(np.int64),
            "cause": cause,
            "voluntary": np.isin(cause, VOLUNTARY),
            "path": np.where(np.isin(cause, CHOSEN), people.path[person], Path.NONE).astype(np.int64),
            "reach": np.full(n, -1) if reach is None else np.asarray(reach, dtype=np.int64),
            "referrer": np.full(n, -1) if referrer is None else np.asarray(referrer, dtype=np.int64),
            "tenure": people.tenure[person].astype(np.int64),
            "pay_before": people.pay[person].copy(),
            "pay_after": pay_after,
            "counter_pay": np.zeros(n) if counter_pay is None else counter_pay,
            "event": np.full(n, event),
            "terms_stay": zero if terms_stay is None else terms_stay,
            "terms_go": zero if terms_go is None else terms_go,
            "breach": people.breach[person].copy(),
        },
    )
    led = np.isin(world.teams.leader, person)
    status = np.broadcast_to(np.asarray(status), n)
    for kind in np.unique(status):
        _transition(world, person[status == kind], Status(int(kind)), -1)
    people.next_team[person] = to_team
    people.next_pay[person] = pay_after
    people.next_equity[person] = 0.0 if equity_after is None else equity_after
    people.leave_clock[person] = 0 if leave_months is None else leave_months
    for column in (people.pay, people.equity_ratio, people.equity_grant, people.promised):
        column[person] = 0.0
    people.tenure[person] = 0
    people.vesting_clock[person] = 0
    people.fit_felt[person] = 1.0
    lose_leaders(world, np.flatnonzero(led))


def lose_leaders(world: World, team: Integers) -> None:
    """Teams lose their leader: breach and shock for the members, more in a team far from headquarters (M17)."""
    if len(team) == 0:
        return
    parameters, teams = world.parameters, world.teams
    teams.leader[team] = -1
    teams.vacancy[team] = 0
    hours = world.sites.hours[teams.site[team], world.employers.site[teams.employer[team]]]
    size = np.zeros(world.n_teams)
    size[team] = parameters.leader_loss_breach * (1.0 + parameters.leader_loss_remote * hours / 9.0)
    feel(world, "leader_loss", size)


def feel(world: World, source: str, size_by_team: Floats) -> None:
    """Members of teams feel a breach of a source, and the shock that goes with it. (J,) sizes, 0 for no effect.

    Each change lived through lately lets the next one shock more (M32).
    """
    people = world.researchers
    member = np.flatnonzero(people.team >= 0)
    size = size_by_team[people.team[member]]
    people.breach[member, SOURCE[source]] += size
    people.shock[member] += size * (1.0 + world.parameters.change_fatigue * people.changes[member])
    people.changes[member] += size > 0


def close_teams(world: World, team: Integers, cause: Cause, event: int = -1) -> None:
    """Teams end: whoever is left searches, whoever was to begin there searches as well, the project is cancelled."""
    people = world.researchers
    world.teams.is_open[team] = False
    world.teams.posts[team] = 0.0
    running = world.teams.project[team]
    running = running[running >= 0]
    world.projects.state[running] = ProjectState.CANCELLED
    world.projects.ended[running] = world.month
    world.teams.project[team] = -1
    members = np.flatnonzero((people.team >= 0) & np.isin(people.team, team))
    depart(world, members, cause, Status.SEARCHING, event=event)
    stranded = (people.status == Status.ON_LEAVE) & np.isin(people.next_team, team)
    set_free(world, np.flatnonzero(stranded), Status.SEARCHING)


def acquire(world: World, team: Integers, acquirer: Integers) -> None:
    """Teams change hands with everybody in them: no departure, but a move from one employer to another."""
    people = world.researchers
    member = np.flatnonzero((people.team >= 0) & np.isin(people.team, team))
    before, where = states(world)[member], people.team[member].astype(np.int64)
    world.teams.employer[team] = acquirer
    people.tenure[member] = 0
    _log_moves(world, member, before, where)


def lay_off(world: World, chosen: Integers, felt: Floats, event: int = -1) -> None:
    """People lose their jobs, the posts go with them, and those who stay feel it (M31). `felt`: (J,) breach by team."""
    before = world.teams.n_members.astype(np.float64)
    depart(world, chosen, Cause.LAID_OFF, Status.SEARCHING, event=event)
    lost = np.divide(before - world.teams.n_members, before, out=np.zeros(world.n_teams), where=before > 0)
    world.teams.posts[:] *= 1.0 - lost
    feel(world, "layoff", felt)


def set_free(world: World, person: Integers, status: Status) -> None:
    """People without a job change status (enter the market, fail to found): no departure, but a move."""
    if len(person) == 0:
        return
    people = world.researchers
    _transition(world, person, status, -1)
    people.next_team[person] = -1
    people.next_pay[person] = 0.0
    people.next_equity[person] = 0.0
    people.leave_clock[person] = 0
