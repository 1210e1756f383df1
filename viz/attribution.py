"""The page of an attribution: a waterfall from the world without the events to the world as it happened."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from abm import disk, result_file, verdicts
from viz import svg
from viz.report import page
from viz.theme import WIDE

type Estimate = dict[str, Any]

STYLE = """
.wh{stroke:var(--ink);stroke-width:1.5;fill:none}
.step{stroke:var(--muted);stroke-width:1;fill:none;stroke-dasharray:2 3}
.total{fill:var(--ink)}
.go.pale{fill:var(--going);opacity:.36}
.stay.pale{fill:var(--staying);opacity:.36}
.row:hover .hit,.row .hit:hover{fill:var(--ink);fill-opacity:.045}
h2 code{font:600 .82em/1.3 var(--mono);overflow-wrap:anywhere}
section .cards{margin:22px 0 34px}
.lead code{font-size:.78em}
"""


def write_page(folder: Path) -> Path:
    """Write `attribution.html` beside the `attribution.json` of a folder; gives its path."""
    told = result_file.document(folder / "attribution.json")
    path = folder / "attribution.html"
    disk.write(path, render(told))
    return path


def render(told: dict[str, Any]) -> str:
    """The whole page, out of the document that `abm/attribution_files.py` describes."""
    many = svg.plural(told["replicates"], "history", "histories")
    period = f"{svg.when(told['scenario']['start'])} – {svg.when(told['until'])}"
    n = svg.plural(len(told["players"]), "dated event")
    links = "".join(f'<a href="#outcome-{k}">{svg.esc(each["text"])}</a>' for k, each in enumerate(told["outcomes"]))
    header = (
        f'<p class="kicker">{svg.esc(f"Event attribution · {period} · {many}")}</p>'
        f"<h1>{svg.esc(told['scenario']['title'])}: what the events did</h1>"
        f'<p class="lead">Every history was run again with some of {svg.esc(n)} and without the others: '
        f"same people, same luck. {_lead(told)}</p>"
        f'<nav class="contents" aria-label="Contents">{links}<a href="#read">How to read this</a>'
        '<a href="#made">How this was made</a></nav>'
    )
    body = "".join(_section(told, each, k) for k, each in enumerate(told["outcomes"]))
    return page(f"{told['scenario']['title']}: what the events did", header, body + _reading(told) + _made(told), STYLE)


# ---- words -----------------------------------------------------------------------------------------------------


def _number(value: float, signed: bool = False) -> str:
    return svg.decimal(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0, signed=signed)


def _interval(estimate: Estimate, signed: bool = True) -> str:
    if estimate["low"] is None:
        return ""
    wide = max(abs(estimate["low"]), abs(estimate["high"]))
    places = 2 if wide < 10 else 1 if wide < 100 else 0
    return f"{svg.decimal(estimate['low'], places, signed)} to {svg.decimal(estimate['high'], places, signed)}"


def _is_clear(estimate: Estimate) -> bool:
    return bool(verdicts.side(estimate["verdict"]))


def _main(told: dict[str, Any]) -> str:
    return "shapley" if told["shapley"] else "leave_one_out"


def _ranked(told: dict[str, Any], each: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Players and their parts, without those that never made a difference, the largest first."""
    pairs = zip(told["players"], each["parts"], strict=True)
    key = _main(told)
    return sorted((pair for pair in pairs if not pair[1]["idle"]), key=lambda pair: -abs(pair[1][key]["mean"]))


def _date(player: dict[str, Any], short: bool = False) -> str:
    low, high = player["between"]
    first, last = svg.when(low, short=True), svg.when(high, short=True)
    if short and low != high:
        return f"{first} on"
    return first if low == high else f"{first[:3] if low[:4] == high[:4] else first} – {last}"


def _lead(told: dict[str, Any]) -> str:
    """Markup."""
    said = []
    for each in told["outcomes"]:
        value, unit = _number(each["everything"]["mean"]), svg.esc(each["unit"])
        without = _number(each["nothing"]["mean"])
        said.append(f"<code>{svg.esc(each['text'])}</code> is <b>{value}</b> {unit}, and {without} without the events")
    return f"On average {'; '.join(said)}."


