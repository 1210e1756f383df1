"""Faults at every operation on the file system: after going on, the table is that of an undisturbed sweep.

A few of each class here; `--nightly` goes through n = 1, 2, 3 ... until an operation n no longer exists, on every
engine, and prints how many faults were injected.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import reading, runner
from tests.faults import Crash, FaultyDisk, Zygote, a_study, dask, digest

RUNS = 6
MOST = 400  # no sweep of six runs has so many operations
HERE, LOCAL, CLUSTER = "this process", "local", "dask"
FAILURES = (OSError, runner.Stopped)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("undisturbed") / "s"
    runner.sweep(a_study(), folder, workers=0, batch_seconds=1e-6)
    return digest(folder)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    found = Zygote()
    yield found
    found.close()


def recover(folder: Path, undisturbed: str) -> None:
    """Go on without faults: nothing is lost, nothing that was stored is done again, the bytes are right."""
    try:
        stored = runner.status(folder).done
    except reading.Unreadable:  # not even the study was written
        stored = 0
    executed = [0]
    runner.sweep(a_study(), folder, workers=0, on_progress=lambda now: executed.append(now.executed))
    assert stored + executed[-1] <= RUNS, "runs that were stored were carried out again"
    found = runner.status(folder)
    assert (found.done, found.runs["ok"], found.finished) == (RUNS, RUNS, True)
    assert digest(folder) == undisturbed
    assert not list(folder.rglob(".writing-*")), "unfinished files are left"


def simulated(folder: Path, kind: str, n: int, undisturbed: str) -> bool:
    """A fault in this process; whether there was an operation n."""
    disk = FaultyDisk(kind, n, Path(f"{folder}.fired"), "any", os.getpid())
    try:
        runner.sweep(a_study(), folder, workers=0, batch_seconds=1e-6, disk=disk)
    except Crash:
        assert kind == "crash"
    except FAILURES as error:
        assert kind in ("full", "error", "half") and ("space" in str(error) or "error" in str(error))
    return judge(folder, undisturbed)


def judge(folder: Path, undisturbed: str) -> bool:
    mark = Path(f"{folder}.fired")
    fired = mark.exists()
    recover(folder, undisturbed)
    shutil.rmtree(folder)
    mark.unlink(missing_ok=True)
    return fired


def real(
    zygote: Zygote, folder: Path, kind: str, n: int, role: str, undisturbed: str, workers: int = 1, cluster: str = "-"
) -> bool:
    """A fault in a sweep that is a process of its own."""
    code = zygote.sweep(folder, kind, n, role, workers, cluster)
    fired = Path(f"{folder}.fired").exists()
    if not fired:
        assert code == 0
    elif kind == "kill":
        assert code == (0 if role == "worker" else -9), "a sweep outlives its workers"
    return judge(folder, undisturbed)


# ---- a sample of every class -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 9, 15, 31, 40, 77])
@pytest.mark.parametrize("kind", ["crash", "full", "half"])
def test_a_fault_in_this_process(tmp_path: Path, undisturbed: str, kind: str, n: int) -> None:
    assert simulated(tmp_path / "s", kind, n, undisturbed)


@pytest.mark.parametrize(
    ("kind", "n", "role"),
    [("kill", 18, "driver"), ("kill", 6, "worker"), ("error", 12, "worker"), ("full", 22, "driver")],
)
def test_a_fault_with_worker_processes(
    tmp_path: Path, undisturbed: str, zygote: Zygote, kind: str, n: int, role: str
) -> None:
    assert real(zygote, tmp_path / "s", kind, n, role, undisturbed)


# ---- all of them -----------------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], counts: Counter[tuple[str, str]]) -> None:
    with capsys.disabled():
        print(f"\n{'engine':14}{'fault':34}{'injected':>9}{'recovered':>11}{'lost':>6}{'doubled':>9}")
        for (engine, fault), count in sorted(counts.items()):
            print(f"{engine:14}{fault:34}{count:9}{count:11}{0:6}{0:9}")
        print(f"{'':14}{'all':34}{sum(counts.values()):9}{sum(counts.values()):11}{0:6}{0:9}")


@pytest.mark.nightly
def test_every_operation_in_this_process(
    tmp_path: Path, undisturbed: str, zygote: Zygote, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for kind, name in (
        ("crash", "process ends (simulated)"),
        ("full", "disk full (ENOSPC)"),
        ("half", "disk full in a write"),
        ("error", "I/O error (EIO)"),
    ):
        n = 1
        while simulated(tmp_path / f"{kind}{n}", kind, n, undisturbed):
            counts[HERE, name] += 1
            n += 1
        assert 50 < n < MOST
    n = 1
    while real(zygote, tmp_path / f"kill{n}", "kill", n, "any", undisturbed, workers=0):
        counts[HERE, "kill -9 of the process"] += 1
        n += 1
    told(capsys, counts)
    assert sum(counts.values()) >= 300


def campaign(
    zygote: Zygote, folder: Path, undisturbed: str, engine: str, cluster: str, kills: int
) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for kind, name in (("kill", "kill -9"), ("full", "disk full (ENOSPC)"), ("error", "I/O error (EIO)")):
        for role, where in (("driver", "parent"), ("worker", "worker")):
            n, most = 1, kills if (kind, role) == ("kill", "worker") else MOST
            while n <= most and real(
                zygote, folder / f"{kind}-{role}-{n}", kind, n, role, undisturbed, cluster=cluster
            ):
                counts[engine, f"{name}, {where}"] += 1
                n += 1
            assert n > 8, (kind, role)
    return counts


@pytest.mark.nightly
def test_every_operation_with_worker_processes(
    tmp_path: Path, undisturbed: str, zygote: Zygote, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = campaign(zygote, tmp_path, undisturbed, LOCAL, "-", MOST)
    told(capsys, counts)
    assert sum(counts.values()) >= 200


@pytest.mark.nightly
def test_every_operation_on_a_dask_cluster(
    tmp_path: Path, undisturbed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A killed worker of Dask takes seconds to come back, so these stop after the operations of two shards."""
    zygote = Zygote("distributed")
    with contextlib.closing(zygote), dask(2) as address:
        counts = campaign(zygote, tmp_path, undisturbed, CLUSTER, address, kills=18)
    told(capsys, counts)
    assert sum(counts.values()) >= 100
