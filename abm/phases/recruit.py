"""Teams with open posts find candidates: over the graph, by visibility, or among those who apply. Never all pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats, Integers
from abm.kernels.pairs import accepted_first, rank_within, running_sum, weighted_pick
from abm.tables import Candidates, EmployerKind, Reach, Status
from abm.world import World

WRITES = ("teams.posts", "teams.open_posts", "employers.pay_budget", "tightness", "candidates")
PARAMETERS = (
    "pay_reference",
    "referral_share",
    "referral_share_startup",
    "visible_base",
    "visible_most",
    "applications",
    "application_most",
    "approaches_per_post",
    "hiring_bar",
    "hiring_prestige",
    "hiring_urgency",
    "assessment_noise",
    "assessment_topic",
    "assessment_referral",
    "assessment_reputation",
    "minimum_tenure",
    "tight_normal",
)
LOOKS = 96  # people whom a recruiter looks at for one call
TIGHTNESS_MEMORY = 0.25  # a month's weight in what the market knows of its tightness
AT_ONCE = 8_192  # searches
TRIES = 24  # teams that an applicant looks at for one application
Contacts = tuple[Integers, Integers, NDArray[np.int8], Integers]  # researcher, team, reach, referrer


def run(world: World) -> None:
    """Open posts, contacts of recruiters, applications, assessment, and the short list that is approached."""
    _open_posts(world)
    called, applied = _contacts(world), _applications(world)
    person, team, reach, referrer = (np.concatenate([a, b]) for a, b in zip(called, applied, strict=True))
    keep = _eligible(world, person, team, reach)
    person, team, reach, referrer = person[keep], team[keep], reach[keep], referrer[keep]
    first = _first_of_each(world, person, team, reach)
    person, team, reach, referrer = person[first], team[first], reach[first], referrer[first]
    score = _assess(world, person, team, reach)
    standing = np.log1p(world.employers.prestige[world.teams.employer[team]]) - np.log(2.0)
    empty = world.teams.open_posts[team] / np.maximum(world.teams.posts[team], 1.0)
    bar = world.parameters.hiring_bar + world.parameters.hiring_prestige * standing
    bar -= world.parameters.hiring_urgency * np.minimum(empty, 1.0)
    eager = world.parameters.approaches_per_post * world.levers.world("demand")  # who fears to go empty asks more (M35)
    eager = eager * world.levers["recruiting"][world.teams.employer[team]]
    limit = np.ceil(eager * world.teams.open_posts[team])
    good = np.flatnonzero(score >= bar)
    listed = good[rank_within(team[good], score[good]) < limit[good]]
    listed = listed[np.lexsort((team[listed], person[listed]))]
    world.candidates = Candidates(
        researcher=person[listed].astype(np.int32),
        team=team[listed].astype(np.int32),
        reach=reach[listed],
        referrer=referrer[listed].astype(np.int32),
        score=score[listed],
    )


def _open_posts(world: World) -> None:
    """Planned posts grow; those that are empty and can be paid for are open."""
    teams, employers, people = world.teams, world.employers, world.researchers
    hiring = world.levers["hiring"]
    growing = np.exp(employers.growth * hiring)
    growing[employers.kind == EmployerKind.STARTUP] = 1.0
    teams.posts *= np.where(teams.is_open, growing[teams.employer], 1.0)
    employers.pay_budget *= growing
    coming = np.bincount(people.next_team[people.status == Status.ON_LEAVE], minlength=world.n_teams)
    luck = world.streams.uniform("posts", 0, np.arange(world.n_teams))  # one rounding for ever: posts do not flicker
    plan = np.floor(teams.posts * world.levers["posts"] + luck)
    wanted = np.maximum(plan - teams.n_members - coming, 0.0)
    wanted[~teams.is_open | (hiring[teams.employer] <= 0)] = 0.0

    member = np.flatnonzero(people.team >= 0)
    payroll = np.bincount(world.employer_of()[member], people.pay[member], minlength=world.n_employers)
    due = np.flatnonzero(people.next_team >= 0)
    payroll += np.bincount(teams.employer[people.next_team[due]], people.next_pay[due], minlength=world.n_employers)
    market = world.levers.world("market_pay")
    typical = world.parameters.pay_reference * employers.pay_level * world.levers["pay_level"] * market
    room = np.maximum(employers.pay_budget * market - employers.capital_overrun - payroll, 0.0)
    can_pay = np.divide(room, typical, out=np.zeros(world.n_employers), where=typical > 0)
    asked = np.bincount(teams.employer, wanted, minlength=world.n_employers)
    share = np.minimum(np.divide(can_pay, asked, out=np.ones(world.n_employers), where=asked > 0), 1.0)
    teams.open_posts[:] = np.floor(wanted * share[teams.employer])
    vacancies = float(teams.open_posts.sum()) / max(len(member), 1)
    tight = world.levers.world("demand") * vacancies / world.parameters.tight_normal
    world.tightness[0] += TIGHTNESS_MEMORY * (min(max(tight, 0.25), 4.0) - world.tightness[0])


def _contacts(world: World) -> Contacts:
    """Recruiters' calls: with probability rho somebody's neighbour, else somebody visible (T17)."""
    parameters, teams, employers = world.parameters, world.teams, world.employers
    people, ties, streams, month = world.researchers, world.ties, world.streams, world.month
    every = np.arange(world.n_teams)
    per_post = employers.recruiter_contacts * world.levers["recruiting"] * world.levers.world("demand")
    luck = streams.uniform("posts", month, every, 1)
    n_calls = np.floor(teams.open_posts * per_post[teams.employer] + luck * (teams.open_posts > 0)).astype(np.int64)
    team = np.repeat(every, n_calls)
    call = np.arange(len(team)) - np.repeat(np.cumsum(n_calls) - n_calls, n_calls)

    startup = employers.kind[teams.employer[team]] == EmployerKind.STARTUP
    rho = np.where(startup, parameters.referral_share_startup, parameters.referral_share)
    member = np.flatnonzero(people.team >= 0)
    by_team = member[np.argsort(people.team[member], kind="stable")]
    first = np.cumsum(teams.n_members) - teams.n_members
    asked = first[team] + (streams.uniform("contact_referrer", month, team, call) * teams.n_members[team]).astype(
        np.int64
    )
    staffed = teams.n_members[team] > 0
    referrer = np.where(staffed, by_team[np.minimum(asked, len(by_team) - 1)] if len(by_team) else -1, -1)
    has_ties = staffed & (ties.start[referrer + 1] > ties.start[referrer])
    by_tie = (streams.uniform("contact_reach", month, team, call) < rho) & has_ties
    person = np.full(len(team), -1)
    luck = streams.uniform("contact_person", month, team[by_tie], call[by_tie] * LOOKS)
    weights = running_sum(ties.strength)
    low, high = ties.start[referrer[by_tie]], ties.start[referrer[by_tie] + 1]
    person[by_tie] = ties.neighbour[weighted_pick(weights, low, high, luck)]
    rest = np.flatnonzero(~by_tie)
    present = (people.status == Status.EMPLOYED) | (people.status == Status.SEARCHING)
    attention = np.where(present, parameters.visible_base + people.visibility, 0.0)

    def look(still: Integers, steps: Integers) -> tuple[Integers, Floats]:
        """People drawn from all rows, and the luck of being noticed."""
        who, tries = team[rest[still], None], call[rest[still], None] * LOOKS + steps
        drawn = streams.uniform("contact_person", month, who, tries) * world.n_researchers
        return drawn.astype(np.int64), streams.uniform("contact_seen", month, who, tries)

    person[rest] = _search(len(rest), LOOKS, look, attention, parameters.visible_most)
    reach = np.where(by_tie, Reach.REFERRAL, Reach.VISIBLE).astype(np.int8)
    found = person >= 0
    return person[found], team[found], reach[found], np.where(by_tie, referrer, -1)[found]


def _applications(world: World) -> Contacts:
    """Everybody whose decision is open applies: every second application stays in the city, the others go anywhere.

    An applicant asks a friend with probability rho; else looks at teams one by one and applies to the first that
    appeals: the more open posts, the likelier.
    """
    assert world.decisions is not None
    teams, people, streams, month = world.teams, world.researchers, world.streams, world.month
    n_each = int(world.parameters.applications)
    looking = np.flatnonzero(world.decisions.is_open)
    person = np.repeat(looking, n_each)
    number = np.tile(np.arange(n_each), len(looking))
    established = len(world.scenario.placed_teams())
    order = np.argsort(teams.site[:established], kind="stable")  # teams of one city side by side; they never move
    bounds = np.searchsorted(teams.site[:established][order], np.arange(len(world.sites.names) + 1))
    friend, vouched = _through_friends(world, person, number)
    team = np.where(vouched, people.team[friend], -1).astype(np.int64)
    rest = np.flatnonzero(~vouched)
    home = people.site[person[rest]]
    n_local = bounds[home + 1] - bounds[home]
    local = (number[rest] % 2 == 0) & (n_local > 0)

    def look(still: Integers, steps: Integers) -> tuple[Integers, Floats]:
        """Teams drawn from those of the city or from all rows, and the luck of their appeal."""
        who, tries = person[rest[still], None], number[rest[still], None] * TRIES + steps
        where = streams.uniform("application", month, who, tries)
        step = (where * n_local[still, None]).astype(np.int64)
        near = order[np.minimum(bounds[home[still], None] + step, established - 1)]
        drawn = np.where(local[still, None], near, (where * world.n_teams).astype(np.int64))
        return drawn, streams.uniform("application_appeal", month, who, tries)

    appeal = teams.open_posts.astype(np.float64)
    team[rest] = _search(len(rest), TRIES, look, appeal, world.parameters.application_most)
    reach = np.where(vouched, Reach.REFERRAL, Reach.MARKET).astype(np.int8)
    sent = team >= 0
    return person[sent], team[sent], reach[sent], np.where(vouched, friend, -1)[sent]


def _search(
    n: int,
    tries: int,
    look: Callable[[Integers, Integers], tuple[Integers, Floats]],
    weight: Floats,
    bound: float,
) -> NDArray[np.int64]:
    """The first acceptable row of each of n searches; a quarter of the tries first, the rest for who found nothing.

    However many search, so many at once: what is drawn for them all would need more memory than the world.

    Args:
        n, tries: searches and tries of each.
        look: (searches (S,), tries (K,)) -> rows (S, K) and luck (S, K), keyed: the same whenever it is asked.
        weight, bound: as in `pairs.accepted_first`.
    """
    found = np.full(n, -1)
    for low, high in ((0, tries // 4), (tries // 4, tries)):
        waiting = np.flatnonzero(found < 0)
        for start in range(0, len(waiting), AT_ONCE):
            still = waiting[start : start + AT_ONCE]
            found[still] = accepted_first(weight, *look(still, np.arange(low, high)), bound)
    return found


def _through_friends(world: World, person: Integers, number: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Applications that go over a tie instead: with probability rho a friend is asked whose own team has an open post.

    Returns:
        The friend of each application, and whether the friend works elsewhere in a team with an open post (T17).
    """
    teams, people, ties, streams, month = world.teams, world.researchers, world.ties, world.streams, world.month
    first, n_ties = ties.start[person], np.diff(ties.start)[person]
    asks = (n_ties > 0) & (
        streams.uniform("application_friend", month, person, number) < world.parameters.referral_share
    )
    entry = first + (streams.uniform("application_tie", month, person, number) * n_ties).astype(np.int64)
    friend = np.full(len(person), -1)
    friend[asks] = ties.neighbour[entry[asks]]
    team = np.where(asks, people.team[friend], -1)
    elsewhere = teams.employer[team] != world.employer_of()[person]
    return friend, (team >= 0) & elsewhere & (teams.open_posts[team] > 0)


