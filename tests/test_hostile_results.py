"""Results that somebody else made: pipes, tables of thousands of millions of rows, months without end.

Every reader of a folder of results refuses them in words, without waiting and before it makes room for them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm import cli, explain, keep, result_file
from abm.commands import Refused, rank
from abm.result_file import BadFile
from abm.scenario import ScenarioError
from experiments import posterior_file, reading, shards
from experiments.reading import Unreadable
from viz import results
from viz.messages import Wrong
from viz.pages.experiments import experiment
from viz.results import RunFolderError
from viz.server import Options
from viz.shelf import folders

MEGABYTE = 1024**2
PATIENCE = 600  # seconds after which a reader is held to wait for ever
WORDS = (RunFolderError, Wrong, explain.NotFoundError, Refused, ScenarioError, Unreadable, shards.Damaged, BadFile)

Damage = Callable[[Path], object]
Reader = Callable[[Path], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and a sweep, as the commands write them."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "study.toml").write_text(
        'name = "s"\nmodel = "ishigami"\noutcomes = ["y"]\n[design]\nmethod = "lhs"\nn = 8\n'
        + "".join(f'[[factors]]\nname = "x{k}"\nlow = -3.14\nhigh = 3.14\n' for k in (1, 2, 3)),
        encoding="utf-8",
    )
    assert cli.main(["run", "tiny", "--replicates", "2", "--workers", "1", "--out", str(folder / "run")]) == 0
    assert cli.main(["sweep", str(folder / "study.toml"), "--workers", "1", "--out", str(folder / "sweep")]) == 0
    (folder / "fit").mkdir()
    shutil.copy(posterior_file.SHIPPED, folder / "fit" / "posterior.json")
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "results"))


def in_the_app(folder: Path, file: str, kind: str) -> object:
    """As a tab would open it; a refusal is raised again."""
    tab: Any = SimpleNamespace(options=Options(results=folder.parent))
    return experiment(tab, {"folder": folder.name, "file": file, "kind": kind})


def read_rank(folder: Path) -> object:
    return rank._recorded(argparse.Namespace(settings=[], months=None), folder)


READERS: dict[str, tuple[str, tuple[str, ...], Reader]] = {
    "report": (
        "run",
        ("summary.json", "provenance.json", "graph.json", "series.parquet", "departures.parquet", "cohorts.csv",
         "flows.parquet"),
        results.load,
    ),
    "why": ("run", ("departures.parquet", "options.parquet"), lambda run: explain.why_card(run, departure=0)),
    "keep": ("run", ("provenance.json",), lambda run: keep.case_of(run, 0, 0)),
    "rank": ("run", ("provenance.json",), read_rank),
    "sweep": ("sweep", ("study.json", "plan.parquet", "runs.parquet", "manifest.json"), reading.read),
    "posterior": ("fit", ("posterior.json",), lambda fit: posterior_file.read(fit / "posterior.json")),
    "run in the app": (
        "run",
        ("summary.json", "cohorts.csv", "series.parquet"),
        lambda run: in_the_app(run, "summary.json", "run"),
    ),
    "sweep in the app": (
        "sweep", ("study.json", "runs.parquet"), lambda sweep: in_the_app(sweep, "study.json", "sweep")
    ),
    "download": ("run", ("cohorts.csv",), lambda run: folders.sent(run.parent, run.name, "cohorts.csv")),
}  # fmt: skip
ALL = [(name, file) for name, (_, files, _) in READERS.items() for file in files]


def outcome(read: Callable[[], object]) -> Any:
    """What a reader gives or raises, from a thread of its own: one that waits for ever fails the test."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(read())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "the reader waits for ever"
    return found[0]


