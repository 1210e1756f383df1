"""What an attribution leaves on disk: one JSON document, estimates as CSV, values by replicate as Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from abm import files, table_file
from abm.attribution import LEVEL, Attribution, Estimate
from abm.attribution_plan import Plan
from abm.columns import Floats
from abm.run import replicate_seed


def document(asked: Plan, replicates: Sequence[int], found: Sequence[Attribution], command: str = "") -> dict[str, Any]:
    """Everything about an attribution as plain data, for JSON and for drawing.

    Args:
        asked: the plan.
        replicates: numbers of those that are whole, in the order of the arrays.
        found: one for each outcome.
        command: the command line, for the record.
    """
    complete = len(replicates) == asked.replicates
    record = files.provenance(asked.scenario, asked.seed, [], command, complete)
    record["replicates"] = [{"replicate": r, "seed": replicate_seed(asked.seed, r)} for r in replicates]
    return {
        "schema": 1,
        "scenario": {"name": asked.scenario.name, "title": asked.scenario.title, "start": asked.scenario.start},
        "months": asked.scenario.months,
        "until": asked.scenario.date_of(asked.scenario.months - 1),
        "replicates": len(replicates),
        "level": LEVEL,
        "leave_one_out": asked.leave_one_out,
        "shapley": ("sampled" if asked.permutations else "exact") if asked.shapley else None,
        "permutations": asked.permutations,
        "players": [asdict(player) for player in asked.players],
        "skipped": dict(asked.skipped),
        "outcomes": [_outcome(asked, each) for each in found],
        "provenance": record,
    }


def _outcome(asked: Plan, each: Attribution) -> dict[str, Any]:
    whole = Estimate.of(each.whole)

    def part(values: Floats | None, player: int) -> dict[str, Any] | None:
        return None if values is None else asdict(Estimate.of(values[:, player]))

    def share(player: int) -> float | None:
        known = each.shapley is not None and whole.is_clear
        return float(each.shapley[:, player].mean() / whole.mean) if known and each.shapley is not None else None

    return {
        "text": each.text,
        "unit": each.unit,
        "meaning": each.meaning,
        "nothing": asdict(Estimate.of(each.nothing)),
        "everything": asdict(Estimate.of(each.everything)),
        "whole": asdict(whole),
        "gap": None if each.gap is None else asdict(Estimate.of(each.gap)),
        "error": each.error,
        "parts": [
            {
                "player": player.name,
                "leave_one_out": part(each.leave_one_out, number),
                "shapley": part(each.shapley, number),
                "share": share(number),
                "idle": all(v is None or not v[:, number].any() for v in (each.leave_one_out, each.shapley)),
            }
            for number, player in enumerate(asked.players)
        ],
    }


def write(
    folder: Path, asked: Plan, replicates: Sequence[int], found: Sequence[Attribution], command: str = ""
) -> dict[str, Any]:
    """Write `attribution.json`, `.csv` and `.parquet` into a folder, and give the document back.

    Raises:
        OSError: the folder cannot be written.
    """
    told = document(asked, replicates, found, command)
    folder.mkdir(parents=True, exist_ok=True)
    table_file.write_parquet(folder / "attribution.parquet", _table(asked, replicates, found))
    files.write_text(folder / "attribution.csv", _estimates(told))
    files.write_json(folder / "attribution.json", told)
    return told


def _table(asked: Plan, replicates: Sequence[int], found: Sequence[Attribution]) -> pa.Table:
    """One row per outcome, replicate and player; the player "" holds the worlds with nothing and with everything."""
    names = [player.name for player in asked.players]
    rows: dict[str, list[Any]] = {name: [] for name in ("outcome", "replicate", "player")}
    rows |= {"leave_one_out": [], "shapley": [], "nothing": [], "everything": []}
    for each in found:
        for k, replicate in enumerate(replicates):
            for column, values in (("leave_one_out", each.leave_one_out), ("shapley", each.shapley)):
                rows[column] += [None, *(values[k].tolist() if values is not None else [None] * len(names))]
            for column, ends in (("nothing", each.nothing), ("everything", each.everything)):
                rows[column] += [float(ends[k]), *[None] * len(names)]
            rows["outcome"] += [each.text] * (len(names) + 1)
            rows["replicate"] += [replicate] * (len(names) + 1)
            rows["player"] += ["", *names]
    numbers = {
        name: pa.array(rows[name], pa.float64()) for name in ("leave_one_out", "shapley", "nothing", "everything")
    }
    keys = {"outcome": rows["outcome"], "replicate": np.asarray(rows["replicate"], np.int32), "player": rows["player"]}
    return pa.table(keys | numbers)


def _estimates(told: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = [f"{what}{end}" for what in ("leave_one_out", "shapley") for end in ("", "_low", "_high")]
    writer.writerow(["outcome", "player", "events", "from", "to", "label", *ends, "share"])
    for each in told["outcomes"]:
        for player, part in zip(told["players"], each["parts"], strict=True):
            numbers: list[Any] = []
            for what in ("leave_one_out", "shapley"):
                estimate = part[what] or {"mean": None, "low": None, "high": None}
                numbers += [estimate[key] for key in ("mean", "low", "high")]
            head = [each["text"], player["name"], " ".join(player["events"]), *player["between"], player["label"]]
            writer.writerow([*head, *("" if value is None else value for value in (*numbers, part["share"]))])
    return out.getvalue()
