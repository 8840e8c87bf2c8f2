"""A repository's threads carried over to its new name, with the vectors they have.

A point's id is made of its repository's name, so each point is written anew under the id that it
has from now on. Doing it again, after a crash or because more was written under the old name,
changes nothing that is there already.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indexer.chunking import comment_key_at, point_id, thread_json, thread_key, thread_of
from indexer.indexing import stored_numbers
from indexer.store import KnowledgeBase, Point, Where
from indexer.writing import upsert

logger = logging.getLogger(__name__)

PAGE = 200
MOST_ALIKE = 1000
"""Comments by one author within one second."""


def rename_threads(kb: KnowledgeBase, before: str, after: str) -> int:
    """Carry a repository's threads over; its documents are deleted, to be read again.

    Threads that are there under the new name stay as they are: they were read later. A thread's
    links become those of the new name, since the old one may be given to another repository.

    Returns:
        How many points were carried over.

    Raises:
        StoreError: some may be there under both names; doing it again is safe.
    """
    links = re.compile(rf"(?i)^(https?://[^/]+)/{re.escape(before)}(?=/|$)")
    shown = rf"\1/{after}"
    before, after = before.lower(), after.lower()
    if before == after:
        return 0
    known = stored_numbers(kb, after)
    carried = 0
    # The issues last: a thread whose issue is there counts as carried over.
    for kind in ("comment", "issue"):
        position: str | None = None
        while True:
            where = Where((before,), kinds=(kind,))
            page, position = kb.scroll(where, limit=PAGE, after=position, vectors=True)
            old = [point for point in page if point.payload["number"] not in known]
            moved = [new for point in old if (new := _moved(point, before, after))]
            moved = [_relinked(point, links, shown) for point in moved]
            upsert(kb, moved)
            carried += len(moved)
            if position is None:
                break
    kb.flush()
    kb.delete_where(Where((before,)))
    return carried


def _moved(point: Point, before: str, after: str) -> Point | None:
    key = _key(point, before)
    if key is None:
        logger.warning("a passage of %s is not carried over: its id is unknown", before)
        return None
    return Point(point_id(after, key), point.vectors, {**point.payload, "repo": after})


def _key(point: Point, repo: str) -> str | None:
    """What the point's id was made of, beside the repository's name."""
    payload: Mapping[str, Any] = point.payload
    number = payload["number"]
    if payload["kind"] == "issue":
        return thread_key(number)
    keys = (
        comment_key_at(number, payload["created"], payload["author"], ordinal)
        for ordinal in range(MOST_ALIKE)
    )
    return next((key for key in keys if point_id(repo, key) == point.id), None)


def _relinked(point: Point, links: re.Pattern[str], new: str) -> Point:
    """The same point, the links of its thread changed; its hash stays that of what was read."""
    if point.payload["kind"] != "issue":
        return point

    def link(url: str | None) -> str | None:
        return links.sub(new, url) if url else url

    thread = thread_of(point.payload)
    comments = [c.model_copy(update={"url": link(c.url)}) for c in thread.comments]
    events = [e.model_copy(update={"closer_url": link(e.closer_url)}) for e in thread.events]
    changes = {"url": link(thread.url), "comments": tuple(comments), "events": tuple(events)}
    relinked = thread_json(thread.model_copy(update=changes))
    return replace(point, payload={**point.payload, "thread": relinked})
