"""How an employer splits its compute over its teams: six rules, one function each, found by name (theory T21).

To add a rule: write a function with the signature of `equal_per_head`, and add it at the end of `RULES` below (its
place there is its code).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules see. J teams of E employers; teams with nobody in them have heads 0 and request 0.

    Attributes:
        pool: (E,) H100e to be split.
        employer: (J,) row of each team's employer.
        heads: (J,) members.
        request: (J,) H100e asked for, never negative.
        weight: (J,) committee weight: priority^a x closeness to release x request.
        urgency: (J,) closeness to release, 1 or more.
    """

    pool: Floats
    employer: NDArray[np.integer]
    heads: Floats
    request: Floats
    weight: Floats
    urgency: Floats


def _sum(values: Floats, case: Case) -> Floats:
    """(J,) -> (E,) sums by employer."""
    return np.bincount(case.employer, values, minlength=len(case.pool))


def _proportional(pool: Floats, weights: Floats, case: Case) -> Floats:
    """(J,) shares of a pool (E,) in proportion to weights; nothing where the weights of an employer are all 0."""
    whole = _sum(weights, case)[case.employer]
    return np.asarray(np.divide(pool[case.employer] * weights, whole, out=np.zeros(len(weights)), where=whole > 0))


def _spread_the_rest(compute: Floats, case: Case) -> Floats:
    """What the requests leave over goes out in proportion to the requests: a rule never lets compute lie idle."""
    rest = np.maximum(case.pool - _sum(compute, case), 0.0)
    return compute + _proportional(rest, case.request, case)


def _before(values: Floats, employer: NDArray[np.integer], counts: NDArray[np.int64]) -> Floats:
    """(J,) sum of the values of the same employer that stand before; teams side by side by employer.

    Summed from each employer's own first team, so that no employer's rounding depends on what happens at another.
    """
    several = counts > 1
    row = np.cumsum(several) - 1
    position = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    inside = np.flatnonzero(several[employer])
    place = (row[employer[inside]], position[inside])
    table = np.zeros((int(several.sum()), int(counts.max(initial=0))))
    table[place] = values[inside]
    found = np.zeros(len(values))
    found[inside] = (np.cumsum(table, axis=1) - table)[place]
    return found


def water_fill(weights: Floats, case: Case) -> Floats:
    """In proportion to weights, nobody above the request, what is cut off shared again among the others.

    The common level of compute per weight at which the pool is used up (max-min fairness, Bertsekas and Gallager 1992).
    Exact: teams are sorted by request / weight and the level is read off the running sums.
    """
    j = len(weights)
    level_of = np.divide(case.request, weights, out=np.zeros(j), where=weights > 0)
    order = np.lexsort((np.arange(j), level_of, case.employer))
    employer = case.employer[order]
    request = np.where(weights > 0, case.request, 0.0)[order]
    weight = weights[order]
    counts = np.bincount(employer, minlength=len(case.pool))
    first = np.cumsum(counts) - counts
    total = np.bincount(employer, weight, minlength=len(case.pool))
    before, weight_before = _before(request, employer, counts), _before(weight, employer, counts)
    remaining = np.maximum(total[employer] - weight_before, 0.0)  # weight of this team and the less easily satisfied
    level = np.divide(case.pool[employer] - before, remaining, out=np.zeros(j), where=remaining > 0)
    satisfied = request <= level * weight
    # The first team that cannot be satisfied sets the level for itself and all behind it.
    position = np.arange(j) - np.repeat(first, counts)
    stop = np.full(len(case.pool), j)
    np.minimum.at(stop, employer[~satisfied], position[~satisfied])
    behind = position >= stop[employer]
    stop_index = np.minimum(first + stop, max(j - 1, 0))
    common = np.maximum(level[stop_index], 0.0) if j else np.zeros(len(case.pool))
    filled = np.where(behind, np.minimum(common[employer] * weight, request), request)
    found = np.empty(j)
    found[order] = filled
    return found


def equal_per_head(case: Case) -> Floats:
    """The pool in proportion to heads. (J,) H100e."""
    return _proportional(case.pool, case.heads, case)


def by_demand(case: Case) -> Floats:
    """The pool in proportion to requests: who asks for more gets more. (J,) H100e."""
    return _proportional(case.pool, case.request, case)


def committee(case: Case) -> Floats:
    """In proportion to the committee's weights, nobody above the request before all are served. (J,) H100e."""
    return _spread_the_rest(water_fill(case.weight, case), case)


def winner_takes_all(case: Case) -> Floats:
    """A pecking order: requests are served in full in the order of the weights until the pool is empty. (J,) H100e."""
    j = len(case.weight)
    order = np.lexsort((np.arange(j), -case.weight, case.employer))
    employer = case.employer[order]
    request = case.request[order]
    before = _before(request, employer, np.bincount(employer, minlength=len(case.pool)))
    found = np.empty(j)
    found[order] = np.clip(case.pool[employer] - before, 0.0, request)
    return _spread_the_rest(found, case)


def max_min_fair(case: Case) -> Floats:
    """The same per head for all, but nobody above the request before all are served. (J,) H100e."""
    return _spread_the_rest(water_fill(case.heads, case), case)


def token_auction(case: Case) -> Floats:
    """Every head has the same tokens and bids them with its urgency; shares follow bids (Kelly 1997). (J,) H100e."""
    return _proportional(case.pool, case.heads * case.urgency, case)


RULES: dict[str, Callable[[Case], Floats]] = {
    rule.__name__: rule
    for rule in (equal_per_head, by_demand, committee, winner_takes_all, max_min_fair, token_auction)
}


def escalate(compute: Floats, case: Case, winner: Bools, loser: Bools, shift: float, n_heard: Floats) -> Floats:
    """Move compute to the teams whose escalation succeeded, from the teams that did not escalate.

    Args:
        compute: (J,) H100e before.
        case: the teams; `request` is the bar to which a winner may be lifted and below which no giver falls.
        winner: (J,) escalated with success.
        loser: (J,) did not escalate: gives.
        shift: largest share of the pool that moves in a month.
        n_heard: (E,) number of successes, to share the shift.

    Returns:
        (J,) H100e after; the sum by employer is unchanged. A giver loses at most half of what it has above its bar, so
        that more compute for an employer is never worse for a team that escalates.
    """
    share = np.divide(shift * case.pool, n_heard, out=np.zeros(len(case.pool)), where=n_heard > 0)
    wanted = np.where(winner, np.clip(case.request - compute, 0.0, share[case.employer]), 0.0)
    giving = np.where(loser, 0.5 * np.maximum(compute - case.request, 0.0), 0.0)
    asked, given = _sum(wanted, case), _sum(giving, case)
    moved = np.minimum(asked, given)
    gain = np.divide(moved, asked, out=np.zeros(len(moved)), where=asked > 0)[case.employer] * wanted
    loss = np.divide(moved, given, out=np.zeros(len(moved)), where=given > 0)[case.employer] * giving
    return np.asarray(compute + gain - loss)
