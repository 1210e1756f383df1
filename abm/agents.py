"""Mesa agents that are (model, row): their attributes read and write the columns, which are the only place of a value.

Every column of `abm/tables.py` is an attribute of its view; a few more are derived for people who use the agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from abm.columns import Column, Table
from abm.tables import EmployerKind, Employers, Researchers, Status


class _Cell:
    """Descriptor: one column, read and written at the view's row."""

    def __init__(self, table: str, name: str, declared: Column) -> None:
        self.table, self.name = table, name
        self.__doc__ = f"{declared.meaning} ({declared.unit})"

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is None:
            return self
        value = getattr(getattr(view.model.world, self.table), self.name)[view.row]
        return value.item() if np.ndim(value) == 0 else value

    def __set__(self, view: Any, value: Any) -> None:
        getattr(getattr(view.model.world, self.table), self.name)[view.row] = value


def _with_columns(table: str, columns: type[Table]) -> Any:
    """Class decorator: give a view one attribute per column, unless it defines a richer one of that name."""

    def add(view: type) -> type:
        for name, declared in columns.columns.items():
            if name not in vars(view):
                setattr(view, name, _Cell(table, name, declared))
        return view

    return add


class _View(mesa.Agent[Any]):
    """A row of a table, as a Mesa agent. Rows are permanent, so a view never dangles."""

    def __init__(self, model: Any, row: int) -> None:
        """Register a view of a row; nothing is copied."""
        super().__init__(model)
        self.row = row

    if TYPE_CHECKING:  # the columns are put on the classes at import

        def __getattr__(self, name: str) -> Any: ...


@_with_columns("researchers", Researchers)
class Researcher(_View):
    """A person in the market. Columns of `Researchers`, and what a reader wants beside them."""

    @property
    def name(self) -> str:
        """A number: simulated people are synthetic and have no names."""
        return f"Researcher {self.row}"

    @property
    def status_name(self) -> str:
        """Status in words: employed, on leave, searching, founding, left field, not entered."""
        return Status(self.status).name.lower().replace("_", " ")

    @property
    def employer(self) -> Lab | Startup | None:
        """View of the present employer."""
        team = self.team
        return None if team < 0 else self.model.employer(int(self.model.world.teams.employer[team]))

    @property
    def employer_name(self) -> str:
        """Name of the present employer; empty without one."""
        team, world = self.team, self.model.world
        return "" if team < 0 else str(world.employer_names[int(world.teams.employer[team])])

    @property
    def team_name(self) -> str:
        """Name of the present team; empty without one."""
        team = int(self.team)
        return "" if team < 0 else str(self.model.world.team_names[team])

    @property
    def site_name(self) -> str:
        """Where the person lives."""
        return str(self.model.world.sites.names[int(self.site)])

    @property
    def utility(self) -> float:
        """V of the present job as last appraised, utils; 0 before the first month."""
        decisions = self.model.world.decisions
        return 0.0 if decisions is None else float(decisions.present[self.row])

    @property
    def n_ties(self) -> int:
        """Number of ties."""
        start = self.model.world.ties.start
        return int(start[self.row + 1] - start[self.row])

    @property
    def collaborators(self) -> list[Researcher]:
        """Views of the people with whom there is a tie."""
        ties = self.model.world.ties
        rows = ties.neighbour[ties.start[self.row] : ties.start[self.row + 1]]
        return [view for view in map(self.model.researcher, rows.tolist()) if view is not None]


class _Employer(_View):
    """What labs and start-ups share."""

    @property
    def name(self) -> str:
        """Name of the employer."""
        return str(self.model.world.employer_names[self.row])

    @property
    def headcount(self) -> int:
        """People who work there now."""
        teams = self.model.world.teams
        return int(teams.n_members[teams.employer == self.row].sum())

    @property
    def pay(self) -> float:
        """Mean pay of the staff, kUSD a year; 0 without staff."""
        world = self.model.world
        pay = world.researchers.pay[world.employer_of() == self.row]
        return float(pay.mean()) if len(pay) else 0.0

    @property
    def staff(self) -> list[Researcher]:
        """Views of the people who work there."""
        rows = np.flatnonzero(self.model.world.employer_of() == self.row)
        return [view for view in map(self.model.researcher, rows.tolist()) if view is not None]

    @property
    def team_names(self) -> list[str]:
        """Names of the teams that are open."""
        world = self.model.world
        rows = np.flatnonzero((world.teams.employer == self.row) & world.teams.is_open)
        return [world.team_names[row] for row in rows.tolist()]


@_with_columns("employers", Employers)
class Lab(_Employer):
    """An established employer: company laboratory or university."""

    @property
    def is_university(self) -> bool:
        """Little compute, much openness; the outside option of industry."""
        return bool(self.kind == EmployerKind.UNIVERSITY)


@_with_columns("employers", Employers)
class Startup(_Employer):
    """An employer founded in the run. Appears when it is founded, goes when it is closed or bought."""
