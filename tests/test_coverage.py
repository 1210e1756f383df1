"""The checks of the method: they pass for the method and fail for one that is broken on purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments import coverage
from experiments.histories import Target
from experiments.posterior import Method, calibrate
from experiments.responses import Responses

TRIALS = 50


@pytest.fixture(scope="module")
def sweep() -> Responses:
    return coverage.surrogate(2048, 4, seed=1)


@pytest.mark.parametrize("width", [1, 5], ids=["numbers", "intervals"])
def test_planted_truths_are_found(sweep: Responses, width: int) -> None:
    """90 % intervals hold the truth in 80 to 97 % of 50 trials, ranks are uniform, spreads are the exact ones."""
    found = coverage.check_surrogate(sweep, TRIALS, seed=7, width=width)
    assert (found.inside[0.9] >= 0.80).all() and (found.inside[0.9] <= 0.97).all()
    assert (found.chi_square() > 0.01).all()
    assert (found.deviation() < found.band()).all()
    assert (np.median(found.spreads, axis=0) > 0.85).all() and (np.median(found.spreads, axis=0) < 1.2).all()
    assert found.histogram().sum(axis=1).tolist() == [TRIALS, TRIALS]


def test_plain_rejection_is_seen_to_be_too_wide(sweep: Responses) -> None:
    found = coverage.check_surrogate(sweep, TRIALS, seed=5, method=Method(adjust=False))
    assert (np.median(found.spreads, axis=0) > 1.3).all()
    assert (found.histogram()[:, 2:8].sum(axis=1) > 0.7 * TRIALS).all()  # a hump


def test_few_kinds_of_luck_are_seen_to_be_too_narrow() -> None:
    """Four seeds at all points: what a sweep for calibration must not be."""
    found = coverage.check_surrogate(coverage.surrogate(512, 4, 1, shared=1.0), TRIALS, seed=5)
    assert (found.inside[0.9] < 0.6).all()
    assert (found.chi_square() < 1e-4).all()
    assert (found.deviation() > found.band()).all()


def test_many_replicates_make_up_for_shared_luck() -> None:
    found = coverage.check_surrogate(coverage.surrogate(64, 128, 1, shared=1.0), TRIALS, seed=5)
    assert (found.inside[0.9] > 0.75).all()


def test_stored_histories_as_observation(sweep: Responses) -> None:
    aims = coverage.aims(np.full(5, 3.0), np.full(5, 5.0))
    small = replace(sweep, x=sweep.x[:512], y=sweep.y[:512])
    found = coverage.check_stored(small, aims, TRIALS, seed=5)
    assert (found.inside[0.9] >= 0.80).all() and (found.inside[0.9] <= 1.0).all()
    assert (found.chi_square() > 0.005).all()
    assert len(np.unique(found.truths[:, 0])) == TRIALS
    again = coverage.check_stored(small, aims, TRIALS, seed=5)
    np.testing.assert_array_equal(again.places, found.places)


def test_a_stored_history_does_not_see_itself() -> None:
    """With one point that alone explains its own outcome, its parameters are not found again."""
    sweep = coverage.surrogate(256, 2, seed=1)
    y = np.concatenate([sweep.y, np.arange(256.0)[:, None, None] * np.ones((256, 2, 1))], axis=2)
    marked = replace(sweep, y=y, outcomes=(*sweep.outcomes, "mark"), units=("people",) * 6)
    found = coverage.check_stored(marked, [Target("mark", 0.0, 0.0)], 20, seed=5, method=Method(keep=1, adjust=False))
    assert (found.places > 0).mean() > 0.3  # had it seen itself, no history kept would lie below its truth


def test_told_is_complete(sweep: Responses) -> None:
    rows = coverage.check_surrogate(sweep, 10, seed=6).told()
    assert [row["parameter"] for row in rows] == ["level", "slope"]
    assert all({"coverage_90", "chi_square_p", "sd_ratio", "ecdf_band_95", "histogram"} <= row.keys() for row in rows)


@pytest.mark.nightly
def test_five_hundred_trials() -> None:
    found = coverage.check_surrogate(coverage.surrogate(16_384, 4, seed=3), 500, seed=8)
    assert (found.chi_square() > 0.005).all()
    assert (np.abs(found.inside[0.9] - 0.9) < 0.04).all()
    assert (np.abs(found.inside[0.5] - 0.5) < 0.07).all()


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore")
def test_pyabc_agrees(tmp_path: Path) -> None:
    """Sequential Monte Carlo of another program on the same question; its posterior is wider at its last tolerance."""
    pyabc = pytest.importorskip("pyabc")
    low, high = np.array([1.0, 2.0, 1.0, 5.0, 15.0]), np.array([4.0, 4.0, 3.0, 9.0, 20.0])
    luck = np.random.default_rng(1)

    def model(parameters: dict[str, float]) -> dict[str, np.ndarray]:
        chance = coverage.leaving(np.array([parameters["level"], parameters["slope"]]))
        return {"s": luck.binomial(coverage.SIZES.astype(int), chance).astype(float)}

    def distance(one: dict[str, np.ndarray], _: object) -> float:
        return float(np.abs(one["s"] - np.clip(one["s"], low, high)).sum())

    prior = pyabc.Distribution(
        **{factor.name: pyabc.RV("uniform", factor.low, factor.high - factor.low) for factor in coverage.FACTORS}
    )
    smc = pyabc.ABCSMC(model, prior, distance, population_size=500, sampler=pyabc.SingleCoreSampler())
    smc.new(f"sqlite:///{tmp_path / 'trials.db'}", {"s": low})
    frame, weights = smc.run(minimum_epsilon=0.5, max_nr_populations=8).get_distribution()
    mine = calibrate(coverage.surrogate(4096, 4, 1), coverage.aims(low, high)).table()
    for row in mine:
        assert abs(float(weights @ frame[row["parameter"]]) - row["mean"]) < 0.35 * row["sd"]
