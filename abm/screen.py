"""The summary of a run as a person reads it at the end of `talent run`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PLACES = "went to (mean number)"
MOST_EMPLOYERS = 10


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Table:
    """A table that fits: places are left out from the end of the last column until the line is short enough."""
    table = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        words = number == 0 or column == PLACES
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        cells = list(row)
        if columns[-1] == PLACES:
            others = [
                max(cell_len(columns[k]), *(Text.from_markup(r[k]).cell_len for r in rows)) for k in range(len(row) - 1)
            ]
            room = max(width - sum(others) - 2 * len(others), len(PLACES))
            while len(cells[-1]) > room and ", " in cells[-1]:
                cells[-1] = cells[-1].rpartition(", ")[0]
        table.add_row(*cells)
    return table


def _band(row: dict[str, Any]) -> str:
    return f"{row['p50']:.0f}  [{row['p05']:.0f}, {row['p95']:.0f}]"


def _range(seen: dict[str, Any]) -> str:
    low, high = seen["observed_min"], seen["observed_max"]
    return "-" if low is None else (f"{low}" if low == high else f"{low}-{high}")


def _retained(row: dict[str, Any]) -> str:
    return _verdict({"observed_min": row["observed"], "observed_max": row["observed"], **row})


def _verdict(seen: dict[str, Any]) -> str:
    low, high = seen["observed_min"], seen["observed_max"]
    if low is None:
        return "prediction"
    if high < seen["p05"] or low > seen["p95"]:
        return "[red]miss[/red]"
    return "[green]agrees[/green]" if low <= seen["p50"] <= high else "[yellow]in the band[/yellow]"


def _places(destinations: dict[str, float], most: int = 5) -> str:
    first = list(destinations.items())[:most]
    return ", ".join(f"{name} {count:.{0 if count >= 9.5 else 1}f}" for name, count in first)


def print_summary(summary: dict[str, Any], console: Console, folder: Path, page: Path, seconds: float) -> None:
    """Cohorts observed beside simulated, departures, destinations, start-ups, reasons, and where the files are."""
    head, runs = summary["scenario"], summary["replicates"]
    console.print(f"\n[bold]{head['title']}[/bold]")
    plural = "histories" if runs != 1 else "history"
    console.print(
        f"{summary['researchers']:,} researchers, {head['months']} months from {head['start']}, "
        f"{runs} {plural}, seed {summary['seed']}; brackets: 90 % of histories\n"
    )
    seen_rows = [
        (
            cohort["name"],
            seen["date"],
            str(cohort["size"]),
            _range(seen),
            _band(seen),
            _verdict(seen),
            _places(seen["destinations"]),
        )
        for cohort in summary["cohorts"]
        for seen in cohort["observations"]
    ]
    if seen_rows:
        heads = ["cohort", "by", "of", "observed", "simulated", "", PLACES]
        console.print(_table("Cohorts: how many had left", heads, seen_rows, console.width), "")
    if summary["retention"]:
        kept_rows = [
            (
                row["employer"],
                row["as_of"],
                "-" if row["observed"] is None else f"{row['observed']:.0%}",
                f"{row['p50']:.0%}  [{row['p05']:.0%}, {row['p95']:.0%}]",
                _retained(row),
            )
            for row in summary["retention"]
        ]
        heads = ["employer", "as of", "observed", "simulated", ""]
        console.print(_table("Still there after two years", heads, kept_rows, console.width), "")
    rows = summary["departures_by_employer"]
    left_rows = [
        (
            row["employer"],
            f"{row['headcount_start']:.0f} to {row['headcount_end']:.0f}",
            _band(row),
            f"{row['rate_per_month']:.2%}",
            _places(row["destinations"]),
        )
        for row in rows[:MOST_EMPLOYERS]
    ]
    heads = ["employer", "people", "left", "a month", PLACES]
    console.print(_table("Departures by employer", heads, left_rows, console.width))
    if len(rows) > MOST_EMPLOYERS:
        rest = ", ".join(row["employer"] for row in rows[MOST_EMPLOYERS:])
        console.print(f"[dim]and {rest}: in summary.json and report.html[/dim]")
    console.print()

    startups = summary["startups"]
    sites = ", ".join(
        f"{site} {share:.0%}" for site, share in list(startups["share_of_replicates_with_one_in"].items())[:5]
    )
    console.print(
        f"[bold]Start-ups founded[/bold]  {_band(startups['founded'])}; alive at the end {_band(startups['alive'])}"
        + (f"\n  share of histories with one in: {sites}" if sites else "")
    )
    for cohort in summary["cohorts"]:
        venture = cohort["ventures"]
        if venture["share_of_replicates"] > 0:
            console.print(
                f"  by two or more of {cohort['name']}: in {venture['share_of_replicates']:.0%} of histories, "
                f"median {venture['median_date']}"
            )
    reasons = ", ".join(f"{row['path']} {row['share']:.0%}" for row in summary["reasons"])
    causes = ", ".join(f"{row['cause'].replace('_', ' ')} {row['mean']:.0f}" for row in summary["causes"])
    console.print(f"[bold]What opened the decision[/bold]  {reasons or 'nobody left by their own will'}")
    console.print(f"[bold]How jobs ended (mean)[/bold]  {causes or 'none ended'}\n")
    console.print(f"Files in {folder}, to be read first: {page}", markup=False, soft_wrap=True)
    console.print(
        f"Why did somebody leave?  talent explain {shlex.quote(str(folder))} --departure 0",
        markup=False,
        soft_wrap=True,
    )
    console.print(f"[dim]{seconds:.0f} s, digest of history 0: {summary['digest'][0][:16]}[/dim]")
