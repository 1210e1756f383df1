"""Engines: the same bytes from all of them, dead workers, poison runs, time limits, Ctrl-C, and what they cost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from abm.workers import Died
from experiments import engine_cluster, plan, runner, work
from experiments import study as studies
from experiments.engine_local import Answer, Here
from tests import faults
from tests.faults import ROOT, a_study, dask, digest, environment
from tests.patience import PATIENCE

RUN = """
import sys
from pathlib import Path
from experiments import runner
from tests.faults import a_study
if __name__ == "__main__":
    model, folder, workers, replicates = sys.argv[1:]
    try:
        runner.sweep(a_study(model, replicates=int(replicates)), Path(folder), workers=int(workers), batch_seconds=0.2,
                     on_progress=lambda now: print(now.done, flush=True))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("reference") / "s"
    runner.sweep(a_study(replicates=8), folder, workers=0)
    return digest(folder)


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
@pytest.mark.parametrize("batch_seconds", [1e-6, 10.0])
def test_the_bytes_are_the_same_for_any_workers_and_batches(
    tmp_path: Path, reference: str, workers: int, batch_seconds: float
) -> None:
    runner.sweep(a_study(replicates=8), tmp_path / "s", workers=workers, batch_seconds=batch_seconds)
    assert digest(tmp_path / "s") == reference


def poisoned(runs: dict[int, int]) -> studies.Study:
    """So many points of each kind, mixed."""
    kinds = [kind for kind, count in runs.items() for _ in range(count)]
    rows = [[kind, number] for number, kind in enumerate(kinds)]
    total = len(rows)
    rows.sort(key=lambda row: row[1] * 7 % total)
    factors = [{"name": "x", "low": 0, "high": 9}, {"name": "number", "low": 0, "high": len(rows)}]
    return a_study("poison", factors=factors, design={"method": "list", "rows": rows}, replicates=1)


def statuses(folder: Path) -> Counter[tuple[float, str]]:
    table = pq.read_table(folder / "runs.parquet")
    return Counter(zip(table["x"].to_pylist(), table["status"].to_pylist(), strict=True))


def test_poison_runs_are_isolated_and_innocents_are_not_blamed(tmp_path: Path) -> None:
    study, kinds = poisoned({0: 20, 1: 20, 2: 5}), {(0, "ok"): 20, (1, "failed"): 20, (2, "crashed"): 5}
    for number, workers in enumerate((2, 1)):
        runner.sweep(study, tmp_path / str(number), workers=workers)
        assert statuses(tmp_path / str(number)) == kinds
    assert digest(tmp_path / "0") == digest(tmp_path / "1")


def test_a_run_that_hangs_gets_a_row_and_the_others_go_on(tmp_path: Path) -> None:
    study = poisoned({0: 6, 3: 1})
    runner.sweep(study, tmp_path / "s", workers=2, run_seconds=5)
    assert statuses(tmp_path / "s") == {(0, "ok"): 6, (3, "timeout"): 1}
    row = next(row for row in pq.read_table(tmp_path / "s" / "runs.parquet").to_pylist() if row["x"] == 3)
    assert row["message"] == "took longer than 5 s"


