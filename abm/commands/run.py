"""Simulate a scenario and report."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from abm import commands, files
from abm.commands import Commands, Refused
from abm.disk import DISK
from abm.scenario import Scenario
from abm.screen import print_summary

ORDER = 0
REPLICATES = 40
EXAMPLES = """examples:
  talent run                                     the default: meta_fair, 40 replicates, about a minute
  talent run tiny --seed 7 --replicates 1        twelve people, one history
  talent run meta_fair --set employers.Meta.allocation=equal_per_head --out results/equal
  talent run meta_fair --set h_ties=0 --set events.E46.drop=true
  talent run meta_fair --set policies.garden_leave.months=6
  talent run meta_fair --replicates 400 --resume go on after an interruption

Histories are stored within about a second. After Ctrl-C, a crash or a full disk, --resume goes on, and the files are
the same to the last byte.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("run", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES)
    parser.add_argument("--resume", action="store_true", help="go on with the histories that are stored in the folder")
    parser.add_argument("--fresh", action="store_true", help="throw away the histories of an unfinished run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>)")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Simulate what is missing, write the folder, draw the page, print the summary."""
    from experiments import drive, lock, reading, run_folder, store  # noqa: PLC0415  # only when something is run
    from viz import report  # noqa: PLC0415  # likewise

    began = time.monotonic()
    scenario = commands.described(chosen)
    folder = commands.folder_of(chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}")
    if chosen.fresh and chosen.resume:
        raise Refused("--fresh and --resume: one begins anew, the other goes on; choose one")
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    whole = False  # whether all that was asked for is in the tables

    def where() -> str:
        if whole:
            return f"All {chosen.replicates} histories are in the tables of {folder}"
        return _where(folder, run_folder.stored(folder), chosen)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock.held(folder, DISK, remove=True):
            _prepare(folder, chosen)
            stopped = _simulate(scenario, folder, chosen)
            if stopped:
                screen.print(stopped, markup=False)
            summary = _tables(scenario, folder, chosen, not stopped)
            if summary is None:
                return 1
            whole = not stopped
            page = report.write_report(folder)
            if whole:
                run_folder.discard(folder)
        print_summary(summary, commands.console(), folder, page, time.monotonic() - began)
        return 0 if whole else 130 if stopped.startswith("interrupted") else 1
    except (lock.InUse, store.OtherStudy, store.Unequal) as error:
        raise Refused(str(error)) from None
    except reading.Unreadable as error:
        screen.print(f"stopped: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        screen.print(f"stopped. {where()}", markup=False)
        return 130
    except (drive.Stopped, OSError) as error:
        why = error.trouble if isinstance(error, drive.Stopped) else error
        screen.print(f"stopped: {why}. {where()}", markup=False)
        return 1


def _prepare(folder: Path, chosen: argparse.Namespace) -> None:
    """Refuse what would lose something."""
    from experiments import run_folder  # noqa: PLC0415

    if chosen.fresh:
        run_folder.discard(folder)
    elif not chosen.resume and (unfinished := run_folder.stored(folder)) is not None:
        raise Refused(
            f"{folder} holds an unfinished run.\n{_where(folder, unfinished, chosen)}\n"
            "Begin anew:  add --fresh (the stored histories are thrown away), or --out DIR"
        )


def _where(folder: Path, found: Any, chosen: argparse.Namespace) -> str:
    """What is stored, and the command that goes on."""
    if found is None or not found.done:
        return "No history was finished before that"
    words = [*_words(chosen), "--resume"]
    for option, value in (("--workers", chosen.workers), ("--out", chosen.out)):
        words += [] if value is None else [option, str(value)]
    return (
        f"{found.runs['ok']} of {found.planned} histories are stored in {folder / 'histories'}\n"
        f"Go on:       {shlex.join(words)}"
    )


def _words(chosen: argparse.Namespace) -> list[str]:
    """The command that gives the same numbers; where they go, and how many workers make them, is not in it."""
    words = ["talent", "run", chosen.scenario, "--seed", str(chosen.seed), "--replicates", str(chosen.replicates)]
    words += [] if chosen.months is None else ["--months", str(chosen.months)]
    for pair in chosen.settings:
        words += ["--set", pair]
    return words


def _simulate(scenario: Scenario, folder: Path, chosen: argparse.Namespace) -> str:
    """Run the histories that are not stored yet; gives why it stopped before the end, or nothing."""
    from experiments import run_folder, runner  # noqa: PLC0415

    workers = commands.workers_of(chosen, chosen.replicates)
    with commands.progress(f"{scenario.name}: {scenario.researchers:,} researchers", chosen.replicates) as advance:
        shown = 0

        def on_progress(now: runner.Progress) -> None:
            nonlocal shown
            for _ in range(now.done - shown):
                advance()
            shown = now.done

        try:
            runner.sweep(
                run_folder.study_of(scenario, chosen.seed, chosen.replicates),
                folder / run_folder.FOLDER,
                workers=workers if workers > 1 else 0,
                on_progress=on_progress,
                retry_failed=chosen.resume,
                batch_seconds=run_folder.BATCH_SECONDS,
            )
        except KeyboardInterrupt:
            found = run_folder.stored(folder)
            if found is None or not found.runs["ok"]:
                raise
            if found.runs["ok"] == found.planned:
                return ""  # it came too late to interrupt anything
            return f"interrupted. {_where(folder, found, chosen)}"
    found = run_folder.stored(folder)
    assert found is not None, "it was just run"
    failed = found.done - found.runs["ok"]
    if not failed:
        return ""
    first = runner.failures(folder / run_folder.FOLDER)[0]
    return f"{failed} of {found.planned} histories failed: {first}. {_where(folder, found, chosen)}"


def _tables(scenario: Scenario, folder: Path, chosen: argparse.Namespace, complete: bool) -> dict[str, Any] | None:
    """Write what is stored as tables; gives the summary, None if nothing is stored."""
    from experiments import run_folder  # noqa: PLC0415

    found = run_folder.stored(folder)
    if found is None or not found.runs["ok"]:
        return None
    command = shlex.join(_words(chosen))
    return files.write_run(folder, scenario, chosen.seed, run_folder.histories(folder), command, complete)
