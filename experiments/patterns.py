"""Does the model show what the reports say one should see, and nothing where they say one should not?

Question: (1) does the team with more compute lose its authors because its project was cancelled, and can compute alone
    explain both author groups; (2) how often does a Paris start-up appear by itself in 2023, and whom does it hire;
    (3) do merged teams lose people, and split ones with safe jobs not; (4) does a late success stop exits; (5) do the
    neighbours of founders follow them more than other colleagues?
Design: pairs of worlds with the same people and the same luck; 95 % intervals over pairs (sign-flip test). For (1) also
    a grid of worlds in which compute is the only reason to leave. For (5) a permutation null within employer and city.
Command: uv run python -m experiments.patterns --replicates 60 --workers 2
Runtime: about an hour of one core; --smoke takes two minutes.
Reads: scenario meta_fair; of the observations only those marked calibrate.
Writes: results/patterns/patterns.json.
What would change my mind: without cancellation the richer team loses as many authors; or a world of compute alone gives
    both groups; or the placebos move.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from abm import files, mechanisms, pool, verdicts
from abm.changes import Change, change
from abm.columns import Floats
from abm.employment import states
from abm.ensemble import measure_worlds
from abm.replay import begin, step
from abm.scenario import Scenario, load
from abm.streams import Streams
from abm.tables import Cause

SCENARIO = "meta_fair"
LLAMA, OPT = "left:llama-authors@2023-09", "left:opt-authors@2023-09"
MERGED = "exits:FAIR Paris LLM+GenAI Paris@2023-02..2024-01"
SPLIT = "exits:GenAI Product+GenAI Foundations@2024-01..2024-12"
LATE = "late success"
PRAISED = "exits:GenAI Llama+GenAI Paris@2023-07..2024-06"
ALIKE = "exits:FAIR Menlo Park+FAIR New York@2022-08..2023-07"
MERGE_ALIKE = [
    {"kind": "merge", "teams": [f"{name} {part}" for part in parts], "into": f"{name} {into}"}
    for name, into, parts in (
        ("FAIR Menlo Park", 1, (2, 3)),
        ("FAIR Menlo Park", 4, (5, 6)),
        ("FAIR New York", 1, (2, 3)),
        ("FAIR New York", 4, (5,)),
    )
]  # teams of one site, topic and priority: nobody gains or loses compute by it
PARIS, PARIS_HIRES = "founded:Paris@2023-01..2023-12", "alumni_share:Paris@2023-01..2023-12"
UNSAFE = [{"kind": "split", "team": "GenAI Product", "into": "GenAI Foundations", "share": 0.5, "safe": False}]
SAFE = [{**UNSAFE[0], "safe": True}]
# Every reason to leave but compute is off, or as weak as its declared range allows; decisions still open by themselves.
ONLY_COMPUTE = {
    **{"breach_weight": 0.0, "strain_weight": 0.0, "h_shock": 0.0, "h_ties": 0.0, "cycle_shock": 0.0},
    **{"taste_culture_mean": 0.5, "taste_peers_mean": 0.1, "taste_prestige_mean": 0.1, "personal_sd": 0.0},
    **{"found_disagreement": 0.0, "layoff_survivors": 0.0},
}
GRID = {"h0": (0.02, 0.05, 0.1, 0.2), "deprivation_weight": (0.0, 0.5, 1.0, 2.0), "taste_compute_mean": (1.0, 2.0, 3.0)}
FEWEST = 4  # pairs per point of the grid
MARGIN = 0.1  # of the exits: a late success that moves them by less does not matter
FOLLOW = 12  # months in which a neighbour may follow a founder
SHUFFLES = 999


def worlds(scenario: Scenario) -> dict[str, tuple[Scenario, Change]]:
    """The worlds of questions 1 to 4 by name."""
    dated = change({"events.E71.date": "2024-01"}).apply(scenario)
    return {
        "history": (scenario, Change()),
        "no cancellation": (scenario, change(without=["E46"])),
        "no cancellation, no breach": (scenario, change({"breach_weight": 0.0}, ["E46"])),
        "no merge": (scenario, change(without=["E43:merge"])),
        "alike teams merged": (scenario, change({"events.E27.effects": MERGE_ALIKE})),
        "no late success": (scenario, change(without=["E52"])),
        "split with safe jobs": (dated, change({"events.E71.effects": SAFE})),
        "no split": (dated, change(without=["E71"])),
        "split with unsafe jobs": (dated, change({"events.E71.effects": UNSAFE})),
    }


PAIRS = (  # question, outcome, world, compared with
    ("richer team, its project cancelled", OPT, "history", "no cancellation"),
    ("richer team, cancelled and breach felt", OPT, "history", "no cancellation, no breach"),
    ("poorer team, for comparison", LLAMA, "history", "no cancellation, no breach"),
    ("teams alike merged", ALIKE, "alike teams merged", "history"),
    ("the merger of the record, into a better served team", MERGED, "history", "no merge"),
    ("placebo: split, jobs safe", SPLIT, "split with safe jobs", "no split"),
    ("split, jobs not safe", SPLIT, "split with unsafe jobs", "no split"),
    (LATE, PRAISED, "history", "no late success"),
)


def measure_pairs(replicates: int, workers: int) -> dict[str, Any]:
    """Questions 1 to 4: means, paired differences with intervals, and what Paris did in 2023."""
    scenario = load(SCENARIO)
    named = worlds(scenario)
    texts = (LLAMA, OPT, MERGED, ALIKE, SPLIT, PRAISED, PARIS, PARIS_HIRES)
    values = dict(zip(named, measure_worlds(list(named.values()), texts, 1, replicates, workers), strict=True))
    rows = []
    for question, text, world, other in PAIRS:
        column = texts.index(text)
        one, two = values[world][:, column], values[other][:, column]
        shown = verdicts.judge(one - two)
        mean, low, high = (value if np.isfinite(value) else None for value in verdicts.interval(one - two))
        rows.append(
            {
                **{"question": question, "outcome": text, "world": world, "against": other},
                **{"mean": float(one.mean()), "mean_against": float(two.mean())},
                **{"difference": mean, "low": low, "high": high, "verdict": shown.word, "p": shown.p},
                **({"margin": MARGIN * float(two.mean())} if question == LATE else {}),
            }
        )
    number, share = values["history"][:, texts.index(PARIS)], values["history"][:, texts.index(PARIS_HIRES)]
    paris = {
        "share_of_histories": float((number > 0).mean()),
        "start_ups": float(number.mean()),
        "former_colleagues_among_first_hires": float(share[number > 0].mean()) if (number > 0).any() else None,
    }
    return {"pairs": rows, "paris_2023": paris}


def compute_alone(replicates: int, workers: int) -> dict[str, Any]:
    """Question 1, the other way round: can any strength of the compute motives give both author groups?"""
    scenario = load(SCENARIO)
    points = list(itertools.product(*GRID.values()))
    changes = [
        change({**ONLY_COMPUTE, **dict(zip(GRID, point, strict=True))}, ["E46", "E38", "E33", "E47"])
        for point in points
    ]
    values = measure_worlds([(scenario, each) for each in changes], (LLAMA, OPT), 1, replicates, workers)
    means = values.mean(axis=1)
    bounds = {}
    for number, name in enumerate(("llama-authors", "opt-authors")):
        cohort = next(item for item in scenario.cohorts if item.name == name)
        seen = next(item for item in cohort.observations if item.use == "calibrate")
        assert seen.left_min is not None and seen.left_max is not None
        bounds[name] = (seen.left_min, seen.left_max, number)
    inside = np.ones(len(points), dtype=bool)
    for low, high, number in bounds.values():
        inside &= (means[:, number] >= low) & (means[:, number] <= high)
    return {
        "points": [
            {**dict(zip(GRID, point, strict=True)), "llama": float(pair[0]), "opt": float(pair[1])}
            for point, pair in zip(points, means, strict=True)
        ],
        "points_that_give_both": int(inside.sum()),
        "of": len(points),
        "pairs_per_point": values.shape[1],
    }


def check_grid(scenario: Scenario) -> None:
    """Refuse a grid that the model would refuse, before hours of work and not after."""
    for corner in (min, max):
        change({**ONLY_COMPUTE, **{name: corner(values) for name, values in GRID.items()}}).apply(scenario)


def followers(scenario: Scenario, seed: int, replicate: int) -> list[tuple[int, int, bool, bool]]:
    """(start-up, city group, was a neighbour, followed) for every colleague of a founder at the month of leaving."""
    world = begin(scenario, seed, replicate)
    founders: dict[int, tuple[int, Any, Any, Any]] = {}  # start-up row -> month, colleagues, their city, neighbours
    while world.month < scenario.months:
        before = (states(world).copy(), world.researchers.site.copy(), world.ties)
        month = world.month
        step(world)
        left = world.ledger.table("departures")
        leading = (left["month"] == month) & (left["cause"] == Cause.FOUNDED) & (left["referrer"] < 0)
        joining = set(left["researcher"][(left["month"] == month) & (left["cause"] == Cause.FOUNDED)].tolist())
        for founder, startup, home in zip(
            left["researcher"][leading], left["to_employer"][leading], left["from_employer"][leading], strict=True
        ):
            state, site, ties = before
            colleagues = np.flatnonzero(state == home)
            colleagues = colleagues[~np.isin(colleagues, list(joining))]
            known = ties.neighbour[ties.start[founder] : ties.start[founder + 1]]
            founders[int(startup)] = (month, colleagues, site[colleagues], np.isin(colleagues, known))
    left = world.ledger.table("departures")
    found = []
    for startup, (month, colleagues, site, near) in founders.items():
        went = (left["to_employer"] == startup) & (left["month"] > month) & (left["month"] <= month + FOLLOW)
        followed = np.isin(colleagues, left["researcher"][went])
        found += list(zip([startup] * len(site), site.tolist(), near.tolist(), followed.tolist(), strict=True))
    return found


def permutation_test(replicates: int, workers: int) -> dict[str, Any]:
    """Question 5: the rate at which neighbours and other colleagues follow; labels shuffled in start-up and city."""
    scenario = load(SCENARIO)
    jobs = [(scenario, 1, number) for number in range(replicates)]
    rows: list[tuple[int, int, int, bool, bool]] = []
    for number, found in pool.each(followers, jobs, workers):
        rows += [(number, *row) for row in found]
    rows.sort()
    replicate, startup, site, near, followed = (np.array(column) for column in zip(*rows, strict=True))
    group = np.unique(np.stack([replicate, startup, site]), axis=1, return_inverse=True)[1].reshape(-1)
    mixed = np.bincount(group, near) * np.bincount(group, ~near) > 0  # both kinds of colleagues are there
    keep = mixed[group]
    group, near, followed = group[keep], near[keep], followed[keep]
    streams, people = Streams(1), np.arange(len(near))
    observed = _gap(near, followed)
    in_order = near[np.argsort(group, kind="stable")]
    shuffled = np.empty(SHUFFLES)
    for number in range(SHUFFLES):
        order = np.lexsort((streams.uniform("permutation", number, people), group))
        labels = np.empty_like(near)
        labels[order] = in_order
        shuffled[number] = _gap(labels, followed)
    return {
        "neighbours": int(near.sum()),
        "others": int((~near).sum()),
        "rate_neighbours": float(followed[near].mean()),
        "rate_others": float(followed[~near].mean()),
        "gap": observed,
        "null_97.5": float(np.quantile(shuffled, 0.975)),
        "p": float((1 + (shuffled >= observed).sum()) / (1 + SHUFFLES)),
    }


def _gap(near: Any, followed: Any) -> float:
    values: Floats = np.array([followed[near].mean(), followed[~near].mean()])
    return float(values[0] - values[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=60)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("results/patterns"))
    parser.add_argument("--smoke", action="store_true", help="three pairs only: shows that it runs, proves nothing")
    chosen = parser.parse_args(arguments)
    replicates = 3 if chosen.smoke else chosen.replicates
    scenario = load(SCENARIO)
    check_grid(scenario)
    report = {
        **{**mechanisms.provenance(scenario), "seed": 1, "replicates": replicates},
        **measure_pairs(replicates, chosen.workers),
        "compute_alone": compute_alone(max(replicates // 6, 1 if chosen.smoke else FEWEST), chosen.workers),
        "neighbours_follow": permutation_test(max(replicates // 3, 2), chosen.workers),
    }
    chosen.out.mkdir(parents=True, exist_ok=True)
    files.write_text(chosen.out / "patterns.json", json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
