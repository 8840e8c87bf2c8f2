"""Fits the ranking model: listwise weights with bounds, then a calibration. numpy only.

The weights maximise the probability that a softmax over a query's pool gives to its right
threads. Bounds keep the model sane where the data of one project would mislead it: what two
texts share never counts against a thread, age never for it.
"""

from collections.abc import Sequence

import numpy as np

from indexer.ranking import CROWD, LEAST_CROWD, NEARNESS, Calibration
from tests.benchmarks.replay import NATURAL_RATE, Replayed

FREE = (-np.inf, np.inf)
BOUNDS: dict[str, tuple[float, float]] = {
    "age": (-np.inf, 0.0),
    "quiet": (-np.inf, 0.0),
    "comments": (0.0, np.inf),
    "thread_length": FREE,
    # In one project nine of ten originals are open, in another they are closed by then.
    "is_open": (0.0, 1.5),
}
SHARED = (0.0, np.inf)
RIDGE = 0.01
STEPS = 1500
RATE = 0.02
FOLDS = 5
CORPORA = (100, 300, 1000, 3000)
"""Sizes of the smaller corpora that the calibration is fitted to as well."""

SEED = 20260101


def matrix(pool: Replayed, names: Sequence[str]) -> np.ndarray:
    return np.stack([pool.features[name] for name in names], axis=1)


def fit_weights(pools: Sequence[Replayed], names: Sequence[str]) -> dict[str, float]:
    """The weights of the features, from pools that hold a right thread."""
    known = [pool for pool in pools if pool.right.any()]
    rows = np.concatenate([matrix(pool, names) for pool in known])
    right = np.concatenate([pool.right for pool in known])
    sizes = np.array([len(pool.right) for pool in known])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(known)), sizes)
    spread = rows.std(axis=0) + 1e-9
    scaled = (rows - rows.mean(axis=0)) / spread
    low, high = np.array([BOUNDS.get(name, SHARED) for name in names]).T
    weights = np.zeros(len(names))
    momentum, velocity = np.zeros(len(names)), np.zeros(len(names))
    for step in range(1, STEPS + 1):
        scores = scaled @ weights
        top = np.maximum.reduceat(scores, starts)[owner]
        powers = np.exp(scores - top)
        share = powers / np.add.reduceat(powers, starts)[owner]
        hits = np.add.reduceat(share * right, starts)[owner]
        wanted = np.where(right, share / hits, 0.0)
        gradient = scaled.T @ (share - wanted) / len(known) + 2 * RIDGE * weights
        momentum = 0.9 * momentum + 0.1 * gradient
        velocity = 0.999 * velocity + 0.001 * gradient**2
        rate = RATE * min(1.0, 3 * (1 - step / STEPS))
        weights -= (
            rate * (momentum / (1 - 0.9**step)) / (np.sqrt(velocity / (1 - 0.999**step)) + 1e-9)
        )
        weights = np.clip(weights, low * spread, high * spread)
    return dict(zip(names, (weights / spread).tolist(), strict=True))


def usual_words(pools: Sequence[Replayed], names: Sequence[str]) -> dict[str, list[float]]:
    """Of each feature its least-squares line by nearness: the value at 0, and the slope."""
    near = np.concatenate([pool.features[NEARNESS] for pool in pools])
    found = {}
    for name in names:
        slope, at = np.polyfit(near, np.concatenate([pool.features[name] for pool in pools]), 1)
        found[name] = [round(float(at), 3), round(float(slope), 3)]
    return found


def scores_of(pool: Replayed, weights: dict[str, float]) -> np.ndarray:
    total = np.zeros(len(pool.right))
    for name, weight in weights.items():
        total += weight * pool.features[name]
    return total


def crossed_scores(pools: Sequence[Replayed], names: Sequence[str]) -> list[np.ndarray]:
    """Scores of each pool by weights that were fitted without it; neighbours in time together."""
    fold = np.arange(len(pools)) * FOLDS // max(1, len(pools))
    found: list[np.ndarray] = [np.zeros(0)] * len(pools)
    for one in range(FOLDS):
        weights = fit_weights([p for p, f in zip(pools, fold, strict=True) if f != one], names)
        for i in np.flatnonzero(fold == one):
            found[i] = scores_of(pools[i], weights)
    return found


def query_weights(pools: Sequence[Replayed]) -> np.ndarray:
    """The weight of each pool's query, so that duplicates are as frequent as in nature."""
    duplicates = sum(pool.is_duplicate for pool in pools)
    others = len(pools) - duplicates
    heavy = (1 - NATURAL_RATE) / NATURAL_RATE * duplicates / max(1, others)
    return np.array([1.0 if pool.is_duplicate else heavy for pool in pools])


def fit_calibration(pools: Sequence[Replayed], scores: Sequence[np.ndarray]) -> Calibration:
    """Logistic regression of being right on the score and the crowd (Newton's method).

    One project's corpus grows with time, which says little of what its size does. So each query
    is also asked of smaller corpora: of its pool the right threads stay and of the others as many
    as a random part of the corpus would have held.
    """
    chance = np.random.default_rng(SEED)
    rows, right, weight = [], [], []
    for pool, found, heavy in zip(pools, scores, query_weights(pools), strict=True):
        everything = max(pool.population, LEAST_CROWD)
        for size in (*CORPORA, everything):
            size = min(size, everything)  # noqa: PLW2901
            kept = pool.right | (chance.random(len(found)) < size / everything)
            crowd = np.full(kept.sum(), np.log(size / CROWD))
            rows.append(np.stack([np.ones(kept.sum()), found[kept], crowd], axis=1))
            right.append(pool.right[kept])
            weight.append(np.full(kept.sum(), heavy))
    return Calibration(
        *logistic(np.concatenate(rows), np.concatenate(right), np.concatenate(weight))
    )


def logistic(rows: np.ndarray, right: np.ndarray, weight: np.ndarray) -> list[float]:
    found = np.zeros(rows.shape[1])
    for _ in range(80):
        likely = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
        gradient = rows.T @ (weight * (right - likely))
        curve = (rows * (weight * likely * (1 - likely))[:, None]).T @ rows
        found += np.clip(np.linalg.solve(curve + 1e-6 * np.eye(len(found)), gradient), -1, 1)
    return [float(value) for value in found]
