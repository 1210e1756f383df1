"""The collaboration graph of month 0, and the two forms in which a graph is held (edge list and CSR).

What a co-authorship network looks like (Newman 2001, "The structure of scientific collaboration networks", PNAS 98(2),
404-409, table 1): about ten collaborators per author over a few years (9.7 in the physics archive, 18.1 in medicine,
3.6 in computer science of the 1990s), right-skewed degrees, a giant component, and a clustering coefficient between
0.4 and 0.7 (0.43 physics archive, 0.50 computer science, 0.73 high-energy physics), because **the authors of one paper
all know one another**: the network is a union of cliques.

So people are put together in *cells* (a working group of a team, the authors of a paper, the students of one
doctoral group), and everybody in a cell is tied to everybody else in it. Seven layers of cells or single ties:

==========  ==================  =========  ==========================================================
layer       among people of     kind       what it stands for
==========  ==================  =========  ==========================================================
``team``    team                TEAM_MATE  working groups: dense and strong
``paper``   cohort group        CO_AUTHOR  the authors of one named paper: all of them
``topic``   employer and topic  CO_AUTHOR  papers across the teams of one employer
``site``    employer and site   CO_AUTHOR  a colleague from the same corridor: single ties
``far``     topic               CO_AUTHOR  papers with people of other employers
``alumni``  alumni group        ALUMNI     the doctoral group, or a past employer
``elder``   alumni group        ALUMNI     who is not on a team yet knows one earlier member: single ties
==========  ==================  =========  ==========================================================

**Nobody's ties depend on people who come later.** People are read in the order of their rows. Each has draws of their
own, keyed by (row, k), which say whether they write in a layer, which of the strands of their group they join, and
whether they open a new cell there or enter the one that is open. A cell therefore is a run of neighbours in a strand,
and a person added at the end of the table brings their own ties and changes nobody else's. Strands mix a group: there
is one for every few cells' worth of members so far, so that cells of a large group reach over all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

type Integers = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Uniform = Callable[[str, Integers, Integers], Floats]
"""``uniform(purpose, rows, columns)`` -> float64 in (0, 1), a function of (purpose, row, column) alone."""

CO_AUTHOR: Final = 0
TEAM_MATE: Final = 1
ALUMNI: Final = 2
KIND_NAMES: Final = ("co-author", "team mate", "alumni")
"""Codes of the kinds of a tie, and their names in the order of the codes."""

UNIT: Final = 3
"""Cells grow by this many people: nobody writes alone, and a tie seldom stands outside a triangle."""
STRAND: Final = {"topic": 4.0, "far": 1.0, "alumni": 4.0}
"""Members of a group per strand, in cells. Small: cells reach far over the group. Large: fewer are cut short."""
LARGEST_CELL: Final = 20
"""Most people in one cell: a cap on the tail of the geometric distribution that still holds a long author list."""
SHARE_TEAM: Final = 0.76
"""Share of the ties inside the employer that come from working groups; the rest from papers and corridors."""
SHARE_SITE: Final = 0.04
"""Share of the ties inside the employer that are single ties with people of the same site."""
SHARE_FAR: Final = 0.15
"""Share of the ties outside the employer that come from papers with other employers rather than from alumni groups."""
WRITES_INSIDE: Final = 0.25
"""Share of people who write a paper across the teams of their employer. The rest have their ties from the team."""
WRITES_OUTSIDE: Final = 0.15
"""Share of people with an alumni group who also write papers with other employers."""
AT_HOME: Final = 0.15
"""Share of the ties with alumni that turn out to be with people of the same employer (concentration of employment)."""
LOST: Final = {"team": 0.25, "topic": 0.35, "site": 0.1, "far": 0.35, "alumni": 0.24}
"""Share of the ties of a layer that is lost to the ends of strands, to the cap and to pairs that meet in two layers."""
SPREAD: Final = 0.3
"""Strength of a tie varies by this fraction of itself below the strength of its layer."""

# Columns of the draws of one person; the strength of a pair uses the row of the other person (never negative) instead.
_ACTIVITY, _WRITES_INSIDE, _WRITES_OUTSIDE = -1, -2, -3
_TEAM, _TOPIC, _SITE, _FAR, _ALUMNI, _ELDER = -10, -20, -30, -40, -50, -60


def generate(
    team: ArrayLike,
    employer: ArrayLike,
    site: ArrayLike,
    topic: ArrayLike,
    cohort_group: ArrayLike,
    alumni_group: ArrayLike,
    uniform: Uniform,
    *,
    mean_degree: float = 11.0,
    share_inside: float = 0.6,
) -> tuple[Integers, Integers, Floats, NDArray[np.int8]]:
    """Draw the collaboration graph of month 0.

    The expected number of ties of a person is set layer by layer (see the constants of this module), so
    ``mean_degree`` and ``share_inside`` are met on average over people with a team who have an alumni group of a
    dozen or more; tiny teams, tiny alumni groups and an employer that holds most of the population fall short of them,
    because there is nobody left to be tied to. Nothing is rescaled afterwards: that would make everybody's ties depend
    on everybody.

    A pair that meets in several layers is one tie: its strength that of the strongest layer, its kind the first of team
    mate, co-author, alumni.

    Args:
        team: (N,) team of each person; -1 = not on a team (not yet entered): only alumni ties.
        employer: (N,) employer of each person; -1 = none.
        site: (N,) site of each person; -1 = none.
        topic: (N,) specialty of each person; -1 = none.
        cohort_group: (N,) paper whose author list the person is on; -1 = none. Lists longer than ``LARGEST_CELL`` are
            read as several papers.
        alumni_group: (N,) doctoral group or past employer; -1 = none.
        uniform: keyed uniforms: ``uniform("graph", rows, columns)`` in (0, 1), the same for the same arguments for
            ever. A column is the other person of a pair, or below zero the number of a draw of one person.
        mean_degree: ties per person on a team, at least 2.
        share_inside: share of the ties that stay inside the employer, in [0, 1].

    Returns:
        ``(edge_a, edge_b, strength, kind)``, one entry per tie (E,): int64 rows with ``edge_a < edge_b``, sorted by
        ``(edge_a, edge_b)``, no pair twice; strength float64 in (0, 1]; kind int8.

    Raises:
        ValueError: columns of different lengths or not of integers, or a target out of range.

    Example:
        >>> import numpy as np
        >>> def half(purpose, rows, columns):
        ...     return np.full(len(rows), 0.5)
        >>> nobody = [-1, -1, -1]
        >>> a, b, strength, kind = generate(nobody, nobody, nobody, nobody, nobody, [0, 0, -1], half)
        >>> a.tolist(), b.tolist(), kind.tolist()
        ([0], [1], [2])
    """
    columns = {
        "team": team,
        "employer": employer,
        "site": site,
        "topic": topic,
        "cohort_group": cohort_group,
        "alumni_group": alumni_group,
    }
    read = {name: _integers(name, values) for name, values in columns.items()}
    n = len(read["team"])
    for name, values in read.items():
        if len(values) != n:
            raise ValueError(f"{name} has {len(values)} rows, team has {n}: pass one entry per person in every column.")
    if not (np.isfinite(mean_degree) and 2.0 <= mean_degree <= 100.0):
        raise ValueError(f"mean_degree is {mean_degree}: it must lie in [2, 100] ties per person.")
    if not (np.isfinite(share_inside) and 0.0 <= share_inside <= 1.0):
        raise ValueError(f"share_inside is {share_inside}: it must lie in [0, 1].")

    everyone = np.arange(n, dtype=np.int64)
    works = read["team"] >= 0
    outside = mean_degree * (1.0 - share_inside) / (1.0 - AT_HOME * (1.0 - SHARE_FAR))
    inside = max(0.0, mean_degree - outside)
    topic_inside = _both(read["employer"], read["topic"])
    site_inside = _both(read["employer"], read["site"])
    has_alumni = read["alumni_group"] >= 0

    def drawn(column: int) -> Floats:
        return uniform("graph", everyone, np.full(n, column, dtype=np.int64))

    def cells(layer: str, column: int, group: Integers, takes_part: NDArray[np.bool_], degree: float) -> _Pairs:
        expected = degree / (1.0 - LOST[layer])
        strand = int(STRAND[layer] * (expected + 1.0)) if layer in STRAND else n + 1
        return _cliques(group, takes_part, expected, drawn(column), drawn(column - 1), strand)

    # Some people write more than others (Lotka 1926): the chance to take part is skewed.
    activity = _skewed(drawn(_ACTIVITY))
    writes_inside = works & (drawn(_WRITES_INSIDE) < WRITES_INSIDE * activity)
    # Who has no alumni group finds all the ties outside the employer through papers.
    writes_outside = works & (~has_alumni | (drawn(_WRITES_OUTSIDE) < WRITES_OUTSIDE * activity))

    share_topic = 1.0 - SHARE_TEAM - SHARE_SITE
    ties_team = cells("team", _TEAM, read["team"], works, inside * SHARE_TEAM)
    ties_paper = _cliques(read["cohort_group"], works, np.inf, np.zeros(n), np.ones(n), n + 1)
    ties_topic = cells("topic", _TOPIC, topic_inside, writes_inside, inside * share_topic / WRITES_INSIDE)
    rate_site = min(1.0, inside * SHARE_SITE / 2.0 / (1.0 - LOST["site"]))
    ties_site = _singles(site_inside, works, rate_site, drawn(_SITE), drawn(_SITE - 1))
    ties_far = cells("far", _FAR, read["topic"], writes_outside, outside * SHARE_FAR / WRITES_OUTSIDE)
    away = read["employer"][ties_far[0]] != read["employer"][ties_far[1]]
    ties_far = (ties_far[0][away], ties_far[1][away], ties_far[2][away])
    ties_alumni = cells("alumni", _ALUMNI, read["alumni_group"], has_alumni, outside * (1.0 - SHARE_FAR))

    # Cells are runs of rows, and who has not entered has a late row: without it, students would know students only.
    ties_elder = _singles(read["alumni_group"], has_alumni, 1.0, np.where(works, 1.0, 0.0), drawn(_ELDER))

    # Order = precedence of the kind when a pair meets in several layers.
    layers = (
        (ties_team, TEAM_MATE, 0.60, 0.40),
        (ties_paper, CO_AUTHOR, 0.50, 0.30),
        (ties_topic, CO_AUTHOR, 0.35, 0.45),
        (ties_site, CO_AUTHOR, 0.30, 0.00),
        (ties_far, CO_AUTHOR, 0.25, 0.45),
        (ties_alumni, ALUMNI, 0.20, 0.30),
        (ties_elder, ALUMNI, 0.30, 0.00),
    )
    later = np.concatenate([pairs[0] for pairs, _, _, _ in layers])
    earlier = np.concatenate([pairs[1] for pairs, _, _, _ in layers])
    # Tie strength falls with the number of authors (Newman 2001, Phys. Rev. E 64, 016132: 1/(authors - 1)). It counts
    # the authors so far, not those still to come: else a newcomer would weaken the ties of others.
    strength = np.concatenate([base + extra / pairs[2] for pairs, _, base, extra in layers])
    kind = np.concatenate([np.full(len(pairs[0]), code, dtype=np.int8) for pairs, code, _, _ in layers])

    order = np.argsort(earlier * n + later, kind="stable")
    edge_a, edge_b = earlier[order], later[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (edge_a[1:] != edge_a[:-1]) | (edge_b[1:] != edge_b[:-1])
    starts = np.flatnonzero(first)
    edge_a, edge_b, kind = edge_a[starts], edge_b[starts], kind[order][starts]
    best = np.maximum.reduceat(strength[order], starts) if len(starts) else np.empty(0, dtype=np.float64)
    return (
        edge_a,
        edge_b,
        best * (1.0 - SPREAD * uniform("graph", edge_b, edge_a)),
        kind,
    )


def csr_from_edges(
    n: int, edge_a: ArrayLike, edge_b: ArrayLike, strength: ArrayLike, kind: ArrayLike
) -> tuple[Integers, NDArray[np.int32], Floats, NDArray[np.int8]]:
    """Put undirected ties into compressed rows: every tie stands in the rows of both its ends.

    Args:
        n: number of people.
        edge_a: (E,) one end of each tie, in any order.
        edge_b: (E,) the other end.
        strength: (E,) in (0, 1].
        kind: (E,) 0 co-author, 1 team mate, 2 alumni.

    Returns:
        ``(indptr, neighbour, strength, kind)``: int64 (N+1,), int32 (2E,), float64 (2E,), int8 (2E,). The ties of
        person i are the entries ``indptr[i]:indptr[i+1]``, neighbours ascending.

    Raises:
        ValueError: different lengths, a row outside 0..n-1, a tie to oneself, a pair twice, a strength outside (0, 1].

    Example:
        >>> indptr, neighbour, strength, kind = csr_from_edges(3, [0, 1], [1, 2], [0.5, 1.0], [0, 1])
        >>> indptr.tolist(), neighbour.tolist(), strength.tolist()
        ([0, 1, 3, 4], [1, 0, 2, 1], [0.5, 0.5, 1.0, 1.0])
    """
    a, b = _integers("edge_a", edge_a), _integers("edge_b", edge_b)
    weight, code = np.asarray(strength, dtype=np.float64), _integers("kind", kind)
    if not (len(a) == len(b) == len(weight) == len(code)):
        raise ValueError(
            f"edge_a, edge_b, strength and kind have {len(a)}, {len(b)}, {len(weight)} and {len(code)} entries: "
            "pass one of each per tie."
        )
    if len(a) and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= n):
        raise ValueError(f"A tie names a person outside 0..{n - 1}: check n, and drop ties of people not in the table.")
    if np.any(a == b):
        raise ValueError(f"Person {a[np.argmax(a == b)]} is tied to themselves: drop such entries.")
    if not np.all((weight > 0.0) & (weight <= 1.0)):
        raise ValueError(
            "A tie strength is outside (0, 1]: drop ties that have faded to nothing, and scale the others."
        )
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    cell = source * n + target
    order = np.argsort(cell)
    cell = cell[order]
    if np.any(cell[1:] == cell[:-1]):
        twice = int(cell[1:][cell[1:] == cell[:-1]][0])
        raise ValueError(f"The pair {twice // n}-{twice % n} is tied twice: merge the entries of each pair into one.")
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=indptr[1:])
    tie = np.where(order < len(a), order, order - len(a))
    return (
        indptr,
        target[order].astype(np.int32),
        weight[tie],
        code[tie].astype(np.int8),
    )


def edges_from_csr(
    indptr: ArrayLike, neighbour: ArrayLike, strength: ArrayLike, kind: ArrayLike
) -> tuple[Integers, Integers, Floats, NDArray[np.int8]]:
    """Read every tie of compressed rows once: the inverse of `csr_from_edges`.

    Args:
        indptr: (N+1,) first entry of each person.
        neighbour: (2E,) the other end of each entry.
        strength: (2E,) in (0, 1].
        kind: (2E,) 0 co-author, 1 team mate, 2 alumni.

    Returns:
        ``(edge_a, edge_b, strength, kind)``, ``edge_a < edge_b``, in the order of the rows: (E,) each.

    Example:
        >>> a, b, strength, kind = edges_from_csr([0, 1, 3, 4], [1, 0, 2, 1], [0.5, 0.5, 1.0, 1.0], [0, 0, 1, 1])
        >>> a.tolist(), b.tolist(), strength.tolist(), kind.tolist()
        ([0, 1], [1, 2], [0.5, 1.0], [0, 1])
    """
    pointer, target = _integers("indptr", indptr), _integers("neighbour", neighbour)
    source = np.repeat(np.arange(len(pointer) - 1, dtype=np.int64), np.diff(pointer))
    once = source < target
    weight, code = (
        np.asarray(strength, dtype=np.float64),
        np.asarray(kind, dtype=np.int8),
    )
    return source[once], target[once], weight[once], code[once]


type _Pairs = tuple[Integers, Integers, Floats]
"""(later row, earlier row, place of the later one among the members so far: 1 for the second)."""


def _cliques(
    group: Integers,
    takes_part: NDArray[np.bool_],
    degree: float,
    to_strand: Floats,
    to_cell: Floats,
    strand: int,
) -> _Pairs:
    """Tie all members of each cell to one another; cells are runs of people in a strand of a group.

    A strand is cut after every UNIT members with probability 1/g: a cell has UNIT x G members, G geometric with mean g,
    hence (size-biased) E[ties of a member] = UNIT E[G^2]/E[G] - 1 = UNIT (2g - 1) - 1, which gives g.

    Args:
        group: (N,) group of each person; -1 = none.
        takes_part: (N,) whether the person is in this layer.
        degree: expected ties of someone in a long strand; infinite = the whole strand is one cell (up to the cap).
        to_strand: (N,) uniforms that pick the strand.
        to_cell: (N,) uniforms that open cells.
        strand: members of a group per strand.
    """
    row = np.flatnonzero(takes_part & (group >= 0))
    row = row[np.argsort(group[row], kind="stable")]
    rank = _place(_changes(group[row]))
    lane = (to_strand[row] * (rank // strand + 1)).astype(np.int64)
    order = np.lexsort((lane, group[row]))  # stable: within a strand, people stay in the order of their rows
    row, lane = row[order], lane[order]
    opens = _changes(group[row]) | _changes(lane)
    g = max(1.0, ((degree + 1.0) / UNIT + 1.0) / 2.0)
    opens |= (_place(opens) % UNIT == 0) & (to_cell[row] < 1.0 / g)
    place = _place(opens) % LARGEST_CELL
    return _earlier_members(row, place)


def _earlier_members(row: Integers, place: Integers) -> _Pairs:
    """Pair each entry with the ``place`` entries before it.

    Args:
        row: (M,) people, cell by cell.
        place: (M,) place of each in the cell, from 0.
    """
    position = np.repeat(np.arange(len(row), dtype=np.int64), place)
    before = np.arange(len(position), dtype=np.int64) - np.repeat(np.cumsum(place) - place, place) + 1
    return row[position], row[position - before], place[position].astype(np.float64)


def _singles(
    group: Integers,
    takes_part: NDArray[np.bool_],
    rate: float,
    to_try: Floats,
    to_whom: Floats,
) -> _Pairs:
    """Let a share of people propose one tie to somebody of the group with a lower row.

    Args:
        group: (N,) group of each person; -1 = none.
        takes_part: (N,) whether the person is in this layer.
        rate: probability of a proposal.
        to_try: (N,) uniforms that decide on it.
        to_whom: (N,) uniforms that pick the other.
    """
    row = np.flatnonzero(takes_part & (group >= 0))
    row = row[np.argsort(group[row], kind="stable")]
    rank = _place(_changes(group[row]))
    proposes = np.flatnonzero((to_try[row] < rate) & (rank > 0))
    back = 1 + (to_whom[row[proposes]] * rank[proposes]).astype(np.int64)
    return row[proposes], row[proposes - back], np.ones(len(proposes))


def _skewed(uniforms: Floats) -> Floats:
    """Give uniforms the unit exponential distribution: mean one, right-skewed, cheap to invert."""
    return -np.log(uniforms)


def _changes(sorted_values: Integers) -> NDArray[np.bool_]:
    """Mark the first entry of each run of equal values."""
    changes = np.ones(len(sorted_values), dtype=np.bool_)
    changes[1:] = sorted_values[1:] != sorted_values[:-1]
    return changes


def _place(opens: NDArray[np.bool_]) -> Integers:
    """Count entries since the last opening one: 0 for the opening entry itself."""
    position = np.arange(len(opens), dtype=np.int64)
    return position - np.maximum.accumulate(np.where(opens, position, 0))


def _both(first: Integers, second: Integers) -> Integers:
    """Number pairs of codes injectively; -1 where either is missing."""
    stride = int(second.max(initial=0)) + 1
    return np.where((first >= 0) & (second >= 0), first * stride + second, -1)


def _integers(name: str, values: ArrayLike) -> Integers:
    """Read one column of whole numbers."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} must be one column of whole numbers (-1 = none), but it has shape {array.shape} and "
            f"type {array.dtype}: pass a flat integer array."
        )
    return array.astype(np.int64)
