"""Ids of runs: equal runs have one, unequal runs never, wherever and in whatever order they are worked out."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.parameters import declared
from abm.run import replicate_seed
from abm.scenario import load
from experiments import identity, study
from experiments.plan import Plan, plan

HERE: dict[str, Any] = {
    "name": "x",
    "scenario": "tiny",
    "replicates": 2,
    "outcomes": ["exits", "mean_pay"],
    "design": {"method": "list", "rows": [[0.05, 0.2], [0.1, 0.3]]},
    "factors": [{"name": "h0"}, {"name": "mu"}],
}


def planned(**changes: Any) -> Plan:
    return plan(study.of(**(HERE | changes)))


def ids(**changes: Any) -> list[str]:
    return [run.run_id for run in planned(**changes).runs]


# ---- what does not count ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"why": "because"},
        {"months": 12},
        {"outcomes": ["mean_pay", "exits"]},
        {"outcomes": ["exits", "mean_pay", "exits"]},
        {"settings": {"h_gap": declared()["h_gap"].default}},
        {"factors": [{"name": "parameters.h0"}, {"name": "mu", "low": 0.1, "unit": "other"}]},
        {"factors": [{"name": "h0", "levels": [0.05, 0.1]}, {"name": "mu", "levels": [0.3, 0.2]}]},
        {"scenario": load("tiny")},
        {"scenario": load("tiny").with_settings({"mu": 0.9})},  # every point sets it
    ],
    ids=str,
)
def test_what_changes_no_number_changes_no_id(changes: dict[str, Any]) -> None:
    assert ids(**changes) == ids()


def test_order_of_points_and_factors_does_not_matter() -> None:
    turned = ids(
        factors=[{"name": "mu"}, {"name": "h0"}],
        design={"method": "list", "rows": [[0.3, 0.1], [0.2, 0.05]]},
    )
    assert turned == [*ids()[2:], *ids()[:2]]


@pytest.mark.parametrize("number", ["1", "1.0"])
def test_whole_numbers_and_decimals_are_alike(number: str) -> None:
    value = int(number) if number.isdigit() else float(number)
    levels = {"name": "policies.match_offers.factor", "levels": [value]}
    assert ids(factors=[levels], design={"method": "grid"}) == ids(
        factors=[levels | {"levels": [1.0]}], design={"method": "grid"}
    )


def test_the_same_in_other_processes_whatever_their_hash_seed() -> None:
    program = "from tests.test_identity import ids; print(*ids())"
    environment = os.environ | {"PYTHONHASHSEED": "4711"}  # this process has another, drawn at its start
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    assert answer.stdout.split() == ids()


def test_points_that_are_alike_share_their_runs() -> None:
    made = planned(design={"method": "list", "rows": [[0.05, 0.2], [0.1, 0.3], [0.05, 0.2]]})
    assert len(made.runs) == 6
    assert [(run.point, run.replicate) for run in made.unique()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [run.run_id for run in made.runs[4:]] == [run.run_id for run in made.runs[:2]]


# ---- what does count -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "meta_fair"},
        {"scenario": load("tiny").derive(title="Another")},
        {"seed": 2},
        {"months": 11},
        {"outcomes": ["exits"]},
        {"outcomes": ["exits", "mean_pay", "new_offers"]},
        {"settings": {"h_gap": 0.05}},
        {"settings": {"employers.Alpha.compute": 31}},
        {"settings": {"policies.garden_leave.months": 3}},
        {"design": {"method": "list", "rows": [[0.05, 0.2000000001], [0.1, 0.3000000001]]}},
        {"factors": [{"name": "h_ties"}, {"name": "mu"}]},
    ],
    ids=str,
)
def test_what_may_change_a_number_changes_every_id(changes: dict[str, Any]) -> None:
    assert not set(ids(**changes)) & set(ids())


def test_all_ids_of_a_plan_differ() -> None:
    made = planned(design={"method": "sobol", "n": 32}, replicates=3)
    assert len({run.run_id for run in made.runs}) == len(made.runs) == 96
    assert {len(run.run_id) for run in made.runs} == {2 * identity.BYTES}


def test_a_model_is_told_from_another() -> None:
    content = {"outcomes": ["y"], "design": {"method": "list", "rows": [[0.5]]}, "factors": [{"name": "x1"}]}
    content["factors"][0] |= {"low": 0.0, "high": 1.0}  # type: ignore[operator,index]
    found = [plan(study.of(model=name, **content)).runs[0].run_id for name in ("ishigami", "spin")]  # type: ignore[arg-type]
    assert len(set(found)) == 2


# ---- growing ---------------------------------------------------------------------------------------------------------


def test_more_replicates_and_more_points_keep_the_runs_there_were() -> None:
    small = {"design": {"method": "sobol", "n": 4}, "replicates": 2}
    there = set(ids(**small))
    more = planned(**(small | {"replicates": 3}))
    assert [run.run_id in there for run in more.runs] == [True, True, False] * 4
    assert more.seeds.tolist() == [replicate_seed(1, r) for r in range(3)]
    grown = planned(**(small | {"design": {"method": "sobol", "n": 6}}))
    assert [run.run_id in there for run in grown.runs] == [True] * 8 + [False] * 4


def test_the_plan_as_a_table() -> None:
    table = planned(factors=[{"name": "h0"}, {"name": "months", "levels": [6, 12]}], design={"method": "grid", "n": 2})
    found = table.table()
    assert found.column_names == ["run_id", "point", "replicate", "seed", "h0", "months"]
    assert found["run_id"].to_pylist() == [run.run_id for run in table.runs]
    assert found["point"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found["replicate"].to_pylist() == [0, 1] * 4
    assert found["seed"].to_pylist() == table.seeds.tolist() * 4
    assert found["months"].to_pylist() == [6, 6, 12, 12] * 2


# ---- the canonical form ----------------------------------------------------------------------------------------------


def test_the_canonical_form_is_what_it_was() -> None:
    """These may change with `SCHEME` only: a changed form makes every stored result unknown."""
    content = {"b": [1, -0.0, True, None, "é"], "a": {"y": 0.1, "x": 1e-7}}
    assert identity.canonical(content) == '{"a":{"x":1e-07,"y":0.1},"b":[1.0,0.0,true,null,"é"]}'
    assert identity.digest(content) == DIGEST
    assert identity.SCHEME == 1


DIGEST = "1960c0abec43c21e18e4a823f99db542"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="expected a finite number"):
        identity.canonical({"a": [number]})


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="set cannot be part of an id"):
        identity.canonical({"a": {1, 2}})


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN, PLAIN)
@settings(deadline=None, max_examples=40)
def test_equal_content_and_no_other_has_equal_form(one: Any, two: Any) -> None:
    """Python's own equality, but for truth values, which it takes for numbers."""
    assert (identity.canonical(one) == identity.canonical(two)) == (told(one) == told(two))
    assert identity.canonical(one) == identity.canonical(otherwise(one))


