"""TalentMarket: the world with Mesa's clock, event scheduling, agents and data collection around it.

Runs never pay for agents: views are made when `model.agents` is first touched, and follow the columns from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.experimental.scenarios import Scenario as MesaScenario

from abm import graph, metrics, month
from abm.agents import Lab, Researcher, Startup
from abm.build import build
from abm.scenario import Scenario, ScenarioError, load
from abm.streams import seed_of
from abm.tables import EmployerKind, Status
from abm.world import DatedEvent, World

AGENT_REPORTERS = {"name": "name", "pay": "pay"}
TYPE_REPORTERS = {
    Researcher: {"employer": "employer_name", "status": "status_name", "utility": "utility", "n_ties": "n_ties"},
    Lab: {"headcount": "headcount", "prestige": "prestige", "pool": "pool"},
    Startup: {"headcount": "headcount", "cash": "cash", "valuation": "valuation"},
}


class _Delivery:
    """Puts one dated event into the inbox of the month; Mesa keeps only weak references to what it calls."""

    def __init__(self, world: World, dated: DatedEvent) -> None:
        self.world, self.dated = world, dated

    def deliver(self) -> None:
        """Called by Mesa's event list."""
        self.world.inbox.append(self.dated)


def _latest(model: TalentMarket, metric: str) -> Any:
    """A model reporter for one metric of the whole world: the value recorded in the last month."""
    return model.world.ledger.series[metric][-1]


def _one_of(described: Any, given: Any) -> Scenario:
    """The scenario that was given by place or by keyword."""
    if described is not None and given is not None:
        raise ScenarioError(f"scenario: came {described!r} and {given!r}; expected one. Fix: leave one out")
    asked = "meta_fair" if described is None and given is None else given if described is None else described
    return asked if isinstance(asked, Scenario) else load(asked)


