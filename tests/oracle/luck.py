"""The twin of `abm/streams.py`: one number at a time, in whole Python numbers, with the cut at 64 bits spelt out."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from math import log
from statistics import NormalDist

BITS_64 = 2**64
GOLDEN, SECOND = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd numbers that spread rows and columns over all bits


def mix(state: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % BITS_64
    state = (state ^ state >> 27) * 0x94D049BB133111EB % BITS_64
    return state ^ state >> 31


@cache
def key(seed: int, purpose: str, month: int) -> int:
    """What the luck of a purpose and month begins with."""
    return int.from_bytes(blake2b(f"{seed}|{purpose}|{month}".encode(), digest_size=8).digest(), "little")


class Luck:
    """All luck of one replicate: a number is a hash of (seed, purpose, month, row[, column])."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """In (0, 1)."""
        state = mix((row * GOLDEN + key(self.seed, purpose, month)) % BITS_64)
        if column is not None:
            state = mix((state + column * SECOND + GOLDEN) % BITS_64)
        return ((state >> 11) + 0.5) / 2**53

    def normal(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """Standard normal, by inversion."""
        return NormalDist().inv_cdf(self.uniform(purpose, month, row, column))

    def gumbel(self, purpose: str, month: int, row: int, column: int | None = None) -> float:
        """Standard Gumbel, by inversion."""
        return -log(-log(self.uniform(purpose, month, row, column)))
