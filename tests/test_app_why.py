"""The Why page without a browser: events taken apart, people kept, cohorts over histories, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from abm import attribution, contagion, keep
from abm.contagion import SCOPES, Question
from abm.run import simulate
from abm.scenario import load
from tests.app_session import Asked, asked
from viz.work import why as work_why

OUTCOME = "left:alpha-authors@2022-12"


@pytest.fixture(scope="module")
def tiny() -> Iterator[Asked]:
    """A session at the end of the smallest scenario."""
    with asked("tiny", 12) as found:
        yield found


def test_choices_are_what_the_scenario_has(tiny: Asked) -> None:
    found = tiny.well("why_choices")
    scenario = load("tiny")
    assert OUTCOME in [row["text"] for row in found["outcomes"]]
    assert [row["id"] for row in found["events"]] == [event.id for event in scenario.events if event.effects]
    assert found["employers"][found["focal"]] == scenario.cohorts[0].employer


def test_events_are_taken_apart_history_by_history_and_sum_to_the_whole(tiny: Asked) -> None:
    answer = tiny.well("attribute", outcome=OUTCOME, histories=2)
    assert answer["found"] is None and answer["players"] > 1
    parts = tiny.parts(answer["job"])
    assert [part["replicates"] for part in parts] == [1, 2]
    asked_for = work_why.planned(load("tiny"), OUTCOME, 1, 2)
    (known,) = attribution.conclude(asked_for, attribution.run(asked_for))
    assert known.shapley is not None
    outcome = parts[-1]["outcome"]
    assert outcome["everything"]["mean"] == known.everything.mean()
    means = [part["shapley"]["mean"] for part in outcome["parts"]]
    np.testing.assert_allclose(means, known.shapley.mean(axis=0))
    assert sum(means) == pytest.approx(outcome["whole"]["mean"])
    assert any(means), "no event does anything: the test shows nothing"

    again = tiny.well("attribute", outcome=OUTCOME, histories=2)
    assert again["job"] is None and again["found"]["outcome"] == outcome
    more = tiny.well("attribute", outcome=OUTCOME, histories=3)
    assert [part["replicates"] for part in tiny.parts(more["job"])] == [3]


def test_known_histories_of_an_attribution_are_not_run_again() -> None:
    plan = work_why.planned(load("tiny"), OUTCOME, 1, 3)
    whole = attribution.run(plan)
    ran: list[int] = []
    known = {number: whole[number] for number in (0, 2)}
    jobs: list[None] = []
    again = attribution.run(plan, 1, lambda: jobs.append(None), lambda number, _: ran.append(number), known)
    assert ran == [1]
    assert len(jobs) == attribution.n_jobs(plan, known) < attribution.n_jobs(plan)
    for number, values in whole.items():
        np.testing.assert_array_equal(values, again[number])


def test_key_people_are_those_of_the_library(tiny: Asked) -> None:
    fields = {"employer": 0, "since": 2, "window": 6, "sample": 12, "futures": 5}
    answer = tiny.well("keystone", **fields)
    end = tiny.end_of(answer["job"])
    assert end["state"] == "done"
    found = end["result"]
    rows = contagion.probe(load("tiny"), 1, 0, Question(6, 2, 7, 0, held_from=2))
    assert found["kept"] == len(rows["month"]) > 0
    near = list(SCOPES).index("near")
    here = dict(zip(rows["researcher"].tolist(), rows["extra"][:, near].tolist(), strict=True))
    assert {row["researcher"]: row["here"] for row in found["people"]} == here
    seen = contagion.futures(load("tiny"), 1, 0, [found["people"][0]["researcher"]], 2, 6, 3)
    assert found["people"] == sorted(found["people"], key=lambda row: -row["mean"])
    assert seen.shape == (1, len(SCOPES) + 1)
    assert tiny.well("keystone", **fields)["found"] == found


def test_cohorts_over_histories_and_nothing_that_is_withheld_is_told() -> None:
    with asked("meta_fair") as found:
        scenario = load("meta_fair")
        answer = found.well("fans", histories=2)
        parts = found.parts(answer["job"])
        assert [part["number"] for part in parts] == [0, 1]
        result = simulate(scenario, 1, 0)
        last = 1 - result.left[:, -1] / [len(result.members[cohort.name]) for cohort in scenario.cohorts]
        got = np.array([row[-1] for row in told(found, parts[0]["shares"])])
        np.testing.assert_allclose(got, last, rtol=1e-6)
        seen = [point for cohort in answer["cohorts"] for point in cohort["observed"]]
        withheld = [point for point in seen if point["withheld"]]
        assert withheld and len(withheld) < len(seen)
        assert all(point["left_min"] is None and point["left_max"] is None for point in withheld)
        assert all(point["left_min"] is not None for point in seen if not point["withheld"])
        again = found.well("fans", histories=2)
        assert again["job"] is None and len(again["known"]) == 2


def told(found: Asked, sent: dict[str, Any]) -> Any:
    """An array as it was sent, in bytes."""
    buffers = next(parts for content, parts in found.heard if content.get("part", {}).get("shares") is sent)
    return np.frombuffer(buffers[sent["$"]], dtype=sent["type"]).reshape(sent["shape"])


def test_what_would_have_kept_somebody_is_what_the_search_finds(tiny: Asked) -> None:
    history = simulate(load("tiny"), 1, 0)
    answer = tiny.well("keep", departure=0)
    end = tiny.end_of(answer["job"])
    assert end["state"] == "done"
    case = keep.case_in(load("tiny"), 1, history, 0)
    rows = [row for job in keep.jobs_of(case) for row in keep.search(*job)]
    found = end["result"]
    assert found["departure"] == 0 and found["digest"] == history.digest
    assert sorted(row["kind"] for row in rows) == sorted(
        row["kind"] for kind in ("pay", "compute", "event") for row in found[kind]
    )
    assert found["sentence"].endswith(".")


@pytest.mark.parametrize(
    ("what", "fields", "words"),
    [
        ("attribute", {"outcome": "left:nobody@2022-12"}, "cohort of the scenario"),
        ("attribute", {"outcome": "lefft:alpha-authors"}, "left"),
        ("attribute", {"outcome": OUTCOME, "events": ["E1"]}, "E1"),
        ("attribute", {"outcome": OUTCOME, "histories": 41}, "whole number"),
        ("attribute", {"outcome": 3}, "expected a text"),
        ("attribute", {}, "missing"),
        ("keystone", {"employer": 99, "since": 2}, "expected a row"),
        ("keystone", {"employer": 0, "since": 11, "window": 6}, "window fits"),
        ("keystone", {"employer": 0, "since": 0}, "whole number"),
        ("fans", {"histories": 1}, "whole number"),
        ("fans", {"histories": float("inf")}, "whole number"),
        ("keep", {"departure": 10**8}, "have left so far"),
        ("keep", {"departure": -1}, "whole number"),
        ("stop", {"number": 0}, "whole number"),
    ],
)
def test_nonsense_is_refused_in_words(tiny: Asked, what: str, fields: dict[str, Any], words: str) -> None:
    said = tiny.refused(what, **fields)
    assert words in said and "Traceback" not in said and "went wrong" not in said
