"""Scenarios: the shipped ones load, say what they should, keep still, and derive variants."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from abm import cli, scenario_file
from abm.effects import EFFECTS as EFFECTS_DONE
from abm.scenario import (
    Effect,
    FrozenMap,
    Scenario,
    ScenarioError,
    from_dict,
    load,
    names,
)
from abm.scenario_effects import BREACH_SOURCES, EFFECTS
from abm.scenario_read import CULTURE, sizes
from abm.scenario_schema import ALLOCATION_RULES
from abm.tables import DIMENSIONS, RULES, SOURCES

SHIPPED = Path(scenario_file.__file__).parent / "scenarios"


@pytest.fixture(scope="module", params=names())
def shipped(request: pytest.FixtureRequest) -> Scenario:
    return load(request.param)


def test_the_four_scenarios_are_shipped() -> None:
    assert {"meta_fair", "google_transformer", "openai_superalignment", "tiny"} <= set(names())


def test_load_by_name_and_by_path_agree(shipped: Scenario) -> None:
    path = SHIPPED / f"{shipped.name}.toml"
    assert load(path) == load(str(path)) == shipped
    assert shipped.name == path.stem


def test_round_trip(shipped: Scenario) -> None:
    content = shipped.to_dict()
    assert from_dict(content) == shipped
    assert from_dict(json.loads(json.dumps(content))).content_hash() == shipped.content_hash()
    assert from_dict(copy.deepcopy(content)).to_dict() == content


def test_pickle_and_hash(shipped: Scenario) -> None:
    twin = pickle.loads(pickle.dumps(shipped))
    assert twin == shipped
    assert hash(twin) == hash(shipped)
    assert twin.placed_teams() == shipped.placed_teams()


def test_people_of_the_teams_add_up(shipped: Scenario) -> None:
    teams = shipped.placed_teams()
    for row, employer in enumerate(shipped.employers):
        assert sum(team.size for team in teams if team.employer == row) == employer.researchers
    assert len({team.name for team in teams}) == len(teams)


def test_cohorts_fit_into_their_teams_with_slack(shipped: Scenario) -> None:
    teams = shipped.placed_teams()
    for cohort in shipped.cohorts:
        for team, number in (cohort.members or {}).items():
            rows = shipped.team_rows(team)
            assert number <= sum(max(teams[row].size, teams[row].posts) for row in rows)


def test_every_word_has_one_meaning() -> None:
    """The words of the file and the codes of the tables are declared apart; they may not drift apart."""
    assert CULTURE == DIMENSIONS
    assert BREACH_SOURCES == SOURCES
    assert ALLOCATION_RULES == RULES
    assert set(EFFECTS) == set(EFFECTS_DONE)


def test_names_of_employers_stand_for_nobody_else() -> None:
    """Start-ups are endogenous: a company that the market founded in these years is in no scenario as an employer."""
    for each in names():
        scenario = load(each)
        assert not {"Mistral AI", "xAI", "Adept", "Character.AI"} & {employer.name for employer in scenario.employers}
    assert "Anthropic" not in {employer.name for employer in load("openai_superalignment").employers}


def test_no_observed_value_stands_where_the_model_predicts(shipped: Scenario) -> None:
    for cohort in shipped.cohorts:
        for row in cohort.observations:
            assert (row.left_min is None) == (row.left_max is None) == (row.use == "predict")
    for kept in shipped.retention:
        assert (kept.share is None) == (kept.use == "predict")
    for flow in shipped.flows:
        assert (flow.ratio is None) == (flow.use == "predict")


class TestMetaFair:
    """The default scenario is the history that is reported."""

    def test_span_and_size(self) -> None:
        scenario = load("meta_fair")
        assert (scenario.start, scenario.months, scenario.date_of(41)) == ("2022-01", 42, "2025-06")
        assert scenario.researchers == pytest.approx(5000, rel=0.1)

    def test_employers(self) -> None:
        expected = "Meta, Google Brain, Google DeepMind, OpenAI, Anthropic, Microsoft, Apple, Amazon, NVIDIA"
        expected += ", Hugging Face, Cohere, Helsing, Other industry, Universities"
        assert [employer.name for employer in load("meta_fair").employers] == expected.split(", ")

    def test_cohorts(self) -> None:
        cohorts = {cohort.name: cohort for cohort in load("meta_fair").cohorts}
        assert {name: cohort.size for name, cohort in cohorts.items()} == {
            "llama-authors": 14,
            "opt-authors": 19,
            "llama2-originators": 4,
        }
        llama, opt = cohorts["llama-authors"].observations[0], cohorts["opt-authors"].observations[0]
        assert (llama.date, llama.left_min, llama.left_max) == ("2023-09", 8, 13)
        assert (opt.date, opt.left_min, opt.left_max) == ("2023-09", 9, 10)

    def test_events_are_in_order_and_outcomes_are_not_imposed(self) -> None:
        events = load("meta_fair").events
        assert [event.date for event in events] == sorted(event.date for event in events)
        by_id = {event.id: event for event in events}
        for outcome in ("E48", "E49", "E50", "E73", "E74"):
            assert by_id[outcome].effects == ()
            assert "observed, not imposed" in by_id[outcome].note
        assert by_id["E36"].effects[0].kind == "leader_leaves"
        assert by_id["E36"].effects[0]["to"] == "Helsing"
        assert [effect.kind for effect in by_id["E46"].effects] == ["cancel"]
        assert by_id["E46"].between == ("2023-02", "2023-09")
        assert all(event.label and event.source for event in events)

    def test_pay_follows_the_offers_of_the_figures(self) -> None:
        figures = tomllib.loads((SHIPPED.parent / "data" / "figures.toml").read_text(encoding="utf-8"))["figure"]
        offers = {(row["entity"], row["quantity"].split()[0]): row["value"] for row in figures if row["id"] == "D16"}
        called = {"Meta": "FAIR", "Google DeepMind": "DeepMind", "Microsoft": "Microsoft Research"}
        known = {called.get(employer.name, employer.name) for employer in load("meta_fair").employers}
        assert {"FAIR", "DeepMind", "Microsoft Research", "OpenAI", "Anthropic"} <= known & {name for name, _ in offers}
        for employer in load("meta_fair").employers:
            entity = called.get(employer.name, employer.name)
            if (entity, "initial") in offers:
                assert employer.pay_level == pytest.approx(offers[entity, "initial"] / 450, abs=1e-3)
                assert employer.pay_ceiling == pytest.approx(offers[entity, "final"] / 450, abs=1e-3)

    def test_team_opens_and_base_names(self) -> None:
        scenario = load("meta_fair")
        rows = scenario.team_rows("FAIR London")
        assert [scenario.placed_teams()[row].name for row in rows] == [f"FAIR London {i}" for i in (1, 2, 3)]
        genai = scenario.placed_teams()[scenario.team_rows("GenAI Llama")[0]]
        assert (genai.size, genai.plan.opens) == (0, "event")
        assert genai.posts > 0
        assert scenario.team_rows("no such team") == ()


def test_tiny_is_small_and_has_one_of_everything() -> None:
    scenario = load("tiny")
    assert (scenario.researchers, len(scenario.employers), scenario.months) == (12, 3, 12)
    assert [team.size for team in scenario.placed_teams()] == [4, 2, 3, 1, 2]
    kinds = {effect.kind for event in scenario.events for effect in event.effects}
    assert {"cancel", "leader_leaves", "layoff", "lever"} <= kinds


def test_spans_of_the_others() -> None:
    google, openai = load("google_transformer"), load("openai_superalignment")
    assert (google.start, google.date_of(google.months - 1)) == ("2017-06", "2023-09")
    assert (openai.start, openai.date_of(openai.months - 1)) == ("2020-09", "2024-12")
    assert [cohort.fixed for cohort in openai.cohorts] == ["2020-09", "2021-09", "2022-09", "2023-07"]
    assert [cohort.size for cohort in (*google.cohorts, *openai.cohorts)] == [8, 51, 51, 51, 25]


# --- months


def test_months_count_from_the_start() -> None:
    scenario = load("meta_fair")
    assert [scenario.month_of(d) for d in ("2022-01", "2022-12", "2023-01", "2021-12")] == [0, 11, 12, -1]
    assert [scenario.date_of(m) for m in (0, 11, 12, -1)] == ["2022-01", "2022-12", "2023-01", "2021-12"]
    event = next(event for event in scenario.events if event.id == "E76")
    assert scenario.event_months(event) == (36, 47)


# --- hash


def test_hash_is_the_same_in_another_process() -> None:
    code = "from abm.scenario import load; print(load('tiny').content_hash())"
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == load("tiny").content_hash()


def test_hash_does_not_depend_on_how_it_was_written() -> None:
    content = load("tiny").to_dict()
    turned = {key: content[key] for key in reversed(content)}
    turned["employers"][0]["compute"] = 30  # 30 and 30.0 are one number
    del turned["horizon"], turned["employers"][2]["garden_leave"]  # defaults may be left out
    assert from_dict(turned).content_hash() == load("tiny").content_hash()


def changed(value: Any) -> Iterator[Any]:
    """Every copy of a value with one leaf changed."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield value + "x"
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, FrozenMap):
        for key in value:
            for other in changed(value[key]):
                yield FrozenMap({**value, key: other})
        yield FrozenMap({**value, "another": 1.0})
    elif isinstance(value, tuple):
        for row, item in enumerate(value):
            for other in changed(item):
                yield (*value[:row], other, *value[row + 1 :])
        if value:
            yield value[:-1]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for each in dataclasses.fields(value):
            for other in changed(getattr(value, each.name)) if each.init else ():
                yield dataclasses.replace(value, **{each.name: other})


