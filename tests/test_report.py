"""The report: one offline file, well formed, escaped, with the numbers of the run and graceful on odd runs."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.kernels.utility import TERMS
from abm.tables import PATH_NAMES
from tests.patience import PATIENCE
from tests.report_data import Plan, write_json, write_run
from viz import svg
from viz.charts.flows import mean_flows
from viz.charts.reasons import PATHS
from viz.charts.targets import verdict
from viz.charts.terms import NAMES
from viz.report import reproduce, sections, write_report
from viz.results import RunFolderError, load

NASTY = (
    'A "quoted" & <b>lab</b>',
    "O'Reilly’s ＬＡＢ 研究所",
    "</script><script>alert(1)</script>",
    "Bell\x07 & Ünï 🤖",
)
PLANS = {
    "normal": Plan(replicates=8),
    "one replicate": Plan(replicates=1),
    "no cohorts": Plan(cohorts=False, replicates=3),
    "no departures": Plan(departures=False, replicates=3),
    "no events": Plan(events=False, replicates=2),
    "one month": Plan(months=1, replicates=3),
    "one month, one run, nothing": Plan(months=1, replicates=1, cohorts=False, departures=False, events=False, nodes=0),
    "two months": Plan(months=2, replicates=2),
    "twelve people": Plan(
        name="tiny",
        people=12,
        nodes=12,
        months=12,
        employers=("Big", "Small"),
        teams=("Models",),
        replicates=4,
        cohorts=False,
    ),
    "nasty names": Plan(
        name='na"sty <x>', title='<i>T</i> & "more"', employers=NASTY, teams=("T<1>", '"q" & co', "Ω"), replicates=3
    ),
    "large": Plan(months=76, replicates=30, nodes=1600, teams=tuple(f"Team {k} of the laboratory" for k in range(14))),
}
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(html.parser.HTMLParser):
    """A page read strictly: every element closed, in order; loads, ids and cells of tables collected."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"an event handler in the markup: {name}"
            if name in ("src", "href", "xlink:href", "action", "poster", "srcset", "data"):
                self.loads.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def table(self, heading: str) -> list[list[str]]:
        """Rows of the table with this first heading."""
        return next((rows[1:] for rows in self.tables if rows[0][0] == heading), [])


@pytest.fixture(scope="module", params=list(PLANS))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path, str]:
    plan = PLANS[request.param]
    folder = write_run(tmp_path_factory.mktemp("run"), plan)
    return plan, folder, write_report(folder).read_text(encoding="utf-8")


def test_page_is_well_formed(case: tuple[Plan, Path, str]) -> None:
    _, _, text = case
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "an id is used twice"
    assert {"main", "h1", "h2", "section"} <= page.tags
    anchors = [load[1:] for load in page.loads if load.startswith("#")]
    assert set(anchors) <= set(page.ids), "a link of the contents leads nowhere"


def test_every_drawing_is_xml_with_title_and_description(case: tuple[Plan, Path, str]) -> None:
    _, _, text = case
    drawings = re.findall(r"<svg\b.*?</svg>", text, flags=re.DOTALL)
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        if root.get("aria-hidden") != "true":
            assert [child.tag for child in root][:2] == ["title", "desc"]
            assert all((child.text or "").strip() for child in list(root)[:2])
        numbers = [
            value for node in root.iter() for key, value in node.attrib.items() if key not in ("data-tip", "class")
        ]
        assert not [value for value in numbers if re.search(r"\b(nan|inf|None)\b", value)], (
            "a coordinate is not a number"
        )
    assert drawings


def test_nothing_is_loaded(case: tuple[Plan, Path, str]) -> None:
    _, _, text = case
    assert all(load.startswith(("#", "data:")) for load in Page(text).loads)
    assert "@import" not in text and "url(" not in text
    assert "http://" not in text and "https://" not in text
    assert "default-src 'none'" in text


def test_size(case: tuple[Plan, Path, str]) -> None:
    assert len(case[2].encode("utf-8")) < 1_500_000


def test_captions_are_sentences(case: tuple[Plan, Path, str]) -> None:
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", case[2], flags=re.DOTALL)
    assert captions
    for caption in captions:
        assert caption[-1] in ".:" and " " in caption
        assert not re.search(r"\b(nan|None|inf)\b", caption)


def test_names_are_escaped(tmp_path: Path) -> None:
    text = write_report(write_run(tmp_path, PLANS["nasty names"])).read_text(encoding="utf-8")
    page = Page(text)
    assert text.count("<script") == 1 and "alert(1)" not in text[text.index("<script>") :]
    assert "<b>lab" not in text and "<i>T" not in text and "\x07" not in text
    words = "".join(page.text)
    assert NASTY[0] in words and '<i>T</i> & "more"' in words and "研究所" in words
    assert {NASTY[1], NASTY[2]} <= {row[0] for row in page.table("From")}
    assert "talent run 'na\"sty <x>' --seed 7" in words


