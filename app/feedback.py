"""What became of each answer: kept with the version that gave it (SQLAlchemy)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from app.outcomes import Kind, Outcome
from indexer.database import create_tables, upsert

_TABLES = sa.MetaData()
FEEDBACK = sa.Table(
    "feedback",
    _TABLES,
    sa.Column("repo", sa.String(256), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    # Seconds since 1970: moments are compared in the database.
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("checked", sa.Double, nullable=False),
    sa.Column("node_id", sa.String(256)),
    sa.Column("shown", sa.JSON, nullable=False),
    sa.Column("body", sa.Text),
    sa.Column("up", sa.Integer, nullable=False),
    sa.Column("down", sa.Integer, nullable=False),
    sa.Column("told_wrong", sa.Boolean, nullable=False),
    sa.Column("outcome", sa.String(16)),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was last said about an issue, and how it turned out so far.

    Attributes:
        repo: `owner/name`.
        number: the issue.
        kind: posted, kept back in shadow mode, or nothing was found.
        version: of the App that decided.
        at: when.
        node_id: the comment's id in GraphQL.
        shown: the issues in its rows.
        body: the comment that shadow mode kept back.
        up, down: 👍 and 👎.
        told_wrong: whether a command said that it is wrong.
        outcome: see app/outcomes.py.
    """

    repo: str
    number: int
    kind: Kind
    version: str
    at: datetime
    node_id: str | None = None
    shown: tuple[int, ...] = ()
    body: str | None = None
    up: int = 0
    down: int = 0
    told_wrong: bool = False
    outcome: Outcome | None = None


class Feedback:
    """One row for each issue that an answer was looked for. Calls block for a moment."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _TABLES)

    def of(self, repo: str, number: int) -> Answered | None:
        """What was said about an issue."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(FEEDBACK).where(_is(repo, number))).one_or_none()
        return _answered(row) if row else None

    def said(self, answered: Answered) -> None:
        """Something was said, or kept back; what people thought of it before stays."""
        names = {column.name for column in FEEDBACK.columns} - {"at", "checked", "repo"}
        values = {name: getattr(answered, name) for name in names}
        values |= {"repo": answered.repo.lower(), "at": answered.at.timestamp(), "checked": 0.0}
        there = FEEDBACK.c
        statement = upsert(
            self._engine,
            FEEDBACK,
            values,
            up=there.up,
            down=there.down,
            told_wrong=there.told_wrong,
            node_id=sa.func.coalesce(answered.node_id, there.node_id),
            outcome=sa.case((there.kind == answered.kind, there.outcome)),
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def heard(self, answered: Answered) -> None:
        """What people did was looked up just now.

        Nothing happens where the issue was forgotten meanwhile, or something else was said; and
        what a command said meanwhile stays, unless the issue turned out to be what we showed.
        """
        outcome: str | sa.Case[str] | None = answered.outcome
        if outcome != "success":
            outcome = sa.case((FEEDBACK.c.told_wrong, "noise"), else_=outcome)
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(FEEDBACK)
                .where(_is(answered.repo, answered.number))
                .where(FEEDBACK.c.at == answered.at.timestamp())
                .values(
                    up=answered.up,
                    down=answered.down,
                    outcome=outcome,
                    checked=datetime.now(UTC).timestamp(),
                )
            )

    def tell_wrong(self, repo: str, number: int) -> None:
        """A command said that the answer is wrong."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(FEEDBACK)
                .where(_is(repo, number), FEEDBACK.c.kind == "posted")
                .values(told_wrong=True, outcome="noise")
            )

    def since(
        self, moment: datetime | None = None, repo: str | None = None, most: int | None = None
    ) -> list[Answered]:
        """The answers given since a moment, those first that were looked up longest ago."""
        query = sa.select(FEEDBACK).order_by(FEEDBACK.c.checked, FEEDBACK.c.repo, FEEDBACK.c.number)
        if moment is not None:
            query = query.where(FEEDBACK.c.at >= moment.timestamp())
        if repo is not None:
            query = query.where(FEEDBACK.c.repo == repo.lower())
        with self._engine.connect() as connection:
            return [_answered(row) for row in connection.execute(query.limit(most))]

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget one issue, because it is gone."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(FEEDBACK).where(_is(repo, number)))


def _answered(row: sa.Row[tuple[object, ...]]) -> Answered:
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
    del values["checked"]
    values["at"] = datetime.fromtimestamp(values["at"], UTC)
    values["shown"] = tuple(values["shown"])
    return Answered(**values)


def _is(repo: str, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(FEEDBACK.c.repo == repo.lower(), FEEDBACK.c.number == number)