class TalentMarket(mesa.Model):  # type: ignore[type-arg]  # generic over agents and Mesa's own scenario; ours is plain
    """The market for AI talent as a Mesa model; `step()` is a month.

    Args:
        described: name of a shipped scenario, path of a TOML file, or a `Scenario`; "meta_fair" if there is none. May
            be given as `scenario` too, also as one of Mesa's: its parameter `scenario` is which one, the others are
            settings, its `rng` counts where none is given here.
        rng: seed, a non-negative integer; None draws one. NumPy's generators and seed sequences are taken as well
            (`abm.streams.seed_of`).
        collect: collect metrics and agents each month into `datacollector` (the agents are built for it).
        guard: refuse writes that a phase has not declared (for tests).
        settings: overrides as for `--set`, e.g. `h0=0.02` or `**{"employers.Meta.compute": 9000}`.

    Attributes:
        world: the state; `world.scenario` is the scenario.
        scenario: Mesa's; its parameter `scenario` is that of the world, so that a model made of it is the same again.
        datacollector: Mesa's, with one model reporter per metric of the whole world.

    Raises:
        ScenarioError: the scenario or a setting is wrong.
        ValueError: there is no seed in what came as `rng`.

    Example:
        >>> model = TalentMarket("tiny", rng=1)
        >>> model.step()
        >>> model.month
        1
    """

    def __init__(
        self,
        described: str | Path | Scenario | None = None,
        *,
        rng: Any = None,
        collect: bool = True,
        guard: bool = False,
        **settings: Any,
    ) -> None:
        """Build month 0 and schedule the dated events."""
        self._views: dict[tuple[str, int], Any] | None = None
        self._held: MesaScenario[Any] | None = None
        given = settings.pop("scenario", None)
        self._kind, self._named = MesaScenario, dict[str, Any]()
        if isinstance(given, MesaScenario):
            rng = getattr(given, "rng", None) if rng is None else rng
            self._kind, self._named = type(given), {name: value for name, value in given if name != "rng"}
            given = self._named.pop("scenario", None)
            settings = self._named | settings
        market = _one_of(described, given)
        if "seed" in settings:
            raise ScenarioError(f"seed: came {settings['seed']!r}; Mesa calls it rng. Fix: rng={settings['seed']!r}")
        if settings:
            market = market.with_settings(settings)
        seed = seed_of(rng)
        super().__init__(rng=seed)
        self.guard, self.collect = guard, collect
        self.world = build(market, seed)
        self._deliveries = [_Delivery(self.world, dated) for dated in self.world.events if dated.month >= 0]
        for delivery in self._deliveries:  # month m is stepped at Mesa's time m + 1; its events come just before
            self.schedule_event(delivery.deliver, at=delivery.dated.month + 0.5)
        world_metrics = [name for name, known in metrics.METRICS.items() if known.entity == "world"]
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_latest, metric=name) for name in world_metrics},
            agent_reporters=AGENT_REPORTERS if collect else None,
            agenttype_reporters=TYPE_REPORTERS if collect else None,
        )

    @property
    def scenario(self) -> Any:
        """Mesa's scenario of this model, made when somebody asks: `TalentMarket(scenario=model.scenario)` is its twin.

        A viewer that resets a model makes another one of `type(model.scenario)()`, so the class knows the market.
        """
        if self._held is None:
            market, kind = self.world.scenario, self._kind

            class Market(kind):  # type: ignore[misc, valid-type]
                """A market as one of Mesa's scenarios; its parameter `scenario` says which one."""

                scenario: Any = market

            self._held = Market(rng=self.world.streams.seed, **self._named)
        return self._held

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        """Mesa gives every model a plain one at first; ours takes its place."""

    @property
    def month(self) -> int:
        """Months that have been run."""
        return self.world.month

    def step(self) -> None:
        """Run one month; after the last month of the scenario the market is closed and nothing happens."""
        if self.world.month >= self.world.scenario.months:
            self.running = False
            return
        month.advance(self.world, guard=self.guard)
        if self._views is not None:
            self._follow()
        if self.collect:
            self.datacollector.collect(self)
        self.running = self.world.month < self.world.scenario.months

    # ---- views -------------------------------------------------------------------------------------------------

    @property  # type: ignore[misc]  # Mesa's setter only raises
    def agents(self) -> Any:
        """AgentSet of all researchers in the market, labs and start-ups alive; built on the first touch."""
        self._build_views()
        return self._all_agents

    @property
    def agents_by_type(self) -> Any:
        """AgentSets by class: Researcher, Lab, Startup."""
        self._build_views()
        return self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """Classes of the agents that there are."""
        return list(self.agents_by_type)

    def researcher(self, row: int) -> Researcher | None:
        """View of a row of `world.researchers`; None while the person is not in the market."""
        self._build_views()
        assert self._views is not None
        found: Researcher | None = self._views.get(("researcher", int(row)))
        return found

    def employer(self, row: int) -> Any:
        """View (Lab or Startup) of a row of `world.employers`; None while it does not exist."""
        self._build_views()
        assert self._views is not None
        return self._views.get(("employer", int(row)))

    def _build_views(self) -> None:
        if self._views is None and hasattr(self, "world"):
            self._views = {}
            self._follow()

    def _follow(self) -> None:
        """Make views of who has come, remove views of who has gone."""
        assert self._views is not None
        world, views = self.world, self._views
        status = world.researchers.status
        here = (status != Status.NOT_ENTERED) & (status != Status.LEFT_FIELD)
        alive = world.employers.is_open
        wanted = {("researcher", row) for row in np.flatnonzero(here).tolist()}
        wanted |= {("employer", row) for row in np.flatnonzero(alive).tolist()}
        for key in sorted(views.keys() - wanted):
            views.pop(key).remove()
        for kind, row in sorted(wanted - views.keys(), key=lambda key: (key[0] != "researcher", key[1])):
            if kind == "researcher":
                views[kind, row] = Researcher(self, row)
            else:
                startup = world.employers.kind[row] == EmployerKind.STARTUP
                views[kind, row] = Startup(self, row) if startup else Lab(self, row)

    def graph(self) -> Any:
        """The collaboration graph of the people in the market as a networkx graph, for export and metrics."""
        people, ties = self.world.researchers, self.world.ties
        attributes: Mapping[str, Any] = {
            "employer": [
                self.world.employer_names[row] if row >= 0 else "" for row in self.world.employer_of().tolist()
            ],
            "status": [Status(code).name.lower() for code in people.status.tolist()],
            "skill": people.skill.tolist(),
            "reputation": people.reputation.tolist(),
        }
        return graph.to_networkx(ties.start, ties.neighbour, ties.strength, ties.kind, attributes, ties.age)
