"""Documents made from histories of the market: runs, comparisons and attributions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abm import verdicts
from viz import results
from viz.messages import Wrong
from viz.shelf import names
from viz.shelf.blocks import ENDS, Block, bar, bars, cells, facts, interval, span, table, text


def run(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Fans of the cohorts beside what was observed, who left whom, and where the whole report is."""
    scenario = content["scenario"]
    blocks: list[Block] = [_fan(cohort) for cohort in _cohorts(folder)]
    columns = [
        ("employer", "text"),
        ("departures", "number", "people"),
        ("5 %", "number"),
        ("95 %", "number"),
        ("a month", "percent"),
        ("heads, start", "number"),
        ("heads, end", "number"),
    ]
    departures = content["departures_by_employer"]
    keys = ("employer", "mean", "p05", "p95", "rate_per_month", "headcount_start", "headcount_end")
    blocks.append(_people("Departures by employer", departures))
    blocks.append(table("Employers", columns, cells(departures, *keys)))
    blocks.append(_people("Where they go", content["destinations"]))
    reasons = [bar(each["path"], each["share"]) for each in content["reasons"]]
    blocks.append(bars("What opened the decision to leave", reasons, "share of voluntary exits"))
    if (folder / "report.html").is_file():
        blocks.insert(0, {"type": "page", "title": "The whole report", "file": "report.html"})
    return {
        "title": scenario.get("title") or scenario["name"],
        "facts": facts(
            [
                ("Scenario", scenario["name"]),
                ("From", scenario["start"]),
                ("Months", content["months"]),
                ("Histories", content["replicates"]),
                ("Researchers", f"{content['researchers']:,}"),
                ("Seed", content["seed"]),
                ("Hash", str(scenario.get("hash", ""))[:12]),
            ]
        ),
        "blocks": blocks,
    }


def _people(title: str, rows: list[dict[str, Any]]) -> Block:
    """How many people, by employer."""
    found = [bar(each["employer"], {"mean": each["mean"], "low": each["p05"], "high": each["p95"]}) for each in rows]
    return bars(title, found, "people", "Mean over histories; lines: 5 % to 95 %.")


def _cohorts(folder: Path) -> tuple[results.Cohort, ...]:
    try:
        return results.load(folder).cohorts
    except results.RunFolderError as error:
        raise Wrong(f"{' '.join(str(error).split())}. Make it again with talent run") from None


def _fan(cohort: results.Cohort) -> Block:
    """How many have left by month, over histories."""
    left = cohort.left[:, cohort.first : cohort.last + 1]
    found = results.Bands.of(left)
    seen = [
        {
            "date": each.get("date"),
            "low": each.get("observed_min"),
            "high": each.get("observed_max"),
            "use": each.get("use"),
        }
        for each in cohort.observations
    ]
    return {
        "type": "fan",
        "title": f"Left: {cohort.label}",
        "unit": f"of {cohort.size} people",
        "note": "Line: median over histories; bands: half of them, and 90 %. Bars: what was observed.",
        "first": cohort.first,
        "low": found.p05,
        "high": found.p95,
        "inner_low": found.p25,
        "inner_high": found.p75,
        "middle": found.p50,
        "seen": seen,
        "whole": cohort.size,
    }


def comparison(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Differences of outcomes, paired, and what becomes of people."""
    outcomes = content["outcomes"]
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for each in outcomes:
        faint = not verdicts.side(each.get("verdict", ""))
        by_unit.setdefault(each["unit"], []).append(
            bar(names.outcome(each["outcome"]), each["difference"], faint=faint)
        )
    blocks: list[Block] = [bars("What changes", rows, unit, content["interval"]) for unit, rows in by_unit.items()]
    columns = [
        ("outcome", "text"),
        ("unit", "text"),
        ("as it is", "number"),
        ("changed", "number"),
        ("difference", "number"),
        *ENDS[1:],
        ("verdict", "text"),
    ]
    blocks.append(
        table(
            "Outcomes",
            columns,
            [
                [
                    *(names.outcome(each["outcome"]), each["unit"]),
                    *names.row([each["first"], each["second"], *span(each["difference"])], each["unit"]),
                    each.get("verdict"),
                ]
                for each in outcomes
            ],
        )
    )
    blocks.append(
        bars(
            "People with another fate",
            [bar(name, value) for name, value in content["people"].items()],
            "people a history",
            content["interval"],
        )
    )
    fates = list(content["people"])
    groups = {**content["people_by_employer"], **content["people_by_cohort"]}
    blocks.append(
        table(
            "By employer and cohort",
            [("group", "text"), *((fate, "number") for fate in fates)],
            [[name, *(counts.get(fate) for fate in fates)] for name, counts in groups.items()],
        )
    )
    return {
        "title": f"{content['scenario']}: {content['change']}",
        "facts": facts(
            [
                ("Scenario", content["scenario"]),
                ("Change", content["change"]),
                ("Seed", content["seed"]),
                ("Pairs of histories", content["replicates"]),
                ("Alike", content["identical"]),
            ]
        ),
        "blocks": blocks,
    }


def attribution(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """What each event adds to an outcome: leave-one-out and Shapley values beside each other."""
    labels = {each["name"]: each["label"] for each in content["players"]}
    blocks: list[Block] = []
    for each in content["outcomes"]:
        said = [
            f"As it happened {interval(each['everything'], each['unit'])}, without the events "
            f"{interval(each['nothing'], each['unit'])}."
        ]
        called = names.outcome(each["text"])
        blocks.append(text(called, said))
        for key, name in (("shapley", "Shapley value"), ("leave_one_out", "Leave one out")):
            rows = [bar(_called(part["player"], labels), part[key]) for part in each["parts"] if part.get(key)]
            rows.sort(key=lambda row: -abs(row["value"] or 0))
            if rows:
                blocks.append(
                    bars(
                        f"{called}: {name.lower()}",
                        rows,
                        each["unit"],
                        f"Lines: {content['level']:.0%} intervals over histories.",
                    )
                )
        columns = [
            ("event", "text"),
            *((f"Shapley, {end}", "number") for end, _ in ENDS),
            *((f"one out, {end}", "number") for end, _ in ENDS),
            ("share of the whole", "percent"),
        ]
        blocks.append(
            table(
                f"{called}: all events",
                columns,
                [
                    [
                        _called(part["player"], labels),
                        *names.row(span(part.get("shapley")), each["unit"]),
                        *names.row(span(part.get("leave_one_out")), each["unit"]),
                        part.get("share"),
                    ]
                    for part in each["parts"]
                ],
            )
        )
    if (folder / "attribution.html").is_file():
        blocks.insert(0, {"type": "page", "title": "The whole page", "file": "attribution.html"})
    if content["skipped"]:
        blocks.append(text("Left out of the game", [f"{name}: {why}" for name, why in content["skipped"].items()]))
    return {
        "title": f"Attribution: {content['scenario']['title']}",
        "facts": facts(
            [
                ("Scenario", content["scenario"]["name"]),
                ("Histories", content["replicates"]),
                ("Until", content["until"]),
                ("Shapley values", content["shapley"]),
            ]
        ),
        "blocks": blocks,
    }


def _called(name: str, labels: Mapping[str, str]) -> str:
    return f"{name} {labels.get(name, '')}".strip()
