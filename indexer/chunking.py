"""Threads, doc sections, releases and discussions cut into passages with stable ids.

A thread is one passage of kind `issue` (found by its text, its title and its words; its payload
holds the whole thread) and one of kind `comment` for each comment worth finding (by its words
only). Ids depend on the repository and on what never changes, so doing it twice changes nothing.

Secrets and e-mail addresses are replaced here, on the one way that every text takes into the store.
A thread's hash is of the text as it came: one that is unchanged is not looked through again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID, uuid5

from indexer.bots import is_bot
from indexer.outline import FIELD as OUTLINE
from indexer.outline import Outline
from indexer.redact import redact, redact_thread
from indexer.text import clean, error_signatures
from indexer.threads import Comment, Discussion, DocSection, Release, Thread

PIPELINE_VERSION = 4
"""Raise it when the same thread would give other passages; collections are then rebuilt."""

MAX_DENSE = 2000
"""Characters of a text to embed: more than the model's 256 tokens, so the rest costs nothing."""

MAX_BODY = 12_000
MAX_COMMENT = 4_000
"""Characters of a cleaned text that BM25 sees; what follows in a longer one is logs."""

MIN_COMMENT = 12
"""A shorter comment ("+1", "same here") is never what someone looks for."""

TITLE_TOKENS = "title_tokens"
"""Where the payload of an `issue` point holds the tokens of its title, as BM25 sees them."""

_NAMESPACE = UUID("6b0f5a52-6f43-5a59-9d3e-0c8f6a3a7d11")

