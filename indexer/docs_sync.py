"""A repository's documents and releases in the knowledge base made equal to those on GitHub."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.embedding import TextEmbedder
from indexer.errors import Forbidden, NotFound, Rejected
from indexer.indexing import IndexReport, index_docs, indexed_files
from indexer.store import KnowledgeBase

if TYPE_CHECKING:
    from indexer.github import GitHubClient

# What asking again does not change: a permission that is missing, a repository without files.
REFUSALS = (Forbidden, NotFound, Rejected)


@dataclass(frozen=True, slots=True)
class DocsReport:
    """What was read, and why not all of it, where that is so.

    `warning` is a sentence and `reason` its short code; what was not read stays as it was.
    """

    index: IndexReport
    warning: str | None = None
    reason: str | None = None


async def sync_docs(  # noqa: PLR0913 - what to read, with what, into what
    client: "GitHubClient",
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    repo: str,
    *,
    files: bool = True,
    releases: bool = True,
    anew: bool = False,
) -> DocsReport:
    """Read what changed of a repository's files, and its releases.

    A file that is as it was keeps its sections, with links to the commit at which it was read.

    Args:
        client: who reads.
        kb: where to.
        embedder: what makes the vectors.
        repo: `owner/name`.
        files: read its documents.
        releases: read its releases.
        anew: read unchanged documents too.

    Raises:
        InternError: what may be otherwise the next time; a refusal is told in the report.
    """
    from indexer.sources.docs import Docs, fetch_docs, fetch_releases

    refused: list[tuple[str, Forbidden | NotFound | Rejected]] = []
    docs: Docs | None = None
    if files:
        known = {} if anew else await asyncio.to_thread(indexed_files, kb, repo)
        try:
            docs = await fetch_docs(client, repo, known=known)
        except REFUSALS as error:
            refused.append(("Its documents", error))
    published = None
    if releases:
        try:
            published = await fetch_releases(client, repo)
        except REFUSALS as error:
            refused.append(("Its releases", error))
    report = await asyncio.to_thread(
        index_docs,
        kb,
        embedder,
        repo,
        docs.sections if docs else None,
        published,
        docs.unchanged if docs else frozenset(),
    )
    if not refused:
        return DocsReport(report)
    warning = " ".join(f"{what} could not be read: {error}" for what, error in refused)
    return DocsReport(report, warning, refused[0][1].reason)
