"""Designs: reproducible, inside their ranges, of the size that was said; and the known answer of a test function."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import design, study
from experiments.models import execute
from experiments.plan import plan
from experiments.responses import Factor

RANGES = (Factor("a", 0.0, 1.0), Factor("b", -3.0, 7.0), Factor("c", 1e-4, 10.0, log=True))
MIXED = (*RANGES, Factor("d", 1.0, 9.0, levels=(1.0, 4.0, 9.0)), Factor("e", 0.0, 1.0, levels=("no", "yes")))
ROWS = ((0.1, -3.0, 1.0, 4.0, "yes"), (1.0, 7.0, 1e-4, 9.0, "no"))
MIDDLE = (0.5, 2.0, 0.1, 1.0, 0.0)


def points(method: str, n: int = 8, seed: int = 3, factors: tuple[Factor, ...] = MIXED) -> np.ndarray:
    rows = [row[: len(factors)] for row in ROWS]
    return design.points(method, factors, n, seed, rows, MIDDLE[: len(factors)])


@pytest.mark.parametrize("method", design.METHODS)
@pytest.mark.parametrize("n", [2, 4, 8])
def test_a_design_has_the_size_that_was_said_and_stays_inside(method: str, n: int) -> None:
    x = points(method, n)
    assert x.shape == (design.count(method, MIXED, n, len(ROWS)), len(MIXED))
    for k, factor in enumerate(MIXED):
        if factor.levels:
            assert set(x[:, k]) <= {design.position(factor, level) for level in factor.levels}
        else:
            assert factor.low <= x[:, k].min() < x[:, k].max() <= factor.high


@pytest.mark.parametrize("method", design.METHODS)
def test_points_follow_the_seed_and_nothing_else(method: str) -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002  # the global luck is looked at, not drawn from
    x = points(method)
    assert np.array_equal(x, points(method))
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert np.array_equal(x, points(method, seed=4)) == (method not in design.SAMPLERS)


def test_points_are_the_same_in_another_process() -> None:
    program = "from tests.test_design import points; from experiments import design; "
    program += "print({m: points(m).tolist() for m in design.METHODS})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert answer.strip() == str({method: points(method).tolist() for method in design.METHODS})


@pytest.mark.parametrize("method", ["sobol", "saltelli", "morris"])
@pytest.mark.parametrize(("few", "many"), [(2, 4), (8, 16), (4, 64)])
def test_more_points_begin_with_those_there_were(method: str, few: int, many: int) -> None:
    x = points(method, few)
    assert np.array_equal(points(method, many)[: len(x)], x)


@pytest.mark.parametrize("n", [3, 5, 6, 7])
def test_a_sobol_sequence_may_stop_anywhere(n: int) -> None:
    assert np.array_equal(points("sobol", n), points("sobol", 8)[:n])


def test_a_hypercube_is_drawn_again() -> None:
    """It fills one range once with each number of points: what is documented as not nesting does not."""
    few, many = (points("lhs", n, factors=RANGES) for n in (8, 16))
    assert not {tuple(row) for row in few.tolist()} & {tuple(row) for row in many.tolist()}
    for x in (few, many):
        strata = np.sort((x[:, 0] * len(x)).astype(int))
        assert strata.tolist() == list(range(len(x)))


def test_a_grid_is_every_combination() -> None:
    x = points("grid", 3)
    axes = [[0, 0.5, 1], [-3, 2, 7], [1e-4, 10**-1.5, 10], [1, 4, 9], [0, 1]]
    assert x.tolist() == pytest.approx(np.array(list(itertools.product(*axes))), rel=1e-11)


def test_a_grid_keeps_its_points_with_more_levels_and_with_twice_the_intervals() -> None:
    def grid(levels: tuple[float, ...], n: int) -> set[tuple[float, ...]]:
        factors = (Factor("a", 1.0, 4.0, levels=levels), Factor("b", 0.0, 1.0))
        return {tuple(row) for row in design.points("grid", factors, n, 0).tolist()}

    assert grid((1.0, 2.0), 3) < grid((1.0, 2.0, 4.0), 3) < grid((1.0, 2.0, 4.0), 5)
    assert not grid((1.0, 2.0), 3) <= grid((1.0, 2.0), 4)


def test_one_at_a_time_varies_one() -> None:
    x = points("oat")
    assert x[0].tolist() == list(MIDDLE)
    assert ((x[1:] != x[0]).sum(axis=1) <= 1).all()
    assert x[1:3, 0].tolist() == [0.0, 1.0]
    assert x[5:7, 2].tolist() == pytest.approx([1e-4, 10.0])
    assert x[7:9, 3].tolist() == [1.0, 9.0]


def test_levels_are_equally_likely() -> None:
    x = points("sobol", 4096)
    for k in (3, 4):
        share = np.unique(x[:, k], return_counts=True)[1] / len(x)
        assert share == pytest.approx(np.full(len(share), 1 / len(share)), abs=0.005)


def test_a_logarithmic_range_is_filled_evenly_in_the_logarithm() -> None:
    logs = np.log10(points("sobol", 1024)[:, 2])
    assert np.histogram(logs, bins=5, range=(-4, 1))[0] == pytest.approx(np.full(5, 1024 / 5), abs=3)


@given(st.floats(-1e12, 1e12, allow_nan=False))
@settings(deadline=None)
def test_rounding_is_stable(x: float) -> None:
    once = design.rounded(x)
    assert design.rounded(once) == once
    assert once == pytest.approx(x, rel=1e-11)
    assert str(design.rounded(-0.0)) == "0.0"


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=6, unique_by=design.rounded))
@settings(deadline=None)
def test_levels_come_back_as_they_were_written(levels: list[float]) -> None:
    factor = Factor("a", min(levels), max(levels), levels=tuple(levels))
    assert [design.value(factor, x) for x in design.axis(factor, 0)] == levels


# ---- through the machinery of studies --------------------------------------------------------------------------------


def test_sobol_indices_of_ishigami_are_the_known_ones() -> None:
    """Ishigami and Homma (1990), a = 7, b = 0.1: the indices are known in closed form."""
    from SALib.analyze import sobol

    made = study.of(
        model="ishigami",
        outcomes=["y"],
        design={"method": "saltelli", "n": 2048},
        factors=[{"name": f"x{k}", "low": -np.pi, "high": np.pi} for k in (1, 2, 3)],
    )
    y = np.array([execute(made, point, 0, 0)[0] for point in range(made.n_points)])
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}
    found = sobol.analyze(problem, y, calc_second_order=False, seed=1)
    a, b = 7.0, 0.1
    first = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    second, joint = a**2 / 8, b**2 * np.pi**8 * 8 / 225
    whole = first + second + joint
    assert y.var() == pytest.approx(whole, rel=0.02)
    assert found["S1"] == pytest.approx(np.array([first, second, 0.0]) / whole, abs=0.02)
    assert found["ST"] == pytest.approx(np.array([first + joint, second, joint]) / whole, abs=0.02)


def test_a_factor_without_effect_has_exactly_none() -> None:
    """Common random numbers: the people and the luck of a replicate are the same at every point of a design."""
    content: dict[str, Any] = {
        "scenario": "tiny",
        "replicates": 3,
        "outcomes": ["exits", "mean_pay", "new_offers", "left:alpha-authors@2022-12"],
        "design": {"method": "grid"},
    }
    placebo = [{"name": "cohorts.alpha-authors.note", "levels": ["one", "two", "three"]}]
    real = [{"name": "h0", "levels": [0.02, 0.08, 0.2]}]
    answers = []
    for factors in (placebo, real):
        planned = plan(study.of(factors=factors, **content))
        y = [execute(planned.study, run.point, run.seed, run.replicate) for run in planned.runs]
        answers.append(np.array(y).reshape(3, 3, -1))
        assert len(planned.unique()) == 9
        seeds = np.array([run.seed for run in planned.runs]).reshape(3, 3)
        assert (seeds == planned.seeds).all()
    assert (answers[0] == answers[0][0]).all()
    assert (answers[0].std(axis=1) > 0).any()
    assert not (answers[1] == answers[1][0]).all()
