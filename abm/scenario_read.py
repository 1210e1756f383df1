"""Typed reading of one value of a scenario file: what came, what was expected, how to put it right.

Every reader takes the list of problems, the place of the value in the file and the value; it returns the value in its
canonical form, or ``None`` after noting a problem (TOML has no null, so ``None`` cannot be data).
"""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice, takewhile
from typing import Any, Final

MOST_PROBLEMS_SHOWN: Final = 20
MOST_COMPARED: Final = 200  # names that are looked through for the nearest
LONGEST_COMPARED: Final = 100  # characters of a name for which a nearest one is looked for
CULTURE: Final = ("openness", "autonomy", "product", "mission", "stability", "flexibility")
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
_DATE: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class ScenarioError(ValueError):
    """A scenario that cannot be run; the text says where, what came, what was expected and the usual fix.

    Attributes:
        problems: all of them, one readable line each, also those beyond the twenty that the text lists.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def about(cls, where: str, problems: Sequence[str], kind: str = "scenario") -> ScenarioError:
        """One error out of all the problems of one file (at most twenty are listed)."""
        problems, where = [printable(problem) for problem in problems], printable(where)
        count = len(problems)
        head = f"{kind} {where} has {count} problem{'s' if count != 1 else ''} (places are counted from 1)"
        lines = [head, *(f"  {problem}" for problem in problems[:MOST_PROBLEMS_SHOWN])]
        if count > MOST_PROBLEMS_SHOWN:
            lines.append(f"  ... and {count - MOST_PROBLEMS_SHOWN} more")
        lines.append("Nothing was run.")
        error = cls("\n".join(lines))
        error.problems = tuple(problems)
        return error


@dataclass(slots=True)
class Problems:
    """The problems found so far, each already one readable line."""

    lines: list[str] = field(default_factory=list)

    def add(self, place: str, came: str, expected: str, fix: str) -> None:
        """Note one problem."""
        self.lines.append(f"{place}: came {came}; expected {expected}. Fix: {fix}")

    def unknown(self, place: str, expected: str, name: object, valid: Iterable[str], came: str = "") -> None:
        """Note a name that is none of the valid ones; the nearest is looked for as long as somebody will read it."""
        is_read = len(self.lines) < MOST_PROBLEMS_SHOWN
        fix = nearest(name, valid) if is_read else "mend the first ones first"
        self.add(place, came or show(name), expected, fix)


def show(value: object, longest: int = 70) -> str:
    """A value as a person would recognise it in the file, cut short and with odd characters escaped."""
    if isinstance(value, Mapping):
        return f"a table with {len(value)} keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = f'"{printable(value)}"'
    elif isinstance(value, int | float):
        text = _large(value) if isinstance(value, int) and abs(value) > 10**15 else repr(value)
    else:
        text = f"{value} ({type(value).__name__})"
    return text if len(text) <= longest else f'{text[: longest - 5]} ..."'


def cut(key: object) -> str:
    """A key as a person would recognise it in a place, cut short and with odd characters escaped."""
    return printable(str(key)[:80])


def printable(text: str) -> str:
    """A text that every terminal and page can show as one line: odd characters are escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _large(value: int) -> str:
    """A whole number that nobody means, however large: not every one fits into a decimal number."""
    try:
        return f"{value:.6g}"
    except OverflowError:
        return f"a whole number of about {value.bit_length() * 0.30103:.0f} digits"


def nearest(name: object, valid: Iterable[str], otherwise: str = "use one of") -> str:
    """The usual fix for an unknown name: the nearest valid one, or the list of what there is."""
    names = sorted(set(valid))
    if isinstance(name, str) and len(name) <= LONGEST_COMPARED:
        likely = names if len(names) <= MOST_COMPARED else _likely(name, names)
        close = get_close_matches(name, likely, n=1, cutoff=0.6)
        if not close:
            folded = {n.casefold(): n for n in likely}
            close = [folded[m] for m in get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)]
        if close:
            return f'did you mean "{close[0]}"?'
    if not names:
        return "there is none to refer to: remove this, or declare it first"
    shown = ", ".join(f'"{n}"' for n in names[:12])
    return f"{otherwise} {shown}{', ...' if len(names) > 12 else ''}"


def _likely(name: str, names: Sequence[str]) -> list[str]:
    """Of very many names those that begin most like one: to compare with every one would take seconds."""
    folded = name.casefold()

    def alike(each: str) -> int:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(folded, each.casefold(), strict=False)))

    return heapq.nlargest(MOST_COMPARED, names, key=alike)


def month_number(date: str) -> int:
    """Months since year 0 of a date "YYYY-MM" (assumed well formed)."""
    return int(date[:4]) * 12 + int(date[5:7]) - 1


