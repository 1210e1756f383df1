"""Does the Paris start-up exist without seed climate, or with garden leave?

Question: Is a start-up founded in Paris in 2023 without the seed climate there, or with garden leave at Meta?
Design: history against the same people and luck with no seed capital within reach in Paris, with half of it, with a
    garden leave of 6 and of 12 months at Meta (enforceable in Paris), with non-competes banned in France, and without
    the rise of climate, pay and demand that followed ChatGPT (E32). Primary outcome: start-ups founded in Paris in
    2023; also the share of histories with at least one, start-ups by two or more LLaMA authors together, whom they
    hire, and where else companies are founded. Placebo: the seed climate of Paris, written out.
Command: uv run python -m experiments.q07_paris --replicates 60 --workers 2
Runtime: 6 minutes of one core for 20 replicates; --smoke 25 seconds.
Reads: scenario meta_fair.
Writes: results/q07_paris/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: as many start-ups without any seed climate (then the model's climate does nothing); or garden
    leave stops as many in places where it cannot be enforced.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from abm.changes import change
from abm.outcomes import Outcome
from abm.run import Result
from abm.scenario import Scenario, load
from abm.tables import CAUSE_NAMES
from experiments import question
from experiments.question_words import effect, means, size, verdict
from experiments.question_worlds import Arm, Design, Found

PARIS, BAY = "founded:Paris@2023-01..2023-12", "founded:Menlo Park+Mountain View+San Francisco@2023-01..2023-12"
EVERYWHERE = "founded@2023-01..2023-12"
EXITS = "exits:FAIR Paris LLM+FAIR Paris+FAIR Paris Vision+FAIR Paris Speech+GenAI Paris@2023-01..2023-12"
ANY = "any start-up in Paris@2023-01..2023-12"
TOGETHER = "founded by two or more LLaMA authors@2023-12"
NO_SEED, HALF, LEAVE_6, LEAVE_12 = "no seed climate", "half the seed climate", "garden leave 6", "garden leave 12"
BAN, NO_BOOM = "non-competes banned", "no boom after ChatGPT"


def any_founded(result: Result, site: int, first: int, last: int) -> float:
    """1 if a start-up is founded at a site in some months."""
    rows = result.startups
    if not rows:
        return 0.0
    return float(((rows["site"] == site) & (rows["month"] >= first) & (rows["month"] <= last)).any())


def together(result: Result, cohort: str, last: int) -> float:
    """1 if two or more members of a cohort left to found the same start-up, and it came to be."""
    left, rows = result.departures, result.startups
    if not left or not rows:
        return 0.0
    mine = np.isin(left["researcher"], result.members[cohort]) & (left["cause"] == CAUSE_NAMES.index("founded"))
    firms, counts = np.unique(left["to_employer"][mine], return_counts=True)
    born = np.isin(rows["employer"], firms[counts >= 2]) & (rows["month"] <= last)
    return float(born.any())


def shares(scenario: Scenario) -> tuple[Outcome, Outcome]:
    """Outcomes that are 0 or 1 in a history."""
    site = [each.name for each in scenario.sites].index("Paris")
    first, last = scenario.month_of("2023-01"), scenario.month_of("2023-12")
    return (
        Outcome(
            ANY, "share of histories", "Whether a start-up is founded in Paris in 2023.",
            partial(any_founded, site=site, first=first, last=last), last,
        ),
        Outcome(
            TOGETHER, "share of histories", "Whether two or more LLaMA authors found a start-up together by then.",
            partial(together, cohort="llama-authors", last=last), last,
        ),
    )  # fmt: skip


def design() -> Design:
    """History, and what founders meet changed."""
    scenario = load("meta_fair")
    paris = next(each for each in scenario.sites if each.name == "Paris")
    here = {"policies.seed_climate.place": "Paris"}
    leave = {"policies.garden_leave.employer": "Meta"}
    return Design(
        scenario=scenario,
        arms=(
            Arm("history"),
            Arm(NO_SEED, change({**here, "policies.seed_climate.factor": 0.0})),
            Arm(HALF, change({**here, "policies.seed_climate.factor": 0.5})),
            Arm(LEAVE_6, change({**leave, "policies.garden_leave.months": 6})),
            Arm(LEAVE_12, change({**leave, "policies.garden_leave.months": 12})),
            Arm(BAN, change({"policies.ban_non_competes.place": "France", "policies.ban_non_competes.strength": 1.0})),
            Arm(NO_BOOM, change(without=["E32:lever"])),
        ),
        placebo=change({"sites.Paris.seed_climate": paris.seed_climate}),
        watched=(
            PARIS,
            *shares(scenario),
            "alumni_share:Paris@2023-01..2023-12",
            EVERYWHERE,
            BAY,
            "left:llama-authors@2023-09",
            EXITS,
            "startup_share:FAIR Paris LLM+GenAI Paris@2023-01..2023-12",
        ),
        smoke_months=13,
    )


def answer(found: Found) -> str:
    """From start-ups in Paris under each change; the share of histories beside."""
    row, share = found.row(PARIS, NO_SEED), found.row(ANY, NO_SEED)
    both = found.row(TOGETHER, NO_SEED)
    leave = "; ".join(f"{name} months: {effect(found.row(PARIS, name))}" for name in (LEAVE_6, LEAVE_12))
    lead = verdict(row, "More of them without seed climate", "Not as it was")
    return (
        f"{lead}: with no seed climate in Paris {means(row)} start-ups are founded there in 2023 ({size(row)}), at "
        f"least one in {share.mean:.0%} of histories against {share.mean_against:.0%}, one by two or more LLaMA "
        f"authors in {both.mean:.0%} against {both.mean_against:.0%}; {leave}; no boom after ChatGPT: "
        f"{effect(found.row(PARIS, NO_BOOM))}; without the seed climate of Paris start-ups everywhere change by "
        f"{effect(found.row(EVERYWHERE, NO_SEED))}, with 12 months of garden leave exits from the Paris teams by "
        f"{effect(found.row(EXITS, LEAVE_12))}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
