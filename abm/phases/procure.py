"""Compute that was ordered arrives; the pool open to research is what is owned, works, and is not diverted."""

from __future__ import annotations

import numpy as np

from abm.columns import Floats
from abm.tables import EmployerKind
from abm.world import World

WRITES = (
    "employers.owned",
    "employers.gpu_ready",
    "employers.utilisation",
    "employers.pool",
    "employers.planned_order",
    "employers.ordered",
    "employers.capability",
    "arrivals",
)
PARAMETERS = (
    "retrofit_rate",
    "retrofit_delay",
    "utilisation_gain",
    "utilisation_best",
    "cost_aversion",
    "arms_race",
    "capability_half_life",
)


def run(world: World) -> None:
    """Deliveries, conversion of sites, upkeep of utilisation, new orders, the effective pool (M07 to M09, M11, M16)."""
    parameters, employers, teams, levers = world.parameters, world.employers, world.teams, world.levers
    employers.gpu_ready += parameters.retrofit_rate * (1.0 - employers.gpu_ready)

    staffed = np.bincount(teams.employer, teams.n_members * teams.is_infrastructure, minlength=world.n_employers)
    planned = np.bincount(teams.employer, teams.posts * teams.is_infrastructure, minlength=world.n_employers)
    staffing = np.divide(staffed, planned, out=np.ones(world.n_employers), where=planned > 0)
    room = np.maximum(parameters.utilisation_best - employers.utilisation, 0.0)
    employers.utilisation += parameters.utilisation_gain * np.minimum(staffing, 1.0) * room

    late = np.rint(parameters.retrofit_delay * (1.0 - employers.gpu_ready)).astype(np.int64)
    lag = employers.lead_time + late
    planned = employers.owned * np.exp(employers.growth_compute * lag)  # the stock when the order will arrive
    employers.capability *= 0.5 ** (1.0 / parameters.capability_half_life)
    growing = np.where(world.is_startup(), 0.0, np.expm1(employers.growth_compute))
    employers.planned_order[:] = np.maximum(growing * planned, 0.0)
    wanted = levers["compute_orders"] * appetite(world) * (1.0 - levers["flagship"])
    employers.ordered[:] = employers.planned_order * wanted
    due = np.minimum(world.month + lag, world.arrivals.shape[1] - 1)
    world.arrivals[np.arange(world.n_employers), due] += employers.ordered
    employers.owned += world.arrivals[:, world.month]

    working = np.clip(employers.utilisation + levers["utilisation"], 0.0, 1.0)
    diverted = np.clip(employers.product_share + levers["product_share"] + levers["flagship"], 0.0, 1.0)
    employers.pool[:] = np.where(
        employers.is_open, (employers.owned * (1.0 - diverted) + employers.rented) * working, 0.0
    )
    heads = np.bincount(teams.employer, teams.n_members, minlength=world.n_employers)
    employers.pool += np.where(employers.kind == EmployerKind.UNIVERSITY, levers["public_compute"] * heads, 0.0)


def appetite(world: World) -> Floats:
    """(E,) factor on planned orders: thrift while level (M13), a race while behind (M14); 1 for universities."""
    behind = world.lag()
    wanted = 1.0 - world.parameters.cost_aversion * (1.0 - behind) + world.parameters.arms_race * behind
    return np.where(world.employers.kind == EmployerKind.LAB, wanted, 1.0)
