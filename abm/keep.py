"""What would have kept somebody: the smallest raise, the least compute, or one event undone, each found by search.

Trials run on forks of the replicate's world. What is found is verified: the whole history is run again with the change,
and once more with a change one step smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import pool, result_file
from abm.changes import Action, Change, change, undo
from abm.explain import NotFoundError
from abm.processor import repeats
from abm.replay import begin, fork, run_to, step
from abm.run import Result, simulate
from abm.scenario import Scenario, from_dict
from abm.tables import CHOSEN
from abm.world import DatedEvent, World

MONTHS_KEPT: Final = 6
STEP: Final = {"pay": 1.0, "compute": 1.0}  # resolution: kUSD a year, H100e
UNIT: Final = {"pay": "kUSD a year", "compute": "H100e"}
MOST_PAY: Final = 3.0  # times the pay before
MOST_COMPUTE: Final = 50.0  # times the need of the team
BEFORE: Final = {"pay": (0, 6), "compute": (0, 6, 12)}
"""Months before the departure from which it is given. Compute counts in the month itself (it is split before people
appraise their jobs); breaches by broken promises and strain take half a year to a year to fade, hence 6 and 12."""
CHUNK: Final = 3  # events for one job: they share the history before them


@dataclass(frozen=True, slots=True)
class Case:
    """A departure: who left which employer and team when, in which history, and how long would count as kept."""

    scenario: Scenario
    seed: int
    replicate: int
    person: int
    employer: int
    team: int
    month: int
    until: int  # last month in which the person must still be there
    pay: float
    decided: bool
    digest: str


Found = dict[str, Any]  # one search as plain data


def case_of(run: Path, replicate: int, departure: int, months_kept: int = MONTHS_KEPT) -> Case:
    """A departure of a finished run; its history is run again and must come out the same (`abm.processor.repeats`).

    Raises:
        NotFoundError: there is no such run, replicate or departure, or the program has changed since.
    """
    place = run / "provenance.json"
    try:
        record = result_file.document(place)
        places = {row["replicate"]: place for place, row in enumerate(record["replicates"])}
        written, seed, command = record["scenario"], record["seed"], record["command"]
    except FileNotFoundError:
        raise NotFoundError(f"{run}: no provenance.json here; expected the folder of a finished run") from None
    except (result_file.BadFile, KeyError, TypeError) as error:
        raise NotFoundError(f"{place}: is damaged ({error}); run the scenario again") from None
    if replicate not in places:
        raise NotFoundError(f"--replicate {replicate}: the run has replicates {min(places)} to {max(places)}")
    scenario = from_dict(written, f"in {place}")
    again = simulate(scenario, seed, replicate)
    if not repeats(record, places[replicate], again.digest, again.events_digest):
        raise NotFoundError(
            f"{run}: replicate {replicate} comes out otherwise when it is run again (digest {again.digest[:12]}, "
            f"events {again.events_digest[:12]}): the program has changed since. Make the run again: {command}"
        )
    return case_in(scenario, seed, again, departure, months_kept)


def case_in(scenario: Scenario, seed: int, history: Result, departure: int, months_kept: int = MONTHS_KEPT) -> Case:
    """A departure of a whole history, by its number.

    Args:
        scenario, seed: from which the history came.
        history: the result of `simulate`.
        departure: from 0.
        months_kept: months after the departure that count as kept.

    Raises:
        NotFoundError: there is no such departure.
    """
    left = history.departures
    if not left or departure >= len(left["month"]):
        raise NotFoundError(f"--departure {departure}: the replicate has {len(left['month']) if left else 0}")
    row = {name: left[name][departure] for name in ("researcher", "from_employer", "from_team", "month")}
    return Case(
        scenario=scenario,
        seed=seed,
        replicate=history.replicate,
        person=int(row["researcher"]),
        employer=int(row["from_employer"]),
        team=int(row["from_team"]),
        month=int(row["month"]),
        until=min(int(row["month"]) + months_kept, scenario.months - 1),
        pay=float(left["pay_before"][departure]),
        decided=bool(np.isin(left["cause"][departure], CHOSEN)),
        digest=history.digest,
    )


# ---- trials ----------------------------------------------------------------------------------------------------------


def leaves(world: World, case: Case, actions: tuple[Action, ...] = ()) -> int:
    """Run a world on until the person leaves; the month, or the one after the last asked if the person was kept."""
    while world.month <= case.until:
        step(world, actions)
        for rows in world.ledger.departures_of(world.month - 1):
            if (rows["researcher"] == case.person).any():
                return world.month - 1
    return case.until + int(world.affiliation()[case.person] == case.employer)


def kept_in(result: Result, case: Case, since: int) -> bool:
    """The same question to the ledger of a whole history."""
    left, moves = result.departures, result.moves
    if left:
        inside = (left["month"] >= since) & (left["month"] <= case.until)
        if (inside & (left["researcher"] == case.person)).any():
            return False
    if not moves:
        return True
    mine = np.flatnonzero((moves["researcher"] == case.person) & (moves["month"] <= case.until))
    return len(mine) == 0 or bool(moves["to_state"][mine[-1]] == case.employer)


def smallest(kept: Callable[[int], bool], most: int) -> tuple[int | None, list[int], int]:
    """The smallest number of steps that keeps, by doubling and then by bisection.

    Args:
        kept: whether a number of steps from 1 to `most` keeps the person.
        most: the bound.

    Returns:
        The number, of which one step less does not keep (None if nothing tried keeps); larger numbers tried that do
        not keep (none if more is never worse, as far as tried); how many were tried.
    """
    tried: dict[int, bool] = {}

    def ask(number: int) -> bool:
        if number not in tried:
            tried[number] = kept(number)
        return tried[number]

    rungs = [2**power for power in range(most.bit_length()) if 2**power < most] + [most]
    good = [number for number in rungs if ask(number)]
    if not good:
        return None, [], len(tried)
    high = good[0]
    low = max((number for number in rungs if number < high), default=0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ask(middle) else (middle, high)
    return high, sorted(number for number, good in tried.items() if number > high and not good), len(tried)


def search_amount(case: Case, kind: str, before: int) -> Found:
    """The smallest raise or grant of compute from some months before the departure on; verified (a worker's job)."""
    month, row = case.month - before, case.person if kind == "pay" else case.team
    found: Found = {"kind": kind, "months_before": before, "step": STEP[kind], "unit": UNIT[kind], "amount": None}
    if month < 0:
        return found | {"why_not": "the run had not begun"}
    found["from"] = case.scenario.date_of(month)
    world = run_to(begin(case.scenario, case.seed, case.replicate), month)
    place, goal = (world.affiliation(), case.employer) if kind == "pay" else (world.researchers.team, case.team)
    if place[case.person] != goal:
        return found | {"why_not": f"was not {'at the employer' if kind == 'pay' else 'in the team'} yet"}
    most = (
        (MOST_PAY - 1.0) * case.pay if kind == "pay" else MOST_COMPUTE * float(world.need()[_mates(world, case)].sum())
    )
    steps = max(1, int(most / STEP[kind]))
    found["most"] = steps * STEP[kind]

    def actions(number: int) -> tuple[Action, ...]:
        return (Action(month, kind, row, number * STEP[kind]),)

    longest = 0

    def kept(number: int) -> bool:
        nonlocal longest
        last = leaves(fork(world), case, actions(number))
        longest = max(longest, last)
        return last > case.until

    number, exceptions, tried = smallest(kept, steps)
    found |= {"tried": tried, "larger_that_do_not_keep": [n * STEP[kind] for n in exceptions]}
    if number is None:
        last = case.scenario.date_of(longest)
        return found | {
            "why_not": f"up to +{found['most']:.0f} {UNIT[kind]} does not keep; left by {last} at the latest"
        }
    found["amount"] = number * STEP[kind]
    found |= _verified(case, change(actions=actions(number)), month)
    below = False if number == 1 else _verified(case, change(actions=actions(number - 1)), month)["verified"]
    return found | {"one_step_less_keeps": below}


def _mates(world: World, case: Case) -> Any:
    return np.flatnonzero(world.researchers.team == case.team)


def _verified(case: Case, asked: Change, since: int) -> Found:
    """Run the whole history again with a change, by the way that every run takes."""
    again = simulate(case.scenario, case.seed, case.replicate, asked)
    return {"verified": kept_in(again, case, since), "digest": again.digest}


def search_events(case: Case, events: tuple[str, ...]) -> list[Found]:
    """Whether undoing each of some events keeps the person; what does is verified (a worker's job).

    The world before an event is the same with and without it and is run once; an event that is known beforehand (a
    dated release, for which a finished project waits) is undone from the start.
    """
    world = begin(case.scenario, case.seed, case.replicate)
    start = _start(world)
    dated = sorted((item for item in world.events if item.event.id in events), key=lambda item: item.month)
    found = []
    for item in dated:
        without = undo(case.scenario, [item.event.id])
        trial = begin(without, case.seed, case.replicate)
        month = max(item.month, 0)
        if _start(trial) == start:
            run_to(world, month)
            trial = fork(world)
            trial.scenario = without
            trial.events = [
                DatedEvent(each.row, each.month, without.events[each.row], each.key) for each in world.events
            ]
        else:
            run_to(trial, month)
        row: Found = {"kind": "event", "event": item.event.id, "label": item.event.label, "month": item.month}
        row |= {"date": case.scenario.date_of(item.month), "kept": leaves(trial, case) > case.until}
        if row["kept"]:
            row |= _verified(case, change(without=[item.event.id]), month)
        found.append(row)
    return found


def _start(world: World) -> tuple[str, bytes, bytes]:
    """Everything in which two worlds of month 0 can differ by an event that has not happened yet."""
    return world.digest(), world.release_team.tobytes(), world.release_month.tobytes()


# ---- the whole search ------------------------------------------------------------------------------------------------


def jobs_of(case: Case) -> list[tuple[Case, str, Any]]:
    """What is to be searched: events only, if the departure was not the person's decision."""
    found: list[tuple[Case, str, Any]] = []
    if case.decided:
        found += [(case, kind, before) for kind, months in BEFORE.items() for before in months]
    dated = [item for item in begin(case.scenario, case.seed, case.replicate).events if item.event.effects]
    before = sorted((item.month, item.event.id) for item in dated if item.month <= case.month)
    ids = [event for _, event in before]
    return found + [(case, "event", tuple(ids[k : k + CHUNK])) for k in range(0, len(ids), CHUNK)]


def search(case: Case, kind: str, what: Any) -> list[Found]:
    """One job of a worker process."""
    return search_events(case, what) if kind == "event" else [search_amount(case, kind, what)]


def searched(jobs: list[tuple[Case, str, Any]], workers: int) -> Iterator[list[Found]]:
    """Do the jobs; results as they are ready."""
    for _, found in pool.each(search, jobs, workers):
        yield found
