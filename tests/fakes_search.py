"""A query and a pool out of a few words, without a store or a model."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from indexer.background import Background, Sample
from indexer.bm25 import Bm25Encoder
from indexer.channels import boosted
from indexer.features import Asked, Pool, TokenTable
from indexer.outline import Outline
from indexer.text import error_signatures
from indexer.threads import Thread
from tests.fakes_embedding import ToyEmbedder

NOW = datetime(2025, 6, 1, tzinfo=UTC)
BM25 = Bm25Encoder()
TOY = ToyEmbedder()


def thread(number: int, title: str, body: str = "", *, days: float = 10, **fields) -> Thread:
    """A thread opened so many days before the tests' now."""
    fields.setdefault("created_at", NOW - timedelta(days=days))
    return Thread(number=number, title=title, body=body, **fields)


def background(threads: Sequence[Thread], moment: datetime | None = None) -> Background:
    """What is usual among these threads."""
    texts = [f"{t.title}\n{t.body}".strip() for t in threads]
    size = (len(threads), TOY.dimension)
    sample = Sample(
        [int(t.created_at.timestamp()) for t in threads],
        [BM25.document(t.title, t.body).indices for t in threads],
        {
            "text": TOY.embed(texts).reshape(size),
            "title": TOY.embed([t.title for t in threads]).reshape(size),
        },
        errors=[error_signatures(t.body) for t in threads],
    )
    return sample.as_of(None if moment is None else int(moment.timestamp()))


def asked(title: str, body: str = "") -> Asked:
    """A query as the features see it."""
    text, short = TOY.embed([f"{title}\n{body}".strip(), title])
    in_title, both = BM25.query(title, ""), BM25.query(title, body)
    return Asked(
        title=in_title,
        both=both,
        bm25=boosted(in_title, both),
        document=BM25.document(title, body),
        text_vector=text,
        title_vector=short,
        signatures=frozenset(error_signatures(body)),
        moment=NOW.timestamp(),
    )


def pool(
    query: Asked,
    threads: Sequence[Thread],
    usual: Sequence[Thread] | None = None,
    comment_scores: Sequence[float] | None = None,
) -> Pool:
    """The threads as a pool; `usual` are the repository's issues, if they are others."""
    texts = [f"{t.title}\n{t.body}".strip() for t in threads]
    return Pool(
        asked=query,
        background=background(threads if usual is None else usual),
        threads=[stood for t in threads if (stood := Outline.of(t).as_of(NOW.timestamp()))],
        words=TokenTable.of([BM25.document(t.title, t.body) for t in threads]),
        titles=TokenTable.of([BM25.query(t.title, "") for t in threads]),
        text_vectors=TOY.embed(texts),
        title_vectors=TOY.embed([t.title for t in threads]),
        comment_scores=np.array(comment_scores or [0.0] * len(threads)),
        signatures=[frozenset(error_signatures(t.body)) for t in threads],
    )
