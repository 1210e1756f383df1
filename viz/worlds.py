"""Worlds that a reader compares: the scenario as described, the present run, runs put aside, and one change on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from abm import changes
from abm.live import LiveMarket, Pull
from abm.live_checks import check_does_anything
from abm.scenario import Cohort, Scenario
from viz.frames import Seen
from viz.messages import Wrong, nearest, shown

MOST_PINS: Final = 6
KEPT: Final = 4  # results of each kind that a session keeps


@dataclass(slots=True)
class Pin:
    """A run that was put aside.

    Attributes:
        number: by which it is asked for.
        name: for the reader, who can change it.
        market, seen: of which it was a moment; both may have gone on since.
        scenario: with what had been pulled.
        log: pulls up to then.
        month: months that had been run.
        digest: of the state then.
    """

    number: int
    name: str
    market: LiveMarket
    seen: Seen
    scenario: Scenario
    log: tuple[Pull, ...]
    month: int
    digest: str

    @classmethod
    def of(cls, number: int, name: str, market: LiveMarket, seen: Seen) -> Pin:
        """The present moment of a market."""
        digest = market.digest()
        return cls(number, name, market, seen, market.scenario, market.log, market.month, digest)

    @property
    def words(self) -> str:
        """What is different from the scenario as described."""
        return pulled(self.log)

    def plain(self) -> dict[str, Any]:
        """For the page."""
        return {
            "number": self.number,
            "name": self.name,
            "words": self.words,
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "seed": self.market.seed,
            "month": self.month,
            "date": self.scenario.date_of(self.month),
            "digest": self.digest,
        }

    def again(self) -> LiveMarket:
        """The run as it was when it was put aside, free to go on otherwise."""
        found = self.market.branch(self.month)
        for pull in self.log:
            if pull.month == self.month:
                found.again(pull)
        return found


def pulled(log: tuple[Pull, ...]) -> str:
    """Pulls in words."""
    return "; ".join(pull.words for pull in log) or "nothing pulled"


def focal(scenario: Scenario) -> int:
    """Row of the employer that a scenario is about: that of its first cohort, or else the first."""
    names = [employer.name for employer in scenario.employers]
    return names.index(scenario.cohorts[0].employer) if scenario.cohorts else 0


def observed(scenario: Scenario, cohort: Cohort) -> list[dict[str, Any]]:
    """How many of a cohort had left by which date; a value that is to be predicted is not given away."""
    return [
        {
            "date": seen.date,
            "month": scenario.month_of(seen.date),
            "withheld": seen.use == "predict",
            "left_min": None if seen.use == "predict" else seen.left_min,
            "left_max": None if seen.use == "predict" else seen.left_max,
        }
        for seen in cohort.observations
    ]


@dataclass(frozen=True, slots=True)
class World:
    """One side of a comparison: a scenario, its seed, and what it is in words."""

    scenario: Scenario
    seed: int
    words: str

    def until(self, months: int) -> World:
        """The same world, ending after some months."""
        if months == self.scenario.months:
            return self
        return World(self.scenario.with_settings({"months": months}), self.seed, self.words)


def world_named(name: str, market: LiveMarket, pins: dict[int, Pin]) -> World:
    """A world by its name in the page: described, present, or pin: and a number.

    Raises:
        Wrong: there is none of that name.
    """
    if name == "described":
        return World(market.described, market.seed, "as described")
    if name == "present":
        words = (
            f"the present run ({pulled(market.log)})" if market.log else "the present run, in which nothing is pulled"
        )
        return World(market.scenario, market.seed, words)
    kind, _, number = name.partition(":")
    pin = pins.get(int(number)) if kind == "pin" and number.isascii() and number.isdigit() else None
    if pin is None:
        names = ["described", "present", *(f"pin:{each}" for each in pins)]
        raise Wrong(f"world {shown(name)}: no such world{nearest(name, names)}; there are {', '.join(names)}")
    return World(pin.scenario, pin.market.seed, f"{pin.name} ({pin.words})")


def changed(world: World, without: tuple[str, ...], policy: str | None, settings: dict[str, Any], since: str) -> World:
    """A world with one change more: events undone, or a policy in force from a date on.

    Args:
        world: on which the change is made.
        without: ids of events that lose their effects; their rows stay, so that all luck is the same.
        policy: name of a policy, None for none.
        settings: its knobs.
        since: "YYYY-MM"; the start of the scenario leaves the date out.

    Raises:
        ScenarioError: no such event, policy or knob, a value out of range, or a policy that would do nothing.
    """
    scenario, words = world.scenario, []
    if without:
        labels = {event.id: event.title for event in scenario.events}
        scenario = changes.undo(scenario, without)
        words.append("without " + ", ".join(f"{labels[event]} ({event})" for event in without))
    if policy is not None:
        dated = {"date": since} if since and since != scenario.start else {}
        listed = [{"name": each.name, **each.settings} for each in scenario.policies]
        scenario = scenario.derive(policies=[*listed, {"name": policy, **settings, **dated}])
        check_does_anything(policy, settings, scenario)
        knobs = ", ".join(f"{knob.replace('_', ' ')} {value}" for knob, value in settings.items())
        words.append(f"with {policy.replace('_', ' ')} ({knobs or 'no knob moved'}) from {since or scenario.start}")
    return World(scenario, world.seed, f"{world.words}, {' and '.join(words)}") if words else world


def keep_few(store: dict[Any, Any], most: int = KEPT) -> None:
    """Forget the oldest entries of a store, beyond so many."""
    while len(store) > most:
        store.pop(next(iter(store)))
