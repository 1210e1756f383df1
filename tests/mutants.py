"""Scenarios, settings and links that nobody means and somebody sends: thousands of them, made from a number each.

    python -m tests.mutants scenarios 0 3000     one line of JSON for each: how it ended, CPU seconds, memory

A mutant goes through the door that a person's would: a file, `--set`, or an address of the app. It has to end as a
scenario that can be built and run for two months, or in a refusal in words; and it may cost no more than little.
"""

from __future__ import annotations

import base64
import copy
import datetime
import json
import math
import random
import resource
import signal
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from abm import commands, policies, scenario
from abm.levers import LEVERS
from abm.live import LiveMarket
from abm.parameters import declared
from abm.scenario import Scenario, ScenarioError, from_dict
from abm.scenario_effects import EFFECTS
from abm.scenario_file import LARGEST_FILE, parse_text
from abm.scenario_schema import TOP
from abm.scenario_write import to_toml

KINDS: Final = ("scenarios", "settings", "links")
SECONDS: Final = 2.0  # CPU of one mutant
MEGABYTES: Final = 512.0  # memory of one mutant
GIVES_UP: Final = 30.0  # CPU seconds after which a mutant is interrupted

Content = dict[str, Any]
Door = Callable[[], str]  # opens what was made: how it ended

TEXTS: Final = (
    *("", " ", "\n", "\t", "\0", "\ud800", "\u200b", "\u202e", "e\u0301", "é", "ﬁ", "İ", "ß", "SS", "🙂", "１２", "٣"),
    *("nan", "inf", "-0", "1e5", "0x10", "true", "None", "null", "=1+1", "@x", "-x", "../../etc/passwd", "<b>x</b>"),
    *("a.b", "a..b", ".", "..", "a/b", "a\\b", '"', "'", '"""', "[x]", "{x}", "2022", "2022-1", "2022-00", "2022-13"),
    *(
        "2022-03-01",
        "1989-12",
        "1990-01",
        "2100-12",
        "2101-01",
        "9999-12",
        "２０２２-03",
        "2022-03 ",
        "event",
        "inside",
    ),
    *("left_field", "searching", "Meta", "Alpha", "Alpha Language", "Paris", "T01", "x" * 79, "x" * 80, "x" * 81),
    *("x" * 5000, "ab" * 40),
)
NUMBERS: Final = (
    0, 1, -1, 2, 7, 12, 24, 1000, 1200, 1201, 10**6, 10**6 + 1, 10**9, 10**15, 10**18, 2**63, -(2**63), 10**30, 10**400,
    0.0, -0.0, 0.5, 1.0, 1.5, -0.5, 1e-320, 1e-9, 1e9, 1e15, 1e308, -1e308, math.nan, math.inf, -math.inf, 0.1 + 0.2,
)  # fmt: skip
FLAGS: Final = (True, False, None)


