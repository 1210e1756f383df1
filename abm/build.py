"""Month 0: population, potential entrants and start-ups, first projects and the first collaboration graph.

Every draw is keyed by its row, so that a person added at the end changes nobody else. Rows: the people of each team in
the order of the scenario, then the potential entrants; the employers and teams of the scenario, then one potential
start-up (with one team) per potential founder.
"""

from __future__ import annotations

import numpy as np

from abm.cohorts import cohort_order
from abm.columns import Floats, Integers
from abm.kernels import collaboration, utility
from abm.levers import Levers
from abm.parameters import Parameters
from abm.projects import draw_projects, start_projects
from abm.scenario import Scenario
from abm.scenario_read import BY_EVENT
from abm.scenario_size import check_room
from abm.streams import Streams, stable_row
from abm.tables import (
    DIMENSIONS,
    RULES,
    Cohort,
    EmployerKind,
    Employers,
    Projects,
    Researchers,
    Status,
    Teams,
    Ties,
)
from abm.world import DatedEvent, Sites, World

INFRASTRUCTURE = "infrastructure"
LONGEST_LEAD = 61  # months beyond the horizon that deliveries may fall into

# Archetypes of taste (T5: heterogeneous taste for science): ideal point over DIMENSIONS, and how much the archetype
# cares about each term relative to the population mean. Grade D: declared assumptions in the spirit of the source.
ARCHETYPES = {
    "scholar": ((0.95, 0.90, 0.10, 0.55, 0.60, 0.60), {"pay": 0.85, "compute": 0.9, "culture": 1.4, "prestige": 1.2}),
    "builder": ((0.55, 0.60, 0.70, 0.65, 0.40, 0.50), {"pay": 1.0, "compute": 1.4, "culture": 0.9, "equity": 1.3}),
    "professional": ((0.40, 0.45, 0.60, 0.45, 0.75, 0.65), {"pay": 1.15, "compute": 0.7, "culture": 0.8, "place": 1.3}),
}
TASTE_NAMES = ("compute", "culture", "peers", "prestige", "equity", "place")


def build(scenario: Scenario, seed: int) -> World:
    """Make the world of month 0.

    Args:
        scenario: checked.
        seed: of the replicate, non-negative.

    Returns:
        A world whose first month has not been run.

    Raises:
        ScenarioError: it does not fit into the memory that is free.
    """
    check_room(scenario)
    parameters = Parameters(scenario.parameters)
    streams = Streams(seed)
    placed = scenario.placed_teams()
    n_first = sum(team.size for team in placed)
    n = n_first + scenario.entrants
    rows = np.arange(n)

    founder = np.flatnonzero(streams.uniform("founder", 0, rows, 0) < scenario.potential_founders)
    n_employers = len(scenario.employers) + len(founder)
    n_teams = len(placed) + len(founder)
    slots = scenario.horizon // 6 + 4

    world = World(
        scenario=scenario,
        parameters=parameters,
        streams=streams,
        base_levers=Levers(n_employers, n_teams, len(scenario.sites)),
        levers=Levers(n_employers, n_teams, len(scenario.sites)),
        sites=_sites(scenario, parameters),
        researchers=Researchers(n),
        employers=Employers(n_employers),
        teams=Teams(n_teams),
        projects=Projects(n_teams * slots),
        ties=Ties(np.zeros(n + 1, np.int64), *(np.zeros(0, t) for t in ("int32", "float64", "int8", "int16"))),
        cohorts=[],
        events=_event_dates(scenario, streams),
        employer_names=[e.name for e in scenario.employers] + [f"Start-up {k + 1}" for k in range(len(founder))],
        team_names=[team.name for team in placed] + [f"Start-up {k + 1}" for k in range(len(founder))],
        project_names={},
        project_slots=slots,
        release_team=np.zeros(0, np.int64),
        release_month=np.zeros(0, np.int64),
        arrivals=np.zeros((n_employers, scenario.horizon + LONGEST_LEAD)),
    )
    _employers(world)
    _teams(world)
    _people(world, n_first)
    _startups(world, founder)
    _pay(world, rows[:n_first])
    _cohorts(world)
    _graph(world, n_first)
    _projects(world)
    dated_releases(world)
    return world


