"""Does the calibration find what was planted? Simulation-based calibration and coverage, on known truths.

If the method is right, the posterior probability below the planted truth is uniform over trials (Talts et al. 2018):
a hump in its histogram says that posteriors are too wide, a bowl too narrow, a slope that they are off to one side.
Two worlds: a hazard model of five cohorts whose exact posterior is known on a grid, and the model itself, where a
stored history plays the observation and all histories that share its point or its luck are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from abm.columns import Floats
from abm.streams import Streams
from experiments.histories import Histories, Target, gather
from experiments.posterior import Method, Posterior, calibrate
from experiments.responses import Factor, Responses
from experiments.scales import quantile

BINS: Final = 10
SIZES: Final = np.array([14.0, 19.0, 8.0, 25.0, 51.0])  # people in the five cohorts of the hazard model
COMPUTE: Final = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])  # and what they have, in standard deviations
FACTORS: Final = (Factor("level", -4.0, 0.0, "log odds-like"), Factor("slope", -1.5, 1.5, "per sd"))
OUTCOMES: Final = tuple(f"left:cohort{number}" for number in range(len(SIZES)))


@dataclass(frozen=True, slots=True)
class Check:
    """What the trials gave.

    Attributes:
        names: K parameters.
        truths, places: (T, K) planted values, and posterior probability below each.
        spreads: (T, K) posterior standard deviations, in units of the exact one where that is known, else of the prior.
        inside: level -> (K,) share of trials whose central interval of that level holds the truth.
    """

    names: tuple[str, ...]
    truths: Floats
    places: Floats
    spreads: Floats
    inside: dict[float, Floats]

    def histogram(self) -> Floats:
        """(K, bins) how many trials fell into each tenth."""
        return np.array([np.histogram(each, BINS, (0.0, 1.0))[0] for each in self.places.T], dtype=np.float64)

    def chi_square(self) -> Floats:
        """(K,) p-value of a uniform histogram."""
        from scipy.stats import chisquare  # noqa: PLC0415  # slow to import

        return np.array([chisquare(counts).pvalue for counts in self.histogram()])

    def deviation(self) -> Floats:
        """(K,) largest distance of the cumulative distribution of the places from the diagonal."""
        ordered = np.sort(self.places, axis=0)
        n = len(ordered)
        above = np.arange(1, n + 1)[:, None] / n - ordered
        below = ordered - np.arange(n)[:, None] / n
        return np.asarray(np.maximum(above, below).max(axis=0))

    def band(self, level: float = 0.95) -> float:
        """The distance that a right method stays within with this probability (Dvoretzky, Kiefer and Wolfowitz)."""
        return float(np.sqrt(np.log(2.0 / (1.0 - level)) / (2.0 * len(self.places))))

    def told(self) -> list[dict[str, Any]]:
        """A row for each parameter."""
        chi, far = self.chi_square(), self.deviation()
        return [
            {
                "parameter": name,
                "trials": len(self.places),
                "histogram": self.histogram()[k].astype(int).tolist(),
                "chi_square_p": float(chi[k]),
                "ecdf_deviation": float(far[k]),
                "ecdf_band_95": self.band(),
                "sd_ratio": float(np.median(self.spreads[:, k])),
                **{f"coverage_{round(100 * level)}": float(self.inside[level][k]) for level in self.inside},
            }
            for k, name in enumerate(self.names)
        ]


LEVELS: Final = (0.5, 0.8, 0.9)


def conclude(names: Sequence[str], truths: Floats, posteriors: Sequence[Posterior], unit_sd: Floats) -> Check:
    """Put trials together; `unit_sd` (T, K) is what posterior standard deviations are divided by."""
    places = np.array([each.rank_of(truth) for each, truth in zip(posteriors, truths, strict=True)])
    spreads, inside = np.zeros_like(truths), {}
    for t, each in enumerate(posteriors):
        spreads[t] = [row["sd"] for row in each.table()]
    for level in LEVELS:
        held = np.zeros_like(truths, dtype=bool)
        for t, each in enumerate(posteriors):
            for k in range(len(names)):
                low, high = (quantile(each.values[:, k], each.weights, 0.5 + side * level / 2) for side in (-1, 1))
                held[t, k] = low <= truths[t, k] <= high
        inside[level] = held.mean(axis=0)
    return Check(tuple(names), truths, places, spreads / unit_sd, inside)


# ---- a hazard model with an exact posterior --------------------------------------------------------------------------


def leaving(parameters: Floats) -> Floats:
    """(..., 5) probability that a member of each cohort leaves, from (..., 2) level and slope."""
    return np.asarray(-np.expm1(-np.exp(parameters[..., :1] + parameters[..., 1:] * COMPUTE)))


def planted(n: int, seed: int) -> Floats:
    """(n, 2) parameters drawn from the prior, spread more evenly than by luck (scrambled Sobol points)."""
    from scipy.stats import qmc  # noqa: PLC0415  # slow to import

    places = qmc.Sobol(2, rng=seed).random_base2((n - 1).bit_length())[:n]
    low, high = (np.array([getattr(factor, end) for factor in FACTORS]) for end in ("low", "high"))
    return np.asarray(low + places * (high - low))


def exits(parameters: Floats, seed: int, replicates: int, shared: float = 0.0) -> Floats:
    """(P, R, 5) simulated leavers.

    Args:
        parameters: (P, 2) level and slope of each point.
        seed: of the luck.
        replicates: R.
        shared: correlation of the luck of a replicate at different points; 1 when the seed fixes it all.
    """
    from scipy.stats import binom, norm  # noqa: PLC0415  # slow to import

    luck, columns = Streams(seed), np.arange(len(SIZES))
    rows = np.arange(len(parameters) * replicates).reshape(-1, replicates, 1)
    own = luck.normal("planted", 1, rows, columns)
    common = luck.normal("planted", 2, np.arange(replicates)[:, None], columns)
    place = norm.cdf(np.sqrt(shared) * common + np.sqrt(1.0 - shared) * own)
    return np.asarray(binom.ppf(place, SIZES, leaving(parameters)[:, None, :]), dtype=np.float64)


def surrogate(points: int, replicates: int, seed: int, shared: float = 0.0) -> Responses:
    """A sweep of the hazard model."""
    x = planted(points, seed)
    y = exits(x, seed, replicates, shared)
    return Responses(FACTORS, x, OUTCOMES, ("people",) * len(OUTCOMES), y, np.arange(replicates))


def aims(low: Floats, high: Floats) -> tuple[Target, ...]:
    """Targets of the hazard model."""
    return tuple(
        Target(text, float(a), float(b), float(n)) for text, a, b, n in zip(OUTCOMES, low, high, SIZES, strict=True)
    )


def exact(low: Floats, high: Floats, fineness: int = 81) -> tuple[Floats, Floats]:
    """(2,) mean and (2,) standard deviation of the posterior, by summation over a grid."""
    from scipy.stats import binom  # noqa: PLC0415  # slow to import

    axes = [factor.low + (np.arange(fineness) + 0.5) / fineness * (factor.high - factor.low) for factor in FACTORS]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    chance = leaving(grid)
    likely = np.prod(binom.cdf(high, SIZES, chance) - binom.cdf(low - 1, SIZES, chance), axis=1)
    weights = likely / likely.sum()
    mean = weights @ grid
    return mean, np.sqrt(weights @ (grid - mean) ** 2)


def check_surrogate(
    responses: Responses, trials: int, seed: int, method: Method | None = None, width: int = 1
) -> Check:
    """Plant truths drawn from the prior, simulate their data with luck of its own, and look for them.

    Args:
        responses: a sweep of the hazard model.
        trials: how many.
        seed: of truths and data; another than that of the sweep.
        method: of the calibration.
        width: each datum is observed as the interval of so many whole numbers that it lies in: 0..w-1, w..2w-1, ...
    """
    truths = planted(trials, seed)
    data = exits(truths, seed, 1)[:, 0]
    low = np.floor(data / width) * width
    high = np.minimum(low + width - 1, SIZES)
    posteriors = [calibrate(responses, aims(a, b), method, seed) for a, b in zip(low, high, strict=True)]
    unit = np.array([exact(a, b)[1] for a, b in zip(low, high, strict=True)])
    return conclude([factor.name for factor in FACTORS], truths, posteriors, unit)


# ---- the model itself ------------------------------------------------------------------------------------------------


def check_stored(
    sweeps: Responses | Sequence[Responses] | Histories,
    targets: Sequence[Target],
    trials: int,
    seed: int,
    method: Method | None = None,
) -> Check:
    """Let stored histories play the observation, as wide as the real targets are; costs no run.

    A history taken is left out with its whole point, and so are all histories with the same seed: the world's luck is
    in no sweep. A count keeps the width of its observed interval, drawn to lie around the history's number.

    Args:
        sweeps: one or several.
        targets: of the real calibration; only outcome, width, `of` and `noise` are used, not where they lie.
        trials: how many histories are taken, at most one of each point.
        seed: which ones.
        method: of the calibration.

    Returns:
        What the trials gave; standard deviations in units of the prior's.
    """
    stored = gather(sweeps)
    columns = [stored.outcomes.index(target.outcome) for target in targets]
    usable = np.flatnonzero(~np.isnan(stored.y[:, columns]).any(axis=1))
    order = usable[np.argsort(Streams(seed).uniform("planted", 3, usable), kind="stable")]
    _, first = np.unique(stored.point[order], return_index=True)  # one history of each point
    posteriors, truths = [], []
    several = len(np.unique(stored.seeds)) > 1
    for number, one in enumerate(order[np.sort(first)][:trials]):
        others = stored.point != stored.point[one]
        if several:
            others &= stored.seeds != stored.seeds[one]
        luck = Streams(seed).uniform("planted", 4 + number, np.arange(len(targets)))
        aimed = _around(stored.y[one, columns], targets, luck)
        posteriors.append(calibrate(stored.only(others), aimed, method, seed))
        truths.append(stored.x[one])
    prior = np.std(stored.x, axis=0)
    names = [factor.name for factor in stored.factors]
    return conclude(names, np.array(truths), posteriors, np.broadcast_to(prior, (len(truths), len(names))))


def _around(seen: Floats, targets: Sequence[Target], luck: Floats) -> list[Target]:
    """Targets as wide as the real ones, each placed by luck so that it holds the number seen."""
    found = []
    for value, target, place in zip(seen, targets, luck, strict=True):
        width = target.high - target.low
        shift = np.floor(place * (width + 1)) if target.of > 1 else place * width
        low, top = float(value - shift), target.of or np.inf
        found.append(Target(target.outcome, max(low, 0.0), min(low + width, top), target.of, target.noise))
    return found
