"""Cards of a live market: all that a reader would want to know of a person, and why somebody left.

Those of teams, employers and events are in `abm/view_places.py`. `facts` are the numbers with unit and meaning, as
declared in `abm/tables.py`. `why` is the card of a departure, from the live ledger, in the shape that
`abm.explain.why_card` gives from the files of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm import explain, files
from abm.columns import Table
from abm.explain import NotFoundError
from abm.kernels.utility import TERMS
from abm.ledger import Row
from abm.live import LiveMarket
from abm.tables import (
    DIMENSIONS,
    OFFER_STATE_NAMES,
    PATH_NAMES,
    REACH_NAMES,
    SOURCES,
    Status,
    TieKind,
)
from abm.view_words import departure, month_rows
from abm.world import World

CLOSEST: Final = 12  # ties on the card of a person
STATUS_WORDS: Final = {
    Status.NOT_ENTERED: "has not entered the market",
    Status.EMPLOYED: "employed",
    Status.ON_LEAVE: "on notice or garden leave",
    Status.SEARCHING: "searching",
    Status.FOUNDING: "founding",
    Status.LEFT_FIELD: "left the field",
}
HAZARD: Final = ("routine", "shock", "gap", "ties", "offers")
_PERSON: Final = (
    *("skill", "reputation", "visibility", "tenure", "pay", "equity_ratio", "compute_need", "promised", "strain"),
    *("shock", "leavers", "fit_felt", "founder_propensity"),
)


def facts(table: Table, names: tuple[str, ...], row: int) -> list[dict[str, Any]]:
    """Columns of one row, each with unit and meaning."""
    return [
        {
            "name": name,
            "value": getattr(table, name)[row].item(),
            "unit": table.columns[name].unit,
            "meaning": table.columns[name].meaning,
        }
        for name in names
    ]


def fact(name: str, value: float, unit: str, meaning: str) -> dict[str, Any]:
    """A number that no column holds."""
    return {"name": name, "value": float(value), "unit": unit, "meaning": meaning}


def check_row(what: str, row: int, rows: int) -> None:
    """Refuse a row that is not there."""
    if not 0 <= row < rows:
        raise NotFoundError(f"{what} {row}: expected a row from 0 to {rows - 1}")


def _job(world: World, team: int) -> dict[str, Any]:
    """Where somebody works, by names and rows."""
    if team < 0:
        return {"team": -1, "team_name": "", "employer": -1, "employer_name": ""}
    employer = int(world.teams.employer[team])
    names = {"team_name": world.team_names[team], "employer_name": world.employer_names[employer]}
    return {"team": team, "employer": employer, **names}


# ---- a person --------------------------------------------------------------------------------------------------------


def person(live: LiveMarket, row: int) -> dict[str, Any]:
    """A researcher: job, pay, what the job is worth term by term, grievances, ties, history, offers of the last month.

    Raises:
        NotFoundError: there is no such row.
    """
    world = live.world
    check_row("researcher", row, world.n_researchers)
    people = world.researchers
    status, team = Status(int(people.status[row])), int(people.team[row])
    one = np.array([row])
    decided = world.decisions
    return {
        "row": row,
        "name": f"Researcher {row}",
        "status": STATUS_WORDS[status],
        "job": _job(world, team),
        "next_job": _job(world, int(people.next_team[row])),
        "leave_months": int(people.leave_clock[row]),
        "site": world.sites.names[people.site[row]],
        "specialty": live.described.topics[int(people.specialty[row])],
        "leads": np.flatnonzero(world.teams.leader == row).tolist(),
        "cohorts": [cohort.name for cohort in world.cohorts if row in cohort.members],
        "facts": [
            *facts(people, _PERSON, row),
            fact("unvested", world.unvested()[row], "kUSD", "equity and bonus lost by leaving now"),
            fact("compute_per_head", world.compute_per_head()[team] if team >= 0 else 0.0, "H100e", "of the team"),
            fact("reference_pay", world.reference_pay()[row], "kUSD per year", "what the market pays for the skill"),
        ],
        "breach": dict(zip(SOURCES, people.breach[row].tolist(), strict=True)),
        "culture": {
            "dimensions": list(DIMENSIONS),
            "ideal": people.ideal[row].tolist(),
            "weight": people.culture_weight[row].tolist(),
            "job": world.culture_of(np.array([team]))[0].tolist() if team >= 0 else [],
        },
        "tastes": {name: float(values[0]) for name, values in world.tastes(one).items()},
        "utility": {
            "unit": "utils",
            "terms": {} if decided is None else dict(zip(TERMS, decided.terms[row].tolist(), strict=True)),
            "value": 0.0 if decided is None else float(decided.present[row]),
            "is_open": decided is not None and bool(decided.is_open[row]),
            "hazard": {} if decided is None else dict(zip(HAZARD, decided.hazard[row].tolist(), strict=True)),
            "path": PATH_NAMES[int(people.path[row])],
        },
        "ties": _ties(world, row),
        "history": _history(live, row),
        "departures": departures_of(world, "researcher", row),
        "offers": _offers(world, row),
    }


def _ties(world: World, row: int) -> dict[str, Any]:
    """How many, and the strongest with where they work."""
    held = world.ties
    mine = slice(int(held.start[row]), int(held.start[row + 1]))
    other, strength = held.neighbour[mine], held.strength[mine]
    order = np.lexsort((other, -strength))[:CLOSEST].tolist()
    closest = [
        {
            "researcher": int(other[k]),
            "strength": float(strength[k]),
            "kind": TieKind(int(held.kind[mine][k])).name.lower(),
            "months": int(held.age[mine][k]),
            "status": STATUS_WORDS[Status(int(world.researchers.status[other[k]]))],
            **_job(world, int(world.researchers.team[other[k]])),
        }
        for k in order
    ]
    return {"count": len(other), "total": float(strength.sum()), "strongest": closest}


def _history(live: LiveMarket, row: int) -> list[dict[str, Any]]:
    """Jobs and what lay between them, from the ledger: the first is where the person began."""
    world, moves = live.world, live.world.ledger.table("moves")
    mine = np.flatnonzero(moves["researcher"] == row).tolist() if moves else []
    if not mine:
        people = world.researchers
        team = int(people.team[row])
        state = int(world.teams.employer[team]) if team >= 0 else -1 - int(people.status[row])
        return [_stay(world, state, team, live.described.start)]
    first = mine[0]
    found = [_stay(world, int(moves["from_state"][first]), int(moves["from_team"][first]), live.described.start)]
    for k in mine:
        date = live.described.date_of(int(moves["month"][k]))
        found[-1]["to"] = date
        if found[-1]["from"] == date:  # less than a month is no stay
            found.pop()
        found.append(_stay(world, int(moves["to_state"][k]), int(moves["to_team"][k]), date))
    return found


def _stay(world: World, state: int, team: int, date: str) -> dict[str, Any]:
    status = Status.EMPLOYED if state >= 0 else Status(-1 - state)
    names = {"team_name": world.team_names[team] if team >= 0 else ""}
    names["employer_name"] = world.employer_names[state] if state >= 0 else ""
    return {"from": date, "to": "", "status": STATUS_WORDS[status], "team": team, "employer": max(state, -1), **names}


def departures_of(world: World, column: str, row: int) -> list[dict[str, Any]]:
    """The departures in which a column has a value: number, date and words."""
    left = world.ledger.table("departures")
    if not left:
        return []
    return [
        {
            "departure": k,
            "date": world.scenario.date_of(int(left["month"][k])),
            "researcher": int(left["researcher"][k]),
            "words": departure(world, left, k),
        }
        for k in np.flatnonzero(left[column] == row).tolist()
    ]


def _offers(world: World, row: int) -> list[dict[str, Any]]:
    """The offers of the last month to one person, best first."""
    offers = world.offers
    if offers is None:
        return []
    mine = np.flatnonzero(offers.researcher == row)
    return [
        {
            **_job(world, int(offers.team[k])),
            "reach": REACH_NAMES[int(offers.reach[k])],
            "referrer": int(offers.referrer[k]),
            "pay": float(offers.pay[k]),
            "ceiling": float(offers.ceiling[k]),
            "equity_ratio": float(offers.equity_ratio[k]),
            "counter_pay": float(offers.counter_pay[k]),
            "state": OFFER_STATE_NAMES[int(offers.state[k])],
            "value": float(offers.value[k]),
            "terms": dict(zip(TERMS, offers.terms[k].tolist(), strict=True)),
            "units": {"pay": "kUSD per year", "terms": "utils"},
        }
        for k in mine[np.argsort(-offers.value[mine], kind="stable")].tolist()
    ]


# ---- a departure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    """One departure and the offers held, for the tables of `abm.files`."""

    replicate: int
    departures: Row
    options: Row
    employers: list[str]
    teams: list[str]


def why(live: LiveMarket, number: int) -> dict[str, Any]:
    """The why-card of a departure by its number in this history.

    Returns:
        The same card as `explain.why_card` gives from the files of the exported run.

    Raises:
        NotFoundError: there is no such departure.
    """
    world = live.world
    left = world.ledger.table("departures")
    count = len(left["month"]) if left else 0
    if not 0 <= number < count:
        span = f"expected a number from 0 to {count - 1}" if count else "nobody has left yet"
        raise NotFoundError(f"departure {number}: {span}")
    mine = {name: values[number : number + 1] for name, values in left.items()}
    _, offers = month_rows(world.ledger.offers, int(mine["month"][0]))
    if offers:
        held = offers["researcher"] == mine["researcher"][0]
        offers = {name: values[held] for name, values in offers.items()}
    told = _Told(live.replicate, mine, offers, world.employer_names, world.team_names)
    row = files.departure_table(live.described, [told]).to_pylist()[0] | {"departure": number}
    return explain.card(row, files.offer_table([told], "options").to_pylist() if offers else [])
