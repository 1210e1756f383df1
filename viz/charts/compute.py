"""Compute per head of the focal employer's teams: small multiples on one shared scale."""

from __future__ import annotations

import math

import numpy as np

from viz import svg
from viz.results import Bands, Floats, RunData
from viz.theme import WIDE

TITLE = "Compute per head"
ORDER = 30
N_PANELS = 12
LOG_FROM = 15.0  # richest over poorest: beyond this a linear scale hides the poor teams


def draw(data: RunData) -> str:
    """One panel per team, the other teams behind it in grey."""
    bands = {team: Bands.of(matrix) for team, matrix in data.teams.items()}
    bands = {team: b for team, b in bands.items() if np.isfinite(b.p50).any() and np.nanmax(b.p95) > 0}
    if not bands:
        return ""
    # the cohorts' teams first: they are why the reader is here; then the best resourced
    ranked = sorted(bands, key=lambda team: (team not in data.cohort_teams, -_end(bands[team].p50), team))[:N_PANELS]
    shown = {team: bands[team] for team in ranked}
    low, high, logarithmic = _range(shown)
    caption = _see(data, bands)
    title = f"Compute per head by team of {data.focal}, H100-equivalents per person"
    body = svg.both(lambda width: _panels(data, shown, width, (low, high), logarithmic), title, caption)
    note = f"H100-equivalents per person{', logarithmic scale' if logarithmic else ''}; the same scale in every panel. "
    note += "Grey: the employer's other teams. "
    if data.cohort_teams & set(shown):
        note += "Red: teams in which a cohort started. "
    if len(bands) > len(shown):
        note += f"{len(bands) - len(shown)} more teams are not drawn. "
    note += "Bands cover 50% and 90% of runs." if data.n_replicates > 1 else "A single run, so no bands."
    rows = [
        [svg.esc(team), *(svg.amount(v) for v in (_begin(b.p50), _end(b.p05), _end(b.p50), _end(b.p95)))]
        for team, b in sorted(bands.items(), key=lambda item: -_end(item[1].p50))
    ]
    head = ["Team", "First month (median)", "Last month, 5%", "Last month, median", "Last month, 95%"]
    return svg.figure(
        caption, body + svg.numbers("All teams in numbers", svg.table(head, rows, right=range(1, 5))), note
    )


def _end(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen[-1]) if seen.size else math.nan


def _begin(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen[0]) if seen.size else math.nan


def _see(data: RunData, bands: dict[str, Bands]) -> str:
    last = svg.when(data.date(data.n_months - 1))
    ends = sorted(((_end(b.p50), team) for team, b in bands.items()), reverse=True)
    (top, rich), (low, poor) = ends[0], ends[-1]
    if len(ends) == 1:
        return f"In {last}, {rich} has {svg.amount(top)} H100-equivalents per person."
    times = f"{svg.count(top / low)} times as much per person as {poor}" if low > 0 else f"while {poor} has none"
    have = f"with {svg.amount(top)} H100-equivalents per person: {times}"
    return f"In {last}, {rich} is the best-resourced team of {data.focal}, {have}."


def _range(shown: dict[str, Bands]) -> tuple[float, float, bool]:
    values = np.concatenate([v for b in shown.values() for v in (b.p05, b.p50, b.p95)])
    values = values[np.isfinite(values) & (values > 0)]
    high, low = float(values.max()), float(values.min())
    middles = np.concatenate([b.p50 for b in shown.values()])
    middles = middles[np.isfinite(middles) & (middles > 0)]
    if middles.size and float(middles.max()) / float(middles.min()) > LOG_FROM:
        floor = max(low, float(middles.min()) / 3, high / 1e4)
        return 10 ** (math.floor(math.log10(floor) * 2) / 2), 10 ** (math.ceil(math.log10(high) * 2) / 2), True
    return 0.0, high * 1.04, False


