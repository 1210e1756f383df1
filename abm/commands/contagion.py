"""How many exits of others one exit causes, by paired removal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from abm import commands, contagion, files, pool
from abm.commands import Commands, Refused
from abm.ledger import Row
from abm.replay import begin
from abm.scenario import Scenario
from abm.scenario_read import nearest
from abm.tables import PATH_NAMES

ORDER = 6.5
REPLICATES = 16
SAMPLE = 10
WINDOW = 12
OF_THE_LEAVER = ("what opened the decision", "role")  # not said of a colleague who stays
EXAMPLES = """examples:
  talent contagion --employer Meta                              10 departures in each of 16 histories
  talent contagion --employer Meta --team "FAIR Paris LLM"
  talent contagion --employer Meta --set h_ties=0               the same without contagion over ties
  talent contagion --employer Meta --placebo                    hold colleagues who stay: the noise floor
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("contagion", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    add_question(parser)
    departures = commands.integer(1, 100_000, "the number of departures")
    parser.add_argument(
        "--sample", type=departures, default=SAMPLE, metavar="N", help=f"departures a history (default {SAMPLE})"
    )
    parser.add_argument("--placebo", action="store_true", help="hold colleagues who do not leave anyway")


def add_question(parser: argparse.ArgumentParser) -> None:
    """Whose departures, how long, and where to write: shared with `talent keystone`."""
    parser.add_argument("--employer", metavar="NAME", help="departures from this employer (default: every one)")
    parser.add_argument("--team", metavar="NAME", help="departures from this team; all parts of a split team")
    window = commands.integer(1, 600, "the window")
    parser.add_argument(
        "--window", type=window, metavar="N", help=f"months counted (default {WINDOW}, or half the run)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the numbers as JSON and Parquet")


def window_of(chosen: argparse.Namespace, scenario: Scenario) -> int:
    """Months of the window; refuses one that is longer than the run."""
    window: int = chosen.window or max(min(WINDOW, scenario.months // 2), 1)
    if window > scenario.months:
        raise Refused(f"--window {window}: {scenario.name} has {scenario.months} months; use 1 to {scenario.months}")
    return window


def whose(chosen: argparse.Namespace, scenario: Scenario) -> tuple[int, tuple[int, ...]]:
    """Rows of the employer (-1 every one) and of the teams (empty: all) that the arguments name."""
    names = [employer.name for employer in scenario.employers]
    if chosen.employer is not None and chosen.employer not in names:
        fix = nearest(chosen.employer, names)
        raise Refused(f"--employer {chosen.employer!r}: expected an employer of {scenario.name}; {fix}")
    employer = -1 if chosen.employer is None else names.index(chosen.employer)
    if chosen.team is None:
        return employer, ()
    placed = scenario.placed_teams()
    mine = [team for team in placed if employer in (-1, team.employer)]
    valid = sorted({team.name for team in mine} | {team.plan.name for team in mine})
    rows = scenario.team_rows(chosen.team)
    if chosen.team not in valid or not rows:
        of = chosen.employer or scenario.name
        raise Refused(f"--team {chosen.team!r}: expected a team of {of}; {nearest(chosen.team, valid)}")
    return employer, rows


def gather(
    chosen: argparse.Namespace, title: str, function: Any, jobs: Sequence[tuple[Any, ...]]
) -> tuple[dict[int, Any], bool]:
    """Results of jobs by number, and whether all are there: Ctrl-C keeps what is done. --out is tried first."""
    if chosen.out is not None:
        commands.folder_of(chosen.out)
        chosen.out.mkdir(parents=True, exist_ok=True)
    workers = commands.workers_of(chosen, len(jobs))
    done: dict[int, Any] = {}
    try:
        with commands.progress(title, len(jobs)) as advance:
            for number, result in pool.each(function, jobs, workers):
                done[number] = result
                advance()
    except KeyboardInterrupt:
        if not done:
            raise
    return done, len(done) == len(jobs)


def names_of(scenario: Scenario, seed: int, rows: Row) -> tuple[list[str], list[str]]:
    """Names of employers and teams by row, long enough for the start-ups of every history."""
    employers: list[str] = []
    teams: list[str] = []
    for replicate in sorted(set(rows["replicate"].tolist())):
        world = begin(scenario, seed, replicate)
        teams = max(teams, world.team_names, key=len)
        employers = max(employers, world.employer_names, key=len)
    return employers, teams


def estimates_table(title: str, found: dict[str, dict[str, contagion.Estimate]]) -> Table:
    """Groups by scope, mean and interval."""
    table = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left", title_style="bold")
    for column in ("", "pairs", *contagion.SCOPES):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, scopes in found.items():
        table.add_row(name, str(scopes["near"].n), *(shown(scopes[scope]) for scope in contagion.SCOPES))
    return table


def shown(value: contagion.Estimate) -> str:
    """Mean with interval, or the mean alone where there is too little for one."""
    band = f" [{value.low:+.2f}, {value.high:+.2f}]" if value.low > -float("inf") else ""
    return f"{value.mean:+.2f}{band}"


def plain(found: dict[str, dict[str, contagion.Estimate]]) -> dict[str, Any]:
    """For JSON: an interval that is not known is null."""
    return {
        group: {
            scope: {
                "mean": value.mean,
                "low": value.low if value.low > -float("inf") else None,
                "high": value.high if value.high < float("inf") else None,
                "pairs": value.n,
                "histories": value.clusters,
            }
            for scope, value in scopes.items()
        }
        for group, scopes in found.items()
    }


def columns(rows: Row, employers: Sequence[str], teams: Sequence[str]) -> Row:
    """For Parquet: names in place of rows, and one column of extra exits a scope."""
    flat = {name: values for name, values in rows.items() if name != "extra"}
    flat["employer"] = np.array([employers[row] for row in rows["employer"]])
    flat["team"] = np.array([teams[row] for row in rows["team"]])
    flat["path"] = np.array([PATH_NAMES[code] for code in rows["path"]])
    return flat | {f"extra_{scope}": rows["extra"][:, place] for place, scope in enumerate(contagion.SCOPES)}


def run(chosen: argparse.Namespace, command: str) -> int:
    """Undo a sample of departures in every history, and print how many exits of others went with each."""
    scenario = commands.described(chosen)
    window = window_of(chosen, scenario)
    employer, teams = whose(chosen, scenario)
    question = contagion.Question(
        window, 0, scenario.months - window, employer, teams, sample=chosen.sample, placebo=chosen.placebo
    )
    jobs = [(scenario, chosen.seed, replicate, question) for replicate in range(chosen.replicates)]
    done, whole = gather(chosen, "departures undone", contagion.probe, jobs)
    rows = contagion.together(done[number] for number in sorted(done))
    screen = commands.console()
    if not rows:
        screen.print("nobody left by their own decision in time for the window: nothing to undo")
        return 0
    employers, names = names_of(scenario, chosen.seed, rows)
    about = {
        title: contagion.by_group(rows, groups)
        for title, groups in contagion.groupings(rows, employers, names).items()
        if (title not in ("employer", "team") or len(groups) > 1) and not (chosen.placebo and title in OF_THE_LEAVER)
    }
    what = "placebo: colleagues who stay anyway are held" if chosen.placebo else "exits of others caused by one exit"
    screen.print(
        f"\n[bold]{scenario.title}[/bold]\n{what}, within {window} months; {len(rows['month'])} pairs of worlds in "
        f"{len(done)} histories, seed {chosen.seed}; brackets: 95 %\n"
    )
    for title, found in about.items():
        if title != "team" or employer >= 0:
            screen.print(estimates_table(title, _largest(found)), "")
    for name, meaning in contagion.SCOPES.items():
        screen.print(f"[dim]{name}: exits of {meaning}[/dim]")
    if chosen.out is not None:
        content = {"command": command, "complete": whole, "window": window, "seed": chosen.seed}
        content["estimates"] = {title: plain(found) for title, found in about.items()}
        files.write_table(chosen.out, "contagion", content, columns(rows, employers, names))
        screen.print(f"\nFiles in {chosen.out}", markup=False)
    if not whole:
        screen.print(f"interrupted: {len(done)} of {len(jobs)} histories are counted", markup=False)
    return 0 if whole else 130


def _largest(found: dict[str, dict[str, contagion.Estimate]], most: int = 12) -> dict[str, Any]:
    """The groups with most pairs, in their order."""
    kept = sorted(found, key=lambda name: -found[name]["near"].n)[:most]
    return {name: found[name] for name in found if name in kept}
