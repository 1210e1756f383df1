"""Run everything again that a number or a figure of the documents comes from, and say what has changed.

The ten questions, the tables that ship with the model (`ablation.json`, `patterns.json` and `posterior.json` in
`abm/data`), the predictions, the commands whose output the documents show (`blocks`), and the generated blocks. One
failure does not stop the rest. What is done is written down after every step, and `resume` goes on from there. With
`smoke` everything is small and goes to results/smoke: shows that it runs, and touches nothing that ships.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shlex
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import abm
from abm import files, result_file
from abm.commands import Refused
from abm.scenario_read import nearest
from experiments import blocks, identity
from experiments.blocks import Block

ROOT: Final = Path(abm.__file__).resolve().parents[1]
DATA: Final = Path(abm.__file__).resolve().parent / "data"
ANSWERS: Final = "answers.json"
INTERRUPTED: Final = 130
KEPT: Final = ("name", "question", "answer", "replicates", "seed", "model", "scenarios", "months", "first")
DONE, EARLIER = "done", "earlier"
RECORD: Final = "reproduce.json"
NOTED: Final[dict[str, Callable[[Any], Any]]] = {"status": str, "digest": str, "seconds": float, "note": str}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run.

    Attributes:
        folder: where results go.
        smoke: small, and nothing that ships is touched.
        workers: processes.
        replicates: of every question; None for each script's own number.
        seed: of every question.
        resume: leave out what the record of the folder has as done.
    """

    folder: Path
    smoke: bool
    workers: int
    replicates: int | None = None
    seed: int = 1
    resume: bool = False

    def told(self) -> dict[str, Any]:
        """What the numbers depend on: a record of anything else is no part of this one."""
        asked = {"smoke": self.smoke, "replicates": self.replicates, "seed": self.seed}
        return {**asked, "model": identity.model_digest()}


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
        *(Step(each.name, each.command, partial(output, each)) for each in shown() if not each.not_run),
        Step("posterior", "The fit to four numbers, abm/data/posterior.json", posterior),
        Step("predictions", "Every row predicted, from the posterior that ships", predictions),
        Step("docs", "The generated blocks of README and ODD", docs),
    ]


def documents() -> list[Path]:
    """The Markdown files of the checkout; none where the program is installed without them."""
    there = (
        *ROOT.glob("*.md"),
        *(path for part in ("abm", "experiments", "viz") for path in (ROOT / part).rglob("*.md")),
    )
    return sorted(there) if (ROOT / "README.md").exists() else []


def shown() -> list[Block]:
    """The blocks of output that the documents show."""
    return [block for path in documents() for block in blocks.read(path, document(path))]


def document(path: Path) -> str:
    """What a document is called: README and ODD alone, others with their folder where there may be several."""
    return f"{path.parent.name}-{path.stem}" if path.stem == "README" and path.parent != ROOT else path.stem


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


def ablation(plan: Plan, ship: bool = True) -> tuple[Path, str]:
    """The table of `talent ablate`, with smoke one mechanism in two pairs; it ships unless it is to be compared."""
    words = ["ablate", "meta_fair", *(["--only", "M25", "--replicates", "2"] if plan.smoke else ["--replicates", "20"])]
    _talent([*words, "--workers", str(plan.workers), "--out", "ablation.json"], plan.folder)
    content = json.loads((plan.folder / "ablation.json").read_text(encoding="utf-8"))
    content["command"] = shlex.join(["talent", *words])  # without what makes no difference to the numbers
    out = (plan.folder if plan.smoke or not ship else DATA) / "ablation.json"
    files.write_json(out, content)
    return out, "M25 only" if plan.smoke else "all mechanisms"


def patterns(plan: Plan, ship: bool = True) -> tuple[Path, str]:
    """The table of `experiments/patterns.py`; it ships unless it is only to be compared."""
    from experiments import patterns as script  # noqa: PLC0415

    out = plan.folder / "patterns"
    script.main(["--out", str(out), "--workers", str(plan.workers), *(["--smoke"] if plan.smoke else [])])
    made = out / "patterns.json"
    if plan.smoke or not ship:
        return made, "three pairs" if plan.smoke else "all pairs"
    files.write_text(DATA / "patterns.json", made.read_text(encoding="utf-8"))
    return DATA / "patterns.json", "all pairs"


def output(block: Block, plan: Plan) -> tuple[Path, str]:
    """What a command prints that a document shows, in a folder of its own; with smoke the small one, not compared."""
    printed = print_again(block, plan.folder / "blocks" / block.name, block.small if plan.smoke else block.made_by)
    out = plan.folder / "blocks" / f"{block.name}.txt"
    files.write_text(out, blocks.plain(printed, block.varies))
    if plan.smoke:
        return out, "small, not compared"
    line = blocks.differing(block, printed)
    return out, f"differs, first at: {line}" if line else "same"