def _panels(
    data: RunData, shown: dict[str, Bands], width: int, limits: tuple[float, float], logarithmic: bool
) -> tuple[float, str]:
    columns = (min(len(shown), 4) if len(shown) != 6 else 3) if width == WIDE else min(len(shown), 2)
    gap, height = (30.0, 176.0) if width == WIDE else (18.0, 150.0)
    each = (width - gap * (columns - 1)) / columns
    if columns == 1:
        height = 260.0
    parts = []
    for k, team in enumerate(shown):
        x, y = (k % columns) * (each + gap), (k // columns) * (height + 22)
        panel = _panel(data, shown, team, each, height, limits, logarithmic, k % columns == 0)
        parts.append(f'<g transform="translate({svg.num(x)} {svg.num(y)})">{panel}</g>')
    return math.ceil(len(shown) / columns) * (height + 22) - 22, "".join(parts)


def _panel(
    data: RunData,
    shown: dict[str, Bands],
    team: str,
    width: float,
    height: float,
    limits: tuple[float, float],
    logarithmic: bool,
    first_column: bool,
) -> str:
    left, right, top, bottom = 30.0, width - 38.0, 34.0, height - 20.0
    last = data.n_months - 1
    x = svg.scale(0, max(last, 1), left, right)
    y = (svg.log_scale if logarithmic else svg.scale)(*limits, bottom, top)
    marks = svg.log_ticks(*limits) if logarithmic else svg.ticks(*limits, about=3)
    parts = [svg.label(0, 14, svg.fit(team, width, 14), "b")]
    for mark in marks:
        parts.append(svg.line(left, y(mark), right, y(mark), "grid"))
        parts.append(svg.label(left - 6, y(mark) + 4, f"{mark:g}", "xs", "end"))
    for month, text in _ends(data, last, right - left):
        anchor = "middle" if last >= 20 or 0 < month < last else "start" if month == 0 else "end"
        parts.append(svg.label(x(month), bottom + 16, text, "xs", anchor))

    def points(values: Floats) -> list[tuple[float, float]]:
        positive = np.where(values > 0, values, np.nan) if logarithmic else values
        return [(x(m), y(float(v)) if math.isfinite(v) else math.nan) for m, v in enumerate(positive)]

    parts += [svg.curve(points(other.p50), "ghost") for name, other in shown.items() if name != team]
    own, hue = shown[team], "a" if team in data.cohort_teams else "b"
    if data.n_replicates > 1:
        for low, high, kind in ((own.p05, own.p95, "b90"), (own.p25, own.p75, "b50")):
            pairs = list(zip(points(np.maximum(low, limits[0])), points(high), strict=True))
            parts.append(
                svg.band([a[0] for a, _ in pairs], [a[1] for a, _ in pairs], [b[1] for _, b in pairs], kind + hue)
            )
    line = points(own.p50)
    parts.append(svg.curve(line, "l" + hue))
    if last == 0:
        parts.append(f'<circle class="f{hue}" cx="{svg.num(line[0][0])}" cy="{svg.num(line[0][1])}" r="3.5"/>')
    seen = [p for p in line if math.isfinite(p[1])]
    if seen:
        value = _end(np.where(own.p50 > 0, own.p50, np.nan) if logarithmic else own.p50)
        parts.append(svg.label(seen[-1][0] + 6, seen[-1][1] + 4.5, svg.amount(value), f"t{hue} halo"))
    step = x(1) - x(0)
    for month, value in enumerate(own.p50):
        if math.isfinite(value):
            tip = f"{team}, {svg.when(data.date(month), short=True)}\n{svg.amount(float(value))} per person"
            if data.n_replicates > 1:
                tip += f"\n90%: {svg.amount(float(own.p05[month]))}–{svg.amount(float(own.p95[month]))}"
            parts.append(svg.rect(x(month) - step / 2, top, step, bottom - top, "hit", tip))
    return "".join(parts)


def _ends(data: RunData, last: int, room: float) -> list[tuple[int, str]]:
    if last >= 20:
        return svg.month_ticks(data.date, 0, last, room)
    names = [(month, svg.when(data.date(month), short=True)) for month in sorted({0, last})]
    return names[: 1 if room < 130 else 2]
