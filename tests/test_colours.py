"""The categories can be told apart by everybody, and what is written can be read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import viz
from viz.theme import CATEGORIES, COHORTS, DARK, DARK_TEXT, LIGHT, LIGHT_TEXT

PUBLIC = Path(viz.__file__).parent / "public"
SMALLEST = 12.0  # CIE 1976 distance; about 2 is just noticeable
VISIONS = {  # Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
    "all cones": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> NDArray[np.float64]:
    """Linear RGB of "#rrggbb"."""
    part = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_categories_can_be_told_apart(palette: Mapping[str, str], vision: str) -> None:
    seen = {name: lab(np.array(VISIONS[vision]) @ linear(palette[name])) for name in CATEGORIES}
    near = [
        (one, other, distance)
        for one, other in itertools.combinations(CATEGORIES, 2)
        if (distance := float(np.linalg.norm(seen[one] - seen[other]))) < SMALLEST
    ]
    assert near == []


def test_red_and_green_of_one_lightness_would_be_seen() -> None:
    """The measure is not blind itself: the usual red and green fall together under deuteranopia."""
    red, green = (lab(np.array(VISIONS["deuteranopia"]) @ linear(colour)) for colour in ("#c0504d", "#7a8a3a"))
    assert np.linalg.norm(red - green) < SMALLEST


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_written_can_be_read(palette: Mapping[str, str]) -> None:
    for name in ("ink", "muted", "accent", "blue"):
        for ground in ("bg", "panel"):
            assert contrast(palette[name], palette[ground]) >= 4.5, (name, ground)


@pytest.mark.parametrize(("palette", "text"), [(LIGHT, LIGHT_TEXT), (DARK, DARK_TEXT)], ids=["light", "dark"])
def test_names_of_groups_can_be_read(palette: Mapping[str, str], text: Mapping[str, str]) -> None:
    """A name in the colour of its group has the contrast that small letters need, and is still of that colour."""
    assert set(text) == {f"{name}-text" for name in CATEGORIES + COHORTS}
    for name in CATEGORIES + COHORTS:
        group = CATEGORIES if name in CATEGORIES else COHORTS
        for ground in ("bg", "panel"):
            assert contrast(text[f"{name}-text"], palette[ground]) >= 4.5, (name, ground)
        (own, written) = (lab(linear(colour)) for colour in (palette[name], text[f"{name}-text"]))
        others = [lab(linear(palette[other])) for other in group if other != name]
        assert np.linalg.norm(own - written) < min(np.linalg.norm(written - other) for other in others), name


def mixed(one: str, other: str, share: float) -> str:
    """So much of one colour in another, as `color-mix` in sRGB has it."""
    parts = ([int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in (one, other))
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(*parts, strict=True))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_numbers_in_the_cells_of_a_heat_map_can_be_read(palette: Mapping[str, str]) -> None:
    """The shades of `opened/sweep.js` and of the matrix end where ink can still be read on them."""
    page = (PUBLIC / "js" / "opened" / "sweep.js").read_text(encoding="utf-8")
    ((least, more),) = re.findall(r"Math\.round\((\d+) \+ (\d+) \* share\(cell\)\)", page)
    (most,) = re.findall(
        r"Math\.round\(\((\d+) \* \(value - low\)", (PUBLIC / "js/opened/blocks.js").read_text("utf-8")
    )
    for ground, darkest in (("bg", int(least) + int(more)), ("panel", int(most))):
        assert contrast(palette["ink"], mixed(palette["blue"], palette[ground], darkest / 100)) >= 4.5, ground
