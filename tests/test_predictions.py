"""Predictions: complete, the same bytes for the same seed, of the declared form, and without what must be predicted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import cli
from abm.scenario import Scenario, ScenarioError, load
from experiments import posterior_file, predictions
from experiments.forecast import given, predictive, ratios, simulate_draws
from experiments.observed import HISTORIC, rows
from experiments.posterior_file import Drawn, defaults

EXPECTED = {
    "left:transformer-authors@2023-09": "predicted",
    "left:llama-authors@2023-09": "fitted",
    "left:llama-authors@2025-05": "predicted",
    "left:opt-authors@2023-09": "fitted",
    "left:opt-authors@2025-05": "predicted",
    "left:llama2-originators@2023-09": "predicted",
    "left:openai-researchers-36m@2023-09": "predicted",
    "left:openai-researchers-24m@2023-09": "predicted",
    "left:openai-researchers-12m@2023-09": "predicted",
    "left:superalignment@2024-05": "predicted",
    "retention:Meta@2025-05": "fitted",
    "retention:Anthropic@2025-05": "fitted",
    "retention:OpenAI@2025-05": "predicted",
    "retention:Google DeepMind@2025-05": "predicted",
    "flow:OpenAI>Anthropic@2025-05": "predicted",
    "flow:Google DeepMind>Anthropic@2025-05": "predicted",
}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "$") -> list[str]:
    """What in a document is not of its form; the part of JSON Schema that `SCHEMA` uses, unknown words are refused."""
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    known = {"$schema", "$defs", "title", "description", "type", "required", "properties", "additionalProperties"}
    known |= {"items", "enum", "const", "minimum", "maximum", "minItems", "maxItems", "pattern", "oneOf"}
    assert schema.keys() <= known, schema.keys() - known
    found = []
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(isinstance(value, types[name]) for name in wanted):
        return [f"{place}: {value!r} is no {wanted}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{place}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{place}: {value!r}")
    if isinstance(value, int | float) and not schema.get("minimum", -np.inf) <= value <= schema.get("maximum", np.inf):
        found.append(f"{place}: {value} is out of range")
    if isinstance(value, dict):
        own = schema.get("properties", {})
        found += [f"{place}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            rest = schema.get("additionalProperties", True)
            if name in own or isinstance(rest, dict):
                found += faults(item, own.get(name, rest), root, f"{place}.{name}")
            elif not rest:
                found.append(f"{place}: {name} is too much")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{place}: {len(value)} items")
        found += [
            each
            for k, item in enumerate(value)
            for each in faults(item, schema.get("items", {}), root, f"{place}[{k}]")
        ]
    if "oneOf" in schema and sum(not faults(value, each, root, place) for each in schema["oneOf"]) != 1:
        found.append(f"{place}: not one of the forms")
    return found


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    """With a flow and a row to be predicted."""
    content = load("tiny").to_dict()
    cohort = content["cohorts"][0]
    cohort["observations"] = [
        {"date": "2022-08", "left_min": 1, "left_max": 3, "use": "calibrate"},
        {"date": "2022-12", "use": "predict"},
    ]
    names = [employer["name"] for employer in content["employers"]]
    flows = [{"pair": names[:2], "as_of": "2022-12", "use": "predict"}]
    return load("tiny").derive(cohorts=[cohort], flows=flows)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One history of each scenario through the command line."""
    out = tmp_path_factory.mktemp("predict") / "predictions.json"
    assert cli.main(["predict", "--draws", "1", "--workers", "1", "--out", str(out)]) == 0
    return out


def test_every_row_of_the_historic_scenarios_is_there_and_has_the_declared_form(history: Path) -> None:
    told = json.loads(history.read_text(encoding="utf-8"))
    assert faults(told, predictions.SCHEMA, predictions.SCHEMA) == []
    assert {row["row"]: row["status"] for row in told["rows"]} == EXPECTED
    assert all(("observed" in row) == (row["status"] == "fitted") for row in told["rows"])
    for row in told["rows"]:
        for name, forecast in row["forecasts"].items():
            if row["kind"] == "cohort":
                assert len(forecast["pmf"]) == row["of"] + 1, (row["row"], name)
                assert sum(forecast["pmf"]) == pytest.approx(1.0, abs=1e-4)
        assert ("per_head" in row) == (row["kind"] == "flow")
    assert told["scenarios"] == {name: load(name).content_hash() for name in HISTORIC}


