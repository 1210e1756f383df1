"""`talent sweep` as its users meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from abm import cli
from abm.disk import DISK
from experiments import lock, pilot, runner, shards
from tests.faults import ROOT, digest, environment

STUDY = """
name = "little"
scenario = "tiny"
months = 2
replicates = 2
outcomes = ["exits", "mean_pay"]
[design]
method = "grid"
[[factors]]
name = "h0"
levels = [0.01, 0.02]
"""


@pytest.fixture
def study(tmp_path: Path) -> str:
    path = tmp_path / "little.toml"
    path.write_text(STUDY, encoding="utf-8")
    return str(path)


def call(*words: str, study: str, out: Path) -> int:
    return cli.main(["sweep", study, "--workers", "1", "--out", str(out), *words])


def test_a_sweep_prints_runs_cost_and_outcomes_and_is_resumed(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(study=study, out=out) == 0
    printed = capsys.readouterr().out
    for expected in ("2 points x 2 replicates", "4 planned, 0 reused, 4 executed, 0 failed", "s a run", "mean_pay"):
        assert expected in printed
    before = digest(out)
    assert call(study=study, out=out) == 2  # not by accident
    told = capsys.readouterr().err
    assert "4 of 4 runs are done" in told and f"talent sweep {study} --resume --workers 1" in told and "--fresh" in told
    assert call("--resume", "--json", study=study, out=out) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["runs"] == {
        "planned": 4,
        "reused": 4,
        "executed": 0,
        "failed": 0,
        "by_status": {"ok": 4, "failed": 0, "crashed": 0, "timeout": 0},
    }
    y = runner.read(out).of("mean_pay")
    pay = next(each for each in summary["outcomes"] if each["outcome"] == "mean_pay")
    assert pay["mean"] == pytest.approx(y.mean()) and pay["low"] == pytest.approx(y.mean(axis=1).min())
    assert digest(out) == before


def test_a_study_that_grew_runs_only_what_is_new(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(study=study, out=out) == 0
    Path(study).write_text(STUDY.replace("replicates = 2", "replicates = 3"), encoding="utf-8")
    assert call("--resume", study=study, out=out) == 0
    assert "6 planned, 4 reused, 2 executed" in capsys.readouterr().out
    Path(study).write_text(STUDY.replace("0.02]", "0.03]"), encoding="utf-8")
    assert call("--resume", study=study, out=out) == 2
    assert "does not only add points or replicates" in capsys.readouterr().err
    assert call("--fresh", study=study, out=out) == 0
    assert "4 planned, 0 reused, 4 executed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sweep", "tinny"], 'did you mean "tiny"'),
        (["sweep", "tiny", "--fresh", "--resume"], "choose one"),
        (["sweep", "tiny", "--retry-failed"], "goes with --resume"),
        (["sweep", "tiny", "--workers", "0"], "from 1 to 1024"),
        (["sweep", "tiny", "--workrs", "1"], "did you mean --workers"),
    ],
)
def test_bad_input_gives_one_message_and_code_two(
    words: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["talent", *words])
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert expected in told and "Traceback" not in told


def test_to_go_on_is_advised_only_where_it_can_help(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the results of another study the same advice led to a second refusal."""
    out = tmp_path / "out"
    assert call(study=study, out=out) == 0
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace("0.02", "0.03"), encoding="utf-8")
    capsys.readouterr()
    assert call(study=str(other), out=out) == 2
    told = capsys.readouterr().err
    assert 'holds the study "little"' in told and "--fresh" in told and "--resume" not in told


def test_a_folder_in_use_or_a_file_is_told(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with lock.held(out, DISK):
        assert call(study=study, out=out) == 2
    assert f"process {os.getpid()} on" in capsys.readouterr().err
    assert call(study=study, out=Path(study)) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_full_disk_is_one_message_with_the_command_that_goes_on(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(runner, "Store", full)
        assert call(study=study, out=tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "No space left on device" in told and "Go on: talent sweep" in told and "Traceback" not in told
    assert call("--resume", study=study, out=tmp_path / "out") == 0


def test_a_dry_run_counts_what_is_there_and_stores_nothing(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(study=study, out=out) == 0
    asked = []

    def estimate(*arguments: object) -> pilot.Estimate:
        asked.append(arguments)
        return pilot.Estimate(2, 4, 4, 0, 1, (1.0, 2.0, 3.0), 1, 2 if len(asked) == 1 else 0, 1, 2)

    monkeypatch.setattr(pilot, "estimate", estimate)
    before = digest(out)
    assert call("--dry-run", study=study, out=out) == 0
    assert len(asked[0][3]) == 4 and digest(out) == before  # type: ignore[arg-type]
    assert "4 are there already" in capsys.readouterr().out
    assert call("--dry-run", study=study, out=tmp_path / "other") == 2  # does not fit
    assert not (tmp_path / "other").exists()


def test_ctrl_c_prints_the_command_that_goes_on(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, on_progress: object, **__: object) -> None:
        on_progress(runner.Progress(4, 1, 2))  # type: ignore[operator]
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "sweep", interrupted)
    assert call(study=study, out=tmp_path / "out") == 130
    told = capsys.readouterr().err
    assert "3 of 4 runs are stored" in told and f"talent sweep {study} --resume --workers 1 --out" in told


def test_failed_runs_are_counted_and_the_code_says_so(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(study=study, out=out) == 0
    shard = next((out / "shards").glob("*.json")).stem
    sidecar, data = shards.verified(out, shard)
    row = shards.rows_of(sidecar, data, ("exits", "mean_pay"))[0]
    failed = shards.Row(row.run_id, row.seed, "failed", (float("nan"),) * 2, "ValueError", "no", "")
    shards.commit(DISK, out, [failed], ("exits", "mean_pay"), sidecar.code, 1)
    capsys.readouterr()
    assert call("--resume", study=study, out=out) == 1
    printed = capsys.readouterr().out
    assert "1 failed" in printed and "message and traceback of runs.parquet" in printed
    assert call("--resume", "--retry-failed", study=study, out=out) == 0
    assert "1 executed, 0 failed" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    heavy = ("distributed", "SALib", "pymoo", "ema_workbench", "matplotlib", "scoringrules")
    program = (
        "import sys; from abm import commands; commands.modules()\n"
        f"print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=environment()
    )
    assert found.stdout.strip() == "[]"
