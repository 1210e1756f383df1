"""Which employers people prefer, recovered from their moves as an econometrician would, and held against the model.

The estimator sees moves, offers and head counts. The model knows what employers are worth to people: whether the
first finds the second is a test of the method on a market that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from abm.columns import Bools, Floats
from abm.kernels import ranking
from abm.replay import begin, step
from abm.scenario import Scenario
from abm.streams import Streams
from abm.summary import NEW_STARTUP
from abm.tables import Cause

SAMPLES = 400  # of the bootstrap
LEVEL = 0.95
FEWEST = 4  # employers for a rank correlation: of three, one order in six is perfect by chance


@dataclass(slots=True)
class Flows:
    """What one history says about employers; G = employers of the scenario, then all start-ups of the run as one.

    Attributes:
        moves: (G, G) own decisions to move from job to job; row the employer chosen, column the one left.
        offers: (G, G) offers made to people employed elsewhere, in the same order.
        size: (G,) person-months of work.
        pay: (G,) kUSD a year, added up over person-months.
        premium: (G,) ln of pay over the reference pay of the person's skill, added up likewise.
        utility: (G,) utils of the present job, added up likewise.
        offered: (G,) utils of the offers to people employed elsewhere, added up over offers.
        digest, events_digest: of the final state, and of what happened.
    """

    moves: Floats
    offers: Floats
    size: Floats
    pay: Floats
    premium: Floats
    utility: Floats
    offered: Floats
    digest: str
    events_digest: str


def flows(scenario: Scenario, seed: int, replicate: int) -> Flows:
    """Run one history and count (the unit of work of a process)."""
    world = begin(scenario, seed, replicate)
    n = len(scenario.employers) + 1
    people = world.researchers
    offers = np.zeros((n, n))
    size, pay, premium, utility, offered = np.zeros((5, n))
    for _ in range(scenario.months):
        home = np.minimum(world.employer_of(), n - 1)
        step(world)
        made = world.offers
        assert made is not None and world.decisions is not None
        source, origin = np.minimum(world.teams.employer[made.team], n - 1), home[made.researcher]
        outside = (origin >= 0) & (origin != source)
        np.add.at(offers, (source[outside], origin[outside]), 1.0)
        offered += np.bincount(source[outside], made.value[outside], minlength=n)
        worker = np.flatnonzero(people.team >= 0)
        place = np.minimum(world.employer_of()[worker], n - 1)
        size += np.bincount(place, minlength=n)
        pay += np.bincount(place, people.pay[worker], minlength=n)
        premium += np.bincount(place, np.log(people.pay[worker] / world.reference_pay()[worker]), minlength=n)
        utility += np.bincount(place, world.decisions.present[worker], minlength=n)
    moves = np.zeros((n, n))
    left = world.ledger.table("departures")
    if left:
        job = np.isin(left["cause"], (Cause.JOB, Cause.STARTUP_JOB))
        goal, origin = (np.minimum(left[name][job], n - 1) for name in ("to_employer", "from_employer"))
        np.add.at(moves, (goal, origin), 1.0)
        np.fill_diagonal(moves, 0.0)  # from one start-up to another
    return Flows(moves, offers, size, pay, premium, utility, offered, world.digest(), world.events_digest())


def names_of(scenario: Scenario) -> list[str]:
    """Names of the G employers."""
    return [*(employer.name for employer in scenario.employers), NEW_STARTUP]


@dataclass(frozen=True, slots=True)
class Number:
    """An estimate with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(slots=True)
class Ranking:
    """Values of employers, and how they agree with what the model knows.

    Attributes:
        rows: one mapping per ranked employer, best first.
        unranked: names of employers without moves both ways, with moves in and out.
        fit: what is compared -> Spearman's rank correlation with the value; empty with fewer than FEWEST employers.
        pairwise_fit: the same for values net of the offers of each pair.
        rents: share of the variance of pay premiums between employers that goes with value (squared correlation,
            weighted by size); 1 - rents is what Sorkin calls compensating differentials.
        slope: utils of value per unit of ln pay premium, weighted by size.
        moves, histories: how much it is made from.
    """

    rows: list[dict[str, Any]]
    unranked: list[tuple[str, int, int]]
    fit: dict[str, Number]
    pairwise_fit: dict[str, Number]
    rents: Number
    slope: Number
    moves: int
    histories: int


