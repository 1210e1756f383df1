"""The arrows between modules, as ARCHITECTURE has them: each rule is one row of ``RULES`` and is checked over ``ast``.

leaves -> tables -> world -> phases -> month, build -> agents, model -> run and the rest of abm -> experiments | viz
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("abm", "experiments", "viz")

# A name stands for the module or package and everything in it; a star for any run of letters.
LEAVES = ("abm.columns", "abm.scenario_read", "abm.parameters", "abm.levers", "abm.streams", "abm.kernels", "abm.disk")
DESCRIPTIONS = ("abm.scenario*", "abm.policies")
"""What a run is to be. Says it, does not do it, so it stands low: World holds the scenario that it follows."""
TABLES = ("abm.tables", "abm.ledger")
WORLD = ("abm.world",)
READERS = ("abm.metrics", "abm.identities", "abm.identity_*", "abm.graph", "abm.network")
HELPERS = ("abm.effects", "abm.employment", "abm.cohorts", "abm.projects")
PHASES = ("abm.phases", *READERS, *HELPERS)
"""The phases, what reads a World after them and what writes it on their behalf. A new helper is named here."""
MONTH = ("abm.month", "abm.build")
MESA = ("abm.agents", "abm.model")

UP_TO_TABLES = (*LEAVES, *TABLES)
UP_TO_WORLD = (*UP_TO_TABLES, *DESCRIPTIONS, *WORLD)
UP_TO_PHASES = (*UP_TO_WORLD, *PHASES)
UP_TO_MONTH = (*UP_TO_PHASES, *MONTH)
UP_TO_MESA = (*UP_TO_MONTH, *MESA)


@dataclass(frozen=True)
class Rule:
    """What some modules may name. ``only`` speaks of the project's own modules, ``never`` of any."""

    why: str
    modules: tuple[str, ...]
    but: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    never: tuple[str, ...] = ()
    planted: str = ""  # a line that breaks the rule; the self-test plants it in the first of the modules


# fmt: off
RULES = (
    Rule("leaves know leaves", LEAVES, only=LEAVES, planted="from abm.tables import Researchers"),
    Rule("kernels know arrays: no luck, no parameters", ("abm.kernels",), only=("abm.kernels", "abm.columns"),
         planted="from abm import streams"),
    Rule("policies know levers", ("abm.policies",), only=("abm.policies", "abm.levers"), planted="import abm.world"),
    Rule("a scenario describes and does not act", ("abm.scenario*",), only=(*LEAVES, *DESCRIPTIONS),
         planted="from abm.world import World"),
    Rule("tables stand on leaves", TABLES, only=UP_TO_TABLES, planted="from .world import World"),
    Rule("world stands on tables", WORLD, only=UP_TO_WORLD, planted="from abm.phases import offer"),
    Rule("phases know the world, not the month", PHASES, only=UP_TO_PHASES, planted="from .. import month"),
    Rule("the month knows the phases, not the model", MONTH, only=UP_TO_MONTH, planted="import abm.model as model"),
    Rule("the model knows the month, not the run", MESA, only=UP_TO_MESA, planted="from abm.run import simulate"),
    Rule("the model does not know who uses it", ("abm",), but=("abm.cli", "abm.commands"), never=("experiments", "viz"),
         planted="import viz.report"),
    Rule("importing abm imports nothing of it", ("abm.__init__",), only=(), planted="from abm.run import simulate"),
    Rule("the command line is the outermost door", ("abm", "experiments", "viz"), but=("abm.cli", "abm.__main__"),
         never=("abm.cli",), planted="from abm.cli import main"),
    Rule("experiments do not draw pages", ("experiments",), never=("viz",), planted="from viz import report"),
    Rule("viz reads results, not how they came about", ("viz",),
         never=("experiments", "abm.columns", "abm.streams", "abm.kernels", *TABLES, *WORLD, "abm.phases", *MONTH),
         planted="from abm.tables import Researchers"),
    Rule("nothing imports its tests", PACKAGES, never=("tests",), planted="from tests.oracle import utility"),
    Rule("mesa in two files", PACKAGES, but=MESA, never=("mesa",), planted="from mesa import Model"),
    Rule("networkx in one file", PACKAGES, but=("abm.graph",), never=("networkx",), planted="import networkx as nx"),
    Rule("Solara in viz", PACKAGES, but=("viz",), never=("solara",), planted="import solara"),
    Rule("no luck but abm.streams", PACKAGES, never=("random", "secrets"), planted="from random import choice"),
    Rule("no luck but abm.streams: NumPy's", PACKAGES, but=("abm.streams",), never=("numpy.random",),
         planted="import numpy as np\nrng = np.random.default_rng()"),
    Rule("no luck but abm.streams: NumPy's, imported", PACKAGES, but=("abm.streams",), never=("numpy.random",),
         planted="from numpy import random as dice"),
    Rule("no luck but abm.streams: by a name in a string", PACKAGES, never=("random",),
         planted="import importlib\nimportlib.import_module('random')"),
)
# fmt: on


