"""What the ten questions share: a checked header, worlds with the same people and luck, a table, one sentence, files.

A script says which worlds it compares (`Design`) and how its sentence is made from the numbers; `run` does the rest:

    results/NAME/answer.json, table.csv, table.parquet, provenance.json and figures

Every table has a placebo: a world that is written differently and is the same, whose differences must be exactly 0.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from abm import commands
from abm.commands import Refused
from abm.scenario import ScenarioError
from experiments import question_figures, question_files
from experiments.question_worlds import Design, Found, collect, planned

FIELDS: Final = ("Question", "Design", "Command", "Runtime", "Reads", "Writes", "What would change my mind")
SMOKE_REPLICATES: Final = 2

# ---- the header ------------------------------------------------------------------------------------------------


def header(doc: str | None, name: str) -> dict[str, str]:
    """The fields of a script's docstring: the question that it answers and how.

    Raises:
        ValueError: a field is missing or empty; names it.
    """
    found: dict[str, str] = {}
    now = ""
    for line in (doc or "").splitlines():
        start = next((each for each in FIELDS if line.startswith(f"{each}:")), "")
        if start:
            now = start
            found[now] = line[len(start) + 1 :].strip()
        elif now and line.strip():
            found[now] = f"{found[now]} {line.strip()}".strip()
    missing = [each for each in FIELDS if not found.get(each)]
    if missing:
        raise ValueError(f"{name}: the header lacks {', '.join(missing)}; expected lines that begin with each of them")
    return found


# ---- the script ------------------------------------------------------------------------------------------------


def run(
    file: str,
    doc: str | None,
    design: Callable[[], Design | Sequence[Design]],
    answer: Callable[[Found], str],
    arguments: Sequence[str] | None = None,
    *,
    replicates: int = 20,
    more: Callable[[Found], dict[str, Any]] | None = None,
    figures: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> int:
    """Answer a question: run, print, write.

    Args:
        file: `__file__` of the script; its stem is the name.
        doc: docstring of the script.
        design: makes the worlds.
        answer: one sentence from what was found.
        arguments: of the command line.
        replicates: unless the command line says otherwise.
        more: further results for answer.json, such as costs by world.
        figures: further figures by name, from the content of answer.json.

    Returns:
        Exit code: 0 done, 2 bad input, 130 interrupted (what is whole is written).
    """
    name = Path(file).stem
    words = list(arguments) if arguments is not None else sys.argv[1:]
    command = shlex.join(["python", "-m", f"experiments.{name}", *words])
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        said = header(doc, name)
        chosen = _arguments(name, doc, replicates, words)
        return _run(name, said, chosen, command, design, answer, more, figures, screen)
    except (Refused, ScenarioError) as error:
        screen.print(str(error), markup=False)
        return 2
    except KeyboardInterrupt:
        screen.print("stopped before the first replicate was whole")
        return 130


def _run(
    name: str,
    said: dict[str, str],
    chosen: argparse.Namespace,
    command: str,
    design: Callable[[], Design | Sequence[Design]],
    answer: Callable[[Found], str],
    more: Callable[[Found], dict[str, Any]] | None,
    figures: Callable[[dict[str, Any]], dict[str, Any]] | None,
    screen: Console,
) -> int:
    made = design()
    designs = [made] if isinstance(made, Design) else list(made)
    if chosen.smoke:
        designs = [each.shortened() for each in designs]
    folder = chosen.out or Path("results", "smoke", name) if chosen.smoke else chosen.out or Path("results", name)
    if folder.exists() and not folder.is_dir():
        raise Refused(f"--out {folder}: is a file; expected a folder, or a name that is free")
    folder.mkdir(parents=True, exist_ok=True)
    jobs = len(planned(designs, chosen.replicates))
    workers = max(1, min(chosen.workers, jobs))
    with commands.progress(f"{name}: {chosen.replicates} replicates", jobs) as advance:
        found = collect(designs, chosen.seed, chosen.replicates, workers, advance)
    complete = found.replicates == chosen.replicates
    told = question_files.told(
        name, said, found, answer(found), chosen.seed, chosen.smoke, complete, more(found) if more else {}
    )
    drawn = {question_figures.DIFFERENCES: question_figures.differences(told), **(figures(told) if figures else {})}
    question_files.write(folder, told, found, command, chosen.seed, drawn)
    question_files.show(told, commands.console(), folder)
    if not complete:
        screen.print(f"interrupted: {found.replicates} of {chosen.replicates} replicates are whole and written")
        return 130
    return 0


def _arguments(name: str, doc: str | None, replicates: int, words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> Any:
            raise Refused(f"{name}: {message}; --help shows what there is")

    parser = Parser(prog=name, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands.paths(parser)
    parser.add_argument(
        "--replicates",
        type=commands.integer(1, commands.MOST_REPLICATES, "the number of replicates"),
        metavar="R",
        help=f"histories of each world (default {replicates}; with --smoke {SMOKE_REPLICATES})",
    )
    parser.add_argument("--seed", type=commands.integer(0, 2**63 - 1, "the seed"), default=1, metavar="N")
    parser.add_argument(
        "--workers",
        type=commands.integer(1, 1024, "the number of workers"),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: all cores)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"folder (default results/{name})")
    parser.add_argument("--smoke", action="store_true", help="few months, few replicates: shows that it runs, no more")
    chosen = parser.parse_args(list(words))
    if chosen.replicates is None:
        chosen.replicates = SMOKE_REPLICATES if chosen.smoke else replicates
    return chosen
