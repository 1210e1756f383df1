"""Keyed random numbers: (seed, purpose, month, row[, row]). There is no other randomness in the program.

A draw is a hash of its key (splitmix64, Steele, Lea and Flood 2014), not the next number of a generator. So it
does not matter who else draws, in which order, in which process: the same person has the same luck in two worlds.
"""

from __future__ import annotations

import difflib
import hashlib
import reprlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from abm.columns import Floats

# Every decision that needs luck, declared once: a second use of a name in another place would correlate decisions.
PURPOSES: dict[str, str] = {
    "event_date": "month of an event with uncertain date, within its bounds; row = event",
    "archetype": "archetype of tastes; row = researcher",
    "taste": "taste weights; row = researcher, column = taste",
    "taste_spike": "whether a taste for openness or compute is zero; row = researcher, column = taste",
    "ideal": "ideal culture point; row = researcher, column = dimension",
    "culture_weight": "weights of culture dimensions; row = researcher, column = dimension",
    "skill": "initial skill; row = researcher",
    "reputation": "initial reputation; row = researcher",
    "specialty": "specialty off the team's topic; row = researcher, column = use",
    "tenure": "initial tenure; row = researcher",
    "initial_pay": "dispersion of initial pay; row = researcher",
    "vesting": "initial position in the vesting schedule; row = researcher",
    "compute_need": "compute need; row = researcher",
    "founder": "founder propensity; row = researcher, column = use",
    "entry": "entry month and place of a potential entrant; row = researcher, column = use",
    "graph": "month-0 collaboration graph; rows = proposal keys",
    "project": "size and demand of a project; row = project, column = use",
    "match_taste": "persistent taste a_ij; row = researcher, column = employer",
    "cohort": "membership of a cohort; row = researcher, column = cohort",
    "event_people": "who is laid off or transferred; row = researcher, column = hash of the event's id",
    "escalation": "success of an escalation; row = team",
    "release": "quality of a release; row = project",
    "mandate": "whether the mandate of a project passes to another group; row = team",
    "cancellation": "whether a project of low priority is cancelled; row = team",
    "product": "whether a released project becomes a product; row = project",
    "voice": "whether a person at risk speaks up; row = researcher",
    "chip": "whether a chip programme works; row = event",
    "squeeze": "who is laid off when the payroll is beyond the budget; row = researcher",
    "seen_by_tie": "whether the job heard of comes over a tie; row = researcher",
    "seen_job": "which job is heard of; row = researcher, column = use",
    "open_decision": "whether the decision opens; row = researcher",
    "personal_reason": "a reason of one's own, when a decision opens by itself; row = researcher",
    "posts": "rounding of posts; row = team",
    "contact_reach": "reach of a contact; row = team, column = contact",
    "contact_referrer": "who refers; row = team, column = contact",
    "contact_person": "who is contacted; row = team, column = contact and try",
    "contact_seen": "whether a recruiter notices that person; row = team, column = contact and try",
    "application": "which teams an active searcher looks at; row = researcher, column = application and try",
    "application_appeal": "whether that team appeals; row = researcher, column = application and try",
    "application_friend": "whether a friend is asked for a job; row = researcher, column = application",
    "application_tie": "which friend that is; row = researcher, column = application",
    "assessment": "noise of a team's assessment of a candidate; row = researcher, column = team",
    "counter_offer": "whether the employer answers an outside offer; row = researcher",
    "choice_nest": "Gumbel of a nest; row = researcher, column = nest",
    "choice_offer": "Gumbel of an offer within the nest of moves; row = researcher, column = team",
    "found_idea": "whether the idea to found comes; row = researcher",
    "found_partner": "Gumbel of joining a founder; row = asked researcher, column = founder",
    "funding": "amount and success of a funding round; row = employer, column = use",
    "acquirer": "which employer buys a start-up without money; row = employer",
    "permutation": "order of a shuffle in a permutation test; row = item",
    "new_tie": "which team mates a joiner gets to know; row = researcher, column = slot",
    "attribution_order": "order in which players join a sampled coalition; row = permutation, column = player",
    "probe": "departures undone in paired worlds, and whom a placebo holds; row = researcher, column = departure",
    "resample": "which histories a bootstrap sample takes; row = sample, column = place",
    "posterior": "which history a draw from the posterior takes; row = draw",
    "observation_error": "error of an observation in calibration; row = history, column = target",
    "baseline": "flows of a baseline; row = draw, column = use",
    "planted": "planted truth and data of a check of the method; row = trial or history, column = use",
    "frontier_start": "first packages of a search for the cheapest; row = package, column = lever",
    "package_resample": "which replicates a bootstrap sample of a price or a game takes; row = sample, column = place",
}

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64, in place: every input bit reaches every output bit."""
    state ^= state >> np.uint64(30)
    state *= _MIX_A
    state ^= state >> np.uint64(27)
    state *= _MIX_B
    state ^= state >> np.uint64(31)
    return state


def stable_row(text: str) -> int:
    """A row made of an id, so that leaving out one event changes no date and no lot of another."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "little")


