"""Threads, docs and releases into the knowledge base: what is new or changed, and nothing else."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from indexer.bm25 import Bm25Encoder
from indexer.chunking import (
    Passage,
    content_hash,
    doc_passages,
    passages_of,
    point_id,
    release_passages,
    thread_json,
    thread_key,
    thread_of,
)
from indexer.embedding import TextEmbedder
from indexer.store import Channel, DenseVector, KnowledgeBase, Point, SparseVector, Where
from indexer.threads import DocSection, Release, Thread

BATCH = 64
"""Threads that are embedded together: enough to sort them by length, few enough to hold."""

MAX_UPSERT = 100
"""Points a call: the embedded engine holds the interpreter's lock while it writes."""

LOOKUP = 512
"""Threads whose hashes are fetched together."""

_PAGE = 500

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


@dataclass(slots=True)
class _Batch:
    """Passages on their way into the knowledge base; `kept` are vectors that are still right."""

    threads: int
    numbers: tuple[int, ...]
    passages: list[Passage]
    kept: dict[str, dict[Channel, DenseVector | SparseVector]] = field(default_factory=dict)
    vectors: Future[list[dict[Channel, DenseVector]]] | None = None


def index_threads(  # noqa: PLR0913, PLR0917 - what to write, into what, with what
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    repo: str,
    threads: Iterable[Thread],
    templates: frozenset[str] = frozenset(),
    on_progress: OnProgress | None = None,
) -> IndexReport:
    """Write the threads that are new or changed; passages that a changed one lost are removed.

    Cleaning a batch, embedding the one before it and writing the one before that overlap.
    Stopping anywhere leaves each thread either as it was, or written, or to be written again:
    its own point, which carries its hash, is written last.

    Raises:
        StoreError, ModelError: what was written by then stays.
    """
    started = time.perf_counter()
    report = IndexReport()
    unreported = 0
    bm25 = Bm25Encoder()
    waiting: _Batch | None = None

    def finish(batch: _Batch) -> IndexReport:
        points, removed = _write(kb, repo, batch, bm25)
        return IndexReport(batch.threads, 0, points, removed, 0)

    def tell() -> None:
        if on_progress:
            on_progress(
                report + IndexReport(unchanged=unreported, seconds=time.perf_counter() - started)
            )

    with ThreadPoolExecutor(1, thread_name_prefix="embed") as pool:
        for changed, unchanged in _changed(kb, repo, threads, templates):
            unreported += unchanged
            if changed:
                batch = _prepare(kb, repo, changed, templates)
                batch.vectors = pool.submit(_embed, embedder, batch)
                if waiting:
                    report += finish(waiting)
                waiting = batch
            tell()
        if waiting:
            report += finish(waiting)
    report += IndexReport(unchanged=unreported, seconds=time.perf_counter() - started)
    unreported = 0
    if on_progress:
        on_progress(report)
    return report


def delete_thread(kb: KnowledgeBase, repo: str, number: int) -> None:
    """Remove an issue and its comments."""
    kb.delete_where(Where((repo.lower(),), kinds=("issue", "comment"), numbers=(number,)))


def stored_threads(kb: KnowledgeBase, repo: str) -> Iterator[Thread]:
    """Every thread of a repository as it is in the knowledge base, in the order of numbers."""
    where = Where((repo.lower(),), kinds=("issue",))
    ids = [(p.payload["number"], p.id) for p in _scroll(kb, where, ("number",))]
    ids.sort()
    for start in range(0, len(ids), BATCH):
        wanted = [identity for _, identity in ids[start : start + BATCH]]
        for point in kb.fetch(wanted, fields=("thread",)):
            yield thread_of(point.payload)


