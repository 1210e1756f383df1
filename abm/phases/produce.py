"""Projects progress, slip, or are released; releases make reputations and prestige; skills grow."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats
from abm.projects import cancel_projects, draw_projects, next_slots, pass_mandates, publish
from abm.tables import DIMENSIONS, EmployerKind, ProjectState
from abm.world import World

WRITES = (
    "projects",
    "teams.project",
    "teams.know_how",
    "teams.pace",
    "researchers.skill",
    "researchers.reputation",
    "researchers.visibility",
    "researchers.shock",
    "researchers.changes",
    "researchers.breach",
    "employers.prestige",
    "employers.capability",
    "employers.community",
)
PARAMETERS = (
    "compute_ratio_most",
    "staff_most",
    "release_quality_mean",
    "release_quality_sd",
    "compute_share",
    "slip_limit",
    "rush_tolerance",
    "rush_penalty",
    "release_hold",
    "visibility_half_life",
    "prestige_half_life",
    "skill_growth_peers",
    "skill_growth_compute",
    "pay_skill_slope",
    "know_how_recovery",
    "coordination_cost",
    "coordination_free",
    "cancel_rate",
    "cancel_tolerance",
    "rush_gap",
    "community_half_life",
    "ship_rate",
    "ship_prestige",
)


def run(world: World) -> None:
    """Progress = effective compute^alpha x team skill^(1 - alpha); what is finished or due is released (M06, M37)."""
    parameters, people, employers = world.parameters, world.researchers, world.employers
    people.visibility *= 0.5 ** (1.0 / parameters.visibility_half_life)
    stay = 0.5 ** (1.0 / parameters.prestige_half_life)
    employers.prestige[:] = employers.prestige_base + stay * (employers.prestige - employers.prestige_base)
    employers.community *= 0.5 ** (1.0 / parameters.community_half_life)
    ratio = compute_ratio(world)
    pass_mandates(world)
    _cancel_irrelevant(world)
    _progress(world, ratio)
    _release(world)
    _ship(world)
    _grow(world, ratio)
    _next_projects(world)


def compute_ratio(world: World) -> Floats:
    """(J,) compute delivered over compute asked for, up to what still helps."""
    teams, most = world.teams, world.parameters.compute_ratio_most
    request = teams.need + world.request_per_head() * teams.n_members
    return np.minimum(np.divide(teams.compute, request, out=np.zeros(world.n_teams), where=request > 0), most)


def _progress(world: World, ratio: Floats) -> None:
    parameters, people, teams, projects = world.parameters, world.researchers, world.teams, world.projects
    member = people.team >= 0
    power = np.exp(parameters.pay_skill_slope * people.skill[member])
    team_power = np.bincount(people.team[member], power, minlength=world.n_teams)
    staff = np.minimum(team_power / np.maximum(teams.posts, 1.0), parameters.staff_most)
    alpha = parameters.compute_share
    busy = np.flatnonzero(teams.project >= 0)
    pace = ratio**alpha * staff ** (1.0 - alpha) * teams.know_how / coordination(world)
    teams.pace[:] = np.where(teams.project >= 0, pace, 0.0)
    projects.progress[teams.project[busy]] += pace[busy]
    teams.know_how += parameters.know_how_recovery * (1.0 - teams.know_how)


def coordination(world: World) -> Floats:
    """(J,) 1 or more: what a large team loses by having to agree (M30)."""
    beyond = np.maximum(world.teams.n_members - world.parameters.coordination_free, 0.0)
    return np.asarray(1.0 + world.parameters.coordination_cost * beyond)


def _cancel_irrelevant(world: World) -> None:
    """A product-minded employer cancels projects of low priority, but none that the record says came out (M24)."""
    parameters, teams = world.parameters, world.teams
    focus = world.employers.culture[teams.employer, DIMENSIONS.index("product")] - parameters.cancel_tolerance
    low = teams.priority * world.levers["priority"] < 1.0
    lab = world.employers.kind[teams.employer] == EmployerKind.LAB
    protected = np.zeros(world.n_teams, dtype=bool)
    protected[world.release_team[world.release_month >= world.month]] = True
    at_risk = np.flatnonzero((teams.project >= 0) & low & lab & ~protected & (focus > 0))
    luck = world.streams.uniform("cancellation", world.month, at_risk)
    cancel_projects(world, at_risk[luck < parameters.cancel_rate * focus[at_risk]])


def _release(world: World) -> None:
    """Finished projects are released, late ones slip until they are pushed out.

    A finished project waits for a dated release of its team that is near (the record says when it came out).
    """
    parameters, teams, projects, month = world.parameters, world.teams, world.projects, world.month
    busy = np.flatnonzero(teams.project >= 0)
    running = teams.project[busy]
    dated = np.zeros(world.n_teams, dtype=bool)
    near = (world.release_month > month) & (world.release_month <= month + parameters.release_hold)
    dated[world.release_team[near]] = True
    may = ~dated[busy]
    progress, work = projects.progress[running], projects.work[running]
    finished = may & (progress >= work)
    patience = parameters.slip_limit / (1.0 + parameters.rush_gap * world.lag()[teams.employer[busy]])
    too_late = month - projects.started[running] >= patience * work
    rushed = may & ~finished & too_late & (progress >= parameters.rush_tolerance * work)
    out = finished | rushed
    luck = world.streams.normal("release", month, running[out])
    quality = parameters.release_quality_mean + parameters.release_quality_sd * luck
    quality -= parameters.rush_penalty * rushed[out]
    projects.quality[running[out]] = np.clip(quality, -1.0, 1.0)
    late = running[~out & (projects.planned[running] <= month)]
    projects.planned[late] = month + 1
    publish(world, busy[out], running[out])


def _ship(world: World) -> None:
    """Released projects become products, sooner where products count and while demand is high (M33)."""
    parameters, projects = world.parameters, world.projects
    waiting = np.flatnonzero((projects.state == ProjectState.RELEASED) & (projects.shipped < 0))
    owner = world.teams.employer[projects.team[waiting]]
    there = world.employers.is_open[owner]  # a company that is gone ships nothing
    waiting, owner = waiting[there], owner[there]
    focus = world.employers.culture[owner, DIMENSIONS.index("product")]
    chance = parameters.ship_rate * focus * world.levers.world("demand")
    done = world.streams.uniform("product", world.month, waiting) < chance
    projects.shipped[waiting[done]] = world.month
    np.add.at(world.employers.prestige, owner[done], parameters.ship_prestige * projects.visibility[waiting[done]])


def _grow(world: World, ratio: Floats) -> None:
    """Skill grows from better team mates and from compute to work with."""
    parameters, people, teams = world.parameters, world.researchers, world.teams
    member = np.flatnonzero(people.team >= 0)
    team = people.team[member]
    mean = np.bincount(team, people.skill[member], minlength=world.n_teams) / np.maximum(teams.n_members, 1)
    gap = np.maximum(mean[team] - people.skill[member], 0.0)
    people.skill[member] += parameters.skill_growth_peers * gap
    people.skill[member] += parameters.skill_growth_compute * np.minimum(ratio[team], 1.0)


def _next_projects(world: World) -> None:
    """A team without a project begins one, as long as it has people and rows."""
    teams = world.teams
    idle = np.flatnonzero(teams.is_open & (teams.project < 0) & (teams.n_members > 0))
    slots = next_slots(world, idle)
    draw_projects(world, idle[slots >= 0], slots[slots >= 0])
