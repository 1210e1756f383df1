"""Packages that are to keep people: levers, their strengths, and what one history says of a package.

A package is a strength of each lever. It begins in one month; the people in question are those of a team or employer at
that moment. Quantities are measured in the run (raises paid, compute added, equity outstanding); `abm/data/costs.toml`
has the prices. A package of no strength is the baseline, to the last byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from abm import policies
from abm.columns import Floats
from abm.policies import Knob
from abm.scenario import Scenario, ScenarioError
from abm.scenario_read import nearest


@dataclass(frozen=True, slots=True)
class Lever:
    """One lever of a package.

    Attributes:
        name: as the user writes it.
        knob: neutral value, range, unit, source.
        strong: the end of the range that keeps people.
        line: the line of costs on which it is charged; empty where costs are not told from pay (games only).
        reach: "people" (of the team or employer in question alone) or "employer" (everybody there).
        policy, knobs: file of `abm/policies` and the knobs set; empty if it is done to the people themselves.
    """

    name: str
    knob: Knob
    strong: float
    line: str
    reach: str
    policy: str = ""
    knobs: tuple[str, ...] = ()


def _of_policy(name: str, line: str, policy: str, *knobs: str, strong: float | None = None) -> Lever:
    declared = policies.load(policy).KNOBS[knobs[0]]
    strong = declared.high if strong is None else strong
    return Lever(name, declared, strong, line, "employer", policy, knobs)


LEVERS: Final = {
    lever.name: lever
    for lever in (
        Lever(
            "raise",
            Knob(0.0, 0.0, 1.0, "share of pay", "on top of the pay of the people", "D16, D17; range: grade D"),
            1.0,
            "pay",
            "people",
        ),
        Lever(
            "compute",
            Knob(
                0.0,
                0.0,
                0.3,
                "share of the pool",
                "bought on top of the pool, for the teams in which the people work",
                "T21 (a fifth promised); range: grade D",
            ),
            0.3,
            "compute",
            "people",
        ),
        _of_policy("vesting", "vesting", "vesting", "length"),
        _of_policy("openness", "openness", "publish_openly", "openness"),
        _of_policy("counter_offers", "counter-offers", "match_offers", "factor"),
        _of_policy("bonus", "bonus", "retention_bonus", "months"),
        _of_policy("product_share", "compute", "product_share", "added", strong=-1.0),
        _of_policy("offers", "", "pay_band", "level", "ceiling"),
    )
}
DEFAULT: Final = ("raise", "compute", "vesting", "openness", "counter_offers", "bonus")


@dataclass(frozen=True, slots=True)
class Case:
    """The people in question and the window: who is in `team` (or anywhere at the employer) when month `first` begins.

    Attributes:
        scenario, seed: of the histories.
        employer, row: name and row of the employer.
        team: its name; empty for the whole employer.
        first, last: months in which the package is in force, both included; kept is counted at the end of the last.
    """

    scenario: Scenario
    seed: int
    employer: str
    row: int
    team: str
    first: int
    last: int

    @property
    def years(self) -> float:
        """Length of the window."""
        return (self.last - self.first + 1) / 12.0

    @property
    def name(self) -> str:
        """The team, or the employer."""
        return self.team or self.employer


def case_of(
    scenario: Scenario, employer: str = "", team: str = "", *, begins: str = "", ends: str = "", seed: int = 1
) -> Case:
    """The case of a team or an employer.

    Args:
        scenario: with settings applied.
        employer, team: one of the two, by name.
        begins, ends: months "YYYY-MM"; the start of the scenario, and two years later or its end, unless given.
        seed: of the histories.

    Raises:
        ScenarioError: an unknown name or date; says what was expected and names the nearest.
    """
    kind, name = ("team", team) if team else ("employer", employer)
    if bool(team) == bool(employer):
        raise ScenarioError.about("package", ["expected a team or an employer. Fix: give one of --team and --employer"])
    known = scenario.places[kind]
    if name not in known:
        raise ScenarioError.about(
            "package", [f"--{kind} {name!r}: expected {kind} of {scenario.name}. Fix: {nearest(name, known)}"]
        )
    row = scenario.places["owner"][team][0] if team else known[name][0]
    first = _month(scenario, begins, "--from") if begins else 0
    last = _month(scenario, ends, "--until") if ends else min(first + 23, scenario.months - 1)
    if last <= first:
        raise ScenarioError.about(
            "package",
            [f"--until {scenario.date_of(last)}: expected a month after --from {scenario.date_of(first)}"],
        )
    return Case(scenario, seed, scenario.employers[row].name, row, team, first, last)


def _month(scenario: Scenario, date: str, option: str) -> int:
    last = scenario.date_of(scenario.months - 1)
    try:
        month = scenario.month_of(date)
    except (ValueError, IndexError):
        month = -1
    if not 0 <= month < scenario.months or scenario.date_of(month) != date:
        raise ScenarioError.about("package", [f"{option} {date!r}: expected a month from {scenario.start} to {last}"])
    return month


def priced() -> tuple[str, ...]:
    """The levers whose costs can be told, by name."""
    return tuple(name for name, lever in LEVERS.items() if lever.line)


def levers_of(names: tuple[str, ...] = DEFAULT) -> tuple[Lever, ...]:
    """Levers by name.

    Raises:
        ScenarioError: an unknown or repeated name.
    """
    known = priced()
    for name in names:
        if name not in known:
            raise ScenarioError.about("package", [f"--levers {name!r}: no such lever. Fix: {nearest(name, known)}"])
    if len(set(names)) < len(names) or not names:
        raise ScenarioError.about("package", [f"--levers {','.join(names)}: expected each lever once, at least one"])
    return tuple(LEVERS[name] for name in names)


def strength(lever: Lever, share: float) -> float:
    """The value of the knob at a share 0..1 of the way from neutral to the strong end."""
    return lever.knob.neutral + share * (lever.strong - lever.knob.neutral)


Package = tuple[tuple[str, str, float], ...]
"""What is not neutral: (employer, lever, value of its knob); several employers may each have theirs."""


def package(employer: str, levers: tuple[Lever, ...], shares: Floats) -> Package:
    """The package at (K,) shares of the way to the strong ends; what is neutral is left out."""
    return tuple(
        (employer, lever.name, round(strength(lever, float(share)), 12))
        for lever, share in zip(levers, shares, strict=True)
        if share
    )


def settings(given: Package, date: str) -> list[dict[str, Any]]:
    """The policies of a package, as a scenario writes them."""
    found = []
    for employer, name, value in given:
        lever = LEVERS[name]
        if lever.policy:
            found.append({"name": lever.policy, "employer": employer, "date": date} | dict.fromkeys(lever.knobs, value))
    return found
