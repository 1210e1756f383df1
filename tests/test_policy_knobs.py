"""Bad knobs of policies are told in one message; good ones are listed with all that one has to know."""

from __future__ import annotations

from typing import Any

import pytest

from abm import catalogue, policies
from abm.commands import console
from abm.scenario import ScenarioError, load


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hiring.factr": 1}, ('policies[1] "hiring".factr', "a knob of", 'did you mean "factor"?')),
        ({"hirring.factor": 1}, ("the name of a policy", 'did you mean "hiring"?')),
        ({"hiring.factor": 9}, ("came 9", "0 to 5 (factor; 1 changes nothing)")),
        ({"hiring.factor": True}, ("came true", "0 to 5")),
        ({"hiring.factor": "much"}, ('came "much"', "0 to 5")),
        ({"hiring.employer": "Alfa"}, ('came "Alfa"', "an employer of this scenario", 'did you mean "Alpha"?')),
        ({"hiring.employer": 3}, ("came 3", "an employer of this scenario")),
        ({"hiring.employer": "Start-up 1"}, ("an employer of this scenario",)),
        ({"hiring.date": "2023-02"}, ("2022-01 to 2022-12",)),
        ({"hiring.date": "spring"}, ('"YYYY-MM"',)),
        ({"cancel_project.team": "Alpha"}, ("a team of this scenario", 'use one of "Alpha Language"')),
        ({"seed_climate.place": "Pariss"}, ("a site or a country", 'did you mean "Paris"?')),
        ({"allocation_rule.rule": "comittee"}, ("an allocation rule", 'did you mean "committee"?')),
        ({"merge_teams.team": "Alpha Vision"}, ('"merge_teams".into', "because team is given")),
        ({"merge_teams.team": "Alpha Vision", "merge_teams.into": "Beta Systems"}, ("teams of one employer",)),
        (
            {"layoffs.team": "Alpha Vision", "layoffs.share": 0.5, "layoffs.employer": "Beta"},
            ('a team of "Beta"', "Fix: "),
        ),
        ({"layoffs.share.big": 1}, ("a table", "0 to 1")),
    ],
)
def test_bad_knobs_are_told(settings: dict[str, Any], said: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as raised:
        load("tiny").with_settings({f"policies.{key}": value for key, value in settings.items()})
    assert all(words in str(raised.value) for words in said), str(raised.value)


def test_a_team_brings_its_employer_along() -> None:
    settings = {"policies.layoffs.team": "Alpha Vision", "policies.layoffs.share": "0.5"}
    act = load("tiny").with_settings(settings).policies[0].act
    assert act is not None
    assert [(one.kind, one["employer"], one["teams"]) for one in act.effects] == [
        ("layoff", "Alpha", ("Alpha Vision",))
    ]


def test_the_list_shows_every_knob_with_unit_range_neutral_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    catalogue.print_list("policies", console())
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for name in policies.names():
        start = next(k for k, line in enumerate(lines) if line.startswith(f"{name} "))
        for knob, known in policies.load(name).KNOBS.items():
            words = f"{knob} {known.default} {known.span} {known.unit} {known.meaning} {known.source}"
            assert any(line == words for line in lines[start + 1 : start + 8]), words
