"""The Compare page without a browser: two worlds as a piece of work, runs put aside, branches, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from abm import paired
from abm.changes import change
from abm.differences import KINDS
from abm.run import simulate
from abm.scenario import Scenario, load
from tests.app_session import Asked, asked
from viz.work import compare as work_compare
from viz.worlds import MOST_PINS

LIVELY = {"h_ties": 1.5, "h0": 0.2}


class Told:
    """What a piece of work reports when it runs in this process."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.steps: list[tuple[int, int]] = []
        self.parts: list[Any] = []

    def __call__(self, done: int, total: int) -> None:
        """So far."""
        self.steps.append((done, total))

    def part(self, found: Any) -> None:
        """A part."""
        self.parts.append(found)


def worked(first: Scenario, second: Scenario, histories: int) -> tuple[work_compare.Asked, Told, list[paired.Pair]]:
    """Compare two worlds in this process."""
    worlds = work_compare.Asked(first, second, 1, paired.default_outcomes(first))
    worlds.check()
    told = Told()
    work_compare.compare(told, worlds, range(histories))  # type: ignore[arg-type]
    return worlds, told, [part[1] for part in told.parts if part[0] == "pair"]


@pytest.fixture
def tiny() -> Iterator[Asked]:
    """A session four months into the smallest scenario."""
    with asked("tiny", 4) as found:
        yield found


# ---- the work --------------------------------------------------------------------------------------------------------


def test_equal_worlds_differ_nowhere() -> None:
    scenario = load("tiny")
    worlds, told, pairs = worked(scenario, scenario, 2)
    found = worlds.gather(pairs)
    assert found["identical"] == found["histories"] == 2
    assert {(row["mean"], row["verdict"]) for row in found["outcomes"]} == {(0.0, "no difference in any pair")}
    assert np.isnan([row[end] for row in found["outcomes"] for end in ("low", "high")]).all()
    for _, _, series in (part for part in told.parts if part[0] == "pair"):
        for name, values in series[0].items():
            np.testing.assert_array_equal(values, series[1][name])
    people = next(part[1] for part in told.parts if part[0] == "people")
    assert people["total"] == 0 and people["rows"] == []
    assert told.steps[-1] == (8, 8)


def test_a_change_gives_the_numbers_of_paired_compare_and_the_chains_of_its_first_pair() -> None:
    scenario = load("tiny")
    second = scenario.with_settings(LIVELY)
    worlds, told, pairs = worked(scenario, second, 4)
    known = paired.compare(scenario, change(LIVELY), replicates=4)
    found = worlds.gather(pairs)
    assert any(row.difference.mean for row in known.outcomes), "the change does nothing: the test shows nothing"
    for row, expected in zip(found["outcomes"], known.outcomes, strict=True):
        assert row["outcome"] == expected.text
        assert (row["first"], row["second"]) == (expected.first, expected.second)
        numbers = (expected.difference.mean, expected.difference.low, expected.difference.high)
        np.testing.assert_array_equal([row["mean"], row["low"], row["high"]], numbers)
        assert row["verdict"] == expected.verdict.word
    assert [pair.digests for pair in pairs] == [pair.digests for pair in known.pairs]
    people = next(part[1] for part in told.parts if part[0] == "people")
    chains = known.pairs[0].chains
    assert chains is not None
    assert people["total"] == len(chains.people) > 0
    assert sum(people["kinds"].values()) == people["total"] and set(people["kinds"]) == set(KINDS)
    assert {row["researcher"]: row["reached"] for row in people["rows"]} == chains.told_of


def test_series_are_those_of_the_history() -> None:
    scenario = load("meta_fair").with_settings({"months": 6})
    result = simulate(scenario, 1, 0)
    series = work_compare.series(scenario, result)
    n = len(scenario.employers)
    assert series["headcount"].shape == series["departures"].shape == series["compute"].shape == (6, n)
    np.testing.assert_array_equal(series["exits"], result.series["new_departures"].astype(np.float32))
    # what the teams of the first employer get, head by head, counted the slow way
    rows = [k for k, team in enumerate(scenario.placed_teams()) if team.employer == 0]
    heads = result.series["team_size"][3, rows]
    got = np.nansum(result.series["compute_per_head"][3, rows] * heads) / heads.sum()
    assert series["compute"][3, 0] == pytest.approx(got, rel=1e-5)
    late = [k for k, cohort in enumerate(scenario.cohorts) if scenario.month_of(cohort.fixed) > 0]
    for place, cohort in enumerate(scenario.cohorts):
        fixed = max(0, scenario.month_of(cohort.fixed))
        assert np.isnan(series["left"][:fixed, place]).all()
        assert ((series["left"][fixed:, place] >= 0) & (series["left"][fixed:, place] <= 1)).all()
    assert late, "no cohort is fixed later: the test shows nothing"


# ---- the session -----------------------------------------------------------------------------------------------------


def test_parts_arrive_and_what_is_known_is_not_run_again(tiny: Asked) -> None:
    tiny.well("parameter", name="h0", value=0.2)
    answer = tiny.well("compare", first="described", second="present", histories=2)
    assert answer["pairs"] == [] and "h0" in answer["second"] and not answer["equal"]
    parts = tiny.parts(answer["job"])
    assert [part["pair"]["number"] for part in parts if "pair" in part] == [0, 1]
    assert [set(part) for part in parts] == [{"pair", "found"}, {"people"}, {"pair", "found"}]
    assert parts[-1]["found"]["histories"] == 2
    again = tiny.well("compare", first="described", second="present", histories=2)
    assert again["job"] is None and len(again["pairs"]) == 2 and again["people"] is not None
    more = tiny.well("compare", first="described", second="present", histories=3)
    assert [part["pair"]["number"] for part in tiny.parts(more["job"])] == [2]


