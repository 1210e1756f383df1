"""The cheapest package of levers for each level of retention of a team or an employer, and how sure that is.

Two objectives, both paired with the baseline by replicate: people kept more, and kUSD a year. NSGA-II (Deb et al. 2002,
in pymoo) searches over whole steps of each lever between neutral and its strong end, with the same replicates for every
package. What wins a search with luck looks better than it is (optimiser's curse; Smith and Winkler 2006), so that the
packages found are run again on fresh replicates, and only those numbers are reported, with intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats
from abm.paired import Estimate, estimate
from abm.streams import Streams
from experiments import bills, costs
from experiments.evaluations import Evaluations
from experiments.packages import Case, Lever, Package, package, strength

STEPS: Final = 10
MISSING: Final = "the search needs pymoo, which is not installed: uv sync --extra frontier"
Steps = NDArray[np.int64]


class MissingError(Exception):
    """A library of an optional extra is not installed; the text says how to install it."""


def undominated(values: Floats) -> Bools:
    """(P,) which points no other point beats: as small in every column and smaller in one. Of equal points the first.

    Args:
        values: (P, Q), all to be small.
    """
    found = np.ones(len(values), dtype=bool)
    for k, point in enumerate(values):
        no_worse = (values <= point).all(axis=1)
        better = no_worse & (values < point).any(axis=1)
        twin = no_worse & (values >= point).all(axis=1)
        found[k] = not better.any() and not twin[:k].any()
    return found


def search(
    evaluate: Callable[[Steps], Floats], levers: int, *, steps: int, population: int, generations: int, seed: int
) -> tuple[Steps, Floats]:
    """Search by NSGA-II over whole numbers 0..steps of each lever.

    The first population holds no package, each lever alone at its full and at half its strength, and luck.

    Args:
        evaluate: (P, K) steps -> (P, Q) objectives, all to be small.
        levers: K.
        steps, population, generations, seed: of the search; the same give the same points.

    Returns:
        (A, K) every point evaluated, in order and each once, and (A, Q) its objectives.

    Raises:
        MissingError: pymoo is not installed.
    """
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2  # noqa: PLC0415  # heavy, and an extra
        from pymoo.core.problem import Problem  # noqa: PLC0415
        from pymoo.operators.crossover.sbx import SBX  # noqa: PLC0415
        from pymoo.operators.mutation.pm import PM  # noqa: PLC0415
        from pymoo.operators.repair.rounding import RoundingRepair  # noqa: PLC0415
        from pymoo.optimize import minimize  # noqa: PLC0415
    except ImportError as error:
        raise MissingError(MISSING) from error
    archive: dict[tuple[int, ...], Floats] = {}

    def objectives(points: Steps) -> Floats:
        new = [row for row in dict.fromkeys(map(tuple, points.tolist())) if row not in archive]
        if new:
            archive.update(zip(new, evaluate(np.array(new, dtype=np.int64)), strict=True))
        return np.stack([archive[tuple(row)] for row in points.tolist()])

    first = _start(levers, steps, population, seed)
    columns = objectives(first).shape[1]

    class Packages(Problem):  # type: ignore[misc]  # pymoo has no types
        """Whole steps of each lever."""

        def _evaluate(self, x: Any, out: Any, *args: Any, **kwargs: Any) -> None:
            out["F"] = objectives(np.rint(x).astype(np.int64))

    whole = {"vtype": float, "repair": RoundingRepair()}
    algorithm = NSGA2(
        pop_size=population,
        sampling=first,
        crossover=SBX(prob=0.9, eta=3.0, **whole),
        mutation=PM(eta=3.0, **whole),
        eliminate_duplicates=True,
    )
    problem = Packages(n_var=levers, n_obj=columns, xl=0, xu=steps, vtype=int)
    minimize(problem, algorithm, ("n_gen", generations), seed=int(seed % 2**32), verbose=False)
    return np.array(list(archive), dtype=np.int64), np.stack(list(archive.values()))


def _start(levers: int, steps: int, population: int, seed: int) -> Steps:
    """(population, K) distinct first points, as far as there are so many."""
    alone = np.eye(levers, dtype=np.int64)
    known = [np.zeros((1, levers), dtype=np.int64), steps * alone, max(steps // 2, 1) * alone]
    luck = Streams(seed).uniform("frontier_start", 0, np.arange(4 * population)[:, None], np.arange(levers))
    drawn = np.floor(luck * (steps + 1)).astype(np.int64)
    rows = dict.fromkeys(map(tuple, np.concatenate([*known, drawn]).tolist()))
    return np.array(list(rows)[:population], dtype=np.int64)


# ---- of a team or an employer ----------------------------------------------------------------------------------


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
        cost_range: kUSD a year with every price at its low end, at its high end.
        searched: (people kept more, kUSD a year) as the search saw it.
    """

    values: tuple[float, ...]
    package: Package
    kept: Estimate
    cost: Estimate
    lines: dict[str, float]
    cost_range: tuple[float, float]
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
    """

    points: tuple[Point, ...]
    people: float
    stayed: float
    evaluated: int
    promised: float
    delivered: float
    fell: int


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
    return judge(case, asked, runs, points[best], values[best], len(points), on_done)


def judge(
    case: Case,
    asked: Asked,
    runs: Evaluations,
    points: Steps,
    searched: Floats,
    evaluated: int,
    on_done: Callable[[], None] | None = None,
) -> Front:
    """The front of a search on replicates that the search has not seen; what is dominated there is dropped."""
    fresh = range(asked.replicates, asked.replicates + asked.fresh)
    baseline = runs.get([()], fresh, on_done)[0, :, 0]
    given = [_package(case, asked, row) for row in points]
    measured = runs.get(given, fresh, on_done)[:, :, 0]
    kept = bills.kept(measured, baseline)
    cost = bills.total(measured, baseline, asked.prices, case.years, asked.charged)
    means = np.column_stack([-kept.mean(axis=1), cost.mean(axis=1)])
    stands = undominated(means)
    moving = [k for k, each in enumerate(given) if each]
    found = [
        _point(case, asked, points[k], given[k], measured[k], baseline, (-float(searched[k, 0]), float(searched[k, 1])))
        for k in np.flatnonzero(stands)
    ]
    return Front(
        points=tuple(sorted(found, key=lambda point: (point.cost.mean, point.kept.mean))),
        people=float(baseline[:, 0].mean()),
        stayed=float(baseline[:, 1].mean()),
        evaluated=evaluated,
        promised=float(-searched[moving, 0].mean()) if moving else 0.0,
        delivered=float(kept[moving].mean()) if moving else 0.0,
        fell=int((~stands).sum()),
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
                "as_searched": list(point.searched),
            }
            for point in front.points
        ],
    }
