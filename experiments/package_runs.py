"""What one history says of a package: who stayed, and the quantities that it used up, month by month.

A case is an employer or one of its teams; several employers are watched in one history for games.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from abm.changes import Action
from abm.columns import Floats, Integers
from abm.phases.choose import STAYS
from abm.replay import begin, fork, run_to, step
from abm.scenario import Scenario, ScenarioError
from abm.tables import DIMENSIONS
from abm.world import World
from experiments.packages import Case, Package, settings

BEGUN: Final = 16  # histories that are held at the month in which packages begin
OPENNESS: Final = DIMENSIONS.index("openness")

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
    "vesting": "years x factor on the months that grants take to vest",
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


def measure(case: Case, given: Package, replicate: int) -> Floats:
    """(M,) what a history with a package says of the people in question, in the order of `MEASURES`."""
    found: Floats = measure_all((case,), given, replicate)[0]
    return found


@lru_cache(maxsize=BEGUN)
def before(scenario: Scenario, seed: int, replicate: int, month: int) -> World:
    """The world in which a package is about to begin: the same for every package, so that it is run once."""
    return run_to(begin(scenario, seed, replicate), month)


@lru_cache(maxsize=BEGUN)
def with_package(scenario: Scenario, given: Package, month: int) -> Scenario:
    """The scenario with the policies of a package; the same object where there is none."""
    added = settings(given, scenario.date_of(month))
    return scenario.derive(policies=[*scenario.to_dict()["policies"], *added]) if added else scenario


def measure_all(cases: tuple[Case, ...], given: Package, replicate: int) -> Floats:
    """(C, M) the same for several employers in one history: cases share scenario, seed and window.

    Raises:
        ScenarioError: nobody is there when the package begins.
    """
    case = cases[0]
    world = fork(before(case.scenario, case.seed, replicate, case.first))
    world.scenario = with_package(case.scenario, given, case.first)
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
            "vesting": world.levers["vesting"][row],
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
