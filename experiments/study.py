"""A study: what is varied, over which scenario, in which design, with how many replicates, and what is watched.

    name = "pay-and-compute"                  [[factors]]
    scenario = "meta_fair"                    name = "h0"                           # its declared range
    replicates = 4                            [[factors]]
    outcomes = ["left:opt-authors@2023-09"]   name = "policies.buy_compute.factor"
    [design]                                  low = 1.0
    method = "lhs"                            high = 4.0
    n = 64

A file is data: it is read, checked and never executed. All problems of a file are reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm import outcomes as texts
from abm import policies
from abm.columns import Floats
from abm.parameters import declared
from abm.scenario import Scenario, ScenarioError
from abm.scenario import load as load_scenario
from abm.scenario_file import parse
from abm.scenario_read import Problems, read_keys, show
from abm.scenario_settings import present
from experiments import design, identity
from experiments.models import MARKET
from experiments.responses import Factor
from experiments.study_check import TOP, check

SHIPPED: Final = Path(__file__).parent / "studies"


@dataclass(frozen=True)
class Study:
    """A checked study; make one with `load` or `of`.

    Attributes:
        name, why: for people; they change no number.
        model: the market, or a function with a known answer.
        scenario: with the fixed settings applied; None for functions.
        factors: K things varied.
        method, n: the design, see `experiments/design.py`.
        rows: the points of a list, values in the order of the factors.
        replicates, seed: replicate r has the same people and the same luck at every point.
        outcomes: what is watched, as in `abm/outcomes.py`.
        months: the length of a history, when it is cut short.
    """

    name: str
    why: str
    model: str
    scenario: Scenario | None
    factors: tuple[Factor, ...]
    method: str
    n: int
    rows: tuple[tuple[Any, ...], ...]
    replicates: int
    seed: int
    outcomes: tuple[str, ...]
    months: int | None

    @cached_property
    def x(self) -> Floats:
        """(P, K) the points, as numbers."""
        middle = [self._middle(factor) for factor in self.factors] if self.method == "oat" else ()
        return design.points(self.method, self.factors, self.n, self.seed, self.rows, middle)

    def _middle(self, factor: Factor) -> float:
        """Where a factor stands when it is not varied: in the scenario or by default, else half-way (levels: first)."""
        if factor.levels:
            return design.position(factor, factor.levels[0])
        name = factor.name.removeprefix("parameters.")
        value = None if self.scenario is None else present(self.scenario.to_dict(), name)
        head, _, rest = name.partition(".")
        if value is None and name in declared():
            value = declared()[name].default
        elif value is None and head == "policies":
            value = getattr(policies.knobs_of(rest.partition(".")[0])[rest.partition(".")[2]], "neutral", None)
        if not isinstance(value, int | float):
            return float(design.at(factor, np.array([0.5]))[0])
        return design.rounded(min(max(float(value), factor.low), factor.high))

    def without_points(self) -> Study:
        """The study but for its points, which may be many: what workers are told once."""
        return replace(self, rows=())

    def with_points(self, x: Floats) -> Study:
        """The same with other points, for `settings` alone: (runs, K) as in `x`."""
        found = self.without_points()
        found.__dict__["x"] = x  # where a cached property is kept
        return found

    def points(self) -> Floats:
        """(P, K) the points, as numbers."""
        return self.x

    @property
    def n_points(self) -> int:
        """P, without making the points."""
        return design.count(self.method, self.factors, self.n, len(self.rows))

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the outcomes."""
        if self.scenario is None:
            return ("",) * len(self.outcomes)
        return tuple(texts.read(text, self.scenario).unit for text in self.outcomes)

    def settings(self, point: int) -> dict[str, Any]:
        """The dotted settings of one point."""
        row = self.x[point].tolist()
        return {factor.name: design.value(factor, x) for factor, x in zip(self.factors, row, strict=True)}

    def content(self) -> dict[str, Any]:
        """Everything that determines the runs, in plain containers: what is hashed and what is stored."""
        return {
            "schema": 1,
            "name": self.name,
            "why": self.why,
            "model": self.model,
            "scenario": None if self.scenario is None else self.scenario.to_dict(),
            "factors": [asdict(factor) | {"levels": list(factor.levels)} for factor in self.factors],
            "design": {"method": self.method, "n": self.n, "rows": [list(row) for row in self.rows]},
            "replicates": self.replicates,
            "seed": self.seed,
            "outcomes": list(self.outcomes),
            "months": self.months,
        }

    def study_hash(self) -> str:
        """Hash of what is run; the name and the reason are left out."""
        return identity.digest({key: value for key, value in self.content().items() if key not in ("name", "why")})


def names() -> list[str]:
    """The studies that are shipped."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(name_or_path: str | Path) -> Study:
    """A shipped study by name, or one from a TOML file.

    Raises:
        ScenarioError: the file cannot be read or holds problems; all of them are listed.
    """
    if str(name_or_path) in names():
        path, where = SHIPPED / f"{name_or_path}.toml", f'"{name_or_path}"'
    else:
        path, where = Path(name_or_path), show(str(name_or_path), longest=400)
    return _study(parse(path, where, names(), "study"), where, path.parent)


def of(scenario: str | Scenario | None = None, model: str = MARKET, **content: Any) -> Study:
    """A study from Python, with the keys of a file and the same checks; `factors` may hold `Factor`s.

    Args:
        scenario: name, path or `Scenario`; None for a function.
        model: one of `experiments.models.MODELS`, or `module:function`.
        content: name, replicates, seed, months, outcomes, design, settings, factors.
    """
    plain = dict(content)
    given = plain.get("factors", ())
    if isinstance(given, list | tuple):
        plain["factors"] = [_plain(each) if isinstance(each, Factor) else each for each in given]
    plain.setdefault("name", "unnamed")
    if isinstance(scenario, str | Path):
        plain["scenario"] = str(scenario)
    described = scenario if isinstance(scenario, Scenario) else None
    return _study(plain, show(plain["name"]), Path(), described, model)


def _plain(factor: Factor) -> dict[str, Any]:
    levels = {"levels": list(factor.levels)} if factor.levels else {"low": factor.low, "high": factor.high}
    return {"name": factor.name, "unit": factor.unit, "log": factor.log, **levels}


def _study(
    raw: Mapping[str, Any], where: str, folder: Path, described: Scenario | None = None, model: str = ""
) -> Study:
    problems = Problems()
    top: dict[str, Any] = read_keys(problems, "", raw, TOP)
    if model:
        top["model"] = model
    if described is None and top.get("model") == MARKET and "scenario" in top:
        described = _scenario(problems, top["scenario"], folder)
    found = check(problems, top, described, folder)
    if problems.lines:
        raise ScenarioError.about(where, problems.lines, "study")
    return Study(**found)


def _scenario(problems: Problems, name: str, folder: Path) -> Scenario | None:
    beside = folder / name
    try:
        return load_scenario(str(beside) if name.endswith(".toml") and beside.exists() else name)
    except ScenarioError as error:
        problems.lines += [f"scenario: {line.strip()}" for line in str(error).splitlines()[1:-1]]
    return None


def replaced(study: Study, **changes: Any) -> Study:
    """The same study with more points, replicates or another seed (no checks of names are needed for those)."""
    fields: Sequence[str] = ("replicates", "seed", "n", "rows", "outcomes")
    unknown = set(changes) - set(fields)
    if unknown:
        raise ValueError(f"replaced: {', '.join(sorted(unknown))} cannot be replaced; use `of`")
    return Study(**({name: getattr(study, name) for name in Study.__dataclass_fields__} | changes))
