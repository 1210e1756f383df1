"""Shards: the rows of a batch of runs in a Parquet file, with a sidecar that says what the file must be.

    a run is done  <=>  its sidecar is whole, names the run, carries its own name, and the hash of the file agrees

The name of a shard is the hash of the ids of its runs, which also stand inside the file: swapped, copied and renamed
files are told from true ones.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from abm import result_file
from abm.disk import Disk, put

FOLDER: Final = "shards"
OK, FAILED, CRASHED, TIMEOUT = STATUSES = ("ok", "failed", "crashed", "timeout")
RANK: Final = {OK: 2, FAILED: 2, TIMEOUT: 1, CRASHED: 0}  # of rows of one attempt, which counts
LARGEST: Final = result_file.LARGEST_TABLE
TEXTS: Final = ("status", "error", "message", "traceback")
HISTORY: Final = "history"  # column of the histories that are kept
WRITER: Final[dict[str, Any]] = {
    "compression": "zstd",
    "row_group_size": 65_536,
    "write_page_checksum": True,
    "version": "2.6",
    "use_dictionary": True,
}


class Damaged(RuntimeError):
    """A file that is not what was written."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a run. Values are NaN unless the status is ok; a kept history is its bytes."""

    run_id: str
    seed: int
    status: str
    values: tuple[float, ...]
    error: str = ""
    message: str = ""
    traceback: str = ""
    history: bytes = b""

    def same(self, other: Row) -> bool:
        """Equal to the last bit."""
        mine, its = ((r.run_id, r.status, r.error, r.message, r.traceback) for r in (self, other))
        return mine == its and _bits(self.values) == _bits(other.values)


def counts(status: tuple[int, str], before: tuple[int, str] | None) -> bool:
    """Whether an attempt and a status take the place of others of the same run (None: of none)."""
    return before is None or (status[0], RANK[status[1]]) > (before[0], RANK[before[1]])


