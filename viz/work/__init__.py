"""Pieces of work that run in processes of their own (see `viz/jobs.py`): arguments and results can be pickled.

Importing this module imports all of them, so that a process that is forked has them at once.
"""

from __future__ import annotations

from viz.work import compare as work_compare
from viz.work import export as work_export
from viz.work import why as work_why

__all__ = ["work_compare", "work_export", "work_why"]
