"""What is bid for one person: sequential auction with counter-offers (MODEL section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from typing import NamedTuple


class Bidder(NamedTuple):
    """An outside employer: utils of its job without pay, first and highest pay."""

    rest: float
    floor: float
    ceiling: float


class Present(NamedTuple):
    """The present employer: utils of the job without pay, pay now (0: no job), highest pay, does it answer at all."""

    rest: float
    pay: float
    ceiling: float
    answers: bool


class Outcome(NamedTuple):
    """Final pay of every offer; the present employer's answer, 0 for none; the best bidder, -1 for none."""

    pay: list[float]
    counter_pay: float
    winner: int


def bids(bidders: Sequence[Bidder], present: Present, taste: float, reference: float, bargaining: float) -> Outcome:
    """Everybody can go up to the own ceiling; what the winner pays is set by the second-best."""

    def worth(rest: float, amount: float) -> float:
        return rest + taste * log(amount / reference)

    def pay_for(value: float, rest: float) -> float:
        return reference * exp((value - rest) / taste)

    pays = [bidder.ceiling for bidder in bidders]
    highest = [worth(bidder.rest, bidder.ceiling) for bidder in bidders]
    if not bidders:
        return Outcome(pays, 0.0, -1)
    winner = highest.index(max(highest))
    best = highest[winner]
    second = max(highest[:winner] + highest[winner + 1 :], default=-inf)

    has_job = present.pay > 0
    now = worth(present.rest, present.pay) if has_job else present.rest
    can_answer = has_job and present.answers
    top_pay = max(present.pay, present.ceiling)
    limit = worth(present.rest, top_pay) if can_answer else now  # how high the present employer would go

    counter_pay = 0.0
    if best > limit:  # cannot or will not be beaten: the winner pays what just beats the second-best, and a share more
        rival = max(limit, second)
        asked = pay_for(rival + bargaining * (best - rival), bidders[winner].rest)
        pays[winner] = min(max(asked, bidders[winner].floor), bidders[winner].ceiling)
        if can_answer:  # best > limit >= now: the answer is given, at its ceiling, and loses
            counter_pay = top_pay
    elif best > now:  # the present employer beats it: a raise without a move
        asked = pay_for(best + bargaining * (limit - best), present.rest)
        counter_pay = min(max(asked, present.pay), top_pay)
    return Outcome(pays, counter_pay, winner)
