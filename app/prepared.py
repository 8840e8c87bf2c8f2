"""What is to be said about an issue, kept from when it is made until it is posted (SQLAlchemy).

So that trouble with posting never makes an answer that has been paid for be asked for again. A
job's own record must hold no text: here it goes with the issue when that is forgotten.
"""

import hashlib
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from indexer.database import create_tables

TABLES = sa.MetaData()

PREPARED = sa.Table(
    "prepared_comments",
    TABLES,
    sa.Column("repo", sa.String(256), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("body", sa.Text),
    sa.Column("posted", sa.Boolean, nullable=False),
    sa.Column("read", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("trigger", sa.String(32), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("shown", sa.JSON, nullable=False),
    sa.Column("repost", sa.Boolean, nullable=False),
    sa.Column("improvable", sa.Boolean, nullable=False),
)


def digest(title: str, body: str) -> str:
    """By what an issue's text is known again: SHA-256 in hex."""
    return hashlib.sha256(f"{title}\0{body}".encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A comment that is made, or the knowledge that there is nothing to say.

    Attributes:
        repo: `owner/name`.
        number: the issue.
        read: the digest of the issue's text that it answers.
        body: the comment in Markdown; None when there is nothing to say, or what is said stands.
        reason: the decision's reason code.
        trigger: what caused the run.
        language: of the comment; empty where there is none.
        shown: the numbers of the issues that it shows.
        repost: whether a comment that a person deleted may be posted again.
        improvable: the model was asked in vain, and later it may answer.
        posted: nothing is left to do; the body is gone.
    """

    repo: str
    number: int
    read: str
    body: str | None
    reason: str
    trigger: str
    language: str = ""
    shown: tuple[int, ...] = ()
    repost: bool = False
    improvable: bool = False
    posted: bool = False


class PreparedComments:
    """One row for each issue that was looked at. Calls block for a moment."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, TABLES)

    def of(self, repo: str, number: int) -> Prepared | None:
        """What was last prepared for an issue."""
        query = sa.select(PREPARED).where(_is(repo, number))
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        values = {field.name: row[field.name] for field in fields(Prepared)}
        return Prepared(**values | {"shown": tuple(row["shown"])})

    def keep(self, prepared: Prepared) -> None:
        """Keep it in place of what was prepared for the issue before."""
        values = asdict(prepared) | {"repo": prepared.repo.lower()}
        with self._engine.begin() as connection:
            connection.execute(sa.delete(PREPARED).where(_is(prepared.repo, prepared.number)))
            connection.execute(sa.insert(PREPARED).values(values))

    def finish(self, repo: str, number: int) -> None:
        """It is posted, or never will be: the words can go."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(PREPARED).where(_is(repo, number)).values(body=None, posted=True)
            )

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget one issue."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(PREPARED).where(_is(repo, number)))


def _is(repo: str, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(PREPARED.c.repo == repo.lower(), PREPARED.c.number == number)
