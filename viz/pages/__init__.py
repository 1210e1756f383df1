"""The Python half of each page of the app: handlers of what its controls ask for, found on disk."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path


@cache
def load_all() -> tuple[str, ...]:
    """Import every page, so that its handlers are registered; gives their names."""
    found = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))
    for name in found:
        import_module(f"viz.pages.{name}")
    return found
