"""Figures: every one is drawn in every look, the same data give the same bytes, and nothing runs off the sheet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from abm.streams import Streams
from experiments.figures import (
    best_response,
    corner,
    discovery,
    fans,
    frontier,
    heat_map,
    intervals,
    paired,
    ranks,
    style,
    tornado,
)
from experiments.figures.style import DARK, LIGHT, NARROW, WIDE, Look
from viz import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, TWO = np.arange(300)[:, None], np.arange(3)[None, :]
CUBE = Streams(1).uniform("resample", 0, ROWS, TWO)
NORMAL = Streams(1).normal("resample", 1, ROWS, TWO)
NAMES = ["h_shock", "employers.Meta.compute", "policies.garden_leave.months", "h0"]
WORDS = {"title": "A title that is long enough to need two lines on a phone", "source": style.source("test", 1, 8)}
NOTE = {"note": "What one sees, with 95 % intervals over 60 pairs of histories, and a hint how to read it."}
EVENTS = [(5, "E30 layoffs"), (6, "E43 merger"), (7, "E46 a cancellation with a long name"), (23, "E60")]
BASELINES = {"constant hazard": (2.0, 5.0, 8.0), "tenure only": (3.0, 5.0, 7.0), "contagion only": (1.0, 4.0, 9.0)}


def bars(count: int = 4) -> list[tornado.Bar]:
    return [
        tornado.Bar(name, 0.4 / (k + 1), 0.3 / (k + 1), 0.5 / (k + 1), 0.2 / (k + 1)) for k, name in enumerate(NAMES)
    ][:count]


def swings() -> list[tornado.Swing]:
    return [
        tornado.Swing(NAMES[0], 80, 170, (75, 85), (160, 180), "0.01", "0.2"),
        tornado.Swing(NAMES[1], 150, 90, None, None, "4,000", "16,000"),
        tornado.Swing(NAMES[2], 130, 140, (128, 132), (135, 145), "0", "12"),
    ]


def curves() -> list[frontier.Curve]:
    kept = np.linspace(0.5, 0.95, 8)
    cost = 200 * np.exp(3 * (kept - 0.5)) - 180
    return [
        frontier.Curve(
            "all levers", kept, cost, cost * 0.8, cost * 1.2, {2: "20 % more compute", 6: "bonus and vesting"}
        ),
        frontier.Curve("pay only", kept[:6], 1.8 * cost[:6] + 20),
    ]


def worlds() -> list[fans.Fan]:
    steps = np.cumsum(CUBE[:240, 0].reshape(10, 24) < 0.3, axis=1)
    return [
        fans.Fan("as it happened", fans.quantiles(steps), ((20, 4, 9),)),
        fans.Fan("equal", fans.quantiles(steps - 1)),
    ]


MONTHS = [f"{2022 + month // 12}-{month % 12 + 1:02d}" for month in range(24)]
DIFFERENCES = [
    paired.Difference("no cancellation", -3.4, -4.1, -2.6, True, "OPT authors"),
    paired.Difference("equal sharing of compute", 0.3, -0.4, 1.0, False, "LLaMA authors"),
    paired.Difference("the leader stays", 1.4, 0.3, 2.5, True, "LLaMA authors"),
]
PREDICTIONS = [
    intervals.Prediction("llama-authors 2023-09", (6, 9, 10, 11, 12), "people", (8, 13), BASELINES, 14, "fitted"),
    intervals.Prediction("Meta 2025-05", (0.4, 0.48, 0.52, 0.57, 0.64), "share", (0.64, 0.64), {}, 1, "miss"),
]
PEELED = (np.array([1, 0.95, 0.8, 0.5, 0.9]), np.array([0.2, 0.3, 0.7, 1.0, 0.6]))
SIDES = [
    discovery.Side("h_shock", 0.6, 1, "0.6", "", 0.98, 1e-9),
    discovery.Side("place", 0, 0.3, "", "Paris", 0.4, 0.02),
]
OPEN = [(0.6, np.inf), (-np.inf, 0.3)]
PATH = [(20.0, 20.0), (110.0, 20.0), (110.0, 194.0), (197.0, 194.0), (197.0, 230.0)]
LEVEL = np.linspace(0, 400, 5)

DRAWN: dict[str, Callable[[Look], Figure]] = {
    "tornado": lambda look: tornado.draw(bars(), unit="share", threshold=0.05, look=look, **WORDS, **NOTE),
    "one bar": lambda look: tornado.draw(bars(1), unit="share", look=look, **WORDS),
    "swings": lambda look: tornado.draw_swings(swings(), base=120, unit="people", look=look, **WORDS, **NOTE),
    "heat map": lambda look: heat_map.draw(
        CUBE[:4], NAMES, ["left:opt-authors@2023-09", "startups", "exits:Meta"], look=look, **WORDS
    ),
    "signed heat map": lambda look: heat_map.draw(
        np.where(CUBE[:4] > 0.9, np.nan, NORMAL[:4]), NAMES, ["a", "b", "c"], faint=CUBE[:4] < 0.3, look=look, **WORDS
    ),
    "grid": lambda look: heat_map.draw_grid(
        100 * CUBE[:5],
        [1, "two", 3],
        LEVEL.tolist(),
        x_label="x",
        y_label="y",
        unit="people",
        mark=(1, 2),
        mark_text="as it was",
        look=look,
        **WORDS,
    ),
    "corner": lambda look: corner.draw(NORMAL, NAMES[:3], truth=[0, 0, 0], look=look, **WORDS),
    "corner of one": lambda look: corner.draw(
        NORMAL[:, :1], NAMES[:1], weights=CUBE[:, 0], ranges=[(-3, 3)], look=look, **WORDS
    ),
    "intervals": lambda look: intervals.draw(PREDICTIONS, look=look, **WORDS, **NOTE),
    "paired": lambda look: paired.draw(DIFFERENCES, unit="people", look=look, **WORDS, **NOTE),
    "frontier": lambda look: frontier.draw(
        curves(), retention_unit="share", cost_unit="kUSD", others=(CUBE[:, 0], 500 * CUBE[:, 1]), look=look, **WORDS
    ),
    "best response": lambda look: best_response.draw(
        LEVEL,
        LEVEL,
        100 + 0.5 * LEVEL,
        150 + 0.4 * LEVEL,
        PATH,
        labs=("Meta", "OpenAI"),
        units=("kUSD", "kUSD"),
        look=look,
        **WORDS,
    ),
    "cycle": lambda look: best_response.draw(
        LEVEL,
        LEVEL,
        LEVEL,
        400 - LEVEL,
        [(0, 400), (400, 400), (400, 0), (0, 0)],
        cycle=True,
        labs=("A", "B"),
        units=("x", "y"),
        look=look,
        **WORDS,
    ),
    "fans": lambda look: fans.draw(worlds(), MONTHS, unit="people gone", events=EVENTS, look=look, **WORDS, **NOTE),
    "ranks": lambda look: ranks.draw(
        (CUBE * 100).astype(np.int64), 99, NAMES[:3], said=["p = 0.4"] * 3, look=look, **WORDS
    ),
    "peeling": lambda look: discovery.draw_peeling(*PEELED, [0, 1, 2, 3, 2], 2, base=0.2, look=look, **WORDS),
    "box": lambda look: discovery.draw_box(
        SIDES,
        CUBE[:, 0],
        CUBE[:, 1],
        CUBE[:, 2] > 0.8,
        names=("h_shock", "place"),
        limits=OPEN,
        case="exodus",
        look=look,
        **WORDS,
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_runs_off_the_sheet(name: str) -> None:
    """Every text lies on the sheet, wide and narrow; the sheet has its width."""
    from matplotlib.text import Text

    for look in (Look(), Look(dark=True, narrow=True)):
        figure = DRAWN[name](look)
        assert figure.get_size_inches()[0] * style.DPI == (NARROW if look.narrow else WIDE)
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        figure.draw(renderer)
        edge = figure.bbox
        unseen = {
            label
            for axes in figure.axes
            for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
            for tick in axis.get_major_ticks()
            for label in (tick.label1, tick.label2)
            if not min(low, high) <= tick.get_loc() <= max(low, high)
        }  # matplotlib makes one tick more at either end and does not draw it
        for text in figure.findobj(Text):
            if text.get_text() and text.get_visible() and text not in unseen:
                box = text.get_window_extent(renderer)
                out = (edge.x0 - box.x0, box.x1 - edge.x1, edge.y0 - box.y0, box.y1 - edge.y1)
                assert max(out) <= 3, (name, look, text.get_text(), out)


@pytest.mark.parametrize("name", ["tornado", "corner", "fans"])
def test_the_same_data_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    digests = []
    for folder in ("one", "two"):
        paths = style.save(DRAWN[name](Look()), tmp_path / folder / "figure")
        assert [path.suffix for path in paths] == [".svg", ".png"]
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1]
    text = (tmp_path / "one" / "figure.svg").read_text(encoding="utf-8")
    assert not re.search(r"20\d\d-\d\d-\d\dT|<dc:date>|matplotlib v", text, re.I)
    assert WORDS["title"] in text  # the title is there for those who do not see the picture


def test_the_users_own_settings_change_nothing_and_are_left_alone(tmp_path: Path) -> None:
    import matplotlib

    plain = style.save(DRAWN["tornado"](Look()), tmp_path / "plain")[1].read_bytes()
    with matplotlib.rc_context({"font.family": "serif", "axes.facecolor": "red", "svg.hashsalt": "mine"}):
        before = dict(matplotlib.rcParams)
        own = style.save(DRAWN["tornado"](Look()), tmp_path / "own")[1].read_bytes()
        assert dict(matplotlib.rcParams) == before
    assert own == plain


def test_drawing_leaves_no_figure_in_pyplot() -> None:
    from matplotlib import pyplot

    DRAWN["paired"](Look())
    assert pyplot.get_fignums() == []


def test_four_looks_have_four_names(tmp_path: Path) -> None:
    paths = style.save_looks(DRAWN["one bar"], tmp_path / "bar")
    assert sorted(path.name for path in paths if path.suffix == ".png") == [
        "bar-dark.png", "bar-phone-dark.png", "bar-phone.png", "bar.png"
    ]  # fmt: skip


def test_the_palette_is_that_of_the_pages() -> None:
    """Figures of experiments and pages lie side by side; neither package may import the other."""
    for ours, theirs in ((LIGHT, theme.LIGHT), (DARK, theme.DARK)):
        assert ours["paper"] == theirs["bg"]
        assert {name: ours[name] for name in theirs if name in ours} == {
            name: theirs[name] for name in theirs if name in ours
        }
        assert {"ink", "muted", "accent", "blue", "c1", "c6"} <= set(ours) & set(theirs)


def contrast(one: str, two: str) -> float:
    from matplotlib.colors import to_rgb

    def luminance(colour: str) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_read_on_their_ground(dark: bool) -> None:
    """WCAG 2 AA: 4.5 to 1 for text, 3 to 1 for lines and large signs; ink on every shade of a heat map."""
    look = Look(dark=dark)
    for role in ("ink", "muted", "accent", "blue"):
        assert contrast(look[role], look["paper"]) >= 4.5
    for role in ("c2", "c3", "c4", "c5", "c6"):
        assert contrast(look[role], look["paper"]) >= 3.0
    from matplotlib.colors import to_hex

    for value in np.linspace(-1, 1, 41):
        fill = heat_map.colour(float(value), -1, 1, look)
        assert contrast(heat_map.ink_on(fill), to_hex(fill)) >= 4.5


def test_numbers() -> None:
    assert [style.number(value) for value in (0, 1234567.0, 12.345, 0.01234, -3.5)] == [
        "0",
        "1,234,567",
        "12.3",
        "0.0123",
        "−3.5",
    ]
    assert style.places([0.41, 0.004]) == 2 and style.places([12.0]) == 0 and style.places([]) == 0
    assert [style.fixed(v, 1, True) for v in (1.0, -0.04, 0.26)] == ["+1.0", "0.0", "+0.3"]
    assert style.percent(0.714) == "71\u00a0%"


def test_long_keys_keep_both_ends() -> None:
    words = "employers.Google DeepMind.compute"
    short = style.shorten(words, 12, 120)
    assert style.width_of(short, 12) <= 120 and short[0] == "e" and short.endswith("te") and "…" in short
    assert style.shorten(words, 12, 900) == words


def test_bad_data_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 9"):
        ranks.draw(np.array([[11]]), 9, ["x"], title="t")
    with pytest.raises(ValueError, match=r"expected \(samples, parameters\)"):
        corner.draw(np.empty((0, 2)), ["x", "y"], title="t")
