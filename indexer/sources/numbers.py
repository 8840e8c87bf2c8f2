"""The numbers of all issues that a repository has, cheaply: a hundred for each query."""

from typing import Any

from indexer.errors import GitHubUnavailable, NotFound
from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.github import PAGE_PATIENCE, split_repo


async def fetch_numbers(
    client: GitHubClient, repo: str, *, unless: int | None = None
) -> set[int] | None:
    """The numbers of a repository's issues.

    Args:
        client: who reads.
        repo: `owner/name`.
        unless: None is returned at once where GitHub counts just so many.

    Raises:
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer, or with a list that is not whole.
    """
    owner, name = split_repo(repo)
    numbers: set[int] = set()
    after: str | None = None
    while True:
        variables: dict[str, Any] = {"owner": owner, "name": name, "after": after}
        data = await client.graphql(queries.NUMBERS, variables, patience=PAGE_PATIENCE)
        if data["repository"] is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        issues = data["repository"]["issues"]
        if after is None and issues["totalCount"] == unless:
            return None
        numbers |= {node["number"] for node in issues["nodes"] if node}
        after = issues["pageInfo"]["endCursor"]
        if not issues["pageInfo"]["hasNextPage"]:
            break
    # Whoever takes a short list for the truth removes what is there.
    if len(numbers) < issues["totalCount"]:
        raise GitHubUnavailable(
            f"GitHub lists {len(numbers)} issues of {repo} and counts {issues['totalCount']}."
        )
    return numbers
