"""Retention and flows between two employers, counted again from the ledger in another way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import outcomes
from abm.run import Result, simulate
from abm.scenario import Scenario, ScenarioError, load


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("meta_fair").with_settings({"months": 30})


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Result:
    return simulate(scenario, seed=3)


def value(text: str, scenario: Scenario, result: Result) -> float:
    return outcomes.read(text, scenario).measure(result)


def test_retention_follows_each_hire_for_two_years(scenario: Scenario, result: Result) -> None:
    meta, end = 0, scenario.month_of("2024-06") - 24
    moves = result.moves
    place: dict[int, int] = {}
    hires: list[tuple[int, int]] = []
    for person, month, origin, goal in zip(
        *(moves[name].tolist() for name in ("researcher", "month", "from_state", "to_state")), strict=True
    ):
        if goal == meta != origin and max(end - 6, 0) <= month <= end:
            hires.append((person, month))
    kept = 0
    for person, month in hires:
        for who, when, goal in zip(
            *(moves[name].tolist() for name in ("researcher", "month", "to_state")), strict=True
        ):
            if who == person and when <= month + 24:
                place[person] = goal
        kept += place[person] == meta
    assert len(hires) > 10
    assert value("retention:Meta@2024-06", scenario, result) == pytest.approx(kept / len(hires))
    assert 0 < kept < len(hires)


def test_retention_of_nobody_is_not_a_number(scenario: Scenario, result: Result) -> None:
    assert math.isnan(value("retention:Meta@2022-06", scenario, result))


def test_flows_of_an_employer_add_up_to_its_departures_to_employers(scenario: Scenario, result: Result) -> None:
    names = [employer.name for employer in scenario.employers]
    total = sum(value(f"flow:Meta>{name}", scenario, result) for name in names if name != "Meta")
    left = result.departures
    goals = left["to_employer"][left["from_employer"] == 0]
    assert total == np.sum((goals >= 0) & (goals < len(names))) > 0
    early, late = (value(f"flow:Meta>OpenAI@{span}", scenario, result) for span in ("2022-12", "2023-01..2024-06"))
    assert early + late == value("flow:Meta>OpenAI", scenario, result)


@pytest.mark.parametrize(
    ("text", "expected", "fix"),
    [
        ("flow:Meta", "two employers, A>B", "flow:Meta>NAME"),
        ("flow:Meta>Meta", "two employers, A>B", "flow:Meta>NAME"),
        ("flow:Meta>Opnai", "the names of two employers", "'OpenAI'"),
        ("flow", "a subject after a colon", "flow:NAME"),
        ("retention:Mta", "one employer", "'Meta'"),
    ],
)
def test_bad_texts_are_refused_in_words(text: str, expected: str, fix: str, scenario: Scenario) -> None:
    with pytest.raises(ScenarioError) as refusal:
        outcomes.read(text, scenario)
    assert expected in str(refusal.value) and fix in str(refusal.value)


def test_a_far_fetched_kind_gets_examples_and_a_near_one_a_suggestion(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'exits'"):
        outcomes.read("exitz:Meta", scenario)
    with pytest.raises(ScenarioError) as caught:
        outcomes.read("nosuch", scenario)
    assert "did you mean" not in str(caught.value)
    assert "write e.g. left, exits" in str(caught.value)
