"""Founding groups leave, raise money, become start-ups; start-ups spend, raise again, fail or are bought."""

from __future__ import annotations

import numpy as np

from abm import employment
from abm.columns import Floats, Integers
from abm.kernels import choice, utility
from abm.kernels.pairs import running_sum, weighted_pick
from abm.phases.choose import FOUNDS, seed_round, strongest_ties, venture_terms
from abm.tables import SOURCE, Cause, EmployerKind, Path, Status
from abm.world import World

WRITES = ("researchers", "employers", "teams", "projects", "joined")
PARAMETERS = (
    "mu",
    "pay_reference",
    "startup_pay",
    "startup_equity_ratio",
    "startup_compute_share",
    "startup_growth_round",
    "startup_prestige",
    "valuation_multiple",
    "round_multiple",
    "standing_most",
    "compute_rent",
    "runway_target",
    "funding_success",
    "founding_months",
    "acquisition_share",
    "acquired_breach",
    "earn_out_months",
    "earn_out_pay",
    "squeeze",
    "squeeze_tolerance",
    "compute_price",
    "layoff_survivors",
)


def run(world: World) -> None:
    """Groups under way first, then the money of start-ups and laboratories, then the groups that form this month."""
    _incorporate(world)
    _finance(world)
    _squeeze(world)
    _form_groups(world)


def _form_groups(world: World) -> None:
    """Founders leave, and ask their strongest ties to come along (D15: "first we hired our friends")."""
    decisions, people = world.decisions, world.researchers
    assert decisions is not None
    chosen = (decisions.choice == FOUNDS) & (people.team >= 0)
    which = np.flatnonzero(chosen[decisions.found_person])
    founder = decisions.found_person[which]
    if len(founder) == 0:
        return
    person, asked_by, strength = strongest_ties(world, founder)
    fresh = ~np.isin(person, founder) & ~np.isin(person, world.joined) & (people.held_until[person] <= world.month)
    person, asked_by, strength = person[fresh], asked_by[fresh], strength[fresh]
    _leave_to_found(world, founder, founder, decisions.found_terms[which], Path.NONE)

    totals = world.tie_totals()[person]
    peers = np.divide(strength, totals, out=np.zeros(len(person)), where=totals > 0)
    terms = venture_terms(world, person, founder[asked_by], peers)
    noise = world.streams.gumbel("found_partner", world.month, person, founder[asked_by])
    joining = utility.total(terms) + world.parameters.mu * noise
    staying = decisions.present[person] + world.parameters.mu * world.streams.gumbel(
        "choice_nest", world.month, person, choice.STAY
    )
    order = np.lexsort((asked_by, -joining, person))  # who is asked twice joins the better venture
    _, first = np.unique(person[order], return_index=True)
    best = order[first]
    best = best[joining[best] > staying[best]]
    _leave_to_found(world, person[best], founder[asked_by[best]], terms[best], Path.COLLEAGUES)


def _leave_to_found(world: World, person: Integers, founder: Integers, terms: Floats, path: Path) -> None:
    """End the old job for the venture of a founder; the company begins when its founding months are over."""
    assert world.decisions is not None
    people, parameters = world.researchers, world.parameters
    if path != Path.NONE:
        people.path[person] = path
    employment.depart(
        world,
        person,
        Cause.FOUNDED,
        Status.FOUNDING,
        to_team=world.first_team_of(people.own_startup[founder]),
        pay_after=parameters.startup_pay * world.reference_pay()[person],
        equity_after=np.full(len(person), parameters.startup_equity_ratio),
        referrer=np.where(person == founder, -1, founder),
        leave_months=np.full(len(person), int(parameters.founding_months)),
        terms_stay=world.decisions.terms[person],
        terms_go=terms,
    )