def deep(depth: int, kind: str) -> Any:
    """Something nested very deep."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


def odd(luck: random.Random) -> Any:
    """A value that is not meant."""
    made: list[Callable[[], Any]] = [
        lambda: luck.choice(TEXTS),
        lambda: luck.choice(NUMBERS),
        lambda: luck.choice(FLAGS),
        lambda: [],
        lambda: {},
        lambda: [odd(luck) for _ in range(luck.randint(1, 4))],
        lambda: {luck.choice(TEXTS): odd(luck) for _ in range(luck.randint(1, 3))},
        lambda: deep(luck.choice((3, 13, 60, 900)), luck.choice(("list", "table"))),
        lambda: [luck.choice(NUMBERS)] * luck.choice((3, 33, 5000)),
        lambda: datetime.date(2022, 3, 1),
        lambda: datetime.datetime(2022, 3, 1, 12, tzinfo=datetime.UTC),
        lambda: datetime.time(12),
    ]
    return luck.choice(made)()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(content: Any, path: tuple[Any, ...]) -> Any:
    """What is at a place."""
    for step in path:
        content = content[step]
    return content


# ---- what is done to a scenario --------------------------------------------------------------------------------------


def replace(luck: random.Random, content: Content) -> None:
    """Something else where something was."""
    path = luck.choice(list(places(content)))
    at(content, path[:-1])[path[-1]] = odd(luck)


def scale(luck: random.Random, content: Content) -> None:
    """A number that is far too large, too small, or of another sign."""
    numbers = [p for p in places(content) if isinstance(at(content, p), int | float) and at(content, p) is not True]
    if numbers:
        path = luck.choice(numbers)
        factor = luck.choice((-1, 0, 0.5, 2, 10, 1000, 10**6, 10**12))
        was = at(content, path)
        if math.isfinite(was) if isinstance(was, float) else abs(was) < 10**300:
            at(content, path[:-1])[path[-1]] = int(was * factor) if isinstance(was, int) else was * factor


def remove(luck: random.Random, content: Content) -> None:
    """A key or an item less."""
    path = luck.choice(list(places(content)))
    del at(content, path[:-1])[path[-1]]


def rename(luck: random.Random, content: Content) -> None:
    """A key spelled otherwise, or a new one."""
    tables = [(), *(p for p in places(content) if isinstance(at(content, p), dict))]
    table = at(content, luck.choice(tables))
    key = luck.choice(list(table)) if table else "x"
    wrong = luck.choice((f"{key}s", str(key)[:-1], str(key).upper(), luck.choice(TEXTS), 7, None))
    table[wrong] = table.pop(key, 1) if luck.random() < 0.5 else odd(luck)


def repeat(luck: random.Random, content: Content) -> None:
    """An item twice, or very often under other names."""
    lists = [p for p in places(content) if isinstance(at(content, p), list) and at(content, p)]
    if not lists:
        return
    items = at(content, luck.choice(lists))
    item = luck.choice(items)
    how = luck.choice(("same", "case", "form", "many", "shuffled"))
    if how == "shuffled":
        luck.shuffle(items)
        return
    label = next((key for key in ("name", "id") if isinstance(item, dict) and isinstance(item.get(key), str)), None)
    for number in range(luck.choice((5, 300, 3000)) if how == "many" else 1):
        again = copy.deepcopy(item)
        if label:
            name = again[label]
            again[label] = {"case": name.swapcase(), "form": f"{name}\u0301", "many": f"{name[:60]} {number}"}.get(
                how, name
            )
            for team in again.get("teams") or () if how == "many" and isinstance(again.get("teams"), list) else ():
                if isinstance(team, dict):
                    team["name"] = f"Team {number}"
        items.append(again)


def swap(luck: random.Random, content: Content) -> None:
    """Two values in each other's place."""
    one, two = (luck.choice(list(places(content))) for _ in range(2))
    try:
        first, second = at(content, one), at(content, two)
        at(content, one[:-1])[one[-1]] = copy.deepcopy(second)
        at(content, two[:-1])[two[-1]] = copy.deepcopy(first)
    except (KeyError, IndexError, TypeError):
        pass  # one lay in the other


