"""What each dated event contributed to an outcome: leave-one-event-out and Shapley values on paired worlds.

The players are the events; the value of a coalition is the outcome of the world in which exactly these happen, with the
same people and the same luck. Leave-one-out asks what one event changed as history went; its effects need not sum to
the whole. Shapley values do: the gain by an event, averaged over all orders in which the events could join.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm import coalitions, outcomes, pool, verdicts
from abm.attribution_plan import Plan, plan
from abm.columns import Bools, Floats, Integers
from abm.kernels import shapley
from abm.run import replicate_seed
from abm.scenario import Scenario
from abm.streams import Streams

CHUNK: Final = 16  # worlds a job: the larger, the more months are shared; the smaller, the smoother the progress
LEVEL: Final = verdicts.LEVEL


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean over replicates with its 95 % interval, None where there is none, and its verdict (`abm/verdicts.py`)."""

    mean: float
    low: float | None
    high: float | None
    verdict: str = verdicts.FEW

    @classmethod
    def of(cls, values: Floats) -> Estimate:
        """From one value per replicate."""
        mean, low, high = verdicts.interval(values)
        word = verdicts.judge(values).word
        return cls(mean, None, None, word) if np.isnan(low) else cls(mean, low, high, word)

    @property
    def is_clear(self) -> bool:
        """Whether the mean is told from zero."""
        return bool(verdicts.side(self.verdict))


@dataclass(frozen=True, slots=True)
class Attribution:
    """One outcome, taken apart; arrays by replicate (R,) or replicate and player (R, n); None where not asked for."""

    text: str
    unit: str
    meaning: str
    nothing: Floats  # value without any of the events
    everything: Floats  # as it happened
    leave_one_out: Floats | None
    shapley: Floats | None

    @property
    def whole(self) -> Floats:
        """(R,) what all events did together."""
        return self.everything - self.nothing

    @property
    def gap(self) -> Floats | None:
        """(R,) the whole less the sum of what leaving out each event changes: what they do only together."""
        return None if self.leave_one_out is None else self.whole - self.leave_one_out.sum(axis=1)

    @property
    def error(self) -> float | None:
        """Largest difference, over replicates, between the sum of the Shapley values and the whole."""
        return None if self.shapley is None else float(np.abs(self.shapley.sum(axis=1) - self.whole).max())


# ---- the worlds ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Worlds:
    """The coalitions of one replicate, each once, and where the methods find theirs."""

    members: Bools  # (C, n), in the order of a tree over the players
    without: Integers  # (n + 1,) rows of `shapley.all_but_one`
    nothing: int
    order: Integers  # (P, n) of the sampled orders
    game: Integers  # (P, n + 1) rows of the chains, or (2^n,) rows of every coalition


