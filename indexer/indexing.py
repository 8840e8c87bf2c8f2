"""Threads and documents into the knowledge base: what is new or changed, and nothing else."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from indexer.bm25 import Bm25Encoder
from indexer.chunking import (
    passages_of,
    point_id,
    seconds,
    thread_hash,
    thread_json,
    thread_key,
    thread_of,
)
from indexer.embedding import TextEmbedder
from indexer.store import Channel, DenseVector, KnowledgeBase, Point, SparseVector, Where
from indexer.threads import Thread
from indexer.writing import Batch, embed, points_of, scroll, upsert

BATCH = 64
"""Threads that are embedded together: enough to sort them by length, few enough to hold."""

LOOKUP = 512
"""Threads whose hashes are fetched together."""

OnProgress = Callable[["IndexReport"], None]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did: threads or documents written, left as they were, and their points."""

    indexed: int = 0
    unchanged: int = 0
    points: int = 0
    removed: int = 0
    seconds: float = 0.0

    @property
    def seen(self) -> int:
        """How many were looked at."""
        return self.indexed + self.unchanged

    def __add__(self, other: "IndexReport") -> "IndexReport":
        return IndexReport(
            self.indexed + other.indexed,
            self.unchanged + other.unchanged,
            self.points + other.points,
            self.removed + other.removed,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class _Changed:
    """A thread that has to be written."""

    thread: Thread
    content: str
    hash: str


class ThreadWriter:
    """Writes the threads that are new or changed, a batch while the next one is embedded.

    Cleaning a batch, embedding the one before it and writing the one before that overlap.
    Stopping anywhere leaves each thread either as it was, or written, or to be written again:
    its own point, which carries its hash, is written last. A thread that was updated earlier than
    the one in the knowledge base counts as unchanged; of those that do not say when they were
    updated, the one that is written last counts. Passages that a changed thread lost are removed.

    Not to be used by two callers at a time; `close` it, which stops what is under way.

    Attributes:
        report: what was done so far.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        embedder: TextEmbedder,
        repo: str,
        templates: frozenset[str] = frozenset(),
    ) -> None:
        self.report = IndexReport()
        self._kb = kb
        self._embedder = embedder
        self._repo = repo
        self._templates = templates
        self._bm25 = Bm25Encoder()
        self._waiting: Batch | None = None
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="embed")

    def add(self, threads: Iterable[Thread], on_progress: OnProgress | None = None) -> None:
        """Take threads; all that were taken before are written when this returns.

        Raises:
            StoreError, ModelError: what was written by then stays.
        """
        before = self._waiting
        with self._timed() as started:
            for changed, unchanged in _changed(self._kb, self._repo, threads, self._templates):
                self.report += IndexReport(unchanged=unchanged)
                if changed:
                    batch = _prepare(self._kb, self._repo, changed, self._templates)
                    batch.vectors = self._pool.submit(embed, self._embedder, batch, self._stopped)
                    self._write_waiting()
                    self._waiting = batch
                if on_progress:
                    on_progress(self.report + IndexReport(seconds=time.perf_counter() - started))
            if self._waiting is before:
                self._write_waiting()

    def finish(self) -> None:
        """Write what is left.

        Raises:
            StoreError, ModelError: what was written by then stays.
        """
        with self._timed():
            self._write_waiting()

    def close(self) -> None:
        """Embed no more, and wait until that is so."""
        self._stopped.set()
        self._pool.shutdown()

    def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting, None
        if batch:
            points, removed = _write(self._kb, self._repo, batch, self._bm25)
            self.report += IndexReport(batch.threads, 0, points, removed, 0)

    @contextmanager
    def _timed(self) -> Iterator[float]:
        started = time.perf_counter()
        yield started
        self.report += IndexReport(seconds=time.perf_counter() - started)


def index_threads(  # noqa: PLR0913, PLR0917 - what to write, into what, with what
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    repo: str,
    threads: Iterable[Thread],
    templates: frozenset[str] = frozenset(),
    on_progress: OnProgress | None = None,
) -> IndexReport:
    """Write the threads that are new or changed (ThreadWriter), and return when they are written.

    Raises:
        StoreError, ModelError: what was written by then stays.
    """
    with closing(ThreadWriter(kb, embedder, repo, templates)) as writer:
        writer.add(threads, on_progress)
        writer.finish()
        if on_progress:
            on_progress(writer.report)
        return writer.report


def delete_thread(kb: KnowledgeBase, repo: str, number: int) -> None:
    """Remove an issue and its comments."""
    kb.delete_where(Where((repo.lower(),), kinds=("issue", "comment"), numbers=(number,)))


def stored_numbers(kb: KnowledgeBase, repo: str) -> set[int]:
    """The numbers of a repository's threads in the knowledge base."""
    where = Where((repo.lower(),), kinds=("issue",))
    return {point.payload["number"] for point in scroll(kb, where, ("number",))}


def stored_threads(kb: KnowledgeBase, repo: str) -> Iterator[Thread]:
    """Every thread of a repository as it is in the knowledge base, in the order of numbers."""
    where = Where((repo.lower(),), kinds=("issue",))
    ids = [(p.payload["number"], p.id) for p in scroll(kb, where, ("number",))]
    ids.sort()
    for start in range(0, len(ids), BATCH):
        wanted = [identity for _, identity in ids[start : start + BATCH]]
        for point in kb.fetch(wanted, fields=("thread",)):
            yield thread_of(point.payload)


def _changed(
    kb: KnowledgeBase, repo: str, threads: Iterable[Thread], templates: frozenset[str]
) -> Iterator[tuple[list[_Changed], int]]:
    """Batches of threads that have to be written, and how many were passed over since.

    Of several threads with one number the last counts, as far as they are looked at together.
    """
    pending: dict[int, _Changed] = {}
    passed = 0
    source = iter(threads)
    while chunk := list(islice(source, LOOKUP)):
        newest = {thread.number: thread for thread in chunk}
        passed += len(chunk) - len(newest)
        ids = [point_id(repo, thread_key(number)) for number in newest]
        known = {point.id: point.payload for point in kb.fetch(ids, fields=("hash", "updated"))}
        for identity, thread in zip(ids, newest.values(), strict=True):
            content = thread_json(thread)
            hashed = thread_hash(thread, content, templates)
            stored = known.get(identity, {})
            superseded = pending.pop(thread.number, None)
            passed += superseded is not None
            if _is_older(thread, stored) or (stored.get("hash") == hashed and superseded is None):
                passed += 1
                continue
            pending[thread.number] = _Changed(thread, content, hashed)
            if len(pending) >= BATCH:
                yield list(pending.values()), passed
                pending, passed = {}, 0
        if passed:
            yield [], passed
            passed = 0
    yield list(pending.values()), passed


def _is_older(thread: Thread, stored: Mapping[str, Any]) -> bool:
    """Whether the knowledge base has the thread as it was at a later update."""
    return thread.updated_at is not None and seconds(thread.updated_at) < stored.get("updated", 0)


def _prepare(
    kb: KnowledgeBase, repo: str, changed: Sequence[_Changed], templates: frozenset[str]
) -> Batch:
    numbers = tuple(item.thread.number for item in changed)
    passages = [
        passage
        for item in changed
        for passage in passages_of(repo, item.thread, item.content, item.hash, templates)
    ]
    batch = Batch(len(changed), numbers, passages)
    issues = {p.id: p for p in passages if p.kind == "issue"}
    # A new comment or label leaves the text as it is: its vectors are still right.
    before = kb.fetch(list(issues), fields=("embedded",))
    same = [p.id for p in before if p.payload.get("embedded") == issues[p.id].payload["embedded"]]
    if same:
        for point in kb.fetch(same, fields=(), vectors=True):
            dense: dict[Channel, DenseVector | SparseVector] = {
                name: vector for name, vector in point.vectors.items() if name != "bm25"
            }
            if dense.keys() == {n for n in ("text", "title") if getattr(issues[point.id], n)}:
                batch.kept[point.id] = dense
    return batch


def _write(kb: KnowledgeBase, repo: str, batch: Batch, bm25: Bm25Encoder) -> tuple[int, int]:
    """Comments first, then away with those that are gone, then the issues with their hashes."""
    if batch.vectors is None:
        raise AssertionError("a batch is embedded before it is written")
    points = points_of(batch, batch.vectors.result(), bm25)
    if overtaken := _overtaken(kb, points):
        points = [point for point in points if point.payload["number"] not in overtaken]
    numbers = tuple(number for number in batch.numbers if number not in overtaken)
    issues = [point for point in points if point.payload["kind"] == "issue"]
    comments = [point for point in points if point.payload["kind"] != "issue"]
    upsert(kb, comments)
    where = Where((repo.lower(),), kinds=("comment",), numbers=numbers)
    gone = sorted(_ids_where(kb, where) - {point.id for point in comments}) if numbers else []
    if gone:
        kb.delete(gone)
    upsert(kb, issues)
    return len(points), len(gone)


def _overtaken(kb: KnowledgeBase, points: Sequence[Point]) -> set[int]:
    """The threads of which somebody wrote a newer version while these were embedded."""
    updated = {p.id: p.payload["updated"] for p in points if p.payload["kind"] == "issue"}
    stored = kb.fetch(list(updated), fields=("number", "updated"))
    return {
        point.payload["number"]
        for point in stored
        if 0 < updated[point.id] < point.payload.get("updated", 0)
    }


def _ids_where(kb: KnowledgeBase, where: Where) -> set[str]:
    return {point.id for point in scroll(kb, where, ())}
