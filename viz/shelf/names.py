"""Outcomes and factors in words: documents name them by code, and a reader of the page knows no codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from abm.metrics import METRICS
from abm.outcomes import kinds
from abm.parameters import declared

_PHRASES: Final = {
    "left": "Gone",
    "exits": "Voluntary departures",
    "departures": "Departures of every cause",
    "exit_rate": "Rate of voluntary departures",
    "startup_share": "Share of departures that go to a start-up",
    "referral_share": "Share of hires reached by a referral",
    "retention": "Share of hires still there two years on",
    "flow": "Moves",
    "starved": "Share of team-months with less than half of the compute asked for",
    "compute_share": "Share of the compute given out",
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def outcome(text: str) -> str:
    """An outcome as a document names it, `KIND[:SUBJECT][@FROM[..TO]]`, in words; what is no outcome stays as it is."""
    what, _, dates = str(text).strip().partition("@")
    kind, _, subject = what.partition(":")
    if kind not in kinds():
        return str(text)
    phrase = _PHRASES.get(kind) or (METRICS[kind].label if kind in METRICS else kind.replace("_", " ").capitalize())
    first, _, last = dates.partition("..")
    when = f", {_month(first)} – {_month(last)}" if last else f", up to {_month(first)}" if first else ""
    if kind == "left":
        return f"{_people(subject)}: gone{when.replace(', up to', ' by')}"
    return f"{phrase}{_about(subject)}{when}"


def _about(subject: str) -> str:
    if not subject:
        return ""
    if ">" in subject:
        return " from {} to {}".format(*subject.split(">", 1))
    return f": {' and '.join(subject.split('+'))}"


def _people(cohort: str) -> str:
    words = " and ".join(part.replace("-", " ").replace("_", " ") for part in cohort.split("+"))
    return words[:1].upper() + words[1:]


def _month(date: str) -> str:
    found = _DATE.fullmatch(date)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found and 1 <= int(found[2]) <= 12 else date


LONGEST_SENTENCE: Final = 5_000  # letters: each is looked at again for every name that is in it


@cache
def factor(name: str) -> str:
    """A factor of a study in words: what a parameter means, or the path of a setting; others stay as they are."""
    known = declared().get(name)
    if known is not None:
        words = known.meaning.partition("; ")[0]
        return words[:1].upper() + words[1:]
    if "." not in name:
        return name
    kind, *path = name.split(".")
    path = (
        path
        if kind in ("policies", "parameters", "employers", "teams", "cohorts", "events", "sites")
        else [kind, *path]
    )
    words = ": ".join(part.replace("_", " ") for part in path)
    return words[:1].upper() + words[1:]


def told(text: str, factors: Iterable[str] = (), outcomes: Iterable[str] = ()) -> str:
    """A sentence in which some factors and outcomes stand by code, in words; one that is no sentence stays as it is."""
    if len(text) > LONGEST_SENTENCE:
        return text
    for names, called in ((outcomes, outcome), (factors, factor)):
        for name in sorted({name for name in names if name in text}, key=len, reverse=True):
            words = called(name).replace("\\", "\\\\")
            text = re.sub(rf"(?<![\w.:]){re.escape(name)}(?![\w:])", words, text)
    return text


def is_share(unit: str) -> bool:
    """Whether numbers of a unit are parts of one, read best as per cent."""
    return unit == "share" or unit.startswith("share of")


def value(number: Any, unit: str) -> Any:
    """A number for a cell of a table: shares as a text in per cent, all else as it is."""
    if not is_share(unit) or isinstance(number, bool) or not isinstance(number, int | float) or number != number:
        return number
    text = f"{abs(100 * number):.{1 if abs(number) < 0.1 else 0}f}"
    return ("−" if number < 0 and text.strip("0.") else "") + f"{text} %"


def row(cells: Iterable[Any], unit: str) -> list[Any]:
    """Cells of a table that all have one unit."""
    return [value(cell, unit) for cell in cells]


def glossary(factors: Iterable[str], outcomes: Iterable[str]) -> list[list[str]]:
    """Words and codes beside each other, of those names whose words differ: rows of a table."""
    pairs: Mapping[str, str] = {
        **{name: factor(name) for name in factors},
        **{name: outcome(name) for name in outcomes},
    }
    return [[words, code] for code, words in pairs.items() if words != code]
