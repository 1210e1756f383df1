"""A frozen, checked description of a run: load one from TOML, derive variants, hash its content.

The keys of a file and their ranges are declared in ``abm/scenario_schema.py``, the effects of events in
``abm/scenario_effects.py``. Nothing random happens here: a dated event keeps the bounds the reports allow (`between`),
and the model draws its month per replicate. ``horizon`` is the length for which the dates of the file hold; running
fewer months (`months`) leaves everything else as it is, so that a short run is exactly the beginning of the long one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from abm.policies import Places
from abm.scenario_check import check, team_names, team_sizes
from abm.scenario_file import parse
from abm.scenario_policies import RESERVED_KNOBS
from abm.scenario_read import ScenarioError, date_text, month_number, nearest, show, sizes
from abm.scenario_schema import ALLOCATION_RULES
from abm.scenario_settings import apply_settings, setting_error

__all__ = [
    "Cohort",
    "Effect",
    "Employer",
    "Event",
    "Flow",
    "FrozenMap",
    "Intervention",
    "Observation",
    "PlacedTeam",
    "Policy",
    "ProjectPlan",
    "Retention",
    "Scenario",
    "ScenarioError",
    "Site",
    "TeamPlan",
    "from_dict",
    "load",
    "names",
]

_SHIPPED: Final = Path(__file__).parent / "scenarios"


class FrozenMap(Mapping[str, Any]):
    """A mapping that cannot be changed and, unlike ``MappingProxyType``, can be hashed and sent to another process."""

    __slots__ = ("_items",)
    _items: dict[str, Any]

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        object.__setattr__(self, "_items", dict(items))

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError("a FrozenMap cannot be changed; derive a new scenario")

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __reduce__(self) -> tuple[type[FrozenMap], tuple[dict[str, Any]]]:
        return (FrozenMap, (self._items,))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its hours, notice period (months), climate for start-ups (0..1) and law on non-competes."""

    name: str
    country: str
    utc_offset: float
    notice_months: int
    seed_climate: float
    non_compete: bool


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What a team works on at the start: compute wanted (H100e), months to release, visibility of the release."""

    name: str
    demand: float
    months: int
    visibility: float


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team, or `count` equal ones; `culture` is an offset to the employer's, `opens` a date or None."""

    name: str
    site: str
    share: float
    count: int
    topic: str
    priority: float
    remote: float
    culture: FrozenMap
    opens: str | None
    posts: int | None
    project: ProjectPlan | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the teams of this plan: its own, or numbered from 1 when it is split."""
        return team_names(self.name, self.count)


@dataclass(frozen=True, slots=True)
class Employer:
    """An established employer; pay is relative to the reference pay, compute in H100e open to research."""

    name: str
    kind: str
    hq: str
    researchers: int
    compute: float
    compute_growth: float
    lead_time: int
    gpu_ready: float
    utilisation: float
    product_share: float
    pay_level: float
    pay_ceiling: float
    equity_ratio: float
    prestige: float
    growth: float
    recruiter_contacts: float
    counter_offer: float
    allocation: str
    garden_leave: int
    culture: FrozenMap
    source: str
    grade: str
    teams: tuple[TeamPlan, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """How many of a cohort had left by a date; None where the value is withheld (use = "predict")."""

    date: str
    left_min: int | None
    left_max: int | None
    use: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """A set of researchers fixed at a date: `members` by team, or a subset of another cohort."""

    name: str
    label: str
    employer: str
    size: int
    fixed: str
    members: FrozenMap | None
    subset_of: str | None
    note: str
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """The share of those hired `months` before `as_of` who are still there; None where withheld."""

    employer: str
    months: int
    as_of: str
    share: float | None
    use: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Leavers from the first employer to the second over leavers the other way, to a date; None where withheld."""

    pair: tuple[str, str]
    as_of: str
    ratio: float | None
    use: str


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing an event does: its kind and the fields of that kind (lists are tuples)."""

    kind: str
    fields: FrozenMap

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The field, or the default when it was left out."""
        return self.fields.get(key, default)


