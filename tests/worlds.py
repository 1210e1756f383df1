"""Worlds for tests: small ones made by hand, with answers worked out in comments, and random ones.

All are scenarios (`abm.scenario.from_dict`); `abm.build.build(scenario, seed)` makes the world of month 0.
"""

from __future__ import annotations

import random
from typing import Any

from abm import parameters
from abm.levers import LEVERS
from abm.scenario import Scenario, from_dict
from abm.scenario_effects import BREACH_SOURCES
from abm.tables import DIMENSIONS, RULES

MIDDLE = dict.fromkeys(DIMENSIONS, 0.5)


# ---- made by hand --------------------------------------------------------------------------------------------------


def two_rooms(rule: str = "equal_per_head", events: tuple[dict[str, Any], ...] = (), **settings: float) -> Scenario:
    """One laboratory, two rooms of two people on the same topic, and a clock that only the events disturb.

    Compute: 80 H100e owned, half of it at work (utilisation 0.5, which no staff improves), a quarter of it diverted to
    products: the pool is 80 x 3/4 x 1/2 = 30. Nothing is ordered (growth 1, so ln 1 = 0).

    Each room runs a project that asks for 20 beside the needs n of its two people, so it asks for 20 + n with n > 0.
    "Rich" has twice the priority of "Poor"; both releases are as far off.

        equal_per_head, max_min_fair   15 and 15     7.5 a head
        committee                      weights 2 (20 + n_rich) and 20 + n_poor; nobody above the request
        winner_takes_all               20 + n_rich, and what is left of 30

    People: nobody calls, nobody applies (no post is ever open: head count is planned as it is and nobody leaves), no
    decision opens by itself (h0, h_shock, h_gap, h_ties, h_offer are 0), nobody can found. So nobody ever leaves,
    whatever is felt.
    """
    room = {"site": "Here", "share": 0.5, "topic": "vision", "project": {"name": "", "demand": 20.0, "months": 48}}
    quiet = dict.fromkeys(
        ("h0", "h_shock", "h_gap", "h_ties", "h_offer", "utilisation_gain", "escalation_capacity"), 0.0
    )
    return from_dict(
        {
            "name": "two-rooms",
            "title": "Two rooms of one laboratory",
            "start": "2022-01",
            "months": 12,
            "topics": ["vision"],
            "sites": [{"name": "Here", "country": "One", "utc_offset": 0.0}],
            "employers": [
                {
                    "name": "Lab",
                    "hq": "Here",
                    "researchers": 4,
                    "compute": 80.0,
                    "utilisation": 0.5,
                    "product_share": 0.25,
                    "allocation": rule,
                    "culture": MIDDLE,
                    "teams": [
                        {**room, "name": "Rich", "priority": 2.0, "project": {**room["project"], "name": "Big"}},
                        {**room, "name": "Poor", "priority": 1.0, "project": {**room["project"], "name": "Small"}},
                    ],
                }
            ],
            "events": [
                {"id": f"H{k}", "date": "2022-03", "type": "made by hand", "effects": [effect]}
                for k, effect in enumerate(events)
            ],
            "parameters": {**quiet, **settings},
        }
    )


def job_fair(rho: float) -> Scenario:
    """Two laboratories of thirty with ties; one of them has thirty open posts and calls ten times for each.

    Of its 300 calls a month a share rho goes over a tie of a member to a neighbour (everybody has ties), the rest to
    somebody visible.
    """
    lab = {"hq": "Here", "researchers": 30, "compute": 100.0, "culture": MIDDLE, "pay_level": 0.5, "pay_ceiling": 3.0}
    team = {"site": "Here", "share": 1.0, "topic": "vision"}
    return from_dict(
        {
            "name": "job-fair",
            "title": "One employer calls, one is called",
            "start": "2022-01",
            "months": 3,
            "topics": ["vision"],
            "sites": [{"name": "Here", "country": "One", "utc_offset": 0.0}],
            "employers": [
                {
                    **lab,
                    "name": "Calls",
                    "recruiter_contacts": 10.0,
                    "teams": [{**team, "name": "Hiring", "posts": 60}],
                },
                {**lab, "name": "Called", "recruiter_contacts": 0.0, "teams": [{**team, "name": "Sitting"}]},
            ],
            "parameters": {"referral_share": rho},
        }
    )


