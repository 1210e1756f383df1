"""The command line: talent run | list | show | explain. Bad input gives one message and exit code 2, no traceback."""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from abm import catalogue, explain, files
from abm.run import Result, simulate_many
from abm.scenario import Scenario, ScenarioError, load
from abm.screen import print_summary

DEFAULT_SCENARIO = "meta_fair"
DEFAULT_REPLICATES = 40
MOST_REPLICATES = 100_000
EXAMPLES = """examples:
  talent run                                     the default: meta_fair, 40 replicates, about a minute
  talent run tiny --seed 7 --replicates 1        twelve people, one history
  talent run meta_fair --set employers.Meta.allocation=equal_per_head --out results/equal
  talent run meta_fair --set h_ties=0 --set events.E46.drop=true
  talent run meta_fair --set policies.garden_leave.months=6
  talent list parameters                         every number, with range, source and grade
  talent explain results/meta_fair-seed1 --departure 12
"""


class _Refused(Exception):
    """Bad input: the message is all that the user sees."""


class _Parser(argparse.ArgumentParser):
    """argparse, with the nearest valid name in its errors."""

    def error(self, message: str) -> NoReturn:
        words = _words(self)
        wrong = [word.split("=")[0] for word in sys.argv[1:] if word.split("=")[0] not in words]
        near = [hit for word in wrong for hit in difflib.get_close_matches(word, words, n=1, cutoff=0.6)]
        hint = f"; did you mean {near[0]}?" if near else f"; `{self.prog} --help` shows what there is"
        raise _Refused(f"{self.prog}: {message}{hint}")


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """All options and choices of a parser and of its commands."""
    found = [word for action in parser._actions for word in action.option_strings]
    for action in parser._actions:
        for choice in action.choices or ():
            found.append(str(choice))
            if isinstance(action.choices, dict):
                found += _words(action.choices[choice])
    return found


def _integer(low: int, high: int, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}: a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is out of range: {what} is a whole number from {low} to {high}")
        return value

    return read


