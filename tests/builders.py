"""Builders for the values that tests talk about; each argument has a believable default."""

from datetime import UTC, datetime, timedelta

from indexer.candidate import Candidate
from indexer.threads import (
    Comment,
    Discussion,
    DocSection,
    Ending,
    Quote,
    Release,
    Resolution,
    Thread,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REPO = "tidepool/harbor"


def ago(days: float) -> datetime:
    """So many days before the tests' now."""
    return NOW - timedelta(days=days)


def comment(body="Thanks, that helped.", *, author="mira", days=10, **fields):
    return Comment(author=author, body=body, created_at=ago(days), **fields)


def thread(number=1, title="Uploads stop at 99 %", body="", *, days=30, **fields):
    fields.setdefault("author", "reporter")
    return Thread(number=number, title=title, body=body, created_at=ago(days), **fields)


def quote(  # noqa: PLR0913 - each has a default
    text, *, number=1, comment_id=5001, author="mira", days=10, url=None
):
    return Quote(
        text=text,
        author=author,
        created_at=ago(days),
        url=url or f"https://github.com/{REPO}/issues/{number}#issuecomment-{comment_id}",
    )


def resolution(ending=Ending.ANSWERED, text=None, *, number=1, **fields):
    said = quote(text, number=number) if text else None
    return Resolution(ending=ending, quote=said, rule="test", **fields)


def candidate(  # noqa: PLR0913 - each has a default
    number=1,
    title="Uploads stop at 99 %",
    body="",
    *,
    state="closed",
    probability=0.5,
    ending=None,
    said=None,
    reasons=(),
    repo=REPO,
    **fields,
):
    """A past issue that search found; `ending` and `said` make its resolution."""
    past = thread(number, title, body, state=state)
    found = resolution(ending, said, number=number, **fields) if ending else Resolution()
    return Candidate(
        repo=repo,
        kind="issue",
        number=number,
        title=title,
        url=f"https://github.com/{repo}/issues/{number}",
        state=state,
        score=probability,
        probability=probability,
        why="",
        features={},
        thread=past,
        resolution=found,
        section=None,
        release=None,
        reasons=reasons,
    )


def doc(path="docs/uploads.md", headings=("Uploads", "Large files"), text="", *, probability=0.5):
    section = DocSection(
        path=path,
        headings=headings,
        text=text or "Files over 2 GB need `part_size` of at least 64 MB.",
        url=f"https://github.com/{REPO}/blob/4f2c1d9/{path}#large-files",
        updated_at=ago(60),
    )
    return Candidate(
        repo=REPO,
        kind="doc",
        number=None,
        title=headings[-1],
        url=section.url,
        state="",
        score=probability,
        probability=probability,
        why="",
        features={},
        thread=None,
        resolution=None,
        section=section,
        release=None,
    )


def release(tag="v2.4.1", body="", *, days=5, probability=0.5):
    found = Release(
        tag=tag,
        name=tag,
        body=body,
        published_at=ago(days),
        url=f"https://github.com/{REPO}/releases/tag/{tag}",
    )
    return Candidate(
        repo=REPO,
        kind="release",
        number=None,
        title=tag,
        url=found.url,
        state="",
        score=probability,
        probability=probability,
        why="",
        features={},
        thread=None,
        resolution=None,
        section=None,
        release=found,
    )


def discussion(title="Where do big uploads stop?", answer="", *, probability=0.5, **fields):
    found = Discussion(
        number=77,
        title=title,
        question="Mine stop at 99 % and never end.",
        answer=answer or "Set `part_size = 64MB`, the limit is per part.",
        url=f"https://github.com/{REPO}/discussions/77#discussioncomment-9001",
        author="mira",
        answered_at=ago(20),
    ).model_copy(update=fields)
    return Candidate(
        repo=REPO,
        kind="discussion",
        number=None,
        title=title,
        url=found.url,
        state=None,
        score=probability,
        probability=probability,
        why="",
        features={},
        discussion=found,
    )
