"""Whether one person's decision opens, and the nested choice that follows (MODEL section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, expm1, inf, log
from typing import NamedTuple


def opened(parts: Sequence[float], luck: float) -> tuple[bool, int]:
    """Whether it opens, and by which part of the hazard; `len(parts)` when it stays closed.

    The parts are laid end to end; luck within the chance of opening says where along them the month falls.
    """
    total = sum(parts)
    chance = -expm1(-total)
    if luck >= chance:
        return False, len(parts)
    place, reached = luck / chance * total, 0.0
    for number, part in enumerate(parts):
        reached += part
        if place < reached:
            return True, number
    return True, len(parts) - 1


def inclusive_value(values: Sequence[float], scale: float) -> float:
    """What a set of options is worth before their luck is known: scale ln sum exp(V / scale); -inf for no option."""
    best = max(values, default=-inf)
    if best == -inf:
        return -inf
    return best + scale * log(sum(exp((value - best) / scale) for value in values))


class Perceived(NamedTuple):
    """U of each nest, and of each offer."""

    stay: float
    move: float
    found: float
    leave: float
    offers: list[float]


def nested(
    stay: float,
    found: float,
    leave: float,
    offers: Sequence[float],
    nest_luck: tuple[float, float, float, float],
    offer_luck: Sequence[float],
    scale: float,
    dissimilarity: float,
) -> Perceived:
    """Stay, found and leave stand alone; all offers share the nest "move".

    Moving as such is worth its inclusive value and the luck of the nest. Among the offers, the luck of each decides
    which is best; that one is what moving means, and the others lie below it by what they lack.
    """
    luck_stay, luck_move, luck_found, luck_leave = nest_luck
    inner = scale * dissimilarity
    move = inclusive_value(offers, inner) + scale * luck_move
    lucky = [value + inner * luck for value, luck in zip(offers, offer_luck, strict=True)]
    return Perceived(
        stay=stay + scale * luck_stay,
        move=move,
        found=found + scale * luck_found,
        leave=leave + scale * luck_leave,
        offers=[move - (max(lucky) - value) for value in lucky],
    )
