"""One look for every figure: paper, ink, two accents, labels at what they name, a line that says where it is from.

Figures are laid out in pixels on a sheet as wide as a laptop's text column or a phone: text has one size whatever the
figure, and a sheet is as high as its rows need. The palette is that of the pages (`viz/theme.py`); its pairs stay apart
for colour-blind readers. Fonts ship with matplotlib, so the same data give the same bytes on every machine.

    figure = tornado.draw(bars, title="What moves exits", unit="share of variance", look=Look(dark=True))
    save(figure, folder / "tornado-dark")
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from abm import files
from experiments.figures.text import (
    SANS,
    SERIF,
    column,
    fixed,
    number,
    percent,
    places,
    shorten,
    source,
    width_of,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DARK", "LAPTOP", "LIGHT", "LOOKS", "Look", "Sheet", "blend", "column", "drawing", "fixed", "halo_of", "margin",
    "normal", "number", "open_sheet", "percent", "places", "points", "save", "save_looks", "shorten", "small",
    "source", "width_of", "wrap",
]  # fmt: skip

WIDE, NARROW = 1100, 420  # pixels
DPI, PNG_DPI = 100, 200  # a sheet's pixel is 1/100 inch; pictures are written at twice that, for sharp screens
LIGHT = MappingProxyType(
    {
        **{"paper": "#fdfcfa", "panel": "#f6f3ee", "ink": "#1d1c1a", "muted": "#67645e", "line": "#dfdad1"},
        **{"ghost": "#cfc9be", "accent": "#b0382b", "blue": "#2a5f86", "rest": "#aaa59b"},
        **{"c0": "#b0382b", "c1": "#2a5f86", "c2": "#b07d12", "c3": "#347f60", "c4": "#8a4bb0", "c5": "#3a8fb8"},
        "c6": "#5a3015",
    }
)
DARK = MappingProxyType(
    {
        **{"paper": "#15171a", "panel": "#1d2024", "ink": "#ece9e3", "muted": "#a8a59d", "line": "#34383d"},
        **{"ghost": "#50555b", "accent": "#f28b78", "blue": "#86bbe0", "rest": "#6d7178"},
        **{"c0": "#f28b78", "c1": "#86bbe0", "c2": "#f0c84a", "c3": "#7be3b4", "c4": "#b58cf0", "c5": "#b9e6f5"},
        "c6": "#b06a3c",
    }
)
N_COLOURS = 7
_SETTINGS = {
    **{"font.family": SANS, "svg.hashsalt": "figures", "svg.fonttype": "path", "axes.unicode_minus": True},
    **{"text.parse_math": False, "path.simplify": False, "axes.formatter.useoffset": False},
}


@dataclass(frozen=True, slots=True)
class Look:
    """Which of the four versions of a figure: light or dark, for a laptop or for a phone."""

    dark: bool = False
    narrow: bool = False

    @property
    def width(self) -> int:
        """Pixels."""
        return NARROW if self.narrow else WIDE

    def __getitem__(self, name: str) -> str:
        """A colour by its role."""
        return (DARK if self.dark else LIGHT)[name]

    @property
    def suffix(self) -> str:
        """What the file's name ends with."""
        return ("-phone" if self.narrow else "") + ("-dark" if self.dark else "")


LAPTOP = Look()
LOOKS = (LAPTOP, Look(dark=True), Look(narrow=True), Look(dark=True, narrow=True))


# ---- the sheet -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sheet:
    """A page of a known size in pixels; places are counted from the upper left corner of its body.

    Attributes:
        figure: the matplotlib figure.
        look: light or dark, wide or narrow.
        top: pixels of title and note above the body.
        height: of the whole page in pixels.
    """

    figure: Figure
    look: Look
    top: float
    height: float

    @property
    def left(self) -> float:
        """Margin in pixels."""
        return margin(self.look)

    @property
    def right(self) -> float:
        """Where the right margin begins."""
        return self.look.width - margin(self.look)

    def axes(self, x: float, y: float, width: float, height: float, grid: str = "x") -> Axes:
        """Quiet axes at a place of the body: hairlines across `grid` ("x", "y", "both" or ""), no frame."""
        whole = (x / self.look.width, 1 - (self.top + y + height) / self.height)
        axes = self.figure.add_axes((*whole, width / self.look.width, height / self.height))
        look, size = self.look, points(small(self.look))
        axes.set_facecolor("none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(labelsize=size, labelcolor=look["muted"], length=0, pad=5, which="both")
        axes.set_axisbelow(True)
        if grid:
            axes.grid(True, axis=grid, color=look["line"], linewidth=0.75)  # type: ignore[arg-type]
        return axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float | None = None,
        role: str = "ink",
        *,
        halo: bool = False,
        **more: Any,
    ) -> None:
        """Words at a place of the body; `y` is their middle unless `va` says otherwise; a halo keeps lines off them."""
        how: dict[str, Any] = {"va": "center", "ha": "left", "color": self.look[role]}
        how |= {"fontsize": points(size or normal(self.look))} | more
        if halo:
            how["path_effects"] = halo_of(self.look)
        self.figure.text(x / self.look.width, 1 - (self.top + y) / self.height, words, **how)

    def rule(self, y: float, role: str = "line", width: float = 0.75) -> None:
        """A line across the body."""
        from matplotlib.lines import Line2D  # noqa: PLC0415

        place = 1 - (self.top + y) / self.height
        ends = [self.left / self.look.width, self.right / self.look.width]
        self.figure.add_artist(Line2D(ends, [place, place], color=self.look[role], linewidth=width))


