"""The command line as its users meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from abm import cli
from abm.kernels.utility import TERMS


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli") / "run"
    assert cli.main(["run", "tiny", "--seed", "5", "--replicates", "3", "--workers", "1", "--out", str(place)]) == 0
    return place


def test_run_prints_a_summary_and_writes_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "out"
    code = cli.main(["run", "tiny", "--replicates", "2", "--workers", "1", "--out", str(place), "--set", "h_ties=0"])
    printed = capsys.readouterr().out
    assert code == 0
    for expected in (
        "Cohorts",
        "alpha-authors",
        "Departures by employer",
        "Start-ups founded",
        "What opened",
        "explain",
    ):
        assert expected in printed
    assert (place / "report.html").stat().st_size > 10_000
    record = json.loads((place / "provenance.json").read_text(encoding="utf-8"))
    assert record["scenario"]["parameters"] == {"h_ties": 0.0}
    assert record["complete"] is True


@pytest.mark.parametrize("what", ["scenarios", "policies", "metrics", "parameters"])
def test_list_shows_every_entry(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", what]) == 0
    printed = capsys.readouterr().out
    expected = {
        "scenarios": "openai_superalignment",
        "policies": "garden_leave",
        "metrics": "compute_gini",
        "parameters": "switching_cost",
    }
    assert expected[what] in printed


@pytest.mark.parametrize("name", ["tiny", "meta_fair", "google_transformer", "openai_superalignment"])
def test_show_describes_a_scenario(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", name]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"], ["explain", "--help"]])
def test_help_and_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 0
    assert "talent" in capsys.readouterr().out


def test_explain_prints_a_card_whose_terms_sum(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["explain", str(run_folder), "--departure", "0", "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert set(card["difference"]) == set(TERMS)
    assert abs(sum(card["difference"].values()) - card["value_difference"]) < 1e-9
    for option in card["options"]:
        assert abs(sum(option["terms"].values()) - option["value"]) < 1e-9
    assert cli.main(["explain", str(run_folder), "--researcher", str(card["researcher"])]) == 0
    text = capsys.readouterr().out
    assert f"Why researcher {card['researcher']} left" in text


BAD = [
    (["rnu"], "did you mean run"),
    (["run", "tinny"], 'did you mean "tiny"'),
    (["run", "tiny", "--seed", "x"], "whole number"),
    (["run", "tiny", "--seed", "-1"], "out of range"),
    (["run", "tiny", "--replicates", "0"], "out of range"),
    (["run", "tiny", "--months", "99"], "expected 1 to 12"),
    (["run", "tiny", "--workers", "0"], "out of range"),
    (["run", "tiny", "--set", "h0"], "KEY=VALUE"),
    (["run", "tiny", "--set", "h00=1"], 'did you mean "h0"'),
    (["run", "tiny", "--set", "h0=2"], "expected 0 to"),
    (["run", "tiny", "--set", "employers.Alhpa.compute=1"], "Alpha"),
    (["run", "tiny", "--sead", "1"], "did you mean --seed"),
    (["list", "scenario"], "did you mean scenarios"),
    (["explain", "nowhere", "--departure", "0"], "expected the folder of a finished run"),
    (["explain", "."], "required"),
    (["run", "tiny", "--out", ""], "came nothing; expected a path"),
    (["run", "tiny", "--out", " "], "came nothing; expected a path"),
    (["sweep", "tiny", "--out", ""], "came nothing; expected a path"),
    (["run", "tiny", "--seed", "１２"], "is not the seed: a whole number"),
    (["run", "tiny", "--months", "٣"], "is not the number of months: a whole number"),
    (["run", "tiny", "--set", "h0=０.１"], "write e.g. 0.0"),
    (["frontier", "tiny", "--employer", "Alpha", "--price", "pay=１"], "expected a number"),
    (["calibrate", "--noise", "０.1"], "expected a standard error"),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_gives_one_message_and_code_two(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["talent", *arguments])
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_explain_names_who_did_leave(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", str(run_folder), "--departure", "999"]) == 2
    assert "expected a number from 0 to" in capsys.readouterr().err
    assert cli.main(["explain", str(run_folder), "--researcher", "999"]) == 2
    assert "people near that number who did" in capsys.readouterr().err
    assert cli.main(["explain", str(run_folder), "--departure", "0", "--replicate", "77"]) == 2
    assert "--replicate 77" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["explain", "FOLDER", "--departure", "0"], ["rank", "FOLDER"]])
@pytest.mark.parametrize("left", ["a file", "a folder", "nothing"])
def test_a_half_written_folder_says_so(
    command: list[str], left: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that was stopped leaves some of its tables, or histories, and no summary."""
    if left == "a file":
        (tmp_path / "departures.parquet").write_bytes(b"")
        (tmp_path / "provenance.json").write_text('{"scenario": {}}', encoding="utf-8")
    elif left == "a folder":
        (tmp_path / "histories").mkdir()
    assert cli.main([str(tmp_path) if word == "FOLDER" else word for word in command]) == 2
    told = capsys.readouterr().err
    assert ("an empty folder" if left == "nothing" else "no finished run") in told
    assert ("--resume" in told) is (left != "nothing")


@pytest.mark.parametrize("package", ["experiments", "viz"])
def test_a_folder_that_shadows_a_package_is_named(package: str, tmp_path: Path) -> None:
    """`python -m` looks first where it is started: a package of somebody else there would be taken for ours."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("", encoding="utf-8")
    asked = [sys.executable, "-m", "abm", "list", "scenarios"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False, env=_with_the_checkout())
    assert done.returncode == 2
    assert f"{tmp_path / package} shadows the package {package}" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1
    (tmp_path / package / "__init__.py").unlink()  # a folder that is no package shadows nothing
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False, env=_with_the_checkout())
    assert done.returncode == 0 and "tiny" in done.stdout


def _with_the_checkout() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(cli.__file__).resolve().parents[1])}


def test_an_output_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "file"
    taken.write_text("mine", encoding="utf-8")
    assert cli.main(["run", "tiny", "--out", str(taken)]) == 2
    assert "is a file" in capsys.readouterr().err
    assert taken.read_text(encoding="utf-8") == "mine"
