"""What differs between two paired worlds: settings, policies, events undone, and things done to one person or team.

A change that says nothing changes no byte. An event that is undone keeps its row, so that nobody else's luck moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from abm.scenario import FrozenMap, Scenario, ScenarioError
from abm.scenario_read import nearest
from abm.scenario_settings import setting_error
from abm.world import World

ACTIONS: Final = {
    "pay": "kUSD a year on top of a person's pay; row = researcher",
    "compute": "H100e a month on top of what a team is given; row = team",
    "hold": "a person does not leave of their own accord in the months given by amount; row = researcher",
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something done to one row at the beginning of a month; see `ACTIONS` for kinds and units of the amount."""

    month: int
    kind: str
    row: int
    amount: float


@dataclass(frozen=True, slots=True)
class Change:
    """What makes the second of two paired worlds different from the first.

    Attributes:
        settings: dotted keys as for `--set`; policies are `policies.NAME.KNOB`, a new date is `events.ID.date`.
        without: events undone: "E46" wholly, "E39:transfer" its effects of one kind, "*:layoff" a kind everywhere.
        actions: done to people and teams of one seed while the world runs.
    """

    settings: FrozenMap = FrozenMap()  # noqa: RUF009  # immutable
    without: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    def apply(self, scenario: Scenario) -> Scenario:
        """The scenario of the second world; the same object when nothing of it changes.

        Raises:
            ScenarioError: an unknown event, kind of effect, or setting; names the nearest valid one.
        """
        changed = undo(scenario, self.without) if self.without else scenario
        return changed.with_settings(self.settings) if self.settings else changed

    @property
    def label(self) -> str:
        """In words, for headings."""
        parts = [f"without {event}" for event in self.without]
        parts += [f"{key}={value}" for key, value in self.settings.items()]
        parts += [f"{item.kind} {item.amount:+g} for row {item.row} in month {item.month}" for item in self.actions]
        return ", ".join(parts) or "nothing changed"


def change(
    settings: Mapping[str, Any] | None = None, without: Iterable[str] = (), actions: Iterable[Action] = ()
) -> Change:
    """A `Change` from plain containers."""
    return Change(FrozenMap(settings or {}), tuple(without), tuple(actions))


def undo(scenario: Scenario, without: Iterable[str]) -> Scenario:
    """Events lose their effects; their rows, dates and keys stay, so that every other draw is the same."""
    known = {event.id for event in scenario.events}
    kinds = {effect.kind for event in scenario.events for effect in event.effects}
    gone: set[tuple[str, str]] = set()
    for item in without:
        event, colon, kind = item.partition(":")
        if event != "*" and event not in known:
            raise setting_error(f"without {item}", "the id of an event of the scenario", nearest(event, known))
        if (colon or event == "*") and kind not in kinds:
            raise setting_error(f"without {item}", "a kind of effect that the scenario has", nearest(kind, kinds))
        gone.add((event, kind if colon else "*"))

    def stays(event: str, kind: str) -> bool:
        return not gone & {(event, kind), (event, "*"), ("*", kind)}

    events = tuple(
        replace(event, effects=tuple(effect for effect in event.effects if stays(event.id, effect.kind)))
        for event in scenario.events
    )
    return replace(scenario, events=events)


def act(world: World, actions: Iterable[Action]) -> None:
    """Carry out the actions of the month that is about to begin."""
    for action in actions:
        if action.month != world.month:
            continue
        row = action.row
        if action.kind == "pay":
            employed = world.researchers.team[row] >= 0
            world.researchers.pay[row] += action.amount * employed
        elif action.kind == "compute":
            world.teams.granted[row] += action.amount
        elif action.kind == "hold":
            world.researchers.held_until[row] = world.month + int(np.rint(action.amount))
        else:
            raise ScenarioError.about("action", [f"kind {action.kind!r}: {nearest(action.kind, ACTIONS)}"])
