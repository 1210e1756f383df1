"""Two laboratories that compete for people with pay, compute and counter-offers: a game on paired worlds.

Every pair of actions is simulated with the same luck. A laboratory gets the worth of the years that people work for it,
those kept and those hired, less what they are paid and what its action adds: compute, bonus, equity, openness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from abm.paired import Estimate, estimate
from abm.scenario import Scenario, ScenarioError
from abm.scenario_read import nearest
from experiments import game
from experiments.costs import Prices
from experiments.evaluations import Evaluations
from experiments.package_runs import M
from experiments.packages import LEVERS, Case, Package, case_of

PAY: Final = "pay"
"""In an action: a raise by the share for who is there, and as much more in offers to who is not."""
NOTHING: Final = "nothing"
DEFAULT: Final = ("pay=0.2", "compute=0.1", "counter_offers=2")

Action = tuple[tuple[str, float], ...]


def action_of(text: str) -> Action:
    """Read an action: "nothing", or LEVER=VALUE[,LEVER=VALUE].

    Raises:
        ScenarioError: an unknown lever or a value outside its range; names the nearest.
    """
    if text.strip() in ("", NOTHING):
        return ()
    known = {PAY: LEVERS["raise"], **LEVERS}
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        lever = known.get(name)
        if lever is None or not equals:
            fix = nearest(name, known) if lever is None else f"write {name}=VALUE"
            raise _error(f"--action {text!r}: expected LEVER=VALUE[,LEVER=VALUE]. Fix: {fix}")
        low, high = sorted((lever.knob.neutral, lever.strong))
        try:
            number = float(value) if value.isascii() else float("nan")  # digits of other scripts are no digits here
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise _error(f"--action {text!r}: came {value!r}; expected {low:g} to {high:g} ({lever.knob.unit})")
        found[name] = number
    return tuple(sorted(found.items()))


def _error(line: str) -> ScenarioError:
    return ScenarioError.about("game", [line])


def words(action: Action) -> str:
    """An action as it is written."""
    return ",".join(f"{name}={value:g}" for name, value in action) or NOTHING


def grid(levels: Sequence[tuple[str, Sequence[str]]]) -> list[Action]:
    """Every combination of levels of some levers, as actions."""
    names = [name for name, _ in levels]
    texts = (
        ",".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        for values in product(*(values for _, values in levels))
    )
    return [action_of(text) for text in texts]


def actions_of(texts: Sequence[str], grids: Sequence[str]) -> list[Action]:
    """The actions that were asked for, or the usual ones.

    Raises:
        ScenarioError: an action that cannot be read, one that comes twice, or fewer than two.
    """
    if grids:
        levels = []
        for text in grids:
            name, _, values = text.partition("=")
            levels.append((name.strip(), [value.strip() for value in values.split(",") if value.strip()]))
            if not levels[-1][1]:
                raise _error(f"--grid {text!r}: expected LEVER=VALUE,VALUE. Fix: write --grid pay=0,0.2")
        found = grid(levels)
    else:
        found = [action_of(text) for text in texts or (NOTHING, *DEFAULT)]
    if len(found) < 2 or len(set(found)) < len(found):
        raise _error(f"came {' | '.join(map(words, found))}; expected two or more different actions")
    return found


def package_of(employer: str, action: Action) -> Package:
    """What an action does at an employer; what is neutral is left out."""
    found: dict[str, float] = {}
    for name, value in action:
        if name == PAY:
            found |= {"raise": value, "offers": 1.0 + value}
        else:
            found[name] = value
    return tuple((employer, name, value) for name, value in found.items() if value != LEVERS[name].knob.neutral)


def payoff(measured: Floats, prices: Prices, years: float) -> Floats:
    """(...) kUSD a year that a laboratory gets from (..., M) measures of its people.

    Worth of person-years, less pay with charges, compute added, capital tied up in equity, bonus, and the openness
    added. Compute that it has anyway is not counted: it is the same in all cells.
    """

    def of(name: str) -> Floats:
        return np.asarray(measured[..., M[name]] / years)

    charges = prices["payroll_factor"]
    budget = of("payroll_staff") * charges + of("compute_staff") * prices["h100e_year"]
    return np.asarray(
        of("staff_years") * prices["researcher_year"]
        - of("payroll_staff") * charges
        - (of("bought") + of("freed")) * prices["h100e_year"]
        - of("unvested_staff") * prices["capital_charge"]
        - of("bonus_staff") * charges * 12.0 / prices["bonus_period"]
        - of("openness") * prices["openness_loss"] * budget
    )


@dataclass(frozen=True, slots=True)
class Duel:
    """A played game.

    Attributes:
        cases: the two laboratories.
        actions: of each.
        payoffs: (R, A, B, 2) kUSD a year.
        staff: (A, B, 2) mean people at work over the window.
        solved, doubt: of the mean game, and by resampled replicates.
    """

    cases: tuple[Case, Case]
    actions: tuple[Action, ...]
    payoffs: Floats
    staff: Floats
    solved: game.Solved
    doubt: game.Doubt

    def more(self, cell: game.Cell, player: int) -> Estimate:
        """What a player gets more in a cell than where both do nothing of it (the first actions), paired."""
        own = self.payoffs[:, :, :, player]
        return estimate(own[:, cell[0], cell[1]] - own[:, 0, 0])


def cases_of(scenario: Scenario, names: Sequence[str], begins: str, ends: str, seed: int) -> tuple[Case, Case]:
    """The two laboratories.

    Raises:
        ScenarioError: not two different employers of the scenario.
    """
    if len(names) != 2 or names[0] == names[1]:
        raise _error(f"--labs {','.join(names)!r}: expected two employers, A,B. Fix: write --labs Meta,OpenAI")
    first, second = (case_of(scenario, name, begins=begins, ends=ends, seed=seed) for name in names)
    return first, second


def play(
    cases: tuple[Case, Case],
    actions: Sequence[Action],
    runs: Evaluations,
    replicates: int,
    prices: Prices,
    on_done: Callable[[], None] | None = None,
) -> Duel:
    """Simulate every cell and solve the game.

    Args:
        cases: the two laboratories.
        actions: of each of them; the first is the one that others are compared with.
        runs: of these cases.
        replicates: R, the same luck in every cell.
        prices: by name.
        on_done: called after each history.
    """
    n = len(actions)
    cells = [
        package_of(cases[0].employer, mine) + package_of(cases[1].employer, theirs)
        for mine in actions
        for theirs in actions
    ]
    measured = runs.get(cells, range(replicates), on_done).reshape(n, n, replicates, 2, -1)
    gains = np.moveaxis(payoff(measured, prices, cases[0].years), 2, 0)
    staff = measured[..., M["staff_years"]].mean(axis=2) / cases[0].years
    return Duel(
        cases=cases,
        actions=tuple(actions),
        payoffs=gains,
        staff=staff,
        solved=game.solve(gains.mean(axis=0)),
        doubt=game.doubt(gains, cases[0].seed),
    )


def as_data(duel: Duel) -> dict[str, Any]:
    """A played game as plain data."""
    solved, doubt = duel.solved, duel.doubt
    cells = [(a, b) for a in range(len(duel.actions)) for b in range(len(duel.actions))]

    def more(cell: game.Cell, player: int) -> dict[str, float | None]:
        found = duel.more(cell, player)
        ends = {"mean": found.mean, "low": found.low, "high": found.high}
        return {name: value if np.isfinite(value) else None for name, value in ends.items()}

    return {
        "actions": [words(action) for action in duel.actions],
        "cells": [
            {
                "cell": list(cell),
                "payoffs": [float(value) for value in solved.payoffs[cell]],
                "more_than_in_the_first": [more(cell, player) for player in (0, 1)],
                "staff": [float(value) for value in duel.staff[cell]],
                "share_of_resamples_as_equilibrium": float(doubt.pure[cell]),
                "share_of_resamples_as_optimum": float(doubt.optimum[cell]),
            }
            for cell in cells
        ],
        "pure_equilibria": [list(cell) for cell in solved.pure],
        "mixed_equilibria": [[p.tolist(), q.tolist()] for p, q in solved.mixed],
        "share_of_resamples_without": doubt.none,
        "cycles": {
            how: [[list(cell) for cell in cycle] for cycle in cycles]
            for how, cycles in zip(("simultaneous", "alternating"), solved.cycles, strict=True)
        },
        "joint_optimum": list(solved.optimum),
        "lost_in_the_worst_equilibrium": solved.lost,
        "lost_interval": None if doubt.lost is None else list(doubt.lost),
        "price_of_anarchy": solved.price_of_anarchy,
    }
