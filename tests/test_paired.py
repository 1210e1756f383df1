"""Paired worlds: what is compared, who took another path, and what led to what."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import t as student

from abm import cli, commands, paired, pool, replay
from abm.build import build
from abm.changes import Action, Change, change
from abm.differences import KINDS, differences
from abm.evidence import Link
from abm.ledger import Row
from abm.parameters import declared
from abm.run import Result, simulate
from abm.scenario import Scenario, ScenarioError, load
from abm.tables import OFFER_STATE_NAMES, PATH_NAMES, REACH_NAMES, Cause
from abm.verdicts import SAME
from tests.test_paired_worlds import islands, keep_ties

SHORT = ("left:alpha-authors@2022-06", "exits", "mean_pay", "n_searching")


# ---- outcomes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nothing",
    [change(), change(without=["T05"]), change({"h0": declared()["h0"].default})],
    ids=lambda item: item.label,
)
def test_no_change_gives_the_same_bytes_and_no_difference(nothing: Change) -> None:
    found = paired.compare(load("tiny"), nothing, replicates=3)
    assert found.identical == 3
    for row in found.outcomes:
        assert row.difference.mean == 0.0 and np.isnan([row.difference.low, row.difference.high]).all()
        assert row.verdict.word == SAME
    assert all(len(pair.people["researcher"]) == 0 for pair in found.pairs)
    assert all(estimate.mean == 0 for estimate in found.people.values())


def test_the_other_way_round_is_the_same_with_the_sign_turned() -> None:
    scenario, stirred = load("tiny"), change({"h_ties": 1.5, "h0": 0.2})
    there = paired.compare(scenario, stirred, replicates=5)
    back = paired.compare(scenario, Change(), against=stirred, replicates=5)
    assert any(row.difference.mean for row in there.outcomes), "the change does nothing: the test shows nothing"
    for one, two in zip(there.outcomes, back.outcomes, strict=True):
        assert (one.first, one.second) == (two.second, two.first)
        assert one.difference.mean == -two.difference.mean
        np.testing.assert_allclose(
            (one.difference.low, one.difference.high), (-two.difference.high, -two.difference.low)
        )
        assert one.correlation == pytest.approx(two.correlation, nan_ok=True)
        assert one.verdict == two.verdict, "too few pairs, or none differs"
    turned = {"stayed": "left instead", "left earlier": "left later"}
    turned |= {two: one for one, two in turned.items()}
    assert sum(estimate.mean for estimate in there.people.values()) > 0
    for kind, estimate in there.people.items():
        assert estimate.mean == back.people[turned.get(kind, kind)].mean


def test_a_pair_is_worth_more_than_one_unpaired_history_for_a_small_change_over_a_short_time() -> None:
    scenario = load("tiny").derive(months=6)
    steeper = change({"pay_skill_slope": 1.03 * declared()["pay_skill_slope"].default})
    found = paired.compare(scenario, steeper, replicates=16, outcomes=SHORT)
    assert found.identical == 0
    rows = {row.text: row for row in found.outcomes}
    for row in rows.values():
        assert np.isnan(row.variance_ratio) or row.variance_ratio > 1, row.text  # nan: nobody searches in any history
        assert np.isnan(row.correlation) or row.correlation > 0, row.text
    assert 1 < rows["mean_pay"].variance_ratio < np.inf


def test_the_variance_ratio_is_that_of_independent_histories() -> None:
    """The unpaired variance is estimated by Var(first) + Var(second): compare with first worlds of other replicates."""
    scenario = load("tiny").derive(months=6)
    found = paired.compare(scenario, change({"h0": 0.2}), replicates=24, outcomes=("mean_pay",))
    values = np.array([pair.values[:, 0] for pair in found.pairs])
    apart = np.concatenate([np.roll(values[:, 1], shift) - values[:, 0] for shift in range(1, 24)])
    measured = apart.var() / (values[:, 1] - values[:, 0]).var()
    assert found.outcomes[0].variance_ratio == pytest.approx(measured, rel=0.1)


def test_intervals_are_those_of_the_paired_t() -> None:
    values = np.array([1.0, 2.0, 4.0, 4.5])
    low, high = student.interval(0.95, 3, loc=values.mean(), scale=values.std(ddof=1) / 2)
    found = paired.estimate(values)
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), low, high))
    assert np.isnan(paired.estimate(values[:1]).low)


def test_a_pair_survives_the_way_from_a_worker_process() -> None:
    pair = paired.run_pair(load("tiny"), Change(), change({"h0": 0.2}), 1, 0, SHORT)
    again = pickle.loads(pickle.dumps(pair))
    assert again.digests == pair.digests
    assert again.chains == pair.chains
    assert paired.people_table([again]) == paired.people_table([pair])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"months": 6}, "start or months differ"),
        ({"employers.Alpha.researchers": 7}, "the number of people of an employer"),
        ({"entrants_per_year": 40}, "the number of people who may enter"),
        ({"horizon": 24}, "the number of people who may enter"),
        ({"h00": 1}, 'did you mean "h0"'),
    ],
)
def test_worlds_without_the_same_people_are_refused(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        paired.compare(load("tiny"), change(settings), replicates=1)


# ---- people ----------------------------------------------------------------------------------------------------------


def ledger_of(rows: list[tuple[int, int, int, int, int]]) -> Row:
    names = ("month", "researcher", "from_employer", "to_employer", "cause")
    return {name: np.array([row[k] for row in rows], dtype=np.int64) for k, name in enumerate(names)}


def result_of(departures: list[tuple[int, int, int, int, int]]) -> Any:
    class Held:
        pass

    held: Any = Held()
    held.departures = ledger_of(departures) if departures else {}
    held.moves = {}
    return held


@pytest.mark.parametrize(
    ("first", "second", "kind", "month"),
    [
        ([(3, 7, 0, 1, 0)], [], "stayed", 3),
        ([], [(3, 7, 0, 1, 0)], "left instead", 3),
        ([(3, 7, 0, 1, 0)], [(3, 7, 0, 2, 0)], "moved elsewhere", 3),
        ([(3, 7, 0, 1, 0)], [(5, 7, 0, 2, 0)], "moved elsewhere", 3),
        ([(5, 7, 0, 1, 0)], [(3, 7, 0, 1, 0)], "left earlier", 3),
        ([(3, 7, 0, 1, 0)], [(5, 7, 0, 1, 0)], "left later", 3),
        ([(1, 7, 0, 1, 0), (6, 7, 1, 2, 0)], [(1, 7, 0, 1, 0)], "stayed", 6),
        ([(1, 4, 0, 1, 0), (3, 7, 0, 1, 0)], [(3, 7, 0, 1, 0), (4, 4, 0, 1, 0)], "left later", 1),
    ],
)
def test_each_kind_of_difference(first: list[Any], second: list[Any], kind: str, month: int) -> None:
    found = differences(result_of(first), result_of(second))
    assert [KINDS[code] for code in found["kind"]] == [kind]
    assert found["month"].tolist() == [month]
    assert found["employer"].tolist() == [1 if len(first) == 2 and len(second) == 1 else 0]


def test_an_island_that_the_change_does_not_reach_is_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties across the water are cut in both worlds; only the north hears of the change."""

    def apart(scenario: Scenario, seed: int) -> Any:
        world = build(scenario, seed)
        home = world.teams.employer[world.researchers.team] // 2
        keep_ties(world, home[world.ties.owner] == home[world.ties.neighbour])
        return world

    monkeypatch.setattr("abm.model.build", apart)
    monkeypatch.setattr("abm.replay.build", apart)
    outcomes = ("exits:North 1", "exits:South 1", "exits:South 2", "headcount:South 1")
    north = change({"employers.North 1.pay_level": 1.6, "employers.North 1.recruiter_contacts": 12.0})
    found = paired.compare(islands(), north, replicates=3, outcomes=outcomes)
    rows = {row.text: row for row in found.outcomes}
    assert found.identical == 0
    for text in outcomes[1:]:
        assert rows[text].difference.mean == 0
        assert rows[text].first > 0, "nobody moves in the south: the test shows nothing"
    assert found.by_employer
    assert not any(name.startswith("South") for name in found.by_employer)
    start = apart(islands(), replay.replicate_seed(1, 0))
    home = start.teams.employer[start.researchers.team] // 2
    for pair in found.pairs:
        assert (home[pair.people["researcher"]] == 0).all()


