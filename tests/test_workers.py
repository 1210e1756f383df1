"""Worker processes: a signal while they start is heard, and closing waits for nobody who stands still."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from abm import workers
from abm.workers import Workers
from tests.faults import ROOT, environment
from tests.patience import PATIENCE, comes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
SLOW = """
import time
from pathlib import Path

here = Path(__file__).parent
(here / "loading").touch()
while not (here / "go").exists():
    time.sleep(0.01)
"""
PARENT = """
import signal, sys, time
from abm import signals
from abm.workers import Workers

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
signals.sigterm_interrupts()
crew = Workers(2, preload=["slow_to_load"])
try:
    crew.submit(0, time.sleep, 0.0)
    crew.wait(300)
    print("not heard")
except KeyboardInterrupt:
    print("heard")
finally:
    crew.close(now=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_workers_start_is_heard(tmp_path: Path, number: int) -> None:
    """By the parent alone, to whose whole group it is sent, and not before the worker is somebody's."""
    (tmp_path / "slow_to_load.py").write_text(SLOW, encoding="utf-8")
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=tmp_path,
        env=environment() | path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert comes((tmp_path / "loading").exists)
        below = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)
        (tmp_path / "go").touch()
        said, wrong = process.communicate(timeout=PATIENCE)
    assert (said.split(), wrong) == (["heard"], "")
    assert below and not psutil.wait_procs(below, timeout=PATIENCE)[1]


def test_closing_ends_an_idle_worker_that_was_stopped() -> None:
    crew = Workers(
        1, ["experiments.work"]
    )  # what the server of this process loads once serves the tests after this one
    crew.submit("a", os.getpid)
    ((key, pid),) = crew.wait(PATIENCE)
    os.kill(pid, signal.SIGSTOP)
    assert comes(lambda: workers._is_stopped(pid))
    crew.close()
    assert key == "a" and not psutil.pid_exists(pid)