def peak_of(read: Callable[[], object]) -> int:
    """Bytes of memory that a reader takes at most."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark is that of now
    before = _memory("VmRSS")
    read()
    return _memory("VmHWM") - before


def refuses(read: Callable[[], object]) -> None:
    """In one short line."""
    with pytest.raises(WORDS) as refused:
        read()
    assert "\n" not in str(refused.value).strip() and len(str(refused.value)) < 500


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


# ---- what is no file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "file"), ALL)
def test_a_pipe_is_not_waited_at(own: Path, name: str, file: str) -> None:
    folder, _, read = READERS[name]
    assert not isinstance(outcome(lambda: read(own / folder)), Exception)
    (own / folder / file).unlink()
    os.mkfifo(own / folder / file)
    found = outcome(lambda: read(own / folder))
    assert isinstance(found, WORDS), found
    assert f"{file} is a pipe" in str(found) or "lies outside" in str(found)


@pytest.mark.parametrize(("name", "file"), ALL)
def test_devices_folders_and_nonsense_are_refused(own: Path, name: str, file: str) -> None:
    folder, _, read = READERS[name]
    (own / folder / file).unlink()
    (own / folder / file).symlink_to("/dev/zero")
    assert isinstance(outcome(lambda: read(own / folder)), WORDS)
    (own / folder / file).unlink()
    (own / folder / file).mkdir()
    assert isinstance(outcome(lambda: read(own / folder)), WORDS)
    if name != "download":
        (own / folder / file).rmdir()
        (own / folder / file).write_bytes(b'{"months": ')
        assert isinstance(outcome(lambda: read(own / folder)), WORDS)


def test_a_pipe_among_shards_is_a_damaged_shard(own: Path) -> None:
    (own / "sweep" / "runs.parquet").unlink()
    (own / "sweep" / "manifest.json").unlink()
    names = sorted((own / "sweep" / "shards").glob("*.parquet"))
    for number, shard in enumerate(names):
        shard.unlink()
        os.mkfifo(shard)
        assert len(outcome(lambda: reading.whole(own / "sweep"))) == len(names) - number - 1
    found = outcome(lambda: in_the_app(own / "sweep", "study.json", "sweep"))
    assert isinstance(found, Wrong) and "nothing has been run" in str(found)


# ---- small files that tell of much -----------------------------------------------------------------------------------


def rows_without_end(path: Path, columns: dict[str, Any], rows: int = 20_000_000) -> None:
    """The same row again and again: a few bytes for a million of them."""
    some = pa.table({name: pa.array([value]).take(pa.array([0] * 10**6)) for name, value in columns.items()})
    with pq.ParquetWriter(path, some.schema, compression="zstd") as out:
        for _ in range(rows // 10**6):
            out.write_table(some)
    assert path.stat().st_size < MEGABYTE


def told(path: Path, **changes: Any) -> None:
    """A document with some of its keys changed."""
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


HEAD = "replicate,cohort,date,month,n_left,n_left_voluntary\n"
SERIES = {"replicate": 0, "month": 0, "date": "2022-01", "metric": "headcount", "entity": "Alpha", "value": 1.0}


def texts_without_end(path: Path, letters: int, rows: int) -> None:
    """One text that every row names by its number, in a file that does not say so."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * letters]))
    pq.write_table(pa.table({"from": column, "to": column}), path, store_schema=False)


def thin(path: Path, rows: int) -> None:
    """So many rows of one employer in the first month, each of another history as far as there are some."""
    same = {"date": "2022-01", "metric": "headcount", "entity": "Alpha"}
    table = {name: pa.array([value]).take(pa.array(np.zeros(rows, np.int8))) for name, value in same.items()}
    numbers = {"replicate": np.sort(np.arange(rows) % 40_000), "month": np.zeros(rows, np.int64)}
    table |= {name: pa.array(values) for name, values in numbers.items()} | {"value": pa.array(np.zeros(rows))}
    pq.write_table(pa.table(table), path, compression="zstd")


