"""Scenarios as text: written ones read back as the same, and text from outside never does worse than an error."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from abm import policies
from abm.levers import LEVERS
from abm.parameters import declared, read_by_the_month
from abm.policies import Knob
from abm.scenario import Scenario, ScenarioError, from_dict, load, names
from abm.scenario_file import DEEPEST, LARGEST_FILE, parse_text
from abm.scenario_write import to_toml
from tests import worlds

SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "derandomize": True}
HASHES = {
    "google_transformer": "4518cd667a04dcd8d042acb9877296a0d5f305b88ea8cad5ded1db6768785284",
    "meta_fair": "b4da470a6e3b677c4778a535b4aa6a961d3228277b30159e75e82aa14ce8e4bb",
    "openai_superalignment": "6ad405480d5640b30d9311214268489c8499590595d696a95764e2d10143121a",
    "tiny": "de78d3b8b971ebc876379bf4fea6938d1b67749798b883a64297b9e68ee33d3d",
}
"""Of the scenarios as shipped: stored results are filed under them."""


def comes_back(scenario: Scenario, note: str = "") -> str:
    """Written and read, it is the same."""
    text = to_toml(scenario, note)
    again = from_dict(parse_text(text, "written"), "written")
    assert again == scenario
    assert again.content_hash() == scenario.content_hash()
    return text


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_comes_back(name: str) -> None:
    text = comes_back(load(name))
    assert text.startswith(f"# {load(name).title}\n# Hash {load(name).content_hash()}\nname = ")
    assert text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("name", names())
def test_new_tables_leave_the_hashes_of_shipped_scenarios_alone(name: str) -> None:
    assert load(name).content_hash() == HASHES[name], "if its content was changed on purpose, write the new hash here"
    assert "interventions" not in load(name).to_dict()


@pytest.mark.parametrize("seed", range(6))
def test_a_random_world_comes_back(seed: int) -> None:
    comes_back(worlds.random_scenario(seed))


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn"), include_characters="\n"), max_size=60)
MONTHS = st.integers(0, 11).map(lambda month: f"2022-{month + 1:02d}")


@st.composite
def variants(draw: Any) -> Scenario:
    """`tiny` with any texts, parameters, policies that end, interventions, levers and horizon."""
    parameters = st.sampled_from(sorted(declared())).flatmap(
        lambda name: st.tuples(st.just(name), st.floats(declared()[name].low, declared()[name].high))
    )
    running = st.tuples(parameters.filter(lambda pair: read_by_the_month(pair[0])), MONTHS)
    chosen = draw(st.lists(running, max_size=4, unique_by=lambda item: (item[0][0], item[1])))
    plain = load("tiny").to_dict()
    plain["employers"][0]["culture"] = dict.fromkeys(
        plain["employers"][0]["culture"], draw(st.sampled_from([0.0, 0.5]))
    )
    plain["employers"][0]["teams"][0]["culture"] = {"mission": draw(st.floats(-1, 1))}
    lever = draw(st.sampled_from([name for name, known in LEVERS.items() if known.shape == "world"]))
    effect = {"kind": "lever", "name": lever, "op": "multiply", "value": draw(st.floats(0, 10))}
    event = {"id": "H1", "date": "2022-03", "between": ["2022-02", draw(st.sampled_from(["2022-03", "2022-05"]))]}
    event |= {"type": "made by hand", "note": draw(TEXTS), "effects": [effect] * draw(st.integers(0, 2))}
    return from_dict(
        {
            **plain,
            "title": draw(TEXTS.filter(str.strip)),
            "why": draw(TEXTS),
            "sources": draw(st.lists(TEXTS, max_size=3)),
            "months": draw(st.integers(1, 12)),
            "horizon": draw(st.integers(12, 20)),
            "employers": plain["employers"],
            "events": [*plain["events"], event],
            "parameters": dict(draw(st.lists(parameters, max_size=3))),
            "policies": draw(st.lists(policy_tables(), max_size=3)),
            "interventions": [{"parameter": name, "value": value, "date": date} for (name, value), date in chosen],
        }
    )


@st.composite
def policy_tables(draw: Any) -> dict[str, Any]:
    """A policy with numbers anywhere in their range, perhaps with an end."""
    name = draw(st.sampled_from([name for name in policies.names() if hasattr(policies.load(name), "move")]))
    knobs = {k: v for k, v in policies.load(name).KNOBS.items() if isinstance(v, Knob)}
    settings_ = draw(st.fixed_dictionaries({}, optional={k: st.floats(v.low, v.high) for k, v in knobs.items()}))
    first, last = sorted(draw(st.lists(MONTHS, min_size=2, max_size=2, unique=True)))
    return {"name": name, **settings_, "date": first} | draw(st.sampled_from([{}, {"until": last}]))


@settings(max_examples=150, **SLOW)
@given(variants(), TEXTS)
def test_any_variant_comes_back(scenario: Scenario, note: str) -> None:
    comes_back(scenario, note)


def test_what_is_left_out_is_what_a_reader_can_do_without() -> None:
    text = comes_back(load("tiny").derive(interventions=[{"parameter": "h0", "value": 0.1, "date": "2022-05"}]))
    assert "horizon" not in text and "non_compete = true" not in text and 'grade = "D"' not in text
    assert "culture = {openness = 0.8, autonomy = 0.7, product = 0.3" in text
    assert text.endswith('[[interventions]]\nparameter = "h0"\nvalue = 0.1\ndate = "2022-05"\n')
    order = [text.index(f"\n[[{table}]]") for table in ("sites", "employers", "cohorts", "events", "interventions")]
    assert order == sorted(order)


# ---- text from outside -----------------------------------------------------------------------------------------------


def refused(text: str) -> str:
    """The error, which must come soon."""
    began = time.process_time()
    with pytest.raises(ScenarioError) as raised:
        from_dict(parse_text(text, '"upload.toml"'), '"upload.toml"')
    assert time.process_time() - began < 5
    assert "upload.toml" in str(raised.value) and len(str(raised.value)) < 20_000
    return str(raised.value)


HUGE = "0x" + "f" * 100_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (LARGEST_FILE + 1), "at most 262,144 bytes"),
        ("é" * (LARGEST_FILE // 2 + 1), "at most 262,144 bytes"),
        ('title = "\x00"', "Illegal character"),
        ("title = '\ud800'", "half a character"),
        ("\ufeffname = 1", "byte-order mark"),
        ("x = " + "[" * 5000 + "]" * 5000, f"at most {DEEPEST} levels"),
        ("x = " + "{a=" * 5000 + "1" + "}" * 5000, f"at most {DEEPEST} levels"),
        ("a." * 20_000 + "b = 1", f"at most {DEEPEST} levels"),
        ("x = " + '"\\' * 120_000, "invalid TOML"),
        ('x = """' + "'''" * 60_000, "invalid TOML"),
        ("x = " + "'\n\"" * 60_000, "invalid TOML"),
        ("months = " + "9" * 5000, "invalid TOML"),
        (f"months = {HUGE}", "about 120412 digits"),
        (f"entrants_per_year = {HUGE}", "about 120412 digits"),
        (f"[parameters]\nh0 = {HUGE}", "a whole number of about 120412 digits"),
        ("entrants_per_year = 1e999999", "came inf"),
        ("start = 2022-01-01", "in quotes"),
        ("\n".join(f"k{k} = 1" for k in range(20_000)), "20"),
        ("\n".join(f"[[a{k}]]" for k in range(20_000)), "unknown key"),
        ("", "required"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_hostile_text_is_refused_in_words(text: str, said: str) -> None:
    assert said in refused(text)


@settings(max_examples=300, **SLOW)
@given(st.text(max_size=200))
@example("a = 1\n")
def test_any_text_is_refused_in_words(text: str) -> None:
    assert "problem" in refused(text)


@settings(max_examples=200, **SLOW)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_words(data: Any) -> None:
    """A piece of a good file is replaced by something else."""
    text = to_toml(load("tiny").derive(policies=[{"name": "hiring", "factor": 0.5, "until": "2022-04"}]))
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(first + 30, len(text))))
    other = data.draw(st.one_of(st.text(max_size=8), st.sampled_from(["[[", "]", "=", '"', "0x" + "f" * 5000, "nan"])))
    damaged = text[:first] + other + text[last:]
    try:
        read = from_dict(parse_text(damaged, "damaged"), "damaged")
    except ScenarioError as error:
        assert "Nothing was run." in str(error)
    else:
        comes_back(read)


