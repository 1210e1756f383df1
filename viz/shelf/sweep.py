"""The folder of a sweep as numbers for charts: factors and outcomes at every point, finished or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from abm import result_file
from abm.result_file import BadFile
from viz.messages import Wrong
from viz.shelf import names
from viz.shelf.blocks import Block, coded, facts, table, text

Floats = npt.NDArray[np.float64]
MOST_POINTS: Final = 50_000
MOST_SHARDS: Final = 5_000
MOST_COLUMNS: Final = 400
MOST_VALUES: Final = 20_000_000
ELSEWHERE: Final = "read it with pandas or DuckDB"


def read(folder: Path, held: dict[str, Any]) -> dict[str, Any]:
    """What a page shows of a sweep.

    Args:
        folder: with study.json, plan.parquet, and runs.parquet or shards.
        held: the content of study.json.

    Raises:
        Wrong: nothing has been run yet, or the plan is missing.
        KeyError, TypeError, ValueError: study.json is not what a sweep writes.
        OSError, BadFile: a table is damaged.
    """
    study = held["study"]
    factors, outcomes = list(study["factors"]), [str(name) for name in study["outcomes"]]
    runs, missing = _runs(folder, outcomes)
    chosen, more = points(runs, factors, outcomes)
    planned = len(runs)
    done = sum(1 for status in runs["status"] if status == "ok")
    failed = sum(1 for status in runs["status"] if status not in ("ok", ""))
    scenario = study.get("scenario") or {}
    said = [study.get("why") or ""]
    if missing:
        said.append(
            f"Not finished: {planned - missing:,} of {planned:,} runs are stored. Shown are the points that are "
            "there. Go on with talent sweep and --resume."
        )
    if failed:
        said.append(f"{failed:,} runs failed; the columns error and message of runs.parquet say why.")
    if more:
        said.append(f"Only the first {MOST_POINTS:,} points are shown.")
    units = list(held.get("units") or [""] * len(outcomes))
    block = {
        "type": "sweep",
        "title": f"{study['name']}: what the factors do",
        "note": "Each point is a mean over replicates that share their luck with all other points.",
        "factors": chosen["factors"],
        "outcomes": [{"name": names.outcome(name), "unit": unit} for name, unit in zip(outcomes, units, strict=True)],
        "x": chosen["x"],
        "y": chosen["y"],
        "spread": chosen["spread"],
        "replicates": int(study["replicates"]),
    }
    columns = [
        *(("factor", "text"), ("from", "number"), ("to", "number"), ("unit", "text"), ("levels", "text")),
        ("in the files", "text"),
    ]
    rows = [
        [
            *(names.factor(f["name"]), f.get("low"), f.get("high"), f.get("unit") or ""),
            *(", ".join(map(str, f.get("levels") or []))[:200], f["name"]),
        ]
        for f in factors
    ]
    blocks: list[Block] = [text("", said), block, table("Factors", columns, rows), coded(outcomes)]
    return {
        "title": str(study["name"]),
        "facts": facts(
            [
                ("Scenario", scenario.get("name") or study.get("model")),
                ("Design", study["design"]["method"]),
                ("Points", f"{chosen['count']:,}"),
                ("Replicates", study["replicates"]),
                ("Runs", f"{done:,} of {planned:,}"),
                ("Seed", study["seed"]),
                ("Study", str(held.get("hash", ""))[:12]),
            ]
        ),
        "blocks": blocks,
    }


def _runs(folder: Path, outcomes: list[str]) -> tuple[dict[str, Any], int]:
    """All planned runs with factors, status and outcomes as columns, and how many are not there yet."""
    whole = folder / "runs.parquet"
    if whole.exists():
        found = _table(whole)
        columns = {name: found[name].to_pylist() for name in found.column_names}
        for name in outcomes:
            columns[f"= {name}"] = columns.pop(f"= {name}", None) or columns.get(name)
        return _Runs(columns), 0
    plan = folder / "plan.parquet"
    if not plan.exists():
        raise Wrong("half-written: study.json is there and plan.parquet is not. Go on with talent sweep and --resume")
    asked = _table(plan)
    columns = {name: asked[name].to_pylist() for name in asked.column_names}
    place: dict[str, list[int]] = {}
    for row, run in enumerate(columns["run_id"]):
        place.setdefault(run, []).append(row)
    planned = len(columns["run_id"])
    columns["status"] = [""] * planned
    for name in outcomes:
        columns[f"= {name}"] = [None] * planned
    for path in sorted((folder / "shards").glob("*.parquet"))[:MOST_SHARDS]:
        _take(path, columns, place, outcomes)
    missing = sum(1 for status in columns["status"] if not status)
    if missing == planned:
        raise Wrong("nothing has been run yet in this sweep. Go on with talent sweep and --resume")
    return _Runs(columns), missing


class _Runs(dict[str, Any]):
    """Columns by name; its length is the number of runs."""

    def __len__(self) -> int:
        return len(self["run_id"])


def _take(path: Path, columns: dict[str, Any], place: dict[str, list[int]], outcomes: list[str]) -> None:
    """Put the rows of a shard where the plan has them; a damaged shard is as good as none."""
    try:
        shard = _table(path)
        names = ["run_id", "status", *(f"= {name}" for name in outcomes)]
        rows = zip(*(shard[name].to_pylist() for name in names), strict=True)
    except (OSError, BadFile, Wrong, KeyError):
        return
    for run, status, *values in rows:
        for row in place.get(run, ()):
            columns["status"][row] = status
            for name, value in zip(outcomes, values, strict=True):
                columns[f"= {name}"][row] = value


def _table(path: Path) -> pa.Table:
    most = 20 * MOST_POINTS
    try:
        found = result_file.table(path, rows=most)
    except result_file.TooManyRows:
        raise Wrong(f"{path.name} has over {most:,} rows, more than this page shows; {ELSEWHERE}") from None
    if found.num_columns > MOST_COLUMNS or found.num_rows * found.num_columns > MOST_VALUES:
        raise Wrong(
            f"{path.name} has {found.num_rows:,} rows and {found.num_columns:,} columns, more than this page shows; "
            f"{ELSEWHERE}"
        )
    return found


def points(runs: dict[str, Any], factors: list[dict[str, Any]], outcomes: list[str]) -> tuple[dict[str, Any], bool]:
    """Means over replicates at every point, and whether points were left out.

    Returns:
        factors with `values` (their distinct values, if few) or `levels`; x, a list of arrays (P,), levels as their
        numbers; y and spread, lists of arrays (P,): mean and standard deviation over replicates; count.
    """
    numbers = np.asarray(runs["point"], dtype=np.int64)
    known, at = np.unique(numbers, return_inverse=True)
    first = np.zeros(len(known), dtype=np.int64)
    first[at[::-1]] = np.arange(len(numbers))[::-1]
    kept = first[:MOST_POINTS]
    described, x = [], []
    for factor in factors:
        values = [runs[factor["name"]][row] for row in kept]
        levels = [_plain(level) for level in factor.get("levels") or []]
        is_words = any(isinstance(value, str | bool) for value in [*levels, *values[:1]])
        if is_words:
            levels = list(dict.fromkeys([*map(str, levels), *map(str, values)]))
            column = np.array([levels.index(str(value)) for value in values], dtype=np.float64)
        else:
            column, levels = np.array([_number(value) for value in values]), []
        x.append(column)
        described.append(
            {
                "name": names.factor(factor["name"]),
                "unit": factor.get("unit") or "",
                "log": bool(factor.get("log")),
                "low": factor.get("low"),
                "high": factor.get("high"),
                "levels": levels,
            }
        )
    y, spread = [], []
    for name in outcomes:
        measured = np.array([_number(value) for value in runs[f"= {name}"]])
        there = np.isfinite(measured)
        count = np.bincount(at[there], minlength=len(known)).astype(np.float64)
        total = np.bincount(at[there], measured[there], minlength=len(known))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 0, total / count, np.nan)
            square = np.bincount(at[there], (measured[there] - mean[at[there]]) ** 2, minlength=len(known))
            sd = np.where(count > 1, np.sqrt(square / (count - 1)), np.nan)
        y.append(mean[:MOST_POINTS])
        spread.append(sd[:MOST_POINTS])
    found = {"factors": described, "x": x, "y": y, "spread": spread, "count": len(known)}
    return found, len(known) > MOST_POINTS


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool) else json.dumps(value)[:80]
