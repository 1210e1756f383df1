"""The keys of a scenario file, table by table: how each is read, its range and its default.

What must hold between keys is in ``abm/scenario_check.py``; the effects of events are in ``abm/scenario_effects.py``.
"""

from __future__ import annotations

from typing import Final

from abm.kernels.allocation import RULES
from abm.scenario_read import (
    CULTURE,
    Field,
    Problems,
    Reader,
    culture,
    date,
    flag,
    integer,
    list_of,
    name,
    number,
    one_of,
    opening,
    slug,
    table,
    tables_of,
    text,
)

MOST_RESEARCHERS: Final = 1_000_000
MOST_SITES: Final = 500  # each has a distance to each
MOST_TEAMS: Final = 10_000  # split ones apart
ALLOCATION_RULES: Final = tuple(RULES)


def _one(read: Reader) -> Field:
    return Field(read, required=True)


def _anything(problems: Problems, place: str, value: object) -> object:
    """Left for a check that needs the rest of the file."""
    return value


_PEOPLE: Final = integer(0, 10**15, " (people)")

SITE: Final = {
    "name": _one(name),
    "country": _one(name),
    "utc_offset": _one(number(-12, 14)),
    "notice_months": Field(integer(0, 24), 1),
    "seed_climate": Field(number(0, 1), 0.5),
    "non_compete": Field(flag, False),
}
PROJECT: Final = {
    "name": _one(name),
    "demand": _one(number(0, 1e9)),
    "months": _one(integer(1, 240)),
    "visibility": Field(number(0, 10), 1.0),
}
TEAM: Final = {
    "name": _one(name),
    "site": _one(name),
    "share": Field(number(0, 1), 0.0),
    "count": Field(integer(1, 1000), 1),
    "topic": _one(name),
    "priority": Field(number(0, 100), 1.0),
    "remote": Field(number(0, 1), 0.0),
    "culture": Field(culture(-1, complete=False), {dimension: 0.0 for dimension in CULTURE}),
    "opens": Field(opening),
    "posts": Field(integer(0, MOST_RESEARCHERS)),
    "project": Field(table(PROJECT)),
}
EMPLOYER: Final = {
    "name": _one(name),
    "kind": Field(one_of("lab", "university"), "lab"),
    "hq": _one(name),
    "researchers": _one(_PEOPLE),
    "compute": _one(number(0, 1e9)),
    "compute_growth": Field(number(0, 100), 1.0),
    "lead_time": Field(integer(0, 60), 9),
    "gpu_ready": Field(number(0, 1), 1.0),
    "utilisation": Field(number(0, 1), 0.4),
    "product_share": Field(number(0, 1), 0.0),
    "pay_level": Field(number(0.01, 20), 1.0),
    "pay_ceiling": Field(number(0, 100), 1.25),
    "equity_ratio": Field(number(0, 20), 0.0),
    "prestige": Field(number(0, 10), 1.0),
    "growth": Field(number(0, 20), 1.0),
    "recruiter_contacts": Field(number(0, 100), 3.0),
    "counter_offer": Field(number(0, 1), 0.4),
    "allocation": Field(one_of(*ALLOCATION_RULES), "by_demand"),
    "garden_leave": Field(integer(0, 24), 0),
    "culture": _one(culture(0, complete=True)),
    "source": Field(text(), ""),
    "grade": Field(one_of("A", "B", "C", "D"), "D"),
    "teams": _one(tables_of(TEAM, "name", fewest=1)),
}
OBSERVATION: Final = {
    "date": _one(date),
    "left_min": Field(integer(0, MOST_RESEARCHERS)),
    "left_max": Field(integer(0, MOST_RESEARCHERS)),
    "use": _one(one_of("calibrate", "predict")),
}
COHORT: Final = {
    "name": _one(name),
    "label": Field(text(200), ""),
    "employer": _one(name),
    "size": _one(integer(1, MOST_RESEARCHERS)),
    "fixed": _one(date),
    "members": Field(_anything),
    "subset_of": Field(name),
    "note": Field(text(), ""),
    "observations": Field(tables_of(OBSERVATION, "date"), ()),
}
RETENTION: Final = {
    "employer": _one(name),
    "months": _one(integer(1, 240)),
    "as_of": _one(date),
    "share": Field(number(0, 1)),
    "use": _one(one_of("calibrate", "predict")),
}
FLOW: Final = {
    "pair": _one(list_of(name, 2, 2)),
    "as_of": _one(date),
    "ratio": Field(number(0, 1e6)),
    "use": _one(one_of("calibrate", "predict")),
}
EVENT: Final = {
    "id": _one(name),
    "date": _one(date),
    "between": Field(list_of(date, 2, 2)),
    "type": _one(text(80, empty=False)),
    "entity": Field(text(200), ""),
    "source": Field(list_of(text(200)), ()),
    "label": Field(text(200), ""),
    "note": Field(text(), ""),
    "effects": Field(list_of(_anything), ()),
}
INTERVENTION: Final = {
    "parameter": _one(text(80, empty=False)),
    "value": _one(_anything),
    "date": _one(date),
}
TOP: Final = {
    "name": _one(slug),
    "title": _one(text(200, empty=False)),
    "why": Field(text(), ""),
    "start": _one(date),
    "months": _one(integer(1, 1200)),
    "horizon": Field(integer(1, 1200)),
    "sources": Field(list_of(text()), ()),
    "topics": _one(list_of(name, 1, 32)),
    "entrants_per_year": Field(number(0, MOST_RESEARCHERS), 0.0),
    "potential_founders": Field(number(0, 1), 0.0),
    "sites": _one(tables_of(SITE, "name", fewest=1, most=MOST_SITES)),
    "employers": _one(tables_of(EMPLOYER, "name", fewest=1)),
    "cohorts": Field(tables_of(COHORT, "name"), ()),
    "retention": Field(tables_of(RETENTION, "employer"), ()),
    "flows": Field(tables_of(FLOW, "pair"), ()),
    "events": Field(tables_of(EVENT, "id"), ()),
    "parameters": Field(_anything, {}),
    "policies": Field(_anything, ()),
    "interventions": Field(tables_of(INTERVENTION, "parameter"), ()),
}
