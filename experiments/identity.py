"""What a run is: a hash of all that its numbers depend on, so that equal runs are found and unequal ones never mixed.

    run id = blake2b-128 of (scheme, model, digest of the code, scenario with the settings of the point, seed of the
             replicate, outcomes)

Outcomes are in it because a row holds these and no others: a study that watches one thing more runs again. Their order
is not. The name of a study, the place of a point in it, the machine, the workers and the date are not in it.
Parameters are resolved: a parameter set to its default and one left alone give the same id. A change of a comment
counts as a change of the code, since nobody can tell them apart for sure.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

from abm.parameters import declared
from abm.scenario import Scenario

SCHEME: Final = 1
BYTES: Final = 16
PACKAGES: Final = ("numpy", "scipy", "mesa")
_ROOT: Final = Path(__file__).resolve().parents[1]
# What is read to simulate and to measure. Screens, pages, documents and the analyses of stored numbers are left out.
_READ: Final = (
    *("abm/*.py", "abm/kernels/*.py", "abm/phases/*.py", "abm/policies/*.py", "abm/data/parameters.toml"),
    "experiments/models.py",
)
_LEFT_OUT: Final = (
    *("abm/__main__.py", "abm/cli.py", "abm/docs.py", "abm/screen.py", "abm/catalogue.py", "abm/files.py"),
    *("abm/attribution*.py", "abm/comparison.py", "abm/keep*.py", "abm/explain.py", "abm/mechanisms.py"),
    *("abm/contagion.py", "abm/coalitions.py", "abm/ensemble.py", "abm/paired.py", "abm/chains.py", "abm/evidence.py"),
    *("abm/pool.py", "abm/workers.py", "abm/signals.py", "abm/disk.py"),
    *("abm/ranking.py", "abm/differences.py", "abm/witness.py", "abm/identit*.py", "abm/verdicts.py"),
)


def model_files() -> list[Path]:
    """The files whose content the numbers of a run depend on, in order."""
    found = {path for pattern in _READ for path in _ROOT.glob(pattern)}
    names = {path.relative_to(_ROOT).as_posix(): path for path in found}
    return [names[name] for name in sorted(names) if not any(fnmatchcase(name, left) for left in _LEFT_OUT)]


@cache
def model_digest() -> str:
    """blake2b-128 of the code and the declared numbers, and of the versions of the packages that compute."""
    found = hashlib.blake2b(digest_size=BYTES)
    for path in model_files():
        found.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    python = ".".join(platform.python_version_tuple()[:2])
    found.update(canonical({"python": python, **{name: _version(name) for name in PACKAGES}}).encode())
    return found.hexdigest()


def _version(package: str) -> str:
    """As `abm.files.version`, whose module takes seconds to import in every worker."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def canonical(content: Any) -> str:
    """JSON with one form for equal content: sorted keys, no blanks, 1 and 1.0 alike, minus zero as zero.

    Raises:
        ValueError: a number that is not finite.
    """
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(content: Any) -> Any:
    if isinstance(content, bool) or content is None or isinstance(content, str):
        return content
    if isinstance(content, int | float):
        if not math.isfinite(content):
            raise ValueError(f"{content} cannot be part of an id: expected a finite number")
        return float(content) + 0.0
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, Sequence):
        return [_plain(value) for value in content]
    raise TypeError(f"{type(content).__name__} cannot be part of an id")


def digest(content: Any) -> str:
    """blake2b-128 of the canonical form of some content."""
    return hashlib.blake2b(canonical(content).encode(), digest_size=BYTES).hexdigest()


def run_ids(
    scenario: Scenario | None,
    model: str,
    code: str,
    settings: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    outcomes: Sequence[str],
    months: int | None,
) -> Iterator[list[str]]:
    """The ids of the replicates of each point, point by point."""
    base: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    if scenario is not None:
        base = scenario.to_dict()
        parameters = {name: known.default for name, known in declared().items()} | dict(base.pop("parameters"))
        months = scenario.months  # said or left out, it is one history
    fixed = digest({"scheme": SCHEME, "model": model, "code": code, "scenario": base, "months": months})
    watched = sorted(set(outcomes))
    for point in settings:
        plain = {name.removeprefix("parameters."): value for name, value in point.items()}
        own = {name: value for name, value in plain.items() if name in parameters}
        other = {name: value for name, value in plain.items() if name not in parameters}
        where = digest({"fixed": fixed, "parameters": parameters | own, "settings": other, "outcomes": watched})
        yield [digest([where, str(seed)]) for seed in seeds]
