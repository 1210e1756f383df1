"""What the page tells is true: the tour, colours, what is offered, what is called luck, what a pull is drawn as."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from abm import views
from abm.live import LiveMarket
from tests.app_session import asked
from tests.browser import LAPTOP, PATIENCE, PHONE, Watched

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]

STEP = ".tour :text('Step {} of 5')"
COVERED = """() => {
    const box = node => node.getBoundingClientRect();
    const tour = box(document.querySelector(".tour"));
    const over = other => Math.min(tour.right, other.right) - Math.max(tour.left, other.left) > 1
        && Math.min(tour.bottom, other.bottom) - Math.max(tour.top, other.top) > 1;
    return ["header", "main", ".transport"].filter(name => {
        const other = document.querySelector(`#talent > ${name}`);
        return other.getClientRects().length && over(box(other));
    });
}"""
SEEN = """name => {
    const { width, height } = document.querySelector(name).getBoundingClientRect();
    return width > 100 && height > 100;
}"""
STROKES = """title => [...document.querySelectorAll("#page-market .charts figure")]
    .find(figure => figure.querySelector(".title").textContent === title)
    .querySelectorAll("g[aria-label=line] path").values().map(path => path.getAttribute("stroke")).toArray()"""
LABORATORIES = {"var(--accent)", *(f"var(--c{k})" for k in range(1, 7)), "var(--rest)"}


def begin_tour(app: Watched) -> None:
    """Its first step."""
    app.page.get_by_role("button", name="Start the tour").click()
    app.page.wait_for_selector(STEP.format(1), timeout=PATIENCE)


def following(app: Watched, step: int) -> None:
    """On to a step, once the one before lets go."""
    app.page.wait_for_function("!document.querySelector('.tour .primary:last-of-type').disabled", timeout=PATIENCE)
    app.page.locator(".tour .bar-row button.primary").click()
    app.page.wait_for_selector(STEP.format(step), timeout=PATIENCE)


# ---- the tour --------------------------------------------------------------------------------------------------------


def test_a_step_of_the_tour_that_was_left_pulls_nobody_away(open_app: Open) -> None:
    app = open_app("page=learn")
    page = app.page
    begin_tour(app)
    page.locator(".tour .bar-row button.primary").click()
    page.wait_for_function("window.talent.playing", timeout=PATIENCE)
    page.locator(".tour button", has_text="Back").click()
    app.go("levers")
    page.wait_for_function("window.talent.market.month === 10 && !window.talent.playing", timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert page.evaluate("window.talent.page") == "levers"
    assert page.locator(STEP.format(1)).count() == 1


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_tour_covers_nothing_draws_the_bet_and_ends_where_something_can_be_done(
    open_app: Open, viewport: dict[str, int]
) -> None:
    """Its panel stands beside the page; the last step begins before the first author leaves, and counts again."""
    app = open_app("page=learn", viewport)
    page = app.page
    begin_tour(app)
    for step in range(1, 6):
        if step > 1:
            following(app, step)
        if step == 2:
            page.wait_for_function("window.talent.page === 'compute'", timeout=PATIENCE)
        if step == 3:
            page.locator("#tour-bet").fill("5")
            page.get_by_role("button", name="That is my bet").click()
            page.wait_for_selector(".tour :text('In this history')", timeout=PATIENCE)
            words = page.locator(".tour figure svg text").all_text_contents()
            assert "your bet" in words and "reported" in words
        assert page.evaluate(COVERED) == [], f"step {step}"
        if step in (1, 3):
            assert page.evaluate(SEEN, "canvas.network")
    page.wait_for_function("window.talent.page === 'levers'", timeout=PATIENCE)
    assert page.evaluate("window.talent.market.month") == 10
    assert page.evaluate("window.talent.market.cohorts[0].members.length") == 0, "nobody is an author yet"
    page.get_by_role("button", name="Run to Sep 2023 and count").click()
    page.wait_for_selector(".tour :text('With nothing pulled')", timeout=PATIENCE)
    said = page.locator(".tour [aria-live]").inner_text()
    with_nothing, as_it_was = (said.split(mark)[1].split()[0] for mark in ("pulled ", "As it was, "))
    assert with_nothing == as_it_was, said
    page.locator(".transport button", has_text="Bring it back").click()
    page.wait_for_function("!document.querySelector('.tour')", timeout=PATIENCE)  # that run is not the tour's
    assert page.evaluate("window.talent.market.month") == 21


def test_the_tour_says_that_it_waits_for_a_reader_who_has_paused(open_app: Open) -> None:
    """And goes on, no further than its month, when Play is pressed."""
    app = open_app("page=learn")
    page = app.page
    begin_tour(app)
    page.locator(".tour .bar-row button.primary").click()
    page.wait_for_selector(".tour-body :text('The months go by')", timeout=PATIENCE)
    page.wait_for_function("window.talent.market.month >= 1", timeout=PATIENCE)
    page.locator(".transport button", has_text="Pause").click()
    page.wait_for_selector(".tour-body :text('Paused: press Play')", timeout=PATIENCE)
    assert "go by" not in page.locator(".tour-body").inner_text()
    page.locator(".transport button", has_text="Play").click()
    page.wait_for_selector(".tour-body :text('By autumn 2022')", timeout=PATIENCE)
    app.settle()
    page.wait_for_function("!window.talent.playing", timeout=PATIENCE)
    assert page.evaluate("window.talent.market.month") >= 10


def test_the_tour_does_not_call_a_history_with_pulls_that_which_was(open_app: Open) -> None:
    app = open_app("page=learn")
    page = app.page
    begin_tour(app)
    app.logged("pull", policy="hiring", settings={"factor": 0.2})
    following(app, 2)
    page.wait_for_function("window.talent.page === 'compute'", timeout=PATIENCE)
    following(app, 3)
    page.get_by_role("button", name="That is my bet").click()
    page.wait_for_selector(".tour :text('In this history')", timeout=PATIENCE)
    following(app, 4)
    following(app, 5)
    page.get_by_role("button", name="Run to Sep 2023 and count").click()
    page.wait_for_selector(".tour :text('With 1 pull')", timeout=PATIENCE)
    assert "As it was" not in page.locator(".tour").inner_text()


# ---- colours ---------------------------------------------------------------------------------------------------------

FILLS = """() => {
    const figures = [...document.querySelectorAll("#page-compute figure")];
    const figure = figures.find(each => /Where the compute/.test(each.textContent));
    const known = new Map();
    for (const bar of figure.querySelectorAll("g[aria-label=bar] rect")) {
        const part = bar.querySelector("title").textContent.split(": ")[1].replace(/ [\\d.,]+ H100e/, "");
        known.set(part, [bar.getAttribute("fill"), getComputedStyle(bar).fill]);
    }
    return Object.fromEntries(known);
}"""
TEAMS = """() => {
    const figures = [...document.querySelectorAll("#page-compute figure")];
    const figure = figures.find(each => /over time/.test(each.textContent));
    return [
        [...figure.querySelectorAll("g[aria-label=area] path")].map(path => path.getAttribute("fill")),
        [...figure.querySelectorAll(".key i")].map(node => node.style.getPropertyValue("--swatch")),
    ];
}"""
AS_RGB = """colour => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


