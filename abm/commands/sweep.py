"""Run a study: points of a design times replicates, into a folder that survives interruptions."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm import commands
from abm.commands import Commands, Refused

if TYPE_CHECKING:
    from experiments.reading import Status
    from experiments.responses import Responses
    from experiments.study import Study

ORDER = 10
EXAMPLES = """examples:
  talent sweep tiny --dry-run
  talent sweep tiny --workers 2
  talent sweep my-study.toml --resume --retry-failed
  talent sweep my-study.toml --cluster tcp://127.0.0.1:8786 --out results/mine

Every run is stored as soon as its batch is done. After Ctrl-C, a crash or a full disk, --resume goes on; the final
table is the same to the last byte. A study that grew by points or replicates runs only what is new.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("sweep", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("study", help="shipped name or path of a TOML file")
    parser.add_argument(
        "--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N",
        help="processes (default: all cores)",
    )  # fmt: skip
    parser.add_argument("--cluster", metavar="ADDRESS", help="workers of this Dask scheduler (tcp:// or a file)")
    parser.add_argument("--resume", action="store_true", help="go on with what the folder holds")
    parser.add_argument("--dry-run", action="store_true", help="count the runs and estimate time, memory and disk")
    parser.add_argument("--retry-failed", action="store_true", help="with --resume: try again what failed")
    parser.add_argument("--fresh", action="store_true", help="put what the folder holds aside and begin anew")
    parser.add_argument(
        "--run-seconds", type=commands.integer(1, 10**6, "the limit"), metavar="S", help="give up a run after S seconds"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<study>)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Check the folder, run what is missing, say what came out."""
    from experiments import study as studies  # noqa: PLC0415  # heavy: only when a sweep is asked for

    study = studies.load(chosen.study)
    folder = chosen.out or Path("results") / study.name
    commands.folder_of(folder)
    if chosen.dry_run:
        return _estimate(study, folder, chosen)
    if chosen.fresh and chosen.resume:
        raise Refused("--fresh and --resume: one begins anew, the other goes on; choose one")
    if chosen.retry_failed and not chosen.resume:
        raise Refused("--retry-failed: goes with --resume, since it tries again what an earlier launch stored")
    if not (chosen.resume or chosen.fresh):
        _refuse_started(study, folder, chosen)
    return _sweep(study, folder, chosen)


def _again(chosen: argparse.Namespace) -> str:
    """The command that goes on."""
    words = ["talent", "sweep", chosen.study, "--resume"]
    for option, value in (("--workers", chosen.workers), ("--cluster", chosen.cluster), ("--out", chosen.out)):
        words += [] if value is None else [option, str(value)]
    words += [] if chosen.run_seconds is None else ["--run-seconds", str(chosen.run_seconds)]
    return shlex.join(words)


def _refuse_started(study: Study, folder: Path, chosen: argparse.Namespace) -> None:
    """Nobody adds to a folder, or waits for a finished sweep, by accident."""
    from abm.disk import DISK  # noqa: PLC0415
    from experiments import reading, store  # noqa: PLC0415
    from experiments.plan import plan  # noqa: PLC0415

    if not (folder / "study.json").exists():
        return
    try:
        store.Store(folder, plan(study), DISK).check(reading.described(folder))
        found: Status | None = reading.status(folder)
    except store.OtherStudy as error:  # to go on with it would be refused as well
        raise Refused(str(error)) from None
    except reading.Unreadable as error:
        raise Refused(f"{error}\nGo on:       {_again(chosen)}") from None
    assert found is not None
    failed = found.done - found.runs["ok"]
    raise Refused(
        f"{folder} holds a sweep: {found.done} of {found.planned} runs are done"
        + (f", {failed} of them failed" if failed else "")
        + f".\nGo on:       {_again(chosen)}\nBegin anew:  add --fresh (what is there is put aside), or --out DIR"
    )


def _estimate(study: Study, folder: Path, chosen: argparse.Namespace) -> int:
    """What a sweep would cost; refuses one that cannot fit."""
    from experiments import pilot, reading  # noqa: PLC0415

    done = frozenset() if chosen.fresh else reading.done(folder).keys()
    estimate = pilot.estimate(study, folder, commands.workers_of(chosen, 1024), done)
    for line in estimate.lines():
        print(line)
    if estimate.refusal:
        raise Refused(estimate.refusal)
    return 0


def _sweep(study: Study, folder: Path, chosen: argparse.Namespace) -> int:
    from experiments import drive, engine_cluster, lock, runner, store  # noqa: PLC0415

    screen, began = Console(stderr=True, highlight=False, soft_wrap=True), time.monotonic()
    total = study.n_points * study.replicates
    last: runner.Progress | None = None
    with commands.progress(study.name, total) as advance:
        shown = 0

        def on_progress(now: runner.Progress) -> None:
            nonlocal shown, last
            last = now
            for _ in range(now.done + total - now.planned - shown):
                advance()
            shown = now.done + total - now.planned

        try:
            responses = runner.sweep(
                study,
                folder,
                workers=commands.workers_of(chosen, total),
                cluster=chosen.cluster,
                on_progress=on_progress,
                retry_failed=chosen.retry_failed,
                fresh=chosen.fresh,
                run_seconds=chosen.run_seconds,
            )
        except KeyboardInterrupt:
            done = f"{last.done} of {last.planned} runs are stored" if last is not None else "nothing was run"
            screen.print(f"stopped: {done}. Go on: {_again(chosen)}", markup=False)
            return 130
        except (lock.InUse, store.OtherStudy, store.Unequal, engine_cluster.Unreachable) as error:
            raise Refused(str(error)) from None
        except (drive.Stopped, OSError) as error:
            screen.print(f"stopped: {error}\nGo on: {_again(chosen)}", markup=False)
            return 1
    told = summary(study, folder, responses, last, time.monotonic() - began)
    if chosen.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        _show(told, commands.console())
    return 1 if told["runs"]["failed"] else 0


# ---- the summary -----------------------------------------------------------------------------------------------------


def summary(study: Study, folder: Path, responses: Responses, last: Any, seconds: float) -> dict[str, Any]:
    """What was run and what came out, as plain data. Last: the progress, None if nothing had to be run."""
    import numpy as np  # noqa: PLC0415

    from experiments import reading  # noqa: PLC0415

    found = reading.status(folder)
    executed = last.executed if last is not None else 0
    outcomes = []
    for number, outcome in enumerate(responses.outcomes):
        y = responses.y[:, :, number]
        there = ~np.isnan(y)
        points = [float(row[mine].mean()) for row, mine in zip(y, there, strict=True) if mine.any()]
        every = y[there]
        outcomes.append(
            {
                "outcome": outcome,
                "unit": responses.units[number],
                "mean": float(every.mean()) if len(every) else None,
                "low": min(points, default=None),
                "high": max(points, default=None),
                "within": _within(y) if len(every) else None,
            }
        )
    return {
        "study": study.name,
        "folder": str(folder),
        "points": len(responses.x),
        "replicates": len(responses.seeds),
        "runs": {
            "planned": found.planned,
            "reused": found.planned - executed,
            "executed": executed,
            "failed": found.done - found.runs["ok"],
            "by_status": dict(found.runs),
        },
        "seconds": seconds,
        "seconds_a_run": last.seconds / executed if executed else None,
        "overhead_a_run": last.overhead if executed else None,
        "outcomes": outcomes,
    }


def _within(y: Any) -> float | None:
    """Standard deviation of the replicates of one point, pooled over points."""
    import numpy as np  # noqa: PLC0415

    rows = [row[~np.isnan(row)] for row in y]
    parts = [(len(row) - 1, float(row.var(ddof=1))) for row in rows if len(row) > 1]
    return math.sqrt(sum(n * v for n, v in parts) / sum(n for n, _ in parts)) if parts else None


def _show(told: dict[str, Any], console: Console) -> None:
    runs = told["runs"]
    console.print(
        f"\n[bold]{told['study']}[/bold]  {told['points']} points x {told['replicates']} replicates; "
        f"runs: {runs['planned']} planned, {runs['reused']} reused, {runs['executed']} executed, "
        f"{runs['failed']} failed"
    )
    if runs["executed"]:
        console.print(
            f"{told['seconds']:.1f} s; {told['seconds_a_run']:.3g} s a run, "
            f"{1000 * told['overhead_a_run']:.1f} ms a run of a worker for all else (start-up, storing, waiting)"
        )
    if runs["failed"]:
        kinds = ", ".join(f"{n} {status}" for status, n in runs["by_status"].items() if status != "ok" and n)
        console.print(f"Failed: {kinds}; the columns error, message and traceback of runs.parquet say why")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("outcome", "mean", "lowest point", "highest point", "sd in a point", "unit"):
        table.add_column(head, justify="left" if head in ("outcome", "unit") else "right", no_wrap=True)
    for each in told["outcomes"]:
        cells = [_number(each[key]) for key in ("mean", "low", "high", "within")]
        table.add_row(*(Text(cell) for cell in (each["outcome"], *cells, each["unit"])))
    console.print(table)
    console.print(f"\nAll runs: {told['folder']}/runs.parquet", markup=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