def _worlds(asked: Plan, replicate: int) -> _Worlds:
    n = len(asked.players)
    without = shapley.all_but_one(n) if asked.leave_one_out else np.ones((1, n), dtype=bool)
    order: Integers = np.zeros((0, n), dtype=np.int64)
    game = np.zeros((0, n), dtype=bool)
    shape: tuple[int, ...] = (0,)
    if asked.shapley and asked.permutations:
        half = np.arange((asked.permutations + 1) // 2)
        streams = Streams(replicate_seed(asked.seed, replicate))
        luck = streams.uniform("attribution_order", 0, half[:, None], np.arange(n)[None, :])
        order = shapley.orders(luck, asked.permutations)
        chains = shapley.chains(order)
        game, shape = chains.reshape(-1, n), chains.shape[:2]
    elif asked.shapley:
        game, shape = shapley.every_coalition(n), (2**n,)
    stacked = np.vstack([np.zeros((1, n), dtype=bool), without, game])
    events = {event.id: event for event in asked.scenario.events}
    begins = [
        min(
            coalitions.earliest(events[event], asked.scenario.event_months(events[event])[0]) for event in player.events
        )
        for player in asked.players
    ]
    branch = np.argsort(begins, kind="stable")  # sorted by these columns, neighbours share most of their months
    sorted_members, where = np.unique(stacked[:, branch], axis=0, return_inverse=True)
    members, where = sorted_members[:, np.argsort(branch)], where.reshape(-1)
    begin = 1 + len(without)
    return _Worlds(members, where[1:begin], int(where[0]), order, where[begin:].reshape(shape))


def n_jobs(asked: Plan, known: Container[int] = ()) -> int:
    """How often `run` calls `on_job`."""
    missing = [replicate for replicate in range(asked.replicates) if replicate not in known]
    return sum(-(-len(_worlds(asked, replicate).members) // CHUNK) for replicate in missing)


def run(
    asked: Plan,
    workers: int = 1,
    on_job: Callable[[], None] | None = None,
    on_replicate: Callable[[int, Floats], None] | None = None,
    known: Mapping[int, Floats] | None = None,
) -> dict[int, Floats]:
    """Run all worlds.

    Args:
        asked: the plan.
        workers: processes; the numbers do not depend on them.
        on_job: called whenever a part of a replicate is ready (progress).
        on_replicate: called with the number and the (C, O) values of each whole replicate that is run.
        known: values of replicates that were run before with the same plan; they are not run again.

    Returns:
        Values by replicate.
    """
    ids = tuple(player.events for player in asked.players)
    jobs, parts = [], []
    missing: dict[int, int] = {}
    values: dict[int, Floats] = dict(known or {})
    for replicate in range(asked.replicates):
        if replicate in values:
            continue
        members = _worlds(asked, replicate).members
        values[replicate] = np.full((len(members), len(asked.texts)), np.nan)
        for begin in range(0, len(members), CHUNK):
            rows = slice(begin, begin + CHUNK)
            jobs.append((asked.scenario, asked.seed, replicate, ids, members[rows], asked.texts))
            parts.append((replicate, rows))
            missing[replicate] = missing.get(replicate, 0) + 1
    for number, found in pool.each(coalitions.measure, jobs, workers):
        replicate, rows = parts[number]
        values[replicate][rows] = found
        missing[replicate] -= 1
        if on_job is not None:
            on_job()
        if not missing[replicate] and on_replicate is not None:
            on_replicate(replicate, values[replicate])
    return values


def conclude(asked: Plan, values: Mapping[int, Floats]) -> list[Attribution]:
    """The parts of every outcome, out of the values of whole replicates (at least one)."""
    nothing, everything, without, parts = [], [], [], []
    for replicate in sorted(values):
        worlds, value = _worlds(asked, replicate), values[replicate]
        nothing.append(value[worlds.nothing])
        everything.append(value[worlds.without[0]])
        if asked.leave_one_out:
            without.append(shapley.leave_one_out(value[worlds.without]))
        if asked.shapley:
            game = value[worlds.game]
            parts.append(shapley.sampled(worlds.order, game) if asked.permutations else shapley.exact(game))
    found = []
    for k, text in enumerate(asked.texts):
        read = outcomes.read(text, asked.scenario)
        found.append(
            Attribution(
                text=text,
                unit=read.unit,
                meaning=read.meaning,
                nothing=np.array(nothing)[:, k],
                everything=np.array(everything)[:, k],
                leave_one_out=np.array(without)[:, :, k] if asked.leave_one_out else None,
                shapley=np.array(parts)[:, :, k] if asked.shapley else None,
            )
        )
    return found


def attribute(scenario: Scenario, texts: Iterable[str], workers: int = 1, **options: Any) -> list[Attribution]:
    """Plan, run and conclude; options as for `plan`.

    Example:
        >>> from abm.scenario import load
        >>> (found,) = attribute(load("tiny"), ["left:alpha-authors"], replicates=2)
        >>> bool(np.allclose(found.shapley.sum(axis=1), found.whole))
        True
    """
    asked = plan(scenario, texts, **options)
    return conclude(asked, run(asked, workers))