def otherwise(content: Any) -> Any:
    """The same content written in another way: decimals for whole numbers, minus zero for zero, keys turned round."""
    if isinstance(content, list):
        return tuple(otherwise(each) for each in content)
    if isinstance(content, dict):
        return {key: otherwise(value) for key, value in reversed(content.items())}
    if isinstance(content, int | float) and not isinstance(content, bool):
        return float(content) or -0.0
    return content


def told(content: Any) -> Any:
    """The content with truth values told from numbers."""
    if isinstance(content, bool):
        return ("truth", content)
    if isinstance(content, list):
        return [told(each) for each in content]
    return {key: told(value) for key, value in content.items()} if isinstance(content, dict) else content


# ---- the code --------------------------------------------------------------------------------------------------------

# Move work to processes and bytes to files; the numbers do not depend on it.
NO_NUMBERS = {"abm/pool.py", "abm/workers.py", "abm/signals.py", "abm/disk.py"}


def test_every_file_that_a_run_reads_is_in_the_digest() -> None:
    """From what a worker executes, over every import, there is no module of the model that the digest leaves out."""
    root = identity._ROOT
    waiting, reached = [root / "experiments" / "models.py"], set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += imported(path, root)
    hashed = {path.relative_to(root).as_posix() for path in identity.model_files()}
    names = {path.relative_to(root).as_posix() for path in reached} - {"experiments/study.py"}
    names = {name for name in names if name.startswith("abm/") or name == "experiments/models.py"}
    assert len(names) > 40
    assert names - hashed == NO_NUMBERS
    policies = {f"abm/policies/{path.name}" for path in (root / "abm" / "policies").glob("*.py")}
    assert policies | {"abm/data/parameters.toml"} <= hashed


