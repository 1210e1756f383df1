"""The collaboration graph outside the month: networkx and files. The only file that names networkx.

Inside the month the graph is a symmetric CSR matrix (`abm.kernels.collaboration`, `abm.tables.Ties`). Here it becomes
a `networkx.Graph` and back, bit for bit; is written to GraphML (Gephi, yEd) or node-link JSON (browsers, d3); and is
drawn and measured, whichever of the two it is: small graphs are laid out by networkx, all else is arithmetic on the
arrays (`abm.network`).

Node attributes are whatever the caller passes (numbers, strings, booleans). Tie attributes are ``strength`` in (0, 1],
``kind`` (0 co-author, 1 team mate, 2 alumni) and, where known, ``age`` in months.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm import disk, network
from abm.kernels.collaboration import csr_from_edges, edges_from_csr
from abm.network import Csr, Floats, GraphMetrics, mesh_layout, owners
from abm.streams import Streams

SPRING_LIMIT: Final = 400
"""Most people laid out by networkx: its spring layout compares all pairs: 1 s at 400, 10 s at 2,000."""
_LAYOUT: Final = -1  # key of the draws beside month 0 (-2 is betweenness's), so that no draw is used twice
_NODE_IDS = "node_ids"
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

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
        age = np.asarray(edge_age)[owners(pointer) < target]
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
        with disk.written(place) as file:
            nx.write_graphml_xml(exported, file)
    else:
        text = json.dumps(nx.node_link_data(exported, edges="edges"), ensure_ascii=False, indent=1, allow_nan=False)
        disk.write(place, text)
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


# --------------------------------------------------------------------------------------------------- layout and metrics


def layout(graph: nx.Graph | Csr, seed: int = 0, iterations: int = 60) -> Floats:
    """Place people in the plane so that ties are short; the same graph and seed give the same picture.

    Up to ``SPRING_LIMIT`` people: networkx' spring layout (Fruchterman and Reingold 1991). Above: `mesh_layout`.

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
    return mesh_layout(csr, start, iterations)


def metrics(graph: nx.Graph | Csr, employer: ArrayLike, named: Sequence[int] = (), pivots: int = 128) -> GraphMetrics:
    """Measure a graph with `abm.network.metrics`.

    Args:
        graph: a networkx graph, or CSR arrays (any age and nodes: only the ties count).
        employer: (N,) employer by row; -1 = none (left out of assortativity and share inside).
        named: rows whose betweenness is wanted.
        pivots: people from whom shortest paths are counted; all of them if there are no more (then exact).
    """
    csr = graph if isinstance(graph, Csr) else from_networkx(graph)
    return network.metrics(csr, employer, named, pivots)
