"""Every door under fire: thousands of mutants end as a world or in words, and cost little.

The mutants are made and tried in a process of their own (`tests/mutants.py`), because what is measured is the time of
its processor and its memory. Run all of them with --nightly.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import KINDS, MEGABYTES, SECONDS

ROOT = Path(__file__).resolve().parents[1]
FEW = {"scenarios": 150, "settings": 100, "links": 100}
MANY = {"scenarios": 3000, "settings": 1500, "links": 2000}

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read as Linux tells it")


def fired(kind: str, count: int) -> list[dict[str, Any]]:
    """What came of the first mutants of a kind; the process must not have died of any."""
    asked = [sys.executable, "-W", "error", "-m", "tests.mutants", kind, "0", str(count)]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # idle threads that spin would count as work
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | one)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"died of number {len(found)}: {done.stderr[-2000:]}"
    assert len(found) == count
    return found


def judged(kind: str, count: int) -> None:
    """No traceback, none slow, none large; and the mutants are worth something: some live, most are refused."""
    found = fired(kind, count)
    broken = [f"{kind} {each['number']}: {each['words']}" for each in found if each["ended"] == "broken"]
    slow = [f"{kind} {each['number']}: {each['seconds']:.1f} s" for each in found if each["seconds"] > SECONDS]
    large = [f"{kind} {each['number']}: {each['megabytes']:.0f} MB" for each in found if each["megabytes"] > MEGABYTES]
    assert (broken, slow, large) == ([], [], [])
    ends = {end: sum(each["ended"] == end for each in found) for end in ("valid", "large", "refused")}
    assert ends["valid"] >= count // 50 and ends["refused"] >= count // 5, ends
    worst = max(each["seconds"] for each in found), max(each["megabytes"] for each in found)
    print(f"{count} {kind}: {ends}; at most {worst[0]:.2f} s of CPU and {worst[1]:.0f} MB")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_ends_as_a_world_or_in_words_and_costs_little(kind: str) -> None:
    judged(kind, FEW[kind])


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_mutants_do(kind: str) -> None:
    judged(kind, MANY[kind])
