"""Tie: the graph follows careers."""

from __future__ import annotations

from abm.tables import TieKind
from tests.oracle.world import OracleWorld, Person, Tie


def tie(world: OracleWorld) -> None:
    """Who left is missed over the ties of today; then ties grow, fade, are forgotten; joiners make new ones."""
    miss_leavers(world)
    age(world)
    meet(world)


def miss_leavers(world: OracleWorld) -> None:
    """The share of one's ties that left one's employer this month."""
    for departure in world.log["departures"]:
        if departure["month"] != world.month:
            continue
        leaver = world.people[departure["researcher"]]
        for witness, bond in world.neighbours(leaver):
            if witness.employer and witness.employer.row == departure["from_employer"]:
                witness.leavers += bond.strength / world.tie_total(witness)


def age(world: OracleWorld) -> None:
    """Team mates come closer; others drift apart, former colleagues most slowly; the weakest ties are forgotten."""
    parameters = world.parameters
    for person in world.people:
        for other, bond in world.neighbours(person):
            if other.row < person.row:
                continue  # every tie once
            if person.team and person.team is other.team:
                bond.kind = TieKind.TEAM_MATE
                bond.strength += parameters.tie_gain * (1 - bond.strength)
            else:
                parted = person.employer is None or person.employer is not other.employer
                if bond.kind == TieKind.TEAM_MATE and parted:
                    bond.kind = TieKind.ALUMNI
                alumni = bond.kind == TieKind.ALUMNI
                bond.strength *= 0.5 ** (1 / (parameters.alumni_half_life if alumni else parameters.tie_half_life))
            bond.age += 1
            if bond.strength < parameters.tie_floor:
                del world.ties[person][other], world.ties[other][person]


def meet(world: OracleWorld) -> None:
    """Who began a job this month gets to know some of the team, by lot."""
    for person in sorted(set(world.joined), key=lambda p: p.row):
        if not person.team:
            continue
        members = world.members(person.team)
        for slot in range(int(world.parameters.tie_new_per_joiner)):
            luck = world.luck.uniform("new_tie", world.month, person.row, slot)
            introduce(world, person, members[int(luck * len(members))])


def introduce(world: OracleWorld, person: Person, mate: Person) -> None:
    """A tie between two who have none."""
    if person is not mate and mate not in world.ties[person]:
        bond = Tie(world.parameters.tie_new, TieKind.TEAM_MATE, 0)
        world.ties[person][mate] = world.ties[mate][person] = bond
