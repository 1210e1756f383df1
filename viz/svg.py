"""Small helpers to write SVG and HTML by hand: escaping, scales, ticks, paths, wrapped text, figures."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from viz.results import Floats
from viz.theme import NARROW, WIDE

type Scale = Callable[[float], float]

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONTH_NAMES = (*_MONTHS, "September", "October", "November", "December")


def esc(value: object) -> str:
    """Text made safe for HTML and XML, in content and in attributes; characters XML forbids are dropped."""
    kept = "".join(c for c in str(value) if c in "\n\t" or (ord(c) >= 32 and ord(c) not in (0xFFFE, 0xFFFF)))
    kept = kept.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written to a file
    return html.escape(kept, quote=True).replace("\n", "&#10;")


def num(value: float) -> str:
    """A coordinate: two decimals at most, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def count(value: float, signed: bool = False) -> str:
    """A number for readers: thousands separated, decimals only when small."""
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.0f}" if abs(value) >= 10 or value == round(value) else f"{abs(value):.1f}"
    negative = value < 0 and text.strip("0.,") != ""
    return ("−" if negative else "+" if signed and text.strip("0.,") else "") + text


def decimal(value: float, places: int = 2, signed: bool = True) -> str:
    """A number with fixed decimals and a true minus sign."""
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):.{places}f}"
    zero = not text.strip("0.")
    return ("" if zero else "−" if value < 0 else "+" if signed else "") + text


def amount(value: float) -> str:
    """A quantity with about three figures."""
    return decimal(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0, signed=False)


def percent(share: float) -> str:
    """A share as a percentage; small ones never round to a false zero."""
    if not math.isfinite(share):
        return "–"
    return "<1%" if 0 < share < 0.005 else ">99%" if 0.995 < share < 1 else f"{100 * share:.0f}%"


def span(low: float, high: float, whole: bool = False) -> str:
    """A range of counts, one number when both ends agree; `whole` rounds what interpolation made of counts."""
    if whole and math.isfinite(low) and math.isfinite(high):
        low, high = math.floor(low + 0.5), math.floor(high + 0.5)
    return count(low) if count(low) == count(high) else f"{count(low)}–{count(high)}"


def plural(n: float, one: str, many: str | None = None) -> str:
    """A count with its noun in the right number; a median between two counts is rounded, and says so."""
    whole = math.floor(n + 0.5) if math.isfinite(n) and n >= 1 else n
    about = "about " if abs(whole - n) > 1e-9 else ""
    return f"{about}{count(whole)} {one if whole == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def listing(parts: Sequence[str]) -> str:
    """Words joined as in a sentence."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def when(date: str, short: bool = False) -> str:
    """A calendar month in words; the text itself when it is not a month."""
    try:
        year, month = (int(part) for part in str(date).split("-")[:2])
        name = MONTH_NAMES[month - 1]
    except (ValueError, IndexError):
        return str(date)
    return f"{name[:3] if short else name} {year}"


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """A linear scale; a range without length maps to its start."""
    width = high - low
    return lambda value: start if width == 0 else start + (value - low) / width * (end - start)


def log_scale(low: float, high: float, start: float, end: float) -> Scale:
    """A logarithmic scale; values at or below zero sit at the lower end."""
    inner = scale(math.log10(low), math.log10(high), start, end)
    return lambda value: inner(math.log10(max(value, low)))


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers covering a range."""
    if not high > low:
        return [low]
    raw = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 3s between them when few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**p for p in powers]
    full = sorted(tens + [3 * t for t in tens]) if len(tens) <= 3 else tens
    return [t for t in full if low * 0.999 <= t <= high * 1.001]


def month_ticks(date_of: Callable[[int], str], first: int, last: int, room: float) -> list[tuple[int, str]]:
    """Month numbers worth a label: Januaries over years, quarters over months, each month when few."""
    dates = [(month, date_of(month)) for month in range(first, last + 1)]
    if last - first >= 20:
        years = [(month, date[:4]) for month, date in dates if date.endswith("-01")]
        stride = max(1, math.ceil(len(years) * 40 / max(room, 1)))
        return years[::stride]
    stride = max(1, math.ceil(len(dates) * 62 / max(room, 1)))
    return [(month, when(date, short=True)) for month, date in dates[::stride]]


def text_width(text: str, size: float = 13) -> float:
    """Estimated width in pixels of sans-serif text."""
    wide = sum(1 for c in text if unicodedata.east_asian_width(c) in "WF")
    return size * (0.545 * (len(text) - wide) + wide)