def _see(told: dict[str, Any], each: dict[str, Any]) -> str:
    """The sentence over the waterfall: which contributions stand out, or that none does."""
    key, ranked = _main(told), _ranked(told, each)
    clear = [(player, part[key]) for player, part in ranked if _is_clear(part[key])]
    if not ranked:
        return "None of the events makes a difference in any history."
    if told["replicates"] < 2:
        return "One history: no intervals, so this shows what happened in it and not what the events do in general."
    if told["replicates"] < verdicts.FEWEST:
        n = told["replicates"]
        return f"{n} histories: too few to tell a contribution from luck; {verdicts.FEWEST} are the least."
    if not clear:
        return "No single contribution stands out from the luck of the histories."
    best = [f"{player['label']} ({_number(part['mean'], True)})" for player, part in clear[:3]]
    stand = "contribution stands" if len(clear) == 1 else "contributions stand"
    few = f"{len(clear)} {stand} out{', first of all' if len(clear) > 3 else ':'} {svg.listing(best)}."
    return few + " The others are not told from zero." * (len(ranked) > len(clear))


# ---- sections --------------------------------------------------------------------------------------------------


def _section(told: dict[str, Any], each: dict[str, Any], k: int) -> str:
    cards = [
        ("Without the events", each["nothing"], False),
        ("As it happened", each["everything"], False),
        ("All events together", each["whole"], True),
    ]
    if each["gap"] is not None:
        cards.append(("Beyond the sum of leave-one-out", each["gap"], True))
    shown = "".join(
        f'<div class="card"><dt>{svg.esc(what)}</dt><dd><div class="big">{_number(value["mean"], signed)}</div>'
        f'<div class="sub">{svg.esc(_interval(value, signed) or each["unit"])}</div></dd></div>'
        for what, value, signed in cards
    )
    figures = _waterfall_figure(told, each) if told["shapley"] else ""
    figures += _compared_figure(told, each)
    return (
        f'<section id="outcome-{k}"><h2><code>{svg.esc(each["text"])}</code></h2>'
        f'<p class="aside">{svg.esc(each["meaning"])} Unit: {svg.esc(each["unit"])}; means over histories, 95 % '
        f'intervals.</p><dl class="cards" style="--n:{max(len(cards), 4)}">{shown}</dl>{figures}</section>'
    )


def _icon(shape: str) -> str:
    return f'<svg width="30" height="14" viewBox="0 0 30 14" aria-hidden="true">{shape}</svg>'


def _key(entries: list[tuple[str, str]]) -> str:
    return f'<p class="key">{"".join(f"<span>{_icon(shape)}{svg.esc(words)}</span>" for shape, words in entries)}</p>'


def _waterfall_figure(told: dict[str, Any], each: dict[str, Any]) -> str:
    key = _key(
        [
            ('<rect class="go" x="2" y="2" width="26" height="10"/>', "raises it"),
            ('<rect class="stay" x="2" y="2" width="26" height="10"/>', "lowers it"),
            (
                '<rect class="go pale" x="2" y="2" width="13" height="10"/>'
                '<rect class="stay pale" x="15" y="2" width="13" height="10"/>',
                "pale: the interval includes zero",
            ),
            ('<path class="wh" d="M3 7H27M3 3V11M27 3V11"/>', "95 % interval of the step"),
        ]
    )
    title = f"Shapley contributions to {each['text']}, event by event"
    caption = _see(told, each)
    body = svg.both(functools.partial(_waterfall, told, each), title, caption)
    note = "Events by date. Each step is a Shapley value; the steps lead exactly from one end to the other."
    idle = [part["player"] for part in each["parts"] if part["idle"]]
    if idle:
        note += f" Not drawn, no difference in any history: {', '.join(idle)}."
    return svg.figure(caption, key + body, note)


def _steps(told: dict[str, Any], each: dict[str, Any]) -> list[tuple[dict[str, Any], Estimate, float]]:
    """Player, contribution, and where the step begins."""
    found, at = [], float(each["nothing"]["mean"])
    for player, part in zip(told["players"], each["parts"], strict=True):
        if not part["idle"]:
            found.append((player, part["shapley"], at))
        at += part["shapley"]["mean"]
    return found


