"""`talent reproduce`: everything that README and ODD have numbers from has a step, and no failure hides another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from abm import cli, docs
from abm.commands import Refused
from experiments import readme_commands, reproduce
from experiments.readme_commands import Shown
from experiments.reproduce import DATA, Outcome, Plan, Step

ROOT = Path(__file__).resolve().parents[1]
MADE_OF_RUNS = ("ablation", "patterns", "answers")


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


def shipped() -> dict[str, str]:
    files = [*DATA.glob("*"), *docs.FILES]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


# ---- steps ---------------------------------------------------------------------------------------------------------


def test_every_script_and_every_table_made_of_runs_has_a_step() -> None:
    names = [step.name for step in reproduce.steps()]
    assert names[:10] == reproduce.questions() and len(set(names)) == len(names)
    tables = {path.stem for path in DATA.glob("*.json")}
    assert {"ablation", "patterns"} <= set(names)
    assert tables >= set(MADE_OF_RUNS)
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
    assert set(json.loads((tmp_path / "reproduce.json").read_text(encoding="utf-8"))) == {"a", "d"}


def test_an_interruption_stops_it_and_keeps_what_is_done(tmp_path: Path) -> None:
    found = run(tmp_path, writes("a"), breaks("b", KeyboardInterrupt()), writes("c"))
    assert [made.status for made in found] == ["done", "interrupted"]
    assert set(json.loads((tmp_path / "reproduce.json").read_text(encoding="utf-8"))) == {"a"}


def test_bytes_are_compared_with_the_time_before(tmp_path: Path) -> None:
    assert run(tmp_path, writes("a"))[0].compared == "first run"
    assert run(tmp_path, writes("a"))[0].compared == "same bytes"
    assert run(tmp_path, writes("a", "other"))[0].compared == "differs"
    assert run(tmp_path, breaks("a", ValueError()))[0].compared == ""
    assert run(tmp_path, writes("a", "other"))[0].compared == "same bytes", "a failure does not forget the digest"


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
    words = ["reproduce", "--smoke", "--only", "q02,readme,docs", "--replicates", "1", "--workers", "1"]
    digests = []
    for _ in range(2):
        assert cli.main([*words, "--out", str(tmp_path)]) == 0
        digests.append(json.loads((tmp_path / "reproduce.json").read_text(encoding="utf-8")))
    assert digests[0] == digests[1]
    assert set(digests[0]) == {"q02_equal_sharing", "readme", "docs"}
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
        assert row["replicates"] >= 4


# ---- what README shows ---------------------------------------------------------------------------------------------

TEXT = """
```sh
uv run talent ablate tiny --only M25     # a minute
```

```text
      mechanism        baseline
M25*  Cancelled ...    10.6   9.1
...
```

A summary (shortened; `uv run talent run tiny`, 40 histories):

```text
Cohorts
```

```sh
uv run pytest
```

```python
print("```text is no fence here")
```

```text
of no command
```
"""


def test_blocks_of_output_are_paired_with_their_commands() -> None:
    one, two = readme_commands.shown(TEXT)
    assert one == Shown(
        (("talent", "ablate", "tiny", "--only", "M25"),),
        ("      mechanism        baseline", "M25*  Cancelled ...    10.6   9.1"),
    )
    assert two == Shown((("talent", "run", "tiny"),), ("Cohorts",))


def test_the_readme_shows_output_of_commands_that_exist() -> None:
    blocks = readme_commands.shown((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {block.commands[0][1] for block in blocks} >= {"run", "compare", "attribute", "ablate"}
    for block in blocks:
        assert block.lines
        for words in block.commands:
            assert cli.parser().parse_args(list(words[1:])).command == words[1]


def test_a_line_is_stale_when_the_output_has_it_no_more() -> None:
    block = Shown((), ("a  b   1.5", "M25* Cancelled ... 9.1", "gone"))
    assert readme_commands.stale(block, "x a b 1.5\nM25*  Cancelled model and its team   9.1") == ["gone"]
    assert readme_commands.stale(block, "a b 1.6\nM25* Cancelled x 9x1") == list(block.lines)
