"""Paired differences: what each change does, mean and interval in rows, with a line at nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Difference:
    """One row.

    Attributes:
        name: what was changed.
        mean, low, high: of the difference within pairs, with its 95 % interval.
        shown: whether the difference is told from nothing, see `abm/verdicts.py`.
        group: a heading that rows in sequence share; "" for none.
    """

    name: str
    mean: float
    low: float
    high: float
    shown: bool
    group: str = ""


@style.drawing
def draw(
    rows: Sequence[Difference],
    *,
    title: str,
    unit: str,
    note: str = "",
    source: str = "",
    fewer: str = "fewer",
    more: str = "more",
    look: Look = LAPTOP,
) -> Figure:
    """Rows in the order given; those that are not told from nothing are grey.

    Args:
        rows: differences.
        title, unit, note, source: words.
        fewer, more: what the two sides of zero mean.
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    size, little, row = style.normal(look), style.small(look), 30
    room = look.width - 2 * style.margin(look)
    decimals = style.places(each.mean for each in rows)
    texts = [
        style.fixed(each.mean, decimals, True)
        + (
            f"  [{style.fixed(each.low, decimals, True)}, {style.fixed(each.high, decimals, True)}]"
            if each.low < each.high
            else ""
        )
        for each in rows
    ]
    if look.narrow:  # names above their rows, so that the plot keeps its width
        row, label, tail = 44, 0.0, 0.0
    else:
        label, tail = style.column([each.name for each in rows], size, 0.38 * room), style.column(texts, size, 260) + 16
    places, headings, y = [], [], 0.0
    for number, each in enumerate(rows):
        if each.group and (number == 0 or rows[number - 1].group != each.group):
            y += 8 if number else 0
            headings.append((y + 14, each.group))
            y += 28
        places.append(y + row * (0.68 if look.narrow else 0.5))
        y += row
    head = 24
    sheet = style.open_sheet(look, head + y + 44, title, note, source)
    x = sheet.left + label + (14 if label else 0)
    wide = sheet.right - tail - x
    axes = sheet.axes(x, head, wide, y)
    axes.set_ylim(y, 0)
    ends = [0.0, *(each.low for each in rows), *(each.high for each in rows)]
    pad = (max(ends) - min(ends) or 1.0) * 0.05
    low, high = min(ends) - pad, max(ends) + pad
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.axvline(0, color=look["ink"], linewidth=1)
    for each, place, text in zip(rows, places, texts, strict=True):
        role = "rest" if not each.shown else "blue" if each.mean > 0 else "accent"
        axes.plot([each.low, each.high], [place, place], color=look[role], linewidth=3, solid_capstyle="round")
        axes.plot(each.mean, place, "o", markersize=7, color=look[role], markeredgecolor=look["paper"])
        word = "muted" if role == "rest" else "ink"
        if look.narrow:
            shown = style.shorten(each.name, size, room - style.width_of(text, little) - 12)
            sheet.text(sheet.left, head + place - 18, shown, role=word, halo=True)
            sheet.text(sheet.right, head + place - 18, text, little, "muted", halo=True, ha="right")
        else:
            sheet.text(x - 14, head + place, style.shorten(each.name, size, label), role=word, ha="right")
            sheet.text(sheet.right, head + place, text, role=word, ha="right")
    for place, words in headings:
        sheet.text(sheet.left, head + place, words, halo=True, weight="bold")
    zero = x + wide * (0 - low) / (high - low)
    if low < -1.5 * pad:
        sheet.text(zero - 8, 11, f"← {fewer}", little, "accent", ha="right", weight="bold")
    if high > 1.5 * pad:
        sheet.text(zero + 8, 11, f"{more} →", little, "blue", weight="bold")
    axes.xaxis.set_major_locator(MaxNLocator(4 if look.narrow else 8))
    axes.set_xlabel(unit, fontsize=style.points(little), color=look["muted"], loc="left", labelpad=4)
    return sheet.figure
