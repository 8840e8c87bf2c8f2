"""The wire between a remote store and the process that owns the collection (pure, both ends).

A message is JSON with the dense vectors beside it: eight bytes with the JSON's length, the JSON,
then every dense vector as raw little-endian float32, in the order in which the JSON speaks of
them. In the JSON a dense vector is its length, a sparse one its indices and values.
"""

import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from indexer.errors import StoreBusy, StoreError, StoreMismatch, StoreUnavailable
from indexer.store import (
    Channel,
    ChannelQuery,
    DenseVector,
    Hit,
    KnowledgeBase,
    Point,
    SparseVector,
    Where,
)
from indexer.store_rules import fingerprint_json

STORE_ERRORS: dict[str, type[StoreError]] = {
    kind.reason: kind for kind in (StoreError, StoreBusy, StoreMismatch, StoreUnavailable)
}
_LENGTH = struct.Struct("<Q")
_FLOAT = np.dtype("<f4")


class Outgoing:
    """A message being written: what the JSON says of vectors, and their numbers."""

    def __init__(self) -> None:
        self._dense: list[bytes] = []

    def vector(self, vector: DenseVector | SparseVector) -> Any:  # noqa: ANN401 - JSON
        """What the JSON says of one vector."""
        if isinstance(vector, SparseVector):
            return [list(vector.indices), list(vector.values)]
        dense = np.ascontiguousarray(vector, dtype=_FLOAT).reshape(-1)
        self._dense.append(dense.tobytes())
        return dense.size

    def points(self, points: Iterable[Point]) -> list[Any]:
        """What the JSON says of points."""
        return [
            [
                point.id,
                {name: self.vector(vector) for name, vector in point.vectors.items()},
                point.payload,
            ]
            for point in points
        ]

    def queries(self, queries: Iterable[ChannelQuery]) -> list[Any]:
        """What the JSON says of channel queries."""
        return [
            {
                "channel": query.channel,
                "vector": self.vector(query.vector),
                "where": where_json(query.where),
                "limit": query.limit,
            }
            for query in queries
        ]

    def message(self, document: Any) -> bytes:  # noqa: ANN401 - JSON
        """The whole message."""
        text = json.dumps(document, separators=(",", ":")).encode("ascii")
        return b"".join([_LENGTH.pack(len(text)), text, *self._dense])


