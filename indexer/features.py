"""What a new issue and each thread of the pool have in common, in numbers (pure).

One small function for each feature; each takes the whole pool and gives a value a thread. None
depends on a repository's size or on what else was found, so that the same model holds for eighty
threads and for eighty thousand: word overlaps are set against what a perfect match would give,
cosines against how the repository's vectors spread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Self

import numpy as np
import numpy.typing as npt

from indexer.background import Background, Floats, Tokens
from indexer.outline import Standing
from indexer.script import Script
from indexer.spread import Matrix
from indexer.store import Channel, SparseVector

_WEEK = 7 * 86400.0
_EPSILON = 1e-9


class TokenTable:
    """The tokens of many texts, laid end to end; `rows` says which text each stands in.

    `values` are their weights in the texts, 1 where none are given.
    """

    def __init__(
        self, tokens: Sequence[Sequence[int]], values: Sequence[Sequence[float]] | None = None
    ) -> None:
        self.count = len(tokens)
        sizes = [len(text) for text in tokens]
        total = sum(sizes)
        self.tokens: Tokens = np.fromiter(chain.from_iterable(tokens), np.int64, total)
        self.values: Floats = (
            np.ones(total)
            if values is None
            else np.fromiter(chain.from_iterable(values), np.float64, total)
        )
        self.rows: npt.NDArray[np.int64] = np.repeat(np.arange(self.count), sizes)

    @classmethod
    def of(cls, texts: Sequence[SparseVector]) -> Self:
        """The table of texts as the store holds them."""
        return cls([text.indices for text in texts], [text.values for text in texts])

    def total(self, weights: Floats) -> Floats:
        """The sum of the tokens' weights, for each text."""
        return np.bincount(self.rows, weights=weights, minlength=self.count).astype(np.float64)

    def shared_with(self, tokens: Tokens) -> npt.NDArray[np.bool_]:
        """Which of the tokens stand among `tokens`, which are sorted."""
        return _among(self.tokens, tokens)


@dataclass(frozen=True)
class Asked:
    """The query's side: its tokens, vectors and signatures.

    `bm25` is what the store was asked, `document` the query as if it were stored.
    """

    title: SparseVector
    both: SparseVector
    bm25: SparseVector
    document: SparseVector
    text_vector: npt.NDArray[np.float32]
    title_vector: npt.NDArray[np.float32]
    signatures: frozenset[str]
    moment: float
    script: Script = "latin"


@dataclass(frozen=True)
class Pool:
    """A query, the threads found for it, and what is usual in their repository.

    Rows of every array are in the order of `threads`, which tell how each stood at the query's
    moment.
    """

    asked: Asked
    background: Background
    threads: Sequence[Standing]
    words: TokenTable
    titles: TokenTable
    text_vectors: Matrix
    title_vectors: Matrix
    comment_scores: Floats
    signatures: Sequence[frozenset[str]]
    scripts: Sequence[Script] = ()

    @cached_property
    def title_tokens(self) -> Tokens:
        """The different tokens of the query's title, sorted."""
        return np.unique(np.array(self.asked.title.indices, np.int64))

    @cached_property
    def all_tokens(self) -> Tokens:
        """The different tokens of the query, sorted."""
        return np.unique(np.array(self.asked.both.indices, np.int64))

    @cached_property
    def word_idf(self) -> Floats:
        """How much each token of the threads tells."""
        return self.background.idf(self.words.tokens)

    @cached_property
    def title_idf(self) -> Floats:
        """How much each token of the threads' titles tells."""
        return self.background.idf(self.titles.tokens)

    @cached_property
    def shared_words(self) -> npt.NDArray[np.bool_]:
        """Which tokens of the threads the query has as well."""
        return self.words.shared_with(self.all_tokens)

    @cached_property
    def shared_title(self) -> Floats:
        """The weight of the words that both titles have."""
        shared = self.titles.shared_with(self.title_tokens)
        return self.titles.total(self.title_idf * shared)

    @cached_property
    def own_title(self) -> float:
        """The weight of the query's own title."""
        return float(self.background.idf(self.title_tokens).sum()) + _EPSILON

    @cached_property
    def evened_texts(self) -> Matrix:
        """The threads' text vectors, evened out (spread.py)."""
        return self.background.spreads["text"].evened(self.text_vectors, self.scripts)

    @cached_property
    def evened_titles(self) -> Matrix:
        """The threads' title vectors, evened out."""
        return self.background.spreads["title"].evened(self.title_vectors, self.scripts)

    @cached_property
    def perfect_bm25(self) -> float:
        """The BM25 score of a thread that says what the query says."""
        stored = TokenTable.of([self.asked.document])
        return float(self._bm25(stored).sum()) + _EPSILON

    @cached_property
    def bm25(self) -> Floats:
        """Each thread's BM25 score."""
        return self._bm25(self.words)

    def _bm25(self, table: TokenTable) -> Floats:
        asked = _looked_up(self.asked.bm25, table.tokens)
        idf = self.word_idf if table is self.words else self.background.idf(table.tokens)
        return table.total(asked * table.values * idf)


def _looked_up(sparse: SparseVector, tokens: Tokens) -> Floats:
    """The sparse vector's value of each token, 0 where it has none."""
    known, values = np.array(sparse.indices, np.int64), np.array(sparse.values, np.float64)
    order = np.argsort(known)
    shared = _among(tokens, known[order])
    found = np.zeros(len(tokens))
    found[shared] = values[order][np.searchsorted(known[order], tokens[shared])]
    return found


