"""Opening of a decision and nested random-utility choice (Lee and Mitchell 1994; McFadden 1978)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats

STAY, MOVE, FOUND, LEAVE = 0, 1, 2, 3  # nests, in the order of the columns of `nest_noise`


def opened(hazard: Floats, luck: Floats) -> tuple[Bools, NDArray[np.int64]]:
    """Whether a decision opens, and which part of the hazard opened it.

    P(open) = 1 - exp(-sum of parts). The same draw says which part: u / P(open), uniform among the openings, falls into
    one of the parts laid end to end, so that each part opens in proportion to its hazard (competing hazards).

    Args:
        hazard: (N, H) parts, per month, never negative.
        luck: (N,) uniform draws.

    Returns:
        is_open (N,), and part (N,) 0..H-1 (H where the decision stays closed).
        Example: parts (0.1, 0.3) open below u = 1 - exp(-0.4) = 0.330; below a quarter of that by the first.
    """
    reached = np.cumsum(hazard, axis=1)
    chance = -np.expm1(-reached[:, -1])
    is_open = luck < chance
    place = np.divide(luck, chance, out=np.ones(len(luck)), where=is_open) * reached[:, -1]
    part = np.minimum((place[:, None] >= reached).sum(axis=1), hazard.shape[1] - 1)
    return is_open, np.where(is_open, part, hazard.shape[1])


def inclusive_value(values: Floats, segment: NDArray[np.int64], n_segments: int, scale: float) -> tuple[Floats, Floats]:
    """Scale * ln sum exp(V / scale) by segment, and the segment maxima. Empty segments give -inf.

    Args:
        values: (P,) utils.
        segment: (P,) 0..n_segments-1, non-decreasing.
        n_segments: number of segments.
        scale: mu times the dissimilarity of the nest, utils > 0.
    """
    highest = np.full(n_segments, -np.inf)
    np.maximum.at(highest, segment, values)
    summed = np.bincount(segment, np.exp((values - highest[segment]) / scale), minlength=n_segments)
    with np.errstate(divide="ignore"):
        return np.where(summed > 0, highest + scale * np.log(summed), -np.inf), highest


def nested(
    stay: Floats,
    found: Floats,
    leave: Floats,
    offer_value: Floats,
    offer_person: NDArray[np.int64],
    nest_noise: Floats,
    offer_noise: Floats,
    scale: float,
    dissimilarity: float,
) -> tuple[Floats, Floats]:
    """Perceived utilities of a nested logit in which all moves share a nest and the others stand alone.

    Move as a whole has U = I + mu e with inclusive value I; the best offer has that U, the others lie below it by the
    distance between their V + lambda mu e. The shares are those of the nested logit (Train 2009, chapter 4).

    Args:
        stay, found, leave: (N,) V of the options without an offer; -inf where the option is not open.
        offer_value: (P,) V of each offer.
        offer_person: (P,) 0..N-1, non-decreasing.
        nest_noise: (N, 4) standard Gumbel for stay, move, found, leave.
        offer_noise: (P,) standard Gumbel.
        scale: mu, utils.
        dissimilarity: lambda in (0, 1]; 1 gives the plain logit.

    Returns:
        (N, 4) U by nest (move = its best offer; -inf without offers) and (P,) U by offer.
    """
    n = len(stay)
    perceived = np.full((n, 4), -np.inf)
    for nest, value in ((STAY, stay), (FOUND, found), (LEAVE, leave)):
        perceived[:, nest] = value + scale * nest_noise[:, nest]
    inner = scale * dissimilarity
    inclusive, _ = inclusive_value(offer_value, offer_person, n, inner)
    perceived[:, MOVE] = inclusive + scale * nest_noise[:, MOVE]
    noisy = offer_value + inner * offer_noise
    best = np.full(n, -np.inf)
    np.maximum.at(best, offer_person, noisy)
    return perceived, perceived[offer_person, MOVE] + noisy - best[offer_person]
