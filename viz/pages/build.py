"""Build your own: a scenario that is edited in the page, checked here as one types, opened in the market when whole."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from abm import scenario as scenarios
from abm.live import LiveMarket
from abm.scenario import Scenario
from abm.scenario_file import LARGEST_FILE, parse_text
from abm.scenario_form import form
from abm.scenario_problems import Problem, checked
from abm.scenario_write import to_toml
from viz import world_code
from viz.messages import Field, Wrong, handler, plain, text, whole
from viz.pages.share import SURE, too_large
from viz.session import Session

MOST_PROBLEMS: Final = 200  # sent to the page; nobody mends more at once
CONTENT: Final = Field("content", plain(LARGEST_FILE))

MINIMAL: Final[dict[str, Any]] = {
    "name": "my_world",
    "title": "A world of my own",
    "start": "2024-01",
    "months": 24,
    "topics": ["language models"],
    "sites": [{"name": "Here", "country": "Somewhere", "utc_offset": 0.0}],
    "employers": [
        {
            "name": "First Lab",
            "hq": "Here",
            "researchers": 20,
            "compute": 100.0,
            "culture": dict.fromkeys(
                ("openness", "autonomy", "product", "mission", "stability", "flexibility"), 0.5
            ),
            "teams": [{"name": "First Team", "site": "Here", "share": 1.0, "topic": "language models"}],
        }
    ],
}  # fmt: skip
"""The smallest scenario that runs: one site, one employer, one team."""


def _edited(content: Mapping[str, Any]) -> Scenario:
    """The scenario of an edited content.

    Raises:
        Wrong: it has problems.
    """
    described, problems = checked(content)
    if described is None:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise Wrong(f"the scenario has problems: {problems[0].place}: {problems[0].words}{more}"[:2000])
    return described


def _told(content: Mapping[str, Any], described: Scenario | None, problems: tuple[Problem, ...]) -> dict[str, Any]:
    """What the page shows of a check."""
    told: dict[str, Any] = {
        "problems": [
            {"path": list(problem.path), "place": problem.place, "words": problem.words}
            for problem in problems[:MOST_PROBLEMS]
        ],
        "more": max(0, len(problems) - MOST_PROBLEMS),
        "hash": None,
    }
    if described is not None:
        teams = described.placed_teams()
        told |= {
            "hash": described.content_hash(),
            "researchers": described.researchers,
            "teams": len(teams),
            "end": described.date_of(described.months - 1),
        }
    return told


@handler("build_form")
def build_form(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What a form for a scenario is made of."""
    return {"form": form(), "longest_link": world_code.LONGEST_LINK, "largest_file": LARGEST_FILE}


@handler("build_start", Field("source", text(80), "open"))
def build_start(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The content to begin with: of the open market (`open`), the smallest (`minimal`), or a shipped scenario."""
    source = values["source"]
    if source == "minimal":
        described = scenarios.from_dict(MINIMAL, "minimal")
    elif source == "open":
        described = session.here().described
    else:
        described = session.scenario_named(source)
    content = described.to_dict()
    return {"content": content, **_told(content, described, ())}


@handler("build_read", Field("toml", text(LARGEST_FILE)))
def build_read(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The content of a TOML text that somebody has pasted or loaded; with its problems, if the page can show it."""
    where = "that you gave"
    raw = parse_text(values["toml"], where)
    content = plain(LARGEST_FILE)("the file", _without_dates(raw))
    described, problems = checked(content, where)
    if described is not None:
        content = described.to_dict()
    elif (stray := _misshapen(content)) is not None:
        raise Wrong(f"{stray.place}: {stray.words}")
    return {"content": content, **_told(content, described, problems)}


def _without_dates(value: Any) -> Any:
    """TOML has dates and times; a scenario has none, and the check says so of the text."""
    if isinstance(value, Mapping):
        return {key: _without_dates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return str(value) if isinstance(value, datetime.date | datetime.time) else value


_LISTS: Final = ("sites", "employers", "cohorts", "retention", "flows", "events", "policies", "interventions")


def _misshapen(content: Mapping[str, Any]) -> Problem | None:
    """The first place where a list of tables is something else, so that a form cannot show it."""

    def lists(place: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> Problem | None:
        for key in keys:
            items = table.get(key, [])
            if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
                return Problem(
                    (), f"{place}{key}", "came something else; expected a list of tables. Fix: mend the file"
                )
        return None

    found = lists("", content, _LISTS)
    if found:
        return found
    inside = (("employers", ("teams",)), ("cohorts", ("observations",)), ("events", ("effects",)))
    for key, below in inside:
        for number, item in enumerate(content.get(key, []), 1):
            found = found or lists(f"{key}[{number}].", item, below)
    return found


@handler("build_check", CONTENT)
def build_check(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """All problems of the content as it stands, each with the way to its field."""
    return _told(values["content"], *checked(values["content"]))


@handler("build_toml", CONTENT)
def build_toml(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The content as a canonical file."""
    described = _edited(values["content"])
    return {"name": f"{described.name}.toml", "toml": to_toml(described), "hash": described.content_hash()}


@handler("build_open", CONTENT, Field("seed", whole(0, 2**53), 1), SURE)
def build_open(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Open the edited scenario in the market, at its first month; asks first if it is large."""
    described = _edited(values["content"])
    if asks := too_large(described, values["sure"]):
        return asks
    return session.open(LiveMarket(described, values["seed"]))


@handler("build_link", CONTENT)
def build_link(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """The code of the edited scenario for an address; empty when the name of a shipped one is enough."""
    described = _edited(values["content"])
    return {"code": world_code.encode(described), "scenario": described.name}
