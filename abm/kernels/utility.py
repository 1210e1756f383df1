"""Utility of a job, term by term: the one place where V is computed (random utility, McFadden 1974; MODEL section 3).

The simulation, the why-card, the app and the tests call `terms` with flat arrays over pairs (researcher, job).
"""

from __future__ import annotations

import numpy as np

from abm.columns import Bools, Floats

TERMS = (
    "pay",
    "compute",
    "culture",
    "peers",
    "prestige",
    "equity",
    "place",
    "match",
    "venture",
    "deprivation",
    "strain",
    "breach",
    "embeddedness",
    "personal",
    "switching",
    "forfeited",
    "delay",
)
TERM = {name: position for position, name in enumerate(TERMS)}
N_TERMS = len(TERMS)


def pay(taste: Floats, amount: Floats, reference: Floats) -> Floats:
    """b_pay ln(pay / reference pay). (P,) utils per ln pay, kUSD, kUSD -> (P,) utils."""
    return taste * np.log(amount / reference)


def saturation(ratio: Floats) -> Floats:
    """phi(x) = 2x / (1 + x): 0 at none, 1 at need, 2 at plenty. (P,) -> (P,). Example: phi(1) = 1."""
    return 2.0 * ratio / (1.0 + ratio)


def compute(taste: Floats, per_head: Floats, need: Floats) -> Floats:
    """b_comp phi(g / need). (P,) utils, H100e, H100e -> (P,) utils."""
    return taste * saturation(per_head / need)


def culture_fit(ideal: Floats, weight: Floats, point: Floats) -> Floats:
    """1 - sum_d w_d (theta_d - C_d)^2. (P, K), (P, K) summing to 1, (P, K) -> (P,) in [0, 1]."""
    distance = ideal - point
    distance *= distance
    distance *= weight
    total = distance[:, 0].copy()
    for dimension in range(1, distance.shape[1]):  # six columns: faster than a strided reduction, and fixed in order
        total += distance[:, dimension]
    return 1.0 - total


def prestige(taste: Floats, level: Floats) -> Floats:
    """b_pres ln(1 + prestige). (P,) -> (P,) utils."""
    return taste * np.log1p(level)


def equity(taste: Floats, ratio: Floats) -> Floats:
    """b_eq ln(1 + expected equity / pay). (P,) -> (P,) utils."""
    return taste * np.log1p(ratio)


def deprivation(
    best_per_head: Floats,
    own_per_head: Floats,
    floor: Floats,
    median_pay: Floats,
    own_pay: Floats,
    pay_weight: float,
    cares: Bools,
) -> Floats:
    """How far one is below the best-resourced sister team and the median pay (Fehr and Schmidt 1999; Card et al. 2012).

    max(0, ln((best + floor) / (own + floor))) + w max(0, ln(median / own)); nothing when above.

    Args:
        best_per_head: (P,) compute per head of the best-resourced sister team on a like topic, H100e.
        own_per_head: (P,) compute per head of the own team, H100e.
        floor: (P,) H100e, a hundredth of the need, so that nothing is divided by zero.
        median_pay: (P,) median of pay over reference pay among like team mates.
        own_pay: (P,) pay over reference pay.
        pay_weight: w.
        cares: (P,) has a taste for compute; the others do not mind a poorer machine.

    Returns:
        (P,) index, never negative. Example: twice the compute next door, median pay: ln 2 = 0.69.
    """
    compute_gap = np.maximum(0.0, np.log((best_per_head + floor) / (own_per_head + floor)))
    return np.where(cares, compute_gap, 0.0) + pay_weight * np.maximum(0.0, np.log(median_pay / own_pay))


def embeddedness(tenure: Floats, scale: float, inside: Floats) -> Floats:
    """Half from tenure, half from links inside (job embeddedness, Jiang et al. 2012). (P,) months, share -> [0, 1]."""
    return 0.5 * (1.0 - np.exp(-tenure / scale)) + 0.5 * inside


def forfeited(taste_pay: Floats, unvested: Floats, pay_now: Floats, years: float) -> Floats:
    """Utils of unvested equity given up: b_pay ln(1 + unvested / (years * pay)). (P,) kUSD -> (P,) utils >= 0."""
    return taste_pay * np.log1p(unvested / (years * pay_now))


def base_terms(
    taste: dict[str, Floats],
    *,
    amount: Floats,
    reference: Floats,
    per_head: Floats,
    need: Floats,
    fit: Floats,
    peers: Floats,
    prestige_level: Floats,
    equity_ratio: Floats,
    place: Floats,
    match: Floats,
) -> Floats:
    """The eight terms that every job has, as a (P, T) matrix; the other columns are 0 (the caller fills them).

    Args:
        taste: (P,) arrays by name: pay, compute, culture, peers, prestige, equity, place.
        amount: pay, kUSD a year.
        reference: reference pay of the researcher's skill, kUSD a year.
        per_head: compute per head of the team, H100e.
        need: compute need of the researcher, H100e.
        fit: culture fit in [0, 1].
        peers: share of tie strength that works at the employer.
        prestige_level: prestige of the employer.
        equity_ratio: expected equity a year over pay.
        place: 0 same city, negative abroad.
        match: persistent match taste a_ij, utils.

    Returns:
        (P, T) utils, columns in the order of `TERMS`. Example: at reference pay the pay term is 0.
    """
    found = np.zeros((len(amount), N_TERMS), order="F")  # a term is read and written as one run of memory
    found[:, 0] = pay(taste["pay"], amount, reference)
    found[:, 1] = compute(taste["compute"], per_head, need)
    found[:, 2] = taste["culture"] * fit
    found[:, 3] = taste["peers"] * peers
    found[:, 4] = prestige(taste["prestige"], prestige_level)
    found[:, 5] = equity(taste["equity"], equity_ratio)
    found[:, 6] = taste["place"] * place
    found[:, 7] = match
    return found


def total(terms: Floats) -> Floats:
    """V: the sum of the terms, left to right (a fixed order keeps the bytes). (P, T) -> (P,) utils."""
    found = terms[:, 0].copy()
    for position in range(1, terms.shape[1]):
        found += terms[:, position]
    return found
