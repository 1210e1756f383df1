"""Two players with a few actions each: best responses, where iterating them leads, equilibria, the price of anarchy.

Payoffs are a (A, B, 2) array: what the first and the second get when they choose row a and column b. Pure equilibria
are found exactly, by looking at every cell (Nash 1951); mixed ones by support enumeration over equal supports, which
finds all of a nondegenerate game (von Stengel 2002). Iterated best response may end in a cycle, reported as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from abm.columns import Bools, Floats
from abm.streams import Streams

NEAR: Final = 1e-9  # of the largest payoff: closer ones are equal
MOST_ACTIONS: Final = 8  # for support enumeration
RESAMPLES: Final = 1000

Cell = tuple[int, int]


def best(payoffs: Floats) -> tuple[Bools, Bools]:
    """(A, B) and (A, B): whether row a is a best response to column b, and column b one to row a."""
    near = NEAR * max(float(np.abs(payoffs).max(initial=0.0)), 1.0)
    first = payoffs[:, :, 0] >= payoffs[:, :, 0].max(axis=0, keepdims=True) - near
    second = payoffs[:, :, 1] >= payoffs[:, :, 1].max(axis=1, keepdims=True) - near
    return np.asarray(first), np.asarray(second)


def pure_equilibria(payoffs: Floats) -> list[Cell]:
    """Cells in which nobody gains by another action."""
    first, second = best(payoffs)
    return [(int(a), int(b)) for a, b in np.argwhere(first & second)]


@dataclass(frozen=True, slots=True)
class Path:
    """Where iterated best response leads from a start.

    Attributes:
        start: the first cell.
        cells: visited, the start included, each once.
        cycle: the cells that repeat for ever; one cell is an equilibrium reached.
    """

    start: Cell
    cells: tuple[Cell, ...]
    cycle: tuple[Cell, ...]

    @property
    def settles(self) -> bool:
        """Whether it ends in one cell."""
        return len(self.cycle) == 1


def iterate(payoffs: Floats, start: Cell, alternating: bool = False) -> Path:
    """Answer with best responses, both at once or in turns (the first player begins), until a state repeats.

    Who is content does not move; of equal best responses the first is taken.
    """
    first, second = best(payoffs)
    seen: dict[tuple[Cell, int], int] = {}
    states: list[Cell] = []
    cell, turn = start, 0
    while (cell, turn) not in seen:
        seen[cell, turn] = len(states)
        states.append(cell)
        a, b = cell
        to_a = a if first[a, b] else int(np.argmax(first[:, b]))
        to_b = b if second[a, b] else int(np.argmax(second[a]))
        if alternating:
            cell, turn = ((to_a, b), 1) if turn == 0 else ((a, to_b), 0)
        else:
            cell = (to_a, to_b)
    loop = tuple(dict.fromkeys(states[seen[cell, turn] :]))
    return Path(start, tuple(dict.fromkeys(states)), loop)


def mixed_equilibria(payoffs: Floats) -> list[tuple[Floats, Floats]]:
    """Equilibria in which at least one player draws lots, as probabilities (A,) and (B,); supports of equal size.

    Raises:
        ValueError: more actions than can be enumerated.
    """
    rows, columns = payoffs.shape[:2]
    if max(rows, columns) > MOST_ACTIONS:
        raise ValueError(f"{rows} x {columns} actions: supports are enumerated up to {MOST_ACTIONS}")
    found = []
    for size in range(2, min(rows, columns) + 1):
        for mine in combinations(range(rows), size):
            for theirs in combinations(range(columns), size):
                x = _indifferent(payoffs[np.ix_(mine, theirs)][:, :, 1].T)  # makes the second indifferent
                y = _indifferent(payoffs[np.ix_(mine, theirs)][:, :, 0])
                if x is None or y is None:
                    continue
                p, q = np.zeros(rows), np.zeros(columns)
                p[list(mine)], q[list(theirs)] = x, y
                if _is_equilibrium(payoffs, p, q):
                    found.append((p, q))
    return found


def _indifferent(own: Floats) -> Floats | None:
    """(S,) positive lots of the other player that make S actions worth the same; None if there are none."""
    size = len(own)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size], system[:size, size], system[size, :size] = own, -1.0, 1.0
    known = np.zeros(size + 1)
    known[size] = 1.0
    if np.linalg.matrix_rank(system) <= size:
        return None
    lots = np.linalg.solve(system, known)[:size]
    return lots if (lots > NEAR).all() else None


def _is_equilibrium(payoffs: Floats, p: Floats, q: Floats) -> bool:
    near = NEAR * max(float(np.abs(payoffs).max(initial=0.0)), 1.0)
    first, second = (payoffs[:, :, 0] * q).sum(axis=1), (payoffs[:, :, 1] * p[:, None]).sum(axis=0)
    gain = max(float(first.max() - (first * p).sum()), float(second.max() - (second * q).sum()))
    return gain <= near


@dataclass(frozen=True, slots=True)
class Solved:
    """A game and what follows from it.

    Attributes:
        payoffs: (A, B, 2).
        pure, mixed: equilibria.
        optimum: the cell in which both together get most, and what they get.
        worst: what both together get in the worst pure equilibrium; None without one.
        paths: iterated best response from every cell, simultaneous and then alternating.
    """

    payoffs: Floats
    pure: tuple[Cell, ...]
    mixed: tuple[tuple[Floats, Floats], ...]
    optimum: Cell
    best_total: float
    worst: float | None
    paths: tuple[tuple[Path, ...], tuple[Path, ...]]

    @property
    def lost(self) -> float | None:
        """What both together lose in the worst pure equilibrium."""
        return None if self.worst is None else self.best_total - self.worst

    @property
    def price_of_anarchy(self) -> float | None:
        """Optimum over worst pure equilibrium (Koutsoupias and Papadimitriou 1999); only where both are gains."""
        return self.best_total / self.worst if self.worst is not None and self.worst > 0 else None

    @property
    def cycles(self) -> tuple[tuple[tuple[Cell, ...], ...], ...]:
        """The distinct cycles of more than one cell, simultaneous and alternating; each begins with its first cell."""
        return tuple(
            tuple(dict.fromkeys(_turned(path.cycle) for path in paths if not path.settles)) for paths in self.paths
        )


def _turned(cycle: tuple[Cell, ...]) -> tuple[Cell, ...]:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def solve(payoffs: Floats) -> Solved:
    """Everything that follows from a payoff matrix."""
    sums = payoffs.sum(axis=2)
    pure = pure_equilibria(payoffs)
    rows, columns = sums.shape
    a, b = np.unravel_index(int(np.argmax(sums)), sums.shape)
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    return Solved(
        payoffs=payoffs,
        pure=tuple(pure),
        mixed=tuple(mixed_equilibria(payoffs)) if max(rows, columns) <= MOST_ACTIONS else (),
        optimum=(int(a), int(b)),
        best_total=float(sums.max()),
        worst=min(float(sums[cell]) for cell in pure) if pure else None,
        paths=(
            tuple(iterate(payoffs, cell) for cell in cells),
            tuple(iterate(payoffs, cell, alternating=True) for cell in cells),
        ),
    )


@dataclass(frozen=True, slots=True)
class Doubt:
    """How sure the equilibria are, by resampled replicates.

    Attributes:
        pure: (A, B) share of the resamples in which a cell is a pure equilibrium.
        none: share without any.
        optimum: (A, B) share in which a cell is the joint optimum.
        lost: 95 % interval of what both lose in the worst equilibrium, over the resamples with one; None if none has.
    """

    pure: Floats
    none: float
    optimum: Floats
    lost: tuple[float, float] | None


def doubt(payoffs: Floats, seed: int, resamples: int = RESAMPLES) -> Doubt:
    """Resample the replicates of (R, A, B, 2) payoffs, and solve each mean game."""
    shape = payoffs.shape[1:3]
    pure, optimum, losses = np.zeros(shape), np.zeros(shape), []
    none = 0
    for sample in _resampled(payoffs, seed, resamples):
        cells, sums = pure_equilibria(sample), sample.sum(axis=2)
        optimum.ravel()[int(np.argmax(sums))] += 1
        for cell in cells:
            pure[cell] += 1
        if cells:
            losses.append(float(sums.max()) - min(float(sums[cell]) for cell in cells))
        else:
            none += 1
    ends: Any = np.quantile(losses, [0.025, 0.975]) if losses else None
    interval = None if ends is None else (float(ends[0]), float(ends[1]))
    return Doubt(pure / resamples, none / resamples, optimum / resamples, interval)


def _resampled(payoffs: Floats, seed: int, resamples: int) -> Iterator[Floats]:
    n = len(payoffs)
    luck = Streams(seed).uniform("package_resample", 1, np.arange(resamples)[:, None], np.arange(n))
    for rows in (luck * n).astype(np.int64):
        yield payoffs[rows].mean(axis=0)
