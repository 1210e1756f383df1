"""Outcomes: one function each, with unit, label and kind. A new metric is one function with the decorator.

Kinds: stock (counted at the end of the month), flow (during the month), share and index (never added up).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.columns import Floats
from abm.kernels.inequality import gini, herfindahl
from abm.tables import EmployerKind, OfferState, ProjectState, Status
from abm.world import World


@dataclass(frozen=True, slots=True)
class Metric:
    """One outcome: how it is measured, in what unit, of what kind, and for which entity (world, employer, team)."""

    name: str
    label: str
    unit: str
    kind: str
    entity: str
    measure: Callable[[World], Any]


METRICS: dict[str, Metric] = {}


def metric(
    label: str, unit: str, kind: str, entity: str = "world"
) -> Callable[[Callable[[World], Any]], Callable[[World], Any]]:
    """Declare the function below as a metric under its own name."""

    def declare(measure: Callable[[World], Any]) -> Callable[[World], Any]:
        name = measure.__name__
        METRICS[name] = Metric(name, label, unit, kind, entity, measure)
        return measure

    return declare


def _departures(world: World) -> list[dict[str, Any]]:
    return world.ledger.departures_of(world.month)


@metric("Researchers in the market", "people", "stock")
def n_researchers(world: World) -> int:
    """Everybody who has entered and has not left the field."""
    status = world.researchers.status
    return int(((status != Status.NOT_ENTERED) & (status != Status.LEFT_FIELD)).sum())


@metric("Employed", "people", "stock")
def n_employed(world: World) -> int:
    """With a job."""
    return int((world.researchers.status == Status.EMPLOYED).sum())


@metric("On notice or garden leave", "people", "stock")
def n_on_leave(world: World) -> int:
    """Have left, have not begun."""
    return int((world.researchers.status == Status.ON_LEAVE).sum())


@metric("Searching", "people", "stock")
def n_searching(world: World) -> int:
    """Without a job, looking for one."""
    return int((world.researchers.status == Status.SEARCHING).sum())


@metric("Founding", "people", "stock")
def n_founding(world: World) -> int:
    """Have left to found, the company is not there yet."""
    return int((world.researchers.status == Status.FOUNDING).sum())


@metric("Left the field", "people", "stock")
def n_left_field(world: World) -> int:
    """Gave up the field, in total."""
    return int((world.researchers.status == Status.LEFT_FIELD).sum())


@metric("Start-ups alive", "companies", "stock")
def n_startups(world: World) -> int:
    """Founded in the run and not closed or bought."""
    return int((world.is_startup() & world.employers.is_open).sum())


@metric("Start-ups founded", "companies", "flow")
def new_startups(world: World) -> int:
    """Founded this month."""
    return int((world.employers.founded_month == world.month).sum())


@metric("Departures", "people", "flow")
def new_departures(world: World) -> int:
    """Employments that ended, whatever the cause."""
    return sum(len(rows["month"]) for rows in _departures(world))


@metric("Voluntary departures", "people", "flow")
def new_voluntary_departures(world: World) -> int:
    """Departures other than layoffs and failures of start-ups."""
    return sum(int(rows["voluntary"].sum()) for rows in _departures(world))


@metric("Hires", "people", "flow")
def new_hires(world: World) -> int:
    """First days at work at another employer or team."""
    return len(np.unique(world.joined))


@metric("Offers made", "offers", "flow")
def new_offers(world: World) -> int:
    """All offers of the month."""
    return 0 if world.offers is None else len(world.offers)


def _offers_in(world: World, state: OfferState) -> int:
    return 0 if world.offers is None else int((world.offers.state == state).sum())


@metric("Offers accepted", "offers", "flow")
def new_offers_accepted(world: World) -> int:
    """Led to a job."""
    return _offers_in(world, OfferState.ACCEPTED)


@metric("Offers declined", "offers", "flow")
def new_offers_declined(world: World) -> int:
    """Not wanted, or not considered."""
    return _offers_in(world, OfferState.DECLINED)


@metric("Offers countered", "offers", "flow")
def new_offers_countered(world: World) -> int:
    """Answered by the present employer with a raise that was taken."""
    return _offers_in(world, OfferState.COUNTERED)


@metric("Offers without a place left", "offers", "flow")
def new_offers_no_place(world: World) -> int:
    """Wanted, but the posts were gone."""
    return _offers_in(world, OfferState.NO_PLACE)


@metric("Blocking pairs", "pairs", "index")
def blocking_pairs(world: World) -> int:
    """Pairs that would rather have had each other when clearing stopped: friction."""
    return world.blocking


@metric("Mean pay", "kUSD per year", "index")
def mean_pay(world: World) -> float:
    """Of the employed."""
    pay = world.researchers.pay[world.researchers.status == Status.EMPLOYED]
    return float(pay.mean()) if len(pay) else 0.0


@metric("Gini of pay", "index", "index")
def pay_gini(world: World) -> float:
    """Inequality of pay among the employed."""
    return gini(world.researchers.pay[world.researchers.status == Status.EMPLOYED])


@metric("Gini of compute", "index", "index")
def compute_gini(world: World) -> float:
    """Inequality of compute per head among the employed."""
    team = world.researchers.team
    return gini(world.compute_per_head()[team[team >= 0]])


@metric("Concentration of talent", "index", "index")
def talent_concentration(world: World) -> float:
    """Herfindahl index of skill-weighted head counts over employers."""
    employer = world.employer_of()
    inside = employer >= 0
    weight = np.exp(world.researchers.skill[inside])
    return herfindahl(np.bincount(employer[inside], weight, minlength=world.n_employers))


@metric("Running projects", "projects", "stock")
def n_projects(world: World) -> int:
    """Under way."""
    return int((world.projects.state == ProjectState.RUNNING).sum())


@metric("Releases", "projects", "flow")
def new_releases(world: World) -> int:
    """Projects released this month."""
    released = world.projects.state == ProjectState.RELEASED
    return int((released & (world.projects.ended == world.month)).sum())


@metric("Head count", "people", "stock", "employer")
def headcount(world: World) -> Floats:
    """Employed, by employer."""
    return np.bincount(world.teams.employer, world.teams.n_members, minlength=world.n_employers)


@metric("Departures", "people", "flow", "employer")
def departures(world: World) -> Floats:
    """Employments that ended, by the employer left."""
    found = np.zeros(world.n_employers)
    for rows in _departures(world):
        found += np.bincount(rows["from_employer"], minlength=world.n_employers)
    return found


@metric("Compute pool", "H100e", "stock", "employer")
def pool(world: World) -> Floats:
    """Open to research this month, by employer."""
    return world.employers.pool.copy()


@metric("Mean utility of the present job", "utils", "index", "employer")
def utility_mean(world: World) -> Floats:
    """By employer, as appraised this month; 0 without staff."""
    assert world.decisions is not None
    employer = world.employer_of()
    inside = employer >= 0
    total = np.bincount(employer[inside], world.decisions.present[inside], minlength=world.n_employers)
    heads = np.bincount(employer[inside], minlength=world.n_employers)
    return np.divide(total, heads, out=np.zeros(world.n_employers), where=heads > 0)


@metric("Seed-stage start-ups", "companies", "stock", "site")
def startups_by_site(world: World) -> Floats:
    """Start-ups alive, by site."""
    alive = (world.employers.kind == EmployerKind.STARTUP) & world.employers.is_open
    return np.bincount(world.employers.site[alive], minlength=len(world.sites.names)).astype(np.float64)


@metric("Compute per head", "H100e per person", "index", "team")
def compute_per_head(world: World) -> Floats:
    """By team; 0 without members."""
    return np.where(world.teams.n_members > 0, world.compute_per_head(), 0.0)


@metric("Team size", "people", "stock", "team")
def team_size(world: World) -> Floats:
    """Members, by team."""
    return world.teams.n_members.astype(np.float64)


@metric("Exits from a team", "people", "flow", "team")
def team_exits(world: World) -> Floats:
    """Departures, by the team left."""
    found = np.zeros(world.n_teams)
    for rows in _departures(world):
        found += np.bincount(rows["from_team"], minlength=world.n_teams)
    return found


@metric("Tightness of the market", "index", "index")
def tightness(world: World) -> float:
    """Vacancies against a balanced market, times the demand lever."""
    return float(world.tightness[0])


@metric("Compute owned", "H100e", "stock", "employer")
def owned(world: World) -> Floats:
    """Owned, whatever it is used for, by employer."""
    return world.employers.owned.copy()


@metric("Compute ordered", "H100e", "flow", "employer")
def ordered(world: World) -> Floats:
    """Ordered by plan this month, without dated orders, by employer."""
    return world.employers.ordered.copy()


@metric("Utilisation", "share", "index", "employer")
def utilisation(world: World) -> Floats:
    """Share of the compute that does useful work, by employer."""
    return np.clip(world.employers.utilisation + world.levers["utilisation"], 0.0, 1.0)


@metric("Prestige", "index", "index", "employer")
def prestige(world: World) -> Floats:
    """By employer."""
    return world.employers.prestige.copy()


@metric("Capability", "index", "index", "employer")
def capability(world: World) -> Floats:
    """What the best recent release can do, by employer."""
    return world.employers.capability.copy()


@metric("Releases", "projects", "flow", "team")
def team_releases(world: World) -> Floats:
    """Projects released this month, by team."""
    out = np.flatnonzero((world.projects.state == ProjectState.RELEASED) & (world.projects.ended == world.month))
    return np.bincount(world.projects.team[out], minlength=world.n_teams).astype(np.float64)


@metric("Teams without a leader", "share", "index", "employer")
def leaderless(world: World) -> Floats:
    """Share of the staffed teams of an employer whose post of leader is vacant."""
    staffed = world.teams.n_members > 0
    vacant = np.bincount(world.teams.employer, staffed & (world.teams.leader < 0), minlength=world.n_employers)
    teams = np.bincount(world.teams.employer, staffed, minlength=world.n_employers)
    return vacant / np.maximum(teams, 1)


@metric("Compute asked for", "H100e", "stock", "team")
def team_request(world: World) -> Floats:
    """What the members and the project need, by team."""
    return world.teams.need + world.request_per_head() * world.teams.n_members


@metric("Pace of the project", "months per month", "index", "team")
def pace(world: World) -> Floats:
    """Work done on the project this month, by team."""
    return world.teams.pace.copy()


@metric("Know-how", "share", "index", "team")
def know_how(world: World) -> Floats:
    """How well a team works together, by team."""
    return world.teams.know_how.copy()
