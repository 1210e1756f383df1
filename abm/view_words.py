"""What happened in a month of a live market, in plain words, as entries of a feed.

Every entry is a dict with `kind`, `words` and the rows of those concerned (-1 or absent: nobody).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from abm.kernels.utility import TERMS
from abm.ledger import Row
from abm.live import LiveMarket
from abm.tables import CAUSE_NAMES, PATH_NAMES, ProjectState
from abm.world import World

SHORT: Final = {
    "pay": "pay",
    "compute": "compute",
    "culture": "culture",
    "peers": "colleagues",
    "prestige": "prestige",
    "equity": "equity",
    "place": "place",
    "match": "personal match",
    "venture": "own venture",
    "deprivation": "sister teams",
    "strain": "strain",
    "breach": "broken promises",
    "embeddedness": "roots",
    "personal": "own reasons",
    "switching": "switching",
    "forfeited": "lost equity",
    "delay": "notice",
}
"""Terms of utility in a word or two."""
ESCALATED: Final = ("did not ask", "was not heard", "was refused", "was granted more")
_SMALLEST: Final = 0.05  # utils: less is +0.0 when it is written down


def feed(live: LiveMarket, month: int) -> list[dict[str, Any]]:
    """What happened in a month that has been run, in the order of the phases."""
    found = [*_pulls(live, month), *_events(live.world, month), *_projects(live.world, month)]
    if month == live.month - 1:  # teams remember the last month only
        found += _escalations(live.world)
    return [*found, *_departures(live.world, month), *_startups(live.world, month)]


def month_rows(parts: list[Row], month: int) -> tuple[int, Row]:
    """The rows of one month of a ledger table, and how many come before them."""
    mine = [rows for rows in parts if rows["month"][0] == month]
    before = sum(len(rows["month"]) for rows in parts if rows["month"][0] < month)
    if not mine:
        return before, {}
    return before, {name: np.concatenate([rows[name] for rows in mine]) for name in mine[0]}


def employer_name(world: World, row: int) -> str:
    """An employer by its name; "a start-up" for those founded in the run."""
    return "a start-up" if row >= len(world.scenario.employers) else world.employer_names[row]


def strongest(difference: dict[str, float], most: int = 3) -> str:
    """The terms that made the difference, the best first: "compute +0.9, colleagues +0.4, pay -0.6"."""
    ranked = sorted(difference.items(), key=lambda item: -abs(item[1]))[:most]
    shown = sorted(((term, value) for term, value in ranked if abs(value) >= _SMALLEST), key=lambda item: -item[1])
    return ", ".join(f"{SHORT[term]} {value:+.1f}" for term, value in shown)


def departure(world: World, rows: Row, row: int) -> str:
    """One departure in words, with the three strongest terms where somebody decided."""
    cause = CAUSE_NAMES[int(rows["cause"][row])]
    home, goal = world.team_names[int(rows["from_team"][row])], int(rows["to_employer"][row])
    who = f"Researcher {int(rows['researcher'][row])}"
    said = {
        "founded": f"{who} left {home} to found a start-up",
        "left_field": f"{who} left {home} and the field",
        "laid_off": f"{who} was laid off at {home}",
        "startup_failed": f"{who} lost the job at {home}, which failed",
    }.get(cause, f"{who} left {home} for {employer_name(world, goal) if goal >= 0 else 'another field'}")
    difference = rows["terms_go"][row] - rows["terms_stay"][row]
    why = strongest(dict(zip(TERMS, difference.tolist(), strict=True)))
    event = int(rows["event"][row])
    if why:
        return f"{said}: {why}"
    return f"{said} ({world.scenario.events[event].id})" if event >= 0 else said


def _departures(world: World, month: int) -> Iterator[dict[str, Any]]:
    before, rows = month_rows(world.ledger.departures, month)
    if not rows:
        return
    cohorts = _cohorts_of(world, rows["researcher"].tolist())
    plain = {name: rows[name].tolist() for name in rows if rows[name].ndim == 1}
    for row, person in enumerate(plain["researcher"]):
        event = plain["event"][row]
        yield {
            "kind": "departure",
            "words": departure(world, rows, row),
            "departure": before + row,
            "researcher": person,
            "from_team": plain["from_team"][row],
            "from_employer": plain["from_employer"][row],
            "to_team": plain["to_team"][row],
            "to_employer": plain["to_employer"][row],
            "cause": CAUSE_NAMES[plain["cause"][row]],
            "path": PATH_NAMES[plain["path"][row]],
            "voluntary": plain["voluntary"][row],
            "referrer": plain["referrer"][row],
            "cohorts": cohorts.get(person, []),
            "event": world.scenario.events[event].id if event >= 0 else "",
        }


def _cohorts_of(world: World, people: list[int]) -> dict[int, list[str]]:
    """The cohorts of people, as far as they are fixed."""
    found: dict[int, list[str]] = {}
    for cohort in world.cohorts:
        for person in set(cohort.members.tolist()).intersection(people):
            found.setdefault(person, []).append(cohort.name)
    return found


def _pulls(live: LiveMarket, month: int) -> Iterator[dict[str, Any]]:
    for pull in live.log:
        if pull.month == month:
            yield {"kind": "pull", "words": pull.words, "pull": pull.number}


def _events(world: World, month: int) -> Iterator[dict[str, Any]]:
    for dated in world.events:
        if dated.month == month:
            event = dated.event
            words = event.title
            yield {"kind": "event", "words": words, "event": event.id, "imposed": bool(event.effects)}


def _projects(world: World, month: int) -> Iterator[dict[str, Any]]:
    """Releases and cancellations."""
    projects = world.projects
    for row in np.flatnonzero(projects.ended == month).tolist():
        state, team = ProjectState(int(projects.state[row])), int(projects.team[row])
        if state not in (ProjectState.RELEASED, ProjectState.CANCELLED):
            continue
        name = world.project_names.get(row, "")
        project = f'"{name}"' if name else "a project"
        does = "released" if state == ProjectState.RELEASED else "lost"
        words = f"{world.team_names[team]} {does} {project}{'' if does == 'released' else ', which was cancelled'}"
        kind = "release" if does == "released" else "cancellation"
        found = {"kind": kind, "words": words, "team": team, "employer": int(world.teams.employer[team])}
        yield found | {"project": row, "visibility": float(projects.visibility[row])}


def _escalations(world: World) -> Iterator[dict[str, Any]]:
    teams = world.teams
    for team in np.flatnonzero(teams.escalated > 0).tolist():
        state, employer = int(teams.escalated[team]), int(teams.employer[team])
        words = f"{world.team_names[team]} asked for more compute and {ESCALATED[state]}"
        yield {"kind": "escalation", "words": words, "team": team, "employer": employer, "state": state}


def _startups(world: World, month: int) -> Iterator[dict[str, Any]]:
    """Foundings, failures and sales."""
    _, rows = month_rows(world.ledger.startups, month)
    columns = ("employer", "founder", "site", "n_founders", "funding")
    for employer, founder, site, people, funding in zip(
        *(rows[name].tolist() if rows else [] for name in columns), strict=True
    ):
        name, place = world.employer_names[employer], world.sites.names[site]
        words = f"{name} was founded in {place} by {people:g} with {funding / 1000:.1f} million USD"
        yield {"kind": "founded", "words": words, "employer": employer, "researcher": founder, "site": site}
    for employer in np.flatnonzero(world.employers.closed_month == month).tolist():
        team = int(world.first_team_of(np.array([employer]))[0])
        owner = int(world.teams.employer[team])
        name = world.employer_names[employer]
        if owner != employer:
            words = f"{name} was bought by {employer_name(world, owner)}"
            yield {"kind": "bought", "words": words, "employer": employer, "to_employer": owner}
        else:
            yield {"kind": "failed", "words": f"{name} ran out of money and closed", "employer": employer}
