"""Found: groups form and leave, raise money, become companies; companies spend, raise again, fail or are bought."""

from __future__ import annotations

from math import exp, floor, log

from abm.tables import Cause, EmployerKind, Path, Status
from tests.oracle import jobs, utility
from tests.oracle.appraisal import seed_climate
from tests.oracle.groups import weighted_pick
from tests.oracle.jobs import Hire, Leaver
from tests.oracle.world import Employer, OracleWorld, Person, Team, Terms


def found(world: OracleWorld) -> None:
    """Groups under way first, then the money of companies and laboratories, then the groups that form this month."""
    incorporate(world)
    finance(world)
    squeeze(world)
    form_groups(world)


# ---- what a venture is worth (also for the choice of who has the idea) ---------------------------------------------


def strongest_ties(world: OracleWorld, founder: Person) -> list[tuple[Person, float]]:
    """The people with a job whom a founder would ask, strongest tie first."""
    known = [(other, tie.strength) for other, tie in world.neighbours(founder) if other.status == Status.EMPLOYED]
    known.sort(key=lambda pair: -pair[1])
    return [pair for rank, pair in enumerate(known) if rank < world.parameters.found_partners_asked]


def founding_terms(world: OracleWorld, founder: Person) -> Terms:
    """To the founder, who expects half of those asked to come along."""
    total = world.tie_total(founder)
    coming = world.parameters.friends_expected * sum(strength for _, strength in strongest_ties(world, founder))
    return venture_terms(world, founder, founder, coming / total if total > 0 else 0.0)


def venture_terms(world: OracleWorld, person: Person, founder: Person, peers: float) -> Terms:
    """To the founder or to somebody asked: a round of median luck, the founder's culture and city."""
    parameters, startup = world.parameters, founder.own_startup
    assert startup and startup.first_team
    reference = world.reference_pay(person)
    round_size = expected_round(world, founder, log(1 + founder.reputation))
    crew = 1 + parameters.found_partners_asked / 2
    yearly = round_size * parameters.startup_compute_share * 12 / parameters.runway_target
    terms = utility.of_any_job(
        person.taste,
        amount=parameters.startup_pay * reference,
        reference=reference,
        per_head=yearly / parameters.compute_rent / crew,
        need=world.need(person),
        fit=utility.culture_fit(person.ideal, person.culture_weight, founder.ideal),
        peers=peers,
        prestige_level=0.0,
        equity_ratio=parameters.startup_equity_ratio,
        place=person.site.place[founder.site.row],
        match=world.match_taste(person, startup),
    )
    terms["venture"] = parameters.found_prospect
    world.add_costs_of_moving(terms, person, startup.first_team)
    return terms


def expected_round(world: OracleWorld, founder: Person, joint: float) -> float:
    """kUSD: median x reputation of the group x climate of the place."""
    parameters = world.parameters
    return parameters.funding_median * exp(parameters.funding_reputation * joint) * seed_climate(world, founder)


def raised(world: OracleWorld, startup: Employer, joint: float) -> float:
    """The same with the luck of the month."""
    assert startup.founder
    luck = world.luck.normal("funding", world.month, startup.row, 1)
    return expected_round(world, startup.founder, joint) * exp(world.parameters.funding_sd_log * luck)


# ---- groups form ---------------------------------------------------------------------------------------------------


def form_groups(world: OracleWorld) -> None:
    """Founders leave, then those of their strongest ties who would rather join than stay."""
    founders = [person for person in world.staff() if world.decisions[person].choice == "found"]
    asked: dict[Person, list[tuple[Person, float]]] = {}
    for founder in founders:
        for other, strength in strongest_ties(world, founder):
            held = other.held_until > world.month
            if other not in founders and other not in world.joined and not held:
                asked.setdefault(other, []).append((founder, strength))
    leave_to_found(world, [(founder, founder, world.decisions[founder].found_terms) for founder in founders])

    joining = []
    for person in sorted(asked, key=lambda p: p.row):
        offers = []
        for founder, strength in asked[person]:
            terms = venture_terms(world, person, founder, strength / world.tie_total(person))
            luck = world.luck.gumbel("found_partner", world.month, person.row, founder.row)
            offers.append((utility.total(terms) + world.parameters.mu * luck, founder, terms))
        worth, founder, terms = max(offers, key=lambda item: item[0])  # who is asked twice joins the better venture
        luck = world.luck.gumbel("choice_nest", world.month, person.row, 0)
        if worth > world.decisions[person].present + world.parameters.mu * luck:
            joining.append((person, founder, terms))
    for person, _, _ in joining:
        person.path = Path.COLLEAGUES
    leave_to_found(world, joining)