# ---- what the change itself did --------------------------------------------------------------------------------------


def test_who_got_a_raise_is_said_to_be_hit_by_it() -> None:
    scenario = load("tiny").with_settings({"switching_cost": 1.0, "personal_sd": 2.5})  # where pay can keep somebody
    base = simulate(scenario, 1, 0)
    row = int(np.flatnonzero(base.departures["voluntary"] & (base.departures["cause"] == Cause.JOB))[0])
    person, month = int(base.departures["researcher"][row]), int(base.departures["month"][row])
    found = paired.run_pair(scenario, Change(), change(actions=[Action(month, "pay", person, 2000.0)]), 1, 0, ())
    assert found.chains is not None
    assert found.chains.hit == {person: "hit by pay"}


def test_who_was_laid_off_by_the_event_undone_is_hit_by_it() -> None:
    base = simulate("tiny", 1, 0)
    gone = base.departures["researcher"][base.departures["cause"] == Cause.LAID_OFF]
    found = paired.run_pair(load("tiny"), Change(), change(without=["T04"]), 1, 0, ())
    assert found.chains is not None
    assert len(gone) > 0
    assert all(found.chains.hit[person] == "hit by T04" for person in gone.tolist())


# ---- chains ----------------------------------------------------------------------------------------------------------


class Seen:
    """Both worlds again, month by month, read by other means than the chains: teams, leaders and ties at each start."""

    def __init__(self, scenario: Scenario, asked: Change, result: Result) -> None:
        world = replay.begin(asked.apply(scenario), 1, 0)
        self.result = result
        self.team, self.leader, self.ties, self.next_team = [], [], [], []
        while world.month < scenario.months:
            self.team.append(world.researchers.team.copy())
            self.next_team.append(world.researchers.next_team.copy())
            self.leader.append(world.teams.leader.copy())
            self.ties.append(world.ties)
            replay.step(world, asked.actions)
        self.team.append(world.researchers.team.copy())
        self.next_team.append(world.researchers.next_team.copy())
        assert world.digest() == result.digest

    def offers(self, **where: int) -> Any:
        return rows_of(self.result.offers, **where)

    def departures(self, **where: int) -> Any:
        return rows_of(self.result.departures, **where)

    def was_in(self, person: int, team: int, month: int) -> bool:
        """At some time of a month, or about to come."""
        held = (self.team[month], self.team[month + 1], self.next_team[month], self.next_team[month + 1])
        return any(array[person] == team for array in held)

    def was_out(self, person: int, team: int, month: int) -> bool:
        return self.team[month][person] != team or self.team[month + 1][person] != team

    def knew(self, one: int, two: int, month: int) -> bool:
        ties = self.ties[month]
        return two in ties.neighbour[ties.start[one] : ties.start[one + 1]]

    def left_by(self, person: int, employer: int, month: int) -> bool:
        return bool((self.departures(researcher=person, from_employer=employer)["month"] <= month).any())


