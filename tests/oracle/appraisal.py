"""Appraise: what everybody thinks of the present job and of the outside, and whose decision opens."""

from __future__ import annotations

from math import exp, floor, log

from abm.tables import EmployerKind, Path, Status
from tests.oracle import choice, utility
from tests.oracle.groups import median
from tests.oracle.world import Decision, OracleWorld, Person, Team, Terms

PARTS = (Path.ROUTINE, Path.SHOCK, Path.SLOW_BUILD_UP, Path.COLLEAGUES, Path.OFFER)


def appraise(world: OracleWorld) -> None:
    """Stocks, present utility, belief on the outside, hazard of opening."""
    for person in world.staff():
        person.tenure += 1
        person.vesting_clock += 1
        assert person.employer
        months = world.vesting_months(person.employer)
        if person.vesting_clock >= months:  # another grant follows the one that has vested
            person.equity_grant = person.pay * person.equity_ratio * months / 12
            person.vesting_clock = 0
    for team in world.teams:
        team.rivalry = float(rivals(world, team))
    for person in world.staff():
        feel_the_month(world, person)
    speak_and_be_kept(world)

    deprived = {person: deprivation(world, person) for person in world.staff()}
    terms = {person: present_terms(world, person, deprived.get(person, 0.0)) for person in world.people}
    present = {person: utility.total(terms[person]) for person in world.people}
    hear_of_a_job(world, present)
    wants_out = {person for person in world.staff() if person.outside > present[person]}
    ideas = {person for person in world.staff() if has_idea(world, person, deprived[person], wants_out)}
    for person in world.people:
        world.decisions[person] = open_decision(world, person, terms[person], present[person], person in ideas)


# ---- stocks --------------------------------------------------------------------------------------------------------


def feel_the_month(world: OracleWorld, person: Person) -> None:
    """Strain of time zones, of a near release, of empty chairs, of rivals; a culture that drifts away from one's own.

    And the autonomy of the day of joining, if it is no longer there: the stock moves towards what is lacking.
    """
    parameters, team = world.parameters, person.team
    assert team
    hours = world.hours_to_headquarters(team) * world.lever("remote_hours", team.employer)
    zones = parameters.strain_time_zone * hours / 9
    person.strain += zones * (parameters.strain_leader if team.leader is person else 1.0)
    if team.project and 0 <= team.project.planned - world.month <= 2:
        person.strain += parameters.strain_crunch
    chairs = max(team.posts * world.lever("posts", team), 1.0)
    person.strain += parameters.strain_short_staffing * max(1 - len(world.members(team)) / chairs, 0.0)
    person.strain += parameters.strain_rivalry * min(team.rivalry, 1.0)

    fit = world.fit(person, team)
    drift = parameters.culture_drift_breach * max(person.fit_felt - fit, 0.0)
    lacking = max(person.autonomy_promised - world.autonomy(team), 0.0)
    moves = 1 - 0.5 ** (1 / parameters.half_life_culture_drift)
    person.breach["culture_drift"] += drift + parameters.contract_breach * lacking * moves
    person.shock += drift
    person.fit_felt = fit


def has_flagship(world: OracleWorld, team: Team) -> bool:
    """Whether people work on a project that asks for many times what they need themselves."""
    if not team.project or not world.members(team):
        return False
    return team.project.demand * world.lever("need") > world.parameters.rivalry_size * team.need


def rivals(world: OracleWorld, team: Team) -> int:
    """To a flagship: the others of the employer on the same topic; parts of one team are no rivals."""
    if not has_flagship(world, team):
        return 0
    return sum(
        other.topic == team.topic and not of_one_team(world, team, other) and has_flagship(world, other)
        for other in world.teams_of(team.employer)
    )


def of_one_team(world: OracleWorld, a: Team, b: Team) -> bool:
    """The same, or two parts of a team that the scenario splits."""
    return a is b or any(a.row in rows and b.row in rows for rows in map(world.scenario.team_rows, split_teams(world)))


