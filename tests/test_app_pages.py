"""Every page of the app, opened and used in a real browser, with the network cut; screenshots in build/screens."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import LAPTOP, PATIENCE, PHONE, Watched

pytestmark = pytest.mark.browser

PAGES = ("market", "levers", "compute", "compare", "why", "build", "experiments", "learn")
SCREENS = {
    "laptop": (LAPTOP, False),
    "laptop-dark": (LAPTOP, True),
    "phone": (PHONE, False),
    "phone-dark": (PHONE, True),
}
Open = Callable[..., Watched]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_seen_and_has_no_serious_fault_for_anybody(open_app: Open, screen: str) -> None:
    """axe finds no serious or critical problem, nothing is wider than the screen, and a picture of each is kept."""
    viewport, dark = SCREENS[screen]
    app = open_app("", viewport, dark)
    app.run_to(16)
    found = {}
    for page in PAGES:
        app.go(page)
        app.page.wait_for_timeout(700)
        app.settle()
        app.picture(f"{screen}-{page}")
        violations = Axe().run(app.page).response["violations"]
        found[page] = [
            (each["id"], node["target"], node["html"][:120])
            for each in violations
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"][:3]
        ]
        wide = app.page.evaluate(
            "document.querySelector('#talent main').scrollWidth - document.querySelector('#talent main').clientWidth"
        )
        assert wide <= 1, f"{page} is {wide} pixels wider than the screen"
    assert {page: faults for page, faults in found.items() if faults} == {}


USE_NEXT = (Path(__file__).parent / "controls.js").read_text(encoding="utf-8").partition("\n")[2]
FAULTS = (
    "[...document.querySelectorAll('.toast.error')].map(node => node.textContent).filter(t => /went wrong/.test(t))"
)
FOCUSED = "(node => `${node.className}|${node.id}|${node.textContent.slice(0, 20)}`)(document.activeElement)"
INSIDE_META = """() => {
    const network = window.talent.network;
    const { layout, view, canvas } = network;
    const [meta, box] = [layout.employers.get(0), canvas.getBoundingClientRect()];
    for (let angle = 0; angle < 6.28; angle += 0.05) {
        const x = (meta.x + 0.93 * meta.r * Math.cos(angle)) * view.k + view.x;
        const y = (meta.y + 0.93 * meta.r * Math.sin(angle)) * view.k + view.y;
        if (network.under(x, y)?.kind === "employer") return [box.x + x, box.y + y];
    }
    return null;
}"""


@pytest.mark.parametrize("page", PAGES)
def test_every_control_can_be_used(open_app: Open, page: str) -> None:
    """Each control of a page is used once, also those that appear on the way; nothing breaks, the page answers."""
    app = open_app("scenario=tiny")
    app.run_to(4)
    app.go(page)
    app.page.wait_for_timeout(500)
    app.settle()
    app.page.evaluate("window.used = new Set(); window.confirm = () => true; window.print = () => {}")
    used = 0
    for _ in range(400):
        kind = app.page.evaluate(USE_NEXT, page)
        if kind is None:
            break
        used += 1
        app.page.wait_for_timeout(40)
        wrong = app.page.evaluate(FAULTS)
        assert wrong == [], f"after {kind}: {wrong}"
    assert used >= 3, f"only {used} controls on {page}"
    app.page.evaluate("window.talent.playing && window.talent.transport.toggle()")
    app.picture(f"used-{page}")
    answer = app.page.evaluate("window.talent.link.ask('digest').then(answer => answer.digest)")
    assert len(answer) == 64


def test_the_keyboard_reaches_and_works_everything(open_app: Open) -> None:
    """Tab goes through heading, pages, network and time; keys step, play, move time and zoom the network."""
    app = open_app("scenario=tiny")
    page = app.page
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    text = " ".join(sorted(reached))
    for wanted in ("skip", "network", "Levers", "scenario", "Play", "scrub"):
        assert wanted in text, f"Tab does not reach {wanted}: {text}"
    page.locator("#main").focus()
    page.keyboard.press(".")
    page.wait_for_function("window.talent.market.month === 1", timeout=PATIENCE)
    page.locator(".scrub").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.talent.market.cursor") == 0
    page.locator("canvas.network").focus()
    before = page.evaluate("window.talent.network.view.k")
    page.keyboard.press("+")
    assert page.evaluate("window.talent.network.view.k") > before
    page.locator("#main").focus()
    page.keyboard.press(" ")
    page.wait_for_function("window.talent.market.month > 2", timeout=PATIENCE)
    page.keyboard.press(" ")


def test_people_stay_where_they_are_when_nothing_happened(open_app: Open) -> None:
    """Who did not move has the same place on the map a month later; who did has another."""
    app = open_app("")
    app.run_to(3)
    before = app.page.evaluate("Array.from(window.talent.network.x)")
    app.page.locator(".transport button", has_text="Step").click()
    app.page.wait_for_function("window.talent.market.month === 4", timeout=PATIENCE)
    app.page.wait_for_timeout(100)
    after = app.page.evaluate("Array.from(window.talent.network.x)")
    moved = set(app.page.evaluate("window.talent.market.movedIn(4)"))
    assert moved
    jumped = [
        row
        for row, (old, new) in enumerate(zip(before, after, strict=True))
        if old != new and row not in moved and not (isnan(old) and isnan(new))
    ]
    assert jumped == []


def test_time_can_be_gone_back_and_forth(open_app: Open) -> None:
    """Scrubbing shows the month as it was, and asks nothing of the server."""
    app = open_app("")
    app.run_to(5)
    state = "JSON.stringify([...window.talent.market.at(3).place])"
    before = app.page.evaluate(state)
    app.page.wait_for_timeout(1500)  # the ties of the last month are asked for when playing has stopped
    app.settle()
    asked = len(app.sent)
    app.page.evaluate("window.talent.transport.scrub(3)")
    assert "Mar 2022" in app.page.locator(".bigdate").inner_text()
    app.page.evaluate("window.talent.transport.scrub(5)")
    assert app.page.evaluate(state) == before
    assert len(app.sent) == asked


def test_a_click_shows_a_card(open_app: Open) -> None:
    """A person, a team, an employer and an event each have a card; a departure has its reasons."""
    app = open_app("")
    app.run_to(12)
    point = app.page.evaluate(INSIDE_META)
    app.page.mouse.click(*point)
    app.page.wait_for_selector(".card h2:has-text('Meta')", timeout=PATIENCE)
    app.page.evaluate("window.talent.select('person', 40)")
    app.page.wait_for_selector(".card h2:has-text('Researcher 40')", timeout=PATIENCE)
    app.page.evaluate("window.talent.select('team', 2)")
    app.page.wait_for_selector(".card h3:has-text('Members')", timeout=PATIENCE)
    app.page.locator(".tabs button").click()
    app.page.locator(".feed li.event button").first.click()
    app.page.wait_for_selector(".card :text('What if this had not happened?')", timeout=PATIENCE)
    app.page.locator(".tabs button").click()
    app.page.locator(".feed li.departure button").first.click()
    app.page.wait_for_selector(".card h2:has-text('Why')", timeout=PATIENCE)
    app.picture("why-card")


def test_the_tour_leads_through_five_steps(open_app: Open) -> None:
    """The guided tour runs on the real history, takes a bet, and ends on the levers."""
    app = open_app("page=learn")
    page = app.page
    page.get_by_role("button", name="Start the tour").click()
    for step in range(1, 6):
        page.wait_for_selector(f".tour :text('Step {step} of 5')", timeout=PATIENCE)
        if step == 3:
            page.locator("#tour-bet").fill("5")
            page.get_by_role("button", name="That is my bet").click()
            page.wait_for_selector(".tour :text('You bet 5 of 14')", timeout=PATIENCE)
        app.picture(f"tour-{step}")
        page.wait_for_function("!document.querySelector('.tour .primary:last-of-type').disabled", timeout=PATIENCE)
        page.locator(".tour .bar-row button.primary").click()
    page.wait_for_selector(".tour", state="detached")
    assert page.evaluate("window.talent.page") == "levers"
