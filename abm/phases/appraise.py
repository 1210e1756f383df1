"""Every researcher appraises the present job, term by term; shocks fade; some decisions open."""

from __future__ import annotations

import numpy as np

from abm.columns import Bools, Floats, Integers
from abm.kernels import choice, exposure, utility
from abm.kernels.pairs import expand, group_median, rank_within
from abm.tables import DIMENSIONS, SOURCE, Decisions, EmployerKind, Path, Status
from abm.world import World

WRITES = (
    "researchers.tenure",
    "researchers.vesting_clock",
    "researchers.equity_grant",
    "researchers.strain",
    "researchers.breach",
    "researchers.shock",
    "researchers.leavers",
    "researchers.fit_felt",
    "researchers.outside",
    "researchers.path",
    "teams.rivalry",
    "decisions",
)
PARAMETERS = (
    "deprivation_weight",
    "deprivation_pay_weight",
    "strain_weight",
    "strain_time_zone",
    "strain_leader",
    "strain_crunch",
    "strain_short_staffing",
    "breach_weight",
    "culture_drift_breach",
    "contract_breach",
    "half_life_culture_drift",
    "strain_rivalry",
    "rivalry_size",
    "voice_threshold",
    "voice_rate",
    "voice_ignored",
    "retention_attention",
    "retention_effect",
    "found_commons",
    "embeddedness_weight",
    "embeddedness_months",
    "unemployment_income",
    "no_job_disutility",
    "personal_sd",
    "h0",
    "h_shock",
    "h_gap",
    "h_ties",
    "outside_learning",
    "referral_share",
    "found_rate",
    "found_reputation",
    "found_disagreement",
    "found_friends",
    "found_climate",
)
PARTS = (Path.ROUTINE, Path.SHOCK, Path.SLOW_BUILD_UP, Path.COLLEAGUES, Path.OFFER)


def run(world: World) -> None:
    """Stocks, present utility, belief on the outside, hazard of opening (MODEL sections 3 and 4)."""
    people, n = world.researchers, world.n_researchers
    member = np.flatnonzero(people.team >= 0)
    people.tenure[member] += 1
    people.vesting_clock[member] += 1
    _renew_grants(world, member)
    _stocks(world)
    _retention(world)

    terms = np.zeros((n, utility.N_TERMS), order="F")
    terms[member], deprived = present_terms(world)
    searching = np.flatnonzero(people.status == Status.SEARCHING)
    income = np.full(len(searching), world.parameters.unemployment_income)
    terms[searching, utility.TERM["pay"]] = utility.pay(people.taste_pay[searching], income, np.ones(len(searching)))
    terms[searching, utility.TERM["place"]] = -world.parameters.no_job_disutility
    present = utility.total(terms)

    _hear_of_a_job(world, present)
    hazard = np.zeros((n, len(PARTS)))
    hazard[member] = _hazard(world, present)[member]
    idea = _ideas(world, deprived, present)
    luck = world.streams.uniform("open_decision", world.month, np.arange(n))
    is_open, part = choice.opened(hazard, luck)
    free = people.held_until <= world.month
    is_open &= free
    idea &= free
    is_open[searching] = True
    people.path[:] = np.where(is_open, np.array([*PARTS, Path.NONE])[part], Path.NONE)
    people.path[searching] = Path.NONE
    people.path[idea & ~is_open] = Path.FOUNDING
    routine = np.flatnonzero(people.path == Path.ROUTINE)
    reason = world.streams.normal("personal_reason", world.month, routine)
    terms[routine, utility.TERM["personal"]] = world.parameters.personal_sd * reason
    present = utility.total(terms)
    empty = np.zeros(0, dtype=np.int64)
    world.decisions = Decisions(
        terms=terms,
        present=present,
        hazard=hazard,
        is_open=is_open | idea,
        has_idea=idea,
        counter_pay=np.zeros(n),
        choice=np.full(n, -1),
        perceived=np.full((n, 4), -np.inf),
        found_person=empty,
        found_terms=np.zeros((0, utility.N_TERMS)),
    )


def _renew_grants(world: World, member: Integers) -> None:
    """A grant that has vested is followed by another of the usual size: there is always something to give up."""
    people, months = world.researchers, world.vesting_months(world.employer_of()[member])
    over = people.vesting_clock[member] >= months
    done = member[over]
    people.equity_grant[done] = people.pay[done] * people.equity_ratio[done] * months[over] / 12
    people.vesting_clock[done] = 0