# ---- made by lot ---------------------------------------------------------------------------------------------------

SITES = (
    {"name": "Anta", "country": "One", "utc_offset": -8.0, "notice_months": 0, "non_compete": False},
    {"name": "Bero", "country": "Two", "utc_offset": 1.0, "notice_months": 2, "non_compete": True},
    {"name": "Ciro", "country": "Two", "utc_offset": 0.0, "notice_months": 1, "non_compete": False},
)
TOPICS = ("language", "vision", "infrastructure")
POLICIES: dict[str, dict[str, Any]] = {
    "allocation_rule": {"rule": "max_min_fair", "date": "2022-05"},
    "appoint_leader": {"team": "Bee Core", "origin": "Ada Lab", "date": "2022-06"},
    "ban_non_competes": {"strength": 0.6, "place": "Two", "date": "2022-08"},
    "buy_compute": {"factor": 1.7, "h100e": 40.0, "lead_time": 3, "employer": "Cue Lab"},
    "cancel_project": {"team": "Dot Pair", "date": "2022-04"},
    "garden_leave": {"months": 2.0},
    "hiring": {"factor": 1.6},
    "layoffs": {"share": 0.2, "date": "2022-11"},
    "match_offers": {"factor": 1.5},
    "merge_teams": {"team": "Elm Sister", "into": "Elm Core", "date": "2022-07"},
    "pay_band": {"level": 1.2, "ceiling": 1.3, "employer": "Dot Lab"},
    "product_share": {"added": 0.2, "date": "2022-03"},
    "promise_compute": {"share": 0.4, "kept": 0.3, "team": "Bee Sister"},
    "public_compute": {"per_head": 3.0, "date": "2022-02"},
    "publish_openly": {"openness": -0.3, "date": "2022-09"},
    "recruiting": {"factor": 1.5, "pitch": 0.5},
    "retention_bonus": {"months": 6.0, "employer": "Elm Lab"},
    "seed_climate": {"factor": 1.4, "place": "Anta"},
    "split_team": {"team": "Cue Core", "into": "Cue Later", "share": 0.5, "date": "2022-11"},
    "vesting": {"length": 0.5, "cliff": 0.25, "date": "2022-04"},
    "working_hours": {"factor": 0.5, "employer": "Ada Lab", "date": "2022-05"},
}
LIVELY = {
    "found_rate": 0.05,
    "founding_months": 1.0,
    "funding_median": 1000.0,  # small rounds, soon spent: start-ups fail or are bought within the run
    "runway_target": 6.0,
    "acquisition_share": 0.5,
    "h0": 0.08,
    "h_offer": 0.3,
    "leave_field_value": -1.0,
    "retention_attention": 20.0,  # laboratories of ten: two talks a month
    "compute_price": 100.0,  # what is ordered beyond the plan is dear: people are laid off for it
    "rivalry_size": 0.3,
    "hop_rate": 0.1,
    "cancel_rate": 0.3,
    "prominence": 1.0,
}


