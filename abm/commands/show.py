"""Describe a scenario."""

from __future__ import annotations

import argparse

from abm import catalogue, commands
from abm.commands import Commands
from abm.scenario import load

ORDER = 2


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("show", help=__doc__)
    parser.add_argument("scenario", help="shipped name or path of a TOML file")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Print what the scenario holds."""
    catalogue.print_scenario(load(chosen.scenario), commands.console())
    return 0