def parts(value: Any) -> Iterator[Any]:
    """All dataclasses in a scenario below the top."""
    if isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    elif dataclasses.is_dataclass(value):
        yield value
        for each in dataclasses.fields(value):
            yield from parts(getattr(value, each.name)) if each.init else ()


def test_hash_changes_with_every_field() -> None:
    scenario = load("tiny").derive(parameters={"h0": 0.02})
    seen = {scenario.content_hash()}
    count = 1
    for each in dataclasses.fields(scenario):
        if not each.init or each.name in ("employers", "policies"):
            continue
        for other in changed(getattr(scenario, each.name)):
            seen.add(dataclasses.replace(scenario, **{each.name: other}).content_hash())
            count += 1
    for each in dataclasses.fields(scenario.employers[0]):
        for other in changed(getattr(scenario.employers[0], each.name)) if each.name != "teams" else ():
            employer = dataclasses.replace(scenario.employers[0], **{each.name: other})
            seen.add(dataclasses.replace(scenario, employers=(employer, *scenario.employers[1:])).content_hash())
            count += 1
    assert count > 150
    assert len(seen) == count


# --- frozen


def test_frozen_all_the_way_down() -> None:
    scenario = load("meta_fair")
    for part in parts(scenario):
        name = dataclasses.fields(part)[0].name
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
            setattr(part, name, 1)
        assert not hasattr(part, "__dict__")
        hash(part)
    culture = scenario.employers[0].culture
    with pytest.raises(TypeError):
        culture["openness"] = 0.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        culture._items = {}
    assert list(culture) == list(CULTURE)


