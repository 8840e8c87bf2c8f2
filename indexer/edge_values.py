"""Our values in the embedded engine's types, and back (pure)."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, cast

import numpy as np
import qdrant_edge as edge

from indexer.chunking import TITLE_TOKENS
from indexer.outline import FIELD as OUTLINE
from indexer.store import (
    DENSE_CHANNELS,
    Channel,
    ChannelQuery,
    DenseVector,
    Hit,
    Point,
    SparseVector,
    Where,
)
from indexer.store_rules import INTEGER_FIELDS, KEYWORD_FIELDS, META_ID, TENANT_FIELD, conditions

# Repository and kind in one field. Search asks for both each time, and the engine looks at every
# point once for each condition: one in place of two halves the time of a search.
SCOPE_FIELD = "_scope"
FILTER_FIELDS = (TENANT_FIELD, SCOPE_FIELD, *KEYWORD_FIELDS, *INTEGER_FIELDS)

# Kept beside the dense vectors as well. To read one field the engine reads the whole payload, and
# that of an issue holds its thread: ranking a hundred of them read a megabyte.
LIGHT_FIELDS = frozenset((*FILTER_FIELDS, OUTLINE, TITLE_TOKENS))


def filter_of(where: Where | None) -> edge.Filter:
    """Our conditions in the engine's words; None is everything but the fingerprint's point."""
    if where is None:
        return edge.Filter(must_not=[edge.HasIdCondition({META_ID})])
    wanted = conditions(where)
    values = dict(wanted.any_of)
    if "kind" in values:
        pairs = product(values.pop(TENANT_FIELD), values.pop("kind"))
        values = {SCOPE_FIELD: [_scope(repo, kind) for repo, kind in pairs], **values}
    must: list[Any] = [_one_of(name, allowed) for name, allowed in values.items()]
    if wanted.created_before is not None:
        before = edge.RangeFloat(lt=wanted.created_before)
        must.append(edge.FieldCondition("created", range=before))
    must_not: list[Any] = [_one_of(name, refused) for name, refused in wanted.none_of.items()]
    return edge.Filter(must=must, must_not=must_not)


def _one_of(name: str, values: list[Any]) -> edge.FieldCondition:
    if len(values) == 1:  # half the time of a list of one
        return edge.FieldCondition(name, match=edge.MatchValue(values[0]))
    return edge.FieldCondition(name, match=edge.MatchAny(values))


def _scope(repo: object, kind: object) -> str:
    return f"{repo} {kind}"


def payload_in(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it is stored: with the scope, which no caller sees."""
    if TENANT_FIELD in payload and "kind" in payload:
        return {**payload, SCOPE_FIELD: _scope(payload[TENANT_FIELD], payload["kind"])}
    return dict(payload)


def _payload_out(payload: dict[str, Any] | None) -> dict[str, Any]:
    if payload is None:
        return {}
    payload.pop(SCOPE_FIELD, None)
    return payload


def request_of(query: ChannelQuery, fields: Sequence[str]) -> edge.QueryRequest:
    """One channel's question."""
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(vector_of(query.vector), using=query.channel),
        filter=filter_of(query.where),
        with_payload=payload_wanted(fields),
    )


def payload_wanted(fields: Sequence[str] | None) -> bool | list[str]:
    """Which payload fields to read: None is all of them, none at all is cheapest."""
    return True if fields is None else list(fields) or False


def vectors_of(point: Point, *, dense: bool) -> dict[str, Any]:
    """The point's dense vectors, or its sparse ones, in the engine's types."""
    return {
        name: vector_of(vector)
        for name, vector in point.vectors.items()
        if (name in DENSE_CHANNELS) == dense
    }


def vector_of(vector: DenseVector | SparseVector) -> Any:  # noqa: ANN401 - the engine's types
    """One vector in the engine's type."""
    if isinstance(vector, SparseVector):
        return edge.SparseVector(list(vector.indices), list(vector.values))
    return vector


def hit_of(found: edge.ScoredPoint) -> Hit:
    """What a query found."""
    return Hit(str(found.id), found.score, _payload_out(found.payload))


def point_of(record: edge.Record) -> Point:
    """What a scroll or a fetch read."""
    vectors: dict[Channel, DenseVector | SparseVector] = {}
    for name, vector in cast("dict[Channel, Any]", record.vector or {}).items():
        if isinstance(vector, edge.SparseVector):
            vectors[name] = SparseVector(tuple(vector.indices), tuple(vector.values))
        else:
            vectors[name] = np.asarray(vector, dtype=np.float32)
    return Point(str(record.id), vectors, _payload_out(record.payload))
