"""The parts of README.md and abm/ODD.md that are made from code, so that text and program cannot disagree.

    python -m abm.docs           rewrite them in place
    python -m abm.docs --check   exit code 1 if they are stale

A block is what stands between `<!-- generated: NAME -->` and `<!-- end -->`. To add one: a function here that returns
Markdown, named in `BLOCKS`.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any

from abm import disk, effects, mechanisms, metrics, month, policies, scenario, tables
from abm.build import ARCHETYPES
from abm.columns import Table
from abm.kernels.allocation import RULES
from abm.levers import LEVERS
from abm.parameters import declared
from abm.scenario_effects import EFFECTS as FIELDS
from abm.streams import PURPOSES

ROOT = Path(__file__).resolve().parents[1]
FILES = (ROOT / "README.md", ROOT / "abm" / "ODD.md")
TABLES: dict[str, type[Table]] = {
    "researchers": tables.Researchers,
    "employers": tables.Employers,
    "teams": tables.Teams,
    "projects": tables.Projects,
}
CODES: tuple[type[IntEnum], ...] = (
    tables.Status,
    tables.Path,
    tables.Cause,
    tables.Reach,
    tables.OfferState,
    tables.TieKind,
    tables.EmployerKind,
    tables.ProjectState,
)
_BLOCK = re.compile(r"(<!-- generated: ([\w ]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_MARK = re.compile(r"<!-- generated: .*? -->")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def the_month() -> str:
    """The phases in order, from `abm/month.py`."""
    rows = (
        (str(number), f"[`{phase['phase']}`](PHASES/{phase['phase']}.py)", phase["does"], phase["writes"] or "nothing")
        for number, phase in enumerate(month.plan(), start=1)
    )
    return _table(("", "phase", "what happens", "what it may write"), rows)


def flow() -> str:
    """The data flow turned round: each part of the state, and the phases that may write it."""
    writers: dict[str, list[str]] = {}
    for phase in month.MONTH:
        for name in phase.WRITES:
            writers.setdefault(name, []).append(phase.__name__.rsplit(".", 1)[-1])
    order = {name: place for place, name in enumerate(TABLES)}
    ranked = sorted(writers, key=lambda name: (order.get(name.split(".")[0], len(order)), name))
    rows = ((f"`{name}`" + (" (any column)" if name in TABLES else ""), _code(writers[name])) for name in ranked)
    return _table(("state", "phases that may write it, in the order of the month"), rows)


def parameters(phase: str) -> str:
    """The declared numbers of one section of `abm/data/parameters.toml`."""
    rows = (
        (
            f"`{known.name}`",
            f"{known.default:g}",
            known.unit,
            f"{known.low:g} to {known.high:g}",
            known.grade,
            known.meaning,
            known.source,
        )
        for known in declared().values()
        if known.phase == phase
    )
    return _table(("parameter", "default", "unit", "range", "grade", "meaning", "source"), rows)


def columns(name: str) -> str:
    """The state variables of one table of `abm/tables.py`."""
    rows = []
    for column, known in TABLES[name].columns.items():
        kind = known.dtype + (f" × {known.shape[0]}" if known.shape else "")
        rows.append((f"`{column}`", kind, known.unit, known.meaning))
    return _table(("column", "type", "unit", "meaning"), rows)


def codes() -> str:
    """What the code columns stand for."""
    rows = (
        (f"`{kind.__name__}`", _first_line(kind), ", ".join(f"{each.value} {each.name.lower()}" for each in kind))
        for kind in CODES
    )
    return _table(("code", "meaning", "values"), rows)


def levers() -> str:
    """What policies and dated events may move."""
    rows = (
        (f"`{name}`", known.shape, f"{known.neutral:g}", f"{known.low:g} to {known.high:g}", known.unit, known.meaning)
        for name, known in LEVERS.items()
    )
    return _table(("lever", "one value per", "neutral", "bounds", "unit", "what it moves"), rows)


def streams() -> str:
    """Every use of luck."""
    return _table(("purpose", "what is drawn, and its key"), ((f"`{name}`", PURPOSES[name]) for name in PURPOSES))


def the_metrics() -> str:
    """The outcomes that every month is measured by."""
    rows = (
        (f"`{name}`", known.label, known.unit, known.kind, known.entity, _first_line(known.measure))
        for name, known in metrics.METRICS.items()
    )
    return _table(("metric", "label", "unit", "kind", "of", "meaning"), rows)


def the_policies() -> str:
    """The policies on disk, with their knobs."""
    if not policies.names():
        return "No policy is shipped yet; dated events already move the same levers."
    rows = []
    for name in policies.names():
        module = policies.load(name)
        knobs = "; ".join(
            f"`{knob}` ({known.unit}, {known.span}, neutral {known.default}): {known.meaning} [{known.source}]"
            for knob, known in policies.knobs_of(name).items()
        )
        rows.append((f"`{name}`", _first_line(module), knobs))
    return _table(("policy", "what it does", "knobs"), rows)


def the_effects() -> str:
    """What a dated event can do."""
    rows = ((f"`{kind}`", _first_line(effects.EFFECTS[kind]), _code(FIELDS[kind])) for kind in effects.EFFECTS)
    return _table(("effect", "what it does", "fields"), rows)


def rules() -> str:
    """How an employer may split its compute."""
    rows = ((f"`{name}`", _first_line(rule).removesuffix(" (J,) H100e.")) for name, rule in RULES.items())
    return _table(("rule", "how the pool is split"), rows)


def scenarios() -> str:
    """The scenarios on disk."""
    rows = []
    for name in scenario.names():
        known = scenario.load(name)
        span = f"{known.start} to {known.date_of(known.months - 1)}"
        events = f"{len(known.events)} dated events"
        rows.append((f"`{name}`", known.title, span, f"{known.researchers:,}", events))
    return _table(("scenario", "what", "months", "people at the start", "history"), rows)


def the_mechanisms() -> str:
    """The fifty mechanisms that the reports name, with where each lives."""
    known = declared()
    rows = []
    for each in mechanisms.declared().values():
        numbers = ", ".join(f"`{name}` {known[name].default:g} ({known[name].grade})" for name in each.parameters)
        rows.append(
            (
                each.id + ("*" if each.core else ""),
                each.name,
                each.evidence,
                each.lives,
                numbers or "sizes of its events",
            )
        )
    return _table(("", "mechanism", "evidence", "lives in", "parameters, default (grade)"), rows)


def ablation() -> str:
    """What switching each mechanism off does, as measured by `talent ablate`."""
    measured = mechanisms.measured()
    known = mechanisms.declared()
    rows = []
    for row in measured["rows"]:
        each = known[row["id"]]
        mean, least, most = row["exits"]
        rows.append(
            (
                each.label,
                f"{each.observable}: `{row['outcome']}`",
                mechanisms.digits(row["baseline"]),
                mechanisms.digits(row["without"]),
                f"{mechanisms.digits(row['difference'])}{mechanisms.between(row['low'], row['high'])}",
                row["verdict"],
                f"{mean:+.0f}{mechanisms.between(least, most, '{:+.0f}'.format)}",
            )
        )
    head = (
        "",
        "what is watched",
        "with",
        "without",
        "difference [95 %]",
        "verdict",
        "exits from the focal employer [95 %]",
    )
    counted = mechanisms.tally({row["id"]: row["verdict"] for row in measured["rows"]})
    return (
        f"`{measured['command']}`: {measured['replicates']} pairs of worlds each, seed {measured['seed']}, scenario "
        f"{measured['scenario_hash'][:12]}. {counted} {mechanisms.MECHANICAL}\n\n{_table(head, rows)}"
    )


def _equivalence(row: dict[str, Any]) -> str:
    """Whether the interval of a difference lies within a margin: what "no effect" would have to mean."""
    margin, low, high = row["margin"], row["low"], row["high"]
    span = f"[{mechanisms.digits(low)}, {mechanisms.digits(high)}]"
    if -margin <= low and high <= margin:
        said = "lies within it: the two are equivalent"
    elif high < -margin or low > margin:
        said = "lies outside it: there is an effect that matters"
    else:
        said = "reaches beyond it: neither equivalence nor an effect of that size is shown"
    return (
        f"**{row['question'].capitalize()}**: 10 % of the exits is {mechanisms.digits(margin)} either way; the "
        f"interval {span} {said}."
    )


def patterns() -> str:
    """What `experiments/patterns.py` measured."""
    found = json.loads((ROOT / "abm" / "data" / "patterns.json").read_text(encoding="utf-8"))
    rows = []
    for row in found["pairs"]:
        low, high = mechanisms.digits(row["low"]), mechanisms.digits(row["high"])
        rows.append(
            (
                row["question"],
                f"`{row['outcome']}`",
                f"{row['world']}: {mechanisms.digits(row['mean'])}",
                f"{row['against']}: {mechanisms.digits(row['mean_against'])}",
                f"{mechanisms.digits(row['difference'])} [{low}, {high}]",
            )
        )
    table = _table(("question", "outcome", "in this world", "in the other", "difference [95 %]"), rows)
    paris, alone, near = found["paris_2023"], found["compute_alone"], found["neighbours_follow"]
    share = paris["former_colleagues_among_first_hires"]
    hires = f"; of their first hires {share:.0%} come from the founder's last employer" if share is not None else ""
    return "\n\n".join(
        (
            f"{found['replicates']} pairs of worlds, seed {found['seed']}, scenario {found['scenario_hash'][:12]}.",
            table,
            *(_equivalence(row) for row in found["pairs"] if "margin" in row),
            f"**Compute alone**: {alone['points_that_give_both']} of {alone['of']} points of the grid put the mean of "
            f"both author groups into their observed ranges, {alone['pairs_per_point']} histories per point.",
            f"**Paris, 2023**: a start-up is founded there in {paris['share_of_histories']:.0%} of histories, "
            f"{paris['start_ups']:.1f} on average{hires}.",
            f"**Neighbours**: of {near['neighbours']:,} neighbours {near['rate_neighbours']:.2%} follow a founder in "
            f"a year, of {near['others']:,} other colleagues in the same city {near['rate_others']:.2%}; with labels "
            f"shuffled the gap stays below {near['null_97.5']:.2%} in 97.5 % of cases (p = {near['p']:.3f}).",
        )
    )


def answers() -> str:
    """What the ten questions of `experiments` answer, as `talent reproduce` measured it."""
    found = json.loads((ROOT / "abm" / "data" / "answers.json").read_text(encoding="utf-8"))
    rows = (
        (
            row["name"][1:3].lstrip("0"),
            f"[{row['question']}](experiments/{row['name']}.py)",
            row["answer"],
            str(row["replicates"]),
        )
        for row in found
    )
    return _table(("", "question", "answer of the model; brackets: 95 %", "pairs"), rows)


def archetypes() -> str:
    """The three kinds of taste: ideal culture point, and how much each cares relative to the mean."""
    rows = (
        (name, *(f"{value:g}" for value in ideal), ", ".join(f"{term} {factor:g}" for term, factor in cares.items()))
        for name, (ideal, cares) in ARCHETYPES.items()
    )
    return _table(("archetype", *tables.DIMENSIONS, "factors on tastes (1 where not named)"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "month": the_month,
    "flow": flow,
    "codes": codes,
    "levers": levers,
    "streams": streams,
    "metrics": the_metrics,
    "policies": the_policies,
    "effects": the_effects,
    "rules": rules,
    "scenarios": scenarios,
    "archetypes": archetypes,
    "mechanisms": the_mechanisms,
    "ablation": ablation,
    "patterns": patterns,
    "answers": answers,
    **{f"columns {name}": partial(columns, name) for name in TABLES},
    **{f"parameters {phase}": partial(parameters, phase) for phase in {p.phase: 0 for p in declared().values()}},
}


def render(text: str, phases: str = "phases") -> str:
    """The text with every generated block made anew.

    Args:
        text: of a Markdown file.
        phases: path of the folder of the phases, seen from the file (the month links to them).

    Raises:
        ValueError: a block of an unknown name, or one without its end; names the nearest.
    """

    def fill(found: re.Match[str]) -> str:
        name = found[2]
        if name not in BLOCKS:
            near = difflib.get_close_matches(name, BLOCKS, n=1, cutoff=0.0)[0]
            raise ValueError(f"<!-- generated: {name} -->: no such block; did you mean {near!r}? All: {sorted(BLOCKS)}")
        return f"{found[1]}\n{BLOCKS[name]().replace('(PHASES/', f'({phases}/')}\n\n{found[3]}"

    marks, blocks = _MARK.findall(text), [found[1].strip() for found in _BLOCK.finditer(text)]
    if marks != blocks:
        wrong = next((mark for mark in marks if mark not in blocks), marks[-1])
        raise ValueError(f"{wrong}: expected a name of letters and spaces, and <!-- end --> before the next block")
    return _BLOCK.sub(fill, text)


def rendered(file: Path) -> tuple[str, str]:
    """What a file says now, and what it should say."""
    text = file.read_text(encoding="utf-8")
    folder = (ROOT / "abm" / "phases").relative_to(file.parent).as_posix()
    return text, render(text, folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the files, or with --check say which are stale; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m abm.docs", description=_first_line(sys.modules[__name__]))
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if a file is stale")
    check = parser.parse_args(arguments).check
    stale = []
    for file in FILES:
        now, should = rendered(file)
        if now == should:
            continue
        stale.append(file.relative_to(ROOT).as_posix())
        if not check:
            disk.write(file, should)
    if stale:
        print(
            f"{'stale' if check else 'rewritten'}: {', '.join(stale)}" + ("; run python -m abm.docs" if check else "")
        )
    return int(bool(stale) and check)


if __name__ == "__main__":
    sys.exit(main())
