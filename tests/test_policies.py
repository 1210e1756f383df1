"""The contract of every policy on disk: neutral, or before its date, it changes no byte."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytest import MonkeyPatch

from abm import policies
from abm.columns import digest
from abm.kernels.allocation import RULES
from abm.levers import LEVERS, Levers
from abm.model import TalentMarket
from abm.policies import KINDS, Knob, Knobs, Name
from abm.scenario import Scenario, load
from abm.scenario_policies import RESERVED_KNOBS

PLACES: policies.Places = {
    "employer": {"A": (0,), "B": (1,)},
    "team": {"A 1": (0,), "B 1": (2,)},
    "owner": {"A 1": (0,), "B 1": (1,)},
    "place": {"Here": (0,), "Land": (0, 1)},
    "rule": {rule: (code,) for code, rule in enumerate(RULES)},
}
DATA = Path(policies.__file__).parents[1] / "data"


@cache
def codes() -> set[str]:
    """What sources are cited by: figures, theories, mechanisms."""
    found = set()
    for name, key in (("figures", "figure"), ("theory", "theory"), ("mechanisms", "mechanism")):
        found |= {entry["id"] for entry in tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))[key]}
    return found


# ---- the file --------------------------------------------------------------------------------------------------------


def contract(name: str, module: Any) -> list[str]:
    """What is wrong with a policy; each line names the usual mistake."""
    wrong = []
    if not hasattr(module, "KNOBS") or not (hasattr(module, "move") or hasattr(module, "acts")):
        return [f"{name}: a policy has KNOBS and move(levers, knobs) or acts(knobs)"]
    if not (module.__doc__ or "").strip():
        wrong.append(f"{name}: say in the first line of the file what it does")
    if not isinstance(module.KNOBS.get("date"), Name) or module.KNOBS["date"].kind != "date":
        wrong.append(f"{name}: no knob date; every policy can begin later than the run")
    for knob, declared in module.KNOBS.items():
        wrong += [f"{name}.{knob}: {what}" for what in knob_contract(knob, declared)]
    return wrong or [*changes_nothing_when_neutral(name, module), *bounds_of_levers(name, module)]


def knob_contract(knob: str, declared: Any) -> list[str]:
    """What is wrong with one knob."""
    wrong = []
    if knob in RESERVED_KNOBS:
        wrong.append("a name that is taken")
    if isinstance(declared, Name):
        wrong += [] if declared.kind in KINDS and declared.empty else ["a known kind, and what it means when left out"]
    elif not isinstance(declared, Knob) or not declared.low <= declared.neutral <= declared.high:
        return [*wrong, "a Knob whose neutral value lies within its bounds"]
    elif not declared.low < declared.high or not declared.unit:
        wrong.append("bounds that leave a choice, and a unit")
    cited = re.findall(r"\b[DFMT]\d+b?\b", declared.source)
    if declared.source != "the scenario" and (not cited or set(cited) - codes()):
        wrong.append(f"a source with codes of abm/data, not {declared.source!r}")
    return wrong if declared.meaning else [*wrong, "a meaning"]


def settings_at(module: Any, end: str) -> dict[str, Any]:
    """All numbers at one end of their range; nothing named."""
    return {knob: getattr(known, end) for knob, known in module.KNOBS.items() if isinstance(known, Knob)}


def named(module: Any) -> dict[str, Any]:
    """A name for every knob that takes one."""
    first = {kind: next(iter(valid)) for kind, valid in PLACES.items()}
    return {k: first[known.kind] for k, known in module.KNOBS.items() if known.unit in KINDS.values() and k != "date"}


def moved(module: Any, settings: dict[str, Any]) -> tuple[bool, Levers]:
    """Whether it does anything with these settings, and the levers after it."""
    levers, knobs = Levers(4, 6, 2), Knobs(module.KNOBS, settings, PLACES)
    before = digest(levers.values.items())
    if hasattr(module, "move"):
        module.move(levers, knobs)
    acts = list(module.acts(knobs)) if hasattr(module, "acts") else []
    return digest(levers.values.items()) != before or bool(acts), levers


def changes_nothing_when_neutral(name: str, module: Any) -> list[str]:
    neutral = settings_at(module, "neutral")
    settings = [{}, neutral]
    if neutral:  # with numbers to say how much, names only say where
        settings.append({**neutral, **named(module)})
    return [f"{name}: does something at {one}, all neutral" for one in settings if moved(module, one)[0]]


def bounds_of_levers(name: str, module: Any) -> list[str]:
    wrong, does = [], False
    for settings in (settings_at(module, "low"), settings_at(module, "high")):
        for where in ({}, named(module)):
            has, levers = moved(module, {**settings, **where})
            does |= has
            for lever, values in levers.values.items():
                inside = (values >= LEVERS[lever].low) & (values <= LEVERS[lever].high)
                if not inside.all():
                    wrong.append(f"{name}: {lever} leaves its bounds at {settings}: the knob's range is cut off")
    return wrong if does else [*wrong, f"{name}: does nothing at any end of its knobs"]


@pytest.mark.parametrize("name", policies.names())
def test_a_policy_keeps_the_contract(name: str) -> None:
    assert contract(name, policies.load(name)) == []


def planted(neutral: float, factor: float = 1.0, low: float = 0.5, source: str = "T8") -> Any:
    def move(levers: Levers, knobs: Knobs) -> None:
        levers["market_pay"][:] *= factor * knobs["factor"]

    return SimpleNamespace(
        __doc__="Planted.",
        KNOBS={"factor": Knob(neutral, low, 2.0, "factor", "planted", source), "date": policies.DATE},
        move=move,
    )


def test_the_contract_notices_bad_policies() -> None:
    assert contract("good", planted(1.0)) == []
    assert "all neutral" in contract("bad", planted(1.0, factor=1.5))[0]
    assert "within its bounds" in contract("bad", planted(3.0))[0]
    assert "codes of abm/data" in contract("bad", planted(1.0, source="T99"))[0]
    assert "codes of abm/data" in contract("bad", planted(1.0, source="well known"))[0]
    assert "leaves its bounds" in contract("bad", planted(1.0, low=0.1))[0]
    assert "move(levers, knobs) or acts" in contract("bad", SimpleNamespace(__doc__="x", KNOBS={}))[0]
    assert "no knob date" in contract("bad", SimpleNamespace(__doc__="x", KNOBS={}, move=print))[0]
    idle = SimpleNamespace(__doc__="x", KNOBS={"date": policies.DATE}, move=lambda levers, knobs: None)
    assert "does nothing" in contract("idle", idle)[0]


# ---- in a world ------------------------------------------------------------------------------------------------------


@cache
def lawful() -> Scenario:
    """`tiny` where non-competes hold in both cities, with a closed room for a split, and no event of its own."""
    plain = load("tiny").to_dict()
    for site in plain["sites"]:
        site["non_compete"] = True
    for employer in plain["employers"]:
        employer["garden_leave"] = 4
    lively = {"switching_cost": 1.0, "personal_sd": 2.5}  # so that offers are taken within the year
    return load("tiny").derive(sites=plain["sites"], employers=plain["employers"], events=[], parameters=lively)


TEAMS = {"team": "Alpha Language", "into": "Alpha Vision"}


def strong(name: str, end: str) -> dict[str, Any]:
    """All knobs at one end of their range, from March on."""
    module = policies.load(name)
    teams = {knob: TEAMS[knob] for knob, known in module.KNOBS.items() if known.unit == KINDS["team"]}
    others = {"rule": "winner_takes_all", "origin": "Beta"}
    others = {knob: value for knob, value in others.items() if knob in module.KNOBS}
    return {**settings_at(module, end), **teams, **others, "date": "2022-03"}


@cache
def history(*policy: tuple[str, Any]) -> tuple[str, ...]:
    """What the people and the ledger of `lawful` are in every month, with a policy in force."""
    settings = [dict(policy)] if policy else []
    model = TalentMarket(lawful().derive(policies=settings), rng=4, collect=False)
    found = []
    while model.running:
        model.step()
        world = model.world
        state = [*world.researchers.arrays(), *world.employers.arrays(), *world.teams.arrays()]
        found.append(digest([*state, *world.ledger.arrays()]))
    return tuple(found)


@pytest.mark.parametrize("name", policies.names())
def test_a_neutral_policy_changes_no_byte(name: str) -> None:
    module = policies.load(name)
    assert history(("name", name)) == history()
    assert history(("name", name), *settings_at(module, "neutral").items(), ("date", "2022-03")) == history()


@pytest.mark.parametrize("name", policies.names())
def test_a_policy_changes_something_from_its_date_on_and_nothing_before(name: str) -> None:
    plain, ends = history(), [history(("name", name), *strong(name, end).items()) for end in ("low", "high")]
    assert all(end[:2] == plain[:2] for end in ends), "it acts before its date"
    assert any(end != plain for end in ends), "it does nothing at full strength"


def test_all_policies_together_at_zero_strength_change_no_byte_of_a_large_history() -> None:
    short = load("meta_fair").derive(months=9)
    every = [{"name": name} for name in policies.names()]
    digests = []
    for scenario in (short, short.derive(policies=every)):
        model = TalentMarket(scenario, rng=2, collect=False)
        while model.running:
            model.step()
        digests.append(model.world.digest())
    assert digests[0] == digests[1]


def test_a_policy_in_force_acts_every_month_on_a_fresh_copy(monkeypatch: MonkeyPatch) -> None:
    """A factor of 1.1 stays 1.1: it is not multiplied again each month."""
    name = policies.names()[0]
    scenario = load("tiny").derive(policies=[{"name": name}])
    monkeypatch.setattr(policies, "load", lambda _: planted(1.0, factor=1.1))
    model, plain = (TalentMarket(one, rng=4, collect=False) for one in (scenario, load("tiny")))
    for _ in range(6):
        model.step()
        plain.step()
        assert model.world.levers.world("market_pay") == pytest.approx(1.1 * plain.world.levers.world("market_pay"))
    assert model.world.digest() != plain.world.digest()


def test_two_rounds_of_a_policy_are_drawn_apart() -> None:
    rounds = [{"name": "layoffs", "share": 0.2, "date": date} for date in ("2022-03", "2022-03", "2022-06")]
    acts = [policy.act for policy in load("tiny").derive(policies=rounds).policies]
    assert [act.id for act in acts if act] == ["policy layoffs", "policy layoffs 2", "policy layoffs 3"]
    assert [act.date for act in acts if act] == ["2022-03", "2022-03", "2022-06"]


def test_what_a_policy_does_is_no_part_of_its_content() -> None:
    """The file and the hash hold the knobs; the effects follow from them."""
    scenario = load("tiny").with_settings({"policies.layoffs.share": 0.2, "policies.layoffs.employer": "Alpha"})
    assert scenario.to_dict()["policies"] == [{"name": "layoffs", "share": 0.2, "employer": "Alpha"}]
    again = load("tiny").derive(policies=scenario.to_dict()["policies"])
    assert again == scenario and again.content_hash() == scenario.content_hash()
    assert scenario.policies[0].act and scenario.policies[0].act.effects[0].get("employer") == "Alpha"


@pytest.mark.parametrize(
    ("name", "rows"),
    [("Paris", [0]), ("France", [0]), ("United States", [1]), ("", [0, 1])],
)
def test_a_place_is_a_site_or_a_country(name: str, rows: list[int]) -> None:
    scenario = load("tiny").derive(policies=[{"name": "seed_climate", "factor": 0.5, "place": name}])
    model = TalentMarket(scenario, rng=1, collect=False)
    model.step()
    assert np.flatnonzero(model.world.levers["seed_climate"] == 0.5).tolist() == rows
