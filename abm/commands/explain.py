"""Why somebody left, and what would have kept them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from abm import commands, explain, keep, keep_words
from abm.commands import Commands, Refused

ORDER = 3
EXAMPLES = """examples:
  talent explain results/meta_fair-seed1 --departure 12
  talent explain results/meta_fair-seed1 --departure 12 --keep        also: what would have kept this person
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
    parser.add_argument(
        "--keep", action="store_true", help="search the smallest change that would have kept the person, and verify it"
    )
    parser.add_argument(
        "--months-kept",
        type=commands.integer(0, 120, "the number of months kept"),
        metavar="N",
        help=f"months after the departure that count as kept (default {keep.MONTHS_KEPT}); with --keep",
    )
    parser.add_argument(
        "--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N", help="processes of --keep"
    )


def run(chosen: argparse.Namespace, command: str) -> int:
    """Print the cards."""
    if chosen.months_kept is not None and not chosen.keep:
        raise Refused("--months-kept: is for --keep; expected --keep beside it")
    cards = explain.why_card(
        chosen.run, researcher=chosen.researcher, departure=chosen.departure, replicate=chosen.replicate
    )
    complete = True
    for card in cards if chosen.keep else ():
        if complete:
            complete = search(chosen, card)
    texts = [
        explain.as_text(card) + (f"\n\n{keep_words.as_text(card['keep'])}" if "keep" in card else "") for card in cards
    ]
    print(explain.as_json(cards) if chosen.json else "\n\n".join(texts))
    return 0 if complete else 130


def search(chosen: argparse.Namespace, card: dict[str, Any]) -> bool:
    """Add to a card what would have kept the person; False if somebody interrupted (what is found is on the card)."""
    months = keep.MONTHS_KEPT if chosen.months_kept is None else chosen.months_kept
    case = keep.case_of(chosen.run, chosen.replicate, card["departure"], months)
    jobs = keep.jobs_of(case)
    rows: list[keep.Found] = []
    complete = True
    with commands.progress(f"researcher {case.person}: what would have kept them", len(jobs)) as advance:
        try:
            for found in keep.searched(jobs, commands.workers_of(chosen, len(jobs))):
                rows += found
                advance()
        except KeyboardInterrupt:
            complete = False
    card["keep"] = keep_words.as_data(case, rows, complete)
    return complete
