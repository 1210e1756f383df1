"""Predict every observation of the historic scenarios, baselines beside."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from abm import commands, files, verdicts
from abm.commands import Commands
from abm.scenario import load

ORDER = 12
DRAWS = 100
CENTRAL = 0.8
EXAMPLES = """examples:
  talent predict                                  # from the posterior that ships with the model, else the defaults
  talent predict --posterior results/fit/posterior.json --draws 200 --out predictions.json

Writes for each cohort by date, retention and flow the whole distribution that the model and three baselines give it.
Rows that were fitted say so; rows that are predicted carry no observed value. The same seed gives the same bytes.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("predict", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("--posterior", type=Path, metavar="FILE", help="posterior.json of `talent calibrate`")
    parser.add_argument(
        "--draws",
        type=commands.integer(1, commands.MOST_REPLICATES, "the number of draws"),
        default=DRAWS,
        metavar="N",
        help=f"histories of each scenario, each with a draw of the parameters and luck of its own (default {DRAWS})",
    )
    parser.add_argument("--seed", type=commands.integer(0, 2**63 - 1, "the seed"), default=1, metavar="N")
    parser.add_argument("--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N")
    parser.add_argument("--out", type=Path, default=Path("predictions.json"), metavar="FILE")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Run the histories, write the file, print the table."""
    from experiments import posterior_file, predictions  # noqa: PLC0415  # heavy
    from experiments.observed import HISTORIC  # noqa: PLC0415

    commands.file_of(chosen.out, "predictions.json")
    drawn = posterior_file.read(chosen.posterior)
    scenarios = [load(name) for name in HISTORIC]
    jobs = chosen.draws * len(scenarios)
    with commands.progress(f"{len(scenarios)} scenarios, {chosen.draws} draws", jobs) as advance:
        told = predictions.predict(
            scenarios, drawn, chosen.draws, chosen.seed, commands.workers_of(chosen, jobs), advance
        )
    _show(told, commands.console())
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(chosen.out, told)
    commands.console().print(f"\nWhole distributions: {chosen.out}", markup=False, soft_wrap=True)
    return 0


def _show(told: dict[str, Any], console: Console) -> None:
    """Mean and central 80 % interval of the model, means of the baselines."""
    posterior = told["posterior"]
    names = ", ".join(posterior["parameters"]) or "none drawn"
    console.print(f"\nParameters: {posterior['source']} ({names}); {told['draws']} histories of each scenario")
    fitted = posterior["fitted_to"]
    if fitted and told["scenarios"].get(fitted["name"]) != fitted["hash"]:
        console.print(f"[yellow]Fitted to another version of {fitted['name']}[/yellow] than the one that is predicted")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("row", "", "of"):
        table.add_column(head, no_wrap=True)
    few = not verdicts.holds(told["draws"], CENTRAL)
    for head in ("model", "lowest to highest" if few else "80 %", "constant", "tenure", "contagion"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in told["rows"]:
        forecasts = row["forecasts"]
        means = [_number(forecasts[name]["mean"], row["unit"]) for name in ("constant", "tenure", "contagion")]
        model = forecasts["model"]
        if row["unit"] == "ratio":
            means = [_number(forecasts[name]["p50"], row["unit"]) for name in ("constant", "tenure", "contagion")]
        middle = model["p50"] if row["unit"] == "ratio" else model["mean"]
        of = str(row["of"]) if row["unit"] == "people" else ""
        ends = "-" if middle is None else " to ".join(_number(end, row["unit"]) for end in central(model, few))
        table.add_row(row["row"], row["status"], of, _number(middle, row["unit"]), ends, *means)
    console.print(table)
    console.print("[dim]people and shares: mean; ratios of flows: median[/dim]")
    if few:
        console.print(
            f"[dim]an interval of 80 % needs {verdicts.needed(CENTRAL)} histories; these are the extremes[/dim]"
        )


def central(forecast: dict[str, Any], few: bool = False) -> tuple[float, float]:
    """Central 80 % interval of a distribution of the document; of few draws the smallest and the largest."""
    if "pmf" not in forecast:
        return (forecast["p01"], forecast["p99"]) if few else (forecast["p10"], forecast["p90"])
    if few:
        there = [float(count) for count, share in enumerate(forecast["pmf"]) if share > 0]
        return there[0], there[-1]
    ends, total = [], 0.0
    levels = [0.1, 0.9]
    for count, share in enumerate(forecast["pmf"]):
        total += share
        while levels and total >= levels[0] - 1e-9:
            ends.append(float(count))
            levels.pop(0)
    return ends[0], ends[-1]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0%}" if unit == "share" else f"{value:.1f}"