def test_a_run_that_ends_while_its_limit_strikes_has_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit strikes while a run hands its row over, and a run ends while its limit stores a row."""
    study = a_study(levels=(0,), replicates=1)
    run = plan.plan(study).runs[0]
    committed, ended = list[str](), list[int]()
    begun = threading.Event()
    monkeypatch.setattr(
        work,
        "_commit",
        lambda _, rows, __: (begun.set(), time.sleep(0.2), committed.extend(r.status for r in rows)),
    )
    monkeypatch.setattr(os, "_exit", ended.append)
    row = work._limited(work.Order(study, "", tmp_path, 60.0), study, run, [], 0)
    assert (row.status, committed, ended) == ("ok", [], [])
    monkeypatch.setattr(work, "carry_out", lambda *_: (begun.wait(PATIENCE), row)[1])
    work._limited(work.Order(study, "", tmp_path, 0.05), study, run, [row], 0)
    assert (committed, ended) == (["ok", "timeout"], [75]), (
        "the end of the run waits until the limit has stored its rows"
    )


@pytest.mark.parametrize(("kind", "name"), [("leave", "SystemExit"), ("odd", "Odd")])
def test_a_model_that_exits_is_a_failed_row(tmp_path: Path, kind: str, name: str) -> None:
    for workers in (0, 1):
        folder = tmp_path / str(workers)
        runner.sweep(a_study(kind), folder, workers=workers)
        assert runner.status(folder).runs == {"ok": 4, "failed": 2, "crashed": 0, "timeout": 0}
        assert set(pq.read_table(folder / "runs.parquet")["error"].to_pylist()) == {"", name}
    assert digest(tmp_path / "0") == digest(tmp_path / "1")


@pytest.mark.parametrize("seconds", [None, 0.5])
def test_a_stopped_worker_is_noticed_by_the_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    """SIGSTOP stops the watch inside the worker too: only the parent can keep the time."""
    from abm import workers

    monkeypatch.setattr(workers, "STOPPED", 1.0)
    study = a_study("stopped_once", factors=[{"name": "x", "levels": [str(tmp_path / "stopped")]}], replicates=6)
    runner.sweep(study, tmp_path / "s", workers=2, run_seconds=seconds)
    assert (tmp_path / "stopped").exists(), "the fault was not injected"
    assert runner.status(tmp_path / "s").runs == {"ok": 6, "failed": 0, "crashed": 0, "timeout": 0}


def test_code_that_never_lets_python_look_at_its_watch_is_ended_by_the_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from abm import workers

    monkeypatch.setattr(workers, "GRACE", 0.5)
    runner.sweep(a_study("holds_python", levels=(0, 1), replicates=2), tmp_path / "s", workers=2, run_seconds=1)
    assert statuses(tmp_path / "s") == {(0, "ok"): 2, (1, "timeout"): 2}


def test_ctrl_c_in_a_model_is_no_row(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        runner.sweep(a_study("interrupted"), tmp_path / "s", workers=0)
    assert runner.status(tmp_path / "s").done == 0


def test_what_is_sent_with_a_batch_does_not_grow_with_the_design(tmp_path: Path) -> None:
    sizes = []
    for count in (10, 20_000):
        rows = [[float(number), 0.5] for number in range(count)]
        factors = [{"name": name, "low": 0, "high": 1e6} for name in ("x", "y")]
        study = a_study(factors=factors, design={"method": "list", "rows": rows}, replicates=1)
        assert study.x.shape == (count, 2)
        sizes.append(len(work.Order(study, "", tmp_path).packed()))
    assert sizes[0] == sizes[1] < 5000


def test_a_time_limit_needs_a_process_that_can_be_ended(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="workers of 1 or more"):
        runner.sweep(a_study(), tmp_path / "s", workers=0, run_seconds=1)


# ---- processes that die ----------------------------------------------------------------------------------------------


def started(folder: Path, workers: int, replicates: int = 60) -> subprocess.Popen[str]:
    """A slow sweep as a process of its own that has stored something."""
    command = [sys.executable, "-c", RUN, "slow", str(folder), str(workers), str(replicates)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment(), start_new_session=True
    )
    assert process.stdout is not None and process.stdout.readline()
    return process


def below(pid: int) -> list[psutil.Process]:
    """All processes below one."""
    return psutil.Process(pid).children(recursive=True)


def test_killed_workers_cost_their_batches_and_no_process_outlives_a_killed_parent(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with started(folder, 2, 200) as process:
        assert process.stdout is not None
        workers = [each for each in below(process.pid) if each.ppid() != process.pid]  # the forkserver is their parent
        assert len(workers) == 2
        workers[0].kill()
        for _ in range(3):  # it goes on, with new workers
            assert process.stdout.readline()
        everything = below(process.pid)
        left = {each.pid for each in everything}
        assert workers[0].pid not in left and workers[1].pid in left, "a death costs its own batch and no other"
        assert len(everything) >= 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    _, alive = psutil.wait_procs(everything, timeout=PATIENCE)
    assert not alive
    stored = runner.status(folder).done
    assert 0 < stored < 600
    seen = [0]
    study = a_study("slow", replicates=200)
    runner.sweep(study, folder, workers=2, on_progress=lambda now: seen.append(now.executed))
    assert seen[-1] == 600 - stored and runner.status(folder).runs["ok"] == 600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_ctrl_c_and_sigterm_leave_a_folder_that_goes_on(tmp_path: Path, number: int, times: int) -> None:
    folder = tmp_path / "s"
    with started(folder, 2, 200) as process:
        workers = below(process.pid)
        for _ in range(times):  # a terminal, and `timeout`, send it to all of the group
            os.killpg(process.pid, number)
            time.sleep(1.1)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert not alive
    stored = runner.status(folder).done
    assert 0 < stored < 600
    if times == 1:  # in order: nothing half-written is left, and the record says so
        assert not list(folder.rglob(".writing-*"))
        record = json.loads(next((folder / "attempts").iterdir()).read_text(encoding="utf-8"))
        assert record["ended"] == "interrupted" and record["executed"] == stored
    seen = [0]
    runner.sweep(a_study("slow", replicates=200), folder, workers=2, on_progress=lambda now: seen.append(now.executed))
    assert seen[-1] == 600 - stored


def test_workers_are_replaced_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm import workers
    from experiments import engine_local

    made: list[int] = []
    started = workers.Workers._started
    monkeypatch.setattr(workers.Workers, "_started", lambda self: (made.append(1), started(self))[1])
    monkeypatch.setattr(engine_local, "MOST_BATCHES", 3)
    runner.sweep(a_study(replicates=4), tmp_path / "s", workers=1, batch_seconds=1e-6)
    assert len(made) == 4 and runner.status(tmp_path / "s").runs["ok"] == 12  # 12 batches


def test_a_sweep_in_a_thread_works(tmp_path: Path) -> None:
    thread = threading.Thread(target=runner.sweep, args=(a_study(), tmp_path / "s"))
    thread.start()
    thread.join(timeout=PATIENCE)
    assert runner.status(tmp_path / "s").finished


class Overtaken(Here):
    """Two workers: one has stored the table of its shard but not yet the sidecar when the other one dies."""

    slots = 2

    def __init__(self, packed: bytes, folder: Path) -> None:
        super().__init__(packed)
        self.folder, self.late, self.told = folder / "shards", list[Answer](), 0

    def submit(self, job: work.Job) -> None:
        if self.told == 0 and not self.late:
            super().submit(job)
            self.late = super().wait(0)
            (self.folder / f"{job.name}.json").rename(self.folder / "held-back")
        elif self.told == 0:
            self._answers.append((job, Died(deaths=0)))
        else:
            super().submit(job)

    def wait(self, seconds: float) -> list[Answer]:
        self.told += 1
        if self.told == 2:
            (self.folder / "held-back").rename(self.folder / f"{self.late[0][0].name}.json")
            return self.late
        return super().wait(seconds)


def test_a_death_does_not_disturb_a_shard_that_is_being_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "Processes", lambda packed, workers, seconds: Overtaken(packed, tmp_path / "s"))
    runner.sweep(a_study(), tmp_path / "s", workers=2, batch_seconds=1e-6)
    assert runner.status(tmp_path / "s").runs["ok"] == 6
    assert not list((tmp_path / "s" / "quarantine").iterdir())


# ---- cost ------------------------------------------------------------------------------------------------------------


def timed(folder: Path, sleep: float, cpu: float, runs: int, workers: int) -> dict[str, float]:
    study = studies.of(
        model="spin",
        name="spin",
        factors=[{"name": "sleep_seconds", "levels": [sleep]}, {"name": "cpu_seconds", "levels": [cpu]}],
        design={"method": "grid"},
        outcomes=["a"],
        replicates=runs,
    )
    runner.sweep(study, folder, workers=workers, batch_seconds=1.0)
    record: dict[str, float] = json.loads(next((folder / "attempts").iterdir()).read_text(encoding="utf-8"))
    return record


def test_two_workers_are_nearly_twice_as_fast_for_runs_of_a_second(tmp_path: Path) -> None:
    timed(tmp_path / "warm", 0.0, 0.0, 2, 2)  # imports are not what is measured
    one, two = (timed(tmp_path / str(workers), 1.0, 0.0, 6, workers) for workers in (1, 2))
    assert one["seconds"] / two["seconds"] >= 1.8, (one, two)


@pytest.mark.nightly
@pytest.mark.bench
def test_two_workers_are_nearly_twice_as_fast_when_they_compute(tmp_path: Path) -> None:
    timed(tmp_path / "warm", 0.0, 0.0, 2, 2)
    one, two = (timed(tmp_path / str(workers), 0.0, 1.0, 20, workers) for workers in (1, 2))
    assert one["seconds"] / two["seconds"] >= 1.8, (one, two)


def test_tiny_runs_are_not_drowned(tmp_path: Path) -> None:
    """Batches grow, so that the machinery costs less than a millisecond or so a run."""
    timed(tmp_path / "warm", 0.0, 0.0, 2, 1)
    record = timed(tmp_path / "s", 0.0, 0.0, 4000, 1)
    assert record["batches"] < 60
    assert 0 < record["overhead_a_run"] < 0.005


# ---- a Dask cluster --------------------------------------------------------------------------------------------------


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_cluster, "REACH", 0.5)
    address = f"tcp://127.0.0.1:{faults.free_port()}"
    with pytest.raises(engine_cluster.Unreachable, match=address):
        runner.sweep(a_study(), tmp_path / "s", cluster=address)


class Scheduler:
    """Notes the keys of tasks."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def nthreads(self) -> dict[str, int]:
        return {"a": 1}

    def submit(self, *_: object, key: str, **__: object) -> str:
        self.keys.append(key)
        return key


