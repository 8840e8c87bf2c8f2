"""From features to the probability that one change would settle both issues.

The model is a few numbers in ranking_model.json, with the data and the scores they came from;
`tests/benchmarks/train_ranking.py` writes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from indexer.background import Floats

MODEL_FILE = "ranking_model.json"
_FAR = 30.0


@dataclass(frozen=True, slots=True)
class RankingModel:
    """A logistic model over named features."""

    intercept: float
    weights: Mapping[str, float]

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "RankingModel":
        """The model that a JSON object describes."""
        weights = {str(name): float(value) for name, value in record["weights"].items()}
        return cls(float(record["intercept"]), weights)

    def log_odds(self, features: Mapping[str, Floats]) -> Floats:
        """The logarithm of the odds, for each thread."""
        total = np.full(len(next(iter(features.values()))), self.intercept)
        for name, weight in self.weights.items():
            total += weight * features[name]
        return total

    def probability(self, features: Mapping[str, Floats]) -> Floats:
        """The probability that one change would settle both, for each thread."""
        odds = np.clip(self.log_odds(features), -_FAR, _FAR)
        return np.asarray(1 / (1 + np.exp(-odds)))


@cache
def shipped_model() -> RankingModel:
    """The model that comes with the package."""
    text = files("indexer").joinpath(MODEL_FILE).read_text(encoding="utf-8")
    return RankingModel.from_json(json.loads(text))
