"""Files of results, opened as what they may be: made by somebody else, by accident or on purpose.

The name of a result may stand for a pipe that nobody writes to, and would be waited at for ever; a file may be larger
than the memory; a table of two hundred bytes may hold a thousand million rows, all alike. So everything that reads a
folder of results does it through here: kind, size and number of values are looked at before anything is made of them.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MEGABYTE: Final = 1024**2
LARGEST_DOCUMENT: Final = 256 * MEGABYTE
MOST_VALUES: Final = 10_000_000
"""Of one JSON document: each costs some 50 bytes of memory, however few it has in the file."""

LARGEST_TABLE: Final = 4096 * MEGABYTE
MOST_COLUMNS: Final = 10_000
LONGEST_TEXT: Final = 20_000  # bytes of one text in a table; a traceback is the longest that is written
ROWS: Final = (200_000, 20)
"""Rows that a table may have: this many, and more by this many for each byte of its file. A run's have 0.2 a byte."""

VALUES: Final = (2_000_000, 100)
"""Values, rows times columns, likewise."""

UNPACKED: Final = (64 * MEGABYTE, 64)
"""Bytes of a table when unpacked, likewise; a run's table grows by a third."""

BATCH: Final = 65_536
_KINDS: Final = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class BadFile(ValueError):
    """A file that is not opened, or not what it should be: what came, and what was expected."""


class TooManyRows(BadFile):
    """A whole table, of more rows than the reader takes."""


def opened(path: Path, largest: int = LARGEST_TABLE) -> BinaryIO:
    """A regular file of bounded size, for reading. It never waits, as opening a pipe would.

    Raises:
        BadFile: of another kind, or larger.
        OSError: not there, or not to be read.
    """
    _check(path, os.stat(path), largest)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    try:
        _check(path, os.fstat(file.fileno()), largest)  # of the file that was opened: the name may be another's by now
    except BadFile:
        file.close()
        raise
    return file


def _check(path: Path, found: os.stat_result, largest: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise BadFile(f"{path.name} is {_KINDS.get(stat.S_IFMT(found.st_mode), 'a device')}; expected a regular file")
    if found.st_size > largest:
        raise BadFile(
            f"{path.name} has {found.st_size / MEGABYTE:,.0f} MB; at most {largest / MEGABYTE:,.0f} MB are opened"
        )


def data(path: Path, largest: int = LARGEST_DOCUMENT) -> bytes:
    """The bytes of a regular file of bounded size.

    Raises:
        BadFile: of another kind, or larger.
        OSError: not there, or not to be read.
    """
    with opened(path, largest) as file:
        found = file.read(largest + 1)
    if len(found) > largest:
        raise BadFile(f"{path.name} grows while it is read; at most {largest / MEGABYTE:,.0f} MB are opened")
    return found


def document(path: Path, largest: int = LARGEST_DOCUMENT, most: int = MOST_VALUES) -> Any:
    """What a JSON file holds.

    Args:
        path: of the file.
        largest: bytes that it may have.
        most: values that it may hold.

    Raises:
        BadFile: of another kind, too large, or not JSON.
        OSError: not there, or not to be read.
    """
    return unpacked(data(path, largest), path.name, most)


def unpacked(content: bytes, what: str, most: int = MOST_VALUES) -> Any:
    """JSON with a bounded number of values, counted before they are made (commas in texts count as well).

    Raises:
        BadFile: not JSON, or more of it.
    """
    values = content.count(b",") + content.count(b"[") + content.count(b"{")
    if values > most:
        raise BadFile(f"{what} holds some {values:,} values; at most {most:,} are read")
    try:
        return json.loads(content)
    except RecursionError:
        raise BadFile(f"{what} is nested too deep") from None
    except ValueError as error:
        raise BadFile(f"{what} is not whole JSON ({error})") from None


def table(
    path: Path,
    columns: Sequence[str] | None = None,
    where: Any = None,
    *,
    rows: int | None = None,
    largest: int = LARGEST_TABLE,
) -> pa.Table:
    """A Parquet table of numbers and texts, page checksums verified.

    Args:
        path: of the file.
        columns: that are read, which must be there; all without it.
        where: expression that the rows fulfil, as `pyarrow.parquet.filters_to_expression` makes it. Rows are read by
            batches, so that those left out cost no memory.
        rows: most of them that may be kept.
        largest: bytes that the file may have.

    Raises:
        BadFile: of another kind, too large, not a whole Parquet file, or without one of the columns; `TooManyRows` if
            that is all.
        OSError: not there, or not to be read.
    """
    with opened(path, largest) as file, _native(file, path) as source:
        return _read(source, os.fstat(file.fileno()).st_size, path.name, columns, where, rows)


def parts(path: Path, columns: Sequence[str], also: tuple[str, ...] = ()) -> Iterator[pa.Table]:
    """The same table a few rows at a time, for what is only counted: no more of it is in memory.

    Args:
        path: of the file.
        columns: that are read, which must be there if there is a row.
        also: beginnings of the names of further columns.

    Raises:
        BadFile, OSError: as `table`.
    """
    with opened(path) as file, _native(file, path) as source:
        size = os.fstat(file.fileno()).st_size
        try:
            held, schema, texts = _held(source)
            if not held.metadata.num_rows:
                return
            names = [*columns, *(name for name in schema.names if name.startswith(also) and name not in columns)]
            _bounded(held, size, path.name, names, ())
            for batch in held.iter_batches(BATCH, columns=names, use_threads=False):
                yield _texts(pa.Table.from_batches([batch]), texts, size, path.name)
        except (OSError, pa.ArrowException) as error:
            raise _not_whole(path.name, error) from None


def table_in(content: bytes, what: str, columns: Sequence[str] | None = None, binary: Sequence[str] = ()) -> pa.Table:
    """The same out of bytes that were read already; some columns may hold bytes.

    Raises:
        BadFile: too large when unpacked, or not a whole Parquet file.
    """
    return _read(pa.BufferReader(content), len(content), what, columns, binary=binary)


def _native(file: BinaryIO, path: Path) -> pa.NativeFile:
    """The same file as Arrow opens it.

    Its threads let go of what they read when they please; if that is an object of Python while the process ends, it
    ends with an abort.
    """
    same = Path(f"/dev/fd/{file.fileno()}")
    return pa.OSFile(str(same if same.exists() else path))


def _read(
    file: pa.NativeFile,
    size: int,
    what: str,
    columns: Sequence[str] | None = None,
    where: Any = None,
    rows: int | None = None,
    binary: Sequence[str] = (),
) -> pa.Table:
    try:
        held, schema, texts = _held(file)
        _bounded(held, size, what, columns, binary)
        kept, batches = 0, []
        for batch in held.iter_batches(BATCH, columns=None if columns is None else list(columns), use_threads=False):
            found = pa.Table.from_batches([batch])
            found = found if where is None else found.filter(where)
            kept += found.num_rows
            if rows is not None and kept > rows:
                raise TooManyRows(f"{what} has more than {rows:,} rows that count; at most {rows:,} are read")
            batches.append(found)
        if not batches:
            return schema.empty_table() if columns is None else schema.empty_table().select(columns)
        return _texts(pa.concat_tables(batches).unify_dictionaries(), texts, size, what)
    except (OSError, pa.ArrowException) as error:
        raise _not_whole(what, error) from None


def _held(file: pa.NativeFile) -> tuple[pq.ParquetFile, pa.Schema, list[str]]:
    """The file, what it says of its columns, and those of texts, which are read as numbers of different texts."""
    schema = pq.ParquetFile(file).schema_arrow
    texts = [field.name for field in schema if _is_text(field.type)]
    return pq.ParquetFile(file, read_dictionary=texts, page_checksum_verification=True), schema, texts


def _not_whole(what: str, error: Exception) -> BadFile:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return BadFile(f"{what} is not a whole Parquet file ({reason[:200]})")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    """A number, a flag, a date, a text, or nothing at all (the column of a table without rows)."""
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    tests = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_temporal, pa.types.is_null)
    return _is_text(kind) or any(test(kind) for test in tests)


