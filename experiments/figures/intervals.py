"""Predicted distributions in rows, the observed range marked, and what simpler models say beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row.

    Attributes:
        name: of the observation.
        quantiles: 5, 25, 50, 75 and 95 % of the model.
        unit: rows of one unit share an axis.
        observed: lowest and highest value on record; None when it is a prediction.
        baselines: name of a simpler model -> its 5, 50 and 95 %.
        limit: the largest value possible, e.g. the size of a cohort; None if there is none.
        tag: one word at the right: "fitted", "predicted", "inside", "miss".
    """

    name: str
    quantiles: tuple[float, float, float, float, float]
    unit: str = ""
    observed: tuple[float, float] | None = None
    baselines: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    limit: float | None = None
    tag: str = ""


@style.drawing
def draw(
    rows: Sequence[Prediction],
    *,
    title: str,
    note: str = "",
    source: str = "",
    model: str = "this model",
    look: Look = LAPTOP,
) -> Figure:
    """Rows grouped by unit, each group with an axis of its own.

    Args:
        rows: predictions; those of one unit in sequence.
        title, note, source: words.
        model: name of the model in the key.
        look: which version.

    Returns:
        The figure.
    """
    size, little = style.normal(look), style.small(look)
    names = list(dict.fromkeys(name for row in rows for name in row.baselines))
    room = look.width - 2 * style.margin(look)
    tall = (54 if look.narrow else 34) + 10 * len(names)
    label = 0.0 if look.narrow else style.column([row.name for row in rows], size, 0.32 * room)
    tags = style.column([row.tag for row in rows], little, 90)
    units = list(dict.fromkeys(row.unit for row in rows))
    keys = _key_lines(model, names, any(row.limit is not None for row in rows), look, room)
    head, foot = 14 + 20.0 * len(keys), 52
    body = head + sum(sum(row.unit == unit for row in rows) * tall + foot for unit in units)
    sheet = style.open_sheet(look, body, title, note, source)
    for line, parts in enumerate(keys):
        x = sheet.left
        for words, role in parts:
            sheet.text(x, 10 + 20 * line, words, little, role, weight="bold" if role != "muted" else "normal")
            x += style.width_of(words, little, bold=True) + 18
    x, y = sheet.left + label + (14 if label else 0), head
    tail = tags + 14 if tags and not look.narrow else 0
    for unit in units:
        group = [row for row in rows if row.unit == unit]
        axes = sheet.axes(x, y, sheet.right - tail - x, len(group) * tall)
        _limits(axes, group, unit, look)
        axes.set_ylim(len(group), 0)
        axes.set_yticks([])
        for place, row in enumerate(group):
            middle = place + (0.62 if look.narrow else 0.5)
            up = 5.0 * len(names) / tall
            _model(axes, row, middle - up, look)
            for number, name in enumerate(names):
                if name in row.baselines:
                    _baseline(axes, row.baselines[name], middle - up + (15 + 10 * number) / tall, _role(number), look)
            at = y + place * tall
            if look.narrow:
                sheet.text(sheet.left, at + 12, style.shorten(row.name, size, room - tags - 10), halo=True)
                sheet.text(sheet.right, at + 12, row.tag, little, _tag_role(row.tag), ha="right")
            else:
                sheet.text(x - 14, at + tall / 2, style.shorten(row.name, size, label), ha="right")
                sheet.text(sheet.right, at + tall / 2, row.tag, little, _tag_role(row.tag), ha="right")
        y += len(group) * tall + foot
    return sheet.figure


def _role(number: int) -> str:
    return ("c2", "c3", "c4", "c5", "c6")[number % 5]


def _tag_role(tag: str) -> str:
    return "accent" if tag == "miss" else "muted"


def _key_lines(model: str, names: Sequence[str], limited: bool, look: Look, room: float) -> list[list[tuple[str, str]]]:
    """The key in as many lines as it needs."""
    parts = [(f"━ {model}: 90 % and 50 %, median", "blue"), ("▮ observed range", "ink")]
    parts += [(f"─ {name}", _role(number)) for number, name in enumerate(names)]
    parts += [("| all there are", "muted")] if limited else []
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0.0
    for words, role in parts:
        wide = style.width_of(words, style.small(look), bold=True) + 18
        if lines[-1] and used + wide > room:
            lines.append([])
            used = 0.0
        lines[-1].append((words, role))
        used += wide
    return lines


def _limits(axes: Axes, group: Sequence[Prediction], unit: str, look: Look) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    values = [value for row in group for value in row.quantiles]
    values += [value for row in group for value in (row.observed or ())]
    values += [value for row in group for interval in row.baselines.values() for value in interval]
    limits = [row.limit for row in group if row.limit is not None]
    low, high = min(values), max(values + limits)
    low = 0.0 if low >= 0 and low < 0.5 * high else low
    pad = (high - low or 1.0) * 0.03
    axes.set_xlim(low - pad, high + pad)
    axes.xaxis.set_major_locator(MaxNLocator(4 if look.narrow else 8))
    axes.set_xlabel(unit, fontsize=style.points(style.small(look)), color=look["muted"], loc="left", labelpad=4)


def _model(axes: Axes, row: Prediction, y: float, look: Look) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    five, quarter, half, three, most = row.quantiles
    if row.observed is not None:
        low, high = row.observed
        least = (axes.get_xlim()[1] - axes.get_xlim()[0]) * 0.004
        middle, width = (low + high) / 2, max(high - low, least)
        axes.add_patch(
            Rectangle((middle - width / 2, y - 0.27), width, 0.54, facecolor=look["ink"], alpha=0.16, linewidth=0)
        )
        for end in {low, high}:
            axes.plot([end, end], [y - 0.27, y + 0.27], color=look["ink"], linewidth=1.6, solid_capstyle="butt")
    axes.plot([five, most], [y, y], color=look["blue"], linewidth=1.8, solid_capstyle="butt")
    axes.plot([quarter, three], [y, y], color=look["blue"], linewidth=6.5, solid_capstyle="butt")
    axes.plot(half, y, "o", markersize=6, color=look["paper"], markeredgecolor=look["blue"], markeredgewidth=1.8)
    if row.limit is not None:
        axes.plot(row.limit, y, "|", markersize=9, color=look["ghost"], markeredgewidth=2)


def _baseline(axes: Axes, interval: tuple[float, float, float], y: float, role: str, look: Look) -> None:
    low, middle, high = interval
    axes.plot([low, high], [y, y], color=look[role], linewidth=1.1, solid_capstyle="butt")
    axes.plot(middle, y, "o", markersize=3.6, color=look[role])
