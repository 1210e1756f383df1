"""What a study file may say, and what must hold between its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

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
from experiments.models import FUNCTIONS, MARKET
from experiments.responses import Factor

ALL: Final = "all"
MOST_REPLICATES: Final = 100_000
SAMPLED: Final = ("grid", *design.SAMPLERS)  # designs that need n


def _anything(problems: Problems, place: str, value: object) -> object:
    return value


def _scalar(problems: Problems, place: str, value: object) -> object:
    if isinstance(value, str | bool | int | float):
        return value
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
    factors = _factors(problems, top.get("factors"), scenario, market)
    if scenario is not None:
        _outcomes(problems, top.get("outcomes", ()), scenario)
    plan = top.get("design") or {}
    rows = _rows(problems, plan, factors, folder)
    _design(problems, plan, factors, rows)
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


def _described(problems: Problems, top: dict[str, Any], scenario: Scenario) -> Scenario:
    settings = dict(top.get("settings") or {})
    months = top.get("months")
    if months is not None:
        if months > scenario.horizon:
            expected = f"1 to {scenario.horizon}, the months of {scenario.name}"
            problems.add("months", str(months), expected, "leave it out for the whole history")
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


def _factors(problems: Problems, given: object, scenario: Scenario | None, market: bool) -> tuple[Factor, ...]:
    if given is None:
        return ()
    if given == ALL and market:
        return tuple(Factor(p.name, p.low, p.high, p.unit) for p in declared().values() if p.low < p.high)
    if not isinstance(given, list | tuple) or not given:
        fix = 'write [[factors]] and name = "h0", or factors = "all" for every declared parameter'
        problems.add("factors", show(given), "at least one factor", fix)
        return ()
    found: list[Factor] = []
    for index, raw in enumerate(given, 1):
        place = spot("factors", index, raw, "name")
        if not isinstance(raw, Mapping):
            problems.add(place, show(raw), "a table", 'write [[factors]] and name = "h0"')
            continue
        fields = read_keys(problems, place, raw, FACTOR)
        if "name" in fields and (factor := _factor(problems, place, fields, scenario, market)) is not None:
            found.append(factor)
    seen: dict[str, int] = {}
    for index, factor in enumerate(found, 1):
        name = factor.name.removeprefix("parameters.")
        if name in seen:
            problems.add(f"factors[{index}]", f"{show(factor.name)} again", "a factor once", "remove one of them")
        seen[name] = index
    return tuple(found)


def _factor(
    problems: Problems, place: str, fields: Mapping[str, Any], scenario: Scenario | None, market: bool
) -> Factor | None:
    name, levels = str(fields["name"]), tuple(fields.get("levels") or ())
    known = _declared_range(problems, place, name) if market else None
    if levels and ("low" in fields or "high" in fields):
        problems.add(place, "levels and a range", "one of them", "remove low and high, or levels")
        return None
    if len({show(level) for level in levels}) < len(levels):
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
        if fields["log"] and low <= 0:
            problems.add(f"{place}.log", f"a range from {low:g}", "low above 0 for a logarithm", "raise low")
            return None
    if known is not None and not (known[0] <= low and high <= known[1]) and (not levels or numbers):
        expected = f"a range within {known[0]:g} to {known[1]:g} ({known[2]}), as declared"
        problems.add(place, f"{low:g} to {high:g}", expected, "narrow it")
        return None
    unit = str(fields.get("unit") or (known[2] if known else ""))
    factor = Factor(name, float(low), float(high), unit, bool(fields["log"]), levels)
    if scenario is not None and (levels or known is None or name.startswith("policies.")):
        _try(problems, place, factor, scenario)
    return factor


def _declared_range(problems: Problems, place: str, name: str) -> tuple[float, float, str] | None:
    """(low, high, unit) of a parameter or of a number of a policy; None where nothing is declared."""
    plain = name.removeprefix("parameters.")
    if plain in declared():
        known = declared()[plain]
        return known.low, known.high, known.unit
    head, _, rest = name.partition(".")
    if head == "policies":
        policy, _, knob = rest.partition(".")
        if policy in policies.names():
            knobs = policies.load(policy).KNOBS
            if isinstance(declared_knob := knobs.get(knob), Knob):
                return declared_knob.low, declared_knob.high, declared_knob.unit
    elif not rest and head not in ("months", "entrants_per_year", "potential_founders"):
        problems.add(f"{place}.name", show(name), "a parameter, or a dotted key", nearest(name, declared()))
    return None


def _try(problems: Problems, place: str, factor: Factor, scenario: Scenario) -> None:
    """Set each level, or both ends of the range: what the scenario refuses is refused here."""
    for level in factor.levels or (factor.low, factor.high):
        try:
            scenario.with_settings({factor.name: level})
        except ScenarioError as error:
            _lines(problems, place, error)
            return


# ---- design ----------------------------------------------------------------------------------------------------------


def _rows(
    problems: Problems, plan: Mapping[str, Any], factors: Sequence[Factor], folder: Path
) -> tuple[tuple[Any, ...], ...]:
    """The points of a list: given as lists in the order of the factors, or as a table beside the study."""
    if plan.get("method") != "list":
        for key in ("rows", "file"):
            if key in plan:
                problems.add(f"design.{key}", show(plan[key]), 'method = "list" with it', f"remove {key}")
        return ()
    rows = plan.get("rows")
    if "file" in plan:
        if rows is not None:
            problems.add("design", "rows and a file", "one of them", "remove one")
            return ()
        rows = _from_file(problems, folder / str(plan["file"]), factors)
        if rows is None:
            return ()
    if not isinstance(rows, list | tuple) or not rows:
        problems.add("design.rows", show(rows), "at least one point", "write rows = [[0.05, 1.0], ...]")
        return ()
    found = []
    for index, row in enumerate(rows, 1):
        place = f"design.rows[{index}]"
        if not isinstance(row, list | tuple) or len(row) != len(factors):
            problems.add(place, show(row), f"a list of {len(factors)}, one value a factor", "correct the point")
            continue
        fits = [_fits(problems, f"{place}[{k}]", x, f) for k, (x, f) in enumerate(zip(row, factors, strict=True), 1)]
        if all(fits):
            found.append(tuple(row))
    return tuple(found)


def _fits(problems: Problems, place: str, value: object, factor: Factor) -> bool:
    if factor.levels:
        fine, expected = value in factor.levels, "one of the levels"
    else:
        fine = isinstance(value, int | float) and not isinstance(value, bool) and factor.low <= value <= factor.high
        expected = f"a number from {factor.low:g} to {factor.high:g}"
    if not fine:
        problems.add(place, show(value), f"{expected} of {factor.name}", "correct the value or the range")
    return fine


def _from_file(problems: Problems, path: Path, factors: Sequence[Factor]) -> list[list[Any]] | None:
    """Points out of a CSV or Parquet file with a column for each factor."""
    place = "design.file"
    try:
        read = pq.read_table(path) if path.suffix == ".parquet" else pc.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        came = f"{path.name}, which cannot be read ({str(error).splitlines()[0][:100]})"
        problems.add(place, came, "a CSV or Parquet file beside the study", "check the name and the content")
        return None
    missing = [factor.name for factor in factors if factor.name not in read.column_names]
    if missing:
        fix = nearest(missing[0], read.column_names, "the file has")
        problems.add(place, f"no column {show(missing[0])}", "a column for each factor", fix)
        return None
    return [list(row) for row in zip(*(read[factor.name].to_pylist() for factor in factors), strict=True)]


def _design(
    problems: Problems, plan: Mapping[str, Any], factors: Sequence[Factor], rows: Sequence[Sequence[Any]]
) -> None:
    method, n = plan.get("method"), plan.get("n")
    if method is None or not factors:
        return
    ranges = [factor for factor in factors if not factor.levels]
    if method in SAMPLED and n is None and (method != "grid" or ranges):
        problems.add("design.n", "nothing", f"the size of a design of method {method}", "add n = 64")
        return
    if method == "saltelli" and n is not None and n & (n - 1):
        problems.add("design.n", str(n), "a power of two for method saltelli", f"write n = {1 << n.bit_length()}")
    if method == "morris" and n is not None and n < 2:
        problems.add("design.n", str(n), "at least 2 trajectories", "write n = 10")
    total = design.count(method, factors, n or 1, len(rows))
    if total > design.MOST_POINTS:
        came = f"{total:,} points"
        problems.add("design", came, f"at most {design.MOST_POINTS:,}", "fewer levels, or a sampled design")
