"""Departures of a run, counted while they are read: of a table that grows with every history, only sums are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

JOBS: Final = ("job", "startup_job")
"""Founders, and those who leave the field, have no second job to compare term by term."""
NO_PATH: Final = ("", "none")  # nobody decided: layoffs, start-ups that failed
COLUMNS: Final = ("from_employer", "voluntary", "cause", "path")
TERMS: Final = ("term_go_", "term_stay_")
"""Beginnings of the names of columns: utils of the new job, and of the old one."""


@dataclass(slots=True)
class Departures:
    """What the report tells of departures.

    Attributes:
        paths: by employer, departures by the path that opened the decision.
        movers: by employer, people who went to another job by their own will.
        gains: by employer and term, their sum of the new job's value less the old one's, in utils. A term that exists
            on one side only (the cost of moving, the strain of the present job) counts as zero on the other.
    """

    paths: dict[str, Counter[str]] = field(default_factory=dict)
    movers: Counter[str] = field(default_factory=Counter)
    gains: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[pa.Table]) -> Departures:
        """Those of a table that comes in parts, each with `COLUMNS` and what there is of `TERMS`."""
        found = cls()
        for part in parts:
            found.add(part)
        return found

    def add(self, part: pa.Table) -> None:
        """Count some more of them."""
        (names, home), (paths, path), (causes, cause) = (
            _texts(part, name) for name in ("from_employer", "path", "cause")
        )
        pairs, counts = np.unique(home * len(paths) + path, return_counts=True)
        for pair, many in zip(pairs.tolist(), counts.tolist(), strict=True):
            opened = paths[pair % len(paths)]
            if opened not in NO_PATH:
                self.paths.setdefault(names[pair // len(paths)], Counter())[opened] += many
        moved = _numbers(part, "voluntary") == 1
        moved &= np.isin(cause, [row for row, name in enumerate(causes) if name in JOBS])
        sides = {
            way: {name.removeprefix(way): _numbers(part, name) for name in part.column_names if name.startswith(way)}
            for way in TERMS
        }
        go, stay = sides.values()
        known = np.zeros(part.num_rows, dtype=bool)
        for values in go.values():
            known |= np.isfinite(values)
        moved &= known
        home = home[moved]
        self.movers.update(_by(names, np.bincount(home, minlength=len(names))))
        for term in dict.fromkeys([*go, *stay]):
            gain = sum(sign * np.nan_to_num(side[term][moved]) for sign, side in ((1, go), (-1, stay)) if term in side)
            for name, value in _by(names, np.bincount(home, gain, len(names))).items():
                mine = self.gains.setdefault(name, {})
                mine[term] = mine.get(term, 0.0) + value

    def path_shares(self, employer: str | None = None) -> dict[str, float]:
        """Share of departures by the path that opened the decision; those nobody decided on are left out."""
        counts = sum((each for name, each in self.paths.items() if employer in (None, name)), Counter[str]())
        return {path: many / counts.total() for path, many in counts.items()}

    def differences(self, employer: str | None = None) -> tuple[dict[str, float], int]:
        """Mean gain by term over movers to another job, in utils, and how many movers that is."""
        mine = [name for name in self.gains if employer in (None, name) and self.movers[name]]
        many = sum(self.movers[name] for name in mine)
        terms = dict.fromkeys(term for name in mine for term in self.gains[name])
        return {term: sum(self.gains[name].get(term, 0.0) for name in mine) / many for term in terms}, many


def _texts(part: pa.Table, name: str) -> tuple[list[str], Any]:
    """The different texts of a column, and which each row has: a long one costs no more than itself.

    What is not known is the empty text.
    """
    found = part[name].cast(pa.string()).fill_null("").combine_chunks().dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)


def _numbers(part: pa.Table, name: str) -> Any:
    """A column as float64; what is not known is NaN."""
    return part[name].cast(pa.float64()).to_numpy()


def _by(names: list[str], values: Any) -> Mapping[str, Any]:
    return {name: value.item() for name, value in zip(names, values, strict=True)}
