"""Figures of a question: what each world does to the primary outcome, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from abm import verdicts
from experiments.figures import paired, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIFFERENCES: Final = "differences"


def differences(told: Mapping[str, Any]) -> Figure:
    """The primary outcome in every world against its pair, with 95 % intervals; the placebo at nothing.

    Args:
        told: the content of answer.json.
    """
    rows = [row for row in told["rows"] if row["outcome"] == told["primary"] and row["difference"] is not None]
    against = list(dict.fromkeys(row["against"] for row in rows))
    shown = [
        paired.Difference(
            name=row["world"],
            mean=row["difference"],
            low=row["difference"] if row["low"] is None else row["low"],
            high=row["difference"] if row["high"] is None else row["high"],
            shown=bool(verdicts.side(row["verdict"])),
            group=f"against: {row['against']}" if len(against) > 1 else "",
        )
        for row in sorted(rows, key=lambda row: against.index(row["against"]))
    ]
    return paired.draw(
        shown,
        title=told["question"],
        unit=f"{told['primary']}, {rows[0]['unit']}" if rows else told["primary"],
        note=told["answer"],
        source=style.source(told["name"], told["seed"], told["replicates"], "pairs of worlds; 95 % intervals"),
    )


def save(folder: Path, drawn: Mapping[str, Figure]) -> None:
    """Each figure as SVG and PNG under its name.

    Raises:
        OSError: the folder cannot be written.
    """
    for name, figure in drawn.items():
        style.save(figure, folder / name)
