"""Which hazards of looking around and which cost of moving agree with the four observations that may be fitted?

Question: how likely are three numbers without a source (h0, h_shock, switching_cost), given the exits of two author
    groups by September 2023 and the two-year retention at two employers?
Design: approximate Bayesian computation by rejection. Uniform priors over the ranges below, Halton points, a few
    histories a point; distance = mean over the four targets of |simulated - observed| / scale. Kept: best tenth. Few
    histories are noisy, so the targets are also regressed on the logs of the numbers, and the best agreement of the
    fitted surface over a grid is reported: the defaults are that point, rounded.
Command: uv run python -m experiments.q01_hazards --points 100 --histories 3 --workers 2
Runtime: about 5 minutes on two cores.
Reads: scenario meta_fair; only observations marked calibrate.
Writes: results/q01_hazards/points.csv and posterior.json.
What would change my mind: a posterior as wide as the prior (the data say nothing), or a target that no point comes near
    (a mechanism is missing, not a number).
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.stats import qmc

from abm.columns import Floats
from abm.run import simulate
from abm.scenario import load
from abm.summary import summarise

PRIOR = {"h0": (0.005, 0.08), "h_shock": (0.2, 1.0), "switching_cost": (0.5, 2.5)}
SCALES = {"llama": 2.5, "opt": 2.5, "Meta": 0.08, "Anthropic": 0.08}  # about the spread over histories
SCENARIO = "meta_fair"
GRID = 17  # points of the grid in each number


def observed() -> dict[str, float]:
    """The targets: middle of the observed range, or the observed share."""
    scenario = load(SCENARIO)
    found = {}
    for name, cohort in (("llama", scenario.cohorts[0]), ("opt", scenario.cohorts[1])):
        seen = next(item for item in cohort.observations if item.use == "calibrate")
        assert seen.left_min is not None and seen.left_max is not None
        found[name] = 0.5 * (seen.left_min + seen.left_max)
    found |= {kept.employer: kept.share for kept in scenario.retention if kept.share is not None}
    return found


def simulated(point: Sequence[float], histories: int) -> dict[str, float]:
    """Means of the targets over some histories at one point of the prior."""
    scenario = load(SCENARIO).with_settings(dict(zip(PRIOR, map(float, point), strict=True)))
    results = [simulate(scenario, seed=11, replicate=number) for number in range(histories)]
    summary = summarise(scenario, 11, results)
    found = {}
    for name, cohort in (("llama", scenario.cohorts[0]), ("opt", scenario.cohorts[1])):
        seen = next(item for item in cohort.observations if item.use == "calibrate")
        number = scenario.cohorts.index(cohort)
        month = scenario.month_of(seen.date)
        found[name] = float(np.mean([result.left[number, month] for result in results]))
    return found | {row["employer"]: row["p50"] for row in summary["retention"] if row["use"] == "calibrate"}


def distance(got: dict[str, float], target: dict[str, float]) -> float:
    """Mean absolute deviation from the targets, in units of their scales."""
    return float(np.mean([abs(got[name] - target[name]) / SCALES[name] for name in target]))


def best_by_regression(table: Floats, target: dict[str, float]) -> dict[str, float]:
    """Where the fitted surface of the targets agrees best with what was observed. (points, numbers + targets) table."""

    def terms(logs: Floats) -> Floats:
        return np.column_stack([np.ones(len(logs)), logs, logs[:, 0] * logs[:, 1], logs[:, 0] ** 2])

    n = len(PRIOR)
    fitted, *_ = np.linalg.lstsq(terms(np.log(table[:, :n])), table[:, n : n + len(target)], rcond=None)
    axes = [np.linspace(low, high, GRID) for low, high in PRIOR.values()]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, n)
    scales, goal = np.array([SCALES[name] for name in target]), np.array(list(target.values()))
    off = np.abs(terms(np.log(grid)) @ fitted - goal) / scales
    best = int(off.mean(axis=1).argmin())
    return dict(zip([*PRIOR, "distance"], [*grid[best].tolist(), float(off[best].mean())], strict=True))


def main() -> None:
    """Draw points, simulate, keep the best tenth, write both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--histories", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/q01_hazards"))
    chosen = parser.parse_args()
    low, high = zip(*PRIOR.values(), strict=True)
    points = qmc.scale(qmc.Halton(len(PRIOR), scramble=False).random(chosen.points + 1)[1:], low, high)
    target = observed()
    chosen.out.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    rows = []
    with (
        ProcessPoolExecutor(chosen.workers, mp_context=context) as pool,
        (chosen.out / "points.csv").open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out)
        writer.writerow([*PRIOR, *target, "distance"])
        found = pool.map(simulated, points, [chosen.histories] * len(points))
        for number, (point, got) in enumerate(zip(points, found, strict=True), start=1):
            rows.append([*point, *(got[name] for name in target), distance(got, target)])
            writer.writerow(rows[-1])
            out.flush()
            print(f"{number}/{len(points)}  distance {rows[-1][-1]:.2f}", flush=True)
    table = np.array(rows)
    kept = table[np.argsort(table[:, -1])[: max(len(table) // 10, 3)]]
    report = {
        "kept": len(kept),
        "of": len(table),
        "posterior": {
            name: dict(zip(("p10", "p50", "p90"), np.quantile(kept[:, k], (0.1, 0.5, 0.9)).tolist(), strict=True))
            for k, name in enumerate(PRIOR)
        },
        "targets": {
            name: {"observed": target[name], "simulated": float(kept[:, len(PRIOR) + k].mean())}
            for k, name in enumerate(target)
        },
        "best_by_regression": best_by_regression(table, target),
        "best": dict(zip([*PRIOR, *target, "distance"], kept[0].tolist(), strict=True)),
    }
    (chosen.out / "posterior.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
