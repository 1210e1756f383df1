"""The policies of a scenario: knobs read and checked, names that exist, and what each policy does once.

What a policy does once goes through the same checks as the effects of a dated event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from abm import policies
from abm.policies import Knob, Name
from abm.scenario_effects import Known, read_effect
from abm.scenario_read import Problems, cut, date, date_text, month_number, number, show, spot
from abm.scenario_schema import ALLOCATION_RULES

MOST_POLICIES: Final = 500  # each is looked at every month
RESERVED_KNOBS: Final = frozenset({"name", "act"})


def check_policies(problems: Problems, top: dict[str, Any], known: Known) -> None:
    """Put the policies in canonical form, each with what it does once, if anything, as an event of its own."""
    given = top.get("policies", ())
    if not isinstance(given, list | tuple):
        problems.add("policies", show(given), "a list of tables", "write [[policies]] before each")
        return
    if len(given) > MOST_POLICIES:
        problems.add("policies", show(given), f"a list of at most {MOST_POLICIES}", "remove those that say the same")
        return
    before = len(problems.lines)
    valid = _places(top, known)
    read = [_policy(problems, spot("policies", i, item, "name"), item, valid, top) for i, item in enumerate(given, 1)]
    if len(problems.lines) > before or "start" not in top:
        return
    counts: dict[str, int] = {}
    for i, item in enumerate(read, 1):
        assert item is not None
        number_of = counts[item["name"]] = counts.get(item["name"], 0) + 1
        _act(problems, spot("policies", i, item, "name"), item, number_of, valid, top, known)
    top["policies"] = tuple(read)


def _places(top: Mapping[str, Any], known: Known) -> dict[str, dict[str, tuple[int, ...]]]:
    """The names of every kind that the scenario declares, in its order."""
    employers = [employer for employer in top.get("employers", ()) if employer]
    sites = [site for site in top.get("sites", ()) if site]
    names = {
        "employer": [employer.get("name") for employer in employers],
        "team": [*known.teams],
        "place": [site.get(key) for key in ("name", "country") for site in sites],
        "rule": [*ALLOCATION_RULES],
    }
    places: dict[str, dict[str, tuple[int, ...]]] = {
        kind: {name: () for name in listed if name} for kind, listed in names.items()
    }
    order = list(places["employer"])
    return {**places, "owner": {team: (order.index(owner),) for team, owner in known.teams.items() if owner in order}}


def _policy(
    problems: Problems, place: str, item: object, valid: policies.Places, top: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The name and the knobs of one policy."""
    if not isinstance(item, Mapping):
        problems.add(place, show(item), "a table with a name", 'write name = "..."')
        return None
    called = item.get("name")
    if called not in policies.names():
        came = "" if "name" in item else "nothing"
        problems.unknown(f"{place}.name", "the name of a policy", called, policies.names(), came)
        return None
    knobs: Mapping[str, Knob | Name] = policies.knobs_of(str(called))
    read: dict[str, Any] = {"name": called}
    for key, value in item.items():
        knob = knobs.get(key)
        if key == "name":
            continue
        if knob is None:
            problems.unknown(f"{place}.{cut(key)}", f"a knob of {show(called)}", key, knobs, show(value))
        elif isinstance(knob, Name):
            read[key] = _name(problems, f"{place}.{key}", value, knob, valid, top)
        else:
            read[key] = number(knob.low, knob.high, f" ({knob.unit}; {knob.neutral:g} changes nothing)")(
                problems, f"{place}.{key}", value
            )
    _ends_later(problems, place, read, top)
    whole = [key for key, knob in knobs.items() if isinstance(knob, Name) and knob.empty == "none"]
    missing = [key for key in whole if not item.get(key)]
    for key in missing if len(missing) < len(whole) else ():
        given = ", ".join(known for known in whole if known not in missing)
        problems.add(f"{place}.{key}", "nothing", f"{knobs[key].unit}, because {given} is given", f"add {key} = ...")
    return read


def _ends_later(problems: Problems, place: str, read: Mapping[str, Any], top: Mapping[str, Any]) -> None:
    """A policy that ends does so after it has begun."""
    begins, until = read.get("date") or top.get("start"), read.get("until")
    if begins and until and month_number(until) <= month_number(begins):
        expected = f"a month after {begins}, when it begins"
        problems.add(f"{place}.until", show(until), expected, "end it later, or leave the policy out")


def _name(
    problems: Problems, place: str, value: object, knob: Name, valid: policies.Places, top: Mapping[str, Any]
) -> object:
    """A name or a month; empty means what the knob says."""
    if value == "":
        return ""
    if knob.kind != "date":
        if not isinstance(value, str) or value not in valid[knob.kind]:
            expected = f"{knob.unit}{' of this scenario' * (knob.kind != 'rule')}, or nothing ({knob.empty})"
            problems.unknown(place, expected, value, valid[knob.kind])
        return value
    got = date(problems, place, value)
    if got is not None and {"start", "horizon"} <= top.keys():
        first = month_number(top["start"])
        last = first + top["horizon"] - 1
        if not first <= month_number(str(got)) <= last:
            expected = f"a month of the scenario, {top['start']} to {date_text(last)}"
            problems.add(place, show(value), expected, "correct the date")
    return got


def _act(
    problems: Problems,
    place: str,
    item: dict[str, Any],
    number_of: int,
    valid: policies.Places,
    top: Mapping[str, Any],
    known: Known,
) -> None:
    """What the policy does once, as an event; its id makes the lots that are drawn in it."""
    settings = {key: value for key, value in item.items() if key not in RESERVED_KNOBS}
    when = settings.get("date") or top["start"]
    effects = [
        read_effect(problems, place, effect, known, when) for effect in policies.acts(item["name"], settings, valid)
    ]
    if effects:
        item["act"] = {
            "id": f"policy {item['name']}" + (f" {number_of}" if number_of > 1 else ""),
            "date": when,
            "between": (when, when),
            "type": "policy",
            **dict.fromkeys(("entity", "label", "note"), ""),
            "source": (),
            "effects": tuple(effects),
        }
