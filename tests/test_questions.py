"""The ten questions: headers, files as promised, placebos at exactly nothing, and sentences that follow the numbers."""

from __future__ import annotations

import importlib
import json
import pickle
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from abm.changes import Change, change
from abm.run import Result, simulate
from abm.scenario import Scenario, ScenarioError, load
from abm.streams import Streams
from abm.verdicts import FEW, HIGHER, LOWER, SAME, UNSEEN
from experiments import question, question_files, question_words, question_worlds, reproduce
from experiments.question_words import effect, number, ratio_interval, size, verdict
from experiments.question_worlds import PLACEBO, Arm, Between, Design, Found, Row, collect

ROOT = Path(__file__).resolve().parents[1]
NAMES = reproduce.questions()
DOC = "\n".join(f"{each}: words" for each in question.FIELDS)


def module(name: str) -> ModuleType:
    return importlib.import_module(f"experiments.{name}")


def tiny(**more: Any) -> Design:
    """Three worlds of twelve people."""
    return Design(
        scenario=load("tiny"),
        arms=(Arm("history"), Arm("no layoff", change(without=["T04"])), Arm("no ties", change({"h_ties": 0.0}))),
        placebo=change({"events.T01.date": "2022-03"}),
        watched=("exits", "left:alpha-authors@2022-12", "mean_pay"),
        **more,
    )


def sentence(found: Found) -> str:
    row = found.row("exits", "no ties")
    return f"{verdict(row, 'More', 'Fewer')}: {size(row)}."


def ask(folder: Path, *words: str, design: Any = tiny, doc: str = DOC) -> int:
    return question.run("q00_tiny.py", doc, design, sentence, ["--out", str(folder), *words])


# ---- the scripts on disk -------------------------------------------------------------------------------------------


def test_there_are_ten() -> None:
    assert [name[:4] for name in NAMES] == [f"q{number:02d}_" for number in range(1, 11)]


@pytest.mark.parametrize("name", NAMES)
def test_header_says_what_the_script_is(name: str) -> None:
    said = question.header(module(name).__doc__, name)
    assert said["Question"].endswith("?")
    assert said["Command"].startswith(f"uv run python -m experiments.{name} ")
    assert f"results/{name}/" in said["Writes"]
    assert "lacebo" in said["Design"] and "rimary outcome" in said["Design"], "the design names both before it is run"
    assert "--smoke" in said["Runtime"]
    for scenario in re.findall(r"\b(?:meta_fair|google_transformer|openai_superalignment)\b", said["Reads"]):
        load(scenario)


