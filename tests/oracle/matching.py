"""Who gets which post: people propose, teams hold their best and refuse the rest (Gale and Shapley 1962)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Pair(NamedTuple):
    """A person who would come to a team that would have them, and how each ranks the other."""

    person: int
    team: int
    preference: float
    score: float


def deferred_acceptance(pairs: Sequence[Pair], quota: Sequence[int], max_rounds: int) -> tuple[set[int], int]:
    """The pairs (by number) that are held when the rounds are over, and the rounds used; ties: the earlier."""
    wish_list: dict[int, list[int]] = {}  # what each person has not yet tried, best first
    for k in sorted(range(len(pairs)), key=lambda k: (-pairs[k].preference, k)):
        wish_list.setdefault(pairs[k].person, []).append(k)
    held: set[int] = set()
    rounds = 0
    while rounds < max_rounds:
        taken = {pairs[k].person for k in held}
        proposals = [wishes.pop(0) for person, wishes in wish_list.items() if wishes and person not in taken]
        if not proposals:
            break
        rounds += 1
        at_the_door: dict[int, list[int]] = {}
        for k in [*held, *proposals]:
            at_the_door.setdefault(pairs[k].team, []).append(k)
        held = set()
        for team, candidates in at_the_door.items():
            candidates.sort(key=lambda k: (-pairs[k].score, k))
            held.update(candidates[: quota[team]])
    return held, rounds


def blocking_pairs(pairs: Sequence[Pair], quota: Sequence[int], held: set[int]) -> set[int]:
    """Pairs in which both would rather have each other than what they hold."""
    found = set()
    for k, pair in enumerate(pairs):
        has = [pairs[h].preference for h in held if pairs[h].person == pair.person]
        staff = [pairs[h].score for h in held if pairs[h].team == pair.team]
        person_wants = all(pair.preference > other for other in has)
        team_wants = len(staff) < quota[pair.team] or any(pair.score > other for other in staff)
        if k not in held and person_wants and team_wants:
            found.add(k)
    return found