def test_two_sweeps_of_one_study_share_no_task_of_a_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler, job = Scheduler(), work.Job((plan.plan(a_study()).runs[0],), np.zeros((1, 1)))
    monkeypatch.setattr(engine_cluster.Cluster, "_connect", lambda _: scheduler)
    for folder in (b"one", b"other"):
        engine_cluster.Cluster(folder, "tcp://unused").submit(job)
    assert len(set(scheduler.keys)) == 2


def test_a_dask_cluster_gives_the_same_bytes_and_outlives_its_workers(tmp_path: Path, reference: str) -> None:
    with dask(2) as address:
        runner.sweep(a_study(replicates=8), tmp_path / "s", cluster=address, batch_seconds=1e-4)
        assert digest(tmp_path / "s") == reference
        folder, killed = tmp_path / "slow", list[int]()

        def kill(now: runner.Progress) -> None:
            if not killed and now.done > 20:
                nannies = [each for each in psutil.process_iter() if address_of(each) == address]
                killed.append(next(each.pid for each in below(nannies[0].pid) if "spawn_main" in str(each.cmdline())))
                os.kill(killed[0], signal.SIGKILL)

        runner.sweep(a_study("slow", replicates=40), folder, cluster=address, batch_seconds=0.2, on_progress=kill)
        assert killed and runner.status(folder).runs["ok"] == 120


