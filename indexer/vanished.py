"""Threads that are no longer on GitHub, deleted or moved while nobody listened."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from indexer.indexing import delete_thread, stored_numbers
from indexer.store import KnowledgeBase

if TYPE_CHECKING:
    from indexer.github import GitHubClient

logger = logging.getLogger(__name__)

OnGone = Callable[[str, int], None]


async def remove_vanished(
    client: "GitHubClient", kb: KnowledgeBase, repo: str, on_gone: OnGone
) -> int:
    """Remove the threads that GitHub no longer has; returns how many there were.

    That costs one query where GitHub counts as many issues as there are threads, and otherwise
    one for each hundred issues. What GitHub does not list is asked for by its number before it is
    removed: the list may leave out what is there.

    Args:
        client: who reads.
        kb: where from.
        repo: `owner/name`.
        on_gone: told of each thread before it is removed.

    Raises:
        InternError: GitHub or the knowledge base is in trouble; doing it again is safe.
    """
    from indexer.sources.numbers import fetch_gone, fetch_numbers

    # Before GitHub is asked: what is indexed meanwhile is no business of ours.
    stored = await asyncio.to_thread(stored_numbers, kb, repo)
    listed = await fetch_numbers(client, repo, unless=len(stored))
    if listed is None:
        return 0
    vanished = sorted(await fetch_gone(client, repo, stored - listed))
    for number in vanished:
        await asyncio.to_thread(on_gone, repo, number)
        await asyncio.to_thread(delete_thread, kb, repo, number)
    if vanished:
        logger.info("removed %d threads of %s that are gone", len(vanished), repo)
    return len(vanished)
