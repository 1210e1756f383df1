"""Concentration of talent against concentration of compute over ten years.

Question: Over ten years, does talent concentrate where compute is concentrated, and by how much?
Design: the market of meta_fair from 2022 to 2031 with the sum of compute fixed: the laboratory with most compute for
    research (Google DeepMind) is given half, as much, twice and three times as much as on record, the rest is shared by
    the others as on record; also compute in proportion to heads, and a top laboratory whose compute grows faster. The
    record cannot be carried on for ten years (orders beyond the plan would eat the pay of whole laboratories, M15), so
    the market is held in a range that the model was made for: compute of all laboratories grows by GROWTH a year,
    planned heads by HEADS, so fast that posts do not bind and people go where they like, the compute that work needs by
    NEED after 2025. Twice the compute is asked again with slower growth of compute, and with posts that do bind.
    Primary outcome: the share of all people at work who are at that laboratory in 2031. Placebo: its compute, written
    out.
Command: uv run python -m experiments.q10_concentration --replicates 20 --workers 2
Runtime: 15 minutes of one core for 20 replicates; --smoke 30 seconds.
Reads: scenario meta_fair.
Writes: results/q10_concentration/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: the laboratory's share of people does not follow its share of compute; or the answer turns
    with the growth that is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from abm.changes import Change, change
from abm.outcomes import Outcome
from abm.run import Result
from abm.scenario import Scenario, load
from experiments import question
from experiments.question_words import effect, means, number, ratio_interval, size, verdict
from experiments.question_worlds import Arm, Design, Found, within

MONTHS = 120
GROWTH, HEADS, NEED = 1.4, 1.15, 1.25  # a year
SLOW, FAST, FEW_POSTS = 1.25, 1.5, 1.03  # a year
TOP = "Google DeepMind"
FACTORS = {"half": 0.5, "twice": 2.0, "three times": 3.0}
HISTORY, EVEN, FASTER = "as on record", "in proportion to heads", "grows faster"
SLOWLY, TIGHT = "slow growth", "few posts"
LAST = "2031-01..2031-12"
PEOPLE, COMPUTE = f"people_share:{TOP}@{LAST}", f"compute_held:{TOP}@{LAST}"


def ten_years() -> Scenario:
    """The market of meta_fair to the end of 2031; needs go on growing after the last dated event."""
    scenario = load("meta_fair")
    content = scenario.to_dict()
    more = [
        {
            **{"id": f"N{year}", "date": f"{year}-01", "type": "assumption", "entity": "field"},
            **{"label": f"Scale of the work grows, {year}", "source": ["assumption, grade D"]},
            "effects": [{"kind": "lever", "name": "need", "op": "multiply", "value": NEED}],
        }
        for year in range(2026, 2032)
    ]
    employers = [
        {
            **each,
            "compute_growth": GROWTH if each["kind"] == "lab" else each["compute_growth"],
            "growth": HEADS if each["kind"] == "lab" else each["growth"],
        }
        for each in content["employers"]
    ]
    return scenario.derive(months=MONTHS, horizon=MONTHS, events=[*content["events"], *more], employers=employers)


def held(scenario: Scenario, factor: float) -> Change:
    """The compute of the top laboratory times a factor, that of the other laboratories scaled so that the sum stays."""
    labs = [each for each in scenario.employers if each.kind == "lab"]
    own = next(each.compute for each in labs if each.name == TOP)
    others = sum(each.compute for each in labs) - own
    rest = (others + own - factor * own) / others
    return change(
        {f"employers.{each.name}.compute": each.compute * (factor if each.name == TOP else rest) for each in labs}
    )


def even(scenario: Scenario) -> Change:
    """The same compute a head at every laboratory."""
    labs = [each for each in scenario.employers if each.kind == "lab"]
    a_head = sum(each.compute for each in labs) / sum(each.researchers for each in labs)
    return change({f"employers.{each.name}.compute": a_head * each.researchers for each in labs})


def everywhere(scenario: Scenario, key: str, value: float) -> dict[str, Any]:
    """A setting of every laboratory."""
    return {f"employers.{each.name}.{key}": value for each in scenario.employers if each.kind == "lab"}


def share(result: Result, series: str, row: int, first: int, last: int) -> float:
    """Mean share of one employer in a series (months, employers), start-ups included."""
    values = within(result, series, first, last)
    return float((values[:, row] / np.maximum(values.sum(axis=1), 1e-12)).mean())


def concentration(result: Result, series: str, first: int, last: int) -> float:
    """Herfindahl index of a series over employers, mean over months."""
    values = within(result, series, first, last)
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    return float((shares**2).sum(axis=1).mean())


def emptied(result: Result, labs: tuple[int, ...]) -> float:
    """Laboratories that have lost nine in ten of their people by the end: the model has left its range."""
    heads = result.series["headcount"][:, list(labs)]
    return float((heads[-1] < 0.1 * heads[0]).sum())


def growth_of_largest(result: Result, labs: tuple[int, ...]) -> float:
    """Largest head count of a laboratory at the end over its own at the start."""
    heads = result.series["headcount"][:, list(labs)]
    return float((heads[-1] / np.maximum(heads[0], 1.0)).max())


def made(text: str, unit: str, measure: Any, last: int) -> Outcome:
    """An outcome made here; its function says what it means."""
    return Outcome(text, unit, (measure.func.__doc__ or "").splitlines()[0], measure, last)


def design() -> Design:
    """Compute held by the top laboratory, the sum fixed."""
    scenario = ten_years()
    first, last = (scenario.month_of(date) for date in LAST.split(".."))
    names = [each.name for each in scenario.employers]
    labs = tuple(row for row, each in enumerate(scenario.employers) if each.kind == "lab")
    top = names.index(TOP)
    watched = (
        made(PEOPLE, "share", partial(share, series="headcount", row=top, first=first, last=last), last),
        made(COMPUTE, "share", partial(share, series="pool", row=top, first=first, last=last), last),
        f"talent_concentration@{LAST}",
        made(
            f"compute_concentration@{LAST}",
            "index",
            partial(concentration, series="pool", first=first, last=last),
            last,
        ),
        f"compute_gini@{LAST}",
        f"exit_rate:{TOP}",
        f"headcount:Universities@{LAST}",
        f"mean_pay@{LAST}",
        "new_startups",
        f"n_startups@{LAST}",
        f"n_researchers@{LAST}",
        made("labs emptied", "laboratories", partial(emptied, labs=labs), last),
        made("largest growth of a lab", "factor", partial(growth_of_largest, labs=labs), last),
    )
    slow, few = everywhere(scenario, "compute_growth", SLOW), everywhere(scenario, "growth", FEW_POSTS)
    twice = dict(held(scenario, 2.0).settings)
    arms = (
        Arm(HISTORY),
        *(Arm(name, held(scenario, factor)) for name, factor in FACTORS.items()),
        Arm(EVEN, even(scenario)),
        Arm(FASTER, change({f"employers.{TOP}.compute_growth": FAST})),
        Arm(f"twice, {SLOWLY}", change({**twice, **slow})),
        Arm(f"{HISTORY}, {SLOWLY}", change(slow)),
        Arm(f"twice, {TIGHT}", change({**twice, **few})),
        Arm(f"{HISTORY}, {TIGHT}", change(few)),
    )
    return Design(
        scenario=scenario,
        arms=arms,
        pairs=(
            *((arm.name, HISTORY) for arm in arms[1:6]),
            *((f"twice, {how}", f"{HISTORY}, {how}") for how in (SLOWLY, TIGHT)),
        ),
        placebo=change({f"employers.{TOP}.compute": scenario.employers[top].compute}),
        watched=watched,
        smoke_months=9,
    )


def more(found: Found) -> dict[str, Any]:
    """Points of people for a point of compute, by world (Fieller's interval), for answer.json."""
    told = []
    for world in (*FACTORS, FASTER, f"twice, {SLOWLY}", f"twice, {TIGHT}"):
        against = found.row(PEOPLE, world).against
        people, compute = (found.values(text, world) - found.values(text, against) for text in (PEOPLE, COMPUTE))
        ratio, low, high = ratio_interval(people, compute)
        told.append({"world": world, "against": against, "people_per_compute": ratio, "low": low, "high": high})
    return {
        "elasticity": told,
        "labs_emptied_at_most": max(
            float(found.values("labs emptied", arm.name).max()) for arm in found.designs[0].arms
        ),
    }


def answer(found: Found) -> str:
    """From the share of people at the top laboratory with twice the compute."""
    row, compute, talent = (found.row(text, "twice") for text in (PEOPLE, COMPUTE, "talent_concentration"))
    rest = more(found)
    slope = next(each for each in rest["elasticity"] if each["world"] == "twice")
    few, begun = found.row(PEOPLE, f"twice, {TIGHT}"), found.row("new_startups", "twice")
    lead = verdict(row, "Yes, talent follows compute", "The other way round")
    if row.seen and row.seen != few.seen:
        lead += ", while posts do not bind"
    return (
        f"{lead}: with twice the compute (the sum fixed) {TOP} holds in 2031 a share of {means(compute)} of compute "
        f"and {means(row)} of all people ({size(row)}), {number(slope['people_per_compute'])} "
        f"[{number(slope['low'])}, {number(slope['high'])}] points of people for a point of compute; concentration of "
        f"talent over all employers: {effect(talent)}; start-ups founded: {effect(begun)}; "
        f"where posts bind: {effect(few)}; laboratories emptied in ten years, at most: "
        f"{number(rest['labs_emptied_at_most'])}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments, more=more, replicates=10)


if __name__ == "__main__":
    raise SystemExit(main())
