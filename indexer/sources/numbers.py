"""Which issues a repository has, by their numbers."""

from collections.abc import Collection, Mapping
from typing import Any

from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.github import PAGE_PATIENCE, split_repo
from indexer.sources.listing import list_issues
from indexer.sources.shrinking import OUTAGE, TRIES, PageSize, ask_shrinking

TOGETHER = 100
"""Issues that are asked after in one query."""


async def fetch_numbers(
    client: GitHubClient, repo: str, *, unless: int | None = None
) -> set[int] | None:
    """The numbers of a repository's issues, as far as GitHub lists them.

    GitHub may list fewer than it has, one that is hidden for instance: whoever removes what is
    missing here asks `fetch_gone` first.

    Args:
        client: who reads.
        repo: `owner/name`.
        unless: None is returned at once where GitHub counts just so many.

    Raises:
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer.
    """
    numbers: set[int] = set()
    async for issues in list_issues(client, queries.NUMBERS, repo):
        if not numbers and issues["totalCount"] == unless:
            return None
        numbers |= {node["number"] for node in issues["nodes"] if node}
    return numbers


async def fetch_gone(client: GitHubClient, repo: str, numbers: Collection[int]) -> set[int]:
    """Those of these issues that are deleted, moved to another repository, or hidden from us.

    Raises:
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer.
    """
    owner, name = split_repo(repo)
    gone: set[int] = set()
    waiting = sorted(numbers)
    size = PageSize({"issues": TOGETHER}, {"issues": 1})

    async def ask(now: Mapping[str, int]) -> tuple[list[int], dict[str, Any]]:
        batch = waiting[: now["issues"]]
        return batch, await client.graphql(
            queries.still_there(batch),
            {"owner": owner, "name": name},
            patience=PAGE_PATIENCE,
            attempts=TRIES,
            # GitHub says of each one that is gone that it could not be found.
            optional=frozenset(f"issue_{number}" for number in batch),
        )

    while waiting:
        batch, data = await ask_shrinking(client, ask, size, outage=OUTAGE)
        there = data["repository"]
        if there is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        for number in batch:
            issue = there[f"issue_{number}"]
            if issue is None or issue["repository"]["nameWithOwner"] != there["nameWithOwner"]:
                gone.add(number)
        del waiting[: len(batch)]
    return gone
