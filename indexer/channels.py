"""Which channels a query is asked in, and how their scores are fused into one list (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from indexer.background import Background, Floats
from indexer.features import Asked
from indexer.store import ChannelQuery, Hit, SparseVector, Where

DEPTH = 100
"""How many passages each channel gives."""

POOL = 100
"""How many threads are ranked; deeper ones are hardly ever the right one."""

DOC_DEPTH = 10

TITLE_BOOST = 2.0
"""What a title's word counts above the body's once; +2 to +4 points of recall@10 where measured."""

WEIGHTS: Mapping[str, float] = {"bm25": 1.0, "text": 0.7, "title": 0.5, "comments": 0.3}
"""Of each channel's z-scores in the fused score; tuned on the dev split."""

RECENCY = 0.35
"""What a thread loses for each factor of e in its age in months: duplicates come in bursts."""

_MONTH = 30 * 86400.0
_LEAST_SPREAD = 1e-3

ThreadKey = tuple[str, int]


FIELDS = ("repo", "number", "created")
"""What is read of each hit."""

CHANNELS = ("bm25", "text", "title", "comments")


@dataclass(slots=True)
class Found:
    """A thread that some channel found, with its best score in each."""

    key: ThreadKey
    created: int
    scores: dict[str, float] = field(default_factory=dict)
    fused: float = 0.0


def boosted(title: SparseVector, both: SparseVector) -> SparseVector:
    """The words of title and body, those of the title `TITLE_BOOST` heavier."""
    in_title = dict(zip(title.indices, title.values, strict=True))
    values = tuple(
        value + TITLE_BOOST * in_title.get(token, 0.0)
        for token, value in zip(both.indices, both.values, strict=True)
    )
    return SparseVector(both.indices, values)


def weighed(words: SparseVector, background: Background) -> SparseVector:
    """A question's words, each times its inverse document frequency among the issues.

    Counted over a sample they find as much as over all issues, and no store has to count them
    anew for each question, among the points that its conditions leave.
    """
    idf = background.idf(np.array(words.indices, np.int64))
    return SparseVector(words.indices, tuple((np.array(words.values) * idf).tolist()))


def thread_questions(
    asked: Asked,
    background: Background,
    repos: tuple[str, ...],
    *,
    before: int | None,
    exclude: tuple[int, ...],
) -> list[ChannelQuery]:
    """A question for each of `CHANNELS`, in their order.

    Issues that are not wanted are let be found, one more for each, and left out by `pool_of`: a
    condition on every point costs more. A thread's comments could take all places, so they are not.
    """
    text = background.spreads["text"].towards(asked.text_vector, asked.script)
    title = background.spreads["title"].towards(asked.title_vector, asked.script)
    issues = Where(repos, kinds=("issue",), created_before=before)
    comments = Where(repos, kinds=("comment",), not_numbers=exclude, created_before=before)
    words, depth = weighed(asked.bm25, background), DEPTH + len(exclude)
    return [
        ChannelQuery("bm25", words, issues, depth),
        ChannelQuery("text", text, issues, depth),
        ChannelQuery("title", title, issues, depth),
        ChannelQuery("bm25", words, comments, DEPTH),
    ]


def document_questions(
    asked: Asked, background: Background, repos: tuple[str, ...], before: int | None
) -> list[ChannelQuery]:
    """The questions in which docs, releases and discussions are found: by words, by meaning."""
    where = Where(repos, kinds=("doc", "release", "discussion"), created_before=before)
    return [
        ChannelQuery("bm25", weighed(asked.bm25, background), where, DOC_DEPTH),
        ChannelQuery("text", asked.text_vector, where, DOC_DEPTH),
    ]


def pool_of(
    answers: Sequence[Sequence[Hit]],
    moment: float,
    excluded: frozenset[ThreadKey] = frozenset(),
    weights: Mapping[str, float] = WEIGHTS,
) -> list[Found]:
    """The threads that the channels found, each once, best first, at most `POOL`.

    Args:
        answers: each channel's hits, in the order of `CHANNELS`.
        moment: when the query is asked, in seconds since 1970.
        excluded: threads that are not wanted.
        weights: of the channels; one without a weight is left out.
    """
    found: dict[ThreadKey, Found] = {}
    for channel, hits in zip(CHANNELS, answers, strict=True):
        for hit in hits if channel in weights else ():
            key = (str(hit.payload["repo"]), int(hit.payload["number"]))
            if key not in excluded:
                entry = found.setdefault(key, Found(key, int(hit.payload["created"])))
                entry.scores[channel] = max(hit.score, entry.scores.get(channel, hit.score))
    entries = list(found.values())
    months = np.array([moment - entry.created for entry in entries]) / _MONTH
    fused = -RECENCY * np.log1p(np.maximum(0.0, months))
    for channel, weight in weights.items():
        fused += weight * _evened([entry.scores.get(channel, np.nan) for entry in entries])
    for entry, score in zip(entries, fused.tolist(), strict=True):
        entry.fused = score
    return sorted(entries, key=lambda entry: (-entry.fused, entry.key))[:POOL]


def _evened(found: Sequence[float]) -> Floats:
    """A channel's z-scores; what it did not find (NaN) counts as the least that it found."""
    scores = np.array(found)
    known = scores[~np.isnan(scores)]
    if not known.size:
        return np.zeros(len(scores))
    filled = np.where(np.isnan(scores), known.min(), scores)
    return np.asarray((filled - known.mean()) / max(float(known.std()), _LEAST_SPREAD))
