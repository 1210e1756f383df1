"""Identities of what people work with and for: pay, compute, offers, start-ups, projects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from abm.columns import Bools
from abm.identity_month import Month, agree, where
from abm.tables import Cause, EmployerKind, OfferState, ProjectState


def pay(month: Month) -> Iterator[str]:
    """Pay exactly for those with a job, agreed pay exactly for those on the way to one."""
    people = month.world.researchers
    yield from where(month.employed != (people.pay > 0), "pay without a job, or a job without pay")
    yield from where(~month.employed & (people.equity_grant + people.equity_ratio > 0), "equity without a job")
    yield from where((people.next_team >= 0) != (people.next_pay > 0), "agreed pay does not fit the agreed job")


def compute(month: Month) -> Iterator[str]:
    """Delivered + idle = pool at every employer that still is; the pool is no more than what works and is not diverted.

    What was given to a team by name comes on top of the pool. A flagship business diverts compute as products do.
    Teams count with the owner that they had when compute was split; an employer that ended hands its pool back.
    """
    world, before, employers = month.world, month.before, month.world.employers
    teams = world.teams
    by_name = np.bincount(before.owner, teams.granted, minlength=world.n_employers)
    given = np.bincount(before.owner, teams.compute, minlength=world.n_employers) - by_name
    still = employers.is_open == before.employer_open
    gap = np.abs(given + employers.idle - employers.pool)
    yield from where(
        still & ~(gap <= 1e-9 * (employers.pool + by_name)), "delivered + idle is not the pool", "employers"
    )
    working = np.clip(employers.utilisation + world.levers["utilisation"], 0.0, 1.0)
    elsewhere = world.levers["product_share"] + world.levers["flagship"]
    diverted = np.clip(employers.product_share + elsewhere, 0.0, 1.0)
    most = (employers.owned * (1.0 - diverted) + before.rented) * working
    arrived = month.moves["to_team"][month.moves["to_team"] >= 0]
    people = np.bincount(before.owner[np.r_[before.team[before.team >= 0], arrived]], minlength=world.n_employers)
    given_to = employers.kind == EmployerKind.UNIVERSITY
    most += np.where(given_to, world.levers["public_compute"] * people, 0.0)
    yield from where(~(employers.pool <= most * (1.0 + 1e-12)), "a pool beyond what works", "employers")
    staffed = np.bincount(before.team[before.team >= 0], minlength=world.n_teams) + teams.n_members > 0
    yield from where((teams.compute > teams.granted) & ~staffed & ~_joined(month), "compute for nobody", "teams")
    yield from agree(month.recorded("pool"), employers.pool, "pool")


def _joined(month: Month) -> Bools:
    """(J,) teams that somebody entered this month, perhaps for a day."""
    found = np.zeros(month.world.n_teams, dtype=bool)
    found[month.moves["to_team"][month.moves["to_team"] >= 0]] = True
    return found


def outcomes_of_offers(month: Month) -> Iterator[str]:
    """Offers made = accepted + declined + countered + no place; one accepted each at most; no more than open posts."""
    world, offers = month.world, month.world.offers
    if offers is None:
        return
    n = np.bincount(offers.state, minlength=len(OfferState))
    yield from where(offers.state == OfferState.MADE, "offers without an outcome", "offers")
    names = {"accepted": 1, "declined": 2, "countered": 3, "no_place": 4}
    recorded = [month.recorded(f"new_offers_{name}") for name in names]
    made = month.recorded("new_offers")
    if made is not None and made != sum(recorded):
        yield f"{made} offers made, but accepted, declined, countered, no place are {recorded}"
    for name, state in names.items():
        yield from agree(month.recorded(f"new_offers_{name}"), n[state], f"new_offers_{name}")
    pair = offers.researcher.astype(np.int64) * world.n_teams + offers.team
    yield from where(np.r_[False, np.diff(pair) <= 0], "offers not sorted, or the same one twice", "offers")
    yield from where(~((offers.pay > 0) & (offers.pay <= offers.ceiling * (1 + 1e-12))), "pay beyond reach", "offers")
    accepted = offers.state == OfferState.ACCEPTED
    twice = np.bincount(offers.researcher[accepted], minlength=world.n_researchers) > 1
    yield from where(twice, "more than one offer accepted", "people")
    filled = np.bincount(offers.team[accepted], minlength=world.n_teams)
    yield from where(filled > world.teams.open_posts, "more offers accepted than posts open", "teams")


def accepted_offers(month: Month) -> Iterator[str]:
    """Who accepted an offer has moved: began in the team, or left for it; nobody else left for a job."""
    world, offers, rows, moves = month.world, month.world.offers, month.departures, month.moves
    if offers is None:
        return
    n = world.n_teams
    accepted = offers.state == OfferState.ACCEPTED
    agreed = offers.researcher[accepted].astype(np.int64) * n + offers.team[accepted]
    for_job = np.isin(rows["cause"], (Cause.JOB, Cause.STARTUP_JOB))
    left_for = rows["researcher"][for_job] * n + rows["to_team"][for_job]
    began = (moves["researcher"] * n + moves["to_team"])[moves["to_team"] >= 0]
    yield from where(agreed[~np.isin(agreed, np.r_[left_for, began])] // n, "accepted and did not move", "people")
    yield from where(left_for[~np.isin(left_for, agreed)] // n, "left for a job that was not accepted", "people")


def counter_offers(month: Month) -> Iterator[str]:
    """Who took a counter-offer kept the job and got exactly the raise, before anything else could happen."""
    world, offers = month.world, month.world.offers
    if offers is None:
        return
    countered = offers.state == OfferState.COUNTERED
    person, raised = offers.researcher[countered], offers.counter_pay[countered]
    yield from where(offers.counter_pay[~countered] > 0, "an answer on an offer that was not countered", "offers")
    yield from where(np.bincount(person, minlength=1) > 1, "two raises for one person", "people")
    now, was = world.researchers.pay[person], raised.copy()
    for part in world.ledger.departures[
        month.before.n_departures :
    ]:  # the few who then followed a founder or were laid off
        rows = np.flatnonzero(np.isin(part["researcher"], person))
        later = rows[np.isin(part["cause"][rows], (Cause.FOUNDED, Cause.STARTUP_FAILED, Cause.LAID_OFF))]
        which = np.searchsorted(person, part["researcher"][later])
        now[which] = part["pay_before"][later]
    yield from where(person[now != was], "countered, but without the job or exactly the raise", "people")


def start_ups(month: Month) -> Iterator[str]:
    """A start-up is open from its founding to its end, and keeps nothing after it; labs stay."""
    employers, now = month.world.employers, month.before.month
    startup = employers.kind == EmployerKind.STARTUP
    founded = (employers.founded_month >= 0) & (employers.founded_month <= now)
    ended = employers.closed_month >= 0
    yield from where(startup & (employers.is_open != (founded & ~ended)), "open outside its life", "employers")
    yield from where(~startup & ~employers.is_open, "a laboratory that is closed", "employers")
    yield from where(
        ended & (~founded | (employers.closed_month < employers.founded_month)), "ended early", "employers"
    )
    has = (employers.cash > 0) | (employers.rented > 0)
    yield from where(startup & ~employers.is_open & has, "cash or compute of no company", "employers")
    yield from where((employers.cash > 0) & ~startup, "cash is not kept for laboratories", "employers")
    alive = int((startup & founded & ~ended).sum())
    yield from agree(month.recorded("n_startups"), alive, "n_startups")


def projects_of_teams(month: Month) -> Iterator[str]:
    """Every running project is the project of its team, which is open, and the other way round."""
    teams, projects = month.world.teams, month.world.projects
    busy = np.flatnonzero(teams.project >= 0)
    running = np.flatnonzero(projects.state == ProjectState.RUNNING)
    yield from where(busy[projects.team[teams.project[busy]] != busy], "the project belongs to another team", "teams")
    yield from where(busy[projects.state[teams.project[busy]] != ProjectState.RUNNING], "does not run", "teams")
    yield from where(running[teams.project[projects.team[running]] != running], "runs without its team", "projects")
    yield from where(busy[~teams.is_open[busy]], "a project in a closed team", "teams")
    ended = np.isin(projects.state, (ProjectState.RELEASED, ProjectState.CANCELLED, ProjectState.MERGED))
    yield from where(ended != (projects.ended >= 0), "ended without a month, or a month without an end", "projects")
