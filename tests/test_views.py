"""What a viewer sees of a live market is what the world and its ledger hold, in words and rows that agree."""

from __future__ import annotations

import json
import re
import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import explain, files, metrics, policies, summary, views
from abm.employment import states
from abm.kernels.utility import TERMS
from abm.live import LiveMarket
from abm.run import Result, simulate
from abm.scenario import load
from abm.tables import CAUSE_NAMES, Cause, OfferState, Status
from abm.view_cards import CLOSEST
from abm.view_words import SHORT, employer_name, strongest
from tests import worlds

KINDS = {
    *("departure", "event", "release", "cancellation", "escalation", "founded", "bought", "failed"),
}


def run(live: LiveMarket, months: int) -> LiveMarket:
    for _ in range(months):
        live.step()
    return live


@cache
def meta() -> LiveMarket:
    """Fourteen months of the large market, with two pulls."""
    live = run(LiveMarket("meta_fair", 3), 10)
    live.pull("garden_leave", {"months": 3, "employer": "Meta"})
    live.step()
    live.pull("layoffs", {"share": 0.05, "employer": "Microsoft"})
    return run(live, 3)


@cache
def random_live(seed: int) -> LiveMarket:
    return run(LiveMarket(worlds.random_scenario(seed), seed), 18)


@cache
def result() -> Result:
    """The same history as `meta`, run from its export."""
    live = meta()
    found = simulate(live.export(), live.seed, live.replicate)
    assert found.digest == live.digest()
    return found


# ---- what stands still -----------------------------------------------------------------------------------------------


def test_static_says_what_there_is_and_leaves_out_what_is_not_there_yet() -> None:
    live = meta()
    found = views.static(live)
    json.dumps(found)  # plain, and no NaN
    established = len(live.scenario.employers)
    rows = [employer["row"] for employer in found["employers"]]
    founded = np.flatnonzero(live.world.employers.founded_month >= 0).tolist()
    assert founded and rows == [*range(established), *founded]
    assert all(employer["founded"] for employer in found["employers"][established:])
    known = set(rows)
    assert all(team["employer"] in known for team in found["teams"])
    assert sum(team["size"] for team in found["teams"]) == live.scenario.researchers
    assert sum(employer["researchers"] for employer in found["employers"]) == live.scenario.researchers
    assert len(views.static(LiveMarket("tiny"))["employers"]) == 3
    assert found["why"] == live.scenario.why != ""
    drawn = {event["id"]: event for event in found["events"]}
    for event, month in zip(live.scenario.events, result().event_months, strict=True):
        assert drawn[event.id]["month"] == month and drawn[event.id]["imposed"] == bool(event.effects)
        assert drawn[event.id]["date"] == live.scenario.date_of(month)
    assert [metric["name"] for metric in found["metrics"]] == list(metrics.METRICS)
    assert all(metric["label"] and metric["unit"] and metric["meaning"] for metric in found["metrics"])
    assert {row["name"]: row["members"] for row in found["cohorts"] if row["members"]}
    assert found["months"] == 42 and found["dates"][0] == "2022-01" and len(found["dates"]) == 42


# ---- where everybody is ----------------------------------------------------------------------------------------------


def test_positions_and_changes_add_up() -> None:
    live = LiveMarket("tiny", 4)
    places = views.positions(live)
    assert places.dtype == np.int16
    for _ in range(12):
        live.step()
        rows, now = views.changes(live, places)
        assert (places[rows] != now).all()
        places[rows] = now
        assert (places == views.positions(live)).all()
        world = live.world
        home = np.where(places >= 0, world.teams.employer[places], places)
        assert (home == states(world)).all()


def test_who_has_no_team_stands_at_the_status() -> None:
    live = random_live(0)
    places, status = views.positions(live), live.world.researchers.status
    assert ((places < 0) == (status != Status.EMPLOYED)).all()
    assert (-1 - places[places < 0] == status[places < 0]).all()
    assert views.static(live)["statuses"]["searching"] == -1 - Status.SEARCHING


# ---- a month ---------------------------------------------------------------------------------------------------------


