"""Recruit, offer, choose, clear: how people and posts find each other."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, exp, floor, inf, log

from abm.tables import Cause, EmployerKind, OfferState, Path, Reach, Status
from tests.oracle import auction, choice, jobs, matching, utility
from tests.oracle.appraisal import opens
from tests.oracle.founding import founding_terms
from tests.oracle.groups import accepted_first, rank_within, weighted_pick
from tests.oracle.jobs import Hire, Leaver
from tests.oracle.world import Contact, Offer, OracleWorld, Person, Team

LOOKS = 96  # people whom a recruiter looks at for one call
NEWS = 0.25  # how much of what is new in a month the market knows of its tightness
TRIES = 24  # teams that an applicant looks at for one application

# ---- recruit -------------------------------------------------------------------------------------------------------


def recruit(world: OracleWorld) -> None:
    """Open posts; calls and applications; who is good enough; the short list of every team."""
    open_posts(world)
    contacts = [contact for contact in calls(world) + applications(world) if may_be_approached(world, contact)]
    first: dict[tuple[int, int], Contact] = {}  # one contact per person and employer: the closest, then the earliest
    for contact in sorted(contacts, key=lambda c: c.reach):
        first.setdefault((contact.person.row, contact.team.employer.row), contact)
    good = []
    for contact in (first[key] for key in sorted(first)):
        contact.score = assessment(world, contact)
        if contact.score >= hiring_bar(world, contact.team):
            good.append(contact)
    ranks = rank_within([contact.team for contact in good], [contact.score for contact in good])
    short_list = [
        contact
        for contact, rank in zip(good, ranks, strict=True)
        if rank < ceil(approaches(world, contact.team) * contact.team.open_posts)
    ]
    world.contacts = sorted(short_list, key=lambda c: (c.person.row, c.team.row))


def approaches(world: OracleWorld, team: Team) -> float:
    """How many a team approaches for one post: more in a tight market, fewer the less its employer recruits."""
    return world.parameters.approaches_per_post * world.lever("demand") * world.lever("recruiting", team.employer)


def open_posts(world: OracleWorld) -> None:
    """Planned posts grow with the employer; the empty ones that can be paid for are open."""
    market = world.lever("market_pay")
    for employer in world.employers:
        hiring = world.lever("hiring", employer)
        growing = 1.0 if employer.is_startup else exp(employer.growth * hiring)
        employer.pay_budget *= growing
        wanted: dict[Team, int] = {}
        for team in world.teams_of(employer):
            if team.is_open:
                team.posts *= growing
            coming = sum(p.status == Status.ON_LEAVE and p.next_team is team for p in world.people)
            luck = world.luck.uniform("posts", 0, team.row)  # one rounding for ever: posts do not flicker
            plan = floor(team.posts * world.lever("posts", team) + luck)
            hires = team.is_open and hiring > 0
            wanted[team] = max(plan - len(world.members(team)) - coming, 0) if hires else 0
        payroll = sum(p.pay for p in world.staff() if p.employer is employer)
        payroll += sum(p.next_pay for p in world.people if p.next_team and p.next_team.employer is employer)
        typical = world.parameters.pay_reference * employer.pay_level * world.lever("pay_level", employer) * market
        room = max(employer.pay_budget * market - employer.capital_overrun - payroll, 0.0)
        can_pay = room / typical if typical > 0 else 0.0
        asked = sum(wanted.values())
        share = min(can_pay / asked, 1.0) if asked else 1.0
        for team, number in wanted.items():
            team.open_posts = floor(number * share)
    learn_tightness(world)


def learn_tightness(world: OracleWorld) -> None:
    """Vacancies per person at work x demand over what is normal, within a quarter and four times; slowly known."""
    vacancies = sum(team.open_posts for team in world.teams) / max(len(world.staff()), 1)
    tight = world.lever("demand") * vacancies / world.parameters.tight_normal
    world.tightness += NEWS * (min(max(tight, 0.25), 4.0) - world.tightness)


def calls(world: OracleWorld) -> list[Contact]:
    """Recruiters call: with probability rho a friend of a member, else somebody visible, if they come upon anybody."""
    parameters, month, luck = world.parameters, world.month, world.luck
    attention = [
        parameters.visible_base + person.visibility if person.status in (Status.EMPLOYED, Status.SEARCHING) else 0.0
        for person in world.people
    ]
    found = []
    for team in world.teams:
        if not team.open_posts:
            continue
        employer, members = team.employer, world.members(team)
        per_post = employer.recruiter_contacts * world.lever("recruiting", employer) * world.lever("demand")
        n_calls = floor(team.open_posts * per_post + luck.uniform("posts", month, team.row, 1))
        is_startup = employer.kind == EmployerKind.STARTUP
        rho = parameters.referral_share_startup if is_startup else parameters.referral_share
        for call in range(n_calls):
            over_a_tie = luck.uniform("contact_reach", month, team.row, call) < rho
            asked = None
            if members:
                asked = members[int(luck.uniform("contact_referrer", month, team.row, call) * len(members))]
            looks = range(call * LOOKS, (call + 1) * LOOKS)
            if over_a_tie and asked and world.ties[asked]:
                known = world.neighbours(asked)
                who = luck.uniform("contact_person", month, team.row, looks[0])
                friend, _ = known[weighted_pick([tie.strength for _, tie in known], who)]
                found.append(Contact(friend, team, Reach.REFERRAL, asked))
                continue
            somebody = accepted_first(
                attention,
                (int(luck.uniform("contact_person", month, team.row, k) * len(world.people)) for k in looks),
                (luck.uniform("contact_seen", month, team.row, k) for k in looks),
                parameters.visible_most,
            )
            if somebody is not None:
                found.append(Contact(world.people[somebody], team, Reach.VISIBLE, None))
    return found


def applications(world: OracleWorld) -> list[Contact]:
    """Whose decision is open looks at teams: every second time at those of the own city, if there are any.

    The first that appeals gets an application: the more open posts, the likelier. Start-ups are not looked for in the
    city, because only the teams of the beginning stay where they are.
    """
    luck, month = world.luck, world.month
    open_posts = [float(team.open_posts) for team in world.teams]
    established = world.teams[: len(world.scenario.placed_teams())]
    found = []
    for person in world.people:
        if not world.decisions[person].is_open:
            continue
        near = [team.row for team in established if team.site is person.site]
        for number in range(int(world.parameters.applications)):
            friend = friend_with_a_post(world, person, number)
            if friend:
                found.append(Contact(person, friend.team, Reach.REFERRAL, friend))
                continue
            rows = near if number % 2 == 0 and near else range(len(world.teams))
            tries = range(number * TRIES, (number + 1) * TRIES)
            chosen = accepted_first(
                open_posts,
                (rows[int(luck.uniform("application", month, person.row, k) * len(rows))] for k in tries),
                (luck.uniform("application_appeal", month, person.row, k) for k in tries),
                world.parameters.application_most,
            )
            if chosen is not None:
                found.append(Contact(person, world.teams[chosen], Reach.MARKET, None))
    return found


def friend_with_a_post(world: OracleWorld, person: Person, number: int) -> Person | None:
    """With probability rho a friend is asked; who works elsewhere, in a team with an open post, can help."""
    known = world.neighbours(person)
    if not known or world.luck.uniform("application_friend", world.month, person.row, number) >= (
        world.parameters.referral_share
    ):
        return None
    friend, _ = known[int(world.luck.uniform("application_tie", world.month, person.row, number) * len(known))]
    helps = friend.team and friend.team.open_posts and friend.employer is not person.employer
    return friend if helps else None


def may_be_approached(world: OracleWorld, contact: Contact) -> bool:
    """In the market, not of this team; recruiters call neither at home nor who has just arrived (both may apply)."""
    person, team = contact.person, contact.team
    if person.status not in (Status.EMPLOYED, Status.SEARCHING) or person.team is team or not team.open_posts:
        return False
    if contact.reach == Reach.MARKET or person.status == Status.SEARCHING:
        return True
    return person.employer is not team.employer and person.tenure >= world.parameters.minimum_tenure


def assessment(world: OracleWorld, contact: Contact) -> float:
    """What a team thinks of somebody, in standard deviations of skill."""
    parameters, person, team = world.parameters, contact.person, contact.team
    score = person.skill + parameters.assessment_reputation * log(1 + person.reputation)
    if person.specialty == team.topic:
        score += parameters.assessment_topic
    if contact.reach == Reach.REFERRAL:
        score += parameters.assessment_referral
    return score + parameters.assessment_noise * world.luck.normal("assessment", world.month, person.row, team.row)


def hiring_bar(world: OracleWorld, team: Team) -> float:
    """Higher for the prestigious (prestige 1 is neutral), lower the more chairs are empty."""
    parameters = world.parameters
    standing = log(1 + team.employer.prestige) - log(2)
    empty = min(team.open_posts / max(team.posts, 1.0), 1.0)
    return parameters.hiring_bar + parameters.hiring_prestige * standing - parameters.hiring_urgency * empty


# ---- offer ---------------------------------------------------------------------------------------------------------


def offer(world: OracleWorld) -> None:
    """Approaches open more decisions; for everybody whose decision is open the employers bid."""
    approached: dict[Person, list[Contact]] = defaultdict(list)
    for contact in world.contacts:
        approached[contact.person].append(contact)
    for person, contacts in approached.items():
        an_approach_may_open(world, person, len(contacts))
    world.offers = []
    for person, contacts in approached.items():
        if world.decisions[person].is_open:
            world.offers += bid_for(world, person, contacts)


def an_approach_may_open(world: OracleWorld, person: Person, number: int) -> None:
    """The same draw as in appraise, now with the approaches in the hazard: who was open stays open."""
    decision = world.decisions[person]
    if not person.team:
        return
    decision.hazard[Path.OFFER] = world.parameters.h_offer * number
    is_open, _ = opens(world, person, decision.hazard)
    if is_open and not decision.is_open and person.held_until <= world.month:
        decision.is_open, person.path = True, Path.OFFER


def bid_for(world: OracleWorld, person: Person, contacts: list[Contact]) -> list[Offer]:
    """All offers to one person, with their final pay; and the answer of the present employer."""
    decision, reference = world.decisions[person], world.reference_pay(person)
    offers = [first_bid(world, contact) for contact in contacts]
    bidders = [
        auction.Bidder(
            utility.total(each.terms) - each.terms["pay"],
            max(person.pay, world.first_offer(person, each.team)) if is_inside(each) else each.pay,
            each.ceiling,
        )
        for each in offers
    ]
    pay_now = decision.terms["pay"] if person.team else 0.0  # a searcher bargains from the value of searching on
    present = auction.Present(decision.present - pay_now, person.pay, *answer(world, person, offers))
    outcome = auction.bids(bidders, present, person.taste["pay"], reference, world.parameters.bargaining_power)
    decision.counter_pay = outcome.counter_pay
    for each, pay in zip(offers, outcome.pay, strict=True):
        each.pay, each.counter_pay = pay, outcome.counter_pay
        each.terms["pay"] = utility.pay(person.taste["pay"], pay, reference)
        each.value = utility.total(each.terms)
    return offers


def is_inside(each: Offer) -> bool:
    """Of the present employer, for another team."""
    return each.person.employer is each.team.employer


def first_bid(world: OracleWorld, contact: Contact) -> Offer:
    """The offer before the bidding. A move inside has one price: the present pay, or the first offer if it is more."""
    person, team = contact.person, contact.team
    pay, ceiling = world.first_offer(person, team), world.highest_offer(person, team)
    equity_ratio = world.offered_equity(team.employer)
    if person.employer is team.employer:
        pay = ceiling = max(person.pay, pay)
        equity_ratio = person.equity_ratio
    terms = world.job_terms(person, team, pay, equity_ratio, world.share_at(person, team.employer))
    world.add_costs_of_moving(terms, person, team)
    return Offer(
        person=person,
        team=team,
        reach=contact.reach,
        referrer=contact.referrer,
        score=contact.score,
        pay=pay,
        ceiling=ceiling,
        equity_ratio=equity_ratio,
        state=OfferState.MADE,
        terms=terms,
        value=0.0,
        perceived=-inf,
        counter_pay=0.0,
    )


def answer(world: OracleWorld, person: Person, offers: list[Offer]) -> tuple[float, bool]:
    """How far the present employer could go, and whether it answers; nobody bids against their own house."""
    if not person.team:
        return 0.0, False
    employer = person.team.employer
    kappa = employer.counter_offer * world.lever("counter_offer", employer)
    answers = world.luck.uniform("counter_offer", world.month, person.row) < kappa
    top = min(world.highest_offer(person, person.team), person.pay * (1 + world.parameters.raise_cap))
    return top, answers and not any(is_inside(each) for each in offers)


# ---- choose --------------------------------------------------------------------------------------------------------


def choose(world: OracleWorld) -> None:
    """Everybody whose decision is open ranks staying, every offer, founding and leaving the field."""
    for person, decision in world.decisions.items():
        if not decision.is_open:
            continue
        stay = decision.present
        if decision.counter_pay > 0:
            stay += utility.pay(person.taste["pay"], decision.counter_pay, person.pay)
        found = -inf
        if decision.has_idea and person.team:
            decision.found_terms = founding_terms(world, person)
            found = utility.total(decision.found_terms)
        offers = [each for each in world.offers if each.person is person]
        luck = [world.luck.gumbel("choice_nest", world.month, person.row, nest) for nest in range(4)]
        perceived = choice.nested(
            stay,
            found,
            world.parameters.leave_field_value if person.team else world.parameters.leave_field_search,
            [each.value for each in offers],
            (luck[0], luck[1], luck[2], luck[3]),
            [world.luck.gumbel("choice_offer", world.month, person.row, each.team.row) for each in offers],
            world.parameters.mu,
            world.parameters.nest_dissimilarity,
        )
        for each, value in zip(offers, perceived.offers, strict=True):
            each.perceived = value
        alternatives = {"stay": perceived.stay, "found": perceived.found, "leave": perceived.leave}
        decision.choice = max(alternatives, key=lambda name: alternatives[name])  # if no place is found
        decision.best_alternative = max(alternatives.values())


# ---- clear ---------------------------------------------------------------------------------------------------------


def clear(world: OracleWorld) -> None:
    """Posts are limited: deferred acceptance; then people move, take the raise, or leave the field."""
    wanted = [each for each in world.offers if each.perceived > world.decisions[each.person].best_alternative]
    pairs = [matching.Pair(each.person.row, each.team.row, each.perceived, each.score) for each in wanted]
    quota = [team.open_posts for team in world.teams]
    held, world.clearing_rounds = matching.deferred_acceptance(pairs, quota, int(world.parameters.clearing_rounds))
    world.blocking = len(matching.blocking_pairs(pairs, quota, held))
    accepted = [wanted[k] for k in sorted(held)]
    for each in accepted:
        world.decisions[each.person].choice = each
    settle(world, wanted, accepted)
    move(world, accepted)
    for person, decision in world.decisions.items():
        if decision.choice == "stay" and decision.counter_pay > 0:
            person.pay = decision.counter_pay
    leave_field(world)
    succession(world)


def settle(world: OracleWorld, wanted: list[Offer], accepted: list[Offer]) -> None:
    """Every offer ends as accepted, declined, countered or no place."""
    taken = {each.person: each for each in accepted}
    for each in world.offers:
        got = taken.get(each.person)
        if each is got:
            each.state = OfferState.ACCEPTED
        elif each in wanted and (got is None or each.perceived > got.perceived):
            each.state = OfferState.NO_PLACE
        else:
            each.state = OfferState.DECLINED
    for person, decision in world.decisions.items():
        declined = [o for o in world.offers if o.person is person and o.state == OfferState.DECLINED]
        if decision.choice == "stay" and decision.counter_pay > 0 and declined:
            max(declined, key=lambda o: o.value).state = OfferState.COUNTERED  # the raise answers the best of them
    for each in world.offers:
        if each.state != OfferState.COUNTERED:
            each.counter_pay = 0.0


def move(world: OracleWorld, accepted: list[Offer]) -> None:
    """Who leaves an employer departs, and begins at once or after the leave; who searched begins; some move inside."""
    leaving = [each for each in accepted if each.person.team and not is_inside(each)]
    inside = [each for each in accepted if each.person.team and is_inside(each)]
    leave = {each: world.leave_months(each.person, each.team) for each in accepted}
    at_once = [each for each in accepted if each not in inside and leave[each] == 0]
    leavers = [
        Leaver(
            each.person,
            to_team=each.team,
            pay_after=each.pay,
            equity_after=each.equity_ratio,
            reach=each.reach,
            referrer=each.referrer,
            leave_months=leave[each],
            terms_stay=world.decisions[each.person].terms,
            terms_go=each.terms,
            counter_pay=world.decisions[each.person].counter_pay,
        )
        for each in leaving
    ]
    jobs.depart(world, leavers, Cause.JOB, Status.ON_LEAVE)
    jobs.begin(world, [Hire(each.person, each.team, each.pay, each.equity_ratio) for each in at_once])
    movers = {each.person for each in inside}
    led = [team for team in world.teams if team.leader in movers]
    jobs.begin(world, [Hire(each.person, each.team, each.pay, each.equity_ratio) for each in inside])
    jobs.lose_leaders(world, led)


def leave_field(world: OracleWorld) -> None:
    """A departure for who had a job, an exit for who searched."""
    leaving = [person for person, decision in world.decisions.items() if decision.choice == "leave"]
    leavers = [
        Leaver(
            person,
            terms_stay=world.decisions[person].terms,
            terms_go=jobs.NOTHING | {"venture": world.parameters.leave_field_value},
            counter_pay=world.decisions[person].counter_pay,
        )
        for person in leaving
        if person.team
    ]
    searchers = [person for person in leaving if not person.team]
    jobs.depart(world, leavers, Cause.LEFT_FIELD, Status.LEFT_FIELD)
    jobs.set_free(world, searchers, Status.LEFT_FIELD)


def succession(world: OracleWorld) -> None:
    """After some months without a leader, the member of highest reputation takes over, and some trust comes back."""
    for team in world.teams:
        if team.leader:
            team.vacancy = 0
            continue
        team.vacancy += 1
        members = world.members(team)
        if members and team.vacancy > world.parameters.vacancy_months:
            team.leader, team.vacancy = max(members, key=lambda person: person.reputation), 0
            for person in members:
                person.breach["leader_loss"] *= 1 - world.parameters.trust_recovered * world.parameters.trust_inside