def test_the_present_run_is_the_first_history_of_its_comparison(tiny: Asked) -> None:
    tiny.well("pull", policy="match_offers", settings={"factor": 2.0})
    tiny.run_to(12)
    mine = tiny.well("digest")["digest"]
    answer = tiny.well("compare", first="described", second="present", histories=1)
    part = next(part for part in tiny.parts(answer["job"]) if "pair" in part)
    assert part["pair"]["digests"][1] == mine


def test_equal_worlds_need_one_history(tiny: Asked) -> None:
    answer = tiny.well("compare", first="described", second="present", histories=8)
    parts = tiny.parts(answer["job"])
    assert answer["equal"]
    assert [part["found"]["identical"] for part in parts if "pair" in part] == [1]


def test_work_can_be_stopped_and_goes_on_where_it_was(tiny: Asked) -> None:
    asked_for = {"first": "described", "policy": "garden_leave", "settings": {"months": 6}, "histories": 40}
    answer = tiny.well("compare", **asked_for)
    tiny.first_part(answer["job"])
    assert tiny.well("stop", number=answer["job"])["stopped"]
    assert tiny.end_of(answer["job"])["state"] == "stopped"
    again = tiny.well("compare", **(asked_for | {"histories": 1}))
    assert len(again["pairs"]) >= 1
    assert not tiny.well("stop", number=answer["job"])["stopped"]


def test_a_branch_keeps_the_past_and_drops_later_pulls(tiny: Asked) -> None:
    before = tiny.session.seen
    assert before is not None
    tiny.well("pull", policy="hiring", settings={"factor": 0.2})
    tiny.run_to(7)
    answer = tiny.well("branch", month=3)
    assert answer["month"] == 3 and answer["log"] == []
    assert [month["month"] for month in answer["past"]] == [1, 2, 3]
    tiny.run_to(6)
    fresh = simulate(load("tiny").with_settings({"months": 6}), 1, 0)
    assert tiny.well("digest")["digest"] == fresh.digest
    assert "lies ahead" in tiny.refused("branch", month=9)


def test_a_pinned_run_is_kept_opened_again_renamed_and_removed(tiny: Asked) -> None:
    tiny.well("pull", policy="hiring", settings={"factor": 0.2})
    pin = tiny.well("pin", name="  fewer   posts ")["pins"][0]
    assert pin["name"] == "fewer posts" and pin["month"] == 4 and "iring" in pin["words"]
    tiny.run_to(8)
    tiny.well("branch", month=2)
    answer = tiny.well("compare", first="present", second=f"pin:{pin['number']}", histories=1)
    assert not answer["equal"]
    tiny.end_of(answer["job"])
    opened = tiny.well("open_pin", number=pin["number"])
    assert opened["month"] == 4 and len(opened["past"]) == 4 and len(opened["log"]) == 1
    assert tiny.well("digest")["digest"] == pin["digest"]
    assert tiny.well("rename_pin", number=pin["number"], name="b")["pins"][0]["name"] == "b"
    assert "letter" in tiny.refused("rename_pin", number=pin["number"], name="  ")
    assert tiny.well("unpin", number=pin["number"])["pins"] == []
    assert "no such run" in tiny.refused("open_pin", number=pin["number"])
    for _ in range(MOST_PINS):
        tiny.well("pin")
    assert "remove one" in tiny.refused("pin")


def test_runs_of_another_luck_or_scenario_are_not_compared(tiny: Asked) -> None:
    number = tiny.well("pin")["number"]
    tiny.well("open", scenario="tiny", seed=2)
    assert "luck" in tiny.refused("compare", second=f"pin:{number}")
    tiny.well("open", scenario="meta_fair")
    assert "scenario" in tiny.refused("compare", second=f"pin:{number}")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first": "nowhere"}, "no such world"),
        ({"second": "pin:9"}, "no such world"),
        ({"second": "pin:" + "9" * 15}, "no such world"),
        ({"second": ["present"]}, "expected a text"),
        ({"without": ["E999"]}, "E999"),
        ({"without": "T05"}, "expected a list"),
        ({"without": ["T05"] * 61}, "at most 60"),
        ({"policy": "no_such_policy"}, "no_such_policy"),
        ({"policy": "garden_leave", "settings": {"months": 1e9}}, "months"),
        ({"policy": "garden_leave", "settings": {"months": float("nan")}}, "expected a number"),
        ({"policy": "garden_leave", "settings": {"weeks": 2}}, "weeks"),
        ({"policy": "garden_leave", "settings": {"months": 2}, "since": "1066-10"}, "1066-10"),
        ({"histories": 0}, "whole number"),
        ({"histories": 10**6}, "whole number"),
        ({"until": -1}, "whole number"),
        ({"surprise": 1}, "not one of its fields"),
    ],
)
def test_nonsense_is_refused_in_words(tiny: Asked, fields: dict[str, Any], words: str) -> None:
    said = tiny.refused("compare", **fields)
    assert words in said and "Traceback" not in said
    assert tiny.session.jobs.n_open == 0


def test_before_a_market_is_open_nothing_can_be_compared() -> None:
    found = Asked()
    try:
        for what in ("pin", "compare", "branch"):
            assert "no market is open" in found.refused(what, **({"month": 0} if what == "branch" else {}))
    finally:
        found.session.close()
