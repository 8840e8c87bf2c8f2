"""Known duplicates found again: recall, calibration, what a threshold costs, ablations, speed."""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from indexer import figures
from indexer.channels import WEIGHTS
from indexer.embedding import TextEmbedder
from indexer.features import FEATURES
from indexer.opening import opened
from indexer.ranking import RankingModel, shipped_model
from indexer.settings import IndexSettings
from indexer.verdict import DEFAULT
from tests.benchmarks import fitting, replay
from tests.benchmarks.replay import Replayed
from tests.benchmarks.train_ranking import WORDS

GROUPS = {
    "words": WORDS,
    "meaning": ("text_nearness", "title_nearness", "title_text_nearness", "text_title_nearness"),
    "comments": ("comment_ratio", "comments"),
    "time": ("age", "quiet"),
    "open or closed": ("is_open",),
    "error signatures": ("shared_signatures",),
    "length": ("thread_length",),
}
DEPTHS = (1, 5, 10)
FEW = 100
"""Fewer duplicates than this are too few to fit a model to."""

THRESHOLDS = (0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="retrieval", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--data-dir", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--repo", help="how the index in the folder calls the project")
    parser.add_argument("--pools", type=Path, help="a .npz file to keep what was searched in")
    parser.add_argument("--timed", type=int, default=200, help="queries to time; 0 for none")
    parser.add_argument("--no-channels", action="store_true", help="leave channels' ablation out")
    options = parser.parse_args(argv)
    repo = options.repo or f"bench/{options.project}"
    pools = replay.pools_of(options.project, repo, options.data_dir, options.pools)
    if not pools:
        return
    recalls(pools)
    if all(pool.is_duplicate for pool in pools):
        print("\nno negatives: neither calibration nor precision can be told")
    else:
        calibration(pools)
        trade_off(pools)
    if sum(pool.split == "dev" for pool in pools) >= FEW:
        features_off(pools)
    if not options.no_channels:
        channels_off(options.project, repo, options.data_dir)
    if options.timed:
        speed(options.project, repo, options.data_dir, options.timed)


def recalls(pools: Sequence[Replayed]) -> None:
    weights = dict(shipped_model().weights)
    print("\nrecall@1 / 5 / 10 with bootstrap 95 % intervals, MRR")
    for split in ("dev", "test"):
        known = [pool for pool in pools if pool.split == split and pool.is_duplicate]
        if not known:
            continue
        line(f"{split} ({len(known)}), channels fused", [pool.fused for pool in known], known)
        line(
            f"{split} ({len(known)}), ranked",
            [fitting.scores_of(pool, weights) for pool in known],
            known,
        )
        inside = np.mean([pool.right.any() for pool in known])
        print(f"  {split}: a right thread is in the pool for {inside:.3f}")


def line(name: str, scores: Sequence[np.ndarray], pools: Sequence[Replayed]) -> None:
    ranks = [figures.rank_of_first(s, p.right) for s, p in zip(scores, pools, strict=True)]
    cells = []
    for depth in DEPTHS:
        low, high = figures.interval([float(rank <= depth) for rank in ranks])
        cells.append(f"{figures.recall(ranks, depth):.3f} [{low:.3f}–{high:.3f}]")
    print(f"  {name:<28} {'  '.join(cells)}  MRR {figures.reciprocal(ranks):.3f}")


def best_of(pools: Sequence[Replayed]) -> tuple[np.ndarray, np.ndarray]:
    """The best candidate's probability for each query, and whether it is right."""
    model = shipped_model()
    probability, right = [], []
    for pool in pools:
        scores = model.scores(pool.features)
        place = int(np.argmax(scores)) if len(scores) else 0
        found = len(scores) > 0
        probability.append(sure_of(model, pool, scores)[place] if found else 0.0)
        right.append(bool(found and pool.right[place]))
    return np.array(probability), np.array(right)


def sure_of(model: RankingModel, pool: Replayed, scores: np.ndarray) -> list[float]:
    return model.calibration.probability(scores, pool.population).tolist()


