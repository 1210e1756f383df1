"""Identities of numbers and of the graph: nothing infinite or below zero, every tie known to both its ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from abm.columns import Floats
from abm.identity_month import Month, where
from abm.levers import LEVERS

MAY_BE_MINUS_INFINITE = ("offers.perceived", "decisions.perceived")  # an option that is not there
MAY_BE_NEGATIVE = (
    *("offers.score", "offers.terms", "offers.value", "offers.perceived", "candidates.score"),
    *("decisions.terms", "decisions.present", "decisions.perceived", "decisions.found_terms"),
    *("researchers.skill", "researchers.outside", "researchers.fit_felt"),
    *("employers.growth", "employers.growth_compute", "teams.culture_offset", "projects.quality"),
    *(f"{levers}.{name}" for levers in ("base_levers", "levers") for name, known in LEVERS.items() if known.low < 0),
)
SHARES = (
    *("researchers.ideal", "researchers.culture_weight", "employers.culture"),
    *("employers.gpu_ready", "employers.utilisation", "employers.product_share", "employers.counter_offer"),
    *("teams.remote", "teams.promise_share", "teams.promise_kept", "teams.know_how"),
    *("researchers.autonomy_promised", "levers.flagship"),
)


def _floats(month: Month) -> Iterator[tuple[str, Floats]]:
    for name, array in month.world.arrays():
        if array.dtype.kind == "f" and array.size:
            yield name, array
    ledger, before = month.world.ledger, month.before
    added = {"departures": ledger.departures[before.n_departures :], "offers": ledger.offers[-1:]}
    for table, parts in added.items():
        for part in parts:
            for name, array in part.items():
                if array.dtype.kind == "f":
                    yield f"ledger.{table}.{name}", array
    for name, months in ledger.series.items():
        yield f"series.{name}", np.atleast_1d(np.asarray(months[-1], dtype=np.float64))


def finite(month: Month) -> Iterator[str]:
    """No NaN and no infinity anywhere, but the -inf of an option that is not there."""
    with np.errstate(invalid="ignore", over="ignore"):
        for name, array in _floats(month):
            if name.removeprefix("ledger.") in MAY_BE_MINUS_INFINITE:
                wrong = ~(array < np.inf)
            elif np.isfinite(array.sum()):  # faster than a mask; whatever is not finite carries through a sum
                continue
            else:
                wrong = ~np.isfinite(array)
            yield from where(wrong.reshape(len(array), -1).any(axis=1), f"{name} is not finite")


def non_negative(month: Month) -> Iterator[str]:
    """Money and stocks are never below zero, shares never above one."""
    for name, array in month.world.arrays():
        if array.dtype.kind != "f" or not array.size:
            continue
        if name not in MAY_BE_NEGATIVE and array.min() < 0:
            yield from where((array < 0).reshape(len(array), -1).any(axis=1), f"{name} is negative")
        if name in SHARES and array.max() > 1.0 + 1e-12:
            yield from where((array > 1.0 + 1e-12).reshape(len(array), -1).any(axis=1), f"{name} is above one")


def ties_are_pairs(month: Month) -> Iterator[str]:
    """The graph is one of pairs: symmetric in strength, kind and age, without loops, each row sorted."""
    ties, n = month.world.ties, month.world.n_researchers
    size = len(ties.neighbour)
    lengths = {len(array) for name, array in ties.arrays() if name != "start"}
    sound = len(ties.start) == n + 1 and ties.start[0] == 0 and ties.start[-1] == size and lengths == {size}
    if not sound or (np.diff(ties.start) < 0).any() or (ties.neighbour < 0).any() or (ties.neighbour >= n).any():
        yield "the pointers and the entries do not fit together"
        return
    owner = ties.owner
    yield from where(owner[owner == ties.neighbour], "tied to oneself", "people")
    unsorted = (np.diff(ties.neighbour) <= 0) & (owner[1:] == owner[:-1])
    yield from where(owner[1:][unsorted], "neighbours not sorted, or the same one twice", "people")
    yield from where(~((ties.strength > 0) & (ties.strength <= 1)), "a strength outside (0, 1]", "entries")
    yield from where(ties.age < 0, "a negative age", "entries")
    if unsorted.any():
        return
    across = sparse.csr_array((np.arange(size), ties.neighbour, ties.start), shape=(n, n)).tocsc()
    if not np.array_equal(across.indptr, ties.start) or not np.array_equal(across.indices, ties.neighbour):
        both = np.sort(owner.astype(np.int64) * n + ties.neighbour)
        back = np.sort(ties.neighbour.astype(np.int64) * n + owner)
        yield from where(np.setdiff1d(both, back) // n, "a tie that the other side does not have", "people")
        return
    for name in ("strength", "kind", "age"):
        values = getattr(ties, name)
        yield from where(owner[values[across.data] != values], f"the two sides differ in {name}", "people")
