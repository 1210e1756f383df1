"""The commands that README shows with their output: run again, and compared line by line with what it shows."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final

FENCE: Final = re.compile(r"^```(\w*)\n((?:(?!```).*\n)*)```$", re.MULTILINE)
INLINE: Final = re.compile(r"`(?:uv run )?(talent [^`\n]+)`")
NEAR: Final = 200  # characters of prose between commands and their output
GAP: Final = "..."


@dataclass(frozen=True, slots=True)
class Shown:
    """Commands of one block (words after `uv run`) and the lines of output that README shows below it."""

    commands: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]


def shown(text: str) -> list[Shown]:
    """Every block of output, with the `talent` commands that it is said to come from.

    They stand in the shell block before it, or as code in the words between, with the block at most `NEAR` away.
    """
    fences = list(FENCE.finditer(text))
    found = []
    for number, output in enumerate(fences):
        if output[1] != "text":
            continue
        before = fences[number - 1] if number else None
        between = text[before.end() if before else 0 : output.start()]
        named = INLINE.findall(between[-NEAR:])
        if not named and before and before[1] == "sh" and len(between) <= NEAR:
            named = [line.partition(" #")[0].removeprefix("uv run ") for line in before[2].splitlines()]
        words = tuple(tuple(shlex.split(line)) for line in named)
        mine = tuple(each for each in words if each[:1] == ("talent",))
        if mine:
            lines = (line for line in output[2].splitlines() if line.strip() not in ("", GAP))
            found.append(Shown(mine, tuple(lines)))
    return found


def stale(block: Shown, output: str) -> list[str]:
    """Lines that README shows and the output does not have; blanks do not count, "..." stands for anything."""
    have = [" ".join(line.split()) for line in output.splitlines()]
    missing = []
    for line in block.lines:
        parts = [re.escape(" ".join(part.split())) for part in line.split(GAP)]
        pattern = re.compile(r".*".join(parts))
        if not any(pattern.search(each) for each in have):
            missing.append(line)
    return missing
