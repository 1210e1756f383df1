"""What a sweep is said to cost: the counts are exact, the rest is near what it then costs, and too much is refused."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments import pilot, runner, study
from experiments.pilot import Estimate, estimate
from experiments.plan import plan
from experiments.study import Study

CPU = 0.2  # seconds a run: well above the cost of calling one
COSTLY: dict[str, Any] = {
    "model": "spin",
    "outcomes": ["a", "b"],
    "replicates": 3,
    "design": {"method": "list", "rows": [[CPU], [CPU + 1e-9], [CPU], [CPU + 2e-9]]},  # two points are alike
    "factors": [{"name": "cpu_seconds", "low": 0.0, "high": 1.0}],
}
FITS = Estimate(
    points=4, runs=12, reused=0, to_run=12, workers=4, seconds=(1.0, 2.0, 3.0),
    memory=4_000_000_000, memory_free=8_000_000_000, disk=10_000_000, disk_free=10**12,
)  # fmt: skip


def fails(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """A model that fails at some points."""
    if settings["x"] > 0.4:
        raise ValueError("no such world")
    return [0.0 for _ in outcomes]


def costly() -> Study:
    return study.of(**COSTLY)


@pytest.fixture(scope="module")
def reckoned(tmp_path_factory: pytest.TempPathFactory) -> Estimate:
    return estimate(costly(), tmp_path_factory.mktemp("free") / "not" / "made", workers=2)


def test_points_and_runs_are_counted(reckoned: Estimate) -> None:
    assert (reckoned.points, reckoned.runs) == (4, 12)
    assert (reckoned.reused, reckoned.to_run) == (0, 9)
    assert reckoned.failed == ()


def test_time_is_that_of_the_runs_over_the_workers(reckoned: Estimate) -> None:
    least, likely, most = reckoned.seconds
    assert 9 * CPU / 2 <= least <= likely <= most  # a busy machine makes it longer, nothing makes it shorter


def test_memory_is_that_of_a_process_with_the_model_in_it(reckoned: Estimate) -> None:
    each = reckoned.memory / 2
    assert 40e6 < each < 1e9
    assert 0 < reckoned.memory_free


def test_disk_is_within_a_factor_of_four_of_what_is_stored(tmp_path: Path) -> None:
    small = study.of(**(COSTLY | {"design": {"method": "lhs", "n": 200}, "factors": [cheap("sleep_seconds")]}))
    said = estimate(small, tmp_path, workers=1)
    runner.sweep(small, tmp_path / "sweep", workers=1)
    stored = sum(path.stat().st_size for path in (tmp_path / "sweep").rglob("*") if path.is_file())
    assert said.to_run == 600
    assert stored / 4 < said.disk < 4 * stored


def cheap(name: str) -> dict[str, Any]:
    return {"name": name, "low": 0.0, "high": 1e-6}


def test_what_is_there_is_not_reckoned_again(tmp_path: Path) -> None:
    made = costly()
    every = [run.run_id for run in plan(made).unique()]
    said = estimate(made, tmp_path, workers=8, done=set(every[:8]))
    assert (said.reused, said.to_run, said.workers) == (8, 1, 1)


def test_a_finished_sweep_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilot, "_pilot", None)  # would fail if it were called
    made = costly()
    said = estimate(made, tmp_path, workers=2, done={run.run_id for run in plan(made).runs})
    assert (said.reused, said.to_run, said.memory, said.disk) == (9, 0, 0, 0)
    assert said.seconds == (0.0, 0.0, 0.0)
    assert said.refusal == ""


def test_a_failure_of_the_pilot_is_told_and_no_measure_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[0.1], [0.5], [0.2]]
    content = {"design": {"method": "list", "rows": rows}, "factors": [{"name": "x", "low": 0, "high": 1}]}
    made = study.of(model="tests.test_pilot:fails", outcomes=["a"], **content)
    found = [pilot._one(made, run) for run in plan(made).runs]
    slow = [one if not one.failure else replace(one, seconds=1e6) for one in found]
    monkeypatch.setattr(pilot, "_pilot", lambda study, runs: (0.0, slow))
    said = estimate(made, tmp_path)
    assert said.failed == ("point 1: ValueError: no such world",)
    assert said.seconds[2] < 1e3
    assert said.lines()[-1] == "a run of the pilot failed: point 1: ValueError: no such world"


def test_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilot, "_pilot", lambda study, runs: (0.0, [pilot._Trial(1.0, 10**8, "")]))
    estimate(costly(), tmp_path / "sweep")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"memory_free": 3_000_000_000}, "memory: 4 workers need 4.0 GB, 3.0 GB are free; use --workers 2"),
        ({"memory_free": 900_000_000}, "memory: 4 workers need 4.0 GB, 900 MB are free; use a smaller scenario or a"),
        ({"disk_free": 11_000_000}, "disk: the results need 10 MB, 11 MB are free; use --out on a larger disk"),
        ({"disk_free": 1, "memory_free": 1}, "a larger machine; disk: the results need 10 MB, 1 B are free"),
    ],
)
def test_what_does_not_fit_is_refused_with_need_and_have(changes: dict[str, int], said: str) -> None:
    refusal = replace(FITS, **changes).refusal
    assert said in refusal
    assert bool(said) == bool(refusal)


def test_free_memory_and_disk_are_those_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilot, "_pilot", lambda study, runs: (0.0, [pilot._Trial(1.0, 10**8, "")]))
    monkeypatch.setattr(pilot.psutil, "virtual_memory", lambda: SimpleNamespace(available=150_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda where: SimpleNamespace(free=100))
    said = estimate(costly(), tmp_path, workers=2)
    assert (said.memory, said.memory_free, said.disk_free) == (200_000_000, 150_000_000, 100)
    assert "use --workers 1" in said.refusal
    assert "100 B are free" in said.refusal


def test_the_lines_say_all_of_it() -> None:
    text = "\n".join(replace(FITS, seconds=(60.0, 600.0, 20_000.0), reused=3, to_run=9).lines())
    for part in ("points     4", "12, 3 are there already, 9 to do", "about 10 min with 4 workers (60 s to 5.6 h"):
        assert part in text
    assert "4.0 GB of 8.0 GB free" in text
