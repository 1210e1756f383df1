"""Outcomes made for one mechanism: what the reports say one should see when it works. Read with `abm/outcomes.py`."""

from __future__ import annotations

import numpy as np

from abm.columns import Bools, Floats, Integers
from abm.outcome_kinds import KINDS, Kind, Subject, Window, departures_of, heads, kind, members
from abm.run import Result
from abm.scenario import Scenario
from abm.tables import CAUSE_NAMES, REACH_NAMES

STARVED = 0.5  # of what a team asks for
NEWCOMER = 24  # months
AFTER_RELEASE = 3  # months
FIRST_HIRES = 6  # months
EARN_OUT = 36  # months


def declared() -> dict[str, Kind]:
    """All kinds by name: those of `abm/outcome_kinds.py`, then those of this module."""
    return KINDS


def _teams(scenario: Scenario, subject: Subject) -> list[int]:
    """Rows of the teams that the scenario names, of an employer or as listed."""
    if subject.kind == "team":
        return list(subject.rows)
    return [row for row, team in enumerate(scenario.placed_teams()) if team.employer in subject.rows]


def _team_months(result: Result, scenario: Scenario, subject: Subject, window: Window) -> tuple[list[int], slice]:
    return _teams(scenario, subject), slice(window.first, window.last + 1)


def _given(result: Result, teams: list[int], months: slice) -> Floats:
    """(months, teams) H100e."""
    return np.asarray(result.series["compute_per_head"][months, teams] * result.series["team_size"][months, teams])


