"""Pay by sequential auction with counter-offers (Postel-Vinay and Robin 2002; bargaining as in Cahuc et al. 2006)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.columns import Bools, Floats


def bids(
    offer_person: NDArray[np.int64],
    offer_rest: Floats,
    offer_floor: Floats,
    offer_ceiling: Floats,
    taste_pay: Floats,
    reference: Floats,
    present_rest: Floats,
    present_pay: Floats,
    present_ceiling: Floats,
    answers: Bools,
    bargaining: float,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Final pay of every offer and the present employer's answer.

    Every bidder can go up to its ceiling, where the job is worth its highest value M. Let M1 be the best and M2 the
    second-best outside value, V0 the present value, C0 the present employer's highest value (V0 if it does not answer).
      M1 <= V0        nothing changes: outside bids stand at their ceilings and lose;
      V0 < M1 <= C0   the present employer answers: its value becomes M1 + beta (C0 - M1), a raise without a move;
      M1 > C0         the best outsider wins with R + beta (M1 - R), R = max(C0, M2), but never less than its first
                      offer: possibly a pay cut. The present employer's answer, if it gives one, stands at its ceiling.

    Args:
        offer_person: (P,) 0..N-1, non-decreasing.
        offer_rest: (P,) utils of the offer without its pay term.
        offer_floor, offer_ceiling: (P,) kUSD a year, first and highest offer, floor <= ceiling.
        taste_pay, reference: (N,) utils per ln pay; kUSD a year.
        present_rest: (N,) utils of the present job without its pay term.
        present_pay, present_ceiling: (N,) kUSD a year; pay 0 for people without a job.
        answers: (N,) the present employer answers outside offers.
        bargaining: beta in [0, 1].

    Returns:
        pay (P,) kUSD; counter_pay (N,) kUSD, 0 without an answer; winner (N,) index of the best outside bid, -1 none.
        Example: one offer, equal rests, no answer, beta 0, floor 0.1: the pay equals the present pay.
    """
    n = len(taste_pay)
    p = len(offer_person)
    highest = offer_rest + taste_pay[offer_person] * np.log(offer_ceiling / reference[offer_person])
    present = present_rest + np.where(
        present_pay > 0, taste_pay * np.log(np.where(present_pay > 0, present_pay, reference) / reference), 0.0
    )
    can_answer = answers & (present_pay > 0)
    top_pay = np.maximum(present_pay, present_ceiling)
    answer_value = np.where(
        can_answer, present_rest + taste_pay * np.log(np.where(can_answer, top_pay, reference) / reference), present
    )

    best = np.full(n, -np.inf)
    np.maximum.at(best, offer_person, highest)
    winner = np.full(n, p, dtype=np.int64)
    is_best = highest == best[offer_person]
    np.minimum.at(winner, offer_person[is_best], np.flatnonzero(is_best))  # ties: the first in order
    others = np.arange(p) != winner[offer_person]
    second = np.full(n, -np.inf)
    np.maximum.at(second, offer_person[others], highest[others])
    winner[winner == p] = -1

    pay = offer_ceiling.copy()
    wins = (winner >= 0) & (best > answer_value)
    people = np.flatnonzero(wins)
    won = winner[people]
    rival = np.maximum(answer_value[people], second[people])
    target = rival + bargaining * (best[people] - rival)
    solved = reference[people] * np.exp((target - offer_rest[won]) / taste_pay[people])
    pay[won] = np.clip(solved, offer_floor[won], offer_ceiling[won])

    threatened = can_answer & (winner >= 0) & (best > present)
    matched = threatened & ~wins
    bar = np.where(matched, best, 0.0)  # -inf without an offer
    value = bar + bargaining * (np.where(matched, answer_value, 0.0) - bar)
    solved = np.exp((value - np.where(matched, present_rest, 0.0)) / taste_pay)
    answer = np.where(matched, reference * solved, top_pay)
    counter_pay = np.where(threatened, np.clip(answer, present_pay, top_pay), 0.0)
    return pay, counter_pay, winner