def imported(path: Path, root: Path) -> list[Path]:
    """The files of the project that a file imports; what is imported for types only counts as well."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.split(".")[0] == "abm":
                where = root.joinpath(*name.split("."))
                found += [file for file in (where.with_suffix(".py"), where / "__init__.py") if file.is_file()]
    return found


def test_commands_pages_and_documents_are_not_in_the_digest() -> None:
    hashed = {path.relative_to(identity._ROOT).as_posix() for path in identity.model_files()}
    assert not {name for name in hashed if name.startswith(("abm/commands", "viz", "tests"))}
    assert not hashed & {"abm/cli.py", "abm/docs.py", "abm/screen.py", "abm/ODD.md", "abm/data/mechanisms.toml"}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that the digest may read."""
    for folder in ("abm", "experiments"):
        shutil.copytree(identity._ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(identity, "_ROOT", tmp_path)
    return tmp_path


def fresh() -> str:
    """The digest of the code as it now is."""
    return identity.model_digest.__wrapped__()


def test_the_digest_depends_on_content_and_not_on_the_place(copied: Path) -> None:
    assert fresh() == identity.model_digest()


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("abm/phases/choose.py", True),
        ("abm/kernels/__init__.py", True),
        ("abm/policies/vesting.py", True),
        ("abm/data/parameters.toml", True),
        ("abm/observables.py", True),
        ("experiments/models.py", True),
        ("abm/cli.py", False),
        ("abm/docs.py", False),
        ("abm/commands/run.py", False),
        ("abm/scenarios/tiny.toml", False),  # its content is in the id
        ("experiments/figures/__init__.py", False),
        ("experiments/study.py", False),  # what it makes of a file is in the id
    ],
)
def test_a_changed_file_counts_if_numbers_depend_on_it(name: str, counts: bool, copied: Path) -> None:
    before, path = fresh(), copied / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# a comment counts as well\n", encoding="utf-8")
    assert (fresh() != before) == counts


def test_a_new_a_lost_and_a_renamed_file_count(copied: Path) -> None:
    seen = [fresh()]
    new = copied / "abm" / "policies" / "new.py"
    new.write_text("", encoding="utf-8")
    seen.append(fresh())
    new.rename(new.with_name("newer.py"))
    seen.append(fresh())
    (copied / "abm" / "policies" / "vesting.py").unlink()
    seen.append(fresh())
    assert len(set(seen)) == 4


@pytest.mark.parametrize("package", identity.PACKAGES)
def test_another_version_of_a_package_counts(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, version = fresh(), identity._version
    monkeypatch.setattr(identity, "_version", lambda name: "0" if name == package else version(name))
    assert fresh() != before


def test_a_worker_does_not_import_what_writes_the_files_of_a_run() -> None:
    program = "import sys, experiments.work; print('abm.files' in sys.modules)"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["False"]


def test_another_code_gives_other_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids()
    monkeypatch.setattr(identity, "model_digest", lambda: "0" * 32)
    assert not set(ids()) & set(before)
