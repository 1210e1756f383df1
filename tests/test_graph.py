"""networkx at the edge: known graphs, exact round trips through networkx and files, layout, errors."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm.graph import SPRING_LIMIT, export, from_networkx, layout, load, metrics, to_networkx
from abm.kernels.collaboration import csr_from_edges
from abm.network import Csr, betweenness, bridge


def path_graph(*ties: tuple[int, int]) -> Csr:
    """Make CSR arrays of ties of strength 1/2."""
    n = 1 + max(max(tie) for tie in ties)
    a, b = np.array(ties, dtype=np.int64).T
    csr = csr_from_edges(n, a, b, np.full(len(a), 0.5), np.zeros(len(a), dtype=np.int64))
    return Csr(*csr, np.zeros(2 * len(a), dtype=np.int16), tuple(range(n)))


# -------------------------------------------------------------------------------------------------------- known answers


def test_complete_graph() -> None:
    found = metrics(nx.complete_graph(6), np.zeros(6, dtype=np.int64), named=[0, 5])
    assert (found.n_people, found.n_ties, found.n_giant) == (6, 15, 6)
    assert (found.mean_degree, found.average_clustering, found.transitivity, found.share_inside) == (5.0, 1.0, 1.0, 1.0)
    assert math.isnan(found.assortativity)  # one employer: nothing to sort
    assert found.betweenness == {0: 0.0, 5: 0.0}


def test_star() -> None:
    # Hub 0: all shortest paths between leaves run through it; no triangles. The hub is of another employer.
    found = metrics(nx.star_graph(4), np.array([1, 0, 0, 0, 0]), named=[0, 3])
    assert (found.mean_degree, found.average_clustering, found.share_inside) == (8 / 5, 0.0, 0.0)
    assert found.betweenness == {0: 1.0, 3: 0.0}
    assert found.assortativity == -1.0


def test_ring() -> None:
    # Ring of 6: of the 10 pairs of others, one lies wholly through a person (both neighbours), and two by half.
    found = metrics(nx.cycle_graph(6), np.array([0, 0, 0, 1, 1, 1]), named=range(6))
    assert (found.mean_degree, found.average_clustering) == (2.0, 0.0)
    assert found.share_inside == pytest.approx(4 / 6)
    assert list(found.betweenness.values()) == pytest.approx([0.2] * 6)


def test_two_cliques_joined() -> None:
    # 0-1-2 and 3-4-5 complete, tied by 2-3: end nodes see one triangle in three pairs, the others one in one.
    graph = nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3))
    graph.add_edge(2, 3)
    found = metrics(graph, np.array([0, 0, 0, 1, 1, 1]), named=[0, 2, 3])
    assert found.average_clustering == pytest.approx((4 * 1 + 2 / 3) / 6)
    assert found.transitivity == pytest.approx(6 / (4 * 1 + 2 * 3))
    assert found.share_inside == pytest.approx(6 / 7)
    assert found.assortativity == pytest.approx((6 / 7 - 1 / 2) / (1 - 1 / 2))
    assert found.betweenness == pytest.approx({0: 0.0, 2: 0.6, 3: 0.6})  # 6 of the 10 pairs of others


def test_two_components_and_a_loner() -> None:
    csr = path_graph((0, 1), (1, 2), (4, 5))
    found = metrics(csr, np.array([0, 0, -1, 0, 1, 2]))
    assert (found.n_people, found.n_giant) == (6, 3)
    assert found.share_inside == 0.5  # 0-1 inside, 4-5 not, 1-2 ends at someone without employer


@settings(max_examples=40, deadline=None)
@given(n=st.integers(3, 25), density=st.floats(0.05, 0.6), seed=st.integers(0, 1000))
def test_metrics_agree_with_networkx(n: int, density: float, seed: int) -> None:
    graph = nx.gnp_random_graph(n, density, seed=seed)
    employer = np.arange(n) % 3
    nx.set_node_attributes(graph, dict(enumerate(employer.tolist())), "employer")
    found = metrics(graph, employer, named=range(n))
    assert found.average_clustering == pytest.approx(nx.average_clustering(graph), abs=1e-12)
    assert found.transitivity == pytest.approx(nx.transitivity(graph), abs=1e-12)
    assert found.n_giant == max(map(len, nx.connected_components(graph)))
    assert found.betweenness == pytest.approx(nx.betweenness_centrality(graph), abs=1e-12)
    if len({employer[node] for edge in graph.edges for node in edge}) > 1:
        assert found.assortativity == pytest.approx(nx.attribute_assortativity_coefficient(graph, "employer"), abs=1e-9)


def test_sampled_betweenness_is_near_the_exact_one_and_repeatable() -> None:
    csr = from_networkx(nx.barabasi_albert_graph(600, 3, seed=5))
    exact, sampled = betweenness(csr, range(20), 600), betweenness(csr, range(20), 128)
    assert sampled == betweenness(csr, range(20), 128)
    assert np.corrcoef(list(exact.values()), list(sampled.values()))[0, 1] > 0.97


def test_a_team_hangs_on_its_leader() -> None:
    # Team 0 (leader), 1, 2; head quarters 3, 4, 5; outsider 6. Leader knows 3 and 4; 1 knows 4 as well; 2 knows 6.
    csr = path_graph((0, 1), (0, 2), (0, 3), (0, 4), (1, 4), (2, 6), (3, 5))
    team, head_quarters = np.isin(np.arange(7), [0, 1, 2]), np.isin(np.arange(7), [3, 4, 5])
    found = bridge(csr, team, head_quarters, through=0)
    assert found.n_ties == 3
    assert found.share_ties == found.share_strength == pytest.approx(2 / 3)  # equal strengths
    assert found.share_reach == pytest.approx(1 / 2)  # 3 is lost without the leader, 4 is not
    assert bridge(csr, team, np.zeros(7, dtype=bool), through=0) == (0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="Person 3 is not in the group"):
        bridge(csr, team, head_quarters, through=3)


# ---------------------------------------------------------------------------------------------------------- round trips

NAMES = st.sampled_from(["employer", "team name", "skill", "é", "level"])
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿"), max_size=8)
NUMBERS = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans())


@st.composite
def graphs(draw: st.DrawFn, ids: bool = True) -> nx.Graph:
    """Graphs of some people, with isolated ones, attributes of each type, and ties with all three attributes."""
    n = draw(st.integers(0, 7))
    as_text = ids and draw(st.booleans())
    nodes: list[Any] = [str(i) if as_text else i for i in range(n)]
    graph = nx.Graph()
    for node in nodes:
        graph.add_node(node, **draw(st.dictionaries(NAMES, st.one_of(TEXT, NUMBERS), max_size=3)))
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    for a, b in sorted(draw(st.sets(st.sampled_from(pairs)))) if pairs else []:
        strength = draw(st.floats(0.0, 1.0, exclude_min=True))
        graph.add_edge(a, b, strength=strength, kind=draw(st.integers(0, 2)), age=draw(st.integers(0, 600)))
    return graph


def same(first: nx.Graph, second: nx.Graph) -> bool:
    """Whether nodes, ties and attributes agree in value and type, floats bit for bit."""

    def typed(data: dict[str, Any]) -> list[tuple[str, str, str]]:
        return sorted((name, type(value).__name__, repr(value)) for name, value in data.items())

    nodes = {node: typed(data) for node, data in first.nodes(data=True)}
    ties = {frozenset((a, b)): typed(data) for a, b, data in first.edges(data=True)}
    return (
        nodes == {node: typed(data) for node, data in second.nodes(data=True)}
        and ties == {frozenset((a, b)): typed(data) for a, b, data in second.edges(data=True)}
        and typed(first.graph) == typed(second.graph)
    )


@pytest.mark.parametrize("suffix", [".graphml", ".json"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(graph=graphs())
def test_files_give_back_the_same_graph(tmp_path: Path, suffix: str, graph: nx.Graph) -> None:
    read = load(export(graph, tmp_path / f"graph{suffix}"))
    assert same(graph, read)
    assert list(read) == list(graph)


@given(graph=graphs(ids=False))
def test_networkx_and_csr_are_inverse(graph: nx.Graph) -> None:
    csr = from_networkx(graph)
    back = to_networkx(csr.indptr, csr.neighbour, csr.strength, csr.kind, edge_age=csr.age)
    bare = nx.Graph()
    bare.add_nodes_from(graph)
    bare.add_edges_from(graph.edges(data=True))
    assert same(bare, back)
    assert csr.nodes == tuple(range(len(graph)))
    again = from_networkx(back)
    assert [np.asarray(x).tobytes() for x in csr[:5]] == [np.asarray(x).tobytes() for x in again[:5]]


def test_node_attributes_are_plain_values() -> None:
    csr = path_graph((0, 1), (1, 2))
    columns: dict[str, Any] = {
        "employer": np.array([3, 1, 2], dtype=np.int32),
        "name": ["a", "b", "c"],
        "skill": [np.float64(0.1)] * 3,
    }
    graph = to_networkx(*csr[:4], columns, edge_age=[7, 7, 9, 9])
    assert graph.nodes[0] == {"employer": 3, "name": "a", "skill": 0.1}
    assert type(graph.nodes[0]["employer"]) is int
    assert type(graph.nodes[0]["skill"]) is float
    assert graph.edges[1, 2] == {"strength": 0.5, "kind": 0, "age": 9}


def test_files_made_elsewhere(tmp_path: Path) -> None:
    # The karate club of networkx: integer nodes, other attribute names, and the older name of the JSON list.
    club = nx.karate_club_graph()
    nx.write_graphml_xml(club, str(tmp_path / "club.graphml"))
    read = load(tmp_path / "club.graphml")
    assert set(read) == set(range(34))
    assert from_networkx(read).strength.tolist() == [1.0] * 156
    nodes, ties = '"nodes": [{"id": "a"}, {"id": "b"}]', '"links": [{"source": "a", "target": "b"}]'
    old = f'{{"directed": false, "multigraph": false, {nodes}, {ties}}}'
    (tmp_path / "old.JSON").write_text(old)
    assert list(load(tmp_path / "old.JSON").edges) == [("a", "b")]


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("graph.gexf", "", r"suffix '\.gexf' names no known format: use \.graphml or \.json"),
        ("missing.json", None, "no such file"),
        ("missing.graphml", None, "no such file"),
        ("broken.json", '{"nodes": [\n1,,]}', "line 2, column 3: not JSON"),
        ("list.json", "[1, 2]", "not a node-link JSON graph"),
        ("bytes.json", "\udcff", "not a node-link JSON graph"),
        ("part.json", '{"nodes": []}', "not a node-link JSON graph"),
        ("twice.json", '{"nodes": [{"id": 1}, {"id": 1}], "edges": []}', "an id is doubled"),
        ("stranger.json", '{"nodes": [{"id": 1}], "edges": [{"source": 1, "target": 2}]}', "names no node"),
        (
            "pair.json",
            '{"multigraph": false, "nodes": [{"id": 1}, {"id": 2}], '
            '"edges": [{"source": 1, "target": 2}, {"source": 2, "target": 1}]}',
            "a pair stands twice",
        ),
        ("arrows.json", '{"directed": true, "multigraph": false, "nodes": [], "edges": []}', "directed"),
        ("broken.graphml", "<graphml>\n<graph", "line 2, column"),
        ("other.graphml", "<html/>", "not a GraphML graph"),
        (
            "arrows.graphml",
            '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"/></graphml>',
            "directed",
        ),
    ],
)
def test_unreadable_files_give_one_clear_message(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    place = tmp_path / name
    if text is not None:
        place.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=message) as caught:
        load(place)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("attributes", "suffix", "message"),
    [
        ({"x": None}, ".json", "type NoneType"),
        ({"x": [1]}, ".graphml", "type list"),
        ({"x": math.nan}, ".json", "JSON cannot hold"),
        ({"x": "a\rb"}, ".graphml", "character that XML cannot"),
        ({"id": 3}, ".json", "'id', which the file formats use"),
        ({}, ".txt", "names no known format"),
    ],
)
def test_what_cannot_be_exported_is_named(
    tmp_path: Path, attributes: dict[str, Any], suffix: str, message: str
) -> None:
    graph = nx.Graph()
    graph.add_nodes_from([(0, attributes)])
    with pytest.raises(ValueError, match=message):
        export(graph, tmp_path / f"graph{suffix}")
    assert not (tmp_path / f"graph{suffix}").exists()


def test_not_a_number_survives_graphml(tmp_path: Path) -> None:
    graph = nx.Graph()
    graph.add_node(0, x=math.nan, y=-math.inf)
    assert same(graph, load(export(graph, tmp_path / "graph.graphml")))


def test_export_needs_a_folder_and_nodes_of_one_type(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist: create it first"):
        export(nx.Graph(), tmp_path / "nowhere" / "graph.json")
    with pytest.raises(ValueError, match="all integers or all strings"):
        export(nx.Graph([(1, "a")]), tmp_path / "graph.json")


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.DiGraph([(0, 1)]), r"pass nx\.Graph"),
        (nx.MultiGraph([(0, 1)]), r"pass nx\.Graph"),
        (nx.Graph([(0, 0)]), "tied to themselves"),
        (nx.Graph([(0, 1, {"strength": 2.0})]), r"outside \(0, 1\]"),
        (nx.Graph([(0, 1, {"strength": "much"})]), "strength 'much'"),
        (nx.Graph([(0, 1, {"kind": 7})]), "kind 7"),
        (nx.Graph([(0, 1, {"age": -1})]), "age -1"),
    ],
)
def test_graphs_that_are_no_ties_are_refused(graph: nx.Graph, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_networkx(graph)


def test_wrong_arrays_are_refused() -> None:
    csr = path_graph((0, 1), (1, 2))
    with pytest.raises(ValueError, match="'skill' has 2 values for 3 people"):
        to_networkx(*csr[:4], {"skill": [1, 2]})
    with pytest.raises(ValueError, match="rows of both its ends"):
        to_networkx([0, 1, 1], [1], [0.5], [0])
    with pytest.raises(ValueError, match="employer has 2 entries for 3 people"):
        metrics(csr, [0, 1])
    with pytest.raises(ValueError, match="rows run from 0 to 2"):
        betweenness(csr, [3])


# --------------------------------------------------------------------------------------------------------------- layout


def _caves(n_caves: int, size: int) -> nx.Graph:
    return nx.relaxed_caveman_graph(n_caves, size, 0.05, seed=3)


@pytest.mark.parametrize("graph", [_caves(8, 8), _caves(SPRING_LIMIT // 4, 8)], ids=["spring", "mesh"])
def test_layout_is_seeded_and_keeps_friends_together(graph: nx.Graph) -> None:
    first, again, other = layout(graph, 1), layout(graph, 1), layout(graph, 2)
    assert first.shape == (len(graph), 2)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert np.isfinite(first).all()
    assert np.abs(first).max() <= 1.0 + 1e-12
    tied = np.array(graph.edges)
    apart = np.stack([tied[:, 0], np.roll(tied[:, 1], len(tied) // 2)], axis=1)
    distance = [np.linalg.norm(first[pairs[:, 0]] - first[pairs[:, 1]], axis=1).mean() for pairs in (tied, apart)]
    assert distance[0] < 0.6 * distance[1]


def test_layout_of_almost_nothing() -> None:
    assert layout(nx.Graph()).shape == (0, 2)
    assert layout(nx.empty_graph(1)).tolist() == [[0.0, 0.0]]
    assert np.isfinite(layout(nx.empty_graph(SPRING_LIMIT + 1))).all()


@pytest.mark.bench
def test_layout_of_thousands_takes_less_than_networkx_for_hundreds() -> None:
    start = time.process_time()
    nx.spring_layout(_caves(50, 8), iterations=60, seed=1)
    reference = time.process_time() - start
    csr = from_networkx(_caves(625, 8))
    start = time.process_time()
    layout(csr, 1)
    assert time.process_time() - start < 5 * reference
