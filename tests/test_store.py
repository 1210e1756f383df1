"""The folder of a sweep: damage is detected, studies and codes are not mixed, one launch at a time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments import identity, lock, plan, reading, runner, shards, store
from experiments import study as studies
from tests import faults
from tests.faults import ROOT, Crash, FaultyDisk, a_study, digest, environment


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep; copy it before changing it."""
    folder = tmp_path_factory.mktemp("made") / "sweep"
    runner.sweep(a_study(), folder, workers=0, batch_seconds=1e-6)
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def executed(folder: Path, study: studies.Study, **how: object) -> int:
    """Sweep on and say how many runs were carried out."""
    seen = [0]
    runner.sweep(study, folder, workers=0, on_progress=lambda now: seen.append(now.executed), **how)  # type: ignore[arg-type]
    return seen[-1]


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_table_says_all_of_every_run(made: Path) -> None:
    table = pq.read_table(made / "runs.parquet")
    asked = plan.plan(a_study())
    assert table["run_id"].to_pylist() == [run.run_id for run in asked.runs]
    assert table["point"].to_pylist() == [0, 0, 1, 1, 2, 2] and table["replicate"].to_pylist() == [0, 1] * 3
    assert table["seed"].to_pylist() == [run.seed for run in asked.runs]
    assert table["x"].to_pylist() == [0, 0, 1, 1, 2, 2] and set(table["status"].to_pylist()) == {"ok"}
    assert table["b"].to_pylist() == [x + 1 for x in table["a"].to_pylist()]
    metadata = pq.ParquetFile(made / "runs.parquet").metadata
    assert metadata.num_rows == 6


def test_reading_gives_what_the_model_gives(made: Path) -> None:
    swept, plain = runner.read(made), runner.in_memory(a_study())
    assert np.array_equal(swept.y, plain.y) and np.array_equal(swept.x, plain.x)
    assert (swept.factors, swept.outcomes, swept.units) == (plain.factors, plain.outcomes, plain.units)
    assert swept.seeds.tolist() == plain.seeds.tolist()


def test_a_sweep_of_the_market_equals_the_model_run_on_the_spot(tmp_path: Path) -> None:
    study = studies.of(
        "tiny",
        name="market",
        months=3,
        replicates=2,
        outcomes=["exits", "mean_pay"],
        factors=[{"name": "h0", "low": 0.01, "high": 0.05}],
        design={"method": "grid", "n": 2},
    )
    assert np.array_equal(runner.sweep(study, tmp_path / "m", workers=0).y, runner.in_memory(study).y)


def test_equal_points_are_run_once_and_have_all_their_rows(tmp_path: Path) -> None:
    study = a_study(
        factors=[{"name": "x", "low": 0.0, "high": 1.0}], design={"method": "list", "rows": [[0.5], [0.25], [0.5]]}
    )
    assert executed(tmp_path / "s", study) == 4
    y = runner.read(tmp_path / "s").y
    assert np.array_equal(y[0], y[2]) and not np.array_equal(y[0], y[1])


def test_an_unfinished_sweep_reads_as_nan(copy: Path) -> None:
    for name in ("runs.parquet", "manifest.json"):
        (copy / name).unlink()
    gone = sorted((copy / "shards").glob("*.json"))[0]
    gone.unlink()
    y = runner.read(copy).y
    assert np.isnan(y).sum() == 2 and runner.status(copy).done == 5 and not runner.status(copy).finished


def test_a_failed_run_is_a_row_with_its_reason_and_no_path_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    responses = runner.sweep(a_study("poison", (0, 1)), folder, workers=0)
    assert responses.failed.tolist() == [False, True]
    row = pq.read_table(folder / "runs.parquet").to_pylist()[2]
    assert row["status"] == "failed" and row["error"] == "ValueError" and np.isnan(row["a"])
    assert row["message"] == "no number at ./tests/faults.py for <object object at 0x...>"
    assert 'File "tests/faults.py", line' in row["traceback"]
    assert str(ROOT) not in row["message"] + row["traceback"] and "0x..." in row["traceback"]
    assert runner.status(folder).runs == {"ok": 2, "failed": 2, "crashed": 0, "timeout": 0}


def test_failed_runs_are_tried_again_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, study = tmp_path / "s", a_study("poison", (0, 1))
    assert executed(folder, study) == 4
    assert executed(folder, study) == 0
    monkeypatch.setattr(faults, "poison", faults.cheap)
    assert executed(folder, study) == 0
    assert executed(folder, study, retry_failed=True) == 2
    assert runner.status(folder).runs["ok"] == 4 and not runner.read(folder).failed.any()
    assert executed(folder, study, retry_failed=True) == 0


