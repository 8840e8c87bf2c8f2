"""From features to the probability that one change would settle both issues.

The model is a few numbers in ranking_model.json, with the data and the scores they came from;
`python -m tests.benchmarks.train_ranking` writes it. A weighted sum of the features orders the
threads; how high one scores, and among how many threads it was found, tells how sure it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np

from indexer.background import Floats
from indexer.figures import Flags

MODEL_FILE = "ranking_model.json"

CROWD = 1000.0
"""The number of threads at which the crowd neither raises nor lowers the odds."""

LEAST_CROWD = 100
"""Fewer threads than this count as so many: the calibration was not fitted to smaller corpora."""

NEARNESS = "text_nearness"
"""The feature that `usual` goes by."""

_FAR = 30.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a score into the logarithm of the odds.

    The more threads there are, the more of them score as high as this by mere chance: `crowd` is
    the weight of the logarithm of their number, in thousands.
    """

    intercept: float
    score: float
    crowd: float

    def probability(self, scores: Floats, population: int) -> Floats:
        """The probability of each thread of a query's pool, found among `population` threads."""
        crowd = np.log(max(population, LEAST_CROWD) / CROWD)
        odds = self.intercept + self.score * scores + self.crowd * crowd
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -_FAR, _FAR))))


@dataclass(frozen=True, slots=True)
class RankingModel:
    """Weights of named features, and the calibration of their sum.

    `usual` tells of each feature about words what it usually is for a thread as near in meaning:
    its value at nearness 0, and what each unit of nearness adds.
    """

    weights: Mapping[str, float]
    calibration: Calibration
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The model that a JSON object describes."""
        calibration = record["calibration"]
        return cls(
            {str(name): float(value) for name, value in record["weights"].items()},
            Calibration(
                intercept=float(calibration["intercept"]),
                score=float(calibration["score"]),
                crowd=float(calibration["crowd"]),
            ),
            {str(k): (float(at), float(by)) for k, (at, by) in record.get("usual", {}).items()},
        )

    def completed(self, features: Mapping[str, Floats], foreign: Flags) -> dict[str, Floats]:
        """The features, where words tell nothing for the threads that are `foreign`.

        What is in another script than the query shares no words with it, whatever it says: it
        counts as if it shared what is usual for one as near.
        """
        filled = dict(features)
        if foreign.any():
            for name, (at, by) in self.usual.items():
                usual = at + by * features[NEARNESS]
                filled[name] = np.where(foreign, np.maximum(features[name], usual), features[name])
        return filled

    def scores(self, features: Mapping[str, Floats]) -> Floats:
        """What orders the threads of a query's pool."""
        total = np.zeros(len(next(iter(features.values()))))
        for name, weight in self.weights.items():
            total += weight * features[name]
        return total


@cache
def shipped_model() -> RankingModel:
    """The model that comes with the package."""
    text = files("indexer").joinpath(MODEL_FILE).read_text(encoding="utf-8")
    return RankingModel.from_json(json.loads(text))
