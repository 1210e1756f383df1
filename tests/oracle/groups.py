"""Medians, ranks, lots and shares of ties: what the month asks of small groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

Graph = Mapping[int, Mapping[int, float]]
"""Strength of the tie between a person and each neighbour."""


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two; 0 of nothing."""
    ranked = sorted(values)
    n = len(ranked)
    return 0.5 * (ranked[(n - 1) // 2] + ranked[n // 2]) if n else 0.0


def group_median(group: Sequence[int], values: Sequence[float], n_groups: int) -> list[float]:
    """Of each group."""
    return [median([v for g, v in zip(group, values, strict=True) if g == number]) for number in range(n_groups)]


def rank_within(group: Sequence[Hashable], key: Sequence[float]) -> list[int]:
    """How many of the same group come before: those with more, and those with as much who stand earlier."""
    n = len(key)
    return [
        sum(group[b] == group[a] and (key[b] > key[a] or (key[b] == key[a] and b < a)) for b in range(n))
        for a in range(n)
    ]


def weighted_pick(weights: Sequence[float], luck: float) -> int:
    """A lot: walk along the weights until `luck` of their sum is passed."""
    goal = luck * sum(weights)
    passed = 0.0
    for k, weight in enumerate(weights):
        passed += weight
        if goal < passed:
            return k
    return len(weights) - 1


def accepted_first(weight: Sequence[float], proposed: Iterable[int], luck: Iterable[float], bound: float) -> int | None:
    """A lot that nobody else can shift: look at one after another, take the first with probability weight / bound."""
    for row, chance in zip(proposed, luck, strict=True):
        if chance * bound < weight[row]:
            return row
    return None


def share_of_ties(ties: Mapping[int, float], counted: Sequence[bool] | Mapping[int, bool]) -> float:
    """The share of a person's tie strength that is with certain neighbours; 0 without ties."""
    total = sum(ties.values())
    return sum(strength for other, strength in ties.items() if counted[other]) / total if total > 0 else 0.0


def share_at(graph: Graph, employer: Sequence[int], person: int, place: int) -> float:
    """The share of a person's tie strength that works at an employer."""
    return share_of_ties(graph[person], [works == place for works in employer])


def share_at_own(graph: Graph, employer: Sequence[int], person: int) -> float:
    """The share of a person's tie strength that works where the person does; 0 without a job."""
    return share_at(graph, employer, person, employer[person]) if employer[person] >= 0 else 0.0


def felt_departures(graph: Graph, departures: Sequence[tuple[int, int]], employer: Sequence[int]) -> list[float]:
    """The share of each person's ties that left the person's employer: `departures` are (who, from which employer)."""
    felt = [0.0] * len(employer)
    for leaver, left in departures:
        for witness, strength in graph[leaver].items():
            if employer[witness] == left:
                felt[witness] += strength / sum(graph[witness].values())
    return felt


def gini(values: Sequence[float]) -> float:
    """Half the mean absolute difference between any two, relative to the mean."""
    n, total = len(values), sum(values)
    if total <= 0:
        return 0.0
    return sum(abs(a - b) for a in values for b in values) / (2 * n * total)


def herfindahl(values: Sequence[float]) -> float:
    """The chance that two drawn by weight are the same."""
    total = sum(values)
    return sum((value / total) ** 2 for value in values) if total > 0 else 0.0
