"""Open the app in the browser: run, change, compare and explain histories."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from abm.commands import DEFAULT_SCENARIO, Commands, Refused, integer
from abm.scenario import load

ORDER = 0.5


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("app", help=__doc__)
    parser.add_argument("scenario", nargs="?", help=f"shipped name or path of a TOML file (default {DEFAULT_SCENARIO})")
    parser.add_argument("--seed", type=integer(0, 2**63 - 1, "the seed"), metavar="N", help="of the first history")
    parser.add_argument(
        "--port", type=integer(1, 65535, "the port"), metavar="N", help="to listen at (default 8765, or a free one)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1: this machine only)"
    )
    parser.add_argument(
        "--public", action="store_true", help="let others in, through a proxy with TLS and a login; wants --origin"
    )
    parser.add_argument("--origin", metavar="URL", help="address of the page as browsers see it, e.g. https://NAME")
    parser.add_argument(
        "--sessions", type=integer(1, 1000, "the number of sessions"), default=20, metavar="N",
        help="browser tabs at once (default 20)",
    )  # fmt: skip
    parser.add_argument("--results", default="results", metavar="DIR", help="folder for results (default results)")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Serve the app until interrupted."""
    wanted: dict[str, object] = {}
    if chosen.scenario is not None:
        load(chosen.scenario)  # a mistyped name is refused here rather than in the browser
        wanted["scenario"] = chosen.scenario
    if chosen.seed is not None:
        wanted["seed"] = chosen.seed

    from viz import server  # noqa: PLC0415  # the other commands need none of it

    try:
        server.serve(
            host=chosen.host,
            port=chosen.port,
            sessions=chosen.sessions,
            results=chosen.results,
            open_browser=not chosen.no_browser,
            public=chosen.public,
            origin=chosen.origin,
            query=urlencode(wanted),
        )
    except server.ServerError as error:
        raise Refused(str(error)) from None
    return 0
