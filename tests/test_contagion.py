"""Paired removal: what is counted and what not, what a hold of somebody who stays does, what the intervals cover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from abm import cli, contagion, pool
from abm.changes import Action, change
from abm.columns import digest
from abm.contagion import SCOPES, Around, Question
from abm.replay import begin, fork, run_to, step
from abm.run import simulate
from abm.scenario import Scenario, load
from abm.streams import Future, Streams
from abm.tables import CHOSEN, DIMENSIONS

WINDOW = 4


def question(**changes: Any) -> Question:
    return Question(**{"window": WINDOW, "first": 0, "last": 8, **changes})


def without_hold(world: Any) -> str:
    return digest([(name, array) for name, array in world.arrays() if name != "researchers.held_until"])


def test_to_hold_somebody_who_does_not_think_of_leaving_changes_no_byte() -> None:
    tiny, checked = load("tiny"), 0
    for replicate in range(6):
        world = begin(tiny, 1, replicate)
        run_to(world, 3)
        factual, opened = fork(world), np.zeros(world.n_researchers, dtype=bool)
        approached = opened.copy()
        for _ in range(WINDOW):
            step(factual)
            opened |= factual.decisions.is_open  # type: ignore[union-attr]
            approached[factual.offers.researcher] = True  # type: ignore[union-attr]
        for person in np.flatnonzero(~opened & ~approached & (world.researchers.team >= 0)).tolist():
            held = run_to(fork(world), 3 + WINDOW, [Action(3, "hold", person, WINDOW)])
            assert without_hold(held) == without_hold(factual)
            checked += 1
        for person in np.flatnonzero(opened & (world.researchers.team >= 0)).tolist():
            held = run_to(fork(world), 3 + WINDOW, [Action(3, "hold", person, WINDOW)])
            checked += 1000 * (without_hold(held) != without_hold(factual))
    assert checked % 1000 >= 3 and checked >= 1000, "nobody who never thought of it, or no hold that did anything"


@pytest.mark.parametrize("replicate", range(3))
def test_extra_exits_are_those_of_two_whole_histories(replicate: int) -> None:
    """The same numbers by the long way: no fork, no replay, but two runs under Mesa and a count by hand."""
    scenario = load("meta_fair").derive(months=7)
    asked = question(first=2, last=3, employer=0, sample=3)
    rows = contagion.probe(scenario, 1, replicate, asked)
    assert len(rows["researcher"]) == 3
    plain = simulate(scenario, 1, replicate).departures
    for k, person in enumerate(rows["researcher"].tolist()):
        month = int(rows["month"][k])
        held = simulate(scenario, 1, replicate, change(actions=[Action(month, "hold", person, WINDOW)])).departures
        counts = []
        for left in (plain, held):
            kept = np.isin(left["cause"], CHOSEN) & (left["month"] >= month) & (left["month"] < month + WINDOW)
            own = kept & (left["researcher"] == person)
            assert own.any() == (left is plain)
            others = kept & (left["researcher"] != person)
            counts.append(
                [(others & (left["from_employer"] == 0)).sum(), (others & (left["from_employer"] != 0)).sum()]
            )
        found = rows["extra"][k, [list(SCOPES).index("employer"), list(SCOPES).index("rest")]]
        np.testing.assert_array_equal(found, np.subtract(*counts))


def test_scopes_count_whom_they_say() -> None:
    flags = {"mates": [0, 1, 1, 0, 0], "tied": [0, 0, 1, 1, 0]}
    around = Around(0, 7, *(np.array(flags[name], dtype=bool) for name in ("mates", "tied")))
    exits = {
        "researcher": np.array([0, 1, 2, 3, 4, 1]),
        "from_employer": np.array([7, 7, 7, 9, 7, 9]),  # the last: a former mate leaves the next employer
    }
    counted = dict(zip(SCOPES, around.count(exits).tolist(), strict=True))
    assert counted == {"ties": 2, "team": 2, "near": 3, "employer": 3, "rest": 2}
    assert around.count({}).tolist() == [0] * len(SCOPES)


def crowd(h_ties: float) -> Scenario:
    """Poor and Rich in one city: Rich has many posts to fill, and hardly anybody at Poor thinks of it by themselves."""
    tiny = load("tiny")
    home, culture = tiny.sites[0].name, dict.fromkeys(DIMENSIONS, 0.5)
    employers = [
        {
            **{"name": name, "hq": home, "researchers": 60, "compute": 60.0, "pay_level": level, "pay_ceiling": 2.0},
            **{"recruiter_contacts": 5.0, "counter_offer": 0.0, "culture": culture},
            "teams": [{"name": f"{name} team", "site": home, "share": 1.0, "posts": posts, "topic": tiny.topics[0]}],
        }
        for name, level, posts in (("Poor", 0.7, 60), ("Rich", 1.6, 160))
    ]
    return tiny.derive(
        **{
            "months": 14,
            "horizon": 14,
            "events": [],
            "cohorts": [],
            "entrants_per_year": 0.0,
            "potential_founders": 0.0,
        },
        employers=employers,
        parameters={
            **{"h0": 0.01, "h_shock": 0.0, "h_gap": 0.0, "h_offer": 0.0, "h_ties": h_ties, "switching_cost": 0.0},
            **{"referral_share": 0.0, "referral_share_startup": 0.0, "taste_peers_mean": 0.1, "minimum_tenure": 0.0},
        },
    )


def followed(h_ties: float) -> contagion.Estimate:
    asked = question(window=8, first=0, last=5, employer=0, sample=6)
    rows = contagion.together(contagion.probe(crowd(h_ties), 1, replicate, asked) for replicate in range(8))
    return contagion.estimate(rows["extra"][:, list(SCOPES).index("near")], rows["replicate"])


def test_planted_contagion_is_found_and_its_absence_too() -> None:
    strong, none = followed(1.5), followed(0.0)
    assert none.n > 5 and abs(none.mean) < 0.1
    assert strong.low > 0.2


def test_parts_are_the_whole_and_a_sample_is_of_it() -> None:
    tiny = load("tiny")
    whole = contagion.probe(tiny, 1, 0, question())
    assert len(whole["departure"]) >= 3
    parts = contagion.together([contagion.probe(tiny, 1, 0, question(part=k, parts=2)) for k in (1, 0)])
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name])
    two = contagion.probe(tiny, 1, 0, question(sample=2))
    assert len(two["departure"]) == 2 and set(two["departure"]) < set(whole["departure"])


def test_a_placebo_holds_colleagues_who_stay() -> None:
    scenario = load("meta_fair").derive(months=8)
    asked = question(last=2, employer=0, sample=6)
    real, placebo = (
        contagion.probe(scenario, 1, 0, q) for q in (asked, question(last=2, employer=0, sample=6, placebo=True))
    )
    left = simulate(scenario, 1, 0).departures
    assert len(placebo["researcher"]) == len(real["researcher"]) == 6
    for person, month in zip(placebo["researcher"], placebo["month"], strict=True):
        gone = left["month"][left["researcher"] == person]
        assert not ((gone >= month) & (gone < month + WINDOW)).any()
    assert np.abs(placebo["extra"]).sum() < np.abs(real["extra"]).sum()


def test_who_was_not_there_yet_cannot_be_kept() -> None:
    scenario = load("meta_fair").derive(months=13)
    asked = Question(window=10, first=3, last=12, employer=0, held_from=3)
    rows = contagion.probe(scenario, 2, 0, Question(10, 3, 12, 0, held_from=3, part=0, parts=8))
    world = run_to(begin(scenario, 2, 0), 3)
    assert (world.employer_of()[rows["researcher"]] == 0).all()
    assert len(set(rows["researcher"].tolist())) == len(rows["researcher"]) > 1
    leaders = rows["leader"]
    np.testing.assert_array_equal(leaders, np.isin(rows["researcher"], world.teams.leader))
    assert asked.held_from == 3 and (rows["month"] >= 3).all()


def test_another_future_has_the_same_past() -> None:
    past, rows = Streams(5), np.arange(50)
    one, two = Future(past, 6, 1), Future(past, 6, 2)
    for month in (0, 5):
        np.testing.assert_array_equal(one.uniform("choice_nest", month, rows), past.uniform("choice_nest", month, rows))
    luck = [each.uniform("choice_nest", 6, rows) for each in (past, one, two)]
    assert all((luck[a] != luck[b]).all() for a, b in ((0, 1), (0, 2), (1, 2)))
    np.testing.assert_array_equal(luck[1], Future(past, 6, 1).uniform("choice_nest", 6, rows))


def test_futures_are_repeatable_and_differ() -> None:
    tiny = load("tiny")
    people = list(range(6))
    found = [contagion.futures(tiny, 1, 0, people, 4, WINDOW, number) for number in (0, 0, 1, 2, 3)]
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0].shape == (6, len(SCOPES) + 1)
    assert any((found[0] != other).any() for other in found[2:])


def test_the_interval_covers_when_histories_share_luck() -> None:
    """Pairs of one history share an error: taken as independent they would be too sure."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(15), 8)
    covered = naive = 0
    for _ in range(400):
        values = 0.5 + rng.normal(0, 1, 15)[cluster] + rng.normal(0, 1, len(cluster))
        found = contagion.estimate(values, cluster)
        covered += found.low <= 0.5 <= found.high
        alone = contagion.estimate(values, np.zeros(len(values)))
        naive += alone.low <= 0.5 <= alone.high
    assert 0.91 < covered / 400 < 0.98
    assert naive / 400 < 0.75