@pytest.mark.parametrize("name", NAMES)
def test_smoke_run_writes_what_the_header_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run of each script: files, placebo, table, and that the sentence is made of the numbers."""
    script, kept = module(name), list[Found]()

    def spy(*arguments: Any) -> Found:
        kept.append(collect(*arguments))
        return kept[0]

    monkeypatch.setattr(question, "collect", spy)
    assert script.main(["--smoke", "--replicates", "1", "--workers", "1", "--out", str(tmp_path)]) == 0
    said = question.header(script.__doc__, name)
    promised = set(re.findall(r"\b\w+\.(?:json|csv|parquet|svg|png)\b", said["Writes"]))
    assert {path.name for path in tmp_path.iterdir()} == promised
    told = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert told["question"] == said["Question"]
    assert told["smoke"] and told["complete"] and told["replicates"] == 1
    assert told["answer"] in capsys.readouterr().out
    assert any(row["outcome"] == told["primary"] for row in told["rows"])
    assert pq.read_table(tmp_path / "table.parquet").num_rows == len(told["rows"])
    placebos = [row for row in told["rows"] if row["world"] == PLACEBO]
    assert len(placebos) >= len({row["outcome"] for row in told["rows"]})
    assert all(row["difference"] in (0, None) for row in placebos), "the placebo moved"
    assert all(row["difference"] == 0 for row in placebos if row["pairs"])
    record = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    for each in record["designs"]:
        digests = each["replicates"][0]["digests"]
        assert digests[PLACEBO] == digests[next(iter(digests))]
    the_sentence_follows_the_numbers(script, kept[0])


def the_sentence_follows_the_numbers(script: ModuleType, found: Found) -> None:
    """With every interval above, below or around zero the sentence is another one each time."""

    def with_rows(difference: float, low: float, high: float) -> str:
        word = HIGHER if low > 0 else LOWER if high < 0 else UNSEEN
        changed = [
            replace(
                row,
                difference=difference,
                low=low,
                high=high,
                verdict=word,
                mean=row.mean_against + difference,
                pairs=12,
            )
            for row in found.rows
        ]
        text: str = script.answer(Found(found.designs, found.seen, changed, found.replicates))
        return text

    told = [
        with_rows(2.0, 1.0, 3.0),
        with_rows(-2.0, -3.0, -1.0),
        with_rows(0.5, -1.0, 2.0),
        with_rows(0.25, -1.0, 1.5),
    ]
    assert len(set(told)) == 4
    assert "no difference seen at this size" in told[2].lower() or "no extra exits seen" in told[2].lower()
    for word, said in ((FEW, "too few pairs to tell"), (SAME, "no difference in any")):
        changed = [replace(row, verdict=word, difference=0.0, pairs=2) for row in found.rows]
        text = script.answer(Found(found.designs, found.seen, changed, found.replicates)).lower()
        assert said in text and "no difference seen" not in text


def test_rows_to_be_predicted_carry_no_observed_value() -> None:
    script = module("q01_replay")
    designs = script.design()
    seen = [
        {arm.name: [question_worlds.Seen([1.0] * len(each.watched), "", "", 0, [])] * 2 for arm in each.worlds}
        for each in designs
    ]
    lines = script.predictions(Found(tuple(designs), seen, replicates=2))
    assert {line["status"] for line in lines} == {"fitted", "predicted"}
    assert all(("observed" in line) == (line["status"] == "fitted") for line in lines)
    assert sum(line["status"] == "predicted" for line in lines) > 4


# ---- parts of single scripts, worked out by hand -------------------------------------------------------------------


def test_exits_of_others_leave_out_whoever_is_laid_off_in_either_world() -> None:
    """Persons 1..5; 1 is laid off in the first world and would have left by himself in the second: not counted."""
    script = module("q08_layoffs")
    one = script.Exits(np.array([1]), np.array([2, 3, 4]), np.array([0, 0, 7]), np.array([0, 5, 1]))
    two = script.Exits(np.array([], dtype=np.int64), np.array([1, 2, 5]), np.array([0, 0, 0]), np.array([2, 13, -1]))
    assert script.exits_of_others(one, two, employer=0, elsewhere=False, months=6) == (2.0, 0.0)
    assert script.exits_of_others(one, two, employer=0, elsewhere=False, months=24) == (2.0, 1.0)
    assert script.exits_of_others(one, two, employer=0, elsewhere=True, months=6) == (1.0, 0.0)
    assert script.people_laid_off(one, two) == (1.0, 0.0)


def test_the_sum_of_compute_is_fixed_when_its_concentration_is_not() -> None:
    script = module("q10_concentration")
    scenario = script.ten_years()
    assert scenario.months == 120 and scenario.date_of(119) == "2031-12"

    def labs(changed: Change) -> dict[str, float]:
        return {each.name: each.compute for each in changed.apply(scenario).employers if each.kind == "lab"}

    before = labs(Change())
    for factor in (0.5, 1.0, 3.0):
        after = labs(script.held(scenario, factor))
        np.testing.assert_allclose(sum(after.values()), sum(before.values()))
        np.testing.assert_allclose(after[script.TOP], factor * before[script.TOP])
    np.testing.assert_allclose(sum(labs(script.even(scenario)).values()), sum(before.values()))
    assert before[script.TOP] == max(before.values())


def test_a_bill_is_pay_beyond_history_for_as_much_work_and_compute() -> None:
    """Ten more person-years at history's 500 kUSD cost nothing; 5 kUSD more each for 110 person-years cost 550."""
    script = module("q06_counter_offers")
    name = script.ARMS[script.COUNTER, 2.5].name
    values = {
        ("history", script.PAYROLL): 50_000.0,
        ("history", script.YEARS): 100.0,
        (name, script.YEARS): 110.0,
        **{(world, text): 0.0 for world in ("history", name) for text in (script.EQUITY, script.OWNED)},
    }
    price = {"payroll_factor": 1.0, "capital_charge": 0.1, script.RENT: 24.0, "bonus_period": 24.0}
    found = SimpleNamespace(values=lambda text, world: np.array([values[world, text]]))
    for paid, cost in ((55_000.0, 0.0), (55_550.0, 550.0)):
        values[name, script.PAYROLL] = paid
        np.testing.assert_allclose(script.bill(found, script.COUNTER, 2.5, price), [cost], atol=1e-6)
    values[name, script.OWNED] = 10.0
    np.testing.assert_allclose(script.bill(found, script.COUNTER, 2.5, price), [550.0 + 240.0])


