"""What can be pulled is listed as data, and all of it can be pulled."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import abm
from abm import mechanisms, month, policies
from abm.lever_catalogue import levers_catalogue, main_parameters
from abm.live import LiveMarket
from abm.parameters import declared, read_by_the_month
from abm.scenario import ScenarioError, load
from tests.test_docs import parameters_read

ROOT = Path(abm.__file__).parent
AT_THE_START = ("build",)
NOT_THE_MODEL = ("docs", "mechanisms", "lever_catalogue", "parameters")


def test_every_policy_and_knob_is_listed() -> None:
    listed = {policy["name"]: policy for policy in levers_catalogue()["policies"]}
    assert tuple(listed) == policies.names()
    assert {name for name, policy in listed.items() if policy["once"]} == {
        *("appoint_leader", "cancel_project", "layoffs", "merge_teams", "promise_compute", "split_team"),
    }
    for name, policy in listed.items():
        assert policy["does"] and policy["label"]
        assert ["date" in knob["name"] or "until" in knob["name"] for knob in policy["knobs"]].count(True) == (
            1 if policy["once"] else 2
        )
        for knob in policy["knobs"]:
            assert knob["unit"] and knob["meaning"] and knob["source"]
            known = policies.knobs_of(name)[knob["name"]]
            if knob["kind"] == "number":
                assert isinstance(known, policies.Knob)
                assert knob["low"] <= knob["neutral"] <= knob["high"]
            else:
                assert knob["kind"] in policies.KINDS and knob["empty"]
    json.dumps(levers_catalogue())


def test_a_parameter_can_be_changed_while_running_just_if_the_list_says_so() -> None:
    listed = levers_catalogue()["parameters"]
    assert [item["name"] for item in listed] == list(declared())
    live = LiveMarket("tiny")
    for item in listed:
        if item["running"]:
            live.set_parameter(item["name"], item["high"])
        else:
            with pytest.raises(ScenarioError, match="only when the world is built"):
                live.set_parameter(item["name"], item["high"])
    live.step()
    assert len(live.log) == sum(item["running"] for item in listed) > 150


def test_what_the_month_reads_is_found_in_the_code() -> None:
    """A parameter can change while the market runs if, and only if, something that runs then reads it.

    `build.py` is read at the start; of the methods of the world, parameters and helpers everything is read in a month.
    """
    running: set[str] = set()
    for file in sorted(ROOT.rglob("*.py")):
        if file.stem not in (*AT_THE_START, *NOT_THE_MODEL):
            running |= parameters_read(file.read_text(encoding="utf-8"))
    assert {name for name in declared() if read_by_the_month(name)} == running & set(declared())
    for phase in month.MONTH:
        assert all(read_by_the_month(name) for name in phase.PARAMETERS)


def test_the_main_parameters_are_the_fitted_and_the_switches_of_core_mechanisms() -> None:
    main = {item["name"]: item for item in main_parameters()}
    assert [name for name, item in main.items() if item["fitted"]] == ["breach_weight", "switching_cost", "personal_sd"]
    core = {each.id: each for each in mechanisms.declared().values() if each.core}
    for name, item in main.items():
        assert item["fitted"] or item["mechanisms"]
        assert item["running"], f"{name} cannot be changed while the market runs"
        for reason in item["mechanisms"]:
            assert name in core[reason["id"]].off.settings and core[reason["id"]].name == reason["name"]
    switched = {name for each in core.values() for name in each.off.settings if name in declared()}
    assert switched <= set(main)


def test_no_module_reads_parameters_by_another_name() -> None:
    """`parameters_read` sees `parameters.x`; an alias would hide a read from it."""
    names: list[str] = []
    for file in sorted((ROOT / "phases").glob("*.py")):
        for target, value in assigned(file.read_text(encoding="utf-8")):
            if re.search(r"\bparameters$", value):
                assert target == "parameters", f"{file.name}: {target} = {value}"
                names.append(file.stem)
    assert {"allocate", "appraise"} <= set(names), "the phases that are known to name them were not looked at"
    text = "a, b = world.teams, world.parameters\nif (c := world.parameters): d: P = x.parameters\ne = f = g"
    assert assigned(text) == [
        ("a", "world.teams"), ("b", "world.parameters"), ("e", "g"), ("f", "g"),
        ("c", "world.parameters"), ("d", "x.parameters"),
    ]  # fmt: skip


def assigned(text: str) -> list[tuple[str, str]]:
    """Names and what is put under them, `a, b = x, y` taken apart."""
    found: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    found += zip(target.elts, node.value.elts, strict=True)
                else:
                    found.append((target, node.value))
        elif isinstance(node, ast.NamedExpr | ast.AnnAssign) and node.value is not None:
            found.append((node.target, node.value))
    return [(ast.unparse(target), ast.unparse(value)) for target, value in found]


def test_a_scenario_given_parameter_may_still_only_be_read_at_the_start() -> None:
    assert load("tiny").derive(parameters={"mean_degree": 9.0}).parameters["mean_degree"] == 9.0