def test_the_schema_sees_what_is_wrong(history: Path) -> None:
    told = json.loads(history.read_text(encoding="utf-8"))
    for spoil in (
        lambda d: d.pop("seed"),
        lambda d: d.update(made="2026-01-01"),
        lambda d: d["rows"][0].update(observed=[1]),
        lambda d: d["rows"][0].update(status="known"),
        lambda d: d["rows"][0]["forecasts"].pop("constant"),
        lambda d: d["rows"][0]["forecasts"]["model"].update(p50=1.0),
        lambda d: d["rows"][0]["forecasts"]["model"]["pmf"].append(1.5),
    ):
        wrong = json.loads(json.dumps(told))
        spoil(wrong)
        assert faults(wrong, predictions.SCHEMA, predictions.SCHEMA) != []


def test_same_seed_same_bytes_whatever_the_workers(tiny: Scenario) -> None:
    drawn = Drawn("made", "abc", ("h0",), np.array([[0.05], [0.08], [0.1]]), {})

    def made(seed: int, workers: int) -> str:
        return json.dumps(predictions.predict([tiny], drawn, 6, seed, workers), allow_nan=False)

    one = made(1, 1)
    assert made(1, 2) == one
    assert made(2, 1) != one
    assert faults(json.loads(one), predictions.SCHEMA, predictions.SCHEMA) == []


def test_no_time_no_place_no_machine_is_written(history: Path) -> None:
    text = history.read_text(encoding="utf-8")
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}", text)
    assert str(history.parent) not in text


def test_draws_of_the_posterior_are_used(tiny: Scenario) -> None:
    mine = rows(tiny)
    calm = simulate_draws(tiny, mine, [{"h0": 0.0, "h_shock": 0.0, "h_ties": 0.0}] * 12, seed=1)
    wild = simulate_draws(tiny, mine, [{"h0": 0.1, "h_shock": 1.0, "h_ties": 1.0}] * 12, seed=1)
    key = "left:alpha-authors@2022-12"
    assert wild[key].mean() > calm[key].mean() + 0.3
    assert len(np.unique(wild[key])) > 1  # each draw has luck of its own


def test_going_on_keeps_histories_that_agree(tiny: Scenario) -> None:
    mine = rows(tiny)
    early, late, _ = mine
    drawn = {early.key: np.repeat([0.0, 2.0, 4.0], 30), late.key: np.repeat([1.0, 3.0, 4.0], 30)}
    onward = given(late, mine, drawn)
    assert onward is not None and onward.mean() == pytest.approx(3.0)
    assert given(early, mine, drawn) is None
    assert given(late, mine, {key: values[::10] for key, values in drawn.items()}) is None


def test_ratio_of_flows(tiny: Scenario) -> None:
    row = rows(tiny)[2]
    there, back, one, other = row.outcomes
    drawn = {
        there: np.array([0.0, 4.0]),
        back: np.array([0.0, 0.0]),
        one: np.array([10.0, 8.0]),
        other: np.full(2, 2.0),
    }
    gross, per_head = ratios(row, drawn)
    np.testing.assert_allclose(gross, [1.0, 9.0])
    np.testing.assert_allclose(per_head, [0.2, 2.25])
    assert predictive(row, drawn).mean() == pytest.approx(5.0)


# ---- posterior.json --------------------------------------------------------------------------------------------------


def test_bad_posteriors_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"schema": 1, "digest": "d", "scenario": {}, "parameters": [{"name": "h0"}], "targets": [], "draws": [[0.1]]}
    file = tmp_path / "posterior.json"
    file.write_text(json.dumps(good), encoding="utf-8")
    found = posterior_file.read(file)
    assert (found.names, found.draws.tolist()) == (("h0",), [[0.1]])
    for spoil in ({"draws": [[0.1, 0.2]]}, {"draws": []}, {"draws": [["x"]]}, {"parameters": [1]}):
        file.write_text(json.dumps({**good, **spoil}), encoding="utf-8")
        with pytest.raises(ScenarioError, match="Fix:"):
            posterior_file.read(file)
    for text in ("{", "[]", '{"schema": 1}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError, match="Fix:"):
            posterior_file.read(file)
    assert cli.main(["predict", "--posterior", str(tmp_path / "none.json")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert cli.main(["predict", "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_without_a_posterior_the_defaults_are_used_and_named() -> None:
    assert defaults().first(3).shape == (3, 0)
    assert "defaults" in defaults().source
    evenly = Drawn("made", "", ("h0",), np.arange(10.0)[:, None], {})
    assert evenly.first(5)[:, 0].tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert evenly.first(20)[:, 0].tolist() == sorted([*range(10), *range(10)])
