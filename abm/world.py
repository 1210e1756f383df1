"""World: tables, graph, levers, parameters, streams and date. The one thing that every phase receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats, digest
from abm.kernels import exposure, utility
from abm.ledger import Ledger
from abm.levers import Levers
from abm.parameters import Parameters
from abm.scenario import Event, Scenario
from abm.streams import Streams
from abm.tables import (
    DIMENSIONS,
    Candidates,
    Cohort,
    Decisions,
    EmployerKind,
    Employers,
    Int32,
    Offers,
    Projects,
    Researchers,
    Status,
    Teams,
    Ties,
)


@dataclass(slots=True)
class Sites:
    """The places of a scenario: (S,) arrays, and the (S, S) matrix of place utility and hours between them."""

    names: tuple[str, ...]
    notice: Int32
    non_compete: Bools
    seed_climate: Floats
    place: Floats
    hours: Floats


@dataclass(slots=True)
class DatedEvent:
    """An event of the scenario with the month drawn for this replicate; who is drawn in it depends on `key`, its id."""

    row: int
    month: int
    event: Event
    key: int


@dataclass(slots=True)
class Movement:
    """A movement of a lever by a dated event, in force until a month (None: for good)."""

    until: int | None
    fields: Mapping[str, Any]


@dataclass(slots=True)
class World:
    """Everything there is. Phases read all of it and write what they declare."""

    scenario: Scenario
    parameters: Parameters
    streams: Streams
    base_levers: Levers  # as the dated events left them
    levers: Levers  # with the policies on top: what the phases read
    sites: Sites
    researchers: Researchers
    employers: Employers
    teams: Teams
    projects: Projects
    ties: Ties
    cohorts: list[Cohort]
    events: list[DatedEvent]
    employer_names: list[str]
    team_names: list[str]
    project_names: dict[int, str]
    project_slots: int
    release_team: NDArray[np.int64]  # (D,) teams with a release dated by the scenario
    release_month: NDArray[np.int64]  # (D,) and the month drawn for it
    arrivals: Floats  # (E, months + 60) H100e that arrive in each month
    ledger: Ledger = field(default_factory=Ledger)
    month: int = 0
    inbox: list[DatedEvent] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)  # of base_levers, in the order in which they came
    candidates: Candidates | None = None
    offers: Offers | None = None
    decisions: Decisions | None = None
    tightness: Floats = field(default_factory=lambda: np.ones(1))  # of the market: demand x vacancies over normal
    blocking: int = 0
    clearing_rounds: int = 0
    joined: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    # ---- sizes -------------------------------------------------------------------------------------------------

    @property
    def n_researchers(self) -> int:
        """Rows of people, entrants included."""
        return self.researchers.n_rows

    @property
    def n_employers(self) -> int:
        """Rows of employers, potential start-ups included."""
        return self.employers.n_rows

    @property
    def n_teams(self) -> int:
        """Rows of teams."""
        return self.teams.n_rows

    @property
    def date(self) -> str:
        """The present month as YYYY-MM."""
        return self.scenario.date_of(self.month)

    # ---- what many phases derive (never stored twice) ----------------------------------------------------------

    def employer_of(self) -> Int32:
        """(N,) row of the present employer; -1 without a job."""
        team = self.researchers.team
        return np.where(team >= 0, self.teams.employer[team], np.int32(-1))

    def reference_pay(self) -> Floats:
        """(N,) kUSD a year: what the market pays for the skill (T7: person effects)."""
        return self.parameters.pay_reference * np.exp(self.parameters.pay_skill_slope * self.researchers.skill)

    def need(self) -> Floats:
        """(N,) H100e that each person needs for present-day work."""
        return self.researchers.compute_need * self.levers.world("need")

    def culture_of(self, team: NDArray[np.integer]) -> Floats:
        """(P, K) culture point of teams: the employer's plus the team's offset, kept in [0, 1]."""
        employer = self.teams.employer[team]
        point = self.employers.culture[employer] + self.teams.culture_offset[team]
        point[:, DIMENSIONS.index("openness")] += self.levers["openness"][employer]
        return np.asarray(np.clip(point, 0.0, 1.0))

    def tastes(self, person: NDArray[np.integer]) -> dict[str, Floats]:
        """Taste weights of some people, by name of the term."""
        names = ("pay", "compute", "culture", "peers", "prestige", "equity", "place")
        return {name: getattr(self.researchers, f"taste_{name}")[person] for name in names}

    def unvested(self) -> Floats:
        """(N,) kUSD that would be lost by leaving now: equity that has not vested, and a bonus."""
        people, employer = self.researchers, self.employer_of()  # who has no job has neither grant nor pay
        bonus = self.levers["retention_bonus"][employer] * people.pay / 12.0
        return np.asarray(people.equity_grant * self.unvested_share() + bonus)

    def unvested_share(self) -> Floats:
        """(N,) share of the grant that is still to vest; nothing vests before the cliff."""
        people, employer = self.researchers, self.employer_of()
        cliff = self.parameters.cliff_months * self.levers["cliff"][employer]
        share = np.minimum(people.vesting_clock / self.vesting_months(employer), 1.0)
        return np.asarray(1.0 - np.where(people.vesting_clock >= cliff, share, 0.0))

    def vesting_months(self, employer: NDArray[np.integer]) -> Floats:
        """(P,) months that grants of employers take to vest."""
        return np.asarray(self.parameters.vesting_months * self.levers["vesting"][employer])

    def leave_months(self, person: NDArray[np.integer], team: NDArray[np.integer]) -> Int32:
        """(P,) months of notice or enforceable garden leave before the next job can begin; 0 without a job."""
        people = self.researchers
        present = people.team[person]
        employed = present >= 0
        home = people.site[person]
        employer = self.teams.employer[present]
        garden = self.employers.garden_leave[employer] + np.rint(self.levers["garden_leave"][employer])
        garden = np.rint(garden * self.levers["non_compete"][home])
        months = np.maximum(self.sites.notice[home], np.where(self.sites.non_compete[home], garden, 0))
        inside = employer == self.teams.employer[team]
        return np.where(employed & ~inside, months, 0).astype(np.int32)

    def request_per_head(self) -> Floats:
        """(J,) H100e per member that the running project asks for beside the members' own needs."""
        teams, projects = self.teams, self.projects
        demand = np.where(teams.project >= 0, projects.demand[teams.project], 0.0)
        return demand * self.levers.world("need") / np.maximum(teams.n_members, 1)

    def compute_per_head(self) -> Floats:
        """(J,) H100e per member; what a newcomer would find in a team with nobody in it."""
        return self.teams.compute / np.maximum(self.teams.n_members, 1)

    def pitch(self, person: NDArray[np.integer], team: NDArray[np.integer]) -> Floats:
        """(P,) factor on the compute of teams as told to people: 1 to who works there, more to others (M38)."""
        employer = self.teams.employer[team]
        outside = self.employer_of()[person] != employer
        return np.asarray(1.0 + np.where(outside, self.parameters.pitch + self.levers["pitch"][employer], 0.0))

    def job_terms(
        self,
        person: NDArray[np.integer],
        team: NDArray[np.integer],
        amount: Floats,
        equity_ratio: Floats,
        peers: Floats,
    ) -> Floats:
        """(P, T) the terms that every job has, for flat pairs; present-only and moving terms are left at 0."""
        people, employers, teams = self.researchers, self.employers, self.teams
        employer = teams.employer[team]
        fit = utility.culture_fit(people.ideal[person], people.culture_weight[person], self.culture_of(team))
        place = self.sites.place[people.site[person], teams.site[team]] * (1.0 - teams.remote[team])
        taste_sd = self.parameters.match_taste_sd
        return utility.base_terms(
            self.tastes(person),
            amount=amount,
            reference=self.reference_pay()[person],
            per_head=self.compute_per_head()[team] * self.pitch(person, team),
            need=self.need()[person] + self.request_per_head()[team],
            fit=fit,
            peers=peers,
            prestige_level=employers.prestige[employer] + self.star_pull()[team],
            equity_ratio=equity_ratio,
            place=place,
            match=taste_sd * self.streams.normal("match_taste", 0, person, employer),
        )

    def star_pull(self) -> Floats:
        """(J,) prestige that a team has from a leader of more than usual standing (M48)."""
        standing = np.log1p(self.researchers.reputation[self.teams.leader]) - np.log(2.0)
        return np.where(self.teams.leader >= 0, self.parameters.star_pull * np.maximum(standing, 0.0), 0.0)

    def lag(self) -> Floats:
        """(E,) how far employers are behind the best laboratory in capability: 0 level, 1 wholly behind (M14)."""
        labs = (self.employers.kind == EmployerKind.LAB) & self.employers.is_open
        best = float(self.employers.capability[labs].max(initial=0.0))
        return np.asarray(1.0 - (1.0 + np.minimum(self.employers.capability, best)) / (1.0 + best))

    def commons(self) -> float:
        """Outside work on open releases in all (M47)."""
        return float(self.employers.community.sum())

    def moving_terms(self, terms: Floats, person: NDArray[np.integer], team: NDArray[np.integer]) -> None:
        """Fill in, in place, what a move to `team` costs: switching, forfeited equity, delay (MODEL section 3)."""
        parameters, people = self.parameters, self.researchers
        present = people.team[person]
        employed = present >= 0
        inside = employed & (self.teams.employer[present] == self.teams.employer[team])
        switching = np.where(inside, parameters.internal_switching_cost, parameters.switching_cost)
        terms[:, utility.TERM["switching"]] = -np.where(employed, switching, 0.0)
        lost = utility.forfeited(
            people.taste_pay[person],
            np.where(employed & ~inside, self.unvested()[person], 0.0),
            np.where(employed, people.pay[person], 1.0),
            parameters.forfeiture_horizon,
        )
        terms[:, utility.TERM["forfeited"]] = -lost
        terms[:, utility.TERM["delay"]] = -parameters.delay_cost * self.leave_months(person, team)

    def tie_totals(self) -> Floats:
        """(N,) sum of the tie strengths of each person."""
        return self.ties.totals()

    def share_at(self, person: NDArray[np.integer], employer: NDArray[np.integer]) -> Floats:
        """(P,) share of tie strength of each person that works at an employer, for flat pairs."""
        ties = self.ties
        return exposure.share_at(
            ties.start,
            ties.neighbour,
            ties.strength,
            self.employer_of(),
            self.tie_totals(),
            person,
            employer,
        )

    def market_premium(self, person: NDArray[np.integer]) -> Floats:
        """(P,) factor on pay in offers: the price of the market, and its tightness, more so for the skilled (M36).

        Tightness is known to a tenth: a single post elsewhere moves nobody's pay.
        """
        senior = np.maximum(1.0 + self.parameters.tight_senior * self.researchers.skill[person], 0.0)
        tight = np.exp(self.parameters.tight_pay * np.log(np.round(self.tightness[0], 1)) * senior)
        return np.asarray(self.levers.world("market_pay") * tight)

    def first_offer(self, person: NDArray[np.integer], team: NDArray[np.integer]) -> Floats:
        """(P,) kUSD a year that a team offers at first."""
        employer = self.teams.employer[team]
        level = self.employers.pay_level[employer] * self.levers["pay_level"][employer]
        return np.asarray(self.reference_pay()[person] * level * self.market_premium(person))

    def highest_offer(self, person: NDArray[np.integer], team: NDArray[np.integer]) -> Floats:
        """(P,) kUSD a year that the employer of a team can go up to: policy, fit of the specialty, and attention.

        Whom every recruiter sees is bid up (M37, D17).
        """
        employer = self.teams.employer[team]
        on_topic = self.researchers.specialty[person] == self.teams.topic[team]
        level = self.employers.pay_ceiling[employer] * self.levers["pay_ceiling"][employer]
        fame = np.log1p(self.researchers.visibility[person])
        premium = np.exp(self.parameters.fit_pay * on_topic + self.parameters.fame_pay * fame)
        top = self.reference_pay()[person] * level * self.market_premium(person) * premium
        return np.asarray(np.maximum(top, self.first_offer(person, team)))

    def seed_climate(self, site: NDArray[np.integer]) -> Floats:
        """(P,) seed capital within reach at sites, the lever included."""
        return np.asarray(self.sites.seed_climate[site] * self.levers["seed_climate"][site])

    def is_startup(self) -> Bools:
        """(E,) whether the row is a (potential) start-up."""
        return np.asarray(self.employers.kind == EmployerKind.STARTUP)

    def first_team_of(self, startup: NDArray[np.integer]) -> NDArray[np.int64]:
        """(P,) the one team that belongs to a (potential) start-up from the beginning."""
        offset = len(self.team_names) - len(self.employer_names)
        return np.asarray(startup, dtype=np.int64) + offset

    def affiliation(self) -> Int32:
        """(N,) employer a person counts at: the present one; -1 on leave, founding, searching, away."""
        return np.where(self.researchers.status == Status.EMPLOYED, self.employer_of(), np.int32(-1))

    # ---- bytes -------------------------------------------------------------------------------------------------

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every array of the state by name, in a fixed order."""
        for table in ("researchers", "employers", "teams", "projects"):
            for name, array in getattr(self, table).arrays():
                yield f"{table}.{name}", array
        for name, array in self.ties.arrays():
            yield f"ties.{name}", array
        for name, array in self.base_levers.values.items():
            yield f"base_levers.{name}", array
        for name, array in self.levers.values.items():
            yield f"levers.{name}", array
        yield "arrivals", self.arrivals
        yield "joined", self.joined
        yield "tightness", self.tightness
        for part in ("offers", "decisions", "candidates"):
            held = getattr(self, part)
            if held is not None:
                for name in held.__slots__:
                    yield f"{part}.{name}", getattr(held, name)

    def events_digest(self) -> str:
        """SHA-256 of what has happened so far, in whole numbers (see `Ledger.events_digest`): for any processor."""
        return self.ledger.events_digest(self.month)

    def digest(self) -> str:
        """SHA-256 of the whole state and of the ledger so far, to the last bit: for one kind of processor.

        NumPy adds up and takes logarithms in other ways on processors with wider registers, which moves last bits.
        """
        return digest([*self.arrays(), ("month", np.array([self.month])), *self.ledger.arrays()])
