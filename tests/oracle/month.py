"""The month of the slow twin: the twelve phases, in the order of `abm/month.py`."""

from __future__ import annotations

from abm import policies
from abm.parameters import Parameters
from abm.streams import stable_row
from abm.tables import DIMENSIONS, EmployerKind, Status
from abm.world import DatedEvent
from tests.oracle import effects, jobs
from tests.oracle.appraisal import appraise
from tests.oracle.founding import found
from tests.oracle.graph import tie
from tests.oracle.jobs import Hire
from tests.oracle.market import choose, clear, offer, recruit
from tests.oracle.resources import allocate, procure, produce
from tests.oracle.world import OracleWorld, Person


def events(world: OracleWorld) -> None:
    """Parameters change; stocks fade; openings, entries, first days; events fall due, policies act; levers are set."""
    for change in world.scenario.interventions:
        if world.scenario.month_of(change.date) == world.month:
            world.parameters = Parameters({**world.parameters.as_dict(), change.parameter: change.value})
    world.joined = []
    for person in world.people:
        fade(world, person)
    for team in world.teams:
        if team.opens == world.month:
            team.is_open = True
    entering = [p for p in world.people if p.entry_month == world.month and p.status == Status.NOT_ENTERED]
    jobs.set_free(world, entering, Status.SEARCHING)
    begin_agreed_jobs(world)
    for dated in sorted(world.events, key=lambda dated: dated.row):
        if dated.month == world.month:
            for effect in dated.event.effects:
                effects.EFFECTS[effect.kind](world, dated, effect.fields)
    for policy in world.scenario.policies:
        if policy.act and world.scenario.month_of(policy.act.date) == world.month:
            dated = DatedEvent(-1, world.month, policy.act, stable_row(policy.act.id))
            for effect in policy.act.effects:
                effects.EFFECTS[effect.kind](world, dated, effect.fields)
    effects.set_levers(world)
    policies.move_levers(world.scenario, world.base_levers, world.levers, world.month)
    narrow(world)


def fade(world: OracleWorld, person: Person) -> None:
    """Every stock has its half-life, and fades before this month adds to it."""
    parameters = world.parameters
    for source in person.breach:
        person.breach[source] *= 0.5 ** (1 / getattr(parameters, f"half_life_{source}"))
    person.strain *= 0.5 ** (1 / parameters.strain_half_life)
    person.shock *= 0.5 ** (1 / parameters.shock_half_life)
    person.leavers *= 0.5 ** (1 / parameters.leavers_half_life)
    person.changes *= 0.5 ** (1 / parameters.change_half_life)


def narrow(world: OracleWorld) -> None:
    """Where demand is above 1, competition takes from all laboratories a share of the autonomy above a floor."""
    pressure = world.parameters.narrowing * max(world.lever("demand") - 1, 0.0)
    d = DIMENSIONS.index("autonomy")
    for employer in world.employers:
        if employer.kind == EmployerKind.LAB:
            above = max(employer.culture[d] - world.parameters.narrowing_floor, 0.0)
            employer.culture[d] -= min(pressure, 1.0) * above


def begin_agreed_jobs(world: OracleWorld) -> None:
    """Leave runs off; who has none left begins, or searches where the team is no more."""
    ready = []
    for person in world.people:
        if person.status == Status.ON_LEAVE:
            person.leave_clock -= 1
            if person.leave_clock <= 0:
                ready.append(person)
    stranded = [p for p in ready if not (p.next_team and p.next_team.is_open)]
    jobs.set_free(world, stranded, Status.SEARCHING)
    jobs.begin(
        world,
        [Hire(p, p.next_team, p.next_pay, p.next_equity) for p in ready if p.next_team and p not in stranded],
    )


def record(world: OracleWorld) -> None:
    """The offers of the month are written down; departures and moves have been, as they happened."""
    for each in world.offers:
        world.log["offers"].append(
            {
                "month": world.month,
                "researcher": each.person.row,
                "team": each.team.row,
                "employer": each.team.employer.row,
                "reach": int(each.reach),
                "referrer": jobs.row(each.referrer),
                "score": each.score,
                "pay": each.pay,
                "ceiling": each.ceiling,
                "equity_ratio": each.equity_ratio,
                "state": int(each.state),
                "counter_pay": each.counter_pay,
                "terms": list(each.terms.values()),
                "value": each.value,
                "perceived": each.perceived,
            }
        )


MONTH = (events, procure, allocate, produce, appraise, recruit, offer, choose, clear, found, tie, record)


def step(world: OracleWorld) -> None:
    """Run one month."""
    for phase in MONTH:
        phase(world)
    world.month += 1
