"""All issues of a repository with one field of each, cheaply: a hundred for each query."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.sources.github import PAGE_PATIENCE, split_repo
from indexer.sources.shrinking import OUTAGE, TRIES, PageSize, ask_shrinking


async def list_issues(client: GitHubClient, query: str, repo: str) -> AsyncIterator[dict[str, Any]]:
    """The pages of a query that takes `$first` and `$after`: each its `issues` as GitHub has them.

    Raises:
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer.
    """
    owner, name = split_repo(repo)
    after: str | None = None
    size = PageSize({"first": 100}, {"first": 1})

    async def ask(now: Mapping[str, int]) -> dict[str, Any]:
        variables = {"owner": owner, "name": name, "after": after, **now}
        return await client.graphql(query, variables, patience=PAGE_PATIENCE, attempts=TRIES)

    while True:
        data = await ask_shrinking(client, ask, size, outage=OUTAGE)
        if data["repository"] is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        issues = data["repository"]["issues"]
        yield issues
        after = issues["pageInfo"]["endCursor"]
        if not issues["pageInfo"]["hasNextPage"]:
            return
