"""Figures of a replay: recall, precision, intervals, calibration (pure)."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER = 10**6
"""The rank of what is not in the pool."""

_NORMAL_95 = 1.96


def rank_of_first(scores: Floats, right: Flags) -> int:
    """The place of the best right thread, from 1; NEVER if none is in the pool."""
    if not right.any():
        return NEVER
    return int((scores > scores[right].max()).sum()) + 1


def recall(ranks: Sequence[int], depth: int) -> float:
    """The share of ranks within a depth."""
    return float(np.mean(np.array(ranks) <= depth))


def reciprocal(ranks: Sequence[int]) -> float:
    """The mean reciprocal rank."""
    return float(np.mean([1 / rank if rank < NEVER else 0.0 for rank in ranks]))


def interval(values: Sequence[float], seed: int = 7, times: int = 2000) -> tuple[float, float]:
    """The bootstrap 95 % interval of the mean."""
    numbers = np.array(values, float)
    random = np.random.default_rng(seed)
    means = numbers[random.integers(0, len(numbers), (times, len(numbers)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def wilson(hits: float, total: float) -> tuple[float, float]:
    """The Wilson 95 % interval of a share."""
    if total <= 0:
        return 0.0, 1.0
    z, share = _NORMAL_95, hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def effective_count(weights: Floats) -> float:
    """How many equally weighted cases tell as much as these (Kish 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def calibration_error(probability: Floats, right: Flags, weight: Floats, bins: int = 10) -> float:
    """The expected calibration error: how far probabilities are from what came true."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs(float((weight * (right - probability))[place == i].sum())) for i in range(bins)]
    return sum(gaps) / float(weight.sum())
