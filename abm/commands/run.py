"""Simulate a scenario and report."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console

from abm import commands, files
from abm.commands import Commands
from abm.run import Result, simulate_many
from abm.screen import print_summary

ORDER = 0
REPLICATES = 40
EXAMPLES = """examples:
  talent run                                     the default: meta_fair, 40 replicates, about a minute
  talent run tiny --seed 7 --replicates 1        twelve people, one history
  talent run meta_fair --set employers.Meta.allocation=equal_per_head --out results/equal
  talent run meta_fair --set h_ties=0 --set events.E46.drop=true
  talent run meta_fair --set policies.garden_leave.months=6
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("run", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>)")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Simulate, write the folder, draw the page, print the summary; keep what is done when interrupted."""
    scenario = commands.described(chosen)
    folder = chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}"
    commands.folder_of(folder)
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.touch()  # fail now, not after the work
    probe.unlink()
    workers = commands.workers_of(chosen, chosen.replicates)
    done: list[Result] = []
    began = time.monotonic()
    screen = Console(stderr=True, highlight=False)
    interrupted = ""
    with commands.progress(f"{scenario.name}: {scenario.researchers:,} researchers", chosen.replicates) as advance:

        def on_done(result: Result) -> None:
            done.append(result)
            advance()

        try:
            simulate_many(scenario, chosen.seed, chosen.replicates, workers, on_done)
        except KeyboardInterrupt:
            interrupted = "interrupted"
        except RuntimeError as error:
            interrupted = str(error)
    if not done:
        screen.print(f"stopped before the first replicate was done. {interrupted}", markup=False)
        return 130
    done.sort(key=lambda result: result.replicate)
    summary = files.write_run(folder, scenario, chosen.seed, done, command, complete=not interrupted)
    from viz import report  # noqa: PLC0415  # the page is drawn last, and a broken page must not lose the tables

    page = report.write_report(folder)
    print_summary(summary, commands.console(), folder, page, time.monotonic() - began)
    if interrupted:
        screen.print(
            f"{interrupted}: {len(done)} of {chosen.replicates} replicates are in {folder}; all of them are whole",
            markup=False,
        )
        return 130 if interrupted == "interrupted" else 1
    return 0
