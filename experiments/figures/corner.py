"""Corner plot of a posterior: each parameter by itself, each pair, and the truth where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Floats
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = (0.9, 0.5)  # shares of the posterior inside the contours
CELLS = 36


@style.drawing
def draw(
    samples: Floats,
    names: Sequence[str],
    *,
    title: str,
    weights: Floats | None = None,
    ranges: Sequence[tuple[float, float]] | None = None,
    truth: Sequence[float] | None = None,
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """Densities on the diagonal with median and 90 % interval, contours of 50 and 90 % below it.

    Args:
        samples: (N, K) of the posterior; at most six parameters can be read.
        names: K names with their units.
        title, note, source: words.
        weights: (N,) of the samples; equal without.
        ranges: K prior ranges, which are then the axes; the samples' own without.
        truth: K values to mark.
        look: which version.

    Returns:
        The figure.

    Raises:
        ValueError: no samples, or not two dimensions.
    """
    if samples.ndim != 2 or not len(samples):
        raise ValueError(f"corner plot: samples have shape {samples.shape}, expected (samples, parameters)")
    k, little = samples.shape[1], style.small(look)
    weight = np.full(len(samples), 1.0) if weights is None else np.asarray(weights)
    weight = weight / weight.sum()
    left, gap, foot = style.margin(look) + (36 if look.narrow else 50), (14 if look.narrow else 26), 44
    whole = min(look.width - style.margin(look) - left, 220.0 * k + 60)
    cell = (whole - gap * (k - 1)) / k
    head = 62
    sheet = style.open_sheet(look, head + k * cell + (k - 1) * gap + foot, title, note, source)
    own = [(float(column.min()), float(column.max())) for column in samples.T]
    limits = [(low, high) if high > low else (low - 0.5, high + 0.5) for low, high in ranges or own]
    for row in range(k):
        for column in range(row + 1):
            x, y = left + column * (cell + gap), head + row * (cell + gap)
            axes = sheet.axes(x, y, cell, cell, grid="")
            axes.set_xlim(*limits[column])
            axes.spines["bottom"].set(visible=True, color=look["ghost"])
            if row == column:
                said = _alone(axes, samples[:, row], weight, limits[row], look)
                words = style.shorten(names[row], little, cell)
                sheet.text(x, y - 24, words, little, weight="bold")
                sheet.text(x, y - 9, style.shorten(said, little, cell + gap), little, "blue")
                axes.set_yticks([])
            else:
                _pair(axes, samples[:, [column, row]], weight, (limits[column], limits[row]), look)
                axes.set_ylim(*limits[row])
                axes.spines["left"].set(visible=True, color=look["ghost"])
                _ticks(axes, "y", look, shown=column == 0)
            _ticks(axes, "x", look, shown=row == k - 1)
            if row == k - 1:
                sheet.text(x, y + cell + 32, style.shorten(names[column], little, cell + gap - 4), little, "muted")
            if truth is not None:
                axes.axvline(truth[column], color=look["accent"], linewidth=1.2, linestyle=(0, (4, 2)))
                if row != column:
                    axes.axhline(truth[row], color=look["accent"], linewidth=1.2, linestyle=(0, (4, 2)))
    x = sheet.left
    key = [("median and 90 % interval" if look.narrow else "line and dark: median and 90 % interval", "blue")]
    key += [("contours: 50 and 90 %", "muted")] if k > 1 else []
    key += [("- - truth", "accent")] if truth is not None else []
    for words, role in key:
        sheet.text(x, 6, words, little, role)
        x += style.width_of(words, little) + 18
    return sheet.figure


def _ticks(axes: Axes, which: str, look: Look, shown: bool) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(3, prune="both" if look.narrow else None))
    if not shown:
        axes.tick_params(axis=which, labelbottom=False, labelleft=False)  # type: ignore[arg-type]


def _density(values: Floats, weight: Floats, limits: tuple[float, float], cells: int) -> tuple[Floats, Floats]:
    """Middles of cells and a smoothed histogram (Gaussian, Silverman's width, mirrored at the ends of the range)."""
    edges = np.linspace(*limits, cells + 1)
    counts = np.histogram(values, edges, weights=weight)[0]
    mean = float(weight @ values)
    spread = float(np.sqrt(weight @ (values - mean) ** 2))
    effective = 1 / float((weight**2).sum())
    width = 1.06 * spread * effective**-0.2 / (edges[1] - edges[0])
    return (edges[:-1] + edges[1:]) / 2, _smooth(counts, max(width, 0.5))


def _smooth(counts: Floats, width: float) -> Floats:
    """Along the first axis, `width` in cells."""
    n = len(counts)
    apart = np.arange(n)[:, None] - np.arange(n)[None, :]
    mirrored = [apart, np.arange(n)[:, None] + np.arange(n)[None, :] + 1]
    mirrored.append(2 * n - 1 - np.arange(n)[:, None] - np.arange(n)[None, :])
    kernel = np.sum([np.exp(-0.5 * (each / width) ** 2) for each in mirrored], axis=0)
    return np.asarray((kernel / kernel.sum(axis=0)) @ counts)


def _alone(axes: Axes, values: Floats, weight: Floats, limits: tuple[float, float], look: Look) -> str:
    """One density; returns the median with its interval in words."""
    middles, density = _density(values, weight, limits, 90)
    order = np.argsort(values)
    steps = np.cumsum(weight[order])
    low, half, high = (
        float(values[order][min(int(np.searchsorted(steps, q)), len(order) - 1)]) for q in (0.05, 0.5, 0.95)
    )
    axes.fill_between(middles, density, color=look["blue"], alpha=0.16, linewidth=0)
    inside = (middles >= low) & (middles <= high)
    axes.fill_between(middles, density, where=inside.tolist(), color=look["blue"], alpha=0.3, linewidth=0)
    axes.plot(middles, density, color=look["blue"], linewidth=1.6)
    axes.plot([half, half], [0, float(np.interp(half, middles, density))], color=look["blue"], linewidth=1.6)
    axes.set_ylim(0, float(density.max()) * 1.08)
    shown = [style.number(value, 2 if look.narrow else 3) for value in (half, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _pair(axes: Axes, pair: Floats, weight: Floats, limits: Sequence[tuple[float, float]], look: Look) -> None:
    """Contours that hold 50 and 90 % of the posterior."""
    edges = [np.linspace(*limit, CELLS + 1) for limit in limits]
    counts = np.histogram2d(pair[:, 0], pair[:, 1], edges, weights=weight)[0]
    effective = 1 / float((weight**2).sum())
    widths = []
    for axis in range(2):
        mean = float(weight @ pair[:, axis])
        spread = float(np.sqrt(weight @ (pair[:, axis] - mean) ** 2))
        widths.append(max(spread * effective ** (-1 / 6) / (edges[axis][1] - edges[axis][0]), 0.5))
    density = _smooth(_smooth(counts, widths[0]).T, widths[1])  # (second, first), as contour wants it
    ordered = np.sort(density.ravel())[::-1]
    held = np.cumsum(ordered) / ordered.sum()
    heights = sorted({float(ordered[min(int(np.searchsorted(held, level)), len(ordered) - 1)]) for level in LEVELS})
    middles = [(edge[:-1] + edge[1:]) / 2 for edge in edges]
    pale, strong = style.blend(look["paper"], look["blue"], 0.22), style.blend(look["paper"], look["blue"], 0.5)
    top = float(density.max()) * 1.001
    axes.contourf(*middles, density, levels=[*heights, top], colors=[pale, strong][-len(heights) :])
    axes.contour(*middles, density, levels=heights, colors=[look["blue"]], linewidths=0.9)