def test_the_payroll_of_a_world_is_the_pay_of_its_people() -> None:
    script = module("q06_counter_offers")
    world = SimpleNamespace(
        researchers=SimpleNamespace(team=np.array([0, 1, -1, 2]), pay=np.array([100.0, 200.0, 400.0, 800.0])),
        employer_of=lambda: np.array([0, 0, -1, 2]),
        n_employers=3,
        scenario=SimpleNamespace(employers=(1, 2)),
    )
    np.testing.assert_allclose(script.payroll(world), [300.0, 0.0])


def test_gone_counts_each_person_of_the_teams_once() -> None:
    script = module("q03_merge_earlier")
    left = {
        "researcher": np.array([0, 0, 1, 2, 3]),
        "voluntary": np.array([True, True, True, False, True]),
        "month": np.array([1, 3, 9, 2, 2]),
    }
    result = SimpleNamespace(series={"roster": np.array([[9, 9, 9, 9], [5, 5, 5, 9]])}, departures=left)
    assert script.gone(result, teams=(5,), counted=1, until=4) == 1.0
    assert script.gone(result, teams=(5,), counted=1, until=9) == 2.0
    assert script.gone(result, teams=(9,), counted=0, until=9) == 3.0


# ---- the scaffold --------------------------------------------------------------------------------------------------


def test_a_header_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks Runtime"):
        question.header(DOC.replace("Runtime", "Takes"), "x")
    assert question.header("Question: is it\n    so?\n" + DOC, "x")["Question"] == "words"
    assert question.header(DOC.replace("Reads: words", "Reads: one\n    two"), "x")["Reads"] == "one two"


def test_the_same_command_gives_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    for place, workers in (("a", "1"), ("b", "1"), ("c", "2")):
        assert ask(tmp_path / place, "--replicates", "3", "--workers", workers) == 0
    for name in ("answer.json", "table.csv", "table.parquet", "differences.svg", "differences.png"):
        bytes_of = {(tmp_path / place / name).read_bytes() for place in "abc"}
        assert len(bytes_of) == 1, name
    assert ask(tmp_path / "d", "--replicates", "3", "--workers", "1", "--seed", "2") == 0
    assert (tmp_path / "d" / "table.csv").read_bytes() != (tmp_path / "a" / "table.csv").read_bytes()


def test_the_history_of_a_question_is_the_history_of_a_run() -> None:
    """Read while it runs, a world ends in the same state as the one that nobody looks at."""
    found = collect([tiny(meters=(n_people,))], 5, 2, 1)
    for replicate, seen in enumerate(found.seen[0]["history"]):
        assert seen.digest == simulate("tiny", 5, replicate).digest
    assert found.seen[0]["no layoff"][0].digest == simulate("tiny", 5, 0, change(without=["T04"])).digest


def n_people(world: Any) -> float:
    return float((world.researchers.team >= 0).sum())


def last_count(result: Result) -> float:
    return float(result.series["n_people"][-1])


