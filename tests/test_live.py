"""A live market: what is pulled while it runs is a scenario that replays to the same digest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm import cli, policies
from abm.live import LiveMarket, PullError
from abm.model import TalentMarket
from abm.run import replicate_seed, simulate
from abm.scenario import Scenario, ScenarioError, from_dict, load
from abm.scenario_file import parse_text
from abm.scenario_write import to_toml
from tests import pulls, worlds

SLOW = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
    "derandomize": True,
}


@cache
def tiny() -> Scenario:
    return load("tiny")


@cache
def given_policies() -> Scenario:
    """Policies of the scenario's own, of which some begin later and one ends."""
    plan = [
        {"name": "hiring", "factor": 0.5, "until": "2022-06"},
        {"name": "layoffs", "share": 0.3, "employer": "Beta", "date": "2022-08"},
        {"name": "buy_compute", "factor": 2.0, "h100e": 50, "date": "2022-03"},
        {"name": "layoffs", "share": 0.5, "date": "2022-02"},
    ]
    lively = {"switching_cost": 1.0, "personal_sd": 2.5}
    change = [{"parameter": "h0", "value": 0.05, "date": "2022-04"}]
    return tiny().derive(policies=plan, parameters=lively, interventions=change)


@cache
def random_world() -> Scenario:
    return worlds.random_scenario(4).derive(months=9)


@cache
def short() -> Scenario:
    return load("meta_fair").derive(months=5)


def same_history(live: LiveMarket) -> None:
    """What every live market has to keep, at any time."""
    exported = live.export()
    assert exported.horizon == live.described.horizon
    assert from_dict(parse_text(live.export_toml(), "exported")) == exported
    if live.month:
        assert exported.months == live.month
        assert simulate(exported, live.seed, live.replicate).digest == live.digest()


# ---- the point of it -------------------------------------------------------------------------------------------------


@settings(max_examples=60, **SLOW)
@given(st.data(), st.sampled_from([tiny, given_policies, random_world]), st.integers(1, 5))
def test_any_sequence_of_steps_and_pulls_replays_to_the_same_digest(data: Any, make: Any, seed: int) -> None:
    live = LiveMarket(make(), seed)
    for what in data.draw(st.lists(pulls.a_pull(live.described), max_size=24)):
        pulls.make(live, what)
    live.step()
    same_history(live)
    month = data.draw(st.integers(0, live.month))
    again = live.branch(month)
    assert again.log == tuple(pull for pull in live.log if pull.month < month)
    whole = live.branch(live.month)
    assert (whole.digest(), whole.export(), whole.in_force) == (live.digest(), live.export(), live.in_force)


@settings(max_examples=4, **SLOW)
@given(st.data())
def test_so_it_does_on_a_large_market(data: Any) -> None:
    live = LiveMarket(short(), 2)
    for what in data.draw(st.lists(pulls.a_pull(live.described), min_size=8, max_size=16)):
        pulls.make(live, what)
    live.step()
    same_history(live)


@pytest.mark.parametrize("name", policies.names())
def test_every_policy_can_be_pulled_and_does_what_it_does_in_a_scenario(name: str) -> None:
    """At an end of its range it changes the history, and the same as when the scenario has it from the beginning."""
    known = policies.load(name).KNOBS
    teams = {"team": "Alpha Language", "into": "Alpha Vision", "rule": "winner_takes_all", "origin": "Beta"}
    found = []
    for end in ("low", "high"):
        knobs = {k: getattr(v, end) for k, v in known.items() if isinstance(v, policies.Knob)}
        knobs |= {k: v for k, v in teams.items() if k in known}
        live = LiveMarket(lawful(), 4)
        live.step()
        if not policies.does_anything(name, knobs, live.scenario.places):  # at its neutral end
            with pytest.raises(PullError, match="does something"):
                live.pull(name, knobs)
            assert live.log == () and live.scenario == lawful()
            continue
        live.pull(name, knobs)
        while not live.is_over:
            live.step()
        whole = lawful().derive(policies=[{"name": name, **knobs, "date": "2022-02"}])
        assert live.export() == whole
        assert live.digest() == simulate(whole, 4).digest
        found.append(live.digest())
    assert any(digest != simulate(lawful(), 4).digest for digest in found)


def test_what_does_nothing_is_told_from_what_does_something() -> None:
    places = tiny().places
    for name in policies.names():
        assert not policies.does_anything(name, {}, places), name
    for name, knobs, does in [
        ("layoffs", {"share": 0.0, "employer": "Alpha"}, False),
        ("layoffs", {"share": 0.01, "employer": "Alpha"}, True),
        ("allocation_rule", {"employer": "Alpha"}, False),
        ("allocation_rule", {"rule": "equal_per_head"}, True),
        ("buy_compute", {"lead_time": 3.0}, False),
        ("buy_compute", {"h100e": 1.0, "lead_time": 3.0}, True),
        ("ban_non_competes", {"strength": 0.5}, True),
        ("merge_teams", {"team": "Alpha Vision", "into": "Alpha Language"}, True),
    ]:
        assert policies.does_anything(name, knobs, places) is does, (name, knobs)