# ---- what may stand in the new places --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policies": [{"name": "hiring", "until": "2022-01"}]}, "a month after 2022-01, when it begins"),
        ({"policies": [{"name": "hiring", "date": "2022-05", "until": "2022-05"}]}, "a month after 2022-05"),
        ({"policies": [{"name": "hiring", "until": "2023-05"}]}, "2022-01 to 2022-12"),
        ({"policies": [{"name": "hiring", "until": 7}]}, '"YYYY-MM"'),
        ({"policies": [{"name": "layoffs", "share": 0.1, "until": "2022-05"}]}, 'a knob of "layoffs"'),
        ({"interventions": [{"parameter": "h0", "value": 9.0, "date": "2022-05"}]}, "expected 0 to"),
        ({"interventions": [{"parameter": "h0", "value": "x", "date": "2022-05"}]}, "expected a number"),
        ({"interventions": [{"parameter": "hh0", "value": 0.1, "date": "2022-05"}]}, 'did you mean "h0"'),
        ({"interventions": [{"parameter": "h0", "value": 0.1, "date": "2023-05"}]}, "2022-01 to 2022-12"),
        ({"interventions": [{"parameter": "h0", "value": 0.1}]}, "date: came nothing"),
        ({"interventions": [{"parameter": "h0", "date": "2022-05"}]}, "value: came nothing"),
        ({"interventions": [{"parameter": "h0", "value": 0.1, "date": "2022-05", "until": "x"}]}, "unknown key"),
        ({"interventions": [{"parameter": "h0", "value": 0.1, "date": "2022-05"}] * 2}, "one value of a parameter"),
        ({"interventions": [{"parameter": "taste_pay_sd", "value": 0.1, "date": "2022-05"}]}, "write it under [param"),
        ({"interventions": {"h0": 0.1}}, "a list of tables"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load("tiny").derive(**changes)
    assert said in str(raised.value), str(raised.value)


def test_an_intervention_is_part_of_the_content() -> None:
    plain = load("tiny")
    seen = {plain.content_hash()}
    base = {"parameter": "h0", "value": 0.1, "date": "2022-05"}
    for other in ({}, {"parameter": "h_ties"}, {"value": 0.2}, {"date": "2022-06"}):
        seen.add(plain.derive(interventions=[{**base, **other}]).content_hash())
    assert len(seen) == 5
    assert plain.derive(interventions=[]) == plain
    assert dataclasses.replace(plain, interventions=()).to_dict() == plain.to_dict()
