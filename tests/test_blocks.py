"""Output that the documents show: each block says its command, the command passes, and what differs is found."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from abm import cli
from abm.commands import Refused
from experiments import blocks, reproduce, reproduce_check
from experiments.blocks import Block, differing
from experiments.reproduce_check import Checked, Item

ROOT = Path(__file__).resolve().parents[1]
SHOWN = {block.name: block for block in reproduce.shown()}
WRITTEN = """
<!-- made by: talent run tiny && uv run talent explain results/tiny-seed1 --departure 0
small: talent explain x
minutes: 0.5
varies: times paths -->

```text
a  b   ...
...
Files in results/tiny-seed1, after 3.5 s
```

<!-- not run: it depends on the machine -->

| a | b |

<!-- made by: talent explain y -->
```text
c
```
"""


def document(folder: Path, text: str = WRITTEN) -> Path:
    path = folder / "READ.md"
    path.write_text(text, encoding="utf-8")
    return path


# ---- reading -------------------------------------------------------------------------------------------------------


def test_a_block_says_its_command(tmp_path: Path) -> None:
    first, table, last = blocks.read(document(tmp_path))
    assert first == Block(
        "READ-explain",
        ("talent run tiny", "talent explain results/tiny-seed1 --departure 0"),
        ("talent explain x",),
        ("a  b   ...", "...", "Files in results/tiny-seed1, after 3.5 s"),
        0.5,
        ("times", "paths"),
    )
    assert (table.lines, table.not_run) == ((), "it depends on the machine")
    assert (last.name, last.small, last.minutes) == ("READ-explain-2", last.made_by, 1.0)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (WRITTEN.replace("minutes: 0.5", "minutes: few"), "READ.md:2: minutes: came 'few'"),
        (WRITTEN.replace("minutes: 0.5", "minute: 1"), "'minute: 1': expected one of made by"),
        (WRITTEN.replace("small: talent", "small: rm"), "'rm explain x': expected a command of talent or python"),
        (WRITTEN.replace("times paths", "times weather"), "came 'weather'; expected some of times, paths, digests"),
        (WRITTEN.replace("<!-- made by: talent explain y -->\n", ""), "2 blocks of ```text and 1 comments"),
    ],
)
def test_a_comment_that_cannot_be_read_is_told_with_its_line(spoilt: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        blocks.read(document(tmp_path, spoilt))


# ---- comparing -----------------------------------------------------------------------------------------------------


def block(*lines: str, varies: tuple[str, ...] = ()) -> Block:
    return Block("x", (), (), lines, 1.0, varies)


PRINTED = "head  one\n\n  a 1.50  b\n  c 2\n  c 2\n  d 3  [0, 1]  more\nended in 4.2 s, see /tmp/x/y.html\n"


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (("head one", "a 1.50 b"), ""),
        (("a   1.50 b", "...", "d 3 ..."), ""),
        (("head one", "...", "c 2", "d 3 [...] more"), ""),
        (("...", "c 2", "c 2", "d 3 ..."), ""),
        (("a 1.51 b",), "a 1.51 b"),
        (("a 1.50",), "a 1.50"),
        (("head one", "c 2"), "c 2"),
        (("c 2", "...", "a 1.50 b"), "a 1.50 b"),
        (("c 2", "c 2", "c 2"), "c 2"),
        (("...", "d 3 ...", "gone"), "gone"),
    ],
)
def test_lines_are_printed_in_order_and_nothing_is_left_out_unsaid(lines: tuple[str, ...], first: str) -> None:
    assert differing(block(*lines), PRINTED) == first


def test_what_depends_on_the_machine_is_not_compared_where_that_is_said() -> None:
    line = "ended in 17 s, see results/tiny/y.html"
    assert differing(block(line), PRINTED) == line
    assert differing(block(line, varies=("times",)), PRINTED) == line
    assert differing(block(line, varies=("times", "paths")), PRINTED) == ""
    assert differing(block("ended in 17 s, but", varies=("times", "paths")), PRINTED) != ""


# ---- the documents -------------------------------------------------------------------------------------------------


def test_the_documents_show_output_and_say_its_commands() -> None:
    assert {block.command.split()[1] for block in SHOWN.values() if block.lines} >= {
        "run",
        "compare",
        "sweep",
        "attribute",
    }
    text = {reproduce.document(path): path.read_text(encoding="utf-8") for path in reproduce.documents()}
    assert len(text) == len(reproduce.documents()) and "README" in text
    for name, each in SHOWN.items():
        if each.not_run:
            continue
        assert each.lines and each.minutes > 0, name
        seen = re.sub(
            r"<!--.*?-->",
            "",
            text[name.rpartition("-")[0] if name[-1].isalpha() else name.rsplit("-", 2)[0]],
            flags=re.DOTALL,
        )
        plain = " ".join(seen.split())
        assert each.command in plain, f"{name}: a reader does not see the command {each.command}"
        for command in (*each.made_by, *each.small):
            words = shlex.split(command)
            if words[0] == "talent":
                assert cli.parser().parse_args(words[1:]).command == words[1], command


@pytest.mark.parametrize("name", [name for name, each in SHOWN.items() if not each.not_run])
def test_every_command_of_the_documents_passes_at_a_small_size(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A block whose command cannot pass could never be checked: it is run here, small, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for command in SHOWN[name].small:
        capsys.readouterr()
        words = shlex.split(command)
        assert words[0] == "talent"
        assert cli.main(words[1:]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.strip(), "it prints nothing"


# ---- the check -----------------------------------------------------------------------------------------------------


def item(name: str, status: str, note: str = "", minutes: float = 0.1) -> Item:
    return Item(name, name, minutes, lambda folder, workers: (status, note))


def breaks(folder: Path, workers: int) -> tuple[str, str]:
    raise RuntimeError("no such thing")


def check(*items: Item, within: float = 1.0) -> list[Checked]:
    return reproduce_check.run(items, within, 1, lambda made: None)


def test_a_check_goes_on_after_a_failure_and_leaves_out_what_takes_long() -> None:
    found = check(item("a", "same"), Item("b", "b", 0.1, breaks), item("c", "same", minutes=40), item("d", "differs"))
    assert [made.status for made in found] == ["same", "failed", "not run", "differs"]
    assert "no such thing" in found[1].note and "--within 40" in found[2].note


def test_a_block_is_run_and_its_first_differing_line_told(tmp_path: Path) -> None:
    """The real thing: the table of the tiny sweep, as it is and with one digit changed."""
    known = SHOWN["README-sweep"]
    assert reproduce_check.block(known, tmp_path, 1) == ("same", f"{len(known.lines)} lines")
    wrong = tuple(line.replace("2.292", "2.293") for line in known.lines)
    assert wrong != known.lines
    status, note = reproduce_check.block(replace(known, lines=wrong), tmp_path, 1)
    assert status == "differs" and "2.293" in note
    assert reproduce_check.block(replace(known, not_run="no cluster"), tmp_path, 1) == ("not run", "no cluster")


def test_the_command_of_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for items, code in (
        ([item("a", "same"), item("b", "not run")], 0),
        ([item("a", "same"), item("b", "differs", "line 3")], 1),
        ([Item("a", "a", 0.1, breaks)], 1),
    ):
        monkeypatch.setattr(reproduce_check, "items", lambda items=items: items)
        assert cli.main(["reproduce", "--check"]) == code
    assert "no such thing" in capsys.readouterr().out
    monkeypatch.setattr(reproduce_check, "items", lambda: [item("a", "same"), item("b", "differs", "line 3")])
    assert cli.main(["reproduce", "--check", "--only", "a", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["a"]
    assert cli.main(["reproduce", "--check", "--only", "x"]) == 2
    assert cli.main(["reproduce", "--check", "--within", "soon"]) == 2
    assert "is not a number of minutes" in capsys.readouterr().err


def test_everything_that_ships_is_checked() -> None:
    names = [each.name for each in reproduce_check.items()]
    assert len(set(names)) == len(names)
    assert set(names) >= {*SHOWN, *reproduce.questions(), "ablation", "patterns", "posterior", "docs"}
    with pytest.raises(Refused, match="there are docs"):
        reproduce_check.select(["READ-nothing"])


@pytest.mark.parametrize("name", ["ablation", "patterns"])
def test_a_table_is_told_to_be_stale_when_a_default_moved(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert reproduce_check.measured_on(name)[0] == "not run"
    for path in reproduce.DATA.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if path.stem == name:
            content["parameters_hash"] = "another"
        (tmp_path / path.name).write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(reproduce, "DATA", tmp_path)
    status, note = reproduce_check.measured_on(name)
    assert status == "differs" and "parameters_hash" in note
