"""Same seed = same digest, whatever runs beside, before, around or in another process."""

from __future__ import annotations

import copy
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from pytest import MonkeyPatch

from abm.build import build
from abm.model import TalentMarket
from abm.month import advance
from abm.phases import choose
from abm.run import replicate_seed, simulate, simulate_many
from abm.scenario import load
from abm.world import World

ROOT = Path(__file__).resolve().parents[1]
SEED = 7
# The year of tiny has every kind of event; the large world sums over thousands of rows and threads could reorder it.
WORK = (("tiny", 12), ("openai_superalignment", 2))
SCRIPT = """
from abm.model import TalentMarket
for name, months in {work!r}:
    model = TalentMarket(name, rng={seed}, collect=False)
    for _ in range(months):
        model.step()
    print(model.world.digest())
"""


def run(name: str = "tiny", months: int = 12, seed: int = SEED, **settings: Any) -> str:
    settings.setdefault("collect", False)
    model = TalentMarket(name, rng=seed, **settings)
    for _ in range(months):
        model.step()
    return model.world.digest()


@pytest.fixture(scope="module")
def digests() -> list[str]:
    """What this process gets."""
    return [run(name, months) for name, months in WORK]


def elsewhere(environment: dict[str, str], folder: Path = ROOT) -> list[str]:
    """What a fresh process gets."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(work=WORK, seed=SEED)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# ---- in another process ----------------------------------------------------------------------------------------------

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
FAR_AWAY = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", **ONE_THREAD},
        {"PYTHONHASHSEED": "12345", **dict.fromkeys(ONE_THREAD, "2")},
        {"PYTHONHASHSEED": "random", **FAR_AWAY},
    ],
    ids=["hash-0-one-thread", "hash-12345-two-threads", "other-clock-and-language"],
)
def test_another_process_and_environment(environment: dict[str, str], digests: list[str]) -> None:
    assert elsewhere(environment) == digests


def test_another_folder(tmp_path: Path, digests: list[str]) -> None:
    assert elsewhere({"HOME": str(tmp_path)}, tmp_path) == digests


# ---- in this process -------------------------------------------------------------------------------------------------


def test_twice(digests: list[str]) -> None:
    assert [run(name, months) for name, months in WORK] == digests


@pytest.mark.parametrize("settings", [{"guard": True}, {"collect": True}, {"guard": True, "collect": True}], ids=str)
def test_guards_and_collection_do_not_matter(settings: dict[str, bool], digests: list[str]) -> None:
    assert run(**settings) == digests[0]


def test_views_that_are_touched_do_not_matter(digests: list[str]) -> None:
    model = TalentMarket("tiny", rng=SEED, collect=False)
    for _ in range(12):
        model.agents.shuffle_do("__repr__")
        model.agents.select(lambda agent: True, at_most=3).get("unique_id")
        [view.employer_name for kind in model.agents_by_type.values() for view in kind if hasattr(view, "status")]
        model.graph()
        model.step()
        model.rng.random(5)  # Mesa's own generators are there for who extends the model; the model does not draw
        model.random.random()
    assert model.world.digest() == digests[0]


def test_step_by_step_or_to_the_end(digests: list[str]) -> None:
    to_the_end = TalentMarket("tiny", rng=SEED, collect=False)
    to_the_end.run_for(12)
    assert to_the_end.world.digest() == digests[0]
    to_the_end.run_for(5)
    assert to_the_end.world.digest() == digests[0], "the market is closed after the last month"
    in_parts = TalentMarket("tiny", rng=SEED, collect=False)
    for months in (1, 4, 7):
        in_parts.run_for(months)
    assert in_parts.world.digest() == digests[0]


def test_a_short_run_is_the_beginning_of_the_long_one() -> None:
    short, long = TalentMarket("tiny", rng=SEED, collect=False, months=5), TalentMarket("tiny", rng=SEED, collect=False)
    for _ in range(5):
        short.step()
        long.step()
        assert short.world.digest() == long.world.digest()


def test_a_copy_goes_on_as_the_original_does() -> None:
    world = build(load("tiny").derive(events=[]), SEED)
    for _ in range(3):
        advance(world)
    other = copy.deepcopy(world)
    for _ in range(4):
        advance(world)
    assert world.digest() != other.digest()
    for _ in range(4):
        advance(other)
    assert world.digest() == other.digest()


def test_models_in_one_process_never_touch_each_other(digests: list[str]) -> None:
    others = [run(seed=8), run("tiny", seed=SEED, h0=0.08)]
    models = [
        TalentMarket("tiny", rng=SEED, collect=True),
        TalentMarket("tiny", rng=8, collect=False),
        TalentMarket("tiny", rng=SEED, collect=False, h0=0.08),
    ]
    for month in range(12):
        for model in models[:: 1 if month % 2 else -1]:
            model.step()
    assert [model.world.digest() for model in models] == [digests[0], *others]
    arrays = [{id(array) for _, array in model.world.arrays()} for model in models]
    assert not arrays[0] & arrays[1] and not arrays[0] & arrays[2] and not arrays[1] & arrays[2]


def test_models_in_two_threads(digests: list[str]) -> None:
    found: dict[int, str] = {}
    threads = [threading.Thread(target=lambda k=k: found.__setitem__(k, run())) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[0], found[1]] == [digests[0]] * 2


def test_one_worker_or_two() -> None:
    alone, together = (simulate_many("tiny", seed=SEED, replicates=3, workers=workers) for workers in (1, 2))
    assert [result.digest for result in alone] == [result.digest for result in together]
    assert len({result.digest for result in alone}) == 3
    assert [result.digest for result in alone] == [simulate("tiny", SEED, number).digest for number in range(3)]
    assert alone[1].digest == run(seed=replicate_seed(SEED, 1))


# ---- and what does matter --------------------------------------------------------------------------------------------


def test_other_seeds_differ() -> None:
    built = {build(load("tiny"), seed).digest() for seed in range(20)}
    assert len(built) == 20, "already at month 0"
    assert len({run(months=3, seed=seed) for seed in range(20)}) == 20


def test_large_seeds_are_seeds_of_their_own() -> None:
    seeds = [0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1]
    assert len({build(load("tiny"), seed).digest() for seed in seeds}) == len(seeds)


def test_the_digest_sees_one_bit_of_any_column() -> None:
    world = TalentMarket("tiny", rng=SEED, collect=False)
    for _ in range(3):
        world.step()
    held = world.world.digest()
    for name, array in world.world.arrays():
        if not array.size:
            continue
        last = array[-1:].copy()
        changed = last.copy()
        changed.reshape(-1).view(np.uint8)[-1] ^= 1
        array[-1:] = changed
        assert world.world.digest() != held, name
        array[-1:] = last
    assert world.world.digest() == held


# ---- no other luck ---------------------------------------------------------------------------------------------------


def generators() -> tuple[Any, ...]:
    """Where the generators of the process stand."""
    name, keys, place, *_ = np.random.get_state()  # noqa: NPY002  (that one is what is asked about)
    return random.getstate(), name, keys.tobytes(), place


def test_the_generators_of_the_process_are_neither_read_nor_moved(digests: list[str]) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    held = generators()
    assert run() == digests[0]
    assert held == generators()


@pytest.mark.parametrize("leak", [np.random.random, random.random], ids=["numpy", "random"])
def test_a_planted_draw_would_be_seen(leak: Callable[[], float], monkeypatch: MonkeyPatch) -> None:
    original = choose.run

    def leaking(world: World) -> None:
        original(world)
        world.researchers.strain[0] += leak()

    monkeypatch.setattr(choose, "run", leaking)
    assert run() != run()


def test_a_planted_hash_would_be_seen_in_another_process() -> None:
    """The hash of a text differs between processes: the environment test above can fail."""
    script = "print(hash('text'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "12345")
    }
    assert len(seen) == 2


def test_reading_a_model_that_is_not_seeded_tells_its_seed() -> None:
    """rng=None draws a seed; the world knows it, so that the run can be repeated."""
    first = TalentMarket("tiny", collect=False)
    assert isinstance(first, mesa.Model)
    first.step()
    again = TalentMarket("tiny", rng=first.world.streams.seed, collect=False)
    again.step()
    assert first.world.digest() == again.world.digest()
    assert TalentMarket("tiny", collect=False).world.streams.seed != first.world.streams.seed