def rows_of(table: Row, **where: int) -> Row:
    keep = np.ones(len(table["month"]), dtype=bool)
    for name, value in where.items():
        keep &= table[name] == value
    return {name: values[keep] for name, values in table.items()}


@pytest.fixture(scope="module")
def layoff() -> tuple[paired.Pair, list[Seen]]:
    scenario, asked = load("meta_fair").derive(months=20), change(without=["E31"])
    pair = paired.run_pair(scenario, Change(), asked, 1, 0, ())
    worlds = [Seen(scenario, each, simulate(scenario, 1, 0, each)) for each in (Change(), asked)]
    return pair, worlds


def check_link(link: Link, worlds: list[Seen]) -> None:
    """The evidence of one link, from the raw ledgers."""
    here, there = worlds[link.world], worlds[1 - link.world]
    month, cause, effect = link.month, link.cause, link.effect
    if link.kind == "referral":
        row = here.offers(month=month, researcher=effect, team=link.team)
        assert row["state"].tolist() == [OFFER_STATE_NAMES.index("accepted")]
        assert row["reach"].tolist() == [REACH_NAMES.index("referral")]
        assert row["referrer"].tolist() == [cause]
        assert here.was_in(cause, link.team, month)
        assert there.was_out(cause, link.team, month)
    elif link.kind == "post":
        assert here.offers(month=month, researcher=effect, team=link.team)["state"].tolist() == [1]
        refused = there.offers(month=month, researcher=effect, team=link.team)["state"].tolist()
        if refused:
            assert refused == [OFFER_STATE_NAMES.index("no_place")]
            assert there.offers(month=month, researcher=cause, team=link.team)["state"].tolist() == [1]
            assert here.offers(month=month, researcher=cause, team=link.team)["state"].tolist() != [1]
        else:
            assert len(there.offers(month=month, team=link.team)["month"]) == 0
            assert there.was_in(cause, link.team, month)
            assert here.was_out(cause, link.team, month)
    elif link.kind == "founded":
        row = here.departures(month=month, researcher=effect, cause=int(Cause.FOUNDED))
        assert row["referrer"].tolist() == [cause]
        assert len(here.departures(month=month, researcher=cause, cause=int(Cause.FOUNDED))["month"]) == 1
        assert len(there.departures(month=month, researcher=cause, cause=int(Cause.FOUNDED))["month"]) == 0
    elif link.kind == "start-up":
        founded = rows_of(here.result.startups, founder=cause)
        assert (founded["month"] <= month).any()
        other = rows_of(there.result.startups, founder=cause) if there.result.startups else {"month": np.zeros(0)}
        assert not (other["month"] <= month).any()
    else:
        row = here.departures(month=month, researcher=effect)
        home = int(row["from_employer"][0])
        assert here.left_by(cause, home, link.cause_month)
        assert not there.left_by(cause, home, month - 1)
        if link.kind == "colleagues":
            assert link.cause_month < month
            assert row["path"].tolist() == [PATH_NAMES.index("colleagues")]
            assert here.knew(effect, cause, link.cause_month)
        else:
            assert link.kind == "leader"
            assert here.leader[link.cause_month][int(row["from_team"][0])] == cause


