"""The files of a run: tables as Parquet with page checksums and CSV, the summary and the provenance as JSON.

Every file is written beside its name and then renamed (`abm/disk.py`), so that a reader never sees half of one.
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from abm import disk, graph, metrics
from abm.columns import Floats
from abm.kernels import collaboration
from abm.kernels.utility import TERMS
from abm.ledger import Row
from abm.network import Csr
from abm.processor import processor
from abm.run import Result
from abm.scenario import Scenario
from abm.summary import Telling, destinations, employer_name, state_name
from abm.table_file import table_file, write_parquet
from abm.tables import CAUSE_NAMES, OFFER_STATE_NAMES, PATH_NAMES, REACH_NAMES, SOURCES, Status

PACKAGES = ("ai-talent-market", "mesa", "networkx", "numpy", "scipy", "pandas", "pyarrow")


def write_run(
    folder: Path, scenario: Scenario, seed: int, results: Iterable[Result], command: str = "", complete: bool = True
) -> dict[str, Any]:
    """Write all tables of an ensemble into a folder (made if it is not there).

    One history is held at a time: memory does not grow with their number.

    Args:
        folder: where to; files of an earlier run in it are replaced.
        scenario, seed: the ensemble.
        results: its histories in the order of their numbers, at least one; read once.
        command: the command line, for the record.
        complete: whether all replicates asked for are there.

    Returns:
        The summary.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    disk.sweep_up(folder)
    told, drawn, record = Telling(scenario), dict[str, Any](), list[dict[str, Any]]()
    with ExitStack() as stack:
        tables = {name: stack.enter_context(table_file(folder / f"{name}.parquet")) for name in TABLES}
        cohorts = stack.enter_context(disk.written(folder / "cohorts.csv"))
        cohorts.write(b"replicate,cohort,date,month,n_left,n_left_voluntary\n")
        for result in results:
            for name, table in tables.items():
                table.add(TABLES[name](scenario, result))
            cohorts.write(_cohorts(scenario, result).encode())
            told.add(result)
            drawn = drawn or _graph(scenario, result)
            record.append(_replicate(result))
        for table in tables.values():
            table.finish()  # what can fail for want of room has not failed: now they get their names, one by one
        (folder / "summary.json").unlink(missing_ok=True)  # written last: a folder with a summary is whole
    write_json(folder / "graph.json", drawn)
    write_json(folder / "provenance.json", provenance(scenario, seed, record, command, complete))
    summary = told.summary(seed)
    write_json(folder / "summary.json", summary)
    return summary


def _replicate(result: Result) -> dict[str, Any]:
    """What the record says of one history."""
    return {
        "replicate": result.replicate,
        "seed": result.seed,
        "digest": result.digest,
        "events_digest": result.events_digest,
        "event_months": result.event_months,
    }


def provenance(
    scenario: Scenario, seed: int, replicates: Sequence[dict[str, Any]], command: str, complete: bool
) -> dict[str, Any]:
    """What made the result and is enough to make it again: data only, nothing in it is executed."""
    return {
        "schema": 1,
        "command": command,
        "complete": complete,
        "scenario": scenario.to_dict(),
        "scenario_hash": scenario.content_hash(),
        "seed": seed,
        "replicates": list(replicates),
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "platform": f"{sys.platform} {platform.machine()}",
        "processor": processor(),
        "commit": _commit(),
    }


