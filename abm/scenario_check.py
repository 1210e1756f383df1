"""What must hold between the keys of a scenario: names that exist, shares that add up, dates that lie inside.

:func:`check` takes what the TOML parser (or a derived variant) gives and returns the canonical form with all defaults
filled in, or raises one :class:`ScenarioError` that lists all the problems.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from abm import parameters
from abm.scenario_effects import INSIDE, LEFT_FIELD, Known, read_effect
from abm.scenario_policies import check_policies
from abm.scenario_read import (
    BY_EVENT,
    Problems,
    ScenarioError,
    cut,
    date_text,
    integer,
    month_number,
    read_keys,
    show,
    sizes,
    spot,
)
from abm.scenario_schema import MOST_RESEARCHERS, MOST_TEAMS, TOP

RESERVED: Final = frozenset({LEFT_FIELD, INSIDE, "new start-up", "left the field", "searching"})
SHARE_TOLERANCE: Final = 1e-6
_HERE: Final = Path(__file__).parent


def check(raw: Mapping[str, object], where: str) -> dict[str, Any]:
    """The canonical form of a scenario; all problems in one error."""
    problems = Problems()
    top: dict[str, Any] = read_keys(problems, "", {**raw}, TOP)
    known = Known()
    _sites(problems, top, known)
    if not _employers(problems, top, known):  # nothing is looked up among half a million teams
        raise ScenarioError.about(where, problems.lines)
    if {"start", "months"} <= top.keys():
        _length(problems, top)
        _cohorts(problems, top, known)
        _retention(problems, top, known)
        _flows(problems, top, known)
        _events(problems, top, known)
        _interventions(problems, top)
    _parameters(problems, top)
    check_policies(problems, top, known)
    if problems.lines:
        raise ScenarioError.about(where, problems.lines)
    return top


def _length(problems: Problems, top: dict[str, Any]) -> None:
    """A run ends within the horizon: after it no event happens and no date holds, which is not a quiet world."""
    months = top["months"]
    horizon = top.setdefault("horizon", months)
    if months > horizon:
        ends = date_text(month_number(top["start"]) + horizon - 1)
        expected = f"1 to {horizon}, the horizon: the dates and events of the scenario end in {ends}"
        fix = f"use at most {horizon}, or say what happens later and give horizon = {months} as well"
        problems.add("months", show(months), expected, fix)
        top["horizon"] = months


def _entries(top: Mapping[str, Any], key: str, label: str) -> list[tuple[str, dict[str, Any]]]:
    """The readable tables of a list of tables, each with its place."""
    return [(spot(key, i, item, label), item) for i, item in enumerate(top.get(key, ()), 1) if item is not None]


def _unique(problems: Problems, place: str, value: str | None, seen: dict[str, str], what: str) -> None:
    if value is None:
        return
    folded = value.casefold()
    if folded in seen:
        expected = f"a {what} used once"
        problems.add(place, f"{show(value)} again", expected, f"rename it; it is already at {seen[folded]}")
    else:
        seen[folded] = place


def _sites(problems: Problems, top: dict[str, Any], known: Known) -> None:
    seen: dict[str, str] = {}
    for place, site in _entries(top, "sites", "name"):
        _unique(problems, f"{place}.name", site.get("name"), seen, "site name")
        known.sites.add(site.get("name", ""))
    known.sites.discard("")
    seen = {}
    for i, topic in enumerate(top.get("topics", ()), 1):
        _unique(problems, f"topics[{i}]", topic, seen, "topic")


def _employers(problems: Problems, top: dict[str, Any], known: Known) -> bool:
    """Check employers and their teams; whether there are so few that the rest can be looked up among them."""
    seen: dict[str, str] = {}
    team_seen: dict[str, str] = {}
    teams = 0
    total = math.ceil(top.get("entrants_per_year", 0.0) * max(top.get("months", 0), top.get("horizon", 0)) / 12)
    for place, employer in _entries(top, "employers", "name"):
        title = employer.get("name")
        _unique(problems, f"{place}.name", title, seen, "employer name")
        if title in RESERVED:
            problems.add(f"{place}.name", show(title), "a name that is not reserved", "choose another name")
        elif title is not None:
            known.employers.add(title)
        if "hq" in employer:
            known.check(problems, f"{place}.hq", "site", employer["hq"])
        low, high = employer.get("pay_level"), employer.get("pay_ceiling")
        if low is not None and high is not None and high < low:
            expected = f"a ceiling of at least pay_level = {low:g}"
            problems.add(f"{place}.pay_ceiling", show(high), expected, "raise pay_ceiling or lower pay_level")
        total += employer.get("researchers", 0)
        teams += sum(team.get("count", 1) for team in employer.get("teams", ()) if team)
        if teams <= MOST_TEAMS:  # more are not even named
            _teams(problems, place, employer, top, known, team_seen)
    if teams > MOST_TEAMS:
        expected = f"at most {MOST_TEAMS:,} in all"
        problems.add("employers", f"{teams:,} teams (split ones apart)", expected, "lower count, or remove some")
    if total > MOST_RESEARCHERS:
        came = f"{total:,} researchers with the entrants"
        expected = f"at most {MOST_RESEARCHERS:,} in all"
        problems.add("employers", came, expected, "lower researchers or entrants_per_year")
    return teams <= MOST_TEAMS


def _teams(
    problems: Problems, place: str, employer: dict[str, Any], top: dict[str, Any], known: Known, seen: dict[str, str]
) -> None:
    teams = [(spot(f"{place}.teams", i, t, "name"), t) for i, t in enumerate(employer.get("teams", ()), 1) if t]
    for at, team in teams:
        title = team.get("name")
        if "site" in team:
            known.check(problems, f"{at}.site", "site", team["site"])
        if "topic" in team and "topics" in top and team["topic"] not in top["topics"]:
            problems.unknown(f"{at}.topic", "one of topics", team["topic"], top["topics"])
        _opening(problems, at, team, top)
        if title is None:
            continue
        for each in dict.fromkeys((title, *team_names(title, team.get("count", 1)))):
            _unique(problems, f"{at}.name", each, seen, "team name (split teams are numbered)")
            known.teams[each] = employer.get("name", "")
            if each == title and team.get("count", 1) > 1:
                known.split.add(each)
            if "opens" in team:
                known.opens[each] = team["opens"]
    if teams and all("share" in team for _, team in teams) and len(teams) == len(employer["teams"]):
        added = math.fsum(team["share"] for _, team in teams)
        if abs(added - 1) > SHARE_TOLERANCE:
            fix = f"change the shares by {1 - added:+.6g} in all; teams with `opens` have share 0"
            problems.add(f"{place}.teams.share", f"{added:.8g} in all", "shares that add up to 1", fix)


def _opening(problems: Problems, at: str, team: dict[str, Any], top: dict[str, Any]) -> None:
    share = team.get("share")
    if "opens" not in team:
        if share == 0:
            problems.add(f"{at}.share", "0", "a share above 0", 'add opens = "YYYY-MM" and posts, or give a share')
        return
    if share:
        fix = "set share = 0 and give posts; people come by hiring or by a transfer"
        problems.add(f"{at}.share", show(share), "0 for a team that opens later", fix)
    if team.get("posts", 0) < 1:
        problems.add(f"{at}.posts", show(team.get("posts", 0)), "1 or more for a team that opens later", "add posts")
    if "start" in top and team["opens"] != BY_EVENT and month_number(team["opens"]) <= month_number(top["start"]):
        fix = "leave opens out and give the team a share"
        problems.add(f"{at}.opens", show(team["opens"]), f"a month after the start {top['start']}", fix)


def team_names(base: str, count: int) -> tuple[str, ...]:
    """The names of the teams of one plan: itself, or numbered from 1 when it is split."""
    return (base,) if count == 1 else tuple(f"{base} {i}" for i in range(1, count + 1))


def team_sizes(employer: Mapping[str, Any]) -> dict[str, int]:
    """Initial head count of every team of an employer (split ones apart), in the order of the file."""
    named = [(each, t["share"] / t["count"]) for t in employer["teams"] for each in team_names(t["name"], t["count"])]
    counts = sizes(employer["researchers"], [share for _, share in named])
    return dict(zip((each for each, _ in named), counts, strict=True))


def _within(problems: Problems, place: str, value: str, top: dict[str, Any]) -> bool:
    """Note a problem unless the date is inside the scenario."""
    first = month_number(top["start"])
    last = first + top["horizon"] - 1
    if first <= month_number(value) <= last:
        return True
    expected = f"a month of the scenario, {top['start']} to {date_text(last)}"
    problems.add(place, show(value), expected, "correct the date, or change start and months")
    return False


def _capacity(top: dict[str, Any], employer: str) -> dict[str, int]:
    """How many a cohort may draw from each team or base name: the initial size or the planned one, the larger."""
    result: dict[str, int] = {}
    for entry in top.get("employers", ()):
        whole = entry is not None and {"name", "researchers", "teams"} <= entry.keys() and None not in entry["teams"]
        if not whole or entry["name"] != employer or any({"name", "share"} - t.keys() for t in entry["teams"]):
            continue
        start = team_sizes({**entry, "teams": [{"count": 1, **t} for t in entry["teams"]]})
        for team in entry["teams"]:
            parts = team_names(team["name"], team.get("count", 1))
            result |= {part: max(start[part], team.get("posts", 0) // len(parts)) for part in parts}
            result[team["name"]] = max(sum(start[part] for part in parts), team.get("posts", 0))
    return result


def _cohorts(problems: Problems, top: dict[str, Any], known: Known) -> None:
    seen: dict[str, str] = {}
    size_of: dict[str, int] = {}
    capacity = cache(lambda employer: _capacity(top, employer))
    for place, cohort in _entries(top, "cohorts", "name"):
        _unique(problems, f"{place}.name", cohort.get("name"), seen, "cohort name")
        if "fixed" in cohort:
            _within(problems, f"{place}.fixed", cohort["fixed"], top)
        if "employer" in cohort and known.check(problems, f"{place}.employer", "employer", cohort["employer"]):
            _members(problems, place, cohort, capacity(cohort["employer"]), size_of)
        for i, observed in enumerate(cohort.get("observations", ()), 1):
            if observed is not None:
                _observation(problems, spot(f"{place}.observations", i, observed, "date"), observed, cohort, top)
        if {"name", "size"} <= cohort.keys():
            size_of[cohort["name"]] = cohort["size"]


def _members(
    problems: Problems, place: str, cohort: dict[str, Any], capacity: dict[str, int], earlier: dict[str, int]
) -> None:
    if ("members" in cohort) == ("subset_of" in cohort):
        came = "both members and subset_of" if "members" in cohort else "neither members nor subset_of"
        fix = 'write members = { "team name" = number } or subset_of = "cohort"'
        problems.add(place, came, "exactly one of members, subset_of", fix)
    elif "subset_of" in cohort:
        if cohort["subset_of"] not in earlier:
            problems.unknown(f"{place}.subset_of", "a cohort declared before", cohort["subset_of"], earlier)
        elif cohort.get("size", 0) > earlier[cohort["subset_of"]]:
            expected = f"at most the {earlier[cohort['subset_of']]} of {show(cohort['subset_of'])}"
            problems.add(f"{place}.size", show(cohort["size"]), expected, "lower size")
    elif not isinstance(cohort["members"], Mapping):
        came = show(cohort["members"])
        problems.add(f"{place}.members", came, "a table team = number", 'write { "team name" = 3 }')
    else:
        count = integer(1, MOST_RESEARCHERS)
        read = {team: count(problems, f"{place}.members.{team}", n) for team, n in cohort["members"].items()}
        for team, n in read.items():
            if team not in capacity:
                expected = f"a team of {show(cohort['employer'])}"
                problems.unknown(f"{place}.members", expected, team, capacity)
            elif isinstance(n, int) and n > capacity[team]:
                expected = f"at most the {capacity[team]} people of the team"
                problems.add(f"{place}.members.{team}", show(n), expected, "lower it or raise the team's share")
        numbers = [n for n in read.values() if isinstance(n, int)]
        if "size" in cohort and len(numbers) == len(read) and sum(numbers) != cohort["size"]:
            came = f"{sum(numbers)} members in all"
            problems.add(f"{place}.members", came, f"size = {cohort['size']}", "correct size or members")
        cohort["members"] = read


def _observation(
    problems: Problems, place: str, observed: dict[str, Any], cohort: dict[str, Any], top: dict[str, Any]
) -> None:
    given = [key for key in ("left_min", "left_max") if key in observed]
    if observed.get("use") == "predict" and given:
        fix = f"remove {' and '.join(given)}"
        problems.add(place, "an observed value", 'only date and use for use = "predict"', fix)
    elif observed.get("use") == "calibrate" and len(given) < 2:
        came = f"{' and '.join(given) or 'no value'}"
        problems.add(place, came, 'left_min and left_max for use = "calibrate"', "add both")
    elif len(given) == 2 and not observed["left_min"] <= observed["left_max"] <= cohort.get("size", math.inf):
        came = f"{observed['left_min']} to {observed['left_max']}"
        expected = f"left_min <= left_max <= size = {cohort.get('size')}"
        problems.add(f"{place}.left_max", came, expected, "correct the bounds")
    inside = "date" in observed and _within(problems, f"{place}.date", observed["date"], top)
    if inside and "fixed" in cohort and month_number(observed["date"]) < month_number(cohort["fixed"]):
        came, expected = show(observed["date"]), f"a month not before fixed = {cohort['fixed']}"
        problems.add(f"{place}.date", came, expected, "move the observation or the cohort's date")


def _retention(problems: Problems, top: dict[str, Any], known: Known) -> None:
    for place, row in _entries(top, "retention", "employer"):
        if "employer" in row:
            known.check(problems, f"{place}.employer", "employer", row["employer"])
        inside = "as_of" in row and _within(problems, f"{place}.as_of", row["as_of"], top)
        if inside and "months" in row and month_number(row["as_of"]) - row["months"] < month_number(top["start"]):
            came, expected = f"{row['months']} months before {row['as_of']}", f"hires after the start {top['start']}"
            problems.add(f"{place}.months", came, expected, "shorten months or start the scenario earlier")
        if row.get("use") == "predict" and "share" in row:
            problems.add(f"{place}.share", show(row["share"]), 'no share for use = "predict"', "remove share")
        elif row.get("use") == "calibrate" and "share" not in row:
            problems.add(f"{place}.share", "nothing", 'a share for use = "calibrate"', "add share = 0..1")


def _flows(problems: Problems, top: dict[str, Any], known: Known) -> None:
    for place, row in _entries(top, "flows", "pair"):
        pair: tuple[str, ...] = row.get("pair") or ()
        fine = [known.check(problems, f"{place}.pair", "employer", employer) for employer in pair]
        if len(fine) == 2 and all(fine) and pair[0] == pair[1]:
            problems.add(f"{place}.pair", f"{show(pair[0])} twice", "two employers", "name another one")
        if "as_of" in row:
            _within(problems, f"{place}.as_of", row["as_of"], top)
        if row.get("use") == "predict" and "ratio" in row:
            problems.add(f"{place}.ratio", show(row["ratio"]), 'no ratio for use = "predict"', "remove ratio")
        elif row.get("use") == "calibrate" and "ratio" not in row:
            problems.add(f"{place}.ratio", "nothing", 'a ratio for use = "calibrate"', "add ratio = a number")


def _events(problems: Problems, top: dict[str, Any], known: Known) -> None:
    seen: dict[str, str] = {}
    for place, event in _entries(top, "events", "id"):
        _unique(problems, f"{place}.id", event.get("id"), seen, "event id")
        if "date" not in event:
            continue
        _within(problems, f"{place}.date", event["date"], top)
        first, last = event.setdefault("between", (event["date"], event["date"]))
        if month_number(first) > month_number(last):
            came = f"{first} to {last}"
            problems.add(f"{place}.between", came, "the earlier month first", f'write ["{last}", "{first}"]')
        elif not month_number(first) <= month_number(event["date"]) <= month_number(last):
            expected = f"a month within between, {first} to {last}"
            problems.add(f"{place}.date", show(event["date"]), expected, "correct date or between")
        event["effects"] = tuple(
            read_effect(problems, f"{place}.effects[{i}]", effect, known, first)
            for i, effect in enumerate(event.get("effects", ()), 1)
        )


def _parameters(problems: Problems, top: dict[str, Any]) -> None:
    given = top.get("parameters", {})
    if not isinstance(given, Mapping):
        problems.add("parameters", show(given), "a table [parameters]", "write [parameters] and key = value lines")
        return
    if not given:
        return
    read = {str(key): parameters.read(problems, f"parameters.{cut(key)}", key, value) for key, value in given.items()}
    top["parameters"] = dict(sorted((key, value) for key, value in read.items() if value is not None))


def _interventions(problems: Problems, top: dict[str, Any]) -> None:
    """Parameters that change while the market runs: such that the month reads, each once in a month."""
    seen: dict[tuple[str, str], str] = {}
    for place, item in _entries(top, "interventions", "parameter"):
        if "date" in item:
            _within(problems, f"{place}.date", item["date"], top)
        if not {"parameter", "value"} <= item.keys():
            continue
        name, value = item["parameter"], item["value"]
        item["value"] = parameters.read(problems, f"{place}.value", name, value, f"{place}.parameter")
        if item["value"] is None:
            continue
        if not parameters.read_by_the_month(name):
            came = f"{show(name)}, which is read only when the world is built"
            fix = f"write it under [parameters]: {name} = {item['value']:g}"
            problems.add(f"{place}.parameter", came, "a parameter that the month reads", fix)
        elif "date" in item and (name, item["date"]) in seen:
            came = f"{show(name)} in {item['date']} again"
            fix = f"remove one; the other is {seen[name, item['date']]}"
            problems.add(place, came, "one value of a parameter from a month on", fix)
        elif "date" in item:
            seen[name, item["date"]] = place
