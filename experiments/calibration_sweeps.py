"""The sweeps that a calibration is asked to stand on: a study that is run, or folders of sweeps that are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from abm.scenario import Scenario, ScenarioError, from_dict
from experiments import runner, study
from experiments.responses import Responses

EVEN: Final = ("lhs", "sobol", "saltelli", "grid")  # designs whose points are spread like the prior
DESCRIBED: Final = "study.json"


def read_or_run(arguments: Sequence[str], workers: int) -> tuple[str, Scenario, list[Responses]]:
    """Name of the first study, its scenario, and the responses of all.

    Args:
        arguments: folders of sweeps (read), or study files or names of shipped studies (run, or what is missing of
            them, in results/NAME).
        workers: processes for what is run.

    Returns:
        See above; a sweep that is not finished has NaN where runs are missing.

    Raises:
        ScenarioError: no study and no folder of a sweep; a study without a scenario, or of a design that is not spread
            over the ranges.
    """
    problems, asked = [], []
    for argument in arguments:
        path = Path(argument)
        name, method, scenario = _folder(path) if path.is_dir() else _study(argument)
        if method not in EVEN:
            expected = f"expected points spread evenly over the ranges: {', '.join(EVEN)}"
            problems.append(f"{argument}: came a design of the method {method}; {expected}")
        if scenario is None:
            problems.append(f"{argument}: has no scenario, so that nothing was observed of it")
        asked.append((argument, name, scenario))
    if problems:
        raise ScenarioError.about("calibration", problems)
    found = [
        runner.read(Path(argument))
        if Path(argument).is_dir()
        else runner.sweep(study.load(argument), Path("results") / name, workers=workers)
        for argument, name, _ in asked
    ]
    _, name, scenario = asked[0]
    assert scenario is not None
    return name, scenario, found


def _study(argument: str) -> tuple[str, str, Scenario | None]:
    """Name, method and scenario of a study file or a shipped study."""
    found = study.load(argument)
    return found.name, found.method, found.scenario


def _folder(folder: Path) -> tuple[str, str, Scenario | None]:
    """The same of the study that a folder of a sweep was made for; whether it is whole is seen when it is read."""
    try:
        content = json.loads((folder / DESCRIBED).read_text(encoding="utf-8"))["study"]
        scenario = content["scenario"]
        where = f'of the sweep "{folder.name}"'
        return content["name"], content["design"]["method"], None if scenario is None else from_dict(scenario, where)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ScenarioError):
            raise
        problem = f"{folder}: holds no sweep ({DESCRIBED} is not there, or not whole). Fix: give a study file, or the "
        raise ScenarioError.about("calibration", [problem + "folder that `talent sweep` wrote"]) from None
