"""Draws from the posterior on disk: `posterior.json`, written by `talent calibrate`, read by `talent predict`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import abm
from abm import result_file
from abm.columns import Floats
from abm.scenario import ScenarioError

SHIPPED: Final = Path(abm.__file__).parent / "data" / "posterior.json"
KEYS: Final = {"schema", "digest", "scenario", "parameters", "targets", "draws"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Equally weighted draws (N, K) of the named parameters; none of them means the declared defaults."""

    source: str
    digest: str
    names: tuple[str, ...]
    draws: Floats
    content: dict[str, Any]

    def first(self, n: int) -> Floats:
        """(n, K) evenly spaced among the draws; for the declared defaults n rows without a value."""
        if not len(self.draws):
            return np.zeros((n, 0))
        return np.asarray(self.draws[(np.arange(n) * len(self.draws)) // n])


def defaults() -> Drawn:
    """The declared defaults: no parameter is drawn, and only luck differs between histories."""
    return Drawn("declared defaults (no posterior is shipped)", "", (), np.zeros((0, 0)), {})


def read(path: Path | None = None) -> Drawn:
    """Read draws; without a path those that ship with the model, or the declared defaults if none do.

    Raises:
        ScenarioError: no such file, or not a posterior; says what was expected.
    """
    if path is None and not SHIPPED.exists():
        return defaults()
    source = path or SHIPPED
    where = f"{source.name}"
    try:
        content = result_file.document(source)
    except FileNotFoundError:
        raise _bad(where, "there is no such file", "run `talent calibrate` first, or leave --posterior out") from None
    except (OSError, ValueError) as error:
        raise _bad(where, f"cannot be read as JSON: {error}", "give the posterior.json of `talent calibrate`") from None
    if not isinstance(content, dict) or not content.keys() >= KEYS:
        missing = sorted(KEYS - content.keys()) if isinstance(content, dict) else sorted(KEYS)
        raise _bad(where, f"lacks {', '.join(missing)}", "give the posterior.json of `talent calibrate`")
    try:
        names = tuple(str(item["name"]) for item in content["parameters"])
        draws = np.array(content["draws"], dtype=np.float64)
    except (TypeError, KeyError, ValueError):
        raise _bad(where, "parameters or draws have the wrong form", "run `talent calibrate` again") from None
    if draws.ndim != 2 or draws.shape[1] != len(names) or not len(draws) or not np.isfinite(draws).all():
        raise _bad(
            where, f"draws have shape {draws.shape}; expected (n, {len(names)}) numbers", "run `talent calibrate` again"
        )
    said = "posterior shipped with the model" if path is None else where
    return Drawn(said, str(content["digest"]), names, draws, content)


def _bad(where: str, what: str, fix: str) -> ScenarioError:
    return ScenarioError.about("posterior", [f"{where}: {what}. Fix: {fix}"])