def test_to_dict_gives_a_copy() -> None:
    scenario = load("tiny")
    before = scenario.content_hash()
    scenario.to_dict()["employers"][0]["culture"]["openness"] = 0.0
    assert scenario.content_hash() == before


def test_effect_reads_like_a_mapping() -> None:
    effect = Effect("shock", FrozenMap({"size": 0.5, "teams": ("A",)}))
    assert (effect["size"], effect.get("teams"), effect.get("employers")) == (0.5, ("A",), None)


# --- variants


def test_settings() -> None:
    scenario = load("meta_fair")
    variant = scenario.with_settings(
        {
            "h0": "0.02",
            "months": "12",
            "employers.Meta.compute": "9000",
            "employers.Meta.pay_level": 1.1,
            "employers.Meta.culture.openness": "0.3",
            "employers.Other industry.growth": "1.2",
            "employers.Meta.allocation": "equal_per_head",
            "teams.FAIR Paris LLM.priority": "2.5",
            "teams.FAIR US LLM.project.demand": "400",
            "sites.Paris.seed_climate": "0.1",
            "events.E46.drop": "true",
            "events.E45.drop": "false",
            "events.E43.date": "2023-05",
            "parameters.h_shock": "0.1",
            "title": "With changes",
        }
    )
    meta = variant.employers[0]
    assert (variant.months, variant.horizon, variant.title) == (12, 42, "With changes")
    assert dict(variant.parameters) == {"h0": 0.02, "h_shock": 0.1}
    assert (meta.compute, meta.pay_level, meta.culture["openness"], meta.allocation) == (
        9000.0,
        1.1,
        0.3,
        "equal_per_head",
    )
    assert variant.employers[12].growth == 1.2
    paris = variant.placed_teams()[variant.team_rows("FAIR Paris LLM")[0]]
    american = variant.placed_teams()[variant.team_rows("FAIR US LLM")[0]]
    assert paris.plan.priority == 2.5
    assert american.plan.project is not None
    assert american.plan.project.demand == 400.0
    assert next(site for site in variant.sites if site.name == "Paris").seed_climate == 0.1
    assert "E46" not in {event.id for event in variant.events}
    assert "E45" in {event.id for event in variant.events}
    assert next(event for event in variant.events if event.id == "E43").between == ("2023-05", "2023-05")
    assert scenario == load("meta_fair")  # the original is as it was