@cache
def lawful() -> Scenario:
    """`tiny` where non-competes hold in both cities and offers are taken within the year."""
    plain = tiny().to_dict()
    for site in plain["sites"]:
        site["non_compete"] = True
    for employer in plain["employers"]:
        employer["garden_leave"] = 4
    lively = {"switching_cost": 1.0, "personal_sd": 2.5}
    return tiny().derive(sites=plain["sites"], employers=plain["employers"], events=[], parameters=lively)


def test_without_pulls_it_is_the_plain_history() -> None:
    live = LiveMarket(tiny(), 7, 3)
    while not live.is_over:
        live.step()
    assert live.export() == tiny()
    assert live.digest() == simulate(tiny(), 7, 3).digest
    before = live.digest()
    live.step()
    assert live.digest() == before and live.month == 12


def pulled() -> LiveMarket:
    """Eight months with every kind of pull."""
    live = LiveMarket(lawful(), 5)
    live.step()
    live.pull("garden_leave", {"months": 6, "employer": "Alpha"})
    live.pull("layoffs", {"share": 0.5, "employer": "Alpha"})
    live.step()
    live.set_parameter("h0", 0.08)
    live.step()
    live.change(1, {"months": 2})
    live.step()
    live.release(3)
    while live.month < 8:
        live.step()
    return live


