"""Each employer splits its pool over its teams by its rule; starved teams escalate; broken promises are felt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from abm.columns import Bools, Floats
from abm.kernels import allocation
from abm.kernels.pairs import rank_within
from abm.tables import RULES, SOURCE
from abm.world import World

WRITES = ("teams.need", "teams.compute", "teams.escalated", "employers.idle", "researchers.breach")
PARAMETERS = (
    "committee_priority_power",
    "committee_closeness",
    "committee_closeness_scale",
    "reserve_limit",
    "escalation_threshold",
    "escalation_capacity",
    "escalation_shift",
    "escalation_standing",
    "escalation_refusal",
    "leaderless_discount",
    "promise_breach",
    "half_life_broken_promise",
)
ROUNDING = 1e-12  # of the pool: less is what subtraction leaves over, and no compute


def run(world: World) -> None:
    """Requests, kept promises, the rule of each employer, escalations, breaches."""
    teams, employers, people = world.teams, world.employers, world.researchers
    member = people.team >= 0
    teams.need[:] = np.bincount(people.team[member], world.need()[member], minlength=world.n_teams)
    case, request, promised, reserved = _case(world)
    compute = np.zeros(world.n_teams)
    own = np.rint(world.levers["allocation"]).astype(np.int64)
    in_force = np.where(own >= 0, own, employers.allocation)[teams.employer]
    for code, name in enumerate(RULES):
        follows = in_force == code
        if follows.any():
            compute[follows] = allocation.RULES[name](case)[follows]
    compute = _escalations(world, case, compute, request, reserved)
    compute += reserved
    noise = compute <= ROUNDING * employers.pool[teams.employer]  # a small power of it would pass for progress
    compute = np.where(noise, 0.0, compute)
    given = np.bincount(teams.employer, compute, minlength=world.n_employers)
    teams.compute[:] = compute + teams.granted
    employers.idle[:] = np.maximum(employers.pool - given, 0.0)
    _breaches(world, promised)


def _case(world: World) -> tuple[allocation.Case, Floats, Floats, Floats]:
    """What the rules see, all requests, the promised compute, and the part of it that is reserved beforehand."""
    parameters, teams, projects = world.parameters, world.teams, world.projects
    running = teams.project >= 0
    heads = np.where(teams.is_open, teams.n_members, 0).astype(np.float64)
    request = np.where(heads > 0, teams.need + world.request_per_head() * teams.n_members, 0.0)
    left = np.where(running, np.maximum(projects.planned[teams.project] - world.month, 0), np.inf)
    urgency = 1.0 + parameters.committee_closeness * np.exp(-left / parameters.committee_closeness_scale)
    priority = (teams.priority * world.levers["priority"]) ** parameters.committee_priority_power
    unheard = parameters.leaderless_discount * (1.0 + headquarters_hours(world) / 9.0)
    priority = np.where(teams.leader >= 0, priority, priority * np.maximum(1.0 - unheard, 0.0))  # M17

    pool = world.employers.pool
    promised = np.where(heads > 0, teams.promise_share * pool[teams.employer], 0.0)
    reserved = promised * teams.promise_kept
    total = np.bincount(teams.employer, reserved, minlength=world.n_employers)
    limit = parameters.reserve_limit * pool
    cut = np.divide(limit, total, out=np.ones(world.n_employers), where=total > limit)
    reserved *= cut[teams.employer]
    total = np.bincount(teams.employer, reserved, minlength=world.n_employers)
    open_request = np.maximum(request - reserved, 0.0)
    case = allocation.Case(
        pool=np.maximum(pool - total, 0.0),
        employer=teams.employer,
        heads=heads,
        request=open_request,
        weight=priority * urgency * open_request,
        urgency=urgency,
    )
    return case, request, promised, reserved


def _escalations(world: World, case: allocation.Case, compute: Floats, request: Floats, reserved: Floats) -> Floats:
    """Teams far below their request ask the research head: few are heard, the leader's standing decides (M02).

    A refusal is a broken promise of its own.
    """
    parameters, teams = world.parameters, world.teams
    bar = parameters.escalation_threshold * request  # a success lifts a team to the bar, not above its neighbours
    starved = (request > 0) & (compute + reserved < bar)
    standing = leader_standing(world)
    asking = np.flatnonzero(starved)
    heard = asking[rank_within(teams.employer[asking], standing[asking]) < parameters.escalation_capacity]
    chance = 1.0 / (1.0 + np.exp(-parameters.escalation_standing * standing[heard]))
    won = heard[world.streams.uniform("escalation", world.month, heard) < chance]
    winner: Bools = np.zeros(world.n_teams, dtype=bool)
    winner[won] = True
    teams.escalated[:] = 0
    teams.escalated[asking] = 1
    teams.escalated[heard] = 2
    teams.escalated[won] = 3
    member = np.flatnonzero(world.researchers.team >= 0)
    refused = teams.escalated[world.researchers.team[member]] == 2
    world.researchers.breach[member[refused], SOURCE["broken_promise"]] += parameters.escalation_refusal
    n_heard = np.bincount(teams.employer[won], minlength=world.n_employers).astype(np.float64)
    lifted = replace(case, request=np.maximum(bar - reserved, 0.0))
    return allocation.escalate(compute, lifted, winner, ~starved, parameters.escalation_shift, n_heard)


def leader_standing(world: World) -> Floats:
    """(J,) ln(1 + reputation) of the leader, -1 without one, less one per nine hours from headquarters."""
    teams = world.teams
    reputation = np.log1p(world.researchers.reputation[teams.leader])
    return np.where(teams.leader >= 0, reputation, -1.0) - headquarters_hours(world) / 9.0


def headquarters_hours(world: World) -> Floats:
    """(J,) hours between the clocks of a team and of its headquarters."""
    return np.asarray(world.sites.hours[world.teams.site, world.employers.site[world.teams.employer]])


def _breaches(world: World, promised: Floats) -> None:
    """Broken promises: the stock moves towards the shortfall of the team's promise and of what was shown at hiring."""
    parameters, teams, people = world.parameters, world.teams, world.researchers
    fading = 0.5 ** (1.0 / parameters.half_life_broken_promise)
    short = np.maximum(1.0 - np.divide(teams.compute, promised, out=np.ones(world.n_teams), where=promised > 0), 0.0)
    member = np.flatnonzero(people.team >= 0)
    team = people.team[member]
    shown = people.promised[member]
    per_head = world.compute_per_head()[team]
    pitch = np.maximum(1.0 - np.divide(per_head, shown, out=np.ones(len(member)), where=shown > 0), 0.0)
    felt = np.where(people.taste_compute[member] > 0, pitch, 0.0) + short[team]
    people.breach[member, SOURCE["broken_promise"]] += parameters.promise_breach * felt * (1.0 - fading)
