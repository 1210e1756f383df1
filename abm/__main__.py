"""The door of the command line: it opens at once, so that Ctrl-C is told in one line even while the rest is loading."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def shadow() -> str:
    """What is wrong if another folder than ours would be imported for a package of this program; empty if none is."""
    home = Path(__file__).resolve().parents[1]
    for name in ("experiments", "viz"):
        found = find_spec(name)
        if found is None:
            continue
        places = [Path(place).resolve() for place in found.submodule_search_locations or ()]
        if home / name not in places:
            other = places[0] if places else found.origin
            return (
                f"could not start: {other} shadows the package {name} of this program ({home / name}). "
                f"Start from a folder that holds no {name}, or rename that one; `talent` does not look there"
            )
    return ""


def main() -> int:
    """Load and run the command line; returns the exit code."""
    shadowed = shadow()
    if shadowed:
        print(shadowed, file=sys.stderr)
        return 2
    try:
        from abm import signals  # noqa: PLC0415  # first of all: SIGTERM is Ctrl-C from here on

        signals.sigterm_interrupts()
        from abm import cli  # noqa: PLC0415  # loading takes a second, and may be interrupted

        return cli.main()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
