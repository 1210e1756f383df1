"""The generator of the collaboration graph: its statistics, its keys, its speed; and the CSR form of a graph."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from abm.kernels.collaboration import (
    ALUMNI,
    CO_AUTHOR,
    LARGEST_CELL,
    TEAM_MATE,
    csr_from_edges,
    edges_from_csr,
    generate,
)
from abm.network import Csr, metrics
from abm.streams import Streams

type Integers = NDArray[np.int64]
type Population = dict[str, Integers]
type Edges = tuple[Integers, Integers, NDArray[np.float64], NDArray[np.int8]]

NAMES = ("team", "employer", "site", "topic", "cohort_group", "alumni_group")


def population(n: int = 5000, n_teams: int = 300, n_employers: int = 15, n_alumni: int = 250) -> Population:
    """Make people in teams of skewed size; a tenth without an alumni group; one author list of 14, over two teams."""
    luck = Streams(11)
    teams, people = np.arange(n_teams), np.arange(n)
    size = np.exp(0.7 * luck.normal("graph", 1, teams)).astype(np.float64)
    weight = 1.0 / np.arange(1, n_employers + 1) ** 0.8
    team_employer = np.sort(_pick(luck.uniform("graph", 2, teams), weight))
    team = np.sort(_pick(luck.uniform("graph", 3, people), size))
    alumni = _pick(luck.uniform("graph", 4, people), np.ones(n_alumni))
    cohort = np.full(n, -1)
    cohort[[*range(100, 111), *range(n // 2, n // 2 + 3)]] = 0
    return {
        "team": team,
        "employer": team_employer[team],
        "site": team_employer[team] * 3 + team % 3,
        "topic": (luck.uniform("graph", 5, teams) * 8).astype(np.int64)[team],
        "cohort_group": cohort,
        "alumni_group": np.where(luck.uniform("graph", 6, people) < 0.1, -1, alumni),
    }


def _pick(uniforms: NDArray[np.float64], weight: NDArray[Any]) -> Integers:
    return np.searchsorted(np.cumsum(weight) / weight.sum(), uniforms)


def draw(people: Population, seed: int = 1, **options: Any) -> Edges:
    """Run the generator with the program's own streams."""
    streams = Streams(seed)

    def uniform(purpose: str, rows: Integers, columns: Integers) -> NDArray[np.float64]:
        return streams.uniform(purpose, 0, rows, columns)

    arguments: dict[str, Any] = {**people, "uniform": uniform, **options}
    return generate(**arguments)


def measured(people: Population, edges: Edges) -> tuple[Csr, NDArray[np.int64]]:
    n = len(people["team"])
    csr = Csr(*csr_from_edges(n, *edges), np.zeros(2 * len(edges[0]), np.int16), tuple(range(n)))
    return csr, np.diff(csr.indptr)