def test_one_history_falls_back_on_independence_and_few_pairs_get_no_interval() -> None:
    values = np.array([1.0, 2.0, 4.0, 0.0, 3.0])
    found = contagion.estimate(values, np.zeros(5))
    low, high = stats.t.interval(0.95, 4, values.mean(), values.std(ddof=1) / np.sqrt(5))
    np.testing.assert_allclose([found.low, found.high], [low, high])
    assert contagion.estimate(values[:4], np.arange(4)).high == np.inf
    assert contagion.estimate(values[:0], values[:0]).n == 0


# ---- the commands ------------------------------------------------------------------------------------------------


def test_contagion_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["contagion", "tiny", "--replicates", "5", "--window", "4", "--workers", "1", "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    for expected in ("exits of others caused by one exit", "routine", "leaders", "highest quarter", "Alpha", "rest"):
        assert expected in printed
    rows = pq.read_table(tmp_path / "contagion.parquet").to_pandas()
    found = json.loads((tmp_path / "contagion.json").read_text(encoding="utf-8"))["estimates"]["all"]["all"]
    assert found["near"]["pairs"] == len(rows) > 5
    np.testing.assert_allclose(found["employer"]["mean"], rows["extra_employer"].mean())


def test_keystone_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["keystone", "tiny", "--employer", "Alpha", "--window", "4", "--from", "2022-04", "--replicates", "4"]
    assert cli.main([*arguments, "--futures", "3", "--top", "2", "--workers", "1", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "History 0" in printed and "By team" in printed and "Alpha Language" in printed
    found = json.loads((tmp_path / "keystone.json").read_text(encoding="utf-8"))
    rows = pq.read_table(tmp_path / "keystone.parquet").to_pandas()
    first = set(rows.loc[rows["replicate"] == 0, "researcher"])
    assert 1 <= len(found["list"]) <= 2
    assert {row["researcher"] for row in found["list"]} <= first
    prevented = [row["prevented"] for row in found["list"]]
    assert prevented == sorted(prevented, reverse=True)
    for row in found["list"]:
        people, month = [row["researcher"]], load("tiny").month_of("2022-04")
        again = [contagion.futures(load("tiny"), 1, 0, people, month, 4, number) for number in range(3)]
        np.testing.assert_allclose(row["prevented"], np.mean([each[0, list(SCOPES).index("near")] for each in again]))
        np.testing.assert_allclose(row["leaves"], np.mean([each[0, -1] for each in again]))


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    original = pool.each

    def stopped(function: Any, jobs: Any, workers: int) -> Iterator[tuple[int, Any]]:
        for place, result in enumerate(original(function, jobs, workers)):
            if place == 3:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(pool, "each", stopped)
    assert cli.main(["contagion", "tiny", "--replicates", "5", "--window", "4", "--workers", "1"]) == 130
    printed = capsys.readouterr().out
    assert "3 of 5 histories" in printed and "caused by one exit" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["contagion", "tiny", "--employer", "Alfa"], 'did you mean "Alpha"?'),
        (["contagion", "tiny", "--employer", "Alpha", "--team", "Alpha Langage"], 'did you mean "Alpha Language"?'),
        (["contagion", "tiny", "--employer", "Beta", "--team", "Alpha Language"], "expected a team of Beta"),
        (["contagion", "tiny", "--window", "40"], "use 1 to 12"),
        (["contagion", "tiny", "--window", "0"], "out of range"),
        (["contagion", "tiny", "--out", __file__], "is a file"),
        (["keystone", "tiny"], "--employer Alpha"),
        (["keystone", "tiny", "--employer", "Alpha", "--from", "soon"], "as YYYY-MM"),
        (["keystone", "tiny", "--employer", "Alpha", "--from", "2022-12"], "from 2022-02 to 2022-07"),
        (["keystone", "tiny", "--employer", "Alpha", "--window", "12"], "at most 11"),
        (["keystone", "tiny", "--employer", "Alpha", "--by", "everyone"], "invalid choice"),
    ],
)
def test_bad_input_is_told_in_a_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert message in told and "Traceback" not in told
