"""Verdicts on paired differences: the sign-flip test by enumeration, and one rule wherever a verdict is printed."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from abm import comparison, mechanisms, outcomes, paired, verdicts
from abm.attribution import Estimate
from abm.changes import Change, change
from abm.columns import Floats
from abm.commands import calibrate, predict
from abm.scenario import load
from abm.verdicts import FEW, FEWEST, HIGHER, LOWER, SAME, UNSEEN, judge
from experiments.question_words import effect, verdict
from experiments.question_worlds import PLACEBO, Arm, Design, Row, collect, row_of
from experiments.scores import Predictive
from viz.shelf import fit

ROOT = Path(__file__).resolve().parents[1]
LIKE = outcomes.Outcome("exits", "people", "Exits.", lambda result: 0.0, 0)


def drawn(seed: int, n: int) -> Floats:
    return np.random.default_rng(seed).normal(0.4, 1.0, n)


# ---- the test ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 5, 10, 13])
def test_p_is_the_share_of_signs_that_reach_as_far(n: int) -> None:
    for values in (drawn(n, n), np.round(2 * drawn(n, n))):
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
        reached = np.abs(signs @ values) >= abs(values.sum()) - 1e-9
        assert verdicts.sign_flip(values) == pytest.approx(reached.mean(), abs=1e-12)


def test_p_agrees_with_another_program() -> None:
    values = drawn(3, 12)
    theirs = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert verdicts.sign_flip(values) == pytest.approx(theirs, abs=1e-12)


def test_drawn_signs_give_what_all_of_them_give_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    values = drawn(4, 15)
    exact = verdicts.sign_flip(values)
    monkeypatch.setattr(verdicts, "EXACT", 3)
    assert verdicts.sign_flip(values) == verdicts.sign_flip(values.copy())
    assert verdicts.sign_flip(values) == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / verdicts.DRAWS))
    monkeypatch.setattr(verdicts, "NORMAL", 3)
    assert verdicts.sign_flip(values) == pytest.approx(exact, abs=0.02), "the normal limit is near already"


def test_luck_alone_is_called_an_effect_in_at_most_one_case_in_twenty() -> None:
    """Differences of counts that are as often above as below: false verdicts over 2,000 tables of 12 pairs."""
    luck = np.random.default_rng(5).integers(-2, 3, (2000, 12)).astype(float)
    wrong = np.mean([judge(values).side != 0 for values in luck])
    assert 0.02 < wrong < 0.06


# ---- the words -----------------------------------------------------------------------------------------------------


def test_a_verdict_needs_ten_pairs() -> None:
    assert FEWEST == 10
    for n in range(1, 10):
        assert judge(np.full(n, -1.0)).word == FEW and judge(np.full(n, -1.0)).side == 0
    assert (judge(np.full(10, -1.0)).word, judge(np.full(10, 2.5)).word) == (LOWER, HIGHER)
    assert judge(np.tile([-1.0, 1.0], 6)).word == UNSEEN
    assert judge(np.zeros(3)).word == SAME == judge(np.zeros(30)).word
    assert judge(np.array([])).word == FEW
    assert judge(np.array([np.nan, 0.0])).word == SAME and judge(np.array([np.nan, 1.0])).pairs == 1


def test_two_equal_differences_have_no_interval() -> None:
    """Of two pairs that differ by the same whole number: an interval of width zero would claim to know the effect."""
    for values in (np.full(2, -1.0), np.zeros(6), np.full(30, 0.1), np.array([3.0])):
        mean, low, high = verdicts.interval(values)
        assert mean == pytest.approx(values[0]) and np.isnan(low) and np.isnan(high)
    values = np.array([1.0, 2.0, 4.0, 4.5])
    assert verdicts.interval(values) == pytest.approx(
        (values.mean(), *stats.t.interval(0.95, 3, loc=values.mean(), scale=values.std(ddof=1) / 2))
    )


@pytest.mark.parametrize(("share", "draws"), [(0.8, 9), (0.9, 19), (0.5, 3), (0.95, 39)])
def test_so_many_draws_hold_a_share(share: float, draws: int) -> None:
    """A new draw falls between the smallest and the largest of n with probability (n - 1) / (n + 1)."""
    assert verdicts.needed(share) == draws
    assert verdicts.holds(draws, share) and not verdicts.holds(draws - 1, share)


# ---- the places that say so ----------------------------------------------------------------------------------------


def test_a_comparison_of_two_pairs_says_nothing_yet() -> None:
    two = paired.outcome_row(LIKE, np.array([5.0, 6.0]), np.array([4.0, 5.0]))
    assert two.verdict.word == FEW and np.isnan(two.difference.low)
    assert np.isnan(two.correlation) and np.isnan(two.variance_ratio), "two points always lie on a line"
    many = paired.outcome_row(LIKE, drawn(1, 12), drawn(1, 12) + 1 + 0.1 * drawn(2, 12))
    assert many.verdict.word == HIGHER and many.correlation > 0.9


def test_a_comparison_tells_its_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    from abm import commands

    scenario = load("tiny").with_settings({"months": 4})
    found = paired.compare(scenario, change({"h0": 0.2}), replicates=2, outcomes=("exits", "new_startups"))
    told = comparison.as_data(scenario, found)
    assert {row["verdict"] for row in told["outcomes"]} <= {FEW, SAME}
    comparison.print_paired(scenario, found, commands.console())
    assert FEW in capsys.readouterr().out


def test_an_ablation_of_equal_pairs_shows_nothing() -> None:
    mechanism = next(each for each in mechanisms.declared().values() if each.expected == "higher")

    def told(differences: Floats) -> str:
        numbers = (0.0, 0.0, *verdicts.interval(differences))
        return mechanisms.Effect(mechanism, "", *numbers, judge(differences), (0, 0, 0), len(differences)).verdict

    assert told(np.full(2, 1.0)) == FEW
    assert told(np.full(10, 1.0)) == "as expected"
    assert told(np.full(10, -1.0)) == "the other way"
    assert told(np.tile([-1.0, 1.0], 5)) == "no effect seen"
    assert told(np.zeros(20)) == SAME


def asked(one: Floats, two: Floats) -> Row:
    return row_of("tiny", LIKE, "w", "a", one, two)


def test_a_question_says_which_of_the_reasons_it_is() -> None:
    few, none = asked(np.array([4.0, 5.0]), np.array([5.0, 6.0])), asked(np.ones(3), np.ones(3))
    assert few.seen == 0 and effect(few) == "−1 people in each of 2 pairs (too few pairs to tell)"
    assert verdict(few, "More", "Fewer") == "Too few pairs to tell (10 are the least)"
    assert effect(none) == "no difference in any of 3 pairs"
    assert verdict(none, "More", "Fewer") == "No difference in any pair"
    clear = asked(np.full(10, 4.0), np.full(10, 5.0))
    assert clear.seen == -1 and verdict(clear, "More", "Fewer") == "Fewer"
    assert effect(clear) == "−1 people in each of 10 pairs"


def test_an_attribution_is_clear_by_the_same_rule() -> None:
    assert not Estimate.of(np.full(2, 3.0)).is_clear and Estimate.of(np.full(2, 3.0)).low is None
    assert Estimate.of(3.0 + 0.1 * drawn(1, 10)).is_clear
    assert not Estimate.of(3.0 + 0.1 * drawn(1, 9)).is_clear


def test_the_page_has_the_same_least_number() -> None:
    text = (ROOT / "viz" / "public" / "js" / "worlds.js").read_text(encoding="utf-8")
    said = re.search(r"FEWEST = (\d+)", text)
    assert said is not None and int(said[1]) == FEWEST
    for word in (SAME, FEW):
        assert f'"{word}"' in text


# ---- shares of few draws -------------------------------------------------------------------------------------------


def test_eighty_per_cent_of_two_draws_is_their_extremes() -> None:
    two = Predictive.of_draws(np.array([3.0, 7.0]), 14)
    assert two.central(0.8) == (3.0, 7.0) and not two.holds(0.8)
    assert two.verdict(4.0, 5.0) == "too few histories"
    enough = Predictive.of_draws(np.arange(9.0), 14)
    assert enough.holds(0.8) and enough.verdict(4.0, 5.0) == "inside"
    exact = Predictive(np.arange(3.0), np.array([0.05, 0.9, 0.05]), 3, 0)
    assert exact.holds(0.8), "exact weights were not drawn"


@pytest.mark.parametrize("central", [predict.central, fit.central])
def test_predictions_of_few_draws_are_told_from_lowest_to_highest(central: object) -> None:
    assert callable(central)
    document = {"pmf": [0.0, 0.2, 0.6, 0.2, 0.0]}
    quantiles = {"p01": 0.1, "p10": 0.2, "p90": 0.8, "p99": 0.9}
    assert (central(document), central(document, True)) == ((1.0, 3.0), (1.0, 3.0))
    assert (central(quantiles), central(quantiles, True)) == ((0.2, 0.8), (0.1, 0.9))
    narrow = {"pmf": [0.01, 0.98, 0.01]}
    assert (central(narrow), central(narrow, True)) == ((1.0, 1.0), (0.0, 2.0))


def test_the_screen_says_how_many_draws_eighty_per_cent_needs(capsys: pytest.CaptureFixture[str]) -> None:
    from abm import commands

    forecast = {"mean": 2.0, "pmf": [0.0, 0.5, 0.0, 0.5]}
    row = {"row": "left:x@2022-12", "status": "predicted", "unit": "people", "of": 3}
    told = {
        "posterior": {"parameters": [], "source": "defaults", "fitted_to": None},
        "scenarios": {},
        "rows": [{**row, "forecasts": dict.fromkeys(("model", "constant", "tenure", "contagion"), forecast)}],
    }
    for draws, said in ((2, True), (9, False)):
        predict._show({**told, "draws": draws}, commands.console())
        out = capsys.readouterr().out
        assert ("lowest to highest" in out and "80 % needs 9 histories" in out) == said
        assert ("80 %" in out.splitlines()[2]) != said
    assert calibrate.verdicts is verdicts
    assert json.dumps(told)


# ---- the placebo ---------------------------------------------------------------------------------------------------


def test_the_placebo_is_run_twice_and_is_nothing() -> None:
    scenario = load("tiny").with_settings({"months": 3})
    design = Design(scenario, (Arm("history"), Arm("other", change({"h0": 0.2}))), Change(), ("exits",))
    found = collect([design], 1, 4, 1)
    assert [len(found.seen[0][name]) for name in ("history", "other", PLACEBO)] == [4, 4, 2]
    row = found.row("exits", PLACEBO)
    assert (row.pairs, row.difference, row.verdict) == (2, 0.0, SAME)


def test_an_interval_leaves_out_what_is_no_number() -> None:
    known = np.arange(12.0) + 1.0
    assert verdicts.interval(np.append(known, np.nan)) == verdicts.interval(known)
