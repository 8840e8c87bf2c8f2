"""What the knowledge base is made of: threads with comments and events, and documents.

Documents are sections of files, releases and answered discussions. The models read the export
format (one JSON object a line) and GitHub's answers alike, ignore keys they do not know, and are
what a point's payload holds.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def clean_text(value: object) -> object:
    """NUL bytes and lone surrogates out: no store or tokenizer takes them.

    `None` (GitHub's word for an empty body) becomes the empty string.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        if not value.isascii():
            value = value.encode("utf-8", "replace").decode("utf-8")
        return value.replace("\x00", "")
    return value


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken as UTC, as GitHub's are."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def or_none(value: object) -> object:
    """Exports that do not know an association say null; GitHub's word for it is NONE."""
    return value or "NONE"


Text = Annotated[str, BeforeValidator(clean_text)]
Association = Annotated[str, BeforeValidator(or_none)]
Moment = Annotated[datetime, AfterValidator(in_utc)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Comment(_Model):
    """A comment on an issue."""

    author: Text = ""
    author_association: Association = "NONE"
    body: Text = ""
    created_at: Moment
    id: int | None = None
    url: str | None = None
    author_is_bot: bool = False
    minimized: bool = False


class Event(_Model):
    """Something that happened to an issue, as GitHub's timeline tells it.

    `kind` is GitHub's event name in snake case (`closed`, `reopened`, `marked_as_duplicate`,
    `unmarked_as_duplicate`, `labeled`, `referenced`, …); kinds we do not know are kept.
    """

    kind: str
    created_at: Moment
    actor: Text = ""
    state_reason: str | None = None
    closer: str | None = Field(None, description="'pull_request' or 'commit', where one closed it")
    closer_number: int | None = None
    closer_url: str | None = None
    canonical: int | None = Field(None, description="the original, of a duplicate event")
    label: Text | None = None


class Thread(_Model):
    """An issue with its comments and closing events, as they are at one moment.

    `reactions` is how many the issue itself has.
    """

    number: Annotated[int, Field(gt=0)]
    title: Text
    body: Text = ""
    labels: tuple[str, ...] = ()
    state: str = "open"
    state_reason: str | None = None
    created_at: Moment
    closed_at: Moment | None = None
    updated_at: Moment | None = None
    author: Text = ""
    author_association: Association = "NONE"
    author_is_bot: bool = False
    locked: bool = False
    url: str | None = None
    reactions: int = 0
    comments: tuple[Comment, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the issue is open."""
        return self.state.lower() == "open"


class Release(_Model):
    """A published release."""

    tag: Text
    name: Text = ""
    body: Text = ""
    published_at: Moment
    url: str
    prerelease: bool = False


class DocSection(_Model):
    """A part of a repository's file under one heading.

    `headings` is the path of headings from the document's title down to this section;
    `url` is a permalink at the commit that was read; `blob` is git's name for the whole file's
    content, which tells whether it has to be read again.
    """

    path: Text
    headings: tuple[str, ...] = ()
    text: Text
    url: str
    updated_at: Moment
    blob: str = ""


class Discussion(_Model):
    """A question in the repository's Discussions and the comment that was chosen as its answer.

    `url` and `author` are the answer's; `answered_at` is when it was chosen.
    """

    number: Annotated[int, Field(gt=0)]
    title: Text
    question: Text = ""
    answer: Text
    url: str
    author: Text = ""
    answered_at: Moment


class Ending(StrEnum):
    """How a thread ended. A thread that is still open has `UNKNOWN`."""

    FIXED = "fixed"
    ANSWERED = "answered"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    STALE = "stale"
    UNKNOWN = "unknown"


class Quote(_Model):
    """A piece of a past thread worth quoting, and where it stands."""

    text: Text
    url: str | None = None
    author: Text = ""
    created_at: Moment


class Resolution(_Model):
    """How a past thread ended, and what shows it.

    `rule` names the rule that decided; `release` is the tag that carries the fix;
    `duplicate_of` is the original's number.
    """

    ending: Ending = Ending.UNKNOWN
    rule: str = "none"
    quote: Quote | None = None
    release: str | None = None
    duplicate_of: int | None = None
    closer_url: str | None = None


def as_of(thread: Thread, moment: datetime) -> Thread | None:
    """The thread as it stood just before `moment`; None if it did not exist yet.

    Comments and events from `moment` on are dropped; open or closed is worked out from the
    events where there are any, else from `closed_at`. Title, body and labels are the latest
    ones: GitHub's export does not carry their history.
    """
    if thread.created_at >= moment:
        return None
    events = tuple(e for e in thread.events if e.created_at < moment)
    turns = [e for e in events if e.kind in {"closed", "reopened"}]
    if turns:
        last = max(turns, key=lambda e: e.created_at)
        closed_at = last.created_at if last.kind == "closed" else None
        reason = last.state_reason or (thread.state_reason if closed_at else None)
    else:
        closed_at = thread.closed_at if thread.closed_at and thread.closed_at < moment else None
        reason = thread.state_reason if closed_at else None
    return thread.model_copy(
        update={
            "comments": tuple(c for c in thread.comments if c.created_at < moment),
            "events": events,
            "state": "closed" if closed_at else "open",
            "closed_at": closed_at,
            "state_reason": reason,
        }
    )
