"""Run everything again that a number or a figure of README and ODD.md comes from, and say what has changed.

The ten questions, the two tables that ship with the model (`abm/data/ablation.json`, `patterns.json`), the commands
whose output README shows, and the generated blocks. One failure does not stop the rest. With `smoke` everything is
small and goes to results/smoke: shows that it runs, and touches nothing that ships.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shlex
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import abm
from abm import files
from abm.commands import Refused
from abm.scenario_read import nearest
from experiments import readme_commands

ROOT: Final = Path(abm.__file__).resolve().parents[1]
DATA: Final = Path(abm.__file__).resolve().parent / "data"
ANSWERS: Final = "answers.json"
INTERRUPTED: Final = 130
KEPT: Final = ("name", "question", "answer", "replicates", "seed", "model", "scenarios", "months")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run.

    Attributes:
        folder: where results go.
        smoke: small, and nothing that ships is touched.
        workers: processes.
        replicates: of every question; None for each script's own number.
        seed: of every question.
    """

    folder: Path
    smoke: bool
    workers: int
    replicates: int | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to make: its name, what it is, and `make(plan) -> (file to be compared, note)`."""

    name: str
    what: str
    make: Callable[[Plan], tuple[Path, str]]


@dataclass(slots=True)
class Outcome:
    """What came of a step: status is done, failed or interrupted; the digest is of the file that it made."""

    name: str
    status: str
    seconds: float
    digest: str = ""
    before: str = ""
    note: str = ""
    files: list[str] = field(default_factory=list)

    @property
    def compared(self) -> str:
        """In words, with the run before."""
        if not self.digest:
            return ""
        return "first run" if not self.before else "same bytes" if self.digest == self.before else "differs"


# ---- the steps -------------------------------------------------------------------------------------------------


def questions() -> list[str]:
    """The scripts on disk, in order."""
    return sorted(path.stem for path in Path(__file__).parent.glob("q[0-9][0-9]_*.py"))


def steps() -> list[Step]:
    """Everything that can be made again, in order."""
    first_lines = {
        name: (import_module(f"experiments.{name}").__doc__ or "").partition("\n")[0] for name in questions()
    }
    return [
        *(Step(name, what, partial(answer, name)) for name, what in first_lines.items()),
        Step("ablation", "What each mechanism does, ODD section 8", ablation),
        Step("patterns", "What one should see, and placebos, ODD section 9", patterns),
        Step("readme", "The commands whose output README shows", readme),
        Step("docs", "The generated blocks of README and ODD", docs),
    ]


def select(only: Sequence[str]) -> list[Step]:
    """Steps by name or the beginning of one (q02); all of them when none is given.

    Raises:
        Refused: a name that no step begins with; names the nearest.
    """
    every = steps()
    for name in only:
        if not any(step.name.startswith(name) for step in every):
            names = [step.name for step in every]
            raise Refused(f"--only {name}: no such step; {nearest(name, names)}; there are {', '.join(names)}")
    return [step for step in every if not only or any(step.name.startswith(name) for name in only)]


def answer(name: str, plan: Plan) -> tuple[Path, str]:
    """One question."""
    out = plan.folder / name
    words = ["--workers", str(plan.workers), "--seed", str(plan.seed), "--out", str(out)]
    words += ["--smoke"] if plan.smoke else []
    words += [] if plan.replicates is None else ["--replicates", str(plan.replicates)]
    code = import_module(f"experiments.{name}").main(words)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        raise RuntimeError(f"exit code {code}; see the log")
    return out / "answer.json", f"{json.loads((out / 'answer.json').read_text(encoding='utf-8'))['replicates']} pairs"


def ablation(plan: Plan) -> tuple[Path, str]:
    """The table of `talent ablate`; with smoke one mechanism in two pairs."""
    words = ["ablate", "meta_fair", *(["--only", "M25", "--replicates", "2"] if plan.smoke else ["--replicates", "20"])]
    _talent([*words, "--workers", str(plan.workers), "--out", "ablation.json"], plan.folder)
    content = json.loads((plan.folder / "ablation.json").read_text(encoding="utf-8"))
    content["command"] = shlex.join(["talent", *words])  # without what makes no difference to the numbers
    out = plan.folder / "ablation.json" if plan.smoke else DATA / "ablation.json"
    files.write_json(out, content)
    return out, "M25 only" if plan.smoke else "all mechanisms"


def patterns(plan: Plan) -> tuple[Path, str]:
    """The table of `experiments/patterns.py`."""
    from experiments import patterns as script  # noqa: PLC0415

    out = plan.folder / "patterns"
    script.main(["--out", str(out), "--workers", str(plan.workers), *(["--smoke"] if plan.smoke else [])])
    made = out / "patterns.json"
    if plan.smoke:
        return made, "three pairs"
    files.write_text(DATA / "patterns.json", made.read_text(encoding="utf-8"))
    return DATA / "patterns.json", "all pairs"


def readme(plan: Plan) -> tuple[Path, str]:
    """Run the commands of README again beside one another; write what they print, and which lines are stale there.

    With smoke the commands are read and not run: they take hours.
    """
    out = plan.folder / "readme"
    out.mkdir(parents=True, exist_ok=True)
    blocks = readme_commands.shown((ROOT / "README.md").read_text(encoding="utf-8"))
    if plan.smoke:
        files.write_json(out / "commands.json", [[list(words) for words in block.commands] for block in blocks])
        return out / "commands.json", f"{len(blocks)} blocks read, not run"
    missing: dict[str, list[str]] = {}
    for number, block in enumerate(blocks, 1):
        printed = "".join(_talent(list(words[1:]), out) for words in block.commands)
        files.write_text(out / f"{number:02d}-{block.commands[0][1]}.txt", printed)
        missing[" && ".join(" ".join(words) for words in block.commands)] = readme_commands.stale(block, printed)
    files.write_json(out / "stale.json", missing)
    total = sum(len(block.lines) for block in blocks)
    return out / "stale.json", f"{sum(map(len, missing.values()))} of {total} lines shown are stale"


def docs(plan: Plan) -> tuple[Path, str]:
    """The generated blocks: rewritten, or with smoke only checked."""
    from abm import docs as blocks  # noqa: PLC0415

    stale = [file.name for file in blocks.FILES if (pair := blocks.rendered(file))[0] != pair[1]]
    if not plan.smoke:
        blocks.main([])
    told = plan.folder / "docs.json"
    files.write_json(told, {"stale_before": stale})
    return told, f"{'stale' if plan.smoke else 'rewritten'}: {', '.join(stale)}" if stale else "fresh"


def _talent(words: list[str], folder: Path) -> str:
    """Run a command of `talent` in a folder and give what it printed.

    Raises:
        RuntimeError: it failed; with the last line of what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "abm", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(f"talent {' '.join(words)}: exit code {done.returncode}: {said[-1] if said else ''}")
    return done.stdout


