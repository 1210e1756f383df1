"""Scenarios, policies, metrics, outcomes or parameters."""

from __future__ import annotations

import argparse

from abm import catalogue, commands
from abm.commands import Commands

ORDER = 1


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("list", help=__doc__)
    parser.add_argument("what", choices=catalogue.KINDS)


def run(chosen: argparse.Namespace, command: str) -> int:
    """Print the table asked for."""
    catalogue.print_list(chosen.what, commands.console())
    return 0
