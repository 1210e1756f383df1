"""A live history as a short Python program that replays it, checks its events and prints what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from abm.scenario import Scenario, load, names

_FOUND = """
for name, value in {
    "months": result.months,
    "departures": len(result.departures.get("month", ())),
    "start-ups founded": len(result.startups.get("month", ())),
    "start-ups alive": int(result.series["n_startups"][-1]),
    "mean pay, kUSD a year": round(float(result.series["mean_pay"][-1]), 1),
}.items():
    print(f"{name:<24}{value}")
for row, employer in enumerate(scenario.employers):
    left, heads = result.series["departures"][:, row].sum(), result.series["headcount"][-1, row]
    print(f"{employer.name:<24}{left:.0f} left, {heads:.0f} there at the end")
print("events", result.events_digest)
print("bytes", result.digest)
"""


def provenance(seed: int, replicate: int, month: int, digest: str, events: str) -> Iterator[str]:
    """Which history it is, and how to see it again."""
    yield f"Seed {seed}, replicate {replicate}, {month} months run"
    if month:
        yield f"Digest of the events, on any machine: {events}"
        yield f"Digest of the bytes, on the same kind of processor: {digest}"
    if replicate == 0:
        yield f"Run it again: talent run THIS_FILE --seed {seed} --replicates 1"


def script(described: Scenario, exported: Scenario, seed: int, replicate: int, events: str, log: Sequence[str]) -> str:
    """The text of the program.

    Args:
        described: the scenario before any pull; if it is a shipped one, the program names it and says what differs.
        exported: what was followed.
        seed, replicate: of the history.
        events: digest of the events to be found; "" to check none, because no month was run.
        log: the pulls, in words.
    """
    shipped = described.name in names() and load(described.name) == described
    lines = [f'"""{_safe(described.title)}, replayed with what was done to it.']
    lines += ["", *(f"    {_safe(words)}" for words in log)] if log else []
    lines += ['"""', "", *(() if shipped else ("from pathlib import Path", ""))]
    lines += ["from abm.run import simulate", "from abm.scenario import load", ""]
    if shipped:
        lines += _derived(described, exported)
    else:
        lines.append(f"scenario = load(Path(__file__).with_name({described.name + '.toml'!r}))")
    lines.append(f"result = simulate(scenario, seed={seed}, replicate={replicate})")
    if events:
        lines.append(f'assert result.events_digest == "{events}", "another history: another version of the model?"')
    return "\n".join(lines) + "\n" + _FOUND


def _derived(described: Scenario, exported: Scenario) -> list[str]:
    """The shipped scenario with what differs from it."""
    before, after = described.to_dict(), exported.to_dict()
    changed: dict[str, Any] = {key: value for key, value in after.items() if value != before.get(key)}
    if not changed:
        return [f'scenario = load("{described.name}")']
    lines = [f'scenario = load("{described.name}").derive(']
    for key, value in changed.items():
        if isinstance(value, list):
            lines += [f"    {key}=[", *(f"        {item!r}," for item in value), "    ],"]
        else:
            lines.append(f"    {key}={value!r},")
    return [*lines, ")"]


def _safe(text: str) -> str:
    """A text that may stand in a docstring."""
    return " ".join(text.replace("\\", "/").replace('"""', "'''").split()).rstrip('"')
