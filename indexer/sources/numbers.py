"""Which issues a repository has, cheaply: a hundred for each query."""

from collections.abc import Collection
from typing import Any

from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.github import PAGE_PATIENCE, split_repo

TOGETHER = 100
"""Issues that are asked after by their numbers in one query."""


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
    owner, name = split_repo(repo)
    numbers: set[int] = set()
    after: str | None = None
    while True:
        variables: dict[str, Any] = {"owner": owner, "name": name, "after": after}
        data = await client.graphql(queries.NUMBERS, variables, patience=PAGE_PATIENCE)
        issues = _there(data, repo)["issues"]
        if after is None and issues["totalCount"] == unless:
            return None
        numbers |= {node["number"] for node in issues["nodes"] if node}
        after = issues["pageInfo"]["endCursor"]
        if not issues["pageInfo"]["hasNextPage"]:
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
    for start in range(0, len(waiting), TOGETHER):
        batch = waiting[start : start + TOGETHER]
        data = await client.graphql(
            queries.still_there(batch),
            {"owner": owner, "name": name},
            patience=PAGE_PATIENCE,
            # GitHub says of each one that is gone that it could not be found.
            optional=frozenset(f"issue_{number}" for number in batch),
        )
        there = _there(data, repo)
        home = there["nameWithOwner"]
        for number in batch:
            issue = there[f"issue_{number}"]
            if issue is None or issue["repository"]["nameWithOwner"] != home:
                gone.add(number)
    return gone


def _there(data: dict[str, Any], repo: str) -> dict[str, Any]:
    found: dict[str, Any] | None = data["repository"]
    if found is None:
        raise NotFound(f"GitHub has no repository {repo} for us.")
    return found
