"""Experiments: folders that the commands wrote are shown, all others are told in words, nothing outside is opened."""

from __future__ import annotations

import base64
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm import cli
from abm import parameters as declared_parameters
from tests.app_session import Asked
from viz import frames
from viz.door import policy
from viz.messages import Wrong
from viz.pages.experiments import READERS
from viz.report import SCRIPT
from viz.shelf import fit, folders, market, names, sweep

STUDY = """
name = "{name}"
scenario = "tiny"
replicates = {replicates}
outcomes = ["left:alpha-authors@2022-12", "exits"]
[design]
method = "{method}"
n = {n}
[[factors]]
name = "h0"
low = 0.01
high = 0.09
[[factors]]
name = "h_ties"
"""
SOBOL = """
name = "sobol"
model = "ishigami"
outcomes = ["y"]
[design]
method = "saltelli"
n = 64
"""
SOBOL += "".join(f'[[factors]]\nname = "x{k}"\nlow = {-math.pi}\nhigh = {math.pi}\n' for k in (1, 2, 3))
GRID = """
name = "grid"
model = "ishigami"
outcomes = ["y"]
[design]
method = "grid"
[[factors]]
name = "x1"
levels = [-3, 0, 3]
[[factors]]
name = "x2"
levels = [-1, 1]
[[factors]]
name = "x3"
levels = [1]
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results, made by the commands themselves."""
    made = tmp_path_factory.mktemp("made") / "results"
    studies = tmp_path_factory.mktemp("studies")
    made.mkdir()

    def study(name: str, method: str, n: int, replicates: int = 1) -> str:
        path = studies / f"{name}.toml"
        path.write_text(STUDY.format(name=name, method=method, n=n, replicates=replicates), encoding="utf-8")
        return str(path)

    (studies / "grid.toml").write_text(GRID, encoding="utf-8")
    (studies / "sobol.toml").write_text(SOBOL, encoding="utf-8")
    for words in (
        ["run", "tiny", "--replicates", "3", "--workers", "1", "--out", "run"],
        ["compare", "tiny", "--without", "T03", "--replicates", "3", "--workers", "1", "--out", "compare"],
        ["attribute", "tiny", "--outcome", "left:alpha-authors", "--replicates", "2", "--workers", "1",
         "--method", "leave-one-out", "--out", "attribution"],
        ["sweep", study("morris", "morris", 6, 2), "--workers", "1", "--out", "morris"],
        ["sensitivity", "morris", "--no-figures"],
        ["sweep", str(studies / "grid.toml"), "--workers", "1", "--out", "grid"],
        ["sweep", str(studies / "sobol.toml"), "--workers", "1", "--out", "deep/er/ishigami"],
        ["sensitivity", "deep/er/ishigami", "--no-figures", "--out", "sobol"],
        ["discover", "deep/er/ishigami", "--outcome", "y", "--above", "0.8q", "--no-figures", "--out", "discovery"],
        ["calibrate", study("fit", "lhs", 12), "--parts", "2", "--draws", "2", "--workers", "1",
         "--out", "calibration"],
        ["rank", "tiny", "--replicates", "3", "--workers", "1", "--out", "rank"],
        ["contagion", "tiny", "--employer", "Alpha", "--replicates", "2", "--workers", "1", "--out", "contagion"],
        ["keystone", "tiny", "--employer", "Alpha", "--top", "2", "--futures", "2", "--workers", "1",
         "--out", "keystone"],
        ["frontier", "tiny", "--team", "Alpha Language", "--levers", "raise", "--population", "4", "--generations", "1",
         "--replicates", "2", "--workers", "1", "--no-figures", "--out", "frontier"],
        ["game", "tiny", "--labs", "Alpha,Beta", "--grid", "pay=0,0.2", "--replicates", "2", "--workers", "1",
         "--no-figures", "--out", "game"],
    ):  # fmt: skip
        options = [
            str(made / word) if before == "--out" else word for before, word in zip(["", *words], words, strict=False)
        ]
        options = [str(made / word) if word in ("morris", "deep/er/ishigami") else word for word in options]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(studies)  # a calibration leaves its parts in the folder in which one is
            assert cli.main(options) == 0, words
    here = Path(declared_parameters.__file__).parent / "data"
    shutil.copy(here / "ablation.json", made / "without-mechanisms.json")
    return made