def index_docs(
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    repo: str,
    sections: Sequence[DocSection] | None = None,
    releases: Sequence[Release] | None = None,
) -> IndexReport:
    """Make a repository's docs and releases in the knowledge base equal to these.

    None leaves those that are there alone; an empty list removes them.
    """
    started = time.perf_counter()
    passages: list[Passage] = []
    kinds: list[str] = []
    if sections is not None:
        kinds.append("doc")
        passages += doc_passages(repo, sections)
    if releases is not None:
        kinds.append("release")
        passages += release_passages(repo, releases)
    if not kinds:
        return IndexReport()
    known = dict(_hashes_where(kb, Where((repo.lower(),), kinds=tuple(kinds))))
    changed = [p for p in passages if known.get(p.id) != p.payload["hash"]]
    bm25 = Bm25Encoder()
    for start in range(0, len(changed), BATCH):
        batch = _Batch(0, (), changed[start : start + BATCH])
        _upsert(kb, _points(batch, _embed(embedder, batch), bm25))
    gone = sorted(known.keys() - {p.id for p in passages})
    if gone:
        kb.delete(gone)
    seconds = time.perf_counter() - started
    unchanged = len(passages) - len(changed)
    return IndexReport(len(changed), unchanged, len(changed), len(gone), seconds)


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
        known = {point.id: point.payload.get("hash") for point in kb.fetch(ids, fields=("hash",))}
        for identity, thread in zip(ids, newest.values(), strict=True):
            content = thread_json(thread)
            hashed = content_hash(content, templates)
            superseded = pending.pop(thread.number, None)
            passed += superseded is not None
            if known.get(identity) == hashed and superseded is None:
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


def _prepare(
    kb: KnowledgeBase, repo: str, changed: Sequence[_Changed], templates: frozenset[str]
) -> _Batch:
    numbers = tuple(item.thread.number for item in changed)
    passages = [
        passage
        for item in changed
        for passage in passages_of(repo, item.thread, item.content, item.hash, templates)
    ]
    batch = _Batch(len(changed), numbers, passages)
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


def _embed(embedder: TextEmbedder, batch: _Batch) -> list[dict[Channel, DenseVector]]:
    """The dense vectors of each passage; texts and titles together, so that batches fill up."""
    wanted: list[tuple[int, Channel, str]] = []
    for row, passage in enumerate(batch.passages):
        if passage.id not in batch.kept:
            wanted += [(row, "text", passage.text)] if passage.text else []
            wanted += [(row, "title", passage.title)] if passage.title else []
    found: list[dict[Channel, DenseVector]] = [{} for _ in batch.passages]
    if wanted:
        vectors = embedder.embed([text for _, _, text in wanted])
        for (row, channel, _), vector in zip(wanted, vectors, strict=True):
            found[row][channel] = vector
    return found


def _write(kb: KnowledgeBase, repo: str, batch: _Batch, bm25: Bm25Encoder) -> tuple[int, int]:
    """Comments first, then away with those that are gone, then the issues with their hashes."""
    if batch.vectors is None:
        raise AssertionError("a batch is embedded before it is written")
    points = _points(batch, batch.vectors.result(), bm25)
    issues = [point for point in points if point.payload["kind"] == "issue"]
    comments = [point for point in points if point.payload["kind"] != "issue"]
    _upsert(kb, comments)
    where = Where((repo.lower(),), kinds=("comment",), numbers=batch.numbers)
    gone = sorted(_ids_where(kb, where) - {point.id for point in comments})
    if gone:
        kb.delete(gone)
    _upsert(kb, issues)
    return len(points), len(gone)


def _points(
    batch: _Batch, vectors: Sequence[dict[Channel, DenseVector]], bm25: Bm25Encoder
) -> list[Point]:
    points = []
    for passage, dense in zip(batch.passages, vectors, strict=True):
        channels: dict[Channel, DenseVector | SparseVector] = {**dense}
        channels |= batch.kept.get(passage.id, {})
        sparse = bm25.document(passage.lexical_title, passage.lexical_body)
        if sparse.indices:
            channels["bm25"] = sparse
        points.append(Point(passage.id, channels, passage.payload))
    return points


def _upsert(kb: KnowledgeBase, points: Sequence[Point]) -> None:
    for start in range(0, len(points), MAX_UPSERT):
        kb.upsert(points[start : start + MAX_UPSERT])


def _ids_where(kb: KnowledgeBase, where: Where) -> set[str]:
    return {point.id for point in _scroll(kb, where, ())}


def _hashes_where(kb: KnowledgeBase, where: Where) -> Iterator[tuple[str, str]]:
    for point in _scroll(kb, where, ("hash",)):
        yield point.id, point.payload.get("hash", "")


def _scroll(kb: KnowledgeBase, where: Where, fields: Sequence[str]) -> Iterator[Point]:
    after = None
    while True:
        page, after = kb.scroll(where, limit=_PAGE, after=after, fields=fields)
        yield from page
        if after is None:
            return
