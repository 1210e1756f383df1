"""There is one way to write a file: whole or not at all."""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pyarrow as pa
import pytest

from abm import disk, files, graph, table_file
from abm.run import simulate
from abm.scenario import load
from tests.report_data import write_run
from viz import attribution, report

ROOT = Path(__file__).resolve().parents[1]
WRITERS = {"write_text", "write_bytes", "to_csv", "to_parquet", "to_json", "savez", "tofile", "savetxt"}
DOORS = {"abm/disk.py", "experiments/lock.py"}  # the way itself, and a lock, which is no content


def writes(source: str) -> Iterator[int]:
    """Lines in which a file is written by another way: by a method of a path, or opened for writing."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        texts = [str(each.value) for each in (*node.args, *(word.value for word in node.keywords))
                 if isinstance(each, ast.Constant) and isinstance(each.value, str)]  # fmt: skip
        opened = (
            called == "open"
            and owner != "webbrowser"
            and any(set(text) <= set("rwxab+t") and set(text) & set("wxa+") for text in texts)
        )
        of_a_path = called in WRITERS and owner not in ("files", "question_figures", "figures", "style")
        if opened or of_a_path or (owner, called) in (("np", "save"), ("pq", "write_table")):
            yield node.lineno


def test_nothing_is_written_but_through_the_one_door() -> None:
    found, looked = [], 0
    for package in ("abm", "experiments", "viz"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            looked += 1
            if name not in DOORS:
                found += [f"{name}:{line}" for line in writes(path.read_text(encoding="utf-8"))]
    assert looked > 200
    in_memory = {"experiments/shards.py", "experiments/pilot.py"}  # tables as bytes, which the door then writes
    assert [place for place in found if place.partition(":")[0] not in in_memory] == []
    assert {place.partition(":")[0] for place in found} == in_memory


@pytest.mark.parametrize(
    "line", ["p.write_text('x')", "p.open('w')", "open(p, mode='wb')", "np.save(p, x)", "pq.write_table(t, p)"]
)
def test_other_ways_are_seen(line: str) -> None:
    assert list(writes(line)) == [1]


class Full(disk.Disk):
    """No room after so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: bytes) -> None:
        taken = min(self.room, len(data))
        self.room -= taken
        super().write(descriptor, bytes(data[:taken]))
        if taken < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def attributed(folder: Path) -> Path:
    monkey = pytest.MonkeyPatch()
    (folder / "attribution.json").write_text("{}", encoding="utf-8")
    monkey.setattr(attribution, "render", lambda told: "page" * 1000)
    try:
        return attribution.write_page(folder)
    finally:
        monkey.undo()


WAYS = {
    "report.html": report.write_report,
    "attribution.html": attributed,
    "a.json": lambda folder: files.write_json(folder / "a.json", list(range(999))),
    "a.txt": lambda folder: files.write_text(folder / "a.txt", "text" * 999),
    "a.parquet": lambda folder: table_file.write_parquet(folder / "a.parquet", pa.table({"x": range(9999)})),
    "a.graphml": lambda folder: graph.export(nx.path_graph(999), folder / "a.graphml"),
    "a.node.json": lambda folder: graph.export(nx.path_graph(999), folder / "a.node.json"),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("room", [0, 700])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, room: int
) -> None:
    write_run(tmp_path)
    (tmp_path / name).write_bytes(b"what was there")
    monkeypatch.setattr(disk, "DISK", Full(room))
    with pytest.raises(OSError, match=rf"No space left .*{name}; what had that name before is still there"):
        WAYS[name](tmp_path)
    assert (tmp_path / name).read_bytes() == b"what was there"
    assert not list(tmp_path.glob(".writing-*"))


def test_what_dead_processes_left_is_swept_up(tmp_path: Path) -> None:
    dead = disk.unfinished_name(tmp_path / "a.json").name.replace(f"-{os.getpid()}-", "-999999999-")
    mine = disk.unfinished_name(tmp_path / "b.json").name.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")
    for name in (dead, mine, ".writing-c-elsewhere-999999999-1"):
        (tmp_path / name).touch()
    (tmp_path / disk.unfinished_name(tmp_path / "d").name.replace(f"-{os.getpid()}-", "-999999998-")).mkdir()
    disk.sweep_up(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {mine, ".writing-c-elsewhere-999999999-1"}


def test_what_goes_wrong_elsewhere_is_not_laid_to_the_file(tmp_path: Path) -> None:
    """Neither a source that cannot be read, nor another file; and of a name that is new nothing is still there."""
    with pytest.raises(OSError, match=r"^elsewhere$"), disk.written(tmp_path / "a"):
        raise OSError("elsewhere")
    full = Full(0)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="No space left") as refused:
        patch.setattr(disk, "DISK", full)
        with disk.written(tmp_path / "a"), disk.written(tmp_path / "b") as inner:
            inner.write(b"x")
    assert str(refused.value).count("while writing") == 1 and str(tmp_path / "b") in str(refused.value)
    assert "what had that name" not in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="pipes, links and modes are those of POSIX")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    disk.write(pipe, "through")
    assert os.read(reader, 99) == b"through" and pipe.is_fifo()
    os.close(reader)
    file.write_text("before", encoding="utf-8")
    file.chmod(0o600)
    link.symlink_to("file")
    disk.write(link, "after")
    assert link.is_symlink() and file.read_text(encoding="utf-8") == "after"
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_earlier_run_keeps_its_summary_until_the_new_tables_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = load("tiny")
    results = [simulate(world, 1, number) for number in range(2)]
    files.write_run(tmp_path, world, 1, results)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    most = sum(len(before[f"{name}.parquet"]) for name in files.TABLES)
    for room in (0, most // 2, most - 10):
        monkeypatch.setattr(disk, "DISK", Full(room))
        with pytest.raises(OSError, match="No space left"):
            files.write_run(tmp_path, world, 1, results)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
