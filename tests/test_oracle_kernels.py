"""The kernels agree with the slow twin on whatever hypothesis thinks of, and both with answers known beforehand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from math import erf, exp, inf, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtri

from abm.kernels import allocation, auction, choice, exposure, inequality, matching, pairs, utility
from abm.streams import PURPOSES, Streams
from abm.tables import RULES
from tests.oracle import allocation as slow_allocation
from tests.oracle import auction as slow_auction
from tests.oracle import choice as slow_choice
from tests.oracle import groups as slow_groups
from tests.oracle import matching as slow_matching
from tests.oracle import utility as slow_utility
from tests.oracle.allocation import Claim
from tests.oracle.auction import Bidder, Present
from tests.oracle.luck import Luck
from tests.oracle.matching import Pair

often = settings(max_examples=80, deadline=None, derandomize=True)


def agree(fast: Any, slow: Any, scale: float = 1.0) -> None:
    """To 1e-12, relative or (on the scale of the problem) absolute."""
    np.testing.assert_allclose(np.asarray(fast), np.asarray(slow), rtol=1e-12, atol=1e-12 * scale)


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


def integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def floats(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


PAY, SHARE, TASTE, STOCK = between(20, 3000), between(0, 1), between(0, 5), between(0, 1e4)
UTILS = between(-20, 20)
LUCK = st.integers(1, 2**20 - 1).map(lambda k: k / 2**20)
FEW = st.integers(0, 12)


# ---- luck ----------------------------------------------------------------------------------------------------------


@often
@given(
    st.integers(0, 2**63),
    st.sampled_from(sorted(PURPOSES)),
    st.integers(0, 600),
    st.lists(st.tuples(st.integers(0, 2**48), st.integers(0, 2**48)), max_size=5),
)
def test_luck(seed: int, purpose: str, month: int, cells: list[tuple[int, int]]) -> None:
    fast, slow = Streams(seed), Luck(seed)
    rows, cols = integers([row for row, _ in cells]), integers([column for _, column in cells])
    assert fast.uniform(purpose, month, rows).tolist() == [slow.uniform(purpose, month, row) for row, _ in cells]
    assert fast.uniform(purpose, month, rows, cols).tolist() == [slow.uniform(purpose, month, *cell) for cell in cells]
    agree(fast.normal(purpose, month, rows, cols), [slow.normal(purpose, month, *cell) for cell in cells])
    agree(fast.gumbel(purpose, month, rows, cols), [slow.gumbel(purpose, month, *cell) for cell in cells])


# ---- utility -------------------------------------------------------------------------------------------------------

JOB = {
    "amount": PAY,
    "reference": PAY,
    "per_head": STOCK,
    "need": between(0.01, 1e3),
    "fit": SHARE,
    "peers": SHARE,
    "prestige_level": between(0, 20),
    "equity_ratio": between(0, 10),
    "place": between(-1, 0),
    "match": between(-3, 3),
}
TASTE_NAMES = ("pay", "compute", "culture", "peers", "prestige", "equity", "place")


def test_the_terms_have_the_same_names_in_the_same_order() -> None:
    assert utility.TERMS == slow_utility.TERMS


@often
@given(st.lists(st.tuples(st.tuples(*[TASTE] * len(TASTE_NAMES)), st.tuples(*JOB.values())), max_size=6))
def test_terms_of_any_job(rows: list[tuple[tuple[float, ...], tuple[float, ...]]]) -> None:
    taste = {name: floats([tastes[k] for tastes, _ in rows]) for k, name in enumerate(TASTE_NAMES)}
    job = {name: floats([values[k] for _, values in rows]) for k, name in enumerate(JOB)}
    fast = utility.base_terms(taste, **job)
    slow = [
        slow_utility.of_any_job(dict(zip(TASTE_NAMES, tastes, strict=True)), **dict(zip(JOB, values, strict=True)))
        for tastes, values in rows
    ]
    agree(fast, floats([[terms[name] for name in utility.TERMS] for terms in slow]).reshape(fast.shape))
    agree(utility.total(fast), [slow_utility.total(terms) for terms in slow], scale=30)


SIX = st.tuples(*[SHARE] * 6)


@often
@given(st.lists(st.tuples(SIX, SIX, SIX), max_size=6))
def test_culture_fit(rows: list[tuple[tuple[float, ...], ...]]) -> None:
    def column(k: int) -> NDArray[np.float64]:
        return floats([row[k] for row in rows]).reshape(len(rows), 6)  # type: ignore[arg-type]

    agree(utility.culture_fit(column(0), column(1), column(2)), [slow_utility.culture_fit(*row) for row in rows])


@often
@given(
    st.lists(st.tuples(STOCK, STOCK, between(1e-4, 10), between(0.1, 5), between(0.1, 5), st.booleans()), max_size=6),
    between(0, 3),
)
@example([(5.0, 5.0, 0.1, 1.0, 1.0, True), (0.0, 0.0, 0.1, 1.0, 1.0, True), (0.0, 3.0, 0.1, 0.5, 1.0, False)], 0.8)
def test_deprivation(rows: list[tuple[float, float, float, float, float, bool]], pay_weight: float) -> None:
    names = ("best_per_head", "own_per_head", "floor", "median_pay", "own_pay", "cares")
    columns = {name: np.array([row[k] for row in rows], dtype=float) for k, name in enumerate(names)}
    columns["cares"] = columns["cares"].astype(bool)
    slow = [
        slow_utility.deprivation(pay_weight=pay_weight, **dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
        for row in rows
    ]
    agree(utility.deprivation(pay_weight=pay_weight, **columns), slow)  # type: ignore[arg-type]
    assert all(value >= 0 for value in slow)


@often
@given(st.lists(st.tuples(st.integers(0, 600), SHARE, TASTE, STOCK, PAY), max_size=6), between(1, 100), between(1, 6))
def test_embeddedness_and_forfeited(rows: list[tuple[int, float, float, float, float]], scale: float, y: float) -> None:
    tenure, inside, taste, unvested, pay = (floats([row[k] for row in rows]) for k in range(5))
    agree(
        utility.embeddedness(tenure, scale, inside),
        [slow_utility.embeddedness(row[0], scale, row[1]) for row in rows],
    )
    agree(
        utility.forfeited(taste, unvested, pay, y),
        [slow_utility.forfeited(row[2], row[3], row[4], y) for row in rows],
    )


def test_utility_known_answers() -> None:
    one = np.ones(1)
    assert utility.pay(2 * one, 450 * one, 450 * one)[0] == 0  # reference pay is worth nothing more
    assert utility.pay(2 * one, 900 * one, 450 * one)[0] == pytest.approx(2 * log(2))
    assert utility.saturation(floats([0, 1, 3])).tolist() == [0, 1, 1.5]
    assert utility.compute(3 * one, one, one)[0] == 3  # just what is needed
    assert utility.compute(one, 1e12 * one, one)[0] == pytest.approx(2)  # plenty
    # two dimensions of weight 1/2 each, one off by 0.4, the other by 0.2: 1 - (0.16 + 0.04) / 2 = 0.9
    assert utility.culture_fit(floats([[0.9, 0.2]]), floats([[0.5, 0.5]]), floats([[0.5, 0.4]]))[0] == pytest.approx(
        0.9
    )
    # twice the compute next door, and a median 10 % above the own pay: ln 2 + 0.5 ln 1.1
    known = log(2) + 0.5 * log(1.1)
    felt = utility.deprivation(2 * one, one, 0 * one, 1.1 * one, one, 0.5, np.array([True]))
    assert felt[0] == pytest.approx(known)
    assert utility.embeddedness(floats([0, 0, 1e9]), 36, floats([0, 1, 1])).tolist() == [0, 0.5, 1]
    # unvested equity of four years' pay is like doubling the pay for four years
    assert utility.forfeited(one, 4 * 300 * one, 300 * one, 4)[0] == pytest.approx(log(2))


# ---- choice --------------------------------------------------------------------------------------------------------


@often
@given(st.lists(st.tuples(st.tuples(*[between(0, 3)] * 5), LUCK), max_size=8))
@example([((0, 0, 0, 0, 0), 0.5), ((0, 0, 0, 0, 5), 1e-9), ((1, 0, 0, 0, 0), 1 - 1e-9)])
def test_opened(rows: list[tuple[tuple[float, ...], float]]) -> None:
    hazard = floats([row[0] for row in rows]).reshape(len(rows), 5)  # type: ignore[arg-type]
    is_open, part = choice.opened(hazard, floats([row[1] for row in rows]))
    assert list(zip(is_open.tolist(), part.tolist(), strict=True)) == [slow_choice.opened(*row) for row in rows]


def test_opened_known_answers() -> None:
    # parts 0.1, 0.3: open below 1 - exp(-0.4) = 0.32968, by the first below a quarter of that, 0.08242
    luck = floats([0.0823, 0.0825, 0.3296, 0.3298])
    is_open, part = choice.opened(np.tile([0.1, 0.3], (4, 1)), luck)
    assert is_open.tolist() == [True, True, True, False]
    assert part.tolist() == [0, 1, 1, 2]


FOUND = st.one_of(st.just(-inf), UTILS)
GUMBEL = between(-3, 12)
DECIDER = st.tuples(UTILS, FOUND, UTILS, st.tuples(*[GUMBEL] * 4), st.lists(st.tuples(UTILS, GUMBEL), max_size=8))


def fast_nested(deciders: Sequence[Any], scale: float, dissimilarity: float) -> tuple[Any, Any]:
    person = [k for k, decider in enumerate(deciders) for _ in decider[4]]
    return choice.nested(
        floats([d[0] for d in deciders]),
        floats([d[1] for d in deciders]),
        floats([d[2] for d in deciders]),
        floats([value for d in deciders for value, _ in d[4]]),
        integers(person),
        floats([d[3] for d in deciders]).reshape(len(deciders), 4),  # type: ignore[arg-type]
        floats([luck for d in deciders for _, luck in d[4]]),
        scale,
        dissimilarity,
    )


@often
@given(st.lists(DECIDER, max_size=6), between(0.05, 1), between(0.2, 1))
@example([], 0.35, 0.6)
@example([(0.0, -inf, -3.0, (0.0, 0.0, 0.0, 0.0), [])], 0.35, 0.6)
@example([(0.0, -inf, -3.0, (0.0, 0.0, 0.0, 0.0), [(1.0, 0.5)] * 3)], 0.35, 0.6)  # three offers alike
@example([(0.0, 1.0, -3.0, (0.0, 0.0, 0.0, 0.0), [(1.0, 0.5), (-inf, 0.0)])], 0.35, 1.0)
def test_nested(deciders: list[Any], scale: float, dissimilarity: float) -> None:
    nests, by_offer = fast_nested(deciders, scale, dissimilarity)
    slow = []
    for stay, found, leave, luck, offers in deciders:
        values, offer_luck = [value for value, _ in offers], [e for _, e in offers]
        slow.append(slow_choice.nested(stay, found, leave, values, luck, offer_luck, scale, dissimilarity))
    agree(nests, floats([[u.stay, u.move, u.found, u.leave] for u in slow]).reshape(nests.shape), scale=40)  # type: ignore[arg-type]
    agree(by_offer, [u for person in slow for u in person.offers], scale=40)


def test_nested_logit_shares_match_the_closed_form() -> None:
    """Train (2009), chapter 4: P(nest) is a logit of inclusive values, P(offer | move) one of values over lambda."""
    n, scale, dissimilarity = 40_000, 0.5, 0.6
    stay, found, leave, offers = 1.0, 0.4, -0.5, [0.8, 0.3, 0.9]
    inner = scale * dissimilarity
    inclusive = inner * log(sum(exp(value / inner) for value in offers))
    nest_share = {name: exp(v / scale) for name, v in (("s", stay), ("m", inclusive), ("f", found), ("l", leave))}
    whole = sum(nest_share.values())
    move = nest_share["m"] / whole
    known = [nest_share["s"] / whole, *(move * exp((v - inclusive) / inner) for v in offers)]
    known += [nest_share["f"] / whole, nest_share["l"] / whole]
    assert sum(known) == pytest.approx(1)

    people, each = np.arange(n), np.ones(n)
    luck = Streams(3)
    nests, by_offer = choice.nested(
        stay * each,
        found * each,
        leave * each,
        np.tile(offers, n),
        np.repeat(people, 3),
        luck.gumbel("choice_nest", 0, people[:, None], np.arange(4)),
        luck.gumbel("choice_offer", 0, np.repeat(people, 3), np.tile(np.arange(3), n)),
        scale,
        dissimilarity,
    )
    options = np.column_stack([nests[:, 0], by_offer.reshape(n, 3), nests[:, 2], nests[:, 3]])
    seen = np.bincount(options.argmax(axis=1), minlength=6) / n
    assert np.all(np.abs(seen - known) < 4 * np.sqrt(np.array(known) / n))


def test_with_dissimilarity_one_the_nests_are_a_plain_logit() -> None:
    n, scale, values = 40_000, 0.4, floats([0.2, 0.5, -0.1])
    people, each, luck = np.arange(n), np.ones(n), Streams(4)
    nests, by_offer = choice.nested(
        values[0] * each,
        -inf * each,
        values[2] * each,
        np.repeat(values[1], n),
        people,
        luck.gumbel("choice_nest", 0, people[:, None], np.arange(4)),
        luck.gumbel("choice_offer", 0, people, 0),
        scale,
        1.0,
    )
    seen = np.bincount(np.column_stack([nests[:, 0], by_offer, nests[:, 3]]).argmax(axis=1), minlength=3) / n
    known = np.exp(values / scale) / np.exp(values / scale).sum()
    assert np.all(np.abs(seen - known) < 4 * np.sqrt(known / n))


# ---- auction -------------------------------------------------------------------------------------------------------

BIDDER = st.builds(
    lambda rest, floor, more: Bidder(rest, floor, floor * more), UTILS, PAY, st.one_of(st.just(1.0), between(1, 3))
)
PRESENT = st.builds(Present, UTILS, st.one_of(st.just(0.0), PAY), st.one_of(st.just(0.0), PAY), st.booleans())
MARKET = st.tuples(st.lists(BIDDER, max_size=7), PRESENT, between(0.5, 4), PAY)


def fast_bids(markets: Sequence[Any], bargaining: float) -> list[tuple[list[float], float, int]]:
    """The kernel on all people at once, told person by person."""
    person = [k for k, market in enumerate(markets) for _ in market[0]]
    every = [bidder for market in markets for bidder in market[0]]
    pay, counter, winner = auction.bids(
        integers(person),
        floats([bidder.rest for bidder in every]),
        floats([bidder.floor for bidder in every]),
        floats([bidder.ceiling for bidder in every]),
        floats([market[2] for market in markets]),
        floats([market[3] for market in markets]),
        floats([market[1].rest for market in markets]),
        floats([market[1].pay for market in markets]),
        floats([market[1].ceiling for market in markets]),
        np.array([market[1].answers for market in markets], dtype=bool),
        bargaining,
    )
    found, first = [], 0
    for k, market in enumerate(markets):
        last = first + len(market[0])
        found.append((pay[first:last].tolist(), float(counter[k]), int(winner[k]) - first if winner[k] >= 0 else -1))
        first = last
    return found


ONE = Bidder(1.0, 300.0, 400.0)


@often
@given(st.lists(MARKET, max_size=5), SHARE)
@example([], 0.3)
@example([([], Present(0.0, 0.0, 0.0, True), 2.0, 400.0)], 0.3)
@example([([ONE, ONE, ONE], Present(0.0, 300.0, 350.0, True), 2.0, 400.0)], 0.3)  # the same bid three times
@example([([ONE], Present(1.0, 380.0, 200.0, True), 2.0, 400.0)], 0.0)  # a ceiling below the present pay
@example([([ONE], Present(1.0, 400.0, 400.0, True), 2.0, 400.0)], 0.3)  # M1 = V0 exactly
@example([([ONE], Present(1.0, 300.0, 400.0, True), 2.0, 400.0)], 0.3)  # M1 = C0 exactly
@example([([ONE], Present(1.0, 300.0, 500.0, False), 2.0, 400.0)], 0.3)  # could answer, does not
@example([([ONE], Present(1.0, 0.0, 500.0, True), 2.0, 400.0)], 0.3)  # nobody answers for who has no job
def test_bids(markets: list[Any], bargaining: float) -> None:
    for market, (pay, counter, winner) in zip(markets, fast_bids(markets, bargaining), strict=True):
        slow = slow_auction.bids(*market, bargaining)
        agree(pay, slow.pay)
        agree(counter, slow.counter_pay)
        assert winner == slow.winner


def test_auction_raise_without_a_move() -> None:
    # Taste 2, reference 100. Outside: up to 120, else alike. Here: 100 now, up to 150. With beta 0 the answer matches
    # the outside exactly: 120. With beta 1 the person gets all that the present employer would give: 150.
    market = ([Bidder(0.0, 90.0, 120.0)], Present(0.0, 100.0, 150.0, True), 2.0, 100.0)
    assert fast_bids([market], 0.0)[0] == ([120.0], pytest.approx(120), 0)
    assert fast_bids([market], 1.0)[0] == ([120.0], pytest.approx(150), 0)


def test_auction_pay_cut_for_a_better_job() -> None:
    # The job outside is worth 1 util more without pay; 2 ln(pay / 100) + 1 = 0 at pay = 100 exp(-1/2) = 60.65: the
    # pay that just beats staying at 100. Nobody answers, beta is 0, and the first offer of 50 does not bind.
    market = ([Bidder(1.0, 50.0, 120.0)], Present(0.0, 100.0, 150.0, False), 2.0, 100.0)
    pay, counter, winner = fast_bids([market], 0.0)[0]
    assert (pay, counter, winner) == ([pytest.approx(100 * exp(-0.5))], 0.0, 0)
    # With a first offer of 80 the cut is to 80.
    market = ([Bidder(1.0, 80.0, 120.0)], Present(0.0, 100.0, 150.0, False), 2.0, 100.0)
    assert fast_bids([market], 0.0)[0][0] == [80.0]


def test_auction_two_bidders_and_an_answer_that_loses() -> None:
    # Outside up to 200 and up to 140, here 100 now and up to 130: the winner pays what just beats 140 and the answer
    # stands at 130.
    bidders = [Bidder(0.0, 90.0, 200.0), Bidder(0.0, 90.0, 140.0)]
    pay, counter, winner = fast_bids([(bidders, Present(0.0, 100.0, 130.0, True), 2.0, 100.0)], 0.0)[0]
    assert pay == [pytest.approx(140), 140.0]
    assert (counter, winner) == (130.0, 0)


def test_auction_bids_below_the_present_job_change_nothing() -> None:
    market = ([Bidder(0.0, 80.0, 100.0)], Present(0.1, 100.0, 150.0, True), 2.0, 100.0)
    assert fast_bids([market], 0.3)[0] == ([100.0], 0.0, 0)  # the bid stands at its ceiling and loses


@often
@given(MARKET, SHARE)
def test_auction_leaves_nobody_with_less_than_the_second_best(market: Any, bargaining: float) -> None:
    bidders, present, taste, reference = market
    pay, counter, winner = fast_bids([market], bargaining)[0]
    for bidder, amount in zip(bidders, pay, strict=True):
        assert bidder.floor <= amount <= bidder.ceiling
    if counter:
        assert present.pay > 0 and present.answers
        assert present.pay <= counter <= max(present.pay, present.ceiling)
    if winner >= 0 and present.pay > 0 and pay[winner] < bidders[winner].ceiling:  # it won
        mine = bidders[winner].rest + taste * log(pay[winner] / reference)
        assert mine >= present.rest + taste * log((counter or present.pay) / reference) - 1e-9


# ---- allocation ----------------------------------------------------------------------------------------------------

AMOUNT = st.one_of(st.just(0.0), st.integers(1, 400).map(float), between(0.01, 1e4))
TEAM = st.builds(
    lambda heads, request, priority, urgency: Claim(
        float(heads), request if heads else 0.0, priority * urgency * (request if heads else 0.0), urgency
    ),
    FEW,
    AMOUNT,
    st.one_of(st.just(0.0), st.just(1.0), between(0.1, 5)),
    between(1, 3),
)
HOUSE = st.tuples(AMOUNT, st.lists(TEAM, max_size=7))


def fast_case(houses: Sequence[tuple[float, list[Claim]]]) -> allocation.Case:
    claims = [claim for _, teams in houses for claim in teams]
    return allocation.Case(
        pool=floats([pool for pool, _ in houses]),
        employer=integers([row for row, (_, teams) in enumerate(houses) for _ in teams]),
        heads=floats([claim.heads for claim in claims]),
        request=floats([claim.request for claim in claims]),
        weight=floats([claim.weight for claim in claims]),
        urgency=floats([claim.urgency for claim in claims]),
    )


EMPTY: list[tuple[float, list[Claim]]] = [(5.0, []), (0.0, [Claim(2, 3, 3, 1)]), (4.0, [Claim(0, 0, 0, 1)] * 2)]


@pytest.mark.parametrize("rule", RULES)
@often
@given(houses=st.lists(HOUSE, max_size=4))
@example(houses=[])
@example(houses=EMPTY)
@example(houses=[(10.0, [Claim(3, 5, 5, 1)] * 3)])  # all alike
@example(houses=[(15.0, [Claim(3, 5, 5, 1)] * 3)])  # just enough
@example(houses=[(40.0, [Claim(3, 5, 0, 1)] * 3)])  # nobody has weight
def test_allocation_rules(rule: str, houses: list[tuple[float, list[Claim]]]) -> None:
    fast = allocation.RULES[rule](fast_case(houses))
    slow = [amount for pool, claims in houses for amount in slow_allocation.RULES[rule](pool, claims)]
    scale = 1 + sum(pool + sum(c.request for c in claims) for pool, claims in houses)
    agree(fast, slow, scale=scale)


@pytest.mark.parametrize("rule", RULES)
@often
@given(house=HOUSE)
def test_every_rule_gives_the_whole_pool_and_no_more(rule: str, house: tuple[float, list[Claim]]) -> None:
    pool, claims = house
    given_out = allocation.RULES[rule](fast_case([house]))
    assert np.all(given_out >= 0)
    if any(claim.request > 0 and claim.weight > 0 for claim in claims):
        assert given_out.sum() == pytest.approx(pool, rel=1e-12, abs=1e-12)
    assert given_out.sum() <= pool * (1 + 1e-12)


@pytest.mark.parametrize("rule", RULES)
@often
@given(houses=st.lists(HOUSE, max_size=4))
@example(houses=[(7.0, [Claim(2, 1 / 3, 0.1, 1)] * 3), (0.0, [Claim(3, 0.7, 0.7, 1), Claim(1, 5, 2, 1)])])
def test_nothing_comes_of_nothing(rule: str, houses: list[tuple[float, list[Claim]]]) -> None:
    """An empty pool gives exactly nothing, whatever the sums over the employers before it."""
    case = fast_case(houses)
    given_out = allocation.RULES[rule](case)
    assert not given_out[case.pool[case.employer] == 0].any()


@often
@given(HOUSE)
def test_water_filling_is_max_min_fair(house: tuple[float, list[Claim]]) -> None:
    """By definition: a team that got less than it asked for has at least as much per head as any other team."""
    _, claims = house
    case = fast_case([house])
    got = allocation.water_fill(case.heads, case)
    for claim, mine in zip(claims, got, strict=True):
        assert mine <= claim.request * (1 + 1e-12)
        if claim.heads and mine < claim.request * (1 - 1e-9):
            for other, theirs in zip(claims, got, strict=True):
                if other.heads:
                    assert mine / claim.heads >= theirs / other.heads * (1 - 1e-9)


def test_allocation_known_answers() -> None:
    # Pool 12 for teams of 1, 1 and 2 heads that ask for 2, 20 and 20. Equal per head: 3, 3, 6. By demand: 12/42 of
    # each request. Max-min: the first has its 2, the others share 10 by heads, 10/3 and 20/3. Winner takes all with
    # the second first: 0, 12, 0.
    case = fast_case([(12.0, [Claim(1, 2, 1, 1), Claim(1, 20, 9, 1), Claim(2, 20, 4, 1)])])
    assert allocation.equal_per_head(case).tolist() == [3, 3, 6]
    assert allocation.by_demand(case).tolist() == pytest.approx([24 / 42, 240 / 42, 240 / 42])
    assert allocation.max_min_fair(case).tolist() == pytest.approx([2, 10 / 3, 20 / 3])
    assert allocation.winner_takes_all(case).tolist() == [0, 12, 0]
    # The committee pours by weights 1 : 9 : 4, so nobody is served in full: 12/14, 108/14, 48/14.
    assert allocation.committee(case).tolist() == pytest.approx([12 / 14, 108 / 14, 48 / 14])
    # Equal sharing beats unequal sharing for the poor team.
    assert allocation.equal_per_head(case)[0] > allocation.by_demand(case)[0]


@often
@given(st.lists(HOUSE, max_size=4), st.data(), SHARE)
@example(EMPTY, None, 0.1)
def test_escalation(houses: list[tuple[float, list[Claim]]], data: st.DataObject | None, shift: float) -> None:
    case = fast_case(houses)
    compute = allocation.equal_per_head(case)
    j = len(compute)
    roles = data.draw(st.lists(st.sampled_from("won lost gives".split()), min_size=j, max_size=j)) if data else []
    roles = roles or ["won"] * j
    won = np.array([role == "won" for role in roles], dtype=bool)
    gives = np.array([role == "gives" for role in roles], dtype=bool)
    n_heard = np.bincount(case.employer[won], minlength=len(houses)).astype(float)
    fast = allocation.escalate(compute, case, won, gives, shift, n_heard)
    slow: list[float] = []
    for row, (pool, claims) in enumerate(houses):
        mine = np.flatnonzero(case.employer == row)
        slow += slow_allocation.escalate(pool, claims, *(a[mine].tolist() for a in (compute, won, gives)), shift)
    agree(fast, slow, scale=1 + compute.sum())
    for row, (pool, _) in enumerate(houses):
        mine = case.employer == row
        assert fast[mine].sum() == pytest.approx(compute[mine].sum(), abs=1e-9)
        assert np.abs(fast - compute)[mine].sum() / 2 <= shift * pool + 1e-9


# ---- matching ------------------------------------------------------------------------------------------------------


@st.composite
def markets(draw: st.DrawFn, n_people: int = 6, n_teams: int = 4, strict: bool = False) -> tuple[list[Pair], list[int]]:
    """Some of all possible pairs in a shuffled order; with `strict` nobody is indifferent."""
    possible = list(itertools.product(range(n_people), range(n_teams)))
    chosen = draw(st.lists(st.sampled_from(possible), unique=True, max_size=len(possible)))
    if strict:
        rank, score = (draw(st.permutations(range(len(chosen)))) for _ in range(2))
    else:
        rank, score = (draw(st.lists(st.integers(0, 3), min_size=len(chosen), max_size=len(chosen))) for _ in range(2))
    quota = draw(st.lists(st.integers(0, 3), min_size=n_teams, max_size=n_teams))
    return [Pair(i, j, float(a), float(b)) for (i, j), a, b in zip(chosen, rank, score, strict=True)], quota


def columns(pairs: Sequence[Pair]) -> tuple[Any, Any, Any, Any]:
    person, team, preference, score = zip(*pairs, strict=True) if pairs else ((), (), (), ())
    return integers(person), integers(team), floats(preference), floats(score)


@often
@given(markets(), st.integers(0, 8))
@example(([], [1, 1]), 8)
@example(([Pair(0, 0, 1.0, 1.0), Pair(1, 0, 1.0, 1.0)], [1]), 8)
@example(([Pair(0, 0, 1.0, 1.0), Pair(5, 0, 1.0, 2.0)], [0]), 8)
def test_deferred_acceptance(market: tuple[list[Pair], list[int]], max_rounds: int) -> None:
    pairs, quota = market
    held, rounds = matching.deferred_acceptance(*columns(pairs), integers(quota), max_rounds)
    slow_held, slow_rounds = slow_matching.deferred_acceptance(pairs, quota, max_rounds)
    assert (set(np.flatnonzero(held).tolist()), rounds) == (slow_held, slow_rounds)
    left = matching.blocking_pairs(*columns(pairs), integers(quota), held)
    assert set(left.tolist()) == slow_matching.blocking_pairs(pairs, quota, slow_held)


def all_matchings(pairs: Sequence[Pair], quota: Sequence[int]) -> Iterator[dict[int, Pair]]:
    """Every way to give people at most one of their pairs within the quotas: no algorithm, only enumeration."""
    people = sorted({pair.person for pair in pairs})
    choices = [[None, *(pair for pair in pairs if pair.person == person)] for person in people]
    for option in itertools.product(*choices):
        taken = [pair for pair in option if pair is not None]
        if all(sum(pair.team == team for pair in taken) <= quota[team] for team in range(len(quota))):
            yield {pair.person: pair for pair in taken}


def blocks(pair: Pair, matching: dict[int, Pair], quota: Sequence[int]) -> bool:
    """Roth and Sotomayor (1990), definition 2.2 with many posts: both would gain by leaving what they have."""
    mine = matching.get(pair.person)
    if mine is not None and mine.preference >= pair.preference:
        return False
    staff = [held for held in matching.values() if held.team == pair.team]
    return len(staff) < quota[pair.team] or any(held.score < pair.score for held in staff)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(markets(n_people=5, n_teams=3, strict=True))
def test_deferred_acceptance_is_the_best_stable_matching_for_people(market: tuple[list[Pair], list[int]]) -> None:
    pairs, quota = market
    held, _ = matching.deferred_acceptance(*columns(pairs), integers(quota), 1000)
    found = {pairs[k].person: pairs[k] for k in np.flatnonzero(held)}
    stable = [m for m in all_matchings(pairs, quota) if not any(blocks(pair, m, quota) for pair in pairs)]
    assert found in stable
    for other in stable:  # nobody does better in any other stable matching
        for person, pair in other.items():
            assert found[person].preference >= pair.preference
        assert other.keys() == found.keys()  # rural hospitals: the same people find a post in all of them


@settings(max_examples=40, deadline=None, derandomize=True)
@given(markets(n_people=4, n_teams=3), st.data())
def test_blocking_pairs_are_exactly_the_blocking_pairs(market: tuple[list[Pair], list[int]], data: Any) -> None:
    pairs, quota = market
    every = list(all_matchings(pairs, quota))
    for held_pairs in data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=6)):
        held = np.array([held_pairs.get(pair.person) == pair for pair in pairs], dtype=bool)
        found = matching.blocking_pairs(*columns(pairs), integers(quota), held)
        assert found.tolist() == [k for k, pair in enumerate(pairs) if blocks(pair, held_pairs, quota)]


def test_bounded_rounds_leave_friction_that_is_counted() -> None:
    # All three want team 0 (one post) most, then team 1 (two posts). The first round holds person 2 and refuses the
    # others; stopped there, teams 1's free posts block with both; a second round clears the market.
    pairs = [Pair(i, j, float(2 - j), float(i)) for i in range(3) for j in range(2)]
    for most, n_held, n_blocking in ((1, 1, 2), (2, 3, 0)):
        held, rounds = matching.deferred_acceptance(*columns(pairs), integers([1, 2]), most)
        assert (int(held.sum()), rounds) == (n_held, most)
        assert len(matching.blocking_pairs(*columns(pairs), integers([1, 2]), held)) == n_blocking


# ---- groups, lots, ties, inequality --------------------------------------------------------------------------------

GROUPED = st.lists(st.tuples(st.integers(0, 4), st.one_of(st.integers(0, 3).map(float), between(-9, 9))), max_size=20)


@often
@given(GROUPED)
@example([])
@example([(2, 1.0), (2, 1.0), (2, 1.0)])
def test_ranks_and_medians(rows: list[tuple[int, float]]) -> None:
    group, key = [g for g, _ in rows], [k for _, k in rows]
    assert pairs.rank_within(integers(group), floats(key)).tolist() == slow_groups.rank_within(group, key)
    agree(pairs.group_median(integers(group), floats(key), 6), slow_groups.group_median(group, key, 6))


@often
@given(st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=6), min_size=1, max_size=5), st.data())
def test_weighted_pick(segments: list[list[int]], data: st.DataObject) -> None:
    """Whole weights and binary luck, so that both sides calculate without rounding and edges are hit exactly."""
    bounds = np.concatenate([[0], np.cumsum([len(segment) for segment in segments])])
    luck = data.draw(st.lists(st.integers(1, 63), min_size=len(segments), max_size=len(segments)))
    cumulative = pairs.running_sum(floats([w for segment in segments for w in segment]))
    fast = pairs.weighted_pick(cumulative, bounds[:-1], bounds[1:], floats(luck) / 64)
    for k, segment in enumerate(segments):
        if sum(segment):
            assert fast[k] - bounds[k] == slow_groups.weighted_pick(segment, luck[k] / 64)
            assert segment[fast[k] - bounds[k]] > 0
        assert bounds[k] <= fast[k] < bounds[k + 1]


@often
@given(st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=1, max_size=6), st.integers(0, 6), st.data())
def test_accepted_first(weight: list[float], n: int, data: st.DataObject) -> None:
    """Eight tries each; luck in quarters of the bound hits the edges exactly; what exceeds the bound is the bound."""
    row, quarter = st.integers(0, len(weight) - 1), st.integers(0, 7).map(lambda k: k / 8)
    proposed = data.draw(st.lists(st.lists(row, min_size=8, max_size=8), min_size=n, max_size=n))
    luck = data.draw(st.lists(st.lists(quarter, min_size=8, max_size=8), min_size=n, max_size=n))
    rows, chances = (np.array(values).reshape(n, 8) for values in (proposed, luck))
    fast = pairs.accepted_first(floats(weight), rows.astype(np.int64), chances.astype(float), 2.0)
    slow = [slow_groups.accepted_first(weight, *one, 2.0) for one in zip(proposed, luck, strict=True)]
    assert [None if found < 0 else found for found in fast.tolist()] == slow


def test_accepted_first_picks_in_proportion_to_weight() -> None:
    # Weights 1, 2, 0, 5 (bound 4): shares 1 : 2 : 0 : 4 of those that find anybody; one try fails with 1 - 7 / 16.
    n, luck = 20_000, Streams(6)
    every, tries = np.arange(n)[:, None], np.arange(3)
    proposed = (luck.uniform("contact_person", 0, every, tries) * 4).astype(np.int64)
    found = pairs.accepted_first(floats([1, 2, 0, 5]), proposed, luck.uniform("contact_seen", 0, every, tries), 4.0)
    fails = (9 / 16) ** 3
    for row, share in ((-1, fails), (0, (1 - fails) / 7), (1, 2 * (1 - fails) / 7), (2, 0), (3, 4 * (1 - fails) / 7)):
        assert (found == row).mean() == pytest.approx(share, abs=4 * sqrt(share / n) + 1e-12)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[int, dict[int, float]], list[int]]:
    """A graph of a few people, and where each of them works (-1: nowhere)."""
    n = draw(st.integers(1, 8))
    graph: dict[int, dict[int, float]] = {person: {} for person in range(n)}
    for a, b in itertools.combinations(range(n), 2):
        if draw(st.booleans()):
            graph[a][b] = graph[b][a] = draw(between(0.01, 1))
    return graph, draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n))


@often
@given(graphs(), st.data())
def test_exposures(world: tuple[dict[int, dict[int, float]], list[int]], data: st.DataObject) -> None:
    graph, employer = world
    n = len(employer)
    start = np.cumsum([0, *(len(graph[person]) for person in range(n))])
    neighbour = np.array([other for person in range(n) for other in sorted(graph[person])], dtype=np.int32)
    owner = np.repeat(np.arange(n, dtype=np.int32), np.diff(start))
    strength = floats([graph[a][b] for a, b in zip(owner.tolist(), neighbour.tolist(), strict=True)])
    works = np.array(employer, dtype=np.int32)
    totals = exposure.tie_totals(start, strength)
    agree(totals, [sum(graph[person].values()) for person in range(n)])
    agree(
        exposure.share_at_own(start, owner, neighbour, strength, works, totals),
        [slow_groups.share_at_own(graph, employer, person) for person in range(n)],
    )
    asked = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, 2)), max_size=10))
    agree(
        exposure.share_at(
            start, neighbour, strength, works, totals, integers([p for p, _ in asked]), integers([e for _, e in asked])
        ),
        [slow_groups.share_at(graph, employer, *pair) for pair in asked],
    )
    agree(
        exposure.felt_departures(
            start, neighbour, strength, totals, integers([p for p, _ in asked]), integers([e for _, e in asked]), works
        ),
        slow_groups.felt_departures(graph, asked, employer),
    )


@often
@given(st.lists(st.tuples(FEW, FEW), max_size=8), st.data())
def test_expand(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    start = np.cumsum([0, *(length for length, _ in rows)])
    asked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)) if rows else []
    entry, which = pairs.expand(start, integers(asked))
    known = [(e, k) for k, row in enumerate(asked) for e in range(start[row], start[row + 1])]
    assert list(zip(entry.tolist(), which.tolist(), strict=True)) == known


@often
@given(st.lists(st.one_of(st.just(0.0), between(0.01, 1e3)), max_size=12))
@example([])
@example([0.0, 0.0])
def test_inequality(values: list[float]) -> None:
    agree(inequality.gini(floats(values)), slow_groups.gini(values))
    agree(inequality.herfindahl(floats(values)), slow_groups.herfindahl(values))


def test_inequality_known_answers() -> None:
    assert inequality.gini(floats([3, 3, 3])) == pytest.approx(0)
    assert inequality.gini(floats([0, 0, 0, 8])) == pytest.approx(3 / 4)
    assert inequality.herfindahl(floats([2, 2, 2, 2])) == pytest.approx(1 / 4)
    sigma = 0.9  # a lognormal has erf(sigma / 2)
    sample = np.exp(sigma * ndtri((np.arange(20_000) + 0.5) / 20_000))
    assert inequality.gini(sample) == pytest.approx(erf(sigma / 2), abs=1e-3)


def test_openings_come_as_often_as_the_hazard_says() -> None:
    """P(open) = 1 - exp(-sum), and each part opens in proportion to its hazard."""
    n, parts = 20_000, floats([0.05, 0.2, 0.1])
    is_open, part = choice.opened(np.tile(parts, (n, 1)), Streams(8).uniform("open_decision", 0, np.arange(n)))
    known = 1 - exp(-0.35)
    assert is_open.mean() == pytest.approx(known, abs=4 * sqrt(known / n))
    for k, share in enumerate(known * parts / parts.sum()):
        assert (part == k).mean() == pytest.approx(share, abs=4 * sqrt(share / n))
