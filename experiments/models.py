"""What a sweep may run: the market, and functions with known answers to try the machinery on.

A model takes settings, a seed and outcomes, and gives a number for each outcome. Tests put others in place with
`module:function`, which a study file cannot.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Protocol

from abm import history_file
from abm import outcomes as texts
from abm.run import simulate
from abm.scenario import Scenario

Function = Callable[[Mapping[str, Any], int, Sequence[str]], list[float]]


def ishigami(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """Ishigami and Homma (1990): sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, x in [-pi, pi]; no luck."""
    x1, x2, x3 = (float(settings[name]) for name in ("x1", "x2", "x3"))
    return [math.sin(x1) + 7.0 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1) for _ in outcomes]


def spin(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """Burns `cpu_seconds` of processor time and sleeps `sleep_seconds`: to measure what the machinery costs."""
    time.sleep(float(settings.get("sleep_seconds", 0.0)))
    end = time.process_time() + float(settings.get("cpu_seconds", 0.0))
    while time.process_time() < end:
        pass
    return [float(seed % 1_000_003) for _ in outcomes]


def history(study: Asked, replicate: int) -> bytes:
    """One whole history of the scenario of a study, as bytes: what `talent run` keeps."""
    assert study.scenario is not None, "a history has a scenario"
    return history_file.pack(simulate(study.scenario, study.seed, replicate))


FUNCTIONS: Final[dict[str, Function]] = {"ishigami": ishigami, "spin": spin}
MARKET: Final = "market"
HISTORY: Final = "history"  # the market, watched by nobody and kept whole; see `experiments/run_folder.py`
MODELS: Final = (MARKET, *FUNCTIONS)


def function(name: str) -> Function:
    """A model that is not the market, by name or as `module:function`."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    module, _, called = name.partition(":")
    found: Function = getattr(import_module(module), called)
    return found


class Asked(Protocol):
    """What a run needs to know of its study."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def scenario(self) -> Scenario | None:
        """With the fixed settings applied; None for functions."""

    @property
    def seed(self) -> int:
        """Of the ensemble."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What is watched."""

    def settings(self, point: int) -> dict[str, Any]:
        """The dotted settings of one point."""


def execute(study: Asked, point: int, seed: int, replicate: int) -> list[float]:
    """One run: the outcomes of a study at one point in one replicate (the unit of work of a worker).

    The market runs only the months that the outcomes need: a short run is the beginning of the long one.

    Raises:
        Exception: whatever the model raises; the sweep makes a row of it.
    """
    settings = study.settings(point)
    if study.model != MARKET:
        return [float(x) for x in function(study.model)(settings, seed, study.outcomes)]
    assert study.scenario is not None, "the market has a scenario"
    whole = study.scenario.with_settings(settings) if settings else study.scenario
    read = [texts.read(text, whole) for text in study.outcomes]
    months = max(outcome.last for outcome in read) + 1
    result = simulate(whole.with_settings({"months": months}), study.seed, replicate)
    return [float(outcome.measure(result)) for outcome in read]