Kind = Literal["issue", "comment", "doc", "release", "discussion"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that becomes one point.

    `text` and `title` are embedded, unless empty; `lexical_title` and `lexical_body` are what
    BM25 sees.
    """

    id: str
    repo: str
    kind: Kind
    payload: Mapping[str, Any] = field(repr=False)
    text: str = ""
    title: str = ""
    lexical_title: str = ""
    lexical_body: str = ""


def point_id(repo: str, key: str) -> str:
    """The id of a repository's point; the repository's letter case does not matter."""
    return str(uuid5(_NAMESPACE, f"{repo.lower()}\n{key}"))


def thread_key(number: int) -> str:
    """The key of a thread's own point."""
    return f"issue:{number}"


def comment_key(number: int, comment: Comment, ordinal: int = 0) -> str:
    """The key of a comment's point.

    From its time and author, not from its id: an export has no ids, and a later sync, which has
    them, finds the same point. `ordinal` counts those equal in both.
    """
    return comment_key_at(number, seconds(comment.created_at), comment.author, ordinal)


def comment_key_at(number: int, created: int, author: str, ordinal: int) -> str:
    """The same from what a comment's payload says; `created` is in seconds since 1970."""
    return f"comment:{number}:{created}:{author.lower()}:{ordinal}"


def doc_key(path: str, headings: Sequence[str], ordinal: int = 0) -> str:
    """The key of a doc section's point; `ordinal` counts equal headings within a file."""
    return f"doc:{path}:{json.dumps(list(headings))}:{ordinal}"


def release_key(tag: str) -> str:
    """The key of a release's point."""
    return f"release:{tag}"


def discussion_key(number: int) -> str:
    """The key of an answered discussion's point."""
    return f"discussion:{number}"


def seconds(moment: datetime) -> int:
    """A moment as payloads hold it: whole seconds since 1970."""
    return int(moment.timestamp())


def content_hash(content: str, templates: frozenset[str] = frozenset()) -> str:
    """What tells whether a raw thread has to be indexed again."""
    start = f"{PIPELINE_VERSION}\n{_digest_of_lines(templates)}\n"
    return hashlib.sha256((start + content).encode("utf-8", "replace")).hexdigest()[:32]


def thread_hash(thread: Thread, content: str, templates: frozenset[str] = frozenset()) -> str:
    """The hash of a thread and its JSON; a reaction more or less is no reason to write it again."""
    if thread.reactions:
        content = thread_json(thread.model_copy(update={"reactions": 0}))
    return content_hash(content, templates)


def thread_json(thread: Thread) -> str:
    """The thread as its point's payload holds it, without what is as by default."""
    return thread.model_dump_json(exclude_defaults=True)


def thread_of(payload: Mapping[str, Any]) -> Thread:
    """The thread of an `issue` point's payload."""
    return Thread.model_validate_json(payload["thread"])


def thread_passages(
    repo: str, thread: Thread, templates: frozenset[str] = frozenset()
) -> list[Passage]:
    """The passages of a thread; the first is the issue's own, which carries the thread's hash."""
    content = thread_json(thread)
    return passages_of(repo, thread, content, thread_hash(thread, content, templates), templates)


def passages_of(
    repo: str, thread: Thread, content: str, hashed: str, templates: frozenset[str]
) -> list[Passage]:
    """As `thread_passages`, for a caller that has the thread's JSON and hash already."""
    repo = repo.lower()
    kept = redact_thread(_without_noise(thread))
    if kept is not thread:
        thread, content = kept, thread_json(kept)
    body = clean(thread.body, templates)
    title = " ".join(thread.title.split())
    text = f"{title}\n{body}"[:MAX_DENSE].strip()
    comments = list(_comment_passages(repo, thread, templates))
    issue = Passage(
        id=point_id(repo, thread_key(thread.number)),
        repo=repo,
        kind="issue",
        payload={
            "repo": repo,
            "kind": "issue",
            "number": thread.number,
            "created": seconds(thread.created_at),
            "hash": hashed,
            "updated": seconds(thread.updated_at) if thread.updated_at else 0,
            OUTLINE: Outline.of(thread).as_json(),
            "thread": content,
            "embedded": content_hash(f"{text}\n\n{title}"),
            "signatures": list(error_signatures(thread.body)),
        },
        text=text,
        title=title[:MAX_DENSE],
        lexical_title=title,
        lexical_body=body[:MAX_BODY],
    )
    return [issue, *comments]


def _comment_passages(repo: str, thread: Thread, templates: frozenset[str]) -> Iterator[Passage]:
    seen: Counter[tuple[int, str]] = Counter()
    for comment in thread.comments:
        same = (seconds(comment.created_at), comment.author.lower())
        ordinal = seen[same]
        seen[same] += 1
        if _says_nothing(comment):
            continue
        body = clean(comment.body, templates, reply=True)
        if len(body) < MIN_COMMENT:
            continue
        yield Passage(
            id=point_id(repo, comment_key(thread.number, comment, ordinal)),
            repo=repo,
            kind="comment",
            payload={
                "repo": repo,
                "kind": "comment",
                "number": thread.number,
                "created": same[0],
                "author": comment.author,
            },
            lexical_body=body[:MAX_COMMENT],
        )


def _says_nothing(comment: Comment) -> bool:
    return comment.minimized or is_bot(comment)


def _without_noise(thread: Thread) -> Thread:
    """The thread without the words of bots and of hidden comments; that they were there stays.

    Nobody searches for them, quotes or believes them, and of some projects they are most of the
    text.
    """
    if not any(_says_nothing(comment) for comment in thread.comments):
        return thread
    comments = tuple(
        comment.model_copy(update={"body": ""}) if _says_nothing(comment) else comment
        for comment in thread.comments
    )
    return thread.model_copy(update={"comments": comments})


def doc_passages(repo: str, sections: Iterable[DocSection]) -> list[Passage]:
    """The passages of a repository's files, one for each section.

    Each says how many its file has: so a file that was written only in part is known for it.
    """
    repo = repo.lower()
    sections = list(sections)
    parts = Counter(section.path for section in sections)
    passages = []
    seen: Counter[str] = Counter()
    for section in sections:
        key = doc_key(section.path, section.headings)
        ordinal = seen[key]
        seen[key] += 1
        path = [redact(heading) for heading in section.headings]
        passages.append(
            _document(
                point_id(repo, doc_key(section.path, section.headings, ordinal)),
                "doc",
                title=path[-1] if path else section.path,
                headings=" › ".join(path) or section.path,
                payload={
                    "repo": repo,
                    "path": section.path,
                    "headings": path,
                    "text": redact(section.text),
                    "url": section.url,
                    "created": seconds(section.updated_at),
                    "blob": section.blob,
                    "parts": parts[section.path],
                },
            )
        )
    return passages


def release_passages(repo: str, releases: Iterable[Release]) -> list[Passage]:
    """The passages of releases, one for each."""
    return [_release_passage(repo.lower(), release) for release in releases]


def _release_passage(repo: str, release: Release) -> Passage:
    name = redact(release.name)
    return _document(
        point_id(repo, release_key(release.tag)),
        "release",
        title=name or release.tag,
        headings=f"{name} {release.tag}".strip(),
        payload={
            "repo": repo,
            "tag": release.tag,
            "headings": [name or release.tag],
            "text": redact(release.body),
            "url": release.url,
            "created": seconds(release.published_at),
            "prerelease": release.prerelease,
        },
    )


def discussion_passages(repo: str, discussions: Iterable[Discussion]) -> list[Passage]:
    """The passages of answered discussions, one for each: found by the question, too."""
    return [_discussion_passage(repo.lower(), discussion) for discussion in discussions]


def _discussion_passage(repo: str, discussion: Discussion) -> Passage:
    title = redact(" ".join(discussion.title.split()))
    return _document(
        point_id(repo, discussion_key(discussion.number)),
        "discussion",
        title=title,
        headings=title,
        payload={
            "repo": repo,
            "discussion": discussion.number,
            "headings": [title],
            "question": redact(discussion.question),
            "text": redact(discussion.answer),
            "url": discussion.url,
            "author": discussion.author,
            "created": seconds(discussion.answered_at),
        },
    )


def section_of(payload: Mapping[str, Any]) -> DocSection:
    """The doc section of a `doc` point's payload."""
    return DocSection(
        path=payload["path"],
        headings=tuple(payload["headings"]),
        text=payload["text"],
        url=payload["url"],
        updated_at=datetime.fromtimestamp(payload["created"], UTC),
    )


def release_of(payload: Mapping[str, Any]) -> Release:
    """The release of a `release` point's payload."""
    return Release(
        tag=payload["tag"],
        name=payload["headings"][0],
        body=payload["text"],
        url=payload["url"],
        published_at=datetime.fromtimestamp(payload["created"], UTC),
        prerelease=payload["prerelease"],
    )


def discussion_of(payload: Mapping[str, Any]) -> Discussion:
    """The answered discussion of a `discussion` point's payload."""
    return Discussion(
        number=payload["discussion"],
        title=payload["headings"][0],
        question=payload["question"],
        answer=payload["text"],
        url=payload["url"],
        author=payload["author"],
        answered_at=datetime.fromtimestamp(payload["created"], UTC),
    )


def searched_text(payload: Mapping[str, Any]) -> str:
    """What a document's point is found by, beside its headings."""
    question, text = payload.get("question"), str(payload["text"])
    return f"{question}\n\n{text}" if question else text


def _document(
    identity: str, kind: Kind, *, title: str, headings: str, payload: dict[str, Any]
) -> Passage:
    body = clean(searched_text(payload))
    return Passage(
        id=identity,
        repo=payload["repo"],
        kind=kind,
        payload=payload | {"kind": kind, "hash": content_hash(json.dumps(payload, sort_keys=True))},
        text=f"{headings}\n{body}"[:MAX_DENSE].strip(),
        title=title[:MAX_DENSE],
        lexical_title=headings,
        lexical_body=body[:MAX_BODY],
    )


@lru_cache(maxsize=64)
def _digest_of_lines(lines: frozenset[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "replace")).hexdigest()