def test_a_month_reports_what_the_series_hold() -> None:
    live = meta()
    for month in (0, live.month - 1):
        report = views.month_report(live, month)
        assert report["date"] == live.scenario.date_of(month)
        for name, known in metrics.METRICS.items():
            assert np.array_equal(report[known.entity][name], result().series[name][month])
        assert report["world"]["new_departures"] == sum(e["kind"] == "departure" for e in report["feed"])
        assert report["world"]["new_releases"] == sum(e["kind"] == "release" for e in report["feed"])
        assert report["world"]["new_startups"] == sum(e["kind"] == "founded" for e in report["feed"])
        assert report["world"]["new_offers"] == len(report["offers"]["team"])
        accepted = (report["offers"]["state"] == OfferState.ACCEPTED).sum()
        assert report["world"]["new_offers_accepted"] == accepted
        assert {len(report["offers"][name]) for name in ("researcher", "team", "state", "reach")} == {
            report["world"]["new_offers"]
        }


@pytest.mark.parametrize("month", [-1, 14, 99])
def test_a_month_that_was_not_run_is_refused_in_words(month: int) -> None:
    with pytest.raises(views.NotFoundError, match=r"0 to 13 have been run"):
        views.month_report(meta(), month)
    with pytest.raises(views.NotFoundError, match="none has been run yet"):
        views.month_report(LiveMarket("tiny"), 0)


def test_departures_are_told_with_rows_that_agree_with_the_ledger() -> None:
    live, left = meta(), result().departures
    told = [
        e for month in range(live.month) for e in views.month_report(live, month)["feed"] if e["kind"] == "departure"
    ]
    assert [e["departure"] for e in told] == list(range(len(left["month"])))
    for name in ("researcher", "from_team", "from_employer", "to_team", "to_employer", "voluntary", "referrer"):
        assert [e[name] for e in told] == left[name].tolist()
    assert [e["cause"] for e in told] == [CAUSE_NAMES[code] for code in left["cause"]]
    members = {cohort.name: set(cohort.members.tolist()) for cohort in live.world.cohorts}
    assert any(e["cohorts"] for e in told)
    for e in told:
        assert e["cohorts"] == [name for name, people in members.items() if e["researcher"] in people]
    caused = [(e["event"], int(left["event"][e["departure"]])) for e in told if e["event"]]
    assert caused and all(live.scenario.events[row].id == name for name, row in caused)


def test_sentences_are_plain_and_name_the_three_strongest_terms() -> None:
    live, left = meta(), result().departures
    term_words = r"[a-z ]+ [+-]\d+\.\d"
    shape = rf"Researcher \d+ (left|was laid off at|lost the job at) [^:]+(: {term_words}(, {term_words}){{0,2}})?"
    seen = set()
    for month in range(live.month):
        for e in views.month_report(live, month)["feed"]:
            if e["kind"] != "departure":
                continue
            assert re.fullmatch(shape, e["words"]), e["words"]
            seen.add(e["cause"])
            home = live.world.team_names[e["from_team"]]
            assert f" {home}" in e["words"]
            difference = left["terms_go"][e["departure"]] - left["terms_stay"][e["departure"]]
            for term, value in zip(TERMS, difference.tolist(), strict=True):
                if abs(value) == max(abs(difference)) and abs(value) >= 0.05:
                    assert f"{SHORT[term]} {value:+.1f}" in e["words"]
            if e["to_employer"] >= len(live.scenario.employers) and e["cause"] == "startup_job":
                assert " for a start-up" in e["words"]
    assert {"job", "left_field", "laid_off", "founded"} <= seen


def test_the_strongest_terms_are_said_from_gain_to_loss() -> None:
    difference = {"pay": -0.62, "compute": 0.9, "peers": 0.44, "culture": 0.3, "strain": 0.0}
    assert strongest(difference) == "compute +0.9, colleagues +0.4, pay -0.6"
    assert strongest({"pay": 0.04, "culture": -0.051}) == "culture -0.1"
    assert set(SHORT) == set(TERMS)