def _names(content: Content, key: str) -> list[Any]:
    items = content.get(key)
    label = "id" if key == "events" else "name"
    return [item.get(label) for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _name(luck: random.Random, content: Content) -> Any:
    """Any name that there is, or one that there is not."""
    teams = [
        team.get("name")
        for employer in (content.get("employers") if isinstance(content.get("employers"), list) else None) or ()
        if isinstance(employer, dict) and isinstance(employer.get("teams"), list)
        for team in employer["teams"]
        if isinstance(team, dict)
    ]
    every = [*_names(content, "employers"), *_names(content, "sites"), *_names(content, "cohorts"), *teams]
    return luck.choice(every) if every and luck.random() < 0.9 else luck.choice(TEXTS)


def _date(luck: random.Random) -> str:
    return f"{luck.choice((2021, 2022, 2022, 2023, 2024))}-{luck.randint(1, 12):02d}"


def _field(luck: random.Random, content: Content, key: str) -> Any:
    if key in ("employer", "team", "to", "into", "origin"):
        return _name(luck, content)
    if key in ("employers", "teams", "sites", "from"):
        return [_name(luck, content) for _ in range(luck.randint(1, 3))]
    if key in ("share", "kept", "chance"):
        return luck.choice((0, 0.0, 0.2, 1.0, 1))
    if key in ("months", "number", "lead_time"):
        return luck.choice((0, 1, 3, 60, 120, 240, 1200, 10_000))
    if key in ("value", "h100e", "demand", "visibility", "size", "add", "quality"):
        return luck.choice((0, 0.1, 1, 3.0, 10, -1, 1e6, 1e9))
    if key == "name":
        return luck.choice([*LEVERS, "x"])
    if key == "op":
        return luck.choice(("set", "multiply", "add"))
    if key == "source":
        return luck.choice(("layoff", "leader_loss"))
    if key == "toward":
        return {"openness": luck.random(), "mission": 1}
    return luck.choice((True, False, 1, "x"))


def happen(luck: random.Random, content: Content) -> None:
    """A dated event with effects of any kind."""
    events = content.get("events")
    if not isinstance(events, list):
        return
    effects = []
    for _ in range(luck.randint(1, 4)):
        kind = luck.choice(list(EFFECTS))
        keys = [key for key, field in EFFECTS[kind].items() if field.required or luck.random() < 0.4]
        effects.append({"kind": kind, **{key: _field(luck, content, key) for key in keys}})
    date = _date(luck)
    event: Content = {"id": f"N{luck.randint(0, 99)}", "date": date, "type": "made", "effects": effects}
    if luck.random() < 0.3:
        event["between"] = [_date(luck), _date(luck)]
    events.insert(luck.randint(0, len(events)), event)


def decree(luck: random.Random, content: Content) -> None:
    """Policies, parameters and interventions, many of them allowed."""
    which = luck.random()
    if which < 0.4:
        name = luck.choice(list(policies.names()))
        chosen: Content = {"name": name}
        for key, knob in policies.knobs_of(name).items():
            if luck.random() < 0.6:
                ends = (knob.low, knob.high, knob.neutral) if isinstance(knob, policies.Knob) else ()
                chosen[key] = luck.choice(ends) if ends else luck.choice((_name(luck, content), _date(luck), ""))
        content["policies"] = [*(content.get("policies") or ()), chosen]
    elif which < 0.8:
        found = {}
        for parameter in luck.sample(list(declared().values()), luck.choice((1, 3, 20, len(declared())))):
            found[parameter.name] = luck.choice((parameter.low, parameter.high, parameter.default))
        content["parameters"] = found
    else:
        parameter = luck.choice(list(declared().values()))
        item = {"parameter": parameter.name, "value": luck.choice((parameter.low, parameter.high)), "date": _date(luck)}
        content["interventions"] = [*(content.get("interventions") or ()), item]


ENDS: Final[dict[str, tuple[Any, ...]]] = {
    "researchers": (0, 1, 3, 1000, 30_000, 999_975), "compute": (0, 1e9), "compute_growth": (0, 100),
    "lead_time": (0, 60), "gpu_ready": (0, 1), "utilisation": (0, 1), "product_share": (0, 1), "pay_level": (0.01, 20),
    "pay_ceiling": (0, 100), "equity_ratio": (0, 20), "prestige": (0, 10), "growth": (0, 20), "counter_offer": (0, 1),
    "recruiter_contacts": (0, 100), "garden_leave": (0, 24), "count": (1, 2, 40, 1000), "share": (0, 1),
    "priority": (0, 100), "remote": (0, 1), "posts": (0, 1, 1_000_000), "months": (1, 2, 240, 1200),
    "horizon": (1, 1200), "entrants_per_year": (0, 1, 5000, 1_000_000), "potential_founders": (0, 1),
    "utc_offset": (-12, 14),
    "notice_months": (0, 24), "seed_climate": (0, 1), "demand": (0, 1e9), "visibility": (0, 10), "size": (1, 1_000_000),
    "allocation": ("committee", "by_demand", "equal_per_head"), "kind": ("lab", "university"),
    "start": ("1990-01", "2021-12", "2022-01", "2100-12"),
}  # fmt: skip


def stretch(luck: random.Random, content: Content) -> None:
    """The end of a range, which is allowed."""
    known = [p for p in places(content) if p[-1] in ENDS]
    for path in luck.sample(known, min(len(known), luck.choice((1, 1, 2, 6)))):
        at(content, path[:-1])[path[-1]] = luck.choice(ENDS[path[-1]])


def crowd(luck: random.Random, content: Content) -> None:
    """A whole list or table of very many, within the size of a file."""
    many = luck.choice((500, 2000, 4200))
    site = {"name": "Far", "country": "Away", "utc_offset": 0.0}
    cancel = {"kind": "cancel", "team": "No"}
    cohort = {"employer": "Alpha", "size": 1, "fixed": "2022-01"}
    wrong = luck.random() < 0.3
    made: dict[str, Callable[[int], Any]] = {
        "sites": lambda k: {**site, "name": f"Far {k}", **({"wrong": 1} if wrong else {})},
        "topics": lambda k: f"topic {k}",
        "sources": lambda k: f"source {k}",
        "events": lambda k: {"id": f"M{k}", "date": "2022-05", "type": "x", "effects": [cancel]},
        "interventions": lambda k: {"parameter": "h0" if not wrong else f"h{k}", "value": 0.1, "date": "2022-05"},
        "policies": lambda k: {"name": "layoffs", "share": 0.1} if not wrong else {"name": f"layoff{k}"},
        "flows": lambda k: {"pair": ["Alpha", f"Beta{k}"], "as_of": "2022-05", "use": "predict"},
        "retention": lambda k: {"employer": f"Alfa{k}", "months": 1, "as_of": "2022-05", "use": "predict"},
        "cohorts": lambda k: {**cohort, "name": f"c{k}", "subset_of": f"c{k - 1}"},
    }
    key = luck.choice([*made, "parameters", "teams", "employers", "members"])
    employers = content.get("employers")
    first = employers[0] if isinstance(employers, list) and employers and isinstance(employers[0], dict) else None
    if key == "parameters":
        content["parameters"] = {f"{luck.choice(('h', 'mu', 'nothing'))}{k}": k for k in range(4 * many)}
    elif key == "members":
        if isinstance(content.get("cohorts"), list) and content["cohorts"]:
            content["cohorts"][0] = {"name": "a", "employer": "Alpha", "size": 4, "fixed": "2022-01"}
            content["cohorts"][0]["members"] = {f"Alpha Langage{k}": 1 for k in range(many)}
    elif key in ("teams", "employers"):
        if first and isinstance(first.get("teams"), list) and first["teams"] and isinstance(first["teams"][0], dict):
            count = luck.choice((1, 1, 20, 1000))
            place = "Pariss" if wrong else first["teams"][0].get("site")
            teams = [
                {
                    "name": f"t{k}",
                    "site": place,
                    "share": 1 / many,
                    "count": count,
                    "topic": first["teams"][0].get("topic"),
                }
                for k in range(many)
            ]
            if key == "teams":
                first["teams"] = teams
            else:
                whole = {**first, "source": "", "culture": first.get("culture"), "researchers": 1}
                content["employers"] = [
                    {**whole, "name": f"E{k}", "teams": [{**team, "share": 1.0}]} for k, team in enumerate(teams[:600])
                ]
    else:
        was = content.get(key)
        content[key] = [*(was if isinstance(was, list) else ()), *(made[key](k) for k in range(many))]


MUTATIONS: Final = (
    *(replace, replace, replace, scale, scale, remove, rename, repeat, swap),
    *(happen, happen, decree, decree, stretch, stretch, stretch, crowd),
)
_SHIPPED: Final = {name: scenario.load(name).to_dict() for name in scenario.names()}


def _base(luck: random.Random) -> Content:
    """A scenario as shipped; mostly the small one."""
    return copy.deepcopy(_SHIPPED["tiny" if luck.random() < 0.8 else luck.choice(list(_SHIPPED))])


def mutant(luck: random.Random) -> Content:
    """A scenario with one to eight mutations, no larger than a file may be."""
    content = _base(luck)
    for _ in range(luck.choice((1, 1, 2, 2, 3, 4, 8))):
        try:
            before = copy.deepcopy(content)
        except RecursionError:  # deep enough
            break
        try:
            luck.choice(MUTATIONS)(luck, content)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError):
            pass  # an earlier one has left nothing to do this to
        if not content or _weight(content) > LARGEST_FILE:
            content = before
    return content


