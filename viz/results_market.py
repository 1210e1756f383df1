"""Documents made from histories of the market: runs, comparisons, attributions, frontiers, games and lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from viz import results
from viz.messages import Wrong
from viz.results_blocks import Block, bar, bars, facts, points, span, table, text

_ENDS: Final = [("mean", "number"), ("low", "number"), ("high", "number")]


def run(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Fans of the cohorts beside what was observed, who left whom, and where the whole report is."""
    scenario = content["scenario"]
    blocks: list[Block] = [_fan(cohort) for cohort in _cohorts(folder)]
    rows = [
        [each["employer"], each["mean"], each["p05"], each["p95"], each["rate_per_month"], each["headcount_start"],
         each["headcount_end"]]
        for each in content["departures_by_employer"]
    ]  # fmt: skip
    columns = [("employer", "text"), ("departures", "number", "people"), ("5 %", "number"), ("95 %", "number"),
               ("a month", "percent"), ("heads, start", "number"), ("heads, end", "number")]  # fmt: skip
    blocks.append(bars("Departures by employer", [
        {"name": each["employer"], "value": each["mean"], "low": each["p05"], "high": each["p95"]}
        for each in content["departures_by_employer"]
    ], "people", "Mean over histories; lines: 5 % to 95 %."))  # fmt: skip
    blocks.append(table("Employers", columns, rows))
    blocks.append(bars("Where they go", [
        {"name": each["employer"], "value": each["mean"], "low": each["p05"], "high": each["p95"]}
        for each in content["destinations"]
    ], "people", "Mean over histories; lines: 5 % to 95 %."))  # fmt: skip
    reasons = [{"name": each["path"], "value": each["share"], "low": None, "high": None} for each in content["reasons"]]
    blocks.append(bars("What opened the decision to leave", reasons, "share of voluntary exits"))
    if (folder / "report.html").is_file():
        blocks.append(text("The whole report", [f"report.html in {folder.name} shows every chart of this run; open it in "
                                                "the browser from the folder."]))  # fmt: skip
    return {
        "title": scenario.get("title") or scenario["name"],
        "facts": facts([
            ("Scenario", scenario["name"]), ("From", scenario["start"]), ("Months", content["months"]),
            ("Histories", content["replicates"]), ("Researchers", f"{content['researchers']:,}"),
            ("Seed", content["seed"]), ("Hash", str(scenario.get("hash", ""))[:12]),
        ]),
        "blocks": blocks,
    }  # fmt: skip


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
        {"date": each.get("date"), "low": each.get("observed_min"), "high": each.get("observed_max"),
         "use": each.get("use")}
        for each in cohort.observations
    ]  # fmt: skip
    return {
        "type": "fan", "title": f"Left: {cohort.label}", "unit": f"of {cohort.size} people",
        "note": "Line: median over histories; bands: half of them, and 90 %. Bars: what was observed.",
        "first": cohort.first, "low": found.p05, "high": found.p95, "inner_low": found.p25, "inner_high": found.p75,
        "middle": found.p50, "seen": seen, "whole": cohort.size,
    }  # fmt: skip


