"""Procure, allocate, produce: where compute comes from, who gets it, what becomes of it."""

from __future__ import annotations

from math import exp, expm1, inf, log

from abm.tables import DIMENSIONS, RULES, EmployerKind, ProjectState
from tests.oracle import allocation
from tests.oracle.allocation import Claim
from tests.oracle.groups import rank_within
from tests.oracle.projects import cancel, draw, next_slot, pass_mandates, publish, start
from tests.oracle.world import Employer, OracleWorld, Project, Team

# ---- procure -------------------------------------------------------------------------------------------------------


def procure(world: OracleWorld) -> None:
    """Conversion of sites, upkeep, new orders, deliveries; the pool is what is owned, works and is not diverted."""
    parameters = world.parameters
    for employer in world.employers:
        employer.gpu_ready += parameters.retrofit_rate * (1 - employer.gpu_ready)
        employer.capability *= 0.5 ** (1 / parameters.capability_half_life)
    wanted = {employer: appetite(world, employer) for employer in world.employers}
    for employer in world.employers:
        infrastructure = [team for team in world.teams_of(employer) if team.is_infrastructure]
        planned = sum(team.posts for team in infrastructure)
        staffed = sum(len(world.members(team)) for team in infrastructure)
        staffing = min(staffed / planned, 1.0) if planned > 0 else 1.0
        room = max(parameters.utilisation_best - employer.utilisation, 0.0)
        employer.utilisation += parameters.utilisation_gain * staffing * room

        place_order(world, employer, wanted[employer])
        employer.owned += employer.arrivals[world.month]

        working = min(max(employer.utilisation + world.lever("utilisation", employer), 0.0), 1.0)
        elsewhere = world.lever("product_share", employer) + world.lever("flagship", employer)
        diverted = min(max(employer.product_share + elsewhere, 0.0), 1.0)
        employer.pool = (employer.owned * (1 - diverted) + employer.rented) * working if employer.is_open else 0.0
        if employer.kind == EmployerKind.UNIVERSITY:
            heads = sum(person.employer is employer for person in world.staff())
            employer.pool += world.lever("public_compute", employer) * heads


def appetite(world: OracleWorld, employer: Employer) -> float:
    """Laboratories save a part of what they planned to order while level with the best, and race when behind."""
    if employer.kind != EmployerKind.LAB:
        return 1.0
    behind = world.lag(employer)
    return 1 - world.parameters.cost_aversion * (1 - behind) + world.parameters.arms_race * behind


def place_order(world: OracleWorld, employer: Employer, wanted: float) -> None:
    """Established employers order the growth that they plan for the month in which it will arrive.

    A flagship business takes its part of the order; how much more or less than planned is `wanted` and a lever.
    """
    employer.planned_order = employer.ordered = 0.0
    if employer.kind == EmployerKind.STARTUP:
        return
    months = employer.lead_time + round(world.parameters.retrofit_delay * (1 - employer.gpu_ready))
    stock_then = employer.owned * exp(employer.growth_compute * months)
    employer.planned_order = max(expm1(employer.growth_compute) * stock_then, 0.0)
    employer.ordered = employer.planned_order * world.lever("compute_orders", employer) * wanted
    employer.ordered *= 1 - world.lever("flagship", employer)
    employer.arrivals[min(world.month + months, len(employer.arrivals) - 1)] += employer.ordered


# ---- allocate ------------------------------------------------------------------------------------------------------


def allocate(world: OracleWorld) -> None:
    """Promises are served first, as far as they are kept; the rule splits the rest; the starved escalate."""
    for team in world.teams:
        team.need = sum(world.need(person) for person in world.members(team))
    promised: dict[Team, float] = {}
    for employer in world.employers:
        teams = world.teams_of(employer)
        for team in teams:
            promised[team] = team.promise_share * employer.pool if team.is_open and world.members(team) else 0.0
        reserved = {team: promised[team] * team.promise_kept for team in teams}
        total, limit = sum(reserved.values()), world.parameters.reserve_limit * employer.pool
        if total > limit:
            reserved = {team: amount * limit / total for team, amount in reserved.items()}
        left = max(employer.pool - sum(reserved.values()), 0.0)

        claims = [claim_of(world, team, reserved[team]) for team in teams]
        own_rule = round(world.lever("allocation", employer))
        rule = RULES[own_rule if own_rule >= 0 else employer.allocation]
        compute = allocation.RULES[rule](left, claims)
        compute = escalations(world, teams, left, compute, reserved)
        for team, amount in zip(teams, compute, strict=True):
            team.compute = amount + reserved[team]
            if team.compute <= 1e-12 * employer.pool:
                team.compute = 0.0  # what rounding leaves is no compute
        employer.idle = max(employer.pool - sum(team.compute for team in teams), 0.0)
        for team in teams:
            team.compute += team.granted
    feel_broken_promises(world, promised)


