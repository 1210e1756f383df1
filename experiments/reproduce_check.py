"""Whether the documents still say what their commands print, and the tables that ship what the code measures.

What is cheap is run; what takes longer than is asked for says how long. Nothing is changed. Every item is one of:

README-sweep ...      a block of output (`blocks`): its command is run in a folder of its own
q02_equal_sharing ... an answer in `abm/data/answers.json`: the first pair of worlds again, outcome by outcome
ablation, patterns    a table in `abm/data`: what it was measured on; the whole of it where there is time
posterior             the fit in `abm/data`: what it was made on
docs                  the generated blocks
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import mechanisms
from abm.commands import Refused
from abm.scenario import load
from abm.scenario_read import nearest
from experiments import blocks, identity, reproduce
from experiments.blocks import Block
from experiments.question_files import first_of, plain
from experiments.question_worlds import Design, collect

SAME, DIFFERS, NOT_RUN, FAILED = "same", "differs", "not run", "failed"
SMALLER: Final = 1e-6  # relative; what two processors may differ by
ABLATION_MINUTES, PATTERNS_MINUTES = 40.0, 70.0  # of one core
Said = tuple[str, str]
"""Status and note."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may have become stale.

    Attributes:
        name: of a block, a question, a table.
        what: in a few words.
        minutes: of one core that the whole check takes.
        check: (folder, workers) -> status and note.
        otherwise: what can be said without running anything, when there is no time.
    """

    name: str
    what: str
    minutes: float
    check: Callable[[Path, int], Said]
    otherwise: Callable[[], Said] = lambda: (NOT_RUN, "")


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of an item."""

    name: str
    status: str
    seconds: float
    note: str


def items() -> list[Item]:
    """Everything that can be checked, the generated blocks first."""
    return [
        Item("docs", "the generated blocks", 0.1, generated),
        *(
            Item(each.name, each.command or each.not_run, each.minutes, partial(block, each))
            for each in reproduce.shown()
        ),
        *(Item(name, "the first pair of worlds again", 0.8, partial(answer, name)) for name in reproduce.questions()),
        Item("ablation", "abm/data/ablation.json", ABLATION_MINUTES, ablation, partial(measured_on, "ablation")),
        Item("patterns", "abm/data/patterns.json", PATTERNS_MINUTES, patterns, partial(measured_on, "patterns")),
        Item("posterior", "abm/data/posterior.json", 0.1, posterior),
    ]


def select(only: Sequence[str]) -> list[Item]:
    """Items by the beginning of their names; all of them when none is given.

    Raises:
        Refused: a name that no item begins with.
    """
    every = items()
    names = [item.name for item in every]
    for name in only:
        if not any(each.startswith(name) for each in names):
            raise Refused(f"--only {name}: nothing of that name; {nearest(name, names)}; there are {', '.join(names)}")
    return [item for item in every if not only or any(item.name.startswith(name) for name in only)]


def run(chosen: Sequence[Item], within: float, workers: int, on_done: Callable[[Checked], None]) -> list[Checked]:
    """Check the chosen items, each whatever became of the others.

    Args:
        chosen: items.
        within: minutes of one core that one of them may take.
        workers: processes.
        on_done: called after each.

    Returns:
        What came of each, as far as nobody interrupted.
    """
    found: list[Checked] = []
    try:
        for item in chosen:
            began = time.monotonic()
            if item.minutes > within:
                status, said = item.otherwise()
                takes = f"takes about {item.minutes:g} minutes of one core: --within {item.minutes:g}"
                note = f"{said}; {takes}" if said else takes
            else:
                with tempfile.TemporaryDirectory(prefix="talent-check-") as folder:
                    try:
                        status, note = item.check(Path(folder), workers)
                    except (Exception, SystemExit) as error:  # whatever it is, the other items are still worth checking
                        status, note = FAILED, f"{type(error).__name__}: {error}"
            found.append(Checked(item.name, status, time.monotonic() - began, note))
            on_done(found[-1])
    except KeyboardInterrupt:
        pass
    return found


# ---- the checks ------------------------------------------------------------------------------------------------


def generated(folder: Path, workers: int) -> Said:
    """The generated blocks of README and ODD."""
    from abm import docs  # noqa: PLC0415

    stale = [file.name for file in docs.FILES if (pair := docs.rendered(file))[0] != pair[1]]
    return (DIFFERS, f"{', '.join(stale)}: run python -m abm.docs") if stale else (SAME, "")


