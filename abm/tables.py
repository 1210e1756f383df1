"""The nouns: researchers, employers, teams, projects, ties, offers. Each column with dtype, shape, unit, meaning.

Rows are identity: everybody who can ever take part (entrants and start-ups too) has a row from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats, Table, column
from abm.kernels import allocation
from abm.kernels.exposure import tie_totals

DIMENSIONS = ("openness", "autonomy", "product", "mission", "stability", "flexibility")
SOURCES = ("layoff", "reorganisation", "cancellation", "broken_promise", "leader_loss", "culture_drift")
N_DIMENSIONS = len(DIMENSIONS)
N_SOURCES = len(SOURCES)
SOURCE = {name: code for code, name in enumerate(SOURCES)}
RULES = tuple(allocation.RULES)  # code of a rule = its place here

Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Status(IntEnum):
    """Everyone is in exactly one of these."""

    NOT_ENTERED = 0
    EMPLOYED = 1
    ON_LEAVE = 2  # notice or garden leave: has left, has not begun
    SEARCHING = 3  # without a job, looking for one
    FOUNDING = 4  # has left to found, the company is not there yet
    LEFT_FIELD = 5


class Reach(IntEnum):
    """How an offer found its person."""

    REFERRAL = 0
    VISIBLE = 1
    MARKET = 2


class OfferState(IntEnum):
    """What became of an offer: at the end of a month exactly one of the last four."""

    MADE = 0
    ACCEPTED = 1
    DECLINED = 2
    COUNTERED = 3
    NO_PLACE = 4


class Path(IntEnum):
    """What opened the decision (unfolding model, Lee and Mitchell 1994)."""

    NONE = 0
    ROUTINE = 1
    SHOCK = 2
    SLOW_BUILD_UP = 3
    COLLEAGUES = 4
    OFFER = 5
    FOUNDING = 6


class Cause(IntEnum):
    """How an employment ended; every departure has exactly one."""

    JOB = 0
    STARTUP_JOB = 1
    FOUNDED = 2
    LEFT_FIELD = 3
    LAID_OFF = 4
    STARTUP_FAILED = 5
    IMPOSED = 6  # a dated event of the scenario says so (a named role left)


class TieKind(IntEnum):
    """Where a tie comes from."""

    CO_AUTHOR = 0
    TEAM_MATE = 1
    ALUMNI = 2


class EmployerKind(IntEnum):
    """Established laboratory, university, or founded start-up."""

    LAB = 0
    UNIVERSITY = 1
    STARTUP = 2


class ProjectState(IntEnum):
    """The life of a project."""

    EMPTY = 0
    RUNNING = 1
    RELEASED = 2
    CANCELLED = 3
    MERGED = 4


PATH_NAMES = ("none", "routine", "shock", "slow build-up", "colleagues", "offer", "founding")
CAUSE_NAMES = ("job", "startup_job", "founded", "left_field", "laid_off", "startup_failed", "imposed")
REACH_NAMES = ("referral", "visible", "market")
OFFER_STATE_NAMES = ("made", "accepted", "declined", "countered", "no_place")
CHOSEN = (Cause.JOB, Cause.STARTUP_JOB, Cause.FOUNDED, Cause.LEFT_FIELD)  # by a decision that the model explains
VOLUNTARY = (Cause.JOB, Cause.STARTUP_JOB, Cause.FOUNDED, Cause.LEFT_FIELD, Cause.IMPOSED)


class Researchers(Table):
    """One row per person who is or can ever be in the market."""

    status: Int8 = column("int8", "code", "see Status")
    team: Int32 = column("int32", "row of teams", "present team; -1 without a job", initial=-1)
    next_team: Int32 = column("int32", "row of teams", "team that begins after leave; -1 none", initial=-1)
    leave_clock: Int32 = column("int32", "months", "months left of notice, garden leave or founding")
    next_pay: Floats = column("float64", "kUSD per year", "pay agreed for the job that begins after leave")
    next_equity: Floats = column("float64", "share of pay", "equity ratio agreed for it")
    entry_month: Int32 = column("int32", "month", "month of entry; -1 present from the start", initial=-1)
    site: Int32 = column("int32", "row of sites", "where the person lives")
    specialty: Int32 = column("int32", "code", "topic of expertise")
    skill: Floats = column("float64", "sd", "productivity, standardised")
    reputation: Floats = column("float64", "index", "standing in the field, never negative")
    visibility: Floats = column("float64", "index", "present attention of recruiters")
    tenure: Int32 = column("int32", "months", "months at the present employer")
    pay: Floats = column("float64", "kUSD per year", "present pay; 0 without a job")
    equity_ratio: Floats = column("float64", "share of pay", "expected equity a year over pay")
    equity_grant: Floats = column("float64", "kUSD", "size of the grant that is vesting")
    vesting_clock: Int32 = column("int32", "months", "months since the grant")
    ideal: Floats = column("float64", "[0, 1]", "ideal culture point", (N_DIMENSIONS,))
    culture_weight: Floats = column("float64", "share", "weights of the dimensions, sum to 1", (N_DIMENSIONS,))
    taste_pay: Floats = column("float64", "utils per ln pay", "b_pay")
    taste_compute: Floats = column("float64", "utils", "b_comp; 0 for those who do not care")
    taste_culture: Floats = column("float64", "utils", "b_cult")
    taste_peers: Floats = column("float64", "utils", "b_peer")
    taste_prestige: Floats = column("float64", "utils", "b_pres")
    taste_equity: Floats = column("float64", "utils", "b_eq")
    taste_place: Floats = column("float64", "utils", "b_loc")
    compute_need: Floats = column("float64", "H100e", "compute at which need is met, at the start's scale of work")
    promised: Floats = column("float64", "H100e", "compute per head shown when hired; 0 none")
    strain: Floats = column("float64", "index", "stock of strain")
    breach: Floats = column("float64", "index", "stock of breach by source", (N_SOURCES,))
    shock: Floats = column("float64", "index", "shocks felt, fading")
    changes: Floats = column("float64", "changes", "changes lived through, fading")
    leavers: Floats = column("float64", "share of ties", "recent leavers among ties, fading")
    autonomy_promised: Floats = column("float64", "[0, 1]", "autonomy of the job on the day of joining")
    fit_felt: Floats = column("float64", "[0, 1]", "culture fit felt last month; 1 without a job", initial=1.0)
    outside: Floats = column("float64", "utils", "belief on the value of an outside job")
    founder_propensity: Floats = column("float64", "factor", "0 for most")
    own_startup: Int32 = column("int32", "row of employers", "start-up this person could found; -1 none", initial=-1)
    path: Int8 = column("int8", "code", "what opened the decision this month; see Path")
    held_until: Int32 = column("int32", "month", "does not leave of own accord before it; -1 free", initial=-1)


class Employers(Table):
    """One row per lab, university and (potential) start-up."""

    kind: Int8 = column("int8", "code", "see EmployerKind")
    is_open: Bools = column("bool", "flag", "exists now")
    site: Int32 = column("int32", "row of sites", "headquarters")
    owned: Floats = column("float64", "H100e", "compute owned")
    rented: Floats = column("float64", "H100e", "compute rented")
    growth_compute: Floats = column("float64", "ln per month", "planned growth of owned compute")
    lead_time: Int32 = column("int32", "months", "from order to delivery")
    gpu_ready: Floats = column("float64", "share", "sites fit for GPUs")
    utilisation: Floats = column("float64", "share", "share of compute doing useful work")
    product_share: Floats = column("float64", "share", "compute diverted to products")
    pool: Floats = column("float64", "H100e", "compute open to research this month")
    idle: Floats = column("float64", "H100e", "pool that no team asked for this month")
    pay_level: Floats = column("float64", "share of reference pay", "first offer")
    pay_ceiling: Floats = column("float64", "share of reference pay", "highest offer")
    pay_budget: Floats = column("float64", "kUSD per year", "payroll that may not be exceeded by hiring")
    equity_ratio: Floats = column("float64", "share of pay", "expected equity in an offer, a year")
    culture: Floats = column("float64", "[0, 1]", "culture point", (N_DIMENSIONS,))
    prestige: Floats = column("float64", "index", "prestige, never negative")
    prestige_base: Floats = column("float64", "index", "long-run prestige")
    capability: Floats = column("float64", "index", "what the best recent release can do, fading")
    community: Floats = column("float64", "index", "outside work on its open releases, fading")
    unseen_exits: Floats = column("float64", "share of staff", "departures that the public has not noticed")
    planned_order: Floats = column("float64", "H100e", "what the plan orders this month; never negative")
    ordered: Floats = column("float64", "H100e", "compute ordered this month in place of it, without dated orders")
    capital_overrun: Floats = column("float64", "kUSD per year", "capital cost beyond the plan that the payroll bears")
    growth: Floats = column("float64", "ln per month", "planned growth of posts")
    recruiter_contacts: Floats = column("float64", "contacts per post and month", "capacity of the recruiters")
    counter_offer: Floats = column("float64", "probability", "of answering an outside offer")
    allocation: Int8 = column("int8", "rule code", "how the pool is split; see RULES")
    garden_leave: Int32 = column("int32", "months", "where it can be enforced")
    cash: Floats = column("float64", "kUSD", "money of a start-up")
    valuation: Floats = column("float64", "kUSD", "of a start-up, at its last round")
    founder: Int32 = column("int32", "row of researchers", "first founder; -1 none", initial=-1)
    founded_month: Int32 = column("int32", "month", "month of founding; -1 established", initial=-1)
    closed_month: Int32 = column("int32", "month", "month of failure or sale; -1 none", initial=-1)


class Teams(Table):
    """One row per unit of an employer."""

    employer: Int32 = column("int32", "row of employers", "owner")
    site: Int32 = column("int32", "row of sites", "where it works")
    topic: Int32 = column("int32", "code", "topic")
    is_open: Bools = column("bool", "flag", "exists now")
    is_infrastructure: Bools = column("bool", "flag", "runs the compute of its employer")
    leader: Int32 = column("int32", "row of researchers", "leader; -1 vacant", initial=-1)
    vacancy: Int32 = column("int32", "months", "months since the post of leader fell vacant")
    priority: Floats = column("float64", "weight", "before the allocation committee")
    remote: Floats = column("float64", "share", "how far members may work from elsewhere")
    culture_offset: Floats = column("float64", "[-1, 1]", "added to the employer's culture", (N_DIMENSIONS,))
    posts: Floats = column("float64", "people", "planned head count")
    open_posts: Int32 = column("int32", "people", "posts that may be filled this month")
    n_members: Int32 = column("int32", "people", "members now")
    need: Floats = column("float64", "H100e", "need of the members together")
    compute: Floats = column("float64", "H100e", "delivered this month")
    escalated: Int8 = column(
        "int8", "code", "this month: 0 did not ask the research head, 1 waits, 2 refused, 3 granted"
    )
    rivalry: Floats = column("float64", "teams", "rival flagship projects on the same topic under the same roof")
    pace: Floats = column("float64", "months per month", "work done on the project this month")
    know_how: Floats = column("float64", "share", "how well it works together, 1 at best", initial=1.0)
    promise_share: Floats = column("float64", "share of pool", "promised share; 0 none")
    promise_kept: Floats = column("float64", "share", "how much of the promise is kept")
    granted: Floats = column("float64", "H100e", "given by name, on top of what the pool yields")
    opens: Int32 = column("int32", "month", "month in which it opens by itself; -1 none", initial=-1)
    project: Int32 = column("int32", "row of projects", "running project; -1 none", initial=-1)


class Projects(Table):
    """One row per project that can ever be; row = team * slots + ordinal."""

    team: Int32 = column("int32", "row of teams", "owner", initial=-1)
    demand: Floats = column("float64", "H100e", "compute that the project asks for")
    work: Floats = column("float64", "months", "months of work at full compute and skill 0")
    progress: Floats = column("float64", "months", "work done")
    started: Int32 = column("int32", "month", "month of start", initial=-1)
    planned: Int32 = column("int32", "month", "planned release", initial=-1)
    ended: Int32 = column("int32", "month", "month of release or cancellation", initial=-1)
    visibility: Floats = column("float64", "index", "attention that a release draws")
    quality: Floats = column("float64", "[-1, 1]", "quality of the release")
    hops: Int32 = column("int32", "times", "how often the mandate passed to another group")
    shipped: Int32 = column("int32", "month", "month in which it became a product; -1 not", initial=-1)
    state: Int8 = column("int8", "code", "see ProjectState")


@dataclass(slots=True)
class Ties:
    """The collaboration graph as a symmetric CSR matrix; neighbours of a row are sorted.

    Attributes:
        start: (N + 1,) first entry of each researcher.
        neighbour: (L,) row of the other person.
        strength: (L,) in [0, 1].
        kind: (L,) see TieKind.
        age: (L,) months.

    Strengths are not changed in place: a new month makes new Ties, so that `totals` can be kept.
    """

    start: NDArray[np.int64]
    neighbour: Int32
    strength: Floats
    kind: Int8
    age: NDArray[np.int16]
    kept: Floats | None = None

    def totals(self) -> Floats:
        """(N,) sum of the tie strengths of each person, computed once."""
        if self.kept is None:
            self.kept = tie_totals(self.start, self.strength)
        return self.kept

    def arrays(self) -> list[tuple[str, NDArray[Any]]]:
        """Each array by name."""
        return [(name, getattr(self, name)) for name in ("start", "neighbour", "strength", "kind", "age")]

    @property
    def owner(self) -> Int32:
        """(L,) the researcher to whom each entry belongs."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))


