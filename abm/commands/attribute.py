"""Attribute an outcome to the dated events."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import attribution, attribution_files, commands
from abm.attribution_plan import BUDGET, METHODS, PERMUTATIONS, Plan, plan
from abm.columns import Floats
from abm.commands import Commands

ORDER = 6
REPLICATES = 12
EXAMPLES = """examples:
  talent attribute tiny --outcome left:alpha-authors
  talent attribute meta_fair --outcome left:llama-authors@2023-09 --outcome left:opt-authors@2023-09
  talent attribute meta_fair --outcome exits:Meta@2023-01..2023-12 --events E31,E41,E46 --method shapley
  talent attribute meta_fair --outcome left:opt-authors@2023-09 --group layoffs=E31,E41,E47

Worlds with and without events have the same people and the same luck. Leave-one-out: the outcome as it happened less
the outcome without the event. Shapley: the gain by the event, averaged over the orders in which events could join.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("attribute", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument(
        "--outcome", action="append", required=True, metavar="TEXT", dest="outcomes",
        help="what is attributed, e.g. left:llama-authors@2023-09; repeat it to share the worlds among several",
    )  # fmt: skip
    parser.add_argument("--method", choices=METHODS, default="both", help="default both")
    parser.add_argument(
        "--events", metavar="ID,ID", help="only these; the others stay in force (default: all that matter)"
    )
    parser.add_argument(
        "--group", action="append", default=[], metavar="NAME=ID,ID", dest="groups",
        help="events that happen together or not at all; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--permutations",
        type=commands.integer(1, 10_000, "the number of permutations"),
        metavar="P",
        help=f"sample so many orders in each history (default: all orders within --budget, else {PERMUTATIONS})",
    )
    parser.add_argument(
        "--budget", type=commands.integer(1, 10**7, "the budget"), default=BUDGET, metavar="N",
        help=f"most worlds for exact Shapley values (default {BUDGET})",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>-attribution)"
    )
    parser.add_argument("--json", action="store_true", help="print the document of attribution.json")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Run the worlds, write the files, draw the page, print the tables; keep whole replicates when interrupted."""
    scenario = commands.described(chosen)
    groups = {name: _ids(ids) for name, ids in commands.settings_of(chosen.groups, "--group").items()}
    asked = plan(
        scenario,
        chosen.outcomes,
        seed=chosen.seed,
        replicates=chosen.replicates,
        method=chosen.method,
        events=_ids(chosen.events or ""),
        groups=groups,
        permutations=chosen.permutations,
        budget=chosen.budget,
    )
    folder = chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}-attribution"
    commands.folder_of(folder)
    folder.mkdir(parents=True, exist_ok=True)
    screen = Console(stderr=True, highlight=False)
    began, done, interrupted = time.monotonic(), dict[int, Floats](), ""
    jobs = attribution.n_jobs(asked)
    title = f"{scenario.name}: {len(asked.players)} events, {asked.scenario.months} months"
    with commands.progress(title, jobs) as advance:
        try:
            attribution.run(asked, commands.workers_of(chosen, jobs), advance, done.__setitem__)
        except KeyboardInterrupt:
            interrupted = "interrupted"
        except RuntimeError as error:
            interrupted = str(error)
    if not done:
        screen.print(f"stopped before the first history was done. {interrupted}", markup=False)
        return 130
    replicates = sorted(done)
    told = attribution_files.write(folder, asked, replicates, attribution.conclude(asked, done), command)
    from viz import attribution as page  # noqa: PLC0415  # drawn last: a broken page must not lose the tables

    drawn = page.write_page(folder)
    if chosen.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        _show(told, asked, commands.console(), drawn, time.monotonic() - began)
    if interrupted:
        screen.print(f"{interrupted}: {len(done)} of {chosen.replicates} histories are whole and shown", markup=False)
        return 130 if interrupted == "interrupted" else 1
    return 0


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


# ---- the screen ------------------------------------------------------------------------------------------------


def _show(told: dict[str, Any], asked: Plan, console: Console, page: Path, seconds: float) -> None:
    """A table for each outcome, what the events do together, and who was left out of the game."""
    runs = told["replicates"]
    console.print(f"\n[bold]{told['scenario']['title']}[/bold]")
    how = {"exact": "all orders", "sampled": f"{told['permutations']} orders drawn in each history", None: ""}
    console.print(
        f"{told['scenario']['start']} to {told['until']}, {runs} {'histories' if runs != 1 else 'history'}, "
        f"seed {asked.seed}; brackets: 95 % interval of the mean"
        + (f"; Shapley values over {how[told['shapley']]}" if told["shapley"] else "")
    )
    for each in told["outcomes"]:
        _show_outcome(told, each, console)
    if runs > 1:
        n = len(told["players"])
        console.print(f"[dim]Of {n} intervals about {n * (1 - told['level']):.1f} would miss zero by luck alone[/dim]")
    reasons: dict[str, list[str]] = {}
    for event, reason in told["skipped"].items():
        reasons.setdefault(reason, []).append(event)
    for reason, events in reasons.items():
        console.print(f"[dim]No players, because {reason}: {', '.join(events)}[/dim]")
    console.print(f"\nFiles in {page.parent}, to be looked at first: {page}", markup=False, soft_wrap=True)
    console.print(f"[dim]{seconds:.0f} s[/dim]")


def _show_outcome(told: dict[str, Any], each: dict[str, Any], console: Console) -> None:
    console.print(f"\n[bold]{each['text']}[/bold]  {each['meaning']} [dim]({each['unit']})[/dim]")
    together = (
        f"as it happened {number(each['everything'], False)}, without the events {number(each['nothing'], False)}"
    )
    console.print(f"{together}, all together {number(each['whole'])}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("event", no_wrap=True)
    table.add_column("date", no_wrap=True)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    heads = [("leave_one_out", "leave one out"), ("shapley", "Shapley")]
    shown = [(key, head) for key, head in heads if told["shapley" if key == "shapley" else "leave_one_out"]]
    for _, head in shown:
        table.add_column(head, justify="right", no_wrap=True)
    if told["shapley"]:
        table.add_column("share", justify="right", no_wrap=True)
    players = {player["name"]: player for player in told["players"]}
    for part in ranked(each["parts"]):
        player = players[part["player"]]
        cells = [player["name"], dates(player["between"]), player["label"], *(number(part[key]) for key, _ in shown)]
        if told["shapley"]:
            cells.append("-" if part["share"] is None else f"{part['share']:.0%}")
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    idle = [part["player"] for part in each["parts"] if part["idle"]]
    if idle:
        console.print(f"[dim]No difference in any history: {', '.join(idle)}[/dim]")
    if each["gap"] is not None:
        parts = sum(part["leave_one_out"]["mean"] for part in each["parts"])
        console.print(
            f"Interaction: one by one the events change {parts:+.2f}, all together {each['whole']['mean']:+.2f}; "
            f"the difference {number(each['gap'])} is what they do with, or instead of, one another"
        )
    if each["error"] is not None:
        console.print(
            f"Check: Shapley values sum to the whole in every history (largest difference {each['error']:.0e})"
        )


def ranked(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts that are not idle, the largest first."""
    key = "shapley" if parts and parts[0]["shapley"] else "leave_one_out"
    return sorted((part for part in parts if not part["idle"]), key=lambda part: -abs(part[key]["mean"]))


def number(estimate: dict[str, Any], signed: bool = True) -> str:
    """Mean and interval."""
    sign = "+" if signed else ""
    text = f"{estimate['mean']:{sign}.2f}"
    return text if estimate["low"] is None else f"{text} [{estimate['low']:{sign}.2f}, {estimate['high']:{sign}.2f}]"


def dates(between: list[str] | tuple[str, str]) -> str:
    """The month, or the first and the last possible one."""
    low, high = between
    return low if low == high else f"{low}..{high[5:] if high[:4] == low[:4] else high}"
