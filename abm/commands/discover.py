"""Find the conditions under which an outcome is high or low."""

from __future__ import annotations

import argparse

from abm import commands
from abm.commands import Commands, Refused
from abm.commands.sensitivity import add_analysis, out_folder

ORDER = 12
EXAMPLES = """examples:
  talent discover results/what-moves-exits --outcome exits:Meta --above 0.8q --name exodus
  talent discover results/what-moves-exits --outcome retention:Meta@2025-05 --below 0.5

A threshold is a number, or a quantile over the points: 0.8q are the highest fifth. Boxes are found by PRIM
(EMA Workbench: uv sync --extra discovery). Use a sampled design: lhs or sobol.
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("discover", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    parser.add_argument("sweep", metavar="FOLDER_OR_STUDY", help="folder of a sweep, study file, or shipped study")
    parser.add_argument("--outcome", required=True, metavar="TEXT", help="what is watched, e.g. exits:Meta")
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--above", metavar="X", help="cases lie above this number, or quantile such as 0.8q")
    side.add_argument("--below", metavar="X", help="cases lie below it")
    parser.add_argument("--name", default="", metavar="WORD", help="what a case is called, e.g. exodus")
    parser.add_argument(
        "--boxes", type=commands.integer(1, 20, "the number of boxes"), default=2, metavar="N", help="most (default 2)"
    )
    add_analysis(parser)
    parser.add_argument("--json", action="store_true", help="print the document of discovery.json")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Read or run, find boxes, write, print."""
    from experiments import discovery, discovery_box, discovery_files, sensitivity, swept  # noqa: PLC0415
    from experiments.figures import style  # noqa: PLC0415

    above = chosen.above is not None
    if chosen.out is not None:
        commands.folder_of(chosen.out)
    try:
        discovery.check_threshold(chosen.above if above else chosen.below)
        discovery.check_installed()
        given = swept.swept(
            chosen.sweep,
            commands.workers_of(chosen, swept.MOST_ON_THE_SPOT),
            commands.progress,
            chosen.partial,
            [chosen.outcome],
        )
        found = discovery.discover(
            given.responses,
            chosen.outcome,
            chosen.above if above else chosen.below,
            above=above,
            boxes=chosen.boxes,
            resamples=discovery.RESAMPLES if chosen.resamples is None else chosen.resamples,
            seed=chosen.seed,
        )
    except (swept.NotSwept, sensitivity.Unfit) as error:
        raise Refused(f"{chosen.sweep}: {error}" if isinstance(error, sensitivity.Unfit) else str(error)) from error
    folder = out_folder(chosen, given.folder, given.name, "discovery")
    record = {"command": command, **given.origin, "bootstrap_seed": chosen.seed, "case": chosen.name}
    source = style.source(given.name, given.seed, len(given.responses.seeds), f"{len(given.responses.x):,} points")
    looks = () if chosen.no_figures else style.LOOKS
    drawn = discovery_files.write(folder, found, given.responses, record, name=chosen.name, source=source, looks=looks)
    if chosen.json:
        print((folder / "discovery.json").read_text(encoding="utf-8"), end="")
        return 0
    console = commands.console()
    console.print(discovery_box.told(found, chosen.name), markup=False, soft_wrap=True)
    first = f", to be looked at first: {next(p for p in drawn if p.name == 'box-1.png')}" if drawn else ""
    console.print(f"\nFiles in {folder}{first}", markup=False, soft_wrap=True)
    return 0
