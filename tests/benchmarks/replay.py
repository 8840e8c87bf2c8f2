"""Known duplicates asked again as of the day they were opened: the pools, their features."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.features import FEATURES
from indexer.importing import import_file
from indexer.opening import Parts, opened
from indexer.query import Query
from indexer.search import Searcher
from indexer.settings import IndexSettings
from indexer.threads import Thread
from tests.benchmarks import data

NATURAL_RATE = 0.068
"""How many of all rust issues are duplicates."""


@dataclass(frozen=True)
class Case:
    """An issue to ask about, and the numbers that are right; none for a negative."""

    thread: Thread
    targets: frozenset[int]
    split: str

    def query(self, repo: str) -> Query:
        return Query(
            repo,
            self.thread.title,
            self.thread.body,
            before=self.thread.created_at,
            exclude_numbers=(self.thread.number,),
        )


@dataclass(frozen=True)
class Replayed:
    """The pool of one case: a row a thread, in the order of the fused list."""

    number: int
    split: str
    is_duplicate: bool
    right: np.ndarray
    fused: np.ndarray
    population: int
    features: Mapping[str, np.ndarray] = field(repr=False)


def cases(project: str) -> list[Case]:
    """The project's duplicates, without those that name their original, and its negatives."""
    root = data.folder()
    if root is None:
        return []
    threads = {row["number"]: row for row in data.issues(project)}

    def lines(name: str) -> Iterator[dict]:
        path = root / project / name
        if path.is_file():
            yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())

    found = [
        (row, frozenset(row["duplicate_of"]))
        for row in lines("duplicates.jsonl")
        if not row["text_mentions"]
    ]
    found += [(row, frozenset()) for row in lines("negatives.jsonl")]
    return [
        Case(Thread.model_validate(threads[row["issue"]]), targets, row.get("split", "test"))
        for row, targets in found
    ]


def searcher_of(parts: Parts) -> Searcher:
    """The search as the commands open it."""
    return Searcher(parts.kb, parts.embedder, parts.state.templates)


def require_imported(project: str, repo: str, folder: Path) -> None:
    """Import the project into the folder, unless it is there."""
    root = data.folder()
    with opened(IndexSettings(data_dir=folder)) as parts:
        if root is None or parts.state.repository(repo).is_complete:
            return
        print(f"importing {project} into {folder} (some minutes, once) …", flush=True)
        path = root / project / "issues.jsonl.gz"
        import_file(path, parts.kb, parts.embedder, parts.state, repo)


def replay(
    searcher: Searcher, repo: str, asked: Iterable[Case], weights: Mapping[str, float] | None = None
) -> list[Replayed]:
    """Every case's pool."""
    found = []
    started = time.perf_counter()
    for count, case in enumerate(asked):
        query = case.query(repo)
        ranked = searcher.rank(query, weights) if weights else searcher.rank(query)
        right = np.array([number in case.targets for _, number in ranked.keys], np.bool_)
        found.append(
            Replayed(
                case.thread.number,
                case.split,
                bool(case.targets),
                right,
                ranked.fused,
                ranked.population,
                {name: ranked.features.get(name, np.zeros(0)) for name in FEATURES},
            )
        )
        if count and count % 500 == 0:
            print(f"  {count} asked, {time.perf_counter() - started:.0f} s", flush=True)
    return found


def save(pools: list[Replayed], path: Path) -> None:
    """Keep pools, so that a model can be fitted again without searching again."""
    names = list(FEATURES)
    np.savez_compressed(
        path,
        numbers=[pool.number for pool in pools],
        splits=[pool.split for pool in pools],
        duplicates=[pool.is_duplicate for pool in pools],
        sizes=[len(pool.right) for pool in pools],
        right=np.concatenate([pool.right for pool in pools]),
        fused=np.concatenate([pool.fused for pool in pools]),
        populations=[pool.population for pool in pools],
        names=names,
        **{name: np.concatenate([pool.features[name] for pool in pools]) for name in names},
    )


def load(path: Path) -> list[Replayed]:
    """Pools that were kept."""
    with np.load(path) as kept:
        ends = np.cumsum(kept["sizes"])[:-1]
        features = {str(name): np.split(kept[str(name)], ends) for name in kept["names"]}
        rows = zip(
            kept["numbers"],
            kept["splits"],
            kept["duplicates"],
            np.split(kept["right"], ends),
            np.split(kept["fused"], ends),
            kept["populations"],
            strict=True,
        )
        return [
            Replayed(
                int(number),
                str(split),
                bool(duplicate),
                right,
                fused,
                int(population),
                {name: parts[i] for name, parts in features.items()},
            )
            for i, (number, split, duplicate, right, fused, population) in enumerate(rows)
        ]


def pools_of(project: str, repo: str, folder: Path, kept: Path | None) -> list[Replayed]:
    """Every case's pool, read from `kept` where it is there, else searched and kept there."""
    if kept and kept.exists():
        return load(kept)
    asked = cases(project)
    if not asked:
        return []
    require_imported(project, repo, folder)
    with opened(IndexSettings(data_dir=folder)) as parts:
        pools = replay(searcher_of(parts), repo, asked)
    if kept:
        save(pools, kept)
    return pools
