"""Event attribution: the axioms of the arithmetic, the worlds of coalitions to the last byte, the command, its page."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from abm import attribution, cli, coalitions, ensemble, outcomes
from abm.attribution import Estimate, attribute
from abm.attribution_plan import plan
from abm.changes import change
from abm.kernels import shapley
from abm.run import simulate
from abm.scenario import Scenario, ScenarioError, load
from abm.verdicts import FEW, SAME
from tests.test_report import Page
from viz import attribution as page

LEFT = "left:alpha-authors"
PLAYERS = ("T01", "T02", "T03", "T04")  # the events of tiny with effects


def random_game(n: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=(2**n, 2))


def all_orders(n: int) -> Any:
    return np.array(list(itertools.permutations(range(n))))


def chain_values(game: Any, order: Any) -> Any:
    """(P, n + 1, ...) values of the chains of some orders in a game given as a table."""
    n = order.shape[1]
    return game[(shapley.chains(order) << np.arange(n)).sum(axis=2)]


# ---- the arithmetic ------------------------------------------------------------------------------------------------


def test_one_glove_fits_two() -> None:
    """Player 0 has a left glove, 1 and 2 a right one each; a pair is worth 1. The values are 2/3, 1/6, 1/6."""
    members = shapley.every_coalition(3)
    game = (members[:, 0] & (members[:, 1] | members[:, 2])).astype(float)
    assert shapley.exact(game) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    rows = (shapley.all_but_one(3) << np.arange(3)).sum(axis=1)
    assert shapley.leave_one_out(game[rows]).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_exact_values_are_the_mean_gain_over_all_orders_and_sum_to_the_whole(n: int) -> None:
    game, order = random_game(n, n), all_orders(n)
    found = shapley.exact(game)
    assert found.shape == (n, 2)
    assert found == pytest.approx(shapley.sampled(order, chain_values(game, order)))
    assert found.sum(axis=0) == pytest.approx(game[-1] - game[0])
    gain = np.zeros((n, 2))
    for one in order.tolist():  # the definition, in words of one syllable
        inside = 0
        for player in one:
            gain[player] += game[inside | 1 << player] - game[inside]
            inside |= 1 << player
    assert found == pytest.approx(gain / math.factorial(n))


def test_equal_players_get_the_same_and_a_dummy_gets_what_it_brings() -> None:
    members = shapley.every_coalition(4)
    luck = np.random.default_rng(3).normal(size=3)
    game = luck[members[:, :2].sum(axis=1)] * (1 + members[:, 2]) + 0.7 * members[:, 3]
    found = shapley.exact(game)
    assert found[0] == pytest.approx(found[1])
    assert found[3] == pytest.approx(0.7)
    assert abs(found[0] - found[2]) > 0.01
    order = shapley.orders(np.random.default_rng(4).random((3, 4)), 5)
    assert shapley.sampled(order, chain_values(game, order))[3] == pytest.approx(0.7), "in any sample"


def test_values_of_a_sum_of_games_are_the_sum_of_the_values() -> None:
    one, other = random_game(4, 1), random_game(4, 2)
    both = shapley.exact(2.0 * one - 3.0 * other)
    assert both == pytest.approx(2.0 * shapley.exact(one) - 3.0 * shapley.exact(other))
    order = shapley.orders(np.random.default_rng(5).random((2, 4)), 4)
    parts = [shapley.sampled(order, chain_values(game, order)) for game in (one, other, one + other)]
    assert parts[0] + parts[1] == pytest.approx(parts[2])


def test_samples_sum_to_the_whole_always_and_come_near_to_the_exact_values_with_their_number() -> None:
    game = random_game(6, 7)
    exact, errors = shapley.exact(game), []
    for permutations in (4, 64, 4096):
        order = shapley.orders(np.random.default_rng(8).random((permutations // 2, 6)), permutations)
        found = shapley.sampled(order, chain_values(game, order))
        assert found.sum(axis=0) == pytest.approx(game[-1] - game[0])
        errors.append(float(np.abs(found - exact).max()))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.05


def test_orders_come_in_pairs_of_reverses_and_chains_grow_by_one() -> None:
    order = shapley.orders(np.random.default_rng(1).random((2, 5)), 3)
    assert order.shape == (3, 5) and order[1].tolist() == order[0][::-1].tolist()
    chains = shapley.chains(order)
    assert (chains.sum(axis=2) == np.arange(6)).all()
    for one, chain in zip(order, chains, strict=True):
        joined = [set(np.flatnonzero(after & ~before).tolist()) for before, after in itertools.pairwise(chain)]
        assert joined == [{player} for player in one.tolist()]


def test_the_interval_is_that_of_a_mean() -> None:
    found = Estimate.of(np.array([1.0, 2.0, 3.0, 4.0]))
    half = 3.182446 * math.sqrt(5 / 3) / 2  # t(0.975, 3) s / sqrt(4)
    assert (found.mean, found.low, found.high) == pytest.approx((2.5, 2.5 - half, 2.5 + half))
    assert not found.is_clear and Estimate.of(np.arange(1.0, 11.0)).is_clear, "ten histories are the least"
    assert not Estimate.of(np.tile([-1.0, 2.0, -1.0], 4)).is_clear
    assert Estimate.of(np.array([2.0])) == Estimate(2.0, None, None)


# ---- the worlds ----------------------------------------------------------------------------------------------------


def with_releases() -> Scenario:
    """Tiny, where a dated release holds back a finished project for months before its date."""
    tiny = load("tiny").to_dict()
    release = {"kind": "release", "team": "Beta Language", "visibility": 2.0, "quality": 0.5}
    planted = {
        "id": "T06",
        "date": "2022-10",
        "between": ["2022-09", "2022-11"],
        "type": "release",
        "effects": [release],
    }
    return load("tiny").derive(events=[*tiny["events"], planted])


def digests(scenario: Scenario, replicate: int, players: tuple[tuple[str, ...], ...], members: Any) -> dict[int, str]:
    found: dict[int, str] = {}
    coalitions.run(
        scenario,
        1,
        replicate,
        players,
        members,
        lambda result, rows: found.update(dict.fromkeys(rows.tolist(), result.digest)),
    )
    return found


def differing(scenario: Scenario, replicate: int, ids: tuple[str, ...], members: Any) -> list[int]:
    """Coalitions whose world is not that of the change that undoes the others."""
    found = digests(scenario, replicate, tuple((event,) for event in ids), members)
    assert sorted(found) == list(range(len(members)))
    gone = [[event for event, happens in zip(ids, row, strict=True) if not happens] for row in members]
    alone = [simulate(scenario, 1, replicate, change(without=without)).digest for without in gone]
    return [row for row, digest in enumerate(alone) if found[row] != digest]


@pytest.mark.parametrize("replicate", [0, 1])
def test_every_coalition_is_the_world_of_its_change_to_the_last_byte(replicate: int) -> None:
    members = shapley.every_coalition(4)
    assert differing(load("tiny"), replicate, PLAYERS, members) == []


def test_a_dated_release_matters_before_its_date(monkeypatch: pytest.MonkeyPatch) -> None:
    members = shapley.every_coalition(2)
    assert [differing(with_releases(), replicate, ("T06", "T01"), members) for replicate in range(4)] == [[]] * 4
    monkeypatch.setattr(coalitions, "earliest", lambda event, month: month)
    assert any(differing(with_releases(), replicate, ("T06", "T01"), members) for replicate in range(4)), (
        "forked at its date, the release is seen to have mattered before: the test above can fail"
    )


def test_a_history_of_the_default_scenario_is_shared_and_stays_the_same() -> None:
    scenario = load("meta_fair").with_settings({"months": 8})
    ids = ("E20", "E21", "E22", "E23", "E25", "E26")
    members = np.vstack([shapley.all_but_one(6), np.zeros((1, 6), dtype=bool)])
    assert differing(scenario, 3, ids, members[[0, 2, 7]]) == []


def test_months_are_run_once_for_all_that_share_them_and_unborn_events_cost_nothing() -> None:
    seen: list[int] = []
    members, players = shapley.every_coalition(4), tuple((event,) for event in PLAYERS)
    months = coalitions.run(load("tiny"), 1, 0, players, members, lambda _, rows: seen.extend(rows.tolist()))
    assert months < 16 * 12 * 0.6
    assert sorted(seen) == list(range(16))
    short, worlds = load("tiny").with_settings({"months": 5}), []  # only T01 and T02 fall into it
    coalitions.run(short, 1, 0, players, members, lambda _, rows: worlds.append(rows.tolist()))
    assert sorted(map(sorted, worlds)) == [[row for row in range(16) if row & 3 == world] for world in range(4)]


def test_a_group_happens_together() -> None:
    found = digests(load("tiny"), 2, (("T01", "T04"), ("T03",)), shapley.every_coalition(2))
    expected = [
        simulate("tiny", 1, 2, change(without=gone)).digest
        for gone in (["T01", "T03", "T04"], ["T03"], ["T01", "T04"], [])
    ]
    assert [found[row] for row in range(4)] == expected


# ---- the attribution -----------------------------------------------------------------------------------------------


def test_leave_one_out_is_the_difference_of_two_worlds() -> None:
    (found,) = attribute(load("tiny"), [LEFT], replicates=3, method="leave-one-out")
    changes = [change(), *(change(without=[event]) for event in PLAYERS), change(without=PLAYERS)]
    values = ensemble.measure_all(load("tiny"), changes, [LEFT], 1, 3)[:, :, 0]
    assert found.leave_one_out is not None and found.shapley is None
    assert found.leave_one_out == pytest.approx((values[0] - values[1:5]).T)
    assert found.everything.tolist() == values[0].tolist() and found.nothing.tolist() == values[5].tolist()
    assert found.gap == pytest.approx(found.whole - found.leave_one_out.sum(axis=1))
    assert np.abs(found.leave_one_out).sum() > 0


def test_shapley_values_of_a_scenario_sum_to_the_whole_exactly_in_every_history() -> None:
    texts = [LEFT, "departures:Alpha@2022-08"]
    exact = attribute(load("tiny"), texts, replicates=4)
    sampled = attribute(load("tiny"), texts, replicates=4, permutations=4)
    for one, other in zip(exact, sampled, strict=True):
        assert one.shapley is not None and other.shapley is not None
        assert one.error is not None and one.error < 1e-12 and other.error is not None and other.error < 1e-12
        assert one.whole.tolist() == other.whole.tolist()
        assert one.shapley.sum(axis=1) == pytest.approx(one.whole)
        assert one.leave_one_out == pytest.approx(other.leave_one_out)
        assert np.abs(one.shapley - other.shapley).max() > 0, "sampled, not exact"
    assert np.abs(exact[0].whole).sum() > 0
    assert exact[1].shapley[:, 3].tolist() == [0.0] * 4, "T04 falls after the end of this outcome"  # type: ignore[index]


def test_many_sampled_orders_come_near_to_the_exact_values_and_each_history_draws_its_own() -> None:
    (exact,) = attribute(load("tiny"), [LEFT], replicates=2, method="shapley")
    (sampled,) = attribute(load("tiny"), [LEFT], replicates=2, method="shapley", permutations=400)
    assert exact.shapley == pytest.approx(sampled.shapley, abs=0.12)
    asked = plan(load("tiny"), [LEFT], permutations=2)
    drawn = [attribution._worlds(asked, replicate).order.tolist() for replicate in range(6)]
    assert len({str(order) for order in drawn}) > 1


def test_numbers_do_not_depend_on_workers() -> None:
    asked = plan(load("tiny"), [LEFT], replicates=2, permutations=2)
    one, two = attribution.run(asked, 1), attribution.run(asked, 2)
    assert sorted(one) == sorted(two) == [0, 1]
    assert all(np.array_equal(one[replicate], two[replicate]) for replicate in one)


def test_a_world_ends_with_the_outcome_and_that_changes_nothing() -> None:
    text = f"{LEFT}@2022-07"
    asked = plan(load("tiny"), [text], replicates=2)
    assert asked.scenario.months == 7
    assert [player.name for player in asked.players] == ["T01", "T02", "T03"]
    assert asked.skipped == {"T04": "after the end of the outcome", "T05": "observed, not imposed"}
    (found,) = attribution.conclude(asked, attribution.run(asked))
    measure = outcomes.read(text, load("tiny")).measure
    for replicate in range(2):
        assert found.everything[replicate] == measure(simulate("tiny", 1, replicate))
        assert found.nothing[replicate] == measure(simulate("tiny", 1, replicate, change(without=PLAYERS)))


def test_events_and_groups_choose_the_players() -> None:
    asked = plan(load("tiny"), [LEFT], replicates=1, events=["T03"], groups={"cuts": ["T04", "T01"]})
    assert [(player.name, player.events) for player in asked.players] == [("cuts", ("T01", "T04")), ("T03", ("T03",))]
    assert asked.skipped["T02"] == "not asked for, they stay in force"
    (found,) = attribution.conclude(asked, attribution.run(asked))
    measure = outcomes.read(LEFT, load("tiny")).measure
    assert found.nothing[0] == measure(simulate("tiny", 1, 0, change(without=["T01", "T03", "T04"])))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"events": ["T1"]}, 'did you mean "T01"'),
        ({"groups": {"x": ["T09"]}}, "expected the id of an event of tiny"),
        ({"groups": {"T01": ["T02"]}}, "has the name of an event"),
        ({"groups": {"x": ["T01", "T01"]}}, "2 times"),
        ({"groups": {"x": ["T01"], "y": ["T01"]}}, "2 times"),
        ({"groups": {"x": []}}, "holds no event"),
        ({"events": ["T05"]}, "T05 is observed, not imposed"),
        ({"texts": ["left:alpha-autors"]}, "did you mean 'alpha-authors'"),
        ({"texts": [f"{LEFT}@2022-02"]}, "nothing to attribute to"),
    ],
)
def test_what_cannot_be_attributed_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said.replace("(", r"\(")):
        plan(load("tiny"), options.pop("texts", [LEFT]), **options)


def test_exact_within_the_budget_and_sampled_beyond() -> None:
    assert plan(load("tiny"), [LEFT], replicates=10, budget=160).permutations == 0
    assert plan(load("tiny"), [LEFT], replicates=10, budget=159).permutations == 2
    assert plan(load("tiny"), [LEFT], replicates=10, permutations=6).permutations == 6


# ---- the command and the page --------------------------------------------------------------------------------------

BASE = ["attribute", "tiny", "--outcome", LEFT, "--workers", "1"]


def test_the_command_writes_tables_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "out"
    assert cli.main([*BASE, "--outcome", f"{LEFT}@2022-08", "--replicates", "3", "--out", str(place)]) == 0
    printed = capsys.readouterr().out
    for word in (LEFT, "Alpha model cancelled", "Shapley", "leave one out", "Interaction", "Check", "T05"):
        assert word in printed
    told = json.loads((place / "attribution.json").read_text(encoding="utf-8"))
    assert told["provenance"]["scenario_hash"] == load("tiny").content_hash() and told["provenance"]["complete"] is True
    assert [each["text"] for each in told["outcomes"]] == [LEFT, f"{LEFT}@2022-08"]
    for each in told["outcomes"]:
        assert sum(part["shapley"]["mean"] for part in each["parts"]) == pytest.approx(each["whole"]["mean"])
    rows = pq.read_table(place / "attribution.parquet").to_pandas()
    assert len(rows) == 2 * 3 * 5
    parts = rows[(rows.outcome == LEFT) & (rows.player != "")].groupby("replicate").shapley.sum()
    ends = rows[(rows.outcome == LEFT) & (rows.player == "")].set_index("replicate")
    assert parts.to_numpy() == pytest.approx((ends.everything - ends.nothing).to_numpy())
    lines = (place / "attribution.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * 4 and lines[0].startswith("outcome,player,events,from,to,label,leave_one_out,")
    Page((place / "attribution.html").read_text(encoding="utf-8"))


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*BASE, "--replicates", "1", "--events", "T01,T03", "--json", "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shapley"] == "exact" and [player["name"] for player in told["players"]] == ["T01", "T03"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--events", "T1"], "T01"),
        (["--group", "x"], "--group 'x': expected"),
        (["--method", "shaply"], "shapley"),
        (["--permutations", "0"], "out of range"),
    ],
)
def test_bad_input_gets_one_message(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*BASE, *more]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_ctrl_c_keeps_the_histories_that_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = coalitions.measure

    def stopped(scenario: Scenario, seed: int, replicate: int, *rest: Any) -> Any:
        if replicate == 2:
            raise KeyboardInterrupt
        return original(scenario, seed, replicate, *rest)

    monkeypatch.setattr(coalitions, "measure", stopped)
    assert cli.main([*BASE, "--replicates", "5", "--out", str(tmp_path)]) == 130
    told = json.loads((tmp_path / "attribution.json").read_text(encoding="utf-8"))
    assert told["replicates"] == 2 and told["provenance"]["complete"] is False
    assert "2 of 5 histories" in capsys.readouterr().err
    monkeypatch.setattr(coalitions, "measure", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert cli.main([*BASE, "--out", str(tmp_path / "none")]) == 130
    assert "before the first history" in capsys.readouterr().err


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("attribution")
    assert cli.main([*BASE, "--replicates", "4", "--out", str(place)]) == 0
    content: dict[str, Any] = json.loads((place / "attribution.json").read_text(encoding="utf-8"))
    return content


def test_the_page_shows_every_event_and_loads_nothing(told: dict[str, Any]) -> None:
    text = page.render(told)
    read = Page(text)
    assert all(load.startswith(("#", "data:")) for load in read.loads)
    anchors = {load[1:] for load in read.loads if load.startswith("#")}
    assert anchors <= set(read.ids) and len(read.ids) == len(set(read.ids))
    assert text.count('<svg class="d wide pair"') == text.count('<svg class="d narrow"') == 2
    rows = read.table("Event")
    assert [row[0] for row in rows] == list(PLAYERS)
    for row, part in zip(rows, told["outcomes"][0]["parts"], strict=True):
        assert row[4].startswith(f"{part['shapley']['mean']:+.2f}".replace("-", "−").replace("+0.00", "0.00"))
    assert all(player["label"].replace("'", "&#x27;") in text for player in told["players"])


def odd(told: dict[str, Any], kind: str) -> dict[str, Any]:
    """The document of an attribution that is out of the ordinary."""
    changed: dict[str, Any] = json.loads(json.dumps(told))
    (each,) = changed["outcomes"]
    if kind == "nasty names":
        changed["players"][0]["label"] = '</script><script>alert(1)</script> & "more" \' ' + "long " * 60
        each["text"], changed["scenario"]["title"] = '<b>"x"</b>', "<i>T</i> & more"
    elif kind == "nothing happens":
        for part in each["parts"]:
            part["idle"] = True
            part["shapley"] = part["leave_one_out"] = {"mean": 0.0, "low": None, "high": None, "verdict": SAME}
        each["nothing"] = each["everything"]
    elif kind == "one history":
        changed["replicates"] = 1
        for value in [each[k] for k in ("nothing", "everything", "whole", "gap")] + [
            part[k] for part in each["parts"] for k in ("shapley", "leave_one_out")
        ]:
            value.update(low=None, high=None, verdict=FEW)
    elif kind == "leave-one-out only":
        changed["shapley"] = None
        for part in each["parts"]:
            part["shapley"] = part["share"] = None
    elif kind == "Shapley only":
        changed["leave_one_out"], each["gap"] = False, None
        for part in each["parts"]:
            part["leave_one_out"] = None
    elif kind == "far from zero and below it":
        for k in ("nothing", "everything"):
            each[k] = {end: value if end == "verdict" else value - 900.0 for end, value in each[k].items()}
    return changed


@pytest.mark.parametrize(
    "kind",
    [
        "nasty names",
        "nothing happens",
        "one history",
        "leave-one-out only",
        "Shapley only",
        "far from zero and below it",
    ],
)
def test_odd_attributions_are_drawn(told: dict[str, Any], kind: str) -> None:
    text = page.render(odd(told, kind))
    Page(text)
    assert "<script>alert" not in text
    assert not [word for word in ("nan", "None", "inf ") if f'"{word}' in text or f" {word} " in text]
    if kind == "nothing happens":
        assert "None of the events makes a difference" in text