def test_cohort_table_has_the_numbers_of_the_summary(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    summary = json.loads((tmp_path / "summary.json").read_text())
    rows = Page(write_report(tmp_path).read_text(encoding="utf-8")).table("Cohort")
    expected = []
    for cohort in summary["cohorts"]:
        for seen in cohort["observations"]:
            observed = "–" if seen["use"] == "predict" else svg.span(seen["observed_min"], seen["observed_max"])
            numbers = [svg.count(seen["p50"]), svg.span(seen["p25"], seen["p75"]), svg.span(seen["p05"], seen["p95"])]
            expected.append([str(cohort["size"]), observed, *numbers, svg.count(seen["voluntary_p50"])])
    assert [row[2:8] for row in rows] == expected
    assert rows[0][0] == "Authors of the first LLaMA paper (released 2023-02)"
    assert [row[-1] for row in rows if row[3] == "–"] == ["prediction"] * 3


def test_predictions_never_show_an_observed_value(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    summary = json.loads((tmp_path / "summary.json").read_text())
    seen = summary["cohorts"][0]["observations"][1]
    assert seen["use"] == "predict"
    seen |= {"observed_min": 13, "observed_max": 13}  # even if a file held one, it is not for this page
    write_json(tmp_path / "summary.json", summary)
    row = Page(write_report(tmp_path).read_text(encoding="utf-8")).table("Cohort")[1]
    assert row[3] == "–" and row[-1] == "prediction"


def test_flow_table_has_the_numbers_of_the_file(tmp_path: Path) -> None:
    plan = PLANS["normal"]
    write_run(tmp_path, plan)
    flows = pd.read_parquet(tmp_path / "flows.parquet")
    sums = flows[flows["from"] != flows["to"]].groupby(["from", "to"])["count"].sum() / plan.replicates
    rows = Page(write_report(tmp_path).read_text(encoding="utf-8")).table("From")
    assert len(rows) == 40
    assert {(a, b): n for a, b, n in rows} == {(a, b): f"{sums[a, b]:.1f}" for a, b, _ in rows}, (
        "a flow differs from the file"
    )
    assert float(rows[0][2]) == pytest.approx(sums.max(), abs=0.05)
    assert sum(mean_flows(load(tmp_path)).values()) == pytest.approx(sums.sum())


def test_shares_and_differences_are_those_of_the_departures(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    table = pd.read_parquet(tmp_path / "departures.parquet")
    data = load(tmp_path)
    own = table[(table["from_employer"] == "Meta") & (table["path"] != "none")]
    assert data.departures.path_shares("Meta") == pytest.approx(own["path"].value_counts(normalize=True).to_dict())
    movers = table[(table["from_employer"] == "Meta") & table["voluntary"] & (table["cause"] == "job")]
    found, n = data.departures.differences("Meta")
    assert n == len(movers)
    assert found["pay"] == pytest.approx(float((movers["term_go_pay"] - movers["term_stay_pay"]).mean()))
    rows = {row[0]: row[1] for row in Page(write_report(tmp_path).read_text(encoding="utf-8")).table("Term")}
    assert rows["Pay"] == svg.decimal(found["pay"])
    assert rows["All terms together"] == svg.decimal(sum(found.values()))


def test_survival_is_that_of_the_cohort_file(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    counts = pd.read_csv(tmp_path / "cohorts.csv")
    cohort = load(tmp_path).cohorts[0]
    last = counts[(counts["cohort"] == cohort.name) & (counts["month"] == 41)].sort_values("replicate")
    assert np.array_equal(cohort.left[:, -1], last["n_left"].to_numpy(dtype=float))
    assert cohort.first == 12


@pytest.mark.parametrize(
    ("observed", "band", "use", "expected"),
    [
        ((8, 13), (7, 13), "calibrate", "hit"),
        ((8, 13), (9, 12), "calibrate", "part"),
        ((8, 13), (2, 7.9), "calibrate", "miss"),
        ((8, 13), (13.5, 14), "calibrate", "miss"),
        ((8, 13), (2, 7), "predict", "prediction"),
        ((float("nan"), float("nan")), (2, 7), "calibrate", "unknown"),
    ],
)
def test_verdict(observed: tuple[float, float], band: tuple[float, float], use: str, expected: str) -> None:
    assert verdict(*observed, *band, use) == expected


def test_a_miss_is_flagged(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    summary = json.loads((tmp_path / "summary.json").read_text())
    summary["cohorts"][0]["observations"][0] |= {"observed_min": 0, "observed_max": 0}
    write_json(tmp_path / "summary.json", summary)
    page = Page(write_report(tmp_path).read_text(encoding="utf-8"))
    assert page.table("Cohort")[0][-1] == "miss"
    assert "1 is a miss" in "".join(page.text)


def test_focal_employer_is_that_of_the_first_cohort(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    provenance["scenario"]["cohorts"][0]["employer"] = "OpenAI"
    write_json(tmp_path / "provenance.json", provenance)
    assert load(tmp_path).focal == "OpenAI"
    write_json(tmp_path / "provenance.json", {})
    assert load(tmp_path).focal == load(tmp_path).employers_by_departures[0]


def test_split_teams_become_one_line(tmp_path: Path) -> None:
    write_run(tmp_path, Plan(replicates=2, teams=("LLM 1", "LLM 2", "Vision 1")))
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    provenance["scenario"]["employers"][0]["teams"] = [{"name": "LLM", "count": 2}, {"name": "Vision 1", "count": 1}]
    write_json(tmp_path / "provenance.json", provenance)
    data = load(tmp_path)
    assert set(data.teams) == {"LLM", "Vision 1"}
    halves = [data.matrix("compute_per_head", f"Meta / LLM {k}") for k in (1, 2)]
    assert np.allclose(data.teams["LLM"], (halves[0] + halves[1]) / 2)


def test_a_team_without_people_has_no_compute_per_head(tmp_path: Path) -> None:
    genai = load(write_run(tmp_path, Plan(replicates=2))).teams["GenAI"]
    assert np.isnan(genai[:, :13]).all() and (genai[:, 13:] > 0).all()


def test_every_term_of_the_model_has_a_name() -> None:
    assert set(TERMS) <= set(NAMES), f"give {set(TERMS) - set(NAMES)} a name in viz/charts/terms.py"
    assert set(PATH_NAMES) - {"none"} == set(PATHS)


def test_sections_without_their_file_are_left_out(tmp_path: Path) -> None:
    write_run(tmp_path, PLANS["normal"])
    for name in (
        "series.parquet",
        "departures.parquet",
        "cohorts.csv",
        "flows.parquet",
        "graph.json",
        "provenance.json",
    ):
        (tmp_path / name).unlink()
        Page(write_report(tmp_path).read_text(encoding="utf-8"))
    ids = Page(write_report(tmp_path).read_text(encoding="utf-8")).ids
    assert not {"survival", "flows", "compute", "reasons", "terms", "network"} & set(ids)
    assert {"targets", "startups", "made"} <= set(ids)


def test_no_cohorts_no_survival_section(tmp_path: Path) -> None:
    ids = Page(write_report(write_run(tmp_path, PLANS["no cohorts"])).read_text(encoding="utf-8")).ids
    assert "survival" not in ids and "targets" not in ids and "flows" in ids


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="talent run"):
        write_report(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(RunFolderError, match="damaged"):
        write_report(tmp_path)


def test_same_run_same_page(tmp_path: Path) -> None:
    pages = [write_report(write_run(tmp_path / name, PLANS["two months"])).read_bytes() for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_command_to_reproduce(tmp_path: Path) -> None:
    write_run(tmp_path, Plan(months=12, replicates=2))
    data = load(tmp_path)
    assert reproduce(data) == "talent run meta_fair --seed 7 --replicates 2"
    data.provenance["scenario"]["months"] = 42
    assert reproduce(data).endswith("--months 12")


def test_charts_are_found_on_disk() -> None:
    found = sections()
    assert [s.order for s in found] == sorted(s.order for s in found) and len(found) >= 9
    assert all(s.title for s in found)


@pytest.mark.browser
@pytest.mark.parametrize("name", ["normal", "nasty names", "one month, one run, nothing"])
def test_in_a_real_browser_without_a_network(name: str, tmp_path: Path) -> None:
    browser = next(
        (found for n in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(n))), None
    )
    if browser is None:
        pytest.skip("no chromium on this machine: install the Debian package `chromium` to run the browser tests")
    path = write_report(write_run(tmp_path / "run", PLANS[name]))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--v=0",
    ]
    # every host name fails to resolve, and there is no proxy: whatever the page asked for would show as an error
    flags += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [browser, *flags, path.as_uri()], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not console, console
    assert 'aria-label="' in done.stdout, "the script did not run"
    shown: Any = re.search(r'<button id="theme"[^>]*>', done.stdout)
    assert shown and "hidden" not in shown.group(0), "the script stopped before its end"
