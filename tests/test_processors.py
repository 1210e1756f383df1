"""On another kind of processor the bytes of a history differ and what happens in it does not.

Another kind is this processor with instructions forbidden: NumPy's, OpenBLAS's and those of the mathematical library.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import cli, keep
from abm.explain import NotFoundError
from abm.ledger import EVENTS, Ledger
from abm.model import TalentMarket
from abm.processor import processor, repeats
from abm.run import replicate_seed, simulate

ROOT = Path(__file__).resolve().parents[1]
WORK = (("tiny", 12, 1), ("tiny", 12, 2), ("meta_fair", 6, 1))
SCRIPT = """
import json, sys
from abm.processor import processor
from abm.run import simulate
from abm.scenario import load
print(json.dumps(processor()))
for name, months, seed in json.loads(sys.argv[1]):
    found = simulate(load(name).derive(months=months), seed)
    happened = {
        table: {name: values.tolist() for name, values in getattr(found, table).items() if values.dtype.kind in "iub"}
        for table in ("departures", "moves", "startups")
    }
    print(json.dumps([found.digest, found.events_digest, happened]))
"""
FOUND: list[str] = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
WIDE = [name for name in FOUND if name == "X86_V4" or name.startswith("AVX512")]
"""What NumPy does with registers of 512 bits; each group names what this processor has of it."""


def child(forbidden: list[str], **more: str) -> tuple[str, list[Any]]:
    """Kind of processor, and bytes, events and tables of histories, of a process that may not use some instructions."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    environment.pop("NPY_DISABLE_CPU_FEATURES", None)
    if forbidden:
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(forbidden)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, json.dumps(WORK)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kind, *found = [json.loads(line) for line in done.stdout.splitlines()]
    return kind, found


@pytest.fixture(scope="module")
def here() -> tuple[str, list[Any]]:
    return child([])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("forbidden", "more"),
    [
        pytest.param(
            WIDE, {}, id="no 512 bits", marks=pytest.mark.skipif(not WIDE, reason="this processor has no AVX-512")
        ),
        pytest.param(
            FOUND, {}, id="the least", marks=pytest.mark.skipif(not FOUND, reason="NumPy finds nothing to leave out")
        ),
        pytest.param(
            FOUND,
            {
                "OPENBLAS_CORETYPE": "Nehalem",
                "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-AVX512F",
            },
            id="of 2008",
            marks=pytest.mark.skipif(platform.machine() != "x86_64", reason="names a processor of Intel's"),
        ),
    ],
)
def test_another_kind_of_processor_has_the_same_events(
    forbidden: list[str], more: dict[str, str], here: tuple[str, list[Any]]
) -> None:
    kind, found = child(forbidden, **more)
    for (name, months, seed), mine, other in zip(WORK, here[1], found, strict=True):
        assert len(mine[2]["departures"]["month"]) > 3, f"{name}: nothing happens, the test shows nothing"
        assert other[2] == mine[2], f"{name} of {months} months, seed {seed}: something else happens"
        assert other[1] == mine[1], f"{name}, seed {seed}: the events are the same and their digest is not"
    if forbidden:
        assert kind != here[0] == processor() and not set(kind.split()) & set(forbidden)
    if set(forbidden) & set(WIDE):
        assert all(mine[0] != other[0] for mine, other in zip(here[1], found, strict=True)), (
            "the bytes no longer depend on the processor: README says otherwise"
        )


# ---- what is in the digest of events ---------------------------------------------------------------------------------


def test_every_whole_number_of_the_events_is_in_their_digest_and_no_float_is() -> None:
    model = TalentMarket("tiny", rng=replicate_seed(17, 0), collect=False)  # somebody founds a company
    model.run_for(12)
    ledger = model.world.ledger
    for table in EVENTS:
        assert ledger.table(table), f"{table} is empty: the test shows nothing"
    before, state = model.world.events_digest(), model.world.digest()
    assert before == ledger.events_digest(12) != ledger.events_digest(11)
    changed = set()
    for table in ("departures", "offers", "moves", "startups"):
        for column, values in getattr(ledger, table)[-1].items():
            kept = values.copy()
            if values.dtype.kind == "f":
                np.nextafter(values, np.inf, out=values)
            elif values.dtype.kind == "b":
                values[...] = ~values
            else:
                values[...] += 1
            assert model.world.digest() != state, (table, column)
            if model.world.events_digest() != before:
                changed.add((table, column))
            values[...] = kept
    assert model.world.events_digest() == before
    assert changed == {(table, column) for table, columns in EVENTS.items() for column in columns}


def test_the_digest_of_events_does_not_depend_on_the_order_of_writing_or_the_width_of_numbers() -> None:
    rows = {column: np.array([3, 1, 1, 2]) + place for place, column in enumerate(EVENTS["departures"])}
    whole, parts = Ledger(), Ledger()
    whole.append("departures", rows)
    for row in (2, 0, 3, 1):
        parts.append("departures", {column: values[[row]].astype(">i4") for column, values in rows.items()})
    assert whole.events_digest(4) == parts.events_digest(4) != Ledger().events_digest(4)


def test_an_eventless_history_has_a_digest_of_its_months() -> None:
    assert Ledger().events_digest(0) != Ledger().events_digest(1)
    assert len(Ledger().events_digest(0)) == 64


# ---- folders that come from another machine --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run") / "out"
    assert cli.main(["run", "tiny", "--replicates", "3", "--workers", "1", "--out", str(place)]) == 0
    return place


def test_record_and_summary_hold_both_digests(folder: Path) -> None:
    record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    found = [simulate("tiny", 1, number) for number in range(3)]
    assert [each["events_digest"] for each in record["replicates"]] == [each.events_digest for each in found]
    assert summary["events_digest"] == [each.events_digest for each in found]
    assert summary["digest"] == [each.digest for each in found]
    assert record["processor"] == processor()
    assert len({*summary["events_digest"], *summary["digest"]}) == 6


def test_a_folder_of_another_machine_is_held_to_its_events(folder: Path, tmp_path: Path) -> None:
    """Its bytes may differ from those found here, its events may not; one of this kind is held to its bytes."""

    def told(name: str, **wrong: str) -> Path:
        record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        record["processor"] = wrong.pop("processor", record["processor"])
        record["replicates"][0] |= wrong
        place = tmp_path / name
        place.mkdir()
        (place / "provenance.json").write_text(json.dumps(record), encoding="utf-8")
        shutil.copy(folder / "summary.json", place)
        return place

    there = told("there", processor="riscv64", digest="f" * 64)
    assert keep.case_of(there, 0, 0).digest == simulate("tiny", 1).digest
    assert cli.main(["rank", str(there), "--workers", "1"]) in (0, 1)
    for wrong in (told("bytes", digest="f" * 64), told("events", processor="riscv64", events_digest="f" * 64)):
        with pytest.raises(NotFoundError, match="the program has changed since"):
            keep.case_of(wrong, 0, 0)
        assert cli.main(["rank", str(wrong), "--workers", "1"]) == 2


def test_a_record_without_processor_or_events_is_held_to_its_bytes() -> None:
    found = replace(simulate("tiny", 1), digest="a", events_digest="b")
    old: dict[str, Any] = {"replicates": [{"digest": "a"}]}
    for record in (old, old | {"processor": "riscv64"}, old | {"processor": processor()}):
        assert repeats(record, 0, found.digest, found.events_digest)
        assert not repeats(record, 0, "c", found.events_digest)
