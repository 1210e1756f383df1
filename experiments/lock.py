"""One launch a folder: a lock that the system takes back when its holder dies, and a record of who that is."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from abm.disk import Disk

NAME: Final = "lock"
try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]


class InUse(RuntimeError):
    """Another launch works in the folder."""


def me() -> dict[str, Any]:
    """Who this process is: a number of a process alone is soon used again."""
    return {
        "host": platform.node(),
        "boot": _boot(),
        "pid": os.getpid(),
        "started": round(psutil.Process().create_time(), 2),
        "since": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
    }


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def holder(folder: Path) -> dict[str, Any] | None:
    """The record in a folder; None if nobody holds it or it cannot be read."""
    try:
        record = json.loads((folder / NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def lives(record: dict[str, Any]) -> bool:
    """Whether the process of a record is still there: same host, same boot, same process (not just the same number).

    A holder on another host is taken for dead: were it alive, it would hold the lock of the system.
    """
    mine = me()
    if (record.get("host"), record.get("boot")) != (mine["host"], mine["boot"]):
        return False
    try:
        started = float(psutil.Process(int(record["pid"])).create_time())
        return abs(started - float(record["started"])) < 1.0
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return False


@contextmanager
def held(folder: Path, disk: Disk, remove: bool = False) -> Iterator[None]:
    """Hold the lock of a folder; remove: at the end the folder has no file of that name.

    Raises:
        InUse: says who holds it and since when.
        OSError: the lock cannot be written.
    """
    path = folder / NAME
    descriptor = _locked(path)
    try:
        record = holder(folder)
        if record is not None and lives(record):
            raise InUse(_who(folder, record))
        os.ftruncate(descriptor, 0)
        try:
            disk.write(descriptor, (json.dumps(me()) + "\n").encode())
            disk.fsync(descriptor)
            yield
        finally:
            os.ftruncate(descriptor, 0)
            if remove:
                disk.unlink(path)
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    """A descriptor of the file with that name, locked."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == path.stat().st_ino:  # nobody removed it in between
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError:
            record = holder(path.parent)
            os.close(descriptor)
            raise InUse(_who(path.parent, record)) from None
        except OSError as error:
            os.close(descriptor)
            raise OSError(error.errno, f"{path}: this file system gives no locks ({error.strerror})") from error
        os.close(descriptor)


def _who(folder: Path, record: dict[str, Any] | None) -> str:
    who = "another process"
    if record is not None:
        who = f"process {record.get('pid')} on {record.get('host')}, since {record.get('since')}"
    return f"{folder}: {who} is at work in this folder. Wait for it, stop it, or use another folder"
