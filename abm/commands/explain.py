"""Why somebody left."""

from __future__ import annotations

import argparse
from pathlib import Path

from abm import commands, explain
from abm.commands import Commands

ORDER = 3
EXAMPLES = """examples:
  talent explain results/meta_fair-seed1 --departure 12
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("explain", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("run", type=Path, help="folder of a run")
    which = parser.add_mutually_exclusive_group(required=True)
    person = commands.integer(0, 10**9, "the researcher")
    which.add_argument("--researcher", type=person, metavar="ID", help="all departures of a person")
    number = commands.integer(0, 10**9, "the departure")
    which.add_argument("--departure", type=number, metavar="N", help="one departure")
    replicate = commands.integer(0, commands.MOST_REPLICATES, "the replicate")
    parser.add_argument("--replicate", type=replicate, default=0, metavar="R")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Print the cards."""
    cards = explain.why_card(
        chosen.run, researcher=chosen.researcher, departure=chosen.departure, replicate=chosen.replicate
    )
    print(explain.as_json(cards) if chosen.json else "\n\n".join(map(explain.as_text, cards)))
    return 0
