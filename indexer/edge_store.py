"""The embedded store: Qdrant's own engine in this process, its files in one folder.

The engine holds the GIL for the whole of every call, so calls are kept short: at most 100 points
a write, deletes in pieces, a few queries a batch, and no HNSW graph, whose building would freeze
the process for seconds (exact search over 40,000 points takes milliseconds).
"""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from textwrap import shorten
from typing import Any, Self, TypeVar

import qdrant_edge as edge

from indexer.edge_values import (
    filter_of,
    hit_of,
    payload_wanted,
    point_of,
    request_of,
    vectors_of,
)
from indexer.errors import StoreError, StoreUnavailable
from indexer.folder_lock import FolderLock
from indexer.store import DENSE_CHANNELS, ChannelQuery, Fingerprint, Hit, Point, Where
from indexer.store_rules import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    META_ID,
    TENANT_FIELD,
    UPSERT_SIZE,
    check_fingerprint,
    checked_id,
    checked_points,
    checked_vector,
    fingerprint_of,
    meta_payload,
    page_of,
    settled,
)

T = TypeVar("T")

# A full disk kills the process (SIGBUS in a memory-mapped file), so stop well before.
MIN_FREE_BYTES = 256 * 1024 * 1024
QUERIES_A_CALL = 6
IDS_A_CALL = 100
MAX_REPOS = 100_000
NO_GRAPH_KB = 10_000_000


def free_bytes(folder: Path) -> int:
    """Room left on the disk that holds the folder."""
    return shutil.disk_usage(folder).free