def _eligible(world: World, person: Integers, team: Integers, reach: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Present in the market, not of this team, not called at the own employer, not called right after arriving."""
    people, teams = world.researchers, world.teams
    employed = people.status[person] == Status.EMPLOYED
    found = (employed | (people.status[person] == Status.SEARCHING)) & (teams.open_posts[team] > 0)
    found &= people.team[person] != team
    inside = world.employer_of()[person] == teams.employer[team]
    applied = reach == Reach.MARKET
    new = employed & (people.tenure[person] < world.parameters.minimum_tenure)
    return np.asarray(found & (applied | ~(inside | new)))


def _first_of_each(world: World, person: Integers, team: Integers, reach: NDArray[np.int8]) -> Integers:
    """One contact per person and employer a month: a referral before a call, a call before an application."""
    key = person * world.n_employers + world.teams.employer[team]
    order = np.argsort(reach, kind="stable")
    _, first = np.unique(key[order], return_index=True)
    return order[first]


def _assess(world: World, person: Integers, team: Integers, reach: NDArray[np.int8]) -> Floats:
    """A team's assessment of a candidate, in standard deviations of skill."""
    parameters, people = world.parameters, world.researchers
    noise = world.streams.normal("assessment", world.month, person, team)
    return np.asarray(
        people.skill[person]
        + parameters.assessment_reputation * np.log1p(people.reputation[person])
        + parameters.assessment_topic * (people.specialty[person] == world.teams.topic[team])
        + parameters.assessment_referral * (reach == Reach.REFERRAL)
        + parameters.assessment_noise * noise
    )