def print_again(block: Block, folder: Path, made_by: Iterable[str]) -> str:
    """Run the commands of a block in a fresh folder, and give what the last of them prints.

    Raises:
        RuntimeError: one of them failed.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    printed = ""
    for command in made_by:
        words = shlex.split(command)
        printed = _talent(words[1:], folder) if words[0] == "talent" else _python(words[1:], folder)
    return printed


def posterior(plan: Plan) -> tuple[Path, str]:
    """The fit of the defaults, which `talent predict` draws from; with smoke a fit of twelve people that does not ship.

    It reads the sweeps of README's block on it where they are whole already.
    """
    if plan.smoke:
        _talent(["calibrate", "calibration_tiny", "--parts", "8", "--draws", "10", "--out", "fit"], plan.folder)
        return plan.folder / "fit" / "posterior.json", "twelve people"
    folder = plan.folder / "blocks" / "README-calibrate"
    words = ["calibrate", "calibration", "--parts", "96", "--draws", "0", "--ship", "--workers", str(plan.workers)]
    _talent(words, folder)
    return DATA / "posterior.json", "768 histories"


def predictions(plan: Plan) -> tuple[Path, str]:
    """`predictions.json`: every row of the three histories."""
    draws = "1" if plan.smoke else "200"
    _talent(["predict", "--draws", draws, "--workers", str(plan.workers), "--out", "predictions.json"], plan.folder)
    return plan.folder / "predictions.json", f"{draws} draws"


def docs(plan: Plan) -> tuple[Path, str]:
    """The generated blocks: rewritten, or with smoke only checked."""
    from abm import docs as generated  # noqa: PLC0415

    stale = [file.name for file in generated.FILES if (pair := generated.rendered(file))[0] != pair[1]]
    if not plan.smoke:
        generated.main([])
    told = plan.folder / "docs.json"
    files.write_json(told, {"stale_before": stale})
    return told, f"{'stale' if plan.smoke else 'rewritten'}: {', '.join(stale)}" if stale else "fresh"


def _talent(words: list[str], folder: Path) -> str:
    """Run a command of `talent` in a folder and give what it printed.

    Raises:
        RuntimeError: it failed; with the last line of what it said.
    """
    return _python(["-m", "abm", *words], folder)


def _python(words: list[str], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode:
        said = done.stderr.strip().splitlines()
        called = shlex.join(words).replace("-m abm", "talent", 1)
        raise RuntimeError(f"{called}: exit code {done.returncode}: {said[-1] if said else ''}")
    return done.stdout


# ---- running ---------------------------------------------------------------------------------------------------


def run(
    plan: Plan, chosen: Sequence[Step], on_step: Callable[[Step], None], on_done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Make the chosen steps, each whatever became of the others; Ctrl-C stops after what is whole is written.

    What a step prints goes to NAME.log in the folder. What came of it is in reproduce.json before the next one begins.

    Raises:
        Refused: to be resumed is something else.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    before = record(plan)
    told: dict[str, dict[str, Any]] = {}
    for name, each in before.items():
        told[name] = each if plan.resume else {**each, "status": EARLIER}
    found = []
    for step in chosen:
        known = told.get(step.name, {})
        if plan.resume and known.get("status") == DONE:
            made = Outcome(
                step.name, DONE, known["seconds"], known["digest"], known["digest"], f"{known['note']}; as recorded"
            )
            found.append(made)
            on_done(made)
            continue
        on_step(step)
        made = _make(step, plan, str(known.get("digest", "")))
        found.append(made)
        digest = made.digest or made.before  # a failure does not forget what there was
        told[step.name] = {"status": made.status, "digest": digest, "seconds": made.seconds, "note": made.note}
        files.write_json(plan.folder / RECORD, {"schema": 2, **plan.told(), "steps": dict(sorted(told.items()))})
        if made.status == DONE and step.name in questions() and not plan.smoke:
            publish(plan, [step.name])
        on_done(made)
        if made.status == "interrupted":
            break
    return found


def record(plan: Plan) -> dict[str, dict[str, Any]]:
    """What the folder has of earlier steps, by name.

    Raises:
        Refused: it cannot be read, or is to be resumed and is of other settings or other code.
    """
    path = plan.folder / RECORD
    if not path.exists():
        return {}
    try:
        held = result_file.document(path)
        if held.get("schema") != 2:  # before there was a schema: the digests alone
            known = {} if plan.resume else held
            return {
                name: {"digest": str(digest), "status": EARLIER, "seconds": 0.0, "note": ""}
                for name, digest in known.items()
            }
        steps = {name: {key: kind(each[key]) for key, kind in NOTED.items()} for name, each in held["steps"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Refused(f"{path}: not a record of talent reproduce ({error}). Fix: move it away") from None
    other = [key for key, value in plan.told().items() if held.get(key) != value]
    if plan.resume and other:
        what = ", ".join(_as_asked(key, held.get(key)) for key in other)
        raise Refused(f"--resume: {path} is of another run ({what}). Fix: ask as then, or begin anew without --resume")
    return steps


def _as_asked(key: str, value: Any) -> str:
    """One thing in which a run differed, as its command said it."""
    if key == "model":
        return "with other code"
    if value in (None, False):
        return f"without --{key}"
    return f"--{key}" if value is True else f"--{key} {str(value)[:40]}"


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
