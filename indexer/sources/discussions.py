"""Answered discussions of a repository, read over GraphQL."""

from collections.abc import Mapping
from typing import Any

from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.sources import queries
from indexer.sources.github import PAGE_PATIENCE, actor_of, split_repo
from indexer.sources.shrinking import OUTAGE, TRIES, PageSize, ask_shrinking
from indexer.threads import Discussion

# A deleted account is null as well, and an answer can do without its author's name.
_OPTIONAL = frozenset({"author"})
_PAGE = 50


async def fetch_discussions(client: GitHubClient, repo: str) -> list[Discussion] | None:
    """Every discussion with a chosen answer, oldest first; None where they are switched off.

    One whose answer is a bot's, or was hidden, is left out.

    Raises:
        Forbidden: we may not read discussions there.
        NotFound: there is no such repository, or not for us.
        GitHubError: GitHub does not answer.
    """
    owner, name = split_repo(repo)
    found: list[Discussion] = []
    after: str | None = None
    size = PageSize({"first": _PAGE}, {"first": 1})

    async def ask(now: Mapping[str, int]) -> dict[str, Any]:
        return await client.graphql(
            queries.DISCUSSIONS,
            {"owner": owner, "name": name, "after": after, **now},
            patience=PAGE_PATIENCE,
            attempts=TRIES,
            optional=_OPTIONAL,
        )

    while True:
        data = await ask_shrinking(client, ask, size, outage=OUTAGE)
        home = data["repository"]
        if home is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        if not home["hasDiscussionsEnabled"]:
            return None
        page = home["discussions"]
        found += [made for node in page["nodes"] if node and (made := _discussion(node))]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _discussion(node: Mapping[str, Any]) -> Discussion | None:
    """A Discussion from GraphQL; None where nobody's answer is to be quoted."""
    answer = node["answer"]
    if not answer or answer["isMinimized"]:
        return None
    author, is_bot = actor_of(answer["author"])
    if is_bot:
        return None
    return Discussion(
        number=node["number"],
        title=node["title"],
        question=node["body"],
        answer=answer["body"],
        url=answer["url"],
        author=author,
        answered_at=node["answerChosenAt"] or answer["createdAt"],
    )
