"""TalentMarket: the world with Mesa's clock, event scheduling, agents and data collection around it.

Runs never pay for agents: views are made when `model.agents` is first touched, and follow the columns from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import mesa
import numpy as np

from abm import graph, metrics, month
from abm.agents import Lab, Researcher, Startup
from abm.build import build
from abm.scenario import Scenario, load
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


class TalentMarket(mesa.Model):  # type: ignore[type-arg]  # generic over agents and Mesa's own scenario; ours is plain
    """The market for AI talent as a Mesa model; `step()` is a month.

    Args:
        scenario: name of a shipped scenario, path of a TOML file, or a `Scenario`.
        rng: seed, a non-negative integer; None draws one.
        collect: collect metrics and agents each month into `datacollector` (the agents are built for it).
        guard: refuse writes that a phase has not declared (for tests).
        settings: overrides as for `--set`, e.g. `h0=0.02` or `**{"employers.Meta.compute": 9000}`.

    Attributes:
        world: the state; `world.scenario` is the scenario.
        datacollector: Mesa's, with one model reporter per metric of the whole world.

    Raises:
        ScenarioError: the scenario or a setting is wrong.

    Example:
        >>> model = TalentMarket("tiny", rng=1)
        >>> model.step()
        >>> model.month
        1
    """

    def __init__(
        self,
        scenario: str | Scenario = "meta_fair",
        *,
        rng: int | None = None,
        collect: bool = True,
        guard: bool = False,
        **settings: Any,
    ) -> None:
        """Build month 0 and schedule the dated events."""
        self._views: dict[tuple[str, int], Any] | None = None
        super().__init__(rng=rng)
        seed = int(self.rng.integers(2**63)) if rng is None else int(rng)
        described = scenario if isinstance(scenario, Scenario) else load(scenario)
        if settings:
            described = described.with_settings(settings)
        self.guard, self.collect = guard, collect
        self.world = build(described, seed)
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
