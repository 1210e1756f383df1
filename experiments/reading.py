"""Reads the folder of a sweep, finished or not, without changing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from experiments import design, shards, store
from experiments.responses import Factor, Responses
from experiments.rows import found
from experiments.shards import Damaged
from experiments.store import MANIFEST, PLAN, RUNS, STUDY

AGAIN: Final = "Start the sweep again, or the run with --resume: that"


class Unreadable(RuntimeError):
    """Not the folder of a sweep, or a damaged one."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a sweep is: runs planned, and done by status. Finished: the table of all runs is there and whole."""

    planned: int
    runs: Mapping[str, int]
    finished: bool

    @property
    def done(self) -> int:
        """Runs with a row."""
        return sum(self.runs.values())


def described(folder: Path) -> dict[str, Any]:
    """study.json of a folder.

    Raises:
        Unreadable: it is not there or damaged.
    """
    try:
        return shards.unsealed(shards.content(folder / STUDY), STUDY)
    except FileNotFoundError:
        raise Unreadable(
            f"{folder}: holds no sweep (no {STUDY}); expected a folder that `talent sweep` wrote"
        ) from None
    except (Damaged, OSError) as error:
        raise Unreadable(f"{folder}: {error}. {AGAIN} writes the file anew") from error


def _table(folder: Path, name: str, sha256: str) -> pa.Table:
    """A table that must be what was written."""
    try:
        data = shards.content(folder / name)
        if store.sha256(data) != sha256:
            raise Damaged(f"{name} does not agree with the hash that was stored of it")
        return shards.unparquet(data)
    except (Damaged, OSError) as error:
        raise Unreadable(f"{folder}: {error}. {AGAIN} mends it from what is whole") from error


def _manifest(folder: Path, held: Mapping[str, Any]) -> dict[str, Any] | None:
    """The manifest if the sweep is finished.

    Raises:
        Unreadable: it is damaged.
    """
    try:
        manifest = shards.unsealed(shards.content(folder / MANIFEST), MANIFEST)
    except FileNotFoundError:
        return None
    except (Damaged, OSError) as error:
        raise Unreadable(f"{folder}: {error}. {AGAIN} writes the file anew") from error
    return manifest if (manifest["hash"], manifest["code"]) == (held["hash"], held["code"]) else None


def read(folder: Path) -> Responses:
    """The answers in a folder; NaN where a run is missing or gave none.

    Raises:
        Unreadable: no sweep, or a damaged table. Damaged shards of an unfinished sweep count as missing.
    """
    held = described(folder)
    study = held["study"]
    factors = tuple(Factor(**each | {"levels": tuple(each["levels"])}) for each in study["factors"])
    plan = _table(folder, PLAN, held["plan"])
    outcomes, seeds = tuple(study["outcomes"]), np.array(held["seeds"], dtype=np.int64)
    y = np.full((plan.num_rows, len(outcomes)), np.nan)
    manifest = _manifest(folder, held)
    if manifest is not None:
        table = _table(folder, RUNS, manifest["files"][RUNS]["sha256"])
        for number, outcome in enumerate(outcomes):
            name = outcome if f"= {outcome}" not in table.column_names else f"= {outcome}"
            y[:, number] = table[name].to_numpy()
    else:
        asked = plan["run_id"].to_pylist()
        rows = found(folder, whole(folder), outcomes, set(asked))
        values = rows.values(outcomes)
        for place, run in enumerate(asked):
            if run in rows.places:
                y[place] = values[rows.places[run]]
    points = plan.num_rows // max(len(seeds), 1)
    x = np.empty((points, len(factors)))
    for number, factor in enumerate(factors):
        x[:, number] = [design.position(factor, value) for value in plan[factor.name].to_pylist()[:: len(seeds)]]
    return Responses(factors, x, outcomes, tuple(held["units"]), y.reshape(points, len(seeds), len(outcomes)), seeds)


def whole(folder: Path) -> list[str]:
    """The shards that are not damaged."""
    names = []
    for path in sorted((folder / shards.FOLDER).glob("*.json")):
        try:
            shards.verified(folder, path.stem)
        except (Damaged, OSError):
            continue
        names.append(path.stem)
    return names


def done(folder: Path) -> dict[str, str]:
    """The runs that a folder has a row of, with their status; none where there is no sweep."""
    latest: dict[str, tuple[int, str]] = {}
    for name in whole(folder):
        sidecar, _ = shards.verified(folder, name)
        for run in sidecar.runs:
            mine = sidecar.attempt, sidecar.failed.get(run, shards.OK)
            if shards.counts(mine, latest.get(run)):
                latest[run] = mine
    return {run: status_ for run, (_, status_) in latest.items()}


def status(folder: Path) -> Status:
    """How far the sweep in a folder is, by what is stored; it may be running.

    Raises:
        Unreadable: no sweep, or a damaged one.
    """
    held = described(folder)
    asked = set(_table(folder, PLAN, held["plan"])["run_id"].to_pylist())
    runs = dict.fromkeys(shards.STATUSES, 0)
    for run, status_ in done(folder).items():
        runs[status_] += run in asked
    return Status(len(asked), runs, _manifest(folder, held) is not None)


def readable(content: Mapping[str, Any]) -> bytes:
    """JSON for people."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
