"""Who plays in an attribution, how long its worlds run, and whether Shapley values are exact or sampled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from abm import outcomes
from abm.scenario import Event, Scenario, ScenarioError
from abm.scenario_read import nearest

METHODS: Final = ("leave-one-out", "shapley", "both")
BUDGET: Final = 2000  # worlds up to which Shapley values are exact
PERMUTATIONS: Final = 2  # a replicate, where they are sampled


@dataclass(frozen=True, slots=True)
class Player:
    """An event, or a group of events that happen together or not at all."""

    name: str
    events: tuple[str, ...]
    between: tuple[str, str]  # dates between which the first of them falls
    label: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        scenario: ends with the last month that an outcome needs.
        texts: outcomes.
        players: by date.
        skipped: id of an event -> why it is no player.
        seed, replicates: as for `simulate_many`.
        leave_one_out, shapley: what is asked for.
        permutations: orders a replicate; 0 is all of them (exact).
    """

    scenario: Scenario
    texts: tuple[str, ...]
    players: tuple[Player, ...]
    skipped: Mapping[str, str]
    seed: int
    replicates: int
    leave_one_out: bool
    shapley: bool
    permutations: int


def plan(
    scenario: Scenario,
    texts: Iterable[str],
    seed: int = 1,
    replicates: int = 20,
    method: str = "both",
    events: Iterable[str] = (),
    groups: Mapping[str, Iterable[str]] | None = None,
    permutations: int | None = None,
    budget: int = BUDGET,
) -> Plan:
    """Decide who plays, how long worlds run, and whether Shapley values are exact.

    Args:
        scenario: as it happened.
        texts: outcomes (`abm/outcomes.py`), at least one.
        seed, replicates: as for `simulate_many`.
        method: one of `METHODS`.
        events: ids of the players, the other events stay in force; none means all that can matter.
        groups: name -> ids of events that are one player.
        permutations: sample so many orders a replicate; without it all orders are taken if `budget` allows.
        budget: most worlds for exact values.

    Raises:
        ScenarioError: an unknown event, group or outcome, or nobody left to play; names the nearest.
    """
    texts = tuple(dict.fromkeys(texts))
    last = max(outcomes.read(text, scenario).last for text in texts)
    players, skipped = _players(scenario, last, tuple(events), {k: tuple(v) for k, v in (groups or {}).items()})
    if permutations is None:
        permutations = 0 if replicates * 2 ** len(players) <= budget else PERMUTATIONS
    return Plan(
        scenario=scenario.with_settings({"months": last + 1}) if last + 1 < scenario.months else scenario,
        texts=texts,
        players=players,
        skipped=skipped,
        seed=seed,
        replicates=replicates,
        leave_one_out=method != "shapley",
        shapley=method != "leave-one-out",
        permutations=permutations,
    )


def _players(
    scenario: Scenario, last: int, wanted: tuple[str, ...], groups: dict[str, tuple[str, ...]]
) -> tuple[tuple[Player, ...], dict[str, str]]:
    """Players by date, and the events that are none with the reason."""
    by_id = {event.id: event for event in scenario.events}
    grouped = [event for ids in groups.values() for event in ids]
    _check(scenario, wanted, groups, by_id)
    asked = {*wanted, *grouped} if wanted else set(by_id)
    skipped = {event.id: why for event in scenario.events if (why := _no_player(scenario, event, last, asked))}
    teams = {event: (event,) for event in by_id if event not in grouped} | groups
    found = []
    for name, ids in teams.items():
        held = sorted((event for event in ids if event not in skipped), key=lambda event: by_id[event].between)
        if held:
            label = by_id[name].label if name in by_id else f"{name}: {', '.join(by_id[event].label for event in held)}"
            found.append(Player(name, tuple(held), by_id[held[0]].between, label))
    if not found:
        why = "; ".join(f"{event} is {skipped[event]}" for event in (*wanted, *grouped)) or "no event can matter"
        raise _error(f"nothing to attribute to: {why}", "choose other events or a later outcome")
    return tuple(sorted(found, key=lambda player: player.between)), skipped


def _no_player(scenario: Scenario, event: Event, last: int, asked: set[str]) -> str:
    """Why an event is no player; empty if it is one."""
    low, high = scenario.event_months(event)
    if event.id not in asked:
        return "not asked for, they stay in force"
    if not event.effects:
        return "observed, not imposed"
    if low > last:
        return "after the end of the outcome"
    return "before the first month" if high < 0 else ""


def _check(
    scenario: Scenario, wanted: tuple[str, ...], groups: dict[str, tuple[str, ...]], by_id: dict[str, Event]
) -> None:
    grouped = [event for ids in groups.values() for event in ids]
    for event in (*wanted, *grouped):
        if event not in by_id:
            raise _error(f"came {event!r}; expected the id of an event of {scenario.name}", nearest(event, by_id))
    for name, ids in groups.items():
        if name in by_id:
            raise _error(f"group {name!r} has the name of an event", "choose another name")
        if not ids:
            raise _error(f"group {name!r} holds no event", f"write {name}=ID,ID")
    for event in grouped:
        if grouped.count(event) > 1:
            raise _error(f"{event} stands in groups {grouped.count(event)} times", "name it once")


def _error(what: str, fix: str) -> ScenarioError:
    return ScenarioError.about("attribution", [f"{what}. Fix: {fix}"])