def _weight(content: Any) -> int:
    """Characters of a value as JSON, without its deepest parts."""
    try:
        return len(json.dumps(content, default=str, skipkeys=True))
    except (RecursionError, ValueError):
        return 0


# ---- the doors -------------------------------------------------------------------------------------------------------


def lived(found: Scenario) -> str:
    """Build a world and run two months, unless it is so large that the app asks first."""
    from abm.scenario_size import size_of

    assert from_dict(found.to_dict()) == found
    if size_of(found).is_large:
        return "large"
    market = LiveMarket(found, 1)
    for _ in range(2):
        market.step()
    market.digest()
    return "valid"


def _toml(value: Any) -> str:
    """TOML of anything, also of what no scenario holds; not always valid."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items()) + "}"
    return "nothing" if value is None else str(value)


def scenarios(luck: random.Random) -> Door:
    """A mutated scenario, as a table or as the text of a file; sometimes the text is torn as well."""
    content = mutant(luck)
    if luck.random() < 0.5:
        return lambda: lived(from_dict(content))
    try:
        text = "\n".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in content.items())
    except (RecursionError, ValueError):
        return lambda: lived(from_dict(content))
    for _ in range(luck.choice((0, 0, 0, 1, 3))):
        where = luck.randrange(len(text))
        torn = luck.choice(("", "\0", '"', "[", "]", "=", "#", "\n", ".", "é", "\ud800", "[" * 4000, "a." * 4000, "1_"))
        text = text[:where] + torn + text[where + luck.choice((0, 1, 40, 4000)) :]
    return lambda: lived(from_dict(parse_text(text, "mutant"), "mutant"))


def settings(luck: random.Random) -> Door:
    """One to six settings on a shipped scenario, as `--set` gives them, many of them about each other."""
    name = "tiny" if luck.random() < 0.7 else luck.choice(list(_SHIPPED))
    content = _SHIPPED[name]
    pairs = []
    for _ in range(luck.choice((1, 2, 2, 3, 4, 6))):
        key, value = _setting(luck, content)
        pairs.append(f"{key}={value}")
    return lambda: lived(scenario.load(name).with_settings(commands.settings_of(pairs)))


def _setting(luck: random.Random, content: Content) -> tuple[str, str]:
    which = luck.random()
    if luck.random() < 0.4:  # one that is allowed by itself
        return _sane(luck, content)
    if which < 0.15:
        parameter = luck.choice(list(declared().values()))
        name = luck.choice((parameter.name, parameter.name, f"parameters.{parameter.name}", f"{parameter.name}x"))
        return name, str(luck.choice((parameter.low, parameter.high, parameter.default, *NUMBERS[:14])))
    if which < 0.3:
        return luck.choice([*TOP, "nothing", *TEXTS]), _value(luck, content)
    table = luck.choice(("employers", "teams", "sites", "cohorts", "events", "policies", "retention", "tables"))
    if table == "policies":
        policy = luck.choice(list(policies.names()))
        knobs = policies.knobs_of(policy)
        knob = luck.choice([*knobs, "x"])
        ends = [getattr(knobs.get(knob), end, "Alpha") for end in ("low", "high", "neutral")]
        return f"policies.{policy}.{knob}", str(luck.choice((*ends, _name(luck, content), _date(luck))))
    teams = [team for employer in content["employers"] for team in employer["teams"]]
    items = teams if table == "teams" else content.get(table) or [{}]
    item = luck.choice(items)
    name = item.get("id", item.get("name", "x"))
    keys = [
        *item,
        *item,
        "drop",
        "drop",
        "id",
        "name",
        "name.x",
        "teams",
        "culture.openness",
        "project.name",
        "x",
        "",
        "x.y.z",
    ]
    key = luck.choice(keys)
    if key == "drop" or luck.random() < 0.05:
        return f"{table}.{luck.choice((name, name, 'T99', 'Nobody'))}.{key}", luck.choice(("true", "false", "1", "x"))
    if key in ENDS and luck.random() < 0.6:
        return f"{table}.{name}.{key}", str(luck.choice(ENDS[key]))
    return f"{table}.{luck.choice((name, name, name, luck.choice(TEXTS)))}.{key}", _value(luck, content)


def _sane(luck: random.Random, content: Content) -> tuple[str, str]:
    employer, event = luck.choice(content["employers"]), luck.choice(content["events"])
    team, parameter = luck.choice(employer["teams"]), luck.choice(list(declared().values()))
    made = (
        (parameter.name, luck.choice((parameter.low, parameter.high))),
        (f"employers.{employer['name']}.compute", luck.choice((0, 1, 1e9))),
        (f"employers.{employer['name']}.growth", luck.choice((0, 1, 20))),
        (f"employers.{employer['name']}.recruiter_contacts", luck.choice((0, 100))),
        (f"employers.{employer['name']}.allocation", "equal_per_head"),
        (f"employers.{employer['name']}.culture.openness", luck.random()),
        (f"teams.{team['name']}.priority", luck.choice((0, 100))),
        (f"teams.{team['name']}.posts", luck.choice((1, 100, 10_000))),
        (f"sites.{luck.choice(content['sites'])['name']}.seed_climate", luck.choice((0, 1))),
        (f"events.{event['id']}.drop", luck.choice(("true", "false"))),
        (f"events.{event['id']}.label", "x"),
        ("months", luck.choice((1, 6, 12))),
        ("potential_founders", luck.choice((0, 0.5, 1))),
        ("entrants_per_year", luck.choice((0, 10, 2000))),
    )
    key, value = luck.choice(made)
    return key, str(value)


def _value(luck: random.Random, content: Content) -> str:
    try:
        return luck.choice(
            (
                str(_name(luck, content)),
                _date(luck),
                _toml(odd(luck)),
                str(odd(luck)),
                "[" * 3000,
                "{a" + ".a" * 900 + "=1}",
            )
        )
    except (RecursionError, ValueError):
        return "{" * 900


def links(luck: random.Random) -> Door:
    """An address of the app: `?world=`, as the page sends it to the session."""
    from viz import messages, pages

    pages.load_all()
    asked = {"do": "world", "code": _code(luck), "seed": luck.choice((1, 0, 2**53))}

    def opened() -> str:
        known, values = messages.read(asked)
        tab = Tab()
        answer = known.run(tab, values)
        if tab.market is None:
            assert answer["large"]["words"]
            return "large"
        tab.market.step()
        return "valid"

    return opened


class Tab:
    """As much of a session as opening an address needs."""

    market: LiveMarket | None = None

    def open(self, market: LiveMarket, seen: Any = None) -> Content:
        from viz import frames

        self.market = market
        opening = (seen or frames.Seen(market)).opening()
        frames.pack(opening)
        return opening


def _packed(content: Any) -> str:
    return (
        base64.urlsafe_b64encode(zlib.compress(json.dumps(content, default=str, skipkeys=True).encode(), 9))
        .decode()
        .rstrip("=")
    )


def _code(luck: random.Random) -> str:
    from viz import world_code

    which = luck.random()
    name = luck.choice(list(_SHIPPED))
    try:
        if which < 0.25:
            text = "\n".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in mutant(luck).items())
            code = _packed({"v": 1, "toml": text})
        elif which < 0.6:  # what differs from a shipped one
            base = scenario.load(name)
            made = mutant(luck)
            patch: Any = world_code._patch(base.to_dict(), made)
            for _ in range(luck.choice((0, 0, 1, 2))):
                replace(luck, patch)
            code = _packed({"v": 1, "base": name, "hash": base.content_hash()[:12], "patch": patch})
        elif which < 0.75:
            base = scenario.load(name)
            few = {key: {"=": luck.choice(ends)} for key, ends in ENDS.items() if key in TOP and luck.random() < 0.4}
            few["employers"] = {
                "i": [
                    [0, {"k": {"researchers": {"=": luck.choice(ENDS["researchers"])}}}],
                    [1, len(base.employers) - 1],
                ]
            }
            code = _packed({"v": 1, "base": name, "hash": base.content_hash()[:12], "patch": {"k": few}})
        elif which < 0.85:
            form = {"v": odd(luck), "toml": odd(luck), "base": name, "hash": odd(luck), "patch": odd(luck)}
            code = _packed({key: item for key, item in form.items() if luck.random() < 0.8})
        elif which < 0.9:  # small, and large when unpacked
            data = zlib.compress(luck.choice((b" ", b"[", b'{"a":', b"0")) * luck.choice((10**5, 10**6, 10**7)), 9)
            code = base64.urlsafe_b64encode(data).decode()
        elif which < 0.95:
            code = base64.urlsafe_b64encode(zlib.compress(to_toml(scenario.load(name)).encode())).decode()
        else:
            code = luck.choice(TEXTS) * luck.choice((1, 1, 30_000))
    except (RecursionError, ValueError, UnicodeEncodeError):
        code = "x"
    for _ in range(luck.choice((0, 0, 0, 0, 1, 2))):  # torn on the way
        if code:
            where = luck.randrange(len(code))
            code = code[:where] + luck.choice(("", "A", "%", "é", "==", "-_")) + code[where + luck.choice((0, 1, 50)) :]
    return code


# ---- what it cost ----------------------------------------------------------------------------------------------------


class TooSlowError(Exception):
    """Interrupted after very much time of the processor."""


def _interrupt(*_: object) -> None:
    raise TooSlowError(f"interrupted after {GIVES_UP:g} s of CPU")


def _peak_begins() -> float:
    """Megabytes resident now; from here on the peak is counted anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _resident("VmRSS")


