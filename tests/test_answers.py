"""The answers that ship: of one code, of pairs enough for a verdict, and what the code gives again."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from experiments import identity, reproduce, reproduce_check


def test_the_answers_are_of_one_code_and_of_pairs_enough_for_a_verdict() -> None:
    told = reproduce.read_answers()
    assert list(told) == reproduce.questions()
    assert len({row["model"] for row in told.values()}) == 1, "measured with several versions of the code"
    assert all(row["replicates"] >= 10 for row in told.values())


def test_an_answer_is_checked_against_the_first_pair_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The histories and one other world of question 2, run again, give the values that ship; another value is told."""
    held = reproduce.read_answers()
    script = import_module("experiments.q02_equal_sharing")
    made = script.design()
    short = replace(made, arms=made.arms[:2], pairs=())
    monkeypatch.setattr(script, "design", lambda: short)
    kept = {name: dict(values) for name, values in held["q02_equal_sharing"]["first"]["meta_fair"].items()}
    first = {"meta_fair": {arm.name: kept[arm.name] for arm in short.arms}}
    row = {**held["q02_equal_sharing"], "first": first}

    def told(changed: dict[str, Any]) -> tuple[str, str]:
        monkeypatch.setattr(reproduce, "read_answers", lambda: {"q02_equal_sharing": changed})
        return reproduce_check.answer("q02_equal_sharing", tmp_path, 1)

    status, note = told(row)
    assert status == "same"
    assert (note == "") == (row["model"] == identity.model_digest())
    first["meta_fair"]["history"]["exits:Meta"] += 1
    status, note = told(row)
    assert status == "differs" and "history exits:Meta" in note and "--only q02" in note
    assert told({key: value for key, value in row.items() if key != "first"})[0] == "differs"