def fit(text: str, room: float, size: float = 13) -> str:
    """The text, cut with an ellipsis where it would not fit."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, room: float, size: float = 13, lines: int = 2) -> list[str]:
    """The text broken into at most so many lines, the last one cut if need be."""
    found: list[str] = [""]
    words = text.split()
    for position, word in enumerate(words):
        longer = f"{found[-1]} {word}".strip()
        if found[-1] and text_width(longer, size) > room:
            if len(found) == lines:
                return [*found[:-1], fit(" ".join([found[-1], *words[position:]]), room, size)]
            found.append(word)
        else:
            found[-1] = longer
    return [fit(line, room, size) for line in found]


def label(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    """A text element; `kind` is a list of classes of the theme."""
    end = f' text-anchor="{anchor}"' if anchor != "start" else ""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{num(x)}" y="{num(y)}"{style}{end}>{esc(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<path class="{kind}" d="M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> str:
    """A rectangle, with what to say when pointed at."""
    hint = f' data-tip="{esc(tip)}"' if tip else ""
    size = f'width="{num(max(width, 0))}" height="{num(max(height, 0))}"'
    return f'<rect class="{kind}" x="{num(x)}" y="{num(y)}" {size}{hint}/>'


def curve(points: Iterable[tuple[float, float]], kind: str) -> str:
    """A line through points; it breaks where a value is missing."""
    data, pen = [], False
    for x, y in points:
        if math.isfinite(y):
            data.append(f"{'L' if pen else 'M'}{num(x)} {num(y)}")
        pen = math.isfinite(y)
    return f'<path class="{kind}" d="{"".join(data)}"/>' if data else ""


def band(xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str) -> str:
    """The area between two lines, one closed shape per unbroken stretch."""
    shapes, stretch = [], []
    for x, bottom, top in [*zip(xs, low, high, strict=True), (0.0, math.nan, math.nan)]:
        if math.isfinite(bottom) and math.isfinite(top):
            stretch.append((x, bottom, top))
        elif stretch:
            there = "L".join(f"{num(px)} {num(py)}" for px, _, py in stretch)
            back = "L".join(f"{num(px)} {num(py)}" for px, py, _ in reversed(stretch))
            shapes.append(f"M{there}L{back}Z")
            stretch = []
    return f'<path class="{kind}" d="{"".join(shapes)}"/>' if shapes else ""


def stepped(xs: Sequence[float], ys: Floats) -> tuple[list[float], Floats]:
    """Corners of a staircase that holds each value until the next month."""
    doubled = np.repeat(np.asarray(ys, dtype=np.float64), 2)[:-1] if len(xs) else np.zeros(0)
    return [x for pair in zip(xs, xs, strict=True) for x in pair][1:], doubled


def drawing(width: float, height: float, body: str, title: str, description: str, kind: str = "") -> str:
    """An SVG image with a title and a description for those who cannot see it."""
    return (
        f'<svg class="d {kind}" viewBox="0 0 {num(width)} {num(height)}" role="img">'
        f"<title>{esc(title)}</title><desc>{esc(description)}</desc>{body}</svg>"
    )


def both(paint: Callable[[int], tuple[float, str]], title: str, description: str) -> str:
    """The same drawing for a laptop and for a phone: scaled-down text would be too small to read.

    Args:
        paint: draws at a given width; returns the height it needs and the SVG content.
        title: short name of the drawing.
        description: what it shows, in a sentence.
    """
    found = []
    for width, kind in ((WIDE, "wide pair"), (NARROW, "narrow")):
        height, body = paint(width)
        found.append(drawing(width, height, body, title, description, kind))
    return "".join(found)


def figure(caption: str, body: str, note: str = "") -> str:
    """A figure under the sentence that says what to see in it. The caption is plain text, the body markup."""
    small = f'<p class="note">{esc(note)}</p>' if note else ""
    return f"<figure><figcaption>{esc(caption)}</figcaption>{body}{small}</figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = (), kind: str = "") -> str:
    """A table; cells are markup (escape before), headings plain text, `right` the columns of numbers."""
    aligned = set(right)
    mark = [' class="r"' if k in aligned else "" for k in range(len(head))]
    top = "".join(f'<th scope="col"{mark[k]}>{esc(text)}</th>' for k, text in enumerate(head))
    body = "".join(
        "<tr>" + "".join(f'<td{mark[k]} data-th="{esc(head[k])}">{cell}</td>' for k, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    style = f' class="{kind}"' if kind else ""
    return f'<div class="scroll"><table{style}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def numbers(summary: str, content: str) -> str:
    """The figures behind a drawing, folded away."""
    return f"<details><summary>{esc(summary)}</summary>{content}</details>"
