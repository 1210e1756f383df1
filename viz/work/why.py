"""Why things came about, as pieces of work: events taken apart, key people, cohorts over many histories, what keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from abm import attribution, attribution_files, contagion, keep, keep_words
from abm.attribution_plan import Plan, plan
from abm.contagion import SCOPES, Question
from abm.replay import begin
from abm.run import simulate
from abm.scenario import Scenario
from viz.jobs import Report

EXACT: Final = 64  # worlds of one history up to which all orders of the events are taken
ORDERS: Final = 2  # taken otherwise
PARTS: Final = 8  # pieces in which people are kept, for the progress
FINALISTS: Final = 10
Floats = npt.NDArray[np.float64]

# ---- events ----------------------------------------------------------------------------------------------------------


def planned(scenario: Scenario, text: str, seed: int, histories: int, events: Sequence[str] = ()) -> Plan:
    """Shapley values of one outcome; how orders are taken does not depend on the number of histories.

    Raises:
        ScenarioError: an outcome or event that is not known, or no event that could matter.
    """
    asked = plan(
        scenario, [text], seed=seed, replicates=histories, method="shapley", events=events, permutations=ORDERS
    )
    if 2 ** len(asked.players) > EXACT:
        return asked
    return plan(scenario, [text], seed=seed, replicates=histories, method="shapley", events=events, permutations=0)


def attribute(report: Report, asked: Plan, known: Mapping[int, Floats]) -> None:
    """Run what is missing; every whole history is sent as a part `(number, values)`."""
    total = attribution.n_jobs(asked, known)
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        report(done, total)

    attribution.run(asked, 1, advance, lambda number, values: report.part((number, values)), known)


def waterfall(asked: Plan, values: Mapping[int, Floats]) -> dict[str, Any]:
    """The parts of the outcome out of the histories that are done, as plain data."""
    told = attribution_files.document(asked, sorted(values), attribution.conclude(asked, values))
    (outcome,) = told["outcomes"]
    kept = ("until", "replicates", "shapley", "permutations", "players", "skipped")
    return {name: told[name] for name in kept} | {"outcome": outcome}


# ---- people ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keystone:
    """Whom to keep, if one could be kept.

    Attributes:
        scenario, seed: of history 0, the one that the reader sees.
        employer: row.
        since, window: month from which a person is kept, and for how many months.
        sample: people who are kept, one at a time, drawn from those who leave in the window.
        futures: other courses of luck in which the best are measured again.
    """

    scenario: Scenario
    seed: int
    employer: int
    since: int
    window: int
    sample: int
    futures: int


def keystone(report: Report, asked: Keystone) -> dict[str, Any]:
    """People ranked by the exits of others that keeping them prevents: in this history, and then under other luck."""
    total, last = PARTS + asked.futures, asked.since + asked.window - 1
    question = Question(
        asked.window, asked.since, last, asked.employer, held_from=asked.since, sample=asked.sample, parts=PARTS
    )
    found = []
    for part in range(PARTS):
        found.append(contagion.probe(asked.scenario, asked.seed, 0, replace(question, part=part)))
        report(part + 1, total)
    rows = contagion.together(found)
    near = list(SCOPES).index("near")
    if not rows:
        return {"people": [], "kept": 0, "kinds": [], "scopes": dict(SCOPES)}
    best = np.argsort(-rows["extra"][:, near], kind="stable")[:FINALISTS]
    people = rows["researcher"][best].tolist()
    seen = []
    for number in range(asked.futures):
        seen.append(contagion.futures(asked.scenario, asked.seed, 0, people, asked.since, asked.window, number))
        report(PARTS + number + 1, total)
    measured = np.stack(seen)  # (futures, people, scopes + 1)
    teams = begin(asked.scenario, asked.seed, 0).team_names
    listed: list[dict[str, Any]] = []
    for place, row in enumerate(best.tolist()):
        value = contagion.estimate(measured[:, place, near], np.arange(asked.futures))
        listed.append(
            {
                "researcher": int(rows["researcher"][row]),
                "team": teams[int(rows["team"][row])],
                "leader": bool(rows["leader"][row]),
                "founds": bool(rows["founds"][row]),
                "reputation_top": 1 - float(rows["reputation_rank"][row]),
                "ties_top": 1 - float(rows["ties_rank"][row]),
                "here": float(rows["extra"][row, near]),
                "leaves": float(measured[:, place, -1].mean()),
                "mean": value.mean,
                "low": value.low,
                "high": value.high,
            }
        )
    listed.sort(key=lambda row: -float(row["mean"]))
    groups = contagion.by_group(rows, contagion.kinds(rows))
    return {
        "people": listed,
        "kept": len(rows["month"]),
        "kinds": [
            {"name": name, "n": each.n, "mean": each.mean, "low": each.low, "high": each.high}
            for name, each in ((name, scopes["near"]) for name, scopes in groups.items())
        ],
        "scopes": dict(SCOPES),
    }


# ---- cohorts ---------------------------------------------------------------------------------------------------------


def cohorts(report: Report, scenario: Scenario, seed: int, replicates: Sequence[int]) -> None:
    """Run histories; of each, the share of every cohort that is still there is sent as a part `(number, shares)`.

    Shares are (cohorts, months), NaN before a cohort is fixed.
    """
    for done, number in enumerate(replicates):
        result = simulate(scenario, seed, number)
        shares = np.full(result.left.shape, np.nan, dtype=np.float32)
        for place, cohort in enumerate(scenario.cohorts):
            fixed = max(0, scenario.month_of(cohort.fixed))
            shares[place, fixed:] = 1 - result.left[place, fixed:] / max(1, len(result.members[cohort.name]))
        report.part((number, shares))
        report(done + 1, len(replicates))


# ---- one person ------------------------------------------------------------------------------------------------------


def keep_one(report: Report, scenario: Scenario, seed: int, departure: int) -> dict[str, Any]:
    """What would have kept somebody in history 0: the smallest raise, compute, or one event undone; verified."""
    case = keep.case_in(scenario, seed, simulate(scenario, seed, 0), departure)
    jobs = keep.jobs_of(case)
    rows: list[keep.Found] = []
    for done, job in enumerate(jobs):
        report(done, len(jobs))
        rows += keep.search(*job)
    return keep_words.as_data(case, rows)