def test_the_command_line_runs_the_export_to_the_same_digest(tmp_path: Path) -> None:
    live = pulled()
    file = tmp_path / "mine.toml"
    file.write_text(live.export_toml(), encoding="utf-8")
    out = tmp_path / "out"
    assert cli.main(["run", str(file), "--seed", "5", "--replicates", "1", "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["digest"] == [live.digest()] and summary["events_digest"] == [live.events_digest()]
    assert live.digest() in live.export_toml() and live.events_digest() in live.export_toml()
    assert live.digest() != simulate(lawful().derive(months=8), 5).digest


@pytest.mark.parametrize("scenario", [tiny(), lawful()], ids=["shipped", "a file"])
def test_the_script_replays_and_says_what_it_found(
    scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = LiveMarket(scenario, 3)
    live.step()
    live.pull("layoffs", {"share": 0.5, "employer": "Alpha"})
    live.set_parameter("h0", 0.08)
    live.step()
    (tmp_path / "tiny.toml").write_text(live.export_toml(), encoding="utf-8")
    file = tmp_path / "again.py"
    file.write_text(live.export_script(), encoding="utf-8")
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), {"__name__": "again", "__file__": str(file)})
    said = capsys.readouterr().out
    left = simulate(live.export(), 3).series["departures"][:, 0].sum()
    assert f"events {live.events_digest()}\nbytes {live.digest()}" in said and f"\nAlpha{'':<19}{left:.0f} left" in said
    assert live.digest() not in live.export_script(), "another processor would refuse it"
    wrong = live.export_script().replace(live.events_digest(), "0" * 64)
    with pytest.raises(AssertionError, match="another history"):
        exec(compile(wrong, str(file), "exec"), {"__name__": "again", "__file__": str(file)})


def test_a_guarded_month_may_be_intervened_in() -> None:
    exported = pulled().export()
    model = TalentMarket(exported, rng=replicate_seed(5, 0), collect=False, guard=True)
    while model.running:
        model.step()
    assert model.world.digest() == pulled().digest()


# ---- pulls -----------------------------------------------------------------------------------------------------------


def test_pulls_are_dated_logged_and_said_in_words() -> None:
    live = pulled()
    assert [
        (pull.number, pull.month, pull.date, pull.kind, pull.name, pull.policy, pull.ended) for pull in live.log
    ] == [
        (1, 1, "2022-02", "policy", "garden_leave", 1, 0),
        (2, 1, "2022-02", "policy", "layoffs", 2, 0),
        (3, 2, "2022-03", "parameter", "h0", 0, 0),
        (4, 3, "2022-04", "change", "garden_leave", 3, 1),
        (5, 4, "2022-05", "release", "garden_leave", 0, 3),
    ]
    assert [pull.words for pull in live.log] == [
        "From 2022-02: garden leave of Alpha, +6 months",
        "In 2022-02: layoffs of Alpha, 50 % of people",
        "From 2022-03: h0 0.08 (before: 0.05; per month)",
        "From 2022-04: garden leave of Alpha, +2 months (before: +6 months)",
        "From 2022-05: no more garden leave of Alpha, +2 months",
    ]
    assert live.scenario.to_dict()["policies"] == [
        {"name": "garden_leave", "months": 6.0, "employer": "Alpha", "date": "2022-02", "until": "2022-04"},
        {"name": "layoffs", "share": 0.5, "employer": "Alpha", "date": "2022-02"},
        {"name": "garden_leave", "months": 2.0, "employer": "Alpha", "date": "2022-04", "until": "2022-05"},
    ]
    assert live.scenario.to_dict()["interventions"] == [{"parameter": "h0", "value": 0.08, "date": "2022-03"}]


def test_what_is_in_force() -> None:
    live = LiveMarket(given_policies())
    assert [(each.number, each.name, each.since, each.until, each.given) for each in live.in_force] == [
        (1, "hiring", "2022-01", "2022-06", True)
    ]
    live.pull("hiring", {"factor": 0.0, "employer": "Alpha"})
    live.pull("layoffs", {"share": 0.1})
    assert [(each.number, each.words, each.given) for each in live.in_force] == [
        (1, "hiring everywhere, × 0.5", True),
        (5, "hiring of Alpha, × 0", False),
    ]
    assert live.world.levers["hiring"][0] == 1.0  # nothing happens before the month is run
    live.step()
    assert (live.world.levers["hiring"][:2] == [0.0, 0.5]).all()
    live.release(1)
    live.step()
    assert (live.world.levers["hiring"][:2] == [0.0, 1.0]).all()
    assert [each.number for each in live.in_force] == [3, 5]


def test_the_same_policy_for_the_same_place_in_the_same_month_is_replaced() -> None:
    live = LiveMarket(tiny())
    live.pull("garden_leave", {"months": 6, "employer": "Alpha"})
    live.pull("garden_leave", {"months": 6, "employer": "Beta"})
    live.set_parameter("h0", 0.05)
    again = live.pull("garden_leave", {"months": 3, "employer": "Alpha"})
    live.set_parameter("h0", 0.06)
    assert [(policy.settings["employer"], policy.settings["months"]) for policy in live.scenario.policies] == [
        ("Alpha", 3.0),
        ("Beta", 6.0),
    ]
    assert [pull.number for pull in live.log] == [1, 2, 3] and live.log[0] == again
    assert live.scenario.interventions[0].value == 0.06 and len(live.scenario.interventions) == 1
    live.pull("garden_leave", {"months": 3, "employer": "Alpha"})  # the very same
    assert live.log[0] == again
    live.step()
    live.pull("garden_leave", {"months": 3, "employer": "Alpha"})  # another month: on top
    assert len(live.scenario.policies) == 3


def test_what_a_parameter_was_before_is_what_held_last_month() -> None:
    live = LiveMarket(tiny())
    live.set_parameter("h0", 0.1)
    live.set_parameter("h0", 0.2)
    assert [pull.words for pull in live.log] == ["From 2022-01: h0 0.2 (before: 0.05; per month)"]
    live.step()
    assert live.set_parameter("h0", 0.05).words == "From 2022-02: h0 0.05 (before: 0.2; per month)"


def test_a_pull_over_a_change_of_the_same_month_still_ends_what_was_changed() -> None:
    live = LiveMarket(tiny())
    live.pull("hiring", {"factor": 0.5, "employer": "Alpha"})
    live.step()
    live.change(1, {"factor": 2.0})
    live.pull("hiring", {"factor": 3.0, "employer": "Alpha"})
    assert [(pull.number, pull.kind, pull.policy, pull.ended) for pull in live.log] == [
        (1, "policy", 1, 0),
        (2, "change", 2, 1),
    ]
    live.step()
    assert live.world.levers["hiring"][0] == 3.0
    again = live.branch(2)
    assert (again.digest(), again.log, again.export()) == (live.digest(), live.log, live.export())


def test_a_pull_can_be_taken_back_until_the_month_is_run() -> None:
    live = LiveMarket(tiny())
    states = [(live.scenario, live.log)]
    for what in (
        ("pull", "hiring", {"factor": 0.0}),
        ("pull", "hiring", {"factor": 2.0}),
        ("parameter", "h0", 0.05),
        ("release", 0),
    ):
        assert pulls.make(live, what)
        states.append((live.scenario, live.log))
    for state in states[-2::-1]:
        live.undo_pull()
        assert (live.scenario, live.log) == state and live.world.scenario is live.scenario
    with pytest.raises(PullError, match="nothing is pulled"):
        live.undo_pull()
    live.pull("hiring", {"factor": 0.0})
    live.step()
    with pytest.raises(PullError, match="branch from before it"):
        live.undo_pull()


def test_what_a_policy_does_once_is_done_again_only_if_asked_for() -> None:
    live = LiveMarket(tiny())
    live.pull("buy_compute", {"factor": 2.0, "h100e": 100.0, "employer": "Alpha"})
    live.change(1, {"factor": 3.0})  # not yet carried out: one pull with both
    assert dict(live.scenario.policies[0].settings)["h100e"] == 100.0
    live.step()
    live.change(1, {"factor": 4.0})
    assert dict(live.scenario.policies[1].settings) == {"factor": 4.0, "employer": "Alpha", "date": "2022-02"}
    live.step()
    live.change(2, {"h100e": 50.0})
    assert live.scenario.policies[2].settings["h100e"] == 50.0


def test_no_policy_that_can_be_released_draws_lots() -> None:
    """One that is released before it began is gone: the lots of later ones are counted by their place."""
    released = []
    for name in policies.names():
        module = policies.load(name)
        if hasattr(module, "move") and hasattr(module, "acts"):
            high = {k: v.high for k, v in module.KNOBS.items() if isinstance(v, policies.Knob)}
            kinds = {effect["kind"] for effect in policies.acts(name, high, tiny().places)}
            assert kinds and not kinds & {"layoff", "transfer", "split", "chip"}
            released.append(name)
    assert "buy_compute" in released


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (("pull", "hirring", {}), 'did you mean "hiring"'),
        (("pull", 7, {}), "the name of a policy"),
        (("pull", "../secret", {}), "the name of a policy"),
        (("pull", "hiring", {"date": "2022-03"}), "leave date out"),
        (("pull", "hiring", {"until": "2022-03"}), "leave until out"),
        (("pull", "hiring", {"name": "x"}), "leave name out"),
        (("pull", "hiring", [1]), "give a table of knobs"),
        (("pull", "hiring", {"factor": 9}), "0 to 5"),
        (("pull", "hiring", {"factor": float("nan")}), "finite"),
        (("pull", "hiring", {"factor": 10**400}), "0 to 5"),
        (("pull", "hiring", {"employer": "Alfa"}), 'did you mean "Alpha"'),
        (("pull", "merge_teams", {"team": "Alpha Vision", "into": "Beta Systems"}), "teams of one employer"),
        (("parameter", "h00", 0.1), 'did you mean "h0"'),
        (("parameter", "h0", 7.0), "expected 0 to"),
        (("parameter", "h0", "much"), "expected a number"),
        (("parameter", "mean_degree", 9.0), "read only when the world is built"),
        (("parameter", 3, 0.1), "Fix: "),
    ],
)
def test_what_cannot_be_pulled_is_refused_in_words(what: tuple[Any, ...], said: str) -> None:
    live = LiveMarket(tiny())
    live.step()
    before = live.scenario
    with pytest.raises(ScenarioError) as raised:
        live.set_parameter(*what[1:]) if what[0] == "parameter" else live.pull(*what[1:])
    assert said in str(raised.value), str(raised.value)
    assert live.scenario is before and live.world.scenario is before and not live.log


