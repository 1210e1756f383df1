"""Switch off one mechanism at a time, on paired worlds."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from abm import commands, files, mechanisms
from abm.commands import Commands, Refused
from abm.mechanisms import Effect, between, digits
from abm.scenario import Scenario

ORDER = 5
REPLICATES = 40
EXAMPLES = """examples:
  talent ablate meta_fair                           all fifty, 40 pairs of worlds each: about 40 minutes of one core
  talent ablate meta_fair --only M25,M17 --replicates 10    two mechanisms, a minute or two
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("ablate", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument(
        "--only", action="append", default=[], metavar="ID", help="mechanisms, with commas; may be repeated"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table as JSON, with its provenance")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Measure and print the table."""
    scenario = commands.described(chosen)
    picked = mechanisms.select(chosen.only)
    if chosen.replicates < 2:
        raise Refused("--replicates 1: an interval needs at least 2 pairs of worlds")
    if chosen.out:
        commands.file_of(chosen.out, "ablation.json")
    probes = {mechanism.probe for mechanism in picked}
    total = (len(picked) + len(probes)) * chosen.replicates
    with commands.progress(f"{scenario.name} without one mechanism at a time", total) as advance:
        effects = mechanisms.ablate(
            scenario,
            picked,
            chosen.seed,
            chosen.replicates,
            commands.workers_of(chosen, total),
            lambda ready: advance(),
        )
    print_table(effects, commands.console())
    if chosen.out:
        content = as_data(effects, scenario, chosen.seed, command)
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(chosen.out, json.dumps(content, indent=1, allow_nan=False) + "\n")
    if effects[0].pairs < chosen.replicates:
        note = f"interrupted: {effects[0].pairs} of {chosen.replicates} pairs of worlds are done; the table is of these"
        Console(stderr=True, highlight=False).print(note)
        return 130
    return 0


def as_data(effects: list[Effect], scenario: Scenario, seed: int, command: str) -> dict[str, Any]:
    """The table as JSON: what `abm/data/ablation.json` holds."""
    return {
        **mechanisms.provenance(scenario),
        "version": files.version("ai-talent-market"),
        "seed": seed,
        "replicates": effects[0].pairs,
        "command": command,
        "rows": [
            {
                "id": effect.mechanism.id,
                "outcome": effect.mechanism.outcome,
                "unit": effect.unit,
                **{
                    name: _rounded(getattr(effect, name), 6)
                    for name in ("baseline", "without", "difference", "low", "high")
                },
                "verdict": effect.verdict,
                "p": _rounded(effect.shown.p, 6),
                "exits": [_rounded(value, 3) for value in effect.common],
            }
            for effect in effects
        ],
    }


def _rounded(value: float, places: int) -> float | None:
    """None where there is no number, as of an interval that there is not."""
    return round(value, places) if math.isfinite(value) else None


def print_table(effects: list[Effect], console: Console) -> None:
    """One row per mechanism, and the count of the core ones that do what the reports say."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("", "mechanism", "outcome watched", "baseline", "without", "difference [95 %]", "", "exits [95 %]"):
        table.add_column(head, justify="right" if head in ("baseline", "without", "difference [95 %]") else "left")
    for effect in effects:
        mechanism = effect.mechanism
        mean, low, high = effect.common
        table.add_row(
            mechanism.label,
            mechanism.name,
            mechanism.outcome,
            digits(effect.baseline),
            digits(effect.without),
            f"{digits(effect.difference)}{between(effect.low, effect.high)}",
            effect.verdict,
            f"{mean:+.1f}{between(low, high, '{:+.1f}'.format)}",
        )
    console.print(table)
    console.print(f"\n{mechanisms.tally({effect.mechanism.id: effect.verdict for effect in effects})}")
    console.print(f"{effects[0].pairs} pairs of worlds each.", highlight=False)
    if any(effect.mechanism.reading == "mechanical" for effect in effects):
        console.print(mechanisms.MECHANICAL)
