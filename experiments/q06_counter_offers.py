"""Counter-offers and vesting against more compute, per dollar.

Question: What does it cost Meta to keep one more person by counter-offers, vesting, a bonus, pay, or more compute?
Design: history against the same people and luck with each instrument at several strengths at Meta from January 2023
    on: counter-offers answered 1.5 and 2.5 times as often; grants that vest over 1.5 and 2 times as long; a bonus of 3
    and 6 months' pay lost by leaving; pay bands 10 % and 20 % higher; 2,000, 8,000 and 32,000 H100e more. Kept: fewer
    voluntary exits from Meta in the two years. Cost: pay with charges, the capital held by unvested equity, and compute
    owned, all beyond history for as much work, at the declared prices; a bonus is paid out once in its period; the
    price of compute is taken at both ends of its range. Cost per person kept by Fieller's interval, which has no end
    where the number kept cannot be told from zero. Primary outcome: exits with 2.5 times the counter-offers. Placebo: a
    pay band of 1.
Command: uv run python -m experiments.q06_counter_offers --replicates 40 --workers 2
Runtime: 12 minutes of one core for 20 replicates; --smoke 45 seconds.
Reads: scenario meta_fair; prices with their ranges from abm/data/costs.toml.
Writes: results/q06_counter_offers/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png.
What would change my mind: an order of instruments that turns within the range of prices; or an instrument that keeps
    nobody at any strength.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from abm.changes import change
from abm.columns import Floats
from abm.outcomes import Outcome
from abm.run import Result
from abm.scenario import load
from abm.world import World
from experiments import question
from experiments.costs import Prices, declared, prices
from experiments.question_words import effect, number, ratio_interval, size, verdict
from experiments.question_worlds import Arm, Design, Found, within

HISTORY = "history"
FIRST, LAST = "2023-01", "2024-12"
ENDS = ("default", "low", "high")
EXITS = f"exits:Meta@{FIRST}..{LAST}"
PAYROLL, YEARS, EQUITY, OWNED = "payroll:Meta", "person_years:Meta", "unvested:Meta", "owned_years:Meta"
COUNTER, VESTING, BONUS, BAND, COMPUTE = (
    *("counter-offers × {:g}", "vesting × {:g}", "bonus of {:g} months"),
    *("pay band × {:g}", "{:g} H100e more"),
)
STRENGTHS: dict[str, tuple[float, ...]] = {
    COUNTER: (2.5, 1.5),
    VESTING: (1.5, 2.0),
    BONUS: (3.0, 6.0),
    BAND: (1.1, 1.2),
    COMPUTE: (2000.0, 8000.0, 32000.0),
}
RENT = "h100e_year"  # the price that decides how compute compares, and so is taken over its range


def arm(instrument: str, strength: float) -> Arm:
    """One instrument at one strength, at Meta, from the beginning of the two years."""
    knobs: dict[str, dict[str, Any]] = {
        COUNTER: {"policies.match_offers.factor": strength},
        VESTING: {"policies.vesting.length": strength},
        BONUS: {"policies.retention_bonus.months": strength},
        BAND: {"policies.pay_band.level": strength, "policies.pay_band.ceiling": strength},
        COMPUTE: {"policies.buy_compute.h100e": strength, "policies.buy_compute.lead_time": 0},
    }
    policy = next(iter(knobs[instrument])).split(".")[1]
    where = {f"policies.{policy}.employer": "Meta", f"policies.{policy}.date": FIRST}
    return Arm(instrument.format(strength), change({**knobs[instrument], **where}))


ARMS = {(each, strength): arm(each, strength) for each, strengths in STRENGTHS.items() for strength in strengths}


def by_employer(world: World, amount: Floats) -> Floats:
    """(E,) an amount of everybody at work (N,) added up by employer of the scenario."""
    at_work = np.flatnonzero(world.researchers.team >= 0)
    home = world.employer_of()[at_work]
    return np.bincount(home, amount[at_work], minlength=world.n_employers)[: len(world.scenario.employers)]


def payroll(world: World) -> Floats:
    """(E,) kUSD a year paid."""
    return by_employer(world, world.researchers.pay)


def unvested(world: World) -> Floats:
    """(E,) kUSD of grants that have not vested."""
    return by_employer(world, world.researchers.equity_grant * world.unvested_share())


def total(result: Result, series: str, row: int, first: int, last: int) -> float:
    """A yearly amount added up over some months."""
    return float(within(result, series, first, last)[:, row].sum() / 12.0)


def design() -> Design:
    """History, and every instrument."""
    scenario = load("meta_fair")
    row = [each.name for each in scenario.employers].index("Meta")
    first, last = scenario.month_of(FIRST), scenario.month_of(LAST)
    sums = partial(total, row=row, first=first, last=last)
    return Design(
        scenario=scenario,
        arms=(Arm(HISTORY), *ARMS.values()),
        placebo=arm(BAND, 1.0).change,
        watched=(
            EXITS,
            Outcome(PAYROLL, "kUSD", "Pay over the two years.", partial(sums, series="payroll"), last),
            Outcome(YEARS, "person-years", "Work over the two years.", partial(sums, series="headcount"), last),
            Outcome(
                EQUITY, "kUSD years", "Unvested equity over the two years.", partial(sums, series="unvested"), last
            ),
            Outcome(OWNED, "H100e-years", "Compute owned over the two years.", partial(sums, series="owned"), last),
            f"exits:FAIR Paris LLM+FAIR US LLM+GenAI Llama+GenAI Paris@{FIRST}..{LAST}",
            "left:llama-authors@2023-09",
            "left:opt-authors@2023-09",
            f"headcount:Meta@{LAST}..{LAST}",
            f"pool:Meta@{FIRST}..{LAST}",
        ),
        meters=(payroll, unvested),
        smoke_months=14,
    )


def bill(found: Found, instrument: str, strength: float, price: Prices) -> Floats:
    """(R,) kUSD over the two years beyond history.

    Pay is counted beyond history's pay of as many person-years, because those who are kept also work; so is equity.
    """
    name = ARMS[instrument, strength].name

    def beyond(outcome: str) -> Floats:
        now, then = found.values(outcome, name), found.values(outcome, HISTORY)
        years, usual = found.values(YEARS, name), found.values(YEARS, HISTORY)
        return np.asarray(now - then * np.divide(years, usual, out=np.ones_like(years), where=usual > 0))

    compute = found.values(OWNED, name) - found.values(OWNED, HISTORY)
    cost = beyond(PAYROLL) * price["payroll_factor"] + beyond(EQUITY) * price["capital_charge"] + compute * price[RENT]
    if instrument == BONUS:  # paid to everybody who is there, once in its period
        cost = cost + strength * found.values(PAYROLL, name) / price["bonus_period"] * price["payroll_factor"]
    return np.asarray(cost)


def table(found: Found) -> list[dict[str, Any]]:
    """Kept, cost and cost per person kept of each instrument and strength, at three prices of compute."""
    lines = []
    for (instrument, strength), each in ARMS.items():
        kept = found.values(EXITS, HISTORY) - found.values(EXITS, each.name)
        row = found.row(EXITS, each.name)
        for end in ENDS if instrument == COMPUTE else ENDS[:1]:
            cost = bill(found, instrument, strength, prices({RENT: getattr(declared()[RENT], end)}))
            ratio, low, high = ratio_interval(cost, kept)
            lines.append(
                {
                    **{"instrument": each.name, "price": end, "kept": -row.difference, "kept_low": -row.high},
                    **{"kept_high": -row.low, "kept_seen": row.seen < 0, "kusd": float(cost.mean())},
                    **{"kusd_per_person": ratio, "low": low, "high": high},
                }
            )
    return lines


def more(found: Found) -> dict[str, Any]:
    """The costs for answer.json, with the prices they were made with."""
    return {
        "costs": table(found),
        "prices": prices(),
        "range_of_compute": {e: getattr(declared()[RENT], e) for e in ENDS},
    }


def answer(found: Found) -> str:
    """The cheapest instrument that is seen to keep people, compute beside, from the table of costs."""
    row, longer = found.row(EXITS, ARMS[COUNTER, 2.5].name), found.row(EXITS, ARMS[VESTING, 2.0].name)
    lines = table(found)
    seen = sorted((line for line in lines if line["kept_seen"]), key=lambda line: float(line["kusd_per_person"]))
    bought = [ARMS[COMPUTE, strength].name for strength in STRENGTHS[COMPUTE]]
    compute = [line for line in lines if line["instrument"] in bought and line["price"] == "default"]
    best = seen[0] if seen else None
    lead = verdict(row, "More counter-offers lose people", "More counter-offers keep people")
    cheapest = (
        f"cheapest that is seen to keep people: {_told(best)}" if best else "no instrument is seen to keep people"
    )
    return (
        f"{lead} ({size(row)} among exits from Meta in two years); {cheapest}; compute: "
        f"{'; '.join(_told(line) for line in compute)}; grants that vest over twice as long: {effect(longer)}."
    )


def _told(line: dict[str, Any]) -> str:
    """One instrument in words."""
    cost = f"{number(line['kusd'] / 1000)} million USD"
    if not line["kept_seen"]:
        return f"{line['instrument']} keeps {number(line['kept'])} (not told from 0) for {cost}"
    ends = f"[{number(line['low'] / 1000)}, {number(line['high'] / 1000)}]"
    return (
        f"{line['instrument']} keeps {number(line['kept'])} for {cost}, "
        f"{number(line['kusd_per_person'] / 1000)} {ends} million USD a person"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments, more=more)


if __name__ == "__main__":
    raise SystemExit(main())
