"""The files of the embedded store: made whole or not at all, checked, brought up to date."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeVar

import qdrant_edge as edge

from indexer.edge_values import SCOPE_FIELD, payload_in
from indexer.errors import StoreError, StoreUnavailable
from indexer.store import DENSE_CHANNELS, Fingerprint
from indexer.store_rules import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    META_ID,
    TENANT_FIELD,
    fingerprint_of,
    meta_payload,
)

T = TypeVar("T")

LAYOUT = 2  # 1 had no scope
MAX_FACETS = 100_000
# A full disk kills the process (SIGBUS in a memory-mapped file), so stop well before.
MIN_FREE_BYTES = 256 * 1024 * 1024
# Above this many KB of vectors the engine builds a graph, which freezes the process for seconds.
NO_GRAPH_KB = 10_000_000


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


def create(folder: Path, target: Path, fingerprint: Fingerprint) -> None:
    """A new shard, complete or not there at all: built aside, then renamed.

    Raises:
        StoreError: the engine failed.
    """
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
        payload_memory=edge.Memory.Cold,  # whole threads are in the payload
        wal_enabled=True,
    )

    def build() -> None:
        shard = edge.EdgeShard.create(str(fresh), config)
        tenant = edge.KeywordIndexParams(is_tenant=True)
        shard.update(edge.UpdateOperation.create_field_index(TENANT_FIELD, tenant))
        for name in (SCOPE_FIELD, *KEYWORD_FIELDS):
            keyword = edge.PayloadSchemaType.Keyword
            shard.update(edge.UpdateOperation.create_field_index(name, keyword))
        for name in INTEGER_FIELDS:
            integer = edge.PayloadSchemaType.Integer
            shard.update(edge.UpdateOperation.create_field_index(name, integer))
        _put_meta(shard, fingerprint)
        shard.flush()
        shard.close()

    guarded(folder, build)
    fresh.rename(target)


def load(folder: Path, target: Path) -> edge.EdgeShard:
    """The shard of the files.

    Raises:
        StoreError: they are damaged.
    """
    try:
        return edge.EdgeShard.load(str(target))
    except BaseException as error:
        if _from_engine(error):
            raise _damaged(folder, str(error)) from error
        raise


def read_meta(folder: Path, shard: edge.EdgeShard) -> tuple[Fingerprint, int]:
    """What the shard was built with, and the layout of its points.

    Raises:
        StoreError: it does not say.
    """
    records = guarded(
        folder, lambda: shard.retrieve([META_ID], with_payload=True, with_vector=False)
    )
    try:
        meta: Mapping[str, Any] = records[0].payload or {}
        return fingerprint_of(meta["fingerprint"]), int(meta.get("layout", 1))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, "it does not say what it was built with") from error


def bring_up_to_date(folder: Path, shard: edge.EdgeShard, fingerprint: Fingerprint) -> None:
    """Give the points of layout 1 their scope: seconds, where indexing again takes hours.

    Raises:
        StoreError: the engine failed.
    """
    keyword = edge.PayloadSchemaType.Keyword

    def upgrade() -> None:
        shard.update(edge.UpdateOperation.create_field_index(SCOPE_FIELD, keyword))
        for repo in facet(shard, TENANT_FIELD):
            here = edge.FieldCondition(TENANT_FIELD, match=edge.MatchValue(repo))
            for kind in facet(shard, "kind", edge.Filter(must=[here])):
                this = edge.FieldCondition("kind", match=edge.MatchValue(kind))
                scope = payload_in({TENANT_FIELD: repo, "kind": kind})
                both = edge.Filter(must=[here, this])
                shard.update(edge.UpdateOperation.set_payload_by_filter(both, scope))
        _put_meta(shard, fingerprint)
        shard.flush()

    guarded(folder, upgrade)


def facet(shard: edge.EdgeShard, field: str, only: edge.Filter | None = None) -> dict[str, int]:
    """Each value of the field and how many points have it."""
    response = shard.facet(edge.FacetRequest(field, limit=MAX_FACETS, exact=True, filter=only))
    # A value whose last point was deleted is still told of, with none.
    return dict(sorted((str(hit.value), hit.count) for hit in response.hits if hit.count))


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


def _put_meta(shard: edge.EdgeShard, fingerprint: Fingerprint) -> None:
    payload = {**meta_payload(fingerprint), "layout": LAYOUT}
    shard.update(edge.UpdateOperation.upsert_points([edge.Point(META_ID, {}, payload)]))


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
