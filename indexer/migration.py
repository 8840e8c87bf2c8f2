"""The embedded collection copied to a Qdrant server, vectors and payload as they are, and checked.

Nothing is remembered between runs: each point is compared with what the server has, so a run that
was interrupted goes on where it was, and one that is repeated writes what changed since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indexer.indexing import IndexReport
from indexer.progress import OnProgress, Progress, silent
from indexer.store import (
    DENSE_CHANNELS,
    Channel,
    ChannelQuery,
    DenseVector,
    KnowledgeBase,
    Point,
    SparseVector,
    Where,
)

PAGE = 200
SAMPLES = 25
"""Issues whose own vectors are looked for in both collections."""

DEPTH = 10
ENOUGH = 0.9
"""Of the hits that the embedded store finds: it looks at every point, a server follows a graph."""

_CLOSE = 1e-5
"""Servers keep 32-bit floats and normalise dense vectors once more."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did and how it was checked.

    Attributes:
        points: how many the source has.
        written: how many of them the target did not have as they are.
        removed: points of the target that the source no longer has.
        missing: per repository, how many points the target has too few; negative if too many.
        asked: searches that were tried in both.
        agreement: the share of the source's hits that the target found too.
    """

    points: int
    written: int
    removed: int
    missing: Mapping[str, int]
    asked: int
    agreement: float

    @property
    def ok(self) -> bool:
        """Whether the target can take the source's place."""
        return not self.missing and self.agreement >= ENOUGH


def migrate(
    source: KnowledgeBase, target: KnowledgeBase, on_progress: OnProgress = silent
) -> MigrationReport:
    """Make the source's repositories in the target equal to what they are in the source.

    Repositories that only the target has are left alone.

    Raises:
        StoreError: one of the two cannot be used; what was copied by then stays.
    """
    total = source.count()
    done = written = 0
    for page in _pages(source, None):
        there = {point.id: point for point in target.fetch([p.id for p in page], vectors=True)}
        changed = [point for point in page if not _same(point, there.get(point.id))]
        target.upsert(changed)
        done += len(page)
        written += len(changed)
        index = IndexReport(written, done - written, written)
        on_progress(Progress("points", done, total, index))
    repos = source.repos()
    removed = _remove_strays(source, target, tuple(repos)) if repos else 0
    target.flush()
    held = target.repos()
    missing = {
        repo: count - held.get(repo, 0)
        for repo, count in repos.items()
        if count != held.get(repo, 0)
    }
    asked, agreement = _compare_searches(source, target, repos)
    return MigrationReport(done, written, removed, missing, asked, agreement)


def _pages(kb: KnowledgeBase, where: Where | None, *, whole: bool = True) -> Iterator[list[Point]]:
    """All points, page by page; with `whole=False` their ids alone."""
    after = None
    while True:
        fields = None if whole else ()
        page, after = kb.scroll(where, limit=PAGE, after=after, fields=fields, vectors=whole)
        if page:
            yield page
        if after is None:
            return


def _same(point: Point, other: Point | None) -> bool:
    return (
        other is not None
        and point.payload == other.payload
        and point.vectors.keys() == other.vectors.keys()
        and all(_equal(vector, other.vectors[name]) for name, vector in point.vectors.items())
    )


def _equal(one: DenseVector | SparseVector, other: DenseVector | SparseVector) -> bool:
    if isinstance(one, SparseVector) and isinstance(other, SparseVector):
        mine = dict(zip(one.indices, one.values, strict=True))
        theirs = dict(zip(other.indices, other.values, strict=True))
        return mine.keys() == theirs.keys() and all(
            abs(value - theirs[token]) <= _CLOSE * max(1.0, abs(value))
            for token, value in mine.items()
        )
    if isinstance(one, SparseVector) or isinstance(other, SparseVector):
        return False
    return bool(np.allclose(one, other, rtol=0, atol=_CLOSE))


def _remove_strays(source: KnowledgeBase, target: KnowledgeBase, repos: tuple[str, ...]) -> int:
    """Delete what an earlier run copied and the source has lost since."""
    removed = 0
    for page in _pages(target, Where(repos), whole=False):
        ids = [point.id for point in page]
        kept = {point.id for point in source.fetch(ids, fields=())}
        gone = [identity for identity in ids if identity not in kept]
        target.delete(gone)
        removed += len(gone)
    return removed


def _compare_searches(
    source: KnowledgeBase, target: KnowledgeBase, repos: Mapping[str, int]
) -> tuple[int, float]:
    """How many searches were tried, and the share of the source's hits that the target found."""
    asked = wanted = found = 0
    for point in _samples(source, repos):
        queries = _queries(point)
        asked += len(queries)
        answers = zip(source.query(queries), target.query(queries), strict=True)
        for expected, given in answers:
            wanted += len(expected)
            # Of points equally good either store may name any: a score as good counts.
            worst = expected[-1].score - _CLOSE * 10 if expected else 0.0
            found += sum(hit.score >= worst for hit in given[: len(expected)])
    return asked, found / wanted if wanted else 1.0


def _samples(kb: KnowledgeBase, repos: Mapping[str, int]) -> Iterator[Point]:
    """Some issues of each of the largest repositories; ids are as good as random."""
    largest = sorted(repos, key=lambda repo: (-repos[repo], repo))[:SAMPLES]
    for repo in largest:
        where = Where((repo,), kinds=("issue",))
        limit = max(1, SAMPLES // len(largest))
        yield from kb.scroll(where, limit=limit, fields=("repo",), vectors=True)[0]


def _queries(point: Point) -> list[ChannelQuery]:
    where = Where((str(point.payload["repo"]),))
    channels: tuple[Channel, ...] = (*DENSE_CHANNELS, "bm25")
    return [
        ChannelQuery(name, point.vectors[name], where, DEPTH)
        for name in channels
        if name in point.vectors
    ]
