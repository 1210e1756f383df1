"""The collaboration graph as arrays, outside the month: what it looks like, what hangs on whom, how it is drawn.

The graph is a symmetric CSR matrix (`abm.kernels.collaboration`, `abm.tables.Ties`) and is measured as such, because a
networkx graph of 100,000 people costs seconds and 100 MB before anything is measured. For networkx see `abm.graph`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from abm.streams import Streams

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]

_PIVOTS: Final = -2  # key of the draw beside month 0 (-1 is the layout's), so that no draw is used twice


class Csr(NamedTuple):
    """A graph as compressed rows: the ties of row i are the entries ``indptr[i]:indptr[i + 1]``, neighbours ascending.

    Attributes:
        indptr: (N+1,) int64.
        neighbour: (L,) int32 row of the other person.
        strength: (L,) float64 in (0, 1].
        kind: (L,) int8: 0 co-author, 1 team mate, 2 alumni.
        age: (L,) int16 months.
        nodes: (N,) the networkx node of each row.
    """

    indptr: Integers
    neighbour: NDArray[np.int32]
    strength: Floats
    kind: NDArray[np.int8]
    age: NDArray[np.int16]
    nodes: tuple[Hashable, ...]


def owners(indptr: Integers) -> Integers:
    """Give the row to which each entry belongs: (L,)."""
    return np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))


def matrix_of(indptr: Integers, neighbour: NDArray[np.int32], strength: Floats | None = None) -> Any:
    """See the arrays as a SciPy sparse matrix (N, N); weights are 1 unless given."""
    n = len(indptr) - 1
    weight = np.ones(len(neighbour)) if strength is None else strength
    return scipy.sparse.csr_array((weight, neighbour.astype(np.int64), indptr), shape=(n, n))


# -------------------------------------------------------------------------------------------------------------- metrics


@dataclass(frozen=True, slots=True)
class GraphMetrics:
    """What the collaboration graph looks like.

    Attributes:
        n_people: nodes.
        n_ties: edges.
        mean_degree: ties per person.
        average_clustering: mean over people of the share of pairs of their neighbours that are tied (0 below two ties).
        transitivity: 3 x triangles / connected triples (the coefficient of Newman 2001).
        assortativity: of employers along ties (Newman 2003, Phys. Rev. E 67, 026126, eq. 2); nan with fewer than two.
        share_inside: share of the ties between employed people that stay inside the employer; nan without such ties.
        n_giant: people in the largest connected component.
        betweenness: by row of the people asked for: share of shortest paths through them, in [0, 1].
    """

    n_people: int
    n_ties: int
    mean_degree: float
    average_clustering: float
    transitivity: float
    assortativity: float
    share_inside: float
    n_giant: int
    betweenness: Mapping[int, float]


def metrics(csr: Csr, employer: ArrayLike, named: Sequence[int] = (), pivots: int = 128) -> GraphMetrics:
    """Measure a graph.

    Args:
        csr: the graph (any age and nodes: only the ties count).
        employer: (N,) employer by row; -1 = none (left out of assortativity and share inside).
        named: rows whose betweenness is wanted.
        pivots: people from whom shortest paths are counted; all of them if there are no more (then exact).
    """
    n, n_ties = len(csr.indptr) - 1, len(csr.neighbour) // 2
    place = np.asarray(employer, dtype=np.int64)
    if len(place) != n:
        raise ValueError(f"employer has {len(place)} entries for {n} people: pass one per row.")
    degree = np.diff(csr.indptr).astype(np.float64)
    triangles, pairs = count_triangles(csr), degree * (degree - 1.0) / 2.0
    local = np.divide(triangles, pairs, out=np.zeros(n), where=pairs > 0.0)
    _, component = scipy.sparse.csgraph.connected_components(matrix_of(csr.indptr, csr.neighbour), directed=False)
    owner, other = place[owners(csr.indptr)], place[csr.neighbour]
    both = (owner >= 0) & (other >= 0)
    owner, other = owner[both], other[both]
    inside = float(np.mean(owner == other)) if len(owner) else math.nan
    ends = np.bincount(owner) / max(len(owner), 1)
    chance = float((ends**2).sum())
    return GraphMetrics(
        n_people=n,
        n_ties=n_ties,
        mean_degree=2.0 * n_ties / n if n else 0.0,
        average_clustering=float(local.mean()) if n else 0.0,
        transitivity=float(triangles.sum() / pairs.sum()) if pairs.sum() else 0.0,
        assortativity=(inside - chance) / (1.0 - chance) if len(np.unique(owner)) > 1 else math.nan,
        share_inside=inside,
        n_giant=int(np.bincount(component).max()) if n else 0,
        betweenness=betweenness(csr, named, pivots) if len(named) else {},
    )


def count_triangles(csr: Csr) -> Floats:
    """Count the triangles each person is part of: (N,)."""
    matrix = matrix_of(csr.indptr, csr.neighbour)
    return np.asarray((matrix @ matrix).multiply(matrix).sum(axis=1), dtype=np.float64).ravel() / 2.0


def betweenness(csr: Csr, named: Sequence[int], pivots: int = 128) -> dict[int, float]:
    """Estimate the share of shortest paths between two others that run through each of the named people.

    Dependencies of Brandes (2001, J. Math. Sociology 25, 163) from a fixed sample of pivots (Brandes and Pich 2007),
    many searches side by side as one sparse product per distance. Ties count as steps whatever their strength.

    Args:
        csr: the graph.
        named: rows of the people.
        pivots: sources of the searches; with N or more of them the answer is exact.
    """
    n = len(csr.indptr) - 1
    if any(not 0 <= row < n for row in named):
        raise ValueError(f"betweenness is asked for the rows {list(named)}: rows run from 0 to {n - 1}.")
    if n < 3:
        return {int(row): 0.0 for row in named}
    luck = Streams(0).uniform("graph", _PIVOTS, np.arange(n, dtype=np.int64))
    sources = np.sort(np.argsort(luck, kind="stable")[:pivots])
    total, asked = np.zeros(n), np.zeros(n)
    matrix = matrix_of(csr.indptr, csr.neighbour)
    for block in np.array_split(sources, math.ceil(len(sources) / 32)):
        total += _dependencies(matrix, block).sum(axis=1)
        asked += 1.0 * len(block)
    asked[sources] -= 1.0  # nobody lies between themselves and others
    return {int(row): float(total[row] / max(asked[row], 1.0) / (n - 2)) for row in named}


def _dependencies(matrix: Any, sources: Integers) -> Floats:
    """Sum over targets the share of shortest paths from each source through each person: (N, K), 0 at the source."""
    n, k = matrix.shape[0], len(sources)
    paths = np.zeros((n, k))
    paths[sources, np.arange(k)] = 1.0
    level = paths > 0.0
    levels, seen = [level], level.copy()
    while level.any():
        reached = matrix @ np.where(level, paths, 0.0)
        level = (reached > 0.0) & ~seen
        paths = np.where(level, reached, paths)
        seen |= level
        levels.append(level)
    dependency = np.zeros((n, k))
    for near, far in zip(levels[-2::-1], levels[:0:-1], strict=True):
        share = np.divide(1.0 + dependency, paths, out=np.zeros((n, k)), where=far)
        dependency += np.where(near, (matrix @ share) * paths, 0.0)
    dependency[sources, np.arange(k)] = 0.0
    return dependency


class Bridge(NamedTuple):
    """How a group is tied to another one, and how much of it hangs on one person.

    Attributes:
        n_ties: ties between the group and the others.
        share_ties: share of them that end at the bridge person.
        share_strength: share of their strength that does.
        share_reach: share of the others within reach of the group who know nobody in it but the bridge person.
    """

    n_ties: int
    share_ties: float
    share_strength: float
    share_reach: float


def bridge(csr: Csr, members: ArrayLike, others: ArrayLike, through: int) -> Bridge:
    """Measure how much of a group's ties to others (a team's to head quarters) run through one person (its leader).

    Args:
        csr: the graph.
        members: (N,) true for the group, including the bridge person.
        others: (N,) true for the people at the other end; members are left out of them.
        through: row of the bridge person.

    Returns:
        Shares in [0, 1]; all zero where the two are not tied at all.
    """
    group = np.asarray(members, dtype=np.bool_)
    away = np.asarray(others, dtype=np.bool_) & ~group
    if not group[through]:
        raise ValueError(f"Person {through} is not in the group: pass the row of one of its members.")
    owner = owners(csr.indptr)
    crossing = group[owner] & away[csr.neighbour]
    if not crossing.any():
        return Bridge(0, 0.0, 0.0, 0.0)
    owner, other, strength = owner[crossing], csr.neighbour[crossing], csr.strength[crossing]
    bridged = owner == through
    reached, known_to_the_rest = np.unique(other), np.unique(other[~bridged])
    lost = 1.0 - len(known_to_the_rest) / len(reached)
    return Bridge(len(owner), float(bridged.mean()), float(strength[bridged].sum() / strength.sum()), lost)


# --------------------------------------------------------------------------------------------------------------- layout


def mesh_layout(csr: Csr, start: Floats, iterations: int = 60) -> Floats:
    """Place people in the plane: attraction along ties, and repulsion 1/distance between all.

    The repulsion is summed on a grid by fast Fourier transform (the particle-mesh method; Linderman et al. 2019,
    Nature Methods 16, 243), so 5,000 people take less than a second and 100,000 a few.

    Args:
        csr: the graph.
        start: (N, 2) first positions in [-1, 1].
        iterations: steps of the forces.

    Returns:
        (N, 2) positions in [-1, 1], by row.
    """
    n = len(csr.indptr) - 1
    matrix = matrix_of(csr.indptr, csr.neighbour, csr.strength)
    total = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1e-9)[:, np.newaxis]
    position = start
    # Averaging over neighbours spreads the large groups out before any force acts.
    for _ in range(20):
        position = 0.3 * position + 0.7 * (matrix @ position) / total
        position = (position - position.mean(axis=0)) / (position.std(axis=0) + 1e-12)
    degree = np.diff(csr.indptr).astype(np.float64)
    for step in range(iterations):
        pull = (matrix @ position) - total * position
        push = _repulsion(position, degree + 1.0) * (degree + 1.0)[:, np.newaxis]
        force = pull + push * (0.5 * n / (degree + 1.0).sum() ** 2)
        length = np.sqrt((force**2).sum(axis=1, keepdims=True)) + 1e-12
        reach = 0.1 * (1.0 - step / iterations) * np.abs(position).max()
        position = position + force / length * np.minimum(length / (1.0 + degree[:, np.newaxis]), reach)
    position = position - position.mean(axis=0)
    return np.asarray(position / np.abs(position).max())


def _repulsion(position: Floats, charge: Floats, cells: int = 128) -> Floats:
    """Sum charge x direction / distance over all others, on a grid (particle-mesh).

    Args:
        position: (N, 2).
        charge: (N,) what each one repels with.
        cells: cells of the grid along one axis.

    Returns:
        (N, 2) force on a unit charge at each position, read off the four nearest cells.
    """
    low = position.min(axis=0)
    width = float((position.max(axis=0) - low).max()) / (cells - 2) + 1e-12
    place = (position - low) / width
    corner = np.minimum(place.astype(np.int64), cells - 2)
    offset = place - corner
    corners = [(i, j) for i in (0, 1) for j in (0, 1)]
    weights = [np.abs(1 - i - offset[:, 0]) * np.abs(1 - j - offset[:, 1]) for i, j in corners]
    index = [(corner[:, 0] + i) * cells + corner[:, 1] + j for i, j in corners]
    mass = np.zeros(cells * cells)
    for weight, cell in zip(weights, index, strict=True):
        mass += np.bincount(cell, weights=weight * charge, minlength=cells * cells)
    # Twice the grid, so that the far edges do not push each other around the torus.
    steps = np.minimum(np.arange(2 * cells), 2 * cells - np.arange(2 * cells)) * np.where(
        np.arange(2 * cells) < cells, 1, -1
    )
    away_x, away_y = np.meshgrid(steps * width, steps * width, indexing="ij")
    square = away_x**2 + away_y**2 + width**2
    spectrum = scipy.fft.rfft2(mass.reshape(cells, cells), s=(2 * cells, 2 * cells))
    force = np.empty_like(position)
    for axis, away in enumerate((away_x, away_y)):
        field = scipy.fft.irfft2(spectrum * scipy.fft.rfft2(away / square), s=(2 * cells, 2 * cells))[
            :cells, :cells
        ].ravel()
        force[:, axis] = sum(weight * field[cell] for weight, cell in zip(weights, index, strict=True))
    return force