@dataclass(frozen=True, slots=True)
class Event:
    """A dated event; no effects means that it is observed and not imposed."""

    id: str
    date: str
    between: tuple[str, str]
    type: str
    entity: str
    source: tuple[str, ...]
    label: str
    note: str
    effects: tuple[Effect, ...]

    @property
    def title(self) -> str:
        """What it is called: its label, or else its type in words."""
        return self.label or self.type.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy in force: its settings, and what it does once (worked out when the scenario is read)."""

    name: str
    settings: FrozenMap
    act: Event | None = None


@dataclass(frozen=True, slots=True)
class Intervention:
    """From the month of a date on a parameter has another value; how it is now is what the latest one says."""

    parameter: str
    value: float
    date: str


@dataclass(frozen=True, slots=True)
class PlacedTeam:
    """One row of the team table to be: a team after splitting, with its head count at the start and planned."""

    employer: int
    name: str
    plan: TeamPlan
    size: int
    posts: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that is needed to run the model, apart from the seed."""

    name: str
    title: str
    why: str
    start: str
    months: int
    horizon: int
    sources: tuple[str, ...]
    topics: tuple[str, ...]
    entrants_per_year: float
    potential_founders: float
    sites: tuple[Site, ...]
    employers: tuple[Employer, ...]
    cohorts: tuple[Cohort, ...]
    retention: tuple[Retention, ...]
    flows: tuple[Flow, ...]
    events: tuple[Event, ...]
    parameters: FrozenMap
    policies: tuple[Policy, ...]
    interventions: tuple[Intervention, ...] = ()
    _placed: tuple[PlacedTeam, ...] = field(init=False, repr=False, compare=False)
    _rows: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _places: Places = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the team table once; it is asked for at every event."""
        placed: list[PlacedTeam] = []
        rows: dict[str, tuple[int, ...]] = {}
        for row, employer in enumerate(self.employers):
            start = team_sizes(_plain(employer))
            for plan in employer.teams:
                shares = sizes(plan.posts or 0, [1.0] * plan.count)
                for name, posts in zip(plan.names, shares, strict=True):
                    for key in dict.fromkeys((name, plan.name)):
                        rows[key] = (*rows.get(key, ()), len(placed))
                    planned = start[name] if plan.posts is None else posts
                    placed.append(PlacedTeam(row, name, plan, start[name], planned))
        object.__setattr__(self, "_placed", tuple(placed))
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_places", _what_names_stand_for(self))

    @property
    def researchers(self) -> int:
        """Head count of all employers at the start."""
        return sum(employer.researchers for employer in self.employers)

    @property
    def entrants(self) -> int:
        """Potential entrants until the horizon, each a row of the people from the start."""
        return math.ceil(self.entrants_per_year * self.horizon / 12)

    def month_of(self, date: str) -> int:
        """Months from the start to a date "YYYY-MM" (negative before the start)."""
        return month_number(date) - month_number(self.start)

    def date_of(self, month: int) -> str:
        """The date "YYYY-MM" of a month counted from the start."""
        return date_text(month_number(self.start) + month)

    def event_months(self, event: Event) -> tuple[int, int]:
        """First and last month an event may fall in; not cut to the run, so that a short run begins as a long one."""
        return self.month_of(event.between[0]), self.month_of(event.between[1])

    def parameters_in(self, month: int) -> dict[str, float]:
        """The parameters that differ from their defaults in a month, interventions until then included."""
        due = [item for item in self.interventions if self.month_of(item.date) <= month]
        changed = {item.parameter: item.value for item in sorted(due, key=lambda item: item.date)}
        return {**self.parameters, **changed}

    def placed_teams(self) -> tuple[PlacedTeam, ...]:
        """Every team after splitting, in the order of the file; sizes of one employer add up to its head count."""
        return self._placed

    def team_rows(self, name: str) -> tuple[int, ...]:
        """Rows in `placed_teams` of a team name; the base name of a split team means all of its parts."""
        return self._rows.get(name, ())

    def team_bases(self) -> tuple[int, ...]:
        """Per row of `placed_teams` the first row of the team that it is a part of (its own when not split)."""
        return tuple(self._rows[team.plan.name][0] for team in self._placed)

    @property
    def places(self) -> Places:
        """What the names in the knobs of policies may stand for: kind -> name -> rows."""
        return self._places

    def to_dict(self) -> dict[str, Any]:
        """The canonical content, in the shape of the file; `from_dict` gives the same scenario back."""
        content: dict[str, Any] = _plain(self)
        if not self.interventions:  # as if there were no such key: scenarios without any keep the hash that they had
            del content["interventions"]
        return content

    def content_hash(self) -> str:
        """SHA-256 of the canonical content: equal for equal scenarios however they were written down."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def derive(self, **changes: Any) -> Scenario:
        """A checked variant; `parameters` are merged into the present ones, every other key replaces its value."""
        content = self.to_dict()
        for key, value in changes.items():
            plain = _plain(value)
            content[key] = {**content["parameters"], **plain} if key == "parameters" else plain
        return from_dict(content, f'"{self.name}" with changes')

    def without_events(self, ids: Iterable[str]) -> Scenario:
        """The same scenario with some events left out (unknown ids are an error)."""
        gone = set(ids)
        for unknown in sorted(gone - {event.id for event in self.events}):
            raise setting_error(f"events.{unknown}", "an event id", nearest(unknown, (e.id for e in self.events)))
        return self.derive(events=[event for event in self.events if event.id not in gone])

    def with_settings(self, settings: Mapping[str, Any]) -> Scenario:
        """A variant by dotted keys, as given with ``--set KEY=VALUE``; text values are read as TOML values.

        ``h0=0.02`` a parameter; ``months=12`` a key of the scenario; ``employers.Meta.compute=9000`` (also ``sites``,
        ``teams``, ``cohorts``) a key of one of its tables; ``events.E46.drop=true`` leaves an event out, and
        ``events.E46.date=2023-05`` pins it to a month. Names are those of this scenario, whatever is set, and the order
        of settings changes nothing.
        """
        content = self.to_dict()
        apply_settings(content, settings)
        return from_dict(content, f'"{self.name}" with {", ".join(f"{k}={v}" for k, v in settings.items())}'[:200])


