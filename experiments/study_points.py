"""The points that a study asks for: those of a list, and whether a design has the size that its method needs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pc

from abm import result_file
from abm.scenario_read import Problems, nearest, show
from experiments import design
from experiments.responses import Factor

SAMPLED: Final = ("grid", *design.SAMPLERS)  # designs that need n
LARGEST_FILE: Final = 200 * 1024 * 1024  # bytes of a table of points


def read_rows(
    problems: Problems, plan: Mapping[str, Any], factors: Sequence[Factor], folder: Path
) -> tuple[tuple[Any, ...], ...]:
    """The points of a list: given as lists in the order of the factors, or as a table beside the study."""
    if plan.get("method") != "list":
        for key in ("rows", "file"):
            if key in plan:
                problems.add(f"design.{key}", show(plan[key]), 'method = "list" with it', f"remove {key}")
        return ()
    rows = plan.get("rows")
    if "file" in plan:
        if rows is not None:
            problems.add("design", "rows and a file", "one of them", "remove one")
            return ()
        rows = _from_file(problems, folder / str(plan["file"]), factors)
        if rows is None:
            return ()
    if not isinstance(rows, list | tuple) or not rows:
        problems.add(
            "design.rows",
            "nothing" if rows is None else show(rows),
            "at least one point",
            "write rows = [[0.05, 1.0], ...]",
        )
        return ()
    found = []
    for index, row in enumerate(rows, 1):
        place = f"design.rows[{index}]"
        if not isinstance(row, list | tuple) or len(row) != len(factors):
            problems.add(place, show(row), f"a list of {len(factors)}, one value a factor", "correct the point")
            continue
        fits = [_fits(problems, f"{place}[{k}]", x, f) for k, (x, f) in enumerate(zip(row, factors, strict=True), 1)]
        if all(fits):
            found.append(tuple(row))
    return tuple(found)


def _fits(problems: Problems, place: str, value: object, factor: Factor) -> bool:
    if factor.levels:
        fine, expected = value in factor.levels, "one of the levels"
    else:
        fine = isinstance(value, int | float) and not isinstance(value, bool) and factor.low <= value <= factor.high
        expected = f"a number from {factor.low:g} to {factor.high:g}"
    if not fine:
        problems.add(place, show(value), f"{expected} of {factor.name}", "correct the value or the range")
    return fine


def _from_file(problems: Problems, path: Path, factors: Sequence[Factor]) -> list[list[Any]] | None:
    """Points out of a CSV or Parquet file with a column for each factor."""
    place = "design.file"
    expected, fix = "a CSV or Parquet file beside the study", "check the name and the content"
    if not path.is_file():
        problems.add(place, f"{show(path.name)}, which is no file", expected, fix)
        return None
    if path.stat().st_size > LARGEST_FILE:
        problems.add(place, f"{path.stat().st_size:,} bytes", f"at most {LARGEST_FILE:,} bytes", "fewer points")
        return None
    try:
        data = result_file.data(path, LARGEST_FILE)
        is_table = path.suffix == ".parquet"
        read = result_file.table_in(data, path.name) if is_table else pc.read_csv(io.BytesIO(data))
    except (OSError, pa.ArrowException, result_file.BadFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        problems.add(place, f"{show(path.name)}, which cannot be read ({reason})", expected, fix)
        return None
    missing = [factor.name for factor in factors if factor.name not in read.column_names]
    if missing:
        fix = nearest(missing[0], read.column_names, "the file has")
        problems.add(place, f"no column {show(missing[0])}", "a column for each factor", fix)
        return None
    twice = [factor.name for factor in factors if read.column_names.count(factor.name) > 1]
    if twice:
        problems.add(place, f"two columns {show(twice[0])}", "a column for each factor", "remove one of them")
        return None
    return [list(row) for row in zip(*(read[factor.name].to_pylist() for factor in factors), strict=True)]


def check_design(
    problems: Problems, plan: Mapping[str, Any], factors: Sequence[Factor], rows: Sequence[Sequence[Any]]
) -> int:
    """How many points a design has; what it lacks is noted."""
    method, n = plan.get("method"), plan.get("n")
    ranges = [factor for factor in factors if not factor.levels]
    if method in SAMPLED and n is None and (method != "grid" or ranges):
        if not any(line.startswith("design.n:") for line in problems.lines):
            problems.add("design.n", "nothing", f"the size of a design of method {method}", "add n = 64")
        return 0
    if method is None or not factors:
        return 0
    if method == "saltelli" and n is not None and n & (n - 1):
        problems.add("design.n", str(n), "a power of two for method saltelli", f"write n = {1 << n.bit_length()}")
    if method == "morris" and n is not None and n < 2:
        problems.add("design.n", str(n), "at least 2 trajectories", "write n = 10")
    total = design.count(method, factors, n or 1, len(rows))
    if total > design.MOST_POINTS:
        came = f"{total:,} points"
        problems.add("design", came, f"at most {design.MOST_POINTS:,}", "fewer levels, or a sampled design")
        return 0
    return total