def as_set(edges: Edges) -> set[tuple[int, int, float, int]]:
    return set(zip(*(column.tolist() for column in edges), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_degree_clustering_and_share_inside_are_those_of_co_authorship_networks(seed: int) -> None:
    # Bands: Newman 2001, PNAS 98:404, table 1 (clustering 0.43 - 0.73, about ten collaborators); 60 % inside by design.
    people = population()
    csr, degree = measured(people, draw(people, seed))
    found = metrics(csr, people["employer"])
    assert 10.0 <= found.mean_degree <= 12.0
    assert 0.42 <= found.average_clustering <= 0.7
    assert 0.42 <= found.transitivity <= 0.7
    assert 0.52 <= found.share_inside <= 0.68
    assert found.n_giant >= 0.98 * len(degree)
    # Right-skewed: the mean above the median, a long upper tail.
    assert degree.mean() > np.median(degree)
    skewness = float(((degree - degree.mean()) ** 3).mean() / degree.std() ** 3)
    assert skewness > 0.7
    assert np.quantile(degree, 0.99) > 2.2 * degree.mean()


def test_targets_are_followed() -> None:
    people = population()
    for wanted in (6.0, 9.0, 14.0):
        _, degree = measured(people, draw(people, mean_degree=wanted))
        assert degree.mean() == pytest.approx(wanted, rel=0.15)
    shares = []
    for wanted in (0.3, 0.6, 0.9):
        csr, _ = measured(people, draw(people, share_inside=wanted))
        shares.append(metrics(csr, people["employer"]).share_inside)
        assert shares[-1] == pytest.approx(wanted, abs=0.1)
    assert shares == sorted(shares)


def test_edges_are_a_simple_sorted_graph() -> None:
    people = population()
    a, b, strength, kind = draw(people)
    n = len(people["team"])
    assert (a < b).all()
    assert (np.diff(a * n + b) > 0).all()
    assert strength.min() > 0.0
    assert strength.max() <= 1.0
    assert set(kind.tolist()) == {CO_AUTHOR, TEAM_MATE, ALUMNI}
    assert [str(column.dtype) for column in (a, b, strength, kind)] == ["int64", "int64", "float64", "int8"]
    # What the kinds say is true, and team mates are tied most strongly.
    assert (people["team"][a] == people["team"][b])[kind == TEAM_MATE].all()
    assert (people["alumni_group"][a] == people["alumni_group"][b])[kind == ALUMNI].all()
    means = [strength[kind == code].mean() for code in (TEAM_MATE, CO_AUTHOR, ALUMNI)]
    assert means == sorted(means, reverse=True)


def test_authors_of_one_paper_are_all_tied() -> None:
    people = population()
    a, b, _, _ = draw(people)
    authors = np.flatnonzero(people["cohort_group"] == 0)
    among = np.isin(a, authors) & np.isin(b, authors)
    assert among.sum() == 14 * 13 // 2


def test_long_range_ties_cross_employers_within_a_topic() -> None:
    people = population()
    people["alumni_group"][:] = -1
    a, b, _, _ = draw(people)
    cross = people["employer"][a] != people["employer"][b]
    cross &= (people["cohort_group"][a] < 0) | (people["cohort_group"][a] != people["cohort_group"][b])
    assert cross.sum() > 1000
    assert (people["topic"][a] == people["topic"][b])[cross].all()


def test_same_seed_same_bytes_other_seed_other_graph() -> None:
    people = population(1000, 60)
    first, again, other = draw(people, 1), draw(people, 1), draw(people, 2)
    assert [column.tobytes() for column in first] == [column.tobytes() for column in again]
    common = as_set(first) & as_set(other)
    assert len(common) == 0  # strengths are continuous: not one is drawn alike


@settings(max_examples=25, deadline=None)
@given(like=st.integers(0, 599), extra=st.integers(1, 3), own=st.sampled_from(NAMES), seed=st.integers(0, 5))
def test_people_added_at_the_end_bring_their_own_ties_only(like: int, extra: int, own: str, seed: int) -> None:
    people = population(600, 40, 5, 30)
    before = as_set(draw(people, seed))
    newcomer = {name: column[like] for name, column in people.items()} | {own: -1}
    more = {name: np.append(column, [newcomer[name]] * extra) for name, column in people.items()}
    after = as_set(draw(more, seed))
    assert {edge for edge in after if edge[1] < 600} == before
    assert before <= after


def test_a_newcomer_is_tied_inside_the_own_groups() -> None:
    people = population(600, 40, 5, 30)
    more = {name: np.append(column, column[200]) for name, column in people.items()}
    a, b, _, _ = draw(more)
    others = a[b == 600]
    assert len(others) > 0
    shared = np.zeros(len(others), dtype=bool)
    for name in ("team", "topic", "alumni_group"):
        shared |= (more[name][others] == more[name][600]) & (more[name][600] >= 0)
    shared |= (more["site"][others] == more["site"][600]) & (more["employer"][others] == more["employer"][600])
    assert shared.all()


def test_change_of_one_alumni_group_moves_ties_of_that_group_only() -> None:
    people = population(600, 40, 5, 30)
    changed = {name: column.copy() for name, column in people.items()}
    person = int(np.flatnonzero(people["alumni_group"] >= 0)[40])
    changed["alumni_group"][person] = 31  # a group of its own
    moved = as_set(draw(people)) ^ as_set(draw(changed))
    group = people["alumni_group"][person]
    assert moved
    touched = {row for edge in moved for row in edge[:2]}
    members = set(np.flatnonzero(people["alumni_group"] == group).tolist())
    assert touched <= members


def test_people_not_entered_have_alumni_ties_only() -> None:
    people = population(1000, 60, 5, 40)
    waiting = np.arange(1000) >= 900
    for name in ("team", "employer", "site", "cohort_group"):
        people[name] = np.where(waiting, -1, people[name])
    a, b, _, kind = draw(people)
    theirs = waiting[a] | waiting[b]
    assert theirs.sum() > 100
    assert (kind[theirs] == ALUMNI).all()
    assert (people["alumni_group"][a] == people["alumni_group"][b])[theirs].all()
    # Most of them know somebody who has a job already: referrals can reach them.
    referable = np.unique(b[~waiting[a] & waiting[b]])
    assert len(referable) > 0.5 * (waiting & (people["alumni_group"] >= 0)).sum()


def test_small_and_empty_populations() -> None:
    empty = {name: np.empty(0, dtype=np.int64) for name in NAMES}
    assert [len(column) for column in draw(empty)] == [0, 0, 0, 0]
    alone = {name: np.zeros(1, dtype=np.int64) for name in NAMES}
    assert [len(column) for column in draw(alone)] == [0, 0, 0, 0]
    nobody = {name: np.full(50, -1) for name in NAMES}
    assert [len(column) for column in draw(nobody)] == [0, 0, 0, 0]


def test_no_cell_is_larger_than_the_cap() -> None:
    people = {name: np.full(500, -1) for name in NAMES}
    people["team"] = np.zeros(500, dtype=np.int64)
    people["cohort_group"] = np.zeros(500, dtype=np.int64)
    _, degree = measured(people, draw(people))
    assert degree.max() <= 2 * (LARGEST_CELL - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"site": np.zeros(3, dtype=np.int64)}, "site has 3 rows, team has 10"),
        ({"topic": np.zeros(10)}, "topic must be one column of whole numbers"),
        ({"alumni_group": np.zeros((10, 2), dtype=np.int64)}, "alumni_group must be one column"),
    ],
)
def test_wrong_columns_are_named(change: Population, message: str) -> None:
    people = {name: np.zeros(10, dtype=np.int64) for name in NAMES} | change
    with pytest.raises(ValueError, match=message):
        draw(people)