def random_scenario(seed: int, n: int = 60, months: int = 18) -> Scenario:
    """A valid scenario of about `n` researchers in which everything can happen; the same for the same seed.

    Six employers with the six allocation rules, in three cities with different laws and clocks; one university; split
    teams, teams that open later and teams that only an event opens; every kind of event at least once; entrants,
    potential founders, garden leave; a quarter of all parameters anywhere in their declared range (ends included), and
    a fifth of the policies in force.
    """
    dice = random.Random(seed)
    names = ["Ada Lab", "Bee Lab", "Cue Lab", "Dot Lab", "Elm Lab", "Fig University"]
    sizes = _shares_of(n, [dice.uniform(1, 3) for _ in names])
    rules = dice.sample(RULES, len(RULES))
    employers = [_employer(dice, name, size, rule) for name, size, rule in zip(names, sizes, rules, strict=True)]
    chosen = sorted(POLICIES)[seed % 6 :: 5] if seed % 6 < 5 else []
    return from_dict(
        {
            "name": f"random-{seed}",
            "title": f"Random world {seed}",
            "start": "2022-01",
            "months": months,
            "topics": list(TOPICS),
            "entrants_per_year": float(dice.randint(0, 12)),
            "potential_founders": dice.uniform(0.2, 0.8),
            "sites": [{**site, "seed_climate": dice.random()} for site in SITES],
            "employers": employers,
            "cohorts": [_cohort(employers[0])],
            "events": _events(dice, employers, months, seed),
            "parameters": _parameters(dice),
            "policies": [{"name": name, **POLICIES[name]} for name in chosen],
        }
    )


def _shares_of(n: int, weights: list[float]) -> list[int]:
    """About n, at least 6 each."""
    return [max(6, round(n * weight / sum(weights))) for weight in weights]


def _employer(dice: random.Random, name: str, size: int, rule: str) -> dict[str, Any]:
    """Two teams on one topic, one of infrastructure, one split in two, one that opens later, one by an event."""
    first = name.split(maxsplit=1)[0]
    pay_level = dice.uniform(0.5, 1.2)
    topic = dice.choice(TOPICS[:2])

    def team(title: str, share: float, **more: Any) -> dict[str, Any]:
        return {
            "name": f"{first} {title}",
            "site": dice.choice(SITES)["name"],
            "share": share,
            "topic": topic,
            "priority": dice.choice([0.5, 1.0, 1.0, 3.0]),
            "remote": dice.random(),
            "culture": {dimension: dice.uniform(-0.4, 0.4) for dimension in dice.sample(DIMENSIONS, 2)},
            **more,
        }

    project = {"name": f"{first} model", "demand": dice.uniform(0, 60), "months": dice.randint(2, 9)}
    teams = [
        team("Core", 0.4, project=project),
        team("Sister", 0.2, **dice.choice([{}, {"posts": size}])),
        team("Systems", 0.1, topic="infrastructure", posts=dice.randint(1, 4)),
        team("Pair", 0.3, topic=dice.choice(TOPICS[:2]), count=2),
        team("Later", 0.0, opens=f"2022-{dice.randint(2, 9):02d}", posts=dice.randint(1, 4)),
        team("Unit", 0.0, opens="event", posts=dice.randint(1, 4)),
    ]
    return {
        "name": name,
        "kind": "university" if "University" in name else "lab",
        "hq": dice.choice(SITES)["name"],
        "researchers": size,
        "compute": dice.choice([0.0, 5.0, 40.0, 400.0]),
        "compute_growth": dice.choice([0.8, 1.0, 2.0]),
        "lead_time": dice.randint(0, 6),
        "gpu_ready": dice.random(),
        "utilisation": dice.uniform(0.2, 0.8),
        "product_share": dice.choice([0.0, 0.3]),
        "pay_level": pay_level,
        "pay_ceiling": pay_level * dice.uniform(1.0, 2.0),
        "equity_ratio": dice.choice([0.0, 0.5]),
        "prestige": dice.uniform(0, 3),
        "growth": dice.choice([0.7, 1.0, 1.5, 2.5]),
        "recruiter_contacts": dice.uniform(0.5, 6),
        "counter_offer": dice.random(),
        "allocation": rule,
        "garden_leave": dice.choice([0, 3]),
        "culture": {dimension: dice.random() for dimension in DIMENSIONS},
        "teams": teams,
    }


def _cohort(employer: dict[str, Any]) -> dict[str, Any]:
    core = employer["teams"][0]["name"]
    return {"name": "authors", "employer": employer["name"], "size": 2, "fixed": "2022-03", "members": {core: 2}}


