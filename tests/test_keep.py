"""What would have kept somebody: found on forks, confirmed by whole histories run again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import cli, files, keep, keep_words, pool
from abm.changes import Action, change
from abm.explain import NotFoundError
from abm.run import Result, simulate, simulate_many
from abm.scenario import Scenario, load
from abm.tables import Cause

REPLICATES = 3


def released() -> Scenario:
    """Tiny, where the release of Beta's model is dated: its project waits for it from the start of the run."""
    content = load("tiny").to_dict()["events"]
    content[4]["effects"] = [{"kind": "release", "team": "Beta Language", "visibility": 3.0, "quality": 0.9}]
    return load("tiny").derive(events=content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("keep") / "run"
    files.write_run(place, released(), 1, simulate_many(released(), 1, REPLICATES))
    return place


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[keep.Case]:
    """The first departures and the last two of each replicate of the run."""
    found = []
    for replicate in range(REPLICATES):
        last = len(simulate(released(), 1, replicate).departures["month"]) - 1
        found += [keep.case_of(folder, replicate, number) for number in (0, 1, 2, last - 1, last)]
    return found


def is_there(result: Result, case: keep.Case) -> bool:
    """Whether the person never left in the window, from the departures alone: no move away, so still there."""
    left = result.departures
    mine = left["researcher"] == case.person
    window = (left["month"] >= case.month) & (left["month"] <= case.until)
    return not (mine & window & (left["from_employer"] == case.employer)).any()


# ---- the search ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [1, 2, 3, 64, 65, 99, 100])
def test_the_smallest_amount_is_found_where_more_is_never_worse(threshold: int) -> None:
    number, exceptions, tried = keep.smallest(lambda n: n >= threshold, 100)
    assert (number, exceptions) == (threshold, [])
    assert tried <= 15


def test_nothing_found_within_the_bound() -> None:
    assert keep.smallest(lambda n: n >= 101, 100)[:2] == (None, [])


def test_more_that_is_worse_is_said_and_the_step_below_does_not_keep() -> None:
    def kept(number: int) -> bool:
        return 5 <= number < 30

    number, exceptions, _ = keep.smallest(kept, 100)
    assert number == 5
    assert exceptions == [32, 64, 100]


# ---- verified --------------------------------------------------------------------------------------------------------


def test_what_keeps_a_person_does_so_in_a_history_of_its_own(cases: list[keep.Case]) -> None:
    """The amount found keeps, one step less does not, by `simulate` alone."""
    seen: dict[str, int] = {}
    for case in [case for case in cases if case.decided][:6]:
        for kind in ("pay", "compute"):
            found = keep.search_amount(case, kind, 0)
            if found["amount"] is None:
                continue
            row = case.person if kind == "pay" else case.team
            kept = []
            for amount in (found["amount"], found["amount"] - found["step"]):
                again = simulate(
                    case.scenario, 1, case.replicate, change(actions=[Action(case.month, kind, row, amount)])
                )
                kept.append(is_there(again, case))
                if amount == found["amount"]:
                    assert again.digest == found["digest"] != case.digest
            assert kept == [True, False] == [found["verified"], found["one_step_less_keeps"]]
            seen[kind] = seen.get(kind, 0) + 1
    assert seen.get("pay", 0) > 1, seen


def test_an_event_undone_on_a_fork_is_the_event_undone_from_the_start(cases: list[keep.Case]) -> None:
    """Also for a release, which is known beforehand."""
    answers, known = [], set()
    ordered = sorted(cases, key=lambda case: case.month)
    for case in (ordered[0], *ordered[-4:]):
        jobs = [job for job in keep.jobs_of(case) if job[1] == "event"]
        for _, _, ids in jobs:
            for row in keep.search_events(case, ids):
                again = simulate(case.scenario, 1, case.replicate, change(without=[row["event"]]))
                assert row["kept"] == keep.kept_in(again, case, row["month"]), (case, row)
                if row["kept"]:
                    assert row["verified"]
                    assert row["digest"] == again.digest
                answers.append(row["kept"])
                known.add(row["event"])
    assert True in answers
    assert False in answers
    assert "T05" in known, "the release is never tried: the test shows nothing"


def test_who_did_not_decide_is_kept_by_events_alone(cases: list[keep.Case]) -> None:
    forced = next(case for case in cases if not case.decided)
    case = replace(forced, until=forced.month)  # who is not sent away may well go in the months after
    assert {kind for _, kind, _ in keep.jobs_of(case)} == {"event"}
    rows = [row for _, kind, what in keep.jobs_of(case) for row in keep.search(case, kind, what)]
    data = keep_words.as_data(case, rows)
    left = simulate(case.scenario, 1, case.replicate).departures
    mine = np.flatnonzero((left["researcher"] == case.person) & (left["month"] == case.month))[0]
    assert left["cause"][mine] in (Cause.IMPOSED, Cause.LAID_OFF)
    own = case.scenario.events[int(left["event"][mine])].id
    assert own in [row["event"] for row in data["event"] if row["kept"]]
    assert f"{own} (" in data["sentence"]
    assert "only events were tried" in keep_words.as_text(data)


def test_what_was_not_confirmed_is_not_in_the_sentence(cases: list[keep.Case]) -> None:
    case = next(case for case in cases if case.decided)
    row: keep.Found = {
        **{"kind": "pay", "months_before": 0, "step": 1.0, "unit": "kUSD a year", "from": "2022-03", "amount": 7.0},
        **{"digest": "0" * 64, "one_step_less_keeps": False, "larger_that_do_not_keep": [16.0], "tried": 9},
    }
    unsure, sure = (keep_words.as_data(case, [row | {"verified": known}]) for known in (False, True))
    assert "Nothing that was tried" in unsure["sentence"]
    assert "NOT confirmed" in keep_words.as_text(unsure)
    assert sure["sentence"] == "Would have stayed for +7 kUSD a year (verified)."
    assert "more is not always better: 16 does not keep" in keep_words.as_text(sure)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_explain_keep_prints_the_card_and_the_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(folder), "--departure", "0", "--keep", "--workers", "1"]
    assert cli.main(asked) == 0
    text = capsys.readouterr().out
    assert cli.main([*asked, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert "Opened by" in text
    assert card["keep"]["sentence"] in text
    assert [row["months_before"] for row in card["keep"]["pay"]] == [0, 6]
    assert [row["months_before"] for row in card["keep"]["compute"]] == [0, 6, 12]
    assert card["keep"]["digest"] == simulate(released(), 1, 0).digest


def test_the_months_that_count_as_kept_can_be_set(folder: Path) -> None:
    short, usual, long = (keep.case_of(folder, 0, 0, months) for months in (0, 6, 99))
    assert short.until == short.month
    assert usual.until == min(short.month + 6, 11)
    assert long.until == 11


def test_an_interrupted_search_keeps_what_was_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = pool.each

    def one(function: Any, jobs: Any, workers: int) -> Any:
        yield next(iter(whole(function, jobs, workers)))
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "each", one)
    assert cli.main(["explain", str(folder), "--departure", "0", "--keep", "--workers", "1"]) == 130
    printed = capsys.readouterr().out
    assert "Interrupted: not everything was tried." in printed
    assert "pay     from" in printed


def test_a_run_of_another_program_is_refused(folder: Path, tmp_path: Path) -> None:
    record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    record["replicates"][0]["digest"] = "f" * 64
    (tmp_path / "provenance.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(NotFoundError, match="Make the run again"):
        keep.case_of(tmp_path, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--departure", "0", "--months-kept", "3"], "expected --keep beside it"),
        (["--departure", "0", "--keep", "--months-kept", "-1"], "out of range"),
        (["--departure", "999", "--keep"], "expected a number from 0 to"),
        (["--departure", "0", "--keep", "--replicate", "99"], "--replicate 99"),
    ],
)
def test_bad_input_of_keep(
    folder: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", str(folder), *arguments]) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
