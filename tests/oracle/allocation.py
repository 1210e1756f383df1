"""How one employer shares out its compute over its teams: six rules, and escalation (MODEL section 2, allocate)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Claim(NamedTuple):
    """What one team brings before the rule."""

    heads: float
    request: float
    weight: float
    urgency: float


def proportional(pool: float, weights: Sequence[float]) -> list[float]:
    """To each by weight; nothing to anybody where nobody has weight."""
    whole = sum(weights)
    return [pool * weight / whole if whole > 0 else 0.0 for weight in weights]


def fill(pool: float, claims: Sequence[Claim], weights: Sequence[float]) -> list[float]:
    """Pour the pool by weight; who has got what was asked for steps back, and what is left is poured again."""
    got = [0.0] * len(claims)
    thirsty = [k for k, weight in enumerate(weights) if weight > 0]
    left = pool
    while thirsty:
        share = dict(zip(thirsty, proportional(left, [weights[k] for k in thirsty]), strict=True))
        content = [k for k in thirsty if claims[k].request <= share[k]]
        if not content:
            for k in thirsty:
                got[k] = share[k]
            break
        for k in content:
            got[k] = claims[k].request
            left -= claims[k].request
            thirsty.remove(k)
        left = max(left, 0.0)
    return got


def nothing_idle(pool: float, claims: Sequence[Claim], got: list[float]) -> list[float]:
    """What is left when every request is served goes out once more, by request."""
    more = proportional(max(pool - sum(got), 0.0), [claim.request for claim in claims])
    return [a + b for a, b in zip(got, more, strict=True)]


def equal_per_head(pool: float, claims: Sequence[Claim]) -> list[float]:
    """The same for every head."""
    return proportional(pool, [claim.heads for claim in claims])


def by_demand(pool: float, claims: Sequence[Claim]) -> list[float]:
    """Who asks for more gets more."""
    return proportional(pool, [claim.request for claim in claims])


def committee(pool: float, claims: Sequence[Claim]) -> list[float]:
    """By priority, closeness to release and request; nobody above the request before all are served."""
    return nothing_idle(pool, claims, fill(pool, claims, [claim.weight for claim in claims]))


def winner_takes_all(pool: float, claims: Sequence[Claim]) -> list[float]:
    """A pecking order: the first is served in full, then the next, until nothing is left."""
    got, left = [0.0] * len(claims), pool
    for k in sorted(range(len(claims)), key=lambda k: -claims[k].weight):
        got[k] = min(claims[k].request, left)
        left -= got[k]
    return nothing_idle(pool, claims, got)


def max_min_fair(pool: float, claims: Sequence[Claim]) -> list[float]:
    """The same per head, nobody above the request before all are served."""
    return nothing_idle(pool, claims, fill(pool, claims, [claim.heads for claim in claims]))


def token_auction(pool: float, claims: Sequence[Claim]) -> list[float]:
    """The same tokens for every head, bid as urgently as the release is near."""
    return proportional(pool, [claim.heads * claim.urgency for claim in claims])


RULES: dict[str, Callable[[float, Sequence[Claim]], list[float]]] = {
    "equal_per_head": equal_per_head,
    "by_demand": by_demand,
    "committee": committee,
    "winner_takes_all": winner_takes_all,
    "max_min_fair": max_min_fair,
    "token_auction": token_auction,
}


def escalate(
    pool: float,
    claims: Sequence[Claim],
    compute: Sequence[float],
    won: Sequence[bool],
    gives: Sequence[bool],
    shift: float,
) -> list[float]:
    """Those who were heard get what they lack, from those who lack nothing.

    At most a share `shift` of the pool moves, evenly among those heard; a giver loses at most half of what it has
    above its claim.
    """
    most = shift * pool / sum(won) if any(won) else 0.0
    wanted = [
        min(max(claim.request - has, 0.0), most) if is_heard else 0.0
        for claim, has, is_heard in zip(claims, compute, won, strict=True)
    ]
    spare = [
        0.5 * max(has - claim.request, 0.0) if can_give else 0.0
        for claim, has, can_give in zip(claims, compute, gives, strict=True)
    ]
    moved = min(sum(wanted), sum(spare))
    gains, losses = proportional(moved, wanted), proportional(moved, spare)
    return [has + gain - loss for has, gain, loss in zip(compute, gains, losses, strict=True)]
