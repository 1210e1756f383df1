"""The month, as a table of contents. Read this first: the order of the phases is the model's first assumption."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from abm.columns import only_writes
from abm.phases import allocate, appraise, choose, clear, events, found, offer, procure, produce, record, recruit, tie
from abm.world import World

MONTH: tuple[ModuleType, ...] = (
    events,  # parameters change; dated events, entries, agreed first days take effect; policies act and move levers
    procure,  # compute that was ordered arrives; what is diverted or idle is lost to research
    allocate,  # each employer splits its pool over its teams; the starved escalate; broken promises are felt
    produce,  # projects progress, slip or are released; reputations and skills grow
    appraise,  # everybody appraises the present job, term by term; some decisions open
    recruit,  # open posts find candidates over the graph, by visibility, or among those who apply
    offer,  # pay by sequential auction, with counter-offers
    choose,  # stay, take an offer, found a start-up, or leave the field
    clear,  # posts are limited: deferred acceptance; then people move
    found,  # founding groups become start-ups; start-ups spend, raise, fail or are bought
    tie,  # the collaboration graph follows careers
    record,  # metrics, offers and departures are written down
)


def advance(world: World, guard: bool = False) -> None:
    """Run one month: every phase once, in order.

    Args:
        world: changed in place.
        guard: make everything that a phase does not declare read-only while it runs (used in tests).
    """
    for phase in MONTH:
        if guard:
            _run_guarded(phase, world)
        else:
            phase.run(world)
    world.month += 1


def _run_guarded(phase: ModuleType, world: World) -> None:
    """Refuse undeclared writes, and parts of the world that were replaced without saying so."""
    parts = ("parameters", "ties", "offers", "decisions", "candidates", "joined", "cohorts", "ledger")
    before: dict[str, Any] = {part: getattr(world, part) for part in parts}
    with only_writes(world.arrays(), phase.WRITES):
        phase.run(world)
    for part, held in before.items():
        if getattr(world, part) is not held and part not in phase.WRITES:
            raise ValueError(f"phase {phase.__name__} replaced world.{part} without declaring it in WRITES")


def plan() -> list[dict[str, str]]:
    """The month as data: name, what the phase does, what it writes. README's table is made from it."""
    return [
        {
            "phase": phase.__name__.rsplit(".", 1)[-1],
            "does": (phase.__doc__ or "").strip().splitlines()[0],
            "writes": ", ".join(f"`{name}`" for name in phase.WRITES),
        }
        for phase in MONTH
    ]
