"""One lever at a time: what a person kept costs, and how much pay a part of the compute pool is worth.

The shadow price says which raise, in kUSD a year per head, keeps as many people as one per cent of the pool given to
their teams. Simulated: the ratio of two slopes of people kept, each through no effect at no strength, with an interval
from resampled replicates. Closed form: the marginal rate of substitution in the utility of a job, between ln pay and
phi(compute per head / need). They differ where people never come to compare (a decision has to open), where a choice is
far from even, and where pay and compute reach others as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm import verdicts
from abm.columns import Floats
from abm.kernels.utility import TERM, total
from abm.paired import Estimate, estimate
from abm.phases.appraise import present_terms
from abm.replay import fork, run_to
from abm.streams import Streams
from experiments import bills
from experiments.costs import Prices
from experiments.evaluations import Evaluations
from experiments.frontier import SHARES
from experiments.package_runs import M, before
from experiments.packages import LEVERS, Case, Lever, package, strength

RAISES: Final = (0.05, 0.1, 0.2, 0.4)  # share of pay
POOLS: Final = (0.01, 0.02, 0.05, 0.1)  # share of the pool
PER_CENT: Final = 0.01
RESAMPLES: Final = 2000
TAIL: Final = 0.025
UTILITY_TERMS: Final = ("compute", "deprivation")


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two means over replicates, with a 95 % interval from resampled replicates.

    Attributes:
        value: nan where the divisor is not above 0.
        low, high: inf where more than a fortieth of the resamples has a divisor that is not above 0.
    """

    value: float
    low: float
    high: float

    @property
    def is_finite(self) -> bool:
        """Whether value and interval are numbers."""
        return bool(np.isfinite([self.value, self.low, self.high]).all())


def ratio(above: Floats, below: Floats, seed: int) -> Ratio:
    """mean(above) / mean(below) over the same R replicates. (R,) and (R,)."""
    n = len(above)
    value = float(above.mean() / below.mean()) if below.mean() > 0 else float("nan")
    luck = Streams(seed).uniform("package_resample", 0, np.arange(RESAMPLES)[:, None], np.arange(n))
    taken = (luck * n).astype(np.int64)
    tops, bottoms = above[taken].mean(axis=1), below[taken].mean(axis=1)
    ratios = np.sort(np.where(bottoms > 0, tops / np.where(bottoms > 0, bottoms, 1.0), np.inf))
    low, high = ratios[int(TAIL * RESAMPLES)], ratios[int(np.ceil((1.0 - TAIL) * RESAMPLES)) - 1]
    return Ratio(value, float(low), float(high))


@dataclass(frozen=True, slots=True)
class Alone:
    """One lever at one strength.

    Attributes:
        lever, value: the lever and its knob.
        kept, cost: people kept more, kUSD a year.
        whole: kUSD a year with everybody at the employer charged.
        each: kUSD a year for a person kept.
    """

    lever: Lever
    value: float
    kept: Estimate
    cost: Estimate
    whole: Estimate
    each: Ratio


def alone(
    case: Case,
    levers: Sequence[Lever],
    runs: Evaluations,
    replicates: range,
    prices: Prices,
    charged: str,
    shares: Sequence[float] = SHARES,
    on_done: Callable[[], None] | None = None,
) -> list[Alone]:
    """Every lever alone at some strengths, in the order of the levers."""
    baseline = runs.get([()], replicates, on_done)[0, :, 0]
    asked = [(lever, share) for lever in levers for share in shares]
    given = [package(case.employer, (lever,), np.array([share])) for lever, share in asked]
    measured = runs.get(given, replicates, on_done)[:, :, 0]
    found = []
    for (lever, share), each in zip(asked, measured, strict=True):
        kept = bills.kept(each, baseline)
        cost = bills.total(each, baseline, prices, case.years, charged)
        whole = bills.total(each, baseline, prices, case.years, "staff")
        price = ratio(cost, kept, case.seed)
        found.append(Alone(lever, strength(lever, share), estimate(kept), estimate(cost), estimate(whole), price))
    return found


# ---- the shadow price ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shadow:
    """What one per cent of the pool is worth in pay.

    Attributes:
        pay: kUSD a year per head that keep as many as one per cent of the pool; simulated.
        per_pool: people kept more by one per cent of the pool.
        per_pay: people kept more by a kUSD a year for each.
        own: kUSD a year per head from the utility of the job, by pay and own compute alone.
        felt: the same with the relative deprivation that compute takes away.
        mean_pay: of the people at the beginning, kUSD a year.
        one_per_cent: H100e.
        people: how many they are.
        pairs: replicates.
    """

    pay: Ratio
    per_pool: Estimate
    per_pay: Estimate
    own: float
    felt: float
    mean_pay: float
    one_per_cent: float
    people: float
    pairs: int

    @property
    def verdict(self) -> str:
        """What can be said of it, by the rule of `abm/verdicts.py`."""
        if self.pairs < verdicts.FEWEST:
            return f"no finite price: {self.pairs} replicates are too few to tell, {verdicts.FEWEST} are the least"
        if not self.per_pay.low > 0:
            return "no finite price: pay has no sure effect in its range"
        if not self.per_pool.low > 0:
            return "no finite price: compute has no sure effect in its range"
        return "finite" if self.pay.is_finite else "no finite price: the interval is open"


