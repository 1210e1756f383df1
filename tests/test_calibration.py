"""A scenario fitted to its rows: what enters, what is told, what is written, and the command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from abm import cli
from abm.scenario import Scenario, ScenarioError, load
from abm.streams import Streams
from experiments import calibration, calibration_files, calibration_sweeps, posterior_file, runner, study
from experiments.forecast import stored_draws
from experiments.histories import Target, gather
from experiments.posterior import Method, calibrate
from experiments.responses import Factor, Responses

EARLY, LATE, OTHER = "left:alpha-authors@2022-08", "left:alpha-authors@2022-12", "left:beta-authors@2022-12"


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    """Two targets and a row to be predicted."""
    content = load("tiny").to_dict()
    first = content["cohorts"][0]
    first["observations"] = [
        {"date": "2022-08", "left_min": 2, "left_max": 3, "use": "calibrate"},
        {"date": "2022-12", "use": "predict"},
    ]
    second = {
        **first,
        "name": "beta-authors",
        "size": 2,
        "members": None,
        "subset_of": "alpha-authors",
        "observations": [{"date": "2022-12", "left_min": 1, "left_max": 1, "use": "calibrate"}],
    }
    del second["members"]
    return load("tiny").derive(cohorts=[first, second])


@pytest.fixture(scope="module")
def sweep() -> Responses:
    """A made-up answer: the more of h0, the more have left."""
    place = (np.arange(400) + 0.5) / 400
    x = np.column_stack([0.1 * place, 1.5 * (np.arange(400) * 0.6180339887 % 1.0)])
    luck = Streams(3).uniform("planted", 0, np.arange(400 * 4 * 3)).reshape(400, 4, 3)
    gone = np.floor(luck * 0.999 + x[:, :1, None] * np.array([30.0, 36.0, 18.0]))
    y = np.minimum(gone, np.array([4.0, 4.0, 2.0]))
    factors = (Factor("h0", 0.0, 0.1, "per month"), Factor("h_ties", 0.0, 1.5, "per month"))
    return Responses(factors, x, (EARLY, LATE, OTHER), ("people",) * 3, y, np.arange(4))


def test_targets_move_the_parameter_that_matters(tiny: Scenario, sweep: Responses) -> None:
    fitted = calibration.fit(sweep, tiny)
    assert [target.outcome for target in fitted.posterior.targets] == [EARLY, OTHER]
    first, second = fitted.posterior.table()
    assert first["contraction"] > 0.5 > abs(second["contraction"]) + 0.3
    assert set(fitted.left_out) == {EARLY, OTHER}
    assert fitted.left_out[EARLY].targets == fitted.posterior.targets[1:]
    assert abs(calibration_files.correlation(fitted.posterior)[0, 0] - 1.0) < 1e-9


def test_what_is_to_be_predicted_moves_nothing(tiny: Scenario, sweep: Responses) -> None:
    """Neither what the sweep says of such a row, nor a value planted in it."""
    before = calibration.fit(sweep, tiny).posterior.digest
    y = sweep.y.copy()
    y[:, :, 1] = 4.0 - y[:, :, 1]
    assert calibration.fit(replace(sweep, y=y), tiny).posterior.digest == before
    seen = tiny.cohorts[0].observations
    planted = replace(tiny.cohorts[0], observations=(seen[0], replace(seen[1], left_min=0, left_max=0)))
    assert calibration.fit(sweep, replace(tiny, cohorts=(planted, tiny.cohorts[1]))).posterior.digest == before


def test_a_sweep_that_did_not_watch_a_target_is_refused(tiny: Scenario, sweep: Responses) -> None:
    less = Responses(sweep.factors, sweep.x, (EARLY, LATE), ("people",) * 2, sweep.y[:, :, :2], sweep.seeds)
    with pytest.raises(ScenarioError, match=re.escape(f'add "{OTHER}" to the outcomes')):
        calibration.fit(less, tiny)


def test_forecasts_tell_every_row_and_a_verdict_for_targets_only(tiny: Scenario, sweep: Responses) -> None:
    fitted = calibration.fit(sweep, tiny)
    told = calibration.forecasts(fitted, stored_draws(gather(sweep), fitted.posterior, 500))
    assert [(row["row"], row["status"]) for row in told] == [(EARLY, "fitted"), (LATE, "predicted"), (OTHER, "fitted")]
    assert all((row["verdict"] is None) == (row["status"] == "predicted") for row in told)
    assert all((row["observed_low"] is None) == (row["status"] == "predicted") for row in told)
    assert told[0]["probability"] > 0.5
    assert told[1]["mean_given_earlier"] >= told[1]["p10"]


def test_stored_histories_stand_for_new_ones_near_the_draws(tiny: Scenario, sweep: Responses) -> None:
    fitted = calibration.fit(sweep, tiny)
    drawn = stored_draws(gather(sweep), fitted.posterior, 800)
    wanted = np.minimum(fitted.posterior.draws(800)[:, 0] * 30.0, 4.0).mean() + 0.0
    assert drawn[EARLY].mean() == pytest.approx(wanted, abs=0.15)


def test_scores_in_sample_and_left_out(tiny: Scenario, sweep: Responses) -> None:
    fitted = calibration.fit(sweep, tiny)
    told = calibration.scores(fitted, gather(sweep))
    found = {(row["row"], row["forecast"], row["left_out"]): row for row in told}
    assert len(found) == 2 * 4 * 2
    assert {row["row"] for row in told} == {EARLY, OTHER}
    for text in (EARLY, OTHER):
        assert found[text, "model", True]["log_score"] > found[text, "model", False]["log_score"] - 0.05
        for name in ("constant", "tenure", "contagion"):
            assert found[text, name, True]["log_score"] > found[text, name, False]["log_score"]


def test_a_single_target_has_nothing_left_out(sweep: Responses) -> None:
    scenario = load("tiny")
    one = Responses(sweep.factors, sweep.x, (LATE,), ("people",), sweep.y[:, :, 1:2], sweep.seeds)
    fitted = calibration.fit(one, scenario)
    assert fitted.left_out == {}
    assert {row["left_out"] for row in calibration.scores(fitted, gather(one))} == {False}


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tiny: Scenario, sweep: Responses) -> None:
    """The command finds the made-up sweep, whatever it is asked for."""
    asked = calibration_sweeps.Asked("made", tiny, None, (Path("made"),))
    monkeypatch.setattr(calibration_sweeps, "ask", lambda arguments: [asked])
    monkeypatch.setattr(calibration_sweeps, "run_or_read", lambda *_: [sweep])


@pytest.mark.usefixtures("given")
def test_the_command_writes_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sweep: Responses
) -> None:
    shipped = tmp_path / "shipped.json"
    monkeypatch.setattr(posterior_file, "SHIPPED", shipped)
    out = tmp_path / "fit"
    asked = ["calibrate", "made", "--draws", "5", "--workers", "1", "--check", "20", "--out", str(out), "--ship"]
    assert cli.main(asked) == 0
    text = capsys.readouterr().out
    for part in ("h0", "contraction", EARLY, "predicted", "left out", "Check on 20 stored histories", "made"):
        assert part in text or part == "made"
    told = json.loads((out / "calibration.json").read_text(encoding="utf-8"))
    table = pq.read_table(out / "posterior.parquet")
    assert table.column_names == ["h0", "h_ties", "weight"]
    assert sum(table["weight"].to_pylist()) == pytest.approx(1.0)
    drawn = posterior_file.read(out / "posterior.json")
    assert (drawn.names, drawn.digest) == (("h0", "h_ties"), told["posterior"]["digest"])
    assert len(drawn.draws) == calibration_files.SHIPPED
    assert shipped.read_bytes() == (out / "posterior.json").read_bytes()
    assert posterior_file.read().source == "posterior shipped with the model"
    assert (out / "posterior.svg").exists()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cli.main(asked) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.usefixtures("given")
def test_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    assert cli.main(["calibrate", "made", "--out", str(file)]) == 2
    assert "is a file" in capsys.readouterr().err
    assert cli.main(["calibrate", "made", "--noise", "2"]) == 2
    assert "from 0 to 0.5" in capsys.readouterr().err


# ---- sweeps ----------------------------------------------------------------------------------------------------------

STUDY = """
name = "fit-tiny"
scenario = "tiny"
replicates = 2
months = 6
outcomes = ["exits"]
[design]
method = "METHOD"
n = 6
[[factors]]
name = "h0"
"""


def test_a_study_is_run_in_parts_with_luck_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fit.toml").write_text(STUDY.replace("METHOD", "lhs"), encoding="utf-8")
    (asked,) = calibration_sweeps.ask(["fit.toml"])
    made = calibration_sweeps.run_or_read(asked, 3, workers=0)
    histories = gather(made)
    whole = study.load("fit.toml")
    assert (len(made), len(histories.x), len(np.unique(histories.seeds))) == (3, 12, 6)
    np.testing.assert_allclose(np.unique(histories.x), np.sort(whole.x[:, 0]))
    (again,) = calibration_sweeps.ask(["results/fit-tiny-parts"])
    assert again.scenario == whole.scenario
    for one, other in zip(calibration_sweeps.run_or_read(again, 3, workers=0), made, strict=True):
        np.testing.assert_array_equal(one.y, other.y)


def test_the_posterior_does_not_depend_on_the_workers(tmp_path: Path) -> None:
    """The same sweep in this process, by two others, and in memory."""
    (tmp_path / "fit.toml").write_text(STUDY.replace("METHOD", "sobol").replace("n = 6", "n = 8"), encoding="utf-8")
    asked = study.load(tmp_path / "fit.toml")
    sweeps = [runner.sweep(asked, tmp_path / f"by{workers}", workers=workers) for workers in (0, 2)]
    sweeps.append(runner.in_memory(asked))
    aims = [Target("exits", 2.0, 4.0)]
    assert len({calibrate(each, aims, Method(keep=8)).digest for each in sweeps}) == 1


def test_sweeps_that_are_no_draws_from_the_prior_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "fit.toml"
    file.write_text(STUDY.replace("METHOD", "morris"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="spread evenly over the ranges") as caught:
        calibration_sweeps.ask([str(file), str(tmp_path)])
    assert "holds no sweep" in str(caught.value)
