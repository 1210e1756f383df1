"""The files in `viz/vendor`: the shell of Solara's page, kept here so that the app needs no network.

`viz/vendor` has the layout in which Solara's own server keeps what it fetches from a content delivery network
(`PACKAGE@VERSION/FILE`), so it is handed over as that store; nothing is ever fetched or written there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "vendor"
MANIFEST = FOLDER / "manifest.json"


@dataclass(frozen=True)
class File:
    """One file of the manifest.

    Attributes:
        path: below `FOLDER`, with forward slashes.
        package: name of the package that it was taken from.
        version: of that package.
        sha384: base64 of the digest, as in a subresource-integrity attribute.
        bytes: its size.
        licence: SPDX expression.
        licence_file: below `FOLDER`.
    """

    path: str
    package: str
    version: str
    sha384: str
    bytes: int
    licence: str
    licence_file: str


@cache
def files() -> dict[str, File]:
    """Every vendored file by its path below `FOLDER`."""
    described = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    return {entry["path"]: File(**entry) for entry in described}


def digest(path: Path) -> str:
    """SHA-384 of a file, base64."""
    return base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode("ascii")


def path_of(wanted: str) -> Path:
    """Where a vendored file lies.

    Raises:
        FileNotFoundError: the manifest does not name it. Unlike Solara's own function of this purpose it fetches
            nothing, writes nothing, and does not take a folder for a stale entry to be deleted.
    """
    if wanted not in files():
        raise FileNotFoundError(f"{wanted!r} is not one of the {len(files())} files in {FOLDER.name}/manifest.json")
    return FOLDER / wanted
