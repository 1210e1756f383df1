"""The collaboration graph at the end of the first run: people as points, coloured by employer."""

from __future__ import annotations

from typing import Any

from viz import svg
from viz.results import RunData, number
from viz.theme import N_CATEGORIES

TITLE = "The collaboration graph"
ORDER = 80
N_NODES, N_EDGES = 1500, 6000  # beyond this a page becomes heavy and the picture does not change
SIZE = (1040.0, 660.0)


def draw(data: RunData) -> str:
    """Ties as hairlines, people as points: leavers hollow, cohort members ringed; press a name to isolate it."""
    nodes = [n for n in data.graph.get("nodes") or [] if isinstance(n, dict)][:N_NODES]
    if not nodes:
        return ""
    places = _places(nodes)
    edges = _edges(data, len(nodes))
    groups = _groups(data, nodes)
    body = _paint(nodes, places, edges, groups)
    caption = _see(nodes, edges)
    title = "Collaboration graph at the end of the first run"
    picture = svg.drawing(*SIZE, body, title, caption, "graph many" if len(nodes) > 60 else "graph")
    note = "Each point is a simulated person, placed near those they work with. Hollow: has left the first employer. "
    if any(node.get("cohort") for node in nodes):
        note += "Large with a dark ring: member of a cohort. "
    note += "A sample of the first run; the strongest ties are drawn."
    return svg.figure(caption, _legend(groups) + picture, note)


def _see(nodes: list[dict[str, Any]], edges: list[tuple[int, int, float]]) -> str:
    gone = {k for k, node in enumerate(nodes) if node.get("left")}
    text = f"{svg.plural(len(nodes), 'person', 'people')} and {svg.plural(len(edges), 'tie')}"
    if not gone:
        return text + "; none of these people has left the first employer."
    half = [len({a, b} & gone) for a, b, _ in edges]
    bridges = sum(n == 1 for n in half) / len(half) if half else 0.0
    text += f": {svg.percent(len(gone) / len(nodes))} of these people have left their first employer"
    return text + (f", and {svg.percent(bridges)} of the ties join a leaver to someone who stayed." if half else ".")


def _places(nodes: list[dict[str, Any]]) -> list[tuple[float, float]]:
    xs, ys = ([number(node.get(axis), 0.0) for node in nodes] for axis in ("x", "y"))
    x = svg.scale(min(xs), max(xs), 14, SIZE[0] - 14) if max(xs) > min(xs) else lambda _: SIZE[0] / 2
    y = svg.scale(min(ys), max(ys), 14, SIZE[1] - 14) if max(ys) > min(ys) else lambda _: SIZE[1] / 2
    return [(x(a), y(b)) for a, b in zip(xs, ys, strict=True)]


def _edges(data: RunData, n_nodes: int) -> list[tuple[int, int, float]]:
    found = []
    for edge in data.graph.get("edges") or []:
        a, b, strength = int(edge[0]), int(edge[1]), number(edge[2] if len(edge) > 2 else None, 0.0)
        if 0 <= a < n_nodes and 0 <= b < n_nodes and a != b:
            found.append((a, b, strength))
    return sorted(found, key=lambda edge: (-edge[2], edge[:2]))[:N_EDGES]


def _groups(data: RunData, nodes: list[dict[str, Any]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for node in nodes:
        name = str(node.get("employer") or "")
        sizes[name] = sizes.get(name, 0) + 1
    ranked = sorted((n for n in sizes if n), key=lambda name: (name != data.focal, -sizes[name], name))
    if ranked and ranked[0] != data.focal:
        return {name: k + 1 for k, name in enumerate(ranked[: N_CATEGORIES - 1])}
    return {name: k for k, name in enumerate(ranked[:N_CATEGORIES])}


def _legend(groups: dict[str, int]) -> str:
    entries = [(name, k) for name, k in groups.items()] + [("everybody else", N_CATEGORIES)]
    colour = {0: "accent", N_CATEGORIES: "rest"}
    buttons = "".join(
        f'<button type="button" data-group="{k}" aria-pressed="false">'
        f'<i style="background:var(--{colour.get(k, f"c{k}")})"></i>{svg.esc(name)}</button>'
        for name, k in entries
    )
    return f'<div class="legend" role="group" aria-label="Show one employer only">{buttons}</div>'


def _paint(
    nodes: list[dict[str, Any]],
    places: list[tuple[float, float]],
    edges: list[tuple[int, int, float]],
    groups: dict[str, int],
) -> str:
    lines: dict[str, list[str]] = {"edge": [], "edge strong": []}
    for a, b, strength in edges:
        (x0, y0), (x1, y1) = places[a], places[b]
        lines["edge strong" if strength > 0.5 else "edge"].append(f"M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}")
    parts = [f'<path class="{kind}" d="{"".join(data)}"/>' for kind, data in lines.items() if data]
    radius = 3.2 if len(nodes) > 400 else 4.5 if len(nodes) > 60 else 8.0
    order = sorted(range(len(nodes)), key=lambda k: bool(nodes[k].get("cohort")))
    for k in order:
        node, (x, y) = nodes[k], places[k]
        employer = str(node.get("employer") or "no employer")
        kind = f"n c{groups.get(employer, N_CATEGORIES)}" + (" gone" if node.get("left") else "")
        kind += " member" if node.get("cohort") else ""
        tip = employer + (f"\n{node['team']}" if node.get("team") else "")
        tip += f"\ncohort: {node['cohort']}" if node.get("cohort") else ""
        tip += "\nhas left the first employer" if node.get("left") else ""
        size = radius * (1.9 if node.get("cohort") else 1)
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{svg.num(size)}" data-tip="{svg.esc(tip)}"/>'
        )
    return "".join(parts)
