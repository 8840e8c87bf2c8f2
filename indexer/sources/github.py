"""Issues of a GitHub repository as threads: pages for a backfill, one for an answer."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from indexer.errors import NotFound, Rejected
from indexer.github import PATIENCE, GitHubClient
from indexer.github_errors import moment_of
from indexer.sources import queries
from indexer.sources.shrinking import OUTAGE, TRIES, OnWait, PageSize, ask_shrinking
from indexer.threads import Comment, Event, Thread

# A primary limit resets after an hour; a page that waits longer than this is given up.
PAGE_PATIENCE = 3_700.0
# Answering new issues goes before the backfill: this part of the hour's points is left to it.
RESERVED_SHARE = 0.05
# What a deleted account is called.
GHOST = "ghost"
# What a thread can do without: a token may lack the right to see pull requests, or the closer
# stands in a repository that is hidden from us.
_OPTIONAL = frozenset({"actor", "author", "canonical", "closer", "duplicate"})
_FEWEST_COMMENTS = 5

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RateInfo:
    """What a query cost and what is left; of a host without limits there is none."""

    cost: int
    limit: int
    remaining: int
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some threads, complete with all their comments.

    Attributes:
        threads: oldest first, or least recently updated first where `since` was given.
        cursor: where the next page begins; a resumed backfill starts from the last one kept.
        total: how many issues the repository has by the same filter.
        rate: the budget after the last query of this page.
        last: whether nothing follows.
        asked_at: a moment before GitHub was asked; what changed later is perhaps not in it.
    """

    threads: tuple[Thread, ...]
    cursor: str | None
    total: int
    rate: RateInfo | None
    last: bool
    asked_at: datetime


async def fetch_thread(
    client: GitHubClient, repo: str, number: int, *, patient: bool = False
) -> Thread:
    """The issue as it is now, with all its comments; `patient` waits for GitHub for minutes.

    Raises:
        NotFound: there is no such issue: deleted, transferred elsewhere, or a pull request.
        GitHubError: GitHub does not answer.
    """
    owner, name = split_repo(repo)
    variables = {"owner": owner, "name": name, "number": number}
    outage = OUTAGE if patient else PATIENCE
    size = PageSize({"comments": queries.MORE_COMMENTS}, {"comments": _FEWEST_COMMENTS})

    async def ask(now: Mapping[str, int]) -> dict[str, Any]:
        return await _ask(client, queries.thread, {**variables, **now})

    data = await ask_shrinking(client, ask, size, outage=outage)
    found = (data["repository"] or {}).get("issue")
    if not found:
        raise NotFound(f"{repo}#{number} is no issue, or no longer one.")
    home = data["repository"]["nameWithOwner"]
    if found["repository"]["nameWithOwner"].lower() != home.lower():
        raise NotFound(f"{repo}#{number} was moved to {found['repository']['nameWithOwner']}.")
    threads, _ = await _complete(client, repo, [found], None, outage)
    if not threads:
        raise NotFound(f"{repo}#{number} was deleted while it was read.")
    return threads[0]


