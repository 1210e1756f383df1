"""Two worlds side by side, history by history, as a piece of work: series by month, outcomes, people and chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from abm import chains, paired
from abm.changes import Change
from abm.differences import KINDS
from abm.run import Result, simulate
from abm.scenario import Scenario
from viz.jobs import Report

MOST_PEOPLE: Final = 300  # told one by one
MOST_LINES: Final = 6  # of a chain in words
TRACE_TAKES: Final = 4  # worlds that are run to find out what led to what
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Becomes(Change):
    """A change by which a world is another scenario altogether, such as one with pulls that a reader made."""

    scenario: Scenario | None = None

    def apply(self, scenario: Scenario) -> Scenario:
        """The other scenario."""
        return scenario if self.scenario is None else self.scenario


@dataclass(frozen=True, slots=True)
class Asked:
    """Two worlds that hold the same people, and the luck under which they are compared.

    Attributes:
        first, second: both end with the last month that is compared.
        seed: of the histories; history 0 is the one that the reader sees.
        texts: outcomes (`abm/outcomes.py`).
    """

    first: Scenario
    second: Scenario
    seed: int
    texts: tuple[str, ...]

    @property
    def changes(self) -> tuple[Becomes, Becomes]:
        """Both worlds as changes of the first."""
        return Becomes(scenario=self.first), Becomes(scenario=self.second)

    def check(self) -> None:
        """Refuse worlds without the same people, or outcomes that cannot be read.

        Raises:
            ScenarioError: says what differs.
        """
        against, change = self.changes
        paired.check(self.first, change, against, self.texts)

    def gather(self, pairs: Sequence[paired.Pair]) -> dict[str, Any]:
        """Outcomes and counts of people over the histories that are done, as plain data."""
        found = paired.gather(self.first, self.changes[1], self.texts, pairs)
        return {
            "histories": len(pairs),
            "identical": found.identical,
            "outcomes": [
                {
                    "outcome": row.text,
                    "unit": row.unit,
                    "meaning": row.meaning,
                    "first": row.first,
                    "second": row.second,
                    **_interval(row.difference),
                    "verdict": row.verdict.word,
                    "correlation": row.correlation,
                    "worth": row.variance_ratio,
                }
                for row in found.outcomes
            ],
            "people": {kind: _interval(value) for kind, value in found.people.items()},
            "by_employer": found.by_employer,
            "by_cohort": found.by_cohort,
        }


def _interval(value: paired.Estimate) -> dict[str, float]:
    return {"mean": value.mean, "low": value.low, "high": value.high}


def compare(report: Report, asked: Asked, replicates: Sequence[int]) -> None:
    """Run both worlds for some histories; every pair is sent as a part as soon as it is there.

    Parts are `("pair", Pair, series)` and, after the pair of history 0, `("people", rows)`.

    Args:
        report: of the job.
        asked: the worlds.
        replicates: numbers of the histories, in the order in which they are run.
    """
    total = 2 * len(replicates) + TRACE_TAKES * (paired.TRACED in replicates)
    done = 0
    for number in replicates:
        results: list[Result] = []
        for world in (asked.first, asked.second):
            results.append(simulate(world, asked.seed, number))
            done += 1
            report(done, total)
        pair = paired.pair_of(asked.first, number, asked.texts, results[0], results[1])
        report.part(("pair", pair, [series(world, r) for world, r in zip(worlds_of(asked), results, strict=True)]))
        if number == paired.TRACED:
            against, change = asked.changes
            found = chains.trace(asked.first, against, change, asked.seed, number, results[0], results[1])
            report.part(("people", told(pair, found)))
            done += TRACE_TAKES
            report(done, total)


def worlds_of(asked: Asked) -> tuple[Scenario, Scenario]:
    """Both worlds."""
    return asked.first, asked.second


def series(scenario: Scenario, result: Result) -> dict[str, Floats]:
    """What is drawn of a world, by month: (months,), (months, employers) or (months, cohorts).

    Employers are those of the scenario. Shares of a cohort are NaN before it is fixed.
    """
    n = len(scenario.employers)
    employer = np.array([team.employer for team in scenario.placed_teams()])
    belongs = np.equal.outer(employer, np.arange(n)).astype(np.float64)  # (teams, employers)
    members = result.series["team_size"][:, : len(employer)]
    delivered = np.nan_to_num(result.series["compute_per_head"][:, : len(employer)]) * members
    heads = members @ belongs
    per_head = np.divide(delivered @ belongs, heads, out=np.full_like(heads, np.nan), where=heads > 0)
    left = np.full((result.months, len(scenario.cohorts)), np.nan)
    for place, cohort in enumerate(scenario.cohorts):
        fixed = max(0, scenario.month_of(cohort.fixed))
        left[fixed:, place] = result.left[place, fixed:] / max(1, len(result.members[cohort.name]))
    found = {
        "headcount": result.series["headcount"][:, :n],
        "departures": result.series["departures"][:, :n],
        "compute": per_head,
        "left": left,
        "exits": result.series["new_departures"],
        "startups": result.series["n_startups"],
        "pay": result.series["mean_pay"],
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def told(pair: paired.Pair, found: chains.Chains) -> dict[str, Any]:
    """Who took another path in a traced pair, and by what; the longest chains and those whom the change hit first."""
    rows = []
    reached, below = found.told_of, found.reach()
    for k, person in enumerate(pair.people["researcher"].tolist()):
        path = found.path(person)
        rows.append(
            {
                "researcher": person,
                "kind": KINDS[int(pair.people["kind"][k])],
                "month": int(pair.people["month"][k]),
                "employer": pair.employer[k],
                "cohorts": list(pair.cohort[k]),
                "dates": list(pair.dates[k]),
                "places": list(pair.left_for[k]),
                "direct": person in found.hit,
                "reached": reached.get(person, ""),
                "led_to": below.get(person, 0),
                "chain": found.words(path)[-MOST_LINES:] if path else [],
            }
        )
    rows.sort(key=lambda row: (not row["cohorts"], not row["direct"], row["month"], row["researcher"]))
    return {
        "total": len(rows),
        "kinds": {name: sum(row["kind"] == name for row in rows) for name in KINDS},
        "rows": rows[:MOST_PEOPLE],
        "shares": found.shares(),
        "chains": [found.words(path) for path in found.longest()],
    }
