"""Scenario discovery: planted boxes are found, and what cannot be told apart is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from abm.columns import Floats
from abm.streams import Streams
from experiments.discovery import bound_of, discover
from experiments.discovery_box import Discovery, rule, told
from experiments.responses import Factor, Responses
from experiments.sensitivity import Unfit

NAMES = ("h_shock", "personal_sd", "scenario", "place", "openness")
FACTORS = tuple(
    Factor(name, 0, 2, levels=("Paris", "London", "Toronto")) if name == "place" else Factor(name, 0, 1)
    for name in NAMES
)


def cube(points: int) -> Floats:
    x = Streams(7).uniform("resample", 0, np.arange(points)[:, None], np.arange(5)[None, :])
    x[:, 3] = np.floor(3 * x[:, 3])
    return x


def planted(x: Floats, purity: float = 1.0) -> Floats:
    """1 in the box h_shock > 0.6, personal_sd < 0.35 for a share of its points, and nowhere else."""
    inside = (x[:, 0] > 0.6) & (x[:, 1] < 0.35)
    return (inside & (Streams(8).uniform("resample", 1, np.arange(len(x))) < purity)).astype(float)


def responses(x: Floats, y: Floats) -> Responses:
    return Responses(
        FACTORS, x, ("exits:Meta", "startups"), ("people", "start-ups"), y[:, None, None] * [[2.0, 1.0]], np.arange(1)
    )


@pytest.fixture(scope="module")
def found() -> Iterator[Discovery]:
    x = cube(700)
    yield discover(responses(x, planted(x, 0.8)), "exits:Meta", "1", resamples=6)


def test_a_planted_box_is_found_with_its_coverage_and_density(found: Discovery) -> None:
    """Four fifths of the points of the planted box are cases and all cases are in it: coverage 1, density 0.8."""
    box = found.boxes[0]
    assert box.coverage == pytest.approx(1.0, abs=0.06)
    assert box.density == pytest.approx(0.8, abs=0.06)
    assert {limit.factor for limit in box.limits} == {"h_shock", "personal_sd"}
    by_name = {limit.factor: limit for limit in box.limits}
    assert by_name["h_shock"].low == pytest.approx(0.6, abs=0.03) and by_name["h_shock"].high is None
    assert by_name["personal_sd"].high == pytest.approx(0.35, abs=0.03) and by_name["personal_sd"].low is None
    assert all(limit.quasi_p < 1e-6 and limit.stability == 1.0 for limit in box.limits)


def test_what_is_told_of_a_box_is_true_of_its_points(found: Discovery) -> None:
    x = cube(700)
    cases, box = planted(x, 0.8) > 0, found.boxes[0]
    inside = np.ones(len(x), dtype=bool)
    for limit in box.limits:
        column = x[:, NAMES.index(limit.factor)]
        inside &= column >= (limit.low or -np.inf)
        inside &= column <= (np.inf if limit.high is None else limit.high)
    assert box.coverage == pytest.approx(cases[inside].sum() / cases.sum())
    assert box.density == pytest.approx(cases[inside].mean())
    assert box.mass == pytest.approx(inside.mean())
    assert box.trajectory[box.chosen][:3] == (box.coverage, box.density, box.mass)
    assert box.trajectory[0] == (1.0, pytest.approx(found.base), 1.0, 0)


def test_the_rule_reads_as_a_sentence(found: Discovery) -> None:
    text = rule(found, found.boxes[0], "exodus")
    assert text.startswith("exodus when ") and " and " in text and "h_shock > 0." in text
    assert text.endswith("% pure")
    assert "exits:Meta above 1 [people]" in told(found) and "in 100 % of resamples" in told(found)


def test_words_are_told_as_words() -> None:
    x = cube(300)
    y = (x[:, 3] == 2).astype(float)
    box = discover(responses(x, y), "exits:Meta", "0.5", resamples=0).boxes[0]
    assert [(limit.factor, limit.levels) for limit in box.limits] == [("place", ("Toronto",))]
    assert (box.coverage, box.density) == (1.0, 1.0)
    assert box.limits[0].told() == "place is Toronto"


def test_below_and_missing_points() -> None:
    x = cube(300)
    y = 1 - planted(x)
    y[[3, 5]] = np.nan
    low = discover(responses(x, y), "exits:Meta", "0.5", above=False, resamples=0)
    assert low.missing == 2 and low.points == 298 and "Left out: 2" in told(low)
    assert {limit.factor for limit in low.boxes[0].limits} == {"h_shock", "personal_sd"}


def test_noise_has_no_box_to_speak_of() -> None:
    """Cases drawn by lot: a box may be found, but none that is dense and holds most of them; a planted one is.

    Both are asked the same way, so that an empty list of boxes says something.
    """
    x = cube(300)

    def best(y: Floats) -> float:
        found = discover(responses(x, y), "exits:Meta", "0.5", resamples=4)
        assert found.points == 300 and found.cases == y.sum() > 8
        return max((box.density * box.coverage for box in found.boxes), default=0.0)

    for seed in range(9, 12):
        lot = (Streams(seed).uniform("resample", 2, np.arange(300)) < 0.3).astype(float)
        assert best(lot) < 0.5
    assert best(planted(x, 0.9)) > 0.5


def test_the_same_points_give_the_same_boxes() -> None:
    x = cube(200)
    one, two = (discover(responses(x, planted(x)), "startups", "0.5", resamples=2, seed=3) for _ in range(2))
    assert one == two


def test_thresholds() -> None:
    y = np.arange(101.0)
    assert bound_of("0.8q", y) == pytest.approx(80)
    assert bound_of("-3.5", y) == -3.5
    for text in ("", "q", "1.5q", "0q", "many", "nan", "inf"):
        with pytest.raises(Unfit, match="expected a number such as 140, or a quantile"):
            bound_of(text, y)


@pytest.mark.parametrize(
    ("outcome", "threshold", "words"),
    [
        ("exit:Meta", "0.5", 'did you mean "exits:Meta"'),
        ("exits:Meta", "7", "above 7 at 0 of 100 points; at least 8"),
        ("exits:Meta", "-1", "above -1 at 100 of 100 points"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(outcome: str, threshold: str, words: str) -> None:
    x = cube(100)
    with pytest.raises(Unfit, match=words):
        discover(responses(x, planted(x)), outcome, threshold)


def test_nothing_measured_is_refused() -> None:
    x = cube(100)
    with pytest.raises(Unfit, match="no result at any of 100 points"):
        discover(responses(x, np.full(100, np.nan)), "startups", "0.5q")


def test_without_the_workbench_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    x = cube(100)
    with pytest.raises(Unfit, match="uv sync --extra discovery"):
        discover(responses(x, planted(x)), "startups", "0.5")
