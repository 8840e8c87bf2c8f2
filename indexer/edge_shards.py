"""The three shards of the embedded store, kept in step.

`points` and `comments` hold every point: its words (the bm25 channel) and its whole payload.
Comments stand apart: there are five times as many as anything else, and a question is always
either for them or for the rest. `dense` holds the dense vectors of those points that have any, with
the few fields that search reads. The engine keeps room for each vector of a shard in each of its
points: together, a comment, which has words only, would take 3 KB of nothing, on disk, in memory
and in the time of every search.

Writes go to `dense` first: a point that says in its payload that it is up to date has its
vectors. A process killed between the two is put right by whoever repeats the write. The kind of a
point never changes: its id is made of it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import qdrant_edge as edge

from indexer.edge_values import (
    LIGHT_FIELDS,
    filter_of,
    hit_of,
    payload_in,
    payload_wanted,
    point_of,
    request_of,
    vectors_of,
)
from indexer.store import DENSE_CHANNELS, ChannelQuery, Hit, Point, Where

MAX_FACETS = 100_000
COMMENT = "comment"


class Shards(NamedTuple):
    """The shards of one collection. One thread at a time."""

    points: edge.EdgeShard
    comments: edge.EdgeShard
    dense: edge.EdgeShard

    def put(self, points: Sequence[Point]) -> None:
        """Write points, at most a hundred, replacing those with the same ids whole."""
        words: list[edge.Point] = []
        comments: list[edge.Point] = []
        dense: list[edge.Point] = []
        without: list[str] = []
        for point in points:
            payload = payload_in(point.payload)
            whole = edge.Point(point.id, vectors_of(point, dense=False), payload)
            (comments if payload.get("kind") == COMMENT else words).append(whole)
            vectors = vectors_of(point, dense=True)
            if vectors:
                light = {name: payload[name] for name in LIGHT_FIELDS & payload.keys()}
                dense.append(edge.Point(point.id, vectors, light))
            else:
                without.append(point.id)
        if dense:
            self.dense.update(edge.UpdateOperation.upsert_points(dense))
        if without:
            self.dense.update(edge.UpdateOperation.delete_points([*without]))
        for shard, whole_points in ((self.comments, comments), (self.points, words)):
            if whole_points:
                shard.update(edge.UpdateOperation.upsert_points(whole_points))

    def remove(self, ids: Sequence[str]) -> None:
        """Delete points, at most a few hundred."""
        for shard in (self.dense, self.comments, self.points):
            shard.update(edge.UpdateOperation.delete_points([*ids]))

    def ask(self, query: ChannelQuery, fields: Sequence[str]) -> list[Hit]:
        """The best points of one query, each with those payload fields."""
        is_dense = query.channel in DENSE_CHANNELS
        shards = (self.dense,) if is_dense else self._with_words(query.where)
        found: list[Hit] = []
        for shard in shards:
            has_fields = LIGHT_FIELDS.issuperset(fields) if is_dense else shard is self.comments
            request = request_of(query, fields if has_fields else ())
            (answer,) = shard.query_batch(edge.QueryBatchRequest([request]))
            hits = [hit_of(one) for one in answer]
            found += hits if has_fields or not fields else self._filled(hits, fields)
        if len(shards) > 1:
            found = sorted(found, key=lambda hit: (-hit.score, hit.id))[: query.limit]
        return found

    def _with_words(self, where: Where | None) -> tuple[edge.EdgeShard, ...]:
        """The shards that may hold such points, their words and payload."""
        kinds = where.kinds if where else ()
        if kinds and COMMENT not in kinds:
            return (self.points,)
        return (self.comments,) if kinds == (COMMENT,) else (self.comments, self.points)

    def _filled(self, hits: Sequence[Hit], fields: Sequence[str]) -> list[Hit]:
        known = {p.id: p.payload for p in self.read([hit.id for hit in hits], fields)}
        return [Hit(hit.id, hit.score, known[hit.id]) for hit in hits if hit.id in known]

    def read(
        self, ids: Sequence[str], fields: Sequence[str] | None, *, vectors: bool = False
    ) -> list[Point]:
        """Points by id, in no order."""
        if fields is None or not LIGHT_FIELDS.issuperset(fields):
            return self._with_dense(self._words(ids, fields, vectors=vectors), wanted=vectors)
        payload = payload_wanted(fields)
        records = self.dense.retrieve([*ids], with_payload=payload, with_vector=vectors)
        light = {point.id: point for point in map(point_of, records)}
        if vectors and light:
            for point in self._words([*light], (), vectors=True):
                vectors_of_both = {**light[point.id].vectors, **point.vectors}
                light[point.id] = Point(point.id, vectors_of_both, light[point.id].payload)
        missing = [identity for identity in ids if identity not in light]
        return [
            *light.values(),
            *(self._words(missing, fields, vectors=vectors) if missing else ()),
        ]

    def _words(
        self, ids: Sequence[str], fields: Sequence[str] | None, *, vectors: bool
    ) -> list[Point]:
        """Points as the shards of all points have them: their words, and any field."""
        payload = payload_wanted(fields)
        found = self.points.retrieve([*ids], with_payload=payload, with_vector=vectors)
        if len(found) < len(ids):
            found += self.comments.retrieve([*ids], with_payload=payload, with_vector=vectors)
        return [point_of(one) for one in found]

    def page(
        self,
        where: Where | None,
        limit: int,
        start: str | None,
        fields: Sequence[str] | None,
        *,
        vectors: bool,
    ) -> list[Point]:
        """Points that match in the order of their ids, from `start` on."""
        request = edge.ScrollRequest(
            offset=start,
            limit=limit,
            filter=filter_of(where),
            with_payload=payload_wanted(fields),
            with_vector=vectors,
        )
        found: list[Point] = []
        for shard in self._with_words(where):
            found += map(point_of, shard.scroll(request)[0])
        found = sorted(found, key=lambda point: point.id)[:limit]
        return self._with_dense(found, wanted=vectors)

    def count(self, where: Where | None) -> int:
        """How many points match, exactly."""
        request = edge.CountRequest(exact=True, filter=filter_of(where))
        return sum(shard.count(request) for shard in self._with_words(where))

    def _with_dense(self, points: list[Point], *, wanted: bool) -> list[Point]:
        if not wanted or not points:
            return points
        records = self.dense.retrieve([p.id for p in points], with_payload=False, with_vector=True)
        dense = {one.id: one.vectors for one in map(point_of, records)}
        return [Point(p.id, {**dense.get(p.id, {}), **p.vectors}, p.payload) for p in points]

    def facet(self, field: str) -> dict[str, int]:
        """Each value of the field and how many points have it."""
        request = edge.FacetRequest(field, limit=MAX_FACETS, exact=True)
        counts: Counter[str] = Counter()
        for shard in self._with_words(None):
            for hit in shard.facet(request).hits:
                counts[str(hit.value)] += hit.count
        # A value whose last point was deleted is still told of, with none.
        return {value: count for value, count in sorted(counts.items()) if count}

    def flush(self) -> None:
        """All to disk."""
        for shard in self:
            shard.flush()

    def close(self) -> None:
        """Let go of them."""
        for shard in self:
            shard.close()
