"""Values of employers from moves: planted values are found, whatever the size of employers and who asks whom."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from abm import cli, ranking
from abm.kernels import ranking as kernel
from abm.ranking import Flows
from abm.run import simulate
from abm.scenario import load
from abm.tables import Cause


def economy(seed: int, employers: int = 12, uneven: float = 1.0) -> dict[str, Any]:
    """Values, offer intensities and sizes that have nothing to do with one another, and what moves to expect.

    Of 2e6 offers, employer e makes a share f_e; a share g_f goes to people of f, who take it with logit probability.
    """
    rng = np.random.default_rng(seed)
    value = rng.normal(0.0, 1.0, employers)
    f, g = (rng.lognormal(0.0, uneven, employers) for _ in range(2))
    offers = 2e6 * np.outer(f / f.sum(), g / g.sum()) * (1 - np.eye(employers))
    takes = 1.0 / (1.0 + np.exp(-(value[:, None] - value[None, :])))
    return {"value": value - value.mean(), "f": f, "g": g, "offers": offers, "moves": offers * takes, "takes": takes}


@pytest.mark.parametrize("seed", range(5))
def test_expected_moves_give_the_planted_values_back_exactly(seed: int) -> None:
    made = economy(seed)
    np.testing.assert_allclose(kernel.values(made["moves"], made["f"], made["g"]), made["value"], atol=1e-9)
    np.testing.assert_allclose(kernel.pairwise_values(made["moves"], made["offers"]), made["value"], atol=1e-8)


def test_drawn_moves_rank_employers_as_planted_and_without_bias() -> None:
    made = economy(3)
    rng = np.random.default_rng(1)
    scale = 100_000 / made["moves"].sum()
    found = np.array([kernel.values(rng.poisson(made["moves"] * scale), made["f"], made["g"]) for _ in range(200)])
    assert min(spearmanr(each, made["value"]).statistic for each in found) > 0.9
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - made["value"]) < 4 * error + 0.01).all()


def test_size_and_offers_do_not_count_as_value() -> None:
    """The same values among equal employers and among most unequal ones; the raw flows are misled, the values not."""
    even, uneven = economy(5, uneven=0.0), economy(5, uneven=1.5)
    for made in (even, uneven):
        np.testing.assert_allclose(kernel.values(made["moves"], made["f"], made["g"]), even["value"], atol=1e-9)
    misled = spearmanr(kernel.flow_values(uneven["moves"]), uneven["value"]).statistic
    assert misled < 0.9
    assert spearmanr(kernel.flow_values(even["moves"]), even["value"]).statistic > 0.999


def test_offers_that_go_to_friends_mislead_the_one_and_not_the_other() -> None:
    made = economy(7)
    rng = np.random.default_rng(2)
    offers = made["offers"] * rng.lognormal(0.0, 1.5, made["offers"].shape)
    moves = offers * made["takes"]
    np.testing.assert_allclose(kernel.pairwise_values(moves, offers), made["value"], atol=1e-8)
    assert np.abs(kernel.values(moves, offers.sum(axis=1), made["g"]) - made["value"]).max() > 0.3


def test_two_employers_and_the_fixed_point() -> None:
    moves = np.array([[0.0, 30.0], [10.0, 0.0]])
    np.testing.assert_allclose(np.diff(kernel.flow_values(moves))[0], -np.log(3.0), atol=1e-12)
    x = np.exp(kernel.flow_values(economy(9)["moves"]))
    moves = economy(9)["moves"]
    np.testing.assert_allclose(moves @ x / moves.sum(axis=0), x, rtol=1e-10)


def test_employers_without_moves_both_ways_are_not_ranked() -> None:
    moves = np.zeros((7, 7))
    moves[0, 1] = moves[1, 2] = moves[2, 0] = 2  # a ring
    moves[3, 4] = moves[4, 3] = 50  # a smaller set with more moves
    moves[5, 0] = 9  # only in
    moves[6, 6] = 9  # nobody moves but inside
    np.testing.assert_array_equal(kernel.ranked_set(moves), [True, True, True, False, False, False, False])
    assert not kernel.ranked_set(np.triu(np.ones((4, 4)), 1)).any()
    for refuse in (lambda: kernel.flow_values(moves), lambda: kernel.pairwise_values(moves, moves + 1)):
        with pytest.raises(ValueError, match="strongly connected"):
            refuse()


def histories(number: int, seed: int = 11, moves: float = 3000.0) -> tuple[list[Flows], dict[str, Any]]:
    """Flows as the model would count them, from the planted economy; pay is half rent and half compensation."""
    made = economy(seed)
    rng = np.random.default_rng(seed + 1000)
    scale = moves / made["moves"].sum()
    premium = 0.1 * made["value"] + 0.1 * rng.normal(size=12)
    found = []
    for _ in range(number):
        taken = rng.poisson(made["moves"] * scale).astype(float)
        refused = rng.poisson((made["offers"] - made["moves"]) * scale)
        size = made["g"] / made["g"].sum() * 1e5
        arrays = (size, size * 500 * np.exp(premium), size * premium, size * made["value"])
        offers = taken + refused
        found.append(
            Flows(taken, offers, *arrays, offered=offers.sum(axis=1) * made["value"], digest="", events_digest="")
        )
    return found, {**made, "premium": premium}


def test_intervals_over_histories_cover_the_planted_values() -> None:
    found, made = histories(25)
    names = [f"E{k}" for k in range(12)]
    ranked = ranking.rank(names, found, seed=1)
    rows = {row["employer"]: row for row in ranked.rows}
    for kind in ("value", "pairwise"):
        covered = [rows[n][kind].low <= v <= rows[n][kind].high for n, v in zip(names, made["value"], strict=True)]
        assert sum(covered) >= 9
    assert ranked.fit["utility of the job"].value > 0.95
    assert ranked.histories == 25 and ranked.moves == sum(int(each.moves.sum()) for each in found)
    again = ranking.rank(names, found, seed=1)
    assert again.rows == ranked.rows
    few = ranking.rank(names, found[:6], seed=1)
    widths = [np.mean([row["value"].high - row["value"].low for row in each.rows]) for each in (few, ranked)]
    assert widths[0] > widths[1]


def test_rents_are_the_share_of_premiums_that_goes_with_value() -> None:
    found, made = histories(20, moves=50_000.0)
    weight = made["g"] / made["g"].sum()
    v, p = (each - weight @ each for each in (made["value"], made["premium"]))
    planted = (weight @ (v * p)) ** 2 / ((weight @ (v * v)) * (weight @ (p * p)))
    ranked = ranking.rank([str(k) for k in range(12)], found, seed=1)
    assert abs(ranked.rents.value - planted) < 0.05 and 0.1 < planted < 0.9
    assert ranked.rents.low <= planted <= ranked.rents.high


def test_one_history_has_no_interval_and_an_isolated_employer_is_named() -> None:
    (only,), _ = histories(1)
    only.moves[4, :] = 0.0
    ranked = ranking.rank([f"E{k}" for k in range(12)], [only], seed=1)
    assert [name for name, _, _ in ranked.unranked] == ["E4"]
    assert len(ranked.rows) == 11 and all(np.isnan(row["value"].low) for row in ranked.rows)


def test_flows_of_the_model_are_its_ledger() -> None:
    scenario = load("meta_fair").derive(months=5)
    counted, result = ranking.flows(scenario, 1, 0), simulate(scenario, 1, 0)
    assert counted.digest == result.digest
    left = result.departures
    job = np.isin(left["cause"], (Cause.JOB, Cause.STARTUP_JOB))
    assert counted.moves.sum() == job.sum() > 20
    meta = [employer.name for employer in scenario.employers].index("Meta")
    assert counted.moves[:, meta].sum() == (job & (left["from_employer"] == meta)).sum()
    assert counted.moves[meta].sum() == (job & (left["to_employer"] == meta)).sum()
    assert (counted.offers.sum() > counted.moves.sum()) and (np.diag(counted.offers) == 0).all()
    np.testing.assert_allclose(
        counted.size[:-1], result.series["headcount"][:, : len(scenario.employers)].sum(axis=0), rtol=0.02
    )


def test_the_values_of_the_model_are_found() -> None:
    scenario = load("meta_fair").derive(months=30)
    ranked = ranking.rank(ranking.names_of(scenario), [ranking.flows(scenario, 1, r) for r in range(4)], seed=1)
    assert ranked.fit["utility of the job"].value > 0.8
    assert ranked.pairwise_fit["utility of the job"].value > 0.85


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rank") / "run"
    assert cli.main(["run", "tiny", "--replicates", "12", "--workers", "1", "--out", str(place)]) == 0
    return place


def test_rank_of_a_run_is_rank_of_its_scenario(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["rank", str(folder), "--workers", "1", "--out", str(tmp_path / "a")]) == 0
    printed = capsys.readouterr().out
    assert "Beta" in printed and "new start-up" in printed and "rents" in printed
    assert cli.main(["rank", "tiny", "--replicates", "12", "--workers", "1", "--out", str(tmp_path / "b")]) == 0
    a, b = (json.loads((tmp_path / name / "rank.json").read_text(encoding="utf-8")) for name in "ab")
    assert a["rows"] == b["rows"] and a["rows"][0]["value"]["value"] > a["rows"][-1]["value"]["value"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda record: record["replicates"][0].update(digest="0" * 64), "came out with digest"),
        (lambda record: record.pop("replicates"), "cannot be read"),
    ],
)
def test_a_folder_that_cannot_be_made_again_is_refused(
    damage: Any, message: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    damage(record)
    (tmp_path / "provenance.json").write_text(json.dumps(record), encoding="utf-8")
    shutil.copy(folder / "summary.json", tmp_path)  # the mark of a whole run
    assert cli.main(["rank", str(tmp_path), "--workers", "1"]) == 2
    assert message in capsys.readouterr().err


def test_bad_input_to_rank(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rank", str(tmp_path)]) == 2
    assert "an empty folder" in capsys.readouterr().err
    assert cli.main(["rank", str(folder), "--set", "h_ties=0"]) == 2
    assert "need a scenario" in capsys.readouterr().err
    assert cli.main(["rank", "tiny", "--months", "1", "--replicates", "1", "--workers", "1"]) == 1
    assert "both directions" in capsys.readouterr().out


def test_fewer_than_four_employers_have_no_rank_correlation(capsys: pytest.CaptureFixture[str]) -> None:
    made = economy(1, employers=3)
    offers, ones = made["offers"], np.ones(3)
    flows = Flows(made["moves"], offers, ones * 100.0, ones, np.arange(3.0), ones, ones, "", "")
    ranked = ranking.rank(["A", "B", "C"], [flows], 1)
    assert len(ranked.rows) == 3
    assert ranked.fit == ranked.pairwise_fit == {}
    code = cli.main(["rank", "tiny", "--replicates", "4"])
    said = " ".join(capsys.readouterr().out.split())
    assert code == 1 or "No rank correlation" in said
    assert "rank correlation of value with" not in said