HOW_TO_MEND = (
    "Move the code to a layer that may know both, or hand the value in as an argument. "
    "A new file that lower layers need gets its place among the layers at the top of this test."
)


def is_in(name: str, groups: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the modules or packages, or lies in one."""
    return any(fnmatchcase(name, group) or fnmatchcase(name, f"{group}.*") for group in groups)


def modules_on_disk() -> dict[str, Path]:
    """Every module of the project by its dotted name; a package's own file is ``package.__init__``."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}


def names_used(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module imports or reaches through an imported name.

    ``import numpy as np; np.random.rand()`` gives ``numpy`` and ``numpy.random.rand``; ``from abm import tables`` gives
    ``abm.tables``; a relative import gives what it resolves to; ``import_module("x")`` gives ``x``. An import under
    ``if TYPE_CHECKING`` counts: an arrow is about what one must know, not about what runs.
    """
    tree = ast.parse(source)
    known_as: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known_as[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*package, *([node.module] if node.module else [])])
            for alias in node.names:
                known_as[alias.asname or alias.name] = f"{origin}.{alias.name}"
                yield node.lineno, f"{origin}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            chain, root = dotted(node)
            if root in known_as:
                yield node.lineno, ".".join([known_as[root], *chain])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def dotted(node: ast.Attribute) -> tuple[list[str], str]:
    """``a.b.c`` as ``(["b", "c"], "a")``; the root is empty if it is not a plain name."""
    chain: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        chain.insert(0, inner.attr)
        inner = inner.value
    return chain, inner.id if isinstance(inner, ast.Name) else ""


def breaches(rule: Rule, sources: dict[str, str]) -> list[str]:
    """One line for each place that breaks the rule."""
    found = set()
    for module, source in sources.items():
        if not is_in(module, rule.modules) or is_in(module, rule.but):
            continue
        for line, name in names_used(source, module):
            own = name.partition(".")[0] in PACKAGES
            if is_in(name, rule.never) or (rule.only is not None and own and not is_in(name, rule.only)):
                found.add(f"{module}, line {line}: names {name}; {rule.why}")
    return sorted(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.why)
def test_rule_holds(rule: Rule) -> None:
    sources = {module: file.read_text(encoding="utf-8") for module, file in modules_on_disk().items()}
    assert breaches(rule, sources) == [], HOW_TO_MEND


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.why)
def test_rule_sees_a_planted_breach(rule: Rule) -> None:
    """Planted in a module that the rule speaks of, the line is reported; in one that is excepted, it is not."""
    first = rule.modules[0].replace("*", "_check")
    where = first if first.count(".") else f"{first}.some_module"
    if rule.planted.startswith("from .. "):
        where = f"{first}.some_phase"
    assert len(breaches(rule, {where: rule.planted})) > 0
    assert breaches(rule, {where: "import math\nfrom numpy.typing import NDArray\n"}) == []
    for excepted in rule.but:
        assert breaches(rule, {excepted: rule.planted}) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b as c\nc.d.e", {"a.b", "a.b.d.e", "a.b.d"}),
        ("import a.b\na.b.c", {"a.b", "a.b.c"}),
        ("from a import b as c\nc.d", {"a.b", "a.b.d"}),
        ("from . import b", {"abm.phases.b"}),
        ("from ..tables import Teams", {"abm.tables.Teams"}),
        ("def f():\n    from a import b", {"a.b"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", {"typing.TYPE_CHECKING", "a"}),
        ("__import__('a')", {"a"}),
        ("random = 1\nrandom.choice", set()),
        ("world.random.choice", set()),
    ],
)
def test_names_are_resolved(source: str, names: set[str]) -> None:
    assert {name for _, name in names_used(source, "abm.phases.offer")} == names


def test_no_import_cycles() -> None:
    """No module reaches itself over imports, whatever layer it is in."""
    modules = {name.removesuffix(".__init__"): file for name, file in modules_on_disk().items()}
    arrows: dict[str, set[str]] = {}
    for module, file in modules.items():
        full_name = f"{module}.__init__" if file.name == "__init__.py" else module
        used = {name for _, name in names_used(file.read_text(encoding="utf-8"), full_name)}
        # a name is a module, or something in the module before its last dot
        targets = {name if name in modules else name.rpartition(".")[0] for name in used}
        arrows[module] = {target for target in targets if target in modules and target != module}
    assert cycle(arrows) == []


def test_a_cycle_is_seen() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert sorted(cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == ["b", "c"]


def cycle(arrows: dict[str, set[str]]) -> list[str]:
    """The modules that are left when those that name none of the left ones, or are named by none, are taken away."""
    left = {module: set(targets) for module, targets in arrows.items()}
    while True:
        named = set().union(*left.values()) if left else set()
        gone = {module for module, targets in left.items() if not targets or module not in named}
        if not gone:
            return sorted(left)
        left = {module: targets - gone for module, targets in left.items() if module not in gone}