def test_meters_and_pairs_reach_the_table() -> None:
    made = question_worlds.Outcome("people at the end", "people", "At work.", last_count, 0)
    design = replace(
        tiny(meters=(n_people,), keep=kept_exits, between=(Between("both", "people", "Sum.", both),)),
        watched=("exits", made),
    )
    found = collect([design], 1, 3, 1)
    row, pair = found.row("people at the end", "no layoff"), found.row("both", "no layoff")
    assert row.mean == np.mean(found.values("people at the end", "no layoff"))
    np.testing.assert_allclose(row.difference, row.mean - row.mean_against)
    assert row.mean_against == np.mean([simulate("tiny", 1, r).series["n_employed"][-1] for r in range(3)])
    assert pair.mean == found.row("exits", "no layoff").mean and pair.pairs == 3
    assert found.row("both", PLACEBO).difference == 0


def kept_exits(scenario: Scenario, result: Result) -> float:
    return float(result.departures["voluntary"].sum()) if result.departures else 0.0


def both(one: float, two: float) -> tuple[float, float]:
    return one, two


def test_interrupted_it_keeps_whole_replicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of the third replicate leaves two, and they are those of a run of two."""
    calls: list[int] = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt

    found = collect([tiny()], 1, 5, 1, stop)
    assert found.replicates == 2
    assert str(found.rows) == str(collect([tiny()], 1, 2, 1).rows)
    calls[:] = [1] * 7  # no replicate is whole
    with pytest.raises(KeyboardInterrupt):
        collect([tiny()], 1, 5, 1, stop)
    monkeypatch.setattr(question, "collect", lambda *a: collect([tiny()], 1, 2, 1))
    assert ask(tmp_path, "--replicates", "5") == 130
    told = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert told["complete"] is False and told["replicates"] == 2


def test_short_runs_end_windows_with_the_run() -> None:
    short = load("tiny").with_settings({"months": 4})
    cases = {
        "exits": "exits",
        "left:alpha-authors@2022-12": "left:alpha-authors@2022-04",
        "exits:Alpha@2022-02..2022-09": "exits:Alpha@2022-02..2022-04",
        "exits:Alpha@2022-08..2022-09": "exits:Alpha@2022-04..2022-04",
    }
    for text, expected in cases.items():
        assert question_worlds.clipped(text, short) == expected
    twice = replace(tiny(smoke_months=3), watched=("exits@2022-06", "exits@2022-09")).shortened()
    assert twice.watched == ("exits@2022-03",) and twice.scenario.months == 3
    series = SimpleNamespace(months=3, series={"x": np.arange(3.0)})
    assert question_worlds.within(series, "x", 1, 9).tolist() == [1.0, 2.0]
    assert question_worlds.within(series, "x", 7, 9).tolist() == [2.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--replicates", "0"], "from 1 to"),
        (["--replicates", "many"], "'many' is not"),
        (["--smok3"], "unrecognized"),
        (["--seed", "-1"], "out of range"),
    ],
)
def test_bad_arguments_are_told_in_one_message(
    words: Sequence[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, *words) == 2
    assert said in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_bad_places_and_bad_designs_are_told_in_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert ask(tmp_path / "file", "--replicates", "1") == 2
    assert "is a file" in capsys.readouterr().err
    bad = replace(tiny(), watched=("exists",))
    assert ask(tmp_path / "x", "--replicates", "1", design=lambda: bad) == 2
    assert "exits" in capsys.readouterr().err
    with pytest.raises(ScenarioError, match="T04"):
        collect([replace(tiny(), arms=(Arm("history"), Arm("x", change(without=["T44"]))))], 1, 1, 1)
    with pytest.raises(LookupError, match="exits"):
        collect([tiny()], 1, 1, 1).row("no such outcome", "no ties")


def test_nothing_in_an_answer_depends_on_when_and_where(tmp_path: Path) -> None:
    assert ask(tmp_path, "--replicates", "2") == 0
    text = (tmp_path / "answer.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and "commit" not in text
    record = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    assert record["designs"][0]["worlds"]["no layoff"]["without"] == ["T04"]
    assert {"command", "commit", "versions", "seed"} <= set(record)
    told = record["designs"][0]["replicates"][1]
    for name, digest in told["digests"].items():
        arm = next(arm for arm in tiny().worlds if arm.name == name)
        found = simulate("tiny", 1, 1, arm.change)
        assert (found.digest, found.events_digest) == (digest, told["events_digests"][name])


# ---- words ---------------------------------------------------------------------------------------------------------


def row(difference: float, low: float, high: float) -> Row:
    word = FEW if np.isnan(low) else HIGHER if low > 0 else LOWER if high < 0 else UNSEEN
    pairs = 1 if np.isnan(low) else 12
    return Row("o", "people", "", "s", "w", "a", pairs, 3.0, 3.0 - difference, difference, low, high, word, 1, 0.5, 1.0)


def test_words_say_what_the_interval_allows() -> None:
    assert effect(row(0.5, -1.0, 2.0)) == "no difference seen at this size, +0.5 [−1, +2] people"
    assert effect(row(1.5, 1.0, 2.0)) == "+1.5 [+1, +2] people"
    assert effect(replace(row(0.0, float("nan"), 0.0), verdict=SAME, pairs=3)) == "no difference in any of 3 pairs"
    assert "shows nothing" in effect(row(4.0, float("nan"), float("nan")))
    assert [row(*each).seen for each in ((1.5, 1, 2), (-1.5, -2, -1), (0.5, -1, 2), (0, 0, 0))] == [1, -1, 0, 0]
    assert verdict(row(1.5, 1.0, 2.0), "up", "down") == "up"
    assert verdict(row(0.5, -1.0, 2.0), "up", "down") == "No difference seen at this size"
    assert question_words.means(row(0.5, -1.0, 2.0)) == "3 against 2.5"


def test_numbers() -> None:
    assert [number(value) for value in (0.0, 1234.5, -0.123456, 99.96, 0.00001, float("nan"), float("inf"))] == [
        *("0", "1,234", "−0.123", "100", "0.0000", "?", "∞")
    ]
    assert number(2.0, signed=True) == "+2" and number(-2.0, signed=True) == "−2"
    assert question_files.plain({"a": float("nan"), 1: np.float64(1 / 3), "b": [np.int64(2)]}) == {
        **{"a": None, "1": 0.333333333},
        "b": [2],
    }


def test_fieller_interval_is_where_the_paired_test_does_not_reject() -> None:
    """At both ends r of the interval the paired t statistic of top - r bottom is exactly critical (df 7: 2.3646)."""
    streams = Streams(3)
    luck = streams.normal("probe", 0, np.arange(16), 0)
    bottom, top = 2.0 + 0.5 * luck[:8], 5.0 + luck[8:] + 2.0 * luck[:8]
    ratio, low, high = ratio_interval(top, bottom)
    assert low < ratio < high and ratio == top.mean() / bottom.mean()
    for end in (low, high):
        rest = top - end * bottom
        statistic = abs(rest.mean()) / (rest.std(ddof=1) / np.sqrt(8))
        np.testing.assert_allclose(statistic, 2.364624, rtol=1e-5)


def test_a_ratio_over_what_may_be_zero_has_no_end() -> None:
    ratio, low, high = ratio_interval(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 1.0]))
    assert np.isfinite(ratio) and low == -np.inf and high == np.inf
    assert np.isnan(ratio_interval(np.ones(3), np.zeros(3))[0])
    assert ratio_interval(np.array([2.0]), np.array([4.0]))[0] == 0.5
    exact = ratio_interval(np.array([4.0, 4.2, 4.4]), np.array([2.0, 2.1, 2.2]))
    np.testing.assert_allclose(exact, [2.0, 2.0, 2.0], rtol=1e-6)


def test_the_outcomes_that_scripts_make_can_be_sent_to_workers() -> None:
    for name in NAMES:
        made = module(name).design()
        for design in [made] if isinstance(made, Design) else made:
            pickle.loads(pickle.dumps((design.watched, design.meters, design.keep)))
