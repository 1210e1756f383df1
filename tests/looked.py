"""A test that passes has looked at something: one that ran none of its asserts, or an `all(...)` over nothing, fails.

A loop over what turns out to be empty passes whatever the code does. The interpreter says which lines of a test ran and
which generators gave a value; `tests/conftest.py` asks for the plugin.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

TOOL = 4  # of the six numbers that sys.monitoring gives out, one that is kept for nobody


@cache
def _asserts(file: str) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Of asserts, and of what must raise, the first line by each of its lines; that of an assert by its `all(...)`."""
    lines: dict[int, int] = {}
    every: dict[tuple[int, int], int] = {}
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assert):
            lines.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.lineno))
            every.update({place: node.lineno for place in _places(node.test)})
        elif isinstance(node, ast.With) and any("pytest.raises" in ast.unparse(item) for item in node.items):
            lines[node.lineno] = node.lineno  # an error that must come is looked at as well
    return lines, every


def _places(test: ast.expr) -> Iterator[tuple[int, int]]:
    """Where the generators begin that an assert hands to `all`, alone or joined by `and`."""
    for part in test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]:
        if (
            isinstance(part, ast.Call)
            and ast.unparse(part.func) == "all"
            and isinstance(part.args[0], ast.GeneratorExp)
        ):
            element = part.args[0].elt
            yield element.lineno, element.col_offset


def _inner(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of all functions and generators in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _inner(each)


def _elements(code: CodeType) -> set[tuple[int, int]]:
    """Where the parts of a generator's code stand in the file."""
    return {(line, column) for line, _, column, _ in code.co_positions() if line is not None and column is not None}


def code_of(test: Any) -> CodeType | None:
    """The code of a test as it is written, under whatever decorates it."""
    test = getattr(test, "__func__", test)
    test = getattr(getattr(test, "hypothesis", None), "inner_test", test)
    return getattr(inspect.unwrap(test), "__code__", None)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Watch one test; nothing is watched twice, so it costs nothing that could be measured."""
    code = code_of(pyfuncitem.obj)
    if code is None or not Path(code.co_filename).is_file():
        return (yield)
    lines, every = _asserts(code.co_filename)
    codes = list(_inner(code))
    mine = {lines[line] for each in codes for _, _, line in each.co_lines() if line in lines}
    if not mine:
        return (yield)
    monitoring = sys.monitoring
    ran: set[int] = set()
    gave: set[CodeType] = set()

    def line_ran(_: CodeType, line: int) -> Any:
        ran.add(lines.get(line, 0))
        return monitoring.DISABLE

    def value_given(generator: CodeType, *_: object) -> Any:
        gave.add(generator)
        return monitoring.DISABLE

    events = monitoring.events
    monitoring.use_tool_id(TOOL, "tests")
    try:
        monitoring.restart_events()  # what was switched off for the same code under other parameters
        monitoring.register_callback(TOOL, events.LINE, line_ran)
        monitoring.register_callback(TOOL, events.PY_YIELD, value_given)
        for each in codes:
            monitoring.set_local_events(TOOL, each, events.LINE | events.PY_YIELD)
        result = yield
    finally:
        for each in codes:
            monitoring.set_local_events(TOOL, each, events.NO_EVENTS)
        monitoring.free_tool_id(TOOL)
    if not mine & ran:
        pytest.fail(f"{pyfuncitem.name} passed without having run one of its asserts (lines {sorted(mine)})", False)
    for each in codes:
        if each.co_name == "<genexpr>" and each not in gave:
            over_nothing = {every[place] for place in _elements(each) & every.keys()} & ran
            if over_nothing:
                pytest.fail(f"{pyfuncitem.name}: `all` on line {min(over_nothing)} went over nothing", False)
    return result