def _sites(scenario: Scenario, parameters: Parameters) -> Sites:
    """Place utility 0 in the same city, negative in the same country, -1 abroad; hours between time zones."""
    country = np.array([site.country for site in scenario.sites])
    offset = np.array([site.utc_offset for site in scenario.sites])
    place = np.where(country[:, None] == country[None, :], -parameters.place_country, -1.0)
    np.fill_diagonal(place, 0.0)
    apart = np.abs(offset[:, None] - offset[None, :])
    return Sites(
        names=tuple(site.name for site in scenario.sites),
        notice=np.array([site.notice_months for site in scenario.sites], dtype=np.int32),
        non_compete=np.array([site.non_compete for site in scenario.sites], dtype=bool),
        seed_climate=np.array([site.seed_climate for site in scenario.sites], dtype=np.float64),
        place=place,
        hours=np.minimum(apart, 24.0 - apart),
    )


def _event_dates(scenario: Scenario, streams: Streams) -> list[DatedEvent]:
    """A month for every event, uniform within the bounds that the reports allow."""
    found = []
    for row, event in enumerate(scenario.events):
        low, high = scenario.event_months(event)
        key = stable_row(event.id)
        luck = float(streams.uniform("event_date", 0, np.array([key]))[0])
        found.append(DatedEvent(row, low + int(luck * (high - low + 1)), event, key))
    return found


def dated_releases(world: World) -> None:
    """Which team releases when, as far as the scenario dates it: a finished project waits for its date."""
    pairs = [
        (row, dated.month)
        for dated in world.events
        for effect in dated.event.effects
        if effect.kind == "release"
        for row in world.scenario.team_rows(effect.fields["team"])
    ]
    world.release_team = np.array([row for row, _ in pairs], dtype=np.int64)
    world.release_month = np.array([month for _, month in pairs], dtype=np.int64)


def _employers(world: World) -> None:
    """Write the employers of the scenario; deliveries ordered before the start are on their way."""
    site_row = {name: row for row, name in enumerate(world.sites.names)}
    table, horizon = world.employers, world.arrivals.shape[1]
    for row, plan in enumerate(world.scenario.employers):
        table.kind[row] = EmployerKind.UNIVERSITY if plan.kind == "university" else EmployerKind.LAB
        table.is_open[row] = True
        table.site[row] = site_row[plan.hq]
        table.owned[row] = plan.compute
        table.growth_compute[row] = np.log(plan.compute_growth) / 12 if plan.compute_growth > 0 else 0.0
        for name in ("lead_time", "gpu_ready", "utilisation", "product_share"):
            getattr(table, name)[row] = getattr(plan, name)
        for name in ("pay_level", "pay_ceiling"):
            getattr(table, name)[row] = getattr(plan, name) ** world.parameters.pay_level_power
        for name in ("equity_ratio", "prestige", "recruiter_contacts", "counter_offer", "garden_leave"):
            getattr(table, name)[row] = getattr(plan, name)
        table.prestige_base[row] = plan.prestige
        table.growth[row] = np.log(plan.growth) / 12 if plan.growth > 0 else 0.0
        table.allocation[row] = RULES.index(plan.allocation)
        table.culture[row] = [plan.culture[dimension] for dimension in DIMENSIONS]
        late = round(world.parameters.retrofit_delay * (1.0 - plan.gpu_ready))
        ordered = min(plan.lead_time + late, horizon)
        path = plan.compute * np.exp(table.growth_compute[row] * np.arange(ordered + 1))
        world.arrivals[row, :ordered] = np.maximum(np.diff(path), 0.0)


