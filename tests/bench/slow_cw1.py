"""The slow twin of CW1: the same month as plain loops over people, written to be read.

It takes a market of ``cw1.make`` and the chance of ``cw1.draw``, so both twins see the same world and the same dice.
"""

from __future__ import annotations

import math

from tests.bench.cw1 import Draws, State


class SlowMarket:
    """A market as lists; ``step`` is one month."""

    def __init__(self, state: State) -> None:
        """Copies everything that the rules need out of a fresh market."""
        rows = zip(state.first_slot[:-1], state.first_slot[1:], strict=True)
        self.neighbours = [[int(other) for other in state.neighbour[low:high]] for low, high in rows]
        self.skill = [float(value) for value in state.skill]
        self.tastes = [[float(value) for value in row] for row in state.tastes]
        self.employer = [int(value) for value in state.employer]
        self.pay = [float(value) for value in state.pay]
        self.slope = [float(value) for value in state.slope]
        self.culture = [[float(value) for value in row] for row in state.culture]
        self.capacity = [int(value) for value in state.capacity]
        self.compute = [float(value) for value in state.compute]

    def peers(self, person: int, place: int) -> float:
        """Share of a person's neighbours who work at a place."""
        neighbours = self.neighbours[person]
        if not neighbours:
            return 0.0
        return sum(self.employer[other] == place for other in neighbours) / len(neighbours)

    def utility(self, person: int, place: int, heads: int) -> float:
        """Pay, compute per head, fit of culture and peers, each with the person's own weight."""
        weight_pay, weight_skill, weight_compute, *weighted_ideal, weight_peers = self.tastes[person]
        fit = sum(ideal * culture for ideal, culture in zip(weighted_ideal, self.culture[place], strict=True))
        return (
            weight_pay * self.pay[place]
            + weight_skill * self.slope[place]
            + weight_compute * 0.5 * math.log(self.compute[place] / (heads + 1))
            + fit
            + weight_peers * self.peers(person, place)
        )

    def step(self, draws: Draws) -> tuple[float, float, float, float, float]:
        """One month; returns applications, moves, mean peer share, Herfindahl index and the movers' mean skill."""
        people, places = range(len(self.skill)), range(len(self.pay))
        heads = [self.employer.count(place) for place in places]
        openings = [max(0, self.capacity[place] - heads[place]) for place in places]

        applicants: list[list[int]] = [[] for _ in places]
        pair = 0
        for person in people:
            own = self.employer[person]
            candidates = [(int(draws.stranger[person]), float(draws.noise_stranger[person]))]
            for _ in range(draws.n_contacts[person]):
                friend = self.neighbours[person][draws.contact[pair]]
                candidates.append((self.employer[friend], float(draws.noise_contact[pair])))
                pair += 1
            best, best_utility = own, self.utility(person, own, heads[own]) + 2.0 + float(draws.noise_incumbent[person])
            for place, noise in candidates:
                utility = self.utility(person, place, heads[place]) + noise
                if place != own and utility > best_utility:
                    best, best_utility = place, utility
            if best != own:
                applicants[best].append(person)

        movers: list[int] = []
        for place in places:
            ranked = sorted(applicants[place], key=lambda person: self.skill[person], reverse=True)
            for person in ranked[: openings[place]]:
                movers.append(person)
                self.employer[person] = place

        return (
            sum(map(len, applicants)),
            len(movers),
            sum(self.peers(person, self.employer[person]) for person in people) / len(people),
            sum((self.employer.count(place) / len(people)) ** 2 for place in places),
            sum(self.skill[person] for person in movers) / len(movers) if movers else 0.0,
        )
