"""What a dated event does: one function per kind of effect, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

import numpy as np

from abm.levers import LEVERS
from abm.tables import DIMENSIONS, Cause, ProjectState, Status
from tests.oracle import jobs, projects
from tests.oracle.jobs import Hire, Leaver
from tests.oracle.world import Employer, OracleWorld, Person, Project, Team

Fields = Mapping[str, Any]
DatedEvent = Any
"""An event of the scenario with its row, the key of its lots, and the month drawn for it (`abm.world.DatedEvent`)."""


# ---- names to things -----------------------------------------------------------------------------------------------


def named(names: Any) -> Iterable[str]:
    """One name or several."""
    return (names,) if isinstance(names, str) else tuple(names)


def teams_named(world: OracleWorld, names: Any) -> list[Team]:
    """Teams by name, in the order of their rows; the name of a split team means all its parts."""
    rows = {row for name in named(names) for row in world.scenario.team_rows(name)}
    return [world.teams[row] for row in sorted(rows)]


def employers_named(world: OracleWorld, names: Any) -> list[Employer]:
    """Employers by name."""
    every = [employer.name for employer in world.scenario.employers]
    return [world.employers[every.index(name)] for name in named(names)]


def lever_rows(world: OracleWorld, fields: Fields) -> list[int]:
    """Where a lever moves: employers, teams, sites, or (one value) the world."""
    if fields.get("employers"):
        return [employer.row for employer in employers_named(world, fields["employers"])]
    if fields.get("teams"):
        return [team.row for team in teams_named(world, fields["teams"])]
    if fields.get("sites"):
        every = [site.name for site in world.scenario.sites]
        return [every.index(name) for name in fields["sites"]]
    return [0]


def felt_in(world: OracleWorld, fields: Fields) -> list[Team]:
    """The teams named, or all those of the employers named."""
    if fields.get("teams"):
        return teams_named(world, fields["teams"])
    return [team for team in world.teams if team.employer in employers_named(world, fields["employers"])]


def running(teams: Iterable[Team]) -> list[Project]:
    """Their projects."""
    return [team.project for team in teams if team.project]


def by_lot(world: OracleWorld, people: list[Person], number: int, column: int) -> list[Person]:
    """So many people, drawn by luck; in the order of their rows."""
    luck = {person: world.luck.uniform("event_people", world.month, person.row, column) for person in people}
    return sorted(sorted(people, key=lambda p: luck[p])[:number], key=lambda p: p.row)


# ---- the effects ---------------------------------------------------------------------------------------------------


def lever(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Move a lever, for good or for some months."""
    world.movements.append((world.month + (fields.get("months") or inf), fields))


def set_levers(world: OracleWorld) -> None:
    """Every lever from its neutral value, by the movements that are in force, one after another."""
    for name, known in LEVERS.items():
        world.base_levers.values[name] = np.full(len(world.base_levers[name]), known.neutral)
    for until, fields in world.movements:
        values = world.base_levers[fields["name"]]
        for row in lever_rows(world, fields) if until > world.month else ():
            if fields["op"] == "set":
                values[row] = fields["value"]
            elif fields["op"] == "multiply":
                values[row] *= fields["value"]
            else:
                values[row] += fields["value"]


