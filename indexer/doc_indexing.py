"""Documents into the knowledge base: files a few at a time, releases and discussions as a whole."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from indexer.bm25 import Bm25Encoder
from indexer.chunking import Passage, discussion_passages, doc_passages, release_passages
from indexer.embedding import TextEmbedder
from indexer.indexing import BATCH, IndexReport
from indexer.store import KnowledgeBase, Where
from indexer.threads import Discussion, DocSection, Release
from indexer.writing import Batch, embed, points_of, scroll, upsert


class StoredFiles:
    """A repository's files in the knowledge base, as they were when this was made.

    Only one at a time may write a repository's files.

    Attributes:
        whole: the paths of those that are wholly there, and git's name for what each holds.
    """

    def __init__(self, kb: KnowledgeBase, embedder: TextEmbedder, repo: str) -> None:
        self._kb = kb
        self._embedder = embedder
        self._repo = repo
        self._hashes: defaultdict[str, dict[str, str]] = defaultdict(dict)
        versions: defaultdict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
        where = Where((repo.lower(),), kinds=("doc",))
        for point in scroll(kb, where, ("path", "blob", "parts", "hash")):
            payload = point.payload
            path = payload["path"]
            self._hashes[path][point.id] = payload.get("hash", "")
            versions[path][payload.get("blob", ""), payload.get("parts", 0)] += 1
        self.whole: dict[str, str] = {}
        for path, found in versions.items():
            # Beside what an older version left there, not even a new one that is whole counts.
            (blob, parts), count = found.most_common(1)[0]
            if blob and len(found) == 1 and count == parts:
                self.whole[path] = blob

    def write(self, files: Mapping[str, Sequence[DocSection]]) -> IndexReport:
        """Make some files equal to these sections of theirs; one without sections is removed."""
        sections = [section for path in files for section in files[path]]
        known: dict[str, str] = {}
        for path in files:
            known |= self._hashes.pop(path, {})
        return _replace(self._kb, self._embedder, doc_passages(self._repo, sections), known)

    def keep_only(self, paths: Collection[str]) -> IndexReport:
        """Remove every file but these."""
        gone: dict[str, str] = {}
        for path in self._hashes.keys() - set(paths):
            gone |= self._hashes.pop(path)
        return _replace(self._kb, self._embedder, (), gone)


def index_releases(
    kb: KnowledgeBase, embedder: TextEmbedder, repo: str, releases: Sequence[Release]
) -> IndexReport:
    """Make a repository's releases in the knowledge base equal to these."""
    passages = release_passages(repo, releases)
    return _replace(kb, embedder, passages, _hashes(kb, repo, "release"))


def index_discussions(
    kb: KnowledgeBase, embedder: TextEmbedder, repo: str, discussions: Sequence[Discussion]
) -> IndexReport:
    """Make a repository's answered discussions in the knowledge base equal to these."""
    passages = discussion_passages(repo, discussions)
    return _replace(kb, embedder, passages, _hashes(kb, repo, "discussion"))


def _hashes(kb: KnowledgeBase, repo: str, kind: str) -> dict[str, str]:
    where = Where((repo.lower(),), kinds=(kind,))
    return {point.id: point.payload.get("hash", "") for point in scroll(kb, where, ("hash",))}


def _replace(
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    passages: Sequence[Passage],
    known: Mapping[str, str],
) -> IndexReport:
    """Write the passages that are not known as they are, then remove what else is known.

    Args:
        kb: where to.
        embedder: what makes the vectors.
        passages: all that is to be there.
        known: the points that are there instead of them, and their hashes.
    """
    started = time.perf_counter()
    changed = [p for p in passages if known.get(p.id) != p.payload["hash"]]
    bm25 = Bm25Encoder()
    for start in range(0, len(changed), BATCH):
        batch = Batch(0, (), changed[start : start + BATCH])
        upsert(kb, points_of(batch, embed(embedder, batch), bm25))
    gone = sorted(known.keys() - {p.id for p in passages})
    if gone:
        kb.delete(gone)
    seconds = time.perf_counter() - started
    return IndexReport(len(changed), len(passages) - len(changed), len(changed), len(gone), seconds)
