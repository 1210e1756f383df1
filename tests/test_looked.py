"""The plugin that fails a test which looked at nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOOKS = """
import pytest
from hypothesis import given, strategies

def test_loop_over_nothing():
    for value in []:
        assert value

def test_all_over_nothing():
    assert all(value for value in [])

def test_second_all_over_nothing():
    assert all(value for value in [1]) and all(value for value in sorted({}))

@given(strategies.lists(strategies.integers(), max_size=0))
def test_no_example_has_anything(values):
    for value in values:
        assert value is not None

class TestInAClass:
    def test_branch_not_taken(self):
        if 1 > 2:
            assert True

@pytest.mark.parametrize("values", [[1], []])
def test_some_parameters_bring_nothing(values):
    for value in values:
        assert value

def test_looks():
    for value in [1]:
        assert value
    assert all(value for value in [1])

@given(strategies.lists(strategies.integers()))
def test_examples_have_something(values):
    for value in values:
        assert value is not None
    assert all(value is not None for value in values)

def test_inside_a_function():
    def check(value):
        assert value
    check(1)

def test_errors_only():
    with pytest.raises(ValueError):
        int("x")

@pytest.mark.parametrize("wrong", [True, False])
def test_an_error_or_an_assert(wrong):
    if wrong:
        with pytest.raises(ValueError):
            int("x")
    else:
        assert int("1") == 1

def test_over_several_lines():
    assert all(
        value
        for value in [
            1,
            2,
        ]
    ), "words"
"""
FAIL = ("test_loop_over_nothing", "test_all_over_nothing", "test_second_all_over_nothing",
        "test_no_example_has_anything", "TestInAClass::test_branch_not_taken",
        "test_some_parameters_bring_nothing[values1]")  # fmt: skip


def test_a_test_that_looks_at_nothing_fails(tmp_path: Path) -> None:
    file = tmp_path / "test_looks.py"
    file.write_text(LOOKS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.looked", "-p", "no:cacheprovider", "-q", "-rf", str(file)]
    done = subprocess.run(
        [*command, f"--rootdir={tmp_path}", "-c", "/dev/null"],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    failed = {line.split(" ")[1].partition("::")[2] for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == set(FAIL), done.stdout
    assert "6 failed, 8 passed" in done.stdout
    assert "without having run one of its asserts" in done.stdout and "went over nothing" in done.stdout