def _parser() -> _Parser:
    version = files.version("ai-talent-market")
    parser = _Parser(
        prog="talent",
        description="The market for AI talent, simulated: who leaves which lab, when, for where, and why.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"talent {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    raw = argparse.RawDescriptionHelpFormatter

    run = commands.add_parser("run", help="simulate a scenario and report", epilog=EXAMPLES, formatter_class=raw)
    run.add_argument("scenario", nargs="?", default=DEFAULT_SCENARIO, help="shipped name or path of a TOML file")
    run.add_argument("--seed", type=_integer(0, 2**63 - 1, "the seed"), default=1, metavar="N", help="default 1")
    run.add_argument(
        "--replicates",
        type=_integer(1, MOST_REPLICATES, "the number of replicates"),
        default=DEFAULT_REPLICATES,
        metavar="R",
        help=f"histories to simulate (default {DEFAULT_REPLICATES})",
    )
    run.add_argument(
        "--months", type=_integer(1, 1200, "the number of months"), metavar="N", help="stop after N months"
    )
    run.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="change a parameter or a key of the scenario; may be repeated",
    )  # fmt: skip
    run.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<scenario>-seed<N>)")
    run.add_argument(
        "--workers", type=_integer(1, 1024, "the number of workers"), metavar="N", help="processes (default: all cores)"
    )

    listing = commands.add_parser("list", help="scenarios, policies, metrics or parameters")
    listing.add_argument("what", choices=catalogue.KINDS)
    show = commands.add_parser("show", help="describe a scenario")
    show.add_argument("scenario", help="shipped name or path of a TOML file")

    why = commands.add_parser("explain", help="why somebody left", epilog=EXAMPLES, formatter_class=raw)
    why.add_argument("run", type=Path, help="folder of a run")
    which = why.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--researcher", type=_integer(0, 10**9, "the researcher"), metavar="ID", help="all departures of a person"
    )
    which.add_argument("--departure", type=_integer(0, 10**9, "the departure"), metavar="N", help="one departure")
    why.add_argument("--replicate", type=_integer(0, MOST_REPLICATES, "the replicate"), default=0, metavar="R")
    why.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _console() -> Console:
    """The terminal; a wide one when the output goes into a pipe or a file, so that lines stay whole."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=240)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 could not finish, 2 bad input, 130 interrupted)."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        chosen = _parser().parse_args(arguments)
        if chosen.command == "run":
            return _run(chosen, shlex.join(["talent", *(arguments if arguments is not None else sys.argv[1:])]))
        if chosen.command == "list":
            catalogue.print_list(chosen.what, _console())
        elif chosen.command == "show":
            catalogue.print_scenario(load(chosen.scenario), _console())
        else:
            cards = explain.why_card(
                chosen.run, researcher=chosen.researcher, departure=chosen.departure, replicate=chosen.replicate
            )
            text = explain.as_json(cards) if chosen.json else "\n\n".join(map(explain.as_text, cards))
            print(text)
    except (_Refused, ScenarioError, explain.NotFoundError) as error:
        console.print(str(error), markup=False)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, e.g. `talent list parameters | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    except (OSError, RuntimeError) as error:
        console.print(f"could not finish: {error}", markup=False)
        return 1
    return 0


def _settings(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise _Refused(
                f"--set {pair!r}: expected KEY=VALUE, e.g. --set h0=0.02 or --set employers.Meta.compute=9000"
            )
        found[key.strip()] = value.strip()
    return found


def _described(chosen: argparse.Namespace) -> Scenario:
    """The scenario with --set and --months applied."""
    scenario = load(chosen.scenario)
    settings: dict[str, object] = dict(_settings(chosen.settings))
    if chosen.months is not None:
        if chosen.months > scenario.horizon and "horizon" not in settings:
            raise _Refused(
                f"--months {chosen.months}: {scenario.name} has {scenario.horizon} months "
                f"({scenario.start} to {scenario.date_of(scenario.horizon - 1)}); its events and dates end there. "
                f"Use a number from 1 to {scenario.horizon}"
            )
        settings["months"] = chosen.months
    return scenario.with_settings(settings) if settings else scenario


def _run(chosen: argparse.Namespace, command: str) -> int:
    scenario = _described(chosen)
    folder = chosen.out or Path("results") / f"{scenario.name}-seed{chosen.seed}"
    if folder.exists() and not folder.is_dir():
        raise _Refused(f"--out {folder}: is a file; expected a folder, or a name that is free")
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.touch()  # fail now, not after the work
    probe.unlink()
    workers = min(chosen.workers or os.cpu_count() or 1, chosen.replicates)
    done: list[Result] = []
    began = time.monotonic()
    screen = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    interrupted = ""
    with Progress(*columns, TextColumn("ETA"), TimeRemainingColumn(), console=screen, transient=True) as progress:
        task = progress.add_task(f"{scenario.name}: {scenario.researchers:,} researchers", total=chosen.replicates)

        def on_done(result: Result) -> None:
            done.append(result)
            progress.advance(task)

        try:
            simulate_many(scenario, chosen.seed, chosen.replicates, workers, on_done)
        except KeyboardInterrupt:
            interrupted = "interrupted"
        except RuntimeError as error:
            interrupted = str(error)
    if not done:
        screen.print(f"stopped before the first replicate was done. {interrupted}", markup=False)
        return 130
    done.sort(key=lambda result: result.replicate)
    summary = files.write_run(folder, scenario, chosen.seed, done, command, complete=not interrupted)
    from viz import report  # noqa: PLC0415  # the page is drawn last, and a broken page must not lose the tables

    page = report.write_report(folder)
    print_summary(summary, _console(), folder, page, time.monotonic() - began)
    if interrupted:
        screen.print(
            f"{interrupted}: {len(done)} of {chosen.replicates} replicates are in {folder}; all of them are whole",
            markup=False,
        )
        return 130 if interrupted == "interrupted" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