def version(package: str) -> str:
    """Installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """Commit of the code if it runs from a checkout, with "+changes" if the checkout differs from it."""
    here = Path(__file__).parent
    try:
        ask = ["git", "-C", str(here)]
        head = subprocess.run([*ask, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False)
        if head.returncode:
            return "not a checkout"
        dirty = subprocess.run(
            [*ask, "status", "--porcelain", "--", "."], capture_output=True, text=True, timeout=20, check=False
        )
        return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")
    except (OSError, subprocess.TimeoutExpired):
        return "git is not installed"


# ---- tables ----------------------------------------------------------------------------------------------------------


def _names(codes: Any, names: Sequence[str]) -> pa.Array:
    """A dictionary-encoded text column from codes; -1 is the empty text."""
    shifted = pa.array(np.asarray(codes, dtype=np.int64) + 1, pa.int32())
    return pa.DictionaryArray.from_arrays(shifted, pa.array(["", *names]))


def _series(scenario: Scenario, result: Result) -> pa.Table:
    """Long form; employers and teams of the scenario only (start-ups are counted by the metrics of the world)."""
    n_employers = len(scenario.employers)
    placed = scenario.placed_teams()
    entities = {
        "world": [""],
        "employer": [employer.name for employer in scenario.employers],
        "team": [f"{scenario.employers[team.employer].name} / {team.name}" for team in placed],
        "site": [site.name for site in scenario.sites],
    }
    widths = {"world": 1, "employer": n_employers, "team": len(placed), "site": len(scenario.sites)}
    all_entities = list(dict.fromkeys(name for names in entities.values() for name in names))
    place = {name: number for number, name in enumerate(all_entities)}
    known = list(metrics.METRICS)
    parts: dict[str, list[Any]] = {"month": [], "metric": [], "entity": [], "value": []}
    for number, (name, metric) in enumerate(metrics.METRICS.items()):
        width = widths[metric.entity]
        values = result.series[name].reshape(result.months, -1)[:, :width]
        rows = np.array([place[entity] for entity in entities[metric.entity]])
        parts["month"].append(np.repeat(np.arange(result.months, dtype=np.int32), width))
        parts["metric"].append(np.full(values.size, number))
        parts["entity"].append(np.tile(rows, result.months))
        parts["value"].append(values.ravel())
    joined = {name: np.concatenate(values) for name, values in parts.items()}
    dates = [scenario.date_of(month) for month in range(scenario.months)]
    return pa.table(
        {
            "replicate": np.full(len(joined["value"]), result.replicate, np.int32),
            "month": joined["month"],
            "date": _names(joined["month"], dates),
            "metric": _names(joined["metric"], known),
            "entity": pa.DictionaryArray.from_arrays(pa.array(joined["entity"], pa.int32()), pa.array(all_entities)),
            "value": joined["value"],
        }
    )


def _stacked(results: Sequence[Told], table: str) -> dict[str, Any]:
    """One ledger table of all replicates, with the replicate in front; columns of length 0 where nothing happened."""
    filled = [(result.replicate, getattr(result, table)) for result in results if getattr(result, table)]
    if not filled:
        return {}
    first = filled[0][1]
    found = {name: np.concatenate([rows[name] for _, rows in filled]) for name in first}
    return {
        "replicate": np.concatenate([np.full(len(rows["month"]), number, np.int32) for number, rows in filled]),
    } | found


def _employer_column(scenario: Scenario, rows: Any, otherwise: str = "") -> pa.Array:
    """Names of employers; start-ups of the run are told apart by number, people without one get `otherwise`."""
    n = len(scenario.employers)
    names = [otherwise, *(employer.name for employer in scenario.employers), "new start-up"]
    return pa.array(np.array(names, dtype=object)[np.minimum(np.asarray(rows) + 1, n + 1)], pa.string())


def _longest(results: Sequence[Told], names: str) -> list[str]:
    """Names by row that hold for all replicates: they differ only in how many potential start-ups come at the end."""
    return max((getattr(result, names) for result in results), key=len)


def _team_column(results: Sequence[Told], rows: Any) -> pa.Array:
    names = np.array(["", *_longest(results, "teams")], dtype=object)
    return pa.array(names[np.asarray(rows) + 1], pa.string())


class Told(Protocol):
    """What the tables of departures and offers need of a history."""

    @property
    def replicate(self) -> int:
        """Number of the history."""

    @property
    def departures(self) -> Row:
        """Rows of the ledger."""

    @property
    def employers(self) -> list[str]:
        """Names by row."""

    @property
    def teams(self) -> list[str]:
        """Names by row."""


def departure_table(scenario: Scenario, results: Sequence[Told]) -> pa.Table:
    """Departures as they are written to disk: codes and rows by their names."""
    rows = _stacked(results, "departures")
    if not rows:
        return pa.table({name: [] for name in ("replicate", "departure", "month", "from_employer", "to_employer")})
    number = np.concatenate([np.arange(len(r.departures["month"])) for r in results if r.departures])
    goal = [name for result in results for name in destinations(scenario, result)]
    events = ["", *(event.id for event in scenario.events)]
    sites = [site.name for site in scenario.sites]
    team_site = np.array([sites.index(team.plan.site) for team in scenario.placed_teams()])
    known = rows["from_team"] < len(team_site)
    site = np.where(known, team_site[np.minimum(rows["from_team"], len(team_site) - 1)], -1)
    columns: dict[str, Any] = {
        "replicate": rows["replicate"],
        "departure": number,
        "month": rows["month"],
        "date": pa.array([scenario.date_of(int(month)) for month in rows["month"]]),
        "researcher": rows["researcher"],
        "from_employer": _employer_column(scenario, rows["from_employer"]),
        "from_team": _team_column(results, rows["from_team"]),
        "from_site": _names(site, sites),
        "to_employer": pa.array(goal, pa.string()),
        "to_team": _team_column(results, rows["to_team"]),
        "cause": _names(rows["cause"], CAUSE_NAMES),
        "voluntary": rows["voluntary"],
        "path": _names(rows["path"], PATH_NAMES),
        "reach": _names(rows["reach"], REACH_NAMES),
        "referrer": rows["referrer"],
        "tenure": rows["tenure"],
        "pay_before": rows["pay_before"],
        "pay_after": rows["pay_after"],
        "counter_pay": rows["counter_pay"],
        "event": pa.array([events[int(row) + 1] for row in rows["event"]]),
    }
    for side in ("stay", "go"):
        columns |= {f"term_{side}_{term}": rows[f"terms_{side}"][:, k] for k, term in enumerate(TERMS)}
    columns |= {f"breach_{source}": rows["breach"][:, k] for k, source in enumerate(SOURCES)}
    return pa.table(columns)


def offer_table(results: Sequence[Told], table: str) -> pa.Table:
    """Offers as they are written to disk; `table` is the attribute that holds them: offers, or options with terms."""
    rows = _stacked(results, table)
    if not rows:
        return pa.table({name: [] for name in ("replicate", "month", "researcher", "team", "state")})
    columns: dict[str, Any] = {
        "replicate": rows["replicate"],
        "month": rows["month"],
        "researcher": rows["researcher"],
        "team": _names(rows["team"], _longest(results, "teams")),
        "employer": _names(rows["employer"], _longest(results, "employers")),
        "reach": _names(rows["reach"], REACH_NAMES),
        "referrer": rows["referrer"],
        "pay": rows["pay"],
        "ceiling": rows["ceiling"],
        "equity_ratio": rows["equity_ratio"],
        "state": _names(rows["state"], OFFER_STATE_NAMES),
        "counter_pay": rows["counter_pay"],
        "value": rows["value"],
        "perceived": rows["perceived"],
    }
    if "terms" in rows:
        columns |= {f"term_{term}": rows["terms"][:, k] for k, term in enumerate(TERMS)}
    return pa.table(columns)


def _flows(scenario: Scenario, result: Result) -> pa.Table:
    """Moves between employers and states over the whole run; moves inside one employer are on the diagonal."""
    pairs: dict[tuple[str, str], int] = {}
    left, moves = result.departures, result.moves
    if left:
        for home, to in zip(left["from_employer"], destinations(scenario, result), strict=True):
            key = (employer_name(scenario, int(home)), to)
            pairs[key] = pairs.get(key, 0) + 1
        began = (moves["from_state"] == -1 - Status.SEARCHING) & (moves["to_state"] >= 0)  # from searching to a job
        for goal in moves["to_state"][began]:
            key = ("searching", state_name(scenario, int(goal)))
            pairs[key] = pairs.get(key, 0) + 1
    ordered = sorted(pairs)
    return pa.table(
        {
            "replicate": pa.array([result.replicate] * len(ordered), pa.int64()),
            "from": pa.array([home for home, _ in ordered], pa.string()),
            "to": pa.array([to for _, to in ordered], pa.string()),
            "count": pa.array([pairs[key] for key in ordered], pa.int64()),
        }
    )


TABLES: Final[dict[str, Callable[[Scenario, Result], pa.Table]]] = {
    "series": _series,
    "departures": lambda scenario, result: departure_table(scenario, [result]),
    "offers": lambda _, result: offer_table([result], "offers"),
    "options": lambda _, result: offer_table([result], "options"),
    "flows": _flows,
}


def _cohorts(scenario: Scenario, result: Result) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, cohort in enumerate(scenario.cohorts):
        first = max(scenario.month_of(cohort.fixed), 0)
        for month in range(first, result.months):
            left, willing = int(result.left[number, month]), int(result.left_voluntarily[number, month])
            writer.writerow([result.replicate, cohort.name, scenario.date_of(month), month, left, willing])
    return out.getvalue()


def _graph(scenario: Scenario, result: Result) -> dict[str, Any]:
    """Nodes with places and ties, for drawing; laid out by the ties."""
    drawn = result.graph
    if not drawn:
        return {}
    a, b = drawn["a"], drawn["b"]
    n = len(drawn["researcher"])
    csr = collaboration.csr_from_edges(n, a, b, drawn["strength"], drawn["kind"])
    places: Floats = graph.layout(Csr(*csr, np.zeros(len(csr[1]), np.int16), tuple(range(n))))
    nodes = [
        {
            "id": int(row),
            "employer": state_name(scenario, int(drawn["state"][k])),
            "team": result.teams[int(drawn["team"][k])] if drawn["team"][k] >= 0 else "",
            "x": round(float(places[k, 0]), 4),
            "y": round(float(places[k, 1]), 4),
            "cohort": scenario.cohorts[int(drawn["cohort"][k])].name if drawn["cohort"][k] >= 0 else None,
            "left": bool(drawn["left"][k]),
        }
        for k, row in enumerate(drawn["researcher"])
    ]
    edges = [
        [int(x), int(y), round(float(s), 3), int(kind)]
        for x, y, s, kind in zip(a, b, drawn["strength"], drawn["kind"], strict=True)
    ]
    return {"nodes": nodes, "edges": edges}


def write_table(folder: Path, name: str, content: dict[str, Any], rows: dict[str, Any]) -> None:
    """A question answered: `NAME.json`, and the rows behind it as `NAME.parquet`.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(folder / f"{name}.parquet", pa.table(rows))
    write_json(folder / f"{name}.json", content)


# ---- bytes -----------------------------------------------------------------------------------------------------------


def write_bytes(path: Path, content: bytes) -> None:
    """Bytes as they are, of a picture."""
    disk.write(path, content)


def write_text(path: Path, content: str) -> None:
    """Text in UTF-8."""
    disk.write(path, content)


def write_json(path: Path, content: Any) -> None:
    """A JSON document; NaN is refused."""
    disk.write(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