class EdgeStore:
    """A knowledge base in a folder that this process owns while it is open."""

    def __init__(
        self,
        folder: Path,
        fingerprint: Fingerprint,
        shard: edge.EdgeShard,
        lock: FolderLock,
        free: Callable[[Path], int],
    ) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._shard: edge.EdgeShard | None = shard
        self._folder_lock = lock
        self._free = free
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        fingerprint: Fingerprint,
        *,
        free: Callable[[Path], int] = free_bytes,
    ) -> Self:
        """Open the folder's collection; a new one is made for the fingerprint.

        Raises:
            StoreBusy: another process has it open.
            StoreMismatch: it was built with another model or pipeline.
            StoreUnavailable: the folder cannot be written, or the disk is full.
            StoreError: its files are damaged.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FolderLock.take(folder)
        except OSError as error:
            raise StoreUnavailable(
                f"DATA_DIR: the folder {folder} cannot be used ({error.strerror})."
            ) from error
        with ExitStack() as undo:
            undo.callback(lock.release)
            shard_folder = folder / "shard"
            if not shard_folder.exists():
                _check_room(folder, free)
                _create(folder, shard_folder, fingerprint)
            shard = _load(folder, shard_folder)
            undo.callback(shard.close)
            recorded = _recorded_fingerprint(folder, shard)
            check_fingerprint(
                recorded, fingerprint, place=str(folder), rebuild=f"delete the folder {folder}"
            )
            undo.pop_all()
        return cls(folder, recorded, shard, lock, free)

    @property
    def fingerprint(self) -> Fingerprint:
        """What the collection was built with."""
        return self._fingerprint

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those with the same ids whole."""
        checked = checked_points(points, self._fingerprint.dimension)
        for part in _parts(checked, UPSERT_SIZE):
            _check_room(self._folder, self._free)
            batch = [edge.Point(p.id, vectors_of(p), dict(p.payload)) for p in part]
            self._update(edge.UpdateOperation.upsert_points(batch))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        checked = [identity for identity in map(checked_id, ids) if identity != META_ID]
        for part in _parts(checked, IDS_A_CALL):
            _check_room(self._folder, self._free)
            self._update(edge.UpdateOperation.delete_points(list(part)))

    def delete_where(self, where: Where) -> None:
        """Delete every point that matches."""
        while True:
            page, _ = self.scroll(where, limit=10 * IDS_A_CALL, fields=())
            if not page:
                return
            self.delete([point.id for point in page])

    def query(self, queries: Sequence[ChannelQuery], fields: Sequence[str] = ()) -> list[list[Hit]]:
        """Answer several channel queries in one go, best first, each with those payload fields."""
        for query in queries:
            checked_vector(query.channel, query.vector, self._fingerprint.dimension)

        def ask(batch: list[ChannelQuery]) -> list[list[Hit]]:
            hits: list[list[Hit]] = []
            for part in _parts(batch, QUERIES_A_CALL):
                hits += self._ask(part, fields)
            return hits

        return settled(queries, ask)

    def fetch(
        self,
        ids: Sequence[str],
        *,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> list[Point]:
        """Points by id, in the order of `ids`, unknown ones left out; `fields=None` means all."""
        checked = [identity for identity in map(checked_id, ids) if identity != META_ID]
        found: dict[str, Point] = {}
        for part in _parts(list(dict.fromkeys(checked)), IDS_A_CALL):
            for point in self._retrieve(part, fields, vectors=vectors):
                found[point.id] = point
        return [found[identity] for identity in checked if identity in found]

    def scroll(
        self,
        where: Where | None,
        *,
        limit: int,
        after: str | None = None,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> tuple[list[Point], str | None]:
        """A page of points in the order of their ids, and the `after` of the next page."""
        start = None if after is None else checked_id(after)
        request = edge.ScrollRequest(
            offset=start,
            limit=limit + 2,
            filter=filter_of(where),
            with_payload=payload_wanted(fields),
            with_vector=vectors,
        )
        records, _ = self._call(lambda shard: shard.scroll(request))
        return page_of([point_of(record) for record in records], start, limit)

    def count(self, where: Where | None = None) -> int:
        """How many points match, exactly."""
        request = edge.CountRequest(exact=True, filter=filter_of(where))
        return int(self._call(lambda shard: shard.count(request)))

    def repos(self) -> dict[str, int]:
        """Each repository in the collection and how many points it has."""
        request = edge.FacetRequest(TENANT_FIELD, limit=MAX_REPOS, exact=True)
        response = self._call(lambda shard: shard.facet(request))
        # A repository whose last point was deleted is still told of, with none.
        return dict(sorted((str(h.value), int(h.count)) for h in response.hits if h.count))

    def flush(self) -> None:
        """Make everything written so far durable."""
        self._call(lambda shard: shard.flush())

    def close(self) -> None:
        """Flush and let go; the object cannot be used afterwards."""
        with self._lock:
            shard, self._shard = self._shard, None
            if shard is None:
                return
            try:
                _guarded(self._folder, shard.flush)
            finally:
                shard.close()
                self._folder_lock.release()

    def _ask(self, queries: Sequence[ChannelQuery], fields: Sequence[str]) -> list[list[Hit]]:
        request = edge.QueryBatchRequest([request_of(query, fields) for query in queries])
        answers = self._call(lambda shard: shard.query_batch(request))
        return [[hit_of(found) for found in answer] for answer in answers]

    def _retrieve(
        self, ids: Sequence[str], fields: Sequence[str] | None, *, vectors: bool
    ) -> list[Point]:
        records = self._call(
            lambda shard: shard.retrieve(
                [*ids], with_payload=payload_wanted(fields), with_vector=vectors
            )
        )
        return [point_of(record) for record in records]

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._call(lambda shard: shard.update(operation))

    def _call(self, action: Callable[[edge.EdgeShard], T]) -> T:
        with self._lock:
            shard = self._shard
            if shard is None:
                raise StoreError(f"The knowledge base in {self._folder} was closed.")
            return _guarded(self._folder, lambda: action(shard))


def _create(folder: Path, target: Path, fingerprint: Fingerprint) -> None:
    """A new shard, complete or not there at all: built aside, then renamed."""
    fresh = folder / "shard.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    config = edge.EdgeConfig(
        vectors={
            name: edge.EdgeVectorParams(size=fingerprint.dimension, distance=edge.Distance.Cosine)
            for name in DENSE_CHANNELS
        },
        sparse_vectors={"bm25": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=NO_GRAPH_KB),
        payload_memory=edge.Memory.Cold,
        wal_enabled=True,
    )

    def build() -> None:
        shard = edge.EdgeShard.create(str(fresh), config)
        kinds: list[tuple[str, Any]] = [(TENANT_FIELD, edge.KeywordIndexParams(is_tenant=True))]
        kinds += [(name, edge.PayloadSchemaType.Keyword) for name in KEYWORD_FIELDS]
        kinds += [(name, edge.PayloadSchemaType.Integer) for name in INTEGER_FIELDS]
        for name, kind in kinds:
            shard.update(edge.UpdateOperation.create_field_index(name, kind))
        meta = edge.Point(META_ID, {}, meta_payload(fingerprint))
        shard.update(edge.UpdateOperation.upsert_points([meta]))
        shard.flush()
        shard.close()

    _guarded(folder, build)
    fresh.rename(target)


def _load(folder: Path, shard_folder: Path) -> edge.EdgeShard:
    try:
        return edge.EdgeShard.load(str(shard_folder))
    except BaseException as error:
        if _from_engine(error):
            raise _damaged(folder, str(error)) from error
        raise


def _recorded_fingerprint(folder: Path, shard: edge.EdgeShard) -> Fingerprint:
    records = _guarded(
        folder, lambda: shard.retrieve([META_ID], with_payload=True, with_vector=False)
    )
    try:
        return fingerprint_of((records[0].payload or {})["fingerprint"])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, "it does not say what it was built with") from error


def _damaged(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"The knowledge base in {folder} is damaged ({shorten(why, 200)}): restore the folder from "
        "a backup, or delete it and run `intern backfill` or `intern import` again."
    )


def _check_room(folder: Path, free: Callable[[Path], int]) -> None:
    try:
        room = free(folder)
    except OSError as error:
        raise StoreUnavailable(
            f"DATA_DIR: the folder {folder} cannot be used ({error.strerror})."
        ) from error
    if room < MIN_FREE_BYTES:
        raise StoreUnavailable(
            f"DATA_DIR: the disk of {folder} is full, {room // 2**20} MB are left and at least "
            f"{MIN_FREE_BYTES // 2**20} MB are needed to write safely."
        )


def _guarded(folder: Path, action: Callable[[], T]) -> T:
    """The engine's exceptions as ours."""
    try:
        return action()
    except BaseException as error:
        if _from_engine(error):
            raise StoreError(
                f"The knowledge base in {folder} failed ({shorten(str(error), 200)}): if it fails "
                "again, restore the folder from a backup, or delete it and run `intern backfill` "
                "or `intern import` again."
            ) from error
        raise


def _from_engine(error: BaseException) -> bool:
    """Whether the engine raised it: a bare `Exception`, or a Rust panic on damaged files.

    The class of a panic is no `Exception`, and cannot be imported to name it.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
