"""Cards of a live market: all that a reader would want to know of a team, an employer, a dated event."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np

from abm import policies
from abm.explain import NotFoundError
from abm.ledger import Row
from abm.levers import LEVERS
from abm.live import LiveMarket
from abm.summary import employer_name as destination
from abm.tables import CAUSE_NAMES, DIMENSIONS, RULES, SOURCES, EmployerKind, ProjectState, Status
from abm.view_cards import check_row, departures_of, fact, facts
from abm.view_words import ESCALATED
from abm.world import DatedEvent, World

_TEAM: Final = (
    *("n_members", "posts", "open_posts", "priority", "remote", "need", "compute", "rivalry", "pace", "know_how"),
    *("vacancy", "promise_share", "promise_kept", "granted"),
)
_EMPLOYER: Final = (
    *("owned", "rented", "pool", "idle", "utilisation", "product_share", "gpu_ready", "lead_time", "pay_level"),
    *("pay_ceiling", "equity_ratio", "prestige", "capability", "counter_offer", "recruiter_contacts", "garden_leave"),
    *("cash", "valuation"),
)


# ---- a team ----------------------------------------------------------------------------------------------------------


def team(live: LiveMarket, row: int) -> dict[str, Any]:
    """A team: people, leader, compute, project, mood, and its months so far.

    Raises:
        NotFoundError: there is no such row, or it belongs to a start-up that nobody has founded.
    """
    world = live.world
    check_row("team", row, world.n_teams)
    teams, people = world.teams, world.researchers
    _check_founded(world, int(teams.employer[row]))
    members = np.flatnonzero(people.team == row)
    decided = world.decisions
    return {
        "row": row,
        "name": world.team_names[row],
        "employer": int(teams.employer[row]),
        "employer_name": world.employer_names[teams.employer[row]],
        "site": world.sites.names[teams.site[row]],
        "topic": live.described.topics[int(teams.topic[row])],
        "is_open": bool(teams.is_open[row]),
        "leader": int(teams.leader[row]),
        "members": members.tolist(),
        "facts": [
            *facts(teams, _TEAM, row),
            fact("request", world.ledger.series["team_request"][-1][row] if live.month else 0.0, "H100e", "asked for"),
            fact("compute_per_head", world.compute_per_head()[row], "H100e per person", "delivered"),
            fact("mean_pay", people.pay[members].mean() if len(members) else 0.0, "kUSD per year", "of the members"),
            fact("mean_strain", people.strain[members].mean() if len(members) else 0.0, "index", "of the members"),
            fact(
                "mean_utility",
                decided.present[members].mean() if decided is not None and len(members) else 0.0,
                "utils",
                "of the present job to the members",
            ),
        ],
        "breach": dict(
            zip(SOURCES, people.breach[members].mean(axis=0).tolist() if len(members) else [0.0] * 6, strict=True)
        ),
        "escalated": ESCALATED[int(teams.escalated[row])],
        "culture": dict(zip(DIMENSIONS, world.culture_of(np.array([row]))[0].tolist(), strict=True)),
        "project": _project(live, int(teams.project[row])),
        "past_projects": [_project(live, k) for k in _past(world, row)],
        "series": _series(world, ("team_size", "compute_per_head", "team_request", "team_exits", "pace"), row),
        "departures": departures_of(world, "from_team", row),
    }


def _past(world: World, team: int) -> list[int]:
    slots = np.arange(team * world.project_slots, (team + 1) * world.project_slots)
    return [int(slot) for slot in slots[world.projects.state[slots] > ProjectState.RUNNING]]


def _project(live: LiveMarket, row: int) -> dict[str, Any] | None:
    """A project; None without one."""
    if row < 0:
        return None
    world, date = live.world, live.described.date_of
    ended = int(world.projects.ended[row])
    names = ("demand", "work", "progress", "visibility", "quality", "hops")
    return {
        "row": row,
        "name": world.project_names.get(row, ""),
        "state": ProjectState(int(world.projects.state[row])).name.lower(),
        "started": date(int(world.projects.started[row])),
        "planned": date(int(world.projects.planned[row])),
        "ended": date(ended) if ended >= 0 else "",
        "facts": facts(world.projects, names, row),
    }


def _series(world: World, names: tuple[str, ...], row: int) -> dict[str, list[float]]:
    """Months of metrics of one row."""
    return {name: [float(month[row]) for month in world.ledger.series.get(name, [])] for name in names}


# ---- an employer -----------------------------------------------------------------------------------------------------


def employer(live: LiveMarket, row: int) -> dict[str, Any]:
    """An employer: teams, compute, pay, culture, who left and where to, policies that name it, and its months so far.

    Raises:
        NotFoundError: there is no such row, or it is a start-up that nobody has founded.
    """
    world = live.world
    check_row("employer", row, world.n_employers)
    _check_founded(world, row)
    employers = world.employers
    own = round(float(world.levers["allocation"][row]))
    left = world.ledger.table("departures")
    gone = np.flatnonzero(left["from_employer"] == row).tolist() if left else []
    came = np.flatnonzero(left["to_employer"] == row).tolist() if left else []
    founded, closed = int(employers.founded_month[row]), int(employers.closed_month[row])
    names = ("headcount", "departures", "pool", "owned", "utilisation", "utility_mean", "prestige", "capability")
    return {
        "row": row,
        "name": world.employer_names[row],
        "kind": EmployerKind(int(employers.kind[row])).name.lower(),
        "site": world.sites.names[employers.site[row]],
        "is_open": bool(employers.is_open[row]),
        "founded": live.described.date_of(founded) if founded >= 0 else "",
        "closed": live.described.date_of(closed) if closed >= 0 else "",
        "founder": int(employers.founder[row]),
        "headcount": int(world.teams.n_members[world.teams.employer == row].sum()),
        "teams": np.flatnonzero(world.teams.employer == row).tolist(),
        "rule": RULES[own if own >= 0 else int(employers.allocation[row])],
        "facts": facts(employers, _EMPLOYER, row),
        "levers": {
            name: {"value": float(world.levers[name][row]), "neutral": known.neutral, "unit": known.unit}
            for name, known in LEVERS.items()
            if known.shape == "employer"
        },
        "culture": dict(zip(DIMENSIONS, employers.culture[row].tolist(), strict=True)),
        "left": len(gone),
        "came": len(came),
        "went_to": _counted(destination(live.described, int(left["to_employer"][k]), _field(left, k)) for k in gone),
        "came_from": _counted(destination(live.described, int(left["from_employer"][k])) for k in came),
        "causes": _counted(CAUSE_NAMES[int(left["cause"][k])] for k in gone),
        "in_force": [
            {"number": each.number, "words": each.words, "since": each.since}
            for each in live.in_force
            if each.settings.get("employer", "") in ("", world.employer_names[row])
            and "employer" in policies.load(each.name).KNOBS
        ],
        "series": _series(world, names, row),
    }


def _check_founded(world: World, row: int) -> None:
    if world.employers.kind[row] == EmployerKind.STARTUP and world.employers.founded_month[row] < 0:
        first = len(world.scenario.employers)
        raise NotFoundError(f"employer {row}: a start-up that nobody has founded; 0 to {first - 1} are established")


def _field(left: Row, row: int) -> int:
    """The status that tells who left the field from who has no job."""
    return int(Status.LEFT_FIELD) if CAUSE_NAMES[int(left["cause"][row])] == "left_field" else -1


def _counted(names: Any) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in Counter(names).most_common()]


# ---- an event --------------------------------------------------------------------------------------------------------


def event_entry(world: World, dated: DatedEvent) -> dict[str, Any]:
    """A dated event of this history."""
    known = dated.event
    return {
        "id": known.id,
        "month": dated.month,
        "date": world.scenario.date_of(dated.month),
        "reported": known.date,
        "between": list(known.between),
        "type": known.type,
        "label": known.title,
        "note": known.note,
        "entity": known.entity,
        "sources": list(known.source),
        "imposed": bool(known.effects),  # else it is observed only
    }


def event(live: LiveMarket, identifier: str) -> dict[str, Any]:
    """A dated event: what was reported, what it does in the model, and who left by it so far.

    Raises:
        NotFoundError: there is no such event.
    """
    world = live.world
    dated = next((each for each in world.events if each.event.id == identifier), None)
    if dated is None:
        shown = ", ".join(each.event.id for each in world.events[:8])
        raise NotFoundError(f"event {str(identifier)[:40]!r}: no such event; there are {shown} ...")
    effects = [{"kind": effect.kind, **_plain(effect.fields)} for effect in dated.event.effects]
    return {
        **event_entry(world, dated),
        "happened": 0 <= dated.month < live.month,
        "effects": effects,
        "departures": departures_of(world, "event", dated.row),
    }


def _plain(fields: Any) -> dict[str, Any]:
    """Fields of an effect as plain values."""
    return {
        key: list(value) if isinstance(value, tuple) else dict(value) if hasattr(value, "items") else value
        for key, value in fields.items()
    }
