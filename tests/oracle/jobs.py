"""Hiring and leaving: the only functions that change where a person works. Each change is a row of the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from abm.tables import CHOSEN, VOLUNTARY, Cause, EmployerKind, Path, ProjectState, Reach, Status
from tests.oracle import utility
from tests.oracle.world import Employer, OracleWorld, Person, Team, Terms

NOTHING: Terms = dict.fromkeys(utility.TERMS, 0.0)


@dataclass(eq=False)
class Hire:
    """A job that begins."""

    person: Person
    team: Team
    pay: float
    equity_ratio: float


@dataclass(eq=False)
class Leaver:
    """A job that ends, and what was agreed about the next."""

    person: Person
    to_team: Team | None = None
    pay_after: float = 0.0
    equity_after: float = 0.0
    reach: Reach | None = None
    referrer: Person | None = None
    leave_months: int = 0
    terms_stay: Terms | None = None
    terms_go: Terms | None = None
    counter_pay: float = 0.0


def row(thing: Person | Employer | Team | None) -> int:
    """As the tables have it: -1 for nothing."""
    return thing.row if thing else -1


def state(person: Person) -> int:
    """The row of the employer, or -1 - status for who has none."""
    return row(person.employer) if person.status == Status.EMPLOYED else -1 - person.status


def place(world: OracleWorld, person: Person, status: Status, team: Team | None) -> None:
    """Change where a person is, and log it."""
    before, team_before = state(person), person.team
    person.status, person.team = status, team
    log_move(world, person, before, team_before)


def log_move(world: OracleWorld, person: Person, before: int, team_before: Team | None) -> None:
    """One row for every change of state or team."""
    world.log["moves"].append(
        {
            "month": world.month,
            "researcher": person.row,
            "from_state": before,
            "to_state": state(person),
            "from_team": row(team_before),
            "to_team": row(person.team),
        }
    )


def begin(world: OracleWorld, hires: Sequence[Hire]) -> None:
    """Jobs begin on the same day: everybody is there before anybody looks at the compute per head."""
    newcomers = {hire for hire in hires if hire.person.employer is not hire.team.employer}
    usual = world.parameters.pitch
    pitch = {hire: usual + world.lever("pitch", hire.team.employer) if hire in newcomers else 0.0 for hire in hires}
    for hire in hires:
        place(world, hire.person, Status.EMPLOYED, hire.team)
    for hire in hires:
        person, team = hire.person, hire.team
        person.pay = hire.pay
        person.next_team, person.next_pay, person.next_equity, person.leave_clock = None, 0.0, 0.0, 0
        person.promised = world.compute_per_head(team) * (1 + pitch[hire])
        person.site = team.site
        person.fit_felt = world.fit(person, team)
        if hire in newcomers:  # a new grant, a new contract and a clean slate
            person.autonomy_promised = world.autonomy(team)
            person.equity_ratio = hire.equity_ratio
            person.equity_grant = hire.pay * hire.equity_ratio * world.vesting_months(team.employer) / 12
            person.vesting_clock = person.tenure = 0
            person.strain = person.shock = person.leavers = person.changes = 0.0
            person.breach = dict.fromkeys(person.breach, 0.0)
        world.joined.append(person)


def move_inside(world: OracleWorld, people: Iterable[Person], team: Team) -> None:
    """Change team at the present pay."""
    begin(world, [Hire(person, team, person.pay, person.equity_ratio) for person in people])


def depart(
    world: OracleWorld, leavers: Sequence[Leaver], cause: Cause, status: Status, event: int | None = None
) -> None:
    """Employments end on the same day; then the teams that have lost their leader feel it."""
    for leaver in leavers:
        person, goal = leaver.person, leaver.to_team
        joins_startup = cause == Cause.JOB and goal is not None and goal.employer.kind == EmployerKind.STARTUP
        why = Cause.STARTUP_JOB if joins_startup else cause
        world.log["departures"].append(
            {
                "month": world.month,
                "researcher": person.row,
                "from_team": row(person.team),
                "from_employer": row(person.employer),
                "to_team": row(goal),
                "to_employer": row(goal.employer if goal else None),
                "cause": int(why),
                "voluntary": why in VOLUNTARY,
                "path": int(person.path if why in CHOSEN else Path.NONE),
                "reach": -1 if leaver.reach is None else int(leaver.reach),
                "referrer": row(leaver.referrer),
                "tenure": person.tenure,
                "pay_before": person.pay,
                "pay_after": leaver.pay_after,
                "counter_pay": leaver.counter_pay,
                "event": -1 if event is None else event,
                "terms_stay": list((leaver.terms_stay or NOTHING).values()),
                "terms_go": list((leaver.terms_go or NOTHING).values()),
                "breach": list(person.breach.values()),
            }
        )
    for leaver in leavers:
        person = leaver.person
        place(world, person, status, None)
        person.next_team, person.next_pay = leaver.to_team, leaver.pay_after
        person.next_equity, person.leave_clock = leaver.equity_after, leaver.leave_months
        person.pay = person.equity_ratio = person.equity_grant = person.promised = 0.0
        person.tenure = person.vesting_clock = 0
        person.fit_felt = 1.0
    gone = {leaver.person for leaver in leavers}
    lose_leaders(world, [team for team in world.teams if team.leader in gone])


def lose_leaders(world: OracleWorld, teams: Sequence[Team]) -> None:
    """Breach and shock for the members, more in a team far from headquarters."""
    parameters = world.parameters
    size = {}
    for team in teams:
        team.leader, team.vacancy = None, 0
        far = parameters.leader_loss_remote * world.hours_to_headquarters(team) / 9
        size[team] = parameters.leader_loss_breach * (1 + far)
    feel(world, "leader_loss", size)


def feel(world: OracleWorld, source: str, size: Mapping[Team, float]) -> None:
    """Members of some teams feel a breach and a shock, which is the harder the more changes they have lived through."""
    for person in world.staff():
        felt = size.get(person.team, 0.0) if person.team else 0.0
        person.breach[source] += felt
        person.shock += felt * (1 + world.parameters.change_fatigue * person.changes)
        if felt > 0:
            person.changes += 1


def lay_off(world: OracleWorld, chosen: Sequence[Person], felt: Mapping[Team, float], event: int | None = None) -> None:
    """People lose their jobs, their posts go with them, and those who stay feel it."""
    before = {team: len(world.members(team)) for team in world.teams}
    depart(world, [Leaver(person) for person in chosen], Cause.LAID_OFF, Status.SEARCHING, event)
    for team, size in before.items():
        if size:
            team.posts *= len(world.members(team)) / size
    feel(world, "layoff", felt)


def set_free(world: OracleWorld, people: Sequence[Person], status: Status) -> None:
    """People without a job change status: no departure, but a move."""
    for person in people:
        place(world, person, status, None)
        person.next_team, person.next_pay, person.next_equity, person.leave_clock = None, 0.0, 0.0, 0


def close_teams(world: OracleWorld, teams: Sequence[Team]) -> None:
    """Start-ups fail: the project is cancelled, who works there searches, and who was to begin there as well."""
    for team in teams:
        team.is_open, team.posts = False, 0.0
        if team.project:
            team.project.state, team.project.ended, team.project = ProjectState.CANCELLED, world.month, None
    leavers = [Leaver(person) for person in world.people if person.team in teams]
    depart(world, leavers, Cause.STARTUP_FAILED, Status.SEARCHING)
    stranded = [p for p in world.people if p.status == Status.ON_LEAVE and p.next_team in teams]
    set_free(world, stranded, Status.SEARCHING)


def acquire(world: OracleWorld, team: Team, acquirer: Employer) -> None:
    """A team changes hands with everybody in it: no departure, but a move from one employer to another."""
    before = {person: state(person) for person in world.members(team)}
    team.employer = acquirer
    for person, where in before.items():
        person.tenure = 0
        log_move(world, person, where, team)
