"""How many exits does a layoff cause beyond itself?

Question: How many people leave of their own accord because others were laid off, at the employer and elsewhere?
Design: history, in which Meta lays off 5 % and 4 % (E31, E41; the hiring freeze stays in all worlds), against the same
    people and luck without the layoffs; counted are voluntary exits of people who are laid off in neither world, so
    that nobody is counted who could not leave twice. Over 6, 12 and 24 months from the first layoff, at Meta and
    elsewhere. Multiplier: extra voluntary exits per person laid off. Also a layoff of a tenth in one month at Google
    Brain, where none happened, and the layoffs of the record felt by nobody who stays (layoff_survivors = 0), which
    separates fear from holes in teams. Primary outcome: extra voluntary exits at Meta in 12 months.
    Placebo: E41 with its own bounds of dates written out.
Command: uv run python -m experiments.q08_layoffs --replicates 40 --workers 2
Runtime: 4 minutes of one core for 20 replicates; --smoke 20 seconds.
Reads: scenario meta_fair.
Writes: results/q08_layoffs/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: survivors leave no more often than in the world without layoffs; or as much happens at
    employers that laid off nobody and hired nobody from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from abm.changes import change
from abm.columns import Integers
from abm.run import Result
from abm.scenario import Scenario, load
from abm.tables import CAUSE_NAMES
from experiments import question
from experiments.question_words import effect, number, ratio_interval, size, verdict
from experiments.question_worlds import Arm, Between, Design, Found

FIRST = "2022-11"
SPANS = (6, 12, 24)  # months from the layoff
WITHOUT, UNFELT, NO_CUT, CUT = "no layoffs", "layoffs that nobody fears", "history, 2023", "a tenth at Google Brain"
HISTORY = "history"
MULTIPLIED = ("Meta", "Google Brain")


@dataclass(frozen=True, slots=True)
class Exits:
    """Departures of one history: who was laid off, and who left willingly whence and how many months after `FIRST`."""

    laid_off: Integers
    person: Integers
    employer: Integers
    month: Integers


def keep(scenario: Scenario, result: Result) -> Exits:
    """What of a history is needed to compare two."""
    rows = result.departures
    fired = rows["cause"] == CAUSE_NAMES.index("laid_off")
    fired &= rows["month"] >= scenario.month_of(FIRST)
    willing = rows["voluntary"]
    return Exits(
        laid_off=np.unique(rows["researcher"][fired]),
        person=rows["researcher"][willing],
        employer=rows["from_employer"][willing],
        month=rows["month"][willing] - scenario.month_of(FIRST),
    )


def exits_of_others(one: Exits, two: Exits, employer: int, elsewhere: bool, months: int) -> tuple[float, float]:
    """Voluntary exits in each world of people who are laid off in neither."""
    gone = np.union1d(one.laid_off, two.laid_off)
    counts = []
    for world in (one, two):
        mine = (world.employer != employer) if elsewhere else (world.employer == employer)
        mine &= (world.month >= 0) & (world.month < months) & ~np.isin(world.person, gone)
        counts.append(float(mine.sum()))
    return counts[0], counts[1]


def people_laid_off(one: Exits, two: Exits) -> tuple[float, float]:
    """How many in each world."""
    return float(len(one.laid_off)), float(len(two.laid_off))


def text(where: str, months: int) -> str:
    """Name of an outcome."""
    return f"exits_of_others:{where}, {months} months"


def design() -> Design:
    """History, its layoffs undone or unfelt, and a layoff that never was."""
    scenario = load("meta_fair")
    rows = {each.name: row for row, each in enumerate(scenario.employers)}
    between = [
        Between(
            text(where, months),
            "people",
            "Voluntary exits of people who are laid off in neither world, from the month of the first layoff on.",
            partial(exits_of_others, employer=rows[employer], elsewhere=elsewhere, months=months),
        )
        for where, employer, elsewhere in (
            ("Meta", "Meta", False),
            ("elsewhere", "Meta", True),
            ("Google Brain", "Google Brain", False),
        )
        for months in SPANS
    ]
    cut = {
        "policies.layoffs.employer": "Google Brain",
        "policies.layoffs.share": 0.1,
        "policies.layoffs.date": FIRST,
    }
    return Design(
        scenario=scenario,
        arms=(
            Arm(HISTORY),
            Arm(WITHOUT, change(without=["E31:layoff", "E41:layoff"])),
            Arm(UNFELT, change({"layoff_survivors": 0.0})),
            Arm(CUT, change(cut)),
        ),
        placebo=change({"events.E41.between": ["2023-03", "2023-03"]}),
        watched=("exits:Meta@2022-11..2024-10", "headcount:Meta@2024-10..2024-10"),
        pairs=((HISTORY, WITHOUT), (UNFELT, WITHOUT), (CUT, HISTORY)),
        primary=text("Meta", 12),
        keep=keep,
        between=(Between("laid_off", "people", "People laid off by an employer.", people_laid_off), *between),
        smoke_months=13,
    )


def multipliers(found: Found) -> list[dict[str, Any]]:
    """Extra voluntary exits per person laid off, by pair of worlds, place and span (Fieller's interval)."""
    rows = []
    plan, seen = found.designs[0], found.seen[0]
    for world, against, where in (
        (HISTORY, WITHOUT, "Meta"),
        (UNFELT, WITHOUT, "Meta"),
        (CUT, HISTORY, "Google Brain"),
    ):
        by_text = {each.text: each.measure for each in plan.between}
        kept = [(a.kept, b.kept) for a, b in zip(seen[world], seen[against], strict=True)]
        cut = np.array([np.subtract(*by_text["laid_off"](*pair)) for pair in kept])
        for months in SPANS:
            extra = np.array([np.subtract(*by_text[text(where, months)](*pair)) for pair in kept])
            ratio, low, high = ratio_interval(extra, cut)
            rows.append(
                {
                    **{"world": world, "against": against, "where": where, "months": months},
                    **{"laid_off": float(cut.mean()), "extra_exits": float(extra.mean())},
                    **{"multiplier": ratio, "low": low, "high": high},
                }
            )
    return rows


def more(found: Found) -> dict[str, Any]:
    """The multipliers for answer.json."""
    return {"multipliers": multipliers(found)}


def answer(found: Found) -> str:
    """From the multiplier of the record at Meta over 12 months."""
    row = found.row(text("Meta", 12), HISTORY)
    where = found.row(text("elsewhere", 12), HISTORY)
    unfelt = found.row(text("Meta", 12), UNFELT)
    told = {(each["world"], each["months"]): each for each in multipliers(found)}
    mine, other = told[HISTORY, 12], told[CUT, 12]
    lead = verdict(row, "Others leave too", "Fewer of the others leave", "No extra exits seen at this size")
    return (
        f"{lead}: {number(mine['laid_off'])} people laid off at Meta change the voluntary exits of others there within "
        f"12 months by {size(row)}, {number(mine['multiplier'], True)} [{number(mine['low'], True)}, "
        f"{number(mine['high'], True)}] per person laid off; elsewhere: {effect(where)}; when nobody fears the "
        f"next round: {effect(unfelt)}; a tenth laid off at Google Brain: {number(other['multiplier'], True)} "
        f"[{number(other['low'], True)}, {number(other['high'], True)}] per person."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments, more=more)


if __name__ == "__main__":
    raise SystemExit(main())