def rank(names: Sequence[str], found: Sequence[Flows], seed: int, samples: int = SAMPLES) -> Ranking:
    """Values, intervals and fit from the flows of some histories; intervals are over histories (bootstrap).

    Raises:
        ValueError: no two employers exchange people both ways.
    """
    kept = ranking.ranked_set(ranking.informative(_total(found, "moves"), _total(found, "offers")))
    if not kept.any():
        raise ValueError("no two employers have moves in both directions; take more replicates or months")
    point = _measure(found, kept)
    luck = Streams(seed)
    places = np.arange(len(found))
    drawn: list[dict[str, Any]] = []
    for sample in range(samples if len(found) > 1 else 0):
        chosen = (luck.uniform("resample", 0, np.full(len(found), sample), places) * len(found)).astype(np.int64)
        again = [found[place] for place in chosen]
        moves = ranking.informative(_total(again, "moves"), _total(again, "offers"))
        if ranking.ranked_set(moves[np.ix_(kept, kept)]).all():
            drawn.append(_measure(again, kept))

    def number(read: Any) -> Number:
        value = float(read(point))
        seen = np.array([read(each) for each in drawn])
        if len(seen) < 0.9 * samples or not len(seen):  # the interval would be that of the lucky samples
            return Number(value, float("nan"), float("nan"))
        low, high = np.quantile(seen, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Number(value, float(low), float(high))

    compared = KNOWN if kept.sum() >= FEWEST else ()
    moves = _total(found, "moves")
    inside, outside = moves.sum(axis=1), moves.sum(axis=0)
    pay_place = rankdata(-point["mean pay"]).astype(int)
    rows: list[dict[str, Any]] = [
        {
            "employer": names[group],
            "value": number(lambda each, k=k: each["value"][k]),
            "pairwise": number(lambda each, k=k: each["pairwise"][k]),
            "utility": float(point["utility of the job"][k]),
            "pay": float(point["mean pay"][k]),
            "pay_rank": int(pay_place[k]),
            "moves_in": int(inside[group]),
            "moves_out": int(outside[group]),
        }
        for k, group in enumerate(np.flatnonzero(kept).tolist())
    ]
    rows.sort(key=lambda row: -row["value"].value)
    return Ranking(
        rows=rows,
        unranked=[(names[k], int(inside[k]), int(outside[k])) for k in np.flatnonzero(~kept).tolist()],
        fit={name: number(lambda each, name=name: _spearman(each["value"], each[name])) for name in compared},
        pairwise_fit={
            name: number(lambda each, name=name: _spearman(each["pairwise"], each[name])) for name in compared
        },
        rents=number(lambda each: each["rents"]),
        slope=number(lambda each: each["slope"]),
        moves=int(moves[np.ix_(kept, kept)].sum()),
        histories=len(found),
    )


KNOWN = ("utility of the job", "utility of the offers", "pay premium", "mean pay", "size")


def _total(found: Sequence[Flows], name: str) -> Floats:
    return np.asarray(sum(getattr(each, name) for each in found))


def _measure(found: Sequence[Flows], kept: Bools) -> dict[str, Any]:
    """Everything that is estimated, from the flows of some histories put together."""
    square = np.ix_(kept, kept)
    moves, offers = _total(found, "moves")[square], _total(found, "offers")
    made = offers.sum(axis=1)[kept]
    months = _total(found, "size")
    size = months[kept]
    value = ranking.values(moves, made / (months.sum() - size), size)
    premium = _total(found, "premium")[kept] / size
    weight = size / size.sum()
    v, p = value - weight @ value, premium - weight @ premium
    shared, spread = weight @ (v * p), weight @ (p * p)
    return {
        "value": value,
        "pairwise": ranking.pairwise_values(moves, offers[square]),
        "utility of the job": _total(found, "utility")[kept] / size,
        "utility of the offers": _total(found, "offered")[kept] / made,
        "pay premium": premium,
        "mean pay": _total(found, "pay")[kept] / size,
        "size": size,
        "rents": shared**2 / (spread * (weight @ (v * v))),
        "slope": shared / spread,
    }


def _spearman(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])
