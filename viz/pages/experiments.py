"""Experiments: the folders of results below one root are listed, opened, and their files handed out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from viz.door import policy
from viz.messages import Field, Wrong, handler, text
from viz.report import SCRIPT
from viz.session import Session
from viz.shelf import analysis, fit, folders, market, packages, people, sweep
from viz.shelf.folders import BY_NAME, Found

Reader = Callable[[Path, dict[str, Any]], dict[str, Any]]
READERS: Final[Mapping[str, Reader]] = {
    "run": market.run,
    "sweep": sweep.read,
    "sensitivity": analysis.sensitivity,
    "discovery": analysis.discovery,
    "calibration": fit.calibration,
    "predictions": fit.predictions,
    "frontier": packages.frontier,
    "game": packages.game,
    "comparison": market.comparison,
    "attribution": market.attribution,
    "contagion": people.contagion,
    "keystone": people.keystone,
    "rank": people.rank,
    "ablation": people.ablation,
    "answer": people.answer,
}
_NOT_WHAT_IT_SHOULD_BE: Final = (
    KeyError, TypeError, ValueError, IndexError, AttributeError, OSError, RecursionError, pa.ArrowException,
)  # fmt: skip


@handler("experiments")
def experiments(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What is below the root of the results, newest first."""
    root = folders.root_of(session.options.results)
    if not root.is_dir():
        said = f"There is no folder {root.name} yet. talent run, talent sweep and others make it."
        return {"root": root.name, "found": [], "said": said, "more": False}
    found, more = folders.listed(root)
    said = "" if found else f"The folder {root.name} holds no results yet. {folders.writers()}"
    return {"root": root.name, "found": [_plain(each) for each in found], "said": said, "more": more}


def _plain(found: Found) -> dict[str, Any]:
    kind = BY_NAME.get(found.kind)
    return {
        "folder": found.folder,
        "file": found.file,
        "kind": found.kind,
        "title": kind.title if kind else "",
        "said": found.said,
        "date": found.date,
        "size": found.size,
    }


@handler("experiment", Field("folder", text(400)), Field("file", text(200)), Field("kind", text(40)))
def experiment(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """One document: title, facts, blocks to draw, and the files beside it."""
    root = folders.root_of(session.options.results)
    folder = folders.inside(root, values["folder"])
    kind = BY_NAME.get(values["kind"])
    file = values["file"]
    if kind is None or "/" in file or not file.endswith(".json"):
        raise Wrong(f"{values['folder']}: not a result that this page knows; list the results again")
    folders.inside(root, f"{values['folder']}/{file}" if values["folder"] != "." else file, "file")
    content = folders.document(folder, file)
    reader = READERS[kind.name]
    if kind.name == "discovery":
        reader = functools.partial(analysis.discovery, study=_study_of(root, content))
    try:
        opened = reader(folder, content)
    except Wrong as error:
        raise Wrong(f"{values['folder']}: {error}") from None
    except _NOT_WHAT_IT_SHOULD_BE as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise Wrong(
            f"{values['folder']}: {file} or a table beside it is damaged, or of another version ({what}). "
            f"Make it again with {kind.command}"
        ) from None
    return {
        **opened,
        "kind": kind.name,
        "kind_title": kind.title,
        "command": str(content.get("command") or ""),
        "folder": values["folder"],
        "file": file,
        "files": folders.files_of(folder),
    }


def _study_of(root: Path, content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The study that a document was made from, if its sweep is below the root as well."""
    wanted = content.get("study_hash")
    if not isinstance(wanted, str):
        return None
    for each in folders.listed(root)[0]:
        if each.kind == "sweep":
            try:
                held = folders.document(root / each.folder, each.file)
            except Wrong:
                continue
            if held.get("hash") == wanted and isinstance(held.get("study"), dict):
                found: Mapping[str, Any] = held["study"]
                return found
    return None


@handler("experiment_file", Field("folder", text(400)), Field("file", text(200)))
def experiment_file(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The bytes of a file of a folder of results."""
    root = folders.root_of(session.options.results)
    data = folders.sent(root, values["folder"], values["file"])
    return {"name": values["file"], "data": np.frombuffer(data, dtype=np.uint8)}


@handler("experiment_page", Field("folder", text(400)), Field("file", text(200)))
def experiment_page(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """A page of a folder of results, and the policy under which a frame may show it: anybody may have written it."""
    root = folders.root_of(session.options.results)
    data = folders.page(root, values["folder"], values["file"])
    return {"name": values["file"], "data": np.frombuffer(data, dtype=np.uint8), "policy": policy.of_report(SCRIPT)}
