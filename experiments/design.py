"""Designs: which points of the space of factors are run. Points depend on the seed and the size, on nothing else.

With more points, `list`, `sobol`, `saltelli` and `morris` keep those they had, and so does a `grid` that is given more
levels, so that a sweep that grows runs only what is new. `lhs` draws all of them again, and so does a `grid` over a
range (from n to 2 n - 1 values it keeps what it had). `oat` has one size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from experiments.responses import Factor

DIGITS: Final = 12  # significant digits of a value, so that the same point has the same id wherever it is worked out
LEVELS: Final = 4  # of a Morris design (Campolongo et al. 2007)
MOST_POINTS: Final = 1_000_000


def points(
    method: str,
    factors: Sequence[Factor],
    n: int,
    seed: int,
    rows: Sequence[Sequence[Any]] = (),
    middle: Sequence[float] = (),
) -> Floats:
    """The points of a design.

    Args:
        method: one of `METHODS`.
        factors: K things varied.
        n: base sample of a sampled design, trajectories of Morris, values a range has in a grid.
        seed: of the sampler.
        rows: the points of a list, values in the order of the factors.
        middle: where one-at-a-time goes out from, K values.

    Returns:
        (P, K) values; positions in `levels` where these are not numbers.
    """
    if method == "list":
        return np.array([[position(f, value) for f, value in zip(factors, row, strict=True)] for row in rows])
    if method == "grid":
        return np.array(list(itertools.product(*(axis(factor, n) for factor in factors))), dtype=np.float64)
    if method == "oat":
        return _one_at_a_time(factors, middle)
    unit = SAMPLERS[method](len(factors), n, seed)
    return np.column_stack([at(factor, unit[:, k]) for k, factor in enumerate(factors)])


def count(method: str, factors: Sequence[Factor], n: int, rows: int = 0) -> int:
    """How many points a design has, without making them."""
    k = len(factors)
    sizes = {"list": rows, "oat": 1 + 2 * k, "lhs": n, "sobol": n, "saltelli": n * (k + 2), "morris": n * (k + 1)}
    if method == "grid":
        product = 1
        for factor in factors:
            product *= len(factor.levels) or n
        return product
    return sizes[method]


def axis(factor: Factor, n: int) -> list[float]:
    """The values of one factor in a grid: its levels, or n values from low to high."""
    if factor.levels:
        return [position(factor, value) for value in factor.levels]
    unit = np.linspace(0.0, 1.0, n) if n > 1 else np.array([0.5])
    return [float(x) for x in at(factor, unit)]


def position(factor: Factor, value: Any) -> float:
    """A value as a number: itself, or its place among the levels."""
    if numeric(factor):
        return rounded(float(value))
    return float(factor.levels.index(value))


def value(factor: Factor, number: float) -> Any:
    """What is set for a number of the design: the level that it stands for, or itself."""
    if factor.levels:
        if not numeric(factor):
            return factor.levels[int(number)]
        return next(level for level in factor.levels if rounded(float(level)) == number)
    return float(number)


def numeric(factor: Factor) -> bool:
    """Whether the values of a factor are numbers."""
    return not any(isinstance(level, str | bool) for level in factor.levels)


def at(factor: Factor, unit: Floats) -> Floats:
    """Shares of the range, 0 to 1, as values; levels are equally likely. (P,) -> (P,)."""
    if factor.levels:
        chosen = np.minimum((unit * len(factor.levels)).astype(int), len(factor.levels) - 1)
        return np.array([position(factor, factor.levels[k]) for k in chosen])
    if factor.log:
        low, high = np.log(factor.low), np.log(factor.high)
        found = np.exp(low + unit * (high - low))
    else:
        found = factor.low + unit * (factor.high - factor.low)
    return np.array([rounded(min(max(x, factor.low), factor.high)) for x in found.tolist()])


def rounded(x: float) -> float:
    """A number to `DIGITS` significant digits; minus zero is zero."""
    return float(f"{x:.{DIGITS - 1}e}") + 0.0


def _one_at_a_time(factors: Sequence[Factor], middle: Sequence[float]) -> Floats:
    """The middle, and then each factor low and high with the others in the middle."""
    found = [list(middle)]
    for k, factor in enumerate(factors):
        ends = axis(factor, 2)
        found += [[*middle[:k], x, *middle[k + 1 :]] for x in (ends[0], ends[-1])]
    return np.array(found)


# ---- samplers: (factors, n, seed) -> (P, K) in the unit cube ---------------------------------------------------------


def _problem(k: int) -> dict[str, Any]:
    return {"num_vars": k, "names": [f"x{i}" for i in range(k)], "bounds": [[0.0, 1.0]] * k}


def _sobol(k: int, n: int, seed: int) -> Floats:
    from scipy.stats import qmc  # noqa: PLC0415  # slow to import

    exponent = max(int(np.ceil(np.log2(n))), 0)  # a whole power of two is drawn: the sequence is balanced, and nests
    return np.asarray(qmc.Sobol(k, scramble=True, rng=seed).random_base2(exponent)[:n])


def _lhs(k: int, n: int, seed: int) -> Floats:
    from SALib.sample import latin  # noqa: PLC0415  # slow to import

    return np.asarray(latin.sample(_problem(k), n, seed=seed))


def _saltelli(k: int, n: int, seed: int) -> Floats:
    from SALib.sample import sobol  # noqa: PLC0415  # slow to import

    return np.asarray(sobol.sample(_problem(k), n, calc_second_order=False, seed=seed))


def _morris(k: int, n: int, seed: int) -> Floats:
    from SALib.sample import morris  # noqa: PLC0415  # slow to import

    return np.asarray(morris.sample(_problem(k), n, num_levels=LEVELS, seed=seed))


SAMPLERS: Final[dict[str, Callable[[int, int, int], Floats]]] = {
    "lhs": _lhs,
    "sobol": _sobol,
    "saltelli": _saltelli,
    "morris": _morris,
}
METHODS: Final = ("grid", "list", "oat", *SAMPLERS)
