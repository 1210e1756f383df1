"""The door of the command line: it opens at once, so that Ctrl-C is told in one line even while the rest is loading."""

from __future__ import annotations

import sys


def main() -> int:
    """Load and run the command line; returns the exit code."""
    try:
        from abm import cli  # noqa: PLC0415  # loading takes a second, and may be interrupted

        return cli.main()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
