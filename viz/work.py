"""Pieces of work that run in processes of their own (see `viz/jobs.py`): arguments and results can be pickled.

Importing this module imports all of them, so that a process that is forked has them at once.
"""

from __future__ import annotations

from viz import work_compare, work_export, work_why

__all__ = ["work_compare", "work_export", "work_why"]
