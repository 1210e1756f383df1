"""Output that the documents show: which command made it, and whether it still prints that.

A block of output in a Markdown file has a comment right before it that says how it came about, one thing a line:

    <!-- made by: talent sensitivity ishigami
    small: talent sensitivity ishigami --resamples 100
    minutes: 0.2
    varies: times paths -->

made by   the command; what has to be run before it stands in front, with && between. `uv run python` is as in a shell.
small     the same at a size that takes seconds; the command itself is as small unless this is said.
minutes   of one core that it takes (1 unless said).
varies    what depends on the machine and is not compared: times, paths, digests.
not run   instead of minutes and small: why nobody can run it here.

A line that is `...` stands for lines left out, and within a line for the rest of it or for some of it. All else must be
printed as it is shown, in order and with nothing between. Blanks do not count, nor do lines without anything else.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Final

GAP: Final = "..."
KEYS: Final = ("made by", "small", "minutes", "varies", "not run")
VARIES: Final = {
    "times": re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|min|h)\b"),
    "paths": re.compile(r"(?:[\w.~-]*/)+[\w.-]*"),
    "digests": re.compile(r"\b[0-9a-f]{12,64}\b"),
}
AND: Final = " && "
_COMMENT: Final = re.compile(r"^<!-- ((?:made by|not run):(?:(?!-->).)*) -->\n(.*)$", re.MULTILINE | re.DOTALL)
_OUTPUT: Final = re.compile(r"\s*^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCES: Final = re.compile(r"^```text$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Output that a document shows.

    Attributes:
        name: of the document and the command, such as README-sweep.
        made_by, small: commands in order, the last of which prints what is shown.
        lines: shown, as they stand there; none where the block is no text but a table or a picture.
        minutes: of one core.
        varies: names in `VARIES`.
        not_run: why it is not run; "" if it is.
    """

    name: str
    made_by: tuple[str, ...]
    small: tuple[str, ...]
    lines: tuple[str, ...]
    minutes: float
    varies: tuple[str, ...]
    not_run: str = ""

    @property
    def command(self) -> str:
        """The one that prints what is shown."""
        return self.made_by[-1] if self.made_by else ""


# ---- reading ---------------------------------------------------------------------------------------------------


def read(path: Path, document: str = "") -> list[Block]:
    """The blocks of a Markdown file, in order; their names begin with that of the document (the stem unless given).

    Raises:
        ValueError: a comment that cannot be read, or output without one; says where.
    """
    text = path.read_text(encoding="utf-8")
    found: list[Block] = []
    places = [match.start() for match in re.finditer(r"^<!-- (?:made by|not run):", text, re.MULTILINE)]
    for start, end in pairwise([*places, len(text)]):
        where = f"{path.name}:{text.count(chr(10), 0, start) + 1}"
        comment = _COMMENT.match(text[start:end])
        if comment is None:
            raise ValueError(f"{where}: a comment that does not end with --> at the end of a line")
        output = _OUTPUT.match(comment[2])
        made = _block(where, comment[1], output[1] if output else "")
        found.append(_named(document or path.stem, made, [each.name for each in found]))
    shown = len(_FENCES.findall(text))
    described = sum(bool(block.lines) for block in found)
    if shown != described:
        raise ValueError(
            f"{path.name}: {shown} blocks of ```text and {described} comments right before one; expected a comment "
            "<!-- made by: COMMAND --> before each"
        )
    return found


def _named(document: str, block: Block, taken: Sequence[str]) -> Block:
    words = shlex.split(block.command)
    about = words[1] if words[:1] == ["talent"] else "-".join(words[-1:]) or "other"
    base = f"{document}-{Path(about).stem}"
    name = next(each for k in count(1) if (each := base if k == 1 else f"{base}-{k}") not in taken)
    return Block(name, block.made_by, block.small, block.lines, block.minutes, block.varies, block.not_run)


def _block(where: str, comment: str, output: str) -> Block:
    said: dict[str, str] = {}
    for line in comment.splitlines():
        key, colon, value = line.strip().partition(": ")
        if not colon or key not in KEYS or not value.strip() or key in said:
            raise ValueError(f"{where}: {line.strip()!r}: expected one of {', '.join(KEYS)}, a colon and a value, once")
        said[key] = value.strip()
    made_by = _commands(where, said.get("made by", ""))
    small = _commands(where, said.get("small", "")) or made_by
    try:
        minutes = float(said.get("minutes", "1"))
    except ValueError:
        raise ValueError(f"{where}: minutes: came {said['minutes']!r}; expected a number") from None
    varies = tuple(said.get("varies", "").split())
    if unknown := [each for each in varies if each not in VARIES]:
        raise ValueError(f"{where}: varies: came {unknown[0]!r}; expected some of {', '.join(VARIES)}")
    lines = tuple(line.rstrip() for line in output.splitlines() if line.strip())
    return Block("", made_by, small, lines, minutes, varies, said.get("not run", ""))


def _commands(where: str, text: str) -> tuple[str, ...]:
    found = tuple(each.strip().removeprefix("uv run ") for each in text.split(AND) if each.strip())
    if wrong := [each for each in found if shlex.split(each)[0] not in ("talent", "python")]:
        raise ValueError(f"{where}: {wrong[0]!r}: expected a command of talent or python")
    return found


# ---- comparing -------------------------------------------------------------------------------------------------


def differing(block: Block, printed: str) -> str:
    """The first line that is shown and not printed where it should be; "" if all are."""
    have = [_plain(line, block.varies) for line in printed.splitlines() if line.strip()]
    patterns = [None if line.strip() == GAP else _pattern(line, block.varies) for line in block.lines]
    shown = [line.strip() for line in block.lines]
    reach, free = [0], True  # where in the output the lines so far may end
    for line, pattern in zip(shown, patterns, strict=True):
        if pattern is None:
            free = True
            continue
        starts = list(range(min(reach), len(have))) if free else [place for place in reach if place < len(have)]
        ends = [place + 1 for place in starts if pattern.fullmatch(have[place])]
        if not ends:
            return line
        reach, free = ends, False
    return ""


def plain(printed: str, varies: Sequence[str]) -> str:
    """Output without what depends on the machine, line by line."""
    return "".join(f"{_plain(line, varies)}\n" for line in printed.splitlines())


def _plain(line: str, varies: Sequence[str]) -> str:
    """One blank between words, and a mark for what depends on the machine."""
    for name in varies:
        line = VARIES[name].sub(f"<{name}>", line)
    return " ".join(line.split())


def _pattern(line: str, varies: Sequence[str]) -> re.Pattern[str]:
    parts = [re.escape(_plain(part, varies)) for part in line.split(GAP)]
    return re.compile(r"\s*" + r"\s*.*?\s*".join(parts) + r"\s*")
