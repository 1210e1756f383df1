"""Cohorts: named sets of researchers, fixed at a date (e.g. the authors of a paper), and who of them has left."""

from __future__ import annotations

import numpy as np

from abm.columns import Bools, Floats
from abm.world import World


def cohort_order(world: World, cohort: int) -> Floats:
    """(N,) luck that ranks people as members of a cohort: the same order whenever it is asked."""
    return world.streams.uniform("cohort", 0, np.arange(world.n_researchers), cohort)


def fix_cohort(world: World, number: int) -> None:
    """Choose the members among those who are in the named teams now; the ranking is the one that drew the co-authors.

    A team that has shrunk below the members it should give is topped up from the rest of the cohort's employer.
    """
    plan, cohort = world.scenario.cohorts[number], world.cohorts[number]
    ranking = cohort_order(world, number)
    team = world.researchers.team
    chosen = np.zeros(world.n_researchers, dtype=bool)
    if plan.subset_of is not None:
        names = [other.name for other in world.scenario.cohorts]
        pool = world.cohorts[names.index(plan.subset_of)].members
        chosen[pool[np.argsort(-ranking[pool], kind="stable")][: plan.size]] = True
    for name, size in (plan.members or {}).items():
        crew = np.flatnonzero(np.isin(team, world.scenario.team_rows(name)) & ~chosen)
        chosen[crew[np.argsort(-ranking[crew], kind="stable")][:size]] = True
    if plan.subset_of is None and plan.size > chosen.sum():
        rest = np.flatnonzero((world.employer_of() == cohort.employer) & ~chosen)
        chosen[rest[np.argsort(-ranking[rest], kind="stable")][: plan.size - int(chosen.sum())]] = True
    cohort.members = np.flatnonzero(chosen)


def has_left(world: World, number: int) -> Bools:
    """(members,) True for those who are not at the employer of the cohort now; a move inside it is not leaving."""
    cohort = world.cohorts[number]
    return np.asarray(world.affiliation()[cohort.members] != cohort.employer)
