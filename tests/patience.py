"""How long a test waits for what must come: no clock decides whether the program is right.

A test that passes does not wait for it, so it may be long: other work keeps a machine busy for minutes. What is
measured in seconds is processor time, a ratio within one run, or is left to the nightly run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds."""


def comes(condition: Callable[[], object], seconds: float = PATIENCE, every: float = 0.05) -> bool:
    """Whether a condition comes true while one waits."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
