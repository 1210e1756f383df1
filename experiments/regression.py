"""The numbers behind the posterior: weights by distance, and weighted local regression."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats
from experiments.scales import robust_spread


def near(distance: Floats, keep: int) -> tuple[Floats, float]:
    """Epanechnikov weights (N,) that reach zero at the first history beyond those kept, and that distance.

    Histories as near as the last one kept are kept as well. Those at distance zero are all that is needed, if there
    are enough of them: then they have the same weight, and the distance is 0.
    """
    count = min(max(keep, 1), len(distance))
    last = float(np.partition(distance, count - 1)[count - 1])
    if last == 0.0:
        return np.asarray(distance == 0, dtype=np.float64), 0.0
    bandwidth = float(distance[distance > last].min(initial=2.0 * last))
    return np.maximum(1.0 - (distance / bandwidth) ** 2, 0.0), bandwidth


def unfitted(values: Floats, x: Floats) -> Floats:
    """(N, Q) what a quadratic in the parameters leaves of the statistics."""
    centred = (x - x.mean(axis=0)) / robust_spread(x)
    one, other = np.triu_indices(x.shape[1])
    design = np.column_stack([centred, centred[:, one] * centred[:, other]])
    return np.asarray(values - fit(values, design, np.full(len(x), 1.0 / len(x)))[1])


def adjusted(phi: Floats, beyond: Floats, weights: Floats, heteroscedastic: bool) -> Floats:
    """(N, K) parameters moved along the local-linear fit to where the statistics meet the observation."""
    centre, fitted = fit(phi, beyond, weights)
    rest = phi - fitted
    if not heteroscedastic:
        return centre + rest
    floor = 1e-12 + 1e-6 * (weights @ rest**2)
    at_zero, logs = fit(np.log(rest**2 + floor), beyond, weights)
    return np.asarray(centre + rest * np.exp(np.clip((at_zero - logs) / 2.0, -1.0, 1.0)))


def fit(y: Floats, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted least squares of y on (1, x): the value at x = 0 and at every row. Idle columns of x do no harm."""
    design = np.column_stack([np.ones(len(x)), x])
    weighted = design * weights[:, None]
    found = np.linalg.pinv(weighted.T @ design, rcond=1e-12, hermitian=True) @ (weighted.T @ y)
    return found[0], design @ found


def predicted(phi: Floats, beyond: Floats) -> Floats:
    """(N, K) the linear prediction of each parameter from the statistics, less the prediction at the observation."""
    mean, fitted = fit(phi, beyond, np.full(len(phi), 1.0 / len(phi)))
    return fitted - mean
