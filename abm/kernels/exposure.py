"""What a person sees over the graph: where ties work, and who left of late (Felps et al. 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.columns import Floats
from abm.kernels.pairs import expand


def tie_totals(start: NDArray[np.int64], strength: Floats) -> Floats:
    """(N,) sum of the tie strengths of each person; 0 for people without ties."""
    found = np.zeros(len(start) - 1)
    filled = np.flatnonzero(np.diff(start) > 0)
    if len(filled):
        found[filled] = np.add.reduceat(strength, start[filled])
    return found


def share_at_own(
    start: NDArray[np.int64],
    owner: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    strength: Floats,
    employer: NDArray[np.int32],
    totals: Floats,
) -> Floats:
    """Share of each person's tie strength that works at the person's own employer.

    Args:
        start, owner, neighbour, strength: the symmetric CSR graph.
        employer: (N,) present employer, -1 none.
        totals: (N,) from `tie_totals`.

    Returns:
        (N,) in [0, 1]; 0 for people without ties or employer.
    """
    at_home = employer[neighbour] == employer[owner]
    at_home &= employer[owner] >= 0
    return np.divide(
        tie_totals(start, np.where(at_home, strength, 0.0)), totals, out=np.zeros(len(totals)), where=totals > 0
    )


def share_at(
    start: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    strength: Floats,
    employer: NDArray[np.int32],
    totals: Floats,
    pair_person: NDArray[np.integer],
    pair_employer: NDArray[np.integer],
) -> Floats:
    """Share of tie strength that works at a given employer, for flat pairs. (P,) people, (P,) employers -> (P,)."""
    entry, which = expand(start, pair_person)
    inside = employer[neighbour[entry]] == np.asarray(pair_employer)[which]
    summed = np.bincount(which, np.where(inside, strength[entry], 0.0), minlength=len(pair_person))
    whole = totals[pair_person]
    return np.asarray(np.divide(summed, whole, out=np.zeros(len(pair_person)), where=whole > 0))


def felt_departures(
    start: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    strength: Floats,
    totals: Floats,
    leaver: NDArray[np.integer],
    left_employer: NDArray[np.integer],
    employer: NDArray[np.int32],
) -> Floats:
    """How much of each person's tie strength left the person's employer this month.

    Args:
        start, neighbour, strength, totals: the graph.
        leaver: (R,) people who left; left_employer: (R,) the employer that they left.
        employer: (N,) present employer of everybody, after the moves.

    Returns:
        (N,) share of ties, felt by those who are still at the employer that was left.
    """
    entry, which = expand(start, leaver)
    witness = neighbour[entry]
    concerned = employer[witness] == np.asarray(left_employer)[which]
    felt = np.bincount(witness[concerned], strength[entry][concerned], minlength=len(totals))
    return np.divide(felt, totals, out=np.zeros(len(totals)), where=totals > 0)