@pytest.mark.parametrize(
    "options", [{"mean_degree": 1.0}, {"mean_degree": np.nan}, {"share_inside": -0.1}, {"share_inside": np.inf}]
)
def test_targets_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        draw({name: np.zeros(10, dtype=np.int64) for name in NAMES}, **options)


@pytest.mark.bench
def test_speed_at_100_000_relative_to_a_sort() -> None:
    # One sort of a million numbers on the same machine is the unit; about 3 of them when written.
    people = population(100_000, 5000, 200, 5000)
    numbers = Streams(0).uniform("graph", 0, np.arange(1_000_000))
    generating, sorting = [], []
    for _ in range(3):
        start = time.process_time()
        np.argsort(numbers, kind="stable")
        sorting.append(time.process_time() - start)
        start = time.process_time()
        edges = draw(people)
        csr_from_edges(100_000, *edges)
        generating.append(time.process_time() - start)
    assert min(generating) < 25 * min(sorting)


# ---------------------------------------------------------------------------------------------------------------- CSR


def test_csr_of_a_path_by_hand() -> None:
    # 0 -.5- 1 -1- 2, and 3 alone; given in a muddled order.
    indptr, neighbour, strength, kind = csr_from_edges(4, [2, 0], [1, 1], [1.0, 0.5], [TEAM_MATE, ALUMNI])
    assert indptr.tolist() == [0, 1, 3, 4, 4]
    assert neighbour.tolist() == [1, 0, 2, 1]
    assert strength.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert kind.tolist() == [ALUMNI, ALUMNI, TEAM_MATE, TEAM_MATE]
    assert [str(x.dtype) for x in (indptr, neighbour, strength, kind)] == ["int64", "int32", "float64", "int8"]


@st.composite
def edge_lists(draw_value: st.DrawFn) -> tuple[int, Edges]:
    n = draw_value(st.integers(1, 12))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    chosen = sorted(draw_value(st.sets(st.sampled_from(pairs)))) if pairs else []
    many = len(chosen)
    strength = draw_value(st.lists(st.floats(0.0, 1.0, exclude_min=True), min_size=many, max_size=many))
    kind = draw_value(st.lists(st.integers(0, 2), min_size=many, max_size=many))
    ends = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    return n, (ends[:, 0], ends[:, 1], np.array(strength, dtype=np.float64), np.array(kind, dtype=np.int8))


@given(edge_lists(), st.randoms(use_true_random=False))
def test_csr_and_edges_are_inverse(case: tuple[int, Edges], shuffle: Any) -> None:
    n, edges = case
    order = list(range(len(edges[0])))
    shuffle.shuffle(order)
    mix = np.array(order, dtype=np.int64)
    csr = csr_from_edges(n, edges[0][mix], edges[1][mix], edges[2][mix], edges[3][mix])
    back = edges_from_csr(*csr)
    assert [x.tolist() for x in back] == [x.tolist() for x in edges]
    # Every row ascends, and the matrix is symmetric.
    for row in range(n):
        assert (np.diff(csr[1][csr[0][row] : csr[0][row + 1]]) > 0).all()
    dense = np.zeros((n, n))
    dense[np.repeat(np.arange(n), np.diff(csr[0])), csr[1]] = csr[2]
    assert np.array_equal(dense, dense.T)


@pytest.mark.parametrize(
    ("a", "b", "strength", "message"),
    [
        ([0], [3], [0.5], "outside 0..2"),
        ([-1], [1], [0.5], "outside 0..2"),
        ([1], [1], [0.5], "Person 1 is tied to themselves"),
        ([0, 1], [1, 0], [0.5, 0.5], "pair 0-1 is tied twice"),
        ([0], [1], [0.0], "outside \\(0, 1\\]"),
        ([0], [1], [1.5], "outside \\(0, 1\\]"),
        ([0], [1], [np.nan], "outside \\(0, 1\\]"),
        ([0, 1], [1], [0.5], "one of each per tie"),
        ([0.5], [1], [0.5], "edge_a must be one column of whole numbers"),
    ],
)
def test_wrong_edges_are_refused(a: list[int], b: list[int], strength: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        csr_from_edges(3, a, b, strength, [0] * len(a))