def _teams(world: World) -> None:
    """Write the teams of the scenario, also those that open later."""
    scenario, table = world.scenario, world.teams
    site_row = {name: row for row, name in enumerate(world.sites.names)}
    for row, team in enumerate(scenario.placed_teams()):
        plan = team.plan
        table.employer[row] = team.employer
        table.site[row] = site_row[plan.site]
        table.topic[row] = scenario.topics.index(plan.topic)
        table.is_infrastructure[row] = plan.topic == INFRASTRUCTURE
        table.priority[row] = plan.priority
        table.remote[row] = plan.remote
        table.posts[row] = team.posts
        table.culture_offset[row] = [plan.culture.get(dimension, 0.0) for dimension in DIMENSIONS]
        by_event = plan.opens == BY_EVENT
        opens = -1 if plan.opens is None or by_event else scenario.month_of(plan.opens)
        table.opens[row] = opens
        table.is_open[row] = opens <= 0 and not by_event


def _people(world: World, n_first: int) -> None:
    """Write who the people are: skill, tastes, ideals, needs; the first `n_first` have a team."""
    scenario, parameters, people = world.scenario, world.parameters, world.researchers
    rows = np.arange(people.n_rows)
    sizes = [team.size for team in scenario.placed_teams()]
    people.team[:n_first] = np.repeat(np.arange(len(sizes)), sizes)
    people.status[:n_first] = Status.EMPLOYED
    team, entrants = people.team[:n_first], rows[n_first:]
    people.site[:n_first] = world.teams.site[team]
    places = _entry_places(world)
    people.site[n_first:] = places[(world.streams.uniform("entry", 0, entrants, 0) * len(places)).astype(np.int64)]
    people.entry_month[n_first:] = (world.streams.uniform("entry", 0, entrants, 1) * scenario.horizon).astype(np.int32)

    off_topic = world.streams.uniform("specialty", 0, rows, 0) < parameters.off_topic
    drawn = (world.streams.uniform("specialty", 0, rows, 1) * len(scenario.topics)).astype(np.int32)
    people.specialty[:] = drawn
    people.specialty[:n_first] = np.where(off_topic[:n_first], drawn[:n_first], world.teams.topic[team])

    home = np.full(people.n_rows, -1)
    home[:n_first] = world.teams.employer[team]
    standing = np.where(home >= 0, world.employers.prestige[home], 0.0)
    people.skill[:] = world.streams.normal("skill", 0, rows) + parameters.skill_prestige * (
        np.log1p(standing) - np.log(2.0)
    )
    people.skill[n_first:] += parameters.entrant_skill  # doctorates begin a little below the stock
    people.reputation[:] = parameters.reputation_median * np.exp(
        parameters.reputation_sd_log * world.streams.normal("reputation", 0, rows)
        + parameters.reputation_skill * people.skill
        + parameters.entrant_reputation * (rows >= n_first)
    )
    people.compute_need[:] = parameters.compute_need_median * np.exp(
        parameters.compute_need_sd_log * world.streams.normal("compute_need", 0, rows)
    )
    tenure = -parameters.tenure_mean * np.log(world.streams.uniform("tenure", 0, rows[:n_first]))
    people.tenure[:n_first] = np.minimum(tenure, 240).astype(np.int32)
    _tastes(world, home)


def _entry_places(world: World) -> Integers:
    """Sites of university teams, once per planned post, in order: where entrants come from (all sites without any)."""
    teams = world.teams
    n = len(world.scenario.placed_teams())
    university = world.employers.kind[teams.employer[:n]] == EmployerKind.UNIVERSITY
    found = np.repeat(teams.site[:n][university], np.maximum(teams.posts[:n][university], 1).astype(np.int64))
    return (found if len(found) else np.arange(len(world.sites.names))).astype(np.int64)


