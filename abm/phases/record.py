"""Metrics of the month and the offers with their terms go into the ledger."""

from __future__ import annotations

import numpy as np

from abm import metrics
from abm.world import World

WRITES = ("ledger",)
PARAMETERS = ()


def run(world: World) -> None:
    """Nothing is changed here: the month is only written down."""
    for name, metric in metrics.METRICS.items():
        world.ledger.record(name, metric.measure(world))
    offers = world.offers
    assert offers is not None
    n = len(offers)
    if n == 0:
        return
    team = offers.team.astype(np.int64)
    world.ledger.append(
        "offers",
        {
            "month": np.full(n, world.month),
            "researcher": offers.researcher.astype(np.int64),
            "team": team,
            "employer": world.teams.employer[team].astype(np.int64),
            "reach": offers.reach.astype(np.int64),
            "referrer": offers.referrer.astype(np.int64),
            "score": offers.score,
            "pay": offers.pay,
            "ceiling": offers.ceiling,
            "equity_ratio": offers.equity_ratio,
            "state": offers.state.astype(np.int64),
            "counter_pay": offers.counter_pay,
            "terms": offers.terms,
            "value": offers.value,
            "perceived": offers.perceived,
        },
    )
