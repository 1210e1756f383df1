"""The core is fast by design: the full month as a ratio to CW1 in the same run, and one history on one core."""

from __future__ import annotations

import time

import pytest

from abm.run import simulate
from tests.bench import ratio

MOST_CW1_MONTHS = 20.0
MOST_SECONDS_A_HISTORY = 5.0


@pytest.mark.bench
def test_one_full_month_costs_at_most_twenty_reference_months() -> None:
    got = ratio.measure(n_researchers=100_000, n_employers=200, months=5)
    print(f"full {got.full:.3f} s, CW1 {got.reference:.4f} s, ratio {got.ratio:.1f}, {got.by_phase}")
    assert got.ratio <= MOST_CW1_MONTHS, got.by_phase


@pytest.mark.bench
def test_one_history_of_meta_fair_takes_at_most_five_seconds_of_one_core() -> None:
    began = time.process_time()
    result = simulate("meta_fair", seed=1)
    spent = time.process_time() - began
    assert result.months == 42
    assert spent <= MOST_SECONDS_A_HISTORY, spent