def _stocks(world: World) -> None:
    """Strain and culture drift are felt (all stocks fade at the beginning of the month, in events)."""
    parameters, people, teams = world.parameters, world.researchers, world.teams
    projects = world.projects
    hours = world.sites.hours[teams.site, world.employers.site[teams.employer]]
    hours = hours * world.levers["remote_hours"][teams.employer]
    left = np.where(teams.project >= 0, projects.planned[teams.project] - world.month, 99)
    crunch = parameters.strain_crunch * ((left >= 0) & (left <= 2))
    empty = np.clip(1.0 - teams.n_members / np.maximum(teams.posts * world.levers["posts"], 1.0), 0.0, 1.0)
    member = np.flatnonzero(people.team >= 0)
    team = people.team[member]
    leads = teams.leader[team] == member
    zones = parameters.strain_time_zone * hours[team] / 9.0
    people.strain[member] += zones * np.where(leads, parameters.strain_leader, 1.0)
    people.strain[member] += crunch[team] + parameters.strain_short_staffing * empty[team]
    teams.rivalry[:] = rivals(world)
    people.strain[member] += parameters.strain_rivalry * np.minimum(teams.rivalry[team], 1.0)

    fit = utility.culture_fit(people.ideal[member], people.culture_weight[member], world.culture_of(team))
    drift = parameters.culture_drift_breach * np.maximum(people.fit_felt[member] - fit, 0.0)
    autonomy = world.culture_of(team)[:, DIMENSIONS.index("autonomy")]
    lost = np.maximum(people.autonomy_promised[member] - autonomy, 0.0)  # the contract of the day of joining (M34)
    fading = 0.5 ** (1.0 / parameters.half_life_culture_drift)
    people.breach[member, SOURCE["culture_drift"]] += drift + parameters.contract_breach * lost * (1.0 - fading)
    people.shock[member] += drift
    people.fit_felt[member] = fit


def rivals(world: World) -> Floats:
    """(J,) to a flagship project, the others on its topic under one roof; parts of one team do not count (M05)."""
    teams, projects = world.teams, world.projects
    demand = np.where(teams.project >= 0, projects.demand[teams.project], 0.0) * world.levers.world("need")
    base = np.arange(world.n_teams)  # teams of start-ups and of companies that were bought are whole
    parts = world.scenario.team_bases()
    base[: len(parts)] = parts
    large = demand > world.parameters.rivalry_size * teams.need
    flagship = np.flatnonzero(large & (teams.n_members > 0))
    group = teams.employer[flagship].astype(np.int64) * len(world.scenario.topics) + teams.topic[flagship]
    found = np.zeros(world.n_teams)
    found[flagship] = np.bincount(group)[group] - np.bincount(base[flagship])[base[flagship]]
    return found


def _retention(world: World) -> None:
    """Who is hurt may speak up; the research head has time for some, and an unheard voice is one more shock (M21, M22).

    Time: people per hundred and month, less the escalations heard; a flagship business takes its share of it (M08).
    """
    parameters, people, teams, employers = world.parameters, world.researchers, world.teams, world.employers
    employer = world.employer_of()
    held = utility.total(people.breach)
    at_risk = np.flatnonzero((employer >= 0) & (held >= parameters.voice_threshold))
    at_risk = at_risk[employers.kind[employer[at_risk]] == EmployerKind.LAB]
    standing = people.reputation[at_risk] / (1.0 + people.reputation[at_risk])
    speaks = world.streams.uniform("voice", world.month, at_risk) < parameters.voice_rate * standing
    heads = np.bincount(teams.employer, teams.n_members, minlength=world.n_employers)
    busy = np.bincount(teams.employer[teams.escalated >= 2], minlength=world.n_employers)
    time = parameters.retention_attention * heads / 100.0 * (1.0 - world.levers["flagship"]) - busy
    home = employer[at_risk]
    risk = np.round(
        held[at_risk] + people.shock[at_risk], 9
    )  # the same event hurts many alike: no order in the last bit
    turn = np.empty(len(at_risk))  # who spoke up, then who is most at risk, then the better known
    turn[np.lexsort((-people.reputation[at_risk], -risk, ~speaks))] = np.arange(len(at_risk))
    seen = rank_within(home, -turn) < np.floor(np.maximum(time, 0.0))[home]
    kept = at_risk[seen]
    people.breach[kept] *= 1.0 - parameters.retention_effect
    people.shock[kept] *= 1.0 - parameters.retention_effect
    people.shock[at_risk[speaks & ~seen]] += parameters.voice_ignored


def present_terms(world: World) -> tuple[Floats, Floats]:
    """Terms of the present job of everybody who has one, in the order of rows, and their deprivation.

    Returns:
        (M, T) utils and (M,) index.
    """
    parameters, people, ties = world.parameters, world.researchers, world.ties
    member = np.flatnonzero(people.team >= 0)
    team = people.team[member]
    totals = world.tie_totals()
    inside = exposure.share_at_own(ties.start, ties.owner, ties.neighbour, ties.strength, world.employer_of(), totals)
    terms = world.job_terms(member, team, people.pay[member], people.equity_ratio[member], inside[member])

    per_head = world.compute_per_head()
    relative_pay = people.pay[member] / world.reference_pay()[member]
    deprived = utility.deprivation(
        best_per_head=_best_sister(world, per_head)[team],
        own_per_head=per_head[team],
        floor=0.01 * world.need()[member],
        median_pay=group_median(team, relative_pay, world.n_teams)[team],
        own_pay=relative_pay,
        pay_weight=parameters.deprivation_pay_weight,
        cares=people.taste_compute[member] > 0,
    )
    terms[:, utility.TERM["deprivation"]] = -parameters.deprivation_weight * deprived
    terms[:, utility.TERM["strain"]] = -parameters.strain_weight * people.strain[member]
    terms[:, utility.TERM["breach"]] = -parameters.breach_weight * utility.total(people.breach[member])
    terms[:, utility.TERM["embeddedness"]] = parameters.embeddedness_weight * utility.embeddedness(
        people.tenure[member].astype(np.float64), parameters.embeddedness_months, inside[member]
    )
    return terms, deprived


