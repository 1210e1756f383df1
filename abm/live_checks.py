"""What may be asked of a live market, before the scenario's own checks judge the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from abm import policies
from abm.live_words import WHEN
from abm.policies import Knob
from abm.scenario import FrozenMap, Policy, Scenario, ScenarioError
from abm.scenario_policies import RESERVED_KNOBS
from abm.scenario_read import nearest, show

_TAKEN: Final = frozenset(WHEN) | RESERVED_KNOBS


class PullError(ScenarioError):
    """A pull that cannot be made; the text says why and what to do instead. Nothing was changed."""


def check_pull(policy: object, settings: object, date: str) -> None:
    """That there is such a policy, and that the caller leaves the calendar alone.

    Args:
        policy: name of a policy, or whatever came.
        settings: knobs by name, or whatever came.
        date: the present month.

    Raises:
        PullError: with what came and the fix.
    """
    if not isinstance(policy, str) or policy not in policies.names():
        fix = nearest(policy, policies.names())
        raise PullError(f"policy: came {show(policy)}; expected the name of a policy. Fix: {fix}")
    if not isinstance(settings, Mapping):
        raise PullError(f"{policy}: came {show(settings)}; expected knobs by name. Fix: give a table of knobs")
    for knob in sorted({str(key) for key in settings} & _TAKEN):
        fix = f"leave {knob} out: a pull is in force from the present month, {date}, until it is released"
        raise PullError(f"{policy}.{knob}: came {show(settings.get(knob))}; expected no such knob. Fix: {fix}")


def check_does_anything(policy: str, settings: Mapping[str, Any], scenario: Scenario) -> None:
    """That a policy does something: a layoff of nobody is no policy.

    Args:
        policy, settings: valid in the scenario.
        scenario: in which it is pulled.

    Raises:
        PullError: with what would do something.
    """
    if policies.does_anything(policy, settings, scenario.places):
        return
    named = [knob for knob, known in policies.knobs_of(policy).items() if isinstance(known, Knob)]
    named = named or [knob for knob, known in policies.knobs_of(policy).items() if knob not in _TAKEN]
    came = ", ".join(f"{knob} = {show(value)}" for knob, value in settings.items()) or "no settings"
    fix = f"move {' or '.join(named)} away from neutral, and name what it is about"
    raise PullError(f"{policy}: came {came}; expected settings with which it does something. Fix: {fix}")


def only_once(scenario: Scenario, policy: Policy, knob: str) -> bool:
    """Whether a knob is about what a policy does once: without it nothing is done once."""
    known = policies.knobs_of(policy.name)[knob]
    if not isinstance(known, Knob) or not list(policies.acts(policy.name, policy.settings, scenario.places)):
        return False
    return not list(policies.acts(policy.name, {**policy.settings, knob: known.neutral}, scenario.places))


def without_dates(settings: Mapping[str, Any]) -> FrozenMap:
    """The knobs of a policy that say how and where, not when."""
    return FrozenMap((knob, value) for knob, value in settings.items() if knob not in WHEN)