@kind("ratio", "employer", "team")
def priority_gap(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Compute given over asked for: teams that the scenario puts first (priority above 1), less the others."""
    teams, months = _team_months(result, scenario, subject, window)
    given, asked = _given(result, teams, months), result.series["team_request"][months, teams]
    first = np.array([scenario.placed_teams()[row].plan.priority > 1.0 for row in teams])
    met = [given[:, side].sum() / max(asked[:, side].sum(), 1e-12) for side in (first, ~first)]
    return float(met[0] - met[1])


@kind("share", "employer", "team")
def starved(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Share of the months of staffed teams in which less than half of what they ask for is given."""
    teams, months = _team_months(result, scenario, subject, window)
    given, asked = _given(result, teams, months), result.series["team_request"][months, teams]
    staffed = result.series["team_size"][months, teams] > 0
    return float((given < STARVED * asked)[staffed].mean()) if staffed.any() else 0.0


@kind("share", "team")
def compute_share(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """What teams are given, as a share of all that their employers give out."""
    months = slice(window.first, window.last + 1)
    owners = {scenario.placed_teams()[row].employer for row in subject.rows}
    every = [row for row, team in enumerate(scenario.placed_teams()) if team.employer in owners]
    whole = _given(result, every, months).sum()
    return float(_given(result, list(subject.rows), months).sum() / whole) if whole else 0.0


@kind("per 100 person-years", "employer")
def deprived_exit_gap(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Exit rate in teams with less than half the compute per head of the best sister team, less that in the others."""
    teams, months = _team_months(result, scenario, subject, window)
    placed = scenario.placed_teams()
    per_head = result.series["compute_per_head"][months, teams]
    topic = np.array([scenario.topics.index(placed[row].plan.topic) for row in teams])
    best = np.array([per_head[:, topic == mine].max(axis=1) for mine in topic]).T
    poor = per_head < 0.5 * best
    size = result.series["team_size"][months, teams]
    gone = _team_exits(result, window)[:, teams]
    rates = [1200.0 * gone[side].sum() / max(size[side].sum(), 1e-12) for side in (poor, ~poor)]
    return float(rates[0] - rates[1])


def _team_exits(result: Result, window: Window) -> Floats:
    """(months, teams) voluntary departures."""
    rows = result.departures
    found = np.zeros((window.last - window.first + 1, len(result.teams)))
    if rows:
        chosen = window.holds(rows["month"]) & rows["voluntary"]
        np.add.at(found, (rows["month"][chosen] - window.first, rows["from_team"][chosen]), 1.0)
    return found


@kind("people", "team")
def moved_inside(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """People who came to teams from other teams of the same employer."""
    rows = result.moves
    if not rows:
        return 0.0
    came = window.holds(rows["month"]) & np.isin(rows["to_team"], subject.rows)
    came &= (rows["from_state"] >= 0) & (rows["from_state"] == rows["to_state"])
    return float((came & ~np.isin(rows["from_team"], subject.rows)).sum())


@kind("offers", "employer", "cohort")
def offers_received(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Offers to the members of a cohort, or to people of an employer."""
    return float(_offers(result, subject, window).sum())


@kind("offers", "employer", "cohort")
def calls_received(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Offers that began with a recruiter's call because the person is in view."""
    offers = _offers(result, subject, window)
    return float((result.offers["reach"][offers] == REACH_NAMES.index("visible")).sum()) if offers.any() else 0.0


@kind("per 100 person-years", "cohort")
def calls_above(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Recruiters' calls to members still at the employer of their cohort, less those to its other people."""
    months, rows = slice(window.first, window.last + 1), result.offers
    names = {scenario.cohorts[row].employer for row in subject.rows}
    employers = [row for row, employer in enumerate(scenario.employers) if employer.name in names]
    size = [len(list(result.members.values())[row]) for row in subject.rows]
    there = sum(size) * (window.last - window.first + 1) - result.left[list(subject.rows), months].sum()
    others = result.series["headcount"][months, employers].sum() - there
    if not rows:
        return 0.0
    called = window.holds(rows["month"]) & (rows["reach"] == REACH_NAMES.index("visible"))
    person, month = rows["researcher"][called], rows["month"][called]
    inside = np.isin(_home(result, person, month), employers)
    author = np.isin(person, members(result, subject))
    rates = [1200.0 * (inside & side).sum() / max(time, 1e-12) for side, time in ((author, there), (~author, others))]
    return float(rates[0] - rates[1])


def _offers(result: Result, subject: Subject, window: Window) -> Bools:
    """Which rows of the ledger of offers went to a subject in a window."""
    rows = result.offers
    if not rows:
        return np.zeros(0, dtype=bool)
    if subject.kind == "cohort":
        return np.asarray(window.holds(rows["month"]) & np.isin(rows["researcher"], members(result, subject)))
    home = _home(result, rows["researcher"], rows["month"])
    return np.asarray(window.holds(rows["month"]) & np.isin(home, subject.rows))


def _home(result: Result, person: Integers, month: Integers) -> Integers:
    """(P,) where people were before the moves of a month, from the ledger: employer, or -1 - Status."""
    moves = result.moves
    if not moves:
        return np.asarray(result.at_start[person], dtype=np.int64)
    span = result.months + 1
    order = np.lexsort((np.arange(len(moves["month"])), moves["month"], moves["researcher"]))
    key = (moves["researcher"] * span + moves["month"])[order]
    last = np.searchsorted(key, person * span + month) - 1
    known = (last >= 0) & (moves["researcher"][order][np.maximum(last, 0)] == person)
    return np.where(known, moves["to_state"][order][np.maximum(last, 0)], result.at_start[person])


@kind("per 100 person-years", "employer")
def newcomer_exits(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Voluntary departures in the first two years of a job, over the years at work of everybody there."""
    chosen = departures_of(result, subject, window)
    young = result.departures["tenure"][chosen] < NEWCOMER if chosen.any() else np.zeros(0)
    years = heads(result, subject)[window.first : window.last + 1].sum() / 12.0
    return 100.0 * float(young.sum()) / years if years else 0.0


@kind("people squared", "employer")
def exit_variance(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Variance of the voluntary departures of a team in a quarter, over teams and quarters."""
    teams, _ = _team_months(result, scenario, subject, window)
    quarters = (window.last - window.first + 1) // 3
    if quarters == 0:
        return 0.0
    gone = _team_exits(result, window)[: 3 * quarters, teams].reshape(quarters, 3, -1).sum(axis=1)
    return float(gone.var()) if gone.size else 0.0


@kind("ratio", "employer")
def clustering(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Variance of quarterly exits over teams, over what independent exits at the mean rate would have (1 = none)."""
    teams, months = _team_months(result, scenario, subject, window)
    quarters = (window.last - window.first + 1) // 3
    if quarters == 0:
        return 0.0
    gone = _team_exits(result, window)[: 3 * quarters, teams].reshape(quarters, 3, -1).sum(axis=1)
    size = result.series["team_size"][months, teams][: 3 * quarters].reshape(quarters, 3, -1).mean(axis=1)
    rate = gone.sum(axis=1, keepdims=True) / np.maximum(size.sum(axis=1, keepdims=True), 1e-12)
    expected = rate * size
    spread = expected * (1.0 - np.minimum(rate, 1.0))
    large = size >= 5
    return float(((gone - expected) ** 2)[large].sum() / max(spread[large].sum(), 1e-12))


@kind("ratio", "employer")
def after_release(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Exit rate in the three months from a release of the own team on, over the rate in all other months."""
    teams, months = _team_months(result, scenario, subject, window)
    out = result.series["team_releases"][months, teams]
    lags = range(min(AFTER_RELEASE, len(out)))
    recent = sum(np.vstack([np.zeros((lag, len(teams))), out[: len(out) - lag]]) for lag in lags) > 0
    size, gone = result.series["team_size"][months, teams], _team_exits(result, window)[:, teams]
    rates = [gone[side].sum() / max(size[side].sum(), 1e-12) for side in (recent, ~recent)]
    return float(rates[0] / max(rates[1], 1e-12))


@kind("companies", "", "site")
def founded(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Start-ups founded, at a place or anywhere."""
    return float(len(_founded(result, subject, window)))


@kind("share", "", "site", beyond=FIRST_HIRES - 1)
def alumni_share(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """First hires of start-ups (six months, founders aside) who come from the employer that the founder had left."""
    left = result.departures
    found: list[Bools] = [np.zeros(0, dtype=bool)]
    for row in _founded(result, subject, window):
        month, startup, founder = (result.startups[name][row] for name in ("month", "employer", "founder"))
        went = np.flatnonzero((left["researcher"] == founder) & (left["month"] <= month))
        if len(went):
            hires = (left["to_employer"] == startup) & (left["month"] >= month) & (left["month"] < month + FIRST_HIRES)
            hires &= left["cause"] != CAUSE_NAMES.index("founded")
            found.append(left["from_employer"][hires] == left["from_employer"][went[-1]])
    hired = np.concatenate(found)
    return float(hired.mean()) if len(hired) else 0.0


def _founded(result: Result, subject: Subject, window: Window) -> Integers:
    """Rows of the ledger of start-ups that fall into a window, at the sites of a subject if it has some."""
    rows = result.startups
    if not rows:
        return np.zeros(0, dtype=np.int64)
    chosen = window.holds(rows["month"])
    if subject.kind == "site":
        chosen &= np.isin(rows["site"], subject.rows)
    return np.flatnonzero(chosen)


@kind("share", "", beyond=EARN_OUT)
def bought_founders_gone(result: Result, scenario: Scenario, subject: Subject, window: Window) -> float:
    """Founders whose company was bought who have left the buyer within three years (or by the end)."""
    rows, moves, left = result.startups, result.moves, result.departures
    if not rows:
        return 0.0
    inside = (moves["from_state"] >= 0) & (moves["to_state"] >= 0) & (moves["from_state"] != moves["to_state"])
    gone = []
    for startup, founder in zip(rows["employer"], rows["founder"], strict=True):
        sold = np.flatnonzero(inside & (moves["from_state"] == startup) & (moves["researcher"] == founder))
        if len(sold) and window.first <= moves["month"][sold[0]] <= window.last:
            month, buyer = moves["month"][sold[0]], moves["to_state"][sold[0]]
            later = (left["researcher"] == founder) & (left["from_employer"] == buyer) & left["voluntary"]
            gone.append(bool((later & (left["month"] >= month) & (left["month"] <= month + EARN_OUT)).any()))
    return float(np.mean(gone)) if gone else 0.0
