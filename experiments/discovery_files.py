"""What scenario discovery leaves: JSON, the peeling as Parquet, and two figures a box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm import files
from experiments.discovery_box import Box, Discovery, Limit, condition, number, rule
from experiments.figures import discovery as pictures
from experiments.figures import style
from experiments.figures.style import LOOKS, Look
from experiments.responses import Factor, Responses
from experiments.sensitivity_files import finite

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(
    folder: Path,
    found: Discovery,
    responses: Responses,
    provenance: dict[str, Any],
    *,
    name: str = "",
    source: str = "",
    looks: Sequence[Look] = LOOKS,
) -> list[Path]:
    """Write `discovery.json`, `discovery.parquet` (a row a box of the peeling) and the figures.

    Args:
        folder: made if it is not there.
        found: the boxes.
        responses: the points, for the picture.
        provenance: what was analysed: study, hash, seed, command.
        name: what a case is called.
        source: the line at the foot of figures.
        looks: versions of each figure.

    Returns:
        The paths of the figures.

    Raises:
        OSError: the folder cannot be written.
    """
    rules = [rule(found, box, name) for box in found.boxes]
    content = {"schema": 1, **provenance, **finite(found.to_dict()), "rules": rules}
    rows = [
        (place, step, *numbers, step == box.chosen)
        for place, box in enumerate(found.boxes)
        for step, numbers in enumerate(box.trajectory)
    ]
    names = ("box", "step", "coverage", "density", "mass", "factors", "chosen")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {key: [] for key in names}
    files.write_table(folder, "discovery", content, columns)
    drawn: list[Path] = []
    for place, box in enumerate(found.boxes, start=1):
        for kind, draw in (("peeling", draw_peeling), ("box", draw_box)):
            drawn += style.save_looks(
                lambda look, draw=draw, box=box: draw(found, box, responses, name=name, source=source, look=look),  # type: ignore[misc]
                folder / f"{kind}-{place}",
                looks,
            )
    return drawn


def draw_peeling(
    found: Discovery, box: Box, responses: Responses, *, name: str = "", source: str = "", look: Look = style.LAPTOP
) -> Figure:
    """How the box was peeled."""
    coverage, density, _, factors = (np.array(column) for column in zip(*box.trajectory, strict=True))
    return pictures.draw_peeling(
        coverage,
        density,
        factors.tolist(),
        box.chosen,
        base=found.base,
        title=f"Peeling down to {name or condition(found)}",
        note="Each dot is a box, from all points on the left to the pure core on the right; its colour tells how many "
        "factors it restricts.",
        source=source,
        look=look,
    )


def draw_box(
    found: Discovery, box: Box, responses: Responses, *, name: str = "", source: str = "", look: Look = style.LAPTOP
) -> Figure:
    """The limits of the box, and the points over its two most certain factors."""
    factors = {factor.name: (place, factor) for place, factor in enumerate(responses.factors)}
    whole = np.isfinite(responses.of(found.outcome)).all(axis=1)
    x, y = responses.x[whole], responses.of(found.outcome)[whole].mean(axis=1)
    cases = y > found.bound if found.above else y < found.bound
    first = [limit.factor for limit in box.limits]
    shown = ([*first, *(each for each in factors if each not in first)] * 2)[:2]
    limits = {limit.factor: limit for limit in box.limits}
    places = [factors[each][0] for each in shown]
    sentence = rule(found, box, name)
    return pictures.draw_box(
        [_side(limit, factors[limit.factor][1]) for limit in box.limits],
        x[:, places[0]],
        x[:, places[1]],
        cases,
        title=f"When it comes to {name or condition(found)}",
        names=(_label(factors[shown[0]][1]), _label(factors[shown[1]][1])),
        limits=[_ends(limits.get(each), factors[each][1]) for each in shown],
        case=name or "case",
        note=f"{sentence[0].upper()}{sentence[1:]}. Everywhere {style.percent(found.base)} of the points are cases.",
        source=source,
        look=look,
    )


def _label(factor: Factor) -> str:
    return f"{factor.name} ({factor.unit})" if factor.unit else factor.name


def _positions(limit: Limit, factor: Factor) -> list[int]:
    return [place for place, level in enumerate(factor.levels) if str(level) in limit.levels]


def _ends(limit: Limit | None, factor: Factor) -> tuple[float, float]:
    if limit is None:
        return -np.inf, np.inf
    if limit.levels:
        held = _positions(limit, factor)
        return min(held) - 0.4, max(held) + 0.4
    return (-np.inf if limit.low is None else limit.low, np.inf if limit.high is None else limit.high)


def _side(limit: Limit, factor: Factor) -> pictures.Side:
    """A limit as shares of the range of its factor."""

    def share(value: float) -> float:
        low, high, at = factor.low, factor.high, value
        if factor.log:
            low, high, at = np.log(low), np.log(high), np.log(at)
        return float(np.clip((at - low) / (high - low), 0, 1)) if high > low else 0.0

    common: dict[str, Any] = {"name": factor.name, "stability": limit.stability, "quasi_p": limit.quasi_p}
    if limit.levels:
        held, count = _positions(limit, factor), len(factor.levels)
        words = " or ".join(limit.levels)
        return pictures.Side(
            low=min(held) / count, high=(max(held) + 1) / count, low_text="", high_text=words, **common
        )
    return pictures.Side(
        low=0.0 if limit.low is None else share(limit.low),
        high=1.0 if limit.high is None else share(limit.high),
        low_text="" if limit.low is None else number(limit.low),
        high_text="" if limit.high is None else number(limit.high),
        **common,
    )
