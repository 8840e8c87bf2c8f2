"""Stored points → the pool that features are computed on."""

from collections.abc import Sequence

import numpy as np

from indexer.asking import Asking
from indexer.background import Background
from indexer.bm25 import Bm25Encoder
from indexer.features import Pool, TokenTable
from indexer.script import script_of
from indexer.spread import Matrix
from indexer.store import Channel, Point, SparseVector
from indexer.threads import Thread

_NO_TOKENS = SparseVector((), ())


def pool_from(
    asking: Asking,
    background: Background,
    points: Sequence[Point],
    threads: Sequence[Thread] = (),
    comment_scores: Sequence[float] = (),
) -> Pool:
    """The pool of points with their vectors.

    Args:
        asking: the query.
        background: what is usual in its repository.
        points: a row each; with payload field `signatures` where they have any.
        threads: of the points, as of the query's moment; none for documents.
        comment_scores: of the points, what the best of their comments scored.
    """
    bm25 = Bm25Encoder()
    return Pool(
        asked=asking.asked,
        background=background,
        threads=threads,
        words=TokenTable([_sparse(point) for point in points]),
        titles=TokenTable([bm25.query(thread.title, "") for thread in threads]),
        text_vectors=_matrix(points, "text", len(asking.asked.text_vector)),
        title_vectors=_matrix(points, "title", len(asking.asked.text_vector)),
        comment_scores=np.array(comment_scores, np.float64),
        signatures=[frozenset(point.payload.get("signatures") or ()) for point in points],
        scripts=[script_of(str(_beginning(point))) for point in points],
    )


def _beginning(point: Point) -> object:
    """The text of a document; a thread's JSON, in which title and body come first."""
    return point.payload.get("text") or point.payload.get("thread") or ""


def _sparse(point: Point) -> SparseVector:
    vector = point.vectors.get("bm25")
    return vector if isinstance(vector, SparseVector) else _NO_TOKENS


def _matrix(points: Sequence[Point], channel: Channel, dimension: int) -> Matrix:
    rows = np.zeros((len(points), dimension), np.float32)
    for row, point in enumerate(points):
        vector = point.vectors.get(channel)
        if vector is not None and not isinstance(vector, SparseVector):
            rows[row] = vector
    return rows
