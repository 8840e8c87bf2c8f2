"""Threads for tests, short to write."""

from datetime import UTC, datetime, timedelta
from typing import Any

from indexer.threads import Comment, Event, Release, Thread

START = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """A moment, so many days after START."""
    return START + timedelta(days=number)


def comment(body: str, author: str = "ann", at: float = 1, **fields: Any) -> Comment:
    """A comment, by default of a member of the project."""
    fields.setdefault("author_association", "MEMBER")
    return Comment(body=body, author=author, created_at=day(at), **fields)


def event(kind: str, at: float = 10, actor: str = "ann", **fields: Any) -> Event:
    """Something that happened."""
    return Event(kind=kind, actor=actor, created_at=day(at), **fields)


def thread(
    number: int = 7, *comments: Comment, closed: float | None = None, **fields: Any
) -> Thread:
    """A thread by `rob`; closed on a day, where one is given."""
    values = {
        "number": number,
        "title": f"Packing fails {number}",
        "body": f"It stops in part {number}.",
        "author": "rob",
        "created_at": day(0),
        "comments": comments,
    }
    if closed is not None:
        values |= {"state": "closed", "state_reason": "completed", "closed_at": day(closed)}
    return Thread(**{**values, **fields})


def release(tag: str, body: str = "", at: float = 20, **fields: Any) -> Release:
    """A release."""
    url = f"https://github.com/o/r/releases/tag/{tag}"
    return Release(tag=tag, body=body, published_at=day(at), url=url, **fields)
