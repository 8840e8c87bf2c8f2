"""Fits indexer/ranking_model.json to known duplicates: `python -m tests.benchmarks.train_ranking`.

Needs nothing but the project itself and data (tests/benchmarks/data.py). Weights and calibration
come from the dev split alone; the test split is only scored.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from indexer import figures
from indexer.features import FEATURES
from tests.benchmarks import fitting, replay

WORDS = (
    *("bm25_ratio", "title_overlap", "title_covered", "title_covers"),
    *("rarest_shared", "word_cosine"),
)
MODEL = Path(__file__).parents[2] / "indexer" / "ranking_model.json"


def train(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="train_ranking", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--data-dir", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--repo", help="how the index in the folder calls the project")
    parser.add_argument("--pools", type=Path, help="a .npz file to keep what was searched in")
    parser.add_argument("--dry-run", action="store_true", help="print the model, write nothing")
    options = parser.parse_args(argv)
    repo = options.repo or f"bench/{options.project}"
    pools = replay.pools_of(options.project, repo, options.data_dir, options.pools)
    if not pools:
        return
    text = json.dumps(model_of(pools, options.project), indent=2, ensure_ascii=False) + "\n"
    print(text, end="")
    if not options.dry_run:
        MODEL.write_text(text, encoding="utf-8")


def model_of(pools: list[replay.Replayed], project: str) -> dict:
    """The model as its file holds it."""
    names = list(FEATURES)
    dev = [pool for pool in pools if pool.split == "dev"]
    duplicates = [pool for pool in dev if pool.is_duplicate]
    negatives = [pool for pool in dev if not pool.is_duplicate]
    weights = {k: round(v, 3) for k, v in fitting.fit_weights(duplicates, names).items()}
    crossed = fitting.crossed_scores(duplicates, names)
    calibration = fitting.fit_calibration(
        [*duplicates, *negatives],
        [*crossed, *(fitting.scores_of(pool, weights) for pool in negatives)],
    )
    test = [pool for pool in pools if pool.split == "test" and pool.is_duplicate]
    return {
        "data": (
            f"{project}: {len(duplicates)} duplicates and {len(negatives)} negatives of the dev "
            f"split, duplicates weighted to {fitting.NATURAL_RATE:.1%} of all issues"
        ),
        "date": datetime.now(UTC).date().isoformat(),
        "recall at 1, 5, 10": {
            "dev, cross-validated": recalls(duplicates, crossed),
            "test": recalls(test, [fitting.scores_of(pool, weights) for pool in test]),
        },
        "weights": {name: weight for name, weight in weights.items() if weight},
        "calibration": {
            "intercept": round(calibration.intercept, 3),
            "score": round(calibration.score, 3),
            "crowd": round(calibration.crowd, 3),
        },
        "usual": fitting.usual_words(dev, WORDS),
    }


def recalls(pools: list[replay.Replayed], scores: list[np.ndarray]) -> list[float]:
    ranks = [figures.rank_of_first(s, p.right) for p, s in zip(pools, scores, strict=True)]
    return [round(figures.recall(ranks, depth), 3) for depth in (1, 5, 10)]


if __name__ == "__main__":
    train(sys.argv[1:])
