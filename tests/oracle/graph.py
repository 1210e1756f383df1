"""Tie: the graph follows careers."""

from __future__ import annotations

from math import exp
from typing import Any

from abm.tables import TieKind
from tests.oracle.world import OracleWorld, Person, Tie


def tie(world: OracleWorld) -> None:
    """Who left is missed, by friends, by the team and by the public; then ties grow, fade, are forgotten, are made."""
    miss_leavers(world)
    lose_knowledge(world)
    be_seen(world)
    age(world)
    meet(world)


def miss_leavers(world: OracleWorld) -> None:
    """The share of one's ties that left one's employer this month."""
    for departure in departures(world):
        leaver = world.people[departure["researcher"]]
        for witness, bond in world.neighbours(leaver):
            if witness.employer and witness.employer.row == departure["from_employer"]:
                witness.leavers += bond.strength / world.tie_total(witness)


def departures(world: OracleWorld) -> list[dict[str, Any]]:
    """Of this month."""
    return [departure for departure in world.log["departures"] if departure["month"] == world.month]


def lose_knowledge(world: OracleWorld) -> None:
    """A team loses know-how by the share of its skill that has left: of those who went and those who are there."""
    slope = world.parameters.pay_skill_slope
    for team in world.teams:
        left = [world.people[d["researcher"]] for d in departures(world) if d["from_team"] == team.row]
        gone, there = (sum(exp(slope * person.skill) for person in people) for people in (left, world.members(team)))
        if left:
            team.know_how *= max(1 - world.parameters.knowledge_loss * gone / (gone + there), 0.0)


def be_seen(world: OracleWorld) -> None:
    """Who leaves of own accord is not noticed, until somebody prominent does: then it costs prestige."""
    for employer in world.employers:
        rows = [d for d in departures(world) if d["from_employer"] == employer.row and d["voluntary"]]
        if not rows:
            continue
        staff = sum(person.employer is employer for person in world.people)
        employer.unseen_exits += len(rows) / (staff + len(rows))
        if any(world.people[d["researcher"]].reputation >= world.parameters.prominence for d in rows):
            world.tally["news"] += 1
            employer.prestige *= 1 - min(world.parameters.exposure * employer.unseen_exits, 1.0)
            employer.unseen_exits = 0.0


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
