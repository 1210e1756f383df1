"""Baselines against closed forms, planted truths, and each other where they must agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from abm.scenario import load
from experiments import baseline_flows, baselines
from experiments.baselines import HAZARDS, NAMES, SHAPES, Fit, fit, paths, predict
from experiments.observed import Row, rows


def cohort(name: str, of: int, months: int, left: float | None = None) -> Row:
    fitted = left is not None
    return Row(f"left:{name}@{months}", "made", "cohort", name, "2023-09", fitted, of, months, left, left)


def hired(name: str, share: float | None) -> Row:
    low, high = (None, None) if share is None else (share - 0.005, share + 0.005)
    return Row(f"retention:{name}", "made", "retention", name, "2025-05", share is not None, 1, 24, low, high)


def test_constant_hazard_is_binomial() -> None:
    found = paths("constant", 14, 8, new=False)
    wanted = binom.pmf(np.arange(15), 14, -np.expm1(-8 * np.exp(HAZARDS))[:, None])
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("new", [False, True])
def test_paths_are_distributions_and_go_on_from_where_they_were(name: str, new: bool) -> None:
    whole = paths(name, 9, 20, new)
    np.testing.assert_allclose(whole.sum(axis=-1), 1.0, atol=1e-9)
    first = paths(name, 9, 8, new)
    np.testing.assert_allclose(paths(name, 9, 20, new, first, 8), whole, atol=1e-9)
    np.testing.assert_allclose(paths(name, 9, 8, new, first, 8), first, atol=1e-12)
    gone = whole @ np.arange(10.0)
    assert (np.diff(gone, axis=0) > -1e-9).all()  # more hazard, more gone


def test_shapes_that_say_nothing_are_the_constant_hazard() -> None:
    """Power 1 of tenure, and no contagion."""
    one = int(np.argmin(np.abs(SHAPES["tenure"] - 1.0)))
    assert SHAPES["tenure"][one] == pytest.approx(1.0) and SHAPES["contagion"][0] == 0.0
    constant = paths("constant", 12, 10, new=False)[:, 0]
    np.testing.assert_allclose(paths("tenure", 12, 10, new=False)[:, one], constant, atol=1e-9)
    np.testing.assert_allclose(paths("contagion", 12, 10, new=False)[:, 0], constant, atol=1e-9)


def test_weibull_of_the_newly_hired_is_its_closed_form() -> None:
    power, rate = SHAPES["tenure"][8], np.exp(HAZARDS[40])
    wanted = np.exp(-rate * 24 / power * (18 / 24) ** power)
    assert baselines.survival("tenure", 18, new=True)[40, 8] == pytest.approx(wanted)


def test_contagion_equals_a_chain_played_out() -> None:
    place, shape, n, months = 45, 7, 10, 6
    rate, more = np.exp(HAZARDS[place]), SHAPES["contagion"][shape]
    luck = np.random.default_rng(1)
    gone = np.zeros(40_000, dtype=int)
    for _ in range(months):
        gone += luck.binomial(n - gone, -np.expm1(-rate * (1 + more * gone / (n - 1))))
    seen = np.bincount(gone, minlength=n + 1) / len(gone)
    np.testing.assert_allclose(paths("contagion", n, months, new=False)[place, shape], seen, atol=0.012)


@pytest.mark.parametrize("name", NAMES)
def test_planted_parameters_are_found(name: str) -> None:
    """Forty groups at three dates each, with a level of their own."""
    luck = np.random.default_rng(7)
    level, spread, n = np.log(0.02), 0.5, 25
    shape = {"constant": 0, "tenure": 8, "contagion": 7}[name]
    made = []
    for group in range(40):
        place = int(np.argmin(np.abs(HAZARDS - (level + spread * luck.normal()))))
        start, begun = None, 0
        for months in (6, 12, 24):
            pmf = paths(name, n, months, False, start, begun)[place, shape]
            left = int(np.searchsorted(np.cumsum(pmf), luck.random()))
            made.append(cohort(f"g{group}", n, months, float(left)))
            start, begun = np.zeros((len(HAZARDS), len(SHAPES[name]), n + 1)), months
            start[..., left] = 1.0
    found = fit(name, made).means()
    assert found["level"] == pytest.approx(0.02, rel=0.25)
    assert found["spread"] == pytest.approx(0.5, abs=0.15)
    if name != "constant":
        assert found["shape"] == pytest.approx(SHAPES[name][shape], rel=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_rows_to_be_predicted_change_nothing(name: str) -> None:
    fitted = [cohort("a", 14, 8, 9.0), hired("X", 0.8)]
    more = [*fitted, cohort("b", 20, 12), replace(cohort("c", 20, 12), low=19.0, high=20.0), hired("Y", None)]
    np.testing.assert_array_equal(fit(name, fitted).posterior, fit(name, more).posterior)
    assert fit(name, fitted).posterior.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_group_is_told_by_its_own_target_and_a_new_one_is_uncertain(name: str) -> None:
    found = fit(name, [cohort("a", 14, 8, 12.0), cohort("b", 14, 8, 1.0)])
    high, low, new = (predict(found, cohort(group, 14, 8)) for group in "abc")
    assert high.mean() > new.mean() > low.mean()
    spread = [float(np.sqrt(each.weights @ (each.values - each.mean()) ** 2)) for each in (high, low, new)]
    assert spread[2] > max(spread[:2])


@pytest.mark.parametrize("name", NAMES)
def test_going_on_from_what_was_observed(name: str) -> None:
    seen = Row("left:a@8", "made", "cohort", "a", "2023-09", True, 14, 8, 8.0, 13.0)
    found = fit(name, [seen, hired("X", 0.8)])
    onward = predict(found, cohort("a", 14, 28), given=True)
    assert onward.pmf()[:8].sum() == pytest.approx(0.0, abs=1e-12)
    assert predict(found, cohort("a", 14, 28)).pmf()[:8].sum() > 0.0
    subset = replace(cohort("four", 4, 8), parent="a", within=14)
    of_four = predict(found, subset, given=True)
    inside = predict(found, replace(cohort("a", 14, 8), key="again"), given=True)
    assert of_four.mean() / 4 == pytest.approx(inside.mean() / 14)
    assert len(of_four.pmf()) == 5
    all_four = fit(name, [seen, replace(subset, fitted=True, low=4.0, high=4.0), hired("X", 0.8)])
    assert predict(all_four, cohort("a", 14, 28)).mean() > predict(found, cohort("a", 14, 28)).mean()


def test_leaving_out_a_row_makes_it_harder() -> None:
    every = [row for row in rows(load("meta_fair")) if row.kind != "flow"]
    for row in (row for row in every if row.fitted):
        seen = predict(fit("constant", every), row)
        unseen = predict(fit("constant", [each for each in every if each.key != row.key]), row)
        assert row.low is not None and row.high is not None
        assert unseen.log_score(row.low, row.high) > seen.log_score(row.low, row.high)


def test_flows_follow_head_counts() -> None:
    scenario = load("meta_fair")
    heads = {employer.name: employer.researchers for employer in scenario.employers}
    row = next(row for row in rows(scenario) if row.kind == "flow")
    one, other = row.subject.split(">")
    nothing = fit("constant", [])
    gross, per_head = baseline_flows.flow(nothing, row, scenario, 4000, 1)
    np.testing.assert_allclose(per_head.values, gross.values * heads[other] / heads[one])
    back = replace(row, subject=f"{other}>{one}")
    there = np.median(np.log(gross.values))
    assert np.median(np.log(baseline_flows.flow(nothing, back, scenario, 4000, 2)[0].values)) == pytest.approx(
        -there, abs=0.25
    )
    again, _ = baseline_flows.flow(nothing, row, scenario, 4000, 1)
    np.testing.assert_array_equal(again.values, gross.values)


def test_employers_with_a_lower_hazard_lose_fewer() -> None:
    scenario = load("meta_fair")
    row = next(row for row in rows(scenario) if row.kind == "flow")
    one, other = row.subject.split(">")

    def median(stays: float, leaves: float) -> float:
        found: Fit = fit("tenure", [hired(one, stays), hired(other, leaves)])
        return float(np.median(baseline_flows.flow(found, row, scenario, 2000, 1)[0].values))

    assert median(0.3, 0.9) > 2.0 * median(0.9, 0.3)