def _resident(what: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def tried(kind: str, number: int) -> Content:
    """How a mutant ended, and what it cost: CPU seconds of this process, and megabytes on top of what it held."""
    from viz.messages import Wrong

    door = {"scenarios": scenarios, "settings": settings, "links": links}[kind](random.Random(f"{kind} {number}"))
    before = _peak_begins()
    began = resource.getrusage(resource.RUSAGE_SELF)
    signal.setitimer(signal.ITIMER_PROF, GIVES_UP)
    try:
        ended, words = door(), ""
    except (ScenarioError, commands.Refused, Wrong) as error:
        ended, words = "refused", str(error)
        if not words.strip() or "Traceback" in words or not _can_be_said(words):
            ended = "broken"
    except Exception as error:
        ended, words = "broken", f"{type(error).__name__}: {error}"
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        if frame is not None:
            words += f" ({Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno})"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = spent.ru_utime + spent.ru_stime - began.ru_utime - began.ru_stime
    memory = _resident("VmHWM") - before
    words = words[:600].encode("utf-8", "backslashreplace").decode()
    return {"kind": kind, "number": number, "ended": ended, "words": words, "seconds": seconds, "megabytes": memory}


def _can_be_said(words: str) -> bool:
    """Whether a terminal and a page can show it: half a character can be sent to neither."""
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(words) < 20_000


def main(kind: str, first: str, count: str) -> None:
    """Try mutants one after the other and tell of each."""
    signal.signal(signal.SIGPROF, _interrupt)
    lived(scenario.load("tiny"))  # what is loaded once is no mutant's cost
    for number in range(int(first), int(first) + int(count)):
        print(json.dumps(tried(kind, number)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
