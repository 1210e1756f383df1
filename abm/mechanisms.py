"""The fifty mechanisms that the reports name: where each lives, and the paired world without it.

Declared in `abm/data/mechanisms.toml`. `ablate` measures what each does: the same people and the same luck, with it
and without it.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from abm import ensemble, outcomes, parameters, verdicts
from abm.changes import Change, change
from abm.columns import Floats
from abm.scenario import FrozenMap, Scenario, ScenarioError

_FILE: Final = Path(__file__).parent / "data" / "mechanisms.toml"
SIGNS: Final = {"higher": 1, "lower": -1}
READINGS: Final = ("behaviour", "mechanical")
MARK: Final = "°"  # of rows that are read mechanically


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism: evidence (S stated link, O opinion, P pattern), place in the code, and how it is left out.

    Attributes:
        off: what makes the world without it.
        probe: settings of both worlds.
        outcome: what is watched; `expected` says whether the mechanism makes it "higher" or "lower".
        reading: "mechanical" where the outcome is the switch itself or one accounting step from it; else "behaviour".
    """

    id: str
    name: str
    evidence: str
    core: bool
    lives: str
    parameters: tuple[str, ...]
    off: Change
    probe: FrozenMap
    outcome: str
    expected: str
    observable: str
    reading: str = "behaviour"

    @property
    def label(self) -> str:
        """The id with its marks: * for core, ° for a mechanical reading."""
        return self.id + "*" * self.core + MARK * (self.reading == "mechanical")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a mechanism does to an outcome, in paired worlds.

    Attributes:
        baseline, without: means over replicates.
        difference: baseline - without, mean; low and high bound its 95 % interval (nan where there is none).
        shown: what the differences show, see `abm/verdicts.py`.
        common: the same for voluntary departures from the focal employer, whatever the outcome.
        pairs: replicates that were measured.
    """

    mechanism: Mechanism
    unit: str
    baseline: float
    without: float
    difference: float
    low: float
    high: float
    shown: verdicts.Verdict
    common: tuple[float, float, float]
    pairs: int

    @property
    def verdict(self) -> str:
        """Whether there is an effect on the expected side, on the other, or none that so many pairs show."""
        if not self.shown.side:
            return {verdicts.UNSEEN: "no effect seen"}.get(self.shown.word, self.shown.word)
        return "as expected" if self.shown.side == SIGNS[self.mechanism.expected] else "the other way"


@cache
def declared() -> dict[str, Mechanism]:
    """All mechanisms by id, in the order of the file."""
    found = {}
    for fields in tomllib.loads(_FILE.read_text(encoding="utf-8"))["mechanism"]:
        off: dict[str, Any] = fields.pop("off")
        made = Mechanism(
            **{
                **fields,
                "parameters": tuple(fields["parameters"]),
                "off": change(off.get("set"), off.get("without", ())),
                "probe": FrozenMap(fields.get("probe", {})),
            }
        )
        found[made.id] = made
    return found


@cache
def measured() -> dict[str, Any]:
    """The table of `talent ablate` that ships with the model: `abm/data/ablation.json`."""
    found: dict[str, Any] = json.loads((_FILE.parent / "ablation.json").read_text(encoding="utf-8"))
    return found


def tally(verdicts: Mapping[str, str]) -> str:
    """How many core mechanisms do as expected, the behavioural and the mechanical ones counted apart.

    Args:
        verdicts: id -> verdict, of the rows that were measured.
    """
    parts = []
    for reading, mark in zip(READINGS, ("", f" ({MARK})"), strict=True):
        mine = [
            found for name, found in verdicts.items() if declared()[name].core and declared()[name].reading == reading
        ]
        if mine:
            words = "watched by what people do" if reading == "behaviour" else f"read mechanically{mark}"
            parts.append(f"{sum(found == 'as expected' for found in mine)} of the {len(mine)} {words}")
    if not parts:
        return "No core mechanism (*) is among these."
    return f"Core mechanisms (*) that move the way the reports say: {' and '.join(parts)}."


MECHANICAL: Final = (
    f"{MARK} marks rows whose outcome is the switch itself or one accounting step from it: they show that the switch "
    "works and how much it weighs, and could hardly have failed; the exits beside them are the test."
)


def provenance(scenario: Scenario) -> dict[str, str]:
    """What a table that ships was measured on: hashes of the scenario and of the declared defaults."""
    defaults = json.dumps({name: known.default for name, known in parameters.declared().items()}, sort_keys=True)
    return {
        "scenario": scenario.name,
        "scenario_hash": scenario.content_hash(),
        "parameters_hash": hashlib.sha256(defaults.encode()).hexdigest(),
    }


def digits(value: float) -> str:
    """Three significant digits, no exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def between(low: float | None, high: float | None, form: Callable[[float], str] = digits) -> str:
    """An interval in brackets after a blank; nothing where there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f" [{form(low)}, {form(high)}]"


def ablate(
    scenario: Scenario,
    chosen: Sequence[Mechanism],
    seed: int = 1,
    replicates: int = 20,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
) -> list[Effect]:
    """Switch off one mechanism at a time.

    Args:
        scenario: the baseline; mechanisms whose events or teams it lacks are refused.
        chosen: mechanisms.
        seed, replicates, workers: as in `simulate_many`.
        on_done: called with the number of worlds that are ready.

    Raises:
        ScenarioError: the scenario lacks what a mechanism is made of or watched by.
    """
    common = f"exits:{scenario.employers[0].name}"
    bases: list[tuple[Change, Scenario]] = []
    for probe in dict.fromkeys(mechanism.probe for mechanism in chosen):
        bases.append((change(probe), change(probe).apply(scenario)))
    texts = tuple(dict.fromkeys([common, *(mechanism.outcome for mechanism in chosen)]))
    jobs: list[tuple[Scenario, Change]] = [(base, Change()) for _, base in bases]
    base_of = [next(i for i, (probe, _) in enumerate(bases) if probe.settings == m.probe) for m in chosen]
    jobs += [(bases[number][1], mechanism.off) for number, mechanism in zip(base_of, chosen, strict=True)]
    values = ensemble.measure_worlds(jobs, texts, seed, replicates, workers, on_done)
    units = [outcomes.read(text, scenario).unit for text in texts]
    found = []
    for number, (mechanism, base) in enumerate(zip(chosen, base_of, strict=True)):
        column = texts.index(mechanism.outcome)
        with_it, without = values[base], values[len(bases) + number]
        difference: Floats = with_it[:, column] - without[:, column]
        mean, low, high = verdicts.interval(difference)
        found.append(
            Effect(
                mechanism=mechanism,
                unit=units[column],
                baseline=float(with_it[:, column].mean()),
                without=float(without[:, column].mean()),
                difference=mean,
                low=low,
                high=high,
                shown=verdicts.judge(difference),
                common=verdicts.interval(with_it[:, 0] - without[:, 0]),
                pairs=len(with_it),
            )
        )
    return found


def select(ids: Sequence[str]) -> list[Mechanism]:
    """Mechanisms by id (an item may hold several, with commas between); all of them when none is given.

    Raises:
        ScenarioError: an unknown id.
    """
    known = declared()
    ids = [each.strip() for item in ids for each in item.split(",") if each.strip()]
    unknown = [each for each in ids if each not in known]
    if unknown:
        raise ScenarioError.about("mechanism", [f"{each!r}: expected M01 to M50" for each in unknown])
    return [known[each] for each in ids] if ids else list(known.values())
