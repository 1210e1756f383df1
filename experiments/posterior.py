"""Which parameters are consistent with what was observed: approximate Bayesian computation on a stored sweep.

A sweep over draws from the prior has simulated many histories. Those near the observation are kept (Epanechnikov
weights), and a weighted local regression of the parameters on the distance to the observation and its square moves
each of them to where it would lie at distance zero (Beaumont, Zhang and Balding 2002; Beaumont 2010 for the squares).
The regression works on the logit of the position in the range, so that no draw leaves the range, and lets the spread
depend on the distance as well (Blum and Francois 2010). Counts and shares are first put on the scale on which their
variance is even (Anscombe 1948). No new run is needed, and another observation or one row less costs a second.

What counts as a history: every replicate of every point. Replicates are separate draws of luck at one parameter. Where
they have the same seeds at all points (common random numbers), the sweep knows few kinds of luck, and takes them for
all there are: the posterior is too narrow. On the hazard model of `coverage.py`, whose luck is all in the seed, the
90 % intervals then held 75 % of the truths with 16 seeds and 30 % with 4. So a sweep for calibration wants luck of its
own at each point, or many replicates; `Posterior.luck` measures how much the seed fixes, and `narrow` warns.

An observation may be an interval (8 to 13 authors). A history inside it has distance zero; outside, the distance is
to the nearer end. So what is used is exactly "the number lies in the interval", and nothing is assumed about where.
Drawing the observed number evenly from the interval instead would give every value in it the same weight, also those
that the model hardly ever produces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from abm.streams import Streams
from experiments.histories import Histories, Target, gather, refuse, whole
from experiments.regression import adjusted, near, predicted, unfitted
from experiments.responses import Factor, Responses
from experiments.scales import (
    even_variance,
    explained,
    from_position,
    logit,
    position,
    quantile,
    robust_spread,
    rounded,
)

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
FEWEST, SHARE_KEPT = 200, 0.1  # histories kept by default: a tenth, at least 200
FEW_SEEDS, NARROW = 100, 0.1


@dataclass(frozen=True, slots=True)
class Method:
    """How the histories are used.

    Attributes:
        keep: histories with a weight; None takes the larger of a tenth and 200. All at distance zero are always kept.
        semi_automatic: which histories are near is judged by the linear prediction of the parameters from the
            statistics, made on all histories (Fearnhead and Prangle 2012), unless enough lie at distance zero anyway.
        adjust: the local regression, on all statistics; without it this is plain rejection.
        heteroscedastic: the spread around the regression depends on the statistics.
    """

    keep: int | None = None
    semi_automatic: bool = True
    adjust: bool = True
    heteroscedastic: bool = True


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weighted draws and how they came about.

    Attributes:
        factors: the K free parameters with their prior ranges.
        targets, method, seed: what was asked.
        values: (N, K) adjusted parameters in their own unit, in canonical order.
        weights: (N,) sum 1.
        histories, failed, exact: histories used; left out as a run failed or had no such outcome; at distance zero.
        bandwidth: distance at which the weight is zero, in robust spreads of the statistics.
        reach: (Q,) share of all histories inside each observed interval.
        seeds: different ones among the histories.
        luck: (Q,) share of the variance around a quadratic fit on the parameters that the seed explains; see `narrow`.
    """

    factors: tuple[Factor, ...]
    targets: tuple[Target, ...]
    method: Method
    seed: int
    values: Floats
    weights: Floats
    histories: int
    failed: int
    exact: int
    bandwidth: float
    reach: tuple[float, ...]
    seeds: int
    luck: tuple[float, ...]

    @property
    def effective(self) -> float:
        """Effective sample size (Kish): one over the sum of squared weights."""
        return float(1.0 / (self.weights**2).sum())

    @property
    def narrow(self) -> bool:
        """Whether few seeds explain so much that the posterior is likely to be too narrow.

        With luck that is new at each point the seeds explain about seeds over histories of the rest.
        """
        return self.seeds < FEW_SEEDS and max(self.luck) > NARROW + 3.0 * self.seeds / self.histories

    @property
    def digest(self) -> str:
        """SHA-256 of what was asked and of draws and weights to nine digits; the same for any order of the sweep."""
        head = {
            "factors": [(f.name, f.low, f.high, f.log) for f in self.factors],
            "targets": [asdict(target) for target in self.targets],
            "method": asdict(self.method),
            "seed": self.seed,
        }
        found = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
        for array in (self.values, self.weights):
            found.update(np.ascontiguousarray(rounded(array), dtype="<f8").tobytes())
        return found.hexdigest()

    def draws(self, n: int) -> Floats:
        """(n, K) equally weighted draws: one from each n-th part of the weights, the place in it by keyed luck."""
        place = (np.arange(n) + Streams(self.seed).uniform("posterior", 0, np.arange(n))) / n
        rows = np.searchsorted(np.cumsum(self.weights), place).clip(max=len(self.weights) - 1)
        return np.asarray(self.values[rows])

    def table(self) -> list[dict[str, Any]]:
        """A row for each parameter: prior range, mean, sd, quantiles, and how much narrower than the prior it is.

        Contraction is one less the ratio of the variances of posterior and prior, on the scale on which the prior is
        even: 0 learned nothing, 1 all.
        """
        rows = []
        for k, factor in enumerate(self.factors):
            values = self.values[:, k]
            mean = float(self.weights @ values)
            place = position(values, factor)
            spread = float(self.weights @ (place - self.weights @ place) ** 2)
            rows.append(
                {
                    "parameter": factor.name,
                    "unit": factor.unit,
                    "prior_low": factor.low,
                    "prior_high": factor.high,
                    "log": factor.log,
                    "mean": mean,
                    "sd": float(np.sqrt(self.weights @ (values - mean) ** 2)),
                    **{f"p{round(100 * q):02d}": quantile(values, self.weights, q) for q in QUANTILES},
                    "contraction": 1.0 - 12.0 * spread,
                }
            )
        return rows

    def rank_of(self, truth: Floats) -> Floats:
        """(K,) the posterior probability of a value below the truth; uniform over trials if all is right."""
        return np.asarray(self.weights @ (self.values < truth))


