"""Paired worlds: the same people and the same luck, once as described and once with a change.

found = compare(load("meta_fair"), change(without=["E46"]), replicates=20, workers=2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm import chains, outcomes, pool, verdicts
from abm.changes import Change
from abm.columns import Floats, Integers
from abm.differences import KINDS, OTHER, differences
from abm.ledger import Row
from abm.run import Result, simulate
from abm.scenario import Scenario, ScenarioError

TRACED = 0  # the replicate whose chains are told


@dataclass(slots=True)
class Pair:
    """One replicate in both worlds.

    Attributes:
        replicate: its number.
        digests: of both worlds.
        values: (2, outcomes).
        people: who took another path; see `differences`.
        cohort: (D,) names of the cohorts of each, as they are in the first world.
        left_for: (D, 2) where they went in each world, in words; empty without a departure.
        dates: (D, 2) when.
        employer: (D,) name of the employer left.
        chains: what led to what; only for the traced replicate.
    """

    replicate: int
    digests: tuple[str, str]
    values: Floats
    people: Row
    cohort: list[tuple[str, ...]]
    left_for: list[tuple[str, str]]
    dates: list[tuple[str, str]]
    employer: list[str]
    chains: chains.Chains | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replicates with its 95 % interval; nan bounds where `verdicts.interval` gives none."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome in both worlds.

    Attributes:
        text, unit, meaning: of the outcome.
        first, second: means in the two worlds.
        difference: second less first, paired by replicate.
        verdict: what the differences show, see `abm/verdicts.py`.
        correlation: of the two worlds over replicates; nan if one of them does not vary, or of too few pairs.
        variance_ratio: (Var first + Var second) / Var difference: how many unpaired histories one pair is worth. It is
            nan where nothing varies and of too few pairs, and inf where all pairs differ by the same.
    """

    text: str
    unit: str
    meaning: str
    first: float
    second: float
    difference: Estimate
    verdict: verdicts.Verdict
    correlation: float
    variance_ratio: float


@dataclass(slots=True)
class Paired:
    """All replicates of a comparison."""

    label: str
    pairs: list[Pair]
    outcomes: list[OutcomeRow]
    people: dict[str, Estimate] = field(default_factory=dict)
    by_employer: dict[str, dict[str, float]] = field(default_factory=dict)
    by_cohort: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def identical(self) -> int:
        """Replicates in which both worlds are the same to the last byte."""
        return sum(pair.digests[0] == pair.digests[1] for pair in self.pairs)


def default_outcomes(scenario: Scenario) -> tuple[str, ...]:
    """What a reader wants to see first: cohorts at their dates, exits of their employers, start-ups, pay, compute."""
    last = scenario.months - 1
    found = [
        f"left:{cohort.name}@{seen.date}"
        for cohort in scenario.cohorts
        for seen in cohort.observations
        if 0 <= scenario.month_of(seen.date) <= last
    ]
    found += [f"left:{cohort.name}@{scenario.date_of(last)}" for cohort in scenario.cohorts]
    employers = dict.fromkeys(cohort.employer for cohort in scenario.cohorts) or {scenario.employers[0].name: None}
    found += [f"{kind}:{name}" for name in employers for kind in ("exits", "exit_rate", "headcount")]
    found += ["exits", "new_startups", "startup_share", "referral_share", "n_searching", "mean_pay", "compute_gini"]
    return tuple(dict.fromkeys(found))


def compare(
    scenario: Scenario,
    change: Change,
    *,
    against: Change | None = None,
    seed: int = 1,
    replicates: int = 20,
    workers: int = 1,
    outcomes: Sequence[str] | None = None,
    on_done: Callable[[Pair], None] | None = None,
) -> Paired:
    """Run every replicate twice, on the same people and the same luck, and compare.

    Args:
        scenario: of the first world.
        change: what is different in the second world.
        against: what is different in the first world from the scenario; nothing unless given.
        seed, replicates, workers: as for `simulate_many`; the numbers do not depend on the workers.
        outcomes: texts as in `abm/outcomes.py`; `default_outcomes` unless given.
        on_done: called with each pair as it is ready.

    Returns:
        Outcomes with intervals, people, and the causal chains of replicate 0.

    Raises:
        ScenarioError: a change or an outcome that cannot be read, or worlds without the same people.
    """
    against = against or Change()
    texts = default_outcomes(scenario) if outcomes is None else tuple(outcomes)
    check(scenario, change, against, texts)
    jobs = [(scenario, against, change, seed, number, texts) for number in range(replicates)]
    pairs: list[Pair] = []
    for _, pair in pool.each(run_pair, jobs, workers):
        pairs.append(pair)
        if on_done is not None:
            on_done(pair)
    return gather(scenario, change, texts, pairs)


def check(scenario: Scenario, change: Change, against: Change, texts: Sequence[str]) -> None:
    """Refuse, before anything is run, outcomes that cannot be read and worlds that do not hold the same people.

    Raises:
        ScenarioError: says what came and how to mend it.
    """
    one, two = against.apply(scenario), change.apply(scenario)
    for text in texts:
        read(text, one)
    sizes = [[(employer.name, employer.researchers) for employer in world.employers] for world in (one, two)]
    for what, differs in (
        ("start or months", (one.start, one.months) != (two.start, two.months)),
        ("the number of people of an employer", sizes[0] != sizes[1]),
        ("the number of people who may enter", one.entrants != two.entrants),
        ("cohorts", one.cohorts != two.cohorts),
    ):
        if differs:
            raise ScenarioError.about(
                "change",
                [f"{what} differ between the worlds: expected the same people and dates. Fix: set it in both worlds"],
            )


