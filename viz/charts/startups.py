"""Start-ups the model founded: where, and in how many runs."""

from __future__ import annotations

from typing import Any

from viz import svg
from viz.results import RunData, number
from viz.theme import WIDE

TITLE = "Start-ups founded"
ORDER = 70
N_SITES = 14


def draw(data: RunData) -> str:
    """A ranked bar per site with the share of runs that founded at least one there."""
    record: dict[str, Any] = data.summary.get("startups") or {}
    sites = {str(site): number(mean, 0.0) for site, mean in (record.get("by_site") or {}).items()}
    ranked = sorted((site for site in sites if sites[site] > 0), key=lambda site: (-sites[site], site))
    if not record:
        return ""
    shares = {str(site): number(share) for site, share in (record.get("share_of_replicates_with_one_in") or {}).items()}
    caption = _see(data, record, ranked, sites, shares)
    if not ranked:
        return svg.figure(caption, "")
    title = "Start-ups founded by site, mean per run"
    body = svg.both(lambda width: _paint(ranked[:N_SITES], sites, shares, width, data.n_replicates), title, caption)
    rows = [[svg.esc(s), svg.decimal(sites[s], 2, False), svg.percent(shares.get(s, float("nan")))] for s in ranked]
    head = ["Site", "Mean per run", "Runs with at least one"]
    note = "Start-ups are founded by the model's people; the scenario names none."
    return svg.figure(caption, body + svg.numbers("All sites in numbers", svg.table(head, rows, right=[1, 2])), note)


def _see(
    data: RunData, record: dict[str, Any], ranked: list[str], sites: dict[str, float], shares: dict[str, float]
) -> str:
    founded, alive = ({k: number(v) for k, v in (record.get(key) or {}).items()} for key in ("founded", "alive"))
    middle = founded.get("p50", sum(sites.values()))
    if not ranked:
        return "No start-up was founded."
    single = data.n_replicates == 1
    text = f"{'The' if single else 'The middle'} run founds {svg.plural(middle, 'start-up')}"
    if not single and founded:
        text += f" (90% of runs: {svg.span(founded.get('p05', middle), founded.get('p95', middle), whole=True)})"
    if alive:
        text += f", and {svg.plural(alive.get('p50', float('nan')), 'is', 'are')} alive at the end"
    top = ranked[0]
    if single or top not in shares:
        return text + f"; {top} is the most common place."
    return text + f"; {top} is the most common place, with at least one in {svg.percent(shares[top])} of runs."


def _paint(
    ranked: list[str], sites: dict[str, float], shares: dict[str, float], width: int, n_replicates: int
) -> tuple[float, str]:
    wide = width == WIDE
    pitch, left, right = (32.0, 170.0, 760.0) if wide else (46.0, 0.0, width - 120.0)
    x = svg.scale(0, max(sites.values()), left, right)
    parts, top = [], 26.0
    many = n_replicates > 1
    parts.append(svg.label(left, 12, "mean per run", "s"))
    if many:
        parts.append(svg.label(width, 12, "runs with at least one" if wide else "runs with one", "s", "end"))
    for k, site in enumerate(ranked):
        y = top + pitch * (k + 0.5) + (0 if wide else 8)
        words = svg.fit(site, 155 if wide else width - 20)
        parts.append(svg.label(left - 14, y + 4.5, words, "", "end") if wide else svg.label(0, y - 13, words))
        tip = f"{site}\n{svg.decimal(sites[site], 2, False)} a run"
        parts.append(svg.rect(left, y - 8, max(x(sites[site]) - left, 1), 16, "fa" if k == 0 else "fm", tip))
        parts.append(svg.label(x(sites[site]) + 8, y + 4.5, svg.decimal(sites[site], 1, False), "b"))
        if many:
            share = shares.get(site, float("nan"))
            parts.append(svg.label(width, y + 4.5, svg.percent(share), "s", "end"))
            if wide and share == share:
                begin, end = 850.0, width - 44.0
                parts.append(svg.line(begin, y, end, y, "bound"))
                parts.append(
                    f'<circle class="fb" cx="{svg.num(begin + share * (end - begin))}" cy="{svg.num(y)}" r="5"/>'
                )
    parts.append(svg.line(left, top, left, top + pitch * len(ranked), "base") if wide else "")
    return top + pitch * len(ranked) + 6, "".join(parts)