def _bits(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a shard must be.

    Attributes:
        name: of the shard: the hash of what follows but for the hashes and the failures.
        code: digest of the model's code.
        attempt: 0, and one more each time that failed runs are tried again; the latest counts.
        runs: ids, in the order of the rows.
        failed: ids whose status is not ok, with the status.
        sha256: of the file.
    """

    name: str
    code: str
    attempt: int
    runs: tuple[str, ...]
    failed: dict[str, str]
    sha256: str

    def data(self) -> bytes:
        """The file: JSON in one form, closed by a hash of itself."""
        content = {
            "attempt": self.attempt,
            "code": self.code,
            "failed": dict(sorted(self.failed.items())),
            "name": self.name,
            "runs": list(self.runs),
            "sha256": self.sha256,
        }
        return sealed(content)


def sealed(content: dict[str, Any]) -> bytes:
    """JSON with a hash of itself in it, in exactly one form."""
    plain = {key: value for key, value in content.items() if key != "check"}
    check = hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return (json.dumps(plain | {"check": check}, sort_keys=True, ensure_ascii=False, indent=0) + "\n").encode()


def unsealed(data: bytes, what: str) -> dict[str, Any]:
    """Read what `sealed` wrote.

    Raises:
        Damaged: a bit of it is another.
    """
    try:
        content = json.loads(data)
        whole = isinstance(content, dict) and sealed(content) == data
    except (ValueError, UnicodeError, RecursionError):
        whole = False
    if not whole:
        raise Damaged(f"{what} is damaged: it does not agree with the hash in it")
    found: dict[str, Any] = content
    return found


def name_of(runs: Iterable[str], attempt: int) -> str:
    """The name of the shard that holds these runs."""
    return hashlib.sha256("\n".join([str(attempt), *runs]).encode()).hexdigest()[:32]


def parquet(table: pa.Table) -> bytes:
    """The same bytes for the same table."""
    out = io.BytesIO()
    pq.write_table(table, out, **WRITER)
    return out.getvalue()


def unparquet(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table, or those of some columns that are there; page checksums are verified."""
    try:
        return result_file.table_in(data, "the table", columns, binary=(HISTORY,))
    except result_file.BadFile as error:
        raise Damaged(str(error)) from error


def _columns(data: bytes) -> list[str]:
    try:
        return list(pq.read_schema(pa.BufferReader(data)).names)
    except (OSError, pa.ArrowException) as error:
        raise Damaged(f"not a whole Parquet file ({str(error).splitlines()[0]})") from error


def content(path: Path) -> bytes:
    """The bytes of a file of a sweep.

    Raises:
        Damaged: not a regular file, or larger than any of a sweep.
        OSError: not there, or not to be read.
    """
    try:
        return result_file.data(path, LARGEST)
    except result_file.BadFile as error:
        raise Damaged(str(error)) from error


def commit(disk: Disk, folder: Path, rows: Sequence[Row], outcomes: Sequence[str], code: str, attempt: int) -> str:
    """Store the rows of a batch; when this returns they are safe.

    Args:
        folder: of the sweep.
        outcomes: names of the values.

    Returns:
        The name of the shard.
    """
    runs = [row.run_id for row in rows]
    name = name_of(runs, attempt)
    inside = {"runs": json.dumps(runs), "code": code, "attempt": str(attempt)}
    data = parquet(_table(rows, outcomes).replace_schema_metadata(inside))
    failed = {row.run_id: row.status for row in rows if row.status != OK}
    sidecar = Sidecar(name, code, attempt, tuple(runs), failed, hashlib.sha256(data).hexdigest())
    shards = folder / FOLDER
    put(disk, shards / f"{name}.parquet", data)
    put(disk, shards / f"{name}.json", sidecar.data())
    disk.fsync_folder(shards)
    return name


def _table(rows: Sequence[Row], outcomes: Sequence[str]) -> pa.Table:
    columns: dict[str, Any] = {
        "run_id": pa.array([row.run_id for row in rows], pa.string()),
        "seed": pa.array([row.seed for row in rows], pa.int64()),
    }
    for text in TEXTS:
        columns[text] = pa.array([getattr(row, text) for row in rows], pa.string())
    for number, outcome in enumerate(outcomes):
        columns[f"= {outcome}"] = pa.array([row.values[number] for row in rows], pa.float64())
    if any(row.history for row in rows):
        columns[HISTORY] = pa.array([row.history for row in rows], pa.binary())
    return pa.table(columns)


def empty(outcomes: Sequence[str]) -> pa.Table:
    """What `table_of` gives for no runs."""
    return _table([], outcomes)


def verified(folder: Path, name: str) -> tuple[Sidecar, bytes]:
    """The sidecar and the bytes of a shard.

    Raises:
        Damaged: says what is wrong.
        OSError: one of the two files is not there or cannot be read.
    """
    shards = folder / FOLDER
    told = unsealed(content(shards / f"{name}.json"), f"{name}.json")
    try:
        told.pop("check")
        sidecar = Sidecar(**told | {"runs": tuple(told["runs"])})
    except (TypeError, KeyError):
        raise Damaged(f"{name}.json is not a sidecar") from None
    if not sidecar.name == name == name_of(sidecar.runs, sidecar.attempt):
        raise Damaged(f"{name}.json belongs to the shard {sidecar.name}")
    data = content(shards / f"{name}.parquet")
    if hashlib.sha256(data).hexdigest() != sidecar.sha256:
        raise Damaged(f"{name}.parquet does not agree with the hash in its sidecar")
    return sidecar, data


def table_of(sidecar: Sidecar, data: bytes, outcomes: Sequence[str]) -> pa.Table:
    """The rows of a verified shard, columns in the order of the outcomes given.

    Raises:
        Damaged: the file holds other runs than its sidecar says.
    """
    names = ["run_id", "seed", *TEXTS, *(f"= {outcome}" for outcome in outcomes)]
    table = unparquet(data, [name for name in _columns(data) if name != HISTORY])
    inside = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    runs = table["run_id"].to_pylist()
    expected = {"runs": json.dumps(list(sidecar.runs)), "code": sidecar.code, "attempt": str(sidecar.attempt)}
    if tuple(runs) != sidecar.runs or any(inside.get(key) != value for key, value in expected.items()):
        raise Damaged(f"{sidecar.name}.parquet holds other runs than its sidecar says")
    missing = [outcome for outcome in outcomes if f"= {outcome}" not in table.column_names]
    if missing:
        raise Damaged(f"{sidecar.name}.parquet has no outcome {missing[0]!r}")
    return table.select(names).replace_schema_metadata(None)


def histories_of(sidecar: Sidecar, data: bytes) -> pa.ChunkedArray:
    """The histories of a verified shard, in the order of its runs.

    Raises:
        Damaged: it holds none.
    """
    table = unparquet(data, [name for name in _columns(data) if name in ("run_id", HISTORY)])
    if HISTORY not in table.column_names or tuple(table["run_id"].to_pylist()) != sidecar.runs:
        raise Damaged(f"{sidecar.name}.parquet holds no histories of the runs that its sidecar names")
    return table[HISTORY]


def rows_of(sidecar: Sidecar, data: bytes, outcomes: Sequence[str]) -> list[Row]:
    """The rows of a verified shard, values in the order of the outcomes given.

    Raises:
        Damaged: the file holds other runs than its sidecar says.
    """
    return rows_in(table_of(sidecar, data, outcomes), outcomes)


def rows_in(table: pa.Table, outcomes: Sequence[str]) -> list[Row]:
    """The rows of what `table_of` gave."""
    values = zip(*(table[f"= {outcome}"].to_pylist() for outcome in outcomes), strict=True)
    texts = (table[name].to_pylist() for name in ("run_id", "seed", *TEXTS))
    return [
        Row(run, seed, status, tuple(mine), error, message, trace)
        for run, seed, status, error, message, trace, mine in zip(*texts, values, strict=True)
    ]
