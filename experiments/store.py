"""The folder of a sweep: what it holds, what is done, what is damaged, and the final table.

study.json, plan.parquet      what is run; written before the first run
shards/                       what is done, see `experiments/shards.py`
runs.parquet, manifest.json   all runs in the order of the plan; the same bytes however they came about
attempts/                     who ran when and how fast: all that differs between equal sweeps
quarantine/, earlier/         damaged files; what `fresh` put aside
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from abm.disk import TEMPORARY, Disk, make_folders, put
from experiments import rows, shards
from experiments.plan import Plan
from experiments.rows import Found, Unequal
from experiments.shards import Damaged, Sidecar

__all__ = ["OtherStudy", "Store", "Unequal", "description", "sha256"]
STUDY, PLAN, RUNS, MANIFEST = "study.json", "plan.parquet", "runs.parquet", "manifest.json"
QUARANTINE: Final = "quarantine"
EARLIER: Final = "earlier"


class OtherStudy(RuntimeError):
    """The folder holds something that must not be mixed with what is asked."""


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
        self._others: set[str] = set()  # whole shards without a run that is asked: they are left alone

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
            return shards.unsealed(shards.content(path), STUDY)
        except Damaged:
            self._quarantine(path)
            return None

    def _describe(self, held: dict[str, Any] | None) -> None:
        """Write what is run, unless the folder says so already.

        The plan is written first: a folder whose plan is ahead of its study is brought in order by the next launch.
        """
        table = shards.parquet(self.plan.table())
        described = description(self.plan, table)
        path = self.folder / PLAN
        self.check(held)
        if not path.exists() or path.read_bytes() != table:
            for name in (MANIFEST, RUNS):  # of a smaller plan, or of nobody knows what
                self.disk.unlink(self.folder / name)
            put(self.disk, path, table)
        if held is None or (self.folder / STUDY).read_bytes() != described:
            put(self.disk, self.folder / STUDY, described)
        self.disk.fsync_folder(self.folder)

    def check(self, held: Mapping[str, Any] | None) -> None:
        """Refuse a folder whose results must not be mixed with what is asked; writes nothing.

        Raises:
            OtherStudy: another study or other code; says which and what to do.
        """
        study, code, path = self.plan.study, self.plan.code, self.folder / PLAN
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

    def _grows(self, path: Path) -> bool:
        """Whether all runs of the plan in the folder are asked again."""
        try:
            return set(shards.unparquet(shards.content(path))["run_id"].to_pylist()) <= self._asked
        except (OSError, Damaged, KeyError):
            return False

    def _put_aside(self) -> None:
        """Move what is there into a folder of its own.

        The study goes last: a folder whose shards were moved in part still says whose they are.
        """
        there = [self.folder / name for name in (MANIFEST, RUNS, PLAN, STUDY)]
        of_shards = sorted((self.folder / shards.FOLDER).iterdir())
        of_folder = [path for path in there if path.exists()]
        if not of_shards and not of_folder:
            return
        number = 1
        while (aside := self.folder / EARLIER / str(number)).exists():
            number += 1
        make_folders(self.disk, aside / shards.FOLDER)
        for paths in (of_shards, of_folder):
            for path in paths:
                self.disk.rename(path, aside / path.relative_to(self.folder))
            for folder in {path.parent for path in paths}:
                self.disk.fsync_folder(aside / folder.relative_to(self.folder))
                self.disk.fsync_folder(folder)

    # ---- what is done ------------------------------------------------------------------------------------------------

    def look(self, others_write: bool = False) -> None:
        """Take note of the shards that are new; put what is not whole into quarantine.

        Args:
            others_write: workers are storing shards meanwhile: what is not whole may be so soon, and stays.
        """
        found = {path.stem for path in (self.folder / shards.FOLDER).iterdir() if not path.name.startswith(TEMPORARY)}
        for name in sorted(found - self.names - self._others):
            try:
                sidecar, _ = shards.verified(self.folder, name)
            except (Damaged, FileNotFoundError):
                for path in (self.folder / shards.FOLDER).glob(f"{name}.*"):
                    if not others_write:
                        self._quarantine(path)
                continue
            self.note(sidecar)

    def note(self, sidecar: Sidecar) -> None:
        """The runs of a shard are done; the latest attempt counts."""
        if sidecar.name in self.names:
            return
        if self._asked.isdisjoint(sidecar.runs):
            self._others.add(sidecar.name)
            return
        self.names.add(sidecar.name)
        for run in sidecar.runs:
            mine = sidecar.attempt, sidecar.failed.get(run, shards.OK)
            before = self.done.get(run)
            if run not in self._asked or not shards.counts(mine, before):
                continue
            if before is not None:
                self.counts[before[1]] -= 1
            self.counts[mine[1]] += 1
            self.done[run] = mine
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
        self.disk.fsync_folder(away.parent)
        self.disk.fsync_folder(path.parent)
        self.quarantined.append(path.relative_to(self.folder).as_posix())

    # ---- the final table ---------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write the table of all runs and the manifest.

        Raises:
            Unequal: a run was carried out twice and differs.
            Damaged: a shard changed since it was verified.
        """
        table = _table(self.plan, rows.found(self.folder, sorted(self.names), self.plan.study.outcomes, self._asked))
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


def _table(plan: Plan, found: Found) -> pa.Table:
    """All runs of the plan in its order, with factors, status and outcomes."""
    table, mine = plan.table(), found.in_order(run.run_id for run in plan.runs)
    for text in ("status", "error", "message", "traceback"):
        table = table.append_column(text, mine[text])
    for outcome in plan.study.outcomes:
        name = outcome if outcome not in table.column_names else f"= {outcome}"
        table = table.append_column(name, mine[f"= {outcome}"])
    return table.combine_chunks()
