"""Stored points → the pool that features are computed on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from indexer.asking import Asking
from indexer.background import Background
from indexer.chunking import TITLE_TOKENS
from indexer.features import Pool, TokenTable
from indexer.outline import FIELD as OUTLINE
from indexer.outline import Outline, Standing
from indexer.script import Script, script_of
from indexer.spread import Matrix
from indexer.store import Channel, Point, SparseVector

THREAD_FIELDS = (OUTLINE, TITLE_TOKENS, "signatures")
"""What is read of a thread's payload to rank it."""

_NO_TOKENS = SparseVector((), ())


def pool_from(
    asking: Asking,
    background: Background,
    points: Sequence[Point],
    threads: Sequence[Standing] = (),
    comment_scores: Sequence[float] = (),
) -> Pool:
    """The pool of points with their vectors.

    Args:
        asking: the query.
        background: what is usual in its repository.
        points: a row each; threads with the payload fields of THREAD_FIELDS.
        threads: how the points' threads stood at the query's moment; none for documents.
        comment_scores: of the points, what the best of their comments scored.
    """
    return Pool(
        asked=asking.asked,
        background=background,
        threads=threads,
        words=TokenTable.of([_sparse(point) for point in points]),
        titles=TokenTable([point.payload[TITLE_TOKENS] for point in points] if threads else []),
        text_vectors=_matrix(points, "text", len(asking.asked.text_vector)),
        title_vectors=_matrix(points, "title", len(asking.asked.text_vector)),
        comment_scores=np.array(comment_scores, np.float64),
        signatures=[frozenset(point.payload.get("signatures") or ()) for point in points],
        scripts=[_script(point.payload) for point in points],
    )


def _script(payload: Mapping[str, Any]) -> Script:
    if OUTLINE in payload:
        return Outline.from_payload(payload).script
    return script_of(str(payload["text"]))


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
