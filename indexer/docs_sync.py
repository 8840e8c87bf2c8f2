"""A repository's files, releases and discussions in the knowledge base made equal to GitHub's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.doc_indexing import StoredFiles, index_discussions, index_releases
from indexer.embedding import TextEmbedder
from indexer.errors import Forbidden, InternError, NotFound, Rejected
from indexer.indexing import IndexReport
from indexer.left_out import LeftOut, LeftOutFiles
from indexer.repo_config import DEFAULT_DOCS
from indexer.store import KnowledgeBase
from indexer.threads import Discussion

if TYPE_CHECKING:
    from indexer.github import GitHubClient
    from indexer.sources.docs import Document

# What asking again does not change: a permission that is missing, a repository without files.
REFUSALS = (Forbidden, NotFound, Rejected)
DISCUSSIONS_OFF = (
    "Its config has sources.discussions: true, and GitHub has discussions switched off there."
)

# A sentence and its short code.
_Trouble = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DocsReport:
    """What was read, and why not all of it, where that is so.

    `warning` is a sentence and `reason` its short code; what GitHub refused stays as it was.
    """

    index: IndexReport
    warning: str | None = None
    reason: str | None = None


async def sync_docs(  # noqa: PLR0913 - what to read, with what, into what
    client: "GitHubClient",
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    left_out: LeftOutFiles,
    repo: str,
    *,
    patterns: Sequence[str] | None = DEFAULT_DOCS,
    releases: bool = True,
    discussions: bool | None = None,
    anew: bool = False,
) -> DocsReport:
    """Read what changed of a repository's files, its releases and its answered discussions.

    A file that is as it was keeps its sections, with links to the commit at which it was read.
    Files are written a few at a time: a reading that is cut off goes on where it was.

    Args:
        client: who reads.
        kb: where to.
        embedder: what makes the vectors.
        left_out: what is known of files that are no documents.
        repo: `owner/name`.
        patterns: which files are read; None leaves those that are known alone.
        releases: read its releases.
        discussions: read its answered discussions; False removes those that are known, None
            leaves them alone.
        anew: read unchanged documents too.

    Raises:
        InternError: what may be otherwise the next time; a refusal is told in the report.
    """
    from indexer.sources.docs import fetch_releases

    troubles: list[_Trouble] = []
    report = IndexReport()
    if patterns is not None:
        files = _Files(client, kb, embedder, left_out, repo)
        try:
            async for written in files.read(patterns, anew=anew):
                report += written
        except REFUSALS as error:
            troubles.append(_refusal("documents", error))
    if releases:
        try:
            published = await fetch_releases(client, repo)
        except REFUSALS as error:
            troubles.append(_refusal("releases", error))
        else:
            report += await asyncio.to_thread(index_releases, kb, embedder, repo, published)
    if discussions is not None:
        answered, trouble = await _answered(client, repo) if discussions else ([], None)
        troubles += [trouble] if trouble else []
        if answered is not None:
            report += await asyncio.to_thread(index_discussions, kb, embedder, repo, answered)
    if not troubles:
        return DocsReport(report)
    return DocsReport(report, " ".join(sentence for sentence, _ in troubles), troubles[0][1])


@dataclass(frozen=True, slots=True)
class _Files:
    """A reading of a repository's files."""

    client: "GitHubClient"
    kb: KnowledgeBase
    embedder: TextEmbedder
    left_out: LeftOutFiles
    repo: str

    async def read(self, patterns: Sequence[str], *, anew: bool) -> AsyncIterator[IndexReport]:
        """Write what changed, some files at a time; at the end what is no longer there goes."""
        from indexer.sources.docs import list_docs, read_docs

        stored = await asyncio.to_thread(StoredFiles, self.kb, self.embedder, self.repo)
        refused = await asyncio.to_thread(self.left_out.of, self.repo)
        known = stored.whole | {path: one.blob for path, one in refused.items()}
        listing = await list_docs(self.client, self.repo, patterns, {} if anew else known)
        # A file that is left out is no document that stays as it was.
        yield IndexReport(unchanged=len(listing.unchanged - refused.keys()))
        async for batch in read_docs(self.client, self.repo, listing):
            yield await asyncio.to_thread(self._write, stored, batch)
        await asyncio.to_thread(self.left_out.keep_only, self.repo, listing.paths)
        yield await asyncio.to_thread(stored.keep_only, listing.paths)

    def _write(self, stored: StoredFiles, batch: "Sequence[Document]") -> IndexReport:
        report = stored.write({document.file.path: document.sections for document in batch})
        # Only now: a file that is left out is not looked at again, and must have left nothing.
        refused = {
            document.file.path: LeftOut(document.file.sha, document.refusal.reason)
            for document in batch
            if document.refusal
        }
        read = [document.file.path for document in batch]
        self.left_out.settle(self.repo, read, refused)
        return report


async def _answered(
    client: "GitHubClient", repo: str
) -> tuple[list[Discussion] | None, _Trouble | None]:
    """The answered discussions; None where those that are known are to stay."""
    from indexer.sources.discussions import fetch_discussions

    try:
        found = await fetch_discussions(client, repo)
    except REFUSALS as error:
        return None, _refusal("discussions", error)
    if found is None:
        # Their pages are gone as well: nothing may link there.
        return [], (DISCUSSIONS_OFF, "discussions_off")
    return found, None


def _refusal(what: str, error: InternError) -> _Trouble:
    return f"Its {what} could not be read: {error}", error.reason
