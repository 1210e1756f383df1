"""What a level of retention costs: the frontier with its uncertainty, and the mixes on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EMPTY = np.empty(0)


@dataclass(frozen=True, slots=True)
class Curve:
    """One frontier.

    Attributes:
        name: written at its end.
        retention, cost: (N,) the points, in order of retention.
        low, high: (N,) 90 % interval of the cost; empty if there is none.
        notes: place in the arrays -> words at that point.
    """

    name: str
    retention: Floats
    cost: Floats
    low: Floats = field(default_factory=lambda: _EMPTY)
    high: Floats = field(default_factory=lambda: _EMPTY)
    notes: dict[int, str] = field(default_factory=dict)


@style.drawing
def draw(
    curves: Sequence[Curve],
    *,
    title: str,
    retention_unit: str,
    cost_unit: str,
    others: tuple[Floats, Floats] | None = None,
    others_text: str = "other mixes",
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """Cost over retention; bands hold 90 %, dots are mixes that were evaluated and beaten.

    Args:
        curves: frontiers, the first the main one.
        title, note, source: words.
        retention_unit, cost_unit: of the axes.
        others: (M,) retention and (M,) cost of dominated mixes.
        others_text: what these are called.
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    little = style.small(look)
    names = style.column([curve.name for curve in curves], little, 150) + 12
    tall, head = (280 if look.narrow else 400), 26
    left = style.margin(look) + (44 if look.narrow else 58)
    sheet = style.open_sheet(look, head + tall + 48, title, note, source)
    axes = sheet.axes(left, head, sheet.right - left - (6 if look.narrow else names), tall, grid="both")
    if others is not None:
        axes.plot(*others, "o", markersize=3.5, color=look["ghost"], markeredgewidth=0, zorder=1)
    roles = ["blue", "accent", "c2", "c3", "c4", "c5", "c6"]
    for number, curve in enumerate(curves):
        colour = look[roles[number % len(roles)]]
        if curve.low.size:
            axes.fill_between(curve.retention, curve.low, curve.high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(curve.retention, curve.cost, "-o", color=colour, linewidth=2.2, markersize=4.5)
        end = (float(curve.retention[-1]), float(curve.cost[-1]))
        how = {"textcoords": "offset points", "fontsize": style.points(little), "color": colour, "weight": "bold"}
        if look.narrow:
            axes.annotate(curve.name, end, (-4, 8), ha="right", path_effects=style.halo_of(look), **how)  # type: ignore[arg-type]
        else:
            axes.annotate(curve.name, end, (9, 0), va="center", **how)  # type: ignore[arg-type]
        for place, words in curve.notes.items():
            at = (float(curve.retention[place]), float(curve.cost[place]))
            axes.plot(*at, "o", markersize=8, color=look["paper"], markeredgecolor=colour, markeredgewidth=2)
            low, high = axes.get_xlim()
            late = (
                look.narrow and (at[0] - low) / (high - low) > 0.66
            )  # costs rise: below and to the right of a point there is room
            axes.annotate(
                "\n".join(style.wrap(words, little, 100 if late else 170)),
                at,
                (0, -12) if late else (8, -8),
                textcoords="offset points",
                ha="center" if late else "left",
                va="top",
                fontsize=style.points(little),
                color=look["ink"],
                path_effects=style.halo_of(look),
            )
    sheet.text(sheet.left, 8, f"↑ {cost_unit}", little, "muted")
    if others is not None:
        words = f"● {others_text}"
        sheet.text(sheet.right, 8, words, little, "muted", ha="right")
    axes.xaxis.set_major_locator(MaxNLocator(5 if look.narrow else 8))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: style.number(value))
    axes.set_xlabel(f"{retention_unit} →", fontsize=style.points(little), color=look["muted"], loc="right", labelpad=5)
    return sheet.figure
