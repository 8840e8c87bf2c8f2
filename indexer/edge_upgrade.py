"""Brings a collection of an older layout to today's, which takes seconds; indexing takes hours."""

import shutil
from pathlib import Path

import qdrant_edge as edge

from indexer.edge_files import create, guarded, load_shard, recorded_fingerprint
from indexer.edge_shards import Shards
from indexer.edge_values import filter_of, point_of
from indexer.store_rules import UPSERT_SIZE

# Before there were two shards there was one.
OLD_SHARD = "shard"


def upgrade(folder: Path) -> None:
    """Copy the one shard of old into the two of today, and delete it.

    Raises:
        StoreError: it is damaged, or the engine failed.
    """
    old = load_shard(folder, folder / OLD_SHARD)
    try:
        fingerprint = recorded_fingerprint(folder, old)
        create(folder, fingerprint, lambda shards: guarded(folder, lambda: _copy(old, shards)))
    finally:
        old.close()
    shutil.rmtree(folder / OLD_SHARD)


def _copy(old: edge.EdgeShard, shards: Shards) -> None:
    after = None
    while True:
        request = edge.ScrollRequest(
            offset=after,
            limit=UPSERT_SIZE,
            filter=filter_of(None),
            with_payload=True,
            with_vector=True,
        )
        records, after = old.scroll(request)
        shards.put([point_of(record) for record in records])
        if after is None:
            return
