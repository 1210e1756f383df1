"""The world of the slow twin: one object per person, employer, team and project, and what they can look up.

Attributes have the names of the columns in `abm/tables.py`, where unit and meaning are written. A row number there is
an object here, -1 is None, and a culture point or a stock by source is a dict by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, log1p
from typing import Any

from abm.levers import Levers
from abm.parameters import Parameters
from abm.scenario import Scenario
from abm.tables import DIMENSIONS, EmployerKind, OfferState, Path, ProjectState, Reach, Status, TieKind
from tests.oracle import utility
from tests.oracle.luck import Luck

Terms = dict[str, float]
TASTES = ("pay", "compute", "culture", "peers", "prestige", "equity", "place")


@dataclass(eq=False)
class Site:
    """A city."""

    row: int
    notice: int
    non_compete: bool
    seed_climate: float
    place: list[float]  # utility of living here and working in each site
    hours: list[float]  # between here and each site


@dataclass(eq=False)
class Person:
    """A researcher."""

    row: int
    status: Status
    team: Team | None
    next_team: Team | None
    leave_clock: int
    next_pay: float
    next_equity: float
    entry_month: int
    site: Site
    specialty: int
    skill: float
    reputation: float
    visibility: float
    tenure: int
    pay: float
    equity_ratio: float
    equity_grant: float
    vesting_clock: int
    ideal: list[float]
    culture_weight: list[float]
    taste: dict[str, float]
    compute_need: float
    promised: float
    strain: float
    breach: dict[str, float]
    shock: float
    changes: float
    leavers: float
    autonomy_promised: float
    fit_felt: float
    outside: float
    founder_propensity: float
    own_startup: Employer | None
    path: Path
    held_until: int

    @property
    def employer(self) -> Employer | None:
        """Where the person works now."""
        return self.team.employer if self.team else None


@dataclass(eq=False)
class Employer:
    """A lab, a university or a (potential) start-up."""

    row: int
    kind: EmployerKind
    is_open: bool
    site: Site
    owned: float
    rented: float
    growth_compute: float
    lead_time: int
    gpu_ready: float
    utilisation: float
    product_share: float
    pool: float
    idle: float
    pay_level: float
    pay_ceiling: float
    pay_budget: float
    equity_ratio: float
    culture: list[float]
    prestige: float
    prestige_base: float
    capability: float
    community: float
    unseen_exits: float
    planned_order: float
    ordered: float
    capital_overrun: float
    growth: float
    recruiter_contacts: float
    counter_offer: float
    allocation: int
    garden_leave: int
    cash: float
    valuation: float
    founder: Person | None
    founded_month: int
    closed_month: int
    arrivals: list[float]  # compute that arrives in each month
    first_team: Team | None = None  # of a (potential) start-up: the team that it begins with

    @property
    def is_startup(self) -> bool:
        """Founded in the run, or not yet."""
        return self.kind == EmployerKind.STARTUP


@dataclass(eq=False)
class Team:
    """A unit of an employer."""

    row: int
    employer: Employer
    site: Site
    topic: int
    is_open: bool
    is_infrastructure: bool
    leader: Person | None
    vacancy: int
    priority: float
    remote: float
    culture_offset: list[float]
    posts: float
    open_posts: int
    need: float
    compute: float
    escalated: int
    rivalry: float
    pace: float
    know_how: float
    promise_share: float
    promise_kept: float
    granted: float
    opens: int
    project: Project | None
    slots: list[Project]  # the rows that its projects can have, in order


@dataclass(eq=False)
class Project:
    """What a team works on."""

    row: int
    team: Team | None
    demand: float
    work: float
    progress: float
    started: int
    planned: int
    ended: int
    visibility: float
    quality: float
    hops: int
    shipped: int
    state: ProjectState


@dataclass(eq=False)
class Tie:
    """Between two people; both hold the same object."""

    strength: float
    kind: TieKind
    age: int


@dataclass(eq=False)
class Contact:
    """Somebody whom a team could approach, how it came to know, and what it thinks."""

    person: Person
    team: Team
    reach: Reach
    referrer: Person | None
    score: float = 0.0


@dataclass(eq=False)
class Offer:
    """A job that one person could have."""

    person: Person
    team: Team
    reach: Reach
    referrer: Person | None
    score: float
    pay: float
    ceiling: float
    equity_ratio: float
    state: OfferState
    terms: Terms
    value: float
    perceived: float
    counter_pay: float


@dataclass(eq=False)
class Decision:
    """What one person faces this month."""

    terms: Terms
    present: float
    hazard: dict[Path, float]
    is_open: bool
    has_idea: bool
    counter_pay: float = 0.0
    found_terms: Terms | None = None
    best_alternative: float = 0.0  # to every offer: U of the best of staying, founding, leaving
    choice: str | Offer = "stay"


@dataclass(eq=False)
class OracleWorld:
    """Everything there is, and what everybody can look up. How it begins is in `copy.py`, a month in `month.py`."""

    scenario: Scenario
    parameters: Parameters
    luck: Luck
    base_levers: Levers
    levers: Levers
    sites: list[Site]
    people: list[Person]
    employers: list[Employer]
    teams: list[Team]
    projects: list[Project]
    ties: dict[Person, dict[Person, Tie]]
    events: Sequence[Any]
    log: dict[str, list[dict[str, Any]]]
    month: int = 0
    tightness: float = 1.0  # vacancies against those of a balanced market, as the market knows it
    movements: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)  # of levers: until when, and what
    joined: list[Person] = field(default_factory=list)  # who began a job this month
    contacts: list[Contact] = field(default_factory=list)
    decisions: dict[Person, Decision] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    blocking: int = 0
    clearing_rounds: int = 0
    tally: Counter[str] = field(default_factory=Counter)  # of what no table keeps, so that tests know it happened
    match_tastes: dict[tuple[int, int], float] = field(default_factory=dict)

    # ---- who is where ----------------------------------------------------------------------------------------------

    def lever(self, name: str, of: Site | Employer | Team | None = None) -> float:
        """The present value of a lever: of a place, or of the world."""
        return float(self.levers[name][of.row if of else 0])

    def staff(self) -> list[Person]:
        """Everybody with a job."""
        return [person for person in self.people if person.team]

    def members(self, team: Team) -> list[Person]:
        """Of one team."""
        return [person for person in self.people if person.team is team]

    def teams_of(self, employer: Employer) -> list[Team]:
        """Of one employer, open or not."""
        return [team for team in self.teams if team.employer is employer]

    # ---- what people have ------------------------------------------------------------------------------------------

    def reference_pay(self, person: Person) -> float:
        """What the market pays for the skill."""
        return self.parameters.pay_reference * exp(self.parameters.pay_skill_slope * person.skill)

    def need(self, person: Person) -> float:
        """Compute for present-day work."""
        return person.compute_need * self.lever("need")

    def unvested(self, person: Person) -> float:
        """Equity that would be lost by leaving now, and a bonus."""
        if person.employer is None:
            return 0.0
        bonus = self.lever("retention_bonus", person.employer) * person.pay / 12
        return person.equity_grant * self.unvested_share(person) + bonus

    def unvested_share(self, person: Person) -> float:
        """What of the grant is still to vest; nothing vests before the cliff."""
        employer = person.employer
        if person.vesting_clock < self.parameters.cliff_months * self.lever("cliff", employer):
            return 1.0
        return 1.0 - min(person.vesting_clock / self.vesting_months(employer), 1.0)

    def vesting_months(self, employer: Employer) -> float:
        """How long a grant takes to vest."""
        return self.parameters.vesting_months * self.lever("vesting", employer)

    def leave_months(self, person: Person, team: Team) -> int:
        """Notice, or garden leave where the law lets it be enforced; none without a job or inside the employer."""
        employer = person.employer
        if employer is None or employer is team.employer:
            return 0
        garden = employer.garden_leave + round(self.lever("garden_leave", employer))
        enforceable = round(garden * self.lever("non_compete", person.site)) if person.site.non_compete else 0
        return max(person.site.notice, enforceable)

    def neighbours(self, person: Person) -> list[tuple[Person, Tie]]:
        """The people one knows, in the order of their rows."""
        return sorted(self.ties[person].items(), key=lambda item: item[0].row)

    def tie_total(self, person: Person) -> float:
        """All tie strength of a person."""
        return sum(tie.strength for _, tie in self.neighbours(person))

    def share_at(self, person: Person, employer: Employer | None) -> float:
        """The share of a person's tie strength that works at an employer."""
        total = self.tie_total(person)
        if total == 0 or employer is None:
            return 0.0
        return sum(tie.strength for other, tie in self.neighbours(person) if other.employer is employer) / total

    # ---- what teams have -------------------------------------------------------------------------------------------

    def culture_of(self, team: Team) -> list[float]:
        """The employer's culture with the team's own touch, kept in [0, 1]."""
        both = zip(team.employer.culture, team.culture_offset, strict=True)
        points = [point + offset for point, offset in both]
        points[DIMENSIONS.index("openness")] += self.lever("openness", team.employer)
        return [min(max(point, 0.0), 1.0) for point in points]

    def fit(self, person: Person, team: Team) -> float:
        """Of a person with the culture of a team."""
        return utility.culture_fit(person.ideal, person.culture_weight, self.culture_of(team))

    def request_per_head(self, team: Team) -> float:
        """Compute that the running project asks for, beside what members need themselves."""
        demand = team.project.demand if team.project else 0.0
        return demand * self.lever("need") / max(len(self.members(team)), 1)

    def compute_per_head(self, team: Team) -> float:
        """What one finds there; in an empty team the first to come finds all of it."""
        return team.compute / max(len(self.members(team)), 1)

    def told_per_head(self, person: Person, team: Team) -> float:
        """What who works elsewhere is told of it; colleagues know."""
        pitch = 0.0 if person.employer is team.employer else self.parameters.pitch + self.lever("pitch", team.employer)
        return self.compute_per_head(team) * (1 + pitch)

    def hours_to_headquarters(self, team: Team) -> float:
        """Between time zones."""
        return team.site.hours[team.employer.site.row]

    def product_focus(self, team: Team) -> float:
        """How far a team works for products."""
        return self.culture_of(team)[DIMENSIONS.index("product")]

    def autonomy(self, team: Team) -> float:
        """How far a team decides for itself."""
        return self.culture_of(team)[DIMENSIONS.index("autonomy")]

    def star_pull(self, team: Team) -> float:
        """Prestige from a leader of more than the usual standing, which is a reputation of 1."""
        if team.leader is None:
            return 0.0
        return self.parameters.star_pull * max(log((1 + team.leader.reputation) / 2), 0.0)

    # ---- what employers can do -------------------------------------------------------------------------------------

    def lag(self, employer: Employer) -> float:
        """How far behind the best laboratory in capability: 0 level with it, towards 1 the further behind."""
        labs = [one for one in self.employers if one.kind == EmployerKind.LAB and one.is_open]
        best = max((lab.capability for lab in labs), default=0.0)
        return max(best - employer.capability, 0.0) / (1 + best)

    # ---- what a job would be worth ---------------------------------------------------------------------------------

    def market_premium(self, person: Person) -> float:
        """The price of the market and its tightness, known to a tenth: a pay elasticity that rises with skill."""
        elasticity = self.parameters.tight_pay * max(1 + self.parameters.tight_senior * person.skill, 0.0)
        return self.lever("market_pay") * (round(10 * self.tightness) / 10) ** elasticity

    def first_offer(self, person: Person, team: Team) -> float:
        """Pay that a team offers at first."""
        level = team.employer.pay_level * self.lever("pay_level", team.employer)
        return self.reference_pay(person) * level * self.market_premium(person)

    def highest_offer(self, person: Person, team: Team) -> float:
        """Pay that the employer can go up to: more for the right specialty and for people in every view."""
        level = team.employer.pay_ceiling * self.lever("pay_ceiling", team.employer)
        fit = self.parameters.fit_pay if person.specialty == team.topic else 0.0
        fame = self.parameters.fame_pay * log1p(person.visibility)
        top = self.reference_pay(person) * level * self.market_premium(person) * exp(fit + fame)
        return max(top, self.first_offer(person, team))

    def offered_equity(self, employer: Employer) -> float:
        """Equity ratio in a new offer."""
        return employer.equity_ratio * self.lever("equity", employer)

    def match_taste(self, person: Person, employer: Employer) -> float:
        """a_ij, fixed for the pair for ever."""
        pair = (person.row, employer.row)
        if pair not in self.match_tastes:
            self.match_tastes[pair] = self.luck.normal("match_taste", 0, *pair)
        return self.parameters.match_taste_sd * self.match_tastes[pair]

    def job_terms(self, person: Person, team: Team, amount: float, equity_ratio: float, peers: float) -> Terms:
        """The terms that every job has."""
        return utility.of_any_job(
            person.taste,
            amount=amount,
            reference=self.reference_pay(person),
            per_head=self.told_per_head(person, team),
            need=self.need(person) + self.request_per_head(team),
            fit=self.fit(person, team),
            peers=peers,
            prestige_level=team.employer.prestige + self.star_pull(team),
            equity_ratio=equity_ratio,
            place=person.site.place[team.site.row] * (1 - team.remote),
            match=self.match_taste(person, team.employer),
        )

    def add_costs_of_moving(self, terms: Terms, person: Person, team: Team) -> None:
        """Switching, equity given up, delay; nothing of it for who has no job, only a little inside the employer."""
        if not person.team:
            return
        parameters = self.parameters
        if person.employer is team.employer:
            terms["switching"] = -parameters.internal_switching_cost
            return
        terms["switching"] = -parameters.switching_cost
        terms["forfeited"] = -utility.forfeited(
            person.taste["pay"], self.unvested(person), person.pay, parameters.forfeiture_horizon
        )
        terms["delay"] = -parameters.delay_cost * self.leave_months(person, team)
