"""Games with known answers, and the game of two laboratories on paired worlds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from abm import cli
from abm.columns import Floats
from abm.scenario import ScenarioError, load
from experiments import costs, duel, game
from experiments.evaluations import Evaluations
from experiments.package_runs import M


def payoffs(first: list[list[float]], second: list[list[float]]) -> Floats:
    return np.stack([np.array(first, dtype=float), np.array(second, dtype=float)], axis=2)


DILEMMA = payoffs([[3, 0], [5, 1]], [[3, 5], [0, 1]])  # cooperate, defect
PENNIES = payoffs([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
MEETING = payoffs([[2, 0], [0, 1]], [[2, 0], [0, 1]])  # both want to meet, the first place is better


def test_prisoners_dilemma_ends_in_defection() -> None:
    solved = game.solve(DILEMMA)
    assert solved.pure == ((1, 1),) and solved.mixed == ()
    assert solved.optimum == (0, 0) and solved.lost == 4.0 and solved.price_of_anarchy == 3.0
    for paths in solved.paths:
        assert {path.cycle for path in paths} == {((1, 1),)}
    assert solved.cycles == ((), ())


def test_matching_pennies_has_a_cycle_and_lots() -> None:
    solved = game.solve(PENNIES)
    assert solved.pure == () and solved.worst is None and solved.lost is None and solved.price_of_anarchy is None
    for cycles in solved.cycles:  # at once as well as in turns: round all four cells, whatever the start
        (cycle,) = cycles
        assert sorted(cycle) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    ((p, q),) = solved.mixed
    assert p == pytest.approx([0.5, 0.5]) and q == pytest.approx([0.5, 0.5])


def test_coordination_has_two_equilibria_and_lots_between_them() -> None:
    solved = game.solve(MEETING)
    assert solved.pure == ((0, 0), (1, 1)) and solved.optimum == (0, 0)
    assert solved.lost == 2.0 and solved.price_of_anarchy == 2.0
    ((p, q),) = solved.mixed
    assert p == pytest.approx([1 / 3, 2 / 3]) and q == pytest.approx([1 / 3, 2 / 3])
    at_once, in_turns = solved.paths
    ends = {path.start: path.cycle for path in at_once}
    assert ends[0, 0] == ((0, 0),) and ends[1, 1] == ((1, 1),)
    assert ends[0, 1] == ((0, 1), (1, 0))  # both go where the other was, for ever
    assert all(path.settles for path in in_turns)


def test_cournot_duopoly_has_the_price_of_anarchy_of_the_textbook() -> None:
    """Price 12 - total, no costs: 4 each, 16 each; a cartel would make 6 in all and 36: 36 / 32 = 9 / 8."""
    quantity = np.arange(13.0)
    total = quantity[:, None] + quantity[None, :]
    price = 12.0 - total  # below nothing when the market is flooded: else both would not care, and flood it
    market = np.stack([price * quantity[:, None], price * quantity[None, :]], axis=2)
    solved = game.solve(market)
    assert (4, 4) in solved.pure
    assert solved.best_total == 36.0 and solved.price_of_anarchy == pytest.approx(9 / 8)
    assert game.iterate(market, (4, 4)).cycle == ((4, 4),)
    assert game.iterate(market, (0, 0), alternating=True).cycle[0] in solved.pure


def test_pure_equilibria_are_all_cells_from_which_nobody_gains() -> None:
    luck = np.random.default_rng(5)
    for _ in range(50):
        drawn = luck.integers(0, 6, (4, 3, 2)).astype(float)
        found = set(game.pure_equilibria(drawn))
        for a in range(4):
            for b in range(3):
                stays = drawn[a, b, 0] >= drawn[:, b, 0].max() and drawn[a, b, 1] >= drawn[a, :, 1].max()
                assert ((a, b) in found) == stays
        for path in [game.iterate(drawn, (a, b), turns) for a in range(4) for b in range(3) for turns in (False, True)]:
            assert not path.settles or path.cycle[0] in found  # who settles has reached an equilibrium


def test_lots_leave_nobody_a_gain() -> None:
    luck = np.random.default_rng(7)
    found = 0
    for _ in range(30):
        drawn = luck.normal(size=(3, 3, 2))
        mixed = game.mixed_equilibria(drawn)
        assert len(mixed) + len(game.pure_equilibria(drawn)) >= 1  # Nash: there is always one
        for p, q in mixed:
            assert p.sum() == pytest.approx(1.0) and q.sum() == pytest.approx(1.0) and min(p.min(), q.min()) >= 0.0
            assert (drawn[:, :, 0] @ q).max() == pytest.approx(p @ drawn[:, :, 0] @ q)
            assert (p @ drawn[:, :, 1]).max() == pytest.approx(p @ drawn[:, :, 1] @ q)
            found += 1
    assert found > 5
    with pytest.raises(ValueError, match="up to 8"):
        game.mixed_equilibria(np.zeros((9, 9, 2)))


def test_doubt_counts_resamples() -> None:
    sure = game.doubt(np.stack([DILEMMA] * 3), seed=1, resamples=50)
    assert sure.pure[1, 1] == 1.0 and sure.none == 0.0 and sure.optimum[0, 0] == 1.0 and sure.lost == (4.0, 4.0)
    torn = game.doubt(np.stack([DILEMMA, PENNIES * 20, PENNIES * 20]), seed=1, resamples=400)
    assert 0.5 < torn.none < 1.0
    again = game.doubt(np.stack([DILEMMA, PENNIES * 20, PENNIES * 20]), seed=1, resamples=400)
    assert torn.none == again.none and np.array_equal(torn.pure, again.pure)
    never = game.doubt(np.stack([PENNIES] * 2), seed=1, resamples=20)
    assert never.none == 1.0 and never.lost is None


# ---- two laboratories ------------------------------------------------------------------------------------------


def test_actions_are_read_and_written_alike() -> None:
    assert duel.action_of("nothing") == () and duel.words(()) == "nothing"
    assert duel.action_of("pay=0.2, compute=0.1") == (("compute", 0.1), ("pay", 0.2))
    assert duel.words(duel.action_of("pay=0.2,compute=0.1")) == "compute=0.1,pay=0.2"
    assert duel.package_of("Alpha", (("pay", 0.2),)) == (("Alpha", "raise", 0.2), ("Alpha", "offers", 1.2))
    assert duel.package_of("Alpha", (("pay", 0.0), ("counter_offers", 1.0))) == ()
    assert len(duel.actions_of((), ("pay=0,0.2", "compute=0,0.1", "counter_offers=1,2"))) == 8
    assert len(duel.actions_of((), ())) == 4


@pytest.mark.parametrize(
    ("texts", "grids", "said"),
    [
        (("nothing", "pya=0.1"), (), 'did you mean "pay"'),
        (("nothing", "pay=3"), (), "expected 0 to 1"),
        (("nothing", "pay"), (), "write pay=VALUE"),
        (("nothing", "pay=much"), (), "expected 0 to 1"),
        (("pay=0.1", "pay=0.1"), (), "two or more different"),
        ((), ("pay=",), "expected LEVER=VALUE,VALUE"),
    ],
)
def test_actions_that_cannot_be_read(texts: tuple[str, ...], grids: tuple[str, ...], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        duel.actions_of(texts, grids)


def test_game_on_paired_worlds(tmp_path: Path) -> None:
    scenario, prices = load("tiny"), costs.prices()
    cases = duel.cases_of(scenario, ("Alpha", "Beta"), "", "", 1)
    actions = [duel.action_of(text) for text in ("nothing", "pay=0.3")]
    runs = Evaluations(cases, tmp_path)
    played = duel.play(cases, actions, runs, 3, prices)
    assert runs.executed == 12 and played.payoffs.shape == (3, 2, 2, 2)
    for player in (0, 1):
        same = played.more((0, 0), player)
        assert same.mean == 0.0 and np.isnan([same.low, same.high]).all(), "where nothing differs there is no interval"
    second = Evaluations(cases, tmp_path)
    dearer = duel.play(cases, actions, second, 3, {**prices, "researcher_year": 6000.0})
    assert second.executed == 0  # another price, the same histories
    measured = second.get([()], range(3))[0]
    gain = (6000.0 - prices["researcher_year"]) * measured[:, :, M["staff_years"]] / cases[0].years
    assert np.allclose(dearer.payoffs[:, 0, 0] - played.payoffs[:, 0, 0], gain)
    swapped = duel.cases_of(scenario, ("Beta", "Alpha"), "", "", 1)
    mirrored = duel.play(swapped, actions, Evaluations(swapped), 3, prices)
    assert np.allclose(mirrored.payoffs, played.payoffs.transpose(0, 2, 1, 3)[..., ::-1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--labs", "Alpha,Betta"], 'did you mean "Beta"'),
        (["--labs", "Alpha"], "expected two employers"),
        (["--labs", "Alpha,Alpha"], "expected two employers"),
        (["--labs", "Alpha,Beta", "--action", "nothing", "--action", "computer=1"], 'did you mean "compute"'),
        (["--labs", "Alpha,Beta", "--price", "researcher_year=1"], "expected 500 to 6000"),
    ],
)
def test_bad_input_is_refused(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["game", "tiny", *options, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert not list(tmp_path.rglob("*.parquet"))


def test_command_tells_the_game(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["game", "tiny", "--labs", "Alpha,Beta", "--grid", "pay=0,0.2", "--replicates", "2", "--months", "6"]
    line += ["--workers", "1", "--out", str(tmp_path)]
    assert cli.main(line) == 0
    shown = capsys.readouterr().out
    assert "best responses settle from" in shown and "Best for both together" in shown and "researcher-year" in shown
    told = json.loads((tmp_path / "game.json").read_text(encoding="utf-8"))
    assert len(told["cells"]) == 4 and len(told["pure_equilibria_by_worth_of_a_researcher_year"]) == 3
    assert (tmp_path / "best-responses.svg").is_file()
    assert cli.main([*line, "--no-figures"]) == 0
    assert "0 histories run" in capsys.readouterr().out
