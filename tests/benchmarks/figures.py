"""Figures of a retrieval benchmark: recall, intervals, calibration (pure)."""

import math
from collections.abc import Sequence

import numpy as np

NEVER = 10**6


def rank_of_first(scores: np.ndarray, right: np.ndarray) -> int:
    """The place of the best right thread, from 1; NEVER if none is in the pool."""
    if not right.any():
        return NEVER
    return int((scores > scores[right].max()).sum()) + 1


def recall(ranks: Sequence[int], depth: int) -> float:
    return float(np.mean(np.array(ranks) <= depth))


def reciprocal(ranks: Sequence[int]) -> float:
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
    z, share = 1.96, hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_error(
    probability: np.ndarray, right: np.ndarray, weight: np.ndarray, bins: int = 10
) -> float:
    """The expected calibration error: how far probabilities are from what came true."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs(float((weight * (right - probability))[place == i].sum())) for i in range(bins)]
    return sum(gaps) / float(weight.sum())
