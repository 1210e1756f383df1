"""Documents made from sweeps: sensitivity and scenario discovery."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from abm.parameters import declared
from viz.shelf import names
from viz.shelf.blocks import Block, bar, bars, coded, facts, points, table, text

_MEASURES: Final = {
    "sobol": (
        "Sobol indices",
        "Dark: what a factor explains by itself (S1). Pale: with all it does together with "
        "others (ST). Lines: 95 % intervals of ST.",
    ),
    "morris": (
        "Elementary effects",
        "Mean size of the change of the outcome when a factor moves over its range (mu*). Lines: 95 % intervals.",
    ),
    "swings": ("One factor at a time", "Largest difference between base, low end and high end. Lines: 95 %."),
    "given": (
        "Moment-independent (PAWN)",
        "Gap between the distribution of the outcome in a slice of the factor and "
        "over all points. Lines: 95 % intervals.",
    ),
}
_VERDICTS: Final = {"acts": "acts", "luck": "no more than luck would show", "undecided": "undecided"}


def origin(content: Mapping[str, Any]) -> list[list[str]]:
    """What was analysed."""
    design = content.get("design")
    return facts(
        [
            ("Study", content.get("study")),
            ("Scenario", content.get("scenario")),
            ("Design", f"{design['method']}, {design['n']}" if isinstance(design, Mapping) and "n" in design else ""),
            ("Replicates", content.get("replicates")),
            ("Seed", content.get("seed")),
        ]
    )


def sensitivity(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Tornados with intervals for every outcome; for elementary effects the plane of mean size and spread too."""
    blocks: list[Block] = []
    rankings = content["outcomes"]
    if len(rankings) > 1:
        blocks.append(_strengths(rankings))
    for ranking in rankings:
        name, note = _MEASURES.get(ranking["method"], ("Strength", ""))
        unit = ranking["measure"] + (f", {ranking['scale']}" if ranking["scale"] else "")
        rows = []
        for each in ranking["indices"]:
            part = each["second"] if ranking["method"] == "sobol" else None
            rows.append(
                bar(
                    names.factor(each["factor"]),
                    each,
                    part=part,
                    sign=each["sign"],
                    faint=each["verdict"] == "luck",
                    note=_VERDICTS.get(each["verdict"], each["verdict"]),
                )
            )
        threshold = ranking["threshold"]
        blocks.append(
            bars(f"{names.outcome(ranking['outcome'])}: {name.lower()}", rows, unit, note, threshold=threshold)
        )
        if ranking["method"] == "morris":
            blocks.append(_plane(ranking))
        blocks.append(text("How far to trust it", _trust(ranking)))
        blocks.append(_ranked(ranking))
    factors = [each["factor"] for ranking in rankings for each in ranking["indices"]]
    blocks.append(coded([ranking["outcome"] for ranking in rankings], factors))
    return {"title": f"Sensitivity of {content.get('study', folder.name)}", "facts": origin(content), "blocks": blocks}


def _plane(ranking: Mapping[str, Any]) -> Block:
    each = [
        {
            "name": names.factor(index["factor"]),
            "x": index["value"],
            "y": index["second"],
            "x_low": index["low"],
            "x_high": index["high"],
            "group": _VERDICTS.get(index["verdict"], index["verdict"]),
        }
        for index in ranking["indices"]
    ]
    return points(
        f"{names.outcome(ranking['outcome'])}: the Morris plane",
        ("mean size of the effect, mu*", ranking["scale"]),
        ("spread of the effect, sigma", ranking["scale"]),
        each,
        "To the right: strong. High above the diagonal: not linear, or together with others.",
        diagonal=True,
    )


def _strengths(rankings: list[dict[str, Any]]) -> Block:
    """All outcomes beside each other, in shares of the strongest factor of each."""
    listed = list(dict.fromkeys(each["factor"] for ranking in rankings for each in ranking["indices"]))
    held = {ranking["outcome"]: {each["factor"]: each for each in ranking["indices"]} for ranking in rankings}
    largest = {
        outcome: max((each["value"] or 0 for each in rows.values()), default=0) for outcome, rows in held.items()
    }
    cells = [[_cell(held[outcome].get(name), largest[outcome]) for outcome in held] for name in listed[:60]]
    return {
        "type": "matrix",
        "title": "What moves which outcome",
        "rows": [names.factor(name) for name in listed[:60]],
        "columns": [names.outcome(name) for name in held],
        "cells": cells,
        "note": "In per cent of the strongest factor of each outcome.",
        "shade": True,
    }


def _cell(index: Mapping[str, Any] | None, largest: float) -> dict[str, Any]:
    value = index["value"] if index else None
    if value is None or not math.isfinite(value):
        return {"lines": ["–"], "value": None}
    share = value / largest if largest else 0.0
    return {
        "lines": [f"{share:.0%}".replace("%", " %")],
        "value": share,
        "faint": bool(index and index["verdict"] == "luck"),
    }


def _trust(ranking: Mapping[str, Any]) -> list[str]:
    said = [
        f"{ranking['points']:,} points, {_histories(ranking['replicates'])}; mean {_measured(ranking, 'mean', 4)}, "
        f"spread {_measured(ranking, 'spread', 3)}"
    ]
    settled = ranking.get("convergence")
    if settled:
        small = (
            "the ranking is stable"
            if settled["stable"]
            else (
                f"the sample is small, not {settled['n']:,} but about {settled['needed']:,} {settled['kind']} as needed"
                if settled.get("needed")
                else "the sample is small"
            )
        )
        said.append(f"Convergence: {small}.")
    if ranking.get("luck") is not None:
        said.append(f"Luck is {ranking['luck']:.0%} of the variance of one history.")
    if ranking.get("missing"):
        said.append(f"{ranking['missing']:,} points without a result are left out.")
    for one, two, share in (ranking.get("pairs") or [])[:3]:
        said.append(f"Together beyond the sum: {names.factor(one)} with {names.factor(two)}, {share:.3g}.")
    return said


