"""Why they left, first part: which path opened the decision."""

from __future__ import annotations

from viz import svg
from viz.results import RunData
from viz.theme import WIDE

TITLE = "What opened the decision"
ORDER = 50
PATHS = {
    "shock": "a shock at work",
    "slow build-up": "a slow build-up",
    "colleagues": "colleagues leaving",
    "offer": "an offer",
    "founding": "a company to found",
    "routine": "routine reconsidering",
}


def draw(data: RunData) -> str:
    """Bars for the focal employer, a tick for the whole market."""
    own, market = data.departures.path_shares(data.focal), data.departures.path_shares()
    if not market:
        return ""
    whom = data.focal if own else "the whole market"
    shares = own or market
    names = sorted(
        {*PATHS, *market}, key=lambda path: (-shares.get(path, 0.0), list(PATHS).index(path) if path in PATHS else 99)
    )
    caption = _see(shares, market, whom, bool(own))
    title = f"Departures from {whom} by the path that opened the decision"
    body = svg.both(lambda width: _paint(names, shares, market if own else {}, width), title, caption)
    rows = [
        [svg.esc(PATHS.get(p, p)), svg.percent(own.get(p, 0.0)) if own else "–", svg.percent(market.get(p, 0.0))]
        for p in names
    ]
    numbers = svg.numbers(
        "In numbers", svg.table(["Path", data.focal or "Focal employer", "Whole market"], rows, right=[1, 2])
    )
    note = "A person reconsiders when something happens, when the gap has grown, when friends go, when an offer comes, "
    note += "or by routine. "
    note += "Departures nobody decided on (layoffs, failed start-ups) have no path and are not counted here."
    return svg.figure(caption, body + numbers, note)


def _see(shares: dict[str, float], market: dict[str, float], whom: str, compare: bool) -> str:
    top = max(shares, key=lambda path: (shares[path], path))
    name = PATHS.get(top, top)
    text = f"{name[0].upper()}{name[1:]} opened {svg.percent(shares[top])} of the decisions to leave {whom}"
    if not compare:
        return text + "."
    gap = max(shares, key=lambda path: (abs(shares[path] - market.get(path, 0.0)), path))
    here, there = shares[gap], market.get(gap, 0.0)
    if abs(here - there) < 0.02:
        return f"{text}, much as in the market as a whole."
    more = "more" if here > there else "less"
    if gap == top:
        return f"{text}, {more} than in the market as a whole ({svg.percent(there)})."
    against = f"{svg.percent(here)} against {svg.percent(there)}"
    return f"{text}; {PATHS.get(gap, gap)} mattered {more} there than in the market as a whole ({against})."


def _paint(names: list[str], shares: dict[str, float], market: dict[str, float], width: int) -> tuple[float, str]:
    wide = width == WIDE
    left, right, pitch = (190.0, width - 130.0, 38.0) if wide else (0.0, width - 52.0, 50.0)
    high = max([*shares.values(), *market.values(), 0.01])
    x = svg.scale(0, high, left, right)
    parts, top = [], 20.0 if market else 4.0
    for k, path in enumerate(names):
        share, y = shares.get(path, 0.0), top + pitch * (k + 0.5) + (0 if wide else 9)
        words = PATHS.get(path, path)
        parts.append(svg.label(left - 14, y + 4.5, words, "", "end") if wide else svg.label(0, y - 15, words))
        tip = f"{words}\n{svg.percent(share)}" + (
            f"\nwhole market: {svg.percent(market.get(path, 0.0))}" if market else ""
        )
        parts.append(svg.rect(left, y - 9, max(x(share) - left, 1), 18, "fa" if k == 0 else "fm", tip))
        at = x(share)
        if market:
            tick = x(market.get(path, 0.0))
            parts.append(f'<path class="si" d="M{svg.num(tick)} {svg.num(y - 13)}V{svg.num(y + 13)}"/>')
            at = tick if at - 6 < tick < at + 46 else at  # the tick would cross the number
            if k == 0:
                parts.append(
                    svg.label(
                        tick, y - 18 if wide else 11, "whole market", "s halo", "middle" if tick + 40 < width else "end"
                    )
                )
        parts.append(svg.label(at + 9, y + 4.5, svg.percent(share), "ta" if k == 0 else "b"))
    parts.append(svg.line(left, top, left, top + pitch * len(names), "base") if wide else "")
    return top + pitch * len(names) + 4, "".join(parts)
