"""The cheapest mix of pay, compute, vesting, openness and counter-offers for each level of retention."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import commands, files
from abm.commands import Commands, Refused
from abm.paired import Estimate
from abm.scenario import Scenario
from experiments import bills, costs, frontier, packages, search, shadow
from experiments.evaluations import Evaluations, model_digest

ORDER = 9
REPLICATES = 4
EXAMPLES = """examples:
  talent frontier meta_fair --team "FAIR Paris LLM" --from 2022-07 --until 2023-12
  talent frontier meta_fair --employer Meta --levers raise,compute,vesting --population 12 --generations 6
  talent frontier tiny --team "Alpha Language" --price h100e_year=40 --charged staff

All packages share the luck of the replicates; people kept and costs are differences to the history without a package.
The packages found are judged on as many fresh replicates again (--fresh). Runs are kept in --out and not run twice.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("frontier", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--employer", default="", metavar="NAME", help="keep the people of an employer")
    whom.add_argument("--team", default="", metavar="NAME", help="keep the people of a team at their employer")
    parser.add_argument("--from", default="", metavar="DATE", dest="begins", help="first month (default: the start)")
    parser.add_argument("--until", default="", metavar="DATE", dest="ends", help="last month (default: two years on)")
    parser.add_argument(
        "--levers", default=",".join(packages.DEFAULT), metavar="A,B",
        help=f"of {', '.join(packages.priced())} (default: all but the last)",
    )  # fmt: skip
    parser.add_argument(
        "--charged", choices=bills.CHARGED,
        help="charge levers of the whole employer for the people in question or for all staff (default: people for a "
        "team, staff for an employer)",
    )  # fmt: skip
    parser.add_argument(
        "--price", action="append", default=[], metavar="NAME=VALUE", dest="prices",
        help="a price instead of that of abm/data/costs.toml; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--fresh", type=commands.integer(2, commands.MOST_REPLICATES, "the number of fresh replicates"), metavar="R",
        help="replicates on which the result is judged (default twice --replicates)",
    )  # fmt: skip
    parser.add_argument(
        "--population", type=commands.integer(4, 10_000, "the population"), default=24, metavar="N", help="default 24"
    )
    parser.add_argument(
        "--generations", type=commands.integer(1, 10_000, "the number of generations"), default=8, metavar="G",
        help="default 8",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>-frontier)")
    parser.add_argument("--no-figures", action="store_true", help="draw nothing")
    parser.add_argument("--json", action="store_true", help="print the document of frontier.json")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Search, judge, compare single levers, price compute in pay; write the files, print the tables."""
    scenario = commands.described(chosen)
    case = packages.case_of(
        scenario, chosen.employer, chosen.team, begins=chosen.begins, ends=chosen.ends, seed=chosen.seed
    )
    levers = packages.levers_of(tuple(name.strip() for name in chosen.levers.split(",") if name.strip()))
    prices = costs.prices(numbers(chosen.prices))
    charged = chosen.charged or ("people" if case.team else "staff")
    fresh = chosen.fresh or max(2, 2 * chosen.replicates)
    size = (chosen.replicates, fresh, chosen.population, chosen.generations)
    asked = frontier.Asked(levers, charged, prices, *size)
    try:
        search.require()
    except search.MissingError as error:
        raise Refused(str(error)) from None
    folder = commands.folder_of(chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}-frontier")
    folder.mkdir(parents=True, exist_ok=True)
    runs = Evaluations((case,), folder / "runs", commands.workers_of(chosen, 1024))
    every = range(chosen.replicates + fresh)
    most = chosen.replicates * (1 + chosen.population * chosen.generations)
    screen = Console(stderr=True, highlight=False)
    try:
        with commands.progress(f"{case.name}: histories, at most", most) as advance:
            front = frontier.frontier(case, asked, runs, advance)
            singles = shadow.alone(case, levers, runs, every, prices, charged, on_done=advance)
            price = shadow.shadow(case, runs, every, advance)
    except KeyboardInterrupt:
        screen.print(
            f"interrupted: {runs.executed} histories are kept in {folder}; go on with: {command}", markup=False
        )
        return 130
    told = about(scenario, case, command, prices) | {
        "charged": charged,
        "search": {"population": chosen.population, "generations": chosen.generations, "steps": asked.steps},
        "replicates": {"search": chosen.replicates, "fresh": fresh},
        "front": frontier.as_data(front, levers),
        **shadow.as_data(singles, price),
    }
    files.write_table(folder, "frontier", told, _rows(front, levers))
    if not chosen.no_figures:
        from experiments import package_figures  # noqa: PLC0415  # draws with matplotlib

        package_figures.draw_front(case, front, levers, folder / "frontier", fresh=fresh)
    if chosen.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    _show(case, charged, front, levers, commands.console())
    _show_singles(singles, price, len(every), commands.console())
    commands.console().print(f"\n{runs.executed} histories run; files in {folder}", markup=False, soft_wrap=True)
    return 0


def numbers(pairs: list[str]) -> dict[str, float]:
    """Prices given as NAME=VALUE."""
    found = {}
    for name, text in commands.settings_of(pairs, "--price").items():
        try:
            found[name] = float(commands.plain(text))
        except ValueError:
            raise Refused(f"--price {name}={text}: expected a number") from None
    return found


def about(scenario: Scenario, case: packages.Case, command: str, prices: costs.Prices) -> dict[str, Any]:
    """What a document says of where its numbers come from."""
    declared = costs.declared()
    return {
        "schema": 1,
        "command": command,
        "scenario": scenario.name,
        "scenario_hash": scenario.content_hash(),
        "model": model_digest(),
        "seed": case.seed,
        "subject": {"employer": case.employer, "team": case.team},
        "window": [scenario.date_of(case.first), scenario.date_of(case.last)],
        "interval": "95 %, see abm/verdicts.py; of ratios: resampled replicates",
        "prices": {
            name: {
                "value": value,
                "unit": declared[name].unit,
                "low": declared[name].low,
                "high": declared[name].high,
                "grade": declared[name].grade,
                "source": declared[name].source,
            }
            for name, value in prices.items()
        },
    }


def _rows(front: frontier.Front, levers: tuple[packages.Lever, ...]) -> dict[str, Any]:
    points = front.points
    found: dict[str, Any] = {lever.name: [point.values[k] for point in points] for k, lever in enumerate(levers)}
    for end in ("mean", "low", "high"):
        found[f"kept_more_{end}"] = [float(getattr(point.kept, end)) for point in points]
        found[f"cost_{end}"] = [float(getattr(point.cost, end)) for point in points]
    return found | {f"cost_{line}": [point.lines[line] for point in points] for line in bills.LINES}


# ---- the screen ------------------------------------------------------------------------------------------------


def _show(
    case: packages.Case, charged: str, front: frontier.Front, levers: tuple[packages.Lever, ...], console: Console
) -> None:
    window = f"{case.scenario.date_of(case.first)} to {case.scenario.date_of(case.last)}"
    console.print(f"\n[bold]Cheapest packages that keep the people of {case.name}[/bold]", markup=True)
    console.print(
        f"{window}; {front.people:.0f} people, {front.stayed:.1f} still at {case.employer} without a package; "
        f"levers of the whole employer are charged for {'these people' if charged == 'people' else 'all its staff'}; "
        f"{front.evaluated} packages searched, and each lever alone; brackets: 95 % by fresh replicates",
        markup=False,
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("kept more", "kUSD a year", "over the range of prices", *(lever.name for lever in levers)):
        table.add_column(head, justify="right", no_wrap=True)
    for point in front.points:
        neutral = (lever.knob.neutral for lever in levers)
        values = ["-" if value == zero else f"{value:.3g}" for value, zero in zip(point.values, neutral, strict=True)]
        low, high = point.cost_range
        cells = (interval(point.kept, "+.2f"), interval(point.cost, ".0f"), f"{low:.0f} to {high:.0f}", *values)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print(
        f"Optimiser's curse: packages of the search promised {front.promised:+.2f} people on its own replicates and "
        f"kept {front.delivered:+.2f} on fresh ones; {front.fell} of them turned out dominated and are left out",
        markup=False,
    )


def _show_singles(singles: list[shadow.Alone], price: shadow.Shadow, replicates: int, console: Console) -> None:
    console.print(f"\n[bold]One lever at a time[/bold], {replicates} replicates")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("lever", "value", "unit"):
        table.add_column(head, no_wrap=True)
    for head in ("kept more", "kUSD a year", "with all staff charged", "kUSD a year for a person kept"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in singles:
        each = row.each
        text = "keeps nobody" if each.value != each.value else f"{each.value:.0f} {between(each.low, each.high, '.0f')}"
        cells = (interval(row.kept, "+.2f"), interval(row.cost, ".0f"), interval(row.whole, ".0f"), text)
        table.add_row(row.lever.name, f"{row.value:.3g}", row.lever.knob.unit, *(Text(cell) for cell in cells))
    console.print(table)
    console.print("\n[bold]What compute is worth in pay[/bold]")
    pay = price.pay
    if price.verdict == "finite":
        said = f"keeps as many as {pay.value:.1f} {between(pay.low, pay.high, '.1f')} kUSD of pay a year for each"
    else:
        said = price.verdict
    console.print(
        f"1 % of the pool ({price.one_per_cent:.1f} H100e) for the {price.people:.0f} people: {said}\n"
        f"  people kept by 1 % of the pool {interval(price.per_pool, '+.4f')}, by 1 kUSD a year for each "
        f"{interval(price.per_pay, '+.5f')}\n"
        f"  from the utility of their jobs: {price.own:.1f} kUSD a year each by own compute, {price.felt:.1f} with "
        f"what better-off teams make them feel (mean pay {price.mean_pay:.0f})",
        markup=False,
    )


def interval(value: Estimate, form: str) -> str:
    """Mean and interval; without one where there is a single replicate."""
    return (
        f"{value.mean:{form}} {between(value.low, value.high, form)}"
        if value.low == value.low
        else (f"{value.mean:{form}}")
    )


def between(low: float, high: float, form: str) -> str:
    """Both ends in brackets; an open end has no number."""
    ends = [f"{end:{form}}" if abs(end) != float("inf") else "open" for end in (low, high)]
    return f"[{ends[0]}, {ends[1]}]"
