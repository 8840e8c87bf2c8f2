"""Our values in the Qdrant client's types, and back (pure)."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from qdrant_client import models

from indexer.store import (
    Channel,
    ChannelQuery,
    DenseVector,
    Hit,
    Point,
    SparseVector,
    Where,
)
from indexer.store_rules import META_KIND, conditions


def filter_of(where: Where | None) -> models.Filter:
    """Our conditions in the client's words; None is everything but the fingerprint's point."""
    if where is None:
        hidden = models.FieldCondition(key="kind", match=models.MatchValue(value=META_KIND))
        return models.Filter(must_not=[hidden])
    wanted = conditions(where)
    must: list[Any] = [_any_of(name, values) for name, values in wanted.any_of.items()]
    if wanted.created_before is not None:
        before = models.Range(lt=wanted.created_before)
        must.append(models.FieldCondition(key="created", range=before))
    must_not: list[Any] = [_any_of(name, values) for name, values in wanted.none_of.items()]
    return models.Filter(must=must, must_not=must_not)


def _any_of(name: str, values: list[str] | list[int]) -> models.FieldCondition:
    return models.FieldCondition(key=name, match=models.MatchAny(any=values))


def request_of(query: ChannelQuery, fields: Sequence[str]) -> models.QueryRequest:
    """One channel's question."""
    return models.QueryRequest(
        query=vector_of(query.vector),
        using=query.channel,
        filter=filter_of(query.where),
        limit=query.limit,
        with_payload=payload_wanted(fields),
    )


def payload_wanted(fields: Sequence[str] | None) -> bool | list[str]:
    """Which payload fields to read: None is all of them."""
    return True if fields is None else list(fields) or False


def struct_of(point: Point) -> models.PointStruct:
    """A point to be written."""
    vectors = {name: vector_of(vector) for name, vector in point.vectors.items()}
    return models.PointStruct(id=point.id, vector=vectors, payload=dict(point.payload))


def vector_of(vector: DenseVector | SparseVector) -> Any:  # noqa: ANN401 - the client's types
    """One vector in the client's type."""
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
    return vector.tolist()


def hit_of(found: models.ScoredPoint) -> Hit:
    """What a query found."""
    return Hit(str(found.id), found.score, found.payload or {})


def point_of(record: models.Record) -> Point:
    """What a scroll or a fetch read."""
    vectors: dict[Channel, DenseVector | SparseVector] = {}
    for name, vector in cast("dict[Channel, Any]", record.vector or {}).items():
        if isinstance(vector, models.SparseVector):
            vectors[name] = SparseVector(tuple(vector.indices), tuple(vector.values))
        else:
            vectors[name] = np.asarray(vector, dtype=np.float32)
    return Point(str(record.id), vectors, record.payload or {})
