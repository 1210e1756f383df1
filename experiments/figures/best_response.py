"""Two labs that answer each other: what each does best at what the other does, and where answering in turn leads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@style.drawing
def draw(
    one: Floats,
    two: Floats,
    answer_of_one: Floats,
    answer_of_two: Floats,
    path: Sequence[tuple[float, float]] = (),
    *,
    labs: tuple[str, str],
    units: tuple[str, str],
    title: str,
    cycle: bool = False,
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """Answers as curves, the way as arrows; where the curves cross, neither wants to change.

    Args:
        one, two: (N,) and (M,) levels of the two labs' lever.
        answer_of_one: (M,) best level of the first lab at each level of the second.
        answer_of_two: (N,) best level of the second lab at each level of the first.
        path: (one, two) after each turn, from the start.
        labs: their names.
        units: what the levels of each mean.
        title, note, source: words.
        cycle: whether the path ends in a cycle; else its last point is marked as at rest.
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    little = style.small(look)
    left = style.margin(look) + (44 if look.narrow else 58)
    wide = min(look.width - style.margin(look) - left, 640.0)
    words = [(f"● {labs[0]}'s best answer", "accent"), (f"■ {labs[1]}'s best answer", "blue")]
    words += [("→ answering in turn", "ink")] if len(path) > 1 else []
    key: list[list[tuple[str, str]]] = [[]]
    room = look.width - 2 * style.margin(look)
    for each in words:
        taken = sum(style.width_of(text, little, bold=True) + 18 for text, _ in [*key[-1], each])
        if key[-1] and taken > room:
            key.append([])
        key[-1].append(each)
    tall, head = (wide * 0.95 if look.narrow else 440), 28 + 18 * len(key)
    sheet = style.open_sheet(look, head + tall + 48, title, note, source)
    axes = sheet.axes(left, head, wide, tall, grid="both")
    for low, high, limit in ((one.min(), one.max(), axes.set_xlim), (two.min(), two.max(), axes.set_ylim)):
        pad = float(high - low or 1) * 0.05
        limit(float(low) - pad, float(high) + pad)
    axes.plot(answer_of_one, two, "-o", color=look["accent"], linewidth=2.2, markersize=4.5)
    axes.plot(one, answer_of_two, "-s", color=look["blue"], linewidth=2.2, markersize=4)
    _way(axes, path, cycle, look)
    for line, parts in enumerate(key):
        x = sheet.left
        for text, role in parts:
            sheet.text(x, 8 + 18 * line, text, little, role, weight="bold")
            x += style.width_of(text, little, bold=True) + 18
    sheet.text(sheet.left, head - 10, style.shorten(f"↑ {labs[1]}: {units[1]}", little, wide), little, "muted")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(lambda value, _: style.number(value))
    label = style.shorten(f"{labs[0]}: {units[0]} →", little, wide)
    axes.set_xlabel(label, fontsize=style.points(little), color=look["muted"], loc="right", labelpad=5)
    return sheet.figure


def _way(axes: Axes, path: Sequence[tuple[float, float]], cycle: bool, look: Look) -> None:
    """Arrows from turn to turn; the start is a ring, the rest a filled dot."""
    for start, end in pairwise(path):
        if np.allclose(start, end):
            continue
        how = {"arrowstyle": "-|>", "color": look["ink"], "linewidth": 1.1, "shrinkA": 2, "shrinkB": 2}
        axes.annotate("", end, start, arrowprops=how, zorder=5)
    if path:
        axes.plot(*path[0], "o", markersize=8, color=look["paper"], markeredgecolor=look["ink"], zorder=6)
        words = "start" if len(path) > 1 else ""
        _say(axes, words, path[0], look)
    if len(path) > 1 and not cycle:
        axes.plot(*path[-1], "o", markersize=9, color=look["ink"], zorder=6)
        _say(axes, "at rest", path[-1], look)
    elif len(path) > 1:
        _say(axes, "goes round", path[-1], look)


def _say(axes: Axes, words: str, at: tuple[float, float], look: Look) -> None:
    low, high = axes.get_xlim()
    right = (at[0] - low) / (high - low) < 0.75
    axes.annotate(
        words,
        at,
        (9 if right else -9, -12),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=style.points(style.small(look)),
        color=look["ink"],
        weight="bold",
        path_effects=style.halo_of(look),
        zorder=7,
    )
