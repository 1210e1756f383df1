"""How the slow twin begins: the world of month 0, as `abm/build.py` left it, copied column by column into objects."""

from __future__ import annotations

import copy as copying
from typing import Any

from abm.tables import SOURCES, EmployerKind, Path, ProjectState, Status, TieKind
from tests.oracle.luck import Luck
from tests.oracle.world import TASTES, Employer, OracleWorld, Person, Project, Site, Team, Tie


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Each row of a table as a dict of plain Python values."""
    columns = {name: getattr(table, name).tolist() for name in table.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def from_world(world: Any) -> OracleWorld:
    """Copy a freshly built world; the two share nothing that either of them changes."""
    if world.month != 0 or world.ledger.series:
        raise ValueError(f"the world is in month {world.month}; the twin copies a world that has not been run")
    sites = [
        Site(
            row,
            int(world.sites.notice[row]),
            bool(world.sites.non_compete[row]),
            float(world.sites.seed_climate[row]),
            world.sites.place[row].tolist(),
            world.sites.hours[row].tolist(),
        )
        for row in range(len(world.sites.names))
    ]
    employers = [
        Employer(row=row, arrivals=world.arrivals[row].tolist(), **values)
        for row, values in enumerate(rows_of(world.employers))
    ]
    projects = [Project(row=row, **values) for row, values in enumerate(rows_of(world.projects))]
    teams = []
    for row, values in enumerate(rows_of(world.teams)):
        del values["n_members"]  # counted, not remembered
        slots = projects[row * world.project_slots : (row + 1) * world.project_slots]
        teams.append(Team(row=row, slots=slots, **values))
    people = []
    for row, values in enumerate(rows_of(world.researchers)):
        taste = {name: values.pop(f"taste_{name}") for name in TASTES}
        values["breach"] = dict(zip(SOURCES, values["breach"], strict=True))
        people.append(Person(row=row, taste=taste, **values))

    def link(thing: Any, name: str, rows: list[Any]) -> None:
        row = getattr(thing, name)
        setattr(thing, name, rows[row] if row >= 0 else None)

    for person in people:
        link(person, "team", teams)
        link(person, "next_team", teams)
        link(person, "site", sites)
        link(person, "own_startup", employers)
        person.status, person.path = Status(person.status), Path(person.path)
    for employer in employers:
        link(employer, "site", sites)
        link(employer, "founder", people)
        employer.kind = EmployerKind(employer.kind)
    for team in teams:
        link(team, "employer", employers)
        link(team, "site", sites)
        link(team, "leader", people)
        link(team, "project", projects)
        if team.employer.is_startup:
            team.employer.first_team = team
    for project in projects:
        link(project, "team", teams)
        project.state = ProjectState(project.state)

    ties: dict[Person, dict[Person, Tie]] = {person: {} for person in people}
    for a in people:
        for entry in range(int(world.ties.start[a.row]), int(world.ties.start[a.row + 1])):
            b = people[int(world.ties.neighbour[entry])]
            tie = Tie(
                float(world.ties.strength[entry]), TieKind(int(world.ties.kind[entry])), int(world.ties.age[entry])
            )
            ties[a][b] = ties[b].get(a, tie)
    return OracleWorld(
        scenario=world.scenario,
        parameters=world.parameters,
        luck=Luck(world.streams.seed),
        base_levers=copying.deepcopy(world.base_levers),
        levers=copying.deepcopy(world.levers),
        sites=sites,
        people=people,
        employers=employers,
        teams=teams,
        projects=projects,
        ties=ties,
        events=tuple(world.events),
        log={"departures": [], "offers": [], "moves": [], "startups": []},
    )
