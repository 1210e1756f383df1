"""The contract of everything else that is found by name: allocation rules, metrics, effects, levers, kinds of outcome.

Policies have theirs in `test_policies.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm import effects, outcomes, replay
from abm.kernels import allocation
from abm.levers import LEVERS
from abm.metrics import METRICS
from abm.run import Result, simulate
from abm.scenario import Scenario, load
from abm.scenario_effects import EFFECTS
from abm.streams import Streams
from abm.world import World


def first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


# ---- allocation rules ------------------------------------------------------------------------------------------------


def market(seed: int) -> allocation.Case:
    """Six employers with pools of every size, 24 teams; some without people, who ask for nothing."""
    luck, rows = Streams(seed), np.arange(24)
    employer = np.sort((luck.uniform("entry", 0, rows) * 6).astype(np.int64))
    heads = np.floor(9 * luck.uniform("taste", 0, rows))
    request = np.where(heads > 0, 40 * luck.uniform("skill", 0, rows), 0.0)
    urgency = 1 + luck.uniform("tenure", 0, rows)
    pool = np.where(np.arange(6) == seed % 6, 0.0, 60 * luck.uniform("vesting", 0, np.arange(6)))
    return allocation.Case(pool, employer, heads, request, request * urgency, urgency)


@pytest.mark.parametrize("rule", allocation.RULES)
@pytest.mark.parametrize("seed", range(8))
def test_a_rule_splits_a_pool_and_makes_nothing_out_of_nothing(rule: str, seed: int) -> None:
    case = market(seed)
    given = allocation.RULES[rule](case)
    assert given.shape == case.heads.shape and np.isfinite(given).all() and (given >= 0).all()
    assert not given[case.heads == 0].any(), "compute for a team with nobody in it"
    whole = np.bincount(case.employer, given, minlength=6)
    asked = np.bincount(case.employer, case.request, minlength=6) > 0
    assert whole[asked] == pytest.approx(case.pool[asked]), "all of the pool goes out where anybody asks"
    assert not whole[~asked].any()
    assert first_line(allocation.RULES[rule])


# ---- effects ---------------------------------------------------------------------------------------------------------

ALPHA, BETA = {"teams": ["Alpha Language"]}, {"employer": "Beta"}
TEAM = {"team": "Alpha Language"}
NOTHING: dict[str, dict[str, Any]] = {  # each kind of effect that has a strength, at zero strength
    "lever": {"name": "demand", "op": "multiply", "value": 1.0},
    "breach": {"source": "layoff", "size": 0.0, **ALPHA},
    "shock": {"size": 0.0, **ALPHA},
    "culture": {"toward": {"openness": 0.0}, "share": 0.0, **ALPHA},
    "prestige": {"add": 0.0, **BETA},
    "layoff": {"share": 0.0, **BETA},
    "order": {"h100e": 0.0, "lead_time": 3, **BETA},
    "chip": {"h100e": 0.0, "months": 2, "chance": 1.0, **BETA},
    "split": {"into": "Alpha Vision", "share": 0.0, "safe": True, **TEAM},
    "transfer": {"from": ["Alpha Language"], "to": "Alpha Vision", "share": 0.0},
    "promise": {"share": 0.0, "kept": 0.0, **TEAM},
}
SOMETHING: dict[str, dict[str, Any]] = {
    "lever": {"name": "demand", "op": "multiply", "value": 3.0},
    "breach": {"source": "layoff", "size": 1.0, **ALPHA},
    "shock": {"size": 1.0, **ALPHA},
    "culture": {"toward": {"openness": 0.0}, "share": 0.5, **ALPHA},
    "prestige": {"add": 1.0, **BETA},
    "layoff": {"share": 0.5, **BETA},
    "order": {"h100e": 50.0, "lead_time": 3, **BETA},
    "chip": {"h100e": 50.0, "months": 2, "chance": 1.0, **BETA},
    "split": {"into": "Alpha Vision", "share": 0.5, "safe": True, **TEAM},
    "transfer": {"from": ["Alpha Language"], "to": "Alpha Vision", "share": 0.5},
    "promise": {"share": 0.5, "kept": 1.0, **TEAM},
    # what can only happen or not
    "cancel": TEAM,
    "project": {"name": "New", "demand": 9.0, "months": 3, "visibility": 1.0, **TEAM},
    "release": {"visibility": 2.0, "quality": 0.5, **TEAM},
    "delay": {"months": 4, **TEAM},
    "merge": {"teams": ["Alpha Vision"], "into": "Alpha Language"},
    "leader_leaves": {"to": "left_field", **TEAM},
    "leader_appointed": {"origin": "Beta", **TEAM},
    "infra_leaders_leave": {"number": 2, **BETA},
}


def quiet(*planted: dict[str, Any]) -> Scenario:
    """`tiny` with no event but those planted in its second month."""
    dated = [{"id": f"Z{k}", "date": "2022-02", "type": "planted", "effects": [each]} for k, each in enumerate(planted)]
    return load("tiny").derive(events=dated, months=4)


def history(*planted: dict[str, Any]) -> str:
    return replay.replay(quiet(*planted), 4, 0).digest()


@pytest.mark.parametrize("kind", NOTHING)
def test_an_effect_of_zero_strength_changes_no_byte(kind: str) -> None:
    assert history({"kind": kind, **NOTHING[kind]}) == history()


@pytest.mark.parametrize("kind", SOMETHING)
def test_an_effect_changes_something(kind: str) -> None:
    assert history({"kind": kind, **SOMETHING[kind]}) != history()


def test_every_effect_is_declared_described_and_tested() -> None:
    """`open` needs a team that is not open yet, which the scenarios and the twin have."""
    assert effects.EFFECTS.keys() == EFFECTS.keys() == SOMETHING.keys() | {"open"}
    strengths = {"size", "share", "add", "h100e", "value"}
    assert {kind for kind, fields in EFFECTS.items() if strengths & fields.keys()} == NOTHING.keys()
    assert all(first_line(effect) for effect in effects.EFFECTS.values())


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_has_bounds_around_its_neutral_value_unit_and_meaning(name: str) -> None:
    lever = LEVERS[name]
    assert lever.shape in ("world", "employer", "team", "site")
    assert lever.low <= lever.neutral <= lever.high and lever.low < lever.high
    assert lever.unit and lever.meaning


# ---- metrics and outcomes --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return replay.run_to(replay.begin(load("tiny"), 2, 0), 8)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_measures_and_touches_nothing(name: str, world: World) -> None:
    known, before = METRICS[name], world.digest()
    value = np.asarray(known.measure(world), dtype=np.float64)
    assert world.digest() == before
    sizes = {"world": (), "employer": (world.n_employers,), "team": (world.n_teams,), "site": (len(world.sites.names),)}
    assert value.shape == sizes[known.entity] and np.isfinite(value).all()
    assert known.kind in ("stock", "flow", "share", "index")
    assert known.label and known.unit and first_line(known.measure)
    if known.kind == "share":
        assert (value >= 0).all() and (value <= 1 + 1e-12).all()


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate("tiny", 2)


SUBJECTS = {
    "": "",
    "employer": ":Alpha",
    "team": ":Alpha Language",
    "cohort": ":alpha-authors",
    "site": ":Paris",
    "pair": ":Alpha>Beta",
}
MAY_BE_OF_NOBODY = {"retention"}  # nobody hired so long ago: not a number


@pytest.mark.parametrize("name", outcomes.kinds())
def test_a_kind_of_outcome_measures_every_subject_that_it_takes(name: str, result: Result) -> None:
    known = outcomes.kinds()[name]
    assert known.unit and known.meaning and known.subjects and set(known.subjects) <= SUBJECTS.keys()
    for subject in known.subjects:
        whole = outcomes.read(f"{name}{SUBJECTS[subject]}", load("tiny"))
        part = outcomes.read(f"{name}{SUBJECTS[subject]}@2022-03..2022-05", load("tiny"))
        values = [whole.measure(result), part.measure(result)]
        assert name in MAY_BE_OF_NOBODY or np.isfinite(values).all()
