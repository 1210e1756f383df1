"""The fifty mechanisms: each can be switched off, the switch at zero strength is no switch, and the table is fresh."""

from __future__ import annotations

import numpy as np
import pytest

from abm import cli, mechanisms, outcomes
from abm.changes import Change, change
from abm.ensemble import measure_all
from abm.parameters import declared as parameters
from abm.run import simulate
from abm.scenario import ScenarioError, load

KNOWN = mechanisms.declared()
META = load("meta_fair")


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


@pytest.mark.parametrize("name", KNOWN)
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


def baseline_digest() -> str:
    if not _DIGEST:
        _DIGEST.append(simulate(META.with_settings({"months": 3})).digest)
    return _DIGEST[0]


_DIGEST: list[str] = []


def test_the_shipped_table_is_of_this_scenario_and_covers_everything() -> None:
    measured = mechanisms.measured()
    assert [row["id"] for row in measured["rows"]] == list(KNOWN)
    assert measured["scenario_hash"] == META.content_hash(), "the scenario has changed: run talent ablate again"
    assert [row["outcome"] for row in measured["rows"]] == [mechanism.outcome for mechanism in KNOWN.values()]
    assert measured["replicates"] >= 20
    good = [row["id"] for row in measured["rows"] if KNOWN[row["id"]].core and row["verdict"] == "as expected"]
    assert len(good) >= 30, f"only {len(good)} of the core mechanisms do what the reports say"


@pytest.mark.slow
def test_the_shipped_table_can_be_measured_again() -> None:
    """Two rows with effects far beyond their noise, measured anew on fewer pairs, fall where the table says."""
    shipped = {row["id"]: row for row in mechanisms.measured()["rows"]}
    for effect in mechanisms.ablate(META, [KNOWN["M07"], KNOWN["M41"]], seed=1, replicates=2):
        row = shipped[effect.mechanism.id]
        assert effect.verdict in ("as expected", "no effect seen")
        assert np.sign(effect.difference) == np.sign(row["difference"])
        assert abs(effect.difference - row["difference"]) < 0.5 * abs(row["difference"])


def test_paired_interval() -> None:
    same = mechanisms.paired_interval(np.full(5, 2.0))
    assert same == (2.0, 2.0, 2.0)
    mean, low, high = mechanisms.paired_interval(np.array([1.0, 2.0, 3.0]))
    assert mean == 2.0
    np.testing.assert_allclose([low, high], [2 - 2.4841377, 2 + 2.4841377])
    assert mechanisms.paired_interval(np.array([1.0]))[2] == np.inf


def test_verdicts() -> None:
    def effect(low: float, high: float, expected: str) -> mechanisms.Effect:
        mechanism = next(each for each in KNOWN.values() if each.expected == expected)
        return mechanisms.Effect(mechanism, "", 0, 0, (low + high) / 2, low, high, (0, 0, 0), 2)

    assert effect(1, 3, "higher").verdict == "as expected"
    assert effect(1, 3, "lower").verdict == "the other way"
    assert effect(-1, 3, "higher").verdict == "no effect seen"
    assert effect(0, 0, "lower").verdict == "no effect seen"


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