def open_sheet(look: Look, body: float, title: str, note: str = "", source: str = "") -> Sheet:
    """A page with a title, a note under it, room of `body` pixels, and the source at its foot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    room = look.width - 2 * margin(look)
    big, usual, little = (19.0 if look.narrow else 25.0), normal(look), small(look)
    titles = wrap(title, big, room, serif=True)
    notes = wrap(note, usual, min(room, 860)) if note else []
    sources = wrap(source, little, room) if source else []
    top = 16 + len(titles) * big * 1.22 + (8 + len(notes) * usual * 1.45 if notes else 0) + 14
    height = round(top + body + (22 + len(sources) * little * 1.5 if sources else 8) + 10)
    figure = Figure(figsize=(look.width / DPI, height / DPI), dpi=DPI, facecolor=look["paper"])
    FigureCanvasAgg(figure)
    figure.set_label(title)
    sheet = Sheet(figure, look, top, height)
    sheet.rule(-top + 6, "ink", 1.5)
    y = -top + 18
    for line in titles:
        sheet.text(margin(look), y, line, big, va="top", family=SERIF, weight="bold")
        y += big * 1.22
    y += 8
    for line in notes:
        sheet.text(margin(look), y, line, usual, "muted", va="top")
        y += usual * 1.45
    y = body + 16
    if sources:
        sheet.rule(body + 8)
    for line in sources:
        sheet.text(margin(look), y, line, little, "muted", va="top")
        y += little * 1.5
    return sheet


def halo_of(look: Look, width: float = 3.0) -> list[Any]:
    """Path effects that draw text on a rim of paper."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    return [withStroke(linewidth=width, foreground=look["paper"])]


def margin(look: Look) -> float:
    """Pixels left and right."""
    return 14 if look.narrow else 28


def normal(look: Look) -> float:
    """Pixels of the usual text."""
    return 12.0 if look.narrow else 13.5


def small(look: Look) -> float:
    """Pixels of axis numbers and sources."""
    return 10.5 if look.narrow else 12.0


def points(pixels: float) -> float:
    """Pixels of a sheet in typographic points."""
    return pixels * 72 / DPI


def blend(low: str, high: str, share: float) -> tuple[float, float, float]:
    """A colour between two, `share` of the way."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415

    one, two = to_rgb(low), to_rgb(high)
    red, green, blue = (a + (b - a) * share for a, b in zip(one, two, strict=True))
    return red, green, blue


# ---- drawing and saving ----------------------------------------------------------------------------------------------


@contextmanager
def _settings() -> Iterator[None]:
    """Matplotlib's own defaults and ours, whatever the user's configuration; nothing is left behind."""
    import matplotlib.style  # noqa: PLC0415

    with matplotlib.style.context(["default", _SETTINGS], after_reset=True):
        yield


def drawing[**P](draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Mark a function that draws: it works under the settings of the house."""

    @wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with _settings():
            return draw(*args, **kwargs)

    return wrapped


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as `path`.svg and `path`.png; the same figure gives the same bytes.

    Args:
        figure: from a `draw` of this package.
        path: without the suffix; its folder is made.

    Returns:
        The two paths.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    title = str(figure.get_label())
    with _settings():
        for ending, metadata in (
            ("svg", {"Date": None, "Creator": None, "Title": title}),
            ("png", {"Software": None, "Title": title}),
        ):
            sink = io.BytesIO()
            figure.savefig(sink, format=ending, dpi=PNG_DPI, facecolor=figure.get_facecolor(), metadata=metadata)
            target = path.with_name(f"{path.name}.{ending}")
            files.write_bytes(target, sink.getvalue())
            written.append(target)
    return written


def save_looks(draw: Callable[[Look], Figure], path: Path, looks: Sequence[Look] = LOOKS) -> list[Path]:
    """Write a figure in several looks: NAME, NAME-dark, NAME-phone, NAME-phone-dark."""
    return [each for look in looks for each in save(draw(look), path.with_name(path.name + look.suffix))]
