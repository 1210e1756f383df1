"""What a sensitivity analysis leaves: tables to read, JSON, Parquet, and figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm import files
from experiments.figures import heat_map, style, tornado
from experiments.figures.style import LOOKS, Look
from experiments.sensitivity import Ranking

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {
    "sobol": "share of the variance of {outcome} that each factor explains",
    "morris": "what moves {outcome}: the mean size of elementary effects",
    "swings": "{outcome}, one factor at a time",
    "given": "how much each factor shifts the distribution of {outcome}",
}
NOTES = {
    "sobol": "Dark: by itself (S1). Pale: together with others (up to ST). Lines: {level} of ST.",
    "morris": "Change of the outcome over the whole range of a factor, mean of its sizes from place to place (mu*). "
    "Red: downwards as the factor grows. Lines: {level}.",
    "swings": "Largest difference between base, low end and high end of a factor, same luck. Red: downwards. "
    "Lines: {level}.",
    "given": "PAWN: the gap between the distribution of the outcome in a slice of the factor and over all points. "
    "Red: downwards as the factor grows. Lines: {level}.",
}

LUCK = ("what differs by less may be a small effect, or none", "a shuffled factor does")


# ---- words -----------------------------------------------------------------------------------------------------------


def told(ranking: Ranking, top: int | None = None) -> str:
    """A ranking as a table of plain text, with what one must know to trust it."""
    head = ["", "factor", ranking.measure, "95 % interval", ranking.second, "places", "verdict"]
    rows = [
        [
            str(each.rank),
            each.factor,
            figure(each.value),
            f"[{figure(each.low)}, {figure(each.high)}]",
            figure(each.second),
            str(each.rank_low) if each.rank_low == each.rank_high else f"{each.rank_low}-{each.rank_high}",
            each.verdict,
        ]
        for each in ranking.indices[:top]
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    left = {1, 6}
    lines = [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
    hidden = len(ranking.indices) - len(rows)
    return "\n".join([_heading(ranking), *lines, *([f"and {hidden} weaker"] if hidden else []), *notes(ranking)])


def figure(value: float) -> str:
    """Three digits that count, no more than three places."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _heading(ranking: Ranking) -> str:
    unit = f"  [{ranking.unit}]" if ranking.unit else ""
    return (
        f"{ranking.outcome}{unit}  mean {figure(ranking.mean)}, spread {figure(ranking.spread)} over "
        f"{ranking.points:,} points x {ranking.replicates} replicate{'s' if ranking.replicates != 1 else ''}"
    )


def notes(ranking: Ranking) -> list[str]:
    """What one must know to trust a ranking, line by line."""
    said = []
    if ranking.spread == 0 or ranking.convergence is None:
        said.append(
            "Convergence: the outcome is the same at every point"
            if ranking.spread < 1e-12
            else "Convergence: not known, the sample is too small to halve"
        )
    else:
        said.append(f"Convergence: {ranking.convergence.told()}")
    if ranking.luck is None or ranking.blur is None:
        said.append("Luck: not known with one replicate; if the model is random, luck counts as effect here")
    else:
        said.append(
            f"Luck: {ranking.luck:.0%} of the variance of one history, {ranking.blur:.0%} of that of the means over "
            f"replicates"
        )
    if ranking.threshold is not None:
        said.append(f"Luck alone would show up to {figure(ranking.threshold)}: {LUCK[ranking.method == 'given']}")
    if ranking.missing:
        said.append(f"Left out: {ranking.missing} points without a result")
    if ranking.fit is not None:
        said.append(f"Rank regression explains {ranking.fit:.0%} of the variance of ranks")
    for one, two, share in ranking.pairs[:2]:
        said.append(f"Together beyond the sum: {one} x {two} {figure(share)}")
    return said


# ---- files and figures -----------------------------------------------------------------------------------------------