def address_of(process: psutil.Process) -> str:
    """The scheduler that a process of `dask worker` was told."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    return words[3] if "distributed.cli.dask_worker" in words else ""


@pytest.mark.nightly
def test_poison_runs_are_isolated_on_a_dask_cluster(tmp_path: Path) -> None:
    study = poisoned({0: 20, 1: 20, 2: 2})
    with dask(2) as address:
        runner.sweep(study, tmp_path / "s", cluster=address)
    assert statuses(tmp_path / "s") == {(0, "ok"): 20, (1, "failed"): 20, (2, "crashed"): 2}
    runner.sweep(study, tmp_path / "local", workers=2)
    assert digest(tmp_path / "s") == digest(tmp_path / "local")


@pytest.mark.nightly
def test_the_overhead_of_both_engines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = a_study(replicates=700)
    found = {}
    with dask(2) as address:
        for number, (engine, how) in enumerate({"local": {"workers": 2}, "dask": {"cluster": address}}.items()):
            for turn in ("warm", "measured"):
                folder = tmp_path / f"{number}-{turn}"
                runner.sweep(study, folder, **how)  # type: ignore[arg-type]
            found[engine] = json.loads(next((folder / "attempts").iterdir()).read_text(encoding="utf-8"))
    with capsys.disabled():
        for engine, record in found.items():
            print(f"\n{engine:6} {record['executed']} runs, {record['batches']} batches", end=", ")
            print(f"overhead {1000 * record['overhead_a_run']:.2f} ms a run and worker")
    assert all(record["overhead_a_run"] < 0.02 for record in found.values())


def test_what_is_told_of_an_error_is_the_same_everywhere() -> None:
    text = f'File "{ROOT}/abm/run.py", line 1\nFile "/x/site-packages/numpy/a.py"\nFile "/y/json.py" 0x7f0011223344'
    plain = 'File "abm/run.py", line 1\nFile "numpy/a.py"\nFile "json.py" 0x...'
    assert work.plain(text) == plain
