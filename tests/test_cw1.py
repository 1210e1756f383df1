"""The reference workload is worth comparing with only if it does what it says: it equals its slow twin each month."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench import cw1
from tests.bench.slow_cw1 import SlowMarket


@pytest.mark.parametrize(("n_researchers", "n_employers", "seed"), [(400, 12, 1), (150, 40, 2), (30, 3, 3), (1, 1, 4)])
def test_fast_and_slow_twins_agree_on_the_same_dice(n_researchers: int, n_employers: int, seed: int) -> None:
    market = cw1.make(n_researchers, n_employers, seed)
    twin = SlowMarket(market)
    for _ in range(12):
        draws = cw1.draw(market)
        cw1.step(market, draws)
        expected = twin.step(draws)
        assert market.employer.tolist() == twin.employer
        recorded = [market.series[name][-1] for name in cw1.SERIES]
        np.testing.assert_allclose(recorded, expected, rtol=1e-6, atol=1e-9)


def test_blocks_are_invisible(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cw1.run(500, 10, seed=5, months=6)
    monkeypatch.setattr(cw1, "BLOCK", 37)
    in_blocks = cw1.run(500, 10, seed=5, months=6)
    assert {name: values.tolist() for name, values in whole.items()} == {
        name: values.tolist() for name, values in in_blocks.items()
    }


def test_what_is_remembered_equals_what_is_counted() -> None:
    market = cw1.make(3_000, 25, seed=6)
    for _ in range(10):
        cw1.month(market)
    assert sum(market.series["moves"]) > 100
    same_employer = market.employer[market.neighbour] == np.repeat(market.employer, market.degree)
    row = np.repeat(np.arange(3_000), market.degree)
    share = np.bincount(row[same_employer], minlength=3_000) / np.maximum(1, market.degree)
    np.testing.assert_allclose(market.own_share, share, rtol=1e-6)
    np.testing.assert_array_equal(market.slot_employer, market.employer[market.neighbour])
    np.testing.assert_array_equal(market.head_count, np.bincount(market.employer, minlength=25))
    assert (market.head_count <= market.capacity).all()


def test_the_market_at_month_0_is_the_one_described() -> None:
    market = cw1.make(20_000, 100, seed=7)
    row = np.repeat(np.arange(20_000), market.degree)
    assert market.degree.mean() == pytest.approx(cw1.MEAN_DEGREE, rel=0.02)  # an edge drawn twice counts once
    # 60 % of the edges are inside by design and a few of the others by luck.
    by_luck = (market.head_count / 20_000) ** 2
    inside = (market.employer[row] == market.slot_employer).mean()
    assert inside == pytest.approx(0.6 + 0.4 * by_luck.sum(), abs=0.01)
    # The graph is simple and goes both ways.
    assert (row != market.neighbour).all()
    assert len(np.unique(row * 20_000 + market.neighbour)) == len(row)
    np.testing.assert_array_equal(market.neighbour[market.reverse], row)
    np.testing.assert_array_equal(row[market.reverse], market.neighbour)
    assert market.capacity.sum() == pytest.approx(1.15 * 20_000, rel=0.01)
    assert market.capacity.min() >= 2
    weights = market.tastes[:, [0, 2, 11]].astype(float)
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, rtol=0.02)
    length = np.linalg.norm(market.tastes[:, 3:11].astype(float), axis=1)
    np.testing.assert_allclose(weights.sum(axis=1) + length, 4.0, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(market.culture, axis=1), 1.0)


def test_dice_have_the_stated_laws() -> None:
    draws = cw1.draw(cw1.make(50_000, 100, seed=8))
    share_of_none = np.exp(-3.0)
    assert (draws.n_contacts == 0).mean() == pytest.approx(share_of_none, abs=0.004)
    assert draws.n_contacts.mean() == pytest.approx(2.98, abs=0.03)  # a little below 3: at most 8
    assert draws.n_contacts.max() == cw1.MOST_CONTACTS
    noise = np.concatenate([draws.noise_contact, draws.noise_stranger, draws.noise_incumbent]).astype(float)
    assert noise.mean() == pytest.approx(0.5 * np.euler_gamma, abs=0.006)
    assert noise.var() == pytest.approx(0.25 * np.pi**2 / 6, rel=0.02)
    assert np.isfinite(noise).all()


def test_same_seed_same_series() -> None:
    first, again, other = (cw1.run(1_000, 20, seed, months=4) for seed in (9, 9, 10))
    assert all(np.array_equal(first[name], again[name]) for name in cw1.SERIES)
    assert not np.array_equal(first["peer_share"], other["peer_share"])
