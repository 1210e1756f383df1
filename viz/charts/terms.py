"""Why they left, second part: what movers gained and gave up, utility term by utility term."""

from __future__ import annotations

from viz import svg
from viz.results import RunData
from viz.theme import WIDE

TITLE = "What the movers gained, and gave up"
ORDER = 60
NAMES = {
    "pay": "Pay",
    "compute": "Compute",
    "culture": "Culture fit",
    "peers": "Peers",
    "prestige": "Prestige",
    "equity": "Equity",
    "place": "Place",
    "match": "Personal match",
    "venture": "Prospects of the venture",
    "deprivation": "Worse off than sister teams",
    "strain": "Strain left behind",
    "breach": "Breaches left behind",
    "embeddedness": "Roots given up",
    "personal": "Reasons of one's own",
    "switching": "Cost of moving",
    "forfeited": "Unvested equity given up",
    "delay": "Notice and garden leave",
}


def name_of(term: str) -> str:
    """A term in words."""
    return NAMES.get(term, term.replace("_", " ").capitalize())


def draw(data: RunData) -> str:
    """Diverging bars, the pull to the right and the cost to the left."""
    own, n = data.departures.differences(data.focal)
    whom = data.focal
    if not own:
        own, n = data.departures.differences()
        whom = "any employer"
    shown = {t: v for t, v in own.items() if abs(v) >= 0.005}
    if not shown:
        return ""
    order = sorted(shown, key=lambda t: (-shown[t], t))
    total = sum(own.values())
    caption = _see(shown, order, whom)
    title = f"Mean difference in utility between the new and the old job, movers from {whom}, in utils"
    body = svg.both(lambda width: _paint(order, shown, total, width), title, caption)
    rows = [[svg.esc(name_of(t)), svg.decimal(own[t])] for t in sorted(own, key=lambda t: (-own[t], t))]
    rows.append(["<b>All terms together</b>", f"<b>{svg.decimal(total)}</b>"])
    numbers = svg.numbers(
        "Every term in numbers (utils)", svg.table(["Term", "New job minus old job"], rows, right=[1])
    )
    note = (
        f"Mean over {svg.plural(n, 'voluntary move')} to another job, in utils. A term that exists in one of the two "
    )
    note += "jobs only, such as the cost of moving, counts as zero in the other."
    return svg.figure(caption, body + numbers, note)


def _see(shown: dict[str, float], order: list[str], whom: str) -> str:
    gains, losses = [t for t in order if shown[t] > 0], [t for t in reversed(order) if shown[t] < 0]
    text = f"For those who left {whom} for another job, "
    if gains:
        best = [f"{name_of(t).lower()} ({svg.decimal(shown[t])})" for t in gains[:2]]
        text += f"{svg.listing(best)} spoke most for the new job"
    else:
        text += "no single term spoke for the new job"
    if losses:
        text += f"; {name_of(losses[0]).lower()} ({svg.decimal(shown[losses[0]])}) spoke most against it"
    return text + "."


def _paint(order: list[str], shown: dict[str, float], total: float, width: int) -> tuple[float, str]:
    wide = width == WIDE
    left, right, pitch = (250.0, width - 60.0, 31.0) if wide else (46.0, width - 46.0, 46.0)
    low, high = min([0.0, total, *shown.values()]), max([0.0, total, *shown.values()])
    x = svg.scale(low, high, left + (46 if wide and low < 0 else 0), right)
    zero, top = x(0), 30.0
    parts = [svg.label(zero + 6, 14, "speaks for leaving →", "s")]
    if low < 0:
        parts.append(svg.label(zero - 6, 14, "← for staying", "s", "end"))
    bottom = top + pitch * len(order)
    parts.append(svg.line(zero, top - 8, zero, bottom + pitch + 14, "base"))
    for k, term in enumerate([*order, ""]):
        value = shown[term] if term else total
        y = top + pitch * (k + 0.5) + (0 if term else 14) + (0 if wide else 8)
        words = name_of(term) if term else "All terms together"
        kind = "fi" if not term else "go" if value > 0 else "stay"
        parts.append(svg.label(0, y + 4.5 if wide else y - 13, words, "halo" if term else "b halo"))
        start, end = min(zero, x(value)), max(zero, x(value))
        parts.append(svg.rect(start, y - 8, max(end - start, 1), 16, kind, f"{words}\n{svg.decimal(value)} utils"))
        beside = (end + 7, "start") if value >= 0 else (start - 7, "end")
        parts.append(svg.label(beside[0], y + 4.5, svg.decimal(value), "b" if not term else "", beside[1]))
    parts.append(svg.line(0, bottom + 6, width, bottom + 6, "grid"))
    return bottom + pitch + 20, "".join(parts)
