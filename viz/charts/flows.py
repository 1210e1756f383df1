"""Where they went: an alluvial diagram of mean departures from employer to destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from viz import svg
from viz.results import NOT_EMPLOYERS, RunData
from viz.theme import WIDE

TITLE = "Where they went"
ORDER = 20
N_FROM, N_TO = 7, 10  # a reader can follow this many ribbons; the rest is one group
NOUNS = {"new start-up": "a new start-up", "left the field": "work outside the field", "searching": "job search"}
OTHERS_FROM, OTHERS_TO = "all others", "elsewhere"


@dataclass
class _Node:
    name: str
    value: float
    y: float = 0.0
    height: float = 0.0
    used: float = 0.0  # how much of its height already carries ribbons


def mean_flows(data: RunData) -> dict[tuple[str, str], float]:
    """Mean departures per run from employer to destination; moves inside an employer are not departures."""
    totals: dict[tuple[str, str], float] = {}
    table = data.flows
    for source, target, n in zip(table["from"], table["to"], table["count"], strict=True):
        if str(source) not in NOT_EMPLOYERS and source != target:
            key = (str(source), str(target))
            totals[key] = totals.get(key, 0.0) + float(n)
    return {key: total / data.n_replicates for key, total in totals.items() if total > 0}


def draw(data: RunData) -> str:
    """The diagram, the sentence on the focal employer, and the numbers folded away."""
    flows = mean_flows(data)
    if not flows:
        return ""
    grouped = _group(flows, data.focal)
    title = "Departures from employer to destination, mean per run"
    caption = _see(data, flows)
    body = svg.both(lambda width: _paint(grouped, data.focal, width), title, caption)
    ranked = sorted(flows.items(), key=lambda item: (-item[1], item[0]))
    rows = [[svg.esc(a), svg.esc(b), svg.decimal(n, 1, signed=False)] for (a, b), n in ranked[:40]]
    more = f"The largest {len(rows)} flows in numbers (mean per run)"
    note = "Width is the mean number of people per run over the whole period. Moves inside an employer do not count."
    return svg.figure(caption, body + svg.numbers(more, svg.table(["From", "To", "People"], rows, right=[2])), note)


def noun(destination: str) -> str:
    """A destination as it reads in a sentence."""
    return NOUNS.get(destination, destination)


def from_focal(data: RunData) -> list[tuple[str, float, float]]:
    """Destinations of those who left the focal employer: name, mean per run, share; largest first."""
    own = [(to, n) for (source, to), n in mean_flows(data).items() if source == data.focal]
    total = sum(n for _, n in own)
    return [(to, n, n / total) for to, n in sorted(own, key=lambda item: (-item[1], item[0]))]


def _see(data: RunData, flows: dict[tuple[str, str], float]) -> str:
    own = from_focal(data)
    if not own:
        everybody = svg.plural(sum(flows.values()), "departure")
        return f"Nobody left {data.focal}; {everybody} a run happened elsewhere in the market."
    (first, n, share), total = own[0], sum(n for _, n, _ in own)
    text = f"The largest group of those who left {data.focal} went to {noun(first)}: "
    text += f"{svg.count(n)} of {svg.count(total)} a run ({svg.percent(share)})"
    rest = [f"{noun(name)} ({svg.percent(part)})" for name, _, part in own[1:3]]
    return f"{text}, followed by {svg.listing(rest)}." if rest else f"{text}."


def _group(flows: dict[tuple[str, str], float], focal: str) -> dict[tuple[str, str], float]:
    def top(side: int, room: int) -> set[str]:
        sums: dict[str, float] = {}
        for key, n in flows.items():
            # destinations are ranked by what the focal employer's people chose first: they are the story
            sums[key[side]] = sums.get(key[side], 0.0) + n * (6 if side == 1 and key[0] == focal else 1)
        ranked = sorted(sums, key=lambda name: (side == 1 or name != focal, -sums[name], name))
        return set(ranked if len(ranked) <= room + 1 else ranked[:room])

    sources, targets = top(0, N_FROM), top(1, N_TO)
    grouped: dict[tuple[str, str], float] = {}
    for (a, b), n in flows.items():
        key = (a if a in sources else OTHERS_FROM, b if b in targets else OTHERS_TO)
        grouped[key] = grouped.get(key, 0.0) + n
    return grouped


def _nodes(flows: dict[tuple[str, str], float], side: int, focal: str, height: float, room: float) -> dict[str, _Node]:
    sums: dict[str, float] = {}
    for key, n in flows.items():
        sums[key[side]] = sums.get(key[side], 0.0) + n
    last = (OTHERS_FROM, OTHERS_TO)
    names = sorted(sums, key=lambda name: (name in last, side == 1 or name != focal, -sums[name], name))
    slots = room * len(names)
    per_unit = max(height - slots, height * 0.35) / sum(sums.values())
    found, y = {}, 0.0
    for name in names:
        node = _Node(name, sums[name], height=max(sums[name] * per_unit, 1.5))
        slot = node.height + room
        node.y, y = y + (slot - node.height) / 2, y + slot
        found[name] = node
    return found


def _paint(flows: dict[tuple[str, str], float], focal: str, width: int) -> tuple[float, str]:
    wide = width == WIDE
    margin, bar, room, height = (178.0, 9.0, 22.0, 560.0) if wide else (104.0, 6.0, 25.0, 560.0)
    left, right = _nodes(flows, 0, focal, height, room), _nodes(flows, 1, focal, height, room)
    x0, x1 = margin + bar, width - margin - bar
    scales = [{n.name: n.height / n.value for n in side.values()} for side in (left, right)]
    ribbons: list[tuple[bool, str]] = []
    order = sorted(flows, key=lambda key: (left[key[0]].y, right[key[1]].y))
    for a, b in order:
        n, source, target = flows[a, b], left[a], right[b]
        h0, h1 = n * scales[0][a], n * scales[1][b]
        y0, y1 = source.y + source.used, target.y + target.used
        source.used, target.used = source.used + h0, target.used + h1
        ribbons.append(
            (
                a == focal,
                _ribbon(x0, y0, h0, x1, y1, h1, f"{a} → {b}\n{svg.decimal(n, 1, False)} people a run", a == focal),
            )
        )
    parts = [shape for _, shape in sorted(ribbons, key=lambda item: item[0])]
    size = 13.0 if wide else 11.0  # narrow letters: the estimate is generous
    for side, nodes in ((0, left), (1, right)):
        x, at, anchor = (margin, margin - 8, "end") if side == 0 else (x1, x1 + bar + 8, "start")
        for node in nodes.values():
            own = node.name == focal and side == 0
            tip = f"{node.name}\n{svg.decimal(node.value, 1, False)} people a run {'left' if side == 0 else 'arrived'}"
            parts.append(svg.rect(x, node.y, bar, node.height, "fa" if own else "fm", tip))
            parts.append(_name(node, at, anchor, margin - 10, size, "ta" if own else "b" if side == 0 else ""))
    bottom = max(n.y + n.height for n in (*left.values(), *right.values())) + room / 2
    head = svg.label(margin + bar, -8, "left", "s", "end") + svg.label(x1, -8, "went to", "s")
    return bottom + 26, f'<g transform="translate(0 22)">{head}{"".join(parts)}</g>'


def _name(node: _Node, x: float, anchor: str, room: float, size: float, kind: str) -> str:
    y, amount = node.y + node.height / 2, svg.count(node.value)
    style: dict[str, Any] = {"anchor": anchor}
    one_line = f"{node.name}  {amount}"
    if svg.text_width(one_line, size) <= room:
        words = f'{svg.esc(node.name)} <tspan class="s">{svg.esc(amount)}</tspan>'
        end = ' text-anchor="end"' if anchor == "end" else ""
        return f'<text x="{svg.num(x)}" y="{svg.num(y + 4.5)}" class="{kind}"{end}>{words}</text>'
    return svg.label(x, y - 1, svg.fit(node.name, room, size), kind, **style) + svg.label(
        x, y + 12, amount, "s", **style
    )


def _ribbon(x0: float, y0: float, h0: float, x1: float, y1: float, h1: float, tip: str, own: bool) -> str:
    bend, n = (x0 + x1) / 2, svg.num
    there = f"M{n(x0)} {n(y0)}C{n(bend)} {n(y0)} {n(bend)} {n(y1)} {n(x1)} {n(y1)}"
    back = f"V{n(y1 + h1)}C{n(bend)} {n(y1 + h1)} {n(bend)} {n(y0 + h0)} {n(x0)} {n(y0 + h0)}Z"
    return f'<path class="flow{" own" if own else ""}" d="{there}{back}" data-tip="{svg.esc(tip)}"/>'
