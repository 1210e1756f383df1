"""Time series as fans: the median of the histories, bands that hold 50 and 90 % of them, and the record beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.figures.style import Sheet


@dataclass(frozen=True, slots=True)
class Fan:
    """One world.

    Attributes:
        name: written at the end of its line.
        quantiles: (5, T): 5, 25, 50, 75 and 95 % at each month.
        observed: (month, lowest, highest) on record.
    """

    name: str
    quantiles: Floats
    observed: tuple[tuple[int, float, float], ...] = field(default=())


def quantiles(histories: Floats) -> Floats:
    """(5, T) from (R, T) histories."""
    return np.asarray(np.quantile(histories, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0))


@style.drawing
def draw(
    fans: Sequence[Fan],
    months: Sequence[str],
    *,
    title: str,
    unit: str,
    events: Sequence[tuple[int, str]] = (),
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """Fans over months, with dated events as hairlines.

    Args:
        fans: worlds, the first the one that matters; more than three are hard to tell apart.
        months: T dates as YYYY-MM.
        title, unit, note, source: words.
        events: (month's place, words).
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    little = style.small(look)
    ends = [f"{fan.name}  {style.number(float(fan.quantiles[2, -1]), 2)}" for fan in fans]
    tail = style.column(ends, little, 88 if look.narrow else 190) + 14
    tall, left = (240 if look.narrow else 330), style.margin(look) + (34 if look.narrow else 48)
    sheet, head = None, 26.0
    wide = look.width - style.margin(look) - left - tail
    lines = _event_lines(events, len(months), left, wide, look)
    head += 16.0 * (max((line for line, _, _ in lines), default=-1) + 1)
    sheet = style.open_sheet(look, head + tall + 36, title, note, source)
    axes = sheet.axes(left, head, wide, tall, grid="y")
    span = range(len(months))
    axes.set_xlim(0, max(len(months) - 1, 1))
    roles = ["blue", "accent", "c2", "c3", "c4", "c5", "c6"]
    for number, fan in enumerate(fans):
        colour, rows = look[roles[number % len(roles)]], fan.quantiles
        axes.fill_between(span, rows[0], rows[4], color=colour, alpha=0.13, linewidth=0)
        axes.fill_between(span, rows[1], rows[3], color=colour, alpha=0.24, linewidth=0)
        axes.plot(span, rows[2], color=colour, linewidth=2.2)
        for month, low, high in fan.observed:
            axes.plot([month, month], [low, high], color=look["ink"], linewidth=3, solid_capstyle="butt", zorder=5)
            axes.plot(
                month, (low + high) / 2, "o", markersize=6, color=look["paper"], markeredgecolor=look["ink"], zorder=6
            )
    lowest = min(float(fan.quantiles.min()) for fan in fans)
    top = max(max(float(fan.quantiles.max()), *(high for _, _, high in fan.observed), 0.0) for fan in fans)
    axes.set_ylim(0 if lowest >= 0 else lowest * 1.05, top * 1.05 or 1.0)
    for (line, x, _), (month, words) in zip(lines, events, strict=True):
        axes.axvline(month, color=look["ghost"], linewidth=0.9, zorder=0.6)
        sheet.text(x, 26 + 16 * line, words, little - 1, "muted", halo=True)
    years = [place for place, month in enumerate(months) if month.endswith("-01")]
    every = max(1, -(-len(years) // (5 if look.narrow else 10)))
    shown = years[::every] if len(years) > 1 else [0, len(months) // 2, len(months) - 1]
    axes.set_xticks(shown, [months[place][:4] if len(years) > 1 else months[place] for place in shown])
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="x", pad=8)
    axes.yaxis.set_major_formatter(lambda value, _: style.number(value))
    sheet.text(sheet.left, 8, f"↑ {unit}", little, "muted")
    _name_ends(sheet, axes, fans, ends, (left + wide + 8, head, tall), roles)
    if any(fan.observed for fan in fans):
        sheet.text(sheet.right, 8, "○ on record", little, ha="right")
    return sheet.figure


def _event_lines(
    events: Sequence[tuple[int, str]], months: int, left: float, wide: float, look: Look
) -> list[tuple[int, float, float]]:
    """(line, from, to) in pixels of the words of each event, so that none covers another."""
    placed: list[tuple[int, float, float]] = []
    for month, words in events:
        room = style.width_of(words, style.small(look) - 1) + 8
        x = min(left + wide * month / max(months - 1, 1) + 3, look.width - style.margin(look) - room)
        line = 0
        while any(at == line and x < end and x + room > start for at, start, end in placed):
            line += 1
        placed.append((line, x, x + room))
    return placed


def _name_ends(
    sheet: Sheet,
    axes: Axes,
    fans: Sequence[Fan],
    ends: Sequence[str],
    place: tuple[float, float, float],
    roles: list[str],
) -> None:
    """Names at the ends of the lines, moved apart where they would overlap."""
    x, head, tall = place
    low, high = axes.get_ylim()
    size = style.small(sheet.look)
    at = [head + tall * (1 - (float(fan.quantiles[2, -1]) - low) / (high - low)) for fan in fans]
    order = sorted(range(len(fans)), key=at.__getitem__)
    room = sheet.look.width - 4 - x
    lines = {number: style.wrap(ends[number], size, room * 0.88) for number in order}  # bold is wider
    height = {number: len(lines[number]) * size * 1.3 + 4 for number in order}
    for before, after in pairwise(order):
        at[after] = max(at[after], at[before] + (height[before] + height[after]) / 2)
    for number in order:
        for line, words in enumerate(lines[number]):
            y = at[number] + (line - (len(lines[number]) - 1) / 2) * size * 1.3
            sheet.text(x, y, words, size, roles[number % len(roles)], weight="bold")
