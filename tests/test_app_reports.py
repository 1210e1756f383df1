"""The page of a run, opened in the app: ours works, and one that somebody else wrote can do nothing."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame

from abm import cli
from tests.browser import LAPTOP, PATIENCE, PHONE, Watched, serving
from viz.report import SCRIPT

pytestmark = pytest.mark.browser

ELSEWHERE = "http://elsewhere"  # in its place stands a server that counts who comes
HOSTILE = f"""<!doctype html><html><head><title>mine</title>
<link rel="stylesheet" href="{ELSEWHERE}/style.css"><style>@import url({ELSEWHERE}/import.css);
p {{ background: url({ELSEWHERE}/background.png) }}
@font-face {{ font-family: f; src: url({ELSEWHERE}/font.woff2) }}</style>
<script>parent.__xss = 1; document.title = "ran"</script><script src="{ELSEWHERE}/code.js"></script>
<script src="/static/public/js/main.js" type="module"></script></head>
<body onload="document.title = 'ran'"><p style="font-family: f">a report</p><img src="{ELSEWHERE}/image.png">
<img src=x onerror="document.title = 'ran'"><iframe src="{ELSEWHERE}/frame"></iframe>
<object data="{ELSEWHERE}/object"></object><a id="out" href="{ELSEWHERE}/link">out</a>
<a id="top" target="_top" href="{ELSEWHERE}/top">top</a><a id="new" target="_blank" href="{ELSEWHERE}/new">new</a>
<form action="{ELSEWHERE}/form"><button id="send">send</button></form>
<svg><script>document.title = "ran"</script></svg><p id="last">the end</p></body></html>"""


AWAY = f"""<!doctype html><html><head><meta http-equiv="refresh" content="0;url={ELSEWHERE}/refreshed"></head>
<body><p id="last">the end</p></body></html>"""


@pytest.fixture(scope="module")
def visits() -> Iterator[tuple[str, list[str]]]:
    """The address of another server, and the paths that it has been asked for."""
    paths: list[str] = []

    class Counts(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Counts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, visits: tuple[str, list[str]]) -> Path:
    """A folder with a run, and with two whose pages are hostile."""
    base = tmp_path_factory.mktemp("reports")
    folder = base / "results"
    run = ["run", "tiny", "--replicates", "2", "--workers", "1", "--out", str(folder / "ours")]
    assert cli.main(run) == 0
    for name, content in (("theirs", HOSTILE), ("away", AWAY)):
        shutil.copytree(folder / "ours", folder / name)
        (folder / name / "report.html").write_text(content.replace(ELSEWHERE, visits[0]), encoding="utf-8")
    return base


@pytest.fixture(scope="module")
def address(results: Path) -> Iterator[str]:
    """A server over these results."""
    with serving(results) as found:
        yield found.address


def opened(app: Watched, folder: str) -> Frame:
    """The frame in which the page of a folder is shown."""
    app.go("experiments")
    page = app.page
    page.locator(".results button", has=page.locator(f".where:text-is('{folder}')")).click(timeout=PATIENCE)
    page.get_by_role("button", name="Open report.html").click(timeout=PATIENCE)
    inside = page.locator("dialog.page-frame iframe")
    inside.wait_for(timeout=PATIENCE)
    assert inside.get_attribute("sandbox") == "allow-scripts"
    found = inside.element_handle().content_frame()
    assert found
    return found


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)], ids=["laptop", "phone-dark"])
def test_a_report_opens_in_the_app(browser: Browser, address: str, dark: bool, phone: bool) -> None:
    """All of it is there, in the scheme of the app; its script runs, apart from the app; Close brings back."""
    context = browser.new_context(viewport=PHONE if phone else LAPTOP, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
    app = Watched(context.new_page())
    app.watch(address)
    app.open(address)
    frame = opened(app, "ours")
    frame.wait_for_selector("#made", timeout=PATIENCE)
    assert frame.locator("h1").inner_text() == "Twelve researchers, three employers, one year"
    assert frame.evaluate("self.origin") == "null", "the frame has an origin: it could read the app"
    assert frame.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    frame.locator("button#theme").click()
    assert frame.evaluate("document.documentElement.dataset.theme") == ("light" if dark else "dark")
    app.picture(f"report-{'phone' if phone else 'laptop'}")
    app.page.get_by_role("button", name="Close", exact=True).click()
    assert app.page.locator("dialog.page-frame").count() == 0
    assert app.page.locator(":focus").inner_text() == "Open report.html"
    context.close()
    assert app.wrong == []


def test_a_hostile_report_can_do_nothing(browser: Browser, address: str, visits: tuple[str, list[str]]) -> None:
    """No script of it runs, nothing is asked of anybody, it leads nowhere, and the app around it goes on."""
    context = browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
    app = Watched(context.new_page())
    app.watch(address)
    app.open(address)
    frame = opened(app, "theirs")
    frame.wait_for_selector("#last", timeout=PATIENCE)
    app.page.wait_for_timeout(1000)
    for link in ("top", "new", "send", "out"):
        frame.locator(f"#{link}").click(no_wait_after=True)
        app.page.wait_for_timeout(400)
    assert visits[1] == []
    assert any("main.js' violates" in each for each in app.wrong), "a script of the app was let into the frame"
    assert app.page.evaluate("window.__xss") is None
    assert "ran" not in (app.page.title(), *(each.title() for each in app.page.frames if each.url == "about:srcdoc"))
    assert len(context.pages) == 1 and app.page.url.startswith(address)
    assert any("Content Security Policy" in each for each in app.wrong), "nothing was refused: the test shows nothing"
    app.page.get_by_role("button", name="Close", exact=True).click()
    assert len(app.page.evaluate("window.talent.link.ask('digest').then(answer => answer.digest)")) == 64
    context.close()


def test_a_report_that_leads_away_by_itself_arrives_nowhere(
    browser: Browser, address: str, visits: tuple[str, list[str]]
) -> None:
    context = browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
    app = Watched(context.new_page())
    app.watch(address)
    app.open(address)
    opened(app, "away")
    app.page.wait_for_timeout(2000)
    assert visits[1] == []
    assert app.page.url.startswith(address)
    with context.new_page() as free:  # the count counts
        free.goto(f"{visits[0]}/counted")
    assert visits[1][:1] == ["/counted"]
    context.close()


def test_the_script_of_a_report_is_the_one_that_may_run(results: Path) -> None:
    """The page that `talent run` writes holds the script that the policies name, to the letter, and no other."""
    page = (results / "results" / "ours" / "report.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1 and f"<script>{SCRIPT}</script>" in page
