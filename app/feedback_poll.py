"""Asks GitHub what people did with recent answers: no webhook tells of reactions.

A few queries for each repository, each for many issues, and only about the last two weeks.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from app.feedback import Answered, Feedback
from app.outcomes import Seen, outcome_of
from indexer.github import GitHubClient

DAYS: Final = 14
MOST: Final = 1_000
BATCH: Final = 25
_DUPLICATE_TURNS: Final = {"MarkedAsDuplicateEvent", "UnmarkedAsDuplicateEvent"}


def query(numbers: Sequence[int]) -> str:
    """The query for some issues of one repository, and for comments by their node ids."""
    issues = "\n".join(
        f"""    issue_{number}: issue(number: {number}) {{
      state
      author {{ login }}
      timelineItems(last: 20, itemTypes: [
        CLOSED_EVENT, MARKED_AS_DUPLICATE_EVENT, UNMARKED_AS_DUPLICATE_EVENT
      ]) {{
        nodes {{
          __typename
          ... on ClosedEvent {{ actor {{ login }} }}
          ... on MarkedAsDuplicateEvent {{
            canonical {{ ... on Issue {{ number repository {{ nameWithOwner }} }} }}
          }}
        }}
      }}
    }}"""
        for number in numbers
    )
    return f"""query Feedback($owner: String!, $name: String!, $ids: [ID!]!) {{
  rateLimit {{ cost limit remaining resetAt }}
  nodes(ids: $ids) {{
    ... on IssueComment {{
      id
      reactionGroups {{ content reactors(first: 1) {{ totalCount }} }}
    }}
  }}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
{issues}
  }}
}}"""


def batches(answers: Sequence[Answered]) -> Iterator[list[Answered]]:
    """The answers in groups for one query each, all of one repository."""
    ordered = sorted(answers, key=lambda a: (a.repo, a.number))
    for _, group in groupby(ordered, key=lambda a: a.repo):
        those = list(group)
        for begin in range(0, len(those), BATCH):
            yield those[begin : begin + BATCH]


async def poll(client: GitHubClient, feedback: Feedback, batch: Sequence[Answered]) -> int:
    """Look up one batch and keep what came of it; returns how many have an outcome.

    Raises:
        GitHubError: GitHub did not tell.
    """
    owner, _, name = batch[0].repo.partition("/")
    numbers = [answered.number for answered in batch]
    data = await client.graphql(
        query(numbers),
        {
            "owner": owner,
            "name": name,
            "ids": [a.node_id for a in batch if a.kind == "posted" and a.node_id],
        },
        # Issues and comments that are deleted meanwhile are no reason to learn nothing.
        optional=frozenset({"nodes", *(f"issue_{number}" for number in numbers)}),
    )
    comments = {node["id"]: node for node in data["nodes"] if node and "id" in node}
    known = 0
    for answered in batch:
        issue = data["repository"][f"issue_{answered.number}"]
        if issue is None:
            continue
        seen = seen_of(answered, issue, comments.get(answered.node_id or ""))
        outcome = outcome_of(answered.kind, answered.shown, seen)
        known += outcome is not None
        latest = replace(answered, up=seen.up, down=seen.down, outcome=outcome)
        await asyncio.to_thread(feedback.heard, latest)
    return known


def seen_of(
    answered: Answered, issue: Mapping[str, Any], comment: Mapping[str, Any] | None
) -> Seen:
    """What an issue and our comment, as GraphQL tells them, say of the answer."""
    groups = (comment or {}).get("reactionGroups") or ()
    counts = {group["content"]: int(group["reactors"]["totalCount"]) for group in groups}
    duplicate_of: int | None = None
    closed_by: str | None = None
    for event in issue["timelineItems"]["nodes"] or ():
        if event["__typename"] in _DUPLICATE_TURNS:
            duplicate_of = _number(event.get("canonical"), answered.repo)
        else:
            closed_by = (event.get("actor") or {}).get("login")
    author = (issue["author"] or {}).get("login")
    closed = issue["state"] == "CLOSED"
    return Seen(
        up=counts.get("THUMBS_UP", 0),
        down=counts.get("THUMBS_DOWN", 0),
        told_wrong=answered.told_wrong,
        duplicate_of=duplicate_of if closed else None,
        closed_by_author=closed and author is not None and closed_by == author,
    )


def _number(canonical: Mapping[str, Any] | None, repo: str) -> int | None:
    """The original's number, if it is an issue of the same repository."""
    if not canonical or "number" not in canonical:
        return None
    same = canonical["repository"]["nameWithOwner"].lower() == repo.lower()
    return int(canonical["number"]) if same else None