def _measured(ranking: Mapping[str, Any], key: str, figures: int) -> str:
    """A number of an outcome with its unit: shares in per cent."""
    if names.is_share(ranking["unit"]):
        return str(names.value(ranking[key], ranking["unit"]))
    return f"{ranking[key]:.{figures}g} {ranking['unit']}".rstrip()


def _histories(replicates: int) -> str:
    return "1 replicate" if replicates == 1 else f"{replicates} replicates"


def _places(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _ranked(ranking: Mapping[str, Any]) -> Block:
    columns = [
        ("factor", "text"),
        (ranking["measure"], "number"),
        ("low", "number"),
        ("high", "number"),
        (ranking["second"] or "second", "number"),
        ("places", "text"),
        ("verdict", "text"),
    ]
    rows = [
        [
            names.factor(each["factor"]),
            each["value"],
            each["low"],
            each["high"],
            each["second"],
            _places(each["rank_low"], each["rank_high"]),
            _VERDICTS.get(each["verdict"], each["verdict"]),
        ]
        for each in ranking["indices"]
    ]
    return table(f"{names.outcome(ranking['outcome'])}: all factors", columns, rows)


def discovery(folder: Path, content: dict[str, Any], study: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Boxes with their limits and how they were peeled; `study` is that of the sweep, for the ranges of factors."""
    used = [limit["factor"] for box in content["boxes"] for limit in box["limits"]]
    coded_case = (
        content.get("case") or f"{content['outcome']} {'above' if content['above'] else 'below'} {content['bound']:g}"
    )
    case = names.told(coded_case, outcomes=[content["outcome"]])
    ranges = {name: (known.low, known.high, False) for name, known in declared().items()}
    for factor in (study or {}).get("factors", ()):
        if factor.get("low") is not None and factor.get("high") is not None:
            ranges[factor["name"]] = (factor["low"], factor["high"], bool(factor.get("log")))
    blocks: list[Block] = [
        text("Rules", [f"{rule[:1].upper()}{rule[1:]}." for rule in _spoken(content, used)] or ["No box was found."])
    ]
    for number, box in enumerate(content["boxes"], 1):
        rows = [_side(limit, ranges.get(limit["factor"])) for limit in box["limits"]]
        blocks.append(
            {
                "type": "boxes",
                "title": f"Box {number}: when it comes to {case}",
                "rows": rows,
                "note": f"Holds {box['coverage']:.0%} of the cases; {box['density']:.0%} of its points are cases, "
                f"everywhere {content['base']:.0%} are.",
            }
        )
        trail = [
            {
                "name": f"step {step}",
                "x": covered,
                "y": density,
                "group": f"{factors} restricted",
                "words": f"{mass:.0%} of all points",
                "chosen": step == box["chosen"],
            }
            for step, (covered, density, mass, factors) in enumerate(box["trajectory"])
        ]
        blocks.append(
            points(
                f"Box {number}: peeling",
                ("coverage: share of the cases", "share"),
                ("density: share of its points", "share"),
                trail,
                "Every dot is a box, from all points on the left of the density to the pure core; the ringed one was "
                "chosen.",
                line=True,
            )
        )
        columns = [
            ("factor", "text"),
            ("from", "number"),
            ("to", "number"),
            ("levels", "text"),
            ("restricted in", "percent"),
            ("quasi-p", "number"),
        ]
        limits = [
            [
                names.factor(one["factor"]),
                one["low"],
                one["high"],
                ", ".join(one["levels"]),
                one["stability"],
                one["quasi_p"],
            ]
            for one in box["limits"]
        ]
        blocks.append(table(f"Box {number}: limits", columns, limits, "Restricted in: share of bootstrap samples."))
    blocks.append(coded([content["outcome"]], used))
    return {
        "title": f"When it comes to {case}",
        "facts": [*origin(content), *facts([("Cases", f"{content['cases']:,} of {content['points']:,} points")])],
        "blocks": blocks,
    }


def _spoken(content: Mapping[str, Any], factors: list[str]) -> list[str]:
    """The rules of the boxes without codes."""
    return [names.told(rule, factors, [content["outcome"]]) for rule in content["rules"]]


def _side(limit: Mapping[str, Any], span: tuple[float, float, bool] | None) -> dict[str, Any]:
    """A limit as shares of the range of its factor."""
    low, high = limit["low"], limit["high"]
    name = names.factor(limit["factor"])
    words = f"{name}: " + (
        " or ".join(limit["levels"])
        or f"{'…' if low is None else f'{low:.3g}'} to {'…' if high is None else f'{high:.3g}'}"
    )
    ends = [0.0, 1.0]
    if span and span[1] > span[0]:
        for side, value in enumerate((low, high)):
            if value is not None:
                ends[side] = _share(value, *span)
    return {
        "name": name,
        "low": ends[0],
        "high": ends[1],
        "words": words,
        "from": None if span is None else span[0],
        "to": None if span is None else span[1],
        "note": f"restricted in {limit['stability']:.0%} of the resamples",
    }


def _share(value: float, low: float, high: float, log: bool) -> float:
    if log and low > 0 and value > 0:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return min(1.0, max(0.0, (value - low) / (high - low)))
