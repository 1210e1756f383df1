"""What must hold at the end of every month, whatever happened in it: each identity has an id and a function.

Use: `before = snapshot(world); advance(world); found = violations(world, before)`. Nothing is changed, and nothing of
the phases is asked: stocks are rebuilt from the ledger, sums are taken again from the rows of people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from abm import identity_market as market
from abm import identity_numbers as numbers
from abm import identity_people as people
from abm import identity_teams as teams
from abm.identity_month import Before, Month, states
from abm.world import World

IDENTITIES: tuple[tuple[str, str, Callable[[Month], Iterator[str]]], ...] = (
    ("I01", "partition", people.partition),
    ("I02", "head counts", people.head_counts),
    ("I03", "transitions", people.transitions),
    ("I04", "event sourcing", people.event_sourcing),
    ("I05", "flows", people.flows),
    ("I06", "departures", people.departures),
    ("I07", "compute", market.compute),
    ("I08", "outcomes of offers", market.outcomes_of_offers),
    ("I09", "accepted offers", market.accepted_offers),
    ("I10", "counter-offers", market.counter_offers),
    ("I11", "finite", numbers.finite),
    ("I12", "non-negative", numbers.non_negative),
    ("I13", "pay", market.pay),
    ("I14", "ties", numbers.ties_are_pairs),
    ("I15", "clocks", people.clocks),
    ("I16", "start-ups", market.start_ups),
    ("I17", "leaders", people.leaders),
    ("I18", "projects", market.projects_of_teams),
    ("I19", "escalations", teams.escalations),
    ("I20", "rivals", teams.rivals),
    ("I21", "products", teams.products),
    ("I22", "capital", teams.capital),
)


def snapshot(world: World) -> Before:
    """Copy what the identities compare the end of the month with. Costs a few small copies."""
    return Before(
        month=world.month,
        state=states(world),
        team=world.researchers.team.copy(),
        status=world.researchers.status.copy(),
        employer_open=world.employers.is_open.copy(),
        rented=world.employers.rented.copy(),
        owner=world.teams.employer.copy(),
        n_moves=len(world.ledger.moves),
        n_departures=len(world.ledger.departures),
    )


def violations(world: World, before: Before) -> list[str]:
    """Every identity that the month has broken, as "id title: what, where"; empty when all hold.

    Args:
        world: after the month, which `month.advance` has counted.
        before: `snapshot` of the same world just before that month.
    """
    month = Month(world, before)
    return [f"{number} {title}: {text}" for number, title, check in IDENTITIES for text in check(month)]
