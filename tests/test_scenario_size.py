"""What a world takes is reckoned before it is built, within a factor of two; what does not fit is refused in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from abm import cli, scenario_size
from abm.build import build
from abm.scenario import Scenario, ScenarioError, from_dict, load
from abm.scenario_size import check_room, size_of
from tests.app_session import asked
from viz import world_code

ROOT = Path(__file__).resolve().parents[1]

# Scenario, researchers in all, and other keys: from one month's work of a laptop to what the app asks about.
SIZES: list[tuple[str, int, dict[str, Any]]] = [
    ("meta_fair", 0, {"months": 12}),
    ("tiny", 20_000, {}),
    ("tiny", 20_000, {"potential_founders": 0.0}),
    ("meta_fair", 60_000, {"months": 6}),
    ("tiny", 150_000, {"months": 3}),
    ("tiny", 5_000, {"potential_founders": 1.0, "months": 8, "horizon": 1200}),
    ("tiny", 0, {"entrants_per_year": 80_000, "potential_founders": 0.05}),
    ("tiny", 0, {"sites": 480, "months": 2, "entrants_per_year": 10_000}),
]
MEASURE = """
import json, sys, time
from pathlib import Path
from abm.live import LiveMarket
from tests.test_scenario_size import sized
def of(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what + ":"))
first = LiveMarket("tiny", 1)
first.step()
scenario = sized(*json.loads(sys.argv[1]))
Path("/proc/self/clear_refs").write_text("5")
before, began = of("VmRSS"), time.process_time()
market = LiveMarket(scenario, 1)
opened = time.process_time() - began
while not market.is_over:
    market.step()
print(json.dumps([of("VmHWM") - before, opened]))
"""


def sized(name: str, people: int, changes: dict[str, Any]) -> Scenario:
    """A shipped scenario with so many researchers in the same proportions, and with other keys."""
    content = load(name).to_dict()
    if people:
        share = people / sum(employer["researchers"] for employer in content["employers"])
        for employer in content["employers"]:
            employer["researchers"] = int(employer["researchers"] * share)
    more = {key: value for key, value in changes.items() if key != "sites"}
    far = [{"name": f"Far {k}", "country": "Away", "utc_offset": 0.0} for k in range(changes.get("sites", 0))]
    return from_dict({**content, **more, "sites": [*content["sites"], *far]})


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read as Linux tells it")
@pytest.mark.parametrize(("name", "people", "changes"), SIZES, ids=[f"{n} {p} {c}" for n, p, c in SIZES])
def test_the_memory_reckoned_is_within_a_factor_of_two(name: str, people: int, changes: dict[str, Any]) -> None:
    """Measured as the resident memory at its highest, all months run, on top of what the process held."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps([name, people, changes])],
        cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    measured, seconds = json.loads(done.stdout)
    size = size_of(sized(name, people, changes))
    print(f"{name} {people} {changes}: reckoned {size.bytes / 1e6:.0f} MB, {size.seconds:.2f} s; "
          f"measured {measured / 1e6:.0f} MB, {seconds:.2f} s")  # fmt: skip
    assert 0.5 < size.bytes / measured < 2.0
    assert size.seconds / 5 < seconds + 0.05  # never told to wait much longer than it takes


def test_it_counts_all_that_may_enter_or_be_founded() -> None:
    size = size_of(load("tiny").derive(entrants_per_year=100, potential_founders=0.5, months=24, horizon=24))
    assert (size.people, size.employers, size.teams) == (12 + 200, 3 + 106, 5 + 106)
    assert not size.is_large
    assert size_of(load("tiny").derive(entrants_per_year=900_000)).is_large
    posts = load("tiny").with_settings({"teams.Beta Language.posts": 1_000_000})
    assert size_of(posts).is_large  # ten people, and millions of calls a month to fill the posts
    century = size_of(load("tiny").derive(months=1200, horizon=1200))  # posts that grow by 30 % a year
    assert century.is_large and "needs about 1,000 GB or more" in century.words


