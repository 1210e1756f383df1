"""Run a scenario: one replicate or many, in this process or in workers. No agents are built on the way.

result = simulate("tiny", seed=1)
results = simulate_many(load("meta_fair"), seed=1, replicates=20, workers=2)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm import pool
from abm.changes import Change, act
from abm.cohorts import has_left
from abm.columns import Floats, Integers
from abm.employment import states
from abm.ledger import Row
from abm.model import TalentMarket
from abm.scenario import Scenario, load
from abm.streams import spawned
from abm.world import World


@dataclass(slots=True)
class Result:
    """One replicate: what happened, and the digests that prove it.

    Attributes:
        replicate, seed: number in the ensemble and the seed that was used.
        months: months run.
        series: metric -> (months,) or (months, entities).
        departures, moves, startups: ledger tables, columns by name.
        offers: the offers of every month without their terms.
        options: offers held by people in the month they left, with terms (why-card).
        at_start: (people,) where everybody is before the first month: employer, or -1 - Status.
        members: cohort -> rows of its members.
        left, left_voluntarily: (cohorts, months) counts.
        leaders: (months + 1, teams) row of the leader before each month and at the end, -1 vacant.
        employers, teams: names by row; scenario's first, potential start-ups after them.
        event_months: month drawn for each event of the scenario.
        graph: people, ties and cohort for drawing; only for replicate 0.
        digest: SHA-256 of the final state and the ledger, to the last bit; depends on the kind of processor.
        events_digest: SHA-256 of what happened, in whole numbers; to be compared between machines.
    """

    replicate: int
    seed: int
    months: int
    series: dict[str, Floats]
    departures: Row
    moves: Row
    startups: Row
    offers: Row
    options: Row
    at_start: Integers
    members: dict[str, Integers]
    left: Floats
    left_voluntarily: Floats
    leaders: Integers
    employers: list[str]
    teams: list[str]
    event_months: list[int]
    graph: dict[str, Any]
    digest: str
    events_digest: str


def replicate_seed(seed: int, replicate: int) -> int:
    """Seed of a replicate: spawned from both numbers, so that neighbouring seeds share nothing.

    Example: `TalentMarket("tiny", rng=replicate_seed(1, 0))` is replicate 0 of `talent run tiny --seed 1`, and of every
    sweep with that seed.
    """
    return spawned(seed, replicate)


def simulate(scenario: str | Scenario, seed: int = 1, replicate: int = 0, change: Change | None = None) -> Result:
    """Run one replicate to the end of its scenario.

    Args:
        scenario: name, path, or a `Scenario`.
        seed: of the ensemble.
        replicate: number of the replicate; with the seed it fixes every draw.
        change: what is different in this world from the scenario; the luck stays the same.

    Returns:
        The result; running it again gives the same digests.
    """
    change = change or Change()
    described = change.apply(scenario if isinstance(scenario, Scenario) else load(scenario))
    used = replicate_seed(seed, replicate)
    model = TalentMarket(described, rng=used, collect=False)
    world = model.world
    watch = Watch.of(world)
    for _ in range(described.months):
        act(world, change.actions)
        model.step()
        watch.look(world)
    vars(model).clear()  # Mesa's model refers to itself: it would keep its world until the collector happens to come by
    return conclude(world, watch, replicate, used)


@dataclass(slots=True)
class Watch:
    """What a result needs and the world does not keep: the start, who is away from each cohort when, and who leads.

    Make it in month 0, `look` after every month, `fork` it with the world, and `conclude`.
    """

    team: Integers
    home: Integers
    gone: list[list[Integers]]
    leaders: list[Integers]

    @classmethod
    def of(cls, world: World) -> Watch:
        """The watch of a world of month 0."""
        gone: list[list[Integers]] = [[] for _ in world.cohorts]
        return cls(world.researchers.team.copy(), states(world), gone, [world.teams.leader.copy()])

    def look(self, world: World) -> None:
        """Note the month that has just ended."""
        for number, cohort in enumerate(world.cohorts):
            away = has_left(world, number) if cohort.month < world.month else np.zeros(0, dtype=bool)
            self.gone[number].append(cohort.members[np.flatnonzero(away)])
        self.leaders.append(world.teams.leader.copy())

    def fork(self) -> Watch:
        """A second watch that goes on from here."""
        return Watch(self.team, self.home, [list(months) for months in self.gone], list(self.leaders))


def conclude(world: World, watch: Watch, replicate: int, seed: int) -> Result:
    """The result of a world that has been watched from month 0."""
    gone, shape = watch.gone, (len(watch.gone), world.month)
    left = np.array([[len(people) for people in months] for months in gone], dtype=np.float64)
    willing = np.array([_willing(world, number, months) for number, months in enumerate(gone)], dtype=np.float64)
    return _result(world, replicate, seed, left.reshape(shape), willing.reshape(shape), watch)


def _willing(world: World, number: int, gone: list[Integers]) -> list[int]:
    """How many of those gone in each month went by their own will, the last time they left the cohort's employer."""
    cohort, left = world.cohorts[number], world.ledger.table("departures")
    last: dict[int, bool] = {}
    found, row = [], 0
    mine = np.zeros(0, dtype=np.int64)
    if left:
        mine = np.flatnonzero((left["from_employer"] == cohort.employer) & np.isin(left["researcher"], cohort.members))
    for month, people in enumerate(gone):
        while row < len(mine) and left["month"][mine[row]] <= month:
            last[int(left["researcher"][mine[row]])] = bool(left["voluntary"][mine[row]])
            row += 1
        found.append(sum(last.get(person, True) for person in people.tolist()))
    return found