def _reach(estimate: Estimate, at: float = 0.0) -> list[float]:
    """Places that must be on the axis."""
    ends = [value for value in (estimate["low"], estimate["mean"], estimate["high"]) if value is not None]
    return [at + value for value in ends]


def _whisker(x: svg.Scale, estimate: Estimate, at: float, y: float, half: float = 4.0) -> str:
    if estimate["low"] is None:
        return ""
    low, high = (svg.num(x(at + estimate[end])) for end in ("low", "high"))
    top, bottom, middle = svg.num(y - half), svg.num(y + half), svg.num(y)
    return f'<path class="wh" d="M{low} {middle}H{high}M{low} {top}V{bottom}M{high} {top}V{bottom}"/>'


def _dated(y: float, text: str, date: str, room: float, style: str) -> str:
    """A label behind its date, cut to the room of both (phones)."""
    start = 74.0 if date else 0.0
    before = svg.label(0, y, date, "s halo") if date else ""
    return before + svg.label(start, y, svg.fit(text, room - start, 13), style)


def _axis(x: svg.Scale, limits: tuple[float, float], top: float, bottom: float, room: float) -> str:
    parts = []
    for mark in svg.ticks(*limits, about=max(3, int(room / 80))):
        parts.append(svg.line(x(mark), top, x(mark), bottom, "base" if mark == 0 else "grid"))
        parts.append(svg.label(x(mark), top - 7, f"{mark:g}".replace("-", "−"), "s", "middle"))
    return "".join(parts)


def _waterfall(told: dict[str, Any], each: dict[str, Any], width: int) -> tuple[float, str]:
    wide = width == WIDE
    steps = _steps(told, each)
    ends = [("Without the events", each["nothing"]), ("As it happened", each["everything"])]
    needed = [value for _, end in ends for value in _reach(end)]
    needed += [value for _, part, at in steps for value in (at, *_reach(part, at))]
    low, high = min(needed), max(needed)
    from_zero = 0 <= low <= 1.5 * (high - low)
    low = 0.0 if from_zero else low
    pad = 0.03 * ((high - low) or 1.0)
    limits = (low if from_zero else low - pad, high + pad)
    left, right = (464.0, width - 74.0) if wide else (4.0, width - 8.0)
    pitch = 27.0 if wide else 44.0
    top = 24.0
    bottom = top + pitch * (len(steps) + 2)
    x = svg.scale(*limits, left, right)
    parts = [_axis(x, limits, top, bottom, right - left)]

    def row(k: int) -> tuple[float, float]:  # baseline of the words, middle of the bar
        y = top + pitch * k
        return (y + 18, y + pitch / 2) if wide else (y + 15, y + 31)

    def words(k: int, text: str, date: str, value: str, strong: bool) -> str:
        base, _ = row(k)
        style = "b halo" if strong else "halo"
        if wide:
            when = svg.label(0, base, date, "s") if date else ""
            start = 136.0 if date else 0.0
            return (
                when
                + svg.label(start, base, svg.fit(text, left - 16 - start, 13), style)
                + svg.label(width, base, value, "b" if strong else "", "end")
            )
        room = width - svg.text_width(value, 14) - 10
        return _dated(base, text, date, room, style) + svg.label(width, base, value, "b halo", "end")

    for k, (name, end) in enumerate(ends):
        number = k * (len(steps) + 1)
        _, y = row(number)
        tip = f"{name}\n{_number(end['mean'])} {each['unit']}\n{_interval(end, False)}".rstrip()
        shape = svg.rect(x(limits[0]), y - 7, x(end["mean"]) - x(limits[0]), 14, "fg") if from_zero else ""
        shape += f'<circle class="total" cx="{svg.num(x(end["mean"]))}" cy="{svg.num(y)}" r="4.5"/>'
        shape += _whisker(x, end, 0.0, y)
        hit = svg.rect(0, top + pitch * number, width, pitch, "hit", tip)
        parts.append(f'<g class="row">{shape}{words(number, name, "", _number(end["mean"]), True)}{hit}</g>')
    for k, (player, part, at) in enumerate(steps, 1):
        _, y = row(k)
        first, last = sorted((x(at), x(at + part["mean"])))
        kind = ("go" if part["mean"] >= 0 else "stay") + ("" if _is_clear(part) else " pale")
        shape = svg.rect(first, y - 7, max(last - first, 1.5), 14, kind) + _whisker(x, part, at, y)
        begins = row(k - 1)[1]
        lead = svg.line(x(at), begins + 7, x(at), y - 7, "step")
        tip = f"{player['name']}: {player['label']}\n{_date(player)}\n{_number(part['mean'], True)} {each['unit']}"
        tip += f"\n95 %: {_interval(part)}" if part["low"] is not None else ""
        hit = svg.rect(0, top + pitch * k, width, pitch, "hit", tip)
        text = words(k, player["label"], _date(player, not wide), _number(part["mean"], True), _is_clear(part))
        parts.append(f'<g class="row">{lead}{shape}{text}{hit}</g>')
    end_at = each["everything"]["mean"]
    parts.append(svg.line(x(end_at), row(len(steps))[1] + 7, x(end_at), row(len(steps) + 1)[1] - 7, "step"))
    return bottom + 6, "".join(parts)