def test_releases_and_branches_that_cannot_be_are_refused_in_words() -> None:
    live = pulled()
    for number in (0, 1, 2, 99, "1"):
        with pytest.raises(PullError, match="not in force"):
            live.release(number)  # type: ignore[arg-type]
    live.pull("hiring", {"factor": 0.5})
    with pytest.raises(PullError, match=r"in force are 4 \(hiring everywhere, × 0.5\)"):
        live.change(2, {"share": 0.1})
    with pytest.raises(ScenarioError, match="0 to 5"):
        live.change(4, {"factor": 6})
    for month in (-1, 9):
        with pytest.raises(PullError, match="expected 0 to 8"):
            live.branch(month)
    while not live.is_over:
        live.step()
    for what in (
        lambda: live.pull("hiring", {}),
        lambda: live.set_parameter("h0", 0.1),
        lambda: live.release(4),
        lambda: live.change(4, {}),
    ):
        with pytest.raises(PullError, match="the market is over"):
            what()


# ---- other histories -------------------------------------------------------------------------------------------------


def test_a_branch_is_the_same_history_until_its_month() -> None:
    live = pulled()
    early = live.branch(2)
    assert early.month == 2 and early.log == live.log[:2]
    assert [each.number for each in early.in_force] == [1]  # neither ended nor changed yet
    whole = live.branch(8)
    assert (whole.digest(), whole.log, whole.export()) == (live.digest(), live.log, live.export())
    early.set_parameter("h0", 0.08)
    early.step()
    early.change(1, {"months": 2})
    early.step()
    early.release(3)
    while early.month < 8:
        early.step()
    assert early.digest() == live.digest()


def test_an_export_goes_on_where_it_stopped() -> None:
    """The file is a scenario like any other: longer months go on with what is in force."""
    live = pulled()
    again = from_dict(parse_text(to_toml(live.export()), "exported")).derive(months=12)
    while not live.is_over:
        live.step()
    assert simulate(again, 5).digest == live.digest()