def contrast(one: list[int], other: list[int]) -> float:
    """Of two colours, as WCAG 2 defines it."""

    def luminance(colour: list[int]) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (each / 255 for each in colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_parts_of_compute_are_told_apart_and_are_no_laboratory(open_app: Open, dark: bool) -> None:
    app = open_app("scenario=tiny&page=compute", LAPTOP, dark)
    app.run_to(2)
    app.page.wait_for_selector("#page-compute figure g[aria-label=bar] rect", timeout=PATIENCE)
    fills = app.page.evaluate(FILLS)
    assert len(fills) == 5
    assert not {fill for fill, _ in fills.values()} & LABORATORIES
    plain = {part: app.page.evaluate(AS_RGB, shown) for part, (_, shown) in fills.items() if "url" not in shown}
    patterns = {fill for fill, shown in fills.values() if "url" in shown}
    assert len(plain) + len(patterns) == 5
    for one, other in combinations(plain, 2):
        assert contrast(plain[one], plain[other]) >= 2.5, (one, other)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_teams_over_time_are_tints_of_their_own_laboratory(open_app: Open, dark: bool) -> None:
    """No team has the colour of another employer, no two have the same, and the key shows what is drawn."""
    app = open_app("page=compute", LAPTOP, dark)
    app.run_to(3)
    app.page.wait_for_selector("#page-compute figure g[aria-label=area] path", timeout=PATIENCE)
    app.settle()
    fills, keys = app.page.evaluate(TEAMS)
    own = app.page.evaluate("window.talent.market.colourOf(window.talent.market.focal.row)")
    mine = "var(--accent)" if own == 0 else f"var(--c{own})"
    assert len(fills) == len(set(fills)) == 8
    assert set(fills) == set(keys)
    for fill in fills:
        assert mine in fill
        assert not any(other in fill for other in LABORATORIES - {mine})


def test_colours_of_laboratories_stand_for_laboratories_only(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    app.run_to(12)
    for title in ("Start-ups alive", "Mean pay", "Looking for a job", "Cohorts: gone"):
        strokes = set(app.page.evaluate(STROKES, title))
        assert strokes and not strokes & LABORATORIES, title
    assert set(app.page.evaluate(STROKES, "Head count")) <= LABORATORIES
    app.page.select_option("#colour-by", "cohort")
    swatches = app.page.locator("#page-market .under .swatch").evaluate_all(
        "nodes => nodes.map(node => node.style.getPropertyValue('--swatch'))"
    )
    assert swatches and not set(swatches) & LABORATORIES
    drawn = app.page.evaluate("[...new Set(window.talent.network.class)].map(k => window.talent.network.dots[k])")
    hues = app.page.evaluate("window.talent.network.palette.slice(0, 7)")
    assert not set(drawn) & set(hues)


EXPERIMENT = """async () => {
    const base = document.querySelector("link[data-talent]").href.replace("app.css", "js/opened/");
    const [{ block }, { sweep }] = await Promise.all([import(`${base}blocks.js`), import(`${base}sweep.js`)]);
    const values = Array.from({ length: 8 }, (_, k) => k);
    const factor = { name: "f", unit: "", log: false };
    const one = levels => ({ title: "s", replicates: 1, factors: [{ ...factor, levels }],
        x: [levels.length ? values.map(k => k % 2) : values],
        outcomes: [{ name: "y", unit: "" }], y: [values] });
    const points = { type: "points", title: "p", note: "", x: { label: "x", unit: "" }, y: { label: "y", unit: "" },
        points: values.map(k => ({ name: `${k}`, x: k, y: k, group: `group ${k % 4}` })) };
    const host = document.querySelector("#page-market");
    host.replaceChildren(sweep(one([])), sweep(one(["a", "b"])), block(points, {}));
    await new Promise(done => setTimeout(done, 500));
    const painted = [...host.querySelectorAll("svg [fill], svg [stroke]")]
        .flatMap(node => ["fill", "stroke"].map(name => node.getAttribute(name)));
    return [host.querySelectorAll("svg circle").length, [...new Set(painted.filter(Boolean))]];
}"""


def test_no_curve_of_an_experiment_has_the_colour_of_a_laboratory(open_app: Open) -> None:
    """The single curve of a sweep, drawn as points and as means, and groups of points."""
    app = open_app("scenario=tiny")
    circles, painted = app.page.evaluate(EXPERIMENT)
    assert circles >= 8 + 2 + 8
    assert {"var(--ink)", "var(--k1)", "var(--k2)", "var(--k3)", "var(--k4)"} <= set(painted)
    assert not set(painted) & LABORATORIES


# ---- why -------------------------------------------------------------------------------------------------------------


def test_what_would_have_kept_is_not_asked_of_somebody_who_was_laid_off(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(2)
    app.logged("pull", policy="layoffs", settings={"share": 0.6, "employer": "Alpha"})
    app.run_to(3)
    laid_off = page.evaluate(
        "window.talent.market.reports[2].feed.find(entry => entry.cause === 'laid_off')?.departure"
    )
    assert laid_off is not None
    page.evaluate("departure => window.talent.explain(departure)", laid_off)
    page.wait_for_selector("#page-why .why-card :text('was laid off')", timeout=PATIENCE)
    card = page.locator("#page-why .why-card")
    assert "it was a layoff" in card.inner_text()
    assert "What would have kept" not in card.inner_text() and "Opened by" not in card.inner_text()
    seed, chosen = next(
        (seed, found[False]) for seed in range(1, 30) if False in (found := worse(LiveMarket("tiny", seed)))
    )
    app = open_app(f"scenario=tiny&seed={seed}")
    page = app.page
    app.run_to(12)
    page.evaluate("departure => window.talent.explain(departure)", chosen)
    page.wait_for_selector("#page-why .why-card button:has-text('What would have kept')", timeout=PATIENCE)


def worse(market: LiveMarket) -> dict[bool, int]:
    """A departure in which the best option was taken (False), and one in which a worse one was (True)."""
    found: dict[bool, int] = {}
    while not market.is_over:
        market.step()
        for entry in views.feed(market, market.month - 1):
            if entry["kind"] != "departure" or entry["cause"] != "job":
                continue
            options = views.why(market, entry["departure"])["options"]
            taken = next(option["value"] for option in options if option["taken"])
            best = max(option["value"] for option in options if option.get("state") != "no_place")
            found.setdefault(bool(best > taken + 5e-4), entry["departure"])
    return found


def test_a_chosen_option_that_is_worse_is_called_luck(open_app: Open) -> None:
    """On the market's card, as on the Why page and the command line."""
    seed, found = next((seed, found) for seed in range(1, 30) if len(found := worse(LiveMarket("tiny", seed))) == 2)
    app = open_app(f"scenario=tiny&seed={seed}")
    app.run_to(12)
    for is_worse, departure in found.items():
        app.page.evaluate(
            "departure => window.talent.select('departure', window.talent.market.reports"
            ".flatMap(({ feed }) => feed).find(entry => entry.departure === departure))",
            departure,
        )
        app.page.wait_for_selector("#page-market .card h3:has-text('Options held')", timeout=PATIENCE)
        app.page.wait_for_timeout(200)
        assert ("luck of the month decided" in app.page.locator("#page-market .card").inner_text()) is is_worse


# ---- levers and comparisons ------------------------------------------------------------------------------------------


def test_a_policy_of_nothing_cannot_be_pulled_and_what_happens_once_is_drawn_once(open_app: Open) -> None:
    app = open_app("scenario=tiny&page=levers")
    page = app.page
    card = page.locator("[data-lever=layoffs]")
    card.locator("summary").click()
    pull = card.get_by_role("button", name="Do it next month")
    card.locator("select").first.select_option("Alpha")
    assert pull.is_disabled()
    card.locator("input[type=number]").fill("0.2")
    pull.click()
    page.wait_for_selector(".gantt svg .once", timeout=PATIENCE)
    assert page.locator(".gantt svg rect").count() == 0
    assert "No policy is in force" in page.locator("#page-levers .pulled").inner_text()
    hiring = page.locator("[data-lever=hiring]")
    hiring.locator("summary").click()
    hiring.locator("input[type=number]").fill("0.5")
    hiring.get_by_role("button", name="Pull").click()
    page.wait_for_selector(".gantt svg rect", timeout=PATIENCE)
    assert page.locator(".gantt svg .once").count() == 1
    app.go("compare")
    page.get_by_role("button", name="With a policy").click()
    page.select_option("#compare-policy", "layoffs")
    compare = page.get_by_role("button", name="Compare", exact=True)
    page.locator("#page-compare .knobs select").first.select_option("Alpha")
    assert compare.is_disabled()
    page.locator("#page-compare .knobs input[type=number]").fill("0.2")
    assert compare.is_enabled()


NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("layoffs", {"employer": "Alpha"}),
    ("allocation_rule", {"employer": "Alpha"}),
    ("buy_compute", {"lead_time": 3.0}),
]


def test_the_session_refuses_a_policy_of_nothing() -> None:
    with asked("tiny", 2) as tiny:
        for policy, settings in NOTHING:
            assert "does something" in tiny.refused("pull", policy=policy, settings=settings)
            assert "does something" in tiny.refused("compare", policy=policy, settings=settings, histories=1)
        assert tiny.well("log")["log"] == []


def test_outcomes_that_are_all_equal_are_not_called_luck(open_app: Open) -> None:
    """Garden leave from the last month on: the worlds differ, and nothing that is counted does."""
    app = open_app("scenario=tiny&page=compare")
    page = app.page
    page.get_by_role("button", name="With a policy").click()
    page.select_option("#compare-policy", "garden_leave")
    page.select_option("#compare-since", "2022-12")
    page.locator("#page-compare .knobs input[type=number]").first.fill("6")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_selector("#page-compare .outcome .lead:has-text('Over 10 pairs')", timeout=2 * PATIENCE)
    said = page.locator("#page-compare .outcome .lead").inner_text()
    verdicts = set(page.locator("#page-compare .outcome .verdict").all_inner_texts())
    assert verdicts == {"no difference in any of 10 pairs"}
    assert "no outcome differs at all" in said and "luck" not in said
