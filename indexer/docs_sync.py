"""A repository's files, releases and discussions in the knowledge base made equal to GitHub's."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.embedding import TextEmbedder
from indexer.errors import Forbidden, InternError, NotFound, Rejected
from indexer.indexing import IndexReport, index_docs, indexed_files
from indexer.store import KnowledgeBase
from indexer.threads import Discussion

if TYPE_CHECKING:
    from indexer.github import GitHubClient

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
    repo: str,
    *,
    files: bool = True,
    releases: bool = True,
    discussions: bool | None = None,
    anew: bool = False,
) -> DocsReport:
    """Read what changed of a repository's files, its releases and its answered discussions.

    A file that is as it was keeps its sections, with links to the commit at which it was read.

    Args:
        client: who reads.
        kb: where to.
        embedder: what makes the vectors.
        repo: `owner/name`.
        files: read its documents.
        releases: read its releases.
        discussions: read its answered discussions; False removes those that are known, None
            leaves them alone.
        anew: read unchanged documents too.

    Raises:
        InternError: what may be otherwise the next time; a refusal is told in the report.
    """
    from indexer.sources.docs import Docs, fetch_docs, fetch_releases

    troubles: list[_Trouble] = []
    docs: Docs | None = None
    if files:
        known = {} if anew else await asyncio.to_thread(indexed_files, kb, repo)
        try:
            docs = await fetch_docs(client, repo, known=known)
        except REFUSALS as error:
            troubles.append(_refusal("documents", error))
    published = None
    if releases:
        try:
            published = await fetch_releases(client, repo)
        except REFUSALS as error:
            troubles.append(_refusal("releases", error))
    answered: list[Discussion] | None = None
    if discussions is not None:
        answered, trouble = await _answered(client, repo) if discussions else ([], None)
        troubles += [trouble] if trouble else []
    report = await asyncio.to_thread(
        index_docs,
        kb,
        embedder,
        repo,
        docs.sections if docs else None,
        published,
        docs.unchanged if docs else frozenset(),
        answered,
    )
    if not troubles:
        return DocsReport(report)
    return DocsReport(report, " ".join(sentence for sentence, _ in troubles), troubles[0][1])


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