def leave_to_found(world: OracleWorld, group: list[tuple[Person, Person, Terms | None]]) -> None:
    """End the old job; the company begins when the founding months are over."""
    parameters = world.parameters
    leavers = []
    for person, founder, terms in group:
        assert founder.own_startup
        leavers.append(
            Leaver(
                person,
                to_team=founder.own_startup.first_team,
                pay_after=parameters.startup_pay * world.reference_pay(person),
                equity_after=parameters.startup_equity_ratio,
                referrer=None if person is founder else founder,
                leave_months=int(parameters.founding_months),
                terms_stay=world.decisions[person].terms,
                terms_go=terms,
            )
        )
    jobs.depart(world, leavers, Cause.FOUNDED, Status.FOUNDING)


# ---- groups become companies ---------------------------------------------------------------------------------------


def incorporate(world: OracleWorld) -> None:
    """When the founding months are over a group looks for its first round: most find one, some search for a job."""
    groups: dict[Team, list[Person]] = {}
    for person in world.people:
        if person.status == Status.FOUNDING:
            person.leave_clock -= 1
            if person.leave_clock <= 0:
                assert person.next_team
                groups.setdefault(person.next_team, []).append(person)
    in_order = sorted(groups, key=lambda team: team.row)
    joint = {team: sum(log(1 + person.reputation) for person in groups[team]) for team in in_order}
    money = {}
    for team in in_order:
        chance = 1 - (1 - world.parameters.funding_success) ** joint[team]
        if world.luck.uniform("funding", world.month, team.employer.row, 0) < chance:
            money[team] = raised(world, team.employer, joint[team])
    failed = [person for team in in_order if team not in money for person in groups[team]]
    jobs.set_free(world, sorted(failed, key=lambda p: p.row), Status.SEARCHING)
    for team, amount in money.items():
        open_company(world, team, groups[team], joint[team], amount)
    crew = sorted((person for team in money for person in groups[team]), key=lambda p: p.row)
    jobs.begin(world, [Hire(p, p.next_team, p.next_pay, p.next_equity) for p in crew if p.next_team])
    for team in money:
        team.leader = team.employer.founder


def open_company(world: OracleWorld, team: Team, group: list[Person], joint: float, money: float) -> None:
    """In the founder's city, with the mean ideal of the group for a culture."""
    startup = team.employer
    founder = startup.founder
    assert founder
    startup.culture = [sum(person.ideal[d] for person in group) / len(group) for d in range(len(founder.ideal))]
    startup.site = team.site = founder.site
    startup.is_open = team.is_open = True
    startup.founded_month = world.month
    startup.prestige = startup.prestige_base = world.parameters.startup_prestige * joint
    startup.cash = money
    spending_plan(world, startup, team, money, len(group) + 2)
    world.log["startups"].append(
        {
            "month": world.month,
            "employer": startup.row,
            "founder": founder.row,
            "site": team.site.row,
            "n_founders": len(group),
            "funding": money,
        }
    )


def spending_plan(world: OracleWorld, startup: Employer, team: Team, money: float, most_posts: int) -> None:
    """A round is meant to last: a part for rented compute, the rest for people."""
    parameters = world.parameters
    yearly = money * 12 / parameters.runway_target
    startup.valuation = world.parameters.valuation_multiple * money
    startup.rented = yearly * parameters.startup_compute_share / parameters.compute_rent
    startup.pay_budget = yearly * (1 - parameters.startup_compute_share)
    can_pay = floor(startup.pay_budget / (startup.pay_level * parameters.pay_reference))
    team.posts = float(min(max(can_pay, 1), most_posts))


# ---- companies live ------------------------------------------------------------------------------------------------


