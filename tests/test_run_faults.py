"""`talent run` loses no finished history: killed, stopped or on a full disk, `--resume` gives the same bytes.

Here each kind of end a few times; `--nightly` does what a machine of a user may see: many kills at random moments.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from abm import cli, history_file
from abm.disk import DISK
from abm.run import Result, simulate
from abm.scenario import Scenario
from experiments import lock, run_folder, runner
from tests.faults import ROOT, environment

REPLICATES = 200
LONG = 900.0  # seconds that a step may take on a machine that does much else


def talent(folder: Path, *more: str, replicates: int = REPLICATES) -> list[str]:
    words = ["run", "tiny", "--replicates", str(replicates), "--workers", "2", "--out", str(folder), *more]
    return [sys.executable, "-m", "abm", *words]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a finished run."""
    assert (folder / "summary.json").exists()
    assert not (folder / run_folder.FOLDER).exists(), "a finished run keeps no histories"
    assert not list(folder.rglob(".writing-*")), "an unfinished file is left"
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def to_the_end(folder: Path, *more: str, replicates: int = REPLICATES) -> subprocess.CompletedProcess[str]:
    command = talent(folder, *more, replicates=replicates)
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=LONG, check=False
    )


def here(folder: Path, *more: str) -> int:
    """The same in this process, without the time that a process takes to start."""
    return cli.main([*talent(folder, "--workers", "1", *more)[3:]])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert here(folder) == 0
    found = digests(folder)
    assert len(found) == 10
    return found


SMALL_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
os.execv(sys.executable, sys.argv[1:])
"""


def begun(folder: Path, least: int, small_files: bool = False) -> subprocess.Popen[str]:
    """A run as the leader of a process group that has stored a few shards; small: no file may be above 60,000 bytes."""
    process = subprocess.Popen(
        [sys.executable, "-c", SMALL_FILES, *talent(folder)] if small_files else talent(folder),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    shards = folder / run_folder.FOLDER / "shards"
    while process.poll() is None and not (shards.exists() and len(list(shards.glob("*.json"))) >= least):
        time.sleep(0.01)
    return process


def below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def gone(processes: Sequence[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=LONG)[1]


def goes_on(folder: Path, undisturbed: dict[str, str]) -> None:
    """What is stored is not done again, and the files are those of a run that nothing disturbed."""
    ended = to_the_end(folder, "--resume")
    assert ended.returncode == 0, ended.stderr
    assert digests(folder) == undisturbed


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)])
def test_ctrl_c_and_sigterm_keep_what_is_done(tmp_path: Path, undisturbed: dict[str, str], number: int) -> None:
    folder = tmp_path / "run"
    with begun(folder, 1) as process:
        workers = below(process)
        os.killpg(process.pid, number)  # as a terminal and `timeout` do
        _, said = process.communicate(timeout=LONG)
    assert process.returncode == 130 and "Traceback" not in said
    assert gone(workers)
    found = run_folder.stored(folder)
    assert found is not None and 0 < found.done < REPLICATES
    assert f"{found.done} of {REPLICATES} histories are stored" in said and "--resume" in said
    assert (folder / "summary.json").exists(), "the tables of what is done are there"
    goes_on(folder, undisturbed)


def killed(folder: Path, seconds: float) -> bool:
    """Whether a run that was killed so long after its first shard, workers and all, was not finished."""
    with begun(folder, 1) as process:
        time.sleep(seconds)
        workers = below(process)
        process.kill()
        process.communicate(timeout=LONG)
    assert gone(workers), "a process outlives the killed parent"
    return not (folder / "summary.json").exists()


def test_a_killed_run_goes_on(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    folder = tmp_path / "run"
    assert killed(folder, 0.0), "it was killed too late to lose anything"
    found = run_folder.stored(folder)
    assert found is not None and found.done > 0
    goes_on(folder, undisturbed)


@pytest.mark.nightly
def test_a_run_that_is_killed_at_random_moments_goes_on(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    moments = np.random.default_rng(1).uniform(0.0, 6.0, 10)
    unfinished = 0
    for number, seconds in enumerate(moments):
        folder = tmp_path / str(number)
        unfinished += killed(folder, float(seconds))
        goes_on(folder, undisturbed)
    assert unfinished >= 3


def test_a_file_that_cannot_grow_stops_the_run_and_loses_nothing(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    folder = tmp_path / "run"
    with begun(folder, REPLICATES, small_files=True) as process:
        _, said = process.communicate(timeout=LONG)
    assert process.returncode == 1 and "Traceback" not in said, said
    assert said.count("File too large") == 1 and "what had that name" not in said and "sweep" not in said
    assert said.count("histories are stored") == 1
    assert not list(folder.rglob("summary.json")), "half a run looks whole"
    goes_on(folder, undisturbed)


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that Ctrl-C ended after some histories."""
    from experiments import models

    def stops(scenario: Scenario, seed: int, replicate: int) -> Result:
        if replicate == REPLICATES // 2:
            raise KeyboardInterrupt
        return simulate(scenario, seed, replicate)

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(models, "simulate", stops)
        assert here(folder) == 130
    found = run_folder.stored(folder)
    assert found is not None and 0 < found.done <= REPLICATES // 2
    return folder


