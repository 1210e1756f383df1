"""Exits of leaders, exits after a leader is lost, and calls to authors: counted again, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from abm import outcomes
from abm.run import Result, simulate
from abm.scenario import Scenario, load


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("meta_fair").with_settings({"months": 20})


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Result:
    return simulate(scenario, seed=2)


def value(text: str, scenario: Scenario, result: Result) -> float:
    return outcomes.read(text, scenario).measure(result)


def exits(result: Result) -> list[tuple[int, int, int]]:
    """(month, person, team) of every voluntary departure."""
    left = result.departures
    rows = zip(*(left[name].tolist() for name in ("month", "researcher", "from_team", "voluntary")), strict=True)
    return [(month, person, team) for month, person, team, willing in rows if willing]


def test_leaders_are_known_before_every_month(scenario: Scenario, result: Result) -> None:
    assert result.leaders.shape == (scenario.months + 1, len(result.teams))
    assert len(np.unique(result.leaders[0][result.leaders[0] >= 0])) == (result.leaders[0] >= 0).sum()
    went = [(month, team) for month, person, team in exits(result) if result.leaders[month, team] == person]
    assert went
    assert all(result.leaders[month + 1, team] != result.leaders[month, team] for month, team in went)


def test_leaders_far_away_are_set_against_the_others(scenario: Scenario, result: Result) -> None:
    clock = {site.name: site.utc_offset for site in scenario.sites}
    home = clock[scenario.employers[0].hq]
    gone, time = [0, 0], [0, 0]
    mine = [(row, team) for row, team in enumerate(scenario.placed_teams()) if team.employer == 0]
    for row, team in mine:
        side = int(abs(clock[team.plan.site] - home) >= 5)
        time[side] += sum(int(result.leaders[month, row] >= 0) for month in range(scenario.months))
        gone[side] += sum(who == row and result.leaders[month, row] == person for month, person, who in exits(result))
    assert min(time) > 0 < sum(gone)
    expected = 1200 * (gone[1] / time[1] - gone[0] / time[0])
    assert value("leader_exit_gap:Meta", scenario, result) == pytest.approx(expected)


def test_exits_after_a_leader_is_lost(scenario: Scenario, result: Result) -> None:
    left, time = 0, 0.0
    for row in (row for row, team in enumerate(scenario.placed_teams()) if team.employer == 0):
        for month in range(6, scenario.months):
            lost = [
                past
                for past in range(max(month - 12, 0), month)
                if result.leaders[past, row] >= 0 and result.leaders[past + 1, row] != result.leaders[past, row]
            ]
            if lost:
                left += sum(when == month and team == row for when, _, team in exits(result))
                time += result.series["team_size"][month, row]
    first = scenario.date_of(6)
    text = f"exits_after_leader:Meta@{first}..{scenario.date_of(scenario.months - 1)}"
    assert left > 0
    assert value(text, scenario, result) == pytest.approx(1200 * left / time)


def test_calls_to_authors_are_set_against_those_to_colleagues(scenario: Scenario, result: Result) -> None:
    authors = set(result.members["llama-authors"].tolist())
    first, last = scenario.month_of("2023-03"), scenario.month_of("2023-08")
    place = dict(enumerate(result.at_start.tolist()))
    moves = sorted(
        zip(result.moves["month"].tolist(), range(10**6), result.moves["researcher"].tolist(),
            result.moves["to_state"].tolist(), strict=False)
    )  # fmt: skip
    calls, at = [0, 0], 0
    for month, person, reach in zip(
        *(result.offers[n].tolist() for n in ("month", "researcher", "reach")), strict=True
    ):
        while at < len(moves) and moves[at][0] < month:
            place[moves[at][2]] = moves[at][3]
            at += 1
        if first <= month <= last and reach == 1 and place[person] == 0:
            calls[person in authors] += 1
    there = (
        len(authors) * (last - first + 1)
        - result.left[list(result.members).index("llama-authors"), first : last + 1].sum()
    )
    others = result.series["headcount"][first : last + 1, 0].sum() - there
    assert min(calls) > 0
    expected = 1200 * (calls[1] / there - calls[0] / others)
    assert value("calls_above:llama-authors@2023-03..2023-08", scenario, result) == pytest.approx(expected)