def finance(world: OracleWorld) -> None:
    """Pay and rent are spent; standing may bring a new round; who has no money or nobody left comes to an end."""
    parameters = world.parameters
    alive = [e for e in world.employers if e.is_startup and e.is_open and e.founded_month < world.month]
    ending = []
    for startup in alive:
        team = startup.first_team
        assert team
        members = world.members(team)
        payroll = sum(person.pay for person in world.staff() if person.employer is startup)
        spent = (payroll + startup.rented * parameters.compute_rent) / 12
        standing = min(sum(log(1 + person.reputation) for person in members), world.parameters.standing_most)
        lucky = world.luck.uniform("funding", world.month, startup.row, 0) < parameters.startup_growth_round * standing
        gets_round = lucky and bool(members)
        money = world.parameters.round_multiple * raised(world, startup, standing) if gets_round else 0.0
        startup.cash = max(startup.cash + money - spent, 0.0)
        if gets_round:
            spending_plan(world, startup, team, startup.cash, 2 * len(members) + 3)
        if startup.cash <= 0 or not members:
            ending.append(startup)
    end(world, ending)


def end(world: OracleWorld, ending: list[Employer]) -> None:
    """Some are bought by a lab, with their people; the others close and their people search."""
    labs = [e for e in world.employers if e.kind == EmployerKind.LAB and e.is_open and e.pay_budget > 0]
    closing = []
    for startup in ending:
        team = startup.first_team
        assert team
        bought = world.luck.uniform("acquirer", world.month, startup.row, 0) < world.parameters.acquisition_share
        if bought and world.members(team) and labs:
            luck = world.luck.uniform("acquirer", world.month, startup.row, 1)
            jobs.acquire(world, team, labs[weighted_pick([lab.pay_budget for lab in labs], luck)])
            tie_in(world, startup, team)
        else:
            closing.append(team)
    jobs.close_teams(world, closing)
    for startup in ending:
        startup.is_open, startup.closed_month = False, world.month
        startup.rented = startup.pool = startup.cash = 0.0


def tie_in(world: OracleWorld, startup: Employer, team: Team) -> None:
    """The founder of a company that is bought loses control, and some years of pay by leaving before a time is over."""
    parameters, founder = world.parameters, startup.founder
    if founder is None or founder.team is not team:
        return
    world.tally["tied in"] += 1
    founder.breach["culture_drift"] += parameters.acquired_breach
    founder.shock += parameters.acquired_breach
    founder.vesting_clock = int(max(world.vesting_months(team.employer) - parameters.earn_out_months, 0.0))
    left = world.unvested_share(founder)
    founder.equity_grant = parameters.earn_out_pay * founder.pay / left if left > 0 else 0.0


# ---- laboratories spend --------------------------------------------------------------------------------------------


def squeeze(world: OracleWorld) -> None:
    """Part of the cost of compute ordered beyond the plan comes out of the pay budget; what it cannot bear is laid off.

    The plan is the growth of compute before thrift, race, levers and flagship.
    """
    parameters = world.parameters
    chosen: list[Person] = []
    felt: dict[Team, float] = {}
    for lab in world.employers:
        if lab.kind != EmployerKind.LAB:
            continue
        beyond = max(lab.ordered - lab.planned_order, 0.0)
        lab.capital_overrun = parameters.squeeze * beyond * parameters.compute_price
        staff = [person for person in world.staff() if person.employer is lab]
        budget = lab.pay_budget * world.lever("market_pay") - lab.capital_overrun
        over = sum(person.pay for person in staff) - (1 + parameters.squeeze_tolerance) * max(budget, 0.0)
        if lab.capital_overrun <= 0 or over <= 0:
            continue
        saved, cut = 0.0, []
        for person in sorted(staff, key=lambda p: world.luck.uniform("squeeze", world.month, p.row)):
            if saved < over:
                cut.append(person)
                saved += person.pay
        size = min(parameters.layoff_survivors * len(cut) / len(staff), 1.0)
        felt |= dict.fromkeys(world.teams_of(lab), size)
        chosen += cut
    if chosen:
        jobs.lay_off(world, sorted(chosen, key=lambda person: person.row), felt)
