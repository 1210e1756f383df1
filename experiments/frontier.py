"""The cheapest package of levers for each level of retention of a team or an employer, and how sure that is.

Two objectives, both paired with the baseline by replicate: people kept more, and kUSD a year. NSGA-II (Deb et al. 2002,
in pymoo) searches over whole steps of each lever between neutral and its strong end, with the same replicates for every
package. What wins a search with luck looks better than it is (optimiser's curse; Smith and Winkler 2006), so that the
packages found are run again on fresh replicates, and only those numbers are reported, with intervals. Each lever alone,
at a few strengths, is judged beside them: a short search can miss what is simple.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from abm.paired import Estimate, estimate
from experiments import bills, costs
from experiments.evaluations import Evaluations
from experiments.package_runs import M
from experiments.packages import Case, Lever, Package, package, strength
from experiments.search import Steps, search, undominated

STEPS: Final = 10
SHARES: Final = (0.2, 0.5, 1.0)  # of the way to the strong end: a lever alone


@dataclass(frozen=True, slots=True)
class Asked:
    """A search.

    Attributes:
        levers: K levers.
        charged: to whom levers of the whole employer are charged; one of `bills.CHARGED`.
        prices: by name.
        replicates: R of the search; numbers 0..R-1.
        fresh: of the final evaluation; numbers R..R+fresh-1.
        population, generations, steps: of NSGA-II.
    """

    levers: tuple[Lever, ...]
    charged: str
    prices: costs.Prices
    replicates: int
    fresh: int
    population: int
    generations: int
    steps: int = STEPS


@dataclass(frozen=True, slots=True)
class Point:
    """One package of the front, by fresh replicates.

    Attributes:
        values: knob of each lever.
        package: what is not neutral.
        kept: people kept more than in the baseline.
        cost: kUSD a year.
        lines: kUSD a year by line.
        cost_range: kUSD a year with every price at the end at which packages cost least, and most.
        by_price: kUSD a year with one price at its low and at its high end; those that change it.
        searched: (people kept more, kUSD a year) as the search saw it.
    """

    values: tuple[float, ...]
    package: Package
    kept: Estimate
    cost: Estimate
    lines: dict[str, float]
    cost_range: tuple[float, float]
    by_price: dict[str, tuple[float, float]]
    searched: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Front:
    """What a search found.

    Attributes:
        points: undominated by fresh replicates, by cost.
        people, stayed: mean number of people in question, and of those kept in the baseline, fresh replicates.
        evaluated: packages run.
        promised, delivered: mean people kept by the packages of the search's front, as searched and as fresh.
        fell: packages of the search's front that fresh replicates show to be dominated.
        cloud: (A, 2) people kept more and kUSD a year of every package run, by the replicates of the search.
    """

    points: tuple[Point, ...]
    people: float
    stayed: float
    evaluated: int
    promised: float
    delivered: float
    fell: int
    cloud: Floats


def frontier(case: Case, asked: Asked, runs: Evaluations, on_done: Callable[[], None] | None = None) -> Front:
    """Search, then judge what was found by fresh replicates.

    Args:
        case: the people in question.
        asked: the search.
        runs: of this case alone; what it has is not run again.
        on_done: called after each history.
    """
    every = range(asked.replicates)
    baseline = runs.get([()], every, on_done)[0, :, 0]

    def evaluate(points: Steps) -> Floats:
        given = [_package(case, asked, row) for row in points]
        measured = runs.get(given, every, on_done)[:, :, 0]
        cost = bills.total(measured, baseline, asked.prices, case.years, asked.charged)
        return np.column_stack([-bills.kept(measured, baseline).mean(axis=1), cost.mean(axis=1)])

    size = {"steps": asked.steps, "population": asked.population, "generations": asked.generations}
    points, values = search(evaluate, len(asked.levers), seed=case.seed, **size)
    best = np.flatnonzero(undominated(values))
    found = {tuple(row) for row in points[best].tolist()}
    alone = np.rint(np.kron(np.eye(len(asked.levers)), np.array(SHARES)[:, None]) * asked.steps).astype(np.int64)
    simple = np.array([row for row in alone if tuple(row.tolist()) not in found]).reshape(-1, len(asked.levers))
    judged = (np.concatenate([points[best], simple]), np.concatenate([values[best], evaluate(simple)]))
    cloud = values * np.array([-1.0, 1.0])
    return judge(case, asked, runs, *judged, len(best), cloud, on_done)


def judge(
    case: Case,
    asked: Asked,
    runs: Evaluations,
    points: Steps,
    searched: Floats,
    searching: int,
    cloud: Floats,
    on_done: Callable[[], None] | None = None,
) -> Front:
    """Packages on replicates that the search has not seen; what is dominated there is dropped.

    The first `searching` of them are the front of the search, by which its promises are measured.
    """
    fresh = range(asked.replicates, asked.replicates + asked.fresh)
    baseline = runs.get([()], fresh, on_done)[0, :, 0]
    given = [_package(case, asked, row) for row in points]
    measured = runs.get(given, fresh, on_done)[:, :, 0]
    kept = bills.kept(measured, baseline)
    cost = bills.total(measured, baseline, asked.prices, case.years, asked.charged)
    means = np.column_stack([-kept.mean(axis=1), cost.mean(axis=1)])
    stands = undominated(means)
    moving = [k for k, each in enumerate(given[:searching]) if each]
    found = [
        _point(case, asked, points[k], given[k], measured[k], baseline, (-float(searched[k, 0]), float(searched[k, 1])))
        for k in np.flatnonzero(stands)
    ]
    return Front(
        points=tuple(sorted(found, key=lambda point: (point.cost.mean, point.kept.mean))),
        people=float(baseline[:, M["people"]].mean()),
        stayed=float(baseline[:, M["kept"]].mean()),
        evaluated=len(cloud),
        promised=float(-searched[moving, 0].mean()) if moving else 0.0,
        delivered=float(kept[moving].mean()) if moving else 0.0,
        fell=int((~stands[:searching]).sum()),
        cloud=cloud,
    )


def _package(case: Case, asked: Asked, steps: Steps) -> Package:
    return package(case.employer, asked.levers, steps / asked.steps)


def _point(
    case: Case,
    asked: Asked,
    steps: Steps,
    given: Package,
    measured: Floats,
    baseline: Floats,
    searched: tuple[float, float],
) -> Point:
    of = (measured, baseline)
    by_price: dict[str, list[float]] = {}
    for name, _, prices in costs.ends(asked.prices):
        at = float(bills.total(*of, prices, case.years, asked.charged).mean())
        by_price.setdefault(name, []).append(at)
    ends = [float(bills.total(*of, _all_at(end), case.years, asked.charged).mean()) for end in ("cheap", "dear")]
    return Point(
        values=tuple(
            strength(lever, float(step) / asked.steps) for lever, step in zip(asked.levers, steps, strict=True)
        ),
        package=given,
        kept=estimate(bills.kept(*of)),
        cost=estimate(bills.total(*of, asked.prices, case.years, asked.charged)),
        lines={
            name: float(values.mean())
            for name, values in bills.lines(*of, asked.prices, case.years, asked.charged).items()
        },
        cost_range=(min(ends), max(ends)),
        by_price={name: (low, high) for name, (low, high) in by_price.items() if low != high},
        searched=searched,
    )


def _all_at(end: str) -> costs.Prices:
    """All prices at the end at which packages cost least, or most: a longer period makes a bonus cheaper."""
    cheap = end == "cheap"
    return {
        name: price.low if cheap != (name == "bonus_period") else price.high for name, price in costs.declared().items()
    }


def as_data(front: Front, levers: Sequence[Lever]) -> dict[str, Any]:
    """A front as plain data."""

    def number(value: Estimate) -> dict[str, float | None]:
        return {
            name: value_ if np.isfinite(value_) else None
            for name, value_ in (("mean", value.mean), ("low", value.low), ("high", value.high))
        }

    return {
        "people": front.people,
        "kept_in_the_baseline": front.stayed,
        "packages_evaluated": front.evaluated,
        "kept_as_searched": front.promised,
        "kept_by_fresh_replicates": front.delivered,
        "dominated_by_fresh_replicates": front.fell,
        "points": [
            {
                "levers": {lever.name: value for lever, value in zip(levers, point.values, strict=True)},
                "kept_more": number(point.kept),
                "cost_kusd_a_year": number(point.cost),
                "lines": point.lines,
                "cost_over_the_range_of_prices": list(point.cost_range),
                "cost_by_price": {name: list(both) for name, both in point.by_price.items()},
                "as_searched": list(point.searched),
            }
            for point in front.points
        ],
    }
