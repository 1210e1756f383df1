"""A run: its files, its record, and that the record is enough to make it again."""

from __future__ import annotations

import csv
import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from abm import files, pool
from abm.kernels.utility import TERMS
from abm.model import TalentMarket
from abm.run import Result, replicate_seed, simulate, simulate_many
from abm.scenario import from_dict, load
from abm.world import World

FILES = (
    "summary.json",
    "series.parquet",
    "departures.parquet",
    "offers.parquet",
    "options.parquet",
    "flows.parquet",
    "cohorts.csv",
    "graph.json",
    "provenance.json",
)


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return simulate_many("tiny", seed=3, replicates=4)


@pytest.fixture(scope="module")
def folder(results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run")
    files.write_run(place, load("tiny"), 3, results, "talent run tiny --seed 3 --replicates 4")
    return place


def test_every_promised_file_is_there_and_nothing_half_written(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_replicates_differ_and_repeat(results: list[Result]) -> None:
    digests = [result.digest for result in results]
    assert len(set(digests)) == len(digests)
    assert simulate("tiny", seed=3, replicate=2).digest == digests[2]


def test_a_history_that_is_told_is_out_of_memory_at_once() -> None:
    """Without waiting for the collector: Mesa's model refers to itself, and a world takes megabytes."""
    gc.collect()
    before = sum(isinstance(each, World) for each in gc.get_objects())
    gc.disable()
    try:
        told = [simulate("tiny", replicate=number) for number in range(3)]
        kept = sum(isinstance(each, World) for each in gc.get_objects())
    finally:
        gc.enable()
    assert len(told) == 3 and kept == before


def test_two_workers_give_the_same_bytes_in_the_same_order(results: list[Result]) -> None:
    seen: list[int] = []
    again = simulate_many("tiny", seed=3, replicates=4, workers=2, on_done=lambda result: seen.append(result.replicate))
    assert [result.digest for result in again] == [result.digest for result in results]
    assert sorted(seen) == [0, 1, 2, 3]


def test_the_record_is_enough_to_make_the_run_again(folder: Path) -> None:
    record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    scenario = from_dict(record["scenario"])
    assert scenario.content_hash() == record["scenario_hash"] == load("tiny").content_hash()
    for entry in record["replicates"]:
        model = TalentMarket(scenario, rng=entry["seed"], collect=False)
        while model.running:
            model.step()
        assert model.world.digest() == entry["digest"]
        assert entry["seed"] == replicate_seed(record["seed"], entry["replicate"])


def test_offers_end_in_one_state_and_departures_match_the_series(folder: Path, results: list[Result]) -> None:
    offers = pq.read_table(folder / "offers.parquet", page_checksum_verification=True).to_pandas()
    assert set(offers["state"].astype(str)) <= {"accepted", "declined", "countered", "no_place"}
    departures = pq.read_table(folder / "departures.parquet", page_checksum_verification=True).to_pandas()
    series = pq.read_table(folder / "series.parquet").to_pandas()
    for metric, rows in (("new_departures", departures), ("new_offers", offers)):
        total = series[series["metric"] == metric].groupby("replicate")["value"].sum()
        counted = rows.groupby("replicate").size().reindex(range(len(results)), fill_value=0)
        np.testing.assert_array_equal(total.to_numpy(), counted.to_numpy())


def test_terms_of_every_departure_sum_to_the_values_of_its_offer(folder: Path) -> None:
    departures = pq.read_table(folder / "departures.parquet").to_pandas()
    options = pq.read_table(folder / "options.parquet").to_pandas()
    took = options[options["state"].astype(str) == "accepted"]
    departures = departures[departures["cause"].astype(str).isin(["job", "startup_job"])]
    joined = departures.merge(took, on=["replicate", "month", "researcher"], suffixes=("", "_offer"))
    assert len(joined) > 0
    go = joined[[f"term_go_{term}" for term in TERMS]].sum(axis=1)
    np.testing.assert_allclose(go, joined["value"], atol=1e-9)


def test_cohort_curves_agree_with_the_summary(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    with (folder / "cohorts.csv").open(encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["date"] == "2022-12"]
    left = [int(row["n_left"]) for row in rows]
    observation = summary["cohorts"][0]["observations"][0]
    assert observation["p50"] == np.median(left)
    assert all(int(row["n_left_voluntary"]) <= int(row["n_left"]) <= 4 for row in rows)


def test_observations_to_be_predicted_carry_no_observed_value() -> None:
    looked: dict[str, set[str]] = {"left": set(), "kept": set(), "flow": set()}
    for name in ("meta_fair", "google_transformer", "openai_superalignment"):
        for cohort in load(name).cohorts:
            for seen in cohort.observations:
                assert (seen.use == "predict") == (seen.left_min is None)
                looked["left"].add(f"{name} {seen.use}")
        for kept in load(name).retention:
            assert (kept.use == "predict") == (kept.share is None)
            looked["kept"].add(f"{name} {kept.use}")
        for flow in load(name).flows:
            assert (flow.use == "predict") == (flow.ratio is None)
            looked["flow"].add(f"{name} {flow.use}")
    predicted = {"meta_fair predict", "google_transformer predict", "openai_superalignment predict"}
    assert looked["left"] == predicted | {"meta_fair calibrate"}
    assert looked["kept"] == {"meta_fair predict", "meta_fair calibrate"} and looked["flow"] == {"meta_fair predict"}


def test_a_shorter_run_is_the_beginning_of_the_longer_one(results: list[Result]) -> None:
    short = simulate(load("tiny").with_settings({"months": 5}), seed=3)
    for name, values in short.series.items():
        np.testing.assert_array_equal(values, results[0].series[name][:5], err_msg=name)


def deadly(number: int) -> int:
    """A job that kills its worker, if its number is 1."""
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_job_that_kills_its_workers_is_named_and_costs_no_other() -> None:
    seen = []
    with pytest.raises(RuntimeError, match=r"died 3 times at job 1.*--workers 1"):
        for number, result in pool.each(deadly, [(number,) for number in range(6)], 2):
            seen.append((number, result))
    assert (0, 0) in seen and 1 not in [number for number, _ in seen]


PARENT = """
import sys, time
from abm import pool
if __name__ == "__main__":
    for number, _ in pool.each(time.sleep, [(0.01,), (0.01,), *((600.0,) for _ in range(9))], 2):
        print(number, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_workers_of_a_pool_end_with_their_parent(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() and process.stdout.readline()
        below = psutil.Process(process.pid).children(recursive=True)
        assert len(below) >= 3, "the workers and the server that they are forked from"
        process.send_signal(number)
        _, alive = psutil.wait_procs(below, timeout=120)
    assert not alive
