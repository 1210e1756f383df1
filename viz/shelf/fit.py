"""Documents that set the model beside observations: calibrations and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import result_file, verdicts
from viz.shelf import names
from viz.shelf.blocks import Block, coded, facts, table, text

MOST_DRAWS: Final = 4_000
CENTRAL: Final = 0.8
_OF_A_PARAMETER: Final = ("prior_low", "prior_high", "mean", "sd", "p05", "p50", "p95", "contraction")


def calibration(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Posterior beside prior, what is predicted beside what was observed, and the scores of the model and baselines."""
    posterior = content["posterior"]
    rows = posterior["table"]
    blocks: list[Block] = []
    draws = _draws(folder, [row["parameter"] for row in rows])
    if draws is not None:
        values, weight, more = draws
        blocks.append(
            {
                "type": "corner",
                "title": "What the observations leave of the ranges",
                "note": "On the diagonal each posterior, its prior as a flat line; below it pairs, the "
                "size of a dot is its weight." + (f" A sample of {MOST_DRAWS:,} draws." if more else ""),
                "names": [names.factor(row["parameter"]) for row in rows],
                "units": [row.get("unit", "") for row in rows],
                "low": [row["prior_low"] for row in rows],
                "high": [row["prior_high"] for row in rows],
                "log": [bool(row["log"]) for row in rows],
                "values": values,
                "weight": weight,
            }
        )
    columns = [
        ("parameter", "text"),
        ("prior from", "number"),
        ("to", "number"),
        ("mean", "number"),
        ("sd", "number"),
        ("5 %", "number"),
        ("50 %", "number"),
        ("95 %", "number"),
        ("contraction", "percent"),
    ]
    blocks.append(
        table(
            "Posterior",
            columns,
            [[names.factor(row["parameter"]), *(row[key] for key in _OF_A_PARAMETER)] for row in rows],
            "Contraction: how much narrower than the prior.",
        )
    )
    if posterior.get("narrow"):
        blocks.append(
            text("", ["The sweep had few kinds of luck, so this posterior is too narrow: run it in more parts."])
        )
    run = content.get("draws") or 0  # 0 of stored histories, which are many
    blocks.append(_forecasts(content["forecasts"], bool(run) and not verdicts.holds(run, CENTRAL)))
    if content["scores"]:
        blocks += _scores(content["scores"])
    blocks.append(coded([row["row"] for row in content["forecasts"]], [row["parameter"] for row in rows]))
    return {
        "title": f"Calibration of {content['scenario']['name']}",
        "facts": facts(
            [
                ("Histories", f"{posterior['histories']:,}"),
                ("Kinds of luck", posterior["seeds"]),
                ("Effective sample", f"{posterior['effective']:.0f}"),
                ("Posterior", posterior["digest"][:12]),
            ]
        ),
        "blocks": blocks,
    }


def _draws(folder: Path, names: list[str]) -> tuple[Any, Any, bool] | None:
    """Values (N, K) and weights (N,) of the posterior, the heaviest kept when there are many."""
    path = folder / "posterior.parquet"
    if not path.exists() or len(names) > 6:
        return None
    held = result_file.table(path, [*dict.fromkeys(names), "weight"])
    values = np.column_stack([held[name].to_numpy() for name in names])
    weight = held["weight"].to_numpy()
    keep = np.argsort(-weight, kind="stable")[:MOST_DRAWS]
    return values[keep], weight[keep], len(keep) < len(weight)


def _forecasts(rows: list[dict[str, Any]], few: bool) -> Block:
    return {
        "type": "intervals",
        "title": "Predicted beside observed",
        "note": f"Bars: {_bars(few)} of the histories at draws from the posterior. Red: the observed interval of rows "
        "that were fitted; rows to be predicted carry none.",
        "bars": _bars(few),
        "rows": [
            {
                "name": names.outcome(row["row"]),
                "low": row["p10"],
                "high": row["p90"],
                "middle": row["mean"],
                "seen_low": row.get("observed_low"),
                "seen_high": row.get("observed_high"),
                "of": row["of"],
                "words": ", ".join(filter(None, (row["status"], row.get("verdict")))),
            }
            for row in rows
        ],
    }


