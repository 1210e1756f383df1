"""Which employers people prefer, recovered from their moves, and held against what the model knows."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from abm import commands, explain, files, ranking, result_file
from abm.commands import Commands, Refused
from abm.commands.contagion import gather
from abm.processor import repeats
from abm.ranking import Flows, Number, Ranking
from abm.scenario import Scenario, from_dict

ORDER = 8
REPLICATES = 12
EXAMPLES = """examples:
  talent rank meta_fair --replicates 12
  talent rank results/meta_fair-seed1            the histories of a run, made again and checked by their digests
  talent rank --set taste_pay_mean=3.5 --out results/rank
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("rank", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the numbers as JSON and Parquet")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Count moves and offers in every history, and print the values of employers."""
    if chosen.out is not None:
        commands.folder_of(chosen.out)
    folder = Path(chosen.scenario)
    record: dict[str, Any] = {"replicates": []}
    if folder.is_dir():
        scenario, seed, record = _recorded(chosen, folder)
    else:
        scenario, seed = commands.described(chosen), chosen.seed
    recorded = record["replicates"]
    replicates = [each["replicate"] for each in recorded] or list(range(chosen.replicates))
    jobs = [(scenario, seed, replicate) for replicate in replicates]
    done, whole = gather(chosen, "histories", ranking.flows, jobs)
    found: list[Flows] = [done[number] for number in sorted(done)]
    for number in sorted(done):
        again = done[number]
        if recorded and not repeats(record, number, again.digest, again.events_digest):
            raise Refused(
                f"{folder}: history {replicates[number]} came out with digest {again.digest[:16]}, recorded is "
                f"{recorded[number]['digest'][:16]}; expected the version of the model that made the folder. Fix: run "
                "it again"
            )
    screen = commands.console()
    try:
        ranked = ranking.rank(ranking.names_of(scenario), found, seed)
    except ValueError as error:
        screen.print(f"{scenario.name}: {error}", markup=False)
        return 1
    screen.print(
        f"\n[bold]{scenario.title}[/bold]\nvalue of employers from {ranked.moves:,} moves from job to job in "
        f"{ranked.histories} histories, seed {seed}; brackets: 95 % over histories\n"
    )
    screen.print(_table(ranked), "")
    if ranked.unranked:
        listed = ", ".join(f"{name} ({inside} in, {outside} out)" for name, inside, outside in ranked.unranked)
        screen.print(f"Not ranked, no moves both ways: {listed}\n", markup=False)
    if len(ranked.rows) < ranking.FEWEST:
        screen.print(
            f"No rank correlation: {len(ranked.rows)} employers are ranked, and with fewer than {ranking.FEWEST} every "
            "order is likely by chance.\n",
            markup=False,
        )
    else:
        screen.print(_fit_table(ranked), "")
    screen.print(
        f"Pay and value: of the variance of pay premiums between employers, {_percent(ranked.rents)} goes with value "
        f"(rents);\nthe rest is pay that value does not follow, as compensation for bad jobs would be, or as noise "
        f"would.\nA premium of 0.1 in ln pay goes with {_shown(ranked.slope, 0.1)} utils of value.",
        markup=False,
    )
    if chosen.out is not None:
        content = {"command": command, "complete": whole, "seed": seed, **_json(asdict(ranked))}
        columns = {name: np.array([_flat(row[name]) for row in ranked.rows]) for name in ranked.rows[0]}
        files.write_table(chosen.out, "rank", content, columns)
        screen.print(f"\nFiles in {chosen.out}", markup=False)
    if not whole:
        screen.print(f"interrupted: {len(done)} of {len(jobs)} histories are counted", markup=False)
    return 0 if whole else 130


def _recorded(chosen: argparse.Namespace, folder: Path) -> tuple[Scenario, int, dict[str, Any]]:
    """Scenario, seed and provenance of a folder of a run."""
    if chosen.settings or chosen.months is not None:
        raise Refused(
            f"{folder}: is a run that was made; --set and --months need a scenario, e.g. talent rank meta_fair"
        )
    explain.whole(folder)
    try:
        record = result_file.document(folder / "provenance.json")
        record["replicates"] = sorted(
            (
                {**each, "replicate": int(each["replicate"]), "digest": str(each["digest"])}
                for each in record["replicates"]
            ),
            key=lambda each: each["replicate"],
        )
        return from_dict(record["scenario"], str(folder)), int(record["seed"]), record
    except FileNotFoundError:
        raise Refused(f"{folder}: no provenance.json here; expected the folder of a run, or a scenario") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{folder / 'provenance.json'}: cannot be read ({error}); run it again") from None


def _table(ranked: Ranking) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    heads = ("employer", "value, utils", "net of who asked whom", "mean utility", "pay, kUSD", "pay rank", "in", "out")
    for head in (*heads, "of all moves in"):
        table.add_column(head, justify="left" if head == "employer" else "right", no_wrap=True)
    arrivals = sum(row["moves_in"] for row in ranked.rows)
    for row in ranked.rows:
        table.add_row(
            row["employer"],
            _shown(row["value"]),
            _shown(row["pairwise"]),
            f"{row['utility']:.2f}",
            f"{row['pay']:.0f}",
            str(row["pay_rank"]),
            f"{row['moves_in']:,}",
            f"{row['moves_out']:,}",
            f"{row['moves_in'] / arrivals:.0%}",
        )
    return table


def _fit_table(ranked: Ranking) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("rank correlation of value with", "value", "net of who asked whom"):
        table.add_column(head, justify="left" if head.startswith("rank") else "right", no_wrap=True)
    for name, number in ranked.fit.items():
        table.add_row(name, _shown(number), _shown(ranked.pairwise_fit[name]))
    return table


def _shown(number: Number, factor: float = 1.0) -> str:
    band = "" if np.isnan(number.low) else f" [{number.low * factor:+.2f}, {number.high * factor:+.2f}]"
    return f"{number.value * factor:+.2f}{band}"


def _percent(number: Number) -> str:
    return f"{number.value:.0%}" + ("" if np.isnan(number.low) else f" [{number.low:.0%}, {number.high:.0%}]")


def _flat(value: Any) -> Any:
    return value.value if isinstance(value, Number) else value


def _json(value: Any) -> Any:
    """NaN as null, at any depth."""
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return None if isinstance(value, float) and np.isnan(value) else value
