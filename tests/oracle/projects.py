"""The life of a project: it begins, ends, or comes out and makes names."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp

from abm.tables import ProjectState
from tests.oracle.world import OracleWorld, Project, Team


def next_slot(team: Team) -> Project | None:
    """A row for the next project of a team, while there are any."""
    return next((slot for slot in team.slots if slot.state == ProjectState.EMPTY), None)


def start(world: OracleWorld, team: Team, project: Project) -> None:
    """A project becomes the running one."""
    project.team, project.started, project.state = team, world.month, ProjectState.RUNNING
    team.project = project


def end(world: OracleWorld, project: Project, state: ProjectState) -> None:
    """Released, cancelled or merged: the team is free for another."""
    project.state, project.ended = state, world.month
    assert project.team
    project.team.project = None


def publish(world: OracleWorld, teams: Sequence[Team]) -> None:
    """The running projects of some teams come out.

    The members of the moment gain reputation and attention, and are free to look around; the owner gains or loses
    prestige.
    """
    parameters = world.parameters
    for team in teams:
        project = team.project
        assert project
        end(world, project, ProjectState.RELEASED)
        for person in world.members(team):
            person.reputation += parameters.release_reputation * project.visibility * max(project.quality, 0.0)
            person.visibility += parameters.release_visibility * project.visibility
            person.shock += parameters.cycle_shock * min(project.visibility, 1.0)
        team.employer.prestige += parameters.release_prestige * project.visibility * project.quality
    for team in teams:
        team.employer.prestige = max(team.employer.prestige, 0.0)


def draw(world: OracleWorld, team: Team, project: Project) -> None:
    """A typical project of a team: its size, its work, the attention that it will draw."""
    parameters = world.parameters
    luck = [world.luck.normal("project", 0, project.row, column) for column in range(3)]
    need = sum(person.compute_need for person in world.members(team))
    project.demand = parameters.project_demand * need * exp(parameters.project_demand_sd_log * luck[0])
    project.work = max(parameters.project_months * exp(parameters.project_months_sd_log * luck[1]), 2.0)
    project.visibility = parameters.project_visibility * exp(parameters.project_visibility_sd_log * luck[2])
    project.planned = world.month + ceil(project.work)
    project.progress = 0.0