def block(each: Block, folder: Path, workers: int) -> Said:
    """The command of a block against the lines that are shown."""
    if each.not_run:
        return NOT_RUN, each.not_run
    printed = reproduce.print_again(each, folder / each.name, each.made_by)
    line = blocks.differing(each, printed)
    return (DIFFERS, f"not printed there: {line}") if line else (SAME, f"{len(each.lines)} lines")


def answer(name: str, folder: Path, workers: int) -> Said:
    """The first pair of every world of a question, as it stands in the answers that ship."""
    held = reproduce.read_answers().get(name)
    if held is None or "first" not in held:
        return DIFFERS, f"abm/data/answers.json has no first pair of it: talent reproduce --only {name[:3]}"
    made = import_module(f"experiments.{name}").design()
    designs = [made] if isinstance(made, Design) else list(made)
    now = plain(first_of(collect(designs, held["seed"], 1, workers)))
    if other := _unequal(held["first"], now):
        return DIFFERS, f"{other}: talent reproduce --only {name[:3]}"
    same_code = held["model"] == identity.model_digest()
    return SAME, "" if same_code else "measured with other code, which gave the same first pair"


def _unequal(held: Any, now: Any, where: str = "", more: bool = False) -> str:
    """The first place in which two plain contents differ by more than processors do; "" if there is none.

    Args:
        held, now: contents.
        where: of the place, for the words.
        more: whether there may be keys now that were not there.
    """
    if isinstance(held, dict) and isinstance(now, dict):
        if alone := set(held) - set(now) | (set() if more else set(now) - set(held)):
            return f"{where}: {', '.join(sorted(alone))} on one side only"
        return next(
            (said for key in held if (said := _unequal(held[key], now[key], f"{where} {key}".strip(), more))), ""
        )
    if isinstance(held, list) and isinstance(now, list) and len(held) == len(now):
        pairs = enumerate(zip(held, now, strict=True))
        return next((said for k, pair in pairs if (said := _unequal(*pair, f"{where} {k}", more))), "")
    numbers = isinstance(held, int | float) and isinstance(now, int | float)
    if held == now or (numbers and bool(np.isclose(held, now, rtol=SMALLER, atol=SMALLER))):
        return ""
    return f"{where}: {held} is shipped, {now} is measured"


def measured_on(name: str) -> Said:
    """Whether a table was measured on the scenario and the declared defaults of this code."""
    held = json.loads((reproduce.DATA / f"{name}.json").read_text(encoding="utf-8"))
    now = mechanisms.provenance(load(held["scenario"]))
    if stale := [key for key, value in now.items() if held.get(key) != value]:
        return DIFFERS, f"measured on another {', '.join(stale)}: talent reproduce --only {name}"
    return NOT_RUN, "measured on this scenario and these defaults"


def ablation(folder: Path, workers: int) -> Said:
    """The whole table of `talent ablate`, row by row."""
    return _table("ablation", partial(reproduce.ablation, reproduce.Plan(folder, False, workers)), ("rows",))


def patterns(folder: Path, workers: int) -> Said:
    """The whole table of `experiments/patterns.py`."""
    keys = ("pairs", "paris_2023", "compute_alone", "neighbours_follow")
    return _table("patterns", partial(reproduce.patterns, reproduce.Plan(folder, False, workers)), keys)


def _table(name: str, make: Callable[..., tuple[Path, str]], keys: Sequence[str]) -> Said:
    held = json.loads((reproduce.DATA / f"{name}.json").read_text(encoding="utf-8"))
    now = json.loads(make(ship=False)[0].read_text(encoding="utf-8"))
    said = next((said for key in keys if (said := _unequal(held[key], now[key], key, more=True))), "")
    return (DIFFERS, said) if said else (SAME, "")


def posterior(folder: Path, workers: int) -> Said:
    """What the fit was made on; the fit itself is the block of `talent calibrate`."""
    held = json.loads((reproduce.DATA / "posterior.json").read_text(encoding="utf-8"))["scenario"]
    if load(held["name"]).content_hash() != held["hash"]:
        return DIFFERS, f"fitted to another {held['name']}: talent reproduce --only posterior"
    return SAME, "fitted to this scenario"