def _result(world: World, replicate: int, seed: int, left: Floats, willing: Floats, watch: Watch) -> Result:
    departures, offers = world.ledger.table("departures"), world.ledger.table("offers")
    options: Row = {}
    if offers:
        month_person = offers["month"] * world.n_researchers + offers["researcher"]
        moved = departures["month"] * world.n_researchers + departures["researcher"] if departures else month_person[:0]
        held = np.isin(month_person, moved)
        options = {name: values[held] for name, values in offers.items()}
        offers = {name: values for name, values in offers.items() if name not in ("terms", "score")}
    return Result(
        replicate=replicate,
        seed=seed,
        months=world.month,
        series={name: np.asarray(values, dtype=np.float64) for name, values in world.ledger.series.items()},
        departures=departures,
        moves=world.ledger.table("moves"),
        startups=world.ledger.table("startups"),
        offers=offers,
        options=options,
        at_start=watch.home,
        members={cohort.name: cohort.members for cohort in world.cohorts},
        left=left,
        left_voluntarily=willing,
        leaders=np.asarray(np.stack(watch.leaders), dtype=np.int64),
        employers=world.employer_names,
        teams=world.team_names,
        event_months=[dated.month for dated in world.events],
        graph=_graph(world, watch.team) if replicate == 0 else {},
        digest=world.digest(),
        events_digest=world.events_digest(),
    )


def _graph(world: World, at_start: Integers, most: int = 1200) -> dict[str, Any]:
    """The ties among the people whom the report draws: cohorts first, then the focal employer at the start."""
    focal = world.cohorts[0].employer if world.cohorts else 0
    cohort_of = np.full(world.n_researchers, -1)
    for number in reversed(range(len(world.cohorts))):
        cohort_of[world.cohorts[number].members] = number
    home = np.where(at_start >= 0, world.teams.employer[at_start], -1)
    order = np.lexsort((np.arange(world.n_researchers), home != focal, cohort_of < 0))
    shown = np.sort(order[: min(most, int(((home == focal) | (cohort_of >= 0)).sum()) or most)])
    place = np.full(world.n_researchers, -1)
    place[shown] = np.arange(len(shown))
    ties = world.ties
    keep = (place[ties.owner] >= 0) & (place[ties.neighbour] > place[ties.owner])
    return {
        "researcher": shown,
        "state": states(world)[shown],
        "team": at_start[shown],
        "cohort": cohort_of[shown],
        "left": (world.affiliation()[shown] != focal) & (home[shown] == focal),
        "a": place[ties.owner[keep]],
        "b": place[ties.neighbour[keep]],
        "strength": ties.strength[keep],
        "kind": ties.kind[keep],
    }


def simulate_many(
    scenario: str | Scenario,
    seed: int = 1,
    replicates: int = 40,
    workers: int = 1,
    on_done: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Run replicates 0..R-1, in order of number whatever the number of workers.

    Args:
        scenario: name, path, or a `Scenario`.
        seed: of the ensemble.
        replicates: how many.
        workers: processes; 1 runs in this one. The results do not depend on it.
        on_done: called with each result as it is ready (progress; saving).

    Returns:
        The results in the order of their numbers.

    Raises:
        RuntimeError: a replicate killed its worker again and again; names the replicate. What is done was handed to
            `on_done` before.
    """
    described = scenario if isinstance(scenario, Scenario) else load(scenario)
    done: dict[int, Result] = {}
    for number, result in pool.each(simulate, [(described, seed, number) for number in range(replicates)], workers):
        done[number] = result
        if on_done is not None:
            on_done(result)
    return [done[number] for number in sorted(done)]
