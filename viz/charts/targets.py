"""Observed beside simulated: cohorts, two-year retention and timing anchors, with the misses flagged."""

from __future__ import annotations

import math
from typing import Any

from viz import svg
from viz.results import RunData, number

TITLE = "Observed and simulated"
ORDER = 90
TAGS = {
    "hit": ("hit", "inside 90%"),
    "part": ("part", "partly inside"),
    "miss": ("miss", "miss"),
    "prediction": ("guess", "prediction"),
    "unknown": ("guess", "not observed"),
}


def verdict(low: float, high: float, p05: float, p95: float, use: str = "") -> str:
    """How an observed range lies to the model's 90% band.

    Args:
        low: smallest value the observation allows; NaN when nothing was observed.
        high: largest value it allows.
        p05: lower end of the band.
        p95: upper end of the band.
        use: "predict" when the observation is not known to the project.

    Returns:
        "hit" (the whole range inside), "part" (they overlap), "miss" (the whole range outside), "prediction" or
        "unknown".
    """
    if use == "predict":
        return "prediction"
    if not all(math.isfinite(v) for v in (low, high, p05, p95)):
        return "unknown"
    if high < p05 or low > p95:
        return "miss"
    return "hit" if p05 <= low and high <= p95 else "part"


def draw(data: RunData) -> str:
    """Up to three tables; empty when the scenario names nothing to compare with."""
    cohorts, retention = _cohort_rows(data), _retention_rows(data)
    anchors = [row for row in data.summary.get("anchors") or [] if isinstance(row, dict)]
    if not cohorts and not retention and not anchors:
        return ""
    verdicts = [v for v, _ in (*cohorts, *retention)]
    parts = []
    if cohorts:
        head = [
            "Cohort",
            "By",
            "Size",
            "Observed left",
            "Simulated median",
            "50% of runs",
            "90% of runs",
            "Of own will",
            "Verdict",
        ]
        parts.append(svg.table(head, [row for _, row in cohorts], right=range(2, 8), kind="stack"))
    if retention:
        head = ["Still there of those hired", "By", "Observed share", "Simulated median", "90% of runs", "Verdict"]
        parts.append(
            '<div style="height:34px"></div>'
            + svg.table(head, [row for _, row in retention], right=range(2, 5), kind="stack")
        )
    if anchors:
        rows = [
            [svg.esc(svg.sentence(str(row.get("what", "")))), *(_plain(row.get(key)) for key in ("observed", "value"))]
            for row in anchors
        ]
        parts.append(
            '<div style="height:34px"></div>' + svg.table(["Timing", "Observed", "Simulated"], rows, kind="stack")
        )
    note = "A miss is an observed range wholly outside the 90% band of the model; it is shown, not hidden. "
    note += "“Of own will” is the median count of voluntary leavers."
    return svg.figure(_see(verdicts, data.n_replicates), "".join(parts), note)


def _see(verdicts: list[str], n_replicates: int) -> str:
    n = {name: verdicts.count(name) for name in TAGS}
    compared = n["hit"] + n["part"] + n["miss"]
    if not compared:
        rows = svg.plural(n["prediction"], "row below is a prediction", "rows below are predictions")
        return f"Nothing observed to compare with; {rows}."
    text = f"Of {svg.plural(compared, 'observed target')}, "
    text += f"{svg.plural(n['hit'], 'lies', 'lie')} inside the model's 90% band"
    text += f", {n['part']} partly" if n["part"] else ""
    text += f" and {svg.plural(n['miss'], 'is a miss', 'are misses')}." if n["miss"] else " and none is a miss."
    if n_replicates == 1:
        text += " With a single run the band has no width, so almost anything is a miss."
    elif n["prediction"]:
        text += f" {svg.plural(n['prediction'], 'further row is a prediction', 'further rows are predictions')}."
    return text


def _tag(name: str) -> str:
    kind, words = TAGS[name]
    return f'<span class="tag {kind}">{words}</span>'


def _cohort_rows(data: RunData) -> list[tuple[str, list[str]]]:
    found = []
    for record in data.summary.get("cohorts") or []:
        for seen in record.get("observations") or []:
            q = {
                key: number(seen.get(key))
                for key in ("observed_min", "observed_max", "p05", "p25", "p50", "p75", "p95", "voluntary_p50")
            }
            predict = seen.get("use") == "predict"
            result = verdict(q["observed_min"], q["observed_max"], q["p05"], q["p95"], str(seen.get("use")))
            observed = (
                "–" if predict or math.isnan(q["observed_min"]) else svg.span(q["observed_min"], q["observed_max"])
            )
            cells = [
                svg.esc(svg.sentence(str(record.get("label") or record.get("name")))),
                _nowrap(svg.when(str(seen.get("date")), True)),
                svg.count(number(record.get("size"))),
            ]
            cells += [
                observed,
                f"<b>{svg.count(q['p50'])}</b>",
                svg.span(q["p25"], q["p75"]),
                svg.span(q["p05"], q["p95"]),
            ]
            found.append((result, [*cells, svg.count(q["voluntary_p50"]), _tag(result)]))
    return found


def _retention_rows(data: RunData) -> list[tuple[str, list[str]]]:
    found = []
    for row in data.summary.get("retention") or []:
        observed, q = number(row.get("observed")), {key: number(row.get(key)) for key in ("p05", "p50", "p95")}
        predict = row.get("use") == "predict"
        result = verdict(observed, observed, q["p05"], q["p95"], str(row.get("use")))
        who = f"{row.get('employer')}, {svg.count(number(row.get('months')))} months before"
        cells = [
            svg.esc(who),
            _nowrap(svg.when(str(row.get("as_of")), True)),
            "–" if predict else svg.percent(observed),
        ]
        found.append((result, [*cells, f"<b>{svg.percent(q['p50'])}</b>", _range(q["p05"], q["p95"]), _tag(result)]))
    return found


def _range(low: float, high: float) -> str:
    return svg.percent(low) if svg.percent(low) == svg.percent(high) else f"{svg.percent(low)}–{svg.percent(high)}"


def _nowrap(text: str) -> str:
    return svg.esc(text.replace(" ", "\u00a0"))


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return svg.esc(", ".join(f"{key} {_plain(part)}" for key, part in value.items()))
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, float):
        return svg.decimal(value, 2, False)
    return svg.esc(svg.when(value) if isinstance(value, str) else value)
