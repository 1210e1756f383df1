"""Pieces of work that run in processes of their own (see `viz/jobs.py`): arguments and results can be pickled."""

from __future__ import annotations
