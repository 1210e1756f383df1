"""Parameters change; dated events, entries and first days at agreed jobs take effect; policies act and move levers."""

from __future__ import annotations

import numpy as np

from abm import effects, employment, policies
from abm.cohorts import fix_cohort
from abm.parameters import Parameters
from abm.tables import DIMENSIONS, SOURCES, EmployerKind, Status
from abm.world import World

WRITES = (
    *("researchers", "employers", "teams", "projects", "base_levers", "levers", "arrivals", "joined", "cohorts"),
    "parameters",
)
PARAMETERS = (
    "strain_half_life",
    "shock_half_life",
    "leavers_half_life",
    "change_half_life",
    "narrowing",
    "narrowing_floor",
    *(f"half_life_{source}" for source in SOURCES),
)

AUTONOMY = DIMENSIONS.index("autonomy")


def run(world: World) -> None:
    """Parameters change, stocks fade; then the calendar (openings, entries, first days), then the events now due."""
    change_parameters(world)
    world.joined = np.zeros(0, dtype=np.int64)
    people, teams = world.researchers, world.teams
    fade(world)
    teams.is_open[teams.opens == world.month] = True
    entering = (people.entry_month == world.month) & (people.status == Status.NOT_ENTERED)
    employment.set_free(world, np.flatnonzero(entering), Status.SEARCHING)
    begin_agreed_jobs(world)
    effects.expire(world)
    for dated in sorted(world.inbox, key=lambda item: item.row):
        effects.apply(world, dated)
    world.inbox.clear()
    effects.carry_out_policies(world)
    for number, cohort in enumerate(world.cohorts):
        if cohort.month == world.month:
            fix_cohort(world, number)
    policies.move_levers(world.scenario, world.base_levers, world.levers, world.month)
    narrow(world)


def change_parameters(world: World) -> None:
    """Parameters that change this month are in force from its first moment on."""
    if any(world.scenario.month_of(item.date) == world.month for item in world.scenario.interventions):
        world.parameters = Parameters(world.scenario.parameters_in(world.month))


def fade(world: World) -> None:
    """Strain, breach, shocks and the memory of leavers fade before this month adds to them."""
    parameters, people = world.parameters, world.researchers
    for code, source in enumerate(SOURCES):
        people.breach[:, code] *= 0.5 ** (1.0 / getattr(parameters, f"half_life_{source}"))
    people.strain *= 0.5 ** (1.0 / parameters.strain_half_life)
    people.shock *= 0.5 ** (1.0 / parameters.shock_half_life)
    people.leavers *= 0.5 ** (1.0 / parameters.leavers_half_life)
    people.changes *= 0.5 ** (1.0 / parameters.change_half_life)


def narrow(world: World) -> None:
    """Competition takes autonomy from the research of all laboratories, faster the higher demand is (M50)."""
    parameters, employers = world.parameters, world.employers
    labs = np.flatnonzero(employers.kind == EmployerKind.LAB)
    autonomy = employers.culture[labs, AUTONOMY]
    pressure = parameters.narrowing * max(world.levers.world("demand") - 1.0, 0.0)
    room = np.maximum(autonomy - parameters.narrowing_floor, 0.0)
    employers.culture[labs, AUTONOMY] = autonomy - min(pressure, 1.0) * room


def begin_agreed_jobs(world: World) -> None:
    """Leave runs off; who has none left begins, or searches where the team is no more."""
    people, teams = world.researchers, world.teams
    on_leave = people.status == Status.ON_LEAVE
    people.leave_clock[on_leave] -= 1
    ready = np.flatnonzero(on_leave & (people.leave_clock <= 0))
    is_there = teams.is_open[people.next_team[ready]] & (people.next_team[ready] >= 0)
    employment.set_free(world, ready[~is_there], Status.SEARCHING)
    ready = ready[is_there]
    goal = people.next_team[ready].astype(np.int64)
    employment.begin(world, ready, goal, people.next_pay[ready].copy(), people.next_equity[ready].copy())