def split_teams(world: OracleWorld) -> list[str]:
    """The names that stand for several teams."""
    return [team.name for employer in world.scenario.employers for team in employer.teams if team.count > 1]


def speak_and_be_kept(world: OracleWorld) -> None:
    """Who is hurt in a laboratory may speak up, the sooner the better known. Its head sees some of them each month.

    First who has spoken, then who is hurt and shocked most; a talk takes away a part of breach and shock, and to have
    spoken without being heard is one more shock. The head has time for so many per hundred people, less the share that
    a flagship business takes, less one for every escalation heard.
    """
    parameters = world.parameters
    for employer in world.employers:
        if employer.kind != EmployerKind.LAB:
            continue
        staff = [person for person in world.staff() if person.employer is employer]
        at_risk = [person for person in staff if sum(person.breach.values()) >= parameters.voice_threshold]
        speaks = {
            person: world.luck.uniform("voice", world.month, person.row)
            < parameters.voice_rate * person.reputation / (1 + person.reputation)
            for person in at_risk
        }
        heard = sum(team.escalated >= 2 for team in world.teams_of(employer))
        talks = parameters.retention_attention * len(staff) / 100 * (1 - world.lever("flagship", employer)) - heard
        risk = {person: round(sum(person.breach.values()) + person.shock, 9) for person in at_risk}
        queue = sorted(at_risk, key=lambda person: (not speaks[person], -risk[person], -person.reputation))
        for place, person in enumerate(queue):
            if place < floor(talks):
                world.tally["talk"] += 1
                person.shock *= 1 - parameters.retention_effect
                for source in person.breach:
                    person.breach[source] *= 1 - parameters.retention_effect
            elif speaks[person]:
                world.tally["unheard"] += 1
                person.shock += parameters.voice_ignored


# ---- the present job -----------------------------------------------------------------------------------------------


def deprivation(world: OracleWorld, person: Person) -> float:
    """Less compute than the best-resourced sister team on the same topic, less pay than the median of team mates."""
    team = person.team
    assert team
    sisters = [t for t in world.teams_of(team.employer) if t.topic == team.topic and world.members(t)]
    relative = {mate: mate.pay / world.reference_pay(mate) for mate in world.members(team)}
    return utility.deprivation(
        best_per_head=max(world.compute_per_head(sister) for sister in sisters),
        own_per_head=world.compute_per_head(team),
        floor=0.01 * world.need(person),
        median_pay=median(list(relative.values())),
        own_pay=relative[person],
        pay_weight=world.parameters.deprivation_pay_weight,
        cares=person.taste["compute"] > 0,
    )


def present_terms(world: OracleWorld, person: Person, deprived: float) -> Terms:
    """Of the job one has; of searching; nothing for who is away."""
    parameters, team = world.parameters, person.team
    if team is None:
        terms = dict.fromkeys(utility.TERMS, 0.0)
        if person.status == Status.SEARCHING:
            terms["pay"] = utility.pay(person.taste["pay"], parameters.unemployment_income, 1.0)
            terms["place"] = -parameters.no_job_disutility
        return terms
    inside = world.share_at(person, team.employer)
    terms = world.job_terms(person, team, person.pay, person.equity_ratio, inside)
    terms["deprivation"] = -parameters.deprivation_weight * deprived
    terms["strain"] = -parameters.strain_weight * person.strain
    terms["breach"] = -parameters.breach_weight * sum(person.breach.values())
    embedded = utility.embeddedness(person.tenure, parameters.embeddedness_months, inside)
    terms["embeddedness"] = parameters.embeddedness_weight * embedded
    return terms


# ---- the outside ---------------------------------------------------------------------------------------------------