def test_every_kind_of_entry_happens_and_names_rows_that_exist() -> None:
    seen: dict[str, int] = {}
    for seed in range(6):
        live = random_live(seed)
        world = live.world
        for month in range(live.month):
            feed = views.month_report(live, month)["feed"]
            json.dumps(feed)
            for e in feed:
                seen[e["kind"]] = seen.get(e["kind"], 0) + 1
                assert e["words"]
                assert 0 <= e.get("team", 0) < world.n_teams and 0 <= e.get("employer", 0) < world.n_employers
        closed = world.employers.closed_month >= 0
        ended = [e for m in range(live.month) for e in views.feed(live, m) if e["kind"] in ("bought", "failed")]
        assert len(ended) == closed.sum()
        for e in ended:
            if e["kind"] == "bought":
                assert world.teams.employer[world.first_team_of(np.array([e["employer"]]))[0]] == e["to_employer"]
        asked = [e for e in views.feed(live, live.month - 1) if e["kind"] == "escalation"]
        assert len(asked) == (world.teams.escalated > 0).sum()
    assert set(seen) == KINDS, seen


def test_pulls_are_part_of_the_feed() -> None:
    live = meta()
    told = [e["words"] for month in range(live.month) for e in views.feed(live, month) if e["kind"] == "pull"]
    assert told == [pull.words for pull in live.log] and told


# ---- the why-card ----------------------------------------------------------------------------------------------------


def test_the_why_card_is_the_one_from_the_files(tmp_path: Path) -> None:
    live = meta()
    files.write_run(tmp_path, live.export(), live.seed, [result()])
    left = result().departures
    kinds = {int(code): np.flatnonzero(left["cause"] == code)[:4].tolist() for code in np.unique(left["cause"])}
    asked = sorted({number for numbers in kinds.values() for number in numbers} | {0, len(left["month"]) - 1})
    assert {Cause.JOB, Cause.LAID_OFF, Cause.FOUNDED} <= set(kinds) and len(asked) > 15
    for number in asked:
        (written,) = explain.why_card(tmp_path, departure=number)
        card = views.why(live, number)
        assert card == written
        assert explain.as_text(card) == explain.as_text(written)


@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_in_a_random_world(seed: int, tmp_path: Path) -> None:
    live = random_live(seed)
    found = simulate(live.export(), live.seed)
    files.write_run(tmp_path, live.export(), live.seed, [found])
    for number in range(0, len(found.departures["month"]), 3):
        assert [views.why(live, number)] == explain.why_card(tmp_path, departure=number)


# ---- cards -----------------------------------------------------------------------------------------------------------


def fact(card: dict[str, Any], name: str) -> float:
    (value,) = (item["value"] for item in card["facts"] if item["name"] == name)
    return float(value)


@pytest.mark.parametrize("seed", range(4))
def test_every_person_has_a_card_that_agrees_with_the_world(seed: int) -> None:
    live = random_live(seed)
    world = live.world
    people, ties = world.researchers, world.ties
    found = simulate(live.export(), live.seed)
    assert world.decisions is not None
    for row in range(world.n_researchers):
        card = views.person(live, row)
        json.dumps(card, allow_nan=False)
        assert all(item["unit"] and item["meaning"] for item in card["facts"])
        assert card["job"]["team"] == people.team[row] and fact(card, "pay") == people.pay[row]
        assert sum(card["utility"]["terms"].values()) == pytest.approx(float(world.decisions.terms[row].sum()))
        assert card["ties"]["count"] == ties.start[row + 1] - ties.start[row]
        strengths = [tie["strength"] for tie in card["ties"]["strongest"]]
        assert strengths == sorted(strengths, reverse=True) and len(strengths) == min(CLOSEST, card["ties"]["count"])
        assert [item["researcher"] for item in card["departures"]] == [row] * len(card["departures"])
        assert len(card["departures"]) == (found.departures["researcher"] == row).sum()
        history = card["history"]
        assert history[0]["from"] >= live.scenario.start
        assert history[-1]["to"] == "" and history[-1]["team"] == people.team[row]
        for one, other in pairwise(history):
            assert one["to"] == other["from"] > one["from"]
        last = live.scenario.date_of(live.month - 1)
        where = summary.whereabouts(live.scenario, found, row, live.month - 1)
        if history[-1]["employer"] >= 0 and history[0] is not history[-1]:
            expected = history[-1]["employer_name"]
            assert where == (expected if history[-1]["employer"] < len(live.scenario.employers) else "new start-up"), (
                last
            )


