"""One month of the full model against one month of CW1 at the same size, interleaved in the same run.

    uv run python -m tests.bench.ratio --researchers 100000 --employers 200

CW1 (`tests/bench/cw1.py`) is the reference: a plain good NumPy month of search and moves. The full month adds
compute, projects, appraisal in 16 terms, auctions, clearing, founding and a graph that changes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from abm.build import build
from abm.month import MONTH
from abm.scenario import Scenario, from_dict
from abm.tables import DIMENSIONS, RULES
from abm.world import World
from tests.bench import cw1

TOPICS = ["language", "vision", "robotics", "theory", "infrastructure"]
N_SITES = 12


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians, in processor seconds a month: other work on the machine interrupts a long month, not a short one."""

    full: float
    reference: float
    by_phase: dict[str, float]

    @property
    def ratio(self) -> float:
        """Full month over reference month."""
        return self.full / self.reference


def scenario(n_researchers: int, n_employers: int) -> Scenario:
    """Employers of Zipf sizes with all six rules, four teams of like topic each, every tenth a university."""
    weights = 1.0 / np.arange(1, n_employers + 1) ** 0.8
    sizes = np.maximum((weights / weights.sum() * n_researchers).astype(int), 4)
    sizes[0] += n_researchers - sizes.sum()
    employers = [_employer(number, int(size)) for number, size in enumerate(sizes)]
    return from_dict(
        {
            "name": "bench",
            "title": "A large market",
            "why": "speed",
            "start": "2022-01",
            "months": 24,
            "sources": ["made for the benchmark"],
            "topics": TOPICS,
            "entrants_per_year": n_researchers // 10,
            "potential_founders": 0.02,
            "sites": [
                {
                    "name": f"Site {k}",
                    "country": f"Country {k % 4}",
                    "utc_offset": float(k % 6),
                    "notice_months": k % 2,
                    "seed_climate": 0.5,
                    "non_compete": k % 3 == 0,
                }
                for k in range(N_SITES)
            ],
            "employers": employers,
        }
    )


def _employer(number: int, size: int) -> dict[str, object]:
    pay = 0.8 + 0.4 * ((number * 7) % 10) / 10
    return {
        "name": f"Employer {number}",
        "kind": "university" if number % 10 == 9 else "lab",
        "hq": f"Site {number % N_SITES}",
        "researchers": size,
        "compute": 2.0 * size,
        "compute_growth": 1.5,
        "lead_time": 6,
        "gpu_ready": 0.5,
        "utilisation": 0.5,
        "product_share": 0.2,
        "pay_level": pay,
        "pay_ceiling": pay + 0.4,
        "equity_ratio": 0.2,
        "prestige": 1.0,
        "growth": 1.1,
        "recruiter_contacts": 3.0,
        "counter_offer": 0.4,
        "allocation": RULES[number % len(RULES)],
        "garden_leave": 3 * (number % 2),
        "culture": dict.fromkeys(DIMENSIONS, 0.5),
        "source": "made",
        "grade": "D",
        "teams": [
            {
                "name": f"Employer {number} {TOPICS[k]}",
                "site": f"Site {(number + k) % N_SITES}",
                "share": 0.25,
                "count": max(1, size // 40),
                "topic": TOPICS[k],
                "priority": 1.0,
                "remote": 0.2,
            }
            for k in range(4)
        ],
    }


def _month(world: World) -> dict[str, float]:
    """Run one month, timed by phase."""
    spent = {}
    for phase in MONTH:
        began = time.thread_time()
        phase.run(world)
        spent[phase.__name__.rsplit(".", 1)[-1]] = time.thread_time() - began
    world.month += 1
    return spent


def measure(n_researchers: int = 100_000, n_employers: int = 200, months: int = 9, seed: int = 1) -> Measured:
    """Time both, a month of one and a month of the other in turn; the first two months of each warm up."""
    world = build(scenario(n_researchers, n_employers), seed)
    state = cw1.make(n_researchers, n_employers, seed)
    phases: list[dict[str, float]] = []
    reference: list[float] = []
    for _ in range(months + 2):
        phases.append(_month(world))
        for _ in range(3):
            began = time.thread_time()
            cw1.month(state)
            reference.append(time.thread_time() - began)
    phases, reference = phases[2:], reference[6:]
    return Measured(
        full=float(np.median([sum(spent.values()) for spent in phases])),
        reference=float(np.median(reference)),
        by_phase={name: float(np.median([spent[name] for spent in phases])) for name in phases[0]},
    )


def main() -> None:
    """Print the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--researchers", type=int, default=100_000)
    parser.add_argument("--employers", type=int, default=200)
    parser.add_argument("--months", type=int, default=9)
    chosen = parser.parse_args()
    got = measure(chosen.researchers, chosen.employers, chosen.months)
    print(f"{chosen.researchers:,} researchers x {chosen.employers} employers, median of {chosen.months} months")
    print(f"full month {got.full:.3f} s   CW1 month {got.reference:.4f} s   ratio {got.ratio:.1f}")
    print("by phase   " + "  ".join(f"{name} {seconds / got.reference:.2f}" for name, seconds in got.by_phase.items()))


if __name__ == "__main__":
    main()
