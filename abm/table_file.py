"""Tables as Parquet with page checksums, written history by history, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from abm import disk

GROUP: Final = 100_000  # rows of a row group, about: what is held before it is written
OPTIONS: Final[dict[str, Any]] = {"compression": "zstd", "write_page_checksum": True}


class TableFile:
    """A Parquet file that is being written."""

    def __init__(self, out: disk.Unfinished) -> None:
        self._out = out
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self._empty: pa.Table | None = None
        self._rows = 0
        self._finished = False

    def add(self, table: pa.Table) -> None:
        """Append rows; the columns of all tables with rows are the same. A table without rows has no say in them."""
        if table.num_rows == 0:
            self._empty = self._empty or table
            return
        self._held.append(table)
        self._rows += table.num_rows
        if self._rows >= GROUP:
            self._write()

    def _write(self) -> None:
        table = pa.concat_tables(self._held).unify_dictionaries().combine_chunks()
        self._held, self._rows = [], 0
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._out, table.schema, **OPTIONS)
        self._writer.write_table(table, row_group_size=table.num_rows)

    def finish(self) -> None:
        """Write what is held, and the end of the file; nothing if that was done."""
        if self._finished:
            return
        self._finished = True
        if self._held or self._writer is None:
            self._held = self._held or [self._empty if self._empty is not None else pa.table({})]
            self._write()
        assert self._writer is not None
        self._writer.close()


@contextmanager
def table_file(path: Path) -> Iterator[TableFile]:
    """A table that gets its name when all of it is written.

    Raises:
        OSError: names the file; what had the name is still there.
    """
    with disk.written(path) as out:
        table = TableFile(out)
        yield table
        table.finish()


def write_parquet(path: Path, table: pa.Table) -> None:
    """A whole table.

    Raises:
        OSError: names the file; what had the name is still there.
    """
    with table_file(path) as out:
        out.add(table)