def breach(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Members feel a breach of a source."""
    jobs.feel(world, fields["source"], dict.fromkeys(felt_in(world, fields), fields["size"]))


def shock(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Members feel a shock, and no lasting breach."""
    for team in felt_in(world, fields):
        for person in world.members(team):
            person.shock += fields["size"]


def culture(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """The culture of employers, or the own touch of teams, moves a share of the way to given values."""
    for name, goal in fields["toward"].items():
        d = DIMENSIONS.index(name)
        if fields.get("employers"):
            for employer in employers_named(world, fields["employers"]):
                employer.culture[d] += fields["share"] * (goal - employer.culture[d])
        else:
            for team in teams_named(world, fields["teams"]):
                team.culture_offset[d] += fields["share"] * (goal - world.culture_of(team)[d])


def prestige(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Never below zero."""
    for employer in employers_named(world, fields["employer"]):
        employer.prestige = max(employer.prestige + fields["add"], 0.0)


def layoff(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """A share of the people is laid off by lot; their posts go with them; survivors feel it."""
    (employer,) = employers_named(world, fields["employer"])
    teams = teams_named(world, fields["teams"]) if fields.get("teams") else world.teams_of(employer)
    staff = [person for person in world.people if person.team in teams]
    chosen = by_lot(world, staff, round(fields["share"] * len(staff)), dated.key)
    felt = min(1.0, world.parameters.layoff_survivors * fields["share"])
    jobs.lay_off(world, chosen, dict.fromkeys(teams, felt), dated.row)


def cancel(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """The running project is cancelled; members feel it."""
    projects.cancel(world, teams_named(world, fields["team"]))


def project(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """A team starts a named project; what it did before is merged into it."""
    (team,) = teams_named(world, fields["team"])
    slot = projects.next_slot(team)
    if slot is None or not team.is_open:
        return
    if team.project:
        projects.end(world, team.project, ProjectState.MERGED)
    slot.demand, slot.work, slot.visibility = fields["demand"], float(fields["months"]), fields["visibility"]
    slot.planned, slot.progress = world.month + fields["months"], 0.0
    projects.start(world, team, slot)


def release(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """The running project comes out now, whatever its progress, with the reception that is on record."""
    teams = [team for team in teams_named(world, fields["team"]) if team.project]
    for each in running(teams):
        each.visibility, each.quality = fields["visibility"], fields["quality"]
    projects.publish(world, teams)


def delay(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """The planned release slips, and the work grows with it."""
    for each in running(teams_named(world, fields["team"])):
        each.planned += fields["months"]
        each.work += fields["months"]


def order(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Compute arrives after its lead time, and later where sites must be converted first."""
    for employer in employers_named(world, fields["employer"]):
        late = round(world.parameters.retrofit_delay * (1 - employer.gpu_ready))
        due = min(world.month + fields["lead_time"] + late, len(employer.arrivals) - 1)
        employer.arrivals[due] += fields["h100e"]


def chip(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """An in-house chip works with a chance, and then gives compute after some months; else it gives nothing."""
    if world.luck.uniform("chip", 0, dated.row) < fields["chance"]:
        for employer in employers_named(world, fields["employer"]):
            due = min(world.month + fields["months"], len(employer.arrivals) - 1)
            employer.arrivals[due] += fields["h100e"]


def split(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Some of a team, by lot, become a team of their own that knows as much; who is not safe in the job feels it.

    Nobody loses a leader by it: the leader stays, and the best known of the others leads the new team.
    """
    (team,), (goal,) = teams_named(world, fields["team"]), teams_named(world, fields["into"])
    goal.is_open, goal.know_how = True, team.know_how
    staff = world.members(team)
    others = [person for person in staff if person is not team.leader]
    chosen = by_lot(world, others, round(fields["share"] * len(staff)), dated.key + 1000 * (goal.row + 1))
    if not fields["safe"]:
        jobs.feel(world, "reorganisation", {team: world.parameters.coordination_split * world.parameters.merge_breach})
    reassign(world, chosen, goal)
    if chosen and goal.leader is None:
        goal.leader = max(chosen, key=lambda person: person.reputation)


def transfer(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """People move to another team of their employer, by lot."""
    (goal,) = teams_named(world, fields["to"])
    goal.is_open = True
    origin = teams_named(world, fields["from"])
    staff = [person for person in world.people if person.team in origin]
    number = fields["number"] if fields.get("number") is not None else round(fields["share"] * len(staff))
    reassign(world, by_lot(world, staff, number, dated.key + 1000 * (goal.row + 1)), goal)


def reassign(world: OracleWorld, people: list[Person], goal: Team) -> None:
    """Move people inside their employer; posts move with them; a team whose leader has gone is without one."""
    for person in people:
        assert person.team
        person.team.posts -= 1
    for team in world.teams:
        team.posts = max(team.posts, 0.0)
    jobs.move_inside(world, people, goal)
    if people:
        goal.posts = max(goal.posts, len(world.members(goal)))
    jobs.lose_leaders(world, [t for t in world.teams if t.leader in people and t.leader and t.leader.team is not t])


def merge(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """Teams become one: those who move feel a reorganisation, those who are joined feel half of it."""
    (goal,) = teams_named(world, fields["into"])
    gone = [team for team in teams_named(world, fields["teams"]) if team is not goal]
    for each in running(gone):
        projects.end(world, each, ProjectState.MERGED)
    goal.is_open = True
    goal.know_how *= 1 - world.parameters.merge_cohesion_loss
    posts = sum(team.posts for team in gone)
    size = world.parameters.merge_breach
    jobs.feel(world, "reorganisation", dict.fromkeys(gone, size) | {goal: world.parameters.merge_receiving * size})
    for team in gone:
        team.leader = None  # one leader for all, and no breach for it beyond the reorganisation
    reassign(world, [person for person in world.people if person.team in gone], goal)
    goal.posts = max(goal.posts, posts)
    for team in gone:
        team.posts, team.is_open = 0.0, False
    for person in world.people:
        if person.next_team in gone:
            person.next_team = goal


def leader_leaves(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """The leader leaves for a named employer or the field: a cause, imposed by the record."""
    for team in teams_named(world, fields["team"]):
        leader = team.leader
        if leader is None:
            continue
        if fields["to"] == "left_field":
            jobs.depart(world, [Leaver(leader)], Cause.IMPOSED, Status.LEFT_FIELD, dated.row)
            continue
        goal = team_for(world, employers_named(world, fields["to"])[0], leader)
        leaver = Leaver(
            leader,
            to_team=goal,
            pay_after=world.first_offer(leader, goal),
            equity_after=goal.employer.equity_ratio,
            leave_months=1,
        )
        jobs.depart(world, [leaver], Cause.IMPOSED, Status.ON_LEAVE, dated.row)


def team_for(world: OracleWorld, employer: Employer, person: Person) -> Team:
    """The open team of an employer for a person: on topic first, then nearest, then the largest."""
    return min(
        (team for team in world.teams_of(employer) if team.is_open),
        key=lambda team: (
            team.topic != person.specialty,
            -person.site.place[team.site.row],
            -len(world.members(team)),
        ),
    )


def leader_appointed(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """A new leader, from inside or from an employer: the one of highest reputation; part of the loss is healed.

    By somebody from inside a part of that part, by somebody who returns twice the same part (of what is still left).
    """
    for team in teams_named(world, fields["team"]):
        if not team.is_open:
            continue
        crew = world.members(team)
        if fields["origin"] != "inside":
            (origin,) = employers_named(world, fields["origin"])
            in_field = [p for p in world.people if p.employer is origin and p.specialty == team.topic]
            if in_field:
                chosen = max(in_field, key=lambda p: p.reputation)
                pay, equity = chosen.pay, team.employer.equity_ratio
                if team.employer is origin:
                    reassign(world, [chosen] if chosen.team is not team else [], team)
                else:
                    jobs.depart(world, [Leaver(chosen, to_team=team)], Cause.IMPOSED, Status.ON_LEAVE, dated.row)
                    jobs.begin(world, [Hire(chosen, team, pay, equity)])
                crew = [chosen]
        if crew:
            team.leader = max(crew, key=lambda p: p.reputation)
            healed = world.parameters.trust_recovered
            for person in world.members(team):
                if fields["origin"] == "inside":
                    person.breach["leader_loss"] *= 1 - world.parameters.trust_inside * healed
                else:
                    person.breach["leader_loss"] *= (1 - healed) ** (2 if fields["boomerang"] else 1)


def infra_leaders_leave(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """With every leader of the infrastructure who goes utilisation falls, and orders take longer, up to five years."""
    for employer in employers_named(world, fields["employer"]):
        lost = world.parameters.utilisation_loss * fields["number"]
        employer.utilisation = max(employer.utilisation - lost, 0.05)
        later = round(world.parameters.lead_time_loss * fields["number"])
        employer.lead_time = min(employer.lead_time + later, 60)


def promise(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """A team is promised a share of the pool, of which a part is kept."""
    for team in teams_named(world, fields["team"]):
        team.promise_share, team.promise_kept = fields["share"], fields["kept"]


def open_team(world: OracleWorld, dated: DatedEvent, fields: Fields) -> None:
    """A team that was planned opens now."""
    for team in teams_named(world, fields["team"]):
        team.is_open = True


EFFECTS: dict[str, Callable[[OracleWorld, DatedEvent, Fields], None]] = {
    **{
        effect.__name__: effect
        for effect in (
            *(lever, breach, shock, culture, prestige, layoff, cancel, project, release, delay, order, chip, transfer),
            *(split, merge, leader_leaves, leader_appointed, infra_leaders_leave, promise),
        )
    },
    "open": open_team,
}
