"""Embedding rates of real issues, the time of one query, and the wait of a query in a backfill."""

import argparse
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from indexer.embedding import Embedder, fingerprint, open_embedder
from indexer.settings import IndexSettings
from indexer.text import clean
from tests.benchmarks import data

T = TypeVar("T")
Row = tuple[str, str]


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="embedding", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--sample", type=int, default=200, help="how many issues")
    parser.add_argument("--threads", type=int, default=0, help="as EMBEDDING_THREADS")
    parser.add_argument("--data-dir", type=Path, help="where the model is or will be kept")
    options = parser.parse_args(argv)
    rows = [(issue["title"], issue["body"] or "") for issue in data.issues(options.project)]
    if not rows:
        return
    rows = random.Random(1).sample(rows, min(options.sample, len(rows)))  # noqa: S311 - a sample
    with tempfile.TemporaryDirectory() as temporary:
        settings = IndexSettings(
            data_dir=options.data_dir or Path(temporary), embedding_threads=options.threads
        )
        measure(settings, rows)


def measure(settings: IndexSettings, rows: list[Row]) -> None:
    seconds, _ = timed(lambda: fingerprint(settings))
    again, _ = timed(lambda: fingerprint(settings))
    print(f"prepare the model: {seconds:.1f} s; again: {again:.4f} s")
    seconds, embedder = timed(lambda: open_embedder(settings))
    print(f"open it: {seconds:.1f} s")
    embedder.embed(["warm", "up"])

    cleaned = [f"{title}\n{clean(body)}" for title, body in rows]
    for name, texts in (
        ("raw title + body", [f"{title}\n{body}" for title, body in rows]),
        ("cleaned title + body", cleaned),
        ("titles", [title for title, _ in rows]),
    ):
        processor = time.process_time()
        seconds, _ = timed(lambda texts=texts: embedder.embed(texts))
        processor = time.process_time() - processor
        print(
            f"{name}: {len(texts) / seconds:.1f} texts/s, {len(texts) / processor:.1f} per second "
            "of processor time"
        )
    queries = [[title, text] for (title, _), text in zip(rows, cleaned, strict=True)][:60]
    idle = percentiles(embedder, queries)
    print(f"one query (title, and title + body): p50 {idle[0]:.0f} ms, p95 {idle[1]:.0f} ms")
    busy = percentiles_while_busy(embedder, queries, cleaned)
    print(f"the same while a backfill embeds: p50 {busy[0]:.0f} ms, p95 {busy[1]:.0f} ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory: {peak / (1024**2 if sys.platform == 'darwin' else 1024):.0f} MB")


def timed(action: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def percentiles(embedder: Embedder, queries: list[list[str]]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, one query after the other."""
    times = [timed(lambda q=query: embedder.embed(q))[0] * 1000 for query in queries]
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def percentiles_while_busy(
    embedder: Embedder, queries: list[list[str]], texts: list[str]
) -> tuple[float, float]:
    """The same while another thread embeds batches as a backfill does."""
    done = threading.Event()

    def backfill() -> None:
        while not done.is_set():
            embedder.embed(random.sample(texts, min(64, len(texts))))

    other = threading.Thread(target=backfill)
    other.start()
    try:
        return percentiles(embedder, queries)
    finally:
        done.set()
        other.join()