class Incoming:
    """A message being read; the readers are called in the order in which it was written."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _LENGTH.size:
            raise ValueError("the message is cut short")
        (length,) = _LENGTH.unpack_from(data)
        start = _LENGTH.size + length
        if start > len(data) or (len(data) - start) % _FLOAT.itemsize:
            raise ValueError("the message is cut short")
        self.document: Any = json.loads(data[_LENGTH.size : start])
        self._floats = np.frombuffer(data, dtype=_FLOAT, offset=start)
        self._at = 0

    def vector(self, said: Any) -> DenseVector | SparseVector:  # noqa: ANN401 - JSON
        """One vector."""
        if isinstance(said, list):
            indices, values = said
            return SparseVector(tuple(indices), tuple(values))
        dense = self._floats[self._at : self._at + said]
        if dense.size != said:
            raise ValueError("the message holds fewer vectors than it says")
        self._at += said
        return dense.astype(np.float32)

    def points(self, said: list[Any]) -> list[Point]:
        """Points."""
        return [
            Point(
                identity,
                {cast("Channel", name): self.vector(one) for name, one in vectors.items()},
                payload,
            )
            for identity, vectors, payload in said
        ]

    def queries(self, said: list[Any]) -> list[ChannelQuery]:
        """Channel queries."""
        return [
            ChannelQuery(
                channel=one["channel"],
                vector=self.vector(one["vector"]),
                where=_where(one["where"]),
                limit=one["limit"],
            )
            for one in said
        ]


def where_json(where: Where | None) -> dict[str, Any] | None:
    """A `Where` as JSON."""
    return None if where is None else asdict(where)


def where_of(said: Mapping[str, Any] | None) -> Where | None:
    """A `Where` from what `where_json` gave."""
    return None if said is None else _where(said)


def _where(said: Mapping[str, Any]) -> Where:
    return Where(
        repos=tuple(said["repos"]),
        kinds=tuple(said["kinds"]),
        numbers=tuple(said["numbers"]),
        not_numbers=tuple(said["not_numbers"]),
        created_before=said["created_before"],
        path=said["path"],
        signatures=tuple(said["signatures"]),
    )


def hits_json(answers: Sequence[Sequence[Hit]]) -> list[Any]:
    """The answers to channel queries as JSON."""
    return [[[hit.id, hit.score, hit.payload] for hit in answer] for answer in answers]


def hits_of(said: list[Any]) -> list[list[Hit]]:
    """The answers to channel queries from what `hits_json` gave."""
    return [[Hit(*one) for one in answer] for answer in said]


def error_message(error: StoreError | ValueError) -> bytes:
    """A failure as a message: its reason code, by which the other end finds the class."""
    reason = error.reason if isinstance(error, StoreError) else "value"
    return Outgoing().message({"reason": reason, "message": str(error)})


def error_of(data: bytes) -> StoreError | ValueError:
    """The failure that `error_message` told of."""
    document = Incoming(data).document
    text = str(document["message"])
    if document["reason"] == "value":
        return ValueError(text)
    return STORE_ERRORS.get(document["reason"], StoreError)(text)


def answer(kb: KnowledgeBase, method: str, data: bytes) -> bytes:
    """What the owner of the collection answers to one call.

    Raises:
        ValueError: the message makes no sense.
        KeyError: there is no such method.
        StoreError: the store says so.
    """
    return _METHODS[method](kb, Incoming(data))


def _describe(kb: KnowledgeBase, _: Incoming) -> bytes:
    return Outgoing().message({"fingerprint": fingerprint_json(kb.fingerprint)})


def _upsert(kb: KnowledgeBase, call: Incoming) -> bytes:
    kb.upsert(call.points(call.document["points"]))
    return Outgoing().message(None)


def _delete(kb: KnowledgeBase, call: Incoming) -> bytes:
    kb.delete(call.document["ids"])
    return Outgoing().message(None)


def _delete_where(kb: KnowledgeBase, call: Incoming) -> bytes:
    kb.delete_where(_where(call.document["where"]))
    return Outgoing().message(None)


def _query(kb: KnowledgeBase, call: Incoming) -> bytes:
    queries = call.queries(call.document["queries"])
    return Outgoing().message(hits_json(kb.query(queries, call.document["fields"])))


def _fetch(kb: KnowledgeBase, call: Incoming) -> bytes:
    asked = call.document
    points = kb.fetch(asked["ids"], fields=asked["fields"], vectors=asked["vectors"])
    reply = Outgoing()
    return reply.message(reply.points(points))


def _scroll(kb: KnowledgeBase, call: Incoming) -> bytes:
    asked = call.document
    points, after = kb.scroll(
        where_of(asked["where"]),
        limit=asked["limit"],
        after=asked["after"],
        fields=asked["fields"],
        vectors=asked["vectors"],
    )
    reply = Outgoing()
    return reply.message([reply.points(points), after])


def _count(kb: KnowledgeBase, call: Incoming) -> bytes:
    return Outgoing().message(kb.count(where_of(call.document["where"])))


def _repos(kb: KnowledgeBase, _: Incoming) -> bytes:
    return Outgoing().message(kb.repos())


def _flush(kb: KnowledgeBase, _: Incoming) -> bytes:
    kb.flush()
    return Outgoing().message(None)


def _compact(kb: KnowledgeBase, _: Incoming) -> bytes:
    kb.compact()
    return Outgoing().message(None)


_METHODS: dict[str, Callable[[KnowledgeBase, Incoming], bytes]] = {
    "describe": _describe,
    "upsert": _upsert,
    "delete": _delete,
    "delete_where": _delete_where,
    "query": _query,
    "fetch": _fetch,
    "scroll": _scroll,
    "count": _count,
    "repos": _repos,
    "flush": _flush,
    "compact": _compact,
}
METHODS = frozenset(_METHODS)