def comparison(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Differences of outcomes, paired, and what becomes of people."""
    outcomes = content["outcomes"]
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for each in outcomes:
        by_unit.setdefault(each["unit"], []).append(bar(each["outcome"], each["difference"]))
    blocks: list[Block] = [
        bars(f"What changes, in {unit or 'their units'}", rows, unit, content["interval"]) for unit, rows in by_unit.items()
    ]
    columns = [("outcome", "text"), ("unit", "text"), ("as it is", "number"), ("changed", "number"),
               ("difference", "number"), ("low", "number"), ("high", "number")]  # fmt: skip
    blocks.append(table("Outcomes", columns, [
        [each["outcome"], each["unit"], each["first"], each["second"], *span(each["difference"])] for each in outcomes
    ]))  # fmt: skip
    blocks.append(bars("People with another fate", [bar(name, value) for name, value in content["people"].items()],
                       "people a history", content["interval"]))  # fmt: skip
    fates = list(content["people"])
    groups = {**content["people_by_employer"], **content["people_by_cohort"]}
    blocks.append(table("By employer and cohort", [("group", "text"), *((fate, "number") for fate in fates)],
                        [[name, *(counts.get(fate) for fate in fates)] for name, counts in groups.items()]))  # fmt: skip
    return {
        "title": f"{content['scenario']}: {content['change']}",
        "facts": facts([("Scenario", content["scenario"]), ("Change", content["change"]), ("Seed", content["seed"]),
                        ("Pairs of histories", content["replicates"]), ("Alike", content["identical"])]),
        "blocks": blocks,
    }  # fmt: skip


def attribution(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """What each event adds to an outcome: leave-one-out and Shapley values beside each other."""
    labels = {each["name"]: each["label"] for each in content["players"]}
    blocks: list[Block] = []
    for each in content["outcomes"]:
        said = [f"As it happened {_number(each['everything'])}, without the events {_number(each['nothing'])} "
                f"{each['unit']}."]  # fmt: skip
        blocks.append(text(each["text"], said))
        for key, name in (("shapley", "Shapley value"), ("leave_one_out", "Leave one out")):
            rows = [bar(_called(part["player"], labels), part[key]) for part in each["parts"] if part.get(key)]
            rows.sort(key=lambda row: -abs(row["value"] or 0))
            if rows:
                blocks.append(bars(f"{each['text']}: {name.lower()}", rows, each["unit"],
                                   f"Lines: {content['level']:.0%} intervals over histories."))  # fmt: skip
        columns = [("event", "text"), *((f"Shapley, {end}", "number") for end, _ in _ENDS),
                   *((f"one out, {end}", "number") for end, _ in _ENDS), ("share of the whole", "percent")]  # fmt: skip
        blocks.append(table(f"{each['text']}: all events", columns, [
            [_called(part["player"], labels), *span(part.get("shapley")), *span(part.get("leave_one_out")),
             part.get("share")] for part in each["parts"]
        ]))  # fmt: skip
    if content["skipped"]:
        blocks.append(text("Left out of the game", [f"{name}: {why}" for name, why in content["skipped"].items()]))
    return {
        "title": f"Attribution: {content['scenario']['title']}",
        "facts": facts([("Scenario", content["scenario"]["name"]), ("Histories", content["replicates"]),
                        ("Until", content["until"]), ("Shapley values", content["shapley"])]),
        "blocks": blocks,
    }  # fmt: skip


def _called(name: str, labels: Mapping[str, str]) -> str:
    return f"{name} {labels.get(name, '')}".strip()


def _number(estimate: Any) -> str:
    mean, low, high = span(estimate)
    if mean is None:
        return "–"
    return f"{mean:.3g}" if low is None or high is None else f"{mean:.3g} [{low:.3g}, {high:.3g}]"


def frontier(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The front of packages, every lever alone, and what compute is worth in pay."""
    front = content["front"]
    where = content["subject"].get("team") or content["subject"]["employer"]
    each = [
        {"name": _package(one["levers"]), "x": one["cost_kusd_a_year"]["mean"], "y": one["kept_more"]["mean"],
         "x_low": one["cost_kusd_a_year"]["low"], "x_high": one["cost_kusd_a_year"]["high"],
         "y_low": one["kept_more"]["low"], "y_high": one["kept_more"]["high"], "group": "package",
         "words": "; ".join(f"{name} {value:.3g}" for name, value in one["levers"].items())}
        for one in front["points"]
    ]  # fmt: skip
    alone = [
        {"name": f"{one['lever']} {one['value']:.3g}", "x": one["cost_kusd_a_year"]["mean"],
         "y": one["kept_more"]["mean"], "group": "one lever alone", "words": one["unit"]}
        for one in content["one_lever_at_a_time"]
    ]  # fmt: skip
    levers = list(front["points"][0]["levers"]) if front["points"] else []
    columns = [("kept more", "number", "people"), ("low", "number"), ("high", "number"),
               ("cost", "number", "kUSD a year"), ("low", "number"), ("high", "number"),
               *((name, "number") for name in levers)]  # fmt: skip
    rows = [[*span(one["kept_more"]), *span(one["cost_kusd_a_year"]), *one["levers"].values()] for one in front["points"]]
    single = [
        [one["lever"], one["value"], one["unit"], *span(one["kept_more"]), *span(one["cost_kusd_a_year"]),
         one["kusd_a_year_for_a_person_kept"]["value"]]
        for one in content["one_lever_at_a_time"]
    ]  # fmt: skip
    return {
        "title": f"Cheapest packages that keep the people of {where}",
        "facts": facts([
            ("Scenario", content["scenario"]), ("Window", " to ".join(content["window"])),
            ("People", f"{front['people']:.0f}"), ("Stay without a package", f"{front['kept_in_the_baseline']:.2f}"),
            ("Packages searched", front["packages_evaluated"]), ("Fresh histories", content["replicates"]["fresh"]),
        ]),
        "blocks": [
            points("Cost and people kept", ("cost", "kUSD a year"), ("people kept more than without", "people"),
                   [*each, *alone], f"{content['interval']}. Packages judged by fresh histories.", line="package"),
            table("The packages", columns, rows),
            table("One lever at a time", [("lever", "text"), ("value", "number"), ("unit", "text"),
                  ("kept more", "number", "people"), ("low", "number"), ("high", "number"),
                  ("cost", "number", "kUSD a year"), ("low", "number"), ("high", "number"),
                  ("for a person kept", "number", "kUSD a year")], single),
            text("What compute is worth in pay", [_shadow(content["shadow_price"])]),
            _prices(content["prices"]),
        ],
    }  # fmt: skip


def _package(levers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2g}" for name, value in levers.items() if value) or "nothing"


def _shadow(price: Mapping[str, Any]) -> str:
    value = price["kusd_a_year_per_head_for_one_per_cent_of_the_pool"]
    if price["verdict"] == "finite":
        return f"1 % of the pool ({price['one_per_cent_h100e']:.3g} H100e) keeps as many as {_number(value)} kUSD a year."
    return f"1 % of the pool ({price['one_per_cent_h100e']:.3g} H100e): {price['verdict']}."


def _prices(prices: Mapping[str, Any]) -> Block:
    columns = [("price", "text"), ("value", "number"), ("from", "number"), ("to", "number"), ("unit", "text"),
               ("grade", "text"), ("source", "text")]  # fmt: skip
    rows = [[name.replace("_", " "), each["value"], each["low"], each["high"], each["unit"], each["grade"], each["source"]]
            for name, each in prices.items()]  # fmt: skip
    return table("Prices", columns, rows)


def game(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The payoff matrix with best responses and equilibria."""
    actions, (one, two) = content["actions"], content["subject"]["labs"]
    size = len(actions)
    payoffs = np.full((size, size, 2), np.nan)
    cells: list[list[dict[str, Any]]] = [[{"lines": ["–"]} for _ in actions] for _ in actions]
    for each in content["cells"]:
        payoffs[tuple(each["cell"])] = each["payoffs"]
    best = (payoffs == np.nanmax(payoffs, axis=0, keepdims=True))[..., 0]
    answer = (payoffs == np.nanmax(payoffs, axis=1, keepdims=True))[..., 1]
    pure = {tuple(cell) for cell in content["pure_equilibria"]}
    for each in content["cells"]:
        a, b = each["cell"]
        mine, theirs = each["more_than_in_the_first"]
        marks = ["equilibrium"] if (a, b) in pure else []
        marks += ["best for both together"] if [a, b] == content["joint_optimum"] else []
        cells[a][b] = {
            "lines": [f"{_signed(mine)}{' ◂' if best[a, b] else ''}", f"{_signed(theirs)}{' ◂' if answer[a, b] else ''}"],
            "mark": ", ".join(marks), "value": mine["mean"] + theirs["mean"],
            "words": f"staff {each['staff'][0]:.1f} and {each['staff'][1]:.1f}; equilibrium in "
                     f"{each['share_of_resamples_as_equilibrium']:.0%} of the resamples",
        }  # fmt: skip
    said = [f"Equilibrium: {one} {actions[a]}; {two} {actions[b]}." for a, b in content["pure_equilibria"]]
    said = said or ["There is no equilibrium in pure actions."]
    said.append(f"In {content['share_of_resamples_without']:.0%} of the resamples there is none.")
    if content.get("lost_in_the_worst_equilibrium") is not None:
        said.append(f"The worst equilibrium loses {content['lost_in_the_worst_equilibrium']:,.0f} kUSD a year of what both "
                    "could have together.")  # fmt: skip
    for each in content["pure_equilibria_by_worth_of_a_researcher_year"]:
        cells_said = "; ".join(f"{actions[a]} | {actions[b]}" for a, b in each["cells"]) or "no pure equilibrium"
        said.append(f"With {each['kusd']:,.0f} kUSD for a researcher-year: {cells_said}.")
    return {
        "title": f"{one} against {two}",
        "facts": facts([("Scenario", content["scenario"]), ("Window", " to ".join(content["window"])),
                        ("Histories", content["replicates"]), ("Actions", len(actions))]),
        "blocks": [
            {"type": "matrix", "title": f"Payoffs: {one} in rows, {two} in columns", "rows": actions, "columns": actions,
             "cells": cells, "shade": True,
             "note": f"kUSD a year more than where both do the first; above {one}, below {two}. ◂ marks a best response; "
                     "the shade is the sum."},
            text("What comes of it", said),
            _prices(content["prices"]),
        ],
    }  # fmt: skip


def _signed(estimate: Mapping[str, Any]) -> str:
    return f"{estimate['mean']:+,.0f}".replace("-", "−")


def contagion(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Exits prevented around one person who is kept, by kind of person."""
    blocks: list[Block] = []
    for title, groups in content["estimates"].items():
        rows = [
            bar(scope if group == "all" and title == "all" else f"{group}: {scope}", estimate)
            for group, scopes in groups.items()
            for scope, estimate in scopes.items()
            if title == "all" or scope == "near"
        ]
        blocks.append(bars("Exits prevented by keeping one" if title == "all" else f"By {title}", rows, "exits"))
        columns = [("group", "text"), ("exits of", "text"), *_ENDS, ("pairs", "number"), ("histories", "number")]
        blocks.append(table(f"{'All' if title == 'all' else title}: numbers", columns, [
            [group, scope, *span(each), each["pairs"], each["histories"]]
            for group, scopes in groups.items() for scope, each in scopes.items()
        ]))  # fmt: skip
    return {"title": "Who else leaves when one leaves", "facts": _how(content, ("Window, months", content["window"])),
            "blocks": blocks}  # fmt: skip


def _how(content: Mapping[str, Any], *more: tuple[str, Any]) -> list[list[str]]:
    return facts([("Command", content.get("command")), ("Seed", content.get("seed")), *more,
                  ("Whole", None if content.get("complete", True) else "no, it was interrupted")])  # fmt: skip


def keystone(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The people whose staying keeps most others."""
    listed = content["list"]
    rows = [
        {"name": f"{each['team']}, researcher {each['researcher']}", "value": each["prevented"], "low": each["low"],
         "high": each["high"], "note": "leads the team" if each["leader"] else ""}
        for each in listed
    ]  # fmt: skip
    columns = [("researcher", "number"), ("team", "text"), ("leads", "text"), ("founds", "text"), ("ties", "number"),
               ("reputation", "number"), ("exits prevented", "number"), ("low", "number"), ("high", "number")]  # fmt: skip
    cells = [[each["researcher"], each["team"], "yes" if each["leader"] else "no", "yes" if each["founds"] else "no",
              each["ties"], each["reputation"], each["prevented"], each["low"], each["high"]] for each in listed]  # fmt: skip
    return {"title": "People who keep others", "facts": _how(content, ("From", content["from"])),
            "blocks": [bars("Exits prevented by keeping one person", rows, "exits", "Under new luck."),
                       table("The list", columns, cells)]}  # fmt: skip


def rank(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Employers by the moves between them."""
    rows = content["rows"]
    columns = [("employer", "text"), ("value", "number", "utils"), ("low", "number"), ("high", "number"),
               ("mean utility", "number"), ("pay", "number", "kUSD"), ("pay rank", "number"), ("in", "number"),
               ("out", "number")]  # fmt: skip
    cells = [[each["employer"], *span(each["value"]), each["utility"], each["pay"], each["pay_rank"], each["moves_in"],
              each["moves_out"]] for each in rows]  # fmt: skip
    return {
        "title": "Employers by the moves between them",
        "facts": _how(content, ("Moves", content["moves"]), ("Histories", content["histories"])),
        "blocks": [
            bars("Value revealed by moves", [bar(each["employer"], each["value"]) for each in rows], "utils"),
            points("Value and pay", ("mean pay", "kUSD a year"), ("value revealed by moves", "utils"),
                   [{"name": each["employer"], "x": each["pay"], "y": each["value"]["value"],
                     "y_low": each["value"]["low"], "y_high": each["value"]["high"]} for each in rows], named=True),
            table("All employers", columns, cells),
        ],
    }  # fmt: skip


def ablation(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The model without one mechanism at a time."""
    rows = content["rows"]
    columns = [("mechanism", "text"), ("outcome watched", "text"), ("unit", "text"), ("baseline", "number"),
               ("without", "number"), ("difference", "number"), ("low", "number"), ("high", "number"),
               ("verdict", "text")]  # fmt: skip
    cells = [[each["id"], each["outcome"], each["unit"], each["baseline"], each["without"], each["difference"],
              each["low"], each["high"], each["verdict"]] for each in rows]  # fmt: skip
    moved = [{"name": f"{each['id']} {each['outcome']}", "value": each["exits"][0], "low": each["exits"][1],
              "high": each["exits"][2]} for each in rows if each.get("exits")]  # fmt: skip
    moved.sort(key=lambda row: -abs(row["value"] or 0))
    return {
        "title": f"{content['scenario']} without one mechanism at a time",
        "facts": facts([("Scenario", content["scenario"]), ("Pairs of histories", content["replicates"]),
                        ("Seed", content["seed"])]),
        "blocks": [bars("Exits that each mechanism makes", moved, "people", "Difference with and without it; 95 %."),
                   table("All mechanisms", columns, cells)],
    }  # fmt: skip


def answer(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """A question, its answer, and the numbers that it stands on."""
    rows = content["rows"]
    names = list(rows[0]) if rows else []
    number = {name for name in names if any(isinstance(row[name], int | float) for row in rows)}
    columns = [(name.replace("_", " "), "number" if name in number else "text") for name in names]
    return {
        "title": content["question"],
        "facts": facts([("Seed", content["seed"]), ("Histories", content["replicates"]),
                        ("Scenarios", ", ".join(content["scenarios"]))]),
        "blocks": [
            text("Answer", [content["answer"]]),
            text("How it was asked", [content["design"]]),
            text("What would change it", [content["would_change_my_mind"]]),
            table("Rows", columns, [[row[name] for name in names] for row in rows]),
        ],
    }  # fmt: skip