def _tastes(world: World, home: Integers) -> None:
    """Archetype, taste weights with a spike at zero, and ideal points sorted towards the first employer."""
    parameters, people, streams = world.parameters, world.researchers, world.streams
    rows = np.arange(people.n_rows)
    centres = np.array([centre for centre, _ in ARCHETYPES.values()])
    culture = np.where((home >= 0)[:, None], world.employers.culture[home], centres.mean(axis=0))
    weights = np.stack([0.2 + culture[:, 0], 0.2 + culture[:, 2], np.full(len(rows), 0.5)], axis=1)
    bounds = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    archetype = (streams.uniform("archetype", 0, rows)[:, None] > bounds[:, :-1]).sum(axis=1)

    factors = np.array([[f.get(name, 1.0) for name in ("pay", *TASTE_NAMES)] for _, f in ARCHETYPES.values()])[
        archetype
    ]
    pay = parameters.taste_pay_mean * factors[:, 0] + parameters.taste_pay_sd * streams.normal("taste", 0, rows, 0)
    people.taste_pay[:] = np.clip(pay, 0.5, None)
    for column, name in enumerate(TASTE_NAMES, start=1):
        noise = np.exp(parameters.taste_sd_log * streams.normal("taste", 0, rows, column))
        getattr(people, f"taste_{name}")[:] = getattr(parameters, f"taste_{name}_mean") * factors[:, column] * noise
    people.taste_compute[streams.uniform("taste_spike", 0, rows, 0) < parameters.share_no_compute] = 0.0

    dimensions = np.arange(len(DIMENSIONS))
    ideal = centres[archetype] * (1 - parameters.sorting) + culture * parameters.sorting
    people.ideal[:] = np.clip(
        ideal + parameters.ideal_sd * streams.normal("ideal", 0, rows[:, None], dimensions), 0.0, 1.0
    )
    weight = np.exp(parameters.culture_weight_sd_log * streams.normal("culture_weight", 0, rows[:, None], dimensions))
    no_openness = streams.uniform("taste_spike", 0, rows, 1) < parameters.share_no_openness
    weight[no_openness, 0] = 0.0
    people.culture_weight[:] = weight / weight.sum(axis=1, keepdims=True)


def _startups(world: World, founder: Integers) -> None:
    """One closed row per potential founder: the start-up that this person, and nobody else, could found."""
    parameters, people = world.parameters, world.researchers
    n_employers, n_teams = len(world.scenario.employers), len(world.scenario.placed_teams())
    employer, team = n_employers + np.arange(len(founder)), n_teams + np.arange(len(founder))
    people.own_startup[founder] = employer
    people.founder_propensity[founder] = np.exp(
        parameters.founder_propensity_sd_log * world.streams.normal("founder", 0, founder, 1)
    )
    table = world.employers
    table.kind[employer] = EmployerKind.STARTUP
    table.founder[employer] = founder
    table.gpu_ready[employer] = 1.0
    table.utilisation[employer] = parameters.startup_utilisation
    table.pay_level[employer] = parameters.startup_pay
    table.pay_ceiling[employer] = parameters.startup_pay_room * parameters.startup_pay
    table.equity_ratio[employer] = parameters.startup_equity_ratio
    table.recruiter_contacts[employer] = parameters.startup_contacts
    table.counter_offer[employer] = parameters.startup_counter_offer
    table.allocation[employer] = RULES.index("equal_per_head")
    teams = world.teams
    teams.employer[team] = employer
    teams.topic[team] = people.specialty[founder]
    teams.site[team] = people.site[founder]
    teams.priority[team] = 1.0
    teams.remote[team] = parameters.startup_remote


