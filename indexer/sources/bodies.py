"""A sample of a repository's newest issue bodies: what template lines are taken from."""

from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.listing import list_issues

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
    bodies: list[str] = []
    total = 0
    async for issues in list_issues(client, queries.BODIES, repo):
        bodies += [node["body"] or "" for node in issues["nodes"] if node]
        total = issues["totalCount"]
        if len(bodies) >= limit:
            break
    return bodies, total
