"""README and ODD say what the code says: generated blocks, parameters, commands, links, names, and the code example."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from abm import cli, docs, mechanisms, month
from abm.commands import described
from abm.parameters import declared

ROOT = Path(__file__).resolve().parents[1]
README, ODD = docs.FILES
PHASES = tuple(phase.__name__.rsplit(".", 1)[-1] for phase in month.MONTH)


# ---- generated blocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", docs.FILES, ids=lambda file: file.name)
def test_generated_blocks_are_fresh(file: Path) -> None:
    now, should = docs.rendered(file)
    assert now == should, "stale: run python -m abm.docs"
    assert docs.render(should, (ROOT / "abm" / "phases").relative_to(file.parent).as_posix()) == should


def test_check_sees_a_stale_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "abm").mkdir()
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- generated: codes -->\nyesterday\n<!-- end -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "FILES", (file,))
    assert docs.main(["--check"]) == 1
    assert "yesterday" in file.read_text(encoding="utf-8")
    assert docs.main([]) == 0
    text = file.read_text(encoding="utf-8")
    assert "yesterday" not in text and text.startswith("before\n") and text.endswith("after\n") and "`Status`" in text
    assert docs.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- generated: mnth -->\n<!-- end -->", "did you mean 'month'"),
        ("<!-- generated: month -->\n", "expected a name"),
        ("<!-- generated: month -->\n<!-- generated: codes -->\n<!-- end -->", "before the next block"),
    ],
)
def test_a_wrong_block_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        docs.render(text)


@pytest.mark.parametrize("name", docs.BLOCKS)
def test_every_block_is_used(name: str) -> None:
    """A table that nobody can read is not documentation."""
    texts = [file.read_text(encoding="utf-8") for file in docs.FILES]
    assert any(f"<!-- generated: {name} -->" in text for text in texts)


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_is_described(phase: str) -> None:
    assert f"`{phase}`" in README.read_text(encoding="utf-8")
    assert re.search(rf"^### 7\.\d+ `{phase}`$", ODD.read_text(encoding="utf-8"), re.MULTILINE)


# ---- parameters ---------------------------------------------------------------------------------------------------


def parameters_read(source: str) -> set[str]:
    """Names read as `parameters.x`, `world.parameters.x`, or `getattr(parameters, f"...{x}...")`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and _is_parameters(node.value):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and _is_parameters(node.args[0]):
            parts = node.args[1].values if isinstance(node.args[1], ast.JoinedStr) else [node.args[1]]
            pattern = "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in parts)
            found |= {name for name in declared() if re.fullmatch(pattern, name)}
    return found


def _is_parameters(node: ast.expr) -> bool:
    return getattr(node, "id", getattr(node, "attr", "")) == "parameters"


def test_reads_are_seen() -> None:
    assert parameters_read("parameters.h0 + world.parameters.mu + self.parameters.mean_degree + other.h_gap") == {
        "h0",
        "mu",
        "mean_degree",
    }
    assert len(parameters_read('getattr(world.parameters, f"half_life_{source}")')) == 6


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_declares_the_parameters_that_its_file_reads(phase: str) -> None:
    """What helpers (world, employment, effects, projects) read on its behalf is theirs."""
    listed = importlib.import_module(f"abm.phases.{phase}").PARAMETERS
    assert len(set(listed)) == len(listed)
    assert set(listed) == parameters_read((ROOT / "abm" / "phases" / f"{phase}.py").read_text(encoding="utf-8"))


def test_every_declared_parameter_is_read_and_described() -> None:
    found = set()
    for file in sorted((ROOT / "abm").rglob("*.py")):
        found |= parameters_read(file.read_text(encoding="utf-8"))
    assert set(declared()) - found == set(), "declared in abm/data/parameters.toml, and nobody reads it"
    text = ODD.read_text(encoding="utf-8")
    assert [name for name in declared() if f"| `{name}` |" not in text] == []


def prose() -> str:
    """ODD.md without its generated blocks."""
    return re.sub(r"<!-- generated: .*?<!-- end -->", "", ODD.read_text(encoding="utf-8"), flags=re.DOTALL)


def submodels() -> str:
    """The hand-written part of section 7."""
    return prose().partition("\n## 7. ")[2].partition("\n## 8. ")[0]


@pytest.mark.parametrize("name", mechanisms.declared())
def test_a_mechanism_has_its_rule_in_the_submodels(name: str) -> None:
    """At its code, and with the numbers that set its strength written into the rule (those of the start: section 5)."""
    assert re.search(rf"\b{name}\b", submodels())
    words = set(re.findall(r"\w+", prose()))
    assert set(mechanisms.declared()[name].parameters) - words == set()


def test_every_parameter_of_the_month_stands_in_an_equation_or_rule() -> None:
    """A number that only a table names has no meaning that a reader could check."""
    words = set(re.findall(r"\w+", prose()))
    assert [name for name in declared() if name not in words] == []


# ---- commands, links, names, example ------------------------------------------------------------------------------


def blocks(text: str, language: str) -> Iterator[str]:
    """The fenced blocks of a language."""
    yield from re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """Each command of the shell blocks, as words without what comes before the program."""
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            for part in line.partition(" #")[0].split("&&"):
                words = shlex.split(part)
                if words[:2] == ["uv", "run"]:
                    words = words[2:]
                if words:
                    yield words


def test_the_commands_of_the_readme_exist() -> None:
    text = README.read_text(encoding="utf-8")
    found = list(commands(text))
    programs = {words[0] for words in found}
    assert {"talent", "pytest", "python"} <= programs <= {"talent", "pytest", "python", "pip"}
    assert "pip install uv && uv run talent run\n" in text
    assert ["pytest"] in found
    for words in found:
        if words[0] == "python":
            assert words[1] == "-m" and importlib.util.find_spec(words[2]), words
        elif words[0] == "talent":
            if words[1:] in (["--help"], ["--version"]):
                continue
            chosen = cli.parser().parse_args(words[1:])
            if chosen.command == "run":
                described(chosen)  # the scenario is there and takes the settings


@pytest.mark.parametrize("file", docs.FILES, ids=lambda file: file.name)
def test_relative_links_lead_somewhere(file: Path) -> None:
    text = re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
    assert links
    missing = [link for link in links if not (file.parent / link.partition("#")[0]).exists()]
    assert missing == []


def test_names_in_the_description_are_names_in_the_code() -> None:
    """Whatever ODD.md writes as code stands somewhere in the model: renaming without telling the reader fails here."""
    text = prose()
    indented = "\n".join(line for line in text.splitlines() if line.startswith("    "))
    names = set(re.findall(r"`([A-Za-z_]\w*)`", text)) | set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", indented))
    model = [*(ROOT / "abm").rglob("*.py"), ROOT / "abm" / "data" / "parameters.toml"]
    words = set().union(*(re.findall(r"\w+", file.read_text(encoding="utf-8")) for file in model))
    plain = {re.sub(r"_(?:ij|ie|id|is|et|[ijest])$", "", name) for name in names - words}  # without the index of a row
    assert plain - words - SYMBOLS == set()


SYMBOLS = {"sum_s", "sum_d", "sum_j", "e_n", "e_move", "e_stay", "e_found", "e_leave", "V_seen", "theta", "omega"} | {
    *("b_pay", "b_comp", "b_cult", "b_peer", "b_pres", "b_eq", "b_loc"),
}
"""Of the equations only: the table of symbols in ODD.md says what they are."""


def test_the_python_of_the_readme_runs() -> None:
    found = list(blocks(README.read_text(encoding="utf-8"), "python"))
    assert found
    for block in found:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
