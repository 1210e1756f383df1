"""The folder of a sweep: what it holds, what is done, what is damaged, and the final table.

study.json, plan.parquet      what is run; written before the first run
shards/                       what is done, see `experiments/shards.py`
runs.parquet, manifest.json   all runs in the order of the plan; the same bytes however they came about
attempts/                     who ran when and how fast: all that differs between equal sweeps
quarantine/, earlier/         damaged files; what `fresh` put aside
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from experiments import shards
from experiments.disk import TEMPORARY, Disk, make_folders, put
from experiments.plan import Plan
from experiments.shards import Damaged, Row, Sidecar

STUDY, PLAN, RUNS, MANIFEST = "study.json", "plan.parquet", "runs.parquet", "manifest.json"
QUARANTINE: Final = "quarantine"
EARLIER: Final = "earlier"


class OtherStudy(RuntimeError):
    """The folder holds something that must not be mixed with what is asked."""


class Unequal(RuntimeError):
    """One run gave two results."""


class Store:
    """The folder of a sweep, opened for writing; hold its lock."""

    def __init__(self, folder: Path, plan: Plan, disk: Disk) -> None:
        self.folder, self.plan, self.disk = folder, plan, disk
        self.quarantined: list[str] = []
        self.done: dict[str, tuple[int, str]] = {}  # run: attempt that counts, status
        self.fresh: list[tuple[str, int]] = []  # runs and attempts that were noted since the driver last looked
        self.counts = dict.fromkeys(shards.STATUSES, 0)  # runs by status
        self.names: set[str] = set()
        self._asked = {run.run_id for run in plan.runs}

    # ---- opening -----------------------------------------------------------------------------------------------------

    def open(self, fresh: bool = False) -> None:
        """Check that the folder is for this study, make what is missing and see what is done.

        Raises:
            OtherStudy: another study or other code; says which and what to do.
        """
        for name in ("", shards.FOLDER, QUARANTINE, "attempts"):
            if not (self.folder / name).exists():
                self.disk.mkdir(self.folder / name)
        for unfinished in [*self.folder.glob(f"{TEMPORARY}*"), *self.folder.glob(f"*/{TEMPORARY}*")]:
            self.disk.unlink(unfinished)
        if fresh:
            self._put_aside()
        self._describe(self._held())
        self.look()

    def _held(self) -> dict[str, Any] | None:
        """study.json; None if there is none or it is damaged (then it is put into quarantine)."""
        path = self.folder / STUDY
        if not path.exists():
            return None
        try:
            return shards.unsealed(path.read_bytes(), STUDY)
        except Damaged:
            self._quarantine(path)
            return None

    def _describe(self, held: dict[str, Any] | None) -> None:
        """Write what is run, unless the folder says so already.

        The plan is written first: a folder whose plan is ahead of its study is brought in order by the next launch.
        """
        study, code = self.plan.study, self.plan.code
        table = shards.parquet(self.plan.table())
        described = description(self.plan, table)
        path = self.folder / PLAN
        if held is not None and held.get("code") != code:
            raise OtherStudy(
                f"{self.folder}: its results were made by code {str(held.get('code'))[:12]}, this is code {code[:12]}; "
                "they are not mixed. Use another folder, or fresh=True (--fresh), which puts the old ones aside"
            )
        if held is not None and held["hash"] != study.study_hash() and not self._grows(path):
            raise OtherStudy(
                f'{self.folder}: holds the study "{held["study"]["name"]}" ({held["hash"][:12]}), asked is '
                f'"{study.name}" ({study.study_hash()[:12]}), which does not only add points or replicates to it. '
                "Use another folder, or fresh=True (--fresh), which puts the old results aside"
            )
        if not path.exists() or path.read_bytes() != table:
            for name in (MANIFEST, RUNS):  # of a smaller plan, or of nobody knows what
                self.disk.unlink(self.folder / name)
            put(self.disk, path, table)
        if held is None or (self.folder / STUDY).read_bytes() != described:
            put(self.disk, self.folder / STUDY, described)
        self.disk.fsync_folder(self.folder)

    def _grows(self, path: Path) -> bool:
        """Whether all runs of the plan in the folder are asked again."""
        try:
            return set(shards.unparquet(path.read_bytes())["run_id"].to_pylist()) <= self._asked
        except (OSError, Damaged, KeyError):
            return False

    def _put_aside(self) -> None:
        """Move what is there into a folder of its own."""
        there = [self.folder / name for name in (MANIFEST, RUNS, PLAN, STUDY)]
        moved = [*(path for path in there if path.exists()), *sorted((self.folder / shards.FOLDER).iterdir())]
        if not moved:
            return
        number = 1
        while (aside := self.folder / EARLIER / str(number)).exists():
            number += 1
        make_folders(self.disk, aside / shards.FOLDER)
        for path in moved:
            self.disk.rename(path, aside / path.relative_to(self.folder))

    # ---- what is done ------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Take note of the shards that are new; put what is not whole into quarantine."""
        found = {path.stem for path in (self.folder / shards.FOLDER).iterdir() if not path.name.startswith(TEMPORARY)}
        for name in sorted(found - self.names):
            try:
                sidecar, _ = shards.verified(self.folder, name)
            except (Damaged, FileNotFoundError):
                for path in (self.folder / shards.FOLDER).glob(f"{name}.*"):
                    self._quarantine(path)
                continue
            self.note(sidecar)

    def note(self, sidecar: Sidecar) -> None:
        """The runs of a shard are done; the latest attempt counts."""
        if sidecar.name in self.names:
            return
        self.names.add(sidecar.name)
        for run in sidecar.runs:
            before, status = self.done.get(run, (-1, ""))
            if sidecar.attempt <= before or run not in self._asked:
                continue
            if status:
                self.counts[status] -= 1
            now = sidecar.failed.get(run, shards.OK)
            self.counts[now] += 1
            self.done[run] = (sidecar.attempt, now)
            self.fresh.append((run, sidecar.attempt))

    def has(self, name: str) -> bool:
        """Whether a shard is there and whole; takes note of it."""
        try:
            sidecar, _ = shards.verified(self.folder, name)
        except (Damaged, OSError):
            return False
        self.note(sidecar)
        return True

    def _quarantine(self, path: Path) -> None:
        number = 0
        while (away := self.folder / QUARANTINE / f"{path.name}.{number}").exists():
            number += 1
        self.disk.rename(path, away)
        self.quarantined.append(path.relative_to(self.folder).as_posix())

    # ---- the final table ---------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write the table of all runs and the manifest.

        Raises:
            Unequal: a run was carried out twice and differs.
            Damaged: a shard changed since it was verified.
        """
        rows = best(self.folder, sorted(self.names), self.plan.study.outcomes, self._asked)
        table = _table(self.plan, rows)
        data = shards.parquet(table)
        files = {name: (self.folder / name).read_bytes() for name in (STUDY, PLAN)} | {RUNS: data}
        manifest = {
            "schema": 1,
            "study": self.plan.study.name,
            "hash": self.plan.study.study_hash(),
            "code": self.plan.code,
            "points": len(self.plan.x),
            "replicates": len(self.plan.seeds),
            "runs": {"planned": len(self._asked), **self.counts},
            "files": {name: {"bytes": len(mine), "sha256": sha256(mine)} for name, mine in files.items()},
        }
        if (self.folder / RUNS).exists() and (self.folder / RUNS).read_bytes() == data:
            if (self.folder / MANIFEST).exists() and (self.folder / MANIFEST).read_bytes() == shards.sealed(manifest):
                return
        put(self.disk, self.folder / RUNS, data)
        put(self.disk, self.folder / MANIFEST, shards.sealed(manifest))
        self.disk.fsync_folder(self.folder)


def sha256(data: bytes) -> str:
    """Hash of some bytes."""
    return hashlib.sha256(data).hexdigest()


def description(plan: Plan, table: bytes) -> bytes:
    """study.json: the study, its hash, the code, and what reading needs."""
    study = plan.study
    return shards.sealed(
        {
            "hash": study.study_hash(),
            "code": plan.code,
            "plan": sha256(table),
            "study": study.content(),
            "units": list(study.units),
            "seeds": [int(seed) for seed in plan.seeds],
        }
    )


def best(folder: Path, names: list[str], outcomes: tuple[str, ...], asked: set[str] | None) -> dict[str, Row]:
    """The rows that count, by run: of the latest attempt; rows of one attempt are equal.

    Raises:
        Unequal: names the run and both shards.
    """
    found: dict[str, tuple[int, str, Row]] = {}
    for name, attempt, row in _rows(folder, names, outcomes):
        if asked is not None and row.run_id not in asked:
            continue
        before = found.get(row.run_id)
        if before is None or before[0] < attempt:
            found[row.run_id] = (attempt, name, row)
        elif before[0] == attempt and not before[2].same(row):
            raise Unequal(
                f"{folder}: run {row.run_id} is in two shards with different results: {before[1]} says "
                f"{_said(before[2])}, {name} says {_said(row)}. The model does not give the same numbers for the same "
                "seed, or a time limit was near. Move one of the two shards away, or start again with fresh=True"
            )
    return {run: row for run, (_, _, row) in found.items()}


def _rows(folder: Path, names: list[str], outcomes: tuple[str, ...]) -> Iterator[tuple[str, int, Row]]:
    for name in names:
        sidecar, data = shards.verified(folder, name)
        for row in shards.rows_of(sidecar, data, outcomes):
            yield name, sidecar.attempt, row


def _said(row: Row) -> str:
    return f"{row.status} {list(row.values) if row.status == shards.OK else row.error}"


def _table(plan: Plan, rows: dict[str, Row]) -> pa.Table:
    """All runs of the plan in its order, with factors, status and outcomes."""
    table = plan.table()
    mine = [rows[run.run_id] for run in plan.runs]
    for text in ("status", "error", "message", "traceback"):
        table = table.append_column(text, pa.array([getattr(row, text) for row in mine], pa.string()))
    for number, outcome in enumerate(plan.study.outcomes):
        name = outcome if outcome not in table.column_names else f"= {outcome}"
        table = table.append_column(name, pa.array([row.values[number] for row in mine], pa.float64()))
    return table
