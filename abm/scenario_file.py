"""From a file to a raw table: a small, regular, UTF-8 TOML file, or an error with the place and the fix."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from abm.scenario_read import ScenarioError, nearest

LARGEST_FILE: Final = 256 * 1024
DEEPEST: Final = 12  # nesting and dotted keys beyond this are not a scenario and make the parser slow
_TEXT: Final = re.compile(r'''"""[\s\S]*?(?:"""|\Z)|\'{3}[\s\S]*?(?:\'{3}|\Z)|"(?:\\.|[^"\\\n])*+"?|\'[^\'\n]*+\'?''')
"""Text in quotes; what is not closed runs to the end of its line or of the file, so that no place is read twice."""


def parse(path: Path, where: str, shipped: Sequence[str], kind: str = "scenario") -> dict[str, Any]:
    """The raw table of a file that is small, regular, UTF-8 and not absurdly nested; `kind` is for its errors."""

    def refuse(place: str, came: str, expected: str, fix: str) -> ScenarioError:
        return _refused(where, kind, place, came, expected, fix)

    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            inside = sorted(p.name for p in path.glob("*.toml"))
            fix = f"name a file in it, e.g. {inside[0]}" if inside else "name a .toml file"
            raise refuse("file", "a directory", "a TOML file", fix)
        if not stat.S_ISREG(mode):
            raise refuse("file", "a device or pipe", "a regular TOML file", "save it as a file first")
        if path.stat().st_size > LARGEST_FILE:
            raise _too_large(where, kind, path.stat().st_size)
        raw = path.read_bytes()
    except FileNotFoundError:
        fix = nearest(path.stem, shipped, f"give a path to a TOML file, or a shipped {kind}:")
        raise refuse("file", f"no such file or {kind}", f"a shipped {kind} or a path", fix) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ScenarioError):
            raise
        came = f"a file that cannot be read ({getattr(error, 'strerror', None) or 'bad path'})"
        raise refuse("file", came, "a readable TOML file", "check the path and its permissions") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fix = "save the file as UTF-8"
        raise refuse(f"line {line}", f"byte 0x{raw[error.start]:02x}", "UTF-8 text", fix) from None
    return _table(text, where, kind)


def parse_text(text: str, where: str, kind: str = "scenario") -> dict[str, Any]:
    """The raw table of a text that somebody hands in, under the limits that hold for a file.

    Args:
        text: TOML.
        where: what it is called in errors, such as the name of the file that was uploaded.
        kind: what it should be, for errors.

    Raises:
        ScenarioError: too large, too deep, not Unicode, or not TOML; with the line and the fix.
    """
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        line = text[: error.start].count("\n") + 1
        raise _refused(where, kind, f"line {line}", "half a character", "Unicode text", "save it as UTF-8") from None
    if size > LARGEST_FILE:
        raise _too_large(where, kind, size)
    return _table(text, where, kind)


def _refused(where: str, kind: str, place: str, came: str, expected: str, fix: str) -> ScenarioError:
    return ScenarioError.about(where, [f"{place}: came {came}; expected {expected}. Fix: {fix}"], kind)


def _too_large(where: str, kind: str, size: int) -> ScenarioError:
    fix = f"keep data out of the {kind}"
    return _refused(where, kind, "file", f"{size:,} bytes", f"at most {LARGEST_FILE:,} bytes", fix)


def _table(text: str, where: str, kind: str) -> dict[str, Any]:
    """A text of bounded size as a table."""
    if text.startswith("\ufeff"):
        fix = "save the file as UTF-8 without BOM"
        raise _refused(where, kind, "line 1", "a byte-order mark", "UTF-8 text without one", fix)
    deep = too_deep(text)
    if deep:
        expected = f"at most {DEEPEST} levels"
        raise _refused(where, kind, f"line {deep}", "very deep nesting", expected, "flatten the table")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        detail = re.sub(r"\s+", " ", str(error))[:160]
        line_text = re.search(r"at line (\d+)", detail)
        at = f"line {line_text[1]}" if line_text else "end of file"
        fix = "text needs double quotes, tables need [brackets], a key may come only once"
        raise _refused(where, kind, at, f"invalid TOML ({detail})", "valid TOML", fix) from None


def too_deep(text: str) -> int:
    """The first line where brackets or a dotted key go too deep (0 = none); cheap, before the real parser."""
    bare = _TEXT.sub(lambda match: '""' + "\n" * match[0].count("\n"), text)
    depth = 0
    for number, line in enumerate(bare.split("\n"), 1):
        code = line.split("#", 1)[0]
        if code.count(".") > DEEPEST and re.search(rf"(?:[\w\"-]+\s*\.\s*){{{DEEPEST},}}", code):
            return number
        for mark in code:
            depth += (mark in "[{") - (mark in "]}")
            if depth > DEEPEST:
                return number
    return 0
