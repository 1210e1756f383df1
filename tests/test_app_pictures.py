"""Pictures saved from the page: whoever gets one can read what it shows, in which unit, of which scenario and seed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator

from tests.browser import PATIENCE, PICTURES, Watched

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]
SVG = "{http://www.w3.org/2000/svg}"


def saved(app: Watched, button: Locator) -> Path:
    """What a button hands out, kept beside the screenshots."""
    with app.page.expect_download(timeout=PATIENCE) as found:
        button.click()
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / found.value.suggested_filename
    found.value.save_as(path)
    return path


def of_chart(app: Watched, title: str, kind: str) -> Path:
    """A chart of the page that is open, saved by its menu."""
    chart = app.page.locator("figure.chart:visible", has=app.page.locator(f".title:text-is('{title}')"))
    chart.locator("summary").click()
    return saved(app, chart.locator(".menu button", has_text=kind))


def texts(path: Path) -> str:
    """All that is written in a drawing that stands on its own."""
    text = path.read_text(encoding="utf-8")
    assert "var(" not in text and "color-mix" not in text, "a file has no style sheet around it"
    tree = ElementTree.fromstring(text)
    return " ".join(" ".join(node.itertext()).strip() for node in tree.iter(f"{SVG}text"))


def size(path: Path) -> tuple[float, float]:
    """Width and height of a drawing."""
    tree = ElementTree.parse(path).getroot()
    return float(tree.attrib["width"]), float(tree.attrib["height"])


def pixels(path: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


SOURCE = ("Scenario tiny, seed 7", "Jan 2022 – Jun 2022", "The market for AI talent", "Saved ")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_saved_chart_says_what_it_shows_and_where_it_is_from(open_app: Open, dark: bool) -> None:
    """Title, unit, key, scenario, seed, months and date stand in the SVG; the PNG is the same picture."""
    app = open_app("scenario=tiny&seed=7", dark=dark)
    app.run_to(6)
    drawing = of_chart(app, "Head count", "SVG")
    said = texts(drawing)
    for words in ("Head count", "researchers", "Alpha", "Beta", "events imposed", *SOURCE):
        assert words in said, (words, said)
    assert pixels(of_chart(app, "Head count", "PNG")) == tuple(2 * side for side in size(drawing))
    app.go("compute")
    app.page.wait_for_selector("#page-compute .plot svg", timeout=PATIENCE)
    said = texts(of_chart(app, "Where the compute goes", "SVG"))
    for words in ("Where the compute goes", "H100e", "diverted to products", "open to research; some", *SOURCE):
        assert words in said, (words, said)


def test_a_saved_picture_tells_what_was_pulled(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    app.run_to(2)
    app.logged("parameter", name="h0", value=0.02)
    app.run_to(4)
    assert "with 1 pull: " in texts(of_chart(app, "Mean pay", "SVG"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_saved_network_has_month_key_ties_and_what_is_marked(open_app: Open, dark: bool) -> None:
    """The drawing has what the canvas has, ties and the ring of who is chosen included; both say month and source."""
    app = open_app("scenario=tiny&seed=7", dark=dark)
    page = app.page
    app.run_to(6)
    page.wait_for_function("window.talent.network.ties?.pairs.length > 0", timeout=PATIENCE)
    person = page.evaluate("window.talent.market.at(6).place.findIndex(place => place >= 0)")
    page.evaluate("person => window.talent.select('person', person)", person)
    page.wait_for_function("window.talent.network.ego && window.talent.network.selected", timeout=PATIENCE)
    svg, png = (page.get_by_role("button", name=f"Save the network as {kind}") for kind in ("SVG", "PNG"))
    drawing = saved(app, svg)
    said = texts(drawing)
    for words in ("the end of Jun 2022", "Alpha", "Beta", "others", "start-up", f"Researcher {person}", *SOURCE):
        assert words in said, (words, said)
    tree = ElementTree.parse(drawing)
    ties = next(node for node in tree.iter(f"{SVG}g") if node.get("class") == "ties")
    fog, *own = (node.attrib["d"] for node in ties)
    shown = page.evaluate(
        "window.talent.network.ties.pairs.filter(p => p.every(k => window.talent.network.here[k] >= 0)).length"
    )
    assert 0 < fog.count("M") <= shown
    assert len(own) == page.evaluate("window.talent.network.ego.size") > 0
    ring = next(node for node in tree.iter(f"{SVG}circle") if node.get("class") == "chosen")
    where = page.evaluate("person => [window.talent.network.x[person], window.talent.network.y[person]]", person)
    assert [float(ring.attrib["cx"]), float(ring.attrib["cy"])] == pytest.approx(where, abs=0.01)
    box = page.evaluate("(c => [c.clientWidth, c.clientHeight])(window.talent.network.canvas)")
    width, height = pixels(saved(app, png))
    assert width >= 2 * box[0] and height > 2 * box[1] + 150, "there is room for title, key and source"
    page.evaluate("window.talent.transport.scrub(2)")
    before = saved(app, svg)
    assert before.name == "network-2022-02.svg" and "the end of Feb 2022" in texts(before)


def test_a_scenario_too_large_for_an_address_is_still_called_a_readers(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    app.run_to(2)
    assert "made by a reader" not in texts(of_chart(app, "Mean pay", "SVG"))
    app.page.evaluate("Object.assign(window.talent.market, { own: true, shared: null })")
    assert "Scenario tiny (made by a reader), seed 1" in texts(of_chart(app, "Mean pay", "SVG"))


def test_a_picture_that_cannot_be_made_says_so(open_app: Open) -> None:
    """Of a chart and of the network; a browser makes none that is too large."""
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(2)
    page.evaluate("() => { HTMLCanvasElement.prototype.toBlob = done => done(null); }")
    chart = page.locator("figure.chart:visible", has=page.locator(".title:text-is('Mean pay')"))
    chart.locator("summary").click()
    for button in (
        chart.locator(".menu button", has_text="PNG"),
        page.get_by_role("button", name="Save the network as PNG"),
    ):
        button.click()
        page.locator(".toast.error :text('the picture could not be made')").wait_for(timeout=PATIENCE)
        page.locator(".toast.error button").click()