def write(
    folder: Path,
    rankings: Sequence[Ranking],
    provenance: dict[str, Any],
    *,
    top: int | None = None,
    source: str = "",
    looks: Sequence[Look] = LOOKS,
) -> list[Path]:
    """Write `sensitivity.json`, `sensitivity.parquet` (a row an outcome and factor) and the figures.

    Args:
        folder: made if it is not there.
        rankings: all outcomes.
        provenance: what was analysed: study, hash, seed, command.
        top: factors in the figures; all without.
        source: the line at the foot of figures.
        looks: versions of each figure.

    Returns:
        The paths of the figures, the heat map first where there are several outcomes.

    Raises:
        OSError: the folder cannot be written.
    """
    content = {"schema": 1, **provenance, "outcomes": [finite(ranking.to_dict()) for ranking in rankings]}
    files.write_table(folder, "sensitivity", content, rows(rankings))
    drawn: list[Path] = []
    if len(rankings) > 1:
        drawn += style.save_looks(
            lambda look: draw_heat_map(rankings, top=top, source=source, look=look), folder / "heat-map", looks
        )
    for ranking in rankings:
        drawn += style.save_looks(
            lambda look, ranking=ranking: draw_ranking(ranking, top=top, source=source, look=look),  # type: ignore[misc]
            folder / f"tornado-{slug(ranking.outcome)}",
            looks,
        )
    return drawn


def rows(rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Columns of the table."""
    fields = ["factor", "rank", "value", "low", "high", "second", "second_low", "second_high", "sign"]
    fields += ["rank_low", "rank_high", "verdict"]
    pairs = [(ranking, index) for ranking in rankings for index in ranking.indices]
    columns: dict[str, Any] = {
        "outcome": [ranking.outcome for ranking, _ in pairs],
        "method": [ranking.method for ranking, _ in pairs],
        "measure": [ranking.measure for ranking, _ in pairs],
        "second_measure": [ranking.second for ranking, _ in pairs],
    }
    return columns | {name: [getattr(index, name) for _, index in pairs] for name in fields}


def finite(content: Any) -> Any:
    """The same containers with None for numbers that are not finite, which JSON cannot hold."""
    if isinstance(content, dict):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not np.isfinite(content) else content


def slug(text: str) -> str:
    """An outcome as part of a file's name."""
    kept = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)[:80]


def draw_ranking(ranking: Ranking, *, top: int | None = None, source: str = "", look: Look = style.LAPTOP) -> Figure:
    """The tornado of one outcome."""
    sobol = ranking.method == "sobol"
    bars = [
        tornado.Bar(each.factor, each.value, each.low, each.high, each.second if sobol else np.nan, each.sign)
        for each in ranking.indices[:top]
    ]
    if sobol:  # colours tell parts of a bar apart, not directions
        bars = [tornado.Bar(bar.name, bar.value, bar.low, bar.high, bar.part) for bar in bars]
    title = TITLES[ranking.method].format(outcome=ranking.outcome)
    note = NOTES[ranking.method].format(level="95 % intervals")
    if ranking.convergence is not None and not ranking.convergence.stable:
        small = ranking.convergence
        note += f" The sample is small: {small.needed:,} {small.kind} would be needed, not {small.n:,}."
    return tornado.draw(
        bars,
        title=title[0].upper() + title[1:],
        unit=f"{ranking.measure}, {ranking.scale}" if ranking.scale else ranking.measure,
        note=note,
        source=source,
        threshold=ranking.threshold,
        look=look,
    )


def draw_heat_map(
    rankings: Sequence[Ranking], *, top: int | None = None, source: str = "", look: Look = style.LAPTOP
) -> Figure:
    """All outcomes beside each other, in shares of the strongest factor where units differ."""
    shares = {ranking.method for ranking in rankings} <= {"sobol", "given"}
    table = {ranking.outcome: {each.factor: each for each in ranking.indices} for ranking in rankings}
    largest = {ranking.outcome: 1.0 if shares else ranking.indices[0].value or 1.0 for ranking in rankings}
    factors = {each.factor for ranking in rankings for each in ranking.indices}
    strength = {name: max(table[each][name].value / largest[each] for each in table) for name in factors}
    names = sorted(factors, key=lambda name: (-strength[name], name))[:top]
    values = np.array([[table[each][name].value / largest[each] for each in table] for name in names])
    faint = np.array([[table[each][name].verdict == "luck" for each in table] for name in names])
    measure = rankings[0].measure
    what = f"{measure}, {rankings[0].scale}" if shares else f"{measure} as a share of the strongest factor's"
    return heat_map.draw(
        values,
        names,
        list(table),
        title="What moves which outcome",
        note=f"{what[0].upper()}{what[1:]}. Grey numbers: no more than luck alone would show.",
        source=source,
        faint=faint,
        look=look,
    )
