"""Filling and starting the rows of projects: what build and produce share."""

from __future__ import annotations

import numpy as np

from abm.columns import Integers
from abm.tables import ProjectState
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

    Contributors are the members of this moment (M39, M44, M46, M47).
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
    owner = world.teams.employer[team]
    gain = parameters.release_prestige * projects.visibility[project] * projects.quality[project]
    np.add.at(employers.prestige, owner, gain)
    np.maximum(employers.prestige, 0.0, out=employers.prestige)
