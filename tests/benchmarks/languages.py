"""Korean questions: is the report found, in English or in Korean, among real distractors?"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from indexer import figures
from indexer.indexing import index_threads
from indexer.lexical import CJK
from indexer.opening import Parts, opened
from indexer.query import Query
from indexer.settings import IndexSettings
from indexer.threads import Thread
from tests.benchmarks import data, replay

PAIRS = Path(__file__).parent / "korean_pairs.jsonl"
NOISE = "bench/noise"
DISTRACTORS = {"rust": 500, "weex": 200, "vscode-multilingual": 300}
WRITTEN = ("weex", "vscode-multilingual")
"""Of these projects only issues in Chinese, Japanese or Korean are taken."""

START = datetime(2026, 1, 1, tzinfo=UTC)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="languages", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="tell what stood first instead")
    options = parser.parse_args(argv)
    noise = list(distractors())
    if not noise:
        return
    foreign = sum(bool(CJK.search(thread.title)) for thread in noise)
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    print(
        f"{len(pairs)} Korean questions among {len(noise)} real issues, {foreign} of them in "
        "Chinese, Japanese or Korean"
    )
    with (
        tempfile.TemporaryDirectory(prefix="oncall-intern-languages-") as folder,
        opened(IndexSettings(data_dir=Path(folder))) as parts,
    ):
        index_threads(parts.kb, parts.embedder, NOISE, noise)
        for language in ("english", "korean"):
            ask(parts, pairs, language, misses=options.misses)


def distractors() -> Iterator[Thread]:
    """Real issues, as if they had been opened hour by hour; numbered anew."""
    number = 0
    for project, count in DISTRACTORS.items():
        rows = (
            row
            for row in data.issues(project)
            if project not in WRITTEN or CJK.search(row["title"])
        )
        for row in islice(rows, count):
            number += 1
            yield issue(1000 + number, row)


def issue(number: int, row: dict[str, Any]) -> Thread:
    created = START + timedelta(hours=number % 1000)
    return Thread(number=number, title=row["title"], body=row["body"] or "", created_at=created)


def ask(parts: Parts, pairs: list[dict[str, Any]], language: str, *, misses: bool) -> None:
    repo = f"bench/{language}"
    threads = [issue(23 * n + 1, pair[language]) for n, pair in enumerate(pairs)]
    index_threads(parts.kb, parts.embedder, repo, threads)
    searcher = replay.searcher_of(parts)
    ranks, fused = [], []
    for thread, pair in zip(threads, pairs, strict=True):
        ranked = searcher.rank(Query(repo, **pair["asked"], repos=(NOISE,)))
        right = [key == (repo, thread.number) for key in ranked.keys]
        where = right.index(True) if any(right) else None
        ranks.append(figures.NEVER if where is None else ranked.order.index(where) + 1)
        fused.append(figures.NEVER if where is None else where + 1)
        if misses and ranks[-1] > 1:
            first = ranked.keys[ranked.order[0]]
            print(f"    {ranks[-1]:>7}. {pair['asked']['title']}: first came {first}")
    for name, places in (("ranked", ranks), ("channels fused", fused)):
        cells = "  ".join(f"@{k} {figures.recall(places, k):.3f}" for k in (1, 5, 10))
        low, high = figures.interval([float(place == 1) for place in places])
        print(f"  Korean → {language.title():<8} {name:<15} {cells}  (@1 {low:.2f}–{high:.2f})")
