"""Rank histograms of simulation-based calibration (Talts et al. 2018): flat when the method is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.columns import Integers
from experiments.figures import style
from experiments.figures.style import LAPTOP, Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BAND = 0.99


@style.drawing
def draw(
    ranks: Integers,
    draws: int,
    names: Sequence[str],
    *,
    title: str,
    bins: int = 10,
    said: Sequence[str] = (),
    note: str = "",
    source: str = "",
    look: Look = LAPTOP,
) -> Figure:
    """One histogram a parameter; the band holds 99 % of the bars of a uniform sample.

    Args:
        ranks: (trials, K) rank of the truth among the posterior draws, 0 to `draws`.
        draws: posterior draws a trial.
        names: K names.
        title, note, source: words.
        bins: bars; at most one a rank.
        said: K lines under the names, e.g. the p-value of a test of uniformity.
        look: which version.

    Returns:
        The figure.

    Raises:
        ValueError: a rank that cannot be.
    """
    from scipy.stats import binom  # noqa: PLC0415

    trials, k = ranks.shape
    if ranks.min() < 0 or ranks.max() > draws:
        raise ValueError(f"rank histogram: ranks from {ranks.min()} to {ranks.max()}, expected 0 to {draws}")
    bins = min(bins, draws + 1)
    little = style.small(look)
    across = min(k, 2 if look.narrow else 4)
    gap, tall, head = (18 if look.narrow else 30), (110 if look.narrow else 150), 44
    down = -(-k // across)
    sheet = style.open_sheet(look, down * (head + tall + 34) + 4, title, note, source)
    wide = min((sheet.right - sheet.left - gap * (across - 1)) / across, 330.0)
    edges = np.arange(bins + 1) * (draws + 1) / bins - 0.5
    share = np.diff(np.ceil(np.arange(bins + 1) * (draws + 1) / bins)) / (draws + 1)
    low, high = (np.asarray(binom.ppf(q, trials, share)) for q in ((1 - BAND) / 2, (1 + BAND) / 2))
    counts = [np.histogram(ranks[:, column], edges)[0] for column in range(k)]
    top = max(float(high.max()), *(float(each.max()) for each in counts)) * 1.08
    for column in range(k):
        x = sheet.left + (column % across) * (wide + gap)
        y = head + (column // across) * (head + tall + 34)
        axes = sheet.axes(x, y, wide, tall, grid="")
        axes.set_xlim(-0.5, draws + 0.5)
        axes.set_ylim(0, top)
        out = (counts[column] < low) | (counts[column] > high)
        colours = [look["accent" if bad else "blue"] for bad in out]
        axes.fill_between(edges, [*low, low[-1]], [*high, high[-1]], step="post", color=look["ghost"], alpha=0.45, lw=0)
        axes.plot([-0.5, draws + 0.5], [trials / bins] * 2, color=look["muted"], linewidth=0.9)
        width = float(edges[1] - edges[0]) * 0.82
        axes.bar((edges[:-1] + edges[1:]) / 2, counts[column], width, color=colours, alpha=0.8)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines["bottom"].set(visible=True, color=look["ink"])
        sheet.text(x, y - 27, style.shorten(names[column], style.normal(look), wide), weight="bold")
        sheet.text(x, y - 11, style.shorten(said[column] if said else "", little, wide), little, "muted")
        sheet.text(x, y + tall + 14, "0", little, "muted")
        sheet.text(x + wide / 2, y + tall + 14, "rank of the truth", little, "muted", ha="center")
        sheet.text(x + wide, y + tall + 14, str(draws), little, "muted", ha="right")
    return sheet.figure
