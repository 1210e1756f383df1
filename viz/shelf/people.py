"""Documents about who moves whom, and about mechanisms and questions: lists with their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viz.shelf import names
from viz.shelf.blocks import ENDS, Block, bar, bars, facts, points, span, table, text


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
        columns = [("group", "text"), ("exits of", "text"), *ENDS, ("pairs", "number"), ("histories", "number")]
        blocks.append(
            table(
                f"{'All' if title == 'all' else title}: numbers",
                columns,
                [
                    [group, scope, *span(each), each["pairs"], each["histories"]]
                    for group, scopes in groups.items()
                    for scope, each in scopes.items()
                ],
            )
        )
    return {
        "title": "Who else leaves when one leaves",
        "facts": _how(content, ("Window, months", content["window"])),
        "blocks": blocks,
    }


def _how(content: Mapping[str, Any], *more: tuple[str, Any]) -> list[list[str]]:
    return facts(
        [
            ("Command", content.get("command")),
            ("Seed", content.get("seed")),
            *more,
            ("Whole", None if content.get("complete", True) else "no, it was interrupted"),
        ]
    )


def keystone(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The people whose staying keeps most others."""
    listed = content["list"]
    rows = [
        bar(
            f"{each['team']}, researcher {each['researcher']}",
            {"mean": each["prevented"], "low": each["low"], "high": each["high"]},
            note="leads the team" if each["leader"] else "",
        )
        for each in listed
    ]
    columns = [
        ("researcher", "number"),
        ("team", "text"),
        ("leads", "text"),
        ("founds", "text"),
        ("ties", "number"),
        ("reputation", "number"),
        ("exits prevented", "number"),
        *ENDS[1:],
    ]
    listing = [
        [
            each["researcher"],
            each["team"],
            "yes" if each["leader"] else "no",
            "yes" if each["founds"] else "no",
            each["ties"],
            each["reputation"],
            each["prevented"],
            each["low"],
            each["high"],
        ]
        for each in listed
    ]
    return {
        "title": "People who keep others",
        "facts": _how(content, ("From", content["from"])),
        "blocks": [
            bars("Exits prevented by keeping one person", rows, "exits", "Under new luck."),
            table("The list", columns, listing),
        ],
    }


def rank(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Employers by the moves between them."""
    rows = content["rows"]
    columns = [
        ("employer", "text"),
        ("value", "number", "utils"),
        *ENDS[1:],
        ("mean utility", "number"),
        ("pay", "number", "kUSD"),
        ("pay rank", "number"),
        ("in", "number"),
        ("out", "number"),
    ]
    listing = [
        [
            each["employer"],
            *span(each["value"]),
            each["utility"],
            each["pay"],
            each["pay_rank"],
            each["moves_in"],
            each["moves_out"],
        ]
        for each in rows
    ]
    return {
        "title": "Employers by the moves between them",
        "facts": _how(content, ("Moves", content["moves"]), ("Histories", content["histories"])),
        "blocks": [
            bars("Value revealed by moves", [bar(each["employer"], each["value"]) for each in rows], "utils"),
            points(
                "Value and pay",
                ("mean pay", "kUSD a year"),
                ("value revealed by moves", "utils"),
                [
                    {
                        "name": each["employer"],
                        "x": each["pay"],
                        "y": each["value"]["value"],
                        "y_low": each["value"]["low"],
                        "y_high": each["value"]["high"],
                    }
                    for each in rows
                ],
                named=True,
            ),
            table("All employers", columns, listing),
        ],
    }


def ablation(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The model without one mechanism at a time."""
    rows = content["rows"]
    columns = [
        ("mechanism", "text"),
        ("outcome watched", "text"),
        ("unit", "text"),
        ("baseline", "number"),
        ("without", "number"),
        ("difference", "number"),
        *ENDS[1:],
        ("verdict", "text"),
    ]
    keys = ("id", "outcome", "unit", "baseline", "without", "difference", "low", "high", "verdict")
    moved = [
        bar(
            f"{each['id']} {names.outcome(each['outcome'])}",
            dict(zip(("mean", "low", "high"), each["exits"][:3], strict=True)),
        )
        for each in rows
        if each.get("exits")
    ]
    moved.sort(key=lambda row: -abs(row["value"] or 0))
    return {
        "title": f"{content['scenario']} without one mechanism at a time",
        "facts": facts(
            [
                ("Scenario", content["scenario"]),
                ("Pairs of histories", content["replicates"]),
                ("Seed", content["seed"]),
            ]
        ),
        "blocks": [
            bars("Exits that each mechanism makes", moved, "people", "Difference with and without it; 95 %."),
            table("All mechanisms", columns, [_in_words(row, keys) for row in rows]),
        ],
    }


def _in_words(row: Mapping[str, Any], keys: tuple[str, ...]) -> list[Any]:
    """A row of the table of mechanisms: its outcome in words, shares in per cent."""
    return [names.outcome(row[key]) if key == "outcome" else names.value(row[key], row["unit"]) for key in keys]


def answer(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """A question, its answer, and the numbers that it stands on."""
    rows = content["rows"]
    keys = list(rows[0]) if rows else []
    number = {name for name in keys if any(isinstance(row[name], int | float) for row in rows)}
    columns = [(name.replace("_", " "), "number" if name in number else "text") for name in keys]
    return {
        "title": content["question"],
        "facts": facts(
            [
                ("Seed", content["seed"]),
                ("Histories", content["replicates"]),
                ("Scenarios", ", ".join(content["scenarios"])),
            ]
        ),
        "blocks": [
            text("Answer", [content["answer"]]),
            text("How it was asked", [content["design"]]),
            text("What would change it", [content["would_change_my_mind"]]),
            table("Rows", columns, [[row[name] for name in keys] for row in rows]),
        ],
    }
