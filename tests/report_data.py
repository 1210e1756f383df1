"""Folders as `talent run` writes them, made up from a seed: input for the report's tests and its design."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]

SPECIAL = ("new start-up", "left the field", "searching")
TERMS = (
    "pay",
    "compute",
    "culture",
    "peers",
    "prestige",
    "equity",
    "place",
    "match",
    "deprivation",
    "strain",
    "breach",
)
MOVER_TERMS = (*TERMS, "embeddedness", "switching")
MEAN_GAIN = (0.9, 0.75, 0.2, -0.35, 0.1, 0.55, -0.12, 0.3, 0.45, 0.25, 0.85, -0.5, -0.95)
PATHS = ("routine", "shock", "slow build-up", "colleagues", "offer", "founding")
PATH_SHARES = (0.14, 0.27, 0.19, 0.12, 0.21, 0.07)
EMPLOYERS = (
    *("Meta", "Google Brain", "DeepMind", "OpenAI", "Microsoft", "Anthropic", "Apple", "Amazon", "NVIDIA"),
    *("Hugging Face", "Cohere", "Helsing", "Rest of industry", "Universities"),
)
TEAMS = ("FAIR Paris LLM", "FAIR US LLM", "FAIR London", "GenAI", "FAIR US vision", "FAIR US speech", "Reality Labs")
EVENTS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("2022-04", "2022-03", "2022-05", "Executives leave in the spring reorganisation", True),
    ("2022-05", "2022-05", "2022-05", "OPT-175B released", True),
    ("2022-06", "2022-01", "2022-12", "Research merged into the headset division", True),
    ("2022-06", "2022-01", "2022-12", "Large GPU order placed after the in-house chip is cancelled", True),
    ("2022-08", "2022-01", "2022-12", "LLaMA project starts in Paris", True),
    ("2022-09", "2022-09", "2022-09", "Memo: behind rivals on infrastructure", False),
    ("2022-11", "2022-11", "2022-11", "First layoff, 13% of staff", True),
    ("2022-11", "2022-11", "2022-11", "ChatGPT released", True),
    ("2023-02", "2023-02", "2023-02", "LLaMA released", True),
    ("2023-02", "2023-02", "2023-02", "GenAI group formed", True),
    ("2023-03", "2023-03", "2023-03", "Second layoff announced", True),
    ("2023-05", "2023-02", "2023-09", "Larger OPT successor cancelled", True),
    ("2023-06", "2023-05", "2023-06", "Start-up founded in Paris by LLaMA authors", False),
    ("2023-07", "2023-07", "2023-07", "Llama 2 released", True),
    ("2024-01", "2024-01", "2024-01", "350,000 H100 announced for the end of the year", True),
    ("2024-07", "2024-07", "2024-07", "Llama 3.1 405B released", True),
    ("2025-04", "2025-04", "2025-04", "Leader of the research lab announces departure", True),
)


@dataclass(frozen=True)
class Plan:
    """What a made-up run looks like."""

    name: str = "meta_fair"
    title: str = "Who leaves which AI lab, and why: Meta’s research lab, 2022–2025"
    start: str = "2022-01"
    months: int = 42
    replicates: int = 24
    seed: int = 7
    employers: Sequence[str] = EMPLOYERS
    teams: Sequence[str] = TEAMS
    cohorts: bool = True
    departures: bool = True
    events: bool = True
    people: int = 900
    nodes: int = 600
    sites: Sequence[str] = field(default=("Paris", "Menlo Park", "London", "San Francisco", "Montréal", "New York"))


def date(start: str, month: int) -> str:
    """Calendar month of a month number."""
    year, first = (int(part) for part in start.split("-"))
    count = year * 12 + first - 1 + month
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def quantiles(values: Any) -> dict[str, float]:
    """Quantiles as the summary names them."""
    return {f"p{int(100 * q):02d}": float(np.quantile(values, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}


def write_run(folder: Path, plan: Plan | None = None) -> Path:
    """Write every result file of a made-up run and return the folder."""
    plan = plan or Plan()
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(plan.seed)
    departures = _departures(plan, draw)
    cohorts = _cohorts(plan, draw)
    _series(plan, draw, departures).to_parquet(folder / "series.parquet")
    departures.to_parquet(folder / "departures.parquet")
    cohorts[1].to_csv(folder / "cohorts.csv", index=False)
    flows = _flows(departures)
    flows.to_parquet(folder / "flows.parquet")
    write_json(folder / "graph.json", _graph(plan, draw))
    summary = _summary(plan, draw, departures, cohorts[0])
    write_json(folder / "summary.json", summary)
    write_json(folder / "provenance.json", _provenance(plan))
    return folder


def write_json(path: Path, content: Any) -> None:
    """Write JSON as the program does."""
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _departures(plan: Plan, draw: np.random.Generator) -> Any:
    n_employers = len(plan.employers)
    weights = 1.0 / np.arange(1, n_employers + 1) ** 0.6
    per_run = max(3, int(plan.people * plan.months / 160)) if plan.departures else 0
    rows: list[dict[str, Any]] = []
    pulls = np.concatenate([1.0 / np.arange(1, n_employers + 1)[::-1] ** 0.5, [1.4, 0.9, 1.1]])
    targets = [*plan.employers, *SPECIAL]
    hazard = 1 + 1.6 * np.exp(-(((np.arange(plan.months) - 14) / 6) ** 2)) if plan.months > 1 else np.ones(1)
    for replicate in range(plan.replicates):
        n = int(draw.poisson(per_run)) if per_run else 0
        source = draw.choice(n_employers, n, p=weights / weights.sum())
        month = draw.choice(plan.months, n, p=hazard / hazard.sum())
        target = draw.choice(len(targets), n, p=pulls / pulls.sum())
        for k in range(n):
            to = targets[int(target[k])] if target[k] != source[k] else "left the field"
            laid_off = to == "searching"
            gains = draw.normal(MEAN_GAIN, 0.6)
            if to in SPECIAL:
                gains = np.full(len(MOVER_TERMS), np.nan)
            row: dict[str, Any] = {
                "replicate": replicate,
                "departure": k,
                "month": int(month[k]),
                "date": date(plan.start, int(month[k])),
                "researcher": int(draw.integers(plan.people)),
                "from_employer": plan.employers[int(source[k])],
                "to_employer": "" if to in SPECIAL else to,
                "cause": {"new start-up": "founded", "left the field": "left_field", "searching": "laid_off"}.get(
                    to, "job"
                ),
                "voluntary": not laid_off,
                "path": "none" if laid_off else PATHS[int(draw.choice(6, p=PATH_SHARES))],
                "to": to,
            }
            for term, gain in zip(MOVER_TERMS, gains, strict=True):
                row |= {f"term_stay_{term}": 1.0, f"term_go_{term}": 1.0 + gain}
            rows.append(row)
    columns = [
        "replicate",
        "departure",
        "month",
        "date",
        "researcher",
        "from_employer",
        "to_employer",
        "cause",
        "voluntary",
    ]
    columns += ["path", "to", *(f"term_{way}_{term}" for term in MOVER_TERMS for way in ("stay", "go"))]
    return pd.DataFrame(rows, columns=columns)


def _flows(departures: Any) -> Any:
    counts = departures.groupby(["replicate", "from_employer", "to"]).size().reset_index(name="count")
    return counts.rename(columns={"from_employer": "from"})[["replicate", "from", "to", "count"]]


def _series(plan: Plan, draw: np.random.Generator, departures: Any) -> Any:
    rows: list[tuple[int, int, str, str, str, float]] = []
    left = departures.groupby(["replicate", "month", "from_employer"]).size().to_dict()
    months = np.arange(plan.months)
    for replicate in range(plan.replicates):
        for employer in plan.employers:
            for month in range(plan.months):
                n = float(left.get((replicate, month, employer), 0))
                rows.append((replicate, month, date(plan.start, month), "departures", employer, n))
                rows.append((replicate, month, date(plan.start, month), "headcount", employer, float(plan.people)))
        for k, team in enumerate(plan.teams):
            level = 0.35 * 2.4**k / (1 + 0.2 * k * k)
            path = level * 1.6 ** (months / 12) * np.exp(np.cumsum(draw.normal(0, 0.05, plan.months)))
            for month in range(plan.months):
                closed = team == "GenAI" and month < 13 <= plan.months  # the team opens later
                entity, size = f"{plan.employers[0]} / {team}", 0.0 if closed else 20.0
                rows.append((replicate, month, date(plan.start, month), "team_size", entity, size))
                rows.append(
                    (
                        replicate,
                        month,
                        date(plan.start, month),
                        "compute_per_head",
                        entity,
                        0.0 if closed else float(path[month]),
                    )
                )
    return pd.DataFrame(rows, columns=["replicate", "month", "date", "metric", "entity", "value"])


def _cohorts(plan: Plan, draw: np.random.Generator) -> tuple[list[dict[str, Any]], Any]:
    columns = ["replicate", "cohort", "date", "month", "n_left", "n_left_voluntary"]
    if not plan.cohorts:
        return [], pd.DataFrame([], columns=columns)
    specs: tuple[tuple[str, str, int, int, float, tuple[tuple[str, Any, Any], ...]], ...] = (
        (
            "llama-authors",
            "authors of the first LLaMA paper (released 2023-02)",
            14,
            12,
            0.05,
            (("2023-09", 8, 13), ("2025-05", None, None)),
        ),
        (
            "opt-authors",
            "authors of the OPT-175B paper (released 2022-05)",
            19,
            4,
            0.045,
            (("2023-09", 14, 15), ("2025-05", None, None)),
        ),
        ("llama2-originators", "the four who started the research", 4, 12, 0.05, (("2023-09", None, None),)),
    )
    rows: list[tuple[int, str, str, int, int, int]] = []
    records: list[dict[str, Any]] = []
    for name, label, size, fixed, hazard, observations in specs:
        first = fixed if plan.months > fixed else 0
        counts = np.zeros((plan.replicates, plan.months), dtype=int)
        for replicate in range(plan.replicates):
            gone = 0
            for month in range(first, plan.months):
                gone += int(draw.binomial(size - gone, hazard * (1.7 if month < 22 else 0.5)))
                counts[replicate, month] = gone
                rows.append((replicate, name, date(plan.start, month), month, gone, int(gone * 0.85)))
        seen: list[dict[str, Any]] = []
        for when, low, high in observations:
            at_month = next((m for m in range(plan.months) if date(plan.start, m) == when), None)
            if at_month is not None:
                at: dict[str, Any] = {
                    "date": when,
                    "use": "predict" if low is None else "calibrate",
                    "observed_min": low,
                    "observed_max": high,
                }
                at |= {
                    "voluntary_p50": float(np.quantile(counts[:, at_month] * 0.85, 0.5)),
                    "surprise": None,
                    "destinations": {},
                }
                seen.append(at | quantiles(counts[:, at_month]))
        records.append({"name": name, "label": label, "size": size, "observations": seen})
    return records, pd.DataFrame(rows, columns=columns)


def _graph(plan: Plan, draw: np.random.Generator) -> dict[str, Any]:
    n = plan.nodes
    centres = draw.normal(0, 1, (len(plan.employers), 2))
    weights = 1.0 / np.arange(1, len(plan.employers) + 1)
    home = draw.choice(len(plan.employers), n, p=weights / weights.sum())
    place = centres[home] + draw.normal(0, 0.28, (n, 2))
    nodes = [
        {
            "id": k,
            "employer": plan.employers[int(home[k])],
            "team": plan.teams[k % len(plan.teams)] if plan.teams else "",
            "x": float(place[k, 0]),
            "y": float(place[k, 1]),
            "cohort": "llama-authors" if plan.cohorts and home[k] == 0 and k % 14 == 0 else None,
            "left": bool(plan.departures and draw.random() < 0.22),
        }
        for k in range(n)
    ]
    edges = []
    for k in range(n):
        near = np.argsort(((place - place[k]) ** 2).sum(axis=1))[1 : 2 + int(draw.integers(4))]
        edges += [[k, int(other), round(float(draw.random()), 3), "co-author"] for other in near]
    return {"nodes": nodes, "edges": edges}


def _summary(plan: Plan, draw: np.random.Generator, departures: Any, cohorts: list[dict[str, Any]]) -> dict[str, Any]:
    by_employer = []
    for employer in plan.employers:
        rows = departures[departures["from_employer"] == employer]
        counts = [int((rows["replicate"] == replicate).sum()) for replicate in range(plan.replicates)]
        went = {str(to): float(n) / plan.replicates for to, n in rows.groupby("to").size().items()}
        q = quantiles(counts)
        rate = float(np.mean(counts)) / plan.people / plan.months
        by_employer.append(
            {
                "employer": employer,
                "mean": float(np.mean(counts)),
                "p05": q["p05"],
                "p95": q["p95"],
                "rate_per_month": rate,
                "destinations": went,
            }
        )
    founded = draw.poisson(6, plan.replicates) if plan.departures else np.zeros(plan.replicates)
    sites = {
        site: (float(founded.mean()) * share)
        for site, share in zip(plan.sites, (0.3, 0.25, 0.2, 0.15, 0.08, 0.02), strict=False)
    }
    events = [
        {
            "id": f"E{20 + k}",
            "label": label,
            "date": when,
            "between": [low, high],
            "type": "event",
            "effects": imposed,
            "source": ["S0", "S4"],
        }
        for k, (when, low, high, label, imposed) in enumerate(EVENTS)
    ]
    return {
        "schema": 1,
        "scenario": {
            "name": plan.name,
            "title": plan.title,
            "start": plan.start,
            "months": plan.months,
            "hash": "9f2c41d07ab3",
        },
        "seed": plan.seed,
        "replicates": plan.replicates,
        "months": plan.months,
        "cohorts": cohorts,
        "retention": [
            {
                "employer": plan.employers[0],
                "months": 24,
                "as_of": "2025-05",
                "use": "calibrate",
                "observed": 0.64,
                "p05": 0.58,
                "p50": 0.66,
                "p95": 0.71,
            },
            {
                "employer": plan.employers[-1],
                "months": 24,
                "as_of": "2025-05",
                "use": "predict",
                "observed": None,
                "p05": 0.71,
                "p50": 0.77,
                "p95": 0.83,
            },
        ]
        if plan.cohorts
        else [],
        "anchors": [{"what": "first exit of a LLaMA author", "observed": "2023-01", "value": "2023-02"}]
        if plan.cohorts
        else [],
        "departures_by_employer": by_employer,
        "destinations": [],
        "startups": {
            "founded": quantiles([float(v) for v in founded]),
            "alive": quantiles([float(int(v * 0.8)) for v in founded]),
            "by_site": sites,
            "share_of_replicates_with_one_in": {site: float(1 - np.exp(-mean)) for site, mean in sites.items()},
        },
        "reasons": [],
        "causes": [],
        "events": events if plan.events else [],
        "digest": "b1946ac92492d2347c6235b4d2611184",
    }


def _provenance(plan: Plan) -> dict[str, Any]:
    focal = plan.employers[0]
    cohorts = [
        {
            "name": "llama-authors",
            "employer": focal,
            "size": 14,
            "fixed": "2023-01",
            "members": {"FAIR Paris LLM": 11, "FAIR London": 3},
        },
        {"name": "opt-authors", "employer": focal, "size": 19, "fixed": "2022-05", "members": {"FAIR US LLM": 19}},
        {"name": "llama2-originators", "employer": focal, "size": 4, "fixed": "2023-01", "subset_of": "llama-authors"},
    ]
    return {
        "scenario": {
            "name": plan.name,
            "start": plan.start,
            "months": plan.months,
            "employers": [
                {"name": name, "teams": [{"name": team, "count": 1} for team in plan.teams]} for name in plan.employers
            ],
            "cohorts": cohorts if plan.cohorts else [],
        },
        "seed": plan.seed,
        "versions": {"python": "3.13.1", "numpy": "2.1.3", "mesa": "3.5.0", "ai-talent-market": "0.1.0"},
        "digests": [f"{17 * k:032x}" for k in range(plan.replicates)],
        "commit": "0123456789abcdef",
    }
