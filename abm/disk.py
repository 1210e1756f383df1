"""The one way to write a file: whole or not at all, under its name or not at all.

    temporary name beside it, flush to the medium, rename, flush of the folder

Everything that the packages write goes through here. What changes the file system is a method of `Disk`: tests put a
faulty one in its place.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

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


def unfinished_name(path: Path) -> Path:
    """A name beside a file or folder that says whose unfinished work it is; never the same twice."""
    global _count  # noqa: PLW0603  # names differ within a process
    _count += 1
    return path.with_name(f"{TEMPORARY}{path.name}-{platform.node()}-{os.getpid()}-{_count}")


class Unfinished:
    """A file that is being written and has no name yet: what a library that writes to files is given."""

    closed = False

    def __init__(self, disk: Disk, descriptor: int) -> None:
        self._disk, self.descriptor, self._at = disk, descriptor, 0
        self.failed: OSError | None = None  # why it could not be written

    def write(self, data: Any) -> int:
        """Append bytes."""
        view = memoryview(data)
        try:
            self._disk.write(self.descriptor, view.cast("B"))  # type: ignore[arg-type]
        except OSError as error:
            self.failed = error
            raise
        self._at += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """Bytes so far."""
        return self._at

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The end is that of `writing`."""

    def readable(self) -> bool:
        """No."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No."""
        return False


@contextmanager
def writing(path: Path, disk: Disk) -> Iterator[Unfinished]:
    """A file that gets its name when all of it has been written; after an error there is what was there before.

    A link stays one, and a file keeps its mode. What is no file, such as /dev/null or a pipe, has no name to give away:
    it is written to as it is. The name is safe after the next `fsync_folder`.

    Raises:
        OSError: disk full, no permission and the like.
    """
    kind = path.stat().st_mode if path.exists() else None
    if kind is not None and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        descriptor = os.open(path, os.O_WRONLY)
        try:
            yield Unfinished(disk, descriptor)
        finally:
            os.close(descriptor)
        return
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    unfinished = unfinished_name(path)
    descriptor = disk.create(unfinished)
    try:
        try:
            if kind is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, stat.S_IMODE(kind))
            yield Unfinished(disk, descriptor)
            disk.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.rename(unfinished, path)
    except BaseException as error:
        if isinstance(error, Exception | KeyboardInterrupt):  # not when a test plays a crash: then nothing is tidied
            with suppress(OSError):  # the next launch sweeps it up
                disk.unlink(unfinished)
        raise


def put(disk: Disk, path: Path, data: bytes) -> None:
    """Write a file whole or not at all; its name is safe after the next `fsync_folder`.

    Raises:
        OSError: disk full, no permission and the like; what had the name is still there.
    """
    with writing(path, disk) as out:
        out.write(data)


@contextmanager
def written(path: Path) -> Iterator[Unfinished]:
    """As `writing`, for files that are for people: safe at the end, and an error names the file.

    Raises:
        OSError: a sentence; what had the name is still there. Of what goes wrong elsewhere meanwhile, nothing is said.
    """
    before, elsewhere = path.exists(), None
    try:
        with writing(path, DISK) as out:
            try:
                yield out
            except OSError as error:
                elsewhere = error if out.failed is None else None
                raise
        DISK.fsync_folder(path.parent)
    except OSError as error:
        if error is elsewhere:
            raise
        why = f"{error.strerror or error} while writing {path}"
        raise OSError(error.errno, f"{why}; what had that name before is still there" if before else why) from error


def write(path: Path, data: bytes | str) -> None:
    """Write a file whole or not at all, text in UTF-8; when this returns it is safe.

    Raises:
        OSError: names the file; what had the name is still there.
    """
    with written(path) as out:
        out.write(data.encode() if isinstance(data, str) else data)


def make_folders(disk: Disk, folder: Path) -> None:
    """Make a folder and what is missing above it."""
    for path in [*reversed(folder.parents), folder]:
        if not path.exists():
            disk.mkdir(path)


def sweep_up(folder: Path, disk: Disk = DISK) -> None:
    """Remove the unfinished files and folders that dead processes of this machine left in a folder."""
    import psutil  # noqa: PLC0415

    for path in folder.glob(f"{TEMPORARY}*-{platform.node()}-*-*"):
        pid = path.name.rsplit("-", 2)[1]
        if pid.isdigit() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                disk.unlink(path)
