"""Colours of the app: right in every month, the same for the same thing on every page, dark enough to be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser import PATIENCE, Watched

pytestmark = pytest.mark.browser
Open = Callable[..., Watched]

WRONGLY_PAINTED = """month => {
    const { network, market } = window.talent;
    const { place } = market.at(month);
    let [looked, wrong] = [0, 0];
    place.forEach((spot, person) => {
        if (spot < 0) return;
        looked += 1;
        wrong += network.class[person] !== market.colourOf(market.employerOf(spot));
    });
    return [looked, wrong, network.month];
}"""
COHORTS_PAINTED = """() => {
    const { network, market } = window.talent;
    const members = new Set(market.cohorts.slice(0, 6).flatMap(cohort => cohort.members));
    const painted = [...network.class.keys()].filter(person => network.class[person] !== 7);
    return [members.size, painted.length, painted.filter(person => !members.has(person)).length];
}"""


def test_where_people_are_is_right_in_every_month(open_app: Open) -> None:
    """The colour "where people are", chosen before the first month, follows everybody, forwards and backwards."""
    app = open_app("")
    app.page.locator("#colour-by").select_option("now")
    for month in (0, 6, 15):
        if month:
            app.run_to(month)
        looked, wrong, shown = app.page.evaluate(WRONGLY_PAINTED, month)
        assert looked > 4_000 and shown == month
        assert wrong == 0, f"{wrong} of {looked} people have the colour of another employer in month {month}"
    for month in (9, 0, 12):
        app.page.evaluate("month => window.talent.transport.scrub(month)", month)
        looked, wrong, shown = app.page.evaluate(WRONGLY_PAINTED, month)
        assert looked > 4_000 and (wrong, shown) == (0, month)


def test_cohorts_are_seen_once_they_are_fixed(open_app: Open) -> None:
    """The colour "cohorts", chosen before anybody belongs to one, shows every member later, in all months."""
    app = open_app("scenario=tiny")
    app.page.locator("#colour-by").select_option("cohort")
    assert app.page.evaluate(COHORTS_PAINTED)[1] == 0, "nobody is a member yet"
    app.run_to(12)
    members, painted, strangers = app.page.evaluate(COHORTS_PAINTED)
    assert members > 0 and (painted, strangers) == (members, 0)
    app.page.evaluate("window.talent.transport.scrub(0)")
    assert app.page.evaluate(COHORTS_PAINTED) == [members, members, 0]


def test_the_question_of_the_scenario_is_on_the_page(open_app: Open) -> None:
    """What the scenario asks stands beside the network before the first month, and under its title on Learn."""
    app = open_app("")
    question = "Two author groups of one lab, one poor and one rich in compute, both lost about half of their people."
    assert question in app.page.locator("#page-market .feed").inner_text()
    app.picture("question-market")
    app.go("learn")
    app.page.wait_for_selector(".why", timeout=PATIENCE)
    assert question in app.page.locator(".why").inner_text()
    app.picture("question-learn")
