"""Every row of the historic scenarios predicted: `predictions.json`, the same bytes for the same seed.

A row holds the posterior-predictive distribution of the model and of three baselines: of a cohort the probability of
every possible number of leavers, of a share or a ratio the mean and nine quantiles. Rows that were fitted say so and
carry the observed interval; rows that are predicted carry none. `SCHEMA` is the form of the document (JSON Schema).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from abm import files
from abm.columns import Floats
from abm.scenario import Scenario
from experiments import baseline_flows, baselines
from experiments.forecast import given, predictive, ratios, settings_of, simulate_draws
from experiments.observed import Row, rows
from experiments.posterior_file import Drawn
from experiments.scores import LEVELS, Predictive

DIGITS: Final = 6
FLOW_DRAWS: Final = 4000
UNITS: Final = {"cohort": "people", "retention": "share", "flow": "ratio"}
QUANTILE_NAMES: Final = [f"p{round(100 * level):02d}" for level in LEVELS]

_NUMBER: Final = {"type": ["number", "null"]}
_DISTRIBUTION: Final = {
    "type": "object",
    "oneOf": [
        {
            "required": ["mean", "pmf"],
            "properties": {
                "mean": _NUMBER,
                "pmf": {
                    "type": "array",
                    "items": {"type": "number", "minimum": 0, "maximum": 1},
                    "description": "probability of 0, 1, ... of the people having left",
                },
            },
            "additionalProperties": False,
        },
        {
            "required": ["mean", *QUANTILE_NAMES],
            "properties": {name: _NUMBER for name in ("mean", *QUANTILE_NAMES)},
            "additionalProperties": False,
        },
    ],
}
_FORECASTS: Final = {
    "type": "object",
    "required": ["model", *baselines.NAMES],
    "properties": {name: {"$ref": "#/$defs/distribution"} for name in ("model", *baselines.NAMES)},
    "additionalProperties": False,
}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Predictions of the AI talent market",
    "type": "object",
    "required": ["schema", "seed", "draws", "posterior", "scenarios", "versions", "rules", "rows"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": 1},
        "seed": {"type": "integer"},
        "draws": {"type": "integer", "minimum": 1},
        "posterior": {
            "type": "object",
            "required": ["source", "fitted_to", "digest", "parameters", "targets"],
            "properties": {
                "source": {"type": "string"},
                "fitted_to": {"type": "object", "additionalProperties": {"type": "string"}},
                "digest": {"type": "string"},
                "parameters": {"type": "array", "items": {"type": "string"}},
                "targets": {"type": "array", "items": {"type": "object"}},
            },
        },
        "scenarios": {"type": "object", "additionalProperties": {"type": "string"}},
        "versions": {"type": "object", "additionalProperties": {"type": "string"}},
        "rules": {"type": "object", "additionalProperties": {"type": "string"}},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
    },
    "$defs": {
        "distribution": _DISTRIBUTION,
        "row": {
            "type": "object",
            "required": ["row", "scenario", "kind", "subject", "date", "months", "of", "unit", "status", "forecasts"],
            "additionalProperties": False,
            "properties": {
                "row": {"type": "string"},
                "scenario": {"type": "string"},
                "kind": {"enum": list(UNITS)},
                "subject": {"type": "string"},
                "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
                "months": {"type": "integer"},
                "of": {"type": "integer"},
                "unit": {"enum": list(UNITS.values())},
                "status": {"enum": ["fitted", "predicted"]},
                "observed": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                "forecasts": _FORECASTS,
                "given_earlier": {
                    "type": "object",
                    "properties": {name: {"$ref": "#/$defs/distribution"} for name in ("model", *baselines.NAMES)},
                    "additionalProperties": False,
                },
                "per_head": _FORECASTS,
            },
        },
    },
}
RULES: Final = {
    "forecasts": "new histories: luck and parameters both vary; members of a cohort start as the scenario says",
    "given_earlier": "only histories that agree with the fitted row of the same people at an earlier date",
    "flow": "leavers A>B over leavers B>A from the start of the scenario; half a person is added to both",
    "per_head": "the same, each direction per head at its source (mean head count up to the date)",
    "baselines of flows": baseline_flows.ASSUMES,
    "fitted": "the row was a target of the fit: agreement with it is no success of prediction",
}


def predict(
    scenarios: Sequence[Scenario],
    drawn: Drawn,
    n: int,
    seed: int,
    workers: int = 1,
    on_done: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Predict every row of some scenarios.

    Args:
        scenarios: where the rows come from; their targets fit the baselines.
        drawn: of the posterior, or the declared defaults.
        n: histories of each scenario.
        seed: history i has the luck of replicate i.
        workers: processes; the document does not depend on them.
        on_done: called after every history.

    Returns:
        The document, see `SCHEMA`.
    """
    settings = settings_of(drawn.names, drawn.first(n))
    observed = {scenario.name: rows(scenario) for scenario in scenarios}
    everything = [row for each in observed.values() for row in each]
    fits = {name: baselines.fit(name, everything) for name in baselines.NAMES}
    found = []
    for scenario in scenarios:
        mine = observed[scenario.name]
        values = simulate_draws(scenario, mine, settings, seed, workers, on_done)
        found += [_row(row, mine, values, scenario, fits, seed) for row in mine]
    told: dict[str, Any] = _rounded(
        {
            "schema": 1,
            "seed": seed,
            "draws": n,
            "posterior": {
                "source": drawn.source,
                "fitted_to": dict(drawn.content.get("scenario", {})),
                "digest": drawn.digest,
                "parameters": list(drawn.names),
                "targets": drawn.content.get("targets", []),
            },
            "scenarios": {scenario.name: scenario.content_hash() for scenario in scenarios},
            "versions": {name: files.version(name) for name in files.PACKAGES} | {"python": platform.python_version()},
            "rules": dict(RULES),
            "rows": found,
        }
    )
    return told


