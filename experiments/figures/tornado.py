"""Tornado: what moves an outcome most, ranked; bars with intervals, or swings to both sides of the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Bar:
    """One ranked strength.

    Attributes:
        name: of the factor.
        value, low, high: the strength and its interval.
        part: a part of the strength that is told apart (first order in the total); NaN if there is none.
        sign: -1, 0 or 1: the direction in which the outcome goes.
    """

    name: str
    value: float
    low: float
    high: float
    part: float = np.nan
    sign: int = 0


@dataclass(frozen=True, slots=True)
class Swing:
    """What one factor does at the ends of its range.

    Attributes:
        name: of the factor.
        at_low, at_high: the outcome there.
        low_interval, high_interval: intervals of these.
        low_text, high_text: the ends of the range as words.
    """

    name: str
    at_low: float
    at_high: float
    low_interval: tuple[float, float] | None = None
    high_interval: tuple[float, float] | None = None
    low_text: str = ""
    high_text: str = ""


@style.drawing
def draw(
    bars: Sequence[Bar],
    *,
    title: str,
    unit: str,
    note: str = "",
    source: str = "",
    words: tuple[str, str] = ("by itself", "with others"),
    threshold: float | None = None,
    threshold_text: str = "luck alone would show this",
    look: Look = LAPTOP,
) -> Figure:
    """Ranked bars with intervals, the strongest on top.

    Args:
        bars: in any order.
        title, unit, note, source: words; the unit is that of the strength.
        words: names of the told-apart part and of the rest of a bar.
        threshold: strength below which a factor cannot be told from luck.
        threshold_text: says so.
        look: which version.

    Returns:
        The figure.
    """
    ranked = sorted(bars, key=lambda bar: -bar.value)
    row, size = (25 if look.narrow else 28), style.normal(look)
    room = look.width - 2 * style.margin(look)
    label = style.column([bar.name for bar in ranked], size, 0.42 * room)
    decimals = style.places(bar.value for bar in ranked)
    values = [style.fixed(bar.value, decimals) for bar in ranked]
    tail = style.column(values, size, 90) + 12
    parted = any(np.isfinite(bar.part) for bar in ranked)
    head = 24 if parted or threshold is not None else 6
    body = head + len(ranked) * row + 44
    sheet = style.open_sheet(look, body, title, note, source)
    x = sheet.left + label + 12
    axes = sheet.axes(x, head, sheet.right - tail - x, len(ranked) * row)
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    ends = [max(bar.high, bar.value) for bar in ranked] + [threshold or 0.0]
    axes.set_xlim(min(0.0, *(bar.low for bar in ranked)), max(ends) * 1.03 or 1.0)
    axes.set_yticks([])
    thick = 0.56
    for place, bar in enumerate(ranked):
        weak = threshold is not None and bar.high <= threshold
        colour = look["rest"] if weak else look["accent"] if bar.sign < 0 else look["blue"]
        pale = style.blend(look["paper"], colour, 0.42)
        part = min(bar.part, bar.value) if np.isfinite(bar.part) else bar.value
        axes.barh(place, bar.value, thick, color=pale if parted else colour)
        if parted:
            axes.barh(place, max(part, 0.0), thick, color=colour)
        axes.plot([bar.low, bar.high], [place, place], color=look["ink"], linewidth=1.2, solid_capstyle="butt")
        y = head + (place + 0.5) * row
        sheet.text(x - 10, y, style.shorten(bar.name, size, label), role="muted" if weak else "ink", ha="right")
        sheet.text(sheet.right, y, values[place], role="muted" if weak else "ink", ha="right")
    axes.axvline(0, color=look["ink"], linewidth=1)
    _unit(axes, unit, look)
    if threshold is not None:
        axes.axvline(threshold, color=look["muted"], linewidth=1, linestyle=(0, (3, 2)))
        said = threshold_text.partition(" would")[0] if look.narrow else threshold_text
        sheet.text(sheet.right, 10, f"┆ {said}", style.small(look), "muted", ha="right")
    if parted and ranked:
        _parts(axes, ranked[0], words, look)
    return sheet.figure


def _parts(axes: Axes, first: Bar, words: tuple[str, str], look: Look) -> None:
    """Name the two parts of a bar at the first one, above it."""
    size, left = style.points(style.small(look)), 0.0
    axes.annotate(
        words[0], (left, -0.5), (0, 3), textcoords="offset points", fontsize=size, color=look["blue"], weight="bold"
    )
    pixels = style.width_of(words[0] + "  ", style.small(look), bold=True)
    axes.annotate(
        words[1],
        (left, -0.5),
        (style.points(pixels + 8), 3),
        textcoords="offset points",
        fontsize=size,
        color=style.blend(look["paper"], look["blue"], 0.6),
        weight="bold",
    )


def _unit(axes: Axes, unit: str, look: Look) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(MaxNLocator(4 if look.narrow else 7))
    axes.set_xlabel(unit, fontsize=style.points(style.small(look)), color=look["muted"], loc="left", labelpad=4)


@style.drawing
def draw_swings(
    swings: Sequence[Swing],
    *,
    base: float,
    title: str,
    unit: str,
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """The classic tornado: the outcome when one factor is at an end of its range and all others at the base."""
    ranked = sorted(swings, key=lambda swing: -max(abs(swing.at_low - base), abs(swing.at_high - base)))
    row, size, little = (34 if look.narrow else 36), style.normal(look), style.small(look)
    room = look.width - 2 * style.margin(look)
    label = style.column([swing.name for swing in ranked], size, 0.42 * room)
    sheet = style.open_sheet(look, 24 + len(ranked) * row + 44, title, note, source)
    x = sheet.left + label + 12
    wide = sheet.right - x
    axes = sheet.axes(x, 24, wide, len(ranked) * row)
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    ends = [base, *(swing.at_low for swing in ranked), *(swing.at_high for swing in ranked)]
    ends += [end for s in ranked for pair in (s.low_interval, s.high_interval) if pair for end in pair]
    texts = [text for swing in ranked for text in (swing.low_text, swing.high_text)]
    extra = (max(ends) - min(ends) or 1.0) * (0.04 + (style.column(texts, little, 90) + 8) / wide)
    axes.set_xlim(min(ends) - extra, max(ends) + extra)
    axes.set_yticks([])
    for place, swing in enumerate(ranked):
        halved = (swing.at_low - base) * (swing.at_high - base) > 0  # both ends on one side: one above the other
        for value, pair, words, role, half in (
            (swing.at_low, swing.low_interval, swing.low_text, "blue", -1),
            (swing.at_high, swing.high_interval, swing.high_text, "accent", 1),
        ):
            at, right = place + 0.15 * half * halved, value >= base
            axes.barh(at, value - base, 0.28 if halved else 0.5, left=base, color=look[role], alpha=0.88)
            if pair:
                axes.plot(pair, [at, at], color=look["ink"], linewidth=1.2, solid_capstyle="butt")
            outer = (max if right else min)([value, *(pair or ())])
            size_little = style.points(little - 1.5 if halved else little)
            axes.annotate(
                words,
                (outer, at),
                (4 if right else -4, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                fontsize=size_little,
                color=look[role],
            )
        sheet.text(x - 10, 24 + (place + 0.5) * row, style.shorten(swing.name, size, label), ha="right")
    axes.axvline(base, color=look["ink"], linewidth=1)
    place_of = x + wide * (base - axes.get_xlim()[0]) / (axes.get_xlim()[1] - axes.get_xlim()[0])
    key = [("factor low", "blue", "right", -8.0), ("factor high", "accent", "left", 8.0)]
    for words, role, side, shift in key:
        sheet.text(place_of + shift, 12, words, little, role, ha=side, weight="bold")
    _unit(axes, unit, look)
    return sheet.figure