def as_data(rows: Sequence[Alone], price: Shadow | None) -> dict[str, Any]:
    """Tables as plain data; what is not a finite number is null."""

    def plain(value: Any) -> Any:
        if isinstance(value, Estimate):
            return {"mean": plain(value.mean), "low": plain(value.low), "high": plain(value.high)}
        if isinstance(value, Ratio):
            return {"value": plain(value.value), "low": plain(value.low), "high": plain(value.high)}
        return value if not isinstance(value, float) or np.isfinite(value) else None

    return {
        "one_lever_at_a_time": [
            {
                **{"lever": row.lever.name, "value": row.value, "unit": row.lever.knob.unit},
                **{"kept_more": plain(row.kept), "cost_kusd_a_year": plain(row.cost)},
                **{"cost_with_all_staff_charged": plain(row.whole), "kusd_a_year_for_a_person_kept": plain(row.each)},
            }
            for row in rows
        ],
        "shadow_price": None
        if price is None
        else {
            "kusd_a_year_per_head_for_one_per_cent_of_the_pool": plain(price.pay),
            "verdict": price.verdict,
            "people_kept_by_one_per_cent_of_the_pool": plain(price.per_pool),
            "people_kept_by_one_kusd_a_year_per_head": plain(price.per_pay),
            "from_the_utility_own_compute": price.own,
            "from_the_utility_with_relative_deprivation": price.felt,
            **{"mean_pay": price.mean_pay, "one_per_cent_h100e": price.one_per_cent, "people": price.people},
        },
    }


def shadow(
    case: Case,
    runs: Evaluations,
    replicates: range,
    on_done: Callable[[], None] | None = None,
    pools: Sequence[float] = POOLS,
    raises: Sequence[float] = RAISES,
) -> Shadow:
    """The shadow price for the people of a case: simulated at shares of the pool and of pay, and in closed form."""
    by_pool = _slopes(case, runs, replicates, LEVERS["compute"], pools, on_done) * PER_CENT
    by_share = _slopes(case, runs, replicates, LEVERS["raise"], raises, on_done)
    forms = [closed_form(case, number) for number in replicates]
    mean_pay = float(np.mean([form.mean_pay for form in forms]))
    by_pay = by_share / mean_pay
    return Shadow(
        pay=ratio(by_pool, by_pay, case.seed),
        per_pool=estimate(by_pool),
        per_pay=estimate(by_pay),
        own=float(np.mean([form.own for form in forms])),
        felt=float(np.mean([form.felt for form in forms])),
        mean_pay=mean_pay,
        one_per_cent=float(np.mean([form.one_per_cent for form in forms])),
        people=float(runs.get([()], replicates)[0, :, 0, M["people"]].mean()),
        pairs=len(replicates),
    )


def _slopes(
    case: Case,
    runs: Evaluations,
    replicates: range,
    lever: Lever,
    values: Sequence[float],
    on_done: Callable[[], None] | None,
) -> Floats:
    """(R,) people kept more per unit of a knob whose neutral value is 0: least squares through the origin."""
    baseline = runs.get([()], replicates, on_done)[0, :, 0]
    given = [((case.employer, lever.name, value),) for value in values]
    kept = bills.kept(runs.get(given, replicates, on_done)[:, :, 0], baseline)
    at = np.array(values)
    return np.asarray((kept * at[:, None]).sum(axis=0) / (at * at).sum())


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """The rate of substitution in one history: kUSD a year per head for one per cent of the pool."""

    own: float
    felt: float
    mean_pay: float
    one_per_cent: float


def closed_form(case: Case, replicate: int, share: float = PER_CENT) -> ClosedForm:
    """The raise that is worth as much to the people, in mean utility, as a share of the pool for their teams.

    A raise by the share x of pay adds b_pay ln(1 + x) for each; compute adds b_comp (phi(g' / need) - phi(g / need)),
    and takes away relative deprivation towards better-off teams. Appraised at the end of the first month of the window.

    Example: b_pay = 1 and a mean gain of ln 1.1 utils: a raise of a tenth.
    """
    world = fork(before(case.scenario, case.seed, replicate, case.first))
    here = world.affiliation() == case.row
    if case.team:
        here &= np.isin(world.researchers.team, case.scenario.team_rows(case.team))
    mean_pay = float(world.researchers.pay[here].mean())
    run_to(world, case.first + 1)
    people = world.researchers
    mine = np.flatnonzero(here & (world.affiliation() == case.row))
    amount = share * float(world.employers.pool[case.row])
    if len(mine) == 0:
        return ClosedForm(0.0, 0.0, mean_pay, amount)
    richer = fork(world)
    teams, heads = np.unique(people.team[mine], return_counts=True)
    richer.teams.compute[teams] += amount * heads / len(mine)
    member = np.flatnonzero(people.team >= 0)
    rows = np.searchsorted(member, mine)
    gain = (present_terms(richer)[0] - present_terms(world)[0])[rows]
    taste = float(people.taste_pay[mine].sum())
    own = float(gain[:, TERM["compute"]].sum())
    felt = float(total(gain[:, [TERM[name] for name in UTILITY_TERMS]]).sum())
    return ClosedForm(
        own=float(np.expm1(own / taste)) * mean_pay,
        felt=float(np.expm1(felt / taste)) * mean_pay,
        mean_pay=mean_pay,
        one_per_cent=amount,
    )