def test_offers_on_a_card_are_those_of_the_month_with_terms_that_add_up() -> None:
    live = meta()
    offers = live.world.offers
    assert offers is not None
    row = int(np.argmax(np.bincount(offers.researcher)))
    told = views.person(live, row)["offers"]
    assert len(told) == (offers.researcher == row).sum() > 1
    for offer in told:
        assert sum(offer["terms"].values()) == pytest.approx(offer["value"])
    assert [offer["value"] for offer in told] == sorted((offer["value"] for offer in told), reverse=True)


def test_every_team_and_employer_has_a_card() -> None:
    for live in (meta(), random_live(1), random_live(2)):
        world = live.world
        shown = views.static(live)
        for entry in shown["teams"]:
            card = views.team(live, entry["row"])
            json.dumps(card, allow_nan=False)
            assert card["members"] == np.flatnonzero(world.researchers.team == entry["row"]).tolist()
            assert card["series"]["team_size"][-1] == len(card["members"]) == fact(card, "n_members")
            assert len(card["departures"]) == sum(card["series"]["team_exits"])
            assert (card["project"] or {"state": "running"})["state"] == "running"
        for entry in shown["employers"]:
            card = views.employer(live, entry["row"])
            json.dumps(card, allow_nan=False)
            assert card["headcount"] == card["series"]["headcount"][-1]
            assert card["left"] == sum(card["series"]["departures"]) == sum(item["count"] for item in card["went_to"])
            assert card["came"] == sum(item["count"] for item in card["came_from"])
    card = views.employer(meta(), 0)
    assert [item["words"] for item in card["in_force"]] == ["garden leave of Meta, +3 months"]
    assert views.employer(meta(), 1)["in_force"] == []


def test_an_event_has_a_card_with_whom_it_cost() -> None:
    live = meta()
    card = views.event(live, "E31")
    assert card["happened"] and card["imposed"] and card["effects"][0]["kind"] == "layoff" and card["sources"]
    row = [event.id for event in live.scenario.events].index("E31")
    assert len(card["departures"]) == (result().departures["event"] == row).sum() > 0
    assert not views.event(live, "E76")["happened"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda live: views.person(live, -1), "expected a row from 0 to"),
        (lambda live: views.person(live, 10**6), "expected a row from 0 to"),
        (lambda live: views.team(live, 10**6), "expected a row from 0 to"),
        (lambda live: views.employer(live, -3), "expected a row from 0 to"),
        (lambda live: views.employer(live, int(_unfounded(live))), "nobody has founded"),
        (lambda live: views.team(live, int(live.world.first_team_of(_unfounded(live)))), "nobody has founded"),
        (lambda live: views.event(live, "E999"), "no such event"),
        (lambda live: views.why(live, 10**6), "expected a number from 0 to"),
        (lambda live: views.why(live, -1), "expected a number from 0 to"),
        (lambda live: views.why(LiveMarket("tiny"), 0), "nobody has left yet"),
    ],
)
def test_what_is_not_there_is_refused_in_words(ask: Any, said: str) -> None:
    with pytest.raises(views.NotFoundError, match=said):
        ask(meta())


def _unfounded(live: LiveMarket) -> Any:
    employers = live.world.employers
    return np.flatnonzero(live.world.is_startup() & (employers.founded_month < 0))[0]


# ---- ties and compute ------------------------------------------------------------------------------------------------


def test_ties_are_the_strongest_between_teams_and_some_others() -> None:
    live = meta()
    held, place = live.world.ties, views.positions(live)
    pairs, strength = views.ties(live, 1000)
    assert pairs.shape == (1000, 2) and pairs.dtype == np.int32 and (pairs[:, 0] < pairs[:, 1]).all()
    assert len({(a, b) for a, b in pairs.tolist()}) == 1000
    known = {(a, b): s for a, b, s in zip(held.owner.tolist(), held.neighbour.tolist(), held.strength, strict=True)}
    assert all(known[a, b] == pytest.approx(s) for (a, b), s in zip(pairs.tolist(), strength, strict=True))
    apart = place[pairs[:, 0]] != place[pairs[:, 1]]
    assert 750 <= apart.sum() < 1000
    gone = np.isin(place, [-1 - Status.NOT_ENTERED, -1 - Status.LEFT_FIELD])
    assert not gone[pairs].any()
    there = ~gone[held.owner] & ~gone[held.neighbour] & (held.owner < held.neighbour)
    across = np.sort(held.strength[there & (place[held.owner] != place[held.neighbour])])
    assert np.sort(strength[apart])[-100:] == pytest.approx(across[-100:])
    again = views.ties(live, 1000)
    assert (again[0] == pairs).all() and (again[1] == strength).all()
    whole, _ = views.ties(live, 10**7)
    assert len(whole) == there.sum()
    assert views.ties(live, 0)[0].shape == (0, 2)