# ---- damage ----------------------------------------------------------------------------------------------------------


def flips(data: bytes, count: int) -> list[bytes]:
    """Copies with one bit changed, spread over the whole file, first and last byte included."""
    found = []
    for number in range(count):
        place = number * (len(data) - 1) // max(count - 1, 1)
        changed = bytearray(data)
        changed[place] ^= 1 << number % 8
        found.append(bytes(changed))
    return found


def test_three_thousand_flipped_bits_in_shards_are_all_detected(copy: Path) -> None:
    names = sorted(path.stem for path in (copy / "shards").glob("*.json"))[:3]
    detected = tried = 0
    for name in names:
        for suffix, count in (("parquet", 800), ("json", 200)):
            path = copy / "shards" / f"{name}.{suffix}"
            whole = path.read_bytes()
            for changed in flips(whole, count):
                path.write_bytes(changed)
                tried += 1
                try:
                    shards.verified(copy, name)
                except shards.Damaged:
                    detected += 1
            path.write_bytes(whole)
            shards.verified(copy, name)
    assert (tried, detected) == (3000, 3000)


@pytest.mark.parametrize("name", ["runs.parquet", "plan.parquet", "study.json", "manifest.json"])
def test_flipped_bits_in_the_other_files_are_detected_and_mended(copy: Path, name: str) -> None:
    path, before = copy / name, digest(copy)
    for changed in flips(path.read_bytes(), 100):
        path.write_bytes(changed)
        with pytest.raises(reading.Unreadable, match=name):
            runner.read(copy)
    assert executed(copy, a_study()) == 0
    assert digest(copy) == before


def test_page_checksums_are_written_and_verified(made: Path) -> None:
    """Without the hash of the sidecar the pages still tell."""
    data = next((made / "shards").glob("*.parquet")).read_bytes()
    column = pq.ParquetFile(next((made / "shards").glob("*.parquet"))).metadata.row_group(0).column(0)
    end = column.data_page_offset + column.total_compressed_size - (column.data_page_offset - 4)
    changed = bytearray(data)
    changed[end - 1] ^= 1
    with pytest.raises(shards.Damaged):
        shards.unparquet(bytes(changed))


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_a_truncated_shard_is_computed_again(copy: Path, suffix: str, part: float) -> None:
    before = digest(copy)
    path = sorted((copy / "shards").glob(f"*.{suffix}"))[2]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    assert runner.status(copy).done == 5
    assert executed(copy, a_study()) == 1
    assert digest(copy) == before and path.read_bytes() == whole
    assert any((copy / "quarantine").iterdir())


def test_every_length_of_a_truncated_shard_is_detected(copy: Path) -> None:
    name = next((copy / "shards").glob("*.json")).stem
    for suffix in ("parquet", "json"):
        path = copy / "shards" / f"{name}.{suffix}"
        whole = path.read_bytes()
        for length in range(0, len(whole), 7):
            path.write_bytes(whole[:length])
            with pytest.raises(shards.Damaged):
                shards.verified(copy, name)
        path.write_bytes(whole)


def test_swapped_copied_and_renamed_shards_are_detected(copy: Path) -> None:
    before, folder = digest(copy), copy / "shards"
    one, two, three, four, *_ = sorted(path.stem for path in folder.glob("*.json"))

    def swap(suffix: str, a: str, b: str) -> None:
        (folder / f"{a}.{suffix}").rename(folder / "x")
        (folder / f"{b}.{suffix}").rename(folder / f"{a}.{suffix}")
        (folder / "x").rename(folder / f"{b}.{suffix}")

    swap("parquet", one, two)  # content under another name
    assert executed(copy, a_study()) == 2
    for suffix in ("parquet", "json"):  # both files: only the ids inside tell
        swap(suffix, one, two)
        shutil.copy(folder / f"{three}.{suffix}", folder / f"{'0' * 32}.{suffix}")
    assert executed(copy, a_study()) == 2
    for suffix in ("parquet", "json"):
        (folder / f"{four}.{suffix}").rename(folder / f"{'f' * 32}.{suffix}")
    assert executed(copy, a_study()) == 1
    assert digest(copy) == before


