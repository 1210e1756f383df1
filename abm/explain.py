"""The why-card of a departure: what was on the table, term by term, what opened the decision, and how the offer came.

The terms are those that the simulation's own kernel computed when the choice was made; they sum to the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from abm import result_file
from abm.kernels.utility import TERMS
from abm.tables import SOURCES

TERM_WORDS = {
    "pay": "pay",
    "compute": "compute access",
    "culture": "culture fit",
    "peers": "working with one's ties",
    "prestige": "prestige",
    "equity": "equity upside",
    "place": "place",
    "match": "personal match with the employer",
    "venture": "a venture of one's own / life outside",
    "deprivation": "worse off than sister teams",
    "strain": "strain",
    "breach": "breach of the contract felt",
    "embeddedness": "embeddedness",
    "personal": "a reason of one's own",
    "switching": "cost of switching",
    "forfeited": "unvested equity or a bonus given up",
    "delay": "notice or garden leave",
}
DEPARTURE = [
    *("replicate", "departure", "month", "date", "researcher", "from_employer", "from_team", "to_employer", "to_team"),
    *("cause", "voluntary", "path", "reach", "referrer", "tenure", "pay_before", "pay_after", "counter_pay", "event"),
    *(f"term_{side}_{term}" for side in ("stay", "go") for term in TERMS),
    *(f"breach_{source}" for source in SOURCES),
]
OPTION = [
    *("replicate", "month", "researcher", "team", "employer", "reach", "referrer", "pay", "ceiling", "state"),
    *(f"term_{term}" for term in TERMS),
]
MOST_OF_A_PERSON, MOST_OPTIONS = 1_000, 100_000  # no run has as many; each is a table of some 60 values in memory
PATH_WORDS = {
    "none": "nothing that the model knows: the record says that this role left",
    "routine": "a reason of one's own, without outside cause",
    "shock": "a shock",
    "slow build-up": "slow build-up: the outside looked better and better",
    "colleagues": "colleagues who left",
    "offer": "an approach from outside",
    "founding": "an idea to found",
}


class NotFoundError(ValueError):
    """The run, the researcher or the departure asked for is not there."""


def whole(run: Path) -> None:
    """Refuse a folder that holds no finished run.

    Raises:
        NotFoundError: there is no such folder, nothing of a run in it, or a run that did not finish; and what to do.
    """
    if (run / "summary.json").exists():
        return
    if not run.is_dir():
        raise NotFoundError(
            f"{run}: no such folder; expected the folder of a finished run. `talent run` prints its folder; the "
            "usual place is results/<scenario>-seed<seed>"
        )
    if any(run.iterdir()):
        raise NotFoundError(
            f"{run}: no finished run; summary.json, which `talent run` writes last, is not there. If a run was "
            "stopped here, give the same command again with --resume: it goes on with the histories that are stored"
        )
    raise NotFoundError(f"{run}: an empty folder; expected that of a finished run. `talent run --out {run}` makes one")


def why_card(
    run: Path, *, researcher: int | None = None, departure: int | None = None, replicate: int = 0
) -> list[dict[str, Any]]:
    """Why-cards of a person's departures, or of one departure by its number.

    Args:
        run: folder of a run.
        researcher: row of the person, or
        departure: number of the departure in its replicate.
        replicate: which history.

    Returns:
        One card per departure: every option with value and terms (utils); `difference` per term sums to the
        difference in value to 1e-9.

    Raises:
        NotFoundError: with what came, what there is, and the fix.
    """
    whole(run)
    asked: list[tuple[str, str, Any]] = [("replicate", "=", replicate)]
    try:
        numbers = pc.unique(result_file.table(run / "departures.parquet", ["replicate"])["replicate"]).to_pylist()
        if replicate not in numbers:
            span = f"{min(numbers)} to {max(numbers)}" if numbers else "no replicate at all"
            raise NotFoundError(f"--replicate {replicate}: departures are recorded for {span}")
        left = result_file.table(run / "departures.parquet", DEPARTURE, pq.filters_to_expression(asked))
        chosen = _chosen(left, researcher, departure, replicate)
        asked.append(("researcher", "in", [row["researcher"] for row in chosen]))
        options = _rows(run / "options.parquet", OPTION, asked)
        return [card(row, options) for row in chosen]
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{run}: no {Path(error.filename).name} here, which `talent run` wrote; run it again"
        ) from None
    except (result_file.BadFile, ArithmeticError, TypeError) as error:
        raise NotFoundError(f"{run}: a table of the run is damaged ({error}); run the scenario again") from None


def _chosen(left: pa.Table, researcher: int | None, departure: int | None, replicate: int) -> list[dict[str, Any]]:
    """The departures asked for, out of those of one replicate."""
    key, value = ("departure", departure) if departure is not None else ("researcher", researcher)
    chosen = left.filter(pc.equal(left[key], value))
    if chosen.num_rows > MOST_OF_A_PERSON:
        raise result_file.BadFile(f"departures.parquet holds {chosen.num_rows:,} departures with {key} {value}")
    if chosen.num_rows:
        rows: list[dict[str, Any]] = chosen.to_pylist()
        return rows
    if departure is not None:
        raise NotFoundError(f"--departure {departure}: expected a number from 0 to {left.num_rows - 1}")
    people = pc.unique(left["researcher"]).to_numpy()
    near = people[np.lexsort((people, abs(people - (researcher or 0))))][:3]
    raise NotFoundError(
        f"--researcher {researcher}: did not leave a job in replicate {replicate}; "
        f"people near that number who did: {', '.join(map(str, near))}"
    )


def _rows(path: Path, columns: list[str], asked: list[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    """Rows of the options that were held; a run in which nobody held any has a table without most columns."""
    if not result_file.table(path, ["replicate"]).num_rows:
        return []
    found = result_file.table(path, columns, pq.filters_to_expression(asked), rows=MOST_OPTIONS)
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _terms(row: dict[str, Any], prefix: str) -> dict[str, float]:
    return {term: float(row[f"{prefix}{term}"]) for term in TERMS}


def card(row: dict[str, Any], held: list[dict[str, Any]]) -> dict[str, Any]:
    """One departure as data.

    Args:
        row: of the table of departures, as `files.departure_table` has it.
        held: rows of the options that people held when they left, as `files.offer_table` has them.
    """
    stay, go = _terms(row, "term_stay_"), _terms(row, "term_go_")
    decided = any(stay.values()) or any(go.values())
    options = []
    if decided:
        options.append(
            {"option": f"stay at {row['from_employer']}", "terms": stay, "value": _sum(stay), "taken": False}
        )
        if row["counter_pay"] > 0:
            raised = dict(stay)
            taste = _pay_taste(row, held)
            if taste is not None:
                raised["pay"] += taste * float(np.log(row["counter_pay"] / row["pay_before"]))
                name = f"stay for the counter-offer of {row['counter_pay']:.0f} kUSD"
                options.append({"option": name, "terms": raised, "value": _sum(raised), "taken": False})
        matched = False
        for offer in held:
            if offer["month"] != row["month"] or offer["researcher"] != row["researcher"]:
                continue
            taken = offer["state"] == "accepted" and not matched
            matched |= taken
            terms = _terms(offer, "term_")
            options.append(
                {
                    "option": f"{offer['employer']} / {offer['team']}",
                    "pay": offer["pay"],
                    "ceiling": offer["ceiling"],
                    "reach": offer["reach"],
                    "referrer": offer["referrer"],
                    "state": offer["state"],
                    "terms": terms,
                    "value": _sum(terms),
                    "taken": taken,
                }
            )
        if not matched:
            name = {"left_field": "leave the field", "founded": "found a start-up"}.get(
                row["cause"], row["to_employer"]
            )
            options.append({"option": name, "terms": go, "value": _sum(go), "taken": True})
    difference = {term: go[term] - stay[term] for term in TERMS}
    breach = {source: float(row[f"breach_{source}"]) for source in SOURCES}
    return {
        "replicate": row["replicate"],
        "departure": row["departure"],
        "researcher": row["researcher"],
        "date": row["date"],
        "from": {"employer": row["from_employer"], "team": row["from_team"], "pay": row["pay_before"]},
        "to": {"employer": row["to_employer"], "team": row["to_team"], "pay": row["pay_after"]},
        "tenure_months": row["tenure"],
        "cause": row["cause"],
        "voluntary": row["voluntary"],
        "event": row["event"],
        "path": row["path"],
        "reach": row["reach"],
        "referrer": row["referrer"],
        "options": sorted(options, key=lambda option: -float(str(option["value"]))),
        "difference": difference,
        "value_difference": _sum(go) - _sum(stay),
        "breach": breach,
    }


def _sum(terms: dict[str, float]) -> float:
    return float(sum(terms.values()))


def _pay_taste(row: dict[str, Any], held: list[dict[str, Any]]) -> float | None:
    """Taste for pay read off two options of the same person: the pay terms differ by taste x ln(pay ratio)."""
    for offer in held:
        same = offer["month"] == row["month"] and offer["researcher"] == row["researcher"]
        ratio = float(np.log(offer["pay"] / row["pay_before"])) if same else 0.0
        if abs(ratio) > 1e-6:
            return (float(offer["term_pay"]) - float(row["term_stay_pay"])) / ratio
    return None


def luck(options: list[dict[str, Any]]) -> list[str]:
    """In words, that the chosen option was not the best in value: the luck of the month made up for it."""
    taken = next((option for option in options if option["taken"]), None)
    if taken is None:
        return []
    open_ = [option for option in options if option.get("state") != "no_place"]
    above = [option for option in open_ if option["value"] > taken["value"] + 5e-4]
    if not above:
        return []
    best = max(above, key=lambda option: float(option["value"]))
    return [
        "",
        f"The chosen option (*) lies {best['value'] - taken['value']:.3f} utils below the best, {best['option']}: the "
        "month's luck decided,\nthe part of a choice that no term explains.",
    ]


def as_json(cards: list[dict[str, Any]]) -> str:
    """The cards as JSON."""
    return json.dumps(cards if len(cards) != 1 else cards[0], indent=1, allow_nan=False)


def as_text(card: dict[str, Any]) -> str:
    """A card that a person reads from top to bottom."""
    home = f"{card['from']['employer']} / {card['from']['team']}"
    lines = [
        f"Why researcher {card['researcher']} left {home} in {card['date']}",
        f"  (replicate {card['replicate']}, departure {card['departure']}, after {card['tenure_months']} months)",
        "",
    ]
    goal = {"left_field": "left the field", "laid_off": "was laid off", "startup_failed": "the start-up failed"}
    place = f"{card['to']['employer']}" + (f" / {card['to']['team']}" if card["to"]["team"] else "")
    pay = f", pay {card['from']['pay']:.0f} -> {card['to']['pay']:.0f} kUSD a year" if card["to"]["pay"] else ""
    lines.append("Went to    " + goal.get(card["cause"], place) + pay)
    if card["event"]:
        lines.append(f"Event      {card['event']} of the scenario did this")
    lines.append(f"Opened by  {PATH_WORDS[card['path']]}")
    if card["reach"]:
        through = f" through researcher {card['referrer']}" if card["referrer"] >= 0 else ""
        words = {"referral": "a referral", "visible": "a recruiter's call", "market": "an application"}
        lines.append(f"Reached by {words[card['reach']]}{through}")
    elif card["cause"] == "founded" and card["referrer"] >= 0:
        lines.append(f"Asked by   researcher {card['referrer']}, who founded")
    felt = {source: size for source, size in card["breach"].items() if size > 0.005}
    if felt:
        ranked = sorted(felt.items(), key=lambda item: -item[1])
        lines.append("Breach     " + ", ".join(f"{source.replace('_', ' ')} {size:.2f}" for source, size in ranked))
    if not card["options"]:
        return "\n".join([*lines, "", "No decision was made: there is nothing to compare."])
    lines += ["", "Options held, in utils", ""]
    for option in card["options"]:
        pay = f"  (pay {option['pay']:.0f} kUSD, {option['reach']})" if "pay" in option else ""
        lines.append(f"  {'*' if option['taken'] else ' '} {option['value']:8.3f}  {option['option']}{pay}")
    lines += luck(card["options"]) if card["cause"] != "founded" else []
    lines += ["", "What made the difference (chosen less stay), in utils", ""]
    ranked_terms = sorted(card["difference"].items(), key=lambda item: -abs(item[1]))
    width = max(len(TERM_WORDS[term]) for term, value in ranked_terms)
    top = max((abs(value) for _, value in ranked_terms), default=0.0) or 1.0
    for term, value in ranked_terms:
        if abs(value) > 5e-4:
            bar = ("+" if value > 0 else "-") * max(1, round(20 * abs(value) / top))
            lines.append(f"    {TERM_WORDS[term]:<{width}}  {value:+8.3f}  {bar}")
    lines.append(f"    {'sum':<{width}}  {card['value_difference']:+8.3f}")
    return "\n".join(lines)
