"""What the page shows is what there is: one market, one month, one address, on every page and after every turn."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Route

from abm.live import LiveMarket
from abm.scenario import load
from tests.app_session import Asked, asked
from tests.app_tabs import digest
from tests.browser import PATIENCE, PHONE, Watched
from viz import world_code

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]
ERRORS = "[...document.querySelectorAll('.toast.error p')].map(node => node.textContent).join('|')"
OPENING = "!document.querySelector('#talent[aria-busy]')"


def query(app: Watched) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(app.page.url).query).items()}


def opened(app: Watched, what: str) -> None:
    """Do something that opens a market, and wait until it is shown."""
    app.page.evaluate(f"() => {{ window.marketBefore = window.talent.market; {what}; }}")
    app.page.wait_for_function("window.talent.market !== window.marketBefore", timeout=PATIENCE)


def replayed(scenario: str, months: int, seed: int = 1) -> str:
    """The digest of a history in which nothing is pulled."""
    market = LiveMarket(scenario, seed)
    while market.month < months:
        market.step()
    return market.digest()


@pytest.fixture
def tiny() -> Iterator[Asked]:
    """A session without a browser, four months into the smallest scenario."""
    with asked("tiny", 4) as found:
        yield found


# ---- the month -------------------------------------------------------------------------------------------------------

MONTH = """() => {
    const { market, network } = window.talent;
    return [market.cursor, network.month, document.querySelector(".bigdate").textContent,
            document.querySelector("#page-market .feed .month")?.textContent];
}"""


def test_the_market_shows_the_months_that_were_run_on_another_page(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    app.run_to(3)
    app.go("levers")
    app.run_to(6)
    app.go("market")
    assert app.page.evaluate(MONTH) == [6, 6, "Jun 2022", "Jun 2022"]
    assert app.page.locator(".transport .date").inner_text() == "Jun 2022"


def test_another_shape_of_the_window_keeps_the_month_shown(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    app.run_to(8)
    app.page.evaluate("window.talent.transport.scrub(3)")
    people = "JSON.stringify([...window.talent.network.here])"
    before = app.page.evaluate(people)
    layout = app.page.evaluate("(window.layoutBefore = window.talent.network.layout, true)")
    app.page.set_viewport_size({"width": 600, "height": 900})
    app.page.wait_for_function("window.talent.network.layout !== window.layoutBefore", timeout=PATIENCE)
    assert layout and app.page.evaluate(MONTH)[:3] == [3, 3, "Mar 2022"]
    assert app.page.evaluate(people) == before
    assert before != app.page.evaluate("JSON.stringify([...window.talent.market.at(8).place])")


def test_a_reload_returns_to_the_month(open_app: Open) -> None:
    """With a pull and without, whatever the month of the last pull."""
    app = open_app("scenario=tiny")
    app.run_to(5)
    app.page.reload()
    app.page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)
    assert app.page.evaluate("window.talent.market.month") == 5
    assert digest(app.page) == replayed("tiny", 5)
    app.logged("pull", policy="hiring", settings={"factor": 0.2})
    app.run_to(8)
    before = digest(app.page)
    app.page.reload()
    app.page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)
    assert app.page.evaluate("[window.talent.market.month, window.talent.market.pulls.length]") == [8, 1]
    assert digest(app.page) == before


# ---- one market ------------------------------------------------------------------------------------------------------


def test_what_was_begun_for_one_market_never_lands_in_another(open_app: Open) -> None:
    """A comparison of one seed is stopped when another is opened, and nothing of it is shown there."""
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(2)
    app.go("compare")
    page.evaluate("window.heard = []; window.talent.link.on('job', job => window.heard.push([job.number, job.state]))")
    page.evaluate("window.talent.without(window.talent.market.events.find(event => event.imposed).id)")
    page.wait_for_selector("#page-compare .outcome .versus", state="visible", timeout=PATIENCE)
    opened(app, "window.talent.open('tiny', 7)")
    page.wait_for_function("window.heard.some(([, state]) => ['stopped', 'done'].includes(state))", timeout=PATIENCE)
    assert page.evaluate("window.heard.at(-1)[1]") == "stopped"
    assert page.locator("#page-compare .outcome .versus").is_hidden()
    assert page.locator("#page-compare .outcome .work").is_hidden()
    assert page.locator("#page-compare .outcome > .empty").is_visible()


def test_work_carries_its_market_and_ends_with_it(tiny: Asked) -> None:
    number = tiny.well("here")["number"]
    fields: dict[str, Any] = {"first": "described", "without": ["T03"], "histories": 40}
    jobs = [tiny.well("compare", **fields)["job"], tiny.well("fans", histories=40)["job"]]
    tiny.first_part(jobs[0])
    tiny.well("open", scenario="tiny", seed=7)
    assert [tiny.end_of(job)["state"] for job in jobs] == ["stopped", "stopped"]
    told = [content["market"] for content in tiny.said if content.get("push") == "job"]
    assert set(told) == {number} and tiny.well("here")["number"] == number + 1
    again = tiny.well("fans", histories=2)["job"]
    assert tiny.end_of(again)["market"] == number + 1


# ---- the address -----------------------------------------------------------------------------------------------------


def test_a_scenario_of_ones_own_stays_in_the_address(open_app: Open) -> None:
    """After a restart, a branch and an opened pin the address still opens the same model."""
    own = load("tiny").derive(title="My own market", months=9)
    app = open_app(f"world={world_code.encode(own)}")
    ask = "window.talent.ask({}).then(answer => window.talent.show(answer))".format
    app.run_to(3)
    app.page.evaluate("window.talent.ask('pin')")
    for what in ("'branch', { month: 2 }", "'open_pin', { number: 1 }", "'again'"):
        opened(app, ask(what))
        said = query(app)
        assert "scenario" not in said, what
        assert world_code.decode(said["world"]).content_hash() == own.content_hash(), what
        assert "My own market" in app.page.locator(".world").inner_text()
    assert app.page.locator("#scenario").input_value() == ""


def test_a_scenario_too_large_for_an_address_is_not_named_by_another(open_app: Open) -> None:
    app = open_app("own=Mine&seed=3")
    said = app.page.evaluate(ERRORS)
    assert "“Mine”" in said and "file" in said and f"Shown instead: {load('meta_fair').title}" in said
    app.page.evaluate("Object.assign(window.talent.market, { own: true, shared: null }); window.talent.address.write()")
    assert "scenario" not in query(app) and query(app)["own"] == load("meta_fair").title[:80]


PULL_PARAMETERS = """async many => {
    const known = window.talent.catalogue.levers.parameters.filter(({ running }) => running).slice(0, many);
    let answer = null;
    for (const { name, default: value } of known) answer = await window.talent.ask('parameter', { name, value });
    window.talent.logged(answer);
    return known.length;
}"""


def largest_code() -> str:
    """Of a scenario as large as an address may hold: notes that cannot be packed."""
    noise, letters = random.Random(1), string.ascii_letters
    events = load("tiny").to_dict()["events"]
    found = ""
    for length in range(1_000, 2_000, 10):
        for event in events:
            event["note"] = "".join(noise.choice(letters) for _ in range(length))
        code = world_code.encode(load("tiny").derive(events=events))
        if len(code) > world_code.LONGEST_LINK:
            break
        found = code
    return found


def test_a_long_address_is_let_in_and_shows_the_same_after_a_reload(open_app: Open) -> None:
    """The largest world that an address may hold, with as many pulls as the session reads from one."""
    code = largest_code()
    app = open_app(f"world={code}")
    count = app.page.evaluate(PULL_PARAMETERS, 55)
    app.run_to(1)
    count += app.page.evaluate(PULL_PARAMETERS, 55)
    app.run_to(3)
    said = urlsplit(app.page.url).query
    assert len(code) > 7_900 and count > 90 and len(said) > 2 * 8_192
    before = digest(app.page)
    app.page.reload()
    app.page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)
    assert app.page.evaluate(ERRORS) == ""
    assert app.page.evaluate("[window.talent.market.month, window.talent.market.pulls.length]") == [3, count]
    assert digest(app.page) == before


@pytest.mark.parametrize("more", ["JSON.stringify(pull).repeat(300)", "300"], ids=["too long", "too many"])
def test_pulls_that_no_address_holds_are_not_dropped_in_silence(open_app: Open, more: str) -> None:
    app = open_app("scenario=tiny")
    app.logged("parameter", name="h0", value=0.02)
    app.run_to(2)
    app.page.evaluate(
        f"() => {{ const [pull] = window.talent.market.pulls; const more = {more};"
        "window.talent.market.pulls = typeof more === 'number' ? Array(more).fill({ month: 0, kind: 'release' })"
        ": [{ ...pull, name: more }]; window.talent.address.write(); }"
    )
    said = query(app)
    assert "pulls" not in said and "month" not in said and int(said["left"]) in (1, 300)
    app.page.reload()
    app.page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)
    assert "more than an address holds" in app.page.evaluate(ERRORS)
    assert app.page.evaluate("[window.talent.market.name, window.talent.market.month]") == ["tiny", 0]


def test_back_and_forth_go_through_the_pages(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    length = page.evaluate("history.length")
    for name in ("levers", "compare", "why"):
        app.go(name)
    app.run_to(2)
    opened(app, "window.talent.open('tiny', 5)")
    app.run_to(1)
    assert page.evaluate("history.length") == length + 3
    for name in ("compare", "levers", "market"):
        page.go_back()
        page.wait_for_function("name => window.talent.page === name", arg=name, timeout=PATIENCE)
        assert page.locator(f"#page-{name}").is_visible()
        assert query(app).get("page", "market") == name
        assert query(app)["seed"] == "5" and query(app)["month"] == "1"  # the market that is shown, not the one then
    page.go_forward()
    page.wait_for_function("window.talent.page === 'levers'", timeout=PATIENCE)


@pytest.mark.parametrize(
    ("asked_for", "came", "instead"),
    [
        ("scenario=nothere", "nothere", load("meta_fair").title),
        ("scenario=tiny&page=nothere", "“nothere”", "Market"),
        ("scenario=tiny&seed=abc", "“abc”", "seed 1"),
        ("scenario=tiny&month=99", "99", "the first month"),
        ("scenario=tiny&month=soon", "“soon”", "the first month"),
        ("scenario=tiny&pulls=[1]", "number 1", "nothing pulled"),
        ("world=ab", "world", load("meta_fair").title),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_says_what_is_shown(
    open_app: Open, asked_for: str, came: str, instead: str
) -> None:
    app = open_app(asked_for)
    said = app.page.evaluate(ERRORS)
    assert said.count("|") == 0, "one message for all of it"
    assert came in said
    assert re.search(rf"Shown instead: [^.]*{re.escape(instead)}", said), said


def test_what_was_pulled_in_one_market_is_not_played_on_another(open_app: Open) -> None:
    """Neither where there is no such scenario, nor where the reader does not want the large one."""
    usual = load("meta_fair").title
    app = open_app("scenario=nothere&month=3")
    assert app.page.evaluate("window.talent.market.month") == 0
    assert f"{usual}, from its first month" in app.page.evaluate(ERRORS)
    large = world_code.encode(load("tiny").derive(entrants_per_year=70_000))
    app.page.goto(f"{app.page.url.split('?')[0]}?{urlencode({'world': large, 'month': 3})}")
    app.page.locator("dialog.large").get_by_role("button", name="Open the usual one").click()
    app.page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)
    assert app.page.evaluate("[window.talent.market.name, window.talent.market.month]") == ["meta_fair", 0]
    assert f"{usual}, from its first month" in app.page.evaluate(ERRORS)


# ---- playing ---------------------------------------------------------------------------------------------------------


def test_play_pressed_while_a_scenario_opens_can_be_paused(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    page.evaluate(
        "() => { talent.pace = 0.3; talent.open('meta_fair', 3);"
        "[...document.querySelectorAll('.transport button')].find(each => /Play/.test(each.textContent)).click(); }"
    )
    page.wait_for_function("talent.market.name === 'meta_fair' && talent.market.month >= 2", timeout=PATIENCE)
    pause = page.locator(".transport button", has_text="Pause")
    assert pause.count() == 1, "months run and the button does not say so"
    pause.click()
    page.wait_for_function("!talent.link.waiting.size", timeout=PATIENCE)
    month = page.evaluate("talent.market.month")
    page.wait_for_timeout(1200)
    assert page.evaluate("[talent.market.month, talent.playing]") == [month, False]
    assert page.locator(".transport button", has_text="Play").count() == 1


# ---- what was left ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", ["restart", "scenario", "branch"])
def test_a_run_that_was_left_is_brought_back_by_one_click(open_app: Open, turn: str) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(3)
    app.logged("pull", policy="hiring", settings={"factor": 0.2})
    app.run_to(7)
    before = digest(page)
    if turn == "restart":
        opened(app, "document.querySelector('.transport button').click()")
    elif turn == "scenario":
        opened(app, "window.talent.open('meta_fair', 2)")
    else:
        opened(app, "window.talent.ask('branch', { month: 2 }).then(answer => window.talent.show(answer))")
    page.wait_for_selector(".toast :text('Bring it back')", timeout=PATIENCE)
    page.locator(".transport button", has_text="Bring it back").click()
    page.wait_for_function("window.talent.market.month === 7", timeout=PATIENCE)
    assert page.evaluate("[window.talent.market.name, window.talent.market.pulls.length]") == ["tiny", 1]
    assert digest(page) == before
    assert query(app)["month"] == "7" and "hiring" in query(app)["pulls"]
    app.run_to(9)
    market = LiveMarket("tiny", 1)
    for month in range(9):
        if month == 3:
            market.pull("hiring", {"factor": 0.2})
        market.step()
    assert digest(page) == market.digest()


def test_the_two_last_runs_can_be_changed_for_each_other(tiny: Asked) -> None:
    first = tiny.well("digest")["digest"]
    assert tiny.well("here")["before"] is None
    assert "no run to bring back" in tiny.refused("bring_back")
    answer = tiny.well("open", scenario="tiny", seed=2)
    assert answer["before"]["last"] == "2022-04" and answer["before"]["seed"] == 1
    tiny.well("open", scenario="tiny", seed=3)  # the one between had not begun: there is nothing of it to lose
    tiny.run_to(2)
    second = tiny.well("digest")["digest"]
    assert tiny.well("bring_back")["month"] == 4
    assert tiny.well("digest")["digest"] == first
    assert tiny.well("bring_back")["month"] == 2
    assert tiny.well("digest")["digest"] == second


# ---- what the reader has set, and where the reader is ----------------------------------------------------------------


def test_knobs_stay_as_they_were_set(open_app: Open) -> None:
    app = open_app("scenario=tiny&page=levers")
    page = app.page
    card = page.locator("[data-lever=garden_leave]")
    card.locator("summary").click()
    card.locator("input[type=number]").fill("5")
    app.go("market")
    app.run_to(1)
    app.go("levers")
    assert card.locator("input[type=number]").input_value() == "5"
    assert card.get_attribute("open") is not None


def test_the_allocation_rule_chosen_stays_until_it_is_switched(open_app: Open) -> None:
    app = open_app("scenario=tiny&page=compute")
    page = app.page
    page.wait_for_function("document.querySelector('#compute-rule').value === 'committee'", timeout=PATIENCE)
    page.select_option("#compute-rule", "equal_per_head")
    for month in (1, 2):
        app.run_to(month)
        page.wait_for_selector(f"#page-compute .lead:has-text('{['Jan', 'Feb'][month - 1]} 2022')", timeout=PATIENCE)
        assert page.locator("#compute-rule").input_value() == "equal_per_head"
    page.get_by_role("button", name="Switch from next month").click()
    app.run_to(3)
    page.wait_for_selector("#page-compute .note:has-text('In force: Equal per head')", timeout=PATIENCE)


def test_the_focus_stays_where_it_was_when_a_list_is_made_anew(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(6)
    line = page.locator("#page-market .feed button.link").first
    line.focus()
    words = line.inner_text()
    page.evaluate("window.talent.transport.one()")
    page.wait_for_function("window.talent.market.month === 7", timeout=PATIENCE)
    assert page.evaluate("document.activeElement.innerText") == words
    page.keyboard.press("Enter")  # the list gives way to a card
    page.wait_for_selector("#page-market .card h2", timeout=PATIENCE)
    assert page.evaluate("document.activeElement.closest('#page-market .side') !== null")


def test_on_a_phone_a_card_that_was_asked_for_is_in_sight(open_app: Open) -> None:
    """From the map and from a line of the list: its heading lies below the header and in the upper half."""
    app = open_app("scenario=tiny", PHONE)
    page = app.page
    app.run_to(9)
    page.evaluate("window.talent.select('person', 3)")
    page.wait_for_selector("#page-market .card h2:has-text('Researcher 3')", timeout=PATIENCE)

    def heading() -> tuple[float, float]:
        page.wait_for_timeout(150)
        top = page.evaluate("document.querySelector('#page-market .card h2').getBoundingClientRect().top")
        return top, page.evaluate("document.querySelector('#talent main').getBoundingClientRect().top")

    top, under = heading()
    assert under <= top < 420
    page.locator("#page-market .tabs button").click()
    lines = page.locator("#page-market .feed button.link")
    lines.last.scroll_into_view_if_needed()
    lines.last.click()
    page.wait_for_selector("#page-market .card h2", timeout=PATIENCE)
    top, under = heading()
    assert under <= top < 420


# ---- controls that wait ----------------------------------------------------------------------------------------------

REFUSE = """words => {
    const ask = window.talent.link.ask.bind(window.talent.link);
    const refused = what => Promise.reject(new Error(`refused: ${what}`));
    window.talent.link.ask = (what, fields) => words.includes(what) ? refused(what) : ask(what, fields);
}"""


def test_a_double_click_undoes_one_pull(open_app: Open) -> None:
    """The second click comes while the first is being answered: it does nothing, and is no fault of the page."""
    app = open_app("scenario=tiny&page=levers")
    page = app.page
    for name in ("h0", "delay_cost"):
        app.logged("parameter", name=name, value=0.02)
    undo = page.get_by_role("button", name="Undo last pull")
    undo.dblclick()
    page.wait_for_function("window.talent.market.pulls.length === 1", timeout=PATIENCE)
    app.settle()
    assert page.evaluate("window.talent.market.pulls.length") == 1 and page.evaluate(ERRORS) == ""
    assert page.evaluate("document.activeElement.textContent") == "Undo last pull", "the focus was lost"
    page.evaluate(
        "() => { const [undo] = [...document.querySelectorAll('#page-levers button')]"
        ".filter(each => /Undo last/.test(each.textContent)); undo.click(); undo.click(); }"
    )
    page.wait_for_function("window.talent.market.pulls.length === 0", timeout=PATIENCE)
    app.settle()
    assert page.evaluate(ERRORS) == ""


def test_what_is_refused_is_said_and_raises_nothing(open_app: Open) -> None:
    """Every control whose request can be refused; the page itself must not stumble over it."""
    app = open_app("scenario=tiny&page=levers")
    page = app.page
    app.run_to(2)
    page.evaluate("async () => window.talent.ask('pin')")
    asked_for = ("undo", "release", "parameter", "pull", "export", "tables", "again", "open_pin", "unpin", "open")
    app.logged("pull", policy="hiring", settings={"factor": 0.2})
    app.go("compare")
    page.wait_for_selector("#page-compare .pin", timeout=PATIENCE)
    page.evaluate(REFUSE, asked_for)

    def says(what: str, where: str, words: str) -> None:
        page.evaluate("document.querySelectorAll('.toast').forEach(node => node.remove())")
        page.evaluate(
            "([where, words]) => [...document.querySelectorAll(`${where} button`)]"
            ".find(each => each.textContent === words).click()",
            [where, words],
        )
        page.wait_for_selector(f".toast.error :text('refused: {what}')", timeout=PATIENCE)
        assert page.locator(".toast.error").count() == 1, what

    says("open_pin", "#page-compare .pin", "Open again")
    says("unpin", "#page-compare .pin", "Remove")
    says("again", ".transport", "↺")
    app.go("learn")
    says("open", "#page-learn", "Start the tour")
    assert page.locator(".tour").count() == 0
    app.go("levers")
    says("undo", "#page-levers", "Undo last pull")
    says("release", "#page-levers", "Release")
    says("export", "#page-levers", "Export scenario and script")
    says("tables", "#page-levers", "Save all tables (Parquet, CSV, page)")
    page.locator("[data-lever=garden_leave] input[type=number]").evaluate(
        "node => { node.value = 5; node.dispatchEvent(new Event('input')); }"
    )
    says("pull", "[data-lever=garden_leave]", "Pull")
    app.go("compute")
    page.wait_for_function("document.querySelector('#compute-rule').value === 'committee'", timeout=PATIENCE)
    page.select_option("#compute-rule", "equal_per_head")
    says("pull", "#page-compute", "Switch from next month")


@pytest.mark.parametrize("refused", ["hello", "open"])
def test_a_page_that_cannot_begin_says_so(open_app: Open, refused: str) -> None:
    app = open_app("scenario=tiny")
    page = app.page

    once_more = []

    def other(route: Route) -> None:
        if once_more:
            route.continue_()
            return
        answer = route.fetch()
        ask = "ask(what, fields = {}) {"
        text = answer.text()
        assert ask in text
        route.fulfill(
            response=answer,
            body=text.replace(ask, f"{ask} if (what === '{refused}') return Promise.reject(new Error('not today'));"),
        )

    page.route("**/js/link.js*", other)
    page.reload()
    page.wait_for_selector("main [role=alert]:has-text('The market could not be opened: not today')", timeout=PATIENCE)
    assert page.locator("main .loading").count() == 0
    once_more.append(True)  # the route stays: without one the browser may keep what it was given
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function(f"window.talent?.market && {OPENING}", timeout=PATIENCE)


# ---- what is chosen stays --------------------------------------------------------------------------------------------


def test_zoom_stays_while_another_page_is_open(open_app: Open) -> None:
    app = open_app("scenario=tiny")
    page = app.page
    page.evaluate(FRAMES)
    view = page.evaluate(
        "() => { const { view } = window.talent.network; view.k *= 3; view.x -= 200; return { ...view }; }"
    )
    app.go("levers")
    page.evaluate(FRAMES)
    app.go("market")
    page.evaluate(FRAMES)
    assert page.evaluate("({ ...window.talent.network.view })") == view
    app.go("levers")
    page.evaluate(FRAMES)
    opened(app, "window.talent.open('tiny', 5)")  # while it is hidden: this one is fitted
    app.go("market")
    page.evaluate(FRAMES)
    assert page.evaluate(
        "window.talent.network.view.k === window.talent.network.home && window.talent.network.home > 0"
    )
    page.set_viewport_size({"width": 1100, "height": 700})
    page.wait_for_function("k => window.talent.network.view.k !== k", arg=view["k"] / 3, timeout=PATIENCE)


FRAMES = """async () => {
    for (let k = 0; k < 4; k += 1) await new Promise(requestAnimationFrame); // the observers of sizes have been told
}"""


def test_a_comparison_at_once_is_that_which_the_boxes_show(open_app: Open) -> None:
    """And the next press of Compare asks for the same again; another market begins with the usual choice."""
    app = open_app("scenario=tiny")
    page = app.page
    app.run_to(3)
    app.logged("pull", policy="hiring", settings={"factor": 0.2})
    page.evaluate(
        "() => { window.sent = []; const ask = window.talent.link.ask.bind(window.talent.link);"
        "window.talent.link.ask = (what, fields) => {"
        " if (what === 'compare') window.sent.push(fields); return ask(what, fields); }; }"
    )
    page.evaluate("window.talent.without(window.talent.market.events.find(event => event.imposed).id)")
    app.settle()
    shown = "[document.querySelector('#world-first').value, document.querySelector('#world-second').value]"
    assert page.evaluate(shown) == ["present", "present"]
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_function("window.sent.length === 2", timeout=PATIENCE)
    first, second = page.evaluate("window.sent")
    assert first == second and first["first"] == first["second"] == "present"
    opened(app, "window.talent.open('tiny', 5)")
    app.settle()
    assert page.evaluate(shown) == ["described", "described"]


def test_a_parameter_shows_the_value_in_force(open_app: Open) -> None:
    """That of the scenario, that which was pulled, and again that of the scenario when the pull is undone."""
    own = load("tiny").derive(parameters={"h0": 0.031})
    app = open_app(f"world={world_code.encode(own)}&page=levers")
    page = app.page
    page.get_by_role("button", name="All parameters").click()
    box = page.locator("[data-lever=h0] input[type=number]")
    assert box.input_value() == "0.031"
    app.logged("parameter", name="h0", value=0.02)
    assert box.input_value() == "0.02"
    app.logged("undo")
    assert box.input_value() == "0.031"


def test_parameters_in_force_come_with_every_opening_answer_and_month(tiny: Asked) -> None:
    assert "h0" not in tiny.well("here")["parameters"]
    assert tiny.well("parameter", name="h0", value=0.02)["parameters"]["h0"] == 0.02
    assert tiny.well("here")["parameters"]["h0"] == 0.02
    dated = [{"parameter": "h0", "value": 0.025, "date": "2022-03"}]
    tiny.well("world", code=world_code.encode(load("tiny").derive(interventions=dated)))
    told = []
    for _ in range(3):
        tiny.well("step")
        told.append([said for said in tiny.said if said.get("push") == "month"][-1]["parameters"].get("h0"))
    assert told == [None, 0.025, 0.025]  # told of the month that comes next


def test_the_rule_in_force_cannot_be_switched_to(open_app: Open) -> None:
    app = open_app("scenario=tiny&page=compute")
    page = app.page
    switch = page.get_by_role("button", name="Switch from next month")
    page.wait_for_selector("#page-compute .note:has-text('In force: Committee')", timeout=PATIENCE)
    assert page.locator("#compute-rule").input_value() == "committee" and switch.is_disabled()
    page.select_option("#compute-rule", "equal_per_head")
    assert switch.is_enabled()
    page.select_option("#compute-rule", "committee")
    assert switch.is_disabled()


def test_the_session_refuses_the_rule_that_is_in_force(tiny: Asked) -> None:
    rule = {"employer": "Alpha", "rule": "committee"}
    assert "in force already" in tiny.refused("pull", policy="allocation_rule", settings=rule)
    assert tiny.well("log")["log"] == []
    tiny.well("pull", policy="allocation_rule", settings={**rule, "rule": "equal_per_head"})
    assert "in force already" in tiny.refused(
        "pull", policy="allocation_rule", settings={**rule, "rule": "equal_per_head"}
    )
    tiny.well("step")
    assert len(tiny.well("pull", policy="allocation_rule", settings=rule)["log"]) == 2
