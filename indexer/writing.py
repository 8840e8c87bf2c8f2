"""Passages into points: their vectors, and the calls that write and read them."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

from indexer.bm25 import Bm25Encoder
from indexer.chunking import TITLE_TOKENS, Passage
from indexer.embedding import TextEmbedder
from indexer.store import Channel, DenseVector, KnowledgeBase, Point, SparseVector, Where

MAX_UPSERT = 100
"""Points a call: the embedded engine holds the interpreter's lock while it writes."""

EMBED = 32
"""Texts a call to the model: a run that is stopped waits for no more than these."""

PAGE = 500


@dataclass(slots=True)
class Batch:
    """Passages on their way into the knowledge base; `kept` are vectors that are still right."""

    threads: int
    numbers: tuple[int, ...]
    passages: list[Passage]
    kept: dict[str, dict[Channel, DenseVector | SparseVector]] = field(default_factory=dict)
    vectors: Future[list[dict[Channel, DenseVector]]] | None = None


def embed(
    embedder: TextEmbedder, batch: Batch, stopped: threading.Event | None = None
) -> list[dict[Channel, DenseVector]]:
    """The dense vectors of each passage; texts and titles by length, so that batches fill up."""
    wanted: list[tuple[int, Channel, str]] = []
    for row, passage in enumerate(batch.passages):
        if passage.id not in batch.kept:
            wanted += [(row, "text", passage.text)] if passage.text else []
            wanted += [(row, "title", passage.title)] if passage.title else []
    wanted.sort(key=lambda item: len(item[2]))
    found: list[dict[Channel, DenseVector]] = [{} for _ in batch.passages]
    for start in range(0, len(wanted), EMBED):
        if stopped and stopped.is_set():
            raise CancelledError
        part = wanted[start : start + EMBED]
        vectors = embedder.embed([text for _, _, text in part])
        for (row, channel, _), vector in zip(part, vectors, strict=True):
            found[row][channel] = vector
    return found


def points_of(
    batch: Batch, vectors: Sequence[dict[Channel, DenseVector]], bm25: Bm25Encoder
) -> list[Point]:
    """The points of a batch, with the vectors that `embed` gave and those that were kept."""
    points = []
    for passage, dense in zip(batch.passages, vectors, strict=True):
        channels: dict[Channel, DenseVector | SparseVector] = {**dense}
        channels |= batch.kept.get(passage.id, {})
        payload = passage.payload
        if passage.kind == "issue":
            tokens = bm25.query(passage.lexical_title, "").indices
            payload = {**payload, TITLE_TOKENS: tokens}
        sparse = bm25.document(passage.lexical_title, passage.lexical_body)
        if sparse.indices:
            channels["bm25"] = sparse
        points.append(Point(passage.id, channels, payload))
    return points


def upsert(kb: KnowledgeBase, points: Sequence[Point]) -> None:
    """Write points, a few at a time."""
    for start in range(0, len(points), MAX_UPSERT):
        kb.upsert(points[start : start + MAX_UPSERT])


def scroll(kb: KnowledgeBase, where: Where, fields: Sequence[str]) -> Iterator[Point]:
    """Every point that matches, with those payload fields."""
    after = None
    while True:
        page, after = kb.scroll(where, limit=PAGE, after=after, fields=fields)
        yield from page
        if after is None:
            return