def request_of(world: OracleWorld, team: Team) -> float:
    """What the members need and what the project asks for."""
    heads = len(world.members(team))
    return team.need + world.request_per_head(team) * heads if team.is_open and heads else 0.0


def claim_of(world: OracleWorld, team: Team, reserved: float) -> Claim:
    """What a team brings before the rule: heads, what is not yet served, priority, closeness to the release.

    Nobody speaks for a team without a leader: it loses weight, and as much again nine hours from headquarters.
    """
    parameters = world.parameters
    heads = len(world.members(team)) if team.is_open else 0
    request = max(request_of(world, team) - reserved, 0.0)
    months_left = max(team.project.planned - world.month, 0) if team.project else inf
    urgency = 1 + parameters.committee_closeness * exp(-months_left / parameters.committee_closeness_scale)
    priority = (team.priority * world.lever("priority", team)) ** parameters.committee_priority_power
    if team.leader is None:
        unheard = parameters.leaderless_discount * (1 + world.hours_to_headquarters(team) / 9)
        priority *= max(1 - unheard, 0.0)
    return Claim(float(heads), request, priority * urgency * request, urgency)


def escalations(
    world: OracleWorld, teams: list[Team], pool: float, compute: list[float], reserved: dict[Team, float]
) -> list[float]:
    """Teams far below their request go to the research head, who hears a few; the leader's standing decides.

    A success lifts a team to the bar below which it counts as starved, not above its neighbours. A refusal is a broken
    promise to everybody in the team. What became of it: 0 did not ask, 1 was not heard, 2 refused, 3 granted.
    """
    parameters = world.parameters
    bar = [parameters.escalation_threshold * request_of(world, team) for team in teams]
    has = [got + reserved[team] for got, team in zip(compute, teams, strict=True)]
    asking = [k for k, team in enumerate(teams) if request_of(world, team) > 0 and has[k] < bar[k]]
    standings = [standing(world, teams[k]) for k in asking]
    won = [False] * len(teams)
    for k, team in enumerate(teams):
        team.escalated = 1 if k in asking else 0
    for k, mine, rank in zip(asking, standings, rank_within([0] * len(asking), standings), strict=True):
        if rank < parameters.escalation_capacity:
            chance = 1 / (1 + exp(-parameters.escalation_standing * mine))
            won[k] = world.luck.uniform("escalation", world.month, teams[k].row) < chance
            teams[k].escalated = 3 if won[k] else 2
            if not won[k]:
                for person in world.members(teams[k]):
                    person.breach["broken_promise"] += parameters.escalation_refusal
    gives = [k not in asking for k in range(len(teams))]
    lifted = [Claim(0.0, max(bar[k] - reserved[team], 0.0), 0.0, 1.0) for k, team in enumerate(teams)]
    return allocation.escalate(pool, lifted, compute, won, gives, parameters.escalation_shift)


def standing(world: OracleWorld, team: Team) -> float:
    """ln(1 + reputation) of the leader, -1 without one; less one for every nine hours from headquarters."""
    leader = log(1 + team.leader.reputation) if team.leader else -1.0
    return leader - world.hours_to_headquarters(team) / 9


def feel_broken_promises(world: OracleWorld, promised: dict[Team, float]) -> None:
    """The stock moves towards what is lacking: of the team's promise, and of what one was shown when hired."""
    parameters = world.parameters
    fading = 0.5 ** (1 / parameters.half_life_broken_promise)
    for person in world.staff():
        assert person.team
        lacking = 0.0
        if promised[person.team] > 0:
            lacking += max(1 - person.team.compute / promised[person.team], 0.0)
        if person.promised > 0 and person.taste["compute"] > 0:
            lacking += max(1 - world.compute_per_head(person.team) / person.promised, 0.0)
        person.breach["broken_promise"] += parameters.promise_breach * lacking * (1 - fading)


# ---- produce -------------------------------------------------------------------------------------------------------


