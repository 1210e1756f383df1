"""Frontier: the search finds known fronts, costs are what was measured, nothing is run twice, bad input is refused."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from abm import cli
from abm.columns import Floats
from abm.kernels import utility
from abm.replay import begin, run_to
from abm.scenario import Scenario, ScenarioError, load
from experiments import bills, costs, frontier, packages, search, shadow
from experiments.evaluations import Evaluations
from experiments.package_runs import MEASURES, M, measure

TEAM = "Alpha Language"
CALM = {**dict.fromkeys(("h0", "h_shock", "h_gap", "h_ties", "h_offer"), 0.0), "found_rate": 0.0}
"""Nobody ever decides to leave: what a package costs can be worked out by hand."""


@pytest.fixture(scope="module")
def case() -> packages.Case:
    return packages.case_of(load("tiny"), team=TEAM)


@pytest.fixture(scope="module")
def calm() -> packages.Case:
    return packages.case_of(load("tiny").derive(events=[]).with_settings(CALM), team=TEAM)


@pytest.fixture(scope="module")
def runs(case: packages.Case) -> Evaluations:
    return Evaluations((case,))


def asked(case: packages.Case, levers: tuple[str, ...] = ("raise", "compute", "vesting")) -> frontier.Asked:
    return frontier.Asked(packages.levers_of(levers), "people", costs.prices(), 2, 3, 8, 2)


# ---- the search ------------------------------------------------------------------------------------------------


def known(points: search.Steps) -> Floats:
    """Two levers: the first keeps 1 a step up to 5 steps, the second 0.5 up to 8; a step costs 1 and 2."""
    first, second = points[:, 0].astype(float), points[:, 1].astype(float)
    return np.column_stack([-np.minimum(first, 5.0) - 0.5 * np.minimum(second, 8.0), first + 2.0 * second])


def test_search_finds_a_known_front() -> None:
    """Cheapest first: all of the first lever before any of the second."""
    points, values = search.search(known, 2, steps=10, population=20, generations=15, seed=1)
    front = points[search.undominated(values)]
    expected = [(a, 0) for a in range(6)] + [(5, b) for b in range(1, 9)]
    assert sorted(map(tuple, front.tolist())) == expected
    assert len(points) < 11 * 11
    assert np.array_equal(values, known(points))


def test_search_asks_for_each_point_once_and_repeats_itself() -> None:
    seen: list[tuple[int, ...]] = []

    def watched(points: search.Steps) -> Floats:
        seen.extend(map(tuple, points.tolist()))
        return known(points)

    size = {"steps": 10, "population": 10, "generations": 6}
    points, _ = search.search(watched, 2, seed=3, **size)
    assert len(seen) == len(set(seen)) == len(points)
    again, _ = search.search(known, 2, seed=3, **size)
    other, _ = search.search(known, 2, seed=4, **size)
    assert np.array_equal(points, again) and not np.array_equal(points, other)


def test_the_first_packages_are_none_and_each_lever_alone() -> None:
    points, _ = search.search(known, 2, steps=10, population=8, generations=1, seed=1)
    assert points[:5].tolist() == [[0, 0], [10, 0], [0, 10], [5, 0], [0, 5]]


def test_undominated_is_what_no_other_point_beats() -> None:
    values = np.array([[0.0, 3.0], [1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 0.0], [3.0, 3.0]])
    assert search.undominated(values).tolist() == [True, True, False, False, True, False]
    cloud = np.random.default_rng(1).integers(0, 12, (200, 2)).astype(float)
    front = cloud[search.undominated(cloud)]
    for point in cloud:  # every point is on the front or beaten by one that is
        assert (front <= point).all(axis=1).any()
    for point in front:
        assert not ((cloud <= point).all(axis=1) & (cloud < point).any(axis=1)).any()


def test_without_pymoo_one_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pymoo.algorithms.moo.nsga2", None)
    line = ["frontier", "tiny", "--team", TEAM, "--replicates", "1", "--out", str(tmp_path), "--workers", "1"]
    assert cli.main(line) == 2
    said = capsys.readouterr().err
    assert "uv sync --extra frontier" in said and "Traceback" not in said and len(said.splitlines()) == 1
    assert not list(tmp_path.iterdir())


# ---- what a package costs --------------------------------------------------------------------------------------


def test_no_strength_is_the_baseline_and_costs_nothing(case: packages.Case) -> None:
    levers = packages.levers_of(tuple(packages.priced()))
    given = packages.package(case.employer, levers, np.zeros(len(levers)))
    assert given == ()
    baseline = measure(case, (), 0)
    neutral = tuple((case.employer, lever.name, lever.knob.neutral) for lever in levers)  # in force, and no strength
    assert np.array_equal(measure(case, neutral, 0), baseline)
    for charged in bills.CHARGED:
        found = bills.lines(baseline, baseline, costs.prices(), case.years, charged)
        assert set(found) == set(bills.LINES)
        assert all(value == 0.0 for value in found.values())
    assert bills.kept(baseline, baseline) == 0.0


def test_costs_are_those_worked_out_by_hand_where_nobody_leaves(calm: packages.Case) -> None:
    """A year of four people who stay: a raise of a fifth costs a fifth of their pay, and so on."""
    baseline, prices = measure(calm, (), 0), costs.prices()
    pay, employer = baseline[M["payroll_people"]], calm.employer
    assert baseline[M["kept"]] == baseline[M["people"]] == 4
    assert baseline[M["person_years"]] == pytest.approx(4.0)

    def line(name: str, *given: tuple[str, float]) -> float:
        measured = measure(calm, tuple((employer, lever, value) for lever, value in given), 0)
        return float(bills.lines(measured, baseline, prices, calm.years, "people")[name])

    assert line("pay", ("raise", 0.2)) == pytest.approx(0.2 * pay * prices["payroll_factor"])
    assert line("bonus", ("bonus", 6.0)) == pytest.approx(0.5 * pay * prices["payroll_factor"] * 12.0 / 24.0)
    # a tenth of the pool of the month before; there is none before the first
    pools = [run_to(begin(calm.scenario, 1, 0), month).employers.pool[calm.row] for month in range(1, 12)]
    assert line("compute", ("compute", 0.1)) == pytest.approx(0.1 * sum(pools) / 12.0 * prices["h100e_year"])
    assert line("vesting", ("vesting", 2.0)) > 0.0
    assert line("openness", ("openness", 0.1)) == pytest.approx(2.0 * line("openness", ("openness", 0.05)))
    assert line("counter-offers", ("counter_offers", 5.0)) == 0.0  # no decision opens, so there is nothing to answer


def test_costs_rise_with_strength_and_are_never_below_nothing(case: packages.Case, runs: Evaluations) -> None:
    baseline = runs.get([()], range(4))[0, :, 0]
    steps = (0.25, 0.5, 1.0)
    moved = {"raise": ("pay", steps), "compute": ("compute", steps), "bonus": ("bonus", steps)}
    moved["product_share"] = ("compute", (0.05, 0.1, 0.15))  # a fifth is diverted: no more can be taken back
    for name, (line, shares) in moved.items():
        lever = packages.LEVERS[name]
        given = [packages.package(case.employer, (lever,), np.array([share])) for share in shares]
        measured = runs.get(given, range(4))[:, :, 0]
        found = bills.lines(measured, baseline, costs.prices(), case.years, "staff")[line]
        assert (found > 0.0).all(), name
        assert (np.diff(found.mean(axis=1)) > 0.0).all(), name
        for other in set(bills.LINES) - {line, "counter-offers"}:  # nothing is charged that was not moved
            values = bills.lines(measured, baseline, costs.prices(), case.years, "staff")[other]
            assert np.array_equal(values, np.zeros_like(values)), (name, other)


def test_a_package_that_begins_later_is_as_in_a_history_run_from_the_start(case: packages.Case) -> None:
    """The months before are shared by all packages; policies take hold in the world that goes on from them."""
    late = packages.case_of(case.scenario, team=TEAM, begins="2022-04")
    given = ((case.employer, "bonus", 12.0), (case.employer, "counter_offers", 1.0), (case.employer, "vesting", 2.0))
    policies = [*packages.settings(given, "2022-04")]
    whole = run_to(begin(case.scenario.derive(policies=policies), 1, 2), 12)
    members = run_to(begin(case.scenario, 1, 2), 3)
    mine = np.flatnonzero(members.researchers.team == case.scenario.team_rows(TEAM)[0])
    measured = measure(late, given, 2)
    assert measured[M["people"]] == len(mine)
    assert measured[M["kept"]] == (whole.affiliation()[mine] == case.row).sum()
    staff = np.array(whole.ledger.series["headcount"])[3:, case.row]
    assert measured[M["staff_years"]] == pytest.approx(staff.sum() / 12.0)
    assert not np.array_equal(measured, measure(late, (), 2))


def test_compute_follows_the_people_into_the_team_that_takes_theirs_over(calm: packages.Case) -> None:
    merge = {"kind": "merge", "teams": [TEAM], "into": "Alpha Vision"}
    event = {
        "id": "X1",
        "date": "2022-06",
        "type": "merge",
        "entity": "",
        "label": "",
        "source": [],
        "effects": [merge],
    }
    scenario = calm.scenario.derive(events=[event])
    merged = packages.case_of(scenario, team=TEAM)
    given = ((calm.employer, "compute", 0.2),)
    bought, before = measure(merged, given, 0), measure(merged, (), 0)
    assert before[M["kept"]] == 4  # a move inside the employer is not leaving
    assert bought[M["bought"]] == pytest.approx(measure(calm, given, 0)[M["bought"]])
    assert bought[M["compute_people"]] > before[M["compute_people"]]


def test_every_price_has_a_range_a_source_and_a_grade() -> None:
    for name, price in costs.declared().items():
        assert price.low < price.high and price.low <= price.default <= price.high, name
        assert price.source and price.unit and price.meaning and price.grade in "ABCD", name
        assert price.grade != "D" or "assumption" in price.source, name
    ends = list(costs.ends(costs.prices()))
    assert len(ends) == 2 * len(costs.declared())
    with pytest.raises(ScenarioError, match='did you mean "h100e_year"'):
        costs.prices({"h100_year": 3.0})
    with pytest.raises(ScenarioError, match="expected 8 to 70"):
        costs.prices({"h100e_year": 1000.0})


# ---- nothing is run twice --------------------------------------------------------------------------------------


def test_what_has_been_run_is_found_again(case: packages.Case, tmp_path: Path) -> None:
    given = [(), ((case.employer, "raise", 0.3),)]
    first = Evaluations((case,), tmp_path)
    values = first.get(given, range(3))
    assert values.shape == (2, 3, 1, len(MEASURES)) and first.executed == 6
    second = Evaluations((case,), tmp_path)
    assert np.array_equal(second.get(given, range(3)), values) and second.executed == 0
    assert second.get(given, range(4)).shape[1] == 4 and second.executed == 2  # only the new replicate
    other = packages.case_of(case.scenario, team=TEAM, ends="2022-06")
    assert Evaluations((other,), tmp_path).get([()], range(1)).shape[0] == 1
    later = Evaluations((other,), tmp_path)
    later.get([()], range(1))
    assert later.executed == 0


def test_a_damaged_shard_is_run_again(case: packages.Case, tmp_path: Path) -> None:
    first = Evaluations((case,), tmp_path)
    values = first.get([()], range(2))
    (shard,) = tmp_path.glob("runs-*.parquet")
    content = shard.read_bytes()
    names = [first.name((), number) for number in range(2)]
    lost = 0
    for place in range(0, len(content), 211):  # a flipped bit: either nothing is believed, or all of it is still true
        flipped = bytearray(content)
        flipped[place] ^= 16
        shard.write_bytes(bytes(flipped))
        known = Evaluations((case,), tmp_path)._known
        lost += not known
        assert not known or all(np.array_equal(known[name], values[0, k]) for k, name in enumerate(names))
    assert lost > 0
    shard.write_bytes(content[:50])
    cut = Evaluations((case,), tmp_path)
    assert np.array_equal(cut.get([()], range(2)), values) and cut.executed == 2


def test_an_interruption_keeps_what_was_done(case: packages.Case, tmp_path: Path) -> None:
    first, done = Evaluations((case,), tmp_path), []

    def stop() -> None:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.get([()], range(4), stop)
    second = Evaluations((case,), tmp_path)
    second.get([()], range(4))
    assert second.executed == 2


# ---- the front -------------------------------------------------------------------------------------------------


def test_front_is_judged_by_fresh_replicates_and_repeats_itself(case: packages.Case, tmp_path: Path) -> None:
    search_for = asked(case)
    first = Evaluations((case,), tmp_path)
    front = frontier.frontier(case, search_for, first)
    values = np.array([[-point.kept.mean, point.cost.mean] for point in front.points])
    assert search.undominated(values).all()
    fresh = range(search_for.replicates, search_for.replicates + search_for.fresh)
    baseline = first.get([()], fresh)[0, :, 0]
    for point in front.points:
        measured = first.get([point.package], fresh)[0, :, 0]
        cost = bills.total(measured, baseline, search_for.prices, case.years, "people")
        assert point.kept.mean == (measured - baseline)[:, M["kept"]].mean() and point.cost.mean == cost.mean()
        assert sum(point.lines.values()) == pytest.approx(point.cost.mean)
        assert point.cost_range[0] <= point.cost.mean <= point.cost_range[1]
    singles = shadow.alone(case, search_for.levers, first, fresh, search_for.prices, "people")
    for row in singles:  # no lever alone beats a package that is reported
        beaten = (values[:, 0] >= -row.kept.mean) & (values[:, 1] >= row.cost.mean)
        assert not (beaten & ((values[:, 0] > -row.kept.mean) | (values[:, 1] > row.cost.mean))).any()
    nothing = [point for point in front.points if point.package == ()]
    assert not nothing or (nothing[0].kept.mean, nothing[0].cost.mean) == (0.0, 0.0)
    second = Evaluations((case,), tmp_path)
    again = frontier.as_data(frontier.frontier(case, search_for, second), search_for.levers)
    assert second.executed == 0
    assert json.dumps(again, allow_nan=False) == json.dumps(frontier.as_data(front, search_for.levers))


@pytest.mark.nightly  # starting processes takes longer than all that they do
def test_workers_change_nothing(case: packages.Case) -> None:
    given = [(), ((case.employer, "compute", 0.2),)]
    alone, two = Evaluations((case,)), Evaluations((case,), workers=2)
    assert np.array_equal(alone.get(given, range(2)), two.get(given, range(2)))


# ---- one lever at a time, and the shadow price -----------------------------------------------------------------


def test_ratio_of_means_and_its_open_ends() -> None:
    sure = shadow.ratio(np.array([10.0, 12.0, 11.0, 9.0]), np.array([2.0, 2.0, 2.0, 2.0]), 1)
    assert sure.value == pytest.approx(5.25) and 4.5 <= sure.low < 5.25 < sure.high <= 6.0 and sure.is_finite
    doubtful = shadow.ratio(np.array([10.0, 12.0, 11.0, 9.0]), np.array([1.0, -0.9, 0.5, -0.5]), 1)
    assert doubtful.value > 0 and doubtful.high == np.inf and not doubtful.is_finite
    nobody = shadow.ratio(np.array([10.0, 12.0]), np.array([0.0, 0.0]), 1)
    assert np.isnan(nobody.value) and nobody.low == np.inf
    assert shadow.ratio(np.zeros(3), np.ones(3), 1) == shadow.Ratio(0.0, 0.0, 0.0)


def test_one_lever_at_a_time_reuses_what_was_run(case: packages.Case, runs: Evaluations) -> None:
    levers = packages.levers_of(("raise", "openness"))
    table = shadow.alone(case, levers, runs, range(3), costs.prices(), "people", shares=(0.5, 1.0))
    assert [(row.lever.name, row.value) for row in table] == [
        *(("raise", 0.5), ("raise", 1.0), ("openness", 0.5), ("openness", 1.0))
    ]
    before = runs.executed
    dearer = costs.prices({"payroll_factor": 1.4})
    again = shadow.alone(case, levers, runs, range(3), dearer, "people", shares=(0.5, 1.0))
    assert runs.executed == before and again[0].cost.mean > table[0].cost.mean
    for row in table:  # who keeps nobody has no price
        priced = row.cost.mean / row.kept.mean if row.kept.mean > 0 else np.nan
        assert row.each.value == pytest.approx(priced, nan_ok=True)


def test_closed_form_is_the_rate_of_substitution_of_the_kernel(calm: packages.Case) -> None:
    """By hand: equal mean utility of a raise by x for all and of compute for their team, sister teams left out."""
    scenario = calm.scenario.with_settings({"deprivation_weight": 0.0})
    found = shadow.closed_form(packages.case_of(scenario, team=TEAM), 0)
    world = run_to(begin(scenario, 1, 0), 1)
    people = world.researchers
    mine = np.flatnonzero(people.team == scenario.team_rows(TEAM)[0])
    need = world.need()[mine] + world.request_per_head()[people.team[mine]]
    before = world.compute_per_head()[people.team[mine]]
    after = before + 0.01 * world.employers.pool[calm.row] / len(mine)
    gain = people.taste_compute[mine] * (utility.saturation(after / need) - utility.saturation(before / need))
    share = np.exp(gain.sum() / people.taste_pay[mine].sum()) - 1.0
    assert found.own == pytest.approx(share * found.mean_pay) and found.own > 0.0
    assert found.felt == pytest.approx(found.own)


def eager() -> Scenario:
    """A team of forty beside a growing, richer rival: about half of them leave within the year."""
    settings = {
        **{"h0": 0.1, "switching_cost": 2.0, "deprivation_weight": 0.0},
        **{"employers.Alpha.researchers": 60, "employers.Alpha.compute": 600, "employers.Alpha.pay_level": 0.8},
        **{"employers.Alpha.counter_offer": 0, "employers.Beta.researchers": 80, "employers.Beta.compute": 2400},
        **{"employers.Beta.growth": 3.0, "teams.Beta Language.posts": 300},
    }
    return load("tiny").derive(events=[]).with_settings(settings)


def test_simulated_shadow_price_agrees_with_the_utility_in_sign_and_size() -> None:
    case = packages.case_of(eager(), team=TEAM)
    found = shadow.shadow(case, Evaluations((case,)), range(32), pools=(0.3,), raises=(0.2,))
    assert found.verdict == "finite", found
    assert found.own > 0.0 and found.own / 3.0 < found.pay.value < 3.0 * found.own
    assert found.per_pool.low > 0.0 and found.per_pay.low > 0.0


def test_where_compute_keeps_nobody_there_is_no_price(calm: packages.Case) -> None:
    found = shadow.shadow(calm, Evaluations((calm,)), range(2), pools=(0.1,), raises=(0.2,))
    assert found.verdict.startswith("no finite price: 2 replicates are too few") and not found.pay.is_finite
    assert replace(found, pairs=12).verdict.startswith("no finite price: pay has no sure effect")
    told = json.dumps(shadow.as_data([], found), allow_nan=False)
    assert "no finite price" in told


# ---- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--team", "Alpha Langage"], 'did you mean "Alpha Language"'),
        (["--employer", "Alpa"], 'did you mean "Alpha"'),
        (["--team", TEAM, "--from", "2031-01"], "expected a month from 2022-01 to 2022-12"),
        (["--team", TEAM, "--from", "2022-05", "--until", "2022-05"], "expected a month after --from"),
        (["--team", TEAM, "--levers", "rais,compute"], 'did you mean "raise"'),
        (["--team", TEAM, "--levers", "offers"], "no such lever"),
        (["--team", TEAM, "--levers", "raise,raise"], "each lever once"),
        (["--team", TEAM, "--price", "h100e=3"], 'did you mean "h100e_year"'),
        (["--team", TEAM, "--price", "h100e_year=dear"], "expected a number"),
        ([], "one of the arguments --employer --team is required"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["frontier", "tiny", *options, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.replace("\n", " ")
    assert said in error and "Traceback" not in error
    assert not list(tmp_path.rglob("*.parquet"))


def test_command_writes_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["frontier", "tiny", "--team", TEAM, "--levers", "raise,compute", "--replicates", "1", "--fresh", "2"]
    line += ["--population", "4", "--generations", "1", "--months", "6", "--workers", "1", "--out", str(tmp_path)]
    assert cli.main(line) == 0
    shown = capsys.readouterr().out
    assert "One lever at a time" in shown and "Optimiser's curse" in shown and "1 % of the pool" in shown
    told = json.loads((tmp_path / "frontier.json").read_text(encoding="utf-8"))
    assert told["front"]["points"] and told["one_lever_at_a_time"] and told["shadow_price"]["verdict"]
    assert told["prices"]["h100e_year"]["grade"] == "C"
    assert len(told["front"]["points"]) < 2 or (tmp_path / "frontier-phone-dark.svg").is_file()
    assert cli.main(line) == 0
    assert "0 histories run" in capsys.readouterr().out
