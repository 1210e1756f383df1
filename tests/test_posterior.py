"""The posterior against one that is known exactly, and what it may not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from abm.scenario import ScenarioError, load
from experiments import coverage, observed
from experiments.histories import Target, gather
from experiments.posterior import Method, calibrate
from experiments.responses import Factor, Responses
from experiments.scales import even_variance, rounded

NUMBERS = np.array([2.0, 3.0, 2.0, 7.0, 18.0])  # what about level -1.8 and slope 0.2 give
WIDE = (np.array([1.0, 2.0, 1.0, 5.0, 15.0]), np.array([4.0, 4.0, 3.0, 9.0, 20.0]))


@pytest.fixture(scope="module")
def sweep() -> Responses:
    return coverage.surrogate(4096, 4, seed=1)


def permuted(sweep: Responses, points: np.ndarray, replicates: np.ndarray) -> Responses:
    return replace(sweep, x=sweep.x[points], y=sweep.y[points][:, replicates], seeds=sweep.seeds[replicates])


@pytest.mark.parametrize(("low", "high"), [(NUMBERS, NUMBERS), WIDE], ids=["numbers", "intervals"])
def test_the_exact_posterior_is_recovered(sweep: Responses, low: np.ndarray, high: np.ndarray) -> None:
    mean, sd = coverage.exact(low, high)
    table = calibrate(sweep, coverage.aims(low, high)).table()
    np.testing.assert_allclose([row["mean"] for row in table], mean, atol=0.15 * sd.max(), rtol=0)
    np.testing.assert_array_less(np.abs([row["mean"] for row in table] - mean), 0.15 * sd)
    ratio = np.array([row["sd"] for row in table]) / sd
    assert (ratio > 0.8).all() and (ratio < 1.5).all()


def test_regression_beats_rejection(sweep: Responses) -> None:
    _, sd = coverage.exact(NUMBERS, NUMBERS)
    aims = coverage.aims(NUMBERS, NUMBERS)

    def wrong(method: Method) -> float:
        return max(abs(row["sd"] / sd[k] - 1.0) for k, row in enumerate(calibrate(sweep, aims, method).table()))

    assert wrong(Method(adjust=False)) > 2.0 * wrong(Method())


def test_order_of_points_and_replicates_is_nothing(sweep: Responses) -> None:
    aims = coverage.aims(*WIDE)
    small = permuted(sweep, np.arange(600), np.arange(4))
    one = calibrate(small, aims)
    back = calibrate(permuted(small, np.arange(600)[::-1], np.array([2, 0, 3, 1])), aims)
    assert back.digest == one.digest
    np.testing.assert_array_equal(back.draws(50), one.draws(50))
    noisy = [replace(aim, noise=1.0) for aim in aims]
    shuffled = calibrate(permuted(small, np.roll(np.arange(600), 77), np.arange(4)), noisy)
    assert shuffled.digest == calibrate(small, noisy).digest != one.digest


def test_the_digest_says_when_anything_is_different(sweep: Responses) -> None:
    aims = coverage.aims(*WIDE)
    small = permuted(sweep, np.arange(600), np.arange(4))
    other = replace(small, y=small.y + np.where(np.arange(600)[:, None, None] == 7, 1.0, 0.0))
    found = {
        calibrate(small, aims).digest,
        calibrate(small, aims, seed=2).digest,
        calibrate(small, aims, Method(keep=100)).digest,
        calibrate(small, (replace(aims[0], high=9.0), *aims[1:])).digest,
        calibrate(other, aims, Method(keep=2000)).digest,
        calibrate(small, aims, Method(keep=2000)).digest,
    }
    assert len(found) == 6


def test_knowing_nothing_gives_the_prior_back_and_no_draw_leaves_it() -> None:
    place = (np.arange(2000) + 0.5) / 2000
    x = np.column_stack([1e-3 * 100.0**place, -2.0 + 5.0 * np.roll(place, 700)])
    factors = (Factor("rate", 1e-3, 1e-1, "per month", log=True), Factor("shift", -2.0, 3.0))
    y = np.round(100 * x[:, :1])[:, None, :]
    sweep = Responses(factors, x, ("left:all",), ("people",), y, np.array([1]))
    found = calibrate(sweep, [Target("left:all", 0.0, 100.0, 100.0)])
    assert found.exact == found.histories == 2000
    rate, shift = found.table()
    assert abs(rate["contraction"]) < 0.02 and abs(shift["contraction"]) < 0.02
    assert rate["p50"] == pytest.approx(1e-2, rel=0.02)
    told = calibrate(sweep, [Target("left:all", 10.0, 10.0, 100.0)])
    assert told.table()[0]["contraction"] > 0.5
    for k, factor in enumerate(factors):
        assert told.values[:, k].min() >= factor.low and told.values[:, k].max() <= factor.high


def test_an_error_of_observation_widens_and_a_wider_interval_too(sweep: Responses) -> None:
    aims = coverage.aims(NUMBERS, NUMBERS)

    def width(targets: tuple[Target, ...]) -> float:
        return float(calibrate(sweep, targets).table()[0]["sd"])

    assert width(tuple(replace(aim, noise=3.0) for aim in aims)) > 1.1 * width(aims)
    assert width(coverage.aims(np.maximum(NUMBERS - 3, 0), NUMBERS + 3)) > 1.1 * width(aims)


def test_statistics_that_say_nothing_do_little_harm(sweep: Responses) -> None:
    noise = coverage.exits(np.full((len(sweep.x), 2), -1.0), 9, 4)
    idle = np.zeros((*noise.shape[:2], 1))
    more = replace(
        sweep,
        y=np.concatenate([sweep.y, noise, idle], axis=2),
        outcomes=(*sweep.outcomes, *(f"noise{k}" for k in range(5)), "idle"),
        units=("people",) * 11,
    )
    mean, sd = coverage.exact(*WIDE)
    usual = np.median(noise, axis=(0, 1))
    extra = [Target(f"noise{k}", usual[k], usual[k], n) for k, n in enumerate(coverage.SIZES)]
    extra.append(Target("idle", 0.0, 0.0))
    table = calibrate(more, [*coverage.aims(*WIDE), *extra]).table()
    np.testing.assert_array_less(np.abs([row["mean"] for row in table] - mean), 0.4 * sd)


def test_luck_shared_by_all_points_is_seen() -> None:
    aims = coverage.aims(NUMBERS, NUMBERS)
    shared = calibrate(coverage.surrogate(512, 8, 1, shared=1.0), aims)
    own = calibrate(coverage.surrogate(512, 8, 1), aims)
    assert min(shared.luck) > 0.3 and shared.narrow
    assert max(own.luck) < 0.05 and not own.narrow


def test_sweeps_with_other_seeds_are_put_together_in_any_order() -> None:
    aims = coverage.aims(*WIDE)
    parts = [coverage.surrogate(256, 4, seed, shared=0.9) for seed in (1, 2, 3)]
    parts = [replace(part, seeds=part.seeds + 10 * number) for number, part in enumerate(parts)]
    found = calibrate(parts, aims)
    assert (found.histories, found.seeds) == (3 * 256 * 4, 12)
    assert calibrate(parts[::-1], aims).digest == found.digest
    assert gather(parts).point.max() == 3 * 256 - 1
    with pytest.raises(ScenarioError, match="sweep 2: has other factors"):
        calibrate([parts[0], replace(parts[1], outcomes=("other", *parts[1].outcomes[1:]))], aims)


def test_failed_histories_are_left_out_and_many_are_refused(sweep: Responses) -> None:
    aims = coverage.aims(*WIDE)
    small = permuted(sweep, np.arange(512), np.arange(4))
    broken = small.y.copy()
    broken[:20, :, 0] = np.nan
    found = calibrate(replace(small, y=broken), aims)
    assert found.failed == 80
    assert found.digest == calibrate(permuted(small, np.arange(20, 512), np.arange(4)), aims).digest
    broken[:100] = np.nan
    with pytest.raises(ScenarioError, match="400 of 2048 histories failed"):
        calibrate(replace(small, y=broken), aims)


def test_bad_questions_are_refused_all_at_once(sweep: Responses) -> None:
    four = Responses(
        (*sweep.factors, Factor("rule", 0, 1, levels=("equal", "bid")), Factor("log", 0.0, 1.0, log=True)),
        np.column_stack([sweep.x, sweep.x]),
        sweep.outcomes,
        sweep.units,
        sweep.y,
        sweep.seeds,
    )
    with pytest.raises(ScenarioError) as caught:
        calibrate(four, [Target("left:cohort9", 3.0, 1.0)])
    text = str(caught.value)
    for part in ("came 4", "expected 1 to 3", "rule", "log", "left:cohort9", "left:cohort0", "3.0 to 1.0"):
        assert part in text
    with pytest.raises(ScenarioError, match="targets: came none"):
        calibrate(sweep, [])


# ---- what is a target ----------------------------------------------------------------------------------------------


def test_targets_are_the_rows_marked_calibrate() -> None:
    aims = {aim.outcome: aim for aim in observed.targets(observed.rows(load("meta_fair")), noise=0.02)}
    assert set(aims) == {
        "left:llama-authors@2023-09",
        "left:opt-authors@2023-09",
        "retention:Meta@2025-05",
        "retention:Anthropic@2025-05",
    }
    llama, meta = aims["left:llama-authors@2023-09"], aims["retention:Meta@2025-05"]
    assert (llama.low, llama.high, llama.of, llama.noise) == (8.0, 13.0, 14.0, 0.0)
    assert (meta.low, meta.high, meta.of, meta.noise) == (0.635, 0.645, 1.0, 0.02)


def test_a_value_planted_in_a_row_to_be_predicted_reaches_nothing() -> None:
    scenario = load("meta_fair")
    before = observed.rows(scenario)
    cohorts = tuple(
        replace(
            cohort,
            observations=tuple(
                replace(seen, left_min=1, left_max=2) if seen.use == "predict" else seen for seen in cohort.observations
            ),
        )
        for cohort in scenario.cohorts
    )
    retention = tuple(replace(row, share=0.5) if row.use == "predict" else row for row in scenario.retention)
    flows = tuple(replace(row, ratio=3.0) for row in scenario.flows)
    planted = replace(scenario, cohorts=cohorts, retention=retention, flows=flows)
    assert observed.rows(planted) == before
    assert all(row.low is None and row.high is None for row in before if not row.fitted)
    assert observed.targets(observed.rows(planted)) == observed.targets(before)
    content = scenario.to_dict()
    withheld = next(seen for seen in content["cohorts"][0]["observations"] if seen["use"] == "predict")
    withheld |= {"left_min": 1, "left_max": 2}
    with pytest.raises(ScenarioError, match="only date and use"):
        scenario.derive(cohorts=content["cohorts"])


def test_scales() -> None:
    np.testing.assert_array_equal(rounded(np.array([0.0, -0.0, 1.23456789012e-7, -98765.432109876])), [
        0.0, 0.0, 1.23456789e-7, -98765.4321,
    ])  # fmt: skip
    assert np.signbit(rounded(np.array([-0.0]))).tolist() == [False]
    counts = np.arange(2001.0)
    spread = [
        even_variance(np.random.default_rng(1).binomial(2000, p, 4000), np.float64(2000)).std() for p in (0.1, 0.5)
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.05) == pytest.approx(0.5 / np.sqrt(2000), rel=0.05)
    assert (np.diff(even_variance(counts, np.float64(2000))) > 0).all()
    assert even_variance(np.array([7.5]), np.zeros(1)) == [7.5]
