"""Doc sections, releases and discussions that may answer a query; ranked apart from threads."""

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from indexer.asking import Asking
from indexer.background import Background, Floats
from indexer.candidate import Candidate
from indexer.chunking import discussion_of, release_of, searched_text, section_of
from indexer.features import (
    Pool,
    bm25_ratio,
    text_nearness,
    title_covered,
    title_text_nearness,
)
from indexer.pools import pool_from
from indexer.reasons import Telling, sentence
from indexer.release_notes import ReleaseNotes
from indexer.store import KnowledgeBase, Point, Where
from indexer.threads import Release

MAX_DOCUMENTS = 5
"""More documents than this under one issue are a reading list, no answer."""

# Set by hand on a dozen documents and twenty questions, for want of known answers: a section that
# is clearly near in meaning comes to one half, and the words that it shares decide among several.
_INTERCEPT = -6.5
_WEIGHTS: Mapping[str, float] = {
    "text_nearness": 12.0,
    "title_text_nearness": 2.0,
    "bm25_ratio": 3.0,
    "title_covered": 1.5,
}
_FUNCTIONS: Mapping[str, Callable[[Pool], Floats]] = {
    "title_covered": title_covered,
    "bm25_ratio": bm25_ratio,
    "text_nearness": text_nearness,
    "title_text_nearness": title_text_nearness,
}

_FRESH_SECONDS = 60.0
# A search asks for each of its candidates; counting them costs something too.
_COUNTED_SECONDS = 1.0
# A server may look after hundreds of repositories.
_KEPT = 64
_PAGE = 200


def candidates(
    asking: Asking, background: Background, telling: Telling, points: Sequence[Point]
) -> list[Candidate]:
    """Documents that the channels found, with their vectors; the most probable first."""
    if not points:
        return []
    pool = pool_from(asking, background, points)
    features = {name: function(pool) for name, function in _FUNCTIONS.items()}
    odds = sum(
        (_WEIGHTS[name] * features[name] for name in _WEIGHTS), np.full(len(points), _INTERCEPT)
    )
    probability = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    order = sorted(range(len(points)), key=lambda row: (-probability[row], points[row].id))
    return [
        _candidate(
            telling,
            points[row],
            float(probability[row]),
            {name: float(values[row]) for name, values in features.items()},
        )
        for row in order[:MAX_DOCUMENTS]
    ]


def _candidate(
    telling: Telling,
    point: Point,
    probability: float,
    features: Mapping[str, float],
) -> Candidate:
    payload: Mapping[str, Any] = point.payload
    kind = payload["kind"]
    section = section_of(payload) if kind == "doc" else None
    title = (" › ".join(section.headings) or section.path) if section else payload["headings"][0]
    shared = telling.shared_with(title, searched_text(payload))
    return Candidate(
        repo=payload["repo"],
        kind=kind,
        number=None,
        title=title,
        url=payload["url"],
        state=None,
        score=probability,
        probability=probability,
        why=sentence(shared),
        features=features,
        section=section,
        release=release_of(payload) if kind == "release" else None,
        discussion=discussion_of(payload) if kind == "discussion" else None,
        reasons=shared,
    )


class _History:
    """A repository's releases, oldest first, and their notes as of any number of them."""

    def __init__(self, releases: Sequence[Release]) -> None:
        self._releases = sorted(releases, key=lambda r: (r.published_at, r.tag))
        self._moments = [r.published_at for r in self._releases]
        # Reading the notes is what costs: once for all candidates, not once for each.
        self._notes = lru_cache(maxsize=8)(lambda count: ReleaseNotes(self._releases[:count]))

    def before(self, moment: datetime) -> ReleaseNotes:
        return self._notes(bisect_left(self._moments, moment))


@dataclass
class _Kept:
    """A history as it was read, when that was, and when its releases were last counted."""

    history: _History
    count: int
    read: float
    counted: float = 0.0


class Releases:
    """Each repository's releases, read again where there is one more or less, and after a while."""

    def __init__(self, kb: KnowledgeBase, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kb = kb
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def before(self, repo: str, moment: datetime) -> ReleaseNotes:
        """The releases that were published before a moment."""
        with self._lock:
            now = self._clock()
            kept = self._kept.get(repo)
            if kept is None or now > kept.counted + _COUNTED_SECONDS:
                count = self._kb.count(Where((repo,), kinds=("release",)))
                if kept is None or now > kept.read + _FRESH_SECONDS or count != kept.count:
                    kept = _Kept(_History(self._read(repo)), count, now)
                kept.counted = now
                self._kept[repo] = kept
                if len(self._kept) > _KEPT:
                    del self._kept[min(self._kept, key=lambda name: self._kept[name].counted)]
        return kept.history.before(moment)

    def _read(self, repo: str) -> list[Release]:
        releases: list[Release] = []
        after: str | None = None
        while True:
            page, after = self._kb.scroll(
                Where((repo,), kinds=("release",)), limit=_PAGE, after=after
            )
            releases += [release_of(point.payload) for point in page]
            if after is None:
                return releases
