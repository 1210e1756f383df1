"""What a dated event may do: the kinds of effects, their fields, and the checks that need the rest of the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from abm.levers import LEVERS
from abm.scenario_read import (
    BY_EVENT,
    CULTURE,
    Field,
    Problems,
    flag,
    integer,
    list_of,
    month_number,
    number,
    one_of,
    read_keys,
    show,
    text,
)

BREACH_SOURCES: Final = ("layoff", "reorganisation", "cancellation", "broken_promise", "leader_loss", "culture_drift")
OPERATIONS: Final = ("set", "multiply", "add")
LEFT_FIELD: Final = "left_field"
INSIDE: Final = "inside"

_NAME: Final = text(80, empty=False)
_NAMES: Final = list_of(_NAME, fewest=1)


def _required(read: object) -> Field:
    return Field(read, required=True)  # type: ignore[arg-type]


def _toward(problems: Problems, place: str, value: object) -> dict[str, object] | None:
    """Some of the culture dimensions, each with the value moved toward."""
    if not isinstance(value, Mapping) or not value:
        problems.add(place, show(value), "a table { dimension = 0..1 }", "write e.g. toward = { openness = 0.4 }")
        return None
    got = read_keys(problems, place, value, {dimension: Field(number(0, 1)) for dimension in CULTURE})
    return got if len(got) == len(value) else None


_SHARE: Final = number(0, 1)
_WHERE: Final = {"employers": Field(_NAMES), "teams": Field(_NAMES)}

EFFECTS: Final[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
    {
        "lever": {
            "name": _required(_NAME),
            "op": _required(one_of(*OPERATIONS)),
            "value": _required(number(-1e6, 1e6)),
            "months": Field(integer(0, 1200), 0),
            "employers": Field(_NAMES),
            "teams": Field(_NAMES),
            "sites": Field(_NAMES),
        },
        "breach": {"source": _required(one_of(*BREACH_SOURCES)), "size": _required(number(0, 3)), **_WHERE},
        "shock": {"size": _required(number(0, 10)), **_WHERE},
        "culture": {"toward": _required(_toward), "share": _required(_SHARE), **_WHERE},
        "prestige": {"employer": _required(_NAME), "add": _required(number(-10, 10))},
        "layoff": {"employer": _required(_NAME), "share": _required(_SHARE), "teams": Field(_NAMES)},
        "cancel": {"team": _required(_NAME)},
        "project": {
            "team": _required(_NAME),
            "name": _required(_NAME),
            "demand": _required(number(0, 1e9)),
            "months": _required(integer(1, 240)),
            "visibility": _required(number(0, 10)),
        },
        "release": {
            "team": _required(_NAME),
            "visibility": _required(number(0, 10)),
            "quality": _required(number(-1, 1)),
        },
        "delay": {"team": _required(_NAME), "months": _required(integer(1, 120))},
        "order": {
            "employer": _required(_NAME),
            "h100e": _required(number(0, 1e9)),
            "lead_time": _required(integer(0, 60)),
        },
        "chip": {
            "employer": _required(_NAME),
            "h100e": _required(number(0, 1e9)),
            "months": _required(integer(0, 60)),
            "chance": _required(_SHARE),
        },
        "split": {
            "team": _required(_NAME),
            "into": _required(_NAME),
            "share": _required(_SHARE),
            "safe": Field(flag, True),
        },
        "transfer": {
            "from": _required(_NAMES),
            "to": _required(_NAME),
            "share": Field(_SHARE),
            "number": Field(integer(0, 1_000_000)),
        },
        "merge": {"teams": _required(_NAMES), "into": _required(_NAME)},
        "leader_leaves": {"team": _required(_NAME), "to": _required(_NAME)},
        "leader_appointed": {"team": _required(_NAME), "origin": _required(_NAME), "boomerang": Field(flag, False)},
        "infra_leaders_leave": {"employer": _required(_NAME), "number": _required(integer(1, 10_000))},
        "promise": {"team": _required(_NAME), "share": _required(_SHARE), "kept": _required(_SHARE)},
        "open": {"team": _required(_NAME)},
    }
)
_ONE_PLACE: Final = frozenset({"breach", "shock", "culture"})
_ONE_TEAM: Final = {
    "transfer": ("to",),
    "split": ("team", "into"),
    "merge": ("into",),
    "leader_leaves": ("team",),
    "leader_appointed": ("team",),
    "project": ("team",),
    "promise": ("team",),
}


@dataclass(slots=True)
class Known:
    """What the events may refer to: names already read and valid in the same file."""

    sites: set[str] = field(default_factory=set)
    employers: set[str] = field(default_factory=set)
    teams: dict[str, str] = field(default_factory=dict)  # team or base name -> employer
    opens: dict[str, str] = field(default_factory=dict)  # team or base name -> date
    split: set[str] = field(default_factory=set)  # base names that stand for several teams

    def check(self, problems: Problems, place: str, kind: str, name: object) -> bool:
        """Note a problem unless `name` is a declared site, employer or team."""
        valid: set[str] | dict[str, str] = getattr(self, f"{kind}s")
        if name in valid:
            return True
        article = "an" if kind == "employer" else "a"
        problems.unknown(place, f"{article} {kind} declared in this scenario", name, valid)
        return False


def read_effect(problems: Problems, place: str, value: object, known: Known, earliest: str) -> dict[str, object] | None:
    """One effect in canonical form (kind first), or None; `earliest` is the first month the event may fall in."""
    if not isinstance(value, Mapping):
        problems.add(place, show(value), "a table with a kind", 'write { kind = "shock", ... }')
        return None
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in EFFECTS:
        came = "" if "kind" in value else "nothing"
        problems.unknown(f"{place}.kind", "a kind of effect", kind, EFFECTS, came)
        return None
    place = f"{place} {show(kind)}"
    before = len(problems.lines)
    fields = read_keys(problems, place, {k: v for k, v in value.items() if k != "kind"}, EFFECTS[kind])
    if len(problems.lines) == before:
        _check_names(problems, place, kind, fields, known, earliest)
    return {"kind": kind, **fields} if len(problems.lines) == before else None


def _check_names(
    problems: Problems, place: str, kind: str, fields: dict[str, object], known: Known, earliest: str
) -> None:
    for key in ("employer", "employers", "team", "teams", "sites", "from", "into"):
        what = "team" if key in ("from", "into") else key.removesuffix("s")
        for name in _names(fields.get(key)):
            if known.check(problems, f"{place}.{key}", what, name) and what == "team" and kind != "open":
                _check_open(problems, f"{place}.{key}", name, known, earliest)
    for key in _ONE_TEAM.get(kind, ()):
        if fields[key] in known.split:
            came, fix = f"{show(fields[key])}, which is split", f'write "{fields[key]} 1" or another of its parts'
            problems.add(f"{place}.{key}", came, "one single team", fix)
    if kind in _ONE_PLACE and ("employers" in fields) == ("teams" in fields):
        came = "both employers and teams" if "teams" in fields else "neither employers nor teams"
        problems.add(place, came, "exactly one of employers, teams", "say where it is felt with one of the two")
    if kind == "lever":
        _check_lever(problems, place, fields)
    elif kind == "layoff":
        for name in _names(fields.get("teams")):
            if known.teams.get(name, fields["employer"]) != fields["employer"]:
                own = (t for t, e in known.teams.items() if e == fields["employer"])
                problems.unknown(f"{place}.teams", f"a team of {show(fields['employer'])}", name, own)
    elif kind == "transfer":
        if ("share" in fields) == ("number" in fields):
            came = "both share and number" if "share" in fields else "neither share nor number"
            problems.add(place, came, "exactly one of share, number", "give share = 0.4 or number = 6")
        if known.check(problems, f"{place}.to", "team", fields["to"]):
            _check_open(problems, f"{place}.to", str(fields["to"]), known, earliest)
            _check_one_employer(problems, place, "from", (*_names(fields["from"]), str(fields["to"])), known)
            if fields["to"] in _names(fields["from"]):
                problems.add(f"{place}.to", show(fields["to"]), "a team that is not in from", "name another team")
    elif kind == "split":
        _check_one_employer(problems, place, "into", (str(fields["team"]), str(fields["into"])), known)
        if fields["team"] == fields["into"]:
            problems.add(f"{place}.into", show(fields["into"]), "another team", "name the team that is to open")
    elif kind == "merge":
        _check_one_employer(problems, place, "teams", (*_names(fields["teams"]), str(fields["into"])), known)
    elif kind in ("leader_leaves", "leader_appointed"):
        key, special = ("to", LEFT_FIELD) if kind == "leader_leaves" else ("origin", INSIDE)
        if fields[key] != special and fields[key] not in known.employers:
            valid = (special, *known.employers)
            problems.unknown(f"{place}.{key}", f'an employer or "{special}"', fields[key], valid)


def _names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)  # type: ignore[attr-defined]


def _check_open(problems: Problems, place: str, name: str, known: Known, earliest: str) -> None:
    opens = known.opens.get(name)
    if opens is not None and opens != BY_EVENT and month_number(earliest) < month_number(opens):
        fix = "move the event, or let the team open earlier"
        problems.add(place, f"{show(name)}, which opens in {opens}", f"a team that exists in {earliest}", fix)


def _check_one_employer(problems: Problems, place: str, key: str, names: tuple[str, ...], known: Known) -> None:
    owners = {known.teams[name] for name in names if name in known.teams}
    if len(owners) > 1:
        came = "teams of " + " and ".join(show(owner) for owner in sorted(owners))
        problems.add(f"{place}.{key}", came, "teams of one employer", "use hires or leader_leaves between employers")


def _check_lever(problems: Problems, place: str, fields: dict[str, object]) -> None:
    lever = LEVERS.get(str(fields["name"]))
    if lever is None:
        problems.unknown(f"{place}.name", "a lever", fields["name"], LEVERS)
        return
    shape = lever.shape
    given = [key for key in ("employers", "teams", "sites") if key in fields]
    wanted = [] if shape == "world" else [f"{shape}s"]
    if given != wanted:
        expected = f"the key {wanted[0]} and no other place" if wanted else "no employers, teams or sites"
        fix = f'add {wanted[0]} = ["..."]' if wanted and not given else f"remove {' and '.join(given)}"
        if wanted and given:
            fix += f" and name the {wanted[0]}"
        problems.add(place, " and ".join(given) or "no place", f"{expected} ({fields['name']} is by {shape})", fix)
    value = fields["value"]
    if fields["op"] == "set" and isinstance(value, float) and not lever.low <= value <= lever.high:
        expected = f"{lever.low:g} to {lever.high:g} ({lever.unit})"
        problems.add(f"{place}.value", show(value), expected, f"the neutral value is {lever.neutral:g}")
    if fields["op"] == "multiply" and isinstance(fields["value"], float) and fields["value"] < 0:
        problems.add(f"{place}.value", show(fields["value"]), "a factor of 0 or more", "a factor below 1 lowers it")
