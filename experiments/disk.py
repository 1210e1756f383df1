"""The only door through which a sweep changes the file system: tests put a faulty one in its place.

a file is written whole or not at all: temporary name, fsync, rename, fsync of the folder
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

TEMPORARY: Final = ".writing-"  # how names of unfinished files begin


class Disk:
    """Operations on files; each either happens or raises `OSError`."""

    def mkdir(self, path: Path) -> None:
        """Make a folder whose parent is there."""
        path.mkdir(exist_ok=True)

    def create(self, path: Path) -> int:
        """Make a file that must not be there yet; gives a descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of some bytes."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def fsync(self, descriptor: int) -> None:
        """Wait until the file is on the medium."""
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file its name, in one step; what had the name is gone."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove a file if it is there."""
        path.unlink(missing_ok=True)

    def fsync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the medium (where the system can)."""
        if os.name != "posix":
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


DISK: Final = Disk()
_count = 0


def put(disk: Disk, path: Path, data: bytes) -> None:
    """Write a file whole or not at all; its name is safe after the next `fsync_folder`.

    Raises:
        OSError: disk full, no permission and the like; what had the name is still there.
    """
    global _count  # noqa: PLW0603  # names of unfinished files differ within a process
    _count += 1
    unfinished = path.with_name(f"{TEMPORARY}{path.name}-{os.uname().nodename}-{os.getpid()}-{_count}")
    descriptor = disk.create(unfinished)
    try:
        try:
            disk.write(descriptor, data)
            disk.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.rename(unfinished, path)
    except OSError:
        try:
            disk.unlink(unfinished)
        except OSError:  # the next launch sweeps it up
            pass
        raise


def make_folders(disk: Disk, folder: Path) -> None:
    """Make a folder and what is missing above it."""
    for path in [*reversed(folder.parents), folder]:
        if not path.exists():
            disk.mkdir(path)
