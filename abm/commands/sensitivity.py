"""Rank what moves an outcome, from a finished sweep."""

from __future__ import annotations

import argparse
from pathlib import Path

from abm import commands
from abm.commands import Commands, Refused

ORDER = 11
EXAMPLES = """examples:
  talent sensitivity results/what-moves-exits
  talent sensitivity results/what-moves-exits --outcome exits:Meta --top 10
  talent sensitivity tiny --out results/tiny-sensitivity

The method follows the design of the study: Sobol' indices (saltelli), elementary effects (morris), swings (oat), and
for any other design PAWN with rank regression. A study is run on the spot; only small ones should be.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("sensitivity", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("sweep", metavar="FOLDER_OR_STUDY", help="folder of a sweep, study file, or shipped study")
    parser.add_argument(
        "--outcome", action="append", default=[], metavar="TEXT", dest="outcomes", help="only this one; may be repeated"
    )
    parser.add_argument(
        "--top", type=commands.integer(1, 10_000, "the number of factors"), metavar="N", help="show the N strongest"
    )
    parser.add_argument(
        "--method", choices=("auto", "sobol", "morris", "swings", "given"), default="auto",
        help="default: the one that the design was made for",
    )  # fmt: skip
    add_analysis(parser)
    parser.add_argument("--json", action="store_true", help="print the document of sensitivity.json")


def add_analysis(parser: argparse.ArgumentParser) -> None:
    """The arguments that the commands which analyse a sweep share."""
    parser.add_argument("--partial", action="store_true", help="analyse a sweep that is not finished")
    parser.add_argument(
        "--resamples", type=commands.integer(0, 100_000, "the number of resamples"), metavar="B",
        help="bootstrap samples behind intervals and stability",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=commands.integer(0, 2**63 - 1, "the seed"), default=1, metavar="N", help="of these"
    )
    parser.add_argument(
        "--workers", type=commands.integer(1, 1024, "the number of workers"), metavar="N", help="processes, for a study"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for tables and figures")
    parser.add_argument("--no-figures", action="store_true", help="tables only")


def out_folder(chosen: argparse.Namespace, folder: Path | None, name: str, kind: str) -> Path:
    """Where the files go: inside the folder of the sweep, or under results/."""
    place: Path = chosen.out or (folder / "analysis" if folder else Path("results") / f"{name}-{kind}")
    commands.folder_of(place)
    return place


def run(chosen: argparse.Namespace, command: str) -> int:
    """Read or run, analyse, write, print."""
    from experiments import sensitivity, sensitivity_files, swept  # noqa: PLC0415  # loads the analyses
    from experiments.figures import style  # noqa: PLC0415

    if chosen.out is not None:
        commands.folder_of(chosen.out)
    try:
        given = swept.swept(
            chosen.sweep,
            commands.workers_of(chosen, swept.MOST_ON_THE_SPOT),
            commands.progress,
            chosen.partial,
            chosen.outcomes,
        )
        rankings = sensitivity.analyse(
            given.responses,
            chosen.outcomes,
            chosen.method,
            seed=chosen.seed,
            resamples=max(chosen.resamples or sensitivity.RESAMPLES, 2),
        )
    except (swept.NotSwept, sensitivity.Unfit) as error:
        raise Refused(f"{chosen.sweep}: {error}" if isinstance(error, sensitivity.Unfit) else str(error)) from error
    folder = out_folder(chosen, given.folder, given.name, "sensitivity")
    record = {"command": command, **given.origin, "bootstrap_seed": chosen.seed}
    source = style.source(given.name, given.seed, len(given.responses.seeds), f"{len(given.responses.x):,} points")
    looks = () if chosen.no_figures else style.LOOKS
    drawn = sensitivity_files.write(folder, rankings, record, top=chosen.top, source=source, looks=looks)
    if chosen.json:
        print((folder / "sensitivity.json").read_text(encoding="utf-8"), end="")
        return 0
    console = commands.console()
    for ranking in rankings:
        console.print("\n" + sensitivity_files.told(ranking, chosen.top), markup=False, soft_wrap=True)
    first = f", to be looked at first: {drawn[1]}" if drawn else ""
    console.print(f"\nFiles in {folder}{first}", markup=False, soft_wrap=True)
    return 0
