"""What was observed, row by row: cohorts by date, retention, flows. The targets of a fit, and what is to be predicted.

A row to be predicted has no value here, whatever the scenario says: what the fit cannot see it cannot be tuned to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from abm.scenario import Scenario, ScenarioError
from experiments.histories import Target

ROUNDING: Final = 0.005  # a share reported as a whole number of per cent lies within half of one
TWO_YEARS: Final = 24
HISTORIC: Final = ("google_transformer", "meta_fair", "openai_superalignment")


@dataclass(frozen=True, slots=True)
class Row:
    """One observed or predicted number.

    Attributes:
        key: unique name, e.g. `left:llama-authors@2023-09`; for cohorts and retention also the outcome.
        scenario: name of the scenario that it is read from.
        kind: cohort, retention or flow.
        subject: cohort, employer, or pair A>B.
        date: YYYY-MM.
        fitted: whether it is a target (use = calibrate).
        of: people in the cohort; 1 for a share; 0 for a ratio.
        months: from the date at which the people are fixed or hired to the date; for flows from the start of the run.
        low, high: the interval observed; None for a row to be predicted.
        parent: the cohort that this one is a subset of, or "".
        within: people in that cohort; 0 without one.
    """

    key: str
    scenario: str
    kind: str
    subject: str
    date: str
    fitted: bool
    of: int
    months: int
    low: float | None = None
    high: float | None = None
    parent: str = ""
    within: int = 0

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a history must be asked for: the key, or for a flow both directions and both mean head counts."""
        if self.kind != "flow":
            return (self.key,)
        one, other = self.subject.split(">")
        back = f"flow:{other}>{one}@{self.date}"
        return (self.key, back, f"headcount:{one}@{self.date}", f"headcount:{other}@{self.date}")


def rows(scenario: Scenario) -> tuple[Row, ...]:
    """Every observation of a scenario that lies in its months, in the order of the file.

    Raises:
        ScenarioError: retention over another span than two years.
    """
    found = []
    sizes = {cohort.name: cohort.size for cohort in scenario.cohorts}
    for cohort in scenario.cohorts:
        fixed = scenario.month_of(cohort.fixed)
        for seen in cohort.observations:
            known = seen.use == "calibrate" and seen.left_min is not None and seen.left_max is not None
            found.append(
                Row(
                    key=f"left:{cohort.name}@{seen.date}",
                    scenario=scenario.name,
                    kind="cohort",
                    subject=cohort.name,
                    date=seen.date,
                    fitted=known,
                    of=cohort.size,
                    months=scenario.month_of(seen.date) - fixed,
                    low=float(seen.left_min) if known and seen.left_min is not None else None,
                    high=float(seen.left_max) if known and seen.left_max is not None else None,
                    parent=cohort.subset_of or "",
                    within=sizes.get(cohort.subset_of or "", 0),
                )
            )
    for kept in scenario.retention:
        if kept.months != TWO_YEARS:
            problem = f"{kept.employer}: came {kept.months} months; expected {TWO_YEARS}, the span that is measured"
            raise ScenarioError.about("retention", [problem])
        share = kept.share if kept.use == "calibrate" else None
        found.append(
            Row(
                key=f"retention:{kept.employer}@{kept.as_of}",
                scenario=scenario.name,
                kind="retention",
                subject=kept.employer,
                date=kept.as_of,
                fitted=share is not None,
                of=1,
                months=kept.months,
                low=None if share is None else max(share - ROUNDING, 0.0),
                high=None if share is None else min(share + ROUNDING, 1.0),
            )
        )
    for flow in scenario.flows:
        pair = ">".join(flow.pair)
        found.append(
            Row(
                key=f"flow:{pair}@{flow.as_of}",
                scenario=scenario.name,
                kind="flow",
                subject=pair,
                date=flow.as_of,
                fitted=False,  # a ratio of flows is predicted, never a target: the sweep does not measure it
                of=0,
                months=scenario.month_of(flow.as_of) + 1,
            )
        )
    return tuple(row for row in found if 0 <= scenario.month_of(row.date) < scenario.months)


def targets(observed: tuple[Row, ...], noise: float = 0.0) -> tuple[Target, ...]:
    """The targets of a fit: the rows to be calibrated; `noise` is the error of an observed share (sd)."""
    return tuple(
        Target(row.key, row.low, row.high, float(row.of), noise if row.kind == "retention" else 0.0)
        for row in observed
        if row.fitted and row.low is not None and row.high is not None
    )
