"""Texts to sparse vectors for BM25. No model, no download: tokens, their weights, nothing else."""

from collections.abc import Callable

import qdrant_edge

from indexer.store import SparseVector
from indexer.text import lexical

TITLE_WEIGHT = 3
"""A word of the title counts as often as this; +5 to +7 points of recall@10 where measured."""

AVERAGE_LENGTH = 120.0
"""Tokens of a usual issue, the title's repeats included."""


class Bm25Encoder:
    """Issues and docs as BM25 sees them. Who asks adds the inverse document frequency.

    `tokens` prepares a text so that splitting it at non-letters gives its words; the default
    cuts identifiers into their parts, and scripts without blanks into bigrams.
    """

    def __init__(
        self,
        *,
        average_length: float = AVERAGE_LENGTH,
        title_weight: int = TITLE_WEIGHT,
        tokens: Callable[[str], str] = lexical,
    ) -> None:
        self._tokens = tokens
        self._title_weight = title_weight
        self._model = qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(
                tokenizer=qdrant_edge.TokenizerType.Word, k=1.2, b=0.75, avg_len=average_length
            )
        )

    def document(self, title: str, body: str) -> SparseVector:
        """A stored passage: how much each token says, saturated, and set against its length."""
        title_tokens = f"{self._prepared(title)}\n" * self._title_weight
        return _vector(self._model.embed_document(title_tokens + self._prepared(body)))

    def query(self, title: str, body: str) -> SparseVector:
        """A new issue: each different token once, whether it stands in title or body."""
        return _vector(self._model.embed_query(f"{self._prepared(title)}\n{self._prepared(body)}"))

    def _prepared(self, text: str) -> str:
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return self._tokens(clean)


def _vector(sparse: qdrant_edge.SparseVector) -> SparseVector:
    pairs = sorted(zip(sparse.indices, sparse.values, strict=True))
    return SparseVector(tuple(i for i, _ in pairs), tuple(float(v) for _, v in pairs))
