"""One file per command of `talent`, found on disk: each has `add(commands)` and `run(chosen, command) -> exit code`.

Here is what they share: reading numbers and settings, the progress bar, the console, and the refusal of bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from abm.scenario import Scenario, load
from abm.scenario_size import check_room

DEFAULT_SCENARIO = "meta_fair"
MOST_REPLICATES = 100_000
Commands = Any  # argparse names the type of its subparsers only in private
RAW = argparse.RawDescriptionHelpFormatter


class Refused(Exception):
    """Bad input: the message is all that the user sees."""


@cache
def modules() -> dict[str, Any]:
    """Every command by name, in the order in which help lists them."""
    found = {path.stem: import_module(f"abm.commands.{path.stem}") for path in Path(__file__).parent.glob("[a-z]*.py")}
    return dict(sorted(found.items(), key=lambda item: (item[1].ORDER, item[0])))


def plain(text: str) -> str:
    """A number as typed, for `int` and `float`, which would take the digits of every script.

    Raises:
        ValueError: other characters than a keyboard's.
    """
    if not text.isascii():
        raise ValueError(f"{text!r} is not in plain digits")
    return text


def paths(parser: argparse.ArgumentParser) -> None:
    """Let a parser refuse what no record can name as a `Path`, before any work.

    Empty text would be the present folder, and is more often a mistake; bytes that are no text cannot be written down.
    """

    def read(text: str) -> Path:
        if not text.strip():
            raise argparse.ArgumentTypeError("came nothing; expected a path. Fix: name one (. is this folder)")
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode("utf-8", "backslashreplace").decode()
            raise argparse.ArgumentTypeError(
                f"came {shown}, which is not UTF-8; expected a path that is text. Fix: use another name"
            ) from None
        return Path(text)

    parser.register("type", Path, read)


def integer(low: int, high: int, what: str) -> Callable[[str], int]:
    """A reader of whole numbers for argparse that says what it wanted."""

    def read(text: str) -> int:
        try:
            value = int(plain(text))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}: a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is out of range: {what} is a whole number from {low} to {high}")
        return value

    return read


def add_world(parser: argparse.ArgumentParser, replicates: int, settings: str = "--set") -> None:
    """Scenario, seed, replicates, months, settings (by the option named) and workers: for commands that simulate."""
    parser.add_argument("scenario", nargs="?", default=DEFAULT_SCENARIO, help="shipped name or path of a TOML file")
    parser.add_argument("--seed", type=integer(0, 2**63 - 1, "the seed"), default=1, metavar="N", help="default 1")
    parser.add_argument(
        "--replicates",
        type=integer(1, MOST_REPLICATES, "the number of replicates"),
        default=replicates,
        metavar="R",
        help=f"histories to simulate (default {replicates})",
    )
    parser.add_argument("--months", type=integer(1, 1200, "the number of months"), metavar="N", help="stop after N")
    parser.add_argument(
        settings, action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="change a parameter or a key of the scenario; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=integer(1, 1024, "the number of workers"), metavar="N", help="processes (default: all cores)"
    )


def settings_of(pairs: Sequence[str], option: str = "--set") -> dict[str, str]:
    """KEY=VALUE texts as a mapping."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise Refused(
                f"{option} {pair!r}: expected KEY=VALUE, e.g. {option} h0=0.02 or {option} employers.Meta.compute=9000"
            )
        found[key.strip()] = value.strip()
    return found


def described(chosen: argparse.Namespace, option: str = "--set") -> Scenario:
    """The scenario of the arguments that `add_world` declares, with settings and --months applied.

    Raises:
        Refused, ScenarioError: it has problems, or its worlds do not fit into the memory that is free.
    """
    scenario = load(chosen.scenario)
    settings: dict[str, object] = dict(settings_of(chosen.settings, option))
    if chosen.months is not None:
        settings["months"] = chosen.months
    scenario = scenario.with_settings(settings) if settings else scenario
    check_room(scenario, workers_of(chosen, chosen.replicates))
    return scenario


def folder_of(folder: Path) -> Path:
    """A folder for results that is there or can be made, and takes files: asked before the work, nothing is made yet.

    Raises:
        Refused: it is a file, is below one, or may not be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise Refused(f"--out {folder}: is a file; expected a folder, or a name that is free")
    above = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not above.is_dir():
        raise Refused(f"--out {folder}: {above} is a file; expected a folder, or a name that is free")
    if not os.access(above, os.W_OK | os.X_OK):
        raise Refused(f"--out {folder}: {above} may not be written to; expected a folder of yours")
    return folder


def file_of(path: Path, example: str) -> Path:
    """A file for results that can be written, likewise.

    Raises:
        Refused: it is a folder, or its folder cannot be made.
    """
    if path.is_dir():
        raise Refused(f"--out {path}: is a folder; expected the name of a file, e.g. {path / example}")
    folder_of(path.parent)
    return path


def workers_of(chosen: argparse.Namespace, jobs: int) -> int:
    """Processes to use for a number of jobs."""
    return max(1, min(chosen.workers or os.cpu_count() or 1, jobs))


def console() -> Console:
    """The terminal; a wide one when the output goes into a pipe or a file, so that lines stay whole."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=240)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar with an ETA on standard error; gives the function that advances it by one."""
    screen = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=screen, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)
