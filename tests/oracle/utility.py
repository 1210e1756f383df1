"""What a job is worth to one person, term by term (MODEL section 3). Every number here is one float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log

TERMS = (
    *("pay", "compute", "culture", "peers", "prestige", "equity", "place", "match"),  # every job
    "venture",  # founding, leaving the field
    *("deprivation", "strain", "breach", "embeddedness", "personal"),  # the present job only
    *("switching", "forfeited", "delay"),  # every other job
)


def pay(taste: float, amount: float, reference: float) -> float:
    """Nothing at the reference pay; a pay elasticity of `taste`."""
    return taste * log(amount / reference)


def phi(ratio: float) -> float:
    """Of compute to need: 0 at none, 1 at need, 2 at plenty."""
    return 2 * ratio / (1 + ratio)


def compute(taste: float, per_head: float, need: float) -> float:
    """The use of compute to somebody with a need."""
    return taste * phi(per_head / need)


def culture_fit(ideal: Sequence[float], weight: Sequence[float], point: Sequence[float]) -> float:
    """1 where culture is as the person would have it, less the weighted squared distance."""
    fit = 1.0
    for wished, cares, found in zip(ideal, weight, point, strict=True):
        fit -= cares * (wished - found) ** 2
    return fit


def prestige(taste: float, level: float) -> float:
    """Standing of the employer."""
    return taste * log(1 + level)


def equity(taste: float, ratio: float) -> float:
    """Expected equity a year over pay."""
    return taste * log(1 + ratio)


def deprivation(
    *,
    best_per_head: float,
    own_per_head: float,
    floor: float,
    median_pay: float,
    own_pay: float,
    pay_weight: float,
    cares: bool,
) -> float:
    """Felt by who has less than the sister team or than the median; who has more feels nothing (asymmetric)."""
    felt = 0.0
    if cares and best_per_head > own_per_head:
        felt += log((best_per_head + floor) / (own_per_head + floor))
    if median_pay > own_pay:
        felt += pay_weight * log(median_pay / own_pay)
    return felt


def embeddedness(tenure: float, scale: float, inside: float) -> float:
    """Half from months spent here, half from ties that work here."""
    return 0.5 * (1 - exp(-tenure / scale)) + 0.5 * inside


def forfeited(taste_pay: float, unvested: float, pay_now: float, years: float) -> float:
    """The unvested equity as a raise in pay over the years that it would have taken to vest."""
    return taste_pay * log(1 + unvested / (years * pay_now))


def of_any_job(
    taste: Mapping[str, float],
    *,
    amount: float,
    reference: float,
    per_head: float,
    need: float,
    fit: float,
    peers: float,
    prestige_level: float,
    equity_ratio: float,
    place: float,
    match: float,
) -> dict[str, float]:
    """The eight terms that every job has; all the others at 0."""
    terms = dict.fromkeys(TERMS, 0.0)
    terms["pay"] = pay(taste["pay"], amount, reference)
    terms["compute"] = compute(taste["compute"], per_head, need)
    terms["culture"] = taste["culture"] * fit
    terms["peers"] = taste["peers"] * peers
    terms["prestige"] = prestige(taste["prestige"], prestige_level)
    terms["equity"] = equity(taste["equity"], equity_ratio)
    terms["place"] = taste["place"] * place
    terms["match"] = match
    return terms


def total(terms: Mapping[str, float]) -> float:
    """V, the sum of the terms."""
    return sum(terms[name] for name in TERMS)