def test_no_settings_no_difference(shipped: Scenario) -> None:
    assert shipped.with_settings({}) == shipped == shipped.derive()


def test_a_shorter_run_keeps_everything_but_its_length() -> None:
    scenario = load("meta_fair")
    short = scenario.derive(months=6)
    assert dataclasses.replace(short, months=42) == scenario


def test_a_run_beyond_the_record_is_refused_at_every_door(capsys: pytest.CaptureFixture[str]) -> None:
    """The same rule in Python, by setting and on the command line; who gives a horizon says that dates hold so long."""
    scenario = load("meta_fair")
    said = r"months: came 120; expected 1 to 42, the horizon.*end in 2025-06.*horizon = 120"
    for refused in (
        lambda: scenario.derive(months=120),
        lambda: scenario.with_settings({"months": 120}),
        lambda: scenario.with_settings({"months": "120"}),
        lambda: from_dict({**scenario.to_dict(), "months": 120}),
    ):
        with pytest.raises(ScenarioError, match=said):
            refused()
    assert cli.main(["run", "meta_fair", "--months", "120"]) == 2
    assert "expected 1 to 42, the horizon" in " ".join(capsys.readouterr().err.split())
    longer = scenario.derive(months=60, horizon=60)
    assert (longer.months, longer.horizon) == (60, 60)
    assert scenario.with_settings({"horizon": 60, "months": 60}) == longer
    assert scenario.with_settings({"months": 60, "horizon": 60}) == longer, "settings are checked together"
    content = scenario.to_dict()
    del content["horizon"]
    assert from_dict({**content, "months": 50}).horizon == 50, "a file without a horizon is as long as it says"


def test_derive_takes_parts() -> None:
    scenario = load("tiny")
    employer = dataclasses.replace(scenario.employers[0], compute=99.0)
    variant = scenario.derive(employers=(employer, *scenario.employers[1:]), events=scenario.events[:2])
    assert variant.employers[0].compute == 99.0
    assert [event.id for event in variant.events] == ["T01", "T02"]
    assert variant.derive(parameters={"h0": 0.02}).derive(parameters={"h_gap": 0.01}).parameters == {
        "h0": 0.02,
        "h_gap": 0.01,
    }
    with pytest.raises(ScenarioError, match="shares that add up to 1"):
        scenario.derive(employers=(dataclasses.replace(employer, teams=employer.teams[:1]), *scenario.employers[1:]))


