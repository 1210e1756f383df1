"""The files of an answered question: answer.json, table.csv, table.parquet, provenance.json; and the screen."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import files, table_file
from experiments import identity, question_figures
from experiments.question_words import number
from experiments.question_worlds import PLACEBO, Found, Row, texts_of

COLUMNS: Final = tuple(each.name for each in fields(Row))
DIGITS: Final = 9  # so that the last bits of a processor do not reach a file
CHANCE: Final = 0.05


def told(
    name: str,
    said: dict[str, str],
    found: Found,
    answer: str,
    seed: int,
    smoke: bool,
    complete: bool,
    more: dict[str, Any],
) -> dict[str, Any]:
    """The content of answer.json; it holds no time and no place, so that the same run gives the same bytes."""
    if smoke:
        months = max(each.scenario.months for each in found.designs)
        answer = f"Smoke run of {months} months, no answer; its sentence would be: {answer}"
    tested = [row for row in found.rows if row.world != PLACEBO and not np.isnan(row.low)]
    content = {
        "schema": 1,
        "name": name,
        "question": said["Question"],
        "answer": answer,
        "design": said["Design"],
        "would_change_my_mind": said["What would change my mind"],
        "smoke": smoke,
        "complete": complete,
        "seed": seed,
        "model": identity.model_digest(),
        "replicates": found.replicates,
        "scenarios": {each.scenario.name: each.scenario.content_hash() for each in found.designs},
        "months": {each.scenario.name: each.scenario.months for each in found.designs},
        "primary": found.designs[0].primary or found.rows[0].outcome,
        "first": first_of(found),
        "intervals": len(tested),
        "that_would_miss_zero_by_luck": CHANCE * len(tested),
        "rows": [asdict(row) for row in found.rows],
        **({"more": more} if more else {}),
    }
    checked: dict[str, Any] = plain(content)
    return checked


def first_of(found: Found) -> dict[str, dict[str, dict[str, float]]]:
    """Scenario -> world -> outcome -> value of replicate 0: run again to see whether the code still says so."""
    return {
        design.scenario.name: {
            arm.name: dict(zip(texts_of(design), seen[arm.name][0].values, strict=True)) for arm in design.arms
        }
        for design, seen in zip(found.designs, found.seen, strict=True)
        if found.replicates
    }


def plain(content: Any) -> Any:
    """Floats to nine digits; what is not a number, or infinite, is null."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, np.ndarray):
        return plain(content.tolist())
    if isinstance(content, float | np.floating):
        return float(f"{float(content):.{DIGITS}g}") if math.isfinite(content) else None
    return int(content) if isinstance(content, np.integer) else content


def write(
    folder: Path, content: dict[str, Any], found: Found, command: str, seed: int, drawn: Mapping[str, Any]
) -> None:
    """Write all files; answer.json last, so that a folder with an answer is whole.

    Raises:
        OSError: the folder cannot be written.
    """
    (folder / "answer.json").unlink(missing_ok=True)
    rows = content["rows"]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.write_text(folder / "table.csv", out.getvalue())
    table_file.write_parquet(
        folder / "table.parquet", pa.table({name: [row[name] for row in rows] for name in COLUMNS})
    )
    question_figures.save(folder, drawn)
    files.write_json(folder / "provenance.json", plain(provenance(found, command, seed, content["complete"])))
    files.write_json(folder / "answer.json", content)


def provenance(found: Found, command: str, seed: int, complete: bool) -> dict[str, Any]:
    """What is enough to make every number again: scenarios, changes of the worlds, seeds, digests, versions."""
    first = found.designs[0].scenario
    record = files.provenance(first, seed, [], command, complete)
    for key in ("scenario", "scenario_hash", "replicates"):
        del record[key]
    record["designs"] = [
        {
            "scenario": design.scenario.to_dict(),
            "scenario_hash": design.scenario.content_hash(),
            "worlds": {
                arm.name: {"settings": dict(arm.change.settings), "without": list(arm.change.without)}
                for arm in design.worlds
            },
            "replicates": [
                {
                    "replicate": replicate,
                    "seed": seen[design.arms[0].name][replicate].seed,
                    "event_months": seen[design.arms[0].name][replicate].event_months,
                    "digests": {name: each[replicate].digest for name, each in seen.items() if replicate < len(each)},
                    "events_digests": {
                        name: each[replicate].events_digest for name, each in seen.items() if replicate < len(each)
                    },
                }
                for replicate in range(found.replicates)
            ],
        }
        for design, seen in zip(found.designs, found.seen, strict=True)
    ]
    return record


# ---- the screen ------------------------------------------------------------------------------------------------


def show(content: dict[str, Any], console: Console, folder: Path) -> None:
    """The question, the table, the answer."""
    console.print(f"\n[bold]{content['question']}[/bold]")
    runs = content["replicates"]
    console.print(f"{runs} pair{'s' if runs != 1 else ''} of worlds, seed {content['seed']}; brackets: 95 % interval")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("world", "outcome", "unit"):
        table.add_column(head, no_wrap=True)
    for head in ("mean", "against", "difference", "95 %"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for head in ("correlation", "variance ratio"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in content["rows"]:
        cells = [row["world"], row["outcome"], row["unit"], digits(row["mean"]), digits(row["mean_against"])]
        ends = "-" if row["low"] is None else f"[{digits(row['low'], True)}, {digits(row['high'], True)}]"
        cells += [digits(row["difference"], True), ends, row["verdict"], digits(row["correlation"])]
        cells += [digits(row["variance_ratio"])]
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print(
        f"[dim]of {content['intervals']} intervals about {content['that_would_miss_zero_by_luck']:.1f} would miss zero "
        f"by luck alone; primary outcome: {content['primary']}[/dim]"
    )
    console.print(Text(f"\n{content['answer']}\n", style="bold"), soft_wrap=True)
    console.print(f"Files in {folder}", markup=False, soft_wrap=True)


def digits(value: float | None, signed: bool = False) -> str:
    """A number of the table; "-" where there is none."""
    return "-" if value is None else number(value, signed)
