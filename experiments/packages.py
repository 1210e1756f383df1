"""Packages that are to keep people: levers, their strengths, and what one history says of a package.

A package is a strength of each lever. It begins in one month; the people in question are those of a team or employer at
that moment. Quantities are measured in the run (raises paid, compute added, equity outstanding); `abm/data/costs.toml`
has the prices. A package of no strength is the baseline, to the last byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm import policies
from abm.changes import Action
from abm.columns import Floats, Integers
from abm.phases.choose import STAYS
from abm.policies import Knob
from abm.replay import begin, step
from abm.scenario import Scenario, ScenarioError
from abm.scenario_read import nearest
from abm.tables import DIMENSIONS
from abm.world import World

OPENNESS: Final = DIMENSIONS.index("openness")


@dataclass(frozen=True, slots=True)
class Lever:
    """One lever of a package.

    Attributes:
        name: as the user writes it.
        knob: neutral value, range, unit, source.
        strong: the end of the range that keeps people.
        line: the line of costs on which it is charged.
        reach: "people" (of the team or employer in question alone) or "employer" (everybody there).
        policy: file of `abm/policies` and its knob; empty if it is done to the people themselves.
    """

    name: str
    knob: Knob
    strong: float
    line: str
    reach: str
    policy: tuple[str, str] | tuple[()] = ()


def _of_policy(name: str, line: str, policy: str, knob: str, strong: float | None = None) -> Lever:
    declared = policies.load(policy).KNOBS[knob]
    strong = declared.high if strong is None else strong
    return Lever(name, declared, strong, line, "employer", (policy, knob))


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
        _of_policy("product_share", "compute", "product_share", "added", -1.0),
    )
}
DEFAULT: Final = ("raise", "compute", "vesting", "openness", "counter_offers", "bonus")

MEASURES: Final = {
    "people": "people in question when the package begins",
    "kept": "of these, those at the employer in the last month",
    "person_years": "of these people at the employer",
    "staff_years": "person-years of everybody at the employer",
    "raise": "kUSD paid in raises of the package",
    "counter_people": "kUSD paid because outside offers were answered, to the people",
    "counter_staff": "the same to everybody at the employer",
    "unvested_people": "kUSD-years of equity outstanding, of the people",
    "unvested_staff": "the same of everybody at the employer",
    "bonus_people": "kUSD-years of bonus at stake, of the people",
    "bonus_staff": "the same of everybody at the employer",
    "payroll_people": "kUSD paid to the people",
    "payroll_staff": "kUSD paid to everybody at the employer",
    "compute_people": "H100e-years that the people had, by the head",
    "compute_staff": "H100e-years of the pool",
    "bought": "H100e-years added by the package",
    "freed": "H100e-years taken back from products",
    "openness": "years x openness added",
}
M: Final = {name: position for position, name in enumerate(MEASURES)}


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


def levers_of(names: tuple[str, ...] = DEFAULT) -> tuple[Lever, ...]:
    """Levers by name.

    Raises:
        ScenarioError: an unknown or repeated name.
    """
    for name in names:
        if name not in LEVERS:
            raise ScenarioError.about("package", [f"--levers {name!r}: no such lever. Fix: {nearest(name, LEVERS)}"])
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
        if LEVERS[name].policy:
            policy, knob = LEVERS[name].policy
            found.append({"name": policy, knob: value, "employer": employer, "date": date})
    return found


# ---- one history -----------------------------------------------------------------------------------------------


def measure(case: Case, given: Package, replicate: int) -> Floats:
    """(M,) what a history with a package says of the people in question, in the order of `MEASURES`."""
    return measure_all((case,), given, replicate)[0]


def measure_all(cases: tuple[Case, ...], given: Package, replicate: int) -> Floats:
    """(C, M) the same for several employers in one history: cases share scenario, seed and window.

    Raises:
        ScenarioError: nobody is there when the package begins.
    """
    case = cases[0]
    scenario = case.scenario
    added = settings(given, scenario.date_of(case.first))
    if added:
        scenario = scenario.derive(policies=[*scenario.to_dict()["policies"], *added])
    world = begin(scenario, case.seed, replicate)
    while world.month < case.first:
        step(world)
    watches = [Watch.of(world, each, given) for each in cases]
    while world.month <= case.last:
        for watch in watches:
            watch.before(world)
        actions = [action for watch in watches for action in watch.actions(world)]
        step(world, actions)
        for watch in watches:
            watch.after(world)
    return np.stack([watch.found for watch in watches])


@dataclass(slots=True)
class Watch:
    """Acts for one employer and counts: make it when the package begins, `before` and `after` every month."""

    case: Case
    people: Integers
    raises: Floats  # (people,) kUSD a year of the package
    share: float  # of the pool that is bought on top
    given: dict[int, float]  # H100e bought for each team at present
    pay: Floats  # (N,) before the month
    extra: Floats  # (N,) kUSD a year above what would be paid had no outside offer been answered
    staying: Any  # (people,) never away since the beginning
    found: Floats

    @classmethod
    def of(cls, world: World, case: Case, given: Package) -> Watch:
        """The watch of a world in which the package is about to begin."""
        values: Mapping[str, float] = {name: value for employer, name, value in given if employer == case.employer}
        here = world.affiliation() == case.row
        if case.team:
            here &= np.isin(world.researchers.team, case.scenario.team_rows(case.team))
        people = np.flatnonzero(here)
        if len(people) == 0:
            date = case.scenario.date_of(case.first)
            raise ScenarioError.about(
                "package", [f"{case.name!r}: nobody is there at the beginning of {date}. Fix: give another --from"]
            )
        n = world.n_researchers
        raises = values.get("raise", 0.0) * world.researchers.pay[people]
        found = np.zeros(len(MEASURES))
        found[M["people"]] = len(people)
        return cls(
            *(case, people, raises, values.get("compute", 0.0), {}, np.zeros(n), np.zeros(n)),
            *(np.ones(len(people), dtype=bool), found),
        )

    def before(self, world: World) -> None:
        """Remember pay as it is before the month, the raises of the package included."""
        self.pay[:] = world.researchers.pay
        if world.month == self.case.first:
            self.pay[self.people] += self.raises

    def actions(self, world: World) -> list[Action]:
        """Raises in the first month; compute follows the people, team by team, as the pool grows."""
        found = []
        if world.month == self.case.first and self.raises.any():
            found += [
                Action(world.month, "pay", int(person), float(amount))
                for person, amount in zip(self.people, self.raises, strict=True)
            ]
        if self.share:
            wanted = self._wanted(world)
            for team in sorted({*self.given, *wanted}):
                change = wanted.get(team, 0.0) - self.given.get(team, 0.0)
                if change:
                    found.append(Action(world.month, "compute", team, change))
            self.given = wanted
        return found

    def _wanted(self, world: World) -> dict[int, float]:
        """Team -> H100e: a share of the pool of last month, split over the teams of the people by their heads."""
        team = world.researchers.team[self.people]
        team = team[world.affiliation()[self.people] == self.case.row]
        if len(team) == 0:
            return {}
        rows, heads = np.unique(team, return_counts=True)
        amount = self.share * float(world.employers.pool[self.case.row])
        return {int(row): amount * float(n) / len(team) for row, n in zip(rows, heads, strict=True)}

    def after(self, world: World) -> None:
        """Count the month that has just ended."""
        row, people, decisions = self.case.row, world.researchers, world.decisions
        assert decisions is not None
        staff = world.affiliation() == row
        answered = (decisions.choice == STAYS) & decisions.is_open & (decisions.counter_pay > 0) & staff
        self.extra[answered] += np.maximum(people.pay[answered] - self.pay[answered], 0.0)
        self.extra[~staff] = 0.0
        here = staff[self.people]
        mine = self.people[here]
        self.staying &= here
        unvested = people.equity_grant * world.unvested_share()
        bonus = world.levers["retention_bonus"][row] * people.pay / 12.0
        culture = float(world.employers.culture[row, OPENNESS])
        shift, base = float(world.levers["openness"][row]), float(world.base_levers["openness"][row])
        diverted = [
            float(
                np.clip(world.employers.product_share[row] + side["product_share"][row] + side["flagship"][row], 0, 1)
            )
            for side in (world.base_levers, world.levers)
        ]
        month = {
            "person_years": len(mine),
            "staff_years": staff.sum(),
            "raise": self.raises[self.staying].sum(),
            "counter_people": self.extra[mine].sum(),
            "counter_staff": self.extra[staff].sum(),
            "unvested_people": unvested[mine].sum(),
            "unvested_staff": unvested[staff].sum(),
            "bonus_people": bonus[mine].sum(),
            "bonus_staff": bonus[staff].sum(),
            "payroll_people": people.pay[mine].sum(),
            "payroll_staff": people.pay[staff].sum(),
            "compute_people": world.compute_per_head()[people.team[mine]].sum(),
            "compute_staff": world.employers.pool[row],
            "bought": sum(self.given.values()),
            "freed": world.employers.owned[row] * (diverted[0] - diverted[1]),
            "openness": np.clip(culture + shift, 0.0, 1.0) - np.clip(culture + base, 0.0, 1.0),
        }
        for name, value in month.items():
            self.found[M[name]] += float(value) / 12.0
        self.found[M["kept"]] = float(len(mine))