def _scores(scores: list[dict[str, Any]]) -> list[Block]:
    forecasts = list(dict.fromkeys(row["forecast"] for row in scores))
    rows = []
    for key in dict.fromkeys(row["row"] for row in scores):
        for left_out in (True, False):
            found = {row["forecast"]: row for row in scores if row["row"] == key and row["left_out"] == left_out}
            for score in ("log_score", "crps") if found else ():
                given = [found[name][score] if name in found else None for name in forecasts]
                rows.append(
                    [names.outcome(key), score.replace("_", " "), "left out" if left_out else "in sample", *given]
                )
    columns = [("row", "text"), ("score", "text"), ("fitted", "text"), *((name, "number") for name in forecasts)]
    note = "Smaller is better. Left out: fitted without that row, which is the honest comparison."
    return [table("The model beside simple baselines", columns, rows, note)]


def predictions(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The predictive interval of every observation, and the means of the baselines beside it."""
    rows, beside = [], []
    few = not verdicts.holds(content["draws"], CENTRAL)
    for row in content["rows"]:
        model = row["forecasts"]["model"]
        low, high = central(model, few)
        middle = model.get("p50") if row["unit"] == "ratio" else model.get("mean")
        seen = row.get("observed") or [None, None]
        rows.append(
            {
                "name": names.outcome(row["row"]),
                "low": low,
                "high": high,
                "middle": middle,
                "seen_low": seen[0],
                "seen_high": seen[1],
                "of": row["of"] if row["unit"] == "people" else 0 if row["unit"] == "ratio" else 1,
                "words": row["status"],
            }
        )
        others = [row["forecasts"].get(name, {}) for name in ("constant", "tenure", "contagion")]
        key = "p50" if row["unit"] == "ratio" else "mean"
        numbers = [middle, low, high, *(each.get(key) for each in others)]
        beside.append([names.outcome(row["row"]), row["status"], row["unit"], *names.row(numbers, row["unit"])])
    columns = [
        ("row", "text"),
        ("status", "text"),
        ("unit", "text"),
        ("model", "number"),
        ("lowest" if few else "10 %", "number"),
        ("highest" if few else "90 %", "number"),
        ("constant", "number"),
        ("tenure", "number"),
        ("contagion", "number"),
    ]
    named = content["posterior"]
    return {
        "title": "Predictions of every observation",
        "facts": facts(
            [
                ("Draws", content["draws"]),
                ("Seed", content["seed"]),
                ("Parameters", named["source"]),
                ("Scenarios", ", ".join(content["scenarios"])),
            ]
        ),
        "blocks": [
            {
                "type": "intervals",
                "title": "Predicted beside observed",
                "rows": rows,
                "note": f"Bars: {_bars(few)}. Red: the observed interval of rows that were fitted; predicted rows "
                "carry no observed value.",
                "bars": _bars(few),
            },
            table("The model beside baselines", columns, beside, "People and shares: means; ratios of flows: medians."),
        ],
    }


def _bars(few: bool) -> str:
    """What a bar holds."""
    if few:
        return f"lowest to highest (an interval of 80 % needs {verdicts.needed(CENTRAL)} histories)"
    return "central 80 %"


def central(forecast: Mapping[str, Any], few: bool = False) -> tuple[float | None, float | None]:
    """Central 80 % of a distribution of quantiles or of counts; of few draws the extremes."""
    if "pmf" not in forecast:
        return (forecast.get("p01"), forecast.get("p99")) if few else (forecast.get("p10"), forecast.get("p90"))
    if few:
        there = [float(count) for count, share in enumerate(forecast["pmf"]) if share > 0]
        return (there[0], there[-1]) if there else (None, None)
    total, ends, levels = 0.0, [], [0.1, 0.9]
    for count, share in enumerate(forecast["pmf"]):
        total += share
        while levels and total >= levels[0] - 1e-9:
            ends.append(float(count))
            levels.pop(0)
    return (ends[0], ends[-1]) if ends else (None, None)
