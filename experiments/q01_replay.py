"""Replay the history and predict every cohort.

Question: Replaying the three histories, how many of each cohort are gone at each date, and do the dated events matter?
Design: every historic scenario as it is (declared parameters), against the same people and luck with every dated event
    undone. For each observation of the scenarios the predictive distribution over histories, beside three baselines
    that know only the fitted rows: constant hazard, tenure only, contagion only. Rows marked calibrate are fitted, and
    agreement with them is no evidence; the others carry no observed value anywhere in this program. Primary outcome:
    LLaMA authors gone by September 2023. Placebo: the switching cost, written out.
Command: uv run python -m experiments.q01_replay --replicates 40 --workers 2
Runtime: 8 minutes of one core for 20 replicates; --smoke 40 seconds.
Reads: scenarios meta_fair, google_transformer and openai_superalignment; the values of rows marked calibrate.
Writes: results/q01_replay/: answer.json, table.csv, table.parquet, provenance.json,
    differences.svg, differences.png, predictions.svg, predictions.png.
What would change my mind: a prediction that is far off when its row is opened; or a baseline without events, people or
    graph that predicts the rows as well (then the model explains and does not predict).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from abm import verdicts
from abm.changes import change
from abm.parameters import declared
from abm.scenario import load
from experiments import baseline_flows, baselines, question
from experiments.figures import intervals, style
from experiments.forecast import predictive
from experiments.observed import HISTORIC, rows
from experiments.question_words import effect, number
from experiments.question_worlds import Arm, Design, Found
from experiments.scores import LEVELS, Predictive

HISTORY, NO_EVENTS = "history", "no dated events"
PRIMARY, RETAINED = "left:llama-authors@2023-09", "retention:Meta@2025-05"
CENTRAL = 0.8
FLOW_DRAWS = 2000
SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)
UNITS = {"left": "people", "retention": "share", "flow": "leavers there over leavers back"}
NOTE = "Rows marked fitted were targets of the fit; rows marked predicted carry no observed value in this program."
ORDER = ("meta_fair", *(name for name in HISTORIC if name != "meta_fair"))


def design() -> list[Design]:
    """History and the world without events, for each scenario."""
    cost = declared()["switching_cost"].default
    return [
        Design(
            scenario=scenario,
            arms=(Arm(HISTORY), Arm(NO_EVENTS, change(without=[event.id for event in scenario.events]))),
            placebo=change({"switching_cost": dict(scenario.parameters).get("switching_cost", cost)}),
            watched=tuple(dict.fromkeys(text for row in rows(scenario) for text in row.outcomes)),
            smoke_months=7,
        )
        for scenario in map(load, ORDER)
    ]


def predictions(found: Found) -> list[dict[str, Any]]:
    """Every observation of every scenario, with the baselines; observed intervals of fitted rows only."""
    told = []
    for place, scenario in enumerate(map(load, ORDER)):
        for row in rows(scenario):
            drawn = {text: found.values(text, HISTORY, place) for text in row.outcomes}
            line: dict[str, Any] = {
                **{"row": row.key, "scenario": scenario.name, "of": row.of},
                "status": "fitted" if row.fitted else "predicted",
                "model": interval(predictive(row, drawn)),
                "baselines": simple()[scenario.name, row.key],
            }
            if row.fitted and row.low is not None and row.high is not None:
                line["observed"] = [row.low, row.high]
                line["verdict"] = predictive(row, drawn).verdict(row.low, row.high) if line["model"] else "no history"
            told.append(line)
    return told


@cache
def simple() -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """What the baselines say of every observation, by scenario and row: they know the fitted rows and no history.

    Their draws of flows have a fixed seed.
    """
    scenarios = [load(name) for name in ORDER]
    everything = [row for scenario in scenarios for row in rows(scenario)]
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for name in baselines.NAMES:
        fitted = baselines.fit(name, everything)
        for scenario in scenarios:
            for row in rows(scenario):
                if row.kind == "flow":
                    forecast = baseline_flows.flow(fitted, row, scenario, FLOW_DRAWS, 1)[0]
                else:
                    forecast = baselines.predict(fitted, row)
                found.setdefault((scenario.name, row.key), {})[name] = interval(forecast)
    return found


def interval(forecast: Predictive) -> dict[str, float]:
    """Mean, central 80 % (of few histories lowest and highest) and quantiles; empty where no history has the number."""
    if not len(forecast.values):
        return {}
    low, high = forecast.central(CENTRAL)
    levels = dict(zip(LEVELS, forecast.quantiles(), strict=True))
    return {"mean": forecast.mean(), "low": low, "high": high, **{f"p{100 * q:02.0f}": levels[q] for q in SHOWN}}


def more(found: Found) -> dict[str, Any]:
    """The predictions for answer.json."""
    return {"central": CENTRAL, "predictions": predictions(found)}


def figures(told: dict[str, Any]) -> dict[str, Any]:
    """The predictions with the baselines beside, and the observed intervals of what was fitted."""
    shown = []
    for line in sorted(told["more"]["predictions"], key=lambda line: list(UNITS).index(line["row"].partition(":")[0])):
        simple = {
            baselines.NAMES[name]: (each["p05"], each["p50"], each["p95"]) for name, each in line["baselines"].items()
        }
        if line["model"]:
            shown.append(
                intervals.Prediction(
                    name=line["row"].partition(":")[2].replace("@", ", "),
                    quantiles=tuple(line["model"][f"p{100 * q:02.0f}"] for q in SHOWN),
                    unit=UNITS[line["row"].partition(":")[0]],
                    observed=tuple(line["observed"]) if "observed" in line else None,
                    baselines=simple,
                    limit=line["of"] if line["of"] > 1 else None,
                    tag=line["status"],
                )
            )
    note = f"{'Smoke run of a few months, no forecast. ' if told['smoke'] else ''}{NOTE}"
    source = style.source(told["name"], told["seed"], told["replicates"], "parameters as declared")
    title = "What the model says of every observation, with simpler forecasts beside"
    return {"predictions": intervals.draw(shown, title=title, note=note, source=source)}


def answer(found: Found) -> str:
    """Fitted rows counted, cohorts to be predicted named, the events judged by the primary outcome."""
    told = predictions(found)
    fitted = [line for line in told if line["status"] == "fitted"]
    inside = sum(line["verdict"] == "inside" for line in fitted)
    cohorts = [
        f"{line['row'].removeprefix('left:').replace('@', ' by ')} {number(line['model']['mean'])} of {line['of']} "
        f"[{number(line['model']['low'])}, {number(line['model']['high'])}]"
        for line in told
        if line["status"] == "predicted" and line["row"].startswith("left:") and line["model"]
    ]
    row = found.row(PRIMARY, NO_EVENTS)
    enough = verdicts.holds(found.replicates, CENTRAL)
    held = "80 %" if enough else f"lowest and highest; 80 % needs {verdicts.needed(CENTRAL)} histories"
    return (
        f"{inside} of {len(fitted)} fitted rows lie inside the model's central 80 % (a fit, not evidence); gone by "
        f"prediction ({held}): {', '.join(cohorts)}; without the dated events the LLaMA authors gone by the autumn of "
        f"2023 change by: {effect(row)}, the share of hires still at Meta after two years by: "
        f"{effect(found.row(RETAINED, NO_EVENTS))}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    return question.run(__file__, __doc__, design, answer, arguments, more=more, figures=figures)


if __name__ == "__main__":
    raise SystemExit(main())
