"""The sweeps that a calibration is asked to stand on: a study that is run, or folders of finished ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from abm.scenario import Scenario, ScenarioError
from experiments import runner, study
from experiments.responses import Responses

EVEN: Final = ("lhs", "sobol", "saltelli", "grid")  # designs whose points are spread like the prior


def read_or_run(arguments: Sequence[str], workers: int) -> tuple[str, Scenario, list[Responses]]:
    """Name of the first study, its scenario, and the responses of all.

    Args:
        arguments: study files, or names of shipped ones (run, or what is missing of them), or folders of sweeps (read).
        workers: processes for what is run.

    Returns:
        See above; a sweep that is not finished has NaN where runs are missing.

    Raises:
        ScenarioError: a study without a scenario, or of a design that is not spread over the ranges.
    """
    studies, found, problems = [], [], []
    for argument in arguments:
        path = Path(argument)
        asked = runner.study_of(path) if path.is_dir() else study.load(argument)
        if asked.method not in EVEN:
            expected = f"expected points spread evenly over the ranges: {', '.join(EVEN)}"
            problems.append(f"{argument}: came a design of the method {asked.method}; {expected}")
        if asked.scenario is None:
            problems.append(f"{argument}: has no scenario, so that nothing was observed of it")
        studies.append((path, asked))
    if problems:
        raise ScenarioError.about("calibration", problems)
    for path, asked in studies:
        if path.is_dir():
            found.append(runner.read(path))
        else:
            found.append(runner.sweep(asked, Path("results") / asked.name, workers=workers))
    first = studies[0][1]
    assert first.scenario is not None
    return first.name, first.scenario, found