# ---- running ---------------------------------------------------------------------------------------------------


def run(
    plan: Plan, chosen: Sequence[Step], on_step: Callable[[Step], None], on_done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Make the chosen steps, each whatever became of the others; Ctrl-C stops after what is whole is written.

    What a step prints goes to NAME.log in the folder. The digests are kept in reproduce.json for the next run.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    record = plan.folder / "reproduce.json"
    before = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    found = []
    for step in chosen:
        on_step(step)
        made = _make(step, plan, str(before.get(step.name, "")))
        found.append(made)
        on_done(made)
        if made.status == "interrupted":
            break
    after = before | {each.name: each.digest for each in found if each.status == "done"}
    files.write_json(record, dict(sorted(after.items())))
    if not plan.smoke:
        publish(plan, [each.name for each in found if each.status == "done" and each.name in questions()])
    return found


def _make(step: Step, plan: Plan, before: str) -> Outcome:
    began, printed = time.monotonic(), io.StringIO()
    status, note, digest = "done", "", ""
    try:
        with contextlib.redirect_stdout(printed):
            path, note = step.make(plan)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except KeyboardInterrupt:
        status = "interrupted"
    except (Exception, SystemExit) as error:  # whatever it is, the other steps are still worth running
        status, note = "failed", f"{type(error).__name__}: {error}"
        printed.write(traceback.format_exc())
    log = plan.folder / f"{step.name}.log"
    files.write_text(log, printed.getvalue())
    return Outcome(step.name, status, time.monotonic() - began, digest, before, note, [str(log)])


def publish(plan: Plan, names: Sequence[str]) -> None:
    """Put the answers of whole runs into `abm/data/answers.json`, from which README has its table; others stay."""
    told = read_answers()
    for name in names:
        content = json.loads((plan.folder / name / "answer.json").read_text(encoding="utf-8"))
        if content["complete"]:
            told[name] = {key: content[key] for key in KEPT}
    if names:
        files.write_json(DATA / ANSWERS, [told[name] for name in sorted(told)])


def read_answers() -> dict[str, dict[str, Any]]:
    """The answers that ship, by name of the script."""
    path = DATA / ANSWERS
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {row["name"]: row for row in rows}
