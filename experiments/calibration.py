"""Fit at most three parameters to the rows of a scenario marked calibrate, and say of every row what follows.

The posterior uses the stored sweep only. Scores are given twice: of the posterior that has seen the row (in sample: too
good), and of the posterior of all other rows (left out: the honest comparison); the baselines are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from abm.scenario import Scenario
from experiments import baselines
from experiments.forecast import given, predictive, ratios, stored_draws
from experiments.histories import Histories, gather
from experiments.observed import Row, rows, targets
from experiments.posterior import Method, Posterior, calibrate
from experiments.responses import Responses
from experiments.scores import Predictive

STORED: Final = 1000  # draws for scores from the stored sweep
CENTRAL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Calibration:
    """A scenario fitted: its rows, the posterior, and the posterior without each target (none if it is alone)."""

    scenario: Scenario
    observed: tuple[Row, ...]
    posterior: Posterior
    left_out: dict[str, Posterior]


def fit(
    sweeps: Responses | Sequence[Responses] | Histories,
    scenario: Scenario,
    method: Method | None = None,
    seed: int = 1,
    noise: float = 0.0,
) -> Calibration:
    """Fit a scenario from a stored sweep.

    Args:
        sweeps: one or several; they must have measured the outcome of every row marked calibrate.
        scenario: whose rows are the targets. Rows to be predicted have no part in this.
        method: of `experiments.posterior`.
        seed: of resampling.
        noise: standard error of an observed share.

    Returns:
        The fit.

    Raises:
        ScenarioError: see `experiments.posterior.calibrate`.
    """
    observed, responses = rows(scenario), gather(sweeps)
    aims = targets(observed, noise)
    whole = calibrate(responses, aims, method, seed)
    without: dict[str, Posterior] = {}
    if len(aims) > 1:
        for aim in aims:
            rest = [each for each in aims if each is not aim]
            without[aim.outcome] = calibrate(responses, rest, method, seed)
    return Calibration(scenario, observed, whole, without)


def scores(fitted: Calibration, stored: Histories) -> list[dict[str, Any]]:
    """Log score and CRPS of the model and the baselines on every target, in sample and with the target left out."""
    found = []
    for row in fitted.observed:
        if not row.fitted or row.low is None or row.high is None:
            continue
        forecasts: dict[tuple[str, bool], Predictive] = {}
        posteriors = {False: fitted.posterior, True: fitted.left_out.get(row.key)}
        for left_out, posterior in posteriors.items():
            if posterior is None:
                continue
            forecasts["model", left_out] = predictive(row, stored_draws(stored, posterior, STORED))
            seen = [each for each in fitted.observed if not (left_out and each.key == row.key)]
            for name in baselines.NAMES:
                forecasts[name, left_out] = baselines.predict(baselines.fit(name, seen), row)
        for (name, left_out), forecast in forecasts.items():
            found.append(
                {
                    "row": row.key,
                    "forecast": name,
                    "left_out": left_out,
                    "unit": "people" if forecast.counts else "share",
                    "log_score": forecast.log_score(row.low, row.high),
                    "crps": forecast.crps(row.low, row.high),
                    "mean": forecast.mean(),
                }
            )
    return found


def forecasts(fitted: Calibration, drawn: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """The posterior-predictive row of every observation; the observed interval and a verdict for targets only.

    Args:
        fitted: the fit.
        drawn: histories at draws from the posterior, new or stored.

    Returns:
        A row for each observation that they watched. Verdict on the central 80 % interval: "inside" if it holds the
        whole observed interval, "partly", or "outside".
    """
    found = []
    for row in fitted.observed:
        if any(text not in drawn for text in row.outcomes):
            continue  # stored histories did not watch it
        forecast = predictive(row, drawn)
        low, high = forecast.central(CENTRAL) if len(forecast.values) else (np.nan, np.nan)
        line: dict[str, Any] = {
            "row": row.key,
            "date": row.date,
            "of": row.of,
            "status": "fitted" if row.fitted else "predicted",
            "observed_low": row.low,
            "observed_high": row.high,
            "mean": forecast.mean() if len(forecast.values) else None,
            "p10": None if np.isnan(low) else low,
            "p90": None if np.isnan(high) else high,
            "verdict": None,
            "probability": None,
            "mean_given_earlier": None,
            "mean_per_head": None,
        }
        if row.fitted and row.low is not None and row.high is not None:
            line["verdict"] = forecast.verdict(row.low, row.high, CENTRAL)
            line["probability"] = forecast.probability(row.low, row.high)
        if (onward := given(row, fitted.observed, drawn)) is not None:
            line["mean_given_earlier"] = onward.mean()
        if row.kind == "flow":
            line["mean_per_head"] = float(np.mean(ratios(row, drawn)[1]))
        found.append(line)
    return found
