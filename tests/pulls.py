"""Random pulls of levers at a live market, for tests: steps and pulls over all policies and parameters."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from abm import policies
from abm.live import LiveMarket
from abm.parameters import declared, read_by_the_month
from abm.policies import Knob
from abm.scenario import Scenario, ScenarioError

PARAMETERS = tuple(name for name in declared() if read_by_the_month(name))


def settings_of(scenario: Scenario, name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any valid setting of each knob of a policy, some left out."""
    knobs: dict[str, st.SearchStrategy[Any]] = {}
    for knob, known in policies.load(name).KNOBS.items():
        if isinstance(known, Knob):
            knobs[knob] = st.sampled_from([known.low, known.neutral, known.high, 0.5 * (known.low + known.high)])
        elif known.kind != "date":
            knobs[knob] = st.sampled_from(sorted(scenario.places[known.kind]))
    return st.fixed_dictionaries({}, optional=knobs)


def a_pull(scenario: Scenario) -> st.SearchStrategy[tuple[Any, ...]]:
    """One thing that somebody may do: what is done, and with what."""
    policy = st.sampled_from(policies.names()).flatmap(
        lambda name: st.tuples(st.just("pull"), st.just(name), settings_of(scenario, name))
    )
    parameter = st.sampled_from(PARAMETERS).flatmap(
        lambda name: st.tuples(
            st.just("parameter"), st.just(name), st.floats(declared()[name].low, declared()[name].high)
        )
    )
    number = st.integers(0, 9)
    return st.one_of(
        st.just(("step",)),
        st.just(("step",)),
        policy,
        policy,
        parameter,
        st.tuples(st.just("release"), number),
        st.tuples(st.just("change"), number, st.integers(0, 2)),
        st.just(("undo",)),
    )


def make(live: LiveMarket, what: tuple[Any, ...]) -> bool:
    """Do it; False if it was refused in words, and then nothing has changed."""
    before = (live.scenario, live.log, live.world.scenario)
    try:
        match what:
            case ("step",):
                live.step()
            case ("pull", name, settings):
                live.pull(name, settings)
            case ("parameter", name, value):
                live.set_parameter(name, value)
            case ("release", number):
                live.release(_one(live, number))
            case ("change", number, end):
                chosen = _one(live, number)
                name = next(each.name for each in live.in_force if each.number == chosen)
                knobs = {k: v for k, v in policies.load(name).KNOBS.items() if isinstance(v, Knob)}
                live.change(chosen, {k: (v.low, v.neutral, v.high)[end] for k, v in list(knobs.items())[:1]})
            case _:
                live.undo_pull()
    except ScenarioError as refused:
        assert "Fix: " in str(refused)
        assert (live.scenario, live.log, live.world.scenario) == before
        return False
    assert live.world.scenario is live.scenario
    return True


def _one(live: LiveMarket, number: int) -> int:
    """The number of one of the policies in force; of none if there is none."""
    there = live.in_force
    if not there:
        live.release(number=99)  # refused
    return there[number % len(there)].number
