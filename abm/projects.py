"""Filling and starting the rows of projects: what build and produce share."""

from __future__ import annotations

import numpy as np

from abm import employment
from abm.columns import Integers
from abm.tables import DIMENSIONS, ProjectState
from abm.world import World


def draw_projects(world: World, team: Integers, project: Integers, under_way: bool = False) -> None:
    """Fill project rows with a typical project of a team and start them; `under_way`: part of the work is done."""
    parameters, projects, streams = world.parameters, world.projects, world.streams
    needs = np.bincount(
        world.researchers.team[world.researchers.team >= 0],
        world.researchers.compute_need[world.researchers.team >= 0],
        minlength=world.n_teams,
    )[team]
    luck = [streams.normal("project", 0, project, column) for column in range(3)]
    demand = parameters.project_demand * np.exp(parameters.project_demand_sd_log * luck[0])
    if not under_way:  # who is short of compute bets on efficiency (M06)
        need = world.teams.need[team]
        met = np.divide(world.teams.compute[team], need, out=np.ones(len(team)), where=need > 0)
        demand *= np.minimum(met, 1.0) ** parameters.efficiency_bet
    projects.demand[project] = demand * needs
    work = parameters.project_months * np.exp(parameters.project_months_sd_log * luck[1])
    projects.work[project] = np.clip(work, 2.0, None)
    visibility = parameters.project_visibility * np.exp(parameters.project_visibility_sd_log * luck[2])
    projects.visibility[project] = visibility
    projects.planned[project] = world.month + np.ceil(projects.work[project]).astype(np.int32)
    projects.progress[project] = 0.0
    if under_way:
        done = streams.uniform("project", 0, project, 3) * 0.8
        projects.progress[project] = done * projects.work[project]
        projects.planned[project] -= np.floor(projects.progress[project]).astype(np.int32)
    start_projects(world, team, project)


def start_projects(world: World, team: Integers, project: Integers) -> None:
    """Make filled project rows the running projects of teams."""
    world.projects.team[project] = team
    world.projects.started[project] = world.month
    world.projects.state[project] = ProjectState.RUNNING
    world.teams.project[team] = project


def next_slots(world: World, team: Integers) -> Integers:
    """(T,) the next free project row of teams; -1 when all slots are used."""
    used = (world.projects.state.reshape(world.n_teams, world.project_slots)[team] > 0).sum(axis=1)
    return np.where(used < world.project_slots, team * world.project_slots + used, -1)


def publish(world: World, team: Integers, project: Integers) -> None:
    """Release running projects: contributors gain reputation and attention, and look around; prestige follows.

    Contributors are the members of this moment. Praise makes good little of what they hold against the employer (M39).
    An open release earns more prestige, draws outside work and gives rivals a base; a poor one loses (M44, M46, M47).
    """
    if len(team) == 0:
        return
    parameters, people, projects, employers = world.parameters, world.researchers, world.projects, world.employers
    projects.state[project] = ProjectState.RELEASED
    projects.ended[project] = world.month
    world.teams.project[team] = -1
    fame, good = np.zeros(world.n_teams), np.zeros(world.n_teams)
    fame[team] = projects.visibility[project]
    good[team] = np.maximum(projects.quality[project], 0.0)
    member = np.flatnonzero(people.team >= 0)
    member = member[fame[people.team[member]] > 0]
    their = people.team[member]
    people.reputation[member] += parameters.release_reputation * fame[their] * good[their]
    people.visibility[member] += parameters.release_visibility * fame[their]
    people.shock[member] += parameters.cycle_shock * np.minimum(fame[their], 1.0)
    praise = parameters.late_praise * np.minimum(fame[their] * good[their], 1.0)
    people.breach[member] *= 1.0 - praise[:, None]
    owner = world.teams.employer[team]
    shown = projects.visibility[project] * projects.quality[project]
    openness = world.culture_of(team)[:, DIMENSIONS.index("openness")]
    np.add.at(
        employers.prestige, owner, parameters.release_prestige * shown * (1.0 + parameters.open_prestige * openness)
    )
    np.maximum(employers.prestige, 0.0, out=employers.prestige)
    np.add.at(employers.community, owner, shown * openness)
    np.maximum(employers.community, 0.0, out=employers.community)
    np.maximum.at(employers.capability, owner, shown)
    base = parameters.open_base * float((shown * openness).max())
    np.maximum(employers.capability, base, out=employers.capability)


def cancel_projects(world: World, team: Integers) -> None:
    """The running projects of teams are cancelled; their members feel it (M24, M25)."""
    team = team[world.teams.project[team] >= 0]
    project = world.teams.project[team]
    world.projects.state[project] = ProjectState.CANCELLED
    world.projects.ended[project] = world.month
    world.teams.project[team] = -1
    size = np.zeros(world.n_teams)
    size[team] = world.parameters.cancellation_breach
    employment.feel(world, "cancellation", size)


def pass_mandates(world: World) -> None:
    """Where two groups of one employer contest a topic, mandates pass between them: work is added, people suffer (M28).

    Who does the work stays the same; who decides changes.
    """
    parameters, teams, projects = world.parameters, world.teams, world.projects
    product = world.culture_of(np.arange(world.n_teams))[:, DIMENSIONS.index("product")]
    group = teams.employer.astype(np.int64) * len(world.scenario.topics) + teams.topic
    open_now = np.flatnonzero(teams.is_open & (teams.n_members > 0))
    most = np.full(world.n_employers * len(world.scenario.topics), -np.inf)
    least = np.full(len(most), np.inf)
    np.maximum.at(most, group[open_now], product[open_now])
    np.minimum.at(least, group[open_now], product[open_now])
    contested = (most - least)[group] >= parameters.hop_overlap
    busy = np.flatnonzero((teams.project >= 0) & contested)
    passes = busy[world.streams.uniform("mandate", world.month, busy) < parameters.hop_rate]
    running = teams.project[passes]
    projects.hops[running] += 1
    projects.work[running] += parameters.hop_delay
    projects.planned[running] += np.int32(np.rint(parameters.hop_delay))
    size = np.zeros(world.n_teams)
    size[passes] = parameters.hop_breach
    employment.feel(world, "reorganisation", size)