def _best_sister(world: World, per_head: Floats) -> Floats:
    """(J,) compute per head of the best-resourced team of the same employer on the same topic (its own included)."""
    teams = world.teams
    n_topics = len(world.scenario.topics)
    group = teams.employer.astype(np.int64) * n_topics + teams.topic
    best = np.zeros(world.n_employers * n_topics)
    staffed = teams.n_members > 0
    np.maximum.at(best, group[staffed], per_head[staffed])
    return np.asarray(best[group])


def _hear_of_a_job(world: World, present: Floats) -> None:
    """Everybody hears of one job a month, from a tie or by chance, and learns what the outside is worth (T6)."""
    parameters, people, teams, ties = world.parameters, world.researchers, world.teams, world.ties
    member = np.flatnonzero(people.team >= 0)
    luck = world.streams.uniform("seen_job", world.month, member, 0)
    teller = (luck * world.n_researchers).astype(np.int64)  # a chance acquaintance: large teams are heard of more
    by_tie = (ties.start[member + 1] > ties.start[member]) & (
        world.streams.uniform("seen_by_tie", world.month, member) < parameters.referral_share
    )
    first, last = ties.start[member[by_tie]], ties.start[member[by_tie] + 1]
    teller[by_tie] = ties.neighbour[first + (luck[by_tie] * (last - first)).astype(np.int64)]
    seen = people.team[teller]

    mine = world.employer_of()
    outside = (seen >= 0) & (teams.employer[seen] != mine[member])
    person, team = member[outside], seen[outside]
    employer = teams.employer[team]
    terms = world.job_terms(
        person,
        team,
        world.first_offer(person, team),
        world.employers.equity_ratio[employer] * world.levers["equity"][employer],
        world.share_at(person, employer),
    )
    world.moving_terms(terms, person, team)
    value = utility.total(terms)
    fresh = member[(people.tenure[member] <= 1) | (world.month == 0)]
    people.outside[fresh] = present[fresh]  # nobody regrets on the first day
    people.outside[person] += parameters.outside_learning * (value - people.outside[person])


def _hazard(world: World, present: Floats) -> Floats:
    """(N, parts) of the hazard of opening the decision, before this month's offers (Lee and Mitchell 1994)."""
    parameters, people = world.parameters, world.researchers
    hazard = np.zeros((world.n_researchers, len(PARTS)))
    hazard[:, 0] = parameters.h0
    hazard[:, 1] = parameters.h_shock * people.shock
    hazard[:, 2] = parameters.h_gap * np.maximum(people.outside - present, 0.0)
    hazard[:, 3] = parameters.h_ties * people.leavers
    return hazard


def _ideas(world: World, deprived: Floats, present: Floats) -> Bools:
    """Who has the idea to found this month (Klepper 2001; Gompers et al. 2005: T15).

    Hazard = propensity x rate x exp(reputation + disagreement + willing friends + seed climate). Disagreement: compute
    refused (deprivation, broken promises) or project killed (cancellation). Friends are willing when the outside looks
    better to them than their job.
    """
    parameters, people, ties = world.parameters, world.researchers, world.ties
    idea = np.zeros(world.n_researchers, dtype=bool)
    own = people.own_startup
    may = (own >= 0) & (people.team >= 0) & (people.founder_propensity > 0)
    may &= world.employers.founded_month[own] < 0
    founder = np.flatnonzero(may)
    if len(founder) == 0:
        return idea
    everyone = np.zeros(world.n_researchers)
    everyone[people.team >= 0] = deprived
    disagreement = everyone[founder] + people.breach[founder, SOURCE["cancellation"]]
    disagreement += people.breach[founder, SOURCE["broken_promise"]]
    wants_out = (people.team >= 0) & (people.outside > present)
    entry, which = expand(ties.start, founder)
    warm = np.bincount(which, ties.strength[entry] * wants_out[ties.neighbour[entry]], minlength=len(founder))
    total = world.tie_totals()[founder]
    friends = np.divide(warm, total, out=np.zeros(len(founder)), where=total > 0)
    climate = world.seed_climate(people.site[founder])
    rate = (
        parameters.found_rate
        * people.founder_propensity[founder]
        * np.exp(
            parameters.found_reputation * np.log1p(people.reputation[founder])
            + parameters.found_disagreement * disagreement
            + parameters.found_friends * friends
            + parameters.found_climate * climate
            + parameters.found_commons * np.log1p(world.commons())
        )
    )
    luck = world.streams.uniform("found_idea", world.month, founder)
    idea[founder] = luck < -np.expm1(-rate)
    return idea