def produce(world: OracleWorld) -> None:
    """Attention, prestige and outside work fade; mandates pass; what is of no use is cancelled; projects progress,
    are released, become products; skills grow; idle teams begin anew.
    """
    parameters = world.parameters
    for person in world.people:
        person.visibility *= 0.5 ** (1 / parameters.visibility_half_life)
    for employer in world.employers:
        above = employer.prestige - employer.prestige_base
        employer.prestige = employer.prestige_base + 0.5 ** (1 / parameters.prestige_half_life) * above
        employer.community *= 0.5 ** (1 / parameters.community_half_life)
    served = {team: compute_ratio(world, team) for team in world.teams}
    pass_mandates(world)
    cancel(world, [team for team in world.teams if team.project and is_unwanted(world, team)])
    for team in world.teams:
        team.pace = pace(world, team, served[team]) if team.project else 0.0
        if team.project:
            team.project.progress += team.pace
        team.know_how += parameters.know_how_recovery * (1 - team.know_how)
    publish(world, [team for team in world.teams if team.project and is_out(world, team, team.project)])
    ship(world)
    grow(world, served)
    for team in world.teams:
        if team.is_open and not team.project and world.members(team):
            slot = next_slot(team)
            if slot:
                draw(world, team, slot)
                start(world, team, slot)


def compute_ratio(world: OracleWorld, team: Team) -> float:
    """Compute delivered over compute asked for, at most 1.5."""
    request = team.need + world.request_per_head(team) * len(world.members(team))
    return min(team.compute / request, world.parameters.compute_ratio_most) if request > 0 else 0.0


def is_unwanted(world: OracleWorld, team: Team) -> bool:
    """A product-minded laboratory cancels projects of less than usual priority by lot, the more the more it is so.

    What is on record as coming out is spared.
    """
    employer, parameters = team.employer, world.parameters
    beyond = employer.culture[DIMENSIONS.index("product")] - parameters.cancel_tolerance
    low = team.priority * world.lever("priority", team) < 1
    comes_out = any(when >= world.month for when in dated_releases(world, team))
    if employer.kind != EmployerKind.LAB or not low or comes_out or beyond <= 0:
        return False
    return world.luck.uniform("cancellation", world.month, team.row) < parameters.cancel_rate * beyond


def pace(world: OracleWorld, team: Team, served: float) -> float:
    """Compute^alpha x team skill^(1 - alpha), where a full team of skill 0 has team skill 1.

    Slower by what the team does not know (any more), and by each member beyond what works without coordination.
    """
    alpha = world.parameters.compute_share
    power = sum(exp(world.parameters.pay_skill_slope * person.skill) for person in world.members(team))
    work = served**alpha * min(power / max(team.posts, 1.0), world.parameters.staff_most) ** (1 - alpha)
    beyond = max(len(world.members(team)) - world.parameters.coordination_free, 0.0)
    return work * team.know_how / (1 + world.parameters.coordination_cost * beyond)


def is_out(world: OracleWorld, team: Team, project: Project) -> bool:
    """Finished, or pushed out late and not quite done; otherwise it slips when its time has come.

    An employer that is behind has less patience.
    What is finished waits for a dated release of its team that is near.
    """
    parameters, month = world.parameters, world.month
    waits = any(0 < when - month <= parameters.release_hold for when in dated_releases(world, team))
    finished = project.progress >= project.work
    patience = parameters.slip_limit / (1 + parameters.rush_gap * world.lag(team.employer))
    too_late = month - project.started >= patience * project.work
    rushed = not finished and too_late and project.progress >= parameters.rush_tolerance * project.work
    if (finished or rushed) and not waits:
        luck = world.luck.normal("release", month, project.row)
        quality = parameters.release_quality_mean + parameters.release_quality_sd * luck
        project.quality = min(max(quality - parameters.rush_penalty * rushed, -1.0), 1.0)
        return True
    if project.planned <= month:
        project.planned = month + 1
    return False


def dated_releases(world: OracleWorld, team: Team) -> list[int]:
    """The months in which the scenario has the team release something."""
    return [
        dated.month
        for dated in world.events
        for effect in dated.event.effects
        if effect.kind == "release" and team.row in world.scenario.team_rows(effect["team"])
    ]


def ship(world: OracleWorld) -> None:
    """What has been released becomes a product one day, sooner where products count and while demand is high."""
    for project in world.projects:
        if project.state != ProjectState.RELEASED or project.shipped >= 0:
            continue
        assert project.team
        owner = project.team.employer
        focus = owner.culture[DIMENSIONS.index("product")]
        chance = world.parameters.ship_rate * focus * world.lever("demand")
        if owner.is_open and world.luck.uniform("product", world.month, project.row) < chance:
            project.shipped = world.month
            owner.prestige += world.parameters.ship_prestige * project.visibility


def grow(world: OracleWorld, served: dict[Team, float]) -> None:
    """Skill grows from better team mates and from compute to work with."""
    parameters = world.parameters
    for team in world.teams:
        members = world.members(team)
        mean = sum(person.skill for person in members) / max(len(members), 1)
        for person in members:
            person.skill += parameters.skill_growth_peers * max(mean - person.skill, 0.0)
            person.skill += parameters.skill_growth_compute * min(served[team], 1.0)
