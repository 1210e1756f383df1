"""What the model says of every row: histories at draws from the posterior, each draw with luck of its own.

A sweep gives all points the same luck, so that points can be compared. Here nothing is compared: draw i is run with the
seed of replicate i, so that the spread of the forecasts holds the parameters and the luck, both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from abm import pool
from abm.changes import change
from abm.columns import Floats
from abm.ensemble import measure
from abm.scenario import Scenario
from experiments.histories import Histories
from experiments.observed import Row
from experiments.posterior import Posterior
from experiments.scales import position
from experiments.scores import Predictive

HALF: Final = 0.5  # added to both directions of a flow, so that none is divided by (Haldane 1956, Anscombe 1956)
FEWEST_GIVEN: Final = 20  # histories that must agree with an earlier observation to go on from it


def settings_of(names: Sequence[str], draws: Floats) -> list[dict[str, float]]:
    """Each draw as dotted settings."""
    return [dict(zip(names, (float(value) for value in draw), strict=True)) for draw in draws]


def simulate_draws(
    scenario: Scenario,
    observed: Sequence[Row],
    settings: Sequence[Mapping[str, float]],
    seed: int,
    workers: int = 1,
    on_done: Callable[[], None] | None = None,
) -> dict[str, Floats]:
    """Run one history for each draw.

    Args:
        scenario: where the rows come from.
        observed: its rows.
        settings: of each draw; empty ones are the scenario as it is.
        seed: draw i has the luck of replicate i of this seed.
        workers: processes; the numbers do not depend on them.
        on_done: called after every history.

    Returns:
        Outcome -> (draws,) values; NaN for retention where nobody was hired.
    """
    texts = tuple(dict.fromkeys(text for row in observed for text in row.outcomes))
    jobs = [(scenario, seed, number, change(dict(item)), texts) for number, item in enumerate(settings)]
    found = np.full((len(jobs), len(texts)), np.nan)
    for number, values in pool.each(measure, jobs, workers):
        found[number] = values
        if on_done is not None:
            on_done()
    return {text: found[:, place] for place, text in enumerate(texts)}


def stored_draws(histories: Histories, posterior: Posterior, n: int) -> dict[str, Floats]:
    """As `simulate_draws`, from stored histories: each draw takes one of the point nearest to it.

    The histories of a point take turns. Costs nothing, and is as good as the points are dense.
    """
    good = histories.only(~np.isnan(histories.y).all(axis=1))
    draws = posterior.draws(n)
    mine, theirs = (
        np.column_stack([position(values[:, k], factor) for k, factor in enumerate(posterior.factors)])
        for values in (draws, good.x)
    )
    taken = np.zeros(n, dtype=np.int64)
    for number, place in enumerate(mine):
        nearest = good.point[((place - theirs) ** 2).sum(axis=1).argmin()]
        own = np.flatnonzero(good.point == nearest)
        taken[number] = own[number % len(own)]
    return {text: good.y[taken, place] for place, text in enumerate(good.outcomes)}


def predictive(row: Row, drawn: Mapping[str, Floats]) -> Predictive:
    """The predictive distribution of a row; of a flow the ratio of the two directions, see `ratios`."""
    if row.kind == "flow":
        return Predictive.of_draws(ratios(row, drawn)[0], 0)
    return Predictive.of_draws(drawn[row.key], row.of)


def ratios(row: Row, drawn: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """(draws,) ratio of a flow A>B over B>A, and the same per head at the source.

    Half a person is added to both directions. Per head means: the rate at which those at A go to B over the rate at
    which those at B go to A, with mean head counts up to the date; it takes away that the larger lab loses more.
    """
    there, back, one, other = (drawn[text] for text in row.outcomes)
    gross = (there + HALF) / (back + HALF)
    return gross, gross * np.maximum(other, HALF) / np.maximum(one, HALF)


def given(row: Row, observed: Sequence[Row], drawn: Mapping[str, Floats]) -> Predictive | None:
    """The same for the people whose earlier observation came about: histories that agree with it; None if too few."""
    if row.kind != "cohort":
        return None
    agree = np.ones(len(drawn[row.key]), dtype=bool)
    earlier = [
        each
        for each in observed
        if each.fitted and each.kind == "cohort" and each.subject in (row.subject, row.parent) and each.date <= row.date
    ]
    earlier = [each for each in earlier if each.key != row.key]
    for each in earlier:
        agree &= (drawn[each.key] >= (each.low or 0.0)) & (drawn[each.key] <= (each.high or 0.0))
    if not earlier or agree.sum() < FEWEST_GIVEN:
        return None
    return Predictive.of_draws(drawn[row.key][agree], row.of)
