"""`talent sensitivity` and `talent discover`: from the folder of a sweep to tables, and refusals in words."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from abm import cli
from experiments import pilot, runner, study, swept
from experiments.responses import Factor
from experiments.store import MANIFEST

PI = 3.141592653589793
FACTORS = [Factor(name, -PI, PI) for name in ("x1", "x2", "x3")]
EXAMPLE = """name = "example"
model = "ishigami"
outcomes = ["y"]
design = {{ method = "{method}", n = {n} }}
factors = [{factors}]
"""


def written(folder: Path, method: str, n: int) -> Path:
    place = folder / "study.toml"
    ranges = ", ".join(f'{{ name = "x{k}", low = -{PI}, high = {PI} }}' for k in (1, 2, 3))
    place.write_text(EXAMPLE.format(method=method, n=n, factors=ranges), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep of the Ishigami function over a Saltelli design."""
    place = tmp_path_factory.mktemp("sweep") / "ishigami"
    design = {"method": "saltelli", "n": 256}
    asked = study.of(model="ishigami", name="ishigami", outcomes=["y"], design=design, factors=FACTORS)
    runner.sweep(asked, place, workers=0)
    return place


def test_the_folder_of_a_sweep_gives_the_known_indices(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole way: study, runs, shards, table, indices (0.314, 0.442, 0; totals 0.558, 0.442, 0.244)."""
    assert cli.main(["sensitivity", str(folder), "--no-figures"]) == 0
    printed = capsys.readouterr().out
    assert "x1" in printed and "Convergence" in printed and "95 % interval" in printed
    told = json.loads((folder / "analysis" / "sensitivity.json").read_text(encoding="utf-8"))
    assert told["study"] == "ishigami" and told["design"] == {"method": "saltelli", "n": 256}
    found = {each["factor"]: (each["value"], each["second"]) for each in told["outcomes"][0]["indices"]}
    for name, known in (("x1", (0.558, 0.314)), ("x2", (0.442, 0.442)), ("x3", (0.244, 0.0))):
        assert found[name] == pytest.approx(known, abs=0.06)
    table = pq.read_table(folder / "analysis" / "sensitivity.parquet").to_pydict()
    assert table["factor"] == ["x1", "x2", "x3"] and table["value"] == [found[name][0] for name in table["factor"]]


def test_the_same_command_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert cli.main(["sensitivity", str(folder), "--out", str(tmp_path / name), "--resamples", "20"]) == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "tornado-y-phone-dark.svg" in files and "sensitivity.parquet" in files
    for name in files:
        one, two = ((tmp_path / place / name).read_bytes() for place in ("one", "two"))
        assert one.replace(b"/one", b"/two") == two, name


def test_a_study_is_run_on_the_spot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, out = written(tmp_path, "morris", 8), tmp_path / "out"
    assert cli.main(["sensitivity", str(place), "--no-figures", "--json", "--workers", "1", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcomes"][0]["method"] == "morris" and told["outcomes"][0]["convergence"]["n"] == 8


def test_a_study_of_hours_is_not_run_where_it_would_be_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The time is reckoned from a few runs; nothing of the study itself is run."""

    def never(*_: object) -> None:
        raise AssertionError("the study was begun")

    monkeypatch.setattr(runner, "in_memory", never)
    monkeypatch.setattr(pilot, "execute", lambda *_: slow())
    monkeypatch.chdir(tmp_path)
    for words in (
        ["discover", "morris_all", "--outcome", "exits:Meta", "--above", "0.8q"],
        ["sensitivity", "morris_all"],
    ):
        assert cli.main([*words, "--workers", "1"]) == 2
        said = " ".join(capsys.readouterr().err.split())
        assert "4,540 runs of about 0.3" in said and "minutes on 1 core" in said
        assert "`talent sweep morris_all` first" in said and "results/morris_all" in said
    monkeypatch.setattr(swept, "MINUTES_ON_THE_SPOT", 60.0)
    with pytest.raises(AssertionError, match="was begun"):
        cli.main(["sensitivity", "morris_all", "--workers", "1"])


def slow() -> None:
    """A run that takes 0.3 seconds of a processor."""
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass


def test_the_study_for_discovery_is_sampled_and_short() -> None:
    """By the rule of the help of `talent discover`; enough points for boxes, and minutes of one core."""
    asked = study.load("discovery")
    assert asked.method in ("lhs", "sobol") and asked.n_points >= 256 and asked.replicates == 1
    assert len(asked.factors) <= 12


def test_discover_tells_a_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, out = written(tmp_path, "lhs", 300), tmp_path / "out"
    asked = ["discover", str(place), "--outcome", "y", "--above", "0.8q", "--name", "high tide", "--resamples", "1"]
    assert cli.main([*asked, "--workers", "1", "--out", str(out)]) == 0
    assert "Box 1: high tide when " in capsys.readouterr().out
    told = json.loads((out / "discovery.json").read_text(encoding="utf-8"))
    assert told["rules"][0].startswith("high tide when ") and told["cases"] == 60
    assert (out / "box-1-phone.png").stat().st_size > 5_000 and (out / "peeling-1.svg").exists()
    table = pq.read_table(out / "discovery.parquet").to_pydict()
    assert table["coverage"][0] == 1.0 and sum(table["chosen"]) == len(told["boxes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sensitivity", "nowhere"], "no such folder or study"),
        (["sensitivity", "."], "holds no sweep"),
        (["sensitivity", "FOLDER", "--outcome", "z"], 'outcome "z" was not measured'),
        (["sensitivity", "FOLDER", "--method", "morris"], "needs Morris' trajectories"),
        (["sensitivity", "FOLDER", "--method", "morriss"], "choose from 'auto', 'sobol'"),
        (["sensitivity", "FOLDER", "--top", "0"], "out of range"),
        (["discover", "FOLDER", "--outcome", "y", "--above", "many"], "expected a number such as 140"),
        (["discover", "FOLDER", "--outcome", "y", "--below", "-1000"], "at 0 of 1280 points"),
        (["discover", "FOLDER", "--outcome", "y"], "one of the arguments --above --below is required"),
        (["discover", "FOLDER", "--outcome", "Y", "--above", "1"], 'did you mean "y"?'),
    ],
)
def test_bad_input_is_told_in_words(
    arguments: list[str], words: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert cli.main([str(folder) if word == "FOLDER" else word for word in arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err and "Traceback" not in printed.err and printed.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["discover", "STUDY", "--outcome", "Y", "--above", "1"], 'outcome "Y" is not watched by this study'),
        (["sensitivity", "STUDY", "--outcome", "y", "--outcome", "z"], 'outcome "z" is not watched by this study'),
        (["discover", "STUDY", "--outcome", "y", "--above", "many"], "expected a number such as 140"),
        (["discover", "STUDY", "--outcome", "y", "--above", "０.8q"], "expected a number such as 140"),
        (["discover", "STUDY", "--outcome", "y", "--above", "1", "--out", "STUDY"], "is a file"),
        (["sensitivity", "STUDY", "--out", "STUDY"], "is a file"),
    ],
)
def test_what_cannot_be_analysed_is_not_run(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def run(*_: object, **__: object) -> None:
        raise AssertionError("was run")

    monkeypatch.setattr(runner, "in_memory", run)
    place = str(written(tmp_path, "lhs", 300))
    assert cli.main([place if word == "STUDY" else word for word in arguments]) == 2
    assert words in capsys.readouterr().err


def test_discovery_without_its_library_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "in_memory", lambda *_, **__: pytest.fail("was run"))
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    assert cli.main(["discover", str(written(tmp_path, "lhs", 300)), "--outcome", "y", "--above", "1"]) == 2
    assert "uv sync --extra discovery" in capsys.readouterr().err


def test_an_unfinished_sweep_is_refused_unless_asked_for(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = study.of(model="ishigami", name="cut", outcomes=["y"], design={"method": "lhs", "n": 60}, factors=FACTORS)
    place = tmp_path / "cut"
    runner.sweep(asked, place, workers=0)
    (place / MANIFEST).unlink()
    assert cli.main(["sensitivity", str(place), "--no-figures"]) == 2
    assert "the sweep is not finished, 60 of 60 runs are done" in capsys.readouterr().err
    assert cli.main(["sensitivity", str(place), "--no-figures", "--partial", "--resamples", "10"]) == 0


def test_a_large_study_is_sent_to_the_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sensitivity", str(written(tmp_path, "lhs", 30_000))]) == 2
    assert "30,000 runs, more than are held in memory" in capsys.readouterr().err


def test_out_that_is_a_file_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert cli.main(["sensitivity", str(folder), "--out", str(tmp_path / "taken")]) == 2
    assert "is a file" in capsys.readouterr().err
