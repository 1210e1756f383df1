"""Does public research compute keep people in universities?

Question: Does public compute keep people in universities, how much of it is needed, and what does it do to labs?
Design: history against the same people and luck with 0.3, 1, 3, 10, 30 and 100 H100e a head given to all universities
    from the first month. Primary outcome: voluntary exits from universities per 100 person-years at 10 H100e a head.
    Flows to labs, head counts of both sides, hires' pay and exits at Meta and OpenAI say where people are instead.
    Dose and response over all doses: the smallest dose whose interval keeps away from 0. Placebo: a gift of nothing.
Command: uv run python -m experiments.q09_public_compute --replicates 40 --workers 2
Runtime: 6 minutes of one core for 20 replicates; --smoke 30 seconds.
Reads: scenario meta_fair.
Writes: results/q09_public_compute/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: exits that do not fall with the dose, although compute a head at universities passes that of
    labs (then it is pay that draws people away); or head counts of labs that do not move at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abm.changes import change
from abm.scenario import load
from experiments import question
from experiments.question_words import effect, means, number, size, verdict
from experiments.question_worlds import Arm, Design, Found

DOSES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # H100e a head
MAIN = 10.0
RATE, HEADS = "exit_rate:Universities", "headcount:Universities@2025-01..2025-06"
LABS = "headcount:Meta+Google Brain+Google DeepMind+OpenAI+Anthropic@2025-01..2025-06"
WATCHED = (
    RATE,
    "exits:Universities",
    HEADS,
    "pool:Universities@2025-01..2025-06",
    "utility_mean:Universities@2025-01..2025-06",
    "flow:Universities>Meta",
    "flow:Meta>Universities",
    LABS,
    "exits:Meta",
    "exit_rate:OpenAI",
    "mean_pay@2025-01..2025-06",
    "new_startups",
)


def arm(dose: float) -> str:
    """Name of a world."""
    return f"{dose:g} H100e a head"


def design() -> Design:
    """History, and each dose."""
    key = "policies.public_compute.per_head"
    return Design(
        scenario=load("meta_fair"),
        arms=(Arm("history"), *(Arm(arm(dose), change({key: dose})) for dose in DOSES)),
        placebo=change({key: 0.0}),
        watched=WATCHED,
        smoke_months=9,
    )


def more(found: Found) -> dict[str, Any]:
    """Dose and response of the rate, for answer.json."""
    rows = [(dose, found.row(RATE, arm(dose))) for dose in DOSES]
    return {
        "dose_response": [
            {"h100e_per_head": dose, "difference": row.difference, "low": row.low, "high": row.high}
            for dose, row in rows
        ],
        "smallest_dose_seen": next((dose for dose, row in rows if row.seen), None),
    }


def answer(found: Found) -> str:
    """From the rate at the main dose; the smallest dose that is seen, and labs, beside."""
    row, heads, labs, meta = (found.row(text, arm(MAIN)) for text in (RATE, HEADS, LABS, "exits:Meta"))
    there, back = (found.row(text, arm(MAIN)) for text in ("flow:Universities>Meta", "flow:Meta>Universities"))
    least = more(found)["smallest_dose_seen"]
    most = found.row(RATE, arm(max(DOSES)))
    told = f"the smallest dose with a difference is {number(least)} H100e a head" if least else "no dose shows one"
    lead = verdict(row, "No, more people leave", "Yes")
    return (
        f"{lead}: with {number(MAIN)} H100e a head universities lose {means(row)} people per 100 person-years "
        f"({size(row)}); {told}, and {number(max(DOSES))} give {effect(most)}; people at work in 2025 "
        f"change at universities by {effect(heads)}, at the five large labs by {effect(labs)}; "
        f"moves from Meta to universities go from {number(back.mean_against)} to {number(back.mean)}, the other way "
        f"from {number(there.mean_against)} to {number(there.mean)}; exits from Meta: {effect(meta)}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments, more=more)


if __name__ == "__main__":
    raise SystemExit(main())
