"""Whom to keep if you can keep one: people ranked by the exits of others that keeping them prevents."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from rich.table import Table

from abm import commands, contagion, files
from abm.commands import Commands, Refused
from abm.commands.contagion import (
    add_question,
    columns,
    estimates_table,
    gather,
    names_of,
    plain,
    shown,
    whose,
    window_of,
)
from abm.contagion import SCOPES, Estimate, Question
from abm.ledger import Row
from abm.scenario import Scenario

ORDER = 7
REPLICATES = 4
FUTURES = 12
TOP = 10
PER_JOB = 20  # people held by one job
EXAMPLES = """examples:
  talent keystone --employer Meta --from 2023-01 --window 12
  talent keystone --employer Meta --team "FAIR Paris LLM" --from 2022-10 --replicates 8
  talent keystone --employer Meta --by employer --top 5 --out results/keystone
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("keystone", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    add_question(parser)
    parser.add_argument("--from", dest="since", metavar="DATE", help="YYYY-MM from which somebody is kept")
    history = commands.integer(0, commands.MOST_REPLICATES, "the replicate")
    parser.add_argument("--replicate", type=history, default=0, metavar="R", help="history of the list (default 0)")
    people = commands.integer(1, 1000, "the length of the list")
    parser.add_argument("--top", type=people, default=TOP, metavar="N", help=f"length of the list (default {TOP})")
    number = commands.integer(2, 10_000, "the number of futures")
    parser.add_argument(
        "--futures", type=number, default=FUTURES, metavar="N", help=f"new luck for each (default {FUTURES})"
    )
    parser.add_argument("--by", choices=list(SCOPES), default="near", help="exits that count (default near)")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Keep everybody who leaves in the window, one at a time; then the best again under new luck."""
    scenario = commands.described(chosen)
    window = window_of(chosen, scenario)
    since = _since(chosen, scenario, window)
    employer, teams = whose(chosen, scenario)
    if employer < 0:
        raise Refused("--employer: expected whose people are to be kept, e.g. --employer " + scenario.employers[0].name)
    if chosen.out is not None:
        commands.folder_of(chosen.out)
    histories = sorted({*range(chosen.replicates), chosen.replicate})
    parts = 1 if teams else max(1, round(scenario.employers[employer].researchers / 4 / PER_JOB))
    asked = [
        Question(window, since, since + window - 1, employer, teams, since, part=p, parts=parts) for p in range(parts)
    ]
    jobs = [(scenario, chosen.seed, replicate, question) for replicate in histories for question in asked]
    done, whole = gather(chosen, "people kept, one at a time", contagion.probe, jobs)
    rows = contagion.together(done[number] for number in sorted(done))
    screen = commands.console()
    if not rows:
        screen.print(
            "nobody there at that date leaves by their own decision within the window: there is nobody to keep"
        )
        return 0
    employers, names = names_of(scenario, chosen.seed, rows)
    listed, complete = _listed(chosen, scenario, rows, since, window)
    kinds = contagion.by_group(rows, contagion.kinds(rows))
    by_team = contagion.by_group(rows, {names[row]: rows["team"] == row for row in np.unique(rows["team"])})

    screen.print(
        f"\n[bold]{scenario.title}[/bold]\nkept from {scenario.date_of(since)} for {window} months at "
        f"{employers[employer]}: exits of others prevented; {len(rows['month'])} people in "
        f"{len(set(rows['replicate'].tolist()))} histories, seed {chosen.seed}; brackets: 95 %\n"
    )
    if listed:
        screen.print(_list_table(chosen, listed, names), "")
    screen.print(estimates_table("By kind of person", kinds), "")
    largest = sorted(by_team, key=lambda name: -by_team[name]["near"].n)[:12]
    screen.print(estimates_table("By team", {name: by_team[name] for name in largest}), "")
    for name, meaning in SCOPES.items():
        screen.print(f"[dim]{name}: exits of {meaning}[/dim]")
    if chosen.out is not None:
        content = {
            "command": command,
            "complete": whole and complete,
            "from": scenario.date_of(since),
            "window": window,
        }
        content |= {"list": [_as_json(row, names) for row in listed], "kinds": plain(kinds), "teams": plain(by_team)}
        files.write_table(chosen.out, "keystone", content, columns(rows, employers, names))
        screen.print(f"\nFiles in {chosen.out}", markup=False)
    if not (whole and complete):
        screen.print("interrupted: what is printed is made from what was done", markup=False)
        return 130
    return 0


def _since(chosen: argparse.Namespace, scenario: Scenario, window: int) -> int:
    """The month from which people are kept; the window must fit in the run, and month 0 has no past."""
    latest = scenario.months - window
    if latest < 1:
        raise Refused(f"--window {window}: expected at most {scenario.months - 1}, so that there is a past")
    if chosen.since is None:
        return min(12, latest)
    span = f"a date from {scenario.date_of(1)} to {scenario.date_of(latest)}, so that {window} months follow"
    try:
        month = scenario.month_of(chosen.since)
    except (ValueError, IndexError):
        raise Refused(f"--from {chosen.since!r}: expected {span}, as YYYY-MM") from None
    if not 1 <= month <= latest:
        raise Refused(f"--from {chosen.since}: expected {span}; or a shorter --window")
    return month


def _listed(
    chosen: argparse.Namespace, scenario: Scenario, rows: Row, since: int, window: int
) -> tuple[list[dict[str, Any]], bool]:
    """The list of one history: twice as many as asked for are screened out, and measured again under new luck."""
    mine = np.flatnonzero(rows["replicate"] == chosen.replicate)
    scope = list(SCOPES).index(chosen.by)
    finalists = mine[np.argsort(-rows["extra"][mine, scope], kind="stable")][: 2 * chosen.top]
    people = rows["researcher"][finalists].tolist()
    if not people:
        return [], True
    jobs = [
        (scenario, chosen.seed, chosen.replicate, people, since, window, number) for number in range(chosen.futures)
    ]
    done, whole = gather(chosen, "other futures", contagion.futures, jobs)
    luck = np.array(list(done))
    seen = np.stack(list(done.values()))  # (futures, people, scopes + 1)
    found = [
        {
            **{name: values[row] for name, values in rows.items()},
            "screened": float(rows["extra"][row, scope]),
            "leaves": float(seen[:, place, -1].mean()),
            "prevented": contagion.estimate(seen[:, place, scope], luck),
        }
        for place, row in enumerate(finalists)
    ]
    found.sort(key=lambda row: -row["prevented"].mean)
    return found[: chosen.top], whole


def _list_table(chosen: argparse.Namespace, listed: list[dict[str, Any]], names: list[str]) -> Table:
    title = f"History {chosen.replicate}, by exits of '{chosen.by}' prevented in {chosen.futures} other futures"
    table = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left", title_style="bold")
    heads = ("researcher", "team", "", "reputation", "ties inside", "leaves in", "prevented", "as it was")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place in (1, 2) else "right", no_wrap=True)
    for row in listed:
        role = "leader" if row["leader"] else "founder" if row["founds"] else ""
        table.add_row(
            str(row["researcher"]),
            names[row["team"]],
            role,
            f"{row['reputation']:.2f} (top {max(1 - row['reputation_rank'], 0.01):.0%})",
            f"{row['ties']:.1f} (top {max(1 - row['ties_rank'], 0.01):.0%})",
            f"{row['leaves']:.0%}",
            shown(row["prevented"]),
            f"{row['screened']:+.0f}",
        )
    return table


def _as_json(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    value: Estimate = row["prevented"]
    bounds = {"prevented": value.mean, "low": value.low, "high": value.high}
    known = {name: number if np.isfinite(number) else None for name, number in bounds.items()}
    marks = {name: bool(row[name]) for name in ("leader", "founds")}
    sizes = {name: float(row[name]) for name in ("reputation", "ties", "leaves", "screened")}
    return {"researcher": int(row["researcher"]), "team": names[row["team"]], **marks, **sizes, **known}