def spawned(seed: int, number: int) -> int:
    """The seed of child `number` of a seed, by NumPy's SeedSequence; 63 bits."""
    return int(np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def seed_of(rng: Any) -> int:
    """The seed that stands for what Mesa and NumPy take as `rng`.

    Args:
        rng: a non-negative integer, or its digits as a text field gives them, is the seed. None draws one. A
            SeedSequence, a sequence of integers, a BitGenerator or a Generator gives the first number that it draws:
            63 bits, the same for the same state; a generator has gone on by it afterwards.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(rng, str) and rng.strip().isascii() and rng.strip().isdigit():
        rng = int(rng)
    if isinstance(rng, bool | np.bool_ | float | np.floating | str) or (isinstance(rng, int | np.integer) and rng < 0):
        raise ValueError(f"rng: came {rng!r}; expected a non-negative integer or a NumPy generator. Fix: rng=1")
    if isinstance(rng, int | np.integer):
        return int(rng)
    try:
        return int(np.random.default_rng(rng).integers(2**63))
    except (TypeError, ValueError):
        wrong = f"rng: came {reprlib.repr(rng)}; expected a non-negative integer or a NumPy generator. Fix: rng=1"
        raise ValueError(wrong) from None


class Streams:
    """All random numbers of one replicate, as a pure function of their key."""

    def __init__(self, seed: int) -> None:
        """Remember the seed (a non-negative integer)."""
        self.seed = int(seed)

    def _key(self, purpose: str, month: int) -> np.uint64:
        if purpose not in PURPOSES:
            near = difflib.get_close_matches(purpose, PURPOSES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"random stream {purpose!r} is not declared in abm/streams.py PURPOSES{hint}")
        raw = hashlib.blake2b(f"{self.seed}|{purpose}|{month}".encode(), digest_size=8).digest()
        return np.uint64(int.from_bytes(raw, "little"))

    def uniform(
        self, purpose: str, month: int, rows: NDArray[np.integer], columns: NDArray[np.integer] | int | None = None
    ) -> Floats:
        """Uniform draws in the open interval (0, 1), one per row (broadcast with `columns` where given)."""
        key = self._key(purpose, month)
        state = _mix(np.asarray(rows).astype(np.uint64) * _GOLDEN + key)
        if columns is not None:
            second = np.asarray(columns).astype(np.uint64) * _SECOND
            state = _mix(np.atleast_1d(state + second + _GOLDEN)).reshape(np.broadcast(state, second).shape)
        return np.asarray(((state >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT)

    def normal(
        self, purpose: str, month: int, rows: NDArray[np.integer], columns: NDArray[np.integer] | int | None = None
    ) -> Floats:
        """Standard normal draws, by inversion, so that they are monotone in the underlying uniform."""
        return np.asarray(ndtri(self.uniform(purpose, month, rows, columns)))

    def gumbel(
        self, purpose: str, month: int, rows: NDArray[np.integer], columns: NDArray[np.integer] | int | None = None
    ) -> Floats:
        """Standard Gumbel draws (location 0, scale 1), by inversion."""
        return np.asarray(-np.log(-np.log(self.uniform(purpose, month, rows, columns))))


class Future(Streams):
    """The luck of a world up to a month, and other luck from then on: several futures of one present."""

    def __init__(self, past: Streams, month: int, number: int) -> None:
        """Draws keyed before `month` are as they were; later ones belong to future `number`."""
        super().__init__(past.seed)
        raw = hashlib.blake2b(f"future|{past.seed}|{number}".encode(), digest_size=8).digest()
        self.month, self.later = month, Streams(int.from_bytes(raw, "little") >> 1)

    def _key(self, purpose: str, month: int) -> np.uint64:
        return self.later._key(purpose, month) if month >= self.month else super()._key(purpose, month)
