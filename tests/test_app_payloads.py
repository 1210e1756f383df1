"""Texts that try to become scripts, wherever a text can come from: they are shown, or refused, and stay texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from abm import cli
from abm.scenario import from_dict
from abm.scenario_write import to_toml
from tests.browser import PATIENCE, Server, Watched
from tests.payloads import PAYLOADS, RUN, hostile

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]
PAGES = ("market", "levers", "compute", "compare", "why", "build", "experiments", "learn")
INSIDE = (Path(__file__).parent / "payloads.js").read_text(encoding="utf-8")
SAFE_NAME = re.compile(r"[\w.-]{1,80}", re.A)


@pytest.fixture
def watch() -> Iterator[Callable[[Watched], Callable[[str], None]]]:
    """`watch(app)` gives `check(where)`: nothing has come to life, no dialog was opened, files have safe names."""

    def made(app: Watched) -> Callable[[str], None]:
        dialogs: list[str] = []
        files: list[str] = []
        app.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        app.page.on("download", lambda download: files.append(download.suggested_filename))
        app.page.evaluate(INSIDE)

        def check(where: str) -> None:
            app.page.wait_for_timeout(100)
            assert app.page.evaluate("payloads.alive()") == [], where
            assert dialogs == [], where
            assert [name for name in files if not SAFE_NAME.fullmatch(name)] == [], where

        return check

    yield made


def test_script_payloads_stay_text(
    open_app: Open, server: Server, watch: Callable[[Watched], Callable[[str], None]], tmp_path: Path
) -> None:
    """A scenario whose names and texts are payloads, and its results, on every page with its cards and work."""
    described = from_dict(hostile())
    file = tmp_path / "hostile.toml"
    file.write_text(to_toml(described), encoding="utf-8")
    results = server.log.parent / "results" / f"<img src=x onerror={RUN}>"
    assert cli.main(["run", str(file), "--replicates", "2", "--seed", "1", "--out", str(results)]) == 0
    app = open_app("scenario=tiny")
    page, check = app.page, watch(app)
    page.evaluate("async content => talent.show(await talent.ask('build_open', { content, seed: 1 }))", hostile())
    app.run_to(6)
    place = described.employers[0].name
    page.evaluate(
        """async employer => talent.logged(
            await talent.ask("pull", { policy: "garden_leave", settings: { months: 6, employer } }))""",
        place,
    )
    app.run_to(12)
    assert place in page.evaluate("document.body.textContent")
    check("market")
    cards = [("employer", 0), ("team", 0), ("team", 1), ("person", 0)]
    cards += [("event", event.id) for event in described.events]
    for kind, row in cards:
        page.evaluate("([kind, row]) => talent.select(kind, row)", [kind, row])
        page.wait_for_function("!document.querySelector('.card .loading')", timeout=PATIENCE)
        check(f"card of {kind} {row}")
    for name in PAGES:
        app.go(name)
        page.wait_for_timeout(250)
        check(name)
        if name == "compare":
            page.evaluate("text => talent.ask('pin', { name: text.slice(0, 60) })", PAYLOADS[1])
            page.evaluate(
                """window.ended = new Promise(done => talent.link.on("job", job =>
                    /done|failed/.test(job.state) && done(job.state))); 0"""
            )
            event = next(each.id for each in described.events if each.effects)
            page.evaluate("event => talent.without(event)", event)
            page.evaluate("event => talent.ask('compare', { without: [event], histories: 2 })", event)
            assert page.evaluate("window.ended") == "done"
            check("compared")
        if name == "experiments":
            page.locator("#page-experiments button", has_text="onerror").first.click(timeout=PATIENCE)
            page.wait_for_timeout(700)
            check("a result")
        if name == "build":
            page.locator("input[type=file]").set_input_files(
                {"name": f"<svg onload={RUN}>.toml", "mimeType": "text/html", "buffer": file.read_bytes()}
            )
            page.wait_for_timeout(700)
            check("a file")
        if name == "levers":
            with page.expect_download(lambda found: found.suggested_filename.endswith(".py")):
                page.get_by_role("button", name="Export scenario and script").click()
            check("exported")


def test_payloads_typed_into_boxes_stay_text(open_app: Open, watch: Callable[[Watched], Callable[[str], None]]) -> None:
    """Every box of every page takes payloads, and Enter after them."""
    app = open_app("scenario=tiny")
    app.run_to(4)
    check = watch(app)
    typed = 0
    for name in PAGES:
        app.go(name)
        app.page.wait_for_timeout(200)
        for start in range(0, 60, 20):
            typed += app.page.evaluate(
                "([page, texts]) => payloads.type(page, texts)", [name, PAYLOADS[start : start + 20]]
            )
            check(f"{name}, boxes")
    assert typed > 30


def test_what_the_server_says_stays_text(open_app: Open, watch: Callable[[Watched], Callable[[str], None]]) -> None:
    """Whatever the schema lets through: if every text of the server ended in a payload, pages would still show text."""
    app = open_app("scenario=tiny")
    page, check = app.page, watch(app)
    page.evaluate("texts => payloads.lie(texts)", list(PAYLOADS))
    page.evaluate("async () => { talent.catalogue = await talent.ask('hello'); await talent.open('tiny', 1); }")
    app.run_to(12)
    assert "__xss" in page.locator(".feed").inner_text()
    for kind, row in (("employer", 0), ("team", 0), ("person", 3), ("event", "T01")):
        page.evaluate("([kind, row]) => talent.select(kind, row)", [kind, row])
        page.wait_for_function("!document.querySelector('.card .loading')", timeout=PATIENCE)
        assert "__xss" in page.locator(".card").inner_text()
        check(f"card of {kind}")
    box = page.locator("canvas.network").bounding_box()
    assert box
    for k in range(25):  # tips
        page.mouse.move(box["x"] + box["width"] * (0.2 + 0.025 * k), box["y"] + box["height"] / 2)
    check("tips")
    for name in PAGES:
        app.go(name)
        page.wait_for_timeout(300)
        check(name)
    page.evaluate("talent.ask('card', { kind: 'nothing' }).catch(() => {})")
    page.wait_for_selector(".toast.error:has-text('__xss')", timeout=PATIENCE)
    check("an error")


def test_markup_would_be_noticed(open_app: Open, watch: Callable[[Watched], Callable[[str], None]]) -> None:
    """The check of these tests sees a payload that was taken for markup."""
    app = open_app("scenario=tiny")
    check = watch(app)
    check("before")
    seen = 0
    for payload in PAYLOADS:
        app.page.evaluate(
            "text => document.querySelector('#main').insertAdjacentHTML('beforeend', `<i>${text}</i>`)", payload
        )
        seen += bool(app.page.evaluate("payloads.alive()"))
        app.page.evaluate("delete window.__xss; document.querySelector('#main').lastChild.remove(); "
                          "document.querySelectorAll('[data-xss]').forEach(node => node.remove())")  # fmt: skip
    assert seen >= 30
    app.wrong.clear()  # the policy has refused their scripts


@pytest.mark.parametrize("turn", range(4))
def test_payloads_in_the_address_stay_text(
    open_app: Open, watch: Callable[[Watched], Callable[[str], None]], turn: int
) -> None:
    """Scenario, seed, page, world and pulls of an address: nonsense is refused in words and a market is shown."""
    chunks = [" ".join(PAYLOADS[15 * ((turn + k) % 4) :][:15]) for k in range(4)]
    query = {"scenario": "tiny", "seed": chunks[0], "page": chunks[1], "pulls": chunks[2]}
    if turn % 2:
        query["world" if turn == 1 else "scenario"] = chunks[3]
    app = open_app(urlencode(query))
    check = watch(app)
    check("the address")
    assert app.page.evaluate("talent.market.month") == 0
    assert app.page.locator(".toast.error").count() > 0