@pytest.fixture(scope="module")
def asker(root: Path) -> Iterator[Asked]:
    """A session over these results."""
    made = Asked(root)
    yield made
    made.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Path, Asked]]:
    """A root of one's own that may be damaged, and a session over it."""
    folder = tmp_path / "results"
    folder.mkdir()
    made = Asked(folder)
    yield folder, made
    made.close()


def opened(asker: Asked, folder: str, kind: str) -> dict[str, Any]:
    """A document that the listing names."""
    found = asker.well("experiments")["found"]
    each = next(each for each in found if (each["folder"], each["kind"]) == (folder, kind))
    return asker.well("experiment", folder=folder, file=each["file"], kind=kind)


def blocks(answer: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The blocks of a kind."""
    return [block for block in answer["blocks"] if block["type"] == kind]


def array(answer: dict[str, Any], held: dict[str, Any]) -> np.ndarray[Any, Any]:
    """An array as the browser gets it."""
    return np.frombuffer(answer["buffers"][held["$"]], held["type"]).reshape(held["shape"])


# ---- what the commands wrote -----------------------------------------------------------------------------------------

MADE = {
    "run": "run", "compare": "comparison", "attribution": "attribution", "morris": "sweep", "morris/analysis":
    "sensitivity", "grid": "sweep", "deep/er/ishigami": "sweep", "sobol": "sensitivity", "discovery": "discovery",
    "calibration": "calibration", "rank": "rank", "contagion": "contagion", "keystone": "keystone",
    "frontier": "frontier", "game": "game", ".": "ablation",
}  # fmt: skip


def test_everything_is_listed_once_with_its_kind(asker: Asked, root: Path) -> None:
    answer = asker.well("experiments")
    found = {each["folder"]: each["kind"] for each in answer["found"]}
    assert found == MADE
    assert len(answer["found"]) == len(MADE)
    assert all(each["date"] and each["size"] > 0 and not each["said"] for each in answer["found"])
    assert str(root) not in json.dumps(answer)


@pytest.mark.parametrize("folder", MADE)
def test_each_document_is_shown_with_figures_and_its_files(asker: Asked, folder: str) -> None:
    answer = opened(asker, folder, MADE[folder])
    assert answer["title"]
    assert answer["files"]
    assert any(block["type"] not in ("text", "table") for block in answer["blocks"])
    for block in answer["blocks"]:
        if block["type"] == "table":
            assert [row for row in block["rows"] if len(row) != len(block["columns"])] == []


def test_every_kind_has_a_reader() -> None:
    assert set(READERS) == set(folders.BY_NAME)


def test_a_sweep_shows_the_numbers_of_its_table(asker: Asked, root: Path) -> None:
    answer = opened(asker, "grid", "sweep")
    (block,) = blocks(answer, "sweep")
    x1, x2, _ = (array(answer, held) for held in block["x"])
    assert sorted(zip(x1.tolist(), x2.tolist(), strict=True)) == [(a, b) for a in (-3, 0, 3) for b in (-1, 1)]
    table = pq.read_table(root / "grid" / "runs.parquet").to_pandas()
    assert array(answer, block["y"][0]) == pytest.approx(table["y"].to_numpy(), rel=1e-6)
    assert block["outcomes"] == [{"name": "y", "unit": block["outcomes"][0]["unit"]}]


def test_means_are_over_the_replicates_of_a_point(asker: Asked, root: Path) -> None:
    answer = opened(asker, "morris", "sweep")
    (block,) = blocks(answer, "sweep")
    table = pq.read_table(root / "morris" / "runs.parquet").to_pandas()
    assert array(answer, block["y"][1]) == pytest.approx(table.groupby("point")["exits"].mean().to_numpy(), rel=1e-6)
    assert array(answer, block["spread"][1]) == pytest.approx(
        table.groupby("point")["exits"].std().to_numpy(), abs=1e-5
    )


def test_sensitivities_show_what_was_written(asker: Asked, root: Path) -> None:
    answer = opened(asker, "sobol", "sensitivity")
    held = json.loads((root / "sobol" / "sensitivity.json").read_text(encoding="utf-8"))["outcomes"][0]["indices"]
    rows = blocks(answer, "bars")[0]["rows"]
    assert [(row["name"], row["value"], row["low"], row["high"], row["part"]) for row in rows] == [
        (each["factor"], each["value"], each["low"], each["high"], each["second"]) for each in held
    ]
    assert not blocks(answer, "points")
    planes = blocks(opened(asker, "morris/analysis", "sensitivity"), "points")
    assert len(planes) == 2
    assert planes[0]["diagonal"] is True


def test_limits_of_a_box_are_shares_of_the_range_of_the_sweep(asker: Asked) -> None:
    answer = opened(asker, "discovery", "discovery")
    sides = [row for block in blocks(answer, "boxes") for row in block["rows"]]
    assert sides
    for side in sides:
        assert (side["from"], side["to"]) == pytest.approx(
            (-math.pi, math.pi)
        )  # found in the sweep, not in the document
        assert 0 <= side["low"] < side["high"] <= 1
        assert side["high"] - side["low"] < 1


def test_a_calibration_shows_posterior_prior_forecasts_and_scores(asker: Asked, root: Path) -> None:
    answer = opened(asker, "calibration", "calibration")
    (corner,) = blocks(answer, "corner")
    assert corner["names"] == [names.factor("h0"), names.factor("h_ties")]
    assert (corner["low"][0], corner["high"][0]) == (0.01, 0.09)
    values, weight = array(answer, corner["values"]), array(answer, corner["weight"])
    held = pq.read_table(root / "calibration" / "posterior.parquet").to_pandas()
    assert values.shape == (len(held), 2)
    assert weight.sum() == pytest.approx(held["weight"].sum(), rel=1e-5)
    assert values[:, 0] @ weight == pytest.approx(held["h0"] @ held["weight"], rel=1e-5)
    (forecast,) = blocks(answer, "intervals")
    assert (forecast["rows"][0]["seen_low"], forecast["rows"][0]["seen_high"]) == (1, 4)
    assert any(block["title"] == "The model beside simple baselines" for block in blocks(answer, "table"))


def test_a_run_shows_its_cohorts_from_the_table(asker: Asked, root: Path) -> None:
    answer = opened(asker, "run", "run")
    (fan,) = blocks(answer, "fan")
    rows = (root / "run" / "cohorts.csv").read_text(encoding="utf-8").splitlines()[1:]
    last = [float(row.split(",")[4]) for row in rows if row.split(",")[2] == "2022-12"]
    assert array(answer, fan["middle"])[-1] == pytest.approx(np.median(last))
    assert fan["seen"] == [{"date": "2022-12", "low": 1, "high": 4, "use": "calibrate"}]


def test_a_game_marks_its_equilibria(asker: Asked, root: Path) -> None:
    answer = opened(asker, "game", "game")
    held = json.loads((root / "game" / "game.json").read_text(encoding="utf-8"))
    (matrix,) = blocks(answer, "matrix")
    marked = [
        [a, b] for a, row in enumerate(matrix["cells"]) for b, cell in enumerate(row) if "equilibrium" in cell["mark"]
    ]
    assert marked == sorted(held["pure_equilibria"])
    for a, b in held["pure_equilibria"]:
        assert all(line.endswith("◂") for line in matrix["cells"][a][b]["lines"])


def test_a_front_has_a_point_for_each_package(asker: Asked, root: Path) -> None:
    held = json.loads((root / "frontier" / "frontier.json").read_text(encoding="utf-8"))
    (plane,) = blocks(opened(asker, "frontier", "frontier"), "points")
    packages = [point for point in plane["points"] if point["group"] == "package"]
    assert [point["x"] for point in packages] == [each["cost_kusd_a_year"]["mean"] for each in held["front"]["points"]]
    assert all(point["words"] for point in packages)


def test_predictions_of_any_name_are_known(own: tuple[Path, Asked]) -> None:
    folder, asker = own
    row = {
        "row": "left:x@2023-01",
        "status": "fitted",
        "unit": "people",
        "of": 4,
        "observed": [1, 2],
        "forecasts": {"model": {"pmf": [0.05, 0.1, 0.5, 0.3, 0.05], "mean": 2.2}, "constant": {"mean": 2.0}},
    }
    for draws, ends, bars in ((9, (1.0, 3.0), "central 80 %"), (3, (0.0, 4.0), "lowest to highest")):
        told = {"rows": [row], "posterior": {"source": "x"}, "draws": draws, "seed": 1, "scenarios": {"tiny": "0"}}
        (folder / "mine.json").write_text(json.dumps(told), encoding="utf-8")
        (interval,) = blocks(opened(asker, ".", "predictions"), "intervals")
        assert (interval["rows"][0]["low"], interval["rows"][0]["high"]) == ends
        assert interval["bars"].startswith(bars)
    assert fit.central({"p10": 0.2, "p90": None}) == (0.2, None)


# ---- files -----------------------------------------------------------------------------------------------------------


def test_files_are_sent_whole(asker: Asked, root: Path) -> None:
    for file in ("runs.parquet", "study.json"):
        answer = asker.well("experiment_file", folder="grid", file=file)
        assert array(answer, answer["data"]).tobytes() == (root / "grid" / file).read_bytes()


def test_files_of_other_kinds_and_sizes_stay_where_they_are(
    own: tuple[Path, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asker = own
    for name in ("a.html", "b.py", "c", "d.json.sh", ".env"):
        (folder / name).write_text("x", encoding="utf-8")
        asker.refused("experiment_file", folder=".", file=name)
    (folder / "large.csv").write_text("x" * 100, encoding="utf-8")
    assert asker.well("experiment_file", folder=".", file="large.csv")["data"]["shape"] == [100]
    monkeypatch.setattr(folders, "LARGEST_SENT", 99)
    assert "MB" in asker.refused("experiment_file", folder=".", file="large.csv")


AWAY = [
    "..", "../", "../secret", "./..", "grid/..", "grid/../..", "grid/../../secret", "/", "/etc", "//etc", "/etc/passwd",
    "~", "~root", "~/x", "\\\\server\\share", "..\\secret", "C:\\", "C:/", "file:///etc", "", "grid/", "grid//x",
    "./grid",
    "\x00", "grid\x00", "grid\n", "%2e%2e", "..%2f", "out", "out/inner", "loop", "nowhere", "x" * 401, "runs/..",
    "....//",
    "<script>", "*", "grid/*", "\u202e..", "．．", "．．/secret",
]  # fmt: skip


@pytest.fixture(scope="module")
def linked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A root in which links lead elsewhere, and to themselves."""
    base = tmp_path_factory.mktemp("linked")
    folder, secret = base / "results", base / "secret"
    shutil.copytree(root / "grid", folder / "grid")
    shutil.copytree(root / "grid", secret)
    shutil.copytree(root / "grid", secret / "inner")
    os.symlink(secret, folder / "out")
    os.symlink(folder / "loop", folder / "loop")
    os.symlink(folder, folder / "grid" / "up")
    (folder / "half").mkdir()
    os.symlink(secret / "study.json", folder / "half" / "study.json")
    os.symlink("/etc/passwd", folder / "half" / "passwd.csv")
    made = Asked(folder)
    yield made
    made.close()


@pytest.mark.parametrize("away", AWAY)
def test_nothing_outside_the_root_is_opened(linked: Asked, away: str) -> None:
    linked.refused("experiment", folder=away, file="study.json", kind="sweep")
    linked.refused("experiment_file", folder=away, file="study.json")
    linked.refused("experiment_file", folder="grid", file=f"{away}/study.json")


def test_links_are_not_followed(linked: Asked) -> None:
    assert [each["folder"] for each in linked.well("experiments")["found"] if each["kind"]] == ["grid"]
    for file in ("study.json", "passwd.csv"):
        assert "outside" in linked.refused("experiment_file", folder="half", file=file)
    assert "outside" in linked.refused("experiment", folder="half", file="study.json", kind="sweep")


@pytest.mark.parametrize(
    "fields",
    [
        {"folder": 5, "file": "study.json", "kind": "sweep"},
        {"folder": "grid", "file": "study.json", "kind": "nothing"},
        {"folder": "grid", "file": "study.json", "kind": "__class__"},
        {"folder": "grid", "file": "plan.parquet", "kind": "sweep"},
        {"folder": "grid", "file": "nothing.json", "kind": "sweep"},
        {"folder": "grid", "file": "manifest.json", "kind": "game"},
        {"folder": "grid", "file": "study.json", "kind": "calibration"},
        {"folder": "grid", "file": ["study.json"], "kind": "sweep"},
        {"folder": "grid", "kind": "sweep"},
        {},
    ],
)
def test_requests_of_another_form_are_refused(asker: Asked, fields: dict[str, Any]) -> None:
    asker.refused("experiment", **fields)


@pytest.mark.parametrize("away", AWAY)
def test_no_page_outside_the_root_is_shown(linked: Asked, away: str) -> None:
    linked.refused("experiment_page", folder=away, file="report.html")
    linked.refused("experiment_page", folder="grid", file=f"{away}/report.html")


def test_only_our_own_pages_are_shown_and_under_their_policy(
    own: tuple[Path, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other page is; what is shown may run our script, load nothing, and is not handed out as a file."""
    folder, asker = own
    for name in ("report.html", "other.html", "summary.json"):
        (folder / name).write_text("<p>here</p>", encoding="utf-8")
    answer = asker.well("experiment_page", folder=".", file="report.html")
    assert answer["buffers"] == [b"<p>here</p>"]
    parts = dict(part.split(" ", 1) for part in answer["policy"].split("; "))
    assert parts["default-src"] == "'none'" and parts["script-src"] == policy.digest(SCRIPT)
    assert not {"connect-src", "frame-src", "font-src"} & parts.keys() and '"' not in answer["policy"]
    for name in ("other.html", "summary.json", "attribution.html"):
        asker.refused("experiment_page", folder=".", file=name)
    asker.refused("experiment_file", folder=".", file="report.html")
    monkeypatch.setattr(folders, "LARGEST_SENT", 5)
    assert "MB" in asker.refused("experiment_page", folder=".", file="report.html")


# ---- words -----------------------------------------------------------------------------------------------------------

CODE = re.compile(r"\b[a-z_]+:[\w-]+@\d{4}|@\d{4}-\d{2}|\bpolicies\.|\bh_ties\b|\bh0\b|\bstartup_share\b")


def written(block: dict[str, Any]) -> str:
    """All that a reader sees of a block, less the tables that say how things are called in the files."""
    if block["type"] == "table":
        kept = [k for k, column in enumerate(block["columns"]) if column["name"] != "in the files"]
        return json.dumps([block["title"], [[row[k] for k in kept] for row in block["rows"]]])
    return json.dumps({key: value for key, value in block.items() if key not in ("x", "y", "spread", "values")})


@pytest.mark.parametrize("folder", ["morris", "morris/analysis", "calibration", "compare", "attribution", "."])
def test_outcomes_and_factors_are_in_words(asker: Asked, folder: str) -> None:
    """No code of an outcome or of a factor is shown, but where a table says how it is called in the files."""
    answer = opened(asker, folder, MADE[folder])
    shown = [written(block) for block in answer["blocks"]]
    assert [found for text in shown for found in CODE.findall(text)] == []
    if folder in ("morris", "morris/analysis", "calibration"):
        codes = [row[-1] for block in answer["blocks"] if block["type"] == "table" for row in block["rows"]
                 if block["columns"][-1]["name"] == "in the files"]  # fmt: skip
        assert {"h0", "h_ties"} <= set(codes), "the codes are still to be found"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("left:alpha-authors@2022-12", "Alpha authors: gone by Dec 2022"),
        ("exits", "Voluntary departures"),
        ("exits:Meta@2023-09", "Voluntary departures: Meta, up to Sep 2023"),
        ("flow:Meta>OpenAI@2022-01..2023-02", "Moves from Meta to OpenAI, Jan 2022 – Feb 2023"),
        ("retention:Meta@2025-05", "Share of hires still there two years on: Meta, up to May 2025"),
        ("new_startups", "Start-ups founded"),
        ("y", "y"),
        ("left:<b>@2022-99", "<b>: gone by 2022-99"),
    ],
)
def test_outcomes_are_called_by_what_they_are(text: str, words: str) -> None:
    assert names.outcome(text) == words


def test_factors_are_called_by_what_they_mean_and_no_two_alike() -> None:
    every = list(declared_parameters.declared())
    assert len({names.factor(name) for name in every}) == len(every) > 100
    assert not set(every) & {names.factor(name) for name in every}
    assert names.factor("policies.match_offers.factor") == "Match offers: factor"
    assert names.factor("x1") == "x1"
    rule = names.told(
        "h0 above 0.03 and policies.match_offers.factor below 1.2", ["h0", "policies.match_offers.factor"]
    )
    assert rule == f"{names.factor('h0')} above 0.03 and Match offers: factor below 1.2"
    endless = "h0 above 0.03 and " * 1_000
    assert names.told(endless, ["h0"]) == endless, "what is no sentence is not searched for every name"


def test_shares_are_told_in_per_cent() -> None:
    """A part of one is 73 %, not 0.731; what is measured in anything else stays as it is."""
    assert names.row([0.731, -0.052, 0.004, None, math.inf], "share")[:4] == ["73 %", "−5.2 %", "0.4 %", None]
    assert names.row([0.731, 3], "people") == [0.731, 3]
    assert names.value(0.2, "share per month") == 0.2
    answer = market.comparison(Path(), {
        "outcomes": [{"outcome": "startup_share", "unit": "share", "first": 0.731, "second": 0.5, "verdict": "lower",
                      "difference": {"mean": -0.231, "low": -0.3, "high": -0.1}}],
        "interval": "95 %", "people": {}, "people_by_employer": {}, "people_by_cohort": {}, "scenario": "tiny",
        "change": "", "seed": 1, "replicates": 2, "identical": 0,
    })  # fmt: skip
    (table,) = [block for block in blocks(answer, "table") if block["title"] == "Outcomes"]
    assert table["rows"] == [
        ["Share of departures that go to a start-up", "share", "73 %", "50 %", "−23 %", "−30 %", "−10 %", "lower"]
    ]


# ---- damaged, empty, half-written ------------------------------------------------------------------------------------


def said_of(asker: Asked, folder: str) -> str:
    """What the listing says of a folder that cannot be opened."""
    (each,) = [each for each in asker.well("experiments")["found"] if each["folder"] == folder]
    assert each["kind"] == ""
    return str(each["said"])


def test_no_root_and_an_empty_root_are_said(tmp_path: Path) -> None:
    nowhere = Asked(tmp_path / "nowhere")
    assert "no folder nowhere" in nowhere.well("experiments")["said"]
    nowhere.close()
    empty = Asked(tmp_path)
    answer = empty.well("experiments")
    assert answer["found"] == []
    assert "no results yet" in answer["said"]
    empty.close()


def test_folders_that_are_no_results_say_what_they_hold(own: tuple[Path, Asked], root: Path) -> None:
    folder, asker = own
    for name in ("empty", "strange", "half"):
        (folder / name).mkdir()
    (folder / "strange" / "holiday.txt").write_text("x", encoding="utf-8")
    shutil.copy(root / "run" / "provenance.json", folder / "half")
    assert said_of(asker, "empty").startswith("Empty.")
    assert "holiday.txt" in said_of(asker, "strange")
    assert "talent run" in said_of(asker, "half")
    assert "summary.json is not" in said_of(asker, "half")


def test_a_run_that_was_stopped_says_so_and_its_histories_are_no_sweep(own: tuple[Path, Asked]) -> None:
    folder, asker = own
    (folder / "stopped" / "histories").mkdir(parents=True)
    (folder / "stopped" / "histories" / "study.json").write_text("{}", encoding="utf-8")
    assert said_of(asker, "stopped").startswith("Not finished") and "--resume" in said_of(asker, "stopped")
    assert not any("histories" in each["folder"] for each in asker.well("experiments")["found"])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _other(path: Path) -> None:
    path.write_text('{"schema": 99}', encoding="utf-8")


def _words(path: Path) -> None:
    path.write_text('{"outcomes": "none", "study": 3, "cells": {}, "rows": 5, "posterior": []}', encoding="utf-8")


def _list(path: Path) -> None:
    path.write_text("[1, 2]", encoding="utf-8")


def _deep(path: Path) -> None:
    path.write_text("[" * 100_000, encoding="utf-8")


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_cut, _other, _words, _list, _deep, _nothing])
@pytest.mark.parametrize("folder", [name for name in MADE if name != "."])
def test_damaged_documents_are_refused_in_words(
    own: tuple[Path, Asked], root: Path, folder: str, damage: Callable[[Path], None]
) -> None:
    mine, asker = own
    kind = folders.BY_NAME[MADE[folder]]
    (mine / "it").mkdir()
    shutil.copy(root / folder / kind.file, mine / "it")
    damage(mine / "it" / kind.file)
    words = asker.refused("experiment", folder="it", file=kind.file, kind=kind.name)
    assert kind.command in words
    asker.well("experiments")


@pytest.mark.parametrize(
    ("folder", "file"),
    [("grid", "runs.parquet"), ("calibration", "posterior.parquet"), ("run", "cohorts.csv"), ("run", "series.parquet")],
)
def test_damaged_tables_are_refused_in_words(own: tuple[Path, Asked], root: Path, folder: str, file: str) -> None:
    mine, asker = own
    shutil.copytree(root / folder, mine / folder)
    (mine / folder / file).write_bytes(b"\x00\xffPAR1 nonsense \x00" * 20)
    kind = folders.BY_NAME[MADE[folder]]
    assert kind.command in asker.refused("experiment", folder=folder, file=kind.file, kind=kind.name)


def test_a_sweep_that_is_not_finished_shows_what_is_there(own: tuple[Path, Asked], root: Path) -> None:
    mine, asker = own
    shutil.copytree(root / "morris", mine / "morris")
    (mine / "morris" / "runs.parquet").unlink()
    (mine / "morris" / "manifest.json").unlink()
    whole = opened(asker, "morris", "sweep")
    shards = sorted((mine / "morris" / "shards").glob("*.parquet"))
    assert not any("Not finished" in line for block in blocks(whole, "text") for line in block["lines"])
    shards[0].unlink()
    shards[1].write_bytes(b"damaged")
    part = opened(asker, "morris", "sweep")
    assert any("Not finished" in line for block in blocks(part, "text") for line in block["lines"])
    y = array(part, blocks(part, "sweep")[0]["y"][0])
    assert 0 < np.isfinite(y).sum() <= len(y)
    for shard in shards[1:]:
        shard.unlink(missing_ok=True)
    assert "nothing has been run" in asker.refused("experiment", folder="morris", file="study.json", kind="sweep")
    (mine / "morris" / "plan.parquet").unlink()
    assert "plan.parquet" in asker.refused("experiment", folder="morris", file="study.json", kind="sweep")


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_words_become_levels_and_what_is_missing_stays_missing() -> None:
    runs = {
        "run_id": list("abcdef"), "point": [0, 0, 1, 1, 2, 2], "rule": ["b", "b", "a", "a", "b", "b"],
        "= y": [1.0, 3.0, 5.0, None, None, float("nan")],
    }  # fmt: skip
    found, more = sweep.points(runs, [{"name": "rule", "levels": ["a", "b"]}], ["y"])
    assert not more
    assert found["factors"][0]["levels"] == ["a", "b"]
    assert found["x"][0].tolist() == [1, 0, 1]
    assert found["y"][0][:2].tolist() == [2.0, 5.0]
    assert math.isnan(found["y"][0][2])
    assert found["spread"][0][0] == pytest.approx(math.sqrt(2))
    assert math.isnan(found["spread"][0][1])


def test_numbers_that_are_none_never_reach_json() -> None:
    content, _ = frames.pack({"blocks": [{"value": float("nan"), "low": -math.inf, "y": np.float64("inf")}]})
    assert content == {"blocks": [{"value": None, "low": None, "y": None}]}


def test_a_table_too_large_to_show_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"a": list(range(50))}), tmp_path / "runs.parquet")
    monkeypatch.setattr(sweep, "MOST_POINTS", 2)
    with pytest.raises(Wrong, match="more than this page shows"):
        sweep._table(tmp_path / "runs.parquet")


def test_too_many_folders_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 5)
    for number in range(9):
        (tmp_path / f"f{number}").mkdir()
    assert folders.listed(tmp_path)[1]


def test_base64_is_no_way_in(asker: Asked) -> None:
    asker.refused("experiment_file", folder=base64.b64encode(b"grid").decode(), file="study.json")