def _parameters(dice: random.Random) -> dict[str, float]:
    """Lively, and a quarter of them anywhere in their range.

    Without any bargaining power the winner's offer is worth exactly what the second-best is: which of the two counts as
    the best is then decided by rounding, so the lowest value is kept out.
    """
    drawn = {
        name: dice.choice([known.low, known.high, *(dice.uniform(known.low, known.high) for _ in range(3))])
        for name, known in sorted(parameters.declared().items())
        if dice.random() < 0.25
    }
    drawn["bargaining_power"] = max(drawn.get("bargaining_power", 0.3), 0.05)
    return {**drawn, **LIVELY} if dice.random() < 0.7 else {**LIVELY, **drawn}


def _events(dice: random.Random, employers: list[dict[str, Any]], months: int, seed: int) -> list[dict[str, Any]]:
    """Every kind of effect two or three times, at any month; some at a month that is only known within bounds."""
    effects = [make(dice, employers) for make in _EFFECTS for _ in range(dice.randint(2, 3))]
    effects += [_lever(dice, employers, 12 * seed + k) for k in range(12)]
    dice.shuffle(effects)
    found = []
    for k, effect in enumerate(effects):
        later = any("Later" in str(value) for value in effect.values())  # a team that opens in the first year's autumn
        month = dice.randrange(10 if later else 0, months)
        last = min(month + dice.randint(0, 2), months - 1)
        found.append(
            {
                "id": f"R{k:02d}",
                "date": _date(month),
                "between": [_date(month), _date(last)],
                "type": "made by lot",
                "effects": [effect],
            }
        )
    return found


def _date(month: int) -> str:
    return f"{2022 + month // 12}-{month % 12 + 1:02d}"


