"""The life of a project: it begins, ends, or comes out and makes names."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp

from abm.tables import DIMENSIONS, ProjectState
from tests.oracle import jobs
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

    The members of the moment gain reputation and attention, and are free to look around; praise makes good little of
    what they hold against the employer. The owner gains or loses prestige, the more the more open it is, and outside
    work on what is open; it can do what it has shown, and from what is open everybody can do a part of it.
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
            praise = parameters.late_praise * min(project.visibility * max(project.quality, 0.0), 1.0)
            for source in person.breach:
                person.breach[source] *= 1 - praise
        owner, shown = team.employer, project.visibility * project.quality
        openness = world.culture_of(team)[DIMENSIONS.index("openness")]
        owner.prestige += parameters.release_prestige * shown * (1 + parameters.open_prestige * openness)
        owner.community += shown * openness
        owner.capability = max(owner.capability, shown)
        for employer in world.employers:
            employer.capability = max(employer.capability, parameters.open_base * shown * openness)
    for team in teams:  # a month's releases are looked at together: a poor one can be made good by another
        team.employer.prestige = max(team.employer.prestige, 0.0)
        team.employer.community = max(team.employer.community, 0.0)


def cancel(world: OracleWorld, teams: Sequence[Team]) -> None:
    """The running projects of some teams are cancelled; members feel it."""
    hit = [team for team in teams if team.project]
    for team in hit:
        assert team.project
        end(world, team.project, ProjectState.CANCELLED)
    jobs.feel(world, "cancellation", dict.fromkeys(hit, world.parameters.cancellation_breach))


def pass_mandates(world: OracleWorld) -> None:
    """Who decides on a project changes, where groups of one employer contest a topic: more to do, and it hurts.

    A topic is contested when one staffed team on it works for products, and another does not, by some difference.
    """
    parameters = world.parameters
    hit = []
    for team in world.teams:
        if not team.project:
            continue
        there = [
            other
            for other in world.teams_of(team.employer)
            if other.topic == team.topic and other.is_open and world.members(other)
        ]
        focus = [world.product_focus(other) for other in there]
        contested = bool(focus) and max(focus) - min(focus) >= parameters.hop_overlap
        if contested and world.luck.uniform("mandate", world.month, team.row) < parameters.hop_rate:
            team.project.hops += 1
            team.project.work += parameters.hop_delay
            team.project.planned += round(parameters.hop_delay)
            hit.append(team)
    jobs.feel(world, "reorganisation", dict.fromkeys(hit, parameters.hop_breach))


def draw(world: OracleWorld, team: Team, project: Project) -> None:
    """A typical project of a team: its size, its work, the attention that it will draw.

    A team that has less compute than its members need bets on a smaller project.
    """
    parameters = world.parameters
    luck = [world.luck.normal("project", 0, project.row, column) for column in range(3)]
    need = sum(person.compute_need for person in world.members(team))
    met = min(team.compute / team.need, 1.0) if team.need > 0 else 1.0
    typical = parameters.project_demand * need * exp(parameters.project_demand_sd_log * luck[0])
    project.demand = typical * met**parameters.efficiency_bet
    project.work = max(parameters.project_months * exp(parameters.project_months_sd_log * luck[1]), 2.0)
    project.visibility = parameters.project_visibility * exp(parameters.project_visibility_sd_log * luck[2])
    project.planned = world.month + ceil(project.work)
    project.progress = 0.0
