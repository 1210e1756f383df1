"""Sensitivity: functions with known indices, what must be refused, and whether intervals and notes can be believed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from abm.columns import Floats
from experiments import indices, indices_given
from experiments.responses import Factor, Responses
from experiments.sensitivity import Ranking, Unfit, analyse, method_of
from experiments.sensitivity_checks import luck_of
from experiments.sensitivity_files import figure, told

CUBE = (-np.pi, np.pi)


def factors(k: int, low: float = 0.0, high: float = 1.0) -> tuple[Factor, ...]:
    return tuple(Factor(f"x{number + 1}", low, high) for number in range(k))


def problem(made: tuple[Factor, ...]) -> dict[str, object]:
    return {
        "num_vars": len(made),
        "names": [factor.name for factor in made],
        "bounds": [[factor.low, factor.high] for factor in made],
    }


def responses(made: tuple[Factor, ...], x: Floats, y: Floats, unit: str = "people") -> Responses:
    """One outcome, from (P,) or (P, R)."""
    table = y if y.ndim == 2 else y[:, None]
    return Responses(made, x, ("y",), (unit,), table[:, :, None], np.arange(table.shape[1]))


def saltelli(made: tuple[Factor, ...], n: int, second: bool = False, seed: int = 1) -> Floats:
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem(made), n, calc_second_order=second, seed=seed))


def trajectories(made: tuple[Factor, ...], n: int, levels: int = 4, seed: int = 1) -> Floats:
    from SALib.sample import morris

    return np.asarray(morris.sample(problem(made), n, num_levels=levels, seed=seed))


def ishigami(x: Floats) -> Floats:
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def by_name(ranking: Ranking) -> dict[str, tuple[float, float]]:
    return {each.factor: (each.value, each.second) for each in ranking.indices}


# ---- known answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [False, True])
def test_ishigami_has_its_known_indices(second: bool) -> None:
    """S = 0.314, 0.442, 0 and ST = 0.558, 0.442, 0.244 (Ishigami and Homma 1990); x1 and x3 act together."""
    made = factors(3, *CUBE)
    x = saltelli(made, 2048, second)
    (ranking,) = analyse(responses(made, x, ishigami(x)), resamples=100)
    assert ranking.method == "sobol"
    found = by_name(ranking)
    for name, total, first in (("x1", 0.558, 0.314), ("x2", 0.442, 0.442), ("x3", 0.244, 0.0)):
        assert found[name] == pytest.approx((total, first), abs=0.02)
    assert [each.factor for each in ranking.indices] == ["x1", "x2", "x3"]
    assert all(each.low <= each.value <= each.high and each.verdict == "acts" for each in ranking.indices)
    assert ranking.convergence is not None and ranking.convergence.stable
    if second:
        assert ranking.pairs[0][:2] == ("x1", "x3") and ranking.pairs[0][2] == pytest.approx(0.244, abs=0.03)


def test_sobols_g_function_has_its_known_indices() -> None:
    """V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1, ST_i = V_i prod_{j != i}(1 + V_j) / V (Saltelli 2010)."""
    a = np.array([0.0, 0.5, 3.0, 9.0, 99.0])
    part = 1 / (3 * (1 + a) ** 2)
    whole = np.prod(1 + part) - 1
    first, total = part / whole, part * np.prod(1 + part) / (1 + part) / whole
    made = factors(5)
    x = saltelli(made, 4096)
    y = np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)
    found = by_name(analyse(responses(made, x, y), resamples=50)[0])
    for number in range(5):
        assert found[f"x{number + 1}"] == pytest.approx((total[number], first[number]), abs=0.02)


def test_morris_on_a_linear_function_gives_its_slopes() -> None:
    """Elementary effects over a whole range are the coefficients, everywhere alike, whatever the bounds and levels."""
    made = (Factor("big", 0, 10), Factor("down", -1, 1), Factor("idle", 5, 6), Factor("log", 1, 100, log=True))
    for levels in (4, 8):
        x = trajectories((*made[:3], Factor("log", 0, 2)), 10, levels)
        y = 3 * x[:, 0] - 4 * x[:, 1] + 5 * x[:, 3]
        x[:, 3] = 10 ** x[:, 3]
        (ranking,) = analyse(responses(made, x, y))
        found = {each.factor: each for each in ranking.indices}
        assert ranking.method == "morris" and ranking.scale == "people"
        for name, size, sign in (("big", 30, 1), ("down", 8, -1), ("log", 10, 1), ("idle", 0, 0)):
            assert found[name].value == pytest.approx(size, abs=1e-9)
            assert found[name].second == pytest.approx(0, abs=1e-9)
            assert found[name].sign == sign
        assert found["idle"].verdict == "luck" and found["down"].verdict == "acts"


def test_our_elementary_effects_are_salibs() -> None:
    made = factors(3, *CUBE)
    x = trajectories(made, 20)
    sample = indices.morris(made, x, ishigami(x), 10, 1)
    effects = indices.elementary_effects(made, x, ishigami(x))
    np.testing.assert_allclose(np.abs(effects).mean(axis=0), sample.main)
    np.testing.assert_allclose(effects.std(axis=0, ddof=1), sample.second)


def test_our_weighted_indices_are_salibs() -> None:
    made = factors(3, *CUBE)
    for second in (False, True):
        x = saltelli(made, 64, second)
        y = ishigami(x)
        sample = indices.sobol(made, x, y, 4, 1)
        blocks = ((y - y.mean()) / y.std()).reshape(64, -1)
        first, total = indices.weighted_sobol(blocks, 3, np.full((1, 64), 1 / 64))
        np.testing.assert_allclose(first[0], sample.second)
        np.testing.assert_allclose(total[0], sample.main)


def test_our_pawn_is_salibs() -> None:
    from SALib.analyze import pawn

    made = factors(3, *CUBE)
    x = saltelli(made, 256)[::5]
    y = ishigami(x)
    theirs = np.asarray(pawn.analyze(problem(made), x, y, S=10)["median"])
    np.testing.assert_allclose(indices_given.pawn(x, y), theirs, atol=0.02)


def test_levels_of_a_grid_are_the_slices_and_the_last_one_counts() -> None:
    """Two levels, the outcome doubles at the second: each is half, and half of the distribution away from all."""
    x = np.tile([[0.0], [1.0]], (20, 1))
    assert indices_given.pawn(x, x[:, 0])[0] == pytest.approx(0.5)


def test_swings_are_paired_and_ranked() -> None:
    made = factors(3)
    base = np.full(3, 0.5)
    x = np.array([base, *(np.where(np.arange(3) == k, end, base) for k in range(3) for end in (0.0, 1.0))])
    luck = 10 * np.arange(8.0)
    y = (x @ np.array([1.0, -5.0, 0.0]))[:, None] + luck[None, :]
    (ranking,) = analyse(responses(made, x, y))
    assert ranking.method == "swings"
    assert [each.factor for each in ranking.indices] == ["x2", "x1", "x3"]
    first, _, last = ranking.indices
    assert (first.value, first.second, first.sign) == (pytest.approx(5), pytest.approx(-5), -1)
    assert first.low == pytest.approx(5) and last.verdict == "luck"  # shared luck cancels in a pair


# ---- luck ------------------------------------------------------------------------------------------------------------


def noise(purpose_row: int, *shape: int) -> Floats:
    from abm.streams import Streams

    return Streams(99).normal("resample", purpose_row, np.arange(shape[0])[:, None], np.arange(shape[1])[None, :])


def test_the_share_of_luck_is_recovered() -> None:
    """Factors 4, luck shared by all points 1, luck of a point by itself 2: luck is 3/7 of a history."""
    points, replicates = 2000, 10
    y = 2 * noise(0, points, 1) + noise(1, 1, replicates) + np.sqrt(2) * noise(2, points, replicates)
    luck = luck_of(y)
    assert luck is not None
    shared = float(noise(1, 1, replicates).var(ddof=1))
    assert luck.history == pytest.approx((2 + shared) / (6 + shared), abs=0.03)
    assert luck.means == pytest.approx(0.2 / 4.2, abs=0.01)
    assert luck_of(y[:, :1]) is None


@pytest.mark.parametrize(("design", "n"), [(saltelli, 256), (trajectories, 200)])
def test_a_factor_that_only_deals_luck_anew_is_idle(design: Callable[..., Floats], n: int) -> None:
    made = factors(3)
    x = design(made, n)
    y = (10 * x[:, 0])[:, None] + noise(0, len(x), 6)
    found = {each.factor: each for each in analyse(responses(made, x, y))[0].indices}
    assert found["x1"].verdict == "acts"
    assert {found["x2"].verdict, found["x3"].verdict} <= {"luck", "undecided"}
    assert found["x2"].value > 0  # luck shows, and is not taken for an effect


def test_a_shuffled_factor_sets_the_bar_for_any_design() -> None:
    made = factors(4)
    x = noise(0, 300, 4)
    y = np.stack([np.sin(3 * x[:, 0]) + 0.3 * noise(1, 300, 1)[:, 0]] * 2, axis=1)
    (ranking,) = analyse(responses(made, x, y), resamples=100)
    found = {each.factor: each for each in ranking.indices}
    assert ranking.method == "given" and ranking.threshold is not None
    assert found["x1"].verdict == "acts"
    assert all(found[name].value < 1.3 * ranking.threshold for name in ("x2", "x3", "x4"))


def test_bootstrap_intervals_cover() -> None:
    """Of 95 % intervals for the three totals of Ishigami from 60 samples, 85 to 100 % hold the truth."""
    made, truth = factors(3, *CUBE), {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}
    held = []
    for seed in range(60):
        x = saltelli(made, 128, seed=seed + 1)
        (ranking,) = analyse(responses(made, x, ishigami(x)), resamples=100, seed=seed)
        held += [each.low <= truth[each.factor] <= each.high for each in ranking.indices]
    assert 0.85 <= np.mean(held) <= 1.0


def test_the_note_asks_for_more_when_the_sample_is_small() -> None:
    made = factors(3, *CUBE)
    notes = []
    for n in (16, 2048):
        x = saltelli(made, n)
        (ranking,) = analyse(responses(made, x, ishigami(x)), resamples=100)
        assert ranking.convergence is not None
        notes.append(ranking.convergence)
        assert ("not yet: use n >=" in told(ranking)) == (n == 16)
    small, large = notes
    assert not small.stable and small.needed >= 128 and large.stable and large.needed == large.n == 2048
    assert small.width > 4 * large.width


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_one_missing_point_is_named_and_not_turned_into_zeros() -> None:
    made = factors(3, *CUBE)
    x = saltelli(made, 64)
    y = ishigami(x)
    y[[7, 300]] = np.nan
    with pytest.raises(Unfit, match=r"missing at 2 of 320 points.*: 7, 300\. Method sobol needs every point"):
        analyse(responses(made, x, y))
    (ranking,) = analyse(responses(made, x, y), method="given", resamples=20)
    assert ranking.missing == 2 and ranking.points == 318 and "Left out: 2 points" in told(ranking)
    infinite = np.where(np.isnan(y), np.inf, y)
    with pytest.raises(Unfit, match="missing at 2"):
        analyse(responses(made, x, infinite))


def test_salib_still_turns_a_missing_point_into_zeros() -> None:
    """The trap that the guard is for; when this fails, the guard may be relaxed."""
    from SALib.analyze import sobol

    made = factors(3, *CUBE)
    x = saltelli(made, 64)
    y = ishigami(x)
    y[0] = np.nan
    with np.errstate(invalid="ignore"):
        found = sobol.analyze(problem(made), y, calc_second_order=False, seed=1)
    assert not np.any(found["ST"])


@pytest.mark.parametrize(
    ("outcome", "method", "words"),
    [
        ("z", "auto", 'outcome "z" was not measured'),
        ("y", "sobbol", 'did you mean "sobol"'),
        ("y", "morris", "needs Morris' trajectories"),
        ("y", "swings", "needs one factor at a time"),
    ],
)
def test_what_cannot_be_is_refused_in_words(outcome: str, method: str, words: str) -> None:
    made = factors(3)
    x = saltelli(made, 8)
    with pytest.raises(Unfit, match=words):
        analyse(responses(made, x, x[:, 0]), [outcome], method)


def test_too_few_points_are_refused() -> None:
    made = factors(3)
    with pytest.raises(Unfit, match="2 base points are too few"):
        analyse(responses(made, saltelli(made, 2), np.arange(10.0)))
    with pytest.raises(Unfit, match="9 points with results are too few for 3 factors; 16 are the least"):
        analyse(responses(made, noise(0, 9, 3), np.arange(9.0)))


def test_shuffled_points_are_not_taken_for_a_design() -> None:
    made = factors(3)
    x = saltelli(made, 8)[::-1]
    assert method_of(responses(made, np.roll(x, 1, axis=0), x[:, 0])) == "given"


def test_an_outcome_that_never_varies_has_idle_factors() -> None:
    made = factors(3)
    x = saltelli(made, 8)
    (ranking,) = analyse(responses(made, x, np.full(len(x), 3.0)))
    assert {each.verdict for each in ranking.indices} == {"luck"} and ranking.convergence is None
    assert "the same at every point" in told(ranking)


def test_an_outcome_that_varies_beside_the_base_points_only_is_refused() -> None:
    made = factors(3)
    x = saltelli(made, 4)
    y = np.zeros(len(x))
    y[1] = 1.0
    with pytest.raises(Unfit, match="the same at all 8 base points"):
        analyse(responses(made, x, y))


# ---- words and files -------------------------------------------------------------------------------------------------


def test_the_table_says_the_numbers() -> None:
    made = factors(3, *CUBE)
    x = saltelli(made, 512)
    (ranking,) = analyse(responses(made, x, ishigami(x)), resamples=50)
    lines = told(ranking, top=2).splitlines()
    assert lines[0].startswith("y  [people]  mean 3.5")
    assert lines[1].split() == ["factor", "ST", "95", "%", "interval", "S1", "places", "verdict"]
    assert lines[2].split()[1:3] == ["x1", figure(ranking.indices[0].value)]
    assert "and 1 weaker" in lines[4]


def test_the_same_seed_gives_the_same_numbers() -> None:
    made = factors(3, *CUBE)
    for x in (saltelli(made, 32), trajectories(made, 10), noise(0, 60, 3)):
        one, two = (analyse(responses(made, x, ishigami(x)), seed=5, resamples=30) for _ in range(2))
        assert one == two
        assert one != analyse(responses(made, x, ishigami(x)), seed=6, resamples=30)
