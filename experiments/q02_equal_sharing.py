"""Would equal sharing of compute have kept the LLaMA authors?

Question: Would equal sharing of compute at Meta, instead of a committee, have kept the LLaMA authors?
Design: the history of 2022-2025 against the same people and luck with Meta's rule of allocation changed from the first
    month: equal per head, in proportion to what teams ask for, and an auction of tokens. (Max-min fair sharing is left
    out: nearly every team is short, and so its answer was that of equal sharing.) Primary outcome: LLaMA authors gone
    by September 2023. The compute that their team is given says whether the rule did reach them, the OPT authors and
    all of Meta say who pays for it. Placebo: the committee, written out.
Command: uv run python -m experiments.q02_equal_sharing --replicates 40 --workers 2
Runtime: 4 minutes of one core for 20 replicates; --smoke 15 seconds.
Reads: scenario meta_fair.
Writes: results/q02_equal_sharing/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: the team's share of compute rises under equal sharing and as many authors leave (then it was
    not the unequal share); or the placebo moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from abm.changes import change
from abm.scenario import load
from experiments import question
from experiments.question_words import effect, means, number, size, verdict
from experiments.question_worlds import Arm, Design, Found

LLAMA = "left:llama-authors@2023-09"
EXITS = "exits:Meta"
COMPUTE = "compute_share:FAIR Paris LLM@2022-07..2023-02"
WATCHED = (
    LLAMA,
    COMPUTE,
    "starved:FAIR Paris LLM@2022-07..2023-02",
    "compute_share:FAIR US LLM@2022-07..2023-02",
    "left:opt-authors@2023-09",
    "left:llama-authors@2025-05",
    "exits:FAIR Paris LLM+GenAI Paris@2022-07..2023-12",
    EXITS,
    "deprived_exit_gap:Meta",
)
RULES = {
    "equal per head": "equal_per_head",
    "by demand": "by_demand",
    "token auction": "token_auction",
}


def design() -> Design:
    """History with its committee, and each other rule."""
    key = "employers.Meta.allocation"
    return Design(
        scenario=load("meta_fair"),
        arms=(Arm("history"), *(Arm(name, change({key: rule})) for name, rule in RULES.items())),
        placebo=change({key: "committee"}),
        watched=WATCHED,
    )


def answer(found: Found) -> str:
    """From the primary outcome, the compute that the team was given, and what it is to all of Meta."""
    row, given, everybody = (found.row(text, "equal per head") for text in (LLAMA, COMPUTE, EXITS))
    others = [found.row(LLAMA, name) for name in RULES if name != "equal per head"]
    rest = "; ".join(f"{each.world}: {effect(each)}" for each in others)
    lead = verdict(row, "No, more of them leave", "Yes, fewer of them leave")
    return (
        f"{lead}: with equal sharing {means(row)} of the 14 LLaMA authors have left by the autumn of 2023 "
        f"({size(row)}), while the rule takes their team's compute away (from {number(given.mean_against)} of Meta's "
        f"to {number(given.mean)}) and gives it to the others: in the whole time {means(everybody)} people leave Meta "
        f"({effect(everybody)}). LLaMA authors under other rules: {rest}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
