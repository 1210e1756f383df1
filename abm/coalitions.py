"""The worlds in which only some dated events happen, all of one replicate, each month run once for all that share it.

Two worlds are the same until the first event in which they differ can matter: they are run as one until then, and
forked. Every world comes out byte for byte as under `simulate` with a `Change` that undoes the other events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from abm import outcomes, replay
from abm.build import dated_releases
from abm.columns import Bools, Floats, Integers
from abm.run import Result, Watch, conclude, replicate_seed
from abm.scenario import Event, Scenario
from abm.world import World


def earliest(event: Event, month: int) -> int:
    """First month in which an event of a month can matter: projects are kept for a release that the record dates."""
    return 0 if any(effect.kind == "release" for effect in event.effects) else month


def undo(world: World, events: tuple[str, ...]) -> None:
    """Take events that cannot have mattered yet from a running world; their rows and keys stay."""
    world.events = [
        replace(dated, event=replace(dated.event, effects=())) if dated.event.id in events else dated
        for dated in world.events
    ]
    dated_releases(world)


def measure(
    scenario: Scenario,
    seed: int,
    replicate: int,
    players: tuple[tuple[str, ...], ...],
    members: Bools,
    texts: tuple[str, ...],
) -> Floats:
    """(C, O) outcomes of coalitions in one replicate (the unit of work of a worker process).

    Args:
        scenario: with all events in force.
        seed, replicate: as for `simulate`.
        players: ids of the events of each player.
        members: (C, n) which players happen in each world; events of no player always do.
        texts: outcomes.
    """
    read = [outcomes.read(text, scenario) for text in texts]
    found = np.full((len(members), len(read)), np.nan)

    def note(result: Result, rows: Integers) -> None:
        found[rows] = [outcome.measure(result) for outcome in read]

    run(scenario, seed, replicate, players, members, note)
    return found


def run(
    scenario: Scenario,
    seed: int,
    replicate: int,
    players: tuple[tuple[str, ...], ...],
    members: Bools,
    on_result: Callable[[Result, Integers], None],
) -> int:
    """Run the worlds of coalitions; `on_result` gets each different world once, with the rows it stands for.

    Returns:
        Months that were run, of all worlds together.
    """
    world = replay.begin(scenario, seed, replicate)
    begins = {dated.event.id: earliest(dated.event, dated.month) for dated in world.events}
    first = [max(0, min(begins[event] for event in events)) for events in players]
    order = tuple(int(player) for player in np.argsort(first, kind="stable") if first[player] < scenario.months)
    tree = _Tree(players, members, first, order, on_result, replicate, replicate_seed(seed, replicate))
    tree.grow(world, Watch.of(world), np.arange(len(members)), 0)
    return tree.months


@dataclass(slots=True)
class _Tree:
    """Worlds as a tree that branches where an event happens in some of them and not in others."""

    players: tuple[tuple[str, ...], ...]
    members: Bools
    first: list[int]  # month in which each player can first matter
    order: tuple[int, ...]  # players by that month, those after the end left out
    on_result: Callable[[Result, Integers], None]
    replicate: int
    seed: int
    months: int = field(default=0)

    def grow(self, world: World, watch: Watch, rows: Integers, depth: int) -> None:
        """Run a branch, which stands for some rows, to its ends."""
        for player in self.order[depth:]:
            depth += 1
            happens = self.members[rows, player]
            if happens.all():
                continue
            if not happens.any():
                undo(world, self.players[player])
                continue
            self._run(world, watch, self.first[player])
            other, other_watch = replay.fork(world), watch.fork()
            undo(other, self.players[player])
            self.grow(other, other_watch, rows[~happens], depth)
            rows = rows[happens]
        self._run(world, watch, world.scenario.months)
        self.on_result(conclude(world, watch, self.replicate, self.seed), rows)

    def _run(self, world: World, watch: Watch, until: int) -> None:
        while world.month < until:
            replay.step(world)
            watch.look(world)
            self.months += 1
