"""What if the leader of the remote lab had stayed?

Question: Had the head of the Paris lab stayed, or been replaced at once, would its people have stayed?
Design: history (the head leaves at the beginning of 2023, event E36, and the loss is felt in all groups of the site)
    against worlds with the same people and luck: the head stays; the head leaves but only the own group feels it; a
    successor from inside a month later; a successor from outside a month later. Primary outcome: voluntary exits of
    the Paris teams in the 18 months from February 2023. Placebo: E36 with its own bounds of dates written out.
Command: uv run python -m experiments.q04_leader_stays --replicates 40 --workers 2
Runtime: 5 minutes of one core for 20 replicates; --smoke 25 seconds.
Reads: scenario meta_fair.
Writes: results/q04_leader_stays/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: exits of the Paris teams do not differ with the head there; or exits elsewhere at Meta fall
    as much (then it is not about the site).
"""

from __future__ import annotations

from collections.abc import Sequence

from abm.changes import change
from abm.scenario import load
from experiments import question
from experiments.question_words import effect, means, size, verdict
from experiments.question_worlds import Arm, Design, Found

PARIS = "exits:FAIR Paris LLM+FAIR Paris+FAIR Paris Vision+FAIR Paris Speech+GenAI Paris@2023-02..2024-07"
META = "exits:Meta@2023-02..2024-07"
LLAMA = "left:llama-authors@2023-09"
WATCHED = (
    PARIS,
    "exits:FAIR Paris@2023-02..2024-07",
    LLAMA,
    "left:llama-authors@2025-05",
    "founded:Paris@2023-01..2023-12",
    "exits:FAIR New York+FAIR London@2023-02..2024-07",
    META,
)
STAYS, OWN_GROUP = "head stays", "only the own group feels it"
INSIDE, OUTSIDE = "successor from inside", "successor from outside"
BOUNDS = ["2023-01", "2023-02"]


def design() -> Design:
    """History, without the loss, and with a successor at once."""
    who = {"policies.appoint_leader.team": "FAIR Paris", "policies.appoint_leader.date": "2023-03"}
    return Design(
        scenario=load("meta_fair"),
        arms=(
            Arm("history"),
            Arm(STAYS, change(without=["E36"])),
            Arm(OWN_GROUP, change(without=["E36:breach"])),
            Arm(INSIDE, change(who)),
            Arm(OUTSIDE, change({**who, "policies.appoint_leader.origin": "Google DeepMind"})),
        ),
        placebo=change({"events.E36.between": BOUNDS}),
        watched=WATCHED,
        smoke_months=15,
    )


def answer(found: Found) -> str:
    """From exits of the Paris teams; the LLaMA authors beside."""
    row, own, inside, outside = (found.row(PARIS, name) for name in (STAYS, OWN_GROUP, INSIDE, OUTSIDE))
    authors, everybody = found.row(LLAMA, STAYS), found.row(META, STAYS)
    lead = verdict(row, "No, more of them leave", "Yes, fewer of them leave")
    return (
        f"{lead}: with the head still there {means(row)} people leave the Paris teams within 18 months "
        f"({size(row)}); all of Meta: {effect(everybody)}; LLaMA authors gone by the autumn of 2023: "
        f"{effect(authors)}; when the head leaves and only the own group feels it: {effect(own)}; a successor at once "
        f"changes exits by: from inside {effect(inside)}, from outside {effect(outside)}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
