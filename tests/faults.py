"""What the fault campaign is made of: a disk that fails at the n-th operation, models to sweep, processes to kill."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.disk import Disk
from experiments import study
from experiments.study import Study
from tests.patience import PATIENCE
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
COUNTS: dict[str, int] = {}
DEAD: set[str] = set()


class Crash(BaseException):
    """A process that ends here, as if killed: nothing catches it."""


@dataclass
class FaultyDisk(Disk):
    """Fails at the n-th operation.

    kind: crash (simulated), kill (a real SIGKILL), full (ENOSPC from there on), error (EIO, once), half (half of a
        write, then ENOSPC from there on); role: which processes count, "driver", "worker" or "any"; mark: made when it
        fired, so that it fires once however many processes there are.
    """

    kind: str
    n: int
    mark: Path
    role: str = "any"
    driver: int = 0

    def _at(self, descriptor: int | None = None, data: bytes = b"") -> None:
        mine = "driver" if os.getpid() == self.driver else "worker"
        if self.role not in ("any", mine):
            return
        token = str(self.mark)
        if token in DEAD:
            raise (Crash() if self.kind == "crash" else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        COUNTS[token] = COUNTS.get(token, 0) + 1
        if COUNTS[token] != self.n:
            return
        try:
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        if descriptor is not None and self.kind in ("half", "crash", "kill"):
            os.write(descriptor, data[: len(data) // 2])
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "error":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        DEAD.add(token)
        raise (Crash() if self.kind == "crash" else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def mkdir(self, path: Path) -> None:
        self._at()
        super().mkdir(path)

    def create(self, path: Path) -> int:
        self._at()
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        self._at(descriptor, data)
        super().write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._at()
        super().fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._at()
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._at()
        super().unlink(path)

    def fsync_folder(self, path: Path) -> None:
        self._at()
        super().fsync_folder(path)


# ---- models ----------------------------------------------------------------------------------------------------------


def cheap(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    return [float(settings["x"]) + (seed % 1000) / 7 + number for number, _ in enumerate(outcomes)]


def poison(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """x: 0 gives a number, 1 raises, 2 kills the process, 3 hangs."""
    if settings["x"] == 1:
        raise ValueError(f"no number at {__file__} for {object()}")
    if settings["x"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if settings["x"] == 3:
        time.sleep(3600)
    return [float(seed % 1000) for _ in outcomes]


def stopped_once(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """The first worker to come here stops, as by SIGSTOP from outside; x is the file that says so."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(settings["x"], os.O_CREAT | os.O_EXCL))
        os.kill(os.getpid(), signal.SIGSTOP)
    return [float(seed % 1000) for _ in outcomes]


def holds_python(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    """x = 1: a C function that keeps Python's lock for ever, so that no other thread of the process runs."""
    if settings["x"] == 1:
        ctypes.PyDLL(None).pause()
    return cheap(settings, seed, outcomes)


class Odd(BaseException):
    """What nobody expects a model to raise."""


def leave(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    if settings["x"] == 1:
        sys.exit(3)
    return cheap(settings, seed, outcomes)


def odd(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    if settings["x"] == 1:
        raise Odd("odd")
    return cheap(settings, seed, outcomes)


def interrupted(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    raise KeyboardInterrupt


def slow(settings: Mapping[str, Any], seed: int, outcomes: Sequence[str]) -> list[float]:
    time.sleep(0.05)
    return cheap(settings, seed, outcomes)


def a_study(model: str = "cheap", levels: Sequence[int] = (0, 1, 2), replicates: int = 2, **more: Any) -> Study:
    content: dict[str, Any] = {
        "name": "faults",
        "factors": [{"name": "x", "levels": list(levels)}],
        "design": {"method": "grid"},
        "outcomes": ["a", "b"],
        "replicates": replicates,
    }
    return study.of(model=f"tests.faults:{model}" if model in globals() else model, **content | more)


def digest(folder: Path) -> str:
    """Of the bytes of the final table and what describes it."""
    names = ("runs.parquet", "plan.parquet", "study.json", "manifest.json")
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()


# ---- processes -------------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


@contextlib.contextmanager
def dask(workers: int = 2) -> Iterator[str]:
    """A real scheduler and real workers, as processes, dashboards off."""
    address = f"tcp://127.0.0.1:{free_port()}"
    where = ["--host", "127.0.0.1", "--no-dashboard"]
    port = address.rpartition(":")[2]
    quiet: dict[str, Any] = {
        "env": environment() | {"DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False"},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "start_new_session": True,
    }
    commands = [["dask_scheduler", *where, "--port", port, "--dashboard-address", ":0"]]
    commands += [["dask_worker", address, *where, "--nthreads", "1", "--nworkers", "1"]] * workers
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]], **quiet)
        for words in commands
    ]
    try:
        import distributed

        with distributed.Client(address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)
        yield address
    finally:
        for process in reversed(started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Zygote:
    """A process that forks one to sweep for each line it reads: real processes to kill, without waiting for imports."""

    def __init__(self, *modules: str) -> None:
        command = [sys.executable, "-m", "tests.faults", *modules]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
        )

    def sweep(self, folder: Path, kind: str, n: int, role: str, workers: int, cluster: str = "-") -> int:
        """Sweep `a_study()` with a faulty disk; gives the exit status (minus the number of a signal)."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(folder, kind, n, role, workers, cluster, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()


def _serve() -> None:
    from importlib import import_module
    from multiprocessing import forkserver

    from abm import workers
    from experiments import runner

    for name in sys.argv[1:]:
        import_module(name)

    forkserver.set_forkserver_preload(["abm.workers", "experiments.work"])
    forkserver.ensure_running()
    # The forked processes use the forkserver of this one; they are not its parent and must not ask after it.
    server: Any = forkserver
    server.ensure_running = server._forkserver.ensure_running = lambda: None
    assert workers.METHOD == "forkserver"
    for line in sys.stdin:
        folder, kind, n, role, each, cluster = line.split()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                mark = Path(f"{folder}.fired")
                disk = FaultyDisk(kind, int(n), mark, role, os.getpid())
                address = None if cluster == "-" else cluster
                how: dict[str, Any] = {"workers": int(each), "cluster": address, "disk": disk}
                runner.sweep(a_study(), Path(folder), batch_seconds=1e-6, **how)
                code = 0
            except BaseException as error:  # told by the exit status
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
            finally:
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    from tests.faults import _serve as serve  # pickles name the module, not __main__

    serve()
