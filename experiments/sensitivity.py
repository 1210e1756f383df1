"""Which factors move an outcome, how sure that is, and how many more runs it would take to be sure.

    for ranking in analyse(runner.read(folder)):
        print(told(ranking))  # told: experiments/sensitivity_files.py

Indices are of the mean over replicates. Replicates have the same luck at every point (common random numbers), so the
table points x replicates splits into what the factors do, what a history's luck does alike everywhere, and what it does
to one point and not to another. Only the last blurs the indices; its share is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from abm.columns import Floats
from abm.scenario_read import nearest
from abm.streams import Streams
from experiments import indices, indices_given, sensitivity_checks
from experiments.indices import Sample
from experiments.responses import Factor, Responses
from experiments.sensitivity_checks import KINDS, Convergence, Index, luck_of

RESAMPLES = 400
SHUFFLES = 50
METHODS = ("sobol", "morris", "swings", "given")
MADE_FOR = {"sobol": "a Saltelli design", "morris": "Morris' trajectories", "swings": "one factor at a time"}
MEASURES = {  # the index that ranks, the one beside it, the unit of the first ("": that of the outcome)
    "sobol": ("ST", "S1", "share of variance"),
    "morris": ("mu*", "sigma", ""),
    "swings": ("swing", "high less low", ""),
    "given": ("PAWN", "rank coefficient", "largest gap of cumulative shares"),
}


class Unfit(ValueError):
    """Responses that an analysis must not be made of; the text says which points or outcomes are the trouble."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The factors of one outcome, the strongest first.

    Attributes:
        outcome, unit, method: what was ranked and how.
        measure, second, scale: names of the two indices and unit of the first.
        points, replicates, missing: size of the design, and points left out because a run failed.
        mean, spread: of the replicate means over the design.
        indices: the factors in order.
        luck: share of the variance of a single history that is luck, None with one replicate.
        blur: share of the variance of the replicate means that is luck and not factors, None with one replicate.
        threshold: what luck alone would show at most (95 %), None where it is not known.
        convergence: None where the sample cannot be halved, or the outcome did not vary.
        pairs: interactions of second order, the strongest first: (factor, factor, share of variance).
        fit: share of the variance of ranks that the rank regression explains; None for other methods.
    """

    outcome: str
    unit: str
    method: str
    measure: str
    second: str
    scale: str
    points: int
    replicates: int
    missing: int
    mean: float
    spread: float
    indices: tuple[Index, ...]
    luck: float | None
    blur: float | None
    threshold: float | None
    convergence: Convergence | None
    pairs: tuple[tuple[str, str, float], ...]
    fit: float | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def method_of(responses: Responses) -> str:
    """The method that the design was made for, read off the design itself."""
    if indices.saltelli_step(responses.x):
        return "sobol"
    if len(indices.moved(responses.x)):
        return "morris"
    if indices.is_one_at_a_time(responses.x):
        return "swings"
    return "given"


def analyse(
    responses: Responses,
    outcomes: Sequence[str] = (),
    method: str = "auto",
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> list[Ranking]:
    """Rank the factors of each outcome.

    Args:
        responses: of a whole design.
        outcomes: which; all without.
        method: one of `METHODS`, or auto: what the design was made for.
        seed: of the bootstrap; the same one gives the same intervals.
        resamples: bootstrap samples.

    Returns:
        One ranking an outcome.

    Raises:
        Unfit: an unknown outcome, a design that does not allow the method, missing points, too few points.
    """
    for name in outcomes:
        if name not in responses.outcomes:
            raise Unfit(f'outcome "{name}" was not measured: {nearest(name, responses.outcomes)}')
    chosen = method_of(responses) if method == "auto" else method
    rankings = []
    for name in outcomes or responses.outcomes:
        whole = _fit(responses, name, chosen)
        ranking = _rank(whole, name, chosen, seed, resamples)
        rankings.append(replace(ranking, missing=len(responses.x) - len(whole.x)))
    return rankings


def _fit(responses: Responses, outcome: str, method: str) -> Responses:
    """Refuse what would give numbers without meaning: SALib 1.6 makes all Sobol' indices 0 of one missing point."""
    points, k = responses.x.shape
    fits = {
        "sobol": indices.saltelli_step(responses.x) > 0,
        "morris": len(indices.moved(responses.x)) > 0,
        "swings": indices.is_one_at_a_time(responses.x),
        "given": True,
    }
    if method not in fits:
        raise Unfit(f'method "{method}" is unknown: {nearest(method, METHODS)}')
    if not fits[method]:
        raise Unfit(f"method {method} needs {MADE_FOR[method]}, which these {points} points are not; use given")
    failed = ~np.isfinite(responses.of(outcome)).all(axis=1)
    missing, left = np.flatnonzero(failed), int((~failed).sum())
    if len(missing) and method != "given":
        listed = ", ".join(str(number) for number in missing[:12].tolist()) + (", ..." if len(missing) > 12 else "")
        raise Unfit(
            f"{outcome} is missing at {len(missing)} of {points} points (counted from 0): {listed}. Method {method} "
            f"needs every point: finish the sweep, or use method given, which leaves them out"
        )
    least = max(16, 2 * k + 2)
    if method == "given" and left < least:
        raise Unfit(f"{left} points with results are too few for {k} factors; {least} are the least")
    if method in ("sobol", "morris"):
        n = points // (indices.saltelli_step(responses.x) if method == "sobol" else k + 1)
        if n < 4:
            raise Unfit(f"{n} {KINDS[method]} are too few for an interval; 4 are the least, hundreds are usual")
    if method == "sobol" and not failed.any():
        step, means = indices.saltelli_step(responses.x), responses.of(outcome).mean(axis=1)
        base = np.concatenate([means[::step], means[step - 1 :: step]])
        if np.ptp(base) == 0 and np.ptp(means) > 0:
            raise Unfit(
                f"{outcome} is the same at all {len(base)} base points and differs only beside them: more points"
            )
    keep = ~failed if method == "given" else np.ones(points, dtype=bool)
    return replace(responses, x=responses.x[keep], y=responses.y[keep])