def date_text(number: int) -> str:
    """The date "YYYY-MM" of a month number; the inverse of :func:`month_number`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


BY_EVENT = "event"  # a team that opens in no month by itself

type Reader = Callable[[Problems, str, object], object]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table: how it is read and what it is when left out (``required`` = it may not be)."""

    read: Reader
    default: object = None
    required: bool = False


def _quoted(value: object, kind: type[int] | type[float]) -> bool:
    """Whether it would be such a number if it were not text."""
    try:
        return isinstance(value, str) and kind(value) is not None
    except ValueError:
        return False


def number(low: float, high: float, why: str = "") -> Reader:
    """A finite number from low to high; a whole number is as good as a decimal one, true and false are not."""
    expected = f"a number from {low:g} to {high:g}{why}"

    def read(problems: Problems, place: str, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            fix = "remove the quotes" if _quoted(value, float) else "write a plain number"
            problems.add(place, show(value), expected, fix)
        elif isinstance(value, float) and not math.isfinite(value):
            problems.add(place, show(value), expected, "give a finite number; leave the key out for the default")
        elif not low <= value <= high:
            problems.add(place, show(value), expected, f"choose a value between {low:g} and {high:g}")
        else:
            return float(value) + 0.0  # minus zero becomes zero, so that equal scenarios have equal hashes
        return None

    return read


def integer(low: int, high: int, why: str = "") -> Reader:
    """A whole number from low to high, written without a decimal point."""
    expected = f"a whole number from {low:,} to {high:,}{why}"

    def read(problems: Problems, place: str, value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            fix = "remove the quotes" if _quoted(value, int) else "write a whole number without a decimal point"
            problems.add(place, show(value), expected, fix)
        elif not low <= value <= high:
            problems.add(place, show(value), expected, f"choose a value between {low:,} and {high:,}")
        else:
            return value
        return None

    return read


def flag(problems: Problems, place: str, value: object) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    problems.add(place, show(value), "true or false", "write true or false, without quotes")
    return None


def text(longest: int = 2000, empty: bool = True) -> Reader:
    """Free text of bounded length without control characters."""
    expected = f"text of {0 if empty else 1} to {longest} characters"

    def read(problems: Problems, place: str, value: object) -> str | None:
        if not isinstance(value, str):
            problems.add(place, show(value), expected, "put it in double quotes")
        elif len(value) > longest or not (empty or value.strip()):
            problems.add(place, show(value), expected, "shorten it" if value.strip() else "write something")
        elif any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") and c != "\n" for c in value):
            problems.add(place, show(value), "visible characters", "remove the control or invisible characters")
        else:
            return unicodedata.normalize("NFC", value)
        return None

    return read


def name(problems: Problems, place: str, value: object) -> str | None:
    """A name that is shown in tables, charts and file exports: one line, no invisible or formula characters."""
    expected = "a name of 1 to 80 visible characters"
    got = text(80, empty=False)(problems, place, value)
    if not isinstance(got, str):
        return None
    if got != got.strip() or "\n" in got:
        problems.add(place, show(got), expected, "remove the blanks or line breaks around it")
    elif got[0] in "=+-@" or "/" in got or "\\" in got or "<" in got:
        problems.add(place, show(got), f"{expected} that does not start with = + - @ or hold / \\ <", "use words")
    else:
        return got
    return None


def slug(problems: Problems, place: str, value: object) -> str | None:
    """A name that becomes part of a file name: small letters, digits, - and _."""
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value):
        return value
    fix = "write it like meta_fair: it becomes part of a file name"
    problems.add(place, show(value), "1 to 40 small letters, digits, - or _, not starting with - or _", fix)
    return None


def opening(problems: Problems, place: str, value: object) -> str | None:
    """When a planned team opens: a month, or "event" when a dated event opens it (or moves people into it)."""
    return BY_EVENT if value == BY_EVENT else date(problems, place, value)


def date(problems: Problems, place: str, value: object) -> str | None:
    """A month "YYYY-MM"."""
    expected = f'a month in quotes, "YYYY-MM", years {FIRST_YEAR} to {LAST_YEAR}'
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        problems.add(place, show(value), expected, 'write it like "2023-02"')
    elif not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        problems.add(place, show(value), expected, "check the year")
    elif not 1 <= int(match[2]) <= 12:
        problems.add(place, show(value), expected, "the month is 01 to 12")
    else:
        return match[0]
    return None


def one_of(*choices: str) -> Reader:
    """One of a few words."""

    def read(problems: Problems, place: str, value: object) -> str | None:
        if isinstance(value, str) and value in choices:
            return value
        problems.add(place, show(value), " or ".join(f'"{c}"' for c in choices), nearest(value, choices))
        return None

    return read


def list_of(each: Reader, fewest: int = 0, most: int = 10_000) -> Reader:
    """A list, every item read by `each`; the places of the items are counted from 1."""
    expected = f"a list of {fewest}" if fewest == most else f"a list of {fewest} to {most:,}"

    def read(problems: Problems, place: str, value: object) -> tuple[object, ...] | None:
        if not isinstance(value, list | tuple):
            fix = f"put it in brackets: [{show(value)}]" if isinstance(value, str) else "write a list in [ ]"
            problems.add(place, show(value), expected, fix)
            return None
        if not fewest <= len(value) <= most:
            fix = "add at least one" if len(value) < fewest else "split the scenario or remove some"
            problems.add(place, show(value), expected, fix)
            return None
        items = tuple(each(problems, f"{place}[{i}]", item) for i, item in enumerate(value, 1))
        return None if any(item is None for item in items) else items

    return read


def table(fields: Mapping[str, Field]) -> Reader:
    """A table whose keys are all known; keys with a problem are absent from what comes back."""

    def read(problems: Problems, place: str, value: object) -> dict[str, object] | None:
        if not isinstance(value, Mapping):
            problems.add(place, show(value), f"a table with the keys {', '.join(fields)}", "write key = value pairs")
            return None
        return read_keys(problems, place, value, fields)

    return read


def read_keys(
    problems: Problems, place: str, value: Mapping[Any, object], fields: Mapping[str, Field]
) -> dict[str, object]:
    """Read the keys of a table in the order of their declaration, filling in defaults."""
    dot = f"{place}." if place else ""
    for key in value:
        if key not in fields:
            problems.unknown(f"{dot}{cut(key)}", "a known key", key, fields, "an unknown key")
    result: dict[str, object] = {}
    for key, declared in fields.items():
        if key in value:
            got = declared.read(problems, f"{dot}{key}", value[key])
            if got is not None:
                result[key] = got
        elif declared.required:
            fix = f"add {key} = ..."
            if len(problems.lines) < MOST_PROBLEMS_SHOWN:  # nobody will read the rest
                strange = (k for k in value if k not in fields and isinstance(k, str) and len(k) < 2 * len(key))
                near = get_close_matches(key, islice(strange, MOST_COMPARED), 1, 0.8)
                fix = f'rename "{near[0]}"' if near else fix
            problems.add(f"{dot}{key}", "nothing", "this key, which is required", fix)
        elif declared.default is not None:
            result[key] = declared.default
    return result


def tables_of(fields: Mapping[str, Field], label: str, fewest: int = 0, most: int = 10_000) -> Reader:
    """A list of tables ([[...]]), each shown with its number and the value of its key `label`."""

    def read(problems: Problems, place: str, value: object) -> tuple[object, ...] | None:
        if not isinstance(value, list | tuple):
            problems.add(place, show(value), "a list of tables", f"write [[{place.rsplit('.', 1)[-1]}]] before each")
            return None
        if len(value) < fewest:
            fix = f"add at least one [[{place.rsplit('.', 1)[-1]}]]"
            problems.add(place, show(value), f"a list of at least {fewest}", fix)
        if len(value) > most:
            problems.add(place, show(value), f"a list of at most {most:,}", "put alike ones together, or remove some")
            return None
        return tuple(table(fields)(problems, spot(place, i, item, label), item) for i, item in enumerate(value, 1))

    return read


def spot(place: str, index: int, item: object, label: str) -> str:
    """The place of one item of a list of tables: its number and, when it has one, its name."""
    called = item.get(label) if isinstance(item, Mapping) else None
    return f"{place}[{index}] {show(called)}" if isinstance(called, str) else f"{place}[{index}]"


def culture(low: float, complete: bool) -> Reader:
    """A point (or an offset) in the six culture dimensions; always returned complete and in their order."""
    one = number(low, 1)
    default = None if complete else 0.0
    fields = {dimension: Field(one, default, required=complete) for dimension in CULTURE}

    def read(problems: Problems, place: str, value: object) -> dict[str, object] | None:
        before = len(problems.lines)
        got = table(fields)(problems, place, value)
        return got if isinstance(got, dict) and len(problems.lines) == before else None

    return read


def sizes(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total` (largest remainder, ties to the first).

    >>> sizes(10, [0.5, 0.25, 0.25])
    [5, 3, 2]
    """
    whole = math.fsum(weights)
    if whole <= 0:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    result = [math.floor(share) for share in exact]
    order = sorted((i for i in range(len(weights)) if weights[i] > 0), key=lambda i: (result[i] - exact[i], i))
    for i in order[: total - sum(result)]:
        result[i] += 1
    return result