def _bounded(held: pq.ParquetFile, size: int, what: str, columns: Sequence[str] | None, binary: Sequence[str]) -> None:
    """Refuse what the footer says is too much, before a page is read."""
    told, schema = held.metadata, held.schema_arrow
    if told.num_columns > MOST_COLUMNS:
        raise BadFile(f"{what} has {told.num_columns:,} columns; at most {MOST_COLUMNS:,} are read")
    for field in schema:
        if not (_is_plain(field.type) or (field.name in binary and pa.types.is_binary(field.type))):
            raise BadFile(
                f"{what}: column {field.name[:60]!r} is of type {str(field.type)[:60]}; expected numbers or texts"
            )
    missing = [name for name in columns or () if name not in schema.names]
    if missing:
        raise BadFile(f"{what} has no column {missing[0]!r}")
    if twice := [name for name in columns or () if schema.names.count(name) > 1]:
        raise BadFile(f"{what} has two columns {twice[0]!r}")
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    rows = max(told.num_rows, sum(group.num_rows for group in groups))
    unpacked_size = sum(group.total_byte_size for group in groups)
    wide = len(schema.names) if columns is None else len(columns)
    for many, of, (base, by_byte) in (
        (rows, "rows", ROWS),
        (rows * wide, "values", VALUES),
        (unpacked_size, "bytes when unpacked", UNPACKED),
    ):
        if many > base + by_byte * size:
            raise BadFile(
                f"{what} says that it has {many:,} {of}, which a file of {size:,} bytes of results does not hold"
            )


def _texts(found: pa.Table, texts: Sequence[str], size: int, what: str) -> pa.Table:
    """Texts of bounded length, as they were stored: those that every row names by number are written out."""
    for number, field in enumerate(found.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        column = found.column(number)
        lengths = pc.binary_length(column.chunk(0).dictionary) if column.num_chunks else pa.array([], pa.int32())
        if (pc.max(lengths).as_py() or 0) > LONGEST_TEXT:
            raise BadFile(f"{what}: a text in column {field.name[:60]!r} has more than {LONGEST_TEXT:,} bytes")
        if field.name in texts:
            each = [pc.sum(lengths.take(chunk.indices)).as_py() or 0 for chunk in column.chunks]
            if sum(each) > UNPACKED[0] + UNPACKED[1] * size:
                raise BadFile(
                    f"{what}: the texts of column {field.name[:60]!r} have {sum(each):,} bytes when written out"
                )
            found = found.set_column(number, field.with_type(field.type.value_type), column.cast(field.type.value_type))
    return found
