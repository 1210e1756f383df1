"""What a dated event does: one function per kind of effect, found by name. Outcomes are never imposed, causes are.

To add a kind: write a function here, add it to `EFFECTS`, and declare its fields in `abm/scenario_effects.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from abm import employment
from abm.columns import Integers
from abm.levers import LEVERS
from abm.projects import cancel_projects, next_slots, publish, start_projects
from abm.streams import stable_row
from abm.tables import DIMENSIONS, SOURCE, Cause, ProjectState, Status
from abm.world import DatedEvent, Movement, World

Fields = Mapping[str, Any]


def team_rows(world: World, names: Any) -> Integers:
    """Rows of one team name or several; the base name of split teams means all of them."""
    listed = (names,) if isinstance(names, str) else tuple(names)
    return np.array(sorted({row for name in listed for row in world.scenario.team_rows(name)}), dtype=np.int64)


def employer_rows(world: World, names: Any) -> Integers:
    """Rows of one employer name or several."""
    listed = (names,) if isinstance(names, str) else tuple(names)
    return np.array([world.employer_names.index(name) for name in listed], dtype=np.int64)


def _teams_of(world: World, fields: Fields) -> Integers:
    """The teams that an effect with `teams` or `employers` is felt in."""
    if fields.get("teams"):
        return team_rows(world, fields["teams"])
    return np.flatnonzero(np.isin(world.teams.employer, employer_rows(world, fields["employers"])))


def _lever_rows(world: World, fields: Fields) -> Integers:
    """Positions in the lever's array."""
    if fields.get("employers"):
        return employer_rows(world, fields["employers"])
    if fields.get("teams"):
        return team_rows(world, fields["teams"])
    if fields.get("sites"):
        return np.array([world.sites.names.index(name) for name in fields["sites"]], dtype=np.int64)
    return np.array([0])