# ---- both methods ----------------------------------------------------------------------------------------------

MARKS = {
    "shapley": ('<path class="lb" d="M2 7H28"/><circle class="fb" cx="15" cy="7" r="4.5"/>', "Shapley value"),
    "leave_one_out": ('<path class="base" d="M2 7H28"/><circle class="hollow" cx="15" cy="7" r="4"/>', "leave-one-out"),
}


def _methods(told: dict[str, Any]) -> list[str]:
    return [name for name in MARKS if told[name]]


def _compared_figure(told: dict[str, Any], each: dict[str, Any]) -> str:
    ranked = _ranked(told, each)
    methods = _methods(told)
    numbers = svg.numbers("All events in numbers", _table(told, each))
    if not ranked:
        return svg.figure(_see(told, each), numbers) if not told["shapley"] else numbers
    key = _key([(MARKS[name][0], f"{MARKS[name][1]}, 95 % interval") for name in methods])
    if len(methods) == 2:
        caption = (
            "Left out alone, or averaged over the company it keeps: the answers differ where events work together."
        )
        if each["gap"] is not None and _is_clear(each["gap"]):
            more = "more" if each["gap"]["mean"] * each["whole"]["mean"] > 0 else "less"
            caption += f" Together the events do {more} than one by one."
    else:
        caption = _see(told, each)
    title = f"{' and '.join(MARKS[name][1] for name in methods)} by event, {each['text']}"
    return svg.figure(caption, key + svg.both(functools.partial(_compared, told, each), title, caption) + numbers)


def _compared(told: dict[str, Any], each: dict[str, Any], width: int) -> tuple[float, str]:
    wide = width == WIDE
    ranked, methods = _ranked(told, each), _methods(told)
    needed = [0.0, *(value for _, part in ranked for name in methods for value in _reach(part[name]))]
    pad = 0.03 * ((max(needed) - min(needed)) or 1.0)
    limits = (min(needed) - pad, max(needed) + pad)
    left, right = (464.0, width - 10.0) if wide else (4.0, width - 8.0)
    pitch, top = (30.0, 24.0) if wide else (48.0, 24.0)
    x = svg.scale(*limits, left, right)
    bottom = top + pitch * len(ranked)
    parts = [_axis(x, limits, top, bottom, right - left)]
    for k, (player, part) in enumerate(ranked):
        y = top + pitch * k
        middle = y + (pitch / 2 if wide else 32)
        apart = 5.0 if len(methods) == 2 else 0.0
        tip = f"{player['name']}: {player['label']}\n{_date(player)}"
        shape = ""
        for number, name in enumerate(methods):
            estimate, at = part[name], middle + (2 * number - 1) * apart
            if estimate["low"] is not None:
                style = "lb" if name == "shapley" else "base"
                shape += svg.line(x(estimate["low"]), at, x(estimate["high"]), at, style)
            style = 'class="fb" r="4.5"' if name == "shapley" else 'class="hollow" r="4"'
            shape += f'<circle {style} cx="{svg.num(x(estimate["mean"]))}" cy="{svg.num(at)}"/>'
            interval = f" ({_interval(estimate)})" if estimate["low"] is not None else ""
            tip += f"\n{MARKS[name][1]} {_number(estimate['mean'], True)}{interval}"
        if wide:
            text = svg.label(0, middle + 4.5, _date(player), "s")
            text += svg.label(136, middle + 4.5, svg.fit(player["label"], left - 152, 13), "halo")
        else:
            text = _dated(y + 15, player["label"], _date(player, short=True), width, "halo")
        parts.append(f'<g class="row">{shape}{text}{svg.rect(0, y, width, pitch, "hit", tip)}</g>')
    return bottom + 6, "".join(parts)


