"""What a viewer of a live market may see: plain dicts, lists and arrays. No drawing and no Mesa.

Rows are those of the tables: a researcher, team or employer is its row for the whole run. Cards are in
`abm/view_cards.py` (people) and `abm/view_places.py`, sentences in `abm/view_words.py`; all are named here as well.

    live = LiveMarket("tiny")
    here = positions(live)
    live.step()
    rows, places = changes(live, here)
    report = month_report(live, 0)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import metrics
from abm.columns import Floats, Integers
from abm.explain import NotFoundError
from abm.live import LiveMarket
from abm.tables import OFFER_STATE_NAMES, REACH_NAMES, RULES, EmployerKind, Status
from abm.view_cards import person, why
from abm.view_places import employer, event, event_entry, team
from abm.view_words import feed, month_rows
from abm.world import World

__all__ = [
    "NotFoundError",
    "changes",
    "compute",
    "employer",
    "employer_ties",
    "event",
    "feed",
    "month_report",
    "person",
    "positions",
    "static",
    "team",
    "ties",
    "why",
]

Places = NDArray[np.int16] | NDArray[np.int32]


def static(live: LiveMarket) -> dict[str, Any]:
    """What does not change from month to month; ask again when a start-up has been founded.

    Returns:
        title, why (the scenario's question; may be empty), employers and teams with their `row` (start-ups only once
        they are founded), sites, topics, statuses (place -1 - code), cohorts, events with the month drawn for this
        history, the catalogue of metrics, months and dates.
    """
    world, scenario = live.world, live.described
    return {
        "name": scenario.name,
        "title": scenario.title,
        "why": scenario.why,
        "seed": live.seed,
        "replicate": live.replicate,
        "start": scenario.start,
        "months": scenario.months,
        "dates": [scenario.date_of(month) for month in range(scenario.months)],
        "n_researchers": world.n_researchers,
        "employers": [_employer(live, row) for row in _there(world).tolist()],
        "teams": [_team(live, row) for row in np.flatnonzero(_is_there(world)[world.teams.employer]).tolist()],
        "sites": [{"row": row, "name": site.name, "country": site.country} for row, site in enumerate(scenario.sites)],
        "topics": list(scenario.topics),
        "statuses": {status.name.lower(): -1 - int(status) for status in Status if status != Status.EMPLOYED},
        "rules": list(RULES),
        "cohorts": _cohorts(live),
        "events": [event_entry(world, dated) for dated in world.events],
        "metrics": [
            {
                "name": name,
                "label": known.label,
                "meaning": (known.measure.__doc__ or "").strip().partition("\n")[0],
                "unit": known.unit,
                "kind": known.kind,
                "entity": known.entity,
            }
            for name, known in metrics.METRICS.items()
        ],
    }


def _is_there(world: World) -> NDArray[np.bool_]:
    """(E,) employers that are or have been: potential start-ups are not."""
    return np.asarray((world.employers.kind != EmployerKind.STARTUP) | (world.employers.founded_month >= 0))


def _there(world: World) -> Integers:
    return np.flatnonzero(_is_there(world))


def _employer(live: LiveMarket, row: int) -> dict[str, Any]:
    world, plans = live.world, live.described.employers
    founded = int(world.employers.founded_month[row])
    placed = [team for team in live.described.placed_teams() if team.employer == row]
    return {
        "row": row,
        "name": world.employer_names[row],
        "kind": EmployerKind(int(world.employers.kind[row])).name.lower(),
        "site": int(world.employers.site[row]),
        "researchers": plans[row].researchers if row < len(plans) else 0,
        "posts": sum(team.posts for team in placed),
        "founded": live.described.date_of(founded) if founded >= 0 else "",
    }


def _team(live: LiveMarket, row: int) -> dict[str, Any]:
    world, placed = live.world, live.described.placed_teams()
    return {
        "row": row,
        "name": world.team_names[row],
        "employer": int(world.teams.employer[row]),
        "site": int(world.teams.site[row]),
        "size": placed[row].size if row < len(placed) else 0,
        "posts": placed[row].posts if row < len(placed) else 0,
        "topic": live.described.topics[int(world.teams.topic[row])],
        "opens": placed[row].plan.opens or "" if row < len(placed) else "",
    }


def _cohorts(live: LiveMarket) -> list[dict[str, Any]]:
    return [
        {
            "name": plan.name,
            "label": plan.label,
            "employer": cohort.employer,
            "size": plan.size,
            "fixed": plan.fixed,
            "members": cohort.members.tolist(),  # empty until it is fixed
        }
        for plan, cohort in zip(live.described.cohorts, live.world.cohorts, strict=True)
    ]


# ---- where everybody is ----------------------------------------------------------------------------------------------


def positions(live: LiveMarket) -> Places:
    """(N,) where everybody is now: row of the team, or -1 - Status of who has none. int16 if the rows fit into it."""
    people = live.world.researchers
    small = live.world.n_teams < np.iinfo(np.int16).max
    place = np.where(people.team >= 0, people.team, -1 - people.status.astype(np.int32))
    return place.astype(np.int16) if small else place.astype(np.int32)


def changes(live: LiveMarket, since: Places) -> tuple[NDArray[np.int32], Places]:
    """Who is elsewhere than in earlier `positions`: rows, and where they are now."""
    now = positions(live)
    rows = np.flatnonzero(now != since).astype(np.int32)
    return rows, now[rows]


# ---- what happened in a month ----------------------------------------------------------------------------------------


def month_report(live: LiveMarket, month: int) -> dict[str, Any]:
    """A month that has been run: metrics, what happened in words, and its offers.

    Args:
        live: the market.
        month: from 0 to `live.month` - 1.

    Returns:
        world: metric -> number; employer, team, site: metric -> (rows,) array, also of rows that are not there yet.
        feed: entries as `view_words.feed` gives them; escalations only of the last month.
        offers: columns researcher, team, state, reach (codes, names beside them), of every offer made.

    Raises:
        NotFoundError: the month has not been run.
    """
    if not 0 <= month < live.month:
        fix = f"0 to {live.month - 1} have been run" if live.month else "none has been run yet"
        raise NotFoundError(f"month {month}: came one that has not been run; {fix}")
    found: dict[str, Any] = {"month": month, "date": live.described.date_of(month)}
    for entity in ("world", "employer", "team", "site"):
        known = [name for name, metric in metrics.METRICS.items() if metric.entity == entity]
        values = {name: live.world.ledger.series[name][month] for name in known}
        found[entity] = {name: float(value) for name, value in values.items()} if entity == "world" else values
    _, rows = month_rows(live.world.ledger.offers, month)
    columns = {"researcher": np.int32, "team": np.int32, "state": np.int8, "reach": np.int8}
    offers: dict[str, Any] = {
        name: rows[name].astype(kind) if rows else np.zeros(0, kind) for name, kind in columns.items()
    }
    names = {"states": list(OFFER_STATE_NAMES), "reaches": list(REACH_NAMES)}
    return found | {"feed": feed(live, month), "offers": offers | names}


# ---- who knows whom --------------------------------------------------------------------------------------------------


def ties(live: LiveMarket, most: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Ties worth drawing: three quarters the strongest between people of different teams, the rest spread over others.

    Args:
        live: the market.
        most: how many at most.

    Returns:
        (k, 2) rows of people, the smaller first, in order; (k,) strengths. The same for the same state.
    """
    a, b, strength, place = _pairs(live)
    apart = np.flatnonzero((place[a] != place[b]) | (place[a] < 0))
    strongest = apart[np.lexsort((b[apart], a[apart], -strength[apart]))][: max(most - most // 4, 0)]
    rest = np.setdiff1d(np.arange(len(a)), strongest, assume_unique=True)
    step = max(len(rest) // max(most - len(strongest), 1), 1)
    chosen = np.sort(np.concatenate([strongest, rest[::step][: max(most - len(strongest), 0)]]))
    return np.stack([a[chosen], b[chosen]], axis=1).astype(np.int32), strength[chosen].astype(np.float32)


def _pairs(live: LiveMarket) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats, Places]:
    """Every tie between two people in the market, once."""
    held, place = live.world.ties, positions(live)
    a = held.owner
    away = (-1 - Status.NOT_ENTERED, -1 - Status.LEFT_FIELD)
    once = (a < held.neighbour) & ~np.isin(place[a], away) & ~np.isin(place[held.neighbour], away)
    return a[once], held.neighbour[once], held.strength[once], place


def employer_ties(live: LiveMarket) -> dict[str, Any]:
    """Tie strength between the people of two employers in all: columns a, b (rows, a < b) and strength; none is 0."""
    a, b, strength, _ = _pairs(live)
    home = live.world.employer_of().astype(np.int64)
    low, high = np.minimum(home[a], home[b]), np.maximum(home[a], home[b])
    between = (low >= 0) & (low != high)
    n = live.world.n_employers
    pair, place = np.unique(low[between] * n + high[between], return_inverse=True)
    total = np.bincount(place, strength[between], minlength=len(pair))
    return {"a": (pair // n).astype(np.int32), "b": (pair % n).astype(np.int32), "strength": total}


# ---- who has which compute -------------------------------------------------------------------------------------------


def compute(live: LiveMarket) -> dict[str, Any]:
    """Compute of the last month, H100e: of employers from owned to idle, of teams from need to delivery.

    Returns:
        employer: columns by row; diverted (to products) and flagship are taken before utilisation, pool is what is left
        and works, idle what no team asked for; rule: name of the allocation rule in force.
        team: columns by row; request is need plus project, escalated the code of `view_words.ESCALATED`.
    """
    world = live.world
    employers, teams, levers = world.employers, world.teams, world.levers
    own = np.rint(levers["allocation"]).astype(np.int64)
    rule = np.where(own >= 0, own, employers.allocation)
    flagship = np.clip(levers["flagship"], 0.0, 1.0)
    diverted = np.clip(employers.product_share + levers["product_share"] + levers["flagship"], 0.0, 1.0)
    return {
        "unit": "H100e",
        "employer": {
            "owned": employers.owned.copy(),
            "rented": employers.rented.copy(),
            "diverted": employers.owned * np.maximum(diverted - flagship, 0.0),
            "flagship": employers.owned * np.minimum(flagship, diverted),
            "utilisation": metrics.utilisation(world),
            "pool": employers.pool.copy(),
            "idle": employers.idle.copy(),
            "ordered": employers.ordered.copy(),
            "rule": [RULES[code] for code in rule.tolist()],
        },
        "team": {
            "need": teams.need.copy(),
            "request": metrics.team_request(world),
            "delivered": teams.compute.copy(),
            "per_head": metrics.compute_per_head(world),
            "escalated": teams.escalated.copy(),
            "promise_share": teams.promise_share.copy(),
            "promise_kept": teams.promise_kept.copy(),
        },
    }
