"""What a study file may say, and what must hold between its keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final

from abm import outcomes as texts
from abm import policies
from abm.parameters import declared
from abm.policies import Knob
from abm.scenario import Scenario, ScenarioError
from abm.scenario_read import (
    Field,
    Problems,
    flag,
    integer,
    list_of,
    nearest,
    number,
    one_of,
    read_keys,
    show,
    slug,
    spot,
    table,
    text,
)
from experiments import design
from experiments.models import FUNCTIONS, MARKET, MODELS, function
from experiments.responses import Factor
from experiments.study_points import check_design, read_rows

ALL: Final = "all"
MOST_REPLICATES: Final = 100_000
MOST_RUNS: Final = 5_000_000  # a plan is held in memory, some 300 bytes a run
HEADS: Final = ("parameters", "employers", "teams", "sites", "cohorts", "events", "policies")  # of dotted keys


def _anything(problems: Problems, place: str, value: object) -> object:
    if value is None:  # from Python; TOML has none
        problems.add(place, show(value), "a value", f"leave {place} out or give it one")
    return value


def _scalar(problems: Problems, place: str, value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        problems.add(place, show(value), "a finite number", "write a plain number")
    elif isinstance(value, str | bool | int | float):
        return value
    else:
        problems.add(place, show(value), "a number, a text, true or false", "write one value")
    return None


def _settings(problems: Problems, place: str, value: object) -> dict[str, Any] | None:
    """Dotted keys; TOML makes tables of `a.b = 1`, which are flattened again."""
    if not isinstance(value, Mapping):
        problems.add(place, show(value), "a table of settings", 'write [settings] and lines like "h0" = 0.05')
        return None
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            inner = _settings(problems, f"{place}.{key}", item) or {}
            found |= {f"{key}.{rest}": each for rest, each in inner.items()}
        elif (each := _scalar(problems, f"{place}.{key}", item)) is not None:
            found[key] = each
    return found


DESIGN: Final = {
    "method": Field(one_of(*design.METHODS), required=True),
    "n": Field(integer(1, design.MOST_POINTS)),
    "rows": Field(_anything),
    "file": Field(text(300, empty=False)),
}
FACTOR: Final = {
    "name": Field(text(200, empty=False), required=True),
    "low": Field(number(-1e15, 1e15)),
    "high": Field(number(-1e15, 1e15)),
    "log": Field(flag, False),
    "unit": Field(text(80), ""),
    "levels": Field(list_of(_scalar, 1, 1000)),
}
TOP: Final = {
    "name": Field(slug, required=True),
    "why": Field(text(), ""),
    "model": Field(one_of(MARKET, *FUNCTIONS), MARKET),
    "scenario": Field(text(300, empty=False)),
    "months": Field(integer(1, 1200)),
    "seed": Field(integer(0, 2**63 - 1), 1),
    "replicates": Field(integer(1, MOST_REPLICATES), 1),
    "outcomes": Field(list_of(text(200, empty=False), 1, 200), required=True),
    "design": Field(table(DESIGN), required=True),
    "settings": Field(_settings, {}),
    "factors": Field(_anything, required=True),
}


def check(problems: Problems, top: dict[str, Any], scenario: Scenario | None, folder: Path) -> dict[str, Any]:
    """The fields of a `Study`; problems are noted and leave the result unusable."""
    market = top.get("model", MARKET) == MARKET
    if market and scenario is None and not problems.lines:
        problems.add("scenario", "nothing", "a scenario to run", 'add scenario = "meta_fair"')
    if scenario is not None:
        scenario = _described(problems, top, scenario)
    if not market:
        _function(problems, top, scenario)
    before = len(problems.lines)
    fixed = {key.removeprefix("parameters.") for key in top.get("settings") or ()}
    factors = _factors(problems, top.get("factors"), scenario, market, fixed)
    sound = len(problems.lines) == before
    if scenario is not None:
        _outcomes(problems, top.get("outcomes", ()), scenario)
    plan = top.get("design") or {}
    rows = read_rows(problems, plan, factors, folder) if sound else ()
    points = check_design(problems, plan, factors, rows)
    runs = points * top.get("replicates", 1)
    if runs > MOST_RUNS:
        problems.add("replicates", f"{runs:,} runs", f"at most {MOST_RUNS:,}", "fewer points or fewer replicates")
    return {
        **{key: top.get(key) for key in ("name", "why", "replicates", "seed", "months")},
        "model": top.get("model", MARKET),
        "scenario": scenario,
        "factors": factors,
        "method": plan.get("method", ""),
        "n": plan.get("n", 0),
        "rows": rows,
        "outcomes": tuple(dict.fromkeys(top.get("outcomes", ()))),
    }


def _lines(problems: Problems, place: str, error: ScenarioError) -> None:
    """The problems of another text, under the place where it stands."""
    problems.lines += [f"{place}: {line.strip()}" for line in str(error).splitlines()[1:-1]]


def _function(problems: Problems, top: Mapping[str, Any], scenario: Scenario | None) -> None:
    """A function takes factors and nothing else: what it would ignore is refused."""
    name = str(top["model"])
    module, colon, called = name.partition(":")
    if name not in MODELS:
        try:
            known = bool(colon and module and called) and callable(function(name))
        except (ImportError, AttributeError):
            known = False
        if not known:
            problems.add("model", show(name), "a model, or module:function of Python", nearest(name, MODELS))
    given = {**top, **({"scenario": scenario.name} if scenario is not None else {})}
    for key in ("scenario", "months", "settings"):
        if given.get(key):
            expected = f'nothing: only the "{MARKET}" has it, {show(name)} has factors'
            problems.add(key, show(given[key]), expected, f"remove {key}")


def _described(problems: Problems, top: dict[str, Any], scenario: Scenario) -> Scenario:
    settings = dict(top.get("settings") or {})
    months = top.get("months")
    if months is not None:
        if months > scenario.horizon:
            expected = f"1 to {scenario.horizon}, the months of {scenario.name}"
            problems.add("months", str(months), expected, "leave it out for the whole history")
        elif "months" in settings:
            problems.add("settings.months", show(settings["months"]), "months once", "remove one of them")
        else:
            settings["months"] = months
    try:
        return scenario.with_settings(settings) if settings else scenario
    except ScenarioError as error:
        _lines(problems, "settings", error)
        return scenario


def _outcomes(problems: Problems, given: Sequence[str], scenario: Scenario) -> None:
    for number_, each in enumerate(given, 1):
        try:
            texts.read(each, scenario)
        except ScenarioError as error:
            _lines(problems, f"outcomes[{number_}]", error)


# ---- factors ---------------------------------------------------------------------------------------------------------


def _factors(
    problems: Problems, given: object, scenario: Scenario | None, market: bool, fixed: Set[str]
) -> tuple[Factor, ...]:
    """The things varied, each once; "all" leaves out those that [settings] fixes."""
    if given is None:
        return ()
    if given == ALL and market:
        free = [p for p in declared().values() if p.low < p.high and p.name not in fixed]
        return tuple(Factor(p.name, p.low, p.high, p.unit) for p in free)
    if not isinstance(given, list | tuple) or not given:
        fix = 'write [[factors]] and name = "h0", or factors = "all" for every declared parameter'
        problems.add("factors", show(given), "at least one factor", fix)
        return ()
    found: dict[str, Factor] = {}
    for index, raw in enumerate(given, 1):
        place = spot("factors", index, raw, "name")
        if not isinstance(raw, Mapping):
            problems.add(place, show(raw), "a table", 'write [[factors]] and name = "h0"')
            continue
        fields = read_keys(problems, place, raw, FACTOR)
        if "name" not in fields or any(key in raw and key not in fields for key in ("low", "high", "levels")):
            continue
        plain = str(fields["name"]).removeprefix("parameters.")
        if plain in fixed:
            problems.add(place, "a factor that [settings] fixes", "a factor or a setting", "remove one of them")
        elif plain in found:
            problems.add(place, f"{show(fields['name'])} again", "a factor once", "remove one of them")
        elif (factor := _factor(problems, place, fields, scenario, market)) is not None:
            found[plain] = factor
    return tuple(found.values())


def _factor(
    problems: Problems, place: str, fields: Mapping[str, Any], scenario: Scenario | None, market: bool
) -> Factor | None:
    name, levels = str(fields["name"]), tuple(fields.get("levels") or ())
    before = len(problems.lines)
    known = _declared_range(problems, place, name) if market else None
    if len(problems.lines) > before:
        return None
    if levels and ("low" in fields or "high" in fields):
        problems.add(place, "levels and a range", "one of them", "remove low and high, or levels")
        return None
    if len({_alike(level) for level in levels}) < len(levels):
        problems.add(f"{place}.levels", "a value twice", "every level once", "remove one of them")
        return None
    if levels:
        numbers = [float(x) for x in levels if isinstance(x, int | float) and not isinstance(x, bool)]
        whole = len(numbers) == len(levels)
        low, high = (min(numbers), max(numbers)) if whole else (0.0, float(len(levels) - 1))
        if not whole and numbers:
            problems.add(f"{place}.levels", "numbers beside texts", "levels of one kind", "use one kind")
            return None
    else:
        if known is None and not {"low", "high"} <= fields.keys():
            problems.add(place, "no range", "low and high, or levels", f"add low = ... and high = ... for {name}")
            return None
        low, high = (fields.get(key, known[k] if known else 0.0) for k, key in enumerate(("low", "high")))
        if not low < high:
            problems.add(place, f"{low:g} to {high:g}", "low < high", "swap them, or use settings for a fixed value")
            return None
        if fields.get("log") and low <= 0:
            problems.add(f"{place}.log", f"a range from {low:g}", "low above 0 for a logarithm", "raise low")
            return None
    if known is not None and not (known[0] <= low and high <= known[1]) and (not levels or numbers):
        expected = f"a range within {known[0]:g} to {known[1]:g} ({known[2]}), as declared"
        problems.add(place, f"{low:g} to {high:g}", expected, "narrow it")
        return None
    unit = str(fields.get("unit") or (known[2] if known else ""))
    factor = Factor(name, float(low), float(high), unit, bool(fields.get("log")), levels)
    if scenario is not None and (levels or known is None or name.startswith("policies.")):
        _try(problems, place, factor, scenario)
    return factor


def _alike(level: Any) -> Any:
    """A level as it is told from others: numbers by their first digits, as in a design."""
    number_ = isinstance(level, int | float) and not isinstance(level, bool)
    return design.rounded(float(level)) if number_ else (type(level), level)


def _declared_range(problems: Problems, place: str, name: str) -> tuple[float, float, str] | None:
    """(low, high, unit) of a parameter or of a number of a policy; None where nothing is declared."""
    plain = name.removeprefix("parameters.")
    if plain in declared():
        known = declared()[plain]
        return known.low, known.high, known.unit
    head, _, rest = name.partition(".")
    if head == "policies":
        policy, _, knob = rest.partition(".")
        if policy not in policies.names():
            problems.add(f"{place}.name", show(name), "policies.NAME.KNOB", nearest(policy, policies.names()))
        elif knob not in (knobs := policies.load(policy).KNOBS):
            problems.add(f"{place}.name", show(name), f"a knob of {show(policy)}", nearest(knob, knobs))
        elif isinstance(number_ := knobs[knob], Knob):
            return number_.low, number_.high, number_.unit
    elif head == "parameters" or not (rest or head in ("months", "entrants_per_year", "potential_founders")):
        problems.add(f"{place}.name", show(name), "a parameter, or a dotted key", nearest(plain, declared()))
    elif rest and head not in HEADS:
        problems.add(f"{place}.name", show(name), "a dotted key of the scenario", nearest(head, HEADS))
    return None


def _try(problems: Problems, place: str, factor: Factor, scenario: Scenario) -> None:
    """Set each level, or both ends of the range: what the scenario refuses is refused here."""
    for level in factor.levels or (factor.low, factor.high):
        try:
            scenario.with_settings({factor.name: level})
        except ScenarioError as error:
            if _whole_only(factor, scenario):
                came = f"a range from {factor.low:g} to {factor.high:g}"
                problems.add(place, came, "whole numbers", "write levels = [1, 2, 3]")
            else:
                _lines(problems, place, error)
            return


def _whole_only(factor: Factor, scenario: Scenario) -> bool:
    """Whether the scenario takes whole numbers here and no others, which a range cannot give."""
    if factor.levels or not (factor.low.is_integer() and factor.high.is_integer()):
        return False
    try:
        return bool(scenario.with_settings({factor.name: int(factor.low)}))
    except ScenarioError:
        return False
