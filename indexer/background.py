"""What is usual in a repository: how rare a word is, how near any two issues are.

The store tells how well each passage fits a query, but not how good a fit is there. A sample of
the repository's issues does: word frequencies, and the query's cosines to all kinds of issues.
Every figure is as of a moment: issues opened later do not count.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.store import DENSE_CHANNELS, Channel, KnowledgeBase, SparseVector, Where

SAMPLE = 4000
"""Issues looked at; the order of ids, which are hashes, makes them a fair sample."""

PAGE = 500
FRESH_SECONDS = 600.0
"""How long a sample is used before it is taken anew."""

SMALL = 500
"""A repository with fewer issues is sampled anew after SMALL_FRESH_SECONDS: each one counts."""

SMALL_FRESH_SECONDS = 10.0

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Background:
    """The sample as of one moment.

    Attributes:
        size: issues that count.
        dense: their vectors by channel, a row each.
    """

    size: int
    tokens: Tokens
    frequencies: Floats
    dense: Mapping[Channel, Matrix]

    def idf(self, tokens: Tokens) -> Floats:
        """How much each token tells: the rarer, the more (as the store counts it)."""
        df = np.zeros(len(tokens))
        if len(self.tokens):
            at = np.minimum(np.searchsorted(self.tokens, tokens), len(self.tokens) - 1)
            known = self.tokens[at] == tokens
            df[known] = self.frequencies[at[known]]
        weights: Floats = np.log((self.size - df + 0.5) / (df + 0.5) + 1)
        return weights


@dataclass(frozen=True, slots=True)
class Sample:
    """Issues of a repository: `rows[i]` says which issue the i-th token stands in."""

    created: npt.NDArray[np.int64]
    tokens: Tokens
    columns: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    dense: Mapping[Channel, Matrix]

    def as_of(self, moment: int | None) -> Background:
        """What was usual before a moment."""
        if moment is None or not len(self.created) or self.created.max() < moment:
            counts = np.bincount(self.columns, minlength=len(self.tokens))
            return Background(len(self.created), self.tokens, counts.astype(float), self.dense)
        then = self.created < moment
        counts = np.bincount(self.columns[then[self.rows]], minlength=len(self.tokens))
        dense = {channel: matrix[then] for channel, matrix in self.dense.items()}
        return Background(int(then.sum()), self.tokens, counts.astype(float), dense)


class Backgrounds:
    """The samples of repositories, each kept for a while."""

    def __init__(
        self, kb: KnowledgeBase, dimension: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kb = kb
        self._dimension = dimension
        self._clock = clock
        self._samples: dict[tuple[str, ...], tuple[float, Sample]] = {}
        self._lock = threading.Lock()

    def of(self, repos: tuple[str, ...], before: int | None) -> Background:
        """What is usual in these repositories, taken together."""
        now = self._clock()
        with self._lock:
            until, sample = self._samples.get(repos, (-1.0, None))
            if sample is None or now > until:
                sample = take_sample(self._kb, repos, self._dimension)
                fresh = SMALL_FRESH_SECONDS if len(sample.created) < SMALL else FRESH_SECONDS
                self._samples[repos] = (now + fresh, sample)
        return sample.as_of(before)


def take_sample(kb: KnowledgeBase, repos: tuple[str, ...], dimension: int) -> Sample:
    """A sample of the issues of these repositories."""
    created: list[int] = []
    tokens: list[Tokens] = []
    dense: dict[Channel, list[npt.NDArray[np.float32]]] = {c: [] for c in DENSE_CHANNELS}
    nothing = np.zeros(dimension, np.float32)
    after: str | None = None
    while len(created) < SAMPLE:
        page, after = kb.scroll(
            Where(repos, kinds=("issue",)),
            limit=min(PAGE, SAMPLE - len(created)),
            after=after,
            fields=("created",),
            vectors=True,
        )
        for point in page:
            created.append(int(point.payload["created"]))
            sparse = point.vectors.get("bm25")
            indices = sparse.indices if isinstance(sparse, SparseVector) else ()
            tokens.append(np.array(indices, np.int64))
            for channel, rows in dense.items():
                vector = point.vectors.get(channel)
                rows.append(
                    nothing if vector is None or isinstance(vector, SparseVector) else vector
                )
        if after is None:
            break
    sizes = [len(part) for part in tokens]
    flat = np.concatenate(tokens) if tokens else np.zeros(0, np.int64)
    known, columns = np.unique(flat, return_inverse=True)
    return Sample(
        created=np.array(created, np.int64),
        tokens=known,
        columns=columns,
        rows=np.repeat(np.arange(len(sizes)), sizes),
        dense={
            channel: np.array(rows, np.float32).reshape(len(rows), dimension)
            for channel, rows in dense.items()
        },
    )