def _among(tokens: Tokens, known: Tokens) -> npt.NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(tokens), np.bool_)
    at = np.minimum(np.searchsorted(known, tokens), len(known) - 1)
    return np.asarray(known[at] == tokens)


def bm25_ratio(pool: Pool) -> Floats:
    """BM25 set against the score of a thread that says exactly what the query says."""
    return pool.bm25 / pool.perfect_bm25


def comment_ratio(pool: Pool) -> Floats:
    """The best comment's BM25, set against the same."""
    return pool.comment_scores / pool.perfect_bm25


def title_overlap(pool: Pool) -> Floats:
    """Words that both titles have, of all words in either; rare words count more."""
    theirs = pool.titles.total(pool.title_idf)
    return pool.shared_title / (pool.own_title + theirs - pool.shared_title + _EPSILON)


def title_covered(pool: Pool) -> Floats:
    """How much of the query's title stands anywhere in the thread."""
    shared = pool.words.shared_with(pool.title_tokens)
    found = np.bincount(
        pool.words.rows[shared],
        weights=pool.word_idf[shared],
        minlength=pool.words.count,
    )
    return found / pool.own_title


def title_covers(pool: Pool) -> Floats:
    """How much of the thread's title stands anywhere in the query."""
    theirs = pool.titles.total(pool.title_idf)
    shared = pool.titles.shared_with(pool.all_tokens)
    return pool.titles.total(pool.title_idf * shared) / (theirs + _EPSILON)


def rarest_shared(pool: Pool) -> Floats:
    """The five rarest words that the query and the thread share, summed, in tens."""
    shared = pool.shared_words
    rows, weights = pool.words.rows[shared], pool.word_idf[shared]
    order = np.lexsort((-weights, rows))
    rows, weights = rows[order], weights[order]
    starts = np.searchsorted(rows, np.arange(pool.words.count))
    place = np.arange(len(rows)) - starts[rows]
    first = place < 5  # noqa: PLR2004
    return np.bincount(rows[first], weights=weights[first], minlength=pool.words.count) / 10


def word_cosine(pool: Pool) -> Floats:
    """Cosine of the weighted words of the query and of the thread."""
    own = TokenTable.of([pool.asked.document])
    mine = own.values * pool.background.idf(own.tokens)
    theirs = pool.words.values * pool.word_idf
    # The query's weight of a token is its own value times the same idf.
    product = _looked_up(pool.asked.document, pool.words.tokens) * pool.word_idf * theirs
    norms = np.sqrt(pool.words.total(theirs**2)) * float(np.sqrt((mine**2).sum()))
    return pool.words.total(product) / (norms + _EPSILON)


def text_nearness(pool: Pool) -> Floats:
    """The cosine of the texts, evened out (spread.py)."""
    return _nearness(pool, "text", pool.evened_texts, pool.asked.text_vector)


def title_nearness(pool: Pool) -> Floats:
    """The cosine of the titles, evened out."""
    return _nearness(pool, "title", pool.evened_titles, pool.asked.title_vector)


def title_text_nearness(pool: Pool) -> Floats:
    """The cosine of the query's title with the thread's text, evened out."""
    return _nearness(pool, "text", pool.evened_texts, pool.asked.title_vector)


def text_title_nearness(pool: Pool) -> Floats:
    """The cosine of the query's text with the thread's title, evened out."""
    return _nearness(pool, "title", pool.evened_titles, pool.asked.text_vector)


def age(pool: Pool) -> Floats:
    """The thread's age in weeks, as a logarithm: duplicates come in bursts."""
    opened = np.array([thread.opened for thread in pool.threads])
    return np.log1p(np.maximum(0.0, pool.asked.moment - opened) / _WEEK)


def quiet(pool: Pool) -> Floats:
    """Weeks since anybody wrote in the thread, as a logarithm."""
    last = np.array([thread.last for thread in pool.threads])
    return np.log1p(np.maximum(0.0, pool.asked.moment - last) / _WEEK)


def is_open(pool: Pool) -> Floats:
    """1 if the thread is open."""
    return np.array([float(thread.is_open) for thread in pool.threads])


def comments(pool: Pool) -> Floats:
    """How many comments the thread has, as a logarithm."""
    return np.log1p([float(thread.comments) for thread in pool.threads])


def shared_signatures(pool: Pool) -> Floats:
    """How many error signatures both have, as a logarithm; stack frames count a quarter."""
    return np.log1p(
        [
            sum(0.25 if s.startswith("frame:") else 1.0 for s in pool.asked.signatures & theirs)
            for theirs in pool.signatures
        ]
    )


def thread_length(pool: Pool) -> Floats:
    """Different words of the thread, as a logarithm."""
    return np.log1p(np.bincount(pool.words.rows, minlength=pool.words.count))


FEATURES: Mapping[str, Callable[[Pool], Floats]] = {
    function.__name__: function
    for function in (
        bm25_ratio,
        comment_ratio,
        title_overlap,
        title_covered,
        title_covers,
        rarest_shared,
        word_cosine,
        text_nearness,
        title_nearness,
        title_text_nearness,
        text_title_nearness,
        age,
        quiet,
        is_open,
        comments,
        shared_signatures,
        thread_length,
    )
}


def features_of(pool: Pool) -> dict[str, Floats]:
    """Every feature's values, a row for each thread of the pool."""
    return {name: np.asarray(function(pool), np.float64) for name, function in FEATURES.items()}


def _nearness(pool: Pool, channel: Channel, evened: Matrix, vector: Matrix) -> Floats:
    spread = pool.background.spreads[channel]
    asked = spread.evened(vector[np.newaxis], (pool.asked.script,))[0]
    return np.asarray(evened @ asked, np.float64)