def read(text: str, scenario: Scenario) -> outcomes.Outcome:
    """An outcome by its text."""
    return outcomes.read(text, scenario)


def run_pair(
    scenario: Scenario, against: Change, change: Change, seed: int, replicate: int, texts: tuple[str, ...]
) -> Pair:
    """One replicate in both worlds (the unit of work of a worker process)."""
    first, second = (simulate(scenario, seed, replicate, each) for each in (against, change))
    pair = pair_of(scenario, replicate, texts, first, second)
    if replicate == TRACED:
        pair.chains = chains.trace(scenario, against, change, seed, replicate, first, second)
    return pair


def pair_of(scenario: Scenario, replicate: int, texts: Sequence[str], first: Result, second: Result) -> Pair:
    """What is kept of two results of one replicate; chains, which take two runs more, are not read."""
    values = np.array([[read(text, scenario).measure(result) for text in texts] for result in (first, second)])
    people = differences(first, second)
    words = [chains.departures_in_words(scenario, result) for result in (first, second)]
    told = [
        tuple(words[k][int(row)] if row >= 0 and kind != OTHER else ("", "") for k, row in enumerate(rows))
        for rows, kind in zip(zip(people["first"], people["second"], strict=True), people["kind"], strict=True)
    ]
    member = {name: set(rows.tolist()) for name, rows in first.members.items()}
    return Pair(
        replicate=replicate,
        digests=(first.digest, second.digest),
        values=values.reshape(2, len(texts)),
        people=people,
        cohort=[
            tuple(name for name, rows in member.items() if person in rows) for person in people["researcher"].tolist()
        ],
        left_for=[(one[1], two[1]) for one, two in told],
        dates=[(one[0], two[0]) for one, two in told],
        employer=[first.employers[row] if row >= 0 else "" for row in people["employer"].tolist()],
    )


def gather(scenario: Scenario, change: Change, texts: Sequence[str], pairs: Sequence[Pair]) -> Paired:
    """Put pairs together, in the order of their numbers: those that are done, if somebody interrupted."""
    done = sorted(pairs, key=lambda pair: pair.replicate)
    values = np.array([pair.values for pair in done]).reshape(len(done), 2, len(texts))
    rows = [outcome_row(read(text, scenario), values[:, 0, k], values[:, 1, k]) for k, text in enumerate(texts)]
    counts = np.array([np.bincount(pair.people["kind"], minlength=len(KINDS)) for pair in done], dtype=np.float64)
    found = Paired(change.label, done, rows)
    found.people = {name: estimate(counts.reshape(-1, len(KINDS))[:, code]) for code, name in enumerate(KINDS)}
    found.by_employer = _counted([[(name,) if name else () for name in pair.employer] for pair in done], done)
    found.by_cohort = _counted([pair.cohort for pair in done], done)
    return found


def _counted(groups: Sequence[Sequence[tuple[str, ...]]], pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Mean number of people a replicate by group and kind; the groups with most people first."""
    found: dict[str, dict[str, float]] = {}
    for pair, names in zip(pairs, groups, strict=True):
        for kind, mine in zip(pair.people["kind"].tolist(), names, strict=True):
            for name in mine:
                counts = found.setdefault(name, dict.fromkeys(KINDS, 0.0))
                counts[KINDS[kind]] += 1.0 / len(pairs)
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def estimate(values: Floats) -> Estimate:
    """Mean and 95 % interval over replicates, see `abm/verdicts.py`."""
    return Estimate(*verdicts.interval(values))


def outcome_row(outcome: outcomes.Outcome, first: Floats, second: Floats) -> OutcomeRow:
    """One outcome of R pairs. (R,) and (R,)."""
    correlation = ratio = float("nan")
    if len(first) >= verdicts.FEWEST:
        spread = float(first.var(ddof=1)), float(second.var(ddof=1))
        paired = float((second - first).var(ddof=1))
        if min(spread) > 0:
            correlation = float(np.corrcoef(first, second)[0, 1])
        if sum(spread) > 0:
            ratio = sum(spread) / paired if paired > 0 else float("inf")
    means = float(first.mean()), float(second.mean())
    difference = second - first
    told = (outcome.text, outcome.unit, outcome.meaning, *means, estimate(difference), verdicts.judge(difference))
    return OutcomeRow(*told, correlation, ratio)


def people_table(pairs: Sequence[Pair]) -> dict[str, list[Any]]:
    """Everybody who took another path, one row each, for a file."""
    columns: dict[str, list[Any]] = {name: [] for name in PEOPLE_COLUMNS}
    for pair in pairs:
        hit = pair.chains.told_of if pair.chains is not None else {}
        persons: Integers = pair.people["researcher"]
        for k, person in enumerate(persons.tolist()):
            row = (
                *(pair.replicate, person, KINDS[int(pair.people["kind"][k])], int(pair.people["month"][k])),
                *(pair.employer[k], ";".join(pair.cohort[k]), *pair.dates[k], *pair.left_for[k], hit.get(person, "")),
            )
            for name, value in zip(PEOPLE_COLUMNS, row, strict=True):
                columns[name].append(value)
    return columns


PEOPLE_COLUMNS = (
    *("replicate", "researcher", "kind", "month", "employer", "cohorts"),
    *("first_date", "second_date", "first_left_for", "second_left_for", "reached_by"),
)
