"""Scenario discovery: how a box is peeled, from everything to the pure core, and the box that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.drawing
def draw_peeling(
    coverage: Floats,
    density: Floats,
    dimensions: Sequence[int],
    chosen: int,
    *,
    base: float,
    title: str,
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """Density over coverage along the peeling; colour tells how many factors the box restricts.

    Args:
        coverage, density: (N,) from the whole sample to the last box.
        dimensions: N numbers of restricted factors.
        chosen: place of the box that was chosen.
        base: share of cases of interest in the whole sample.
        title, note, source: words.
        look: which version.

    Returns:
        The figure.
    """
    little = style.small(look)
    left, head = style.margin(look) + 44, 44
    wide = look.width - style.margin(look) - left - 8
    tall = 270 if look.narrow else 380
    sheet = style.open_sheet(look, head + tall + 48, title, note, source)
    axes = sheet.axes(left, head, wide, tall, grid="both")
    axes.set_xlim(1.02, -0.02)
    axes.set_ylim(0, 1.05)
    axes.axhline(base, color=look["muted"], linewidth=1, linestyle=(0, (3, 2)))
    little_points = style.points(little)
    words = f"everywhere: {style.percent(base)}"
    axes.annotate(
        words, (0, base), (0, 4), textcoords="offset points", ha="right", fontsize=little_points, color=look["muted"]
    )
    roles = ["rest", "blue", "c2", "c3", "c4", "c5", "c6"]
    back = np.flatnonzero(np.diff(coverage) > 1e-9)  # boxes added at the end, without the limits that chance gives
    peeled = int(back[0]) + 1 if len(back) else len(coverage)
    axes.plot(coverage[:peeled], density[:peeled], color=look["ghost"], linewidth=1.2)
    used = sorted(set(dimensions))
    for number in used:
        here = np.flatnonzero(np.asarray(dimensions) == number)
        role = look[roles[min(number, len(roles) - 1)]]
        axes.plot(coverage[here], density[here], "o", color=role, markersize=6, markeredgecolor=look["paper"])
    at = (float(coverage[chosen]), float(density[chosen]))
    axes.plot(*at, "o", markersize=14, color="none", markeredgecolor=look["accent"], markeredgewidth=2.2)
    right = at[0] > 0.5
    axes.annotate(
        f"chosen: {style.percent(at[0])} of the cases,\n{style.percent(at[1])} of the box are cases",
        at,
        (14 if right else -14, -26),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=little_points,
        color=look["accent"],
        weight="bold",
        path_effects=style.halo_of(look),
        zorder=8,
    )
    x = sheet.left
    sheet.text(x, 8, "factors restricted:", little, "muted")
    x += style.width_of("factors restricted:", little) + 12
    for number in used:
        sheet.text(x, 8, f"● {number}", little, roles[min(number, len(roles) - 1)], weight="bold")
        x += 36
    sheet.text(sheet.left, 28, "↑ density: cases among the points of the box", little, "muted")
    axes.set_xticks([1, 0.75, 0.5, 0.25, 0], ["100 %", "75 %", "50 %", "25 %", "0 %"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    label = "coverage: cases in the box, of all →"
    axes.set_xlabel(label, fontsize=little_points, color=look["muted"], loc="right", labelpad=5)
    return sheet.figure


@dataclass(frozen=True, slots=True)
class Side:
    """One restricted factor.

    Attributes:
        name: of the factor.
        low, high: limits of the box as shares of the range.
        low_text, high_text: the limits as words, "" where the box is open.
        stability: share of resamples that restrict the factor.
        quasi_p: the smallest quasi-p-value of its limits.
    """

    name: str
    low: float
    high: float
    low_text: str
    high_text: str
    stability: float
    quasi_p: float


@style.drawing
def draw_box(
    sides: Sequence[Side],
    first: Floats,
    second: Floats,
    inside: NDArray[np.bool_],
    *,
    title: str,
    names: tuple[str, str],
    limits: Sequence[tuple[float, float]],
    case: str = "case",
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """The limits as bars on the ranges, and the points over the two factors that matter most.

    Args:
        sides: restricted factors, the most stable first.
        first, second: (P,) values of the two factors of the scatter.
        inside: (P,) whether a point is a case of interest.
        names: of these two factors.
        limits: their limits in the box, (low, high) each; infinite where open.
        case: what a case of interest is called.
        title, note, source: words.
        look: which version.

    Returns:
        The figure.
    """
    from matplotlib.patches import Rectangle  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    size, little, row = style.normal(look), style.small(look), (48 if look.narrow else 44)
    room = look.width - 2 * style.margin(look)
    bars = room if look.narrow else room * 0.50
    square = min(room - 60, 320.0) if look.narrow else min(room - bars - 100, 390.0)
    list_height = 24 + len(sides) * row
    top = list_height + 26 if look.narrow else 26
    body = top + square + 44 if look.narrow else max(list_height, top + square + 44)
    sheet = style.open_sheet(look, body, title, note, source)
    tail = style.width_of("in 100 % of resamples", little) + 10
    long = bars - tail
    axes = sheet.axes(sheet.left, 20, long, len(sides) * row, grid="")
    axes.set(xlim=(0, 1), ylim=(len(sides), 0), xticks=[], yticks=[])
    for place, side in enumerate(sides):
        y = place + 0.62
        axes.plot([0, 1], [y, y], color=look["line"], linewidth=8, solid_capstyle="butt")
        axes.plot([side.low, side.high], [y, y], color=look["accent"], linewidth=8, solid_capstyle="butt")
        at = 20 + place * row
        said = " to ".join(text for text in (side.low_text, side.high_text) if text)
        bound = said if side.low_text and side.high_text else f"> {said}" if side.low_text else f"< {said}"
        shown = style.shorten(side.name, size, long - style.width_of(bound, size, bold=True) - 12)
        sheet.text(sheet.left, at + 10, shown)
        sheet.text(sheet.left + style.width_of(shown, size) + 8, at + 10, bound, role="accent", weight="bold")
        words = f"in {style.percent(side.stability)} of resamples"
        sheet.text(sheet.left + bars, at + 0.62 * row - 7, words, little, "muted", ha="right")
        chance = "quasi-p < 0.001" if side.quasi_p < 0.001 else f"quasi-p {side.quasi_p:.2g}"
        sheet.text(sheet.left + bars, at + 0.62 * row + 8, chance, little, "muted", ha="right")
    x = sheet.left + 44 if look.narrow else sheet.right - square
    points = sheet.axes(x, top, square, square, grid="")
    points.plot(first[~inside], second[~inside], "o", markersize=3, color=look["ghost"], markeredgewidth=0)
    points.plot(first[inside], second[inside], "o", markersize=4, color=look["blue"], markeredgewidth=0)
    ends = [points.get_xlim(), points.get_ylim()]
    sizes = [(max(low, e[0]), min(high, e[1])) for (low, high), e in zip(limits, ends, strict=True)]
    corner, width, height = (sizes[0][0], sizes[1][0]), sizes[0][1] - sizes[0][0], sizes[1][1] - sizes[1][0]
    points.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=look["accent"], linewidth=2))
    points.set(xlim=ends[0], ylim=ends[1])
    for axis in (points.xaxis, points.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(lambda value, _: style.number(value))
    sheet.text(x, top - 12, style.shorten(f"↑ {names[1]}", little, square * 0.66), little, "muted")
    sheet.text(x + square, top - 12, style.shorten(f"● {case}", little, square * 0.34), little, "blue", ha="right")
    label = style.shorten(f"{names[0]} →", little, square)
    points.set_xlabel(label, fontsize=style.points(little), color=look["muted"], loc="right")
    return sheet.figure
