"""A sample of a repository's newest issue bodies, cheaply: what template lines are taken from."""

from typing import Any

from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.github import split_repo

SAMPLE = 2_000
"""Enough to tell a template from a coincidence, at twenty points of the hour's five thousand."""


async def fetch_bodies(
    client: GitHubClient, repo: str, limit: int = SAMPLE
) -> tuple[list[str], int]:
    """The bodies of the newest issues, at most about `limit`, and how many issues there are.

    Raises:
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer.
    """
    owner, name = split_repo(repo)
    bodies: list[str] = []
    after: str | None = None
    total = 0
    while len(bodies) < limit:
        variables: dict[str, Any] = {"owner": owner, "name": name, "after": after}
        data = await client.graphql(queries.BODIES, variables)
        if data["repository"] is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        issues = data["repository"]["issues"]
        bodies += [node["body"] or "" for node in issues["nodes"] if node]
        total = issues["totalCount"]
        if not issues["pageInfo"]["hasNextPage"]:
            break
        after = issues["pageInfo"]["endCursor"]
    return bodies, total