def test_without_events() -> None:
    scenario = load("tiny")
    assert [event.id for event in scenario.without_events(["T01", "T03"]).events] == ["T02", "T04", "T05"]
    with pytest.raises(ScenarioError, match="did you mean"):
        scenario.without_events(["T1"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("h00", "1", 'did you mean "h0"'),
        ("monhs", "3", 'did you mean "months"'),
        ("employers.Mta.compute", "1", 'did you mean "Meta"'),
        ("employers.Meta.compue", "1", 'did you mean "compute"'),
        ("employers.Meta", "1", "employers.Meta.KEY=VALUE"),
        ("employers", "1", "employers.NAME.KEY=VALUE"),
        ("sitez.Paris.seed_climate", "1", 'did you mean "sites"'),
        ("events.E46.drop", "3", "true or false"),
        ("events.E460.drop", "true", 'did you mean "E46"'),
        ("events.E46.date", "2023", "YYYY-MM"),
        ("employers.Meta.name.x", "3", "shorten the key"),
        ("months", "nan", "a whole number"),
        ("months", "1\nname = 2", "a whole number"),
        ("employers.Meta.compute", "lots", "write a plain number"),
        ("policies.match_offers.factor", "abc", "write a plain number"),
    ],
)
def test_bad_settings(key: str, value: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("meta_fair").with_settings({key: value})
    assert said in str(caught.value)
    assert key.rsplit(".", 1)[-1] in str(caught.value)


TOGETHER: list[tuple[dict[str, object], str]] = [
    (
        {"events.T01.id": "5", "events.T99.drop": "true"},
        "events.T99.drop: came an unknown name; expected a declared id",
    ),
    ({"employers.Alpha.name": "5", "employers.Nope.compute": "1"}, "employers.Nope.compute: came an unknown name"),
    (
        {"employers.Alpha.teams": "13", "sites.Paris.utc_offset": "0"},
        'Alpha".teams: came 13; expected a list of tables',
    ),
    (
        {"employers.Alpha.teams": '"2022-03"', "teams.Alpha Language.posts": "1"},
        "teams.Alpha Language.posts: came a part of what employers.Alpha.teams sets",
    ),
    ({"cohorts.alpha-authors.name": "true", "cohorts.x.size": "1"}, "cohorts.x.size: came an unknown name"),
    ({"horizon": "soon", "months": "12"}, 'horizon: came "soon"; expected a whole number'),
    ({"employers.Alpha.culture": "5", "employers.Alpha.culture.openness": "1"}, "came a part of what employers.Alpha"),
    ({"h0": "0.1", "parameters.h0": "0.2"}, "came the same thing as"),
    ({"employers.Alpha.name": "Gamma", "employers.Gamma.compute": "1"}, "employers.Gamma.compute: came an unknown"),
    ({"title": "{" + "a." * 5000 + "b = 1}"}, "title"),
]


@pytest.mark.parametrize(("given", "said"), TOGETHER, ids=[" and ".join(given)[:70] for given, _ in TOGETHER])
@pytest.mark.parametrize("turned", [False, True], ids=["as given", "turned round"])
def test_settings_are_looked_up_together(given: dict[str, object], said: str, turned: bool) -> None:
    """Whatever one setting makes of a name or a list, the others are about the scenario as it was."""
    settings = dict(reversed(given.items())) if turned else given
    with pytest.raises(ScenarioError) as caught:
        load("tiny").with_settings(settings)
    assert said in str(caught.value)


def test_all_settings_that_are_about_nothing_are_told_at_once() -> None:
    with pytest.raises(ScenarioError, match="has 3 problems"):
        load("tiny").with_settings({"events.T99.drop": True, "sitez.Paris.country": "x", "employers.Nope.compute": 1})


def test_the_order_of_settings_changes_nothing() -> None:
    settings = {
        "events.T02.between": ["2022-03", "2022-06"], "events.T02.date": "2022-04", "months": 6, "horizon": 24,
        "policies.layoffs.share": 0.2, "policies.layoffs.employer": "Alpha", "employers.Alpha.teams": [
            {"name": "Alpha Language", "site": "Paris", "share": 1.0, "topic": "vision", "count": 2},
        ], "cohorts.alpha-authors.members": {"Alpha Language": 4}, "events.T01.effects": [], "events.T03.drop": True,
        "events.T03.label": "x",
        "employers.Alpha.name": "Alpha",
    }  # fmt: skip
    found = [load("tiny").with_settings(dict(order)) for order in (settings.items(), reversed(settings.items()))]
    assert found[0] == found[1]
    event = next(event for event in found[0].events if event.id == "T02")
    assert (event.date, event.between) == ("2022-04", ("2022-03", "2022-06"))


# --- small parts


def test_sizes_add_up_and_are_fair() -> None:
    assert sizes(10, [0.5, 0.25, 0.25]) == [5, 3, 2]
    assert sizes(0, [1.0, 1.0]) == [0, 0]
    assert sizes(7, [0.0, 1.0]) == [0, 7]
    assert sizes(3, [0.0, 0.0]) == [0, 0]
    for total in range(50):
        got = sizes(total, [0.1, 0.2, 0.3, 0.15, 0.25])
        assert sum(got) == total
        assert all(
            abs(each - total * weight) < 1 for each, weight in zip(got, [0.1, 0.2, 0.3, 0.15, 0.25], strict=True)
        )


def test_error_survives_a_process_border() -> None:
    error = ScenarioError.about("x", ["a: came 1; expected 2. Fix: 3"])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
