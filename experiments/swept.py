"""The answers that an analysis command is given: the folder of a finished sweep, or a study that is run on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.scenario_read import nearest
from experiments.responses import Responses

MOST_ON_THE_SPOT = 20_000  # runs that are held in memory; more belong in a sweep
MINUTES_ON_THE_SPOT = 15.0  # of work that is lost when the command is interrupted
Bar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


class NotSwept(ValueError):
    """Nothing to analyse; the text says what came and what was expected."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Answers, and where they are from.

    Attributes:
        responses: all points.
        name, seed: of the study.
        origin: for the record: study, its hash, seed, replicates, design.
        folder: of the sweep; None if the study was run on the spot.
    """

    responses: Responses
    name: str
    seed: int
    origin: dict[str, Any]
    folder: Path | None


def swept(given: str, workers: int, progress: Bar, partial: bool = False, outcomes: Sequence[str] = ()) -> Swept:
    """Read the folder of a sweep, or run a study.

    Args:
        given: a folder that `talent sweep` wrote, the path of a study file, or the name of a shipped study.
        workers: processes, for a study.
        progress: makes a progress bar from a title and a number of runs.
        partial: whether a sweep that is not finished will do.
        outcomes: that are asked for; a study is not run for one that it does not watch.

    Returns:
        The answers.

    Raises:
        NotSwept: no such folder or study, a sweep that is not finished, or a study that takes too long to be lost.
        ScenarioError: a study file with problems.
    """
    path = Path(given)
    if path.is_dir():
        return _folder(path, partial)
    from experiments import study  # noqa: PLC0415  # loads the samplers

    if given not in study.names() and not path.is_file():
        names = ", ".join(study.names())
        raise NotSwept(
            f"{given}: no such folder or study; expected a folder that `talent sweep` wrote, the path of a study file, "
            f"or one of {names}"
        )
    asked = study.load(given)
    for outcome in outcomes:
        if outcome not in asked.outcomes:
            fix = nearest(outcome, asked.outcomes)
            raise NotSwept(f'{given}: outcome "{outcome}" is not watched by this study: {fix}. Nothing was run.')
    return _study(given, asked, workers, progress)


def _folder(path: Path, partial: bool) -> Swept:
    from experiments import reading  # noqa: PLC0415

    try:
        held, status = reading.described(path), reading.status(path)
        if not status.finished and not partial:
            raise NotSwept(
                f"{path}: the sweep is not finished, {status.done:,} of {status.planned:,} runs are done; go on with "
                f"`talent sweep`, or use --partial to analyse the points that are whole"
            )
        responses = reading.read(path)
    except reading.Unreadable as error:
        raise NotSwept(str(error)) from error
    content = held["study"]
    return Swept(responses, content["name"], content["seed"], _origin(content, held["hash"]), path)


def _study(given: str, asked: Any, workers: int, progress: Bar) -> Swept:
    from experiments import pilot, runner  # noqa: PLC0415

    runs = asked.n_points * asked.replicates
    instead = f"run `talent sweep {given}` first, which loses nothing, then give its folder here: results/{asked.name}"
    if runs > MOST_ON_THE_SPOT:
        raise NotSwept(f"study {asked.name} has {runs:,} runs, more than are held in memory: {instead}")
    cores = max(1, min(workers, os.cpu_count() or 1, runs))
    each = pilot.seconds_of_a_run(asked)
    if (minutes := each * runs / cores / 60.0) > MINUTES_ON_THE_SPOT:
        raise NotSwept(
            f"study {asked.name} has {runs:,} runs of about {each:.2g} s: {minutes:,.0f} minutes on {cores} "
            f"core{'s' if cores > 1 else ''}; without a folder, where all is lost at an interruption, at most "
            f"{MINUTES_ON_THE_SPOT:.0f}: {instead}"
        )
    with progress(f"{asked.name}: {asked.n_points:,} points", runs) as advance:
        responses = runner.in_memory(asked, workers, advance)
    return Swept(responses, asked.name, asked.seed, _origin(asked.content(), asked.study_hash()), None)


def _origin(content: dict[str, Any], study_hash: str) -> dict[str, Any]:
    scenario = content["scenario"]
    return {
        "study": content["name"],
        "study_hash": study_hash,
        "model": content["model"],
        "scenario": scenario["name"] if scenario else None,
        "design": {key: content["design"][key] for key in ("method", "n")},
        "seed": content["seed"],
        "replicates": content["replicates"],
    }
