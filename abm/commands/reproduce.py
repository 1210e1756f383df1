"""Run the ten questions and everything else again that README and ODD.md have numbers from."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import commands
from abm.commands import Commands, Refused

ORDER = 20
EXAMPLES = """examples:
  talent reproduce --smoke                    all of it, small: minutes on two cores, nothing that ships is touched
  talent reproduce --only q02,q05 --replicates 10
  talent reproduce --workers 2                hours: ten questions, tables, commands of the documents, generated blocks
  talent reproduce --resume                   goes on after an interruption; what is done stays
  talent reproduce --check                    changes nothing: do the documents say what their commands print?
  talent reproduce --check --within 10        also what takes up to ten minutes of one core, each
  talent reproduce --check --only README-sweep,q02

Answers go to results/NAME (with --smoke results/smoke/NAME). The last columns say whether the same command gave the
same bytes as the time before. One failure does not stop the rest; the exit code is then 1.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("reproduce", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("--smoke", action="store_true", help="few months, few replicates: shows that it runs, no more")
    parser.add_argument(
        "--only", metavar="NAME,NAME", default="", help="steps by the beginning of their names, e.g. q02"
    )
    parser.add_argument(
        "--replicates",
        type=commands.integer(1, commands.MOST_REPLICATES, "the number of replicates"),
        metavar="R",
        help="histories of each world in every question (default: each script's own number)",
    )
    parser.add_argument("--seed", type=commands.integer(0, 2**63 - 1, "the seed"), default=1, metavar="N")
    parser.add_argument("--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N")
    parser.add_argument("--resume", action="store_true", help="leave out the steps that the folder has as done")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare what documents and tables say with what the code gives, and no more",
    )
    parser.add_argument(
        "--within",
        type=_minutes,
        default=1.0,
        metavar="MINUTES",
        help="with --check: of one core, that one item may take (default 1)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results, with --smoke results/smoke)")
    parser.add_argument("--json", action="store_true", help="print what came of every step as JSON")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Run the steps, print a table; exit code 1 if a step failed, 130 if it was interrupted."""
    from experiments import reproduce  # noqa: PLC0415  # heavy

    only = [name.strip() for name in chosen.only.split(",") if name.strip()]
    if chosen.check:
        others = {"smoke": False, "resume": False, "replicates": None, "seed": 1, "out": None}
        if said := [f"--{name}" for name, usual in others.items() if getattr(chosen, name) != usual]:
            raise Refused(f"--check: takes no {', '.join(said)}: documents say what their own commands print")
        return _check(only, chosen)
    steps = reproduce.select(only)
    folder = chosen.out or (Path("results", "smoke") if chosen.smoke else Path("results"))
    commands.folder_of(folder)
    if not chosen.smoke and not (reproduce.ROOT / "README.md").exists():
        raise Refused(
            "reproduce: expected a checkout with its README.md, whose tables it rewrites; use --smoke elsewhere"
        )
    workers = commands.workers_of(chosen, 1024)
    plan = reproduce.Plan(folder.absolute(), chosen.smoke, workers, chosen.replicates, chosen.seed, chosen.resume)
    screen = Console(stderr=True, highlight=False)
    place = {step.name: number for number, step in enumerate(steps, 1)}

    def on_step(step: Any) -> None:
        screen.print(f"{place[step.name]} of {len(steps)}: {step.name}, {step.what}", markup=False)

    def on_done(made: Any) -> None:
        screen.print(f"  {made.status} in {made.seconds:.0f} s. {made.note}", markup=False)

    found = reproduce.run(plan, steps, on_step, on_done)
    if chosen.json:
        told = [
            {key: getattr(made, key) for key in ("name", "status", "seconds", "digest", "compared", "note")}
            for made in found
        ]
        print(json.dumps(told, indent=1))
    else:
        _show(found, commands.console(), folder)
    states = {made.status for made in found}
    return 130 if "interrupted" in states else int("failed" in states)


def _minutes(text: str) -> float:
    try:
        value = float(commands.plain(text))
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes, above 0")
    return value


def _check(only: list[str], chosen: argparse.Namespace) -> int:
    """Compare and print; exit code 1 if something differs or failed, 130 if it was interrupted."""
    from experiments import reproduce, reproduce_check  # noqa: PLC0415  # heavy

    if not reproduce.documents():
        raise Refused("reproduce --check: expected a checkout with its README.md and the other documents")
    items = reproduce_check.select(only)
    screen = Console(stderr=True, highlight=False)

    def on_done(made: Any) -> None:
        screen.print(f"{made.name}: {made.status}. {made.note}", markup=False, soft_wrap=True)

    found = reproduce_check.run(items, chosen.within, commands.workers_of(chosen, 1024), on_done)
    if chosen.json:
        print(json.dumps([asdict(made) for made in found], indent=1))
    else:
        _show_checked(found, commands.console())
    if len(found) < len(items):
        return 130
    return int(any(made.status in (reproduce_check.DIFFERS, reproduce_check.FAILED) for made in found))


def _show_checked(found: list[Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head, side in (("of", "left"), ("", "left"), ("seconds", "right")):
        table.add_column(head, justify=side, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("")
    for made in found:
        table.add_row(*(Text(cell) for cell in (made.name, made.status, f"{made.seconds:.0f}", made.note)))
    console.print(table)
    counts = {status: sum(made.status == status for made in found) for status in dict.fromkeys(m.status for m in found)}
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()), markup=False)


def _show(found: list[Any], console: Console, folder: Path) -> None:
    """What ran, how long, and whether the bytes are those of the time before."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head, side in (("step", "left"), ("", "left"), ("seconds", "right"), ("digest", "left"), ("", "left")):
        table.add_column(head, justify=side, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("")
    for made in found:
        cells = [made.name, made.status, f"{made.seconds:.0f}", made.digest[:12], made.compared, made.note]
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    bad = [made.name for made in found if made.status != "done"]
    console.print(
        f"{len(found) - len(bad)} of {len(found)} steps done"
        + (f"; not done: {', '.join(bad)}, see {folder}/NAME.log" if bad else f"; files in {folder}"),
        markup=False,
        soft_wrap=True,
    )
