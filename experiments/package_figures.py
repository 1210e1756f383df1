"""Figures of packages: the frontier of a team or an employer, and how two laboratories answer each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments import duel, game
from experiments.figures import best_response, style
from experiments.figures import frontier as curves
from experiments.figures.style import LOOKS, Look
from experiments.frontier import Front
from experiments.packages import Case, Lever

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def words_of(point_values: Sequence[float], levers: Sequence[Lever]) -> str:
    """What a package does, in words: levers that are not neutral, with their knobs."""
    told = [
        f"{lever.name.replace('_', '-')} {value:.3g}"
        for lever, value in zip(levers, point_values, strict=True)
        if value != lever.knob.neutral
    ]
    return ", ".join(told) or "no package"


def draw_front(
    case: Case, front: Front, levers: Sequence[Lever], path: Path, *, fresh: int, looks: Sequence[Look] = LOOKS
) -> list[Path]:
    """Cost over people kept, some with their mixes; bands are 95 % intervals of the cost.

    Returns:
        The files written; none where there is a single point.
    """
    points = front.points
    if len(points) < 2:
        return []
    kept, cost = (np.array([getattr(point, name).mean for point in points]) for name in ("kept", "cost"))
    low, high = (np.array([getattr(point.cost, end) for point in points]) for end in ("low", "high"))
    curve = curves.Curve(
        name=case.name,
        retention=kept,
        cost=cost,
        low=low,
        high=high,
        notes={k: words_of(points[k].values, levers) for k in sorted({0, len(points) // 3, 2 * len(points) // 3})},
    )
    last = case.scenario.date_of(case.last)

    def draw(look: Look) -> Figure:
        return curves.draw(
            [curve],
            title=f"What it costs to keep more of {case.name}",
            retention_unit=f"people more at {case.employer} at the end of {last}, of {front.people:.0f}",
            cost_unit="kUSD a year",
            others=(front.cloud[:, 0], front.cloud[:, 1]),
            others_text="packages of the search, by its own replicates",
            note=f"Curve and 95 % band: by {fresh} fresh replicates. Without a package {front.stayed:.1f} stay.",
            source=style.source(case.scenario.name, case.seed, fresh),
            look=look,
        )

    return style.save_looks(draw, path, looks)


def draw_answers(played: duel.Duel, path: Path, looks: Sequence[Look] = LOOKS) -> list[Path]:
    """Best responses of both laboratories by the number of their action, and where answering in turns leads."""
    first, second = game.best(played.solved.payoffs)
    numbers = np.arange(len(played.actions), dtype=np.float64)
    turns = game.iterate(played.solved.payoffs, (0, 0), alternating=True)
    labs = (played.cases[0].employer, played.cases[1].employer)
    named = "; ".join(f"{k} {duel.words(action)}" for k, action in enumerate(played.actions))
    case = played.cases[0]

    def draw(look: Look) -> Figure:
        from matplotlib.ticker import FixedLocator  # noqa: PLC0415

        figure = best_response.draw(
            numbers,
            numbers,
            np.argmax(first, axis=0).astype(np.float64),
            np.argmax(second, axis=1).astype(np.float64),
            [(float(a), float(b)) for a, b in turns.cells],
            labs=labs,
            units=("action", "action"),
            title=f"How {labs[0]} and {labs[1]} answer each other",
            cycle=not turns.settles,
            note=f"Actions: {named}. Payoffs are means over replicates; how sure they are is in game.json.",
            source=style.source(case.scenario.name, case.seed, len(played.payoffs)),
            look=look,
        )
        for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
            axis.set_major_locator(FixedLocator(numbers.tolist()))  # there is no action between two numbers
        return figure

    return style.save_looks(draw, path, looks)
