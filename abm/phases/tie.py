"""The graph follows careers: team mates gain ties, unused ties fade, leavers keep theirs and are missed."""

from __future__ import annotations

import numpy as np

from abm.columns import Integers
from abm.kernels import exposure
from abm.tables import TieKind, Ties
from abm.world import World

WRITES = ("ties", "researchers.leavers", "teams.know_how", "employers.prestige", "employers.unseen_exits")
PARAMETERS = (
    "knowledge_loss",
    "pay_skill_slope",
    "prominence",
    "exposure",
    "tie_gain",
    "tie_new",
    "tie_new_per_joiner",
    "tie_half_life",
    "alumni_half_life",
    "tie_floor",
)


def run(world: World) -> None:
    """Who left is felt over the ties of today; then ties grow, fade, are forgotten, and joiners make new ones."""
    _miss_leavers(world)
    _lose_knowledge(world)
    _be_seen(world)
    _age(world)
    _meet(world)


def _miss_leavers(world: World) -> None:
    """The share of tie strength that left one's employer this month (T13: turnover contagion)."""
    left = world.ledger.departures_of(world.month)
    if not left:
        return
    ties = world.ties
    world.researchers.leavers += exposure.felt_departures(
        ties.start,
        ties.neighbour,
        ties.strength,
        world.tie_totals(),
        np.concatenate([rows["researcher"] for rows in left]),
        np.concatenate([rows["from_employer"] for rows in left]),
        world.employer_of(),
    )


def _lose_knowledge(world: World) -> None:
    """What leavers knew goes with them: teams work worse by the share of skill that they lost (M45, T14)."""
    left = world.ledger.departures_of(world.month)
    if not left:
        return
    people, teams = world.researchers, world.teams
    person = np.concatenate([rows["researcher"] for rows in left])
    team = np.concatenate([rows["from_team"] for rows in left])
    slope = world.parameters.pay_skill_slope
    gone = np.bincount(team, np.exp(slope * people.skill[person]), minlength=world.n_teams)
    member = np.flatnonzero(people.team >= 0)
    kept = np.bincount(people.team[member], np.exp(slope * people.skill[member]), minlength=world.n_teams)
    share = np.divide(gone, gone + kept, out=np.zeros(world.n_teams), where=gone > 0)
    teams.know_how *= np.maximum(1.0 - world.parameters.knowledge_loss * share, 0.0)


def _be_seen(world: World) -> None:
    """Departures go unnoticed until somebody prominent leaves: then what was hidden costs prestige (M20)."""
    parameters, employers = world.parameters, world.employers
    left = world.ledger.departures_of(world.month)
    if not left:
        return
    person, home, willing = (
        np.concatenate([rows[name] for rows in left]) for name in ("researcher", "from_employer", "voluntary")
    )
    staff = np.bincount(world.teams.employer, world.teams.n_members, minlength=world.n_employers)
    gone = np.bincount(home[willing], minlength=world.n_employers)
    employers.unseen_exits += gone / np.maximum(staff + gone, 1)
    news = np.zeros(world.n_employers, dtype=bool)
    news[home[willing & (world.researchers.reputation[person] >= parameters.prominence)]] = True
    lost = np.where(news, parameters.exposure * employers.unseen_exits, 0.0)
    employers.prestige *= 1.0 - np.minimum(lost, 1.0)
    employers.unseen_exits[news] = 0.0


def _age(world: World) -> None:
    """Ties between team mates move towards 1, others fade; a tie to a former colleague fades most slowly."""
    parameters, ties = world.parameters, world.ties
    team, employer = world.researchers.team, world.employer_of()
    owner = ties.owner
    own_team = team[owner]
    mates = (team[ties.neighbour] == own_team) & (own_team >= 0)
    kind = ties.kind.copy()
    kind[mates] = TieKind.TEAM_MATE
    parted = np.flatnonzero((kind == TieKind.TEAM_MATE) & ~mates)
    theirs, own = employer[ties.neighbour[parted]], employer[owner[parted]]
    parted = parted[(theirs != own) | (own < 0)]
    kind[parted] = TieKind.ALUMNI
    stays = np.full(len(TieKind), 0.5 ** (1.0 / parameters.tie_half_life))
    stays[TieKind.ALUMNI] = 0.5 ** (1.0 / parameters.alumni_half_life)
    strength = ties.strength * stays[kind]
    growing = ties.strength[mates]
    strength[mates] = growing + parameters.tie_gain * (1.0 - growing)
    age = ties.age + np.int16(1)
    kept = strength >= parameters.tie_floor
    if kept.all():
        world.ties = Ties(ties.start, ties.neighbour, strength, kind, age)
        return
    start = np.concatenate([[0], np.cumsum(kept)])[ties.start]
    world.ties = Ties(start, ties.neighbour[kept], strength[kept], kind[kept], age[kept])


def _meet(world: World) -> None:
    """Who joined a team this month gets to know some of it."""
    parameters, people = world.parameters, world.researchers
    joined = np.unique(world.joined)
    joined = joined[people.team[joined] >= 0]
    slots = np.arange(int(parameters.tie_new_per_joiner))
    if len(joined) == 0 or len(slots) == 0:
        return
    member = np.flatnonzero(people.team >= 0)
    by_team = member[np.argsort(people.team[member], kind="stable")]
    sizes = world.teams.n_members
    first = np.cumsum(sizes) - sizes
    person = np.repeat(joined, len(slots))
    team = people.team[person]
    luck = world.streams.uniform("new_tie", world.month, person, np.tile(slots, len(joined)))
    mate = by_team[first[team] + (luck * sizes[team]).astype(np.int64)]
    add_ties(world, person[person != mate], mate[person != mate])


def add_ties(world: World, person: Integers, mate: Integers) -> None:
    """Insert new ties between pairs that have none; both directions, each row kept sorted."""
    ties, n = world.ties, world.n_researchers
    pair = np.unique(np.concatenate([person * n + mate, mate * n + person]))
    held = ties.owner.astype(np.int64) * n + ties.neighbour
    place = np.searchsorted(held, pair)
    known = place < len(held)
    known[known] = held[place[known]] == pair[known]
    pair, place = pair[~known], place[~known]
    if len(pair) == 0:
        return
    counts = np.diff(ties.start) + np.bincount(pair // n, minlength=n)
    world.ties = Ties(
        start=np.concatenate([[0], np.cumsum(counts)]),
        neighbour=np.insert(ties.neighbour, place, (pair % n).astype(np.int32)),
        strength=np.insert(ties.strength, place, world.parameters.tie_new),
        kind=np.insert(ties.kind, place, np.int8(TieKind.TEAM_MATE)),
        age=np.insert(ties.age, place, np.int16(0)),
    )