def _row(
    row: Row,
    observed: Sequence[Row],
    values: Mapping[str, Floats],
    scenario: Scenario,
    fits: Mapping[str, baselines.Fit],
    seed: int,
) -> dict[str, Any]:
    """One row of the document."""
    told: dict[str, Any] = {
        "row": row.key,
        "scenario": row.scenario,
        "kind": row.kind,
        "subject": row.subject,
        "date": row.date,
        "months": row.months,
        "of": row.of,
        "unit": UNITS[row.kind],
        "status": "fitted" if row.fitted else "predicted",
    }
    if row.fitted:
        told["observed"] = [row.low, row.high]
    forecasts = {"model": predictive(row, values)}
    if row.kind == "flow":
        per_head = {"model": Predictive.of_draws(ratios(row, values)[1], 0)}
        for name, fitted in fits.items():
            forecasts[name], per_head[name] = baseline_flows.flow(fitted, row, scenario, FLOW_DRAWS, seed)
        told["per_head"] = _told(per_head)
    else:
        forecasts |= {name: baselines.predict(fitted, row) for name, fitted in fits.items()}
    told["forecasts"] = _told(forecasts)
    onward = {"model": agreeing} if (agreeing := given(row, observed, values)) is not None else {}
    if row.kind == "cohort" and not row.fitted and any(_same_people(row, each) for each in observed):
        onward |= {name: baselines.predict(fitted, row, given=True) for name, fitted in fits.items()}
    if onward:
        told["given_earlier"] = _told(onward)
    return told


def _same_people(row: Row, other: Row) -> bool:
    """Whether another row is a target about the same people (or those they are part of), not later."""
    return other.fitted and other.subject in (row.subject, row.parent) and other.months <= row.months


def _told(forecasts: Mapping[str, Predictive]) -> dict[str, Any]:
    return {name: forecast.told() for name, forecast in forecasts.items()}


def _rounded(content: Any) -> Any:
    """All floats to six digits, so that the last bits of a processor do not reach the file."""
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_rounded(value) for value in content]
    if isinstance(content, float | np.floating):
        return float(f"{float(content):.{DIGITS}g}")
    return content
