"""Outcomes about those who lead a team, and about teams that lost their leader. Read with `abm/outcomes.py`."""

from __future__ import annotations

import numpy as np

from abm.columns import Bools
from abm.outcome_kinds import KINDS, Kind, Subject, Window, kind
from abm.run import Result
from abm.scenario import Scenario

FAR = 5.0  # hours between the clocks of a site and of headquarters: no common working day is left over
AFTER_LOSS = 12  # months


def declared() -> dict[str, Kind]:
    """The kinds of this module by name."""
    return {name: KINDS[name] for name in (leader_exit_gap.__name__, exits_after_leader.__name__)}


def _teams(scenario: Scenario, subject: Subject) -> list[int]:
    """Rows of the teams that the scenario names, of an employer or as listed (potential start-ups aside)."""
    if subject.kind == "team":
        return list(subject.rows)
    return [row for row, team in enumerate(scenario.placed_teams()) if team.employer in subject.rows]


def _far(scenario: Scenario, teams: list[int]) -> Bools:
    """Which teams sit FAR from the clock of their headquarters."""
    clock = {site.name: site.utc_offset for site in scenario.sites}
    placed = scenario.placed_teams()
    hours = [clock[placed[row].plan.site] - clock[scenario.employers[placed[row].employer].hq] for row in teams]
    return np.asarray(np.abs(hours) >= FAR)


@kind("per 100 person-years", "employer")
def leader_exit_gap(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Voluntary exit rate of leaders of teams five hours or more from headquarters, less that of the other leaders."""
    teams = _teams(scenario, subject)
    led = result.leaders[window.first : window.last + 1, teams]
    gone, rows = np.zeros(led.shape), result.departures
    place = {row: number for number, row in enumerate(teams)}
    for month, person, team in (
        zip(*(rows[name][rows["voluntary"]].tolist() for name in ("month", "researcher", "from_team")), strict=True)
        if rows
        else ()
    ):
        if window.first <= month <= window.last and team in place:
            gone[month - window.first, place[team]] += led[month - window.first, place[team]] == person
    far = _far(scenario, teams)
    rates = [1200.0 * gone[:, side].sum() / max(float((led[:, side] >= 0).sum()), 1.0) for side in (far, ~far)]
    return float(rates[0] - rates[1])


@kind("per 100 person-years", "employer", "team")
def exits_after_leader(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Voluntary exit rate in teams in the twelve months after they lost a leader (the month itself aside)."""
    teams = _teams(scenario, subject)
    recent = _after_loss(result, teams)[window.first : window.last + 1]
    size = result.series["team_size"][window.first : window.last + 1, teams]
    gone, rows = np.zeros((window.last - window.first + 1, len(result.teams))), result.departures
    if rows:
        chosen = window.holds(rows["month"]) & rows["voluntary"]
        np.add.at(gone, (rows["month"][chosen] - window.first, rows["from_team"][chosen]), 1.0)
    return float(1200.0 * gone[:, teams][recent].sum() / max(size[recent].sum(), 1e-12))


def _after_loss(result: Result, teams: list[int]) -> Bools:
    """(months, teams) whether a leader was lost in one of the twelve months before."""
    lost: Bools = (result.leaders[:-1, teams] >= 0) & (result.leaders[1:, teams] != result.leaders[:-1, teams])
    found: Bools = np.zeros(lost.shape, dtype=bool)
    for lag in range(1, min(AFTER_LOSS, len(lost) - 1) + 1):
        found[lag:] |= lost[: len(lost) - lag]
    return found