async def iter_threads(  # noqa: PLR0913 - all but two have defaults and are named
    client: GitHubClient,
    repo: str,
    *,
    cursor: str | None = None,
    since: datetime | None = None,
    page_size: int = queries.ISSUES,
    on_wait: OnWait | None = None,
) -> AsyncIterator[Page]:
    """Every issue of a repository, page by page.

    Without `since` in the order of creation, so that a cursor stays true while issues are
    opened and edited; with it, those updated since then in the order of their update.

    Args:
        client: who reads.
        repo: `owner/name`.
        cursor: a former page's, to go on behind it.
        since: only issues updated at or after this moment.
        page_size: issues a query; halved where GitHub cannot finish one in time.
        on_wait: told how many seconds the budget, or an outage, makes us wait.
    """
    owner, name = split_repo(repo)
    size = PageSize(
        {"issues": max(1, min(100, page_size)), "comments": queries.COMMENTS},
        {"issues": 1, "comments": _FEWEST_COMMENTS},
    )

    async def ask(now: Mapping[str, int]) -> dict[str, Any]:
        return await _ask(client, queries.threads, {**variables, **now})

    while True:
        variables = {
            "owner": owner,
            "name": name,
            "after": cursor,
            "order": "UPDATED_AT" if since else "CREATED_AT",
            "filter": {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
            if since
            else None,
        }
        asked_at = datetime.now(UTC)
        data = await ask_shrinking(client, ask, size, outage=OUTAGE, on_wait=on_wait)
        if data["repository"] is None:
            raise NotFound(f"GitHub has no repository {repo} for us.")
        issues = data["repository"]["issues"]
        found = [node for node in issues["nodes"] if node]
        threads, rate = await _complete(client, repo, found, _rate(data), OUTAGE)
        # An empty page has no end; the cursor we came with stays true.
        cursor = issues["pageInfo"]["endCursor"] or cursor
        last = not issues["pageInfo"]["hasNextPage"]
        yield Page(tuple(threads), cursor, issues["totalCount"], rate, last, asked_at)
        if last:
            return
        await _keep_to_budget(client, rate, on_wait)


def thread_of(issue: Json, comments: Iterable[Json]) -> Thread:
    """A Thread from an issue as GraphQL tells it, and all its comments."""
    author, is_bot = actor_of(issue["author"])
    # Within a second people label first and close then.
    items = [*_nodes(issue["labelings"]), *_nodes(issue["turns"])]
    items.sort(key=lambda item: str(item["createdAt"]))
    return Thread(
        number=issue["number"],
        title=issue["title"],
        body=issue["body"],
        labels=tuple(label["name"] for label in _nodes(issue["labels"])),
        state=issue["state"].lower(),
        state_reason=(issue["stateReason"] or "").lower() or None,
        created_at=issue["createdAt"],
        updated_at=issue["updatedAt"],
        closed_at=issue["closedAt"],
        author=author,
        author_association=issue["authorAssociation"],
        author_is_bot=is_bot,
        locked=issue["locked"],
        url=issue["url"],
        reactions=issue["reactions"]["totalCount"],
        comments=tuple(comment_of(comment) for comment in comments),
        events=tuple(
            event
            for item in items
            if (event := event_of(item, issue["number"], issue["repository"]["nameWithOwner"]))
        ),
    )


def comment_of(comment: Json) -> Comment:
    """A Comment from GraphQL; its id is the one that REST and webhooks use."""
    author, is_bot = actor_of(comment["author"])
    digits = comment["url"].rpartition("#issuecomment-")[2]
    return Comment(
        author=author,
        author_association=comment["authorAssociation"],
        author_is_bot=is_bot,
        body=comment["body"],
        created_at=comment["createdAt"],
        id=int(digits) if digits.isdecimal() else None,
        url=comment["url"],
        minimized=comment["isMinimized"],
    )


def event_of(item: Json, number: int, repo: str) -> Event | None:
    """An Event from a timeline item; None for a kind we did not ask for.

    A duplicate's original is named only where it is an issue of the same repository, and only
    in the duplicate's own timeline.
    """
    kinds = {
        "ClosedEvent": "closed",
        "ReopenedEvent": "reopened",
        "MarkedAsDuplicateEvent": "marked_as_duplicate",
        "UnmarkedAsDuplicateEvent": "unmarked_as_duplicate",
        "LabeledEvent": "labeled",
    }
    kind = kinds.get(item.get("__typename", ""))
    if kind is None:
        return None
    closer = item.get("closer") or {}
    closer_kind = {"PullRequest": "pull_request", "Commit": "commit"}.get(
        closer.get("__typename", "")
    )
    at_home = (closer.get("repository") or {}).get("nameWithOwner", repo).lower() == repo.lower()
    return Event(
        kind=kind,
        created_at=item["createdAt"],
        actor=actor_of(item["actor"])[0],
        state_reason=(item.get("stateReason") or "").lower() or None,
        closer=closer_kind,
        closer_number=closer.get("number") if at_home else None,
        closer_url=closer.get("url") if closer_kind else None,
        canonical=_canonical(item, number, repo),
        label=(item.get("label") or {}).get("name"),
    )


def actor_of(actor: Mapping[str, Any] | None) -> tuple[str, bool]:
    """Login and whether it is a bot's. GraphQL leaves out the `[bot]` that REST shows."""
    if not actor:
        return GHOST, False
    login = actor["login"]
    if actor["__typename"] == "Bot":
        return (login if login.endswith("[bot]") else f"{login}[bot]"), True
    return login, login.endswith("[bot]")


def split_repo(repo: str) -> tuple[str, str]:
    """`owner/name` in its two parts.

    Raises:
        NotFound: it has not this form, so no repository can have it.
    """
    owner, slash, name = repo.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise NotFound(f"{repo!r} is no repository: write OWNER/NAME.")
    return owner, name


async def _ask(
    client: GitHubClient, query: Callable[..., str], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Run a query that has a form for hosts that do not know `enableDuplicate`."""
    try:
        return await client.graphql(
            query(knows_duplicates=client.knows_duplicates),
            variables,
            patience=PAGE_PATIENCE,
            attempts=TRIES,
            optional=_OPTIONAL,
        )
    except Rejected as error:
        if not client.knows_duplicates or "enableDuplicate" not in str(error):
            raise
        client.knows_duplicates = False
        return await _ask(client, query, variables)


async def _complete(
    client: GitHubClient,
    repo: str,
    issues: list[dict[str, Any]],
    rate: RateInfo | None,
    outage: float,
) -> tuple[list[Thread], RateInfo | None]:
    """Threads with all their comments, the further ones fetched for several issues at once.

    An issue that is deleted meanwhile is left out.
    """
    comments = {issue["number"]: _nodes(issue["comments"]) for issue in issues}
    pending: dict[int, str] = {
        issue["number"]: issue["comments"]["pageInfo"]["endCursor"]
        for issue in issues
        if issue["comments"]["pageInfo"]["hasNextPage"]
    }
    size = PageSize(
        {"threads": queries.MORE_THREADS, "comments": queries.MORE_COMMENTS},
        {"threads": 1, "comments": _FEWEST_COMMENTS},
    )

    async def ask(now: Mapping[str, int]) -> tuple[list[int], dict[str, Any]]:
        batch = dict(list(pending.items())[: now["threads"]])
        return list(batch), await _more(client, repo, batch, now["comments"])

    while pending:
        try:
            batch, data = await ask_shrinking(client, ask, size, outage=outage)
        except NotFound:
            if size.now["threads"] > 1:
                size.now["threads"] = 1  # find out which one is gone
                continue
            gone = next(iter(pending))
            del pending[gone], comments[gone]
            continue
        cost = _rate(data)
        rate = replace(cost, cost=cost.cost + (rate.cost if rate else 0)) if cost else rate
        for number in batch:
            found = data["repository"][f"issue_{number}"]["comments"]
            comments[number] += _nodes(found)
            pending[number] = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                del pending[number]
    kept = [issue for issue in issues if issue["number"] in comments]
    return [thread_of(issue, comments[issue["number"]]) for issue in kept], rate


async def _more(
    client: GitHubClient, repo: str, batch: Mapping[int, str], size: int
) -> dict[str, Any]:
    owner, name = split_repo(repo)
    variables: dict[str, Any] = {
        "owner": owner,
        "name": name,
        "comments": size,
        **{f"after_{number}": cursor for number, cursor in batch.items()},
    }
    return await client.graphql(
        queries.more_comments(list(batch)),
        variables,
        patience=PAGE_PATIENCE,
        attempts=TRIES,
        optional=_OPTIONAL,
    )


async def _keep_to_budget(
    client: GitHubClient, rate: RateInfo | None, on_wait: OnWait | None
) -> None:
    """Wait for the reset when a page like the last one would cut into the reserve."""
    if rate is None or rate.remaining - rate.cost >= rate.limit * RESERVED_SHARE:
        return
    seconds = rate.reset_at.timestamp() - client.now() + 1.0
    if seconds > 0:
        if on_wait:
            on_wait(seconds)
        await client.sleep(seconds)


def _rate(data: Mapping[str, Any]) -> RateInfo | None:
    found = data.get("rateLimit")
    if not found:
        return None
    return RateInfo(
        cost=found["cost"],
        limit=found["limit"],
        remaining=found["remaining"],
        reset_at=moment_of(found["resetAt"]),
    )


def _nodes(connection: Mapping[str, Any] | None) -> list[Json]:
    """A connection's nodes; GitHub puts null where one may not be seen."""
    return [node for node in (connection or {}).get("nodes") or () if node]


def _canonical(item: Json, number: int, repo: str) -> int | None:
    canonical = item.get("canonical") or {}
    duplicate = item.get("duplicate") or {}
    if "number" not in canonical or duplicate.get("number", number) != number:
        return None
    at_home = canonical["repository"]["nameWithOwner"].lower() == repo.lower()
    return int(canonical["number"]) if at_home else None
