"""Identities of what passes between teams and the head of research, of rivals, of releases, and of capital."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from abm.columns import Bools, Floats
from abm.identity_month import Month, where
from abm.tables import EmployerKind, ProjectState

NEAR = 1e-9


def escalations(month: Month) -> Iterator[str]:
    """Who asks the research head lacks compute and goes on lacking it unless granted; as many are heard as can be.

    What was asked for is known for the teams whose project has not changed this month. Teams count with the owner that
    they had when compute was split.
    """
    world, before, code = month.world, month.before, month.world.teams.escalated
    yield from where((code < 0) | (code > 3), "no such code", "teams")
    asked = np.bincount(before.owner[code > 0], minlength=world.n_employers)
    heard = np.bincount(before.owner[code > 1], minlength=world.n_employers)
    most = np.ceil(world.parameters.escalation_capacity)
    yield from where(heard != np.minimum(asked, most), "heard other than as many as ask or can be heard", "employers")
    request, known = _requests(month)
    bar = world.parameters.escalation_threshold * request
    from_pool, near = world.teams.compute - world.teams.granted, NEAR * (world.teams.compute + bar)
    yield from where(known & (code == 0) & (from_pool < bar - near), "lacks compute and did not ask", "teams")
    lacking = np.isin(code, (1, 2))
    yield from where(known & lacking & (from_pool >= bar + near), "asked and does not lack compute", "teams")
    yield from where(known & (code == 3) & (from_pool > bar + near), "was granted more than the bar", "teams")


def _requests(month: Month) -> tuple[Floats, Bools]:
    """(J,) H100e that each team asked for this month, and for which teams that can still be told."""
    teams, projects = month.world.teams, month.world.projects
    running = (teams.project >= 0) & (projects.started[teams.project] < month.before.month)
    asking = projects.demand[teams.project] * month.world.levers.world("need")
    return teams.need + np.where(running, asking, 0.0), running & (teams.need > 0)


def rivals(month: Month) -> Iterator[str]:
    """Rivals are counted in whole teams of the same employer on the same topic; nobody is a rival alone."""
    world, before, rivalry = month.world, month.before, month.world.teams.rivalry
    yield from where(rivalry != np.floor(rivalry), "part of a rival", "teams")
    n_topics = len(world.scenario.topics)
    group = before.owner.astype(np.int64) * n_topics + world.teams.topic
    flagships = np.bincount(group[rivalry > 0], minlength=world.n_employers * n_topics)
    yield from where((rivalry > 0) & (rivalry >= flagships[group]), "more rivals than there are flagships", "teams")


def products(month: Month) -> Iterator[str]:
    """Only what was released becomes a product, not before its release; work is done only on a project."""
    projects, shipped = month.world.projects, month.world.projects.shipped
    released = (projects.state == ProjectState.RELEASED) & (projects.ended <= shipped) & (shipped <= month.before.month)
    yield from where((shipped >= 0) & ~released, "a product of what was not released", "projects")
    yield from where((projects.hops > 0) & (projects.state == ProjectState.EMPTY), "a mandate for nothing", "projects")
    staffed = np.bincount(month.before.team[month.before.team >= 0], minlength=month.world.n_teams) > 0
    entered = month.moves["to_team"][month.moves["to_team"] >= 0]
    staffed[entered] = True
    yield from where((month.world.teams.pace > 0) & ~staffed, "work done by nobody", "teams")


def capital(month: Month) -> Iterator[str]:
    """Laboratories alone bear capital beyond the plan, and no more than it costs; nobody else orders than by plan."""
    world, employers, parameters = month.world, month.world.employers, month.world.parameters
    beyond = np.maximum(employers.ordered - employers.planned_order, 0.0)
    most = parameters.squeeze * parameters.compute_price * beyond
    yield from where(
        employers.capital_overrun > most * (1 + NEAR), "bears more than was ordered beyond plan", "employers"
    )
    lab = employers.kind == EmployerKind.LAB
    yield from where((employers.capital_overrun > 0) & ~lab, "no laboratory, and bears capital", "employers")
    startup = employers.kind == EmployerKind.STARTUP
    yield from where(startup & (employers.planned_order > 0), "a start-up with a plan for years", "employers")
    yield from where((world.tightness < 0.25) | (world.tightness > 4.0), "tightness outside its bounds", "markets")
