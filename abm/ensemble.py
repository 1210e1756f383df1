"""Many worlds, few numbers: the outcomes of every change in every replicate, on the same people and the same luck."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from abm import outcomes, pool
from abm.changes import Change
from abm.columns import Floats
from abm.run import simulate
from abm.scenario import Scenario


def measure(scenario: Scenario, seed: int, replicate: int, change: Change, texts: tuple[str, ...]) -> list[float]:
    """The outcomes of one world (the unit of work of a worker process)."""
    read = [outcomes.read(text, scenario) for text in texts]
    result = simulate(scenario, seed, replicate, change)
    return [outcome.measure(result) for outcome in read]


def measure_worlds(
    worlds: Sequence[tuple[Scenario, Change]],
    texts: Sequence[str],
    seed: int,
    replicates: int,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
) -> Floats:
    """Outcomes of several worlds by replicate: (worlds, replicates, outcomes).

    Replicate r has the same people and the same luck in every world. `on_done` is called with the number of worlds
    that are ready. The numbers do not depend on the workers.
    """
    jobs = [
        (scenario, seed, replicate, change, tuple(texts))
        for replicate in range(replicates)
        for scenario, change in worlds
    ]
    found = np.full((len(worlds), replicates, len(texts)), np.nan)
    try:
        for ready, (number, values) in enumerate(pool.each(measure, jobs, workers), 1):
            found[number % len(worlds), number // len(worlds)] = values
            if on_done is not None:
                on_done(ready)
    except KeyboardInterrupt:
        found = found[:, ~np.isnan(found).any(axis=(0, 2))]
        if found.shape[1] < 2:
            raise
    return found


def measure_all(
    scenario: Scenario,
    changes: Sequence[Change],
    texts: Sequence[str],
    seed: int,
    replicates: int,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
) -> Floats:
    """Outcomes of changes by replicate: (changes, replicates, outcomes).

    Replicate r has the same people and the same luck under every change; an empty change is the baseline. `on_done`
    is called with the number of worlds that are ready. The numbers do not depend on the workers.
    """
    worlds = [(scenario, change) for change in changes]
    return measure_worlds(worlds, texts, seed, replicates, workers, on_done)
