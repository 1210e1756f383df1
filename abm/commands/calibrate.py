"""Fit at most three parameters to the observed rows of a scenario, from a sweep."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from abm import commands, files, verdicts
from abm.commands import Commands

ORDER = 11
DRAWS = 100
EXAMPLES = """examples:
  talent calibrate fit.toml                           # runs the study in parts with luck of their own
  talent calibrate results/fit-parts --draws 200 --out results/posterior --ship
  talent calibrate results/fit results/fit-2          # sweeps that are there, of the same study with other seeds

The study varies at most three parameters, evenly over their ranges (lhs or sobol), and watches the outcome of every row
of its scenario that is marked calibrate: left:COHORT@DATE, retention:EMPLOYER@DATE. Rows to be predicted have no part
in the fit. A single sweep has the same luck at all its points, and a posterior from it is too narrow: hence the parts.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("calibrate", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("sweeps", nargs="+", metavar="STUDY_OR_FOLDER", help="a study file, or folders of its sweeps")
    parser.add_argument(
        "--draws",
        type=commands.integer(0, commands.MOST_REPLICATES, "the number of draws"),
        default=DRAWS,
        metavar="N",
        help=f"new histories at draws from the posterior for the forecasts; 0 uses stored ones (default {DRAWS})",
    )
    parser.add_argument(
        "--parts",
        type=commands.integer(1, 10_000, "the number of parts"),
        metavar="N",
        help="run a study in so many parts, each with a seed of its own (default 48)",
    )
    parser.add_argument(
        "--noise", type=_share, default=0.0, metavar="SD", help="standard error of an observed share (default 0)"
    )
    parser.add_argument(
        "--check",
        type=commands.integer(0, 10_000, "the number of trials"),
        default=0,
        metavar="TRIALS",
        help="let so many stored histories play the observation, and report how often they are found again",
    )
    parser.add_argument("--seed", type=commands.integer(0, 2**63 - 1, "the seed"), default=1, metavar="N")
    parser.add_argument("--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default results/<study>-calibration)")
    parser.add_argument("--ship", action="store_true", help="write abm/data/posterior.json as well, for talent predict")


def _share(text: str) -> float:
    try:
        value = float(commands.plain(text))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a standard error of a share, from 0 to 0.5")
    return value


def run(chosen: argparse.Namespace, command: str) -> int:
    """Read or run the sweeps, fit, forecast, write the files, print the tables."""
    from experiments import calibration, calibration_files, coverage, posterior_file  # noqa: PLC0415  # heavy
    from experiments.calibration_sweeps import PARTS, ask, run_or_read  # noqa: PLC0415
    from experiments.forecast import settings_of, simulate_draws, stored_draws  # noqa: PLC0415
    from experiments.histories import gather  # noqa: PLC0415

    every = ask(chosen.sweeps)
    name, scenario = every[0].name, every[0].scenario
    folder = chosen.out or Path("results") / f"{name}-calibration"
    commands.folder_of(folder)
    sweeps = []
    for asked in every:
        parts = min(chosen.parts or PARTS, asked.study.n_points) if asked.study else len(asked.folders)
        with commands.progress(f"{asked.name}: parts of the sweep", parts) as advance:
            sweeps += run_or_read(asked, parts, commands.workers_of(chosen, 1024), advance)
    fitted = calibration.fit(sweeps, scenario, seed=chosen.seed, noise=chosen.noise)
    stored = gather(sweeps)
    if chosen.draws:
        names = [factor.name for factor in fitted.posterior.factors]
        settings = settings_of(names, fitted.posterior.draws(chosen.draws))
        with commands.progress(f"{scenario.name}: histories at draws", chosen.draws) as advance:
            drawn = simulate_draws(
                scenario, fitted.observed, settings, chosen.seed, commands.workers_of(chosen, chosen.draws), advance
            )
    else:
        drawn = stored_draws(stored, fitted.posterior, calibration.STORED)
    told = calibration_files.document(fitted, calibration.scores(fitted, stored), calibration.forecasts(fitted, drawn))
    told["draws"] = chosen.draws
    told["check"] = []
    if chosen.check:
        told["check"] = coverage.check_stored(sweeps, fitted.posterior.targets, chosen.check, chosen.seed).told()
    drawings = calibration_files.write(folder, fitted, told)
    _show(told, commands.console())
    for path in [folder / "calibration.json", folder / "posterior.parquet", *drawings]:
        commands.console().print(f"  {path}", markup=False, soft_wrap=True)
    if chosen.ship:
        files.write_json(posterior_file.SHIPPED, calibration_files.shipped(fitted))
        commands.console().print("Shipped: the draws are what talent predict uses from now on", markup=False)
    return 0


# ---- the screen ------------------------------------------------------------------------------------------------


def _table(*heads: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number < left else "right", no_wrap=True)
    return table


def _show(told: dict[str, Any], console: Console) -> None:
    """Posterior, targets, forecasts, scores, check."""
    posterior = told["posterior"]
    console.print(
        f"\n[bold]Posterior[/bold] from {posterior['histories']} histories, {posterior['seeds']} kinds of luck; "
        f"effective sample {posterior['effective']:.0f}; {posterior['digest'][:16]}"
    )
    table = _table("parameter", "prior", "mean", "sd", "5 %", "50 %", "95 %", "contraction")
    for row in posterior["table"]:
        numbers = [f"{row[key]:.4g}" for key in ("mean", "sd", "p05", "p50", "p95")]
        prior = f"{row['prior_low']:g} to {row['prior_high']:g}{' (log)' if row['log'] else ''}"
        table.add_row(row["parameter"], prior, *numbers, f"{row['contraction']:.0%}")
    console.print(table)
    if posterior["narrow"]:
        how = f"the seed explains up to {max(aim['luck'] for aim in told['targets']):.0%} of what the parameters leave"
        how = how if posterior["seeds"] > 1 else "all histories have the same seed"
        console.print(
            f"[yellow]Few kinds of luck:[/yellow] {how}, so this posterior is too narrow. "
            "Run the study in more --parts, or add sweeps with other seeds"
        )
    few = bool(told["draws"]) and not verdicts.holds(told["draws"], 0.8)
    ends = "lowest to highest" if few else "80 %"
    table = _table("row", "", "observed", "mean", ends, "", "P(observed)", left=2)
    for row in told["forecasts"]:
        table.add_row(
            row["row"],
            row["status"],
            _span(row["observed_low"], row["observed_high"], row["of"]),
            _number(row["mean"], row["of"]),
            _span(row["p10"], row["p90"], row["of"]),
            row["verdict"] or "",
            "" if row["probability"] is None else f"{row['probability']:.3f}",
        )
    console.print()
    console.print(table)
    if few:
        console.print(f"[yellow]Few histories:[/yellow] an interval of 80 % needs {verdicts.needed(0.8)} --draws")
    if any(aim["share_inside"] == 0 for aim in told["targets"]):
        out = ", ".join(aim["outcome"] for aim in told["targets"] if aim["share_inside"] == 0)
        console.print(f"[yellow]Never reached in the sweep:[/yellow] {out}")
    if told["scores"]:
        console.print("\nScores, smaller is better; left out: fitted without that row (the honest ones)")
        _show_scores(told["scores"], console)
    for row in told["check"]:
        console.print(
            f"Check on {row['trials']} stored histories, {row['parameter']}: 90 % intervals hold "
            f"{row['coverage_90']:.0%}, 80 % hold {row['coverage_80']:.0%}; chi-square p {row['chi_square_p']:.2f}"
        )
    console.print("\nFiles")


def _show_scores(scores: list[dict[str, Any]], console: Console) -> None:
    names = list(dict.fromkeys(row["forecast"] for row in scores))
    table = _table("row", "score", *names, left=2)
    for text in dict.fromkeys(row["row"] for row in scores):
        for left_out in (False, True):
            found = {row["forecast"]: row for row in scores if row["row"] == text and row["left_out"] == left_out}
            for score in ("log_score", "crps"):
                if found:
                    label = f"{score.replace('_', ' ')}, {'left out' if left_out else 'in sample'}"
                    table.add_row(text, label, *(f"{found[name][score]:.3f}" for name in names))
    console.print(table)


def _number(value: float | None, of: int) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if of == 1 else f"{value:.1f}"


def _span(low: float | None, high: float | None, of: int) -> str:
    if low is None or high is None:
        return "-"
    if of == 1:
        return f"{low:.1%} to {high:.1%}"
    return f"{low:g} to {high:g}" if of else f"{low:.1f} to {high:.1f}"