def _rank(responses: Responses, outcome: str, method: str, seed: int, count: int) -> Ranking:
    """One outcome of points that all have a result."""
    factors, x, table = responses.factors, responses.x, responses.of(outcome)
    y, luck, names = table.mean(axis=1), luck_of(table), [factor.name for factor in responses.factors]
    unit = responses.units[responses.outcomes.index(outcome)]
    measure, second, scale = MEASURES[method]
    common: dict[str, Any] = {
        **{"outcome": outcome, "unit": unit, "method": method},
        **{"measure": measure, "second": second, "scale": scale or unit},
        **{"points": len(x), "replicates": table.shape[1], "missing": 0},
        **{"mean": float(y.mean()), "spread": float(y.std())},
        **{"luck": luck.history if luck else None, "blur": luck.means if luck else None},
    }
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        still = (Index(name, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 1, 1, len(names), "luck") for name in names)
        return Ranking(**common, indices=tuple(still), threshold=None, convergence=None, pairs=(), fit=None)
    sample = sample_of(factors, x, table, method, seed, count)
    if method == "given":
        threshold: float | None = indices_given.given_idle(x, y, SHUFFLES, seed)
    else:
        step = indices.step_of(factors, x) if method == "morris" else 1.0
        threshold = sensitivity_checks.idle_shows(method, luck, float(y.var()), sample.n, step)

    def half() -> Floats:
        return sample_of(factors, *_half(x, table, method, seed), method, seed, 2).main

    return Ranking(
        **common,
        indices=tuple(sensitivity_checks.ranked(names, sample, threshold)),
        threshold=threshold,
        convergence=sensitivity_checks.convergence(method, names, sample, half if sample.n >= 8 else None),
        pairs=_pairs(names, sample),
        fit=None if np.isnan(sample.fit) else sample.fit,
    )


def sample_of(factors: tuple[Factor, ...], x: Floats, table: Floats, method: str, seed: int, count: int) -> Sample:
    """The indices by a method, of the means over replicates."""
    if method == "swings":
        return indices.swings(x, table, count, seed)
    estimate = {"sobol": indices.sobol, "morris": indices.morris, "given": indices_given.given}[method]
    return estimate(factors, x, table.mean(axis=1), count, seed)


def _half(x: Floats, table: Floats, method: str, seed: int) -> tuple[Floats, Floats]:
    """The first half of base points or trajectories, half of the replicates, or a half of the points drawn by lot."""
    if method == "swings":
        return x, table[:, : table.shape[1] // 2]
    if method == "given":
        rows = np.argsort(Streams(seed).uniform("permutation", 0, np.arange(len(x))))[: len(x) // 2]
        return x[rows], table[rows]
    block = indices.saltelli_step(x) if method == "sobol" else x.shape[1] + 1
    rows_kept = len(x) // block // 2 * block
    return x[:rows_kept], table[:rows_kept]


def _pairs(names: list[str], sample: Sample) -> tuple[tuple[str, str, float], ...]:
    """Interactions of two factors, the strongest first."""
    if not sample.pairs.size:
        return ()
    first, second = np.triu_indices(len(names), 1)
    found = [(names[i], names[j], float(sample.pairs[i, j])) for i, j in zip(first, second, strict=True)]
    return tuple(sorted(found, key=lambda pair: -pair[2]))
