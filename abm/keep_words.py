"""The search for what would have kept somebody as data of the why-card, and in a plain sentence."""

from __future__ import annotations

from typing import Any, Final

from abm.keep import MOST_COMPUTE, MOST_PAY, Case, Found

MOST_EVENTS: Final = 3  # named in the sentence
KINDS: Final = ("pay", "compute", "event")


def as_data(case: Case, rows: list[Found], complete: bool = True) -> dict[str, Any]:
    """What the card holds under "keep"."""
    rows = sorted(rows, key=lambda row: (KINDS.index(row["kind"]), row.get("months_before", 0), -row.get("month", 0)))
    return {
        "kept_until": case.scenario.date_of(case.until),
        "decided": case.decided,
        "complete": complete,
        "digest": case.digest,
        "sentence": sentence(case, rows, complete),
        **{kind: [row for row in rows if row["kind"] == kind] for kind in KINDS},
    }


def sentence(case: Case, rows: list[Found], complete: bool) -> str:
    """One plain sentence; only what the second run confirmed is in it."""
    sure = [row for row in rows if row.get("verified")]
    parts: list[str] = []
    for kind in ("pay", "compute"):
        found = [row for row in sure if row["kind"] == kind]
        if found:
            parts.append(_amount(found[0], "" if parts else "for "))
    events = [row for row in sure if row["kind"] == "event"]
    if events:
        named = [f"{row['event']} ({row['label'] or 'no label'}, {row['date']})" for row in events[:MOST_EVENTS]]
        more = f" or {len(events) - MOST_EVENTS} more" if len(events) > MOST_EVENTS else ""
        parts.append(f"if {' or '.join(named)}{more} had not happened (verified)")
    if parts:
        return f"Would have stayed {', or '.join(parts)}."
    what = "no single event undone"
    if case.decided:
        what = (
            f"no pay up to {MOST_PAY:g} times the pay, no compute up to {MOST_COMPUTE:g} times the team's need, {what}"
        )
    return f"Nothing that was tried would have kept this person{'' if complete else ' so far'}: {what}."


def _amount(row: Found, intro: str) -> str:
    when = f" from {row['from']} on ({row['months_before']} months before)" if row["months_before"] else ""
    if row["kind"] == "pay":
        return f"{intro}+{row['amount']:.0f} kUSD a year{when} (verified)"
    return f"{intro}{row['amount']:.0f} H100e more for the team{when} (verified)"


def as_text(data: dict[str, Any]) -> str:
    """What was searched, and what came of it."""
    lines = ["What would have kept this person", "", f"  {data['sentence']}", ""]
    lines.append(f"  Kept means: never left before, and there at the end of {data['kept_until']}.")
    lines.append(
        f"  Verified by running whole histories again: unchanged (as in the run; digest {data['digest'][:12]}), and"
    )
    lines.append("  with each change that keeps.")
    if not data["decided"]:
        lines.append("  The departure was not this person's decision: only events were tried.")
    for kind in ("pay", "compute"):
        lines += ["", *(f"  {kind:<8}{_told(row)}" for row in data[kind])] if data[kind] else []
    if data["event"]:
        kept = [row for row in data["event"] if row["kept"]]
        lines += [
            "",
            f"  events  {len(data['event'])} before the departure were undone, one at a time; {len(kept)} keep",
        ]
        for row in kept:
            state = f"verified, digest {row['digest'][:12]}" if row["verified"] else "NOT confirmed by the second run"
            lines.append(f"          {row['event']} in {row['date']}: {row['label']} ({state})")
        if kept:
            lines.append(
                "          An early event reaches a person by many paths: this is so in this history, not a rule."
            )
    if not data["complete"]:
        lines += ["", "  Interrupted: not everything was tried."]
    return "\n".join(lines)


def _told(row: Found) -> str:
    since = f"{row['months_before']} months before" if row["months_before"] else "the month of departure"
    when: str = f"from {row['from']} ({since}): " if "from" in row else f"{since}: "
    if row["amount"] is None:
        return when + str(row["why_not"])
    unit = row["unit"]
    words = f"{when}+{row['amount']:.0f} {unit}; "
    words += f"verified, digest {row['digest'][:12]}; " if row["verified"] else "NOT confirmed by the second run; "
    words += f"{row['amount'] - row['step']:.0f} {unit} " + (
        "keeps as well" if row["one_step_less_keeps"] else "does not keep"
    )
    odd = row["larger_that_do_not_keep"]
    if odd:
        words += f"; more is not always better: {', '.join(f'{value:.0f}' for value in odd)} does not keep"
    return words