def _pay(world: World, rows: Integers) -> None:
    """Pay between first and highest offer of the employer, a vesting grant, fit as felt, budgets and leaders."""
    parameters, people, employers, teams = world.parameters, world.researchers, world.employers, world.teams
    team = people.team[rows]
    home = teams.employer[team]
    middle = 0.5 * (employers.pay_level[home] + employers.pay_ceiling[home])
    noise = np.exp(parameters.pay_spread * world.streams.normal("initial_pay", 0, rows))
    people.pay[rows] = world.reference_pay()[rows] * middle * noise
    people.equity_ratio[rows] = employers.equity_ratio[home]
    people.equity_grant[rows] = people.pay[rows] * people.equity_ratio[rows] * parameters.vesting_months / 12
    clock = world.streams.uniform("vesting", 0, rows) * parameters.vesting_months
    people.vesting_clock[rows] = np.minimum(clock.astype(np.int32), people.tenure[rows])
    people.fit_felt[rows] = utility.culture_fit(people.ideal[rows], people.culture_weight[rows], world.culture_of(team))
    people.autonomy_promised[rows] = world.culture_of(team)[:, DIMENSIONS.index("autonomy")]
    teams.n_members[:] = np.bincount(team, minlength=teams.n_rows)
    established = np.flatnonzero(~world.is_startup())
    posts = np.bincount(teams.employer, teams.posts, minlength=employers.n_rows)[established]
    typical = parameters.pay_reference * 0.5 * (employers.pay_level + employers.pay_ceiling)[established]
    payroll = np.bincount(home, people.pay[rows], minlength=employers.n_rows)[established]
    employers.pay_budget[established] = parameters.budget_slack * np.maximum(posts * typical, payroll)
    order = np.lexsort((rows, -people.reputation[rows], team))
    first = np.flatnonzero(np.r_[True, np.diff(team[order]) != 0]) if len(order) else order
    teams.leader[team[order][first]] = rows[order][first]


def _cohorts(world: World) -> None:
    """The cohorts of the scenario, in force from the month in which each is fixed."""
    names = [employer.name for employer in world.scenario.employers]
    for plan in world.scenario.cohorts:
        month = max(world.scenario.month_of(plan.fixed), 0)
        world.cohorts.append(Cohort(plan.name, names.index(plan.employer), month, plan.size))


def _graph(world: World, n_first: int) -> None:
    """The first collaboration graph, from teams, sites, co-author cohorts and alumni groups."""
    people, teams, streams = world.researchers, world.teams, world.streams
    rows = np.arange(people.n_rows)
    paper = np.full(people.n_rows, -1)
    for number, plan in enumerate(world.scenario.cohorts):
        ranking = cohort_order(world, number)
        for name, size in (plan.members or {}).items():
            crew = np.flatnonzero(np.isin(people.team, world.scenario.team_rows(name)) & (paper < 0))
            paper[crew[np.argsort(-ranking[crew], kind="stable")][:size]] = number
    groups = max(world.scenario.researchers // (15 * len(world.scenario.topics)), 1)
    school = (streams.uniform("specialty", 0, rows, 2) * groups).astype(np.int64)
    employer = np.where(people.team >= 0, teams.employer[people.team], -1)

    def uniform(purpose: str, first: Integers, second: Integers) -> Floats:
        return streams.uniform(purpose, 0, first, second)

    a, b, strength, kind = collaboration.generate(
        people.team,
        employer,
        np.where(people.team >= 0, people.site, -1),
        people.specialty,
        paper,
        people.specialty * groups + school,
        uniform,
        mean_degree=world.parameters.mean_degree,
        share_inside=world.parameters.share_inside,
    )
    start, neighbour, strength, kind = collaboration.csr_from_edges(people.n_rows, a, b, strength, kind)
    world.ties = Ties(start, neighbour, strength, kind, np.zeros(len(neighbour), np.int16))


def _projects(world: World) -> None:
    """Every team that is open begins with a project: the planned one, or one drawn from the typical size."""
    for row, team in enumerate(world.scenario.placed_teams()):
        plan = team.plan.project
        if plan is None or not world.teams.is_open[row]:
            continue
        project = row * world.project_slots
        world.projects.demand[project] = plan.demand / team.plan.count
        world.projects.work[project] = plan.months
        world.projects.visibility[project] = plan.visibility
        world.projects.planned[project] = plan.months
        world.project_names[project] = plan.name
        start_projects(world, np.array([row]), np.array([project]))
    free = np.flatnonzero(world.teams.is_open & (world.teams.project < 0) & (world.teams.n_members > 0))
    draw_projects(world, free, free * world.project_slots, under_way=True)