def test_a_run_with_two_results_is_named_with_both_shards(copy: Path) -> None:
    names, before = sorted(path.stem for path in (copy / "shards").glob("*.json")), digest(copy)
    row, other = (shards.rows_of(*shards.verified(copy, name), ("a", "b"))[0] for name in names[:2])
    both = shards.commit(store.Disk(), copy, [row, other], ("a", "b"), "", 0)
    assert executed(copy, a_study()) == 0 and digest(copy) == before  # equal duplicates are dropped
    for suffix in ("parquet", "json"):
        (copy / "shards" / f"{both}.{suffix}").unlink()
    wrong = shards.Row(row.run_id, row.seed, "ok", (row.values[0] + 1e-12, row.values[1]))
    both = shards.commit(store.Disk(), copy, [wrong, other], ("a", "b"), "", 0)
    with pytest.raises(store.Unequal, match=row.run_id) as refused:
        executed(copy, a_study())
    assert both in str(refused.value) and names[0] in str(refused.value) and other.run_id not in str(refused.value)


def stored(folder: Path, *rows: shards.Row) -> str:
    return shards.commit(store.Disk(), folder, rows, ("a", "b"), "", 0)


def test_an_answer_beats_a_time_limit_and_that_a_dead_worker(copy: Path) -> None:
    """Rows of one run in one attempt, in shards whose names sort either way."""
    before, nothing = digest(copy), (np.nan, np.nan)
    rows = [
        shards.rows_of(*shards.verified(copy, path.stem), ("a", "b"))[0] for path in (copy / "shards").glob("*.json")
    ]
    for number in range(4):
        one, other = rows[number], rows[number + 1]
        stored(copy, shards.Row(one.run_id, one.seed, "timeout", nothing, "Timeout"), other)
        stored(copy, other, shards.Row(one.run_id, one.seed, "crashed", nothing, "Died"))
    assert executed(copy, a_study()) == 0 and digest(copy) == before
    assert runner.status(copy).runs == {"ok": 6, "failed": 0, "crashed": 0, "timeout": 0}
    (copy / "manifest.json").unlink()
    assert not runner.read(copy).failed.any()
    late = sorted(
        path for path in (copy / "shards").glob("*.json") if f'"runs": [\n"{rows[0].run_id}"\n]' in path.read_text()
    )
    assert len(late) == 1, "the shard of one run alone"
    for suffix in (".json", ".parquet"):
        late[0].with_suffix(suffix).unlink()
    assert executed(copy, a_study()) == 0
    assert runner.status(copy).runs == {"ok": 5, "failed": 0, "crashed": 0, "timeout": 1}


# ---- other studies, other code ---------------------------------------------------------------------------------------


def test_growing_runs_only_what_is_new_and_gives_the_bytes_of_the_whole(copy: Path, tmp_path: Path) -> None:
    more = a_study(replicates=3)
    assert executed(copy, more) == 3
    runner.sweep(more, tmp_path / "at-once", workers=0)
    assert digest(copy) == digest(tmp_path / "at-once")
    wider = a_study(levels=(0, 1, 2, 5), replicates=3)
    assert executed(copy, wider) == 3
    assert runner.read(copy).x.tolist() == [[0], [1], [2], [5]]


def test_another_study_is_refused_and_both_are_named(copy: Path) -> None:
    before = digest(copy)
    for other in (a_study(replicates=1), a_study(seed=5), a_study(levels=(7, 8)), a_study("slow")):
        with pytest.raises(store.OtherStudy) as refused:
            executed(copy, other)
        assert a_study().study_hash()[:12] in str(refused.value) and other.study_hash()[:12] in str(refused.value)
        assert "fresh" in str(refused.value) and digest(copy) == before
    assert executed(copy, a_study(seed=5), fresh=True) == 6
    assert digest(copy / "earlier" / "1") == before


@pytest.mark.parametrize("n", range(1, 40))
def test_a_killed_fresh_leaves_a_folder_that_finishes(copy: Path, n: int) -> None:
    """At every operation; the new study watches other things, so that its rows cannot be mixed with the old ones."""
    new = a_study(levels=(0, 1), outcomes=["c"], replicates=1)
    disk = FaultyDisk("crash", n, copy.with_name("fired"), "any", os.getpid())
    with pytest.raises(Crash):
        executed(copy, new, fresh=True, disk=disk)
    try:
        executed(copy, new)
    except store.OtherStudy as refused:
        assert "--fresh" in str(refused)
        assert executed(copy, new, fresh=True) == 2
    assert runner.status(copy).runs["ok"] == 2 and runner.read(copy).y.shape == (2, 1, 1)
    kept = {path.name for path in (copy / "earlier").rglob("*.json") if path.parent.name == "shards"}
    assert len(kept | {path.name for path in (copy / "shards").glob("*.json")}) >= 8, "nothing is thrown away"


