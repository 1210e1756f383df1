"""A market that is stepped month by month while somebody pulls levers; every pull is dated, logged and replayable.

    live = LiveMarket(load("tiny"), seed=1)
    live.step()
    live.pull("garden_leave", {"months": 6, "employer": "Alpha"})
    live.step()
    assert simulate(live.export(), 1).digest == live.digest()

A pull makes a derived scenario, in which a policy or the value of a parameter begins in the present month; the world
follows that scenario from then on. So what is exported is nothing but the scenario that was followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm import live_script, live_words, policies
from abm.live_checks import PullError, check_does_anything, check_pull, only_once, without_dates
from abm.live_log import InForce, Pull, State, logged
from abm.model import TalentMarket
from abm.run import replicate_seed
from abm.scenario import FrozenMap, Policy, Scenario, load
from abm.scenario_read import show
from abm.scenario_write import to_toml
from abm.world import World

__all__ = ["InForce", "LiveMarket", "Pull", "PullError"]


class LiveMarket:
    """One history that can be intervened in while it runs.

    Args:
        scenario: as it begins.
        seed, replicate: of the history; the same as `simulate(scenario, seed, replicate)` as long as nobody pulls.

    Attributes:
        model: the market; read it, and change it only by pulls.
        described: the scenario as given.
        seed, replicate: as given.
    """

    def __init__(self, scenario: Scenario | str, seed: int = 1, replicate: int = 0) -> None:
        """Build month 0."""
        self.described = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.seed, self.replicate = seed, replicate
        self.model = TalentMarket(self.described, rng=replicate_seed(seed, replicate), collect=False)
        given = range(1, len(self.described.policies) + 1)
        self._state = State(self.described, tuple(given), ())
        self._before: list[State] = []  # each pull since the last month

    # ---- where it is ---------------------------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """The state of the market."""
        return self.model.world

    @property
    def scenario(self) -> Scenario:
        """The scenario with the interventions so far."""
        return self._state.scenario

    @property
    def month(self) -> int:
        """Months that have been run; the number of the month that `step` runs next."""
        return self.model.month

    @property
    def months(self) -> int:
        """Months of the scenario."""
        return self.scenario.months

    @property
    def date(self) -> str:
        """The month that `step` runs next, and from which pulls are in force, as "YYYY-MM"."""
        return self.scenario.date_of(self.month)

    @property
    def is_over(self) -> bool:
        """Whether all months of the scenario have been run."""
        return self.month >= self.months

    def digest(self) -> str:
        """SHA-256 of the whole state and the ledger; that of `simulate(export(), seed, replicate)` on this machine."""
        return self.world.digest()

    def events_digest(self) -> str:
        """SHA-256 of what has happened; that of `simulate(export(), seed, replicate)` on any machine."""
        return self.world.events_digest()

    def step(self) -> None:
        """Run one month; nothing happens when the market is over."""
        if not self.is_over:
            self.model.step()
            self._before.clear()

    # ---- pulls ---------------------------------------------------------------------------------------------------

    @property
    def log(self) -> tuple[Pull, ...]:
        """Every pull so far, in the order in which they were made."""
        return self._state.log

    @property
    def in_force(self) -> list[InForce]:
        """The policies that move levers in the present month."""
        found = []
        for number, policy in zip(self._state.numbers, self.scenario.policies, strict=True):
            if policies.is_in_force(self.scenario, policy, self.month):
                settings = without_dates(policy.settings)
                words = live_words.policy_words(policy.name, settings)
                since, until = self._since(policy), str(policy.settings.get("until", ""))
                is_given = number <= len(self.described.policies)
                found.append(InForce(number, policy.name, settings, since, until, is_given, words))
        return found

    def pull(self, policy: str, settings: Mapping[str, Any] | None = None) -> Pull:
        """Put a policy in force from the present month on, or have it done in this month.

        Pulled again in the same month for the same place, it takes the place of the first pull.

        Args:
            policy: name of a policy.
            settings: its knobs; dates are not among them.

        Raises:
            ScenarioError: no such policy, knob or name, a value out of range, a date, settings with which the policy
                does nothing, or the market is over.
        """
        self._check_open()
        check_pull(policy, settings or {}, self.date)
        return self._put(policy, dict(settings or {}))

    def release(self, number: int) -> Pull:
        """End a policy from the present month on.

        Args:
            number: as `in_force` gives it.

        Raises:
            PullError: nothing of that number is in force.
        """
        row = self._row(number)
        policy = self.scenario.policies[row]
        settings = without_dates(policy.settings)
        listed, numbers = self._plain_policies(), self._state.numbers
        if self._since(policy) != self.date:
            listed[row]["until"] = self.date
        else:  # it has not begun
            del listed[row]
            numbers = numbers[:row] + numbers[row + 1 :]
        words = live_words.ends(policy.name, settings, self.date)
        made = self._made("release", policy.name, settings, words, ended=number)
        self._follow(self.scenario.derive(policies=listed), numbers, (*self.log, made))
        return made

    def change(self, number: int, settings: Mapping[str, Any]) -> Pull:
        """End a policy and put it in force anew with other settings, in one go.

        Knobs that are left out stay as they are; what the policy does once is done again only if asked for.

        Args:
            number: as `in_force` gives it.
            settings: the knobs that are to change.

        Raises:
            ScenarioError: nothing of that number is in force, or the settings are wrong.
        """
        row = self._row(number)
        policy = self.scenario.policies[row]
        check_pull(policy.name, settings, self.date)
        kept = dict(without_dates(policy.settings))
        if self._since(policy) != self.date:
            kept = {knob: value for knob, value in kept.items() if not only_once(self.scenario, policy, knob)}
        return self._change(number, {**kept, **settings})

    def set_parameter(self, name: str, value: float) -> Pull:
        """Give a parameter another value from the present month on; a second time in a month it replaces the first.

        Raises:
            ScenarioError: no such parameter, one that is read only when the world is built, or a value out of range.
        """
        self._check_open()
        before = self.world.parameters.as_dict().get(str(name), 0.0)  # the check below judges the name
        asked = {"parameter": name, "value": value, "date": self.date}
        listed = self.scenario.to_dict().get("interventions", [])
        again = [k for k, item in enumerate(listed) if (item["parameter"], item["date"]) == (name, self.date)]
        if again:
            listed[again[0]] = asked
        else:
            listed.append(asked)
        scenario = self.scenario.derive(interventions=listed)
        words = live_words.parameter_changes(name, before, float(value), self.date)
        made = self._made("parameter", name, FrozenMap({"value": float(value)}), words)
        log, made = logged(self.log, made, lambda pull: (pull.kind, pull.name) == ("parameter", name))
        self._follow(scenario, self._state.numbers, log)
        return made

    def undo_pull(self) -> None:
        """Take back the last pull, or the last replacement of one, if no month has been run since.

        Raises:
            PullError: there is none.
        """
        if not self._before:
            why = "a month has been run since the last pull; branch from before it" if self.log else "nothing is pulled"
            raise PullError(f"undo: came no pull to take back; expected one in {self.date}. Fix: {why}")
        self._state = self._before.pop()
        self.world.scenario = self._state.scenario

    # ---- what comes of it ----------------------------------------------------------------------------------------

    def export(self) -> Scenario:
        """The scenario of this history: as many months as have been run (at least 1), with all interventions."""
        return self.scenario.derive(months=max(self.month, 1), horizon=self.scenario.horizon)

    def export_toml(self) -> str:
        """`export` as a file for `talent run FILE --seed SEED --replicates 1`, with seed, digests and log on top."""
        lines = [*live_script.provenance(self.seed, self.replicate, self.month, self.digest(), self.events_digest())]
        return to_toml(self.export(), "\n".join([*lines, *(pull.words for pull in self.log)]))

    def export_script(self) -> str:
        """A short Python program that replays this history, checks its events and prints what it found.

        It needs the file of `export_toml` beside it, under the name of the scenario, unless the scenario is shipped.
        """
        checked = self.events_digest() if self.month else ""
        words = [pull.words for pull in self.log]
        return live_script.script(self.described, self.export(), self.seed, self.replicate, checked, words)

    def branch(self, month: int) -> LiveMarket:
        """Another history with the same seed, run to a month with the pulls before it; those from it on are dropped.

        Raises:
            PullError: the month has not been reached.
        """
        if not 0 <= month <= self.month:
            raise PullError(f"branch: came month {show(month)}; expected 0 to {self.month}. Fix: choose one of these")
        other = LiveMarket(self.described, self.seed, self.replicate)
        while other.month < month:
            for pull in (pull for pull in self.log if pull.month == other.month):
                other.again(pull)
            record = tuple(pull for pull in self.log if pull.month <= other.month)  # its words are those of the day
            other._state = State(other.scenario, other._state.numbers, record)
            other.step()
        return other

    def again(self, pull: Pull) -> None:
        """Make a pull of another history in the present month of this one."""
        if pull.kind == "policy":
            self._put(pull.name, dict(pull.settings))
        elif pull.kind == "release":
            self.release(pull.ended)
        elif pull.kind == "change":
            self._change(pull.ended, dict(pull.settings))
        else:
            self.set_parameter(pull.name, pull.settings["value"])

    # ---- how pulls are made --------------------------------------------------------------------------------------

    def _put(self, name: str, settings: dict[str, Any]) -> Pull:
        """Put a policy in force; over one that was pulled this month for the same place."""
        listed, numbers = self._plain_policies(), self._state.numbers
        dated = {"name": name, **settings, "date": self.date}
        fresh = {pull.policy for pull in self.log if pull.month == self.month and pull.policy}
        again = [
            row
            for row, policy in enumerate(self.scenario.policies)
            if numbers[row] in fresh and policy.name == name and self._since(policy) == self.date
            if live_words.place_of(name, policy.settings) == live_words.place_of(name, settings)
        ]
        if again:
            number = numbers[again[0]]
            listed[again[0]] = dated
        else:
            number = self._next_number()
            listed, numbers = [*listed, dated], (*numbers, number)
        scenario = self.scenario.derive(policies=listed)
        kept = without_dates(scenario.policies[numbers.index(number)].settings)
        check_does_anything(name, kept, scenario)
        made = self._made("policy", name, kept, live_words.begins(name, kept, self.date), policy=number)
        log, made = logged(self.log, made, lambda pull: pull.policy == number)
        self._follow(scenario, numbers, log)
        return made

    def _change(self, number: int, settings: dict[str, Any]) -> Pull:
        row = self._row(number)
        policy = self.scenario.policies[row]
        listed, numbers = self._plain_policies(), self._state.numbers
        dated = {"name": policy.name, **settings, "date": self.date}
        if self._since(policy) == self.date:
            listed[row], new = dated, number
        else:
            listed[row]["until"] = self.date
            new = self._next_number()
            listed, numbers = [*listed, dated], (*numbers, new)
        scenario = self.scenario.derive(policies=listed)
        kept = without_dates(scenario.policies[numbers.index(new)].settings)
        words = live_words.changes(policy.name, policy.settings, kept, self.date)
        made = self._made("change", policy.name, kept, words, policy=new, ended=number)
        self._follow(scenario, numbers, (*self.log, made))
        return made

    def _follow(self, scenario: Scenario, numbers: tuple[int, ...], log: tuple[Pull, ...]) -> None:
        """The world follows another scenario from the present month on."""
        self._before.append(self._state)
        self._state = State(scenario, numbers, log)
        self.world.scenario = scenario

    def _made(self, kind: str, name: str, settings: FrozenMap, words: str, *, policy: int = 0, ended: int = 0) -> Pull:
        number = self.log[-1].number + 1 if self.log else 1
        return Pull(number, self.month, self.date, kind, name, settings, words, policy, ended)

    # ---- what is asked and what there is -------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.is_over:
            last = self.scenario.date_of(self.months - 1)
            raise PullError(f"pull: came one after {last}, when the market is over. Fix: branch from an earlier month")

    def _row(self, number: object) -> int:
        """The place in the scenario of a policy that is in force."""
        self._check_open()
        for row, (known, policy) in enumerate(zip(self._state.numbers, self.scenario.policies, strict=True)):
            if known == number and policies.is_in_force(self.scenario, policy, self.month):
                return row
        numbers = [f"{each.number} ({each.words})" for each in self.in_force]
        fix = f"in force are {'; '.join(numbers)[:300]}" if numbers else "no policy is in force"
        raise PullError(f"policy number {show(number)}: came one that is not in force in {self.date}. Fix: {fix}")

    def _since(self, policy: Policy) -> str:
        return str(policy.settings.get("date", "")) or self.scenario.start

    def _next_number(self) -> int:
        return max(len(self.described.policies), *(pull.policy for pull in self.log), 0) + 1

    def _plain_policies(self) -> list[dict[str, Any]]:
        return [{"name": policy.name, **policy.settings} for policy in self.scenario.policies]
