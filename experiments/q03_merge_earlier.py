"""What if the rival teams had been merged a year earlier?

Question: Had the LLaMA and OPT teams been merged a year earlier, would fewer of their people have left?
Design: history (two teams compete for compute from summer 2022, E25 and E26; the product group takes them in from
    February to July 2023, E39 and E43) against the same people and luck with both teams made one group in April 2022:
    the group opens, both teams join it whole, it makes one model (E25, E37) and no successor to OPT is begun or
    cancelled (E26, E46). Also: the same merger at its own date but whole; the rivalry without its peak (E38); and
    both projects as they were but no cancellation. Primary outcome: voluntary exits by September 2023 of those who
    were in the two teams in March 2022: the author cohorts are fixed by team at later dates and would be other people.
    Placebo: the date of E38, written out.
Command: uv run python -m experiments.q03_merge_earlier --replicates 40 --workers 2
Runtime: 5 minutes of one core for 20 replicates; --smoke 20 seconds.
Reads: scenario meta_fair.
Writes: results/q03_merge_earlier/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: the merger itself (breach of those moved) costs more people than the rivalry does, so that
    the sign turns with merge_breach; or leaving out the cancellation alone does as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from abm.changes import change
from abm.outcomes import Outcome
from abm.run import Result
from abm.scenario import load
from abm.world import World
from experiments import question
from experiments.question_words import effect, means, size, verdict
from experiments.question_worlds import Arm, Design, Found

PARIS, US = "FAIR Paris LLM", "FAIR US LLM"
ROSTER = "2022-03"  # the month in which the people are counted, before any merger
SPANS = ("2022-12", "2023-09", "2025-05")
EARLY, WHOLE, NO_PEAK, NO_CANCEL = (
    "merged in 2022-04",
    "merged whole in 2023-04",
    "no peak of rivalry",
    "no cancellation",
)
BOTH, HISTORY = "both teams", "history"


def roster(world: World) -> Any:
    """(N,) team of everybody."""
    return world.researchers.team.copy()


def gone(result: Result, teams: tuple[int, ...], counted: int, until: int) -> float:
    """Voluntary exits, to a month, of those who were in some teams at the end of the month they are counted in."""
    members = np.flatnonzero(np.isin(result.series["roster"][counted], teams))
    left = result.departures
    mine = np.isin(left["researcher"], members) & left["voluntary"] & (left["month"] <= until)
    return float(len(np.unique(left["researcher"][mine])))


def design() -> Design:
    """History, the early merger, and its parts."""
    scenario = load("meta_fair")
    rows = {PARIS: scenario.team_rows(PARIS), US: scenario.team_rows(US)}
    who = {BOTH: rows[PARIS] + rows[US], "Paris team": rows[PARIS], "US team": rows[US]}
    watched = tuple(
        Outcome(
            f"gone:{name}@{date}",
            "people",
            "Of those in the teams in March 2022, voluntary exits.",
            partial(gone, teams=teams, counted=scenario.month_of(ROSTER), until=scenario.month_of(date)),
            scenario.month_of(date),
        )
        for name, teams in who.items()
        for date in SPANS
    )
    first = [each.text for each in watched].index(f"gone:{BOTH}@2023-09")
    watched = (watched[first], *watched[:first], *watched[first + 1 :])
    join = [
        {"kind": "open", "team": "GenAI Llama"},
        {"kind": "open", "team": "GenAI Paris"},
        {"kind": "merge", "teams": [PARIS], "into": "GenAI Paris"},
        {"kind": "merge", "teams": [US], "into": "GenAI Llama"},
    ]
    own = {event.id: [{"kind": each.kind, **each.fields} for each in event.effects] for event in scenario.events}
    one_model = [{**own["E25"][0], "team": "GenAI Paris"}]
    released = [{**own["E37"][0], "team": "GenAI Paris"}]
    early = {
        **{"events.E19.date": "2022-04", "events.E19.effects": join},
        **{"events.E25.effects": one_model, "events.E37.effects": released},
    }
    whole = {"events.E43.date": "2023-04", "events.E43.effects": join[2:]}
    return Design(
        scenario=scenario,
        arms=(
            Arm(HISTORY),
            Arm(EARLY, change(early, ["E26", "E43", "E46"])),
            Arm(WHOLE, change(whole, ["E46"])),
            Arm(NO_PEAK, change(without=["E38"])),
            Arm(NO_CANCEL, change(without=["E46"])),
        ),
        placebo=change({"events.E38.date": "2023-02"}),
        watched=(*watched, "exits:Meta", "founded:Paris@2023-01..2023-12", "new_releases"),
        meters=(roster,),
        smoke_months=10,
    )


def answer(found: Found) -> str:
    """From exits of both teams; each team and the parts beside."""
    row = found.row(f"gone:{BOTH}@2023-09", EARLY)
    paris, us = found.row("gone:Paris team@2023-09", EARLY), found.row("gone:US team@2023-09", EARLY)
    alone = found.row(f"gone:{BOTH}@2023-09", NO_CANCEL)
    late, everybody = found.row(f"gone:{BOTH}@2025-05", EARLY), found.row("exits:Meta", EARLY)
    lead = verdict(row, "No, more of them leave", "Yes, fewer of them leave")
    return (
        f"{lead}: merged in April 2022, {means(row)} of the people of both teams have left by the autumn of 2023 "
        f"({size(row)}; Paris {effect(paris)}; US {effect(us)}), by spring 2025 {effect(late)}; from all of "
        f"Meta in the whole time: {effect(everybody)}; not cancelling the OPT successor alone: {effect(alone)}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