SMALL: dict[str, tuple[str, Damage]] = {
    "a month of twenty million": (
        "report", lambda run: (run / "cohorts.csv").write_text(HEAD + "0,alpha-authors,2022-01,20000000,1,1\n")
    ),
    "the same in the app": (
        "run in the app", lambda run: (run / "cohorts.csv").write_text(HEAD + "0,alpha-authors,2022-01,20000000,1,1\n")
    ),
    "a month before the first": (
        "report", lambda run: (run / "cohorts.csv").write_text(HEAD + "0,alpha-authors,2022-01,-5,1,1\n")
    ),
    "a column for each comma": ("report", lambda run: (run / "cohorts.csv").write_text("," * 3_000_000)),
    "months without end": ("report", lambda run: told(run / "summary.json", months=10**9)),
    "months in the app": ("run in the app", lambda run: told(run / "summary.json", months=10**9)),
    "months as text": ("report", lambda run: told(run / "summary.json", months="many")),
    "no month": ("report", lambda run: told(run / "summary.json", scenario={"start": "long ago"})),
    "replicates without end": ("report", lambda run: told(run / "summary.json", replicates=10**12)),
    "replicates that no table holds": (
        "report",
        lambda run: (
            told(run / "summary.json", replicates=10**6, months=1_000), (run / "series.parquet").unlink(),
            (run / "cohorts.csv").unlink(),
        ),
    ),
    "replicates and months that few rows tell of": (
        "run in the app",
        lambda run: (
            told(run / "summary.json", replicates=40_000, months=1_200), thin(run / "series.parquet", 400_000),
        ),
    ),
    "cohorts without end": (
        "report",
        lambda run: told(
            run / "summary.json", months=1_200, cohorts=[{"name": f"c{k}", "size": 5} for k in range(100_000)]
        ),
    ),
    "a cohort of everybody": ("report", lambda run: told(run / "summary.json", cohorts=[{"name": "c", "size": 1e300}])),
    "rows without end": ("report", lambda run: rows_without_end(run / "series.parquet", SERIES)),
    "departures without end": (
        "why", lambda run: rows_without_end(run / "departures.parquet", {"replicate": 0, "departure": 0})
    ),
    "runs without end": (
        "sweep in the app",
        lambda sweep: rows_without_end(sweep / "runs.parquet", {"run_id": "a", "status": "ok", "= y": 0.5, "point": 1}),
    ),
    "a long text": ("report", lambda run: texts_without_end(run / "flows.parquet", MEGABYTE, 3_000)),
    "texts without end": ("report", lambda run: texts_without_end(run / "flows.parquet", 15_000, 150_000)),
    "lists in a table": (
        "report", lambda run: pq.write_table(pa.table({"replicate": [[[0]]], "from": [["x"]]}), run / "flows.parquet")
    ),
    "values without end": (
        "run in the app", lambda run: (run / "summary.json").write_text('{"cohorts": [' + "[]," * 9_000_000 + "[]]}")
    ),
    "depth without end": ("run in the app", lambda run: (run / "summary.json").write_text("[" * 10**6)),
    "no such column": ("why", lambda run: pq.write_table(pa.table({"replicate": [0]}), run / "departures.parquet")),
}  # fmt: skip


@pytest.mark.parametrize("what", SMALL)
def test_what_tells_of_much_costs_little(own: Path, what: str) -> None:
    name, damage = SMALL[what]
    folder, _, read = READERS[name]
    assert not isinstance(outcome(lambda: read(own / folder)), Exception)  # also: what is imported late is there
    damage(own / folder)
    assert peak_of(lambda: refuses(lambda: read(own / folder))) < 96 * MEGABYTE


def test_a_long_name_costs_no_more_than_itself(own: Path) -> None:
    """Not so much for every row of its table: a file of 35 kB, and the report reads it."""
    path = own / "run" / "departures.parquet"
    table = pq.read_table(path).slice(0, 1).take(pa.array([0] * 65_536))
    names = pa.array(["x" * 20_000, *["Alpha"] * 65_535])
    table = table.set_column(table.schema.get_field_index("from_employer"), "from_employer", names)
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 100_000
    read = results.load(own / "run")  # what is imported late is there
    assert sum(read.departures.movers.values()) in (0, 65_536)
    assert peak_of(lambda: results.load(own / "run")) < 128 * MEGABYTE


def test_what_is_whole_is_read_as_before(own: Path) -> None:
    """Tables come as pyarrow gives them, with their metadata; filters leave out what they should."""
    for path in sorted((own / "run").glob("*.parquet")):
        plain, found = pq.read_table(path), result_file.table(path)
        assert found.schema.equals(plain.schema, check_metadata=True) and found.num_rows == plain.num_rows > 0
        assert found.to_pylist() == plain.to_pylist()
        few = result_file.table(path, ["replicate"], pq.filters_to_expression([("replicate", "=", 1)]))
        assert few["replicate"].to_pylist() == [each for each in plain["replicate"].to_pylist() if each == 1]
    shard = next((own / "sweep" / "shards").glob("*.parquet"))
    assert result_file.table_in(shard.read_bytes(), "x").schema.metadata == pq.read_schema(shard).metadata
    empty = pa.table({"replicate": [], "text": pa.array([], pa.string())})
    pq.write_table(empty, own / "empty.parquet")
    assert result_file.table(own / "empty.parquet").schema == empty.schema


def test_a_file_may_have_its_largest_size_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"[1,2,3]")
    assert result_file.document(tmp_path / "x.json", 7, 3) == [1, 2, 3]
    with pytest.raises(BadFile, match=r"x.json has 0 MB"):
        result_file.data(tmp_path / "x.json", 6)
    with pytest.raises(BadFile, match="holds some 3 values; at most 2"):
        result_file.document(tmp_path / "x.json", 7, 2)
