"""Colours of the app: right in every month, the same for the same thing on every page, dark enough to be read."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from abm import cli
from tests.browser import PATIENCE, Watched
from viz.report import write_report

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]

WRONGLY_PAINTED = """month => {
    const { network, market } = window.talent;
    const { place } = market.at(month);
    let [looked, wrong] = [0, 0];
    place.forEach((spot, person) => {
        if (spot < 0) return;
        looked += 1;
        wrong += network.class[person] !== market.colourOf(market.employerOf(spot));
    });
    return [looked, wrong, network.month];
}"""
COHORTS_PAINTED = """() => {
    const { network, market } = window.talent;
    const members = new Set(market.cohorts.slice(0, 6).flatMap(cohort => cohort.members));
    const painted = [...network.class.keys()].filter(person => network.class[person] !== 7);
    return [members.size, painted.length, painted.filter(person => !members.has(person)).length];
}"""


def test_where_people_are_is_right_in_every_month(open_app: Open) -> None:
    """The colour "where people are", chosen before the first month, follows everybody, forwards and backwards."""
    app = open_app("")
    app.page.locator("#colour-by").select_option("now")
    for month in (0, 6, 15):
        if month:
            app.run_to(month)
        looked, wrong, shown = app.page.evaluate(WRONGLY_PAINTED, month)
        assert looked > 4_000 and shown == month
        assert wrong == 0, f"{wrong} of {looked} people have the colour of another employer in month {month}"
    for month in (9, 0, 12):
        app.page.evaluate("month => window.talent.transport.scrub(month)", month)
        looked, wrong, shown = app.page.evaluate(WRONGLY_PAINTED, month)
        assert looked > 4_000 and (wrong, shown) == (0, month)


def test_cohorts_are_seen_once_they_are_fixed(open_app: Open) -> None:
    """The colour "cohorts", chosen before anybody belongs to one, shows every member later, in all months."""
    app = open_app("scenario=tiny")
    app.page.locator("#colour-by").select_option("cohort")
    assert app.page.evaluate(COHORTS_PAINTED)[1] == 0, "nobody is a member yet"
    app.run_to(12)
    members, painted, strangers = app.page.evaluate(COHORTS_PAINTED)
    assert members > 0 and (painted, strangers) == (members, 0)
    app.page.evaluate("window.talent.transport.scrub(0)")
    assert app.page.evaluate(COHORTS_PAINTED) == [members, members, 0]


def test_the_question_of_the_scenario_is_on_the_page(open_app: Open) -> None:
    """What the scenario asks stands beside the network before the first month, and under its title on Learn."""
    app = open_app("")
    question = "Two author groups of one lab, one poor and one rich in compute, both lost about half of their people."
    assert question in app.page.locator("#page-market .feed").inner_text()
    app.picture("question-market")
    app.go("learn")
    app.page.wait_for_selector(".why", timeout=PATIENCE)
    assert question in app.page.locator(".why").inner_text()
    app.picture("question-learn")


# ---- the same colour for the same thing ------------------------------------------------------------------------------

COLOUR = "(node, name) => getComputedStyle(node)[name]"
WATERFALL = """() => {
    const chart = [...document.querySelectorAll('.why-card figure')].find(each => /What made/.test(each.textContent));
    const bars = [...chart.querySelectorAll('g[aria-label=bar] rect')].map(node => getComputedStyle(node).fill);
    const key = [...chart.querySelectorAll('.key i')].map(node => getComputedStyle(node).backgroundColor);
    return { first: bars[0], last: bars.at(-2), key };
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_going_and_staying_have_one_colour_on_every_page(open_app: Open, tmp_path: Path, dark: bool) -> None:
    """What speaks for going has one colour in the list, on the card, on the waterfall, in the report; staying too."""
    app = open_app("scenario=tiny", dark=dark)
    page = app.page
    app.run_to(12)
    seen: dict[str, set[str]] = {"going": set(), "staying": set()}
    for sign, of in seen.items():
        of.add(page.locator(f".feed .terms .{sign}").first.evaluate(COLOUR, "color"))
    page.locator(".feed li.departure:has(.going):has(.staying) button").first.click()
    page.wait_for_selector(".card .terms-bars i.going", timeout=PATIENCE)
    for sign, of in seen.items():
        of.add(page.locator(f".card .terms-bars i.{sign}").first.evaluate(COLOUR, "backgroundColor"))
    page.get_by_role("button", name="Open on the Why page").click()
    page.wait_for_selector(".why-card figure rect", timeout=PATIENCE)
    fall = page.evaluate(WATERFALL)
    seen["going"] |= {fall["first"], fall["key"][0]}
    seen["staying"] |= {fall["last"], fall["key"][1]}
    for sign, of in seen.items():
        of.add(page.locator(f".departures .{sign}").first.evaluate(COLOUR, "color"))
    page.evaluate("window.talent.select('person', 0)")  # what speaks for the present job speaks for staying
    page.wait_for_selector(".card h2:has-text('Researcher 0')", timeout=PATIENCE)
    bars = page.locator(".card .terms-bars").first
    signs = bars.evaluate(
        "node => [...node.querySelectorAll('i')].map(i => [i.className, i.parentNode.nextSibling.textContent[0]])"
    )
    assert {sign for sign, _ in signs} == {"going", "staying"}
    assert all((sign == "going") == (number == "−") for sign, number in signs), signs
    with page.context.new_page() as report:
        report.goto(write_report(a_run(tmp_path)).as_uri())
        for sign, kind in (("going", "go"), ("staying", "stay")):
            seen[sign].add(report.locator(f"#terms rect.{kind}").first.evaluate(COLOUR, "fill"))
    assert {sign: len(of) for sign, of in seen.items()} == {"going": 1, "staying": 1}, seen
    assert seen["going"] != seen["staying"]


def a_run(folder: Path) -> Path:
    """A folder of a run of the smallest scenario."""
    assert cli.main(["run", "tiny", "--replicates", "2", "--workers", "1", "--out", str(folder / "run")]) == 0
    return folder / "run"


# ---- dark enough -----------------------------------------------------------------------------------------------------

PALE = """() => {
    const rgb = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const linear = v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const ground = node => {
        for (let at = node; at; at = at.parentElement) {
            const parts = rgb(getComputedStyle(at).backgroundColor);
            if (parts.length === 3 || parts[3] > 0.99) return parts;
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll('#talent svg text')]
        .filter(node => node.textContent.trim() && node.getClientRects().length);
    const found = texts.map(node => {
        const [a, b] = [light(rgb(getComputedStyle(node).fill)), light(ground(node))].sort((x, y) => y - x);
        return [node.textContent, (a + 0.05) / (b + 0.05)];
    });
    return [found.length, found.filter(([, ratio]) => ratio < 4.5)];
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_whatever_is_written_in_a_chart_can_be_read(open_app: Open, dark: bool) -> None:
    """Letters in drawings, which axe does not look at, have the contrast of small text; axe looks at the rest."""
    app = open_app("", dark=dark)
    app.run_to(20)
    assert app.page.evaluate("window.talent.market.cohorts.filter(each => each.members.length).length") >= 2
    for name, least in (("market", 40), ("compute", 40), ("levers", 20)):
        app.go(name)
        app.page.wait_for_selector(f"#page-{name} .plot svg text", timeout=PATIENCE)
        app.page.wait_for_timeout(500)
        looked, pale = app.page.evaluate(PALE)
        assert looked >= least and pale == [], name
        violations = Axe().run(app.page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert [(node["target"], node["html"][:120]) for each in violations for node in each["nodes"]] == [], name
        app.picture(f"contrast-{name}-{'dark' if dark else 'light'}")


# ---- true words ------------------------------------------------------------------------------------------------------


TICKS = """node => [...node.querySelectorAll('g[aria-label="x-axis tick label"] text')].map(text => {
    const box = text.getBoundingClientRect();
    return [Number(text.textContent.replace(/,/g, '')), box.x + box.width / 2];
})"""
STATES = """async () => {
    const { market, link } = window.talent;
    const { row, escalated } = (await link.ask('compute')).compute.team;
    return Array.from(escalated).filter((_, k) => market.employerOf(row[k]) === market.focal.row);
}"""


def test_what_is_said_of_a_scale_is_true_of_it(open_app: Open) -> None:
    """No bar goes beyond the end that its unit names."""
    app = open_app("")
    page = app.page
    app.run_to(6)
    app.go("why")
    departures = page.evaluate(
        "window.talent.market.reports.flatMap(r => r.feed.filter(e => e.kind === 'departure').map(e => e.departure))"
    )
    cards = page.evaluate(
        "all => Promise.all(all.map(departure => window.talent.link.ask('why', { departure }).then(a => a.card)))",
        departures[:150],
    )
    most = max(cards, key=lambda card: max(card["breach"].values()))
    size = max(most["breach"].values())
    assert size > 1.0, "nobody feels more than what was said to be full: the test shows nothing"
    page.evaluate("departure => window.talent.explain(departure)", most["departure"])
    breach = page.locator(".why-card figure", has_text="Breach of the contract felt")
    breach.wait_for(timeout=PATIENCE)
    assert "full" not in breach.inner_text() and "no upper end" in breach.inner_text()


def test_lengths_are_in_proportion_to_what_they_stand_for(open_app: Open) -> None:
    """The axis of need and delivery is linear: equal steps are equally long."""
    app = open_app("scenario=tiny")
    app.run_to(6)
    app.go("compute")
    needs = app.page.locator("figure", has_text="Need and delivery")
    needs.locator("svg text").first.wait_for(timeout=PATIENCE)
    ticks = needs.evaluate(TICKS)
    assert len(ticks) >= 3
    steps = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(ticks)]
    assert max(steps) == pytest.approx(min(steps), rel=0.05), ticks


def test_escalations_are_a_sentence_and_its_exceptions(open_app: Open) -> None:
    """What nearly every team did is said once; the table has only those with another answer, or with a promise."""
    app = open_app("")
    page = app.page
    app.run_to(10)
    app.go("compute")
    page.wait_for_function(
        "document.querySelector('.escalations')?.textContent.includes('asked for more')", timeout=PATIENCE
    )
    said = page.locator(".escalations").inner_text()
    states = page.evaluate(STATES)
    waiting, others = states.count(1), len([state for state in states if state > 1])
    assert waiting > 20, "hardly any team waits: the test shows nothing"
    assert f"{waiting} waiting for the research head" in said
    assert page.locator("#page-compute .compute table tbody tr").count() == others < 5