@dataclass(slots=True)
class Offers:
    """The offers of one month; sorted by researcher, then team.

    Attributes:
        researcher, team: (P,) the pair.
        reach, referrer: (P,) how it found its person; referrer -1 without one.
        score: (P,) the team's assessment.
        pay, ceiling, equity_ratio: (P,) kUSD a year, kUSD a year, share of pay.
        state: (P,) see OfferState.
        terms: (P, T) utility of the offer, term by term, at the final pay.
        value: (P,) V, the sum of the terms.
        perceived: (P,) U of the choice.
        counter_pay: (P,) pay that the present employer answered with; 0 none.
    """

    researcher: Int32
    team: Int32
    reach: Int8
    referrer: Int32
    score: Floats
    pay: Floats
    ceiling: Floats
    equity_ratio: Floats
    state: Int8
    terms: Floats
    value: Floats
    perceived: Floats
    counter_pay: Floats

    def __len__(self) -> int:
        """Number of offers."""
        return len(self.researcher)

    def arrays(self) -> list[tuple[str, NDArray[Any]]]:
        """Each array by name."""
        return [(name, getattr(self, name)) for name in self.__slots__]


@dataclass(slots=True)
class Candidates:
    """The short lists of the month: who is approached by which team; sorted by researcher, then team."""

    researcher: Int32
    team: Int32
    reach: Int8
    referrer: Int32
    score: Floats


@dataclass(slots=True)
class Decisions:
    """What every researcher faces this month (all arrays over researchers).

    Attributes:
        terms: (N, T) utility of the present job, term by term, at the pay before any counter-offer.
        present: (N,) its sum; for searchers the value of searching on.
        hazard: (N, 5) parts of the hazard of opening: routine, shock, gap, ties, offers.
        is_open: (N,) the decision is open.
        counter_pay: (N,) answer of the present employer; 0 none.
        choice: (N,) option taken: -3 leave the field, -2 found, -1 stay, else the index of the best offer.
        perceived: (N, 4) U by nest: stay, move, found, leave.
        found_terms: (F, T) terms of founding for those with the idea; found_person: (F,) who they are.
    """

    terms: Floats
    present: Floats
    hazard: Floats
    is_open: Bools
    has_idea: Bools
    counter_pay: Floats
    choice: Int64
    perceived: Floats
    found_person: Int64
    found_terms: Floats


@dataclass(slots=True)
class Cohort:
    """A named set of researchers, fixed at a month, and the employer they are counted at."""

    name: str
    employer: int
    month: int
    size: int
    members: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
