"""A search for the undominated among whole steps of several levers, by NSGA-II (Deb et al. 2002) in pymoo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats
from abm.streams import Streams

MISSING: Final = "the search needs pymoo, which is not installed: uv sync --extra frontier"
Steps = NDArray[np.int64]


class MissingError(Exception):
    """A library of an optional extra is not installed; the text says how to install it."""


def require() -> None:
    """Find out whether a search is possible before anything is run.

    Raises:
        MissingError: pymoo is not installed.
    """
    try:
        import pymoo.algorithms.moo.nsga2  # noqa: F401, PLC0415  # heavy, and an extra
    except ImportError as error:
        raise MissingError(MISSING) from error


def undominated(values: Floats) -> Bools:
    """(P,) which points no other point beats: as small in every column and smaller in one. Of equal points the first.

    Args:
        values: (P, Q), all to be small.
    """
    found = np.ones(len(values), dtype=bool)
    for k, point in enumerate(values):
        no_worse = (values <= point).all(axis=1)
        better = no_worse & (values < point).any(axis=1)
        twin = no_worse & (values >= point).all(axis=1)
        found[k] = not better.any() and not twin[:k].any()
    return found


def search(
    evaluate: Callable[[Steps], Floats], levers: int, *, steps: int, population: int, generations: int, seed: int
) -> tuple[Steps, Floats]:
    """Search by NSGA-II over whole numbers 0..steps of each lever.

    The first population holds no package, each lever alone at its full and at half its strength, and luck.

    Args:
        evaluate: (P, K) steps -> (P, Q) objectives, all to be small.
        levers: K.
        steps, population, generations, seed: of the search; the same give the same points.

    Returns:
        (A, K) every point evaluated, in order and each once, and (A, Q) its objectives.

    Raises:
        MissingError: pymoo is not installed.
    """
    require()
    from pymoo.algorithms.moo.nsga2 import NSGA2  # noqa: PLC0415  # heavy, and an extra
    from pymoo.core.problem import Problem  # noqa: PLC0415
    from pymoo.operators.crossover.sbx import SBX  # noqa: PLC0415
    from pymoo.operators.mutation.pm import PM  # noqa: PLC0415
    from pymoo.operators.repair.rounding import RoundingRepair  # noqa: PLC0415
    from pymoo.optimize import minimize  # noqa: PLC0415

    archive: dict[tuple[int, ...], Floats] = {}

    def objectives(points: Steps) -> Floats:
        new = [row for row in dict.fromkeys(map(tuple, points.tolist())) if row not in archive]
        if new:
            archive.update(zip(new, evaluate(np.array(new, dtype=np.int64)), strict=True))
        return np.stack([archive[tuple(row)] for row in points.tolist()])

    first = _start(levers, steps, population, seed)
    columns = objectives(first).shape[1]

    class Packages(Problem):  # type: ignore[misc]  # pymoo has no types
        """Whole steps of each lever."""

        def _evaluate(self, x: Any, out: Any, *args: Any, **kwargs: Any) -> None:
            out["F"] = objectives(np.rint(x).astype(np.int64))

    whole = {"vtype": float, "repair": RoundingRepair()}
    algorithm = NSGA2(
        pop_size=population,
        sampling=first,
        crossover=SBX(prob=0.9, eta=3.0, **whole),
        mutation=PM(eta=3.0, **whole),
        eliminate_duplicates=True,
    )
    problem = Packages(n_var=levers, n_obj=columns, xl=0, xu=steps, vtype=int)
    minimize(problem, algorithm, ("n_gen", generations), seed=int(seed % 2**32), verbose=False)
    return np.array(list(archive), dtype=np.int64), np.stack(list(archive.values()))


def _start(levers: int, steps: int, population: int, seed: int) -> Steps:
    """(population, K) distinct first points, as far as there are so many."""
    alone = np.eye(levers, dtype=np.int64)
    known = [np.zeros((1, levers), dtype=np.int64), steps * alone, max(steps // 2, 1) * alone]
    luck = Streams(seed).uniform("frontier_start", 0, np.arange(4 * population)[:, None], np.arange(levers))
    drawn = np.floor(luck * (steps + 1)).astype(np.int64)
    rows = dict.fromkeys(map(tuple, np.concatenate([*known, drawn]).tolist()))
    return np.array(list(rows)[:population], dtype=np.int64)
