"""The embedded store: Qdrant's own engine in this process, its files in one folder.

The engine holds the GIL for the whole of every call, so calls are kept short: at most 25 points
a write, deletes in pieces, one query a call, and no HNSW graph, whose building would freeze the
process for seconds (exact search over 40,000 points takes milliseconds).
"""

import operator
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from indexer.edge_files import (
    build_aside,
    check_room,
    create,
    exists,
    free_bytes,
    guarded,
    load,
    settle,
    take_place,
    unusable,
)
from indexer.edge_shards import Shards
from indexer.errors import StoreError
from indexer.folder_lock import FolderLock
from indexer.store import ChannelQuery, Fingerprint, Hit, Point, Where
from indexer.store_rules import (
    META_ID,
    TENANT_FIELD,
    check_fingerprint,
    checked_id,
    checked_points,
    checked_vector,
    page_of,
    settled,
)

T = TypeVar("T")

# A write of 100 takes no less time a point and has held up everything else for 390 ms.
POINTS_A_WRITE = 25
IDS_A_CALL = 100


class EdgeStore:
    """A knowledge base in a folder that this process owns while it is open."""

    def __init__(
        self,
        folder: Path,
        fingerprint: Fingerprint,
        shards: Shards,
        lock: FolderLock,
        free: Callable[[Path], int],
    ) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._shards: Shards | None = shards
        self._folder_lock = lock
        self._free = free
        self._lock = threading.Lock()
        self._copy: Shards | None = None
        self._copying = threading.Lock()

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
            raise unusable(folder, error) from error
        with ExitStack() as undo:
            undo.callback(lock.release)
            settle(folder)
            if not exists(folder):
                check_room(folder, free)
                create(folder, fingerprint)
            wanted = partial(
                check_fingerprint,
                wanted=fingerprint,
                place=str(folder),
                rebuild=f"delete the folder {folder}",
            )
            shards, recorded = load(folder, wanted)
            undo.pop_all()
        return cls(folder, recorded, shards, lock, free)

    @property
    def fingerprint(self) -> Fingerprint:
        """What the collection was built with."""
        return self._fingerprint

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those with the same ids whole."""
        checked = checked_points(points, self._fingerprint.dimension)
        for part in _parts(checked, POINTS_A_WRITE):
            check_room(self._folder, self._free)
            self._write(operator.methodcaller("put", part))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        checked = [identity for identity in map(checked_id, ids) if identity != META_ID]
        for part in _parts(checked, IDS_A_CALL):
            check_room(self._folder, self._free)
            self._write(operator.methodcaller("remove", part))

    def delete_where(self, where: Where) -> None:
        """Delete every point that matches."""
        while True:
            page, _ = self.scroll(where, limit=10 * IDS_A_CALL, fields=())
            if not page:
                return
            self.delete([point.id for point in page])

    def query(self, queries: Sequence[ChannelQuery], fields: Sequence[str] = ()) -> list[list[Hit]]:
        """Answer several channel queries, best first, each with those payload fields."""
        for query in queries:
            checked_vector(query.channel, query.vector, self._fingerprint.dimension)

        def ask(batch: list[ChannelQuery]) -> list[list[Hit]]:
            return [self._call(operator.methodcaller("ask", query, fields)) for query in batch]

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
            read = operator.methodcaller("read", part, fields, vectors=vectors)
            found.update((point.id, point) for point in self._call(read))
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
        found = self._call(
            lambda shards: shards.page(where, limit + 2, start, fields, vectors=vectors)
        )
        return page_of(found, start, limit)

    def count(self, where: Where | None = None) -> int:
        """How many points match, exactly."""
        return self._call(lambda shards: shards.count(where))

    def repos(self) -> dict[str, int]:
        """Each repository in the collection and how many points it has."""
        return self._call(lambda shards: shards.facet(TENANT_FIELD))

    def flush(self) -> None:
        """Make everything written so far durable."""
        self._call(lambda shards: shards.flush())

    def compact(self) -> None:
        """Copy what is there into new files: of what was deleted or replaced, no byte is left.

        The engine keeps both in its files and in its log. Everything else goes on meanwhile: what
        is written goes into the copy as well.
        """
        with self._copying:
            check_room(self._folder, self._free)
            with self._lock:
                self._copy = guarded(
                    self._folder, lambda: build_aside(self._folder, self._fingerprint)
                )
            try:
                after: str | None = None
                while True:
                    after = self._call(partial(self._copied, after))
                    if after is None:
                        break
                    check_room(self._folder, self._free)
                self._call(self._replaced)
            finally:
                with self._lock:
                    copy, self._copy = self._copy, None
                    if copy is not None:
                        copy.close()
                        settle(self._folder)

    def _copied(self, after: str | None, shards: Shards) -> str | None:
        """Copy a page of points; returns where the next one begins."""
        if self._copy is None:
            raise AssertionError("only a copy under way is filled")
        page = shards.page(None, POINTS_A_WRITE + 1, after, None, vectors=True)
        self._copy.put([point for point in page[:POINTS_A_WRITE] if point.id != META_ID])
        return page[POINTS_A_WRITE].id if len(page) > POINTS_A_WRITE else None

    def _replaced(self, shards: Shards) -> None:
        """The copy takes the place of the collection."""
        copy, self._copy = self._copy, None
        if copy is None:
            raise AssertionError("only a whole copy takes the place")
        copy.flush()
        copy.close()
        self._shards = None
        shards.close()
        take_place(self._folder)
        self._shards, _ = load(self._folder, lambda _: None)

    def close(self) -> None:
        """Flush and let go; the object cannot be used afterwards."""
        with self._lock:
            shards, self._shards = self._shards, None
            if shards is None:
                return
            try:
                guarded(self._folder, shards.flush)
            finally:
                shards.close()
                self._folder_lock.release()

    def _write(self, action: Callable[[Shards], None]) -> None:
        def both(shards: Shards) -> None:
            action(shards)
            if self._copy is not None:
                action(self._copy)

        self._call(both)

    def _call(self, action: Callable[[Shards], T]) -> T:
        with self._lock:
            shards = self._shards
            if shards is None:
                raise StoreError(f"The knowledge base in {self._folder} was closed.")
            return guarded(self._folder, lambda: action(shards))


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
