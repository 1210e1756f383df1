"""Scenario discovery: under which conditions does the thing happen? Boxes by PRIM, told in plain words.

    print(told(discover(runner.read(folder), "exits:Meta", "0.8q")))  # told: experiments/discovery_box.py

The patient rule induction method (Friedman and Fisher 1999; Bryant and Lempert 2010) peels slices off the space of the
factors until what is left holds little but cases of interest. EMA Workbench does the peeling; its evaluators are not
used. The box is chosen from the whole peeling trajectory by the harmonic mean of coverage and density.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from abm.scenario_read import nearest
from experiments.discovery_box import Box, Discovery, Limit
from experiments.discovery_box import number as _number
from experiments.indices import resamples as drawn_rows
from experiments.responses import Factor, Responses
from experiments.sensitivity import Unfit

RESAMPLES = 20
SIGNIFICANT = 0.05  # a limit that chance would give as often is not told
FEWEST_CASES = 8
NEARLY = 0.02  # boxes this close in the harmonic mean are alike: take the one with fewer factors
MISSING = "discovery needs EMA Workbench: uv sync --extra discovery"


def discover(
    responses: Responses,
    outcome: str,
    threshold: str,
    *,
    above: bool = True,
    boxes: int = 2,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Discovery:
    """Find the conditions of an outcome.

    Args:
        responses: points of a sampled design; a one-at-a-time design tells nothing about combinations.
        outcome: what is watched, its mean over replicates.
        threshold: a number, or a quantile over the points as `0.8q`.
        above: whether the cases lie above the threshold, or below it.
        boxes: most boxes.
        resamples: bootstrap samples of the points, for the stability of the limits.
        seed: of these.

    Returns:
        The boxes; none if no box has limits that are all significant.

    Raises:
        Unfit: an unknown outcome, no such threshold, too few cases, or EMA Workbench is not installed.
    """
    if outcome not in responses.outcomes:
        raise Unfit(f'outcome "{outcome}" was not measured: {nearest(outcome, responses.outcomes)}')
    whole = np.isfinite(responses.of(outcome)).all(axis=1)
    x, y = responses.x[whole], responses.of(outcome)[whole].mean(axis=1)
    if not len(y):
        raise Unfit(f"{outcome} has no result at any of {len(whole)} points: finish the sweep")
    bound = bound_of(threshold, y)
    cases = y > bound if above else y < bound
    _check_cases(outcome, bound, cases, above)
    found: list[Box] = []
    with _quiet():
        prim = _prim()
        algorithm = prim.Prim(_frame(responses.factors, x), cases.astype(np.int64), mass_min=_least_mass(len(y)))
        for number in range(boxes):
            raw = algorithm.find_box()
            if raw is None:
                break
            chosen = choose(raw)
            stats = raw.peeling_trajectory.iloc[chosen]
            if chosen == 0 or stats["density"] <= 1.2 * cases.mean():
                break
            raw.select(chosen)  # what is taken out for the next box
            stability = _stability(responses.factors, x, cases, resamples if number == 0 else 0, seed)
            found.append(_box(responses.factors, raw, chosen, stability))
    return Discovery(
        outcome=outcome,
        unit=responses.units[responses.outcomes.index(outcome)],
        above=above,
        bound=bound,
        asked=threshold,
        points=len(y),
        cases=int(cases.sum()),
        missing=int((~whole).sum()),
        replicates=len(responses.seeds),
        boxes=tuple(found),
    )


def bound_of(threshold: str, y: Floats) -> float:
    """The number that a threshold text means."""
    value = check_threshold(threshold)
    return float(np.quantile(y, value)) if threshold.strip().endswith("q") else value


def check_threshold(threshold: str) -> float:
    """The number, or the share of points, in a threshold text.

    Raises:
        Unfit: it holds none.
    """
    text = threshold.strip()
    try:
        value = float(text.removesuffix("q")) if text.isascii() else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or (text.endswith("q") and not 0 < value < 1):
        raise Unfit(f'threshold "{threshold}": expected a number such as 140, or a quantile of the points such as 0.8q')
    return value


def check_installed() -> None:
    """Refuse before anything is run.

    Raises:
        Unfit: EMA Workbench is not installed.
    """
    with _quiet():
        _prim()


def _check_cases(outcome: str, bound: float, cases: NDArray[np.bool_], above: bool) -> None:
    count, side = int(cases.sum()), "above" if above else "below"
    if count < FEWEST_CASES or len(cases) - count < FEWEST_CASES:
        raise Unfit(
            f"{outcome} is {side} {_number(bound)} at {count} of {len(cases)} points; at least {FEWEST_CASES} on "
            f"either side are needed to tell them apart: take another threshold, or more points"
        )


def choose(raw: Any) -> int:
    """The box whose limits are all significant and whose harmonic mean of coverage and density is best.

    Peeling cuts into idle factors on the way. So the best box is also looked at without the limits that chance would
    give as often, dropped one by one, the least significant first; these boxes are added to the trajectory.

    Args:
        raw: a PRIM box of EMA Workbench.

    Returns:
        Its place; 0, the whole space, when no box is significant. Of boxes alike, the one with fewest factors.
    """
    place = int(_scores(raw).argmax())
    while (doubtful := _most_doubtful(raw.p_values[place])) is not None:
        name, side = doubtful
        limits, whole = raw.box_lims[place].copy(), raw.box_lims[0]
        if isinstance(whole[name].iloc[0], set):
            raw.drop_restriction(name, place)
        else:
            limits.loc[side, name] = whole.loc[side, name]
            raw.update(limits, _inside(raw, limits))
        place = len(raw.p_values) - 1
    good = np.array([_most_doubtful(ps) is None for ps in raw.p_values])
    score = np.where(good, _scores(raw), 0.0)
    factors = raw.peeling_trajectory["res_dim"].to_numpy(dtype=np.int64)
    alike = np.flatnonzero(score >= score.max() - NEARLY)
    fewest = alike[factors[alike] == factors[alike].min()]
    return int(fewest[score[fewest].argmax()])


def _scores(raw: Any) -> Floats:
    """Harmonic means of coverage and density along the trajectory."""
    coverage = raw.peeling_trajectory["coverage"].to_numpy(dtype=np.float64)
    density = raw.peeling_trajectory["density"].to_numpy(dtype=np.float64)
    total = coverage + density
    return np.asarray(np.divide(2 * coverage * density, total, out=np.zeros_like(total), where=total > 0))


def _most_doubtful(sides: dict[str, Sequence[float]]) -> tuple[str, int] | None:
    """Factor and side (0 low, 1 high) of the limit that chance would give most often; None if all are significant."""
    found = [(p, name, side) for name, ps in sides.items() for side, p in enumerate(ps) if p > SIGNIFICANT]
    return max(found)[1:] if found else None  # a side that is open has -1


def _inside(raw: Any, limits: Any) -> NDArray[np.int64]:
    """The points not yet in an earlier box that lie within limits."""
    rows = raw.prim.yi_remaining
    inside = np.ones(len(rows), dtype=bool)
    for name in limits.columns:
        values, (low, high) = raw.prim.x.loc[rows, name], limits[name].tolist()
        inside &= (
            values.isin(low).to_numpy() if isinstance(low, set) else ((values >= low) & (values <= high)).to_numpy()
        )
    return np.asarray(rows[inside])


def _stability(
    factors: Sequence[Factor], x: Floats, cases: NDArray[np.bool_], count: int, seed: int
) -> dict[str, float]:
    """Share of bootstrap samples of the points whose first box restricts each factor."""
    times = dict.fromkeys((f"x{number}" for number in range(len(factors))), 0)
    if not count:
        return {}
    prim = _prim()
    for rows in drawn_rows(len(x), count, seed):
        raw = prim.Prim(_frame(factors, x[rows]), cases[rows].astype(np.int64), mass_min=_least_mass(len(x))).find_box()
        for name in raw.p_values[choose(raw)] if raw is not None else ():
            times[name] += 1
    return {name: number / count for name, number in times.items()}


def _box(factors: Sequence[Factor], raw: Any, chosen: int, stability: dict[str, float]) -> Box:
    """What is told of a box."""
    limits, lims, whole = [], raw.box_lims[chosen], raw.box_lims[0]
    for name, ps in raw.p_values[chosen].items():
        factor = factors[int(name[1:])]
        common: dict[str, Any] = {
            **{"factor": factor.name, "quasi_p": float(min(p for p in ps if p >= 0))},
            "stability": stability.get(name, float("nan")),
        }
        low, high = lims[name].tolist()
        if isinstance(low, set):
            limits.append(Limit(low=None, high=None, levels=tuple(sorted(map(str, low))), **common))
            continue
        first, last = whole[name].tolist()
        shut = (float(low) if low > first else None, float(high) if high < last else None)
        limits.append(Limit(low=shut[0], high=shut[1], levels=(), **common))
    limits.sort(key=lambda limit: (-limit.stability if np.isfinite(limit.stability) else 0.0, limit.quasi_p))
    table = raw.peeling_trajectory
    steps = zip(table["coverage"], table["density"], table["mass"], table["res_dim"], strict=True)
    trajectory = tuple((float(c), float(d), float(m), int(r)) for c, d, m, r in steps)
    return Box(tuple(limits), *trajectory[chosen][:3], trajectory=trajectory, chosen=chosen)


def _least_mass(points: int) -> float:
    """A box of PRIM holds a twentieth of the points, or ten where that is more."""
    return min(max(0.05, 10 / points), 0.5)


def _frame(factors: Sequence[Factor], x: Floats) -> Any:
    """The points as a data frame; columns have neutral names, because EMA Workbench drops one named scenario."""
    import pandas as pd  # noqa: PLC0415

    columns: dict[str, Any] = {}
    for number, factor in enumerate(factors):
        if any(isinstance(level, str | bool) for level in factor.levels):
            words = [str(factor.levels[int(place)]) for place in x[:, number]]
            columns[f"x{number}"] = pd.Series(words, dtype=object)
        else:
            columns[f"x{number}"] = x[:, number]
    return pd.DataFrame(columns)


@contextmanager
def _quiet() -> Iterator[None]:
    """EMA Workbench says on import that parts we never use are not there, and calls pandas in ways it will drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="ipyparallel not installed|altair based interactive inspection")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="ema_workbench")
        yield


def _prim() -> Any:
    try:
        from ema_workbench.analysis import prim  # noqa: PLC0415
    except ImportError as error:
        raise Unfit(MISSING) from error
    return prim
