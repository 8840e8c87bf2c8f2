"""The two shards of the embedded store, kept in step.

`points` holds every point: its words (the bm25 channel) and its whole payload. `dense` holds
the dense vectors of those that have any, with the few fields that search reads. The engine
keeps room for each vector of a shard in each of its points: together, a comment, which has
words only, would take 3 KB of nothing, on disk, in memory and in the time of every search.

Writes go to `dense` first: a point that says in its payload that it is up to date has its
vectors. A process killed between the two is put right by whoever repeats the write.
"""

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


class Shards(NamedTuple):
    """Both shards of one collection. One thread at a time."""

    points: edge.EdgeShard
    dense: edge.EdgeShard

    def put(self, points: Sequence[Point]) -> None:
        """Write points, at most a hundred, replacing those with the same ids whole."""
        words, dense, without = [], [], []
        for point in points:
            payload = payload_in(point.payload)
            words.append(edge.Point(point.id, vectors_of(point, dense=False), payload))
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
        self.points.update(edge.UpdateOperation.upsert_points(words))

    def remove(self, ids: Sequence[str]) -> None:
        """Delete points, at most a few hundred."""
        for shard in (self.dense, self.points):
            shard.update(edge.UpdateOperation.delete_points([*ids]))

    def ask(self, queries: Sequence[ChannelQuery], fields: Sequence[str]) -> list[list[Hit]]:
        """Answer each query in the shard that has its channel, as one batch each."""
        answers: list[list[Hit]] = [[] for _ in queries]
        for shard, is_dense in ((self.points, False), (self.dense, True)):
            mine = [n for n, q in enumerate(queries) if (q.channel in DENSE_CHANNELS) == is_dense]
            if not mine:
                continue
            wanted = fields if is_dense and LIGHT_FIELDS.issuperset(fields) else ()
            request = edge.QueryBatchRequest([request_of(queries[n], wanted) for n in mine])
            for number, found in zip(mine, shard.query_batch(request), strict=True):
                hits = [hit_of(one) for one in found]
                answers[number] = self._filled(hits, fields) if fields and not wanted else hits
        return answers

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
        """Points as the shard of all points has them: their words, and any field."""
        found = self.points.retrieve(
            [*ids], with_payload=payload_wanted(fields), with_vector=vectors
        )
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
        found, _ = self.points.scroll(request)
        return self._with_dense([point_of(one) for one in found], wanted=vectors)

    def _with_dense(self, points: list[Point], *, wanted: bool) -> list[Point]:
        if not wanted or not points:
            return points
        records = self.dense.retrieve([p.id for p in points], with_payload=False, with_vector=True)
        dense = {one.id: one.vectors for one in map(point_of, records)}
        return [Point(p.id, {**dense.get(p.id, {}), **p.vectors}, p.payload) for p in points]

    def facet(self, field: str) -> dict[str, int]:
        """Each value of the field and how many points have it."""
        response = self.points.facet(edge.FacetRequest(field, limit=MAX_FACETS, exact=True))
        # A value whose last point was deleted is still told of, with none.
        return dict(sorted((str(hit.value), hit.count) for hit in response.hits if hit.count))

    def flush(self) -> None:
        """Both to disk."""
        for shard in self:
            shard.flush()

    def close(self) -> None:
        """Let go of both."""
        for shard in self:
            shard.close()