def _incorporate(world: World) -> None:
    """Groups whose founding months are over raise their first round: most become companies, some search again."""
    parameters, people, employers, teams = world.parameters, world.researchers, world.employers, world.teams
    founding = people.status == Status.FOUNDING
    people.leave_clock[founding] -= 1
    ready = np.flatnonzero(founding & (people.leave_clock <= 0))
    if len(ready) == 0:
        return
    team = np.unique(people.next_team[ready])
    startup = teams.employer[team]
    group = np.searchsorted(team, people.next_team[ready])
    joint = np.bincount(group, np.log1p(people.reputation[ready]), minlength=len(team))
    chance = 1.0 - (1.0 - parameters.funding_success) ** joint
    funded = world.streams.uniform("funding", world.month, startup, 0) < chance
    money = first_round(world, startup, joint)
    employment.set_free(world, ready[~funded[group]], Status.SEARCHING)

    team, startup, joint, money = team[funded], startup[funded], joint[funded], money[funded]
    person = ready[funded[group]]
    if len(team) == 0:
        return
    group = np.searchsorted(team, people.next_team[person])
    size = np.bincount(group, minlength=len(team))
    for dimension in range(people.ideal.shape[1]):
        mean = np.bincount(group, people.ideal[person, dimension], minlength=len(team)) / size
        employers.culture[startup, dimension] = mean
    founder = employers.founder[startup]
    employers.site[startup] = people.site[founder]
    teams.site[team] = people.site[founder]
    employers.is_open[startup] = True
    teams.is_open[team] = True
    employers.founded_month[startup] = world.month
    employers.prestige[startup] = employers.prestige_base[startup] = parameters.startup_prestige * joint
    employers.cash[startup] = money
    _spend_plan(world, startup, team, money, size + 2)
    goal = people.next_team[person].astype(np.int64)
    employment.begin(world, person, goal, people.next_pay[person].copy(), people.next_equity[person].copy())
    teams.leader[team] = founder
    world.ledger.append(
        "startups",
        {
            "month": np.full(len(team), world.month),
            "employer": startup.astype(np.int64),
            "founder": founder.astype(np.int64),
            "site": teams.site[team].astype(np.int64),
            "n_founders": size,
            "funding": money,
        },
    )


def first_round(world: World, startup: Integers, joint: Floats) -> Floats:
    """(F,) kUSD of a seed round with the luck of this month."""
    luck = world.streams.normal("funding", world.month, startup, 1)
    return seed_round(world, world.employers.founder[startup], joint, luck)


def _spend_plan(world: World, startup: Integers, team: Integers, money: Floats, most_posts: Integers) -> None:
    """A round is meant to last: so much a year for rented compute, the rest for people; posts as pay allows."""
    parameters, employers = world.parameters, world.employers
    yearly = money * 12.0 / parameters.runway_target
    employers.valuation[startup] = parameters.valuation_multiple * money
    employers.rented[startup] = yearly * parameters.startup_compute_share / parameters.compute_rent
    employers.pay_budget[startup] = yearly * (1.0 - parameters.startup_compute_share)
    paid = np.floor(employers.pay_budget[startup] / (employers.pay_level[startup] * parameters.pay_reference))
    world.teams.posts[team] = np.clip(paid, 1.0, most_posts)


def _finance(world: World) -> None:
    """Pay and rent are spent; reputation may bring a new round; without money a start-up is bought or closed."""
    parameters, people, employers = world.parameters, world.researchers, world.employers
    startup = np.flatnonzero(world.is_startup() & employers.is_open & (employers.founded_month < world.month))
    if len(startup) == 0:
        return
    team = world.first_team_of(startup)
    member = np.flatnonzero(people.team >= 0)
    payroll = np.bincount(world.employer_of()[member], people.pay[member], minlength=world.n_employers)[startup]
    spent = (payroll + employers.rented[startup] * parameters.compute_rent) / 12.0
    standing = np.bincount(people.team[member], np.log1p(people.reputation[member]), minlength=world.n_teams)[team]
    size = world.teams.n_members[team]
    counted = np.minimum(standing, parameters.standing_most)
    chance = parameters.startup_growth_round * counted
    lucky = (world.streams.uniform("funding", world.month, startup, 0) < chance) & (size > 0)
    money = np.where(
        lucky,
        parameters.round_multiple * first_round(world, startup, np.minimum(standing, parameters.standing_most)),
        0.0,
    )
    employers.cash[startup] = np.maximum(employers.cash[startup] + money - spent, 0.0)
    rich = np.flatnonzero(lucky)
    _spend_plan(world, startup[rich], team[rich], employers.cash[startup[rich]], 2 * size[rich] + 3)

    broke = (employers.cash[startup] <= 0) | (size == 0)
    _end(world, startup[broke], team[broke])


