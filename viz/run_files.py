"""The files of a run as they are read, and what none that was simulated can say.

Anybody may have made the folder: what its files say is checked before room is made for it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from abm import result_file
from abm.result_file import BadFile
from viz.departures import COLUMNS, TERMS, Departures

_COLUMNS: dict[str, tuple[str, ...]] = {
    "series.parquet": ("replicate", "month", "date", "metric", "entity", "value"),
    "cohorts.csv": ("replicate", "cohort", "date", "month", "n_left", "n_left_voluntary"),
    "flows.parquet": ("replicate", "from", "to", "count"),
}
_TYPES = {"replicate": np.int64, "cohort": str, "month": np.int64, "n_left": float, "n_left_voluntary": float}
LARGEST_COUNTS: Final = 64 * result_file.MEGABYTE  # of cohorts.csv
MOST_MONTHS: Final = 1_200
MOST_REPLICATES: Final = 1_000_000
MOST_PEOPLE: Final = 10_000_000  # in a cohort
SPARSE: Final = (1_000_000, 4, 10)
"""Places by replicate and month that a table is read into: so many, and so many more for each row that fills them, of
the series and of the counts of cohorts. A run fills nearly all; a folder with more was not written by one."""


def document(path: Path) -> dict[str, Any]:
    """A JSON file of the folder; empty when it is not there, or holds something else than a table.

    Raises:
        BadFile: damaged or too large.
    """
    try:
        content = result_file.document(path)
    except FileNotFoundError:
        return {}
    return content if isinstance(content, dict) else {}


def table(path: Path, where: Any = None) -> Any:
    """A Parquet file of the folder as a frame, or the rows of it that fulfil an expression; empty when it is not there.

    Raises:
        BadFile: damaged or too large.
    """
    try:
        found = result_file.table(path, where=where)
    except FileNotFoundError:
        return _empty(path)
    if missing := [name for name in _COLUMNS[path.name] if name not in found.column_names]:
        if found.num_rows:
            raise BadFile(f"{path.name} has no column {missing[0]!r}")
        return _empty(path)
    return found.to_pandas(ignore_metadata=True)


def departures(path: Path) -> Departures:
    """The departures of the folder, counted; none when the file is not there.

    Raises:
        BadFile: damaged or too large.
    """
    try:
        return Departures.of(result_file.parts(path, COLUMNS, TERMS))
    except FileNotFoundError:
        return Departures()
    except pa.ArrowException as error:  # a column of another kind
        raise BadFile(f"{path.name}: {' '.join(str(error).split())[:200]}") from None


def _empty(path: Path) -> Any:
    return pd.DataFrame({column: [] for column in _COLUMNS[path.name]})


def counts(path: Path) -> Any:
    """The counts of leavers; the first line is looked at before, since each column costs memory.

    Raises:
        BadFile: damaged or too large.
    """
    try:
        data = result_file.data(path, LARGEST_COUNTS)
    except FileNotFoundError:
        return _empty(path)
    head = data[:1_000].partition(b"\n")[0].decode("utf-8", "replace").strip()
    if head.split(",") != list(_COLUMNS[path.name]):
        raise BadFile(f"{path.name} begins with {head[:80]!r}; expected {','.join(_COLUMNS[path.name])!r}")
    try:
        return pd.read_csv(io.BytesIO(data), keep_default_na=False, dtype=_TYPES)
    except (ValueError, OverflowError) as error:
        raise BadFile(f"{path.name}: {' '.join(str(error).split())[:200]}") from None


def problems(run: Any) -> Iterator[str]:
    """What a run cannot hold, in words; the first ends the reading, so that what comes later may rely on it.

    Args:
        run: a `viz.results.RunData`.
    """
    head = run.summary.get("scenario") or {}
    if not isinstance(head, dict) or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(head.get("start") or "2000-01")):
        yield "summary.json: scenario.start is not a month, expected YYYY-MM"
    for where, table, key, most in (
        ("summary.json", run.summary, "months", MOST_MONTHS),
        ("summary.json", head, "months", MOST_MONTHS),
        ("summary.json", run.summary, "replicates", MOST_REPLICATES),
        *(("summary.json: cohorts", each, "size", MOST_PEOPLE) for each in _tables(run.summary.get("cohorts"))),
    ):
        value = table.get(key) or 0
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            yield f"{where}: {key} is {str(value)[:40]}, expected a number up to {most:,}"
    for name, rows in (
        ("series.parquet", run.series),
        ("series.parquet", run.team_series),
        ("cohorts.csv", run.cohort_counts),
    ):
        for key, most in (("month", MOST_MONTHS - 1), ("replicate", MOST_REPLICATES - 1)):
            if len(rows) and not pd.api.types.is_integer_dtype(rows[key]):
                yield f"{name}: {key} holds {rows[key].dtype}, expected whole numbers"
            if len(rows) and not 0 <= rows[key].min() <= rows[key].max() <= most:
                yield f"{name}: {key} from {rows[key].min():,} to {rows[key].max():,}, expected 0 to {most:,}"
    base, by_row, by_count = SPARSE
    cohorts = len(_tables(run.summary.get("cohorts")))
    for what, many, rows, each in (
        ("employer", 1, len(run.series), by_row),
        ("teams", run.team_series["entity"].nunique(), len(run.team_series), by_row),
        ("cohorts", cohorts, len(run.cohort_counts), by_count),
    ):
        if many * len(run.replicate_ids) * run.n_months > base + each * rows:
            asked = f"{len(run.replicate_ids):,} replicates of {run.n_months:,} months for {many:,} {what}"
            yield f"{asked}, while its table has {rows:,} rows"


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