def _one(dice: random.Random, employers: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """An employer, and the names of its single teams (not split), in any order."""
    employer = dice.choice(employers)
    titles = [team["name"] for team in employer["teams"] if team.get("count", 1) == 1]
    first = employer["name"].split()[0]
    return employer["name"], dice.sample([*titles, f"{first} Pair 1", f"{first} Pair 2"], len(titles) + 2)


def _where(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    """Felt at one or two employers, or in one or two teams."""
    name, teams = _one(dice, employers)
    return dice.choice([{"employers": [name]}, {"employers": sorted({name, "Bee Lab"})}, {"teams": teams[:2]}])


_LEVERS = (
    *(("demand", "multiply", 1.8), ("market_pay", "multiply", 1.2), ("need", "add", 0.5), ("hiring", "set", 0.0)),
    *(("pay_level", "multiply", 1.1), ("pay_ceiling", "multiply", 1.5), ("equity", "set", 2.0)),
    *(("product_share", "add", 0.2), ("utilisation", "add", -0.1), ("compute_orders", "set", 4.0)),
    *(("flagship", "set", 0.6), ("flagship", "add", 0.3)),
    *(("public_compute", "set", 2.0), ("allocation", "set", 4.0), ("garden_leave", "add", 2.0)),
    *(("counter_offer", "multiply", 0.0), ("recruiting", "multiply", 2.0), ("pitch", "set", 0.8)),
    *(("retention_bonus", "add", 6.0), ("vesting", "set", 0.5), ("cliff", "multiply", 0.25)),
    *(("openness", "add", -0.4), ("remote_hours", "set", 0.3), ("priority", "multiply", 3.0)),
    *(("posts", "multiply", 1.6), ("seed_climate", "multiply", 2.0), ("non_compete", "set", 0.5)),
)


def _lever(dice: random.Random, employers: list[dict[str, Any]], number: int) -> dict[str, Any]:
    """One lever after another, for good or for some months."""
    name, teams = _one(dice, employers)
    lever, op, value = _LEVERS[number % len(_LEVERS)]
    place = {
        "world": {},
        "employer": {"employers": [name if lever != "public_compute" else "Fig University"]},
        "team": {"teams": teams[:2]},
        "site": {"sites": [dice.choice(SITES)["name"]]},
    }[LEVERS[lever].shape]
    return {"kind": "lever", "name": lever, "op": op, "value": value, "months": dice.choice([0, 0, 3, 5]), **place}


def _breach(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "breach", "source": dice.choice(BREACH_SOURCES), "size": 1.5, **_where(dice, employers)}


def _shock(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "shock", "size": 2.0, **_where(dice, employers)}


def _culture(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    toward = {dimension: dice.random() for dimension in dice.sample(DIMENSIONS, 3)}
    return {"kind": "culture", "toward": toward, "share": dice.random(), **_where(dice, employers)}


def _prestige(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "prestige", "employer": _one(dice, employers)[0], "add": dice.choice([-5.0, 0.7])}


def _layoff(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    name, teams = _one(dice, employers)
    return {"kind": "layoff", "employer": name, "share": 0.3, **dice.choice([{}, {"teams": teams[:2]}])}


def _cancel(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    first = _one(dice, employers)[0].split()[0]
    return {"kind": "cancel", "team": dice.choice([f"{first} Core", f"{first} Pair"])}


def _project(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    team = _one(dice, employers)[1][0]
    return {"kind": "project", "team": team, "name": "New", "demand": 30.0, "months": 5, "visibility": 1.5}


def _release(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    team = _one(dice, employers)[1][0]
    return {"kind": "release", "team": team, "visibility": 2.0, "quality": dice.uniform(-1, 1)}


def _delay(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "delay", "team": _one(dice, employers)[1][0], "months": 3}


def _order(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "order", "employer": _one(dice, employers)[0], "h100e": 50.0, "lead_time": dice.randint(0, 4)}


def _chip(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    months, chance = dice.randint(0, 4), dice.choice([0.0, 0.5, 1.0])
    return {"kind": "chip", "employer": _one(dice, employers)[0], "h100e": 40.0, "months": months, "chance": chance}


def _split(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    first = _one(dice, employers)[0].split()[0]
    origin, goal = dice.choice(["Core", "Sister", "Pair 1"]), dice.choice(["Unit", "Unit", "Pair 2", "Systems"])
    how = {"share": dice.choice([0.0, 0.4, 1.0]), "safe": dice.random() < 0.5}
    return {"kind": "split", "team": f"{first} {origin}", "into": f"{first} {goal}", **how}


def _transfer(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    _, teams = _one(dice, employers)
    how_many = dice.choice([{"share": 0.5}, {"number": 2}, {"number": 0}])
    return {"kind": "transfer", "from": teams[:2], "to": teams[2], **how_many}


def _merge(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    _, teams = _one(dice, employers)
    return {"kind": "merge", "teams": teams[: dice.randint(1, 2)], "into": teams[dice.choice([0, 2])]}


def _leader_leaves(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    to = dice.choice(["left_field", _one(dice, employers)[0], _one(dice, employers)[0]])
    return {"kind": "leader_leaves", "team": _one(dice, employers)[1][0], "to": to}


def _leader_appointed(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    name, teams = _one(dice, employers)
    origin = dice.choice(["inside", name, _one(dice, employers)[0]])
    return {"kind": "leader_appointed", "team": teams[0], "origin": origin, "boomerang": dice.random() < 0.5}


def _infra_leaders_leave(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "infra_leaders_leave", "employer": _one(dice, employers)[0], "number": dice.randint(1, 20)}


def _promise(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    team = _one(dice, employers)[1][0]
    return {"kind": "promise", "team": team, "share": dice.uniform(0.1, 1), "kept": dice.choice([0.0, 0.5, 1.0])}


def _open(dice: random.Random, employers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "open", "team": dice.choice(employers)["teams"][dice.choice([-1, -1, -2])]["name"]}


_EFFECTS = (
    *(_breach, _shock, _culture, _prestige, _layoff, _cancel, _project, _release, _delay, _order, _chip, _split),
    *(_transfer, _merge, _leader_leaves, _leader_appointed, _infra_leaders_leave, _promise, _open),
)
