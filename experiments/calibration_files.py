"""The files of a calibration: weighted draws, draws for `talent predict`, everything told, a corner plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import files, table_file
from abm.columns import Floats
from experiments.calibration import Calibration
from experiments.posterior import Posterior

SHIPPED: Final = 400  # draws that are written for `talent predict`


def document(
    fitted: Calibration, told_scores: list[dict[str, Any]], told_forecasts: list[dict[str, Any]]
) -> dict[str, Any]:
    """The content of `calibration.json`."""
    posterior = fitted.posterior
    return {
        "schema": 1,
        "scenario": {"name": fitted.scenario.name, "hash": fitted.scenario.content_hash()},
        "posterior": {
            "digest": posterior.digest,
            "table": posterior.table(),
            "correlation": correlation(posterior).tolist(),
            "effective": posterior.effective,
            "histories": posterior.histories,
            "failed": posterior.failed,
            "seeds": posterior.seeds,
            "narrow": posterior.narrow,
            "at_distance_zero": posterior.exact,
            "bandwidth": posterior.bandwidth,
        },
        "targets": [
            {
                "outcome": target.outcome,
                "low": target.low,
                "high": target.high,
                "noise": target.noise,
                "share_inside": posterior.reach[q],
                "luck": posterior.luck[q],
            }
            for q, target in enumerate(posterior.targets)
        ],
        "forecasts": told_forecasts,
        "scores": told_scores,
    }


def correlation(posterior: Posterior) -> Floats:
    """(K, K) posterior correlation of the parameters."""
    centred = posterior.values - posterior.weights @ posterior.values
    spread = (centred * posterior.weights[:, None]).T @ centred
    sd = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    return np.asarray(spread / np.outer(sd, sd))


def write(folder: Path, fitted: Calibration, told: dict[str, Any]) -> list[Path]:
    """Write posterior.parquet (weighted), posterior.json (equally weighted, for `talent predict`), calibration.json.

    Returns:
        The pictures of the corner plot, drawn last: a plot that fails must not lose the numbers.
    """
    import pyarrow as pa  # noqa: PLC0415  # slow to import

    folder.mkdir(parents=True, exist_ok=True)
    posterior = fitted.posterior
    columns = {factor.name: posterior.values[:, k] for k, factor in enumerate(posterior.factors)}
    table_file.write_parquet(folder / "posterior.parquet", pa.table({**columns, "weight": posterior.weights}))
    files.write_json(folder / "posterior.json", shipped(fitted))
    files.write_json(folder / "calibration.json", told)
    from experiments.figures import corner, style  # noqa: PLC0415  # matplotlib is slow to import

    figure = corner.draw(
        posterior.values,
        [f"{factor.name} ({factor.unit})" if factor.unit else factor.name for factor in posterior.factors],
        title="What the observations leave of the ranges",
        weights=posterior.weights,
        ranges=[(factor.low, factor.high) for factor in posterior.factors],
        source=f"{fitted.scenario.name}, {posterior.histories} histories, posterior {posterior.digest[:12]}",
    )
    return style.save(figure, folder / "posterior")


def shipped(fitted: Calibration) -> dict[str, Any]:
    """The content of `posterior.json`: draws of equal weight to nine digits, and where they come from."""
    posterior = fitted.posterior
    return {
        "schema": 1,
        "digest": posterior.digest,
        "scenario": {"name": fitted.scenario.name, "hash": fitted.scenario.content_hash()},
        "parameters": [
            {"name": f.name, "unit": f.unit, "low": f.low, "high": f.high, "log": f.log} for f in posterior.factors
        ],
        "targets": [
            {"outcome": aim.outcome, "low": aim.low, "high": aim.high, "noise": aim.noise} for aim in posterior.targets
        ],
        "histories": posterior.histories,
        "effective": round(posterior.effective, 1),
        "draws": [[float(f"{value:.9g}") for value in draw] for draw in posterior.draws(SHIPPED)],
    }