@pytest.mark.parametrize("name", ["tiny", "meta_fair", "google_transformer", "openai_superalignment"])
def test_nobody_is_asked_about_a_shipped_scenario(name: str) -> None:
    assert not size_of(load(name)).is_large


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 MB are free."""
    monkeypatch.setattr(scenario_size, "free_memory", lambda: 40e6)


@pytest.mark.usefixtures("small_machine")
def test_what_does_not_fit_is_refused_before_it_is_built() -> None:
    large = sized("tiny", 100_000, {})
    for door in (check_room, lambda described: build(described, 1)):
        with pytest.raises(ScenarioError) as caught:
            door(large)
        text = str(caught.value)
        assert "memory: came 100,00" in text and "expected at most 32 MB, 80% of what is free" in text
        assert "lower researchers" in text and "Nothing was run." in text
    build(load("tiny"), 1)


SIMULATE: dict[str, tuple[str, ...]] = {
    "run": (),
    "compare": ("--set", "h0=0.1"),
    "rank": (),
    "attribute": ("--outcome", "exits"),
    "contagion": (),
    "keystone": (),
}


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize("command", SIMULATE)
def test_the_command_line_reckons_with_all_workers(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    option = "--both-set" if command == "compare" else "--set"
    asked = [command, "tiny", *SIMULATE[command], option]
    assert cli.main([*asked, "entrants_per_year=4000", "--replicates", "8", "--workers", "4"]) == 2
    told = capsys.readouterr().err
    assert "in each of 4 processes" in told and "use --workers 1, or lower researchers" in told
    assert cli.main([*asked, "entrants_per_year=900000"]) == 2
    assert "memory: came 900,012 people" in capsys.readouterr().err


def test_the_app_asks_before_it_opens_what_is_large() -> None:
    """An address of a few letters, and a scenario of one's own: nothing is built until the reader is sure."""
    large = load("tiny").derive(entrants_per_year=120_000)
    with asked("tiny") as tab:
        for request in ({"what": "world", "code": world_code.encode(large)},
                        {"what": "build_open", "content": large.to_dict()}):  # fmt: skip
            answer = tab.well(**request)
            assert "market" not in answer
            assert answer["large"]["title"] == large.title
            assert answer["large"]["words"].startswith("This market has 120,012 people, needs about ")
            assert tab.session.here().described.researchers == 12  # the present one is kept
        assert "market" in tab.well("world", code=world_code.encode(large), sure=True)
        assert tab.session.here().described == large


@pytest.mark.usefixtures("small_machine")
def test_the_app_refuses_what_does_not_fit_even_if_the_reader_is_sure() -> None:
    large = load("tiny").derive(entrants_per_year=120_000)
    with asked("tiny") as tab:
        answer = tab.ask("world", code=world_code.encode(large), sure=True)
        assert not answer["ok"] and "80% of what is free" in answer["error"]


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_asks_the_reader(open_app: Callable[..., Any]) -> None:
    """The button that has the focus keeps what is there; nothing is opened until the other one is pressed."""
    app = open_app("scenario=tiny")
    code = world_code.encode(load("tiny").derive(entrants_per_year=70_000))
    for button, people in (("Keep the present one", 14), ("Open it", 70_012)):
        app.page.evaluate(
            "code => { window.talent.openable('world', { code, seed: 1 })"
            ".then((found) => found && window.talent.show(found)).finally(() => (window.answered = true)); }",
            code,
        )
        asks = app.page.locator("dialog.large")
        asks.wait_for()
        assert "This market has 70,012 people, needs about" in asks.inner_text()
        assert asks.locator("button:focus").inner_text() == "Keep the present one"
        asks.get_by_role("button", name=button).click()
        app.page.wait_for_function("window.answered")
        assert app.page.evaluate("window.answered = false, window.talent.market.n") == people
        assert asks.count() == 0
