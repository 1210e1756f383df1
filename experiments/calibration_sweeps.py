"""The sweeps that a calibration is asked to stand on: a study that is run in parts, or folders that are there.

A sweep has the same luck at all its points, which is right for comparing points and wrong for calibration: what one
kind of luck does to everybody would be taken for a property of the parameters. So a study is run in parts, each with
every n-th of its points and a seed of its own, and the parts are put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from abm.scenario import Scenario, ScenarioError, from_dict
from abm.streams import spawned
from experiments import reading, runner, study
from experiments.responses import Responses
from experiments.study import Study

EVEN: Final = ("lhs", "sobol", "saltelli", "grid")  # designs whose points are spread like the prior
PARTS: Final = 48  # kinds of luck, if a study has so many points


@dataclass(frozen=True, slots=True)
class Asked:
    """A study to be run, or the folders of one that has been."""

    name: str
    scenario: Scenario
    study: Study | None
    folders: tuple[Path, ...]


def ask(arguments: Sequence[str]) -> list[Asked]:
    """What the arguments stand for: studies by name or file, folders of sweeps, folders of parts.

    Raises:
        ScenarioError: no study and no folder of a sweep; a study without a scenario, or of a design that is not spread
            over the ranges.
    """
    problems: list[str] = []
    found = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inner = tuple(sorted(path.glob("part-*"))) or (path,)
            try:
                content = reading.described(inner[0])["study"]
            except reading.Unreadable as error:
                problems.append(str(error))
                continue
            plain = content["scenario"]
            scenario = None if plain is None else from_dict(plain, f'of the sweep "{path.name}"')
            name, method, asked = content["name"], content["design"]["method"], None
            method = EVEN[0] if inner != (path,) else method  # only a study that passed here is run in parts
        else:
            asked, inner = study.load(argument), ()
            name, method, scenario = asked.name, asked.method, asked.scenario
        if method not in EVEN:
            expected = f"expected points spread evenly over the ranges: {', '.join(EVEN)}"
            problems.append(f"{argument}: came a design of the method {method}; {expected}")
        elif scenario is None:
            problems.append(f"{argument}: has no scenario, so that nothing was observed of it")
        else:
            found.append(Asked(name, scenario, asked, inner))
    if problems:
        raise ScenarioError.about("calibration", problems)
    return found


def parts_of(whole: Study, n: int) -> list[Study]:
    """The study in parts: part k has every n-th point from the k-th on, and a seed spawned from the study's."""
    points = range(whole.n_points)
    rows = [tuple(whole.settings(point)[factor.name] for factor in whole.factors) for point in points]
    return [
        replace(
            whole, name=f"{whole.name}-{k}", method="list", n=0, rows=tuple(rows[k::n]), seed=spawned(whole.seed, k)
        )
        for k in range(min(n, len(rows)))
    ]


def run_or_read(asked: Asked, parts: int, workers: int, on_done: Callable[[], None] | None = None) -> list[Responses]:
    """Read the folders, or run what is missing of a study in results/NAME-parts.

    Args:
        asked: from `ask`.
        parts: how many, each with luck of its own.
        workers: processes.
        on_done: called after every part.

    Returns:
        One for each folder or part; a sweep that is not finished has NaN where runs are missing.
    """
    if asked.study is None:
        return [runner.read(folder) for folder in asked.folders]
    found = []
    folder = Path("results") / f"{asked.name}-parts"
    for number, part in enumerate(parts_of(asked.study, parts)):
        found.append(runner.sweep(part, folder / f"part-{number:03d}", workers=workers))
        if on_done is not None:
            on_done()
    return found