def test_every_link_has_its_evidence_in_the_ledgers(layoff: tuple[paired.Pair, list[Seen]]) -> None:
    pair, worlds = layoff
    assert pair.chains is not None
    assert {link.kind for link in pair.chains.links} == {
        "referral", "post", "colleagues", "leader", "founded", "start-up"
    }  # fmt: skip
    for link in pair.chains.links:
        check_link(link, worlds)


def test_a_link_that_is_not_so_would_be_seen(layoff: tuple[paired.Pair, list[Seen]]) -> None:
    """The check above can fail: the same links with somebody else as the cause."""
    pair, worlds = layoff
    assert pair.chains is not None
    for kind in ("referral", "founded", "leader", "colleagues", "start-up"):
        link = next(link for link in pair.chains.links if link.kind == kind)
        wrong = Link(link.effect, *(getattr(link, name) for name in list(Link.__slots__)[1:]))
        with pytest.raises((AssertionError, KeyError)):
            check_link(wrong, worlds)


def test_chains_go_forward_in_time_and_begin_with_a_root(layoff: tuple[paired.Pair, list[Seen]]) -> None:
    pair, _ = layoff
    chains = pair.chains
    assert chains is not None
    assert sum(chains.shares().values()) == len(chains.people) == len(pair.people["researcher"])
    for person, link in chains.parent.items():
        assert link.effect == person
        assert chains.people[link.cause][1] <= chains.people[person][1]
    for path in chains.longest():
        assert path[0].cause in chains.hit or path[0].cause not in chains.parent
        assert [link.effect for link in path[:-1]] == [link.cause for link in path[1:]]
        assert len(chains.words(path)) == len(path) + 1
    laid_off = [person for person, words in chains.hit.items() if words == "hit by E31"]
    assert len(laid_off) > 20


