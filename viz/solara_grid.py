"""Mesa's viewer with today's Solara: import this module, and the components of `SolaraViz` are seen.

Mesa puts its components into `solara.GridDraggable`. With ipyvue 3 (Vue 3) that shows nothing at all, since the library
that it loads from a network is one for Vue 2 (mesa/mesa, issue 3806). In its place comes a plain grid: the same
components in the same order and nothing loaded, but they cannot be dragged. With ipyvue 1 nothing is changed, and
once Solara has a grid for Vue 3 this module can go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara
from solara.util import IPYVUETIFY_V3

COLUMNS = "repeat(auto-fit, minmax(min(28rem, 100%), 1fr))"


@solara.component  # type: ignore[untyped-decorator]
def PlainGrid(
    items: Sequence[Any],
    grid_layout: Sequence[Any] = (),
    resizable: bool = False,
    draggable: bool = False,
    on_grid_layout: Callable[[Any], None] | None = None,
) -> None:
    """Components side by side as far as there is room; takes what `solara.GridDraggable` takes and drops the places."""
    solara.Div(children=list(items), style={"display": "grid", "grid-template-columns": COLUMNS, "gap": "10px"})


if IPYVUETIFY_V3:
    solara.GridDraggable = solara.GridLayout = PlainGrid
