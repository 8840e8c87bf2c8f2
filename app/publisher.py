"""The one comment that the App owns on an issue, and the label that asks for another run.

A comment is ours if this App wrote it and it bears the hidden marker. The marker holds a hash of
the content, so an unchanged answer edits nothing, and what a maintainer mended in our comment
stays as long as the answer stays the same.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from app.identity import Author
from indexer.errors import GitHubUnavailable, NotFound, RateLimited, Rejected
from indexer.github import GitHubClient

MARKER = re.compile(r"<!-- oncall-intern:v\d+ (?P<hash>[0-9a-f]{16}) -->")
FOLD = "<details>"
CREATE_ATTEMPTS = 3
LOOK_AGAIN_SECONDS = 2.0
LABEL_COLOR = "5319e7"
LABEL_DESCRIPTION = "Ask Oncall Intern to look at this issue again"
ALREADY_EXISTS = "already_exists"


@dataclass(frozen=True, slots=True)
class Published:
    """What became of an answer.

    `removed` means that a person deleted our comment, and it was not posted again.
    """

    action: Literal["created", "edited", "unchanged", "none", "removed"]
    comment_id: int | None = None
    url: str | None = None
    node_id: str | None = None


def marked(body: str) -> str:
    """The body with the marker that makes it ours."""
    digest = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{body.rstrip()}\n\n<!-- oncall-intern:v1 {digest} -->\n"


async def publish(  # noqa: PLR0913  all of it is needed, and it is called from one place
    client: GitHubClient,
    repo: str,
    number: int,
    body: str | None,
    author: Author,
    *,
    known_comment_id: int | None = None,
    repost: bool = False,
) -> Published:
    """Make our one comment say `body`; with None, leave things as they are.

    Args:
        client: an installation's client.
        repo: `owner/name`.
        number: the issue.
        body: the comment in Markdown, without the marker.
        author: who we are.
        known_comment_id: the comment that the records know of.
        repost: whether a comment that a person deleted may be posted again.

    Raises:
        GitHubError: GitHub refused, or the outcome stayed unknown; calling again is safe.
    """
    mine = await find(client, repo, number, author, known_comment_id)
    if body is None:
        return Published("none", *(_place(mine) if mine else ()))
    if mine is None and known_comment_id is not None and not repost:
        return Published("removed", known_comment_id)
    text = marked(body)
    if mine is None:
        mine = await _create(client, repo, number, text, author)
        return Published("created", *_place(mine))
    if _hash(mine) == _hash({"body": text}):
        return Published("unchanged", *_place(mine))
    mine = await client.patch(f"repos/{repo}/issues/comments/{mine['id']}", {"body": text})
    return Published("edited", *_place(mine))


async def fold(  # noqa: PLR0913, PLR0917  all of it is needed, and it is called from one place
    client: GitHubClient,
    repo: str,
    number: int,
    summary: str,
    author: Author,
    known_comment_id: int | None,
) -> bool:
    """Fold our comment away under a summary; whether there was one that was not folded yet.

    Raises:
        GitHubError: GitHub refused, or the outcome stayed unknown; calling again is safe.
    """
    mine = await find(client, repo, number, author, known_comment_id)
    if mine is None or str(mine["body"]).startswith(FOLD):
        return False
    body = MARKER.sub("", str(mine["body"])).strip()
    text = marked(f"{FOLD}<summary>{summary}</summary>\n\n{body}\n\n</details>")
    await client.patch(f"repos/{repo}/issues/comments/{mine['id']}", {"body": text})
    return True


async def react(client: GitHubClient, repo: str, comment_id: int, content: str) -> None:
    """React to a comment; doing it twice is doing it once."""
    await client.post(f"repos/{repo}/issues/comments/{comment_id}/reactions", {"content": content})


async def find(
    client: GitHubClient,
    repo: str,
    number: int,
    author: Author,
    known_comment_id: int | None = None,
) -> dict[str, Any] | None:
    """Our comment on an issue; the oldest, should there be several."""
    if known_comment_id is not None:
        try:
            comment = await client.get(f"repos/{repo}/issues/comments/{known_comment_id}")
        except NotFound:
            pass
        else:
            if _is_ours(comment, author):
                return dict(comment)
    async for comment in client.paginate(f"repos/{repo}/issues/{number}/comments"):
        if _is_ours(comment, author):
            return dict(comment)
    return None


async def _create(
    client: GitHubClient, repo: str, number: int, text: str, author: Author
) -> dict[str, Any]:
    """Post the comment once, however often the answer gets lost on its way back."""
    for attempt in range(1, CREATE_ATTEMPTS + 1):
        try:
            created = await client.post(f"repos/{repo}/issues/{number}/comments", {"body": text})
        except (GitHubUnavailable, RateLimited) as error:
            # It may have been posted all the same, and may take a moment to be seen.
            await client.sleep(LOOK_AGAIN_SECONDS * attempt)
            mine = await find(client, repo, number, author)
            if mine is not None:
                return mine
            if attempt == CREATE_ATTEMPTS or isinstance(error, RateLimited):
                raise
        else:
            return dict(created)
    raise AssertionError("the last attempt returns or raises")


async def ensure_label(client: GitHubClient, repo: str, name: str) -> bool:
    """Make the label where it is missing; whether it was made."""
    try:
        await client.get(f"repos/{repo}/labels/{quote(name, safe='')}")
    except NotFound:
        label = {"name": name, "color": LABEL_COLOR, "description": LABEL_DESCRIPTION}
        try:
            await client.post(f"repos/{repo}/labels", label)
        except Rejected as error:
            if ALREADY_EXISTS not in str(error):
                raise
            return False
        return True
    return False


async def add_label(client: GitHubClient, repo: str, number: int, name: str) -> None:
    """Put a label on an issue; GitHub makes it where the repository has none of that name."""
    await client.post(f"repos/{repo}/issues/{number}/labels", {"labels": [name]})


async def remove_label(client: GitHubClient, repo: str, number: int, name: str) -> bool:
    """Take a label off an issue; whether it was there."""
    try:
        await client.delete(f"repos/{repo}/issues/{number}/labels/{quote(name, safe='')}")
    except NotFound:
        return False
    return True


def _is_ours(comment: Mapping[str, Any], author: Author) -> bool:
    return author.wrote(comment) and _hash(comment) is not None


def _hash(comment: Mapping[str, Any]) -> str | None:
    """The hash in the last marker of a comment: the one we put at its end."""
    found = MARKER.findall(comment.get("body") or "")
    return found[-1] if found else None


def _place(comment: Mapping[str, Any]) -> tuple[int, str | None, str | None]:
    """Its id, its page, and its id in GraphQL."""
    return int(comment["id"]), comment.get("html_url"), comment.get("node_id")
