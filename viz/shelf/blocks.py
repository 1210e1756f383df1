"""What an opened result is shown as: a title, facts, and blocks of a few kinds that the page knows how to draw.

A block is plain data with a `type`. Numbers may be not finite; on the way to the page they become null.

bars       rows of {name, value, low, high, part?, note?}; unit: what begins with "share" is drawn in per cent
points     points of {x, y, name, words?, group?, x_low ... y_high?}; x and y {label, unit}; line? joins them in order
intervals  rows of {name, low, high, middle, seen_low, seen_high, of, words}; bars: what a bar holds; unit
fan        by month: dates, low, high, inner_low, inner_high, middle; seen [{date, low, high, use}]; unit, whole
matrix     rows, columns, cells [[{lines, mark}]]; legend
boxes      rows of {name, low, high, words, note}: limits as shares of the range of a factor
corner     names, units, low, high, log; values (N, K) and weight (N)
sweep      factors, outcomes, and the values at every point, see viz/shelf/sweep.py
table      columns of {name, kind: text | number | percent, unit?}, rows; cut: rows left out
text       lines
page       file: a page of its own beside the document, opened in a frame that can do nothing else
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from viz.shelf import names

MOST_ROWS: Final = 300
MOST_BARS: Final = 40
ENDS: Final = [("mean", "number"), ("low", "number"), ("high", "number")]
"""Columns of what `span` gives."""
Block = dict[str, Any]


def facts(pairs: Iterable[tuple[str, Any]]) -> list[list[str]]:
    """Label and value of what is known, as texts."""
    return [[label, str(value)] for label, value in pairs if value not in (None, "", [])]


def table(title: str, columns: Sequence[tuple[str, ...]], rows: Sequence[Sequence[Any]], note: str = "") -> Block:
    """A table; columns are (name, kind) or (name, kind, unit)."""
    named = [{"name": column[0], "kind": column[1], "unit": column[2] if len(column) > 2 else ""} for column in columns]
    kept = [list(row) for row in rows[:MOST_ROWS]]
    return {
        "type": "table",
        "title": title,
        "note": note,
        "columns": named,
        "rows": kept,
        "cut": max(0, len(rows) - MOST_ROWS),
    }


def bars(title: str, rows: Sequence[Mapping[str, Any]], unit: str = "", note: str = "", **more: Any) -> Block:
    """Bars with intervals; the first forty."""
    kept = [dict(row) for row in rows[:MOST_BARS]]
    cut = max(0, len(rows) - MOST_BARS)
    return {"type": "bars", "title": title, "note": note, "unit": unit, "rows": kept, "cut": cut, **more}


def bar(name: str, estimate: Any, **more: Any) -> dict[str, Any]:
    """A bar from an estimate {mean or value, low, high}, or a number."""
    if isinstance(estimate, Mapping):
        value = estimate.get("mean", estimate.get("value"))
        return {"name": name, "value": value, "low": estimate.get("low"), "high": estimate.get("high"), **more}
    return {"name": name, "value": estimate, "low": None, "high": None, **more}


def points(
    title: str, x: tuple[str, str], y: tuple[str, str], each: Sequence[Mapping[str, Any]], note: str = "", **more: Any
) -> Block:
    """Points in a plane; x and y are (label, unit)."""
    axes = {"x": dict(zip(("label", "unit"), x, strict=True)), "y": dict(zip(("label", "unit"), y, strict=True))}
    return {"type": "points", "title": title, "note": note, **axes, "points": [dict(one) for one in each], **more}


def text(title: str, lines: Iterable[str]) -> Block:
    """Sentences."""
    return {"type": "text", "title": title, "lines": [line for line in lines if line]}


def coded(outcomes: Iterable[str] = (), factors: Iterable[str] = ()) -> Block:
    """What is called by its words above, and by its code in the files."""
    rows = names.glossary(factors, outcomes)
    return table("Names in the files", [("here", "text"), ("in the files", "text")], rows) if rows else text("", [])


def cells(rows: Iterable[Mapping[str, Any]], *keys: str) -> list[list[Any]]:
    """Rows of a table: the values of some keys."""
    return [[row[key] for key in keys] for row in rows]


def span(estimate: Any) -> list[Any]:
    """Mean, low and high of an estimate, as cells of a table."""
    if isinstance(estimate, Mapping):
        return [estimate.get("mean", estimate.get("value")), estimate.get("low"), estimate.get("high")]
    return [estimate, None, None]


def interval(estimate: Any, unit: str = "") -> str:
    """An estimate in words: mean and interval, with its unit if one is given."""
    mean, low, high = span(estimate)
    if mean is None:
        return "–"
    if names.is_share(unit):
        mean, low, high = names.row((mean, low, high), unit)
        return str(mean) if low is None or high is None else f"{mean} [{low}, {high}]"
    if unit:
        return f"{interval(estimate)} {unit}"
    return f"{mean:.3g}" if low is None or high is None else f"{mean:.3g} [{low:.3g}, {high:.3g}]"
