"""Words and numbers of figures: how wide they are, how they are wrapped, shortened and rounded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache

SERIF, SANS = "STIXGeneral", "DejaVu Sans"  # both ship with matplotlib


@cache
def width_of(words: str, size: float, bold: bool = False, serif: bool = False) -> float:
    """Pixels that words take."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415
    from matplotlib.textpath import text_to_path  # noqa: PLC0415

    font = FontProperties(family=SERIF if serif else SANS, weight="bold" if bold or serif else "normal", size=size)
    return float(text_to_path.get_text_width_height_descent(words, font, False)[0])


def wrap(words: str, size: float, room: float, serif: bool = False) -> list[str]:
    """Words in lines of at most `room` pixels; a single longer word stays whole."""
    lines: list[str] = []
    for word in words.replace(" %", "\u00a0%").split(" "):  # a number and its sign stay together
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, serif=serif) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten(words: str, size: float, room: float) -> str:
    """Words that fit; what is left out of the middle is an ellipsis, because both ends of a key tell it apart."""
    if width_of(words, size) <= room:
        return words
    keep = len(words)
    while keep > 4:
        keep -= 1
        shorter = words[: (keep + 1) // 2] + "…" + words[len(words) - keep // 2 :]
        if width_of(shorter, size) <= room:
            return shorter
    return words[:1] + "…"


def column(labels: Sequence[str], size: float, most: float) -> float:
    """Pixels of a column that holds the labels, at most `most`."""
    return min(max((width_of(label, size) for label in labels), default=0.0), most)


def number(value: float, digits: int = 3) -> str:
    """A number with three digits that count, thousands apart, a true minus."""
    if value == 0 or abs(value) < 1e-12:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}"
        if "e" in text and abs(value) > 1e-6:
            text = f"{value:.6f}".rstrip("0")
    return text.replace("-", "−")


def places(values: Iterable[float], digits: int = 2) -> int:
    """Decimals with which the largest of the values shows so many digits; all of a column get the same."""
    most = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 0 if most <= 0 else min(max(digits - 1 - math.floor(math.log10(most)), 0), 6)


def fixed(value: float, decimals: int, signed: bool = False) -> str:
    """A number with given decimals, a true minus, and a plus where asked for; zero has no sign."""
    text = f"{value:{'+' if signed else ''},.{decimals}f}".replace("-", "−")
    return text if any(digit in "123456789" for digit in text) else text.lstrip("+−")


def percent(share: float) -> str:
    """A share as a whole percentage, number and sign together."""
    return f"{share * 100:.0f}\u00a0%".replace("-", "−")


def source(study: str, seed: int | None = None, replicates: int | None = None, *more: str) -> str:
    """The line at the foot: what was run, how often, with which seed."""
    parts = [f"Study {study}"]
    if replicates is not None:
        parts.append(f"{replicates:,} {'replicate' if replicates == 1 else 'replicates'} with the same luck a point")
    if seed is not None:
        parts.append(f"seed {seed}")
    return "\u00a0· ".join([*parts, *more])  # a line does not begin with the dot