def lever(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Move a lever, for good or for some `months`."""
    until = world.month + fields["months"] if fields.get("months") else None
    world.movements.append(Movement(until, fields))
    _set_lever(world, fields["name"])


def expire(world: World) -> None:
    """Lever movements whose time is over are gone, as if they had not been; those that came after them stay."""
    over = [item for item in world.movements if item.until is not None and item.until <= world.month]
    world.movements = [item for item in world.movements if item.until is None or item.until > world.month]
    for name in dict.fromkeys(item.fields["name"] for item in over):
        _set_lever(world, name)


def _set_lever(world: World, name: str) -> None:
    """A lever is its neutral value and the movements in force, in the order in which they came."""
    array = world.base_levers[name]
    array[:] = LEVERS[name].neutral
    for fields in (item.fields for item in world.movements if item.fields["name"] == name):
        rows, value = _lever_rows(world, fields), fields["value"]
        if fields["op"] == "set":
            array[rows] = value
        elif fields["op"] == "multiply":
            array[rows] *= value
        else:
            array[rows] += value


def breach(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Members feel a breach of a source."""
    size = np.zeros(world.n_teams)
    size[_teams_of(world, fields)] = fields["size"]
    employment.feel(world, fields["source"], size)


def shock(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Members feel a shock that opens decisions and leaves no lasting breach."""
    people = world.researchers
    people.shock[np.isin(people.team, _teams_of(world, fields))] += fields["size"]


def culture(world: World, dated: DatedEvent, fields: Fields) -> None:
    """The culture point moves a share of the way towards given values."""
    for name, goal in fields["toward"].items():
        dimension = DIMENSIONS.index(name)
        if fields.get("employers"):
            rows = employer_rows(world, fields["employers"])
            point = world.employers.culture[rows, dimension]
            world.employers.culture[rows, dimension] = point + fields["share"] * (goal - point)
        else:
            rows = team_rows(world, fields["teams"])
            point = world.culture_of(rows)[:, dimension]
            world.teams.culture_offset[rows, dimension] += fields["share"] * (goal - point)


def prestige(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Prestige of an employer changes, never below zero."""
    rows = employer_rows(world, fields["employer"])
    world.employers.prestige[rows] = np.maximum(world.employers.prestige[rows] + fields["add"], 0.0)


def layoff(world: World, dated: DatedEvent, fields: Fields) -> None:
    """A share of the people of an employer (or of some of its teams) is laid off by lot; survivors feel it (M31)."""
    people = world.researchers
    rows = employer_rows(world, fields["employer"])
    every = np.flatnonzero(np.isin(world.teams.employer, rows))
    teams = team_rows(world, fields["teams"]) if fields.get("teams") else every
    staff = np.flatnonzero(np.isin(people.team, teams))
    luck = world.streams.uniform("event_people", world.month, staff, dated.key)
    number = int(np.rint(fields["share"] * len(staff)))
    chosen = np.sort(staff[np.argsort(luck, kind="stable")[:number]])
    size = np.zeros(world.n_teams)
    size[teams] = min(1.0, world.parameters.layoff_survivors * fields["share"])
    employment.lay_off(world, chosen, size, dated.row)


def cancel(world: World, dated: DatedEvent, fields: Fields) -> None:
    """The running project of a team is cancelled; its members feel it (M24, M25)."""
    cancel_projects(world, team_rows(world, fields["team"]))


def project(world: World, dated: DatedEvent, fields: Fields) -> None:
    """A team starts a named project, if it is there; the one that ran is merged into it."""
    rows = team_rows(world, fields["team"])
    rows = rows[world.teams.is_open[rows]]
    slots = next_slots(world, rows)
    rows, slots = rows[slots >= 0], slots[slots >= 0]
    running = world.teams.project[rows]
    running = running[running >= 0]
    world.projects.state[running] = ProjectState.MERGED
    world.projects.ended[running] = world.month
    world.projects.demand[slots] = fields["demand"] / max(len(rows), 1)
    world.projects.work[slots] = fields["months"]
    world.projects.visibility[slots] = fields["visibility"]
    world.projects.planned[slots] = world.month + fields["months"]
    world.projects.progress[slots] = 0.0
    for slot in slots.tolist():
        world.project_names[slot] = fields["name"]
    start_projects(world, rows, slots)


def release(world: World, dated: DatedEvent, fields: Fields) -> None:
    """The running project is released now, ready or not, with the reception that the record reports."""
    rows = team_rows(world, fields["team"])
    rows = rows[world.teams.project[rows] >= 0]
    running = world.teams.project[rows]
    world.projects.visibility[running] = fields["visibility"]
    world.projects.quality[running] = fields["quality"]
    publish(world, rows, running)


def delay(world: World, dated: DatedEvent, fields: Fields) -> None:
    """The planned release slips, and the work grows with it."""
    running = world.teams.project[team_rows(world, fields["team"])]
    running = running[running >= 0]
    world.projects.planned[running] += fields["months"]
    world.projects.work[running] += fields["months"]


def order(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Compute is ordered; it arrives after the lead time, later where sites must be converted (M11)."""
    rows = employer_rows(world, fields["employer"])
    late = np.rint(world.parameters.retrofit_delay * (1.0 - world.employers.gpu_ready[rows])).astype(np.int64)
    due = np.minimum(world.month + fields["lead_time"] + late, world.arrivals.shape[1] - 1)
    np.add.at(world.arrivals, (rows, due), fields["h100e"])


def chip(world: World, dated: DatedEvent, fields: Fields) -> None:
    """An in-house chip is bet on: it works with a chance, and gives compute after some months, or nothing (M12)."""
    works = world.streams.uniform("chip", 0, np.array([dated.row]))[0] < fields["chance"]
    rows = employer_rows(world, fields["employer"])
    due = min(world.month + fields["months"], world.arrivals.shape[1] - 1)
    world.arrivals[rows, due] += fields["h100e"] * works


def transfer(world: World, dated: DatedEvent, fields: Fields) -> None:
    """People move to another team of their employer, by lot; nobody leaves the company by it (M27)."""
    people = world.researchers
    goal = int(team_rows(world, fields["to"])[0])
    world.teams.is_open[goal] = True
    staff = np.flatnonzero(np.isin(people.team, team_rows(world, fields["from"])))
    luck = world.streams.uniform("event_people", world.month, staff, dated.key + 1000 * (goal + 1))
    number = fields["number"] if fields.get("number") is not None else int(np.rint(fields["share"] * len(staff)))
    chosen = np.sort(staff[np.argsort(luck, kind="stable")[:number]])
    _move(world, chosen, np.full(len(chosen), goal))


def _move(world: World, person: Integers, team: Integers) -> None:
    """Move people inside their employer; posts move with them, teams whose leader goes lose the leader."""
    old = world.researchers.team[person].astype(np.int64)
    np.subtract.at(world.teams.posts, old, 1.0)
    np.maximum(world.teams.posts, 0.0, out=world.teams.posts)
    employment.move_inside(world, person, team)
    np.maximum.at(world.teams.posts, team, world.teams.n_members[team].astype(np.float64))
    led = np.flatnonzero((world.teams.leader >= 0) & np.isin(world.teams.leader, person))
    led = led[world.researchers.team[world.teams.leader[led]] != led]
    employment.lose_leaders(world, led)


def merge(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Teams become one: members move, projects are merged, and those moved feel a reorganisation (M26)."""
    goal = int(team_rows(world, fields["into"])[0])
    rows = team_rows(world, fields["teams"])
    rows = rows[rows != goal]
    running = world.teams.project[rows]
    running = running[running >= 0]
    world.projects.state[running] = ProjectState.MERGED
    world.projects.ended[running] = world.month
    world.teams.project[rows] = -1
    size = np.zeros(world.n_teams)
    size[rows] = world.parameters.merge_breach
    size[goal] = world.parameters.merge_receiving * world.parameters.merge_breach
    world.teams.is_open[goal] = True
    posts = float(world.teams.posts[rows].sum())
    employment.feel(world, "reorganisation", size)
    world.teams.know_how[goal] *= 1.0 - world.parameters.merge_cohesion_loss
    world.teams.leader[rows] = -1  # one leader for all, and no breach for it beyond the reorganisation
    people = np.flatnonzero(np.isin(world.researchers.team, rows))
    _move(world, people, np.full(len(people), goal))
    world.teams.posts[rows] = 0.0
    world.teams.posts[goal] = max(world.teams.posts[goal], posts)
    late = np.isin(world.researchers.next_team, rows)
    world.researchers.next_team[late] = goal
    world.teams.is_open[rows] = False


def split(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Part of a team becomes a team of its own and needs less coordination; a shock if jobs are not safe (M30).

    The leader stays where the leader is: nobody loses one by a split.
    """
    people = world.researchers
    row, goal = int(team_rows(world, fields["team"])[0]), int(team_rows(world, fields["into"])[0])
    staff = np.flatnonzero(people.team == row)
    number = int(np.rint(fields["share"] * len(staff)))
    staff = staff[staff != world.teams.leader[row]]
    luck = world.streams.uniform("event_people", world.month, staff, dated.key + 1000 * (goal + 1))
    chosen = np.sort(staff[np.argsort(luck, kind="stable")[:number]])
    world.teams.is_open[goal] = True
    world.teams.know_how[goal] = world.teams.know_how[row]
    size = np.zeros(world.n_teams)
    size[row] = 0.0 if fields["safe"] else world.parameters.coordination_split * world.parameters.merge_breach
    employment.feel(world, "reorganisation", size)
    _move(world, chosen, np.full(len(chosen), goal))
    led = world.teams.leader[goal] < 0
    if led and len(chosen):
        world.teams.leader[goal] = chosen[np.argmax(people.reputation[chosen])]


def leader_leaves(world: World, dated: DatedEvent, fields: Fields) -> None:
    """The leader of a team leaves, for a named employer or the field: a cause, imposed by the record."""
    for row in team_rows(world, fields["team"]).tolist():
        leader = int(world.teams.leader[row])
        if leader < 0:
            continue
        person = np.array([leader])
        if fields["to"] == "left_field":
            employment.depart(world, person, Cause.IMPOSED, Status.LEFT_FIELD, event=dated.row)
            continue
        goal = _team_for(world, int(employer_rows(world, fields["to"])[0]), leader)
        pay = world.first_offer(person, goal)
        equity = world.employers.equity_ratio[world.teams.employer[goal]]
        employment.depart(
            world,
            person,
            Cause.IMPOSED,
            Status.ON_LEAVE,
            to_team=goal,
            pay_after=pay,
            equity_after=equity,
            leave_months=np.ones(1, dtype=np.int64),
            event=dated.row,
        )


def _team_for(world: World, employer: int, person: int) -> Integers:
    """The open team of an employer for a person: on topic first, then nearest, then the largest."""
    teams, people = world.teams, world.researchers
    rows = np.flatnonzero((teams.employer == employer) & teams.is_open)
    on_topic = teams.topic[rows] == people.specialty[person]
    near = world.sites.place[people.site[person], teams.site[rows]]
    return rows[np.lexsort((-teams.n_members[rows], -near, ~on_topic))][:1]


def leader_appointed(world: World, dated: DatedEvent, fields: Fields) -> None:
    """A vacant or held post of leader is filled; part of the leader-loss breach goes (M19: some trust is recovered).

    From inside: the member of highest reputation. From an employer: its person of highest reputation in the field.
    """
    people, teams = world.researchers, world.teams
    for row in team_rows(world, fields["team"]).tolist():
        if not teams.is_open[row]:
            continue
        crew = np.flatnonzero(people.team == row)
        if fields["origin"] != "inside":
            origin = int(employer_rows(world, fields["origin"])[0])
            staff = np.flatnonzero((world.employer_of() == origin) & (people.specialty == teams.topic[row]))
            if len(staff):
                chosen = staff[np.argmax(people.reputation[staff])][None]
                pay, equity = people.pay[chosen].copy(), world.employers.equity_ratio[teams.employer[[row]]]
                if int(teams.employer[row]) == origin:
                    moving = chosen[people.team[chosen] != row]
                    _move(world, moving, np.full(len(moving), row))
                else:
                    employment.depart(
                        world, chosen, Cause.IMPOSED, Status.ON_LEAVE, to_team=np.array([row]), event=dated.row
                    )
                    employment.begin(world, chosen, np.array([row]), pay, equity)
                crew = chosen
        if len(crew):
            teams.leader[row] = crew[np.argmax(people.reputation[crew])]
            recovered = world.parameters.trust_recovered
            if fields["origin"] == "inside":
                recovered *= world.parameters.trust_inside
            elif fields["boomerang"]:
                recovered = 1.0 - (1.0 - recovered) ** 2  # the lab knows who returns: a second step of the same size
            people.breach[people.team == row, SOURCE["leader_loss"]] *= 1.0 - recovered


def infra_leaders_leave(world: World, dated: DatedEvent, fields: Fields) -> None:
    """Infrastructure leaders leave: utilisation falls, and orders take longer (M16)."""
    rows = employer_rows(world, fields["employer"])
    lost = world.parameters.utilisation_loss * fields["number"]
    world.employers.utilisation[rows] = np.maximum(world.employers.utilisation[rows] - lost, 0.05)
    late = np.rint(world.parameters.lead_time_loss * fields["number"]).astype(np.int32)
    world.employers.lead_time[rows] = np.minimum(world.employers.lead_time[rows] + late, 60)


def promise(world: World, dated: DatedEvent, fields: Fields) -> None:
    """A team is promised a share of the pool, of which a part is kept."""
    rows = team_rows(world, fields["team"])
    world.teams.promise_share[rows] = fields["share"]
    world.teams.promise_kept[rows] = fields["kept"]


def open_team(world: World, dated: DatedEvent, fields: Fields) -> None:
    """A team that was planned opens now."""
    world.teams.is_open[team_rows(world, fields["team"])] = True


EFFECTS: dict[str, Callable[[World, DatedEvent, Fields], None]] = {
    "lever": lever,
    "breach": breach,
    "shock": shock,
    "culture": culture,
    "prestige": prestige,
    "layoff": layoff,
    "cancel": cancel,
    "project": project,
    "release": release,
    "delay": delay,
    "order": order,
    "chip": chip,
    "split": split,
    "transfer": transfer,
    "merge": merge,
    "leader_leaves": leader_leaves,
    "leader_appointed": leader_appointed,
    "infra_leaders_leave": infra_leaders_leave,
    "promise": promise,
    "open": open_team,
}


def apply(world: World, dated: DatedEvent) -> None:
    """All effects of one event, in the order written."""
    for effect in dated.event.effects:
        EFFECTS[effect.kind](world, dated, effect.fields)


def carry_out_policies(world: World) -> None:
    """What the policies in force do once, in the month of their dates."""
    for policy in world.scenario.policies:
        if policy.act is not None and world.scenario.month_of(policy.act.date) == world.month:
            apply(world, DatedEvent(-1, world.month, policy.act, stable_row(policy.act.id)))