def _end(world: World, startup: Integers, team: Integers) -> None:
    """A start-up ends: some are bought by a lab with their team, the others close and their people search."""
    if len(startup) == 0:
        return
    employers, people = world.employers, world.researchers
    luck = world.streams.uniform("acquirer", world.month, startup, 0)
    labs = np.flatnonzero((employers.kind == EmployerKind.LAB) & employers.is_open & (employers.pay_budget > 0))
    bought = (luck < world.parameters.acquisition_share) & (world.teams.n_members[team] > 0) & (len(labs) > 0)
    if bought.any():
        weights = running_sum(employers.pay_budget[labs])
        zero = np.zeros(int(bought.sum()), dtype=np.int64)
        drawn = world.streams.uniform("acquirer", world.month, startup[bought], 1)
        employment.acquire(world, team[bought], labs[weighted_pick(weights, zero, zero + len(labs), drawn)])
        _tie_in(world, employers.founder[startup[bought]], team[bought])
    employment.close_teams(world, team[~bought], Cause.STARTUP_FAILED)
    employers.is_open[startup] = False
    employers.closed_month[startup] = world.month
    employers.rented[startup] = 0.0
    employers.pool[startup] = 0.0
    employers.cash[startup] = 0.0
    assert not np.isin(people.team[people.team >= 0], team[~bought]).any()


def _tie_in(world: World, founder: Integers, team: Integers) -> None:
    """Founders whose company is bought lose control, and are paid to stay until an earn-out is over (M49)."""
    parameters, people = world.parameters, world.researchers
    held = people.team[founder] == team
    founder, months = founder[held], world.vesting_months(world.teams.employer[team[held]])
    people.breach[founder, SOURCE["culture_drift"]] += parameters.acquired_breach
    people.shock[founder] += parameters.acquired_breach
    people.vesting_clock[founder] = np.maximum(months - parameters.earn_out_months, 0.0).astype(np.int32)
    left = world.unvested_share()[founder]
    owed = parameters.earn_out_pay * people.pay[founder]
    people.equity_grant[founder] = np.divide(owed, left, out=np.zeros(len(founder)), where=left > 0)


def _squeeze(world: World) -> None:
    """Capital cost beyond the plan comes out of the pay budget of a laboratory; what is beyond is laid off (M15)."""
    parameters, people, employers, teams = world.parameters, world.researchers, world.employers, world.teams
    lab = employers.kind == EmployerKind.LAB
    member = np.flatnonzero(people.team >= 0)
    home = teams.employer[people.team[member]]
    payroll = np.bincount(home, people.pay[member], minlength=world.n_employers)
    beyond = np.maximum(employers.ordered - employers.planned_order, 0.0) * parameters.compute_price
    employers.capital_overrun[:] = np.where(lab, parameters.squeeze * beyond, 0.0)
    budget = employers.pay_budget * world.levers.world("market_pay") - employers.capital_overrun
    borne = (1.0 + parameters.squeeze_tolerance) * np.maximum(budget, 0.0)
    over = np.where(lab & (payroll > borne) & (employers.capital_overrun > 0), payroll - borne, 0.0)
    if not over.any():
        return
    luck = world.streams.uniform("squeeze", world.month, member)
    order = np.lexsort((luck, home))
    spent = np.cumsum(people.pay[member[order]])
    first = np.searchsorted(home[order], np.arange(world.n_employers))
    before = spent - people.pay[member[order]]
    before -= before[np.minimum(first, max(len(order) - 1, 0))][home[order]]
    chosen = np.sort(member[order[before < over[home[order]]]])
    cut = np.bincount(teams.employer[people.team[chosen]], minlength=world.n_employers)
    share = cut / np.maximum(np.bincount(home, minlength=world.n_employers), 1)
    felt = np.minimum(parameters.layoff_survivors * share, 1.0)[teams.employer]
    employment.lay_off(world, chosen, np.where(teams.n_members > 0, felt, 0.0))
