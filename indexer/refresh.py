"""Single threads brought up to date from GitHub, or removed where they are gone."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from indexer.embedding import TextEmbedder
from indexer.errors import NotFound
from indexer.indexing import delete_thread, index_threads
from indexer.state import State
from indexer.store import KnowledgeBase
from indexer.threads import Thread

if TYPE_CHECKING:
    from indexer.github import GitHubClient


async def refresh_threads(  # noqa: PLR0913, PLR0917 - what to read, with what, into what
    client: "GitHubClient",
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    state: State,
    repo: str,
    numbers: Iterable[int],
    *,
    patient: bool = False,
) -> set[int]:
    """Read these threads as they are now; returns the numbers of those that are gone.

    With `patient` an outage of GitHub is waited out for minutes, as by a whole history's reading.

    Raises:
        InternError: GitHub or the knowledge base is in trouble; doing it again is safe.
    """
    from indexer.sources.github import fetch_thread  # githubkit takes a while to import

    found: list[Thread] = []
    gone: set[int] = set()
    for number in sorted(numbers):
        try:
            found.append(await fetch_thread(client, repo, number, patient=patient))
        except NotFound:
            gone.add(number)
    for number in gone:
        await asyncio.to_thread(delete_thread, kb, repo, number)
    if found:
        templates = await asyncio.to_thread(state.templates, repo)
        await asyncio.to_thread(index_threads, kb, embedder, repo, found, templates)
    return gone
