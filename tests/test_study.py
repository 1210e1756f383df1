"""Studies: good ones are read in full, bad ones are refused with all problems at once, in words."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm import outcomes
from abm.parameters import declared
from abm.run import replicate_seed, simulate
from abm.scenario import ScenarioError, load
from experiments import study
from experiments.models import execute
from experiments.responses import Factor
from experiments.study import Study

GOOD = """
name = "good"
scenario = "tiny"
replicates = 2
outcomes = ["exits"]

[design]
method = "lhs"
n = 4

[[factors]]
name = "h0"
"""
HERE: dict[str, Any] = {
    "name": "x",
    "scenario": "tiny",
    "outcomes": ["exits"],
    "design": {"method": "lhs", "n": 4},
    "factors": [{"name": "h0"}],
}
NONE: dict[str, Any] = {"scenario": None}


def refusal(**changes: Any) -> str:
    with pytest.raises(ScenarioError) as error:
        study.of(**(HERE | changes))
    return str(error.value)


def factor(**fields: Any) -> dict[str, Any]:
    return {"factors": [{"name": "h0"} | fields]}


def design(**fields: Any) -> dict[str, Any]:
    return {"design": fields}


# Each: what is spoilt, then the place, what came and was expected, and the fix that the message must hold.
BAD: list[tuple[dict[str, Any], str, str, str]] = [
    # keys and kinds of values
    ({"nmae": "y"}, "nmae: came an unknown key", "a known key", 'did you mean "name"?'),
    ({"name": "A B"}, 'name: came "A B"', "small letters", "like meta_fair"),
    ({"name": 3}, "name: came 3", "small letters", "like meta_fair"),
    ({"why": 3}, "why: came 3", "text of 0 to 2000", "double quotes"),
    ({"replicates": 0}, "replicates: came 0", "1 to 100,000", "between 1 and 100,000"),
    ({"replicates": 2.0}, "replicates: came 2.0", "a whole number", "without a decimal point"),
    ({"replicates": True}, "replicates: came true", "a whole number", "without a decimal point"),
    ({"seed": -1}, "seed: came -1", "a whole number from 0", "choose a value"),
    ({"outcomes": []}, "outcomes: came a list of 0", "a list of 1 to 200", "add at least one"),
    ({"outcomes": "exits"}, 'outcomes: came "exits"', "a list", '["exits"]'),
    ({"design": 3}, "design: came 3", "a table with the keys method", "key = value"),
    ({"settings": 3}, "settings: came 3", "a table of settings", "write [settings]"),
    ({"settings": {"h0": [1]}}, "settings.h0: came a list of 1", "a number, a text", "write one value"),
    # the scenario
    ({"scenario": "tinny"}, "scenario: file: came no such file", "a shipped scenario", 'did you mean "tiny"?'),
    (NONE, "scenario: came nothing", "a scenario to run", 'add scenario = "meta_fair"'),
    ({"months": 13}, "months: came 13", "1 to 12, the months of tiny", "leave it out"),
    ({"months": 0}, "months: came 0", "1 to 1,200", "between 1"),
    ({"months": 6, "settings": {"months": 8}}, "settings.months: came 8", "months once", "remove one"),
    ({"settings": {"h00": 1}}, "settings: parameters.h00", "the name of a parameter", 'did you mean "h0"?'),
    ({"settings": {"h0": 9.0}}, "settings: parameters.h0: came 9.0", "expected 0 to 0.25", "the default is"),
    (
        {"settings": {"policies": {"garden_leave": {"moths": 1}}}},
        'settings: policies[1] "garden_leave".moths',
        "a knob of",
        'did you mean "months"?',
    ),
    ({"settings": {"h0": 0.05}}, 'factors[1] "h0": came a factor that [settings] fixes', "or a setting", "remove one"),
    # outcomes
    ({"outcomes": ["exitz"]}, "outcomes[1]: 'exitz'", "a kind of outcome", "did you mean 'exits'?"),
    ({"outcomes": ["exits", "exits:Alpa"]}, "outcomes[2]: 'exits:Alpa'", "the name of one employer", "'Alpha'?"),
    (
        {"months": 6, "outcomes": ["left:alpha-authors@2022-12"]},
        "outcomes[1]: 'left:alpha-authors@2022-12'",
        "2022-01 to 2022-06",
        "lies outside the run",
    ),
    # models
    ({"model": "markt"}, 'model: came "markt"', "a model, or module:function", 'did you mean "market"?'),
    (NONE | {"model": "no.such:model"}, 'model: came "no.such:model"', "a model", 'use one of "ishigami"'),
    (NONE | {"model": "math:no_such"}, 'model: came "math:no_such"', "a model", 'use one of "ishigami"'),
    ({"model": "ishigami"}, 'scenario: came "tiny"', 'only the "market" has it', "remove scenario"),
    (NONE | {"model": "spin", "months": 6}, "months: came 6", 'only the "market" has it', "remove months"),
    (NONE | {"model": "spin", "settings": {"a": 1}}, "settings: came a table", "has factors", "remove settings"),
    (NONE | {"model": "ishigami"}, 'factors[1] "h0": came no range', "low and high, or levels", "low = ..."),
    # names of factors
    ({"factors": []}, "factors: came a list of 0", "at least one factor", "write [[factors]]"),
    ({"factors": "some"}, 'factors: came "some"', "at least one factor", 'factors = "all"'),
    ({"factors": None}, "factors: came None", "a value", "leave factors out"),
    ({"factors": [3]}, "factors[1]: came 3", "a table", "write [[factors]]"),
    ({"factors": [{"nam": "h0"}]}, "factors[1].name: came nothing", "which is required", 'rename "nam"'),
    (factor(lwo=0.1), 'factors[1] "h0".lwo', "a known key", 'did you mean "low"?'),
    (factor(name="h_shok"), 'came "h_shok"', "a parameter, or a dotted key", 'did you mean "h_shock"?'),
    (factor(name="parameters.h_shok"), 'came "parameters.h_shok"', "a parameter", 'did you mean "h_shock"?'),
    (factor(name="policies.garden_leav.months"), "came", "policies.NAME.KNOB", 'did you mean "garden_leave"?'),
    (factor(name="policies.garden_leave.moths"), "came", 'a knob of "garden_leave"', 'did you mean "months"?'),
    (factor(name="employer.Alpha.compute"), "came", "a dotted key of the scenario", 'did you mean "employers"?'),
    (factor(name="employers.Alpa.compute", low=1, high=2), "an unknown name", "a declared name", '"Alpha"?'),
    (factor(name="employers.Alpha.compte", low=1, high=2), ".compte", "a known key", 'did you mean "compute"?'),
    (
        {"factors": [{"name": "h0"}, {"name": "parameters.h0"}]},
        'factors[2] "parameters.h0": came "parameters.h0" again',
        "a factor once",
        "remove one",
    ),
    # ranges and levels
    (factor(name="employers.Alpha.compute"), "came no range", "low and high, or levels", "low = ..."),
    (factor(high="much"), '"h0".high: came "much"', "a number", "write a plain number"),
    (factor(high=float("inf")), '"h0".high: came inf', "a number", "a finite number"),
    (factor(low=0.2, high=0.1), 'factors[1] "h0": came 0.2 to 0.1', "low < high", "swap them"),
    (factor(low=0.1, high=0.1), 'factors[1] "h0": came 0.1 to 0.1', "low < high", "use settings for a fixed"),
    (factor(high=0.9), "came 0 to 0.9", "within 0 to 0.25 (per month), as declared", "narrow it"),
    (factor(name="policies.match_offers.factor", high=50), "came 0 to 50", "within 0 to 5 (factor)", "narrow it"),
    (factor(log=True), '"h0".log: came a range from 0', "low above 0 for a logarithm", "raise low"),
    (factor(log="yes"), '"h0".log: came "yes"', "true or false", "without quotes"),
    (factor(levels=[0.1], low=0.1), "came levels and a range", "one of them", "remove low and high, or levels"),
    (factor(levels=[]), '"h0".levels: came a list of 0', "a list of 1", "add at least one"),
    (factor(levels=[0.1, 9.0]), "came 0.1 to 9", "within 0 to 0.25", "narrow it"),
    (factor(levels=[0.1, "much"]), ".levels: came numbers beside texts", "levels of one kind", "use one kind"),
    (factor(levels=[0.1, float("nan")]), ".levels[2]: came nan", "a finite number", "a plain number"),
    (factor(levels=[0.1, 0.1]), ".levels: came a value twice", "every level once", "remove one"),
    (factor(levels=[0, 0.0]), ".levels: came a value twice", "every level once", "remove one"),
    (
        factor(name="employers.Alpha.allocation", levels=["committee", "by_deman"]),
        'came "by_deman"',
        "committee",
        'did you mean "by_demand"?',
    ),
    (factor(name="employers.Alpha.lead_time", low=1, high=4), "came a range", "whole numbers", "levels = [1, 2, 3]"),
    # the design
    (design(n=4), "design.method: came nothing", "which is required", "add method"),
    (design(method="lsh", n=4), 'design.method: came "lsh"', '"lhs"', 'did you mean "lhs"?'),
    (design(method="lhs"), "design.n: came nothing", "the size of a design of method lhs", "add n = 64"),
    (design(method="grid"), "design.n: came nothing", "the size", "add n = 64"),
    (design(method="lhs", n=0), "design.n: came 0", "1 to 1,000,000", "between 1"),
    (design(method="saltelli", n=6), "design.n: came 6", "a power of two", "write n = 8"),
    (design(method="morris", n=1), "design.n: came 1", "at least 2 trajectories", "write n = 10"),
    (design(method="saltelli", n=2**19), "design: came 1,572,864 points", "at most 1,000,000", "fewer levels"),
    (
        design(method="lhs", n=10**6) | {"replicates": 10**5},
        "replicates: came 100,000,000,000 runs",
        "at most",
        "fewer",
    ),
    (design(method="lhs", n=4, rows=[[1]]), "design.rows: came a list of 1", 'method = "list"', "remove rows"),
    (design(method="list"), "design.rows: came nothing", "at least one point", "write rows = "),
    (design(method="list", rows=[]), "design.rows: came a list of 0", "at least one point", "write rows = "),
    (design(method="list", rows=[[0.1, 1]]), "design.rows[1]: came a list of 2", "a list of 1", "correct the point"),
    (design(method="list", rows=[[0.1], 3]), "design.rows[2]: came 3", "a list of 1", "correct the point"),
    (design(method="list", rows=[[0.1], [9]]), "design.rows[2][1]: came 9", "0 to 0.25 of h0", "correct the value"),
    (design(method="list", rows=[[float("nan")]]), "design.rows[1][1]: came nan", "0 to 0.25", "correct the value"),
    (design(method="list", rows=[["x"]]), 'design.rows[1][1]: came "x"', "a number", "correct the value"),
    (design(method="list", file="none.csv"), 'came "none.csv", which is no file', "a CSV or Parquet", "check the name"),
    (design(method="list", rows=[[0.1]], file="a.csv"), "came rows and a file", "one of them", "remove one"),
]


@pytest.mark.parametrize(("changes", "place", "expected", "fix"), BAD, ids=[place for _, place, _, _ in BAD])
def test_bad_studies_are_refused_in_words(changes: dict[str, Any], place: str, expected: str, fix: str) -> None:
    text = refusal(**changes)
    line = next((line for line in text.splitlines() if place in line and expected in line), None)
    assert line is not None, text
    assert fix in line
    assert text.endswith("Nothing was run.")


def test_the_study_that_is_spoilt_is_good() -> None:
    assert study.of(**HERE).n_points == 4


def test_all_problems_come_at_once() -> None:
    text = refusal(name="A B", replicates=0, outcomes=["exitz"], factors=[{"name": "h00"}], design={"method": "lhs"})
    assert "has 5 problems" in text
    for place in ("name:", "replicates:", "outcomes[1]:", 'factors[1] "h00"', "design.n:"):
        assert f"\n  {place}" in text


def test_one_mistake_is_one_problem() -> None:
    """A factor that is not known makes no second complaint about its range or about the points of a list."""
    listed = {"method": "list", "rows": [[0.1, 2.0]]}
    text = refusal(factors=[{"name": "h0"}, {"name": "h_shok"}], design=listed)
    assert "has 1 problem " in text


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_file_and_python_give_the_same_study(tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text(GOOD, encoding="utf-8")
    read, made = study.load(path), study.of(**(HERE | {"name": "good", "replicates": 2}))
    assert read == made
    assert read.study_hash() == made.study_hash()


@pytest.mark.parametrize(
    ("content", "place", "fix"),
    [
        (b"name = \xff", "line 1: came byte 0xff", "save the file as UTF-8"),
        (b"name = ", "came invalid TOML", "double quotes"),
        (b'name = "a"\nname = "b"', "came invalid TOML", "only once"),
        (b"\xef\xbb\xbfname = 1", "line 1: came a byte-order mark", "without BOM"),
        (b"a = " + b"[" * 40 + b"]" * 40, "line 1: came very deep nesting", "flatten"),
        (b"# " + b"x" * 300_000, "file: came 300,002 bytes", "keep data out of the study"),
        (b"", "name: came nothing", "add name"),
        (GOOD.replace('"tiny"', '"tiny"\nmodel = "math:sin"').encode(), 'model: came "math:sin"', "use one of"),
        (GOOD.replace('"tiny"', '"../tiny"').encode(), "scenario: file: came no such file", "tiny"),
    ],
)
def test_bad_files_are_refused_in_words(content: bytes, place: str, fix: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as error:
        study.load(path)
    assert str(error.value).startswith("study ")
    line = next((line for line in str(error.value).splitlines() if place in line), None)
    assert line is not None, str(error.value)
    assert fix in line


@pytest.mark.parametrize(
    ("name", "fix"), [("tinny", 'did you mean "tiny"?'), ("no/such/place.toml", "a shipped study")]
)
def test_a_study_that_is_not_there(name: str, fix: str) -> None:
    with pytest.raises(ScenarioError, match="no such file or study") as error:
        study.load(name)
    assert fix in str(error.value)


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"name a file in it, e\.g\. mine\.toml"):
        study.load(tmp_path)


def test_a_scenario_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        (Path(study.load_scenario.__code__.co_filename).parent / "scenarios" / "tiny.toml")
        .read_text(encoding="utf-8")
        .replace('name = "tiny"', 'name = "own"', 1),
        encoding="utf-8",
    )
    path = tmp_path / "good.toml"
    path.write_text(GOOD.replace('"tiny"', '"own.toml"'), encoding="utf-8")
    read = study.load(path)
    assert read.scenario is not None
    assert read.scenario.name == "own"


TABLE = {"h0": [0.05, 0.1], "mu": [0.2, 0.3], "unused": [1, 2]}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_points_out_of_a_table_beside_the_study(suffix: str, tmp_path: Path) -> None:
    if suffix == "csv":
        (tmp_path / "points.csv").write_text("mu,h0,unused\n0.2,0.05,1\n0.3,0.1,2\n", encoding="utf-8")
    else:
        pq.write_table(pa.table(TABLE), tmp_path / "points.parquet")
    path = tmp_path / "good.toml"
    listed = GOOD.replace('"lhs"\nn = 4', f'"list"\nfile = "points.{suffix}"') + '[[factors]]\nname = "mu"\n'
    path.write_text(listed, encoding="utf-8")
    assert study.load(path).points().tolist() == [[0.05, 0.2], [0.1, 0.3]]


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("h00,mu\n0.1,0.2\n", 'came no column "h0"', 'did you mean "h00"?'),
        ("h0,h0\n0.1,0.2\n", 'came two columns "h0"', "remove one"),
        ("h0\n0.1\nmuch\n", 'design.rows[1][1]: came "0.1"', "correct the value"),
        ("h0,mu\n,0.1\n", "design.rows[1][1]: came None", "correct the value"),
        ("h0\n", "design.rows: came a list of 0", "write rows"),
        ("h0,mu\n0.1\n", "which cannot be read", "check the name and the content"),
        ("", "which cannot be read", "check the name and the content"),
    ],
)
def test_bad_tables_of_points(text: str, place: str, fix: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(text, encoding="utf-8")
    path = tmp_path / "good.toml"
    path.write_text(GOOD.replace('"lhs"\nn = 4', '"list"\nfile = "points.csv"'), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        study.load(path)
    assert place in str(error.value)
    assert fix in str(error.value)


# ---- what a study says -----------------------------------------------------------------------------------------------


def test_ranges_and_units_are_those_declared() -> None:
    made = study.of(**(HERE | {"factors": [{"name": "h0"}, {"name": "policies.garden_leave.months", "high": 12}]}))
    known = declared()["h0"]
    assert made.factors == (
        Factor("h0", known.low, known.high, known.unit),
        Factor("policies.garden_leave.months", 0.0, 12.0, "months"),
    )


def test_all_parameters_but_those_fixed() -> None:
    made = study.of(**(HERE | {"factors": "all", "settings": {"h0": 0.05, "parameters.mu": 0.3}}))
    ranges = {p.name for p in declared().values() if p.low < p.high}
    assert {each.name for each in made.factors} == ranges - {"h0", "mu"}
    assert len(ranges) > 100


def test_settings_hold_at_every_point() -> None:
    made = study.of(**(HERE | {"settings": {"mu": 0.3, "employers.Alpha.compute": 31}, "months": 6}))
    assert made.scenario is not None
    assert (made.scenario.parameters["mu"], made.scenario.months) == (0.3, 6)
    assert next(each for each in made.scenario.employers if each.name == "Alpha").compute == 31


def test_levels_are_set_as_they_were_written() -> None:
    levels = [["committee", "by_demand"], [False, True], [1, 3]]
    names = ["employers.Alpha.allocation", "events.T03.drop", "employers.Alpha.lead_time"]
    factors = [{"name": name, "levels": values} for name, values in zip(names, levels, strict=True)]
    made = study.of(**(HERE | {"factors": factors, "design": {"method": "grid"}}))
    found = [list(made.settings(point).values()) for point in range(made.n_points)]
    assert found == [[a, b, c] for a in levels[0] for b in levels[1] for c in levels[2]]
    assert [type(value) for value in found[0]] == [str, bool, int]


def test_one_at_a_time_goes_out_from_what_the_scenario_holds() -> None:
    factors = [{"name": "h0"}, {"name": "mu"}, {"name": "employers.Alpha.compute", "low": 10, "high": 90}]
    changes = {"factors": factors, "design": {"method": "oat"}, "scenario": load("tiny").with_settings({"mu": 0.4})}
    x = study.of(**(HERE | changes)).points()
    own = next(each for each in load("tiny").employers if each.name == "Alpha").compute
    h0, mu = declared()["h0"], declared()["mu"]
    assert x[0].tolist() == [h0.default, 0.4, own]
    assert x[1:3, 0].tolist() == [h0.low, h0.high]
    assert x[3:5, 1].tolist() == [mu.low, mu.high]
    assert x[5:, 2].tolist() == [10, 90]
    assert (x[1:, :] != x[0]).sum() == 6


def test_a_study_travels_to_workers() -> None:
    made = study.of(**HERE)
    again: Study = pickle.loads(pickle.dumps(made))
    assert again == made
    assert again.points().tolist() == made.points().tolist()


def test_replaced_grows_a_study_and_nothing_else() -> None:
    made = study.of(**HERE)
    assert study.replaced(made, n=8, replicates=3).n_points == 8
    with pytest.raises(ValueError, match="scenario cannot be replaced"):
        study.replaced(made, scenario=None)


@pytest.mark.parametrize("name", study.names())
def test_shipped_studies_are_sound(name: str) -> None:
    made = study.load(name)
    assert made.name == name
    assert made.why
    assert len(made.points()) == made.n_points
    assert len(made.units) == len(made.outcomes)


# ---- what is run -----------------------------------------------------------------------------------------------------


SUBJECTS = {
    "tiny": {
        "": "",
        "employer": ":Alpha",
        "team": ":Alpha Language",
        "cohort": ":alpha-authors",
        "site": ":Paris",
        "pair": ":Alpha>Beta",
    },
    "meta_fair": {
        "": "",
        "employer": ":Meta",
        "team": ":FAIR Paris LLM",
        "cohort": ":llama-authors",
        "site": ":Paris",
        "pair": ":Meta>OpenAI",
    },
}


@pytest.mark.parametrize(
    ("scenario", "date", "replicate"),
    [
        ("tiny", "2022-04", 0),
        ("tiny", "2022-04", 1),
        ("tiny", "2022-09", 1),
        ("tiny", "2022-03..2022-07", 0),
        ("meta_fair", "2023-01..2023-12", 0),
    ],
)
def test_a_short_run_is_the_beginning_of_the_long_one(scenario: str, date: str, replicate: int) -> None:
    """Whatever is asked up to a month is the same when only the months that it needs are run."""
    kinds = outcomes.kinds()
    texts = [
        f"{name}{SUBJECTS[scenario][about]}@{date}"
        for name, kind in kinds.items()
        for about in kind.subjects or ("",)
        if not (name == "bought_founders_gone" and scenario == "meta_fair")  # it needs three years more
    ]
    made = study.of(**(HERE | {"scenario": scenario, "outcomes": texts, "seed": 3}))
    found = execute(made, 1, replicate_seed(3, replicate), replicate)
    assert made.scenario is not None
    whole = made.scenario.with_settings(made.settings(1))
    result = simulate(whole, 3, replicate)
    assert result.months == made.scenario.months
    expected = [outcomes.read(text, whole).measure(result) for text in texts]
    assert dict(zip(texts, found, strict=True)) == pytest.approx(dict(zip(texts, expected, strict=True)), 0, 0, True)
    assert len(texts) > 60


def test_outcomes_that_look_beyond_their_window_run_as_long() -> None:
    tiny, meta = load("tiny"), load("meta_fair")
    last = [outcomes.read(text, meta).last for text in ("founded@2022-12", "alumni_share@2022-12")]
    assert last == [11, 16]
    assert outcomes.read("alumni_share@2022-12", tiny).last == 11
    assert outcomes.read("bought_founders_gone@2022-12", meta).last == meta.months - 1


def test_outcomes_of_a_month_in_which_nobody_moved() -> None:
    """Every outcome is a number, or not a number, in a history without a single move."""
    still = load("tiny").with_settings({"months": 1})
    result = simulate(still, 3, 1)
    assert not result.moves
    for name, kind in outcomes.kinds().items():
        for about in kind.subjects or ("",):
            assert isinstance(outcomes.read(f"{name}{SUBJECTS['tiny'][about]}", still).measure(result), float)


def test_only_the_months_that_are_needed_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    def watched(scenario: Any, seed: int, replicate: int) -> Any:
        ran.append(scenario.months)
        return simulate(scenario, seed, replicate)

    monkeypatch.setattr("experiments.models.simulate", watched)
    for texts in (["exits@2022-03"], ["exits@2022-03", "left:alpha-authors@2022-05"], ["exits"]):
        execute(study.of(**(HERE | {"outcomes": texts})), 0, replicate_seed(1, 0), 0)
    assert ran == [3, 5, 12]
