"""The map of `experiments` names every module, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import experiments

ROOM = Path(experiments.__file__).parent


def test_every_module_has_its_room() -> None:
    rooms = (experiments.__doc__ or "").partition("The rooms")[2].partition("A study is a file")[0]
    named = set(re.findall(r"\b[a-z]\w+\b", rooms.partition("\n")[2]))
    modules = {path.stem for path in ROOM.glob("[a-z]*.py") if not re.match(r"q\d\d_", path.stem)}
    assert sorted(modules - named) == [], "give it a place in the map of experiments/__init__.py"
    words = {"figures", "run", "described", "discovery", "games", "and", "sweep"}
    assert sorted(named - modules - words - {f"q{n:02d}" for n in range(1, 11)}) == []


def test_there_are_ten_questions() -> None:
    assert [path.stem[:3] for path in sorted(ROOM.glob("q[0-9][0-9]_*.py"))] == [f"q{n:02d}" for n in range(1, 11)]
