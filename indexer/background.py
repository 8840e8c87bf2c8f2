"""What is usual in a repository: how rare a word is, in which directions its issues differ.

The store tells how well each passage fits a query, but not how good a fit is there. A sample of
the repository's issues does: word frequencies, and how the vectors spread, by which cosines are
set right. Every figure is as of a moment: issues opened later do not count.
"""

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from indexer.outline import FIELD as OUTLINE
from indexer.outline import Outline
from indexer.script import Script
from indexer.spread import Matrix, Spread
from indexer.store import DENSE_CHANNELS, Channel, KnowledgeBase, SparseVector, Where

SAMPLE = 4000
"""Issues looked at; the order of ids, which are hashes, makes them a fair sample."""

PAGE = 100
"""Issues a call: the embedded store answers nobody else meanwhile."""

GROWTH = 1.25
FRESH_SECONDS = 600.0
"""How long a sample is used before it is taken anew."""

SMALL = 500
"""A repository with fewer issues is sampled anew after SMALL_FRESH_SECONDS: each one counts."""

SMALL_FRESH_SECONDS = 10.0

KEPT = 16
"""Samples held at once, each up to 20 MB: a server may look after hundreds of repositories."""

Floats = npt.NDArray[np.float64]
Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Background:
    """What was usual at one moment.

    Attributes:
        size: issues of the sample that existed then.
        population: issues of the repositories that existed then, about.
        tokens: every token in them, sorted; `frequencies` says in how many each stands.
        spreads: how their vectors spread, by channel.
        errors: of each error signature, which issues of the sample have it, oldest first.
    """

    size: int
    population: int
    tokens: Tokens
    frequencies: Floats
    spreads: Mapping[Channel, Spread]
    errors: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def with_error(self, signature: str) -> int:
        """How many issues have an error signature."""
        return bisect_left(self.errors.get(signature, ()), self.size)

    def idf(self, tokens: Tokens) -> Floats:
        """How much each token tells: the rarer, the more (as the store counts it)."""
        df = np.zeros(len(tokens))
        if len(self.tokens):
            at = np.minimum(np.searchsorted(self.tokens, tokens), len(self.tokens) - 1)
            known = self.tokens[at] == tokens
            df[known] = self.frequencies[at[known]]
        weights: Floats = np.log((self.size - df + 0.5) / (df + 0.5) + 1)
        return weights


class Sample:
    """Issues of a repository, the oldest first.

    `columns[i]` says which of `tokens` the i-th token is; `total` is how many issues the
    repositories have, sampled or not.
    """

    def __init__(  # noqa: PLR0913 - what is keyword-only has defaults
        self,
        created: Sequence[int],
        words: Sequence[Sequence[int]],
        dense: Mapping[Channel, Matrix],
        total: int | None = None,
        *,
        errors: Sequence[Sequence[str]] = (),
        scripts: Sequence[Script] = (),
    ) -> None:
        order = sorted(range(len(created)), key=created.__getitem__)
        sizes = [len(words[row]) for row in order]
        flat = np.array([token for row in order for token in words[row]], np.int64)
        self._share = (len(created) if total is None else total) / max(1, len(created))
        self.created = np.array([created[row] for row in order], np.int64)
        self.tokens, self._columns = np.unique(flat, return_inverse=True)
        self._ends = np.cumsum([0, *sizes])
        self._dense = {channel: rows[order] for channel, rows in dense.items()}
        self._scripts = [scripts[row] for row in order] if scripts else []
        self._spreads: dict[tuple[Channel, int], Spread] = {}
        self._errors: dict[str, list[int]] = {}
        for place, row in enumerate(order):
            for signature in errors[row] if errors else ():
                self._errors.setdefault(signature, []).append(place)

    def as_of(self, moment: int | None) -> Background:
        """What was usual before a moment."""
        size = len(self.created)
        if moment is not None:
            size = int(np.searchsorted(self.created, moment))
        columns = self._columns[: self._ends[size]]
        counts = np.bincount(columns, minlength=len(self.tokens)).astype(np.float64)
        spreads = {channel: self._spread(channel, size) for channel in self._dense}
        return Background(
            size, round(size * self._share), self.tokens, counts, spreads, self._errors
        )

    def _spread(self, channel: Channel, size: int) -> Spread:
        """The spread of the oldest issues, computed anew for each quarter more of them."""
        if size < len(self.created):
            size = int(GROWTH ** int(math.log(size, GROWTH))) if size else 0
        key = (channel, size)
        if key not in self._spreads:
            rows = self._dense[channel]
            self._spreads[key] = Spread.of(rows[:size], rows.shape[1], self._scripts[:size])
        return self._spreads[key]


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
                if len(self._samples) > KEPT:
                    del self._samples[min(self._samples, key=lambda key: self._samples[key][0])]
        return sample.as_of(before)


def take_sample(kb: KnowledgeBase, repos: tuple[str, ...], dimension: int) -> Sample:
    """A sample of the issues of these repositories."""
    created: list[int] = []
    words: list[tuple[int, ...]] = []
    errors: list[list[str]] = []
    scripts: list[Script] = []
    dense: dict[Channel, list[Matrix]] = {channel: [] for channel in DENSE_CHANNELS}
    nothing = np.zeros(dimension, np.float32)
    after: str | None = None
    while len(created) < SAMPLE:
        page, after = kb.scroll(
            Where(repos, kinds=("issue",)),
            limit=min(PAGE, SAMPLE - len(created)),
            after=after,
            fields=("created", "signatures", OUTLINE),
            vectors=True,
        )
        for point in page:
            created.append(int(point.payload["created"]))
            scripts.append(Outline.from_payload(point.payload).script)
            sparse = point.vectors.get("bm25")
            words.append(sparse.indices if isinstance(sparse, SparseVector) else ())
            signatures = point.payload.get("signatures", ())
            errors.append([s for s in signatures if not s.startswith("frame:")])
            for channel, rows in dense.items():
                vector = point.vectors.get(channel)
                rows.append(
                    nothing if vector is None or isinstance(vector, SparseVector) else vector
                )
        if after is None:
            break
    matrices = {
        channel: np.array(rows, np.float32).reshape(len(rows), dimension)
        for channel, rows in dense.items()
    }
    total = kb.count(Where(repos, kinds=("issue",)))
    return Sample(created, words, matrices, total, errors=errors, scripts=scripts)