def test_ties_between_employers_are_those_of_their_people() -> None:
    live = random_live(3)
    held, home = live.world.ties, live.world.employer_of()
    found = views.employer_ties(live)
    known: dict[tuple[int, int], float] = {}
    for a, b, strength in zip(held.owner.tolist(), held.neighbour.tolist(), held.strength.tolist(), strict=True):
        pair = (int(home[a]), int(home[b]))
        if a < b and min(pair) >= 0 and pair[0] != pair[1]:
            known[min(pair), max(pair)] = known.get((min(pair), max(pair)), 0.0) + strength
    told = zip(found["a"].tolist(), found["b"].tolist(), found["strength"].tolist(), strict=True)
    assert {(a, b): s for a, b, s in told} == pytest.approx(known) and len(known) > 5


def test_compute_adds_up_from_what_is_owned_to_what_teams_get() -> None:
    for live in (meta(), random_live(0), random_live(5)):
        found = views.compute(live)
        of, team = found["employer"], found["team"]
        open_labs = live.world.employers.is_open & (live.world.employers.kind != 1)
        left = of["owned"] - of["diverted"] - of["flagship"] + of["rented"]
        begun = (
            live.world.employers.founded_month < live.month - 1
        )  # who is founded at the end of a month has no pool yet
        same = open_labs & begun
        assert of["pool"][same] == pytest.approx((left * of["utilisation"])[same])
        assert (team["request"] >= team["need"] - 1e-9).all()
        assert len(of["rule"]) == live.world.n_employers
        members = live.world.teams.n_members
        assert (team["per_head"] * members)[members > 0] == pytest.approx(team["delivered"][members > 0])
    live = LiveMarket("tiny")
    live.pull("allocation_rule", {"rule": "winner_takes_all", "employer": "Alpha"})
    live.step()
    assert views.compute(live)["employer"]["rule"][:2] == ["winner_takes_all", load("tiny").employers[1].allocation]


def test_a_promise_shows() -> None:
    live = LiveMarket("tiny")
    live.pull("promise_compute", {"team": "Alpha Vision", "share": 0.4, "kept": 0.5})
    live.step()
    team = live.scenario.team_rows("Alpha Vision")[0]
    found = views.compute(live)["team"]
    assert (found["promise_share"][team], found["promise_kept"][team]) == (0.4, 0.5)


# ---- looking changes nothing, and is quick ---------------------------------------------------------------------------


def test_looking_changes_no_byte() -> None:
    live, plain = LiveMarket("tiny", 6), LiveMarket("tiny", 6)
    for month in range(12):
        before = views.positions(live)
        live.step()
        plain.step()
        views.static(live), views.changes(live, before), views.month_report(live, month)
        views.ties(live, 50), views.employer_ties(live), views.compute(live)
        for row in range(live.world.n_researchers):
            views.person(live, row)
        views.team(live, 0), views.employer(live, 0)
    assert live.digest() == plain.digest()


def test_a_month_of_five_thousand_is_told_in_a_few_milliseconds() -> None:
    """Measured at about 1.5; the bound leaves room for a busy machine."""
    live = run(LiveMarket("meta_fair", 1), 6)
    here = views.positions(live)
    live.step()
    took = []
    for _ in range(5):
        began = time.process_time()
        views.changes(live, here)
        views.month_report(live, live.month - 1)
        took.append(time.process_time() - began)
    assert min(took) < 0.015


def test_a_policy_without_an_employer_is_on_no_card_of_one() -> None:
    live = LiveMarket("tiny")
    live.pull("seed_climate", {"factor": 2.0})
    assert views.employer(live, 0)["in_force"] == []
    live.pull("hiring", {"factor": 0.5})
    assert [item["words"] for item in views.employer(live, 0)["in_force"]] == ["hiring everywhere, × 0.5"]
    assert "employer" in policies.load("hiring").KNOBS and employer_name(live.world, 0) == "Alpha"
