"""What happened when: the dated events, imposed or only observed, above the monthly departures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from viz import svg
from viz.results import Bands, RunData
from viz.theme import WIDE

TITLE = "What happened when"
ORDER = 40
N_EVENTS = 48


def draw(data: RunData) -> str:
    """One row per event with the bounds of its date, then departures on the same axis."""
    matrix = data.matrix("departures", data.focal)
    bands = Bands.of(np.where(np.isfinite(matrix), matrix, 0.0)) if data.focal and np.isfinite(matrix).any() else None
    events = _events(data)
    if not events and bands is None:
        return ""
    caption = _see(data, events, bands)
    title = (
        f"Dated events and monthly departures from {data.focal}" if events else f"Monthly departures from {data.focal}"
    )
    body = svg.both(lambda width: _paint(data, events[:N_EVENTS], bands, width), title, caption)
    note = ""
    if events:
        body = _key() + body + _table(events)
        note = "Where only bounds are known, each run draws its own month inside them. "
        note += "Hollow marks are shown for reference: the model is not told about them. "
        if len(events) > N_EVENTS:
            note += f"{len(events) - N_EVENTS} later events are in the table only."
    return svg.figure(caption, body, note)


def _events(data: RunData) -> list[dict[str, Any]]:
    found = []
    for event in data.summary.get("events") or []:
        between = event.get("between") or [event.get("date")] * 2
        bounds = [data.month(str(date)) for date in (between[0], between[-1])]
        month = data.month(str(event.get("date")))
        if bounds[1] >= 0 and bounds[0] < data.n_months:
            name = str(event.get("label") or str(event.get("type") or "event").replace("_", " "))
            found.append({**event, "label": name, "month": month, "bounds": bounds})
    return sorted(found, key=lambda event: (event["month"], event["bounds"], str(event.get("id"))))


def _see(data: RunData, events: list[dict[str, Any]], bands: Bands | None) -> str:
    imposed = sum(bool(event.get("effects")) for event in events)
    dated = svg.plural(len(events), "dated event")
    first = f"Of {dated}, {svg.plural(imposed, 'acts', 'act')} on the model, the others are shown for comparison"
    if imposed == len(events):
        first = f"{dated}, all of which act on the model"
    if bands is None:
        return f"{first}."
    peak = int(np.argmax(bands.p50))
    if bands.p50[peak] <= 0:
        second = f"in a typical month nobody leaves {data.focal}"
    else:
        people = svg.plural(float(bands.p50[peak]), "person", "people")
        second = f"departures from {data.focal} peak in {svg.when(data.date(peak))}, at {people}"
        second += " in the middle run" if data.n_replicates > 1 else ""
    return f"{first}; {second}." if events else f"{svg.sentence(second)}."


def _key() -> str:
    def icon(shape: str) -> str:
        return f'<svg width="30" height="14" viewBox="0 0 30 14" aria-hidden="true">{shape}</svg>'

    full = icon('<circle class="fa" cx="15" cy="7" r="5"/>')
    empty = icon('<circle class="hollow" cx="15" cy="7" r="4.5"/>')
    bounds = icon('<path class="bound" d="M3 7H27"/>')
    entries = ((full, "imposed on the model"), (empty, "observed only"), (bounds, "bounds of the date"))
    return f'<p class="key">{"".join(f"<span>{shape}{words}</span>" for shape, words in entries)}</p>'


def _paint(data: RunData, events: list[dict[str, Any]], bands: Bands | None, width: int) -> tuple[float, str]:
    wide = width == WIDE
    left, right, pitch = 30.0, width - (46.0 if wide else 30.0), 19.0 if wide else 33.0
    last = data.n_months - 1
    x = svg.scale(0, max(last, 1), left, right)
    split = 24 + pitch * len(events)
    top, bottom = split + (52 if events else 0), split + (212 if events else 180)
    foot = bottom if bands is not None else split
    parts = []
    for month, text in svg.month_ticks(data.date, 0, last, right - left):
        parts.append(svg.line(x(month), 20 if events else top - 12, x(month), foot, "grid"))
        if events:
            parts.append(svg.label(x(month), 12, text, "s", "middle"))
        if bands is not None:
            parts.append(svg.label(x(month), bottom + 18, text, "s", "middle"))
    for k, event in enumerate(events):
        parts.append(_event(event, x, 24 + pitch * (k + 0.5), (left, right), last, wide))
    if bands is not None:
        parts.append(_departures(data, bands, x, (left, right, top, bottom), events))
    return foot + 24, "".join(parts)


def _event(event: dict[str, Any], x: svg.Scale, y: float, box: tuple[float, float], last: int, wide: bool) -> str:
    first, final = (min(max(month, 0), last) for month in event["bounds"])
    at = x(min(max(event["month"], 0), last))
    imposed = bool(event.get("effects"))
    begin, end = x(first), x(final)
    tip = f"{event['label']}\n{svg.when(str(event.get('date')))}"
    if event["bounds"][0] != event["bounds"][1]:
        tip += f" (between {svg.when(str(event['between'][0]), True)} and {svg.when(str(event['between'][-1]), True)})"
    tip += f"\n{'imposed on the model' if imposed else 'observed only'}"
    row = y if wide else y + 8
    shape = svg.line(begin, row, end, row, "bound") if end > begin else ""
    style = 'class="fa" r="5"' if imposed else 'class="hollow" r="4.5"'
    shape += f'<circle {style} cx="{svg.num(at)}" cy="{svg.num(row)}"/>'
    kind = "halo" if imposed else "s halo"
    start, stop = min(begin, at), max(end, at)
    if wide:
        before = start - box[0] > box[1] - stop
        room = (start - box[0] if before else box[1] + 40 - stop) - 12
        words = svg.fit(str(event["label"]), room, 13)
        text = svg.label(start - 11 if before else stop + 11, y + 4.5, words, kind, "end" if before else "start")
    else:
        size, whole = 12.0, box[1] - box[0] + 24
        words = svg.fit(str(event["label"]), whole, size)
        half = svg.text_width(words, size) / 2
        middle = min(max(at, box[0] - 12 + half), box[1] + 12 - half)
        text = svg.label(middle, y - 4, words, f"s {'' if not imposed else 'fi'} halo", "middle")
    return f'<g data-tip="{svg.esc(tip)}">{shape}{text}</g>'


def _departures(
    data: RunData, bands: Bands, x: svg.Scale, box: tuple[float, float, float, float], events: list[dict[str, Any]]
) -> str:
    left, right, top, bottom = box
    high = max(float(np.max(bands.p95)), 1.0)
    y = svg.scale(0, high, bottom, top)
    parts = [svg.label(0, top - 26, f"People leaving {data.focal} each month", "b halo")]
    for tick in svg.ticks(0, high, about=3):
        parts.append(svg.line(left, y(tick), right, y(tick), "base" if tick == 0 else "grid"))
        parts.append(svg.label(left - 7, y(tick) + 4, f"{tick:g}", "s", "end"))
    xs = [x(month) for month in range(data.n_months)]
    if data.n_replicates > 1:
        for low, up, kind in ((bands.p05, bands.p95, "b90b"), (bands.p25, bands.p75, "b50b")):
            parts.append(svg.band(xs, [y(float(v)) for v in low], [y(float(v)) for v in up], kind))
    parts.append(svg.curve([(px, y(float(v))) for px, v in zip(xs, bands.p50, strict=True)], "lb"))
    if data.n_months == 1:
        parts.append(f'<circle class="fb" cx="{svg.num(xs[0])}" cy="{svg.num(y(float(bands.p50[0])))}" r="4"/>')
    parts += [
        svg.line(x(event["month"]), bottom, x(event["month"]), bottom + 6, "la")
        for event in events
        if event.get("effects") and 0 <= event["month"] < data.n_months
    ]
    step = x(1) - x(0)
    for month in range(data.n_months):
        tip = f"{svg.when(data.date(month))}\n{svg.plural(float(bands.p50[month]), 'departure')}"
        if data.n_replicates > 1:
            tip += f"\n90% of runs: {svg.span(float(bands.p05[month]), float(bands.p95[month]))}"
        if math.isfinite(bands.p50[month]):
            parts.append(svg.rect(x(month) - step / 2, top, step, bottom - top, "hit", tip))
    return "".join(parts)


def _table(events: list[dict[str, Any]]) -> str:
    rows = []
    for event in events:
        between = event.get("between") or [event.get("date")] * 2
        bounds = str(between[0]) if between[0] == between[-1] else f"{between[0]} to {between[-1]}"
        sources = event.get("source") or ""
        cited = ", ".join(str(s) for s in sources) if isinstance(sources, list) else str(sources)
        role = "imposed" if event.get("effects") else "observed only"
        rows.append(
            [svg.esc(cell) for cell in (event.get("id", ""), event["label"], event.get("date"), bounds, role, cited)]
        )
    head = ["Event", "What", "Date", "Bounds", "Role", "Source"]
    return svg.numbers("All events with their sources", svg.table(head, rows))