# ---- the command -----------------------------------------------------------------------------------------------------


def test_compare_prints_outcomes_people_and_chains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "tiny", "--without", "T03", "--policy", "match_offers:factor=2", "--both-set", "h0=0.04"]
    assert cli.main([*asked, "--replicates", "4", "--workers", "1", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    for words in ("left:alpha-authors@2022-12", "correlation", "variance ratio", "left instead", "What led to what"):
        assert words in printed
    data = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    people = pq.read_table(tmp_path / "out" / "people.parquet").to_pylist()
    for kind, estimate in data["people"].items():
        assert sum(row["kind"] == kind for row in people) / 4 == pytest.approx(estimate["mean"])
    assert data["change"].startswith("without T03, policies.match_offers.factor=2")


def test_compare_as_json_watches_what_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "tiny", "--set", "h0=0.08", "--outcome", "exits:Alpha", "--outcome", "mean_pay", "--json"]
    assert cli.main([*asked, "--replicates", "3", "--workers", "1"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [row["outcome"] for row in data["outcomes"]] == ["exits:Alpha", "mean_pay"]
    for row in data["outcomes"]:
        assert row["difference"]["mean"] == pytest.approx(row["second"] - row["first"])


def test_compare_says_that_both_worlds_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "tiny", "--without", "T05", "--replicates", "2", "--workers", "1"]) == 0
    assert "both worlds are byte-identical" in capsys.readouterr().out


def test_an_interrupted_comparison_keeps_the_pairs_that_are_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = pool.each

    def some(function: Any, jobs: Any, workers: int) -> Any:
        for done, found in enumerate(whole(function, jobs, workers)):
            if done == 2:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(pool, "each", some)
    assert cli.main(["compare", "tiny", "--set", "h0=0.08", "--replicates", "5", "--workers", "1"]) == 130
    printed = capsys.readouterr()
    assert "2 pairs of histories" in printed.out
    assert "2 of 5 pairs" in printed.err


def test_list_outcomes_shows_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "outcomes"]) == 0
    printed = capsys.readouterr().out
    for name in ("left", "exits", "startup_share", "mean_pay", "KIND[:SUBJECT]"):
        assert name in printed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--policy, --without or --set"),
        (["--policy", "garden_leav:months=3"], 'did you mean "garden_leave"'),
        (["--policy", "garden_leave:month=3"], 'did you mean "months"'),
        (["--policy", "garden_leave"], "knobs of garden_leave: months"),
        (["--policy", "garden_leave:months=99"], "months"),
        (["--without", "T33"], "T03"),
        (["--without", "T04:layof"], "layoff"),
        (["--set", "h00=1"], 'did you mean "h0"'),
        (["--set", "h0"], "--set 'h0': expected KEY=VALUE"),
        (["--both-set", "h0", "--without", "T03"], "--both-set 'h0': expected KEY=VALUE"),
        (["--without", "T03", "--outcome", "exits:Alhpa"], "Alpha"),
        (["--without", "T03", "--outcome", "exit"], "exits"),
        (["--set", "months=6"], "set it in both worlds"),
    ],
)
def test_bad_input_of_compare(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "tiny", "--replicates", "1", "--workers", "1", *arguments]) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_settings_of_both_worlds_are_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.settings_of(["h0=0.08"], "--both-set") == {"h0": "0.08"}
    asked = ["compare", "tiny", "--both-set", "h0=0.08", "--set", "h0=0.08", "--replicates", "2", "--workers", "1"]
    assert cli.main(asked) == 0
    assert "both worlds are byte-identical" in capsys.readouterr().out
