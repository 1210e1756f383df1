"""The fifty mechanisms: each can be switched off, the switch at zero strength is no switch, and the table is fresh."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from abm import cli, mechanisms, outcomes
from abm.changes import Change, change
from abm.ensemble import measure_all
from abm.parameters import declared as parameters
from abm.run import simulate
from abm.scenario import Effect, FrozenMap, ScenarioError, load

KNOWN = mechanisms.declared()
META = load("meta_fair")
ROOT = Path(__file__).resolve().parents[1]


def test_all_fifty_are_declared_and_thirty_six_are_core() -> None:
    assert list(KNOWN) == [f"M{number:02d}" for number in range(1, 51)]
    assert sum(mechanism.core for mechanism in KNOWN.values()) == 36
    assert {mechanism.expected for mechanism in KNOWN.values()} == {"higher", "lower"}
    assert {mechanism.evidence for mechanism in KNOWN.values()} <= {"S", "O", "P"}


@pytest.mark.parametrize("name", KNOWN)
def test_each_can_be_read_watched_and_left_out(name: str) -> None:
    mechanism = KNOWN[name]
    assert set(mechanism.parameters) <= set(parameters())
    base = change(mechanism.probe).apply(META)
    without = mechanism.off.apply(base)
    assert without.content_hash() != base.content_hash(), "the switch changes nothing of the scenario"
    assert [event.id for event in without.events] == [event.id for event in base.events], "rows of events moved"
    assert outcomes.read(mechanism.outcome, base).unit


@pytest.mark.parametrize("name", [name for name, each in KNOWN.items() if each.off.settings])
def test_a_switch_back_to_the_declared_values_is_byte_for_byte_the_baseline(name: str) -> None:
    """Zero strength of the switch: the same keys, set to what they are anyway, and no event undone."""
    mechanism = KNOWN[name]
    content, settings = META.to_dict(), {}
    for key in mechanism.off.settings:
        head, _, rest = key.partition(".")
        if not rest:
            settings[key] = parameters()[key].default
            continue
        items = [team for each in content["employers"] for team in each["teams"]] if head == "teams" else content[head]
        label = "id" if head == "events" else "name"
        item, field = next((i, rest[len(i[label]) + 1 :]) for i in items if rest.startswith(f"{i[label]}."))
        settings[key] = item[field]
    short = META.with_settings({"months": 3})
    assert simulate(short, change=change(settings)).digest == baseline_digest()


def idle(effect: Effect) -> Effect:
    """The same effect with size zero, or aimed at nobody where a kind has no size."""
    neutral: dict[str, dict[str, object]] = {
        "lever": {"value": 1.0 if effect.fields.get("op") == "multiply" else 0.0},
        "breach": {"size": 0.0},
        "culture": {"share": 0.0},
        "prestige": {"add": 0.0},
        "infra_leaders_leave": {"number": 0},
        "transfer": {"share": 0.0},
        "merge": {"teams": ()},
        "cancel": {"team": ()},
        "release": {"team": ()},
    }
    return replace(effect, fields=FrozenMap({**effect.fields, **neutral[effect.kind]}))


def undone(items: Iterable[str], event: str, kind: str) -> bool:
    return event in items or f"{event}:{kind}" in items


BY_EVENTS = [name for name, each in KNOWN.items() if not each.off.settings]
# Even a merger of nobody shakes the team that receives: its two sizes are parameters.
PASSED = META.with_settings(
    {"months": 26, "merge_breach": 0.0, "merge_cohesion_loss": 0.0, "events.E71.date": "2023-12"}
)


def test_an_event_of_size_zero_is_byte_for_byte_the_event_undone() -> None:
    """The mechanisms that are switched by events alone, all at once; a split (M30) has no size and is moved below."""
    assert BY_EVENTS == ["M08", "M16", "M25", "M26", "M27", "M29", "M30", "M35", "M39"]
    items = [item for name in BY_EVENTS if name != "M30" for item in KNOWN[name].off.without]
    events = tuple(
        replace(
            event,
            effects=tuple(idle(one) if undone(items, event.id, one.kind) else one for one in event.effects),
        )
        for event in PASSED.events
    )
    without = simulate(PASSED, change=change(without=items))
    touched = {item.partition(":")[0] for item in items}
    months = dict(zip((event.id for event in PASSED.events), without.event_months, strict=True))
    assert all(months[event] < PASSED.months - 1 for event in touched), "the horizon does not pass every event"
    assert simulate(replace(PASSED, events=events)).digest == without.digest
    assert simulate(PASSED).digest != without.digest, "the events do nothing"


def test_an_event_undone_may_stand_anywhere() -> None:
    """Without effects nothing of an event is left: moving it changes no byte, and its luck is nobody else's."""
    gone = ["E17", "E22", "E43", "E46", "E52", "E62", "E71"]
    one = simulate(PASSED, change=change(without=gone))
    moved = simulate(PASSED, change=change({f"events.{event}.date": "2022-03" for event in gone}, gone))
    assert one.digest == moved.digest
    assert one.event_months != moved.event_months


