"""How large a world will be, before anything of it is built: people, bytes, seconds; and whether there is room for it.

A scenario of two hundred characters may ask for a million people. So every door reckons first: the command line and
Python refuse what does not fit into the memory that is free, the app asks before it opens what is large.

The numbers are fits to measured worlds (grade: measured; `tests/test_scenario_size.py` measures again): a person costs
columns and ties, and a little every month; an employer, most of them start-ups that may be founded, a row of every
series each month and its deliveries to the horizon; a team its project slots; sites a distance for each pair; an open
post the calls of recruiters, and planned posts grow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from abm.scenario import Scenario
from abm.scenario_read import ScenarioError

MEGABYTE: Final = 1e6
LARGE_BYTES: Final = 200 * MEGABYTE  # above one of these the app asks before it opens a world
LARGE_SECONDS: Final = 0.5
SHARE: Final = 0.8  # of the memory that is free; the rest is for what cannot be reckoned

_BASE: Final = 3e6
_PERSON: Final = (1_400.0, 45.0)  # bytes each, and each in a month
_EMPLOYER: Final = (700.0, 100.0, 8.0)  # the same, and in each month of the horizon
_TEAM: Final = (600.0, 70.0, 50.0)  # the same, and for each project slot
_PAIR_OF_SITES: Final = 30.0
_CALL: Final = 110.0  # of a recruiter, in a month
_IDLE: Final = 0.05  # share of posts that is open where there are people enough
_OPENING: Final = (0.05, 4.5e-6, 4e-6, 1.7e-8, 8e-8)  # s: always, person, start-up, start-up and month, pair of sites
_MONTH: Final = (0.015, 4.5e-6, 2e-6, 8e-7)  # s: always, person, start-up, call


@dataclass(frozen=True, slots=True)
class Size:
    """What a world takes.

    Attributes:
        people: with all that may enter.
        employers, teams: with the start-ups that may be founded.
        calls: of recruiters in the last month, when planned posts have grown.
        bytes: at its largest, all months run, within a factor of two.
        seconds: of one processor until it can be looked at, roughly.
        seconds_a_month: of one processor, in the last month.
    """

    people: int
    employers: int
    teams: int
    calls: float
    bytes: float
    seconds: float
    seconds_a_month: float

    @property
    def is_large(self) -> bool:
        """Whether somebody who opens it in the app is asked first."""
        return self.bytes > LARGE_BYTES or max(self.seconds, self.seconds_a_month) > LARGE_SECONDS

    @property
    def words(self) -> str:
        """For somebody who is about to open it."""
        return (
            f"This market has {self.people:,} people, needs about {in_words(self.bytes)} and opens in about "
            f"{max(round(self.seconds), 1)} s."
        )


def size_of(scenario: Scenario) -> Size:
    """Reckon the size of a world from its description; nothing is built."""
    months, horizon = scenario.months, scenario.horizon
    people = scenario.researchers + scenario.entrants
    startups = math.ceil(people * scenario.potential_founders)
    employers, teams = len(scenario.employers) + startups, len(scenario.placed_teams()) + startups
    pairs = len(scenario.sites) ** 2
    calls = _calls(scenario)
    needed = (
        _BASE
        + people * (_PERSON[0] + _PERSON[1] * months)
        + employers * (_EMPLOYER[0] + _EMPLOYER[1] * months + _EMPLOYER[2] * horizon)
        + teams * (_TEAM[0] + _TEAM[1] * months + _TEAM[2] * (horizon // 6 + 4))
        + pairs * _PAIR_OF_SITES
        + calls * _CALL
    )
    counts = (1.0, people, startups, startups * horizon, pairs)
    return Size(
        people=people,
        employers=employers,
        teams=teams,
        calls=calls,
        bytes=needed,
        seconds=sum(each * count for each, count in zip(_OPENING, counts, strict=True)),
        seconds_a_month=_MONTH[0] + _MONTH[1] * people + _MONTH[2] * startups + _MONTH[3] * calls,
    )


def _calls(scenario: Scenario) -> float:
    """Calls of recruiters in the last month: planned posts that nobody fills, grown until then."""
    posts = [0] * len(scenario.employers)
    for team in scenario.placed_teams():
        posts[team.employer] += team.posts
    found = 0.0
    for planned, employer in zip(posts, scenario.employers, strict=True):
        grown = planned * employer.growth ** (scenario.months / 12)
        found += max(grown - employer.researchers, _IDLE * grown) * employer.recruiter_contacts
    return found


def check_room(scenario: Scenario, copies: int = 1) -> None:
    """Refuse a world that does not fit into the memory that is free here.

    Args:
        scenario: of the world.
        copies: that are built at the same time, such as one in each of so many processes.

    Raises:
        ScenarioError: it does not fit; says what it needs and what there is.
    """
    size, free = size_of(scenario), SHARE * free_memory()
    if copies * size.bytes <= free:
        return
    each = f" in each of {copies} processes" if copies > 1 else ""
    fix = f"use --workers {int(free // size.bytes)}, or " if free >= size.bytes else ""
    raise ScenarioError.about(
        f'"{scenario.name}"',
        [
            f"memory: came {size.people:,} people, {size.employers:,} employers and {size.teams:,} teams (with all "
            f"that may enter or be founded) for {scenario.months:,} months, with {_count(size.calls)} calls of "
            f"recruiters in the last of them, which need about "
            f"{in_words(size.bytes)}{each}; expected at most {in_words(free)}, {SHARE:.0%} of what is free on this "
            f"machine. Fix: {fix}lower researchers, entrants_per_year, potential_founders, posts, growth or months"
        ],
    )


def free_memory() -> float:
    """Bytes that can be had: of the machine, or of the group of processes that this one is confined to."""
    free = float(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        most, used = ((group / f"memory.{name}").read_text(encoding="ascii").strip() for name in ("max", "current"))
        return free if most == "max" else min(free, max(float(most) - float(used), 0.0))
    except (OSError, ValueError):
        return free


def in_words(amount: float) -> str:
    """Bytes for a person: 340 MB, 2.1 GB."""
    megabytes = amount / MEGABYTE
    if megabytes > 1e6:
        return "1,000 GB or more"
    return f"{megabytes / 1000:,.1f} GB" if megabytes >= 1000 else f"{max(megabytes, 1):.0f} MB"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e12 else "a trillion or more"
