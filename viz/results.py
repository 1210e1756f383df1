"""The result files of one run, read once and held as arrays; every chart draws from this and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from abm import explain
from abm.result_file import BadFile
from viz import run_files
from viz.departures import Departures

type Floats = npt.NDArray[np.float64]

NOT_EMPLOYERS = ("searching", "left the field")  # states a person can be in, which nobody can resign from
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# the long table is large: what is drawn is read, and no more of it
_OF_EMPLOYERS: Final = ("departures", "headcount")
_OF_TEAMS: Final = ("compute_per_head", "team_size")


class RunFolderError(Exception):
    """The folder does not hold the files of a run."""


@dataclass(frozen=True)
class Bands:
    """Quantiles over replicates, one value per month."""

    p05: Floats
    p25: Floats
    p50: Floats
    p75: Floats
    p95: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Bands:
        """Quantiles of a (replicate, month) matrix; a month nobody observed stays NaN."""
        rows = np.full((len(QUANTILES), matrix.shape[1]), np.nan)
        for month in range(matrix.shape[1]):
            seen = matrix[:, month][np.isfinite(matrix[:, month])]
            if seen.size:
                rows[:, month] = np.quantile(seen, QUANTILES)
        return cls(*rows)


@dataclass(frozen=True)
class Cohort:
    """A named set of people: counts of leavers as (replicate, month) matrices beside what was observed."""

    name: str
    label: str
    size: int
    first: int  # month in which the set was fixed: nobody can have left before
    left: Floats
    left_voluntarily: Floats
    observations: tuple[dict[str, Any], ...]

    @property
    def last(self) -> int:
        """Last month with a count."""
        seen = np.flatnonzero(np.isfinite(self.left).any(axis=0))
        return int(seen[-1]) if seen.size else self.first

    @property
    def share_staying(self) -> Floats:
        """Share still there in the last month, one value per replicate."""
        final = self.left[:, self.last]
        return 1 - final[np.isfinite(final)] / self.size

    @property
    def people(self) -> str:
        """The members as they read in a sentence: "the 14 authors of …"."""
        named = self.label if len(self.label) <= 60 else self.name.replace("-", " ")
        return named if named.lower().startswith("the ") else f"the {self.size} {named}"


@dataclass(frozen=True)
class RunData:
    """One run. Tables are pandas frames in long form, departures are counted; months count from its start."""

    folder: str
    summary: dict[str, Any]
    provenance: dict[str, Any]
    graph: dict[str, Any]
    series: Any  # of employers
    departures: Departures
    cohort_counts: Any
    flows: Any
    team_series: Any  # of the teams of the focal employer

    @property
    def scenario_head(self) -> dict[str, Any]:
        """Name, title, start and hash of the scenario, from the summary."""
        head: dict[str, Any] = self.summary.get("scenario") or {}
        return head

    @cached_property
    def scenario(self) -> dict[str, Any]:
        """The resolved scenario, wherever the provenance record keeps it; empty when it is missing."""
        for key in ("scenario", "resolved_scenario", "resolved"):
            value = self.provenance.get(key)
            if isinstance(value, dict) and ("employers" in value or "cohorts" in value):
                return value
        return self.provenance

    @property
    def title(self) -> str:
        """The scenario's title, or its name."""
        return str(self.scenario_head.get("title") or self.name)

    @property
    def name(self) -> str:
        """The scenario's short name."""
        return str(self.scenario_head.get("name") or "scenario")

    @property
    def start(self) -> str:
        """First month, "YYYY-MM"."""
        return str(self.scenario_head.get("start") or "2000-01")

    @property
    def seed(self) -> Any:
        """The seed of the run."""
        return self.summary.get("seed", 0)

    @cached_property
    def n_months(self) -> int:
        """Months on the time axis; never less than one."""
        told = int(self.summary.get("months") or self.scenario_head.get("months") or 1)
        seen = [int(table["month"].max()) + 1 for table in (self.series, self.cohort_counts) if len(table)]
        return max([told, 1, *seen])

    @cached_property
    def n_replicates(self) -> int:
        """How many histories were simulated; never less than one."""
        return max(1, int(self.summary.get("replicates") or len(self.replicate_ids)))

    @cached_property
    def replicate_ids(self) -> list[int]:
        """Replicate numbers that occur in the series."""
        ids = sorted({int(value) for value in self.series["replicate"].unique()}) if len(self.series) else []
        return ids or list(range(int(self.summary.get("replicates") or 1)))

    @cached_property
    def focal(self) -> str:
        """The employer the report is about: that of the first cohort, else the one most people left."""
        for cohort in self.summary.get("cohorts") or []:
            for record in self.scenario.get("cohorts") or []:
                if record.get("name") == cohort.get("name") and record.get("employer"):
                    return str(record["employer"])
            if cohort.get("employer"):
                return str(cohort["employer"])
        if ranked := self.employers_by_departures:
            return ranked[0]
        heads = self.series[self.series["metric"] == "headcount"] if len(self.series) else self.series
        return str(heads.groupby("entity")["value"].mean().idxmax()) if len(heads) else ""

    @cached_property
    def employers_by_departures(self) -> list[str]:
        """Employers somebody left, most departures first."""
        rows = self.summary.get("departures_by_employer") or []
        ranked = sorted(rows, key=lambda row: (-number(row.get("mean"), 0.0), str(row.get("employer"))))
        return [str(row["employer"]) for row in ranked if number(row.get("mean"), 0.0) > 0]

    def departures_row(self, employer: str) -> dict[str, Any]:
        """The summary's row for one employer, empty when nobody left it."""
        for row in self.summary.get("departures_by_employer") or []:
            if str(row.get("employer")) == employer:
                return dict(row)
        return {}

    def date(self, month: int) -> str:
        """Calendar month of a month number."""
        year, first = (int(part) for part in self.start.split("-")[:2])
        count = year * 12 + first - 1 + month
        return f"{count // 12:04d}-{count % 12 + 1:02d}"

    def month(self, date: str) -> int:
        """Month number of a calendar month; may lie outside the run."""
        (year, first), (at_year, at) = ([int(p) for p in text.split("-")[:2]] for text in (self.start, str(date)))
        return (at_year - year) * 12 + at - first

    def matrix(self, metric: str, entity: str) -> Floats:
        """One metric of one entity as (replicate, month); NaN where the run has no row."""
        rows = self.team_series if metric in _OF_TEAMS else self.series
        return self._pivot(rows[(rows["metric"] == metric) & (rows["entity"] == entity)], "value")

    def _pivot(self, rows: Any, column: str) -> Floats:
        ids = self.replicate_ids
        table = np.full((len(ids), self.n_months), np.nan)
        place = {replicate: row for row, replicate in enumerate(ids)}
        for replicate, month, value in zip(rows["replicate"], rows["month"], rows[column], strict=True):
            if int(replicate) in place and 0 <= int(month) < self.n_months:
                table[place[int(replicate)], int(month)] = float(value)
        return table

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Cohorts in the summary's order, with every month's count of leavers."""
        found = []
        fixed = {str(c.get("name")): c.get("fixed") for c in self.scenario.get("cohorts") or [] if isinstance(c, dict)}
        for record in self.summary.get("cohorts") or []:
            name, size = str(record.get("name")), int(record.get("size") or 0)
            rows = self.cohort_counts[self.cohort_counts["cohort"] == name]
            if size <= 0:
                continue
            first = int(rows["month"].min()) if len(rows) else 0
            if isinstance(fixed.get(name), str):
                first = min(max(first, self.month(str(fixed[name]))), self.n_months - 1)
            left, willing = self._pivot(rows, "n_left"), self._pivot(rows, "n_left_voluntary")
            observations = tuple(dict(item) for item in record.get("observations") or [])
            found.append(Cohort(name, str(record.get("label") or name), size, first, left, willing, observations))
        return tuple(found)

    @cached_property
    def teams(self) -> dict[str, Floats]:
        """Compute per head of the focal employer's teams, as (replicate, month); equal split teams are averaged."""
        prefix = f"{self.focal} / "
        rows = self.team_series[self.team_series["metric"] == "compute_per_head"]
        entities = [str(entity) for entity in rows["entity"].unique()]
        groups: dict[str, list[str]] = {}
        for entity in entities:
            groups.setdefault(self._base_team(entity.removeprefix(prefix)), []).append(entity)
        found = {}
        for team, members in groups.items():
            stack = np.stack([self._staffed(rows, member) for member in members])
            counted = np.isfinite(stack).sum(axis=0)
            total = np.where(np.isfinite(stack), stack, 0.0).sum(axis=0)
            found[team] = np.where(counted > 0, total / np.maximum(counted, 1), np.nan)
        return found

    def _staffed(self, rows: Any, entity: str) -> Floats:
        """Compute per head where there are heads: a team that is not open, or empty, has none to share among."""
        values = self._pivot(rows[rows["entity"] == entity], "value")
        return np.where(self.matrix("team_size", entity) == 0, np.nan, values)

    def _base_team(self, team: str) -> str:
        base, _, number_text = team.rpartition(" ")
        for employer in self.scenario.get("employers") or []:
            if isinstance(employer, dict) and employer.get("name") == self.focal:
                split = {str(t.get("name")) for t in employer.get("teams") or [] if int(t.get("count") or 1) > 1}
                return base if number_text.isdigit() and base in split else team
        return team

    @cached_property
    def cohort_teams(self) -> frozenset[str]:
        """Teams of the focal employer in which a cohort's members started."""
        records = [c for c in self.scenario.get("cohorts") or [] if isinstance(c, dict)]
        return frozenset(
            str(team) for c in records if c.get("employer") == self.focal for team in c.get("members") or {}
        )