def baseline_digest() -> str:
    if not _DIGEST:
        _DIGEST.append(simulate(META.with_settings({"months": 3})).digest)
    return _DIGEST[0]


_DIGEST: list[str] = []


def test_the_shipped_table_is_of_this_scenario_and_covers_everything() -> None:
    measured = mechanisms.measured()
    assert [row["id"] for row in measured["rows"]] == list(KNOWN)
    assert {name: measured.get(name) for name in mechanisms.provenance(META)} == mechanisms.provenance(META), (
        "the scenario or a declared default has changed: run talent ablate again"
    )
    assert [row["outcome"] for row in measured["rows"]] == [mechanism.outcome for mechanism in KNOWN.values()]
    assert measured["replicates"] >= 20
    good = [row["id"] for row in measured["rows"] if KNOWN[row["id"]].core and row["verdict"] == "as expected"]
    mechanical = [name for name in good if KNOWN[name].reading == "mechanical"]
    assert len(good) >= 29, f"only {len(good)} of the core mechanisms show what the reports say"
    assert len(good) - len(mechanical) >= 14, f"only {len(good) - len(mechanical)} move what people do"


def test_readings_are_declared_and_counted_apart() -> None:
    """What is watched in a mechanical row is compute, money, posts or a count that the switch itself makes."""
    assert {mechanism.reading for mechanism in KNOWN.values()} == set(mechanisms.READINGS)
    left = ("exit", "left", "departures", "newcomer_exits", "after_release", "deprived", "leader_exit", "clustering")
    for mechanism in KNOWN.values():
        assert mechanism.reading == "behaviour" or not mechanism.outcome.startswith(left), mechanism.id
    assert KNOWN["M07"].label == "M07*°"
    assert KNOWN["M43"].label == "M43*"
    verdicts = {"M07": "as expected", "M08": "the other way", "M43": "no effect seen", "M13": "as expected"}
    said = mechanisms.tally(verdicts)
    assert "0 of the 1 watched by what people do and 1 of the 2 read mechanically (°)" in said
    assert mechanisms.tally({"M13": "as expected"}).startswith("No core mechanism")


def test_a_table_says_which_defaults_it_was_measured_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mechanisms.provenance(META)
    other = dict(parameters())
    other["h0"] = replace(other["h0"], default=other["h0"].default / 2)
    monkeypatch.setattr("abm.parameters.declared", lambda: other)
    after = mechanisms.provenance(META)
    assert before["parameters_hash"] != after["parameters_hash"]
    assert before["scenario_hash"] == after["scenario_hash"]


def test_the_shipped_patterns_are_of_this_scenario_and_these_defaults() -> None:
    found = json.loads((ROOT / "abm" / "data" / "patterns.json").read_text(encoding="utf-8"))
    assert {name: found.get(name) for name in mechanisms.provenance(META)} == mechanisms.provenance(META), (
        "the scenario or a declared default has changed: run experiments.patterns again"
    )
    assert found["compute_alone"]["pairs_per_point"] >= 4


def test_several_ids_may_stand_in_one_word() -> None:
    assert [each.id for each in mechanisms.select(["M25,M17", " M07 "])] == ["M25", "M17", "M07"]
    with pytest.raises(ScenarioError, match="M51"):
        mechanisms.select(["M25,M51"])


@pytest.mark.slow
def test_the_shipped_table_can_be_measured_again() -> None:
    """Two rows with effects far beyond their noise, measured anew on fewer pairs, fall where the table says."""
    shipped = {row["id"]: row for row in mechanisms.measured()["rows"]}
    for effect in mechanisms.ablate(META, [KNOWN["M07"], KNOWN["M41"]], seed=1, replicates=2):
        row = shipped[effect.mechanism.id]
        assert effect.verdict == "too few pairs"
        assert np.sign(effect.difference) == np.sign(row["difference"])
        assert abs(effect.difference - row["difference"]) < 0.5 * abs(row["difference"])


def test_the_baseline_column_is_the_run_itself() -> None:
    tiny = load("tiny")
    values = measure_all(tiny, [Change(), change({"h_ties": 0})], ["new_departures"], seed=4, replicates=2)
    for replicate in range(2):
        result = simulate(tiny, 4, replicate)
        assert values[0, replicate, 0] == result.series["new_departures"].sum()


def test_bad_input_is_told_in_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ScenarioError, match="M01 to M50"):
        mechanisms.select(["M51"])
    assert cli.main(["ablate", "meta_fair", "--only", "M51"]) == 2
    assert "M51" in capsys.readouterr().err
    assert cli.main(["ablate", "meta_fair", "--only", "M25", "--replicates", "1"]) == 2
    assert "at least 2" in capsys.readouterr().err
    assert cli.main(["ablate", "tiny", "--only", "M25"]) == 2
    assert "alpha-authors" in capsys.readouterr().err