def _table(told: dict[str, Any], each: dict[str, Any]) -> str:
    methods = _methods(told)[::-1]
    head = ["Event", "Date", "What", *(svg.sentence(MARKS[name][1]) for name in methods)]
    head += ["Share"] if told["shapley"] else []
    rows = []
    for player, part in zip(told["players"], each["parts"], strict=True):
        cells = [svg.esc(player["name"]), svg.esc(_date(player)), svg.esc(player["label"])]
        for name in methods:
            interval = _interval(part[name])
            small = f'<br><span class="note">{svg.esc(interval)}</span>' if interval else ""
            cells.append(f"{_number(part[name]['mean'], True)}{small}")
        if told["shapley"]:
            cells.append("–" if part["share"] is None else svg.decimal(100 * part["share"], 0, signed=False) + "%")
        rows.append(cells)
    return svg.table(head, rows, right=range(3, len(head)), kind="stack")


# ---- how -------------------------------------------------------------------------------------------------------


def _reading(told: dict[str, Any]) -> str:
    chance = len(told["players"]) * (1 - told["level"])
    said = [
        "Leave-one-out is the outcome as it happened less the outcome of the world without one event. If two events "
        "would each have sufficed, it gives nothing to either; if both were needed, it gives the whole to each. All "
        "these differences share the world as it happened, whose luck enters their sum once for every event: the sum "
        "is known far less well than its parts.",
    ]
    if told["shapley"]:
        how = (
            "over all orders"
            if told["shapley"] == "exact"
            else f"over {told['permutations']} orders drawn afresh in every history, each with its reverse"
        )
        said.append(
            f"A Shapley value is what the outcome changes when the event joins the others, averaged {how} in which the "
            "events can join. The values sum to the whole in every history."
        )
    covers = (
        "luck, uncertain dates and the drawing of orders"
        if told["shapley"] == "sampled"
        else "luck and uncertain dates"
    )
    said.append(
        "An interval is of the mean over histories (sign-flip test; of fewer than ten histories Student's t). "
        f"It covers {covers}, not whether the model is right. "
        f"Of {len(told['players'])} such intervals about {_number(chance)} would miss zero by luck alone."
    )
    reasons: dict[str, list[str]] = {}
    for event, reason in told["skipped"].items():
        reasons.setdefault(reason, []).append(event)
    said += [f"No players, because {reason}: {', '.join(events)}." for reason, events in reasons.items()]
    text = "".join(f"<p class='note'>{svg.esc(each)}</p>" for each in said)
    return f'<section id="read"><h2>How to read this</h2>{text}</section>'


def _made(told: dict[str, Any]) -> str:
    record = told["provenance"]
    facts: list[tuple[str, Any]] = [
        ("Scenario", f"{told['scenario']['name']}, {svg.plural(told['months'], 'month')}"),
        ("Scenario hash", record.get("scenario_hash")),
        ("Seed", record.get("seed")),
        ("Histories", f"{told['replicates']}{'' if record.get('complete') else ' (stopped early)'}"),
        ("Commit", record.get("commit")),
        ("Versions", ", ".join(f"{name} {version}" for name, version in (record.get("versions") or {}).items())),
    ]
    rows = "".join(f"<dt>{svg.esc(k)}</dt><dd>{svg.esc(v)}</dd>" for k, v in facts if v not in (None, ""))
    command = f"<pre><code>{svg.esc(record['command'])}</code></pre>" if record.get("command") else ""
    return (
        '<section id="made"><h2>How this was made</h2><figcaption>The same scenario, seed and versions give the same '
        f'numbers. To run it again:</figcaption>{command}<dl class="facts">{rows}</dl></section>'
    )
