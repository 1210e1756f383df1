"""What the baselines say of the flow between two employers, about which they know nothing: an assumption, grade D.

Everybody at an employer leaves at the employer's hazard (that of those it hired, where their retention was observed,
else that of an unknown group), for other employers in proportion to their head counts at the start.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from abm.columns import Floats
from abm.scenario import Scenario
from abm.streams import Streams
from experiments.baselines import HIRED, NODE_WEIGHTS, SHAPES, Fit, inside, paths, places
from experiments.forecast import HALF
from experiments.observed import TWO_YEARS, Row
from experiments.scores import Predictive

ASSUMES: Final = "destinations in proportion to head counts at the start; hazard of those hired; grade D"


def flow(fitted: Fit, row: Row, scenario: Scenario, draws: int, seed: int) -> tuple[Predictive, Predictive]:
    """The ratio A>B over B>A of Poisson flows, and the same per head at the source; zero counts as in the model."""
    from scipy.stats import poisson  # noqa: PLC0415  # slow to import

    names = [employer.name for employer in scenario.employers]
    heads = np.array([employer.researchers for employer in scenario.employers], dtype=np.float64)
    pair = row.subject.split(">")
    one, other = (names.index(name) for name in pair)
    hazards = _hazards(fitted, pair, draws, seed, row.months)
    luck, counts = Streams(seed), []
    for k, (source, goal) in enumerate(((one, other), (other, one))):
        mean = hazards[k] * row.months * heads[source] * heads[goal] / (heads.sum() - heads[source])
        counts.append(poisson.ppf(luck.uniform("baseline", row.months, np.arange(draws), 3 + k), mean))
    gross = (counts[0] + HALF) / (counts[1] + HALF)
    return Predictive.of_draws(gross, 0), Predictive.of_draws(gross * heads[other] / heads[one], 0)


def _hazards(fitted: Fit, employers: list[str], draws: int, seed: int, months: int) -> list[Floats]:
    """(draws,) mean monthly hazard of each employer: one draw of level, spread and shape, a z of each one's own."""
    luck, shapes = Streams(seed), len(SHAPES[fitted.name])
    gone = paths(fitted.name, HIRED, TWO_YEARS, new=True) @ np.arange(HIRED + 1) / HIRED
    table = -np.log1p(-np.minimum(gone, 1.0 - 0.5 / HIRED)) / TWO_YEARS
    steps = np.cumsum(fitted.posterior)
    cells = np.searchsorted(steps, luck.uniform("baseline", months, np.arange(draws), 0) * steps[-1])
    level, spread, shape = np.unravel_index(cells.clip(max=len(steps) - 1), fitted.posterior.shape)
    low, share = places()
    found = []
    for use, employer in enumerate(employers, 1):
        own = fitted.groups.get(f"hired:{employer}", np.ones((len(table), shapes)))
        likely = np.stack([inside(own, k) for k in range(shapes)], axis=2)  # (levels, spreads, shapes, nodes)
        steps = np.cumsum(likely[level, spread, shape] * NODE_WEIGHTS, axis=1)
        place = luck.uniform("baseline", months, np.arange(draws), use) * steps[:, -1]
        node = (steps < place[:, None]).sum(axis=1).clip(max=len(NODE_WEIGHTS) - 1)
        at, part = low[level, spread, node], share[level, spread, node]
        found.append(np.asarray(table[at, shape] * (1.0 - part) + table[at + 1, shape] * part))
    return found
