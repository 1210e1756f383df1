"""A comparison of paired worlds as data and as a person reads it: outcomes, people, chains."""

from __future__ import annotations

import math
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from abm import verdicts
from abm.differences import KIND_WORDS, KINDS, OTHER
from abm.paired import Estimate, OutcomeRow, Paired
from abm.scenario import Scenario

MOST_GROUPS: Final = 8  # employers on the screen
SAME: Final = (
    "both worlds are byte-identical (same SHA-256 of the final state and the ledger): the change changes nothing"
)


def as_data(scenario: Scenario, found: Paired) -> dict[str, Any]:
    """Everything as plain data for JSON; what is not a number (no variation, one replicate) is null."""
    traced = next((pair for pair in found.pairs if pair.chains is not None), None)
    chains = traced.chains if traced is not None else None
    return {
        "schema": 1,
        "scenario": scenario.name,
        "scenario_hash": scenario.content_hash(),
        "change": found.label,
        "replicates": len(found.pairs),
        "identical": found.identical,
        "interval": f"95 %, sign-flip test over replicates (of fewer than {verdicts.FEWEST} pairs Student's t)",
        "digests": [{"replicate": pair.replicate, "digests": list(pair.digests)} for pair in found.pairs],
        "outcomes": [_outcome(row) for row in found.outcomes],
        "people": {kind: _estimate(value) for kind, value in found.people.items()},
        "people_by_employer": found.by_employer,
        "people_by_cohort": found.by_cohort,
        "chains": None
        if traced is None or chains is None
        else {
            "replicate": traced.replicate,
            "people_by_reach": chains.shares(),
            "told": [{"people": _members(path), "words": chains.words(path)} for path in chains.longest()],
            "links": [
                {
                    **{"cause": link.cause, "effect": link.effect, "kind": link.kind, "words": link.words},
                    **{"world": ("first", "second")[link.world], "date": scenario.date_of(link.month)},
                    "cause_date": scenario.date_of(link.cause_month),
                    "told": chains.parent.get(link.effect) == link,
                }
                for link in chains.links
            ],
        },
    }


def _members(path: list[Any]) -> list[int]:
    return [path[0].cause, *(link.effect for link in path)]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _estimate(value: Estimate) -> dict[str, float | None]:
    return {"mean": _number(value.mean), "low": _number(value.low), "high": _number(value.high)}


def _outcome(row: OutcomeRow) -> dict[str, Any]:
    return {
        **{"outcome": row.text, "unit": row.unit, "meaning": row.meaning, "first": row.first, "second": row.second},
        **{"difference": _estimate(row.difference), "verdict": row.verdict.word, "p": _number(row.verdict.p)},
        "correlation": _number(row.correlation),
        "variance_ratio": _number(row.variance_ratio),
    }


def print_paired(scenario: Scenario, found: Paired, console: Console) -> None:
    """The tables of a comparison, and the chains of the traced replicate in words."""
    n = len(found.pairs)
    console.print(f"\n[bold]{scenario.title}[/bold]")
    pairs = "1 pair of histories" if n == 1 else f"{n} pairs of histories"
    console.print(f"second world: {found.label}; {pairs}, same people, same luck\n", markup=False)
    if found.identical == n:
        console.print(SAME)
        return
    if found.identical:
        console.print(f"in {found.identical} of {n} pairs both worlds are byte-identical\n")
    _print_outcomes(found, console)
    if not any(value.mean for value in found.people.values()):
        console.print("nobody took another path: the worlds differ only in what reached nobody's career")
        return
    _print_people(found, console)
    _print_chains(scenario, found, console)


def _print_outcomes(found: Paired, console: Console) -> None:
    names = ("outcome", "unit", "first", "second", "difference", "95 % interval", "", "correlation", "variance ratio")
    table = _table("Outcomes", names, words=2)
    for row in found.outcomes:
        table.add_row(
            row.text,
            row.unit,
            f"{row.first:.4g}",
            f"{row.second:.4g}",
            f"{row.difference.mean:+.3g}",
            _interval(row.difference),
            row.verdict.word,
            _plain(row.correlation, ".2f"),
            _plain(row.variance_ratio, ".1f"),
        )
    console.print(table)
    console.print(
        f"[dim]intervals, verdicts: sign-flip test over replicates, from {verdicts.FEWEST} pairs on (of fewer: "
        "Student's t). Correlation: of the two worlds.\nVariance ratio: (Var first + Var second) / Var difference, "
        "the number of unpaired histories that one pair is worth[/dim]\n"
    )


def _print_people(found: Paired, console: Console) -> None:
    table = _table("People whose careers differ (mean number in a history)", ("", "people", "95 % interval", "what"), 1)
    table.columns[-1].justify = "left"
    for kind, value in found.people.items():
        table.add_row(kind, f"{value.mean:.1f}", _interval(value), KIND_WORDS[kind])
    console.print(table)
    console.print()
    kinds = [kind for kind in KINDS if kind != KINDS[OTHER]]
    for title, groups, shown in (
        ("By employer left", found.by_employer, kinds),
        ("By cohort", found.by_cohort, list(KINDS)),
    ):
        if groups:
            table = _table(title, ("", *shown), words=1)
            for name, counts in list(groups.items())[:MOST_GROUPS]:
                table.add_row(name, *(f"{counts[kind]:.1f}" for kind in shown))
            console.print(table)
            if len(groups) > MOST_GROUPS:
                console.print(f"[dim]and {len(groups) - MOST_GROUPS} more[/dim]")
            console.print()


def _print_chains(scenario: Scenario, found: Paired, console: Console) -> None:
    for pair in found.pairs:
        chains = pair.chains
        if chains is None:
            continue
        console.print(f"[bold]What led to what in replicate {pair.replicate}[/bold]")
        total = len(chains.people)
        if not total:
            console.print("nobody took another path")
            return
        reached = "; ".join(f"{n} ({n / total:.0%}) {words}" for words, n in chains.shares().items())
        console.print(f"{total} people took another path: {reached}", markup=False)
        for path in chains.longest():
            console.print()
            for line in chains.words(path):
                console.print(f"  {line}", markup=False)
        below = chains.reach()
        top = max(below, key=lambda person: (below[person], -person))
        if below[top]:
            console.print(f"\nmost people further down: researcher {top}, who led to {below[top]} others", markup=False)


def _table(title: str, names: tuple[str, ...], words: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number < words else "right", no_wrap=number == 0)
    return table


def _interval(value: Estimate) -> str:
    return f"[{value.low:+.3g}, {value.high:+.3g}]".replace("[", r"\[") if math.isfinite(value.low) else "-"


def _plain(value: float, form: str) -> str:
    return "-" if math.isnan(value) else "inf" if math.isinf(value) else f"{value:{form}}"
