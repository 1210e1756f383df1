"""Two worlds with the same people and the same luck: as described, and with a policy, setting or event changed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from abm import commands, files, paired, policies, table_file
from abm.changes import Change, change
from abm.commands import Commands, Refused
from abm.comparison import as_data, print_paired
from abm.scenario_read import nearest

ORDER = 2.5
REPLICATES = 20
EXAMPLES = """examples:
  talent compare meta_fair --policy garden_leave:months=6
  talent compare meta_fair --without E46 --outcome left:llama-authors@2023-09 --outcome exits:Meta
  talent compare meta_fair --without '*:layoff' --set h_ties=0.5 --out results/no-layoffs
  talent compare tiny --policy match_offers:factor=2,buy_compute:factor=1.5 --both-set h0=0.02
"""


def add(parsers: Commands) -> None:
    """Declare the arguments."""
    parser = parsers.add_parser("compare", help=__doc__, epilog=EXAMPLES, formatter_class=commands.RAW)
    commands.add_world(parser, REPLICATES, settings="--both-set")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="NAME:KNOB=VALUE[,KNOB=VALUE]",
        help="a policy in the second world; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--without", action="append", default=[], metavar="EVENT[:KIND]",
        help="an event undone in the second world: E46, E39:transfer, or *:layoff; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changed",
        help="a parameter or key of the scenario changed in the second world; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--outcome", action="append", metavar="TEXT", dest="outcomes",
        help="what to watch (see `talent list outcomes`); may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for comparison.json and people.parquet")


def run(chosen: argparse.Namespace, command: str) -> int:
    """Simulate the pairs, print the tables; keep what is done when interrupted."""
    scenario = commands.described(chosen, "--both-set")
    asked = change_of(chosen)
    texts = tuple(chosen.outcomes or paired.default_outcomes(scenario))
    paired.check(scenario, asked, Change(), texts)
    if chosen.out is not None:
        commands.folder_of(chosen.out)
        chosen.out.mkdir(parents=True, exist_ok=True)
    done: list[paired.Pair] = []
    workers = commands.workers_of(chosen, chosen.replicates)
    interrupted = False
    with commands.progress(f"{scenario.name}: pairs of worlds", chosen.replicates) as advance:

        def on_done(pair: paired.Pair) -> None:
            done.append(pair)
            advance()

        try:
            paired.compare(
                scenario, asked, seed=chosen.seed, replicates=chosen.replicates, workers=workers, outcomes=texts,
                on_done=on_done,
            )  # fmt: skip
        except KeyboardInterrupt:
            interrupted = True
    screen = Console(stderr=True, highlight=False)
    if not done:
        screen.print("stopped before the first pair was done")
        return 130
    found = paired.gather(scenario, asked, texts, done)
    data = {"command": command, "seed": chosen.seed, **as_data(scenario, found)}
    if chosen.out is not None:
        files.write_json(chosen.out / "comparison.json", data)
        table_file.write_parquet(chosen.out / "people.parquet", pa.table(paired.people_table(found.pairs)))
    if chosen.json:
        print(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print_paired(scenario, found, commands.console())
        if chosen.out is not None:
            commands.console().print(f"\nwritten to {chosen.out}: comparison.json, people.parquet", markup=False)
    if interrupted:
        screen.print(
            f"interrupted: {len(done)} of {chosen.replicates} pairs were done, and these are they", markup=False
        )
        return 130
    return 0


def change_of(chosen: argparse.Namespace) -> Change:
    """The change that the arguments describe.

    Raises:
        Refused: nothing is asked for, or a policy or knob is not known.
    """
    settings: dict[str, str] = {}
    for text in chosen.policy:
        settings |= policy_settings(text)
    settings |= commands.settings_of(chosen.changed)
    if not settings and not chosen.without:
        raise Refused("compare: expected what differs in the second world: --policy, --without or --set")
    return change(settings, chosen.without)


def policy_settings(text: str) -> dict[str, str]:
    """NAME:KNOB=VALUE[,KNOB=VALUE][,NAME:KNOB=VALUE...] as dotted settings."""
    found: dict[str, str] = {}
    name = ""
    for number, part in enumerate(text.split(",")):
        setting = part
        if number == 0 or ":" in part.partition("=")[0]:
            name, _, setting = (word.strip() for word in part.partition(":"))
            if name not in policies.names():
                raise Refused(f"--policy {text}: {name!r} is no policy; {nearest(name, policies.names())}")
        knobs = policies.knobs_of(name)
        knob, equals, value = (word.strip() for word in setting.partition("="))
        if not equals or not value:
            raise Refused(f"--policy {text}: expected NAME:KNOB=VALUE; {_knobs(name)}")
        if knob not in knobs:
            raise Refused(f"--policy {text}: {name} has no knob {knob!r}; {nearest(knob, knobs)}; {_knobs(name)}")
        found[f"policies.{name}.{knob}"] = value
    return found


def _knobs(name: str) -> str:
    """The knobs of a policy with their units."""
    known = policies.knobs_of(name)
    return f"knobs of {name}: " + ", ".join(f"{knob} ({declared.unit})" for knob, declared in known.items())
