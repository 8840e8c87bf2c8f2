"""The files of the embedded store: made whole or not at all, opened, checked."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeVar

import qdrant_edge as edge

from indexer.edge_shards import Shards
from indexer.edge_values import SCOPE_FIELD
from indexer.errors import StoreError, StoreUnavailable
from indexer.store import DENSE_CHANNELS, Fingerprint
from indexer.store_rules import (
    META_ID,
    TENANT_FIELD,
    fingerprint_of,
    meta_payload,
)

T = TypeVar("T")

# A full disk kills the process (SIGBUS in a memory-mapped file), so stop well before.
MIN_FREE_BYTES = 256 * 1024 * 1024
# Above this many KB of vectors the engine builds a graph, which freezes the process for seconds.
NO_GRAPH_KB = 10_000_000
NAMES = ("dense", "comments", "points")
"""Of the shards; where `points` stands, all stand: it is put in its place last."""


def free_bytes(folder: Path) -> int:
    """Room left on the disk that holds the folder."""
    return shutil.disk_usage(folder).free


def check_room(folder: Path, free: Callable[[Path], int]) -> None:
    """Nothing if there is room to write.

    Raises:
        StoreUnavailable: there is too little, or the folder is gone.
    """
    try:
        room = free(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    if room < MIN_FREE_BYTES:
        raise StoreUnavailable(
            f"DATA_DIR: the disk of {folder} is full, {room // 2**20} MB are left and at least "
            f"{MIN_FREE_BYTES // 2**20} MB are needed to write safely."
        )


def create(folder: Path, fingerprint: Fingerprint) -> None:
    """A new collection, complete or not there at all: built aside, then renamed.

    Raises:
        StoreError: the engine failed.
    """

    def build() -> None:
        shards = build_aside(folder, fingerprint)
        shards.flush()
        shards.close()

    guarded(folder, build)
    for name in NAMES:
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / f"{name}.new").rename(folder / name)


def build_aside(folder: Path, fingerprint: Fingerprint) -> Shards:
    """An empty collection, beside the one that is there."""
    dense = edge.EdgeVectorParams(
        size=fingerprint.dimension,
        distance=edge.Distance.Cosine,
        # Sixteen bits a number: half the room and half the time, cosines the same to 5 digits.
        datatype=edge.VectorStorageDatatype.Turbo16,
    )
    words = {"bm25": edge.EdgeSparseVectorParams()}
    channels = dict.fromkeys(DENSE_CHANNELS, dense)
    # Kinds are only ever asked for with their repository, which is the scope.
    shards = Shards(
        _new_shard(
            folder / "points.new", (SCOPE_FIELD, "path", "signatures"), sparse_vectors=words
        ),
        _new_shard(folder / "comments.new", (SCOPE_FIELD,), sparse_vectors=words),
        _new_shard(folder / "dense.new", (SCOPE_FIELD,), vectors=channels),
    )
    meta = edge.Point(META_ID, {}, meta_payload(fingerprint))
    shards.points.update(edge.UpdateOperation.upsert_points([meta]))
    return shards


def take_place(folder: Path) -> None:
    """What was built aside, closed and with the same points, replaces the collection, also closed.

    Whatever interrupts this, `settle` ends it.
    """
    for name in NAMES:
        (folder / name).rename(folder / f"{name}.old")
        (folder / f"{name}.new").rename(folder / name)
    settle(folder)


def settle(folder: Path) -> None:
    """The end of what another run began: half a replacement is made whole, half a copy goes."""
    # Only where a replacement has begun is what stands aside known to be whole.
    if any((folder / f"{name}.old").exists() for name in NAMES):
        for name in NAMES:
            if (folder / f"{name}.new").exists():
                shutil.rmtree(folder / name, ignore_errors=True)
                (folder / f"{name}.new").rename(folder / name)
    for name in NAMES:
        for aside in (folder / f"{name}.new", folder / f"{name}.old"):
            if aside.exists():
                shutil.rmtree(aside)


def exists(folder: Path) -> bool:
    """Whether the folder holds a collection."""
    return (folder / "points").exists()


def load(folder: Path, check: Callable[[Fingerprint], None]) -> tuple[Shards, Fingerprint]:
    """The collection of the files, and what it was built with.

    `check` may refuse it, before the rest is opened: another version may have had other shards.

    Raises:
        StoreError: they are damaged.
    """
    with ExitStack() as undo:

        def opened(name: str) -> edge.EdgeShard:
            shard = _load_shard(folder, folder / name)
            undo.callback(shard.close)
            return shard

        points = opened("points")
        recorded = _recorded_fingerprint(folder, points)
        check(recorded)
        shards = Shards(points, opened("comments"), opened("dense"))
        undo.pop_all()
    return shards, recorded


def _load_shard(folder: Path, shard: Path) -> edge.EdgeShard:
    try:
        return edge.EdgeShard.load(str(shard))
    except BaseException as error:
        if _from_engine(error):
            raise _damaged(folder, str(error)) from error
        raise


def _recorded_fingerprint(folder: Path, points: edge.EdgeShard) -> Fingerprint:
    found = guarded(
        folder, lambda: points.retrieve([META_ID], with_payload=True, with_vector=False)
    )
    try:
        return fingerprint_of((found[0].payload or {})["fingerprint"])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, "it does not say what it was built with") from error


def _new_shard(folder: Path, keywords: Sequence[str], **vectors: Any) -> edge.EdgeShard:  # noqa: ANN401
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = edge.EdgeConfig(
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=NO_GRAPH_KB),
        payload_memory=edge.Memory.Cold,  # whole threads are in the payload
        wal_enabled=True,
        **vectors,
    )
    shard = edge.EdgeShard.create(str(folder), config)
    schemas: dict[str, Any] = {TENANT_FIELD: edge.KeywordIndexParams(is_tenant=True)}
    schemas |= dict.fromkeys(keywords, edge.PayloadSchemaType.Keyword)
    schemas["number"] = edge.IntegerIndexParams(lookup=True, range=False)
    schemas["created"] = edge.IntegerIndexParams(lookup=False, range=True)
    for name, schema in schemas.items():
        shard.update(edge.UpdateOperation.create_field_index(name, schema))
    return shard


def guarded(folder: Path, action: Callable[[], T]) -> T:
    """The engine's exceptions as ours.

    Raises:
        StoreError: the engine failed.
    """
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


def unusable(folder: Path, error: OSError) -> StoreUnavailable:
    """The sentence for a folder that cannot be read or written."""
    return StoreUnavailable(f"DATA_DIR: the folder {folder} cannot be used ({error.strerror}).")


def _damaged(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"The knowledge base in {folder} is damaged ({shorten(why, 200)}): restore the folder from "
        "a backup, or delete it and run `intern backfill` or `intern import` again."
    )


def _from_engine(error: BaseException) -> bool:
    """Whether the engine raised it: a bare `Exception`, or a Rust panic on damaged files.

    The class of a panic is no `Exception`, and cannot be imported to name it.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