def number(value: Any, default: float = float("nan")) -> float:
    """A number from JSON, where null (not known) becomes the default."""
    return default if value is None or isinstance(value, bool | str) else float(value)


def load(run_dir: Path) -> RunData:
    """Read the result files of a run, which anybody may have made: what they say is checked before room is made for it.

    Args:
        run_dir: the folder `talent run` wrote.

    Returns:
        The run; tables that are missing are empty, so that the sections fed by them are left out.

    Raises:
        RunFolderError: there is no `summary.json`, or a file is damaged, too large, or tells of too much.
    """
    try:
        explain.whole(run_dir)
    except explain.NotFoundError as error:
        raise RunFolderError(str(error)) from error
    try:
        series = run_dir / "series.parquet"
        metric, entity = pc.field("metric").cast(pa.string()), pc.field("entity").cast(pa.string())
        of_employers = run_files.table(series, metric.isin(_OF_EMPLOYERS))
        found = RunData(
            folder=run_dir.name,
            summary=run_files.document(run_dir / "summary.json"),
            provenance=run_files.document(run_dir / "provenance.json"),
            graph=run_files.document(run_dir / "graph.json"),
            series=of_employers,
            departures=run_files.departures(run_dir / "departures.parquet"),
            cohort_counts=run_files.counts(run_dir / "cohorts.csv"),
            flows=run_files.table(run_dir / "flows.parquet"),
            team_series=of_employers.iloc[:0],  # whose they are is known once the rest can be relied on
        )
        for problem in run_files.problems(found):
            raise BadFile(problem)
        mine = metric.isin(_OF_TEAMS) & pc.starts_with(entity, f"{found.focal} / ")
        found = replace(found, team_series=run_files.table(series, mine))
        for problem in run_files.problems(found):
            raise BadFile(problem)
    except (BadFile, OSError) as error:
        raise RunFolderError(f"{run_dir}: a file of the run is damaged: {error}. Run the scenario again") from error
    return found
