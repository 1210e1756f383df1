"""Listings of what there is: scenarios, policies, metrics, parameters; and a scenario in words."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from abm import metrics, month, outcomes, policies
from abm.parameters import declared
from abm.scenario import Scenario, load, names

KINDS = ("scenarios", "policies", "metrics", "outcomes", "parameters")


NUMBERS = ("default", "low", "high", "people", "months")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for column in columns:
        first = column == columns[0]
        table.add_column(column, justify="right" if column in NUMBERS else "left", no_wrap=first, overflow="fold")
    return table


def print_list(kind: str, console: Console) -> None:
    """Print one of the listings."""
    if kind == "scenarios":
        table = _table("name", "people", "months", "from", "what")
        for name in names():
            scenario = load(name)
            table.add_row(name, f"{scenario.researchers:,}", str(scenario.months), scenario.start, scenario.title)
    elif kind == "policies":
        table = _table("policy", "knob", "neutral", "range", "unit", "what", "source")
        for name in policies.names():
            module = policies.load(name)
            table.add_row(
                f"[bold]{name}[/bold]",
                "",
                "",
                "",
                "",
                f"[bold]{escape(module.__doc__.strip().splitlines()[0])}[/bold]",
                "",
            )
            for knob, each in policies.knobs_of(name).items():
                table.add_row("", knob, each.default, each.span, each.unit, each.meaning, each.source)
    elif kind == "metrics":
        table = _table("metric", "of", "kind", "unit", "what")
        for name, metric in metrics.METRICS.items():
            table.add_row(name, metric.entity, metric.kind, metric.unit, metric.label)
    elif kind == "outcomes":
        table = _table("outcome", "of", "unit", "what")
        for name, watched in outcomes.kinds().items():
            subjects = ", ".join(subject or "the market" for subject in watched.subjects)
            table.add_row(name, subjects, watched.unit, watched.meaning)
        console.print(r"KIND\[:SUBJECT]\[@FROM\[..TO]], e.g. left:llama-authors@2023-09 or exits:Meta@2023-01..2023-12")
    else:
        table = _table("parameter", "default", "range", "grade", "what (unit; phase; source)")
        for known in declared().values():
            span = f"{known.low:g} to {known.high:g}"
            words = f"{known.meaning} [dim]({known.unit}; {known.phase}; {escape(known.source)})[/dim]"
            table.add_row(known.name, f"{known.default:g}", span, known.grade, words)
    console.print(table)


def print_scenario(scenario: Scenario, console: Console) -> None:
    """Print what a scenario says: why, employers and teams, cohorts, dated events."""
    console.print(f"[bold]{scenario.title}[/bold]  ({scenario.name})")
    last = scenario.date_of(scenario.months - 1)
    console.print(
        f"{scenario.start} to {last}, {scenario.researchers:,} researchers, hash {scenario.content_hash()[:12]}"
    )
    console.print(scenario.why, markup=False)
    table = _table("employer", "people", "compute H100e", "pay level", "allocation", "teams")
    for employer in scenario.employers:
        teams = ", ".join(team.name for team in employer.teams)
        numbers = (f"{employer.researchers:,}", f"{employer.compute:,.0f}", f"{employer.pay_level:.2f}")
        table.add_row(employer.name, *numbers, employer.allocation, teams)
    console.print()
    console.print(table)
    if scenario.cohorts:
        table = _table("cohort", "people", "fixed", "observed by", "use")
        for cohort in scenario.cohorts:
            for seen in cohort.observations:
                known = f"{seen.left_min}-{seen.left_max} left" if seen.left_min is not None else "to be predicted"
                table.add_row(cohort.name, str(cohort.size), cohort.fixed, f"{seen.date}: {known}", seen.use)
        console.print()
        console.print(table)
    if scenario.events:
        table = _table("event", "date", "within", "what", "effects")
        for event in scenario.events:
            within = "" if event.between[0] == event.between[1] else " to ".join(event.between)
            kinds = ", ".join(effect.kind for effect in event.effects) or "observed, not imposed"
            table.add_row(event.id, event.date, within, event.label or event.entity, kinds)
        console.print()
        console.print(table)


def month_plan() -> list[dict[str, str]]:
    """The phases of the month in their order: name, what each does, what it writes."""
    return month.plan()