def test_an_unfinished_run_is_not_run_over(interrupted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_folder.stored(interrupted)
    assert found is not None
    for words, what in (
        ((), f"{found.done} of {REPLICATES} histories are stored"),
        (("--resume", "--seed", "2"), "--fresh"),
        (("--resume", "--fresh"), "choose one"),
    ):
        capsys.readouterr()
        assert here(interrupted, *words) == 2
        assert what in capsys.readouterr().err
    assert run_folder.stored(interrupted) == found


def test_what_is_damaged_is_made_anew(interrupted: Path, undisturbed: dict[str, str]) -> None:
    shard = next((interrupted / run_folder.FOLDER / "shards").glob("*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert here(interrupted, "--resume") == 0
    assert digests(interrupted) == undisturbed


def test_fresh_begins_anew(interrupted: Path, undisturbed: dict[str, str]) -> None:
    assert here(interrupted, "--fresh") == 0
    assert digests(interrupted) == undisturbed


def test_a_run_that_is_at_work_is_left_alone(interrupted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever comes second is told so, and what is stored stays, from the first history to the last table."""
    before = run_folder.stored(interrupted)
    with lock.held(interrupted, DISK, remove=True):
        for words in (("--fresh",), ("--resume",), ()):
            capsys.readouterr()
            assert here(interrupted, *words) == 2
            assert "is at work in this folder" in capsys.readouterr().err
    assert run_folder.stored(interrupted) == before and before is not None
    assert not (interrupted / lock.NAME).exists()


def test_ctrl_c_after_the_last_history_interrupts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    whole = runner.sweep

    def late(*given: Any, **named: Any) -> Any:
        whole(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "sweep", late)
    assert here(folder) == 0
    assert digests(folder) == undisturbed
    assert "interrupted" not in capsys.readouterr().err

    def later(*given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.undo()
    monkeypatch.setattr("abm.commands.run.print_summary", later)
    assert here(folder) == 130
    assert f"All {REPLICATES} histories are in the tables" in capsys.readouterr().err


def test_a_history_that_fails_is_told_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from experiments import models

    def failing(scenario: Scenario, seed: int, replicate: int) -> Result:
        if replicate == 1:
            raise ZeroDivisionError("no such history")
        return simulate(scenario, seed, replicate)

    monkeypatch.setattr(models, "simulate", failing)
    words = ["run", "tiny", "--replicates", "3", "--workers", "1", "--out", str(tmp_path / "run")]
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert "1 of 3 histories failed: ZeroDivisionError: no such history" in said and "--resume" in said
    assert (tmp_path / "run" / "summary.json").exists()
    monkeypatch.setattr(models, "simulate", simulate)
    assert cli.main([*words, "--resume"]) == 0
    assert digests(tmp_path / "run")


def test_a_history_is_the_same_after_it_was_stored() -> None:
    first = simulate("tiny", 3)
    data = history_file.pack(first)
    again = history_file.unpack(data)
    assert history_file.pack(again) == data and again.digest == first.digest
    assert again.offers.keys() == first.offers.keys() and again.event_months == first.event_months
    np.testing.assert_array_equal(again.departures["terms_go"], first.departures["terms_go"])
    for harm in (data[:-1], data[:50], b"", b"[]\n", b'{"form": 9}\n', data.replace(b'"form": 1', b'"form": 2')):
        with pytest.raises(ValueError, match="not a history"):
            history_file.unpack(harm)


@pytest.mark.parametrize("name", ["o\udcff", "\udc80/x"])
def test_a_name_that_is_no_text_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(runner, "sweep", lambda *_, **__: pytest.fail("work was begun"))
    for command in (["run", "tiny"], ["compare", "tiny"], ["rank", "tiny"], ["sweep", "tiny"], ["predict"]):
        assert cli.main([*command, "--out", str(tmp_path / name)]) == 2, command
        assert "is not UTF-8" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def tree(process: psutil.Process) -> int:
    """Memory of a process and all below it, bytes; of a page that several share, each counts its part."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.NoSuchProcess:
            pass
    return total


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_number_of_histories(tmp_path: Path) -> None:
    words = ["run", "meta_fair", "--replicates", "400", "--workers", "2", "--out", str(tmp_path / "run")]
    with subprocess.Popen(
        [sys.executable, "-m", "abm", *words], cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL
    ) as process:
        most = 0
        while process.poll() is None:
            try:
                most = max(most, tree(psutil.Process(process.pid)))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.5)
        process.wait()
    assert process.returncode == 0
    print(f"most memory of all processes: {most / 1e6:.0f} MB")
    assert most < 1e9
