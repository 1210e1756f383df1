"""The results below one root folder: what documents there are, and files opened without ever leaving the root.

Names come from a page, so that they may be anything: absolute, full of dots, or of a link that leads elsewhere.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from abm import result_file
from abm.result_file import BadFile
from viz.messages import Wrong, shown

DEEPEST: Final = 4
MOST_FOLDERS: Final = 600
MOST_FILES: Final = 400  # of one folder, looked at
LARGEST_DOCUMENT: Final = 32 * 1024**2
MOST_VALUES: Final = 2_000_000  # of one document: some 100 MB of memory
LARGEST_GUESSED: Final = 8 * 1024**2  # a JSON file without a known name is opened to see what it is
LARGEST_SENT: Final = 20 * 1024**2
SENT: Final = (".csv", ".json", ".parquet", ".md", ".toml", ".png", ".svg")
PAGES: Final = ("report.html", "attribution.html")
_INNER: Final = frozenset({"shards", "attempts", "quarantine", "earlier", "runs", "histories", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: the file that tells it, what it is called, and the command that writes it."""

    name: str
    file: str
    title: str
    command: str


KINDS: Final = (
    Kind("run", "summary.json", "Run", "talent run"),
    Kind("sweep", "study.json", "Sweep", "talent sweep"),
    Kind("sensitivity", "sensitivity.json", "Sensitivity", "talent sensitivity"),
    Kind("discovery", "discovery.json", "Scenario discovery", "talent discover"),
    Kind("calibration", "calibration.json", "Calibration", "talent calibrate"),
    Kind("predictions", "predictions.json", "Predictions", "talent predict"),
    Kind("frontier", "frontier.json", "Frontier of cost", "talent frontier"),
    Kind("game", "game.json", "Game of two laboratories", "talent game"),
    Kind("comparison", "comparison.json", "Comparison", "talent compare --out"),
    Kind("attribution", "attribution.json", "Attribution", "talent attribute"),
    Kind("contagion", "contagion.json", "Contagion", "talent contagion --out"),
    Kind("keystone", "keystone.json", "Keystone people", "talent keystone --out"),
    Kind("rank", "rank.json", "Ranking of employers", "talent rank --out"),
    Kind("ablation", "ablation.json", "Ablation of mechanisms", "talent ablate --out"),
    Kind("answer", "answer.json", "Answered question", "talent reproduce"),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
_TRACES: Final = {  # of a document that is not there: who would have written it
    "run": ("provenance.json", "series.parquet"),
    "sweep": ("plan.parquet", "runs.parquet"),
    "calibration": ("posterior.parquet", "posterior.json"),
    "sensitivity": ("sensitivity.parquet",),
    "discovery": ("discovery.parquet",),
    "comparison": ("people.parquet",),
    "frontier": ("frontier.parquet",),
    "game": ("game.parquet",),
    "attribution": ("attribution.parquet",),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A document below the root, or a folder without one.

    Attributes:
        folder: relative to the root, with slashes; "." is the root.
        file: that tells its kind; "" if there is none.
        kind: name of its kind; "" if it is of no known kind.
        said: a sentence about a folder that cannot be opened; "" otherwise.
        date: of the last change, as "YYYY-MM-DD HH:MM".
        size: bytes of all files in the folder, not of folders in it.
    """

    folder: str
    file: str
    kind: str
    said: str
    date: str
    size: int


def root_of(results: Path) -> Path:
    """The root of the results, without links in it."""
    return Path(results).resolve()


def inside(root: Path, relative: str, what: str = "folder") -> Path:
    """A path below the root.

    Args:
        root: as `root_of` gives it.
        relative: as a page asked for it.
        what: it should be, for errors.

    Raises:
        Wrong: it is not a plain path below the root, or it is not there.
    """
    parts = relative.split("/")
    bad = any(part in ("", ".", "..") or part.startswith("~") for part in parts) and relative != "."
    bad = bad or len(relative) > 400
    if bad or "\\" in relative or ":" in relative or any(ord(letter) < 32 for letter in relative):
        raise Wrong(f"{what} {shown(relative)}: not a {what} of the results")
    path = root.joinpath(*parts)
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise Wrong(f"{what} {shown(relative)}: there is none; list the results again") from None
    if real != root and root not in real.parents:
        raise Wrong(f"{what} {shown(relative)}: lies outside the results and is not opened")
    return real


def listed(results: Path) -> tuple[list[Found], bool]:
    """All documents below the root, newest first, and whether some folders were left out because there are too many."""
    root = root_of(results)
    found: list[Found] = []
    count = 0
    for folder in _folders(root, root, 0):
        count += 1
        if count > MOST_FOLDERS:
            return _newest(found), True
        found += _documents(root, folder)
    return _newest(found), False


def _newest(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (each.date, each.folder, each.kind), reverse=True)


def _folders(root: Path, folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    if depth >= DEEPEST:
        return
    try:
        with os.scandir(folder) as entries:
            inner = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in inner[:MOST_FOLDERS]:
        if not name.startswith(".") and name not in _INNER:
            yield from _folders(root, folder / name, depth + 1)


def _files(folder: Path) -> dict[str, os.stat_result]:
    """Plain files of a folder by name; links are left out."""
    found: dict[str, os.stat_result] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) >= MOST_FILES:
                    break
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    found[entry.name] = entry.stat(follow_symlinks=False)
    except OSError:
        pass
    return found


def _documents(root: Path, folder: Path) -> list[Found]:
    """The documents of one folder; a folder that should have some and has none says so."""
    files = _files(folder)
    relative = folder.relative_to(root).as_posix()
    size = sum(stat.st_size for stat in files.values())

    def one(file: str, kind: str, said: str = "") -> Found:
        at = files[file].st_mtime if file in files else folder.stat().st_mtime
        date = datetime.datetime.fromtimestamp(at, datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        return Found(relative, file, kind, said, date, size)

    known = {kind.file: kind.name for kind in KINDS}
    found = [one(file, known[file]) for file in files if file in known]
    found += [
        one(file, kind)
        for file, stat in files.items()
        if file not in known and file.endswith(".json") and stat.st_size <= LARGEST_GUESSED
        if (kind := _guessed(folder / file))
    ]
    there = {each.kind for each in found}
    for name, traces in _TRACES.items():
        has = [trace for trace in traces if trace in files]
        if has and name not in there and not there & {"run", "sweep", "calibration"}:
            writer = BY_NAME[name]
            again = "give the same command again with --resume" if name in ("run", "sweep") else "run it again"
            said = (
                f"Half-written: {has[0]} is there and {writer.file} is not. "
                f"{writer.command} writes such a folder; {again}."
            )
            found.append(one(has[0], "", said))
            break
    if not there and (folder / "histories" / "study.json").is_file():  # of a run, which was stopped
        said = (
            "Not finished: histories are stored here, and summary.json, which talent run writes last, is not there. "
            "Give the same command again with --resume."
        )
        return [one("", "", said)]
    if not found and relative != ".":
        with os.scandir(folder) as entries:
            inner = any(entry.is_dir(follow_symlinks=False) for entry in entries)
        if files:
            names = ", ".join(sorted(files)[:4])
            said = f"Not a folder of results: it holds {names}{' and more' if len(files) > 4 else ''}. {writers()}"
            found.append(one("", "", said))
        elif not inner:
            found.append(one("", "", f"Empty. {writers()}"))
    return found


def writers() -> str:
    """Who makes folders of results."""
    return "talent run, sweep, calibrate, frontier, game and others write such folders."


def _guessed(path: Path) -> str:
    """The kind of a document whose name somebody chose, from its keys."""
    try:
        content = result_file.document(path, LARGEST_GUESSED, MOST_VALUES)
    except (OSError, BadFile):
        return ""
    if not isinstance(content, dict):
        return ""
    if {"rows", "posterior", "draws", "scenarios"} <= content.keys():
        return "predictions"
    rows = content.get("rows")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and {"id", "without", "verdict"} <= rows[0].keys():
        return "ablation"
    return ""


def document(folder: Path, file: str) -> dict[str, Any]:
    """A JSON document of a folder.

    Raises:
        Wrong: not there, no regular file, too large, or not JSON; says which command writes it.
    """
    path = folder / file
    command = next((kind.command for kind in KINDS if kind.file == file), "the command that wrote it")
    try:
        data = result_file.data(path, LARGEST_DOCUMENT)
    except FileNotFoundError:
        raise Wrong(f"{file} is not there any more; list the results again") from None
    except OSError as error:
        raise Wrong(f"{file} cannot be read ({error.strerror or 'no reason given'})") from None
    except BadFile as error:
        raise Wrong(f"{error}. This page opens no more") from None
    try:
        content = result_file.unpacked(data, file, MOST_VALUES)
    except BadFile as error:
        raise Wrong(f"{file} is damaged: {error}. Make it again with {command}") from None
    if not isinstance(content, dict):
        raise Wrong(f"{file} is damaged: it does not hold what {command} writes")
    return content


def sent(root: Path, folder: str, file: str) -> bytes:
    """The bytes of a file that may be handed out.

    Raises:
        Wrong: not inside the root, of another kind, or too large.
    """
    if "/" in file or not file.endswith(SENT):
        raise Wrong(f"file {shown(file)}: only {', '.join(SENT)} of an opened folder are sent")
    return _bytes(root, folder, file)


def page(root: Path, folder: str, file: str) -> bytes:
    """The bytes of a page that a command wrote beside its document; to be shown in a frame, never handed out.

    Raises:
        Wrong: not inside the root, of another name, or too large.
    """
    if file not in PAGES:
        raise Wrong(f"page {shown(file)}: only {' and '.join(PAGES)} of an opened folder are shown")
    return _bytes(root, folder, file)


def _bytes(root: Path, folder: str, file: str) -> bytes:
    path = inside(root, f"{folder}/{file}" if folder != "." else file, "file")
    try:
        return result_file.data(path, LARGEST_SENT)
    except BadFile as error:
        raise Wrong(f"file {error}; nothing else is sent to a page") from None
    except OSError as error:
        raise Wrong(f"file {shown(file)}: cannot be read ({error.strerror or 'no reason given'})") from None


def files_of(folder: Path) -> list[dict[str, Any]]:
    """The files of a folder that may be handed out, with their sizes in bytes."""
    return [
        {"name": name, "size": stat.st_size, "sent": stat.st_size <= LARGEST_SENT}
        for name, stat in sorted(_files(folder).items())
        if name.endswith(SENT)
    ]
