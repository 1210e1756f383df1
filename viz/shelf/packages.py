"""Documents about what holding people costs: frontiers of packages, and games of two laboratories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from viz.messages import Wrong
from viz.shelf.blocks import ENDS, Block, facts, interval, points, span, table, text

MOST_ACTIONS: Final = 200  # of a laboratory in a game: the matrix has their square
_KEPT_AND_COST: Final = [
    ("kept more", "number", "people"),
    *ENDS[1:],
    ("cost", "number", "kUSD a year"),
    *ENDS[1:],
]


def frontier(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The front of packages, every lever alone, and what compute is worth in pay."""
    front = content["front"]
    where = content["subject"].get("team") or content["subject"]["employer"]
    each = [
        {
            "name": _package(one["levers"]),
            "x": one["cost_kusd_a_year"]["mean"],
            "y": one["kept_more"]["mean"],
            "x_low": one["cost_kusd_a_year"]["low"],
            "x_high": one["cost_kusd_a_year"]["high"],
            "y_low": one["kept_more"]["low"],
            "y_high": one["kept_more"]["high"],
            "group": "package",
            "words": "; ".join(f"{name} {value:.3g}" for name, value in one["levers"].items()),
        }
        for one in front["points"]
    ]
    alone = [
        {
            "name": f"{one['lever']} {one['value']:.3g}",
            "x": one["cost_kusd_a_year"]["mean"],
            "y": one["kept_more"]["mean"],
            "group": "one lever alone",
            "words": one["unit"],
        }
        for one in content["one_lever_at_a_time"]
    ]
    levers = list(front["points"][0]["levers"]) if front["points"] else []
    columns = [
        *_KEPT_AND_COST,
        *((name, "number") for name in levers),
    ]
    rows = [
        [*span(one["kept_more"]), *span(one["cost_kusd_a_year"]), *one["levers"].values()] for one in front["points"]
    ]
    single = [
        [
            one["lever"],
            one["value"],
            one["unit"],
            *span(one["kept_more"]),
            *span(one["cost_kusd_a_year"]),
            one["kusd_a_year_for_a_person_kept"]["value"],
        ]
        for one in content["one_lever_at_a_time"]
    ]
    return {
        "title": f"Cheapest packages that keep the people of {where}",
        "facts": facts(
            [
                ("Scenario", content["scenario"]),
                ("Window", " to ".join(content["window"])),
                ("People", f"{front['people']:.0f}"),
                ("Stay without a package", f"{front['kept_in_the_baseline']:.2f}"),
                ("Packages searched", front["packages_evaluated"]),
                ("Fresh histories", content["replicates"]["fresh"]),
            ]
        ),
        "blocks": [
            points(
                "Cost and people kept",
                ("cost", "kUSD a year"),
                ("people kept more than without", "people"),
                [*each, *alone],
                f"{content['interval']}. Packages judged by fresh histories.",
                line="package",
            ),
            table("The packages", columns, rows),
            table(
                "One lever at a time",
                [
                    ("lever", "text"),
                    ("value", "number"),
                    ("unit", "text"),
                    *_KEPT_AND_COST,
                    ("for a person kept", "number", "kUSD a year"),
                ],
                single,
            ),
            text("What compute is worth in pay", [_shadow(content["shadow_price"])]),
            _prices(content["prices"]),
        ],
    }


def _package(levers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2g}" for name, value in levers.items() if value) or "nothing"


def _shadow(price: Mapping[str, Any]) -> str:
    value = price["kusd_a_year_per_head_for_one_per_cent_of_the_pool"]
    if price["verdict"] == "finite":
        return (
            f"1 % of the pool ({price['one_per_cent_h100e']:.3g} H100e) keeps as many as {interval(value)} kUSD a year."
        )
    return f"1 % of the pool ({price['one_per_cent_h100e']:.3g} H100e): {price['verdict']}."


def _prices(prices: Mapping[str, Any]) -> Block:
    columns = [
        ("price", "text"),
        ("value", "number"),
        ("from", "number"),
        ("to", "number"),
        ("unit", "text"),
        ("grade", "text"),
        ("source", "text"),
    ]
    rows = [
        [name.replace("_", " "), each["value"], each["low"], each["high"], each["unit"], each["grade"], each["source"]]
        for name, each in prices.items()
    ]
    return table("Prices", columns, rows)


def game(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The payoff matrix with best responses and equilibria."""
    actions, (one, two) = content["actions"], content["subject"]["labs"]
    size = len(actions)
    if size > MOST_ACTIONS:
        raise Wrong(f"game.json tells of {size:,} actions; at most {MOST_ACTIONS} are shown")
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
            "lines": [
                f"{_signed(mine)}{' ◂' if best[a, b] else ''}",
                f"{_signed(theirs)}{' ◂' if answer[a, b] else ''}",
            ],
            "mark": ", ".join(marks),
            "value": mine["mean"] + theirs["mean"],
            "words": f"staff {each['staff'][0]:.1f} and {each['staff'][1]:.1f}; equilibrium in "
            f"{each['share_of_resamples_as_equilibrium']:.0%} of the resamples",
        }
    said = [f"Equilibrium: {one} {actions[a]}; {two} {actions[b]}." for a, b in content["pure_equilibria"]]
    said = said or ["There is no equilibrium in pure actions."]
    said.append(f"In {content['share_of_resamples_without']:.0%} of the resamples there is none.")
    if content.get("lost_in_the_worst_equilibrium") is not None:
        said.append(
            f"The worst equilibrium loses {content['lost_in_the_worst_equilibrium']:,.0f} kUSD a year of what both "
            "could have together."
        )
    for each in content["pure_equilibria_by_worth_of_a_researcher_year"]:
        cells_said = "; ".join(f"{actions[a]} | {actions[b]}" for a, b in each["cells"]) or "no pure equilibrium"
        said.append(f"With {each['kusd']:,.0f} kUSD for a researcher-year: {cells_said}.")
    return {
        "title": f"{one} against {two}",
        "facts": facts(
            [
                ("Scenario", content["scenario"]),
                ("Window", " to ".join(content["window"])),
                ("Histories", content["replicates"]),
                ("Actions", len(actions)),
            ]
        ),
        "blocks": [
            {
                "type": "matrix",
                "title": f"Payoffs: {one} in rows, {two} in columns",
                "rows": actions,
                "columns": actions,
                "cells": cells,
                "shade": True,
                "note": f"kUSD a year more than where both do the first; above {one}, below {two}. ◂: a best response; "
                "the shade is the sum.",
            },
            text("What comes of it", said),
            _prices(content["prices"]),
        ],
    }


def _signed(estimate: Mapping[str, Any]) -> str:
    return f"{estimate['mean']:+,.0f}".replace("-", "−")