def _what_names_stand_for(scenario: Scenario) -> Places:
    """Kind -> name -> rows; a country stands for all its sites."""
    sites: dict[str, tuple[int, ...]] = {}
    for row, site in enumerate(scenario.sites):
        for name in dict.fromkeys((site.name, site.country)):
            sites[name] = (*sites.get(name, ()), row)
    return {
        "employer": {employer.name: (row,) for row, employer in enumerate(scenario.employers)},
        "team": scenario._rows,
        "owner": {team: (scenario._placed[rows[0]].employer,) for team, rows in scenario._rows.items()},
        "place": sites,
        "rule": {rule: (code,) for code, rule in enumerate(ALLOCATION_RULES)},
    }


def names() -> list[str]:
    """The scenarios that are shipped."""
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


def load(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by name, or one from a TOML file."""
    if isinstance(name_or_path, str) and name_or_path in names():
        return from_dict(parse(_SHIPPED / f"{name_or_path}.toml", name_or_path, names()), f'"{name_or_path}"')
    path = Path(name_or_path)
    where = show(str(name_or_path), longest=400)
    return from_dict(parse(path, where, names()), where)


def from_dict(content: Mapping[str, Any], where: str = "given as a table") -> Scenario:
    """A scenario from a table in the shape of the file (for example the one in a provenance record)."""
    top = check(_without_nothing(content), where)
    built: Scenario = _build(Scenario, top)
    return built


def _plain(value: Any) -> Any:
    """Dataclasses, maps and tuples as dicts and lists; None (= left out) disappears."""
    if isinstance(value, Effect):
        return {"kind": value.kind, **_plain(value.fields)}
    if isinstance(value, Policy):
        return {"name": value.name, **_plain(value.settings)}
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value) if f.init)
        return {key: _plain(item) for key, item in pairs if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _without_nothing(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value is not None}


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMap((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value


_PARTS: Final[Mapping[str, type]] = {
    "sites": Site,
    "employers": Employer,
    "teams": TeamPlan,
    "project": ProjectPlan,
    "cohorts": Cohort,
    "observations": Observation,
    "retention": Retention,
    "flows": Flow,
    "events": Event,
    "interventions": Intervention,
}


def _build(kind: type, table: Mapping[str, Any]) -> Any:
    """A dataclass out of a canonical table; keys left out become None."""
    values: dict[str, Any] = {}
    for each in fields(kind):
        if not each.init:
            continue
        value = table.get(each.name)
        part = _PARTS.get(each.name)
        if value is None:
            values[each.name] = None
        elif part is not None:
            is_list = isinstance(value, list | tuple)
            values[each.name] = tuple(_build(part, item) for item in value) if is_list else _build(part, value)
        elif each.name == "effects":
            values[each.name] = tuple(
                Effect(item["kind"], _frozen({k: v for k, v in item.items() if k != "kind"})) for item in value
            )
        elif each.name == "policies":
            values[each.name] = tuple(
                Policy(
                    item["name"],
                    _frozen({k: v for k, v in item.items() if k not in RESERVED_KNOBS}),
                    _build(Event, item["act"]) if "act" in item else None,
                )
                for item in value
            )
        else:
            values[each.name] = _frozen(value)
    return kind(**values)
