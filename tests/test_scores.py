"""Scores and predictive distributions against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from experiments.scales import quantile
from experiments.scores import LEVELS, Predictive


def exact(n: int, p: float) -> Predictive:
    cells = np.arange(n + 1.0)
    return Predictive(cells, binom.pmf(cells, n, p), n, 0)


def test_crps_of_a_count_is_the_sum_over_its_distribution() -> None:
    """CRPS = sum over x of (F(x) - 1{x >= y})^2 for whole numbers."""
    forecast = exact(14, 0.6)
    total = np.cumsum(forecast.pmf())
    for y in (0, 5, 9, 14):
        assert forecast.crps(y, y) == pytest.approx(((total - (np.arange(15) >= y)) ** 2).sum(), abs=1e-12)
    assert forecast.crps(8, 13) == pytest.approx(np.mean([forecast.crps(y, y) for y in range(8, 14)]))


def test_crps_of_normal_draws() -> None:
    """Gneiting and Raftery (2007): sd (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi))."""
    draws = norm.ppf((np.arange(4000) + 0.5) / 4000, loc=0.6, scale=0.1)
    for seen in (0.45, 0.6, 0.8):
        z = (seen - 0.6) / 0.1
        closed = 0.1 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
        assert Predictive.of_draws(draws, 1).crps(seen, seen) == pytest.approx(closed, abs=2e-5)


def test_log_score_of_an_exact_count() -> None:
    forecast = exact(19, 0.5)
    assert forecast.log_score(9, 10) == pytest.approx(-np.log(binom.pmf(9, 19, 0.5) + binom.pmf(10, 19, 0.5)))
    assert exact(19, 0.0).log_score(9, 10) == pytest.approx(-np.log(1e-300))


def test_a_value_never_drawn_costs_the_smoothing() -> None:
    forecast = Predictive.of_draws(np.array([1.0, 1.0, 2.0]), 3)
    np.testing.assert_allclose(forecast.pmf(), np.array([0.5, 2.5, 1.5, 0.5]) / 5.0)
    np.testing.assert_allclose(forecast.pmf(smooth=False), np.array([0, 2, 1, 0]) / 3.0)
    assert forecast.log_score(0, 0) == pytest.approx(np.log(10.0))


def test_log_score_of_a_share_is_the_probability_of_its_interval() -> None:
    draws = norm.ppf((np.arange(20_000) + 0.5) / 20_000, loc=0.6, scale=0.1)
    wanted = norm.cdf(0.645, 0.6, 0.1) - norm.cdf(0.635, 0.6, 0.1)
    assert Predictive.of_draws(draws, 1).probability(0.635, 0.645) == pytest.approx(wanted, rel=0.03)
    assert Predictive.of_draws(np.full(9, 0.64), 1).probability(0.63, 0.65) == pytest.approx(0.9545, abs=1e-4)


@pytest.mark.parametrize("score", ["log_score", "crps"])
def test_the_truth_scores_best_on_average(score: str) -> None:
    truth = exact(14, 0.6)
    expected = {
        p: sum(chance * getattr(exact(14, p), score)(y, y) for y, chance in enumerate(truth.pmf()))
        for p in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
    }
    assert min(expected, key=expected.__getitem__) == 0.6


def test_central_intervals_and_verdicts() -> None:
    forecast = exact(14, 0.6)
    low, high = forecast.central(0.8)
    assert (low, high) == (binom.ppf(0.1, 14, 0.6), binom.ppf(0.9, 14, 0.6))
    assert forecast.pmf()[int(low) : int(high) + 1].sum() >= 0.8
    assert forecast.verdict(low, high) == "inside"
    assert forecast.verdict(low, high + 1) == "partly"
    assert forecast.verdict(high + 1, 14) == "outside"
    share = Predictive.of_draws((np.arange(100) + 0.5) / 100, 1)
    assert share.central(0.8) == pytest.approx((0.1, 0.9))


def test_quantiles_are_those_of_the_distribution() -> None:
    np.testing.assert_array_equal(exact(51, 0.3).quantiles(), binom.ppf(LEVELS, 51, 0.3))
    values = np.random.default_rng(3).normal(size=501)
    found = [quantile(values, np.full(501, 1 / 501), level) for level in (0.1, 0.5, 0.9)]
    np.testing.assert_allclose(found, np.quantile(values, [0.1, 0.5, 0.9], method="hazen"))


def test_what_is_told() -> None:
    assert sum(exact(8, 0.2).told()["pmf"]) == pytest.approx(1.0)
    nothing = Predictive.of_draws(np.array([np.nan, np.nan]), 1)
    assert set(nothing.told().values()) == {None}
    assert Predictive.of_draws(np.array([0.5, np.nan]), 1).told()["mean"] == 0.5
