"""The command line. Bad input gives one message and exit code 2, no traceback; the commands are in `abm/commands`."""

from __future__ import annotations

import argparse
import difflib
import io
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from rich.console import Console

from abm import commands, explain, files
from abm.commands import RAW, Refused
from abm.commands.run import EXAMPLES
from abm.scenario import ScenarioError


class _Parser(argparse.ArgumentParser):
    """argparse, with the nearest valid name in its errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        commands.paths(self)

    def error(self, message: str) -> NoReturn:
        words = _words(self)
        wrong = [word.split("=")[0] for word in sys.argv[1:] if word.split("=")[0] not in words]
        near = [hit for word in wrong for hit in difflib.get_close_matches(word, words, n=1, cutoff=0.6)]
        hint = f"; did you mean {near[0]}?" if near else f"; `{self.prog} --help` shows what there is"
        raise Refused(f"{self.prog}: {message}{hint}")


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """All options and choices of a parser and of its commands."""
    found = [word for action in parser._actions for word in action.option_strings]
    for action in parser._actions:
        for choice in action.choices or ():
            found.append(str(choice))
            if isinstance(action.choices, dict):
                found += _words(action.choices[choice])
    return found


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments."""
    version = files.version("ai-talent-market")
    found = _Parser(
        prog="talent",
        description="The market for AI talent, simulated: who leaves which lab, when, for where, and why.",
        epilog=EXAMPLES,
        formatter_class=RAW,
    )
    found.add_argument("--version", action="version", version=f"talent {version}")
    parsers = found.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for module in commands.modules().values():
        module.add(parsers)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 could not finish, 2 bad input, 130 interrupted)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that is no text is shown, not stumbled over
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        chosen = parser().parse_args(arguments)
        words = arguments if arguments is not None else sys.argv[1:]
        command = shlex.join(["talent", *words]).encode("utf-8", "backslashreplace").decode()
        code: int = commands.modules()[chosen.command].run(chosen, command)
        return code
    except (Refused, ScenarioError, explain.NotFoundError) as error:
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


if __name__ == "__main__":
    sys.exit(main())
