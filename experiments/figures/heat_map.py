"""Heat maps: factors against outcomes with the numbers in the cells, and one outcome over a grid of two factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.figures.style import Sheet


def colour(value: float, low: float, high: float, look: Look) -> tuple[float, float, float]:
    """From paper to blue; when the values lie on both sides of zero, from red over paper to blue around zero."""
    if not np.isfinite(value):
        return style.blend(look["panel"], look["panel"], 0)
    if low < 0 < high:
        share = value / max(-low, high)
        return style.blend(look["panel"], look["blue" if share > 0 else "accent"], abs(share))
    return style.blend(look["panel"], look["blue"], (value - low) / (high - low) if high > low else 0.0)


def ink_on(fill: tuple[float, float, float]) -> str:
    """Black or white, whichever is read better on a colour: never below 4.5 to 1 (relative luminance of WCAG 2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in fill]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"


@style.drawing
def draw(
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    note: str = "",
    source: str = "",
    faint: Floats | None = None,
    scale_by_column: bool = False,
    digits: int = 2,
    look: Look = LAPTOP,
) -> Figure:
    """A table of strengths: the stronger, the more colour; the number stands in the cell.

    Args:
        values: (rows, columns), NaN where there is none.
        rows, columns: names; columns' names stand upright where they do not fit.
        title, note, source: words.
        faint: (rows, columns) truth values: cells that are no more than luck, printed in grey.
        scale_by_column: colours within each column, for columns of different units.
        digits: of the largest number; all have as many decimals.
        look: which version.

    Returns:
        The figure.
    """
    size, little = style.normal(look), style.small(look)
    room = look.width - 2 * style.margin(look)
    label = style.column(rows, size, 0.40 * room)
    wide = min((room - label - 12) / max(len(columns), 1), 150)
    heads = [style.wrap(name.replace("@", " @").replace(":", ": "), little, wide - 8) for name in columns]
    upright = any(style.width_of(line, little) > wide - 4 for head in heads for line in head)
    if upright:
        tallest = min(style.column(columns, little, 170) + 12, 170.0)
    else:
        tallest = max((len(head) for head in heads), default=0) * little * 1.3 + 8
    decimals = style.places(values.flat, digits)
    row = 27
    sheet = style.open_sheet(look, tallest + len(rows) * row + 6, title, note, source)
    x = sheet.left + label + 12
    for column, name in enumerate(columns):
        middle = x + (column + 0.5) * wide
        if upright:
            shown = style.shorten(name, little, tallest - 12)
            sheet.text(middle, tallest - 6, shown, little, "muted", rotation=90, ha="center", va="bottom")
        for line, words in enumerate([] if upright else heads[column]):
            up = (len(heads[column]) - line - 0.5) * little * 1.3 + 4
            sheet.text(middle, tallest - up, words, little, "muted", ha="center")
    for place, name in enumerate(rows):
        sheet.text(x - 10, tallest + (place + 0.5) * row, style.shorten(name, size, label), ha="right")
        for column in range(len(columns)):
            part = values[:, column] if scale_by_column else values
            low, high = min(float(np.nanmin(part)), 0.0), max(float(np.nanmax(part)), 0.0)
            value = float(values[place, column])
            fill = colour(value, low, high, look)
            box = (x + column * wide, tallest + place * row, wide - 2, row - 2)
            _cell(sheet, box, fill)
            decimals = style.places(part, digits) if scale_by_column else decimals
            words = style.fixed(value, decimals) if np.isfinite(value) else "·"
            weak = faint is not None and bool(faint[place, column])
            middle, y = box[0] + box[2] / 2, box[1] + box[3] / 2 + 1
            if weak:
                sheet.text(middle, y, words, little, "muted", ha="center")
            else:
                sheet.text(middle, y, words, little, ha="center", color=ink_on(fill))
    return sheet.figure


def _cell(sheet: Sheet, box: tuple[float, float, float, float], fill: tuple[float, float, float]) -> None:
    """A filled rectangle (x, y, width, height) of the body."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    x, y, width, height = box
    corner = (x / sheet.look.width, 1 - (sheet.top + y + height) / sheet.height)
    patch = Rectangle(corner, width / sheet.look.width, height / sheet.height, facecolor=fill, linewidth=0)
    patch.set_transform(sheet.figure.transFigure)
    sheet.figure.add_artist(patch)


@style.drawing
def draw_grid(
    values: Floats,
    x: Sequence[float | str],
    y: Sequence[float | str],
    *,
    x_label: str,
    y_label: str,
    unit: str,
    title: str,
    note: str = "",
    source: str = "",
    mark: tuple[int, int] | None = None,
    mark_text: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """One outcome over a grid of two factors, the number in each cell where it fits.

    Args:
        values: (len(y), len(x)), NaN where there is none.
        x, y: levels; the first of `y` is drawn at the foot.
        x_label, y_label: names of the factors with their units.
        unit: of the outcome.
        title, note, source: words.
        mark: (column, row) of a cell to frame, e.g. the history as it was.
        mark_text: what the frame means, told beside the unit.
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    little = style.small(look)
    ticks = [each if isinstance(each, str) else style.number(float(each)) for each in y]
    left = style.margin(look) + style.column(ticks, little, 150) + 10
    wide = min((look.width - style.margin(look) - left) / len(x), 110.0)
    row = min(max(wide * 0.62, 24), 52)
    head = 46
    sheet = style.open_sheet(look, head + len(y) * row + 46, title, note, source)
    axes = sheet.axes(left, head, wide * len(x), row * len(y), grid="")
    axes.set_xlim(-0.5, len(x) - 0.5)
    axes.set_ylim(-0.5, len(y) - 0.5)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    shown = [[style.number(float(value)) if np.isfinite(value) else "·" for value in line] for line in values]
    fits = max(style.width_of(words, little) for line in shown for words in line) <= wide - 6
    for j in range(len(y)):
        for i in range(len(x)):
            fill = colour(float(values[j, i]), low, high, look)
            axes.add_patch(Rectangle((i - 0.49, j - 0.48), 0.98, 0.96, facecolor=fill, linewidth=0))
            if fits:
                where = {"ha": "center", "va": "center_baseline", "fontsize": style.points(little)}
                axes.text(i, j, shown[j][i], color=ink_on(fill), **where)  # type: ignore[arg-type]
    if mark is not None:
        frame = Rectangle((mark[0] - 0.49, mark[1] - 0.48), 0.98, 0.96, fill=False, linewidth=2.4)
        frame.set_edgecolor(look["accent"])
        axes.add_patch(frame)
    axes.set_xticks(range(len(x)), [each if isinstance(each, str) else style.number(float(each)) for each in x])
    axes.set_yticks(range(len(y)), ticks)
    axes.set_xlabel(x_label, fontsize=style.points(little), color=look["ink"], loc="left", labelpad=5)
    sheet.text(sheet.left, head - 16, f"↑ {y_label}", little)
    words = f"{unit}: {style.number(low)} to {style.number(high)}, the stronger the colour, the more"
    words += f"   ▢ {mark_text}" if mark is not None and mark_text else ""
    sheet.text(sheet.left, 10, style.shorten(words, little, sheet.right - sheet.left), little, "muted")
    return sheet.figure
