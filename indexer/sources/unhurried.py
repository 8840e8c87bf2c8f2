"""REST reads for the knowledge base: they wait for limits, and leave a reserve to answers."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from indexer.github import GitHubClient
from indexer.sources.github import PAGE_PATIENCE, RESERVED_SHARE


async def get(
    client: GitHubClient, path: str, params: Mapping[str, str | int] | None = None
) -> Any:  # noqa: ANN401 - GitHub's JSON
    """As the client's `get`."""
    return await client.get(path, params, patience=PAGE_PATIENCE, reserve=RESERVED_SHARE)


def paginate(client: GitHubClient, path: str) -> AsyncIterator[Any]:
    """As the client's `paginate`."""
    return client.paginate(path, patience=PAGE_PATIENCE, reserve=RESERVED_SHARE)