def calibration(pools: Sequence[Replayed]) -> None:
    print("\ncalibration of the best candidate's probability at the natural rate")
    for split in ("dev", "test"):
        chosen = [pool for pool in pools if pool.split == split]
        weight = fitting.query_weights(chosen)
        probability, right = best_of(chosen)
        error = figures.calibration_error(probability, right, weight)
        print(f"  {split}: expected calibration error {error:.3f}")
        edges = (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 1.01)
        for low, high in pairwise(edges):
            inside = (probability >= low) & (probability < high)
            if inside.any():
                total = weight[inside].sum()
                said = (weight * probability)[inside].sum() / total
                true = (weight * right)[inside].sum() / total
                print(
                    f"    {low:.2f} to {min(high, 1):.2f}: said {said:.3f}, true {true:.3f}, "
                    f"{int(inside.sum())} queries"
                )


def trade_off(pools: Sequence[Replayed]) -> None:
    """What showing the best candidate from a probability on gives and costs, dev and test."""
    probability, right = best_of(pools)
    weight = fitting.query_weights(pools)
    duplicate = np.array([pool.is_duplicate for pool in pools])
    print(
        f"\nshown from a probability on (dev and test; verdict: related {DEFAULT.related}, "
        f"duplicate {DEFAULT.duplicate})"
        "\n  from  duplicates shown  and right  others shown  precision at natural rate [Wilson]"
    )
    for threshold in THRESHOLDS:
        shown = probability >= threshold
        total = weight[shown].sum()
        share = (weight * right)[shown].sum() / total if total else 0.0
        # The interval is that of so many unweighted queries as were really flagged.
        low, high = figures.wilson(share * shown.sum(), float(shown.sum()))
        print(
            f"  {threshold:.2f}  {shown[duplicate].mean():16.3f}  "
            f"{(shown & right)[duplicate].mean():9.3f}  {shown[~duplicate].mean():12.3f}  "
            f"{share:9.3f} [{low:.2f}–{high:.2f}] on {int(shown.sum())}"
        )


def features_off(pools: Sequence[Replayed]) -> None:
    print("\nfitted on dev without a group of features; recall on test")
    dev = [pool for pool in pools if pool.split == "dev" and pool.is_duplicate]
    test = [pool for pool in pools if pool.split == "test" and pool.is_duplicate]
    for group, left_out in ({"none": ()} | GROUPS).items():
        names = [name for name in FEATURES if name not in left_out]
        weights = fitting.fit_weights(dev, names)
        line(f"without {group}", [fitting.scores_of(pool, weights) for pool in test], test)


def channels_off(project: str, repo: str, folder: Path) -> None:
    print("\nsearched without a channel; test, channels fused, then ranked")
    asked = [case for case in replay.cases(project) if case.targets and case.split == "test"]
    weights = dict(shipped_model().weights)
    with opened(IndexSettings(data_dir=folder)) as parts:
        searcher = replay.searcher_of(parts)
        for left_out in WEIGHTS:
            kept = {name: weight for name, weight in WEIGHTS.items() if name != left_out}
            pools = replay.replay(searcher, repo, asked, kept)
            line(f"without {left_out}, fused", [pool.fused for pool in pools], pools)
            scores = [fitting.scores_of(pool, weights) for pool in pools]
            line(f"without {left_out}, ranked", scores, pools)


class Timed:
    """An embedder that notes how long it took."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self.fingerprint, self.dimension = embedder.fingerprint, embedder.dimension
        self.seconds = 0.0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        started = time.perf_counter()
        found = self._embedder.embed(texts)
        self.seconds += time.perf_counter() - started
        return found


def speed(project: str, repo: str, folder: Path, count: int) -> None:
    asked = replay.cases(project)
    chosen = asked[:: max(1, len(asked) // count)][:count]
    with opened(IndexSettings(data_dir=folder)) as parts:
        embedder = Timed(parts.embedder)
        searcher = replay.searcher_of(dataclasses.replace(parts, embedder=embedder))
        started = time.perf_counter()
        searcher.search(chosen[0].query(repo))
        first = time.perf_counter() - started
        took, without = [], []
        for case in chosen:
            query = case.query(repo)
            embedder.seconds = 0.0
            started = time.perf_counter()
            searcher.search(query)
            took.append((time.perf_counter() - started) * 1000)
            without.append(took[-1] - embedder.seconds * 1000)
    p50, p95 = np.quantile(took, [0.5, 0.95])
    w50, w95 = np.quantile(without, [0.5, 0.95])
    print(
        f"\n{len(took)} queries one at a time, embedding included: p50 {p50:.0f} ms, "
        f"p95 {p95:.0f} ms; without it p50 {w50:.0f} ms, p95 {w95:.0f} ms; the first one, which "
        f"takes the sample, {first * 1000:.0f} ms"
    )
