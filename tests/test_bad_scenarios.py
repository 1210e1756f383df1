"""Bad scenarios: each gives one clear message with the place, what was expected and the fix, and never a traceback."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm import scenario_file
from abm.scenario import ScenarioError, from_dict, load

TINY = (Path(scenario_file.__file__).parent / "scenarios" / "tiny.toml").read_text(encoding="utf-8")
ALPHA = 'employers[1] "Alpha"'
LANGUAGE = f'{ALPHA}.teams[1] "Alpha Language"'


@dataclass(frozen=True)
class Case:
    """One way to spoil tiny.toml, and what the message must hold."""

    name: str
    spoil: Callable[[str], str]
    place: str
    expected: str
    fix: str


def swap(old: str, new: str) -> Callable[[str], str]:
    """Replace the first occurrence of a text that must be there."""

    def spoil(text: str) -> str:
        assert old in text, f"the case is out of date: {old!r} is not in tiny.toml"
        return text.replace(old, new, 1)

    return spoil


def plus(more: str) -> Callable[[str], str]:
    """Append to the file."""
    return lambda text: f"{text}\n{more}\n"


def event(effect: str, date: str = "2022-07") -> Callable[[str], str]:
    """Append an event, number 6, with one effect."""
    return plus(f'[[events]]\nid = "X"\ndate = "{date}"\ntype = "test"\neffects = [{{ {effect} }}]')


def cohort(body: str) -> Callable[[str], str]:
    """Put a second cohort before the events."""
    return swap("[[events]]", f'[[cohorts]]\nname = "second"\nemployer = "Beta"\n{body}\n\n[[events]]')


def retention(body: str) -> Callable[[str], str]:
    """Put a retention target before the events."""
    return swap("[[events]]", f"[[retention]]\n{body}\n\n[[events]]")


def flow(body: str) -> Callable[[str], str]:
    """Put a pair of employers before the events."""
    return swap("[[events]]", f"[[flows]]\n{body}\n\n[[events]]")


EFFECT = 'events[6] "X".effects[1]'
RANGE01 = "a number from 0 to 1"
SITE = '[[sites]]\nname = "S0"\ncountry = "C"\nutc_offset = 0\n'
CASES = [
    # keys
    Case("unknown key at the top", swap("months =", "monhts ="), "monhts", "a known key", 'did you mean "months"'),
    Case("required key misspelt", swap("months =", "monhts ="), "months: came nothing", "required", 'rename "monhts"'),
    Case("unknown key of an employer", swap("compute = 30.0", "compue = 30.0"), f"{ALPHA}.compue", "a known key",
         'did you mean "compute"'),
    Case("missing key of an employer", swap("researchers = 6\n", ""), f"{ALPHA}.researchers", "required",
         "add researchers = ..."),
    Case("unknown key of a team", swap("priority = 1.0", "prioritty = 1.0"), f"{LANGUAGE}.prioritty", "a known key",
         'did you mean "priority"'),
    Case("unknown table", plus("[[polices]]\nname = 1"), "polices", "a known key", 'did you mean "policies"'),
    Case("key twice", swap("months = 12", "months = 12\nmonths = 13"), "line 9", "valid TOML", "only once"),
    # types
    Case("text for a number", swap("compute = 30.0", 'compute = "30"'), f'{ALPHA}.compute: came "30"', "a number",
         "remove the quotes"),
    Case("true for a whole number", swap("researchers = 6", "researchers = true"), f"{ALPHA}.researchers: came true",
         "a whole number", "without a decimal point"),
    Case("true for a number", swap("compute = 30.0", "compute = true"), f"{ALPHA}.compute: came true", "a number",
         "write a plain number"),
    Case("decimal for a whole number", swap("researchers = 6", "researchers = 6.0"), f"{ALPHA}.researchers: came 6.0",
         "a whole number", "without a decimal point"),
    Case("number for text", swap('title = "Twelve researchers, three employers, one year"', "title = 12"),
         "title: came 12", "text of 1 to 200 characters", "double quotes"),
    Case("number for a flag", swap("non_compete = false", "non_compete = 0"), 'sites[1] "Paris".non_compete: came 0',
         "true or false", "without quotes"),
    Case("text for a list", swap("topics = [", 'topics = "vision" # ['), "topics", "a list of 1 to 32", "in brackets"),
    Case("table for a list of tables", swap("[[sites]]", "[sites]"), "line 22", "valid TOML", "[brackets]"),
    Case("list for a table", swap("culture = {", "culture = [1] # {"), f"{ALPHA}.culture: came a list of 1",
         "a table with the keys openness", "key = value"),
    # numbers
    Case("not a number", swap("compute = 30.0", "compute = nan"), f"{ALPHA}.compute: came nan", "a number",
         "a finite number"),
    Case("infinite", swap("pay_level = 0.95", "pay_level = inf"), f"{ALPHA}.pay_level: came inf", "from 0.01 to 20",
         "a finite number"),
    Case("overflow to infinite", swap("compute = 30.0", "compute = 1e999"), f"{ALPHA}.compute: came inf", "a number",
         "a finite number"),
    Case("minus infinite", swap("prestige = 1.2", "prestige = -inf"), f"{ALPHA}.prestige: came -inf", "a number",
         "a finite number"),
    Case("negative head count", swap("researchers = 6", "researchers = -6"), f"{ALPHA}.researchers: came -6",
         "a whole number from 0", "choose a value between 0"),
    Case("share above one", swap("product_share = 0.2", "product_share = 20"), f"{ALPHA}.product_share: came 20",
         RANGE01, "between 0 and 1"),
    Case("lead time too long", swap("lead_time = 3", "lead_time = 61"), f"{ALPHA}.lead_time: came 61", "0 to 60",
         "between 0 and 60"),
    Case("no months", swap("months = 12", "months = 0"), "months: came 0", "from 1 to 1,200", "between 1 and 1,200"),
    Case("culture outside", swap("openness = 0.8", "openness = 8"), f"{ALPHA}.culture.openness: came 8", RANGE01,
         "between 0 and 1"),
    Case("culture incomplete", swap("openness = 0.8, ", ""), f"{ALPHA}.culture.openness: came nothing", "required",
         "add openness"),
    Case("culture misspelt", swap("openness = 0.8", "opennes = 0.8"), f"{ALPHA}.culture.opennes", "a known key",
         'did you mean "openness"'),
    Case("offset of culture too far", swap("remote = 0.3\n", "remote = 0.3\nculture = { openness = -1.5 }\n"),
         f"{LANGUAGE}.culture.openness: came -1.5", "from -1 to 1", "between -1 and 1"),
    Case("a trillion researchers", swap("researchers = 6", "researchers = 1000000000000"), "employers: came 1,000,000",
         "at most 1,000,000 in all", "lower researchers"),
    Case("more than a million", swap("researchers = 6", "researchers = 1000001"), "employers: came 1,000,009",
         "at most 1,000,000 in all", "lower researchers"),
    Case("too many sites", plus("".join(SITE.replace("S0", f"S{k}") for k in range(499))),
         "sites: came a list of 501", "at most 500", "put alike ones together"),
    Case("too many entrants", swap("entrants_per_year = 2", "entrants_per_year = 999999999"), "entrants_per_year",
         "from 0 to 1e+06", "between 0 and 1e+06"),
    # shares and pay
    Case("shares do not add up", swap("share = 0.3333333333", "share = 0.4"), f"{ALPHA}.teams.share: came 1.0666667",
         "add up to 1", "change the shares by -0.06"),
    Case("share negative", swap("share = 0.3333333333", "share = -0.3"), f'{ALPHA}.teams[2] "Alpha Vision".share',
         RANGE01, "between 0 and 1"),
    Case("share zero without opening", swap("share = 1.0", "share = 0.0"), '.teams[1] "Campus Group".share',
         "a share above 0", "add opens"),
    Case("ceiling below first offer", swap("pay_ceiling = 1.5", "pay_ceiling = 0.5"), f"{ALPHA}.pay_ceiling: came 0.5",
         "at least pay_level = 0.95", "raise pay_ceiling"),
    # names
    Case("employer twice", swap('name = "Beta"', 'name = "alpha"'), 'employers[2] "alpha".name', "used once",
         f"already at {ALPHA}"),
    Case("team twice", swap('"Beta Systems"', '"Alpha Vision"'), '.teams[2] "Alpha Vision".name', "used once",
         "rename it"),
    Case("team like a part of a split one",
         lambda text: text.replace("Alpha Vision", "Beta Language 2", 1).replace("share = 0.75",
         "share = 0.75\ncount = 2"),
         '.teams[1] "Beta Language".name', "split teams are numbered", "rename it"),
    Case("site twice", swap('name = "New York"', 'name = "Paris"'), 'sites[2] "Paris".name', "site name used once",
         "rename it"),
    Case("topic twice", swap('"vision", "infra', '"vision", "vision", "infra'), "topics[3]", "topic used once",
         "topics[2]"),
    Case("event id twice", swap('id = "T02"', 'id = "T01"'), 'events[2] "T01".id', "event id used once",
         'already at events[1] "T01".id'),
    Case("cohort twice", lambda text: cohort('size = 1\nfixed = "2022-02"\nmembers = { "Beta Language" = 1 }')(text)
         .replace('"second"', '"alpha-authors"'), 'cohorts[2] "alpha-authors".name', "used once", "rename it"),
    Case("unknown site", swap('hq = "New York"', 'hq = "New Yorck"'), f'{ALPHA}.hq: came "New Yorck"',
         "a site declared",
         'did you mean "New York"'),
    Case("unknown site of a team", swap('site = "Paris"\nshare', 'site = "Pariss"\nshare'), f"{LANGUAGE}.site",
         "a site declared", 'did you mean "Paris"'),
    Case("unknown topic", swap('topic = "vision"', 'topic = "visions"'), '"Alpha Vision".topic', "one of topics",
         'did you mean "vision"'),
    Case("unknown kind", swap('kind = "lab"', 'kind = "labb"'), f"{ALPHA}.kind", '"lab" or "university"',
         'did you mean "lab"'),
    Case("unknown rule", swap('"committee"', '"comittee"'), f"{ALPHA}.allocation", "equal_per_head",
         'did you mean "committee"'),
    Case("reserved name", swap('name = "Beta"', 'name = "searching"'), 'employers[2] "searching".name', "not reserved",
         "another name"),
    Case("name as a path", swap('name = "tiny"', 'name = "../tiny"'), "name: came", "small letters", "like meta_fair"),
    Case("name as a formula", swap('name = "Beta"', 'name = "=1+1"'), 'employers[2] "=1+1".name', "start with = + - @",
         "use words"),
    Case("name as markup", swap('name = "Beta"', 'name = "<b>Beta"'), 'employers[2] "<b>Beta".name',
         "a name of 1 to 80",
         "use words"),
    Case("invisible letters", swap('name = "Beta"', 'name = "Be\u200bta"'), "employers[2]", "visible characters",
         "remove the control"),
    Case("long name", swap('name = "Beta"', f'name = "{"B" * 300}"'), "employers[2]", "1 to 80", "shorten"),
    Case("empty name", swap('name = "Beta"', 'name = ""'), 'employers[2] "".name', "1 to 80", "write something"),
    Case("no employers", lambda text: text[: text.index("[[employers]]")], "employers", "required", "add employers"),
    Case("empty employers", lambda text: "employers = []\n" + text[: text.index("[[employers]]")], "employers",
         "at least 1", "[[employers]]"),
    Case("no teams", swap("[[employers.teams]]", "[[employers.groups]]"), f"{ALPHA}.groups", "a known key",
         "use one of"),
    # dates
    Case("date with a day", swap('start = "2022-01"', 'start = "2022-01-01"'), "start", '"YYYY-MM"', 'like "2023-02"'),
    Case("date without quotes", swap('start = "2022-01"', "start = 2022-01-01"), "start: came 2022-01-01 (date)",
         "in quotes", 'like "2023-02"'),
    Case("thirteenth month", swap('start = "2022-01"', 'start = "2022-13"'), "start", '"YYYY-MM"', "01 to 12"),
    Case("year outside", swap('start = "2022-01"', 'start = "1022-01"'), "start", "years 1990 to 2100",
         "check the year"),
    Case("event before the start", swap('date = "2022-03"', 'date = "2021-03"'), 'events[1] "T01".date',
         "2022-01 to 2022-12", "change start and months"),
    Case("event after the end", swap('date = "2022-09"', 'date = "2023-09"'), 'events[4] "T04".date',
         "2022-01 to 2022-12", "change start and months"),
    Case("bounds reversed", swap('["2022-04", "2022-05"]', '["2022-05", "2022-04"]'), 'events[2] "T02".between',
         "the earlier month first", '["2022-04", "2022-05"]'),
    Case("date outside its bounds", swap('["2022-04", "2022-05"]', '["2022-05", "2022-06"]'), 'events[2] "T02".date',
         "within between, 2022-05 to 2022-06", "correct date or between"),
    Case("one bound", swap('["2022-04", "2022-05"]', '["2022-04"]'), 'events[2] "T02".between', "a list of 2",
         "add at least one"),
    Case("team opens at the start", swap("share = 1.0", 'share = 0.0\nopens = "2022-01"'), '"Campus Group".opens',
         "a month after the start", "leave opens out"),
    Case("opening team with a share", swap("share = 1.0", 'share = 1.0\nopens = "2022-05"'), '"Campus Group".share',
         "0 for a team that opens later", "set share = 0"),
    Case("opening team without posts", swap("share = 1.0\nposts = 3", 'share = 0.0\nopens = "2022-05"'),
         '"Campus Group".posts', "1 or more", "add posts"),
    # cohorts and retention
    Case("members do not add up", swap('members = { "Alpha Language" = 4 }', 'members = { "Alpha Language" = 3 }'),
         'cohorts[1] "alpha-authors".members: came 3', "size = 4", "correct size or members"),
    Case("members of a team that is too small",
         cohort('size = 9\nfixed = "2022-02"\nmembers = { "Beta Language" = 9 }'),
         '"second".members.Beta Language: came 9', "at most the 5 people", "raise the team's share"),
    Case("members of another employer", cohort('size = 1\nfixed = "2022-02"\nmembers = { "Alpha Vision" = 1 }'),
         '"second".members: came "Alpha Vision"', 'a team of "Beta"', "use one of"),
    Case("cohort of an unknown employer", swap('employer = "Alpha"', 'employer = "Alfa"'),
         'cohorts[1] "alpha-authors".employer', "an employer declared", 'did you mean "Alpha"'),
    Case("neither members nor subset", cohort('size = 1\nfixed = "2022-02"'), 'cohorts[2] "second"',
         "exactly one of members, subset_of", "write members"),
    Case("subset of nothing", cohort('size = 1\nfixed = "2022-02"\nsubset_of = "alpha-author"'), '"second".subset_of',
         "a cohort declared before", 'did you mean "alpha-authors"'),
    Case("subset larger than the whole", cohort('size = 5\nfixed = "2022-02"\nsubset_of = "alpha-authors"'),
         '"second".size: came 5', 'at most the 4 of "alpha-authors"', "lower size"),
    Case("bounds of an observation reversed", swap("left_min = 1", "left_min = 5"), ".left_max: came 5 to 4",
         "left_min <= left_max", "correct the bounds"),
    Case("more left than there are", swap("left_max = 4", "left_max = 5"), ".left_max: came 1 to 5", "size = 4",
         "correct the bounds"),
    Case("observed value of a prediction", swap('use = "calibrate"', 'use = "predict"'), 'observations[1] "2022-12"',
         'only date and use for use = "predict"', "remove left_min and left_max"),
    Case("calibration without a value", swap("left_max = 4\n", ""), 'observations[1] "2022-12": came left_min',
         "left_min and left_max", "add both"),
    Case("unknown key of a cohort", swap('fixed = "2022-01"', 'fixed = "2022-01"\nnotes = "x"'),
         'cohorts[1] "alpha-authors".notes', "a known key", 'did you mean "note"'),
    Case("observed before it is fixed", cohort('size = 1\nfixed = "2022-06"\nmembers = { "Beta Language" = 1 }\n'
         'observations = [{ date = "2022-03", use = "predict" }]'), '.date: came "2022-03"',
         "not before fixed = 2022-06",
         "move the observation"),
    Case("cohort fixed outside", cohort('size = 1\nfixed = "2024-06"\nmembers = { "Beta Language" = 1 }'),
         '"second".fixed', "2022-01 to 2022-12", "correct the date"),
    Case("retention of an unknown employer",
         retention('employer = "Gamma"\nmonths = 3\nas_of = "2022-10"\nuse = "predict"'),
         'retention[1] "Gamma".employer', "an employer declared", "use one of"),
    Case("retention before the start", retention('employer = "Beta"\nmonths = 24\nas_of = "2022-10"\nuse = "predict"'),
         'retention[1] "Beta".months', "after the start 2022-01", "shorten months"),
    Case("retention without its share",
         retention('employer = "Beta"\nmonths = 3\nas_of = "2022-10"\nuse = "calibrate"'),
         'retention[1] "Beta".share', 'a share for use = "calibrate"', "add share"),
    Case("retention with a withheld share",
         retention('employer = "Beta"\nmonths = 3\nas_of = "2022-10"\nuse = "predict"\nshare = 0.5'),
         'retention[1] "Beta".share', 'no share for use = "predict"', "remove share"),
    Case("flow to an unknown employer", flow('pair = ["Beta", "Alhpa"]\nas_of = "2022-10"\nuse = "predict"'),
         "flows[1].pair", "an employer declared", 'did you mean "Alpha"'),
    Case("flow from an employer to itself", flow('pair = ["Beta", "Beta"]\nas_of = "2022-10"\nuse = "predict"'),
         '"Beta" twice', "two employers", "name another one"),
    Case("flow with a withheld ratio",
         flow('pair = ["Beta", "Alpha"]\nas_of = "2022-10"\nuse = "predict"\nratio = 2.0'),
         "flows[1].ratio", 'no ratio for use = "predict"', "remove ratio"),
    Case("flow without its ratio", flow('pair = ["Beta", "Alpha"]\nas_of = "2022-10"\nuse = "calibrate"'),
         "flows[1].ratio", 'a ratio for use = "calibrate"', "add ratio"),
    Case("flow after the end", flow('pair = ["Beta", "Alpha"]\nas_of = "2024-10"\nuse = "predict"'),
         "flows[1].as_of", "2022-01 to 2022-12", "correct the date"),
    # effects
    Case("unknown team in an event", swap('team = "Alpha Language"', 'team = "Alpha Langauge"'),
         'events[1] "T01".effects[1] "cancel".team', "a team declared", 'did you mean "Alpha Language"'),
    Case("unknown employer in an event", event('kind = "layoff", employer = "Betta", share = 0.1'),
         f'{EFFECT} "layoff".employer', "an employer declared", 'did you mean "Beta"'),
    Case("unknown site in an event",
         event('kind = "lever", name = "seed_climate", op = "set", value = 1.0, sites = ["Pari"]'),
         f'{EFFECT} "lever".sites', "a site declared", 'did you mean "Paris"'),
    Case("unknown kind of effect", event('kind = "layof", employer = "Beta", share = 0.1'), f"{EFFECT}.kind",
         "a kind of effect", 'did you mean "layoff"'),
    Case("no kind of effect", event('employer = "Beta"'), f"{EFFECT}.kind: came nothing", "a kind of effect",
         "use one of"),
    Case("unknown field of an effect", event('kind = "cancel", team = "Alpha Vision", share = 1'),
         f'{EFFECT} "cancel".share', "a known key", "use one of"),
    Case("missing field of an effect", event('kind = "layoff", employer = "Beta"'), f'{EFFECT} "layoff".share',
         "required", "add share"),
    Case("unknown lever", event('kind = "lever", name = "demmand", op = "set", value = 2.0'),
         f'{EFFECT} "lever".name', "a lever", 'did you mean "demand"'),
    Case("lever without its place", event('kind = "lever", name = "hiring", op = "set", value = 0.0'),
         f'{EFFECT} "lever": came no place', "the key employers", "add employers"),
    Case("lever in the wrong place",
         event('kind = "lever", name = "hiring", op = "set", value = 0.0, teams = ["Alpha Vision"]'),
         f'{EFFECT} "lever": came teams', "hiring is by employer", "remove teams and name the employers"),
    Case("lever of the world in a place",
         event('kind = "lever", name = "demand", op = "set", value = 2.0, employers = ["Beta"]'),
         f'{EFFECT} "lever": came employers', "no employers, teams or sites", "remove employers"),
    Case("unknown operation", event('kind = "lever", name = "demand", op = "multply", value = 2.0'),
         f'{EFFECT} "lever".op', '"multiply"', 'did you mean "multiply"'),
    Case("lever outside", event('kind = "lever", name = "demand", op = "set", value = 20.0'),
         f'{EFFECT} "lever".value: came 20.0', "0 to 10", "neutral value is 1"),
    Case("negative factor", event('kind = "lever", name = "demand", op = "multiply", value = -2.0'),
         f'{EFFECT} "lever".value', "a factor of 0 or more", "below 1 lowers"),
    Case("unknown source of breach", event('kind = "breach", source = "lay off", size = 1, employers = ["Beta"]'),
         f'{EFFECT} "breach".source', '"layoff"', 'did you mean "layoff"'),
    Case("breach nowhere", event('kind = "breach", source = "layoff", size = 1'), f'{EFFECT} "breach": came neither',
         "exactly one of employers, teams", "one of the two"),
    Case("breach too large", event('kind = "breach", source = "layoff", size = 4, employers = ["Beta"]'),
         f'{EFFECT} "breach".size: came 4', "from 0 to 3", "between 0 and 3"),
    Case("unknown dimension", event('kind = "culture", employers = ["Beta"], toward = { open = 1 }, share = 0.1'),
         f'{EFFECT} "culture".toward.open', "a known key", 'did you mean "openness"'),
    Case("toward nothing", event('kind = "culture", employers = ["Beta"], toward = {}, share = 0.1'),
         f'{EFFECT} "culture".toward', "{ dimension = 0..1 }", "write e.g. toward"),
    Case("transfer by share and number",
         event('kind = "transfer", from = ["Alpha Vision"], to = "Alpha Language", share = 0.1, number = 1'),
         f'{EFFECT} "transfer": came both', "exactly one of share, number", "give share = 0.4 or number = 6"),
    Case("transfer to itself",
         event('kind = "transfer", from = ["Alpha Vision"], to = "Alpha Vision", share = 0.1'),
         f'{EFFECT} "transfer".to', "not in from", "name another team"),
    Case("transfer between employers",
         event('kind = "transfer", from = ["Alpha Vision"], to = "Beta Language", share = 0.1'),
         f'{EFFECT} "transfer".from: came teams of "Alpha" and "Beta"', "teams of one employer", "leader_leaves"),
    Case("merge between employers", event('kind = "merge", teams = ["Alpha Vision"], into = "Beta Language"'),
         f'{EFFECT} "merge".teams', "teams of one employer", "leader_leaves"),
    Case("layoff in a team of another",
         event('kind = "layoff", employer = "Beta", share = 0.1, teams = ["Alpha Vision"]'),
         f'{EFFECT} "layoff".teams: came "Alpha Vision"', 'a team of "Beta"', '"Beta Language"'),
    Case("leader leaves for nowhere", event('kind = "leader_leaves", team = "Alpha Vision", to = "left field"'),
         f'{EFFECT} "leader_leaves".to', 'an employer or "left_field"', 'did you mean "left_field"'),
    Case("leader from nowhere", event('kind = "leader_appointed", team = "Alpha Vision", origin = "insid"'),
         f'{EFFECT} "leader_appointed".origin', 'an employer or "inside"', 'did you mean "inside"'),
    Case("promise above all", event('kind = "promise", team = "Alpha Vision", share = 1.2, kept = 0.5'),
         f'{EFFECT} "promise".share', RANGE01, "between 0 and 1"),
    Case("order arrives never", event('kind = "order", employer = "Beta", h100e = 10.0, lead_time = 99'),
         f'{EFFECT} "order".lead_time', "0 to 60", "between 0 and 60"),
    Case("names not in a list", event('kind = "shock", size = 1, employers = "Beta"'), f'{EFFECT} "shock".employers',
         "a list", 'put it in brackets: ["Beta"]'),
    Case("effect is no table", plus('[[events]]\nid = "X"\ndate = "2022-07"\ntype = "t"\neffects = ["cancel"]'), EFFECT,
         "a table with a kind", "write { kind"),
    Case("effects are no list", plus('[[events]]\nid = "X"\ndate = "2022-07"\ntype = "t"\neffects = "none"'),
         'events[6] "X".effects', "a list", "in brackets"),
    # parameters and policies
    Case("unknown parameter", plus("[parameters]\nh00 = 0.01"), "parameters.h00", "the name of a parameter",
         'did you mean "h0"'),
    Case("parameter of the wrong type", plus('[parameters]\nh0 = "0.01"'), "parameters.h0", "expected a number",
         "e.g."),
    Case("parameter is true", plus("[parameters]\nh0 = true"), "parameters.h0", "expected a number", "e.g."),
    Case("parameter outside", plus("[parameters]\nh0 = 7.0"), "parameters.h0: came 7.0", "expected 0 to",
         "the default is"),
    Case("parameter is not a number", plus("[parameters]\nh0 = nan"), "parameters.h0: came nan", "expected 0 to",
         "the default is"),
    Case("parameters are no table", lambda text: "parameters = 3\n" + text, "parameters: came 3", "[parameters]",
         "key = value"),
    Case("unknown policy", plus('[[policies]]\nname = "no such policy"'), 'policies[1] "no such policy".name',
         "the name of a policy", ""),
    Case("too many policies", plus('[[policies]]\nname = "layoffs"\n' * 501), "policies: came a list of 501",
         "at most 500", "remove those"),
    Case("policies are no list", plus("[policies]\nname = 3"), "policies: came a table", "a list of tables",
         "[[policies]]"),
    # the file as a whole
    Case("empty file", lambda text: "", "employers: came nothing", "required", "add employers"),
    Case("cut in the middle", lambda text: text[: text.index('"language models"') + 8], "end of file", "valid TOML",
         "quotes"),
    Case("not TOML", lambda text: "scenario: tiny\n", "line 1", "valid TOML", "double quotes"),
    Case("too large", lambda text: text + "#" * 300_000, "file", "at most 262,144 bytes", "keep data out"),
    Case("deep brackets", plus("x = " + "[" * 5000 + "]" * 5000), "line", "at most 12 levels", "flatten"),
    Case("deep keys", plus("a." * 20_000 + "b = 1"), "line", "at most 12 levels", "flatten"),
    Case("byte-order mark", lambda text: "\ufeff" + text, "line 1", "UTF-8 text without one", "without BOM"),
]  # fmt: skip


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bad.toml"
    path.write_bytes(text.encode("utf-8"))
    return path


def assert_message(message: str, case: Case) -> None:
    """One line of the message holds the place, what was expected and the fix."""
    lines = message.splitlines()
    assert lines[0].startswith("scenario ")
    assert lines[-1] == "Nothing was run."
    assert len(lines) <= 23
    assert any(case.place in line and case.expected in line and case.fix in line for line in lines[1:-1]), message
    assert "Traceback" not in message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_message_says_where_what_and_how(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, case.spoil(TINY)))
    assert_message(str(caught.value), case)
    assert "bad.toml" in str(caught.value)


def run_command(arguments: list[str]) -> int:
    """The exit code of the command, run in this process."""
    main = importlib.import_module("abm.cli").main
    try:
        return int(main(arguments) or 0)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_says_it_and_returns_two(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command(["run", str(write(tmp_path, case.spoil(TINY)))])
    printed = capsys.readouterr()
    assert code == 2
    assert "Traceback" not in printed.out + printed.err
    assert "Nothing was run." in printed.out + printed.err


def test_there_are_enough_cases_and_each_is_there_once() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


def test_tiny_itself_is_good(tmp_path: Path) -> None:
    assert load(write(tmp_path, TINY)) == load("tiny")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = TINY
    for spoil in (
        swap("compute = 30.0", "compute = nan"),
        swap("months = 12", "months = 0"),
        swap("2022-03", "2022-33"),
    ):
        text = spoil(text)
    with pytest.raises(ScenarioError, match="has 3 problems"):
        load(write(tmp_path, text))


def test_at_most_twenty_are_listed(tmp_path: Path) -> None:
    more = "".join(f"wrong_{i} = 1\n" for i in range(50))
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, more + TINY))
    lines = str(caught.value).splitlines()
    assert "50 problems" in lines[0]
    assert len(lines) == 1 + 20 + 1 + 1
    assert lines[-2].strip() == "... and 30 more"


def many_parameters(content: dict[str, Any]) -> None:
    content["parameters"] = {f"unknown_{k}": 1 for k in range(25_000)}


def many_sites(content: dict[str, Any]) -> None:
    content["sites"] = [{"name": f"S{k}", "country": "C", "utc_offset": 0.0} for k in range(4_200)]


def many_teams(content: dict[str, Any]) -> None:
    """Half a million that are written as five hundred, and a cohort of a team that is not there."""
    teams = [{**content["employers"][0]["teams"][0], "name": f"T{k}", "count": 1000} for k in range(500)]
    content["employers"][0]["teams"] = [{**team, "share": 1 / 500} for team in teams]


def many_lost_sites(content: dict[str, Any]) -> None:
    team = {**content["employers"][0]["teams"][0], "site": "Nowhere", "share": 1 / 2000}
    content["employers"][0]["teams"] = [{**team, "name": f"T{k}"} for k in range(2000)]
    content["sites"] = [{"name": f"Nowhere {k}", "country": "C", "utc_offset": 0.0} for k in range(450)]


@pytest.mark.parametrize("spoil", [many_parameters, many_sites, many_teams, many_lost_sites])
def test_very_many_problems_cost_no_more_than_a_few(spoil: Callable[[dict[str, Any]], None]) -> None:
    content = load("tiny").to_dict()
    spoil(content)
    began = time.process_time()
    with pytest.raises(ScenarioError, match="Nothing was run"):
        from_dict(content)
    assert time.process_time() - began < 2.0  # of a processor, as is everything that is written for a door


# --- not the text but the file


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("meta_fare", 'did you mean "meta_fair"'),
        ("Tiny", 'did you mean "tiny"'),
        ("", ""),
        ("a" * 5000, ""),
        ("a\0b", ""),
    ],
)
def test_no_such_file(name: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(name)
    assert said in str(caught.value)
    assert "Fix:" in str(caught.value)


def test_a_directory(tmp_path: Path) -> None:
    write(tmp_path, TINY)
    with pytest.raises(ScenarioError, match=r"came a directory.*name a file in it, e\.g\. bad\.toml"):
        load(tmp_path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    with pytest.raises(ScenarioError, match="a device or pipe"):
        load(pipe)


def test_a_link_to_itself(tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(link)
    with pytest.raises(ScenarioError, match="cannot be read"):
        load(link)


@pytest.mark.parametrize(
    ("raw", "line"),
    [(TINY.encode("utf-16"), 1), (b'name = "tiny"\ntitle = "\xff"\n', 2), (b"\x1f\x8b\x08\x00", 1), (b"a\x00b", 1)],
    ids=["utf-16", "latin", "gzip", "binary"],
)
def test_not_utf8(raw: bytes, line: int, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(raw)
    with pytest.raises(ScenarioError, match=f"line {line}"):
        load(path)


def test_a_table_that_is_no_scenario() -> None:
    with pytest.raises(ScenarioError, match="given as a table has"):
        from_dict({})


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_place_only_a_scenario_error_comes(data: st.DataObject) -> None:
    """Put anything at any place of tiny: it loads or it is refused by name, and nothing else happens."""
    content = load("tiny").to_dict()
    place: object = content
    for _ in range(data.draw(st.integers(1, 6))):
        if isinstance(place, dict) and place:
            keys = sorted(place)
            key = data.draw(st.sampled_from(keys))
            if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = data.draw(VALUES)
                break
            place = place[key]
        elif isinstance(place, list) and place:
            index = data.draw(st.integers(0, len(place) - 1))
            if data.draw(st.integers(0, 3)) == 0 or not isinstance(place[index], dict | list):
                place[index] = data.draw(VALUES)
                break
            place = place[index]
    try:
        scenario = from_dict(content)
    except ScenarioError as error:
        assert "Nothing was run." in str(error)
    else:
        assert from_dict(scenario.to_dict()) == scenario