def hear_of_a_job(world: OracleWorld, present: dict[Person, float]) -> None:
    """Everybody hears of one job a month and learns from it; nobody regrets on the first day."""
    for person in world.staff():
        if person.tenure <= 1 or world.month == 0:
            person.outside = present[person]
        seen = teller(world, person).team
        if seen is None or seen.employer is person.employer:
            continue
        employer = seen.employer
        pay, peers = world.first_offer(person, seen), world.share_at(person, employer)
        terms = world.job_terms(person, seen, pay, world.offered_equity(employer), peers)
        world.add_costs_of_moving(terms, person, seen)
        person.outside += world.parameters.outside_learning * (utility.total(terms) - person.outside)


def teller(world: OracleWorld, person: Person) -> Person:
    """With probability rho somebody one knows, any tie alike; else anybody at all, who may have nothing to tell."""
    luck = world.luck.uniform("seen_job", world.month, person.row, 0)
    known = world.neighbours(person)
    if known and world.luck.uniform("seen_by_tie", world.month, person.row) < world.parameters.referral_share:
        return known[int(luck * len(known))][0]
    return world.people[int(luck * len(world.people))]


# ---- what opens a decision -----------------------------------------------------------------------------------------


def has_idea(world: OracleWorld, person: Person, deprived: float, wants_out: set[Person]) -> bool:
    """To found, once in a life: for who has the propensity and the standing, is refused, has friends and a climate."""
    parameters, startup = world.parameters, person.own_startup
    if startup is None or startup.founded_month >= 0 or person.founder_propensity <= 0:
        return False
    disagreement = deprived + person.breach["cancellation"] + person.breach["broken_promise"]
    warm = sum(tie.strength for other, tie in world.neighbours(person) if other in wants_out)
    total = world.tie_total(person)
    push = (
        parameters.found_reputation * log(1 + person.reputation)
        + parameters.found_disagreement * disagreement
        + parameters.found_friends * (warm / total if total > 0 else 0.0)
        + parameters.found_climate * seed_climate(world, person)
        + parameters.found_commons * log(1 + sum(employer.community for employer in world.employers))
    )
    rate = parameters.found_rate * person.founder_propensity * exp(push)
    return world.luck.uniform("found_idea", world.month, person.row) < 1 - exp(-rate)


def seed_climate(world: OracleWorld, person: Person) -> float:
    """Of the place where a person lives."""
    return person.site.seed_climate * world.lever("seed_climate", person.site)


def open_decision(world: OracleWorld, person: Person, terms: Terms, present: float, idea: bool) -> Decision:
    """Who has a job may come to think about it; who searches always does; who is away never."""
    parameters = world.parameters
    hazard = dict.fromkeys(PARTS, 0.0)
    if person.team:
        hazard[Path.ROUTINE] = parameters.h0
        hazard[Path.SHOCK] = parameters.h_shock * person.shock
        hazard[Path.SLOW_BUILD_UP] = parameters.h_gap * max(person.outside - present, 0.0)
        hazard[Path.COLLEAGUES] = parameters.h_ties * person.leavers
    is_open, path = opens(world, person, hazard)
    person.path = path
    if person.held_until > world.month:
        is_open, idea, person.path = False, False, Path.NONE
    if person.status == Status.SEARCHING:
        is_open, person.path = True, Path.NONE
    if idea and not is_open:
        person.path = Path.FOUNDING
    if person.path == Path.ROUTINE:  # what opens by itself has a reason of one's own
        reason = world.luck.normal("personal_reason", world.month, person.row)
        terms["personal"] = parameters.personal_sd * reason
    return Decision(terms, utility.total(terms), hazard, is_open or idea, idea)


def opens(world: OracleWorld, person: Person, hazard: dict[Path, float]) -> tuple[bool, Path]:
    """The same draw however often it is asked in a month, so that more hazard only opens more."""
    luck = world.luck.uniform("open_decision", world.month, person.row)
    is_open, part = choice.opened(list(hazard.values()), luck)
    return is_open, PARTS[part] if is_open else Path.NONE