def test_shards_of_another_study_are_left_alone(copy: Path, tmp_path: Path) -> None:
    other = a_study(outcomes=["c"])
    runner.sweep(other, tmp_path / "other", workers=0)
    before = digest(copy)
    shutil.copytree(tmp_path / "other" / "shards", copy / "shards", dirs_exist_ok=True)
    for name in ("runs.parquet", "manifest.json"):
        (copy / name).unlink()
    assert not runner.read(copy).failed.any()
    assert executed(copy, a_study()) == 0 and digest(copy) == before
    assert not list((copy / "quarantine").iterdir())


def test_results_of_other_code_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studies.of(
        "tiny", name="m", months=1, outcomes=["exits"], factors=[{"name": "h0", "levels": [0.01, 0.02]}],
        design={"method": "grid"},
    )  # fmt: skip
    folder = tmp_path / "s"
    assert executed(folder, study) == 2
    old = identity.model_digest()
    monkeypatch.setattr(identity, "model_digest", lambda: "f" * 32)
    with pytest.raises(store.OtherStudy) as refused:
        executed(folder, study)
    assert old[:12] in str(refused.value) and "f" * 12 in str(refused.value)
    assert "another folder" in str(refused.value) and "--fresh" in str(refused.value)
    assert executed(folder, study, fresh=True) == 2
    assert len(list((folder / "earlier" / "1" / "shards").glob("*.parquet"))) > 0
    assert json.loads((folder / "study.json").read_bytes())["code"] == "f" * 32


def test_a_worker_with_other_code_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studies.of(
        "tiny", name="m", months=1, outcomes=["exits"], factors=[{"name": "h0", "levels": [0.01]}],
        design={"method": "grid"},
    )  # fmt: skip
    asked = plan.plan(study)
    monkeypatch.setattr(runner, "plan", lambda _: asked)
    monkeypatch.setattr(identity, "model_digest", lambda: "f" * 32)
    with pytest.raises(runner.Stopped, match="a worker has code ffffffffffff"):
        runner.sweep(study, tmp_path / "s", workers=0)


def test_a_folder_without_a_sweep_says_so(tmp_path: Path) -> None:
    for ask in (runner.read, runner.status):
        with pytest.raises(reading.Unreadable, match="holds no sweep"):
            ask(tmp_path)


# ---- the lock --------------------------------------------------------------------------------------------------------


def test_the_second_launch_is_told_who_holds_the_folder_and_since_when(copy: Path) -> None:
    with lock.held(copy, store.Disk()):
        with pytest.raises(lock.InUse, match=rf"process {os.getpid()} on .*, since 20\d\d-") as refused:
            executed(copy, a_study())
        assert "another folder" in str(refused.value)
    assert executed(copy, a_study()) == 0


def test_the_lock_is_free_after_sigkill_of_its_holder(copy: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from abm import disk; from experiments import lock\n"
        "with lock.held(Path(sys.argv[1]), disk.DISK): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(copy)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment()) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(lock.InUse, match=f"process {holder.pid} "):
            executed(copy, a_study())
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    left = lock.holder(copy)
    assert left is not None and left["pid"] == holder.pid
    assert executed(copy, a_study()) == 0 and lock.holder(copy) is None


@pytest.mark.parametrize(
    ("change", "lives"),
    [
        ({}, True),
        ({"started": time.time() - 10**6}, False),  # the number belongs to another process by now
        ({"boot": "before"}, False),
        ({"host": "elsewhere"}, False),
        ({"pid": 2**22 + 1}, False),
        ({"pid": "x"}, False),
    ],
)
def test_only_a_living_holder_counts(copy: Path, change: dict[str, object], lives: bool) -> None:
    """The record alone, as after somebody removed the locked file; a dead one is taken over."""
    (copy / "lock").write_text(json.dumps(lock.me() | change), encoding="utf-8")
    if lives:
        with pytest.raises(lock.InUse):
            executed(copy, a_study())
    else:
        assert executed(copy, a_study()) == 0


def test_a_torn_record_of_the_lock_does_no_harm(copy: Path) -> None:
    (copy / "lock").write_bytes(b'{"host": "v')
    assert executed(copy, a_study()) == 0


THREADS = """
import os, sys
import pyarrow as pa
from abm import result_file, table_file
from pathlib import Path

path = Path(sys.argv[1])
table_file.write_parquet(path, pa.table({"x": [1.0], "name": ["a"]}))
data = path.read_bytes()
before = len(os.listdir("/proc/self/task"))
assert result_file.table_in(data, "it").num_rows == 1
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted as Linux tells them")
def test_reading_bytes_starts_no_thread_that_holds_them(tmp_path: Path) -> None:
    """One that lets go of an object of Python while the process ends, ends it with an abort."""
    asked = [sys.executable, "-c", THREADS, str(tmp_path / "a.parquet")]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("0", "")
