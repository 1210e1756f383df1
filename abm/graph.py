"""The collaboration graph outside the month: networkx, files, layout and metrics. The only file that names networkx.

Inside the month the graph is a symmetric CSR matrix (`abm.kernels.collaboration`, `abm.tables.Ties`). Here it becomes
a `networkx.Graph` and back, bit for bit; is written to GraphML (Gephi, yEd) or node-link JSON (browsers, d3);
is laid out in the plane; and is measured. Measures and the layout of large graphs work on the CSR arrays directly,
because a networkx graph of 100,000 people costs seconds and 100 MB before anything is measured.

Node attributes are whatever the caller passes (numbers, strings, booleans). Tie attributes are ``strength`` in (0, 1],
``kind`` (0 co-author, 1 team mate, 2 alumni) and, where known, ``age`` in months.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import networkx as nx
import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from abm.kernels.collaboration import csr_from_edges, edges_from_csr
from abm.streams import Streams

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]

SPRING_LIMIT: Final = 400
"""Most people laid out by networkx: its spring layout compares all pairs: 1 s at 400, 10 s at 2,000."""
_LAYOUT, _PIVOTS = -1, -2  # keys of the draws beside month 0, so that no draw of the model is used twice
_NODE_IDS = "node_ids"
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


# --------------------------------------------------------------------------------------------------- networkx <-> CSR


def to_networkx(
    indptr: ArrayLike,
    neighbour: ArrayLike,
    strength: ArrayLike,
    kind: ArrayLike,
    node_attributes: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None,
    edge_age: ArrayLike | None = None,
) -> nx.Graph:
    """Make a networkx graph whose nodes are the rows 0..N-1.

    Args:
        indptr: (N+1,) first entry of each row.
        neighbour: (L,) the other end of each entry; each tie stands in both rows.
        strength: (L,) in (0, 1].
        kind: (L,) code of the kind.
        node_attributes: (N,) values by name.
        edge_age: (L,) months, in the order of ``neighbour``.

    Returns:
        A graph with edge attributes ``strength``, ``kind`` and (if given) ``age``, all plain Python numbers.

    Raises:
        ValueError: columns of a wrong length, or ties that stand in one of their two rows only.
    """
    pointer, target = np.asarray(indptr, dtype=np.int64), np.asarray(neighbour, dtype=np.int64)
    n = len(pointer) - 1
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    for name, values in (node_attributes or {}).items():
        if len(values) != n:
            raise ValueError(f"node attribute {name!r} has {len(values)} values for {n} people: pass one per row.")
        plain = values.tolist() if isinstance(values, np.ndarray) else [_plain(value) for value in values]
        nx.set_node_attributes(graph, dict(enumerate(plain)), name)
    edge_a, edge_b, weight, code = edges_from_csr(pointer, target, strength, kind)
    if 2 * len(edge_a) != len(target):
        raise ValueError(
            f"{len(target)} entries hold {len(edge_a)} ties with a < b: every tie must stand in the rows of both "
            "its ends; build the arrays with csr_from_edges."
        )
    data: list[dict[str, Any]]
    data = [{"strength": s, "kind": k} for s, k in zip(weight.tolist(), code.tolist(), strict=True)]
    if edge_age is not None:
        age = np.asarray(edge_age)[_rows(pointer) < target]
        for attributes, months in zip(data, age.tolist(), strict=True):
            attributes["age"] = months
    graph.add_edges_from(zip(edge_a.tolist(), edge_b.tolist(), data, strict=True))
    return graph


def from_networkx(graph: nx.Graph) -> Csr:
    """Read a networkx graph into CSR arrays.

    Rows follow the nodes: ascending if all are integers, else in the order of the graph. A tie without ``strength``
    counts 1, without ``kind`` as co-author, without ``age`` as new, so graphs made elsewhere can be read.

    Raises:
        ValueError: a directed graph or a multigraph, a strength outside (0, 1], an unknown kind, a tie to oneself.
    """
    if graph.is_directed() or graph.is_multigraph():
        raise ValueError(
            "Ties are undirected and single, but the graph is directed or has parallel edges: pass nx.Graph(graph)."
        )
    nodes: list[Any] = list(graph)
    if all(isinstance(node, int) for node in nodes):
        nodes.sort()
    row = {node: i for i, node in enumerate(nodes)}
    ends, strengths, kinds, ages = [], [], [], []
    for a, b, data in graph.edges(data=True):
        kind = data.get("kind", 0)
        if kind not in (0, 1, 2):
            raise ValueError(
                f"The tie {a!r}-{b!r} has kind {kind!r}: it must be 0 (co-author), 1 (team mate) or 2 (alumni)."
            )
        strength, age = data.get("strength", 1.0), data.get("age", 0)
        if not isinstance(strength, (int, float)) or not isinstance(age, (int, np.integer)) or not 0 <= age < 2**15:
            raise ValueError(
                f"The tie {a!r}-{b!r} has strength {strength!r} and age {age!r}: they must be a number in (0, 1] "
                "and whole months from 0."
            )
        ends.append((row[a], row[b]))
        strengths.append(float(strength))
        kinds.append(int(kind))
        ages.append(int(age))
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
    code = np.array(kinds, dtype=np.int64)
    csr = csr_from_edges(len(nodes), pairs[:, 0], pairs[:, 1], np.array(strengths, dtype=np.float64), code)
    # The same sort as for the strengths, so that each entry carries the age of its tie.
    key = np.concatenate([pairs[:, 0] * len(nodes) + pairs[:, 1], pairs[:, 1] * len(nodes) + pairs[:, 0]])
    months = np.array(ages + ages, dtype=np.int16)[np.argsort(key)]
    return Csr(*csr, months, tuple(nodes))


# -------------------------------------------------------------------------------------------------------------- files


def export(graph: nx.Graph, path: str | Path) -> Path:
    """Write a graph as GraphML (``.graphml``) or node-link JSON (``.json``); `load` gives back the same graph.

    Raises:
        ValueError: another suffix, no such folder, or an attribute that the format cannot hold without loss.
    """
    place = Path(path)
    suffix = _suffix(place)
    if not place.parent.is_dir():
        raise ValueError(f"{place}: the folder {place.parent} does not exist: create it first.")
    kinds = {type(node) for node in graph}
    if not kinds <= {int} and not kinds <= {str}:
        raise ValueError(
            f"{place}: nodes must be all integers or all strings, not {sorted(k.__name__ for k in kinds)}."
        )
    exported = graph.__class__()
    exported.graph.update({name: _storable(value, name, "the graph", suffix) for name, value in graph.graph.items()})
    exported.graph[_NODE_IDS] = "text" if str in kinds else "number"
    for node, data in graph.nodes(data=True):
        exported.add_node(
            node, **{name: _storable(value, name, f"node {node!r}", suffix) for name, value in data.items()}
        )
    for a, b, data in graph.edges(data=True):
        where = f"the tie {a!r}-{b!r}"
        exported.add_edge(a, b, **{name: _storable(value, name, where, suffix) for name, value in data.items()})
    if suffix == ".graphml":
        with place.open("wb") as file:
            nx.write_graphml_xml(exported, file)
    else:
        text = json.dumps(nx.node_link_data(exported, edges="edges"), ensure_ascii=False, indent=1, allow_nan=False)
        place.write_text(text, encoding="utf-8", newline="\n")
    return place


def load(path: str | Path) -> nx.Graph:
    """Read a graph from GraphML or node-link JSON: the inverse of `export`; files made elsewhere are welcome.

    Raises:
        ValueError: another suffix, a missing or malformed file, a directed graph or parallel edges.
    """
    place = Path(path)
    suffix = _suffix(place)
    if not place.is_file():
        raise ValueError(f"{place}: no such file: check the path, or write one with abm.graph.export.")
    try:
        graph = _read_graphml(place) if suffix == ".graphml" else _read_json(place)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{place}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}): export the graph again."
        ) from error
    except ElementTree.ParseError as error:
        line, column = error.position
        raise ValueError(
            f"{place}, line {line}, column {column}: not XML ({error}): export the graph again."
        ) from error
    except (nx.NetworkXException, LookupError, TypeError, AttributeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{place}: not a {_NAMES[suffix]} graph ({what}): export the graph again.") from error
    if graph.is_directed() or graph.is_multigraph():
        raise ValueError(
            f"{place}: the graph is directed or has parallel edges, but ties are undirected and "
            "single: export nx.Graph(graph)."
        )
    return graph


_NAMES: Final = {".graphml": "GraphML", ".json": "node-link JSON"}


def _suffix(place: Path) -> str:
    """Read the format off the name of the file."""
    suffix = place.suffix.lower()
    if suffix not in _NAMES:
        raise ValueError(f"{place}: the suffix {place.suffix!r} names no known format: use .graphml or .json.")
    return suffix


def _read_graphml(place: Path) -> nx.Graph:
    """Read GraphML; nodes become integers if they were, or if all look so in a file made elsewhere."""
    with place.open("rb") as file:
        graph = nx.read_graphml(file)
    ids = graph.graph.pop(_NODE_IDS, None)
    for default in ("node_default", "edge_default"):
        if not graph.graph.get(default, True):
            del graph.graph[default]
    if ids == "number" or (ids is None and all(re.fullmatch(r"0|-?[1-9]\d*", node) for node in graph)):
        graph = nx.relabel_nodes(graph, {node: int(node) for node in graph}, copy=True)
    return graph


def _read_json(place: Path) -> nx.Graph:
    """Read node-link JSON and refuse what networkx would mend in silence."""
    data = json.loads(place.read_text(encoding="utf-8"))
    edges = "links" if "links" in data and "edges" not in data else "edges"  # the name before networkx 3.4
    graph = nx.node_link_graph(data, edges=edges)
    if graph.number_of_nodes() != len(data["nodes"]):
        raise ValueError(
            f"{len(data['nodes'])} nodes listed, {graph.number_of_nodes()} found: "
            "an id is doubled, or a tie names no node"
        )
    if graph.number_of_edges() != len(data[edges]):
        raise ValueError(
            f"{len(data[edges])} ties listed, {graph.number_of_edges()} different ones found: a pair stands twice"
        )
    graph.graph.pop(_NODE_IDS, None)
    return graph


def _plain(value: Any) -> Any:
    """Turn a NumPy scalar into the Python number it stands for."""
    return value.item() if isinstance(value, np.generic) else value


def _storable(value: Any, name: object, where: str, suffix: str) -> str | int | float | bool:
    """Return an attribute as a plain value that the format gives back unchanged, or say why it cannot."""
    plain = _plain(value)
    if name in (_NODE_IDS, "id", "key", "source", "target"):
        raise ValueError(f"{where} has an attribute called {name!r}, which the file formats use themselves: rename it.")
    if not isinstance(name, str) or not isinstance(plain, (str, int, float)):
        raise ValueError(
            f"{where}: attribute {name!r} is of type {type(plain).__name__}: only strings, numbers and booleans can be "
            "exported; leave it out or turn it into text."
        )
    if suffix == ".json" and isinstance(plain, float) and not math.isfinite(plain):
        raise ValueError(
            f"{where}: attribute {name!r} is {plain}, which JSON cannot hold: leave it out or use .graphml."
        )
    if suffix == ".graphml" and isinstance(plain, str) and _NOT_XML.search(plain):
        raise ValueError(f"{where}: attribute {name!r} holds a character that XML cannot: remove it or use .json.")
    return plain


# ------------------------------------------------------------------------------------------------------------- layout


def layout(graph: nx.Graph | Csr, seed: int = 0, iterations: int = 60) -> Floats:
    """Place people in the plane so that ties are short; the same graph and seed give the same picture.

    Up to ``SPRING_LIMIT`` people: networkx' spring layout (Fruchterman and Reingold 1991). Above: attraction along ties
    and repulsion 1/distance between all, the latter summed on a grid by fast Fourier transform (the particle-mesh
    method; Linderman et al. 2019, Nature Methods 16, 243): 5,000 people take less than a second, 100,000 a few.

    Args:
        graph: a networkx graph, or CSR arrays.
        seed: chooses the first positions.
        iterations: steps of the forces.

    Returns:
        (N, 2) positions in [-1, 1], by row (see `from_networkx` for the order of nodes).
    """
    csr = graph if isinstance(graph, Csr) else from_networkx(graph)
    n = len(csr.indptr) - 1
    rows = np.arange(n, dtype=np.int64)
    streams = Streams(seed)
    start = np.stack([2.0 * streams.uniform("graph", _LAYOUT, rows, k) - 1.0 for k in (0, 1)], axis=1)
    if n < 2:
        return np.zeros((n, 2))
    if n <= SPRING_LIMIT:
        drawn = to_networkx(csr.indptr, csr.neighbour, csr.strength, csr.kind)
        first = dict(enumerate(start))
        found = nx.spring_layout(drawn, pos=first, iterations=iterations, weight="strength", seed=seed)
        return np.array([found[i] for i in range(n)], dtype=np.float64)
    matrix = _matrix(csr.indptr, csr.neighbour, csr.strength)
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


# ------------------------------------------------------------------------------------------------------------ metrics


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


def metrics(graph: nx.Graph | Csr, employer: ArrayLike, named: Sequence[int] = (), pivots: int = 128) -> GraphMetrics:
    """Measure a graph.

    Args:
        graph: a networkx graph, or CSR arrays (any age and nodes: only the ties count).
        employer: (N,) employer by row; -1 = none (left out of assortativity and share inside).
        named: rows whose betweenness is wanted.
        pivots: people from whom shortest paths are counted; all of them if there are no more (then exact).
    """
    csr = graph if isinstance(graph, Csr) else from_networkx(graph)
    n, n_ties = len(csr.indptr) - 1, len(csr.neighbour) // 2
    place = np.asarray(employer, dtype=np.int64)
    if len(place) != n:
        raise ValueError(f"employer has {len(place)} entries for {n} people: pass one per row.")
    degree = np.diff(csr.indptr).astype(np.float64)
    triangles, pairs = count_triangles(csr), degree * (degree - 1.0) / 2.0
    local = np.divide(triangles, pairs, out=np.zeros(n), where=pairs > 0.0)
    _, component = scipy.sparse.csgraph.connected_components(_matrix(csr.indptr, csr.neighbour), directed=False)
    owner, other = place[_rows(csr.indptr)], place[csr.neighbour]
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
    matrix = _matrix(csr.indptr, csr.neighbour)
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
    matrix = _matrix(csr.indptr, csr.neighbour)
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
    owner = _rows(csr.indptr)
    crossing = group[owner] & away[csr.neighbour]
    if not crossing.any():
        return Bridge(0, 0.0, 0.0, 0.0)
    owner, other, strength = owner[crossing], csr.neighbour[crossing], csr.strength[crossing]
    bridged = owner == through
    reached, known_to_the_rest = np.unique(other), np.unique(other[~bridged])
    lost = 1.0 - len(known_to_the_rest) / len(reached)
    return Bridge(len(owner), float(bridged.mean()), float(strength[bridged].sum() / strength.sum()), lost)


def _rows(indptr: Integers) -> Integers:
    """Give the row to which each entry belongs: (L,)."""
    return np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))


def _matrix(indptr: Integers, neighbour: NDArray[np.int32], strength: Floats | None = None) -> Any:
    """See the arrays as a SciPy sparse matrix (N, N); weights are 1 unless given."""
    n = len(indptr) - 1
    weight = np.ones(len(neighbour)) if strength is None else strength
    return scipy.sparse.csr_array((weight, neighbour.astype(np.int64), indptr), shape=(n, n))
