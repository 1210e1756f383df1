"""What a package costs: measured quantities times prices, less the same of the baseline, line by line in kUSD a year.

A package without strength costs exactly nothing, because its history is the baseline. Raises of the package, bonus and
added compute cannot cost less than nothing; raises that answer outside offers can: fewer may be asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from abm.columns import Floats
from experiments.costs import Prices
from experiments.package_runs import M

LINES: Final = {
    "pay": "raises of the package, paid to those who have stayed, with charges",
    "compute": "H100e-years bought on top of the pool or taken back from products",
    "vesting": "capital tied up in more unvested equity",
    "openness": "assumed loss of lead, a share of pay and compute",
    "counter-offers": "raises paid because outside offers were answered, less those of the baseline, with charges",
    "bonus": "bonus at stake, paid out over its period, with charges",
}
CHARGED: Final = ("people", "staff")
"""To whom levers that hold for a whole employer are charged: the people in question alone, or everybody there."""


def lines(measured: Floats, baseline: Floats, prices: Prices, years: float, charged: str) -> dict[str, Floats]:
    """Costs of packages by line, kUSD a year.

    Args:
        measured: (..., M) quantities of histories with a package.
        baseline: (..., M) of the histories with the same luck and no package; broadcast against `measured`.
        prices: by name.
        years: length of the window.
        charged: one of `CHARGED`; the lines pay and compute are the same in both.

    Returns:
        Line -> (...) kUSD a year.
    """

    def more(measure: str) -> Floats:
        return (measured[..., M[measure]] - baseline[..., M[measure]]) / years

    def longer() -> Floats:
        """Equity outstanding by the head, where vesting was moved; that more people hold it is not its cost."""
        moved = measured[..., M["vesting"]] != baseline[..., M["vesting"]]
        then, now = baseline[..., M[heads]], measured[..., M[heads]]
        usual = np.where(then > 0, np.divide(now, then, out=np.zeros_like(now + then), where=then > 0), 0.0)
        name = M[f"unvested_{charged}"]
        return np.where(moved, measured[..., name] - baseline[..., name] * usual, 0.0) / years

    def budget() -> Floats:
        pay = baseline[..., M[f"payroll_{charged}"]] * prices["payroll_factor"]
        return (pay + baseline[..., M[f"compute_{charged}"]] * prices["h100e_year"]) / years

    charges, heads = prices["payroll_factor"], "person_years" if charged == "people" else "staff_years"
    return {
        "pay": more("raise") * charges,
        "compute": (more("bought") + more("freed")) * prices["h100e_year"],
        "vesting": longer() * prices["capital_charge"],
        "openness": more("openness") * prices["openness_loss"] * budget(),
        "counter-offers": more(f"counter_{charged}") * charges,
        "bonus": more(f"bonus_{charged}") * charges * 12.0 / prices["bonus_period"],
    }


def total(measured: Floats, baseline: Floats, prices: Prices, years: float, charged: str) -> Floats:
    """(...) kUSD a year, all lines together."""
    found = lines(measured, baseline, prices, years, charged)
    whole = found["pay"].copy()
    for name in LINES:
        if name != "pay":
            whole += found[name]
    return whole


def kept(measured: Floats, baseline: Floats) -> Floats:
    """(...) people more who are still there at the end, paired."""
    return measured[..., M["kept"]] - baseline[..., M["kept"]]