# ---- the method ------------------------------------------------------------------------------------------------------


def calibrate(
    sweeps: Responses | Sequence[Responses] | Histories,
    targets: Sequence[Target],
    method: Method | None = None,
    seed: int = 1,
) -> Posterior:
    """The posterior of at most three parameters given some observations.

    Args:
        sweeps: one sweep or several; their points are draws from the prior, evenly spread over the ranges.
        targets: the observations; outcomes that the sweep has measured.
        method: how; the default is described in the head of this file.
        seed: of the errors of observation and of `Posterior.draws`.

    Returns:
        Weighted draws; identical for every order of points and replicates.

    Raises:
        ScenarioError: too many parameters, a factor without a numeric range, an outcome that was not measured, too few
            or too many failed histories; says all at once.
    """
    chosen = method or Method()
    responses = gather(sweeps)
    refuse(responses, targets)
    x, s, seeds, failed = whole(responses, targets)
    if any(noise := [target.noise for target in targets]):
        rows = np.arange(len(s))[:, None]
        s = s + np.array(noise) * Streams(seed).normal("observation_error", 0, rows, np.arange(len(targets)))
    low, high = (np.array([getattr(target, end) for target in targets]) for end in ("low", "high"))
    of = np.array([target.of for target in targets])
    even = even_variance(s, of)
    # 0 inside the observed interval, outside the signed distance to its end, in robust spreads
    beyond = (even - np.clip(even, even_variance(low, of), even_variance(high, of))) / robust_spread(even)
    exact = int((beyond == 0).all(axis=1).sum())
    phi = logit(np.column_stack([position(x[:, k], f) for k, f in enumerate(responses.factors)]))
    keep = max(FEWEST, int(SHARE_KEPT * len(s))) if chosen.keep is None else chosen.keep
    judged = beyond
    if chosen.semi_automatic and exact < keep:
        judged = predicted(phi, beyond)
        judged = judged / robust_spread(judged)
    weights, bandwidth = near(np.sqrt((judged**2).sum(axis=1)), keep)
    kept = weights > 0
    phi, beyond, weights = phi[kept], beyond[kept], weights[kept] / weights[kept].sum()
    if chosen.adjust:
        phi = adjusted(phi, np.column_stack([beyond, beyond**2]), weights, chosen.heteroscedastic)
    place = 1.0 / (1.0 + np.exp(-phi))
    return Posterior(
        factors=responses.factors,
        targets=tuple(targets),
        method=chosen,
        seed=seed,
        values=np.column_stack([from_position(place[:, k], f) for k, f in enumerate(responses.factors)]),
        weights=weights,
        histories=len(s),
        failed=failed,
        exact=exact,
        bandwidth=bandwidth,
        reach=tuple(float(share) for share in ((s >= low) & (s <= high)).mean(axis=0)),
        seeds=len(np.unique(seeds)),
        luck=tuple(explained(rest, seeds) for rest in unfitted(even, x).T),
    )
