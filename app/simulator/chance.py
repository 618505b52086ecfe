"""Chance that depends on names, not on order: the same seed and key give the same draw, on any machine."""

from dataclasses import dataclass
from hashlib import blake2b
from math import exp
from statistics import NormalDist

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws by (seed, key…). Two different keys are independent for every purpose here."""

    seed: int

    def uniform(self, *key: object) -> float:
        """A number in the open interval (0, 1)."""
        words = "\x1f".join(map(str, (self.seed, *key)))
        return (int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), "big") + 0.5) / 2**64

    def happens(self, share: float, *key: object) -> bool:
        """Whether something with this probability happens."""
        return self.uniform(*key) < share

    def between(self, low: float, high: float, *key: object) -> float:
        """A number in (low, high), evenly."""
        return low + (high - low) * self.uniform(*key)

    def lognormal(self, median: float, sigma: float, *key: object) -> float:
        """A positive number around a median; ``sigma`` is the spread of its logarithm."""
        return median * exp(sigma * _NORMAL.inv_cdf(self.uniform(*key)))
