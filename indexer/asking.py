"""A query made ready for the channels: its words, its vectors, its moment."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer.bm25 import Bm25Encoder
from indexer.channels import boosted
from indexer.chunking import MAX_DENSE
from indexer.embedding import TextEmbedder
from indexer.features import Asked
from indexer.mentions import linked_issues
from indexer.query import MAX_TITLE, Query, Wording, word
from indexer.script import script_of
from indexer.text import error_signatures

Templates = Callable[[str], frozenset[str]]
"""Gives a repository's template lines."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A query and everything that is made of it.

    `before` is what the store is asked: seconds since 1970, or None for now. `linked` are the
    issues that the query's own text links.
    """

    query: Query
    wording: Wording
    moment: datetime
    before: int | None
    asked: Asked
    linked: frozenset[tuple[str, int]]


def prepare(
    query: Query, embedder: TextEmbedder, bm25: Bm25Encoder, templates: Templates
) -> Asking | None:
    """The query made ready; None if there is nothing in it to look for.

    Raises:
        ModelError: the model computes no usable numbers.
    """
    wording = word(query, templates(query.repo))
    if wording.is_empty:
        return None
    moment = query.before or datetime.now(UTC)
    text, title = embedder.embed(
        [wording.text[:MAX_DENSE], wording.title or wording.text[:MAX_DENSE]]
    )
    in_title = bm25.query(wording.title, "")
    both = bm25.query(wording.title, wording.body)
    return Asking(
        query=query,
        wording=wording,
        moment=moment,
        before=None if query.before is None else math.ceil(moment.timestamp()),
        asked=Asked(
            title=in_title,
            both=both,
            bm25=boosted(in_title, both),
            document=bm25.document(wording.title, wording.body),
            text_vector=text,
            title_vector=title,
            signatures=frozenset(error_signatures(query.body)),
            moment=moment.timestamp(),
            script=script_of(wording.text),
        ),
        linked=linked_issues(query.repo, query.title[:MAX_TITLE], query.body),
    )
