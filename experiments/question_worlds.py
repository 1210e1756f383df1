"""Worlds of one scenario with the same people and luck, compared outcome by outcome: the table of a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np

from abm import outcomes, paired, pool, verdicts
from abm.changes import Change
from abm.columns import Floats
from abm.outcomes import Outcome
from abm.replay import begin, step
from abm.run import Result, Watch, conclude, replicate_seed
from abm.scenario import Scenario
from abm.world import World

PLACEBO: Final = "placebo"
PLACEBOS: Final = 2  # histories of it: one that moves is enough to say that something is wrong

Meter = Callable[[World], Any]
"""Read from a world at the end of every month; its values are the series of the result under the function's name."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One world by name: what is different in it from the scenario."""

    name: str
    change: Change = Change()  # noqa: RUF009  # immutable


@dataclass(frozen=True, slots=True)
class Between:
    """An outcome that needs both worlds of a pair, such as exits of those who are laid off in neither.

    Attributes:
        text, unit, meaning: as of an outcome.
        measure: (kept of the world, kept of the world against) -> the numbers of both; see `Design.keep`.
    """

    text: str
    unit: str
    meaning: str
    measure: Callable[[Any, Any], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Design:
    """Worlds of one scenario, and what is compared between them.

    Attributes:
        scenario: the history.
        arms: worlds; the first is what the others are compared with.
        placebo: a change that is written out and changes nothing.
        watched: outcomes as texts, or made by the script; the first is the primary one.
        pairs: (world, against) by name, besides the placebo; each arm against the first unless given.
        primary: text of the primary outcome; the first watched unless given.
        meters: read every month.
        keep: what of a history is needed for `between`: (scenario, result) -> anything small.
        between: outcomes that need both worlds of a pair.
        smoke_months: length of a history with --smoke.
    """

    scenario: Scenario
    arms: tuple[Arm, ...]
    placebo: Change
    watched: tuple[str | Outcome, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    primary: str = ""
    meters: tuple[Meter, ...] = ()
    keep: Callable[[Scenario, Result], Any] | None = None
    between: tuple[Between, ...] = ()
    smoke_months: int = 12

    @property
    def worlds(self) -> tuple[Arm, ...]:
        """All worlds that are run, the placebo last."""
        return (*self.arms, Arm(PLACEBO, self.placebo))

    @property
    def compared(self) -> tuple[tuple[str, str], ...]:
        """The pairs of worlds, the placebo last."""
        first = self.arms[0].name
        return (*(self.pairs or tuple((arm.name, first) for arm in self.arms[1:])), (PLACEBO, first))

    def shortened(self) -> Design:
        """The same design on the first months only; outcomes end where the run ends."""
        short = self.scenario.with_settings({"months": min(self.smoke_months, self.scenario.months)})
        watched = {
            each if isinstance(each, str) else each.text: each
            for each in map(partial(clipped, scenario=short), self.watched)
        }
        return replace(self, scenario=short, watched=tuple(watched.values()))


def texts_of(design: Design) -> list[str]:
    """The outcomes of a single history by text."""
    return [each if isinstance(each, str) else each.text for each in design.watched]


@dataclass(frozen=True, slots=True)
class Seen:
    """One history: outcomes, digests of bytes and events, seed, months drawn for events, and what was kept of it."""

    values: list[float]
    digest: str
    events_digest: str
    seed: int
    event_months: list[int]
    kept: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome in one world against another, over replicates with the same people and luck.

    Attributes:
        outcome, unit, meaning: what.
        scenario: name.
        world, against: names of the two worlds.
        pairs: replicates in which both worlds have the outcome.
        mean, mean_against: in the two worlds.
        difference: mean of world less against; low and high bound its 95 % interval (nan without one).
        verdict, p: what the differences show and the p of its test, see `abm/verdicts.py`.
        correlation: of the two worlds over replicates; nan if one does not vary, or of too few pairs.
        variance_ratio: how many unpaired histories one pair is worth; nan as the correlation.
    """

    outcome: str
    unit: str
    meaning: str
    scenario: str
    world: str
    against: str
    pairs: int
    mean: float
    mean_against: float
    difference: float
    low: float
    high: float
    verdict: str
    p: float
    correlation: float
    variance_ratio: float

    @property
    def seen(self) -> int:
        """1 if the world is higher, -1 if it is lower, 0 if neither is shown."""
        return verdicts.side(self.verdict)


@dataclass(slots=True)
class Found:
    """All that was measured.

    Attributes:
        designs: as run.
        seen: by design, world and replicate; of the placebo the first replicates only.
        rows: the table.
        replicates: whole ones.
    """

    designs: tuple[Design, ...]
    seen: list[dict[str, list[Seen]]]
    rows: list[Row] = field(default_factory=list)
    replicates: int = 0

    def row(self, outcome: str, world: str, against: str = "", scenario: str = "") -> Row:
        """One row by the beginning of its outcome (a smoke run ends earlier than the text says) and its worlds.

        Raises:
            LookupError: there is no such row; names the outcomes that there are.
        """
        start = outcome.partition("@")[0]
        for exact in (True, False):
            for row in self.rows:
                same = row.outcome == outcome if exact else row.outcome.partition("@")[0] == start
                if same and row.world == world and against in ("", row.against) and scenario in ("", row.scenario):
                    return row
        raise LookupError(f"no row {outcome!r} for {world!r}; there are {sorted({row.outcome for row in self.rows})}")

    def values(self, outcome: str, world: str, design: int = 0) -> Floats:
        """(replicates,) an outcome in one world."""
        texts = texts_of(self.designs[design])
        start = outcome.partition("@")[0]
        place = texts.index(outcome) if outcome in texts else [t.partition("@")[0] for t in texts].index(start)
        return np.array([each.values[place] for each in self.seen[design][world]])


# ---- running ---------------------------------------------------------------------------------------------------


def observe(
    scenario: Scenario,
    seed: int,
    replicate: int,
    change: Change,
    watched: tuple[str | Outcome, ...],
    meters: tuple[Meter, ...],
    keep: Callable[[Scenario, Result], Any] | None,
) -> Seen:
    """One history from the start to the end (the unit of work of a worker process)."""
    described = change.apply(scenario)
    world = begin(described, seed, replicate)
    watch = Watch.of(world)
    read: dict[str, list[Any]] = {meter.__name__: [] for meter in meters}
    for _ in range(described.months):
        step(world, change.actions)
        watch.look(world)
        for meter in meters:
            read[meter.__name__].append(meter(world))
    result = conclude(world, watch, replicate, replicate_seed(seed, replicate))
    result.series |= {name: np.array(values, dtype=np.float64) for name, values in read.items()}
    values = [
        float((outcomes.read(each, scenario) if isinstance(each, str) else each).measure(result)) for each in watched
    ]
    kept = keep(scenario, result) if keep is not None else None
    return Seen(values, result.digest, result.events_digest, result.seed, result.event_months, kept)


def collect(
    designs: Sequence[Design],
    seed: int,
    replicates: int,
    workers: int,
    on_done: Callable[[], None] | None = None,
) -> Found:
    """Run every world of every design in every replicate.

    Replicate r has the same people and the same luck in all worlds of a design. Interrupted, what is whole is kept.
    The numbers do not depend on the workers.
    """
    for design in designs:
        for text in design.watched:
            if isinstance(text, str):
                outcomes.read(text, design.scenario)
        for arm in design.worlds:
            arm.change.apply(design.scenario)
    places = planned(designs, replicates)
    jobs = []
    for replicate, number, arm in places:
        design = designs[number]
        jobs.append((design.scenario, seed, replicate, arm.change, design.watched, design.meters, design.keep))
    done: dict[int, Seen] = {}
    try:
        for place, seen in pool.each(observe, jobs, workers):
            done[place] = seen
            if on_done is not None:
                on_done()
    except KeyboardInterrupt:
        if not _whole(done, places, replicates):
            raise
    whole = _whole(done, places, replicates)
    seen_by: list[dict[str, list[Seen]]] = [{arm.name: [] for arm in design.worlds} for design in designs]
    for place, (replicate, number, arm) in enumerate(places):
        if replicate in whole:
            seen_by[number][arm.name].append(done[place])
    found = Found(tuple(designs), seen_by, replicates=len(whole))
    found.rows = [row for number in range(len(designs)) for row in _rows(found, number)]
    return found


def planned(designs: Sequence[Design], replicates: int) -> list[tuple[int, int, Arm]]:
    """(replicate, design, world) of every history, replicate by replicate; the placebo in the first `PLACEBOS` only."""
    return [
        (replicate, number, arm)
        for replicate in range(replicates)
        for number, design in enumerate(designs)
        for arm in design.worlds
        if arm.name != PLACEBO or replicate < PLACEBOS
    ]


def _whole(done: Mapping[int, Seen], places: Sequence[tuple[int, int, Arm]], replicates: int) -> list[int]:
    """Replicates of which every world is done."""
    lacking = {replicate for place, (replicate, _, _) in enumerate(places) if place not in done}
    return [replicate for replicate in range(replicates) if replicate not in lacking]


def _rows(found: Found, number: int) -> list[Row]:
    """The table of one design: every pair of worlds, every outcome."""
    design, seen = found.designs[number], found.seen[number]
    read = [outcomes.read(each, design.scenario) if isinstance(each, str) else each for each in design.watched]
    rows = []
    for world, against in design.compared:
        one = seen[world]
        two = seen[against][: len(one)]  # the placebo is run less often
        for place, outcome in enumerate(read):
            values = [np.array([each.values[place] for each in side]) for side in (one, two)]
            rows.append(row_of(design.scenario.name, outcome, world, against, values[0], values[1]))
        for between in design.between:
            pairs = np.array([between.measure(a.kept, b.kept) for a, b in zip(one, two, strict=True)])
            outcome = Outcome(between.text, between.unit, between.meaning, _nothing, 0)
            rows.append(row_of(design.scenario.name, outcome, world, against, pairs[:, 0], pairs[:, 1]))
    return rows


def _nothing(result: Result) -> float:
    """Of an outcome that no single history has."""
    return float("nan")


def row_of(scenario: str, outcome: Outcome, world: str, against: str, one: Floats, two: Floats) -> Row:
    """A row from the values of both worlds (replicates,); replicates without the outcome are left out."""
    there = np.isfinite(one) & np.isfinite(two)
    if not there.any():
        none = float("nan")
        return Row(
            outcome.text, outcome.unit, outcome.meaning, scenario, world, against, 0, none, none, none, none, none,
            verdicts.FEW, none, none, none,
        )  # fmt: skip
    told = paired.outcome_row(outcome, two[there], one[there])
    return Row(
        outcome=told.text,
        unit=told.unit,
        meaning=told.meaning,
        scenario=scenario,
        world=world,
        against=against,
        pairs=int(there.sum()),
        mean=told.second,
        mean_against=told.first,
        difference=told.difference.mean,
        low=told.difference.low,
        high=told.difference.high,
        verdict=told.verdict.word,
        p=told.verdict.p,
        correlation=told.correlation,
        variance_ratio=told.variance_ratio,
    )


def within(result: Result, series: str, first: int, last: int) -> Floats:
    """(months, ...) a series in a window; of a run that ends earlier, as much of the window as there is, or its end."""
    end = min(last, result.months - 1)
    return np.asarray(result.series[series][min(first, end) : end + 1])


def clipped(outcome: str | Outcome, scenario: Scenario) -> str | Outcome:
    """An outcome whose window lies in the run: it ends with it, or is its last month. Outcomes in Python are kept."""
    if not isinstance(outcome, str) or "@" not in outcome:
        return outcome
    what, _, when = outcome.partition("@")
    end = scenario.date_of(scenario.months - 1)
    return f"{what}@{'..'.join(min(date, end) for date in when.split('..'))}"
