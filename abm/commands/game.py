"""Two laboratories that compete for people with pay, compute and counter-offers: best responses and equilibria."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import commands, files
from abm.commands import Commands
from abm.commands.frontier import about, between, interval, numbers
from experiments import costs, duel, game
from experiments.evaluations import Evaluations

ORDER = 9.5
REPLICATES = 6
EXAMPLES = """examples:
  talent game meta_fair --labs Meta,OpenAI --from 2022-07 --until 2024-06
  talent game meta_fair --labs Meta,"Google DeepMind" --action nothing --action pay=0.1 --action pay=0.1,compute=0.1
  talent game tiny --labs Alpha,Beta --grid pay=0,0.2 --grid compute=0,0.2 --price researcher_year=3000

Actions are given to both laboratories; the first is what others are compared with. A laboratory gets the worth of the
years that people work for it (price researcher_year), less pay and what its action adds. Runs are kept in --out.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("game", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument("--labs", required=True, metavar="A,B", help="the two employers")
    parser.add_argument("--from", default="", metavar="DATE", dest="begins", help="first month (default: the start)")
    parser.add_argument("--until", default="", metavar="DATE", dest="ends", help="last month (default: two years on)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--action", action="append", default=[], metavar="LEVER=VALUE[,LEVER=VALUE]", dest="actions",
        help=f'an action, or "nothing"; may be repeated (default: nothing, {", ".join(duel.DEFAULT)})',
    )  # fmt: skip
    how.add_argument(
        "--grid", action="append", default=[], metavar="LEVER=VALUE,VALUE", dest="grids",
        help="levels of a lever; may be repeated: every combination is an action",
    )  # fmt: skip
    parser.add_argument(
        "--price", action="append", default=[], metavar="NAME=VALUE", dest="prices",
        help="a price instead of that of abm/data/costs.toml; may be repeated",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>-game)")
    parser.add_argument("--no-figures", action="store_true", help="draw nothing")
    parser.add_argument("--json", action="store_true", help="print the document of game.json")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Simulate every pair of actions, solve the game, write the files, print the matrix."""
    scenario = commands.described(chosen)
    labs = [name.strip() for name in chosen.labs.split(",")]
    cases = duel.cases_of(scenario, labs, chosen.begins, chosen.ends, chosen.seed)
    actions = duel.actions_of(chosen.actions, chosen.grids)
    prices = costs.prices(numbers(chosen.prices))
    folder = commands.folder_of(chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}-game")
    folder.mkdir(parents=True, exist_ok=True)
    jobs = len(actions) ** 2 * chosen.replicates
    runs = Evaluations(cases, folder / "runs", commands.workers_of(chosen, jobs))
    try:
        with commands.progress(f"{' against '.join(labs)}: histories", jobs) as advance:
            played = duel.play(cases, actions, runs, chosen.replicates, prices, advance)
    except KeyboardInterrupt:
        Console(stderr=True, highlight=False).print(
            f"interrupted: {runs.executed} histories are kept in {folder}; go on with: {command}", markup=False
        )
        return 130
    price = costs.declared()["researcher_year"]
    sweep = [
        (value, duel.play(cases, actions, runs, chosen.replicates, {**prices, "researcher_year": value}).solved)
        for value in (price.low, prices["researcher_year"], price.high)
    ]
    told = about(scenario, cases[0], command, prices) | {
        "subject": {"labs": labs},
        "replicates": chosen.replicates,
        **duel.as_data(played),
        "pure_equilibria_by_worth_of_a_researcher_year": [
            {"kusd": value, "cells": [list(cell) for cell in solved.pure]} for value, solved in sweep
        ],
    }
    files.write_table(folder, "game", told, _rows(played))
    if not chosen.no_figures:
        from experiments import package_figures  # noqa: PLC0415  # draws with matplotlib

        package_figures.draw_answers(played, folder / "best-responses")
    if chosen.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    _show(played, chosen.replicates, commands.console())
    _show_sweep(played, sweep, commands.console())
    commands.console().print(f"\n{runs.executed} histories run; files in {folder}", markup=False, soft_wrap=True)
    return 0


def _rows(played: duel.Duel) -> dict[str, Any]:
    """Every payoff of every replicate, in long form."""
    replicate, first, second, player = (axis.ravel() for axis in np.indices(played.payoffs.shape))
    names = np.array([duel.words(action) for action in played.actions], dtype=object)
    labs = np.array([case.employer for case in played.cases], dtype=object)
    return {
        "replicate": replicate,
        "first": names[first].tolist(),
        "second": names[second].tolist(),
        "lab": labs[player].tolist(),
        "payoff": played.payoffs.ravel(),
    }


# ---- the screen ------------------------------------------------------------------------------------------------


def _show(played: duel.Duel, replicates: int, console: Console) -> None:
    solved, doubt = played.solved, played.doubt
    first, second = (case.employer for case in played.cases)
    case = played.cases[0]
    window = f"{case.scenario.date_of(case.first)} to {case.scenario.date_of(case.last)}"
    console.print(f"\n[bold]{first} (rows) against {second} (columns)[/bold], {window}, {replicates} replicates")
    console.print(
        "kUSD a year that each gets more than where both do the first; brackets: 95 %, paired. > best response of "
        f"{first}, < of {second}, * both: equilibrium",
        markup=False,
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    for action in played.actions:
        table.add_column(duel.words(action), justify="right", no_wrap=True)
    mine, theirs = game.best(solved.payoffs)
    for a, action in enumerate(played.actions):
        cells = []
        for b in range(len(played.actions)):
            mark = "*" if mine[a, b] and theirs[a, b] else ">" if mine[a, b] else "<" if theirs[a, b] else ""
            both = "\n".join(interval(played.more((a, b), player), "+,.0f") for player in (0, 1))
            cells.append(Text(f"{mark} {both}\nstaff {played.staff[a, b, 0]:.0f}, {played.staff[a, b, 1]:.0f}"))
        table.add_row(duel.words(action), *cells)
    console.print(table)

    def cell(at: game.Cell) -> str:
        return f"({duel.words(played.actions[at[0]])} | {duel.words(played.actions[at[1]])})"

    for at in solved.pure:
        console.print(f"Equilibrium {cell(at)}, in {doubt.pure[at]:.0%} of the resamples", markup=False)
    if not solved.pure:
        console.print("No equilibrium in pure actions")
    console.print(f"In {doubt.none:.0%} of the resamples there is no pure equilibrium", markup=False)
    for p, q in solved.mixed:
        lots = [
            ", ".join(
                f"{duel.words(action)} {share:.0%}" for action, share in zip(played.actions, x, strict=True) if share
            )
            for x in (p, q)
        ]
        console.print(f"Equilibrium in lots: {first} {lots[0]}; {second} {lots[1]}", markup=False)
    for how, paths, cycles in zip(("Both at once", "In turns"), solved.paths, solved.cycles, strict=True):
        ends = ", ".join(cell(at) for at in dict.fromkeys(path.cycle[0] for path in paths if path.settles))
        settled = sum(path.settles for path in paths)
        said = f"{how}, best responses settle from {settled} of {len(paths)} starts" + (f": {ends}" if ends else "")
        for cycle in cycles:
            said += f"; cycle {' -> '.join(cell(at) for at in cycle)} -> ..."
        console.print(said, markup=False)
    best = solved.optimum
    console.print(f"Best for both together {cell(best)}, in {doubt.optimum[best]:.0%} of the resamples", markup=False)
    if solved.lost is not None and doubt.lost is not None:
        ratio = f"; price of anarchy {solved.price_of_anarchy:.4f}" if solved.price_of_anarchy is not None else ""
        ends = between(*doubt.lost, ",.0f")
        console.print(f"The worst equilibrium loses {solved.lost:,.0f} {ends} kUSD a year of it{ratio}", markup=False)


def _show_sweep(played: duel.Duel, sweep: list[tuple[float, game.Solved]], console: Console) -> None:
    for value, solved in sweep:
        cells = ", ".join(
            f"({duel.words(played.actions[a])} | {duel.words(played.actions[b])})" for a, b in solved.pure
        )
        console.print(f"With {value:,.0f} kUSD for a researcher-year: {cells or 'no pure equilibrium'}", markup=False)
