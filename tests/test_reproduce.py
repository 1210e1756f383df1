"""`talent reproduce`: everything that README and ODD have numbers from has a step, and no failure hides another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from abm import cli, docs
from abm.commands import Refused
from experiments import reproduce
from experiments.reproduce import DATA, Outcome, Plan, Step

ROOT = Path(__file__).resolve().parents[1]
MADE_OF_RUNS = ("ablation", "patterns", "answers", "posterior")


def small(folder: Path) -> Plan:
    return Plan(folder, smoke=True, workers=1, replicates=1)


def writes(name: str, text: str = "x") -> Step:
    def make(plan: Plan) -> tuple[Path, str]:
        print(f"said by {name}")
        (plan.folder / name).write_text(text, encoding="utf-8")
        return plan.folder / name, "as planned"

    return Step(name, "writes a file", make)


def breaks(name: str, error: BaseException) -> Step:
    def make(plan: Plan) -> tuple[Path, str]:
        raise error

    return Step(name, "breaks", make)


def run(folder: Path, *steps: Step) -> list[Outcome]:
    return reproduce.run(small(folder), steps, lambda step: None, lambda made: None)


def steps_of(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((folder / "reproduce.json").read_text(encoding="utf-8"))["steps"]
    return found


def done(folder: Path) -> list[str]:
    return [name for name, step in steps_of(folder).items() if step["status"] == "done"]


def shipped() -> dict[str, str]:
    files = [*DATA.glob("*"), *docs.FILES]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


# ---- steps ---------------------------------------------------------------------------------------------------------


def test_every_script_and_every_table_made_of_runs_has_a_step() -> None:
    names = [step.name for step in reproduce.steps()]
    assert names[:10] == reproduce.questions() and len(set(names)) == len(names)
    tables = {path.stem for path in DATA.glob("*.json")}
    assert {"ablation", "patterns", "posterior", "predictions", "docs"} <= set(names)
    assert tables == set(MADE_OF_RUNS)
    assert {block.name for block in reproduce.shown() if not block.not_run} <= set(names)
    assert all(step.what.strip() for step in reproduce.steps())


def test_steps_are_chosen_by_the_beginning_of_their_names() -> None:
    assert [step.name[:3] for step in reproduce.select(["q02", "q05"])] == ["q02", "q05"]
    assert [step.name for step in reproduce.select(["docs"])] == ["docs"]
    assert len(reproduce.select([])) == len(reproduce.steps())
    with pytest.raises(Refused, match=r"q22.*there are q01_replay"):
        reproduce.select(["q02", "q22"])


# ---- running -------------------------------------------------------------------------------------------------------


def test_it_goes_on_after_a_failure_and_says_which(tmp_path: Path) -> None:
    found = run(
        tmp_path, writes("a"), breaks("b", ValueError("no such thing")), breaks("c", SystemExit(3)), writes("d")
    )
    assert [made.status for made in found] == ["done", "failed", "failed", "done"]
    assert "no such thing" in found[1].note
    assert "Traceback" in (tmp_path / "b.log").read_text(encoding="utf-8")
    assert (tmp_path / "a.log").read_text(encoding="utf-8") == "said by a\n"
    assert done(tmp_path) == ["a", "d"]


def test_an_interruption_stops_it_and_keeps_what_is_done(tmp_path: Path) -> None:
    found = run(tmp_path, writes("a"), breaks("b", KeyboardInterrupt()), writes("c"))
    assert [made.status for made in found] == ["done", "interrupted"]
    assert done(tmp_path) == ["a"]


def test_bytes_are_compared_with_the_time_before(tmp_path: Path) -> None:
    assert run(tmp_path, writes("a"))[0].compared == "first run"
    assert run(tmp_path, writes("a"))[0].compared == "same bytes"
    assert run(tmp_path, writes("a", "other"))[0].compared == "differs"
    assert run(tmp_path, breaks("a", ValueError()))[0].compared == ""
    assert run(tmp_path, writes("a", "other"))[0].compared == "same bytes", "a failure does not forget the digest"


def test_what_is_done_is_written_before_the_next_step_begins(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look(plan: Plan) -> tuple[Path, str]:
        seen.append(done(plan.folder))
        return writes("b").make(plan)

    run(tmp_path, writes("a"), Step("b", "looks", look))
    assert seen == [["a"]]


def test_resume_goes_on_with_what_is_not_done(tmp_path: Path) -> None:
    run(tmp_path, writes("a"), breaks("b", ValueError("full disk")), breaks("c", KeyboardInterrupt()))
    plan = replace(small(tmp_path), resume=True)
    made: list[str] = []
    steps = (breaks("a", AssertionError("it is done")), writes("b"), writes("c"))
    found = reproduce.run(plan, steps, lambda step: made.append(step.name), lambda outcome: None)
    assert made == ["b", "c"] and [each.status for each in found] == ["done"] * 3
    assert found[0].note == "as planned; as recorded" and done(tmp_path) == ["a", "b", "c"]
    again = reproduce.run(plan, steps, lambda step: made.append(step.name), lambda outcome: None)
    assert len(made) == 2 and all(each.compared == "same bytes" for each in again)
    run(tmp_path, writes("a"))
    assert done(tmp_path) == ["a"], "begun anew, what was done before is not done yet"


def test_another_run_is_not_resumed(tmp_path: Path) -> None:
    run(tmp_path, writes("a"))
    for other, said in ((replace(small(tmp_path), seed=2), "--seed 1"), (replace(small(tmp_path), replicates=9), "")):
        with pytest.raises(Refused, match=f"--resume: .*{said}"):
            reproduce.run(replace(other, resume=True), [writes("a")], lambda step: None, lambda made: None)
    (tmp_path / "reproduce.json").write_text("[1", encoding="utf-8")
    with pytest.raises(Refused, match="not a record"):
        run(tmp_path, writes("a"))
    (tmp_path / "reproduce.json").write_text('{"a": "a digest", "b": "another"}', encoding="utf-8")
    assert run(tmp_path, writes("a"))[0].compared == "differs", "of the form before this one the digests are known"
    assert run(tmp_path, writes("a"))[0].compared == "same bytes", "and what was not made again is still no trouble"


@pytest.mark.parametrize(
    "steps", ['{"a": {"status": "done"}}', "[1]", '{"a": 1}', '{"a": {"status": "done", "digest": "", "seconds": "x"}}']
)
def test_a_record_that_somebody_changed_is_refused_in_words(tmp_path: Path, steps: str) -> None:
    (tmp_path / "reproduce.json").write_text(f'{{"schema": 2, "steps": {steps}}}', encoding="utf-8")
    with pytest.raises(Refused, match="not a record of talent reproduce"):
        run(tmp_path, writes("a"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--within", "１０"], "is not a number of minutes"),
        (["--within", "0"], "above 0"),
        (["--smoke", "--seed", "2"], "takes no --smoke, --seed"),
        (["--out", "x"], "takes no --out"),
    ],
)
def test_a_check_takes_what_means_something(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reproduce", "--check", *words]) == 2
    assert said in capsys.readouterr().err


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["reproduce", "--smoke", "--out", str(tmp_path)]
    for steps, code in (
        ([writes("a")], 0),
        ([breaks("b", ValueError("bad")), writes("a")], 1),
        ([breaks("c", KeyboardInterrupt())], 130),
    ):
        monkeypatch.setattr(reproduce, "steps", lambda steps=steps: steps)
        assert cli.main(words) == code
    assert "not done: b" in capsys.readouterr().out
    monkeypatch.setattr(reproduce, "steps", lambda: [writes("a")])
    assert cli.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["compared"] == "same bytes"
    assert cli.main(["reproduce", "--only", "x"]) == 2
    assert cli.main(["reproduce", "--smoke", "--out", str(tmp_path / "a")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_question_again_gives_the_same_bytes_and_touches_nothing_that_ships(tmp_path: Path) -> None:
    """The real thing, as small as it gets: one question twice in smoke mode, by the command line."""
    before = shipped()
    words = ["reproduce", "--smoke", "--only", "q02,README-sweep,posterior,docs", "--replicates", "1", "--workers", "1"]
    digests = []
    for _ in range(2):
        assert cli.main([*words, "--out", str(tmp_path)]) == 0
        digests.append({name: step["digest"] for name, step in steps_of(tmp_path).items()})
    assert digests[0] == digests[1]
    assert set(digests[0]) == {"q02_equal_sharing", "README-sweep", "posterior", "docs"}
    answer = tmp_path / "q02_equal_sharing" / "answer.json"
    assert digests[0]["q02_equal_sharing"] == hashlib.sha256(answer.read_bytes()).hexdigest()
    assert shipped() == before


# ---- what ships ----------------------------------------------------------------------------------------------------


def test_answers_of_whole_runs_are_published_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, folder = tmp_path / "data", tmp_path / "results"
    data.mkdir()
    monkeypatch.setattr(reproduce, "DATA", data)
    row = {**dict.fromkeys(reproduce.KEPT, "x"), "complete": True, "rows": [1]}
    for name, complete in (("q02_x", True), ("q01_y", True), ("q03_z", False)):
        (folder / name).mkdir(parents=True)
        content = json.dumps({**row, "name": name, "complete": complete})
        (folder / name / "answer.json").write_text(content, encoding="utf-8")
    plan = replace(small(folder), smoke=False)
    reproduce.publish(plan, ["q02_x"])
    reproduce.publish(plan, ["q01_y", "q03_z"])
    told = json.loads((data / "answers.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in told] == ["q01_y", "q02_x"]
    assert set(told[0]) == set(reproduce.KEPT)


def test_the_shipped_answers_are_of_the_scripts_on_disk_and_make_a_table() -> None:
    told = reproduce.read_answers()
    assert list(told) == reproduce.questions()
    table = docs.answers()
    for name, row in told.items():
        assert f"(experiments/{name}.py)" in table
        assert row["answer"].replace("|", "\\|") in table
        assert (ROOT / "experiments" / f"{name}.py").exists()
