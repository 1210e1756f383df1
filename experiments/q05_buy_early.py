"""What if Meta had bought GPUs early?

Question: Without the delay of GPUs, had Meta bought early, would fewer people have left?
Design: history (an in-house chip that could not work, E16; a large order in 2022, E24; sites not fit for GPUs) against
    the same people and luck: the chip works; the large order is made in the first month; the order at once and twice as
    large; and no delay at all (sites fit from the start, the lead time of a renter, the order at once). Primary
    outcome: voluntary exits from Meta; compute open to research says how much earlier it came, starved teams whether
    it reached them. Placebo: the chance of the chip, written out.
Command: uv run python -m experiments.q05_buy_early --replicates 40 --workers 2
Runtime: 5 minutes of one core for 20 replicates; --smoke 25 seconds.
Reads: scenario meta_fair.
Writes: results/q05_buy_early/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: the pool rises, teams are less starved, and as many leave; or exits fall before any compute
    arrives (then it is not the compute).
"""

from __future__ import annotations

from collections.abc import Sequence

from abm.changes import change
from abm.scenario import load
from experiments import question
from experiments.question_words import effect, means, number, size, verdict
from experiments.question_worlds import Arm, Design, Found

EXITS, POOL, STARVED = "exits:Meta", "pool:Meta@2022-07..2023-06", "starved:Meta@2022-07..2023-06"
SOON, TEAMS = "exits:Meta@2022-01..2022-06", "exits:FAIR Paris LLM+FAIR US LLM@2022-01..2023-12"
WATCHED = (
    EXITS,
    SOON,
    "exits:Meta@2022-07..2023-12",
    POOL,
    STARVED,
    "left:llama-authors@2023-09",
    "left:opt-authors@2023-09",
    TEAMS,
    "deprived_exit_gap:Meta",
    "headcount:Meta@2025-05..2025-05",
)
CHIP, EARLY, TWICE, NO_DELAY = "the chip works", "order at once", "twice the order at once", "no delay at all"


def design() -> Design:
    """History, and compute that comes earlier by one way or another."""
    scenario = load("meta_fair")
    own = {event.id: [{"kind": each.kind, **each.fields} for each in event.effects] for event in scenario.events}
    at_once = {"events.E24.date": scenario.start}
    twice = [{**own["E24"][0], "h100e": 2 * own["E24"][0]["h100e"]}]
    ready = {"employers.Meta.gpu_ready": 1.0, "employers.Meta.lead_time": 3}
    soon = [{**own["E24"][0], "lead_time": 3}]
    return Design(
        scenario=scenario,
        arms=(
            Arm("history"),
            Arm(CHIP, change({"events.E16.effects": [{**own["E16"][0], "chance": 1.0}]})),
            Arm(EARLY, change(at_once)),
            Arm(TWICE, change({**at_once, "events.E24.effects": twice})),
            Arm(NO_DELAY, change({**at_once, **ready, "events.E24.effects": soon})),
        ),
        placebo=change({"events.E16.effects": own["E16"]}),
        watched=WATCHED,
        smoke_months=10,
    )


def answer(found: Found) -> str:
    """From exits with no delay at all; the pool and starvation beside."""
    row, pool, starved = found.row(EXITS, NO_DELAY), found.row(POOL, NO_DELAY), found.row(STARVED, NO_DELAY)
    rest = "; ".join(f"{name}: {effect(found.row(EXITS, name))}" for name in (CHIP, EARLY, TWICE))
    soon, teams = found.row(SOON, NO_DELAY), found.row(TEAMS, NO_DELAY)
    lead = verdict(row, "No, more people leave", "Yes, fewer people leave")
    return (
        f"{lead}: with no delay at all {means(row)} people leave Meta ({size(row)}) while its research pool from mid "
        f"2022 to mid 2023 goes from {number(pool.mean_against)} to {number(pool.mean)} H100e and the starved share of "
        f"team months from {number(starved.mean_against)} to {number(starved.mean)}; in the first half year already "
        f"{effect(soon)}, from the two language teams by the end of 2023 {effect(teams)} ({rest})."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
